"""The login service of the sandbox: every grant, with codes, tokens and people that are really remembered."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from genesyscloud import AsyncGenesysCloud, GenesysCloud
from genesyscloud.auth import (
    PKCE,
    AuthorizationCode,
    ClientCredentials,
    Saml2Bearer,
    authorize_url,
    code_challenge,
    make_verifier,
    read_redirect,
)
from genesyscloud.errors import OAuthError, Unauthorized
from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.tokens import Token
from genesyscloud.sandbox.transport import AsyncSandboxTransport, SandboxTransport

from .logins import (
    BACK,
    CODE,
    FORM,
    ME,
    VALUES,
    Browser,
    Place,
    assertion,
    encoded,
    exchange,
    person,
)


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def browser(place: Place) -> Browser:
    return Browser(place)


# --- authorization code -------------------------------------------------------------------------


def test_a_person_logs_in_and_the_token_is_theirs(place: Place, browser: Browser):
    browser.authorize()
    assert browser.status == 200
    assert len(browser.users) == 20
    assert not any(browser.users.values())
    user_id = list(browser.users)[3]
    told = browser.allow(user_id)
    assert browser.status == 302
    assert browser.sent_to.startswith(f"{BACK}?code=")
    assert told["state"] == "s&1"
    answer = exchange(place, told["code"])
    assert answer.status == 200
    assert (answer.body["token_type"], answer.body["expires_in"]) == ("bearer", 86_400)
    assert answer.headers["cache-control"] == "no-store"
    assert place.api(answer.body["access_token"], "GET", ME).body["id"] == user_id
    info = place.api(answer.body["access_token"], "GET", "/api/v2/tokens/me").body
    assert info["OAuthClient"]["id"] == "code"


def test_a_code_works_once_and_not_for_long(place: Place, browser: Browser):
    code = browser.authorize().allow()["code"]
    assert exchange(place, code).status == 200
    assert exchange(place, code).body["error"] == "invalid_grant"
    code = browser.authorize().told()["code"]
    place.clock.now += 300
    answer = exchange(place, code)
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
    assert answer.body["description"] == answer.body["error_description"]


@pytest.mark.parametrize(
    ("changes", "client", "secret", "status", "error"),
    [
        ({"code": "nonsense"}, "code", "sandbox", 400, "invalid_grant"),
        ({"code": ""}, "code", "sandbox", 400, "invalid_request"),
        ({"redirect_uri": "http://localhost:1/other"}, "code", "sandbox", 400, "invalid_grant"),
        ({"redirect_uri": ""}, "code", "sandbox", 400, "invalid_request"),
        ({"code_verifier": "v" * 43}, "code", "sandbox", 400, "invalid_grant"),
        ({}, "pkce", "sandbox", 400, "invalid_grant"),
        ({}, "code", "wrong", 401, "invalid_client"),
        ({}, "code", "", 401, "invalid_client"),
        ({}, "token", "sandbox", 400, "unauthorized_client"),
        ({}, "nobody", "sandbox", 400, "invalid_client"),
    ],
)
def test_a_code_is_refused(
    browser: Browser, changes: dict[str, str], client: str, secret: str, status: int, error: str
):
    code = browser.authorize().allow()["code"]
    answer = exchange(browser.place, code, client, secret, **changes)
    assert (answer.status, answer.body["error"]) == (status, error)


def test_statuses_of_refused_clients_are_settings():
    place = Place(unknown_client_status=401, wrong_secret_status=400)
    form = {"grant_type": "client_credentials"}
    assert place.token(form, "nobody").status == 401
    assert place.token(form, "sandbox", "wrong").status == 400


# --- PKCE ---------------------------------------------------------------------------------------


def test_pkce_needs_no_secret_but_the_verifier(place: Place, browser: Browser):
    verifier = make_verifier()
    asked = {"client_id": "pkce", "code_challenge": code_challenge(verifier), "code_challenge_method": "S256"}
    code = browser.authorize(**asked).allow()["code"]
    form = {"grant_type": CODE, "code": code, "redirect_uri": BACK, "client_id": "pkce", "code_verifier": verifier}
    answer = place.token(form)
    assert answer.status == 200
    assert "refresh_token" not in answer.body
    code = browser.authorize(**asked).told()["code"]
    assert exchange(place, code, "pkce", "", code_verifier=verifier).status == 200  # Basic with an empty secret
    for wrong in ("w" * 43, "", "é"):
        code = browser.authorize(**asked).told()["code"]
        assert place.token({**form, "code": code, "code_verifier": wrong}).body["error"] == "invalid_grant"
        assert place.token({**form, "code": code}).body["error"] == "invalid_grant"  # the attempt has used it up


def test_pkce_with_refresh_tokens_is_a_setting():
    browser = Browser(Place(pkce_refresh_token=True))
    verifier = make_verifier()
    asked = {"client_id": "pkce", "code_challenge": code_challenge(verifier), "code_challenge_method": "S256"}
    form = {"grant_type": CODE, "redirect_uri": BACK, "client_id": "pkce", "code_verifier": verifier}
    first = browser.place.token({**form, "code": browser.authorize(**asked).allow()["code"]}).body
    again = {"grant_type": "refresh_token", "client_id": "pkce", "refresh_token": first["refresh_token"]}
    assert browser.place.token(again).status == 200


# --- implicit -----------------------------------------------------------------------------------


def test_implicit_answers_in_the_fragment(place: Place, browser: Browser):
    asked = {"client_id": "token", "response_type": "token"}
    told = browser.authorize(**asked).allow()
    assert urlsplit(browser.sent_to).query == ""
    assert (told["token_type"], told["expires_in"], told["state"]) == ("bearer", "86400", "s&1")
    assert place.api(told["access_token"], "GET", ME).status == 200
    browser.open("/logout")
    browser.authorize(**asked).submit(decision="cancel")
    assert browser.sent_to.startswith(f"{BACK}#error=access_denied")


# --- refresh ------------------------------------------------------------------------------------


def test_refresh_tokens_rotate(place: Place, browser: Browser):
    first = exchange(place, browser.authorize().allow()["code"]).body
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert place.token(form, "code", "").status == 401
    second = place.token(form, "code").body
    assert second["refresh_token"] not in (None, first["refresh_token"])
    assert place.token(form, "code").body["error"] == "invalid_grant"
    me = place.api(second["access_token"], "GET", ME).body["id"]
    assert me == place.api(first["access_token"], "GET", ME).body["id"]
    again = {**form, "refresh_token": second["refresh_token"]}
    assert place.token(again, "pkce").body["error"] == "invalid_grant"
    place.clock.now += place.sandbox.settings.refresh_token_seconds
    assert place.token(again, "code").body["error"] == "invalid_grant"


def test_refresh_tokens_that_stay_are_a_setting():
    browser = Browser(Place(refresh_token_rotates=False))
    first = exchange(browser.place, browser.authorize().allow()["code"]).body
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    for _ in range(2):
        assert "refresh_token" not in browser.place.token(form, "code").body


# --- the token endpoint as such -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type", "error"),
    [
        (b"grant_type=client_credentials&grant_type=refresh_token&client_id=sandbox", FORM, "invalid_request"),
        (b'{"grant_type":"client_credentials"}', "application/json", "invalid_request"),
        (b"a=1&" * 500, FORM, "invalid_request"),
        (b"grant_type=password&client_id=sandbox&client_secret=sandbox", FORM, "unsupported_grant_type"),
        (b"grant_type=authorization_code&client_id=sandbox&client_secret=sandbox", FORM, "unauthorized_client"),
        (b"grant_type=client_credentials&client_id=code&client_secret=sandbox", FORM, "unauthorized_client"),
    ],
)
def test_malformed_token_requests(place: Place, body: bytes, content_type: str, error: str):
    reply = place.send("POST", "/oauth/token", body, content_type=content_type)
    assert (reply.status, json.loads(reply.body)["error"]) == (400, error)


SHARED = Place()
FIELDS = ["grant_type", "code", "client_id", "client_secret", "redirect_uri", "refresh_token", "assertion", "orgName"]
HEADERS = ["", "Basic", "Basic !", "Basic Og==", "Bearer x", "Basic c2FuZGJveDpzYW5kYm94"]


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=80)
    | st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(VALUES) | st.text(max_size=9)).map(encoded),
    st.sampled_from(HEADERS) | st.text(max_size=9),
)
def test_no_token_request_breaks_it(body: bytes, authorization: str):
    reply = SHARED.send("POST", "/oauth/token", body, content_type=FORM, authorization=authorization)
    answer = json.loads(reply.body)
    assert reply.status in (200, 400, 401)
    assert ("access_token" in answer) == (reply.status == 200) == ("error" not in answer)


def test_methods_of_the_login_service(place: Place):
    for method, path in (("GET", "/oauth/token"), ("DELETE", "/oauth/authorize"), ("POST", "/logout")):
        reply = place.send(method, path)
        assert (reply.status, json.loads(reply.body)["code"]) == (405, "method.not.allowed")


# --- what becomes of tokens ---------------------------------------------------------------------


def test_a_token_that_nobody_uses_ends(place: Place):
    token, admin = place.sandbox.access_token(), place.sandbox.access_token()
    assert place.api(admin, "GET", "/api/v2/tokens/timeout").body["enableIdleTokenTimeout"] is False
    assert "dateTokenIdles" not in place.api(token, "GET", "/api/v2/tokens/me").body
    place.clock.now += 10_000
    body = {"enableIdleTokenTimeout": True, "idleTokenTimeoutSeconds": 600}
    assert place.api(admin, "PUT", "/api/v2/tokens/timeout", body).status == 200
    place.clock.now += 500
    peek = place.api(token, "GET", "/api/v2/tokens/me?preserveIdleTTL=true").body["dateTokenIdles"]
    assert place.api(token, "GET", "/api/v2/tokens/me?preserveIdleTTL=true").body["dateTokenIdles"] == peek
    assert place.api(token, "GET", "/api/v2/tokens/me").body["dateTokenIdles"] > peek
    place.clock.now += 599
    assert place.api(token, "HEAD", "/api/v2/tokens/me").status == 200
    place.clock.now += 600
    answer = place.api(token, "GET", "/api/v2/tokens/me")
    assert (answer.status, answer.body["code"]) == (401, "bad.credentials")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"enableIdleTokenTimeout": True, "idleTokenTimeoutSeconds": 60}, 400),
        ({"enableIdleTokenTimeout": True, "idleTokenTimeoutSeconds": None}, 200),
        ({"enableIdleTokenTimeout": False}, 200),
    ],
)
def test_the_idle_timeout_has_bounds(place: Place, body: dict[str, Any], status: int):
    assert place.api(place.sandbox.access_token(), "PUT", "/api/v2/tokens/timeout", body).status == status


def test_all_tokens_of_a_user_are_taken_back(place: Place, browser: Browser):
    revoked: list[tuple[str, Token]] = []
    place.sandbox.events.token_listeners.append(lambda value, token: revoked.append((value, token)))
    ann = person(place)["id"]
    first = exchange(place, browser.authorize().allow(ann)["code"]).body
    other = place.sandbox.access_token(user_id=person(place, 2)["id"], client_id="code")
    admin = place.sandbox.access_token()
    assert place.api(admin, "DELETE", f"/api/v2/tokens/{ann}").status in (200, 204)
    assert place.api(first["access_token"], "GET", ME).status == 401
    assert place.api(other, "GET", ME).status == 200
    assert [(value, token.user_id) for value, token in revoked] == [(first["access_token"], ann)]
    again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert place.token(again, "code").body["error"] == "invalid_grant"


def test_a_person_who_is_gone_is_logged_out(place: Place):
    ann = person(place)
    token, admin = place.sandbox.access_token(user_id=ann["id"], client_id="code"), place.sandbox.access_token()
    changed = {"state": "inactive", "version": ann["version"]}
    assert place.api(admin, "PATCH", f"/api/v2/users/{ann['id']}", changed).status == 200
    assert place.api(token, "GET", ME).status == 401
    token = place.sandbox.access_token(user_id=ann["id"], client_id="code")
    assert place.api(admin, "DELETE", f"/api/v2/users/{ann['id']}").status in (200, 202, 204)
    assert place.api(token, "GET", ME).status == 401


def test_a_snapshot_knows_who_was_logged_in(place: Place, browser: Browser):
    first = exchange(place, browser.authorize().allow()["code"]).body
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    snapshot = place.sandbox.snapshot()
    for _ in range(2):
        assert place.api(first["access_token"], "DELETE", "/api/v2/tokens/me").status in (200, 204)
        assert place.token(form, "code").status == 200
        assert place.token(form, "code").status == 400
        place.sandbox.restore(snapshot)
        assert place.api(first["access_token"], "GET", ME).status == 200
    place.sandbox.reset()
    assert place.api(first["access_token"], "GET", ME).status == 401


def test_logins_outlive_a_restart(tmp_path: Path):
    place = Place(data=tmp_path / "sandbox.db")
    browser = Browser(place)
    first = exchange(place, browser.authorize().allow()["code"]).body
    code = browser.authorize().told()["code"]
    made = place.client(authorizedGrantType="CLIENT-CREDENTIALS")
    spent = browser.authorize().told()["code"]
    assert exchange(place, spent, "code", "sandbox", redirect_uri="http://localhost/other").status == 400
    place.sandbox.close()
    place = Place(data=tmp_path / "sandbox.db")
    browser.place = place
    assert place.api(first["access_token"], "GET", ME).status == 200
    assert place.token({"grant_type": "client_credentials"}, made["id"], made["secret"]).status == 200
    assert place.token({"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}, "code").status == 200
    assert exchange(place, code).status == 200
    assert exchange(place, spent).status == 400
    assert browser.authorize().told()["code"]  # the browser is remembered, too
    place.sandbox.close()


# --- our own client -----------------------------------------------------------------------------


def _client(sandbox: Sandbox, auth: Any) -> GenesysCloud:
    return GenesysCloud(auth=auth, region="http://sandbox.local", transport=SandboxTransport(sandbox))


def _in_browser(browser: Browser, url: str) -> dict[str, str]:
    parts = urlsplit(url)
    browser.open(f"{parts.path}?{parts.query}")
    if not browser.sent_to:
        browser.submit(user=next(iter(browser.users)), decision="allow")
    return read_redirect(browser.sent_to, "xyz")


def test_every_grant_of_the_client_works(place: Place, browser: Browser):
    ann = person(place)
    login = {"login_host": "http://sandbox.local", "state": "xyz", "login_hint": ann["email"]}
    code = _in_browser(browser, authorize_url("code", BACK, **login))["code"]
    verifier = make_verifier()
    challenge = code_challenge(verifier)
    with_challenge = authorize_url("pkce", BACK, code_challenge=challenge, **login)
    pkce = _in_browser(browser, with_challenge)["code"]
    response = assertion(name=ann["email"])
    for auth in (
        AuthorizationCode("code", "sandbox", code, BACK),
        PKCE("pkce", pkce, verifier, BACK),
        Saml2Bearer("saml2", "sandbox", "sandbox", response),
    ):
        with _client(place.sandbox, auth) as gc:
            assert gc.users.get_users_me().id == ann["id"]
    with _client(place.sandbox, ClientCredentials("sandbox", "sandbox")) as gc:
        assert gc.users.get_users_me().name == "Sandbox Admin"


def test_the_client_renews_by_refresh_token(browser: Browser):
    # The client ages tokens by its own clock; here the service forgets one, as after DELETE /tokens/me.
    sandbox = browser.place.sandbox
    auth = AuthorizationCode("code", "sandbox", browser.authorize().allow()["code"], BACK)
    with _client(sandbox, auth) as gc:
        first = gc.users.get_users_me().id
        for value in list(sandbox.store.table("oauth_tokens")):
            sandbox.login.revoke(value)
        assert gc.users.get_users_me().id == first
        assert len(sandbox.store.table("oauth_refresh_tokens")) == 1


def test_the_client_says_what_was_refused(place: Place):
    with _client(place.sandbox, ClientCredentials("sandbox", "wrong")) as gc, pytest.raises(OAuthError) as caught:
        gc.users.get_users_me()
    assert caught.value.status == 401
    with _client(place.sandbox, PKCE("pkce", "nonsense", make_verifier(), BACK)) as gc, pytest.raises(OAuthError):
        gc.users.get_users_me()


def test_the_async_client_logs_in(place: Place, browser: Browser):
    async def main(code: str) -> str | None:
        auth = AuthorizationCode("code", "sandbox", code, BACK)
        transport = AsyncSandboxTransport(place.sandbox)
        async with AsyncGenesysCloud(auth=auth, region="http://sandbox.local", transport=transport) as gc:
            me = await gc.users.get_users_me()
            return me.id

    browser.authorize()
    people = list(browser.users)
    assert asyncio.run(main(browser.allow(people[2])["code"])) == people[2]


def test_a_token_without_renewal_ends_with_an_error(place: Place):
    from genesyscloud import AccessToken

    token = place.sandbox.access_token()
    with _client(place.sandbox, AccessToken(token)) as gc:
        gc.tokens.delete_tokens_me()
        with pytest.raises(Unauthorized):
            gc.users.get_users_me()


# --- codes and refresh tokens in any order ------------------------------------------------------


class Logins(RuleBasedStateMachine):
    """What was given out works exactly once, and only within its time."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Place()
        self.browser = Browser(self.place)
        self.codes: list[tuple[str, float]] = []
        self.refresh: list[tuple[str, float]] = []
        self.tokens: list[tuple[str, float]] = []
        self.spent: list[dict[str, str]] = []

    @rule()
    def ask(self) -> None:
        self.browser.authorize()
        if not self.browser.sent_to:
            self.browser.allow()
        self.codes.append((self.browser.told()["code"], self.place.clock.now + 300))

    @precondition(lambda self: self.codes)
    @rule()
    def exchange(self) -> None:
        code, end = self.codes.pop()
        self._take({"grant_type": CODE, "code": code, "redirect_uri": BACK}, end)

    @precondition(lambda self: self.refresh)
    @rule()
    def renew(self) -> None:
        value, end = self.refresh.pop(0)
        self._take({"grant_type": "refresh_token", "refresh_token": value}, end)

    def _take(self, form: dict[str, str], end: float) -> None:
        now = self.place.clock.now
        answer = self.place.token(form, "code")
        assert (answer.status == 200) == (now < end)
        self.spent.append(form)
        if answer.status == 200:
            self.tokens.append((answer.body["access_token"], now + 86_400))
            self.refresh.append((answer.body["refresh_token"], now + 30 * 86_400))

    @precondition(lambda self: self.spent)
    @rule()
    def again(self) -> None:
        assert self.place.token(self.spent[-1], "code").body["error"] == "invalid_grant"

    @rule(seconds=st.sampled_from([1, 200, 50_000, 20 * 86_400]))
    def wait(self, seconds: int) -> None:
        self.place.clock.now += seconds

    @precondition(lambda self: self.tokens)
    @rule()
    def revoke(self) -> None:
        value, end = self.tokens.pop()
        answer = self.place.api(value, "DELETE", "/api/v2/tokens/me")
        assert (answer.status == 401) == (self.place.clock.now >= end)
        assert self.place.api(value, "GET", ME).status == 401

    @invariant()
    def the_newest_token_works_until_it_ends(self) -> None:
        if self.tokens:
            value, end = self.tokens[-1]
            assert (self.place.api(value, "GET", ME).status == 200) == (self.place.clock.now < end)


TestLogins = Logins.TestCase
TestLogins.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
