"""Runs one script against a new sandbox: the same seed, the same organization, whoever asks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from genesyscloud.sandbox import Sandbox

SECONDS = 120


def run_against_sandbox(command: Sequence[str], home: Path, *, status: int = 0) -> str:
    """Run a command to its end and return what it printed.

    Args:
        home: a directory of its own, so that no configuration file is found. status: what it has to end with.
    """
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    with Sandbox(seed=7) as sandbox:
        sandbox.serve()
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, check=False,
            env={**clean, "HOME": str(home), "GENESYS_CLOUD_HOST": sandbox.address,
                 "GENESYS_CLOUD_CLIENT_ID": "sandbox", "GENESYS_CLOUD_CLIENT_SECRET": "sandbox"},
        )  # fmt: skip
    assert done.returncode == status, done.stderr
    return done.stdout
