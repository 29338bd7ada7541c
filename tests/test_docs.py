"""The documents are run: their Python blocks, one after the other, against a sandbox; their files are read."""

from __future__ import annotations

import ast
import importlib
import json
import logging
import re
from pathlib import Path

import pytest

from genesyscloud import GenesysCloud
from genesyscloud.config import VARIABLES
from genesyscloud.configfile.reader import parse
from genesyscloud.configfile.schema import SECTIONS
from genesyscloud.sandbox import Sandbox

DOCS = Path(__file__).parents[1] / "docs"


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / name).read_text(encoding="utf-8"), re.S | re.M)


@pytest.mark.parametrize("name", ["authentication.md", "configuration.md", "logging.md"])
def test_examples_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for names in VARIABLES.values():
        for variable in names:
            monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("genesyscloud.configfile.files.home", lambda: str(tmp_path))
    profile = tmp_path / ".genesyscloud" / "profiles" / "prod"
    profile.parent.mkdir(parents=True)
    profile.touch(mode=0o600)
    logger = logging.getLogger("genesyscloud.http")
    level, handlers = logger.level, list(logger.handlers)
    with Sandbox() as sandbox:
        address = sandbox.serve(port=0)
        profile.write_text(blocks("configuration.md", "ini")[0].replace("https://api.mypurecloud.ie", address))
        namespace: dict[str, object] = {"__name__": "docs"}
        for number, block in enumerate(blocks(name, "python")):
            code = block.replace("http://127.0.0.1:8090", address)
            exec(compile(code, f"{name}, block {number}", "exec", dont_inherit=True), namespace)
        for value in namespace.values():
            if isinstance(value, GenesysCloud):
                value.close()
    for handler in logger.handlers:
        handler.close()
    logger.setLevel(level)
    logger.handlers[:] = handlers
    assert capsys.readouterr().out
    if name == "logging.md":
        assert json.loads((tmp_path / "genesyscloud.log").read_text().splitlines()[0])["level"] == "trace"
        assert "=== REQUEST ===" in (tmp_path / "requests.log").read_text()


@pytest.mark.parametrize("file", [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda file: file.name)
def test_what_examples_import_is_public(file: Path) -> None:
    """Type checkers refuse names that a module does not export, although they work at run time."""
    for block in re.findall(r"^```python\n(.*?)^```", file.read_text(encoding="utf-8"), re.S | re.M):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("genesyscloud"):
                module = importlib.import_module(str(node.module))
                if module.__name__ != "genesyscloud.models":
                    assert {alias.name for alias in node.names} <= set(module.__all__), ast.unparse(node)


@pytest.mark.parametrize("language", ["ini", "json"])
def test_the_files_in_the_documents_are_legal(language: str) -> None:
    (text,) = blocks("configuration.md", language)
    contents = parse(text.encode(), "docs")
    assert contents.unknown == []
    if language == "ini":
        assert {section for section, _ in contents.values} == set(SECTIONS)


def test_every_key_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    for section, keys in SECTIONS.items():
        for key in (section, *keys):
            assert f"`{key}`" in text, key
