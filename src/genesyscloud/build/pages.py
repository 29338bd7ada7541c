"""Find out from the definition how an operation pages.

The definition has no word for paging; what there is are the names of parameters and of properties of the
result. An operation pages when it has a parameter that chooses the page and a result with a list in it; the
name of that parameter tells the style. Both are needed: some operations carry paging parameters by mistake
(``patch_integration``), and some lists come in one piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..catalog import ModelRecord, OperationRecord, Paging, PropertyRecord

__all__ = ["detect_paging"]

#: Properties that hold the items of a page, the surest first.
ITEM_PROPERTIES = ("entities", "results", "conversations", "userDetails", "Resources")
#: What identifies an item that has no ``id``.
ITEM_IDS = {"conversations": "conversationId", "userDetails": "userId"}
#: Parameters that say how many items a page has, the newest name first.
SIZES = ("pageSize", "limit", "count")


class _Items(NamedTuple):
    path: str
    type: str
    listing: str


def detect_paging(operation: OperationRecord, models: Mapping[str, ModelRecord]) -> Paging | None:
    """Return how ``operation`` hands out long lists, or ``None`` when it does not page.

    Args:
        operation: its record.
        models: all models of the definition, by name.
    """
    if operation.method not in ("GET", "POST"):
        return None
    items = _items(operation.result, models)
    if items is None:
        return None
    query = {parameter.wire for parameter in operation.parameters if parameter.place == "query"}
    body = {prop.wire: prop for prop in _properties(operation.body, models)}
    found = _in_query(query, _wires(items.listing, models)) or _in_body(body, models)
    if found is None:
        return None
    style, positions, in_body = found
    prefix = positions[0].rpartition(".")[0]
    inside = _wires(body[prefix].type, models) if prefix else set(body)
    size = next((name for name in SIZES if name in (inside if in_body else query)), "")
    return Paging(
        style=style,
        items=items.path,
        item_type=items.type,
        item_id=_item_id(items, models),
        positions=positions,
        size=f"{prefix}.{size}" if prefix and size else size,
        in_body=in_body,
    )


def _in_query(names: set[str], listing: set[str]) -> tuple[str, list[str], bool] | None:
    """Style and position parameters of a query, given the names of the listing's properties.

    Where an operation has parameters of several styles, tokens win over numbers when its replies hand out
    tokens: they are not upset by items that come and go.
    """
    if "cursor" in names:
        return "cursor", ["cursor", *sorted(names & {"pageNumber"})], False
    if "startIndex" in names:
        return "scim", ["startIndex"], False
    if "q64" in names:
        return "search", ["q64"], False
    if "nextPage" in names and "pageNumber" not in listing and "nextUri" in listing:
        return "next_page", ["nextPage"], False
    if "pageNumber" in names:
        return "page", ["pageNumber"], False
    if "after" in names:
        if "before" in names and not listing & {"nextUri", "cursors", "after"}:
            return "history", ["before"], False
        return "after", [name for name in ("after", "before") if name in names], False
    if {"afterSourceType", "afterSourceId"} <= names:
        return "after", ["afterSourceType", "afterSourceId"], False
    return None


def _in_body(
    body: Mapping[str, PropertyRecord], models: Mapping[str, ModelRecord]
) -> tuple[str, list[str], bool] | None:
    if "paging" in body and "pageNumber" in _wires(body["paging"].type, models):
        return "body", ["paging.pageNumber"], True
    if "pageNumber" in body:
        return "search", ["pageNumber"], True
    for name in ("cursor", "after"):
        if name in body:
            return name, [name], True
    return None


def _items(result: str, models: Mapping[str, ModelRecord]) -> _Items | None:
    """Where the items are in a result: a list of it, or of the one object that it wraps."""
    properties = {prop.wire: prop for prop in _properties(result, models)}
    for wire in ITEM_PROPERTIES:
        prop = properties.get(wire)
        if prop is not None and prop.type.startswith("["):
            return _Items(wire, prop.type[1:], result)
    wrapped = properties.get("results")
    if wrapped is None:
        return None
    if wrapped.type == "o":
        return _Items("results", "o", result)
    inner = _items(wrapped.type, models)
    return inner._replace(path=f"results.{inner.path}") if inner else None


def _item_id(items: _Items, models: Mapping[str, ModelRecord]) -> str:
    wires = _wires(items.type, models)
    return next((name for name in ("id", ITEM_IDS.get(items.path, "")) if name in wires), "")


def _properties(type_: str, models: Mapping[str, ModelRecord]) -> Iterator[PropertyRecord]:
    record = models.get(type_[1:]) if type_.startswith("#") else None
    return iter(record.properties if record else ())


def _wires(type_: str, models: Mapping[str, ModelRecord]) -> set[str]:
    return {prop.wire for prop in _properties(type_, models)}
