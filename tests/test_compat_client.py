"""Our side of the vendor's face where theirs has nothing to compare with: threads, time, files, certificates."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trustme

from genesyscloud.compat import sending
from genesyscloud.compat.face.api_client import ApiClient
from genesyscloud.compat.face.configuration import Configuration
from genesyscloud.compat.face.default_http_client import DefaultHttpClient
from genesyscloud.compat.face.gateway_configuration import GatewayConfiguration
from genesyscloud.compat.face.logger import LogFormat, Logger, LogLevel, LogStatement
from genesyscloud.compat.face.rest import ApiException, RESTClientObject
from genesyscloud.errors import (
    ConfigurationError,
    ConnectError,
    DnsError,
    ProxyError,
    ReadTimeout,
    TlsError,
    TransportError,
)
from genesyscloud.http import AttemptTimeouts, Headers, Reply, Request
from genesyscloud.sections import RetryPolicy

from .compat.recorder import Answer, Recorder
from .servers import Certificates, Peer, RawServer

USER = '{"id": "u1", "name": "Ann"}'
SECONDS = 20


@pytest.fixture
def configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Configuration]:
    """The settings as they are at the start of a program that finds no file."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(Configuration, "_only", None)
    made = Configuration()
    yield made
    made.live_reload_config = False
    made.logger.log_level = LogLevel.LNone
    made.logger.log_to_console = False


def until(condition: Callable[[], bool]) -> bool:
    """Wait for another thread to have done something."""
    waited = threading.Event()
    for _ in range(SECONDS * 50):
        if condition():
            return True
        waited.wait(0.02)
    return False


def api(client: ApiClient, name: str = "UsersApi") -> Any:
    from genesyscloud.compat.face import apis

    return getattr(apis, name)(client)


def _note_name(found: list[str], user: Any) -> None:
    found.append(user.name)


# --- threads -------------------------------------------------------------------------------------


def test_many_threads(configuration: Configuration) -> None:
    count = 16
    together = threading.Barrier(count, timeout=SECONDS)

    def serve(peer: Peer) -> None:
        while peer.read_request():
            # Only when all are there is any of them answered.
            together.wait()
            peer.reply(USER.encode(), "200 OK", "Content-Type: application/json")

    with RawServer(serve) as server:
        users = api(ApiClient(host=server.url))
        found: list[str] = []
        threads = [users.get_users_me(callback=partial(_note_name, found)) for _ in range(count)]
        for thread in threads:
            thread.join(SECONDS)
    assert found == ["Ann"] * count


def test_threads_renew_once(configuration: Configuration) -> None:
    count = 6
    refused = threading.Barrier(count, timeout=SECONDS)
    logins: list[bytes] = []

    def serve(peer: Peer) -> None:
        while request := peer.read_request():
            if b"/oauth/token" in request:
                logins.append(request)
                peer.reply(b'{"access_token": "new", "refresh_token": "r2"}')
            elif b"Bearer new" in request:
                peer.reply(USER.encode(), "200 OK", "Content-Type: application/json")
            else:
                refused.wait()
                peer.reply(b"{}", "401 Unauthorized")

    with RawServer(serve) as server:
        client = ApiClient(host=server.url)
        client.access_token, client.refresh_token = "old", "r1"
        found: list[str] = []
        threads = [api(client).get_users_me(callback=partial(_note_name, found)) for _ in range(count)]
        for thread in threads:
            thread.join(SECONDS)
    assert found == ["Ann"] * count
    assert len(logins) == 1
    assert client.refresh_token == "r2"


def test_a_renewal_that_takes_too_long(configuration: Configuration) -> None:
    configuration.refresh_token_wait_time = 0.01
    client = ApiClient(host="http://127.0.0.1:1")
    with client.refresh_token_lock, pytest.raises(ApiException) as error:
        client.handle_expired_access_token()
    assert error.value.status == 500


def test_api_classes_and_models_are_made_once(configuration: Configuration) -> None:
    from genesyscloud.compat.face import apis, models

    for module, name in ((apis, "GreetingsApi"), (models, "Greeting")):
        if name in vars(module):
            delattr(module, name)
    made: list[Any] = []
    together = threading.Barrier(8, timeout=SECONDS)

    def touch() -> None:
        together.wait()
        made.append((apis.GreetingsApi, models.Greeting, apis.GreetingsApi.get_greetings))

    threads = [threading.Thread(target=touch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert len(made) == 8
    assert len({id(classes) for classes, _, _ in made}) == 1
    assert len({id(classes) for _, classes, _ in made}) == 1


# --- time ----------------------------------------------------------------------------------------


def test_timeouts() -> None:
    assert sending.timeouts_for(None) == AttemptTimeouts(10, 300, 300)
    assert sending.timeouts_for(5000) == AttemptTimeouts(5, 5, 300)
    assert sending.timeouts_for(30) == AttemptTimeouts(10, 30, 300)
    assert sending.timeouts_for(900_000) == AttemptTimeouts(10, 900, 900)
    assert sending.timeouts_for(0) == sending.timeouts_for(None)


def test_a_timeout_that_is_set_is_kept(configuration: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    from urllib3.exceptions import MaxRetryError, ReadTimeoutError

    monkeypatch.setattr(sending, "usual_policy", lambda: RetryPolicy(max_retries=0))
    with RawServer(lambda peer: peer.wait_for_end()) as server:
        client = ApiClient(host=server.url)
        client.set_http_client(DefaultHttpClient(timeout=0.05))
        with pytest.raises(MaxRetryError) as error:
            api(client).get_users_me()
    assert isinstance(error.value.reason, ReadTimeoutError)


class Script:
    """A transport that answers from a list."""

    def __init__(self, *answers: Reply | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []

    def send(self, request: Request, timeouts: AttemptTimeouts) -> Reply:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """Nothing to close."""


def reply(status: int, **headers: str) -> Reply:
    return Reply(status, Headers((name.replace("_", "-"), value) for name, value in headers.items()), b"")


GET = Request("GET", "https://api.example/x", {"Authorization": "Bearer abcdefgh"})
POST = GET._replace(method="POST", body=b"{}")
BOUNDS = AttemptTimeouts(1, 1, 1)


def attempt(request: Request, *answers: Reply | Exception) -> tuple[Script, list[float], Any]:
    script = Script(*answers)
    slept: list[float] = []
    try:
        outcome: Any = sending.exchange(script, request, BOUNDS, sleep=slept.append, random=lambda: 0.0)
    except ConnectError as error:
        outcome = error
    return script, slept, outcome


def test_pauses_are_as_long_as_the_service_asks() -> None:
    script, slept, outcome = attempt(GET, reply(429, Retry_After="7200"), reply(200))
    assert (len(script.requests), slept, outcome.status) == (2, [7200.0], 200)


def test_a_status_without_a_pause_is_not_repeated() -> None:
    for status in (413, 429, 503):
        assert len(attempt(GET, reply(status))[0].requests) == 1


def test_posts_are_repeated_where_nothing_was_sent() -> None:
    assert attempt(POST, ConnectError("no"), reply(200))[2].status == 200
    assert len(attempt(POST, reply(503, Retry_After="1"))[0].requests) == 1
    assert len(attempt(POST, reply(429, Retry_After="1"), reply(200))[0].requests) == 2


def test_tries_end() -> None:
    script, slept, outcome = attempt(GET, *[ConnectError("no")] * 11)
    assert (len(script.requests), len(slept)) == (11, 10)
    assert isinstance(outcome, ConnectError)


def test_a_redirect_takes_the_login_only_to_the_same_host() -> None:
    for location, kept in (
        ("/y", True),
        ("https://api.example/y", True),
        ("https://api.example:444/y", False),
        ("http://api.example/y", False),
        ("https://other.example/y", False),
    ):
        script = attempt(GET, reply(302, Location=location), reply(200))[0]
        assert ("Authorization" in script.requests[1].headers) is kept, location


def test_a_redirect_that_cannot_be_read() -> None:
    with pytest.raises(TransportError, match="redirect"):
        sending.exchange(Script(reply(302, Location="http://[")), GET, BOUNDS)


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (TlsError("x"), "SSLError"),
        (ProxyError("x"), "ProxyError"),
        (DnsError("x"), "NameResolutionError"),
        (ReadTimeout("x"), "ReadTimeoutError"),
        (ConnectError("x"), "NewConnectionError"),
    ],
)
def test_no_reply_is_told_as_by_the_vendors_library(error: Any, name: str) -> None:
    told: Any = sending.vendor_error(error, "https://api.example/x?y=1")
    assert type(told).__name__ == "MaxRetryError"
    assert type(told.reason).__name__ == name
    assert "HTTPSConnectionPool(host='api.example', port=443)" in str(told)


# --- the network ---------------------------------------------------------------------------------


def certificate(folder: Path) -> tuple[trustme.CA, Certificates, str, str]:
    made = Certificates(str(folder))
    client = made._authority.issue_cert("client@example.com")
    chain = "".join(pem.bytes().decode() for pem in client.cert_chain_pems)
    return made._authority, made, chain, client.private_key_pem.bytes().decode()


def test_mtls_contents(configuration: Configuration, tmp_path: Path) -> None:
    authority, made, chain, key = certificate(tmp_path)
    configuration.set_mtls_contents(chain, key, authority.cert_pem.bytes().decode())
    with RawServer(context=made.server(ask_client=True)) as server:
        assert RESTClientObject().GET(f"{server.url}/x").data == "{}"


def test_mtls_files(configuration: Configuration, tmp_path: Path) -> None:
    _, made, _, _ = certificate(tmp_path)
    configuration.set_mtls_certificates(made.client_file, made.client_file, made.ca_file)
    with RawServer(context=made.server(ask_client=True)) as server:
        assert RESTClientObject().GET(f"{server.url}/x").data == "{}"


def test_tls_settings(configuration: Configuration, tmp_path: Path) -> None:
    from urllib3.exceptions import MaxRetryError

    made = Certificates(str(tmp_path))
    with RawServer(context=made.server()) as server:
        with pytest.raises(MaxRetryError, match="SSLError"):
            RESTClientObject().GET(f"{server.url}/x")
        configuration.ssl_ca_cert = made.ca_file
        assert RESTClientObject().GET(f"{server.url}/x").data == "{}"
        configuration.ssl_ca_cert = None
        configuration.verify_ssl = False
        assert RESTClientObject().GET(f"{server.url}/x").data == "{}"
        configuration.verify_ssl = True
        configuration.ssl_ca_cert = made.ca_file
        configuration.create_mtls_or_ssl_context()
        assert configuration.ssl_context is not None


def test_mtls_that_cannot_be_used(configuration: Configuration) -> None:
    with pytest.raises(ValueError, match="TLS"):
        configuration.set_mtls_contents("no", "no", "no")


def test_a_proxy(configuration: Configuration) -> None:
    def proxy(peer: Peer) -> None:
        peer.reply(peer.read_request().split(b"\r\n")[0])

    with RawServer(proxy) as server:
        configuration.proxy = server.url
        configuration.proxy_username, configuration.proxy_password = "me", "s3cret"
        found = RESTClientObject().GET("http://api.example/x")
        assert found.data == "GET http://api.example/x HTTP/1.1"
        assert b"Proxy-Authorization: Basic bWU6czNjcmV0" in server.requests[0]


def test_binary_file(configuration: Configuration, tmp_path: Path) -> None:
    configuration.temp_folder_path = str(tmp_path)
    data = b"RIFF\xff\xfe"
    named = {"Content-Type": "audio/wav", "Content-Disposition": 'attachment; filename="../../up.wav"'}
    with Recorder(lambda kind, name: [Answer(data, 200, named)]) as server:
        path = Path(ApiClient(host=f"{server.url}/a/b").call_api("/f", "GET", response_type="file"))
    assert path == tmp_path / "up.wav"
    assert path.read_bytes() == data


# --- the configuration file ----------------------------------------------------------------------


def test_changes_of_the_file_are_followed(configuration: Configuration, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("[general]\nhost = https://api.one\n[logging]\nlog_level = none\n")
    configuration.config_file_path = str(path)
    assert configuration.host == "https://api.one"
    configuration.host = "https://api.set.by.the.script"
    path.write_text("[general]\nhost = https://api.one\n[logging]\nlog_request_body = true\n")
    assert until(lambda: configuration.logger.log_request_body)
    assert configuration.host == "https://api.set.by.the.script"
    path.write_text("[general]\nhost = https://api.two\n")
    assert until(lambda: configuration.host == "https://api.two")
    configuration.live_reload_config = False
    path.write_text("[general]\nhost = https://api.three\n")
    configuration.look()
    assert configuration.host == "https://api.two"


def test_without_the_extra_a_call_looks(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genesyscloud.compat import settingsfile

    def nothing(name: str) -> None:
        """No module is installed."""

    monkeypatch.setattr(settingsfile, "find_spec", nothing)
    folder = tmp_path / ".genesyscloudpython"
    assert configuration.config_file_path == str(folder / "config")
    folder.mkdir()
    with Recorder(lambda kind, name: [Answer(USER)]) as server:
        users = api(ApiClient(host=f"{server.url}/a/b"))
        users.get_users_me()
        (folder / "config").write_text("[reauthentication]\nrefresh_token_wait_max = 3\n[gateway]\nhost = gw\n")
        users.get_users_me()
        assert configuration.refresh_token_wait_time == 3
        gateway = configuration.gateway_configuration
        assert gateway is not None
        assert gateway.host == "gw"
        (folder / "config").write_text("[reauthentication]\nrefresh_token_wait_max = 44\n")
        users.get_users_me()
        assert configuration.refresh_token_wait_time == 44
        assert configuration.gateway_configuration is None


def test_a_bad_value_is_named_and_the_rest_is_used(
    configuration: Configuration, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "config"
    path.write_text("[logging]\nlog_to_console = perhaps\n[general]\nhost = https://api.one\n")
    configuration.config_file_path = str(path)
    assert configuration.host == "https://api.one"
    assert "log_to_console must be true or false" in caplog.text
    path.write_bytes(b"\xff\xfe not text")
    configuration.config_file_path = str(path)
    assert "not UTF-8" in caplog.text
    configuration.config_file_path = str(tmp_path)
    assert "cannot be read" in caplog.text


# --- the log -------------------------------------------------------------------------------------


def test_the_console(configuration: Configuration, capsys: pytest.CaptureFixture[str]) -> None:
    logger = configuration.logger
    before = list(logging.getLogger("PureCloudPlatformClientV2").handlers)
    logger.log_level = LogLevel.LDebug
    logger.debug("GET", "https://api.example/x", None, 200, {"A": "b"})
    logger.log_level = LogLevel.LNone
    logger.debug("GET", "https://api.example/y", None, 200, {"A": "b"})
    logger.log_to_console = False
    assert logging.getLogger("PureCloudPlatformClientV2").handlers == before
    err = capsys.readouterr().err
    assert "DEBUG \n=== REQUEST ===\nURL: https://api.example/x\nMethod: GET" in err
    assert "/y" not in err


def test_a_file_that_cannot_be_opened_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    logger = Logger()
    logger.log_to_console = False
    logger.log_level = LogLevel.LError
    logger.log_file_path = str(tmp_path / "no" / "folder.log")
    assert "cannot be opened" in caplog.text
    logger.log_file_path = None


@pytest.mark.parametrize("format_", [LogFormat.TEXT, LogFormat.JSON])
def test_no_secret_is_logged(format_: int) -> None:
    secret = "s3cret-of-the-test"
    statement = LogStatement(
        "error",
        "now",
        "POST",
        f"https://user:{secret}@api.example/x?access_token={secret}&q=1",
        {"name": "x", "credentialFields": {"any": secret}, "password": secret},
        400,
        {"authorization": f"Bearer {secret}", "Cookie": f"a={secret}", "X-Token": secret, "Accept": "json"},
        json.dumps({"message": f"wrong password {secret}", "secret": secret}),
        {"Set-Cookie": secret, "Via": secret, "ININ-Correlation-Id": "c-1"},
    )
    text = statement.string(format_, True, True)
    assert secret not in text
    for shown in ("q=1", "c-1", '"name"' if format_ == LogFormat.JSON else "'name'"):
        assert shown in text


# --- odds and ends -------------------------------------------------------------------------------


def test_a_gateway_without_a_host_is_none(configuration: Configuration) -> None:
    client = ApiClient(host="https://api.example")
    client.gateway_configuration = GatewayConfiguration()
    assert client.get_conf_url("login", client.host) == "https://login.example"
    with pytest.raises(TypeError, match="no_such"):
        client.set_gateway(no_such=1)


def test_urls_that_scripts_put_together() -> None:
    assert sending.safe_url("https://x.example/a?b=100%&c=%20#f") == "https://x.example/a?b=100%25&c=%20"
    assert sending.safe_url("https://x.example") == "https://x.example"


def test_what_cannot_be_sent_says_so(configuration: Configuration) -> None:
    with pytest.raises(ConfigurationError):
        RESTClientObject().GET("ftp://api.example/x")
    with pytest.raises(ConfigurationError):
        RESTClientObject().GET("http://api.example/x", headers={"X": "line\nbreak"})


def test_the_word_for_unknown_enums_can_be_had(configuration: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    from genesyscloud.compat.face import models

    user: Any = models.User()
    user.state = "brand new"
    assert user.state == "brand new"
    configuration.keep_unknown_enums = False
    user.state = "brand new"
    assert user.state == "outdated_sdk_version"
    user.state = "ACTIVE"
    assert user.state == "ACTIVE"
    monkeypatch.setenv("GENESYSCLOUD_COMPAT_KEEP_ENUMS", "0")
    monkeypatch.setattr(Configuration, "_only", None)
    assert not Configuration().keep_unknown_enums


def test_callbacks_may_fail(configuration: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    failed: list[Any] = []

    def note(told: Any) -> None:
        failed.append(told.exc_type)

    def fail(user: Any) -> None:
        raise ZeroDivisionError(user.name)

    monkeypatch.setattr(threading, "excepthook", note)
    with Recorder(lambda kind, name: [Answer(USER)]) as server:
        users = api(ApiClient(host=f"{server.url}/a/b"))
        users.get_users_me(callback=fail).join(SECONDS)
    assert failed == [ZeroDivisionError]


def test_bound_methods_are_hooks_too(configuration: Configuration) -> None:
    class Watcher:
        def __init__(self) -> None:
            self.seen: list[str] = []

        def before(self, options: Any) -> Any:
            self.seen.append(options.method)
            return options

    watcher = Watcher()
    with Recorder(lambda kind, name: [Answer(USER)]) as server:
        client = ApiClient(host=f"{server.url}/a/b")
        client.get_http_client().set_pre_request_hook(watcher.before)
        api(client).get_users_me()
    assert watcher.seen == ["GET"]
    with contextlib.suppress(ValueError):
        client.get_http_client().set_pre_request_hook(Watcher.before)
        raise AssertionError("a function of two arguments is no hook")
