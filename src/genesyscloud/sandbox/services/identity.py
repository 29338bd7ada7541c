"""The token and the organization of the one who asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .. import words
from ..crud import Answered
from ..refusal import bad_request
from ..rng import seeded_uuid
from .registry import seeder, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

NAME = "Sandbox"
ORGANIZATION = "/api/v2/organizations/me"
TIMEOUT = "/api/v2/tokens/timeout"
#: Seconds; the definition's minimum.
SHORTEST_TIMEOUT = 300


def organization(sandbox: Sandbox) -> Entity:
    """The organization, as others refer to it."""
    written = sandbox.store.documents.get(ORGANIZATION) or {}
    return {"id": seeded_uuid(sandbox.settings.seed, "organization"), "name": written.get("name") or NAME}


def organization_names(sandbox: Sandbox) -> set[str]:
    """By what the organization is called at a login, in lower case: its name, short name and id."""
    document = _organization(sandbox)
    called = (document.get(wire) for wire in ("name", "thirdPartyOrgName", "domain", "id"))
    return {str(name).lower() for name in called if name}


def _organization(sandbox: Sandbox) -> Entity:
    return sandbox.store.documents.get(ORGANIZATION) or {
        **organization(sandbox),
        "thirdPartyOrgName": "sandbox",
        "defaultLanguage": "en-US",
        "defaultCountryCode": "US",
        "domain": "sandbox.example",
        "version": 1,
        "state": "active",
        "voicemailEnabled": True,
        "features": {"realtimeCIC": True},
    }


@service("head_tokens_me", personal=True)
def check(sandbox: Sandbox, call: Call) -> Any:
    """Whether the token is good: by now it was found to be."""
    return Answered(None, 200)


@service("get_tokens_me", personal=True)
def token(sandbox: Sandbox, call: Call) -> Any:
    """What the token of the request stands for."""
    _, found = sandbox.login.token(f"Bearer {call.token}")
    own = organization(sandbox)
    shape = sandbox.shapes.collection("/api/v2/oauth/clients")
    assert shape is not None
    clients = sandbox.collection(shape, [])
    client = clients.get(found.client_id) or {"id": found.client_id}
    info: Entity = {
        "organization": own,
        "homeOrganization": own,
        "authorizedScope": list(found.scope),
        "OAuthClient": {**client, "organization": own},
    }
    seconds = idle_seconds(sandbox)
    if seconds is not None:
        info["dateTokenIdles"] = words.written(datetime.fromtimestamp(found.used + seconds, UTC))
    return info


@service("delete_tokens_me")
def revoke(sandbox: Sandbox, call: Call) -> Any:
    """Log out."""
    sandbox.login.revoke(call.token)


@service("delete_token")
def revoke_user(sandbox: Sandbox, call: Call) -> Any:
    """Log a user out everywhere."""
    sandbox.login.tokens.revoke_of(user_id=call.ids[0])


def idle_seconds(sandbox: Sandbox) -> int | None:
    """Seconds without use after which a token is worth nothing; ``None`` for no such rule."""
    document = sandbox.store.documents.get(TIMEOUT)
    if not document or not document.get("enableIdleTokenTimeout"):
        return None
    return int(document["idleTokenTimeoutSeconds"])


@service("get_tokens_timeout")
def idle_timeout(sandbox: Sandbox, call: Call) -> Any:
    """After what time without use a token ends."""
    return sandbox.store.documents.get(TIMEOUT) or {
        "enableIdleTokenTimeout": False,
        "idleTokenTimeoutSeconds": 8 * 3600,
        "inactivityTimeoutUnit": "Hours",
        "inactivityTimeoutGroupsEnabled": False,
    }


@service("put_tokens_timeout")
def change_idle_timeout(sandbox: Sandbox, call: Call) -> Any:
    """Change it. Tokens that nobody has counted until now count as used now."""
    document = {
        **idle_timeout(sandbox, call),
        **{wire: value for wire, value in call.body.items() if value is not None},
    }
    if document["enableIdleTokenTimeout"] and document["idleTokenTimeoutSeconds"] < SHORTEST_TIMEOUT:
        raise bad_request(
            f"idleTokenTimeoutSeconds must be at least {SHORTEST_TIMEOUT}.",
            code="invalid.value",
            details=[{"errorCode": "invalid.value", "fieldName": "idleTokenTimeoutSeconds"}],
        )
    if idle_seconds(sandbox) is None:
        sandbox.login.tokens.use_all()
    sandbox.store.write(TIMEOUT, document)
    return document


@service("get_organizations_me")
def own_organization(sandbox: Sandbox, call: Call) -> Any:
    """The organization; what was put there replaces it."""
    return {**_organization(sandbox), "selfUri": call.path}


@seeder("/api/v2/authorization/divisions")
def home(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """The first division is the one where everything is at the start."""
    is_home = collection.place(entity["id"]) == 0
    entity["homeDivision"] = is_home
    if is_home:
        entity |= sandbox.home_division()


@service("get_authorization_divisions_home")
def home_division(sandbox: Sandbox, call: Call) -> Any:
    """The home division."""
    return {**sandbox.home_division(), "homeDivision": True}
