"""Helpers of the vendor's package that scripts can reach."""

from __future__ import annotations

import functools
import warnings
from typing import Any

from ..model import plain

__all__ = ["deprecated", "sanitize_for_serialization", "string_types"]

string_types = (bytes, str)


def sanitize_for_serialization(obj: Any) -> Any:
    """Return what ``json.dumps`` can write: models by their names in JSON, dates as text."""
    return plain(obj)


def deprecated(reason: Any) -> Any:
    """Mark a function or class as deprecated, with or without a reason.

    Args:
        reason: text, or what is deprecated itself.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(reason, bytes | str):
        text = reason if isinstance(reason, str) else reason.decode()
        return functools.partial(_warning, why=f" ({text})")
    if callable(reason):
        return _warning(reason)
    raise TypeError(repr(reason.__class__))


def _warning(decorated: Any, why: str = "") -> Any:
    kind = "class" if isinstance(decorated, type) else "function"

    @functools.wraps(decorated)
    def call(*args: Any, **kwargs: Any) -> Any:
        text = f"Call to deprecated {kind} {decorated.__name__}{why}."
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        return decorated(*args, **kwargs)

    return call
