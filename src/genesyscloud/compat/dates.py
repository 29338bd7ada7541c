"""Dates as the vendor's SDK reads them, with time zones that print as they do there.

The vendor uses ``python-dateutil``, which is not needed here: the standard library reads what the service sends. For
a text that is no ISO 8601 the library is asked if it happens to be installed, as there.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from importlib import import_module
from typing import Any

__all__ = ["OffsetZone", "UtcZone", "read_datetime"]

_ISO = re.compile(
    r"(?P<date>[0-9]{4}(?:-?[0-9]{2}-?[0-9]{2}|-?W[0-9]{2}(?:-?[0-9])?|-?[0-9]{3}|-[0-9]{2})?)"
    r"(?:[^0-9](?P<time>[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?|[0-9]{2}(?:[0-9]{2}(?:[.,][0-9]+)?)?)?)"
    r"(?P<zone>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
#: What the service writes; the standard library reads it many times as fast.
_USUAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z")
_LATER = re.compile(r"[0-9]{5,}-[0-9]{2}-")
_ORDINAL = re.compile(r"([0-9]{4})-?([0-9]{3})")
#: What the vendor makes of a date that Python cannot hold.
OUT_OF_RANGE = datetime(1, 1, 1, tzinfo=UTC)


class UtcZone(tzinfo):
    """UTC that prints as in the vendor's results.

    >>> datetime(2026, 1, 1, tzinfo=UtcZone())
    datetime.datetime(2026, 1, 1, 0, 0, tzinfo=tzutc())
    """

    def utcoffset(self, dt: datetime | None, /) -> timedelta:
        return timedelta(0)

    def dst(self, dt: datetime | None, /) -> timedelta:
        return timedelta(0)

    def tzname(self, dt: datetime | None, /) -> str:
        return "UTC"

    def __repr__(self) -> str:
        return "tzutc()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UtcZone) or other is UTC

    def __hash__(self) -> int:
        return hash(UTC)


class OffsetZone(tzinfo):
    """A fixed distance from UTC that prints as in the vendor's results.

    Args:
        seconds: east of UTC.
    """

    def __init__(self, seconds: int = 0) -> None:
        self._offset = timedelta(seconds=seconds)

    def utcoffset(self, dt: datetime | None, /) -> timedelta:
        return self._offset

    def dst(self, dt: datetime | None, /) -> timedelta:
        return timedelta(0)

    def tzname(self, dt: datetime | None, /) -> str | None:
        return None

    def __repr__(self) -> str:
        return f"tzoffset(None, {int(self._offset.total_seconds())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OffsetZone) and self._offset == other._offset

    def __hash__(self) -> int:
        return hash(self._offset)

    def __reduce__(self) -> tuple[Any, ...]:
        return OffsetZone, (int(self._offset.total_seconds()),)


_UTC = UtcZone()


def read_datetime(text: str) -> datetime:
    """Read a date with or without time and zone; without a zone the result has none.

    Raises:
        ValueError: it is no date; the text has the words "out of range" where the calendar does not have it.

    >>> read_datetime("2026-01-02T03:04:05.123Z")
    datetime.datetime(2026, 1, 2, 3, 4, 5, 123000, tzinfo=tzutc())
    """
    try:
        return _read(text)
    except ValueError as error:
        try:
            parser: Any = import_module("dateutil.parser")
        except ImportError:
            raise error from None
        # The library also reads what people write.
        return _own_zone(parser.parse(text))


def _read(text: str) -> datetime:
    if _USUAL.fullmatch(text):
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=_UTC)
    found = _ISO.fullmatch(text)
    if found is not None:
        return _zoned(_local(found["date"], found["time"]), found["zone"])
    if _LATER.match(text):
        raise ValueError("the year is out of range")
    raise ValueError(f"no date: {text!r:.80}")


def _local(day: str, time: str | None) -> datetime:
    value = datetime.combine(_day(day), datetime.min.time())
    if time is None:
        return value
    digits = time.replace(":", "").replace(",", ".")
    if digits.rstrip("0.") == "24":
        return value + timedelta(days=1)
    whole, _, fraction = digits.partition(".")
    numbers = [int(whole[at : at + 2]) for at in range(0, len(whole), 2)]
    hour, minute, second = (*numbers, 0, 0)[:3]
    return value.replace(hour=hour, minute=minute, second=second, microsecond=int(fraction[:6].ljust(6, "0")))


def _day(text: str) -> date:
    if len(text) == 4:
        return date(int(text), 1, 1)
    if len(text) == 7 and text[4] == "-" and text[5] != "W":
        return date(int(text[:4]), int(text[5:]), 1)
    ordinal = _ORDINAL.fullmatch(text)
    if ordinal is not None:
        day = date(int(ordinal[1]), 1, 1) + timedelta(days=int(ordinal[2]) - 1)
        if str(day.year) != ordinal[1]:
            raise ValueError(f"{text} is no day of that year")
        return day
    return date.fromisoformat(text)


def _zoned(value: datetime, zone: str | None) -> datetime:
    if zone is None:
        return value
    digits = zone[1:].replace(":", "")
    if zone in "Zz" or int(digits) == 0:
        return value.replace(tzinfo=_UTC)
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(f"{zone} is no time zone")
    seconds = (hours * 60 + minutes) * (-60 if zone[0] == "-" else 60)
    return value.replace(tzinfo=OffsetZone(seconds))


def _own_zone(value: datetime) -> datetime:
    offset = value.utcoffset()
    if offset is None or isinstance(value.tzinfo, timezone):
        return value
    return value.replace(tzinfo=OffsetZone(int(offset.total_seconds())) if offset else _UTC)
