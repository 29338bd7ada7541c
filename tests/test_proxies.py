"""Which proxy is used, and whether it works: the rules, and a real tinyproxy that asks for a password."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.errors import ConfigurationError, OAuthError, ProxyError, ServerError
from genesyscloud.transport import ProxySettings, TlsSettings
from genesyscloud.transport.proxies import Proxies, bypassed

from .faces import Faces
from .realparts import Tinyproxy
from .servers import Certificates, Peer, RawServer, service, unused_port

PASSWORD = "s3cret.word"
#: Leads to this machine as 127.0.0.1 does, but is not an address that the environment's proxies never apply to.
ELSEWHERE = "0.0.0.0"


# --- the rules ----------------------------------------------------------------------------------


def chosen(
    environ: dict[str, str], url: str = "https://api.a.de:443", proxy: ProxySettings | Literal[False] | None = None
) -> str:
    scheme, _, where = url.partition("://")
    host, _, port = where.rpartition(":")
    found = Proxies(proxy, environ).choose(scheme == "https", host, int(port))
    return found.url if found is not None else ""


@pytest.mark.parametrize(
    ("environ", "url", "expected"),
    [
        ({}, "https://api.a.de:443", ""),
        ({"HTTPS_PROXY": "http://p:1"}, "https://api.a.de:443", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://api.a.de:80", ""),
        ({"HTTP_PROXY": "http://p:1"}, "http://api.a.de:80", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "https://api.a.de:443", ""),
        ({"HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"}, "http://api.a.de:80", ""),
        ({"http_proxy": "http://p:1", "REQUEST_METHOD": "GET"}, "http://api.a.de:80", "http://p:1"),
        ({"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:1"}, "https://api.a.de:443", "http://low:1"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://up:1"}, "https://api.a.de:443", ""),
        ({"ALL_PROXY": "http://p:1"}, "https://api.a.de:443", "http://p:1"),
        ({"ALL_PROXY": "http://p:1", "HTTPS_PROXY": "http://q:1"}, "https://api.a.de:443", "http://q:1"),
        ({"HTTPS_PROXY": "p:3128"}, "https://api.a.de:443", "http://p:3128"),
        ({"HTTPS_PROXY": " http://p:1 "}, "https://api.a.de:443", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.de"}, "https://api.a.de:443", ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.de:8443"}, "https://api.a.de:443", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "", "NO_PROXY": "*"}, "https://api.a.de:443", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "http://127.0.0.1:8090", ""),
        ({"HTTP_PROXY": "http://p:1"}, "http://localhost:8090", ""),
        ({"HTTP_PROXY": "http://p:1"}, "http://x.localhost:8090", ""),
        ({"HTTP_PROXY": "http://p:1"}, "http://::1:8090", ""),
    ],
)
def test_the_environment_chooses(environ: dict[str, str], url: str, expected: str) -> None:
    assert chosen(environ, url) == expected


def test_code_comes_before_the_environment() -> None:
    environ = {"HTTPS_PROXY": "http://env:1", "NO_PROXY": "b.de"}
    own = ProxySettings("http://own:1")
    assert chosen(environ, proxy=own) == "http://own:1"
    assert chosen(environ, proxy=False) == ""
    assert chosen(environ, "http://127.0.0.1:80", own) == "http://own:1"
    assert chosen(environ, "https://api.b.de:443", own) == ""
    assert chosen(environ, "https://api.b.de:443", ProxySettings("http://own:1", no_proxy=())) == "http://own:1"
    assert chosen(environ, "https://api.c.de:443", ProxySettings("http://own:1", no_proxy=["b.de", "c.de"])) == ""


@pytest.mark.parametrize(
    ("no_proxy", "host", "port", "expected"),
    [
        ("", "api.a.de", 443, False),
        ("*", "api.a.de", 443, True),
        ("a.de", "api.a.de", 443, True),
        ("a.de", "a.de", 443, True),
        ("a.de", "xa.de", 443, False),
        (".a.de", "api.a.de", 443, True),
        ("*.a.de", "api.a.de", 443, True),
        ("A.DE", "api.a.de.", 443, True),
        ("b.de,a.de:443", "api.a.de", 443, True),
        ("b.de a.de:444", "api.a.de", 443, False),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "api.a.de", 443, False),
        ("10.1.2.3/8", "10.9.9.9", 443, True),
        ("10.0.0.0/99", "10.1.2.3", 443, False),
        ("10.1.2.3", "10.1.2.3", 443, True),
        ("10.1.2.3:443", "10.1.2.3", 443, True),
        ("2.3", "10.1.2.3", 443, False),
        ("::1", "::1", 443, True),
        ("[::1]:443", "::1", 443, True),
        ("0:0:0:0:0:0:0:1", "::1", 443, True),
        ("fe80::/10", "fe80::7", 443, True),
        (".", "api.a.de", 443, False),
        (",,", "api.a.de", 443, False),
    ],
)
def test_exceptions(no_proxy: str, host: str, port: int, expected: bool) -> None:
    assert bypassed(no_proxy, host, port) is expected


@given(st.text(), st.sampled_from(["api.a.de", "10.1.2.3", "::1"]), st.integers(1, 65535))
def test_any_list_of_exceptions_is_survived(no_proxy: str, host: str, port: int) -> None:
    assert bypassed(f"{no_proxy},{host}", host, port)
    assert bypassed(no_proxy, host, port) in (True, False)


@given(st.text())
def test_a_variable_that_cannot_be_used_says_so_without_its_password(value: str) -> None:
    environ = {"HTTPS_PROXY": f"socks5://user:geheim@{value}"}
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY must be http") as caught:
        chosen(environ)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "p", "p:1", "ftp://p:1", "http://", "http://p:0", "http://p:x", "http://:1"])
def test_settings_that_cannot_be_used(url: str) -> None:
    with pytest.raises(ConfigurationError, match="http://host:port"):
        ProxySettings(url)


@pytest.mark.parametrize("username", ["user", "us er", "über", "a@b"])
@pytest.mark.parametrize("password", ["", "pass", "p:w", "p@ss/%41", "пароль"])
def test_credentials_are_the_same_in_either_form(username: str, password: str) -> None:
    expected = {"Proxy-Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}
    assert ProxySettings("http://p:1", username=username, password=password).headers() == expected
    in_url = ProxySettings(f"http://{quote(username, safe='')}:{quote(password, safe='')}@p:1")
    assert in_url.headers() == expected
    assert ProxySettings(in_url.url, username="other", password="x").headers() != expected


# --- a real proxy -------------------------------------------------------------------------------


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Tinyproxy]:
    with Tinyproxy(tmp_path, "user", PASSWORD) as proxy:
        yield proxy


def settings(proxy: Tinyproxy, password: str = PASSWORD, **options: Any) -> ProxySettings:
    return ProxySettings(proxy.url, username="user" if password else "", password=password, **options)


def me(gc: Any) -> Any:
    return gc.users.get_users_me()


def test_calls_and_logins_go_through_a_proxy(faces: Faces, proxy: Tinyproxy) -> None:
    with RawServer(service) as server:
        face = faces(region=server.url, proxy=settings(proxy))
        assert face(me).name == "/api/v2/users/me"
        assert face(lambda gc: gc.routing.post_routing_queues({"name": "q"})).name == "/api/v2/routing/queues"
        assert server.lines == ["POST /oauth/token", "GET /api/v2/users/me", "POST /api/v2/routing/queues"]
        assert len(proxy.requests) == 3
        assert not any(b"proxy-authorization" in request.lower() for request in server.requests)


def test_calls_over_tls_go_through_a_proxy_in_a_tunnel(
    faces: Faces, proxy: Tinyproxy, certificates: Certificates
) -> None:
    with RawServer(service, certificates.server()) as server:
        face = faces(region=server.url, proxy=settings(proxy), tls=TlsSettings(ca_file=certificates.ca_file))
        assert face(me).name == "/api/v2/users/me"
        assert face(me).name == "/api/v2/users/me"
        # One tunnel, kept for all three requests.
        assert proxy.requests == [f"CONNECT {server.where} HTTP/1.1"]
        assert len(server.requests) == 3


def test_a_proxy_without_a_password(faces: Faces, tmp_path: Path) -> None:
    with Tinyproxy(tmp_path) as proxy, RawServer(service) as server:
        assert faces(region=server.url, proxy=ProxySettings(proxy.url))(me).name == "/api/v2/users/me"
        assert len(proxy.requests) == 2


@pytest.mark.parametrize("password", ["wrong", ""])
@pytest.mark.parametrize("tls", [False, True])
def test_a_wrong_password_of_a_proxy(
    faces: Faces, proxy: Tinyproxy, certificates: Certificates, password: str, tls: bool
) -> None:
    with RawServer(service, certificates.server() if tls else None) as server:
        trusted = TlsSettings(ca_file=certificates.ca_file)
        face = faces(region=server.url, proxy=settings(proxy, password), tls=trusted)
        with pytest.raises(ProxyError, match="check its user and password") as caught:
            face(lambda gc: gc.routing.post_routing_queues({"name": "q" * 10_000}))
        error = caught.value
        assert error.status == (401 if password else 407)
        assert error.operation == "post_routing_queues"
        assert not error.sent
        assert proxy.where in str(error)
        assert not password or password not in str(error)
        assert len(proxy.requests) == 1, "a password does not become right by asking again"
        assert not server.requests


def test_a_401_of_the_service_is_not_taken_for_one_of_the_proxy(faces: Faces, tmp_path: Path) -> None:
    def refuse(peer: Peer) -> None:
        while peer.read_request():
            peer.reply(b'{"error": "invalid_client"}', "401 Unauthorized", "Content-Type: application/json")

    with Tinyproxy(tmp_path) as proxy, RawServer(refuse) as server:
        face = faces(region=server.url, proxy=ProxySettings(proxy.url))
        with pytest.raises(OAuthError, match="invalid_client"):
            face(me)


def test_a_host_that_the_proxy_cannot_reach(faces: Faces, proxy: Tinyproxy) -> None:
    where = f"127.0.0.1:{unused_port()}"
    options: dict[str, Any] = {"proxy": settings(proxy), "retry": False}
    with pytest.raises(ProxyError, match=f"refused the way to {where}: status 500"):
        faces(region=f"https://{where}", **options)(me)
    with pytest.raises(ServerError, match="Unable to connect"):
        # Over plain HTTP the proxy's answer is all that there is.
        faces(region=f"http://{where}", **options)(lambda gc: gc.request("GET", "/x", headers={"Authorization": "x"}))


def test_a_host_that_the_proxy_does_not_allow(faces: Faces, tmp_path: Path) -> None:
    with Tinyproxy(tmp_path, "", "", "ConnectPort 1") as proxy:
        face = faces(region="https://127.0.0.1:2", proxy=ProxySettings(proxy.url))
        with pytest.raises(ProxyError, match="status 403; it does not allow this host or port"):
            face(me)
        assert len(proxy.requests) == 1


def test_paths_for_logins_and_for_others(faces: Faces, proxy: Tinyproxy) -> None:
    with RawServer(service) as server:
        paths = settings(proxy, path_params_login="/out/login/", path_params_api="out/api")
        face = faces(region=server.url, proxy=paths)
        assert face(me).name == "/out/api/api/v2/users/me"
        assert server.lines == ["POST /out/login/oauth/token", "GET /out/api/api/v2/users/me"]


@pytest.mark.parametrize("tls", [False, True])
def test_proxies_of_the_environment(
    faces: Faces, proxy: Tinyproxy, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    variable = "HTTPS_PROXY" if tls else "HTTP_PROXY"
    monkeypatch.setenv(variable, f"http://user:{PASSWORD}@{proxy.where}")
    with RawServer(service, certificates.server(ELSEWHERE) if tls else None) as server:
        options: dict[str, Any] = {"tls": TlsSettings(ca_file=certificates.ca_file)}
        elsewhere = server.url.replace("127.0.0.1", ELSEWHERE)
        assert faces(region=elsewhere, **options)(me).name == "/api/v2/users/me"
        through = len(proxy.requests)
        assert through == (1 if tls else 2)
        # This machine itself, an exception, and the choice of code.
        if not tls:
            faces(region=server.url)(me)
        faces(region=elsewhere, proxy=False, **options)(me)
        monkeypatch.setenv("NO_PROXY", f"example.com,{ELSEWHERE}:{server.port}")
        faces(region=elsewhere, **options)(me)
        assert len(proxy.requests) == through
        monkeypatch.setenv("NO_PROXY", f"{ELSEWHERE}:1")
        monkeypatch.setenv(variable, f"http://user:wrong@{proxy.where}")
        with pytest.raises(ProxyError, match="password"):
            faces(region=elsewhere, **options)(me)
