"""Scripts as people write them for the vendor's package: each prints the same with that package and with this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from .compat.sides import OURS, THEIRS
from .scriptruns import run_against_sandbox

SCRIPTS = sorted((Path(__file__).parent / "compat_scripts").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_prints_the_same(script: Path, tmp_path: Path):
    theirs = run_against_sandbox([*THEIRS.command, str(script)], tmp_path)
    ours = run_against_sandbox([*OURS.command, str(script)], tmp_path)
    assert ours == theirs
    # It has to have said something.
    assert len(theirs.splitlines()) >= 3
