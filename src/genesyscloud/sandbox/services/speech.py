"""Speech and text analytics of conversations: transcripts, sentiment, who talked how much.

What was said follows from the ids alone, so that it is the same whenever somebody looks; what was written in messages
is what was really written. Programs, topics, categories and feedback are collections like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ..conversations.record import Conversation, Session, iso, of_agents
from ..downloads import File, link, maker
from ..refusal import not_found
from ..rng import Rng, seeded_uuid
from .conversation_messages import TABLE as TEXTS
from .registry import example_ids, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Entity

__all__: list[str] = []

#: What customers and agents say, each with the sentiment that it has.
CUSTOMER = (("hello i have a question about my bill", 0), ("i am not happy with this at all", -1),
            ("it has been broken for a week now", -1), ("that would be great", 1), ("thank you very much", 1),
            ("could you please check my order", 0), ("i have been waiting far too long", -1), ("perfect that works", 1),
            ("my number is still the same", 0))  # fmt: skip
AGENT = (("thank you for calling how can i help you", 1), ("let me have a look at that", 0),
         ("i am sorry to hear that", -1), ("i have changed it for you", 1), ("is there anything else", 0),
         ("you will get a letter within five days", 0), ("may i have your customer number please", 0),
         ("i will put you through to a colleague", 0))  # fmt: skip
#: Phrases of a transcript, at most, and how long it takes to say one word, in milliseconds.
PHRASES, WORD = 60, 400
TREND = 10.0


def phrases(sandbox: Sandbox, conversation: Conversation, session: Session) -> list[Entity]:
    """What was said, or written, in a communication, in the order of time."""
    if session.messages or session.media in ("message", "email"):
        return _written(sandbox, conversation)
    talked = [s for s in session.segments if s.kind == "interact" and s.end is not None]
    rng = Rng(f"phrases\x1f{session.id}")
    found: list[Entity] = []
    for segment in talked:
        at, end = segment.start, segment.end or segment.start
        while at < end and len(found) < PHRASES:
            inside = len(found) % 2 == 0
            text, sentiment = rng.choice(AGENT if inside else CUSTOMER)
            length = min(len(text.split()) * WORD, end - at)
            found.append(_phrase(len(found), text, sentiment, "internal" if inside else "external", at, length))
            at += length + rng.below(1500)
    return found


def _phrase(at: int, text: str, sentiment: float, who: str, start: int, length: int) -> Entity:
    words = text.split()
    return {
        "phraseIndex": at, "text": text, "decoratedText": text.capitalize(), "stability": 1.0, "confidence": 0.9,
        "startTimeMs": start, "duration": {"milliseconds": length}, "participantPurpose": who, "sentiment": sentiment,
        "words": [
            {"word": word, "confidence": 0.9, "startTimeMs": start + n * WORD, "duration": {"milliseconds": WORD}}
            for n, word in enumerate(words)
        ],
    }  # fmt: skip


def _written(sandbox: Sandbox, conversation: Conversation) -> list[Entity]:
    table = sandbox.store.table(TEXTS)
    ids = dict.fromkeys(found for _, session in conversation.sessions() for found in session.messages)
    rows = [table[key] for key in ids if key in table]
    good, bad = {"great", "thank", "thanks", "perfect", "good"}, {"not", "broken", "bad", "late", "angry"}
    found: list[Entity] = []
    for at, row in enumerate(rows):
        text = str(row.get("textBody") or "")
        words = set(text.lower().split())
        sentiment = bool(words & good) - bool(words & bad)
        who = "internal" if row.get("direction") == "outbound" else "external"
        found.append(_phrase(at, text, sentiment, who, conversation.start, 0))
    return found


def _session(sandbox: Sandbox, conversation_id: str, communication_id: str) -> tuple[Conversation, Session]:
    conversation = sandbox.conversations.find(conversation_id)
    found = conversation.session(communication_id)
    if found is None:
        raise not_found("communication", communication_id)
    return conversation, found[1]


@service("get_speechandtextanalytics_conversation_communication_transcripturl", personal=True)
def transcript_url(sandbox: Sandbox, call: Call) -> Any:
    """Where the transcript of a communication is."""
    conversation, session = _session(sandbox, call.ids[0], call.ids[1])
    if not phrases(sandbox, conversation, session):
        raise not_found("The transcript")
    return {"url": link(sandbox, call, "transcripts", conversation.id, f"{session.id}.json")}


@service("get_speechandtextanalytics_conversation_communication_transcripturls", personal=True)
def transcript_urls(sandbox: Sandbox, call: Call) -> Any:
    """The same, as a list of parts; there is one part."""
    conversation, session = _session(sandbox, call.ids[0], call.ids[1])
    found: list[Entity] = []
    if phrases(sandbox, conversation, session):
        address = link(sandbox, call, "transcripts", conversation.id, f"{session.id}.json")
        found = [{"url": address, "startTime": iso(session.segments[0].start)}]
    return {"conversation": {"id": conversation.id}, "communicationId": session.id, "urls": found}


@maker("transcripts")
def transcript(sandbox: Sandbox, names: list[str]) -> File:
    """A transcript, in the shape in which the service hands it out."""
    conversation_id, name = (*names, "", "")[:2]
    conversation, session = _session(sandbox, conversation_id, name.removesuffix(".json"))
    said = phrases(sandbox, conversation, session)
    start = session.segments[0].start if session.segments else conversation.start
    last = max((s.end or s.start for s in session.segments), default=start)
    participants = [
        {"participantPurpose": p.purpose, "userId": p.user_id or None, "queueId": p.queue_id or None,
         "communicationId": s.id, "ani": s.other_address, "dnis": s.self_address,
         "startTimeMs": s.segments[0].start if s.segments else None,
         "endTimeMs": s.segments[-1].end if s.segments else None, "initialDirection": s.direction}
        for p, s in conversation.sessions()
    ]  # fmt: skip
    sentiment = [
        {"participant": p["participantPurpose"], "phrase": p["text"], "sentiment": p["sentiment"],
         "phraseIndex": p["phraseIndex"]}
        for p in said
    ]  # fmt: skip
    body = {
        "organizationId": seeded_uuid(sandbox.settings.seed, "organization"), "conversationId": conversation.id,
        "communicationId": session.id, "mediaType": session.media.upper(), "conversationStartTime": conversation.start,
        "startTime": start, "duration": {"milliseconds": last - start}, "participants": participants,
        "transcripts": [{
            "transcriptId": seeded_uuid("transcript", session.id), "language": "en-us", "startTime": start,
            "engineId": "sandbox", "engineProvider": "GENESYS", "duration": {"milliseconds": last - start},
            "phrases": [{wire: value for wire, value in p.items() if wire != "sentiment"} for p in said],
            "analytics": {"sentiment": sentiment, "topics": [], "acoustics": []}, "features": [],
        }],
        "uri": "",
    }  # fmt: skip
    return File(msgspec.json.encode(body), "application/json")


@service("get_speechandtextanalytics_conversation")
def conversation_metrics(sandbox: Sandbox, call: Call) -> Any:
    """The sentiment of a conversation, and who talked how much of the time."""
    conversation = sandbox.conversations.find(call.ids[0])
    said = [
        phrase for participant, session in conversation.sessions() if participant.purpose in of_agents
        for phrase in phrases(sandbox, conversation, session)
    ]  # fmt: skip
    outside = [float(p["sentiment"]) for p in said if p["participantPurpose"] == "external"]
    half = len(outside) // 2
    trend = 100 * (_mean(outside[half:]) - _mean(outside[:half])) if half else 0.0
    inside = sum(p["duration"]["milliseconds"] for p in said if p["participantPurpose"] == "internal")
    theirs = sum(p["duration"]["milliseconds"] for p in said if p["participantPurpose"] == "external")
    whole = max((conversation.end or conversation.start) - conversation.start, 1)
    waited = _spent(conversation, "acd")
    flow = _spent(conversation, "ivr")
    shares = {"agentDurationPercentage": inside, "customerDurationPercentage": theirs, "acdDurationPercentage": waited,
              "ivrDurationPercentage": flow}  # fmt: skip
    shown = {name: round(100 * min(value / whole, 1), 1) for name, value in shares.items()}
    silence = round(max(0.0, 100 - sum(shown.values())), 1)
    return {
        "conversation": {"id": conversation.id, "selfUri": f"/api/v2/conversations/{conversation.id}"},
        "sentimentScore": round(100 * _mean(outside), 1), "sentimentTrend": round(trend, 1),
        "sentimentTrendClass": _class(trend) if half else "NotCalculated",
        "participantMetrics": {**shown, "silenceDurationPercentage": silence, "overtalkDurationPercentage": 0.0,
                               "otherDurationPercentage": 0.0, "overtalkCount": 0},
    }  # fmt: skip


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _class(trend: float) -> str:
    if abs(trend) < TREND:
        return "NoChange"
    strong = abs(trend) > 5 * TREND
    if trend > 0:
        return "Improving" if strong else "SlightlyImproving"
    return "Declining" if strong else "SlightlyDeclining"


def _spent(conversation: Conversation, purpose: str) -> int:
    return sum(
        (segment.end or segment.start) - segment.start
        for participant, session in conversation.sessions() if participant.purpose == purpose
        for segment in session.segments
    )  # fmt: skip


@example_ids("get_speechandtextanalytics_conversation_communication_transcripturl",
             "get_speechandtextanalytics_conversation_communication_transcripturls")  # fmt: skip
def example_communication(sandbox: Sandbox) -> list[str]:
    """A communication in which somebody talked; one is held where there is none."""
    from ..conversations.starting import live_example

    for conversation in sandbox.conversations.all():
        for participant, session in conversation.sessions():
            if participant.purpose in of_agents and phrases(sandbox, conversation, session):
                return [conversation.id, session.id]
    made, agent = live_example(sandbox, "voice")
    return [made.id, agent.sessions[0].id]


@example_ids("get_speechandtextanalytics_conversation")
def example_conversation(sandbox: Sandbox) -> list[str]:
    """A conversation."""
    return sandbox.conversations.ids()[:1]
