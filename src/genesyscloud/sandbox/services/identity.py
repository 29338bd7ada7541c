"""The token and the organization of the one who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..rng import seeded_uuid
from .registry import seeder, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

NAME = "Sandbox"


def organization(sandbox: Sandbox) -> Entity:
    """The organization, as others refer to it."""
    return {"id": seeded_uuid(sandbox.settings.seed, "organization"), "name": NAME}


@service("get_tokens_me", "head_tokens_me", personal=True)
def token(sandbox: Sandbox, call: Call) -> Any:
    """What the token of the request stands for."""
    _, found = sandbox.login.token(f"Bearer {call.token}")
    own = organization(sandbox)
    client = {"id": found.client_id, "name": found.client_id, "organization": own}
    return {"organization": own, "homeOrganization": own, "authorizedScope": [], "OAuthClient": client}


@service("delete_tokens_me")
def revoke(sandbox: Sandbox, call: Call) -> Any:
    """Log out."""
    sandbox.login.revoke(call.token)


@service("get_organizations_me")
def own_organization(sandbox: Sandbox, call: Call) -> Any:
    """The organization; what was put there replaces it."""
    made = sandbox.store.documents.get(call.path) or {
        **organization(sandbox),
        "defaultLanguage": "en-US",
        "defaultCountryCode": "US",
        "domain": "sandbox.example",
        "version": 1,
        "state": "active",
        "voicemailEnabled": True,
        "features": {"realtimeCIC": True},
    }
    return {**made, "selfUri": call.path}


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
