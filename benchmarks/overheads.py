"""What it costs to be watched, and to share: logging off and on, token stores, ten processes with one token."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from genesyscloud import (
    AccessToken,
    ClientCredentials,
    FileTokenStore,
    GenesysCloud,
    LoggingSettings,
    MemoryTokenStore,
    TokenStore,
)
from genesyscloud.sandbox import Sandbox, Settings

from .calls import serving
from .measure import Figure, compare, cpu_per_call

TIMES = 300
ALLOWED = 300
MEMBERS = 10

#: One of several processes: calls until the rate limit lets it no more, and prints calls made and refused.
MEMBER = """
import json, sys
from genesyscloud import ClientCredentials, FileTokenStore, GenesysCloud
from genesyscloud.errors import DeadlineExceeded, TooManyRequests
address, path = sys.argv[1:]
done = refused = 0
auth, store = ClientCredentials("sandbox", "sandbox"), FileTokenStore(path)
with GenesysCloud(auth=auth, region=address, token_store=store, timeout=20, retry=False) as gc:
    while True:
        try:
            gc.request("GET", "/api/v2/tokens/me")
            done += 1
        except TooManyRequests:
            refused += 1
        except DeadlineExceeded:
            break
print(json.dumps([done, refused]))
"""


def figures(vendor: str) -> Iterator[Figure]:
    """Yield the figures; the vendor's package has nothing to compare with."""
    with serving() as url, tempfile.TemporaryDirectory() as folder:
        yield from _logging(url, Path(folder))
        yield from _stores(url, Path(folder))
    yield from _processes()


def _side(gc: GenesysCloud) -> Callable[[], float]:
    for _ in range(50):
        gc.users.get_users_me()
    return lambda: cpu_per_call(gc.users.get_users_me, TIMES)


def _logging(url: str, folder: Path) -> Iterator[Figure]:
    file = str(folder / "log")
    ways = {
        "off": LoggingSettings(),
        "error": LoggingSettings("error", console=False, file=file),
        "trace, nobody listens": LoggingSettings("trace", console=False),
        "trace to a file": LoggingSettings("trace", console=False, file=file),
        "trace to a file, JSON and bodies": LoggingSettings("trace", "json", False, file, True, True),
    }
    clients = [GenesysCloud(auth=AccessToken("t"), region=url, logging=way) for way in ways.values()]
    off, *others = compare([_side(gc) for gc in clients], 7)
    for gc in clients:
        gc.close()
    for name, bar, taken in zip(list(ways)[1:], (1.1, 1.25, 3.0, 3.0), others, strict=True):
        note = f"{taken * 1e6:.0f} µs against {off * 1e6:.0f} µs"
        yield Figure(f"CPU per call, logging {name}, against off", taken / off, bar, note=note)


def _stores(url: str, folder: Path) -> Iterator[Figure]:
    auth = ClientCredentials("a", "b")
    stores: list[TokenStore | None] = [None, MemoryTokenStore(), FileTokenStore(folder / "tokens.json")]
    clients = [GenesysCloud(auth=auth, region=url, token_store=store) for store in stores]
    none, memory, file = compare([_side(gc) for gc in clients], 7)
    for gc in clients:
        gc.close()
    for name, bar, taken in (("memory", 1.15, memory), ("file", 1.25, file)):
        note = f"{taken * 1e6:.0f} µs against {none * 1e6:.0f} µs"
        yield Figure(f"CPU per call, tokens and limit shared in {name}, against none", taken / none, bar, note=note)


def _processes() -> Iterator[Figure]:
    with Sandbox(Settings(rate_limit=ALLOWED)) as sandbox, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", MEMBER, sandbox.serve(port=0), f"{folder}/tokens.json"]
        members: list[subprocess.Popen[bytes]] = [
            subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(MEMBERS)
        ]
        outcomes: list[tuple[int, int]] = [json.loads(member.communicate()[0]) for member in members]
    done, refused = (sum(values) for values in zip(*outcomes, strict=True))
    note = f"{done} of {ALLOWED}, {refused} refused, by process: {sorted(made for made, _ in outcomes)}"
    yield Figure("ten processes, one token: share of the limit used", done / ALLOWED, 0.8, at_least=True, note=note)
    yield Figure("ten processes, one token: requests refused", refused, 0, "", note=f"of {done + refused}")
