"""Signatures and docstrings tell the facts of the catalog."""

from __future__ import annotations

import inspect

from genesyscloud.catalog import Limits, OperationRecord, ParameterRecord, catalog
from genesyscloud.describe import docstring, python_type, signature


def test_types_in_python() -> None:
    assert python_type("[[s") == "Sequence[Sequence[str]]"
    assert python_type("{#Queue") == "Mapping[str, Queue]"
    assert python_type("t") == "datetime | str"


def test_signature() -> None:
    assert str(signature(catalog().operation("put_routing_queue"))) == (
        "(queue_id: 'str', body: 'QueueRequest | Queue | Mapping[str, Any]') -> 'Queue'"
    )
    listing = signature(catalog().operation("get_routing_queues"))
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in listing.parameters.values())
    assert listing.parameters["page_size"].annotation == "int | None"
    assert listing.parameters["page_size"].default is None


def test_docstring() -> None:
    record = OperationRecord(
        "getX",
        "get_x",
        "GET",
        "/x/{id}",
        ["x"],
        [
            ParameterRecord("id", "id", "path", "s", required=True),
            ParameterRecord("size", "size", "query", "i", default=25, limits=Limits(minimum=1, documented_maximum=100)),
            ParameterRecord("kind", "X-Kind", "header", "s", enum=[f"k{n}" for n in range(14)]),
        ],
        body="#Queue",
        body_also=["User"],
        result="[#Queue",
        permissions=["a:b:c", "d:e:f"],
        deprecated=True,
        preview=True,
    )
    text = docstring(record)
    assert text.startswith("GET /x/{id}\n")
    for fact in (
        "Deprecated",
        "Preview",
        "id: string, required.",
        "size: integer, optional, default 25, at least 1",
        "at most 100",
        "sent as header X-Kind",
        "k11 and 2 more",
        "body: Queue, optional. A model, or a dict in its place. User is taken too",
        "array of Queue",
        "any of a:b:c, d:e:f",
    ):
        assert fact in " ".join(text.split()), fact


def test_permissions_are_told_for_what_they_are() -> None:
    plain = OperationRecord("getX", "get_x", "GET", "/x", ["x"])
    assert "none needed" in docstring(plain)
    unsecured = OperationRecord("getX", "get_x", "GET", "/x", ["x"], secured=False)
    assert "nor a login" in docstring(unsecured)
    unknown = OperationRecord("getX", "get_x", "GET", "/x", ["x"], permissions_unknown=True)
    assert "not documented" in docstring(unknown)
