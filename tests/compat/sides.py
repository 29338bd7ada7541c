"""The two sides: the vendor's package in an environment of its own, and ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from genesyscloud.compat.face.configuration import ENUMS_VARIABLE

__all__ = ["OURS", "SIDES", "THEIRS", "Side", "start", "wait"]

ROOT = Path(__file__).parents[2]
#: Where the Makefile installs the vendor's package.
VENDOR = ROOT / ".venv-vendor" / "bin" / "python"


class Side(NamedTuple):
    """How scripts are run on one side."""

    name: str
    command: list[str]


THEIRS = Side("theirs", [str(VENDOR)])
OURS = Side("ours", [sys.executable, "-m", "genesyscloud.compat"])
SIDES = (THEIRS, OURS)


def start(side: Side, script: Path, *arguments: str, home: Path, keep_enums: bool = True) -> subprocess.Popen[str]:
    """Run a script with a home directory of its own, so that no configuration file is found.

    Args:
        keep_enums: whether our side keeps unknown values of enums.
    """
    if not VENDOR.exists():
        raise RuntimeError(f"{VENDOR} is missing: `make test` installs the vendor's package there")
    env = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    env |= {"HOME": str(home), "PYTHONHASHSEED": "0", "TZ": "UTC"}
    env[ENUMS_VARIABLE] = "1" if keep_enums else "0"
    return subprocess.Popen(
        [*side.command, str(script), *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait(process: subprocess.Popen[str], seconds: float = 600) -> str:
    """Return what a script printed; it must succeed."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"{process.args} does not end:\n{err[-2000:]}") from None
    assert process.returncode == 0, f"{process.args} failed:\n{err[-4000:]}"
    return out
