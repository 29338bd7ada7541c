"""What the login page is asked, by whom, and what the program and the person are told."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesyscloud.auth import (
    logout_url,
)

from .logins import (
    BACK,
    FORM,
    ME,
    VALUES,
    Browser,
    Place,
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


# --- requests -----------------------------------------------------------------------------------


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


SHARED = Place()
QUERY = ["client_id", "redirect_uri", "response_type", "state", "code_challenge", "code_challenge_method", "login_hint",
         "prompt", "org", "provider", "target", "x"]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["GET", "POST"]),
    st.dictionaries(st.sampled_from(QUERY), st.sampled_from(VALUES) | st.text(max_size=9)),
    st.binary(max_size=40),
    st.text(max_size=20),
)
def test_no_authorize_request_breaks_it(method: str, query: dict[str, str], body: bytes, cookie: str):
    url = f"/oauth/authorize?{encoded(query).decode()}"
    reply = SHARED.send(method, url, body, content_type=FORM, cookie=cookie)
    assert reply.status in (200, 302, 400)
    location = reply.headers.get("location", BACK)
    assert location.startswith(BACK)
    assert location.isprintable()


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
    ann = person(place, 5)
    browser.authorize()
    browser.submit(decision="find", find=ann["email"].upper())
    assert list(browser.users) == [ann["id"]]
    browser.submit(decision="find", find="nobody has this name")
    assert browser.users == {}
    assert "Nobody was found" in browser.text
    browser.authorize(login_hint=f"{ann['email']}:sandbox")
    assert next(iter(browser.users.items())) == (ann["id"], True)


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
    ann = person(place)["id"]
    browser.authorize().allow(ann)
    assert browser.authorize().told()["code"]  # asked nothing more
    assert browser.authorize(client_id="pkce").users[ann]  # another program: consent, with the ann chosen
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
    ann = person(place)["id"]
    browser.open("/login").submit(user=ann, decision="allow")
    assert "Logged in" in browser.text
    assert browser.authorize().users[ann]


def test_auto_login_passes_the_page_over():
    place = Place(auto_login=True)
    ann = person(place)
    told = Browser(place).authorize(login_hint=ann["email"]).told()
    token = exchange(place, told["code"]).body["access_token"]
    assert place.api(token, "GET", ME).body["id"] == ann["id"]
    token = exchange(place, Browser(place).authorize().told()["code"]).body["access_token"]
    assert place.api(token, "GET", ME).body["name"] == "Sandbox Admin"


def test_what_a_person_allowed_can_be_read(place: Place, browser: Browser):
    token = exchange(place, browser.authorize().allow()["code"]).body["access_token"]
    found = place.api(token, "GET", "/api/v2/oauth/authorizations").body
    assert [entry["client"]["id"] for entry in found["entities"]] == ["code"]
    assert place.api(token, "GET", "/api/v2/oauth/authorizations/code").body["state"] == "Authorized"
    assert place.api(token, "GET", "/api/v2/oauth/authorizations/pkce").status == 404
