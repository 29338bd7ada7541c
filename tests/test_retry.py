"""Decisions to try again, one by one and over the whole of a call."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import os
from collections.abc import Sequence
from email.utils import formatdate
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.errors import (
    ApiError,
    ConfigurationError,
    ConnectError,
    DeadlineExceeded,
    GenesysCloudError,
    PoolTimeout,
    ProxyError,
    ReadError,
    ReadTimeout,
    ServerError,
    TlsError,
    TooManyRequests,
    TransportError,
    Unauthorized,
    api_error_class,
)
from genesyscloud.hooks import RetryEvent
from genesyscloud.http import Headers, Reply, Request
from genesyscloud.retry import Budget, decide, retry_after
from genesyscloud.sections import RetryPolicy

from .engine import ME, Answer, FakeClock, client, reply, token

NOW = 1_700_000_000.0


def wait(
    error: GenesysCloudError, method: str = "GET", attempt: int = 0, policy: RetryPolicy | None = None
) -> float | None:
    return decide(policy or RetryPolicy(), attempt=attempt, method=method, error=error, random=0.5)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("error", [ServerError(502), ServerError(503), ServerError(504), ReadTimeout(), ReadError()])
def test_methods_that_may_be_repeated(method: str, error: GenesysCloudError) -> None:
    assert wait(error, method) == 0.5


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_post_is_repeated_only_when_it_cannot_have_acted(method: str) -> None:
    assert wait(ConnectError(), method) is not None
    assert wait(PoolTimeout(), method) is not None
    assert wait(TooManyRequests(429), method) is not None
    for error in (ServerError(503), ReadTimeout(), ReadError()):
        assert wait(error, method) is None
        assert wait(error, method, policy=RetryPolicy(unsafe_methods=True)) is not None


@pytest.mark.parametrize(
    "error", [ServerError(500), ServerError(501), Unauthorized(401), TlsError(), GenesysCloudError()]
)
def test_what_does_not_get_better(error: GenesysCloudError) -> None:
    assert wait(error) is None


def test_attempts_end() -> None:
    assert wait(ServerError(503), attempt=3) is not None
    assert wait(ServerError(503), attempt=4) is None
    assert wait(ServerError(503), policy=RetryPolicy(max_retries=0)) is None


def test_retry_after_is_obeyed_up_to_the_ceiling() -> None:
    assert wait(TooManyRequests(429, retry_after=60)) == 60.5
    assert wait(TooManyRequests(429, retry_after=2)) == 2.1
    assert wait(TooManyRequests(429, retry_after=60.1)) is None
    assert wait(ServerError(503, retry_after=7)) == pytest.approx(7.35)
    # Zero would make a busy loop.
    assert wait(TooManyRequests(429, retry_after=0)) == 0.5


@given(
    attempt=st.integers(0, 10),
    status=st.sampled_from([400, 401, 404, 409, 429, 500, 502, 503, 504]),
    method=st.sampled_from(["GET", "HEAD", "PUT", "DELETE", "POST", "PATCH"]),
    asked=st.none() | st.floats(0, 100_000),
    random=st.floats(0, 1, exclude_max=True),
    first=st.floats(0, 10),
    most=st.floats(0, 100),
)
def test_waits_are_bounded(
    attempt: int, status: int, method: str, asked: float | None, random: float, first: float, most: float
) -> None:
    policy = RetryPolicy(first_wait=first, max_wait=most)
    error = api_error_class(status)(status, retry_after=asked)
    delay = decide(policy, attempt=attempt, method=method, error=error, random=random)
    if delay is None:
        return
    assert attempt < policy.max_retries
    assert status == 429 or method in ("GET", "HEAD", "PUT", "DELETE")
    assert 0 <= delay <= max(most, policy.retry_after_ceiling + 1)
    assert not asked or delay >= asked


@pytest.mark.parametrize(
    ("header", "message", "seconds"),
    [
        ("12", "", 12),
        (" 1.5 ", "", 1.5),
        ("Tue, 14 Nov 2023 22:13:50 GMT", "", 30),
        ("Tue, 14 Nov 2023 22:13:00 GMT", "", 0),
        ("soon", "", None),
        ("soon", "Retry the request in [8] seconds", 8),
        ("-5", "", None),
        (None, "Retry the request in [12] seconds", 12),
        (None, "exceeded the maximum [300] requests within [60] seconds", None),
        (None, "slow down", None),
        ("3", "Retry the request in [12] seconds", 3),
    ],
)
def test_retry_after_is_read(header: str | None, message: str, seconds: float | None) -> None:
    headers = Headers([("Retry-After", header)] if header is not None else [])
    assert retry_after(headers, NOW, message) == seconds


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        # The clock of this machine is ten minutes off; that of the server counts.
        ("Tue, 14 Nov 2023 22:23:20 GMT", 30),
        ("Tue, 14 Nov 2023 22:24:00 GMT", 0),
        ("nonsense", 630),
        ("", 630),
    ],
)
def test_a_date_is_read_by_the_clock_of_the_server(date: str, seconds: float) -> None:
    headers = Headers([("Retry-After", "Tue, 14 Nov 2023 22:23:50 GMT"), ("Date", date)])
    assert retry_after(headers, NOW) == seconds


@given(st.text())
def test_any_header_is_survived(text: str) -> None:
    retry_after(Headers([("retry-after", text), ("date", text)]), NOW, text)
    retry_after(Headers([("retry-after", "Tue, 14 Nov 2023 22:23:50 GMT"), ("date", text)]), NOW, text)


def test_a_budget_runs_out_and_refills() -> None:
    budget = Budget(2)
    assert [budget.take(ServerError(503)) for _ in range(3)] == [True, True, False]
    assert budget.take(TooManyRequests(429)), "the service asked for that retry"
    for _ in range(5):
        budget.success()
    assert [budget.take(ServerError(503)) for _ in range(2)] == [True, False]


def test_a_budget_whose_lock_was_held_during_a_fork() -> None:
    budget = Budget(2)
    with budget._lock:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if budget.take(ServerError(503)) else 2
            finally:
                os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("field", ["max_retries", "first_wait", "max_wait", "retry_after_ceiling", "budget"])
def test_a_policy_refuses_nonsense(field: str) -> None:
    values: list[Any] = [-1, float("nan"), "3"]
    for value in values:
        with pytest.raises(ConfigurationError, match=field):
            RetryPolicy(**{field: value})


@given(
    attempt=st.integers(0, 5000),
    least=st.floats(0, 100),
    more=st.floats(0, 100),
    random=st.floats(0, 1, exclude_max=True),
    elapsed=st.floats(0, 1000),
)
def test_waits_stay_between_their_limits(
    attempt: int, least: float, more: float, random: float, elapsed: float
) -> None:
    policy = RetryPolicy(max_retries=10_000, min_wait=least, max_wait=least + more, max_time=500)
    delay = decide(policy, attempt=attempt, method="GET", error=ServerError(503), random=random, elapsed=elapsed)
    if delay is None:
        assert elapsed + least + more > 500
    else:
        assert least <= delay <= least + more
        assert elapsed + delay <= 500


def test_the_total_time_also_bounds_what_the_service_asks_for() -> None:
    error = TooManyRequests(429, retry_after=30)
    options: dict[str, Any] = {"attempt": 0, "method": "GET", "error": error, "random": 0.0}
    assert decide(RetryPolicy(max_time=30), **options) == 30
    assert decide(RetryPolicy(max_time=30), elapsed=0.1, **options) is None


def test_settings_by_the_names_of_the_vendor() -> None:
    policy = RetryPolicy.from_vendor(retry_wait_min=3, retry_wait_max=10, retry_max=7, max_retry_time_sec=120)
    assert policy == RetryPolicy(min_wait=3, max_wait=10, max_retries=7, max_time=120)
    assert RetryPolicy.from_vendor() == RetryPolicy()
    assert RetryPolicy.from_vendor(max_retry_time_sec=0) == RetryPolicy()
    assert RetryPolicy.from_vendor(retry_wait_min=60) == RetryPolicy(min_wait=60, max_wait=60)
    assert RetryPolicy.from_vendor(retry_max=0).max_retries == 0
    with pytest.raises(ConfigurationError, match="min_wait"):
        RetryPolicy.from_vendor(retry_wait_min=4, retry_wait_max=3)


# --- over the whole of a call -------------------------------------------------------------------


class Step(NamedTuple):
    """What one attempt meets: how it ends, after how many seconds, and with which ``Retry-After``."""

    ending: int | str
    takes: float = 0.0
    asks: float | None = None
    as_date: bool = False


FAULTS = {
    "refused": ConnectError,
    "busy": PoolTimeout,
    "silent": ReadTimeout,
    "broken": ReadError,
    "certificate": TlsError,
    "proxy": ProxyError,
}
MAY_HAVE_ACTED = {"silent", "broken", 500, 502, 503, 504}

STEPS = st.lists(
    st.builds(
        Step,
        ending=st.sampled_from([200, 401, 404, 429, 429, 500, 502, 503, 503, 504, *FAULTS]),
        takes=st.sampled_from([0.0, 0.0, 0.25, 5.0, 40.0]),
        asks=st.sampled_from([None, None, 0.0, 1.0, 7.0, 60.0, 61.0, 3600.0]),
        as_date=st.booleans(),
    ),
    min_size=12,
    max_size=40,
)
POLICIES = st.builds(
    RetryPolicy,
    max_retries=st.integers(0, 8),
    first_wait=st.sampled_from([0.0, 1.0, 4.0]),
    min_wait=st.sampled_from([0.0, 0.5]),
    max_wait=st.sampled_from([1.0, 30.0]),
    max_time=st.sampled_from([5.0, 100.0, float("inf")]),
    unsafe_methods=st.booleans(),
)


class Course(NamedTuple):
    """How a call went: the attempts that were sent and when, the pauses, and its end."""

    met: list[Step]
    began: list[float]
    pauses: list[float]
    numbers: list[int]
    logins: int
    ended: float
    outcome: Any


def course(steps: Sequence[Step], method: str, policy: RetryPolicy, timeout: float) -> Course:
    clock = FakeClock()
    start = clock.now
    met: list[Step] = []
    began: list[float] = []
    numbers: list[int] = []
    logins = 0

    def server(request: Request) -> Answer:
        nonlocal logins
        if "oauth" in request.url:
            logins += 1
            return token(f"t{logins}")
        step = steps[len(met)]
        left = start + timeout - clock.now
        if step.takes >= left:
            step = Step("silent", left)
        began.append(clock.now - start)
        met.append(step)
        clock.now += step.takes
        return answer_of(step, clock.time())

    def count(event: RetryEvent) -> None:
        numbers.append(event.number)

    gc, _ = client(server, clock, retry=policy, timeout=timeout, on_retry=count)
    try:
        outcome: Any = gc.request(method, "/api/v2/x", json={}).value
    except GenesysCloudError as error:
        outcome = error
    return Course(met, began, clock.slept, numbers, logins, clock.now - start, outcome)


def answer_of(step: Step, now: float) -> Reply | TransportError:
    if isinstance(step.ending, str):
        return FAULTS[step.ending]("x")
    headers: dict[str, Any] = {}
    if step.asks is not None:
        headers["retry_after"] = f"{step.asks:.0f}"
        if step.as_date:
            # The clock of the server is a day ahead.
            headers["date"] = formatdate(now + 86400, usegmt=True)
            headers["retry_after"] = formatdate(now + 86400 + step.asks, usegmt=True)
    return reply(step.ending, ME, **headers)


@given(
    steps=STEPS,
    method=st.sampled_from(["GET", "PUT", "DELETE", "POST", "PATCH"]),
    policy=POLICIES,
    timeout=st.sampled_from([3.0, 60.0, 300.0]),
)
def test_whatever_a_call_meets_it_keeps_the_rules(
    steps: list[Step], method: str, policy: RetryPolicy, timeout: float
) -> None:
    done = course(steps, method, policy, timeout)
    *before, last = done.met
    renewals = [step for step in before if step.ending == 401]
    retries = len(before) - len(renewals)

    # It ends: in attempts, in retries and in time.
    assert retries <= policy.max_retries
    assert len(renewals) <= 1
    assert done.logins == 1 + len([step for step in done.met if step.ending == 401][:1])
    assert done.ended <= timeout
    again = zip(before, done.began[1:], strict=True)
    assert all(began <= policy.max_time for step, began in again if step.ending != 401)

    # Every retry is told to the observer, by its number, and waited for as the service asked.
    assert done.numbers == list(range(1, retries + 1))
    waited_for = [step for step in before if step.ending != 401]
    assert len(done.pauses) == retries
    for step, pause in zip(waited_for, done.pauses, strict=True):
        if isinstance(step.ending, int) and step.asks:
            assert step.asks <= policy.retry_after_ceiling
            assert step.asks <= pause <= step.asks * 1.1
        else:
            assert policy.min_wait <= pause <= policy.max_wait

    # What may have acted is not sent again.
    if method in ("POST", "PATCH") and not policy.unsafe_methods:
        assert not [step for step in before if step.ending in MAY_HAVE_ACTED]
    assert all(step.ending not in (200, 404, 500, "certificate") for step in before)

    # The outcome is that of the last attempt.
    late = done.ended >= timeout
    if last.ending == 200 and not late:
        assert done.outcome == ME
    elif isinstance(last.ending, int) and not late:
        assert isinstance(done.outcome, ApiError)
        assert done.outcome.status == last.ending
    elif not late:
        assert type(done.outcome) is FAULTS[str(last.ending)]
    else:
        assert isinstance(done.outcome, DeadlineExceeded | ReadTimeout | ApiError)


@pytest.mark.parametrize("as_date", [False, True])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_daily_cap_is_given_up_at_once(method: str, as_date: bool) -> None:
    done = course([Step(429, asks=7200.0, as_date=as_date)], method, RetryPolicy(), 300)
    assert isinstance(done.outcome, TooManyRequests)
    assert done.outcome.retry_after == 7200
    assert (len(done.met), done.pauses) == (1, [])
