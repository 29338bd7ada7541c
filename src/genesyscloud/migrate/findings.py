"""What is told to the person who migrates a script."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

__all__ = ["Finding", "Level"]


class Level(Enum):
    """How much a finding matters."""

    #: Keeps the file as it is until a person has decided.
    DECIDE = "decide"
    #: The file is converted; here its output or its errors may read differently.
    CHECK = "check"
    #: Could be simpler now.
    HINT = "hint"


class Finding(NamedTuple):
    """One place of a script: what is there, why it is not mechanical, and what to do."""

    line: int
    level: Level
    what: str
    why: str
    suggestion: str

    def __lt__(self, other: object) -> bool:
        return self.line < other.line if isinstance(other, Finding) else NotImplemented

    def text(self, name: str) -> str:
        """Return it as a line of the report.

        >>> Finding(3, Level.HINT, "the loop", "it reads pages", "use gc.paginate").text("a.py")
        'a.py:3: hint: the loop: it reads pages; use gc.paginate'
        """
        return f"{name}:{self.line}: {self.level.value}: {self.what}: {self.why}; {self.suggestion}"
