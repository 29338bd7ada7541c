"""Iterate over long lists, whatever the style of paging of the operation.

The API has eight styles; the catalog says which one an operation has (``OperationRecord.paging``):

=============  ========================================================================================
``page``       ``pageNumber`` and ``pageSize`` in the query
``search``     the same in the body; or, for GET, ``q64`` and a token called ``nextPage``
``body``       ``paging.pageNumber`` in the body (analytics details)
``scim``       ``startIndex``, counted in items
``after``      a token that comes as ``after``, in ``cursors`` or as a parameter of ``nextUri``
``cursor``     a token that comes as ``cursor``, or like ``after``
``next_page``  a token that comes as a parameter of ``nextUri``
``history``    messages before a time, newest first
=============  ========================================================================================

:class:`Pager` decides and does no I/O: it gives the arguments of the next call and is given its reply.
:class:`Pages` and :class:`AsyncPages` carry the calls out. At any time one page is held, no more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, Self, TypeVar

from .catalog import OperationRecord
from .errors import BadRequest
from .pager import Pager

__all__ = ["AsyncPages", "Paged", "Pages", "apaginate", "paginate"]

T = TypeVar("T")
R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)
R_co = TypeVar("R_co", covariant=True)


class Paged(Generic[T_co, R_co]):
    """What type checkers see in a model that is one page of a list: the types of an item and of the page.

    In the stubs, it is a base of every model that is the result of an operation with a ``paging`` record; no class has
    it at run time::

        class QueueEntityListing(Model, Paged[Queue, QueueEntityListing]):
            entities: list[Queue] | None
    """


class Operation(Protocol):
    """What paging needs of an operation."""

    @property
    def record(self) -> OperationRecord: ...
    def prepare(self, args: Sequence[Any], kwargs: Mapping[str, Any], *, check: bool = ...) -> Any: ...


class Reply(Protocol):
    """What paging needs of a response."""

    @property
    def value(self) -> Any: ...


class Caller(Protocol):
    """What paging needs of a client."""

    def _respond(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], /) -> Reply: ...


class AsyncCaller(Protocol):
    """What paging needs of an async client."""

    async def _respond(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], /) -> Reply: ...


class _Controls:
    """What :class:`Pages` and :class:`AsyncPages` have in common."""

    def __init__(self, operation: Operation, pager: Pager) -> None:
        self._operation = operation
        self._pager = pager

    def limit(self, items: int | None) -> Self:
        """Stop after so many items from here on; the same as ``limit=`` but checked by type checkers.

        Args:
            items: 0 or more; ``None`` for all.

        Raises:
            ValueError: the number is negative.
        """
        self._pager.limit(items)
        return self

    def resume(self, state: str) -> Self:
        """Continue after the last item that was handed out when ``state`` was taken; before iterating.

        Raises:
            PagingError: the state is none, or was taken from another operation or with other arguments.
        """
        self._pager.resume(state)
        return self

    @property
    def state(self) -> str:
        """Where the iteration is: a short JSON text to keep, and to give to :meth:`resume` one day.

        It holds tokens of the service, which may expire, and no credentials.
        """
        return self._pager.state

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._operation.record.name}>"

    def _refused(self, error: BadRequest) -> Exception:
        return self._pager.refused(error)


class Pages(_Controls, Generic[T, R]):
    """The items of a list, fetched page by page as they are asked for. Can be iterated once.

    >>> for queue in gc.paginate(gc.routing.get_routing_queues, name="Sup*"):   # doctest: +SKIP
    ...     print(queue.name)
    """

    def __init__(self, client: Caller, operation: Operation, pager: Pager) -> None:
        super().__init__(operation, pager)
        self._client = client

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        while not self._pager.has_item():
            if self._pager.finished:
                raise StopIteration
            self._fetch()
        item: T = self._pager.take()
        return item

    def pages(self) -> Iterator[R]:
        """Iterate over whole replies; each holds just the items that iterating would give."""
        while not self._pager.finished:
            if not self._pager.has_item():
                self._fetch()
            yield self._pager.take_page()

    def _fetch(self) -> None:
        args, kwargs = self._pager.request()
        try:
            reply = self._client._respond(self._operation, args, kwargs)  # pyright: ignore[reportPrivateUsage]
        except BadRequest as error:
            raise self._refused(error) from error
        self._pager.receive(reply.value)


class AsyncPages(_Controls, Generic[T, R]):
    """:class:`Pages` for the async client. Can be iterated once, by one task.

    >>> async for queue in gc.paginate(gc.routing.get_routing_queues):   # doctest: +SKIP
    ...     print(queue.name)
    """

    def __init__(self, client: AsyncCaller, operation: Operation, pager: Pager) -> None:
        super().__init__(operation, pager)
        self._client = client

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._pager.has_item():
            if self._pager.finished:
                raise StopAsyncIteration
            await self._fetch()
        item: T = self._pager.take()
        return item

    async def pages(self) -> AsyncIterator[R]:
        """Iterate over whole replies; each holds just the items that iterating would give."""
        while not self._pager.finished:
            if not self._pager.has_item():
                await self._fetch()
            yield self._pager.take_page()

    async def _fetch(self) -> None:
        args, kwargs = self._pager.request()
        try:
            reply = await self._client._respond(self._operation, args, kwargs)  # pyright: ignore[reportPrivateUsage]
        except BadRequest as error:
            raise self._refused(error) from error
        self._pager.receive(reply.value)


def paginate(client: Caller, op: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Pages[Any, Any]:
    """Return the items of ``op``, called through ``client``; the work of ``gc.paginate``.

    Args:
        client: the client to call with.
        op: a bound operation (``gc.routing.get_routing_queues``) or an operation.
        args: its positional arguments.
        kwargs: its named arguments, and three of paging: ``limit`` (items in all), ``page_size`` (items per
            page, whatever the operation calls it) and ``resume`` (a saved :attr:`Pages.state`).

    Raises:
        PagingError: the operation does not page, or the saved state is not of this list.
        TypeError: ``op`` is no operation, or an argument is wrong.
    """
    operation = unbound(op)
    return Pages(client, operation, _pager(operation, args, kwargs))


def apaginate(client: AsyncCaller, op: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> AsyncPages[Any, Any]:
    """:func:`paginate` for an async client."""
    operation = unbound(op)
    return AsyncPages(client, operation, _pager(operation, args, kwargs))


def _pager(operation: Operation, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Pager:
    pager = Pager(operation.record, args, kwargs)
    # A misspelt argument is to fail where it was written, not where the iteration begins.
    operation.prepare(*pager.request(), check=False)
    return pager


def unbound(op: Any) -> Operation:
    """Return the operation behind ``gc.routing.get_routing_queues``; raises :class:`TypeError` when there is none."""
    operation: Operation = getattr(op, "operation", op)
    if not isinstance(getattr(operation, "record", None), OperationRecord):
        raise TypeError(
            f"expected an operation that is not called, like gc.routing.get_routing_queues, not {type(op).__name__}"
        )
    return operation
