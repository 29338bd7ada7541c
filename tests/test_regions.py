from __future__ import annotations

import pytest

from genesyscloud.errors import ConfigurationError
from genesyscloud.regions import REGIONS, Hosts, resolve

IRELAND = Hosts("https://api.mypurecloud.ie", "https://login.mypurecloud.ie")


@pytest.mark.parametrize(
    "spelling",
    [
        "eu_west_1", "eu-west-1", "EU-WEST-1", " Eu_West-1 ", "mypurecloud.ie", "api.mypurecloud.ie",
        "login.mypurecloud.ie", "apps.mypurecloud.ie", "https://api.mypurecloud.ie", "https://api.mypurecloud.ie/",
        "https://apps.mypurecloud.ie//", "https://mypurecloud.ie", "HTTPS://API.MyPureCloud.ie/",
        "https://api.mypurecloud.ie:443/",
    ],
)  # fmt: skip
def test_spellings(spelling: str) -> None:
    assert resolve(spelling) == IRELAND


@pytest.mark.parametrize(("key", "domain"), REGIONS.items())
def test_every_region_by_key_and_domain(key: str, domain: str) -> None:
    expected = Hosts(f"https://api.{domain}", f"https://login.{domain}")
    assert resolve(key) == resolve(domain) == resolve(f"https://login.{domain}/") == expected


def test_there_are_eighteen() -> None:
    assert len(REGIONS) == 18


@pytest.mark.parametrize("spelling", ["new1.pure.cloud", "api.new1.pure.cloud", "https://apps.new1.pure.cloud/"])
def test_domains_newer_than_this_package(spelling: str) -> None:
    assert resolve(spelling) == Hosts("https://api.new1.pure.cloud", "https://login.new1.pure.cloud")


@pytest.mark.parametrize(
    ("spelling", "origin"),
    [
        ("localhost", "http://localhost"),
        ("localhost:8080", "http://localhost:8080"),
        ("127.0.0.1:9", "http://127.0.0.1:9"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://localhost:8443", "https://localhost:8443"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("http://sandbox:8080", "http://sandbox:8080"),
        ("sandbox.example:8443", "https://sandbox.example:8443"),
        ("http://sandbox.example", "http://sandbox.example"),
        # Not the machine itself: credentials do not go there in clear text unless asked to.
        ("10.0.0.5", "https://10.0.0.5"),
    ],
)
def test_hosts_taken_literally(spelling: str, origin: str) -> None:
    assert resolve(spelling) == Hosts(origin, origin)


def test_login_host_wins() -> None:
    assert resolve("localhost:1", login_host="http://localhost:2") == Hosts("http://localhost:1", "http://localhost:2")
    assert resolve("eu_west_1", login_host="login.example.org").login == "https://login.example.org"


def test_api_host_is_literal_and_wins() -> None:
    gateway = "https://gw.example.org"
    assert resolve("eu_west_1", api_host="gw.example.org") == Hosts(gateway, gateway)
    assert resolve(api_host="https://api.example.org/").login == "https://login.example.org"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("eu_west_9", "eu_west_"),
        ("mypurecloud", "mypurecloud"),
        ("production", "us_east_1"),
        ("", "give a region"),
        ("   ", "region"),
        ("ftp://api.mypurecloud.ie", "http"),
        ("https://api.mypurecloud.ie/api/v2", "without"),
        ("https://api.mypurecloud.ie?x=1", "host only"),
        ("api.mypurecloud.ie:99999", "not a host"),
        ("a b.c", "not a region"),
        ("mypurecloud..ie", "not a region"),
        ("https://[::1", "not a host"),
        ("evil.example\r\nX: y", "not a host"),
    ],
)
def test_nonsense_is_named(value: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        resolve(value)


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve("https://user:hunter2@api.mypurecloud.ie")
    assert "hunter2" not in str(caught.value)
