"""Where logs go: the handlers of one client, and the standard loggers ``genesyscloud.http`` and ``….breaker``.

Console and file belong to a client and hang on no logger, so that clients do not disturb each other. Every record is
then offered to the standard logger, which this package never configures: handlers added to it, or to its parents, see
the records of all clients from the level on that the logger is set to. It propagates, as loggers do. Whatever a
handler does wrong, no call fails because of it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING

from .logs import Exchange, date_text, has_failed
from .sections import LoggingSettings

if TYPE_CHECKING:
    from .http import Reply
    from .sections import BreakerEvent

__all__ = ["HTTP_LOGGER", "TRACE", "HttpLog", "report"]

HTTP_LOGGER = "genesyscloud.http"
BREAKER_LOGGER = "genesyscloud.breaker"
#: The standard library has no such level.
TRACE = 5
_NUMBERS = {"trace": TRACE, "debug": logging.DEBUG, "error": logging.ERROR}

# Without a handler of the user, records are for the client's own handlers only, not for the handler of last resort.
logging.getLogger(HTTP_LOGGER).addHandler(logging.NullHandler())


class HttpLog:
    """The log of one client.

    Args:
        settings: with a level other than ``none``.
    """

    def __init__(self, settings: LoggingSettings) -> None:
        self._settings = settings
        self._logger = logging.getLogger(HTTP_LOGGER)
        self._own: list[logging.Handler] = []
        if settings.console:
            self._own.append(_Console())
        if settings.file:
            self._own.append(_File(settings.file))
        for handler in self._own:
            handler.setFormatter(_Formatter(settings.format))

    def wants(self, reply: Reply | None) -> bool:
        """Whether an attempt that ended with ``reply`` is logged."""
        return self._settings.level != "error" or has_failed(reply)

    def write(self, exchange: Exchange) -> None:
        """Log one attempt. Never raises because of a handler."""
        number = _NUMBERS[exchange.level]
        record = self._logger.makeRecord(HTTP_LOGGER, number, "", 0, exchange, (), None)
        record.levelname = exchange.level.upper()
        self._emit(record, self._logger.isEnabledFor(number))

    def report(self, event: BreakerEvent) -> None:
        """Log that a circuit has changed."""
        logger = logging.getLogger(BREAKER_LOGGER)
        record = logger.makeRecord(BREAKER_LOGGER, logging.WARNING, "", 0, _sentence(event), (), None)
        # Else the handler of last resort would say it on the console a second time.
        self._emit(record, logger.isEnabledFor(logging.WARNING) and (not self._own or logger.hasHandlers()))

    def _emit(self, record: logging.LogRecord, shared: bool) -> None:
        for handler in self._own:
            handler.handle(record)
        if shared:
            _offer(record)


def report(event: BreakerEvent) -> None:
    """Log that a circuit of a client has changed that has no log of its own."""
    logger = logging.getLogger(BREAKER_LOGGER)
    if logger.isEnabledFor(logging.WARNING):
        _offer(logger.makeRecord(BREAKER_LOGGER, logging.WARNING, "", 0, _sentence(event), (), None))


def _offer(record: logging.LogRecord) -> None:
    try:
        logging.getLogger(record.name).handle(record)
    except Exception as error:
        _say(f"genesyscloud: a handler of the logger {record.name} failed: {type(error).__name__}: {error}")


def _sentence(event: BreakerEvent) -> str:
    until = f", until {date_text(event.retry_at)}" if event.retry_at is not None else ""
    return f"circuit of {event.host} ({event.group}): {event.before} -> {event.after}{until}"


class _Formatter(logging.Formatter):
    def __init__(self, format_: str) -> None:
        super().__init__()
        self._json = format_ == "json"

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, Exchange):
            return str(record.msg)
        date, message = date_text(record.created), record.getMessage()
        if not self._json:
            return f"{date} {record.levelname} {message}"
        from .codec import encode_for_people

        return encode_for_people({"level": record.levelname.lower(), "date": date, "message": message}).decode()


class _Console(logging.Handler):
    """Writes to what is ``sys.stderr`` at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        # A program that has closed its standard error does not want to hear of it.
        with contextlib.suppress(Exception):
            _say(self.format(record))


class _File(logging.Handler):
    """Appends to a file that is opened for each record, in one write.

    That way it may be moved, removed or rotated at any time, and several processes may write to it.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = os.path.abspath(os.path.expanduser(path))
        self._failing = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            data = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                while data:
                    data = data[os.write(descriptor, data) :]
            finally:
                os.close(descriptor)
        except Exception as error:
            if not self._failing:
                reason = error.strerror if isinstance(error, OSError) else type(error).__name__
                _say(f"genesyscloud: the log file {self._path} cannot be written: {reason}; said once, until it can")
            self._failing = True
        else:
            self._failing = False


def _say(text: str) -> None:
    with contextlib.suppress(Exception):
        if sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison]
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
