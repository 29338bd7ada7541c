"""The login service of the sandbox: clients, tokens, and who a request is from."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from .refusal import OAuthRefusal, Refusal
from .settings import Settings

__all__ = ["Login", "Token"]

#: Tokens kept before those that have expired are thrown away.
KEPT_TOKENS = 10_000
FORM = "application/x-www-form-urlencoded"


class Token(NamedTuple):
    """Who an access token stands for, and until when (seconds since the epoch)."""

    client_id: str
    expires: float


class Login:
    """Grants tokens and looks them up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._secrets = {settings.client_id: settings.client_secret}
        self._tokens: dict[str, Token] = {}

    def grant(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """Answer ``POST /oauth/token``.

        Raises:
            OAuthRefusal: the client is unknown, its secret is wrong, or the grant is not offered.
        """
        if headers.get("content-type", FORM).partition(";")[0].strip().lower() != FORM:
            raise OAuthRefusal(400, "invalid_request", f"the content type must be {FORM}")
        form = {key: values[0] for key, values in parse_qs(body.decode("latin-1")).items()}
        client_id = self._authenticated(headers.get("authorization", ""), form)
        grant = form.get("grant_type", "")
        if not grant:
            raise OAuthRefusal(400, "invalid_request", "grant_type is missing")
        if grant != "client_credentials":
            raise OAuthRefusal(400, "unsupported_grant_type", f"the grant type {grant[:60]!r} is not supported")
        return {
            "access_token": self.issue(client_id),
            "token_type": "bearer",
            "expires_in": self._settings.token_seconds,
        }

    def issue(self, client_id: str) -> str:
        """Make an access token for a client."""
        now = self._settings.clock()
        if len(self._tokens) >= KEPT_TOKENS:
            self._tokens = {value: token for value, token in self._tokens.items() if token.expires > now}
        made = secrets.token_urlsafe(48)
        self._tokens[made] = Token(client_id, now + self._settings.token_seconds)
        return made

    def _authenticated(self, authorization: str, form: Mapping[str, str]) -> str:
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                client_id, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError, ValueError):
                raise OAuthRefusal(400, "invalid_request", "the Authorization header is malformed") from None
        else:
            client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        known = self._secrets.get(client_id)
        if known is None:
            raise OAuthRefusal(400, "invalid_client", "client not found")
        if not secrets.compare_digest(known.encode(), secret.encode()):
            challenge = [("WWW-Authenticate", 'Basic realm="sandbox"')]
            raise OAuthRefusal(401, "invalid_client", "authentication failed", headers=challenge)
        return client_id

    def token(self, authorization: str | None) -> tuple[str, Token]:
        """Return the token of an ``Authorization`` header and who it stands for.

        Raises:
            Refusal: 401; there is no token, or it is unknown or has expired.
        """
        scheme, _, value = (authorization or "").partition(" ")
        value = value.strip()
        if scheme.lower() != "bearer" or not value:
            raise Refusal(401, "authentication.required", "No authentication bearer token specified in request.")
        found = self._tokens.get(value)
        if found is not None and found.expires <= self._settings.clock():
            del self._tokens[value]
            found = None
        if found is None:
            raise Refusal(401, "bad.credentials", "Invalid login credentials.")
        return value, found

    def revoke(self, token: str) -> None:
        """Forget a token; unknown ones are no error."""
        self._tokens.pop(token, None)
