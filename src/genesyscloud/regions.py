"""From what people write for a region to the two hosts that the client talks to.

One rule covers every region, known or not: ``https://<service>.<domain>``. The table serves spelling and hints; a
region that is newer than this package works by its domain.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .names import nearest

__all__ = ["DEFAULT_REGION", "REGIONS", "Hosts", "origin", "resolve"]

DEFAULT_REGION = "us_east_1"

#: Domain of each region.
REGIONS = {
    "us_east_1": "mypurecloud.com",
    "us_west_2": "usw2.pure.cloud",
    "us_east_2": "use2.us-gov-pure.cloud",
    "ca_central_1": "cac1.pure.cloud",
    "sa_east_1": "sae1.pure.cloud",
    "mx_central_1": "mxc1.pure.cloud",
    "eu_west_1": "mypurecloud.ie",
    "eu_west_2": "euw2.pure.cloud",
    "eu_central_1": "mypurecloud.de",
    "eu_central_2": "euc2.pure.cloud",
    "eusc_de_east_1": "edee1.eusc-pure.cloud",
    "me_central_1": "mec1.pure.cloud",
    "ap_south_1": "aps1.pure.cloud",
    "ap_southeast_1": "apse1.pure.cloud",
    "ap_southeast_2": "mypurecloud.com.au",
    "ap_northeast_1": "mypurecloud.jp",
    "ap_northeast_2": "apne2.pure.cloud",
    "ap_northeast_3": "apne3.pure.cloud",
}

_SERVICES = ("api", "login", "apps", "streaming", "webmessaging")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class Hosts(NamedTuple):
    """Where a client talks to: two origins such as ``https://api.mypurecloud.ie``, without a trailing slash."""

    api: str
    login: str


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: str
    explicit: bool

    def url(self, host: str = "") -> str:
        return f"{self.scheme}://{host or self.host}{self.port}"


def resolve(region: str | None = None, api_host: str | None = None, login_host: str | None = None) -> Hosts:
    """Return the hosts for a region, or for hosts given one by one.

    Args:
        region: a key (``eu_west_1``), an AWS name (``eu-west-1``), a domain (``mypurecloud.ie``), a host of
            that domain (``api.``, ``login.``, ``apps.``) or its URL; any case. Domains that are not in
            :data:`REGIONS` are taken by the same rule. A host with a port, an IP address, ``localhost`` and
            anything with ``http://`` is taken literally, for API and login both.
        api_host: host or URL of the API, taken literally; wins over the region's.
        login_host: the same for the login service. Without it: the API host with ``login.`` for ``api.``, or
            the API host itself when it does not start with ``api.``.

    Raises:
        ConfigurationError: a value cannot be understood, or both ``region`` and ``api_host`` are missing.

    >>> resolve("eu-west-1")
    Hosts(api='https://api.mypurecloud.ie', login='https://login.mypurecloud.ie')
    """
    if api_host:
        api = _origin(api_host, "api_host")
    elif region:
        api = _region_origin(region)
    else:
        raise ConfigurationError("give a region or an api_host")
    if login_host:
        return Hosts(api.url(), _origin(login_host, "login_host").url())
    if api.host.startswith("api."):
        return Hosts(api.url(), api.url(f"login.{api.host[4:]}"))
    return Hosts(api.url(), api.url())


def origin(text: str, setting: str) -> str:
    """Return the URL of a host, taken literally: ``scheme://host[:port]``, without the scheme's own port.

    Args:
        text: ``host``, ``host:port`` or a URL without a path.
        setting: what the host is for, for messages.

    Raises:
        ConfigurationError: it cannot be understood.

    >>> origin("HTTPS://Gateway.example.com:443/", "gateway")
    'https://gateway.example.com'
    """
    return _origin(text, setting).url()


def _region_origin(region: str) -> _Origin:
    domain = REGIONS.get(region.strip().lower().replace("-", "_"))
    if domain:
        return _Origin("https", f"api.{domain}", "", False)
    origin = _origin(region, "region")
    if _literal(origin):
        return origin
    if "." not in origin.host:
        known = [spelling for key in REGIONS for spelling in (key, key.replace("_", "-"))]
        hint = nearest(region.strip().lower(), [*known, *REGIONS.values()])
        raise ConfigurationError(f"unknown region {region!r}.{hint or ' Give a key such as us_east_1, or a domain.'}")
    service, _, domain = origin.host.partition(".")
    if service in _SERVICES and "." in domain:
        return origin._replace(host=f"api.{domain}")
    return origin._replace(host=f"api.{origin.host}")


def _literal(origin: _Origin) -> bool:
    """Whether this is one host that serves everything, not the domain of a region."""
    return bool(origin.port) or origin.scheme == "http" or _is_address(origin.host)


def _origin(text: str, setting: str) -> _Origin:
    """Read ``host``, ``host:port`` or a URL without a path."""
    scheme, found, rest = text.strip().lower().partition("://")
    if not found:
        scheme, rest = "", scheme
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, None
    # What was given is not repeated when it may hold a password.
    if parts is None or "@" in rest:
        raise ConfigurationError(f"{setting} is not a host or URL")
    if scheme not in ("", "http", "https") or port == 0 or not _is_host(host):
        raise ConfigurationError(f"{setting} {text!r} is not a region, host, or http(s) URL of a host")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigurationError(f"{setting} {text!r} must be a host only, without {parts.path or 'a query'!r}")
    scheme = scheme or ("http" if _is_loopback(host) else "https")
    default = {"http": 80, "https": 443}[scheme]
    shown = f"[{host}]" if ":" in host else host
    return _Origin(scheme, shown, "" if port in (None, default) else f":{port}", bool(found))


def _is_host(host: str) -> bool:
    return _is_address(host) or (0 < len(host) <= 253 and all(map(_LABEL.fullmatch, host.split("."))))


def _is_address(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return _is_address(host) and ipaddress.ip_address(host).is_loopback
