"""What the REST API says of a conversation: as a whole, and as a conversation of one media."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .changes import OVER, open_session
from .record import MEDIA, Conversation, Participant, Segment, Session, iso

__all__ = ["assigned_wrapup", "conversation", "media_conversation", "media_of", "state_of"]

Names = Callable[[str, str], str]
#: Lists of sessions that a participant of the whole conversation always has.
LISTS = tuple(MEDIA.values())
#: How queues call their ways to ask for work after a conversation, and how participants do.
PROMPTS = {"MANDATORY": "mandatory", "OPTIONAL": "optional", "MANDATORY_TIMEOUT": "timeout",
           "MANDATORY_FORCED_TIMEOUT": "forcedTimeout", "AGENT_REQUESTED": "agentRequested"}  # fmt: skip


def _nothing(kind: str, entity_id: str) -> str:
    return ""


def media_of(found: Conversation) -> set[str]:
    """The media of a conversation, by the names of their paths (``calls``)."""
    return {MEDIA[session.media] for _, session in found.sessions() if session.media in MEDIA} | {MEDIA[found.media]}


def state_of(participant: Participant) -> str:
    """The state of a participant: that of its last session."""
    current = open_session(participant) or (participant.sessions[-1] if participant.sessions else None)
    return current.state if current is not None else "disconnected"


def conversation(found: Conversation, names: Names = _nothing) -> dict[str, Any]:
    """The conversation as a whole (``Conversation``)."""
    states = {state_of(participant) for participant in found.participants}
    return _filled(
        id=found.id,
        startTime=iso(found.start),
        endTime=_time(found.end),
        address=next((s.other_address for _, s in found.sessions() if s.other_address), ""),
        externalTag=found.external_tag,
        participants=[_participant(found, p, names) for p in found.participants],
        conversationIds=[],
        recordingState=found.recording_state or ("NONE" if found.media != "voice" else "ACTIVE"),
        state="disconnected" if found.end is not None else "connected" if "connected" in states else "alerting",
        divisions=_divisions(found),
        securePause=found.secure_pause,
        utilizationLabelId=found.label_id,
        recentTransfers=[],
        selfUri=f"/api/v2/conversations/{found.id}",
    )


def media_conversation(found: Conversation, path: str, names: Names = _nothing) -> dict[str, Any]:
    """The conversation as one of the media at ``path`` (``calls``)."""
    media = next((media for media, name in MEDIA.items() if name == path), found.media)
    return _filled(
        id=found.id,
        participants=[
            _media_participant(found, p, session, names)
            for p in found.participants
            if (session := _last_of(p, media)) is not None
        ],
        otherMediaUris=[f"/api/v2/conversations/{m}/{found.id}" for m in sorted(media_of(found)) if m != path],
        recentTransfers=[],
        divisions=_divisions(found),
        recordingState=(found.recording_state or "active").lower() if media == "voice" else "",
        securePause=found.secure_pause,
        utilizationLabelId=found.label_id,
        maxParticipants=12 if media == "voice" else 0,
        selfUri=f"/api/v2/conversations/{path}/{found.id}",
    )


def assigned_wrapup(participant: Participant, session_id: str = "") -> dict[str, Any] | None:
    """The wrap-up code of a participant, or of one session of it."""
    sessions = [s for s in participant.sessions if not session_id or s.id == session_id]
    for session in reversed(sessions):
        for segment in reversed(session.segments):
            if segment.wrapup_code:
                return _wrapup(segment, participant)
    return None


def _wrapup(segment: Segment, participant: Participant) -> dict[str, Any]:
    end = segment.start if segment.end is None else segment.end
    return _filled(
        code=segment.wrapup_code,
        notes=segment.wrapup_note,
        tags=list(participant.wrapup_tags),
        durationSeconds=(end - segment.start) // 1000,
        endTime=iso(end),
    )


def _divisions(found: Conversation) -> list[dict[str, Any]]:
    return [
        {"division": {"id": division, "selfUri": f"/api/v2/authorization/divisions/{division}"}, "entities": []}
        for division in found.division_ids
    ]


def _last_of(participant: Participant, media: str) -> Session | None:
    return next((session for session in reversed(participant.sessions) if session.media == media), None)


def _bounds(sessions: tuple[Session, ...]) -> tuple[int | None, int | None, int | None]:
    """Start, connection and end of sessions."""
    segments = [segment for session in sessions for segment in session.segments if segment.kind != "wrapup"]
    if not segments:
        return None, None, None
    connected = next((s.start for s in segments if s.kind in ("interact", "ivr", "hold")), None)
    over = all(session.state in OVER for session in sessions)
    return segments[0].start, connected, max(s.end or s.start for s in segments) if over else None


def _participant(found: Conversation, participant: Participant, names: Names) -> dict[str, Any]:
    start, connected, end = _bounds(participant.sessions)
    last = participant.sessions[-1] if participant.sessions else None
    work = _work(participant)
    shown = _filled(
        id=participant.id,
        startTime=_time(start),
        connectedTime=_time(connected),
        endTime=_time(end),
        name=participant.name,
        userId=participant.user_id,
        userUri=f"/api/v2/users/{participant.user_id}" if participant.user_id else "",
        externalContactId=participant.external_contact_id,
        queueId=participant.queue_id,
        queueName=names("queues", participant.queue_id) if participant.queue_id else "",
        purpose=participant.purpose,
        participantType={"customer": "External", "external": "External", "acd": "Acd", "ivr": "Flow"}.get(
            participant.purpose, "Internal"
        ),
        address=participant.address,
        ani=last.other_address if last and last.media == "voice" else "",
        dnis=last.self_address if last and last.media == "voice" else "",
        consultParticipantId=participant.consult_of,
        monitoredParticipantId=participant.monitors,
        wrapupRequired=bool(participant.wrapup_prompt),
        wrapupPrompt=_prompt(participant),
        wrapupTimeoutMs=participant.wrapup_timeout or None,
        wrapupSkipped=participant.wrapup_skipped,
        wrapup=assigned_wrapup(participant),
        mediaRoles=["full"],
        attributes=participant.attributes,
        flaggedReason=participant.flagged,
        startAcwTime=_time(work.start) if work else None,
        endAcwTime=_time(work.end) if work else None,
        conversationRoutingData=_routing(found, participant, names),
    )
    shown["attributes"] = participant.attributes
    for name in LISTS:
        shown[name] = [_shown(s, participant) for s in participant.sessions if MEDIA.get(s.media) == name]
    return shown


def _work(participant: Participant) -> Segment | None:
    found = [g for s in participant.sessions for g in s.segments if g.kind == "wrapup" and g.end != g.start]
    return found[-1] if found else None


def _prompt(participant: Participant) -> str:
    prompt = participant.wrapup_prompt
    return PROMPTS.get(prompt, "")


def _routing(found: Conversation, participant: Participant, names: Names) -> dict[str, Any] | None:
    if not participant.queue_id:
        return None
    return _filled(
        queue={"id": participant.queue_id, "name": names("queues", participant.queue_id)},
        priority=found.priority,
        skills=[{"id": skill} for skill in found.skill_ids],
        language={"id": found.language_id} if found.language_id else None,
    )


def _shown(session: Session, participant: Participant) -> dict[str, Any]:
    """A session in the list of its media."""
    _, connected, end = _bounds((session,))
    alerted = next((s.start for s in session.segments if s.kind == "alert"), None)
    held = next((s.start for s in reversed(session.segments) if s.kind == "hold" and s.end is None), None)
    work = next((s for s in session.segments if s.kind == "wrapup"), None)
    shown = _filled(
        id=session.id,
        state=session.state,
        initialState="alerting" if alerted is not None else "connected",
        direction=session.direction,
        held=session.held,
        muted=session.muted,
        confined=session.confined,
        recording=session.recording,
        recordingState=session.recording_state,
        provider=session.provider,
        scriptId=session.script_id,
        startAlertingTime=_time(alerted),
        startHoldTime=_time(held),
        connectedTime=_time(connected),
        disconnectedTime=_time(end),
        disconnectType=next((s.disconnect for s in reversed(session.segments) if s.disconnect), ""),
        segments=[
            {"startTime": iso(s.start), "endTime": iso(s.end), "type": s.kind, "howEnded": s.disconnect}
            for s in session.segments
            if s.end is not None
        ],
        wrapup=assigned_wrapup(participant, session.id),
        afterCallWorkRequired=work is not None,
        subject=session.subject,
        messagesSent=len(session.messages) if session.media == "email" else None,
        type=session.message_type,
        messages=[{"messageId": found, "messageStatus": "sent"} for found in session.messages],
        callbackNumbers=list(session.callback_numbers),
        callbackUserName=session.callback_name,
        callbackScheduledTime=_time(session.scheduled),
    )
    if work is not None:
        state = "pending" if work.end is None else "complete"
        shown["afterCallWork"] = _filled(startTime=_time(work.start), endTime=_time(work.end), state=state)
    self, other = _address(session.self_address), _address(session.other_address)
    shown |= {"self": self, "other": other}
    if session.media == "message":
        pair = (self, other) if session.direction == "outbound" else (other, self)
        shown |= dict(zip(("fromAddress", "toAddress"), pair, strict=True))
    if session.media == "callback" and session.scheduled is not None and session.state == "scheduled":
        shown["initialState"] = "scheduled"
    return shown


def _address(address: str) -> dict[str, str]:
    return {"name": "", "nameRaw": "", "addressNormalized": address, "addressRaw": address,
            "addressDisplayable": address}  # fmt: skip


def _media_participant(found: Conversation, participant: Participant, session: Session, names: Names) -> dict[str, Any]:
    whole = _participant(found, participant, names)
    shown = _shown(session, participant)
    for name in LISTS:
        whole.pop(name)
    whole |= {wire: shown[wire] for wire in shown if wire not in ("id", "segments", "self", "other", "type")}
    for kind, entity_id in (("user", participant.user_id), ("queue", participant.queue_id)):
        if entity_id:
            path = "users" if kind == "user" else "routing/queues"
            name = names(kind + "s", entity_id)
            whole[kind] = _filled(id=entity_id, name=name, selfUri=f"/api/v2/{path}/{entity_id}")
    if participant.external_contact_id:
        whole["externalContact"] = {"id": participant.external_contact_id}
    return whole


def _time(at: int | None) -> str | None:
    return None if at is None else iso(at)


def _filled(**values: Any) -> dict[str, Any]:
    return {wire: value for wire, value in values.items() if value is not None and value != ""}
