"""What the change of a conversation is to those who listen: the bodies of its topics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from . import details, rest
from .changes import OVER
from .record import Conversation, Participant, Segment, Session

if TYPE_CHECKING:
    from ..core import Sandbox

__all__ = ["publish"]

#: The part of the names of the models of a media's topics that differs.
MODELS = {"calls": "Call", "callbacks": "Callback", "chats": "Chat", "emails": "Email", "messages": "Message"}

DETAIL_MODELS = {
    **{f"{kind}.{edge}": f"{kind.title()}{edge.title()}DetailEventTopic{kind.title()}{edge.title()}Event"
       for kind in ("acd", "user", "customer", "flow") for edge in ("start", "end")},
    "acw": "AcwDetailEventTopicAfterCallWorkEvent",
    "wrapup": "WrapupDetailEventTopicWrapupEvent",
    "attributes": "AttributeDetailEventTopicAttributeUpdateEvent",
}  # fmt: skip


def publish(
    sandbox: Sandbox, before: Conversation | None, after: Conversation, names: Callable[[str, str], str]
) -> None:
    """Tell the users and queues of a conversation that it changed, and what happened in it since ``before``."""
    if not sandbox.events.listeners:
        return
    renderer = sandbox.renderer
    users = {p.user_id for p in after.participants if p.user_id}
    queues = {p.queue_id for p in after.participants if p.queue_id}
    whole = rest.conversation(after, names)
    for user_id in sorted(users):
        body = renderer.render(whole, "#ConversationEventTopicConversation", after.id)
        sandbox.events.publish(f"v2.users.{user_id}.conversations", body)
    for queue_id in sorted(queues):
        body = renderer.render(whole, "#QueueConversationEventTopicConversation", after.id)
        sandbox.events.publish(f"v2.routing.queues.{queue_id}.conversations", body)
    for path in sorted(rest.media_of(after)):
        shown, name = rest.media_conversation(after, path, names), MODELS[path]
        model = f"Conversation{name}EventTopic{name}Conversation"
        for user_id in sorted(users):
            topic = f"v2.users.{user_id}.conversations.{path}"
            sandbox.events.publish(topic, renderer.render(shown, f"#{model}", after.id))
        for queue_id in sorted(queues):
            topic = f"v2.routing.queues.{queue_id}.conversations.{path}"
            sandbox.events.publish(topic, renderer.render(shown, f"#Queue{model}", after.id))
    for event, body in _details(before, after):
        fitted = renderer.render(body, f"#{DETAIL_MODELS[event]}", after.id)
        sandbox.events.publish(f"v2.detail.events.conversation.{after.id}.{event}", fitted)


class _Place(NamedTuple):
    """A segment and where it is."""

    participant: Participant
    session: Session
    segment: Segment


def _segments(conversation: Conversation | None) -> dict[tuple[str, int], _Place]:
    if conversation is None:
        return {}
    return {
        (session.id, at): _Place(participant, session, segment)
        for participant, session in conversation.sessions()
        for at, segment in enumerate(session.segments)
    }


def _details(before: Conversation | None, after: Conversation) -> Iterator[tuple[str, dict[str, Any]]]:
    """The detail events that bring ``before`` to ``after``, in their order."""
    known = _segments(before)
    for key, place in _segments(after).items():
        old = known.get(key)
        kind = {"acd": "acd", "agent": "user", "user": "user", "ivr": "flow"}.get(place.participant.purpose, "customer")
        if key[1] == 0 and old is None:
            yield f"{kind}.start", _body(after, place, place.segment.start)
        was_over = _was_over(before, place.session)
        last = key[1] == len(place.session.segments) - 1
        if last and place.session.state in OVER and not was_over:
            end = max((s.end or s.start for s in place.session.segments if s.kind != "wrapup"), default=after.start)
            yield f"{kind}.end", _body(after, place, end) | {"disconnectType": _how(place.session)}
        if (
            place.segment.kind == "wrapup"
            and place.segment.end is not None
            and (old is None or old.segment != place.segment)
        ):
            end, start = place.segment.end, place.segment.start
            yield "acw", _body(after, place, end) | {"afterCallWorkDurationMs": end - start}
            if place.segment.wrapup_code:
                code = {"wrapupCode": place.segment.wrapup_code, "wrapupNotes": place.segment.wrapup_note,
                        "wrapupDurationMs": end - start}  # fmt: skip
                yield "wrapup", _body(after, place, end) | code
    for participant in after.participants:
        old_participant = before.participant(participant.id) if before is not None else None
        if participant.attributes and (old_participant is None or old_participant.attributes != participant.attributes):
            place = _Place(participant, participant.sessions[-1], Segment("", after.start))
            yield "attributes", _body(after, place, after.start) | {"attributes": participant.attributes}


def _was_over(before: Conversation | None, session: Session) -> bool:
    found = before.session(session.id) if before is not None else None
    return found is not None and found[1].state in OVER


def _how(session: Session) -> str:
    how = next((s.disconnect for s in reversed(session.segments) if s.disconnect), "system")
    return details.REST_DISCONNECTS.get(how, how).upper()


def _body(conversation: Conversation, place: _Place, at: int) -> dict[str, Any]:
    """What all detail events say."""
    session = place.session
    return {
        "eventTime": at,
        "conversationId": conversation.id,
        "participantId": place.participant.id,
        "sessionId": session.id,
        "mediaType": session.media.upper(),
        "provider": session.provider,
        "direction": session.direction.upper(),
        "ani": session.other_address,
        "dnis": session.self_address,
        "queueId": session.queue_id,
        "userId": place.participant.user_id,
    }
