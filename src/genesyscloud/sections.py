"""What can be set for each part of a client, as frozen values: most have a section of their own in configuration files.

The names are those of the sections and keys of the files, so that a message about one leads to the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any, NamedTuple, Self

from .errors import ConfigurationError

__all__ = [
    "BreakerEvent",
    "BreakerSettings",
    "GatewaySettings",
    "LoggingSettings",
    "ReauthenticationSettings",
    "RetryPolicy",
    "Timeouts",
]

PROTOCOLS = ("http", "https")
LEVELS = ("trace", "debug", "error", "none")
FORMATS = ("text", "json")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long things may take, in seconds. None can be switched off.

    Parameters:
        total: the whole call, with its retries, pauses and logins.
        connect: one try to reach the server: DNS, TCP and TLS.
        read: each wait for the server to say something.

    Raises:
        ConfigurationError: not a positive number.
    """

    total: float = 300.0
    connect: float = 10.0
    read: float = 60.0

    def __post_init__(self) -> None:
        for name in ("total", "connect", "read"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < inf:
                raise ConfigurationError(f"timeout ({name}) must be a number of seconds above 0, not {value!r}")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a call is tried again. All times in seconds.

    Parameters:
        max_retries: attempts after the first; 0 switches retries off.
        first_wait: the wait before the first retry is random between 0 and this; it doubles with each retry.
        min_wait: the least that such a wait takes; ``first_wait`` comes on top of it.
        max_wait: the most that such a wait grows to.
        max_time: no retry begins later than this after the call; its deadline ends it in any case.
        retry_after_ceiling: a service that asks for a longer pause than this gets no retry; the call raises at
            once with ``retry_after`` set.
        statuses: statuses that are worth a retry of a method that may be repeated. 429 always is.
        unsafe_methods: also repeat POST and PATCH that may have reached the server. They may then act twice.
        budget: retries that a client may make beyond a fifth of its successful calls, so that a service that
            is down is not hit with a multiple of the usual load. 429 does not count.

    Raises:
        ConfigurationError: a negative number, or ``min_wait`` above ``max_wait``.

    >>> RetryPolicy(max_retries=1).max_retries
    1
    """

    max_retries: int = 4
    first_wait: float = 1.0
    max_wait: float = 30.0
    retry_after_ceiling: float = 60.0
    statuses: frozenset[int] = frozenset({502, 503, 504})
    unsafe_methods: bool = False
    budget: float = 50.0
    min_wait: float = 0.0
    max_time: float = inf

    def __post_init__(self) -> None:
        for name in ("max_retries", "first_wait", "min_wait", "max_wait", "retry_after_ceiling", "budget", "max_time"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not value >= 0:
                raise ConfigurationError(f"RetryPolicy: {name} must be a number of at least 0, not {value!r}")
        if self.min_wait > self.max_wait:
            raise ConfigurationError(
                f"RetryPolicy: min_wait ({self.min_wait:g} s) must not be above max_wait ({self.max_wait:g} s)"
            )

    @classmethod
    def from_vendor(
        cls,
        *,
        retry_wait_min: float | None = None,
        retry_wait_max: float | None = None,
        retry_max: int | None = None,
        max_retry_time_sec: float | None = None,
    ) -> Self:
        """Return the policy for settings by the names that the vendor's SDKs and configuration files use.

        What is not given is as by default. A lower limit above the usual upper one raises that.

        Args:
            retry_wait_min, retry_wait_max: seconds to wait at least and at most.
            retry_max: retries after the first attempt.
            max_retry_time_sec: seconds after which no retry begins; 0 for no limit.

        Raises:
            ConfigurationError: a value is not allowed.

        >>> RetryPolicy.from_vendor(retry_wait_min=3, retry_wait_max=10, retry_max=5).max_wait
        10
        """
        given = {"min_wait": retry_wait_min, "max_wait": retry_wait_max, "max_retries": retry_max}
        given["max_time"] = max_retry_time_sec or None
        if retry_wait_max is None and retry_wait_min is not None:
            given["max_wait"] = max(retry_wait_min, cls().max_wait)
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return cls(**values)


class BreakerEvent(NamedTuple):
    """A circuit changed its state.

    ``host`` and ``group`` name it (``api.mypurecloud.ie``, ``routing``); ``retry_at`` is when requests will be let
    through again, in seconds since 1970, for a circuit that opens.
    """

    host: str
    group: str
    before: str
    after: str
    retry_at: float | None = None


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When a circuit opens, and for how long.

    Parameters:
        failures: attempts in a row that must fail (5xx, or no reply) until the circuit opens.
        open_for: seconds for which it then refuses requests.
        trials: requests that must succeed after that until it is closed again; no more are let through meanwhile.
            One that fails opens it again.
        on_state: called with a :class:`BreakerEvent` at every change; may be ``async`` with the asynchronous client.

    Raises:
        ConfigurationError: a number is not allowed.

    >>> BreakerSettings(failures=3, open_for=10).trials
    1
    """

    failures: int = 5
    open_for: float = 30.0
    trials: int = 1
    on_state: Callable[[BreakerEvent], Any] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("failures", "trials"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ConfigurationError(f"BreakerSettings: {name} must be a whole number of at least 1, not {value!r}")
        if not 0 < self.open_for < inf:
            text = f"open_for must be a number of seconds above 0, not {self.open_for!r}"
            raise ConfigurationError(f"BreakerSettings: {text}")


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


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """An API gateway that requests go to in place of the service's own hosts.

    Parameters:
        host: name or address of the gateway, without scheme and path.
        protocol: ``https`` or ``http``.
        port: -1 for the protocol's own.
        path_params_login: path put in front of those of the login service.
        path_params_api: path put in front of those of the API.
        path_params_websocket: path put in front of those of notification WebSockets (empty for none); ``None``
            leaves WebSockets where they are, as the vendor's SDKs do.
        username, password: accepted because configuration files have them; the service defines no use for them.

    Raises:
        ConfigurationError: a value is not allowed.

    >>> GatewaySettings("gateway.example.com", port=1443, path_params_api="genesys").protocol
    'https'
    """

    host: str
    protocol: str = "https"
    port: int = -1
    path_params_login: str = ""
    path_params_api: str = ""
    path_params_websocket: str | None = None
    username: str = ""
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.host or any(sign in self.host for sign in "/@? #"):
            raise ConfigurationError("gateway: host must be the name or address of a host, without scheme and path")
        if self.protocol not in PROTOCOLS:
            raise ConfigurationError(f"gateway: protocol must be one of {', '.join(PROTOCOLS)}, not {self.protocol!r}")
        if self.port != -1 and not 0 < self.port < 65536:
            raise ConfigurationError(f"gateway: port must be 1 to 65535, or -1 for the usual one, not {self.port!r}")


@dataclass(frozen=True, slots=True)
class ReauthenticationSettings:
    """Whether and how the client renews tokens by itself.

    Parameters:
        refresh_access_token: ``False`` leaves renewal to the caller: an expired token ends calls with
            ``Unauthorized``.
        refresh_token_wait_max: seconds that a call waits at most for a renewal that another call has begun.

    Raises:
        ConfigurationError: a value is not allowed.
    """

    refresh_access_token: bool = True
    refresh_token_wait_max: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.refresh_token_wait_max < inf:
            value = self.refresh_token_wait_max
            raise ConfigurationError(f"reauthentication: refresh_token_wait_max must be seconds above 0, not {value!r}")
