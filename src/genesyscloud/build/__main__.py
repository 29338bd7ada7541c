"""``python -m genesyscloud.build``: make the generated files of a checkout again."""

from __future__ import annotations

import sys
from pathlib import Path

from .generate import generate
from .swagger import DefinitionError

if __name__ == "__main__":
    root = Path(__file__).parents[3]
    try:
        for note in generate(root / "definition" / "publicapi-v2.json", Path(__file__).parents[1]):
            print(note, file=sys.stderr)
    except DefinitionError as error:
        sys.exit(str(error))
