"""Token stores: one set of promises for all, then what is particular to each, then many processes at once."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from math import inf
from pathlib import Path
from typing import Any

import keyring
import keyring.errors
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend

import genesyscloud
from genesyscloud import (
    ClientCredentials,
    FileTokenStore,
    GenesysCloud,
    KeyringTokenStore,
    MemoryTokenStore,
    RedisTokenStore,
)
from genesyscloud.auth import SharedTokenStore, Token
from genesyscloud.auth.tokens import token_from_stored, token_to_stored
from genesyscloud.errors import ConfigurationError, OAuthError, TokenStoreError

from . import redisserver
from .engine import ME, FakeClock, client, reply, token
from .loginserver import LoginServer

SECRET = "hunter2-access"
TOKEN = Token(
    SECRET, 1_900_000_000.0, 1_899_999_940.0, "hunter2-refresh",
    {"access_token": SECRET, "refresh_token": "hunter2-refresh", "expires_in": 86400, "organization": "ä"},
)  # fmt: skip


class Rings(KeyringBackend):
    """A keyring in memory."""

    priority = 1.0  # type: ignore[assignment]  # pyright: ignore

    def __init__(self) -> None:
        super().__init__()  # pyright: ignore[reportUnknownMemberType]
        self.entries: dict[tuple[str, str], str] = {}
        self.broken = False

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        if self.entries.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("not there")

    def _check(self) -> None:
        if self.broken:
            raise keyring.errors.KeyringLocked("the keyring is locked")


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redisserver.running() as url:
        yield url


@pytest.fixture
def rings() -> Iterator[Rings]:
    before, rings = keyring.get_keyring(), Rings()
    keyring.set_keyring(rings)
    yield rings
    keyring.set_keyring(before)


KINDS = ["memory", "file", "keyring", "redis"]


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SharedTokenStore:
    if request.param == "memory":
        return MemoryTokenStore()
    if request.param == "file":
        return FileTokenStore(tmp_path / "new" / "tokens.json")
    if request.param == "keyring":
        request.getfixturevalue("rings")
        return KeyringTokenStore("test", shared=tmp_path / "shared")
    return RedisTokenStore(request.getfixturevalue("redis_url"), prefix=os.urandom(8).hex())


# --- what all promise ---------------------------------------------------------------------------


def test_a_token_is_kept_as_it_is(store: SharedTokenStore) -> None:
    assert store.load("a") is None
    store.save("a", TOKEN)
    store.save("b", Token("x"))
    assert store.load("a") == TOKEN
    assert store.load("b") == Token("x", raw={"access_token": "x"}) or store.load("b") == Token("x")
    store.save("a", Token("y", 1_900_000_000.0))
    found = store.load("a")
    assert found is not None
    assert (found.access_token, found.expires_at, found.renew_at) == ("y", 1_900_000_000.0, inf)
    store.delete("a")
    store.delete("a")
    assert store.load("a") is None
    assert store.load("b") is not None


def test_values_change_in_one_step(store: SharedTokenStore) -> None:
    def add(value: Mapping[str, Any] | None, now: float) -> tuple[Mapping[str, Any], float, float]:
        return {"n": (value or {"n": 0})["n"] + 1}, 60.0, now

    threads = [threading.Thread(target=lambda: [store.update("a", add) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert store.update("a", lambda value, now: (None, 0.0, value)) == {"n": 80}
    assert store.update("a", lambda value, now: (None, 0.0, value)) is None
    assert store.update("a", add) > 1_600_000_000


def test_values_end(store: SharedTokenStore) -> None:
    store.update("a", lambda value, now: ({"n": 1}, 0.001, None))
    store.update("b", lambda value, now: ({"n": 1}, 60.0, None))
    end = time.monotonic() + 0.01
    while time.monotonic() < end:
        pass
    assert store.update("a", lambda value, now: (None, 0.0, value)) is None
    assert store.update("b", lambda value, now: (None, 0.0, value)) == {"n": 1}


def test_its_repr_shows_no_secret(store: SharedTokenStore) -> None:
    store.save("a", TOKEN)
    assert "hunter2" not in repr(store)


def today() -> FakeClock:
    """A clock that stands still now: Redis has its own, and forgets what has ended by it."""
    clock, began = FakeClock(), time.time() - 1000
    clock.time = lambda: began + clock.now  # type: ignore[method-assign]
    return clock


def test_clients_use_it(store: SharedTokenStore) -> None:
    clock = today()
    one, _ = client([token("t1"), reply(200, ME)], clock, token_store=store)
    two, second = client([reply(200, ME), reply(401), token("t2"), reply(200, ME)], clock, token_store=store)
    three, third = client([reply(200, ME)], clock, token_store=store)
    one.users.get_users_me()
    two.users.get_users_me()
    two.users.get_users_me()
    three.users.get_users_me()
    assert [sent for _, _, sent in second.seen if "Bearer" in sent] == ["Bearer t1", "Bearer t1", "Bearer t2"]
    assert third.seen[0][2] == "Bearer t2"


def test_a_token_that_has_ended_is_not_used(store: SharedTokenStore) -> None:
    clock = today()
    one, _ = client([token("t1", 100), reply(200, ME)], clock, token_store=store)
    two, second = client([token("t2", 100), reply(200, ME)], clock, token_store=store)
    one.users.get_users_me()
    clock.now += 95
    two.users.get_users_me()
    assert second.seen[1][2] == "Bearer t2"


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_anything_that_is_no_token_is_none(value: Any) -> None:
    assert token_from_stored(value) is None
    if isinstance(value, dict):
        stored: dict[str, Any] = {**token_to_stored(TOKEN), **value}
        assert isinstance(token_from_stored(stored), Token | None)


@pytest.mark.parametrize("field", [{"access_token": "t\u20ac"}, {"access_token": "t\r\n"}, {"expires_at": 10**400}])
def test_a_token_that_cannot_be_one_is_none(field: dict[str, Any]) -> None:
    assert token_from_stored({**token_to_stored(TOKEN), **field}) is None


def test_a_token_with_an_absurd_lifetime_is_kept(tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path / "tokens.json")
    gc, _ = client([token("t1", 10**400), reply(200, ME)], token_store=store)
    assert gc.users.get_users_me().name == "Ann"
    other, transport = client([reply(200, ME)], token_store=store)
    other.users.get_users_me()
    assert transport.seen[0][2] == "Bearer t1"


_TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)


@given(_TOKENS, st.floats(0, 2e9), st.text(), st.dictionaries(st.text(), st.integers() | st.text()))
def test_tokens_survive_json(access: str, end: float, refresh: str, raw: dict[str, Any]) -> None:
    raw = {**raw, "access_token": access, **({"refresh_token": refresh} if refresh else {})}
    raw = raw if refresh else {name: value for name, value in raw.items() if name != "refresh_token"}
    made = Token(access, end, end, refresh, raw)
    assert token_from_stored(json.loads(json.dumps(token_to_stored(made)))) == made


# --- file ---------------------------------------------------------------------------------------


def test_the_file_is_its_owners_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = FileTokenStore(tmp_path / "new" / "tokens.json")
        store.save("a", TOKEN)
        store.update("v", lambda value, now: ({"n": 1}, 60.0, None))
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert modes == dict.fromkeys(
        ["tokens.json", "tokens.json.lock", "tokens.json.shared", "tokens.json.shared.lock"], 0o600
    )
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    # What others may have made readable is their business no longer than to the next token.
    (tmp_path / "new" / "tokens.json").chmod(0o644)
    store.save("a", TOKEN)
    assert stat.S_IMODE((tmp_path / "new" / "tokens.json").stat().st_mode) == 0o600


def test_prefixes_keep_sets_apart(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    stores = [FileTokenStore(path), FileTokenStore(path, prefix="prod"), FileTokenStore(path, prefix="test")]
    for number, store in enumerate(stores):
        store.save("a", Token(f"t{number}"))
    assert [found.access_token for store in stores if (found := store.load("a"))] == ["t0", "t1", "t2"]
    stores[1].delete("a")
    assert [store.load("a") is None for store in stores] == [False, True, False]
    stores[1].update("v", lambda value, now: ({"n": 1}, 60.0, None))
    assert stores[2].update("v", lambda value, now: (None, 0.0, value)) is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"tokens": []}', b'{"tokens": {"a": {"access_token": 1}}}', b"\xff"]
)
def test_a_broken_file_is_filled_again(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tokens.json"
    path.write_bytes(content)
    store = FileTokenStore(path)
    assert store.load("a") is None
    store.save("a", TOKEN)
    assert store.load("a") == TOKEN


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileTokenStore(tmp_path / "tokens.json")
    store.save("a", TOKEN)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TokenStoreError, match="cannot be written: No space left on device"):
        store.save("a", Token("other"))
    assert store.load("a") == TOKEN
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tokens.json", "tokens.json.lock"]


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").mkdir()
    with pytest.raises(TokenStoreError, match="json cannot be read: Is a directory"):
        FileTokenStore(tmp_path / "tokens.json").load("a")
    (tmp_path / "file").write_text("")
    with pytest.raises(TokenStoreError, match="cannot be locked"):
        FileTokenStore(tmp_path / "file" / "tokens.json").save("a", TOKEN)


HOLD = """
import os, sys
from pathlib import Path
from genesyscloud.auth.stores.files import JsonFile
file = JsonFile(Path(sys.argv[1]))
with file.locked():
    print("held", flush=True)
    sys.stdin.readline()
    os.kill(os.getpid(), 9)
"""


def test_the_lock_of_a_process_that_dies_is_released(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    store = FileTokenStore(path)
    with _python(HOLD, str(path)) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        saved = threading.Event()
        thread = threading.Thread(target=lambda: (store.save("a", TOKEN), saved.set()))
        thread.start()
        assert not saved.wait(0.1)
        assert store.load("a") is None
        holder.stdin.write("\n")
        holder.stdin.flush()
        thread.join(20)
        holder.wait(20)
    assert store.load("a") == TOKEN


# --- keyring ------------------------------------------------------------------------------------


def test_a_keyring_holds_the_token_and_no_file_does(rings: Rings, tmp_path: Path) -> None:
    store = KeyringTokenStore("my-program", shared=tmp_path / "shared")
    gc, _ = client([token("hunter2"), reply(200, ME)], token_store=store)
    gc.users.get_users_me()
    ((service, key),) = rings.entries
    assert service == "my-program"
    assert "client_credentials:id:" in key
    assert "hunter2" in rings.entries[service, key]
    assert all("hunter2" not in path.read_text() for path in tmp_path.iterdir())


def test_a_keyring_that_is_locked(rings: Rings, tmp_path: Path) -> None:
    store = KeyringTokenStore(shared=tmp_path / "shared")
    rings.broken = True
    for act in (lambda: store.load("a"), lambda: store.save("a", TOKEN), lambda: store.delete("a")):
        with pytest.raises(TokenStoreError, match="the keyring is locked"):
            act()


def test_what_else_is_in_a_keyring(rings: Rings, tmp_path: Path) -> None:
    rings.entries["genesyscloud", "a"] = "no json"
    assert KeyringTokenStore(shared=tmp_path / "shared").load("a") is None


@pytest.mark.parametrize(
    ("name", "make"), [("keyring", KeyringTokenStore), ("redis", lambda: RedisTokenStore("redis://x"))]
)
def test_what_is_not_installed(name: str, make: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigurationError, match=rf"pip install 'genesyscloud\[{name}\]'"):
        make()


# --- Redis --------------------------------------------------------------------------------------


def test_keys_in_redis_end_with_their_tokens(redis_url: str) -> None:
    prefix = os.urandom(8).hex()
    store, server = RedisTokenStore(redis_url, prefix=prefix), redis.Redis.from_url(redis_url)  # pyright: ignore
    store.save("ends", Token("t", 4_000_000_000.0, raw={}))
    store.save("stays", Token("t", 4_000_000_000.0, refresh_token="r", raw={}))
    store.save("unknown", Token("t", raw={}))
    expiries: dict[str, int] = {
        name: server.expiretime(f"{prefix}:token:{name}") for name in ("ends", "stays", "unknown")
    }  # type: ignore[misc]  # pyright: ignore
    assert expiries == {"ends": 4_000_000_000, "stays": -1, "unknown": -1}
    server.set(f"{prefix}:token:odd", "no json")  # pyright: ignore
    assert store.load("odd") is None


def test_a_redis_of_ones_own(redis_url: str) -> None:
    store = RedisTokenStore(redis.Redis.from_url(redis_url), prefix=os.urandom(8).hex())  # pyright: ignore
    store.save("a", TOKEN)
    assert store.load("a") == TOKEN


def test_a_redis_that_is_not_there() -> None:
    from .servers import unused_port

    store = RedisTokenStore(f"redis://:hunter2@127.0.0.1:{unused_port()}/0")
    gc, transport = client([], token_store=store)
    with pytest.raises(TokenStoreError, match=r"get_users_me: token store: Redis cannot be used: .*refused") as caught:
        gc.users.get_users_me()
    assert "hunter2" not in str(caught.value)
    assert transport.requests == []


@pytest.mark.parametrize("url", ["http://x", "hunter2", "redis://:hunter2@host:port/0"])
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ConfigurationError, match="URL of Redis cannot be used") as caught:
        RedisTokenStore(url)
    assert "hunter2" not in str(caught.value)


# --- many processes -----------------------------------------------------------------------------

MEMBER = """
import json, sys, threading
from genesyscloud import ClientCredentials, FileTokenStore, GenesysCloud, RedisTokenStore
address, kind, where, threads = sys.argv[1:]
store = FileTokenStore(where) if kind == "file" else RedisTokenStore(where, prefix="members")
gc = GenesysCloud(auth=ClientCredentials("id", "s3cret"), region=address, token_store=store)

def call(outcomes):
    try:
        outcomes.append(gc.users.get_users_me().name)
    except Exception as error:
        outcomes.append(f"{type(error).__name__}: {error}")

for line in sys.stdin:
    outcomes = []
    workers = [threading.Thread(target=call, args=(outcomes,)) for _ in range(int(threads))]
    print("calling", flush=True)
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(json.dumps(outcomes), flush=True)
"""


def _python(code: str, *arguments: str) -> subprocess.Popen[str]:
    source = str(Path(genesyscloud.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": source},
    )  # fmt: skip


class Members:
    """Processes that call together when they are told to."""

    def __init__(self, server: LoginServer, kind: str, where: str, count: int, threads: int) -> None:
        self.server = server
        self.processes = [_python(MEMBER, server.url, kind, where, str(threads)) for _ in range(count)]

    def call(self) -> list[str]:
        """Let all call; the first login waits until all are calling."""
        self.server.go.clear()
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        for process in self.processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "calling\n"
        assert self.server.entered.acquire(timeout=30)
        self.server.go.set()
        return [outcome for process in self.processes for outcome in json.loads(process.stdout.readline())]  # type: ignore[union-attr]  # pyright: ignore

    def __enter__(self) -> Members:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("kind", ["file", "redis"])
def test_processes_log_in_once_and_renew_once(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    where = str(tmp_path / "tokens.json") if kind == "file" else str(request.getfixturevalue("redis_url"))
    with LoginServer() as server, Members(server, kind, where, 5, 4) as members:
        for number in range(1, 4):
            # The server forgets the token: every process finds out by its own 401.
            server.valid = ""
            assert members.call() == [f"t{number}"] * 20
            assert len(server.grants) == number


@pytest.mark.parametrize("kind", ["file", "redis"])
def test_processes_that_wait_share_the_error(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    where = str(tmp_path / "tokens.json") if kind == "file" else str(request.getfixturevalue("redis_url"))
    with LoginServer() as server, Members(server, kind, where, 4, 3) as members:
        server.refusal = {"error": "invalid_client", "error_description": "the client was disabled"}
        outcomes = members.call()
        assert set(outcomes) == {
            "OAuthError: get_users_me: login failed with status 400: invalid_client: the client was disabled"
        }
        assert len(outcomes) == 12
        # Those who were late began one of their own, but most threads shared one.
        assert len(server.grants) < 12
        server.refusal = None
        assert len(set(members.call())) == 1


def test_a_process_that_dies_while_it_renews_holds_up_nobody_for_long(tmp_path: Path) -> None:
    path = str(tmp_path / "tokens.json")
    with LoginServer() as server, Members(server, "file", path, 1, 1) as members:
        server.go.clear()
        (process,) = members.processes
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert server.entered.acquire(timeout=30)
        process.kill()
        server.go.set()
        clock = FakeClock()
        # Its lease is a note in the file, with an end.
        store = FileTokenStore(path)
        with GenesysCloud(
            auth=ClientCredentials("id", "s3cret"), region=server.url, token_store=store, clock=clock
        ) as gc:
            with pytest.raises(Exception, match="another process did not finish its login within 10 s"):
                gc.users.get_users_me()
            assert sum(clock.slept) == pytest.approx(10, abs=0.2)
            shared = json.loads(Path(f"{path}.shared").read_text())
            (entry,) = shared.values()
            entry["until"] = entry["value"]["until"] = 1.0
            Path(f"{path}.shared").write_text(json.dumps(shared))
            assert gc.users.get_users_me().name == server.valid


def test_a_store_that_cannot_save_does_not_lose_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = FileTokenStore(tmp_path / "tokens.json")

    def refuse(key: str, saved: Token) -> None:
        raise TokenStoreError("token store: no room")

    monkeypatch.setattr(store, "save", refuse)
    gc, _ = client([token("t1"), reply(200, ME), reply(200, ME)], token_store=store)
    gc.users.get_users_me()
    gc.users.get_users_me()
    assert "a new token could not be stored: token store: no room" in caplog.text


def test_the_error_of_another_process_is_the_same(tmp_path: Path) -> None:
    """Step by step: one holds the lease and fails, the other has waited for it."""
    store = FileTokenStore(tmp_path / "tokens.json")
    entered, go = threading.Event(), threading.Event()

    def slow(request: Any) -> Any:
        entered.set()
        assert go.wait(20)
        return reply(400, {"error": "invalid_client", "error_description": "gone"})

    class Polling(FakeClock):
        def _sleep(self, seconds: float) -> None:
            super()._sleep(seconds)
            go.set()
            leader.join(20)

    one, _ = client(slow, token_store=store)
    two, second = client([], Polling(), token_store=store)
    errors: list[OAuthError] = []

    def lead() -> None:
        with pytest.raises(OAuthError) as caught:
            one.users.get_users_me()
        errors.append(caught.value)

    leader = threading.Thread(target=lead)
    leader.start()
    assert entered.wait(20)
    with pytest.raises(OAuthError) as caught:
        two.users.get_users_me()
    leader.join(20)
    assert str(caught.value) == str(errors[0])
    assert vars(caught.value) == vars(errors[0])
    assert second.requests == []
