"""Whether pages and positions came before."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.repeats import MAX_REPEATED_PAGES, RECENT, Repeats, Trail


@given(st.lists(st.integers(0, 20), max_size=60))
def test_a_short_trail_is_a_set(keys: list[int]) -> None:
    trail, met = Trail(), set[int]()
    for key in keys:
        assert (key in trail) == (key in met)
        assert trail.add(key) == (key in met)
        met.add(key)


@pytest.mark.parametrize("before", [0, 1, 500, 3000])
@pytest.mark.parametrize("length", [1, 2, RECENT, RECENT + 1, 5000])
def test_no_circle_is_too_long(before: int, length: int) -> None:
    walk = itertools.chain(range(-before, 0), itertools.cycle(range(length)))
    trail = Trail()
    steps = next(number for number, key in enumerate(walk) if trail.add(key))
    assert before + length <= steps <= 4 * (before + length)


def test_a_trail_forgets() -> None:
    trail = Trail()
    for key in range(10 * RECENT):
        assert not trail.add(key)
    assert sum(key in trail for key in range(10 * RECENT)) <= RECENT + 1


def test_positions() -> None:
    repeats = Repeats()
    repeats.asked({"after": "a", "before": "b"})
    assert repeats.was_asked({"before": "b", "after": "a"})
    assert not repeats.was_asked({"after": "b", "before": "a"})


ALIKE: list[Any] = [{"a": 1}, {"a": 1}]
DIFFERENT: list[Any] = [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("rows", "sure", "bounded", "ends_at"),
    [
        (DIFFERENT, False, False, 2),
        (DIFFERENT, False, True, 2),
        (ALIKE, True, False, 2),
        (ALIKE, True, True, 2),
        (ALIKE, False, False, 1 + MAX_REPEATED_PAGES),
        (ALIKE, False, True, 0),
    ],
)
def test_the_same_page_again(rows: list[Any], sure: bool, bounded: bool, ends_at: int) -> None:
    repeats = Repeats()
    ends = [number for number in range(1, 20) if repeats.came(rows, sure=sure, bounded=bounded)]
    assert ends[:1] == ([ends_at] if ends_at else [])


def test_a_page_that_comes_again_once_is_no_circle() -> None:
    repeats = Repeats()
    pages = [["a"], ["b"], ["a"], ["c"], ["a"], ["b"], ["d"]]
    assert not any(repeats.came(page, sure=True, bounded=False) for page in pages)


def test_a_page_is_compared_with_a_saved_one() -> None:
    first = Repeats()
    assert first.saved == ""
    first.came(DIFFERENT, sure=False, bounded=False)
    for rows, same in [(DIFFERENT, True), (DIFFERENT[::-1], False)]:
        second = Repeats()
        second.resume(first.saved)
        assert second.saved == first.saved
        assert bool(second.came(rows, sure=True, bounded=False)) == same
