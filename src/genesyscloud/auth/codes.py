"""Logins of a person, and of a program in a person's name: what a browser or an identity provider handed over.

Their tokens are renewed with the refresh token that came with them. The service accepts each refresh token once; a
reply without a new one means that the old one goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..errors import ConfigurationError, LoginRequired, OAuthError
from .grants import Auth, Flow, digest, exchange
from .tokens import Token, check_text, token_from_fields
from .urls import check_verifier, read_redirect

__all__ = ["PKCE", "AuthorizationCode", "Implicit", "RefreshToken", "Saml2Bearer", "refreshed"]


class _Refreshing(Auth):
    """What is renewed by refresh token, if there is one."""

    client_id: str
    _client_secret: str = ""

    def can_renew(self, token: Token) -> bool:
        return bool(token.refresh_token)

    def _form(self) -> dict[str, str]:
        """The form of the first token request."""
        raise NotImplementedError

    def flow(self, login_url: str, now: float, previous: Token | None) -> Flow:
        """Ask the token endpoint: with what was handed over, from then on with the refresh token."""
        if previous is None:
            token = yield from exchange(login_url, now, self._form(), self.client_id, self._client_secret)
            return _lasting(token)
        return (yield from refreshed(login_url, now, previous, self.client_id, self._client_secret))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(client_id={self.client_id!r})"


class AuthorizationCode(_Refreshing):
    """The login of a person in a web application that has a secret. Renewed if it comes with a refresh token.

    Args:
        client_id, client_secret: as shown on the OAuth client's page.
        code: what the browser came back with from :func:`~genesyscloud.auth.authorize_url`; good for one login.
        redirect_uri: the same as there.

    Raises:
        ConfigurationError: one of them is empty.

    >>> AuthorizationCode("0b2b7e1c", "s3cret", "c0de", "https://app.example.com/oauth2")
    AuthorizationCode(client_id='0b2b7e1c')
    """

    def __init__(self, client_id: str, client_secret: str, code: str, redirect_uri: str) -> None:
        _check(self, client_id=client_id, client_secret=client_secret, code=code, redirect_uri=redirect_uri)
        self.client_id = client_id
        self._client_secret = client_secret
        self._code = code
        self.redirect_uri = redirect_uri

    @property
    def identity(self) -> str:
        """The client and a digest of the code, since each is another login."""
        return f"authorization_code:{self.client_id}:{digest(f'{self._client_secret}:{self._code}')}"

    def _form(self) -> dict[str, str]:
        return {"grant_type": "authorization_code", "code": self._code, "redirect_uri": self.redirect_uri}


class PKCE(_Refreshing):
    """The login of a person in a program that can keep no secret. Renewed if it comes with a refresh token.

    For programs with a browser at hand there is :class:`~genesyscloud.auth.BrowserLogin`, which does it all.

    Args:
        client_id: as shown on the OAuth client's page (grant type ``Code Authorization``).
        code: what the browser came back with from :func:`~genesyscloud.auth.authorize_url`; good for one login.
        code_verifier: the one whose challenge was sent there.
        redirect_uri: the same as there.

    Raises:
        ConfigurationError: one of them is empty, or the verifier is none.
    """

    def __init__(self, client_id: str, code: str, code_verifier: str, redirect_uri: str) -> None:
        _check(self, client_id=client_id, code=code, code_verifier=code_verifier, redirect_uri=redirect_uri)
        check_verifier(code_verifier)
        self.client_id = client_id
        self._code = code
        self._code_verifier = code_verifier
        self.redirect_uri = redirect_uri

    @property
    def identity(self) -> str:
        """The client and a digest of code and verifier, since each is another login."""
        return f"pkce:{self.client_id}:{digest(f'{self._code}:{self._code_verifier}')}"

    def _form(self) -> dict[str, str]:
        form = {"grant_type": "authorization_code", "code": self._code, "code_verifier": self._code_verifier}
        return {**form, "redirect_uri": self.redirect_uri}


class Saml2Bearer(_Refreshing):
    """The login of a person whom your identity provider vouches for.

    Renewed by refresh token, or else with the same assertion for as long as the service accepts that.

    Args:
        client_id, client_secret: as shown on the OAuth client's page (grant type ``SAML2 Bearer``).
        org_name: short name of the organization.
        assertion: the SAML 2 response of the identity provider, encoded in base64.

    Raises:
        ConfigurationError: one of them is empty, or the assertion is XML that is not encoded.
    """

    renewable = True

    def __init__(self, client_id: str, client_secret: str, org_name: str, assertion: str) -> None:
        if assertion.lstrip().startswith("<"):
            raise ConfigurationError("Saml2Bearer: assertion must be encoded in base64")
        # Encoders break lines, which means nothing.
        assertion = "".join(assertion.split())
        _check(self, client_id=client_id, client_secret=client_secret, assertion=assertion)
        if not org_name:
            raise ConfigurationError("Saml2Bearer: org_name must be a non-empty string")
        self.client_id = client_id
        self._client_secret = client_secret
        self.org_name = org_name
        self._assertion = assertion

    def can_renew(self, token: Token) -> bool:
        """Always worth a try."""
        return True

    @property
    def identity(self) -> str:
        """Client, organization, and a digest of the assertion, which tells whose login it is."""
        return f"saml2:{self.client_id}:{self.org_name}:{digest(f'{self._client_secret}:{self._assertion}')}"

    def flow(self, login_url: str, now: float, previous: Token | None) -> Flow:
        """Ask the token endpoint."""
        if previous is not None and previous.refresh_token:
            return (yield from refreshed(login_url, now, previous, self.client_id, self._client_secret))
        return (yield from exchange(login_url, now, self._form(), self.client_id, self._client_secret))

    def _form(self) -> dict[str, str]:
        grant = "urn:ietf:params:oauth:grant-type:saml2-bearer"
        return {"grant_type": grant, "orgName": self.org_name, "assertion": self._assertion}


class RefreshToken(_Refreshing):
    """A login that began elsewhere and goes on here.

    Give the client a token store: each refresh token serves once, and the next one must survive your program. With
    the store, the same first refresh token finds the newest.

    Args:
        client_id: of the OAuth client that the refresh token was issued to.
        client_secret: its secret; empty for one without (PKCE).
        refresh_token: the refresh token.

    Raises:
        ConfigurationError: client id or refresh token are empty.
    """

    def __init__(self, client_id: str, client_secret: str, refresh_token: str) -> None:
        _check(self, client_id=client_id, refresh_token=refresh_token)
        if client_secret:
            _check(self, client_secret=client_secret)
        self.client_id = client_id
        self._client_secret = client_secret
        self._refresh_token = refresh_token

    @property
    def identity(self) -> str:
        """The client and a digest of the first refresh token."""
        return f"refresh_token:{self.client_id}:{digest(f'{self._client_secret}:{self._refresh_token}')}"

    def flow(self, login_url: str, now: float, previous: Token | None) -> Flow:
        """Ask the token endpoint, the first time with the refresh token that was given."""
        previous = previous or Token("", refresh_token=self._refresh_token)
        return (yield from refreshed(login_url, now, previous, self.client_id, self._client_secret))


class Implicit(Auth):
    """The token that a browser came back with (``response_type`` ``token``). It cannot be renewed.

    Args:
        redirected_to: the address that the browser was sent to, with its fragment.
        state: the one that was sent; empty if there was none.

    Raises:
        OAuthError: the login failed, or the answer belongs to another login.

    >>> Implicit("https://app.example.com/#access_token=abc&expires_in=86400&state=xyz", state="xyz")
    Implicit(…)
    """

    def __init__(self, redirected_to: str, state: str = "") -> None:
        self._fields = read_redirect(redirected_to, state)
        check_text("Implicit: the access token", self._fields.get("access_token"))

    @property
    def identity(self) -> str:
        """A digest of the token."""
        return f"implicit:{digest(self._fields['access_token'])}"

    def flow(self, login_url: str, now: float, previous: Token | None) -> Flow:
        """Return the token; nothing is sent."""
        yield from ()
        if previous is not None:
            raise _ended()
        return _lasting(token_from_fields(self._fields, now))

    def __repr__(self) -> str:
        return "Implicit(…)"


def refreshed(login_url: str, now: float, previous: Token, client_id: str, client_secret: str) -> Flow:
    """Renew a token by its refresh token.

    Raises:
        LoginRequired: there is none, or the service does not accept it any more.
    """
    if not previous.refresh_token:
        raise _ended()
    form = {"grant_type": "refresh_token", "refresh_token": previous.refresh_token}
    try:
        token = yield from exchange(login_url, now, form, client_id, client_secret)
    except OAuthError as error:
        if error.error != "invalid_grant":
            raise
        raise LoginRequired(error.status, error.error, error.description, error.correlation_id) from None
    return token if token.refresh_token else replace(token, refresh_token=previous.refresh_token)


def _lasting(token: Token) -> Token:
    """A token without a refresh token is used to its end."""
    return token if token.refresh_token else replace(token, renew_at=token.expires_at)


def _ended() -> LoginRequired:
    return LoginRequired(0, "", "the access token has ended and there is no refresh token: log in again")


def _check(auth: Auth, **values: str) -> None:
    fields: Mapping[str, str] = values
    for name, value in fields.items():
        check_text(f"{type(auth).__name__}: {name}", value)
