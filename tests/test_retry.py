from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.errors import (
    ConfigurationError,
    ConnectError,
    GenesysCloudError,
    PoolTimeout,
    ReadError,
    ReadTimeout,
    ServerError,
    TlsError,
    TooManyRequests,
    Unauthorized,
    api_error_class,
)
from genesyscloud.http import Headers
from genesyscloud.retry import Budget, RetryPolicy, decide, retry_after

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


@given(st.text())
def test_any_header_is_survived(text: str) -> None:
    retry_after(Headers([("retry-after", text)]), NOW, text)


def test_a_budget_runs_out_and_refills() -> None:
    budget = Budget(2)
    assert [budget.take(ServerError(503)) for _ in range(3)] == [True, True, False]
    assert budget.take(TooManyRequests(429)), "the service asked for that retry"
    for _ in range(5):
        budget.success()
    assert [budget.take(ServerError(503)) for _ in range(2)] == [True, False]


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
