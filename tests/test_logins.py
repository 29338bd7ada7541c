"""Every way to log in, with both clients, against the sandbox's login service on a real socket."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

from genesyscloud import (
    PKCE,
    AccessToken,
    AuthorizationCode,
    BrowserLogin,
    ClientCredentials,
    FileTokenStore,
    GenesysCloud,
    Implicit,
    ReauthenticationSettings,
    RefreshToken,
    Saml2Bearer,
)
from genesyscloud.auth import Auth, authorize_url, code_challenge, make_state, make_verifier, read_redirect
from genesyscloud.errors import LoginRequired, OAuthError, Unauthorized
from genesyscloud.sandbox import Sandbox

from .faces import Faces
from .logins import BACK, assertion


class Service:
    """A sandbox on a socket, where everybody is logged in already."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.url = sandbox.serve(port=0)

    def come_back(self, client: str, **options: str) -> str:
        """Log in in a browser, and return the address that it is sent back to."""
        address = urlsplit(authorize_url(client, BACK, login_host=self.url, **options))
        connection = http.client.HTTPConnection(address.netloc, timeout=20)
        try:
            connection.request("GET", f"{address.path}?{address.query}")
            return connection.getresponse().headers["Location"]
        finally:
            connection.close()

    def code(self, client: str, **options: str) -> str:
        state = make_state()
        return read_redirect(self.come_back(client, state=state, **options), state)["code"]

    def forget_tokens(self) -> None:
        """Let every token be refused from now on."""
        for value in list(self.sandbox.store.table("oauth_tokens")):
            self.sandbox.login.revoke(value)


@pytest.fixture
def service() -> Iterator[Service]:
    with Sandbox(auto_login=True) as sandbox:
        yield Service(sandbox)


def in_browser(service: Service, grant: str) -> BrowserLogin:
    def visit(url: str) -> None:
        with suppress(urllib.error.HTTPError), urllib.request.urlopen(url, timeout=20) as page:
            where, _, fragment = page.url.partition("#")
            if fragment:
                urllib.request.urlopen(where, fragment.encode(), timeout=20).close()

    def show(text: str) -> None:
        Thread(target=visit, args=(text.split()[-1],), daemon=True).start()

    return BrowserLogin("token" if grant == "implicit" else "pkce", grant=grant, browser="false", show=show, timeout=60)


def with_pkce(service: Service) -> Auth:
    verifier = make_verifier()
    return PKCE("pkce", service.code("pkce", code_challenge=code_challenge(verifier)), verifier, BACK)


def with_saml(service: Service) -> Auth:
    now = time.time()
    times = {
        name: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + seconds))
        for name, seconds in (("start", -600), ("end", 600))
    }
    with client_of(service) as gc:
        people = gc.users.get_users(page_size=1).entities or []
        email = people[0].email or ""
    return Saml2Bearer("saml2", "sandbox", "sandbox", assertion(name=email, **times))


def with_refresh_token(service: Service) -> Auth:
    auth = AuthorizationCode("code", "sandbox", service.code("code"), BACK)
    with client_of(service, auth) as gc:
        return RefreshToken("code", "sandbox", gc.login().refresh_token)


def client_of(service: Service, auth: Auth | None = None) -> GenesysCloud:
    return GenesysCloud(auth=auth or ClientCredentials("sandbox", "sandbox"), region=service.url)


#: How each is made, and whether a token that is refused is replaced without asking.
WAYS: dict[str, tuple[Callable[[Service], Auth], bool]] = {
    "client credentials": (lambda service: ClientCredentials("sandbox", "sandbox"), True),
    "authorization code": (lambda service: AuthorizationCode("code", "sandbox", service.code("code"), BACK), True),
    "pkce": (with_pkce, False),
    "saml": (with_saml, True),
    "refresh": (with_refresh_token, True),
    "implicit": (lambda service: Implicit(service.come_back("token", response_type="token")), False),
    "token": (lambda service: AccessToken(service.sandbox.access_token()), False),
    "browser, pkce": (lambda service: in_browser(service, "pkce"), True),
    "browser, implicit": (lambda service: in_browser(service, "implicit"), True),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_and_out(way: str, service: Service, faces: Faces) -> None:
    make, renews = WAYS[way]
    face = faces(auth=make(service), region=service.url)
    assert face(lambda gc: gc.users.get_users_me()).id
    first = face.gc.token
    assert face(lambda gc: gc.tokens.get_tokens_me()).organization.name
    service.forget_tokens()
    if not renews:
        with pytest.raises(Unauthorized, match="the access token cannot be renewed"):
            face(lambda gc: gc.users.get_users_me())
        return
    assert face(lambda gc: gc.users.get_users_me()).id
    assert face.gc.token.access_token != first.access_token
    last = face.gc.token.access_token
    face(lambda gc: gc.logout())
    assert face.gc.token is None
    other = faces(auth=AccessToken(last), region=service.url)
    with pytest.raises(Unauthorized):
        other(lambda gc: gc.users.get_users_me())


def test_a_code_serves_once(service: Service, faces: Faces) -> None:
    code = service.code("code")
    for number in range(2):
        face = faces(auth=AuthorizationCode("code", "sandbox", code, BACK), region=service.url)
        if number:
            with pytest.raises(OAuthError, match="invalid_grant"):
                face(lambda gc: gc.users.get_users_me())
        else:
            face(lambda gc: gc.users.get_users_me())


def test_a_login_goes_on_after_a_restart(service: Service, faces: Faces, tmp_path: Path) -> None:
    auth = with_refresh_token(service)
    for _ in range(3):
        # Each time another program, with the refresh token that the first one was started with.
        face = faces(auth=auth, region=service.url, token_store=FileTokenStore(tmp_path / "tokens.json"))
        assert face(lambda gc: gc.users.get_users_me()).id
        service.forget_tokens()
    lost = faces(auth=auth, region=service.url)
    with pytest.raises(LoginRequired):
        lost(lambda gc: gc.users.get_users_me())


def test_renewal_by_hand(service: Service, faces: Faces) -> None:
    off = ReauthenticationSettings(refresh_access_token=False)
    auth = AuthorizationCode("code", "sandbox", service.code("code"), BACK)
    face = faces(auth=auth, region=service.url, reauthentication=off)
    token = face(lambda gc: gc.login())
    assert (token.expires_in, bool(token.refresh_token)) == (86400, True)
    service.forget_tokens()
    with pytest.raises(Unauthorized, match="renewal is left to you"):
        face(lambda gc: gc.users.get_users_me())
    assert face(lambda gc: gc.login(renew=True)).access_token != token.access_token
    assert face(lambda gc: gc.users.get_users_me()).id
