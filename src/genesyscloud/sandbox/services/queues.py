"""Queues, their wrap-up codes, how long one waits, and how much an agent takes at once.

Which codes a queue uses is in the collection under it, by id of code; a code that is deleted is gone from all queues.
The numbers below are what the user interface of the service sets for a new queue; nothing in the definition says
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..crud import add, merged
from ..narrow import as_object
from ..refusal import bad_request
from .linked import collection, existing, found, listed, require_text, unique, without_nulls
from .presence import routing_status
from .registry import example_body, seeded_ids, service
from .routing import members_of, queues
from .users import user_of

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Entity

CODES = "/api/v2/routing/wrapupcodes"
QUEUE_CODES = "/api/v2/routing/queues/{}/wrapupcodes"
UTILIZATION = "/api/v2/routing/utilization"
#: Codes that a seeded queue has.
SEEDED_CODES = 5
BULK_CODES = 100
#: Seconds that a conversation is taken to last where nothing is known.
HANDLE_TIME = 300


def _media(alerting: int, service_level: int) -> Entity:
    return {
        "alertingTimeoutSeconds": alerting,
        "serviceLevel": {"percentage": 0.8, "durationMs": service_level * 1000},
        "enableAutoAnswer": False,
    }


def new_queue() -> Entity:
    """What a queue is like when nothing is said."""
    return {
        "mediaSettings": {
            "call": _media(8, 20),
            "callback": {**_media(30, 20), "mode": "AgentFirst"},
            "chat": _media(30, 20),
            "email": _media(300, 86_400),
            "message": _media(30, 20),
        },
        "acwSettings": {"wrapupPrompt": "MANDATORY_TIMEOUT", "timeoutMs": 300_000},
        "skillEvaluationMethod": "ALL",
        "scoringMethod": "TimestampAndPriority",
        "lastAgentRoutingMode": "AnyAgent",
        "autoAnswerOnly": True,
        "enableTranscription": False,
        "enableAudioMonitoring": False,
        "enableManualAssignment": False,
        "suppressInQueueCallRecording": True,
        "memberCount": 0,
        "userMemberCount": 0,
        "joinedMemberCount": 0,
    }


@service("get_routing_queues")
def list_queues(sandbox: Sandbox, call: Call) -> Any:
    """Queues by name, id, division and peer."""
    chosen = list(queues(sandbox))
    if call.query.get("hasPeer") is not None:
        chosen = [queue for queue in chosen if bool(queue.get("peerId")) is call.query["hasPeer"]]
    return listed(sandbox, call, chosen, "hasPeer", "cannedResponseLibraryId")


@service("post_routing_queues")
def post_queue(sandbox: Sandbox, call: Call) -> Any:
    """A new queue, like another one when ``sourceQueueId`` says so."""
    everything = queues(sandbox)
    require_text(call.body, "name")
    unique(everything, "name", call.body["name"])
    source = call.body.get("sourceQueueId")
    body = {wire: value for wire, value in without_nulls(call.body).items() if wire != "sourceQueueId"}
    usual, codes = new_queue(), list[str]()
    if source:
        copied = found(everything, str(source))
        usual |= {wire: copied[wire] for wire in (*usual, "description", "division") if wire in copied}
        usual |= {"memberCount": 0, "userMemberCount": 0, "joinedMemberCount": 0}
        codes = [entry["id"] for entry in codes_of(sandbox, str(source))]
    given = as_object(body.get("mediaSettings")) or {}
    media = {
        kind: {**settings, **(as_object(given.get(kind)) or {})} for kind, settings in usual["mediaSettings"].items()
    }
    queue_id = add(sandbox, call, everything, {**usual, **body, "mediaSettings": media}, "")
    _set_codes(sandbox, queue_id, codes)
    return everything[queue_id]


@service("put_routing_queue")
def put_queue(sandbox: Sandbox, call: Call) -> Any:
    """Replace what can be set of a queue; the counts stay."""
    everything = queues(sandbox)
    before = found(everything, call.ids[0])
    require_text(call.body, "name")
    unique(everything, "name", call.body["name"], but=call.ids[0])
    after = {**new_queue(), **merged(sandbox, call, "Queue", before, call.ids[0])}
    after |= {wire: before.get(wire, 0) for wire in ("memberCount", "userMemberCount", "joinedMemberCount")}
    everything.put(call.ids[0], after)
    return after


@service("get_routing_queue_estimatedwaittime", "get_routing_queue_mediatype_estimatedwaittime")
def wait_time(sandbox: Sandbox, call: Call) -> Any:
    """How long one would wait in a queue: not at all while an agent is idle."""
    found(queues(sandbox), call.ids[0])
    members = [member["id"] for member in members_of(sandbox, call.ids[0]) if member.get("joined")]
    statuses = [routing_status(sandbox, user_id)["status"] for user_id in members]
    working = sum(status != "OFF_QUEUE" for status in statuses)
    seconds = 0 if "IDLE" in statuses else HANDLE_TIME // max(1, working)
    intent = call.ids[1].upper() if len(call.ids) > 1 else "ALL"
    return {"results": [{"intent": intent, "formula": "SIMPLE", "estimatedWaitTimeSeconds": seconds}]}


# --- wrap-up codes ------------------------------------------------------------------------------


@service("post_routing_wrapupcodes")
def post_code(sandbox: Sandbox, call: Call) -> Any:
    """A new wrap-up code."""
    codes = collection(sandbox, CODES)
    require_text(call.body, "name")
    unique(codes, "name", call.body["name"])
    return codes[add(sandbox, call, codes, without_nulls(call.body), "")]


@service("put_routing_wrapupcode")
def put_code(sandbox: Sandbox, call: Call) -> Any:
    """Rename a wrap-up code, or move it."""
    codes = collection(sandbox, CODES)
    before = found(codes, call.ids[0])
    require_text(call.body, "name")
    unique(codes, "name", call.body["name"], but=call.ids[0])
    after = merged(sandbox, call, "WrapupCode", before, call.ids[0])
    codes.put(call.ids[0], after)
    return codes[call.ids[0]]


@seeded_ids(QUEUE_CODES)
def seeded_codes(sandbox: Sandbox, path: str) -> list[str]:
    """The first codes."""
    codes = collection(sandbox, CODES)
    return list(codes.seeded)[:SEEDED_CODES]


def codes_of(sandbox: Sandbox, queue_id: str) -> list[Entity]:
    """The wrap-up codes of a queue."""
    codes = collection(sandbox, CODES)
    return [codes[code_id] for code_id in collection(sandbox, QUEUE_CODES, queue_id).ids() if code_id in codes]


def _set_codes(sandbox: Sandbox, queue_id: str, ids: Sequence[str]) -> None:
    own = collection(sandbox, QUEUE_CODES, queue_id)
    for code_id in ids:
        if code_id not in own:
            own.put(code_id, {"id": code_id, "name": collection(sandbox, CODES)[code_id]["name"]})


@service("get_routing_queue_wrapupcodes")
def list_codes(sandbox: Sandbox, call: Call) -> Any:
    """The wrap-up codes of a queue."""
    return listed(sandbox, call, codes_of(sandbox, call.ids[0]))


@service("post_routing_queue_wrapupcodes")
def add_codes(sandbox: Sandbox, call: Call) -> Any:
    """Let a queue use more codes."""
    if len(call.body) > BULK_CODES:
        raise bad_request(f"At most {BULK_CODES} codes can be added at once.")
    chosen = existing(collection(sandbox, CODES), [entry.get("id") for entry in call.body])
    _set_codes(sandbox, call.ids[0], chosen)
    return codes_of(sandbox, call.ids[0])


@service("delete_routing_queue_wrapupcode")
def remove_code(sandbox: Sandbox, call: Call) -> Any:
    """Have a queue use a code no longer."""
    own = collection(sandbox, QUEUE_CODES, call.ids[0])
    found(own, call.ids[1])
    own.remove(call.ids[1])


# --- how much an agent takes --------------------------------------------------------------------


def utilization(sandbox: Sandbox) -> Entity:
    """What agents take at once where nothing is said of the agent."""
    usual: Entity = {
        "utilization": {
            kind: {"maximumCapacity": most, "interruptableMediaTypes": list[str](), "includeNonAcd": False}
            for kind, most in (("call", 1), ("callback", 1), ("chat", 4), ("email", 1), ("message", 4), ("workitem", 1))
        },
        "labelUtilizations": {},
    }
    kept = sandbox.store.documents.get(UTILIZATION, {})
    return {**usual, **kept, "utilization": {**usual["utilization"], **(as_object(kept.get("utilization")) or {})}}


@service("get_routing_utilization", "put_routing_utilization", "delete_routing_utilization")
def organization_utilization(sandbox: Sandbox, call: Call) -> Any:
    """Read, replace or reset it."""
    if call.record.method != "GET":
        sandbox.store.write(UTILIZATION, None if call.record.method == "DELETE" else without_nulls(call.body))
    return utilization(sandbox)


@service("get_routing_user_utilization", "put_routing_user_utilization", "delete_routing_user_utilization")
def user_utilization(sandbox: Sandbox, call: Call) -> Any:
    """The same for one agent, who follows the organization unless it was set."""
    user_of(sandbox, call.ids[0])
    path = f"/api/v2/routing/users/{call.ids[0]}/utilization"
    if call.record.method != "GET":
        sandbox.store.write(path, None if call.record.method == "DELETE" else without_nulls(call.body))
    own, usual = sandbox.store.documents.get(path), utilization(sandbox)
    if own is None:
        return {**usual, "level": "Organization"}
    both = {**usual["utilization"], **(as_object(own.get("utilization")) or {})}
    return {**usual, **own, "utilization": both, "level": "Agent"}


# --- examples -----------------------------------------------------------------------------------


@example_body("post_routing_queues", "put_routing_queue")
def example_queue(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A queue with a name that is free."""
    return {"name": f"Example queue {len(queues(sandbox))} {sandbox.store.changes}"}


@example_body("post_routing_wrapupcodes", "put_routing_wrapupcode")
def example_code(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A code with a name that is free."""
    return {"name": f"Example code {len(collection(sandbox, CODES))} {sandbox.store.changes}"}


@example_body("post_routing_queue_wrapupcodes")
def example_codes(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A code that exists."""
    return [{"id": collection(sandbox, CODES).ids()[0]}]


@example_body("put_routing_utilization", "put_routing_user_utilization")
def example_utilization(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Two chats."""
    return {"utilization": {"chat": {"maximumCapacity": 2, "interruptableMediaTypes": [], "includeNonAcd": False}}}
