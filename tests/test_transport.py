"""Both transports, against a server that misbehaves in every way that a network can."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import gzip
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import weakref
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from genesyscloud import errors
from genesyscloud.http import AttemptTimeouts, Reply, Request
from genesyscloud.transport import ProxySettings, TlsSettings, async_transport, transport
from genesyscloud.transport.aiohttp_ import AiohttpTransport
from genesyscloud.transport.blocking import KEEP_IDLE, BlockingTransport
from genesyscloud.transport.tls import ssl_context

from .servers import Certificates, Peer, RawServer, answer, tunnel, unused_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TIMEOUTS = AttemptTimeouts(5, 5, 5)


class Client:
    """One face for both drivers: the async one runs in an event loop that lives as long as the test."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._runner = asyncio.Runner()
        self._sync: BlockingTransport | None = None
        self._async: AiohttpTransport | None = None
        self.use()

    def use(self, **settings: Any) -> None:
        self.close()
        if self.kind == "sync":
            self._sync = BlockingTransport(**settings)
        else:
            self._async = AiohttpTransport(**settings)

    def send(
        self,
        url: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        timeouts: AttemptTimeouts = TIMEOUTS,
    ) -> Reply:
        request = Request(method, url, headers or {}, body)
        if self._sync:
            return self._sync.send(request, timeouts)
        return self._runner.run(self._asend(request, timeouts))

    def send_many(self, url: str, count: int, timeouts: AttemptTimeouts = TIMEOUTS) -> list[Reply | BaseException]:
        request = Request("GET", url, {})
        if self._sync:
            with ThreadPoolExecutor(count) as threads:
                futures = [threads.submit(self._sync.send, request, timeouts) for _ in range(count)]
                return [future.exception() or future.result() for future in futures]

        async def gather() -> list[Reply | BaseException]:
            return await asyncio.gather(*(self._asend(request, timeouts) for _ in range(count)), return_exceptions=True)

        return self._runner.run(gather())

    def send_after(
        self, url: str, timeouts: AttemptTimeouts, started: threading.Event, finish: Callable[[], None]
    ) -> tuple[Reply, Reply | BaseException]:
        """Send a request once another one is under way (``started``); ``finish`` lets that one end."""
        request = Request("GET", url, {})
        if self._sync:
            with ThreadPoolExecutor(1) as threads:
                busy = threads.submit(self._sync.send, request, TIMEOUTS)
                started.wait(5)
                waiting = self._attempt(url, timeouts)
                finish()
                return busy.result(), waiting

        async def both() -> tuple[Reply, Reply | BaseException]:
            busy = asyncio.create_task(self._asend(request, TIMEOUTS))
            await asyncio.to_thread(started.wait, 5)
            (waiting,) = await asyncio.gather(self._asend(request, timeouts), return_exceptions=True)
            finish()
            return await busy, waiting

        return self._runner.run(both())

    def _attempt(self, url: str, timeouts: AttemptTimeouts) -> Reply | BaseException:
        try:
            return self.send(url, timeouts=timeouts)
        except errors.TransportError as error:
            return error

    async def _asend(self, request: Request, timeouts: AttemptTimeouts) -> Reply:
        assert self._async
        # A loop that was not running has not yet seen what happened to its sockets meanwhile.
        for _ in range(3):
            await asyncio.sleep(0)
        return await self._async.send(request, timeouts)

    def close(self) -> None:
        if self._sync:
            self._sync.close()
        if self._async:
            self._runner.run(self._async.aclose())
        self._sync = self._async = None

    def end(self) -> None:
        self.close()
        self._runner.close()


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    client = Client(request.param)
    yield client
    client.end()


def sends(data: bytes) -> Callable[[Peer], None]:
    """Return a handler that answers the first request with ``data`` and closes."""

    def handler(peer: Peer) -> None:
        if peer.read_request():
            peer.send(data)

    return handler


def failure(client: Client, url: str, *args: Any, **options: Any) -> errors.TransportError:
    with pytest.raises(errors.TransportError) as caught:
        client.send(url, *args, **options)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


# --- what goes out ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/a%2Fb%20c%2Bd%7E/%2e%2E/./x//y", "/x?expand=a%2Cb&q=%22%26+1&e=", "/"])
def test_a_url_goes_out_byte_for_byte(client: Client, path: str) -> None:
    with RawServer() as server:
        client.send(server.url + path)
        assert server.requests[0].split(b"\r\n")[0] == f"GET {path} HTTP/1.1".encode()


def test_headers_and_body_go_out_as_given_and_nothing_is_invented(client: Client) -> None:
    with RawServer() as server:
        client.send(server.url + "/x", "PUT", {"X-a": "b"}, b"abc")
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        names = {line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
        assert names == {b"host", b"x-a", b"accept-encoding", b"content-length"}
        assert f"Host: {server.where}".encode() in head
        assert body == b"abc"


@pytest.mark.parametrize(("method", "body", "length"), [("POST", None, b"0"), ("POST", b"", b"0"), ("GET", None, None)])
def test_the_length_of_a_body_is_always_told(client: Client, method: str, body: bytes | None, length: bytes) -> None:
    with RawServer() as server:
        client.send(server.url + "/x", method, {}, body)
        lines = dict(line.lower().split(b": ") for line in server.requests[0].strip().split(b"\r\n")[1:])
        assert lines.get(b"content-length") == length


def test_a_large_body_arrives_whole(client: Client) -> None:
    body = os.urandom(3_000_000)
    with RawServer() as server:
        client.send(server.url + "/x", "POST", {}, body)
        assert server.requests[0].endswith(b"\r\n\r\n" + body)


@pytest.mark.parametrize("value", ["geheim\r\nX-Other: 1", "geheim\n", "geheim\0"])
def test_a_header_that_cannot_be_sent_is_refused_without_showing_it(client: Client, value: str) -> None:
    with RawServer() as server:
        with pytest.raises(errors.ConfigurationError) as caught:
            client.send(server.url + "/x", "GET", {"Authorization": value})
        assert "geheim" not in str(caught.value)
        assert not server.requests
        assert client.send(server.url + "/x").status == 200


def test_a_header_beyond_latin_1_is_not_said_to_have_a_line_break() -> None:
    with RawServer() as server, contextlib.closing(BlockingTransport()) as transport:
        request = Request("GET", server.url + "/x", {"X-Name": "geheim\u20ac"})
        with pytest.raises(errors.ConfigurationError, match="it has a character beyond Latin-1 in it: 'X-Name'"):
            transport.send(request, TIMEOUTS)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "http:///x", "http://a..b/x", "http://127.0.0.1:99999/x"])
def test_a_url_that_cannot_be_used_is_refused(client: Client, url: str) -> None:
    with pytest.raises(errors.ConfigurationError):
        client.send(url)


# --- what comes back ----------------------------------------------------------------------------


def test_a_reply_is_read_to_its_end_and_the_connection_kept(client: Client) -> None:
    def handler(peer: Peer) -> None:
        while peer.read_request():
            peer.reply(b'{"a":1}', "200 OK", "ININ-Correlation-Id: c-1", "Via: x", "via: y")

    with RawServer(handler) as server:
        for _ in range(3):
            reply = client.send(server.url + "/x")
            assert (reply.status, reply.body) == (200, b'{"a":1}')
            assert reply.headers["inin-correlation-id"] == "c-1"
            assert reply.headers["Via"] == "x, y"
        assert server.connections == 1


@pytest.mark.parametrize("status", ["302 Found", "400 Bad", "404 Not Found", "429 Slow", "500 Oops", "503 Away"])
def test_no_status_is_an_error_and_no_redirect_is_followed(client: Client, status: str) -> None:
    def handler(peer: Peer) -> None:
        while peer.read_request():
            peer.reply(b"{}", status, "Location: /elsewhere", "Retry-After: 1")

    with RawServer(handler) as server:
        reply = client.send(server.url + "/x")
        assert (reply.status, reply.headers["location"]) == (int(status[:3]), "/elsewhere")
        assert len(server.requests) == 1


def test_a_reply_keeps_the_words_and_lines_of_its_head(client: Client) -> None:
    head = b"HTTP/1.1 404 Nothing Like That\r\nX-Case: 1\r\nContent-Length: 0\r\n\r\n"
    with RawServer(sends(head)) as server:
        reply = client.send(server.url + "/x")
    assert reply.reason == "Nothing Like That"
    assert ("X-Case", "1") in reply.headers.pairs


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", _raw_deflate)]
)
def test_compressed_replies_are_unpacked(client: Client, coding: str, pack: Callable[[bytes], bytes]) -> None:
    plain = b'{"name":"x"}' * 10_000

    def handler(peer: Peer) -> None:
        while peer.read_request():
            peer.reply(pack(plain), "200 OK", f"Content-Encoding: {coding}")

    with RawServer(handler) as server:
        assert client.send(server.url + "/x").body == plain
        assert b"gzip" in server.requests[0].split(b"Accept-Encoding: ")[1]


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", b"abc"),
        (b"HTTP/1.0 200 OK\r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", b"a"),
    ],
)
def test_every_framing_of_a_body_is_understood(client: Client, data: bytes, body: bytes) -> None:
    with RawServer(sends(data)) as server:
        assert client.send(server.url + "/x").body == body


@pytest.mark.parametrize("hidden", [b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"Content-Length: 2\r\n\r\n{}"])
def test_the_body_of_what_has_none_is_no_answer_to_the_next_request(client: Client, hidden: bytes) -> None:
    def handler(peer: Peer) -> None:
        while request := peer.read_request():
            if request.startswith(b"DELETE"):
                peer.send(b"HTTP/1.1 204 No Content\r\n" + hidden)
            else:
                peer.reply(b"ok")

    with RawServer(handler) as server:
        for _ in range(2):
            reply = client.send(server.url + "/x", "DELETE")
            assert (reply.status, reply.body) == (204, b"")
            assert client.send(server.url + "/x").body == b"ok"
        assert len(server.requests) == 4


def test_a_body_may_look_like_a_head(client: Client) -> None:
    quoted = b"HTTP/1.1 204 No Content\r\n\r\nrest"

    def handler(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (2 * len(quoted)))
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.send(quoted)
        peer.send(quoted)
        peer.wait_for_end()

    with RawServer(handler) as server:
        assert client.send(server.url + "/x").body == 2 * quoted


def test_head_has_no_body(client: Client) -> None:
    with RawServer(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Encoding: gzip\r\n\r\n")) as server:
        assert client.send(server.url + "/x", "HEAD").body == b""


_EMPTY = b"0\r\n\r\n"
_CHUNKED = b"Transfer-Encoding: chunked"


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified", b"205 Reset Content"])
@pytest.mark.parametrize(
    ("field", "body"),
    [(_CHUNKED, _EMPTY), (_CHUNKED, b"2\r\n{}\r\n" + _EMPTY), (b"Content-Length: 2", b"{}"), (b"X-a: b", b"")],
)
@pytest.mark.parametrize("cut", ["nowhere", "head", "body"])
def test_a_body_that_cannot_be_does_no_harm(client: Client, status: bytes, field: bytes, body: bytes, cut: str) -> None:
    if status.startswith(b"304") and field.startswith(b"Content") and cut == "body":
        # Such a head is as it should be, so that nobody can know of a body that comes later.
        cut = "nowhere"
    # Without a length, a 205 ends with the connection.
    empty = [b"Content-Length: 0"] if status.startswith(b"205") and not body else []
    head = b"\r\n".join([b"HTTP/1.1 " + status, field, *empty, b"", b""])
    at = {"nowhere": 0, "head": 20, "body": len(head)}[cut]
    taken = threading.Semaphore(0)

    def handler(peer: Peer) -> None:
        while request := peer.read_request():
            if b"DELETE" not in request:
                peer.reply(b"mine")
                continue
            if at:
                peer.send((head + body)[:at])
                # Only when a client is done without the rest, this is what it will meet next.
                taken.acquire(timeout=0.05)
            peer.send((head + body)[at:])

    with RawServer(handler) as server:
        for _ in range(3):
            reply = client.send(server.url + "/x", "DELETE")
            taken.release()
            assert reply.status == int(status[:3])
            assert reply.body in (b"", b"{}" if status.startswith(b"205") else b"")
            assert client.send(server.url + "/x").body == b"mine"
        assert server.lines == ["DELETE /x", "GET /x"] * 3


@pytest.mark.parametrize("head", [b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2"])
def test_a_connection_is_kept_after_a_reply_without_a_body(client: Client, head: bytes) -> None:
    def handler(peer: Peer) -> None:
        while peer.read_request():
            peer.send(head + b"\r\n\r\n")

    with RawServer(handler) as server:
        for _ in range(3):
            assert client.send(server.url + "/x").body == b""
        assert server.connections == 1


@pytest.mark.parametrize("size", [100_000, 600_000, 5_000_000])
@pytest.mark.parametrize("secure", [False, True])
def test_the_answer_of_a_server_that_reads_no_further(
    client: Client, certificates: Certificates, size: int, secure: bool
) -> None:
    said = b'{"message":"too large"}'

    def handler(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.reply(said, "413 Payload Too Large", "Connection: close")
        # Closed with data in it, the connection is reset.

    client.use(tls=TlsSettings(ca_file=certificates.ca_file))
    with RawServer(handler, certificates.server() if secure else None) as server:
        for _ in range(5):
            reply = client.send(server.url + "/x", "POST", {}, b"x" * size)
            assert (reply.status, reply.body) == (413, said)


def test_an_answer_before_the_whole_body_was_taken_is_an_answer(client: Client) -> None:
    def handler(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.reply(b"too large", "413 Payload Too Large", "Connection: close")
        peer.sock.shutdown(socket.SHUT_WR)
        peer.wait_for_end()

    with RawServer(handler) as server:
        assert client.send(server.url + "/x", "POST", {}, b"x" * 5_000_000).status == 413


# --- when it fails ------------------------------------------------------------------------------


def test_refused(client: Client) -> None:
    port = unused_port()
    error = failure(client, f"http://127.0.0.1:{port}/x?token=geheim")
    assert type(error) is errors.ConnectError
    assert not error.sent
    assert str(error) == f"no connection to 127.0.0.1:{port}: Connection refused"


def test_unknown_host(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure(client, "https://api.nowhere.example/x")
    assert type(error) is errors.DnsError
    assert not error.sent
    assert "api.nowhere.example:443" in str(error)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" + gzip.compress(b"a" * 99)[:20],
    ],
    ids=["nothing", "half a head", "truncated", "half a chunk", "not HTTP", "not gzip", "half a gzip"],
)
def test_a_broken_reply_is_a_read_error_and_nothing_is_sent_twice(client: Client, data: bytes) -> None:
    with RawServer(sends(data)) as server:
        error = failure(client, server.url + "/x?token=geheim", "GET", {"Authorization": "Bearer geheim"})
        assert type(error) is errors.ReadError
        assert error.sent
        assert server.where in str(error)
        assert "geheim" not in str(error)
        assert len(server.requests) == 1


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 99\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n9\r\n", b"Content-Encoding: gzip\r\n\r\n"],
)
def test_an_error_is_that_error_also_when_the_end_of_it_is_lost(client: Client, head: bytes, resets: bool) -> None:
    def handler(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\n" + head + b"abc")
        if resets:
            peer.reset()

    with RawServer(handler) as server:
        for _ in range(2):
            reply = client.send(server.url + "/x", "POST")
            assert (reply.status, reply.headers["retry-after"]) == (429, "7")
            assert reply.body in (b"", b"abc")
        assert server.connections == 2, "what may follow is nobody's reply"


def test_a_reset_in_the_middle_of_a_body(client: Client) -> None:
    def handler(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        peer.reset()

    with RawServer(handler) as server:
        assert type(failure(client, server.url + "/x")) is errors.ReadError


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_on_a_kept_connection_is_not_repeated(client: Client, method: str) -> None:
    def handler(peer: Peer) -> None:
        peer.read_request()
        peer.reply()
        peer.read_request()

    with RawServer(handler) as server:
        client.send(server.url + "/x")
        error = failure(client, server.url + "/x", method)
        assert type(error) is errors.ReadError
        assert error.sent
        assert len(server.requests) == 2


def test_a_kept_connection_that_the_server_closed_is_not_used(client: Client) -> None:
    closed = threading.Semaphore(0)

    def handler(peer: Peer) -> None:
        peer.read_request()
        peer.reply()
        peer.sock.close()
        closed.release()

    with RawServer(handler) as server:
        for _ in range(3):
            assert client.send(server.url + "/x", "POST").status == 200
            assert closed.acquire(timeout=5)
        assert server.connections == 3


def test_a_reply_that_nobody_asked_for_is_given_to_nobody(client: Client) -> None:
    ready = threading.Semaphore(0)

    def handler(peer: Peer) -> None:
        while peer.read_request():
            peer.reply(b"right")
            peer.reply(b"wrong", "408 Request Timeout")
            ready.release()

    with RawServer(handler) as server:
        for _ in range(3):
            assert client.send(server.url + "/x").body == b"right"
            assert ready.acquire(timeout=5)


def test_a_silent_server(client: Client) -> None:
    def handler(peer: Peer) -> None:
        peer.read_request()
        peer.wait_for_end()

    with RawServer(handler) as server:
        error = failure(client, server.url + "/x", timeouts=AttemptTimeouts(5, 0.05, 5))
        assert type(error) is errors.ReadTimeout
        assert error.sent
        assert str(error) == f"no answer from {server.where} within 0.05 s"
        error = failure(client, server.url + "/x", timeouts=AttemptTimeouts(5, 5, 0.05))
        assert type(error) is errors.ReadTimeout
        assert str(error) == f"no complete reply from {server.where} within the 0.05 s left for it"


@pytest.mark.parametrize("at_once", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"])
def test_a_reply_that_drips_ends_with_the_time_of_the_attempt(client: Client, at_once: bytes) -> None:
    over = threading.Event()

    def handler(peer: Peer) -> None:
        peer.read_request()
        peer.send(at_once)
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 400:
            peer.send(bytes([byte]))
            if over.wait(0.01):
                break

    with RawServer(handler) as server:
        error = failure(client, server.url + "/x", timeouts=AttemptTimeouts(5, 0.1, 0.15))
        over.set()
        assert type(error) is errors.ReadTimeout


def test_a_busy_pool(client: Client) -> None:
    started, over = threading.Event(), threading.Event()

    def handler(peer: Peer) -> None:
        while peer.read_request():
            started.set()
            over.wait(5)
            peer.reply()

    with RawServer(handler) as server:
        client.use(pool_size=1)
        busy, waiting = client.send_after(server.url + "/x", AttemptTimeouts(5, 5, 0.05), started, over.set)
        assert isinstance(busy, Reply)
        assert type(waiting) is errors.PoolTimeout
        assert not waiting.sent
        assert "pool_size" in str(waiting)
        assert client.send(server.url + "/x").status == 200
        assert server.connections == 1


def test_thirty_two_at_once_by_default(client: Client) -> None:
    together = threading.Barrier(32)

    def handler(peer: Peer) -> None:
        while peer.read_request():
            together.wait(5)
            peer.reply()

    with RawServer(handler) as server:
        results = client.send_many(server.url + "/x", 64)
        assert [result.status for result in results if isinstance(result, Reply)] == [200] * 64
        assert server.connections == 32


# --- interrupted --------------------------------------------------------------------------------


def _stops_halfway(interrupt: Callable[[], object]) -> Callable[[Peer], None]:
    def handler(peer: Peer) -> None:
        peer.read_request()
        if peer.server.connections > 1:
            peer.reply(b"second")
            return
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
        interrupt()
        peer.wait_for_end()

    return handler


def test_ctrl_c_in_the_middle_of_a_reply_leaves_a_usable_pool() -> None:
    main = threading.get_ident()
    client = BlockingTransport(pool_size=1)
    with RawServer(_stops_halfway(lambda: signal.pthread_kill(main, signal.SIGINT))) as server:
        request = Request("GET", server.url + "/x", {})
        with pytest.raises(KeyboardInterrupt):
            client.send(request, TIMEOUTS)
        assert client.send(request, TIMEOUTS).body == b"second"
        assert server.connections == 2
    client.close()


def test_a_cancelled_task_leaves_a_usable_pool() -> None:
    async def main() -> None:
        client = AiohttpTransport(pool_size=1)
        loop = asyncio.get_running_loop()
        halfway = asyncio.Event()
        with RawServer(_stops_halfway(lambda: loop.call_soon_threadsafe(halfway.set))) as server:
            request = Request("GET", server.url + "/x", {})
            task = asyncio.create_task(client.send(request, TIMEOUTS))
            await halfway.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await client.send(request, TIMEOUTS)).body == b"second"
            assert server.connections == 2
            await client.aclose()

    asyncio.run(main())


def test_a_finished_task_is_freed_at_once() -> None:
    async def main(url: str) -> None:
        client = AiohttpTransport()
        await client.send(Request("GET", url, {}), TIMEOUTS)
        gc.disable()
        try:
            task = asyncio.create_task(client.send(Request("GET", url, {}), TIMEOUTS))
            await task
            finished = weakref.ref(task)
            del task
            await asyncio.sleep(0)
            assert finished() is None
        finally:
            gc.enable()
            await client.aclose()

    with RawServer() as server:
        asyncio.run(main(server.url + "/x"))


# A loop that ended without aclose() leaves its sockets to the garbage collector, which says so.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_async_transport_in_two_event_loops() -> None:
    client = AiohttpTransport()

    with RawServer() as server:
        request = Request("GET", server.url + "/x", {})
        for _ in range(2):
            assert asyncio.run(client.send(request, TIMEOUTS)).status == 200
        asyncio.run(client.aclose())
        assert server.connections == 2
    gc.collect()


def test_after_a_fork_no_socket_is_shared() -> None:
    client = BlockingTransport()
    with RawServer() as server:
        request = Request("GET", server.url + "/x", {})
        client.send(request, TIMEOUTS)
        child = os.fork()
        if child == 0:
            try:
                os._exit(0 if client.send(request, TIMEOUTS).status == 200 else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert server.connections == 2
        client.send(request, TIMEOUTS)
        assert server.connections == 2
        client.close()


def test_connections_that_were_idle_for_long_are_not_used() -> None:
    now = 100.0
    client = BlockingTransport(clock=lambda: now)
    with RawServer() as server:
        request = Request("GET", server.url + "/x", {})
        client.send(request, TIMEOUTS)
        now += KEEP_IDLE - 1
        client.send(request, TIMEOUTS)
        assert server.connections == 1
        now += KEEP_IDLE
        client.send(request, TIMEOUTS)
        assert server.connections == 2
        client.close()


def test_a_closed_transport_keeps_nothing_and_can_be_used_again() -> None:
    ended = threading.Semaphore(0)

    def handler(peer: Peer) -> None:
        answer(peer)
        ended.release()

    with RawServer(handler) as server:
        request = Request("GET", server.url + "/x", {})
        client = BlockingTransport()
        for _ in range(2):
            assert client.send(request, TIMEOUTS).status == 200
            client.close()
            assert ended.acquire(timeout=5)

        async def main() -> None:
            client = AiohttpTransport()
            for _ in range(2):
                assert (await client.send(request, TIMEOUTS)).status == 200
                await client.aclose()
                assert await asyncio.to_thread(ended.acquire, timeout=5)

        asyncio.run(main())
        assert server.connections == 4


# --- TLS ----------------------------------------------------------------------------------------


def test_tls_with_own_roots(client: Client, certificates: Certificates) -> None:
    with RawServer(context=certificates.server()) as server:
        client.use(tls=TlsSettings(ca_file=certificates.ca_file))
        for _ in range(2):
            assert client.send(server.url + "/x").status == 200
        assert server.connections == 1


def test_tls_with_roots_from_the_environment(
    client: Client, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certificates.ca_file)
    with RawServer(context=certificates.server()) as server:
        assert client.send(server.url + "/x").status == 200


def test_tls_of_an_unknown_authority(client: Client, certificates: Certificates) -> None:
    with RawServer(context=certificates.server()) as server:
        error = failure(client, server.url + "/x")
        assert type(error) is errors.TlsError
        assert not error.sent
        assert server.where in str(error)
        assert "ca_file" in str(error)
        assert "SSL_CERT_FILE" in str(error)
        assert "_ssl.c" not in str(error)


def test_tls_of_another_host(client: Client, certificates: Certificates) -> None:
    with RawServer(context=certificates.server("other.example")) as server:
        client.use(tls=TlsSettings(ca_file=certificates.ca_file))
        error = failure(client, server.url + "/x")
        assert type(error) is errors.TlsError
        assert "another host" in str(error)


def test_tls_unverified(client: Client, certificates: Certificates) -> None:
    with RawServer(context=certificates.server("other.example")) as server:
        client.use(tls=TlsSettings(verify=False))
        assert client.send(server.url + "/x").status == 200


def test_tls_with_a_client_certificate(client: Client, certificates: Certificates) -> None:
    with RawServer(context=certificates.server(ask_client=True)) as server:
        client.use(tls=TlsSettings(ca_file=certificates.ca_file, cert_file=certificates.client_file))
        assert client.send(server.url + "/x").status == 200
        client.use(tls=TlsSettings(ca_file=certificates.ca_file))
        assert type(failure(client, server.url + "/x")) in (errors.TlsError, errors.ReadError)
        assert len(server.requests) == 1


def test_tls_with_a_server_that_does_not_speak_it(client: Client) -> None:
    with RawServer(lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        error = failure(client, server.url.replace("http:", "https:") + "/x")
        assert type(error) is errors.TlsError
        assert not error.sent


@pytest.mark.parametrize("data", [b"", b"\x16\x03\x03\x00\x7a\x02\x00"], ids=["at once", "after half a word"])
@pytest.mark.parametrize("resets", [False, True])
def test_tls_handshake_that_the_server_ends(client: Client, data: bytes, resets: bool) -> None:
    def handler(peer: Peer) -> None:
        peer.sock.recv(65536)
        peer.send(data)
        if resets:
            peer.reset()

    with RawServer(handler) as server:
        error = failure(client, server.url.replace("http:", "https:") + "/x", "POST")
        # No TlsError, which would not be worth a retry.
        assert type(error) is errors.ConnectError
        assert not error.sent
        assert "in the middle of the TLS handshake" in str(error) or "Connection reset by peer" in str(error)


def test_tls_handshake_that_never_ends(client: Client) -> None:
    with RawServer(Peer.wait_for_end) as server:
        error = failure(client, server.url.replace("http:", "https:") + "/x", timeouts=AttemptTimeouts(0.05, 5, 5))
        assert type(error) is errors.ConnectTimeout
        assert not error.sent
        assert str(error) == f"no connection to {server.where} within 0.05 s"


def test_contexts_are_shared_and_strict(certificates: Certificates) -> None:
    context = ssl_context(TlsSettings(ca_file=certificates.ca_file))
    assert context is ssl_context(TlsSettings(ca_file=certificates.ca_file))
    assert context is not ssl_context(TlsSettings())
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("name", ["ca_file", "cert_file", "key_file"])
def test_tls_files_that_cannot_be_used(name: str) -> None:
    with pytest.raises(errors.ConfigurationError, match=name):
        ssl_context(TlsSettings(**{name: "missing.pem"}))  # pyright: ignore[reportArgumentType]


def test_a_password_of_a_key_is_not_shown() -> None:
    assert "geheim" not in repr(TlsSettings(key_password="geheim"))


# --- proxies ------------------------------------------------------------------------------------

CREDENTIALS = "user:ge%3Aheim@"


def test_proxy_for_http(client: Client) -> None:
    with RawServer(tunnel) as proxy:
        client.use(proxy=ProxySettings(f"http://{CREDENTIALS}{proxy.where}"))
        reply = client.send("http://api.example.com/x%2F?a=1")
        assert reply.body == b"GET http://api.example.com/x%2F?a=1 HTTP/1.1"
        expected = base64.b64encode(b"user:ge:heim")
        assert b"Proxy-Authorization: Basic " + expected in proxy.requests[0]
        assert b"Host: api.example.com\r\n" in proxy.requests[0]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_proxy_for_https(client: Client, certificates: Certificates, scheme: str) -> None:
    context = certificates.server() if scheme == "https" else None
    with RawServer(tunnel, context) as proxy, RawServer(context=certificates.server()) as server:
        client.use(
            tls=TlsSettings(ca_file=certificates.ca_file),
            proxy=ProxySettings(f"{scheme}://{CREDENTIALS}{proxy.where}"),
        )
        for _ in range(2):
            assert client.send(server.url + "/x", "GET", {"Authorization": "Bearer t"}).status == 200
        assert len(proxy.requests) == 1
        assert proxy.requests[0].startswith(f"CONNECT {server.where} HTTP/1.1\r\n".encode())
        assert b"\r\nProxy-Authorization: Basic " in proxy.requests[0]
        assert b"Bearer" not in proxy.requests[0]
        assert not any(b"Proxy-Authorization" in request for request in server.requests)


def test_proxy_that_refuses(client: Client) -> None:
    with RawServer(sends(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")) as proxy:
        client.use(proxy=ProxySettings(f"http://{CREDENTIALS}{proxy.where}"))
        error = failure(client, "https://api.example.com/x")
        assert type(error) is errors.ProxyError
        assert not error.sent
        assert "407" in str(error)
        assert "heim" not in str(error)


@pytest.mark.parametrize("answer", [b"", b"hello there\r\n\r\n", b"HTTP/1.1 "], ids=["nothing", "junk", "a beginning"])
def test_proxy_that_does_not_answer_as_proxies_do(client: Client, answer: bytes) -> None:
    with RawServer(sends(answer)) as proxy:
        client.use(proxy=ProxySettings(f"http://{CREDENTIALS}{proxy.where}"))
        error = failure(client, "https://api.example.com/x", "POST")
        assert type(error) is errors.ProxyError
        assert not error.sent
        assert str(error).startswith(f"proxy {proxy.where} gave no proper answer: ")
        assert "heim" not in str(error)


def test_proxy_that_is_not_there(client: Client) -> None:
    where = f"127.0.0.1:{unused_port()}"
    client.use(proxy=ProxySettings(f"http://{where}"))
    for url in ("https://api.example.com/x", "http://api.example.com/x"):
        error = failure(client, url)
        assert type(error) is errors.ProxyError
        assert str(error) == f"proxy: no connection to {where}: Connection refused"


def test_proxy_settings_hide_credentials() -> None:
    proxy = ProxySettings("http://user:geheim@[::1]:3128")
    assert repr(proxy) == "ProxySettings('http://[::1]:3128')"
    assert proxy == ProxySettings("http://user:geheim@[::1]:3128")
    with pytest.raises(errors.ConfigurationError) as caught:
        ProxySettings("socks5://user:geheim@host:1080")
    assert "geheim" not in str(caught.value)


# --- loading ------------------------------------------------------------------------------------


def test_no_http_library_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, genesyscloud.transport\n"
        "loaded = {'http.client', 'urllib3', 'aiohttp', 'ssl'} & set(sys.modules)\n"
        "genesyscloud.transport.transport()\n"
        "print(loaded, {'urllib3', 'aiohttp'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["set()", "set()"]


def test_without_aiohttp_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "genesyscloud.transport.aiohttp_")
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(errors.ConfigurationError, match=r"pip install 'genesyscloud\[async\]'"):
        async_transport()


def test_the_transports_come_from_functions() -> None:
    assert isinstance(transport(), BlockingTransport)
    assert isinstance(async_transport(), AiohttpTransport)
