"""Recordings: what each communication of a conversation left behind, and what became of it.

They follow from the conversation: a session in which an agent talked or wrote has one recording, whose id follows from
the session's. Only what was done to it afterwards is kept, in the table ``recordings`` (dates of archiving, deletion
and export, a restoration), and in ``protected`` the ids of conversations whose recordings must not be deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ..rng import seeded_uuid
from .book import now_of
from .changes import OVER
from .record import Conversation, Participant, Session, iso, milliseconds, of_agents

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..store import Entity

__all__ = ["PROTECTED", "TABLE", "Recording", "find", "metadata", "recordings", "state_of", "update"]

TABLE = "recordings"
PROTECTED = "protected"
#: What recordings call a media.
MEDIA = {"voice": "audio", "callback": "audio", "chat": "chat", "email": "email", "message": "message"}


class Recording(NamedTuple):
    """A recording, from ``start`` until ``end`` in milliseconds since the epoch."""

    id: str
    conversation: Conversation
    participant: Participant
    session: Session
    start: int
    end: int


def recordings(conversation: Conversation) -> Iterator[Recording]:
    """The recordings of a conversation, those that were deleted included."""
    if conversation.recording_state == "NONE":
        return
    for participant, session in conversation.sessions():
        talked = [s for s in session.segments if s.kind == "interact"]
        ended = session.state in OVER and all(s.end is not None for s in talked)
        if participant.purpose in of_agents and talked and ended and session.media != "callback":
            end = max(s.end or s.start for s in session.segments if s.kind in ("interact", "hold"))
            key = seeded_uuid("recording", session.id)
            yield Recording(key, conversation, participant, session, talked[0].start, end)


def find(sandbox: Sandbox, conversation: Conversation, recording_id: str) -> Recording | None:
    """The recording with an id, unless it was deleted."""
    found = next((r for r in recordings(conversation) if r.id == recording_id), None)
    return found if found is not None and state_of(sandbox, found) != "DELETED" else None


def _kept(sandbox: Sandbox, recording_id: str) -> Entity:
    return sandbox.store.table(TABLE).get(recording_id, {})


def update(sandbox: Sandbox, recording_id: str, changes: Entity) -> None:
    """Note what is done to a recording; ``None`` takes back."""
    kept = {**_kept(sandbox, recording_id), **changes}
    sandbox.store.table(TABLE)[recording_id] = {wire: value for wire, value in kept.items() if value is not None}


def _passed(date: Any, now: int) -> bool:
    return bool(date) and milliseconds(str(date)) <= now


def state_of(sandbox: Sandbox, recording: Recording) -> str:
    """``AVAILABLE``, ``ARCHIVED``, ``RESTORED`` or ``DELETED``, as its dates and the clock say."""
    kept, now = _kept(sandbox, recording.id), now_of(sandbox)
    if _passed(kept.get("deleteDate"), now):
        return "DELETED"
    if _passed(kept.get("archiveDate"), now):
        restored = kept.get("restoreExpirationTime")
        return "RESTORED" if restored and not _passed(restored, now) else "ARCHIVED"
    return "AVAILABLE"


def metadata(sandbox: Sandbox, recording: Recording, annotations: list[Entity]) -> Entity:
    """What is told of a recording without its media (``RecordingMetadata``)."""
    kept = _kept(sandbox, recording.id)
    uri = f"/api/v2/conversations/{recording.conversation.id}/recordings/{recording.id}"
    session = recording.session
    shown = {
        "id": recording.id,
        "conversationId": recording.conversation.id,
        "startTime": iso(recording.start),
        "endTime": iso(recording.end),
        "originalRecordingStartTime": iso(recording.start),
        "creationTime": iso(recording.end),
        "media": MEDIA[session.media],
        "mediaSubtype": "Trunk" if session.media == "voice" else None,
        "mediaSubject": session.subject or None,
        "annotations": annotations,
        "fileState": state_of(sandbox, recording),
        "sessionId": session.id,
        "recordingFileRole": "CUSTOMER_EXPERIENCE",
        "region": "us-east-1",
        "maxAllowedRestorationsForOrg": 100,
        "remainingRestorationsAllowedForOrg": 100,
        "selfUri": uri,
        **{wire: kept[wire] for wire in DATES if wire in kept},
    }
    if "archiveDate" in kept:
        shown["archiveMedium"] = "CLOUDARCHIVE"
    return {wire: value for wire, value in shown.items() if value is not None}


DATES = ("archiveDate", "deleteDate", "exportDate", "exportedDate", "restoreExpirationTime")
