"""Which entities a list shows, and in which order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import translate
from typing import Any

from ..catalog import PropertyRecord
from .narrow import as_list, as_object
from .store import Entity

__all__ = ["filters_of", "searched", "sort", "values_at"]

#: Values that mean "do not filter".
ANY = {"any", "all", "*"}

Predicate = Callable[[Entity], bool]
#: Gives the values of an entity under the name of a field.
Values = Callable[[Entity, str], list[Any]]


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
    if "." in wire and wire.partition(".")[0] in properties:
        return tuple(wire.split("."))
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
        # A list on the way: any of its items will do.
        values = [str(value).lower() for value in values_at(entity, ".".join(path))] or ["none"]
        return any(
            value in plain or any(glob(value) for glob in globs) or (anywhere and any(text in value for text in plain))
            for value in values
        )

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


def searched(entities: Iterable[Entity], criteria: Any, values: Values | None = None) -> list[Entity]:
    """Entities that meet the criteria of a search body (``[{"type": "EXACT", "fields": […], "value": …}]``).

    The criteria are taken one after the other: each narrows down what is found, unless its ``operator`` is ``OR``
    (adds) or ``NOT`` (takes away). A criterion may hold a ``group`` of others.

    Args:
        entities: what is searched.
        criteria: the criteria; what is no list of objects does not narrow down.
        values: gives the values of an entity under the name of a field, where they are more than its properties.
    """
    test = _all(criteria, values or values_at)
    return list(entities) if test is None else [entity for entity in entities if test(entity)]


def values_at(entity: Any, field: str) -> list[Any]:
    """The values at a dotted name; those of all items where there is a list on the way."""
    found: list[Any] = [entity]
    for name in field.split("."):
        inner = [as_object(value) for value in found]
        found = [value[name] for value in inner if value is not None and value.get(name) is not None]
        found = [item for value in found for item in (as_list(value) or [value])]
    return found


def _all(criteria: Any, values: Values) -> Predicate | None:
    result: Predicate | None = None
    for entry in as_list(criteria) or []:
        criterion = as_object(entry) or {}
        test = _all(criterion.get("group"), values) if criterion.get("group") else _test(criterion, values)
        if test is not None:
            result = _joined(result, str(criterion.get("operator") or "AND").upper(), test)
    return result


def _joined(first: Predicate | None, operator: str, second: Predicate) -> Predicate:
    if operator == "NOT":
        return lambda entity: (first is None or first(entity)) and not second(entity)
    if first is None:
        return second
    if operator == "OR":
        return lambda entity: first(entity) or second(entity)
    return lambda entity: first(entity) and second(entity)


def _test(criterion: dict[str, Any], values: Values) -> Predicate | None:
    kind = str(criterion.get("type")).upper()
    names = [name for name in as_list(criterion.get("fields")) or [] if isinstance(name, str)]
    if kind == "MATCH_ALL":
        return lambda entity: True
    if kind == "REQUIRED_FIELDS" and names:
        return lambda entity: all(values(entity, name) for name in names)
    if kind in _ORDERED and names:
        return _in_range(criterion, kind, names, values)
    given = as_list(criterion.get("values")) or [criterion.get("value")]
    texts = [_text(value) for value in given if value is not None]
    compare = _COMPARE.get(kind)
    if compare is None or not names or not texts:
        return None

    def meets(entity: Entity) -> bool:
        found = [_text(value) for name in names for value in values(entity, name)]
        return any(compare(value, text) for value in found for text in texts)

    return meets


def _text(value: Any) -> str:
    return str(value).lower()


def _in_range(criterion: dict[str, Any], kind: str, names: list[str], values: Values) -> Predicate | None:
    """A comparison of numbers where both sides are numbers, else of text: ISO dates sort like their text."""
    value = criterion.get("value")
    low, high, open_low, open_high = {
        "LESS_THAN": (None, value, False, True),
        "LESS_THAN_EQUAL_TO": (None, value, False, False),
        "GREATER_THAN": (value, None, True, False),
        "GREATER_THAN_EQUAL_TO": (value, None, False, False),
    }.get(kind, (criterion.get("startValue"), criterion.get("endValue"), False, False))
    if low is None and high is None:
        return None

    def meets(value: Any) -> bool:
        above = low is None or _order(value, low) > 0 or (not open_low and _order(value, low) == 0)
        return above and (high is None or _order(value, high) < 0 or (not open_high and _order(value, high) == 0))

    return lambda entity: any(meets(value) for name in names for value in values(entity, name))


def _order(value: Any, limit: Any) -> int:
    try:
        first: Any = float(value)
        second: Any = float(limit)
    except (TypeError, ValueError):
        first, second = _text(value), _text(limit)
    return (first > second) - (first < second)


_ORDERED = {"RANGE", "DATE_RANGE", "LESS_THAN", "LESS_THAN_EQUAL_TO", "GREATER_THAN", "GREATER_THAN_EQUAL_TO"}
_COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "EXACT": lambda value, text: value == text,
    "TERM": lambda value, text: text in re.split(r"\W+", value) or value == text,
    "TERMS": lambda value, text: text in re.split(r"\W+", value) or value == text,
    "CONTAINS": lambda value, text: text in value,
    "STARTS_WITH": lambda value, text: value.startswith(text),
    "QUERY_STRING": lambda value, text: text.strip("*") in value,
    "SIMPLE": lambda value, text: text in value,
}
