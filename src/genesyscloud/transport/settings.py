"""What a user can choose about TLS and proxies: frozen values, equal when they say the same."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ..errors import ConfigurationError

__all__ = ["ProxySettings", "TlsSettings"]


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How servers are verified and how the client identifies itself. TLS 1.2 is the least that is spoken.

    Parameters:
        ca_file: PEM file of trusted roots instead of the system's. Without it the system's roots are used,
            or ``SSL_CERT_FILE``, or the ``certifi`` package on a system that has none.
        cert_file, key_file: PEM files of the client certificate (mutual TLS); the key may be in ``cert_file``.
        key_password: of an encrypted key.
        verify: ``False`` accepts any certificate; for local experiments only.

    >>> TlsSettings(ca_file="company-roots.pem") == TlsSettings(ca_file="company-roots.pem")
    True
    """

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    key_password: str = field(default="", repr=False)
    verify: bool = True


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """The HTTP proxy that all requests go through; environment variables for proxies are not read.

    Parameters:
        url: ``http://host:port``, or ``https://host:port`` when the proxy itself speaks TLS. User and password
            may be part of it, percent-encoded; they never appear in messages.

    Raises:
        ConfigurationError: the URL cannot be used.
    """

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise ConfigurationError("the proxy must be given as http://host:port or https://host:port")

    def __repr__(self) -> str:
        return f"ProxySettings({self.origin!r})"

    @property
    def origin(self) -> str:
        """Scheme, host and port, without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    @property
    def tls(self) -> bool:
        """Whether the proxy itself is spoken to over TLS."""
        return urlsplit(self.url).scheme == "https"

    @property
    def host(self) -> str:
        """Host name or address."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """Port, or the default of the scheme."""
        return urlsplit(self.url).port or (443 if self.tls else 80)

    def headers(self) -> dict[str, str]:
        """Return the headers that authorise the client to the proxy; empty without credentials."""
        parts = urlsplit(self.url)
        if parts.username is None:
            return {}
        plain = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return {"Proxy-Authorization": f"Basic {base64.b64encode(plain.encode()).decode()}"}
