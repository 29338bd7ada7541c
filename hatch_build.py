"""The build backend's hook: makes the catalog and the type stubs from the definition.

It runs for wheels and for editable installs, in an environment that has hatchling and msgspec only, so it uses
the builder from ``src`` without the package being installed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DefinitionHook(BuildHookInterface[Any]):
    """Generates into ``src``; the files are ignored by git and declared as artifacts in ``pyproject.toml``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the files of a wheel are collected."""
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        try:
            from genesyscloud.build.generate import generate
        finally:
            sys.path.pop(0)
        generate(root / "definition" / "publicapi-v2.json", root / "src" / "genesyscloud")
