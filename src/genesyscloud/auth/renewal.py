"""How one caller gets a token for all: from the store, or by logging in while nobody else does.

With a store that is shared, the one who renews holds a lease in it: a note with an owner and an end, so that one who
dies holds up nobody for long. The others wait for its token, or for its error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from .. import replies, retry
from ..effects import Blocking, GetToken, Sleep, Steps
from ..errors import DeadlineExceeded, GenesysCloudError, LoginRequired, OAuthError, TokenStoreError, TransportError
from ..exchange import exchange
from ..http import AttemptTimeouts, Reply, Request
from ..redact import SecretHeaders, Secrets, mask_error, secrets_of
from .grants import Person
from .tokens import Change, SharedTokenStore, Token, TokenStore, check_text

if TYPE_CHECKING:
    from ..pipeline import Engine

__all__ = ["SLACK", "ahead_deadline", "ask", "plan_login", "plan_token"]

#: A transport's timer may end this much (seconds) before the deadline that it was set to.
SLACK = 0.05
#: Seconds between looks at a lease that another process holds.
POLL = 0.1
#: Seconds for which those who waited can read why the renewal that they waited for failed.
REMEMBERED = 5.0
#: Seconds at most for a renewal that nothing depends on yet.
AHEAD = 5.0

T = TypeVar("T")
_log = logging.getLogger("genesyscloud.auth")


def plan_token(engine: Engine[Any], wanted: GetToken, previous: Token | None, urgent: bool) -> Steps[Token]:
    """Get a token for all threads and tasks of a client.

    Args:
        wanted: which token will not do, and until when there is time.
        previous: the token in use, if there is one.
        urgent: whether calls depend on it; if not, one attempt is enough, and nobody is waited for.

    Raises:
        OAuthError: the service refused. TransportError: it could not be reached. DeadlineExceeded: another process
        was at it and did not end. TokenStoreError: the store failed.
    """
    store: TokenStore | None = engine.tokens.store
    if store is None:
        return (yield from plan_login(engine, previous, urgent, wanted.deadline))
    renewal = _Renewal(engine, store, wanted)
    found = yield from renewal.stored()
    if found is not None:
        return found
    if isinstance(store, SharedTokenStore):
        return (yield from renewal.alone(store, previous, urgent))
    return (yield from renewal.renew(previous, urgent, wanted.deadline))


class _Renewal:
    """One login whose token goes into a store."""

    def __init__(self, engine: Engine[Any], store: TokenStore, wanted: GetToken) -> None:
        self.engine = engine
        self.store = store
        self.wanted = wanted
        self.key: str = engine.tokens.key
        self.newest: Token | None = None

    def stored(self) -> Steps[Token | None]:
        """Return the token of the store, if it will do."""
        found: Token | None = yield from ask(self.store, lambda: self.store.load(self.key))
        self.newest = found
        stale = self.wanted.stale
        if found is None or (stale is not None and stale.access_token == found.access_token):
            return None
        return found if self.engine.clock.time() < found.renew_at else None

    def renew(self, previous: Token | None, urgent: bool, deadline: float) -> Steps[Token]:
        stored = self.newest
        # Of two refresh tokens the older one has been used. That of the store is older only if it could not be saved.
        if stored is not None and (previous is None or stored.expires_at >= previous.expires_at):
            previous = stored
        token = yield from plan_login(self.engine, previous, urgent, deadline)
        try:
            yield from ask(self.store, lambda: self.store.save(self.key, token))
        except TokenStoreError as error:
            # The token is good, and a refresh token that was used cannot be taken back.
            _log.warning("a new token could not be stored: %s", error)
        return token

    def alone(self, store: SharedTokenStore, previous: Token | None, urgent: bool) -> Steps[Token]:
        """Renew while no other process does."""
        clock, wanted = self.engine.clock, self.wanted
        lease = _Lease(store, self.key, wanted.wait)
        give_up = min(wanted.deadline, clock.monotonic() + wanted.wait)
        try:
            while not (yield from lease.take()):
                if not urgent or clock.monotonic() + POLL >= give_up:
                    waited = f"another process did not finish its login within {wanted.wait:g} s"
                    raise DeadlineExceeded(f"{waited} (refresh_token_wait_max)")
                yield Sleep(POLL)
                found = yield from self.stored()
                if found is not None:
                    return found
            found = yield from self.stored()
            if found is None:
                deadline = min(wanted.deadline, clock.monotonic() + wanted.wait)
                found = yield from self.renew(previous, urgent, deadline)
        except GeneratorExit:
            raise
        except BaseException as error:
            yield from lease.give(error if isinstance(error, OAuthError) else None)
            raise
        yield from lease.give(None)
        return found


class _Lease:
    """The right to renew, taken in a store that several processes share."""

    def __init__(self, store: SharedTokenStore, key: str, seconds: float) -> None:
        import secrets

        self._store = store
        self._key = f"renewal|{key}"
        self._seconds = seconds
        self._owner = secrets.token_hex(8)
        self._awaited = ""

    def take(self) -> Steps[bool]:
        """Return whether it is ours now.

        Raises:
            OAuthError: the renewal that was waited for has failed.
        """
        note: Mapping[str, Any] | None = yield from ask(self._store, lambda: self._update(self._taken))
        if note is None:
            return True
        if "failed" in note:
            kind = LoginRequired if note["login"] else OAuthError
            raise kind(note["status"], note["failed"], note["description"], note["correlation"])
        self._awaited = note["owner"]
        return False

    def give(self, failure: OAuthError | None) -> Steps[None]:
        """End it, if it is ours, and leave word of the failure."""

        def change(note: Mapping[str, Any] | None, now: float) -> tuple[Mapping[str, Any] | None, float, None]:
            if note is None or note.get("owner") != self._owner or "failed" in note:
                return note, _left(note, now), None
            return (None, 0.0, None) if failure is None else (self._word(failure, now), REMEMBERED, None)

        try:
            yield from ask(self._store, lambda: self._update(change))
        except TokenStoreError as error:
            _log.warning("the lease on a renewal could not be given back and will expire: %s", error)

    def _update(self, change: Change[T]) -> T:
        return self._store.update(self._key, change)

    def _taken(
        self, note: Mapping[str, Any] | None, now: float
    ) -> tuple[Mapping[str, Any] | None, float, Mapping[str, Any] | None]:
        if note is not None and now < note.get("until", 0.0):
            held = "failed" not in note and note.get("owner") != self._owner
            ours = "failed" in note and note.get("owner") == self._awaited
            if held or ours:
                return note, _left(note, now), note
        return {"owner": self._owner, "until": now + self._seconds}, self._seconds, None

    def _word(self, failure: OAuthError, now: float) -> Mapping[str, Any]:
        return {
            "owner": self._owner,
            "until": now + REMEMBERED,
            "failed": failure.error,
            "status": failure.status,
            "description": failure.description,
            "correlation": failure.correlation_id,
            "login": isinstance(failure, LoginRequired),
        }


def _left(note: Mapping[str, Any] | None, now: float) -> float:
    return max(0.001, note.get("until", now) - now) if note is not None else 0.0


def ask(store: TokenStore, work: Callable[[], T]) -> Steps[T]:
    """Use the store, in the way that suits it."""
    if getattr(store, "blocking", True):
        return (yield Blocking(work))
    return work()


def ahead_deadline(deadline: float, now: float, valid: float) -> float:
    """Return the end of a renewal that nothing depends on: half of what there is, so that the old token can be used.

    Args:
        deadline: of the call that needs a token, on the monotonic clock.
        now: the monotonic clock.
        valid: seconds for which the old token is valid.
    """
    return now + max(0.0, min(AHEAD, (deadline - now) / 2, valid / 2))


def plan_login(engine: Engine[Any], previous: Token | None, urgent: bool, deadline: float) -> Steps[Token]:
    """Carry out a login with the client's strategy.

    Args:
        previous: the token to be renewed, if there was one.
        urgent: whether calls depend on it; if not, one attempt is enough, and half of the time, and no person is asked.
        deadline: of the call that needs the token.

    Raises:
        OAuthError: the service refused. TransportError: it could not be reached. DeadlineExceeded: there was no time
        left. ConfigurationError: a strategy of the caller's own made a token that cannot be sent.
    """
    clock = engine.clock
    if not urgent and previous is not None:
        deadline = ahead_deadline(deadline, clock.monotonic(), previous.expires_at - clock.time())
    flow = engine.tokens.auth.flow(engine.login, clock.time(), previous)
    sent = Secrets(())
    try:
        wanted = next(flow)
        while True:
            if isinstance(wanted, Person):
                if not urgent:
                    # Not an error of the login: those who wait for it ask the person themselves.
                    raise DeadlineExceeded("only a person can renew the token, which is not asked before it ends")
                left = max(0.0, deadline - clock.monotonic())
                outcome: Any = yield Blocking(partial(wanted.work, left), wanted.cancel)
            else:
                headers = SecretHeaders({"User-Agent": engine.settings.base_headers["User-Agent"]})
                headers.update(wanted.headers)
                wanted = wanted._replace(headers=headers)
                sent = secrets_of(wanted)
                outcome = yield from _send(engine, wanted, urgent, deadline)
            wanted = flow.send(outcome)
    except OAuthError as error:
        mask_error(error, sent)
        raise
    except StopIteration as stop:
        token: Token = stop.value
        # Here for all strategies, and before it gets into a store.
        check_text("the access token that the login ended with", token.access_token)
        return token


def _send(engine: Engine[Any], request: Request, urgent: bool, deadline: float) -> Steps[Reply]:
    """Send a request of a login until there is an answer of the login service.

    A code or a refresh token serves once, but to repeat it does no harm: if the first attempt used it up, its reply
    is lost either way.
    """
    timeouts = engine.settings.timeouts
    retries = 0
    while True:
        left = deadline - engine.clock.monotonic()
        if left <= 0:
            raise DeadlineExceeded("no time left to log in")
        reply: Reply | None = None
        failure: GenesysCloudError
        try:
            attempt = AttemptTimeouts(timeouts.connect, timeouts.read, left)
            answer = yield from exchange(engine, engine.settings.logging, request, attempt, engine.login)
            if answer.status != 429 and answer.status < 500:
                return answer
            reply, failure = answer, replies.api_error(answer, engine.clock.time(), "", secrets_of(request))
        except TransportError as error:
            if isinstance(error, TimeoutError) and deadline - engine.clock.monotonic() <= SLACK:
                raise DeadlineExceeded(f"no time left to log in: {error.reason}") from error
            failure = error
        delay = retry.decide(
            engine.settings.retry, attempt=retries, method="GET", error=failure, random=engine.random()
        )
        if not urgent or delay is None or engine.clock.monotonic() + delay >= deadline:
            if reply is not None:
                return reply
            raise failure
        retries += 1
        yield Sleep(delay)
