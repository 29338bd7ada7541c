"""``genesyscloud migrate``: from scripts for the vendor's package to scripts for the typed client.

A script is converted as a whole or left as it is: whatever cannot be converted without a person's decision keeps the
whole file unchanged, which runs with ``python -m genesyscloud.compat`` meanwhile. :mod:`genesyscloud.migrate.survey`
finds out what a script does with the vendor's names, :mod:`genesyscloud.migrate.rewrite` makes the new text.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from .facts import NAME

__all__ = ["Finding", "Level", "NotConvertible", "Outcome", "convert", "replace_file"]


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


class NotConvertible(ValueError):
    """A file that is not Python, or that cannot be read as such."""


class Outcome(NamedTuple):
    """What became of one script.

    ``after`` equals ``before`` when there is nothing to change, or something to decide first. ``findings`` are in the
    order of the lines.
    """

    before: bytes
    after: bytes
    findings: Sequence[Finding] = ()

    @property
    def changed(self) -> bool:
        """Whether there is something to write."""
        return self.before != self.after

    @property
    def undecided(self) -> bool:
        """Whether a person has to look at it."""
        return any(finding.level is not Level.HINT for finding in self.findings)

    @property
    def stays(self) -> bool:
        """Whether a person has to decide before anything is changed."""
        return any(finding.level is Level.DECIDE for finding in self.findings)

    def diff(self, name: str) -> str:
        """Return the change as a unified diff; empty without one."""
        lines = [text.decode("utf-8", "replace").splitlines(keepends=True) for text in (self.before, self.after)]
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in difflib.unified_diff(lines[0], lines[1], f"a/{name}", f"b/{name}")
        )


def convert(source: bytes) -> Outcome:
    """Convert one script; nothing is written.

    Args:
        source: the bytes of the file, in whatever encoding it declares.

    Raises:
        NotConvertible: it is not Python, or too deeply nested to be read.

    >>> found = convert(b"import PureCloudPlatformClientV2\\nprint(PureCloudPlatformClientV2.User().name)\\n")
    >>> print(found.after.decode(), end="")
    from genesyscloud.models import User
    print(User().name)
    """
    # Most files of a project have nothing to do with it, and need not be parsed.
    if NAME.encode() not in source:
        return Outcome(source, source)
    import libcst

    from .rewrite import rewrite
    from .survey import survey

    try:
        tree = _parse(source)
        module = libcst.parse_module(source)
        found = survey(module, tree)
        findings = sorted(found.findings)
        if module.bytes != source:
            findings.insert(0, _UNFAITHFUL)
        if any(finding.level is Level.DECIDE for finding in findings) or not found.imports:
            return Outcome(source, source, findings)
        after = rewrite(found)
    except (SyntaxError, ValueError, libcst.ParserSyntaxError) as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise NotConvertible(f"not Python {version}: {_words(error)}") from None
    except (RecursionError, MemoryError):
        raise NotConvertible("nested too deeply to be read") from None
    return Outcome(source, after, findings) if _whole(after) else Outcome(source, source, [_UNFAITHFUL, *findings])


def _whole(after: bytes) -> bool:
    """Whether a converted script is Python, and free of the vendor's names: never half a change."""
    import libcst

    from .survey import survey

    try:
        left = survey(libcst.parse_module(after), _parse(after))
    except (SyntaxError, ValueError, libcst.ParserSyntaxError, RecursionError, MemoryError):
        return False
    return not left.imports and not left.findings


_UNFAITHFUL = Finding(
    1, Level.DECIDE, "the script", "it cannot be written back faithfully", "convert it by hand, and please report it"
)


def _parse(source: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _words(error: Exception) -> str:
    line = getattr(error, "lineno", None) or getattr(error, "raw_line", None)
    text = getattr(error, "msg", None) or getattr(error, "message", None) or str(error)
    return f"line {line}: {text}" if line else str(text)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees half of it: next to it first, then in its place, with its mode.

    A link stays a link: what it leads to is replaced.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    target = Path(os.path.realpath(path))
    mode = target.stat().st_mode & 0o7777
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
