"""How conversations begin: somebody calls, writes or asks to be called back; or an agent calls or writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from . import acd, agents
from .book import now_of
from .changes import add, answer
from .record import Conversation, Participant, Segment, Session

if TYPE_CHECKING:
    from ..core import Sandbox

__all__ = ["begin_inbound", "begin_outbound", "customer", "live_example", "outbound"]

OWN = {"voice": "tel:+13175550100", "callback": "tel:+13175550100", "email": "service@sandbox.example"}
PROVIDERS = {
    "voice": "Edge",
    "callback": "PureCloud Callback",
    "email": "PureCloud Email",
    "chat": "PureCloud Webchat v2",
}


def customer(sandbox: Sandbox, conversation: Conversation, session: Session, name: str = "") -> Participant:
    """The customer of a conversation."""
    made = replace(session, id=sandbox.conversations.new_id())
    return Participant(sandbox.conversations.new_id(), "customer", (made,), name, address=session.other_address)


def _empty(
    sandbox: Sandbox, media: str, direction: str, skills: Sequence[str], language: str, priority: int
) -> Conversation:
    division = str(sandbox.home_division()["id"])
    return Conversation(
        sandbox.conversations.new_id(), media, direction, now_of(sandbox), division_ids=(division,),
        skill_ids=tuple(skills), language_id=language, priority=priority,
    )  # fmt: skip


def begin_inbound(
    sandbox: Sandbox,
    media: str,
    queue_id: str,
    address: str,
    name: str = "",
    *,
    own_address: str = "",
    subject: str = "",
    message_type: str = "",
    skills: Sequence[str] = (),
    language: str = "",
    priority: int = 0,
    attributes: Mapping[str, str] | None = None,
    scheduled: int | None = None,
    script_id: str = "",
) -> Conversation:
    """A customer comes in and waits in a queue; the conversation is kept and routed.

    Args:
        sandbox: the sandbox.
        media: ``voice``, ``callback``, ``chat``, ``email`` or ``message``.
        queue_id: the queue.
        address: telephone number or address of the customer.
        name: name of the customer.
        own_address: what the customer called or wrote to.
        subject: subject of an e-mail.
        message_type: ``webmessaging``, ``sms``, ``open`` …
        skills: ids of the skills that an agent must have.
        language: id of a language.
        priority: higher ones are routed first.
        attributes: attributes of the customer.
        scheduled: when a callback is due, in milliseconds since the epoch.
        script_id: script that agents see.
    """
    conversation, now = _empty(sandbox, media, "inbound", skills, language, priority), now_of(sandbox)
    session = Session(
        "", media, "inbound", "connected", (Segment("interact", now, subject=subject),), "",
        own_address or OWN.get(media, "sandbox"), address, PROVIDERS.get(media, "PureCloud Messaging"),
        message_type=message_type, subject=subject, script_id=script_id,
    )  # fmt: skip
    if media == "callback":
        session = replace(session, callback_numbers=(address,), callback_name=name)
    caller = replace(customer(sandbox, conversation, session, name), attributes=dict(attributes or {}))
    conversation = replace(conversation, participants=(caller,))
    waiting = acd.acd_participant(sandbox, conversation, queue_id, now)
    if scheduled is not None and scheduled > now:
        later = tuple(
            replace(
                s, state="scheduled", scheduled=scheduled, segments=(Segment("scheduled", now, queue_id=queue_id),),
                marks=(("nCallbackScheduled", now),),
            )
            for s in waiting.sessions
        )  # fmt: skip
        waiting = replace(waiting, sessions=later)
    return sandbox.conversations.put(add(conversation, waiting))


def begin_outbound(
    sandbox: Sandbox,
    media: str,
    user_id: str,
    address: str,
    *,
    queue_id: str = "",
    name: str = "",
    own_address: str = "",
    subject: str = "",
    message_type: str = "",
    attributes: Mapping[str, str] | None = None,
) -> Conversation:
    """A user calls or writes to somebody, who is there at once; the conversation is kept. See :func:`begin_inbound`."""
    made = outbound(sandbox, media, user_id, address, queue_id=queue_id, name=name, own_address=own_address,
                    subject=subject, message_type=message_type, attributes=attributes)  # fmt: skip
    return sandbox.conversations.put(made)


def outbound(
    sandbox: Sandbox,
    media: str,
    user_id: str,
    address: str,
    *,
    queue_id: str = "",
    name: str = "",
    own_address: str = "",
    subject: str = "",
    message_type: str = "",
    attributes: Mapping[str, str] | None = None,
) -> Conversation:
    """The same without keeping it: the user is the first participant, who is called the second."""
    book, now = sandbox.conversations, now_of(sandbox)
    conversation = _empty(sandbox, media, "outbound", (), "", 0)
    dialing = (
        (Segment("contacting", now, now, queue_id), Segment("dialing", now, now, queue_id)) if media == "voice" else ()
    )
    talking = Segment("interact", now, queue_id=queue_id, subject=subject)
    session = Session(
        book.new_id(), media, "outbound", "connected", (*dialing, talking), queue_id,
        own_address or OWN.get(media, "sandbox"), address, PROVIDERS.get(media, "PureCloud Messaging"),
        message_type=message_type, subject=subject,
    )  # fmt: skip
    prompt, timeout = agents.after_call_settings(sandbox, queue_id)
    caller = Participant(
        book.new_id(), "agent" if queue_id else "user", (session,), book.name("users", user_id), user_id, queue_id,
        attributes=dict(attributes or {}), wrapup_prompt=prompt,
        wrapup_timeout=timeout,
    )  # fmt: skip
    far = replace(session, queue_id="", segments=(Segment("interact", now, subject=subject),))
    conversation = replace(conversation, participants=(caller,))
    return add(conversation, customer(sandbox, conversation, far, name))


def live_example(sandbox: Sandbox, media: str, *, answered: bool = True) -> tuple[Conversation, Participant]:
    """A conversation that an agent is in, and the agent: something for example requests to be about."""
    shape, people = sandbox.shapes.collection("/api/v2/routing/queues"), sandbox.shapes.collection("/api/v2/users")
    assert shape is not None
    assert people is not None
    queue_id, user_id = sandbox.collection(shape, []).ids()[0], sandbox.collection(people, []).ids()[0]
    conversation = begin_inbound(sandbox, media, queue_id, "+14635550100", "Example", message_type="open")
    agent = acd.agent_participant(sandbox, conversation, user_id, queue_id, conversation.start)
    conversation = add(conversation, agent)
    if answered:
        conversation = answer(conversation, agent.id, conversation.start)
    found = sandbox.conversations.put(conversation).participant(agent.id)
    assert found is not None
    return conversation, found
