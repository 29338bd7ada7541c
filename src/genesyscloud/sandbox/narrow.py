"""JSON values of unknown shape, seen as what they are."""

from __future__ import annotations

from typing import Any, cast

__all__ = ["as_list", "as_object", "objects", "texts"]


def as_object(value: object) -> dict[str, Any] | None:
    """``value`` when it is an object, else ``None``."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[Any] | None:
    """``value`` when it is an array, else ``None``."""
    return cast("list[Any]", value) if isinstance(value, list) else None


def objects(value: object) -> list[dict[str, Any]]:
    """The objects in an array; none when ``value`` is no array."""
    return [item for item in map(as_object, as_list(value) or ()) if item is not None]


def texts(value: object) -> list[str]:
    """The strings in an array; none when ``value`` is no array."""
    return [item for item in as_list(value) or () if isinstance(item, str)]
