"""The Python client for the Genesys Cloud Platform API.

>>> from genesyscloud import ClientCredentials, GenesysCloud
>>> with GenesysCloud(auth=ClientCredentials("id", "secret"), region="eu_west_1") as gc:   # doctest: +SKIP
...     print(gc.organization.get_organizations_me().name)

Names are imported when they are first touched, so that this package costs nothing until it is used.
"""

from __future__ import annotations

# Type checkers know this name; importing it from typing would be most of the cost of this package.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from .auth import (
        PKCE,
        AccessToken,
        Anonymous,
        Auth,
        AuthorizationCode,
        BrowserLogin,
        ClientCredentials,
        FileTokenStore,
        Implicit,
        KeyringTokenStore,
        MemoryTokenStore,
        RedisTokenStore,
        RefreshToken,
        Saml2Bearer,
        Token,
        TokenStore,
    )
    from .client import AsyncGenesysCloud, GenesysCloud
    from .errors import ApiError, GenesysCloudError
    from .model import NULL, Model
    from .response import Response
    from .sections import (
        BreakerEvent,
        BreakerSettings,
        GatewaySettings,
        LoggingSettings,
        ReauthenticationSettings,
        RetryPolicy,
        Timeouts,
    )
    from .transport import ProxySettings, TlsSettings

__all__ = [
    "NULL",
    "PKCE",
    "AccessToken",
    "Anonymous",
    "ApiError",
    "AsyncGenesysCloud",
    "Auth",
    "AuthorizationCode",
    "BreakerEvent",
    "BreakerSettings",
    "BrowserLogin",
    "ClientCredentials",
    "FileTokenStore",
    "GatewaySettings",
    "GenesysCloud",
    "GenesysCloudError",
    "Implicit",
    "KeyringTokenStore",
    "LoggingSettings",
    "MemoryTokenStore",
    "Model",
    "ProxySettings",
    "ReauthenticationSettings",
    "RedisTokenStore",
    "RefreshToken",
    "Response",
    "RetryPolicy",
    "Saml2Bearer",
    "Timeouts",
    "TlsSettings",
    "Token",
    "TokenStore",
]

__version__ = "0.1.0"

_HOMES = {
    "NULL": "model",
    "PKCE": "auth",
    "AccessToken": "auth",
    "Anonymous": "auth",
    "ApiError": "errors",
    "AsyncGenesysCloud": "client",
    "Auth": "auth",
    "AuthorizationCode": "auth",
    "BreakerEvent": "sections",
    "BreakerSettings": "sections",
    "BrowserLogin": "auth",
    "ClientCredentials": "auth",
    "FileTokenStore": "auth",
    "GatewaySettings": "sections",
    "GenesysCloud": "client",
    "GenesysCloudError": "errors",
    "Implicit": "auth",
    "KeyringTokenStore": "auth",
    "LoggingSettings": "sections",
    "MemoryTokenStore": "auth",
    "Model": "model",
    "ProxySettings": "transport",
    "ReauthenticationSettings": "sections",
    "RedisTokenStore": "auth",
    "RefreshToken": "auth",
    "Response": "response",
    "RetryPolicy": "sections",
    "Saml2Bearer": "auth",
    "Timeouts": "sections",
    "TlsSettings": "transport",
    "Token": "auth",
    "TokenStore": "auth",
}
_MODULES = frozenset(
    {
        "auth",
        "breaker",
        "compat",
        "config",
        "errors",
        "hooks",
        "models",
        "paging",
        "regions",
        "retry",
        "sections",
        "transport",
    }
)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES, "__version__"})
