"""The place that a browser comes back to: one answer, from this machine, for this login."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from genesyscloud.auth.loopback import MOST_BYTES, Loopback
from genesyscloud.errors import ConfigurationError, DeadlineExceeded, OAuthError


def nothing() -> None:
    """What is looked at while waiting."""


@pytest.fixture
def place() -> Iterator[Loopback]:
    with Loopback("http://localhost:0/back", state="x", fragment=False) as place:
        yield place


@pytest.fixture
def implicit() -> Iterator[Loopback]:
    with Loopback("http://127.0.0.1", state="x", fragment=True) as place:
        yield place


def ask(place: Loopback, method: str, target: str, body: str | None = None, **headers: str) -> tuple[int, str, Any]:
    port = int(place.redirect_uri.partition("//")[2].partition("/")[0].rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, target, body, {"Host": f"localhost:{port}", **headers})
        reply = connection.getresponse()
        return reply.status, reply.read().decode(), reply.headers
    finally:
        connection.close()


def test_a_free_port_is_taken_and_told(place: Loopback, implicit: Loopback) -> None:
    assert re.fullmatch(r"http://localhost:[1-9]\d*/back", place.redirect_uri)
    assert re.fullmatch(r"http://127.0.0.1:[1-9]\d*", implicit.redirect_uri)


def test_a_code(place: Loopback) -> None:
    status, page, headers = ask(place, "GET", "/back?code=c1&state=x")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "You can close this window and return to your program." in page
    assert "c1" not in page
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert place.wait(10, nothing)["code"] == "c1"


def test_a_token_is_in_a_fragment_that_the_page_sends(implicit: Loopback) -> None:
    status, page, headers = ask(implicit, "GET", "/")
    assert status == 200
    nonce = re.search(r'<script nonce="([\w-]+)">', page)
    assert nonce
    assert f"'nonce-{nonce[1]}'" in headers["Content-Security-Policy"]
    assert 'history.replaceState(null, "", location.pathname)' in page
    status, _, _ = ask(implicit, "POST", "/", "access_token=t1&expires_in=60&state=x")
    assert status == 200
    assert implicit.wait(10, nothing)["access_token"] == "t1"


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("code=c1&state=y", "invalid_state"),
        ("code=c1", "invalid_state"),
        ("error=access_denied&error_description=no&state=x", "access_denied"),
        ("state=x", "invalid_response"),
    ],
)
def test_an_answer_that_is_none(place: Loopback, query: str, error: str) -> None:
    status, page, _ = ask(place, "GET", f"/back?{query}")
    assert status == 400
    assert "your program says why" in page
    with pytest.raises(OAuthError) as caught:
        place.wait(10, nothing)
    assert caught.value.error == error


def test_an_implicit_login_that_was_refused_comes_in_the_query(implicit: Loopback) -> None:
    assert ask(implicit, "GET", "/?error=access_denied&state=x")[0] == 400
    with pytest.raises(OAuthError, match="access_denied"):
        implicit.wait(10, nothing)


def test_only_the_first_answer_counts(place: Loopback) -> None:
    assert ask(place, "GET", "/back?code=c1&state=x")[0] == 200
    assert ask(place, "GET", "/back?code=c2&state=x")[0] == 410
    assert place.wait(10, nothing)["code"] == "c1"


@pytest.mark.parametrize(
    ("target", "host"),
    [("/", ""), ("/favicon.ico", ""), ("/back/", ""), ("/back?code=c&state=x", "evil.example")],
)
def test_anything_else_is_not_found(place: Loopback, target: str, host: str) -> None:
    headers = {"Host": host} if host else {}
    assert ask(place, "GET", target, **headers)[0] == 404
    with pytest.raises(DeadlineExceeded, match="nobody logged in within 0 s"):
        place.wait(0.01, nothing)


@pytest.mark.parametrize("length", ["", "x", "-1", str(MOST_BYTES + 1)])
def test_a_body_without_a_length_or_too_long(implicit: Loopback, length: str) -> None:
    assert ask(implicit, "POST", "/", None, **{"Content-Length": length})[0] == 400


def test_a_code_is_not_taken_from_a_body(place: Loopback) -> None:
    assert ask(place, "POST", "/back", "code=c1&state=x")[0] == 400


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n\r\n", b"\xff\xfe\x00", b"GET /back HTTP/9.9\r\n\r\n", b"GET " + b"a" * 70_000, b"POST / HTTP/1.1"],
)
def test_what_is_no_request_does_no_harm(place: Loopback, data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    port = int(place.redirect_uri.split(":")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port), 10) as sock, contextlib.suppress(OSError):
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            pass
    assert ask(place, "GET", "/back?code=c1&state=x")[0] == 200
    assert place.wait(10, nothing)["code"] == "c1"
    assert capfd.readouterr() == ("", "")


def test_a_silent_connection_holds_up_nobody(place: Loopback) -> None:
    port = int(place.redirect_uri.split(":")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port), 10):
        assert ask(place, "GET", "/back?code=c1&state=x")[0] == 200


def test_given_up_from_another_thread(place: Loopback) -> None:
    threading.Timer(0.05, place.cancel).start()
    with pytest.raises(DeadlineExceeded, match="given up"):
        place.wait(30, nothing)


def test_what_is_looked_at_meanwhile_may_interrupt(place: Loopback) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place.wait(30, interrupt)


def test_the_port_is_free_again_afterwards() -> None:
    with Loopback("http://localhost:0", state="x", fragment=False) as place:
        uri = place.redirect_uri
        with pytest.raises(ConfigurationError, match=f"the browser cannot come back to {uri}: Address already in use"):
            Loopback(uri, state="x", fragment=False)
    with Loopback(uri, state="x", fragment=False):
        pass


@pytest.mark.parametrize(
    "uri",
    [
        "https://localhost", "http://example.com", "http://localhost?x=1", "http://localhost#x", "localhost:80", "",
        "http://localhost:x", "http://localhost:70000", "http://[::1", "http://me@localhost:80",
    ],
)  # fmt: skip
def test_what_is_no_loopback_address(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="redirect_uri must be http://localhost or"):
        Loopback(uri, state="x", fragment=False)
