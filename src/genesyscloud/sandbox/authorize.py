"""The part of the login service that a person sees: who are you, and may this program act for you?

``GET /oauth/authorize`` shows a page; its form comes back as a POST to the same address, so that nothing of a login has
to be remembered between the two. What is wrong with the request itself is shown to the person; everything else is told
to the program, at the address that it registered (RFC 6749, sections 4.1.2.1 and 4.2.2.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urlencode

from .clients import client as client_with
from .clients import redirect_allowed
from .loginpages import Choice, choose_page, message_page, page_headers
from .narrow import texts
from .services.identity import organization, organization_names
from .services.users import users
from .tokens import Tokens

if TYPE_CHECKING:
    from .core import Sandbox
    from .store import Entity

__all__ = ["Answer", "Authorize", "fields_of"]

#: People on a page at once; the others are found by searching.
SHOWN = 20
COOKIE = "genesyscloud_sandbox_session"
_CHALLENGE = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_GRANTS = {"code": "CODE", "token": "TOKEN"}

Answer = tuple[int, bytes, list[tuple[str, str]]]


class _Shown(Exception):
    """Something is wrong that only the person can be told: nobody knows whether the address can be trusted."""


class _Told(Exception):
    """Something is wrong that the program is told."""

    def __init__(self, asked: _Asked, error: str, description: str) -> None:
        super().__init__(description)
        self.asked, self.error, self.description = asked, error, description


class _Asked(NamedTuple):
    """A request for a login, as far as it is known to be good."""

    client_id: str
    client: Entity
    redirect_uri: str
    response_type: str
    state: str
    challenge: str
    hint: str
    again: bool


def fields_of(text: str) -> tuple[dict[str, str], str]:
    """The fields of a query or form, and the name of one that is there twice (RFC 6749, section 3.1), or nothing."""
    fields: dict[str, str] = {}
    twice = ""
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=200):
        twice = twice or (name if name in fields else "")
        fields.setdefault(name, value)
    return fields, twice


class Authorize:
    """Answers ``/oauth/authorize``, ``/login`` and ``/logout``.

    Args:
        sandbox: whose people log in.
        tokens: where codes, tokens and sessions are kept.
    """

    def __init__(self, sandbox: Sandbox, tokens: Tokens) -> None:
        self._sandbox = sandbox
        self._tokens = tokens

    def authorize(self, method: str, query: str, cookies: str, form: Mapping[str, str]) -> Answer:
        """Answer ``/oauth/authorize``.

        Args:
            method: GET shows the page, POST takes what the person chose there.
            query: of the request.
            cookies: of the browser.
            form: what was chosen.
        """
        try:
            asked = self._asked(query)
            if method == "POST":
                return self._decided(asked, form, cookies)
            person = self._session(cookies)
            if self._sandbox.settings.auto_login:
                person = self._hinted(asked.hint) or self._sandbox.admin_id
            elif asked.again or asked.client_id not in self._tokens.consents(person):
                return self._page(asked, {}, person)
            return self._granted(asked, person, [])
        except _Shown as wrong:
            return 400, message_page("This login cannot go on", str(wrong)), page_headers()
        except _Told as wrong:
            asked = wrong.asked
            return _redirect(asked, {"error": wrong.error, "error_description": wrong.description}, [])

    # --- what is asked ---------------------------------------------------------------------------

    def _asked(self, query: str) -> _Asked:
        try:
            fields, twice = fields_of(query)
        except ValueError:
            raise _Shown("The address of this page has too many parameters.") from None
        client_id = fields.get("client_id", "")
        client = client_with(self._sandbox, client_id)
        if client is None:
            raise _Shown("No OAuth client has the id that the program gave (client_id).")
        redirect_uri = fields.get("redirect_uri", "")
        registered = texts(client.get("registeredRedirectUri"))
        any_path = self._sandbox.settings.loopback_any_path
        if twice in ("client_id", "redirect_uri") or not redirect_allowed(registered, redirect_uri, any_path=any_path):
            raise _Shown("The program gave an address (redirect_uri) that its OAuth client has not registered.")
        hint, organization_hint = _hint(fields.get("login_hint", ""))
        asked = _Asked(
            client_id,
            client,
            redirect_uri,
            fields.get("response_type", ""),
            fields.get("state", ""),
            fields.get("code_challenge", ""),
            hint,
            fields.get("prompt") == "login",
        )
        if twice:
            raise _Told(asked, "invalid_request", f"the parameter {twice[:60]} is there more than once")
        self._check(asked, fields)
        self._check_organization(asked, [fields.get("org", ""), organization_hint], fields)
        return asked

    def _check(self, asked: _Asked, fields: Mapping[str, str]) -> None:
        grant = _GRANTS.get(asked.response_type)
        if grant is None:
            missing = not asked.response_type
            raise _Told(
                asked,
                "invalid_request" if missing else "unsupported_response_type",
                "response_type is missing" if missing else "response_type must be code or token",
            )
        if asked.client.get("state", "active") != "active":
            raise _Told(asked, "unauthorized_client", "the client is not active")
        if asked.client.get("authorizedGrantType") != grant:
            raise _Told(
                asked, "unauthorized_client", f"the client has no grant for response_type {asked.response_type}"
            )
        method = fields.get("code_challenge_method", "")
        if bool(asked.challenge) != bool(method) or (method and method != "S256"):
            raise _Told(asked, "invalid_request", "code_challenge goes with code_challenge_method S256")
        if asked.challenge and (asked.response_type != "code" or not _CHALLENGE.fullmatch(asked.challenge)):
            raise _Told(asked, "invalid_request", "code_challenge is malformed, or not for this response_type")

    def _check_organization(self, asked: _Asked, named: list[str], fields: Mapping[str, str]) -> None:
        if bool(fields.get("org")) != bool(fields.get("provider")):
            raise _Told(asked, "invalid_request", "org and provider go together")
        known = organization_names(self._sandbox)
        if any(name and name.lower() not in known for name in named):
            raise _Told(asked, "invalid_request", "there is no such organization")
        target = fields.get("target", "")
        if target and target != organization(self._sandbox)["id"]:
            raise _Told(asked, "access_denied", "the target organization has not authorized this one")

    # --- who it is -------------------------------------------------------------------------------

    def _session(self, cookies: str) -> str:
        """The person who is logged in with this browser; empty for nobody."""
        row = self._tokens.look("oauth_sessions", _cookie(cookies))
        return row["user_id"] if row is not None and row["user_id"] in users(self._sandbox) else ""

    def _opened(self, person: str, cookies: str) -> list[tuple[str, str]]:
        """Headers that make a browser remember the person."""
        if self._session(cookies) == person:
            return []
        self._tokens.drop("oauth_sessions", _cookie(cookies))
        value = self._tokens.keep("oauth_sessions", self._sandbox.settings.session_seconds, user_id=person)
        return [("Set-Cookie", f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax")]

    def _hinted(self, hint: str) -> str:
        """The person with the email address of ``login_hint``; empty for nobody."""
        return person_with_email(self._sandbox, [hint]) if hint else ""

    def _choices(self, find: str, first: str) -> list[Choice]:
        everyone = users(self._sandbox)
        found: Iterator[Entity] = (user for user in everyone if user["id"] != first)
        if find:
            found = (user for user in found if find.lower() in f"{user.get('name')} {user.get('email')}".lower())
        active = (user for user in found if user.get("state", "active") == "active")
        chosen = [everyone[first]] if first in everyone else []
        return [
            Choice(user["id"], str(user.get("name", "")), str(user.get("email", "")))
            for user in [*chosen, *islice(active, SHOWN - len(chosen))]
        ]

    # --- what is answered ------------------------------------------------------------------------

    def _page(self, asked: _Asked, form: Mapping[str, str], person: str, problem: str = "") -> Answer:
        first = form.get("user", "") or self._hinted(asked.hint) or person
        find = form.get("find", "")
        name = str(asked.client.get("name") or asked.client_id)
        body = choose_page(
            f"{name} asks to log in",
            f"{name} wants to use the organization {organization(self._sandbox)['name']} in your name. "
            f"You will be sent to {asked.redirect_uri}.",
            self._choices(find, first),
            chosen=first,
            find=find,
            problem=problem,
        )
        return 400 if problem else 200, body, page_headers()

    def _decided(self, asked: _Asked, form: Mapping[str, str], cookies: str) -> Answer:
        decision = form.get("decision", "")
        if decision == "cancel":
            raise _Told(asked, "access_denied", "the person said no")
        if decision == "find":
            return self._page(asked, form, "")
        person = form.get("user", "")
        if decision != "allow" or person not in users(self._sandbox):
            return self._page(asked, {"find": form.get("find", "")}, "", "Choose who you are.")
        return self._granted(asked, person, self._opened(person, cookies))

    def _granted(self, asked: _Asked, person: str, headers: list[tuple[str, str]]) -> Answer:
        settings, scope = self._sandbox.settings, texts(asked.client.get("scope"))
        self._tokens.consent(person, asked.client_id, self._sandbox.now())
        if asked.response_type == "code":
            code = self._tokens.keep(
                "oauth_codes", settings.code_seconds, client_id=asked.client_id, user_id=person, scope=scope,
                redirect_uri=asked.redirect_uri, challenge=asked.challenge,
            )  # fmt: skip
            return _redirect(asked, {"code": code}, headers)
        seconds = int(asked.client.get("accessTokenValiditySeconds") or settings.token_seconds)
        token = self._tokens.issue(asked.client_id, person, scope, seconds)
        answer = {"access_token": token, "expires_in": str(seconds), "token_type": "bearer"}
        return _redirect(asked, answer, headers)

    # --- without a program -----------------------------------------------------------------------

    def login(self, method: str, cookies: str, form: Mapping[str, str]) -> Answer:
        """Answer ``/login``: choose who is logged in with this browser."""
        person = form.get("user", "")
        if method == "POST" and form.get("decision") == "allow" and person in users(self._sandbox):
            headers = [*page_headers(), *self._opened(person, cookies)]
            name = users(self._sandbox)[person].get("name", "")
            return 200, message_page("Logged in", f"You are {name}."), headers
        person, find = person or self._session(cookies), form.get("find", "")
        text = f"Choose who you are in the organization {organization(self._sandbox)['name']}."
        choices = self._choices(find, person)
        return 200, choose_page("Log in", text, choices, chosen=person, find=find, allow="Log in"), page_headers()

    def logout(self, query: str, cookies: str) -> Answer:
        """Answer ``/logout``: forget the person, and send the browser on when its client has registered where to."""
        self._tokens.drop("oauth_sessions", _cookie(cookies))
        gone = ("Set-Cookie", f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
        try:
            fields, _ = fields_of(query)
        except ValueError:
            fields = {}
        client = client_with(self._sandbox, fields.get("client_id", ""))
        address = fields.get("redirect_uri", "")
        registered = texts((client or {}).get("registeredRedirectUri"))
        if redirect_allowed(registered, address, any_path=self._sandbox.settings.loopback_any_path):
            return 302, b"", [("Location", address), gone]
        return 200, message_page("Logged out", "You can close this window."), [*page_headers(), gone]


def person_with_email(sandbox: Sandbox, addresses: list[str]) -> str:
    """Id of the active person with the first of these addresses that somebody has; empty for nobody."""
    everyone = users(sandbox)
    for address in addresses:
        wanted = address.lower()
        for user in everyone:
            known = {str(user.get(wire, "")).lower() for wire in ("email", "username")}
            if wanted in known and user.get("state", "active") == "active":
                return str(user["id"])
    return ""


def _hint(text: str) -> tuple[str, str]:
    """Email address and organization of ``login_hint``: ``email``, ``org`` or ``email:org``."""
    first, found, second = text.partition(":")
    if found:
        return first, second
    return (first, "") if "@" in first else ("", first)


def _cookie(header: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def _redirect(asked: _Asked, fields: Mapping[str, str], headers: list[tuple[str, str]]) -> Answer:
    """Send the browser back: answers with a token go into the fragment, which no server sees."""
    answer = urlencode({**fields, **({"state": asked.state} if asked.state else {})})
    mark = "#" if asked.response_type == "token" else "&" if "?" in asked.redirect_uri else "?"
    headers = [("Location", f"{asked.redirect_uri}{mark}{answer}"), ("Cache-Control", "no-store"), *headers]
    return 302, b"", headers
