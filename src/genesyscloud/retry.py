"""Whether to try again, and how long to wait first: pure functions of what happened and a random number.

A 429 says that the request was not processed, so any method may be sent again. Everything else leaves open
whether the server acted, so only methods that may be repeated are; a POST is only when the transport promises
that nothing left the machine.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

from .errors import ApiError, GenesysCloudError, ProxyError, TlsError, TransportError
from .forks import renew_after_fork
from .sections import RetryPolicy

__all__ = ["Budget", "decide", "retry_after"]

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
_IN_BRACKETS = re.compile(r"\[(\d+(?:\.\d+)?)\]")


def decide(
    policy: RetryPolicy,
    *,
    attempt: int,
    method: str,
    error: GenesysCloudError,
    random: float,
    elapsed: float = 0.0,
) -> float | None:
    """Return the seconds to wait before the next attempt, or ``None`` to give up.

    Args:
        attempt: retries made so far.
        error: how the attempt ended.
        random: a number in [0, 1).
        elapsed: seconds since the call began.
    """
    if attempt >= policy.max_retries or not _repeatable(policy, method, error):
        return None
    asked = error.retry_after if isinstance(error, ApiError) else None
    if asked is None or asked <= 0:
        least = policy.min_wait
        # The power of a number of retries that nobody waits for is no longer a number.
        most = min(policy.max_wait, (least + policy.first_wait) * 2.0 ** min(attempt, 64))
        delay = least + random * (most - least)
    elif asked > policy.retry_after_ceiling:
        return None
    else:
        # Callers that were stopped together must not come back in the same instant.
        delay = asked + random * min(1.0, asked / 10)
    return delay if elapsed + delay <= policy.max_time else None


def _repeatable(policy: RetryPolicy, method: str, error: GenesysCloudError) -> bool:
    safe = method in IDEMPOTENT or policy.unsafe_methods
    if isinstance(error, ApiError):
        return error.status == 429 or (safe and error.status in policy.statuses)
    if isinstance(error, TransportError):
        # A certificate or a password does not become valid by asking again.
        lasting = isinstance(error, TlsError) or (isinstance(error, ProxyError) and 400 <= error.status < 500)
        return (safe or not error.sent) and not lasting
    return False


def retry_after(headers: Mapping[str, str], now: float, message: str = "") -> float | None:
    """Return the seconds that a reply asks to wait, or ``None``.

    Args:
        headers: of the reply; ``Retry-After`` holds seconds or an HTTP date.
        now: seconds since 1970, for the date; unless the reply tells its own ``Date``.
        message: the error message, which can hold the seconds in square brackets. A message with two numbers
            speaks of the allowed count and its window instead.
    """
    value = headers.get("retry-after", "").strip()
    if value:
        seconds = _seconds(value, headers.get("date", ""), now)
        if seconds is not None:
            return seconds
    numbers: list[str] = _IN_BRACKETS.findall(message)
    return float(numbers[0]) if len(numbers) == 1 else None


def _seconds(value: str, date: str, now: float) -> float | None:
    if value.replace(".", "", 1).isdecimal():
        return float(value)
    until = _instant(value)
    if until is None:
        return None
    # By the clock of the server, as far as it is told: that of this machine may be wrong.
    sent = _instant(date)
    return max(0.0, until - (now if sent is None else sent))


def _instant(date: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


class Budget:
    """How many retries a client has left; shared by its threads and tasks."""

    SHARE = 0.2

    def __init__(self, size: float) -> None:
        self._size = size
        self._left = size
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Start anew in a child process: a thread of its parent may have held the lock."""
        self._lock = threading.Lock()

    def take(self, error: Any) -> bool:
        """Take one retry after ``error``; ``False`` when none is left."""
        if isinstance(error, ApiError) and error.status == 429:
            return True
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def success(self) -> None:
        """A call succeeded: that earns a part of a retry."""
        if self._left < self._size:
            with self._lock:
                self._left = min(self._size, self._left + self.SHARE)
