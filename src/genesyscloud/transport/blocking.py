"""The transport for threads: the standard library's HTTP/1.1 reader on sockets of a small pool of our own.

Measured against ``urllib3.PoolManager`` this costs about half the CPU per call and half the start-up, and having the
sockets in hand is what makes the promises of :class:`~genesyscloud.transport.Transport` simple to keep: whether bytes
have left is known exactly, and every single wait is cut to what is left of the attempt.
"""

from __future__ import annotations

import http.client
import io
import os
import select
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast
from urllib.parse import urlsplit

from ..errors import ConfigurationError, PoolTimeout, ProxyError
from ..http import Headers, Reply
from . import POOL_SIZE, coding, faults
from .dial import dial
from .proxies import Proxies
from .settings import ProxySettings, TlsSettings

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from typing_extensions import Buffer

    from ..http import AttemptTimeouts, Request

__all__ = ["BlockingTransport"]

#: Seconds after which an idle connection is not used again. Load balancers close theirs after 60 s or so, and a
#: request that meets the closing cannot always be repeated.
KEEP_IDLE = 15.0

_WRITE_SIZE = 65536
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_RESET = (BrokenPipeError, ConnectionResetError)


class BlockingTransport:
    """Implements :class:`~genesyscloud.transport.Transport`.

    Parameters:
        tls: how servers are verified; the defaults of :class:`TlsSettings` when not given.
        proxy: the proxy to go through; without it that of the environment, if any, and with ``False`` none.
        pool_size: requests that may be under way at the same time; further ones wait.
        clock: seconds that only ever grow.
        context: made elsewhere, in place of ``tls``.

    A process made by ``fork`` starts with no connections, whatever its parent had open.
    """

    def __init__(
        self,
        *,
        tls: TlsSettings | None = None,
        proxy: ProxySettings | Literal[False] | None = None,
        pool_size: int = POOL_SIZE,
        clock: Callable[[], float] = time.monotonic,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls or TlsSettings()
        self._proxies = Proxies(proxy, os.environ)
        self._clock = clock
        self._pool_size = pool_size
        self._pool = _Pool(pool_size)
        self._origins: dict[str, _Origin] = {}
        self._context = context

    def send(self, request: Request, timeouts: AttemptTimeouts) -> Reply:
        """Send ``request`` once and return the reply.

        Raises:
            TransportError: no complete reply came; ``sent`` tells whether the request may have left.
            ConfigurationError: the URL or a header cannot be sent; or a TLS file cannot be used.
        """
        deadline = self._clock() + timeouts.total
        origin, target = self._locate(request.url)
        forwarded = origin.proxy if target[0] != "/" else None
        head = _head(request, origin, target, forwarded.headers() if forwarded else None)
        pool = self._pool
        if pool.pid != os.getpid():
            pool = self._pool = _Pool(self._pool_size)
        if not pool.slots.acquire(timeout=timeouts.total):
            raise PoolTimeout(faults.pool_exhausted_text(self._pool_size, timeouts.total))
        try:
            connection = pool.take(origin, self._clock())
            if connection is None:
                connection = self._connect(origin, min(deadline, self._clock() + timeouts.connect), timeouts)
            # BaseException: Ctrl-C in the middle of a reply must not leave the rest of it to the next caller.
            try:
                reply, clean = self._exchange(connection, request, head, timeouts, deadline)
            except BaseException:
                connection.sock.close()
                raise
            if clean:
                pool.give(connection, self._clock())
            else:
                connection.sock.close()
            return reply
        finally:
            pool.slots.release()

    def close(self) -> None:
        """Close idle connections; those in use are closed when their call ends."""
        pool, self._pool = self._pool, _Pool(self._pool_size)
        if pool.pid == os.getpid():
            pool.close()

    # --- where to --------------------------------------------------------------------------------

    def _locate(self, url: str) -> tuple[_Origin, str]:
        slash = url.find("/", 8)
        prefix = url[:slash] if slash > 0 else url
        origin = self._origins.get(prefix)
        if origin is None:
            if len(self._origins) >= 1000:
                self._origins.clear()
            origin = _origin(prefix)
            proxy = self._proxies.choose(origin.tls, origin.host, origin.port)
            origin = self._origins[prefix] = origin._replace(proxy=proxy)
        if origin.proxy is not None and not origin.tls:
            return origin, url
        return origin, url[slash:] if slash > 0 else "/"

    # --- connecting ------------------------------------------------------------------------------

    def _connect(self, origin: _Origin, deadline: float, timeouts: AttemptTimeouts) -> _Connection:
        proxy = origin.proxy
        where = origin.where if proxy is None else proxy.where
        sock: socket.socket | None = None
        try:
            if proxy is None:
                sock = dial(origin.host, origin.port, deadline, self._clock)
            else:
                sock = dial(proxy.host, proxy.port, deadline, self._clock)
                if proxy.tls:
                    sock = self._wrap(sock, proxy.host, deadline)
                if origin.tls:
                    self._tunnel(sock, origin, proxy, deadline)
            if origin.tls:
                where, proxy = origin.where, None
                sock = self._wrap(sock, origin.host, deadline)
            return _Connection(sock, origin)
        except TimeoutError:
            _close(sock)
            raise faults.connect_timed_out(where, min(timeouts.connect, timeouts.total)) from None
        except OSError as error:
            _close(sock)
            fault = faults.connect_failed(where, error)
            raise (fault if proxy is None else ProxyError(f"proxy: {fault.reason}")) from None
        except BaseException:
            _close(sock)
            raise

    def _wrap(self, sock: socket.socket, host: str, deadline: float) -> socket.socket:
        context = self._context
        if context is None:
            from .tls import client_context

            context = self._context = client_context(self._tls)
        sock.settimeout(self._left(deadline))
        if not hasattr(sock, "context"):
            return context.wrap_socket(sock, server_hostname=host)
        # TLS through a proxy that itself speaks TLS, which the standard library cannot do on sockets.
        from urllib3.util.ssltransport import SSLTransport

        return cast("socket.socket", SSLTransport(cast("Any", sock), context, server_hostname=host))

    def _tunnel(self, sock: socket.socket, origin: _Origin, proxy: ProxySettings, deadline: float) -> None:
        lines = [f"CONNECT {origin.where} HTTP/1.1", f"Host: {origin.where}"]
        lines += [f"{name}: {value}" for name, value in proxy.headers().items()]
        sock.settimeout(self._left(deadline))
        sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        incoming = _Incoming(sock, self._clock, deadline, deadline)
        try:
            response = _begin(incoming, "CONNECT")
        except http.client.HTTPException as error:
            raise faults.proxy_broken(proxy.where, _words(error)) from None
        if not 200 <= response.status < 300:
            raise faults.proxy_refused(proxy.where, origin.where, response.status)

    def _left(self, deadline: float) -> float:
        left = deadline - self._clock()
        if left <= 0:
            raise TimeoutError
        return left

    # --- one request, one reply ------------------------------------------------------------------

    def _exchange(
        self, connection: _Connection, request: Request, head: bytes, timeouts: AttemptTimeouts, deadline: float
    ) -> tuple[Reply, bool]:
        where = connection.origin.where
        try:
            written = self._write(connection.sock, head, request.body, timeouts.read, deadline)
            incoming = _Incoming(connection.sock, self._clock, timeouts.read, deadline)
            response = _begin(incoming, request.method)
            headers = Headers(response.headers.raw_items())
            body, whole = _body(response, headers)
        except TimeoutError:
            whole = self._clock() >= deadline
            raise faults.read_timed_out(where, timeouts.total if whole else timeouts.read, whole=whole) from None
        except (OSError, http.client.HTTPException, coding.error) as error:
            raise faults.broken(where, _words(error), error) from None
        except (ValueError, OverflowError, MemoryError) as error:
            # The standard library takes any number for a length: negative ones, and ones that no memory can hold.
            raise faults.broken(where, "the length of the body makes no sense", error) from None
        reply = Reply(response.status, headers, body, response.reason)
        refusal = faults.refusal(reply, where, connection.origin.tls, connection.origin.proxy)
        if refusal is not None:
            raise refusal
        clean = written and whole and not response.will_close and not incoming.surplus and not _has_hidden_body(reply)
        return reply, clean

    def _write(self, sock: socket.socket, head: bytes, body: bytes | None, read: float, deadline: float) -> bool:
        """Return whether everything was taken; a server may answer, and close, before it has read a long body."""
        data = head if not body else head + body if len(body) < _WRITE_SIZE else None
        try:
            for piece in (data,) if data is not None else (head, cast("bytes", body)):
                view = memoryview(piece)
                while view:
                    sock.settimeout(min(read, self._left(deadline)))
                    view = view[sock.send(view[:_WRITE_SIZE]) :]
        except OSError as error:
            if not isinstance(error, _RESET) and type(error).__name__ != "SSLEOFError":
                raise
            return False
        return True


class _Origin(NamedTuple):
    """Where a request goes: scheme, host and port."""

    tls: bool
    host: str
    port: int
    where: str
    host_header: str
    proxy: ProxySettings | None = None


class _Connection:
    __slots__ = ("idle_since", "origin", "sock")

    def __init__(self, sock: socket.socket, origin: _Origin) -> None:
        self.sock = sock
        self.origin = origin
        self.idle_since = 0.0


class _Pool:
    """Slots for requests under way, and the connections that are idle, the last used at the end."""

    def __init__(self, size: int) -> None:
        self.pid = os.getpid()
        self.slots = threading.Semaphore(size)
        self._size = size
        self._idle: list[_Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    def take(self, origin: _Origin, now: float) -> _Connection | None:
        """Return an idle connection that its server has not closed, if there is one."""
        while True:
            with self._lock:
                for index in range(len(self._idle) - 1, -1, -1):
                    if self._idle[index].origin == origin:
                        connection = self._idle.pop(index)
                        break
                else:
                    return None
            if now - connection.idle_since < KEEP_IDLE and not _readable(connection.sock):
                return connection
            connection.sock.close()

    def give(self, connection: _Connection, now: float) -> None:
        """Keep a connection whose last reply was read to its end."""
        connection.idle_since = now
        with self._lock:
            surplus = connection
            if not self._closed:
                self._idle.append(connection)
                if len(self._idle) <= self._size:
                    return
                surplus = self._idle.pop(0)
        surplus.sock.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.sock.close()


class _Incoming(io.RawIOBase):
    """A socket to read from, every wait cut to what is left of the attempt: a dripping reply ends in time, too.

    ``ended``: the server has closed. ``over``: nothing more is to be read. ``surplus``: more than the reply came, so
    that the next reply would be mistaken.
    """

    def __init__(self, sock: socket.socket, clock: Callable[[], float], read: float, deadline: float) -> None:
        self._sock = sock
        self._clock = clock
        self._read = read
        self._deadline = deadline
        self.ended = False
        self.surplus = False
        self.over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        if self.over:
            return 0
        left = self._deadline - self._clock()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(min(self._read, left))
        count = self._sock.recv_into(buffer)
        # The standard library takes the end of the stream for the end of the headers.
        self.ended = not count
        return count


class _Reader(io.BufferedReader):
    """What the standard library reads a reply from, and closes at its end."""

    def makefile(self, mode: str) -> _Reader:
        return self

    def close(self) -> None:
        if not self.closed:
            incoming = cast("_Incoming", self.raw)
            incoming.over = True
            incoming.surplus = bool(self.peek(1))
        super().close()


def _begin(incoming: _Incoming, method: str) -> http.client.HTTPResponse:
    """Read the head of a reply, and those of the interim replies before it."""
    reader = cast("socket.socket", _Reader(incoming, 16384))
    while True:
        response = http.client.HTTPResponse(reader, method=method)
        response.begin()
        if incoming.ended:
            raise http.client.RemoteDisconnected("")
        if not 101 < response.status < 200:
            return response
        # What is left to read belongs to the next one.
        response.fp = cast("io.BufferedReader", None)


def _body(response: http.client.HTTPResponse, headers: Headers) -> tuple[bytes, bool]:
    """Return the body, and whether it is whole.

    Replies that can have none end with their head, though the standard library would read one in chunks.

    An error says enough with its status. Servers that refuse a request before they have read it to its end close the
    connection with data in it, and by the rules of TCP that destroys the end of their answer.
    """
    if response.status in (204, 304):
        response.close()
        return b"", True
    try:
        return coding.unpacked(response.read(), headers), True
    except TimeoutError:
        raise
    except http.client.IncompleteRead as error:
        if response.status < 400:
            raise
        return b"" if "content-encoding" in headers else error.partial, False
    except (OSError, http.client.HTTPException, coding.error):
        if response.status < 400:
            raise
        return b"", False


def _has_hidden_body(reply: Reply) -> bool:
    """Whether a reply that has no body announced one, which would be taken for the beginning of the next reply."""
    headers, status = reply.headers, reply.status
    chunks = status in (204, 304) and "transfer-encoding" in headers
    # That of a 304 is of the body that it spares.
    return chunks or (status == 204 and headers.get("content-length", "0") != "0")


def _origin(prefix: str) -> _Origin:
    try:
        parts = urlsplit(prefix)
        host, port = parts.hostname, parts.port
        if host and not host.isascii():
            host = host.encode("idna").decode("ascii")
        (host or "").encode("idna")
    except ValueError:
        parts, host, port = None, None, None
    if parts is None or not host or parts.scheme not in ("http", "https") or parts.username is not None or parts.query:
        raise ConfigurationError("a URL must be http:// or https:// with a host, a path and no user")
    tls = parts.scheme == "https"
    number = port if port is not None else 443 if tls else 80
    name = f"[{host}]" if ":" in host else host
    return _Origin(tls, host, number, f"{name}:{number}", name if port is None else f"{name}:{port}")


def _head(request: Request, origin: _Origin, target: str, extra: dict[str, str] | None) -> bytes:
    lines = [f"{request.method} {target} HTTP/1.1"]
    names: set[str] = set()
    for name, value in request.headers.items():
        names.add(name.lower())
        lines.append(f"{name}: {value}")
    if "host" not in names:
        lines.insert(1, f"Host: {origin.host_header}")
    if "accept-encoding" not in names:
        lines.append(f"Accept-Encoding: {coding.ACCEPTED}")
    if "content-length" not in names and (request.body is not None or request.method in _METHODS_WITH_BODY):
        lines.append(f"Content-Length: {len(request.body or b'')}")
    if extra:
        lines += [f"{name}: {value}" for name, value in extra.items()]
    head = "\r\n".join(lines) + "\r\n\r\n"
    breaks = len(lines) + 1
    legal = head.count("\n") == breaks == head.count("\r") and "\0" not in head and " " not in target
    if not legal or not target.isascii() or not head.isascii():
        head = _unusual(lines, target, legal)
    return head.encode("latin-1")


def _unusual(lines: list[str], target: str, legal: bool) -> str:
    """Let through what Latin-1 can say in a header; name what cannot be sent, without its value."""
    if " " in target or not target.isascii():
        raise ConfigurationError("the URL of a request must be percent-encoded ASCII")
    for line in lines:
        if any(character in "\r\n\0" or character > "\xff" for character in line):
            name = line.split(":", 1)[0]
            what = "a line break" if any(character in "\r\n\0" for character in line) else "a character beyond Latin-1"
            raise ConfigurationError(f"a line of the request cannot be sent, it has {what} in it: {name!r:.40}")
    if not legal:
        raise ConfigurationError("a line of the request cannot be sent")
    return "\r\n".join(lines) + "\r\n\r\n"


def _words(error: Exception) -> str:
    if isinstance(error, http.client.IncompleteRead):
        missing = f", {error.expected} more were announced" if error.expected else ""
        return f"the body ended after {len(error.partial)} bytes{missing}"
    if isinstance(error, http.client.RemoteDisconnected):
        return "the server closed it before the head of its answer was complete"
    if isinstance(error, http.client.LineTooLong) or "headers" in str(error):
        return f"its head is too long: {error}"
    if isinstance(error, http.client.HTTPException):
        return f"this is not HTTP: {str(error)[:80]!r}"
    return faults.reason(error)


def _readable(sock: socket.socket) -> bool:
    # Nothing can be due on an idle connection: what is readable is its end, or a reply that nobody asked for.
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock.fileno(), select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([sock], [], [], 0)[0])


def _close(sock: socket.socket | None) -> None:
    if sock is not None:
        sock.close()
