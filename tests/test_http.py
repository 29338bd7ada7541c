"""Headers in any case, duplicates joined, nothing shown that could be a secret."""

from __future__ import annotations

import copy
import pickle

import pytest

from genesyscloud.http import Headers


def test_names_come_in_any_case() -> None:
    headers = Headers([("ININ-Correlation-Id", "c"), ("Retry-After", "3")])
    assert headers["inin-correlation-id"] == headers["ININ-CORRELATION-ID"] == "c"
    assert headers.get("retry-AFTER") == "3"
    assert "Retry-after" in headers
    assert 3 not in headers
    assert headers.get("missing") is None
    with pytest.raises(KeyError):
        headers["missing"]


def test_duplicates_are_joined_in_order() -> None:
    headers = Headers([("Via", "a"), ("X", "1"), ("via", "b"), ("VIA", "c")])
    assert headers["via"] == "a, b, c"
    assert list(headers) == ["via", "x"]
    assert len(headers) == 2


def test_the_lines_stay_as_they_came() -> None:
    lines = (("Via", "a"), ("X-Case", "1"), ("via", "b"))
    assert Headers(lines).pairs == lines
    assert pickle.loads(pickle.dumps(Headers(lines))).pairs == copy.copy(Headers(lines)).pairs == lines


def test_equality_is_that_of_a_mapping() -> None:
    assert Headers([("A", "1")]) == Headers([("a", "1")])
    assert Headers([("A", "1")]) != Headers([("A", "2")])
    assert dict(Headers()) == {}


def test_values_are_not_shown() -> None:
    assert "geheim" not in repr(Headers([("Set-Cookie", "geheim")]))


def test_headers_can_be_pickled_and_copied() -> None:
    headers = Headers([("A", "1")])
    assert pickle.loads(pickle.dumps(headers)) == headers
    assert copy.deepcopy(headers) == headers
