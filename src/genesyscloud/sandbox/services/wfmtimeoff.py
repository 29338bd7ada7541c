"""Time off: asked for by agents, or entered and decided on by those who run a management unit.

All requests are in the collection ``/api/v2/workforcemanagement/timeoffrequests``, whichever path they come by.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..crud import add, patched
from ..narrow import as_list, as_object, texts
from ..refusal import bad_request, not_found
from .linked import check_version, collection, existing, found
from .registry import example_body, example_ids, seeder, service
from .users import PATH as USERS
from .users import users
from .wfm import ROOT, TEAMS, agents_of, example_membership, metadata, team_of, version_of

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

REQUESTS = f"{ROOT}/timeoffrequests"
FULL_DAY = 480
#: What a request says of the days and hours.
TIMES = (
    "fullDayManagementUnitDates", "fullDayEarliestStartOffsetMinutes", "fullDayLatestEndOffsetMinutes",
    "partialDayStartDateTimes", "durationMinutes", "payableMinutes",
)  # fmt: skip


def _requests(sandbox: Sandbox) -> Collection:
    return collection(sandbox, REQUESTS)


def _ref(user_id: str) -> Entity:
    return {"id": user_id, "selfUri": f"{USERS}/{user_id}"}


@seeder(REQUESTS)
def a_request(sandbox: Sandbox, entities: Collection, entity: Entity) -> None:
    """A seeded request is that of a seeded user for one day."""
    people = list(users(sandbox).seeded)
    at = entities.place(entity["id"])
    owner = _ref(people[at % len(people)]) if people else _ref(sandbox.admin_id)
    entity |= {
        **{wire: list[Any]() for wire in TIMES}, "user": owner, "submittedBy": owner, "isFullDayRequest": True,
        "fullDayManagementUnitDates": [f"2026-03-{1 + at % 28:02d}"], "dailyDurationMinutes": FULL_DAY,
        "durationMinutes": [FULL_DAY], "payableMinutes": [0], "activityCodeId": "5", "status": "PENDING",
        "notes": "", "syncVersion": 1, "metadata": {"version": 1}, "markedAsRead": False,
    }  # fmt: skip
    for wire in ("substatus", "reviewedBy", "reviewedDate", "modifiedBy", "modifiedDate"):
        entity.pop(wire, None)


def _owner(request: Entity) -> str:
    return str((as_object(request.get("user")) or {}).get("id"))


def _times(body: Entity) -> Entity:
    """What a body says of days and hours.

    Raises:
        Refusal: 400; it says nothing, or both whole days and hours.
    """
    days, hours = (
        as_list(body.get("fullDayManagementUnitDates")) or [],
        as_list(body.get("partialDayStartDateTimes")) or [],
    )
    if bool(days) == bool(hours):
        raise bad_request("Give either fullDayManagementUnitDates or partialDayStartDateTimes.", code="invalid.value")
    count, daily = len(days or hours), int(body.get("dailyDurationMinutes") or FULL_DAY)
    made: Entity = {wire: as_list(body.get(wire)) or list[Any]() for wire in TIMES}
    return {
        **made,
        "isFullDayRequest": bool(days),
        "dailyDurationMinutes": daily,
        "durationMinutes": made["durationMinutes"] or [daily] * count,
        "payableMinutes": made["payableMinutes"] or [0] * count,
    }


def _create(sandbox: Sandbox, call: Call, user_id: str, status: str) -> Entity:
    who = _ref(sandbox.actor)
    reviewed = {"reviewedBy": who, "reviewedDate": sandbox.now()} if status == "APPROVED" else {}
    made = {
        **_times(call.body),
        **reviewed,
        "user": _ref(user_id),
        "activityCodeId": call.body["activityCodeId"],
        "status": status,
        "paid": bool(call.body.get("paid")),
        "notes": call.body.get("notes") or "",
        "markedAsRead": False,
        "submittedBy": who,
        "submittedDate": sandbox.now(),
        "syncVersion": 1,
        "metadata": metadata(sandbox),
    }
    requests = _requests(sandbox)
    return requests[add(sandbox, call, requests, made, "")]


@service("post_workforcemanagement_managementunit_timeoffrequests")
def enter(sandbox: Sandbox, call: Call) -> Any:
    """Enter time off for agents of a management unit."""
    found(collection(sandbox, TEAMS), call.ids[0])
    people = existing(users(sandbox), [(as_object(entry) or {}).get("id") for entry in call.body["users"]])
    for user_id in people:
        if team_of(sandbox, user_id) != call.ids[0]:
            raise not_found("agent", user_id)
    return {"timeOffRequests": [_create(sandbox, call, user_id, call.body["status"]) for user_id in people]}


@service("post_workforcemanagement_timeoffrequests")
def ask(sandbox: Sandbox, call: Call) -> Any:
    """Ask for time off."""
    return _create(sandbox, call, sandbox.actor, "PENDING")


def _of(sandbox: Sandbox, user_id: str) -> list[Entity]:
    return [request for request in _requests(sandbox) if _owner(request) == user_id]


@service("get_workforcemanagement_timeoffrequests", personal=True)
def list_mine(sandbox: Sandbox, call: Call) -> Any:
    """The requests of the one who asks."""
    return {"timeOffRequests": _of(sandbox, sandbox.actor)}


@service("get_workforcemanagement_managementunit_user_timeoffrequests")
def list_of(sandbox: Sandbox, call: Call) -> Any:
    """The requests of an agent."""
    return {"timeOffRequests": _of(sandbox, call.ids[1])}


def _one(sandbox: Sandbox, call: Call) -> Entity:
    """The request that a path names, which must be that of the user in the path."""
    request = found(_requests(sandbox), call.ids[-1])
    if len(call.ids) == 3 and _owner(request) != call.ids[1]:
        raise not_found("timeOffRequest", call.ids[-1])
    return request


@service("get_workforcemanagement_timeoffrequest", "get_workforcemanagement_managementunit_user_timeoffrequest")
def get_request(sandbox: Sandbox, call: Call) -> Any:
    """One request."""
    return _one(sandbox, call)


@service("patch_workforcemanagement_timeoffrequest")
def change_mine(sandbox: Sandbox, call: Call) -> Any:
    """Cancel a request of one's own, or note that it was read."""
    request = _one(sandbox, call)
    wires = ("markedAsRead", "status", "notes")
    changes = {wire: call.body[wire] for wire in wires if call.body.get(wire) is not None}
    if "status" in changes and request.get("status") in ("DENIED", "CANCELED"):
        raise bad_request(f"A request that is {request['status']} cannot be canceled.")
    return _write(sandbox, request, changes)


@service("patch_workforcemanagement_managementunit_user_timeoffrequest")
def decide(sandbox: Sandbox, call: Call) -> Any:
    """Approve, deny or change a request."""
    request = _one(sandbox, call)
    check_version(request["id"], version_of(call.body), version_of(request))
    wires = ("status", "activityCodeId", "paid", "notes", "dailyDurationMinutes")
    changes = {wire: call.body[wire] for wire in wires if call.body.get(wire) is not None}
    if call.body.get("fullDayManagementUnitDates") or call.body.get("partialDayStartDateTimes"):
        changes |= _times(call.body)
    if changes.get("status") in ("APPROVED", "DENIED"):
        changes |= {"reviewedBy": _ref(sandbox.actor), "reviewedDate": sandbox.now()}
    return _write(sandbox, request, changes)


def _write(sandbox: Sandbox, request: Entity, changes: Entity) -> Entity:
    version = int(version_of(request) or 0) + 1
    modified = {"modifiedBy": _ref(sandbox.actor), "modifiedDate": sandbox.now()}
    after = patched(request, changes) | modified | {"metadata": metadata(sandbox, version)}
    _requests(sandbox).put(request["id"], after)
    return after


@service("post_workforcemanagement_managementunit_timeoffrequests_query")
def query(sandbox: Sandbox, call: Call) -> Any:
    """The requests of the agents of a management unit."""
    agents = set(agents_of(sandbox, call.ids[0]))
    ids, people, statuses = (set(texts(call.body.get(wire))) for wire in ("ids", "userIds", "statuses"))
    dates = as_object(call.body.get("dateRange")) or {}
    low, high = str(dates.get("startDate") or ""), str(dates.get("endDate") or "9999")
    chosen = [
        request
        for request in _requests(sandbox)
        if _owner(request) in agents
        and (not ids or request["id"] in ids)
        and (not people or _owner(request) in people)
        and (not statuses or request["status"] in statuses)
        and any(low[:10] <= day[:10] <= high[:10] for day in _days(request))
    ]
    return {"entities": chosen}


def _days(request: Entity) -> list[str]:
    return [str(day) for wire in ("fullDayManagementUnitDates", "partialDayStartDateTimes") for day in request[wire]]


# --- examples -----------------------------------------------------------------------------------


@example_body("post_workforcemanagement_managementunit_timeoffrequests")
def example_entry(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A day off for an agent."""
    return {**_example_day(), "status": "APPROVED", "users": [{"id": agents_of(sandbox, ids[0])[0]}]}


def _example_day() -> Entity:
    return {"activityCodeId": "5", "fullDayManagementUnitDates": ["2026-03-02"]}


@example_ids("post_workforcemanagement_managementunit_timeoffrequests")
def example_team(sandbox: Sandbox) -> list[str]:
    """A management unit with an agent."""
    return [example_membership(sandbox)[0]]


@example_body("post_workforcemanagement_timeoffrequests")
def example_wish(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A day off."""
    return _example_day()


@example_ids(
    "get_workforcemanagement_managementunit_user_timeoffrequest",
    "patch_workforcemanagement_managementunit_user_timeoffrequest",
)
def example_request(sandbox: Sandbox) -> list[str]:
    """A request, and whose it is."""
    request = next(iter(_requests(sandbox)))
    return [collection(sandbox, TEAMS).ids()[0], _owner(request), request["id"]]


@example_body("patch_workforcemanagement_managementunit_user_timeoffrequest")
def example_decision(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Approved."""
    return {"status": "APPROVED", "metadata": {"version": version_of(_requests(sandbox)[ids[-1]])}}


@example_body("patch_workforcemanagement_timeoffrequest")
def example_read(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Read."""
    return {"markedAsRead": True}


@example_body("post_workforcemanagement_managementunit_timeoffrequests_query")
def example_question(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """All that is not decided."""
    return {"statuses": ["PENDING"]}
