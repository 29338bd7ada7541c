"""Queues and their members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import words
from ..crud import page, patched
from ..filters import filters_of
from ..refusal import bad_request, not_found
from ..shapes import Listing
from .registry import example_body, seeder, service
from .users import users

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

QUEUES = "/api/v2/routing/queues"
MEMBERS = "/api/v2/routing/queues/{}/members"
BULK = 100


def members_of(sandbox: Sandbox, queue_id: str) -> Collection:
    """The members of a queue, by id of user."""
    shape = sandbox.shapes.collection(MEMBERS)
    assert shape is not None
    return sandbox.collection(shape, [queue_id])


def _queue(sandbox: Sandbox, queue_id: str) -> tuple[Collection, Entity]:
    shape = sandbox.shapes.collection(QUEUES)
    assert shape is not None
    queues = sandbox.collection(shape, [])
    return queues, queues[queue_id]


def _count(sandbox: Sandbox, queue_id: str) -> None:
    """Bring the counts of a queue in line with its members."""
    members = members_of(sandbox, queue_id)
    queues, queue = _queue(sandbox, queue_id)
    joined = sum(bool(member.get("joined")) for member in members)
    queues.put(queue_id, {**queue, "memberCount": len(members), "userMemberCount": len(members),
                                   "joinedMemberCount": joined})  # fmt: skip


@seeder(QUEUES)
def a_queue(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """Number the queues, and count their members."""
    at = collection.place(entity["id"])
    topic, kind = words.TOPICS[at % len(words.TOPICS)], words.KINDS[at // len(words.TOPICS) % len(words.KINDS)]
    count = sandbox.settings.seeded_counts.get(MEMBERS, 0)
    entity |= {"name": f"{topic} {kind} {at + 1}", "memberCount": count, "userMemberCount": count,
               "joinedMemberCount": count, "createdBy": sandbox.admin_id, "modifiedBy": sandbox.admin_id}  # fmt: skip


def _member(queue_id: str, user: Entity) -> Entity:
    return {
        "id": user["id"],
        "name": user.get("name", ""),
        "user": {wire: user[wire] for wire in ("id", "name", "email", "selfUri", "version") if wire in user},
        "ringNumber": 1,
        "joined": True,
        "memberBy": "user",
        "routingStatus": {"userId": user["id"], "status": "OFF_QUEUE"},
        "selfUri": f"{QUEUES}/{queue_id}/members/{user['id']}",
    }


@seeder(MEMBERS)
def a_member(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A seeded member is one of the users; its id is the user's."""
    everyone = users(sandbox)
    at = collection.place(entity["id"])
    user_id = entity["id"] if entity["id"] in everyone else everyone.ids()[at % len(everyone)]
    queue_id = collection.path.split("/")[-2]
    entity.clear()
    entity |= _member(queue_id, everyone[user_id])


@service("post_routing_queue_members", "post_routing_queue_users")
def add_members(sandbox: Sandbox, call: Call) -> Any:
    """Add members to a queue, or with ``delete=true`` take them out."""
    wanted = [entry.get("id") for entry in call.body]
    if not wanted or not all(isinstance(user_id, str) for user_id in wanted):
        raise bad_request("Every member needs an id.")
    if len(wanted) > BULK:
        raise bad_request(f"At most {BULK} members can be changed at once.")
    members, everyone = members_of(sandbox, call.ids[0]), users(sandbox)
    unknown = [user_id for user_id in wanted if user_id not in everyone]
    if unknown and not call.query.get("delete"):
        raise not_found("user", unknown[0])
    for user_id in wanted:
        if not call.query.get("delete"):
            members.put(user_id, _member(call.ids[0], everyone[user_id]))
        elif user_id in members:
            members.remove(user_id)
    _count(sandbox, call.ids[0])


@service("get_routing_queue_members", "get_routing_queue_users")
def list_members(sandbox: Sandbox, call: Call) -> Any:
    """The members of a queue."""
    members = members_of(sandbox, call.ids[0])
    tests = filters_of(call.query, sandbox.shapes.properties("QueueMember"))
    found = [member for member in members if all(test(member) for test in tests)]
    return page(sandbox, call, Listing("entities", "#QueueMember"), found)


def _change_member(sandbox: Sandbox, queue_id: str, member_id: str, changes: Entity) -> Entity:
    members = members_of(sandbox, queue_id)
    if member_id not in members:
        raise not_found("member", member_id)
    fields = {wire: value for wire, value in changes.items() if wire in ("joined", "ringNumber")}
    changed = patched(members[member_id], fields)
    members.put(member_id, changed)
    return changed


@service("patch_routing_queue_member", "patch_routing_queue_user")
def change_member(sandbox: Sandbox, call: Call) -> Any:
    """Join or leave a queue, or change the ring number."""
    _change_member(sandbox, call.ids[0], call.ids[1], call.body)
    _count(sandbox, call.ids[0])


@service("patch_routing_queue_members", "patch_routing_queue_users")
def change_members(sandbox: Sandbox, call: Call) -> Any:
    """The same for many."""
    changed = [_change_member(sandbox, call.ids[0], str(entry.get("id")), entry) for entry in call.body]
    _count(sandbox, call.ids[0])
    return {"entities": changed}


@service("delete_routing_queue_member", "delete_routing_queue_user")
def remove_member(sandbox: Sandbox, call: Call) -> Any:
    """Take one member out of a queue."""
    members = members_of(sandbox, call.ids[0])
    if call.ids[1] not in members:
        raise not_found("member", call.ids[1])
    members.remove(call.ids[1])
    _count(sandbox, call.ids[0])


@example_body("post_routing_queue_members", "post_routing_queue_users")
def example_users(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Users that exist."""
    return [{"id": user_id} for user_id in users(sandbox).ids()[:2]]


@example_body("patch_routing_queue_members", "patch_routing_queue_users")
def example_members(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Members that exist."""
    return [{"id": member_id, "joined": True} for member_id in members_of(sandbox, ids[0]).ids()[:1]]
