"""Conversations: what they are now, and what is done to them without moving them elsewhere.

Who comes and goes is in :mod:`.conversation_moves`, how they begin in :mod:`.conversation_starts`, what is written in
them in :mod:`.conversation_messages`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ...catalog import catalog
from ..conversations import rest
from ..conversations.acd import settle
from ..conversations.book import ConversationView, ListView, now_of
from ..conversations.changes import answer, disconnect, end_all, finish_work, hold, on_session, open_session, wrap_up
from ..conversations.record import MEDIA, Conversation, Participant, iso, milliseconds, of_agents, replaced
from ..conversations.starting import live_example
from ..crud import page
from ..narrow import as_object
from ..refusal import bad_request, not_found
from ..shapes import Listing
from .registry import example_body, example_ids, listener, service, source

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..shapes import CollectionShape
    from ..store import Change, Collection, Entity

__all__ = ["body_of", "changed", "examples", "names_of", "the"]

PATH = "/api/v2/conversations"
#: Path of a media, and how the names of its operations call one of it.
SINGULAR = {"calls": "call", "callbacks": "callback", "emails": "email", "messages": "message"}


def names_of(pattern: str, *more: str) -> list[str]:
    """Names of the operations of all media (``"patch_conversations_{}"``) that the definition has."""
    known = set(catalog().operation_names())
    return [name for name in (*(pattern.format(one) for one in SINGULAR.values()), *more) if name in known]


def body_of(call: Call) -> Entity:
    """The body of a call; empty when there is none."""
    return as_object(call.body) or {}


def the(sandbox: Sandbox, call: Call) -> tuple[Conversation, Participant]:
    """The conversation and the participant that a path names (``…/{conversationId}/participants/{participantId}``)."""
    settle(sandbox)
    conversation = sandbox.conversations.find(call.ids[0])
    participant = conversation.participant(call.ids[1])
    if participant is None:
        raise not_found("participant", call.ids[1])
    return conversation, participant


def changed(sandbox: Sandbox, conversation: Conversation) -> Conversation:
    """Keep a conversation, and do what follows for others from its change."""
    sandbox.conversations.put(conversation)
    settle(sandbox)
    return sandbox.conversations.find(conversation.id)


@source(PATH, *(f"{PATH}/{path}" for path in SINGULAR))
def view(sandbox: Sandbox, shape: CollectionShape, ids: Sequence[str]) -> Collection:
    """Conversations, for everything that is generic."""
    return ConversationView(sandbox, shape, shape.path)


@source(f"{PATH}/calls/{{}}/participants")
def participants(sandbox: Sandbox, shape: CollectionShape, ids: Sequence[str]) -> Collection:
    """The participants of a call, for everything that is generic."""
    record = sandbox.conversations.get(ids[0])
    shown: list[Entity] = []
    if record is not None:
        shown = rest.conversation(record, sandbox.conversations.name)["participants"]
    return ListView(shape, shape.path.format(sandbox.quoted(ids[0])), {entry["id"]: entry for entry in shown})


@listener
def agent_ready(sandbox: Sandbox, change: Change) -> None:
    """Who becomes idle gets what waits."""
    if change.path.endswith("/routingstatus"):
        settle(sandbox)


# --- reading ------------------------------------------------------------------------------------


def _media(call: Call) -> str:
    """The media of a path, as it is written there; empty for conversations as a whole."""
    segments = call.record.path.split("/")
    return segments[4] if len(segments) > 4 and segments[4] in SINGULAR else ""


def _shown(sandbox: Sandbox, conversation: Conversation, media: str) -> Entity:
    names = sandbox.conversations.name
    return rest.media_conversation(conversation, media, names) if media else rest.conversation(conversation, names)


@service(*names_of("get_conversations_{}s", "get_conversations"), personal=True)
def active(sandbox: Sandbox, call: Call) -> Any:
    """The conversations that the user of the token is in."""
    settle(sandbox)
    media, user_id = _media(call), sandbox.actor
    found = [
        conversation
        for conversation in sandbox.conversations.open()
        if (not media or media in rest.media_of(conversation))
        and any(p.user_id == user_id and open_session(p) is not None for p in conversation.participants)
    ]
    wanted = str(call.query.get("communicationType") or "").lower()
    if wanted:
        found = [c for c in found if wanted in {SINGULAR.get(m, m) for m in rest.media_of(c)}]
    shown = [_shown(sandbox, conversation, media) for conversation in found]
    listing = sandbox.shapes.listing(call.record) or Listing("entities", "o")
    return page(sandbox, call, listing, shown)


@service(*names_of("get_conversations_{}", "get_conversation"), personal=True)
def read(sandbox: Sandbox, call: Call) -> Any:
    """One conversation."""
    settle(sandbox)
    media = _media(call)
    conversation = sandbox.conversations.find(call.ids[0])
    if media and media not in rest.media_of(conversation):
        raise not_found("conversation", call.ids[0])
    return _shown(sandbox, conversation, media)


@service("get_conversations_calls_history", personal=True)
def history(sandbox: Sandbox, call: Call) -> Any:
    """The calls that the user of the token had, latest first."""
    user_id = sandbox.actor
    found = [
        c for c in sandbox.conversations.all()
        if c.media == "voice" and c.end is not None and any(p.user_id == user_id for p in c.participants)
    ]  # fmt: skip
    found.sort(key=lambda c: c.start, reverse=True)
    shown = [
        _shown(sandbox, c, "calls")
        | {"direction": c.direction, "startTime": iso(c.start), "wentToVoicemail": False, "wasConference": False,
           "missedCall": not any(s.kind == "interact" for p in c.participants if p.user_id == user_id
                                 for n in p.sessions for s in n.segments)}
        for c in found
    ]  # fmt: skip
    return page(sandbox, call, sandbox.shapes.listing(call.record) or Listing("entities", "o"), shown)


@service("get_conversations_calls_maximumconferenceparties")
def most_parties(sandbox: Sandbox, call: Call) -> Any:
    """How many can confer."""
    return {"maxParticipants": 12}


# --- state of participants ----------------------------------------------------------------------


def _apply(
    sandbox: Sandbox, conversation: Conversation, participant: Participant, body: Entity, session: str
) -> Conversation:
    """What a ``MediaParticipantRequest`` asks for."""
    now, current = now_of(sandbox), open_session(participant)
    wrapup = as_object(body.get("wrapup"))
    if wrapup is not None:
        conversation = _coded(sandbox, conversation, participant, session, wrapup)
    if body.get("wrapupSkipped"):
        conversation = finish_work(conversation, participant.id, now, skipped=True)
    wanted = {
        wire: body[wire] for wire in ("state", "held", "muted", "confined", "recording") if body.get(wire) is not None
    }
    if wanted and current is None:
        raise bad_request(f"The participant {participant.id} has left the conversation: its state cannot be changed.")
    marks = {wire: bool(wanted[wire]) for wire in ("muted", "confined") if wire in wanted}
    if marks:
        conversation = on_session(conversation, participant.id, lambda s: replace(s, **marks))
    if "recording" in wanted:
        state = "active" if wanted["recording"] else "none"
        conversation = on_session(
            conversation, participant.id, lambda s: replace(s, recording=wanted["recording"], recording_state=state)
        )
    if "held" in wanted:
        conversation = hold(conversation, participant.id, now, wanted["held"])
    if "state" in wanted:
        conversation = _to_state(conversation, participant, str(wanted["state"]), now)
    return conversation


def _to_state(conversation: Conversation, participant: Participant, state: str, now: int) -> Conversation:
    current = open_session(participant)
    assert current is not None
    if state in ("disconnected", "terminated"):
        return disconnect(conversation, participant.id, now, "client")
    if state == current.state:
        return conversation
    if state == "connected" and current.state in ("alerting", "dialing", "contacting", "offering", "parked"):
        return answer(conversation, participant.id, now)
    if state == "parked" and current.state == "connected":
        return on_session(conversation, participant.id, lambda s: replace(s, state="parked"))
    raise bad_request(f"A participant cannot go from {current.state} to {state}.", code="invalid.value")


def _coded(
    sandbox: Sandbox, conversation: Conversation, participant: Participant, session_id: str, wrapup: Entity
) -> Conversation:
    if participant.purpose not in of_agents:
        raise bad_request("Only agents assign wrap-up codes.")
    code = str(wrapup.get("code") or "")
    session = session_id or participant.sessions[-1].id
    tags = [str(tag) for tag in wrapup.get("tags") or ()]
    note = str(wrapup.get("notes") or "")
    return wrap_up(conversation, participant.id, session, now_of(sandbox), code, note, tags)


@service(*names_of("patch_conversations_{}_participant", "patch_conversation_participant",
                   "patch_conversations_call_participant_user_user_id"))  # fmt: skip
def change_participant(sandbox: Sandbox, call: Call) -> Any:
    """Answer, hold, mute, wrap up, leave."""
    conversation, participant = the(sandbox, call)
    changed(sandbox, _apply(sandbox, conversation, participant, body_of(call), ""))


@service(*names_of("patch_conversations_{}_participant_communication"))
def change_communication(sandbox: Sandbox, call: Call) -> Any:
    """The same for one communication of a participant."""
    conversation, participant = the(sandbox, call)
    if all(session.id != call.ids[2] for session in participant.sessions):
        raise not_found("communication", call.ids[2])
    changed(sandbox, _apply(sandbox, conversation, participant, body_of(call), call.ids[2]))
    return {}


@service(*names_of("patch_conversations_{}_participant_parkingstate"))
def park(sandbox: Sandbox, call: Call) -> Any:
    """Park a message or an e-mail, or take it up again."""
    conversation, participant = the(sandbox, call)
    changed(sandbox, _apply(sandbox, conversation, participant, {"state": body_of(call).get("state")}, ""))


@service(*names_of("patch_conversations_{}_participant_attributes", "patch_conversation_participant_attributes"))
def set_attributes(sandbox: Sandbox, call: Call) -> Any:
    """Set attributes of a participant; the others stay, an empty value removes."""
    conversation, participant = the(sandbox, call)
    given = as_object(body_of(call).get("attributes")) or {}
    merged = {**participant.attributes, **{name: str(value) for name, value in given.items() if value is not None}}
    merged = {name: value for name, value in merged.items() if value != ""}
    changed(sandbox, replaced(conversation, participant.id, lambda p: replace(p, attributes=merged)))
    return {"attributes": merged}


# --- wrap-up ------------------------------------------------------------------------------------


@service(*names_of("get_conversations_{}_participant_wrapup", "get_conversation_participant_wrapup",
                   *names_of("get_conversations_{}_participant_communication_wrapup")))  # fmt: skip
def wrapup(sandbox: Sandbox, call: Call) -> Any:
    """The wrap-up code that an agent assigned; with ``provisional`` one that is not final."""
    _, participant = the(sandbox, call)
    found = rest.assigned_wrapup(participant, call.ids[2] if len(call.ids) > 2 else "")
    if found is None:
        raise not_found("The wrap-up")
    return found


@service(*names_of("post_conversations_{}_participant_communication_wrapup"))
def assign_wrapup(sandbox: Sandbox, call: Call) -> Any:
    """Assign a wrap-up code."""
    conversation, participant = the(sandbox, call)
    if all(session.id != call.ids[2] for session in participant.sessions):
        raise not_found("communication", call.ids[2])
    changed(sandbox, _coded(sandbox, conversation, participant, call.ids[2], body_of(call)))


@service(*names_of("get_conversations_{}_participant_wrapupcodes", "get_conversation_participant_wrapupcodes"))
def wrapup_codes(sandbox: Sandbox, call: Call) -> Any:
    """The codes that an agent can assign: those of the queue, or all when it has none of its own."""
    _, participant = the(sandbox, call)
    own = sandbox.shapes.collection("/api/v2/routing/queues/{}/wrapupcodes")
    if own is not None and participant.queue_id:
        found = list(sandbox.collection(own, [participant.queue_id]))
        if found:
            return found
    everything = sandbox.shapes.collection("/api/v2/routing/wrapupcodes")
    return [] if everything is None else list(sandbox.collection(everything, []))


@service("patch_conversations_aftercallwork_conversation_id_participant_communication")
def require_work(sandbox: Sandbox, call: Call) -> Any:
    """Ask for work after a conversation, or not."""
    conversation, participant = the(sandbox, call)
    prompt = "MANDATORY" if body_of(call).get("afterCallWorkRequired") else "OPTIONAL"
    changed(sandbox, replaced(conversation, participant.id, lambda p: replace(p, wrapup_prompt=prompt)))
    return call.body


# --- whole conversations ------------------------------------------------------------------------


@service(*names_of("patch_conversations_{}"))
def change_conversation(sandbox: Sandbox, call: Call) -> Any:
    """End a conversation for everybody, or change how it is recorded."""
    settle(sandbox)
    conversation = sandbox.conversations.find(call.ids[0])
    body = body_of(call)
    if body.get("state") in ("disconnected", "terminated"):
        conversation = end_all(conversation, now_of(sandbox), "client")
    if body.get("recordingState"):
        conversation = replace(conversation, recording_state=str(body["recordingState"]).upper())
    if body.get("securePause") is not None:
        conversation = replace(conversation, secure_pause=bool(body["securePause"]))
    return _shown(sandbox, changed(sandbox, conversation), "")


@service(*names_of("put_conversations_{}_recordingstate", "patch_conversation_recordingstate"))
def recording_state(sandbox: Sandbox, call: Call) -> Any:
    """Start, pause or stop to record."""
    conversation = sandbox.conversations.find(call.ids[0])
    state = str(body_of(call).get("recordingState") or "ACTIVE")
    changed(sandbox, replace(conversation, recording_state=state))
    return state


@service("post_conversation_disconnect", "delete_conversation")
def hang_up(sandbox: Sandbox, call: Call) -> Any:
    """End a conversation for everybody."""
    settle(sandbox)
    changed(sandbox, end_all(sandbox.conversations.find(call.ids[0]), now_of(sandbox), "client"))
    return "accepted"


@service("put_conversation_tags")
def tag(sandbox: Sandbox, call: Call) -> Any:
    """Give a conversation an external tag."""
    conversation = sandbox.conversations.find(call.ids[0])
    changed(sandbox, replace(conversation, external_tag=str(body_of(call).get("externalTag") or "")))
    return call.ids[0]


@service("patch_conversation_utilizationlabel")
def label(sandbox: Sandbox, call: Call) -> Any:
    """Give a conversation a utilization label."""
    conversation = sandbox.conversations.find(call.ids[0])
    changed(sandbox, replace(conversation, label_id=str(body_of(call).get("utilizationLabelId") or "")))
    return call.ids[0]


@service("put_conversation_participant_flaggedreason", "delete_conversation_participant_flaggedreason")
def flag(sandbox: Sandbox, call: Call) -> Any:
    """Flag a participant for others to look at, or take the flag back."""
    conversation, participant = the(sandbox, call)
    reason = "general" if call.record.method == "PUT" else ""
    changed(sandbox, replaced(conversation, participant.id, lambda p: replace(p, flagged=reason)))


@service("post_conversation_participant_digits")
def digits(sandbox: Sandbox, call: Call) -> Any:
    """Send tones, which nobody hears."""
    _, participant = the(sandbox, call)
    if open_session(participant) is None:
        raise bad_request(f"The participant {participant.id} has left the conversation.")


# --- examples -----------------------------------------------------------------------------------


def _path_values(name: str, sandbox: Sandbox) -> list[str]:
    """Values for the path of an operation: a conversation that an agent is in."""
    record = catalog().operation(name)
    path = next((path for path in SINGULAR if f"/{path}/" in record.path), "calls")
    media = next(media for media, found in MEDIA.items() if found == path)
    conversation, agent = live_example(sandbox, media)
    session = agent.sessions[-1]
    if name.startswith("get_") and name.endswith("_wrapup"):
        conversation = wrap_up(conversation, agent.id, session.id, conversation.start, "example", "", ())
        sandbox.conversations.put(conversation)
    values = {"conversationId": conversation.id, "participantId": agent.id, "communicationId": session.id,
              "userId": agent.user_id}  # fmt: skip
    ids: list[str] = []
    own = sandbox.shapes.parent(record.path)
    for parameter in record.parameters:
        if parameter.place == "path":
            last = own is not None and own.closed and own.depth == len(ids)
            known = sandbox.collection(own, ids).ids() if own is not None and last else []
            ids.append(values.get(parameter.wire) or (known or [str(sandbox.faker.parameter(parameter, name))])[0])
    return ids


def examples(*names: str) -> None:
    """Let the example requests of these operations be about a conversation that an agent is in."""
    for name in names:
        example_ids(name)(partial(_path_values, name))


# Not every media has a conversation in every organization: whatever is about one of them has it made.
examples(
    *filter(re.compile(r"[a-z]+_conversations_(call|callback|email|message)(_|$)").match, catalog().operation_names())
)
examples(
    *names_of("patch_conversations_{}_participant", "patch_conversation_participant",
              "patch_conversations_call_participant_user_user_id", "post_conversation_participant_digits",
              "put_conversation_participant_flaggedreason", "delete_conversation_participant_flaggedreason",
              "patch_conversations_aftercallwork_conversation_id_participant_communication",
              "post_conversation_disconnect", "delete_conversation", "patch_conversation_participant_attributes",
              "get_conversation_participant_wrapup",
              "get_conversation_participant_wrapupcodes"),
    *names_of("patch_conversations_{}"),
    *names_of("patch_conversations_{}_participant_communication"),
    *names_of("patch_conversations_{}_participant_parkingstate"),
    *names_of("patch_conversations_{}_participant_attributes"),
    *names_of("get_conversations_{}_participant_wrapup"),
    *names_of("get_conversations_{}_participant_communication_wrapup"),
    *names_of("post_conversations_{}_participant_communication_wrapup"),
    *names_of("get_conversations_{}_participant_wrapupcodes"),
)  # fmt: skip


@example_body(*names_of("patch_conversations_{}_participant", "patch_conversation_participant",
                        "patch_conversations_call_participant_user_user_id"),
              *names_of("patch_conversations_{}_participant_communication"))  # fmt: skip
def example_hold(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Hold."""
    return {"held": True}


@example_body(*names_of("patch_conversations_{}_participant_parkingstate"))
def example_park(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Park."""
    return {"state": "parked"}


def due(body: Entity) -> int | None:
    """When a callback is due, as a body says.

    Raises:
        Refusal: 400; it is no time.
    """
    text = body.get("callbackScheduledTime")
    if not text:
        return None
    try:
        return milliseconds(str(text))
    except ValueError:
        raise bad_request("callbackScheduledTime is not a date-time.", code="invalid.date") from None
