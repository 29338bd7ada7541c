"""Tokens: what a login ends with, when it must be renewed, and what keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol, TypeAlias, TypeVar, cast, runtime_checkable

from ..errors import ConfigurationError, OAuthError
from ..http import Reply

__all__ = [
    "Change",
    "SharedTokenStore",
    "Token",
    "TokenStore",
    "check_text",
    "token_from_fields",
    "token_from_reply",
    "token_from_stored",
    "token_to_stored",
]

T = TypeVar("T")

#: A token is renewed this many seconds before it expires, or a tenth of its life if that is less.
MARGIN = 60.0
_ONCE = ("access_token", "refresh_token")


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

    @property
    def expires_in(self) -> float | None:
        """Seconds that the token lives from its issue, as the service told; ``None`` if it did not."""
        lifetime = _lifetime(self.raw.get("expires_in"))
        return lifetime if lifetime < inf else None


class TokenStore(Protocol):
    """Keeps tokens between logins; ``key`` tells login host and login apart. Must be safe from many threads."""

    def load(self, key: str) -> Token | None:
        """Return the token stored under ``key``, or ``None``."""
        ...

    def save(self, key: str, token: Token) -> None:
        """Store ``token`` under ``key``, lastingly, before returning."""
        ...

    def delete(self, key: str) -> None:
        """Forget the token under ``key``; it is no error if there is none."""
        ...


#: Given the value under a key (``None``: there is none) and the time of the store in seconds, return the new value
#: (``None``: remove it), the seconds for which to keep it, and what :meth:`SharedTokenStore.update` is to return.
Change: TypeAlias = Callable[[Mapping[str, Any] | None, float], tuple[Mapping[str, Any] | None, float, T]]


@runtime_checkable
class SharedTokenStore(TokenStore, Protocol):
    """A store that several clients, processes or hosts use at the same time.

    With :meth:`update` they agree on who renews a token, and on how much of its rate limit each may use.

    Attributes:
        blocking: whether using it can take longer than a moment, so that tasks must do it in a thread.
    """

    blocking: bool

    def update(self, key: str, change: Change[T]) -> T:
        """Change the value under ``key`` (apart from the tokens) while nobody else can; ``change`` is pure."""
        ...


def check_text(what: str, value: object) -> None:
    """Refuse what cannot be part of a login.

    Raises:
        ConfigurationError: it is empty, or holds a space or a line break.
    """
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{what} must be a non-empty string")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigurationError(f"{what} holds a space, line break or other character that it cannot have")


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
    if not token.isascii() or not token.isprintable():
        correlation = reply.headers.get("inin-correlation-id", "")
        raise OAuthError(reply.status, "", "the access token has characters that no header can have", correlation)
    return token_from_fields(fields, now)


def token_from_fields(fields: Mapping[str, Any], now: float) -> Token:
    """Return the token for the fields of a reply that holds one; ``now`` in seconds since 1970."""
    lifetime = _lifetime(fields.get("expires_in"))
    refresh = fields.get("refresh_token")
    return Token(
        access_token=str(fields["access_token"]),
        expires_at=now + lifetime,
        renew_at=now + lifetime - min(MARGIN, lifetime / 10) if lifetime < inf else inf,
        refresh_token=refresh if isinstance(refresh, str) else "",
        raw=fields,
    )


def token_to_stored(token: Token) -> dict[str, Any]:
    """Return a token as JSON can hold it, each secret once."""
    times = {name: getattr(token, name) for name in ("expires_at", "renew_at")}
    return {
        "access_token": token.access_token,
        "refresh_token": token.refresh_token,
        **{name: value for name, value in times.items() if value < inf},
        "raw": {name: value for name, value in token.raw.items() if name not in _ONCE},
    }


def token_from_stored(value: Any) -> Token | None:
    """Return the token that :func:`token_to_stored` made ``value`` of; ``None`` if it is anything else."""
    try:
        secrets = {name: value[name] for name in _ONCE if value[name]}
        if not all(isinstance(secret, str) for secret in secrets.values()) or "access_token" not in secrets:
            return None
        check_text("the access token", secrets["access_token"])
        return Token(
            **secrets,
            expires_at=float(value.get("expires_at", inf)),
            renew_at=float(value.get("renew_at", inf)),
            raw={**value["raw"], **secrets},
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return None


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
    except (TypeError, ValueError, OverflowError):
        return inf
    return seconds if seconds > 0 else inf
