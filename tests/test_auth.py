# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import threading
from collections.abc import Callable
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud import AccessToken, Anonymous, ClientCredentials, GenesysCloud, MemoryTokenStore
from genesyscloud.auth.tokens import token_from_reply
from genesyscloud.errors import (
    ConfigurationError,
    ConnectError,
    DeadlineExceeded,
    GenesysCloudError,
    OAuthError,
    ReadTimeout,
    Unauthorized,
)
from genesyscloud.http import AttemptTimeouts, Headers, Reply, Request

from .engine import CREDENTIALS, ME, Answer, FakeAsyncTransport, FakeClock, async_client, client, reply, token

NOW = 1_700_000_000.0


def is_login(request: Request) -> bool:
    return request.url.endswith("/oauth/token")


# --- one login ----------------------------------------------------------------------------------


def test_the_token_request() -> None:
    gc, transport = client([token("t1"), reply(200, ME)])
    assert gc.users.get_users_me().name == "Ann"
    login, call = transport.requests
    assert (login.method, login.url) == ("POST", "https://login.mypurecloud.ie/oauth/token")
    assert login.headers["Authorization"] == "Basic " + base64.b64encode(b"id:s3cret").decode()
    assert login.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert login.body == b"grant_type=client_credentials"
    assert call.headers["Authorization"] == "Bearer t1"


@pytest.mark.parametrize(
    ("lifetime", "expires", "renews"),
    [
        (86400, 86400, 86340),
        (300, 300, 270),
        ("600", 600, 540),
        (None, inf, inf),
        ("soon", inf, inf),
        (0, inf, inf),
        (10**400, inf, inf),
        (-(10**400), inf, inf),
        ("1e999", inf, inf),
        ("nan", inf, inf),
    ],
)
def test_lifetimes(lifetime: Any, expires: float, renews: float) -> None:
    read = token_from_reply(token("t", lifetime, refresh_token="r"), NOW)
    assert (read.expires_at - NOW, read.renew_at - NOW, read.refresh_token) == (expires, renews, "r")
    assert read.raw["token_type"] == "bearer"


@pytest.mark.parametrize("wrong", ["a\r\nX: y", "t\u20ac", "t\x00"])
def test_a_token_that_no_header_can_have(wrong: str) -> None:
    with pytest.raises(OAuthError, match="characters that no header can have") as caught:
        token_from_reply(token(wrong), NOW)
    assert wrong not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "error", "description"),
    [
        (
            reply(400, {"error": "invalid_client", "description": "client not found"}),
            "invalid_client",
            "client not found",
        ),
        (
            reply(401, {"error": "invalid_client", "error_description": "authentication failed"}),
            "invalid_client",
            "authentication failed",
        ),
        (reply(400, {"error": "invalid_grant"}), "invalid_grant", ""),
        (reply(403, {"code": "not.authorized", "message": "No."}), "not.authorized", "No."),
        (reply(400, raw=b"<html><title>Blocked</title></html>", content_type="text/html"), "", "Blocked"),
        (reply(404, raw=b""), "", "no explanation"),
        (reply(400, raw=b"\xff\xfe broken"), "", "broken"),
        (reply(400, [1, 2]), "", "[1,2]"),
        (reply(200, {"access_token": ""}), "", "no access token"),
        (reply(200, raw=b"{"), "", "no access token"),
        (reply(302, raw=b"", location="https://other.example/x?secret=1"), "", "redirect to other.example,"),
        (reply(400, {"error": {"odd": 1}, "description": "you sent s3cret"}), "odd", "you sent [secret]"),
    ],
)
def test_refusals(answer: Reply, error: str, description: str) -> None:
    gc, _ = client([answer])
    with pytest.raises(OAuthError) as caught:
        gc.users.get_users_me()
    assert caught.value.status == answer.status
    assert error in caught.value.error
    assert description in caught.value.description
    assert caught.value.correlation_id == "c-1"
    assert str(caught.value).startswith("get_users_me: login failed with status")


@given(st.binary(max_size=200), st.integers(200, 599))
def test_any_answer_of_a_login_service_is_a_token_or_an_oauth_error(body: bytes, status: int) -> None:
    with contextlib.suppress(OAuthError):
        token_from_reply(Reply(status, Headers(), body), NOW)


def test_login_is_retried_within_the_deadline() -> None:
    clock = FakeClock()
    answers = [
        ConnectError("no"),
        reply(429, retry_after="7"),
        reply(503),
        ReadTimeout("slow"),
        token(),
        reply(200, ME),
    ]
    gc, _ = client(answers, clock)
    gc.users.get_users_me()
    assert clock.slept == [0.5, pytest.approx(7.35), 2.0, 4.0]


def test_login_gives_up() -> None:
    gc, transport = client([reply(503, raw=b"") for _ in range(5)])
    with pytest.raises(OAuthError, match="503"):
        gc.users.get_users_me()
    assert len(transport.requests) == 5
    gc, _ = client([reply(429, retry_after="3600")])
    with pytest.raises(OAuthError, match="429"):
        gc.users.get_users_me()
    gc, _ = client([ConnectError("gone")], retry=False)
    with pytest.raises(ConnectError, match="get_users_me: gone"):
        gc.users.get_users_me()


def test_a_refusal_is_not_retried_but_the_next_call_tries_again() -> None:
    gc, _ = client([reply(400, {"error": "invalid_client"}), token(), reply(200, ME)])
    with pytest.raises(OAuthError):
        gc.users.get_users_me()
    assert gc.users.get_users_me().name == "Ann"


# --- renewal ------------------------------------------------------------------------------------


def test_renewed_before_it_expires() -> None:
    clock = FakeClock()
    gc, transport = client([token("t1", 600), reply(200, ME), reply(200, ME), token("t2", 600), reply(200, ME)], clock)
    gc.users.get_users_me()
    clock.now += 539
    gc.users.get_users_me()
    clock.now += 2
    gc.users.get_users_me()
    assert [a for _, _, a in transport.seen if a.startswith("Bearer")] == ["Bearer t1", "Bearer t1", "Bearer t2"]


def test_a_failed_renewal_does_no_harm_while_the_token_is_valid() -> None:
    clock = FakeClock()
    answers = [
        token("t1", 600),
        reply(200, ME),
        ConnectError("no"),
        reply(200, ME),
        reply(200, ME),
        token("t2"),
        reply(200, ME),
    ]
    gc, transport = client(answers, clock)
    gc.users.get_users_me()
    clock.now += 550
    gc.users.get_users_me()
    gc.users.get_users_me()
    clock.now += 11
    gc.users.get_users_me()
    assert [r.headers["Authorization"][-2:] for r in transport.requests if not is_login(r)] == ["t1", "t1", "t1", "t2"]
    assert clock.slept == []


def test_an_expired_token_is_not_used_when_renewal_fails() -> None:
    clock = FakeClock()
    gc, _ = client([token("t1", 600), reply(200, ME), reply(400, {"error": "invalid_client"})], clock)
    gc.users.get_users_me()
    clock.now += 601
    with pytest.raises(OAuthError):
        gc.users.get_users_me()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_renewed_once_on_401(method: str) -> None:
    gc, transport = client([token("t1"), reply(401), token("t2"), reply(200, ME)])
    assert gc.request(method, "/api/v2/x", json=None if method == "GET" else {}).status == 200
    assert [a for _, _, a in transport.seen if a.startswith("Bearer")] == ["Bearer t1", "Bearer t2"]


def test_a_persistent_401_ends_after_one_renewal() -> None:
    gc, transport = client(
        [token("t1"), reply(401), token("t2"), reply(401, {"message": "no", "code": "bad.credentials"})]
    )
    with pytest.raises(Unauthorized, match="also with a renewed token") as caught:
        gc.users.get_users_me()
    assert caught.value.code == "bad.credentials"
    assert len(transport.requests) == 4


def test_a_failed_renewal_after_401_is_the_error() -> None:
    gc, _ = client([token("t1"), reply(401), reply(400, {"error": "invalid_client", "description": "disabled"})])
    with pytest.raises(OAuthError, match="disabled"):
        gc.users.get_users_me()


def test_a_token_that_is_renewed_already_is_taken() -> None:
    gc, transport = client([token("t1"), reply(200, ME)])
    gc.users.get_users_me()
    old = gc._engine.tokens.current
    other, _ = client([token("t2"), reply(200, ME)])
    other.users.get_users_me()
    gc._engine.tokens.current = other._engine.tokens.current

    def login(*_: Any) -> Any:
        raise AssertionError("renewed twice")

    renewed = gc._engine.tokens.get(old, 10_000.0, login)
    assert renewed.access_token == "t2"
    assert len(transport.requests) == 2


def test_an_access_token_cannot_be_renewed() -> None:
    gc, transport = client([reply(401)], auth=AccessToken("mine"))
    with pytest.raises(Unauthorized, match="cannot be renewed"):
        gc.users.get_users_me()
    assert [a for _, _, a in transport.seen] == ["Bearer mine"]


def test_anonymous() -> None:
    gc, transport = client([reply(200, raw=b"BEGIN", content_type="text/calendar")], auth=Anonymous())
    text = gc.workforce_management.get_workforcemanagement_calendar_data_ics(calendar_id="c")
    assert text == "BEGIN"
    assert transport.seen[0][2] == ""
    with pytest.raises(ConfigurationError, match="needs a login"):
        gc.users.get_users_me()


@pytest.mark.parametrize("value", ["", "a b", "a\r\nb", "ä", None])
def test_credentials_that_cannot_be(value: Any) -> None:
    for make in (
        lambda: AccessToken(value),
        lambda: ClientCredentials("id", value),
        lambda: ClientCredentials(value, "s"),
    ):
        with pytest.raises(ConfigurationError):
            make()


def test_a_store_is_shared_by_clients_that_log_in_the_same_way() -> None:
    store, clock = MemoryTokenStore(), FakeClock()
    one, _ = client([token("t1"), reply(200, ME)], clock, token_store=store)
    two, second = client([reply(200, ME), reply(401), token("t2"), reply(200, ME)], clock, token_store=store)
    wrong, third = client([reply(401)], clock, token_store=store, auth=ClientCredentials("id", "guess"))
    one.users.get_users_me()
    two.users.get_users_me()
    two.users.get_users_me()
    with pytest.raises(OAuthError):
        wrong.users.get_users_me()
    assert is_login(third.requests[0])
    assert [a for _, _, a in second.seen if "Bearer" in a] == ["Bearer t1", "Bearer t1", "Bearer t2"]
    assert "t2" not in repr(store)


# --- single flight over threads -----------------------------------------------------------------


class Gate:
    """A server whose login waits until it is told what to answer."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.answers: list[Answer] = []
        self.go = threading.Semaphore(0)
        self.logins = 0

    def __call__(self, request: Request) -> Answer:
        if not is_login(request):
            return reply(200, {"name": request.headers["Authorization"]})
        self.logins += 1
        self.entered.release()
        assert self.go.acquire(timeout=10)
        return self.answers.pop(0)


def in_threads(count: int, work: Callable[[], Any]) -> tuple[list[threading.Thread], list[Any]]:
    outcomes: list[Any] = []

    def one() -> None:
        try:
            outcomes.append(work())
        except BaseException as error:
            outcomes.append(error)

    threads = [threading.Thread(target=one, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, outcomes


def waiting(gc: GenesysCloud, count: int) -> None:
    """Return when ``count`` threads wait for the flight of a client."""
    flight = gc._engine.tokens._flight
    assert flight is not None
    for _ in range(1_000_000):
        if len(flight.done._cond._waiters) >= count:  # type: ignore[attr-defined]
            return
    raise AssertionError("the threads do not wait")


def threaded(server: Gate, count: int, **options: Any) -> tuple[GenesysCloud, list[threading.Thread], list[Any]]:
    from genesyscloud.clock import Clock

    gc, _ = client(server, Clock(), **options)
    threads, outcomes = in_threads(count, lambda: gc.users.get_users_me().name)
    assert server.entered.acquire(timeout=10)
    return gc, threads, outcomes


def test_one_login_for_many_threads() -> None:
    server = Gate()
    server.answers = [token("t1")]
    gc, threads, outcomes = threaded(server, 32)
    waiting(gc, 31)
    server.go.release()
    for thread in threads:
        thread.join(10)
    assert outcomes == ["Bearer t1"] * 32
    assert server.logins == 1


def test_a_failed_login_reaches_every_thread_and_is_not_repeated() -> None:
    server = Gate()
    server.answers = [reply(400, {"error": "invalid_client", "description": "gone"})]
    gc, threads, outcomes = threaded(server, 16)
    waiting(gc, 15)
    server.go.release()
    for thread in threads:
        thread.join(10)
    (text,) = {str(error) for error in outcomes}
    assert text.startswith("get_users_me: ")
    assert "invalid_client" in text
    assert len({id(error) for error in outcomes}) == 16
    assert server.logins == 1


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), SystemExit(), DeadlineExceeded("the leader's own")])
def test_an_interrupted_leader_is_followed_by_another(interrupt: BaseException) -> None:
    server = Gate()
    server.answers = [interrupt, token("t1")]
    gc, threads, outcomes = threaded(server, 8)
    waiting(gc, 7)
    server.go.release()
    assert server.entered.acquire(timeout=10)
    server.go.release()
    for thread in threads:
        thread.join(10)
    assert outcomes.count("Bearer t1") == 7
    assert [type(one) for one in outcomes if one != "Bearer t1"] == [type(interrupt)]
    assert server.logins == 2


def test_waiting_for_a_login_ends_with_the_deadline() -> None:
    server = Gate()
    server.answers = [token("t1")]
    gc, threads, outcomes = threaded(server, 1)
    with pytest.raises(DeadlineExceeded, match="login of another thread"):
        gc.with_options(timeout=0.01).users.get_users_me()
    server.go.release()
    threads[0].join(10)
    assert outcomes == ["Bearer t1"]


def test_many_threads_with_a_refused_token_renew_it_once() -> None:
    lock = threading.Lock()
    state: dict[str, Any] = {"valid": "t1", "logins": 0}
    barrier = threading.Barrier(16)

    def server(request: Request) -> Answer:
        if is_login(request):
            with lock:
                state["logins"] += 1
                state["valid"] = f"t{state['logins']}"
                return token(str(state["valid"]))
        if request.headers["Authorization"] == "Bearer t1" and state["logins"] == 1 and request.url.endswith("?late"):
            barrier.wait(10)
            return reply(401)
        return reply(200, ME) if request.headers["Authorization"] == f"Bearer {state['valid']}" else reply(401)

    gc, _ = client(server)
    gc.users.get_users_me()
    threads, outcomes = in_threads(16, lambda: gc.request("GET", "/api/v2/x?late").status)
    for thread in threads:
        thread.join(10)
    assert outcomes == [200] * 16
    assert state["logins"] == 2


# --- single flight over tasks -------------------------------------------------------------------


class AsyncGate(FakeAsyncTransport):
    def __init__(self, *answers: Answer) -> None:
        super().__init__([])
        self.script = list(answers)
        self.entered = asyncio.Semaphore(0)
        self.go = asyncio.Semaphore(0)
        self.logins = 0

    async def send(self, request: Request, timeouts: AttemptTimeouts) -> Reply:  # type: ignore[override]
        if not is_login(request):
            return reply(200, {"name": request.headers["Authorization"]})
        self.logins += 1
        self.entered.release()
        await self.go.acquire()
        answer = self.script.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


async def _tasks(gate: AsyncGate, count: int, timeout: float = 30) -> tuple[Any, list[asyncio.Task[Any]]]:
    gc, _ = async_client([], timeout=timeout)
    gc._shared.wire = gate
    tasks = [asyncio.create_task(gc.users.get_users_me()) for _ in range(count)]
    await gate.entered.acquire()
    await asyncio.sleep(0)
    return gc, tasks


def test_one_login_for_many_tasks() -> None:
    async def main() -> None:
        gate = AsyncGate(token("t1"))
        _, tasks = await _tasks(gate, 50)
        gate.go.release()
        assert {user.name for user in await asyncio.gather(*tasks)} == {"Bearer t1"}
        assert gate.logins == 1

    asyncio.run(main())


def test_a_failed_login_reaches_every_task() -> None:
    async def main() -> None:
        gate = AsyncGate(reply(400, {"error": "invalid_client"}))
        _, tasks = await _tasks(gate, 20)
        gate.go.release()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(one) for one in outcomes} == {OAuthError}
        assert {one.operation for one in outcomes if isinstance(one, GenesysCloudError)} == {"get_users_me"}
        assert gate.logins == 1

    asyncio.run(main())


def test_a_cancelled_leader_is_followed_by_another() -> None:
    async def main() -> None:
        gate = AsyncGate(token("t1"))
        _, tasks = await _tasks(gate, 5)
        tasks[0].cancel()
        await gate.entered.acquire()
        gate.go.release()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(outcomes[0], asyncio.CancelledError)
        assert [getattr(one, "name", one) for one in outcomes[1:]] == ["Bearer t1"] * 4
        assert gate.logins == 2

    asyncio.run(main())


def test_a_cancelled_waiter_changes_nothing() -> None:
    async def main() -> None:
        gate = AsyncGate(token("t1"))
        _, tasks = await _tasks(gate, 5)
        tasks[3].cancel()
        await asyncio.sleep(0)
        gate.go.release()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(outcomes.pop(3), asyncio.CancelledError)
        assert [getattr(one, "name", one) for one in outcomes] == ["Bearer t1"] * 4
        assert gate.logins == 1

    asyncio.run(main())


def test_a_waiting_task_ends_with_its_deadline() -> None:
    async def main() -> None:
        gate = AsyncGate(token("t1"))
        gc, tasks = await _tasks(gate, 1)
        with pytest.raises(DeadlineExceeded, match="login of another task"):
            await gc.with_options(timeout=0.01).users.get_users_me()
        gate.go.release()
        assert (await tasks[0]).name == "Bearer t1"

    asyncio.run(main())


def test_a_client_outlives_an_event_loop() -> None:
    gate = AsyncGate(token("t1"))

    async def interrupted() -> Any:
        gc, tasks = await _tasks(gate, 2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return gc

    gc = asyncio.run(interrupted())
    later = AsyncGate(token("t2"))
    gc._shared.wire = later

    async def again() -> Any:
        later.go.release()
        return await gc.users.get_users_me()

    assert asyncio.run(again()).name == "Bearer t2"


def test_secrets_stay_out_of_tracebacks() -> None:
    import traceback

    gc, _ = client([token("tok-hunter2"), reply(200, raw=json.dumps({"secret": "hunter2"}).encode()[:-1])])
    with pytest.raises(GenesysCloudError) as caught:
        gc.users.get_users_me()
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    own = "\n".join(line for line in shown.splitlines() if "raw=" not in line and "body" not in line)
    assert "tok-hunter2" not in own
    assert CREDENTIALS._client_secret not in own
