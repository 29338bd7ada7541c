"""Faults on purpose: what they do to replies, on real sockets and in this process, and to whom."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud import RetryPolicy
from genesyscloud.errors import ReadError, ReadTimeout, ReplyError, ServerError, TooManyRequests, Unauthorized
from genesyscloud.sandbox import Fault, Sandbox
from genesyscloud.sandbox.faults import KINDS, Faults

from .test_sandbox import Answer, Api

USERS = "/api/v2/users"
QUEUES = "/api/v2/routing/queues"


@pytest.fixture
def api() -> Api:
    return Api()


def _with(kind: Any, **how: Any) -> Api:
    """A sandbox whose users meet a fault."""
    api = Api()
    api.sandbox.faults.add(Fault(kind=kind, operation="get_users", **how))
    return api


def _users(api: Api, query: str = "pageSize=2") -> Answer:
    return api("GET", f"{USERS}?{query}")


# --- refusals -----------------------------------------------------------------------------------


def test_an_expired_token():
    answer = _users(_with("expired_token"))
    assert (answer.status, answer.body["code"]) == (401, "credentials.expired")
    assert answer.body["contextId"] == answer.headers["inin-correlation-id"]


@pytest.mark.parametrize(("seconds", "header"), [(None, None), (7, "7"), (0, "0"), (3600.0, "3600")])
def test_too_many_requests_with_and_without_retry_after(seconds: float | None, header: str | None):
    answer = _users(_with("too_many_requests", seconds=seconds))
    assert (answer.status, answer.body["code"]) == (429, "too.many.requests")
    assert answer.headers.get("retry-after") == header
    assert answer.body["limit"]["key"] == "token.rate.per.minute"
    assert int(answer.headers["inin-ratelimit-count"]) > int(answer.headers["inin-ratelimit-allowed"])


@pytest.mark.parametrize(
    ("status", "code"),
    [(None, "service.unavailable"), (500, "internal.server.error"), (504, "request.timeout"), (502, "bad.gateway")],
)
def test_server_errors(status: int | None, code: str):
    answer = _users(_with("server_error", status=status, seconds=2))
    assert (answer.status, answer.body["code"], answer.headers["retry-after"]) == (status or 503, code, "2")


def test_an_error_page():
    answer = _users(_with("html"))
    assert answer.status == 502
    assert answer.headers["content-type"] == "text/html"
    assert answer.body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize(("carried_out", "made"), [(False, 0), (True, 1)])
def test_a_request_may_be_carried_out_before_it_fails(api: Api, carried_out: bool, made: int):
    api.sandbox.faults.add(Fault(kind="server_error", operation="post_routing_queues", carried_out=carried_out))
    before = api("GET", QUEUES).body["total"]
    assert api("POST", QUEUES, {"name": "Ghost"}).status == 503
    assert api("GET", QUEUES).body["total"] == before + made


# --- replies that nobody promised ---------------------------------------------------------------


def test_truncated_json():
    whole = _users(Api()).body
    for size in (None, 10, 1):
        api = _with("truncated", bytes=size)
        with api.sandbox.client(retry=False) as gc, pytest.raises(ReplyError):
            gc.users.get_users(page_size=2)
    assert whole["entities"]


def test_an_unknown_field_in_the_reply_and_in_its_items():
    body = _users(_with("unknown_field")).body
    assert "sandboxUnknownField" in body
    assert ["sandboxUnknownField" in user for user in body["entities"]] == [True, False]


def test_an_unknown_enum_value():
    body = _users(_with("unknown_enum")).body
    assert json.dumps(body).count("SandboxUnknownValue") == 1


def test_a_value_of_another_type():
    right, wrong = _users(Api()).body["entities"][0], _users(_with("wrong_type")).body["entities"][0]
    assert [wire for wire in right if right[wire] != wrong[wire]] == ["name"]
    assert wrong["name"] == 12345


def test_a_reply_without_such_a_place_stays_as_it_is(api: Api):
    limits = "/api/v2/organizations/limits/namespaces"
    right = api("GET", limits).body
    for kind in ("unknown_enum", "wrong_type", "endless_pages", "repeated_page"):
        api.sandbox.faults.add(Fault(kind=kind))
    assert api("GET", limits).body == right
    assert api("DELETE", "/api/v2/tokens/me").body in (None, b"")


def test_an_endless_list_has_a_next_page_however_far_one_reads():
    api = _with("endless_pages")
    last = _users(api, "pageSize=25&pageNumber=3").body
    assert last["pageCount"] == 4
    assert "pageNumber=4" in last["nextUri"]
    beyond = _users(api, "pageSize=25&pageNumber=4").body
    assert (beyond["entities"], beyond["pageCount"]) == ([], 5)
    assert "pageNumber=5" in beyond["nextUri"]


@pytest.mark.parametrize(
    ("operation", "path", "wire"),
    [
        ("get_externalcontacts_scan_contacts", "/api/v2/externalcontacts/scan/contacts", "cursors"),
        ("get_flows_datatables_divisionviews", "/api/v2/flows/datatables/divisionviews", "nextUri"),
        ("get_routing_wrapupcodes_divisionview", "/api/v2/routing/wrapupcodes/divisionviews", "nextUri"),
    ],
)
def test_endless_lists_of_every_style(api: Api, operation: str, path: str, wire: str):
    api.sandbox.faults.add(Fault(kind="endless_pages"))
    answer = api("GET", f"{path}?pageSize=100" if "scan" not in path else path)
    assert answer.status == 200, answer.body
    assert answer.body[wire]


def test_a_client_stops_at_an_endless_list():
    api = _with("endless_pages")
    with api.sandbox.client() as gc:
        assert len({user.id for user in gc.paginate(gc.users.get_users, page_size=25)}) == 60


def test_a_page_that_is_repeated():
    api = _with("repeated_page")
    pages = [_users(api, f"pageSize=2&pageNumber={number}").body["entities"] for number in (1, 2, 30)]
    assert pages[0] == pages[1] == pages[2]


def test_a_search_that_repeats_its_page(api: Api):
    def page(number: int) -> list[Any]:
        body: dict[str, Any] = {"pageNumber": number, "pageSize": 2, "query": []}
        return [user["id"] for user in api("POST", f"{USERS}/search", body).body["results"]]

    assert page(1) != page(2)
    api.sandbox.faults.add(Fault(kind="repeated_page", operation="post_users_search"))
    assert page(1) == page(2)


# --- which requests -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation", ["get_users", "getUsers", "get_us*", "GET /api/v2/users", "* /api/v2/users*", "*", "GET *"]
)
def test_operations_are_named_in_several_ways(api: Api, operation: str):
    api.sandbox.faults.add(Fault(kind="html", operation=operation))
    assert _users(api).status == 502


@pytest.mark.parametrize("operation", ["get_user", "POST *", "/api/v2/users", "get_users_*"])
def test_other_operations_are_left_alone(api: Api, operation: str):
    api.sandbox.faults.add(Fault(kind="html", operation=operation))
    assert _users(api).status == 200


def test_a_path_of_the_definition_stands_for_all_its_paths(api: Api):
    api.sandbox.faults.add(Fault(kind="html", operation="GET /api/v2/users/{userId}"))
    user = _users(api).body["entities"][0]["id"]
    assert api("GET", f"{USERS}/{user}").status == 502


def test_logins_can_fail_too(api: Api):
    api.sandbox.faults.add(Fault(kind="server_error", operation="POST /oauth/token", count=1))
    form = b"grant_type=client_credentials&client_id=sandbox&client_secret=sandbox"
    kind = "application/x-www-form-urlencoded"
    statuses = [api("POST", "/oauth/token", form, authorization="", content_type=kind).status for _ in range(2)]
    assert statuses == [503, 200]


def test_only_the_tokens_of_one_client(api: Api):
    api.sandbox.faults.add(Fault(kind="html", client="sand*"))
    api.sandbox.faults.add(Fault(kind="expired_token", client="somebody-else"))
    assert _users(api).status == 502
    assert api("GET", USERS, authorization="Bearer nonsense").status == 401


def test_skip_and_count(api: Api):
    rule = api.sandbox.faults.add(Fault(kind="html", operation="get_users", skip=2, count=3))
    assert [_users(api).status for _ in range(8)] == [200, 200, 502, 502, 502, 200, 200, 200]
    (listed,) = api.sandbox.faults.listed()
    assert (listed["id"], listed["seen"], listed["met"]) == (rule, 8, 3)


def test_a_share_of_the_requests_is_the_same_for_the_same_seed():
    def statuses(seed: int) -> list[int]:
        api = Api(seed=seed)
        api.sandbox.faults.add(Fault(kind="html", operation="get_users", share=0.3))
        return [_users(api, "pageSize=1").status for _ in range(100)]

    assert statuses(1) == statuses(1) != statuses(2)
    assert 15 < statuses(1).count(502) < 45


def test_faults_are_switched_off(api: Api):
    first = api.sandbox.faults.add(Fault(kind="html"))
    api.sandbox.faults.add(Fault(kind="expired_token"))
    api.sandbox.faults.remove(first)
    assert _users(api).status == 401
    with pytest.raises(KeyError):
        api.sandbox.faults.remove(first)
    api.sandbox.faults.clear()
    assert _users(api).status == 200
    api.sandbox.faults.add(Fault(kind="html"))
    api.sandbox.reset()
    assert not api.sandbox.faults


def test_several_faults_come_together(api: Api):
    api.sandbox.faults.add(Fault(kind="latency", seconds=1))
    api.sandbox.faults.add(Fault(kind="latency", seconds=2))
    api.sandbox.faults.add(Fault(kind="unknown_field"))
    request = api.sandbox.example_call("get_users").request
    exchange = api.sandbox.exchange(request)
    assert exchange.delay == 3
    assert b"sandboxUnknownField" in exchange.reply.body


@pytest.mark.parametrize(
    "how", [{"kind": "nothing"}, {"kind": "html", "share": 2}, {"kind": "html", "status": 200}, {"kind": "latency"},
            {"kind": "html", "count": -1}, {"kind": "drop", "bytes": -2}, {"kind": "latency", "seconds": float("nan")}],
)  # fmt: skip
def test_a_fault_that_makes_no_sense_is_refused(how: dict[str, Any]):
    with pytest.raises(ValueError, match=r"\w"):
        Fault(**how)


# --- the client in this process -----------------------------------------------------------------


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        made.clock.freeze()
        yield made


@pytest.mark.parametrize(
    ("kind", "error"),
    [("expired_token", Unauthorized), ("too_many_requests", TooManyRequests), ("server_error", ServerError),
     ("html", ServerError), ("drop", ReadError), ("truncated", ReplyError)],
)  # fmt: skip
def test_the_client_raises_what_the_fault_is(sandbox: Sandbox, kind: Any, error: type[Exception]):
    sandbox.faults.add(Fault(kind=kind, operation="get_users"))
    with sandbox.client(retry=False) as gc, pytest.raises(error):
        gc.users.get_users()


def test_latency_moves_a_frozen_clock_in_place_of_waiting(sandbox: Sandbox):
    sandbox.faults.add(Fault(kind="latency", operation="get_users", seconds=20))
    before = sandbox.clock()
    with sandbox.client(retry=False) as gc:
        gc.users.get_users()
        assert sandbox.clock() == before + 20
        with pytest.raises(ReadTimeout):
            gc.with_options(timeout=5).users.get_users()
        assert before + 20 < sandbox.clock() <= before + 25


def test_the_same_for_asyncio(sandbox: Sandbox):
    async def calls() -> None:
        sandbox.faults.add(Fault(kind="latency", operation="get_users", seconds=20, count=2))
        sandbox.faults.add(Fault(kind="drop", operation="get_users", skip=2))
        before = sandbox.clock()
        async with sandbox.async_client(retry=False) as gc:
            await gc.users.get_users()
            assert sandbox.clock() == before + 20
            with pytest.raises(ReadTimeout):
                await gc.with_options(timeout=5).users.get_users()
            with pytest.raises(ReadError):
                await gc.users.get_users()

    asyncio.run(calls())


def test_the_client_gets_over_faults(sandbox: Sandbox):
    for kind in ("server_error", "expired_token", "too_many_requests", "drop"):
        sandbox.faults.add(Fault(kind=kind, operation="get_users", count=1, seconds=0 if "many" in kind else None))
    with sandbox.client(retry=RetryPolicy(max_retries=5, first_wait=0.0)) as gc:
        assert gc.users.get_users().total == 60
    assert [fault["met"] for fault in sandbox.faults.listed()] == [1, 1, 1, 1]


# --- real sockets -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with Sandbox() as made:
        made.serve()
        yield made


@pytest.fixture
def pool(served: Sandbox) -> Iterator[urllib3.PoolManager]:
    served.faults.clear()
    with urllib3.PoolManager(retries=False, timeout=10) as made:
        yield made


def _get(served: Sandbox, pool: urllib3.PoolManager, path: str = f"{USERS}?pageSize=1") -> urllib3.BaseHTTPResponse:
    headers = {"Authorization": f"Bearer {served.access_token()}"}
    return pool.request("GET", served.serve() + path, headers=headers)


def test_a_connection_ends_without_a_reply(served: Sandbox, pool: urllib3.PoolManager):
    served.faults.add(Fault(kind="drop", operation="get_users", count=1))
    with pytest.raises(urllib3.exceptions.ProtocolError):
        _get(served, pool)
    assert _get(served, pool).status == 200


def test_a_connection_ends_within_a_reply(served: Sandbox, pool: urllib3.PoolManager):
    served.faults.add(Fault(kind="drop", operation="get_users", bytes=40, count=1))
    with pytest.raises(urllib3.exceptions.ProtocolError, match="40 bytes read"):
        _get(served, pool)
    assert _get(served, pool).status == 200


def test_a_late_reply_does_not_hold_up_others(served: Sandbox, pool: urllib3.PoolManager):
    served.faults.add(Fault(kind="latency", operation="get_users", seconds=30))
    headers = {"Authorization": f"Bearer {served.access_token()}"}
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        pool.request("GET", f"{served.serve()}{USERS}", headers=headers, timeout=0.3)
    assert _get(served, pool, f"{QUEUES}?pageSize=1").status == 200


def test_faults_over_the_admin_interface(served: Sandbox, pool: urllib3.PoolManager):
    address = f"{served.serve()}/sandbox/faults"
    made = pool.request("POST", address, json={"kind": "html", "operation": "get_users", "count": 2}).json()
    assert _get(served, pool).status == 502
    listed = pool.request("GET", address).json()
    assert [(fault["id"], fault["met"]) for fault in listed["faults"]] == [(made["id"], 1)]
    assert listed["kinds"] == list(KINDS)
    assert pool.request("DELETE", f"{address}/{made['id']}").status == 200
    assert pool.request("DELETE", f"{address}/{made['id']}").status == 404
    assert pool.request("POST", address, json=listed["faults"][0]).status == 200
    assert pool.request("DELETE", address).status == 200
    assert not served.faults
    for body in ({}, {"kind": "nothing"}, {"kind": "html", "more": 1}, {"kind": "html", "count": "1"}, {"kind": 7}):
        refused = pool.request("POST", address, json=body)
        assert refused.status == 400
        assert "not switched on" in refused.json()["message"]


@given(
    value=st.dictionaries(
        st.sampled_from(["kind", "operation", "share", "count", "status", "seconds", "bytes", "skip", "client", "x"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(KINDS),
    )
)
def test_any_json_object_is_a_fault_or_a_value_error(value: dict[str, Any]):
    try:
        fault = Faults.from_plain(value)
    except ValueError:
        return
    assert fault.kind == value["kind"]


_SHARED = Sandbox(seeded=3, seeded_counts={}, job_items=3)
_NAMES = ["get_users", "get_users_me", "post_users_search", "get_user", "get_flows", "post_routing_queues",
          "delete_group", "get_scim_v2_users", "get_analytics_conversations_details_job_results",
          "post_analytics_conversations_details_query", "get_externalcontacts_scan_contacts",
          "get_organizations_limits_namespaces", "head_tokens_me",
          "get_telephony_providers_edges_trunks_metrics"]  # fmt: skip


@given(kind=st.sampled_from(KINDS), name=st.sampled_from(_NAMES), size=st.none() | st.integers(0, 100))
def test_no_fault_breaks_the_sandbox(kind: Any, name: str, size: int | None):
    _SHARED.reset()
    _SHARED.faults.add(Fault(kind=kind, bytes=size, seconds=0))
    reply = _SHARED.handle(_SHARED.example_call(name).request)
    expected = {"expired_token": 401, "too_many_requests": 429, "server_error": 503, "html": 502}
    if kind in expected:
        assert reply.status == expected[kind]
    elif kind != "drop":
        assert 200 <= reply.status < 300
    if reply.body and kind not in ("html", "truncated"):
        json.loads(reply.body)
