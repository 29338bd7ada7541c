"""What can be said for the path of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from typing import Protocol

    class PathLike(Protocol):
        """As :class:`os.PathLike`, which type checkers would have to read all of :mod:`os` for."""

        def __fspath__(self) -> str: ...


__all__ = ["StrPath"]

StrPath: TypeAlias = "str | PathLike"
