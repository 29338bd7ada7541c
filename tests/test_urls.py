"""Addresses that a browser is sent to, and what it comes back with."""

from __future__ import annotations

import contextlib
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.auth import authorize_url, code_challenge, logout_url, make_state, make_verifier, read_redirect
from genesyscloud.auth.urls import ALPHABET, check_verifier
from genesyscloud.errors import ConfigurationError, OAuthError

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def query_of(url: str) -> dict[str, str]:
    found = parse_qs(urlsplit(url).query, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


def test_all_parameters() -> None:
    url = authorize_url(
        "the-id", "http://localhost:8080/back?x=1&y", region="eu_west_1", state="s t", org="my org", provider="okta",
        target="t-1", login_hint="ann@example.com:my org", prompt="login", code_challenge="c",
    )  # fmt: skip
    assert url.startswith("https://login.mypurecloud.ie/oauth/authorize?")
    assert query_of(url) == {
        "client_id": "the-id",
        "redirect_uri": "http://localhost:8080/back?x=1&y",
        "response_type": "code",
        "state": "s t",
        "code_challenge": "c",
        "code_challenge_method": "S256",
        "org": "my org",
        "provider": "okta",
        "target": "t-1",
        "login_hint": "ann@example.com:my org",
        "prompt": "login",
    }


def test_what_is_not_given_is_not_there() -> None:
    assert query_of(authorize_url("a", "b", response_type="token")) == {
        "client_id": "a",
        "redirect_uri": "b",
        "response_type": "token",
    }
    assert authorize_url("a", "b", login_host="http://localhost:1").startswith("http://localhost:1/oauth/authorize?")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"org": "x"}, "org and provider go together: give both or neither"),
        ({"provider": "x"}, "org and provider go together"),
        ({"response_type": "password"}, "response_type must be code or token, not 'password'"),
        ({"response_type": "token", "code_challenge": "x"}, "code_challenge goes with response_type 'code' only"),
        ({"client_id": ""}, "client_id must be a non-empty string"),
        ({"redirect_uri": ""}, "redirect_uri must be a non-empty string"),
        ({"region": "https://"}, "region"),
    ],
)
def test_what_cannot_be(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        authorize_url(**{"client_id": "a", "redirect_uri": "b", **options})


def test_logout() -> None:
    url = logout_url("the-id", "https://app.example.com/bye", region="mypurecloud.de")
    assert url.startswith("https://login.mypurecloud.de/logout?")
    assert query_of(url) == {"client_id": "the-id", "redirect_uri": "https://app.example.com/bye"}
    with pytest.raises(ConfigurationError, match="client_id"):
        logout_url("", "b")


def test_verifiers_use_the_whole_alphabet() -> None:
    assert set(ALPHABET) == set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    made = [make_verifier() for _ in range(200)]
    assert set("".join(made)) == set(ALPHABET)
    assert len(set(made)) == 200
    for length in (43, 128):
        assert re.fullmatch(rf"[A-Za-z0-9\-._~]{{{length}}}", make_verifier(length))
    for length in (0, 42, 129):
        with pytest.raises(ConfigurationError, match=f"43 to 128 characters, not {length}"):
            make_verifier(length)


@pytest.mark.parametrize("verifier", ["", "a" * 42, "a" * 129, "ä" * 50, "a" * 43 + "\n", "a" * 42 + "+"])
def test_what_is_no_verifier(verifier: str) -> None:
    for refuse in (check_verifier, code_challenge):
        with pytest.raises(ConfigurationError, match="43 to 128 characters") as caught:
            refuse(verifier)
        assert not verifier or verifier not in str(caught.value)


def test_the_challenge_of_the_rfc() -> None:
    assert code_challenge(VERIFIER) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_states_differ_and_fit_into_addresses() -> None:
    made = {make_state() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"[\w-]{32,}", state) for state in made)


def test_what_the_browser_comes_back_with() -> None:
    assert read_redirect("http://localhost/?code=abc&state=x", "x")["code"] == "abc"
    fields = read_redirect("http://localhost/#access_token=t&expires_in=60&token_type=bearer&state=x", "x")
    assert (fields["access_token"], fields["expires_in"]) == ("t", "60")
    assert read_redirect("http://localhost/?code=abc", "")["code"] == "abc"


@pytest.mark.parametrize(
    ("url", "error", "description"),
    [
        ("?code=abc&state=y", "invalid_state", "does not belong to this login"),
        ("?code=abc", "invalid_state", "does not belong"),
        ("?error=access_denied&state=y", "invalid_state", "does not belong"),
        ("?error=access_denied&error_description=No+way&state=x", "access_denied", "No way"),
        ("#error=access_denied&description=No%20way&state=x", "access_denied", "No way"),
        ("?state=x", "invalid_response", "neither a code nor a token"),
        ("?code=&state=x", "invalid_response", "neither"),
    ],
)
def test_refusals(url: str, error: str, description: str) -> None:
    with pytest.raises(OAuthError, match=description) as caught:
        read_redirect(f"http://localhost/{url}", "x")
    assert (caught.value.error, caught.value.status) == (error, 0)


@given(st.text(), st.text(max_size=5))
def test_any_address_is_an_answer_or_an_oauth_error(url: str, state: str) -> None:
    with contextlib.suppress(OAuthError):
        read_redirect(url, state)
