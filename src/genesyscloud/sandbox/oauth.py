"""The login service of the sandbox: the token endpoint, and who a request is from."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from .authorize import Answer, Authorize, fields_of, person_with_email
from .clients import client as client_with
from .clients import same_secret
from .narrow import texts
from .refusal import OAuthRefusal, Refusal
from .saml import BadAssertion, read_assertion
from .services.identity import idle_seconds, organization_names
from .services.users import users
from .tokens import Token, Tokens

if TYPE_CHECKING:
    from .core import Sandbox
    from .store import Entity

__all__ = ["PATHS", "Login", "Token"]

#: The methods that each path of the login service takes.
PATHS = {
    "/oauth/token": ["POST"],
    "/oauth/authorize": ["GET", "HEAD", "POST"],
    "/login": ["GET", "HEAD", "POST"],
    "/logout": ["GET", "HEAD"],
}
FORM = "application/x-www-form-urlencoded"
SAML2 = "urn:ietf:params:oauth:grant-type:saml2-bearer"
#: The grant that a client must have for a grant type of RFC 6749 or 7522.
GRANTS = {
    "client_credentials": "CLIENT-CREDENTIALS",
    "authorization_code": "CODE",
    "refresh_token": "CODE",
    SAML2: "SAML2-BEARER",
}


class _Requester(NamedTuple):
    """The client that asks for a token; ``proved`` by its secret, or only named."""

    client_id: str
    client: Entity
    proved: bool


class Login:
    """Grants tokens and looks them up.

    Args:
        sandbox: whose clients and people log in; its store holds all that is remembered.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._settings = sandbox.settings
        self.tokens = Tokens(sandbox.store, sandbox.settings.clock, sandbox.events.token_revoked)
        self._authorize = Authorize(sandbox, self.tokens)
        self._grants: dict[str, Callable[[_Requester, Mapping[str, str]], dict[str, Any]]] = {
            "client_credentials": self._client_credentials,
            "authorization_code": self._code,
            "refresh_token": self._refresh,
            SAML2: self._saml,
        }

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a request to one of :data:`PATHS`.

        Args:
            method, path, query, headers, body: of the request.

        Raises:
            OAuthRefusal: the token endpoint says no. Refusal: 405; the path does not take this method.
        """
        if method not in PATHS[path]:
            allow = ", ".join(PATHS[path])
            raise Refusal(405, "method.not.allowed", f"Allowed here: {allow}.", headers=[("Allow", allow)])
        cookies = headers.get("cookie", "")
        if path == "/logout":
            return self._authorize.logout(query, cookies)
        if path == "/oauth/token":
            found = msgspec.json.encode(self.grant(headers, body))
            return 200, found, [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        form = _form(headers, body) if method == "POST" else {}
        if path == "/login":
            return self._authorize.login(method, cookies, form)
        return self._authorize.authorize(method, query, cookies, form)

    # --- the token endpoint ----------------------------------------------------------------------

    def grant(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """Answer ``POST /oauth/token``.

        Raises:
            OAuthRefusal: the client is unknown, its secret is wrong, or the grant is not for it.
        """
        form = _form(headers, body)
        requester = self._requester(headers.get("authorization", ""), form)
        grant = form.get("grant_type", "")
        if not grant:
            raise OAuthRefusal(400, "invalid_request", "grant_type is missing")
        if grant not in GRANTS:
            raise OAuthRefusal(400, "unsupported_grant_type", f"the grant type {grant[:60]!r} is not supported")
        if requester.client.get("authorizedGrantType") != GRANTS[grant]:
            raise OAuthRefusal(400, "unauthorized_client", f"the client has no grant for the type {grant!r}")
        return self._grants[grant](requester, form)

    def _requester(self, authorization: str, form: Mapping[str, str]) -> _Requester:
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                client_id, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError, ValueError):
                raise OAuthRefusal(400, "invalid_request", "the Authorization header is malformed") from None
        else:
            client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        client = client_with(self._sandbox, client_id)
        if client is None:
            raise OAuthRefusal(self._settings.unknown_client_status, "invalid_client", "client not found")
        if client.get("state", "active") != "active":
            raise OAuthRefusal(self._settings.unknown_client_status, "invalid_client", "the client is not active")
        # A program on somebody's machine cannot keep a secret: it shows that it began the login instead (RFC 7636).
        named = not secret and form.get("grant_type") in ("authorization_code", "refresh_token")
        if not named and not same_secret(self._sandbox, client_id, secret):
            raise self._unproved()
        return _Requester(client_id, client, not named)

    def _unproved(self) -> OAuthRefusal:
        challenge = [("WWW-Authenticate", 'Basic realm="sandbox"')]
        return OAuthRefusal(
            self._settings.wrong_secret_status, "invalid_client", "authentication failed", headers=challenge
        )

    def _client_credentials(self, requester: _Requester, form: Mapping[str, str]) -> dict[str, Any]:
        return self._granted(requester, "", [])

    def _code(self, requester: _Requester, form: Mapping[str, str]) -> dict[str, Any]:
        code = _field(form, "code")
        row = self.tokens.look("oauth_codes", code)
        if row is None or row["client_id"] != requester.client_id:
            raise OAuthRefusal(400, "invalid_grant", "the code is unknown, used or expired")
        if not requester.proved and not row["challenge"]:
            raise self._unproved()
        # It is used up by the attempt: who guesses at the rest gets no second chance.
        self.tokens.drop("oauth_codes", code)
        if _field(form, "redirect_uri") != row["redirect_uri"]:
            raise OAuthRefusal(400, "invalid_grant", "redirect_uri is not the one that the code was sent to")
        self._check_verifier(form.get("code_verifier", ""), row["challenge"])
        public = not requester.proved
        refreshes = self._settings.pkce_refresh_token if row["challenge"] else True
        return self._granted(requester, row["user_id"], row["scope"], refreshes=refreshes, public=public)

    def _check_verifier(self, verifier: str, challenge: str) -> None:
        """Refuse who cannot show what the challenge was made of (RFC 7636, section 4.6)."""
        import hashlib

        digest = hashlib.sha256(verifier.encode("utf-8", "replace")).digest()
        made = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if bool(verifier) != bool(challenge) or (challenge and not hmac.compare_digest(made, challenge)):
            raise OAuthRefusal(400, "invalid_grant", "code_verifier does not fit the code_challenge")

    def _refresh(self, requester: _Requester, form: Mapping[str, str]) -> dict[str, Any]:
        value = _field(form, "refresh_token")
        row = self.tokens.look("oauth_refresh_tokens", value)
        if row is None or row["client_id"] != requester.client_id or row["user_id"] not in users(self._sandbox):
            raise OAuthRefusal(400, "invalid_grant", "the refresh token is unknown, used or expired")
        if not requester.proved and not row["public"]:
            raise self._unproved()
        rotates = self._settings.refresh_token_rotates
        if rotates:
            self.tokens.drop("oauth_refresh_tokens", value)
        return self._granted(requester, row["user_id"], row["scope"], refreshes=rotates, public=row["public"])

    def _saml(self, requester: _Requester, form: Mapping[str, str]) -> dict[str, Any]:
        organization, known = _field(form, "orgName"), organization_names(self._sandbox)
        try:
            assertion = read_assertion(_field(form, "assertion"), self._settings.clock())
        except BadAssertion as error:
            raise OAuthRefusal(400, "invalid_grant", f"the assertion is refused: {error}") from None
        if any(name and name.lower() not in known for name in (organization, assertion.organization)):
            raise OAuthRefusal(400, "invalid_grant", "there is no such organization")
        person = person_with_email(self._sandbox, assertion.subjects)
        if not person:
            raise OAuthRefusal(400, "invalid_grant", "the assertion is about nobody in this organization")
        return self._granted(requester, person, texts(requester.client.get("scope")))

    def _granted(
        self, requester: _Requester, person: str, scope: list[str], *, refreshes: bool = False, public: bool = False
    ) -> dict[str, Any]:
        seconds = int(requester.client.get("accessTokenValiditySeconds") or self._settings.token_seconds)
        found: dict[str, Any] = {
            "access_token": self.tokens.issue(requester.client_id, person, scope, seconds),
            "token_type": "bearer",
            "expires_in": seconds,
        }
        if refreshes:
            found["refresh_token"] = self.tokens.keep(
                "oauth_refresh_tokens", self._settings.refresh_token_seconds, client_id=requester.client_id,
                user_id=person, scope=scope, public=public,
            )  # fmt: skip
        return found

    # --- access tokens ---------------------------------------------------------------------------

    def issue(self, client_id: str, user_id: str = "") -> str:
        """Make an access token for a client, and the person it acts for, without asking anybody."""
        client = client_with(self._sandbox, client_id) or {}
        seconds = int(client.get("accessTokenValiditySeconds") or self._settings.token_seconds)
        scope = texts(client.get("scope")) if user_id else []
        return self.tokens.issue(client_id, user_id, scope, seconds)

    def token(self, authorization: str | None) -> tuple[str, Token]:
        """Return the token of an ``Authorization`` header and who it stands for.

        Raises:
            Refusal: 401; there is no token, or it is unknown, has expired or was not used for too long.
        """
        scheme, _, value = (authorization or "").partition(" ")
        value = value.strip()
        if scheme.lower() != "bearer" or not value:
            raise Refusal(401, "authentication.required", "No authentication bearer token specified in request.")
        found = self.tokens.find(value)
        if found is None or self._idled(found) or (found.user_id and found.user_id not in users(self._sandbox)):
            raise Refusal(401, "bad.credentials", "Invalid login credentials.")
        return value, found

    def _idled(self, token: Token) -> bool:
        seconds = idle_seconds(self._sandbox)
        return seconds is not None and token.used + seconds <= self._settings.clock()

    def use(self, value: str) -> None:
        """Note that a token is being used, where that puts off its end."""
        if idle_seconds(self._sandbox) is not None:
            self.tokens.use(value)

    def revoke(self, token: str) -> None:
        """Forget a token; unknown ones are no error."""
        self.tokens.revoke(token)

    def user_of(self, token: str) -> str:
        """Id of the person that a token acts for; empty when it is for nobody.

        A token of client credentials has no user; the setting ``client_credentials_user`` gives it the administrator.
        """
        found = self.tokens.holder(token)
        person = found.user_id if found else ""
        return person or (self._sandbox.admin_id if self._settings.client_credentials_user else "")


def _form(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The fields of a form.

    Raises:
        OAuthRefusal: it is no form, or a field is in it twice.
    """
    if headers.get("content-type", FORM).partition(";")[0].strip().lower() != FORM:
        raise OAuthRefusal(400, "invalid_request", f"the content type must be {FORM}")
    try:
        fields, twice = fields_of(body.decode("utf-8", "replace"))
    except ValueError:
        raise OAuthRefusal(400, "invalid_request", "the form has too many fields") from None
    if twice:
        raise OAuthRefusal(400, "invalid_request", f"{twice[:60]} is there more than once")
    return fields


def _field(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise OAuthRefusal(400, "invalid_request", f"{name} is missing")
    return value
