"""What is going on in queues now: who waits, who talks, which members are on queue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..conversations import agents
from ..conversations.book import now_of
from ..conversations.changes import open_session
from ..conversations.record import MEDIA, Conversation, Participant, Session, iso, of_agents
from ..narrow import as_list, as_object
from .people import presence_now
from .predicates import compiled

if TYPE_CHECKING:
    from ..core import Sandbox

__all__ = ["Observed", "observed", "queue_observations", "user_observations"]

#: Metrics about sessions, and the state that they count.
LIVE = {"oWaiting": "waiting", "oInteracting": "interacting", "oAlerting": "alerting"}
LONGEST = {"oLongestWaiting": "waiting", "oLongestInteracting": "interacting"}
#: Observations listed for one metric; beyond it the list says that it is truncated.
MOST = 100


class Observed(NamedTuple):
    """A session that is in a queue now: ``what`` is ``waiting``, ``alerting`` or ``interacting``."""

    conversation: Conversation
    participant: Participant
    session: Session
    what: str
    since: int


def observed(sandbox: Sandbox) -> list[Observed]:
    """All of them, those who have been for longest first."""
    return sorted(_observed(sandbox.conversations.open()), key=lambda found: found.since)


def _observed(conversations: Iterable[Conversation]) -> Iterator[Observed]:
    for conversation in conversations:
        for participant in conversation.participants:
            session = open_session(participant)
            if session is None or not session.segments:
                continue
            if participant.purpose == "acd" and session.state == "connected":
                yield Observed(conversation, participant, session, "waiting", session.segments[-1].start)
            elif participant.purpose in of_agents and participant.queue_id:
                what = "alerting" if session.state == "alerting" else "interacting"
                first = next((s.start for s in session.segments if s.kind == "interact"), session.segments[-1].start)
                yield Observed(conversation, participant, session, what, first)


def _wanted(filter_: Any, name: str) -> list[str]:
    """The values that a filter names for a dimension, wherever in it."""
    found = as_object(filter_) or {}
    values = [
        str(p["value"])
        for entry in as_list(found.get("predicates")) or []
        if (p := as_object(entry)) is not None and p.get("dimension") == name and p.get("value") is not None
    ]
    for clause in as_list(found.get("clauses")) or []:
        values += _wanted(clause, name)
    return list(dict.fromkeys(values))


def _lookup(group: dict[str, str], name: str) -> Sequence[str]:
    return (group[name],) if name in group else ()


def queue_observations(sandbox: Sandbox, query: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of a queue observations query: for each queue and media what happens, for each queue who is there.

    Raises:
        Refusal: 400; the filter makes no sense.
    """
    metrics = [str(name) for name in as_list(query.get("metrics")) or []]
    details = {str(name) for name in as_list(query.get("detailMetrics")) or []}
    test, filter_ = compiled(query.get("filter"), _lookup), query.get("filter")
    everything = observed(sandbox)
    media = _wanted(filter_, "mediaType") or list(MEDIA)
    results: list[dict[str, Any]] = []
    for queue_id in _wanted(filter_, "queueId"):
        if agents.queue(sandbox, queue_id) is None:
            continue
        for kind in media:
            group = {"queueId": queue_id, "mediaType": kind}
            mine = [o for o in everything if o.session.queue_id == queue_id and o.session.media == kind]
            data = [_live(sandbox, name, mine, name in details) for name in metrics if name in {*LIVE, *LONGEST}]
            if data and test(group):
                results.append({"group": group, "data": [entry for entry in data if entry is not None]})
        people = [entry for name in metrics for entry in _people(sandbox, queue_id, name, name in details)]
        # A filter by media is about conversations: users have none.
        if people and test({"queueId": queue_id, "mediaType": media[0]}):
            results.append({"group": {"queueId": queue_id}, "data": people})
    return results


def _live(sandbox: Sandbox, name: str, mine: Sequence[Observed], listed: bool) -> dict[str, Any] | None:
    if name in LONGEST:
        first = next((o for o in mine if o.what == LONGEST[name]), None)
        if first is None:
            return None
        waited = now_of(sandbox) - first.since
        return {"metric": name, "stats": {"count": 1, "calculatedMetricValue": waited}, "observations": [_one(first)]}
    found = [o for o in mine if o.what == LIVE[name]]
    shown: dict[str, Any] = {"metric": name, "stats": {"count": len(found)}}
    if listed:
        shown |= {"observations": [_one(o) for o in found[:MOST]], "truncated": len(found) > MOST}
    return shown


def _one(found: Observed) -> dict[str, Any]:
    session, conversation = found.session, found.conversation
    shown = {
        "observationDate": iso(found.since),
        "conversationId": conversation.id,
        "sessionId": session.id,
        "participantName": next((p.name for p in conversation.participants if p.name), ""),
        "userId": found.participant.user_id,
        "direction": session.direction,
        "ani": session.other_address if session.media == "voice" else "",
        "dnis": session.self_address if session.media == "voice" else "",
        "addressFrom": "" if session.media == "voice" else session.other_address,
        "addressTo": "" if session.media == "voice" else session.self_address,
        "requestedRoutingSkillIds": list(conversation.skill_ids),
        "requestedLanguageId": conversation.language_id,
        "routingPriority": conversation.priority,
    }
    return {wire: value for wire, value in shown.items() if value != ""}


def _people(sandbox: Sandbox, queue_id: str, name: str, listed: bool) -> list[dict[str, Any]]:
    """The entries of a metric about the members of a queue, by what qualifies them."""
    if name not in ("oActiveUsers", "oMemberUsers", "oOffQueueUsers", "oOnQueueUsers", "oUserPresences",
                    "oUserRoutingStatuses"):  # fmt: skip
        return []
    everyone = agents.all_members(sandbox, queue_id)
    joined = {user_id for user_id, is_joined in everyone if is_joined}
    by_qualifier: dict[str, list[str]] = {}
    for user_id, is_joined in everyone:
        status, presence = agents.routing_status(sandbox, user_id), presence_now(sandbox, user_id)
        on_queue = status != "OFF_QUEUE"
        qualifier = {"oOnQueueUsers": status, "oUserRoutingStatuses": status, "oOffQueueUsers": presence[0],
                     "oUserPresences": presence[1]}.get(name, "")  # fmt: skip
        fits = {"oOnQueueUsers": on_queue and is_joined, "oOffQueueUsers": not on_queue or not is_joined,
                "oActiveUsers": user_id in joined}.get(name, True)  # fmt: skip
        if fits:
            by_qualifier.setdefault(qualifier, []).append(user_id)
    if not by_qualifier and name in ("oActiveUsers", "oMemberUsers"):
        by_qualifier[""] = []
    now = sandbox.now()
    shown: list[dict[str, Any]] = []
    for qualifier, found in sorted(by_qualifier.items()):
        entry: dict[str, Any] = {"metric": name, "stats": {"count": len(found)}}
        if qualifier:
            entry["qualifier"] = qualifier
        if listed:
            observations = [{"observationDate": now, "userId": user_id} for user_id in found[:MOST]]
            entry |= {"observations": observations, "truncated": len(found) > MOST}
        shown.append(entry)
    return shown


def user_observations(sandbox: Sandbox, query: dict[str, Any], queues: dict[str, list[str]]) -> list[dict[str, Any]]:
    """The results of a user observations query: how many queues each user belongs to.

    Args:
        sandbox: the sandbox.
        query: the body.
        queues: ids of the queues that each user is a member of, those joined first; by id of user.
    """
    metrics = [str(name) for name in as_list(query.get("metrics")) or []]
    details = {str(name) for name in as_list(query.get("detailMetrics")) or []}
    now = sandbox.now()
    results: list[dict[str, Any]] = []
    for user_id in _wanted(query.get("filter"), "userId"):
        on_queue = agents.routing_status(sandbox, user_id) != "OFF_QUEUE"
        data: list[dict[str, Any]] = []
        for name in metrics:
            found = queues.get(user_id, []) if name == "oMemberQueues" or on_queue else []
            entry: dict[str, Any] = {"metric": name, "stats": {"count": len(found)}}
            if name in details:
                entry["observations"] = [{"observationDate": now, "userId": user_id} for _ in found[:MOST]]
            data.append(entry)
        results.append({"group": {"userId": user_id}, "data": data})
    return results
