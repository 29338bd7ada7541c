"""What the sandbox was asked lately and what it answered, with secrets hidden."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, NamedTuple

from ..http import Reply, Request
from ..redact import secrets_of, shown_body, shown_headers, shown_url
from .router import Router
from .urls import locate

__all__ = ["Noted", "RequestLog"]

KEPT_REQUESTS = 2000
#: Bodies of requests and replies that are kept, in bytes; the oldest requests go before there are more.
KEPT_BYTES = 64 << 20
#: Bodies beyond this size are not kept, in bytes.
KEPT_BODY = 65_536
#: How long counts are kept by the second.
KEPT_SECONDS = 600


class Noted(NamedTuple):
    """One request and its reply.

    Attributes:
        number: counted from 1.
        at: when it was answered, in seconds since the epoch of the real clock.
        seconds: how long that took.
        request: the request; ``None`` as the body when it was too large to keep.
        reply: the reply, the same.
    """

    number: int
    at: float
    seconds: float
    request: Request
    reply: Reply


class RequestLog:
    """The last requests, and counts of all of them.

    Args:
        router: tells which operation a request was for.
        clock: the real time, in seconds since the epoch.
    """

    def __init__(self, router: Router, clock: Callable[[], float] = time.time) -> None:
        self._router = router
        self._clock = clock
        self._kept: deque[Noted] = deque()
        self._bytes = 0
        self._number = 0
        self._by_status: Counter[int] = Counter()
        self._by_second: dict[int, Counter[int]] = {}

    def note(self, request: Request, reply: Reply, seconds: float) -> None:
        """Keep one."""
        self._number += 1
        at = self._clock()
        if len(request.body or b"") > KEPT_BODY:
            request = request._replace(body=None)
        if len(reply.body) > KEPT_BODY:
            reply = reply._replace(body=b"")
        self._kept.append(Noted(self._number, at, seconds, request, reply))
        self._bytes += _size(self._kept[-1])
        while len(self._kept) > KEPT_REQUESTS or self._bytes > KEPT_BYTES:
            self._bytes -= _size(self._kept.popleft())
        self._by_status[reply.status] += 1
        second = int(at)
        counts = self._by_second.get(second)
        if counts is None:
            counts = self._by_second[second] = Counter()
            for old in [old for old in self._by_second if old < second - KEPT_SECONDS]:
                del self._by_second[old]
        counts[reply.status] += 1

    def clear(self) -> None:
        """Forget all requests; numbers go on."""
        self._kept.clear()
        self._bytes = 0
        self._by_status.clear()
        self._by_second.clear()

    def listed(self, after: int = 0, most: int = KEPT_REQUESTS) -> list[dict[str, Any]]:
        """The newest ``most`` requests behind the number ``after``, oldest first, without headers and bodies."""
        newest: list[Noted] = []
        for noted in reversed(list(self._kept)):
            if noted.number <= after or len(newest) >= most:
                break
            newest.append(noted)
        return [self._summary(noted) for noted in reversed(newest)]

    def shown(self, number: int) -> dict[str, Any] | None:
        """One request with headers and bodies, secrets hidden; ``None`` when it is not kept any more."""
        noted = next((noted for noted in list(self._kept) if noted.number == number), None)
        if noted is None:
            return None
        request, reply, secrets = noted.request, noted.reply, secrets_of(noted.request)
        return {
            **self._summary(noted),
            "request": {
                "headers": shown_headers(request.headers),
                "body": shown_body(request.body, request.headers, request.url),
            },
            "response": {
                "headers": shown_headers(reply.headers),
                "body": secrets.mask(shown_body(reply.body, reply.headers, request.url)),
            },
        }

    def statistics(self, seconds: int = KEPT_SECONDS) -> dict[str, Any]:
        """Counts of requests by status, over all, and by second for the last ones.

        Args:
            seconds: how many.
        """
        now = int(self._clock())
        return {
            "total": self._number,
            "second": now,
            "byStatus": {str(status): count for status, count in sorted(self._by_status.items())},
            "bySecond": [
                {"second": second, "byStatus": {str(status): count for status, count in sorted(counts.items())}}
                for second, counts in sorted(self._by_second.items())
                if second > now - seconds
            ],
        }

    def _summary(self, noted: Noted) -> dict[str, Any]:
        _, path, _ = locate(noted.request.url, {})
        record, _, _ = self._router.find(noted.request.method, path)
        return {
            "number": noted.number,
            "time": noted.at,
            "milliseconds": round(noted.seconds * 1000, 3),
            "method": noted.request.method,
            "url": shown_url(noted.request.url),
            "operation": record.name if record is not None else "",
            "status": noted.reply.status,
            "correlationId": noted.reply.headers.get("inin-correlation-id", ""),
        }


def _size(noted: Noted) -> int:
    return len(noted.request.body or b"") + len(noted.reply.body)
