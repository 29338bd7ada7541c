"""Members of queues, seen from the queue and from the user. The queues themselves are in :mod:`.queues`.

Members are in the collection under each queue, by id of user. Who is deleted is taken out of all queues.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import words
from ..crud import page, patched
from ..filters import filters_of, sort
from ..narrow import as_list, as_object
from ..refusal import bad_request, not_found
from ..shapes import Listing
from .linked import collection, existing
from .presence import routing_status, system_presence
from .proficiency import LANGUAGES, known
from .registry import example_body, example_ids, listener, seeded_ids, seeder, service
from .users import PATH as USERS
from .users import asked, shown, user_of, users

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Change, Collection, Entity

QUEUES = "/api/v2/routing/queues"
MEMBERS = "/api/v2/routing/queues/{}/members"
BULK = 100


def members_of(sandbox: Sandbox, queue_id: str) -> Collection:
    """The members of a queue, by id of user."""
    return collection(sandbox, MEMBERS, queue_id)


def queues(sandbox: Sandbox) -> Collection:
    """The queues of the organization."""
    return collection(sandbox, QUEUES)


def queues_of(sandbox: Sandbox, user_id: str) -> list[str]:
    """Ids of the queues that a user is a member of."""

    def by_user() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for queue_id in queues(sandbox).ids():
            for member_id in members_of(sandbox, queue_id).ids():
                found.setdefault(member_id, []).append(queue_id)
        return found

    return sandbox.store.derived("queues_of_users", by_user).get(user_id, [])


def count_members(sandbox: Sandbox, queue_id: str) -> None:
    """Bring the counts of a queue in line with its members."""
    members, everything = members_of(sandbox, queue_id), queues(sandbox)
    joined = sum(bool(member.get("joined")) for member in members)
    everything.put(queue_id, {**everything[queue_id], "memberCount": len(members), "userMemberCount": len(members),
                              "joinedMemberCount": joined})  # fmt: skip


def _seeded_members(sandbox: Sandbox) -> int:
    """How many members a seeded queue has."""
    count = sandbox.settings.seeded_counts.get(MEMBERS, sandbox.settings.seeded)
    return min(count, sandbox.settings.seeded_counts.get(USERS, sandbox.settings.seeded))


@seeder(QUEUES)
def a_queue(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """Number the queues, and count their members."""
    at = collection.place(entity["id"])
    topic, kind = words.TOPICS[at % len(words.TOPICS)], words.KINDS[at // len(words.TOPICS) % len(words.KINDS)]
    count = _seeded_members(sandbox)
    entity.pop("peerId", None)
    entity |= {"name": f"{topic} {kind} {at + 1}", "memberCount": count, "userMemberCount": count,
               "joinedMemberCount": count, "createdBy": sandbox.admin_id, "modifiedBy": sandbox.admin_id}  # fmt: skip


@seeded_ids(MEMBERS)
def member_ids(sandbox: Sandbox, path: str) -> list[str]:
    """The members of a seeded queue: some of the seeded users, other ones for each queue as far as there are."""
    everything, everyone = queues(sandbox), users(sandbox)
    people = sandbox.store.seeded_ids(everyone.shape, everyone.path)
    count = _seeded_members(sandbox)
    first = everything.place(path.split("/")[-2]) * count
    return [people[(first + at) % len(people)] for at in range(count)]


def _member(queue_id: str, user: Entity) -> Entity:
    return {
        "id": user["id"],
        "name": user.get("name", ""),
        "user": {wire: user[wire] for wire in ("id", "name", "email", "selfUri", "version") if wire in user},
        "ringNumber": 1,
        "joined": True,
        "memberBy": "user",
        "selfUri": f"{QUEUES}/{queue_id}/members/{user['id']}",
    }


@seeder(MEMBERS)
def a_member(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A seeded member is one of the users; its id is the user's."""
    everyone, user_id = users(sandbox), entity["id"]
    queue_id = collection.path.split("/")[-2]
    entity.clear()
    known: Entity = everyone[user_id] if user_id in everyone else {"id": user_id}  # noqa: SIM401
    entity |= _member(queue_id, known)


# --- from the queue -----------------------------------------------------------------------------


@service("post_routing_queue_members", "post_routing_queue_users")
def add_members(sandbox: Sandbox, call: Call) -> Any:
    """Add members to a queue, or with ``delete=true`` take them out."""
    wanted = [entry.get("id") for entry in call.body]
    if not wanted or not all(isinstance(user_id, str) for user_id in wanted):
        raise bad_request("Every member needs an id.")
    if len(wanted) > BULK:
        raise bad_request(f"At most {BULK} members can be changed at once.")
    members, everyone = members_of(sandbox, call.ids[0]), users(sandbox)
    if call.query.get("delete"):
        for user_id in set(wanted) & set(members.ids()):
            members.remove(user_id)
    else:
        for user_id in existing(everyone, wanted):
            if user_id not in members:
                members.put(user_id, _member(call.ids[0], everyone[user_id]))
    count_members(sandbox, call.ids[0])


def _shown_member(sandbox: Sandbox, member: Entity, user: Entity, expand: Sequence[str]) -> Entity:
    """A member with the user's name and status of now."""
    told = shown(sandbox, user, expand) if expand else {**member.get("user", {}), "name": user.get("name")}
    status = routing_status(sandbox, user["id"])
    return {**member, "name": user.get("name"), "user": told, "routingStatus": status}


@service("get_routing_queue_members", "get_routing_queue_users")
def list_members(sandbox: Sandbox, call: Call) -> Any:
    """The members of a queue, by what is asked of them and of the users that they are."""
    everyone, query = users(sandbox), call.query
    chosen: list[tuple[Entity, Entity]] = []
    wanted = {"name": query.get("name"), "joined": query.get("joined"), "memberBy": query.get("memberBy")}
    given = {wire: value for wire, value in wanted.items() if value is not None}
    tests = filters_of(given, sandbox.shapes.properties("QueueMember"))
    for member in members_of(sandbox, call.ids[0]):
        user_id = member["id"]
        if user_id in everyone and _suits(sandbox, everyone[user_id], query):
            user = everyone[user_id]
            if all(test({**member, "name": user.get("name")}) for test in tests):
                chosen.append((member, user))
    if query.get("sortOrder"):
        ordered = sort([{"name": user.get("name"), "pair": pair} for pair in chosen for user in (pair[1],)], query)
        chosen = [entry["pair"] for entry in ordered]
    part = [_shown_member(sandbox, member, user, list(asked(call))) for member, user in chosen]
    return page(sandbox, call, Listing("entities", "#QueueMember"), part)


def _suits(sandbox: Sandbox, user: Entity, query: Entity) -> bool:
    """Whether a user has the skills, languages, status and presence that a list of members is limited to."""
    has: list[tuple[str, Any]] = [
        ("profileSkills", lambda: as_list(user.get("profileSkills")) or []),
        ("skills", lambda: [entry[wire] for entry in known(sandbox, user["id"]) for wire in ("id", "name")]),
        ("languages", lambda: [e[wire] for e in known(sandbox, user["id"], LANGUAGES) for wire in ("id", "name")]),
        ("routingStatus", lambda: [routing_status(sandbox, user["id"])["status"]]),
        ("presence", lambda: [system_presence(sandbox, user["id"])]),
    ]
    for wire, values in has:
        wanted = {_folded(text) for text in query.get(wire) or ()}
        if wanted and not wanted & {_folded(value) for value in values()}:
            return False
    return True


def _folded(text: Any) -> str:
    return str(text).replace("_", "").replace(" ", "").lower()


def _change_member(sandbox: Sandbox, queue_id: str, member_id: str, changes: Entity) -> Entity:
    members = members_of(sandbox, queue_id)
    if member_id not in members:
        raise not_found("member", member_id)
    fields = {wire: changes[wire] for wire in ("joined", "ringNumber") if changes.get(wire) is not None}
    if not 1 <= int(fields.get("ringNumber", 1)) <= 6:
        raise bad_request("ringNumber must be from 1 to 6.", code="invalid.value")
    changed = patched(members[member_id], fields)
    members.put(member_id, changed)
    return changed


@service("patch_routing_queue_member", "patch_routing_queue_user")
def change_member(sandbox: Sandbox, call: Call) -> Any:
    """Join or leave a queue, or change the ring number."""
    _change_member(sandbox, call.ids[0], call.ids[1], call.body)
    count_members(sandbox, call.ids[0])


@service("patch_routing_queue_members", "patch_routing_queue_users")
def change_members(sandbox: Sandbox, call: Call) -> Any:
    """The same for many."""
    changed = [_change_member(sandbox, call.ids[0], str(entry.get("id")), entry) for entry in call.body]
    count_members(sandbox, call.ids[0])
    return {"entities": changed}


@service("delete_routing_queue_member", "delete_routing_queue_user")
def remove_member(sandbox: Sandbox, call: Call) -> Any:
    """Take one member out of a queue."""
    members = members_of(sandbox, call.ids[0])
    if call.ids[1] not in members:
        raise not_found("member", call.ids[1])
    members.remove(call.ids[1])
    count_members(sandbox, call.ids[0])


@listener
def leave_queues(sandbox: Sandbox, change: Change) -> None:
    """Who is deleted is taken out of all queues."""
    if change.shape == USERS and change.after is None:
        for queue_id in list(queues_of(sandbox, change.entity_id)):
            members_of(sandbox, queue_id).remove(change.entity_id)
            count_members(sandbox, queue_id)


# --- from the user ------------------------------------------------------------------------------


def _user_queues(sandbox: Sandbox, user_id: str, query: Entity) -> list[Entity]:
    everything = queues(sandbox)
    found = [
        {**everything[queue_id], "joined": bool(members_of(sandbox, queue_id)[user_id].get("joined"))}
        for queue_id in queues_of(sandbox, user_id)
    ]
    divisions = set(query.get("divisionId") or ())
    joined = query.get("joined")
    return [
        queue
        for queue in found
        if (joined is None or queue["joined"] is joined)
        and (not divisions or (as_object(queue.get("division")) or {}).get("id") in divisions)
    ]


@service("get_user_queues")
def list_user_queues(sandbox: Sandbox, call: Call) -> Any:
    """The queues that a user is a member of."""
    user_of(sandbox, call.ids[0])
    return page(sandbox, call, Listing("entities", "#UserQueue"), _user_queues(sandbox, call.ids[0], call.query))


@service("get_routing_queues_me", personal=True)
def list_my_queues(sandbox: Sandbox, call: Call) -> Any:
    """The same for the one who asks."""
    mine = _user_queues(sandbox, sandbox.actor, call.query)
    if call.query.get("sortOrder"):
        mine = sort(mine, {**call.query, "sortBy": "name"})
    return page(sandbox, call, Listing("entities", "#UserQueue"), mine)


@service("patch_user_queue")
def join_queue(sandbox: Sandbox, call: Call) -> Any:
    """Join or leave a queue as one of its members."""
    user_of(sandbox, call.ids[0])
    return _join(sandbox, call.ids[0], call.ids[1], call.body)


@service("patch_user_queues")
def join_queues(sandbox: Sandbox, call: Call) -> Any:
    """The same for many queues."""
    user_of(sandbox, call.ids[0])
    changed = [_join(sandbox, call.ids[0], str(entry.get("id") or ""), entry) for entry in call.body]
    return page(sandbox, call, Listing("entities", "#UserQueue"), changed)


def _join(sandbox: Sandbox, user_id: str, queue_id: str, body: Entity) -> Entity:
    everything = queues(sandbox)
    if queue_id not in everything or user_id not in members_of(sandbox, queue_id):
        raise not_found("queue", queue_id)
    if body.get("joined") is None:
        raise bad_request("joined is missing.", code="invalid.value")
    _change_member(sandbox, queue_id, user_id, {"joined": body["joined"]})
    count_members(sandbox, queue_id)
    return {**everything[queue_id], "joined": body["joined"]}


# --- examples -----------------------------------------------------------------------------------


@example_body("post_routing_queue_members", "post_routing_queue_users")
def example_users(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Users that exist."""
    return [{"id": user_id} for user_id in users(sandbox).ids()[:2]]


@example_body("patch_routing_queue_members", "patch_routing_queue_users")
def example_members(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Members that exist."""
    return [{"id": member_id, "joined": True} for member_id in members_of(sandbox, ids[0]).ids()[:1]]


@example_body("patch_routing_queue_member", "patch_routing_queue_user", "patch_user_queue")
def example_joining(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Leave for now."""
    return {"joined": False}


def _membership(sandbox: Sandbox) -> tuple[str, str]:
    """A user and a queue that the user is a member of."""
    everyone = users(sandbox)
    for queue_id in queues(sandbox).ids():
        for user_id in members_of(sandbox, queue_id).ids():
            if user_id in everyone:
                return user_id, queue_id
    raise LookupError("no queue has a member")


@example_ids("patch_user_queue")
def example_membership(sandbox: Sandbox) -> list[str]:
    """A user, and a queue of that user."""
    return list(_membership(sandbox))


@example_ids("patch_user_queues")
def example_user(sandbox: Sandbox) -> list[str]:
    """A user with a queue."""
    return [_membership(sandbox)[0]]


@example_body("patch_user_queues")
def example_queues(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Leave a queue of that user."""
    return [{"id": queues_of(sandbox, ids[0])[0], "joined": False}]
