"""What only the transport for tasks has: one timer for all attempts of an event loop, and headers left to aiohttp."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio

import pytest

from genesyscloud import errors
from genesyscloud.http import AttemptTimeouts, Request
from genesyscloud.transport.aiohttp_ import AiohttpTransport, _Attempt, _Timer

from .servers import Peer, RawServer

LONG = AttemptTimeouts(30, 30, 30)


def _silent(peer: Peer) -> None:
    peer.read_request()
    peer.wait_for_end()


def test_each_attempt_ends_at_its_own_time_whatever_began_first() -> None:
    ended: list[float] = []

    async def attempt(transport: AiohttpTransport, url: str, seconds: float, total: float) -> None:
        with pytest.raises(errors.ReadTimeout, match=f"within {'the ' if total < 5 else ''}{seconds:g} s"):
            await transport.send(Request("GET", url, {}), AttemptTimeouts(5, 30 if total < 5 else seconds, total))
        ended.append(seconds)

    async def main(url: str) -> None:
        transport = AiohttpTransport()
        long = asyncio.create_task(transport.send(Request("GET", url, {}), LONG))
        await asyncio.gather(
            attempt(transport, url, 0.7, 30), attempt(transport, url, 0.1, 30), attempt(transport, url, 0.4, 0.4)
        )
        assert not long.done()
        long.cancel()
        await asyncio.wait([long])
        timer = transport._states[asyncio.get_running_loop()].timer
        assert not timer._watched
        await transport.aclose()
        assert timer._handle is None

    with RawServer(_silent) as server:
        asyncio.run(main(server.url + "/x"))
    assert ended == [0.1, 0.4, 0.7]


def test_an_attempt_that_expires_is_a_timeout_and_leaves_the_task_as_it_was() -> None:
    async def wait(attempt: _Attempt) -> None:
        with attempt:
            attempt.wait()
            await asyncio.sleep(30)

    async def main() -> int:
        attempt = _Attempt(_Timer(asyncio.get_running_loop()), AttemptTimeouts(5, 0, 5), 0)
        task = asyncio.current_task()
        assert task is not None
        with pytest.raises(TimeoutError):
            await wait(attempt)
        await asyncio.sleep(0)
        return task.cancelling()

    assert asyncio.run(main()) == 0


def test_a_task_that_is_cancelled_while_its_attempt_expires_stays_cancelled() -> None:
    async def main() -> None:
        attempt = _Attempt(_Timer(asyncio.get_running_loop()), AttemptTimeouts(5, 0, 5), 0)
        with attempt:
            attempt.expire()
            running.cancel()
            await asyncio.sleep(30)

    async def watch() -> bool:
        nonlocal running
        running = asyncio.create_task(main())
        await asyncio.wait([running])
        return running.cancelled()

    running: asyncio.Task[None]
    assert asyncio.run(watch())


@pytest.mark.parametrize("headers", [{}, {"accept": "a/b"}, {"Accept": "a/b", "User-Agent": "x"}])
@pytest.mark.parametrize(
    ("method", "body"), [("GET", None), ("DELETE", None), ("POST", None), ("PUT", b""), ("PATCH", b"{}"), ("GET", b"x")]
)
def test_no_header_is_invented_whatever_is_missing(headers: dict[str, str], method: str, body: bytes | None) -> None:
    seen: list[str] = []

    def handler(peer: Peer) -> None:
        head = peer.read_request().partition(b"\r\n\r\n")[0].decode()
        seen.extend(line.partition(":")[0] for line in head.split("\r\n")[1:])
        peer.reply()

    async def main(url: str) -> None:
        transport = AiohttpTransport()
        await transport.send(Request(method, url, headers, body), LONG)
        await transport.aclose()

    with RawServer(handler) as server:
        asyncio.run(main(server.url + "/x"))
    length = [] if method == "GET" and body is None else ["Content-Length"]
    assert sorted(name for name in seen if name not in length) == sorted(["Host", "Accept-Encoding", *headers])
