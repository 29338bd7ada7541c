# pyright: reportPrivateUsage=false

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys
from math import inf, nan

import pytest

import genesyscloud
from genesyscloud import GenesysCloud, RetryPolicy, Timeouts
from genesyscloud.auth import AccessToken, ClientCredentials
from genesyscloud.config import VARIABLES, Settings, checked_headers, environment_auth
from genesyscloud.errors import ConfigurationError

from .engine import CREDENTIALS, ME, FakeTransport, client, reply, token


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for names in VARIABLES.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)


FAMILIES = [
    ("GENESYSCLOUD_OAUTHCLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_SECRET", "GENESYSCLOUD_REGION"),
    ("GENESYS_CLOUD_CLIENT_ID", "GENESYS_CLOUD_CLIENT_SECRET", "GENESYS_CLOUD_REGION"),
]


@pytest.mark.parametrize("names", FAMILIES)
@pytest.mark.parametrize("make", [GenesysCloud, GenesysCloud.from_env])
def test_both_families_of_variables(
    names: tuple[str, ...], make: type[GenesysCloud], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in zip(names, ("the-id", "the-secret", "eu_central_1"), strict=True):
        monkeypatch.setenv(name, value)
    assert repr(make()) == "<GenesysCloud https://api.mypurecloud.de ClientCredentials(client_id='the-id')>"


def test_the_first_family_wins_and_empty_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for (own, other), value in zip(zip(*FAMILIES, strict=True), ("i", "s", "us_west_2"), strict=True):
        monkeypatch.setenv(own, value)
        monkeypatch.setenv(other, "other")
    assert "usw2" in repr(GenesysCloud())
    monkeypatch.setenv("GENESYSCLOUD_REGION", " ")
    with pytest.raises(ConfigurationError, match="other"):
        GenesysCloud()


def test_a_token_in_the_environment_wins() -> None:
    variables = {"GENESYSCLOUD_ACCESS_TOKEN": "tok", FAMILIES[0][0]: "i", FAMILIES[0][1]: "s"}
    assert isinstance(environment_auth(variables), AccessToken)
    assert isinstance(environment_auth({FAMILIES[1][0]: "i", FAMILIES[0][1]: "s"}), ClientCredentials)


def test_without_credentials() -> None:
    with pytest.raises(ConfigurationError, match="GENESYSCLOUD_OAUTHCLIENT_ID"):
        GenesysCloud()
    with pytest.raises(ConfigurationError, match="but not GENESYSCLOUD_OAUTHCLIENT_SECRET"):
        environment_auth({"GENESYSCLOUD_OAUTHCLIENT_ID": "i"})
    with pytest.raises(ConfigurationError, match="but not GENESYSCLOUD_OAUTHCLIENT_ID"):
        environment_auth({"GENESYSCLOUD_OAUTHCLIENT_SECRET": "s"})


def test_code_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESYSCLOUD_API_HOST", "http://localhost:1")
    monkeypatch.setenv("GENESYSCLOUD_LOGIN_HOST", "http://localhost:2")
    gc = GenesysCloud(auth=CREDENTIALS)
    assert (gc._engine.api, gc._engine.login) == ("http://localhost:1", "http://localhost:2")
    # A region in code must not have its secrets sent to a login host that was meant for another.
    gc = GenesysCloud(auth=CREDENTIALS, region="eu_west_1")
    assert (gc._engine.api, gc._engine.login) == ("https://api.mypurecloud.ie", "https://login.mypurecloud.ie")
    gc = GenesysCloud(auth=CREDENTIALS, login_host="http://localhost:3")
    assert (gc._engine.api, gc._engine.login) == ("http://localhost:1", "http://localhost:3")


def test_the_default_region() -> None:
    assert GenesysCloud(auth=CREDENTIALS)._engine.api == "https://api.mypurecloud.com"


@pytest.mark.parametrize("value", [0, -1, inf, nan, True, "5"])
@pytest.mark.parametrize("field", ["total", "connect", "read"])
def test_timeouts_refuse_nonsense(field: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=field):
        Timeouts(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"array_style": "pipes"}, "csv, multi"),
        ({"pool_size": 0}, "pool_size"),
        ({"timeout": 0}, "above 0"),
        ({"headers": {"a b": "c"}}, "'a b'"),
        ({"headers": {"X-Ok": "hidden\r\nEvil: 1"}}, "X-Ok"),
        ({"headers": {"authorization": "Bearer hidden"}}, "Authorization"),
        ({"auth": "hidden"}, "ClientCredentials"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(options: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        GenesysCloud(**{"auth": CREDENTIALS, **options})  # type: ignore[arg-type]
    assert "hidden" not in str(caught.value)


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().strict = True  # type: ignore[misc]


def test_headers_hide_secrets_when_printed() -> None:
    headers = checked_headers(
        {"authorization": "Bearer abc", "Cookie": "x=abc", "X-Api-Key": "abc"}, authorization=True
    )
    assert "abc" not in f"{headers} {headers!r}"
    assert headers["Authorization"] == "Bearer abc"


def test_of_two_spellings_of_a_header_the_last_one_is_sent() -> None:
    gc, transport = client(lambda r: token() if "oauth" in r.url else reply(200, ME), headers={"X-App": "client"})
    gc.with_options(headers={"x-app": "call"}).users.get_users_me()
    gc.users.get_users_me()
    sent = [
        [value for name, value in request.headers.items() if name.lower() == "x-app"] for request in transport.requests
    ]
    assert sent == [[], ["call"], ["client"]]
    assert dict(checked_headers({"a": "1", "B": "2", "A": "3"})) == {"B": "2", "A": "3"}


def test_headers_and_user_agent_are_sent() -> None:
    gc, transport = client([token(), reply(200, ME)], headers={"X-App": "1", "accept": "x/y"}, user_agent="app/2")
    gc.users.get_users_me()
    login, call = transport.requests
    assert (
        login.headers["User-Agent"]
        == call.headers["User-Agent"]
        == f"app/2 genesyscloud-python/{genesyscloud.__version__}"
    )
    assert call.headers["X-App"] == "1"
    assert [v for k, v in call.headers.items() if k.lower() == "accept"] == ["x/y"]
    assert "X-App" not in login.headers


def test_views_change_only_what_is_given() -> None:
    gc, transport = client(
        [token(), reply(200, ME), reply(200, ME), reply(503)], headers={"A": "1"}, timeout=Timeouts(connect=3)
    )
    view = gc.with_options(timeout=5, headers={"B": "2"}).with_options(retry=False)
    gc.users.get_users_me()
    view.users.get_users_me()
    assert [(t.connect, t.total) for t in transport.timeouts] == [(3, 300), (3, 300), (3, 5)]
    assert transport.requests[2].headers["A"] + transport.requests[2].headers["B"] == "12"
    assert "B" not in transport.requests[1].headers
    with pytest.raises(genesyscloud.ApiError):
        view.users.get_users_me()
    assert gc._settings.retry == RetryPolicy()


def test_clients_are_independent() -> None:
    one, first = client([token("one"), reply(200, ME)], region="eu_west_1")
    two, second = client([token("two"), reply(200, ME)], region="us_west_2")
    one.users.get_users_me()
    two.users.get_users_me()
    assert first.seen[1] == ("GET", "https://api.mypurecloud.ie/api/v2/users/me", "Bearer one")
    assert second.seen[1] == ("GET", "https://api.usw2.pure.cloud/api/v2/users/me", "Bearer two")


def test_a_closed_client_says_so() -> None:
    gc, transport = client([])
    with gc:
        view = gc.with_options(timeout=1)
    assert transport.closed == 1
    for closed in (gc, view):
        with pytest.raises(ConfigurationError, match="closed"):
            closed.users.get_users_me()
    gc.close()
    assert transport.closed == 1


def test_the_package_costs_nothing_until_it_is_used() -> None:
    code = "import sys; before = set(sys.modules); import genesyscloud; print(*sorted(set(sys.modules) - before))"
    output = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": _source()}
    )
    assert output.stdout.split() == ["__future__", "genesyscloud"]


@pytest.mark.parametrize("name", ["asyncio", "aiohttp", "urllib3", "ssl", "hashlib", "random", "email.utils"])
def test_a_client_does_not_load_what_it_does_not_need(name: str) -> None:
    assert name not in _modules_of_a_client()


_loaded: list[set[str]] = []


def _modules_of_a_client() -> set[str]:
    if not _loaded:
        code = (
            "import sys; from genesyscloud import *; GenesysCloud(auth=ClientCredentials('a', 'b'), region='eu_west_1')"
            ".users.get_users_me; print(*sys.modules)"
        )
        output = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": _source()}
        )
        _loaded.append(set(output.stdout.split()))
    return _loaded[0]


def _source() -> str:
    return str(next(iter(genesyscloud.__path__)).rpartition("/")[0])


def test_public_names_exist() -> None:
    for name in genesyscloud.__all__:
        assert getattr(genesyscloud, name) is not None
    assert set(genesyscloud.__all__) <= set(dir(genesyscloud))
    with pytest.raises(AttributeError):
        genesyscloud.nothing  # noqa: B018


def test_secrets_are_not_in_any_repr() -> None:
    gc = GenesysCloud(
        auth=ClientCredentials("the-id", "hunter2"), transport=FakeTransport([token("tok-hunter2"), reply(200, ME)])
    )
    gc.users.get_users_me()
    engine = gc._engine
    shown = repr([gc, gc._settings, engine.tokens.auth, engine.tokens.current, AccessToken("hunter2"), vars(engine)])
    assert "hunter2" not in shown


def test_settings_survive_pickling() -> None:
    settings = Settings(timeouts=Timeouts(total=3), headers={"A": "1"})
    assert pickle.loads(pickle.dumps(settings)) == settings
