"""The log of requests: what the vendor's logger writes, without secrets, and without silencing anyone else's.

Statements go to the standard logger ``PureCloudPlatformClientV2``, whose handlers are those that are set here. What
renders them is loaded by the first one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging

    from ...redact import Secrets

__all__ = ["LogFormat", "LogLevel", "LogStatement", "Logger"]

NAME = "PureCloudPlatformClientV2"
_LAYOUT = "%(asctime)s %(levelname)s %(message)s"


class LogFormat:
    """How statements read."""

    __module__ = "PureCloudPlatformClientV2.logger"

    TEXT = 1
    JSON = 2

    @staticmethod
    def from_string(value: Any) -> int:
        """Return the format of that name; ``TEXT`` for any other."""
        return LogFormat.JSON if str(value).lower() == "json" else LogFormat.TEXT


class LogLevel:
    """What is logged; numbers of the standard library's scale."""

    __module__ = "PureCloudPlatformClientV2.logger"

    LTrace = 5
    LDebug = 10
    LError = 40
    LNone = 51

    @staticmethod
    def from_string(value: Any) -> int:
        """Return the level of that name; ``LNone`` for any other."""
        levels = {"trace": LogLevel.LTrace, "debug": LogLevel.LDebug, "error": LogLevel.LError}
        return levels.get(str(value).lower(), LogLevel.LNone)


class Logger:
    """Settings of the log; each takes effect when it is set.

    Attributes:
        log_level: one of :class:`LogLevel`. log_format: one of :class:`LogFormat`.
        log_to_console: write to standard error. log_file_path: append to a file.
        log_request_body, log_response_body: include bodies.
    """

    __module__ = "PureCloudPlatformClientV2.logger"

    def __init__(self) -> None:
        self._opened: logging.Logger | None = None
        self._handlers: list[logging.Handler] = []
        self._log_file_path: str | None = None
        self._log_to_console = True
        self._log_format = LogFormat.TEXT
        self._log_level = LogLevel.LNone
        self.log_response_body = False
        self.log_request_body = False

    @property
    def log_level(self) -> int:
        """One of :class:`LogLevel`."""
        return self._log_level

    @log_level.setter
    def log_level(self, value: int) -> None:
        self._log_level = value
        self.set_log_outputs()

    @property
    def log_format(self) -> int:
        """One of :class:`LogFormat`."""
        return self._log_format

    @log_format.setter
    def log_format(self, value: int) -> None:
        self._log_format = value
        self.set_log_outputs()

    @property
    def log_to_console(self) -> bool:
        """Whether statements go to standard error."""
        return self._log_to_console

    @log_to_console.setter
    def log_to_console(self, value: bool) -> None:
        self._log_to_console = value
        self.set_log_outputs()

    @property
    def log_file_path(self) -> str | None:
        """The file that statements are appended to."""
        return self._log_file_path

    @log_file_path.setter
    def log_file_path(self, value: str | None) -> None:
        self._log_file_path = value
        self.set_log_outputs()

    @property
    def _logger(self) -> logging.Logger:
        """The standard logger, whose module costs more than this package."""
        if self._opened is None:
            import logging

            logging.addLevelName(LogLevel.LTrace, "TRACE")
            self._opened = logging.getLogger(NAME)
            if self._opened.level == logging.NOTSET:
                self._opened.setLevel(self._log_level)
            self._put_handlers()
        return self._opened

    def set_log_outputs(self) -> None:
        """Put the handlers in place that the settings ask for. A file that cannot be opened is said, and left out."""
        # Until someone wants to log, nobody sees that there are none.
        if self._opened is not None or self._log_level < LogLevel.LNone:
            self._logger.setLevel(self._log_level)
            self._put_handlers()

    def _put_handlers(self) -> None:
        import logging

        logger = logging.getLogger(NAME)
        for handler in self._handlers:
            logger.removeHandler(handler)
            handler.close()
        self._handlers = []
        if self._log_file_path is not None:
            try:
                self._handlers.append(logging.FileHandler(self._log_file_path))
            except OSError as error:
                logging.getLogger("genesyscloud.config").warning(
                    "the log file %s cannot be opened: %s", self._log_file_path, error.strerror
                )
        if self._log_to_console:
            self._handlers.append(logging.StreamHandler())
        for handler in self._handlers:
            if self._log_format == LogFormat.TEXT:
                handler.setFormatter(logging.Formatter(_LAYOUT))
            logger.addHandler(handler)

    def trace(
        self, method: str, url: str, request_body: Any, status_code: Any, request_headers: Any, response_headers: Any
    ) -> None:
        """Log a call with the headers of both sides, at the level ``LTrace``."""
        self._write(
            LogLevel.LTrace, "trace", method, url, request_body, status_code, request_headers, None, response_headers
        )

    def debug(self, method: str, url: str, request_body: Any, status_code: Any, request_headers: Any) -> None:
        """Log a call with the headers of the request, at the level ``LDebug``."""
        self._write(LogLevel.LDebug, "debug", method, url, request_body, status_code, request_headers, None, None)

    def error(
        self,
        method: str,
        url: str,
        request_body: Any,
        status_code: Any,
        request_headers: Any,
        response_body: Any,
        response_headers: Any,
    ) -> None:
        """Log a call that failed, at the level ``LError``."""
        self._write(
            LogLevel.LError,
            "error",
            method,
            url,
            request_body,
            status_code,
            request_headers,
            response_body,
            response_headers,
        )

    def _write(self, number: int, level: str, *parts: Any) -> None:
        # The standard logger may have been set to another level by others, for which they need its module.
        unused = self._log_level > number and "logging" not in sys.modules
        if unused or not self._logger.isEnabledFor(number):
            return
        date = datetime.now().strftime("%m-%d-%Y, %H:%M:%S")
        statement = LogStatement(level, date, *parts)
        self._logger.log(
            number, "%s", statement.string(self._log_format, self.log_request_body, self.log_response_body)
        )


class LogStatement:
    """What is logged of one call.

    Args:
        level: as a word. date: as text. method, url: of the request. request_body: what became JSON.
        status_code, response_body, response_headers: of the reply.
    """

    __module__ = "PureCloudPlatformClientV2.logger"

    def __init__(
        self,
        level: str,
        date: str,
        method: str,
        url: str,
        request_body: Any,
        status_code: Any,
        request_headers: Mapping[str, Any],
        response_body: Any = None,
        response_headers: Mapping[str, str] | None = None,
    ) -> None:
        self.level = level
        self.date = date
        self.method = method
        self.url = url
        self.request_body = request_body
        self.response_body = response_body
        self.status_code = status_code
        self.request_headers = request_headers
        self.response_headers = None if response_headers is None else dict(response_headers)

    def string(self, log_format: int, log_request_body: bool, log_response_body: bool) -> str:
        """Return the statement without secrets.

        Args:
            log_format: one of :class:`LogFormat`. log_request_body, log_response_body: include them.
        """
        shown = self._shown(log_request_body, log_response_body)
        if log_format == LogFormat.JSON:
            return json.dumps({name: value for name, value in shown.items() if value is not None}, skipkeys=True)
        answer: dict[str, str] | None = shown["responseHeaders"]
        correlation = next((v for k, v in (answer or {}).items() if k.lower() == "inin-correlation-id"), "")
        lines = [
            "\n=== REQUEST ===",
            *_line("URL", shown["url"]),
            *_line("Method", shown["method"]),
            *_headers(shown["requestHeaders"]),
            *_line("Body", shown["requestBody"]),
            "=== RESPONSE ===",
            *_line("Status", shown["statusCode"]),
            *_headers(answer),
            *_line("CorrelationId", correlation),
            *_line("Body", shown["responseBody"]),
        ]
        return "\n".join(lines)

    def _shown(self, with_request: bool, with_response: bool) -> dict[str, Any]:
        from ...http import Request
        from ...redact import HIDDEN, secrets_of, shown_body, shown_url

        headers = {str(name): str(value) for name, value in self.request_headers.items()}
        body = json.dumps(self.request_body, default=str).encode() if self.request_body is not None else None
        secrets = secrets_of(Request(self.method, self.url, headers, body))
        media = {"content-type": "application/json"}
        request_body = json.loads(secrets.mask(shown_body(body, media, self.url))) if body and with_request else None
        answer = self.response_headers
        return {
            "level": self.level,
            "date": self.date,
            "method": self.method,
            "url": secrets.mask(shown_url(self.url)),
            "requestBody": request_body,
            "responseBody": self._answered(secrets) if with_response else None,
            "statusCode": self.status_code,
            "requestHeaders": _masked({**headers, "Authorization": HIDDEN}, secrets),
            "responseHeaders": _masked(answer, secrets) if answer is not None else None,
        }

    def _answered(self, secrets: Secrets) -> str | None:
        body = self.response_body
        if not body:
            return None
        from ...redact import shown_body

        data = body.encode() if isinstance(body, str) else bytes(body)
        shown = shown_body(data, self.response_headers or {})
        # As it came, if there was nothing to hide.
        return secrets.mask(str(body) if _same_json(body, shown) else shown)


def _same_json(one: Any, other: str) -> bool:
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


def _masked(headers: Mapping[str, str], secrets: Secrets) -> dict[str, str]:
    from ...redact import shown_headers

    return {name: secrets.mask(value) for name, value in shown_headers(headers).items()}


def _line(name: str, value: Any) -> list[str]:
    return [] if value is None or value == "" else [f"{name}: {value}"]


def _headers(headers: Mapping[str, str] | None) -> list[str]:
    if not headers:
        return []
    return ["Headers: ", *(f"\t{name}: {value}" for name, value in headers.items())]
