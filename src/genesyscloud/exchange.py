"""One request, one reply, with those who watch: the circuit breaker and the log.

Calls and logins send through :func:`exchange`, so that neither goes past them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .breaker import Ticket, route_group
from .effects import Notify, Send, Steps
from .errors import PoolTimeout, TransportError
from .logs import Exchange
from .redact import mask_error, secrets_of
from .sections import BreakerEvent, LoggingSettings

if TYPE_CHECKING:
    from .breaker import Breaker
    from .http import AttemptTimeouts, Reply, Request
    from .logsink import HttpLog
    from .pipeline import Engine

__all__ = ["Logs", "check_circuit", "exchange"]


class Logs:
    """The log of a client, opened when it is first needed, and again when the settings have changed."""

    def __init__(self) -> None:
        self._current: tuple[LoggingSettings, HttpLog] | None = None

    def get(self, settings: LoggingSettings) -> HttpLog | None:
        """Return the log for ``settings``, or ``None`` for the level ``none``."""
        if settings.level == "none":
            return None
        current = self._current
        if current is None or current[0] != settings:
            from .logsink import HttpLog

            current = self._current = settings, HttpLog(settings)
        return current[1]


def check_circuit(breaker: Breaker, base: str, path: str) -> None:
    """Refuse what would be refused anyway, before time is spent on it.

    Args:
        base: address of the host. path: of the request there.

    Raises:
        CircuitOpen: requests are held back.
    """
    breaker.check(*_circuit(base, path))


def exchange(
    engine: Engine[Any], logging: LoggingSettings, request: Request, timeouts: AttemptTimeouts, base: str
) -> Steps[Reply]:
    """Send a request once.

    Args:
        logging: what to log of it.
        base: the beginning of the URL that names the host, and the gateway's path, if there is one.

    Raises:
        CircuitOpen: requests are held back; it was not sent. TransportError: there was no reply.
    """
    watch = _Watch(engine, logging, request, base) if engine.breaker is not None or logging.level != "none" else None
    if watch is not None:
        yield from watch.begin()
    try:
        reply: Reply = yield Send(request, timeouts)
    except TransportError as error:
        mask_error(error, secrets_of(request))
        if watch is not None:
            yield from watch.end(None, error)
        raise
    except BaseException:
        if watch is not None:
            watch.abandon()
        raise
    if watch is not None:
        yield from watch.end(reply, None)
    return reply


class _Watch:
    """What is to be done before and after one request."""

    __slots__ = ("_circuit", "_engine", "_log", "_logging", "_request", "_ticket")

    def __init__(self, engine: Engine[Any], logging: LoggingSettings, request: Request, base: str) -> None:
        self._engine = engine
        self._logging = logging
        self._log = engine.logs.get(logging)
        self._request = request
        self._circuit = _circuit(base, request.url[len(base) :]) if engine.breaker is not None else ("", "")
        self._ticket: Ticket | None = None

    def begin(self) -> Steps[None]:
        breaker = self._engine.breaker
        if breaker is None:
            return
        self._ticket, change = breaker.enter(*self._circuit)
        try:
            yield from self._announce(change)
        except BaseException:
            self.abandon()
            raise

    def end(self, reply: Reply | None, error: TransportError | None) -> Steps[None]:
        breaker = self._engine.breaker
        if breaker is not None and self._ticket is not None:
            success, cause = _verdict(reply, error)
            yield from self._announce(breaker.leave(*self._circuit, self._ticket, success, cause))
        log = self._log
        if log is not None and log.wants(reply):
            yield Notify(log.write, Exchange(self._logging, self._engine.clock.time(), self._request, reply, error))

    def abandon(self) -> None:
        """The request was given up by the caller."""
        if self._engine.breaker is not None and self._ticket is not None:
            self._engine.breaker.leave(*self._circuit, self._ticket, None)

    def _announce(self, change: BreakerEvent | None) -> Steps[None]:
        if change is None:
            return
        if self._log is not None:
            yield Notify(self._log.report, change)
        else:
            from .logsink import report

            yield Notify(report, change)
        breaker = self._engine.breaker
        if breaker is not None and breaker.settings.on_state is not None:
            yield Notify(breaker.settings.on_state, change)


def _circuit(base: str, path: str) -> tuple[str, str]:
    return urlsplit(base).netloc, route_group(path)


def _verdict(reply: Reply | None, error: TransportError | None) -> tuple[bool | None, str]:
    """Say whether the service is well, if this tells anything about it, and in which words it is not."""
    if reply is not None:
        return reply.status < 500, f"status {reply.status}"
    # All connections of this client were busy: the service had no part in that.
    return None if isinstance(error, PoolTimeout) else False, error.reason if error is not None else ""
