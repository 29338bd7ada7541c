"""What a user can choose about TLS and proxies: frozen values, equal when they say the same."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ..errors import ConfigurationError

__all__ = ["TLS_VERSIONS", "ProxySettings", "TlsSettings"]

#: What ``minimum_version`` may be.
TLS_VERSIONS = ("1.2", "1.3")


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How servers are verified, and how the client identifies itself to them (mutual TLS).

    Files are read when a client makes its first connection. What is given as text or bytes takes the place of a
    file, for secrets that come from a vault: it is never shown, and not left on a disk.

    Parameters:
        ca_file: PEM file of trusted roots instead of the system's. Without it the system's roots are used,
            or ``SSL_CERT_FILE``, or the ``certifi`` package on a system that has none.
        cert_file, key_file: PEM files of the client certificate with its chain, and of its key, which may also
            be in ``cert_file``.
        ca_data, cert_data, key_data: the same as PEM text.
        key_password: of an encrypted key.
        minimum_version: the oldest version that is spoken: ``1.2`` or ``1.3``.
        verify: ``False`` accepts any certificate, so anyone on the way can read and change everything. For local
            experiments only; logged as a warning.

    Raises:
        ConfigurationError: a value is not allowed, or two say the same thing.

    >>> TlsSettings(ca_file="company-roots.pem") == TlsSettings(ca_file="company-roots.pem")
    True
    """

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    ca_data: str | bytes = field(default="", repr=False)
    cert_data: str | bytes = field(default="", repr=False)
    key_data: str | bytes = field(default="", repr=False)
    key_password: str = field(default="", repr=False)
    minimum_version: str = "1.2"
    verify: bool = True

    def __post_init__(self) -> None:
        if self.minimum_version not in TLS_VERSIONS:
            allowed = ", ".join(TLS_VERSIONS)
            raise ConfigurationError(f"TLS: minimum_version must be one of {allowed}, not {self.minimum_version!r}")
        for name in ("ca", "cert", "key"):
            if getattr(self, f"{name}_file") and getattr(self, f"{name}_data"):
                raise ConfigurationError(f"TLS: give {name}_file or {name}_data, not both")
        if (self.key_file or self.key_data) and not (self.cert_file or self.cert_data):
            key = "key_file" if self.key_file else "key_data"
            raise ConfigurationError(f"TLS: {key} is set, but neither cert_file nor cert_data is")


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """The HTTP proxy that requests go through. Given in code, it takes the place of the environment's.

    Parameters:
        url: ``http://host:port``, or ``https://host:port`` when the proxy itself speaks TLS. User and password
            may be part of it, percent-encoded; they never appear in messages.
        username, password: the same as they are; in place of those in ``url``.
        path_params_login: path put in front of those of the login service, for a proxy that tells by it what it
            is to do; most need none.
        path_params_api: path put in front of those of the API.
        no_proxy: hosts that are reached without it, as in the variable ``NO_PROXY``: names, which include the
            names below them, addresses, networks (``10.0.0.0/8``), each also with a port, or ``*`` for all.
            Without it, what ``NO_PROXY`` says.

    Raises:
        ConfigurationError: the URL cannot be used.

    >>> ProxySettings("http://proxy.example.com:3128", username="me", password="s3cret")
    ProxySettings('http://proxy.example.com:3128')
    """

    url: str = field(repr=False)
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    path_params_login: str = ""
    path_params_api: str = ""
    no_proxy: str | Sequence[str] | None = None

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise ConfigurationError("the proxy must be given as http://host:port or https://host:port")
        if self.no_proxy is not None and not isinstance(self.no_proxy, str):
            object.__setattr__(self, "no_proxy", ",".join(self.no_proxy))

    def __repr__(self) -> str:
        return f"ProxySettings({self.origin!r})"

    @property
    def origin(self) -> str:
        """Scheme, host and port, without credentials."""
        return f"{'https' if self.tls else 'http'}://{self.where}"

    @property
    def where(self) -> str:
        """Host and port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

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
        if self.username:
            username, password = self.username, self.password
        elif parts.username is not None:
            username, password = unquote(parts.username), unquote(parts.password or "")
        else:
            return {}
        return {"Proxy-Authorization": f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"}
