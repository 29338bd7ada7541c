"""Tokens in a file, for the programs of one person on one machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar, cast

from ...paths import StrPath
from ..tokens import Change, Token, token_from_stored, token_to_stored
from .files import JsonFile
from .values import SharedValues

__all__ = ["FileTokenStore"]

T = TypeVar("T")


class FileTokenStore:
    """Tokens in a JSON file that only its owner can read (mode 0600), shared by processes of this machine.

    Next to it are ``<path>.lock``, and ``<path>.shared`` with what processes agree on. Not for network file systems
    without locks.

    Args:
        path: of the file; ``~`` is the home directory. Made when the first token is stored.
        prefix: put in front of every key, to keep several sets of tokens in one file.

    >>> store = FileTokenStore("~/.genesyscloud/tokens.json", prefix="prod")          # doctest: +SKIP
    """

    blocking = True

    def __init__(self, path: StrPath, *, prefix: str = "") -> None:
        self._path = Path(path).expanduser()
        self._prefix = f"{prefix}|" if prefix else ""
        self._file = JsonFile(self._path)
        self._values = SharedValues(self._path.with_name(f"{self._path.name}.shared"))

    def load(self, key: str) -> Token | None:
        """Return the token stored under ``key``, or ``None``, also when the file is broken.

        Raises:
            TokenStoreError: the file exists but cannot be read.
        """
        return token_from_stored(_tokens(self._file.read()).get(self._prefix + key))

    def save(self, key: str, token: Token) -> None:
        """Store ``token`` under ``key``.

        Raises:
            TokenStoreError: the file cannot be written; it is as it was.
        """
        self._replace(key, token_to_stored(token))

    def delete(self, key: str) -> None:
        """Forget the token under ``key``.

        Raises:
            TokenStoreError: the file cannot be written.
        """
        self._replace(key, None)

    def _replace(self, key: str, stored: dict[str, Any] | None) -> None:
        with self._file.locked():
            tokens = dict(_tokens(self._file.read()))
            if stored is None and self._prefix + key not in tokens:
                return
            tokens.pop(self._prefix + key, None)
            if stored is not None:
                tokens[self._prefix + key] = stored
            self._file.write({"version": 1, "tokens": tokens}, lasting=True)

    def update(self, key: str, change: Change[T]) -> T:
        """Change a value while no other process can; see :class:`~genesyscloud.auth.SharedTokenStore`."""
        return self._values.update(self._prefix + key, change)

    def __repr__(self) -> str:
        return f"FileTokenStore({str(self._path)!r})"


def _tokens(content: dict[str, Any]) -> dict[str, Any]:
    tokens = content.get("tokens")
    return cast("dict[str, Any]", tokens) if isinstance(tokens, dict) else {}
