"""Intervals (``start/end``), granularities (ISO 8601 durations) and the buckets that they cut time into."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..conversations.record import iso
from ..refusal import Refusal, bad_request

__all__ = ["Buckets", "Interval", "parse_granularity", "parse_interval"]

DAY = 86_400_000
#: A query with more buckets than this is refused.
MOST_BUCKETS = 20_000
_DURATION = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?"
)


class Interval(NamedTuple):
    """From ``start`` until before ``end``, in milliseconds since the epoch."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{iso(self.start)}/{iso(self.end)}"


class Step(NamedTuple):
    """A granularity: whole months, or milliseconds, days of which follow the calendar of a time zone."""

    months: int
    milliseconds: int


def parse_interval(text: object, most_days: int | None = None) -> Interval:
    """Read an interval; one of its ends may be a duration.

    Args:
        text: as it was sent.
        most_days: longer ones are refused.

    Raises:
        Refusal: 400.

    Example:
        >>> parse_interval("1970-01-01T00:00:00Z/PT1S").end
        1000
    """
    first, slash, second = str(text or "").partition("/")
    try:
        if not slash:
            raise ValueError
        start = _instant(first)
        end = _instant(second)
        if start is None and end is not None:
            start = end - _length(first)
        elif end is None and start is not None:
            end = start + _length(second)
        if start is None or end is None:
            raise ValueError
    except (ValueError, OverflowError):
        raise _wrong(f"{str(text)[:80]!r} is not an interval: two date-times with a slash between them.") from None
    if end <= start:
        raise _wrong(f"The interval {str(text)[:80]!r} does not end after it starts.")
    if most_days is not None and end - start > most_days * DAY:
        raise _wrong(f"The interval is longer than {most_days} days: split it.")
    return Interval(start, end)


def _wrong(message: str) -> Refusal:
    return bad_request(message, code="invalid.date", details=[{"errorCode": "invalid.date", "fieldName": "interval"}])


def _instant(text: str) -> int | None:
    """A point in time, or ``None`` for what begins like a duration."""
    if text.startswith("P"):
        return None
    found = datetime.fromisoformat(text.strip())
    found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return round(found.timestamp() * 1000)


def _length(text: str) -> int:
    step = parse_granularity(text)
    return step.milliseconds + step.months * 30 * DAY


def parse_granularity(text: str) -> Step:
    """Read a duration.

    Raises:
        Refusal: 400.

    Example:
        >>> parse_granularity("PT15M").milliseconds
        900000
    """
    found = _DURATION.fullmatch(text)
    years, months, weeks, days, hours, minutes, seconds = (int(n or 0) for n in found.groups()) if found else (0,) * 7
    length = (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000
    step = Step(years * 12 + months, length)
    if found is None or (not step.months and not length) or (step.months and length) or step.months > 12_000:
        raise bad_request(
            f"{text[:40]!r} is not a granularity: a duration such as PT30M, P1D or P1M.",
            code="invalid.value",
            details=[{"errorCode": "invalid.value", "fieldName": "granularity"}],
        )
    return step


class Buckets:
    """The intervals into which a granularity cuts an interval, days and months by the calendar of a time zone.

    Args:
        interval: the whole.
        granularity: a duration; without one there is a single bucket.
        zone: name of a time zone.

    Raises:
        Refusal: 400.
    """

    def __init__(self, interval: Interval, granularity: object = None, zone: object = None) -> None:
        self.interval = interval
        self.edges = [interval.start]
        if not granularity:
            self.edges.append(interval.end)
            return
        step = parse_granularity(str(granularity))
        if not step.months and (interval.end - interval.start) / step.milliseconds > MOST_BUCKETS:
            raise bad_request(f"The granularity cuts the interval into more than {MOST_BUCKETS} parts: make it longer.")
        following = _following(step, _zone(zone), interval.start)
        while self.edges[-1] < interval.end:
            self.edges.append(min(following(len(self.edges)), interval.end))

    def __len__(self) -> int:
        return len(self.edges) - 1

    def __getitem__(self, at: int) -> Interval:
        return Interval(self.edges[at], self.edges[at + 1])

    def place(self, at: int) -> int:
        """The bucket of a point in time inside the interval."""
        return bisect_right(self.edges, at) - 1


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name or "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise bad_request(
            f"{str(name)[:60]!r} is not a time zone.",
            code="invalid.value",
            details=[{"errorCode": "invalid.value", "fieldName": "timeZone"}],
        ) from None


def _following(step: Step, zone: ZoneInfo, start: int) -> Callable[[int], int]:
    """What gives the nth edge after ``start``."""
    local = datetime.fromtimestamp(start / 1000, zone).replace(tzinfo=None)
    days, rest = divmod(step.milliseconds, DAY)

    def by_calendar(n: int) -> int:
        if step.months:
            months = local.month - 1 + n * step.months
            moved = _day_of(local, local.year + months // 12, months % 12 + 1)
        else:
            moved = local + timedelta(days=n * days)
        return round(moved.replace(tzinfo=zone).timestamp() * 1000)

    return by_calendar if step.months or (days and not rest) else lambda n: start + n * step.milliseconds


def _day_of(local: datetime, year: int, month: int) -> datetime:
    """The same day of another month, or its last one."""
    for day in range(local.day, 27, -1):
        try:
            return local.replace(year=year, month=month, day=day)
        except ValueError:
            continue
    return local.replace(year=year, month=month, day=min(local.day, 28))
