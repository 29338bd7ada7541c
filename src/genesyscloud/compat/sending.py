"""One request of the vendor's face on our transport: repeated where that is safe, and led on by redirects.

What is repeated is what the vendor's SDK repeats (its HTTP library does, unasked): replies with 413, 429 or 503 that
say ``Retry-After``, and requests that got no reply. But never a POST or PATCH that may have been executed.
"""

from __future__ import annotations

import re
import socket
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ..errors import (
    ConnectTimeout,
    DnsError,
    GenesysCloudError,
    ProxyError,
    ReadTimeout,
    TlsError,
    TransportError,
)
from ..http import AttemptTimeouts, Reply, Request
from ..redact import SecretHeaders

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..sections import RetryPolicy
    from ..transport import Transport

__all__ = [
    "CONNECT",
    "TOTAL",
    "TooManyRedirects",
    "exchange",
    "safe_url",
    "timeouts_for",
    "usual_policy",
    "vendor_error",
]

#: Seconds for DNS, TCP and TLS, and for one attempt as a whole; the vendor's SDK would wait for ever.
CONNECT, TOTAL = 10.0, 300.0
_WITH_PAUSE = frozenset({413, 429, 503})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 10
_LEFT_BEHIND = frozenset({"authorization", "cookie", "proxy-authorization"})
_OF_BODIES = frozenset({"content-type", "content-length", "content-encoding", "content-language", "content-location",
                        "transfer-encoding", "digest", "last-modified"})  # fmt: skip
_UNSAFE = re.compile(r"[^!#$&-;=?-Z_a-z~%\[\]]|%(?![0-9A-Fa-f]{2})")


class TooManyRedirects(TransportError):
    """One redirect led to the next, without an end."""


def exchange(
    transport: Transport,
    request: Request,
    timeouts: AttemptTimeouts,
    policy: RetryPolicy | None = None,
    sleep: Callable[[float], Any] = time.sleep,
    random: Callable[[], float] | None = None,
) -> Reply:
    """Send a request, and again where that is safe; follow redirects.

    Args:
        policy: when to repeat; see :func:`usual_policy`. sleep: waits seconds. random: a number in [0, 1).

    Raises:
        TransportError: there was no reply, or only redirects.
    """
    for _ in range(_MOST_REDIRECTS + 1):
        reply = _persist(transport, request, timeouts, policy, sleep, random)
        location = reply.headers.get("location")
        if reply.status not in _REDIRECTS or not location:
            return reply
        request = _redirected(request, reply.status, location)
    raise TooManyRedirects("too many redirects")


def _persist(
    transport: Transport,
    request: Request,
    timeouts: AttemptTimeouts,
    policy: RetryPolicy | None,
    sleep: Callable[[float], Any],
    random: Callable[[], float] | None,
) -> Reply:
    attempt = 0
    while True:
        outcome: Reply | TransportError
        try:
            outcome = transport.send(request, timeouts)
        except TransportError as error:
            outcome = error
        else:
            if outcome.status not in _WITH_PAUSE or "retry-after" not in outcome.headers:
                return outcome
        delay = _pause(request, outcome, attempt, policy or usual_policy(), random)
        if delay is None:
            if isinstance(outcome, Reply):
                return outcome
            raise outcome
        sleep(delay)
        attempt += 1


# What follows loads what is needed only once something failed.


def usual_policy() -> RetryPolicy:
    """Return how often and when requests are repeated: as many tries as there, but not all at once."""
    from ..sections import RetryPolicy

    return RetryPolicy(
        max_retries=10,
        first_wait=0.1,
        max_wait=1.0,
        retry_after_ceiling=float("inf"),
        statuses=frozenset({413, 503}),
    )


def _pause(
    request: Request,
    outcome: Reply | TransportError,
    attempt: int,
    policy: RetryPolicy,
    random: Callable[[], float] | None,
) -> float | None:
    """Return the seconds to wait before the next attempt, or ``None`` to give up."""
    from .. import replies, retry
    from ..redact import mask_error, secrets_of

    failure: GenesysCloudError
    if isinstance(outcome, Reply):
        failure = replies.api_error(outcome, time.time())
    else:
        failure = outcome
        mask_error(failure, secrets_of(request))
    chance = _random() if random is None else random()
    return retry.decide(policy, attempt=attempt, method=request.method, error=failure, random=chance)


def _random() -> float:
    from random import random

    return random()


def _redirected(request: Request, status: int, location: str) -> Request:
    """Return the request that a redirect asks for: without the login when it leads to another host."""
    try:
        url = safe_url(urljoin(request.url, location))
        before, after = urlsplit(request.url), urlsplit(url)
        away = (before.scheme, before.hostname, before.port) != (after.scheme, after.hostname, after.port)
    except ValueError:
        raise TransportError("a redirect to an address that cannot be read") from None
    dropped = set(_LEFT_BEHIND) if away else set[str]()
    method, body = request.method, request.body
    if status == 303 and method != "HEAD":
        method, body = "GET", None
        dropped |= _OF_BODIES
    headers = SecretHeaders({name: value for name, value in request.headers.items() if name.lower() not in dropped})
    return Request(method, url, headers, body)


def timeouts_for(milliseconds: float | None) -> AttemptTimeouts:
    """Return the bounds of one attempt.

    Args:
        milliseconds: that each wait may take; below 1000 they are taken for seconds, because nobody means less than
            one. ``None`` for the usual bounds.
    """
    if not milliseconds or milliseconds < 0:
        return AttemptTimeouts(CONNECT, TOTAL, TOTAL)
    seconds = milliseconds / 1000 if milliseconds >= 1000 else float(milliseconds)
    return AttemptTimeouts(min(seconds, CONNECT), seconds, max(TOTAL, seconds))


def safe_url(url: str) -> str:
    """Return a URL with everything percent-encoded that cannot be sent as it is; what is encoded stays so.

    >>> safe_url("https://x.example/a b?c=ü&d=%20")
    'https://x.example/a%20b?c=%C3%BC&d=%20'
    """
    url = url.partition("#")[0]
    if url.isascii() and not _UNSAFE.search(url):
        return url
    start = url.find("/", url.find("//") + 2)
    if start < 0:
        return url
    return url[:start] + _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), url[start:])


def vendor_error(error: TransportError, url: str) -> Exception:
    """Return the exception of ``urllib3`` that the vendor's SDK lets through when no reply comes."""
    from urllib3 import exceptions

    parts = urlsplit(url)
    kind = "HTTPSConnectionPool" if parts.scheme == "https" else "HTTPConnectionPool"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    pool: Any = f"{kind}(host={parts.hostname!r}, port={port})"
    where = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    text = error.reason
    reason: Exception
    if isinstance(error, TooManyRedirects):
        reason = exceptions.ResponseError(text)
    elif isinstance(error, TlsError):
        reason = exceptions.SSLError(text)
    elif isinstance(error, ProxyError):
        reason = exceptions.ProxyError(text, error)
    elif isinstance(error, ConnectTimeout):
        reason = exceptions.ConnectTimeoutError(pool, text)
    elif isinstance(error, ReadTimeout):
        reason = exceptions.ReadTimeoutError(pool, where, text)
    elif isinstance(error, DnsError):
        reason = exceptions.NameResolutionError(parts.hostname or "", pool, socket.gaierror(text))
    elif error.sent:
        reason = exceptions.ProtocolError(text, error)
    else:
        reason = exceptions.NewConnectionError(pool, text)
    return exceptions.MaxRetryError(pool, where, reason)
