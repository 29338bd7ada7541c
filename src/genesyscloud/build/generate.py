"""Write everything that is generated from a definition into a package folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from .compile import compile_catalog
from .swagger import read_swagger

__all__ = ["generate"]


def generate(definition_file: Path, package: Path) -> list[str]:
    """Write catalog and stubs into ``package``, the folder of :mod:`genesyscloud`.

    Returns:
        What the reader of the definition passed over, one line each.
    """
    definition = read_swagger(msgspec.json.decode(definition_file.read_bytes()))
    target = package / "_generated" / "catalog.bin"
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(compile_catalog(definition))
    return definition.notes
