"""Requests per minute, counted as the real service counts them, and how it says that there were too many."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from .refusal import Refusal
from .settings import Settings

__all__ = ["TOKEN", "RateLimiter", "Sender", "rate_headers", "too_many"]

WINDOW_SECONDS = 60.0
#: Windows kept before those that have ended are thrown away.
KEPT_WINDOWS = 4096
NAMESPACE = "platform.api"
TOKEN = "token.rate.per.minute"


class Sender(NamedTuple):
    """Who a request is from, and what it asks for.

    Attributes:
        token: the access token.
        client_id: the OAuth client.
        user_id: the person; empty when the client acts for itself.
        operation: name of the operation.
    """

    token: str
    client_id: str = ""
    user_id: str = ""
    operation: str = ""


class _Limit(NamedTuple):
    key: str
    value: int
    counted: tuple[str, ...]


class RateLimiter:
    """Counts requests in windows of a minute: per token always, and by whatever else has a limit.

    Args:
        settings: the limits, and the clock.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._windows: dict[tuple[str, ...], tuple[float, int]] = {}

    def count(self, sender: Sender) -> list[tuple[str, str]]:
        """Count one request and return the headers that tell the client how many are left, by the tightest limit.

        Raises:
            Refusal: 429; there were too many in this minute.
        """
        now = self._settings.clock()
        if len(self._windows) > KEPT_WINDOWS:
            self._windows = {key: value for key, value in self._windows.items() if now - value[0] < WINDOW_SECONDS}
        tightest: tuple[int, _Limit, int, int] | None = None
        for limit in self._limits(sender):
            start, used = self._counted(limit.counted, now)
            left = limit.value - used
            if tightest is None or left < tightest[0]:
                tightest = (left, limit, used, max(1, math.ceil(start + WINDOW_SECONDS - now)))
        if tightest is None:
            start, used = self._counted((TOKEN, sender.token), now)
            return rate_headers(
                used, self._settings.rate_limit_allowed, max(1, math.ceil(start + WINDOW_SECONDS - now))
            )
        left, limit, used, reset = tightest
        headers = rate_headers(used, limit.value, reset)
        if left < 0:
            raise too_many(self._settings, limit.key, limit.value, reset, headers)
        return headers

    def _limits(self, sender: Sender) -> Iterator[_Limit]:
        settings = self._settings
        own = settings.client_rate_limits.get(sender.client_id, settings.rate_limit)
        key = TOKEN
        if not sender.user_id and sender.client_id not in settings.client_rate_limits:
            own = own if settings.client_credentials_rate_limit is None else settings.client_credentials_rate_limit
            key = TOKEN if settings.client_credentials_rate_limit is None else f"client.credentials.{TOKEN}"
        if own is not None:
            yield _Limit(key, own, (key, sender.token))
        if settings.user_app_rate_limit is not None and sender.user_id:
            key = "org.app.user.rate.per.minute"
            yield _Limit(key, settings.user_app_rate_limit, (key, sender.client_id, sender.user_id))
        if settings.user_rate_limit is not None and sender.user_id:
            key = "org.user.rate.per.minute"
            yield _Limit(key, settings.user_rate_limit, (key, sender.user_id))
        for pattern, value in settings.operation_rate_limits.items():
            if fnmatchcase(sender.operation, pattern):
                yield _Limit("operation.rate.per.minute", value, ("operation", pattern, sender.token))

    def _counted(self, key: tuple[str, ...], now: float) -> tuple[float, int]:
        """Count one more under ``key``, and return when its window began and what it has now."""
        start, used = self._windows.get(key, (now, 0))
        if not 0 <= now - start < WINDOW_SECONDS:
            start, used = now, 0
        self._windows[key] = (start, used + 1)
        return start, used + 1


def rate_headers(used: int, allowed: int, reset: int) -> list[tuple[str, str]]:
    """The headers that tell how many requests there were, how many are allowed, and seconds to the end of both."""
    return [
        ("inin-ratelimit-count", str(used)),
        ("inin-ratelimit-allowed", str(allowed)),
        ("inin-ratelimit-reset", str(reset)),
    ]


def too_many(
    settings: Settings, key: str, allowed: int, reset: int, headers: list[tuple[str, str]] | None = None
) -> Refusal:
    """A 429 in the form that the settings choose.

    Args:
        key: of the limit that was broken (``token.rate.per.minute``).
        allowed: requests that the limit allows.
        reset: seconds until there may be more.
        headers: of the reply, besides ``Retry-After``.
    """
    if settings.rate_limit_message == "seconds":
        code = "too.many.requests.retry.after"
        message = f"Rate limit exceeded the maximum. Retry the request in [{reset}] seconds"
    else:
        code = "too.many.requests"
        message = f"Rate limit exceeded the maximum of {allowed} requests within {WINDOW_SECONDS:.0f} seconds"
    after = [("Retry-After", str(reset))] if settings.rate_limit_retry_after else []
    params = {"limit": str(allowed), "retryAfter": str(reset)}
    limit = {"key": key, "namespace": NAMESPACE, "value": allowed}
    return Refusal(429, code, message, params=params, limit=limit, headers=[*(headers or []), *after])
