"""Whatever bytes come in place of a reply: it is a reply or an error of the network, and the next call is unharmed."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from genesyscloud.errors import ReadError, ReadTimeout
from genesyscloud.http import AttemptTimeouts, Reply

from .servers import Peer, RawServer
from .test_transport import Client

STATUS_LINES = [
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 200 OK",
    b"HTTP/1.0 200 OK",
    b"HTTP/1.1 204 No Content",
    b"HTTP/1.1 304 Not Modified",
    b"HTTP/1.1 500 ",
    b"HTTP/1.1 407 Proxy",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK",
    b"HTTP/1.1 101 Switching",
    b"HTTP/1.1 2OO OK",
    b"HTTP/9.9 200 OK",
    b"HTTP/1.1 99999 OK",
    b"HTTP/1.1",
    b"HTTP/1.1 200 \xff\xfe",
]
FIELDS = [
    b"Content-Length: 5",
    b"Content-Length: 5",
    b"Content-Length: 5, 5",
    b"Content-Length: -1",
    b"Content-Length: +5",
    b"Content-Length: 99999999999999999999",
    b"Content-Length: x",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: nonsense",
    b"Content-Encoding: gzip",
    b"Content-Encoding: deflate",
    b"Content-Encoding: br",
    b"Connection: close",
    b"Connection: keep-alive",
    b"Set-Cookie: a=b",
    b"X: \x00",
    b"X: " + b"y" * 9000,
    b" folded: x",
    b": no name",
    b"no colon",
    b"\xe4: \xf6",
]
BODIES = [
    b"hello",
    b"5\r\nhello\r\n",
    b"5;x=y\r\nhello\r\n",
    b"ffffffffffffffffffff\r\n",
    b"-5\r\nhello\r\n",
    b"zz\r\n",
    b"0\r\n\r\n",
    b"0\r\nTrailer: x\r\n\r\n",
    gzip.compress(b"hello"),
    gzip.compress(b"hello")[:-4],
    b"\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong",
]
ANY = st.binary(max_size=40)


def reply_of(line: bytes, fields: list[bytes], end: bytes, body: list[bytes]) -> bytes:
    return b"".join([line, b"\r\n", *(field + b"\r\n" for field in fields), end, *body])


REPLIES = st.builds(
    reply_of,
    st.sampled_from(STATUS_LINES) | ANY,
    st.lists(st.sampled_from(FIELDS) | ANY, max_size=4),
    st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b""]),
    st.lists(st.sampled_from(BODIES) | ANY, max_size=3),
)
QUICK = AttemptTimeouts(5, 0.02, 5)


@pytest.fixture(params=["sync", "async"], scope="module")
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    client = Client(request.param)
    yield client
    client.end()


class Script:
    """Answers ``/odd`` with the bytes of the moment, and then closes or not; anything else properly."""

    def __init__(self) -> None:
        self.data = b""
        self.closes = True
        self.closed = threading.Event()

    def __call__(self, peer: Peer) -> None:
        while request := peer.read_request():
            if not request.startswith(b"GET /odd"):
                peer.reply(b"right")
                continue
            # The client may have seen enough before it has all.
            with contextlib.suppress(OSError):
                peer.send(self.data)
            if self.closes:
                with contextlib.suppress(OSError):
                    peer.sock.shutdown(socket.SHUT_RDWR)
                self.closed.set()
                return


@pytest.fixture(scope="module")
def script() -> Script:
    return Script()


@pytest.fixture(scope="module")
def server(script: Script) -> Iterator[RawServer]:
    with RawServer(script) as server:
        yield server


@hypothesis_settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(data=REPLIES, closes=st.sampled_from([True, True, True, False]))
def test_any_bytes_are_survived(client: Client, server: RawServer, script: Script, data: bytes, closes: bool) -> None:
    script.data, script.closes = data, closes
    script.closed.clear()
    outcome: Reply | ReadError | ReadTimeout
    try:
        outcome = client.send(server.url + "/odd", timeouts=QUICK)
    except (ReadError, ReadTimeout) as error:
        outcome = error
    if isinstance(outcome, Reply):
        assert 100 <= outcome.status <= 999
    else:
        assert outcome.sent
        assert server.where in str(outcome)
        assert len(str(outcome)) < 400
    if closes:
        assert script.closed.wait(5)
    assert client.send(server.url + "/even").body == b"right", "what was left over is nobody's reply"
