"""The sandbox: how soon it answers, how many requests it takes, what 100,000 users cost, how quickly it goes back.

The server runs as ``genesyscloud sandbox`` in a process of its own. ``python -m benchmarks.sandbox``.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

from .measure import PRINT_MEMORY, Figure, run_json

__all__ = ["figures"]

COMMAND = [sys.executable, "-m", "genesyscloud.cli.main", "sandbox", "--port", "0"]
ROUNDS = 5
REQUESTS = 2000
USERS = 100_000

LISTED = f"""
import json, time
from genesyscloud.sandbox import Sandbox

count = {USERS}
sandbox = Sandbox(seed_data={{"users": [
    {{"name": f"User {{at}}", "email": f"user{{at}}@sandbox.example", "department": "Service", "title": "Agent"}}
    for at in range(count - 1)
]}})
with sandbox.client() as gc:
    pages = (gc.users.get_users(page_size=500, page_number=page) for page in range(1, count // 500 + 1))
    listed = sum(len(page.entities) for page in pages)
assert listed == count, listed
{PRINT_MEMORY}"""

SNAPSHOTS = """
import json, time
from genesyscloud.sandbox import Sandbox

sandbox = Sandbox(organization="demo")
with sandbox.client() as gc:
    for _ in range(2):
        queues = gc.routing.get_routing_queues(page_size=100).entities
        people = [user for page in (1, 2) for user in gc.users.get_users(page_size=100, page_number=page).entities]
    interval = f"{sandbox.now()[:7]}-01T00:00:00.000Z/{sandbox.now()}"
    gc.request("POST", "/api/v2/analytics/conversations/details/query", json={"interval": interval})
    kept = restored = 1e9
    for _ in range(5):
        start = time.perf_counter()
        snapshot = sandbox.snapshot()
        kept = min(kept, time.perf_counter() - start)
        for user in people:
            gc.users.patch_user(user.id, {"version": user.version, "title": "Changed"})
        for queue in queues[:20]:
            gc.routing.delete_routing_queue(queue.id)
        start = time.perf_counter()
        sandbox.restore(snapshot)
        restored = min(restored, time.perf_counter() - start)
print(json.dumps([kept * 1000, restored * 1000]))
"""


class Running(NamedTuple):
    """A server: where it is, and its process."""

    host: str
    port: int
    process: subprocess.Popen[str]


@contextmanager
def _running() -> Generator[Running]:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = next(word for word in process.stdout.readline().split() if word.startswith("http://"))
            host, _, port = address.removeprefix("http://").partition(":")
            yield Running(host, int(port), process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


class Line:
    """A connection that stays: what it asks is all that the client does, so that the server is what is measured."""

    def __init__(self, server: Running) -> None:
        self._socket = socket.create_connection((server.host, server.port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, method: str, path: str, token: str = "") -> bytes:
        """Send a request and return the body of its reply."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: sandbox\r\nContent-Length: 0\r\nAuthorization: Bearer {token}\r\n\r\n"
        )
        self._socket.sendall(head.encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._socket.recv(65_536)
        head_bytes, _, body = data.partition(b"\r\n\r\n")
        assert head_bytes.startswith(b"HTTP/1.1 200"), head_bytes
        length = int(head_bytes.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self._socket.recv(65_536)
        return body

    def close(self) -> None:
        """End it."""
        self._socket.close()


def _start_seconds() -> float:
    """From the start of the process to its first reply."""
    start = time.perf_counter()
    with _running() as server:
        line = Line(server)
        line.ask("POST", "/sandbox/token")
        taken = time.perf_counter() - start
        line.close()
    return taken


def _cpu_seconds(process: subprocess.Popen[str]) -> float:
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rates() -> dict[str, tuple[float, float]]:
    """Requests by what is asked: per second that the server had a core, and per second by the clock, the best of some
    rounds. The former does not depend on what else the machine does."""
    with _running() as server:
        line = Line(server)
        token = json.loads(line.ask("POST", "/sandbox/token"))["access_token"]
        user = json.loads(line.ask("GET", "/api/v2/users/me", token))["id"]
        found: dict[str, tuple[float, float]] = {}
        for name, path in (
            ("one user", f"/api/v2/users/{user}"),
            ("a page of 25 skills", "/api/v2/routing/skills"),
        ):
            busy, best = _cpu_seconds(server.process), 0.0
            for _ in range(ROUNDS):
                start = time.perf_counter()
                for _ in range(REQUESTS):
                    line.ask("GET", path, token)
                best = max(best, REQUESTS / (time.perf_counter() - start))
            found[name] = (ROUNDS * REQUESTS / (_cpu_seconds(server.process) - busy), best)
        line.close()
    return found


def figures(vendor: str) -> list[Figure]:
    """Measure; the vendor's package has nothing to compare with."""
    made = [Figure("sandbox: process start to first reply", min(_start_seconds() for _ in range(3)), 1.0, "s")]
    made += [
        Figure(
            f"sandbox: GETs of {name}, one connection, one core", rate, 1500, "/s", True, f"by the clock {best:.0f}/s"
        )
        for name, (rate, best) in _rates().items()
    ]
    memory = float(run_json([sys.executable, "-c", LISTED]))
    made.append(Figure(f"sandbox: {USERS:,} users described and listed", memory, 500, "MiB"))
    kept, restored = run_json([sys.executable, "-c", SNAPSHOTS])
    made.append(Figure("sandbox: snapshot of the demo", kept, 100, "ms"))
    made.append(Figure("sandbox: going back to it", restored, 100, "ms"))
    return made


if __name__ == "__main__":
    for figure in figures(""):
        print(f"{figure.name}: {figure.value:.3g} {figure.unit} (bar {figure.bar:g} {figure.unit}) {figure.note}")
