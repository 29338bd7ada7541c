"""Many calls at once through a network that breaks in every way: each ends rightly or says clearly why it did not.

Pauses cost no time here (see :class:`~tests.chaos.SkippingClock`); sockets are real.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import faulthandler
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, NamedTuple

import pytest

from genesyscloud import AsyncGenesysCloud, ClientCredentials, GenesysCloud, RetryPolicy, Timeouts
from genesyscloud.errors import (
    ConnectError,
    DeadlineExceeded,
    GenesysCloudError,
    TooManyRequests,
    TransportError,
    Unauthorized,
)
from genesyscloud.hooks import RetryEvent
from genesyscloud.transport.aiohttp_ import AiohttpTransport
from genesyscloud.transport.blocking import BlockingTransport

from .chaos import FAULTS, Bookkeeper, FaultyProxy, SkippingClock
from .servers import RawServer, unused_port

THREADS, TASKS = 64, 500
DEADLINE = 60.0
TIMEOUTS = Timeouts(total=DEADLINE, connect=5, read=1)
#: Seconds that a machine with other work may need to notice that a deadline has passed.
SLACK = 5.0
#: Seconds after which a test is taken for hung.
HUNG = 60.0
POOL = 48


class Ended(NamedTuple):
    """How one call ended, and after how long by its own clock."""

    name: str
    outcome: Any
    seconds: float


@pytest.fixture(autouse=True)
def no_hanging() -> Iterator[None]:
    faulthandler.dump_traceback_later(HUNG + 30, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def books() -> Bookkeeper:
    return Bookkeeper()


@pytest.fixture
def proxy(books: Bookkeeper) -> Iterator[FaultyProxy]:
    with RawServer(books.serve) as server, FaultyProxy(server.where, seed=20) as proxy:
        yield proxy


def options(url: str, **more: Any) -> dict[str, Any]:
    policy = RetryPolicy(max_retries=6, budget=100_000)
    credentials = ClientCredentials("id", "s3cret")
    fixed = {"auth": credentials, "timeout": TIMEOUTS, "retry": policy, "pool_size": POOL, "clock": SkippingClock()}
    return {"region": url, **fixed, **more}


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{kind}-{number}" for number in range(count) for kind in ("get", "post")]


def start(gc: Any, name: str) -> Any:
    if "-post-" in name:
        return gc.routing.post_routing_queues({"name": name})
    return gc.users.get_user(name)


def in_threads(gc: GenesysCloud, work: list[str]) -> list[Ended]:
    monotonic = gc._engine.clock.monotonic

    def one(name: str) -> Ended:
        began = monotonic()
        try:
            outcome: Any = start(gc, name)
        except BaseException as error:
            outcome = error
        return Ended(name, outcome, monotonic() - began)

    with ThreadPoolExecutor(THREADS) as threads:
        futures = [threads.submit(one, name) for name in work]
        assert not wait(futures, HUNG).not_done
        return [future.result() for future in futures]


async def in_task(gc: AsyncGenesysCloud, name: str) -> Ended:
    monotonic = gc._engine.clock.monotonic
    began = monotonic()
    try:
        outcome: Any = await start(gc, name)
    except BaseException as error:
        outcome = error
    return Ended(name, outcome, monotonic() - began)


def run(main: Callable[[], Coroutine[Any, Any, list[Ended]]]) -> list[Ended]:
    async def bounded() -> list[Ended]:
        async with asyncio.timeout(HUNG):
            return await main()

    return asyncio.run(bounded())


def check(ended: list[Ended], books: Bookkeeper) -> Counter[str]:
    """See that every call ended as it should have; count the ways."""
    ways: Counter[str] = Counter()
    for name, outcome, seconds in ended:
        created = books.created[name]
        assert created <= 1, f"{name} was executed {created} times"
        assert seconds <= DEADLINE + SLACK, f"{name} took {seconds} s: {outcome!r}"
        ways[type(outcome).__name__] += 1
        if isinstance(outcome, asyncio.CancelledError):
            continue
        if not isinstance(outcome, BaseException):
            assert outcome.id == name, "the reply of somebody else"
            assert created == ("-post-" in name)
            continue
        assert isinstance(outcome, GenesysCloudError), repr(outcome)
        assert outcome.operation in ("get_user", "post_routing_queues")
        assert str(outcome).startswith(outcome.operation)
        assert "token-" not in str(outcome)
        assert not isinstance(outcome, Unauthorized)
        if isinstance(outcome, TooManyRequests) or (isinstance(outcome, TransportError) and not outcome.sent):
            assert not created, f"{name}: {outcome} promises that nothing was done"
    return ways


def check_clean(gc: Any, slots: Any) -> None:
    """See that nothing of the calls is left in the client."""
    assert gc._engine.limiter._under_way == 0
    assert gc._engine.tokens._flight is None
    assert slots._value == POOL


# --- chaos --------------------------------------------------------------------------------------


def test_threads(proxy: FaultyProxy, books: Bookkeeper) -> None:
    work = names("t", 450)
    with GenesysCloud(**options(proxy.url)) as gc:
        gc.users.get_user("first")
        books.expire(after=200)
        ended = in_threads(gc, work)
        wire = gc._shared.wire
        assert isinstance(wire, BlockingTransport)
        check_clean(gc, wire._pool.slots)
    ways = check(ended, books)
    print(ways, proxy.met if "proxy" in dir() else "", books.refused)
    assert books.refused
    assert books.logins == 2, "one login, one renewal"
    assert ways["User"] > 350
    assert ways["Queue"] > 150
    assert set(proxy.met) == set(FAULTS)


def test_tasks(proxy: FaultyProxy, books: Bookkeeper) -> None:
    work = names("a", TASKS // 2)
    chance = random.Random(7)

    async def main() -> list[Ended]:
        async with AsyncGenesysCloud(**options(proxy.url)) as gc:
            await gc.users.get_user("first")
            tasks = [asyncio.create_task(in_task(gc, name)) for name in work]
            loop = asyncio.get_running_loop()
            books.expire(after=150)
            for task in chance.sample(tasks, 60):
                loop.call_later(chance.random() * 0.4, task.cancel)
            ended = await asyncio.gather(*tasks)
            wire = gc._shared.wire
            assert isinstance(wire, AiohttpTransport)
            check_clean(gc, wire._states[loop].slots)
            return ended

    ways = check(run(main), books)
    print(ways, proxy.met, books.refused)
    assert books.refused
    assert books.logins == 2, "one login, one renewal"
    # How many of them end well is a matter of when they were cancelled; what the others end with was checked above.
    assert ways["User"] + ways["Queue"] > TASKS // 3
    assert ways["CancelledError"] > 5
    assert len(set(proxy.met)) > 15


# --- one thing at a time ------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", [3])
def test_an_expired_token_is_renewed_once_for_all_threads(books: Bookkeeper, rounds: int) -> None:
    with RawServer(books.serve) as server, GenesysCloud(**options(server.url)) as gc:
        gc.users.get_user("first")
        for number in range(rounds):
            books.expire()
            check(in_threads(gc, names(f"r{number}", THREADS)), books)
            assert books.logins == number + 2
        assert sum(books.created.values()) == rounds * THREADS


@pytest.mark.parametrize("rounds", [2])
def test_an_expired_token_is_renewed_once_for_all_tasks(books: Bookkeeper, rounds: int) -> None:
    async def main() -> list[Ended]:
        ended: list[Ended] = []
        async with AsyncGenesysCloud(**options(server.url)) as gc:
            await gc.users.get_user("first")
            for number in range(rounds):
                books.expire()
                ended += await asyncio.gather(*(in_task(gc, name) for name in names(f"r{number}", TASKS // 2)))
                assert books.logins == number + 2
        return ended

    with RawServer(books.serve) as server:
        assert set(check(run(main), books)) == {"User", "Queue"}
        assert sum(books.created.values()) == rounds * TASKS // 2


def test_an_outage_is_bridged(books: Bookkeeper) -> None:
    refused = threading.Semaphore(0)

    def count(event: RetryEvent) -> None:
        if isinstance(event.error, ConnectError):
            refused.release()

    # Here pauses take their time, a short one: they have to outlast the outage.
    patient = RetryPolicy(max_retries=1000, first_wait=0.02, max_wait=0.05, budget=100_000)
    work = names("o", 100)
    ended: list[Ended] = []
    with RawServer(books.serve) as server, FaultyProxy(server.where, seed=1, peaceful=True) as proxy:
        given = options(proxy.url, retry=patient, on_retry=count)
        del given["clock"]
        with GenesysCloud(**given) as gc:
            gc.users.get_user("first")
            with proxy.outage():
                calls = threading.Thread(target=lambda: ended.extend(in_threads(gc, work)))
                calls.start()
                for _ in range(100):
                    assert refused.acquire(timeout=10)
            calls.join(HUNG)
    ways = check(ended, books)
    print(ways, proxy.met if "proxy" in dir() else "", books.refused)
    assert ways["User"] == ways["Queue"] == 100, "nothing was sent, so POST is safe to send again"


def test_nobody_is_there() -> None:
    with GenesysCloud(**options(f"http://127.0.0.1:{unused_port()}")) as gc:
        for ended in in_threads(gc, names("n", 32)):
            assert isinstance(ended.outcome, ConnectError | DeadlineExceeded)
            assert ended.seconds <= DEADLINE + SLACK


def test_a_reply_that_never_ends_ends_with_the_deadline(books: Bookkeeper) -> None:
    over = threading.Event()

    def drip(peer: Any) -> None:
        while request := peer.read_request():
            if b"/oauth/token" in request:
                peer.reply(b'{"access_token": "t"}')
                continue
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not over.wait(0.02):
                peer.send(b"x")

    with RawServer(drip) as server:
        given = options(server.url, timeout=Timeouts(total=0.5, read=0.2))
        began = time.monotonic()
        with GenesysCloud(**given) as gc:
            ended = in_threads(gc, names("d", 24))
        assert time.monotonic() - began < SLACK

        async def main() -> list[Ended]:
            async with AsyncGenesysCloud(**given) as gc:
                return await asyncio.gather(*(in_task(gc, name) for name in names("d", 24)))

        ended += run(main)
        over.set()
    assert {type(one.outcome) for one in ended} == {DeadlineExceeded}
    assert all(0.4 < one.seconds < SLACK for one in ended)
