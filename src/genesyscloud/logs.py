"""What is logged of each request and its reply, and how it reads: settings and pure functions.

The handlers that write it are in :mod:`genesyscloud.logsink`, which is loaded by the first client that logs.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ConfigurationError

__all__ = ["FORMATS", "LEVELS", "LoggingSettings"]

LEVELS = ("trace", "debug", "error", "none")
FORMATS = ("text", "json")


@dataclass(frozen=True, slots=True)
class LoggingSettings:
    """What a client logs about its requests, and where to.

    Parameters:
        level: ``trace`` (all requests, with the headers of both sides), ``debug`` (without those of the reply),
            ``error`` (failed requests only, with everything) or ``none``.
        format: ``text`` or ``json``.
        console: write to standard error.
        file: path of a file to append to, or empty.
        request_body, response_body: include bodies. They can hold personal data; only secrets are taken out.

    Raises:
        ConfigurationError: a value is not allowed.

    >>> LoggingSettings(level="error", format="json", console=False, file="genesyscloud.log").level
    'error'
    """

    level: str = "none"
    format: str = "text"
    console: bool = True
    file: str = ""
    request_body: bool = False
    response_body: bool = False

    def __post_init__(self) -> None:
        for name, allowed in (("level", LEVELS), ("format", FORMATS)):
            value = getattr(self, name)
            if value not in allowed:
                raise ConfigurationError(f"LoggingSettings: {name} must be one of {', '.join(allowed)}, not {value!r}")
