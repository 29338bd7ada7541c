"""What analytics says of a conversation, and the metrics of its sessions.

A metric is emitted when what it measures is over, on the session where it happened: waiting on the queue's, talking on
the agent's. Durations are milliseconds. Aggregates are sums of exactly these (:mod:`..analytics.aggregates`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from .changes import OVER
from .record import Conversation, Participant, Segment, Session, iso, of_agents

__all__ = ["Metric", "analytics", "conversation_metrics", "metrics", "session_dimensions"]

#: Waiting longer than this breaks the service level, in milliseconds.
SERVICE_LEVEL = 20_000
#: Hanging up within this time does not count as abandoning, in milliseconds.
SHORT_ABANDON = 10_000

#: The metric of each kind of segment, and the one that sums it up at the end of the session.
BY_SEGMENT = {
    "alert": ("tAlert", ""),
    "dialing": ("tDialing", ""),
    "contacting": ("tContacting", ""),
    "interact": ("tTalk", "tTalkComplete"),
    "hold": ("tHeld", "tHeldComplete"),
    "wrapup": ("tAcw", ""),
    "monitoring": ("tMonitoring", "tMonitoringComplete"),
    "coaching": ("tCoaching", "tCoachingComplete"),
    "barging": ("tBarging", ""),
    "voicemail": ("tVoicemail", ""),
    "parked": ("tPark", "tParkComplete"),
}
HANDLING = {"interact", "hold", "wrapup", "dialing", "contacting"}
#: How the REST API calls a way to disconnect that analytics calls otherwise.
REST_DISCONNECTS = {"transfer.consult": "consultTransfer", "transfer.conference": "conferenceTransfer",
                    "transfer.noanswer": "noAnswerTransfer"}  # fmt: skip


class Metric(msgspec.Struct, frozen=True, order=True, gc=False):
    """One measurement: when it was taken, of what, and how much."""

    at: int
    name: str
    value: int


def metrics(conversation: Conversation, participant: Participant, session: Session) -> tuple[Metric, ...]:
    """The metrics of a session, in the order in which they were emitted."""
    if not session.segments:
        return ()
    if participant.purpose == "acd":
        found = list(_of_queue(conversation, session))
    elif participant.purpose in of_agents:
        found = list(_of_agent(conversation, participant, session))
    elif participant.purpose == "ivr":
        found = [Metric(s.end, "tIvr", s.end - s.start) for s in session.segments if s.end is not None]
    else:
        found = []
    found += [Metric(at, name, 1) for name, at in session.marks]
    return tuple(sorted(found))


def _of_queue(conversation: Conversation, session: Session) -> Iterator[Metric]:
    start, last = session.segments[0].start, session.segments[-1]
    yield Metric(start, "nOffered", 1)
    if last.end is None:
        return
    waited = last.end - start
    yield Metric(last.end, "tWait", waited)
    yield Metric(last.end, "tAcd", waited)
    if waited > SERVICE_LEVEL:
        yield Metric(last.end, "nOverSla", 1)
    if last.disconnect != "transfer":
        yield Metric(last.end, "tAbandon", waited)
        if waited < SHORT_ABANDON:
            yield Metric(last.end, "tShortAbandon", waited)
    elif not _taken(conversation, session.queue_id, last.end):
        yield Metric(last.end, "tFlowOut", waited)


def _taken(conversation: Conversation, queue_id: str, at: int) -> bool:
    """Whether an agent of the queue took the conversation at this moment."""
    return any(
        segment.kind == "interact" and segment.start == at
        for participant, session in conversation.sessions()
        if participant.purpose == "agent" and session.queue_id == queue_id
        for segment in session.segments
    )


def _of_agent(conversation: Conversation, participant: Participant, session: Session) -> Iterator[Metric]:
    totals: dict[str, int] = {}
    handled, end, talked = 0, 0, False
    for segment in session.segments:
        name, total = BY_SEGMENT.get(segment.kind, ("", ""))
        if segment.kind == "interact" and not talked:
            talked = True
            yield Metric(segment.start, "nConnected", 1)
            yield from _answered(conversation, session, segment)
        if segment.end is None or not name:
            continue
        end, length = max(end, segment.end), segment.end - segment.start
        yield Metric(segment.end, name, length)
        if total:
            totals[total] = totals.get(total, 0) + length
        if segment.kind in HANDLING:
            handled += length
        if segment.kind == "alert" and session.state in OVER and segment is session.segments[-1]:
            if segment.disconnect == "timeout":
                yield Metric(segment.end, "tNotResponding", length)
                yield Metric(segment.end, "nAlertExpired", 1)
            elif segment.disconnect == "client":
                yield Metric(segment.end, "nAgentDeclined", 1)
    if session.direction == "outbound" and conversation.direction == "outbound":
        yield Metric(session.segments[0].start, "nOutbound", 1)
    if session.state in OVER and all(segment.end is not None for segment in session.segments):
        yield from (Metric(end, name, total) for name, total in totals.items())
        if talked or (handled and session.direction == "outbound"):
            yield Metric(end, "tHandle", handled)


def _answered(conversation: Conversation, session: Session, segment: Segment) -> Iterator[Metric]:
    """How long it took to answer, when a queue had the conversation before."""
    for participant, waiting in conversation.sessions():
        ours = participant.purpose == "acd" and waiting.queue_id == session.queue_id
        if ours and waiting.segments and waiting.segments[-1].end == segment.start:
            yield Metric(segment.start, "tAnswered", segment.start - waiting.segments[0].start)
            return


def conversation_metrics(conversation: Conversation) -> dict[str, int]:
    """The sums of all metrics of a conversation, as its filters compare them."""
    found: dict[str, int] = {}
    for participant, session in conversation.sessions():
        for metric in metrics(conversation, participant, session):
            found[metric.name] = found.get(metric.name, 0) + metric.value
    if conversation.end is not None:
        found["tConversationDuration"] = conversation.end - conversation.start
    return found


# --- as it is written ---------------------------------------------------------------------------


def analytics(conversation: Conversation, *, attributes: bool = True) -> dict[str, Any]:
    """The conversation as analytics shows it (``AnalyticsConversation``)."""
    first = conversation.participants[0].purpose if conversation.participants else "customer"
    found: dict[str, Any] = {
        "conversationId": conversation.id,
        "conversationStart": iso(conversation.start),
        "originatingDirection": conversation.direction,
        "conversationInitiator": first if first != "user" else "agent",
        "customerParticipation": any(p.purpose in ("customer", "external") for p in conversation.participants),
        "divisionIds": list(conversation.division_ids),
        "participants": [_participant(conversation, p, attributes) for p in conversation.participants],
    }
    if conversation.end is not None:
        found["conversationEnd"] = iso(conversation.end)
    if conversation.external_tag:
        found["externalTag"] = conversation.external_tag
    return found


def _participant(conversation: Conversation, participant: Participant, attributes: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "participantId": participant.id,
        "participantName": participant.name,
        "purpose": participant.purpose,
        "userId": participant.user_id,
        "externalContactId": participant.external_contact_id,
        "flaggedReason": participant.flagged,
        "sessions": [_session(conversation, participant, session) for session in participant.sessions],
    }
    if attributes and participant.attributes:
        found["attributes"] = participant.attributes
    return _without_empty(found)


def _session(conversation: Conversation, participant: Participant, session: Session) -> dict[str, Any]:
    names = ("self", "other") if session.direction == "outbound" else ("other", "self")
    from_, to = (session.self_address, session.other_address)[:: 1 if names[0] == "self" else -1]
    voice = session.media in ("voice", "callback")
    found: dict[str, Any] = {
        "sessionId": session.id,
        "mediaType": session.media,
        "direction": session.direction,
        "provider": session.provider,
        "ani": from_ if voice else "",
        "dnis": to if voice else "",
        "addressSelf": session.self_address,
        "addressOther": session.other_address,
        "addressFrom": "" if voice else from_,
        "addressTo": "" if voice else to,
        "remote": participant.name if voice else "",
        "messageType": session.message_type,
        "callbackNumbers": list(session.callback_numbers),
        "callbackUserName": session.callback_name,
        "callbackScheduledTime": iso(session.scheduled) if session.scheduled is not None else "",
        "scriptId": session.script_id,
        "monitoredParticipantId": participant.monitors,
        "segments": [_segment(segment, session) for segment in session.segments],
        "metrics": [
            {"name": metric.name, "value": metric.value, "emitDate": iso(metric.at)}
            for metric in metrics(conversation, participant, session)
        ],
    }
    if session.recording:
        found["recording"] = True
    return _without_empty(found)


def _segment(segment: Segment, session: Session) -> dict[str, Any]:
    found: dict[str, Any] = {
        "segmentStart": iso(segment.start),
        "segmentEnd": "" if segment.end is None else iso(segment.end),
        "segmentType": segment.kind,
        "queueId": segment.queue_id or session.queue_id,
        "disconnectType": REST_DISCONNECTS.get(segment.disconnect, segment.disconnect),
        "wrapUpCode": segment.wrapup_code,
        "wrapUpNote": segment.wrapup_note,
        "subject": segment.subject,
        "requestedRoutingSkillIds": list(segment.skill_ids),
        "requestedLanguageId": segment.language_id,
    }
    return _without_empty(found) | {"conference": False}


def _without_empty(found: dict[str, Any]) -> dict[str, Any]:
    return {wire: value for wire, value in found.items() if value not in ("", [])}


def session_dimensions(conversation: Conversation, participant: Participant, session: Session) -> dict[str, Any]:
    """The values that a session has for the dimensions of aggregates; several in a list."""
    outgoing = session.direction == "outbound"
    from_, to = session.self_address, session.other_address
    if not outgoing:
        from_, to = to, from_
    voice = session.media in ("voice", "callback")
    found: dict[str, Any] = {
        "conversationId": conversation.id,
        "originatingDirection": conversation.direction,
        "divisionId": list(conversation.division_ids),
        "externalTag": conversation.external_tag,
        "sessionId": session.id,
        "mediaType": session.media,
        "direction": session.direction,
        "queueId": session.queue_id,
        "userId": participant.user_id,
        "purpose": participant.purpose,
        "participantName": participant.name,
        "externalContactId": participant.external_contact_id,
        "provider": session.provider,
        "messageType": session.message_type,
        "ani": from_ if voice else "",
        "dnis": to if voice else "",
        "addressFrom": "" if voice else from_,
        "addressTo": "" if voice else to,
        "wrapUpCode": [s.wrapup_code for s in session.segments if s.wrapup_code],
        "requestedRoutingSkillId": sorted({skill for s in session.segments for skill in s.skill_ids}),
        "requestedLanguageId": next((s.language_id for s in session.segments if s.language_id), ""),
    }
    last = session.segments[-1] if session.segments else None
    how = next((s.disconnect for s in reversed(session.segments) if s.disconnect), "") if last else ""
    found["disconnectType"] = REST_DISCONNECTS.get(how, how)
    return _without_empty(found)
