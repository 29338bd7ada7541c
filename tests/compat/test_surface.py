"""Every method and every model of the vendor's package and of ours: same requests, same results, same shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from genesyscloud.catalog import catalog

from .plan import model_steps, operation_steps
from .recorder import Answer, Recorder
from .sides import SIDES, start, wait


# Results are large, and of no interest afterwards.
@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


DRIVER = Path(__file__).parent / "scripts" / "surface.py"


def _run(what: str, plan: list[dict[str, Any]], folder: Path) -> tuple[list[Recorder], list[Iterator[dict[str, Any]]]]:
    """Carry out a plan on both sides at the same time."""
    replies = {
        step["id"]: [Answer(step["reply"], 200, {"Content-Type": step["media"]})] for step in plan if "id" in step
    }
    lines = folder / "plan.jsonl"
    lines.write_text("".join(json.dumps(step) + "\n" for step in plan))
    recorders = [Recorder(lambda kind, name: list(replies[name])) for _ in SIDES]
    with recorders[0], recorders[1]:
        processes = [
            start(side, DRIVER, what, recorder.url, str(lines), str(folder / side.name), home=folder, keep_enums=False)
            for side, recorder in zip(SIDES, recorders, strict=True)
        ]
        for process in processes:
            wait(process)
    return recorders, [_read(folder / side.name) for side in SIDES]


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _differing(theirs: dict[str, Any] | None, ours: dict[str, Any] | None) -> str:
    if theirs is None or ours is None:
        return "one side ended early"
    keys = [key for key in theirs if theirs[key] != ours.get(key)]
    return "; ".join(f"{key}: {str(theirs[key])[:300]} | {str(ours.get(key))[:300]}" for key in keys)


def test_every_method(folder: Path) -> None:
    plan = list(operation_steps())
    assert len(plan) == 2 * sum(len(group.operations) for group in catalog().groups())
    recorders, results = _run("operations", plan, folder)
    problems: list[str] = []
    for step, theirs, ours in zip_longest(plan, *results):
        what = f"{step['class']}.{step['method']}"
        if found := _differing(theirs, ours):
            problems.append(f"{what}: {found}")
        asked = [recorder.recorded.get(("operations", step["id"]), []) for recorder in recorders]
        if asked[0] != asked[1] or len(asked[0]) != 1:
            problems.append(f"{what}: {asked[0]} | {asked[1]}")
    _none(problems)


def test_every_model(folder: Path) -> None:
    plan = list(model_steps())
    _, results = _run("models", plan, folder)
    problems = [
        f"{step['name']}: {found}"
        for step, theirs, ours in zip_longest(plan, *results)
        if (found := _differing(theirs, ours))
    ]
    _none(problems)


def _none(problems: list[str]) -> None:
    if problems:
        raise AssertionError("\n".join([f"{len(problems)} differences", *problems[:20]]))
