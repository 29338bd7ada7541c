"""Which entities a list shows, and in which order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import translate
from typing import Any

from ..catalog import PropertyRecord
from .narrow import as_list, as_object
from .store import Entity

__all__ = ["filters_of", "searched", "sort"]

#: Values that mean "do not filter".
ANY = {"any", "all", "*"}

Predicate = Callable[[Entity], bool]


def filters_of(query: Mapping[str, Any], properties: Mapping[str, PropertyRecord]) -> list[Predicate]:
    """Predicates for those query parameters that name a property of the entities.

    ``divisionId`` also finds ``division.id``. Text is compared without case; ``*`` stands for anything; ``name``
    is found anywhere in the name.
    """
    found: list[Predicate] = []
    for wire, value in query.items():
        path = _path(wire, properties)
        if path is not None and value != []:
            found.append(_matches(path, value, anywhere=wire in ("name", "label", "title")))
    return found


def _path(wire: str, properties: Mapping[str, PropertyRecord]) -> tuple[str, ...] | None:
    known = properties.get(wire)
    if known is not None:
        return (wire,) if known.type[0] in "sutdilfbLY" else None
    owner = wire.removesuffix("Ids").removesuffix("Id")
    if owner != wire and owner in properties and properties[owner].type.startswith("#"):
        return (owner, "id")
    return None


def _matches(path: tuple[str, ...], wanted: Any, *, anywhere: bool) -> Predicate:
    choices = as_list(wanted) or [wanted]
    texts = {str(choice).lower() for choice in choices}
    if texts & ANY:
        return lambda entity: True
    globs = [re.compile(translate(text)).match for text in texts if "*" in text]
    plain = texts - {text for text in texts if "*" in text}

    def matches(entity: Entity) -> bool:
        value = str(at(entity, path)).lower()
        if value in plain or any(glob(value) for glob in globs):
            return True
        return anywhere and any(text in value for text in plain)

    return matches


def at(entity: Any, path: Sequence[str]) -> Any:
    """The value at a path of property names, or ``None``."""
    value = entity
    for name in path:
        inner = as_object(value)
        value = inner.get(name) if inner is not None else None
    return value


def sort(entities: list[Entity], query: Mapping[str, Any]) -> list[Entity]:
    """Order entities by ``sortBy`` and ``sortOrder``."""
    order, by = query.get("sortOrder"), query.get("sortBy")
    if order is None and by is None:
        return entities
    path = str(by or "name").split(".")
    return sorted(entities, key=lambda e: _sort_key(at(e, path)), reverse=str(order or "").lower().startswith("d"))


def _sort_key(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return (0, value, "")
    return (1, 0, str(value).lower()) if value is not None else (2, 0, "")


def searched(entities: Iterable[Entity], criteria: Any) -> list[Entity]:
    """Entities that meet all criteria of a search body (``[{"type": "EXACT", "fields": […], "value": …}]``)."""
    wanted = [found for entry in as_list(criteria) or [] if (found := as_object(entry)) is not None]
    tests = [test for criterion in wanted if (test := _test(criterion)) is not None]
    return [entity for entity in entities if all(test(entity) for test in tests)]


def _test(criterion: dict[str, Any]) -> Predicate | None:
    names = [name for name in as_list(criterion.get("fields")) or [] if isinstance(name, str)]
    values = as_list(criterion.get("values")) or [criterion.get("value")]
    texts = [str(value).lower() for value in values if value is not None]
    compare = _COMPARE.get(str(criterion.get("type")))
    if compare is None or not names or not texts:
        return None

    def meets(entity: Entity) -> bool:
        found = [str(value).lower() for name in names if (value := at(entity, name.split("."))) is not None]
        return any(compare(value, text) for value in found for text in texts)

    return meets


_COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "EXACT": lambda value, text: value == text,
    "TERM": lambda value, text: text in re.split(r"\W+", value) or value == text,
    "TERMS": lambda value, text: text in re.split(r"\W+", value) or value == text,
    "CONTAINS": lambda value, text: text in value,
    "STARTS_WITH": lambda value, text: value.startswith(text),
    "QUERY_STRING": lambda value, text: text.strip("*") in value,
    "SIMPLE": lambda value, text: text in value,
}
