"""What must never be shown, wherever text leaves this package: logs, errors, ``repr`` of requests and events.

Two rules work together. A value is hidden for its *name*: in headers, query strings, forms and JSON at any depth,
and in any text that reads like one of them. And a secret that a request carried is hidden for its *value* in all that
comes back, because services quote what they refuse. What cannot be understood is not shown at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus

if TYPE_CHECKING:
    from .errors import GenesysCloudError
    from .http import Request

__all__ = [
    "HIDDEN",
    "SecretHeaders",
    "Secrets",
    "is_secret_name",
    "mask_error",
    "secrets_of",
    "shown_body",
    "shown_header",
    "shown_headers",
    "shown_text",
    "shown_url",
]

#: Stands for what is hidden; the word that the vendor's logs use.
HIDDEN = "[REDACTED]"

_SECRET_NAME = re.compile(
    r"secret|passw(or)?d|passphrase|passcode|assertion|credential_?fields|token|jwt|code_?verifier|connect_?uri"
    r"|(api|private|secret|access|signing|encryption)_?key|(access|join|signup|verification|authorization|auth)_?code"
    r"|signed_?cookie|cookie_?values|^(proxy_)?authorization$|^(set_)?cookie2?$|^pin$",
    re.IGNORECASE,
)
#: What such a name ends with when it speaks about a secret instead of holding it.
_ABOUT = re.compile(
    r"(seconds|minutes|timeout|idles|date|issued|expires_?in|type|count|rate|size|length|location|enabled|provided"
    r"|required|requirements|policy|ur[il]|endpoint)$",
    re.IGNORECASE,
)
#: Names that hold secrets in query strings and forms, but not in JSON, where they are too common.
_SECRET_PARAMETER = re.compile(
    r"^(code|sig|calendarid|.*signature|x-(amz|goog)-credential|awsaccesskeyid)$", re.IGNORECASE
)
#: All that is shown of a request to the token endpoint.
_LOGIN_FIELDS = frozenset({"grant_type", "client_id", "redirect_uri", "orgName", "scope"})
#: Who knows the id in such a path may listen, or speak, without a login.
_SECRET_PATH = re.compile(
    r"(/notifications/channels/|/integrations/webhooks/|/guest/sessions/)([^/?#\s]+)", re.IGNORECASE
)
_USER_IN_URL = re.compile(r"(://)[^/?#@\s]*@")
# The patterns for free text look back and never give back, so that a long text takes no more than its length.
_URL = re.compile(r"(?:(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*+://|(?<![^\s\"'=(,<>])[/?])[^\s\"'<>\\]++", re.IGNORECASE)
_NAME = re.compile(r"(?<![\w.-])([\w.-]++)\\*[\"']?\s*[:=]\s*")
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*+"|\'(?:[^\'\\]|\\.)*+\'|\\*["\'].*|[^\n&]+', re.DOTALL)
_PARAMETER = re.compile(r"[?&#;]([^?&#;=]++)=")
_TOKENS = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{20,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*", re.IGNORECASE)
_JSON_MEDIA = re.compile(r"application/(?:[\w.-]+\+)?json|text/json", re.IGNORECASE)
_FORM_MEDIA = "application/x-www-form-urlencoded"
#: Shorter ones would hide half of every text.
_SHORTEST = 4
#: A secret is known in text that is JSON within text within JSON, so many times.
_DEEPEST_TEXT = 4
#: A text may have been cut in the middle of a secret; this much of its beginning gives it away.
_BEGINNING = 12
_DEEPEST = 100
_NOT_JSON: Any = object()


@lru_cache(1024)
def is_secret_name(name: str) -> bool:
    """Whether a value called ``name`` must not be shown (``clientSecret``, ``access_token``).

    >>> is_secret_name("clientSecret"), is_secret_name("tokenType"), is_secret_name("name")
    (True, False, False)
    """
    name = name.replace("-", "_")
    return _SECRET_NAME.search(name) is not None and (_ABOUT.search(name) is None or "connect" in name.lower())


class SecretHeaders(dict[str, str]):
    """Headers of a request; printing them, as tracebacks with local variables do, shows no secret.

    >>> SecretHeaders({"Authorization": "Bearer abc", "Accept": "*/*"})
    {'Authorization': '[REDACTED]', 'Accept': '*/*'}
    """

    def __repr__(self) -> str:
        return repr(shown_headers(self))

    __str__ = __repr__


class Secrets:
    """Values that must not be shown.

    >>> Secrets(["hunter22"]).mask("wrong password hunter22")
    'wrong password [REDACTED]'
    """

    def __init__(self, values: Iterable[str]) -> None:
        forms: set[str] = set()
        for value in values:
            if len(value) >= _SHORTEST:
                forms |= {value, quote(value, safe=""), quote_plus(value), *_in_json(value)}
        longest_first = sorted(forms, key=len, reverse=True)
        patterns = [re.escape(form) for form in longest_first]
        patterns += [re.escape(form[:_BEGINNING]) + r"[^\s\"'<>&]*" for form in longest_first if len(form) > _BEGINNING]
        self._pattern = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None

    def mask(self, text: str) -> str:
        """Return ``text`` without them."""
        return self._pattern.sub(HIDDEN, text) if self._pattern is not None else text

    def __repr__(self) -> str:
        return "Secrets(…)"


def secrets_of(request: Request) -> Secrets:
    """Return the secrets that a request carries, to be hidden in what is answered."""
    found: list[str] = []
    for name, value in request.headers.items():
        if is_secret_name(name):
            found += [value, *_credentials(value)]
    query = request.url.partition("?")[2].partition("#")[0]
    found += [value for name, value in parse_qsl(query) if _is_secret_parameter(name)]
    found += [unquote_plus(id) for _, id in _SECRET_PATH.findall(request.url)]
    if request.body:
        media = _media(request.headers)
        if media == _FORM_MEDIA:
            pairs = parse_qsl(request.body.decode("latin-1"))
            found += [value for name, value in pairs if _is_secret_parameter(name)]
        else:
            _collect(_parsed(request.body), False, found)
    return Secrets(found)


def mask_error(error: GenesysCloudError, secrets: Secrets) -> None:
    """Take ``secrets`` out of all texts of an error; what the service sent stays in ``body`` and ``raw``."""
    error.args = tuple(secrets.mask(value) if isinstance(value, str) else value for value in error.args)
    for name in ("reason", "message", "code", "correlation_id", "error", "description"):
        value = getattr(error, name, None)
        if isinstance(value, str):
            setattr(error, name, secrets.mask(value))


def shown_header(name: str, value: str) -> str:
    """Return what may be shown of a header's value."""
    return HIDDEN if is_secret_name(name) else shown_text(value)


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with what may be shown of their values."""
    return {name: shown_header(name, value) for name, value in headers.items()}


def shown_url(url: str) -> str:
    """Return a URL or path without secrets in user, path, query and fragment.

    >>> shown_url("https://x.example/oauth?code=abc&state=1")
    'https://x.example/oauth?code=[REDACTED]&state=1'
    """
    url = _USER_IN_URL.sub(rf"\1{HIDDEN}@", url)
    url = _SECRET_PATH.sub(rf"\1{HIDDEN}", url)
    url, hash_, fragment = url.partition("#")
    path, mark, query = url.partition("?")
    return f"{path}{mark}{_shown_pairs(query)}{hash_}{_shown_pairs(fragment)}"


def shown_text(text: str) -> str:
    """Return free text without what reads like a secret: ``password: …``, ``?token=…``, ``Bearer …``.

    >>> shown_text("Bad request: client_secret=abc")
    'Bad request: client_secret=[REDACTED]'
    """
    if "/" in text or "?" in text:
        text = _URL.sub(lambda m: shown_url(m[0]), text)
    pieces: list[str] = []
    done = 0
    for match in _NAME.finditer(text):
        value = _VALUE.match(text, match.end()) if match.start() >= done and is_secret_name(match[1]) else None
        if value is not None:
            pieces += [text[done : match.end()], HIDDEN]
            done = value.end()
    return _TOKENS.sub(HIDDEN, "".join(pieces) + text[done:])


def shown_body(body: bytes | None, headers: Mapping[str, str], url: str = "") -> str:
    """Return what may be shown of a body; of one that cannot be understood only its size.

    Args:
        headers: that came with it. url: that it was sent to.
    """
    if not body:
        return ""
    media = _media(headers)
    if media == _FORM_MEDIA:
        login = url.partition("?")[0].endswith("/oauth/token")
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True)
        return "&".join(f"{name}={_shown_field(name, value, login)}" for name, value in pairs)
    start = body.lstrip()[:1]
    json_like = _JSON_MEDIA.match(media) is not None or start in (b"{", b"[", b'"')
    if json_like:
        value = _parsed(body)
        if value is not _NOT_JSON:
            from .codec import encode

            return encode(_shown_value(value, False, 0)).decode()
    elif media.startswith("text/") and (media == "text/html" or start != b"<"):
        return shown_text(body.decode("utf-8", "replace"))
    return f"[{len(body)} bytes{f' of {media}' if media else ''}{', not valid JSON' if json_like else ''}]"


def _is_secret_parameter(name: str) -> bool:
    return is_secret_name(name) or _SECRET_PARAMETER.match(name) is not None


def _shown_pairs(query: str) -> str:
    return "&".join(map(_shown_pair, query.split("&")))


def _shown_pair(pair: str) -> str:
    name, found, value = pair.partition("=")
    if not found or not value or value.startswith(HIDDEN):
        return pair
    if _is_secret_parameter(unquote_plus(name)):
        return f"{name}={HIDDEN}"
    # A parameter may hold a whole URL.
    plain = unquote_plus(value)
    inner = any(map(_is_secret_parameter, _PARAMETER.findall(plain))) or _USER_IN_URL.search(plain) is not None
    return f"{name}={HIDDEN}" if inner else pair


def _shown_field(name: str, value: str, login: bool) -> str:
    if not value:
        return ""
    if _is_secret_parameter(name) or (login and name not in _LOGIN_FIELDS):
        return HIDDEN
    return shown_text(value)


def _shown_value(value: Any, secret: bool, depth: int) -> Any:
    if depth > _DEEPEST:
        return HIDDEN
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {
            name: _shown_value(inner, secret or _is_secret_field(name, inner), depth + 1)
            for name, inner in fields.items()
        }
    if isinstance(value, list):
        return [_shown_value(inner, secret, depth + 1) for inner in cast("list[Any]", value)]
    if value is None or isinstance(value, bool) or value == "":
        return value
    if secret:
        return HIDDEN
    if not isinstance(value, str):
        return value
    if value.lstrip()[:1] in ("{", "["):
        # JSON inside of JSON: templates of data actions, for one.
        return shown_body(value.encode("utf-8", "replace"), {})
    return shown_text(value)


def _is_secret_field(name: str, value: Any) -> bool:
    # A user's roles are called authorization, too.
    return is_secret_name(name) and not (name.lower() == "authorization" and isinstance(value, dict))


def _collect(value: Any, secret: bool, found: list[str]) -> None:
    """Add the secrets of decoded JSON to ``found``."""
    pending = [(value, secret)]
    while pending:
        value, secret = pending.pop()
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            pending += [(inner, secret or _is_secret_field(name, inner)) for name, inner in fields.items()]
        elif isinstance(value, list):
            pending += [(inner, secret) for inner in cast("list[Any]", value)]
        elif secret and isinstance(value, str | int | float) and not isinstance(value, bool):
            found.append(str(value))
        elif isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
            pending.append((_parsed(value.encode("utf-8", "replace")), False))


def _credentials(value: str) -> list[str]:
    """Return the parts of a header's value that are secrets by themselves."""
    scheme, _, rest = value.partition(" ")
    rest = rest.strip()
    found = [rest]
    if scheme.lower() == "basic":
        import base64
        import binascii

        try:
            plain = base64.b64decode(rest, validate=True).decode()
            found.append(plain.partition(":")[2])
        except (binascii.Error, UnicodeDecodeError):
            pass
    found += [cookie.partition("=")[2].strip() for cookie in value.split(";")]
    return found


def _media(headers: Mapping[str, str]) -> str:
    for name in headers:
        if name.lower() == "content-type":
            return headers[name].partition(";")[0].strip().lower()
    return ""


def _parsed(body: bytes) -> Any:
    from .codec import NotJson, decode

    try:
        return decode(body, "o")
    except (NotJson, RecursionError):
        return _NOT_JSON


def _in_json(value: str) -> set[str]:
    """Return ``value`` as it reads within JSON, and within JSON that is text in JSON, and so on."""
    from .codec import encode

    forms: set[str] = set()
    current = {value}
    for _ in range(_DEEPEST_TEXT):
        current = {encode(text).decode()[1:-1] for text in current} | _in_ascii(current)
        if current <= forms | {value}:
            break
        forms |= current
    return forms


def _in_ascii(texts: set[str]) -> set[str]:
    """Return texts as they read within JSON of those who write ``\\u00e4`` for a letter."""
    if all(map(str.isascii, texts)):
        return set()
    import json

    return {json.dumps(text)[1:-1] for text in texts}
