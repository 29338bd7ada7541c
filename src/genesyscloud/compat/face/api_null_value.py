"""``ApiNullValue()``: the value that is sent as JSON ``null``, where ``None`` is left out."""

from __future__ import annotations

from typing import Any

__all__ = ["ApiNullValue", "is_null"]


class _ApiNullValue:
    """Sent as JSON ``null``."""

    __module__ = "PureCloudPlatformClientV2.api_null_value"
    __qualname__ = "ApiNullValue"

    def __init__(self) -> None:
        self.swagger_types: dict[str, str] = {}
        self.attribute_map: dict[str, str] = {}

    def to_dict(self) -> None:
        """Return ``None``."""

    def to_json(self) -> None:
        """Return ``None``."""

    def __reduce__(self) -> tuple[Any, ...]:
        return ApiNullValue, ()


_the_only_one = _ApiNullValue()


def ApiNullValue() -> Any:  # noqa: N802 - the vendor's name, who wraps a class in a function
    """Return the one null value.

    >>> ApiNullValue() is ApiNullValue()
    True
    """
    return _the_only_one


ApiNullValue.__module__ = "PureCloudPlatformClientV2.api_null_value"


def is_null(value: Any) -> bool:
    """Whether ``value`` is the null value."""
    return value is _the_only_one
