"""What a program does first with the vendor's Python SDK, as it is published. Prints one line of JSON for each way."""

import base64
import json
import socket
import sys
import uuid
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import PureCloudPlatformClientV2

sdk = PureCloudPlatformClientV2

ADDRESS, WAYS, CA_FILE = sys.argv[1:4]
BACK = "http://localhost:8085/callback"


def steps(client):
    client = client.get_client_credentials_token("sandbox", "sandbox")
    users = sdk.UsersApi(client)
    new = sdk.CreateUser()
    new.name, new.email = "Ann", f"{uuid.uuid4()}@example.com"
    new.division_id = sdk.AuthorizationApi(client).get_authorization_divisions_home().id
    read = users.get_user(users.post_users(new).id)
    queues = sdk.RoutingApi(client).get_routing_queues(page_size=2)
    return {"queues": queues.total, "user": read.name, "same": read.email == new.email}


def file():
    return steps(sdk.api_client.ApiClient())


def host():
    sdk.configuration.host = ADDRESS
    return steps(sdk.api_client.ApiClient())


def gateway():
    client = sdk.api_client.ApiClient()
    parts = urlsplit(ADDRESS)
    client.set_gateway(parts.hostname, "http", parts.port, "company/login", "company/api")
    return steps(client)


def names():
    real = socket.getaddrinfo
    socket.getaddrinfo = lambda name, *rest, **more: real("127.0.0.1" if "cloud" in name else name, *rest, **more)
    sdk.configuration.host = f"https://api.mypurecloud.ie:{urlsplit(ADDRESS).port}"
    sdk.configuration.ssl_ca_cert = CA_FILE
    return steps(sdk.api_client.ApiClient())


class Stay(HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def code(client_id, **more):
    query = {"client_id": client_id, "redirect_uri": BACK, "response_type": "code", "state": "x", **more}
    try:
        build_opener(Stay).open(f"{ADDRESS}/oauth/authorize?{urlencode(query)}")
    except HTTPError as error:
        return parse_qs(urlsplit(error.headers["Location"]).query)["code"][0]
    raise SystemExit("no redirect")


def grants():
    sdk.configuration.host = ADDRESS
    found = {}
    client = sdk.api_client.ApiClient()
    client.get_code_authorization_token("code", "sandbox", code("code"), BACK)
    found["code"] = sdk.UsersApi(client).get_users_me().name
    before = client.access_token
    sdk.TokensApi(client).delete_tokens_me()
    found["refreshed"] = sdk.UsersApi(client).get_users_me().name
    assert client.access_token != before
    client = sdk.api_client.ApiClient()
    verifier = client.generate_pkce_code_verifier(128)
    challenge = client.compute_pkce_code_challenge(verifier)
    asked = code("pkce", code_challenge=challenge, code_challenge_method="S256")
    client.get_pkce_token("pkce", verifier, asked, BACK)
    me = sdk.UsersApi(client).get_users_me()
    found["pkce"] = me.name
    response = (
        '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">'
        '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Subject>'
        f"<NameID>{me.email}</NameID></Subject></Assertion></samlp:Response>"
    )
    encoded = base64.b64encode(response.encode()).decode()
    client = sdk.api_client.ApiClient().get_saml2bearer_token("saml2", "sandbox", "sandbox", encoded)
    found["saml2"] = sdk.UsersApi(client).get_users_me().name
    api = sdk.OAuthApi(sdk.api_client.ApiClient().get_client_credentials_token("sandbox", "sandbox"))
    new = sdk.OAuthClientRequest()
    new.name, new.authorized_grant_type = "New", "CLIENT-CREDENTIALS"
    made = api.post_oauth_clients(new)
    secret = api.post_oauth_client_secret(made.id).secret
    again = sdk.api_client.ApiClient().get_client_credentials_token(made.id, secret)
    found["made"] = sdk.TokensApi(again).get_tokens_me().o_auth_client.id == made.id
    return found


for way in WAYS.split(","):
    print(json.dumps([way, globals()[way]()]))
