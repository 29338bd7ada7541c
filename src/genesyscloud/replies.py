"""From a reply to a value or to an error, whatever a server or a gateway in front of it sends."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from . import retry
from .codec import NotJson, decode
from .errors import ApiError, ReplyError, api_error_class
from .http import Reply
from .redact import Secrets, mask_error, shown_body, shown_text

if TYPE_CHECKING:
    from .operations import Prepared

__all__ = ["api_error", "summary", "value_of"]

_JSON = re.compile(r"application/(?:[\w.-]+\+)?json|text/json")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_INVISIBLE = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(r"charset=\"?([\w.:-]+)", re.IGNORECASE)
#: What Python has among the character sets, and nobody writes pages in: they fail, whatever the error handler, or warn.
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
_SHOWN = 200


def value_of(reply: Reply, prepared: Prepared, strict: bool) -> Any:
    """Return the value of a success reply: decoded JSON, text, or ``None`` for an empty one.

    A request made by hand can also end in bytes, when the reply says that it is neither JSON nor text.

    Raises:
        ReplyError: JSON was promised, and this is not JSON.
        DriftError: only when ``strict``.
    """
    body = reply.body
    if not body or not prepared.result:
        return None
    if prepared.result in ("s", "o"):
        media = reply.headers.get("content-type", "")
        if media and not _JSON.match(media):
            if media.startswith("text/"):
                return _text(body, media)
            if prepared.record is None:
                return body
    try:
        return decode(body, prepared.result, strict=strict)
    except NotJson as error:
        said = f"the reply is not JSON: {_hint(reply, error)}"
        raise ReplyError(said, reply.status, reply.headers, reply.body) from None


def api_error(reply: Reply, now: float, hint: str = "", secrets: Secrets | None = None) -> ApiError:
    """Return the error for a reply that is no success.

    Args:
        now: seconds since 1970, for a ``Retry-After`` that is a date.
        hint: what the caller should know besides; appended to the text.
        secrets: of the request; taken out of the service's words, which may quote it.
    """
    secrets = secrets or Secrets(())
    body = _parsed(reply.body)
    fields = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    message = str(fields.get("message") or fields.get("error_description") or fields.get("description") or "")
    error = api_error_class(reply.status)(
        reply.status,
        message=shown_text(message) if message else summary(reply, secrets),
        code=shown_text(str(fields.get("code") or fields.get("error") or "")),
        headers=reply.headers,
        body=body,
        raw=reply.body,
        retry_after=retry.retry_after(reply.headers, now, message if reply.status == 429 else ""),
    )
    mask_error(error, secrets)
    if hint:
        error.reason += f" ({hint})"
    return error


def summary(reply: Reply, secrets: Secrets | None = None) -> str:
    """Return in a few words, without secrets, what a reply says that is not in the service's own form."""
    location = reply.headers.get("location")
    if location and 300 <= reply.status < 400:
        # Only the host: the rest may be a pre-signed address.
        return f"a redirect to {_host(location)}, which is not followed"
    text = _text(reply.body[:20_000], reply.headers.get("content-type", "")).strip()
    if not text:
        return "no explanation in the reply"
    if text.startswith("<"):
        title = _TITLE.search(text)
        text = title[1] if title else _INVISIBLE.sub(" ", text)
    elif text[0] in "{[":
        text = shown_body(reply.body, {})
    text = shown_text(" ".join(text.split()))
    if secrets is not None:
        text = secrets.mask(text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _host(location: str) -> str:
    try:
        return urlsplit(location).hostname or "another path of the same host"
    except ValueError:
        return "an address that cannot be read"


def _hint(reply: Reply, error: NotJson) -> str:
    media = reply.headers.get("content-type", "no content type").partition(";")[0]
    # A broken JSON body may hold secrets; an HTML page is a gateway speaking.
    said = repr(summary(reply)) if reply.body.lstrip()[:1] == b"<" else str(error)
    return f"{media}, {len(reply.body)} bytes, {said}"


def _parsed(body: bytes) -> Any:
    try:
        return decode(body, "o") if body else None
    except NotJson:
        return None


def _text(body: bytes, media: str) -> str:
    """Return a text in the character set that the reply names, or else in UTF-8. Fails for no bytes and no name."""
    charset = _CHARSET.search(media)
    name = charset[1] if charset else "utf-8"
    try:
        if codecs.lookup(name).name not in _NO_CHARSETS:
            return body.decode(name, "replace")
    except (LookupError, ValueError):
        # Unknown, no character set (zlib), or a codec that does not know "replace".
        pass
    return body.decode("utf-8", "replace")
