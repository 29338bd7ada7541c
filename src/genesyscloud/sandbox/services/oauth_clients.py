"""OAuth clients by REST: made, changed, given new secrets, taken away; and which of them act for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..clients import LOOPBACK, PATH, all_clients, new_secret, seeded_grants
from ..crud import generic
from ..narrow import objects, texts
from ..permissions import ALL_DIVISIONS, all_roles, default_role_ids
from ..refusal import bad_request, not_found
from ..rng import seeded_uuid
from .registry import example_body, example_ids, listener, seeded_ids, seeder, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Change, Collection, Entity

SCOPES = "/api/v2/oauth/scopes"
#: Seconds that an access token may live.
LIFETIMES = range(300, 172_801)


# --- clients ------------------------------------------------------------------------------------


@seeded_ids(PATH)
def client_ids(sandbox: Sandbox, path: str) -> list[str]:
    """One client for each grant."""
    return list(seeded_grants(sandbox.settings.client_id))


@seeder(PATH)
def a_client(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """The one for client credentials may do everything; the others act for people."""
    client_id = str(entity["id"])
    grant = seeded_grants(sandbox.settings.client_id)[client_id]
    for_itself = grant == "CLIENT-CREDENTIALS"
    role_ids = [default_role_ids(sandbox)[0]] if for_itself else []
    redirects = list(LOOPBACK) if grant in ("CODE", "TOKEN") else []
    person = {"id": sandbox.admin_id, "selfUri": f"/api/v2/users/{sandbox.admin_id}"}
    entity.clear()
    entity |= {
        "id": client_id, "name": f"Sandbox client {client_id}", "description": f"Exists from the start, for {grant}.",
        "authorizedGrantType": grant, "state": "active", "accessTokenValiditySeconds": sandbox.settings.token_seconds,
        "registeredRedirectUri": redirects, "scope": [], "roleIds": role_ids,
        "roleDivisions": [{"roleId": role_id, "divisionId": ALL_DIVISIONS} for role_id in role_ids],
        "dateCreated": "2026-01-01T00:00:00.000Z", "dateModified": "2026-01-01T00:00:00.000Z",
        "createdBy": person, "modifiedBy": person, "selfUri": f"{PATH}/{sandbox.quoted(client_id)}",
    }  # fmt: skip


@listener
def client_or_person_is_out(sandbox: Sandbox, change: Change) -> None:
    """Nobody goes on with the tokens of a client or a person that is gone or no longer active."""
    out = change.after is None or change.after.get("state", "active") != "active"
    if change.shape == PATH and out:
        sandbox.login.tokens.revoke_of(client_id=change.entity_id)
    elif change.shape == "/api/v2/users" and out:
        sandbox.login.tokens.revoke_of(user_id=change.entity_id)


@service("post_oauth_clients")
def create(sandbox: Sandbox, call: Call) -> Any:
    """Make a client. This reply is the only one that has its secret."""
    body = _checked(sandbox, call.body)
    body = {"state": "active", "accessTokenValiditySeconds": sandbox.settings.token_seconds, **body}
    made: Entity = generic(sandbox, call._replace(body=body))
    return {**made, "secret": new_secret(sandbox, str(made["id"]))}


@service("put_oauth_client")
def replace(sandbox: Sandbox, call: Call) -> Any:
    """Change a client; its secret stays."""
    return generic(sandbox, call._replace(body=_checked(sandbox, call.body)))


@service("post_oauth_client_secret")
def rotate(sandbox: Sandbox, call: Call) -> Any:
    """Give a client a new secret; the old one is worth nothing at once."""
    clients = all_clients(sandbox)
    if call.ids[0] not in clients:
        raise not_found("client", call.ids[0])
    clients.put(call.ids[0], {**clients[call.ids[0]], "dateModified": sandbox.now()})
    return {**clients[call.ids[0]], "secret": new_secret(sandbox, call.ids[0])}


def _checked(sandbox: Sandbox, sent: Entity) -> Entity:
    """The body of a request, when the client that it describes can be.

    Raises:
        Refusal: 400; the lifetime is out of bounds, or a role does not exist.
    """
    body = {wire: value for wire, value in sent.items() if wire != "secret"}
    seconds = body.get("accessTokenValiditySeconds")
    if seconds is not None and seconds not in LIFETIMES:
        bounds = f"{LIFETIMES[0]} to {LIFETIMES[-1]}"
        raise _invalid("accessTokenValiditySeconds", f"accessTokenValiditySeconds must be {bounds}.")
    placed = [str(pair["roleId"]) for pair in objects(body.get("roleDivisions"))]
    roles = all_roles(sandbox)
    role_ids = list(dict.fromkeys([*texts(body.get("roleIds")), *placed]))
    for role_id in role_ids:
        if role_id not in roles:
            raise _invalid("roleIds", f"There is no role with id {role_id}.")
    if placed:
        body["roleIds"] = role_ids
    return body


def _invalid(field: str, message: str) -> Exception:
    return bad_request(message, code="invalid.value", details=[{"errorCode": "invalid.value", "fieldName": field}])


# --- who lets a client act for them -------------------------------------------------------------


def _authorization(sandbox: Sandbox, client_id: str, person: str, since: str) -> Entity:
    clients = all_clients(sandbox)
    owner = {"id": person, "selfUri": f"/api/v2/users/{person}"}
    client = clients.get(client_id) or {"id": client_id, "name": client_id}
    return {
        "client": client, "scope": texts(client.get("scope")), "roles": texts(client.get("roleIds")),
        "resourceOwner": owner, "dateCreated": since, "dateModified": since, "createdBy": owner, "modifiedBy": owner,
        "pending": False, "state": "Authorized", "selfUri": f"/api/v2/oauth/authorizations/{sandbox.quoted(client_id)}",
    }  # fmt: skip


@service("get_oauth_authorizations", personal=True)
def authorizations(sandbox: Sandbox, call: Call) -> Any:
    """The clients that may act for the one who asks."""
    person = sandbox.login.user_of(call.token)
    consents = sandbox.login.tokens.consents(person)
    found = [_authorization(sandbox, client_id, person, since) for client_id, since in consents.items()]
    return {"total": len(found), "entities": found, "selfUri": call.path}


@service("get_oauth_authorization", personal=True)
def authorization(sandbox: Sandbox, call: Call) -> Any:
    """One of them."""
    person = sandbox.login.user_of(call.token)
    since = sandbox.login.tokens.consents(person).get(call.ids[0])
    if since is None:
        raise not_found("authorization", call.ids[0])
    return _authorization(sandbox, call.ids[0], person, since)


# --- scopes -------------------------------------------------------------------------------------


def _scopes(sandbox: Sandbox) -> list[str]:
    """One for each area of the API, and one for only reading there."""
    areas = sorted({path.split("/")[3] for path in sandbox.router.by_path if path.count("/") >= 3})
    return [name for area in areas for name in (area, f"{area}:readonly")]


@seeded_ids(SCOPES)
def scope_ids(sandbox: Sandbox, path: str) -> list[str]:
    """The scopes that there are."""
    return _scopes(sandbox)


@seeder(SCOPES)
def a_scope(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """What a scope allows."""
    area, _, narrowed = str(entity["id"]).partition(":")
    entity["description"] = f"{'Read' if narrowed else 'Read and change'} {area}."


# --- examples -----------------------------------------------------------------------------------


@example_body("post_oauth_clients", "put_oauth_client")
def example_client(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A client that may do everything."""
    return {
        "name": f"Example {seeded_uuid(sandbox.settings.seed, 'client')[:4]}",
        "authorizedGrantType": "CLIENT-CREDENTIALS",
        "accessTokenValiditySeconds": sandbox.settings.token_seconds,
        "roleIds": [default_role_ids(sandbox)[0]],
        "state": "active",
    }


@example_ids("get_oauth_authorization")
def example_authorization(sandbox: Sandbox) -> list[str]:
    """A client that the administrator lets act."""
    sandbox.login.tokens.consent(sandbox.admin_id, "code", sandbox.now())
    return ["code"]
