"""Log in with the browser of the person who sits at this machine: for command lines and desktop programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, LoginRequired
from .codes import PKCE, refreshed
from .grants import Auth, Flow, Person
from .tokens import Token, check_text, token_from_fields
from .urls import authorize_address, code_challenge, loopback_parts, make_state, make_verifier

if TYPE_CHECKING:
    import subprocess

__all__ = ["BrowserLogin"]

GRANTS = ("pkce", "implicit")


class BrowserLogin(Auth):
    """The login of the person at this machine, through the browser: with PKCE, or the implicit grant.

    The first call opens the browser at the login page and waits until the person is back; where no browser opens, the
    address is shown. With a token store that lasts (file, keyring), the next start needs no browser. A token is
    renewed by its refresh token if there is one; without, the browser opens again when it has expired or is refused.

    Args:
        client_id: as shown on the OAuth client's page.
        grant: ``pkce`` (grant type ``Code Authorization`` of the client) or ``implicit`` (``Token Implicit``).
        redirect_uri: ``http://localhost`` or ``http://127.0.0.1``, which the OAuth client has registered without a
            port; port 0 or none takes a free one.
        browser: a command that is given the address (in place of ``%s`` or at its end). Without it, what
            ``GENESYSCLOUD_BROWSER`` says, else the browser of the system.
        timeout: seconds that the person may take.
        show: told what the person has to know; writes to standard error.
        account: tells several persons' logins apart in one token store.
        org, provider, target, login_hint, prompt: see :func:`~genesyscloud.auth.authorize_url`.

    Raises:
        ConfigurationError: a value cannot be used.

    >>> BrowserLogin("0b2b7e1c", login_hint="ann@example.com")
    BrowserLogin(client_id='0b2b7e1c', grant='pkce')
    """

    renewable = True

    def __init__(
        self,
        client_id: str,
        *,
        grant: str = "pkce",
        redirect_uri: str = "http://localhost:0",
        browser: str = "",
        timeout: float = 300.0,
        show: Callable[[str], None] | None = None,
        account: str = "",
        org: str = "",
        provider: str = "",
        target: str = "",
        login_hint: str = "",
        prompt: str = "",
    ) -> None:
        check_text("BrowserLogin: client_id", client_id)
        if grant not in GRANTS:
            raise ConfigurationError(f"BrowserLogin: grant must be one of {', '.join(GRANTS)}, not {grant!r}")
        if timeout <= 0:
            raise ConfigurationError(f"BrowserLogin: timeout must be seconds above 0, not {timeout!r}")
        loopback_parts(redirect_uri)
        self.client_id = client_id
        self.grant = grant
        self.redirect_uri = redirect_uri
        self.patience = timeout
        self.account = account
        self._browser = browser
        self._show = show or _to_stderr
        self._parameters = {
            "org": org, "provider": provider, "target": target, "login_hint": login_hint, "prompt": prompt,
        }  # fmt: skip
        # Says now what would be wrong with them.
        self.address("", redirect_uri, "", "")

    @property
    def identity(self) -> str:
        """The client, the account, and the organization that was asked for."""
        parameters = self._parameters
        return ":".join(("browser", self.grant, self.client_id, self.account, parameters["org"], parameters["target"]))

    def flow(self, login_url: str, now: float, previous: Token | None) -> Flow:
        """Renew by refresh token, or ask the person."""
        if previous is not None and previous.refresh_token:
            try:
                return (yield from refreshed(login_url, now, previous, self.client_id, ""))
            except LoginRequired:
                pass
        return (yield from self._ask(login_url, now))

    def _ask(self, login_url: str, now: float) -> Flow:
        visit = _Visit(self, login_url)
        answer: dict[str, str] = yield Person(visit.work, visit.cancel)
        if "code" in answer:
            pkce = PKCE(self.client_id, answer["code"], visit.verifier, visit.redirect_uri)
            return (yield from pkce.flow(login_url, now, None))
        token = token_from_fields(answer, now)
        return replace(token, renew_at=token.expires_at)

    def address(self, login_url: str, redirect_uri: str, state: str, challenge: str) -> str:
        """Return the address at which the person logs in."""
        return authorize_address(
            login_url,
            self.client_id,
            redirect_uri,
            response_type="token" if self.grant == "implicit" else "code",
            state=state,
            code_challenge=challenge,
            **self._parameters,
        )

    def open(self, url: str) -> Callable[[], None]:
        """Open the browser at ``url``, or show it; return what is to be called now and then meanwhile."""
        command = self._browser or os.environ.get("GENESYSCLOUD_BROWSER", "")
        if not command:
            import webbrowser

            try:
                opened = webbrowser.open(url)
            except webbrowser.Error:
                opened = False
            if not opened:
                self._show_address(url)
            return lambda: None
        import shlex
        import subprocess

        words = shlex.split(command)
        words = [word.replace("%s", url) for word in words] if "%s" in command else [*words, url]
        try:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        except (OSError, IndexError):
            self._show_address(url)
            return lambda: None
        return _Watch(process, lambda: self._show_address(url))

    def _show_address(self, url: str) -> None:
        self._show(f"No browser could be opened. Log in at this address, on this machine:\n\n  {url}\n")

    def __repr__(self) -> str:
        return f"BrowserLogin(client_id={self.client_id!r}, grant={self.grant!r})"


class _Visit:
    """One login in the browser; blocks, and can be ended from another thread."""

    def __init__(self, login: BrowserLogin, login_url: str) -> None:
        self.verifier = make_verifier()
        self.redirect_uri = ""
        self._login = login
        self._login_url = login_url
        self._state = make_state()
        self._cancelled = False
        self._place: Any = None

    def work(self, seconds: float) -> dict[str, str]:
        from .loopback import Loopback

        login = self._login
        implicit = login.grant == "implicit"
        with Loopback(login.redirect_uri, state=self._state, fragment=implicit) as place:
            self._place = place
            if self._cancelled:
                place.cancel()
            self.redirect_uri = place.redirect_uri
            challenge = "" if implicit else code_challenge(self.verifier)
            url = login.address(self._login_url, place.redirect_uri, self._state, challenge)
            return place.wait(min(seconds, login.patience), login.open(url))

    def cancel(self) -> None:
        self._cancelled = True
        if self._place is not None:
            self._place.cancel()


class _Watch:
    """Shows the address when the browser ends with an error."""

    def __init__(self, process: subprocess.Popen[bytes], show: Callable[[], None]) -> None:
        self._process = process
        self._show: Callable[[], None] | None = show

    def __call__(self) -> None:
        if self._show is not None and self._process.poll() not in (None, 0):
            show, self._show = self._show, None
            show()


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
