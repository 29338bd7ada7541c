"""The transport for asyncio: ``aiohttp``, with everything switched off that a transport must not do.

``aiohttp`` repeats idempotent requests whose connection broke, and one exception class of it may mean that nothing
was sent or that everything was. Both are settled by watching the connector: it is asked for a connection exactly once
per attempt, and the request counts as sent from then on.
"""

from __future__ import annotations

import asyncio
import io
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import ConfigurationError, PoolTimeout, ProxyError
from ..http import Headers, Reply
from . import POOL_SIZE, coding, faults
from .settings import ProxySettings, TlsSettings

try:
    import aiohttp
    from yarl import URL
except ImportError:
    raise ConfigurationError("the async client needs an optional package: pip install 'genesyscloud[async]'") from None

if TYPE_CHECKING:
    import ssl

    from ..http import AttemptTimeouts, Request

__all__ = ["AiohttpTransport"]

#: What ``aiohttp`` would add by itself. Signed uploads must go out with exactly the headers that were signed.
_AUTOMATIC_HEADERS = {"accept", "content-type", "user-agent"}
_LONG = 1 << 19


class _Attempt:
    """How far one attempt has come, and the bounds of its waits."""

    __slots__ = ("asked", "connected", "deadline", "loop", "read", "scope", "whole")

    def __init__(self, loop: asyncio.AbstractEventLoop, timeouts: AttemptTimeouts, deadline: float) -> None:
        self.loop = loop
        self.read = timeouts.read
        self.deadline = deadline
        self.scope = asyncio.timeout(None)
        self.asked = False
        self.connected = False
        self.whole = False

    def wait(self) -> None:
        """Bound the next wait for the server."""
        # One timer that is moved costs half of what aiohttp's two do, and a body that drips cannot outlast it.
        until = self.loop.time() + self.read
        self.whole = until >= self.deadline
        self.scope.reschedule(self.deadline if self.whole else until)


_attempt: ContextVar[_Attempt] = ContextVar("genesyscloud_attempt")


class _Connector(aiohttp.TCPConnector):
    async def connect(self, *args: Any, **options: Any) -> Any:
        attempt = _attempt.get()
        if attempt.asked:
            raise aiohttp.ServerDisconnectedError
        attempt.asked = True
        connection = await super().connect(*args, **options)
        # An idle connection on which a reply came that nobody asked for would answer this request with it.
        while connection.protocol is not None and connection.protocol.should_close:
            connection.close()
            connection = await super().connect(*args, **options)
        attempt.connected = True
        attempt.wait()
        return connection


class _LoopState:
    """What belongs to one event loop: connections, and slots for requests under way."""

    def __init__(self, pool_size: int) -> None:
        # The slots bound the connections; the connector's own limit would blame waiting on the network.
        self.slots = asyncio.Semaphore(pool_size)
        self.connector = _Connector(limit=0)
        self.session = aiohttp.ClientSession(
            connector=self.connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            # It would take half a gzip stream for a whole one.
            auto_decompress=False,
        )


class AiohttpTransport:
    """Implements :class:`~genesyscloud.transport.AsyncTransport`.

    Parameters:
        tls: how servers are verified; the defaults of :class:`TlsSettings` when not given.
        proxy: the proxy to go through.
        pool_size: requests that may be under way at the same time in one event loop; further ones wait.

    Connections are opened in the event loop that first needs them and never shared with another.
    """

    def __init__(
        self,
        *,
        tls: TlsSettings | None = None,
        proxy: ProxySettings | None = None,
        pool_size: int = POOL_SIZE,
    ) -> None:
        self._tls = tls or TlsSettings()
        self._proxy = proxy
        self._proxy_url = URL(proxy.origin) if proxy else None
        self._proxy_headers = proxy.headers() if proxy else {}
        self._pool_size = pool_size
        self._states: dict[asyncio.AbstractEventLoop, _LoopState] = {}
        self._context: ssl.SSLContext | None = None
        self._timeout = aiohttp.ClientTimeout()

    async def send(self, request: Request, timeouts: AttemptTimeouts) -> Reply:
        """Send ``request`` once and return the reply.

        Raises:
            TransportError: no complete reply came; ``sent`` tells whether the request may have left.
            ConfigurationError: the URL or a header cannot be sent; or a TLS file cannot be used.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeouts.total
        state = self._states.get(loop) or await self._begin_loop()
        if state.slots.locked():
            await self._wait_for_slot(state.slots, timeouts.total)
        else:
            await state.slots.acquire()
        attempt = _Attempt(loop, timeouts, deadline)
        token = _attempt.set(attempt)
        try:
            return await self._exchange(state.session, request, self._options(request, timeouts), attempt)
        except TimeoutError as error:
            raise self._timed_out(request, timeouts, attempt, error) from None
        except (aiohttp.ClientError, OSError, ValueError, coding.error) as error:
            raise self._failed(request, attempt, error) from None
        finally:
            # The timer knows the task: left in its context it would keep a finished task until the next collection.
            _attempt.reset(token)
            state.slots.release()

    async def _wait_for_slot(self, slots: asyncio.Semaphore, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await slots.acquire()
        except TimeoutError:
            raise PoolTimeout(faults.pool_exhausted_text(self._pool_size, seconds)) from None

    async def _exchange(
        self, session: aiohttp.ClientSession, request: Request, options: dict[str, Any], attempt: _Attempt
    ) -> Reply:
        async with attempt.scope:
            response = await session.request(
                request.method,
                URL(request.url, encoded=True),
                data=_payload(request.body),
                allow_redirects=False,
                **options,
            )
            try:
                body = await _read(response.content, attempt)
            except BaseException:
                response.close()
                raise
        headers = Headers(response.headers.items())
        if "content-encoding" in headers:
            body = coding.decompress(body, headers["content-encoding"])
        return Reply(response.status, headers, body)

    async def aclose(self) -> None:
        """Close the connections of the running event loop, and forget those of loops that have ended."""
        await self._forget_ended_loops()
        state = self._states.pop(asyncio.get_running_loop(), None)
        if state is not None:
            await state.session.close()

    async def _begin_loop(self) -> _LoopState:
        state = self._states[asyncio.get_running_loop()] = _LoopState(self._pool_size)
        await self._forget_ended_loops()
        return state

    async def _forget_ended_loops(self) -> None:
        for loop in [loop for loop in self._states if loop.is_closed()]:
            await self._states.pop(loop).session.close()

    def _options(self, request: Request, timeouts: AttemptTimeouts) -> dict[str, Any]:
        connect = min(timeouts.connect, timeouts.total)
        if self._timeout.connect != connect:
            self._timeout = aiohttp.ClientTimeout(connect=connect, ceil_threshold=float("inf"))
        options: dict[str, Any] = {"headers": request.headers, "timeout": self._timeout}
        present = {name.lower() for name in request.headers}
        absent = _AUTOMATIC_HEADERS - present
        if request.body is None:
            absent.discard("content-type")
        if absent:
            options["skip_auto_headers"] = absent
        https = request.url.startswith("https:")
        if https or (self._proxy is not None and self._proxy.tls):
            if self._context is None:
                from .tls import client_context

                self._context = client_context(self._tls)
            options["ssl"] = self._context
        if self._proxy_url is not None:
            options["proxy"] = self._proxy_url
            if https:
                options["proxy_headers"] = self._proxy_headers
            else:
                options["headers"] = {**request.headers, **self._proxy_headers}
        return options

    def _timed_out(
        self, request: Request, timeouts: AttemptTimeouts, attempt: _Attempt, error: TimeoutError
    ) -> Exception:
        where = _where(request.url)
        if not attempt.connected:
            return faults.connect_timed_out(where, min(timeouts.connect, timeouts.total))
        if not attempt.scope.expired():
            return faults.broken(where, faults.reason(error))
        seconds = timeouts.total if attempt.whole else timeouts.read
        return faults.read_timed_out(where, seconds, whole=attempt.whole)

    def _failed(self, request: Request, attempt: _Attempt, error: Exception) -> Exception:
        # Errors about certificates are both: ValueError, and OSError from the connection.
        illegal = isinstance(error, ValueError) and not isinstance(error, OSError)
        if illegal or isinstance(error, aiohttp.NonHttpUrlClientError):
            return ConfigurationError("the request cannot be sent: its URL, or a header, is not legal")
        where = _where(request.url)
        if isinstance(error, aiohttp.ClientHttpProxyError):
            hint = "; check its user and password" if error.status == 407 else ""
            return ProxyError(f"the proxy refused the way to {where}: status {error.status}{hint}")
        if isinstance(error, aiohttp.ClientProxyConnectionError) and self._proxy is not None:
            fault = faults.connect_failed(f"{self._proxy.host}:{self._proxy.port}", error.os_error)
            return ProxyError(f"proxy: {fault.reason}")
        if not attempt.connected:
            return faults.connect_failed(where, _origin_of(error))
        return faults.broken(where, _words(error))


def _payload(body: bytes | None) -> bytes | io.BytesIO | None:
    # A long body goes out in pieces: as bytes it would be copied in one go, which aiohttp warns of.
    return io.BytesIO(body) if body is not None and len(body) > _LONG else body


async def _read(content: aiohttp.StreamReader, attempt: _Attempt) -> bytes:
    if content.is_eof():
        return content.read_nowait()
    pieces: list[bytes] = []
    while piece := await content.readany():
        pieces.append(piece)
        attempt.wait()
    return b"".join(pieces)


def _origin_of(error: Exception) -> Exception:
    """Return the exception of the system that ``aiohttp`` wrapped."""
    for name in ("certificate_error", "os_error"):
        wrapped = getattr(error, name, None)
        if isinstance(wrapped, Exception):
            return wrapped
    return error


def _words(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientResponseError):
        # Its own text has the URL in it, query string included.
        return f"this is not HTTP: {error.message[:80]!r}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the server closed it before the head of its answer was complete"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the body is cut short"
    return faults.reason(_origin_of(error))


def _where(url: str) -> str:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
