"""PATCH of SCIM (RFC 7644, section 3.5.2): operations laid over a resource. Nothing here knows of users or groups.

Identity providers are not strict, so neither is this: names in any case, ``path`` inside the keys of a value,
``remove`` with the values to remove, and a value for an item that is not there yet makes the item.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..narrow import as_list, as_object
from .scimfilter import InvalidFilter, attribute, comparison, parse

__all__ = ["InvalidPatch", "patched"]

_PATH = re.compile(r"(?P<name>[^\[\].]+)(?:\[(?P<filter>.*)\])?(?:\.(?P<sub>[^\[\]]+))?")
#: Attributes that hold lists, in lower case: adding to them appends.
LISTS = {"emails", "phonenumbers", "members", "roles", "routingskills", "routinglanguages", "externalids"}

Resource = dict[str, Any]


class InvalidPatch(ValueError):
    """An operation that cannot be carried out.

    Args:
        message: what is wrong.
        kind: ``scimType`` of the error.
    """

    def __init__(self, message: str, kind: str = "invalidSyntax") -> None:
        super().__init__(message)
        self.kind = kind


class _Target(NamedTuple):
    """What a path points to: an attribute of the resource or of an extension, items of it, a part of those."""

    extension: str
    name: str
    filter: str
    sub: str


def patched(resource: Mapping[str, Any], operations: Sequence[Any]) -> Resource:
    """The resource after the operations; the one given stays as it is.

    Args:
        resource: a resource as JSON has it.
        operations: objects with ``op``, ``path`` and ``value``.

    Raises:
        InvalidPatch: an operation cannot be carried out.
    """
    result: Resource = _copy(resource)
    for entry in operations:
        operation = as_object(entry) or {}
        op = str(operation.get("op") or "").lower()
        if op not in ("add", "replace", "remove"):
            raise InvalidPatch(f"op must be add, replace or remove, not {operation.get('op')}.")
        _apply(result, op, str(operation.get("path") or ""), operation.get("value"))
    return result


def _copy(value: Any) -> Any:
    entries, items = as_object(value), as_list(value)
    if entries is not None:
        return {key: _copy(inner) for key, inner in entries.items()}
    return [_copy(item) for item in items] if items is not None else value


def _apply(resource: Resource, op: str, path: str, value: Any) -> None:
    if path:
        _apply_to(resource, op, _target(resource, path), value)
        return
    if op == "remove":
        raise InvalidPatch("remove needs a path.", "noTarget")
    entries = as_object(value)
    if entries is None:
        raise InvalidPatch("Without a path, value must be an object.", "invalidValue")
    for key, inner in entries.items():
        part = as_object(inner)
        if key.lower().startswith("urn:") and part is not None and not _is_inside(resource, key):
            for name, deep in part.items():
                _apply(resource, op, f"{key}:{name}", deep)
        else:
            _apply(resource, op, key, inner)


def _is_inside(resource: Resource, key: str) -> bool:
    """Whether a key leads into an extension, and is not the extension itself."""
    return any(key.lower().startswith(f"{name.lower()}:") for name in resource if name.startswith("urn:"))


def _target(resource: Resource, path: str) -> _Target:
    extension = ""
    if path.lower().startswith("urn:"):
        known = [name for name in resource if name.startswith("urn:")]
        extension = next((name for name in known if path.lower().startswith(name.lower())), "")
        if not extension:
            # ``urn:…:2.0:User:attribute``: the last colon that is not part of a version.
            extension, _, rest = path.rpartition(":")
            if extension.lower().startswith("urn:ietf:params:scim:schemas:core"):
                return _target(resource, rest)
            path = f"{extension}:{rest}"
        path = path[len(extension) :].lstrip(":")
        if not path:
            return _Target("", extension, "", "")
    match = _PATH.fullmatch(path)
    if match is None:
        raise InvalidPatch(f"{path} is no path.", "invalidPath")
    return _Target(extension, match["name"], match["filter"] or "", match["sub"] or "")


def _apply_to(resource: Resource, op: str, target: _Target, value: Any) -> None:
    owner = resource
    if target.extension:
        inner = as_object(resource.get(target.extension))
        owner = resource[target.extension] = inner if inner is not None else {}
    name = attribute(owner, target.name)
    if target.filter:
        _apply_to_items(owner, name, op, target, value)
    elif target.sub:
        inner = as_object(owner.get(name))
        part: Resource = inner if inner is not None else {}
        _set(part, attribute(part, target.sub), op, value)
        owner[name] = part
    else:
        _set(owner, name, op, value)


def _set(owner: Resource, name: str, op: str, value: Any) -> None:
    if op == "remove":
        gone = [_key(item) for item in (as_list(value) or [])]
        items = as_list(owner.get(name))
        if gone and items is not None:
            owner[name] = [item for item in items if _key(item) not in gone]
        else:
            owner.pop(name, None)
        return
    if name.lower() in LISTS:
        sent = as_list(value)
        new = sent if sent is not None else [] if value is None else [value]
        old = (as_list(owner.get(name)) or []) if op == "add" else []
        owner[name] = _without_second_primary([*_others(old, new), *new], new)
        return
    before, inner = as_object(owner.get(name)), as_object(value)
    owner[name] = {**before, **inner} if before is not None and inner is not None else value


def _key(item: Any) -> Any:
    """What makes two items of a list the same: the value, or the name."""
    entry = as_object(item)
    return item if entry is None else entry.get("value", entry.get("name"))


def _others(old: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    keys = [_key(item) for item in new]
    return [item for item in old if _key(item) not in keys]


def _without_second_primary(items: list[Any], new: Sequence[Any]) -> list[Any]:
    """Only one item is primary: the one that was set last."""
    if not any((as_object(item) or {}).get("primary") for item in new):
        return items
    return [{**entry, "primary": False} if item not in new and (entry := as_object(item)) else item for item in items]


def _apply_to_items(owner: Resource, name: str, op: str, target: _Target, value: Any) -> None:
    items = as_list(owner.get(name)) or []
    try:
        test: Callable[[Any], bool] = parse(target.filter)
    except InvalidFilter as error:
        raise InvalidPatch(f"The filter in the path is not valid: {error}.", "invalidFilter") from None
    if op == "remove":
        if not target.sub:
            owner[name] = [item for item in items if not test(item)]
            return
        owner[name] = [_without(item, target.sub) if test(item) else item for item in items]
        return
    if not any(map(test, items)):
        wanted = comparison(target.filter)
        if wanted is None or wanted.operator != "eq":
            raise InvalidPatch(f"No item of {name} meets {target.filter}.", "noTarget")
        items = [*items, {wanted.path: wanted.value}]
    change = {target.sub: value} if target.sub else as_object(value)
    if change is None:
        raise InvalidPatch("value must be an object.", "invalidValue")
    owner[name] = [{**(as_object(item) or {}), **change} if test(item) else item for item in items]


def _without(item: Any, name: str) -> Any:
    entry = as_object(item) or {}
    return {key: value for key, value in entry.items() if key.lower() != name.lower()}
