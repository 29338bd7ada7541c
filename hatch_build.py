"""The build backend's hook: makes the catalog and the type stubs from the definition, and outlines for wheels.

It runs for wheels and for editable installs, in an environment that has hatchling and msgspec only, so it uses
the builder from ``src`` without the package being installed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DefinitionHook(BuildHookInterface[Any]):
    """Generates into ``src``; the files are ignored by git and declared as artifacts in ``pyproject.toml``.

    Outlines are for wheels only: in a checkout, type checkers are to look at the sources.
    """

    _outlines: tempfile.TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the files of a wheel are collected."""
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        try:
            from genesyscloud.build.generate import generate
            from genesyscloud.build.outlines import outlines
        finally:
            sys.path.pop(0)
        package = root / "src" / "genesyscloud"
        for note in generate(root / "definition" / "publicapi-v2.json", package):
            self.app.display_warning(note)
        if version == "editable":
            return
        self._outlines = tempfile.TemporaryDirectory()
        for path, text in outlines(package).items():
            file = Path(self._outlines.name, path)
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            build_data["force_include"][str(file)] = f"genesyscloud/{path}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Called after the wheel is written."""
        if self._outlines is not None:
            self._outlines.cleanup()
