"""The strategies. Each is a value with a flow; none touches the network or a clock."""

from __future__ import annotations

import base64
from collections.abc import Generator
from typing import TypeAlias

from ..errors import ConfigurationError
from ..http import Reply, Request
from .tokens import Token, token_from_reply

__all__ = ["AccessToken", "Anonymous", "Auth", "ClientCredentials", "Flow"]

Flow: TypeAlias = Generator[Request, Reply, Token]


class Auth:
    """A way to get a token. Subclass it for one that is not here.

    Attributes:
        renewable: whether :meth:`flow` can be run again for a new token.
    """

    renewable: bool = False

    @property
    def identity(self) -> str:
        """What tells this login from others in a token store; no secret can be read from it."""
        raise NotImplementedError

    def flow(self, login_url: str, now: float, previous: Token | None) -> Flow:
        """Yield the requests of the login, be given their replies, and return the token.

        Args:
            login_url: origin of the login service (``https://login.mypurecloud.ie``).
            now: seconds since 1970.
            previous: the token to be renewed, if there was one.

        Raises:
            OAuthError: the service refused.
        """
        raise NotImplementedError


class ClientCredentials(Auth):
    """An OAuth client that acts for itself, not for a user: for servers and jobs. Renews itself.

    Args:
        client_id, client_secret: as shown on the OAuth client's page.

    Raises:
        ConfigurationError: one of them is empty.

    >>> ClientCredentials("0b2b…", "s3cret")
    ClientCredentials(client_id='0b2b…')
    """

    renewable = True

    def __init__(self, client_id: str, client_secret: str) -> None:
        for name, value in (("client_id", client_id), ("client_secret", client_secret)):
            _check(f"ClientCredentials: {name}", value)
        self.client_id = client_id
        self._client_secret = client_secret

    @property
    def identity(self) -> str:
        """The client id, and a digest of the secret: one who does not know the secret gets no token of the store."""
        return f"client_credentials:{self.client_id}:{_digest(self._client_secret)}"

    def flow(self, login_url: str, now: float, previous: Token | None) -> Flow:
        """Ask the token endpoint."""
        basic = base64.b64encode(f"{self.client_id}:{self._client_secret}".encode()).decode()
        reply = yield Request(
            "POST",
            f"{login_url}/oauth/token",
            {
                "Authorization": f"Basic {basic}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            b"grant_type=client_credentials",
        )
        return token_from_reply(reply, now, (self._client_secret, basic))

    def __repr__(self) -> str:
        return f"ClientCredentials(client_id={self.client_id!r})"


class AccessToken(Auth):
    """A token that you already have. It cannot be renewed: when it expires, calls raise ``Unauthorized``.

    Args:
        token: the access token, without ``Bearer``.

    Raises:
        ConfigurationError: it is empty, or holds what no token holds (a line break, a space).
    """

    def __init__(self, token: str) -> None:
        _check("AccessToken: token", token)
        self._token = token

    @property
    def identity(self) -> str:
        """A digest of the token."""
        return f"access_token:{_digest(self._token)}"

    def flow(self, login_url: str, now: float, previous: Token | None) -> Flow:
        """Return the token; nothing is sent."""
        yield from ()
        return Token(self._token)

    def __repr__(self) -> str:
        return "AccessToken(…)"


class Anonymous(Auth):
    """No login: for the operations that need none (guest sessions, web deployments). Others raise."""

    @property
    def identity(self) -> str:
        """One for all."""
        return "anonymous"

    def flow(self, login_url: str, now: float, previous: Token | None) -> Flow:
        """Refuse."""
        yield from ()
        raise ConfigurationError("this operation needs a login, but the client was made with Anonymous()")

    def __repr__(self) -> str:
        return "Anonymous()"


def _digest(secret: str) -> str:
    import hashlib

    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def _check(what: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{what} must be a non-empty string")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigurationError(f"{what} holds a space, line break or other character that it cannot have")
