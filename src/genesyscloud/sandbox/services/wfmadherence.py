"""Adherence: whether agents do what their schedule says, now and in the past.

What an agent does follows from presence and its history (:mod:`.presence`), what the agent should do from published
schedules (:mod:`.wfmschedules`). A query over the past is answered at once, as if it were done: the first reply says
that it is being worked on, the event that it is done follows, and so does the result. The table ``wfm_adherence``
keeps results by id of job.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import words
from ..crud import Answered
from ..narrow import as_object, objects
from ..refusal import bad_request, not_found
from .groups import TEAMS as PEOPLE_TEAMS
from .groups import members_of
from .linked import collection, existing, found, moment
from .people import out_of_office
from .presence import primary_presence, routing_status
from .registry import example_body, example_ids, example_query, service
from .users import PATH as USERS
from .users import users
from .wfm import TEAMS, UNITS, agents_of, code_of, team_of, unit_of_team
from .wfmschedules import published_shifts

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Entity

JOBS = "wfm_adherence"
#: What a presence counts as, by its system presence in lower case without spaces.
CATEGORIES = {
    "onqueue": "OnQueueWork", "break": "Break", "meal": "Meal", "meeting": "Meeting", "training": "Training",
    "available": "OffQueueWork", "busy": "OffQueueWork", "away": "Unavailable", "idle": "Unavailable",
    "offline": "Unavailable",
}  # fmt: skip
#: Days that a query over the past may span.
DAYS = 31


class Span(NamedTuple):
    """A part of time, and what was to be done, or was done in it."""

    start: datetime
    end: datetime
    category: str
    code: str = ""


def _category(system: str) -> str:
    return CATEGORIES.get(system.replace(" ", "").replace("_", "").lower(), "Unavailable")


def scheduled(sandbox: Sandbox, user_id: str, start: datetime, end: datetime) -> list[Span]:
    """What an agent is to do between two points in time, as far as anything is scheduled."""
    own = team_of(sandbox, user_id)
    unit = unit_of_team(collection(sandbox, TEAMS)[own]) if own else ""
    if unit not in collection(sandbox, UNITS):
        return []
    found: list[Span] = []
    for _, _, shift in published_shifts(sandbox, unit, start, end, [user_id]):
        for activity in objects(shift.get("activities")):
            begin = moment(str(activity["startDate"]))
            until = begin + timedelta(minutes=int(activity["lengthMinutes"]))
            code = code_of(sandbox, unit, str(activity.get("activityCodeId")))
            if begin < end and until > start:
                found.append(Span(max(begin, start), min(until, end), str(code["category"]), str(code["id"])))
    return sorted(found)


def actual(sandbox: Sandbox, user_id: str, start: datetime, end: datetime) -> list[Span]:
    """What an agent did between two points in time, as the history of presence tells."""
    rows = sandbox.store.table("presence_history").get(user_id, [])
    times = [moment(str(row["start"])) for row in rows]
    spans = [Span(start, times[0] if times else end, "Unavailable")]
    spans += [
        Span(begin, until, _category(str(row["systemPresence"])))
        for row, begin, until in zip(rows, times, [*times[1:], end], strict=False)
    ]
    cut = [Span(max(span.start, start), min(span.end, end), span.category) for span in spans]
    return [span for span in cut if span.start < span.end]


# --- now ----------------------------------------------------------------------------------------


def adherence_of(sandbox: Sandbox, user_id: str) -> Entity:
    """Whether an agent adheres to the schedule now."""
    now = moment(sandbox.now())
    presence = primary_presence(sandbox, user_id)
    system = str(presence["presenceDefinition"]["systemPresence"])
    doing = _category(system)
    planned = scheduled(sandbox, user_id, now, now + timedelta(seconds=1))
    team_id = team_of(sandbox, user_id)
    unit = unit_of_team(collection(sandbox, TEAMS)[team_id]) if team_id else ""
    state = "Unscheduled" if not planned else "InAdherence" if planned[0].category == doing else "OutOfAdherence"
    code = code_of(sandbox, unit, planned[0].code) if planned else None
    changed = max(presence["modifiedDate"], words.written(planned[0].start) if planned else "")
    return {
        "id": user_id,
        "user": {"id": user_id, "selfUri": f"{USERS}/{user_id}"},
        **({"managementUnit": {"id": team_id, "selfUri": f"{TEAMS}/{team_id}"}} if team_id else {}),
        **({"businessUnit": {"id": unit, "selfUri": f"{UNITS}/{unit}"}} if unit else {}),
        "scheduledActivityCategory": planned[0].category if planned else "Unscheduled",
        **({"scheduledActivityCode": {"id": code["id"], "name": code["name"]}} if code else {}),
        "systemPresence": system.replace(" ", ""),
        "organizationSecondaryPresenceId": presence["presenceDefinition"]["id"],
        "routingStatus": routing_status(sandbox, user_id)["status"],
        "actualActivityCategory": doing,
        "isOutOfOffice": out_of_office(sandbox, user_id)["active"],
        "adherenceState": state,
        "impact": {"InAdherence": "Neutral", "OutOfAdherence": "Negative"}.get(state, "Unknown"),
        "timeOfAdherenceChange": changed,
        "presenceUpdateTime": presence["modifiedDate"],
        "removedFromManagementUnit": False,
        "selfUri": f"{USERS}/{user_id}/adherence",
    }


@service("get_workforcemanagement_adherence")
def adherence(sandbox: Sandbox, call: Call) -> Any:
    """The adherence of some users."""
    wanted = existing(users(sandbox), call.query.get("userId") or ())
    return [adherence_of(sandbox, user_id) for user_id in wanted]


@service("get_workforcemanagement_managementunit_adherence")
def team_adherence(sandbox: Sandbox, call: Call) -> Any:
    """The adherence of the agents of a management unit."""
    return {"entities": [adherence_of(sandbox, user_id) for user_id in agents_of(sandbox, call.ids[0])]}


@service("get_workforcemanagement_team_adherence")
def people_adherence(sandbox: Sandbox, call: Call) -> Any:
    """The adherence of the members of a team."""
    found(collection(sandbox, PEOPLE_TEAMS), call.ids[0])
    everyone = users(sandbox)
    members = [user_id for user_id in members_of(sandbox, PEOPLE_TEAMS, call.ids[0]) if user_id in everyone]
    return {"entities": [adherence_of(sandbox, user_id) for user_id in members]}


# --- the past -----------------------------------------------------------------------------------


def _seconds(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds()))


def _overlaps(first: Sequence[Span], second: Sequence[Span]) -> list[tuple[Span, Span, int]]:
    """Pairs of spans that share some time, and how many seconds of it."""
    return [
        (one, other, shared)
        for one in first
        for other in second
        if (shared := _seconds(max(one.start, other.start), min(one.end, other.end)))
    ]


def past_of(sandbox: Sandbox, user_id: str, start: datetime, end: datetime, *, exceptions: bool) -> Entity:
    """How an agent adhered to the schedule between two points in time.

    Adherence is the share of the scheduled time in which the agent did what was scheduled; conformance the time on
    queue as a share of the time that was scheduled on queue.
    """
    planned, done = scheduled(sandbox, user_id, start, end), actual(sandbox, user_id, start, end)
    both = _overlaps(planned, done)
    length = sum(_seconds(span.start, span.end) for span in planned)
    kept = sum(seconds for plan, act, seconds in both if plan.category == act.category)
    due = sum(_seconds(span.start, span.end) for span in planned if span.category == "OnQueueWork")
    worked = sum(_seconds(span.start, span.end) for span in done if span.category == "OnQueueWork")
    broken = [(plan, act, seconds) for plan, act, seconds in both if plan.category != act.category]
    result: Entity = {
        "userId": user_id,
        "managementUnitId": team_of(sandbox, user_id),
        "startDate": words.written(start),
        "endDate": words.written(end),
        "adherencePercentage": round(100 * kept / length, 2) if length else 0.0,
        "conformancePercentage": round(100 * worked / due, 2) if due else 0.0,
        "impact": "Unknown" if not length else "Negative" if broken else "Neutral",
        "actualsEndDate": words.written(min(end, moment(sandbox.now()))),
        "actuals": [
            {
                "actualActivityCategory": span.category,
                "startOffsetSeconds": _seconds(start, span.start),
                "endOffsetSeconds": _seconds(start, span.end),
            }
            for span in done
        ],
        "dayMetrics": [_day(start, at, end, planned, done) for at in _days(start, end)],
        "exceptionInfo": [],
    }
    if exceptions:
        result["exceptionInfo"] = [
            {
                "startOffsetSeconds": _seconds(start, max(plan.start, act.start)),
                "endOffsetSeconds": _seconds(start, min(plan.end, act.end)),
                "scheduledActivityCodeId": plan.code,
                "scheduledActivityCategory": plan.category,
                "actualActivityCategory": act.category,
                "impact": "Negative",
            }
            for plan, act, _ in broken
        ]
    return result


def _days(start: datetime, end: datetime) -> list[datetime]:
    return [start + timedelta(days=at) for at in range(-(-_seconds(start, end) // 86_400))]


def _cut(spans: Sequence[Span], start: datetime, end: datetime) -> list[Span]:
    cut = [span._replace(start=max(span.start, start), end=min(span.end, end)) for span in spans]
    return [span for span in cut if span.start < span.end]


def _day(origin: datetime, start: datetime, end: datetime, planned: Sequence[Span], done: Sequence[Span]) -> Entity:
    until = min(end, start + timedelta(days=1))
    plans, acts = _cut(planned, start, until), _cut(done, start, until)
    both = _overlaps(plans, acts)
    length = sum(_seconds(span.start, span.end) for span in plans)
    kept = sum(seconds for plan, act, seconds in both if plan.category == act.category)
    broken = [seconds for plan, act, seconds in both if plan.category != act.category]
    due = sum(_seconds(span.start, span.end) for span in plans if span.category == "OnQueueWork")
    worked = sum(_seconds(span.start, span.end) for span in acts if span.category == "OnQueueWork")
    return {
        "dayStartOffsetSecs": _seconds(origin, start),
        "adherenceScheduleSecs": length,
        "conformanceScheduleSecs": due,
        "conformanceActualSecs": worked,
        "exceptionCount": len(broken),
        "exceptionDurationSecs": sum(broken),
        "impactSeconds": -sum(broken),
        "scheduleLengthSecs": length,
        "actualLengthSecs": sum(_seconds(span.start, span.end) for span in acts if span.category != "Unavailable"),
        "adherencePercentage": round(100 * kept / length, 2) if length else 0.0,
        "conformancePercentage": round(100 * worked / due, 2) if due else 0.0,
    }


def _range(sandbox: Sandbox, body: Entity) -> tuple[datetime, datetime]:
    """The time that a query is about, which ends now at the latest.

    Raises:
        Refusal: 400.
    """
    start, now = moment(str(body["startDate"])), moment(sandbox.now())
    end = min(moment(str(body["endDate"])) if body.get("endDate") else now, now)
    if end < start:
        raise bad_request("endDate is before startDate, or both are in the future.", code="invalid.date")
    if _seconds(start, end) > DAYS * 86_400:
        raise bad_request(f"At most {DAYS} days can be asked for.", code="invalid.date")
    return start, end


@service(
    "post_workforcemanagement_managementunit_historicaladherencequery",
    "post_workforcemanagement_team_adherence_historical",
)
def query_past(sandbox: Sandbox, call: Call) -> Any:
    """Ask how the agents of a management unit, or the members of a team, adhered to their schedules."""
    in_team = "/teams/" in call.record.path
    found(collection(sandbox, PEOPLE_TEAMS if in_team else TEAMS), call.ids[0])
    everyone = members_of(sandbox, PEOPLE_TEAMS, call.ids[0]) if in_team else agents_of(sandbox, call.ids[0])
    start, end = _range(sandbox, call.body)
    wanted = call.body.get("userIds") or everyone
    chosen = [user_id for user_id in existing(users(sandbox), wanted) if user_id in set(everyone)]
    exceptions = bool(call.body.get("includeExceptions"))
    data = [past_of(sandbox, user_id, start, end, exceptions=exceptions) for user_id in chosen]
    job = sandbox.store.new_job()
    sandbox.store.table(JOBS)[job] = {"entityId": call.ids[0], "data": data, "lookupIdToSecondaryPresenceId": {}}
    notice = {"id": job, "queryState": "Complete", "downloadUrls": list[str]()}
    sandbox.events.publish(f"v2.users.{sandbox.actor}.workforcemanagement.historicaladherencequery", notice)
    return Answered({"id": job, "queryState": "Processing"}, 202)


def _job(sandbox: Sandbox, job: str) -> Entity:
    row = sandbox.store.table(JOBS).get(job)
    if row is None:
        raise not_found("job", job)
    return row


@service("get_workforcemanagement_adherence_historical_job")
def past_result(sandbox: Sandbox, call: Call) -> Any:
    """The result."""
    return {"id": call.ids[0], "queryState": "Complete", "downloadResult": _job(sandbox, call.ids[0])}


@service("post_workforcemanagement_adherence_historical_bulk")
def query_bulk(sandbox: Sandbox, call: Call) -> Any:
    """The same for several management units at once, over one range of time."""
    items = objects(call.body.get("items"))
    if not items:
        raise bad_request("items must not be empty.", code="invalid.value")
    results: list[Entity] = []
    for item in items:
        team_id = found(collection(sandbox, TEAMS), str(item["managementUnitId"]))["id"]
        start, end = _range(sandbox, item)
        people = agents_of(sandbox, team_id)
        wanted = existing(users(sandbox), item.get("userIds") or people)
        exceptions = bool(item.get("includeExceptions"))
        for user_id in [user_id for user_id in wanted if user_id in set(people)]:
            results.append(_bulk(past_of(sandbox, user_id, start, end, exceptions=exceptions)))
    first = items[0]
    start, end = _range(sandbox, first)
    job = sandbox.store.new_job()
    sandbox.store.table(JOBS)[job] = {
        "startDate": words.written(start),
        "endDate": words.written(end),
        "managementUnitId": first["managementUnitId"],
        "userResults": results,
        "lookupIdToSecondaryPresenceId": {},
    }
    reference = {"id": job, "selfUri": f"{call.path}/jobs/{job}"}
    topic = f"v2.users.{sandbox.actor}.workforcemanagement.adherence.historical.bulk"
    sandbox.events.publish(topic, {"id": job, "status": "Complete", "downloadUrls": list[str]()})
    return Answered({"job": {**reference, "status": "Processing"}}, 202)


def _bulk(result: Entity) -> Entity:
    """A result in the words of the query of many units, which spell out seconds."""
    days = [
        {wire.replace("Secs", "Seconds"): value for wire, value in (as_object(day) or {}).items()}
        for day in result["dayMetrics"]
    ]
    return {**result, "dayMetrics": days}


@service("get_workforcemanagement_adherence_historical_bulk_job")
def bulk_result(sandbox: Sandbox, call: Call) -> Any:
    """The result."""
    row = _job(sandbox, call.ids[0])
    reference = {"id": call.ids[0], "status": "Complete", "selfUri": call.path}
    return {"job": reference, "downloadUrls": list[str](), "downloadResult": row}


# --- examples -----------------------------------------------------------------------------------


@example_query("get_workforcemanagement_adherence")
def example_user(sandbox: Sandbox) -> dict[str, str]:
    """A user who exists."""
    return {"userId": users(sandbox).ids()[0]}


@example_ids(
    "get_workforcemanagement_adherence_historical_job", "get_workforcemanagement_adherence_historical_bulk_job"
)
def example_job(sandbox: Sandbox) -> list[str]:
    """A job; one without results is made where there is none."""
    jobs = sandbox.store.table(JOBS)
    if not jobs:
        jobs[sandbox.store.new_job()] = {"entityId": "", "data": [], "lookupIdToSecondaryPresenceId": {}}
    return [next(iter(jobs))]


@example_ids("post_workforcemanagement_team_adherence_historical", "get_workforcemanagement_team_adherence")
def example_team(sandbox: Sandbox) -> list[str]:
    """A team that exists."""
    return collection(sandbox, PEOPLE_TEAMS).ids()[:1]


@example_body(
    "post_workforcemanagement_managementunit_historicaladherencequery",
    "post_workforcemanagement_team_adherence_historical",
)
def example_past(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """The last hour."""
    start = words.written(moment(sandbox.now()) - timedelta(hours=1))
    return {"startDate": start, "endDate": sandbox.now(), "timeZone": "UTC"}


@example_body("post_workforcemanagement_adherence_historical_bulk")
def example_bulk(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """The last hour of a management unit."""
    times = {wire: value for wire, value in example_past(sandbox, ids).items() if wire != "timeZone"}
    return {"items": [{"managementUnitId": collection(sandbox, TEAMS).ids()[0], **times}], "timeZone": "UTC"}
