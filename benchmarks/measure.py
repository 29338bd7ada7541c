"""How things are measured: ratios of alternating runs, so that a noisy machine disturbs both sides alike."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["PRINT_MEMORY", "Figure", "Usage", "compare", "cpu_per_call", "run_child", "run_json"]


class Figure(NamedTuple):
    """One line of the report: ``value`` is to be at most ``bar`` (at least, where ``at_least``)."""

    name: str
    value: float
    bar: float
    unit: str = "x"
    at_least: bool = False
    note: str = ""

    @property
    def reached(self) -> bool:
        """Whether the bar was reached."""
        return self.value >= self.bar if self.at_least else self.value <= self.bar


class Usage(NamedTuple):
    """What a process took: seconds of CPU, seconds of wall time."""

    cpu: float
    wall: float


#: Code that prints the most memory (MiB) its process had. ``getrusage`` counts what the parent had at the fork.
PRINT_MEMORY = """
print(next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def run_child(command: Sequence[str], env: dict[str, str] | None = None, folder: Path | None = None) -> Usage:
    """Run a process to its end, in ``folder`` if given; it must succeed."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **(env or {})}, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"{command!r} failed:\n{complaint.decode()}")
    return Usage(usage.ru_utime + usage.ru_stime, wall)


def run_json(command: Sequence[str], env: dict[str, str] | None = None) -> Any:
    """Run a process and return the JSON it prints."""
    done = subprocess.run(command, env={**os.environ, **(env or {})}, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command!r} failed:\n{done.stderr.decode()}")
    return json.loads(done.stdout)


def compare(sides: Sequence[Callable[[], float]], rounds: int = 7) -> list[float]:
    """Measure several things in turn, several times; return the median of each."""
    samples: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for taken, side in zip(samples, sides, strict=True):
            taken.append(side())
    return [statistics.median(taken) for taken in samples]


def cpu_per_call(call: Callable[[], object], times: int) -> float:
    """Seconds of CPU of this process for one call."""
    start = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - start) / times
