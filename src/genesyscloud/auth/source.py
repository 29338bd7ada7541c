"""The one current token of a client, and its renewal: by one thread or task, for all that need it.

The first that needs a token it does not have starts a *flight*; the others wait for it and share its token or
its error. A leader that is cancelled, interrupted or out of time tells nobody anything: one of those that wait takes
over. While a token is due for renewal but still valid, nobody but the leader waits, and a failure does no harm.
"""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from ..clock import Clock
from ..errors import DeadlineExceeded, GenesysCloudError
from .grants import Auth
from .tokens import Token, TokenStore

__all__ = ["AsyncTokenSource", "TokenSource"]

#: After a failed renewal of a token that is still valid, seconds until the next try.
QUIET = 10.0


class _Event(Protocol):
    def set(self) -> None: ...


E = TypeVar("E", bound=_Event)


class _Flight(Generic[E]):
    __slots__ = ("done", "error", "token")

    def __init__(self, done: E) -> None:
        self.done = done
        self.token: Token | None = None
        self.error: GenesysCloudError | None = None

    def outcome(self) -> Token | None:
        """Return the token, or ``None`` when the leader gave up without one; raises its error."""
        if self.error is not None:
            # Each waiter gets a copy: an exception that is raised in two threads mixes their tracebacks.
            raise copy.copy(self.error)
        return self.token


class _Source(Generic[E]):
    def __init__(self, auth: Auth, store: TokenStore, login_url: str, clock: Clock) -> None:
        self.auth = auth
        self._store = store
        self._key = f"{login_url}|{auth.identity}" if auth.identity else ""
        self._clock = clock
        self._lock = threading.Lock()
        self._flight: _Flight[E] | None = None
        self._token: Token | None = None
        self._quiet_until = 0.0

    def fresh(self) -> Token | None:
        """Return the current token when it can be used without further ado. This is the path of every call."""
        token = self._token
        if token is None:
            return None
        now = self._clock.time()
        if now < token.renew_at:
            return token
        # Due, but valid: someone is at it, or it failed a moment ago.
        if now < token.expires_at and (self._flight is not None or now < self._quiet_until):
            return token
        return None

    def _board(self, stale: Token | None, mine: _Flight[E]) -> Token | _Flight[E]:
        """Return a usable token, or the flight to wait for; it is ``mine`` when the caller has to lead it."""
        with self._lock:
            token = self._usable(stale)
            if token is not None:
                return token
            if self._flight is None:
                self._flight = mine
            return self._flight

    def _usable(self, stale: Token | None) -> Token | None:
        refused = stale.access_token if stale is not None else None
        token = self.fresh()
        if token is not None and token.access_token != refused:
            return token
        stored = self._store.load(self._key) if self._key else None
        if stored is not None and stored.access_token != refused and self._clock.time() < stored.renew_at:
            self._token = stored
            return stored
        return None

    def _valid(self, stale: Token | None) -> Token | None:
        """Return the current token if it still serves, though it is due."""
        token = self._token
        return token if stale is None and token is not None and self._clock.time() < token.expires_at else None

    def _land(self, mine: _Flight[E], token: Token) -> Token:
        if self._key:
            self._store.save(self._key, token)
        self._token = mine.token = token
        return token

    def _crash(self, mine: _Flight[E], stale: Token | None, error: GenesysCloudError) -> Token:
        """Return the token that is still valid, or raise ``error`` here and in those who wait."""
        token = self._valid(stale)
        if token is not None:
            self._quiet_until = self._clock.time() + QUIET
            mine.token = token
            return token
        # The deadline is that of the leader's call; those who wait may have more time.
        if not isinstance(error, DeadlineExceeded):
            mine.error = copy.copy(error)
        raise error

    def _leave(self, mine: _Flight[E]) -> None:
        if self._flight is mine:
            self._flight = None
        mine.done.set()


class TokenSource(_Source[threading.Event]):
    """For threads."""

    def get(self, stale: Token | None, deadline: float, login: Callable[[Token | None, bool], Token]) -> Token:
        """Return a token that is not ``stale``, from memory, from the flight under way, or by logging in.

        Args:
            stale: the token that was refused, if one was.
            deadline: of the call, on the monotonic clock.
            login: does it; given the previous token, and whether nothing can go on without a new one.
        """
        while True:
            mine = _Flight(threading.Event())
            try:
                found = self._board(stale, mine)
                if isinstance(found, Token):
                    return found
                if found is mine:
                    return self._land(mine, login(self._token, self._valid(stale) is None))
            except GenesysCloudError as error:
                return self._crash(mine, stale, error)
            finally:
                self._leave(mine)
            if not found.done.wait(max(0.0, deadline - self._clock.monotonic())):
                raise DeadlineExceeded("no time left while waiting for the login of another thread")
            token = found.outcome()
            if token is not None:
                return token


class AsyncTokenSource(_Source[asyncio.Event]):
    """For tasks of one event loop at a time."""

    async def get(
        self, stale: Token | None, deadline: float, login: Callable[[Token | None, bool], Awaitable[Token]]
    ) -> Token:
        """See :meth:`TokenSource.get`."""
        while True:
            mine = _Flight(asyncio.Event())
            try:
                found = self._board(stale, mine)
                if isinstance(found, Token):
                    return found
                if found is mine:
                    return self._land(mine, await login(self._token, self._valid(stale) is None))
            except GenesysCloudError as error:
                return self._crash(mine, stale, error)
            finally:
                self._leave(mine)
            try:
                async with asyncio.timeout(max(0.0, deadline - self._clock.monotonic())):
                    await found.done.wait()
            except TimeoutError:
                raise DeadlineExceeded("no time left while waiting for the login of another task") from None
            token = found.outcome()
            if token is not None:
                return token
