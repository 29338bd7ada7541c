"""What it costs to begin: imports, a whole small program, the worst first call, all models."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from .calls import serving
from .measure import PRINT_MEMORY, Figure, Usage, compare, run_child, run_json

PEERS = Path(__file__).parent / "peers"
OURS = sys.executable

WORST = """
import json, sys, time
from genesyscloud import codec
from genesyscloud.classes import BASE
from genesyscloud.operations import operation
start = time.process_time()
record = operation(sys.argv[1]).record
if record.result:
    codec.decode(b"null", record.result)
if record.body.startswith("#"):
    BASE.model(record.body[1:])
print(json.dumps([time.process_time() - start, record.name]))
"""

MODELS = """
import sys
import time
from genesyscloud.catalog import catalog
from genesyscloud.classes import BASE
names = catalog().model_names()
start = time.perf_counter()
for name in names[: int(sys.argv[1])]:
    BASE.model(name)
if len(sys.argv) > 2:
    print(time.perf_counter() - start)
"""


def figures(vendor: str) -> Iterator[Figure]:
    """Yield the figures; ``vendor`` is the Python of the environment with the vendor's package."""
    yield from _imports(vendor)
    yield from _whole_program()
    yield _worst_first_call()
    every = "1000000"
    seconds = min(float(run_json([OURS, "-c", MODELS, every, "time"])) for _ in range(5))
    yield Figure("all 6,651 models built, seconds", seconds, 1, "s")
    before, after = (float(run_json([OURS, "-c", MODELS + PRINT_MEMORY, count])) for count in ("1", every))
    yield Figure("all 6,651 models built, memory", after - before, 60, "MiB")


def _imports(vendor: str) -> Iterator[Figure]:
    def usage(python: str, code: str) -> Callable[[], Usage]:
        return lambda: run_child([python, "-c", code])

    sides = {
        "bare": usage(OURS, "pass"),
        "ours": usage(OURS, "import genesyscloud"),
        "vendor bare": usage(vendor, "pass"),
        "vendor": usage(vendor, "import PureCloudPlatformClientV2"),
    }
    for side in sides.values():  # fills caches of byte code and of the file system
        side()
    bare, ours, vendor_bare, theirs = compare([lambda side=side: side().cpu for side in sides.values()], 7)
    time_ratio = max(ours - bare, 0.0001) / (theirs - vendor_bare)
    memory = [
        float(run_json([python, "-c", code + PRINT_MEMORY]))
        for python, code in (
            (OURS, ""),
            (OURS, "import genesyscloud"),
            (vendor, ""),
            (vendor, "import PureCloudPlatformClientV2"),
        )
    ]
    memory_ratio = max(memory[1] - memory[0], 0.01) / (memory[3] - memory[2])
    note = f"{(ours - bare) * 1000:.1f} ms against {(theirs - vendor_bare) * 1000:.0f} ms"
    yield Figure("import, time against the vendor", time_ratio, 1 / 60, note=note)
    yield Figure("import, memory against the vendor", memory_ratio, 1 / 10)


def _whole_program() -> Iterator[Figure]:
    with serving() as url:

        def program(name: str) -> Callable[[], float]:
            return lambda: run_child([OURS, str(PEERS / name), url]).wall

        program("our_script.py")()
        program("httpx2_script.py")()
        ours, theirs = compare([program("our_script.py"), program("httpx2_script.py")], 11)
    note = f"{ours * 1000:.0f} ms against {theirs * 1000:.0f} ms"
    yield Figure("start to decoded result, against httpx2 and dicts", ours / theirs, 1.0, note=note)


def _worst_first_call() -> Figure:
    """The dearest first call, each of the likely ones in a process of its own, against ``import httpx2``."""
    listed = subprocess.run([OURS, "-c", LARGEST], capture_output=True, check=True)
    names: list[str] = json.loads(listed.stdout)
    dearest = max((tuple(run_json([OURS, "-c", WORST, name])) for name in names), key=lambda found: float(found[0]))
    bare, peer = compare(
        [lambda: run_child([OURS, "-c", "pass"]).cpu, lambda: run_child([OURS, "-c", "import httpx2"]).cpu], 7
    )
    samples = sorted(float(run_json([OURS, "-c", WORST, dearest[1]])[0]) for _ in range(7))
    note = f"{dearest[1]}, {samples[3] * 1000:.0f} ms"
    return Figure("worst first call, against import httpx2", samples[3] / (peer - bare), 0.5, note=note)


#: Prints the operations whose result and body reach the most models.
LARGEST = """
import json
from genesyscloud.catalog import catalog, model_in
source = catalog()
models = {model.name: model for model in source.models()}
def reach(name, seen):
    if name and name not in seen:
        seen.add(name)
        for prop in models[name].properties:
            reach(model_in(prop.type), seen)
    return seen
def size(op):
    return len(reach(model_in(op.result), set()) | reach(model_in(op.body), set()))
sizes = {op.name: size(op) for op in source.operations()}
print(json.dumps(sorted(sizes, key=sizes.get)[-12:]))
"""
