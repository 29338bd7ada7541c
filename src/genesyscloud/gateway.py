"""Where requests go when an API gateway, or a proxy that wants paths of its own, is in front of the service.

Pure functions from hosts and settings to base URLs. A base URL is put in front of ``/oauth/token`` or ``/api/v2/…``;
without a gateway it is the host itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .regions import Hosts, origin

if TYPE_CHECKING:
    from .sections import GatewaySettings
    from .transport import ProxySettings

__all__ = ["base_urls", "path_on", "websocket_url"]

_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/-]*(?:%[0-9A-Fa-f]{2}[A-Za-z0-9._~!$&'()*+,;=:@/-]*)*")


def base_urls(
    hosts: Hosts, gateway: GatewaySettings | None = None, proxy: ProxySettings | Literal[False] | None = None
) -> Hosts:
    """Return what API and login requests begin with, without a slash at the end.

    Args:
        hosts: of the service; a gateway takes their place.
        gateway: its host, and a path for each kind of call. Slashes and spaces around a path do not matter.
        proxy: its paths come before those of the gateway.

    Raises:
        ConfigurationError: a host or a path cannot be part of a URL.

    >>> from genesyscloud.sections import GatewaySettings
    >>> base_urls(Hosts("https://api.a.de", "https://login.a.de"), GatewaySettings("gw.de", path_params_login="/l/"))
    Hosts(api='https://gw.de', login='https://gw.de/l')
    """
    api, login = hosts
    api_paths: list[str] = []
    login_paths: list[str] = []
    if proxy:
        api_paths.append(_path(proxy.path_params_api, "proxy: path_params_api"))
        login_paths.append(_path(proxy.path_params_login, "proxy: path_params_login"))
    if gateway is not None:
        api = login = _gateway_origin(gateway)
        api_paths.append(_path(gateway.path_params_api, "gateway: path_params_api"))
        login_paths.append(_path(gateway.path_params_login, "gateway: path_params_login"))
    return Hosts("".join([api, *api_paths]), "".join([login, *login_paths]))


def websocket_url(url: str, gateway: GatewaySettings | None) -> str:
    """Return where to open the WebSocket of a notification channel whose ``connectUri`` is ``url``.

    >>> from genesyscloud.sections import GatewaySettings
    >>> websocket_url("wss://streaming.a.de/channels/1", GatewaySettings("gw.de", path_params_websocket="ws"))
    'wss://gw.de/ws/channels/1'
    """
    if gateway is None or gateway.path_params_websocket is None:
        return url
    parts = urlsplit(url)
    base = "ws" + _gateway_origin(gateway).removeprefix("http")
    path = _path(gateway.path_params_websocket, "gateway: path_params_websocket") + parts.path
    return f"{base}{path}?{parts.query}" if parts.query else base + path


def path_on(path: str, *bases: str) -> str:
    """Return the path below the base URL, of ``bases``, that ``path`` begins with; paths are returned as they are.

    Raises:
        ConfigurationError: it is a URL of another host, which must not see the token.

    >>> path_on("https://api.a.de/api/v2/users?pageNumber=2", "https://gw.de/x", "https://api.a.de")
    '/api/v2/users?pageNumber=2'
    """
    if "://" not in path.partition("?")[0]:
        return path
    given = urlsplit(path)
    for base in bases:
        own = urlsplit(base)
        same_host = (given.scheme.lower(), given.netloc.lower()) == (own.scheme, own.netloc)
        if same_host and f"{given.path}/".startswith(f"{own.path}/"):
            rest = given.path[len(own.path) :] or "/"
            return f"{rest}?{given.query}" if given.query else rest
    raise ConfigurationError(
        f"{given.hostname!r} is not the host of the API ({urlsplit(bases[0]).netloc}) and must not see the token"
    )


def _gateway_origin(gateway: GatewaySettings) -> str:
    host = f"[{gateway.host}]" if ":" in gateway.host else gateway.host
    port = "" if gateway.port == -1 else f":{gateway.port}"
    return origin(f"{gateway.protocol}://{host}{port}", "gateway: host")


def _path(text: str, setting: str) -> str:
    path = text.strip().strip("/")
    if not _PATH.fullmatch(path):
        raise ConfigurationError(f"{setting} must be the path of a URL, percent-encoded, without a query")
    return f"/{path}" if path else ""
