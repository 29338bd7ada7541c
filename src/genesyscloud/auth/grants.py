"""The strategies. Each is a value with a flow; none touches the network or a clock."""

from __future__ import annotations

import base64
from collections.abc import Callable, Generator, Mapping
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlencode

from ..errors import ConfigurationError
from ..http import Request
from .tokens import Token, check_text, token_from_reply

__all__ = [
    "AccessToken",
    "Anonymous",
    "Auth",
    "ClientCredentials",
    "Flow",
    "Person",
    "digest",
    "exchange",
]


class Person(NamedTuple):
    """A step of a login that a person takes; ``work`` is given the seconds that are left, ``cancel`` ends it early."""

    work: Callable[[float], Any]
    cancel: Callable[[], None]


#: Yields requests and is given replies, yields :class:`Person` and is given what its ``work`` returned.
Flow: TypeAlias = Generator[Request | Person, Any, Token]


class Auth:
    """A way to get a token. Subclass it for one that is not here.

    Attributes:
        renewable: whether :meth:`flow` can be run again for a new token.
        patience: seconds that a person may take for it; 0 when none is needed.
    """

    renewable: bool = False
    patience: float = 0.0

    def can_renew(self, token: Token) -> bool:
        """Whether ``token``, which this made, can be replaced by a new one without asking the caller."""
        return self.renewable

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

    >>> ClientCredentials("0b2b7e1c", "s3cret")
    ClientCredentials(client_id='0b2b7e1c')
    """

    renewable = True

    def __init__(self, client_id: str, client_secret: str) -> None:
        for name, value in (("client_id", client_id), ("client_secret", client_secret)):
            check_text(f"ClientCredentials: {name}", value)
        self.client_id = client_id
        self._client_secret = client_secret

    @property
    def identity(self) -> str:
        """The client id, and a digest of the secret: one who does not know the secret gets no token of the store."""
        return f"client_credentials:{self.client_id}:{digest(self._client_secret)}"

    def flow(self, login_url: str, now: float, previous: Token | None) -> Flow:
        """Ask the token endpoint."""
        form = {"grant_type": "client_credentials"}
        return (yield from exchange(login_url, now, form, self.client_id, self._client_secret))

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
        check_text("AccessToken: token", token)
        self._token = token

    @property
    def identity(self) -> str:
        """A digest of the token."""
        return f"access_token:{digest(self._token)}"

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


def exchange(login_url: str, now: float, form: Mapping[str, str], client_id: str, client_secret: str) -> Flow:
    """Ask the token endpoint; a client without a secret (PKCE) names itself in the form.

    Args:
        form: fields of the request.
    """
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    secrets = [value for name, value in form.items() if name not in ("grant_type", "redirect_uri", "orgName")]
    fields = dict(form)
    if client_secret:
        basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        headers["Authorization"] = f"Basic {basic}"
        secrets += [client_secret, basic]
    else:
        fields["client_id"] = client_id
    reply = yield Request("POST", f"{login_url}/oauth/token", headers, urlencode(fields).encode())
    return token_from_reply(reply, now, tuple(secrets))


def digest(secret: str) -> str:
    """Return a short text that tells secrets apart and tells nothing about them."""
    import hashlib

    return hashlib.sha256(secret.encode()).hexdigest()[:16]
