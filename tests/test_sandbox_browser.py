"""A person logs in with a real browser: our client opens it, the login page answers, the client gets its token."""

from __future__ import annotations

import queue
import webbrowser
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from genesyscloud import GenesysCloud
from genesyscloud.auth import BrowserLogin
from genesyscloud.errors import OAuthError
from genesyscloud.sandbox import Sandbox

from . import realparts

SECONDS = 60


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with realparts.chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        sandbox.serve()
        yield sandbox


class Desk:
    """Somebody at a desk: a program asks for a browser, and a person uses it."""

    def __init__(self, sandbox: Sandbox, chromium: Any, opened: queue.SimpleQueue[str]) -> None:
        self.sandbox = sandbox
        self.chromium = chromium
        self.opened = opened

    def me(self, login: BrowserLogin, act: Callable[[], None]) -> str | None:
        """Ask who the user is, with a program that has to log in, while the person acts."""

        def program() -> str | None:
            with GenesysCloud(auth=login, region=self.sandbox.address) as gc:
                return gc.users.get_users_me().id

        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(program)
            self.chromium.get(self.opened.get(timeout=SECONDS))
            act()
            return asked.result(timeout=SECONDS)

    def find(self, selector: str) -> Any:
        """The element, as soon as the page has it."""
        return realparts.until(self.chromium, lambda driver: driver.find_element("css selector", selector))

    def wait_for(self, text: str) -> None:
        """Wait until the page says something."""
        realparts.until(self.chromium, lambda driver: text in driver.find_element("css selector", "body").text)


@pytest.fixture
def desk(sandbox: Sandbox, chromium: Any, monkeypatch: pytest.MonkeyPatch) -> Desk:
    opened: queue.SimpleQueue[str] = queue.SimpleQueue()

    def take(url: str) -> bool:
        opened.put(url)
        return True

    monkeypatch.delenv("GENESYSCLOUD_BROWSER", raising=False)
    monkeypatch.setattr(webbrowser, "open", take)
    return Desk(sandbox, chromium, opened)


def test_pkce_implicit_and_a_refusal_in_chromium(desk: Desk):
    with desk.sandbox.client() as gc:
        people = gc.users.get_users(page_size=40).entities
        assert people
        person = people[30]

    def search_choose_and_allow() -> None:
        assert "asks to log in" in desk.find("h1").text
        desk.find("#find").send_keys(str(person.email))
        desk.find("button[value=find]").click()
        desk.find(f"input[value='{person.id}']").click()
        desk.find("#allow").click()
        desk.wait_for("Logged in")

    assert desk.me(BrowserLogin("pkce", timeout=SECONDS), search_choose_and_allow) == person.id

    def allow_once_more() -> None:
        assert desk.find("input[type=radio]:checked").get_attribute("value") == person.id
        desk.find("#allow").click()
        desk.wait_for("You can close this window")

    assert desk.me(BrowserLogin("token", grant="implicit", timeout=SECONDS), allow_once_more) == person.id

    def nothing_to_do() -> None:
        desk.wait_for("Logged in")

    assert desk.me(BrowserLogin("pkce", timeout=SECONDS), nothing_to_do) == person.id

    def cancel() -> None:
        desk.find("#cancel").click()
        desk.wait_for("Not logged in")

    with pytest.raises(OAuthError, match="access_denied"):
        desk.me(BrowserLogin("pkce", prompt="login", timeout=SECONDS), cancel)
