"""Rows by key, and a journal of what was done to them: enough to take it back, and enough to write it down.

Everything that the sandbox keeps is in such rows. A row is a JSON value that is replaced, never changed in place; so a
copy of the mapping is a snapshot, and the value that was there before is all that undoing needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

__all__ = ["MISSING", "SEEDED", "Journal", "Rows", "SavedRow", "Touched"]

MISSING: Final[Any] = object()
#: A row that is there from the start and that nobody changed: it is made anew whenever somebody looks.
SEEDED: Final[Any] = object()


class SavedRow(NamedTuple):
    """A row as it is kept in a file.

    Attributes:
        key: its key.
        value: JSON; ``None`` when the row of that key that was there from the start is gone.
        last: whether it came behind all rows that were there from the start, even if one of them had its key.
    """

    key: str
    value: bytes | None
    last: bool


class Rows:
    """Rows in the order in which they came.

    A value may be there as ``bytes``: JSON that is decoded when it is first read.

    Args:
        name: what they are called in a file.
        journal: is told of every change before it is made.
        start: makes the rows that are there from the start, the same ones each time; called when somebody looks.
        saved: what a file says of how they differ from those.
    """

    __slots__ = ("_encoded", "_journal", "_make_start", "_rows", "_saved", "_start", "gone", "name")

    def __init__(
        self,
        name: str,
        journal: Journal,
        start: Callable[[], dict[str, Any]],
        saved: Iterable[SavedRow] = (),
    ) -> None:
        self.name = name
        #: Whether they were dropped altogether.
        self.gone = False
        self._journal = journal
        self._make_start = start
        self._start: dict[str, Any] | None = None
        self._saved = tuple(saved)
        self._rows: dict[str, Any] | None = None
        self._encoded = bool(self._saved)

    @property
    def start(self) -> Mapping[str, Any]:
        """The rows that are there from the start."""
        if self._start is None:
            self._start = self._make_start()
        return self._start

    @property
    def all(self) -> dict[str, Any]:
        """The rows themselves, to be read only."""
        rows = self._rows
        if rows is None:
            rows = self._rows = dict(self.start)
            for key, value, last in self._saved:
                if value is None or last:
                    rows.pop(key, None)
                if value is not None:
                    rows[key] = value
            self._saved = ()
        return rows

    def decoded(self) -> dict[str, Any]:
        """The rows, none of them encoded any more; to be read only."""
        rows = self.all
        if self._encoded:
            for key, value in rows.items():
                if type(value) is bytes:
                    rows[key] = msgspec.json.decode(value)
            self._encoded = False
        return rows

    def get(self, key: str) -> Any:
        """The row of ``key``, or :data:`MISSING`."""
        rows = self.all
        found = rows.get(key, MISSING)
        if type(found) is bytes:
            found = rows[key] = msgspec.json.decode(found)
        return found

    def put(self, key: str, value: Any) -> None:
        """Add or replace a row."""
        rows = self.all
        self._journal.before_put(self, rows, key)
        rows[key] = value

    def remove(self, key: str) -> None:
        """Remove a row; :class:`KeyError` when there is none."""
        rows = self.all
        if key not in rows:
            raise KeyError(key)
        self._journal.before_removal(self, rows, key)
        del rows[key]

    def copy(self) -> dict[str, Any] | None:
        """The rows of this moment, in a mapping of their own; ``None`` when they are those of the start."""
        if self._rows is None and not self._saved:
            return None
        return dict(self.all)

    def replace(self, rows: Mapping[str, Any] | None) -> None:
        """Have what :meth:`copy` gave in place of all that there are; the journal does not hear of it."""
        self._rows = None if rows is None else dict(rows)
        self._saved = ()
        self._encoded = rows is not None

    def forget_start(self) -> None:
        """Make the rows of the start anew when somebody looks, and have no others."""
        self._start = None
        self.replace(None)

    def with_rows(self, rows: Mapping[str, Any] | None) -> Rows:
        """Rows with the same start and what :meth:`copy` gave."""
        made = Rows(self.name, self._journal, self._make_start)
        made._start = self._start
        made.replace(rows)
        return made

    def differences(self) -> Iterator[SavedRow]:
        """How the rows differ from those of the start: all that a file must know of them."""
        if self._rows is None:
            yield from self._saved
            return
        start = self.start
        yield from (SavedRow(key, None, False) for key in start if key not in self._rows)
        places = {key: place for place, key in enumerate(start)}
        highest = -1
        for key, value in self._rows.items():
            place = places.get(key, len(places))
            last = place == len(places) or place < highest
            highest = max(highest, place)
            if last or value is not start[key]:
                yield SavedRow(key, _encoded(value), last)


def _encoded(value: Any) -> bytes:
    return value if type(value) is bytes else msgspec.json.encode(value)


class Touched:
    """What was done to some rows since the last commit."""

    __slots__ = ("before", "order", "removed", "rows")

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        #: By key: what was there, or :data:`MISSING`.
        self.before: dict[str, Any] = {}
        #: All rows before the first of them was removed: a removed row must come back to its place.
        self.order: Mapping[str, Any] | None = None
        self.removed: set[str] = set()

    def undo(self) -> None:
        """Put the rows back to what they were."""
        rows = self.rows.all
        if self.order is not None:
            rows.clear()
            rows.update(self.order)
        for key, value in self.before.items():
            if value is MISSING:
                rows.pop(key, None)
            else:
                rows[key] = value

    def changes(self) -> Iterator[tuple[str, SavedRow | None, bool]]:
        """What a file must be told: each key, its row if it is to have one, and whether an older one is to go first."""
        rows = self.rows.all
        for key, before in self.before.items():
            value = rows.get(key, MISSING)
            last = before is MISSING or key in self.removed
            if value is not MISSING:
                yield key, SavedRow(key, _encoded(value), last), last
            else:
                yield key, SavedRow(key, None, False) if key in self.rows.start else None, True


class Journal:
    """Notes what happens to rows between one commit and the next."""

    def __init__(self) -> None:
        self._touched: dict[int, Touched] = {}
        #: Names of rows that are gone altogether.
        self.dropped: dict[str, Callable[[], None]] = {}

    def __bool__(self) -> bool:
        return bool(self._touched or self.dropped)

    def before_put(self, rows: Rows, held: Mapping[str, Any], key: str) -> None:
        """Note that the row of ``key`` is about to be added or replaced."""
        before = self._of(rows).before
        if key not in before:
            before[key] = held.get(key, MISSING)
        elif key not in held:
            # It comes back, behind all others: a file is told in the order in which rows came.
            before[key] = before.pop(key)

    def before_removal(self, rows: Rows, held: Mapping[str, Any], key: str) -> None:
        """Note that a row is about to be removed."""
        touched = self._of(rows)
        touched.before.setdefault(key, held[key])
        touched.removed.add(key)
        if touched.order is None:
            touched.order = dict(held)

    def drop(self, name: str, undo: Callable[[], None]) -> None:
        """Note that all rows called ``name`` are gone, with what brings them back."""
        self.dropped.setdefault(name, undo)

    def _of(self, rows: Rows) -> Touched:
        found = self._touched.get(id(rows))
        if found is None:
            found = self._touched[id(rows)] = Touched(rows)
        return found

    def touched(self) -> list[Touched]:
        """All rows that were touched, in the order in which they first were."""
        return list(self._touched.values())

    def undo(self) -> None:
        """Take everything back since the last :meth:`clear`."""
        for touched in self._touched.values():
            touched.undo()
        for bring_back in self.dropped.values():
            bring_back()
        self.clear()

    def clear(self) -> None:
        """Forget what was noted: it stays."""
        self._touched, self.dropped = {}, {}
