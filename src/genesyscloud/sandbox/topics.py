"""Names of notification topics: which topic of the definition a name belongs to, and what its events look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ..catalog import Catalog, PropertyRecord
from .fake import Faker

__all__ = ["Topic", "Topics", "expanded", "json_schema", "topics_of"]

#: What a channel says of itself, and what the service says of channels: sent, but never subscribed to.
UNASKED = ("v2.system.", "v2.subscription.")
_ID = re.compile(r"[^\s.?&{}*/]{1,100}")


class Topic(NamedTuple):
    """A topic of the definition.

    Attributes:
        name: with ``{id}`` for what differs (``v2.users.{id}.presence``).
        model: name of the model of its events' bodies.
    """

    name: str
    model: str

    @property
    def open(self) -> bool:
        """Whether one can subscribe to it."""
        return not self.name.startswith(UNASKED)

    @property
    def parameters(self) -> list[str]:
        """What its ids are ids of: ``["userId"]``."""
        segments = self.name.split(".")
        owners = [segments[at - 1] for at, segment in enumerate(segments) if segment == "{id}"]
        return [re.sub(r"(?<!s)s$", "", owner) + "Id" for owner in owners]

    def filled(self, ids: list[str] | tuple[str, ...]) -> str:
        """The concrete topic for ``ids``.

        >>> Topic("v2.users.{id}.presence", "").filled(["1f"])
        'v2.users.1f.presence'
        """
        parts = self.name.split("{id}")
        return parts[0] + "".join(f"{id_}{part}" for id_, part in zip(ids, parts[1:], strict=True))


class _Node:
    __slots__ = ("children", "item", "topic")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.item: _Node | None = None
        self.topic: Topic | None = None


class Topics:
    """The topics of a definition.

    Args:
        known: names with the names of their models, as :meth:`genesyscloud.catalog.Catalog.topics` returns them.
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        self.by_name = {name: Topic(name, model) for name, model in known.items()}
        self._root = _Node()
        for topic in self.by_name.values():
            node = self._root
            for segment in topic.name.split("."):
                if segment == "{id}":
                    node.item = node.item or _Node()
                    node = node.item
                else:
                    node = node.children.setdefault(segment, _Node())
            node.topic = topic

    def find(self, name: str) -> tuple[Topic, list[str]] | None:
        """The topic that a concrete name belongs to, and the ids in it; ``None`` when there is none.

        >>> from genesyscloud.catalog import catalog
        >>> topics_of(catalog()).find("v2.users.1f.presence")
        (Topic(name='v2.users.{id}.presence', model='PresenceEventUserPresence'), ['1f'])
        """
        return _found(self._root, name.split("."), 0, [])


def _found(node: _Node, segments: list[str], at: int, ids: list[str]) -> tuple[Topic, list[str]] | None:
    """A literal segment wins over an id; the depth is that of the deepest topic at most."""
    if at == len(segments):
        return (node.topic, ids) if node.topic is not None else None
    child = node.children.get(segments[at])
    found = _found(child, segments, at + 1, ids) if child is not None else None
    if found is None and node.item is not None and _ID.fullmatch(segments[at]):
        found = _found(node.item, segments, at + 1, [*ids, segments[at]])
    return found


def expanded(name: str) -> list[str]:
    """The topics that a combined one stands for.

    >>> expanded("v2.users.1f?presence&routingStatus")
    ['v2.users.1f.presence', 'v2.users.1f.routingStatus']
    >>> expanded("v2.users.1f.presence")
    ['v2.users.1f.presence']
    """
    base, combined, rest = name.partition("?")
    return [f"{base}.{part}" for part in rest.split("&")] if combined else [name]


@lru_cache(maxsize=4)
def topics_of(source: Catalog) -> Topics:
    """The topics of a catalog, read once per catalog."""
    return Topics(source.topics())


# --- schemas ------------------------------------------------------------------------------------

_KINDS: Mapping[str, dict[str, str]] = {
    "s": {"type": "string"},
    "u": {"type": "string", "format": "uuid"},
    "t": {"type": "string", "format": "date-time"},
    "d": {"type": "string", "format": "date"},
    "L": {"type": "string"},
    "Y": {"type": "string"},
    "i": {"type": "integer", "format": "int32"},
    "l": {"type": "integer", "format": "int64"},
    "f": {"type": "number"},
    "b": {"type": "boolean"},
    "o": {},
}


def json_schema(faker: Faker, model: str) -> dict[str, Any]:
    """The schema of a model as ``expand=schema`` shows it: ``properties``, and ``definitions`` of models inside."""
    definitions: dict[str, Any] = {}
    waiting = [model]
    while waiting:
        name = waiting.pop()
        if name in definitions:
            continue
        properties = faker.properties(name)
        definitions[name] = {
            "type": "object",
            "properties": {wire: _schema(prop.type, prop, waiting) for wire, prop in properties.items()},
        }
    own = definitions.pop(model)
    return {"properties": own["properties"], **({"definitions": definitions} if definitions else {})}


def _schema(type_: str, prop: PropertyRecord, waiting: list[str]) -> dict[str, Any]:
    kind, inner = type_[0], type_[1:]
    if kind == "#":
        waiting.append(inner)
        return {"$ref": f"#/definitions/{inner}"}
    if kind == "[":
        return {"type": "array", "items": _schema(inner, prop, waiting)}
    if kind == "{":
        return {"type": "object", "additionalProperties": _schema(inner, prop, waiting)}
    return {**_KINDS[kind], **({"enum": list(prop.enum)} if prop.enum else {})}
