"""``examples/demo.py`` as a program: to its end with any output, and without traces when that is not possible."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[1] / "examples" / "demo.py"


def alone(tmp_path: Path, **environment: str) -> dict[str, str]:
    """This environment with no other settings than ``environment``."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("GENESYSCLOUD_", "GENESYS_CLOUD_"))
    }
    return {**kept, "TMPDIR": str(tmp_path), "HOME": str(tmp_path), **environment}


def run(tmp_path: Path, *shell: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it; ``shell`` is what a shell does instead, with the command as ``"$@"``."""
    command = [*(["sh", "-c", *shell, "sh"] if shell else []), sys.executable, str(DEMO)]
    env = alone(tmp_path, **environment)
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii", "GENESYSCLOUD_BROWSER": "firefox", "GENESYSCLOUD_REGION": " "},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "GENESYSCLOUD_COMPAT_KEEP_ENUMS": "0"},
    ],
)
def test_it_runs_to_its_end(tmp_path: Path, environment: dict[str, str]) -> None:
    done = run(tmp_path, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("ms\n") == 12
    assert "  + patch a user, clear a field        title 'Agent of the month' -> None " in done.stdout
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
    file.write_text("[general]\nhost = http://127.0.0.1:9\n[auth]\naccess_token = t\n[retry]\nretry_max = 0\n")
    file.chmod(0o600)
    done = run(tmp_path, GENESYSCLOUD_CONFIG_FILE=str(file))
    assert done.stdout.startswith("Reading from <GenesysCloud http://127.0.0.1:9")
    assert done.returncode == 1
    assert "ConnectError" in done.stderr


def test_a_configuration_file_without_a_login_is_none(tmp_path: Path) -> None:
    file = tmp_path / "config.ini"
    file.write_text("[logging]\nlog_level = none\n")
    done = run(tmp_path, '"$@" | head -n 2', GENESYSCLOUD_CONFIG_FILE=str(file))
    said, started = done.stdout.splitlines()
    assert said == "No credentials where GENESYSCLOUD_CONFIG_FILE points: this is the sandbox."
    assert "start a sandbox" in started
    assert done.stderr == ""  # that nobody reads on is no error


@pytest.mark.parametrize(
    ("shell", "complaint"),
    [
        ('"$@" > /dev/full', "OSError: [Errno 28] No space left on device"),
        ('"$@" >&-', "there is no standard output to write to"),
        # One block is less than the export, and more than nothing: half of it gets written.
        ('ulimit -f 1; exec "$@"', "OSError: [Errno 27] File too large"),
    ],
    ids=["full", "closed", "no room for the export"],
)
@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full and the numbers are Linux's")
def test_what_cannot_be_written_is_one_line(tmp_path: Path, shell: str, complaint: str) -> None:
    done = run(tmp_path, shell, PYTHONDONTWRITEBYTECODE="1")
    assert (done.returncode, done.stderr) == (1, f"The demo failed: {complaint}\n")
    assert not list(tmp_path.glob("*.csv"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_sandbox_ends_with_it(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, str(DEMO)],
        env=alone(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            port = int(process.stdout.readline().rsplit("http://127.0.0.1:")[1].split()[0])
            process.send_signal(number)
            assert process.wait(20) == -number
            assert process.stderr.read() == ""
        finally:
            process.kill()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=20).close()


def test_it_can_be_interrupted_while_it_imports(tmp_path: Path) -> None:
    """A module that it imports early sends the signal."""
    shadow = tmp_path / "early" / "csv.py"
    shadow.parent.mkdir()
    shadow.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    done = run(tmp_path, PYTHONPATH=str(shadow.parent))
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
