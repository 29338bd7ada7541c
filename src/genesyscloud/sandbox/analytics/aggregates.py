"""Metrics of conversations added up: by interval, by any dimensions of the sessions on which they were emitted.

What is added up are the metrics that :func:`..conversations.details.metrics` tells of each session: a bucket has those
that were emitted in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from ..conversations.details import SERVICE_LEVEL, Metric, metrics, session_dimensions
from ..conversations.record import Conversation, Participant, Session
from ..narrow import as_list, as_object
from .intervals import Buckets, Interval
from .predicates import compiled
from .search import AFTER, between

if TYPE_CHECKING:
    from ..conversations.book import Book

__all__ = ["Stats", "conversation_aggregates", "grouped"]

#: Share of conversations that are to be answered in time.
TARGET = 0.8
#: Metrics made out of others.
RATES = {"oServiceLevel", "oServiceTarget"}


class Stats:
    """Count, sum, least and greatest of some values."""

    __slots__ = ("count", "most", "least", "sum")  # noqa: RUF023

    def __init__(self) -> None:
        self.count, self.sum, self.least, self.most = 0, 0, 0, 0

    def add(self, value: int) -> None:
        """Take in a value."""
        self.least = value if not self.count else min(self.least, value)
        self.most = value if not self.count else max(self.most, value)
        self.count += 1
        self.sum += value

    def shown(self, name: str) -> dict[str, Any]:
        """As it is written: a count of things, or all of it for durations."""
        if name.startswith("n"):
            return {"count": self.sum}
        return {"max": self.most, "min": self.least, "count": self.count, "sum": self.sum}


class Row(NamedTuple):
    """A session as something that aggregates group and filter."""

    conversation: Conversation
    participant: Participant
    session: Session


#: Dimensions that are read from a session without making all of them.
QUICK: dict[str, Callable[[Row], str]] = {
    "queueId": lambda row: row.session.queue_id,
    "userId": lambda row: row.participant.user_id,
    "mediaType": lambda row: row.session.media,
    "direction": lambda row: row.session.direction,
    "purpose": lambda row: row.participant.purpose,
    "originatingDirection": lambda row: row.conversation.direction,
    "conversationId": lambda row: row.conversation.id,
    "messageType": lambda row: row.session.message_type,
}


def _values(row: Row, name: str) -> Sequence[Any]:
    quick = QUICK.get(name)
    value = quick(row) if quick is not None else _slow(row, name)
    if value in ("", None):
        return ()
    several = as_list(value)
    return (value,) if several is None else several


def _slow(row: Row, name: str) -> Any:
    if name == "conversationInitiator":
        purpose = row.conversation.participants[0].purpose
        return "agent" if purpose == "user" else purpose
    return session_dimensions(*row).get(name)


def _rows(book: Book, interval: Interval) -> Iterator[tuple[Row, tuple[Metric, ...]]]:
    history = book.history()
    known: dict[str, tuple[Metric, ...]] = history.memory.setdefault("metrics", {})
    for conversation in between(book, interval, AFTER):
        past = history.by_id.get(conversation.id) is conversation
        for participant in conversation.participants:
            for session in participant.sessions:
                found = known.get(session.id) if past else None
                if found is None:
                    found = metrics(conversation, participant, session)
                    if past:
                        known[session.id] = found
                if found:
                    yield Row(conversation, participant, session), found


Key = tuple[str, ...]
Cells = dict[tuple[Key, int], dict[str, list[int]]]


def conversation_aggregates(book: Book, query: dict[str, Any], interval: Interval) -> list[dict[str, Any]]:
    """The results of a conversation aggregates query.

    Args:
        book: the conversations.
        query: its body.
        interval: its interval.

    Raises:
        Refusal: 400; filter, granularity or time zone make no sense.
    """
    buckets = Buckets(interval, query.get("granularity"), query.get("timeZone"))
    group_by = [str(name) for name in as_list(query.get("groupBy")) or []]
    wanted = [str(name) for name in as_list(query.get("metrics")) or []]
    views = [as_object(view) or {} for view in as_list(query.get("views")) or []]
    needed = {*wanted, *(str(view.get("target")) for view in views)}
    if needed & RATES:
        needed |= {"tAnswered", "tAbandon"}
    test = compiled(query.get("filter"), _values)
    flat = bool(query.get("flattenMultivaluedDimensions"))
    cells: Cells = {}
    for row, found in _rows(book, interval):
        inside = [m for m in found if m.name in needed and interval.start <= m.at < interval.end]
        if not inside or not test(row):
            continue
        for key in _keys([_values(row, name) for name in group_by], flat):
            for metric in inside:
                cell = cells.setdefault((key, buckets.place(metric.at)), {})
                cell.setdefault(metric.name, []).append(metric.value)
    return _limited(query, grouped(group_by, buckets, cells, lambda cell: _data(cell, wanted, views)))


def _keys(values: Sequence[Sequence[Any]], flat: bool) -> Iterable[Key]:
    """The groups that a session belongs to: one for each value when multivalued dimensions are flattened."""
    if flat:
        return product(*([str(value) for value in own] or [""] for own in values))
    return (tuple(",".join(map(str, own)) for own in values),)


def grouped(
    group_by: Sequence[str],
    buckets: Buckets,
    cells: dict[tuple[Key, int], Any],
    show: Callable[[Any], dict[str, Any]],
) -> list[dict[str, Any]]:
    """Cells as results: one for each group, in it one entry for each bucket that has data."""
    results: dict[Key, dict[str, Any]] = {}
    for (key, place), cell in sorted(cells.items(), key=lambda pair: pair[0]):
        result = results.get(key)
        if result is None:
            group = {name: value for name, value in zip(group_by, key, strict=True) if value}
            result = results[key] = {"group": group, "data": []}
        result["data"].append({"interval": str(buckets[place]), **show(cell)})
    return list(results.values())


def _data(cell: dict[str, list[int]], wanted: Sequence[str], views: Sequence[dict[str, Any]]) -> dict[str, Any]:
    shown: list[dict[str, Any]] = []
    for name in dict.fromkeys(wanted):
        if name in RATES:
            rate = _rate(name, cell)
            shown += [{"metric": name, "stats": rate}] if rate else []
        elif name in cell:
            shown.append({"metric": name, "stats": _stats(cell[name]).shown(name)})
    made: dict[str, Any] = {"metrics": shown}
    if views:
        made["views"] = [
            {"name": str(view.get("name")), "stats": _viewed(view, cell)}
            for view in views
            if str(view.get("target")) in cell
        ]
    return made


def _stats(values: Iterable[int]) -> Stats:
    stats = Stats()
    for value in values:
        stats.add(value)
    return stats


def _viewed(view: dict[str, Any], cell: dict[str, list[int]]) -> dict[str, Any]:
    target, limits = str(view.get("target")), as_object(view.get("range")) or {}
    low, high = limits.get("gte"), limits.get("lt")
    kept = [v for v in cell[target] if (low is None or v >= low) and (high is None or v < high)]
    return _stats(kept).shown(target)


def _rate(name: str, cell: dict[str, list[int]]) -> dict[str, Any]:
    """The share of conversations that were answered in time."""
    answered, abandoned = cell.get("tAnswered", []), cell.get("tAbandon", [])
    total = len(answered) + len(abandoned)
    if not total:
        return {}
    if name == "oServiceTarget":
        return {"current": TARGET, "target": TARGET}
    in_time = sum(value <= SERVICE_LEVEL for value in answered)
    return {"ratio": in_time / total, "numerator": in_time, "denominator": total, "target": TARGET}


def _limited(query: dict[str, Any], results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Only the groups at the top or the bottom, when a query asks for them."""
    kind, limit = query.get("queryType"), query.get("limit")
    if kind not in ("topN", "bottomN"):
        return results
    order = as_object(query.get("sortMetric")) or {}
    name, function = str(order.get("name") or ""), str(order.get("function") or "sum")

    def size(result: dict[str, Any]) -> float:
        stats = [m["stats"] for entry in result["data"] for m in entry["metrics"] if m["metric"] == name]
        count, total = sum(s.get("count", 0) for s in stats), sum(s.get("sum", s.get("count", 0)) for s in stats)
        found = {"count": count, "sum": total, "average": total / count if count else 0,
                 "max": max((s.get("max", 0) for s in stats), default=0),
                 "min": min((s.get("min", 0) for s in stats), default=0)}  # fmt: skip
        return float(found.get(function, total))

    results.sort(key=size, reverse=kind == "topN")
    return results[: limit if isinstance(limit, int) and limit > 0 else 10]
