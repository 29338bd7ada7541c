"""The plan of one call: pace, authorise, send, renew, retry, decode.

:func:`plan` decides and does nothing: it is a generator that yields what it wants done and is given the outcome. The
drivers :func:`run` and :func:`arun` do it, for threads and for asyncio, so that every rule exists once. A call with a
fresh token that succeeds yields a single :class:`Send`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from . import replies, retry
from .auth.renewal import SLACK, plan_token
from .breaker import Breaker
from .effects import Blocking, GetToken, Notify, Send, Sleep, Steps
from .errors import (
    CircuitOpen,
    ConfigurationError,
    DeadlineExceeded,
    GenesysCloudError,
    ReplyError,
    TransportError,
)
from .exchange import Logs, check_circuit, exchange
from .hooks import ErrorEvent, Hooks, RequestEvent, ResponseEvent, RetryEvent
from .http import AttemptTimeouts, Reply, Request
from .redact import SecretHeaders, Secrets, mask_error, secrets_of
from .response import Response

if TYPE_CHECKING:
    from .auth.allowance import Allowance
    from .auth.asource import AsyncTokenSource
    from .auth.source import SharedToken, TokenSource
    from .auth.tokens import Token
    from .clock import Clock
    from .config import Settings
    from .operations import Prepared
    from .ratelimit import RateLimiter
    from .transport import AsyncTransport, Transport

__all__ = ["Engine", "Plan", "arun", "plan", "refuse_awaitable", "run"]

T = TypeVar("T")
S = TypeVar("S", bound="SharedToken[Any]")

Plan: TypeAlias = Steps[Response[Any]]


class Engine(Generic[S]):
    """What the calls of one client share, whatever view of it they are made through."""

    def __init__(
        self,
        *,
        api: str,
        login: str,
        service: str,
        settings: Settings,
        tokens: S,
        limiter: RateLimiter | None,
        allowance: Allowance | None = None,
        hooks: Hooks,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self.api = api
        self.login = login
        #: The API's own host, which links in replies name also behind a gateway.
        self.service = service
        self.settings = settings
        self.tokens: S = tokens
        self.limiter = limiter
        #: What the processes that use the same token share of its rate limit.
        self.allowance = allowance
        self.hooks = hooks
        self.clock = clock
        self.random = random
        self.budget = retry.Budget(settings.retry.budget)
        self.breaker = Breaker(settings.breaker, clock.monotonic, clock.time) if settings.breaker is not None else None
        self.logs = Logs()


def plan(engine: Engine[Any], settings: Settings, prepared: Prepared, *, redirects: bool = False) -> Plan:
    """Carry out one call.

    Args:
        settings: of the view that the call is made through.
        prepared: the request.
        redirects: return a 3xx reply instead of raising.

    Raises:
        GenesysCloudError: any of the tree, with ``operation`` set.
    """
    call = _Call(engine, settings, prepared)
    try:
        while True:
            reply = yield from call.attempt()
            if reply is not None:
                status = reply.status
                if 200 <= status < 300:
                    engine.budget.success()
                    value = replies.value_of(reply, prepared, settings.strict)
                    return Response(value, status, reply.headers, reply.body, prepared.name)
                if redirects and 300 <= status < 400:
                    return Response(None, status, reply.headers, reply.body, prepared.name)
                if status == 401 and call.can_renew():
                    yield call.want_token(call.token)
                    continue
                call.failure = replies.api_error(reply, engine.clock.time(), call.hint(status), call.secrets())
            yield from call.pause()
    except GenesysCloudError as error:
        if isinstance(error, ReplyError):
            mask_error(error, call.secrets())
        if not error.operation:
            error.operation = prepared.name
        # The traceback of the error holds this call; without this line the two keep each other alive.
        call.failure = None
        if engine.hooks.on_error is not None:
            yield Notify(engine.hooks.on_error, ErrorEvent(prepared.name, error))
        raise


class _Call:
    """What one call knows between its attempts."""

    __slots__ = (
        "attempts", "deadline", "engine", "failure", "prepared", "renewed", "request", "retries", "settings", "token",
    )  # fmt: skip

    def __init__(self, engine: Engine[Any], settings: Settings, prepared: Prepared) -> None:
        self.engine = engine
        self.settings = settings
        self.prepared = prepared
        self.deadline = engine.clock.monotonic() + settings.timeouts.total
        self.attempts = 0
        self.retries = 0
        self.renewed = False
        self.token: Token | None = None
        self.request: Request | None = None
        self.failure: GenesysCloudError | None = None

    def attempt(self) -> Steps[Reply | None]:
        """Send once; ``None`` means that no reply came, and ``failure`` says why."""
        engine = self.engine
        if engine.breaker is not None:
            try:
                check_circuit(engine.breaker, engine.api, self.prepared.path)
            except CircuitOpen as error:
                raise error from self.failure
        limiter = engine.limiter
        if limiter is None:
            return (yield from self.send())
        name = self.prepared.name
        monotonic = engine.clock.monotonic
        while (delay := limiter.acquire(name, monotonic())) > 0 or (
            engine.allowance is not None and (delay := (yield from self.allotment(engine.allowance, limiter))) > 0
        ):
            if monotonic() + delay >= self.deadline:
                allowed = f"the rate limit allows the next request in {delay:.0f} s only"
                raise DeadlineExceeded(f"{allowed}, after the deadline of the call") from self.failure
            yield Sleep(delay)
        headers = None
        began = monotonic()
        try:
            reply = yield from self.send()
            if reply is not None:
                headers = reply.headers
        finally:
            limiter.release(name, headers, monotonic())
        allowance, token = self.engine.allowance, self.token
        if allowance is None or token is None or headers is None:
            return reply
        if allowance.hear(token.access_token, headers, began):
            yield from allowance.tell()
        return reply

    def allotment(self, allowance: Allowance, limiter: RateLimiter) -> Steps[float]:
        """Return 0 when a request that ``limiter`` let out may go, else take it back and return the seconds to wait."""
        if not self.prepared.secured:
            return 0.0
        delay = 0.0
        try:
            token = yield from self.usable_token()
            if not allowance.spend(token.access_token):
                delay = yield from allowance.take(token.access_token)
        except BaseException:
            delay = -1.0
            raise
        finally:
            if delay:
                limiter.release(self.prepared.name, None, self.engine.clock.monotonic())
        return delay

    def usable_token(self) -> Steps[Token]:
        token: Token = self.fresh_token() or (yield self.want_token(None))
        return token

    def fresh_token(self) -> Token | None:
        token: Token | None = self.engine.tokens.fresh(self.settings.reauthentication.refresh_access_token)
        return token

    def send(self) -> Steps[Reply | None]:
        engine, prepared = self.engine, self.prepared
        headers = SecretHeaders(self.settings.base_headers)
        headers.update(prepared.headers)
        extra = self.settings.headers
        if extra and prepared.record is not None:
            given = {name.lower() for name in extra}
            headers = SecretHeaders({name: value for name, value in headers.items() if name.lower() not in given})
            headers.update(extra)
        if prepared.secured:
            token = self.token = self.fresh_token() or (yield self.want_token(None))
            headers["Authorization"] = f"Bearer {token.access_token}"
        request = self.request = Request(prepared.method, engine.api + prepared.path, headers, prepared.body)
        self.attempts += 1
        hooks = engine.hooks
        if hooks.on_request is not None:
            yield Notify(hooks.on_request, RequestEvent(prepared.name, self.attempts, request))
        timeouts = self.settings.timeouts
        now = engine.clock.monotonic()
        left = self.deadline - now
        if left <= 0:
            raise DeadlineExceeded(f"no time left of {timeouts.total:g} s") from self.failure
        try:
            attempt = AttemptTimeouts(timeouts.connect, timeouts.read, left)
            reply = yield from exchange(engine, self.settings.logging, request, attempt, engine.api)
        except TransportError as error:
            if isinstance(error, TimeoutError) and self.deadline - engine.clock.monotonic() <= SLACK:
                raise DeadlineExceeded(f"not done within {timeouts.total:g} s: {error.reason}") from error
            self.failure = error
            return None
        if hooks.on_response is not None:
            elapsed = engine.clock.monotonic() - now
            yield Notify(hooks.on_response, ResponseEvent(prepared.name, self.attempts, request, reply, elapsed))
        return reply

    def want_token(self, stale: Token | None) -> GetToken:
        # Where a person logs in, the others wait for as long as that may take.
        wait = max(self.settings.reauthentication.refresh_token_wait_max, self.engine.tokens.auth.patience)
        return GetToken(stale, self.deadline, wait)

    def secrets(self) -> Secrets:
        """Return what was sent and must not be shown, should the reply repeat it."""
        return secrets_of(self.request) if self.request is not None else Secrets(())

    def can_renew(self) -> bool:
        """Whether a 401 is to be answered with a new token: once per call."""
        if self.token is None or self.renewed or not self.settings.reauthentication.refresh_access_token:
            return False
        if not self.engine.tokens.auth.can_renew(self.token):
            return False
        self.renewed = True
        return True

    def hint(self, status: int) -> str:
        if status != 401 or not self.prepared.secured:
            return ""
        if self.renewed:
            return "also with a renewed token"
        if not self.settings.reauthentication.refresh_access_token:
            return "refresh_access_token is off: renewal is left to you, with login(renew=True)"
        return "the access token cannot be renewed"

    def pause(self) -> Steps[None]:
        """Wait before the next attempt, or raise the failure if there is to be none."""
        failure = self.failure
        assert failure is not None
        engine = self.engine
        delay = retry.decide(
            self.settings.retry,
            attempt=self.retries,
            method=self.prepared.method,
            error=failure,
            random=engine.random(),
            elapsed=self.settings.timeouts.total - (self.deadline - engine.clock.monotonic()),
        )
        if delay is None or engine.clock.monotonic() + delay >= self.deadline or not engine.budget.take(failure):
            try:
                raise failure
            finally:
                del failure  # its traceback holds this frame
        self.retries += 1
        if engine.hooks.on_retry is not None:
            failure.operation = self.prepared.name
            event = RetryEvent(self.prepared.name, self.attempts, delay, failure, self.retries)
            yield Notify(engine.hooks.on_retry, event)
        yield Sleep(delay)


def run(steps: Steps[T], engine: Engine[TokenSource], transport: Transport) -> T:
    """Carry out the steps of a plan in this thread."""
    try:
        effect = steps.send(None)
        while True:
            outcome: Any = None
            try:
                if type(effect) is Send:
                    outcome = transport.send(effect.request, effect.timeouts)
                elif type(effect) is GetToken:
                    outcome = _get_token(effect, engine, transport)
                elif type(effect) is Sleep:
                    engine.clock.sleep(effect.seconds)
                elif type(effect) is Blocking:
                    outcome = effect.work()
                elif type(effect) is Notify:
                    refuse_awaitable(effect.hook(effect.event))
            except BaseException as error:
                effect = steps.throw(error)
            else:
                effect = steps.send(outcome)
    except StopIteration as stop:
        result: T = stop.value
        return result


async def arun(steps: Steps[T], engine: Engine[AsyncTokenSource], transport: AsyncTransport) -> T:
    """Carry out the steps of a plan in this task."""
    try:
        effect = steps.send(None)
        while True:
            outcome: Any = None
            try:
                if type(effect) is Send:
                    outcome = await transport.send(effect.request, effect.timeouts)
                elif type(effect) is GetToken:
                    outcome = await _aget_token(effect, engine, transport)
                elif type(effect) is Sleep:
                    await engine.clock.asleep(effect.seconds)
                elif type(effect) is Blocking:
                    outcome = await _in_thread(effect)
                elif type(effect) is Notify:
                    observed = effect.hook(effect.event)
                    if hasattr(observed, "__await__"):
                        await observed
            except BaseException as error:
                effect = steps.throw(error)
            else:
                effect = steps.send(outcome)
    except StopIteration as stop:
        result: T = stop.value
        return result


def _get_token(wanted: GetToken, engine: Engine[TokenSource], transport: Transport) -> Token:
    def login(previous: Token | None, urgent: bool) -> Token:
        return run(plan_token(engine, wanted, previous, urgent), engine, transport)

    return engine.tokens.get(wanted.stale, wanted.deadline, login, wanted.wait)


async def _aget_token(wanted: GetToken, engine: Engine[AsyncTokenSource], transport: AsyncTransport) -> Token:
    async def login(previous: Token | None, urgent: bool) -> Token:
        return await arun(plan_token(engine, wanted, previous, urgent), engine, transport)

    return await engine.tokens.get(wanted.stale, wanted.deadline, login, wanted.wait)


async def _in_thread(effect: Blocking) -> Any:
    import asyncio

    future = asyncio.get_running_loop().run_in_executor(None, effect.work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        if effect.cancel is not None:
            effect.cancel()
        # What it has begun must not go on behind the back of what cleans up after it.
        await asyncio.wait([future])
        raise


def refuse_awaitable(observed: Any) -> None:
    """Refuse what a coroutine function returned, where nobody can await it."""
    if hasattr(observed, "__await__"):
        if hasattr(observed, "close"):
            observed.close()
        raise ConfigurationError("an async hook needs AsyncGenesysCloud")
