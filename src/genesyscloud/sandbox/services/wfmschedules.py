"""Schedules of workforce management: made, imported, copied, published, and searched by agent.

A schedule is in the collection of its business unit and week. The table ``wfm_shifts`` holds, by id of schedule, the
shifts of each user; for a seeded schedule that is not in it they are derived.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from .. import words
from ..crud import add
from ..files import content as uploaded
from ..files import json_of, presigned, put
from ..narrow import as_object, objects
from ..refusal import Refusal, bad_request
from ..rng import Rng, seeded_uuid
from ..shapes import plain
from .linked import check_version, collection, found, listed, moment, require_text
from .registry import example_body, seeded_ids, seeder, service
from .users import PATH as USERS
from .users import users
from .wfm import TEAMS, UNITS, agents_of, metadata, team_of, teams_of, unit_of_team, version_of

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

SCHEDULES = f"{UNITS}/{{}}/weeks/{{}}/schedules"
SHIFTS = "wfm_shifts"
WEEKS = 6
#: Minutes of a derived shift, and of the meal in it.
SHIFT, MEAL_AFTER, MEAL = 480, 240, 30


class Shift(NamedTuple):
    """A shift of a user in a schedule."""

    schedule: Entity
    user_id: str
    shift: Entity


def schedules(sandbox: Sandbox, unit_id: str, week: str) -> Collection:
    """The schedules of a business unit that start in a week, which is a date."""
    return collection(sandbox, SCHEDULES, unit_id, week)


@seeded_ids(SCHEDULES)
def seeded_schedule(sandbox: Sandbox, path: str) -> list[str]:
    """A seeded business unit has a schedule and a draft for each week that starts on a Monday."""
    week = _week(path.split("/")[-2])
    if week is None or week.weekday() != 0:
        return []
    return [seeded_uuid(sandbox.settings.seed, path, at) for at in range(2)]


@seeder(SCHEDULES)
def a_schedule(sandbox: Sandbox, entities: Collection, entity: Entity) -> None:
    """The first is published."""
    first = entities.place(entity["id"]) == 0
    week = entities.path.split("/")[-2]
    own: Entity = {wire: entity[wire] for wire in ("id", "selfUri") if wire in entity}
    entity.clear()
    entity |= {**own, **_new(sandbox, week, 1, f"Week of {week}"), "published": first, "metadata": {"version": 1}}


def _week(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _start_of_week(text: str) -> str:
    """A week as a path gives it.

    Raises:
        Refusal: 400; it is no date.
    """
    week = _week(text)
    if week is None:
        raise bad_request(f"{text} is not a date.", code="invalid.date")
    return week.isoformat()


def _new(sandbox: Sandbox, week: str, count: int, description: str) -> Entity:
    if not 1 <= count <= WEEKS:
        raise bad_request(f"weekCount must be from 1 to {WEEKS}.", code="invalid.value")
    made: Entity = {"weekDate": week, "weekCount": count, "description": description, "published": False}
    return {**made, "metadata": metadata(sandbox)}


def _shown(sandbox: Sandbox, unit_id: str, schedule: Entity) -> Entity:
    """A schedule with the management units that it is for."""
    teams = [
        {"managementUnit": {"id": team["id"], "selfUri": f"{TEAMS}/{team['id']}"}, "agentCount": len(agents)}
        for team in teams_of(sandbox, unit_id)
        for agents in (agents_of(sandbox, team["id"]),)
    ]
    return {**schedule, "managementUnits": teams}


# --- shifts -------------------------------------------------------------------------------------


def shifts_of(
    sandbox: Sandbox, unit_id: str, schedule: Entity, user_ids: Sequence[str] | None = None
) -> dict[str, list[Entity]]:
    """The shifts in a schedule, by id of user; those of some users, or of all."""
    kept = sandbox.store.table(SHIFTS).get(schedule["id"])
    if kept is not None:
        return kept if user_ids is None else {user_id: kept[user_id] for user_id in user_ids if user_id in kept}
    week = schedule["weekDate"]
    if schedule["id"] not in schedules(sandbox, unit_id, week).seeded:
        return {}
    teams = {team["id"] for team in teams_of(sandbox, unit_id)}
    if user_ids is None:
        people = [user_id for team_id in teams for user_id in agents_of(sandbox, team_id)]
    else:
        people = [user_id for user_id in user_ids if team_of(sandbox, user_id) in teams]
    return {user_id: _derived_shifts(sandbox, schedule["id"], week, user_id) for user_id in people}


def _derived_shifts(sandbox: Sandbox, schedule_id: str, week: str, user_id: str) -> list[Entity]:
    """Five days of work with a meal, beginning between 7 and 11."""
    hour = 7 + Rng(f"{sandbox.settings.seed}\x1fshift\x1f{user_id}").below(5)
    made: list[Entity] = []
    for day in range(5):
        start = moment(week) + timedelta(days=day, hours=hour)
        parts = [(0, MEAL_AFTER, "0"), (MEAL_AFTER, MEAL, "2"), (MEAL_AFTER + MEAL, SHIFT - MEAL_AFTER - MEAL, "0")]
        activities = [
            {
                "startDate": words.written(start + timedelta(minutes=after)),
                "lengthMinutes": minutes,
                "description": "",
                "activityCodeId": code,
                "paid": code == "0",
            }
            for after, minutes, code in parts
        ]
        shift_id = seeded_uuid(sandbox.settings.seed, schedule_id, user_id, day)
        shift = {"id": shift_id, "startDate": words.written(start), "lengthMinutes": SHIFT}
        made.append({**shift, "activities": activities, "manuallyEdited": False})
    return made


def _uploaded_shifts(sandbox: Sandbox, content: Entity) -> dict[str, list[Entity]]:
    """The shifts in something uploaded.

    Raises:
        Refusal: 400; a user is not there, or a shift has no activities.
    """
    made: dict[str, list[Entity]] = {}
    for agent in objects(content.get("agentSchedules")):
        user_id = str(agent.get("userId") or "")
        if user_id not in users(sandbox):
            raise bad_request(f"There is no user with id {user_id}.", code="invalid.value")
        made[user_id] = [_shift(sandbox, shift) for shift in objects(agent.get("shifts"))]
    return made


def _shift(sandbox: Sandbox, sent: Entity) -> Entity:
    activities = objects(sent.get("activities"))
    try:
        spans = [(moment(str(a["startDate"])), int(a["lengthMinutes"])) for a in activities]
    except (KeyError, TypeError, ValueError):
        raise bad_request("An activity needs a startDate and lengthMinutes.", code="invalid.value") from None
    if not spans:
        raise bad_request("A shift needs activities.", code="invalid.value")
    start = min(begin for begin, _ in spans)
    end = max(begin + timedelta(minutes=minutes) for begin, minutes in spans)
    shift_id = str(sent.get("id") or sandbox.store.new_id(collection(sandbox, UNITS).shape))
    length = int((end - start).total_seconds() // 60)
    named = [{"description": "", "activityCodeId": "0", **activity} for activity in activities]
    return {**sent, "id": shift_id, "startDate": words.written(start), "lengthMinutes": length, "activities": named}


def published_shifts(
    sandbox: Sandbox, unit_id: str, start: datetime, end: datetime, user_ids: Sequence[str]
) -> Iterator[Shift]:
    """The shifts in published schedules that lie between two points in time, at least in part."""
    for schedule in published(sandbox, unit_id, start, end):
        for user_id, shifts in shifts_of(sandbox, unit_id, schedule, user_ids).items():
            for shift in shifts:
                begin = moment(shift["startDate"])
                if begin < end and begin + timedelta(minutes=shift["lengthMinutes"]) > start:
                    yield Shift(schedule, user_id, shift)


def published(sandbox: Sandbox, unit_id: str, start: datetime, end: datetime) -> list[Entity]:
    """The published schedules with a week between two points in time; for a year at most."""
    day = start.date() - timedelta(days=7 * WEEKS)
    last = min(end.date(), day + timedelta(days=366 + 7 * WEEKS))
    chosen: list[Entity] = []
    while day <= last:
        for schedule in schedules(sandbox, unit_id, day.isoformat()):
            until = day + timedelta(days=7 * int(schedule["weekCount"]))
            if schedule.get("published") and until > start.date():
                chosen.append(schedule)
        day += timedelta(days=1)
    return chosen


# --- schedules ----------------------------------------------------------------------------------


@service("get_workforcemanagement_businessunit_week_schedules")
def list_schedules(sandbox: Sandbox, call: Call) -> Any:
    """The schedules of a week."""
    chosen = list(schedules(sandbox, call.ids[0], _start_of_week(call.ids[1])))
    if call.query.get("includeOnlyPublished"):
        chosen = [schedule for schedule in chosen if schedule.get("published")]
    return listed(sandbox, call, chosen, "expand", "includeOnlyPublished", "earliestWeekDate", "latestWeekDate")


@service("post_workforcemanagement_businessunit_week_schedules")
def post_schedule(sandbox: Sandbox, call: Call) -> Any:
    """A schedule without shifts."""
    require_text(call.body, "description")
    return _add(sandbox, call, call.ids[1], int(call.body["weekCount"]), call.body["description"], {})


def _add(
    sandbox: Sandbox, call: Call, week: str, count: int, description: str, shifts: dict[str, list[Entity]]
) -> Entity:
    week = _start_of_week(week)
    entities = schedules(sandbox, call.ids[0], week)
    schedule_id = add(sandbox, call, entities, _new(sandbox, week, count, description), "")
    sandbox.store.table(SHIFTS)[schedule_id] = shifts
    return _shown(sandbox, call.ids[0], entities[schedule_id])


def _one(sandbox: Sandbox, call: Call) -> Entity:
    return found(schedules(sandbox, call.ids[0], _start_of_week(call.ids[1])), call.ids[2])


@service("get_workforcemanagement_businessunit_week_schedule")
def get_schedule(sandbox: Sandbox, call: Call) -> Any:
    """One schedule."""
    return _shown(sandbox, call.ids[0], _one(sandbox, call))


def _done(sandbox: Sandbox, call: Call, schedule: Entity | None) -> Entity:
    """What an operation that is done at once answers, and the event that says so."""
    operation = sandbox.store.new_job()
    body: Entity = {"status": "Complete", "operationId": operation, "eventType": "Update"}
    if schedule is not None:
        body["result"] = schedule
    sandbox.events.publish(f"v2.workforcemanagement.businessunits.{call.ids[0]}.schedules", body)
    return {wire: value for wire, value in body.items() if wire != "eventType"}


@service("delete_workforcemanagement_businessunit_week_schedule")
def delete_schedule(sandbox: Sandbox, call: Call) -> Any:
    """Delete a schedule."""
    schedule = _one(sandbox, call)
    schedules(sandbox, call.ids[0], call.ids[1]).remove(schedule["id"])
    sandbox.store.table(SHIFTS).pop(schedule["id"], None)
    return _done(sandbox, call, schedule)


@service("post_workforcemanagement_businessunit_week_schedule_copy")
def copy_schedule(sandbox: Sandbox, call: Call) -> Any:
    """Copy a schedule into another week, its shifts as many days later."""
    source = _one(sandbox, call)
    require_text(call.body, "description")
    target = _start_of_week(str(call.body["weekDate"]))
    later = date.fromisoformat(target) - date.fromisoformat(source["weekDate"])
    shifts = {
        user_id: [_moved(sandbox, shift, later) for shift in own]
        for user_id, own in shifts_of(sandbox, call.ids[0], source).items()
    }
    made = _add(sandbox, call, target, int(source["weekCount"]), call.body["description"], shifts)
    return _done(sandbox, call, made)


def _moved(sandbox: Sandbox, shift: Entity, later: timedelta) -> Entity:
    activities = [
        {**activity, "startDate": words.written(moment(activity["startDate"]) + later)}
        for activity in objects(shift.get("activities"))
    ]
    return _shift(sandbox, {**shift, "id": "", "activities": activities})


# --- uploads ------------------------------------------------------------------------------------


@service(
    "post_workforcemanagement_businessunit_week_schedules_import_uploadurl",
    "post_workforcemanagement_businessunit_week_schedule_update_uploadurl",
)
def upload_url(sandbox: Sandbox, call: Call) -> Any:
    """Where to send what shall be imported."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return {**presigned(sandbox, call, "workforcemanagement", {}, headers), "uploadBodySchema": {}}


def _content(sandbox: Sandbox, call: Call) -> Entity:
    """What was uploaded under the key in the body.

    Raises:
        Refusal: 400; nothing was.
    """
    sent = uploaded(sandbox, str(call.body["uploadKey"]))
    content = None if sent is None else json_of(sent)
    if content is None:
        raise bad_request("Nothing was uploaded with this uploadKey, or no gzipped JSON.", code="invalid.value")
    return content


@service("post_workforcemanagement_businessunit_week_schedules_import")
def import_schedule(sandbox: Sandbox, call: Call) -> Any:
    """Make a schedule of what was uploaded."""
    content = _content(sandbox, call)
    shifts = _uploaded_shifts(sandbox, content)
    description = str(content.get("description") or "Imported")
    made = _add(sandbox, call, call.ids[1], int(content.get("weekCount") or 1), description, shifts)
    if content.get("published"):
        made = _publish(sandbox, call.ids[0], made)
    return _done(sandbox, call, made)


def _publish(sandbox: Sandbox, unit_id: str, schedule: Entity) -> Entity:
    """Publish a schedule in place of the one of its week that was."""
    entities = schedules(sandbox, unit_id, schedule["weekDate"])
    for other in list(entities):
        if other.get("published") and other["id"] != schedule["id"]:
            entities.put(other["id"], {**other, "published": False})
    entities.put(schedule["id"], {**entities[schedule["id"]], "published": True})
    for user_id in shifts_of(sandbox, unit_id, schedule):
        body: Entity = {"updates": [{"type": "Created", "shiftStartDates": list[str]()}]}
        sandbox.events.publish(f"v2.users.{user_id}.workforcemanagement.schedules", body)
    return _shown(sandbox, unit_id, entities[schedule["id"]])


@service("post_workforcemanagement_businessunit_week_schedule_update")
def update_schedule(sandbox: Sandbox, call: Call) -> Any:
    """Change a schedule as was uploaded: the shifts of the users in it, the description, whether it is published."""
    schedule, content = _one(sandbox, call), _content(sandbox, call)
    current = version_of(schedule) or 0
    check_version(schedule["id"], version_of(content), current)
    shifts = {**shifts_of(sandbox, call.ids[0], schedule), **_uploaded_shifts(sandbox, content)}
    sandbox.store.table(SHIFTS)[schedule["id"]] = shifts
    after = {**schedule, "metadata": metadata(sandbox, current + 1)}
    if content.get("description"):
        after["description"] = content["description"]
    schedules(sandbox, call.ids[0], schedule["weekDate"]).put(schedule["id"], after)
    if content.get("published"):
        after = _publish(sandbox, call.ids[0], after)
    return _done(sandbox, call, _shown(sandbox, call.ids[0], after))


# --- by agent -----------------------------------------------------------------------------------


def _ref(user_id: str) -> Entity:
    return {"id": user_id, "selfUri": f"{USERS}/{user_id}"}


@service("post_workforcemanagement_businessunit_week_schedule_agentschedules_query")
def query_schedule(sandbox: Sandbox, call: Call) -> Any:
    """The shifts in a schedule."""
    schedule = _one(sandbox, call)
    team_id = str(call.body["managementUnitId"])
    found(collection(sandbox, TEAMS), team_id)
    wanted = set(call.body.get("userIds") or agents_of(sandbox, team_id))
    agents = [
        {"user": _ref(user_id), "shifts": own, "fullDayTimeOffMarkers": list[Any](), "metadata": schedule["metadata"]}
        for user_id, own in shifts_of(sandbox, call.ids[0], schedule).items()
        if user_id in wanted and team_of(sandbox, user_id) == team_id
    ]
    result = {"agentSchedules": agents, "businessUnitTimeZone": "UTC"}
    return {"status": "Complete", "operationId": sandbox.store.new_job(), "result": result, "progress": 100}


def _search(sandbox: Sandbox, unit_id: str, body: Entity, user_ids: Sequence[str]) -> Entity:
    start, end = moment(str(body["startDate"])), moment(str(body["endDate"]))
    if end < start:
        raise bad_request("endDate is before startDate.", code="invalid.date")
    agents: dict[str, list[Entity]] = {user_id: [] for user_id in user_ids}
    for schedule, user_id, shift in published_shifts(sandbox, unit_id, start, end, user_ids):
        about = {wire: schedule[wire] for wire in ("id", "weekDate", "selfUri") if wire in schedule}
        agents[user_id].append({**shift, "schedule": about})
    unit = found(collection(sandbox, UNITS), unit_id)
    wires = ("id", "weekDate", "weekCount", "selfUri")
    return {
        "agentSchedules": [
            {"user": _ref(user_id), "shifts": shifts, "fullDayTimeOffMarkers": list[Any]()}
            for user_id, shifts in agents.items()
        ],
        "businessUnitTimeZone": (as_object(unit.get("settings")) or {}).get("timeZone", "UTC"),
        "publishedSchedules": [
            {wire: schedule[wire] for wire in wires if wire in schedule}
            for schedule in published(sandbox, unit_id, start, end)
        ],
    }


@service(
    "post_workforcemanagement_businessunit_agentschedules_search",
    "post_workforcemanagement_managementunit_agentschedules_search",
)
def search_schedules(sandbox: Sandbox, call: Call) -> Any:
    """The published shifts of the agents of a unit."""
    if plain(call.record.path).startswith(f"{UNITS}/"):
        unit_id = call.ids[0]
        people = [user_id for team in teams_of(sandbox, unit_id) for user_id in agents_of(sandbox, team["id"])]
    else:
        unit_id = unit_of_team(found(collection(sandbox, TEAMS), call.ids[0]))
        people = agents_of(sandbox, call.ids[0])
    wanted = set(call.body.get("userIds") or people)
    result = _search(sandbox, unit_id, call.body, [user_id for user_id in people if user_id in wanted])
    return {"status": "Complete", "operationId": sandbox.store.new_job(), "result": result, "progress": 100}


@service("post_workforcemanagement_agentschedules_mine")
def search_mine(sandbox: Sandbox, call: Call) -> Any:
    """The published shifts of the one who asks."""
    own = team_of(sandbox, sandbox.actor)
    if not own:
        raise Refusal(404, "not.found", "You are in no management unit.")
    result = _search(sandbox, unit_of_team(collection(sandbox, TEAMS)[own]), call.body, [sandbox.actor])
    return {**result, "startDate": call.body["startDate"], "endDate": call.body["endDate"], "updates": list[Any]()}


# --- examples -----------------------------------------------------------------------------------


@example_body("post_workforcemanagement_businessunit_week_schedule_agentschedules_query")
def example_query(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A management unit that exists."""
    return {"managementUnitId": collection(sandbox, TEAMS).ids()[0]}


@example_body("post_workforcemanagement_businessunit_week_schedules")
def example_schedule(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A week."""
    return {"description": "Example", "weekCount": 1}


@example_body("post_workforcemanagement_businessunit_week_schedule_copy")
def example_copy(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Into another week."""
    return {"description": "Example", "weekDate": "2026-02-02"}


@example_body(
    "post_workforcemanagement_businessunit_week_schedules_import",
    "post_workforcemanagement_businessunit_week_schedule_update",
)
def example_upload(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Something that was uploaded."""
    content: Entity = {"description": "Example", "weekCount": 1, "agentSchedules": []}
    return {"uploadKey": put(sandbox, gzip.compress(msgspec.json.encode(content)))}


@example_body(
    "post_workforcemanagement_businessunit_agentschedules_search",
    "post_workforcemanagement_managementunit_agentschedules_search",
    "post_workforcemanagement_agentschedules_mine",
)
def example_search(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A week."""
    return {"startDate": "2026-01-05T00:00:00.000Z", "endDate": "2026-01-12T00:00:00.000Z"}
