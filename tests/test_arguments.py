"""Arguments as text."""

from __future__ import annotations

import contextlib
import enum
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesyscloud.arguments import encode_argument, encode_list, format_datetime, quote
from genesyscloud.catalog import ParameterRecord


class Colour(enum.Enum):
    RED = "red"


class Mixed(str, enum.Enum):  # noqa: UP042 (format() of it differs from its text, which is the point)
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Vague(tzinfo):
    """A zone that does not know its offset: such a date-time is naive."""

    def utcoffset(self, dt: datetime | None, /) -> None:
        return None


BERLIN = timezone(timedelta(hours=2))


def parameter(type_: str, wire: str = "x") -> ParameterRecord:
    return ParameterRecord("x", wire, "query", type_)


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        ("s", "ä b", "ä b"),
        ("s", UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("s", Colour.RED, "red"),
        ("s", Mixed.RED, "red"),
        ("s", date(2026, 1, 2), "2026-01-02"),
        ("s", datetime(2026, 1, 2, 3, tzinfo=BERLIN), "2026-01-02T01:00:00.000Z"),
        ("i", 5, "5"),
        ("i", -5, "-5"),
        ("i", Level.HIGH, "3"),
        ("l", 2**63 - 1, str(2**63 - 1)),
        ("f", 0.5, "0.5"),
        ("f", 2, "2"),
        ("b", True, "true"),
        ("b", False, "false"),
        ("d", date(2026, 1, 2), "2026-01-02"),
        ("d", "2026-01-02", "2026-01-02"),
        ("t", datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00.000Z"),
        ("t", "anything", "anything"),
        ("L", datetime(2026, 1, 2), "2026-01-02T00:00:00.000"),
        ("o", True, "true"),
        ("o", 5, "5"),
        ("o", "x", "x"),
        ("o", {"a": [1, None]}, '{"a":[1,null]}'),
    ],
)
def test_forms(type_: str, value: Any, text: str) -> None:
    encoded = encode_argument("op", parameter(type_), value)
    assert encoded == text
    assert f"{encoded}" == text


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("s", 5),
        ("s", True),
        ("s", b"x"),
        ("s", ["x"]),
        ("s", {}),
        ("s", None),
        ("s", object()),
        ("s", "\ud800"),
        ("s", datetime(2026, 1, 2)),
        ("i", "5"),
        ("i", 5.0),
        ("i", True),
        pytest.param("i", 10**5000, id="huge"),
        ("i", Colour.RED),
        ("f", float("nan")),
        ("f", float("inf")),
        ("f", "1"),
        ("b", 1),
        ("b", "true"),
        ("t", datetime(2026, 1, 2)),
        ("t", date(2026, 1, 2)),
        ("t", datetime(2026, 1, 2, tzinfo=Vague())),
        ("t", datetime.min.replace(tzinfo=BERLIN)),
        ("t", 1),
        ("d", datetime(2026, 1, 2)),
        ("L", datetime(2026, 1, 2, tzinfo=UTC)),
        ("d", 5),
        ("o", object()),
        ("o", {"a": object()}),
    ],
)
def test_what_does_not_fit_is_a_type_error_that_names_operation_and_argument(type_: str, value: Any) -> None:
    with pytest.raises(TypeError, match=r"op\(\) argument 'x'"):
        encode_argument("op", parameter(type_), value)


def test_intervals_may_be_pairs() -> None:
    pair = (datetime(2026, 1, 1, tzinfo=UTC), "2026-02-01T00:00:00.000Z")
    expected = "2026-01-01T00:00:00.000Z/2026-02-01T00:00:00.000Z"
    assert encode_argument("op", parameter("s", "interval"), pair) == expected
    for wrong in (pair[:1], (datetime(2026, 1, 1), pair[1]), (1, 2), (*pair, "x")):
        with pytest.raises(TypeError):
            encode_argument("op", parameter("s", "interval"), wrong)
    with pytest.raises(TypeError):
        encode_argument("op", parameter("s", "name"), pair)


def test_arrays() -> None:
    assert encode_list("op", parameter("[s"), "one") == ["one"]
    assert encode_list("op", parameter("[s"), (x for x in ("a", Colour.RED))) == ["a", "red"]
    assert encode_list("op", parameter("[i"), range(3)) == ["0", "1", "2"]
    assert encode_list("op", parameter("[s"), []) == []
    for wrong in (5, b"ab", bytearray(b"ab"), memoryview(b"ab"), {"a": 1}, [None], [1], [["a"]], object()):
        with pytest.raises(TypeError, match=r"op\(\) argument 'x' must be"):
            encode_list("op", parameter("[s"), wrong)
    with pytest.raises(TypeError):
        encode_list("op", parameter("[i"), b"ab")


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(max_examples=100, deadline=None)
def test_quoting_is_undone_by_any_parser(text: str) -> None:
    from urllib.parse import parse_qs, unquote

    quoted = quote(text)
    assert unquote(quoted) == text
    assert quoted.isascii()
    assert not set(quoted) & set("/?#&=+ ;,")
    assert parse_qs(f"a={quoted}", keep_blank_values=True) == {"a": [text]}


@given(st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=st.just(BERLIN)))
@settings(max_examples=50, deadline=None)
def test_date_times_keep_their_instant_to_the_millisecond(value: datetime) -> None:
    text = format_datetime(value)
    assert text.endswith("Z")
    assert timedelta() <= value - datetime.fromisoformat(text) < timedelta(milliseconds=1)


_anything: st.SearchStrategy[Any] = st.from_type(type).flatmap(st.from_type) | st.text() | st.integers()  # pyright: ignore[reportUnknownVariableType]


@given(st.sampled_from("suilfbtdLYo"), _anything)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_nothing_but_type_errors(type_: str, value: Any) -> None:
    with contextlib.suppress(TypeError):
        assert isinstance(encode_argument("op", parameter(type_), value), str)
