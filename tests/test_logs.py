"""What is logged of each request, at which level, in which format, and that nothing of it costs when it is off."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import json
import logging
import logging.handlers
import os
import queue
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import genesyscloud
from genesyscloud import BreakerSettings, GenesysCloud, LoggingSettings
from genesyscloud.errors import ApiError, ConfigurationError, GenesysCloudError, ReadTimeout
from genesyscloud.http import Headers, Reply, Request
from genesyscloud.logs import Exchange

from .engine import ME, Answer, async_client, client, reply, token

BODY = {"name": "Support", "clientSecret": "hunter2"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def shared() -> Iterator[logging.Logger]:
    """The standard logger of requests, as it was before."""
    logger = logging.getLogger("genesyscloud.http")
    level, handlers = logger.level, list(logger.handlers)
    yield logger
    logger.setLevel(level)
    logger.handlers[:] = handlers


def settings(path: Path, level: str, **options: Any) -> LoggingSettings:
    given: dict[str, Any] = {"level": level, "format": "json", "console": False, "file": str(path), **options}
    return LoggingSettings(**given)


def logged(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def post(gc: GenesysCloud) -> None:
    gc.request("POST", "/api/v2/things", query={"a": 1}, json=BODY)


#: What the READMEs of the vendor list for each level, apart from the bodies, which are asked for separately.
TRACE = {"level", "date", "method", "url", "requestHeaders", "statusCode", "responseHeaders", "correlationId"}
DEBUG = TRACE - {"responseHeaders"}


@pytest.mark.parametrize(
    ("level", "status", "fields", "bodies"),
    [
        ("trace", 200, TRACE, {"requestBody"}),
        ("debug", 200, DEBUG, {"requestBody"}),
        ("trace", 404, TRACE, {"requestBody", "responseBody"}),
        ("debug", 404, TRACE, {"requestBody", "responseBody"}),
        ("error", 404, TRACE, {"requestBody", "responseBody"}),
        ("error", 200, None, None),
        ("none", 404, None, None),
    ],
)
@pytest.mark.parametrize("with_bodies", [False, True])
def test_levels(
    path: Path, level: str, status: int, fields: set[str] | None, bodies: set[str] | None, with_bodies: bool
) -> None:
    log = settings(path, level, request_body=with_bodies, response_body=with_bodies)
    gc, _ = client([token(), reply(status, {"message": "m"})], logging=log, retry=False)
    try:
        post(gc)
    except ApiError:
        assert status == 404
    calls = [one for one in logged(path) if one["url"].startswith("https://api.")]
    if fields is None:
        assert calls == []
        return
    (one,) = calls
    assert set(one) == fields | ((bodies or set()) if with_bodies else set())
    assert one["level"] == ("error" if status == 404 else level)
    assert one["method"] == "POST"
    assert one["url"] == "https://api.mypurecloud.ie/api/v2/things?a=1"
    assert one["statusCode"] == status
    assert one["requestHeaders"]["Authorization"] == "[REDACTED]"
    assert one["requestHeaders"]["Content-Type"] == "application/json"
    assert one["correlationId"] == "c-1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["date"])
    if with_bodies:
        assert json.loads(one["requestBody"]) == {"name": "Support", "clientSecret": "[REDACTED]"}


def test_text(path: Path) -> None:
    log = settings(path, "trace", format="text", request_body=True, response_body=True)
    gc, transport = client([token(), reply(404, {"message": "gone"})], logging=log)
    with pytest.raises(ApiError):
        post(gc)
    text = path.read_text()
    login, call = text.split("2023-11-14T")[1:]
    assert "oauth/token" in login
    agent = transport.requests[1].headers["User-Agent"]
    assert call.splitlines()[1:] == [
        "=== REQUEST ===",
        "URL: https://api.mypurecloud.ie/api/v2/things?a=1",
        "Method: POST",
        "Headers:",
        f"    User-Agent: {agent}",
        "    Accept: application/json",
        "    Content-Type: application/json",
        "    Authorization: [REDACTED]",
        'Body: {"name":"Support","clientSecret":"[REDACTED]"}',
        "=== RESPONSE ===",
        "Status: 404",
        "Headers:",
        "    content-type: application/json",
        "    inin-correlation-id: c-1",
        "CorrelationId: c-1",
        'Body: {"message":"gone"}',
    ]
    assert call.splitlines()[0].endswith("Z ERROR")


def test_logins_are_logged_without_what_they_send_and_get(path: Path) -> None:
    log = settings(path, "trace", request_body=True, response_body=True)
    gc, _ = client([token("hunter2"), reply(200, ME)], logging=log)
    gc.users.get_users_me()
    login, call = logged(path)
    assert (login["method"], login["url"]) == ("POST", "https://login.mypurecloud.ie/oauth/token")
    assert login["requestBody"] == "grant_type=client_credentials"
    assert call["url"].endswith("/users/me")
    assert "hunter2" not in path.read_text()
    assert "s3cret" not in path.read_text()


def test_a_login_that_is_refused(path: Path) -> None:
    log = settings(path, "error", request_body=True, response_body=True)
    answer = reply(400, {"error": "invalid_client", "error_description": "s3cret is wrong"})
    gc, _ = client([answer], logging=log)
    with pytest.raises(GenesysCloudError):
        gc.users.get_users_me()
    (one,) = logged(path)
    assert json.loads(one["responseBody"]) == {"error": "invalid_client", "error_description": "[REDACTED] is wrong"}


def test_no_reply_is_an_error(path: Path) -> None:
    gc, _ = client([token(), ReadTimeout("nothing for 60 s")], logging=settings(path, "error"), retry=False)
    with pytest.raises(ReadTimeout):
        gc.users.get_users_me()
    (one,) = logged(path)
    assert set(one) == {"level", "date", "method", "url", "requestHeaders", "error"}
    assert one["error"] == "nothing for 60 s"


def test_every_attempt_is_logged(path: Path) -> None:
    gc, _ = client([token(), reply(503), reply(429, retry_after="1"), reply(200, ME)], logging=settings(path, "trace"))
    gc.users.get_users_me()
    assert [one["statusCode"] for one in logged(path)] == [200, 503, 429, 200]


def test_tasks_log_too(path: Path) -> None:
    async def main() -> None:
        gc, _ = async_client([token(), reply(200, ME)], logging=settings(path, "debug"))
        await gc.users.get_users_me()

    asyncio.run(main())
    assert [one["level"] for one in logged(path)] == ["debug", "debug"]


@pytest.mark.parametrize("format_", ["json", "text"])
def test_headers_of_any_bytes(path: Path, format_: str) -> None:
    answer = reply(200, ME)
    headers = Headers([*answer.headers.items(), ("x-odd", b"\xc3\xff".decode("utf-8", "surrogateescape"))])
    gc, _ = client([token(), answer._replace(headers=headers)], logging=settings(path, "trace", format=format_))
    gc.users.get_users_me()
    assert "\\udcc3\\udcff" in path.read_text()


# --- where to -----------------------------------------------------------------------------------


def test_console_and_file(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gc, _ = client([token(), reply(200, ME)], logging=settings(path, "debug", console=True))
    gc.users.get_users_me()
    assert capsys.readouterr().err == path.read_text()


def test_the_console_is_where_standard_error_is_at_that_moment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gc, _ = client([token(), reply(200, ME), reply(200, ME), reply(200, ME)], logging=LoggingSettings("debug"))
    gc.users.get_users_me()
    assert "=== REQUEST ===" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stderr", None)
    gc.users.get_users_me()
    broken = open(os.devnull, "w")  # noqa: SIM115
    broken.close()
    monkeypatch.setattr(sys, "stderr", broken)
    gc.users.get_users_me()


def test_nothing_is_written_unless_asked_for(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, path: Path
) -> None:
    gc, _ = client([token(), reply(404, {})])
    with caplog.at_level(1), pytest.raises(ApiError):
        gc.users.get_users_me()
    assert capsys.readouterr().err == ""
    assert caplog.text == ""


def test_the_file_may_be_moved_away_at_any_time(path: Path) -> None:
    gc, _ = client([token(), *(reply(200, ME) for _ in range(3))], logging=settings(path, "debug"))
    gc.users.get_users_me()
    path.rename(path.with_name("log.1"))
    gc.users.get_users_me()
    assert len(logged(path.with_name("log.1"))) == 2
    assert len(logged(path)) == 1


def test_a_file_that_cannot_be_written_is_said_once_and_stops_no_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "none"
    gc, _ = client([token(), *(reply(200, ME) for _ in range(4))], logging=settings(folder / "log", "debug"))
    gc.users.get_users_me()
    gc.users.get_users_me()
    said = capsys.readouterr().err
    assert said.count("cannot be written: No such file or directory; said once, until it can") == 1
    folder.mkdir()
    gc.users.get_users_me()
    assert len(logged(folder / "log")) == 1
    assert capsys.readouterr().err == ""


def test_clients_do_not_disturb_each_other(tmp_path: Path, shared: logging.Logger) -> None:
    before = list(shared.handlers)
    for name, level in (("one", "trace"), ("two", "error")):
        gc, _ = client([token(), reply(200, ME)], logging=settings(tmp_path / name, level))
        gc.users.get_users_me()
    assert len(logged(tmp_path / "one")) == 2
    assert logged(tmp_path / "two") == []
    assert [handler for handler in shared.handlers if type(handler) is not logging.NullHandler] == before[1:]


def test_a_rotating_handler_of_ones_own(path: Path, shared: logging.Logger) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=2000, backupCount=20)
    shared.addHandler(handler)
    shared.setLevel(5)
    log = LoggingSettings("trace", format="json", console=False)
    gc, _ = client([token("hunter2"), *(reply(200, ME) for _ in range(20))], logging=log)
    for _ in range(20):
        gc.users.get_users_me()
    handler.close()
    files = sorted(path.parent.iterdir())
    assert len(files) > 3
    lines = [line for file in files for line in file.read_text().splitlines()]
    assert len(lines) == 21
    assert all(json.loads(line)["level"] == "trace" for line in lines)
    assert "hunter2" not in "".join(lines)


def test_a_queue_handler_of_ones_own(shared: logging.Logger) -> None:
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    shared.addHandler(logging.handlers.QueueHandler(records))
    shared.setLevel("DEBUG")
    gc, _ = client([token(), reply(200, ME)], logging=LoggingSettings("debug", console=False))
    gc.users.get_users_me()
    assert "=== REQUEST ===" in records.get_nowait().getMessage()


def test_the_level_of_the_logger_decides_what_handlers_of_ones_own_see(
    shared: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    gc, _ = client([token(), reply(200, ME), reply(404, {})], logging=LoggingSettings("debug", console=False))
    shared.setLevel(logging.ERROR)
    gc.users.get_users_me()
    with pytest.raises(ApiError):
        gc.users.get_users_me()
    (record,) = caplog.records
    assert (record.levelno, record.levelname, record.name) == (logging.ERROR, "ERROR", "genesyscloud.http")


def test_a_handler_that_raises_stops_no_call(shared: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    class Bad(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("my handler")

    shared.addHandler(Bad())
    shared.setLevel("DEBUG")
    gc, _ = client([token(), reply(200, ME)], logging=LoggingSettings("debug", console=False))
    assert gc.users.get_users_me().name == "Ann"
    assert "a handler of the logger genesyscloud.http failed: RuntimeError: my handler" in capsys.readouterr().err


def test_no_other_logger_is_touched() -> None:
    code = (
        "import logging, sys\n"
        "from genesyscloud import *\n"
        "from genesyscloud.sandbox import Sandbox\n"
        "gc = Sandbox().client(logging=LoggingSettings('trace', console=False))\n"
        "gc.users.get_users_me()\n"
        "names = [n for n, l in logging.root.manager.loggerDict.items() if getattr(l, 'handlers', None)\n"
        "         or getattr(l, 'level', 0) or not getattr(l, 'propagate', True)]\n"
        "print(names, logging.root.handlers, logging.root.level, logging.raiseExceptions, logging.getLevelName(5))\n"
    )
    source = str(Path(genesyscloud.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": source}
    )
    assert (done.stdout, done.stderr) == ("['genesyscloud.http'] [] 30 True Level 5\n", "")


# --- what it costs ------------------------------------------------------------------------------


def test_nothing_is_rendered_that_nobody_writes(shared: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[Exchange] = []
    plain = Exchange.to_dict

    def note(self: Exchange) -> dict[str, Any]:
        rendered.append(self)
        return plain(self)

    monkeypatch.setattr(Exchange, "to_dict", note)
    gc, _ = client([token(), reply(200, ME)], logging=LoggingSettings("trace", console=False))
    gc.users.get_users_me()
    assert rendered == []


def test_a_client_that_does_not_log_does_not_load_it() -> None:
    code = (
        "import sys\nfrom genesyscloud.sandbox import Sandbox\n"
        "Sandbox().client().users.get_users_me()\nprint('genesyscloud.logsink' in sys.modules)\n"
    )
    source = str(Path(genesyscloud.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": source}
    )
    assert done.stdout == "False\n"


# --- settings and the breaker -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"level": "loud"}, "level must be one of trace, debug, error, none, not 'loud'"),
        ({"format": "xml"}, "format must be one of text, json, not 'xml'"),
    ],
)
def test_settings_that_cannot_be(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        LoggingSettings(**options)


@pytest.mark.parametrize("level", ["none", "error"])
def test_a_circuit_that_opens_is_said(path: Path, caplog: pytest.LogCaptureFixture, level: str) -> None:
    answers: list[Answer] = [token(), reply(503), reply(503)]
    gc, _ = client(answers, logging=settings(path, level), retry=False, breaker=BreakerSettings(failures=2))
    for _ in range(2):
        with pytest.raises(ApiError):
            gc.users.get_users_me()
    (said,) = [record.getMessage() for record in caplog.records if record.name == "genesyscloud.breaker"]
    assert said.startswith("circuit of api.mypurecloud.ie (users): closed -> open, until ")
    if level == "error":
        assert next(one for one in logged(path) if one["level"] == "warning")["message"] == said


def test_an_exchange_hides_secrets_in_its_repr() -> None:
    request = Request("GET", "https://x.example/a?access_token=hunter2", {"Authorization": "Bearer hunter2"}, None)
    exchange = Exchange(LoggingSettings("trace"), 0.0, request, Reply(200, reply(200).headers, b""))
    assert "hunter2" not in repr(exchange) + str(exchange)
