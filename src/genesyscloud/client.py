"""The two faces: :class:`GenesysCloud` for threads, :class:`AsyncGenesysCloud` for asyncio.

What they have in common is in :mod:`genesyscloud.baseclient`. Any number of clients live side by side.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, overload

from .auth.session import AsyncSession, SyncSession
from .auth.source import TokenSource
from .baseclient import BaseClient, bound
from .groups import AsyncGroups, SyncGroups
from .operations import Operation, Prepared, operation
from .pipeline import arun, plan, run
from .response import Response
from .transport import AsyncTransport, Transport, async_transport, transport

if TYPE_CHECKING:
    from types import TracebackType

    from .auth.asource import AsyncTokenSource
    from .jobs import Progress
    from .paging import AsyncPages, Paged, Pages

__all__ = ["AsyncGenesysCloud", "GenesysCloud"]

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")


class GenesysCloud(BaseClient, SyncSession, SyncGroups):
    """A client of the Genesys Cloud Platform API, to be shared between threads.

    Operations are called as ``gc.<group>.<operation>(…)``.

    >>> with GenesysCloud(auth=ClientCredentials("id", "secret"), region="eu_west_1") as gc:   # doctest: +SKIP
    ...     print(gc.organization.get_organizations_me().name)
    """

    _closer = "close"

    def _source(self) -> type[TokenSource]:
        return TokenSource

    def _connect(self) -> Transport:
        settings = self._engine.settings
        return transport(tls=settings.tls, proxy=settings.proxy, pool_size=settings.pool_size)

    def _send(self, prepared: Prepared, redirects: bool = False) -> Response[Any]:
        engine, wire = self._start()
        return run(plan(engine, self._settings_on(engine), prepared, redirects=redirects), engine, wire)

    def _invoke(self, operation: Operation, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        return self._send(self._prepare(operation, args, kwargs)).value

    def _respond(self, operation: Operation, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Response[Any]:
        return self._send(self._prepare(operation, args, kwargs))

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call an operation by its ``operationId`` or its Python name and return the result.

        Raises:
            UnknownOperation: there is no such operation; the message names the nearest.

        >>> gc.call("getUsersMe", expand=["presence"])          # doctest: +SKIP
        """
        return self._invoke(operation(name), args, kwargs)

    def with_response(self, op: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Response[T]:
        """Call an operation and return its whole reply. A redirect is returned too, with ``value`` ``None``.

        >>> gc.with_response(gc.users.get_users_me).correlation_id          # doctest: +SKIP
        """
        found = bound(op)
        client: GenesysCloud = found.client
        return client._send(client._prepare(found.operation, args, kwargs), redirects=True)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response[Any]:
        """Send a request made by hand, with everything that calls have: login, retries, limits, errors.

        Args:
            method: HTTP method.
            path: ``/api/v2/…``, or a URL on the API's own host, such as a ``nextUri``.
            query: values are strings, numbers, booleans, dates or lists of them; ``None`` leaves one out.
            json: body to encode. body: body as it is.
            headers: an ``Authorization`` here takes the place of the login.

        Raises:
            ConfigurationError: the URL is on another host, which must not see the token.
            TypeError: a value cannot be sent.

        >>> gc.request("GET", "/api/v2/users", query={"pageSize": 5}).value          # doctest: +SKIP
        """
        return self._send(self._prepare_request(method, path, query, json, body, headers), redirects=True)

    @overload
    def paginate(self, op: Callable[P, Paged[T, R]], /, *args: P.args, **kwargs: P.kwargs) -> Pages[T, R]: ...
    @overload
    def paginate(self, op: Callable[P, list[T]], /, *args: P.args, **kwargs: P.kwargs) -> Pages[T, list[T]]: ...
    def paginate(self, op: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> Pages[Any, Any]:
        """Iterate over the items of a list, page by page as they are asked for; see :mod:`genesyscloud.paging`.

        >>> for queue in gc.paginate(gc.routing.get_routing_queues, name="Sup*"):          # doctest: +SKIP
        ...     print(queue.name)
        """
        from .paging import paginate

        found = bound(op)
        return paginate(found.client, found, args, kwargs)

    def run_job(
        self,
        op: Callable[..., Any],
        /,
        *args: Any,
        on_progress: Callable[[Progress], object] | None = None,
        poll_interval: float = 1.0,
        timeout: float | None = 3600.0,
        limit: int | None = None,
        page_size: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Submit a job, wait until it ends and return its results; see :func:`genesyscloud.jobs.run_job`.

        Args:
            op: the operation that submits; its arguments follow.
            on_progress: told after every look at the job.
            poll_interval: seconds before the second look; later ones take longer.
            timeout: seconds in all, ``None`` for no end.
            limit, page_size: of results in pages: items in all, and items to ask for at a time.

        Returns:
            :class:`~genesyscloud.paging.Pages` where results come in pages, the results where they come in one piece,
            else the last status. Type checkers are told ``Any``: the twenty kinds of jobs of analytics, among others,
            are submitted with one type of reply, which does not say what they lead to.

        Raises:
            JobFailed: the job ended without a result. JobTimeout: it did not end in time.
            TypeError: an argument is wrong; nothing was sent.

        >>> query = {"interval": "2026-01-01/2026-01-08"}
        >>> rows = gc.run_job(gc.analytics.post_analytics_conversations_details_jobs, query)   # doctest: +SKIP
        """
        from .jobs import run_job

        found = bound(op)
        options: dict[str, Any] = {"on_progress": on_progress, "poll_interval": poll_interval, "timeout": timeout}
        options |= {"limit": limit, "page_size": page_size}
        return run_job(found.client, found, args, kwargs | options)

    def close(self) -> None:
        """Close the connections of this client and its views. Later calls raise ``ConfigurationError``."""
        for wire in self._closing():
            wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncGenesysCloud(BaseClient, AsyncSession, AsyncGroups):
    """A client of the Genesys Cloud Platform API for asyncio, to be shared between tasks.

    Operations are called as ``await gc.<group>.<operation>(…)``. Wrong arguments raise at once, not when awaited.

    >>> async with AsyncGenesysCloud(auth=ClientCredentials("id", "secret")) as gc:          # doctest: +SKIP
    ...     print((await gc.organization.get_organizations_me()).name)
    """

    _closer = "aclose"

    def _source(self) -> type[AsyncTokenSource]:
        from .auth.asource import AsyncTokenSource

        return AsyncTokenSource

    def _connect(self) -> AsyncTransport:
        settings = self._engine.settings
        return async_transport(tls=settings.tls, proxy=settings.proxy, pool_size=settings.pool_size)

    async def _send(self, prepared: Prepared, redirects: bool = False) -> Response[Any]:
        engine, wire = self._start()
        return await arun(plan(engine, self._settings_on(engine), prepared, redirects=redirects), engine, wire)

    async def _value(self, prepared: Prepared) -> Any:
        # Not by way of _send: each coroutine in between is resumed twice per call.
        engine, wire = self._start()
        return (await arun(plan(engine, self._settings_on(engine), prepared), engine, wire)).value

    # Not coroutine functions: arguments are checked, and deprecations blamed, in the line that makes the call.

    def _invoke(
        self, operation: Operation, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Coroutine[Any, Any, Any]:
        return self._value(self._prepare(operation, args, kwargs))

    def _respond(
        self, operation: Operation, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Coroutine[Any, Any, Response[Any]]:
        return self._send(self._prepare(operation, args, kwargs))

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
        """Call an operation by its name; see :meth:`GenesysCloud.call`."""
        return self._invoke(operation(name), args, kwargs)

    def with_response(
        self, op: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, Response[T]]:
        """Call an operation and return its whole reply; see :meth:`GenesysCloud.with_response`."""
        found = bound(op)
        client: AsyncGenesysCloud = found.client
        return client._send(client._prepare(found.operation, args, kwargs), redirects=True)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Coroutine[Any, Any, Response[Any]]:
        """Send a request made by hand; see :meth:`GenesysCloud.request`."""
        return self._send(self._prepare_request(method, path, query, json, body, headers), redirects=True)

    @overload
    def paginate(
        self, op: Callable[P, Awaitable[Paged[T, R]]], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncPages[T, R]: ...
    @overload
    def paginate(
        self, op: Callable[P, Awaitable[list[T]]], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncPages[T, list[T]]: ...
    def paginate(self, op: Callable[P, Awaitable[Any]], /, *args: P.args, **kwargs: P.kwargs) -> AsyncPages[Any, Any]:
        """Iterate over the items of a list with ``async for``; see :meth:`GenesysCloud.paginate`."""
        from .paging import apaginate

        found = bound(op)
        return apaginate(found.client, found, args, kwargs)

    def run_job(
        self,
        op: Callable[..., Awaitable[object]],
        /,
        *args: Any,
        on_progress: Callable[[Progress], object] | None = None,
        poll_interval: float = 1.0,
        timeout: float | None = 3600.0,
        limit: int | None = None,
        page_size: int | None = None,
        **kwargs: Any,
    ) -> Coroutine[Any, Any, Any]:
        """Submit a job, wait until it ends and return its results; see :meth:`GenesysCloud.run_job`.

        ``on_progress`` may be a coroutine function.
        """
        from .jobs import arun_job

        found = bound(op)
        options: dict[str, Any] = {"on_progress": on_progress, "poll_interval": poll_interval, "timeout": timeout}
        options |= {"limit": limit, "page_size": page_size}
        return arun_job(found.client, found, args, kwargs | options)

    async def aclose(self) -> None:
        """Close the connections of this client and its views. Later calls raise ``ConfigurationError``."""
        for wire in self._closing():
            await wire.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
