"""Where conversations go: transfers, consultations, conferences, supervisors who listen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ..conversations import acd, agents
from ..conversations.acd import settle
from ..conversations.book import now_of
from ..conversations.changes import add, answer, disconnect, hold, mark, on_session, open_session, requeue
from ..conversations.record import Conversation, Participant, Segment, Session, replaced
from ..conversations.starting import customer, live_example
from ..narrow import as_list, as_object
from ..refusal import bad_request, not_found
from .conversations import body_of, changed, examples, names_of, the
from .registry import example_body, example_ids, service
from .users import users

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Entity

__all__: list[str] = []

CONSULT = ("post_conversations_call_participant_consult", "post_conversations_call_participant_consult_agent",
           "post_conversations_call_participant_consult_contact_external",
           "post_conversations_call_participant_consult_external", "post_conversations_call_participant_consult_queue",
           "post_conversations_call_participant_voice_consult")  # fmt: skip
REPLACE = (*names_of("post_conversations_{}_participant_replace"), "post_conversation_participant_replace",
           "post_conversation_participant_replace_agent", "post_conversation_participant_replace_contact_external",
           "post_conversation_participant_replace_external", "post_conversation_participant_replace_queue",
           "post_conversation_participant_transfer")  # fmt: skip


def _target(sandbox: Sandbox, conversation: Conversation, body: Entity, now: int, queue_id: str = "") -> Participant:
    """The participant that a body names: a queue, a user or an address.

    Raises:
        Refusal: 400 or 404; it names none, or one that does not exist.
    """
    if body.get("queueId"):
        if agents.queue(sandbox, str(body["queueId"])) is None:
            raise not_found("queue", str(body["queueId"]))
        return acd.acd_participant(sandbox, conversation, str(body["queueId"]), now)
    user_id = body.get("userId") or _by_name(sandbox, str(body.get("userName") or ""))
    if user_id:
        if str(user_id) not in users(sandbox):
            raise not_found("user", str(user_id))
        return acd.agent_participant(
            sandbox, conversation, str(user_id), queue_id, now, "agent" if queue_id else "user"
        )
    address = str(body.get("address") or body.get("contactId") or "")
    if not address:
        raise bad_request("One of userId, queueId and address is needed.")
    like = next((s for _, s in conversation.sessions() if s.media == conversation.media), None)
    session = Session("", conversation.media, "outbound", "connected", (Segment("interact", now),),
                      self_address=like.self_address if like else "", other_address=address,
                      provider=like.provider if like else "")  # fmt: skip
    return replace(customer(sandbox, conversation, session, str(body.get("name") or "")), purpose="external")


def _by_name(sandbox: Sandbox, name: str) -> str:
    """Id of the user with a user name."""
    if not name:
        return ""
    wanted = name.lower()
    return next((u["id"] for u in users(sandbox) if str(u.get("username", "")).lower() == wanted), "")


def _present(participant: Participant) -> None:
    if open_session(participant) is None:
        raise bad_request(f"The participant {participant.id} has left the conversation.")


@service(*REPLACE)
def transfer(sandbox: Sandbox, call: Call) -> Any:
    """Transfer blindly: the target takes the place of the participant."""
    conversation, leaver = the(sandbox, call)
    _present(leaver)
    now = now_of(sandbox)
    target = _target(sandbox, conversation, body_of(call), now)

    def moved(session: Session) -> Session:
        return mark(mark(session, "nTransferred", now), "nBlindTransferred", now)

    conversation = on_session(conversation, leaver.id, moved) if leaver.user_id else conversation
    conversation = requeue(conversation, target)
    conversation = disconnect(conversation, leaver.id, now, "transfer")
    changed(sandbox, conversation)


# --- consultation -------------------------------------------------------------------------------


@service(*CONSULT)
def consult(sandbox: Sandbox, call: Call) -> Any:
    """Ask somebody while the customer waits."""
    conversation, customer_side = the(sandbox, call)
    _present(customer_side)
    now, body = now_of(sandbox), body_of(call)
    asker = _asker(sandbox, conversation, str(body.get("consultingUserId") or ""))
    target = _target(sandbox, conversation, as_object(body.get("destination")) or body, now)
    conversation = on_session(conversation, asker.id, lambda s: mark(s, "nConsult", now))
    conversation = requeue(conversation, replace(target, consult_of=asker.id))
    changed(sandbox, _speaking(conversation, asker, customer_side, str(body.get("speakTo")), now))
    return {"destinationParticipantId": target.id}


def _asker(sandbox: Sandbox, conversation: Conversation, user_id: str) -> Participant:
    """The agent who consults: the named one, the user of the token, or whoever talks."""
    there = [p for p in conversation.participants if p.user_id and open_session(p) is not None]
    for wanted in (user_id, sandbox.actor):
        found = next((p for p in there if wanted and p.user_id == wanted), None)
        if found is not None:
            return found
    if not there:
        raise bad_request("Nobody is in the conversation who could consult.")
    return there[0]


def _speaking(
    conversation: Conversation, asker: Participant, customer_side: Participant, speak_to: str, now: int
) -> Conversation:
    """Whom the agent speaks to: the customer is on hold unless it is the customer (``OBJECT``) or all."""
    return hold(conversation, asker.id, now, speak_to == "DESTINATION")


@service("patch_conversations_call_participant_consult")
def change_consult(sandbox: Sandbox, call: Call) -> Any:
    """Change whom the agent speaks to."""
    conversation, customer_side = the(sandbox, call)
    asker = _asker(sandbox, conversation, str(body_of(call).get("consultingUserId") or ""))
    target = _consulted(conversation)
    speak_to = str(body_of(call).get("speakTo"))
    changed(sandbox, _speaking(conversation, asker, customer_side, speak_to, now_of(sandbox)))
    return {"destinationParticipantId": target.id}


def _consulted(conversation: Conversation) -> Participant:
    found = next((p for p in reversed(conversation.participants) if p.consult_of and open_session(p)), None)
    if found is None:
        raise bad_request(f"Nobody is consulted in the conversation {conversation.id}.")
    return found


@service("delete_conversations_call_participant_consult")
def end_consult(sandbox: Sandbox, call: Call) -> Any:
    """End the consultation: the agent is back with the customer."""
    conversation, _ = the(sandbox, call)
    target, now = _consulted(conversation), now_of(sandbox)
    conversation = disconnect(conversation, target.id, now, "client")
    changed(sandbox, hold(conversation, target.consult_of, now, False))


# --- conference, assignment, supervision --------------------------------------------------------


@service("post_conversations_call_participants", "post_conversations_call_participants_user_user_id")
def invite(sandbox: Sandbox, call: Call) -> Any:
    """Add participants to a call."""
    from ..conversations import rest

    settle(sandbox)
    conversation, now = sandbox.conversations.find(call.ids[0]), now_of(sandbox)
    if conversation.end is not None:
        raise bad_request(f"The conversation {conversation.id} is over.")
    for entry in as_list(body_of(call).get("participants")) or []:
        wanted = as_object(entry) or {}
        if any(wanted.get(wire) for wire in ("userId", "queueId", "address")):
            conversation = requeue(conversation, _target(sandbox, conversation, wanted, now))
    return rest.conversation(changed(sandbox, conversation), sandbox.conversations.name)


@service("post_conversation_assign")
def assign(sandbox: Sandbox, call: Call) -> Any:
    """Give a conversation that waits to a user."""
    settle(sandbox)
    conversation, now = sandbox.conversations.find(call.ids[0]), now_of(sandbox)
    waiting = next((p for p in reversed(conversation.participants) if p.purpose == "acd" and open_session(p)), None)
    if waiting is None:
        raise bad_request(f"The conversation {conversation.id} does not wait in a queue.")
    user_id = str(call.body["id"])
    if user_id not in users(sandbox):
        raise not_found("user", user_id)
    changed(sandbox, add(conversation, acd.agent_participant(sandbox, conversation, user_id, waiting.queue_id, now)))
    return "accepted"


KINDS = {"monitor": "monitoring", "coach": "coaching", "barge": "barging"}


@service("post_conversations_call_participant_monitor", "post_conversations_message_participant_monitor",
         "post_conversations_call_participant_coach", "post_conversations_call_participant_barge",
         "post_conversation_barge")  # fmt: skip
def supervise(sandbox: Sandbox, call: Call) -> Any:
    """The user of the token listens to a participant, helps it, or joins in."""
    settle(sandbox)
    conversation, now = sandbox.conversations.find(call.ids[0]), now_of(sandbox)
    if len(call.ids) > 1:
        _, watched = the(sandbox, call)
    else:
        watched = _asker(sandbox, conversation, "")
    _present(watched)
    kind = KINDS[call.record.path.rpartition("/")[2]]
    made = acd.agent_participant(sandbox, conversation, sandbox.actor, "", now, "user")
    sessions = tuple(replace(s, state="connected", segments=(Segment(kind, now),)) for s in made.sessions)
    changed(sandbox, add(conversation, replace(made, sessions=sessions, monitors=watched.id)))


@service("post_conversations_message_participant_takeover")
def take_over(sandbox: Sandbox, call: Call) -> Any:
    """The user of the token takes the place of an agent."""
    conversation, watched = the(sandbox, call)
    _present(watched)
    now = now_of(sandbox)
    made = acd.agent_participant(sandbox, conversation, sandbox.actor, watched.queue_id, now)
    conversation = answer(add(conversation, made), made.id, now)
    changed(sandbox, disconnect(conversation, watched.id, now, "transfer"))


@service("put_conversations_call_participant_communication_uuidata")
def uui_data(sandbox: Sandbox, call: Call) -> Any:
    """User-to-user data, kept as an attribute."""
    conversation, participant = the(sandbox, call)
    data = str(body_of(call).get("uuiData") or "")
    attributes = {**participant.attributes, "uuiData": data}
    changed(sandbox, replaced(conversation, participant.id, lambda p: replace(p, attributes=attributes)))
    return {}


# --- examples -----------------------------------------------------------------------------------

examples(
    *REPLACE, *CONSULT, "post_conversations_call_participants", "post_conversations_call_participants_user_user_id",
    "post_conversations_call_participant_monitor", "post_conversations_message_participant_monitor",
    "post_conversations_call_participant_coach", "post_conversations_call_participant_barge", "post_conversation_barge",
    "post_conversations_message_participant_takeover", "put_conversations_call_participant_communication_uuidata",
)  # fmt: skip


@example_ids("patch_conversations_call_participant_consult", "delete_conversations_call_participant_consult")
def example_consultation(sandbox: Sandbox) -> list[str]:
    """A conversation in which somebody is consulted."""
    conversation, agent = live_example(sandbox, "voice")
    customer_side = conversation.participants[0]
    target = _target(sandbox, conversation, {"address": "+13175550123"}, now_of(sandbox))
    changed(sandbox, add(conversation, replace(target, consult_of=agent.id)))
    return [conversation.id, customer_side.id]


@example_ids("post_conversation_assign")
def example_waiting(sandbox: Sandbox) -> list[str]:
    """A conversation that waits in a queue."""
    return [live_example(sandbox, "voice", answered=False)[0].id]


@example_body("post_conversation_assign")
def example_taker(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A user who exists."""
    return {"id": users(sandbox).ids()[-1]}


@example_body(*REPLACE)
def example_target(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """To a number; where only a user or a queue will do, to one that exists."""
    shape = sandbox.shapes.collection("/api/v2/routing/queues")
    assert shape is not None
    return {"queueId": sandbox.collection(shape, []).ids()[0]}


@example_body("post_conversation_participant_replace_contact_external")
def example_contact(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """An external contact."""
    return {"contactId": ids[0], "phoneType": "WorkPhone"}


@example_body("post_conversation_participant_replace_external", "post_conversation_participant_transfer")
def example_address(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A number."""
    return {"address": "+13175550123"}


@example_body("post_conversation_participant_replace_agent")
def example_agent(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A user who exists."""
    return {"userId": users(sandbox).ids()[0]}


@example_body("post_conversations_call_participant_consult")
def example_consult(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A number."""
    return {"speakTo": "DESTINATION", "destination": {"address": "+13175550123"}}


@example_body("post_conversations_call_participant_consult_agent")
def example_consult_agent(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A user who exists."""
    return {"speakTo": "DESTINATION", "userId": users(sandbox).ids()[0]}


@example_body("post_conversations_call_participant_consult_contact_external")
def example_consult_contact(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """An external contact."""
    return {"speakTo": "DESTINATION", "contactId": ids[0], "phoneType": "WorkPhone"}


@example_body(
    "post_conversations_call_participant_consult_external", "post_conversations_call_participant_voice_consult"
)
def example_consult_external(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A number."""
    return {"speakTo": "DESTINATION", "address": "+13175550123"}


@example_body("post_conversations_call_participant_consult_queue")
def example_consult_queue(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A queue that exists."""
    return {"speakTo": "DESTINATION", **example_target(sandbox, ids)}


@example_body("post_conversations_call_participants", "post_conversations_call_participants_user_user_id")
def example_invitation(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A number."""
    return {"startTime": sandbox.now(), "participants": [{"address": "+13175550123"}]}
