"""Base URLs behind a gateway, by the rules that the vendor's SDKs share."""

from __future__ import annotations

from typing import Any

import pytest

from genesyscloud.errors import ConfigurationError
from genesyscloud.gateway import base_urls, path_on, websocket_url
from genesyscloud.regions import Hosts
from genesyscloud.sections import GatewaySettings
from genesyscloud.transport import ProxySettings

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
