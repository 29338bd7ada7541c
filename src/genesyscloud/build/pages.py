"""Find out from the definition how an operation pages."""

from __future__ import annotations

from collections.abc import Mapping

from ..catalog import ModelRecord, OperationRecord, Paging

__all__ = ["detect_paging"]


def detect_paging(operation: OperationRecord, models: Mapping[str, ModelRecord]) -> Paging | None:
    """Return how ``operation`` hands out long lists, or ``None`` when it does not page."""
    return None
