"""No request, however broken, makes the sandbox fail: every status is below 500, every body is JSON or empty."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, cast
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesyscloud.catalog import OperationRecord, catalog
from genesyscloud.http import Request
from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.core import SandboxSnapshot

FUZZ = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SMALL: dict[str, Any] = {"seeded": 4, "seeded_counts": {}, "job_items": 4, "page_size": 3}

odd = st.sampled_from(
    [
        "",
        "me",
        "null",
        "%00",
        "%2F",
        "%2e%2e",
        "\x00",
        "a,b",
        "{id}",
        "-1",
        "0",
        "99999999999999999999",
        "%ff%fe",
        "*",
        "\ud7ff",
        "é",
        "true",
        "1e999",
        "NaN",
        "2026-13-45",
        "' or 1=1",
        "[",
        "%",
    ]
)
segment = st.one_of(odd, st.text(max_size=12), st.uuids().map(str))
scalar = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(min_value=2**63, max_value=2**70), st.floats(), segment
)
json_value = st.recursive(
    scalar, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(segment, inner, max_size=3)
)
bodies = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"[" * 5000,
            b'{"a":' * 900 + b"1" + b"}" * 900,
            b'"\\ud800"',
            b'{"a":"\\udc00"}',
            b"1e999",
            b"\xff\xfe{}",
            b"",
            b"null",
            b"{}",
            b"[]",
            b"0" * 100,
            b"9" * 400,
            b'{"id":' + b"9" * 40 + b"}",
            b'{"version": 1e400}',
            b" ",
            b'{"a":1',
        ]
    ),
    json_value.map(lambda value: json.dumps(value, allow_nan=True).encode("utf-8", "surrogatepass")),
)


@cache
def _start() -> tuple[Sandbox, SandboxSnapshot]:
    sandbox = Sandbox(**SMALL)
    return sandbox, sandbox.snapshot()


def _sandbox() -> Sandbox:
    return _start()[0]


def _begin() -> None:
    """Every case finds the sandbox as it was at the start, so that each can be run again alone."""
    sandbox, start = _start()
    sandbox.restore(start)


@cache
def _operations() -> list[OperationRecord]:
    return list(catalog().operations())


def _answered(method: str, url: str, headers: dict[str, str], body: bytes | None) -> None:
    reply = _sandbox().handle(Request(method, url, headers, body))
    assert 200 <= reply.status < 500, (method, url, body, reply.body)
    if reply.body and not reply.headers["content-type"].startswith("text/"):
        json.loads(reply.body)
    assert reply.headers["inin-correlation-id"]


@given(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW", ""]),
    st.one_of(st.text(max_size=40), st.lists(segment, max_size=6).map(lambda parts: "/api/v2/" + "/".join(parts))),
    st.dictionaries(st.sampled_from(["Authorization", "Content-Type", "X"]), segment, max_size=3),
    st.none() | bodies,
)
@FUZZ
def test_any_request(method: str, url: str, headers: dict[str, str], body: bytes | None):
    _begin()
    _answered(method, url, headers, body)


@given(st.data())
@settings(FUZZ, max_examples=200)
def test_requests_to_operations(data: st.DataObject):
    _begin()
    record = data.draw(st.sampled_from(_operations()), label="operation")
    example = _sandbox().example_call(record.name) if data.draw(st.booleans()) else None
    path = example.request.url.partition("?")[0] if example else record.path
    if example is None:
        for parameter in record.parameters:
            if parameter.place == "path":
                value = data.draw(segment)
                path = path.replace(f"{{{parameter.wire}}}", quote(value.encode("utf-8", "replace"), safe="%"))
    names = [p.wire for p in record.parameters if p.place == "query"]
    if names:
        query = data.draw(st.lists(st.tuples(st.sampled_from(names), segment), max_size=4))
        path += "?" + "&".join(f"{name}={quote(value.encode('utf-8', 'replace'), safe='%,')}" for name, value in query)
    body = data.draw(st.none() | bodies | _mutated(example.body if example else None))
    types = ["application/json", "application/json; charset=utf-16", "text/plain", "application/json;charset=UTF-8"]
    kind = data.draw(st.sampled_from(types) if data.draw(st.booleans()) else st.just("application/json"))
    headers = {"Authorization": f"Bearer {_sandbox().access_token()}", "Content-Type": kind, "If-Match": "x"}
    _answered(record.method, path, headers, body)


def _mutated(body: object) -> st.SearchStrategy[bytes]:
    """A valid body in which one property is something else."""
    if not isinstance(body, dict) or not body:
        return st.just(json.dumps(body).encode())
    valid = cast("dict[str, Any]", body)
    changes = st.dictionaries(st.sampled_from(sorted(valid)), json_value, min_size=1, max_size=2)
    return changes.map(lambda changed: json.dumps({**valid, **changed}).encode("utf-8", "surrogatepass"))


@given(st.dictionaries(st.sampled_from(["Authorization", "Content-Type"]), segment), bodies)
@FUZZ
def test_token_requests(headers: dict[str, str], body: bytes):
    _answered("POST", "/oauth/token", headers, body)
    _answered("POST", "/oauth/token", {"Authorization": "Basic c2FuZGJveDpzYW5kYm94"}, b"grant_type=" + body)
