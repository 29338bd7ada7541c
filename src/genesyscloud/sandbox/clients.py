"""OAuth clients: those that exist from the start, their secrets, and where they may send a browser.

They are entities of ``/api/v2/oauth/clients`` like any other, but for the secret, which is shown when it is made and
never again: it is kept in a table of its own.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from .core import Sandbox
    from .store import Collection, Entity

__all__ = [
    "LOOPBACK",
    "PATH",
    "all_clients",
    "client",
    "new_secret",
    "redirect_allowed",
    "same_secret",
    "seeded_grants",
]

PATH = "/api/v2/oauth/clients"
SECRETS = "oauth_secrets"
#: Where the clients of the start may send a browser: to a program on the same machine, at any port.
LOOPBACK = ("http://localhost", "http://127.0.0.1", "https://localhost", "https://127.0.0.1")
_LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1"}
#: Schemes that a browser acts upon itself.
_UNSAFE_SCHEMES = {"javascript", "data", "vbscript", "file", "about", "blob"}


def seeded_grants(client_id: str) -> dict[str, str]:
    """The clients that exist from the start, and the grant of each.

    Args:
        client_id: of the one for client credentials.

    >>> seeded_grants("sandbox")["token"]
    'TOKEN'
    """
    others = {"code": "CODE", "pkce": "CODE", "token": "TOKEN", "saml2": "SAML2-BEARER"}
    return {client_id: "CLIENT-CREDENTIALS"} | {name: grant for name, grant in others.items() if name != client_id}


def all_clients(sandbox: Sandbox) -> Collection:
    """The OAuth clients of the organization."""
    shape = sandbox.shapes.collection(PATH)
    assert shape is not None
    return sandbox.collection(shape, [])


def client(sandbox: Sandbox, client_id: str) -> Entity | None:
    """The client with an id, or ``None``."""
    return all_clients(sandbox).get(client_id)


def new_secret(sandbox: Sandbox, client_id: str) -> str:
    """Make a secret for a client; the one it had is worth nothing from now on."""
    made = secrets.token_urlsafe(32)
    sandbox.store.table(SECRETS)[client_id] = made
    return made


def same_secret(sandbox: Sandbox, client_id: str, secret: str) -> bool:
    """Whether this is the secret of a client."""
    known = sandbox.store.table(SECRETS).get(client_id)
    if known is None and client_id in seeded_grants(sandbox.settings.client_id):
        known = sandbox.settings.client_secret
    return known is not None and hmac.compare_digest(known.encode(), secret.encode("utf-8", "replace"))


def redirect_allowed(registered: Sequence[str], wanted: str, *, any_path: bool) -> bool:
    """Whether a browser may be sent to ``wanted``.

    Args:
        registered: what the client has registered. A loopback address without a port stands for every port (RFC
            8252, section 7.3).
        wanted: what the request asks for.
        any_path: whether a loopback address without port and path stands for every path, too.

    >>> redirect_allowed(["http://localhost"], "http://localhost:49152/callback", any_path=True)
    True
    >>> redirect_allowed(["https://example.com/back"], "https://example.com/other", any_path=True)
    False
    """
    parts = _split(wanted)
    if parts is None:
        return False
    if wanted in registered:
        return True
    if parts.hostname not in _LOOPBACK_HOSTS or "@" in parts.netloc:
        return False
    return any(_covers(known, parts, any_path) for known in map(_split, registered) if known is not None)


def _covers(known: SplitResult, wanted: SplitResult, any_path: bool) -> bool:
    if (known.scheme, known.hostname) != (wanted.scheme, wanted.hostname) or known.port is not None:
        return False
    path, query = known.path.rstrip("/"), known.query
    return (any_path and not path and not query) or (path, query) == (wanted.path.rstrip("/"), wanted.query)


def _split(address: str) -> SplitResult | None:
    """The parts of an address that a browser can be sent to, or ``None``."""
    if not address.isascii() or not address.isprintable() or any(mark in address for mark in ' \\#"<>'):
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme and parts.scheme not in _UNSAFE_SCHEMES else None
