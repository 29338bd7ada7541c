"""No secret leaves: rules one by one, and a property that sends secrets every way and searches all that comes out."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import contextlib
import json
import logging
import string
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genesyscloud import LoggingSettings, RetryPolicy
from genesyscloud.errors import GenesysCloudError, ReadError
from genesyscloud.http import Headers, Reply, Request
from genesyscloud.redact import (
    HIDDEN,
    SecretHeaders,
    Secrets,
    is_secret_name,
    secrets_of,
    shown_body,
    shown_headers,
    shown_text,
    shown_url,
)

from .engine import Answer, async_client, client, reply, token
from .test_auth import is_login

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "clientSecret", "client_secret", "password",
        "passphrase", "access_token", "refresh_token", "accessToken", "X-Api-Key", "apiKey", "privateKey", "assertion",
        "code_verifier", "jwt", "credentialFields", "connectUri", "pin", "signedCookie", "authorizationCode",
    ],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "Accept", "name", "tokenType", "expires_in", "accessTokenValiditySeconds", "passwordPolicy", "code", "status",
        "tokenCount", "pinned", "spinning", "secretUri", "tokenEndpoint", "dateTokenIdles", "Content-Type", "keyword",
        "passwordRequired", "correlationId",
    ],
)  # fmt: skip
def test_names_of_no_secrets(name: str) -> None:
    assert not is_secret_name(name)


# --- one by one ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/a?code=hunter2&state=1", "/a?code=[REDACTED]&state=1"),
        ("https://h/a?jwt=hunter2#access_token=hunter2", "https://h/a?jwt=[REDACTED]#access_token=[REDACTED]"),
        ("https://me:hunter2@h/a", "https://[REDACTED]@h/a"),
        (
            "wss://s.example/api/v2/notifications/channels/hunter2?x=1",
            "wss://s.example/api/v2/notifications/channels/[REDACTED]?x=1",
        ),
        ("/api/v2/integrations/webhooks/hunter2/events", "/api/v2/integrations/webhooks/[REDACTED]/events"),
        ("/a?X-Amz-Signature=hunter2&X-Amz-Credential=i", "/a?X-Amz-Signature=[REDACTED]&X-Amz-Credential=[REDACTED]"),
        ("/a?next=https%3A%2F%2Fh%2F%3Faccess_token%3Dhunter2", "/a?next=[REDACTED]"),
        ("/a?%61ccess_token=hunter2", "/a?%61ccess_token=[REDACTED]"),
        ("/api/v2/users?pageSize=5&name=Ann", "/api/v2/users?pageSize=5&name=Ann"),
        ("/a?code=", "/a?code="),
    ],
)  # fmt: skip
def test_addresses(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@pytest.mark.parametrize(
    "text",
    [
        "password: hunter2", "client_secret=hunter2", 'bad {"clientSecret": "hunter2"}',
        "token 'access_token': 'hunter2'",
        r'{\"password\": \"hunter2\"}', "see https://me:hunter2@h/ for", "Authorization: Bearer hunter2hunter2hunter2x",
        "GET /oauth/x?code=hunter2 failed", "a=1&refresh_token=hunter2&b=2", 'password = "hun\\"hunter2"',
        "eyJhbGciOi.eyJhunter2.c2lnhunter2",
    ],
)  # fmt: skip
def test_texts(text: str) -> None:
    assert "hunter2" not in shown_text(text)
    assert HIDDEN in shown_text(text)


@pytest.mark.parametrize("text", ["The queue is gone.", "a: b", "status 404: not.found", "token expired", "50% of 3/4"])
def test_texts_without_secrets(text: str) -> None:
    assert shown_text(text) == text


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"clientSecret": "hunter2"}, JSON),
        ({"a": [{"b": {"password": {"deep": ["hunter2", {"x": "hunter2"}]}}}]}, JSON),
        ({"credentialFields": {"anything": "hunter2"}}, JSON),
        ({"requestTemplate": '{"password": "hunter2"}'}, JSON),
        ({"text": "my password: hunter2"}, JSON),
        ({"secret": 72}, JSON),
        ("client_secret=hunter2&code=hunter2", FORM),
        ("hello password=hunter2", {"Content-Type": "text/plain"}),
        ("<html>password: hunter2</html>", {"Content-Type": "text/html"}),
        (b"\xff\xfehunter2", {"Content-Type": "application/octet-stream"}),
        ('{"password": "hunter2"', JSON),
        ('{"password": "hunter2"}', {}),
        ("hunter2", {}),
    ],
)
def test_bodies(body: Any, headers: dict[str, str]) -> None:
    data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    shown = shown_body(data, headers)
    assert "hunter2" not in shown
    assert "72" not in shown
    assert shown


def test_bodies_without_secrets_are_shown_whole() -> None:
    value = {"name": "Support", "authorization": {"roles": ["a"]}, "n": 1, "none": None}
    assert json.loads(shown_body(json.dumps(value).encode(), JSON)) == value
    assert shown_body(b"a=1&b=x+y", FORM) == "a=1&b=x y"
    assert shown_body(None, JSON) == ""


def test_only_what_is_known_is_shown_of_a_login() -> None:
    form = urlencode({"grant_type": "x", "client_id": "i", "something_new": "hunter2"}).encode()
    shown = shown_body(form, FORM, "https://login.example/oauth/token")
    assert shown == "grant_type=x&client_id=i&something_new=[REDACTED]"


def test_nesting_without_end() -> None:
    body = b'{"a":' * 500 + b'"hunter2"' + b"}" * 500
    assert "hunter2" not in shown_body(body, JSON)


def test_headers() -> None:
    headers = {"authorization": "Bearer hunter2", "X-A": "see password=hunter2", "Accept": "*/*"}
    assert "hunter2" not in str(shown_headers(headers)) + repr(SecretHeaders(headers)) + f"{SecretHeaders(headers)}"
    assert shown_headers(headers)["Accept"] == "*/*"


def test_values_that_were_sent_are_hidden_however_they_come_back() -> None:
    request = Request(
        "POST", "https://h/a?api_key=k-hunter2", {"X-Token": "t-hunter2", **JSON}, b'{"password": "p\\"hunter2 &"}'
    )
    mask = secrets_of(request).mask
    for secret in ("k-hunter2", "t-hunter2", 'p"hunter2 &'):
        for form in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], secret.upper()):
            assert "hunter2" not in mask(f"you sent <{form}>").lower(), form
    assert repr(secrets_of(request)) == "Secrets(…)"
    # Cut in the middle.
    assert "hunter2hu" not in Secrets(["abc-hunter2hunter2hunter2"]).mask("you sent abc-hunter2hunter2hu")


def test_values_that_are_too_short_would_hide_everything() -> None:
    assert Secrets(["", "a", "abc"]).mask("abc") == "abc"


@settings(max_examples=300)
@given(st.text(max_size=300) | st.text(alphabet="pasword:=\"'\\ &?#/%{}[]", max_size=300))
def test_any_text_is_shown_in_short_time(text: str) -> None:
    shown_text(text)
    shown_url(text)
    shown_body(text.encode("utf-8", "replace"), JSON)
    shown_body(text.encode("utf-8", "replace"), FORM)


@pytest.mark.parametrize(
    "text", ["password" * 20_000, "?" * 100_000, 'password="' + "\\" * 100_000, "a=" * 50_000, "://" * 50_000]
)
def test_long_texts_take_no_more_than_their_length(text: str) -> None:
    shown_text(text)
    shown_url(text)


# --- everything at once -------------------------------------------------------------------------

#: Long enough not to be anywhere by chance; of all that a header may hold but what separates.
WORDS = st.text(string.ascii_letters + string.digits, min_size=10, max_size=20)
ODD = st.tuples(
    WORDS, st.sampled_from(['"', "\\", "%", "&", "=", " ", "+", "/", "'", "<", "ä", "€", "%41", "\\n"]), WORDS
).map("".join)
# With a middle that occurs nowhere else: hypothesis also tries words of the sources, such as our own name.
SECRETS = (WORDS | ODD).map(lambda word: f"{word[: len(word) // 2]}Zq7{word[len(word) // 2 :]}")
NAMES = st.sampled_from(["password", "clientSecret", "access_token", "apiKey", "jwt", "assertion", "refreshToken"])


def nested(secret: str) -> st.SearchStrategy[Any]:
    """JSON that holds a secret under its name, somewhere."""
    holder = NAMES.flatmap(
        lambda name: st.sampled_from(
            [{name: secret}, {name: [secret]}, {name: {"x": {"y": secret}}}, {"t": json.dumps({name: secret})}]
        )
    )
    return st.recursive(
        holder,
        lambda inner: st.fixed_dictionaries({"a": inner, "n": st.integers()}) | st.tuples(inner).map(list),
        max_leaves=4,
    )


def in_query(secret: str) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(["code", "access_token", "api_key", "X-Amz-Signature"])
    return names.map(lambda name: {"query": {name: secret, "pageSize": 1}})


def in_json(secret: str) -> st.SearchStrategy[dict[str, Any]]:
    return nested(secret).map(lambda value: {"json": value})


def in_form(secret: str) -> st.SearchStrategy[dict[str, Any]]:
    return NAMES.map(lambda name: {"body": urlencode({name: secret, "a": "b"}).encode(), "headers": FORM})


def in_path(secret: str) -> st.SearchStrategy[dict[str, Any]]:
    places = st.sampled_from(["/api/v2/notifications/channels/{}", "/api/v2/integrations/webhooks/{}/events"])
    return places.map(lambda place: {"path": place.format(quote(secret, safe=""))})


def in_header(secret: str) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(["X-Api-Key", "Cookie", "Authorization", "X-Auth-Token"])
    return names.map(lambda name: {"headers": {name: secret}})


PLACES: list[Callable[[str], st.SearchStrategy[dict[str, Any]]]] = [in_query, in_json, in_form, in_path, in_header]


def echo(request: Request, kind: str, secret: str) -> Answer:
    """A service that repeats what it was sent."""
    words = f"refused: {request.method} {request.url} {dict(request.headers)} {(request.body or b'').decode()} {secret}"
    if kind == "error":
        return reply(400, {"message": words, "code": "bad.request", "messageParams": {"a": words}})
    if kind == "html":
        return reply(502, raw=f"<html><title>{words}</title></html>".encode(), content_type="text/html")
    if kind == "broken":
        return reply(200, raw=words.encode(), content_type="application/json")
    if kind == "broken JSON":
        return reply(400, raw=json.dumps({"message": words})[:-3].encode())
    if kind == "no reply":
        return ReadError(f"the connection broke: {words}")
    if kind == "headers":
        plain = words.replace("\n", " ")
        headers = Headers([("set-cookie", plain), ("x-echo", plain), ("inin-correlation-id", plain)])
        return Reply(400, headers, json.dumps({"contextId": words}).encode())
    return reply(200, {"echo": words, "password": secret, "nested": [{"token": secret, "text": words}]})


KINDS = ["error", "html", "broken", "broken JSON", "no reply", "headers", "success"]


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, Any], str]:
    place = draw(st.sampled_from(PLACES))
    secret = draw(SECRETS.filter(str.isascii) if place is in_header else SECRETS)
    sent = draw(place(secret))
    return secret, {"path": "/api/v2/things", **sent}, draw(st.sampled_from(KINDS))


def forms_of(secret: str) -> set[str]:
    """The secret in each of the ways that somebody could read it off."""
    encoded = json.dumps(secret)[1:-1]
    return {
        secret, quote(secret, safe=""), quote_plus(secret), encoded, json.dumps(encoded)[1:-1], repr(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }  # fmt: skip


class Output:
    """Collects everything that comes out of a client, but for what the caller asked for: the reply itself."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, event: Any) -> None:
        self.texts += [repr(event), str(event)]

    def error(self, error: BaseException) -> None:
        """What is seen of an error, in a program that prints it, and in a report of its traceback."""
        self.texts += [str(error), repr(error), "".join(traceback.format_exception(error))]
        fields = {name: value for name, value in vars(error).items() if name not in ("body", "raw", "headers")}
        self.texts.append(repr(fields))


def send(secret: str, sent: dict[str, Any], kind: str, log: LoggingSettings, caught: list[str]) -> Output:
    output = Output()

    def server(request: Request) -> Answer:
        return token(f"tok-{secret[:10]}-hidden") if is_login(request) else echo(request, kind, secret)

    gc, _ = client(
        server,
        logging=log,
        retry=RetryPolicy(max_retries=1),
        on_request=output,
        on_response=output,
        on_retry=output,
        on_error=output,
    )
    try:
        output(gc.request("POST", **sent))
    except GenesysCloudError as error:
        output.error(error)
    output(gc)
    output(gc.token)
    output(vars(gc._engine))
    output.texts += caught
    return output


class Collector(logging.Handler):
    """What handlers of one's own see."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__(1)
        self.texts = texts

    def emit(self, record: logging.LogRecord) -> None:
        self.texts += [record.getMessage(), repr(record.msg)]


@settings(max_examples=400, deadline=None)
@given(requests(), st.sampled_from(["text", "json"]), st.sampled_from(["trace", "debug", "error"]))
@example(("a\\nbcdefghijk", {"path": "/api/v2/x", "json": {"password": "a\\nbcdefghijk"}}, "error"), "text", "trace")
@example(
    ('abcde"fghijk', {"path": "/api/v2/x", "json": {"text": json.dumps({"password": 'abcde"fghijk'})}}, "no reply"),
    "text",
    "trace",
)
def test_no_secret_leaves(request: tuple[str, dict[str, Any], str], format_: str, level: str) -> None:
    secret, sent, kind = request
    caught: list[str] = []
    log = LoggingSettings(level, format_, console=False, request_body=True, response_body=True)
    logger, collector = logging.getLogger("genesyscloud"), Collector(caught)
    logger.addHandler(collector)
    before, logger.level = logger.level, 1
    logging.getLogger("genesyscloud.http")._cache.clear()  # type: ignore[attr-defined]  # pyright: ignore
    try:
        output = send(secret, sent, kind, log, caught)
    finally:
        logger.removeHandler(collector)
        logger.setLevel(before)
    assert level == "error" or any("REQUEST" in text or "requestHeaders" in text for text in output.texts)
    for text in output.texts:
        for form in forms_of(secret):
            assert form not in text, (form, text)


def test_the_search_can_find_something() -> None:
    output = Output()
    output.error(GenesysCloudError("refused: hunter2hunter2"))
    assert any("hunter2hunter2" in text for text in output.texts)


def test_tasks_hide_as_threads_do() -> None:
    import asyncio

    async def main() -> None:
        output = Output()
        gc, _ = async_client(
            lambda request: token("t") if is_login(request) else echo(request, "error", "hunter2hunter2"),
            on_request=output, on_response=output, on_error=output,
        )  # fmt: skip
        with contextlib.suppress(GenesysCloudError):
            await gc.request("POST", "/api/v2/x", json={"password": "hunter2hunter2"})
        assert len(output.texts) == 6
        assert all("hunter2hunter2" not in text for text in output.texts)

    asyncio.run(main())
