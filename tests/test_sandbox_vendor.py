"""The vendor's SDKs, as they are published, against the sandbox: every way to it, and every grant."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from genesyscloud.sandbox import Sandbox

from .realparts import program

ROOT = Path(__file__).parents[1]
#: Where the Makefile installs the vendor's packages.
PYTHON = ROOT / ".venv-vendor" / "bin" / "python"
MODULES = ROOT / ".vendor-js" / "node_modules"
SCRIPTS = Path(__file__).parent / "peers"
SECONDS = 120
DONE = {"queues": 250, "user": "Ann", "same": True}


@pytest.fixture(scope="module")
def http() -> Iterator[Sandbox]:
    with Sandbox(auto_login=True) as sandbox:
        sandbox.serve()
        yield sandbox


@pytest.fixture(scope="module")
def https() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        sandbox.serve(https=True)
        yield sandbox


def _run(command: list[str], home: Path, **environment: str) -> dict[str, Any]:
    """Run a program with a home of its own, and return what it printed for each way."""
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, check=False,
        env={**clean, "HOME": str(home), "NODE_PATH": str(MODULES), **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(line) for line in done.stdout.splitlines())


def _configure(home: Path, language: str, text: str) -> None:
    folder = home / f".genesyscloud{language}"
    folder.mkdir()
    (folder / "config").write_text(text)


def _python(address: str, ways: str, home: Path, ca_file: str = "") -> dict[str, Any]:
    if not PYTHON.exists():
        pytest.fail(f"{PYTHON} is missing: make test installs the vendor's package there")
    return _run([str(PYTHON), str(SCRIPTS / "vendor_steps.py"), address, ways, ca_file], home)


def _javascript(address: str, ways: str, home: Path, **environment: str) -> dict[str, Any]:
    node = program("node")
    if not (MODULES / "purecloud-platform-client-v2").exists():
        pytest.fail(f"{MODULES} is missing: make test installs the vendor's package there")
    return _run([node, str(SCRIPTS / "vendor_steps.js"), address, ways], home, **environment)


def test_python_by_its_configuration_file(http: Sandbox, tmp_path: Path):
    _configure(tmp_path, "python", f"[general]\nhost = {http.address}\nlive_reload_config = false\n")
    assert _python(http.address, "file", tmp_path) == {"file": DONE}


def test_python_by_address_by_gateway_and_every_grant(http: Sandbox, tmp_path: Path):
    found = _python(http.address, "host,gateway,grants", tmp_path)
    admin = "Sandbox Admin"
    assert found == {
        "host": DONE,
        "gateway": DONE,
        "grants": {"code": admin, "refreshed": admin, "pkce": admin, "saml2": admin, "made": True},
    }


def test_python_by_name_resolution(https: Sandbox, tmp_path: Path):
    assert _python(https.address, "names", tmp_path, https.ca_file) == {"names": DONE}


def test_javascript_by_its_configuration_file(http: Sandbox, tmp_path: Path):
    port = urlsplit(http.address).port
    _configure(tmp_path, "javascript", f"[gateway]\nhost = 127.0.0.1\nprotocol = http\nport = {port}\n")
    assert _javascript(http.address, "file", tmp_path) == {"file": DONE}


def test_javascript_by_gateway_and_its_grants(http: Sandbox, tmp_path: Path):
    found = _javascript(http.address, "gateway,grants", tmp_path)
    assert found == {"gateway": DONE, "grants": {"code": "Sandbox Admin", "saml2": "Sandbox Admin"}}


def test_javascript_by_name_resolution(https: Sandbox, tmp_path: Path):
    options = {"NODE_OPTIONS": f"--require {SCRIPTS / 'vendor_names.js'}", "NODE_EXTRA_CA_CERTS": https.ca_file}
    assert _javascript(https.address, "names", tmp_path, **options) == {"names": DONE}
