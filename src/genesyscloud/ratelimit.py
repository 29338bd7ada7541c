"""Stay inside the service's rate limit instead of running into it.

The service tells in each reply how many requests of the current minute are used
(``inin-ratelimit-count``), allowed (``-allowed``), and when the minute ends (``-reset``, seconds). Requests under
way are not in that count yet, so they are added: the sum can never be less than what the server has counted. When it
reaches what is allowed, calls wait for the end of the window. Without these headers nothing is ever delayed.

Some resources have lower limits of their own and report those. Windows are therefore kept apart by what they
allow, and each operation is held by the window that its own last reply spoke of.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from .forks import renew_after_fork

__all__ = ["ROUNDING", "SAME_WINDOW", "RateLimiter", "read_headers"]

#: The reset header holds whole seconds, possibly rounded down.
ROUNDING = 1.0
#: Two replies whose windows end further apart than this (seconds) speak of different windows.
SAME_WINDOW = 5.0
#: How long to wait (seconds) for a reply when the requests under way alone fill a window not yet known.
POLL = 0.25


class _Window:
    __slots__ = ("allowed", "count", "ends")

    def __init__(self, allowed: int) -> None:
        self.allowed = allowed
        self.count = 0
        self.ends = 0.0

    def learn(self, count: int, ends: float, now: float) -> None:
        if now >= self.ends or ends > self.ends + SAME_WINDOW:
            self.count, self.ends = count, ends
        elif ends >= self.ends - SAME_WINDOW:
            # Replies overtake one another; the highest count is the latest.
            if count > self.count:
                self.count = count
            if ends > self.ends:
                self.ends = ends
        # Otherwise: a late reply of a window that is over.

    def delay(self, under_way: int, now: float) -> float:
        used = under_way if now >= self.ends else self.count + under_way
        if used < self.allowed:
            return 0.0
        return self.ends - now if now < self.ends else POLL


class RateLimiter:
    """The budget of one token, shared by all threads and tasks that use it. Times are those of one monotonic clock.

    Each attempt is one :meth:`acquire` that returned 0, and one :meth:`release`.
    """

    def __init__(self) -> None:
        self._windows: dict[int, _Window] = {}
        self._by_operation: dict[str, _Window] = {}
        #: What the widest of the windows allows: the general limit.
        self._highest = 0
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Start anew in a child process: the requests under way are those of its parent."""
        self._lock = threading.Lock()
        self._under_way = 0

    def acquire(self, operation: str, now: float) -> float:
        """Return 0 and count a request as under way, or return the seconds to wait before asking again."""
        with self._lock:
            if self._windows:
                window = self._by_operation.get(operation) or self._windows[self._highest]
                delay = window.delay(self._under_way, now)
                if delay > 0:
                    return delay
            self._under_way += 1
            return 0.0

    def release(self, operation: str, headers: Mapping[str, str] | None, now: float) -> None:
        """A request is over; ``headers`` of its reply, or ``None`` when there was none."""
        told = read_headers(headers) if headers is not None else None
        with self._lock:
            # After a fork, one that was begun before it may end here.
            if self._under_way:
                self._under_way -= 1
            if told is None:
                return
            count, allowed, reset = told
            window = self._windows.get(allowed)
            if window is None:
                window = self._windows[allowed] = _Window(allowed)
                self._highest = max(self._highest, allowed)
            window.learn(count, now + reset + ROUNDING, now)
            # Requests made by hand have names without end, so only exceptions from the general limit are kept.
            if allowed < self._highest:
                self._by_operation[operation] = window
            elif self._by_operation:
                self._by_operation.pop(operation, None)


def read_headers(headers: Mapping[str, str]) -> tuple[int, int, float] | None:
    """Return requests counted, requests allowed and seconds to the window's end; ``None`` if they are not told."""
    # Asked for first, since most replies of other services than the API's have none of them.
    if "inin-ratelimit-allowed" not in headers:
        return None
    try:
        count, allowed = int(headers["inin-ratelimit-count"]), int(headers["inin-ratelimit-allowed"])
        reset = float(headers["inin-ratelimit-reset"])
    except (KeyError, ValueError):
        return None
    # A service that allows nothing, or resets in an hour, would stop the client for good: let it say 429.
    return (count, allowed, reset) if allowed > 0 and 0 <= reset <= 3600 else None
