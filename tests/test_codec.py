"""Foreign bytes in, JSON out."""

from __future__ import annotations

import dataclasses
import enum
import json
import logging
import types
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesyscloud import codec, drift
from genesyscloud.errors import DriftError, InvalidBody
from genesyscloud.model import NULL, Model, YearMonth
from genesyscloud.models import Division, User

#: Types whose readers are all different: models in lists, in maps, in themselves, free form, scalars.
TYPES = ["o", "s", "i", "[s", "{o", "#User", "#Conversation", "[#Queue", "#JsonNode", "#UserEntityListing"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("genesyscloud.drift")
    logger.disabled = True
    yield
    logger.disabled = False


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"[1,",
        b'{"name":5,',
        b'{"name":"x"',
        b"tru",
        b"nul",
        b"NaN",
        b"[NaN]",
        b"[1e400,NaN]",
        b"[1e400,-Infinity]",
        b"[1e400,",
        b'"\xff"',
        b'{"\xff":1}',
        b'{"zz":"\xff"}',
        b'{"name":5,"zz":"\xff"}',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b'"\\ud800',
        b'"\\ud800\xff"',
        b"{}{}",
        b"<html>",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"manager":' * 100_000,
        b"[1e400," + b"[" * 100_000,
        b"[1e400]\xff",
    ],
)
@pytest.mark.parametrize("type_", ["o", "#User", "[#User", "s"])
@pytest.mark.parametrize("strict", [True, False])
def test_what_is_not_json_is_not_json(data: bytes, type_: str, strict: bool) -> None:
    with pytest.raises(codec.NotJson):
        codec.decode(data, type_, strict=strict)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 5000, "-" + "9" * 4500, "123456789012345678901234567890"])
def test_numbers_of_any_size_are_kept(number: str) -> None:
    for type_, text in (("o", f'{{"a":[{number}]}}'), ("#User", f'{{"version":{number},"name":"n","zzBig":{number}}}')):
        value = codec.decode(text.encode(), type_)
        written = json.loads(codec.encode(value), parse_int=Decimal, parse_float=Decimal)
        assert written == json.loads(text, parse_int=Decimal, parse_float=Decimal)


@pytest.mark.parametrize("half", ["\\ud83d", "\\uDE00", "x\\ud83d\\ud83dx", "\\ude00\\ud83d"])
def test_half_of_a_character_is_kept_as_it_came(half: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "_confused", set[tuple[str, str]]())
    text = f'{{"name":"ok {half}","zzHalf{half}":["{half}"],"version":3,"division":{{"id":"1"}}}}'
    with pytest.raises(DriftError, match="half of a character"):
        codec.decode(text.encode(), "#User", strict=True)
    for type_ in ("#User", "o"):
        value = codec.decode(text.encode(), type_)
        assert codec.encode(value).isascii()
        assert json.loads(codec.encode(value)) == json.loads(text)
    assert codec.decode(text.encode(), "#User").division.id == "1"
    with pytest.raises(InvalidBody):
        codec.encode({"a": half.encode().decode("unicode_escape"), "b": float("nan")})


def test_half_of_a_character_that_nobody_sent_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "_confused", set[tuple[str, str]]())
    with pytest.raises(UnicodeEncodeError):
        codec.encode({"a": "\ud800"})


def test_whole_numbers_stay_whole_where_any_number_may_be() -> None:
    for text in ('{"gt":9007199254740993}', '{"gt":1}', '{"gt":1.5}', '{"gt":9007199254740993,"zzWhole":1}'):
        assert codec.encode(codec.decode(text.encode(), "#NumericRange")) == text.encode()


def test_a_number_beyond_everything_is_no_crash() -> None:
    with pytest.raises(codec.NotJson):
        codec.decode(b'{"name":1e999999999999999999999}', "#User")


def test_models_that_contain_themselves_500_deep() -> None:
    text = '{"name":1,"zzDeep":[{"x":null}],"manager":' * 400 + "{}" + "}" * 400
    value = codec.decode(text.encode(), "#User")
    assert codec.to_plain(value) == json.loads(text)
    assert json.loads(codec.encode(value)) == json.loads(text)
    deep: Any = value
    for _ in range(400):
        deep = deep.manager
    assert isinstance(deep, User)


def test_names_of_internal_fields_are_like_any_other_name() -> None:
    sent = {"~origin": 5, "~more": {"a": 1}, "_origin": 1, "_more": 2, "_extra0": 3, "name": "n"}
    value = codec.decode(json.dumps(sent).encode(), "#Division")
    assert value.to_dict() == sent
    assert value.extra_fields == {key: value for key, value in sent.items() if key != "name"}


class Colour(enum.Enum):
    RED = "red"


class Text(str):
    pass


class Whole(int):
    pass


class Real(float):
    pass


@dataclasses.dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Colour.RED, '"red"'),
        (Text("x"), '"x"'),
        (Whole(5), "5"),
        (Real(0.5), "0.5"),
        (YearMonth("2026-11"), '"2026-11"'),
        (NULL, "null"),
        ([NULL, None], "[null,null]"),
        ({"a": NULL, "b": None}, '{"a":null,"b":null}'),
        ([Division(name=NULL), {"c": Division()}], '[{"name":null},{"c":{}}]'),
        ((1, 2), "[1,2]"),
        ({7}, "[7]"),
        (types.MappingProxyType({"a": Text("x")}), '{"a":"x"}'),
        (Point(1), '{"x":1}'),
        (2**63 - 1, str(2**63 - 1)),
        (-(2**63), str(-(2**63))),
        (2**80, str(2**80)),
        (Decimal("1.10"), "1.10"),
        (UUID(int=5), '"00000000-0000-0000-0000-000000000005"'),
        (date(2026, 1, 2), '"2026-01-02"'),
        (datetime(2026, 1, 2), '"2026-01-02T00:00:00"'),
        (datetime.fromisoformat("2026-01-02T00:00:00+01:00"), '"2026-01-02T00:00:00+01:00"'),
        ({1: 2}, '{"1":2}'),
        (b"abc", '"YWJj"'),
        ("NaN null Infinity", '"NaN null Infinity"'),
        (1.5, "1.5"),
        (True, "true"),
    ],
)
def test_forms_in_json(value: Any, text: str) -> None:
    assert codec.encode(value).decode() == text
    assert json.dumps(codec.to_plain(value), default=str, separators=(",", ":")) in (text, f'"{text}"')


@pytest.mark.parametrize("value", [object(), {"a": object()}, {None: 1}, (x for x in "ab"), type, User])
def test_what_has_no_form_in_json_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError):
        codec.encode(value)


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), Decimal("NaN"), Decimal("-Infinity"), Real("nan")])
def test_numbers_without_a_form_in_json_say_where_they_are(value: Any) -> None:
    with pytest.raises(InvalidBody) as caught:
        codec.encode({"null": None, "a": [1, {"b": value}]})
    assert caught.value.path == "$.a[1].b"


def test_strict_reading_prefers_not_json_to_drift() -> None:
    with pytest.raises(codec.NotJson):
        codec.decode(b'{"name":5', "#User", strict=True)
    with pytest.raises(DriftError):
        codec.decode(b'{"name":5}', "#User", strict=True)


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(["2026-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "2026-01-01", "2026-13-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "name",
                    "entities",
                    "participants",
                    "division",
                    "manager",
                    "version",
                    "dateCreated",
                    "skills",
                    "zzA",
                    "zzB",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


def read_foreign_bytes(data: bytes) -> None:
    """Entry for a fuzzer (``atheris.Setup(sys.argv, read_foreign_bytes)``): nothing but ``NotJson`` may come out.

    What could be read can be written and read again, and is then the same.
    """
    for type_ in TYPES:
        try:
            value = codec.decode(data, type_)
        except codec.NotJson:
            continue
        written = codec.encode(value)
        assert codec.encode(codec.decode(written, type_)) == written


_nearly_json = st.text(st.sampled_from('{}[]":,0123456789eE+-. \\untrflsaidmx\x00é'), max_size=40)


@given(st.binary(max_size=60) | _nearly_json.map(str.encode))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_foreign_bytes(data: bytes) -> None:
    read_foreign_bytes(data)


@given(_json)
@settings(max_examples=120, deadline=None, derandomize=True)
def test_foreign_json_of_any_shape(value: Any) -> None:
    read_foreign_bytes(json.dumps(value).encode())


@given(_json, st.sampled_from(TYPES))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_free_values_are_given_back(value: Any, type_: str) -> None:
    text = json.dumps({"zzFree": value})
    decoded = codec.decode(text.encode(), type_)
    assert _sorted(json.loads(codec.encode(decoded))) == _sorted(json.loads(text))
    assert not isinstance(decoded, Model) or decoded.extra_fields.keys() == {"zzFree"}


def _sorted(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
