"""From arguments to a request, for every operation of the catalog."""

from __future__ import annotations

import contextlib
import inspect
import pickle
import re
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesyscloud.catalog import OperationRecord, ParameterRecord, catalog
from genesyscloud.errors import InvalidBody
from genesyscloud.model import NULL
from genesyscloud.models import Queue
from genesyscloud.operations import BoundOperation, Operation, operation, prepare_request
from genesyscloud.sandbox.fake import Faker

RECORDS = list(catalog().operations())

#: One argument per type, and the text of it on the wire.
ARGUMENTS: dict[str, tuple[Any, str]] = {
    "s": ("a/b c%?#&=+ü", "a/b c%?#&=+ü"),
    "i": (7, "7"),
    "l": (2**63 - 1, "9223372036854775807"),
    "f": (0.5, "0.5"),
    "b": (False, "false"),
    "d": (date(2026, 1, 2), "2026-01-02"),
    "t": (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05.000Z"),
    "[s": (["ü&", "b"], "ü&,b"),
}


def test_every_operation_has_name_signature_and_docstring() -> None:
    for record in RECORDS:
        found = operation(record.name)
        assert found is operation(record.id)
        assert found.__name__ == record.name
        assert f"{record.method} {record.path}" in found.__doc__
        bound = BoundOperation(found, None, "group")
        signature = inspect.signature(bound)
        names = [p.name for p in record.parameters] + (["body"] if record.body else [])
        assert sorted(signature.parameters) == sorted(names)
        required = {p.name for p in record.parameters if p.required or p.place == "path"}
        required |= {"body"} if record.body_required else set()
        assert {n for n, p in signature.parameters.items() if p.default is p.empty} == required, record.name
        assert all(f"\n    {name}: " in found.__doc__ for name in names)


def test_every_operation_puts_every_argument_where_it_belongs() -> None:
    faker = Faker(catalog(), "operations")
    for record in RECORDS:
        given = {p.name: "etag-1" if p.place == "header" else ARGUMENTS[p.type][0] for p in record.parameters}
        if record.body:
            given["body"] = faker.make(record.body, record.name, writable=True)
        prepared = operation(record.name).prepare((), given)
        path, _, query = prepared.path.partition("?")
        template = re.sub(r"\\{\w+\\}", "([^/]+)", re.escape(record.path))
        matched = re.fullmatch(template, path)
        assert matched, record.name
        in_path = [p for p in record.parameters if p.place == "path"]
        assert [unquote(text) for text in matched.groups()] == [ARGUMENTS[p.type][1] for p in in_path]
        assert parse_qs(query, strict_parsing=bool(query), keep_blank_values=True) == {
            p.wire: [ARGUMENTS[p.type][1]] for p in record.parameters if p.place == "query"
        }
        sent = [p.wire for p in record.parameters if p.place == "header"]
        assert prepared.headers.keys() - {"Accept", "Content-Type"} == set(sent), record.name
        assert ("Content-Type" in prepared.headers) == (prepared.body is not None) == bool(record.body)
        assert prepared.body is None or msgspec.json.decode(prepared.body) == given["body"]
        assert (prepared.method, prepared.result, prepared.secured) == (record.method, record.result, record.secured)
        assert prepared.path.isascii()


def test_operations_complain_about_what_is_missing_or_unknown() -> None:
    for record in RECORDS[::5]:
        called = operation(record.name)
        with pytest.raises(TypeError, match=rf"^{record.name}\(\) has no argument 'zz'"):
            called.prepare((), {"zz": 1})
        needed = [p.name for p in record.parameters if p.required] + (["body"] if record.body_required else [])
        if needed:
            with pytest.raises(TypeError, match=rf"^{record.name}\(\) is missing the required argument"):
                called.prepare((), {})
        with pytest.raises(TypeError, match=rf"^{record.name}\(\) takes \d+ positional"):
            called.prepare(("x",) * 12, {})


def test_operations_are_one_object_and_survive_a_pickle() -> None:
    found = operation("getUsersMe")
    assert pickle.loads(pickle.dumps(found)) is found is operation("get_users_me")
    assert repr(found) == "<operation get_users_me: GET /api/v2/users/me>"
    with pytest.raises(KeyError, match="Did you mean 'get_users_me'"):
        operation("get_user_me")


def test_messages_name_the_nearest_argument() -> None:
    with pytest.raises(
        TypeError, match=r"get_routing_queues\(\) has no argument 'page_sise'. Did you mean 'page_size'\?"
    ):
        operation("get_routing_queues").prepare((), {"page_sise": 5})
    with pytest.raises(TypeError, match="got two values for argument 'queue_id'"):
        operation("get_routing_queue").prepare(("1",), {"queue_id": "2"})
    with pytest.raises(TypeError, match=r"get_routing_queues\(\) argument 'page_size' must be integer, not str"):
        operation("get_routing_queues").prepare((), {"page_size": "5"})


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_path_values_that_would_change_the_path_are_refused(value: str) -> None:
    with pytest.raises(TypeError, match="part of the path"):
        operation("delete_routing_queue").prepare((value,), {})


def test_path_values_are_encoded_whole() -> None:
    path = operation("get_routing_queue").prepare(("../a/b?c#d%2e ü",), {}).path
    assert path == "/api/v2/routing/queues/..%2Fa%2Fb%3Fc%23d%252e%20%C3%BC"


def test_a_header_parameter_may_be_an_array() -> None:
    """No operation of today has one; documents of the API may."""
    many = ParameterRecord("many", "X-Many", "header", "[s")
    made = Operation(OperationRecord("getA", "get_a", "GET", "/a", ["x"], [many]))
    assert made.prepare((), {"many": ["a", "b"]}).headers["X-Many"] == "a,b"


def test_header_parameters() -> None:
    named = next(r for r in RECORDS if any(p.wire == "If-Match" for p in r.parameters) and r.body)
    arguments: dict[str, Any] = {p.name: "x" for p in named.parameters} | {"body": {}}
    assert operation(named.name).prepare((), arguments).headers["If-Match"] == "x"
    for wrong in ("a\r\nX: y", "a\nb", "\x00", "ü", "\x7f"):
        with pytest.raises(TypeError, match="cannot be sent"):
            operation(named.name).prepare((), arguments | {"if_match": wrong})


def test_arrays() -> None:
    users = operation("get_users")

    def query(value: Any, style: str = "csv") -> str:
        return urlsplit(users.prepare((), {"id": value}, array_style=style).path).query

    assert query(["a", "b"]) == query(("a", "b")) == query(x for x in "ab") == query("a,b") == "id=a%2Cb"
    assert query(["a", "b"], "multi") == "id=a&id=b"
    assert query(["a,b", "c"]) == "id=a%2Cb&id=c"
    assert query([]) == query([], "multi") == "id="
    assert query("one") == query(["one"], "multi") == "id=one"
    assert query(None) == ""


def test_media_types() -> None:
    scim = operation("put_scim_v2_user").prepare(("1", {}), {})
    assert scim.headers["Content-Type"] == "application/scim+json"
    assert scim.headers["Accept"].startswith("application/scim+json, application/json")
    texts = [r for r in RECORDS if any(kind.startswith("text/") for kind in r.produces)]
    assert {operation(r.name).prepare((), {p.name: "x" for p in r.parameters}).headers["Accept"] for r in texts} == {
        "text/plain",
        "text/calendar",
    }


def test_optional_bodies_may_be_left_out() -> None:
    optional = next(r for r in RECORDS if r.body and not r.body_required and not any(p.required for p in r.parameters))
    prepared = operation(optional.name).prepare((), {})
    assert prepared.body is None
    assert "Content-Type" not in prepared.headers


_garbage = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.datetimes(),
    st.lists(st.integers() | st.text(max_size=2), max_size=2),
    st.just(object()),
    st.just(Queue),
    st.just(NULL),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.just("\ud800"),
    st.just(10**5000),
)


@given(st.sampled_from(RECORDS), st.lists(_garbage, max_size=4), st.data())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_garbage_is_a_type_error_or_an_invalid_body(
    record: OperationRecord, args: list[Any], data: st.DataObject
) -> None:
    names = [p.name for p in record.parameters] + ["body"]
    kwargs = data.draw(st.dictionaries(st.sampled_from(names) | st.text(max_size=3), _garbage, max_size=4))
    with contextlib.suppress(TypeError, InvalidBody):
        assert operation(record.name).prepare(args, kwargs).path.isascii()


def test_preparing_leaves_nothing_behind() -> None:
    called = operation("put_routing_queue")
    first = called.prepare(("1", {"name": "a"}), {})
    assert called.prepare(("1", {"name": "b"}), {}) != first
    assert first.body == b'{"name":"a"}'
    assert isinstance(called, Operation)


def test_requests_by_hand() -> None:
    prepared = prepare_request(
        "get", "/api/v2/x?a=1", query={"b": [1, "ü"], "c": True, "d": None, "e f": date(2026, 1, 2)}
    )
    assert prepared.path == "/api/v2/x?a=1&b=1%2C%C3%BC&c=true&e%20f=2026-01-02"
    assert (prepared.name, prepared.method, prepared.body, prepared.record) == ("GET /api/v2/x", "GET", None, None)
    assert prepared.headers == {"Accept": "application/json"}
    assert prepare_request("POST", "/x", json=NULL).body == b"null"
    assert prepare_request("POST", "/x", json=Queue(name="q")).body == b'{"name":"q"}'
    assert prepare_request("POST", "/x", query={"a": ["x,y", "z"]}).path == "/x?a=x%2Cy&a=z"


def test_headers_of_a_request_by_hand_replace_ours_in_any_case() -> None:
    headers = prepare_request("POST", "/x", body=b"a", headers={"content-TYPE": "text/csv", "X-A": "1"}).headers
    assert headers == {"Accept": "application/json", "content-TYPE": "text/csv", "X-A": "1"}


@pytest.mark.parametrize(
    "given",
    [
        {"path": "x"},
        {"path": "/a b"},
        {"path": "/ü"},
        {"path": "/a\r\nX: y"},
        {"path": "/a\x00"},
        {"path": "/a#b"},
        {"path": 5},
        {"path": "https://elsewhere.example/x"},
        {"method": "GET /x"},
        {"method": ""},
        {"method": None},
        {"json": {}, "body": b""},
        {"body": "text"},
        {"headers": {"X": "a\r\nY: b"}},
        {"headers": {"X\n": "a"}},
        {"headers": {"": "a"}},
        {"headers": {"X": 5}},
        {"query": {"a": object()}},
        {"query": {"a": "\ud800"}},
        {"query": {"a": [None]}},
    ],
)
def test_requests_by_hand_that_cannot_be_sent(given: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"method": "POST", "path": "/x", **given}
    with pytest.raises(TypeError):
        prepare_request(arguments.pop("method"), arguments.pop("path"), **arguments)


def test_a_refused_header_does_not_show_its_value() -> None:
    with pytest.raises(TypeError) as caught:
        prepare_request("GET", "/x", headers={"Authorization": "Bearer confidential\n"})
    assert "confidential" not in str(caught.value)


def test_bodies_by_hand_without_a_form_in_json() -> None:
    for wrong in (float("nan"), object(), {"a": float("inf")}):
        with pytest.raises(InvalidBody) as caught:
            prepare_request("POST", "/x", json=wrong)
        assert caught.value.operation == "POST /x"
