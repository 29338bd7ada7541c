"""Addresses of the login service that a browser is sent to, and what it comes back with."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from .. import regions
from ..errors import ConfigurationError, OAuthError

__all__ = [
    "LOOPBACK_HOSTS",
    "authorize_address",
    "authorize_url",
    "check_verifier",
    "checked_answer",
    "code_challenge",
    "logout_url",
    "loopback_parts",
    "make_state",
    "make_verifier",
    "read_redirect",
]

#: What a PKCE verifier is made of: RFC 7636 calls these unreserved.
ALPHABET = string.ascii_letters + string.digits + "-._~"
VERIFIER_LENGTHS = range(43, 129)
LOOPBACK_HOSTS = ("localhost", "127.0.0.1")
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


def make_verifier(length: int = 128) -> str:
    """Return a new PKCE verifier, of the full alphabet of 66 characters and from the system's random source.

    Args:
        length: characters, 43 to 128.

    Raises:
        ConfigurationError: another length.

    >>> len(make_verifier(43))
    43
    """
    if length not in VERIFIER_LENGTHS:
        raise ConfigurationError(f"a PKCE verifier has 43 to 128 characters, not {length}")
    import secrets

    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def check_verifier(verifier: str) -> None:
    """Refuse what is no PKCE verifier.

    Raises:
        ConfigurationError: wrong length or characters.
    """
    if not _VERIFIER.fullmatch(verifier):
        raise ConfigurationError("a PKCE verifier has 43 to 128 characters, which are letters, digits, - . _ ~")


def code_challenge(verifier: str) -> str:
    """Return the challenge (method S256) for a verifier.

    Raises:
        ConfigurationError: it is no verifier.

    >>> code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    import base64
    import hashlib

    check_verifier(verifier)
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def loopback_parts(redirect_uri: str) -> SplitResult:
    """Return the parts of an address of this machine that a browser can come back to.

    Raises:
        ConfigurationError: it is another address.
    """
    try:
        parts = urlsplit(redirect_uri)
        own = f"http://{parts.hostname}" + ("" if parts.port is None else f":{parts.port}")
    except ValueError:
        parts, own = urlsplit(""), ""
    if parts.hostname not in LOOPBACK_HOSTS or redirect_uri != own + parts.path:
        raise ConfigurationError(
            f"redirect_uri must be http://localhost or http://127.0.0.1, with or without a port, not {redirect_uri!r}"
        )
    return parts


def make_state() -> str:
    """Return a new value for ``state``, by which you know the browser that comes back."""
    import secrets

    return secrets.token_urlsafe(32)


def authorize_url(
    client_id: str,
    redirect_uri: str,
    *,
    region: str = regions.DEFAULT_REGION,
    login_host: str | None = None,
    response_type: str = "code",
    state: str = "",
    code_challenge: str = "",
    org: str = "",
    provider: str = "",
    target: str = "",
    login_hint: str = "",
    prompt: str = "",
) -> str:
    """Return the address at which a person logs in.

    Args:
        client_id: of the OAuth client.
        redirect_uri: where the browser is sent afterwards; one that the OAuth client has registered.
        region: any spelling of a region, see :func:`genesyscloud.regions.resolve`. login_host: in place of it.
        response_type: ``code`` (authorization code, PKCE) or ``token`` (implicit).
        state: comes back with the browser; see :func:`make_state` and :func:`read_redirect`.
        code_challenge: for PKCE; see :func:`make_verifier` and the function of the same name.
        org, provider: name of the organization and of its identity provider, to skip the page that asks for them;
            both or neither.
        target: id of another organization to work in, which has authorized the person's own.
        login_hint: ``email``, ``org`` or ``email:org``.
        prompt: ``login`` asks for the password again.

    Raises:
        ConfigurationError: a value is missing or not allowed.

    >>> authorize_url("abc", "http://localhost:8080", region="eu_west_1")
    'https://login.mypurecloud.ie/oauth/authorize?client_id=abc&redirect_uri=http%3A%2F%2Flocalhost%3A8080&response_type=code'
    """
    return authorize_address(
        _login(region, login_host),
        client_id,
        redirect_uri,
        response_type=response_type,
        state=state,
        code_challenge=code_challenge,
        org=org,
        provider=provider,
        target=target,
        login_hint=login_hint,
        prompt=prompt,
    )


def authorize_address(
    login_url: str, client_id: str, redirect_uri: str, *, response_type: str, code_challenge: str, **more: str
) -> str:
    """Return the same for a known base URL of the login service (a gateway's, perhaps).

    Raises:
        ConfigurationError: a value is missing or not allowed.
    """
    if response_type not in ("code", "token"):
        raise ConfigurationError(f"response_type must be code or token, not {response_type!r}")
    if bool(more["org"]) != bool(more["provider"]):
        raise ConfigurationError("org and provider go together: give both or neither")
    if code_challenge and response_type != "code":
        raise ConfigurationError("code_challenge goes with response_type 'code' only")
    query = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": response_type,
        "state": more["state"],
        "code_challenge": code_challenge,
        "code_challenge_method": "S256" if code_challenge else "",
        **{name: more[name] for name in ("org", "provider", "target", "login_hint", "prompt")},
    }
    return _url(login_url, "/oauth/authorize", query)


def logout_url(
    client_id: str, redirect_uri: str, *, region: str = regions.DEFAULT_REGION, login_host: str | None = None
) -> str:
    """Return the address that ends the session of a browser with the login service and sends it on.

    Args:
        client_id: of the OAuth client. redirect_uri: where the browser is sent afterwards.
        region, login_host: see :func:`authorize_url`.

    Raises:
        ConfigurationError: a value is missing or not allowed.

    >>> logout_url("abc", "https://example.com", region="eu_west_1")
    'https://login.mypurecloud.ie/logout?client_id=abc&redirect_uri=https%3A%2F%2Fexample.com'
    """
    return _url(_login(region, login_host), "/logout", {"client_id": client_id, "redirect_uri": redirect_uri})


def _login(region: str, login_host: str | None) -> str:
    # Every region has a login host; where one is given, the region does not matter.
    return regions.resolve(region, None, login_host).login


def _url(login_url: str, path: str, query: Mapping[str, str]) -> str:
    for name in ("client_id", "redirect_uri"):
        if not query[name]:
            raise ConfigurationError(f"{name} must be a non-empty string")
    return f"{login_url}{path}?{urlencode({name: value for name, value in query.items() if value})}"


def read_redirect(redirected_to: str, state: str) -> dict[str, str]:
    """Return what a browser came back with: ``code``, or ``access_token`` and ``expires_in``.

    Args:
        redirected_to: the address it was sent to, with its query, or its fragment for the implicit grant.
        state: the one that was sent; empty if there was none.

    Raises:
        OAuthError: the login failed (``access_denied``, …), or the answer belongs to another login.

    >>> read_redirect("http://localhost:8080/?code=abc&state=xyz", state="xyz")["code"]
    'abc'
    """
    parts = urlsplit(redirected_to)
    return checked_answer(dict(parse_qsl(parts.query) + parse_qsl(parts.fragment)), state)


def checked_answer(fields: Mapping[str, str], state: str) -> dict[str, str]:
    """Return the fields of an answer that belongs to the login with ``state`` and is no refusal.

    Raises:
        OAuthError: it is a refusal, or belongs to another login.
    """
    import hmac

    # Compared in constant time, and before anything else that somebody may have sent is believed.
    if not hmac.compare_digest(fields.get("state", "").encode(), state.encode()):
        raise OAuthError(0, "invalid_state", "the answer does not belong to this login; start again")
    if fields.get("error"):
        raise OAuthError(0, fields["error"], fields.get("error_description") or fields.get("description") or "")
    if not fields.get("code") and not fields.get("access_token"):
        raise OAuthError(0, "invalid_response", "the answer holds neither a code nor a token")
    return dict(fields)
