"""How conversations begin through the API: calls, callbacks, e-mails, messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ..conversations import acd, agents
from ..conversations.acd import settle
from ..conversations.book import now_of
from ..conversations.changes import add, end_all, on_session, open_session
from ..conversations.record import Conversation, replaced
from ..conversations.starting import begin_inbound, begin_outbound, live_example, outbound
from ..narrow import as_list, as_object
from ..refusal import bad_request, not_found
from .conversations import body_of, changed, due, examples, the
from .registry import example_body, example_ids, service
from .users import users

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Entity

__all__: list[str] = []

LIMIT = 50


def _queue(sandbox: Sandbox, queue_id: Any, *, needed: bool = True) -> str:
    """The id of a queue that exists."""
    if not queue_id:
        if needed:
            raise bad_request("queueId is missing.", details=[{"errorCode": "required", "fieldName": "queueId"}])
        return ""
    if agents.queue(sandbox, str(queue_id)) is None:
        raise not_found("queue", str(queue_id))
    return str(queue_id)


def _user(sandbox: Sandbox, user_id: Any) -> str:
    if str(user_id) not in users(sandbox):
        raise not_found("user", str(user_id))
    return str(user_id)


def _texts(values: Any) -> list[str]:
    return [str(value) for value in as_list(values) or []]


def _attributes(body: Entity, wire: str = "attributes") -> dict[str, str]:
    return {name: str(value) for name, value in (as_object(body.get(wire)) or {}).items()}


# --- calls --------------------------------------------------------------------------------------


@service("post_conversations_calls", "post_conversations_calls_user_user_id")
def call_somebody(sandbox: Sandbox, call: Call) -> Any:
    """Call a number, a queue or a user."""
    body = body_of(call)
    user_id = _user(sandbox, call.ids[0]) if call.ids else sandbox.actor
    numbers = [str(body["phoneNumber"])] if body.get("phoneNumber") else []
    others = [as_object(entry) or {} for entry in as_list(body.get("participants")) or []]
    numbers += [str(entry["address"]) for entry in others if entry.get("address")]
    from_queue = _queue(sandbox, body.get("callFromQueueId"), needed=False)
    attributes = _attributes(body)
    to_queue = body.get("callQueueId") or next((entry["queueId"] for entry in others if entry.get("queueId")), None)
    to_user = body.get("callUserId") or next((entry["userId"] for entry in others if entry.get("userId")), None)
    if to_queue or to_user:
        made = _internal(sandbox, user_id, to_queue, to_user, body)
    elif numbers:
        made = begin_outbound(sandbox, "voice", user_id, _tel(numbers[0]), queue_id=from_queue,
                              own_address=_tel(body["callerId"]) if body.get("callerId") else "",
                              attributes=attributes)  # fmt: skip
    else:
        raise bad_request("One of phoneNumber, callQueueId, callUserId and participants is needed.")
    settle(sandbox)
    return {"id": made.id, "selfUri": f"/api/v2/conversations/calls/{made.id}"}


def _tel(number: Any) -> str:
    text = str(number)
    return text if ":" in text else f"tel:{text}"


def _internal(sandbox: Sandbox, user_id: str, to_queue: Any, to_user: Any, body: Entity) -> Conversation:
    """A user calls a queue or another user."""
    now = now_of(sandbox)
    made = outbound(sandbox, "voice", user_id, str(to_user or to_queue), attributes=_attributes(body))
    made = replace(
        made, participants=made.participants[:1], skill_ids=tuple(_texts(body.get("routingSkillsIds"))),
        language_id=str(body.get("languageId") or ""), priority=int(body.get("priority") or 0),
    )  # fmt: skip
    if to_queue:
        made = add(made, acd.acd_participant(sandbox, made, _queue(sandbox, to_queue), now))
    else:
        made = add(made, acd.agent_participant(sandbox, made, _user(sandbox, to_user), "", now, "user"))
    return sandbox.conversations.put(made)


@service("post_conversations_call")
def call_in_conversation(sandbox: Sandbox, call: Call) -> Any:
    """Call somebody from a conversation, such as a callback."""
    from ..conversations import rest

    settle(sandbox)
    conversation = sandbox.conversations.find(call.ids[0])
    agent = next((p for p in conversation.participants if p.user_id and open_session(p) is not None), None)
    if agent is None:
        raise bad_request("Nobody is in the conversation who could call.")
    number = _tel(body_of(call).get("callNumber") or "")
    made = outbound(sandbox, "voice", agent.user_id, number, queue_id=agent.queue_id)
    voice = made.participants[0].sessions[0]
    conversation = replaced(conversation, agent.id, lambda p: replace(p, sessions=(*p.sessions, voice)))
    conversation = add(conversation, made.participants[1])
    return rest.conversation(changed(sandbox, conversation), sandbox.conversations.name)


# --- callbacks ----------------------------------------------------------------------------------


def _callback_reply(conversation: Conversation) -> Entity:
    waiting = next(p for p in reversed(conversation.participants) if p.purpose == "acd")
    return {
        "conversation": {"id": conversation.id, "selfUri": f"/api/v2/conversations/callbacks/{conversation.id}"},
        "callbackIdentifiers": [{"type": "ACD", "id": waiting.sessions[-1].id}],
    }


@service("post_conversations_callbacks", "post_conversation_participant_callbacks")
def create_callback(sandbox: Sandbox, call: Call) -> Any:
    """Ask to be called back, at once or at a time."""
    body = body_of(call)
    routing = as_object(body.get("routingData")) or {}
    numbers = _texts(body.get("callbackNumbers"))
    if not numbers:
        raise bad_request(
            "callbackNumbers is empty.", details=[{"errorCode": "required", "fieldName": "callbackNumbers"}]
        )
    made = begin_inbound(
        sandbox, "callback", _queue(sandbox, body.get("queueId") or routing.get("queueId")), numbers[0],
        str(body.get("callbackUserName") or ""), skills=_texts(routing.get("skillIds")),
        language=str(routing.get("languageId") or ""), priority=int(routing.get("priority") or 0),
        attributes=_attributes(body, "data"), scheduled=due(body), script_id=str(body.get("scriptId") or ""),
    )  # fmt: skip
    if call.ids:
        the(sandbox, call)
    settle(sandbox)
    return _callback_reply(made)


def _change_callback(sandbox: Sandbox, body: Entity) -> Conversation:
    settle(sandbox)
    conversation = sandbox.conversations.find(str(body.get("conversationId")))
    if conversation.media != "callback" or conversation.end is not None:
        raise bad_request(f"The conversation {conversation.id} is no callback that can still be changed.")
    waiting = next(p for p in reversed(conversation.participants) if p.purpose == "acd")
    at = due(body)
    if at is not None:
        state = "scheduled" if at > now_of(sandbox) else "connected"
        conversation = on_session(conversation, waiting.id, lambda s: replace(s, scheduled=at, state=state))
    numbers = _texts(body.get("callbackNumbers"))
    if numbers:
        for participant in conversation.participants:
            conversation = on_session(
                conversation, participant.id, lambda s: replace(s, callback_numbers=tuple(numbers))
            )
    if body.get("queueId"):
        queue_id = _queue(sandbox, body["queueId"])
        conversation = replaced(
            conversation, waiting.id,
            lambda p: replace(p, queue_id=queue_id, sessions=tuple(replace(s, queue_id=queue_id) for s in p.sessions)),
        )  # fmt: skip
    return changed(sandbox, conversation)


@service("patch_conversations_callbacks")
def change_callback(sandbox: Sandbox, call: Call) -> Any:
    """Reschedule a callback, or move it to another queue."""
    return _callback_reply(_change_callback(sandbox, call.body))


@service("post_conversations_callbacks_bulk_update")
def change_callbacks(sandbox: Sandbox, call: Call) -> Any:
    """The same for many."""
    wanted = [as_object(entry) or {} for entry in call.body["patchCallbackRequests"]]
    if len(wanted) > LIMIT:
        raise bad_request(f"At most {LIMIT} callbacks can be changed at once.")
    results = [{"success": True, "entity": _callback_reply(_change_callback(sandbox, entry))} for entry in wanted]
    return {"results": results, "errorCount": 0, "errorIndexes": []}


@service("post_conversations_callbacks_bulk_disconnect")
def end_callbacks(sandbox: Sandbox, call: Call) -> Any:
    """End many callbacks."""
    for entry in call.body["callbackDisconnectIdentifiers"]:
        conversation = sandbox.conversations.find(str(entry["conversationId"]))
        changed(sandbox, end_all(conversation, now_of(sandbox), "system"))


# --- e-mails and messages -----------------------------------------------------------------------


@service("post_conversations_emails", "post_conversations_email_inboundmessages")
def create_email(sandbox: Sandbox, call: Call) -> Any:
    """An e-mail comes in, or a user begins to write one."""
    from ..conversations import rest

    body = body_of(call)
    subject = str(body.get("subject") or "")
    if body.get("direction") == "OUTBOUND":
        made = begin_outbound(
            sandbox, "email", sandbox.actor, str(body.get("toAddress") or ""), name=str(body.get("toName") or ""),
            queue_id=_queue(sandbox, body.get("queueId")), subject=subject, attributes=_attributes(body),
            own_address=str(body.get("fromAddress") or ""),
        )  # fmt: skip
    else:
        queue_id = _queue(sandbox, body.get("queueId"), needed=not body.get("flowId")) or first_queue(sandbox)
        made = begin_inbound(
            sandbox, "email", queue_id, str(body.get("fromAddress") or "customer@example.com"),
            str(body.get("fromName") or ""), own_address=str(body.get("toAddress") or ""), subject=subject,
            skills=_texts(body.get("skillIds")), language=str(body.get("languageId") or ""),
            priority=int(body.get("priority") or 0), attributes=_attributes(body),
        )  # fmt: skip
    settle(sandbox)
    return rest.media_conversation(sandbox.conversations.find(made.id), "emails", sandbox.conversations.name)


def first_queue(sandbox: Sandbox) -> str:
    """The queue that takes what names none: the first one.

    Raises:
        Refusal: 400; there is none.
    """
    shape = sandbox.shapes.collection("/api/v2/routing/queues")
    ids = sandbox.collection(shape, []).ids() if shape is not None else []
    if not ids:
        raise bad_request("There is no queue that could take the conversation.")
    return ids[0]


@service("post_conversations_messages")
def create_message_conversation(sandbox: Sandbox, call: Call) -> Any:
    """A user begins to write messages to somebody."""
    body = body_of(call)
    address = str(body.get("toAddress"))
    queue_id = _queue(sandbox, body.get("queueId"))
    made = None
    if body.get("useExistingConversation"):
        made = open_with(sandbox, address)
    if made is None:
        kind = str(body.get("toAddressMessengerType") or "sms")
        made = begin_outbound(sandbox, "message", sandbox.actor, address, queue_id=queue_id, message_type=kind)
    settle(sandbox)
    return {"id": made.id, "selfUri": f"/api/v2/conversations/messages/{made.id}"}


def open_with(sandbox: Sandbox, address: str) -> Conversation | None:
    """The message conversation with a customer that is not over."""
    return next(
        (
            conversation
            for conversation in sandbox.conversations.open()
            if conversation.media == "message" and conversation.end is None
            and any(session.other_address == address for _, session in conversation.sessions())
        ),
        None,
    )  # fmt: skip


# --- examples -----------------------------------------------------------------------------------

examples(
    "post_conversations_call", "post_conversation_participant_callbacks", "post_conversations_email_inboundmessages"
)


@example_ids("post_conversations_calls_user_user_id")
def example_caller(sandbox: Sandbox) -> list[str]:
    """A user who exists."""
    return users(sandbox).ids()[:1]


@example_body("post_conversations_calls", "post_conversations_calls_user_user_id")
def example_number(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A number."""
    return {"phoneNumber": "+13175550123"}


@example_body("post_conversations_callbacks", "post_conversation_participant_callbacks")
def example_callback(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A callback in a queue that exists."""
    return {"queueId": first_queue(sandbox), "callbackNumbers": ["+13175550123"], "callbackUserName": "Example"}


def _waiting(sandbox: Sandbox) -> Conversation:
    return live_example(sandbox, "callback", answered=False)[0]


@example_body("patch_conversations_callbacks")
def example_reschedule(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A callback that exists, at another time."""
    agent = users(sandbox).ids()[0]
    return {"conversationId": _waiting(sandbox).id, "agentId": agent, "callbackScheduledTime": sandbox.now()}


@example_body("post_conversations_callbacks_bulk_update")
def example_reschedules(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """The same for one of many."""
    return {"patchCallbackRequests": [example_reschedule(sandbox, ids)]}


@example_body("post_conversations_callbacks_bulk_disconnect")
def example_ends(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A callback that exists."""
    conversation = _waiting(sandbox)
    return {"callbackDisconnectIdentifiers": [{"conversationId": conversation.id, "callbackId": conversation.id}]}


@example_body("post_conversations_emails", "post_conversations_email_inboundmessages")
def example_email(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """An e-mail to a queue that exists."""
    return {
        "queueId": first_queue(sandbox),
        "provider": "Example",
        "fromAddress": "ada@example.com",
        "subject": "Hello",
    }


@example_body("post_conversations_messages")
def example_message(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A message from a queue that exists."""
    return {"queueId": first_queue(sandbox), "toAddress": "+13175550123", "toAddressMessengerType": "sms"}
