"""The two faces: :class:`GenesysCloud` for threads, :class:`AsyncGenesysCloud` for asyncio.

A client joins what other modules own: settings, hosts, a login, connections, and the operations of the catalog.
It holds no rule of its own about a call; those are in :mod:`genesyscloud.pipeline`. Any number of clients live
side by side.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, Self, TypeVar, overload

from . import codec, regions
from .auth import Auth, TokenStore
from .auth.session import AsyncSession, SyncSession
from .auth.source import SharedToken, TokenSource
from .breaker import BreakerSettings
from .clock import Clock
from .config import (
    HostSettings,
    Settings,
    Timeouts,
    checked_headers,
    environment_auth,
    environment_hosts,
    to_retry_policy,
    to_timeouts,
)
from .errors import ConfigurationError
from .forks import renew_after_fork
from .gateway import base_urls, path_on
from .groups import AsyncGroups, SyncGroups
from .hooks import ErrorEvent, Hooks, RequestEvent, ResponseEvent, RetryEvent
from .logs import LoggingSettings
from .operations import BoundOperation, Operation, Prepared, operation, prepare_request
from .pipeline import Engine, arun, plan, run
from .ratelimit import RateLimiter
from .redact import SecretHeaders
from .response import Response
from .retry import RetryPolicy
from .sections import GatewaySettings, ReauthenticationSettings
from .transport import POOL_SIZE, AsyncTransport, ProxySettings, TlsSettings, Transport, async_transport, transport

if TYPE_CHECKING:
    from types import TracebackType

    from .auth.asource import AsyncTokenSource
    from .paging import AsyncPages, Paged, Pages

__all__ = ["AsyncGenesysCloud", "GenesysCloud"]

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
Wire = TypeVar("Wire", Transport, AsyncTransport)
# Bound, not one of two classes: a type checker that meets the client would have to read all of asyncio.
Source = TypeVar("Source", bound=SharedToken[Any])


class _Shared(Generic[Wire, Source]):
    """What a client and its views have in common. A reload of the configuration puts another engine in place."""

    def __init__(self, engine: Engine[Source], wire: Wire | None) -> None:
        self.engine: Engine[Source] = engine
        self.wire: Wire | None = wire
        self.closed = False
        self.warned: set[str] = set()
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Start anew in a child process: a thread of its parent may have held the lock."""
        self.lock = threading.Lock()


class _Client(Generic[Wire, Source]):
    """What both clients are made of."""

    _shared: _Shared[Wire, Source]
    _changes: Mapping[str, Any]
    _changed: tuple[Settings, Settings]

    def __init__(
        self,
        *,
        auth: Auth | None = None,
        region: str | None = None,
        api_host: str | None = None,
        login_host: str | None = None,
        timeout: float | Timeouts | None = None,
        retry: RetryPolicy | bool | None = None,
        headers: Mapping[str, str] | None = None,
        check: bool = True,
        strict: bool = False,
        array_style: str = "csv",
        user_agent: str = "",
        pacing: bool = True,
        deprecation_warnings: bool = True,
        pool_size: int = POOL_SIZE,
        tls: TlsSettings | None = None,
        proxy: ProxySettings | Literal[False] | None = None,
        gateway: GatewaySettings | None = None,
        token_store: TokenStore | None = None,
        reauthentication: ReauthenticationSettings | None = None,
        logging: LoggingSettings | None = None,
        breaker: BreakerSettings | None = None,
        transport: Wire | None = None,
        on_request: Callable[[RequestEvent], Any] | None = None,
        on_response: Callable[[ResponseEvent], Any] | None = None,
        on_retry: Callable[[RetryEvent], Any] | None = None,
        on_error: Callable[[ErrorEvent], Any] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Make a client; nothing is sent before the first call.

        Args:
            auth: how to log in; without it, what the environment says.
            region: any spelling of a region, a domain, or a local host; see :func:`genesyscloud.regions.resolve`.
                Without it, what the environment says, else ``us_east_1``.
            api_host, login_host: hosts or URLs in place of the region's.
            timeout: seconds that a whole call may take, or :class:`~genesyscloud.Timeouts`.
            retry: a :class:`~genesyscloud.RetryPolicy`, or ``False`` for no retries.
            headers: sent with every request.
            check: compare bodies that you build with the definition before sending them.
            strict: raise when a reply differs from the definition; for tests.
            array_style: arrays in the query as ``csv`` (joined by commas) or ``multi`` (the name repeated).
            user_agent: name of your program, put in front of the client's.
            pacing: wait before the rate limit is hit, instead of running into it.
            deprecation_warnings: warn once per deprecated operation.
            pool_size: connections used at the same time.
            tls, proxy: the network; see :class:`~genesyscloud.TlsSettings` and :class:`~genesyscloud.ProxySettings`.
                Without a proxy, that of the variables ``HTTPS_PROXY`` and so on; ``False`` for none at all.
            gateway: an API gateway in place of the service's hosts: :class:`~genesyscloud.GatewaySettings`.
            token_store: where tokens are kept; share one between clients that log in the same way.
            reauthentication: whether to renew tokens: :class:`~genesyscloud.ReauthenticationSettings`.
            logging: what to log, and where to: :class:`~genesyscloud.LoggingSettings`.
            breaker: hold requests back from what keeps failing: :class:`~genesyscloud.BreakerSettings`.
            transport: sends requests in place of the built-in one; closed together with the client.
            on_request, on_response, on_retry, on_error: observers, see :mod:`genesyscloud.hooks`.
            clock: the time, for tests.

        Raises:
            ConfigurationError: a setting cannot be used, or there are no credentials.
        """
        settings = Settings(
            timeouts=Timeouts() if timeout is None else to_timeouts(timeout),
            retry=RetryPolicy() if retry is None else to_retry_policy(retry),
            headers=headers or {},
            check=check,
            strict=strict,
            array_style=array_style,
            user_agent=user_agent,
            pacing=pacing,
            deprecation_warnings=deprecation_warnings,
            pool_size=pool_size,
            tls=tls,
            proxy=proxy,
            gateway=gateway,
            reauthentication=reauthentication or ReauthenticationSettings(),
            logging=logging or LoggingSettings(),
            breaker=breaker,
        )
        hosts = _hosts(HostSettings(region, api_host, login_host))
        bases = base_urls(hosts, settings.gateway, settings.proxy)
        auth = environment_auth(os.environ) if auth is None else auth
        if not isinstance(auth, Auth):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(f"auth must be one such as ClientCredentials(id, secret), not a {type(auth)}")
        clock = clock or Clock()
        engine: Engine[Source] = Engine(
            api=bases.api,
            login=bases.login,
            service=hosts.api,
            settings=settings,
            tokens=self._source()(auth, token_store, bases.login, clock),
            limiter=RateLimiter() if pacing else None,
            hooks=Hooks(on_request, on_response, on_retry, on_error),
            clock=clock,
            random=_random,
        )
        self._shared = _Shared(engine, transport)
        self._changes = {}

    @classmethod
    def from_env(cls, **options: Any) -> Self:
        """Make a client from environment variables alone; ``options`` are those of the constructor.

        Hosts: ``GENESYSCLOUD_REGION`` (or ``GENESYS_CLOUD_REGION``), ``GENESYSCLOUD_API_HOST``,
        ``GENESYSCLOUD_LOGIN_HOST``. Login: ``GENESYSCLOUD_OAUTHCLIENT_ID`` and ``GENESYSCLOUD_OAUTHCLIENT_SECRET``
        (or ``GENESYS_CLOUD_CLIENT_ID`` and ``…_SECRET``), or ``GENESYSCLOUD_ACCESS_TOKEN``, which wins.

        Raises:
            ConfigurationError: the environment describes no login.
        """
        return cls(auth=environment_auth(os.environ), **options)

    def with_options(
        self,
        *,
        timeout: float | Timeouts | None = None,
        retry: RetryPolicy | bool | None = None,
        headers: Mapping[str, str] | None = None,
        check: bool | None = None,
        strict: bool | None = None,
        array_style: str | None = None,
    ) -> Self:
        """Return a view of this client with other options, on the same connections, login and limits.

        What is not given stays as it is; ``headers`` are added to those of the client.

        >>> gc.with_options(timeout=5, retry=False).users.get_users_me()          # doctest: +SKIP
        """
        changes: dict[str, Any] = {"check": check, "strict": strict, "array_style": array_style}
        changes = {name: value for name, value in changes.items() if value is not None}
        if timeout is not None:
            timeouts = self._settings.timeouts
            changes["timeouts"] = timeout if isinstance(timeout, Timeouts) else replace(timeouts, total=timeout)
        if retry is not None:
            changes["retry"] = to_retry_policy(retry)
        if headers is not None:
            changes["headers"] = {**self._settings.headers, **checked_headers(headers)}
        view = object.__new__(type(self))
        view._shared = self._shared
        view._changes = {**self._changes, **changes}
        base = self._shared.engine.settings
        view._changed = (base, replace(base, **view._changes))
        return view

    def preload(self, *ops: Callable[..., Any] | str) -> None:
        """Build now what the first calls of these operations would build, so that no event loop waits for it then.

        Args:
            ops: operations (``gc.users.get_users_me``) or their names.

        Raises:
            KeyError: there is no such operation.

        >>> gc.preload("get_users_me", gc.routing.get_routing_queues)          # doctest: +SKIP
        """
        for op in ops:
            record = (operation(op) if isinstance(op, str) else _bound(op).operation).record
            for type_ in filter(None, (record.result, record.body)):
                codec.preload(type_)

    @property
    def circuits(self) -> dict[str, str]:
        """The state of each circuit that was used, if the client has a ``breaker``: ``closed``, ``open`` or
        ``half-open``.

        >>> gc.circuits          # doctest: +SKIP
        {'api.mypurecloud.ie/routing': 'open', 'login.mypurecloud.ie/oauth': 'closed'}
        """
        breaker = self._engine.breaker
        return {} if breaker is None else breaker.states()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._engine.api} {self._engine.tokens.auth!r}>"

    @property
    def _engine(self) -> Engine[Source]:
        return self._shared.engine

    @property
    def _settings(self) -> Settings:
        return self._settings_on(self._shared.engine)

    def _settings_on(self, engine: Engine[Source]) -> Settings:
        """Return what this view changes, on top of the settings of ``engine``."""
        base = engine.settings
        if not self._changes:
            return base
        changed = self._changed
        if changed[0] is not base:
            changed = self._changed = (base, replace(base, **self._changes))
        return changed[1]

    @property
    def _clock(self) -> Clock:
        return self._engine.clock

    def _source(self) -> type[Source]:
        raise NotImplementedError

    def _connect(self) -> Wire:
        raise NotImplementedError

    def _wire(self) -> Wire:
        """Return the transport, made when it is first needed."""
        shared = self._shared
        with shared.lock:
            if shared.closed:
                raise ConfigurationError("this client is closed")
            wire: Wire | None = shared.wire
            if wire is None:
                wire = shared.wire = self._connect()
            return wire

    def _closing(self) -> Wire | None:
        shared = self._shared
        with shared.lock:
            shared.closed = True
            wire: Wire | None = shared.wire
            shared.wire = None
            return wire

    def _prepare(self, operation: Operation, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Prepared:
        settings = self._settings
        if operation.record.deprecated and settings.deprecation_warnings:
            self._warn(operation)
        return operation.prepare(args, kwargs, check=settings.check, array_style=settings.array_style)

    def _warn(self, operation: Operation) -> None:
        with self._shared.lock:
            if operation.__name__ in self._shared.warned:
                return
            self._shared.warned.add(operation.__name__)
        text = f"{operation.__name__} is deprecated by the service and may be removed"
        warnings.warn(text, DeprecationWarning, stacklevel=_stacklevel_of_caller())

    def _prepare_request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        json: Any,
        body: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> Prepared:
        own = checked_headers(headers or {}, authorization=True)
        given = {name.lower() for name in own}
        others = {name: value for name, value in self._settings.headers.items() if name.lower() not in given}
        prepared = prepare_request(
            method,
            path_on(path, self._engine.api, self._engine.service),
            query=query,
            json=json,
            body=body,
            headers=SecretHeaders({**others, **own}),
        )
        return prepared._replace(secured=False) if "Authorization" in own else prepared


class GenesysCloud(_Client[Transport, TokenSource], SyncSession, SyncGroups):
    """A client of the Genesys Cloud Platform API, to be shared between threads.

    Operations are called as ``gc.<group>.<operation>(…)``.

    >>> with GenesysCloud(auth=ClientCredentials("id", "secret"), region="eu_west_1") as gc:   # doctest: +SKIP
    ...     print(gc.organization.get_organizations_me().name)
    """

    def _source(self) -> type[TokenSource]:
        return TokenSource

    def _connect(self) -> Transport:
        settings = self._engine.settings
        return transport(tls=settings.tls, proxy=settings.proxy, pool_size=settings.pool_size)

    def _send(self, prepared: Prepared, redirects: bool = False) -> Response[Any]:
        engine = self._engine
        wire = self._shared.wire or self._wire()
        return run(plan(engine, self._settings_on(engine), prepared, redirects=redirects), engine, wire)

    def _invoke(self, operation: Operation, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        return self._send(self._prepare(operation, args, kwargs)).value

    def _respond(self, operation: Operation, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Response[Any]:
        return self._send(self._prepare(operation, args, kwargs))

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call an operation by its ``operationId`` or its Python name and return the result.

        Raises:
            KeyError: there is no such operation; the message names the nearest.

        >>> gc.call("getUsersMe", expand=["presence"])          # doctest: +SKIP
        """
        return self._invoke(operation(name), args, kwargs)

    def with_response(self, op: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Response[T]:
        """Call an operation and return its whole reply. A redirect is returned too, with ``value`` ``None``.

        >>> gc.with_response(gc.users.get_users_me).correlation_id          # doctest: +SKIP
        """
        bound = _bound(op)
        client: GenesysCloud = bound.client
        return client._send(client._prepare(bound.operation, args, kwargs), redirects=True)

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

        bound = _bound(op)
        return paginate(bound.client, bound, args, kwargs)

    def run_job(self, op: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Submit a job, wait until it ends and return its results; see :func:`genesyscloud.jobs.run_job`.

        Args:
            op: the operation that submits; its arguments follow, and those of :class:`genesyscloud.jobs.Job`.

        Raises:
            JobFailed: the job ended without a result. JobTimeout: it did not end in time.

        >>> query = {"interval": "2026-01-01/2026-01-08"}
        >>> rows = gc.run_job(gc.analytics.post_analytics_conversations_details_jobs, query)   # doctest: +SKIP
        """
        from .jobs import run_job

        bound = _bound(op)
        return run_job(bound.client, bound, args, kwargs)

    def close(self) -> None:
        """Close the connections of this client and its views. Later calls raise ``ConfigurationError``."""
        wire = self._closing()
        if wire is not None:
            wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncGenesysCloud(_Client[AsyncTransport, "AsyncTokenSource"], AsyncSession, AsyncGroups):
    """A client of the Genesys Cloud Platform API for asyncio, to be shared between tasks.

    Operations are called as ``await gc.<group>.<operation>(…)``. Wrong arguments raise at once, not when awaited.

    >>> async with AsyncGenesysCloud(auth=ClientCredentials("id", "secret")) as gc:          # doctest: +SKIP
    ...     print((await gc.organization.get_organizations_me()).name)
    """

    def _source(self) -> type[AsyncTokenSource]:
        from .auth.asource import AsyncTokenSource

        return AsyncTokenSource

    def _connect(self) -> AsyncTransport:
        settings = self._engine.settings
        return async_transport(tls=settings.tls, proxy=settings.proxy, pool_size=settings.pool_size)

    async def _send(self, prepared: Prepared, redirects: bool = False) -> Response[Any]:
        engine = self._engine
        wire = self._shared.wire or self._wire()
        return await arun(plan(engine, self._settings_on(engine), prepared, redirects=redirects), engine, wire)

    async def _value(self, prepared: Prepared) -> Any:
        return (await self._send(prepared)).value

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
        bound = _bound(op)
        client: AsyncGenesysCloud = bound.client
        return client._send(client._prepare(bound.operation, args, kwargs), redirects=True)

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

        bound = _bound(op)
        return apaginate(bound.client, bound, args, kwargs)

    def run_job(self, op: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
        """Submit a job, wait until it ends and return its results; see :meth:`GenesysCloud.run_job`."""
        from .jobs import arun_job

        bound = _bound(op)
        return arun_job(bound.client, bound, args, kwargs)

    async def aclose(self) -> None:
        """Close the connections of this client and its views. Later calls raise ``ConfigurationError``."""
        wire = self._closing()
        if wire is not None:
            await wire.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def _hosts(given: HostSettings) -> regions.Hosts:
    """Return the hosts: all from code as soon as code names a region or API host, so that no login goes elsewhere."""
    if given.region is None and given.api_host is None:
        told = environment_hosts(os.environ)
        given = told._replace(login_host=given.login_host or told.login_host)
    if not given.region and not given.api_host:
        given = given._replace(region=regions.DEFAULT_REGION)
    return regions.resolve(*given)


def _bound(op: Any) -> BoundOperation:
    if not isinstance(op, BoundOperation):
        raise TypeError(f"expected an operation of a client, such as gc.users.get_users_me, not {op!r}")
    return op


def _random() -> float:
    # Needed only when something failed, and the module costs a few milliseconds.
    from random import random

    return random()


def _stacklevel_of_caller() -> int:
    """Return the ``stacklevel`` at which a warning is blamed on the first line outside this package."""
    level = 1
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "genesyscloud":
        frame = frame.f_back
        level += 1
    return level
