"""The admin interface under /sandbox, and the log of requests."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.http import Headers, Request
from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.requestlog import KEPT_BODY, KEPT_REQUESTS

QUEUES = "/api/v2/routing/queues"


class Answer(NamedTuple):
    status: int
    body: Any
    headers: Headers


class Admin:
    def __init__(self, **settings: Any) -> None:
        self.sandbox = Sandbox(clock=lambda: 1.7e9, **settings)
        self.token = self.sandbox.access_token()

    def __call__(self, method: str, url: str, body: Any = None, **headers: str) -> Answer:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        reply = self.sandbox.handle(Request(method, url, headers, data))
        return Answer(reply.status, json.loads(reply.body) if reply.body else None, reply.headers)

    def api(self, method: str, url: str, body: Any = None) -> Answer:
        return self(method, url, body, authorization=f"Bearer {self.token}")


@pytest.fixture
def admin() -> Admin:
    return Admin()


def test_it_lists_itself(admin: Admin):
    entries = admin("GET", "/sandbox").body["entries"]
    assert {"method": "POST", "path": "/sandbox/reset", "what": "Goes back to the state of the start."} in entries
    assert all(entry["what"] for entry in entries)


def test_it_can_be_switched_off():
    assert Admin(admin=False)("GET", "/sandbox").status == 404


def test_reset_and_snapshots(admin: Admin):
    assert admin.api("POST", QUEUES, {"name": "one"}).status == 200
    assert admin("PUT", "/sandbox/snapshots/a%20b").body == {"name": "a b"}
    assert admin.api("POST", QUEUES, {"name": "two"}).status == 200
    assert admin("GET", "/sandbox/snapshots").body == {"snapshots": ["a b"]}
    assert admin("POST", "/sandbox/snapshots/a%20b/restore").status == 200
    assert admin.api("GET", QUEUES).body["total"] == 251
    assert admin("POST", "/sandbox/reset").status == 200
    admin.token = admin("POST", "/sandbox/token").body["access_token"]
    assert admin.api("GET", QUEUES).body["total"] == 250
    assert admin("DELETE", "/sandbox/snapshots/a%20b").status == 200
    for method, path in (("DELETE", "/sandbox/snapshots/x"), ("POST", "/sandbox/snapshots/x/restore")):
        assert admin(method, path).body["message"] == "snapshot with id x was not found."


def test_the_clock(admin: Admin):
    assert admin("GET", "/sandbox/clock").body == {"now": "2023-11-14T22:13:20.000Z", "seconds": 1.7e9, "speed": 1}
    assert admin("POST", "/sandbox/clock", {"freeze": True, "move": 60}).body["seconds"] == 1.7e9 + 60
    assert admin.sandbox.clock.frozen
    assert admin("POST", "/sandbox/clock", {"freeze": "2030-01-01T00:00:00Z"}).body["now"] == "2030-01-01T00:00:00.000Z"
    assert admin("POST", "/sandbox/clock", {"speed": 10}).body["speed"] == 10
    assert admin("POST", "/sandbox/clock", {"resume": True}).body["speed"] == 1
    assert admin("POST", "/sandbox/clock", {"reset": True}).body["seconds"] == 1.7e9


@pytest.mark.parametrize(
    "body",
    [{}, {"warp": 9}, {"move": -1}, {"move": "far"}, {"speed": 0}, {"freeze": "soon"}, {"freeze": "2030-01-01"},
     {"freeze": 1}, {"speed": [1]}, {"freeze": 1e400},
     {"move": 1e300}, {"speed": 1e300}],
)  # fmt: skip
def test_what_the_clock_cannot_do(admin: Admin, body: Any):
    assert admin("POST", "/sandbox/clock", body).status == 400
    assert admin.sandbox.seconds() == 1.7e9


def test_what_is_wrong_is_said(admin: Admin):
    assert admin("GET", "/sandbox/nothing").status == 404
    assert admin("GET", "/sandboxes").status == 404
    answer = admin("GET", "/sandbox/reset")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert admin("POST", "/sandbox/clock", b"{").status == 400
    assert admin("POST", "/sandbox/clock", b"[]").status == 400
    assert admin("GET", "/sandbox/requests?after=x").status == 400
    assert admin("GET", "/sandbox/requests/x").status == 404


def test_requests_are_logged_with_secrets_hidden(admin: Admin):
    form = b"grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret"
    admin("POST", "/oauth/token", form, **{"content-type": "application/x-www-form-urlencoded"})
    admin.api("POST", QUEUES, {"name": "one", "description": "seen"})
    admin.api("GET", "http://sandbox.local/api/v2/users?pageSize=1")
    admin("GET", "/sandbox/clock")
    listed = admin("GET", "/sandbox/requests").body["requests"]
    seen = [(entry["method"], entry["operation"], entry["status"]) for entry in listed]
    assert seen == [("POST", "", 401), ("POST", "post_routing_queues", 200), ("GET", "get_users", 200)]
    assert [entry["number"] for entry in admin("GET", "/sandbox/requests?after=1&limit=1").body["requests"]] == [3]
    texts = [json.dumps(admin("GET", f"/sandbox/requests/{entry['number']}").body) for entry in listed]
    assert admin.token not in "".join(texts)
    assert "sandbox-secret" not in "".join(texts)
    assert "seen" in texts[1]
    admin("DELETE", "/sandbox/requests")
    assert admin("GET", "/sandbox/requests").body == {"requests": []}


def test_the_log_is_bounded(admin: Admin):
    admin.api("POST", QUEUES, {"name": "x" * KEPT_BODY})
    assert admin("GET", "/sandbox/requests/1").body["request"]["body"] == ""
    for _ in range(KEPT_REQUESTS + 5):
        admin.api("GET", "/api/v2/nothing")
    listed = admin("GET", "/sandbox/requests?limit=9999").body["requests"]
    assert (len(listed), listed[-1]["number"]) == (KEPT_REQUESTS, KEPT_REQUESTS + 6)
    assert admin("GET", "/sandbox/requests/1").status == 404
    counts = admin("GET", "/sandbox/statistics").body
    assert counts["byStatus"]["404"] == KEPT_REQUESTS + 5
    assert sum(second["byStatus"].get("404", 0) for second in counts["bySecond"]) == KEPT_REQUESTS + 5


def test_what_it_holds(admin: Admin):
    admin.api("GET", QUEUES)
    admin.sandbox.store.table("things")["a"] = 1
    state = admin("GET", "/sandbox/state").body
    assert state["collections"][QUEUES] == 250
    assert state["tables"]["things"] == 1


@pytest.fixture(scope="module")
def fuzzed() -> Admin:
    return Admin()


@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
    st.sampled_from(["clock", "requests", "requests/1", "snapshots/x", "snapshots/x/restore", "state", "seed", "x"]),
    st.text(max_size=20),
    st.binary(max_size=40) | st.dictionaries(st.sampled_from(["freeze", "move", "speed"]), st.floats() | st.text())
    .map(lambda body: json.dumps(body).encode()),
)  # fmt: skip
def test_nothing_breaks_it(fuzzed: Admin, method: str, path: str, query: str, body: bytes):
    reply = fuzzed.sandbox.handle(Request(method, f"/sandbox/{path}?{query}", {}, body))
    assert reply.status < 500
