# pyright: reportPrivateUsage=false

from __future__ import annotations

import heapq
import os
import random

import pytest

from genesyscloud.http import Headers
from genesyscloud.ratelimit import RateLimiter


def told(count: int, allowed: int, reset: float) -> Headers:
    values = {"count": str(count), "allowed": str(allowed), "reset": str(int(reset))}
    return Headers((f"inin-ratelimit-{name}", value) for name, value in values.items())


class Server:
    """Counts requests per fixed minute, and refuses those above what it allows."""

    def __init__(self, allowed: int = 300, window: float = 60.0, phase: float = 17.3) -> None:
        self.allowed, self.window, self.phase = allowed, window, phase
        self.current, self.count, self.refused, self.served = -1, 0, 0, 0

    def handle(self, now: float) -> Headers:
        index = int((now + self.phase) // self.window)
        if index != self.current:
            self.current, self.count = index, 0
        left = (index + 1) * self.window - (now + self.phase)
        if self.count >= self.allowed:
            self.refused += 1
            return told(self.count, self.allowed, left)
        self.count += 1
        self.served += 1
        return told(self.count, self.allowed, left)


@pytest.mark.parametrize("workers", [1, 8, 32, 100])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_thousand_calls_never_hit_the_limit(workers: int, seed: int) -> None:
    """Events in order of time: workers ask, requests reach the server, replies come back, with random delays."""
    rng = random.Random(seed)
    server, limiter = Server(phase=rng.uniform(0, 60)), RateLimiter()
    left = 1000
    serial = 0
    # (time, tie breaker, what, payload); what: "ask", "arrive", "reply"
    events: list[tuple[float, int, str, Headers | None]] = [(0.0, i, "ask", None) for i in range(workers)]
    serial = workers
    heapq.heapify(events)
    now = 0.0
    for _ in range(1_000_000):
        if not events:
            break
        now, _, what, headers = heapq.heappop(events)
        serial += 1
        if what == "ask":
            if not left:
                continue
            delay = limiter.acquire("op", now)
            if delay > 0:
                heapq.heappush(events, (now + delay, serial, "ask", None))
            else:
                left -= 1
                heapq.heappush(events, (now + rng.uniform(0.01, 0.3), serial, "arrive", None))
        elif what == "arrive":
            answer = server.handle(now)
            heapq.heappush(events, (now + rng.uniform(0.01, 0.3), serial, "reply", answer))
        else:
            limiter.release("op", headers, now)
            heapq.heappush(events, (now, serial, "ask", None))
    assert server.served == 1000
    assert server.refused == 0
    # 1000 calls need parts of up to five windows, and time on the network; waiting any longer would be waste.
    assert now < max(4 * 60 + 10, 1000 * 0.35 / workers)


def test_nothing_is_delayed_without_headers() -> None:
    limiter = RateLimiter()
    for _ in range(1000):
        assert limiter.acquire("op", 0.0) == 0
    limiter.release("op", Headers(), 0.0)
    limiter.release("op", None, 0.0)
    assert limiter.acquire("op", 0.0) == 0


def one(limiter: RateLimiter, operation: str, headers: Headers, now: float) -> None:
    assert limiter.acquire(operation, now) == 0
    limiter.release(operation, headers, now)


def test_holds_until_the_window_ends() -> None:
    limiter = RateLimiter()
    one(limiter, "op", told(300, 300, 20), 100.0)
    assert limiter.acquire("op", 101.0) == pytest.approx(20.0)
    assert limiter.acquire("op", 121.0) == 0


def test_requests_under_way_count() -> None:
    limiter = RateLimiter()
    one(limiter, "op", told(298, 300, 20), 0.0)
    assert [limiter.acquire("op", 1.0) == 0 for _ in range(3)] == [True, True, False]


def test_a_late_reply_of_the_last_window_changes_nothing() -> None:
    limiter = RateLimiter()
    assert limiter.acquire("op", 0.0) == 0
    one(limiter, "op", told(5, 300, 60), 1.0)
    limiter.release("op", told(300, 300, 0), 2.0)
    assert limiter.acquire("op", 3.0) == 0


def test_a_lower_limit_of_one_resource_holds_only_that_resource() -> None:
    limiter = RateLimiter()
    one(limiter, "get_queues", told(20, 300, 30), 0.0)
    one(limiter, "get_users", told(180, 180, 30), 0.0)
    assert limiter.acquire("get_users", 1.0) > 0
    assert limiter.acquire("get_queues", 1.0) == 0


@pytest.mark.parametrize(
    "headers",
    [
        Headers([("inin-ratelimit-allowed", "300")]),
        Headers([("inin-ratelimit-allowed", "x"), ("inin-ratelimit-count", "1"), ("inin-ratelimit-reset", "1")]),
        told(1, 0, 10),
        told(999, 300, 100_000),
    ],
)
def test_headers_that_make_no_sense_are_ignored(headers: Headers) -> None:
    limiter = RateLimiter()
    one(limiter, "op", headers, 0.0)
    assert limiter.acquire("op", 0.0) == 0


def test_a_child_process_does_not_count_the_requests_of_its_parent() -> None:
    limiter = RateLimiter()
    one(limiter, "op", told(0, 2, 60), 0.0)
    assert [limiter.acquire("op", 1.0) for _ in range(2)] == [0, 0]
    with limiter._lock:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if limiter.acquire("op", 1.0) == 0 else 2
            finally:
                os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert limiter.acquire("op", 1.0) > 0
