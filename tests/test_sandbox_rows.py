"""Rows and their journal: whatever is done is taken back exactly, and a file that is told of it has the same rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.sandbox.rows import MISSING, Journal, Rows, SavedRow

START = {"a": 1, "b": {"x": [1]}, "c": None}
KEYS = st.sampled_from("abcdef")
VALUES = st.none() | st.integers() | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)
Steps = list[tuple[str, Any] | str]
#: A key and a value puts, a key alone removes.
STEPS: st.SearchStrategy[Steps] = st.lists(st.tuples(KEYS, VALUES) | KEYS, max_size=12)


class Kept:
    """A file that hears of every commit."""

    def __init__(self) -> None:
        self.rows: dict[str, SavedRow] = {}

    def commit(self, journal: Journal) -> None:
        for touched in journal.touched():
            for key, row, renew in touched.changes():
                if renew:
                    self.rows.pop(key, None)
                if row is not None:
                    before = self.rows.get(key)
                    self.rows[key] = row if before is None else before._replace(value=row.value)
        journal.clear()


def _rows(saved: list[SavedRow] | None = None) -> tuple[Rows, Journal]:
    journal = Journal()
    return Rows("test", journal, lambda: dict(START), saved or []), journal


def _take(rows: Rows, steps: Steps) -> None:
    for step in steps:
        if isinstance(step, str):
            if step in rows.all:
                rows.remove(step)
        else:
            rows.put(*step)


def _seen(rows: Rows) -> list[tuple[str, Any]]:
    """The rows in their order."""
    return list(rows.decoded().items())


@given(STEPS, STEPS)
def test_taking_back_restores_rows_and_their_order(first: Steps, second: Steps):
    rows, journal = _rows()
    _take(rows, first)
    journal.clear()
    before = _seen(rows)
    _take(rows, second)
    journal.undo()
    assert _seen(rows) == before
    assert not journal


@given(STEPS, STEPS, STEPS)
def test_a_file_that_hears_of_commits_has_the_same_rows(first: Steps, second: Steps, taken_back: Steps):
    rows, journal = _rows()
    file = Kept()
    for steps in (first, second):
        _take(rows, steps)
        file.commit(journal)
        _take(rows, taken_back)
        journal.undo()
    loaded, _ = _rows(list(file.rows.values()))
    assert _seen(loaded) == _seen(rows)


@given(STEPS)
def test_differences_are_enough(steps: Steps):
    rows, _ = _rows()
    _take(rows, steps)
    loaded, _ = _rows(list(rows.differences()))
    assert _seen(loaded) == _seen(rows)
    untouched, _ = _rows(list(rows.differences()))
    assert list(untouched.differences()) == list(rows.differences())


@given(STEPS, STEPS)
def test_a_copy_is_a_snapshot(first: Steps, second: Steps):
    rows, _ = _rows()
    _take(rows, first)
    before, copy = _seen(rows), rows.copy()
    _take(rows, second)
    assert _seen(rows.with_rows(copy)) == before
    rows.replace(copy)
    assert _seen(rows) == before


def test_rows_of_a_file_are_decoded_when_they_are_read():
    rows, _ = _rows([SavedRow("b", b"[1]", False), SavedRow("a", None, False), SavedRow("z", b'{"q":2}', True)])
    assert list(rows.all) == ["b", "c", "z"]
    assert (rows.get("b"), rows.get("z"), rows.get("a")) == ([1], {"q": 2}, MISSING)
    with pytest.raises(KeyError):
        rows.remove("a")
