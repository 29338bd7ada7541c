"""Dates as the vendor's SDK reads them; the differential suite compares them with theirs."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.compat.dates import OffsetZone, UtcZone, read_datetime

ZONES = st.one_of(
    st.none(), st.just(UTC), st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))
)


@given(st.datetimes(timezones=ZONES))
def test_what_python_writes_is_read(value: datetime) -> None:
    offset = value.utcoffset()
    if offset is not None and offset.total_seconds() % 60:
        # ISO 8601 has no seconds in zones.
        return
    found = read_datetime(value.isoformat())
    assert found == value
    assert found.utcoffset() == offset


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{4}[-W0-9T:.,Z+ ]{0,25}", fullmatch=True))
def test_anything_else_is_a_date_or_refused(text: str) -> None:
    try:
        found = read_datetime(text)
    except ValueError:
        return
    assert isinstance(found, datetime)


def test_zones_print_as_there() -> None:
    assert repr(read_datetime("2026-01-02T03:04:05Z")) == "datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=tzutc())"
    assert repr(read_datetime("2026-01-02T03:04:05-05:30").tzinfo) == "tzoffset(None, -19800)"
    assert repr(read_datetime("2026-01-02T03:04:05+0000").tzinfo) == "tzutc()"


@pytest.mark.parametrize("zone", [UtcZone(), OffsetZone(3600)])
def test_zones_are_values(zone: UtcZone | OffsetZone) -> None:
    moment = datetime(2026, 1, 1, tzinfo=zone)
    assert pickle.loads(pickle.dumps(moment)) == copy.deepcopy(moment) == moment
    assert pickle.loads(pickle.dumps(zone)) == zone
    assert hash(pickle.loads(pickle.dumps(zone))) == hash(zone)
    assert zone != OffsetZone(7200)
    assert zone.dst(moment) == timedelta(0)
    assert moment.tzname() in ("UTC", None)
