"""Analytics of conversations, users and queues: queries, and jobs that answer the same questions later.

A job is an entity of its collection that keeps what was asked; its results are found when it is done, and stay as they
were for as long as the sandbox runs, so that a cursor leads through one and the same list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ..analytics import aggregates, observations, people, search
from ..analytics.intervals import Interval, parse_interval
from ..analytics.predicates import compiled
from ..conversations.acd import settle
from ..conversations.book import now_of
from ..conversations.details import analytics
from ..conversations.record import Conversation, iso
from ..crud import Lazy, page
from ..narrow import as_list, as_object
from ..pages import window
from ..refusal import Refusal, bad_request, not_found
from ..shapes import Listing
from .conversations import body_of
from .registry import example_body, example_ids, service
from .users import users

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

__all__: list[str] = []

#: How long the results of a job can be read, in milliseconds.
EXPIRY = 24 * 3_600_000
PATH = "/api/v2/analytics"


def further(sandbox: Sandbox) -> Callable[[Conversation, str], Sequence[Entity]]:
    """What looks up the evaluations and surveys of a conversation, as analytics calls their properties."""

    def found(conversation: Conversation, kind: str) -> Sequence[Entity]:
        from .quality import analytics_of

        return analytics_of(sandbox, conversation.id, kind)

    return found


def shown(sandbox: Sandbox, conversation: Conversation, *, attributes: bool) -> Entity:
    """A conversation as analytics shows it, its evaluations and surveys included."""
    made = analytics(conversation, attributes=attributes)
    for kind in ("evaluation", "survey"):
        entries = further(sandbox)(conversation, kind)
        if entries:
            made[f"{kind}s"] = list(entries)
    return made


# --- details of conversations -------------------------------------------------------------------


def _found(sandbox: Sandbox, query: Entity, interval: Interval) -> list[Conversation]:
    found = search.matching(sandbox.conversations, interval, query, further(sandbox))
    return search.ordered(found, query.get("orderBy"), query.get("order"))


@service("post_analytics_conversations_details_query")
def details_query(sandbox: Sandbox, call: Call) -> Any:
    """Find conversations."""
    settle(sandbox)
    query, settings = body_of(call), sandbox.settings
    interval = parse_interval(query.get("interval"), settings.analytics_days)
    part = window(call.record, call.query, query, settings)
    if part.offset + part.size > settings.analytics_window:
        raise bad_request(
            f"The page is beyond the first {settings.analytics_window} results: ask for a shorter interval.",
            code="invalid.value",
            details=[{"errorCode": "invalid.value", "fieldName": "paging.pageNumber"}],
        )
    found = _found(sandbox, query, interval)
    lazy = Lazy(len(found), lambda at: shown(sandbox, found[at], attributes=False))
    reply = page(sandbox, call, Listing("conversations", "o"), lazy, query)
    wanted = as_list(query.get("aggregations")) or []
    if wanted:
        reply["aggregations"] = [search.frequencies(sandbox.conversations, found, entry) for entry in wanted]
    if not reply["conversations"]:
        del reply["conversations"]
    return reply


@service("get_analytics_conversations_details", personal=True)
def details_of_several(sandbox: Sandbox, call: Call) -> Any:
    """Conversations by their ids; unknown ones are left out."""
    settle(sandbox)
    found = [sandbox.conversations.get(str(key)) for key in call.query.get("id") or ()]
    return {"conversations": [shown(sandbox, c, attributes=False) for c in found if c is not None]}


@service("get_analytics_conversation_details", personal=True)
def details_of_one(sandbox: Sandbox, call: Call) -> Any:
    """One conversation."""
    settle(sandbox)
    return shown(sandbox, sandbox.conversations.find(call.ids[0]), attributes=False)


# --- aggregates, observations -------------------------------------------------------------------


@service("post_analytics_conversations_aggregates_query")
def conversation_aggregates(sandbox: Sandbox, call: Call) -> Any:
    """Add up metrics of conversations."""
    settle(sandbox)
    query = body_of(call)
    return {"results": _conversation_results(sandbox, query, _interval(sandbox, query))}


def _interval(sandbox: Sandbox, query: Entity) -> Interval:
    return parse_interval(query.get("interval"))


def _conversation_results(sandbox: Sandbox, query: Entity, interval: Interval) -> list[Entity]:
    return aggregates.conversation_aggregates(sandbox.conversations, query, interval)


@service("post_analytics_users_aggregates_query")
def user_aggregates(sandbox: Sandbox, call: Call) -> Any:
    """Add up the time that users spent in presences and routing statuses."""
    settle(sandbox)
    query = body_of(call)
    return {"results": people.user_aggregates(sandbox, query, _interval(sandbox, query), users(sandbox).ids())}


@service("post_analytics_queues_observations_query")
def queue_observations(sandbox: Sandbox, call: Call) -> Any:
    """What is going on in queues."""
    settle(sandbox)
    query = body_of(call)
    names = {name for wire in ("metrics", "detailMetrics") for name in as_list(query.get(wire)) or []}
    reply: Entity = {"results": observations.queue_observations(sandbox, query)}
    if names & {"oUserPresences", "oOffQueueUsers"}:
        reply["systemToOrganizationMappings"] = _mappings(sandbox)
    return reply


def _mappings(sandbox: Sandbox) -> dict[str, list[str]]:
    """Ids of the presence definitions by system presence."""
    shape = sandbox.shapes.collection("/api/v2/presence/definitions")
    found: dict[str, list[str]] = {}
    for entity in sandbox.collection(shape, []) if shape is not None else ():
        found.setdefault(str(entity.get("systemPresence", "")).upper().replace(" ", "_"), []).append(str(entity["id"]))
    return found


@service("post_analytics_users_observations_query")
def user_observations(sandbox: Sandbox, call: Call) -> Any:
    """How many queues users belong to."""
    from ..conversations.agents import all_members

    settle(sandbox)
    queues: dict[str, list[str]] = {}
    shape = sandbox.shapes.collection("/api/v2/routing/queues")
    for queue_id in sandbox.collection(shape, []).ids() if shape is not None else ():
        for user_id, _ in all_members(sandbox, queue_id):
            queues.setdefault(user_id, []).append(queue_id)
    return {"results": observations.user_observations(sandbox, body_of(call), queues)}


#: Dimensions of conversations that are going on.
ACTIVITY: dict[str, Callable[[observations.Observed], Sequence[Any]]] = {
    "queueId": lambda o: (o.session.queue_id,),
    "mediaType": lambda o: (o.session.media,),
    "userId": lambda o: (o.participant.user_id,) if o.participant.user_id else (),
    "direction": lambda o: (o.session.direction,),
    "conversationId": lambda o: (o.conversation.id,),
    "sessionId": lambda o: (o.session.id,),
    "participantName": lambda o: (o.participant.name,) if o.participant.name else (),
    "ani": lambda o: (o.session.other_address,) if o.session.media == "voice" else (),
    "dnis": lambda o: (o.session.self_address,) if o.session.media == "voice" else (),
    "addressFrom": lambda o: (o.session.other_address,) if o.session.media != "voice" else (),
    "addressTo": lambda o: (o.session.self_address,) if o.session.media != "voice" else (),
    "requestedRoutingSkillId": lambda o: o.conversation.skill_ids,
    "requestedLanguageId": lambda o: (o.conversation.language_id,) if o.conversation.language_id else (),
    "routingPriority": lambda o: (o.conversation.priority,),
}


def _activity_values(found: observations.Observed, name: str) -> Sequence[Any]:
    find = ACTIVITY.get(name)
    return find(found) if find is not None else ()


@service("post_analytics_conversations_activity_query")
def activity(sandbox: Sandbox, call: Call) -> Any:
    """What is going on in conversations, grouped as asked for."""
    settle(sandbox)
    query = body_of(call)
    group_by = [str(name) for name in as_list(query.get("groupBy")) or []]
    test = compiled(query.get("filter"), _activity_values)
    groups: dict[tuple[str, ...], list[observations.Observed]] = {}
    for found in observations.observed(sandbox):
        if test(found):
            key = tuple(",".join(map(str, _activity_values(found, name))) for name in group_by)
            groups.setdefault(key, []).append(found)
    wanted = [as_object(entry) or {} for entry in as_list(query.get("metrics")) or []]
    results = [
        {
            "group": {name: value for name, value in zip(group_by, key, strict=True) if value},
            **_activity(sandbox, wanted, found),
        }
        for key, found in sorted(groups.items())
    ]
    return {"results": results, "entityIdDimension": "conversationId"}


def _activity(sandbox: Sandbox, wanted: Sequence[Entity], found: Sequence[observations.Observed]) -> Entity:
    data: list[Entity] = []
    entities: list[Entity] = []
    for entry in wanted:
        name = str(entry.get("metric"))
        what = observations.LIVE.get(name) or observations.LONGEST.get(name)
        mine = [o for o in found if o.what == what]
        shown: Entity = {"metric": name, "count": len(mine)}
        if name in observations.LONGEST and mine:
            shown |= {"count": 1, "calculatedMetricValue": now_of(sandbox) - mine[0].since}
        if entry.get("details"):
            shown["entityIds"] = [o.conversation.id for o in mine]
            entities += [
                {"activityDate": iso(o.since), "metric": name, "conversationId": o.conversation.id,
                 "sessionId": o.session.id, "mediaType": o.session.media, "queueId": o.session.queue_id,
                 "direction": o.session.direction, "routingPriority": o.conversation.priority}
                for o in mine
            ]  # fmt: skip
        data.append(shown)
    return {"data": data, "truncated": False, "entities": entities}


# --- details of users ---------------------------------------------------------------------------


def _users(sandbox: Sandbox, query: Entity, interval: Interval) -> list[Entity]:
    return people.user_details(sandbox, query, interval, users(sandbox).ids())


@service("post_analytics_users_details_query")
def user_details(sandbox: Sandbox, call: Call) -> Any:
    """What users were in an interval."""
    settle(sandbox)
    query = body_of(call)
    found = _users(sandbox, query, parse_interval(query.get("interval"), sandbox.settings.analytics_days))
    return page(sandbox, call, Listing("userDetails", "o"), found, query)


# --- jobs ---------------------------------------------------------------------------------------


class Family(NamedTuple):
    """A kind of job: the property of its results, and what finds them."""

    wire: str
    find: Callable[[Sandbox, Entity, Interval], Sequence[Any]]


def _conversations(sandbox: Sandbox, query: Entity, interval: Interval) -> Sequence[Any]:
    found = _found(sandbox, query, interval)
    limit = query.get("limit")
    found = found[:limit] if isinstance(limit, int) and limit > 0 else found
    available = now_of(sandbox) - int(sandbox.settings.analytics_lag * 1000)
    found = [c for c in found if c.start <= available]
    return Lazy(len(found), lambda at: shown(sandbox, found[at], attributes=True))


def _user_results(sandbox: Sandbox, query: Entity, interval: Interval) -> Sequence[Any]:
    return people.user_aggregates(sandbox, query, interval, users(sandbox).ids())


FAMILIES = {
    "conversations_details": Family("conversations", _conversations),
    "conversations_aggregates": Family("results", _conversation_results),
    "users_details": Family("userDetails", _users),
    "users_aggregates": Family("results", _user_results),
}


def start_job(sandbox: Sandbox, kind: str, query: Entity) -> str:
    """Start a job, and return its id.

    Raises:
        Refusal: 400; the query makes no sense.
    """
    parse_interval(query.get("interval"))
    job = sandbox.store.new_job()
    _jobs(sandbox, kind).put(job, {"query": query, "submitted": now_of(sandbox)})
    return job


def _jobs(sandbox: Sandbox, kind: str) -> Collection:
    shape = sandbox.shapes.collection(f"{PATH}/{kind.replace('_', '/')}/jobs")
    assert shape is not None
    return sandbox.collection(shape, [])


def _job(sandbox: Sandbox, kind: str, job: str) -> Entity:
    jobs = _jobs(sandbox, kind)
    if job not in jobs or "query" not in jobs[job]:
        raise not_found("job", job)
    return jobs[job]


def _done(sandbox: Sandbox, job: str) -> bool:
    return sandbox.store.jobs.get(job, 0) > sandbox.settings.job_polls


def _submit(kind: str, sandbox: Sandbox, call: Call) -> Any:
    settle(sandbox)
    return {"jobId": start_job(sandbox, kind, body_of(call))}


def _status(kind: str, sandbox: Sandbox, call: Call) -> Any:
    found = _job(sandbox, kind, call.ids[0])
    polls = sandbox.store.jobs[call.ids[0]] = sandbox.store.jobs.get(call.ids[0], 0) + 1
    submitted = int(found["submitted"])
    state = "FULFILLED" if _done(sandbox, call.ids[0]) else "QUEUED" if polls < 1 else "PENDING"
    if now_of(sandbox) > submitted + EXPIRY:
        state = "EXPIRED"
    reply = {"state": state, "submissionDate": iso(submitted), "expirationDate": iso(submitted + EXPIRY)}
    return reply | ({"completionDate": sandbox.now()} if state == "FULFILLED" else {})


def _results(kind: str, sandbox: Sandbox, call: Call) -> Any:
    job, settings = call.ids[0], sandbox.settings
    found = _job(sandbox, kind, job)
    if not _done(sandbox, job):
        raise bad_request(f"The job {job} is not done: its results cannot be read yet.")
    if now_of(sandbox) > int(found["submitted"]) + EXPIRY:
        raise Refusal(410, "gone", f"The results of the job {job} have expired.")
    query = as_object(found["query"]) or {}
    part = window(call.record, call.query, query, settings)
    if part.offset >= settings.analytics_job_rows:
        raise bad_request(f"Pagination may not exceed {settings.analytics_job_rows} results.", code="bad.request")
    results = sandbox.conversations.results(job, found, lambda: _find(kind, sandbox, query))
    reply = page(sandbox, call, Listing(FAMILIES[kind].wire, "o"), results)
    if settings.analytics_lag:
        reply["dataAvailabilityDate"] = iso(now_of(sandbox) - int(settings.analytics_lag * 1000))
    return reply


def _find(kind: str, sandbox: Sandbox, query: Entity) -> Sequence[Any]:
    return FAMILIES[kind].find(sandbox, query, parse_interval(query.get("interval")))


def _cancel(kind: str, sandbox: Sandbox, call: Call) -> Any:
    _job(sandbox, kind, call.ids[0])
    _jobs(sandbox, kind).remove(call.ids[0])
    sandbox.store.jobs.pop(call.ids[0], None)


@service("get_analytics_conversations_details_jobs_availability", "get_analytics_users_details_jobs_availability",
         personal=True)  # fmt: skip
def availability(sandbox: Sandbox, call: Call) -> Any:
    """Up to when jobs know what happened."""
    return {"dataAvailabilityDate": iso(now_of(sandbox) - int(sandbox.settings.analytics_lag * 1000))}


def _example_job(kind: str, sandbox: Sandbox) -> list[str]:
    now = now_of(sandbox)
    query = {"interval": f"{iso(now - 7 * 86_400_000)}/{iso(now)}", "metrics": ["nOffered"]}
    job = start_job(sandbox, kind, query)
    sandbox.store.jobs[job] = sandbox.settings.job_polls + 1
    return [job]


for _kind in FAMILIES:
    service(f"post_analytics_{_kind}_jobs")(partial(_submit, _kind))
    service(f"get_analytics_{_kind}_job", personal=True)(partial(_status, _kind))
    service(f"get_analytics_{_kind}_job_results", personal=True)(partial(_results, _kind))
    service(f"delete_analytics_{_kind}_job")(partial(_cancel, _kind))
    example_ids(f"get_analytics_{_kind}_job", f"get_analytics_{_kind}_job_results", f"delete_analytics_{_kind}_job")(
        partial(_example_job, _kind)
    )


# --- examples -----------------------------------------------------------------------------------


def _week(sandbox: Sandbox) -> str:
    now = now_of(sandbox)
    return f"{iso(now - 7 * 86_400_000)}/{iso(now)}"


@example_body("post_analytics_conversations_details_query", "post_analytics_conversations_details_jobs",
              "post_analytics_users_details_query", "post_analytics_users_details_jobs")  # fmt: skip
def example_details(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """The last week."""
    return {"interval": _week(sandbox)}


@example_body("post_analytics_conversations_aggregates_query", "post_analytics_conversations_aggregates_jobs")
def example_aggregates(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """The last week, by queue."""
    return {"interval": _week(sandbox), "groupBy": ["queueId"], "metrics": ["nOffered", "tHandle", "tAnswered"]}


@example_body("post_analytics_users_aggregates_query", "post_analytics_users_aggregates_jobs")
def example_user_aggregates(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """The last week, by user."""
    return {"interval": _week(sandbox), "groupBy": ["userId"], "metrics": ["tSystemPresence", "tAgentRoutingStatus"]}


@example_ids("get_analytics_conversation_details")
def example_conversation(sandbox: Sandbox) -> list[str]:
    """A conversation that there was."""
    return sandbox.conversations.ids()[:1]


@example_body("post_analytics_conversations_activity_query")
def example_activity(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Who waits, by queue."""
    return {"groupBy": ["queueId"], "metrics": [{"metric": "oWaiting", "details": True}]}


@example_body("post_analytics_queues_observations_query")
def example_observations(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A queue that exists."""
    from .conversation_starts import first_queue

    predicate = {"type": "dimension", "dimension": "queueId", "value": first_queue(sandbox)}
    return {"filter": {"type": "and", "predicates": [predicate]}, "metrics": ["oWaiting", "oOnQueueUsers"]}
