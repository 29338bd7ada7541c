"""The transport for asyncio: ``aiohttp``, with everything switched off that a transport must not do.

``aiohttp`` repeats idempotent requests whose connection broke, and one exception class of it may mean that nothing
was sent or that everything was. Both are settled by watching the connector: it is asked for a connection exactly once
per attempt, and the request counts as sent from then on.
"""

from __future__ import annotations

import asyncio
import io
import os
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from ..errors import ConfigurationError, PoolTimeout, ProxyError
from ..http import Headers, Reply
from . import POOL_SIZE, coding, faults
from .proxies import Proxies
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
#: Longest line and field of a reply's head, in bytes; the same as for threads.
_LONGEST_LINE = 65536


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
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            # It would take half a gzip stream for a whole one.
            auto_decompress=False,
            # What is sent is what a request says, and nothing else.
            skip_auto_headers=_AUTOMATIC_HEADERS,
        )


class AiohttpTransport:
    """Implements :class:`~genesyscloud.transport.AsyncTransport`.

    Parameters:
        tls: how servers are verified; the defaults of :class:`TlsSettings` when not given.
        proxy: the proxy to go through; without it that of the environment, if any, and with ``False`` none.
        pool_size: requests that may be under way at the same time in one event loop; further ones wait.

    Connections are opened in the event loop that first needs them and never shared with another.
    """

    def __init__(
        self,
        *,
        tls: TlsSettings | None = None,
        proxy: ProxySettings | Literal[False] | None = None,
        pool_size: int = POOL_SIZE,
    ) -> None:
        self._tls = tls or TlsSettings()
        self._proxies = Proxies(proxy, os.environ)
        self._routes: dict[str, _Route] = {}
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
        route = self._locate(request.url)
        options = self._options(request, route, timeouts)
        state = self._states.get(loop) or await self._begin_loop()
        if state.slots.locked():
            await self._wait_for_slot(state.slots, timeouts.total)
        else:
            await state.slots.acquire()
        attempt = _Attempt(loop, timeouts, deadline)
        token = _attempt.set(attempt)
        try:
            reply = await self._exchange(state.session, request, options, attempt)
        except TimeoutError as error:
            raise self._timed_out(route, timeouts, attempt, error) from None
        except (aiohttp.ClientError, OSError, ValueError, coding.error) as error:
            raise self._failed(route, attempt, error) from None
        finally:
            # The timer knows the task: left in its context it would keep a finished task until the next collection.
            _attempt.reset(token)
            state.slots.release()
        refusal = faults.refusal(reply, route.where, route.tls, route.proxy)
        if refusal is not None:
            raise refusal
        return reply

    def _locate(self, url: str) -> _Route:
        slash = url.find("/", 8)
        prefix = url[:slash] if slash > 0 else url
        route = self._routes.get(prefix)
        if route is None:
            if len(self._routes) >= 1000:
                self._routes.clear()
            route = self._routes[prefix] = _route(prefix, self._proxies)
        return route

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
            headers = Headers(response.headers.items())
            try:
                body = coding.unpacked(await _read(response.content, attempt), headers)
            except (aiohttp.ClientError, OSError, coding.error):
                response.close()
                if response.status < 400:
                    raise
                # As for threads: an error says enough with its status, also when the end of it is lost.
                body = b""
            except BaseException:
                response.close()
                raise
        return Reply(response.status, headers, body, response.reason or "")

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

    def _options(self, request: Request, route: _Route, timeouts: AttemptTimeouts) -> dict[str, Any]:
        connect = min(timeouts.connect, timeouts.total)
        if self._timeout.connect != connect:
            self._timeout = aiohttp.ClientTimeout(connect=connect, ceil_threshold=float("inf"))
        options: dict[str, Any] = {"headers": request.headers, "timeout": self._timeout}
        proxy = route.proxy
        if route.tls or (proxy is not None and proxy.tls):
            if self._context is None:
                from .tls import client_context

                self._context = client_context(self._tls)
            options["ssl"] = self._context
        if proxy is not None:
            options["proxy"] = URL(proxy.origin)
            if route.tls:
                options["proxy_headers"] = proxy.headers()
            else:
                options["headers"] = {**request.headers, **proxy.headers()}
        return options

    def _timed_out(self, route: _Route, timeouts: AttemptTimeouts, attempt: _Attempt, error: TimeoutError) -> Exception:
        where = route.where
        if not attempt.connected:
            return faults.connect_timed_out(where, min(timeouts.connect, timeouts.total))
        if not attempt.scope.expired():
            return faults.broken(where, faults.reason(error), error)
        seconds = timeouts.total if attempt.whole else timeouts.read
        return faults.read_timed_out(where, seconds, whole=attempt.whole)

    def _failed(self, route: _Route, attempt: _Attempt, error: Exception) -> Exception:
        # Errors about certificates are both: ValueError, and OSError from the connection.
        illegal = isinstance(error, ValueError) and not isinstance(error, OSError)
        if illegal or isinstance(error, aiohttp.NonHttpUrlClientError):
            return ConfigurationError("the request cannot be sent: its URL, or a header, is not legal")
        where, proxy = route.where, route.proxy
        if isinstance(error, aiohttp.ClientHttpProxyError) and proxy is not None:
            return faults.proxy_refused(proxy.where, where, error.status)
        if isinstance(error, aiohttp.ClientProxyConnectionError) and proxy is not None:
            fault = faults.connect_failed(proxy.where, error.os_error)
            return ProxyError(f"proxy: {fault.reason}")
        if not attempt.connected:
            if proxy is not None and isinstance(error, aiohttp.ClientResponseError | aiohttp.ServerDisconnectedError):
                return faults.proxy_broken(proxy.where, _words(error))
            return faults.connect_failed(where, _origin_of(error))
        return faults.broken(where, _words(error), _origin_of(error))


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
    # An alert of the server reaches a request as a copy without its class.
    cause = error.__cause__
    return cause if isinstance(cause, OSError) else error


def _words(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientResponseError):
        # Its own text has the URL in it, query string included.
        return f"this is not HTTP: {error.message[:80]!r}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the server closed it before the head of its answer was complete"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the body is cut short"
    return faults.reason(_origin_of(error))


class _Route(NamedTuple):
    """How a host is reached."""

    tls: bool
    where: str
    proxy: ProxySettings | None


def _route(prefix: str, proxies: Proxies) -> _Route:
    try:
        parts = urlsplit(prefix)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = None, None, None
    if parts is None or not host or parts.scheme not in ("http", "https"):
        raise ConfigurationError("a URL must be http:// or https:// with a host, a path and no user")
    tls = parts.scheme == "https"
    number = port if port is not None else 443 if tls else 80
    where = f"[{host}]:{number}" if ":" in host else f"{host}:{number}"
    return _Route(tls, where, proxies.choose(tls, host, number))
