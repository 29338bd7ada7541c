"""Compare a request body with the definition before it is sent.

What the caller built is checked: types, and required properties. What came from the server may always go
back: a model read from a reply is not asked for required properties, and a property that the server itself
was seen to send with another type is let through. Plain dicts are not looked into: they are the way to send
what the installed definition does not know.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET

from . import drift
from .catalog import OperationRecord, catalog, describe_type
from .errors import InvalidBody
from .model import FreeForm, Model, Null, YearMonth

__all__ = ["check_body"]


def check_body(body: Any, record: OperationRecord) -> None:
    """Check the body of a call of the operation ``record``.

    Raises:
        InvalidBody: it does not fit; ``path`` says where.
    """
    if isinstance(body, Model) and type(body).__name__ in record.body_also:
        _check_model(body, "$")
    else:
        _check(body, record.body, "$")


def _check(value: Any, type_: str, path: str) -> None:
    kind, inner = type_[0], type_[1:]
    if kind == "#":
        _check_object(value, inner, path)
    elif kind == "[":
        if not isinstance(value, list | tuple | set | frozenset):
            raise _mismatch(value, type_, path)
        for place, item in enumerate(value):  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
            if item is not None:
                _check(item, inner, f"{path}[{place}]")
    elif kind == "{":
        if not isinstance(value, Mapping):
            raise _mismatch(value, type_, path)
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            if item is not None:
                _check(item, inner, f"{path}[{key!r}]")
    elif not _FITS[kind](value):
        raise _mismatch(value, type_, path)


def _check_object(value: Any, name: str, path: str) -> None:
    if isinstance(value, Mapping | FreeForm):
        return
    if isinstance(value, Model):
        # A model that was read, not built, may stand where another one is asked for: queue.division, which
        # is a Division, goes where a WritableDivision is expected.
        if type(value).__name__ != name and value._origin is UNSET and properties_of(name):  # pyright: ignore[reportPrivateUsage]
            raise _mismatch(value, f"#{name}", path)
        _check_model(value, path)
    elif properties_of(name):
        raise _mismatch(value, f"#{name}", path)


def _check_model(value: Model, path: str) -> None:
    built = value._origin is UNSET  # pyright: ignore[reportPrivateUsage]
    name = type(value).__name__
    for attribute, wire, type_, required in properties_of(name):
        item = getattr(value, attribute)
        if item is None:
            if required and built:
                raise InvalidBody(f"{name} needs {attribute!r}, which is not set", f"{path}.{wire}")
        elif not isinstance(item, Null) and (built or not drift.is_confused(name, wire)):
            _check(item, type_, f"{path}.{wire}")


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
    return _parses(value) if isinstance(value, str) else isinstance(value, datetime) and value.tzinfo is not None


def _is_local(value: Any) -> bool:
    return _parses(value) if isinstance(value, str) else isinstance(value, datetime) and value.tzinfo is None


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
