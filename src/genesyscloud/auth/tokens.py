"""Tokens: what a login ends with, when it must be renewed, and where it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol, cast

from ..errors import OAuthError
from ..http import Reply

__all__ = ["MemoryTokenStore", "Token", "TokenStore", "token_from_reply"]

#: A token is renewed this many seconds before it expires, or a tenth of its life if that is less.
MARGIN = 60.0


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. Times are seconds since 1970; ``inf`` for a token whose end is not known.

    Parameters:
        access_token: what goes into the ``Authorization`` header.
        expires_at: when the service stops to accept it, by its own words.
        renew_at: from when on the client renews it.
        refresh_token: to renew without a person, or empty.
        raw: the whole reply of the login service.
    """

    access_token: str = field(repr=False)
    expires_at: float = inf
    renew_at: float = inf
    refresh_token: str = field(default="", repr=False)
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)


class TokenStore(Protocol):
    """Keeps tokens between logins; ``key`` tells login host and client apart. Must be safe from many threads."""

    def load(self, key: str) -> Token | None:
        """Return the token stored under ``key``, or ``None``."""
        ...

    def save(self, key: str, token: Token) -> None:
        """Store ``token`` under ``key``."""
        ...


class MemoryTokenStore:
    """Tokens of this process. Hand one to several clients, and they share their logins.

    >>> store = MemoryTokenStore()
    >>> store.load("key") is None
    True
    """

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    def load(self, key: str) -> Token | None:
        """Return the token stored under ``key``, or ``None``."""
        return self._tokens.get(key)

    def save(self, key: str, token: Token) -> None:
        """Store ``token`` under ``key``."""
        self._tokens[key] = token

    def __repr__(self) -> str:
        return f"MemoryTokenStore({len(self._tokens)} tokens)"


def token_from_reply(reply: Reply, now: float, secrets: tuple[str, ...] = ()) -> Token:
    """Read the reply of the token endpoint.

    Args:
        now: seconds since 1970.
        secrets: what was sent; removed from the service's words should it repeat them.

    Raises:
        OAuthError: the service refused, or answered without an access token.
    """
    fields = _fields(reply.body)
    token = fields.get("access_token")
    if not 200 <= reply.status < 300 or not isinstance(token, str) or not token:
        raise _refusal(reply, fields, secrets)
    lifetime = _lifetime(fields.get("expires_in"))
    refresh = fields.get("refresh_token")
    return Token(
        access_token=token,
        expires_at=now + lifetime,
        renew_at=now + lifetime - min(MARGIN, lifetime / 10) if lifetime < inf else inf,
        refresh_token=refresh if isinstance(refresh, str) else "",
        raw=fields,
    )


def _refusal(reply: Reply, fields: Mapping[str, Any], secrets: tuple[str, ...]) -> OAuthError:
    """The shapes seen: that of OAuth, that of the API, and whatever a gateway in front says."""
    error = fields.get("error") or fields.get("code") or ""
    description = fields.get("error_description") or fields.get("description") or fields.get("message") or ""
    if not error and not description:
        from ..replies import summary

        succeeded = 200 <= reply.status < 300
        description = "the reply holds no access token" if succeeded else summary(reply)
    texts = [str(error), str(description)]
    for secret in filter(None, secrets):
        texts = [text.replace(secret, "[secret]") for text in texts]
    return OAuthError(reply.status, texts[0], texts[1], reply.headers.get("inin-correlation-id", ""))


def _fields(body: bytes) -> Mapping[str, Any]:
    from ..codec import NotJson, decode

    try:
        value = decode(body, "o")
    except NotJson:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _lifetime(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return inf
    return seconds if seconds > 0 else inf
