"""The circuit breaker: its rules over long sequences, and its place in the calls of both clients."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from genesyscloud import BreakerSettings, GatewaySettings
from genesyscloud.auth import AccessToken
from genesyscloud.breaker import (
    CLOSED,
    HALF_OPEN,
    OPEN,
    TRIAL,
    Breaker,
    Circuit,
    Ticket,
    admit,
    route_group,
    settle,
    state_of,
)
from genesyscloud.errors import (
    CircuitOpen,
    ConfigurationError,
    ConnectError,
    GenesysCloudError,
    NotFound,
    PoolTimeout,
    ReadTimeout,
    ServerError,
    TooManyRequests,
)
from genesyscloud.http import AttemptTimeouts, Reply, Request
from genesyscloud.sections import BreakerEvent

from .engine import ME, Answer, FakeClock, async_client, client, reply, token

RULES = BreakerSettings(failures=3, open_for=10, trials=2)


# --- the rules ----------------------------------------------------------------------------------


class Circuits(RuleBasedStateMachine):
    """One circuit under any order of requests, outcomes and pauses, next to a plain account of what must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = RULES
        self.circuit = Circuit()
        self.now = 0.0
        #: Requests under way: ticket, and the number of the state in which they were let through.
        self.under_way: list[tuple[Ticket, int]] = []
        self.epoch = 0
        self.state = CLOSED
        self.failures = 0
        self.trials_out = 0
        self.trials_passed = 0
        self.refuses_until = 0.0

    def enter(self, state: str) -> None:
        self.state, self.epoch = state, self.epoch + 1
        self.failures = self.trials_out = self.trials_passed = 0

    @rule(seconds=st.sampled_from([0.0, 0.5, 3.0, 9.75, 10.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def a_request_comes(self) -> None:
        if self.state == OPEN and self.now >= self.refuses_until:
            self.enter(HALF_OPEN)
        allowed = self.state == CLOSED or (
            self.state == HALF_OPEN and self.trials_out + self.trials_passed < self.settings.trials
        )
        admission = admit(self.circuit, self.settings, self.now)
        self.circuit = admission.circuit
        assert (admission.ticket is not None) == allowed
        if admission.ticket is None:
            assert 0 < admission.wait <= max(self.settings.open_for, TRIAL)
            return
        self.under_way.append((admission.ticket, self.epoch))
        self.trials_out += self.state == HALF_OPEN

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 100), success=st.sampled_from([True, False, False, None]))
    def a_request_ends(self, which: int, success: bool | None) -> None:
        ticket, epoch = self.under_way.pop(which % len(self.under_way))
        self.circuit = settle(self.circuit, self.settings, ticket, success, self.now, "status 503")
        if epoch != self.epoch:
            return  # It tells of a time that is over.
        self.trials_out -= self.state == HALF_OPEN
        if success is False:
            self.failures += 1
            if self.state == HALF_OPEN or self.failures >= self.settings.failures:
                self.enter(OPEN)
                self.refuses_until = self.now + self.settings.open_for
        elif success:
            self.failures = 0
            self.trials_passed += self.state == HALF_OPEN
            if self.state == HALF_OPEN and self.trials_passed >= self.settings.trials:
                self.enter(CLOSED)

    @invariant()
    def the_account_agrees(self) -> None:
        shown = HALF_OPEN if self.state == OPEN and self.now >= self.refuses_until else self.state
        assert state_of(self.circuit, self.now) == shown
        assert self.circuit.under_way == self.trials_out
        assert 0 <= self.circuit.under_way + self.circuit.passed <= self.settings.trials

    @invariant()
    def whatever_happened_it_can_close_again(self) -> None:
        circuit, now = self.circuit, self.now
        for ticket, _ in self.under_way:
            circuit = settle(circuit, self.settings, ticket, None, now)
        now += self.settings.open_for
        for _ in range(self.settings.trials):
            admission = admit(circuit, self.settings, now)
            assert admission.ticket is not None
            circuit = settle(admission.circuit, self.settings, admission.ticket, True, now)
        assert circuit.state == CLOSED


TestCircuits = Circuits.TestCase
TestCircuits.settings = hypothesis_settings(max_examples=60, stateful_step_count=80, deadline=None)


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("/api/v2/routing/queues/1?expand=/x/y/z", "routing"),
        ("/api/v2/users", "users"),
        ("/api/v2", "api"),
        ("/oauth/token", "oauth"),
        ("", ""),
        ("/", ""),
    ],
)
def test_groups_of_routes(path: str, group: str) -> None:
    assert route_group(path) == group


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("failures", [0, -1, 1.5, "3", True]),
        ("trials", [0, 2.5]),
        ("open_for", [0, -1, float("inf"), float("nan")]),
    ],
)
def test_settings_refuse_nonsense(name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(ConfigurationError, match=name):
            BreakerSettings(**{name: value})


# --- shared by threads --------------------------------------------------------------------------


def test_threads_get_as_many_trials_as_are_allowed() -> None:
    clock = FakeClock()
    breaker = Breaker(BreakerSettings(failures=1, open_for=5, trials=3), clock.monotonic, clock.time)
    ticket, _ = breaker.enter("h", "g")
    breaker.leave("h", "g", ticket, False)
    clock.now += 5
    start = threading.Barrier(16)
    admitted: list[tuple[Ticket, BreakerEvent | None]] = []
    refused: list[float] = []

    def ask() -> None:
        start.wait(5)
        try:
            admitted.append(breaker.enter("h", "g"))
        except CircuitOpen as error:
            refused.append(error.retry_after)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (len(admitted), len(refused)) == (3, 13)
    changes = [change for _, change in admitted if change is not None]
    assert changes == [BreakerEvent("h", "g", OPEN, HALF_OPEN)], "one of them made the change"
    assert breaker.states() == {"h/g": HALF_OPEN}


def test_a_child_process_does_not_wait_for_trials_of_its_parent() -> None:
    clock = FakeClock()
    breaker = Breaker(BreakerSettings(failures=1, open_for=5), clock.monotonic, clock.time)
    ticket, _ = breaker.enter("h", "g")
    breaker.leave("h", "g", ticket, False)
    clock.now += 5
    under_way, _ = breaker.enter("h", "g")
    with pytest.raises(CircuitOpen):
        breaker.enter("h", "g")
    with breaker._lock:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                breaker.leave("h", "g", under_way, None)
                ticket, _ = breaker.enter("h", "g")
                breaker.leave("h", "g", ticket, True)
                code = 0 if breaker.states() == {"h/g": CLOSED} else 2
            finally:
                os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# --- in the calls of both clients ---------------------------------------------------------------

Use = Callable[[Any], Any]
MAKERS = pytest.mark.parametrize("make", [client, async_client])
FAIL_TWICE = BreakerSettings(failures=2, open_for=30)


def finish(started: Any) -> Any:
    async def wait() -> Any:
        return await started

    return asyncio.run(wait()) if inspect.isawaitable(started) else started


def me(gc: Any) -> Any:
    return gc.users.get_users_me()


def outcome(gc: Any, use: Use = me) -> Any:
    try:
        return finish(use(gc))
    except GenesysCloudError as error:
        return error


def always(answer: Answer) -> Callable[[Request], Answer]:
    return lambda request: token() if "oauth" in request.url else answer


def login_or(*answers: Answer) -> Callable[[Request], Answer]:
    script = iter(answers)
    return lambda request: token() if "oauth" in request.url else next(script)


@MAKERS
def test_it_is_off_unless_asked_for(make: Any) -> None:
    gc, transport = make(always(reply(503)), retry=False)
    for _ in range(20):
        assert isinstance(outcome(gc), ServerError)
    assert len(transport.requests) == 21
    assert gc.circuits == {}


@MAKERS
def test_a_circuit_opens_and_closes_again(make: Any) -> None:
    clock, events = FakeClock(), list[BreakerEvent]()
    answers = login_or(reply(503), ReadTimeout("silent"), reply(500), reply(200, ME), reply(200, ME))
    rules = BreakerSettings(failures=2, open_for=30, on_state=events.append)
    gc, transport = make(answers, clock, retry=False, breaker=rules)
    assert isinstance(outcome(gc), ServerError)
    assert isinstance(outcome(gc), ReadTimeout)
    assert gc.circuits == {"login.mypurecloud.ie/oauth": CLOSED, "api.mypurecloud.ie/users": OPEN}
    sent = len(transport.requests)

    error = outcome(gc)
    assert isinstance(error, CircuitOpen)
    assert (error.host, error.group, error.retry_after) == ("api.mypurecloud.ie", "users", 30)
    assert "get_users_me: requests to api.mypurecloud.ie (users) are held back" in str(error)
    assert "silent" in str(error)
    assert "try again in 30 s" in str(error)
    assert len(transport.requests) == sent

    clock.now += 30
    assert gc.circuits["api.mypurecloud.ie/users"] == HALF_OPEN
    assert isinstance(outcome(gc), ServerError), "the trial"
    assert isinstance(outcome(gc), CircuitOpen)
    clock.now += 30
    assert outcome(gc).name == "Ann"
    assert outcome(gc).name == "Ann"
    assert [(event.before, event.after) for event in events] == [
        (CLOSED, OPEN), (OPEN, HALF_OPEN), (HALF_OPEN, OPEN), (OPEN, HALF_OPEN), (HALF_OPEN, CLOSED),
    ]  # fmt: skip
    assert events[0] == BreakerEvent("api.mypurecloud.ie", "users", CLOSED, OPEN, clock.time() - 30)


@MAKERS
def test_groups_of_routes_are_apart(make: Any) -> None:
    gc, _ = make(login_or(reply(503), reply(503), reply(200, {})), retry=False, breaker=FAIL_TWICE)
    outcome(gc)
    outcome(gc)
    assert isinstance(outcome(gc), CircuitOpen)
    assert outcome(gc, lambda gc: gc.routing.get_routing_queues()).entities is None
    assert gc.circuits["api.mypurecloud.ie/routing"] == CLOSED


@MAKERS
def test_retries_end_where_the_circuit_opens(make: Any) -> None:
    clock = FakeClock()
    gc, transport = make(login_or(*[reply(503)] * 2), clock, breaker=FAIL_TWICE)
    error = outcome(gc)
    assert isinstance(error, CircuitOpen)
    assert isinstance(error.__cause__, ServerError)
    assert len(transport.requests) == 3
    assert len(clock.slept) == 2


@MAKERS
def test_what_is_no_failure_of_the_service(make: Any) -> None:
    answers = [reply(503), reply(404), reply(503), reply(429), reply(503), reply(400), PoolTimeout("busy"), reply(503)]
    gc, _ = make(login_or(*answers), retry=False, breaker=FAIL_TWICE)
    for kind in (ServerError, NotFound, ServerError, TooManyRequests):
        assert isinstance(outcome(gc), kind)
    outcome(gc)
    outcome(gc)
    assert isinstance(outcome(gc), PoolTimeout)
    outcome(gc)
    assert gc.circuits["api.mypurecloud.ie/users"] == CLOSED


def login_refused(request: Request) -> Answer:
    return ConnectError("refused")


@MAKERS
def test_the_login_service_has_a_circuit_of_its_own(make: Any) -> None:
    gc, transport = make(login_refused, retry=False, breaker=FAIL_TWICE)
    for _ in range(2):
        assert isinstance(outcome(gc), ConnectError)
    error = outcome(gc)
    assert isinstance(error, CircuitOpen)
    assert error.host == "login.mypurecloud.ie"
    assert len(transport.requests) == 2


@MAKERS
def test_views_share_the_circuits(make: Any) -> None:
    gc, _ = make(login_or(reply(503), reply(503)), retry=False, breaker=FAIL_TWICE)
    outcome(gc.with_options(timeout=5))
    outcome(gc.with_options(headers={"A": "1"}))
    assert isinstance(outcome(gc), CircuitOpen)


@MAKERS
def test_an_observer_that_raises_ends_the_call(make: Any) -> None:
    class MyError(Exception):
        pass

    def hook(event: BreakerEvent) -> None:
        raise MyError

    gc, _ = make(login_or(reply(503)), retry=False, breaker=BreakerSettings(failures=1, on_state=hook))
    with pytest.raises(MyError):
        outcome(gc)
    assert gc.circuits["api.mypurecloud.ie/users"] == OPEN


def test_an_async_observer() -> None:
    events: list[BreakerEvent] = []

    async def hook(event: BreakerEvent) -> None:
        await asyncio.sleep(0)
        events.append(event)

    rules = BreakerSettings(failures=1, on_state=hook)
    gc, _ = async_client(login_or(reply(503)), retry=False, breaker=rules)
    assert isinstance(outcome(gc), ServerError)
    assert [event.after for event in events] == [OPEN]
    blocking, _ = client(login_or(reply(503)), retry=False, breaker=rules)
    with pytest.raises(ConfigurationError, match="AsyncGenesysCloud"):
        blocking.users.get_users_me()


@MAKERS
def test_changes_are_logged(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    gc, _ = make(login_or(reply(503)), retry=False, breaker=BreakerSettings(failures=1))
    with caplog.at_level(logging.WARNING):
        outcome(gc)
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("genesyscloud.breaker", "WARNING")
    assert record.getMessage().startswith("circuit of api.mypurecloud.ie (users): closed -> open, until ")


def test_a_trial_that_is_given_up_makes_way_for_the_next() -> None:
    clock = FakeClock()
    answers: list[Answer] = [reply(503), KeyboardInterrupt(), reply(200, ME)]
    gc, _ = client(login_or(*answers), clock, retry=False, breaker=BreakerSettings(failures=1))
    outcome(gc)
    clock.now += 30
    with pytest.raises(KeyboardInterrupt):
        outcome(gc)
    assert outcome(gc).name == "Ann"
    assert gc.circuits["api.mypurecloud.ie/users"] == CLOSED


def test_tasks_share_one_trial_and_a_cancelled_one_is_passed_on() -> None:
    clock = FakeClock()

    async def main() -> None:
        gc, transport = async_client([], clock, auth=AccessToken("t"), retry=False, breaker=BreakerSettings(failures=1))
        entered, go = asyncio.Event(), asyncio.Event()
        calls = 0

        async def send(request: Request, timeouts: AttemptTimeouts) -> Reply:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise ReadTimeout("silent")
            entered.set()
            await go.wait()
            return reply(200, ME)

        transport.send = send  # type: ignore[method-assign, assignment]
        with pytest.raises(ReadTimeout):
            await gc.users.get_users_me()
        clock.now += 30
        tasks = [asyncio.create_task(gc.users.get_users_me()) for _ in range(20)]
        await entered.wait()
        refused = await asyncio.gather(*tasks[1:], return_exceptions=True)
        assert {type(error) for error in refused} == {CircuitOpen}
        assert calls == 2
        tasks[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        go.set()
        assert (await gc.users.get_users_me()).name == "Ann"
        assert gc.circuits == {"api.mypurecloud.ie/users": CLOSED}

    asyncio.run(main())


@MAKERS
def test_behind_a_gateway_the_circuit_is_that_of_the_gateway(make: Any) -> None:
    gateway = GatewaySettings("gw", port=8443, path_params_api="x/y")
    gc, _ = make(login_or(reply(503)), retry=False, breaker=BreakerSettings(failures=1), gateway=gateway)
    outcome(gc)
    assert gc.circuits == {"gw:8443/oauth": CLOSED, "gw:8443/users": OPEN}
