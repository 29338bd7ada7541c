"""What configuration files may say, in the spellings of the vendor's READMEs, and how it is refused."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.configfile.files import LONGEST, Files, find, own_path, vendor_path
from genesyscloud.configfile.reader import Contents, parse
from genesyscloud.configfile.schema import SECTIONS
from genesyscloud.errors import ConfigurationError

INI = """
[logging]
log_level = trace
log_format = text
log_to_console = false
log_file_path = /var/log/pythonsdk.log
log_response_body = false
log_request_body = false
[retry]
retry_wait_min = 3
retry_wait_max = 10
retry_max = 5
[reauthentication]
refresh_access_token = true
refresh_token_wait_max = 10
[general]
live_reload_config = true
host = https://api.mypurecloud.com
[gateway]
host = mygateway.mydomain.myextension
protocol = https
port = 1443
path_params_login = myadditionalpathforlogin
path_params_api = myadditionalpathforapi
username = username
password = password
[proxy]
host = proxy.example.com
protocol = http
port = 3128
auth-username = me
auth-password = s3cret
path-params = login:in,api:out
"""

VALUES = {
    ("logging", "log_level"): "trace",
    ("logging", "log_format"): "text",
    ("logging", "log_to_console"): False,
    ("logging", "log_file_path"): "/var/log/pythonsdk.log",
    ("logging", "log_response_body"): False,
    ("logging", "log_request_body"): False,
    ("retry", "retry_wait_min"): 3.0,
    ("retry", "retry_wait_max"): 10.0,
    ("retry", "retry_max"): 5,
    ("reauthentication", "refresh_access_token"): True,
    ("reauthentication", "refresh_token_wait_max"): 10.0,
    ("general", "live_reload_config"): True,
    ("general", "host"): "https://api.mypurecloud.com",
    ("gateway", "host"): "mygateway.mydomain.myextension",
    ("gateway", "protocol"): "https",
    ("gateway", "port"): 1443,
    ("gateway", "path_params_login"): "myadditionalpathforlogin",
    ("gateway", "path_params_api"): "myadditionalpathforapi",
    ("gateway", "username"): "username",
    ("gateway", "password"): "password",
    ("proxy", "host"): "proxy.example.com",
    ("proxy", "protocol"): "http",
    ("proxy", "port"): 3128,
    ("proxy", "username"): "me",
    ("proxy", "password"): "s3cret",
    ("proxy", "path_params_login"): "in",
    ("proxy", "path_params_api"): "out",
}

#: The same as JSON, in the shape of the Go README, and flat in that of the Python README.
NESTED = {
    "auth": {"username": "me", "password": "s3cret"},
    "pathParams": [{"pathName": "login", "pathValue": "in"}, {"pathName": "api", "pathValue": "out"}],
}
FLAT = {"username": "me", "password": "s3cret", "path_params_login": "in", "path_params_api": "out"}
WHERE = {"host": "proxy.example.com", "protocol": "http", "port": 3128}


def as_json(both: dict[str, Any]) -> bytes:
    """Return what INI says, as JSON, with ``both`` in the two sections that have it."""
    value: dict[str, dict[str, Any]] = {}
    for (section, key), found in VALUES.items():
        if section not in ("proxy", "gateway"):
            value.setdefault(section, {})[key] = found
    value["proxy"] = {**WHERE, **both}
    value["gateway"] = {**WHERE, **both}
    return json.dumps(value, indent=2).encode()


# --- reading ------------------------------------------------------------------------------------


def test_all_six_sections_of_the_readmes_in_ini() -> None:
    contents = parse(INI.encode(), "config")
    assert contents.values == VALUES
    assert contents.unknown == []


@pytest.mark.parametrize("both", [NESTED, FLAT])
def test_all_six_sections_in_json(both: dict[str, Any]) -> None:
    contents = parse(as_json(both), "config")
    assert contents.unknown == []
    for section in ("proxy", "gateway"):
        found = {key: value for (where, key), value in contents.values.items() if where == section}
        assert found == {**WHERE, **FLAT}
    others = {key: value for key, value in VALUES.items() if key[0] not in ("proxy", "gateway")}
    assert contents.values.items() >= others.items()


@pytest.mark.parametrize(
    "lines",
    [
        "auth-username = me\nauth-password = s3cret\npath-params = login:in,api:out",
        "auth_username = me\nauth_password = s3cret\npath_params = login:in, others:out",
        "username = me\npassword = s3cret\npath_params_login = in\npath_params_api = out",
        "AUTH-USERNAME = me\nAuth-Password = s3cret\npath-params=login:in,api:out",
    ],
)
@pytest.mark.parametrize("section", ["proxy", "gateway"])
def test_spellings_of_credentials_and_paths(section: str, lines: str) -> None:
    contents = parse(f"[{section}]\nhost = h\n{lines}\n".encode(), "config")
    assert {key: value for (_, key), value in contents.values.items()} == {"host": "h", **FLAT}


@pytest.mark.parametrize(
    ("spelling", "value"),
    [("true", True), ("yes", True), ("ON", True), ("1", True), ("False", False), ("no", False), ("0", False)],
)
def test_booleans_as_configparser_reads_them(spelling: str, value: bool) -> None:
    key = ("general", "live_reload_config")
    assert parse(f"[general]\nlive_reload_config = {spelling}".encode(), "config").values[key] is value


def test_json_booleans_and_numbers_may_be_text() -> None:
    text = b'{"general": {"live_reload_config": "false"}, "retry": {"retry_max": "3"}, "gateway": {"port": -1}}'
    assert list(parse(text, "config").values.values()) == [False, 3, -1]


def test_empty_values_say_nothing() -> None:
    assert parse(b'{"gateway": {"host": "", "password": null}}', "c").values == {}
    assert parse(b"[gateway]\nhost =\n", "c").values == {}
    assert parse(b"", "c").values == {}


def test_comments_a_mark_of_order_and_percent_signs() -> None:
    data = "\ufeff# mine\n; too\n[auth]\nclient_secret = a%(b)s%\n".encode()
    assert parse(data, "config").values == {("auth", "client_secret"): "a%(b)s%"}


def test_what_is_unknown_is_named_with_what_may_be_meant() -> None:
    found = parse(b"[loging]\na=1\n[retry]\nretry_maximum = 1\n[general]\n", "config").unknown
    assert found == [
        "config: there is no section [loging]. Did you mean 'logging'?",
        "config: [retry] has no key 'retry_maximum'. Did you mean 'retry_max'?",
    ]


def test_secrets_are_not_in_its_repr() -> None:
    assert "s3cret" not in repr(parse(INI.encode(), "config"))
    assert "[proxy] password" in repr(parse(INI.encode(), "config"))


# --- refusing -----------------------------------------------------------------------------------

BAD = [
    ("logging", "log_level", "loud", "must be one of trace, debug, error, none, not 'loud'"),
    ("logging", "log_format", "xml", "must be one of text, json"),
    ("logging", "log_to_console", "maybe", "must be true or false, not 'maybe'"),
    ("logging", "log_request_body", "2", "must be true or false"),
    ("general", "live_reload_config", "often", "must be true or false"),
    ("retry", "retry_wait_min", "soon", "must be a number of seconds, at least 0"),
    ("retry", "retry_wait_max", "-1", "must be a number of seconds, at least 0, not '-1'"),
    ("retry", "retry_wait_max", "inf", "must be a number of seconds"),
    ("retry", "retry_max", "1.5", "must be a whole number of at least 0"),
    ("reauthentication", "refresh_token_wait_max", "0", "must be a number of seconds above 0"),
    ("reauthentication", "refresh_access_token", "never", "must be true or false"),
    ("gateway", "port", "0", "must be a port, 1 to 65535, or -1 for the usual one, not '0'"),
    ("gateway", "port", "70000", "must be a port"),
    ("gateway", "protocol", "ftp", "must be one of http, https"),
    ("proxy", "port", "-1", "must be a port, 1 to 65535, not '-1'"),
    ("proxy", "path-params", "login", "must be login:PATH,api:PATH"),
    ("gateway", "path-params", "logout:x", "must be login:PATH,api:PATH"),
]


@pytest.mark.parametrize(("section", "key", "value", "words"), BAD)
def test_a_bad_value_is_named_with_file_section_key_and_what_is_allowed(
    section: str, key: str, value: str, words: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(f"[{section}]\n{key} = {value}\n".encode(), "/etc/config")
    assert str(caught.value).startswith(f"/etc/config: [{section}] {key} {words}")


def test_all_bad_values_are_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"log_level must .*; \[retry\] retry_max must"):
        parse(b"[logging]\nlog_level=x\n[retry]\nretry_max=x\n", "config")


@pytest.mark.parametrize(
    "text",
    [
        '{"auth": {"client_secret": ["hunter2"]}}',
        '{"auth": {"access_token": 1234.5678}}',
        '{"proxy": {"password": "hunter2\\u0000"}}',
        '{"proxy": {"auth": "hunter2"}}',
        '{"proxy": {"auth": {"password": {"a": "hunter2"}}}}',
        '{"proxy": {"host": {"a": 1}, "port": "me:hunter2@p:1"}}',
        "[gateway]\nport = 80 # hunter2@x",
        "[auth]\nclient_secret = hunter2\nclient_secret = hunter2\n",
        "[auth]\nhunter2\n",
        "[auth\nhunter2",
        "hunter2",
        '{"auth": {"client_secret": "hunter2",}',
        '{"auth": "hunter2"}',
    ],
)
def test_no_secret_is_shown(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(text.encode(), "config")
    assert str(caught.value).startswith("config: ")
    assert "hunter2" not in str(caught.value)
    assert "1234" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"[general]\nhost = a\nhost = b\n", "line 3: this key is there twice"),
        (b"[general]\n[general]\n", "line 2: this section is there twice"),
        (b"[general]\nhost\n", "line 2: expected 'key = value'"),
        (b"host = a\n", r"line 1: expected a section such as \[general\], or JSON"),
        (b'{"general": {"host": "a"},}', "not legal JSON at line 1, column 27"),
        (b"[" * 100_000, "expected|not a configuration|not legal JSON"),
        (b"[general\nhost = a\n", r"line 1: expected a section such as \[general\], with both brackets"),
        (b"# ours\n\n [general\nhost = a\n", r"line 3: expected a section such as \[general\], with both brackets"),
        (b"[general]\nhost = a\n[retry\nretry_max = 5\n", r"line 3: expected a section .* with both brackets"),
        (b"[\n1\n]", "must be a JSON object"),
        (b'{"a": ' + b"9" * 5000 + b"}", "this JSON is not a configuration"),
        (b'{"a":' * 100_000, "this JSON is not a configuration"),
        (b'{"general": []}', r"\[general\] must be an object"),
        (b"\xff\xfe[general]", "not UTF-8 text, at byte 0"),
    ],
)
def test_files_that_cannot_be_read(data: bytes, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse(data, "config")


@pytest.mark.parametrize("data", [b"[general\nhost = a\n", b"host = a\n", b'["general",\n]'])
def test_the_suffix_of_a_file_says_what_it_was_to_be(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"config\.JSON: not legal JSON at line \d, column \d"):
        parse(data, "config.JSON")
    with pytest.raises(ConfigurationError, match=r"config\.ini: line 1: expected a section such as \[general\]"):
        parse(data, "config.ini")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=5) | st.sampled_from([*SECTIONS, *(key for keys in SECTIONS.values() for key in keys)]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)
LINE = (
    st.sampled_from(["[proxy]", "[gateway]", "path-params = ", "port = ", "auth-password", "=", "{", "\0"]) | st.text()
)


@given(
    st.binary(max_size=300)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.lists(LINE).map(lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass"))
)
def test_any_bytes_are_contents_or_a_clear_error(data: bytes) -> None:
    with contextlib.suppress(ConfigurationError):
        assert isinstance(parse(data, "config"), Contents)


# --- files --------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("genesyscloud.configfile.files.home", lambda: str(tmp_path))
    return tmp_path


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_the_usual_places(home: Path) -> None:
    files = find(None, None, {})
    assert files.paths == (f"{home}/.genesyscloud/config", f"{home}/.genesyscloudpython/config")
    assert dict(files.load()) == {}
    write(Path(vendor_path()), "[general]\nhost = https://api.mypurecloud.de\n[retry]\nretry_max = 1\n")
    assert find(None, None, {}).load()["retry", "retry_max"] == 1
    write(Path(own_path()), "[retry]\nretry_max = 2\n")
    both = find(None, None, {}).load()
    assert (both["retry", "retry_max"], both["general", "host"]) == (2, "https://api.mypurecloud.de")


def test_what_code_and_environment_say_about_files(home: Path) -> None:
    assert find("a.ini", None, {"GENESYSCLOUD_CONFIG_FILE": "/b"}).paths == (os.path.abspath("a.ini"),)
    assert find(Path("~/x"), None, {}).paths == (os.path.expanduser("~/x"),)
    assert find(None, None, {"GENESYSCLOUD_CONFIG_FILE": "/b", "GENESYSCLOUD_PROFILE": "c"}).paths == ("/b",)
    assert find("", None, {"GENESYSCLOUD_CONFIG_FILE": "/b"}).paths == ()
    profile = write(home / ".genesyscloud/profiles/prod", "[retry]\nretry_max = 3\n")
    assert find(None, "prod", {}).paths == find(None, None, {"GENESYSCLOUD_PROFILE": "prod"}).paths == (str(profile),)
    assert find(None, "default", {}).paths == (own_path(),)


@pytest.mark.parametrize("profile", ["", "../config", "a/b", ".hidden", "-x", "a b", "a\0"])
def test_a_profile_is_a_name(profile: str, home: Path) -> None:
    with pytest.raises(ConfigurationError, match="a name has letters"):
        find(None, profile, {})


def test_a_profile_that_does_not_exist_says_which_do(home: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no profile 'prod': .*/profiles/prod does not exist; there is none"):
        find(None, "prod", {})
    write(home / ".genesyscloud/profiles/test", "")
    write(home / ".genesyscloud/profiles/live", "")
    with pytest.raises(ConfigurationError, match="there are live, test"):
        find(None, "prod", {})
    with pytest.raises(ConfigurationError, match="not both"):
        find("a", "b", {})


def test_a_named_file_that_does_not_exist_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert dict(find(tmp_path / "none", None, {}).load()) == {}
    assert "none does not exist" in caplog.text
    caplog.clear()
    assert dict(find(None, None, {}).load()) == {}
    assert caplog.text == ""


def test_secrets_that_everybody_can_read_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "config", "[auth]\nclient_id = a\nclient_secret = hunter2\n", 0o644)
    find(path, None, {}).load()
    assert "holds client_secret and can be read by every user of this machine; chmod 600 it" in caplog.text
    assert "hunter2" not in caplog.text
    caplog.clear()
    path.chmod(0o600)
    find(path, None, {}).load()
    assert caplog.text == ""


def test_what_is_unknown_is_warned_of_and_does_not_stop_the_rest(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "config", "[retry]\nretry_maxx = 1\nretry_max = 2\n")
    with caplog.at_level(logging.WARNING, "genesyscloud.config"):
        assert dict(find(path, None, {}).load()) == {("retry", "retry_max"): 2}
    assert "Did you mean 'retry_max'?" in caplog.text


def test_files_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        find(tmp_path, None, {}).load()
    with pytest.raises(ConfigurationError, match="not a path"):
        Files(("a\0b",), named=True).load()
    write(tmp_path / "long", "#" * (LONGEST + 1))
    with pytest.raises(ConfigurationError, match="longer than"):
        find(tmp_path / "long", None, {}).load()


def test_changes(tmp_path: Path) -> None:
    path = write(tmp_path / "config", "[retry]\nretry_max = 1\n")
    files = find(path, None, {})
    files.load()
    assert files.changed() is None
    write(path, "[retry]\nretry_max = 2\n")
    candidate = files.changed()
    assert candidate is not None
    assert (candidate.values["retry", "retry_max"], files.values["retry", "retry_max"]) == (2, 1)
    assert candidate.new == (str(path),)
    candidate.accept()
    assert files.values["retry", "retry_max"] == 2
    write(path, "[retry]\nretry_max = many\n")
    with pytest.raises(ConfigurationError, match="retry_max"):
        files.changed()
    # Said once.
    assert files.changed() is None
    assert files.values["retry", "retry_max"] == 2
    for gone in (lambda: write(path, ""), path.unlink):
        gone()
        assert files.changed() is None
    write(path, "[retry]\nretry_max = 2\n")
    assert files.changed() is not None


def test_what_is_watched(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "config"
    named = find(path, None, {})
    assert named.to_watch(None) == named.to_watch(True) == (str(path),)
    assert named.to_watch(False) == ()
    usual = find(None, None, {})
    assert usual.to_watch(None) == ()
    assert usual.to_watch(True) == usual.paths
    write(Path(own_path()), "[general]\nlive_reload_config = true\n")
    usual.load()
    assert usual.to_watch(None) == (own_path(),)
    write(path, "[general]\nlive_reload_config = false\n")
    named.load()
    assert named.to_watch(None) == ()
    assert named.to_watch(True) == (str(path),)
    # A pipe or a device never changes, and looking at it could take for ever.
    assert find(os.devnull, None, {}).to_watch(True) == ()
