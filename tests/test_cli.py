"""The command ``genesyscloud``."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.request import urlopen

import pytest

from genesyscloud.cli.commands import cli
from genesyscloud.cli.main import MISSING

COMMAND = [sys.executable, "-m", "genesyscloud.cli.main", "sandbox"]


def test_the_sandbox_says_where_it_is_and_ends_with_ctrl_c():
    with subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline().decode()
        assert "client id sandbox" in line
        address = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
        with pytest.raises(OSError, match="401"):
            urlopen(f"{address}/api/v2/users/me", timeout=10)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr.read() == b""


def test_the_sandbox_speaks_https_to_those_who_trust_its_file(tmp_path: Path):
    trusted = tmp_path / "ca.pem"
    command = [*COMMAND, "--port", "0", "--https", "--ca-file", str(trusted), "--enforce-permissions"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        address = next(word for word in process.stdout.readline().decode().split() if word.startswith("https://"))
        assert str(trusted) in process.stdout.readline().decode()
        context = ssl.create_default_context(cafile=str(trusted))
        with pytest.raises(OSError, match="401"):
            urlopen(f"{address}/gateway/api/v2/users/me", timeout=10, context=context)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr.read() == b""


def test_a_file_that_cannot_be_written_is_said_clearly(tmp_path: Path):
    command = [*COMMAND, "--port", "0", "--https", "--ca-file", str(tmp_path / "none" / "ca.pem")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_said_clearly():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("package", "command", "extra", "status"),
    [
        ("click", ["sandbox", "--port", "0"], "sandbox", 1),
        ("uvicorn", ["sandbox", "--port", "0"], "sandbox", 1),
        ("click", ["migrate", "x.py"], "migrate", 3),
        ("libcst", ["migrate", "x.py"], "migrate", 3),
    ],
)
def test_missing_packages_are_named(package: str, command: list[str], extra: str, status: int):
    blocked = f"import sys; sys.modules[{package!r}] = None; sys.argv[1:] = {command}\n"
    code = blocked + "from genesyscloud.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False, env=dict(os.environ)
    )
    assert done.returncode == status
    assert f"pip install 'genesyscloud[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_says_what_it_needs():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert MISSING.keys() == cli.commands.keys()
    assert {extra for extra, _ in MISSING.values()} <= project["optional-dependencies"].keys()


def test_help_and_document_of_migrate_have_the_same_statuses():
    document = (Path(__file__).parents[1] / "docs" / "migrate.md").read_text(encoding="utf-8")
    told = " ".join((cli.commands["migrate"].help or "").partition("Exit status:")[2].split())
    assert re.findall(r"^\| (\d) \|", document, re.M) == re.findall(r"\b\d\b", told)
    assert str(MISSING["migrate"][1]) in told


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_output_is_one_line():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "genesyscloud", "sandbox", "coverage"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "genesyscloud: No space left on device\n")
