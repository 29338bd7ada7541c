"""Compare a request body with the definition before it is sent.

What the caller built is checked: types, and required properties. What came from the server may always go
back: a model read from a reply is not asked for required properties, and a property that the server itself
was seen to send with another type is let through. Of plain dicts only the models inside are looked into: dicts are
the way to send what the installed definition does not know.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, cast
from uuid import UUID

from msgspec import UNSET

from . import drift
from .catalog import OperationRecord, catalog, describe_type
from .errors import InvalidBody
from .model import Model, Null, YearMonth

__all__ = ["check_body"]


#: A value that is still to be checked, its type, and where it is.
_Task = tuple[Any, str, str]


def check_body(body: Any, record: OperationRecord) -> None:
    """Check the body of a call of the operation ``record``.

    Raises:
        InvalidBody: it does not fit; ``path`` says where.
    """
    if isinstance(body, Model) and type(body).__name__ in record.body_also:
        todo = _inside_model(body, "$")
    else:
        todo = [(body, record.body, "$")]
    # One that contains itself is refused when it is written.
    seen: set[tuple[int, str]] = set()
    while todo:
        value, type_, path = todo.pop()
        if type_[0] in "#[{o":
            if (id(value), type_) in seen:
                continue
            seen.add((id(value), type_))
        todo += _inside(value.value if isinstance(value, Enum) else value, type_, path)


def _inside(value: Any, type_: str, path: str) -> list[_Task]:
    """Check one value; return what it contains, last first."""
    kind, inner = type_[0], type_[1:]
    if kind == "#":
        return _inside_object(value, inner, path)
    if kind == "[":
        if not isinstance(value, list | tuple | set | frozenset):
            raise _mismatch(value, type_, path)
        tasks = [
            (item, inner, f"{path}[{place}]")
            for place, item in enumerate(cast("Iterable[Any]", value))
            if not _is_null(item)
        ]
        return [task for task in reversed(tasks) if not isinstance(value, drift.Misfits) or _fits(*task)]
    if kind == "{":
        if not isinstance(value, Mapping):
            raise _mismatch(value, type_, path)
        values = list(cast("Mapping[Any, Any]", value).items())
        return [(item, inner, f"{path}[{key!r}]") for key, item in reversed(values) if not _is_null(item)]
    if not _FITS[kind](value):
        raise _mismatch(value, type_, path)
    return _inside_plain(value, path) if kind == "o" else []


def _inside_plain(value: Any, path: str) -> list[_Task]:
    """What is in a value of any type; models are still what they are."""
    if isinstance(value, Model):
        return [(value, f"#{type(value).__name__}", path)]
    if isinstance(value, Mapping):
        values = list(cast("Mapping[Any, Any]", value).items())
        return [(item, "o", f"{path}[{key!r}]") for key, item in reversed(values)]
    if isinstance(value, list | tuple):
        items = list(enumerate(cast("Iterable[Any]", value)))
        return [(item, "o", f"{path}[{place}]") for place, item in reversed(items)]
    return []


def _fits(value: Any, type_: str, path: str) -> bool:
    try:
        _inside(value, type_, path)
    except InvalidBody:
        return False
    return True


def _inside_object(value: Any, name: str, path: str) -> list[_Task]:
    if isinstance(value, Model):
        # A model that was read, not built, may stand where another one is asked for: queue.division, which
        # is a Division, goes where a WritableDivision is expected.
        if type(value).__name__ != name and value._origin is UNSET and properties_of(name):  # pyright: ignore[reportPrivateUsage]
            raise _mismatch(value, f"#{name}", path)
        return _inside_model(value, path)
    if not isinstance(value, Mapping) and properties_of(name):
        raise _mismatch(value, f"#{name}", path)
    return _inside_plain(value, path)


def _inside_model(value: Model, path: str) -> list[_Task]:
    built = value._origin is UNSET  # pyright: ignore[reportPrivateUsage]
    name = type(value).__name__
    found: list[_Task] = []
    for attribute, wire, type_, required in properties_of(name):
        item = getattr(value, attribute)
        if item is None:
            if required and built:
                raise InvalidBody(f"{name} needs {attribute!r}, which is not set", f"{path}.{wire}")
        elif not isinstance(item, Null) and (built or isinstance(item, Model) or not drift.is_confused(name, wire)):
            found.append((item, type_, f"{path}.{wire}"))
    found.reverse()
    return found


def _is_null(value: Any) -> bool:
    return value is None or isinstance(value, Null)


@functools.cache
def properties_of(name: str) -> tuple[tuple[str, str, str, bool], ...]:
    """(attribute, wire name, type, whether the caller must set it) of a model's properties."""
    record = catalog().model(name)
    return tuple((p.name, p.wire, p.type, p.required and not p.read_only) for p in record.properties)


def _is_string(value: Any) -> bool:
    return isinstance(value, str | UUID)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_aware(value: Any) -> bool:
    return _parses(value) if isinstance(value, str) else isinstance(value, datetime) and value.utcoffset() is not None


def _is_local(value: Any) -> bool:
    return _parses(value) if isinstance(value, str) else isinstance(value, datetime) and value.utcoffset() is None


def _is_date(value: Any) -> bool:
    if isinstance(value, str):
        return _parses(value)
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_month(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(YearMonth(value))
    except ValueError:
        return False


def _parses(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_anything(value: Any) -> bool:
    return True


_FITS = {
    "s": _is_string,
    "u": _is_string,
    "i": _is_integer,
    "l": _is_integer,
    "f": _is_number,
    "b": _is_boolean,
    "t": _is_aware,
    "L": _is_local,
    "d": _is_date,
    "Y": _is_month,
    "o": _is_anything,
}


def _mismatch(value: Any, type_: str, path: str) -> InvalidBody:
    given = type(value).__name__
    if isinstance(value, datetime) and type_ == "t":
        given = "a datetime without time zone (give it a tzinfo)"
    elif isinstance(value, str) and type_ in "tLdY":
        given = f"{value!r:.40}"
    return InvalidBody(f"expected {describe_type(type_)}, not {given}", path)
