"""What can happen to a conversation: pure functions from a record to the record after it.

Who may do it, and what follows for others (routing, events), is the business of the callers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from msgspec.structs import replace

from .record import Conversation, Participant, Segment, Session, of_agents, replaced

__all__ = [
    "add",
    "after_work",
    "alert",
    "answer",
    "disconnect",
    "end_all",
    "finish_work",
    "hold",
    "mark",
    "on_session",
    "open_session",
    "requeue",
    "wrap_up",
]

#: States of a session that is over.
OVER = ("disconnected", "terminated")


def open_session(participant: Participant) -> Session | None:
    """The session of a participant that is not over, if there is one."""
    return next((session for session in reversed(participant.sessions) if session.state not in OVER), None)


def on_session(
    conversation: Conversation, participant_id: str, change: Callable[[Session], Session], session_id: str = ""
) -> Conversation:
    """The conversation with the open session of a participant changed, or the one with ``session_id``."""

    def changed(participant: Participant) -> Participant:
        wanted = session_id or getattr(open_session(participant), "id", "")
        return replace(participant, sessions=tuple(change(s) if s.id == wanted else s for s in participant.sessions))

    return replaced(conversation, participant_id, changed)


def add(conversation: Conversation, participant: Participant) -> Conversation:
    """The conversation with one participant more."""
    return replace(conversation, participants=(*conversation.participants, participant))


def mark(session: Session, name: str, at: int) -> Session:
    """The session with something done to it that a metric counts."""
    return replace(session, marks=(*session.marks, (name, at)))


def _close(session: Session, now: int, disconnect: str = "") -> tuple[Segment, ...]:
    """The segments with the open one ended."""
    return tuple(
        segment if segment.end is not None else replace(segment, end=max(now, segment.start), disconnect=disconnect)
        for segment in session.segments
    )


def _next(session: Session, kind: str, now: int, ended: str = "") -> Session:
    """The session with its open segment ended and another one begun."""
    last = session.segments[-1] if session.segments else None
    fresh = Segment(kind, now, queue_id=session.queue_id, subject=session.subject)
    if last is not None and last.skill_ids:
        fresh = replace(fresh, skill_ids=last.skill_ids, language_id=last.language_id)
    return replace(session, segments=(*_close(session, now, ended), fresh))


def alert(session: Session, now: int) -> Session:
    """Ring at a participant."""
    return replace(_next(session, "alert", now), state="alerting")


def answer(conversation: Conversation, participant_id: str, now: int) -> Conversation:
    """A participant takes the conversation: the queue in front of it, if any, has done its work."""
    taker = conversation.participant(participant_id)
    taken = open_session(taker) if taker is not None else None
    if taker is None or taken is None:
        return conversation
    conversation = on_session(
        conversation, participant_id, lambda s: replace(_next(s, "interact", now), state="connected")
    )
    for waiting in conversation.participants:
        session = open_session(waiting)
        if waiting.purpose == "acd" and session is not None and waiting.queue_id == taker.queue_id:
            conversation = on_session(conversation, waiting.id, lambda s: _over(s, now, "transfer"))
    return conversation


def _over(session: Session, now: int, how: str) -> Session:
    return replace(session, segments=_close(session, now, how), state="disconnected", held=False, muted=False)


def disconnect(
    conversation: Conversation, participant_id: str, now: int, how: str = "client", session_id: str = ""
) -> Conversation:
    """A participant leaves; when nobody is left to talk to, so do the others.

    An agent that was offered the conversation by a queue and leaves it goes back to where it waits.
    """
    leaver = conversation.participant(participant_id)
    session = open_session(leaver) if leaver is not None else None
    if leaver is None or session is None:
        return conversation
    offered = session.state == "alerting" and leaver.purpose in of_agents and _waits(conversation)
    conversation = on_session(conversation, participant_id, lambda s: _over(s, now, how), session_id)
    if offered:
        declined = (*conversation.declined, leaver.user_id)
        return replace(conversation, declined=declined)
    conversation = _after_call(conversation, participant_id, session, now)
    remaining = [p for p in conversation.participants if open_session(p) is not None and not p.monitors]
    outside = [p for p in remaining if p.purpose not in of_agents and p.purpose != "acd"]
    inside = [p for p in remaining if p.purpose in of_agents or p.purpose == "acd"]
    if len(remaining) < 2 or (not outside and leaver.purpose not in of_agents) or not inside:
        return end_all(conversation, now, "peer")
    return conversation


def _waits(conversation: Conversation) -> bool:
    return any(p.purpose == "acd" and open_session(p) is not None for p in conversation.participants)


def _after_call(conversation: Conversation, participant_id: str, session: Session, now: int) -> Conversation:
    """Work after the call begins for an agent who talked for a queue that asks for a wrap-up."""

    def begun(participant: Participant) -> Participant:
        talked = session.state == "connected" and participant.purpose == "agent"
        prompt = participant.wrapup_prompt.upper()
        if not talked or not prompt or prompt in ("OPTIONAL", "AGENT_REQUESTED"):
            return participant
        if any(segment.kind == "wrapup" for segment in session.segments):
            return participant
        sessions = tuple(
            replace(s, segments=(*s.segments, Segment("wrapup", now, queue_id=s.queue_id))) if s.id == session.id else s
            for s in participant.sessions
        )
        return replace(participant, sessions=sessions)

    return replaced(conversation, participant_id, begun)


def end_all(conversation: Conversation, now: int, how: str = "system") -> Conversation:
    """Everybody leaves and the conversation is over."""
    for participant in conversation.participants:
        session = open_session(participant)
        if session is not None:
            abandoned = "client" if participant.purpose == "acd" and how == "peer" else how
            conversation = on_session(conversation, participant.id, partial(_over, now=now, how=abandoned))
            conversation = _after_call(conversation, participant.id, session, now)
    return replace(conversation, end=now) if conversation.end is None else conversation


def hold(conversation: Conversation, participant_id: str, now: int, held: bool) -> Conversation:
    """Hold a participant's session, or take it back."""

    def change(session: Session) -> Session:
        if session.held == held:
            return session
        return replace(_next(session, "hold" if held else "interact", now), held=held)

    return on_session(conversation, participant_id, change)


def requeue(conversation: Conversation, participant: Participant) -> Conversation:
    """The conversation waits in (another) queue: nobody has declined it there."""
    return replace(add(conversation, participant), declined=())


def wrap_up(
    conversation: Conversation,
    participant_id: str,
    session_id: str,
    now: int,
    code: str,
    note: str,
    tags: Iterable[str],
) -> Conversation:
    """Assign a wrap-up code: it ends the work after the call, or, while talking, is kept for its end."""

    def coded(session: Session) -> Session:
        segments = list(session.segments)
        found = next((at for at, segment in enumerate(segments) if segment.kind == "wrapup"), None)
        if found is None:
            at = now if session.state not in OVER else (segments[-1].end or now if segments else now)
            segments.append(Segment("wrapup", at, at, session.queue_id, wrapup_code=code, wrapup_note=note))
        else:
            before = segments[found]
            segments[found] = replace(
                before, end=now if before.end is None else before.end, wrapup_code=code, wrapup_note=note
            )
        return replace(session, segments=tuple(segments))

    changed = on_session(conversation, participant_id, coded, session_id)
    return replaced(changed, participant_id, lambda p: replace(p, wrapup_tags=tuple(tags)))


def after_work(participant: Participant) -> Segment | None:
    """The work after a call that a participant is at, if any."""
    for session in participant.sessions:
        for segment in session.segments:
            if segment.kind == "wrapup" and segment.end is None:
                return segment
    return None


def finish_work(conversation: Conversation, participant_id: str, now: int, *, skipped: bool = False) -> Conversation:
    """End the work after a call without a code."""

    def done(participant: Participant) -> Participant:
        sessions = tuple(replace(s, segments=_close(s, now)) if s.state in OVER else s for s in participant.sessions)
        return replace(participant, sessions=sessions, wrapup_skipped=skipped or participant.wrapup_skipped)

    return replaced(conversation, participant_id, done)
