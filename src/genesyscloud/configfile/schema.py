"""What a configuration file may say: its sections, their keys, and how each value is read.

A value comes as text (INI) or as a JSON value. Each reader returns what the setting needs, or raises :class:`Bad` with
the words for what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import inf
from typing import Any, NamedTuple, TypeAlias

__all__ = ["ALIASES", "SECTIONS", "Bad", "Key"]

Reader: TypeAlias = Callable[[object], Any]

_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?")


class Bad(ValueError):
    """A value is not allowed; the text says what is."""


class Key(NamedTuple):
    """One key of a section; the value of a secret one is never shown."""

    read: Reader
    secret: bool = False


def _text(raw: object) -> str:
    if not isinstance(raw, str) or not raw.isprintable():
        raise Bad("must be text on one line")
    return raw


def _flag(raw: object) -> bool:
    flag = _FLAGS.get(str(raw).lower()) if isinstance(raw, str | int) else None
    if flag is None:
        raise Bad("must be true or false")
    return flag


def _choice(*allowed: str) -> Reader:
    def read(raw: object) -> str:
        if not isinstance(raw, str) or raw.lower() not in allowed:
            raise Bad(f"must be one of {', '.join(allowed)}")
        return raw.lower()

    return read


def _seconds(raw: object) -> float:
    number = _number(raw)
    if number is None or not 0 <= number < inf:
        raise Bad("must be a number of seconds, at least 0")
    return number


def _seconds_above_0(raw: object) -> float:
    number = _number(raw)
    if number is None or not 0 < number < inf:
        raise Bad("must be a number of seconds above 0")
    return number


def _count(raw: object) -> int:
    number = _number(raw)
    if number is None or not 0 <= number <= 1_000_000 or number != int(number):
        raise Bad("must be a whole number of at least 0")
    return int(number)


def _port(lowest: int, allowed: str) -> Reader:
    def read(raw: object) -> int:
        number = _number(raw)
        if number is None or number == 0 or not lowest <= number < 65536 or number != int(number):
            raise Bad(f"must be {allowed}")
        return int(number)

    return read


def _number(raw: object) -> float | None:
    """Return the number, or ``None`` for anything that is none."""
    try:
        if isinstance(raw, str):
            return float(raw) if _NUMBER.fullmatch(raw) else None
        return float(raw) if isinstance(raw, int | float) and not isinstance(raw, bool) else None
    except OverflowError:
        return None


_PROTOCOL = Key(_choice("http", "https"))
_TEXT, _SECRET, _FLAG = Key(_text), Key(_text, secret=True), Key(_flag)

#: Every section with its keys, as they are spelt in this package; see :data:`ALIASES` for other spellings.
SECTIONS: dict[str, dict[str, Key]] = {
    "general": {
        "region": _TEXT,
        "host": _TEXT,
        "login_host": _TEXT,
        "live_reload_config": _FLAG,
    },
    "auth": {
        "client_id": _TEXT,
        "client_secret": _SECRET,
        "access_token": _SECRET,
    },
    "logging": {
        "log_level": Key(_choice("trace", "debug", "error", "none")),
        "log_format": Key(_choice("text", "json")),
        "log_to_console": _FLAG,
        "log_file_path": _TEXT,
        "log_request_body": _FLAG,
        "log_response_body": _FLAG,
    },
    "retry": {
        "retry_wait_min": Key(_seconds),
        "retry_wait_max": Key(_seconds),
        "retry_max": Key(_count),
        "max_retry_time_sec": Key(_seconds),
    },
    "reauthentication": {
        "refresh_access_token": _FLAG,
        "refresh_token_wait_max": Key(_seconds_above_0),
    },
    "proxy": {
        "host": _TEXT,
        "port": Key(_port(1, "a port, 1 to 65535")),
        "protocol": _PROTOCOL,
        "username": _TEXT,
        "password": _SECRET,
        "path_params_login": _TEXT,
        "path_params_api": _TEXT,
        "no_proxy": _TEXT,
    },
    "gateway": {
        "host": _TEXT,
        "port": Key(_port(-1, "a port, 1 to 65535, or -1 for the usual one")),
        "protocol": _PROTOCOL,
        "path_params_login": _TEXT,
        "path_params_api": _TEXT,
        "path_params_websocket": _TEXT,
        "username": _TEXT,
        "password": _SECRET,
    },
}

#: Other spellings of keys, after hyphens have become underscores.
ALIASES = {"auth_username": "username", "auth_password": "password", "path_params_others": "path_params_api"}
