"""Whether to try again, and how long to wait first: pure functions of what happened and a random number.

A 429 says that the request was not processed, so any method may be sent again. Everything else leaves open
whether the server acted, so only methods that may be repeated are; a POST is only when the transport promises
that nothing left the machine.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Self

from .errors import ApiError, ConfigurationError, GenesysCloudError, ProxyError, TlsError, TransportError
from .forks import renew_after_fork

__all__ = ["Budget", "RetryPolicy", "decide", "retry_after"]

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
_IN_BRACKETS = re.compile(r"\[(\d+(?:\.\d+)?)\]")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a call is tried again. All times in seconds.

    Parameters:
        max_retries: attempts after the first; 0 switches retries off.
        first_wait: the wait before the first retry is random between 0 and this; it doubles with each retry.
        min_wait: the least that such a wait takes; ``first_wait`` comes on top of it.
        max_wait: the most that such a wait grows to.
        max_time: no retry begins later than this after the call; its deadline ends it in any case.
        retry_after_ceiling: a service that asks for a longer pause than this gets no retry; the call raises at
            once with ``retry_after`` set.
        statuses: statuses that are worth a retry of a method that may be repeated. 429 always is.
        unsafe_methods: also repeat POST and PATCH that may have reached the server. They may then act twice.
        budget: retries that a client may make beyond a fifth of its successful calls, so that a service that
            is down is not hit with a multiple of the usual load. 429 does not count.

    Raises:
        ConfigurationError: a negative number, or ``min_wait`` above ``max_wait``.

    >>> RetryPolicy(max_retries=1).max_retries
    1
    """

    max_retries: int = 4
    first_wait: float = 1.0
    max_wait: float = 30.0
    retry_after_ceiling: float = 60.0
    statuses: frozenset[int] = frozenset({502, 503, 504})
    unsafe_methods: bool = False
    budget: float = 50.0
    min_wait: float = 0.0
    max_time: float = inf

    def __post_init__(self) -> None:
        for name in ("max_retries", "first_wait", "min_wait", "max_wait", "retry_after_ceiling", "budget", "max_time"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not value >= 0:
                raise ConfigurationError(f"RetryPolicy: {name} must be a number of at least 0, not {value!r}")
        if self.min_wait > self.max_wait:
            raise ConfigurationError(
                f"RetryPolicy: min_wait ({self.min_wait:g} s) must not be above max_wait ({self.max_wait:g} s)"
            )

    @classmethod
    def from_vendor(
        cls,
        *,
        retry_wait_min: float | None = None,
        retry_wait_max: float | None = None,
        retry_max: int | None = None,
        max_retry_time_sec: float | None = None,
    ) -> Self:
        """Return the policy for settings by the names that the vendor's SDKs and configuration files use.

        What is not given is as by default. A lower limit above the usual upper one raises that.

        Args:
            retry_wait_min, retry_wait_max: seconds to wait at least and at most.
            retry_max: retries after the first attempt.
            max_retry_time_sec: seconds after which no retry begins; 0 for no limit.

        Raises:
            ConfigurationError: a value is not allowed.

        >>> RetryPolicy.from_vendor(retry_wait_min=3, retry_wait_max=10, retry_max=5).max_wait
        10
        """
        given = {"min_wait": retry_wait_min, "max_wait": retry_wait_max, "max_retries": retry_max}
        given["max_time"] = max_retry_time_sec or None
        if retry_wait_max is None and retry_wait_min is not None:
            given["max_wait"] = max(retry_wait_min, cls().max_wait)
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return cls(**values)


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
