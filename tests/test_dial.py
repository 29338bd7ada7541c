"""From a name to a socket: addresses that lead nowhere, that refuse, and a resolver that does not answer."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

from genesyscloud.transport import dial as module
from genesyscloud.transport.dial import HEAD_START, dial

from .servers import RawServer, unused_port

Addresses = Callable[..., None]


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> Addresses:
    """Let every name have the given addresses."""

    def set_(*addresses: tuple[str, int]) -> None:
        def resolve(*args: Any, **options: Any) -> Any:
            return [_entry(*address) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)

    return set_


def _entry(host: str, port: int) -> tuple[Any, ...]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return family, socket.SOCK_STREAM, 6, "", (host, port, 0, 0) if family == socket.AF_INET6 else (host, port)


@contextlib.contextmanager
def black_hole() -> Generator[int]:
    """A port that neither accepts nor refuses: its queue of connections is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        for _ in range(10):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0.05)
            try:
                filler.connect(("127.0.0.1", port))
            except TimeoutError:
                break
        else:
            pytest.fail("the queue of a listening socket does not fill up on this machine")
        yield port


def connected_to(port: int, seconds: float = 5.0) -> int:
    """Dial a name and return the port that answered."""
    with dial("api.example", port, time.monotonic() + seconds, time.monotonic) as sock:
        sock.settimeout(5)
        return sock.getpeername()[1]


def test_an_address_that_refuses_is_followed_by_the_next(addresses: Addresses) -> None:
    with RawServer() as server:
        addresses(("127.0.0.1", unused_port()), ("127.0.0.1", unused_port()), ("127.0.0.1", server.port))
        began = time.monotonic()
        assert connected_to(server.port) == server.port
        assert time.monotonic() - began < HEAD_START, "a refusal is not waited for"


def test_an_address_that_leads_nowhere_is_overtaken(addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD_START", 0.02)
    with black_hole() as nowhere, RawServer() as server:
        addresses(("127.0.0.1", nowhere), ("127.0.0.1", server.port))
        assert connected_to(server.port) == server.port


def test_the_first_address_is_preferred(addresses: Addresses) -> None:
    with RawServer() as first, RawServer() as second:
        addresses(("127.0.0.1", first.port), ("127.0.0.1", second.port))
        assert connected_to(first.port) == first.port


def test_families_take_turns(addresses: Addresses) -> None:
    six, four = [("::1", port) for port in (1, 2, 3)], [("127.0.0.1", port) for port in (4, 5)]
    ordered = module._alternate([_entry(*address) for address in (*six, *four)])  # pyright: ignore[reportPrivateUsage]
    assert [entry[4][1] for entry in ordered] == [1, 4, 2, 5, 3]


def test_when_all_refuse_the_last_one_says_why(addresses: Addresses) -> None:
    addresses(("127.0.0.1", unused_port()), ("127.0.0.1", unused_port()))
    with pytest.raises(ConnectionRefusedError):
        connected_to(1)


def test_when_none_answers_there_is_an_end(addresses: Addresses) -> None:
    with black_hole() as nowhere:
        for count in (1, 3):
            addresses(*[("127.0.0.1", nowhere)] * count)
            with pytest.raises(TimeoutError):
                connected_to(1, seconds=0.05)


def test_an_address_of_a_family_that_this_machine_lacks_is_passed_over(
    addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = socket.socket

    def make(family: int = socket.AF_INET, *args: Any, **options: Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return original(family, *args, **options)

    with RawServer() as server:
        addresses(("::1", server.port), ("127.0.0.1", server.port))
        monkeypatch.setattr(socket, "socket", make)
        assert connected_to(server.port) == server.port


def test_a_resolver_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, over = threading.Event(), threading.Event()

    def resolve(*args: Any, **options: Any) -> Any:
        asked.set()
        over.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    try:
        with pytest.raises(TimeoutError):
            dial("api.example", 1, time.monotonic() + 0.05, time.monotonic)
        assert asked.is_set()
    finally:
        over.set()


@pytest.mark.parametrize("error", [socket.gaierror(socket.EAI_NONAME, "no such host"), UnicodeError("label too long")])
def test_what_the_resolver_says_is_raised_where_it_was_asked(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def resolve(*args: Any, **options: Any) -> Any:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(type(error)):
        dial("api.example", 1, time.monotonic() + 5, time.monotonic)


def test_a_name_without_addresses(addresses: Addresses) -> None:
    addresses()
    with pytest.raises(socket.gaierror, match="no address"):
        dial("api.example", 1, time.monotonic() + 5, time.monotonic)


def test_sockets_that_lost_the_race_are_closed(addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []
    original = module._begin  # pyright: ignore[reportPrivateUsage]

    def begin(address: Any) -> socket.socket:
        made.append(original(address))
        return made[-1]

    monkeypatch.setattr(module, "_begin", begin)
    monkeypatch.setattr(module, "HEAD_START", 0.0)
    with black_hole() as nowhere, RawServer() as server:
        addresses(("127.0.0.1", nowhere), ("127.0.0.1", nowhere), ("127.0.0.1", server.port))
        with dial("api.example", 1, time.monotonic() + 5, time.monotonic) as won:
            assert [sock.fileno() == -1 for sock in made if sock is not won] == [True, True]
