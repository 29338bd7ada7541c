"""The record of a conversation: participants, their sessions, and the segments of those.

Everything else is derived from it: the conversation of the REST API, that of one media, the one of analytics with
its metrics. Times are milliseconds since the epoch. Records are frozen: a change makes a new one. They cannot refer to
each other in circles, so the garbage collector need not look at them, of which there may be millions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from ..words import written

__all__ = [
    "MEDIA",
    "Conversation",
    "Participant",
    "Segment",
    "Session",
    "from_row",
    "iso",
    "milliseconds",
    "of_agents",
    "replaced",
    "to_row",
]

#: Media, and what the REST API calls the list of a participant's sessions of it, which is also the path.
MEDIA = {"voice": "calls", "callback": "callbacks", "chat": "chats", "email": "emails", "message": "messages"}
#: Purposes of those who handle conversations.
of_agents = frozenset({"agent", "user"})


class Segment(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A stretch of a session in which it was in one state: ``kind`` is the segment type of analytics."""

    kind: str
    start: int
    end: int | None = None
    queue_id: str = ""
    disconnect: str = ""
    wrapup_code: str = ""
    wrapup_note: str = ""
    subject: str = ""
    skill_ids: tuple[str, ...] = ()
    language_id: str = ""


class Session(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One communication of one participant.

    ``state`` is that of the REST API (``alerting``, ``connected``, ``disconnected`` …); ``marks`` are things that were
    done to the session, each counted by the metric of that name (``nTransferred``).
    """

    id: str
    media: str
    direction: str
    state: str
    segments: tuple[Segment, ...] = ()
    queue_id: str = ""
    self_address: str = ""
    other_address: str = ""
    provider: str = ""
    held: bool = False
    muted: bool = False
    confined: bool = False
    recording: bool = False
    recording_state: str = "none"
    marks: tuple[tuple[str, int], ...] = ()
    message_type: str = ""
    subject: str = ""
    callback_numbers: tuple[str, ...] = ()
    callback_name: str = ""
    scheduled: int | None = None
    script_id: str = ""
    messages: tuple[str, ...] = ()


class Participant(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Somebody or something that takes part: a customer, a queue (``acd``), an agent, a flow (``ivr``)."""

    id: str
    purpose: str
    sessions: tuple[Session, ...] = ()
    name: str = ""
    user_id: str = ""
    queue_id: str = ""
    address: str = ""
    external_contact_id: str = ""
    attributes: dict[str, str] = {}
    wrapup_prompt: str = ""
    wrapup_timeout: int = 0
    wrapup_skipped: bool = False
    wrapup_tags: tuple[str, ...] = ()
    consult_of: str = ""
    monitors: str = ""
    flagged: str = ""


class Conversation(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A conversation.

    ``skill_ids``, ``language_id`` and ``priority`` are what routing looks at; ``declined`` are users who were offered
    it and did not take it since it last went to a queue.
    """

    id: str
    media: str
    direction: str
    start: int
    end: int | None = None
    participants: tuple[Participant, ...] = ()
    division_ids: tuple[str, ...] = ()
    external_tag: str = ""
    skill_ids: tuple[str, ...] = ()
    language_id: str = ""
    priority: int = 0
    declined: tuple[str, ...] = ()
    recording_state: str = ""
    secure_pause: bool = False
    label_id: str = ""

    def participant(self, participant_id: str) -> Participant | None:
        """The participant with an id."""
        return next((found for found in self.participants if found.id == participant_id), None)

    def sessions(self) -> Iterator[tuple[Participant, Session]]:
        """All sessions, each with its participant."""
        return ((participant, session) for participant in self.participants for session in participant.sessions)

    def session(self, session_id: str) -> tuple[Participant, Session] | None:
        """The session with an id."""
        return next((found for found in self.sessions() if found[1].id == session_id), None)


def replaced(
    conversation: Conversation, participant_id: str, change: Callable[[Participant], Participant]
) -> Conversation:
    """The conversation with one participant changed."""
    return replace(
        conversation,
        participants=tuple(change(p) if p.id == participant_id else p for p in conversation.participants),
    )


def from_row(row: Any) -> Conversation:
    """A record out of a JSON value."""
    return msgspec.convert(row, Conversation)


def to_row(conversation: Conversation) -> Any:
    """A record as a JSON value."""
    return msgspec.to_builtins(conversation)


def iso(at: int) -> str:
    """A time as it is written on the wire."""
    return written(datetime.fromtimestamp(at / 1000, UTC))


def milliseconds(text: str) -> int:
    """A time of the wire; :class:`ValueError` for anything else."""
    found = datetime.fromisoformat(text)
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
