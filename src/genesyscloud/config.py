"""Settings of a client: what code says, then what the environment says, then defaults.

A :class:`Settings` is a frozen value. What cannot work is refused when it is made, with the name of the setting
and what is allowed, so that no call fails later because of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from .auth import AccessToken, Auth, ClientCredentials
from .errors import ConfigurationError
from .redact import SecretHeaders
from .sections import BreakerSettings, GatewaySettings, LoggingSettings, ReauthenticationSettings, RetryPolicy, Timeouts
from .transport import POOL_SIZE, ProxySettings, TlsSettings

__all__ = [
    "HostSettings",
    "Settings",
    "checked_headers",
    "environment_auth",
    "environment_hosts",
    "to_retry_policy",
    "to_timeouts",
    "told_auth",
]

#: The environment variables of each setting, in the order in which they win; empty ones count as not set.
VARIABLES = {
    "region": ("GENESYSCLOUD_REGION", "GENESYS_CLOUD_REGION"),
    "client_id": ("GENESYSCLOUD_OAUTHCLIENT_ID", "GENESYS_CLOUD_CLIENT_ID"),
    "client_secret": ("GENESYSCLOUD_OAUTHCLIENT_SECRET", "GENESYS_CLOUD_CLIENT_SECRET"),
    "access_token": ("GENESYSCLOUD_ACCESS_TOKEN",),
    "api_host": ("GENESYSCLOUD_API_HOST",),
    "login_host": ("GENESYSCLOUD_LOGIN_HOST",),
}

OWN_HEADERS = {name.lower(): name for name in ("Accept", "Authorization", "Content-Type", "User-Agent")}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
ARRAY_STYLES = ("csv", "multi")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set but hosts and credentials.

    Parameters:
        timeouts: see :class:`Timeouts`.
        retry: see :class:`~genesyscloud.RetryPolicy`.
        headers: sent with every request, in place of the client's own of the same name.
        check: compare request bodies that the caller built with the definition, before sending.
        strict: raise when a reply differs from the definition; for tests.
        array_style: ``csv`` joins the values of an array in the query with commas, ``multi`` repeats the name.
        user_agent: put in front of the client's own.
        pacing: wait before the rate limit is hit.
        deprecation_warnings: warn once per deprecated operation.
        pool_size: connections used at the same time.
        tls, proxy: see :class:`TlsSettings`, :class:`ProxySettings`.
        gateway, reauthentication: see :mod:`genesyscloud.sections`.
        logging: see :class:`~genesyscloud.LoggingSettings`.
        breaker: see :class:`~genesyscloud.BreakerSettings`; none without.

    Raises:
        ConfigurationError: a value is not allowed.
    """

    timeouts: Timeouts = field(default_factory=Timeouts)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    check: bool = True
    strict: bool = False
    array_style: str = "csv"
    user_agent: str = ""
    pacing: bool = True
    deprecation_warnings: bool = True
    pool_size: int = POOL_SIZE
    tls: TlsSettings | None = None
    proxy: ProxySettings | Literal[False] | None = None
    gateway: GatewaySettings | None = None
    reauthentication: ReauthenticationSettings = field(default_factory=ReauthenticationSettings)
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    breaker: BreakerSettings | None = None
    base_headers: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.array_style not in ARRAY_STYLES:
            raise ConfigurationError(f"array_style must be one of {', '.join(ARRAY_STYLES)}, not {self.array_style!r}")
        if self.pool_size < 1:
            raise ConfigurationError(f"pool_size must be a whole number of at least 1, not {self.pool_size!r}")
        from . import __version__

        agent = f"{self.user_agent} genesyscloud-python/{__version__}".strip()
        object.__setattr__(self, "headers", checked_headers(self.headers))
        object.__setattr__(self, "base_headers", checked_headers({"User-Agent": agent}))


class HostSettings(NamedTuple):
    """Where to find the service; ``None`` for what was not said."""

    region: str | None = None
    api_host: str | None = None
    login_host: str | None = None


def environment_hosts(environ: Mapping[str, str]) -> HostSettings:
    """Return what the environment says about hosts."""
    return HostSettings(*(_variable(environ, what) for what in HostSettings._fields))


def environment_auth(environ: Mapping[str, str]) -> Auth:
    """Return the login that the environment describes. A token wins over client credentials.

    Raises:
        ConfigurationError: it describes none, or half of one.
    """
    auth = told_auth(environ)
    if auth is None:
        names = [VARIABLES[what][0] for what in ("client_id", "client_secret", "access_token")]
        raise ConfigurationError(f"no credentials: set {names[0]} and {names[1]}, or {names[2]}")
    return auth


def told_auth(environ: Mapping[str, str]) -> Auth | None:
    """Return the login that the environment describes, or ``None``.

    Raises:
        ConfigurationError: it describes half of one.
    """
    token = _variable(environ, "access_token")
    if token:
        return AccessToken(token)
    client_id, client_secret = _variable(environ, "client_id"), _variable(environ, "client_secret")
    if client_id and client_secret:
        return ClientCredentials(client_id, client_secret)
    if client_id or client_secret:
        names = VARIABLES["client_id"][0], VARIABLES["client_secret"][0]
        missing, present = (names[1], names[0]) if client_id else (names[0], names[1])
        raise ConfigurationError(f"the environment sets {present} (or its other name) but not {missing}")
    return None


def _variable(environ: Mapping[str, str], what: str) -> str | None:
    return next(filter(None, (environ.get(name, "").strip() for name in VARIABLES[what])), None)


def to_timeouts(value: float | Timeouts) -> Timeouts:
    """Return timeouts for what a caller gave: a number is the whole call's."""
    return value if isinstance(value, Timeouts) else Timeouts(total=value)


def to_retry_policy(value: bool | RetryPolicy) -> RetryPolicy:
    """Return the policy for what a caller gave: ``False`` switches retries off."""
    if isinstance(value, RetryPolicy):
        return value
    return RetryPolicy() if value else RetryPolicy(max_retries=0)


def checked_headers(headers: Mapping[str, str], *, authorization: bool = False) -> SecretHeaders:
    """Return a copy of ``headers`` in which everything can be sent. Of two spellings of a name the last one counts.

    Args:
        authorization: whether they may log in by themselves.

    Raises:
        ConfigurationError: a name or a value cannot be sent.
    """
    spelling: dict[str, str] = {}
    checked = SecretHeaders()
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ConfigurationError(f"headers: {name!r} is not the name of a header")
        # The value is not shown: it may be a secret.
        if not value.isascii() or not value.isprintable():
            raise ConfigurationError(f"headers: the value of {name!r} must be printable ASCII text")
        if name.lower() == "authorization" and not authorization:
            raise ConfigurationError("headers: Authorization is set by the client; choose another auth instead")
        # One spelling for names that the client sets itself, so that the caller's takes their place.
        own = OWN_HEADERS.get(name.lower(), name)
        checked.pop(spelling.get(name.lower(), own), None)
        spelling[name.lower()] = own
        checked[own] = value
    return checked
