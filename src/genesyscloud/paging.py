"""Iterate over long lists, whatever the style of paging of the operation."""

from __future__ import annotations

from typing import Protocol, TypeVar

__all__ = ["Paged"]

T_co = TypeVar("T_co", covariant=True)
R_co = TypeVar("R_co", covariant=True)


class Paged(Protocol[T_co, R_co]):
    """What type checkers see in a model that is one page of a list: the types of an item and of the page.

    It exists in the stubs only. The stub of every model that is the result of an operation with a
    ``paging`` record declares the method; no class has it at run time and nobody calls it::

        class QueueEntityListing(Model):
            entities: list[Queue] | None
            def __page__(self) -> tuple[Queue, QueueEntityListing]: ...
    """

    def __page__(self) -> tuple[T_co, R_co]: ...
