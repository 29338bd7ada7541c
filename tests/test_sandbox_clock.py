"""The sandbox's clock: freezing, moving, speeding up, and who hears of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.clock import Clock


class Real:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def real() -> Real:
    return Real()


@pytest.fixture
def clock(real: Real) -> Clock:
    return Clock(real)


def test_it_follows_the_real_time(real: Real, clock: Clock):
    assert clock() == 1000
    real.now += 5
    assert clock() == 1005


def test_frozen_time_stands_still_and_can_be_moved(real: Real, clock: Clock):
    clock.freeze()
    real.now += 5
    assert (clock(), clock.frozen) == (1000, True)
    clock.move(60)
    real.now += 5
    assert clock() == 1060
    clock.resume()
    real.now += 5
    assert (clock(), clock.frozen) == (1065, False)


def test_frozen_at_a_given_time(clock: Clock):
    clock.freeze(2000)
    assert clock() == 2000
    clock.freeze(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock() == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    clock.reset()
    assert clock() == 1000


def test_moving_a_running_clock_keeps_it_running(real: Real, clock: Clock):
    clock.move(100)
    real.now += 1
    assert clock() == 1101


def test_a_fast_clock(real: Real, clock: Clock):
    clock.speed(10)
    real.now += 5
    assert clock() == 1050
    clock.move(7)
    real.now += 1
    assert clock() == 1067
    clock.resume()
    real.now += 1
    assert clock() == 1068


def test_how_long_to_wait_in_reality(clock: Clock):
    assert clock.wait(1010) == 10
    assert clock.wait(990) == 0
    clock.speed(4)
    assert clock.wait(1010) == 2.5
    clock.freeze()
    assert clock.wait(1010) == math.inf
    assert clock.wait(1000) == 0


def test_listeners_hear_of_every_change_of_course(clock: Clock):
    heard: list[float] = []
    clock.listeners.append(lambda: heard.append(clock()))
    clock.freeze()
    clock.move(1)
    clock.speed(2)
    clock.resume()
    before = clock.state
    clock.reset()
    clock.state = before
    assert heard == [1000, 1001, 1001, 1001, 1000, 1001]


WRONG: list[Callable[[Clock], None]] = [
    lambda clock: clock.move(-1),
    lambda clock: clock.move(math.inf),
    lambda clock: clock.move(math.nan),
    lambda clock: clock.speed(0),
    lambda clock: clock.speed(-1),
    lambda clock: clock.speed(math.inf),
    lambda clock: clock.freeze(999),
    lambda clock: clock.freeze(math.nan),
    lambda clock: clock.freeze(datetime(2026, 1, 1)),  # no time zone
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_asked_of_it(clock: Clock, wrong: Callable[[Clock], None]):
    with pytest.raises(ValueError, match=r"the (clock|speed|time)"):
        wrong(clock)
    assert clock() == 1000


def test_the_sandbox_lives_by_it(real: Real):
    sandbox = Sandbox(clock=real)
    assert (sandbox.seconds(), sandbox.settings.clock(), sandbox.now()) == (1000, 1000, "1970-01-01T00:16:40.000Z")
    sandbox.clock.move(86_400)
    assert (sandbox.seconds(), sandbox.settings.clock(), sandbox.now()) == (87_400, 87_400, "1970-01-02T00:16:40.000Z")
    sandbox.reset()
    assert sandbox.seconds() == 1000
