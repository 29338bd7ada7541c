"""OAuth clients by REST: their secrets, their end, and what they may not be."""

from __future__ import annotations

from typing import Any

import pytest

from .logins import (
    Place,
)

CLIENTS = "/api/v2/oauth/clients"


@pytest.fixture
def place() -> Place:
    return Place()


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
