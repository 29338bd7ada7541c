"""``examples/demo.py`` as a program: to its end with any output, and without traces when that is not possible."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[1] / "examples" / "demo.py"


def run(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it with no other settings than ``environment``."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("GENESYSCLOUD_", "GENESYS_CLOUD_"))
    }
    env = {**kept, "TMPDIR": str(tmp_path), "HOME": str(tmp_path), **environment}
    return subprocess.run([sys.executable, str(DEMO)], env=env, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii", "GENESYSCLOUD_BROWSER": "firefox", "GENESYSCLOUD_REGION": ""},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "GENESYSCLOUD_COMPAT_KEEP_ENUMS": "0"},
    ],
)
def test_it_runs_to_its_end(tmp_path: Path, environment: dict[str, str]) -> None:
    done = run(tmp_path, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("ms\n") == 12
    assert done.stdout.splitlines()[-1].startswith("Done: 12 steps in ")
    (exported,) = tmp_path.glob("genesyscloud-demo-*.csv")
    assert len(exported.read_text().splitlines()) == 61


def test_half_of_a_login_is_said(tmp_path: Path) -> None:
    done = run(tmp_path, GENESYSCLOUD_OAUTHCLIENT_ID="x")
    assert done.returncode == 1
    assert "The demo failed: ConfigurationError: the environment sets GENESYSCLOUD_OAUTHCLIENT_ID" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_configuration_file_is_used(tmp_path: Path) -> None:
    file = tmp_path / "config.ini"
    file.write_text("[general]\nhost = http://127.0.0.1:9\n")
    done = run(tmp_path, GENESYSCLOUD_CONFIG_FILE=str(file), GENESYSCLOUD_ACCESS_TOKEN="t")
    assert done.stdout.startswith("Reading from <GenesysCloud http://127.0.0.1:9")
    assert done.returncode == 1
    assert "ConnectError" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_output_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, str(DEMO)], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.strip() == "The demo failed: OSError: [Errno 28] No space left on device"
