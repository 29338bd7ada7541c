"""A service that keeps books, and a proxy in front of it that does to replies what networks do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextvars import ContextVar
from email.utils import formatdate

from genesyscloud.clock import Clock

from .servers import Peer, RawServer

__all__ = ["FAULTS", "Bookkeeper", "FaultyProxy", "SkippingClock"]

LOGIN = "POST /oauth/token"


class Bookkeeper:
    """A service: creates queues, shows users, and knows how often it did what for whom.

    Attributes:
        created: how often each name was created. logins: tokens that were handed out.
    """

    def __init__(self) -> None:
        self.created: Counter[str] = Counter()
        self.logins = 0
        self.refused = 0
        self._lock = threading.Lock()
        self._valid = ""
        self._left = 0

    def expire(self, after: int = 0) -> None:
        """Let the token that is in use be one that has expired, ``after`` further requests."""
        with self._lock:
            self._left = after
            self._valid = self._valid if after else "none"

    def serve(self, peer: Peer) -> None:
        """Answer the requests of one connection."""
        while request := peer.read_request():
            status, value = self._answer(request)
            peer.reply(json.dumps(value).encode(), status, "Content-Type: application/json", "ININ-Correlation-Id: c")

    def _answer(self, request: bytes) -> tuple[str, object]:
        head, _, body = request.partition(b"\r\n\r\n")
        method, path = head.split(b" ", 2)[:2]
        with self._lock:
            if path == b"/oauth/token":
                self.logins += 1
                self._valid = f"token-{self.logins}"
                return "200 OK", {"access_token": self._valid, "token_type": "bearer", "expires_in": 86400}
            if self._left:
                self._left -= 1
                self._valid = self._valid if self._left else "none"
            if f"Authorization: Bearer {self._valid}".encode() not in head:
                self.refused += 1
                return "401 Unauthorized", {"code": "bad.credentials", "message": "Invalid login credentials."}
            if method == b"POST":
                name = json.loads(body)["name"]
                self.created[name] += 1
                return "201 Created", {"id": name, "name": name}
        return "200 OK", {"id": path.rpartition(b"/")[2].decode(), "name": "Ann"}


#: What happens to a request, by weight; "fine" is what should.
FAULTS = {
    "fine": 60,
    "closed after the reply": 4,
    "reset before it was passed on": 4,
    "reset before the reply": 4,
    "reset in the reply": 4,
    "cut in the reply": 4,
    "a reply that drips": 1,
    "a reply that stalls": 1,
    "junk": 3,
    "chunked junk": 3,
    "a head without end": 2,
    "429 in seconds": 6,
    "429 as a date": 3,
    "429 without a word": 6,
    "429 for the rest of the day": 1,
    "502 after it was passed on": 4,
    "503": 8,
    "503 in seconds": 3,
}
CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"id"\r\nzz\r\n'


class FaultyProxy:
    """``with FaultyProxy(where, seed) as proxy``: passes requests on to ``where``.

    Logins always pass in peace, and with ``peaceful`` all else, too.

    Attributes:
        met: how often each fault was met.
    """

    def __init__(self, where: str, seed: int, *, peaceful: bool = False) -> None:
        self._peaceful = peaceful
        host, _, port = where.rpartition(":")
        self._onward = (host, int(port))
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._burst = 0
        self.met: Counter[str] = Counter()
        self._server = RawServer(self._serve)

    def __enter__(self) -> FaultyProxy:
        self._server.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.__exit__(*exc)

    @property
    def url(self) -> str:
        return self._server.url

    @contextlib.contextmanager
    def outage(self) -> Generator[None]:
        """Refuse connections, and break those that exist."""
        self._server.stop_listening()
        try:
            yield
        finally:
            self._server.listen_again()

    def _choose(self, line: bytes) -> str:
        with self._lock:
            fault = "fine"
            if not self._peaceful and not line.startswith(LOGIN.encode()):
                if self._burst:
                    self._burst -= 1
                    fault = "503"
                else:
                    (fault,) = self._random.choices(list(FAULTS), list(FAULTS.values()))
                    # They come in bursts.
                    self._burst = self._random.randrange(5) if fault == "503" else 0
            self.met[fault] += 1
            return fault

    def _serve(self, peer: Peer) -> None:
        with socket.create_connection(self._onward, 10) as onward:
            while request := peer.read_request():
                fault = self._choose(request)
                if fault[:3] in ("429", "503"):
                    self._refuse(peer, fault)
                elif fault == "reset before it was passed on":
                    peer.reset()
                    return
                elif not self._pass_on(peer, fault, self._ask(onward, request)):
                    return

    @staticmethod
    def _ask(onward: socket.socket, request: bytes) -> bytes:
        onward.sendall(request)
        reply = b""
        while b"\r\n\r\n" not in reply:
            reply += onward.recv(65536)
        head, _, body = reply.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].split(b"\r\n", 1)[0])
        while len(body) < length:
            body += onward.recv(65536)
        return head + b"\r\n\r\n" + body

    @staticmethod
    def _refuse(peer: Peer, fault: str) -> None:
        now = time.time()
        status = "429 Too Many Requests" if fault.startswith("429") else "503 Service Unavailable"
        headers = {
            "429 in seconds": ["Retry-After: 2"],
            "429 as a date": [
                f"Date: {formatdate(now, usegmt=True)}",
                f"Retry-After: {formatdate(now + 3, usegmt=True)}",
            ],
            "429 for the rest of the day": ["Retry-After: 40000"],
            "503 in seconds": ["Retry-After: 1"],
        }.get(fault, [])
        peer.reply(b'{"message": "not now"}', status, *headers)

    @staticmethod
    def _pass_on(peer: Peer, fault: str, reply: bytes) -> bool:
        """Return whether the connection can be used further."""
        if fault == "fine":
            peer.send(reply)
            return True
        if fault == "a reply that drips":
            for start in range(0, len(reply), 3):
                peer.send(reply[start : start + 3])
            return True
        if fault == "502 after it was passed on":
            peer.reply(b"<html><title>502 Bad Gateway</title></html>", "502 Bad Gateway", "Content-Type: text/html")
            return True
        if fault == "closed after the reply":
            peer.send(reply)
        elif fault == "a reply that stalls":
            peer.send(reply[:40])
            peer.wait_for_end()
        elif fault in ("reset in the reply", "cut in the reply"):
            peer.send(reply[: len(reply) - 5])
            if fault.startswith("reset"):
                peer.reset()
        elif fault == "reset before the reply":
            peer.reset()
        elif fault == "junk":
            peer.send(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        elif fault == "chunked junk":
            peer.send(CHUNKED)
        else:
            peer.send(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: y\r\n" * 5000 + b"\r\n")
        return False


class SkippingClock(Clock):
    """A clock on which pauses pass at once, for the thread or task that makes them and for nobody else.

    What is waited for on a socket takes its time.
    """

    def __init__(self) -> None:
        self._skipped: ContextVar[float] = ContextVar("skipped", default=0.0)
        real_monotonic, real_time = Clock.monotonic, Clock.time
        self.monotonic = lambda: real_monotonic() + self._skipped.get()  # type: ignore[method-assign]
        self.time = lambda: real_time() + self._skipped.get()  # type: ignore[method-assign]
        self.sleep = self._skip  # type: ignore[method-assign]

    def _skip(self, seconds: float) -> None:
        self._skipped.set(self._skipped.get() + seconds)

    async def asleep(self, seconds: float) -> None:
        self._skip(seconds)
        await asyncio.sleep(0)
