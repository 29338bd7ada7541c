"""SAML responses, as the login service takes them."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesyscloud.sandbox.saml import BadAssertion, read_assertion

from .logins import (
    ME,
    SAML2,
    SAML_RESPONSE,
    SAML_TIMES,
    Place,
    assertion,
    person,
)


@pytest.fixture
def place() -> Place:
    return Place()


def test_saml_logs_a_person_in(place: Place):
    ann = person(place)
    form = {"grant_type": SAML2, "orgName": "Sandbox", "assertion": assertion(name=ann["email"])}
    answer = place.token(form, "saml2")
    assert answer.status == 200
    assert "refresh_token" not in answer.body
    assert place.api(answer.body["access_token"], "GET", ME).body["id"] == ann["id"]


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
    form = {"grant_type": SAML2, "orgName": "sandbox", "assertion": assertion(name=person(place)["email"])}
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
    form = {
        "grant_type": SAML2,
        "orgName": "sandbox",
        "assertion": assertion(**{"name": person(place)["email"], **changes}),
    }
    answer = place.token(form, "saml2")
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
    assert why in answer.body["description"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_assertion_breaks_its_reader(data: bytes):
    whole = SAML_RESPONSE.format(status="Success", name="a@b", org="o", **SAML_TIMES).encode()
    for text in (base64.b64encode(data).decode(), data.decode("latin-1"), base64.b64encode(whole + data).decode()):
        with contextlib.suppress(BadAssertion):
            assert read_assertion(text, 1_800_000_000.0).subjects
