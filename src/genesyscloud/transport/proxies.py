"""Which proxy, if any, a host is reached through: what code says, else what the environment says.

The variables are those that everybody reads: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``, in lower
case first. They never apply to this machine itself, so that a sandbox works wherever they are set.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Literal

from ..errors import ConfigurationError
from .settings import ProxySettings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Proxies", "bypassed"]

_PORT = re.compile(r"(.*):(\d+)")


class Proxies:
    """The choice for one client.

    Parameters:
        proxy: what code says; ``False`` for no proxy at all, ``None`` to leave it to the environment.
        environ: environment variables.
    """

    def __init__(self, proxy: ProxySettings | Literal[False] | None, environ: Mapping[str, str]) -> None:
        self._proxy: ProxySettings | Literal[False] | None = proxy
        self._environ = environ

    def choose(self, tls: bool, host: str, port: int) -> ProxySettings | None:
        """Return the proxy for a host, or ``None`` to connect directly.

        Raises:
            ConfigurationError: the variable that applies holds no proxy that can be used.
        """
        proxy, environ = self._proxy, self._environ
        if proxy is False:
            return None
        variable = ""
        if proxy is None:
            variable = _variable(tls, environ)
            if not variable or _is_here(host):
                return None
        no_proxy = proxy.no_proxy if proxy is not None else None
        if no_proxy is None:
            no_proxy = environ.get("no_proxy", environ.get("NO_PROXY", ""))
        if bypassed(str(no_proxy), host, port):
            return None
        return proxy or _from_variable(variable, environ[variable])


def bypassed(no_proxy: str, host: str, port: int) -> bool:
    """Whether ``host`` is one of those that ``NO_PROXY`` lists.

    Args:
        no_proxy: separated by commas or spaces: names, which include the names below them (a leading ``.`` or
            ``*.`` makes no difference), addresses, networks, each also as ``host:port``, or ``*``.

    >>> bypassed(".example.com, 10.0.0.0/8", "api.example.com", 443), bypassed("10.0.0.0/8", "11.0.0.1", 443)
    (True, False)
    """
    host = host.lower().rstrip(".")
    address = _address(host)
    return any(_covers(entry, host, address, port) for entry in re.split(r"[,\s]+", no_proxy.lower()) if entry)


def _covers(entry: str, host: str, address: _Address | None, port: int) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    with_port = None if _address(entry) else _PORT.fullmatch(entry)
    if with_port:
        if int(with_port[2]) != port:
            return False
        entry = with_port[1]
    if address is not None:
        return _address(entry) == address
    name = entry.removeprefix("*").strip(".")
    return host == name or (bool(name) and host.endswith(f".{name}"))


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _address(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _is_here(host: str) -> bool:
    address = _address(host)
    return address.is_loopback if address is not None else host == "localhost" or host.endswith(".localhost")


def _variable(tls: bool, environ: Mapping[str, str]) -> str:
    """Return the name of the variable that applies; the first that exists decides, and an empty one says none."""
    own = "https_proxy" if tls else "http_proxy"
    names = [own, own.upper(), "all_proxy", "ALL_PROXY"]
    if not tls and "REQUEST_METHOD" in environ:
        # In a CGI program the header "Proxy" of a visitor comes as HTTP_PROXY.
        names.remove("HTTP_PROXY")
    found = next((name for name in names if name in environ), "")
    return found if environ.get(found, "").strip() else ""


def _from_variable(name: str, value: str) -> ProxySettings:
    value = value.strip()
    try:
        return ProxySettings(value if "://" in value else f"http://{value}")
    except ConfigurationError:
        # The value may hold a password.
        raise ConfigurationError(
            f"the variable {name} must be http://host:port or https://host:port, other proxies are not supported; "
            "pass proxy=False to use none"
        ) from None
