"""The place on this machine that a browser comes back to: a small HTTP server that takes one answer."""

from __future__ import annotations

import html
import queue
import secrets
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..errors import ConfigurationError, DeadlineExceeded, OAuthError
from .urls import LOOPBACK_HOSTS, checked_answer, loopback_parts

__all__ = ["Loopback"]

#: An answer with a token is longer than one with a code, but not that long.
MOST_BYTES = 65_536
#: Seconds that a connection may take to say what it wants. Browsers open some that say nothing.
QUIET_SECONDS = 5.0
#: Seconds between looks at whether the browser has failed.
LOOK = 0.2

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<body style="font-family:sans-serif;max-width:40em;margin:4em auto"><h1>{title}</h1><p id="text">{text}</p>{script}"""
_DONE = ("Logged in", "You can close this window and return to your program.")
_FAILED = ("Not logged in", "You can close this window; your program says why.")
# A fragment is not sent to a server, so the page sends it; then it takes it out of the address and the history.
_SCRIPT = """<script nonce="{nonce}">
const say = text => document.getElementById("text").textContent = text;
const answer = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
fetch(location.pathname, {{method: "POST", body: answer}})
  .then(reply => say(reply.ok ? "{done}" : "{failed}")).catch(() => say("{failed}"));
</script>"""


class Loopback:
    """Waits for a browser at a loopback address; use it in a ``with`` block.

    Args:
        redirect_uri: ``http://localhost:<port>/<path>``; port 0, or none, takes a free one.
        state: the one that was sent with the browser.
        fragment: whether the answer is in the fragment of the address (implicit grant).

    Raises:
        ConfigurationError: this is no loopback address, or the port is taken.
    """

    def __init__(self, redirect_uri: str, *, state: str, fragment: bool) -> None:
        parts = loopback_parts(redirect_uri)
        self.path = parts.path or "/"
        self.state = state
        self.fragment = fragment
        self.answers: queue.SimpleQueue[dict[str, str] | OAuthError | None] = queue.SimpleQueue()
        self._taken = threading.Lock()
        try:
            self._server = _Server(("127.0.0.1", parts.port or 0), _Handler)
        except OSError as error:
            raise ConfigurationError(f"the browser cannot come back to {redirect_uri}: {error.strerror}") from None
        self._server.loopback = self
        port = self._server.server_address[1]
        self.hosts = frozenset(f"{host}:{port}" for host in LOOPBACK_HOSTS)
        self.redirect_uri = f"http://{parts.hostname}:{port}{parts.path}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float, look: Callable[[], None]) -> dict[str, str]:
        """Return the fields of the answer.

        Args:
            seconds: until when to wait. look: called a few times a second meanwhile.

        Raises:
            OAuthError: it is a refusal, or does not belong to this login. DeadlineExceeded: none came, or
            :meth:`cancel` was called.
        """
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            look()
            try:
                answer = self.answers.get(timeout=min(left, LOOK))
            except queue.Empty:
                continue
            if isinstance(answer, OAuthError):
                raise answer
            if answer is None:
                raise DeadlineExceeded("the login in the browser was given up")
            return answer
        raise DeadlineExceeded(f"nobody logged in within {seconds:.0f} s")

    def cancel(self) -> None:
        """End :meth:`wait` now; from any thread."""
        self.answers.put(None)

    def take(self, fields: Mapping[str, str]) -> bool | None:
        """Take the answer and return whether it is a good one; ``None`` if there was one before."""
        if not self._taken.acquire(blocking=False):
            return None
        try:
            self.answers.put(checked_answer(fields, self.state))
        except OAuthError as error:
            self.answers.put(error)
            return False
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    loopback: Loopback

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is nobody's concern, and a traceback could show the answer."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]
    timeout = QUIET_SECONDS
    server_version = "genesyscloud"
    sys_version = ""

    def do_GET(self) -> None:
        loopback = self.server.loopback
        parts = urlsplit(self.path)
        if not self._expected(parts.path):
            return
        if loopback.fragment and not parts.query:
            self._page(200, "Logging in", "One moment…", script=True)
        else:
            self._answered(loopback.take(dict(parse_qsl(parts.query))))

    def do_POST(self) -> None:
        loopback = self.server.loopback
        length = self.headers.get("Content-Length", "")
        if not self._expected(urlsplit(self.path).path):
            return
        if not loopback.fragment or not length.isdecimal() or int(length) > MOST_BYTES:
            self._page(400, *_FAILED)
            return
        body = self.rfile.read(int(length)).decode("utf-8", "replace")
        self._answered(loopback.take(dict(parse_qsl(body))))

    def _expected(self, path: str) -> bool:
        loopback = self.server.loopback
        # Another name for this address means that a page of somebody else's sent the browser here.
        if self.headers.get("Host", "") in loopback.hosts and (path or "/") == loopback.path:
            return True
        self._page(404, "Not found", "There is nothing here.")
        return False

    def _answered(self, good: bool | None) -> None:
        if good is None:
            self._page(410, *_FAILED)
        else:
            self._page(200 if good else 400, *(_DONE if good else _FAILED))

    def _page(self, status: int, title: str, text: str, *, script: bool = False) -> None:
        nonce = secrets.token_urlsafe(16)
        source = _SCRIPT.format(nonce=nonce, done=_DONE[1], failed=_FAILED[1]) if script else ""
        body = _PAGE.format(title=html.escape(title), text=html.escape(text), script=source).encode()
        policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; connect-src 'self'"
        self.send_response(status)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("Content-Security-Policy", policy),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the line would hold the answer."""
