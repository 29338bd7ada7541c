"""The login service of the sandbox: every grant, with codes, tokens, people and clients that are really remembered."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

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
    logout_url,
    make_verifier,
    read_redirect,
)
from genesyscloud.errors import OAuthError, Unauthorized
from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.saml import BadAssertion, read_assertion
from genesyscloud.sandbox.tokens import Token
from genesyscloud.sandbox.transport import AsyncSandboxTransport, SandboxTransport

from .logins import BACK, FORM, Answer, Browser, Place

CODE = "authorization_code"
SAML2 = "urn:ietf:params:oauth:grant-type:saml2-bearer"
CLIENTS = "/api/v2/oauth/clients"
ME = "/api/v2/users/me"


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def browser(place: Place) -> Browser:
    return Browser(place)


def _exchange(place: Place, code_: str, client: str = "code", secret: str = "sandbox", **fields: str) -> Answer:
    return place.token({"grant_type": CODE, "code": code_, "redirect_uri": BACK, **fields}, client, secret)


def _person(place: Place, at: int = 1) -> dict[str, Any]:
    found = place.api(place.sandbox.access_token(), "GET", "/api/v2/users?pageSize=10").body["entities"]
    return found[at]


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
    answer = _exchange(place, told["code"])
    assert answer.status == 200
    assert (answer.body["token_type"], answer.body["expires_in"]) == ("bearer", 86_400)
    assert answer.headers["cache-control"] == "no-store"
    assert place.api(answer.body["access_token"], "GET", ME).body["id"] == user_id
    info = place.api(answer.body["access_token"], "GET", "/api/v2/tokens/me").body
    assert info["OAuthClient"]["id"] == "code"


def test_a_code_works_once_and_not_for_long(place: Place, browser: Browser):
    code = browser.authorize().allow()["code"]
    assert _exchange(place, code).status == 200
    assert _exchange(place, code).body["error"] == "invalid_grant"
    code = browser.authorize().told()["code"]
    place.clock.now += 300
    answer = _exchange(place, code)
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
    answer = _exchange(browser.place, code, client, secret, **changes)
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
    assert _exchange(place, code, "pkce", "", code_verifier=verifier).status == 200  # Basic with an empty secret
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


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": "c" * 43}, "invalid_request"),
        ({"code_challenge": "c" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"client_id": "saml2", "redirect_uri": ""}, None),
        ({"client_id": "token"}, "unauthorized_client"),
        ({"org": "sandbox"}, "invalid_request"),
        ({"provider": "okta"}, "invalid_request"),
        ({"org": "other", "provider": "okta"}, "invalid_request"),
        ({"login_hint": "ann@example.com:other"}, "invalid_request"),
        ({"target": "00000000-0000-4000-8000-000000000000"}, "access_denied"),
    ],
)
def test_the_program_is_told_what_is_wrong(browser: Browser, changes: dict[str, str], error: str | None):
    browser.authorize(**changes)
    if error is None:
        assert browser.status == 400
        return
    assert (browser.status, browser.told()["error"], browser.told()["state"]) == (302, error, "s&1")
    assert browser.sent_to.startswith(BACK)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": ""},
        {"redirect_uri": "https://evil.example/back"},
        {"redirect_uri": "http://localhost.evil.example/"},
        {"redirect_uri": "http://localhost:1@evil.example/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://localhost:99999999/"},
        {"redirect_uri": "http://localhost:1/\r\nSet-Cookie: a=b"},
        {"redirect_uri": "http://localhost:1/#fragment"},
        {"redirect_uri": ""},
    ],
)
def test_the_person_is_told_when_the_address_cannot_be_trusted(browser: Browser, changes: dict[str, str]):
    browser.authorize(**changes)
    assert (browser.status, browser.sent_to) == (400, "")
    assert "cannot go on" in browser.text


def test_a_parameter_that_is_there_twice_is_refused(browser: Browser):
    browser.open(f"/oauth/authorize?{urlencode({'client_id': 'code', 'redirect_uri': BACK})}&state=a&state=b")
    assert browser.told()["error"] == "invalid_request"
    browser.open(f"/oauth/authorize?client_id=code&client_id=pkce&{urlencode({'redirect_uri': BACK})}")
    assert browser.status == 400


def test_registered_addresses(place: Place, browser: Browser):
    registered = ["https://app.example/back?tenant=1", "http://localhost:8080/cb", "http://127.0.0.1", "my.app:/cb"]
    made = place.client(authorizedGrantType="CODE", registeredRedirectUri=registered)
    good = [*registered, "http://127.0.0.1:5000", "http://127.0.0.1:5000/any/path"]
    bad = ["https://app.example/back", "http://localhost:8081/cb", "http://localhost:8080/other", "my.app:/other"]
    for address in good:
        assert browser.authorize(client_id=made["id"], redirect_uri=address).status == 200, address
    for address in bad:
        assert browser.authorize(client_id=made["id"], redirect_uri=address).status == 400, address
    browser.authorize(client_id=made["id"], redirect_uri=registered[0]).allow()
    assert browser.sent_to.startswith("https://app.example/back?tenant=1&code=")
    strict = Browser(Place(loopback_any_path=False))
    assert strict.authorize(redirect_uri="http://localhost:5000/").status == 200
    assert strict.authorize(redirect_uri="http://localhost:5000/path").status == 400


# --- the page -----------------------------------------------------------------------------------


def test_the_page_says_who_asks_and_escapes_what_it_is_given(place: Place):
    evil = '<script>alert("1")</script>'
    made = place.client(name=evil, authorizedGrantType="CODE", registeredRedirectUri=["http://localhost"])
    browser = Browser(place)
    browser.authorize(client_id=made["id"])
    assert f"{evil} asks to log in" in browser.text
    browser.submit(decision="find", find='"><script>')
    assert "<script" not in browser.source
    assert "script-src" not in browser.headers["content-security-policy"]
    assert browser.headers["content-security-policy"].startswith("default-src 'none'")
    assert browser.headers["x-frame-options"] == "DENY"
    assert browser.headers["content-type"] == "text/html; charset=utf-8"


def test_people_are_found_by_name_and_address(place: Place, browser: Browser):
    person = _person(place, 5)
    browser.authorize()
    browser.submit(decision="find", find=person["email"].upper())
    assert list(browser.users) == [person["id"]]
    browser.submit(decision="find", find="nobody has this name")
    assert browser.users == {}
    assert "Nobody was found" in browser.text
    browser.authorize(login_hint=f"{person['email']}:sandbox")
    assert next(iter(browser.users.items())) == (person["id"], True)


def test_nobody_chosen_and_nobody_wanting(browser: Browser):
    browser.authorize()
    browser.submit(decision="allow", find="")
    assert (browser.status, browser.sent_to) == (400, "")
    assert "Choose who you are" in browser.text
    browser.submit(decision="allow", user="00000000-0000-4000-8000-000000000000")
    assert browser.status == 400
    browser.submit(decision="cancel")
    assert browser.told() == {"error": "access_denied", "error_description": "the person said no", "state": "s&1"}


def test_a_browser_remembers_who_logged_in_until_logout(place: Place, browser: Browser):
    person = _person(place)["id"]
    browser.authorize().allow(person)
    assert browser.authorize().told()["code"]  # asked nothing more
    assert browser.authorize(client_id="pkce").users[person]  # another program: consent, with the person chosen
    assert browser.authorize(prompt="login").status == 200
    out = urlsplit(logout_url("code", BACK, login_host="http://sandbox.local"))
    browser.open(f"{out.path}?{out.query}")
    assert (browser.status, browser.sent_to) == (302, BACK)
    assert browser.authorize().status == 200
    browser.open("/logout?client_id=code&redirect_uri=https://evil.example")
    assert (browser.status, browser.sent_to) == (200, "")


def test_a_session_ends_with_its_time(place: Place, browser: Browser):
    browser.authorize().allow()
    place.clock.now += place.sandbox.settings.session_seconds
    assert browser.authorize().status == 200


def test_logging_in_without_a_program(place: Place, browser: Browser):
    person = _person(place)["id"]
    browser.open("/login").submit(user=person, decision="allow")
    assert "Logged in" in browser.text
    assert browser.authorize().users[person]


def test_auto_login_passes_the_page_over():
    place = Place(auto_login=True)
    person = _person(place)
    told = Browser(place).authorize(login_hint=person["email"]).told()
    token = _exchange(place, told["code"]).body["access_token"]
    assert place.api(token, "GET", ME).body["id"] == person["id"]
    token = _exchange(place, Browser(place).authorize().told()["code"]).body["access_token"]
    assert place.api(token, "GET", ME).body["name"] == "Sandbox Admin"


def test_what_a_person_allowed_can_be_read(place: Place, browser: Browser):
    token = _exchange(place, browser.authorize().allow()["code"]).body["access_token"]
    found = place.api(token, "GET", "/api/v2/oauth/authorizations").body
    assert [entry["client"]["id"] for entry in found["entities"]] == ["code"]
    assert place.api(token, "GET", "/api/v2/oauth/authorizations/code").body["state"] == "Authorized"
    assert place.api(token, "GET", "/api/v2/oauth/authorizations/pkce").status == 404


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
    first = _exchange(place, browser.authorize().allow()["code"]).body
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
    first = _exchange(browser.place, browser.authorize().allow()["code"]).body
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    for _ in range(2):
        assert "refresh_token" not in browser.place.token(form, "code").body


# --- SAML ---------------------------------------------------------------------------------------

RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns="urn:oasis:names:tc:SAML:2.0:assertion">
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></samlp:Status>
<Assertion><Subject><NameID>{name}</NameID></Subject>
<Conditions NotBefore="{start}" NotOnOrAfter="{end}"/>
<AttributeStatement><Attribute Name="OrganizationName"><AttributeValue>{org}</AttributeValue></Attribute>
</AttributeStatement></Assertion></samlp:Response>"""
TIMES = {"start": "2027-01-15T07:00:00Z", "end": "2027-01-15T09:00:00Z"}


def _assertion(**changes: str) -> str:
    fields = {"status": "Success", "name": "", "org": "sandbox", **TIMES, **changes}
    return base64.b64encode(RESPONSE.format(**fields).encode()).decode()


def test_saml_logs_a_person_in(place: Place):
    person = _person(place)
    form = {"grant_type": SAML2, "orgName": "Sandbox", "assertion": _assertion(name=person["email"])}
    answer = place.token(form, "saml2")
    assert answer.status == 200
    assert "refresh_token" not in answer.body
    assert place.api(answer.body["access_token"], "GET", ME).body["id"] == person["id"]


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("orgName", "", "invalid_request"),
        ("orgName", "other", "invalid_grant"),
        ("assertion", "", "invalid_request"),
        ("assertion", "???", "invalid_grant"),
        ("assertion", base64.b64encode(b"<a").decode(), "invalid_grant"),
        ("assertion", base64.b64encode(b"<a/>").decode(), "invalid_grant"),
        ("assertion", base64.b64encode(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>").decode(), "invalid_grant"),
    ],
)
def test_saml_requests_are_refused(place: Place, field: str, value: str, error: str):
    form = {"grant_type": SAML2, "orgName": "sandbox", "assertion": _assertion(name=_person(place)["email"])}
    answer = place.token({**form, field: value}, "saml2")
    assert (answer.status, answer.body["error"]) == (400, error)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "nobody@example.com"}, "nobody in this organization"),
        ({"name": " "}, "whom it is about"),
        ({"status": "Requester"}, "failed login"),
        ({"org": "other"}, "no such organization"),
        ({"end": "2027-01-15T07:30:00Z"}, "expired"),
        ({"start": "2027-01-15T08:30:00Z"}, "not valid yet"),
        ({"start": "soon"}, "a time in it"),
    ],
)
def test_assertions_are_refused(place: Place, changes: dict[str, str], why: str):
    assertion = _assertion(**{"name": _person(place)["email"], **changes})
    answer = place.token({"grant_type": SAML2, "orgName": "sandbox", "assertion": assertion}, "saml2")
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
    assert why in answer.body["description"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_assertion_breaks_its_reader(data: bytes):
    whole = RESPONSE.format(status="Success", name="a@b", org="o", **TIMES).encode()
    for text in (base64.b64encode(data).decode(), data.decode("latin-1"), base64.b64encode(whole + data).decode()):
        with contextlib.suppress(BadAssertion):
            assert read_assertion(text, 1_800_000_000.0).subjects


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
QUERY = ["client_id", "redirect_uri", "response_type", "state", "code_challenge", "code_challenge_method", "login_hint",
         "prompt", "org", "provider", "target", "x"]  # fmt: skip
HEADERS = ["", "Basic", "Basic !", "Basic Og==", "Bearer x", "Basic c2FuZGJveDpzYW5kYm94"]
VALUES = [
    "client_credentials",
    CODE,
    "refresh_token",
    SAML2,
    "code",
    "token",
    "sandbox",
    BACK,
    "S256",
    "\r\n",
    "a:b",
    "",
]
fuzzed_values = st.sampled_from(VALUES) | st.text(max_size=9)


def _encoded(fields: dict[str, str]) -> bytes:
    return urlencode(fields, errors="replace").encode()


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=80) | st.dictionaries(st.sampled_from(FIELDS), fuzzed_values).map(_encoded),
    st.sampled_from(HEADERS) | st.text(max_size=9),
)
def test_no_token_request_breaks_it(body: bytes, authorization: str):
    reply = SHARED.send("POST", "/oauth/token", body, content_type=FORM, authorization=authorization)
    answer = json.loads(reply.body)
    assert reply.status in (200, 400, 401)
    assert ("access_token" in answer) == (reply.status == 200) == ("error" not in answer)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["GET", "POST"]),
    st.dictionaries(st.sampled_from(QUERY), fuzzed_values),
    st.binary(max_size=40),
    st.text(max_size=20),
)
def test_no_authorize_request_breaks_it(method: str, query: dict[str, str], body: bytes, cookie: str):
    url = f"/oauth/authorize?{_encoded(query).decode()}"
    reply = SHARED.send(method, url, body, content_type=FORM, cookie=cookie)
    assert reply.status in (200, 302, 400)
    location = reply.headers.get("location", BACK)
    assert location.startswith(BACK)
    assert location.isprintable()


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


def test_the_idle_timeout_has_bounds(place: Place):
    body = {"enableIdleTokenTimeout": True, "idleTokenTimeoutSeconds": 60}
    answer = place.api(place.sandbox.access_token(), "PUT", "/api/v2/tokens/timeout", body)
    assert answer.status == 400


def test_all_tokens_of_a_user_are_taken_back(place: Place, browser: Browser):
    revoked: list[tuple[str, Token]] = []
    place.sandbox.events.token_listeners.append(lambda value, token: revoked.append((value, token)))
    person = _person(place)["id"]
    first = _exchange(place, browser.authorize().allow(person)["code"]).body
    other = place.sandbox.access_token(user_id=_person(place, 2)["id"], client_id="code")
    admin = place.sandbox.access_token()
    assert place.api(admin, "DELETE", f"/api/v2/tokens/{person}").status in (200, 204)
    assert place.api(first["access_token"], "GET", ME).status == 401
    assert place.api(other, "GET", ME).status == 200
    assert [(value, token.user_id) for value, token in revoked] == [(first["access_token"], person)]
    again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert place.token(again, "code").body["error"] == "invalid_grant"


def test_a_person_who_is_gone_is_logged_out(place: Place):
    person = _person(place)
    token, admin = place.sandbox.access_token(user_id=person["id"], client_id="code"), place.sandbox.access_token()
    changed = {"state": "inactive", "version": person["version"]}
    assert place.api(admin, "PATCH", f"/api/v2/users/{person['id']}", changed).status == 200
    assert place.api(token, "GET", ME).status == 401
    token = place.sandbox.access_token(user_id=person["id"], client_id="code")
    assert place.api(admin, "DELETE", f"/api/v2/users/{person['id']}").status in (200, 202, 204)
    assert place.api(token, "GET", ME).status == 401


def test_a_snapshot_knows_who_was_logged_in(place: Place, browser: Browser):
    first = _exchange(place, browser.authorize().allow()["code"]).body
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
    first = _exchange(place, browser.authorize().allow()["code"]).body
    code = browser.authorize().told()["code"]
    made = place.client(authorizedGrantType="CLIENT-CREDENTIALS")
    spent = browser.authorize().told()["code"]
    assert _exchange(place, spent, "code", "sandbox", redirect_uri="http://localhost/other").status == 400
    place.sandbox.close()
    place = Place(data=tmp_path / "sandbox.db")
    browser.place = place
    assert place.api(first["access_token"], "GET", ME).status == 200
    assert place.token({"grant_type": "client_credentials"}, made["id"], made["secret"]).status == 200
    assert place.token({"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}, "code").status == 200
    assert _exchange(place, code).status == 200
    assert _exchange(place, spent).status == 400
    assert browser.authorize().told()["code"]  # the browser is remembered, too
    place.sandbox.close()


# --- clients by REST ----------------------------------------------------------------------------


def test_a_client_shows_its_secret_once(place: Place):
    made = place.client(authorizedGrantType="CLIENT-CREDENTIALS", accessTokenValiditySeconds=600)
    form, admin = {"grant_type": "client_credentials"}, place.sandbox.access_token()
    answer = place.token(form, made["id"], made["secret"])
    assert (answer.status, answer.body["expires_in"]) == (200, 600)
    assert "secret" not in place.api(admin, "GET", f"{CLIENTS}/{made['id']}").body
    assert all("secret" not in entry for entry in place.api(admin, "GET", CLIENTS).body["entities"])
    rotated = place.api(admin, "POST", f"{CLIENTS}/{made['id']}/secret").body
    assert rotated["secret"] != made["secret"]
    assert place.token(form, made["id"], made["secret"]).status == 401
    assert place.token(form, made["id"], rotated["secret"]).status == 200
    assert place.api(admin, "GET", "/api/v2/tokens/me").status == 200


def test_the_clients_of_the_start(place: Place):
    found = place.api(place.sandbox.access_token(), "GET", CLIENTS).body["entities"]
    grants = {entry["id"]: entry["authorizedGrantType"] for entry in found}
    assert grants == {
        "sandbox": "CLIENT-CREDENTIALS", "code": "CODE", "pkce": "CODE", "token": "TOKEN", "saml2": "SAML2-BEARER",
    }  # fmt: skip
    admin = place.sandbox.access_token()
    rotated = place.api(admin, "POST", f"{CLIENTS}/sandbox/secret").body["secret"]
    assert place.token({"grant_type": "client_credentials"}, "sandbox").status == 401
    assert place.token({"grant_type": "client_credentials"}, "sandbox", rotated).status == 200


@pytest.mark.parametrize("how", ["disabled", "deleted"])
def test_a_client_that_is_out_has_no_tokens(place: Place, how: str):
    made = place.client(authorizedGrantType="CLIENT-CREDENTIALS")
    form, admin = {"grant_type": "client_credentials"}, place.sandbox.access_token()
    token = place.token(form, made["id"], made["secret"]).body["access_token"]
    assert place.api(token, "GET", "/api/v2/tokens/me").status == 200
    if how == "deleted":
        assert place.api(admin, "DELETE", f"{CLIENTS}/{made['id']}").status in (200, 204)
    else:
        changed = {"name": "Mine", "authorizedGrantType": "CLIENT-CREDENTIALS", "state": "disabled"}
        assert place.api(admin, "PUT", f"{CLIENTS}/{made['id']}", changed).body["state"] == "disabled"
    assert place.api(token, "GET", "/api/v2/tokens/me").status == 401
    assert place.token(form, made["id"], made["secret"]).body["error"] == "invalid_client"


@pytest.mark.parametrize(
    "fields",
    [
        {"accessTokenValiditySeconds": 299},
        {"accessTokenValiditySeconds": 172_801},
        {"roleIds": ["00000000-0000-4000-8000-000000000000"]},
        {"roleDivisions": [{"roleId": "x", "divisionId": "y"}]},
    ],
)
def test_clients_that_cannot_be(place: Place, fields: dict[str, Any]):
    body = {"name": "Mine", "authorizedGrantType": "CODE", **fields}
    answer = place.api(place.sandbox.access_token(), "POST", CLIENTS, body)
    assert (answer.status, answer.body["code"]) == (400, "invalid.value")


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
    person = _person(place)
    login = {"login_host": "http://sandbox.local", "state": "xyz", "login_hint": person["email"]}
    code = _in_browser(browser, authorize_url("code", BACK, **login))["code"]
    verifier = make_verifier()
    challenge = code_challenge(verifier)
    with_challenge = authorize_url("pkce", BACK, code_challenge=challenge, **login)
    pkce = _in_browser(browser, with_challenge)["code"]
    assertion = _assertion(name=person["email"])
    for auth in (
        AuthorizationCode("code", "sandbox", code, BACK),
        PKCE("pkce", pkce, verifier, BACK),
        Saml2Bearer("saml2", "sandbox", "sandbox", assertion),
    ):
        with _client(place.sandbox, auth) as gc:
            assert gc.users.get_users_me().id == person["id"]
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
