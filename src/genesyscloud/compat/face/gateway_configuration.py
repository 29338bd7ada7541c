"""An API gateway in front of the service, in the vendor's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GatewayConfiguration"]


def _kept(name: str, rule: Callable[[str | None], str | None]) -> property:
    """Return a property whose values pass through ``rule``."""
    slot = f"_{name}"

    def read(self: object) -> str | None:
        value: str | None = getattr(self, slot)
        return value

    def write(self: object, value: str | None) -> None:
        setattr(self, slot, rule(value))

    return property(read, write)


def _path(value: str | None) -> str:
    return value.removesuffix("/") if value else ""


class GatewayConfiguration:
    """Where requests go in place of the service's hosts.

    Args:
        host: of the gateway. protocol: ``https`` if not given. port: -1 for the protocol's own.
        path_params_login, path_params_api: put in front of the paths of logins and calls.
        username, password: not used by anything.
    """

    __module__ = "PureCloudPlatformClientV2.gateway_configuration"

    def __init__(
        self,
        *,
        host: str | None = None,
        protocol: str | None = None,
        port: int | None = -1,
        path_params_login: str | None = None,
        path_params_api: str | None = None,
        username: str | None = None,
        password: str | None = None,
    ) -> None:
        self.host = host
        self.protocol = protocol
        self.port = port
        self.path_params_login = path_params_login
        self.path_params_api = path_params_api
        self.username = username
        self.password = password

    host = _kept("host", lambda value: value or None)
    protocol = _kept("protocol", lambda value: value or "https")
    path_params_login = _kept("path_params_login", _path)
    path_params_api = _kept("path_params_api", _path)
    username = _kept("username", lambda value: value or None)
    password = _kept("password", lambda value: value or None)

    @property
    def port(self) -> int:
        """The port; -1 for the protocol's own."""
        return self._port

    @port.setter
    def port(self, value: int | None) -> None:
        self._port = -1 if value is None or value < 0 else value


def base_url(gateway: GatewayConfiguration | None, path: str) -> str | None:
    """Return what URLs begin with behind ``gateway``, or ``None`` without one. Parts are put together as they are.

    Args:
        path: in front of all paths.

    >>> base_url(GatewayConfiguration(host="gw.example", port=1443), "login")
    'https://gw.example:1443/login'
    """
    if gateway is None or not gateway.host:
        return None
    url = f"{gateway.protocol}://{gateway.host}"
    if gateway.port > -1:
        url += f":{gateway.port}"
    if path:
        url += path if path.startswith("/") else f"/{path}"
    return url
