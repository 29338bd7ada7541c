"""What one call costs, and how many fit into a second, against the bare HTTP libraries and the vendor."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import aiohttp
import urllib3

from genesyscloud import AccessToken, AsyncGenesysCloud, GenesysCloud

from .measure import Figure, compare, cpu_per_call, run_json

PEER = Path(__file__).parent / "peers" / "vendor_calls.py"
HEADERS = {"Authorization": "Bearer t", "Accept": "application/json"}
IN_FLIGHT = 32
DELAY = 0.05


@contextlib.contextmanager
def serving(delay: float = 0) -> Generator[str]:
    """Run :mod:`benchmarks.server` and yield its address."""
    command = [sys.executable, "-m", "benchmarks.server", str(delay)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.communicate()


def figures(vendor: str) -> Iterator[Figure]:
    """Yield the figures; ``vendor`` is the Python of the environment with the vendor's package."""
    with serving() as url:
        yield from _sequential(url, vendor)
        yield from asyncio.run(_concurrent(url))
    with serving(DELAY) as url:
        yield from _throughput(url)


def _sequential(url: str, vendor: str, times: int = 400) -> Iterator[Figure]:
    pool = urllib3.PoolManager()
    address = f"{url}/api/v2/users/me"

    def bare() -> object:
        return json.loads(pool.request("GET", address, headers=HEADERS).data)

    with GenesysCloud(auth=AccessToken("t"), region=url) as gc:
        for _ in range(50):
            bare()
            gc.users.get_users_me()
        theirs, ours = compare(
            [lambda: cpu_per_call(bare, times), lambda: cpu_per_call(lambda: gc.users.get_users_me(), times)], 9
        )
    note = f"{ours * 1e6:.0f} µs against {theirs * 1e6:.0f} µs"
    yield Figure("CPU per sequential call, against urllib3", ours / theirs, 1.3, note=note)
    slow = float(run_json([vendor, str(PEER), url, str(times)]))
    yield Figure("CPU per sequential call, against the vendor", ours / slow, 0.5, note=f"{slow * 1e6:.0f} µs")


async def _flood(call: Callable[[], Awaitable[object]], times: int) -> float:
    """CPU seconds per call with 32 in flight."""
    left = iter(range(times))

    async def work() -> None:
        for _ in left:
            await call()

    start = time.process_time()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return (time.process_time() - start) / times


async def _concurrent(url: str, times: int = 400, rounds: int = 40) -> list[Figure]:
    address = f"{url}/api/v2/users/me"
    async with aiohttp.ClientSession() as session, AsyncGenesysCloud(auth=AccessToken("t"), region=url) as gc:

        async def bare() -> object:
            async with session.get(address, headers=HEADERS) as reply:
                return json.loads(await reply.read())

        async def ours() -> object:
            return await gc.users.get_users_me()

        samples: list[tuple[float, float]] = []
        for _ in range(rounds):
            samples.append((await _flood(bare, times), await _flood(ours, times)))
    theirs, own = (median(found) for found in zip(*samples[2:], strict=True))
    # Of each pair, not of the medians: what else runs on the machine changes from round to round.
    ratio = median(own / theirs for theirs, own in samples[2:])
    note = f"{own * 1e6:.0f} µs against {theirs * 1e6:.0f} µs"
    return [Figure("CPU per async call, 32 in flight, against aiohttp", ratio, 1.4, note=note)]


def _throughput(url: str, times: int = 200) -> Iterator[Figure]:
    ceiling = IN_FLIGHT / DELAY

    def threads() -> float:
        with GenesysCloud(auth=AccessToken("t"), region=url) as gc, ThreadPoolExecutor(IN_FLIGHT) as workers:
            gc.users.get_users_me()
            start = time.perf_counter()
            for call in [workers.submit(gc.users.get_users_me) for _ in range(times)]:
                call.result()
            return times / (time.perf_counter() - start)

    async def tasks() -> float:
        async with AsyncGenesysCloud(auth=AccessToken("t"), region=url) as gc:
            await gc.users.get_users_me()
            left = iter(range(times))

            async def work() -> None:
                for _ in left:
                    await gc.users.get_users_me()

            start = time.perf_counter()
            await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
            return times / (time.perf_counter() - start)

    for name, rate in (
        ("threads", max(threads() for _ in range(3))),
        ("async", max(asyncio.run(tasks()) for _ in range(3))),
    ):
        note = f"{rate:.0f}/s of {ceiling:.0f}/s"
        yield Figure(
            f"200 calls, 32 in flight, {name}, share of the ceiling", rate / ceiling, 0.8, at_least=True, note=note
        )


__all__ = ["figures", "serving"]
