"""Tokens of this process only."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from time import time
from typing import Any, TypeVar

from ..tokens import Change, Token

__all__ = ["MemoryTokenStore"]

T = TypeVar("T")


class MemoryTokenStore:
    """Tokens of this process. Hand one to several clients, and they share their logins.

    >>> store = MemoryTokenStore()
    >>> store.load("key") is None
    True
    """

    blocking = False

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._values: dict[str, tuple[Mapping[str, Any], float]] = {}
        self._lock = threading.Lock()

    def load(self, key: str) -> Token | None:
        """Return the token stored under ``key``, or ``None``."""
        return self._tokens.get(key)

    def save(self, key: str, token: Token) -> None:
        """Store ``token`` under ``key``."""
        self._tokens[key] = token

    def delete(self, key: str) -> None:
        """Forget the token under ``key``."""
        self._tokens.pop(key, None)

    def update(self, key: str, change: Change[T]) -> T:
        """Change a value while no other thread can; see :class:`~genesyscloud.auth.SharedTokenStore`."""
        with self._lock:
            now = time()
            self._values = {name: kept for name, kept in self._values.items() if now < kept[1]}
            found = self._values.get(key)
            value, seconds, result = change(found[0] if found else None, now)
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = (value, now + seconds)
            return result

    def __repr__(self) -> str:
        return f"MemoryTokenStore({len(self._tokens)} tokens)"
