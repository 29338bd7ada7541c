"""What makes, changes, deletes and brings back users. Who they are is in :mod:`.users`.

Others that refer to users listen to their removal and clean up after themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..crud import add, patched
from ..narrow import objects
from ..refusal import bad_request, not_found
from .linked import check_version, division, given_id, taken, without_nulls
from .registry import example_body, listener, service
from .users import DELETED, PATH, shown, user_of, users

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Change, Entity

BULK = 50
ADDRESSES = "user_addresses"
#: Up to so many users all are made to know their addresses; of more, those whose address can be the one asked for.
KNOWN = 5000


class _Addresses(NamedTuple):
    """Ids of users by address, as far as those are known, and ids of seeded users by their first four characters."""

    by_address: dict[str, str]
    by_beginning: dict[str, list[str]]


def _addresses(sandbox: Sandbox) -> _Addresses:
    """Who has which address; kept true by :func:`note_address`."""
    known = sandbox.store.memory.get(ADDRESSES)
    if known is None:
        everyone = users(sandbox)
        people = list(everyone) if len(everyone) <= KNOWN else everyone.looked_at()
        by_beginning: dict[str, list[str]] = {}
        for user_id in everyone.seeded if len(everyone) > KNOWN else ():
            by_beginning.setdefault(user_id[:4], []).append(user_id)
        known = _Addresses({str(user.get("email", "")).lower(): user["id"] for user in people}, by_beginning)
        sandbox.store.memory[ADDRESSES] = known
    return known


@listener
def note_address(sandbox: Sandbox, change: Change) -> None:
    """Keep in mind who has which address."""
    known = sandbox.store.memory.get(ADDRESSES) if change.shape == PATH else None
    if known is not None and change.after is not None:
        known.by_address[str(change.after.get("email", "")).lower()] = change.entity_id


def owner_of(sandbox: Sandbox, address: str) -> str:
    """Id of the user with an e-mail address, deleted ones included; empty when it is nobody's."""
    wanted = address.strip().lower()
    everyone, known = users(sandbox), _addresses(sandbox)
    # The address of a seeded user tells the beginning of the id, so that others need not be made.
    ids = [known.by_address.get(wanted, ""), *known.by_beginning.get(wanted.partition("@")[0][-4:], ())]
    for user_id in ids:
        if user_id in everyone and str(everyone[user_id].get("email", "")).lower() == wanted:
            return user_id
    gone = sandbox.store.table(DELETED)
    return next((key for key, user in gone.items() if str(user.get("email", "")).lower() == wanted), "")


def check_address(sandbox: Sandbox, address: Any, but: str = "") -> None:
    """Refuse an e-mail address that is none, or another user's.

    Raises:
        Refusal: 400, or 409.
    """
    text = str(address or "")
    local, _, domain = text.partition("@")
    if not local or not domain or text != text.strip() or " " in text:
        raise bad_request(
            f"email is not an e-mail address: {text}.",
            code="invalid.value",
            details=[{"errorCode": "invalid.value", "fieldName": "email"}],
        )
    if owner_of(sandbox, text) not in ("", but):
        raise taken("user", "email", text)


def contact_info(user: Entity) -> list[Entity]:
    """How to reach a user first: the e-mail address, and the telephone numbers that say they are primary."""
    own = [{"address": user["email"], "mediaType": "EMAIL", "type": "PRIMARY"}]
    others = objects(user.get("addresses"))
    return own + [entry for entry in others if entry.get("type") == "PRIMARY" and entry.get("mediaType") == "PHONE"]


def create_user(sandbox: Sandbox, call: Call, body: Entity) -> Entity:
    """Make a user.

    Raises:
        Refusal: 400, or 409: the address is taken.
    """
    check_address(sandbox, body.get("email"))
    user: Entity = {
        "acdAutoAnswer": False,
        **without_nulls(body),
        "username": body["email"],
        "state": body.get("state") or "active",
        "division": division(sandbox, body),
    }
    for wire in ("password", "divisionId", "version"):
        user.pop(wire, None)
    user["primaryContactInfo"] = contact_info(user)
    everyone = users(sandbox)
    user_id = add(sandbox, call, everyone, user, "")
    made = {**everyone[user_id], "chat": {"jabberId": f"{user_id}@sandbox.example"}}
    everyone.put(user_id, made)
    return made


@service("post_users")
def post_user(sandbox: Sandbox, call: Call) -> Any:
    """A new user."""
    return create_user(sandbox, call, call.body)


def change_user(sandbox: Sandbox, user_id: str, changes: Entity) -> Entity:
    """Lay changes over a user; a state may delete one, or bring one back.

    Raises:
        Refusal: 400, 404, or 409.
    """
    gone = sandbox.store.table(DELETED)
    if user_id in gone:
        if changes.get("state") not in ("active", "inactive"):
            raise not_found("user", user_id)
        before = gone[user_id]
    else:
        before = user_of(sandbox, user_id)
    changes = {wire: value for wire, value in changes.items() if wire not in ("id", "selfUri", "groups")}
    check_version(user_id, changes.pop("version", None), before.get("version"))
    if "email" in changes:
        check_address(sandbox, changes["email"], but=user_id)
        changes.setdefault("username", changes["email"])
    if "manager" in changes and changes["manager"] is not None:
        boss = given_id(changes, "manager")
        changes["manager"] = {"id": user_of(sandbox, boss)["id"], "selfUri": f"{PATH}/{boss}"} if boss else None
    if changes.get("state") == "deleted":
        return delete_user(sandbox, user_id)
    after = patched(before, changes) | {"version": int(before.get("version", 0)) + 1}
    after["primaryContactInfo"] = contact_info(after)
    gone.pop(user_id, None)
    users(sandbox).put(user_id, after)
    return after


@service("patch_user")
def patch_user(sandbox: Sandbox, call: Call) -> Any:
    """Change a user."""
    return shown(sandbox, change_user(sandbox, call.ids[0], call.body))


@service("patch_users_bulk")
def patch_users(sandbox: Sandbox, call: Call) -> Any:
    """Change several users; none when one of them is unknown."""
    if len(call.body) > BULK:
        raise bad_request(f"At most {BULK} users can be changed at once.")
    for entry in call.body:
        user_of(sandbox, str(entry.get("id") or ""))
    return {"entities": [shown(sandbox, change_user(sandbox, str(entry["id"]), entry)) for entry in call.body]}


def delete_user(sandbox: Sandbox, user_id: str) -> Entity:
    """Delete a user, who is kept with the state ``deleted``."""
    user = user_of(sandbox, user_id)
    users(sandbox).remove(user_id)
    sandbox.store.forget_under(f"{PATH}/{user_id}")
    deleted = {**user, "state": "deleted", "version": int(user.get("version", 0)) + 1}
    sandbox.store.table(DELETED)[user_id] = deleted
    return deleted


@service("delete_user")
def remove_user(sandbox: Sandbox, call: Call) -> Any:
    """Delete a user."""
    delete_user(sandbox, call.ids[0])
    return {}


@service("get_user_state", parents=False)
def get_state(sandbox: Sandbox, call: Call) -> Any:
    """The state of a user, and the version that it belongs to."""
    user = sandbox.store.table(DELETED).get(call.ids[0]) or user_of(sandbox, call.ids[0])
    return {"state": user.get("state"), "version": user.get("version")}


@service("put_user_state", parents=False)
def put_state(sandbox: Sandbox, call: Call) -> Any:
    """Activate, deactivate or delete a user."""
    changes = {wire: call.body[wire] for wire in ("state", "version") if call.body.get(wire) is not None}
    if "state" not in changes:
        raise bad_request("state is missing.")
    user = change_user(sandbox, call.ids[0], changes)
    return {**call.body, "version": user.get("version"), "stateChangeDate": sandbox.now()}


@example_body("post_users")
def example_user(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Somebody with an address that is free."""
    at = len(users(sandbox)) + len(sandbox.store.table(DELETED))
    home = sandbox.home_division()["id"]
    return {"name": "Robin Example", "email": f"robin.{at}@example.com", "divisionId": home}


@example_body("patch_user")
def example_change(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A change that needs nothing else to exist."""
    return {"version": user_of(sandbox, ids[0])["version"], "title": "Example"}


@example_body("patch_users_bulk")
def example_changes(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Users that exist."""
    return [{"id": user_id, "acdAutoAnswer": True} for user_id in users(sandbox).ids()[:2]]


@example_body("put_user_state")
def example_state(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """The state that the user has."""
    return {"state": "active", "version": user_of(sandbox, ids[0])["version"]}
