"""Login in a browser: a program stands in for it, everything else is real."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import genesyscloud
from genesyscloud import AsyncGenesysCloud, BrowserLogin, FileTokenStore, GenesysCloud, ReauthenticationSettings
from genesyscloud.auth import code_challenge
from genesyscloud.errors import ConfigurationError, DeadlineExceeded, OAuthError

from .loginserver import LoginServer
from .realparts import program

VISIT = """
import sys, urllib.parse, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=20) as page:
    text, url = page.read().decode(), page.url
where, _, fragment = url.partition("#")
if fragment:
    # What the script in the page does.
    assert "history.replaceState" in text
    urllib.request.urlopen(where, fragment.encode(), timeout=20).close()
else:
    assert "You can close this window" in text
"""


@pytest.fixture
def server() -> Iterator[LoginServer]:
    with LoginServer() as server:
        yield server


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> str:
    script = tmp_path_factory.mktemp("browser") / "visit.py"
    script.write_text(VISIT)
    return shlex.join([sys.executable, str(script)])


def visit(url: str) -> None:
    """Log in as a person does who copies the address; a page that says no is a page."""
    with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(url, timeout=20) as page:
        page.read()


def said_by(shown: list[str]) -> str:
    (text,) = shown
    assert text.startswith("No browser could be opened. Log in at this address, on this machine:")
    return text.split()[-1]


class Person:
    """Told the address, goes there."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def __call__(self, text: str) -> None:
        self.shown.append(text)
        threading.Thread(target=visit, args=(said_by([text]),), daemon=True).start()


@pytest.mark.parametrize("grant", ["pkce", "implicit"])
def test_login(server: LoginServer, browser: str, grant: str) -> None:
    auth = BrowserLogin("the-id", grant=grant, browser=browser, org="my org", provider="okta", prompt="login")
    with GenesysCloud(auth=auth, region=server.url) as gc:
        name = gc.users.get_users_me().name
        assert name == gc.users.get_users_me().name == server.valid
    (asked,) = server.asked
    assert asked["client_id"] == "the-id"
    assert (asked["org"], asked["provider"], asked["prompt"]) == ("my org", "okta", "login")
    assert asked["redirect_uri"].startswith("http://localhost:")
    assert len(asked["state"]) > 30
    if grant == "pkce":
        (form,) = server.grants
        assert form["grant_type"] == "authorization_code"
        assert form["client_id"] == "the-id"
        assert form["redirect_uri"] == asked["redirect_uri"]
        assert asked["code_challenge"] == code_challenge(form["code_verifier"])
        assert asked["code_challenge_method"] == "S256"
    else:
        assert server.grants == []


@pytest.mark.parametrize("grant", ["pkce", "implicit"])
def test_login_of_a_task(server: LoginServer, browser: str, grant: str) -> None:
    async def main() -> None:
        auth = BrowserLogin("the-id", grant=grant, browser=browser, redirect_uri="http://127.0.0.1")
        async with AsyncGenesysCloud(auth=auth, region=server.url) as gc:
            users = await asyncio.gather(*(gc.users.get_users_me() for _ in range(5)))
            assert {user.name for user in users} == {server.valid}
        assert len(server.asked) == 1

    asyncio.run(main())


@pytest.mark.parametrize("grant", ["pkce", "implicit"])
def test_a_real_browser(server: LoginServer, grant: str, tmp_path: Path) -> None:
    """The page, its script and its policy are for browsers: here one runs them."""
    command = [program("chromium"), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    command += ["--no-first-run", "--disable-background-networking", f"--user-data-dir={tmp_path}"]
    opened: list[subprocess.Popen[bytes]] = []

    def show(text: str) -> None:
        quiet = subprocess.DEVNULL
        opened.append(subprocess.Popen([*command, said_by([text])], stdout=quiet, stderr=quiet, start_new_session=True))

    auth = BrowserLogin("the-id", grant=grant, browser="false", show=show, timeout=60)
    try:
        with GenesysCloud(auth=auth, region=server.url) as gc:
            assert gc.users.get_users_me().name == server.valid
    finally:
        for browser in opened:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait(20)


def test_the_browser_of_the_environment(server: LoginServer, browser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESYSCLOUD_BROWSER", f"{browser} %s")
    with GenesysCloud(auth=BrowserLogin("the-id"), region=server.url) as gc:
        assert gc.users.get_users_me().name == "t1"


def test_the_browser_of_the_system(server: LoginServer, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def open_(url: str) -> bool:
        opened.append(url)
        threading.Thread(target=visit, args=(url,), daemon=True).start()
        return True

    monkeypatch.setattr(webbrowser, "open", open_)
    with GenesysCloud(auth=BrowserLogin("the-id"), region=server.url) as gc:
        assert gc.users.get_users_me().name == "t1"
    assert len(opened) == 1


@pytest.mark.parametrize("command", ["false", "no-such-browser", "' '"])
def test_where_no_browser_opens_the_address_is_shown(server: LoginServer, command: str) -> None:
    person = Person()
    with GenesysCloud(auth=BrowserLogin("the-id", browser=command, show=person), region=server.url) as gc:
        assert gc.users.get_users_me().name == "t1"
    assert len(person.shown) == 1
    assert "redirect_uri=http%3A%2F%2Flocalhost%3A" in person.shown[0]


@pytest.mark.parametrize("error", [None, webbrowser.Error("none")])
def test_where_the_system_has_no_browser(
    server: LoginServer, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    def open_(url: str) -> bool:
        if error is not None:
            raise error
        return False

    monkeypatch.setattr(webbrowser, "open", open_)
    person = Person()
    with GenesysCloud(auth=BrowserLogin("the-id", show=person), region=server.url) as gc:
        assert gc.users.get_users_me().name == "t1"
    assert len(person.shown) == 1


def test_the_address_is_printed_where_nobody_else_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    BrowserLogin("the-id")._show_address("http://login.example/x")
    assert "http://login.example/x" in capsys.readouterr().err


def test_a_person_who_says_no(server: LoginServer) -> None:
    server.denied = True
    person = Person()
    with GenesysCloud(auth=BrowserLogin("the-id", browser="false", show=person), region=server.url) as gc:
        with pytest.raises(OAuthError, match="access_denied: The person said no") as caught:
            gc.users.get_users_me()
        assert caught.value.status == 0
        # The next call asks again.
        server.denied = False
        assert gc.users.get_users_me().name == "t1"


def test_an_answer_to_another_login(server: LoginServer) -> None:
    def show(text: str) -> None:
        target = urllib.parse.parse_qs(urllib.parse.urlsplit(said_by([text])).query)["redirect_uri"][0]
        forged = f"{target}?code=stolen&state=guess"
        threading.Thread(target=visit, args=(forged,), daemon=True).start()

    with (
        GenesysCloud(auth=BrowserLogin("the-id", browser="false", show=show), region=server.url) as gc,
        pytest.raises(OAuthError, match="invalid_state"),
    ):
        gc.users.get_users_me()
    assert server.grants == []


def nobody(text: str) -> None:
    """Does not go there."""


def test_nobody_logs_in(server: LoginServer) -> None:
    auth = BrowserLogin("the-id", browser="false", show=nobody, timeout=0.3)
    with (
        GenesysCloud(auth=auth, region=server.url) as gc,
        pytest.raises(DeadlineExceeded, match="get_users_me: nobody logged in within 0 s"),
    ):
        gc.users.get_users_me()


def test_others_wait_as_long_as_a_person_may_take(server: LoginServer) -> None:
    seen = threading.Event()
    addresses: list[str] = []

    def show(text: str) -> None:
        addresses.append(said_by([text]))
        seen.set()

    auth = BrowserLogin("the-id", browser="false", show=show, timeout=60)
    short = ReauthenticationSettings(refresh_token_wait_max=0.01)
    names: list[Any] = []
    with GenesysCloud(auth=auth, region=server.url, reauthentication=short) as gc:
        threads = [threading.Thread(target=lambda: names.append(gc.users.get_users_me().name)) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert seen.wait(20)
        threading.Event().wait(0.1)  # longer than refresh_token_wait_max
        visit(addresses[0])
        for thread in threads:
            thread.join(20)
    assert names == ["t1"] * 4
    assert len(server.grants) == 1


def test_the_next_start_needs_no_browser(server: LoginServer, browser: str, tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path / "tokens.json")
    server.fields["refresh_token"] = "r1"
    with GenesysCloud(auth=BrowserLogin("the-id", browser=browser), region=server.url, token_store=store) as gc:
        assert gc.users.get_users_me().name == "t1"
    auth = BrowserLogin("the-id", browser="false", show=nobody, timeout=1)
    with GenesysCloud(auth=auth, region=server.url, token_store=FileTokenStore(tmp_path / "tokens.json")) as gc:
        assert gc.users.get_users_me().name == "t1"
        # Refused: renewed without the person.
        server.valid = "none"
        assert gc.users.get_users_me().name == "t2"
    assert server.grants[1] == {"grant_type": "refresh_token", "refresh_token": "r1", "client_id": "the-id"}


def make(**options: Any) -> BrowserLogin:
    return BrowserLogin(**options)


def test_another_account_is_another_login(browser: str) -> None:
    identities = {
        make(client_id="the-id", browser=browser, **options).identity
        for options in ({}, {"account": "ann"}, {"target": "t"}, {"org": "o", "provider": "p"}, {"grant": "implicit"})
    }
    assert len(identities) == 5


def test_a_token_that_cannot_be_renewed_brings_the_browser_again(server: LoginServer, browser: str) -> None:
    with GenesysCloud(auth=BrowserLogin("the-id", browser=browser), region=server.url) as gc:
        assert gc.users.get_users_me().name == "t1"
        server.valid = "none"
        assert gc.users.get_users_me().name == "t2"
    assert len(server.asked) == 2


def test_a_task_that_is_cancelled_gives_the_login_up(server: LoginServer) -> None:
    async def main() -> None:
        shown = asyncio.Event()
        loop = asyncio.get_running_loop()
        addresses: list[str] = []

        def show(text: str) -> None:
            addresses.append(said_by([text]))
            loop.call_soon_threadsafe(shown.set)

        auth = BrowserLogin("the-id", browser="false", show=show, timeout=60)
        async with AsyncGenesysCloud(auth=auth, region=server.url) as gc:
            task = asyncio.ensure_future(gc.users.get_users_me())
            await asyncio.wait_for(shown.wait(), 20)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, 20)
        target = urllib.parse.parse_qs(urllib.parse.urlsplit(addresses[0]).query)["redirect_uri"][0]
        with pytest.raises(OSError, match="refused"):
            visit(target)

    asyncio.run(main())


PROGRAM = """
import sys
from genesyscloud import BrowserLogin, GenesysCloud
with GenesysCloud(auth=BrowserLogin("the-id", browser="false", timeout=60), region=sys.argv[1]) as gc:
    try:
        gc.users.get_users_me()
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_ctrl_c(server: LoginServer) -> None:
    source = str(Path(genesyscloud.__file__).parents[1])
    command = [sys.executable, "-c", PROGRAM, server.url]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": source, "PATH": "/bin"}
    ) as program:
        try:
            assert program.stderr is not None
            assert "No browser could be opened" in program.stderr.readline()
            program.send_signal(signal.SIGINT)
            output, _ = program.communicate(timeout=20)
        finally:
            program.kill()
    assert output == "interrupted\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"client_id": ""}, "BrowserLogin: client_id"),
        ({"grant": "password"}, "grant must be one of pkce, implicit, not 'password'"),
        ({"timeout": 0}, "timeout must be seconds above 0"),
        ({"redirect_uri": "https://localhost"}, "redirect_uri must be http://localhost"),
        ({"redirect_uri": "http://localhost:70000"}, "redirect_uri must be"),
        ({"org": "o"}, "org and provider go together"),
    ],
)
def test_what_cannot_be(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        make(**{"client_id": "the-id", **options})


def test_a_port_that_is_taken(server: LoginServer) -> None:
    auth = BrowserLogin("the-id", browser="false", show=nobody, redirect_uri=f"http://localhost:{server.port}")
    with GenesysCloud(auth=auth, region=server.url) as gc, pytest.raises(ConfigurationError, match="cannot come back"):
        gc.users.get_users_me()
