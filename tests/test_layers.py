"""Code wins over the environment, that over files, those over defaults; hosts and logins stay together."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import genesyscloud
from genesyscloud import (
    AccessToken,
    AsyncGenesysCloud,
    ClientCredentials,
    GenesysCloud,
    LoggingSettings,
    ProxySettings,
    ReauthenticationSettings,
    RetryPolicy,
)
from genesyscloud.config import VARIABLES
from genesyscloud.errors import ConfigurationError
from genesyscloud.sections import GatewaySettings

from .engine import CREDENTIALS
from .test_configfile import INI

LOGIN = "[auth]\nclient_id = file-id\nclient_secret = file-secret\n"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for names in VARIABLES.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("genesyscloud.configfile.files.home", lambda: str(tmp_path))
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture(params=[GenesysCloud, AsyncGenesysCloud])
def face(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_everything_of_a_file_arrives(tmp_path: Path, face: Any) -> None:
    path = write(tmp_path / "config", INI + LOGIN)
    gc = face.from_config_file(path, live_reload=False)
    settings = gc._settings
    assert settings.logging == LoggingSettings("trace", "text", False, "/var/log/pythonsdk.log")
    assert settings.retry == RetryPolicy(max_retries=5, min_wait=3, max_wait=10)
    assert settings.reauthentication == ReauthenticationSettings(True, 10)
    assert settings.gateway == GatewaySettings(
        "mygateway.mydomain.myextension", "https", 1443, "myadditionalpathforlogin", "myadditionalpathforapi",
        username="username", password="password",
    )  # fmt: skip
    assert settings.proxy == ProxySettings(
        "http://proxy.example.com:3128", "me", "s3cret", path_params_login="in", path_params_api="out"
    )
    base = "https://mygateway.mydomain.myextension:1443"
    assert gc._engine.api == f"{base}/out/myadditionalpathforapi"
    assert gc._engine.login == f"{base}/in/myadditionalpathforlogin"
    assert gc._engine.service == "https://api.mypurecloud.com"
    assert repr(gc._engine.tokens.auth) == "ClientCredentials(client_id='file-id')"


def test_code_wins_over_a_file_section_by_section(tmp_path: Path) -> None:
    path = write(tmp_path / "config", INI + LOGIN)
    gc = GenesysCloud(
        config_file=path,
        live_reload=False,
        auth=CREDENTIALS,
        region="eu_west_1",
        retry=False,
        proxy=False,
        gateway=False,
        logging=LoggingSettings(),
        reauthentication=ReauthenticationSettings(False),
    )
    settings = gc._settings
    assert settings.retry.max_retries == 0
    assert (settings.proxy, settings.gateway, settings.logging) == (False, None, LoggingSettings())
    assert not settings.reauthentication.refresh_access_token
    assert gc._engine.api == "https://api.mypurecloud.ie"
    assert gc._engine.tokens.auth is CREDENTIALS


def test_the_environment_wins_over_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, face: Any) -> None:
    path = write(tmp_path / "config", "[general]\nhost = https://api.mypurecloud.de\n" + LOGIN)
    assert "mypurecloud.de ClientCredentials(client_id='file-id')" in repr(face(config_file=path, live_reload=False))
    monkeypatch.setenv("GENESYSCLOUD_REGION", "us_west_2")
    monkeypatch.setenv("GENESYSCLOUD_ACCESS_TOKEN", "t")
    gc = face(config_file=path, live_reload=False)
    assert repr(gc) == f"<{face.__name__} https://api.usw2.pure.cloud AccessToken(…)>"


def test_hosts_of_different_layers_are_not_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "config", "[general]\nhost = http://localhost:1\nlogin_host = http://localhost:2\n" + LOGIN)
    gc = GenesysCloud(config_file=path, live_reload=False)
    assert (gc._engine.api, gc._engine.login) == ("http://localhost:1", "http://localhost:2")
    gc = GenesysCloud(config_file=path, live_reload=False, region="mypurecloud.jp")
    assert (gc._engine.api, gc._engine.login) == ("https://api.mypurecloud.jp", "https://login.mypurecloud.jp")
    monkeypatch.setenv("GENESYSCLOUD_LOGIN_HOST", "http://localhost:3")
    gc = GenesysCloud(config_file=path, live_reload=False)
    assert (gc._engine.api, gc._engine.login) == ("http://localhost:1", "http://localhost:3")


@pytest.mark.parametrize("host", ["api.mypurecloud.ie", "https://api.mypurecloud.ie/", "eu_west_1", "mypurecloud.ie"])
def test_a_host_is_spelt_as_regions_are(tmp_path: Path, host: str) -> None:
    for key in ("host", "region"):
        path = write(tmp_path / "config", f"[general]\n{key} = {host}\n")
        assert "api.mypurecloud.ie " in repr(GenesysCloud(auth=CREDENTIALS, config_file=path, live_reload=False))


def test_no_arguments_at_all(home: Path, monkeypatch: pytest.MonkeyPatch, face: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"no credentials: pass auth=.*section \[auth\] of .*genesyscloud/con"):
        face()
    write(home / ".genesyscloudpython/config", "[general]\nhost = https://api.mypurecloud.de\nlive_reload_config=0\n")
    write(home / ".genesyscloud/config", LOGIN + "[general]\nlive_reload_config = false\n")
    assert "mypurecloud.de ClientCredentials(client_id='file-id')" in repr(face())
    monkeypatch.setenv("GENESYS_CLOUD_CLIENT_ID", "env-id")
    with pytest.raises(ConfigurationError, match="but not GENESYSCLOUD_OAUTHCLIENT_SECRET"):
        face()
    monkeypatch.setenv("GENESYS_CLOUD_CLIENT_SECRET", "env-secret")
    assert "env-id" in repr(face())


def test_from_env_reads_no_file(home: Path, monkeypatch: pytest.MonkeyPatch, face: Any) -> None:
    write(home / ".genesyscloud/config", "[general]\nhost = https://api.mypurecloud.de\n" + LOGIN)
    monkeypatch.setenv("GENESYSCLOUD_CONFIG_FILE", str(home / ".genesyscloud/config"))
    with pytest.raises(ConfigurationError, match="no credentials: set GENESYSCLOUD_OAUTHCLIENT_ID"):
        face.from_env()
    monkeypatch.setenv("GENESYSCLOUD_ACCESS_TOKEN", "t")
    assert repr(face.from_env()) == f"<{face.__name__} https://api.mypurecloud.com AccessToken(…)>"


def test_profiles(home: Path, monkeypatch: pytest.MonkeyPatch, face: Any) -> None:
    write(home / ".genesyscloud/config", "[auth]\naccess_token = usual\n[general]\nregion = eu_west_2\n")
    write(home / ".genesyscloud/profiles/prod", "[general]\nregion = eu_west_1\n" + LOGIN)
    gc = face.from_profile("prod", timeout=7, live_reload=False)
    assert repr(gc) == f"<{face.__name__} https://api.mypurecloud.ie ClientCredentials(client_id='file-id')>"
    assert gc._settings.timeouts.total == 7
    assert "euw2" in repr(face.from_profile("default", live_reload=False))
    monkeypatch.setenv("GENESYSCLOUD_PROFILE", "prod")
    assert "mypurecloud.ie" in repr(face(live_reload=False))
    with pytest.raises(ConfigurationError, match="no profile 'test'"):
        face.from_profile("test")
    with pytest.raises(ConfigurationError, match="not both"):
        face.from_profile("prod", config_file="x")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[auth]\nclient_id = a\n", r": \[auth\] has client_id but not client_secret"),
        ("[auth]\nclient_secret = hunter2\n", r": \[auth\] has client_secret but not client_id"),
        ("[auth]\naccess_token = hunter2 b\n", r": \[auth\] AccessToken: token holds a space"),
        ("[general]\nhost = https://\n" + LOGIN, r": \[general\] "),
        ("[general]\nhost = https://user:hunter2@host\n" + LOGIN, r": \[general\] "),
        (
            "[retry]\nretry_wait_min = 5\nretry_wait_max = 2\n" + LOGIN,
            r"\[retry\] retry_wait_min must not be above ret",
        ),
        ("[gateway]\nhost = https://gw\n" + LOGIN, r"\[gateway\] gateway: host must be the name"),
        ("[gateway]\nhost = gw\npath_params_api = a b\n" + LOGIN, r"\[gateway\] gateway: path_params_api must be"),
        ("[proxy]\nhost = http://p:1\n" + LOGIN, r"\[proxy\] host must be the name"),
        ("[proxy]\nhost = p\npath_params_login = ?x\n" + LOGIN, r"\[proxy\] proxy: path_params_login must be"),
        ("[logging]\nlog_level = hunter2loud\n" + LOGIN, r"\[logging\] log_level must be one of"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_file(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path / "config", text)
    with pytest.raises(ConfigurationError, match=words) as caught:
        GenesysCloud.from_config_file(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "hunter2 " not in str(caught.value)
    assert "hunter2@" not in str(caught.value)


def test_a_bad_host_of_code_is_not_blamed_on_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "config", "[general]\nhost = https://api.mypurecloud.de\n")
    with pytest.raises(ConfigurationError) as caught:
        GenesysCloud(auth=CREDENTIALS, region="https://", config_file=path)
    assert str(path) not in str(caught.value)


def test_a_section_without_a_host_is_none(tmp_path: Path) -> None:
    path = write(tmp_path / "config", "[gateway]\nprotocol = https\n[proxy]\nport = 80\n" + LOGIN)
    settings = GenesysCloud.from_config_file(path, live_reload=False)._settings
    assert (settings.gateway, settings.proxy) == (None, None)


def test_an_ipv6_proxy_and_a_home_in_the_path_of_the_log(tmp_path: Path) -> None:
    text = "[proxy]\nhost = ::1\nport = 3128\n[logging]\nlog_file_path = ~/x.log\n[auth]\naccess_token = t\n"
    gc = GenesysCloud.from_config_file(write(tmp_path / "config", text), live_reload=False)
    assert gc._settings.proxy == ProxySettings("http://[::1]:3128")
    assert gc._settings.logging.file == str(Path.home() / "x.log")
    assert isinstance(gc._engine.tokens.auth, AccessToken)


def test_a_wrong_auth_is_refused_before_files_are_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="auth must be one such as"):
        GenesysCloud(auth="hunter2", config_file=tmp_path)  # type: ignore[arg-type]
    assert isinstance(ClientCredentials("a", "b"), genesyscloud.Auth)


@pytest.mark.parametrize("name", ["configparser", "watchdog", "genesyscloud.configfile.reader", "genesyscloud.reload"])
def test_a_client_without_a_file_loads_no_reader_and_starts_no_thread(name: str, tmp_path: Path) -> None:
    code = (
        "import sys, threading; from genesyscloud import ClientCredentials, GenesysCloud;"
        "GenesysCloud(auth=ClientCredentials('a', 'b')).users.get_users_me;"
        "print(threading.active_count(), *sys.modules)"
    )
    source = str(Path(genesyscloud.__file__).parents[1])
    output = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": source, "HOME": str(tmp_path)},
    ).stdout.split()  # fmt: skip
    assert output[0] == "1"
    assert name not in output
