"""Ctrl-C wherever a call can be waiting: it ends at once, and the client works afterwards as if nothing had been."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

from genesyscloud import AccessToken, AsyncGenesysCloud, BreakerSettings, ClientCredentials, GenesysCloud, RetryPolicy
from genesyscloud.breaker import CLOSED
from genesyscloud.hooks import RetryEvent

from .servers import Peer, RawServer, service

#: Longer than any of these waits may take, shorter than what they would wait for.
AT_ONCE = 5.0


class Gate:
    """A service that answers as :func:`service` does, but for one path only when it is told to."""

    def __init__(self, held: str) -> None:
        self._held = held
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, peer: Peer) -> None:
        read = peer.read_request

        def slowly() -> bytes:
            request = read()
            if self._held.encode() in request and not self.open.is_set():
                self.reached.set()
                self.open.wait(20)
            return request

        peer.read_request = slowly  # type: ignore[method-assign]
        service(peer)


@contextlib.contextmanager
def interrupted_when(reached: Callable[[], bool]) -> Generator[None]:
    """Expect that the block ends with Ctrl-C, which is pressed soon after ``reached`` is true."""
    main = threading.get_ident()

    def press() -> None:
        for _ in range(2000):
            if reached():
                break
            time.sleep(0.005)
        # What is waited for begins a moment later; this need not be long, only long enough most of the time.
        time.sleep(0.05)
        signal.pthread_kill(main, signal.SIGINT)

    presses = threading.Thread(target=press)
    presses.start()
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        # Should the block have ended in another way, that is to be seen.
        with contextlib.suppress(KeyboardInterrupt):
            presses.join(20)
    assert time.monotonic() - began < AT_ONCE


def client(server: RawServer, **options: Any) -> GenesysCloud:
    options = {"auth": ClientCredentials("id", "s3cret"), "breaker": BreakerSettings(), "timeout": 30, **options}
    return GenesysCloud(region=server.url, **options)


def works(gc: GenesysCloud) -> None:
    assert gc.users.get_users_me().id == "u"
    assert gc._engine.limiter is not None
    assert gc._engine.limiter._under_way == 0
    assert gc._engine.tokens._flight is None
    assert set(gc.circuits.values()) == {CLOSED}


@pytest.mark.parametrize("held", ["/api/v2/users/me", "/oauth/token"])
def test_while_waiting_for_a_reply(held: str) -> None:
    gate = Gate(held)
    with RawServer(gate) as server, client(server, pool_size=1) as gc:
        with interrupted_when(gate.reached.is_set):
            gc.users.get_users_me()
        gate.open.set()
        works(gc)


def test_while_pausing_before_a_retry() -> None:
    def busy(peer: Peer) -> None:
        if peer.server.connections == 1:
            peer.read_request()
            peer.reply(b"{}", "503 Service Unavailable", "Retry-After: 20", "Connection: close")
        else:
            service(peer)

    paused = threading.Event()

    def pausing(event: RetryEvent) -> None:
        paused.set()

    with RawServer(busy) as server, client(server, auth=AccessToken("t"), on_retry=pausing) as gc:
        with interrupted_when(paused.is_set):
            gc.users.get_users_me()
        works(gc)


def test_while_another_thread_logs_in() -> None:
    gate = Gate("/oauth/token")
    with RawServer(gate) as server, client(server) as gc:
        leader = threading.Thread(target=gc.users.get_users_me)
        leader.start()
        with interrupted_when(gate.reached.is_set):
            gc.users.get_users_me()
        gate.open.set()
        leader.join(10)
        assert server.lines.count("POST /oauth/token") == 1
        works(gc)


def test_while_all_connections_are_busy() -> None:
    gate = Gate("/api/v2/users/busy")
    with RawServer(gate) as server, client(server, pool_size=1) as gc:
        gc.users.get_users_me()
        busy = threading.Thread(target=lambda: gc.users.get_user("busy"))
        busy.start()
        assert gate.reached.wait(10)
        with interrupted_when(gate.reached.is_set):
            gc.users.get_users_me()
        gate.open.set()
        busy.join(10)
        works(gc)


def test_while_a_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, over = threading.Event(), threading.Event()
    original = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if not over.is_set():
            asked.set()
            over.wait(20)
        return original("127.0.0.1", port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with RawServer(service) as server:
        auth = ClientCredentials("id", "s3cret")
        with GenesysCloud(auth=auth, region=f"http://api.example:{server.port}", breaker=BreakerSettings()) as gc:
            with interrupted_when(asked.is_set):
                gc.users.get_users_me()
            over.set()
            works(gc)


@pytest.mark.parametrize("held", ["/api/v2/users/me", "/oauth/token"])
def test_while_an_event_loop_waits(held: str) -> None:
    gate = Gate(held)

    async def main() -> None:
        auth = ClientCredentials("id", "s3cret")
        async with AsyncGenesysCloud(auth=auth, region=server.url, timeout=30) as gc:
            await asyncio.gather(*(gc.users.get_users_me() for _ in range(20)))

    with RawServer(gate) as server:
        with interrupted_when(gate.reached.is_set):
            asyncio.run(main())
        gate.open.set()


def test_an_interruption_is_not_taken_for_a_failure_to_be_repeated() -> None:
    gate = Gate("POST /api")
    with RawServer(gate) as server, client(server, retry=RetryPolicy(max_retries=5, first_wait=0)) as gc:
        with interrupted_when(gate.reached.is_set):
            gc.routing.post_routing_queues({"name": "q"})
        gate.open.set()
        works(gc)
        assert server.lines.count("POST /api/v2/routing/queues") == 1
