"""Look through the documents: every Python example compiles and every relative link leads somewhere.

Raises :class:`SystemExit` with what is wrong.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^( *)```python\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def problems(document: Path) -> Iterator[str]:
    """What is wrong with one document."""
    text = document.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        try:
            compile(textwrap.dedent(found[2]), str(document), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except SyntaxError as error:
            yield f"{document}:{line + (error.lineno or 0)}: {error.msg}"
    for found in LINK.finditer(text):
        if "://" not in found[1] and not (document.parent / found[1]).exists():
            yield f"{document}: no {found[1]}"


def main() -> None:
    """Check all documents."""
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("definition/*.md")]
    found = [problem for document in documents for problem in problems(document)]
    sys.exit("\n".join(found) if found else None)


if __name__ == "__main__":
    main()
