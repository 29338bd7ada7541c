"""Divisions: how others name them, what is in them, moving it, and what becomes of them.

Roles and grants are in ``authorization``.

The table ``deleted_divisions`` keeps those deleted, which can be restored, and ``home_division`` the name of the
home division once it was renamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..crud import add
from ..fake import Made
from ..narrow import as_object
from ..refusal import Refusal, bad_request, not_found
from ..rng import seeded_uuid
from .linked import DIVISIONS, collection, existing, found, listed, require_text, unique
from .registry import example_body, example_ids, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

DELETED = "deleted_divisions"
#: Divisions that an organization can have.
LIMIT = 70
#: What can be moved, and where it is.
OBJECTS = {
    "QUEUE": "/api/v2/routing/queues",
    "CAMPAIGN": "/api/v2/outbound/campaigns",
    "CONTACTLIST": "/api/v2/outbound/contactlists",
    "DNCLIST": "/api/v2/outbound/dnclists",
    "EMAILCAMPAIGN": "/api/v2/outbound/messagingcampaigns",
    "MESSAGINGCAMPAIGN": "/api/v2/outbound/messagingcampaigns",
    "MANAGEMENTUNIT": "/api/v2/workforcemanagement/managementunits",
    "BUSINESSUNIT": "/api/v2/workforcemanagement/businessunits",
    "FLOW": "/api/v2/flows",
    "FLOWMILESTONE": "/api/v2/flows/milestones",
    "FLOWOUTCOME": "/api/v2/flows/outcomes",
    "USER": "/api/v2/users",
    "CALLROUTE": "/api/v2/architect/ivrs",
    "EMERGENCYGROUPS": "/api/v2/architect/emergencygroups",
    "ROUTINGSCHEDULES": "/api/v2/architect/schedules",
    "ROUTINGSCHEDULEGROUPS": "/api/v2/architect/schedulegroups",
    "DATATABLES": "/api/v2/flows/datatables",
    "TEAM": "/api/v2/teams",
    "WORKBIN": "/api/v2/taskmanagement/workbins",
    "WORKTYPE": "/api/v2/taskmanagement/worktypes",
    "EXTENSIONPOOL": "/api/v2/telephony/providers/edges/extensionpools",
    "SKILLGROUP": "/api/v2/routing/skillgroups",
    "SCRIPT": "/api/v2/scripts",
    "LIBRARY": "/api/v2/responsemanagement/libraries",
}


def divisions(sandbox: Sandbox) -> Collection:
    """The divisions of the organization."""
    return collection(sandbox, DIVISIONS)


def home_division(sandbox: Sandbox) -> Entity:
    """The division that everything is in until it is moved."""
    home = seeded_uuid(sandbox.settings.seed, DIVISIONS, 0)
    kept = sandbox.store.table("home_division").get("name", "Home")
    return {"id": home, "name": kept, "selfUri": f"{DIVISIONS}/{home}"}


def name_of(sandbox: Sandbox, division_id: str) -> str:
    """The name of a division; empty when there is none with this id."""
    home, shape = home_division(sandbox), sandbox.shapes.collection(DIVISIONS)
    if division_id == home["id"] or shape is None:
        return str(home["name"])
    held = sandbox.collection(shape, [])
    return str(held[division_id]["name"]) if division_id in held else ""


def referred(sandbox: Sandbox, division_id: str) -> Entity:
    """A division as the entities in it refer to it; the home division for no id.

    Raises:
        Refusal: 400; there is no such division.
    """
    home = home_division(sandbox)
    if division_id in ("", home["id"]):
        return home
    shape = sandbox.shapes.collection(DIVISIONS)
    assert shape is not None
    held = sandbox.collection(shape, [])
    if division_id not in held:
        raise bad_request(
            f"There is no division with id {division_id}.",
            code="invalid.value",
            details=[{"errorCode": "invalid.value", "fieldName": "division"}],
        )
    return {"id": division_id, "name": held[division_id]["name"], "selfUri": f"{DIVISIONS}/{division_id}"}


def _in(entity: Entity, division_id: str) -> bool:
    return (as_object(entity.get("division")) or {}).get("id") == division_id


def contents(sandbox: Sandbox, division_id: str) -> dict[str, int]:
    """How many objects of each type are in a division.

    Everything from the start is in the home division, so that only what somebody has looked at needs a look
    elsewhere.
    """
    home = division_id == sandbox.home_division()["id"]
    counts: dict[str, int] = {}
    for kind, path in OBJECTS.items():
        entities = collection(sandbox, path)
        looked_at = entities.looked_at()
        moved = sum(_in(entity, division_id) for entity in looked_at)
        unseen = len(entities) - len(looked_at) if home else 0
        if moved + unseen:
            counts[kind] = moved + unseen
    return counts


def _others(sandbox: Sandbox, division_id: str) -> list[tuple[Collection, Entity]]:
    """Everything that is in a division other than home."""
    return [
        (entities, entity)
        for entities in sandbox.store.collections()
        for entity in entities.looked_at()
        if not isinstance(entity, Made) and _in(entity, division_id)
    ]


def _shown(sandbox: Sandbox, call: Call, division: Entity) -> Entity:
    home = division["id"] == sandbox.home_division()["id"]
    part = {wire: value for wire, value in division.items() if wire != "objectCounts"}
    if call.query.get("objectCount"):
        part["objectCounts"] = contents(sandbox, division["id"])
    return {**part, "homeDivision": home}


@service("get_authorization_divisions", "get_authorization_divisions_query")
def list_divisions(sandbox: Sandbox, call: Call) -> Any:
    """Divisions by id and name."""
    ids = set(call.query.get("id") or ())
    chosen = [_shown(sandbox, call, entry) for entry in divisions(sandbox) if not ids or entry["id"] in ids]
    return listed(sandbox, call, chosen, "id", "nextPage", "previousPage", "objectCount", "expand")


@service("get_authorization_division")
def get_division(sandbox: Sandbox, call: Call) -> Any:
    """One division."""
    return _shown(sandbox, call, found(divisions(sandbox), call.ids[0]))


@service("get_authorization_divisions_limit")
def limit(sandbox: Sandbox, call: Call) -> Any:
    """How many divisions there can be."""
    return LIMIT


@service("post_authorization_divisions")
def post_division(sandbox: Sandbox, call: Call) -> Any:
    """A new division."""
    entities = divisions(sandbox)
    require_text(call.body, "name")
    unique(entities, "name", call.body["name"])
    made = {"name": call.body["name"], "description": call.body.get("description", ""), "homeDivision": False}
    return _shown(sandbox, call, entities[add(sandbox, call, entities, made, "")])


@service("put_authorization_division")
def put_division(sandbox: Sandbox, call: Call) -> Any:
    """Rename a division; everything in it shows the new name."""
    entities = divisions(sandbox)
    before = found(entities, call.ids[0])
    name = call.body.get("name") or before["name"]
    unique(entities, "name", name, but=call.ids[0])
    home = before["id"] == sandbox.home_division()["id"]
    if home and name != before["name"]:
        sandbox.store.table("home_division")["name"] = name
        sandbox.store.remake()
        entities = divisions(sandbox)
    entities.put(call.ids[0], {**before, "name": name, "description": call.body.get("description", "")})
    return _shown(sandbox, call, entities[call.ids[0]])


@service("delete_authorization_division")
def delete_division(sandbox: Sandbox, call: Call) -> Any:
    """Delete a division; with ``force`` what is in it goes to the home division.

    Raises:
        Refusal: 400 for the home division, 409 for one that is not empty.
    """
    entities = divisions(sandbox)
    before = found(entities, call.ids[0])
    home = sandbox.home_division()
    if before["id"] == home["id"]:
        raise bad_request("The home division cannot be deleted.")
    inside = _others(sandbox, before["id"])
    if inside and not call.query.get("force"):
        message = f"The division {before['name']} has {len(inside)} objects: move them first."
        raise Refusal(409, "general.conflict", message, entity_id=before["id"])
    for owner, entity in inside:
        owner.put(str(entity[owner.shape.key]), {**entity, "division": home})
    entities.remove(before["id"])
    sandbox.store.table(DELETED)[before["id"]] = before


@service("get_authorization_divisions_deleted")
def list_deleted(sandbox: Sandbox, call: Call) -> Any:
    """Divisions that can be restored."""
    return listed(sandbox, call, list(sandbox.store.table(DELETED).values()))


@service("post_authorization_division_restore", parents=False)
def restore_division(sandbox: Sandbox, call: Call) -> Any:
    """Restore a division that was deleted, under another name if the old one is taken by now."""
    gone, entities = sandbox.store.table(DELETED), divisions(sandbox)
    if call.ids[0] not in gone:
        if call.ids[0] in entities:
            raise Refusal(409, "general.conflict", "The division is not deleted.", entity_id=call.ids[0])
        raise not_found("division", call.ids[0])
    before = gone[call.ids[0]]
    name = call.body.get("name") or before["name"]
    unique(entities, "name", name)
    del gone[call.ids[0]]
    entities.put(call.ids[0], {**before, "name": name, "description": call.body.get("description", "")})
    return _shown(sandbox, call, entities[call.ids[0]])


@service("post_authorization_division_object")
def move_objects(sandbox: Sandbox, call: Call) -> Any:
    """Move objects into a division; none when one of them is unknown."""
    division = sandbox.division(found(divisions(sandbox), call.ids[0])["id"])
    path = OBJECTS.get(call.ids[1].upper())
    if path is None:
        raise bad_request(f"{call.ids[1]} is not one of {', '.join(OBJECTS)}.", code="invalid.value")
    entities = collection(sandbox, path)
    for entity_id in existing(entities, call.body):
        entities.put(entity_id, {**entities[entity_id], "division": division})


@example_body("post_authorization_divisions", "put_authorization_division", "post_authorization_division_restore")
def example_division(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A division with a name that is free."""
    return {"name": f"Example {len(divisions(sandbox))} {sandbox.store.changes}", "description": "An example."}


@example_ids("post_authorization_division_object")
def example_move(sandbox: Sandbox) -> list[str]:
    """Queues into the home division."""
    return [sandbox.home_division()["id"], "QUEUE"]


@example_body("post_authorization_division_object")
def example_objects(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A queue that exists."""
    return collection(sandbox, OBJECTS["QUEUE"]).ids()[:1]


@example_ids("post_authorization_division_restore")
def example_deleted(sandbox: Sandbox) -> list[str]:
    """A division that was deleted; one is where there is none."""
    gone, entities = sandbox.store.table(DELETED), divisions(sandbox)
    empty = [key for key in entities.ids()[1:] if not _others(sandbox, key)]
    if not gone and empty:
        gone[empty[-1]] = entities[empty[-1]]
        entities.remove(empty[-1])
    return [next(iter(gone))]
