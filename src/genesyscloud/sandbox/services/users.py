"""Users: people with names, and the one who is asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..crud import expanded
from ..refusal import Refusal, not_found
from .registry import seeder, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

PATH = "/api/v2/users"


def users(sandbox: Sandbox) -> Collection:
    """The users of the organization."""
    shape = sandbox.shapes.collection(PATH)
    assert shape is not None
    return sandbox.collection(shape, [])


@seeder(PATH)
def a_person(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """Give a user an address that fits the name, and the first one the organization."""
    admin = entity["id"] == sandbox.admin_id
    if admin:
        entity["name"] = "Sandbox Admin"
    handle = f"{entity['name'].replace(' ', '.').lower()}.{entity['id'][:4]}@sandbox.example"
    entity |= {"email": handle, "username": handle, "state": "active", "version": 1}
    entity["primaryContactInfo"] = [{"address": handle, "mediaType": "EMAIL", "type": "PRIMARY"}]
    entity.pop("manager", None)


@service("get_users_me", personal=True)
def me(sandbox: Sandbox, call: Call) -> Any:
    """The user of the token."""
    user_id = sandbox.login.user_of(call.token)
    if not user_id:
        raise Refusal(400, "bad.request", "This request requires a user context. Client credentials have no user.")
    everyone = users(sandbox)
    if user_id not in everyone:
        raise not_found("user", user_id)
    return expanded(sandbox, call, {**everyone[user_id], "selfUri": f"{PATH}/{user_id}"})
