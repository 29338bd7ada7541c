"""Addresses: where a request was sent, what it is about, and what the links in its reply start with.

Genesys Cloud is a family of hosts (``api.``, ``login.``, ``apps.``, ``streaming.`` of a region's domain), and behind a
gateway each of them is a path. The sandbox is all of them on one port: the host of a request does not matter, nor does
what a gateway put in front of its path. A reply that holds a complete address goes by the same way back: it has the
scheme, host and prefix that the request had.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .core import Sandbox
    from .crud import Call

__all__ = ["IN_PROCESS_HOST", "Place", "Urls", "locate", "split_prefix"]

#: What clients in this process send their requests to; no socket has this name.
IN_PROCESS_HOST = "sandbox.local"
API = "/api/v2/"
#: Paths of the login host, at the end of what a request is sent to.
_LOGIN = re.compile(r"(.*?)(/oauth/token|/oauth/authorize|/login|/logout)", re.DOTALL)
#: What else is served, by how its path starts.
ROOTS = ("/uploads/", "/downloads/", "/channels/")
_SERVICES = ("api", "login", "apps", "streaming", "webmessaging")
#: Host with port; anything else that a client claims is not repeated in a reply.
_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*")


class Place(NamedTuple):
    """Where a request was sent.

    Attributes:
        scheme: ``http`` or ``https``.
        host: with its port, when it is not the scheme's own.
        prefix: what a gateway put in front of the path (``/gateway/api``); empty for nothing.
    """

    scheme: str = "http"
    host: str = IN_PROCESS_HOST
    prefix: str = ""

    def base(self, service: str = "api") -> str:
        """The address of a service, as the sender of the request reaches it, without a slash at its end.

        Args:
            service: ``api``, ``login``, ``apps`` or ``streaming``. It is a host of its own where the request named a
                host of a region, and the same address as the API's everywhere else.

        >>> Place("https", "api.mypurecloud.ie").base("apps")
        'https://apps.mypurecloud.ie'
        >>> Place("http", "127.0.0.1:8090", "/gateway").base("apps")
        'http://127.0.0.1:8090/gateway'
        """
        return f"{self.scheme}://{self._host(service)}{self.prefix}"

    def websocket(self) -> str:
        """The same for WebSockets.

        >>> Place("https", "api.mypurecloud.ie").websocket()
        'wss://streaming.mypurecloud.ie'
        """
        return f"{'wss' if self.scheme == 'https' else 'ws'}://{self._host('streaming')}{self.prefix}"

    def _host(self, service: str) -> str:
        first, _, domain = self.host.partition(".")
        return f"{service}.{domain}" if first in _SERVICES and "." in domain else self.host


def locate(url: str, headers: Mapping[str, str], prefixes: Sequence[str] | None = None) -> tuple[Place, str, str]:
    """Take apart what a request was sent to.

    Args:
        url: complete, or from its path on.
        headers: of the request, found in any case. ``Host`` counts when the URL names no host; a gateway may tell
            what it was asked for with ``X-Forwarded-Proto``, ``X-Forwarded-Host`` and ``X-Forwarded-Prefix``.
        prefixes: see :func:`split_prefix`.

    Returns:
        The place, the path without what was in front of it, and the query.

    >>> locate("http://127.0.0.1:8090/gw/api/v2/users?pageSize=5", {})
    (Place(scheme='http', host='127.0.0.1:8090', prefix='/gw'), '/api/v2/users', 'pageSize=5')
    """
    scheme, host = "http", ""
    if not url.startswith("/"):
        scheme, _, rest = url.partition("://")
        host, slash, url = rest.partition("/")
        url = slash + url or "/"
    path, _, query = url.partition("#")[0].partition("?")
    prefix, path = split_prefix(path, prefixes)
    host = _first(headers, "x-forwarded-host") or host or headers.get("host", "")
    forwarded = _first(headers, "x-forwarded-prefix").rstrip("/")
    if forwarded and _PREFIX.fullmatch(forwarded):
        prefix = forwarded + prefix
    scheme = "https" if (_first(headers, "x-forwarded-proto") or scheme).lower() in ("https", "wss") else "http"
    return Place(scheme, host if _HOST.fullmatch(host) else IN_PROCESS_HOST, prefix), path, query


def _first(headers: Mapping[str, str], name: str) -> str:
    """The value that the gateway nearest to the sender set."""
    value = headers.get(name)
    return value.partition(",")[0].strip() if value else ""


def split_prefix(path: str, prefixes: Sequence[str] | None = None) -> tuple[str, str]:
    """Take off a path what a gateway put in front of it.

    Args:
        path: as it was sent.
        prefixes: the only ones to be taken off; ``None`` takes any.

    Returns:
        The prefix, without a slash at its end, and the rest. A path that leads to no service stays as it is.

    >>> split_prefix("/company/genesys/api/v2/users/me")
    ('/company/genesys', '/api/v2/users/me')
    >>> split_prefix("/login/oauth/token")
    ('/login', '/oauth/token')
    """
    if path.startswith(API):
        return "", path
    at = _start(path)
    prefix = path[:at].rstrip("/")
    allowed = prefixes is None or not prefix or prefix in {known.rstrip("/") for known in prefixes}
    if at > 0 and allowed and (not prefix or _PREFIX.fullmatch(prefix)):
        return prefix, path[at:]
    return "", path


def _start(path: str) -> int:
    """Where the path of a service begins; 0 when it begins nowhere else."""
    at = path.find(API)
    if at < 0:
        login = _LOGIN.fullmatch(path)
        found = [path.find(root) for root in ROOTS]
        at = login.start(2) if login else min((place for place in found if place >= 0), default=0)
    return at


class Urls:
    """Complete addresses for replies.

    Args:
        sandbox: its server, when one runs, is what a client in this process is sent to.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def base(self, call: Call, service: str = "api") -> str:
        """What a link in the reply to ``call`` starts with: see :meth:`Place.base`.

        >>> sandbox.urls.base(call, "apps") + "/uploads/v2/contactlist"  # doctest: +SKIP
        'http://127.0.0.1:8090/uploads/v2/contactlist'
        """
        return self._place(call).base(service)

    def websocket(self, call: Call) -> str:
        """The same for WebSockets: ``sandbox.urls.websocket(call) + "/channels/…"``."""
        return self._place(call).websocket()

    def _place(self, call: Call) -> Place:
        if call.place.host == IN_PROCESS_HOST and self._sandbox.address:
            scheme, _, host = self._sandbox.address.partition("://")
            return Place(scheme, host)
        return call.place
