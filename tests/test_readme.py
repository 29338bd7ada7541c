"""The README is run: its Python blocks, one after the other, against a sandbox. Type checkers accept them as well."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from genesyscloud.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S | re.M)
CHECKERS = ("pyrightconfig.json", "mypy.ini")


def test_readme_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(BLOCKS) > 5
    with Sandbox() as sandbox:
        address = sandbox.serve(port=0)
        monkeypatch.setenv("GENESYSCLOUD_REGION", address)
        monkeypatch.setenv("GENESYSCLOUD_OAUTHCLIENT_ID", "sandbox")
        monkeypatch.setenv("GENESYSCLOUD_OAUTHCLIENT_SECRET", "sandbox")
        monkeypatch.delenv("GENESYSCLOUD_ACCESS_TOKEN", raising=False)
        namespace: dict[str, object] = {"__name__": "readme"}
        for number, block in enumerate(BLOCKS):
            code = block.replace("http://127.0.0.1:8090", address)
            exec(compile(code, f"README.md, block {number}", "exec", dont_inherit=True), namespace)
    printed = capsys.readouterr().out
    assert "250 conversations" in printed
    assert "not.found" in printed


@pytest.mark.parametrize("checker", ["pyright", "mypy"])
def test_type_checkers_accept_it(tmp_path: Path, checker: str) -> None:
    """All blocks as one program, as strict as everything in ``tests/typing``."""
    program = tmp_path / "program.py"
    program.write_text("\n".join(BLOCKS), encoding="utf-8")
    project, settings = (shutil.copy(ROOT / "tests" / "typing" / name, tmp_path) for name in CHECKERS)
    options = {
        "pyright": ["--pythonpath", sys.executable, "--project", str(project)],
        "mypy": ["--config-file", str(settings), str(program)],
    }[checker]
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-m", checker, *options], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / target).exists(), target
