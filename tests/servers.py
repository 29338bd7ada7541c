"""A small server on raw sockets that answers exactly the bytes a test wants, and misbehaves when told to."""

from __future__ import annotations

import contextlib
import datetime
import functools
import json
import socket
import ssl
import struct
import threading
from typing import TYPE_CHECKING, Self

import trustme

if TYPE_CHECKING:
    from collections.abc import Callable


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, server: RawServer) -> None:
        self.sock = sock
        self.server = server
        self._buffer = b""

    def read_request(self) -> bytes:
        """Return one request with its body, or ``b""`` when the client has closed."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._receive():
                return b""
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(rest) < length:
            if not self._receive():
                return b""
            rest = self._buffer.partition(b"\r\n\r\n")[2]
        request = head + b"\r\n\r\n" + rest[:length]
        self._buffer = rest[length:]
        self.server.requests.append(request)
        return request

    def _receive(self) -> bool:
        data = self.sock.recv(65536)
        self._buffer += data
        return bool(data)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reply(self, body: bytes = b"{}", status: str = "200 OK", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def reset(self) -> None:
        """Close so that the client gets a reset instead of an end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait_for_end(self) -> None:
        """Wait until the client has closed the connection."""
        with contextlib.suppress(OSError):
            while self._receive():
                pass


def answer(peer: Peer) -> None:
    """Answer every request with an empty object."""
    while peer.read_request():
        peer.reply()


def service(peer: Peer) -> None:
    """Be a service in small: log anybody in, and answer every other request with an object that repeats its path."""
    while request := peer.read_request():
        path = request.split(b" ", 2)[1].decode()
        value = (
            {"access_token": "t-1", "expires_in": 3600} if path.endswith("/oauth/token") else {"id": "u", "name": path}
        )
        peer.reply(json.dumps(value).encode(), "200 OK", "Content-Type: application/json", "ININ-Correlation-Id: c-1")


class RawServer:
    """``with RawServer(handler) as server``: every connection is one call of ``handler``, in a thread of its own."""

    def __init__(self, handler: Callable[[Peer], None] = answer, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._handler = handler
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def lines(self) -> list[str]:
        """First line of each request, without the version."""
        return [request.split(b" HTTP/", 1)[0].decode("latin-1") for request in self.requests]

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    @property
    def where(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop_listening()
        for thread in self._threads:
            thread.join(5)

    def stop_listening(self) -> None:
        """Refuse connections from now on, and end those that exist."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def listen_again(self) -> None:
        """Accept connections on the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self._start(self._accept)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            self._start(functools.partial(self._serve, sock))

    def _serve(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError), sock:
            if self._context is None:
                self._handler(Peer(sock, self))
                return
            with self._context.wrap_socket(sock, server_side=True) as wrapped:
                self._open.append(wrapped)
                self._handler(Peer(wrapped, self))


def unused_port() -> int:
    """Return a port of 127.0.0.1 that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Certificates:
    """A certificate authority, made once for a test run, and contexts of servers that it vouches for.

    ``client_file`` is a client's certificate that is good, ``expired_file`` one that was, ``stranger_file`` one of
    another authority; each with its key in the same file.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._authority = trustme.CA()
        self.ca_file = f"{folder}/ca.pem"
        self._authority.cert_pem.write_to_path(self.ca_file)
        self.client_file = self._write("client", self._authority.issue_cert("client@example.com"))
        past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        expired = self._authority.issue_cert("client@example.com", not_after=past)
        self.expired_file = self._write("expired", expired)
        self.stranger_file = self._write("stranger", trustme.CA().issue_cert("client@example.com"))

    def _write(self, name: str, certificate: trustme.LeafCert) -> str:
        path = f"{self.folder}/{name}.pem"
        certificate.private_key_and_cert_chain_pem.write_to_path(path)
        return path

    def server_file(self, name: str = "127.0.0.1") -> str:
        """Return a PEM file of a server's certificate and key."""
        return self._write(f"server-{name}", self._authority.issue_cert(name))

    def server(self, name: str = "127.0.0.1", *, ask_client: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
        if ask_client:
            context.verify_mode = ssl.CERT_REQUIRED
            self._authority.configure_trust(context)  # pyright: ignore[reportUnknownMemberType]
        return context


def tunnel(peer: Peer) -> None:
    """Be a proxy: pass a CONNECT on, and answer any other request with its own first line."""
    request = peer.read_request()
    line = request.split(b"\r\n", 1)[0]
    if not line.startswith(b"CONNECT "):
        peer.reply(line)
        return
    host, _, port = line.split()[1].decode().rpartition(":")
    with socket.create_connection((host, int(port)), 5) as onward:
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=_pump, args=(onward, peer.sock), daemon=True)
        back.start()
        _pump(peer.sock, onward)
        back.join(5)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
