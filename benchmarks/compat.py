"""What an unmodified script for the vendor's package costs with each of the two packages under that name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from .calls import serving
from .measure import Figure, compare, run_child, run_json

SCRIPT = str(Path(__file__).parent / "peers" / "vendor_script.py")
OURS = [sys.executable, "-m", "genesyscloud.compat"]
IMPORT = "import PureCloudPlatformClientV2"


def figures(vendor: str) -> Iterator[Figure]:
    """Yield the figures; ``vendor`` is the Python of the environment with the vendor's package."""
    with serving() as url:
        yield from _script([vendor], url)
    yield _import(vendor)


def _script(theirs: list[str], url: str) -> Iterator[Figure]:
    """The whole process, the start of Python included."""

    def side(command: list[str]) -> Callable[[], float]:
        return lambda: run_child([*command, SCRIPT, url]).wall

    sides = [side(OURS), side(theirs)]
    for run in sides:  # fills caches of byte code and of the file system
        run()
    ours, slow = compare(sides, 7)
    note = f"{ours * 1000:.0f} ms against {slow * 1000:.0f} ms"
    yield Figure("unmodified script, wall time against the vendor", ours / slow, 1 / 10, note=note)

    def memory(command: list[str]) -> Callable[[], float]:
        return lambda: float(run_json([*command, SCRIPT, url, "memory"]))

    ours, large = compare([memory(OURS), memory(theirs)], 3)
    note = f"{ours:.0f} MiB against {large:.0f} MiB"
    yield Figure("unmodified script, memory against the vendor", ours / large, 1 / 5, note=note)


def _import(vendor: str) -> Figure:
    """The name alone: what Python itself takes to start is taken off on both sides."""

    def side(*command: str) -> Callable[[], float]:
        return lambda: run_child(command).cpu

    sides = [
        side(sys.executable, "-c", "pass"),
        side(sys.executable, "-c", "import genesyscloud.compat; genesyscloud.compat.install(); " + IMPORT),
        side(vendor, "-c", "pass"),
        side(vendor, "-c", IMPORT),
    ]
    for run in sides:
        run()
    bare, ours, vendor_bare, theirs = compare(sides, 7)
    note = f"{(ours - bare) * 1000:.0f} ms against {(theirs - vendor_bare) * 1000:.0f} ms"
    ratio = max(ours - bare, 0.0001) / (theirs - vendor_bare)
    return Figure("import of the vendor's name, time against the vendor", ratio, 1 / 40, note=note)
