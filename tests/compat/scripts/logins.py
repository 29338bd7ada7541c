"""Logging in and renewing."""

# pyright: basic, reportMissingImports=false
# Written as scripts for the vendor's package are: without types.

import re

import PureCloudPlatformClientV2
from common import URL, client, outcome, scenario, shown
from PureCloudPlatformClientV2.api_client import ApiClient
from PureCloudPlatformClientV2.apis.users_api import UsersApi


@scenario
def client_credentials():
    made = client("client_credentials")
    found = made.get_client_credentials_token("id ü".encode("ascii", "ignore").decode(), "s3cret")
    return [found is made, made.access_token, outcome(UsersApi(found).get_users_me)]


@scenario
def saml():
    made = client("saml")
    return [made.get_saml2bearer_token("id", "s3cret", "my org & co", "PHNhbWw+==") is made, made.access_token]


@scenario
def code_grant():
    made = client("code_grant")
    found, data = made.get_code_authorization_token("id", "s3cret", "code", "https://here.example/cb")
    first = [found is made, data, made.access_token, made.refresh_token, made.client_id, made.client_secret]
    found, data = made.refresh_code_authorization_token("id", "s3cret", "old-refresh")
    return [first, found is made, data, made.access_token, made.refresh_token]


@scenario
def pkce():
    made = client("pkce")
    verifier = "v" * 43
    found, data = made.get_pkce_token("id", verifier, "code", "https://here.example/cb")
    random = [made.generate_pkce_code_verifier(length) for length in (43, 128)]
    return [
        found is made,
        data,
        made.access_token,
        made.refresh_token,
        made.client_id,
        made.compute_pkce_code_challenge(verifier),
        [len(text) for text in random],
        [re.fullmatch(r"[A-Za-z0-9._~-]+", text) is not None for text in random],
        [outcome(made.generate_pkce_code_verifier, length)["type"] for length in (42, 129)],
        outcome(made.compute_pkce_code_challenge, "short")["type"],
    ]


@scenario
def pkce_random():
    import random

    made = client("pkce")
    found = []
    for _ in range(2):
        random.seed(1)
        found.append(made.generate_pkce_code_verifier(128))
    return found[0] == found[1]


@scenario
def login_refused():
    return outcome(client("login_refused").get_client_credentials_token, "id", "wrong")


@scenario
def no_refresh_token():
    made = client("no_refresh_token")
    made.refresh_token = "kept"
    return [outcome(made.refresh_code_authorization_token, "id", "s3cret", "kept"), made.refresh_token]


@scenario
def renewal():
    made = client("renewal")
    made.get_code_authorization_token("id", "s3cret", "code", "https://here.example/cb")
    return [outcome(UsersApi(made).get_users_me), made.access_token, made.refresh_token]


@scenario
def renewal_refused():
    made = client("renewal_refused")
    made.refresh_token = "r"
    return outcome(UsersApi(made).get_users_me)


@scenario
def renewal_off():
    made = client("renewal_off")
    made.refresh_token = "r"
    PureCloudPlatformClientV2.configuration.should_refresh_access_token = False
    try:
        return outcome(UsersApi(made).get_users_me)
    finally:
        PureCloudPlatformClientV2.configuration.should_refresh_access_token = True


@scenario
def renewal_without_end():
    made = client("renewal_without_end")
    made.refresh_token = "r"
    return outcome(UsersApi(made).get_users_me)["type"]


@scenario
def global_token():
    made = ApiClient(host=f"{URL}/scenarios/global_token")
    configuration = PureCloudPlatformClientV2.configuration
    api = UsersApi(made)
    found = [outcome(api.get_users_me)]
    configuration.access_token = "global"
    configuration.api_key["Authorization"] = "guest"
    configuration.api_key_prefix["Authorization"] = "Jwt"
    try:
        found.append(outcome(api.get_users_me))
        found.append(outcome(made.call_api, "/x", "GET", auth_settings=["Guest Chat JWT"]))
        found.append(outcome(made.call_api, "/x", "GET", auth_settings=["no such"]))
        found.append(shown(configuration.auth_settings()))
        found.append(shown(configuration.auth_settings("given")))
        found.append(configuration.get_api_key_with_prefix("Authorization"))
        configuration.username, configuration.password = "me", "pw"
        found.append(configuration.get_basic_auth_token())
    finally:
        configuration.access_token = ""
        configuration.api_key.clear()
        configuration.api_key_prefix.clear()
        configuration.username = configuration.password = ""
    return found


@scenario
def default_client():
    configuration = PureCloudPlatformClientV2.configuration
    before = configuration.host
    configuration.host = f"{URL}/scenarios/default_client"
    configuration.api_client = None
    try:
        api = UsersApi()
        same = UsersApi().api_client is api.api_client is configuration.api_client
        return [same, api.api_client.host == configuration.host, outcome(api.get_users_me)]
    finally:
        configuration.host = before
        configuration.api_client = None
