"""``docs/sandbox.md`` is true: its examples run, its description describes, what it lists is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.admin import ENTRIES
from genesyscloud.sandbox.seeds import FURTHER, SECTIONS, SeedError

TEXT = (Path(__file__).parents[1] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"(?<!<!-- skip -->\n)^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_the_examples_run(capsys: pytest.CaptureFixture[str]):
    names: dict[str, Any] = {}
    for block in _blocks("python"):
        exec(compile(block, "docs/sandbox.md", "exec", dont_inherit=True), names)
    assert capsys.readouterr().out.splitlines()[:2] == ["Support", "40"]


def test_the_description_describes_an_organization():
    description = yaml.safe_load(_blocks("yaml")[0])
    gc = Sandbox(seed_data=description).client()
    assert [user.name for user in gc.users.get_users().entities or []] == [
        "Sandbox Admin",
        "Ada Lovelace",
        "Grace Hopper",
    ]
    assert {*SECTIONS, *FURTHER} - description.keys() == {"teams", "examples"}
    for section in (*SECTIONS, *FURTHER):
        assert f"`{section}`" in TEXT


def test_the_errors_are_those_that_it_shows():
    shown = _blocks("text")[0]
    description = {
        "users": [{"name": "Ada Lovelace"}, {"name": "Grace", "manager": "Ada Lovelase"}],
        "queues": [{"name": "Q", "descripton": "x"}],
    }
    with pytest.raises(SeedError) as caught:
        Sandbox(seed_data=description)
    assert sorted(str(caught.value).splitlines()[1:]) == sorted(shown.splitlines()[1:])


def test_the_entries_that_it_lists_are_there():
    section = TEXT.partition("## From outside")[2].partition("\n## ")[0]
    known = {entry.path for entry in ENTRIES}
    for path in re.findall(r"(/sandbox[/a-z]*(?:/{name})?)", section):
        assert path.rstrip("/") in known, path


def test_the_example_of_the_areas_runs(capsys: pytest.CaptureFixture[str]):
    text = (Path(__file__).parents[1] / "docs" / "sandbox-areas.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(compile(block, "docs/sandbox-areas.md", "exec", dont_inherit=True), {})
    assert capsys.readouterr().out.splitlines() == ["1"]
