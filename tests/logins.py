"""A sandbox to log in to: requests by hand, and a browser that fills in the login page."""

from __future__ import annotations

import base64
import json
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from genesyscloud.http import Headers, Reply, Request
from genesyscloud.sandbox import Sandbox

FORM = "application/x-www-form-urlencoded"
BACK = "http://localhost:49152/back"
CODE = "authorization_code"
SAML2 = "urn:ietf:params:oauth:grant-type:saml2-bearer"
ME = "/api/v2/users/me"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Answer(NamedTuple):
    status: int
    body: Any
    headers: Headers


class Place:
    """A sandbox with a clock that stands still."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.sandbox = Sandbox(clock=self.clock, **settings)

    def send(self, method: str, url: str, body: bytes | None = None, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        return self.sandbox.handle(Request(method, url, named, body))

    def api(self, token: str, method: str, url: str, body: Any = None) -> Answer:
        """Send a call with a token."""
        data = None if body is None else json.dumps(body).encode()
        kind = "" if data is None else "application/json"
        reply = self.send(method, url, data, authorization=f"Bearer {token}", content_type=kind)
        return Answer(reply.status, json.loads(reply.body) if reply.body else None, reply.headers)

    def token(self, form: dict[str, str], client: str = "", secret: str = "sandbox") -> Answer:
        """Ask the token endpoint."""
        basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
        reply = self.send(
            "POST", "/oauth/token", urlencode(form).encode(), content_type=FORM,
            authorization=f"Basic {basic}" if client else "",
        )  # fmt: skip
        return Answer(reply.status, json.loads(reply.body), reply.headers)

    def client(self, **fields: Any) -> dict[str, Any]:
        """Make an OAuth client by REST."""
        answer = self.api(self.sandbox.access_token(), "POST", "/api/v2/oauth/clients", {"name": "Mine", **fields})
        assert answer.status == 200, answer.body
        return answer.body


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, bool] = {}
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("name") == "user":
            self.users[str(given["value"])] = "checked" in given

    def handle_data(self, data: str) -> None:
        self.text += data


class Browser:
    """A browser that keeps cookies and shows forms, as far as the login page needs it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.cookies: dict[str, str] = {}
        self.url = ""
        self.status = 0
        self.source = ""
        self.headers = Headers()
        self.users: dict[str, bool] = {}
        self.text = ""
        self.sent_to = ""

    def open(self, url: str) -> Browser:
        self.url = url
        return self._load(self._send("GET", url))

    def submit(self, **fields: str) -> Browser:
        body = urlencode(fields).encode()
        return self._load(self._send("POST", self.url, body))

    def authorize(self, **query: str) -> Browser:
        asked = {"client_id": "code", "redirect_uri": BACK, "response_type": "code", "state": "s&1", **query}
        return self.open(f"/oauth/authorize?{urlencode({name: value for name, value in asked.items() if value})}")

    def allow(self, user: str = "") -> dict[str, str]:
        """Say yes, and return what the program is told."""
        self.submit(user=user or next(iter(self.users)), decision="allow", find="")
        return self.told()

    def told(self) -> dict[str, str]:
        """What the browser was sent back with."""
        parts = urlsplit(self.sent_to)
        return dict(parse_qsl(parts.query) + parse_qsl(parts.fragment))

    def _send(self, method: str, url: str, body: bytes | None = None) -> Reply:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return self.place.send(method, url, body, cookie=cookies, content_type=FORM if body else "")

    def _load(self, reply: Reply) -> Browser:
        name, _, value = reply.headers.get("set-cookie", "").partition(";")[0].partition("=")
        if name:
            self.cookies[name] = value
        page = _Page()
        self.source = reply.body.decode()
        page.feed(self.source)
        self.status, self.headers, self.users, self.text = reply.status, reply.headers, page.users, page.text
        self.sent_to = reply.headers.get("location", "")
        return self


def exchange(place: Place, code_: str, client: str = "code", secret: str = "sandbox", **fields: str) -> Answer:
    """Ask for the token that a code stands for."""
    return place.token({"grant_type": CODE, "code": code_, "redirect_uri": BACK, **fields}, client, secret)


def person(place: Place, at: int = 1) -> dict[str, Any]:
    """One of the users."""
    return place.api(place.sandbox.access_token(), "GET", "/api/v2/users?pageSize=10").body["entities"][at]


# Times around that of the clock above.
SAML_RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns="urn:oasis:names:tc:SAML:2.0:assertion">
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></samlp:Status>
<Assertion><Subject><NameID>{name}</NameID></Subject>
<Conditions NotBefore="{start}" NotOnOrAfter="{end}"/>
<AttributeStatement><Attribute Name="OrganizationName"><AttributeValue>{org}</AttributeValue></Attribute>
</AttributeStatement></Assertion></samlp:Response>"""
SAML_TIMES = {"start": "2027-01-15T07:00:00Z", "end": "2027-01-15T09:00:00Z"}


def assertion(**changes: str) -> str:
    """A SAML response, encoded."""
    fields = {"status": "Success", "name": "", "org": "sandbox", **SAML_TIMES, **changes}
    return base64.b64encode(SAML_RESPONSE.format(**fields).encode()).decode()


#: What fuzzed requests to the login service are made of, besides any text.
VALUES = [
    "client_credentials",
    CODE,
    "refresh_token",
    SAML2,
    "code",
    "token",
    "sandbox",
    BACK,
    "S256",
    "\r\n",
    "a:b",
    "",
]


def encoded(fields: dict[str, str]) -> bytes:
    """A form, or a query, with whatever is in it."""
    return urlencode(fields, errors="replace").encode()
