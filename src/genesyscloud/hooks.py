"""Observers of calls: plain callables that see each attempt.

A hook that raises ends the call with that error. The asynchronous client also takes ``async def`` hooks. Events
show no secrets when printed; the request itself carries its ``Authorization`` header.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import GenesysCloudError
from .http import Reply, Request

__all__ = ["ErrorEvent", "Hook", "Hooks", "RequestEvent", "ResponseEvent", "RetryEvent"]

Hook = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """An attempt is about to be sent. ``attempt`` counts from 1; a replay after a renewed token counts too."""

    operation: str
    attempt: int
    request: Request


@dataclass(frozen=True, slots=True)
class ResponseEvent:
    """A reply came, of any status; ``elapsed`` in seconds since it was sent."""

    operation: str
    attempt: int
    request: Request
    reply: Reply
    elapsed: float


@dataclass(frozen=True, slots=True)
class RetryEvent:
    """The attempt failed with ``error``; after ``delay`` seconds it is followed by retry number ``number``, from 1."""

    operation: str
    attempt: int
    delay: float
    error: GenesysCloudError
    number: int = 1


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """The call ends with ``error``; nothing more is tried."""

    operation: str
    error: GenesysCloudError


@dataclass(frozen=True, slots=True)
class Hooks:
    """The observers of a client.

    >>> Hooks(on_retry=lambda event: print(event.operation, event.delay)).on_request is None
    True
    """

    on_request: Callable[[RequestEvent], Any] | None = None
    on_response: Callable[[ResponseEvent], Any] | None = None
    on_retry: Callable[[RetryEvent], Any] | None = None
    on_error: Callable[[ErrorEvent], Any] | None = None

    def __bool__(self) -> bool:
        return bool(self.on_request or self.on_response or self.on_retry or self.on_error)
