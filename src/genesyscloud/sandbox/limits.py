"""Requests per token and minute, counted as the real service counts them."""

from __future__ import annotations

import math
from collections.abc import Callable

from .refusal import Refusal

__all__ = ["RateLimiter"]

WINDOW_SECONDS = 60.0
#: Windows of tokens kept before those that have ended are thrown away.
KEPT_WINDOWS = 4096


class RateLimiter:
    """Counts requests per token in windows of a minute.

    Args:
        limit: requests allowed per window; ``None``: all, and the headers say ``allowed``.
        allowed: the number in the header when there is no limit.
        clock: seconds since the epoch.
    """

    def __init__(self, limit: int | None, allowed: int, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._allowed = str(allowed if limit is None else limit)
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}

    def count(self, token: str) -> list[tuple[str, str]]:
        """Count one request of ``token`` and return the headers that tell the client.

        Raises:
            Refusal: 429, with ``Retry-After``, when there were too many in this minute.
        """
        now = self._clock()
        start, used = self._windows.get(token, (now, 0))
        if not 0 <= now - start < WINDOW_SECONDS:
            start, used = now, 0
        if len(self._windows) > KEPT_WINDOWS:
            self._windows = {key: value for key, value in self._windows.items() if now - value[0] < WINDOW_SECONDS}
        self._windows[token] = (start, used + 1)
        reset = str(max(1, math.ceil(start + WINDOW_SECONDS - now)))
        headers = [
            ("inin-ratelimit-count", str(used + 1)),
            ("inin-ratelimit-allowed", self._allowed),
            ("inin-ratelimit-reset", reset),
        ]
        if self._limit is not None and used >= self._limit:
            raise Refusal(
                429,
                "too.many.requests",
                f"Rate limit exceeded the maximum. Retry the request in [{reset}] seconds",
                params={"retryAfter": reset},
                limit={"key": "token.rate.per.minute", "namespace": "platform.api", "value": self._limit},
                headers=[*headers, ("Retry-After", reset)],
            )
        return headers
