"""One rule for names: how a name on the wire becomes a name in Python.

Operations, parameters and properties all pass through here, so that the catalog, the stubs, the command
line and the sandbox agree. The rule gives the same names as the vendor's Python SDK wherever those are
legal Python (checked over the whole definition), because that is what tutorials and forum answers use.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

__all__ = ["attribute_name", "nearest", "snake_case"]

_SEPARATORS = re.compile(r"[^0-9A-Za-z]+")
_PLURAL_ACRONYM = re.compile(r"([A-Z]{2,})s(?![a-z])")
_IP_VERSION = re.compile(r"IPv(?=\d)")
_ACRONYM_THEN_WORD = re.compile(r"([A-Z]+)([A-Z][a-z])")
_LOWER_THEN_UPPER = re.compile(r"([a-z0-9])([A-Z])")

#: Names that every model has, or that a keyword constructor cannot take.
RESERVED_ATTRIBUTES = frozenset({"self", "extra_fields", "from_dict", "from_json", "to_dict", "to_json"})


def snake_case(name: str) -> str:
    """Return ``name`` in snake_case.

    >>> snake_case("getUsersMe"), snake_case("resourceURIs"), snake_case("If-Match")
    ('get_users_me', 'resource_uris', 'if_match')
    """
    text = _SEPARATORS.sub("_", name)
    text = _PLURAL_ACRONYM.sub(lambda match: match[1].capitalize() + "s", text)
    text = _IP_VERSION.sub("Ipv", text)
    text = _ACRONYM_THEN_WORD.sub(r"\1_\2", text)
    text = _LOWER_THEN_UPPER.sub(r"\1_\2", text)
    return text.lower().strip("_")


def attribute_name(wire_name: str, taken: Iterable[str] = ()) -> str:
    """Return the Python name of a property or parameter.

    Keywords and names that every model has get an underscore behind them; so does a name that is already
    ``taken`` by an earlier property of the same model.

    >>> attribute_name("selfUri"), attribute_name("from"), attribute_name("$ref")
    ('self_uri', 'from_', 'ref')
    """
    name = snake_case(wire_name) or "field"
    if name[0].isdigit():
        name = f"n{name}"
    if keyword.iskeyword(name) or name in RESERVED_ATTRIBUTES:
        name += "_"
    taken = set(taken)
    while name in taken:
        name += "_"
    return name


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the candidate nearest to ``name``, or an empty string."""
    import difflib  # only needed once something went wrong

    matches = difflib.get_close_matches(name, list(candidates), n=1, cutoff=0.6)
    return f" Did you mean {matches[0]!r}?" if matches else ""
