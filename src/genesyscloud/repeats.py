"""What a list that does not end has in common: positions that were asked for before, pages that came before.

:class:`Repeats` is told of every page and says when to stop. It remembers a bounded number of hashes, and one page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import codec

__all__ = ["Repeats", "Trail"]

#: Hashes that are remembered one by one: some 100 kB.
RECENT = 1000
#: Repeated pages in a row that are beyond chance, where a single one may be.
MAX_REPEATED_PAGES = 3


class Trail:
    """Remember what was met: the last thousand, and a landmark.

    The landmark is set anew at the first, second, fourth, eighth … thing, so that a walk in circles of any length meets
    it in the end (R. P. Brent, "An improved Monte Carlo factorization algorithm", BIT 20, 1980), and memory stays
    constant.

    >>> trail = Trail()
    >>> trail.add(7), 7 in trail, 8 in trail
    (False, True, False)
    """

    def __init__(self) -> None:
        self._recent: dict[int, None] = {}
        self._landmark: int | None = None
        self._count = 0

    def __contains__(self, key: int) -> bool:
        return key in self._recent or key == self._landmark

    def add(self, key: int) -> bool:
        """Remember ``key``; return whether it was known."""
        known = key in self
        self._count += 1
        if self._count & (self._count - 1) == 0:
            self._landmark = key
        self._recent.pop(key, None)
        self._recent[key] = None
        if len(self._recent) > RECENT:
            del self._recent[next(iter(self._recent))]
        return known


class Repeats:
    """What was asked for and what came, of one list."""

    def __init__(self) -> None:
        self._positions = Trail()
        self._pages = Trail()
        self._page = b""
        self._saved = ""
        self._again = 0

    def asked(self, position: Mapping[str, Any]) -> None:
        """A page was asked for by this position."""
        self._positions.add(_key(position))

    def was_asked(self, position: Mapping[str, Any]) -> bool:
        """Whether this position leads back to a page that was had."""
        return _key(position) in self._positions

    def came(self, rows: list[Any], *, sure: bool, bounded: bool) -> str:
        """Take a page that has rows; return why it is the end, or nothing.

        That a page is the one before it again is certain when its rows are identifiers, or differ from each other.
        Rows that are all alike can rightly fill more than one page, and a page may come again later because the list
        moved: then only several in a row count, and only where nothing else will end the list.

        Args:
            rows: identifiers, or the items themselves where there are none.
            sure: whether a page that is the one before it is a repetition even if its rows are all alike.
            bounded: whether the service has told where the list ends.
        """
        page = codec.encode(rows)
        same = page == self._page and (sure or _differ(rows))
        if self._saved:
            # Between then and now a list can well have grown by a single row.
            same, self._saved = _digest(page) == self._saved and _differ(rows), ""
        seen = self._pages.add(hash(page))
        self._again = self._again + 1 if seen and not bounded else 0
        self._page = page
        if same:
            return "the page is the one before it again; the endpoint seems to ignore where to go on"
        if self._again >= MAX_REPEATED_PAGES:
            return f"{MAX_REPEATED_PAGES} pages in a row had come before; the endpoint seems to go round in circles"
        return ""

    @property
    def saved(self) -> str:
        """The last page as a short text, for a saved state."""
        return _digest(self._page) if self._page else self._saved

    def resume(self, saved: str) -> None:
        """Compare the first page that will come with the last one of another iteration."""
        self._saved = saved


def _key(position: Mapping[str, Any]) -> int:
    return hash(repr(sorted(position.items())))


def _differ(rows: list[Any]) -> bool:
    first = codec.encode(rows[0])
    return any(codec.encode(row) != first for row in rows[1:])


def _digest(page: bytes) -> str:
    import hashlib  # costs a program that pages without saving its place some milliseconds

    return hashlib.blake2b(page, digest_size=8).hexdigest()
