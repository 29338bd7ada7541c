"""What processes of one machine agree on, in a file: short-lived values, none of them secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import time
from typing import Any, TypeVar, cast

from ..tokens import Change
from .files import JsonFile

__all__ = ["SharedValues"]

T = TypeVar("T")


class SharedValues:
    """Values under keys, each with an end.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._file = JsonFile(path)

    def update(self, key: str, change: Change[T]) -> T:
        """Change the value under ``key``; see :class:`~genesyscloud.auth.SharedTokenStore`."""
        with self._file.locked():
            now = time()
            kept = {name: entry for name, entry in self._file.read().items() if now < _end(entry)}
            value, seconds, result = change(kept[key]["value"] if key in kept else None, now)
            if value is None:
                kept.pop(key, None)
            else:
                kept[key] = {"value": value, "until": now + seconds}
            self._file.write(kept, lasting=False)
            return result


def _end(entry: Any) -> float:
    fields: Mapping[str, Any] = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
    until = fields.get("until")
    return until if isinstance(until, (int, float)) and isinstance(fields.get("value"), dict) else 0.0
