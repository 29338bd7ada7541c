"""Filters of SCIM (RFC 7644, section 3.4.2.2): text to a predicate over resources.

>>> parse('userName eq "ada@example.com" and active eq true')({"userName": "ADA@example.com", "active": True})
True
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from ..narrow import as_list, as_object

__all__ = ["Comparison", "InvalidFilter", "attribute", "comparison", "parse", "values"]

#: Parentheses inside each other; deeper ones are refused.
DEPTH = 20
_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[()\[\]]|[^\s()\[\]"]+)')

Predicate = Callable[[Any], bool]


class InvalidFilter(ValueError):
    """A text that is no filter."""


class Comparison(NamedTuple):
    """One comparison: ``path``, ``operator`` in lower case, and the value."""

    path: str
    operator: str
    value: Any


def parse(text: str) -> Predicate:
    """Make a predicate of a filter.

    Args:
        text: the filter.

    Returns:
        A function of a resource, as JSON has it.

    Raises:
        InvalidFilter: the text is no filter.
    """
    reader = _Reader(_tokens(text))
    found = reader.any_of(0)
    if reader.next:
        raise InvalidFilter(f"{reader.next} is one too many")
    return found


def comparison(text: str) -> Comparison | None:
    """The comparison that a filter is, when it is a single one."""
    reader = _Reader(_tokens(text))
    try:
        found = reader.one()
    except InvalidFilter:
        return None
    return None if reader.next else found


def attribute(resource: Any, name: str) -> str:
    """The name that a resource has for an attribute, whose case does not matter; ``name`` when it has none."""
    entries = as_object(resource) or {}
    return next((key for key in entries if key.lower() == name.lower()), name)


def values(resource: Any, path: str) -> list[Any]:
    """The values at a path; those of all items where there is a list on the way."""
    entries = as_object(resource) or {}
    # The names of extensions have dots and colons of their own: ``urn:…:2.0:User:department``.
    extension = next((key for key in entries if ":" in key and path.lower().startswith(f"{key.lower()}:")), "")
    if extension:
        return values(entries[extension], path[len(extension) + 1 :])
    found: list[Any] = [resource]
    for name in path.split("."):
        objects = [entry for value in found if (entry := as_object(value)) is not None]
        found = [value for entry in objects if (value := entry.get(attribute(entry, name))) is not None]
        found = [item for value in found for item in (as_list(value) or [value])]
    return found


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise InvalidFilter(f"a text has no end: {text[at:]}")
        found.append(match[1])
        at = match.end()
    return found


class _Reader:
    """Reads tokens from the left."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> str:
        """The token to come; empty at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self) -> str:
        token = self.next
        if not token:
            raise InvalidFilter("it ends too early")
        self._at += 1
        return token

    def expect(self, token: str) -> None:
        taken = self.take()
        if taken != token:
            raise InvalidFilter(f"{token} is expected, not {taken}")

    def any_of(self, depth: int) -> Predicate:
        tests = [self.all_of(depth)]
        while self.next.lower() == "or":
            self.take()
            tests.append(self.all_of(depth))
        return tests[0] if len(tests) == 1 else lambda resource: any(test(resource) for test in tests)

    def all_of(self, depth: int) -> Predicate:
        tests = [self.term(depth)]
        while self.next.lower() == "and":
            self.take()
            tests.append(self.term(depth))
        return tests[0] if len(tests) == 1 else lambda resource: all(test(resource) for test in tests)

    def term(self, depth: int) -> Predicate:
        if depth > DEPTH:
            raise InvalidFilter("it nests too deep")
        if self.next.lower() == "not":
            self.take()
            inner = self.group(depth)
            return lambda resource: not inner(resource)
        if self.next == "(":
            return self.group(depth)
        if self._at + 1 < len(self._tokens) and self._tokens[self._at + 1] == "[":
            path = self.take()
            self.take()
            item = self.any_of(depth + 1)
            self.expect("]")
            return lambda resource: any(item(value) for value in values(resource, path))
        return _test(self.one())

    def group(self, depth: int) -> Predicate:
        self.expect("(")
        inner = self.any_of(depth + 1)
        self.expect(")")
        return inner

    def one(self) -> Comparison:
        path, operator = self.take(), self.take().lower()
        if path[0] in '"()[]':
            raise InvalidFilter(f"{path} is no attribute")
        if operator == "pr":
            return Comparison(path, operator, None)
        if operator not in _OPERATORS:
            raise InvalidFilter(f"{operator} is no operator")
        token = self.take()
        try:
            return Comparison(path, operator, msgspec.json.decode(token.encode("utf-8", "replace")))
        except msgspec.DecodeError:
            raise InvalidFilter(f"{token} is no value: text needs double quotes") from None


def _test(found: Comparison) -> Predicate:
    path, operator, wanted = found
    if operator == "pr":
        return lambda resource: any(value not in ("", [], {}) for value in values(resource, path))
    compare = _OPERATORS[operator]

    def meets(resource: Any) -> bool:
        actual = [_plain(value) for value in values(resource, path)]
        if operator == "ne":
            return all(compare(value, _plain(wanted)) for value in actual)
        return any(compare(value, _plain(wanted)) for value in actual)

    return meets


def _plain(value: Any) -> Any:
    """A value as it is compared: of an object the ``value``, text without case."""
    entry = as_object(value)
    if entry is not None:
        value = entry.get("value")
    return value.lower() if isinstance(value, str) else value


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def both(value: Any, wanted: Any) -> bool:
        texts = isinstance(value, str) and isinstance(wanted, str)
        return (texts or (isinstance(value, int | float) and isinstance(wanted, int | float))) and compare(
            value, wanted
        )

    return both


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "ne": lambda value, wanted: value != wanted,
    "co": lambda value, wanted: str(wanted) in str(value),
    "sw": lambda value, wanted: str(value).startswith(str(wanted)),
    "ew": lambda value, wanted: str(value).endswith(str(wanted)),
    "gt": _ordered(lambda value, wanted: value > wanted),
    "ge": _ordered(lambda value, wanted: value >= wanted),
    "lt": _ordered(lambda value, wanted: value < wanted),
    "le": _ordered(lambda value, wanted: value <= wanted),
}
