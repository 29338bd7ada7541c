"""Base URLs behind a gateway, by the rules that the vendor's SDKs share."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from genesyscloud.errors import ApiError, ConfigurationError, NotFound
from genesyscloud.gateway import base_urls, path_on, websocket_url
from genesyscloud.regions import Hosts
from genesyscloud.sections import GatewaySettings
from genesyscloud.transport import ProxySettings, TlsSettings

from .faces import Faces
from .realparts import Nginx
from .servers import Certificates, Peer, RawServer, service

HOSTS = Hosts("https://api.mypurecloud.ie", "https://login.mypurecloud.ie")


def test_without_a_gateway_the_hosts_are_those_of_the_service() -> None:
    assert base_urls(HOSTS) == HOSTS


@pytest.mark.parametrize(
    ("settings", "api", "login"),
    [
        ({"host": "gw.example.com"}, "https://gw.example.com", "https://gw.example.com"),
        ({"host": "GW.example.com", "protocol": "http"}, "http://gw.example.com", "http://gw.example.com"),
        ({"host": "gw", "port": 1443}, "https://gw:1443", "https://gw:1443"),
        ({"host": "gw", "port": 443}, "https://gw", "https://gw"),
        ({"host": "gw", "protocol": "http", "port": 443}, "http://gw:443", "http://gw:443"),
        ({"host": "::1", "port": 8443}, "https://[::1]:8443", "https://[::1]:8443"),
        ({"host": "gw", "path_params_api": "a", "path_params_login": "l"}, "https://gw/a", "https://gw/l"),
        ({"host": "gw", "path_params_api": "/a/b/", "path_params_login": " /l// "}, "https://gw/a/b", "https://gw/l"),
        ({"host": "gw", "path_params_api": "/", "path_params_login": "//"}, "https://gw", "https://gw"),
        ({"host": "gw", "path_params_api": "a%20b"}, "https://gw/a%20b", "https://gw"),
    ],
)
def test_a_gateway_takes_the_place_of_the_hosts(settings: dict[str, Any], api: str, login: str) -> None:
    assert base_urls(HOSTS, GatewaySettings(**settings)) == Hosts(api, login)


def test_paths_of_a_proxy_come_first() -> None:
    proxy = ProxySettings("http://proxy:3128", path_params_login="out/login", path_params_api="/out/api")
    assert base_urls(HOSTS, None, proxy) == Hosts(
        "https://api.mypurecloud.ie/out/api", "https://login.mypurecloud.ie/out/login"
    )
    both = base_urls(HOSTS, GatewaySettings("gw", path_params_api="g"), proxy)
    assert both == Hosts("https://gw/out/api/g", "https://gw/out/login")


@pytest.mark.parametrize("path", ["a b", "a?b", "a#b", "a%2", "ä", "a\nb", "https://x/"[:7] + "?x"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError, match="gateway: path_params_api"):
        base_urls(HOSTS, GatewaySettings("gw", path_params_api=path))


def test_a_host_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="gateway"):
        base_urls(HOSTS, GatewaySettings("gw:8443"))


def test_websockets_stay_where_they_are_unless_a_path_is_given() -> None:
    url = "wss://streaming.mypurecloud.ie/channels/x?y=1"
    assert websocket_url(url, None) == url
    assert websocket_url(url, GatewaySettings("gw")) == url
    assert websocket_url(url, GatewaySettings("gw", path_params_websocket="")) == "wss://gw/channels/x?y=1"
    through = GatewaySettings("gw", protocol="http", port=8080, path_params_websocket="/ws/")
    assert websocket_url("wss://streaming.mypurecloud.ie/channels/x", through) == "ws://gw:8080/ws/channels/x"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/api/v2/users", "/api/v2/users"),
        ("/api/v2/users?next=https://evil.example/", "/api/v2/users?next=https://evil.example/"),
        ("https://gw/p/api/v2/users?a=1", "/api/v2/users?a=1"),
        ("HTTPS://GW/p", "/"),
        ("https://api.mypurecloud.ie/api/v2/users", "/api/v2/users"),
        ("https://api.mypurecloud.ie", "/"),
    ],
)
def test_links_of_the_api_are_followed_through_the_gateway(url: str, path: str) -> None:
    assert path_on(url, "https://gw/p", HOSTS.api) == path


@pytest.mark.parametrize(
    "url", ["https://evil.example/api/v2/users", "http://api.mypurecloud.ie/x", "https://gw/prefix/x", "https://gw/x"]
)
def test_links_that_leave_are_not(url: str) -> None:
    with pytest.raises(ConfigurationError, match="must not see the token"):
        path_on(url, "https://gw/p", HOSTS.api)


@pytest.mark.parametrize("host", ["", "https://gw", "gw/path", "user@gw", "gw?x", "g w"])
def test_a_host_of_a_gateway_is_a_host(host: str) -> None:
    with pytest.raises(ConfigurationError, match="gateway: host"):
        GatewaySettings(host)


@pytest.mark.parametrize(
    "settings", [{"protocol": "ftp"}, {"protocol": ""}, {"port": 0}, {"port": -2}, {"port": 65536}]
)
def test_settings_that_cannot_be_used(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=f"gateway: {next(iter(settings))}"):
        GatewaySettings("gw", **settings)


def test_a_password_of_a_gateway_is_not_shown() -> None:
    assert "geheim" not in repr(GatewaySettings("gw", username="u", password="geheim"))


# --- a real gateway -----------------------------------------------------------------------------

#: What nginx does as a gateway: two paths lead on, without their prefix; nothing else does.
ROUTES = """
    location /genesys/login/ {{ proxy_pass http://{upstream}/; }}
    location /genesys/api/ {{ proxy_pass http://{upstream}/; }}
    location / {{ return 421; }}
"""


def gateway_of(nginx: Nginx, **options: Any) -> GatewaySettings:
    paths = {"path_params_login": "genesys/login", "path_params_api": "/genesys/api/"}
    return GatewaySettings("127.0.0.1", nginx.url.partition(":")[0], nginx.port, **{**paths, **options})


def test_calls_and_logins_go_through_a_gateway(faces: Faces, tmp_path: Path) -> None:
    with RawServer(service) as server, Nginx(tmp_path, ROUTES.format(upstream=server.where)) as nginx:
        face = faces(region="eu_west_1", gateway=gateway_of(nginx))
        assert face(lambda gc: gc.users.get_users_me(expand=["a", "b"])).name == "/api/v2/users/me?expand=a%2Cb"
        assert face(lambda gc: gc.routing.post_routing_queues({"name": "ä" * 9000})).name == "/api/v2/routing/queues"
        # A link that the service put into a reply names its own host.
        link = "https://api.mypurecloud.ie/api/v2/users?pageNumber=2"
        assert face(lambda gc: gc.request("GET", link)).value["name"] == "/api/v2/users?pageNumber=2"
        assert server.lines == [
            "POST /oauth/token",
            "GET /api/v2/users/me?expand=a%2Cb",
            "POST /api/v2/routing/queues",
            "GET /api/v2/users?pageNumber=2",
        ]


def test_a_path_that_the_gateway_does_not_know(faces: Faces, tmp_path: Path) -> None:
    with RawServer(service) as server, Nginx(tmp_path, ROUTES.format(upstream=server.where)) as nginx:
        with pytest.raises(ApiError, match="421"):
            faces(region="eu_west_1", gateway=gateway_of(nginx, path_params_api="other"))(
                lambda gc: gc.call("getUsersMe")
            )
        assert server.lines == ["POST /oauth/token"]


def test_a_gateway_whose_service_is_away(faces: Faces, tmp_path: Path) -> None:
    def only_logins(peer: Peer) -> None:
        if b"/oauth/token" in peer.read_request():
            peer.reply(b'{"access_token": "t"}')
        else:
            peer.reset()

    with RawServer(only_logins) as server, Nginx(tmp_path, ROUTES.format(upstream=server.where)) as nginx:
        face = faces(region="eu_west_1", gateway=gateway_of(nginx))
        with pytest.raises(ApiError, match="502 Bad Gateway") as caught:
            face(lambda gc: gc.call("postRoutingQueues", {"name": "q"}))
        assert caught.value.status == 502
        assert server.lines.count("POST /api/v2/routing/queues") == 1


def test_a_gateway_that_wants_a_certificate(faces: Faces, tmp_path: Path, certificates: Certificates) -> None:
    own = certificates.server_file()
    demands = f"""
        ssl_certificate {own}; ssl_certificate_key {own};
        ssl_client_certificate {certificates.ca_file}; ssl_verify_client on;
    """
    with (
        RawServer(service) as server,
        Nginx(tmp_path, demands + ROUTES.format(upstream=server.where), tls=True) as nginx,
    ):
        tls = TlsSettings(ca_file=certificates.ca_file, cert_file=certificates.client_file)
        face = faces(region="eu_west_1", gateway=gateway_of(nginx), tls=tls)
        assert face(lambda gc: gc.call("getUsersMe")).name == "/api/v2/users/me"
        assert len(server.requests) == 2


def test_not_found_is_not_found_also_behind_a_gateway(faces: Faces, tmp_path: Path) -> None:
    def refuse(peer: Peer) -> None:
        while request := peer.read_request():
            if b"/oauth/token" in request:
                peer.reply(b'{"access_token": "t"}')
            else:
                peer.reply(b'{"code": "not.found"}', "404 Not Found", "ININ-Correlation-Id: c-7")

    with RawServer(refuse) as server, Nginx(tmp_path, ROUTES.format(upstream=server.where)) as nginx:
        with pytest.raises(NotFound) as caught:
            faces(region="eu_west_1", gateway=gateway_of(nginx))(lambda gc: gc.call("getUser", "x/y"))
        assert (caught.value.code, caught.value.correlation_id) == ("not.found", "c-7")


def test_websockets_through_a_gateway(tmp_path: Path) -> None:
    def echo(connection: ServerConnection) -> None:
        assert connection.request is not None
        connection.send(connection.request.path)

    with serve(echo, "127.0.0.1", 0) as streaming:
        thread = threading.Thread(target=streaming.serve_forever)
        thread.start()
        upstream = f"127.0.0.1:{streaming.socket.getsockname()[1]}"
        route = f"""
            location /genesys/ws/ {{
                proxy_pass http://{upstream}/; proxy_http_version 1.1;
                proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
            }}"""
        with Nginx(tmp_path, route) as nginx:
            url = websocket_url(
                "wss://streaming.mypurecloud.ie/channels/c-1?a=b",
                gateway_of(nginx, path_params_websocket="genesys/ws"),
            )
            with connect(url) as socket:
                assert socket.recv(5) == "/channels/c-1?a=b"
        streaming.shutdown()
        thread.join(5)
