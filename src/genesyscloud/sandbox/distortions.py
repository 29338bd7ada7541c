"""Replies as they should not be: a value that no enum has, a field that no model has, a list without an end."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import msgspec

from ..catalog import OperationRecord, PropertyRecord
from ..http import Request
from .fake import Faker
from .narrow import as_list, as_object
from .pages import position_token

__all__ = ["DISTORTIONS", "Scene", "without_position"]

#: What no definition has.
UNKNOWN_FIELD = "sandboxUnknownField"
UNKNOWN_VALUE = "SandboxUnknownValue"
#: Pages further on than any list is long.
FAR = 1_000_000


class Scene(NamedTuple):
    """The reply that is distorted: what knows the models, the operation, and the path that was asked for."""

    faker: Faker
    record: OperationRecord
    path: str


#: Returns a value in place of one of a property, or the same one to look on.
Swap = Callable[[Any, PropertyRecord], Any]


def _swapped(faker: Faker, value: Any, type_: str, swap: Swap) -> tuple[Any, bool]:
    """``value`` with the first property changed that ``swap`` changes, and whether there was one."""
    kind, inner = type_[0], type_[1:]
    entries = as_object(value)
    if kind == "[":
        items = as_list(value) or []
        for at, item in enumerate(items):
            changed, done = _swapped(faker, item, inner, swap)
            if done:
                return [*items[:at], changed, *items[at + 1 :]], True
    elif kind == "{" and entries is not None:
        for wire, item in entries.items():
            changed, done = _swapped(faker, item, inner, swap)
            if done:
                return {**entries, wire: changed}, True
    elif kind == "#" and entries is not None:
        return _swapped_in(faker, entries, faker.properties(inner), swap)
    return value, False


def _swapped_in(
    faker: Faker, entries: dict[str, Any], properties: Mapping[str, PropertyRecord], swap: Swap
) -> tuple[Any, bool]:
    """Own properties first, then those of what is inside."""
    known = [(wire, properties[wire]) for wire in entries if wire in properties]
    for wire, prop in known:
        changed = swap(entries[wire], prop)
        if changed is not entries[wire]:
            return {**entries, wire: changed}, True
    for wire, prop in known:
        changed, done = _swapped(faker, entries[wire], prop.type, swap)
        if done:
            return {**entries, wire: changed}, True
    return entries, False


def unknown_enum(scene: Scene, body: Any) -> Any:
    """The first enum in a reply has a value that the definition does not know."""

    def swap(value: Any, prop: PropertyRecord) -> Any:
        if not prop.enum:
            return value
        return UNKNOWN_VALUE if prop.type == "s" else [UNKNOWN_VALUE] if prop.type == "[s" else value

    return _swapped(scene.faker, body, scene.record.result, swap)[0]


def unknown_field(scene: Scene, body: Any) -> Any:
    """A reply, and the first item of a list in it, have a field that the definition does not know."""
    items = as_list(body)
    if items is not None:
        return [unknown_field(scene, items[0]), *items[1:]] if items else items
    entries = as_object(body)
    if entries is None:
        return body
    paging = scene.record.paging
    listed = paging.items if paging is not None else ""
    inner = as_list(entries.get(listed))
    if inner:
        entries = {**entries, listed: [unknown_field(scene, inner[0]), *inner[1:]]}
    return {**entries, UNKNOWN_FIELD: {"since": "tomorrow", "values": [1, 2]}}


def wrong_type(scene: Scene, body: Any) -> Any:
    """The first property that is not an id has a value of another type: a number for a text, a text for others."""

    def swap(value: Any, prop: PropertyRecord) -> Any:
        if prop.wire in ("id", "selfUri", "entities") or prop.type[0] in "#[{o":
            return value
        return 12345 if prop.type[0] in "sutdLY" else "not a number"

    entries, paging = as_object(body), scene.record.paging
    if entries is not None and paging is not None and entries.get(paging.items):
        inner, done = _swapped(scene.faker, entries[paging.items], f"[{paging.item_type}", swap)
        if done:
            return {**entries, paging.items: inner}
    return _swapped(scene.faker, body, scene.record.result, swap)[0]


def endless_pages(scene: Scene, body: Any) -> Any:
    """A list says that there is a next page, however far one reads."""
    entries, paging = as_object(body), scene.record.paging
    if entries is None or paging is None or not paging.positions or not scene.record.result.startswith("#"):
        return body
    known = scene.faker.properties(scene.record.result[1:])
    position = paging.positions[-1] if paging.positions[0] == "afterSourceType" else paging.positions[0]
    token = position_token(scene.record, position, FAR)
    page = entries.get("pageNumber")
    number = page + 1 if isinstance(page, int) else FAR
    search = base64.b64encode(msgspec.json.encode({"pageNumber": number})).decode()
    following: dict[str, Any] = {
        "nextUri": f"{scene.path}?{urlencode({position: number if position.endswith('pageNumber') else token})}",
        "nextPage": f"{scene.path}?{urlencode({'q64': search})}",
        "cursor": token,
        "cursors": {"after": token},
    }
    added = {wire: value for wire, value in following.items() if wire in known and not entries.get(wire)}
    pages = entries.get("pageCount")
    counted = {"pageCount": max(pages, number)} if isinstance(pages, int) else {}
    return {**entries, **added, **counted}


Distort = Callable[[Scene, Any], Any]

#: By kind of fault: what it makes of the body of a reply.
DISTORTIONS: Mapping[str, Distort] = {
    "unknown_enum": unknown_enum,
    "unknown_field": unknown_field,
    "wrong_type": wrong_type,
    "endless_pages": endless_pages,
}


def without_position(request: Request, record: OperationRecord) -> Request:
    """A request for the first page in place of whichever it asks for."""
    if record.paging is None:
        return request
    if record.paging.in_body:
        return request._replace(body=_first_page(request.body or b"", record.paging.positions))
    path, mark, query = request.url.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, True) if name not in record.paging.positions]
    return request._replace(url=f"{path}{mark if kept else ''}{urlencode(kept)}")


def _first_page(data: bytes, positions: list[str]) -> bytes:
    try:
        body = as_object(msgspec.json.decode(data))
    except ValueError:
        body = None
    if body is None:
        return data
    for position in positions:
        outer, _, inner = position.rpartition(".")
        entries = as_object(body.get(outer)) if outer else body
        if entries is not None:
            entries.pop(inner, None)
    return msgspec.json.encode(body)
