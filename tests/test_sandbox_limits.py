"""Limits of requests per minute: by token, client, person, and operation, and how their 429s look."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.sandbox import Settings
from genesyscloud.sandbox.limits import RateLimiter, Sender
from genesyscloud.sandbox.refusal import Refusal

from .test_sandbox import Api

USERS = "/api/v2/users?pageSize=1"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Limits:
    """A rate limiter with a clock that stands still."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.limiter = RateLimiter(Settings(clock=self.clock, **settings))

    def allowed(self, token: str = "t", **who: str) -> tuple[str, str]:
        """Count and allowance that the headers tell."""
        headers = dict(self.limiter.count(Sender(token, **who)))
        return headers["inin-ratelimit-count"], headers["inin-ratelimit-allowed"]

    def refused(self, token: str = "t", **who: str) -> tuple[str, int]:
        """Key and value of the limit that a request breaks."""
        with pytest.raises(Refusal) as refusal:
            self.limiter.count(Sender(token, **who))
        assert refusal.value.limit is not None
        return refusal.value.limit["key"], refusal.value.limit["value"]


def test_without_limits_everything_is_counted_and_nothing_refused():
    limits = Limits()
    assert [limits.allowed() for _ in range(3)] == [("1", "30000"), ("2", "30000"), ("3", "30000")]
    assert limits.allowed("other") == ("1", "30000")


def test_tokens_are_counted_apart():
    limits = Limits(rate_limit=1)
    assert limits.allowed("a") == limits.allowed("b") == ("1", "1")
    assert limits.refused("a") == ("token.rate.per.minute", 1)


def test_clients_for_themselves_may_have_another_limit():
    limits = Limits(rate_limit=5, client_credentials_rate_limit=1)
    assert limits.allowed("a", client_id="c") == ("1", "1")
    assert limits.refused("a", client_id="c") == ("client.credentials.token.rate.per.minute", 1)
    assert limits.allowed("b", client_id="c", user_id="u") == ("1", "5")


def test_a_single_client_may_have_another_limit():
    limits = Limits(rate_limit=5, client_rate_limits={"slow": 1})
    assert limits.allowed("a", client_id="slow") == ("1", "1")
    assert limits.refused("a", client_id="slow") == ("token.rate.per.minute", 1)
    assert limits.allowed("b", client_id="fast") == ("1", "5")


def test_a_person_is_counted_over_tokens_and_over_clients():
    limits = Limits(user_app_rate_limit=2, user_rate_limit=3)
    assert limits.allowed("a", client_id="c", user_id="u") == ("1", "2")
    assert limits.allowed("b", client_id="c", user_id="u") == ("2", "2")
    assert limits.refused("a", client_id="c", user_id="u") == ("org.app.user.rate.per.minute", 2)
    assert limits.refused("d", client_id="d", user_id="u") == ("org.user.rate.per.minute", 3)
    assert limits.allowed("e", client_id="c") == ("1", "30000")


def test_an_operation_may_have_a_limit_of_its_own():
    limits = Limits(rate_limit=10, operation_rate_limits={"get_users*": 2})
    assert limits.allowed(operation="get_users") == ("1", "2")
    assert limits.allowed(operation="get_users_me") == ("2", "2")
    assert limits.refused(operation="get_users") == ("operation.rate.per.minute", 2)
    assert limits.allowed(operation="get_groups") == ("4", "10")


def test_a_window_lasts_a_minute():
    limits = Limits(rate_limit=1)
    limits.allowed()
    limits.clock.now += 59.9
    limits.refused()
    limits.clock.now += 0.1
    assert limits.allowed() == ("1", "1")
    limits.clock.now -= 3600
    assert limits.allowed() == ("1", "1")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 90)), max_size=60), st.integers(1, 5))
def test_never_more_than_allowed_in_a_window(steps: list[tuple[str, float]], allowed: int):
    limits = Limits(rate_limit=allowed)
    starts: dict[str, float] = {}
    used: dict[str, int] = {}
    for token, pause in steps:
        limits.clock.now += pause
        if limits.clock.now - starts.get(token, -100.0) >= 60:
            starts[token], used[token] = limits.clock.now, 0
        used[token] += 1
        if used[token] > allowed:
            limits.refused(token)
        else:
            assert limits.allowed(token) == (str(used[token]), str(allowed))


# --- what clients see ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "code", "message"),
    [
        ("count", "too.many.requests", "Rate limit exceeded the maximum of 1 requests within 60 seconds"),
        (
            "seconds",
            "too.many.requests.retry.after",
            "Rate limit exceeded the maximum. Retry the request in [45] seconds",
        ),
    ],
)
def test_both_forms_of_a_429(form: str, code: str, message: str):
    api = Api(rate_limit=1, rate_limit_message=form)
    api("GET", USERS)
    api.clock.now += 15
    refused = api("GET", USERS)
    assert (refused.status, refused.body["code"], refused.body["message"]) == (429, code, message)
    assert refused.body["limit"] == {"key": "token.rate.per.minute", "namespace": "platform.api", "value": 1}
    assert refused.body["status"] == 429
    assert refused.body["contextId"] == refused.headers["inin-correlation-id"]
    told = [refused.headers[name] for name in ("retry-after", "inin-ratelimit-reset", "inin-ratelimit-count")]
    assert told == ["45", "45", "2"]


def test_a_429_may_be_without_retry_after():
    api = Api(rate_limit=1, rate_limit_retry_after=False)
    api("GET", USERS)
    refused = api("GET", USERS)
    assert (refused.status, refused.headers.get("retry-after")) == (429, None)


def test_limits_of_operations_over_rest():
    api = Api(operation_rate_limits={"get_users": 1})
    assert [api("GET", USERS).status for _ in range(2)] == [200, 429]
    assert api("GET", "/api/v2/groups").status == 200


def test_a_request_that_was_refused_counts_too():
    api = Api(rate_limit=2)
    assert [api("GET", "/api/v2/users/no-such-user").status for _ in range(3)] == [404, 404, 429]


def test_limits_can_be_asked_for():
    api = Api(rate_limit=7)
    path = "/api/v2/organizations/limits/namespaces/{}"

    def values(name: str) -> dict[str, int]:
        entities = api("GET", path.format(name)).body["entities"]
        return {entity["key"]: entity["value"] for entity in entities}

    assert values("platform.api")["token.rate.per.minute"] == 7
    assert values("platform.api")["client.credentials.token.rate.per.minute"] == 7
    assert values("platform.api/defaults")["token.rate.per.minute"] == 300
    assert values("platform.api")["org.user.rate.per.minute"] == 3000
    assert values("notifications") == {"channels.per.user.app": 20, "topics.per.channel": 1000}
    assert values("outbound")
