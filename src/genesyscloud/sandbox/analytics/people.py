"""How users spent their time: presences and routing statuses, from the tables that the presence services keep.

``presence_history`` holds for each user rows of ``start``, ``systemPresence`` and ``organizationPresenceId``,
``routing_history`` rows of ``start`` and ``routingStatus``. A row lasts until the next one, the last one until now;
before the first one a user is offline and off queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..conversations.book import now_of
from ..conversations.record import iso, milliseconds
from ..narrow import as_list
from .aggregates import Key, Stats, grouped
from .intervals import Buckets, Interval
from .predicates import compiled, parts

if TYPE_CHECKING:
    from ..core import Sandbox

__all__ = ["Stretch", "presence_now", "presences", "routing", "user_aggregates", "user_details"]


class Stretch(NamedTuple):
    """From ``start`` until ``end`` (``None``: still) a user was this."""

    start: int
    end: int | None
    values: dict[str, str]


def _history(sandbox: Sandbox, table: str, user_id: str) -> list[Stretch]:
    rows = sandbox.store.table(table).get(user_id, [])
    starts = [milliseconds(str(row["start"])) for row in rows]
    ends: list[int | None] = [*starts[1:], None][: len(starts)]
    return [
        Stretch(start, end, {wire: str(value) for wire, value in row.items() if wire != "start" and value})
        for start, end, row in zip(starts, ends, rows, strict=True)
        if end is None or end > start
    ]


def presences(sandbox: Sandbox, user_id: str) -> list[Stretch]:
    """The presences of a user."""
    return _history(sandbox, "presence_history", user_id)


def routing(sandbox: Sandbox, user_id: str) -> list[Stretch]:
    """The routing statuses of a user."""
    return _history(sandbox, "routing_history", user_id)


def presence_now(sandbox: Sandbox, user_id: str) -> tuple[str, str]:
    """The system presence of a user, and the id of the presence definition."""
    found = presences(sandbox, user_id)
    values = found[-1].values if found else {}
    return values.get("systemPresence", "OFFLINE"), values.get("organizationPresenceId", "")


def _inside(stretches: Sequence[Stretch], interval: Interval) -> list[Stretch]:
    return [s for s in stretches if s.start < interval.end and (s.end is None or s.end > interval.start)]


def _user(user_id: str, name: str) -> Sequence[str]:
    return (user_id,) if name == "userId" else ()


def _lookup(stretch: Stretch, name: str) -> Sequence[str]:
    return (stretch.values[name],) if name in stretch.values else ()


# --- details ------------------------------------------------------------------------------------


def user_details(
    sandbox: Sandbox, query: dict[str, Any], interval: Interval, users: Sequence[str]
) -> list[dict[str, Any]]:
    """The users that a user details query finds, with what they were in its interval.

    Args:
        sandbox: the sandbox.
        query: the body.
        interval: its interval.
        users: ids of all users.

    Raises:
        Refusal: 400; a filter makes no sense.
    """
    whose = [compiled(f, _user) for f in parts(query, "userFilters")]
    by_presence = [compiled(filter_, _lookup) for filter_ in parts(query, "presenceFilters")]
    by_status = [compiled(filter_, _lookup) for filter_ in parts(query, "routingStatusFilters")]
    results: list[dict[str, Any]] = []
    for user_id in users:
        if not all(test(user_id) for test in whose):
            continue
        own = [s for s in _inside(presences(sandbox, user_id), interval) if all(test(s) for test in by_presence)]
        states = [s for s in _inside(routing(sandbox, user_id), interval) if all(test(s) for test in by_status)]
        if (by_presence and not own) or (by_status and not states) or not (own or states):
            continue
        results.append({"userId": user_id, "primaryPresence": _shown(own), "routingStatus": _shown(states)})
    return results[::-1] if query.get("order") == "desc" else results


def _shown(stretches: Sequence[Stretch]) -> list[dict[str, str]]:
    return [
        {"startTime": iso(s.start), **({} if s.end is None else {"endTime": iso(s.end)}), **s.values} for s in stretches
    ]


# --- aggregates ---------------------------------------------------------------------------------

METRICS = {
    "tSystemPresence": ("presence_history", "systemPresence"),
    "tOrganizationPresence": ("presence_history", "organizationPresenceId"),
    "tAgentRoutingStatus": ("routing_history", "routingStatus"),
}


def user_aggregates(
    sandbox: Sandbox, query: dict[str, Any], interval: Interval, users: Sequence[str]
) -> list[dict[str, Any]]:
    """The results of a user aggregates query: how long each user was in each presence and routing status.

    Time is counted where it was spent: a stretch over the edge of a bucket is in both.
    """
    buckets = Buckets(interval, query.get("granularity"), query.get("timeZone"))
    group_by = [str(name) for name in as_list(query.get("groupBy")) or []]
    wanted = [name for name in dict.fromkeys(map(str, as_list(query.get("metrics")) or [])) if name in METRICS]
    test = compiled(query.get("filter"), _user)
    now = now_of(sandbox)
    cells: dict[tuple[Key, int], dict[tuple[str, str], Stats]] = {}
    for user_id in filter(test, users):
        key = tuple(user_id if name == "userId" else "" for name in group_by)
        for name in wanted:
            table, wire = METRICS[name]
            for stretch in _inside(_history(sandbox, table, user_id), interval):
                start, end = max(stretch.start, interval.start), min(stretch.end or now, interval.end)
                at = buckets.place(start) if start < end else 0
                while start < end:
                    until = min(end, buckets[at].end)
                    cell = cells.setdefault((key, at), {})
                    cell.setdefault((name, stretch.values.get(wire, "")), Stats()).add(until - start)
                    start, at = until, at + 1
    return grouped(group_by, buckets, cells, _metrics)


def _metrics(cell: dict[tuple[str, str], Stats]) -> dict[str, Any]:
    return {
        "metrics": [
            {"metric": name, "qualifier": qualifier, "stats": {"sum": stats.sum}}
            for (name, qualifier), stats in sorted(cell.items())
        ]
    }
