"""One port that is every host of Genesys Cloud, behind any path, over HTTP and HTTPS."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request as UrlRequest
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud import ClientCredentials, GenesysCloud, TlsSettings
from genesyscloud.http import Headers
from genesyscloud.regions import REGIONS
from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.certificates import names_of
from genesyscloud.sandbox.crud import Call
from genesyscloud.sandbox.urls import Place as Address
from genesyscloud.sandbox.urls import locate, split_prefix
from genesyscloud.sections import GatewaySettings

from .logins import FORM, Place
from .realparts import Nginx

LOGIN = b"grant_type=client_credentials&client_id=sandbox&client_secret=sandbox"


# --- paths --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "prefix", "rest"),
    [
        ("/api/v2/users/me", "", "/api/v2/users/me"),
        ("/gw/api/v2/users/me", "/gw", "/api/v2/users/me"),
        ("/a/b/c/api/v2/oauth/clients", "/a/b/c", "/api/v2/oauth/clients"),
        ("/login/api/v2/uploads/x", "/login", "/api/v2/uploads/x"),
        ("//api/v2/users", "", "/api/v2/users"),
        ("/oauth/token", "", "/oauth/token"),
        ("/x/y/oauth/token", "/x/y", "/oauth/token"),
        ("/login/oauth/token", "/login", "/oauth/token"),
        ("/gw/oauth/authorize", "/gw", "/oauth/authorize"),
        ("/gw/logout", "/gw", "/logout"),
        ("/gw/uploads/v2/contactlist", "/gw", "/uploads/v2/contactlist"),
        ("/gw/channels/abc", "/gw", "/channels/abc"),
        ("/nothing/here", "", "/nothing/here"),
        ("/gw/oauth/token/more", "", "/gw/oauth/token/more"),
        ("/<b>/api/v2/users", "", "/<b>/api/v2/users"),
        ("", "", ""),
    ],
)
def test_prefixes_are_taken_off(path: str, prefix: str, rest: str):
    assert split_prefix(path) == (prefix, rest)


def test_only_known_prefixes_when_they_are_set():
    assert split_prefix("/gw/api/v2/users", ["/gw/"]) == ("/gw", "/api/v2/users")
    assert split_prefix("/other/api/v2/users", ["/gw"]) == ("", "/other/api/v2/users")
    assert split_prefix("/api/v2/users", ["/gw"]) == ("", "/api/v2/users")
    place = Place(prefixes=["/gw"])
    token = place.sandbox.access_token()
    assert place.api(token, "GET", "/gw/api/v2/users/me").status == 200
    assert place.api(token, "GET", "/other/api/v2/users/me").status == 404


@given(st.text(max_size=40), st.sampled_from(["/api/v2/users", "/oauth/token", "/channels/1", "/x", ""]))
def test_every_path_is_taken_apart_without_loss(text: str, rest: str):
    path = f"/{text}{rest}"
    prefix, found = split_prefix(path)
    assert path.endswith(found)
    assert path[: len(path) - len(found)].rstrip("/") == prefix


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_no_url_breaks_it_and_no_host_is_repeated_unread(url: str, host: str, forwarded: str):
    headers = Headers([("Host", host), ("X-Forwarded-Host", forwarded), ("X-Forwarded-Prefix", forwarded)])
    place, _, _ = locate(url, headers)
    assert place.scheme in ("http", "https")
    assert not set(place.base()) & set(" <>\"'\r\n\\")


def test_login_and_api_behind_different_paths():
    place = Place()
    reply = place.send("POST", "/company/login/oauth/token", LOGIN, content_type=FORM)
    token = json.loads(reply.body)["access_token"]
    assert place.api(token, "GET", "/company/api/api/v2/users/me").status == 200


# --- hosts and links ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "headers", "base", "apps", "websocket"),
    [
        ("/api/v2/users", {}, "http://sandbox.local", "http://sandbox.local", "ws://sandbox.local"),
        (
            "http://127.0.0.1:80/gw/api/v2/users", {}, "http://127.0.0.1:80/gw", "http://127.0.0.1:80/gw",
            "ws://127.0.0.1:80/gw",
        ),
        (
            "https://api.mypurecloud.de/api/v2/users", {}, "https://api.mypurecloud.de", "https://apps.mypurecloud.de",
            "wss://streaming.mypurecloud.de",
        ),
        (
            "/api/v2/users", {"host": "API.usw2.pure.cloud:8443"}, "http://API.usw2.pure.cloud:8443",
            "http://API.usw2.pure.cloud:8443", "ws://API.usw2.pure.cloud:8443",
        ),
        (
            "http://127.0.0.1:80/api/v2/users",
            {"x-forwarded-proto": "https, http", "x-forwarded-host": "gw.example", "x-forwarded-prefix": "/genesys/"},
            "https://gw.example/genesys", "https://gw.example/genesys", "wss://gw.example/genesys",
        ),
        ("/api/v2/users", {"host": "<script>"}, "http://sandbox.local", "http://sandbox.local", "ws://sandbox.local"),
        ("http://[::1]:80/api/v2/users", {}, "http://[::1]:80", "http://[::1]:80", "ws://[::1]:80"),
    ],
)  # fmt: skip
def test_links_go_by_the_way_of_the_request(url: str, headers: dict[str, str], base: str, apps: str, websocket: str):
    place, path, _ = locate(url, Headers(headers.items()))
    assert path == "/api/v2/users"
    assert (place.base(), place.base("apps"), place.websocket()) == (base, apps, websocket)


def _call(sandbox: Sandbox, place: Address) -> Call:
    record, values, _ = sandbox.router.find("GET", "/api/v2/users/me")
    assert record is not None
    return Call(record, record.path, values, {}, [], None, "", place)


def test_who_calls_in_process_is_sent_to_the_server():
    with Sandbox() as sandbox:
        call = _call(sandbox, Address())
        assert sandbox.urls.base(call) == "http://sandbox.local"
        address = sandbox.serve()
        assert sandbox.urls.base(call, "apps") == address
        assert sandbox.urls.websocket(call) == address.replace("http", "ws")
        elsewhere = _call(sandbox, Address("https", "api.mypurecloud.ie", "/gw"))
        assert sandbox.urls.base(elsewhere, "login") == "https://login.mypurecloud.ie/gw"


# --- over sockets -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        sandbox.serve(https=True, names=["my-pc.example"])
        yield sandbox


def _ask(sandbox: Sandbox, host: str, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> Any:
    """Ask the server under another host name, as after name resolution, and check its certificate for that name."""
    port = urlsplit(sandbox.address).port
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    connection = _Elsewhere(host, port or 0, context)
    try:
        connection.request(method, path, body or None, headers)
        reply = connection.getresponse()
        data = reply.read()
        return reply.status, json.loads(data) if data else None, Headers(reply.getheaders())
    finally:
        connection.close()


class _Elsewhere(http.client.HTTPSConnection):
    """A connection to 127.0.0.1 whatever the name."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=30, context=context)
        self._tls = context

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), 30)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def _log_in(sandbox: Sandbox, host: str) -> str:
    status, body, _ = _ask(sandbox, host, "/oauth/token", "POST", LOGIN, **{"Content-Type": FORM})
    assert status == 200
    return body["access_token"]


def test_every_region_answers_on_one_port(served: Sandbox):
    domains = list(REGIONS.values())
    assert len(domains) == 18
    for domain in domains:
        token = _log_in(served, f"login.{domain}")
        status, body, _ = _ask(served, f"api.{domain}", "/api/v2/users/me", Authorization=f"Bearer {token}")
        assert (status, body["name"]) == (200, "Sandbox Admin")


def test_the_certificate_is_for_every_name(served: Sandbox):
    for host in ("localhost", "127.0.0.1", "my-pc.example", "streaming.mypurecloud.jp", "apps.use2.us-gov-pure.cloud"):
        assert _ask(served, host, "/api/v2/users/me")[0] == 401
    with pytest.raises(ssl.SSLCertVerificationError):
        _ask(served, "api.example.com", "/api/v2/users/me")
    assert "0.0.0.0" not in names_of(["0.0.0.0"])
    assert "::" not in names_of(["::", ""])


def test_our_client_speaks_to_it_over_https(served: Sandbox):
    auth = ClientCredentials("sandbox", "sandbox")
    with GenesysCloud(auth=auth, region=served.address, tls=TlsSettings(ca_file=served.ca_file)) as gc:
        assert gc.users.get_users_me().name == "Sandbox Admin"


def test_the_file_of_the_authority_goes_with_the_sandbox(tmp_path: Path):
    kept = tmp_path / "ca.pem"
    with Sandbox() as sandbox:
        with pytest.raises(RuntimeError, match="serve\\(https=True\\)"):
            _ = sandbox.ca_file
        sandbox.serve(https=True, ca_file=str(kept))
        assert sandbox.ca_file == str(kept)
        assert sandbox.address.startswith("https://127.0.0.1:")
    assert kept.read_text().startswith("-----BEGIN CERTIFICATE-----")
    with Sandbox() as sandbox:
        sandbox.serve(https=True)
        made = Path(sandbox.ca_file)
        assert made.exists()
    assert not made.exists()


def test_plain_http_behind_a_path():
    with Sandbox() as sandbox:
        address = sandbox.serve()
        with urlopen(UrlRequest(f"{address}/x/y/oauth/token", LOGIN), timeout=30) as reply:
            token = json.loads(reply.read())["access_token"]
        asked = UrlRequest(f"{address}/some/gateway/path/api/v2/users/me", headers={"Authorization": f"Bearer {token}"})
        with urlopen(asked, timeout=30) as reply:
            assert json.loads(reply.read())["name"] == "Sandbox Admin"


def test_a_request_as_proxies_get_it():
    with Sandbox() as sandbox:
        parts = urlsplit(sandbox.serve())
        connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=30)
        connection.request("POST", "http://login.mypurecloud.ie/oauth/token", LOGIN, {"Content-Type": FORM})
        assert connection.getresponse().status == 200
        connection.close()


def test_our_client_through_a_gateway_path():
    with Sandbox() as sandbox:
        parts = urlsplit(sandbox.serve())
        gateway = GatewaySettings("127.0.0.1", protocol="http", port=parts.port or 0,
                                  path_params_login="/company/login", path_params_api="/company/api")  # fmt: skip
        auth = ClientCredentials("sandbox", "sandbox")
        with GenesysCloud(auth=auth, region="mypurecloud.ie", gateway=gateway) as gc:
            assert gc.routing.get_routing_queues(page_size=1).total == 250


def test_links_lead_back_through_a_gateway(tmp_path: Path):
    def where(sandbox: Sandbox, call: Call) -> Any:
        return {"id": "x", "name": sandbox.urls.base(call, "apps"), "email": sandbox.urls.websocket(call)}

    with Sandbox() as sandbox:
        address = sandbox.serve()
        sandbox.handlers["get_users_me"] = where
        token = sandbox.access_token()
        rules = f"""
            location /genesys/ {{ proxy_pass {address}/; proxy_set_header X-Forwarded-Host $http_host;
                                  proxy_set_header X-Forwarded-Prefix /genesys; }}
            location /whole/ {{ proxy_pass {address}; proxy_set_header Host $http_host; }}
            location /plain/ {{ proxy_pass {address}/; }}
        """
        with Nginx(tmp_path, rules) as nginx:
            for path, base in (
                ("/genesys", f"{nginx.url}/genesys"),
                ("/whole/path", f"{nginx.url}/whole/path"),
                ("/plain", address),
            ):
                asked = UrlRequest(f"{nginx.url}{path}/api/v2/users/me", headers={"Authorization": f"Bearer {token}"})
                with urlopen(asked, timeout=30) as reply:
                    found = json.loads(reply.read())
                assert (found["name"], found["email"]) == (base, base.replace("http", "ws")), path


# --- from browsers ------------------------------------------------------------------------------


def test_pages_of_other_origins_may_call():
    place = Place()
    asked: dict[str, Any] = {"origin": "https://app.example", "access_control_request_method": "PATCH",
             "access_control_request_headers": "authorization,content-type"}  # fmt: skip
    reply = place.send("OPTIONS", "/api/v2/users/me", **asked)
    assert reply.status == 204
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "PATCH" in reply.headers["access-control-allow-methods"]
    assert reply.headers["access-control-allow-headers"] == "authorization,content-type"
    token = place.sandbox.access_token()
    for _ in range(2):  # the second answer is one that was remembered
        reply = place.send(
            "GET", "/api/v2/routing/queues", authorization=f"Bearer {token}", origin="https://app.example"
        )
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "ININ-Correlation-Id" in reply.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in place.send("GET", "/api/v2/users/me").headers
    assert place.send("OPTIONS", "/api/v2/users/me").status == 405
