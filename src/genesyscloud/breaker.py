"""The circuit breaker: after failures in a row, stop asking for a while, then try with one request.

A service that is down is not helped by more requests, and a program is not helped by waiting for each of them to
fail. Per host and group of routes, a circuit is *closed* (requests pass), *open* (they are refused before anything is
sent) or *half-open* (as many as are needed to find out pass). A reply of any kind but a 5xx says that the service
lives. The rules are :func:`admit` and :func:`settle`, functions of values; :class:`Breaker` keeps the values for the
threads and tasks of a client.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from .errors import CircuitOpen
from .forks import renew_after_fork
from .sections import BreakerEvent, BreakerSettings

__all__ = [
    "CLOSED",
    "HALF_OPEN",
    "OPEN",
    "Admission",
    "Breaker",
    "Circuit",
    "Ticket",
    "admit",
    "route_group",
    "settle",
    "state_of",
]

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half-open"


#: Number of the period between two changes of a circuit in which a request was let through; outcomes of an earlier
#: period say nothing about the present one.
Ticket = int

#: Seconds to wait for the outcome of a trial that is under way.
TRIAL = 1.0


class Circuit(NamedTuple):
    """The state of one circuit. ``failures`` in a row and ``cause`` count while closed, ``until`` while open,
    ``under_way`` and ``passed`` count trials while half-open."""

    state: str = CLOSED
    period: Ticket = 0
    failures: int = 0
    until: float = 0.0
    under_way: int = 0
    passed: int = 0
    cause: str = ""


class Admission(NamedTuple):
    """The circuit afterwards; a ``ticket`` for the request, or ``None`` and the seconds to wait."""

    circuit: Circuit
    ticket: Ticket | None
    wait: float = 0.0


def admit(circuit: Circuit, settings: BreakerSettings, now: float) -> Admission:
    """Decide whether a request may be sent; ``now`` on a monotonic clock. Each ticket goes to :func:`settle`."""
    if circuit.state == CLOSED:
        return Admission(circuit, circuit.period)
    if circuit.state == OPEN:
        if now < circuit.until:
            return Admission(circuit, None, circuit.until - now)
        circuit = Circuit(HALF_OPEN, circuit.period + 1, cause=circuit.cause)
    if circuit.under_way + circuit.passed >= settings.trials:
        return Admission(circuit, None, TRIAL)
    return Admission(circuit._replace(under_way=circuit.under_way + 1), circuit.period)


def settle(
    circuit: Circuit, settings: BreakerSettings, ticket: Ticket, success: bool | None, now: float, cause: str = ""
) -> Circuit:
    """Return the circuit after a request has ended; ``success`` is ``None`` when that tells nothing of the service."""
    if ticket != circuit.period:
        return circuit
    if circuit.state == HALF_OPEN:
        circuit = circuit._replace(under_way=circuit.under_way - 1)
    if success is None:
        return circuit
    if success:
        if circuit.state == CLOSED:
            return circuit._replace(failures=0, cause="") if circuit.failures else circuit
        passed = circuit.passed + 1
        return Circuit(period=ticket + 1) if passed >= settings.trials else circuit._replace(passed=passed)
    failures = circuit.failures + 1
    if circuit.state == CLOSED and failures < settings.failures:
        return circuit._replace(failures=failures, cause=cause)
    return Circuit(OPEN, ticket + 1, until=now + settings.open_for, cause=cause)


def state_of(circuit: Circuit, now: float) -> str:
    """Return the state that a request would meet now."""
    return HALF_OPEN if circuit.state == OPEN and now >= circuit.until else circuit.state


def route_group(path: str) -> str:
    """Return the group of routes that a path belongs to.

    >>> route_group("/api/v2/routing/queues/1?expand=x"), route_group("/oauth/token")
    ('routing', 'oauth')
    """
    parts = path.partition("?")[0].split("/")
    return parts[3] if len(parts) > 3 and parts[1] == "api" else parts[1] if len(parts) > 1 else ""


class Breaker:
    """The circuits of one client, shared by its threads and tasks.

    Args:
        settings: when circuits open.
        monotonic, time: the clock.
    """

    def __init__(self, settings: BreakerSettings, monotonic: Callable[[], float], time: Callable[[], float]) -> None:
        self.settings = settings
        self._monotonic = monotonic
        self._time = time
        self._lock = threading.Lock()
        self._circuits: dict[tuple[str, str], Circuit] = {}
        renew_after_fork(self)

    def check(self, host: str, group: str) -> None:
        """Raise what :meth:`enter` would raise, without counting a request.

        Raises:
            CircuitOpen: requests are held back.
        """
        with self._lock:
            circuit = self._circuits.get((host, group), _NEW)
            admission = admit(circuit, self.settings, self._monotonic())
        if admission.ticket is None:
            raise CircuitOpen(host, group, admission.wait, circuit.cause)

    def enter(self, host: str, group: str) -> tuple[Ticket, BreakerEvent | None]:
        """Let a request through; return its ticket for :meth:`leave`, and the change, if it made one.

        Raises:
            CircuitOpen: requests are held back.
        """
        with self._lock:
            before = self._circuits.get((host, group), _NEW)
            admission = admit(before, self.settings, self._monotonic())
            self._circuits[host, group] = admission.circuit
        if admission.ticket is None:
            raise CircuitOpen(host, group, admission.wait, before.cause)
        return admission.ticket, self._change(host, group, before, admission.circuit)

    def leave(
        self, host: str, group: str, ticket: Ticket, success: bool | None, cause: str = ""
    ) -> BreakerEvent | None:
        """A request has ended; return the change, if it made one."""
        with self._lock:
            before = self._circuits[host, group]
            after = settle(before, self.settings, ticket, success, self._monotonic(), cause)
            self._circuits[host, group] = after
        return self._change(host, group, before, after)

    def states(self) -> dict[str, str]:
        """Return the state of each circuit that was used: ``{"api.mypurecloud.ie/routing": "open"}``."""
        with self._lock:
            now = self._monotonic()
            return {"/".join(key): state_of(circuit, now) for key, circuit in self._circuits.items()}

    def renew(self) -> None:
        """Start anew in a child process: the requests under way are those of its parent."""
        self._lock = threading.Lock()
        # A period of its own, so that the outcome of none of them counts.
        self._circuits = {
            key: circuit._replace(under_way=0, period=circuit.period + 1) for key, circuit in self._circuits.items()
        }

    def _change(self, host: str, group: str, before: Circuit, after: Circuit) -> BreakerEvent | None:
        if before.state == after.state:
            return None
        retry_at = self._time() + after.until - self._monotonic() if after.state == OPEN else None
        return BreakerEvent(host, group, before.state, after.state, retry_at)


_NEW = Circuit()
