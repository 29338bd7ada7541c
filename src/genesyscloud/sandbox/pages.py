"""Which part of a list a request asks for, and everything a reply says about where it is.

Driven by what the catalog knows of an operation's paging; a reply gets all facts that any style has, and
the model of the reply keeps those that it knows.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from ..catalog import OperationRecord
from .narrow import as_object
from .refusal import bad_request
from .settings import Settings
from .shapes import plain

__all__ = ["Window", "facts", "position_token", "search_body", "window"]

TOKEN_MARK = "o"


class Window(NamedTuple):
    """A part of a list: ``size`` items after the first ``offset``."""

    offset: int
    size: int


def window(record: OperationRecord, query: Mapping[str, Any], body: Any, settings: Settings) -> Window:
    """Read the part of the list that is asked for.

    Raises:
        Refusal: 400; the page size is above the maximum, or a number or token makes no sense.
    """
    paging = record.paging
    if paging is None:
        return Window(0, 1 << 31)
    given = _flat(body) if paging.in_body else query
    size = _size(record, given, settings)
    for wire in paging.positions:
        value = given.get(wire)
        if value is None or wire in ("q64", "afterSourceType"):
            continue
        if wire.endswith("pageNumber"):
            return Window((_positive(wire, value) - 1) * size, size)
        if wire == "startIndex":
            return Window(_positive(wire, value) - 1, size)
        if paging.style != "history":
            offset = _offset(wire, value)
            return Window(max(0, offset - size), min(size, offset)) if wire == "before" else Window(offset, size)
    return Window(0, size)


def _flat(body: Any) -> dict[str, Any]:
    """The values of a body, and those one level down under dotted names."""
    entries = as_object(body) or {}
    flat = dict(entries)
    for name, value in entries.items():
        flat.update({f"{name}.{key}": found for key, found in (as_object(value) or {}).items()})
    return flat


def _size(record: OperationRecord, given: Mapping[str, Any], settings: Settings) -> int:
    assert record.paging is not None
    wire = record.paging.size
    by_cursor = record.paging.style == "cursor" and wire != "limit"
    parameter = next((p for p in record.parameters if p.wire == wire), None)
    limits = parameter.limits if parameter else None
    documented = limits and (limits.maximum or limits.documented_maximum)
    usual = parameter.default if parameter and isinstance(parameter.default, int) else None
    maximum = settings.cursor_page_size if by_cursor else settings.page_size_maximum
    maximum = max(settings.page_size_maxima.get(plain(record.path), int(documented or maximum)), usual or 1)
    value = given.get(wire) if wire else None
    if value is None:
        return maximum if by_cursor else min(settings.page_size, usual or maximum, maximum)
    size = _positive(wire, value)
    if size > maximum:
        raise bad_request(
            f"The page size {size} is above the maximum of {maximum}.",
            code="invalid.value",
            details=[{"errorCode": "invalid.value", "fieldName": wire}],
        )
    return size


def _positive(wire: str, value: Any) -> int:
    number = int(value) if isinstance(value, int | float) or str(value).isdecimal() else 0
    if not 0 < number < 1 << 31:
        raise bad_request(
            f"{wire} must be a positive number.",
            code="invalid.value",
            details=[{"errorCode": "invalid.value", "fieldName": wire}],
        )
    return number


def position_token(record: OperationRecord, wire: str, offset: int) -> str:
    """A position as a token; a plain number where the definition wants a number."""
    if any(p.wire == wire and p.type in "il" for p in record.parameters):
        return str(offset)
    return base64.urlsafe_b64encode(f"{TOKEN_MARK}{offset}".encode()).decode().rstrip("=")


def _offset(wire: str, token: Any) -> int:
    if isinstance(token, int):
        return max(0, token)
    try:
        text = base64.urlsafe_b64decode(str(token).encode() + b"==").decode()
        if text.startswith(TOKEN_MARK) and text[1:].isdecimal() and len(text) < 12:
            return int(text[1:])
    except (binascii.Error, ValueError):
        pass
    raise bad_request(f"{wire} is not a position that was given out.", code="invalid.value")


def search_body(q64: str) -> dict[str, Any]:
    """Decode the parameter ``q64``: a search body as base64 of JSON.

    Raises:
        Refusal: 400; it is something else.
    """
    try:
        found = msgspec.json.decode(base64.b64decode(q64.replace("-", "+").replace("_", "/").encode() + b"=="))
    except (binascii.Error, ValueError, RecursionError):
        found = None
    body = as_object(found)
    if body is None:
        raise bad_request("q64 is not base64 of a JSON object.", code="invalid.value")
    return body


def facts(
    record: OperationRecord,
    path: str,
    query: Sequence[tuple[str, str]],
    part: Window,
    total: int,
    shown: int,
    body: Any,
) -> dict[str, Any]:
    """Everything about the position of a page that a reply may want to say.

    Args:
        record: the operation.
        path: its path, with values.
        query: the query as it was sent.
        part: the part of the list that was asked for.
        total: length of the list.
        shown: items on this page.
        body: the search body that ``q64`` stands for.
    """
    paging = record.paging
    size = max(1, min(part.size, 1 << 31))
    number, count = part.offset // size + 1, max(1, -(-total // size))
    end = part.offset + shown
    more = shown > 0 and end < total
    found: dict[str, Any] = {
        "total": total, "totalHits": total, "totalResults": total, "pageCount": count, "pageNumber": number,
        "pageSize": min(size, total or 1) if paging is None else size, "startIndex": part.offset + 1,
        "itemsPerPage": shown, "selfUri": _link(path, query, {}),
    }  # fmt: skip
    if paging is None or not paging.positions:
        return found
    main = paging.positions[-1] if paging.positions[0] == "afterSourceType" else paging.positions[0]
    if main == "q64":
        return found | _search_links(path, body, number, count, size)
    if main.rpartition(".")[2] == "pageNumber":
        links = {"firstUri": 1, "lastUri": count}
        links |= {"nextUri": number + 1} if number < count else {}
        links |= {"previousUri": min(number - 1, count)} if number > 1 else {}
        if not paging.in_body:
            sized = {paging.size: str(size)} if paging.size else {}
            return found | {name: _link(path, query, {**sized, main: str(at)}) for name, at in links.items()}
        return found
    token = position_token(record, main, end)
    if more:
        found |= {"nextUri": _link(path, query, {main: token}), "cursor": token, "cursors": {"after": token}}
    if part.offset > 0 and "before" in paging.positions:
        back = position_token(record, "before", part.offset)
        found["previousUri"] = _link(path, query, {"before": back}, without=main)
        found["cursors"] = {**found.get("cursors", {}), "before": back}
    return found


def _search_links(path: str, body: Any, number: int, count: int, size: int) -> dict[str, str]:
    def link(at: int) -> str:
        data = msgspec.json.encode({**(body or {}), "pageNumber": at, "pageSize": size})
        return f"{path}?q64={quote(base64.b64encode(data).decode(), safe='')}"

    links = {"currentPage": link(number)}
    if number < count:
        links["nextPage"] = link(number + 1)
    if number > 1:
        links["previousPage"] = link(number - 1)
    return links


def _link(path: str, query: Sequence[tuple[str, str]], changes: Mapping[str, str], without: str = "") -> str:
    replaced = {*changes, without, *(("before",) if "after" in changes else ())}
    kept = [(name, value) for name, value in query if name not in replaced]
    pairs = [*kept, *changes.items()]
    text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    return f"{path}?{text}" if text else path
