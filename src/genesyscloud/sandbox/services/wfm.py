"""Workforce management: business units, management units, who is in them, and activity codes.

The table ``wfm_agents`` holds, by id of user, the management unit that the user was moved to (empty for none); seeded
users who are not in it are spread over the seeded management units.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..crud import add, patched
from ..narrow import as_object, objects
from ..refusal import Refusal, bad_request, not_found
from .linked import (
    check_version,
    collection,
    existing,
    found,
    listed,
    reference,
    require_text,
    unique,
    without_nulls,
)
from .proficiency import LANGUAGES, known
from .registry import example_body, example_ids, listener, seeded_ids, seeder, service
from .routing import QUEUES, queues_of
from .users import PATH as USERS
from .users import user_of, users

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Change, Collection, Entity

ROOT = "/api/v2/workforcemanagement"
UNITS = f"{ROOT}/businessunits"
TEAMS = f"{ROOT}/managementunits"
CODES = f"{ROOT}/businessunits/{{}}/activitycodes"
AGENTS = "wfm_agents"
#: Codes that every business unit has from its start: id, name, category, and whether it is paid and is work.
DEFAULT_CODES = (
    ("0", "On Queue Work", "OnQueueWork", True, True),
    ("1", "Break", "Break", True, False),
    ("2", "Meal", "Meal", False, False),
    ("3", "Meeting", "Meeting", True, True),
    ("4", "Off Queue Work", "OffQueueWork", True, True),
    ("5", "Time Off", "TimeOff", False, False),
    ("6", "Training", "Training", True, True),
    ("7", "Unavailable", "Unavailable", False, False),
)


def metadata(sandbox: Sandbox, version: int = 1) -> Entity:
    """What workforce management says of a version: who made it, and when."""
    who, now = {"id": sandbox.actor, "selfUri": f"{USERS}/{sandbox.actor}"}, sandbox.now()
    return {"version": version, "modifiedBy": who, "dateModified": now}


def version_of(value: Any) -> Any:
    """The version in something that has metadata."""
    return (as_object((as_object(value) or {}).get("metadata")) or {}).get("version")


# --- business units -----------------------------------------------------------------------------


@seeder(UNITS)
def a_business_unit(sandbox: Sandbox, entities: Collection, entity: Entity) -> None:
    """A seeded business unit has settings of the first version."""
    entity["settings"] = {"startDayOfWeek": "Monday", "timeZone": "UTC", "metadata": {"version": 1}}


@service("get_workforcemanagement_businessunits", "get_workforcemanagement_businessunits_divisionviews")
def list_units(sandbox: Sandbox, call: Call) -> Any:
    """The business units."""
    return listed(sandbox, call, ({**unit, "authorized": True} for unit in collection(sandbox, UNITS)), "feature")


@service("post_workforcemanagement_businessunits")
def post_unit(sandbox: Sandbox, call: Call) -> Any:
    """A new business unit, with the activity codes that every one has."""
    units = collection(sandbox, UNITS)
    require_text(call.body, "name")
    unique(units, "name", call.body["name"])
    settings = {**without_nulls(call.body["settings"]), "metadata": metadata(sandbox)}
    unit_id = add(sandbox, call, units, {**without_nulls(call.body), "settings": settings}, "")
    codes = collection(sandbox, CODES, unit_id)
    for code in DEFAULT_CODES:
        codes.put(code[0], _default_code(unit_id, code))
    return units[unit_id]


@service("patch_workforcemanagement_businessunit")
def patch_unit(sandbox: Sandbox, call: Call) -> Any:
    """Change a business unit; settings carry a version of their own."""
    units = collection(sandbox, UNITS)
    before = found(units, call.ids[0])
    unique(units, "name", call.body.get("name"), but=call.ids[0])
    after = patched(before, {wire: call.body[wire] for wire in ("name",) if call.body.get(wire)})
    settings = as_object(call.body.get("settings"))
    if settings is not None:
        after["settings"] = _changed_settings(sandbox, call.ids[0], before, settings)
    if call.body.get("divisionId"):
        after["division"] = sandbox.division(str(call.body["divisionId"]))
    units.put(call.ids[0], after)
    return after


def _changed_settings(sandbox: Sandbox, entity_id: str, before: Entity, settings: Entity) -> Entity:
    current = version_of(before.get("settings")) or 0
    check_version(entity_id, version_of(settings), current)
    changes = {wire: value for wire, value in settings.items() if wire != "metadata"}
    return patched(as_object(before.get("settings")) or {}, changes) | {"metadata": metadata(sandbox, current + 1)}


@service("delete_workforcemanagement_businessunit")
def delete_unit(sandbox: Sandbox, call: Call) -> Any:
    """Delete a business unit that has no management units."""
    units = collection(sandbox, UNITS)
    found(units, call.ids[0])
    inside = teams_of(sandbox, call.ids[0])
    if inside:
        message = f"The business unit has {len(inside)} management units: delete or move them first."
        raise Refusal(409, "general.conflict", message, entity_id=call.ids[0])
    units.remove(call.ids[0])
    sandbox.store.forget_under(call.path)


# --- management units ---------------------------------------------------------------------------


@seeder(TEAMS)
def a_management_unit(sandbox: Sandbox, entities: Collection, entity: Entity) -> None:
    """A seeded management unit is in a seeded business unit; the last of those have none, and can be deleted."""
    units = list(collection(sandbox, UNITS).seeded)
    if units:
        unit = units[entities.place(entity["id"]) % max(1, len(units) // 2)]
        entity["businessUnit"] = {"id": unit, "selfUri": f"{UNITS}/{unit}"}
    entity |= {"version": 1, "metadata": {"version": 1}, "timeZone": "UTC", "startDayOfWeek": "Monday"}


def unit_of_team(team: Entity) -> str:
    """Id of the business unit that a management unit is in."""
    return str((as_object(team.get("businessUnit")) or {}).get("id") or "")


def teams_of(sandbox: Sandbox, unit_id: str) -> list[Entity]:
    """The management units of a business unit."""
    return [team for team in collection(sandbox, TEAMS) if unit_of_team(team) == unit_id]


@service(
    "get_workforcemanagement_managementunits",
    "get_workforcemanagement_managementunits_divisionviews",
    "get_workforcemanagement_businessunit_managementunits",
)
def list_teams(sandbox: Sandbox, call: Call) -> Any:
    """The management units, or those of a business unit."""
    chosen = teams_of(sandbox, call.ids[0]) if call.ids else list(collection(sandbox, TEAMS))
    return listed(sandbox, call, chosen, "feature", "expand")


@service("post_workforcemanagement_managementunits")
def post_team(sandbox: Sandbox, call: Call) -> Any:
    """A new management unit."""
    teams, units = collection(sandbox, TEAMS), collection(sandbox, UNITS)
    require_text(call.body, "name")
    unit = found(units, str(call.body["businessUnitId"]))
    body = {wire: value for wire, value in without_nulls(call.body).items() if wire != "businessUnitId"}
    shared = as_object(unit.get("settings")) or {}
    made = {
        "timeZone": shared.get("timeZone", "UTC"),
        "startDayOfWeek": shared.get("startDayOfWeek", "Monday"),
        **body,
        "settings": {**(as_object(body.get("settings")) or {}), "metadata": metadata(sandbox)},
        "metadata": metadata(sandbox),
        "businessUnit": reference(units, unit["id"]),
        "version": 1,
    }
    return teams[add(sandbox, call, teams, made, "")]


@service("patch_workforcemanagement_managementunit")
def patch_team(sandbox: Sandbox, call: Call) -> Any:
    """Change a management unit."""
    teams = collection(sandbox, TEAMS)
    before = found(teams, call.ids[0])
    after = patched(before, {wire: call.body[wire] for wire in ("name",) if call.body.get(wire)})
    settings = as_object(call.body.get("settings"))
    if settings is not None:
        after["settings"] = _changed_settings(sandbox, call.ids[0], before, settings)
    if call.body.get("divisionId"):
        after["division"] = sandbox.division(str(call.body["divisionId"]))
    version = int(before.get("version") or 0) + 1
    after |= {"version": version, "metadata": metadata(sandbox, version)}
    teams.put(call.ids[0], after)
    return after


@service("post_workforcemanagement_managementunit_move")
def move_team(sandbox: Sandbox, call: Call) -> Any:
    """Move a management unit to another business unit."""
    teams, units = collection(sandbox, TEAMS), collection(sandbox, UNITS)
    before = found(teams, call.ids[0])
    unit = reference(units, found(units, str(call.body["businessUnitId"]))["id"])
    teams.put(call.ids[0], {**before, "businessUnit": unit})
    return {"businessUnit": unit, "status": "Complete"}


# --- agents -------------------------------------------------------------------------------------


def agents_of(sandbox: Sandbox, team_id: str) -> list[str]:
    """Ids of the users in a management unit."""

    def by_team() -> dict[str, list[str]]:
        result: dict[str, list[str]] = {}
        moved, everyone = sandbox.store.table(AGENTS), users(sandbox)
        seeded = list(collection(sandbox, TEAMS).seeded)
        for user_id in everyone.ids():
            own = moved.get(user_id)
            if own is None and seeded and user_id in everyone.seeded:
                own = seeded[everyone.place(user_id) % len(seeded)]
            result.setdefault(own or "", []).append(user_id)
        return result

    return sandbox.store.derived(AGENTS, by_team).get(team_id, [])


def team_of(sandbox: Sandbox, user_id: str) -> str:
    """Id of the management unit that a user is in; empty when in none."""
    own = sandbox.store.table(AGENTS).get(user_id)
    everyone, teams = users(sandbox), collection(sandbox, TEAMS)
    if own is None and teams.seeded and user_id in everyone.seeded:
        seeded = sandbox.store.seeded_ids(teams.shape, teams.path)
        own = seeded[everyone.place(user_id) % len(seeded)]
    return own if own and own in teams else ""


def _ref(user_id: str) -> Entity:
    return {"id": user_id, "selfUri": f"{USERS}/{user_id}"}


@service("get_workforcemanagement_managementunit_users")
def team_users(sandbox: Sandbox, call: Call) -> Any:
    """The users in a management unit."""
    return {"entities": [_ref(user_id) for user_id in agents_of(sandbox, call.ids[0])]}


@service("get_workforcemanagement_businessunit_users")
def unit_users(sandbox: Sandbox, call: Call) -> Any:
    """The users in a business unit, by management unit."""
    wanted = set(call.query.get("managementUnitIds") or ())
    chosen = [team for team in teams_of(sandbox, call.ids[0]) if not wanted or team["id"] in wanted]
    shown = [
        {
            "managementUnit": {"id": team["id"], "selfUri": f"{TEAMS}/{team['id']}"},
            "users": [_ref(user_id) for user_id in agents_of(sandbox, team["id"])],
        }
        for team in chosen
    ]
    return {"managementUnits": shown}


@service("get_workforcemanagement_managementunit_agent")
def get_agent(sandbox: Sandbox, call: Call) -> Any:
    """A user as an agent of a management unit."""
    if team_of(sandbox, call.ids[1]) != call.ids[0]:
        raise not_found("agent", call.ids[1])
    user = user_of(sandbox, call.ids[1])
    row = sandbox.store.table("wfm_schedulable").get(user["id"], {"schedulable": True, "version": 1})
    return {
        "id": user["id"],
        "user": _ref(user["id"]),
        "schedulable": row["schedulable"],
        "queues": [{"id": queue_id, "selfUri": f"{QUEUES}/{queue_id}"} for queue_id in queues_of(sandbox, user["id"])],
        "skills": [{"id": entry["id"], "name": entry["name"]} for entry in known(sandbox, user["id"])],
        "languages": [{"id": entry["id"], "name": entry["name"]} for entry in known(sandbox, user["id"], LANGUAGES)],
        "metadata": {"version": row["version"]},
        "selfUri": f"{TEAMS}/{call.ids[0]}/agents/{user['id']}",
    }


@service("patch_workforcemanagement_managementunit_agents")
def patch_agents(sandbox: Sandbox, call: Call) -> Any:
    """Say which agents can be scheduled."""
    entries = objects(call.body.get("entities"))
    for entry in entries:
        if team_of(sandbox, str(entry["userId"])) != call.ids[0]:
            raise not_found("agent", str(entry["userId"]))
    table = sandbox.store.table("wfm_schedulable")
    for entry in entries:
        version = int(table.get(entry["userId"], {}).get("version", 1)) + 1
        table[entry["userId"]] = {"schedulable": bool(entry.get("schedulable", True)), "version": version}


@service("post_workforcemanagement_agents")
def move_agents(sandbox: Sandbox, call: Call) -> Any:
    """Move users into a management unit, or out of theirs when none is named."""
    target = str(call.body.get("destinationManagementUnitId") or "")
    if target:
        found(collection(sandbox, TEAMS), target)
    results: list[Entity] = []
    for user_id in existing(users(sandbox), call.body["userIds"]):
        same = team_of(sandbox, user_id) == target
        results.append({"user": _ref(user_id), "result": "AlreadyMoved" if same else "MoveSuccessful"})
        sandbox.store.table(AGENTS)[user_id] = target
    where = {"destinationManagementUnit": {"id": target, "selfUri": f"{TEAMS}/{target}"}} if target else {}
    answer: Entity = {"requestingUser": _ref(sandbox.actor), **where, "results": results}
    sandbox.events.publish("v2.workforcemanagement.agents", answer)
    return answer


@service(
    "get_workforcemanagement_agent_managementunit", "get_workforcemanagement_agents_me_managementunit", personal=True
)
def agent_team(sandbox: Sandbox, call: Call) -> Any:
    """The units that a user is in."""
    user_id = user_of(sandbox, call.ids[0] if call.ids else sandbox.actor)["id"]
    own = team_of(sandbox, user_id)
    if not own:
        raise not_found("The management unit of the agent")
    unit = unit_of_team(collection(sandbox, TEAMS)[own])
    return {
        "user": _ref(user_id),
        "managementUnit": {"id": own, "selfUri": f"{TEAMS}/{own}"},
        "businessUnit": {"id": unit, "selfUri": f"{UNITS}/{unit}"},
    }


@listener
def leave(sandbox: Sandbox, change: Change) -> None:
    """Who is deleted, and whose management unit is deleted, is in none."""
    table = sandbox.store.table(AGENTS)
    if change.after is None and change.shape == USERS:
        table.pop(change.entity_id, None)
    elif change.after is None and change.shape == TEAMS:
        for user_id, own in list(table.items()):
            if own == change.entity_id:
                table[user_id] = ""


# --- activity codes -----------------------------------------------------------------------------


def _default_code(unit_id: str, code: tuple[str, str, str, bool, bool]) -> Entity:
    code_id, name, category, paid, work = code
    return {
        "id": code_id,
        "name": name,
        "category": category,
        "active": True,
        "defaultCode": True,
        "lengthInMinutes": 60,
        "countsAsPaidTime": paid,
        "countsAsWorkTime": work,
        "agentTimeOffSelectable": category == "TimeOff",
        "metadata": {"version": 1},
        "selfUri": f"{CODES.format(unit_id)}/{code_id}",
    }


@seeded_ids(CODES)
def default_codes(sandbox: Sandbox, path: str) -> list[str]:
    """The codes that every business unit has."""
    return [code[0] for code in DEFAULT_CODES]


@seeder(CODES)
def a_code(sandbox: Sandbox, entities: Collection, entity: Entity) -> None:
    """One of them."""
    code = next(code for code in DEFAULT_CODES if code[0] == entity["id"])
    entity.clear()
    entity |= _default_code(entities.path.split("/")[-2], code)


@service("post_workforcemanagement_businessunit_activitycodes")
def post_code(sandbox: Sandbox, call: Call) -> Any:
    """A new activity code; its id is a number."""
    codes = collection(sandbox, CODES, call.ids[0])
    require_text(call.body, "name")
    unique(codes, "name", call.body["name"])
    code_id = str(max((int(key) for key in codes.ids() if key.isdecimal()), default=-1) + 1)
    usual = {"lengthInMinutes": 60, "countsAsPaidTime": True, "countsAsWorkTime": True, "agentTimeOffSelectable": False}
    made = {**usual, **without_nulls(call.body), "active": True, "defaultCode": False, "metadata": metadata(sandbox)}
    add(sandbox, call, codes, made, code_id)
    return codes[code_id]


@service("patch_workforcemanagement_businessunit_activitycode")
def patch_code(sandbox: Sandbox, call: Call) -> Any:
    """Change an activity code; the category of one of the start stays."""
    codes = collection(sandbox, CODES, call.ids[0])
    before = found(codes, call.ids[1])
    current = version_of(before) or 0
    check_version(call.ids[1], version_of(call.body), current)
    unique(codes, "name", call.body.get("name"), but=call.ids[1])
    wrapped = {"style", "secondaryPresences", "planningGroupIds", "metadata"}
    changes = {wire: value for wire, value in without_nulls(call.body).items() if wire not in wrapped}
    if before.get("defaultCode") and changes.get("category", before.get("category")) != before.get("category"):
        raise bad_request("The category of a default activity code cannot be changed.")
    after = patched(before, changes) | {"metadata": metadata(sandbox, current + 1)}
    codes.put(call.ids[1], after)
    return after


@service("delete_workforcemanagement_businessunit_activitycode")
def delete_code(sandbox: Sandbox, call: Call) -> Any:
    """Delete an activity code, unless it is one of the start."""
    codes = collection(sandbox, CODES, call.ids[0])
    if found(codes, call.ids[1]).get("defaultCode"):
        raise bad_request("A default activity code cannot be deleted.")
    codes.remove(call.ids[1])


def code_of(sandbox: Sandbox, unit_id: str, code_id: str) -> Entity:
    """An activity code of a business unit; the one for work on queue when there is none with this id."""
    codes = collection(sandbox, CODES, unit_id)
    return codes[code_id] if code_id in codes else _default_code(unit_id, DEFAULT_CODES[0])


@service("get_workforcemanagement_managementunit_activitycodes")
def team_codes(sandbox: Sandbox, call: Call) -> Any:
    """The activity codes of the business unit that a management unit is in."""
    unit = unit_of_team(found(collection(sandbox, TEAMS), call.ids[0]))
    codes = {
        code["id"]: {**code, "isActive": code.get("active"), "isDefault": code.get("defaultCode")}
        for code in collection(sandbox, CODES, unit)
    }
    return {"activityCodes": codes, "metadata": {"version": 1}}


# --- examples -----------------------------------------------------------------------------------


@example_body("post_workforcemanagement_businessunits")
def example_unit(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A business unit with a name that is free."""
    name = f"Example unit {sandbox.store.changes} {len(collection(sandbox, UNITS))}"
    settings = {"startDayOfWeek": "Monday", "timeZone": "Europe/Berlin"}
    return {"name": name, "divisionId": sandbox.home_division()["id"], "settings": settings}


@example_body("patch_workforcemanagement_businessunit", "patch_workforcemanagement_managementunit")
def example_name(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Another name."""
    return {"name": f"Example {sandbox.store.changes}"}


@example_body("post_workforcemanagement_managementunits", "post_workforcemanagement_managementunit_move")
def example_team(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A management unit in a business unit that exists."""
    unit = collection(sandbox, UNITS).ids()[0]
    return {"businessUnitId": unit} if ids else {"name": "Example unit", "businessUnitId": unit}


@example_body("post_workforcemanagement_agents")
def example_move(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A user into a management unit."""
    return {"userIds": users(sandbox).ids()[:1], "destinationManagementUnitId": collection(sandbox, TEAMS).ids()[0]}


def example_membership(sandbox: Sandbox) -> tuple[str, str]:
    """A management unit, and a user in it."""
    for user_id in users(sandbox).ids():
        own = team_of(sandbox, user_id)
        if own:
            return own, user_id
    raise LookupError("no user is in a management unit")


@example_ids("get_workforcemanagement_managementunit_agent")
def example_agent(sandbox: Sandbox) -> list[str]:
    """A management unit, and a user in it."""
    return list(example_membership(sandbox))


@example_ids("get_workforcemanagement_agent_managementunit")
def example_member(sandbox: Sandbox) -> list[str]:
    """A user in a management unit."""
    return [example_membership(sandbox)[1]]


@example_ids("patch_workforcemanagement_managementunit_agents")
def example_full_team(sandbox: Sandbox) -> list[str]:
    """A management unit with a user."""
    return [example_membership(sandbox)[0]]


@example_body("patch_workforcemanagement_managementunit_agents")
def example_schedulable(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A user who is in the management unit."""
    return {"entities": [{"userId": agents_of(sandbox, ids[0])[0], "schedulable": True}]}


@example_body("post_workforcemanagement_businessunit_activitycodes")
def example_code(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A code with a name that is free."""
    return {"name": f"Example code {sandbox.store.changes}", "category": "Meeting"}


@example_body("patch_workforcemanagement_businessunit_activitycode")
def example_code_change(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Another length."""
    version = version_of(collection(sandbox, CODES, ids[0])[ids[1]])
    return {"lengthInMinutes": 30, "metadata": {"version": version}}


@example_ids("delete_workforcemanagement_businessunit")
def example_empty_unit(sandbox: Sandbox) -> list[str]:
    """A business unit without management units."""
    full = {unit_of_team(team) for team in collection(sandbox, TEAMS)}
    return [next(key for key in reversed(collection(sandbox, UNITS).ids()) if key not in full)]


@example_ids("delete_workforcemanagement_businessunit_activitycode")
def example_own_code(sandbox: Sandbox) -> list[str]:
    """A code that is not one of the start; one is made where there is none."""
    unit = collection(sandbox, UNITS).ids()[0]
    codes = collection(sandbox, CODES, unit)
    own = next((code["id"] for code in codes if not code.get("defaultCode")), "")
    if not own:
        own = str(len(codes.ids()))
        codes.put(own, {**_default_code(unit, (own, "Example", "Meeting", True, True)), "defaultCode": False})
    return [unit, own]
