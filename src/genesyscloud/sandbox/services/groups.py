"""Groups and teams, and who is in them.

The tables ``group_members`` and ``team_members`` hold ids of users by id of group or team. A seeded one that is not
in the table has the members that :func:`members_of` derives. ``deleted_groups`` keeps the groups that were deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..crud import Lazy, add, merged, page, patched
from ..narrow import objects
from ..refusal import bad_request
from ..shapes import Listing
from .linked import (
    check_version,
    collection,
    existing,
    found,
    listed,
    listed_ids,
    require_text,
    search,
    unique,
    without_nulls,
)
from .registry import example_body, listener, seeder, service
from .users import PATH as USERS
from .users import asked, expansion, shown, user_reference, users, with_ids

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Change, Collection, Entity

GROUPS = "/api/v2/groups"
TEAMS = "/api/v2/teams"
MEMBERS = {GROUPS: "group_members", TEAMS: "team_members"}
DELETED = "deleted_groups"
BULK = 50
#: Members that a seeded group or team has.
SEEDED = 5


def members_of(sandbox: Sandbox, path: str, group_id: str) -> list[str]:
    """Ids of the members of a group or team."""
    kept = sandbox.store.table(MEMBERS[path]).get(group_id)
    return list(kept) if kept is not None else _seeded_members(sandbox, path, group_id)


def _seeded_members(sandbox: Sandbox, path: str, group_id: str) -> list[str]:
    """Some of the seeded users; each is in one team at most."""
    groups, everyone = collection(sandbox, path), users(sandbox)
    if group_id not in groups.seeded:
        return []
    people = sandbox.store.seeded_ids(everyone.shape, everyone.path)
    first = groups.place(group_id) * SEEDED
    if path == TEAMS:
        return people[first : first + SEEDED]
    return [people[(first + at) % len(people)] for at in range(min(SEEDED, len(people)))]


def set_members(sandbox: Sandbox, path: str, group_id: str, ids: Sequence[str]) -> Entity:
    """Replace the members of a group or team, which gets a new version and count."""
    groups = collection(sandbox, path)
    chosen = list(dict.fromkeys(ids))
    sandbox.store.table(MEMBERS[path])[group_id] = chosen
    before = groups[group_id]
    after = {**before, "memberCount": len(chosen), "dateModified": sandbox.now()}
    if "version" in before:
        after["version"] = int(before["version"]) + 1
    groups.put(group_id, after)
    return after


def groups_of(sandbox: Sandbox, path: str, user_id: str) -> list[str]:
    """Ids of the groups or teams that a user is in."""

    def by_user() -> dict[str, list[str]]:
        result: dict[str, list[str]] = {}
        for group_id in collection(sandbox, path).ids():
            for member_id in members_of(sandbox, path, group_id):
                result.setdefault(member_id, []).append(group_id)
        return result

    return sandbox.store.derived(MEMBERS[path], by_user).get(user_id, [])


@listener
def leave(sandbox: Sandbox, change: Change) -> None:
    """Who is deleted is taken out of all groups and teams; a group that is deleted has no members."""
    if change.after is not None or change.shape not in (USERS, *MEMBERS):
        return
    if change.shape == USERS:
        for path in MEMBERS:
            for group_id in list(groups_of(sandbox, path, change.entity_id)):
                left = [key for key in members_of(sandbox, path, group_id) if key != change.entity_id]
                set_members(sandbox, path, group_id, left)
    else:
        sandbox.store.table(MEMBERS[change.shape]).pop(change.entity_id, None)


# --- groups -------------------------------------------------------------------------------------


@seeder(GROUPS)
def a_group(sandbox: Sandbox, entities: Collection, entity: Entity) -> None:
    """A seeded group has members and an owner."""
    members = _seeded_members(sandbox, GROUPS, entity["id"])
    entity |= {
        "state": "active", "version": 1, "memberCount": len(members), "type": "official", "visibility": "public",
        "owners": [{"id": user_id, "selfUri": f"{USERS}/{user_id}"} for user_id in members[:1]],
    }  # fmt: skip


def _owners(sandbox: Sandbox, body: Entity) -> Entity:
    if body.get("ownerIds") is None:
        return {}
    chosen = existing(users(sandbox), body["ownerIds"])
    return {"owners": [{"id": user_id, "selfUri": f"{USERS}/{user_id}"} for user_id in chosen]}


@service("post_groups")
def post_group(sandbox: Sandbox, call: Call) -> Any:
    """A new group."""
    return create_group(sandbox, call, call.body)


def create_group(sandbox: Sandbox, call: Call, body: Entity) -> Entity:
    """Make a group without members.

    Raises:
        Refusal: 400, 404: no such owner, or 409: the name is taken.
    """
    groups = collection(sandbox, GROUPS)
    require_text(body, "name")
    unique(groups, "name", body["name"])
    usual = {"state": "active", "version": 1, "memberCount": 0, "rolesEnabled": False, "includeOwners": False}
    own = {wire: value for wire, value in without_nulls(body).items() if wire != "ownerIds"}
    made = {**usual, "owners": list[Any](), **own, **_owners(sandbox, body), "dateModified": sandbox.now()}
    group_id = add(sandbox, call, groups, made, "")
    sandbox.store.table(MEMBERS[GROUPS])[group_id] = []
    return groups[group_id]


@service("get_group")
def get_group(sandbox: Sandbox, call: Call) -> Any:
    """A group; one that was deleted, too, with that state."""
    gone = sandbox.store.table(DELETED).get(call.ids[0])
    return gone if gone is not None else found(collection(sandbox, GROUPS), call.ids[0])


@service("put_group")
def put_group(sandbox: Sandbox, call: Call) -> Any:
    """Change a group; what the body leaves out stays."""
    groups = collection(sandbox, GROUPS)
    before = found(groups, call.ids[0])
    check_version(call.ids[0], call.body.get("version"), before.get("version"))
    if call.body.get("name") is not None:
        require_text(call.body, "name")
        unique(groups, "name", call.body["name"], but=call.ids[0])
    changes = {wire: value for wire, value in call.body.items() if wire not in ("id", "selfUri", "version", "ownerIds")}
    if changes.get("state") == "deleted":
        return delete_group(sandbox, call.ids[0])
    after = patched(before, changes) | _owners(sandbox, call.body)
    after |= {"version": int(before["version"]) + 1, "dateModified": sandbox.now()}
    groups.put(call.ids[0], after)
    return after


def delete_group(sandbox: Sandbox, group_id: str) -> Entity:
    """Delete a group, which is kept with the state ``deleted``."""
    groups = collection(sandbox, GROUPS)
    before = found(groups, group_id)
    groups.remove(group_id)
    sandbox.store.forget_under(f"{GROUPS}/{group_id}")
    gone = {**before, "state": "deleted", "memberCount": 0, "version": int(before["version"]) + 1}
    sandbox.store.table(DELETED)[group_id] = gone
    return gone


@service("delete_group")
def remove_group(sandbox: Sandbox, call: Call) -> Any:
    """Delete a group."""
    delete_group(sandbox, call.ids[0])


@service("get_group_members")
def list_members(sandbox: Sandbox, call: Call) -> Any:
    """The members of a group."""
    everyone = users(sandbox)
    ids = [user_id for user_id in members_of(sandbox, GROUPS, call.ids[0]) if user_id in everyone]
    if call.query.get("sortOrder"):
        downwards = str(call.query["sortOrder"]).lower().startswith("d")
        ids.sort(key=lambda user_id: str(everyone[user_id].get("name")).lower(), reverse=downwards)
    people = Lazy(len(ids), lambda at: shown(sandbox, everyone[ids[at]], asked(call)))
    return page(sandbox, call, Listing("entities", "#User"), people)


@service("get_group_individuals")
def list_individuals(sandbox: Sandbox, call: Call) -> Any:
    """The members of a group, and its owners when it includes them."""
    group = found(collection(sandbox, GROUPS), call.ids[0])
    ids = members_of(sandbox, GROUPS, call.ids[0])
    owners = [owner["id"] for owner in objects(group.get("owners"))] if group.get("includeOwners") else []
    return page(sandbox, call, Listing("entities", "#User"), with_ids(sandbox, dict.fromkeys([*ids, *owners])))


@service("post_group_members")
def add_members(sandbox: Sandbox, call: Call) -> Any:
    """Add users to a group."""
    group = found(collection(sandbox, GROUPS), call.ids[0])
    wanted = call.body["memberIds"]
    if not 0 < len(wanted) <= BULK:
        raise bad_request(f"From 1 to {BULK} members can be added at once.")
    check_version(call.ids[0], call.body.get("version"), group.get("version"))
    chosen = existing(users(sandbox), wanted)
    set_members(sandbox, GROUPS, call.ids[0], [*members_of(sandbox, GROUPS, call.ids[0]), *chosen])
    return {}


@service("delete_group_members")
def remove_members(sandbox: Sandbox, call: Call) -> Any:
    """Take users out of a group; who is not in it does not matter."""
    found(collection(sandbox, GROUPS), call.ids[0])
    gone = listed_ids(call.query.get("ids"))
    if len(gone) > BULK:
        raise bad_request(f"At most {BULK} members can be removed at once.")
    left = [user_id for user_id in members_of(sandbox, GROUPS, call.ids[0]) if user_id not in gone]
    set_members(sandbox, GROUPS, call.ids[0], left)
    return {}


def _profile(group: Entity) -> Entity:
    wires = ("id", "name", "state", "version", "dateModified")
    part = {wire: group[wire] for wire in wires if wire in group}
    return {**part, "selfUri": f"{GROUPS}/{group['id']}/profile"}


@service("get_group_profile")
def group_profile(sandbox: Sandbox, call: Call) -> Any:
    """A group in short."""
    return _profile(found(collection(sandbox, GROUPS), call.ids[0]))


@service("get_profiles_groups")
def group_profiles(sandbox: Sandbox, call: Call) -> Any:
    """Groups in short."""
    return listed(sandbox, call, map(_profile, collection(sandbox, GROUPS)), "jabberId")


@service("get_groups_search", "post_groups_search")
def search_groups(sandbox: Sandbox, call: Call) -> Any:
    """Groups that meet criteria."""
    return search(sandbox, call, collection(sandbox, GROUPS), ["groups"])


@expansion("groups")
def expanded_groups(sandbox: Sandbox, user: Entity) -> Any:
    """The groups of a user, as part of the user."""
    groups = collection(sandbox, GROUPS)
    return [dict(groups[group_id]) for group_id in groups_of(sandbox, GROUPS, user["id"])]


# --- teams --------------------------------------------------------------------------------------


@seeder(TEAMS)
def a_team(sandbox: Sandbox, entities: Collection, entity: Entity) -> None:
    """A seeded team has some of the users."""
    entity["memberCount"] = len(_seeded_members(sandbox, TEAMS, entity["id"]))


@service("post_teams")
def post_team(sandbox: Sandbox, call: Call) -> Any:
    """A new team."""
    teams = collection(sandbox, TEAMS)
    require_text(call.body, "name")
    unique(teams, "name", call.body["name"])
    team_id = add(sandbox, call, teams, {"memberCount": 0, **without_nulls(call.body)}, "")
    sandbox.store.table(MEMBERS[TEAMS])[team_id] = []
    return teams[team_id]


@service("patch_team")
def patch_team(sandbox: Sandbox, call: Call) -> Any:
    """Change a team."""
    teams = collection(sandbox, TEAMS)
    before = found(teams, call.ids[0])
    require_text({"name": before["name"], **without_nulls(call.body)}, "name")
    unique(teams, "name", call.body.get("name"), but=call.ids[0])
    teams.put(call.ids[0], merged(sandbox, call, "Team", before, call.ids[0]))
    return teams[call.ids[0]]


@service("post_teams_search")
def search_teams(sandbox: Sandbox, call: Call) -> Any:
    """Teams that meet criteria."""
    return search(sandbox, call, collection(sandbox, TEAMS), ["teams"])


@service("get_team_members")
def list_team(sandbox: Sandbox, call: Call) -> Any:
    """The members of a team."""
    ids = members_of(sandbox, TEAMS, call.ids[0])
    people = [user_reference(sandbox, user_id) for user_id in ids if user_id in users(sandbox)]
    return listed(sandbox, call, people, "expand")


@service("post_team_members")
def join_team(sandbox: Sandbox, call: Call) -> Any:
    """Add users to a team: those who exist, and are in no other one."""
    wanted = call.body["memberIds"]
    if not 0 < len(wanted) <= BULK:
        raise bad_request(f"From 1 to {BULK} members can be added at once.")
    added: list[str] = []
    failures: list[Entity] = []
    for user_id in dict.fromkeys(wanted):
        if user_id not in users(sandbox):
            failures.append({"id": user_id, "reason": "UserNotFound"})
        elif set(groups_of(sandbox, TEAMS, user_id)) - {call.ids[0]}:
            failures.append({"id": user_id, "reason": "UserGroupLimitExceeded"})
        else:
            added.append(user_id)
    if added:
        set_members(sandbox, TEAMS, call.ids[0], [*members_of(sandbox, TEAMS, call.ids[0]), *added])
    return {"entities": [user_reference(sandbox, user_id) for user_id in added], "failures": failures}


@service("delete_team_members")
def leave_team(sandbox: Sandbox, call: Call) -> Any:
    """Take users out of a team."""
    gone = listed_ids(call.query.get("id"))
    left = [user_id for user_id in members_of(sandbox, TEAMS, call.ids[0]) if user_id not in gone]
    set_members(sandbox, TEAMS, call.ids[0], left)


@expansion("team")
def expanded_team(sandbox: Sandbox, user: Entity) -> Any:
    """The team of a user, as part of the user."""
    teams = groups_of(sandbox, TEAMS, user["id"])
    return dict(collection(sandbox, TEAMS)[teams[0]]) if teams else None


# --- examples -----------------------------------------------------------------------------------


@example_body("post_groups")
def example_group(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A group with a name that is free."""
    name = f"Example group {sandbox.store.changes} {len(collection(sandbox, GROUPS))}"
    return {"name": name, "type": "official", "rulesVisible": True, "visibility": "public"}


@example_body("put_group")
def example_group_change(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Another description."""
    return {"version": found(collection(sandbox, GROUPS), ids[0])["version"], "description": "An example."}


@example_body("post_group_members")
def example_members(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A user who exists."""
    version = found(collection(sandbox, GROUPS), ids[0])["version"]
    return {"memberIds": users(sandbox).ids()[:1], "version": version}


@example_body("post_team_members")
def example_team_members(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A user who exists."""
    return {"memberIds": users(sandbox).ids()[:1]}


@example_body("post_teams", "patch_team")
def example_team(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A team with a name that is free."""
    return {"name": f"Example team {sandbox.store.changes} {len(collection(sandbox, TEAMS))}"}
