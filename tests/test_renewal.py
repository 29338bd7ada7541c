"""Those who wait for a renewal, and for how long."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from genesyscloud import BrowserLogin, MemoryTokenStore, ReauthenticationSettings
from genesyscloud.auth import Token
from genesyscloud.auth.renewal import ahead_deadline
from genesyscloud.auth.source import QUIET
from genesyscloud.errors import ConfigurationError, DeadlineExceeded, OAuthError, ReadTimeout
from genesyscloud.http import Request

from .engine import ME, Answer, FakeClock, async_client, client, reply, token
from .test_auth import AsyncGate, Gate, threaded

SHORT = ReauthenticationSettings(refresh_token_wait_max=0.05)


def test_ten_seconds_unless_told_otherwise() -> None:
    assert ReauthenticationSettings().refresh_token_wait_max == 10
    for value in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ConfigurationError, match="refresh_token_wait_max must be seconds above 0"):
            ReauthenticationSettings(refresh_token_wait_max=value)


def test_a_thread_waits_so_long_at_most() -> None:
    server = Gate()
    server.answers = [token("t1")]
    gc, threads, outcomes = threaded(server, 1, reauthentication=SHORT)
    with pytest.raises(DeadlineExceeded, match=r"get_users_me: .*\(refresh_token_wait_max\).* of another thread"):
        gc.users.get_users_me()
    server.go.release()
    threads[0].join(10)
    assert outcomes == ["Bearer t1"]
    assert server.logins == 1


def test_a_task_waits_so_long_at_most() -> None:
    async def main() -> None:
        gate = AsyncGate(token("t1"))
        gc, _ = async_client([], reauthentication=SHORT)
        gc._shared.wire = gate
        leader = asyncio.ensure_future(gc.users.get_users_me())
        await gate.entered.acquire()
        with pytest.raises(DeadlineExceeded, match=r"\(refresh_token_wait_max\) for the login of another task"):
            await gc.users.get_users_me()
        gate.go.release()
        assert (await leader).name == "Bearer t1"

    asyncio.run(main())


def test_a_renewal_ahead_of_time_takes_half_of_the_time_there_is() -> None:
    assert ahead_deadline(400.0, 100.0, 60.0) == 105.0, "5 seconds at most"
    assert ahead_deadline(102.0, 100.0, 60.0) == 101.0, "the call has 2 seconds"
    assert ahead_deadline(400.0, 100.0, 3.0) == 101.5, "the token has 3 seconds"
    assert ahead_deadline(99.0, 100.0, -1.0) == 100.0


def test_a_login_service_that_hangs_stops_nobody_whose_token_is_valid() -> None:
    clock = FakeClock()

    def server(request: Request) -> Answer:
        if not request.url.endswith("/oauth/token"):
            return reply(200, {"id": "u1", "name": request.headers["Authorization"]})
        if transport.seen[:-1]:
            clock.now += transport.timeouts[-1].total
            return ReadTimeout("nothing came")
        return token("t1", 40)

    gc, transport = client(server, clock, timeout=1.5)
    gc.users.get_users_me()
    clock.now += 36.2
    assert gc.users.get_users_me().name == "Bearer t1"
    assert transport.timeouts[-2].total == 0.75
    assert gc.users.get_users_me().name == "Bearer t1"
    assert len(transport.requests) == 5, "it is not tried again at once"


def test_the_same_for_a_task() -> None:
    clock = FakeClock()

    def server(request: Request) -> Answer:
        if not request.url.endswith("/oauth/token"):
            return reply(200, {"id": "u1", "name": request.headers["Authorization"]})
        if len(transport.requests) in (2, 3):
            clock.now += transport.timeouts[-1].total
            return ReadTimeout("nothing came")
        return token(f"t{len(transport.requests)}", 86400)

    async def main() -> list[str | None]:
        names = [(await gc.users.get_users_me()).name]
        clock.now += 86400 - 30
        names += [(await gc.users.get_users_me()).name for _ in range(2)]
        clock.now += QUIET
        return [*names, (await gc.users.get_users_me()).name]

    gc, transport = async_client(server, clock, token_store=MemoryTokenStore())
    assert asyncio.run(main()) == ["Bearer t1"] * 3 + ["Bearer t6"]
    assert transport.timeouts[2].total == 5


def test_no_person_is_asked_while_the_token_is_valid() -> None:
    shown: list[str] = []
    login = BrowserLogin("id", browser="no-such-program", show=shown.append, timeout=0.01)
    clock = FakeClock()
    gc, transport = client([reply(400, {"error": "invalid_grant"}), reply(200, ME)], clock, auth=login)
    gc._engine.tokens.current = Token("t1", clock.time() + 10, clock.time() - 1, "refresh")
    gc.users.get_users_me()
    assert transport.seen[1][2] == "Bearer t1"
    assert shown == []


# --- over a store -------------------------------------------------------------------------------


def leased(store: MemoryTokenStore, key: str, **fields: Any) -> None:
    """Leave a note as another process does."""

    def note(value: object, now: float) -> Any:
        return {"owner": "other", "until": now + 60, **fields}, 60.0, None

    store.update(f"renewal|{key}", note)


def test_a_process_waits_so_long_at_most() -> None:
    clock, store = FakeClock(), MemoryTokenStore()
    gc, transport = client([], clock, token_store=store, reauthentication=SHORT)
    leased(store, gc._engine.tokens.key)
    with pytest.raises(DeadlineExceeded, match=r"another process did not finish its login within 0.05 s \(refresh_to"):
        gc.users.get_users_me()
    assert transport.requests == []


def test_the_token_of_another_process_ends_the_wait() -> None:
    store = MemoryTokenStore()

    class Meanwhile(FakeClock):
        def _sleep(self, seconds: float) -> None:
            super()._sleep(seconds)
            if len(self.slept) == 3:
                store.save(gc._engine.tokens.key, Token("theirs"))

    clock = Meanwhile()
    gc, transport = client([reply(200, ME)], clock, token_store=store)
    leased(store, gc._engine.tokens.key)
    gc.users.get_users_me()
    assert transport.seen[0][2] == "Bearer theirs"
    assert len(clock.slept) == 3


def test_a_token_that_is_only_due_is_used_while_another_process_renews_it() -> None:
    clock, store = FakeClock(), MemoryTokenStore()
    gc, transport = client([token("t1", 600), reply(200, ME), reply(200, ME)], clock, token_store=store)
    gc.users.get_users_me()
    clock.now += 550
    leased(store, gc._engine.tokens.key)
    gc.users.get_users_me()
    assert [sent for _, _, sent in transport.seen[1:]] == ["Bearer t1", "Bearer t1"]
    assert clock.slept == []


def test_word_of_an_old_failure_is_for_those_who_waited_for_it_only() -> None:
    store = MemoryTokenStore()
    gc, _ = client([token("t1"), reply(200, ME)], token_store=store)
    leased(
        store, gc._engine.tokens.key, failed="invalid_client", status=400, description="", correlation="", login=False
    )
    assert gc.users.get_users_me().name == "Ann"


def test_a_failed_renewal_is_told_and_the_next_call_tries_again() -> None:
    store = MemoryTokenStore()
    gc, _ = client([reply(400, {"error": "invalid_client"}), token("t1"), reply(200, ME)], token_store=store)
    with pytest.raises(OAuthError):
        gc.users.get_users_me()
    assert gc.users.get_users_me().name == "Ann"
