"""Finding conversations: by time, by what a segment of them is, by what they are as a whole.

For the past, which does not change, there are indexes: for each dimension that somebody filtered by, the positions of
the conversations that have a value. They say which conversations are worth a closer look.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..conversations.details import REST_DISCONNECTS, conversation_metrics
from ..conversations.record import Conversation, Participant, Segment, Session
from ..narrow import as_list, as_object
from ..refusal import bad_request
from .intervals import Interval
from .predicates import compiled, parts, ranged

if TYPE_CHECKING:
    from ..conversations.book import Book, History

__all__ = ["Place", "between", "conversation_values", "frequencies", "matching", "metric_sums", "ordered", "places"]

#: Work after a conversation may end this long after it, in milliseconds.
AFTER = 4 * 3_600_000
FAR = 1 << 62


class Place(NamedTuple):
    """A segment, and where it is."""

    conversation: Conversation
    participant: Participant
    session: Session
    segment: Segment


def places(conversation: Conversation) -> Iterable[Place]:
    """All segments of a conversation."""
    return (
        Place(conversation, participant, session, segment)
        for participant in conversation.participants
        for session in participant.sessions
        for segment in session.segments
    )


# --- values -------------------------------------------------------------------------------------


def _one(value: Any) -> Sequence[Any]:
    return (value,) if value not in ("", None) else ()


def _address(place: Place, outgoing: str, voice: bool | None) -> Sequence[Any]:
    if voice is not None and (place.session.media in ("voice", "callback")) is not voice:
        return ()
    return _one(place.session.self_address if place.session.direction == outgoing else place.session.other_address)


#: The values of a segment for each dimension that a filter of segments can name.
SEGMENT: dict[str, Callable[[Place], Sequence[Any]]] = {
    "addressFrom": lambda p: _address(p, "outbound", False),
    "addressTo": lambda p: _address(p, "inbound", False),
    "ani": lambda p: _address(p, "outbound", True),
    "dnis": lambda p: _address(p, "inbound", True),
    "callbackNumber": lambda p: p.session.callback_numbers,
    "callbackScheduledTime": lambda p: _one(p.session.scheduled),
    "conference": lambda p: (False,),
    "direction": lambda p: (p.session.direction,),
    "disconnectType": lambda p: _one(REST_DISCONNECTS.get(p.segment.disconnect, p.segment.disconnect)),
    "externalContactId": lambda p: _one(p.participant.external_contact_id),
    "flaggedReason": lambda p: _one(p.participant.flagged),
    "mediaType": lambda p: (p.session.media,),
    "messageType": lambda p: _one(p.session.message_type),
    "monitoredParticipantId": lambda p: _one(p.participant.monitors),
    "participantName": lambda p: _one(p.participant.name),
    "provider": lambda p: _one(p.session.provider),
    "purpose": lambda p: (p.participant.purpose,),
    "queueId": lambda p: _one(p.segment.queue_id or p.session.queue_id),
    "recording": lambda p: (True,) if p.session.recording else (),
    "remote": lambda p: _one(p.participant.name) if p.session.media in ("voice", "callback") else (),
    "requestedLanguageId": lambda p: _one(p.segment.language_id),
    "requestedRoutingSkillId": lambda p: p.segment.skill_ids,
    "scriptId": lambda p: _one(p.session.script_id),
    "segmentEnd": lambda p: _one(p.segment.end),
    "segmentType": lambda p: (p.segment.kind,),
    "subject": lambda p: _one(p.segment.subject),
    "tSegmentDuration": lambda p: _one(None if p.segment.end is None else p.segment.end - p.segment.start),
    "userId": lambda p: _one(p.participant.user_id),
    "wrapUpCode": lambda p: _one(p.segment.wrapup_code),
    "wrapUpNote": lambda p: _one(p.segment.wrapup_note),
}
#: Those of them that are worth an index.
INDEXED = {"queueId", "userId", "mediaType", "direction", "purpose", "wrapUpCode", "segmentType", "disconnectType",
           "ani", "dnis", "participantName", "addressFrom", "addressTo", "messageType", "callbackNumber"}  # fmt: skip


def segment_values(place: Place, name: str) -> Sequence[Any]:
    """What a segment has for a dimension; nothing for those that the sandbox does not know of."""
    find = SEGMENT.get(name)
    return find(place) if find is not None else ()


#: The values of a conversation as a whole.
WHOLE: dict[str, Callable[[Conversation], Sequence[Any]]] = {
    "conversationId": lambda c: (c.id,),
    "conversationStart": lambda c: (c.start,),
    "conversationEnd": lambda c: _one(c.end),
    "conversationInitiator": lambda c: [p.purpose if p.purpose != "user" else "agent" for p in c.participants[:1]],
    "customerParticipation": lambda c: (any(p.purpose in ("customer", "external") for p in c.participants),),
    "divisionId": lambda c: c.division_ids,
    "externalTag": lambda c: _one(c.external_tag),
    "originatingDirection": lambda c: (c.direction,),
    "tConversationDuration": lambda c: _one(None if c.end is None else c.end - c.start),
}


def conversation_values(book: Book) -> Callable[[Conversation, str], Sequence[Any]]:
    """What looks up a dimension or the sum of a metric of a conversation."""

    def values(conversation: Conversation, name: str) -> Sequence[Any]:
        find = WHOLE.get(name)
        if find is not None:
            return find(conversation)
        return _one(metric_sums(book, conversation).get(name))

    return values


def metric_sums(book: Book, conversation: Conversation) -> dict[str, int]:
    """The sums of the metrics of a conversation, remembered for those of the past."""
    history = book.history()
    if history.by_id.get(conversation.id) is not conversation:
        return conversation_metrics(conversation)
    known: dict[str, dict[str, int]] = history.memory.setdefault("sums", {})
    found = known.get(conversation.id)
    if found is None:
        found = known[conversation.id] = conversation_metrics(conversation)
    return found


# --- finding ------------------------------------------------------------------------------------


def between(book: Book, interval: Interval, after: int = 0) -> list[Conversation]:
    """The conversations that were active in an interval, ordered by their start.

    Args:
        book: the conversations.
        interval: the interval.
        after: how long after its end a conversation still counts, in milliseconds.
    """
    history, live = book.history(), book.live()
    records = history.records
    found = [
        record
        for at in history.between(interval.start - after, interval.end)
        if (record := records[at]).id not in live and _active(record, interval, after)
    ]
    added = [record for record in live.values() if _active(record, interval, after)]
    return sorted([*found, *added], key=lambda record: record.start) if added else found


def _active(record: Conversation, interval: Interval, after: int) -> bool:
    return record.start < interval.end and (record.end is None or record.end + after >= interval.start)


def matching(
    book: Book,
    interval: Interval,
    query: dict[str, Any],
    further: Callable[[Conversation, str], Sequence[Any]] | None = None,
) -> list[Conversation]:
    """The conversations that a details query finds, ordered by their start.

    Args:
        book: the conversations.
        interval: the interval of the query.
        query: its body.
        further: looks up evaluations and surveys of a conversation: a list of objects.

    Raises:
        Refusal: 400; a filter makes no sense.
    """
    filters = parts(query, "segmentFilters")
    whole = [compiled(filter_, conversation_values(book)) for filter_ in parts(query, "conversationFilters")]
    segments = [compiled(filter_, segment_values) for filter_ in filters]
    candidates, exact = _candidates(book, interval, filters)
    if not exact:
        candidates = [c for c in candidates if all(any(test(p) for p in places(c)) for test in segments)]
    if whole:
        candidates = [c for c in candidates if all(test(c) for test in whole)]
    for wire in ("evaluation", "survey", "resolution"):
        tests = [compiled(filter_, _entry_value) for filter_ in parts(query, f"{wire}Filters")]
        if tests:
            rows = {c.id: (further(c, wire) if further is not None else ()) or ({},) for c in candidates}
            candidates = [c for c in candidates if all(any(test(row) for row in rows[c.id]) for test in tests)]
    return candidates


def _entry_value(entry: dict[str, Any], name: str) -> Sequence[Any]:
    return _one(entry.get(name))


def _candidates(book: Book, interval: Interval, filters: list[dict[str, Any]]) -> tuple[list[Conversation], bool]:
    """Conversations of an interval that can meet the filters of segments, and whether all of them do."""
    if not filters:
        return between(book, interval), True
    history, live = book.history(), book.live()
    chosen: set[int] | None = None
    exact = True
    for filter_ in filters:
        found, sure = _positions(history, filter_)
        exact = exact and sure
        if found is not None:
            chosen = set(found) if chosen is None else chosen & set(found)
    if chosen is None:
        return between(book, interval), False
    span = history.between(interval.start, interval.end)
    records = history.records
    past = [
        record for at in sorted(chosen)
        if at in span and (record := records[at]).id not in live and _active(record, interval, 0)
    ]  # fmt: skip
    tests = [compiled(filter_, segment_values) for filter_ in filters]
    added = [
        record for record in live.values()
        if _active(record, interval, 0) and all(any(test(p) for p in places(record)) for test in tests)
    ]  # fmt: skip
    return sorted([*past, *added], key=lambda record: record.start) if added else past, exact


def _positions(history: History, filter_: dict[str, Any]) -> tuple[Collection[int] | None, bool]:
    """Positions of conversations that can meet a filter; ``None`` for all of them. And whether all of these do."""
    found = [_positions(history, clause) for clause in parts(filter_, "clauses")]
    found += [_indexed(history, predicate) for predicate in parts(filter_, "predicates")]
    if not found:
        return None, True
    if len(found) == 1:
        return found[0]
    if str(filter_.get("type") or "and").lower() == "or":
        if any(positions is None for positions, _ in found):
            return None, False
        union: set[int] = {at for positions, _ in found if positions is not None for at in positions}
        return union, all(sure for _, sure in found)
    known = sorted((positions for positions, _ in found if positions is not None), key=len)
    if not known:
        return None, False
    common = set(known[0])
    for positions in known[1:]:
        common.intersection_update(positions)
    return common, False


def _indexed(history: History, predicate: dict[str, Any]) -> tuple[Collection[int] | None, bool]:
    name, operator = predicate.get("dimension"), str(predicate.get("operator") or "matches")
    plain = str(predicate.get("type") or "dimension") == "dimension" and not predicate.get("range")
    if not plain or name not in INDEXED or operator != "matches" or predicate.get("value") is None:
        return None, False
    return _index(history, str(name)).get(str(predicate["value"]).lower(), ()), True


def _index(history: History, name: str) -> dict[str, list[int]]:
    """Positions of the conversations with a segment that has a value, by value in small letters."""
    found: dict[str, list[int]] | None = history.memory.get(f"index {name}")
    if found is None:
        find, found = SEGMENT[name], {}
        for at, record in enumerate(history.records):
            for value in {str(value).lower() for place in places(record) for value in find(place)}:
                found.setdefault(value, []).append(at)
        history.memory[f"index {name}"] = found
    return found


# --- order and counts ---------------------------------------------------------------------------


def ordered(found: list[Conversation], by: object, order: object) -> list[Conversation]:
    """Conversations in the order that a query asks for."""
    keys: dict[str, Callable[[Conversation], int]] = {
        "conversationEnd": lambda c: FAR if c.end is None else c.end,
        "segmentStart": lambda c: min((p.segment.start for p in places(c)), default=c.start),
        "segmentEnd": lambda c: max((FAR if p.segment.end is None else p.segment.end for p in places(c)), default=FAR),
    }
    key = keys.get(str(by))
    descending = order == "desc"
    if key is None:
        return found[::-1] if descending else found
    return sorted(found, key=key, reverse=descending)


def frequencies(book: Book, found: Sequence[Conversation], aggregation: Any) -> dict[str, Any]:
    """How many of the conversations have each value of a dimension, or a metric in each range."""
    wanted = as_object(aggregation) or {}
    kind, dimension, metric = (str(wanted.get(wire) or "") for wire in ("type", "dimension", "metric"))
    whole = conversation_values(book)
    if kind == "numericRange":
        ranges = [as_object(entry) or {} for entry in as_list(wanted.get("ranges")) or []]
        values = [whole(conversation, metric or dimension) for conversation in found]
        results: list[dict[str, Any]] = [
            {**limits, "count": sum(any(map(ranged(limits), own)) for own in values)} for limits in ranges
        ]
        counted = sum(bool(own) for own in values)
    elif kind == "termFrequency":
        counts: dict[str, int] = {}
        for conversation in found:
            own: Iterable[Any] = whole(conversation, dimension)
            if dimension not in WHOLE:
                own = {value for place in places(conversation) for value in segment_values(place, dimension)}
            for value in own:
                counts[str(value)] = counts.get(str(value), 0) + 1
        size = wanted.get("size")
        most = size if isinstance(size, int) and size > 0 else 10
        top = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
        results = [{"value": value, "count": count} for value, count in top]
        counted = sum(counts.values())
    else:
        raise bad_request("The type of an aggregation is termFrequency or numericRange.", code="invalid.value")
    shown = {"type": kind, "dimension": dimension, "metric": metric, "count": counted, "results": results}
    return {wire: value for wire, value in shown.items() if value != ""}
