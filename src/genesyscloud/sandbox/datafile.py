"""State that outlives the process: the rows of a store in one SQLite file.

Only what differs from the start is in the file. One request is one transaction, committed before its reply leaves, so
a process that is killed loses nothing that it acknowledged: what SQLite has handed to the operating system survives
the process (https://www.sqlite.org/wal.html; that it also survives the machine is not promised, ``synchronous`` is
``NORMAL``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import msgspec

from .rows import Journal, SavedRow

__all__ = ["DataFile", "DataFileError"]

#: Says in the file's header that it is one of ours, and how it is laid out.
APPLICATION_ID = 0x47435362
LAYOUT = 1
_TABLES = """
CREATE TABLE rows (number INTEGER PRIMARY KEY, holder TEXT NOT NULL, key TEXT NOT NULL, value BLOB,
                   last INTEGER NOT NULL, UNIQUE (holder, key));
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_PUT = """
INSERT INTO rows (holder, key, value, last) VALUES (?, ?, ?, ?)
ON CONFLICT (holder, key) DO UPDATE SET value = excluded.value
"""


class DataFileError(OSError):
    """A file that cannot be used, or not written to; the text says which one, why, and what to do."""


class DataFile:
    """A file with the state of one sandbox. It belongs to one process at a time.

    Args:
        path: the file; made when it does not exist.

    Raises:
        DataFileError: the file is in use, is something else, or cannot be opened.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        #: What the sandbox started with that the rows in the file differ from; empty for a new file.
        self.facts: Mapping[str, Any] = {}
        with self._errors("opened"):
            # The sandbox's lock keeps threads apart.
            self._connection = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            with self._errors("opened"):
                self._open()
        except BaseException:
            self._connection.close()
            raise

    def _open(self) -> None:
        run = self._connection.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA synchronous = NORMAL")
        run("PRAGMA busy_timeout = 0")
        new = run("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        owner, layout = run("PRAGMA application_id").fetchone()[0], run("PRAGMA user_version").fetchone()[0]
        if not new and (owner, layout) != (APPLICATION_ID, LAYOUT):
            what = "was made by another version of this package" if owner == APPLICATION_ID else "is no sandbox's file"
            raise DataFileError(f"the data file {self.path} {what}: choose another one")
        run("PRAGMA journal_mode = WAL")
        # Taking the lock for writing now shows at once whether another process has the file.
        run("BEGIN IMMEDIATE")
        if new:
            for statement in _TABLES.split(";"):
                run(statement)
            run(f"PRAGMA application_id = {APPLICATION_ID}")
            run(f"PRAGMA user_version = {LAYOUT}")
        run("COMMIT")
        self.facts = {name: msgspec.json.decode(value) for name, value in run("SELECT name, value FROM facts")}

    def saved(self) -> dict[str, list[SavedRow]]:
        """All rows of the file, by name of what holds them."""
        found: dict[str, list[SavedRow]] = {}
        with self._errors("read"):
            for holder, key, value, last in self._connection.execute(
                "SELECT holder, key, value, last FROM rows ORDER BY number"
            ):
                found.setdefault(holder, []).append(SavedRow(key, value, bool(last)))
        return found

    def remember(self, facts: Mapping[str, Any]) -> None:
        """Keep what the sandbox started with.

        Args:
            facts: JSON values by name.
        """
        pairs = [(name, msgspec.json.encode(value).decode()) for name, value in facts.items()]
        with self._transaction() as run:
            run.executemany("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", pairs)
        self.facts = dict(facts)

    def check(self, facts: Mapping[str, Any]) -> None:
        """Compare what a sandbox starts with to what the file was made for.

        Raises:
            DataFileError: they differ.
        """
        for name, value in facts.items():
            found = self.facts.get(name)
            if found == value:
                continue
            if name == "description":
                raise DataFileError(f"the data file {self.path} was made with other seed data: choose another file")
            raise DataFileError(
                f"the data file {self.path} was made with {name}={found!r}, and this sandbox has {name}={value!r}: "
                f"start it like the former, or choose another file"
            )

    def write(self, journal: Journal) -> None:
        """Keep what a journal noted, all or nothing.

        Raises:
            DataFileError: nothing was kept.
        """
        with self._transaction() as run:
            for holder in journal.dropped:
                run.execute("DELETE FROM rows WHERE holder = ?", (holder,))
            for touched in journal.touched():
                if touched.rows.gone:
                    continue
                holder = touched.rows.name
                for key, row, renew in touched.changes():
                    if renew:
                        run.execute("DELETE FROM rows WHERE holder = ? AND key = ?", (holder, key))
                    if row is not None:
                        run.execute(_PUT, (holder, *row))

    def rewrite(self, everything: Iterable[tuple[str, Iterable[SavedRow]]]) -> None:
        """Keep these rows in place of all that there are.

        Raises:
            DataFileError: the file holds what it held before.
        """
        with self._transaction() as run:
            run.execute("DELETE FROM rows")
            for holder, rows in everything:
                run.executemany(_PUT, ((holder, *row) for row in rows))

    def close(self) -> None:
        """Let go of the file; another process may use it then."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Cursor]:
        with self._errors("written to"):
            run = self._connection.cursor()
            run.execute("BEGIN IMMEDIATE")
            try:
                yield run
                run.execute("COMMIT")
            except BaseException:
                # SQLite itself has rolled back after some errors, a full disk among them.
                if self._connection.in_transaction:
                    run.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self, what: str) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise DataFileError(f"the data file {self.path} cannot be {what}: {_reason(error)}") from error


def _reason(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_BUSY:
        return "another process is using it; stop that one or choose another file"
    if code == sqlite3.SQLITE_NOTADB:
        return "it is no sandbox's file; choose another one"
    if code == sqlite3.SQLITE_CANTOPEN:
        return "check that its folder exists and that you may write there"
    return str(error)
