"""Analytics over conversations: filters, order, paging, aggregates that add up, observations that tell the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from operator import ge, gt, le, lt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesyscloud.sandbox.analytics.intervals import Buckets, Interval, parse_granularity, parse_interval
from genesyscloud.sandbox.refusal import Refusal

from .sandboxapi import START, Api

ANALYTICS = "/api/v2/analytics"
DETAILS = f"{ANALYTICS}/conversations/details/query"
AGGREGATES = f"{ANALYTICS}/conversations/aggregates/query"
OBSERVATIONS = f"{ANALYTICS}/queues/observations/query"


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


WEEK = f"{_written(START - 8 * 86_400)}/{_written(START + 86_400)}"


@pytest.fixture(scope="module")
def past() -> Api:
    """An organization with a past, which the tests only read; what was changed of it is no longer in the index."""
    api = Api(seeded_counts={"/api/v2/routing/queues": 6, "/api/v2/routing/queues/{}/members": 4}, job_items=400)
    for conversation_id in api.sandbox.conversations.ids()[::40]:
        api.ok("PUT", f"/api/v2/conversations/{conversation_id}/tags", {"externalTag": f"tag {conversation_id[:2]}"})
    api.sandbox.incoming("voice", _queues(api)[0], "tel:+1", "Still here")
    return api


def _queues(api: Api) -> list[str]:
    return [queue["id"] for queue in api.ok("GET", "/api/v2/routing/queues?pageSize=100")["entities"]]


def _everything(api: Api, **query: Any) -> list[Any]:
    """All pages of a details query."""
    found: list[Any] = []
    for number in range(1, 100):
        body = {"interval": WEEK, "paging": {"pageSize": 100, "pageNumber": number}, **query}
        page = api.ok("POST", DETAILS, body)
        found += page.get("conversations", [])
        if len(found) >= page["totalHits"]:
            return found
    raise AssertionError("paging does not end")


def _match(dimension: str, value: str) -> dict[str, Any]:
    return {"type": "dimension", "dimension": dimension, "operator": "matches", "value": value}


# --- details ------------------------------------------------------------------------------------


def test_pages_lead_through_all_conversations_in_order(past: Api):
    found = _everything(past)
    assert len(found) == 401
    starts = [conversation["conversationStart"] for conversation in found]
    assert starts == sorted(starts)
    descending = _everything(past, order="desc")
    assert [c["conversationId"] for c in descending] == [c["conversationId"] for c in found][::-1]
    ends = [c.get("conversationEnd", "~") for c in _everything(past, orderBy="conversationEnd")]
    assert ends == sorted(ends)
    assert "conversations" not in past.ok(
        "POST", DETAILS, {"interval": WEEK, "paging": {"pageSize": 25, "pageNumber": 99}}
    )


def test_an_interval_has_what_was_active_in_it(past: Api):
    everything = _everything(past)
    middle = everything[200]["conversationStart"]
    start = datetime.fromisoformat(middle)
    interval = f"{middle}/{_written(start.timestamp() + 3600)}"
    end = start + timedelta(hours=1)
    expected = [
        c["conversationId"] for c in everything
        if datetime.fromisoformat(c["conversationStart"]) < end
        and ("conversationEnd" not in c or datetime.fromisoformat(c["conversationEnd"]) >= start)
    ]  # fmt: skip
    assert [c["conversationId"] for c in _everything(past, interval=interval)] == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"interval": "yesterday"}, "is not an interval"),
        ({"interval": "2023-11-02T00:00:00Z/2023-11-01T00:00:00Z"}, "does not end after it starts"),
        ({"interval": "2023-01-01T00:00:00Z/2023-02-02T00:00:01Z"}, "longer than 31 days"),
        ({"paging": {"pageSize": 101, "pageNumber": 1}}, "page size"),
        ({"paging": {"pageSize": 100, "pageNumber": 1001}}, "beyond the first"),
        ({"segmentFilters": [{"type": "and", "predicates": [{"type": "dimension"}]}]}, "must name its dimension"),
    ],
)
def test_what_a_query_must_not_be(past: Api, change: Any, message: str):
    answer = past("POST", DETAILS, {"interval": WEEK, **change})
    assert answer.status == 400
    assert message in answer.body["message"]


def test_conversations_by_their_ids(past: Api):
    ids = past.sandbox.conversations.ids()[:2]
    found = past.ok("GET", f"{ANALYTICS}/conversations/details?id={ids[0]}&id={ids[1]}&id=unknown")
    assert [c["conversationId"] for c in found["conversations"]] == ids
    assert past.details(ids[0])["conversationId"] == ids[0]
    assert past("GET", f"{ANALYTICS}/conversations/unknown/details").status == 404


def test_counts_of_values_and_ranges(past: Api):
    counts = [
        {"type": "termFrequency", "dimension": "mediaType", "size": 2},
        {"type": "numericRange", "metric": "tConversationDuration", "ranges": [{"lt": 300_000}, {"gte": 300_000}]},
    ]
    media, lengths = past.ok("POST", DETAILS, {"interval": WEEK, "aggregations": counts})["aggregations"]
    everything = _everything(past)
    voice = sum(any(s["mediaType"] == "voice" for p in c["participants"] for s in p["sessions"]) for c in everything)
    assert media["results"][0] == {"value": "voice", "count": voice}
    assert len(media["results"]) == 2
    ended = sum("conversationEnd" in c for c in everything)
    assert sum(entry["count"] for entry in lengths["results"]) == lengths["count"] == ended


# A filter must find what looking at the conversations, one segment after the other, finds.

VALUES: dict[str, list[str]] = {
    "mediaType": ["voice", "email", "message"],
    "direction": ["inbound", "outbound"],
    "purpose": ["agent", "acd", "customer", "ivr"],
    "segmentType": ["interact", "alert", "wrapup", "hold", "ivr"],
    "disconnectType": ["peer", "client", "transfer"],
    "queueId": ["@0", "@1", "@2", "unknown"],
    "participantName": ["Still here", "nobody"],
    "flaggedReason": ["general"],
}
COMPARE: dict[str, Callable[[float, float], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}


@st.composite
def segment_predicates(draw: st.DrawFn) -> dict[str, Any]:
    """A predicate about segments."""
    if draw(st.integers(0, 3)) == 0:
        bound, limit = draw(st.sampled_from(sorted(COMPARE))), draw(st.sampled_from((10_000, 60_000, 300_000)))
        return {"type": "metric", "metric": "tSegmentDuration", "range": {bound: limit}}
    name = draw(st.sampled_from(sorted(VALUES)))
    operator = draw(st.sampled_from(("matches", "matches", "matches", "exists", "notExists")))
    value = {"value": draw(st.sampled_from(VALUES[name]))} if operator == "matches" else {}
    return {"type": "dimension", "dimension": name, "operator": operator, **value}


@st.composite
def segment_filters(draw: st.DrawFn) -> dict[str, Any]:
    """A filter with clauses and predicates."""

    def some(least: int, most: int) -> list[dict[str, Any]]:
        return [draw(segment_predicates()) for _ in range(draw(st.integers(least, most)))]

    kinds = st.sampled_from(("and", "or"))
    clauses = [{"type": draw(kinds), "predicates": some(1, 3)} for _ in range(draw(st.integers(0, 2)))]
    return {"type": draw(kinds), "clauses": clauses, "predicates": some(0, 2)}


def _segments(conversation: Any) -> Iterator[dict[str, Any]]:
    """The values of each segment, read from a reply."""
    for participant in conversation["participants"]:
        for session in participant["sessions"]:
            for segment in session["segments"]:
                length = None
                if "segmentEnd" in segment:
                    ends = [datetime.fromisoformat(segment[wire]) for wire in ("segmentStart", "segmentEnd")]
                    length = (ends[1] - ends[0]) / timedelta(milliseconds=1)
                yield {
                    **{wire: segment.get(wire) for wire in ("segmentType", "disconnectType", "queueId")},
                    **{wire: session.get(wire) for wire in ("mediaType", "direction")},
                    **{wire: participant.get(wire) for wire in ("purpose", "participantName", "flaggedReason")},
                    "tSegmentDuration": length,
                }


def _meets(filter_: Any, segment: dict[str, Any]) -> bool:
    results = [_meets(clause, segment) for clause in filter_.get("clauses", ())]
    results += [_is(predicate, segment) for predicate in filter_.get("predicates", ())]
    return not results or (any(results) if filter_["type"] == "or" else all(results))


def _is(predicate: Any, segment: dict[str, Any]) -> bool:
    value = segment[predicate.get("dimension") or predicate["metric"]]
    if predicate.get("operator") in ("exists", "notExists"):
        return (value is not None) is (predicate["operator"] == "exists")
    if "range" in predicate:
        ((bound, limit),) = predicate["range"].items()
        return value is not None and COMPARE[bound](value, limit)
    return value is not None and str(value).lower() == predicate["value"].lower()


def _placed(filters: list[Any], queues: list[str]) -> list[Any]:
    """The filters with the ids of queues in place of their numbers."""
    return [_one_placed(entry, queues) for entry in filters]


def _one_placed(filter_: Any, queues: list[str]) -> Any:
    found: dict[str, Any] = {**filter_}
    for wire in ("clauses", "predicates"):
        if wire in found:
            found[wire] = _placed(found[wire], queues)
    if str(found.get("value", "")).startswith("@"):
        found["value"] = queues[int(found["value"][1:])]
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(segment_filters(), min_size=1, max_size=2))
def test_filters_of_segments_find_what_looking_finds(filters: list[Any]):
    api = _shared()
    wanted = _placed(filters, _queues(api))
    expected = {
        c["conversationId"] for c in _everything(api)
        if all(any(_meets(filter_, segment) for segment in _segments(c)) for filter_ in wanted)
    }  # fmt: skip
    found = [c["conversationId"] for c in _everything(api, segmentFilters=wanted)]
    assert len(found) == len(set(found))
    assert set(found) == expected


_SHARED: list[Api] = []


def _shared() -> Api:
    if not _SHARED:
        api = Api(seeded_counts={"/api/v2/routing/queues": 3, "/api/v2/routing/queues/{}/members": 3}, job_items=80)
        api.ok("PUT", f"/api/v2/conversations/{api.sandbox.conversations.ids()[7]}/tags", {"externalTag": "changed"})
        api.sandbox.incoming("voice", _queues(api)[0], "tel:+1", "Still here")
        _SHARED.append(api)
    return _SHARED[0]


def test_filters_of_conversations(past: Api):
    everything = _everything(past)
    cases: list[tuple[dict[str, Any], Callable[[Any], bool]]] = [
        (_match("originatingDirection", "outbound"), lambda c: c["originatingDirection"] == "outbound"),
        ({"type": "dimension", "dimension": "externalTag", "operator": "exists"}, lambda c: "externalTag" in c),
        ({"type": "dimension", "dimension": "conversationEnd", "operator": "notExists"},
         lambda c: "conversationEnd" not in c),
        ({"type": "metric", "metric": "nTransferred", "range": {"gte": 1}}, lambda c: _sum(c, "nTransferred") >= 1),
        ({"type": "metric", "metric": "tAbandon", "operator": "exists"}, lambda c: "tAbandon" in _names(c)),
    ]  # fmt: skip
    for predicate, expected in cases:
        found = _everything(past, conversationFilters=[{"type": "and", "predicates": [predicate]}])
        assert [c["conversationId"] for c in found] == [c["conversationId"] for c in everything if expected(c)], (
            predicate
        )
        assert found, predicate


def _metrics(conversation: Any) -> Iterator[Any]:
    for participant in conversation["participants"]:
        for session in participant["sessions"]:
            yield from session.get("metrics", ())


def _names(conversation: Any) -> set[str]:
    return {metric["name"] for metric in _metrics(conversation)}


def _sum(conversation: Any, name: str) -> int:
    return sum(metric["value"] for metric in _metrics(conversation) if metric["name"] == name)


# --- aggregates ---------------------------------------------------------------------------------

NAMES = [
    "nOffered",
    "nConnected",
    "nTransferred",
    "tAnswered",
    "tAbandon",
    "tTalk",
    "tHeld",
    "tAcw",
    "tHandle",
    "tWait",
]


def test_aggregates_are_the_sums_of_the_details(past: Api):
    everything = _everything(past)
    (result,) = past.ok("POST", AGGREGATES, {"interval": WEEK, "metrics": NAMES})["results"]
    (data,) = result["data"]
    shown = {metric["metric"]: metric["stats"] for metric in data["metrics"]}
    for name in NAMES:
        values = [m["value"] for c in everything for m in _metrics(c) if m["name"] == name]
        if name.startswith("n"):
            assert shown[name] == {"count": sum(values)}
        else:
            assert shown[name] == {"count": len(values), "sum": sum(values), "min": min(values), "max": max(values)}


def test_groups_and_buckets_add_up_to_the_whole(past: Api):
    group_by = ["queueId", "mediaType"]
    query = {"interval": WEEK, "metrics": NAMES, "groupBy": group_by, "granularity": "P1D"}
    expected: dict[tuple[Any, ...], int] = {}
    for conversation in _everything(past):
        for participant in conversation["participants"]:
            for session in participant["sessions"]:
                queue_id = session["segments"][0].get("queueId")
                for metric in session.get("metrics", ()):
                    key = (queue_id, session["mediaType"], metric["emitDate"][:10], metric["name"])
                    if metric["name"] in NAMES:
                        expected[key] = expected.get(key, 0) + metric["value"]
    found: dict[tuple[Any, ...], int] = {}
    for result in past.ok("POST", AGGREGATES, query)["results"]:
        for data in result["data"]:
            start = datetime.fromisoformat(data["interval"].partition("/")[0])
            for metric in data["metrics"]:
                # The days of this interval begin at the time of its start, not at midnight.
                key = (result["group"].get("queueId"), result["group"]["mediaType"], start, metric["metric"])
                found[key] = metric["stats"].get("sum", metric["stats"]["count"])
    for name in NAMES:
        assert sum(v for k, v in found.items() if k[3] == name) == sum(v for k, v in expected.items() if k[3] == name)
    assert {k[:2] for k in found} == {k[:2] for k in expected}


def test_a_filter_of_aggregates_and_flat_groups(past: Api):
    queue_id = _queues(past)[0]
    filter_ = {"type": "and", "predicates": [_match("queueId", queue_id), _match("purpose", "agent")]}
    query = {"interval": WEEK, "metrics": ["nConnected"], "groupBy": ["userId"], "filter": filter_}
    by_user = past.ok("POST", AGGREGATES, query)["results"]
    wanted = {
        p["userId"] for c in _everything(past) for p in c["participants"] if p["purpose"] == "agent"
        for s in p["sessions"]
        if s["segments"][0].get("queueId") == queue_id and "nConnected" in {m["name"] for m in s["metrics"]}
    }  # fmt: skip
    assert {result["group"]["userId"] for result in by_user} == wanted
    query |= {"groupBy": ["wrapUpCode"], "flattenMultivaluedDimensions": True}
    flat = past.ok("POST", AGGREGATES, query)["results"]
    assert sum(r["data"][0]["metrics"][0]["stats"]["count"] for r in flat) == sum(
        r["data"][0]["metrics"][0]["stats"]["count"] for r in by_user
    )
    query |= {
        "groupBy": ["userId"],
        "queryType": "topN",
        "limit": 1,
        "sortMetric": {"name": "nConnected", "function": "count"},
    }
    (top,) = past.ok("POST", AGGREGATES, query)["results"]
    assert top["data"][0]["metrics"][0]["stats"]["count"] == max(
        r["data"][0]["metrics"][0]["stats"]["count"] for r in by_user
    )


def test_views_and_the_service_level(past: Api):
    view = {"target": "tAnswered", "name": "quick", "function": "rangeBound", "range": {"gte": 0, "lt": 20_001}}
    query = {"interval": WEEK, "metrics": ["tAnswered", "tAbandon", "oServiceLevel"], "views": [view]}
    ((data,),) = [result["data"] for result in past.ok("POST", AGGREGATES, query)["results"]]
    shown = {metric["metric"]: metric["stats"] for metric in data["metrics"]}
    level = shown["oServiceLevel"]
    assert level["numerator"] == data["views"][0]["stats"]["count"]
    assert level["denominator"] == shown["tAnswered"]["count"] + shown["tAbandon"]["count"]
    assert level["ratio"] == pytest.approx(level["numerator"] / level["denominator"])


def test_days_follow_the_time_zone():
    interval = parse_interval("2026-03-28T23:00:00Z/2026-03-30T22:00:00Z")
    days = Buckets(interval, "P1D", "Europe/Berlin")
    assert [(b.end - b.start) // 3_600_000 for b in (days[n] for n in range(len(days)))] == [23, 24]
    months = Buckets(parse_interval("2026-01-31T00:00:00Z/2026-04-01T00:00:00Z"), "P1M")
    assert [str(months[n])[:10] for n in range(len(months))] == ["2026-01-31", "2026-02-28", "2026-03-31"]


@pytest.mark.parametrize("text", ["", "P", "PT", "1D", "P1H", "P1M1D", "PT0S"])
def test_what_is_no_granularity(text: str):
    with pytest.raises(Refusal, match="granularity"):
        parse_granularity(text)


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_intervals(text: str):
    try:
        found = parse_interval(text)
    except Refusal:
        return
    assert found.start < found.end


@given(st.integers(0, 10**12), st.integers(1, 10**9), st.sampled_from(("PT15M", "PT1H", "P1D", "P1W")), st.data())
def test_every_moment_is_in_its_bucket(start: int, length: int, granularity: str, data: st.DataObject):
    buckets = Buckets(Interval(start, start + length), granularity)
    at = data.draw(st.integers(start, start + length - 1))
    bucket = buckets[buckets.place(at)]
    assert bucket.start <= at < bucket.end
    assert (buckets.edges[0], buckets.edges[-1]) == (start, start + length)


# --- observations -------------------------------------------------------------------------------


def _observed(api: Api, queue_id: str, *names: str) -> dict[tuple[str, str], int]:
    query = {"filter": {"type": "and", "predicates": [_match("queueId", queue_id)]}, "metrics": list(names)}
    return {
        (entry["metric"], entry.get("qualifier") or result["group"].get("mediaType", "")): entry["stats"]["count"]
        for result in api.ok("POST", OBSERVATIONS, query)["results"]
        for entry in result["data"]
    }


def test_observations_say_what_is_going_on():
    api = Api()
    queue_id = api.queue()
    api.agents(queue_id, 2)
    names = ("oWaiting", "oAlerting", "oInteracting")
    calls = [api.sandbox.incoming("voice", queue_id, "tel:+1") for _ in range(3)]
    api.sandbox.incoming("email", queue_id, "a@example.com")
    found = _observed(api, queue_id, *names)
    assert (found["oWaiting", "voice"], found["oAlerting", "voice"], found["oWaiting", "email"]) == (3, 2, 1)
    for conversation_id in calls[:2]:
        agent = api.participant(conversation_id, "agent")
        api.patch(conversation_id, agent["id"], {"state": "connected"})
    found = _observed(api, queue_id, *names, "oOnQueueUsers", "oMemberUsers", "oActiveUsers")
    assert (found["oWaiting", "voice"], found["oInteracting", "voice"], found["oAlerting", "voice"]) == (1, 2, 0)
    assert (found["oOnQueueUsers", "INTERACTING"], found["oMemberUsers", ""], found["oActiveUsers", ""]) == (2, 2, 2)
    api.ok("POST", f"/api/v2/conversations/{calls[0]}/disconnect")
    found = _observed(api, queue_id, *names)
    assert (found["oInteracting", "voice"], found["oAlerting", "voice"]) == (1, 1)


def test_details_of_observations_and_the_longest():
    api = Api()
    queue_id = api.queue()
    first = api.sandbox.incoming("voice", queue_id, "tel:+1", "Ada")
    api.now += 30
    api.sandbox.incoming("voice", queue_id, "tel:+2", "Bob")
    predicates = [_match("queueId", queue_id), _match("mediaType", "voice")]
    query = {"filter": {"type": "and", "predicates": predicates}, "metrics": ["oWaiting", "oLongestWaiting"],
             "detailMetrics": ["oWaiting"]}  # fmt: skip
    (result,) = api.ok("POST", OBSERVATIONS, query)["results"]
    waiting, longest = result["data"]
    assert [o["participantName"] for o in waiting["observations"]] == ["Ada", "Bob"]
    assert waiting["observations"][0]["conversationId"] == first
    assert longest["stats"]["calculatedMetricValue"] == 30_000
    activity = {"groupBy": ["queueId"], "metrics": [{"metric": "oWaiting", "details": True}]}
    (group,) = api.ok("POST", f"{ANALYTICS}/conversations/activity/query", activity)["results"]
    assert (group["group"]["queueId"], group["data"][0]["count"], len(group["entities"])) == (queue_id, 2, 2)


def test_users_and_the_time_they_spent():
    api = Api()
    user_id = api.ok("GET", "/api/v2/users?pageSize=2")["entities"][1]["id"]
    table = api.sandbox.store.table("routing_history")
    for seconds, status in ((0, "IDLE"), (600, "INTERACTING"), (900, "IDLE"), (1800, "OFF_QUEUE")):
        row = {"start": _written(START + seconds), "routingStatus": status}
        table[user_id] = [*table.get(user_id, []), row]
    api.now += 3600
    interval = f"{_written(START)}/{_written(START + 3600)}"
    query = {"interval": interval, "groupBy": ["userId"], "metrics": ["tAgentRoutingStatus"], "granularity": "PT30M"}
    (result,) = api.ok("POST", f"{ANALYTICS}/users/aggregates/query", query)["results"]
    assert result["group"] == {"userId": user_id}
    seconds = [{m["qualifier"]: m["stats"]["sum"] / 1000 for m in data["metrics"]} for data in result["data"]]
    assert seconds == [{"IDLE": 1500, "INTERACTING": 300}, {"OFF_QUEUE": 1800}]
    busy = {"type": "and", "predicates": [_match("routingStatus", "INTERACTING")]}
    found = api.ok("POST", f"{ANALYTICS}/users/details/query", {"interval": interval, "routingStatusFilters": [busy]})
    (user,) = found["userDetails"]
    assert (user["userId"], len(user["routingStatus"]), found["totalHits"]) == (user_id, 1, 1)


# --- jobs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "wire", "body"),
    [
        ("conversations/details", "conversations", {}),
        ("conversations/aggregates", "results", {"groupBy": ["queueId"], "metrics": ["nOffered"]}),
        ("users/details", "userDetails", {}),
        ("users/aggregates", "results", {"metrics": ["tSystemPresence"]}),
    ],
)
def test_jobs_answer_what_queries_answer(past: Api, kind: str, wire: str, body: Any):
    url = f"{ANALYTICS}/{kind}/jobs"
    started = past("POST", url, {"interval": WEEK, **body})
    assert started.status == 202
    job = f"{url}/{started.body['jobId']}"
    assert past("GET", f"{job}/results").status == 400
    assert [past.ok("GET", job)["state"] for _ in range(2)] == ["PENDING", "FULFILLED"]
    found: list[Any] = []
    page: dict[str, Any] = {"cursor": ""}
    while "cursor" in page:
        page = past.ok("GET", f"{job}/results?cursor={page['cursor']}")
        found += page[wire]
    query = past.ok("POST", f"{ANALYTICS}/{kind}/query", {"interval": WEEK, **body})
    assert len(found) == (query["totalHits"] if "totalHits" in query else len(query[wire]))
    assert past("DELETE", job).status == 204
    assert past("GET", f"{job}/results").status == 404


def test_results_of_a_job_stay_as_they_were_and_expire():
    api = Api(job_polls=0)
    url = f"{ANALYTICS}/conversations/details/jobs"
    job = f"{url}/{api.ok('POST', url, {'interval': WEEK})['jobId']}"
    assert api.ok("GET", job)["state"] == "FULFILLED"
    first = api.ok("GET", f"{job}/results?pageSize=100")
    api.sandbox.incoming("voice", _queues(api)[0], "tel:+1")
    rest = [first, api.ok("GET", f"{job}/results?pageSize=1000&cursor={first['cursor']}")]
    assert [len(page["conversations"]) for page in rest] == [100, 150]
    api.now += 25 * 3600
    api.token = api.sandbox.access_token()
    assert api.ok("GET", job)["state"] == "EXPIRED"
    assert api("GET", f"{job}/results").status == 410


def test_limits_of_jobs_are_settings():
    api = Api(job_polls=0, analytics_job_rows=200, analytics_lag=3600.0)
    url = f"{ANALYTICS}/conversations/details/jobs"
    assert api.ok("GET", f"{url}/availability")["dataAvailabilityDate"] == _written(START - 3600)
    api.sandbox.incoming("voice", _queues(api)[0], "tel:+1")
    job = f"{url}/{api.ok('POST', url, {'interval': WEEK})['jobId']}"
    api.ok("GET", job)
    page = api.ok("GET", f"{job}/results?pageSize=200")
    answer = api("GET", f"{job}/results?pageSize=200&cursor={page['cursor']}")
    assert (answer.status, "may not exceed 200" in answer.body["message"]) == (400, True)
    limited = f"{url}/{api.ok('POST', url, {'interval': WEEK, 'limit': 7})['jobId']}"
    api.ok("GET", limited)
    assert len(api.ok("GET", f"{limited}/results")["conversations"]) == 7
