"""Notification channels of the sandbox: how long until every one of 1,000 has an event.

The sandbox serves in a process of its own, with a real socket per channel. ``python -m benchmarks.notifications``.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time

from websockets.asyncio.client import ClientConnection, connect

from .measure import Figure

__all__ = ["figures"]

CHANNELS = 1000
ROUNDS = 5
BAR_SECONDS = 1.0

#: Serves, and makes an event happen for each line that it is sent.
SERVER = """
import json, sys
from genesyscloud.sandbox import Sandbox

count = int(sys.argv[1])
with Sandbox(channels_per_user_app=count) as sandbox, sandbox.client() as gc:
    address = sandbox.serve().replace("http", "ws")
    topic = f"v2.users.{sandbox.admin_id}.presence"
    channels = [gc.notifications.post_notifications_channels().id for _ in range(count)]
    for channel in channels:
        gc.notifications.put_notifications_channel_subscriptions(channel, [{"id": topic}])
    print(json.dumps([f"{address}/channels/{channel}" for channel in channels]), flush=True)
    for line in sys.stdin:
        sandbox.inject(topic)
"""


async def _seconds(server: asyncio.subprocess.Process, uris: list[str]) -> list[float]:
    assert server.stdin is not None
    opened: list[ClientConnection] = []
    try:
        for at in range(0, len(uris), 50):
            opened += await asyncio.gather(*(connect(uri, compression=None, proxy=None) for uri in uris[at : at + 50]))
        taken: list[float] = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            server.stdin.write(b"\n")
            received = await asyncio.wait_for(asyncio.gather(*(socket.recv() for socket in opened)), 60)
            taken.append(time.perf_counter() - start)
            assert all(json.loads(text)["topicName"].endswith(".presence") for text in received)
        return taken
    finally:
        await asyncio.gather(*(socket.close() for socket in opened))


async def _measured(count: int) -> list[float]:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, str(count), stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=1 << 24
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        uris = json.loads(await asyncio.wait_for(server.stdout.readline(), 120))
        return await _seconds(server, uris)
    finally:
        server.stdin.close()
        await asyncio.wait_for(server.wait(), 60)


def figures(vendor: str) -> list[Figure]:
    """Measure; the vendor's package has nothing to compare with."""
    # One descriptor per socket, on both sides.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CHANNELS + 200
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )
    taken = asyncio.run(_measured(CHANNELS))
    name = f"one event on each of {CHANNELS:,} channels, median"
    return [Figure(name, statistics.median(taken), BAR_SECONDS, "s", note=f"worst of {ROUNDS}: {max(taken):.2f} s")]


if __name__ == "__main__":
    for figure in figures(""):
        print(f"{figure.name}: {figure.value:.3f} {figure.unit} (bar {figure.bar} {figure.unit}); {figure.note}")
