"""Options of ``genesyscloud sandbox``."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from genesyscloud.sandbox.settings import setting_of

COMMAND = [sys.executable, "-m", "genesyscloud.cli.main", "sandbox"]


@contextmanager
def _running(*options: str) -> Generator[str]:
    """The address of a sandbox that ends without a complaint."""
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            line = process.stdout.readline()
            yield next(word for word in line.split() if word.startswith("http://"))
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) in (0, -signal.SIGTERM)
            assert process.stderr.read() == ""
        finally:
            process.kill()


def _get(url: str, token: str = "", body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url, data, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as reply:
        return json.load(reply)


def _token(address: str) -> str:
    return _get(f"{address}/sandbox/token", body={})["access_token"]


def test_the_state_outlives_the_process(tmp_path: Path):
    options = ("--data", str(tmp_path / "state.db"), "--seed", "demo", "--seed", "7")
    with _running(*options) as address:
        made = _get(f"{address}/api/v2/routing/queues", _token(address), {"name": "Mine"})["id"]
    with _running(*options) as address:
        token = _token(address)
        assert _get(f"{address}/api/v2/routing/queues/{made}", token)["name"] == "Mine"
        assert _get(f"{address}/api/v2/routing/queues", token)["total"] == 41


def test_a_file_describes_the_organization_and_settings_are_set(tmp_path: Path):
    file = tmp_path / "office.yaml"
    file.write_text("users: [Ada, Grace]\n")
    with _running("--seed", str(file), "--set", "page_size=1", "--set", "client_credentials_user=false") as address:
        users = _get(f"{address}/api/v2/users", _token(address))
        assert (users["total"], len(users["entities"])) == (3, 1)


def test_the_coverage_is_written():
    done = subprocess.run([*COMMAND, "coverage"], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.startswith("# What the sandbox does\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "dmeo"], "there is no file dmeo"),
        (["--seed", "demo", "--seed", "empty"], "one number, and one organization or file"),
        (["--seed", "1", "--seed", "2"], "one number, and one organization or file"),
        (["--data", "/nowhere/at/all.db"], "check that its folder exists"),
        (["--set", "page_sise=1"], "Did you mean 'page_size'?"),
        (["--set", "page_size=many"], "the setting page_size cannot be 'many'"),
        (["--ca-file", "x"], "of use with --https only"),
    ],
)
def test_what_is_wrong_is_said(options: list[str], message: str):
    done = subprocess.run([*COMMAND, "--port", "0", *options], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_description_is_said_with_all_its_places(tmp_path: Path):
    file = tmp_path / "office.json"
    file.write_text('{"users": [{"name": "A", "manager": "B"}], "quues": []}')
    command = [*COMMAND, "--port", "0", "--seed", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"Error: {file} does not describe an organization:" in done.stderr
    assert "users[0].manager: there is no user 'B'." in done.stderr
    assert "quues: is no section. Did you mean 'queues'?" in done.stderr


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("page_size=50", ("page_size", 50)),
        ("page-size=50", ("page_size", 50)),
        ("rate_limit=null", ("rate_limit", None)),
        ("client_id=42", ("client_id", "42")),
        ("seed=abc", ("seed", "abc")),
        ("rate_limit_message=seconds", ("rate_limit_message", "seconds")),
        ('seeded_counts={"/api/v2/users": 3}', ("seeded_counts", {"/api/v2/users": 3})),
        ('prefixes=["/a"]', ("prefixes", ["/a"])),
    ],
)
def test_settings_as_text(text: str, found: tuple[str, Any]):
    assert setting_of(text) == found


@pytest.mark.parametrize("text", ["", "page_size", "=1", "clock=1", "check_enums=1", "page_size=1.5", "nothing=1"])
def test_texts_that_are_no_setting(text: str):
    with pytest.raises(ValueError, match="setting"):
        setting_of(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("page_size_maximum", "the setting 'page_size_maximum' needs a value: page_size_maximum=VALUE"),
        ("x=1", "there is no setting 'x'"),
        ("rate_limits=1", "there is no setting 'rate_limits'. Did you mean 'rate_limit'?"),
    ],
)
def test_what_is_wrong_with_a_setting_is_said(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        setting_of(text)
