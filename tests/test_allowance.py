"""The shared rate limit: a model of the service checks the rules, and real processes the whole of it."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import heapq
import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesyscloud import ClientCredentials, FileTokenStore, GenesysCloud, MemoryTokenStore
from genesyscloud.auth.allowance import BLIND, UNSURE, Allowance, Grant, Ledger, News, _read, settle
from genesyscloud.auth.tokens import Change, Token
from genesyscloud.effects import Blocking, Steps
from genesyscloud.errors import DeadlineExceeded, TokenStoreError
from genesyscloud.sandbox import Sandbox, Settings

from .engine import ME, FakeClock, async_client, client, reply, token

T = TypeVar("T")
NOW = 5000.0


def told(count: int, allowed: int = 300, reset: int = 60) -> dict[str, str]:
    values = {"count": str(count), "allowed": str(allowed), "reset": str(reset)}
    return {f"inin-ratelimit-{name}": value for name, value in values.items()}


def known(granted: int) -> Ledger:
    return Ledger(300, NOW + 60, NOW + 60 - UNSURE, granted, 0, True)


# --- the rules ----------------------------------------------------------------------------------


def test_nothing_is_known_at_first() -> None:
    ledger, grants = Ledger(), list[Grant]()
    for _ in range(BLIND + 1):
        ledger, grant = settle(ledger, None, NOW)
        grants.append(grant)
    assert [grant.permits for grant in grants] == [1] * BLIND + [0]
    assert 0 < grants[-1].seconds < 1
    # What was sent blindly counts as soon as the limit is known.
    ledger, grant = settle(ledger, News(3, 31, 60.0), NOW)
    assert (ledger.granted, grant.permits) == (31, 1)
    assert settle(ledger, None, NOW)[1] == Grant(0, 60.0)


def test_blind_requests_whose_replies_never_come_do_not_stop_the_others_for_good() -> None:
    ledger = Ledger()
    for _ in range(BLIND):
        ledger, _ = settle(ledger, None, NOW)
    assert settle(ledger, None, NOW + 5.1)[1].permits == 1


def test_a_service_that_tells_of_no_limit_has_none() -> None:
    ledger, _ = settle(Ledger(), None, NOW)
    ledger, grant = settle(ledger, News(0, 0, 0.0), NOW)
    assert grant.permits > 50
    for _ in range(100):
        ledger, grant = settle(ledger, None, NOW)
    assert grant.permits > 50
    # … until it tells of one.
    assert settle(ledger, News(299, 300, 60.0), NOW)[0].allowed == 300


def test_the_fewer_are_left_the_fewer_are_given() -> None:
    given = [settle(known(used), None, NOW)[1].permits for used in (0, 100, 250, 290, 299)]
    assert given == [15, 10, 2, 1, 1]
    assert settle(known(300), None, NOW)[1] == Grant(0, 60.0)
    assert settle(known(0), None, NOW, 1)[1].permits == 1


def test_news_of_others_who_use_the_token_count() -> None:
    ledger, grant = settle(known(10), News(300, 300, 60.0), NOW)
    assert (ledger.granted, grant) == (300, Grant(0, 60.0))


def test_the_lower_limit_of_a_resource_is_not_that_of_the_token() -> None:
    ledger = known(10)
    assert settle(ledger, News(100, 100, 60.0), NOW, 0)[0] == ledger


def test_a_late_reply_of_the_window_before_is_no_news() -> None:
    ledger = known(10)
    assert settle(ledger, News(299, 300, 2.0), NOW, 0)[0] == ledger
    assumed = ledger._replace(known=False)
    assert settle(assumed, News(299, 300, 2.0), NOW, 0)[0] == assumed
    assert settle(assumed, News(12, 300, 58.0), NOW, 0)[0] == Ledger(300, NOW + 58, NOW + 58 - UNSURE, 12, 0, True)


def test_requests_near_the_end_count_for_both_windows() -> None:
    ledger = Ledger(300, NOW + UNSURE, NOW, 100, 0, True)
    for _ in range(3):
        ledger, grant = settle(ledger, None, NOW)
        assert grant == Grant(1, 0.0)
    assert (ledger.granted, ledger.late) == (103, 3)
    ledger, _ = settle(ledger, None, NOW + UNSURE, 0)
    assert (ledger.granted, ledger.late, ledger.known) == (3, 0, False)


@given(st.dictionaries(st.text(max_size=7), st.none() | st.integers() | st.text() | st.floats()) | st.none())
def test_what_another_version_left_there_is_a_new_ledger(value: Mapping[str, Any] | None) -> None:
    assert _read(value) == Ledger()
    assert _read({**Ledger(1, 2.0, 3.0, 4, 5, True)._asdict(), "ends": value}) == Ledger()


# --- a model of the service, and processes ------------------------------------------------------


class Ledgers:
    """A store without tokens, with a clock of its own, as it is on another host."""

    blocking = False

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.values: dict[str, Mapping[str, Any]] = {}
        self.asked = 0

    def load(self, key: str) -> Token | None:
        return None

    def save(self, key: str, token: Token) -> None: ...

    def delete(self, key: str) -> None: ...

    def update(self, key: str, change: Change[T]) -> T:
        self.asked += 1
        value, _, result = change(self.values.get(key), self.clock.now + 77)
        assert value is not None
        self.values[key] = json.loads(json.dumps(value))
        return result


@dataclass
class Service:
    """Counts as the service does: a window begins with a request, after the one before has ended."""

    allowed: int
    starts: float = -1000.0
    used: int = 0
    most: int = 0
    windows: list[int] = field(default_factory=list[int])

    def serve(self, now: float) -> dict[str, str]:
        if now - self.starts >= 60:
            self.windows.append(self.used)
            self.starts, self.used = now, 0
        self.used += 1
        self.most = max(self.most, self.used)
        return told(self.used, self.allowed, max(1, ceil(self.starts + 60 - now)))


def take(member: Allowance) -> float:
    return 0.0 if member.spend("t") else finish(member.take("t"))


def learn(member: Allowance, headers: Mapping[str, str], sent: float) -> None:
    if member.hear("t", headers, sent):
        finish(member.tell())


def finish(steps: Steps[T]) -> T:
    """Carry out steps that need nothing."""
    try:
        next(steps)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("something is wanted")


Turn = tuple[int, int, float, float, float]


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from([1, 7, 40, 330]),
    st.lists(
        st.tuples(
            st.integers(0, 4),
            st.sampled_from([1, 3, 50, 200]),
            st.sampled_from([0.0, 0.05, 0.4, 1.1, 3.0, 25.0, 56.5, 59.5, 60.5]),
            st.floats(0, 0.4),
            st.floats(0, 4),
        ),
        max_size=40,
    ),
)
def test_processes_stay_inside_the_limit(allowed: int, turns: list[Turn]) -> None:
    """Each turn: who, how often, seconds since the turn before, seconds to the service, seconds of the way back."""
    clock = FakeClock()
    service, store = Service(allowed), Ledgers(clock)
    members = [Allowance(store, clock) for _ in range(5)]
    # What arrives: at the service, then at the process again.
    under_way: list[tuple[float, int, int, float, float, dict[str, str] | None]] = []

    def pass_until(end: float) -> None:
        while under_way and under_way[0][0] <= end:
            when, number, who, sent, back, headers = heapq.heappop(under_way)
            clock.now = max(clock.now, when)
            if headers is None:
                heapq.heappush(under_way, (when + back, number, who, sent, 0.0, service.serve(when)))
            else:
                learn(members[who], headers, sent)
        clock.now = max(clock.now, end)

    for turn, (who, times, pause, there, back) in enumerate(turns):
        pass_until(clock.now + pause)
        for number in range(times):
            if take(members[who]) == 0:
                heapq.heappush(under_way, (clock.now + there, turn * 1000 + number, who, clock.now, back, None))
    pass_until(clock.now + 100)
    # Only before the first reply of all, nobody can know the limit.
    assert service.most <= max(allowed, BLIND)
    if allowed >= BLIND:
        assert service.most <= allowed


def test_most_of_a_limit_is_used_and_the_store_is_seldom_asked() -> None:
    clock = FakeClock()
    service, store = Service(300), Ledgers(clock)
    members = [Allowance(store, clock) for _ in range(10)]
    sent = 0
    for turn in range(60_000):
        clock.now += 0.01
        member = members[turn % 10]
        if take(member) == 0:
            sent += 1
            learn(member, service.serve(clock.now), clock.now)
    assert service.most <= 300
    assert sent > 0.9 * 300 * 10
    assert store.asked < 60_000


# --- one process --------------------------------------------------------------------------------


def limited(count: int, allowed: int = 300) -> Any:
    return reply(
        200, ME, inin_ratelimit_count=str(count), inin_ratelimit_allowed=str(allowed), inin_ratelimit_reset="60"
    )


def test_clients_of_one_store_share_the_limit_of_their_token() -> None:
    clock, store = FakeClock(), MemoryTokenStore()
    one, _ = client([token(), limited(1, 3), limited(2, 3)], clock, token_store=store)
    two, second = client([limited(3, 3)], clock, token_store=store, timeout=30)
    one.users.get_users_me()
    one.users.get_users_me()
    two.users.get_users_me()
    with pytest.raises(DeadlineExceeded, match="rate limit allows the next request in"):
        two.users.get_users_me()
    assert len(second.requests) == 1
    assert two._engine.limiter is not None
    assert two._engine.limiter._under_way == 0


def test_tasks_share_it_too() -> None:
    async def main() -> None:
        clock, store = FakeClock(), MemoryTokenStore()
        one, _ = async_client([token(), limited(1, 2)], clock, token_store=store)
        two, _ = async_client([limited(2, 2)], clock, token_store=store, timeout=30)
        await one.users.get_users_me()
        await two.users.get_users_me()
        with pytest.raises(DeadlineExceeded, match="rate limit"):
            await two.users.get_users_me()

    asyncio.run(main())


def test_a_renewed_token_has_a_limit_of_its_own() -> None:
    clock, store = FakeClock(), MemoryTokenStore()
    answers = [token("t1"), limited(1, 1), token("t2"), limited(1, 1)]
    gc, transport = client(answers, clock, token_store=store, timeout=30)
    gc.users.get_users_me()
    gc.login(renew=True)
    # The client's own count of the window knows nothing of tokens.
    gc._engine.limiter = type(gc._engine.limiter)()  # type: ignore[misc]
    gc.users.get_users_me()
    assert len(transport.requests) == 4


@pytest.mark.parametrize("options", [{"pacing": False}, {"token_store": None}])
def test_without_pacing_or_store_nothing_is_shared(options: dict[str, Any]) -> None:
    merged: dict[str, Any] = {"token_store": MemoryTokenStore(), **options}
    gc, _ = client([], None, **merged)
    assert gc._engine.allowance is None


class Broken(Ledgers):
    blocking = True

    def update(self, key: str, change: Change[T]) -> T:
        self.asked += 1
        raise TokenStoreError("token store: no room")


def test_a_store_that_fails_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    store = Broken(clock)
    allowance = Allowance(store, clock)

    def ask() -> float:
        steps = allowance.take("t")
        effect = next(steps)
        assert isinstance(effect, Blocking)
        try:
            effect.work()
        except TokenStoreError as error:
            try:
                steps.throw(error)
            except StopIteration as stop:
                return stop.value
        raise AssertionError

    with caplog.at_level(logging.WARNING, "genesyscloud.auth"):
        assert ask() == 0
        assert finish(allowance.take("t")) == 0
        learn(allowance, told(1), clock.now)
        assert store.asked == 1
        clock.now += 11
        assert ask() == 0
    assert store.asked == 2
    assert "no room" in caplog.text


# --- many processes -----------------------------------------------------------------------------

MEMBER = """
import json, sys
from genesyscloud import *
from genesyscloud.errors import DeadlineExceeded, TooManyRequests
address, path, calls = sys.argv[1:]
store = FileTokenStore(path)
done = refused = 0
with GenesysCloud(auth=ClientCredentials("sandbox", "sandbox"), region=address, token_store=store, timeout=20,
                  retry=False) as gc:
    sys.stdin.readline()
    for _ in range(int(calls)):
        try:
            gc.request("GET", "/api/v2/tokens/me")
            done += 1
        except TooManyRequests:
            refused += 1
        except DeadlineExceeded:
            break
print(json.dumps([done, refused]))
"""


def test_ten_processes_stay_inside_the_limit_of_their_token(tmp_path: Path) -> None:
    with Sandbox(Settings(rate_limit=60)) as sandbox:
        address = sandbox.serve(port=0)
        path = str(tmp_path / "tokens.json")
        with GenesysCloud(
            auth=ClientCredentials("sandbox", "sandbox"), region=address, token_store=FileTokenStore(path)
        ) as gc:
            # The first login of all; test_stores has the case that they log in together.
            gc.login()
        members = [
            subprocess.Popen(
                [sys.executable, "-c", MEMBER, address, path, "15"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            for _ in range(10)
        ]  # fmt: skip
        try:
            for member in members:
                assert member.stdin is not None
                member.stdin.write("\n")
                member.stdin.flush()
            outcomes = [json.loads(member.communicate(timeout=60)[0]) for member in members]
        finally:
            for member in members:
                member.kill()
                member.wait()
    done, refused = (sum(values) for values in zip(*outcomes, strict=True))
    assert refused == 0
    # 150 are wanted, 60 allowed; what one of them took and did not need stays unused.
    assert 50 <= done <= 60
