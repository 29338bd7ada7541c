"""Arguments of a call as text: what goes into paths, queries and headers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from urllib.parse import quote as percent_encode
from uuid import UUID

from .catalog import ParameterRecord, describe_type

__all__ = ["encode_argument", "encode_list", "format_datetime", "quote"]

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")


def quote(text: str) -> str:
    """Percent-encode all but the unreserved characters of RFC 3986, ``/`` included."""
    return text if _PLAIN.fullmatch(text) else percent_encode(text, safe="")


def format_datetime(value: datetime) -> str:
    """Return an aware date-time in UTC with milliseconds, as the service writes them.

    >>> format_datetime(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02T03:04:05.000Z'
    """
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encode_list(operation: str, parameter: ParameterRecord, value: Any) -> list[str]:
    """Return the texts of an array argument; a single string is an array of one.

    Raises:
        TypeError: ``value`` is no array, or one of its values does not fit.
    """
    if isinstance(value, str):
        return [value]
    if not isinstance(value, Iterable) or isinstance(value, bytes | bytearray | memoryview | dict):
        raise _mismatch(operation, parameter, parameter.type, value)
    return [_encode(operation, parameter, parameter.type[1:], item) for item in value]  # pyright: ignore[reportUnknownVariableType]


def encode_argument(operation: str, parameter: ParameterRecord, value: Any) -> str:
    """Return the text of a single argument.

    Raises:
        TypeError: ``value`` does not fit the parameter.
    """
    return _encode(operation, parameter, parameter.type, value)


def _encode(operation: str, parameter: ParameterRecord, type_: str, value: Any) -> str:
    if isinstance(value, Enum):
        value = value.value
    try:
        text = _ENCODERS[type_](value) if type_ in _ENCODERS else None
        if text is None and type_ == "s" and "interval" in parameter.wire.lower():
            text = _interval(value)
        if text is not None and not text.isascii():
            text.encode()
    except (ValueError, OverflowError) as error:
        reason = "it contains half of a surrogate pair" if isinstance(error, UnicodeError) else str(error)
        raise TypeError(f"{operation}() argument {parameter.name!r} cannot be sent: {reason}") from None
    if text is None:
        raise _mismatch(operation, parameter, type_, value)
    return text


def _string(value: Any) -> str | None:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, UUID):
        return str(value)
    return _date_time(value) or _date(value)


def _integer(value: Any) -> str | None:
    return str(int(value)) if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> str | None:
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else None
    return _integer(value)


def _boolean(value: Any) -> str | None:
    return ("true" if value else "false") if isinstance(value, bool) else None


def _date_time(value: Any) -> str | None:
    if isinstance(value, datetime):
        return None if value.utcoffset() is None else format_datetime(value)
    return value if isinstance(value, str) else None


def _date(value: Any) -> str | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str) else None


def _local(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds") if value.utcoffset() is None else None
    return value if isinstance(value, str) else None


def _any(value: Any) -> str | None:
    for encoder in (_boolean, _number, _string):
        text = encoder(value)
        if text is not None:
            return text
    if isinstance(value, dict | list):
        from .codec import encode

        try:
            return encode(value).decode()
        except TypeError as error:
            raise ValueError(error) from None
    return None


def _interval(value: Any) -> str | None:
    if isinstance(value, tuple) and len(value) == 2:  # pyright: ignore[reportUnknownArgumentType]
        ends = [_date_time(end) for end in value]  # pyright: ignore[reportUnknownVariableType]
        if any(isinstance(end, datetime) and end.utcoffset() is None for end in value):  # pyright: ignore[reportUnknownVariableType]
            raise ValueError("a datetime of it has no time zone (give it a tzinfo)")
        if None not in ends:
            return "/".join(end for end in ends if end)
    return None


_ENCODERS = {
    "s": _string,
    "u": _string,
    "i": _integer,
    "l": _integer,
    "f": _number,
    "b": _boolean,
    "t": _date_time,
    "d": _date,
    "L": _local,
    "Y": _string,
    "o": _any,
}


def _mismatch(operation: str, parameter: ParameterRecord, type_: str, value: Any) -> TypeError:
    given = type(value).__name__  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, datetime) and value.utcoffset() is None:
        given = "a datetime without time zone"
    return TypeError(f"{operation}() argument {parameter.name!r} must be {describe_type(type_)}, not {given}")
