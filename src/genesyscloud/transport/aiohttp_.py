"""The transport for asyncio: ``aiohttp``, with everything switched off that a transport must not do.

``aiohttp`` repeats idempotent requests whose connection broke, and one exception class of it may mean that nothing
was sent or that everything was. Both are settled by watching the connector: it is asked for a connection exactly once
per attempt, and the request counts as sent from then on.
"""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import suppress
from contextvars import Context, ContextVar, Token
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from ..errors import ConfigurationError, PoolTimeout, ProxyError
from ..http import Headers, Reply
from . import POOL_SIZE, coding, faults
from .proxies import Proxies
from .settings import ProxySettings, TlsSettings

try:
    import aiohttp
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.payload import Payload
    from yarl import URL
except ImportError:
    raise ConfigurationError("the async client needs an optional package: pip install 'genesyscloud[async]'") from None

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable
    from types import TracebackType

    from aiohttp.abc import AbstractStreamWriter

    from ..http import AttemptTimeouts, Request

__all__ = ["AiohttpTransport"]

#: What ``aiohttp`` would add by itself. Signed uploads must go out with exactly the headers that were signed.
_AUTOMATIC_HEADERS = {"accept", "content-type", "user-agent"}
_LONG = 1 << 19
_PIECE = 1 << 16
#: Longest line and field of a reply's head, in bytes; the same as for threads.
_LONGEST_LINE = 65536
#: Statuses whose replies end with their head, whatever it says.
_BODILESS = (b"204", b"304")
_CHUNKS = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*0*[1-9]", re.IGNORECASE)


class _Attempt:
    """How far one attempt has come, and the bounds of its waits."""

    __slots__ = ("_cancelling", "_deadline", "_read", "_task", "_timer", "_token", "asked", "connected", "expired",
                 "until", "whole")  # fmt: skip

    _token: Token[_Attempt]

    def __init__(self, timer: _Timer, timeouts: AttemptTimeouts, deadline: float) -> None:
        task = asyncio.current_task(timer.loop)
        if task is None:
            raise RuntimeError("calls of AsyncGenesysCloud are made in tasks")
        self._timer = timer
        self._task = task
        self._cancelling = 0
        self._read = timeouts.read
        self._deadline = deadline
        self.until = inf
        self.asked = False
        self.connected = False
        self.whole = False
        self.expired = False

    def wait(self) -> None:
        """Bound the next wait for the server."""
        # A body that drips cannot outlast the deadline.
        until = self._timer.time() + self._read
        self.whole = until >= self._deadline
        self.until = self._deadline if self.whole else until
        self._timer.watch(self)

    def expire(self) -> None:
        """End the attempt: it takes too long."""
        self.expired = True
        self._task.cancel()

    def __enter__(self) -> None:
        self._cancelling = self._task.cancelling()
        self._token = _attempt.set(self)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._timer.forget(self)
        # The context of a task may outlive it, and this knows the task.
        _attempt.reset(self._token)
        # As asyncio.timeout does: when somebody else has cancelled the task as well, it stays cancelled.
        if self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error


class _Timer:
    """One timer of an event loop, for the waits of all its attempts.

    Nearly all of them end long before their time. To begin and cancel a timer for each costs as much as a tenth of
    the request; this one rings at the earliest of their times, and is then set to the next.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.time = loop.time
        self._watched: set[_Attempt] = set()
        self._due = inf
        self._handle: asyncio.TimerHandle | None = None

    def watch(self, attempt: _Attempt) -> None:
        """Have ``attempt`` expire at its time, which may be another than before."""
        self._watched.add(attempt)
        if attempt.until < self._due:
            self._set(attempt.until)

    def forget(self, attempt: _Attempt) -> None:
        """The attempt has ended."""
        self._watched.discard(attempt)

    def close(self) -> None:
        """Leave nothing behind in the loop, unless there is still something to watch."""
        if not self._watched:
            self._stop()

    def _stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._due = None, inf

    def _set(self, due: float) -> None:
        self._stop()
        self._due = due
        # Not in the context of the task that happens to be first, which would stay alive with it.
        self._handle = self.loop.call_at(due, self._ring, context=Context())

    def _ring(self) -> None:
        # The loop rings up to one tick of its clock early.
        now = max(self._due, self.time())
        self._stop()
        for attempt in [attempt for attempt in self._watched if attempt.until <= now]:
            self._watched.discard(attempt)
            attempt.expire()
        if self._watched:
            self._set(min(attempt.until for attempt in self._watched))


_attempt: ContextVar[_Attempt] = ContextVar("genesyscloud_attempt")


def _read_out(transport: Any) -> bool:
    """Return whether a connection is given up; what has come on it until then is read.

    When a write fails, asyncio closes the socket in the next turn of the loop, with all that is in it. Until then a
    duplicate can be read. For TLS there is no public way to the one who deciphers it.
    """
    tls: Any = getattr(transport, "_ssl_protocol", None)
    raw: Any = transport if tls is None else getattr(tls, "_transport", None)
    # TLS within TLS, and that of other loops, can be told from bytes as they are, and no more.
    if raw is None or raw.get_extra_info("ssl_object") is not None or not raw.is_closing():
        return False
    sock: Any = raw.get_extra_info("socket")
    try:
        copy: socket.socket = sock.dup()
    except (OSError, AttributeError, TypeError):
        return True  # closed already, or of a loop whose sockets have no duplicates
    with copy, suppress(OSError):
        # A buffer of the system is not endless, and nothing comes after it on a connection that has ended.
        for _ in range(64):
            data = copy.recv(_PIECE)
            if not data:
                break
            if tls is None:
                raw.get_protocol().data_received(data)
            else:
                tls.get_buffer(len(data))[: len(data)] = data
                tls.buffer_updated(len(data))
    return True


class _Protocol(ResponseHandler):
    """A connection whose replies come whole: with what ``aiohttp`` loses.

    A reply that can have no body ends with its head, though its server has sent a body. ``aiohttp`` would take that
    for the head of a second reply, fail, and lose the first with it. And a reply that was there when the connection
    broke is a reply.
    """

    _head = b""

    def connection_lost(self, exc: BaseException | None) -> None:
        if exc is not None:
            _read_out(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if data[9:12] in _BODILESS or self._head:
            data = self._without_body(data)
        super().data_received(data)

    def _without_body(self, data: bytes) -> bytes:
        """Return what of ``data`` belongs to the reply; nothing while its head is not whole."""
        # In the middle of a reply, what looks like the head of one is a part of its body.
        if not self._head and (self.should_close or not data.startswith(b"HTTP/1.")):
            return data
        data = self._head + data
        end = data.find(b"\r\n\r\n") + 4
        if end < 4:
            # Until somebody else finds that it is too long.
            self._head, data = (data, b"") if len(data) < _LONGEST_LINE else (b"", data)
            return data
        self._head = b""
        # The length in a 304 is that of the body that it spares.
        announced = _CHUNKS.search(data, 0, end) or (data[9:12] == b"204" and _LENGTH.search(data, 0, end))
        if announced or len(data) > end:
            self.force_close()
        return data[:end]


class _Connector(aiohttp.TCPConnector):
    def __init__(self) -> None:
        # The slots bound the connections; the connector's own limit would blame waiting on the network.
        super().__init__(limit=0)  # pyright: ignore[reportUnknownMemberType]
        # There is no public way to say which protocol connections have.
        make: Callable[[asyncio.AbstractEventLoop], ResponseHandler] = _Protocol
        self._factory = partial(make, self._loop)

    async def connect(self, *args: Any, **options: Any) -> Any:
        attempt = _attempt.get()
        if attempt.asked:
            raise aiohttp.ServerDisconnectedError
        attempt.asked = True
        connection = await super().connect(*args, **options)
        # An idle connection on which a reply came that nobody asked for would answer this request with it.
        while (protocol := connection.protocol) is not None and protocol.should_close:
            connection.close()
            connection = await super().connect(*args, **options)
        attempt.connected = True
        attempt.wait()
        return connection


class _LoopState:
    """What belongs to one event loop: connections, and slots for requests under way."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pool_size: int) -> None:
        self.timer = _Timer(loop)
        self.slots = asyncio.Semaphore(pool_size)
        self.connector = _Connector()
        self.session = aiohttp.ClientSession(
            connector=self.connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            # It would take half a gzip stream for a whole one.
            auto_decompress=False,
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
        attempt = _Attempt(state.timer, timeouts, deadline)
        if state.slots.locked():
            await self._wait_for_slot(state.slots, timeouts.total)
        else:
            await state.slots.acquire()
        try:
            with attempt:
                reply = await self._exchange(state.session, request, options, attempt)
        except TimeoutError as error:
            raise self._timed_out(route, timeouts, attempt, error) from None
        except (aiohttp.ClientError, OSError, ValueError, coding.error) as error:
            raise self._failed(route, attempt, error) from None
        finally:
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
        response = await session.request(
            request.method,
            URL(request.url, encoded=True),
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
            state.timer.close()

    async def _begin_loop(self) -> _LoopState:
        loop = asyncio.get_running_loop()
        state = self._states[loop] = _LoopState(loop, self._pool_size)
        await self._forget_ended_loops()
        return state

    async def _forget_ended_loops(self) -> None:
        for loop in [loop for loop in self._states if loop.is_closed()]:
            await self._states.pop(loop).session.close()

    def _options(self, request: Request, route: _Route, timeouts: AttemptTimeouts) -> dict[str, Any]:
        connect = min(timeouts.connect, timeouts.total)
        if self._timeout.connect != connect:
            self._timeout = aiohttp.ClientTimeout(connect=connect, ceil_threshold=float("inf"))
        headers = request.headers
        options: dict[str, Any] = {"headers": headers, "timeout": self._timeout}
        if request.body is not None:
            body = request.body
            options["data"] = _LongBody(body) if len(body) > _LONG else body
        # What is sent is what a request says, and nothing else. Skipping costs, so only where something is missing.
        said = "Accept" in headers and "User-Agent" in headers
        # A type would be made up also for a POST without a body.
        bare = request.method == "GET" and request.body is None
        if not said or not (bare or "Content-Type" in headers):
            options["skip_auto_headers"] = _AUTOMATIC_HEADERS
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
        if not attempt.expired:
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


class _LongBody(Payload):
    """A body that goes out in pieces; as bytes it would be copied in one go, which ``aiohttp`` warns of.

    A server may refuse a request and close before it has read it. Then writing fails, and its answer is what can
    still be read.
    """

    _value: bytes

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self._size = len(body)

    async def write(self, writer: AbstractStreamWriter) -> None:
        view = memoryview(self._value)
        transport: Any = getattr(writer, "transport", None)
        while view:
            await writer.write(view[:_PIECE])
            if _read_out(transport):
                return
            view = view[_PIECE:]

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._value.decode(encoding, errors)


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
