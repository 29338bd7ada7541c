"""What changes in a file applies to the calls that start afterwards, and undoes nothing that code has set."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import gc as garbage
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from genesyscloud import AsyncGenesysCloud, GenesysCloud, RetryPolicy
from genesyscloud.http import Reply, Request

from .engine import CREDENTIALS, ME, FakeTransport, async_client, client, reply, token
from .servers import Peer, RawServer
from .test_watch import no_thread_is_left, replace

SECONDS = 20.0


class Heard(logging.Handler):
    """Waits for what the package says about configuration."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._condition = threading.Condition()

    def emit(self, record: logging.LogRecord) -> None:
        with self._condition:
            self.said.append(f"{record.levelname} {record.getMessage()}")
            self._condition.notify_all()

    def after(self, act: Callable[[], object], words: str) -> str:
        """Do something, and return what is said because of it."""
        with self._condition:
            before = len(self.said)
        act()
        with self._condition:
            assert self._condition.wait_for(lambda: any(words in one for one in self.said[before:]), SECONDS)
            return next(one for one in self.said[before:] if words in one)


IN_FORCE = "now in force"


@pytest.fixture
def heard() -> Iterator[Heard]:
    handler, logger = Heard(), logging.getLogger("genesyscloud.config")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)
    garbage.collect()
    no_thread_is_left()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config"


def write(path: Path, text: str) -> Callable[[], None]:
    """Return what writes ``text``, readable by its owner only."""

    def act() -> None:
        path.touch(mode=0o600)
        path.write_text(text)

    return act


def test_a_change_applies_to_later_calls_and_to_views(path: Path, heard: Heard) -> None:
    path.write_text("[retry]\nretry_max = 1\n")
    gc, _ = client([], config_file=path)
    view, own = gc.with_options(timeout=5), gc.with_options(retry=RetryPolicy(max_retries=9))
    assert (gc._settings.retry.max_retries, view._settings.retry.max_retries) == (1, 1)
    heard.after(write(path, "[retry]\nretry_max = 3\n"), IN_FORCE)
    assert (gc._settings.retry.max_retries, view._settings.retry.max_retries) == (3, 3)
    assert view._settings.timeouts.total == 5
    assert own._settings.retry.max_retries == 9
    heard.after(lambda: replace(path, "[general]\n"), IN_FORCE)
    assert gc._settings.retry == RetryPolicy()
    gc.close()


def test_retries_of_a_later_call(path: Path, heard: Heard) -> None:
    path.write_text("[retry]\nretry_max = 0\n")
    answers = [token(), reply(503), reply(503), reply(200, ME)]
    gc, transport = client(answers, config_file=path)
    with pytest.raises(Exception, match="503"):
        gc.users.get_users_me()
    heard.after(write(path, "[retry]\nretry_max = 2\n"), IN_FORCE)
    assert gc.users.get_users_me().name == "Ann"
    assert len(transport.requests) == 4
    gc.close()


def test_a_log_level_takes_effect(path: Path, tmp_path: Path, heard: Heard) -> None:
    log = tmp_path / "log"
    start = f"[logging]\nlog_to_console = false\nlog_file_path = {log}\n"
    path.write_text(start + "log_level = none\n")
    gc, _ = client([token(), reply(200, ME), reply(200, ME), reply(200, ME)], config_file=path)
    gc.users.get_users_me()
    assert not log.exists()
    heard.after(write(path, start + "log_level = trace\nlog_format = json\n"), IN_FORCE)
    gc.users.get_users_me()
    (line,) = log.read_text().splitlines()
    assert json.loads(line)["level"] == "trace"
    heard.after(write(path, start + "log_level = error\n"), IN_FORCE)
    gc.users.get_users_me()
    assert len(log.read_text().splitlines()) == 1
    gc.close()


def test_code_is_never_undone(path: Path, heard: Heard) -> None:
    path.write_text("")
    gc, _ = client([], config_file=path, retry=RetryPolicy(max_retries=7), region="eu_west_1")
    text = "[general]\nhost = https://api.mypurecloud.de\n[retry]\nretry_max = 3\n[reauthentication]\n"
    heard.after(write(path, text + "refresh_access_token = false\n[auth]\naccess_token = other\n"), IN_FORCE)
    assert gc._settings.retry.max_retries == 7
    assert gc._engine.api == "https://api.mypurecloud.ie"
    assert gc._engine.tokens.auth is CREDENTIALS
    assert not gc._settings.reauthentication.refresh_access_token
    gc.close()


@pytest.mark.parametrize(
    "bad",
    [
        "[retry]\nretry_max = many\n",
        "[logging]\nlog_level = loud\n[auth]\nclient_secret = hunter2\n",
        "hunter2",
        '{"auth": {"client_secret": "hunter2"',
        "[retry]\nretry_wait_min = 9\nretry_wait_max = 1\n",
        "[general]\nhost = https://\n",
        "[gateway]\nhost = a/b\n",
        "[auth]\nclient_id = only\n",
    ],
)
def test_a_bad_file_is_named_and_the_last_good_configuration_stays(path: Path, heard: Heard, bad: str) -> None:
    path.write_text("[retry]\nretry_max = 1\n[auth]\naccess_token = first\n")
    path.chmod(0o600)
    gc = GenesysCloud(config_file=path, transport=FakeTransport([]))
    engine = gc._engine
    said = heard.after(write(path, bad), "stays in force")
    assert said.startswith(f"WARNING {path}: ")
    assert "hunter2" not in said
    assert gc._engine is engine
    heard.after(write(path, "[retry]\nretry_max = 2\n[auth]\naccess_token = first\n"), IN_FORCE)
    assert gc._settings.retry.max_retries == 2
    gc.close()


def test_a_file_and_its_folder_that_appear_later(tmp_path: Path, heard: Heard) -> None:
    path = tmp_path / "later" / "config"
    gc, _ = client([], config_file=path)

    def appear() -> None:
        path.parent.mkdir()
        path.write_text("[retry]\nretry_max = 5\n")

    heard.after(appear, IN_FORCE)
    assert gc._settings.retry.max_retries == 5
    gc.close()


def test_the_usual_place_is_watched_when_code_asks_for_it(
    tmp_path: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genesyscloud.configfile.files.home", lambda: str(tmp_path))
    quiet, _ = client([])
    assert quiet._shared.follower is None
    gc, _ = client([], live_reload=True)
    path = tmp_path / ".genesyscloudpython" / "config"

    def appear() -> None:
        path.parent.mkdir()
        path.write_text("[retry]\nretry_max = 5\n")

    heard.after(appear, IN_FORCE)
    assert gc._settings.retry.max_retries == 5
    assert quiet._settings.retry.max_retries == 4
    gc.close()


def test_off_by_code_and_by_the_file(path: Path, heard: Heard) -> None:
    path.write_text("[general]\nlive_reload_config = false\n")
    off, _ = client([], config_file=path)
    assert off._shared.follower is None
    on, _ = client([], config_file=path, live_reload=True)
    never, _ = client([], config_file=path, live_reload=False)
    assert never._shared.follower is None
    heard.after(write(path, "[retry]\nretry_max = 6\n"), IN_FORCE)
    assert [gc._settings.retry.max_retries for gc in (off, on, never)] == [4, 6, 4]
    on.close()


def test_a_file_may_switch_it_off_on_the_way(path: Path, heard: Heard) -> None:
    path.write_text("")
    gc, _ = client([], config_file=path)
    heard.after(write(path, "[general]\nlive_reload_config = false\n[retry]\nretry_max = 1\n"), IN_FORCE)
    no_thread_is_left()
    write(path, "[retry]\nretry_max = 2\n")()
    assert gc._settings.retry.max_retries == 1


def test_it_ends_with_the_client(path: Path, heard: Heard) -> None:
    path.write_text("")
    gc, _ = client([], config_file=path)
    view = gc.with_options(timeout=1)
    del gc
    garbage.collect()
    heard.after(write(path, "[retry]\nretry_max = 2\n"), IN_FORCE)
    assert view._settings.retry.max_retries == 2
    del view
    garbage.collect()
    no_thread_is_left()

    async def main() -> None:
        gc, _ = async_client([], config_file=path)
        async with gc:
            assert gc._shared.follower is not None

    asyncio.run(main())
    no_thread_is_left()


def test_another_host_and_another_login_need_another_token(path: Path, heard: Heard) -> None:
    text = "[general]\nhost = {}\n[auth]\nclient_id = {}\nclient_secret = s\n"
    path.write_text(text.format("https://api.mypurecloud.de", "one"))
    path.chmod(0o600)
    answers = [token("t1"), reply(200, ME), token("t2"), reply(200, ME), token("t3"), reply(200, ME)]
    transport = FakeTransport(answers)
    gc = GenesysCloud(config_file=path, transport=transport)
    gc.users.get_users_me()
    heard.after(write(path, text.format("https://api.mypurecloud.ie", "one")), IN_FORCE)
    gc.users.get_users_me()
    heard.after(write(path, text.format("https://api.mypurecloud.ie", "two")), IN_FORCE)
    gc.users.get_users_me()
    assert [(url.partition("/oauth")[0].partition("/api/")[0], sent[-2:]) for _, url, sent in transport.seen] == [
        ("https://login.mypurecloud.de", transport.seen[0][2][-2:]),
        ("https://api.mypurecloud.de", "t1"),
        ("https://login.mypurecloud.ie", transport.seen[2][2][-2:]),
        ("https://api.mypurecloud.ie", "t2"),
        ("https://login.mypurecloud.ie", transport.seen[4][2][-2:]),
        ("https://api.mypurecloud.ie", "t3"),
    ]
    gc.close()


def test_a_gateway_keeps_the_token(path: Path, heard: Heard) -> None:
    path.write_text("")
    gc, transport = client([token("t1"), reply(200, ME), reply(200, ME)], config_file=path)
    gc.users.get_users_me()
    heard.after(write(path, "[gateway]\nhost = gw.example.com\npath_params_api = x\n"), IN_FORCE)
    gc.users.get_users_me()
    assert transport.seen[2] == ("GET", "https://gw.example.com/x/api/v2/users/me", "Bearer t1")
    gc.close()


# --- real connections ---------------------------------------------------------------------------


def me(peer: Peer) -> None:
    """Answer every request as a proxy, or a service, does."""
    while peer.read_request():
        peer.reply(json.dumps(ME).encode(), "200 OK", "Content-Type: application/json")


def proxied(server: RawServer, path: str) -> str:
    return f"[proxy]\nhost = 127.0.0.1\nport = {server.port}\npath_params_api = {path}\n[auth]\naccess_token = t\n"


def test_a_proxy_takes_effect(path: Path, heard: Heard) -> None:
    with RawServer(me) as first, RawServer(me) as second:
        path.touch(mode=0o600)
        path.write_text(proxied(first, "one"))
        with GenesysCloud(config_file=path, region="http://service.example") as gc:
            assert gc.users.get_users_me().name == "Ann"
            heard.after(write(path, proxied(second, "two")), IN_FORCE)
            assert gc.users.get_users_me().name == "Ann"
        assert [request.split()[1] for request in first.requests + second.requests] == [
            b"http://service.example/one/api/v2/users/me",
            b"http://service.example/two/api/v2/users/me",
        ]


def test_a_proxy_takes_effect_for_tasks(path: Path, heard: Heard) -> None:
    async def main() -> None:
        with RawServer(me) as first, RawServer(me) as second:
            path.touch(mode=0o600)
            path.write_text(proxied(first, "one"))
            async with AsyncGenesysCloud(config_file=path, region="http://service.example") as gc:
                assert (await gc.users.get_users_me()).name == "Ann"
                await asyncio.to_thread(heard.after, write(path, proxied(second, "two")), IN_FORCE)
                assert (await gc.users.get_users_me()).name == "Ann"
                assert len(gc._shared.retired) == 1
            assert gc._shared.retired == []
            assert (len(first.requests), len(second.requests)) == (1, 1)

    asyncio.run(main())


def test_a_transport_of_the_caller_is_not_replaced(path: Path, heard: Heard) -> None:
    path.write_text("")
    gc, transport = client([token(), reply(200, ME)], config_file=path)
    heard.after(write(path, "[proxy]\nhost = p\n"), IN_FORCE)
    gc.users.get_users_me()
    assert (gc._shared.wire, transport.closed) == (transport, 0)
    gc.close()


class Tagged(FakeTransport):
    """Answers only requests that belong to its settings."""

    def __init__(self, tag: str) -> None:
        super().__init__(self._own)
        self.tag = tag

    def _own(self, request: Request) -> Reply:
        assert f"/{self.tag}/api/" in request.url, (self.tag, request.url)
        return reply(200, ME)


class Probe:
    """Reloads in the middle of the start of a call, where it would be mixed."""

    def __init__(self, gc: GenesysCloud, reload: Callable[[], None]) -> None:
        self.engine = gc._shared.engine
        self.reload = reload
        self.left = 3

    def __get__(self, shared: Any, owner: Any) -> Any:
        engine = self.engine
        if self.left and sys._getframe(1).f_code.co_name == "_start":
            self.left -= 1
            self.reload()
        return engine

    def __set__(self, shared: Any, engine: Any) -> None:
        self.engine = engine


def test_no_call_mixes_two_configurations(path: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxy and paths, which belong together, change while a call looks which there are."""

    def make(**options: Any) -> Tagged:
        return Tagged(options["proxy"].path_params_api)

    monkeypatch.setattr("genesyscloud.client.transport", make)
    text = "[proxy]\nhost = p\npath_params_api = {}\n[auth]\naccess_token = t\n"
    path.touch(mode=0o600)
    path.write_text(text.format("v0"))
    gc = GenesysCloud(config_file=path)
    follower = gc._shared.follower
    assert follower is not None
    follower.stop()
    no_thread_is_left()
    gc.users.get_users_me()
    versions = iter(range(1, 10))

    def reload() -> None:
        path.write_text(text.format(f"v{next(versions)}"))
        follower.changed()

    probe = Probe(gc, reload)
    monkeypatch.setattr(type(gc._shared), "engine", probe, raising=False)
    assert gc.users.get_users_me().name == "Ann"
    assert probe.left == 0
    monkeypatch.undo()


def test_threads_call_while_the_configuration_changes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call finds a configuration of one piece, and none fails."""

    def make(**options: Any) -> Tagged:
        return Tagged(options["proxy"].path_params_api)

    monkeypatch.setattr("genesyscloud.client.transport", make)
    text = "[proxy]\nhost = p\npath_params_api = {}\n[auth]\naccess_token = t\n"
    path.touch(mode=0o600)
    path.write_text(text.format("v0"))
    gc = GenesysCloud(config_file=path)
    assert gc._shared.follower is not None
    gc._shared.follower.stop()
    no_thread_is_left()
    stop, failures, calls = threading.Event(), list[BaseException](), [0] * 4

    def work(number: int) -> None:
        while not stop.is_set():
            try:
                gc.users.get_users_me()
                calls[number] += 1
            except BaseException as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 20):
        path.write_text(text.format(f"v{number}"))
        gc._shared.follower.changed()
    stop.set()
    for thread in threads:
        thread.join(SECONDS)
    assert failures == []
    assert gc._engine.api.endswith("/v19")
    assert sum(calls) > 0
    gc.close()
