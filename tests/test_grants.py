"""The grants: what each sends, how each renews, and which endings each has."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from urllib.parse import parse_qsl

import pytest

from genesyscloud import (
    PKCE,
    AccessToken,
    AuthorizationCode,
    ClientCredentials,
    Implicit,
    MemoryTokenStore,
    ReauthenticationSettings,
    RefreshToken,
    Saml2Bearer,
)
from genesyscloud.auth import Auth, Flow, Token
from genesyscloud.auth.tokens import token_from_reply
from genesyscloud.errors import ConfigurationError, GenesysCloudError, LoginRequired, OAuthError, Unauthorized
from genesyscloud.http import Reply, Request

from .engine import ME, FakeClock, async_client, client, reply, token

VERIFIER = "v" * 43
ASSERTION = base64.b64encode(b"<samlp:Response/>").decode()
BASIC = "Basic " + base64.b64encode(b"id:s3cret").decode()

#: How each is made, what it sends first, and whether it names itself by header or in the form.
GRANTS: dict[str, tuple[Callable[[], Auth], dict[str, str]]] = {
    "client credentials": (
        lambda: ClientCredentials("id", "s3cret"),
        {"grant_type": "client_credentials"},
    ),
    "authorization code": (
        lambda: AuthorizationCode("id", "s3cret", "c0de-hunter2", "https://app.example.com/oauth2"),
        {
            "grant_type": "authorization_code",
            "code": "c0de-hunter2",
            "redirect_uri": "https://app.example.com/oauth2",
        },
    ),
    "pkce": (
        lambda: PKCE("id", "c0de-hunter2", VERIFIER, "http://localhost:8080"),
        {
            "grant_type": "authorization_code",
            "code": "c0de-hunter2",
            "code_verifier": VERIFIER,
            "redirect_uri": "http://localhost:8080",
            "client_id": "id",
        },
    ),
    "saml2": (
        lambda: Saml2Bearer("id", "s3cret", "my-org", ASSERTION),
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:saml2-bearer",
            "orgName": "my-org",
            "assertion": ASSERTION,
        },
    ),
    "refresh": (
        lambda: RefreshToken("id", "s3cret", "r0-hunter2"),
        {"grant_type": "refresh_token", "refresh_token": "r0-hunter2"},
    ),
    "refresh without a secret": (
        lambda: RefreshToken("id", "", "r0-hunter2"),
        {"grant_type": "refresh_token", "refresh_token": "r0-hunter2", "client_id": "id"},
    ),
}
REFRESHING = [name for name in GRANTS if name != "client credentials"]


def form_of(request: Request) -> dict[str, str]:
    assert (request.method, request.url) == ("POST", "https://login.mypurecloud.ie/oauth/token")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    return dict(parse_qsl((request.body or b"").decode(), strict_parsing=True))


@pytest.mark.parametrize("name", GRANTS)
def test_the_first_request(name: str) -> None:
    make, form = GRANTS[name]
    for gc, transport in (client([token("t1"), reply(200, ME)], auth=make()),):
        gc.users.get_users_me()
        assert form_of(transport.requests[0]) == form
        assert transport.requests[0].headers.get("Authorization") == (None if "client_id" in form else BASIC)
        assert transport.seen[1][2] == "Bearer t1"


@pytest.mark.parametrize("name", GRANTS)
def test_the_first_request_of_a_task(name: str) -> None:
    async def main() -> None:
        make, form = GRANTS[name]
        gc, transport = async_client([token("t1"), reply(200, ME)], auth=make())
        await gc.users.get_users_me()
        assert form_of(transport.requests[0]) == form

    asyncio.run(main())


@pytest.mark.parametrize("name", REFRESHING)
@pytest.mark.parametrize("because", ["due", "refused"])
def test_renewed_by_refresh_token(name: str, because: str) -> None:
    clock = FakeClock()
    first = token("t1", 600, refresh_token="r1")
    refusal = [reply(401)] if because == "refused" else []
    # The second renewal comes without a new refresh token, so the old one goes on.
    more = [*refusal, token("t2", 600), reply(200, ME), *refusal, token("t3", 600), reply(200, ME)]
    gc, transport = client([first, reply(200, ME), *more], clock, auth=GRANTS[name][0]())
    for _ in range(3):
        gc.users.get_users_me()
        if because == "due":
            clock.now += 570
    renewals = [form_of(request) for request in transport.requests if request.url.endswith("/token")][1:]
    assert [form["refresh_token"] for form in renewals] == ["r1", "r1"]
    assert {form["grant_type"] for form in renewals} == {"refresh_token"}
    assert gc.token is not None
    assert (gc.token.access_token, gc.token.refresh_token) == ("t3", "r1")


def test_each_refresh_token_serves_once() -> None:
    clock = FakeClock()
    answers = [token("t1", 600, refresh_token="r1"), token("t2", 600, refresh_token="r2"), token("t3", 600)]
    gc, transport = client(answers, clock, auth=GRANTS["authorization code"][0]())
    for _ in range(3):
        gc.login(renew=True)
    assert [form_of(request).get("refresh_token") for request in transport.requests] == [None, "r1", "r2"]


@pytest.mark.parametrize("name", ["authorization code", "pkce"])
def test_without_a_refresh_token_it_is_used_to_its_end(name: str) -> None:
    clock = FakeClock()
    gc, transport = client([token("t1", 600), reply(200, ME), reply(200, ME)], clock, auth=GRANTS[name][0]())
    gc.users.get_users_me()
    clock.now += 599
    gc.users.get_users_me()
    clock.now += 2
    with pytest.raises(LoginRequired, match=r"get_users_me: login failed: .*no refresh token: log in again"):
        gc.users.get_users_me()
    assert len(transport.requests) == 3


@pytest.mark.parametrize("name", ["authorization code", "pkce"])
def test_a_401_without_a_refresh_token_is_the_callers(name: str) -> None:
    gc, _ = client([token("t1"), reply(401)], auth=GRANTS[name][0]())
    with pytest.raises(Unauthorized, match="the access token cannot be renewed"):
        gc.users.get_users_me()


@pytest.mark.parametrize("name", REFRESHING)
def test_a_refresh_token_that_has_ended_asks_for_the_person(name: str) -> None:
    answers = [token("t1", refresh_token="r1"), reply(401), reply(400, {"error": "invalid_grant"})]
    gc, _ = client(answers, auth=GRANTS[name][0]())
    with pytest.raises(LoginRequired, match="invalid_grant") as caught:
        gc.users.get_users_me()
    assert caught.value.status == 400


def test_saml_repeats_its_assertion_where_there_is_no_refresh_token() -> None:
    gc, transport = client([token("t1"), reply(401), token("t2"), reply(200, ME)], auth=GRANTS["saml2"][0]())
    gc.users.get_users_me()
    assert form_of(transport.requests[2])["assertion"] == ASSERTION


@pytest.mark.parametrize("name", GRANTS)
def test_a_persistent_401_ends_after_one_renewal(name: str) -> None:
    def server(request: Request) -> Reply:
        return token("t", refresh_token="r") if request.url.endswith("/token") else reply(401)

    gc, transport = client(server, auth=GRANTS[name][0]())
    with pytest.raises(Unauthorized, match="also with a renewed token"):
        gc.users.get_users_me()
    assert len(transport.requests) == 4


def test_renewal_left_to_the_caller() -> None:
    clock = FakeClock()
    answers = [
        token("t1", 600, refresh_token="r1", organization="o"), reply(200, ME), reply(200, ME), reply(401),
        token("t2", 300, refresh_token="r2"), reply(200, ME),
    ]  # fmt: skip
    off = ReauthenticationSettings(refresh_access_token=False)
    gc, transport = client(answers, clock, auth=GRANTS["authorization code"][0](), reauthentication=off)
    gc.users.get_users_me()
    assert gc.token is not None
    assert (gc.token.expires_in, gc.token.refresh_token) == (600, "r1")
    assert gc.token.expires_at == clock.time() + 600
    assert gc.token.raw["organization"] == "o"
    clock.now += 1000
    # Whether it is over is for the service to say.
    gc.users.get_users_me()
    with pytest.raises(Unauthorized, match=r"renewal is left to you, with login\(renew=True\)"):
        gc.users.get_users_me()
    renewed = gc.login(renew=True)
    assert (renewed.access_token, renewed.expires_in, renewed.refresh_token) == ("t2", 300, "r2")
    gc.users.get_users_me()
    assert transport.seen[-1][2] == "Bearer t2"


def test_renewal_left_to_the_caller_in_a_task() -> None:
    async def main() -> None:
        off = ReauthenticationSettings(refresh_access_token=False)
        answers = [token("t1", 600, refresh_token="r1"), reply(401), token("t2"), reply(200, ME)]
        gc, _ = async_client(answers, auth=GRANTS["pkce"][0](), reauthentication=off)
        with pytest.raises(Unauthorized, match="left to you"):
            await gc.users.get_users_me()
        assert gc.token is not None
        assert gc.token.refresh_token == "r1"
        assert (await gc.login(renew=True)).access_token == "t2"
        assert (await gc.users.get_users_me()).name == "Ann"

    asyncio.run(main())


# --- implicit, and tokens from elsewhere --------------------------------------------------------


def test_implicit_from_an_address() -> None:
    clock = FakeClock()
    back = "http://localhost:8080/#access_token=t1&expires_in=600&token_type=bearer&state=x"
    gc, transport = client([reply(200, ME), reply(401)], clock, auth=Implicit(back, "x"))
    gc.users.get_users_me()
    assert transport.seen[0][2] == "Bearer t1"
    assert gc.token is not None
    assert gc.token.expires_in == 600
    with pytest.raises(Unauthorized, match="cannot be renewed"):
        gc.users.get_users_me()
    clock.now += 601
    with pytest.raises(LoginRequired, match="log in again"):
        gc.users.get_users_me()
    with pytest.raises(OAuthError, match="does not belong"):
        Implicit(back, "y")
    with pytest.raises(ConfigurationError, match="the access token"):
        Implicit("http://localhost/?code=x", "")


def test_the_end_of_a_token_from_elsewhere_is_not_known() -> None:
    gc, _ = client([reply(200, ME)], auth=AccessToken("t"))
    gc.users.get_users_me()
    assert gc.token is not None
    assert gc.token.expires_in is None


# --- logging in and out -------------------------------------------------------------------------


def test_login_now_and_logout() -> None:
    store = MemoryTokenStore()
    answers = [token("t1"), reply(204), token("t2"), reply(200, ME)]
    gc, transport = client(answers, token_store=store)
    assert gc.token is None
    assert gc.login().access_token == gc.login().access_token == "t1"
    gc.logout()
    assert transport.seen[1] == ("DELETE", "https://api.mypurecloud.ie/api/v2/tokens/me", "Bearer t1")
    assert gc.token is None
    assert repr(store) == "MemoryTokenStore(0 tokens)"
    gc.users.get_users_me()
    assert transport.seen[-1][2] == "Bearer t2"


def test_logout_in_a_task() -> None:
    async def main() -> None:
        gc, transport = async_client([token("t1"), reply(204)])
        assert (await gc.login()).access_token == "t1"
        await gc.logout()
        assert gc.token is None
        assert transport.seen[1][0] == "DELETE"

    asyncio.run(main())


def test_logout_of_what_has_ended_already() -> None:
    gc, transport = client([token("t1"), reply(401)])
    gc.login()
    gc.logout()
    assert gc.token is None
    assert len(transport.requests) == 2
    gc.logout()
    assert len(transport.requests) == 2


def test_a_logout_that_fails_forgets_the_token_all_the_same() -> None:
    store = MemoryTokenStore()
    gc, _ = client([token("t1"), reply(500)], token_store=store, retry=False)
    gc.login()
    with pytest.raises(GenesysCloudError, match="500"):
        gc.logout()
    assert gc.token is None
    assert store.load(gc._engine.tokens.key) is None


def test_logout_also_revokes_what_another_process_has_stored() -> None:
    store = MemoryTokenStore()
    one, _ = client([token("t1")], token_store=store)
    two, second = client([reply(204)], token_store=store)
    one.login()
    two.logout()
    assert second.seen[0][2] == "Bearer t1"


def test_inspecting_the_own_token() -> None:
    gc, transport = client([token("t1"), reply(200, {"organization": {"id": "o1"}})])
    found = gc.tokens.get_tokens_me().organization
    assert found is not None
    assert found.id == "o1"
    assert transport.seen[1][1].endswith("/api/v2/tokens/me")


# --- refusals and secrets -----------------------------------------------------------------------


@pytest.mark.parametrize("name", GRANTS)
def test_no_secret_in_repr_or_identity(name: str) -> None:
    auth = GRANTS[name][0]()
    assert repr(auth) == f"{type(auth).__name__}(client_id='id')"
    for secret in ("s3cret", "hunter2", VERIFIER, ASSERTION):
        assert secret not in auth.identity + repr(auth) + repr(vars(auth).get("none"))


@pytest.mark.parametrize("name", GRANTS)
def test_no_secret_that_a_login_service_repeats(name: str) -> None:
    def server(request: Request) -> Reply:
        words = f"you sent {(request.body or b'').decode()} and {request.headers.get('Authorization')} and s3cret"
        return reply(400, {"error": "invalid_request", "error_description": words})

    gc, _ = client(server, auth=GRANTS[name][0]())
    with pytest.raises(OAuthError, match="you sent") as caught:
        gc.users.get_users_me()
    shown = f"{caught.value} {caught.value!r} {vars(caught.value)}"
    # A client without a secret has not sent one.
    sent = () if "client_id" in GRANTS[name][1] else ("s3cret",)
    for secret in ("hunter2", VERIFIER, ASSERTION, BASIC.split()[1], *sent):
        assert secret not in shown


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: AuthorizationCode("id", "", "c", "u"), "AuthorizationCode: client_secret"),
        (lambda: AuthorizationCode("id", "s", "", "u"), "AuthorizationCode: code must"),
        (lambda: AuthorizationCode("id", "s", "c", ""), "redirect_uri"),
        (lambda: PKCE("id", "c", "short", "u"), "43 to 128"),
        (lambda: PKCE("", "c", VERIFIER, "u"), "PKCE: client_id"),
        (lambda: Saml2Bearer("id", "s", "", ASSERTION), "org_name"),
        (lambda: Saml2Bearer("id", "s", "o", "<samlp:Response/>"), "must be encoded in base64"),
        (lambda: Saml2Bearer("id", "s", "o", " \n"), "assertion"),
        (lambda: RefreshToken("id", "s", ""), "RefreshToken: refresh_token"),
        (lambda: RefreshToken("id", "a b", "r"), "RefreshToken: client_secret"),
    ],
)
def test_what_cannot_be(make: Callable[[], Auth], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        make()


def test_line_breaks_of_an_encoder_mean_nothing() -> None:
    broken = "\n".join([ASSERTION[:8], ASSERTION[8:], ""])
    gc, transport = client([token()], auth=Saml2Bearer("id", "s3cret", "my org", broken))
    gc.login()
    assert form_of(transport.requests[0])["assertion"] == ASSERTION


class Own(Auth):
    """One that is not here: a token that the caller's own service hands out."""

    renewable = True

    @property
    def identity(self) -> str:
        return "own"

    def flow(self, login_url: str, now: float, previous: Token | None) -> Flow:
        answer: Reply = yield Request("GET", "https://vault.example.com/token", {}, None)
        return token_from_reply(answer, now)


def test_a_way_of_ones_own() -> None:
    gc, transport = client([token("t1"), reply(401), token("t2"), reply(200, ME)], auth=Own())
    gc.users.get_users_me()
    assert [url for _, url, _ in transport.seen][::2] == ["https://vault.example.com/token"] * 2


@pytest.mark.parametrize("name", ["geheim\u20ac", "geheim\u00e4", "geheim\r\nX: 1", "geheim geheim", ""])
def test_a_token_of_ones_own_that_cannot_be_sent(name: str) -> None:
    class Odd(Own):
        def flow(self, login_url: str, now: float, previous: Token | None) -> Flow:
            yield from ()
            return Token(name)

    async def task() -> None:
        gc, transport = async_client([], auth=Odd())
        with pytest.raises(ConfigurationError, match=words):
            await gc.users.get_users_me()
        assert transport.requests == []

    words = "the access token that the login ended with (holds a space, line break or other|must be a non-empty)"
    store = MemoryTokenStore()
    gc, transport = client([], auth=Odd(), token_store=store)
    with pytest.raises(ConfigurationError, match=words) as caught:
        gc.users.get_users_me()
    assert "geheim" not in str(caught.value)
    assert transport.requests == []
    assert store.load(gc._engine.tokens.key) is None
    asyncio.run(task())
