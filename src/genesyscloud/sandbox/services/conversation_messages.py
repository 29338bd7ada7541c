"""What is written in conversations: messages and e-mails, in both directions.

Table ``messages`` holds each text by its id; a session knows the ids of those that were written in it, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ...catalog import catalog
from ..conversations.acd import settle
from ..conversations.changes import end_all, on_session, open_session
from ..conversations.record import Conversation, Participant, Session
from ..conversations.starting import begin_inbound, begin_outbound, live_example
from ..crud import page
from ..narrow import as_list, as_object
from ..refusal import bad_request, not_found
from ..shapes import Listing
from .conversation_starts import first_queue, open_with
from .conversations import body_of, changed
from .registry import UNCHECKED, example_body, example_ids, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Entity

__all__ = ["TABLE"]

TABLE = "messages"
#: Longest preview of an e-mail, in characters.
PREVIEW = 150


def _texts(sandbox: Sandbox, conversation: Conversation) -> list[Entity]:
    """All that was written in a conversation, in order."""
    table = sandbox.store.table(TABLE)
    ids = list(dict.fromkeys(found for _, session in conversation.sessions() for found in session.messages))
    return [table[message_id] for message_id in ids if message_id in table]


def _write(sandbox: Sandbox, conversation: Conversation, participant: Participant, row: Entity) -> Entity:
    """Keep a text, as written by a participant."""
    message_id = sandbox.conversations.new_id()
    kept = {"id": message_id, "conversationId": conversation.id, **row}
    sandbox.store.table(TABLE)[message_id] = kept
    changed(
        sandbox,
        on_session(conversation, participant.id, lambda s: replace(s, messages=(*s.messages, message_id))),
    )
    return kept


def _one(sandbox: Sandbox, conversation_id: str, message_id: str) -> Entity:
    found = sandbox.store.table(TABLE).get(message_id)
    if found is None or (conversation_id and found["conversationId"] != conversation_id):
        raise not_found("message", message_id)
    return found


def _with(conversation: Conversation, communication_id: str) -> tuple[Participant, Session]:
    found = conversation.session(communication_id)
    if found is None:
        raise not_found("communication", communication_id)
    if open_session(found[0]) is None:
        raise bad_request(f"The participant {found[0].id} has left the conversation: nothing can be written in it.")
    return found


# --- messages -----------------------------------------------------------------------------------


def _message(sandbox: Sandbox, session: Session, text: str, direction: str, **more: Any) -> Entity:
    addresses = (session.self_address, session.other_address)
    from_, to = addresses if direction == "outbound" else addresses[::-1]
    status = "sent" if direction == "outbound" else "received"
    return {
        "timestamp": sandbox.now(), "fromAddress": from_, "toAddress": to, "direction": direction, "status": status,
        "messengerType": session.message_type or "webmessaging", "textBody": text,
        "normalizedMessage": {"type": "Text", "text": text, "direction": direction.title(),
                              "originatingEntity": "Human"}, **more,
    }  # fmt: skip


def _shown(row: Entity) -> Entity:
    uri = f"/api/v2/conversations/messages/{row['conversationId']}/messages/{row['id']}"
    return {wire: value for wire, value in row.items() if wire != "textBody"} | {"selfUri": uri}


@service("post_conversations_message_communication_messages")
def send_message(sandbox: Sandbox, call: Call) -> Any:
    """An agent writes to the customer."""
    settle(sandbox)
    conversation = sandbox.conversations.find(call.ids[0])
    participant, session = _with(conversation, call.ids[1])
    text = str(body_of(call).get("textBody") or "")
    return _shown(_write(sandbox, conversation, participant, _message(sandbox, session, text, "outbound")))


@service("get_conversations_message_message")
def read_message(sandbox: Sandbox, call: Call) -> Any:
    """One message."""
    return _shown(_one(sandbox, call.ids[0], call.ids[1]))


# Here a path has the id of a message or of an integration where others have that of a conversation.
UNCHECKED.update(
    {"get_conversations_message_details", "post_conversations_message_inbound_open_event",
     "post_conversations_message_inbound_open_message", "post_conversations_message_inbound_open_receipt",
     "post_conversations_message_inbound_open_structured_response"}
)  # fmt: skip


@service("get_conversations_message_details")
def read_message_alone(sandbox: Sandbox, call: Call) -> Any:
    """One message, by its id alone."""
    return _shown(_one(sandbox, "", call.ids[0]))


@service("post_conversations_message_messages_bulk")
def read_messages(sandbox: Sandbox, call: Call) -> Any:
    """Several messages of a conversation, or all of them."""
    conversation = sandbox.conversations.find(call.ids[0])
    found = [_one(sandbox, call.ids[0], str(key)) for key in as_list(call.body) or []] or _texts(sandbox, conversation)
    return {"entities": [_shown(row) for row in found]}


@service("post_conversations_message_inbound_open_message", "post_conversations_messages_inbound_open")
def receive_message(sandbox: Sandbox, call: Call) -> Any:
    """A customer writes by an open messaging integration: in the conversation that is open, or in a new one."""
    body = body_of(call)
    channel = as_object(body.get("channel")) or {}
    sender = as_object(channel.get("from")) or {}
    address = str(sender.get("id") or "")
    settle(sandbox)
    conversation = open_with(sandbox, address)
    if conversation is None:
        name = str(sender.get("nickname") or f"{sender.get('firstName', '')} {sender.get('lastName', '')}".strip())
        own = call.ids[0] if call.ids else str((as_object(channel.get("to")) or {}).get("id") or "open")
        conversation = begin_inbound(sandbox, "message", first_queue(sandbox), address, name, own_address=own,
                                     message_type="open")  # fmt: skip
    writer = next(p for p in conversation.participants if p.purpose == "customer")
    text = str(body.get("text") or "")
    row = _write(sandbox, conversation, writer, _message(sandbox, writer.sessions[-1], text, "inbound"))
    settle(sandbox)
    return {**body, "id": row["id"], "type": "Text", "text": text, "conversationId": conversation.id,
            "direction": "Inbound"}  # fmt: skip


@service("post_conversations_messages_agentless")
def send_agentless(sandbox: Sandbox, call: Call) -> Any:
    """A program writes to a customer; nobody waits for an answer."""
    body = body_of(call)
    address, kind = (
        str(body.get("toAddress") or body.get("externalContactId") or ""),
        str(body["toAddressMessengerType"]),
    )
    if not address:
        raise bad_request("toAddress is missing.", details=[{"errorCode": "required", "fieldName": "toAddress"}])
    conversation = open_with(sandbox, address) if body.get("useExistingActiveConversation") else None
    alone = conversation is None
    if conversation is None:
        conversation = begin_outbound(sandbox, "message", sandbox.actor, address, message_type=kind,
                                      own_address=str(body.get("fromAddress") or ""))  # fmt: skip
    writer = next(p for p in conversation.participants if open_session(p) is not None)
    row = _message(sandbox, writer.sessions[-1], str(body.get("textBody") or ""), "outbound")
    row = _write(sandbox, conversation, writer, row)
    if alone:
        from ..conversations.book import now_of

        changed(sandbox, end_all(sandbox.conversations.find(conversation.id), now_of(sandbox), "system"))
    return {
        "id": row["id"], "conversationId": conversation.id, "fromAddress": body.get("fromAddress"),
        "toAddress": address,
        "messengerType": kind, "useExistingActiveConversation": not alone, "message": _shown(row),
        "timestamp": row["timestamp"], "user": {"id": sandbox.actor},
        "selfUri": f"/api/v2/conversations/messages/{conversation.id}",
    }  # fmt: skip


# --- e-mails ------------------------------------------------------------------------------------


@service("post_conversations_email_messages")
def send_email(sandbox: Sandbox, call: Call) -> Any:
    """Answer an e-mail."""
    settle(sandbox)
    conversation = sandbox.conversations.find(call.ids[0])
    writer = next((p for p in conversation.participants if p.user_id and open_session(p) is not None), None)
    if writer is None:
        raise bad_request(f"Nobody is in the conversation {conversation.id} who could answer.")
    return _write(sandbox, conversation, writer, {**body_of(call), "time": sandbox.now(), "state": "Ready"})


@service("get_conversations_email_messages")
def list_emails(sandbox: Sandbox, call: Call) -> Any:
    """The e-mails of a conversation, without their whole text."""
    conversation = sandbox.conversations.find(call.ids[0])
    shown = [
        {**row, "textBodyPreview": str(row.get("textBody", ""))[:PREVIEW],
         "selfUri": f"/api/v2/conversations/emails/{conversation.id}/messages/{row['id']}"}
        for row in _texts(sandbox, conversation)
    ]  # fmt: skip
    return page(sandbox, call, Listing("entities", "#EmailMessagePreview"), shown)


@service("get_conversations_email_message")
def read_email(sandbox: Sandbox, call: Call) -> Any:
    """One e-mail."""
    row = _one(sandbox, call.ids[0], call.ids[1])
    return {**row, "selfUri": f"/api/v2/conversations/emails/{call.ids[0]}/messages/{row['id']}"}


@service("post_conversations_emails_agentless")
def send_email_agentless(sandbox: Sandbox, call: Call) -> Any:
    """A program writes an e-mail."""
    from ..conversations.book import now_of

    body = body_of(call)
    if body.get("conversationId"):
        conversation = sandbox.conversations.find(str(body["conversationId"]))
    else:
        to = as_object(body["toAddresses"][0]) if body.get("toAddresses") else None
        if to is None:
            raise bad_request("toAddresses is empty.")
        own = as_object(body.get("fromAddress")) or {}
        made = begin_outbound(
            sandbox, "email", sandbox.actor, str(to.get("email") or ""), name=str(to.get("name") or ""),
            own_address=str(own.get("email") or ""), subject=str(body.get("subject") or ""),
        )  # fmt: skip
        row = {"to": body["toAddresses"], "from": body["fromAddress"], "subject": body.get("subject"),
               "textBody": body.get("textBody") or "", "htmlBody": body.get("htmlBody"),
               "time": sandbox.now()}  # fmt: skip
        _write(sandbox, made, made.participants[0], {wire: value for wire, value in row.items() if value is not None})
        conversation = changed(sandbox, end_all(sandbox.conversations.find(made.id), now_of(sandbox), "system"))
    return {**body, "id": conversation.id, "conversationId": conversation.id, "dateCreated": sandbox.now(),
            "selfUri": f"/api/v2/conversations/emails/{conversation.id}"}  # fmt: skip


# --- examples -----------------------------------------------------------------------------------


def _path_values(name: str, sandbox: Sandbox) -> list[str]:
    record = catalog().operation(name)
    media = "email" if "/emails/" in record.path else "message"
    conversation, agent = live_example(sandbox, media)
    text: Entity = {"to": [{"email": "a@example.com"}], "from": {"email": "b@example.com"}, "textBody": "Hello",
                    "time": sandbox.now()}  # fmt: skip
    session = agent.sessions[-1]
    row = _write(
        sandbox, conversation, agent, text if media == "email" else _message(sandbox, session, "Hello", "outbound")
    )
    values = {"conversationId": conversation.id, "messageId": row["id"], "communicationId": session.id}
    return [values[parameter.wire] for parameter in record.parameters if parameter.place == "path"]


for _name in (
    "post_conversations_message_communication_messages", "get_conversations_message_message",
    "get_conversations_message_details", "post_conversations_message_messages_bulk",
    "post_conversations_email_messages", "get_conversations_email_messages", "get_conversations_email_message",
):  # fmt: skip
    example_ids(_name)(partial(_path_values, _name))


@example_body("post_conversations_message_messages_bulk")
def example_messages(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """All of them."""
    return []


@example_body("post_conversations_emails_agentless")
def example_agentless(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """An e-mail of its own."""
    return {"senderType": "Outbound", "fromAddress": {"email": "service@example.com"},
            "toAddresses": [{"email": "ada@example.com"}], "subject": "Hello", "textBody": "Hello"}  # fmt: skip


@example_body("post_conversations_messages_agentless")
def example_text(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A message of its own."""
    return {"fromAddress": "+13175550100", "toAddress": "+13175550123", "toAddressMessengerType": "sms",
            "textBody": "Hello"}  # fmt: skip
