"""The one current token of a client, and its renewal: by one thread or task, for all that need it.

The first that needs a token it does not have starts a *flight*; the others wait for it and share its token or
its error. A leader that is cancelled, interrupted or out of time tells nobody anything: one of those that wait takes
over. While a token is due for renewal but still valid, nobody but the leader waits, and a failure does no harm.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from math import inf
from typing import Generic, Protocol, TypeVar

from ..clock import Clock
from ..errors import DeadlineExceeded, GenesysCloudError
from ..forks import renew_after_fork
from .grants import Auth
from .tokens import Token, TokenStore

__all__ = ["Flight", "SharedToken", "TokenSource"]

#: After a failed renewal of a token that is still valid, seconds until the next try.
QUIET = 10.0


class _Event(Protocol):
    def set(self) -> None: ...


E = TypeVar("E", bound=_Event)


class Flight(Generic[E]):
    """One login under way; ``done`` is set when it has ended, however it ended."""

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


class SharedToken(Generic[E]):
    """What threads and tasks have in common here: everything but how one waits."""

    def __init__(self, auth: Auth, store: TokenStore | None, login_url: str, clock: Clock) -> None:
        self.auth = auth
        self.store = store
        self._login_url = login_url
        self.clock = clock
        self.current: Token | None = None
        self._quiet_until = 0.0
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Start anew in a child process: no thread of its parent, which may be logging in, exists there."""
        self._lock = threading.Lock()
        self._flight: Flight[E] | None = None

    @property
    def key(self) -> str:
        """Where the store has the token. Made when it is needed, since a digest is part of it."""
        return f"{self._login_url}|{self.auth.identity}"

    def fresh(self, renews: bool = True) -> Token | None:
        """Return the current token when it can be used without further ado. This is the path of every call.

        Args:
            renews: whether the client renews tokens; if not, they are used to their end and beyond.
        """
        token = self.current
        if token is None:
            return None
        now = self.clock.time()
        if now < token.renew_at or not renews:
            return token
        # Due, but valid: someone is at it, or it failed a moment ago.
        if now < token.expires_at and (self._flight is not None or now < self._quiet_until):
            return token
        return None

    def board(self, stale: Token | None, mine: Flight[E]) -> Token | Flight[E]:
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
        return None

    def valid(self, stale: Token | None) -> Token | None:
        """Return the current token if it still serves, though it is due."""
        token = self.current
        return token if stale is None and token is not None and self.clock.time() < token.expires_at else None

    def land(self, mine: Flight[E], token: Token) -> Token:
        """A new token: use it, and hand it to those who wait."""
        self.current = mine.token = token
        return token

    def crash(self, mine: Flight[E], stale: Token | None, error: GenesysCloudError) -> Token:
        """Return the token that is still valid, or raise ``error`` here and in those who wait."""
        token = self.valid(stale)
        if token is not None:
            self._quiet_until = self.clock.time() + QUIET
            mine.token = token
            return token
        # The deadline is that of the leader's call; those who wait may have more time.
        if not isinstance(error, DeadlineExceeded):
            mine.error = copy.copy(error)
        raise error

    def leave(self, mine: Flight[E]) -> None:
        """End a flight, however it went; without effect for others' flights."""
        if self._flight is mine:
            self._flight = None
        mine.done.set()


class TokenSource(SharedToken[threading.Event]):
    """For threads."""

    def get(
        self, stale: Token | None, deadline: float, login: Callable[[Token | None, bool], Token], wait: float = inf
    ) -> Token:
        """Return a token that is not ``stale``, from memory, from the flight under way, or by logging in.

        Args:
            stale: the token that was refused, if one was.
            deadline: of the call, on the monotonic clock.
            login: does it; given the previous token, and whether nothing can go on without a new one.
            wait: seconds to wait at most for a flight that another thread leads.
        """
        while True:
            mine = Flight(threading.Event())
            try:
                found = self.board(stale, mine)
                if isinstance(found, Token):
                    return found
                if found is mine:
                    return self.land(mine, login(self.current, self.valid(stale) is None))
            except GenesysCloudError as error:
                return self.crash(mine, stale, error)
            finally:
                self.leave(mine)
            if not found.done.wait(max(0.0, min(wait, deadline - self.clock.monotonic()))):
                raise DeadlineExceeded("no time left (refresh_token_wait_max) for the login of another thread")
            token = found.outcome()
            if token is not None:
                return token
