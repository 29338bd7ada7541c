"""Filters of analytics queries: predicates, clauses of them, and filters of those, with ``and`` and ``or``.

A filter is about *rows*: segments, conversations, sessions, whatever a query looks at. What a row has for a dimension
is looked up by a function of the row; several values are a list, none is an empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ..conversations.record import milliseconds
from ..narrow import as_list, as_object
from ..refusal import bad_request
from .intervals import parse_interval

__all__ = ["Lookup", "Test", "compiled", "parts", "ranged"]

R = TypeVar("R")
#: The values that a row has for the dimension, metric or property called so.
Lookup = Callable[[R, str], Sequence[Any]]
Test = Callable[[R], bool]

#: Dimensions that are points in time: their values are compared as such.
TIMES = {"conversationStart", "conversationEnd", "segmentStart", "segmentEnd", "callbackScheduledTime", "eventTime"}


def compiled(filter_: Any, lookup: Lookup[R]) -> Test[R]:
    """What tells whether a row meets a filter; one without clauses and predicates is met by every row.

    Args:
        filter_: ``{"type": "and", "clauses": […], "predicates": […]}``.
        lookup: the values of a row.

    Raises:
        Refusal: 400; the filter makes no sense.
    """
    found = as_object(filter_) or {}
    tests = [compiled(clause, lookup) for clause in parts(found, "clauses")]
    tests += [_predicate(predicate, lookup) for predicate in parts(found, "predicates")]
    if not tests:
        return lambda row: True
    if len(tests) == 1:
        return tests[0]
    if str(found.get("type") or "and").lower() == "or":
        return lambda row: any(test(row) for test in tests)
    return lambda row: all(test(row) for test in tests)


def parts(filter_: dict[str, Any], wire: str) -> list[dict[str, Any]]:
    """The clauses or predicates of a filter."""
    return [found for entry in as_list(filter_.get(wire)) or [] if (found := as_object(entry)) is not None]


def _predicate(predicate: dict[str, Any], lookup: Lookup[R]) -> Test[R]:
    kind = str(predicate.get("type") or "dimension")
    name = predicate.get(kind)
    if not name:
        raise bad_request(f"A predicate of type {kind} must name its {kind}.", code="invalid.value")
    name, operator = str(name), str(predicate.get("operator") or "matches")
    if operator == "exists":
        return lambda row: bool(lookup(row, name))
    if operator == "notExists":
        return lambda row: not lookup(row, name)
    limits = as_object(predicate.get("range"))
    if limits:
        within_range = ranged(limits)
        return lambda row: any(within_range(value) for value in lookup(row, name))
    if predicate.get("value") is None:
        return lambda row: not lookup(row, name)
    if name in TIMES:
        within = _times(str(predicate["value"]))
        return lambda row: any(within(value) for value in lookup(row, name))
    wanted = str(predicate["value"]).lower()
    return lambda row: any(_text(value) == wanted for value in lookup(row, name))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.lower()
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _times(text: str) -> Callable[[Any], bool]:
    """Whether a time is in an interval, or is one."""
    if "/" in text:
        interval = parse_interval(text)
        return lambda value: isinstance(value, int) and interval.start <= value < interval.end
    try:
        wanted = milliseconds(text)
    except ValueError:
        return lambda value: False
    return lambda value: value == wanted


def ranged(limits: dict[str, Any]) -> Callable[[Any], bool]:
    """What tells whether a number is within ``gt``, ``gte``, ``lt`` and ``lte``."""
    far = float("inf")
    bounds = {name: limit for name in ("gt", "gte", "lt", "lte") if isinstance(limit := limits.get(name), int | float)}
    above, least = bounds.get("gt", -far), bounds.get("gte", -far)
    below, most = bounds.get("lt", far), bounds.get("lte", far)

    def inside(value: Any) -> bool:
        if not isinstance(value, int | float):
            try:
                value = float(value)
            except (TypeError, ValueError):
                return False
        return above < value < below and least <= value <= most

    return inside
