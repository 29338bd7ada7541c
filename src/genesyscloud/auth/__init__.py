"""Ways to log in: strategies that say what to send, and the tokens they end with.

A strategy does no input or output. Its :meth:`Auth.flow` is a generator that yields the request to send, is given
the reply, and returns a :class:`Token`; the client sends, retries and shares the outcome between threads and tasks.
"""

from __future__ import annotations

from .grants import AccessToken, Anonymous, Auth, ClientCredentials, Flow, Person
from .tokens import SharedTokenStore, Token, TokenStore

# Type checkers know this name; what is below is imported when it is first touched.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from .browser import BrowserLogin
    from .codes import PKCE, AuthorizationCode, Implicit, RefreshToken, Saml2Bearer
    from .stores.file import FileTokenStore
    from .stores.keyring_ import KeyringTokenStore
    from .stores.memory import MemoryTokenStore
    from .stores.redis_ import RedisTokenStore
    from .urls import authorize_url, code_challenge, logout_url, make_state, make_verifier, read_redirect

__all__ = [
    "PKCE",
    "AccessToken",
    "Anonymous",
    "Auth",
    "AuthorizationCode",
    "BrowserLogin",
    "ClientCredentials",
    "FileTokenStore",
    "Flow",
    "Implicit",
    "KeyringTokenStore",
    "MemoryTokenStore",
    "Person",
    "RedisTokenStore",
    "RefreshToken",
    "Saml2Bearer",
    "SharedTokenStore",
    "Token",
    "TokenStore",
    "authorize_url",
    "code_challenge",
    "logout_url",
    "make_state",
    "make_verifier",
    "read_redirect",
]

_HOMES = {
    "AuthorizationCode": "codes",
    "BrowserLogin": "browser",
    "FileTokenStore": "stores.file",
    "Implicit": "codes",
    "KeyringTokenStore": "stores.keyring_",
    "MemoryTokenStore": "stores.memory",
    "PKCE": "codes",
    "RedisTokenStore": "stores.redis_",
    "RefreshToken": "codes",
    "Saml2Bearer": "codes",
    "authorize_url": "urls",
    "code_challenge": "urls",
    "logout_url": "urls",
    "make_state": "urls",
    "make_verifier": "urls",
    "read_redirect": "urls",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
