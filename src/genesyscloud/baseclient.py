"""What the two clients have in common: their settings, the parts that they are made of, and the views of them.

A client joins what other modules own; it holds no rule of its own about a call. What can change while the program
runs, because a configuration file did, is in one :class:`~genesyscloud.pipeline.Engine`, replaced as a whole.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from . import codec
from .auth import Auth, SharedTokenStore, TokenStore
from .clock import Clock
from .config import HostSettings, Settings, checked_headers, environment_auth, to_retry_policy, to_timeouts
from .configfile.files import find
from .errors import ConfigurationError
from .forks import renew_after_fork
from .gateway import path_on
from .hooks import ErrorEvent, Hooks, RequestEvent, ResponseEvent, RetryEvent
from .layers import Layers
from .operations import BoundOperation, Operation, Prepared, operation, prepare_request
from .paths import StrPath
from .pipeline import Engine
from .ratelimit import RateLimiter
from .redact import SecretHeaders
from .sections import BreakerSettings, GatewaySettings, LoggingSettings, ReauthenticationSettings, RetryPolicy, Timeouts
from .transport import POOL_SIZE, AsyncTransport, ProxySettings, TlsSettings, Transport

if TYPE_CHECKING:
    from .auth.allowance import Allowance
    from .auth.source import SharedToken
    from .configfile.watch import Subscription

__all__ = ["BaseClient"]

# Not generic in the kinds of transport and token source: a type checker that meets a client would have to read what
# they are made of.


class Shared:
    """What a client and its views have in common."""

    def __init__(self, engine: Engine[Any], wire: Any) -> None:
        self.engine: Engine[Any] = engine
        #: The transport, once there is one.
        self.wire: Any = wire
        #: Whether the transport is ours, so that another can take its place.
        self.replaceable: bool = wire is None
        #: Transports whose place was taken, and that have to be closed.
        self.retired: list[Any] = []
        self.closed = False
        self.warned: set[str] = set()
        self.follower: Subscription | None = None
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Start anew in a child process: a thread of its parent may have held the lock."""
        self.lock = threading.Lock()

    def adopt(self, engine: Engine[Any], *, reconnect: bool) -> None:
        """Let calls that start from now on use ``engine``, and new connections if they have to be others."""
        with self.lock:
            old: Any = None
            if reconnect and self.replaceable:
                old, self.wire = self.wire, None
            # The engine comes last: who finds the new one must not find the old connections.
            self.engine = engine
            if hasattr(old, "aclose"):
                # Only its event loop can close it, and calls are still under way there.
                self.retired.append(old)
        if hasattr(old, "close"):
            old.close()


class BaseClient:
    """What both clients are made of."""

    #: The method that closes a transport of this kind of client.
    _closer: ClassVar[str]
    _shared: Shared
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
        gateway: GatewaySettings | Literal[False] | None = None,
        token_store: TokenStore | None = None,
        reauthentication: ReauthenticationSettings | None = None,
        logging: LoggingSettings | None = None,
        breaker: BreakerSettings | None = None,
        config_file: StrPath | None = None,
        profile: str | None = None,
        live_reload: bool | None = None,
        transport: Transport | AsyncTransport | None = None,
        on_request: Callable[[RequestEvent], Any] | None = None,
        on_response: Callable[[ResponseEvent], Any] | None = None,
        on_retry: Callable[[RetryEvent], Any] | None = None,
        on_error: Callable[[ErrorEvent], Any] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Make a client; nothing is sent before the first call.

        What is not given comes from the environment, else from configuration files, else it is as said here.

        Args:
            auth: how to log in.
            region: any spelling of a region, a domain, or a local host; see :func:`genesyscloud.regions.resolve`.
                In the end, ``us_east_1``.
            api_host, login_host: hosts or URLs in place of the region's.
            timeout: seconds that a whole call may take, or :class:`~genesyscloud.Timeouts`.
            retry: a :class:`~genesyscloud.RetryPolicy`, or ``False`` for no retries.
            headers: sent with every request.
            check: compare bodies that you build with the definition before sending them.
            strict: raise when a reply differs from the definition; for tests.
            array_style: arrays in the query as ``csv`` (joined by commas) or ``multi`` (the name repeated).
            user_agent: name of your program, put in front of the client's.
            pacing: wait before the rate limit is hit, instead of running into it. With a token store that processes
                share, they share the limit of their token.
            deprecation_warnings: warn once per deprecated operation.
            pool_size: connections used at the same time.
            tls, proxy: the network; see :class:`~genesyscloud.TlsSettings` and :class:`~genesyscloud.ProxySettings`.
                Without a proxy, that of the variables ``HTTPS_PROXY`` and so on; ``False`` for none at all.
            gateway: an API gateway in place of the service's hosts, :class:`~genesyscloud.GatewaySettings`; ``False``
                for none, whatever files say.
            token_store: where tokens are kept; share one between clients that log in the same way.
            reauthentication: whether to renew tokens: :class:`~genesyscloud.ReauthenticationSettings`.
            logging: what to log, and where to: :class:`~genesyscloud.LoggingSettings`.
            breaker: hold requests back from what keeps failing: :class:`~genesyscloud.BreakerSettings`.
            config_file: a configuration file, INI or JSON; empty for none. Without it, and without ``profile``,
                ``~/.genesyscloud/config`` and the vendor's ``~/.genesyscloudpython/config``, where they exist.
            profile: name of a configuration file in ``~/.genesyscloud/profiles``.
            live_reload: whether changes of these files apply to calls that start after them. Without a word from you
                or the files: yes, for files that you name (also before they exist), and others that exist.
            transport: sends requests in place of the built-in one; closed together with the client.
            on_request, on_response, on_retry, on_error: observers, see :mod:`genesyscloud.hooks`.
            clock: the time, for tests.

        Raises:
            ConfigurationError: a setting cannot be used, or there are no credentials.
        """
        if auth is not None and not isinstance(auth, Auth):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(f"auth must be one such as ClientCredentials(id, secret), not a {type(auth)}")
        if transport is not None and not hasattr(transport, self._closer):
            what = f"the transport of {type(self).__name__} must have a method {self._closer}()"
            raise ConfigurationError(f"{what}; {type(transport).__name__} is for the other kind of client")
        code: dict[str, Any] = {
            "timeouts": Timeouts() if timeout is None else to_timeouts(timeout),
            "headers": headers or {},
            "check": check,
            "strict": strict,
            "array_style": array_style,
            "user_agent": user_agent,
            "pacing": pacing,
            "deprecation_warnings": deprecation_warnings,
            "pool_size": pool_size,
            "tls": tls,
            "breaker": breaker,
        }
        sections = {
            "retry": to_retry_policy(retry) if retry is not None else None,
            "proxy": proxy,
            "gateway": gateway,
            "reauthentication": reauthentication,
            "logging": logging,
        }
        code.update((name, value) for name, value in sections.items() if value is not None)
        hosts = HostSettings(region, api_host, login_host)
        layers = Layers(code, hosts, auth, find(config_file, profile, os.environ), os.environ)
        hooks = Hooks(on_request, on_response, on_retry, on_error)
        self._assemble(layers, token_store, transport, hooks, clock or Clock(), live_reload)

    def _assemble(
        self,
        layers: Layers,
        store: TokenStore | None,
        transport: Transport | AsyncTransport | None,
        hooks: Hooks,
        clock: Clock,
        live_reload: bool | None,
    ) -> None:
        merged = layers.merge()
        settings = merged.settings
        source = self._source()

        def tokens(auth: Auth, login: str) -> SharedToken[Any]:
            return source(auth, store, login, clock)

        engine: Engine[Any] = Engine(
            api=merged.bases.api,
            login=merged.bases.login,
            service=merged.hosts.api,
            settings=settings,
            tokens=tokens(merged.auth, merged.hosts.login),
            limiter=RateLimiter() if settings.pacing else None,
            allowance=_allowance(store, clock) if settings.pacing else None,
            hooks=hooks,
            clock=clock,
            random=_random,
        )
        shared = self._shared = Shared(engine, transport)
        self._changes = {}
        if layers.files.to_watch(live_reload):
            from .reload import follow

            shared.follower = follow(shared, layers, merged, tokens, live_reload)

    @classmethod
    def from_env(cls, **options: Any) -> Self:
        """Make a client from environment variables, without files; ``options`` are those of the constructor.

        Hosts: ``GENESYSCLOUD_REGION`` (or ``GENESYS_CLOUD_REGION``), ``GENESYSCLOUD_API_HOST``,
        ``GENESYSCLOUD_LOGIN_HOST``. Login: ``GENESYSCLOUD_OAUTHCLIENT_ID`` and ``GENESYSCLOUD_OAUTHCLIENT_SECRET``
        (or ``GENESYS_CLOUD_CLIENT_ID`` and ``…_SECRET``), or ``GENESYSCLOUD_ACCESS_TOKEN``, which wins.

        Raises:
            ConfigurationError: the environment describes no login.
        """
        return cls(auth=environment_auth(os.environ), config_file="", **options)

    @classmethod
    def from_profile(cls, name: str, **options: Any) -> Self:
        """Make a client from ``~/.genesyscloud/profiles/<name>``; ``default`` is ``~/.genesyscloud/config``.

        Code (``options``, those of the constructor) and environment win over the file.

        Raises:
            ConfigurationError: there is no such profile, or it cannot be used, or no login is described anywhere.

        >>> gc = GenesysCloud.from_profile("prod", timeout=20)          # doctest: +SKIP
        """
        return cls(profile=name, **options)

    @classmethod
    def from_config_file(cls, path: StrPath, **options: Any) -> Self:
        """Make a client from a configuration file, INI or JSON; see :mod:`genesyscloud.configfile`.

        Code (``options``, those of the constructor) and environment win over the file.

        Raises:
            ConfigurationError: the file cannot be used, or no login is described anywhere.

        >>> gc = GenesysCloud.from_config_file("/etc/my-program/genesyscloud.ini")          # doctest: +SKIP
        """
        return cls(config_file=path, **options)

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

    def _hurried(self, seconds: float, retry: bool) -> Self:
        """Return a view whose calls take no longer than ``seconds``; without ``retry`` each is made once."""
        total = min(seconds, self._settings.timeouts.total)
        return self.with_options(timeout=total, retry=None if retry else False)

    def preload(self, *ops: Callable[..., Any] | str) -> None:
        """Build now what the first calls of these operations would build, so that no event loop waits for it then.

        Args:
            ops: operations (``gc.users.get_users_me``) or their names.

        Raises:
            UnknownOperation: there is no such operation.

        >>> gc.preload("get_users_me", gc.routing.get_routing_queues)          # doctest: +SKIP
        """
        for op in ops:
            record = (operation(op) if isinstance(op, str) else bound(op).operation).record
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
    def _engine(self) -> Engine[Any]:
        return self._shared.engine

    @property
    def _settings(self) -> Settings:
        return self._settings_on(self._shared.engine)

    def _settings_on(self, engine: Engine[Any]) -> Settings:
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

    def _source(self) -> type[SharedToken[Any]]:
        raise NotImplementedError

    def _connect(self) -> Transport | AsyncTransport:
        raise NotImplementedError

    def _start(self) -> tuple[Engine[Any], Any]:
        """Return what a call that starts now is made with: an engine, and the transport that goes with it."""
        shared = self._shared
        while True:
            engine = shared.engine
            wire = shared.wire or self._wire()
            # A reload in between would mix the paths of one proxy with the address of another.
            if shared.engine is engine:
                return engine, wire

    def _wire(self) -> Any:
        """Return the transport, made when it is first needed."""
        shared = self._shared
        with shared.lock:
            if shared.closed:
                raise ConfigurationError("this client is closed")
            if shared.wire is None:
                shared.wire = self._connect()
            return shared.wire

    def _closing(self) -> list[Any]:
        """Mark the client as closed and return the transports that are to be closed."""
        shared = self._shared
        if shared.follower is not None:
            shared.follower.stop()
        with shared.lock:
            shared.closed = True
            wires = shared.retired
            if shared.wire is not None:
                wires.append(shared.wire)
            shared.wire, shared.retired = None, []
            return wires

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


def bound(op: Any) -> BoundOperation:
    if not isinstance(op, BoundOperation):
        raise TypeError(f"expected an operation of a client, such as gc.users.get_users_me, not {op!r}")
    return op


def _allowance(store: TokenStore | None, clock: Clock) -> Allowance | None:
    if not isinstance(store, SharedTokenStore):
        return None
    from .auth.allowance import Allowance

    return Allowance(store, clock)


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
