"""Routing: who waits in a queue is offered to an agent of it who is idle.

Nothing runs in the background. :func:`settle` brings the conversations to where they are at the time of the clock:
callbacks that are due enter their queue, alerts and work after calls that took too long end, and those who wait, by
priority and then by age, go to the agent who has been without a conversation for longest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from . import agents
from .book import now_of
from .changes import add, after_work, alert, answer, disconnect, finish_work, on_session, open_session
from .record import Conversation, Participant, Segment, Session, of_agents

if TYPE_CHECKING:
    from ..core import Sandbox

__all__ = ["acd_participant", "agent_participant", "settle"]

#: When agents last had a conversation, by id of user, in milliseconds since the epoch.
TABLE = "agents"


def acd_participant(sandbox: Sandbox, conversation: Conversation, queue_id: str, now: int) -> Participant:
    """A queue as a participant: the conversation waits in it."""
    book = sandbox.conversations
    like = _template(conversation)
    segment = Segment("interact", now, queue_id=queue_id, skill_ids=conversation.skill_ids,
                      language_id=conversation.language_id, subject=like.subject)  # fmt: skip
    session = replace(like, id=book.new_id(), state="connected", segments=(segment,), queue_id=queue_id)
    return Participant(book.new_id(), "acd", (session,), book.name("queues", queue_id), queue_id=queue_id)


def agent_participant(
    sandbox: Sandbox, conversation: Conversation, user_id: str, queue_id: str, now: int, purpose: str = "agent"
) -> Participant:
    """A user as a participant who is being called."""
    book = sandbox.conversations
    prompt, timeout = agents.after_call_settings(sandbox, queue_id)
    session = replace(_template(conversation), id=book.new_id(), queue_id=queue_id)
    return Participant(
        book.new_id(), purpose, (alert(session, now),), book.name("users", user_id), user_id, queue_id,
        wrapup_prompt=prompt,
        wrapup_timeout=timeout,
    )  # fmt: skip


def _template(conversation: Conversation) -> Session:
    """A session like those that the conversation has, without anything that happened to it."""
    for _, session in conversation.sessions():
        if session.media == conversation.media:
            return replace(session, segments=(), marks=(), messages=(), held=False, muted=False, confined=False,
                           recording=False, recording_state="none", state="", scheduled=None)  # fmt: skip
    return Session("", conversation.media, conversation.direction, "")


def settle(sandbox: Sandbox) -> None:
    """Bring all conversations to where they are now."""
    book = sandbox.conversations
    if book.settling:
        return
    book.settling = True
    try:
        if book.open():
            _route(sandbox, now_of(sandbox))
        _statuses(sandbox)
    finally:
        book.settling = False


def _route(sandbox: Sandbox, now: int) -> None:
    book = sandbox.conversations
    for conversation in book.open():
        book.put(_due(sandbox, conversation, now))
    # Who was busy until now may have something else after this.
    _statuses(sandbox)
    waiting = [c for c in book.open() if _queue_of(c) and not _offered(c)]
    for conversation in sorted(waiting, key=lambda c: (-c.priority, c.start)):
        _offer(sandbox, conversation, now)


def _due(sandbox: Sandbox, conversation: Conversation, now: int) -> Conversation:
    """What time alone does to a conversation."""
    for participant in conversation.participants:
        session = open_session(participant)
        if session is not None and session.state == "scheduled" and (session.scheduled or 0) <= now:
            at = session.scheduled or now
            conversation = _begun(sandbox, conversation, participant, at)
        elif session is not None and session.state == "alerting" and participant.purpose in of_agents:
            expires = session.segments[-1].start + int(sandbox.settings.alert_seconds * 1000)
            if participant.queue_id and expires <= now:
                conversation = disconnect(conversation, participant.id, expires, "timeout")
                agents.set_routing_status(sandbox, participant.user_id, "NOT_RESPONDING")
        work = after_work(participant)
        limited = participant.wrapup_timeout and "TIMEOUT" in participant.wrapup_prompt.upper()
        if work is not None and limited and work.start + participant.wrapup_timeout <= now:
            conversation = finish_work(conversation, participant.id, work.start + participant.wrapup_timeout)
    return conversation


def _begun(sandbox: Sandbox, conversation: Conversation, participant: Participant, at: int) -> Conversation:
    """A scheduled callback enters its queue."""

    def waits(session: Session) -> Session:
        segments = tuple(replace(s, end=at) if s.end is None else s for s in session.segments)
        fresh = Segment("interact", at, queue_id=session.queue_id)
        return replace(session, state="connected", segments=(*segments, fresh))

    return on_session(conversation, participant.id, waits)


def _queue_of(conversation: Conversation) -> str:
    """The queue that a conversation waits in."""
    for participant in reversed(conversation.participants):
        session = open_session(participant)
        if participant.purpose == "acd" and session is not None and session.state == "connected":
            return participant.queue_id
    return ""


def _offered(conversation: Conversation) -> bool:
    return any(
        session.state == "alerting" and participant.purpose in of_agents
        for participant in conversation.participants
        if (session := open_session(participant)) is not None
    )


def _offer(sandbox: Sandbox, conversation: Conversation, now: int) -> None:
    queue_id, book = _queue_of(conversation), sandbox.conversations
    idle = sandbox.store.table(TABLE)
    wanted = set(conversation.skill_ids)
    busy = _busy(sandbox)
    free = [
        user_id
        for user_id in agents.members(sandbox, queue_id)
        if user_id not in busy
        and agents.routing_status(sandbox, user_id) == "IDLE"
        and (not wanted or wanted <= agents.skills_of(sandbox, user_id))
    ]
    if not free:
        return
    # Who has declined is asked again only when there is nobody else.
    user_id = min(free, key=lambda found: (found in conversation.declined, idle.get(found, 0)))
    agent = agent_participant(sandbox, conversation, user_id, queue_id, now)
    offered = add(conversation, agent)
    if sandbox.settings.auto_answer:
        offered = answer(offered, agent.id, now)
    book.put(offered)


def _busy(sandbox: Sandbox) -> dict[str, str]:
    """Users who have a conversation or work after one, and whether they talk (``connected``) or only hear it ring."""
    found: dict[str, str] = {}
    for conversation in sandbox.conversations.open():
        for participant in conversation.participants:
            session = open_session(participant)
            if participant.user_id and (session is not None or after_work(participant) is not None):
                state = session.state if session is not None else "connected"
                if found.get(participant.user_id) != "connected":
                    found[participant.user_id] = state
    return found


def _statuses(sandbox: Sandbox) -> None:
    """Bring the routing status of agents in line with what they do."""
    busy = _busy(sandbox)
    seen = sandbox.store.table(TABLE)
    for user_id, state in busy.items():
        if state == "connected":
            seen.setdefault(user_id, now_of(sandbox))
            if agents.routing_status(sandbox, user_id) == "IDLE":
                agents.set_routing_status(sandbox, user_id, "INTERACTING")
    for user_id in seen:
        if user_id not in busy and agents.routing_status(sandbox, user_id) == "INTERACTING":
            seen[user_id] = now_of(sandbox)
            agents.set_routing_status(sandbox, user_id, "IDLE")
