"""The time of the sandbox: the real one until somebody freezes it, moves it on, or lets it run faster.

Nothing in the sandbox waits for a time to come. What happens "later" is found out by comparing times when somebody
looks, so that moving the clock moves presences, jobs, tokens and retention along with it. Only what must act
by itself (a heartbeat on a socket) waits in real time, for :meth:`Clock.wait` seconds, and waits anew when a
listener tells that the clock was changed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

__all__ = ["REAL_TIME", "Clock", "ClockState"]


class ClockState(NamedTuple):
    """How the time of the sandbox follows from the real one.

    Attributes:
        real: seconds of the real clock at some moment.
        shown: what the sandbox's clock said at that moment, in seconds since the epoch.
        rate: seconds that pass in the sandbox per real second; 0 while it is frozen.
    """

    real: float
    shown: float
    rate: float


#: The year 9999 begins; later times cannot be written.
LATEST = 253_370_764_800.0
#: A day in less than a second is fast enough for every test.
FASTEST = 100_000.0
REAL_TIME = ClockState(0.0, 0.0, 1.0)


class Clock:
    """A clock that can be frozen, moved forwards and sped up; call it for the seconds since the epoch.

    Args:
        real: the clock that it follows, in seconds since the epoch.

    Example:
        >>> clock = Clock(lambda: 1000.0)
        >>> clock.move(60)
        >>> clock()
        1060.0
    """

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._state = REAL_TIME
        #: Called after every change of the clock's course, in the thread that changed it.
        self.listeners: list[Callable[[], None]] = []
        #: Grows with every look at the clock: an answer that was made without one is good at any time.
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        real, shown, rate = self._state
        return shown + (self._real() - real) * rate

    @property
    def frozen(self) -> bool:
        """Whether time stands still."""
        return self._state.rate == 0

    @property
    def state(self) -> ClockState:
        """The course of the clock. Setting it puts back one that was read before, even if time goes back with it."""
        return self._state

    @state.setter
    def state(self, state: ClockState) -> None:
        self._state = state
        for listener in list(self.listeners):
            listener()

    def freeze(self, at: float | datetime | None = None) -> None:
        """Stop the clock.

        Args:
            at: the time at which it stands still, as a date-time with a time zone or in seconds since the epoch: now,
                unless told otherwise.

        Raises:
            ValueError: ``at`` is in the past, or has no time zone.
        """
        self._run(0.0, at)

    def move(self, seconds: float) -> None:
        """Move the clock forwards; frozen or running, it stays so.

        Raises:
            ValueError: ``seconds`` is negative, or leads beyond the year 9998. What has happened cannot be undone by a
                clock: restore a snapshot for that.
        """
        if not seconds >= 0:
            raise ValueError(f"the clock can be moved by 0 seconds or more, not by {seconds}")
        self._run(self._state.rate, self() + seconds)

    def speed(self, rate: float) -> None:
        """Let time pass ``rate`` times as fast as in reality, from now on.

        Raises:
            ValueError: ``rate`` is not above 0, or above 100,000.
        """
        if not 0 < rate <= FASTEST:
            raise ValueError(f"the speed of the clock must be above 0 and at most {FASTEST:g}, not {rate}")
        self._run(rate, None)

    def resume(self) -> None:
        """Let a frozen or fast clock run on at the usual speed, from the time that it shows."""
        self._run(1.0, None)

    def reset(self) -> None:
        """Show the real time again."""
        self.state = REAL_TIME

    def wait(self, until: float) -> float:
        """Real seconds from now until the clock shows ``until``; infinite while it is frozen, 0 when that is past."""
        left = until - self()
        if left <= 0:
            return 0.0
        return left / self._state.rate if self._state.rate else math.inf

    def _run(self, rate: float, at: float | datetime | None) -> None:
        now = self()
        shown = now if at is None else _seconds(at)
        if not now <= shown:
            raise ValueError(f"the clock cannot go back: it shows {now}, which is after {shown}")
        if shown > LATEST:
            raise ValueError(f"the clock cannot go beyond the year 9998, to {shown}")
        self.state = ClockState(self._real(), shown, rate)


def _seconds(at: float | datetime) -> float:
    if not isinstance(at, datetime):
        return at
    if at.tzinfo is None:
        raise ValueError(f"the time {at} has no time zone")
    return at.timestamp()
