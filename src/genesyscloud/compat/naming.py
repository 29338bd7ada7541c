"""How the vendor's package spells what the catalog knows: attributes, modules, classes and types.

Facts of the vendor's wheel 269.0.0, checked over every model and method by the differential suite.
"""

from __future__ import annotations

import keyword
import re

from ..catalog import OperationRecord, ParameterRecord, PropertyRecord
from ..names import snake_case

__all__ = ["attribute", "class_of_tag", "module_of_class", "number", "positional", "swagger_type"]

#: Names that the vendor's generator avoids besides the keywords of Python.
_AVOIDED = frozenset({"self", "property"})
_WORD = re.compile(r"[0-9A-Za-z]+")

_SCALARS = {
    "s": "str",
    "u": "str",
    "i": "int",
    "l": "int",
    "f": "float",
    "b": "bool",
    "t": "datetime",
    "d": "date",
    "L": "LocalDateTime",
    "Y": "YearMonth",
    "o": "object",
}


def attribute(entry: ParameterRecord | PropertyRecord) -> str:
    """Return the name of a property or parameter: that of the catalog, but for a few.

    >>> attribute(PropertyRecord("self_uri", "selfUri", "s")), attribute(PropertyRecord("from_", "from", "s"))
    ('self_uri', 'pcFrom')
    """
    if ":" in entry.wire:
        # The vendor's generator drops the colons of SCIM's schemas.
        name = snake_case(entry.wire.replace(":", ""))
        return name if name.isidentifier() else entry.name
    bare = entry.name.rstrip("_")
    return f"pc{bare.capitalize()}" if keyword.iskeyword(bare) or bare in _AVOIDED else entry.name


def class_of_tag(tag: str) -> str:
    """Return the class for a tag of the definition.

    >>> class_of_tag("Speech & Text Analytics"), class_of_tag("OAuth")
    ('SpeechTextAnalyticsApi', 'OAuthApi')
    """
    return "".join(word[0].upper() + word[1:] for word in _WORD.findall(tag)) + "Api"


def module_of_class(name: str) -> str:
    """Return the module that a class is in.

    >>> module_of_class("OAuthApi"), module_of_class("UserMe")
    ('o_auth_api', 'user_me')
    """
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text).lower()


def swagger_type(type_: str) -> str:
    """Return a type of the catalog's notation as ``swagger_types`` has it.

    >>> swagger_type("[#User"), swagger_type("{s")
    ('list[User]', 'dict(str, str)')
    """
    kind, inner = type_[:1], type_[1:]
    if kind == "[":
        return f"list[{swagger_type(inner)}]"
    if kind == "{":
        return f"dict(str, {swagger_type(inner)})"
    return inner if kind == "#" else _SCALARS[kind]


def number(value: float) -> str:
    """Return a limit as messages have it.

    >>> number(100.0), number(0.01)
    ('100', '0.01')
    """
    return str(int(value) if value == int(value) else value)


def positional(record: OperationRecord) -> list[str]:
    """Return the positional arguments of a method: what is required, in the order of the definition."""
    path = record.path_order or [entry.name for entry in record.parameters if entry.place == "path"]
    entries = {entry.name: entry for entry in record.parameters}
    others = [entry.name for entry in record.parameters if entry.place != "path" and entry.required]
    names = [attribute(entries[name]) for name in [*path, *others]]
    return [*names, record.body_name] if record.body and record.body_required else names
