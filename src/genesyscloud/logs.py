"""What is logged of each request and its reply, and how it reads: settings, and values that render themselves.

The handlers that write it are in :mod:`genesyscloud.logsink`, which is loaded by the first call that logs.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .redact import secrets_of, shown_body, shown_headers, shown_url
from .sections import LoggingSettings

if TYPE_CHECKING:
    from .errors import TransportError
    from .http import Reply, Request
    from .redact import Secrets

__all__ = ["Exchange", "date_text"]


class Exchange:
    """A request and what came of it: the message of a log record, rendered by the handler that writes it.

    Args:
        settings: what to show.
        when: seconds since 1970.
        request: as it was sent.
        reply: to it, or ``None`` when there was none.
        error: why there was none.
    """

    __slots__ = ("_settings", "error", "level", "reply", "request", "when")

    def __init__(
        self,
        settings: LoggingSettings,
        when: float,
        request: Request,
        reply: Reply | None,
        error: TransportError | None = None,
    ) -> None:
        self._settings = settings
        self.when = when
        self.request = request
        self.reply = reply
        self.error = error
        self.level: str = "error" if has_failed(reply) else settings.level

    def to_dict(self) -> dict[str, Any]:
        """Return what is logged, without secrets; what the level or the settings leave out is not in it."""
        settings, request, reply = self._settings, self.request, self.reply
        secrets = secrets_of(request)
        url = secrets.mask(shown_url(request.url))
        shown: dict[str, Any] = {
            "level": self.level,
            "date": date_text(self.when),
            "method": request.method,
            "url": url,
        }
        shown["requestHeaders"] = _masked(shown_headers(request.headers), secrets)
        if settings.request_body:
            shown["requestBody"] = secrets.mask(shown_body(request.body, request.headers, request.url))
        if reply is None:
            shown["error"] = secrets.mask(self.error.reason if self.error is not None else "")
            return shown
        shown["statusCode"] = reply.status
        if self.level != "debug":
            shown["responseHeaders"] = _masked(shown_headers(reply.headers), secrets)
        shown["correlationId"] = secrets.mask(reply.headers.get("inin-correlation-id", ""))
        if self.level == "error" and settings.response_body:
            shown["responseBody"] = secrets.mask(shown_body(reply.body, reply.headers))
        return shown

    def __str__(self) -> str:
        if self._settings.format == "json":
            from .codec import encode_for_people

            return encode_for_people(self.to_dict()).decode()
        return _text(self.to_dict())

    def __repr__(self) -> str:
        return f"<Exchange {self.request.method} {shown_url(self.request.url)}>"


def has_failed(reply: Reply | None) -> bool:
    """Whether a reply is an error, or missing."""
    return reply is None or reply.status >= 400


def date_text(when: float) -> str:
    """Return seconds since 1970 as the service writes dates.

    >>> date_text(0.5)
    '1970-01-01T00:00:00.500Z'
    """
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(when))}.{int(when % 1 * 1000):03}Z"


def _masked(headers: dict[str, str], secrets: Secrets) -> dict[str, str]:
    return {secrets.mask(name): secrets.mask(value) for name, value in headers.items()}


def _text(shown: dict[str, Any]) -> str:
    lines = [
        f"{shown['date']} {shown['level'].upper()}",
        "=== REQUEST ===",
        f"URL: {shown['url']}",
        f"Method: {shown['method']}",
        *_header_lines(shown.get("requestHeaders")),
    ]
    if "requestBody" in shown:
        lines.append(f"Body: {shown['requestBody']}")
    lines.append("=== RESPONSE ===")
    if "error" in shown:
        lines.append(f"Error: {shown['error']}")
    else:
        lines += [f"Status: {shown['statusCode']}", *_header_lines(shown.get("responseHeaders"))]
        lines.append(f"CorrelationId: {shown['correlationId']}")
    if "responseBody" in shown:
        lines.append(f"Body: {shown['responseBody']}")
    return "\n".join(lines)


def _header_lines(headers: dict[str, str] | None) -> list[str]:
    return ["Headers:", *(f"    {name}: {value}" for name, value in headers.items())] if headers is not None else []
