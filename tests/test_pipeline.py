"""One plan, two drivers: each scenario runs through both, and both must do and return the same."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest

from genesyscloud import RetryPolicy, Timeouts
from genesyscloud.auth import AccessToken
from genesyscloud.errors import (
    ApiError,
    BadRequest,
    ConnectError,
    ConnectTimeout,
    DeadlineExceeded,
    DriftError,
    Forbidden,
    GenesysCloudError,
    NotFound,
    ReadError,
    ReadTimeout,
    ReplyError,
    ServerError,
    TlsError,
    TooManyRequests,
    Unauthorized,
)
from genesyscloud.hooks import ErrorEvent, RequestEvent, ResponseEvent, RetryEvent
from genesyscloud.http import AttemptTimeouts, Headers, Request

from .engine import ME, Answer, FakeClock, async_client, client, reply, token

Use = Callable[[Any], Any]
HTML = b"<html><head><style>p{}</style><title>502\n Bad Gateway</title></head><body>nginx</body></html>"


class Outcome(NamedTuple):
    result: Any
    sent: list[tuple[str, str, str]]
    totals: list[float]
    slept: list[float]


def both(use: Use, answers: Sequence[Answer], **options: Any) -> Outcome:
    """Run a scenario through both clients; return the outcome after seeing that there is one only."""
    clock = FakeClock()
    gc, transport = client(answers, clock, **options)
    try:
        result = use(gc)
    except GenesysCloudError as error:
        result = error
    blocking = Outcome(result, transport.seen, [round(t.total, 3) for t in transport.timeouts], clock.slept)

    async def main() -> Outcome:
        clock = FakeClock()
        gc, transport = async_client(answers, clock, **options)
        try:
            result = use(gc)
            result = await result if inspect.isawaitable(result) else result
        except GenesysCloudError as error:
            result = error
        return Outcome(result, transport.seen, [round(t.total, 3) for t in transport.timeouts], clock.slept)

    tasks = asyncio.run(main())
    assert _plain(tasks) == _plain(blocking)
    return blocking


def _plain(outcome: Outcome) -> Any:
    result = outcome.result
    if isinstance(result, BaseException):
        result = (type(result), str(result), type(result.__cause__))
    return repr(result), *outcome[1:]


def me(gc: Any) -> Any:
    return gc.users.get_users_me()


def create(gc: Any) -> Any:
    return gc.routing.post_routing_queues({"name": "q"})


def failed(use: Use, answers: Sequence[Answer], kind: type[GenesysCloudError], **options: Any) -> Any:
    outcome = both(use, [token(), *answers], **options)
    assert type(outcome.result) is kind, outcome.result
    return outcome.result


# --- what a call ends with ----------------------------------------------------------------------


def test_success() -> None:
    outcome = both(me, [token(), reply(200, ME)])
    assert outcome.result.name == "Ann"
    assert [url for _, url, _ in outcome.sent] == [
        "https://login.mypurecloud.ie/oauth/token",
        "https://api.mypurecloud.ie/api/v2/users/me",
    ]


@pytest.mark.parametrize("charset", ["punycode", "idna", "undefined", "hex", "unicode_escape", "no-such"])
def test_a_charset_that_is_none_hides_no_error(charset: str) -> None:
    page = reply(
        502, raw=b"<html><title>Bad gateway \xff\\x</title></html>", content_type=f"text/html; charset={charset}"
    )
    assert both(lambda gc: gc.users.get_users_me(), [token(), page, reply(200, ME)]).result.id == "u1"
    error = both(lambda gc: gc.users.get_users_me(), [token(), page._replace(status=400)]).result
    assert isinstance(error, BadRequest)
    assert "Bad gateway" in str(error)


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (reply(200, raw=b""), None),
        (reply(204), None),
        (reply(200, "text"), "text"),
        (reply(200, [1, {"a": None}]), [1, {"a": None}]),
        (reply(200, raw=b"a,b\n", content_type="text/csv; charset=utf-8"), "a,b\n"),
        (reply(200, raw="ä".encode("latin-1"), content_type="text/plain; charset=latin-1"), "ä"),
        (reply(200, raw=b"ok", content_type="text/plain; charset=nonsense"), "ok"),
        *(
            (reply(200, raw=b"-\xff\\d", content_type=f"text/plain; charset={name}"), "-\ufffd\\d")
            for name in ("idna", "punycode", "undefined", "unicode_escape", "raw-unicode-escape", "zlib", "rot13")
        ),
        (reply(200, raw=b"\x89PNG", content_type="image/png"), b"\x89PNG"),
        (reply(200, {"a": 1}, content_type="application/scim+json; charset=utf-8"), {"a": 1}),
        (reply(207, {"a": 1}), {"a": 1}),
    ],
)
def test_values_of_requests_made_by_hand(answer: Any, value: Any) -> None:
    outcome = both(lambda gc: gc.request("GET", "/api/v2/x"), [token(), answer])
    assert outcome.result.value == value
    assert outcome.result.raw == answer.body
    assert outcome.result.correlation_id == "c-1"
    assert outcome.result.operation == "GET /api/v2/x"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequest), (403, Forbidden), (404, NotFound), (418, ApiError), (500, ServerError), (302, ApiError)],
)
def test_errors_of_the_service(status: int, kind: type[ApiError]) -> None:
    body: dict[str, Any] = {
        "message": "No.",
        "code": "some.code",
        "contextId": "c-1",
        "limit": {"key": "k", "value": 3},
        "details": [{}],
    }
    error = failed(me, [reply(status, body)], kind)
    assert (error.status, error.code, error.message, error.operation) == (status, "some.code", "No.", "get_users_me")
    assert (error.correlation_id, error.limit, error.details, error.body) == ("c-1", body["limit"], [{}], body)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply(500, raw=HTML, content_type="text/html"), "502 Bad Gateway"),
        (reply(500, raw=b"<p>No <b>luck</b></p>"), "No luck"),
        (reply(500, raw=b""), "no explanation"),
        (reply(500, raw=b"\x00\xff" * 500), "…"),
        (reply(500, raw=b'{"message": "cut'), "16 bytes, not valid JSON"),
        (reply(500, raw=b"[1]"), "[1]"),
        (reply(500, {"message": {"odd": True}, "limit": "x", "details": "y"}), "odd"),
        (reply(400, {"error": "invalid_request", "error_description": "bad"}), "bad"),
    ],
)
def test_error_pages_of_any_shape(answer: Any, words: str) -> None:
    error = both(me, [token(), answer]).result
    assert isinstance(error, ApiError)
    assert words in str(error)
    assert len(str(error)) < 400


def test_a_redirect_names_only_its_host_and_can_be_had() -> None:
    away = reply(302, raw=b"", location="https://files.example/x?sig=hunter2")
    error = failed(me, [away], ApiError)
    assert "files.example" in str(error)
    assert "hunter2" not in str(error)
    uses: list[Use] = [
        lambda gc: gc.with_response(gc.users.get_users_me),
        lambda gc: gc.request("GET", "/api/v2/x"),
    ]
    for use in uses:
        response = both(use, [token(), away]).result
        assert (response.status, response.value) == (302, None)
        assert response.headers["Location"].endswith("hunter2")


@pytest.mark.parametrize(
    ("body", "media", "words"),
    [
        (b'{"id": "hunter2", "na', "application/json", "truncated"),
        (HTML, "text/html", "502 Bad Gateway"),
        (b"hunter2", "", "no content type"),
    ],
)
def test_a_success_that_cannot_be_read(body: bytes, media: str, words: str) -> None:
    answer = reply(200, raw=body, content_type=media)
    if not media:
        answer = answer._replace(headers=Headers([("ININ-Correlation-Id", "c-1")]))
    error = failed(me, [answer], ReplyError)
    assert (error.status, error.body, error.correlation_id) == (200, body, "c-1")
    assert words in str(error)
    assert "hunter2" not in str(error)


def test_drift_raises_only_when_strict() -> None:
    drifted = reply(200, {"id": 7})
    assert both(me, [token(), drifted]).result.id == 7
    assert failed(me, [drifted], DriftError, strict=True).operation == "get_users_me"
    view = both(lambda gc: gc.with_options(strict=True).users.get_users_me(), [token(), drifted])
    assert isinstance(view.result, DriftError)


# --- trying again -------------------------------------------------------------------------------


def test_what_is_tried_again() -> None:
    answers = [token(), reply(503), ReadTimeout("r"), ConnectError("c"), reply(504, raw=HTML), reply(200, ME)]
    outcome = both(me, answers)
    assert outcome.result.name == "Ann"
    assert outcome.slept == [0.5, 1.0, 2.0, 4.0]
    assert outcome.totals == [300.0, 300.0, 299.5, 298.5, 296.5, 292.5]


def test_attempts_end() -> None:
    error = failed(me, [reply(503)] * 5, ServerError)
    assert error.status == 503


@pytest.mark.parametrize("last", [ReadTimeout("r"), ReadError("r"), reply(502), reply(503), reply(504)])
def test_a_post_that_may_have_acted_is_not_sent_again(last: Any) -> None:
    outcome = both(create, [token(), last])
    assert isinstance(outcome.result, GenesysCloudError)
    assert len(outcome.sent) == 2


def test_a_post_that_cannot_have_acted_is_sent_again() -> None:
    answers = [token(), ConnectTimeout("c"), reply(429, retry_after="3"), reply(200, {"id": "q", "name": "q"})]
    outcome = both(create, answers)
    assert outcome.result.id == "q"
    assert outcome.slept == [0.5, pytest.approx(3.15)]


def test_unsafe_methods_by_choice() -> None:
    policy = RetryPolicy(unsafe_methods=True)
    answers = [token(), reply(503), reply(200, {"id": "q", "name": "q"})]
    assert both(create, answers, retry=policy).result.id == "q"
    assert both(lambda gc: create(gc.with_options(retry=policy)), answers).result.id == "q"


def test_retry_after_as_a_date_and_in_the_message() -> None:
    clock = FakeClock()
    assert clock.time() == 1_700_001_000
    answers = [
        token(),
        reply(429, retry_after="Tue, 14 Nov 2023 22:30:20 GMT"),
        reply(429, {"message": "Retry the request in [9] seconds", "code": "too.many.requests.retry.after"}),
        reply(200, ME),
    ]
    assert both(me, answers).slept == [pytest.approx(20.5), pytest.approx(9.45)]


def test_a_daily_cap_ends_the_call_at_once() -> None:
    error = failed(me, [reply(429, retry_after="7200")], TooManyRequests)
    assert error.retry_after == 7200


def test_certificates_are_not_tried_again() -> None:
    failed(me, [TlsError("expired")], TlsError)


def test_retries_can_be_switched_off() -> None:
    failed(me, [reply(503)], ServerError, retry=False)


def test_a_budget_keeps_a_failing_service_from_being_hit_five_times_as_hard() -> None:
    gc, transport = client(lambda r: token() if "oauth" in r.url else reply(503), retry=RetryPolicy(budget=10))
    for _ in range(100):
        with pytest.raises(ServerError):
            gc.users.get_users_me()
    assert len(transport.requests) == 1 + 100 + 10


# --- one deadline -------------------------------------------------------------------------------


def test_a_pause_beyond_the_deadline_is_not_begun() -> None:
    error = failed(me, [reply(503, retry_after="30")], ServerError, timeout=20)
    assert error.status == 503


def test_the_deadline_covers_attempts_pauses_and_logins() -> None:
    clock = FakeClock()

    def server(request: Request) -> Answer:
        clock.now += 4
        return token() if "oauth" in request.url else reply(503)

    gc, transport = client(server, clock, timeout=10)
    with pytest.raises(ServerError):
        gc.users.get_users_me()
    assert [t.total for t in transport.timeouts] == [10, 6, 1.5]


def test_an_attempt_cut_by_the_deadline() -> None:
    clock = FakeClock()
    left: list[float] = []

    def server(request: Request) -> Answer:
        if "oauth" in request.url:
            return token()
        left.append(transport.timeouts[-1].total)
        clock.now += left[-1] - 0.01
        return ReadTimeout("nothing came")

    gc, transport = client(server, clock, timeout=Timeouts(total=10, connect=2, read=3))
    with pytest.raises(DeadlineExceeded, match="get_users_me: not done within 10 s: nothing came") as caught:
        gc.users.get_users_me()
    assert isinstance(caught.value.__cause__, ReadTimeout)
    assert isinstance(caught.value, TimeoutError)
    assert transport.timeouts[-1] == AttemptTimeouts(2, 3, 10)


def test_no_time_left_after_the_login() -> None:
    clock = FakeClock()

    def server(request: Request) -> Answer:
        clock.now += 11
        return token()

    gc, transport = client(server, clock, timeout=10)
    with pytest.raises(DeadlineExceeded):
        gc.users.get_users_me()
    assert len(transport.requests) == 1


# --- the rate limit -----------------------------------------------------------------------------


def limited(count: int, reset: str = "20") -> Any:
    return reply(200, ME, inin_ratelimit_count=str(count), inin_ratelimit_allowed="300", inin_ratelimit_reset=reset)


def test_calls_wait_for_the_next_window() -> None:
    def use(gc: Any) -> Any:
        async def several() -> Any:
            await gc.users.get_users_me()
            return await gc.users.get_users_me()

        if "Async" in type(gc).__name__:
            return several()
        gc.users.get_users_me()
        return gc.users.get_users_me()

    answers: list[Answer] = [token(), limited(300), limited(1)]
    assert both(use, answers).slept == [pytest.approx(21.0)]
    assert both(use, answers, pacing=False).slept == []
    error = both(use, answers[:2], timeout=10).result
    assert isinstance(error, DeadlineExceeded)
    assert "rate limit" in str(error)


def test_nothing_stays_counted_as_under_way() -> None:
    gc, _ = client([token(), reply(200, ME), reply(404), ReadError("x"), KeyboardInterrupt()], retry=False)
    gc.users.get_users_me()
    for kind in (NotFound, ReadError, KeyboardInterrupt):
        with pytest.raises(kind):
            gc.users.get_users_me()
    assert gc._engine.limiter is not None
    assert gc._engine.limiter._under_way == 0


# --- observers ----------------------------------------------------------------------------------


def test_hooks_see_every_step() -> None:
    events: list[Any] = []
    hooks = {f"on_{name}": events.append for name in ("request", "response", "retry", "error")}
    answers = [token("t1"), reply(401), token("t2"), reply(503), reply(404)]
    both(me, answers, **hooks)
    half = len(events) // 2
    assert [type(e) for e in events[:half]] == [type(e) for e in events[half:]]
    assert [type(e) for e in events[:half]] == [
        RequestEvent, ResponseEvent, RequestEvent, ResponseEvent, RetryEvent, RequestEvent, ResponseEvent, ErrorEvent,
    ]  # fmt: skip
    assert [e.attempt for e in events[:half] if isinstance(e, RequestEvent)] == [1, 2, 3]
    assert isinstance(events[half - 1].error, NotFound)
    assert (events[4].delay, events[4].error.status, events[4].attempt) == (0.5, 503, 2)
    assert "t1" not in repr(events).replace("attempt1", "")


@pytest.mark.parametrize("name", ["on_request", "on_response", "on_retry", "on_error"])
def test_a_hook_that_raises_ends_the_call(name: str) -> None:
    class MyError(Exception):
        pass

    def hook(event: Any) -> None:
        raise MyError

    def finish(started: Any) -> None:
        asyncio.run(started)

    hooks: dict[str, Any] = {name: hook}
    for make in (client, async_client):
        gc, transport = make([token(), reply(503), reply(404)], **hooks)
        with pytest.raises(MyError):
            finish(me(gc))
        assert len(transport.requests) == {"on_request": 1, "on_response": 2, "on_retry": 2, "on_error": 3}[name]


def test_async_hooks() -> None:
    seen: list[Any] = []

    async def hook(event: Any) -> None:
        await asyncio.sleep(0)
        seen.append(event)

    gc, _ = async_client([token(), reply(200, ME)], on_request=hook)
    asyncio.run(me(gc))
    assert len(seen) == 1
    blocking, _ = client([token()], on_request=hook)
    with pytest.raises(GenesysCloudError, match="AsyncGenesysCloud"):
        me(blocking)


# --- cancellation -------------------------------------------------------------------------------


def test_a_cancelled_call_leaves_nothing_behind() -> None:
    async def main() -> None:
        gc, transport = async_client([token(), reply(200, ME)], auth=AccessToken("t"))
        started = asyncio.Event()

        async def never(request: Request, timeouts: AttemptTimeouts) -> Any:
            started.set()
            await asyncio.Event().wait()

        transport.send = never  # type: ignore[method-assign, assignment]
        task = asyncio.create_task(me(gc))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert gc._engine.limiter is not None
        assert gc._engine.limiter._under_way == 0

    asyncio.run(main())


def test_an_error_does_not_keep_its_call_alive() -> None:
    import gc as garbage
    import weakref

    caught: list[weakref.ref[BaseException]] = []
    client_, _ = client([token(), reply(404)])
    garbage.collect()
    garbage.disable()
    try:
        try:
            me(client_)
        except Unauthorized:
            raise
        except NotFound as error:
            caught.append(weakref.ref(error))
        assert caught[0]() is None
    finally:
        garbage.enable()
