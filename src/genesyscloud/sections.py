"""Settings that have a section of their own in configuration files, as frozen values.

The names are those of the sections and keys of the files, so that a message about one leads to the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from .errors import ConfigurationError

__all__ = ["GatewaySettings", "ReauthenticationSettings"]

PROTOCOLS = ("http", "https")


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
