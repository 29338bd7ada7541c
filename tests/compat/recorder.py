"""A server that writes down what it is asked and answers as it was told to, by the first parts of the path.

``/<answers>/<number>/api/v2/…`` is answered from ``answers[number]``; with several answers, one after the other, the
last one again and again.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

__all__ = ["Answer", "Recorded", "Recorder"]

#: What does not matter, or belongs to the HTTP library.
UNIMPORTANT = {"host", "connection", "accept-encoding", "content-length"}


class Answer(NamedTuple):
    """What to answer."""

    body: bytes | str = b"{}"
    status: int = 200
    headers: dict[str, str] = {}  # noqa: RUF012 - of a tuple
    reason: str | None = None


class Recorded(NamedTuple):
    """A request, without the first parts of its path."""

    method: str
    path: str
    query: list[str]
    headers: list[tuple[str, str]]
    body: str

    def without(self, *names: str) -> Recorded:
        """Leave some headers out."""
        return self._replace(headers=[pair for pair in self.headers if pair[0] not in names])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    recorder: Recorder


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without it, each reply waits for the acknowledgement of its head.
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        answer = cast("_Server", self.server).recorder.answer(self.command, self.path, list(self.headers.items()), body)
        if answer is None:
            self.close_connection = True
            return
        data = answer.body.encode() if isinstance(answer.body, str) else answer.body
        self.send_response_only(answer.status, answer.reason)
        headers = {"Content-Type": "application/json", "ININ-Correlation-Id": "c-1", **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - the names of the standard library

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Recorder:
    """The server.

    Args:
        answers: by the two first parts of the path; an answer of ``None`` closes the connection.
    """

    def __init__(self, answers: Callable[[str, str], list[Answer | None]]) -> None:
        self._answers = answers
        self._lock = threading.Lock()
        self.special: dict[str, list[Answer | None]] = {}
        self.recorded: dict[tuple[str, str], list[Recorded]] = {}
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.recorder = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> Answer | None:
        path, _, query = target.partition("?")
        _, kind, name, rest = [*path.split("/", 3), "", ""][:4]
        key = (kind, unquote(name))
        answers = self.special.get(key[1]) or self._answers(*key)
        kept = sorted((name.lower(), self._hide(value)) for name, value in headers if name.lower() not in UNIMPORTANT)
        pairs = sorted(query.split("&")) if query else []
        with self._lock:
            seen = self.recorded.setdefault(key, [])
            seen.append(Recorded(method, f"/{rest}", pairs, kept, self._hide(body.decode("utf-8", "replace"))))
            return answers[min(len(seen), len(answers)) - 1]

    def _hide(self, text: str) -> str:
        # Logins name the library of the vendor's SDK instead of the SDK.
        return re.sub("^python-urllib3/.*", "PureCloud SDK/python", text.replace(self.url, "http://server"))
