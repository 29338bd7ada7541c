"""Paging against services that behave well and badly; real operations and models, replies made in place."""

from __future__ import annotations

import asyncio
import itertools
import logging
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud import codec
from genesyscloud.errors import BadRequest, PagingError
from genesyscloud.http import Headers
from genesyscloud.operations import BoundOperation, Operation, operation
from genesyscloud.paging import AsyncPages, Pages, apaginate, paginate
from genesyscloud.response import Response

Query = dict[str, str]
Service = Callable[[Query, Any], Any]


class Client:
    """A client whose service is a function of query and body; keeps what was asked for."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.calls: list[tuple[Query, Any]] = []

    def _respond(self, op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Response[Any]:
        prepared = op.prepare(args, kwargs)
        query = {name: values[0] for name, values in parse_qs(urlsplit(prepared.path).query).items()}
        body = None if prepared.body is None else msgspec.json.decode(prepared.body)
        self.calls.append((query, body))
        raw = msgspec.json.encode(self.service(query, body))
        return Response(codec.decode(raw, prepared.result), 200, Headers(), raw, prepared.name)


class AsyncClient(Client):
    async def _respond(self, op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Response[Any]:  # type: ignore[override]
        await asyncio.sleep(0)
        return super()._respond(op, args, kwargs)


def pages_of(client: Client, name: str, /, *args: Any, **kwargs: Any) -> Pages[Any, Any]:
    return paginate(client, BoundOperation(operation(name), client, "group"), args, kwargs)


def numbered(total: int, *, counts: bool = True, size: int = 25) -> Service:
    """A well behaved list by page number, of things called 0, 1, 2, …"""

    def serve(query: Query, body: Any) -> dict[str, Any]:
        number, length = int(query.get("pageNumber", 1)), int(query.get("pageSize", size))
        entities = things(range((number - 1) * length, min(number * length, total)))
        reply: dict[str, Any] = {"entities": entities, "pageNumber": number, "pageSize": length}
        return reply | ({"total": total, "pageCount": -(-total // length)} if counts else {})

    return serve


def tokens(total: int, size: int, reply: Callable[[str], dict[str, Any]], parameter: str = "after") -> Service:
    """A list by token; ``reply`` says how the token comes."""

    def serve(query: Query, body: Any) -> dict[str, Any]:
        start = int((query.get(parameter) or "t0")[1:])
        more = reply(f"t{start + size}") if start + size < total else {}
        return {"entities": things(range(start, min(start + size, total)))} | more

    return serve


def things(numbers: Any) -> list[dict[str, Any]]:
    return [{"id": str(number), "name": f"n{number}"} for number in numbers]


def ids(items: Any) -> list[int]:
    return [int(item.id) for item in items]


# --- styles -------------------------------------------------------------------------------------


@pytest.mark.parametrize("total", [0, 1, 25, 26, 60])
@pytest.mark.parametrize("counts", [True, False])
def test_page_numbers(total: int, counts: bool) -> None:
    client = Client(numbered(total, counts=counts))
    assert ids(pages_of(client, "get_routing_queues", name="n*")) == list(range(total))
    assert all(query["name"] == "n*" for query, _ in client.calls)


def test_counts_save_the_last_request() -> None:
    with_counts, without = Client(numbered(50)), Client(numbered(50, counts=False))
    list(pages_of(with_counts, "get_routing_queues"))
    list(pages_of(without, "get_routing_queues"))
    assert (len(with_counts.calls), len(without.calls)) == (2, 3)


def test_page_number_of_the_caller_is_where_it_begins() -> None:
    client = Client(numbered(60))
    assert ids(pages_of(client, "get_routing_queues", page_number=2, page_size=20)) == list(range(20, 60))


@pytest.mark.parametrize(
    "reply",
    [
        {"nextUri": "/api/v2/assistants?pageSize=2&after=TOKEN"},
        {"after": "TOKEN", "nextUri": "/api/v2/assistants"},
        {"cursors": {"after": "TOKEN"}},
    ],
)
def test_after(reply: dict[str, Any]) -> None:
    text = msgspec.json.encode(reply)
    client = Client(tokens(7, 2, lambda token: msgspec.json.decode(text.replace(b"TOKEN", token.encode()))))
    assert ids(pages_of(client, "get_assistants")) == list(range(7))
    assert [query.get("after") for query, _ in client.calls] == [None, "t2", "t4", "t6"]


def test_before_goes_backwards() -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        end = int(query["before"])
        link = {"previousUri": f"/api/v2/assistants?before={end - 2}"} if end > 2 else {}
        return {"entities": things(range(end - 2, end)), "nextUri": "/api/v2/assistants?after=9"} | link

    assert ids(pages_of(Client(serve), "get_assistants", before="6")) == [4, 5, 2, 3, 0, 1]


def test_after_in_the_body_leaves_the_body_of_the_caller_alone() -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        start = int(body.get("after") or 0)
        return {"entities": things(range(start, start + 2))} | ({"after": str(start + 2)} if start < 4 else {})

    client, body = Client(serve), {"select": "Count", "pageSize": 2}
    assert ids(pages_of(client, "post_taskmanagement_workitems_query", body=body)) == list(range(6))
    assert body == {"select": "Count", "pageSize": 2}
    assert [sent for _, sent in client.calls] == [body, {**body, "after": "2"}, {**body, "after": "4"}]


def test_cursor() -> None:
    client = Client(tokens(5, 2, lambda token: {"cursors": {"after": token}}, "cursor"))
    assert ids(pages_of(client, "get_externalcontacts_scan_contacts", page_size=2)) == list(range(5))
    assert {query["limit"] for query, _ in client.calls} == {"2"}


def test_two_position_parameters_follow_whichever_the_link_carries() -> None:
    client = Client(tokens(5, 2, lambda token: {"nextUri": f"/api/v2/recording/jobs?cursor={token}"}, "cursor"))
    assert ids(pages_of(client, "get_recording_jobs")) == list(range(5))


def test_next_page_token() -> None:
    client = Client(tokens(5, 2, lambda token: {"nextUri": f"/x?nextPage={token}", "total": 5}, "nextPage"))
    assert ids(pages_of(client, "get_speechandtextanalytics_programs")) == list(range(5))


def test_search_by_number_with_a_model_as_body() -> None:
    from genesyscloud.models import UserSearchRequest

    def serve(query: Query, body: Any) -> dict[str, Any]:
        number = body.get("pageNumber", 1)
        return {"results": things(range(number * 2 - 2, number * 2)), "pageCount": 3, "pageNumber": number, "total": 6}

    client, body = Client(serve), UserSearchRequest(page_size=2, sort_by="name")
    assert ids(pages_of(client, "post_users_search", body)) == list(range(6))
    assert body == UserSearchRequest(page_size=2, sort_by="name")
    assert [sent.get("pageNumber") for _, sent in client.calls] == [None, 2, 3]
    assert {sent["sortBy"] for _, sent in client.calls} == {"name"}


def test_search_by_token() -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        page = int(query["q64"])
        return {"results": things([page]), "pageCount": 3} | ({"nextPage": str(page + 1)} if page < 2 else {})

    assert ids(pages_of(Client(serve), "get_groups_search", q64="0")) == [0, 1, 2]


def test_wrapped_results() -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        number = body.get("pageNumber", 1)
        return {"results": {"entities": things([number]), "pageCount": 2, "pageNumber": number}}

    client = Client(serve)
    assert ids(pages_of(client, "post_responsemanagement_responses_query", body={"queryPhrase": "x"})) == [1, 2]


def details(total: int) -> Service:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        paging = body.get("paging") or {"pageSize": 25, "pageNumber": 1}
        first = (paging["pageNumber"] - 1) * paging["pageSize"]
        found = range(first, min(first + paging["pageSize"], total))
        return {"conversations": [{"conversationId": str(n)} for n in found]} | ({"totalHits": total} if found else {})

    return serve


def test_paging_in_the_body() -> None:
    from genesyscloud.models import ConversationQuery

    query = ConversationQuery(interval="2026-01-01T00:00Z/2026-01-02T00:00Z")
    client = Client(details(60))
    found = [int(one.conversation_id) for one in pages_of(client, "post_analytics_conversations_details_query", query)]
    assert found == list(range(60))
    assert [sent["paging"] for _, sent in client.calls] == [
        {"pageNumber": 1, "pageSize": 25},
        {"pageNumber": 2, "pageSize": 25},
        {"pageNumber": 3, "pageSize": 25},
    ]
    assert query.paging is None


def test_page_size_is_put_where_the_operation_has_it() -> None:
    client = Client(details(250))
    pages = pages_of(client, "post_analytics_conversations_details_query", body={"interval": "i"}, page_size=100)
    assert len(list(pages)) == 250
    assert [sent["paging"]["pageSize"] for _, sent in client.calls] == [100, 100, 100]


def test_scim_counts_items() -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        start = int(query.get("startIndex", 1))
        found = [{"id": str(n)} for n in range(start, min(start + 3, 8))]
        return {"totalResults": 7, "startIndex": start, "itemsPerPage": 3, "Resources": found}

    client = Client(serve)
    assert ids(pages_of(client, "get_scim_v2_users", count=3)) == list(range(1, 8))
    assert [query.get("startIndex") for query, _ in client.calls] == [None, "4", "7"]


def test_history_goes_to_the_oldest_message_and_ends() -> None:
    times = [f"2026-01-01T00:00:0{n}.000Z" for n in range(7)]

    def serve(query: Query, body: Any) -> dict[str, Any]:
        # Inclusive, the worse of the two possibilities.
        found = [n for n in range(7) if times[n] <= query.get("before", "3")][::-1][:3]
        return {"entities": [{"id": str(n), "dateCreated": times[n]} for n in found]}

    client = Client(serve)
    assert ids(pages_of(client, "get_chats_room_messages", "room@x", limit=100)) == [6, 5, 4, 3, 2, 1, 0]


def test_a_plain_list_is_one_page() -> None:
    client = Client(lambda query, body: [{"id": "1"}, {"id": "2"}])
    name = next(r.name for r in _catalog_lists())
    pages = pages_of(client, name, **_dummy_path(name))
    assert len(list(pages)) == 2
    assert len(client.calls) == 1


def _catalog_lists() -> Any:
    from genesyscloud.catalog import catalog

    return (r for r in catalog().operations() if r.result.startswith("[#") and r.method == "GET" and not r.body)


def _dummy_path(name: str) -> dict[str, str]:
    return {p.name: "x" for p in operation(name).record.parameters if p.required}


# --- limit, pages, laziness ---------------------------------------------------------------------


def test_nothing_is_asked_before_it_is_wanted() -> None:
    client = Client(numbered(60))
    pages = pages_of(client, "get_routing_queues")
    assert client.calls == []
    iterator = iter(pages)
    taken = [next(iterator) for _ in range(25)]
    assert (len(taken), len(client.calls)) == (25, 1)


@pytest.mark.parametrize(
    ("limit", "given", "sent"), [(5, {}, "5"), (30, {}, None), (5, {"page_size": 3}, "3"), (5, {"page_size": 50}, "5")]
)
def test_limit(limit: int, given: dict[str, int], sent: str | None) -> None:
    client = Client(numbered(60))
    assert ids(pages_of(client, "get_routing_queues", limit=limit, **given)) == list(range(limit))
    assert client.calls[0][0].get("pageSize") == sent


def test_limit_zero_asks_nothing_and_a_negative_one_is_refused() -> None:
    client = Client(numbered(60))
    assert list(pages_of(client, "get_routing_queues", limit=0)) == []
    assert client.calls == []
    with pytest.raises(ValueError, match="limit must be 0 or more"):
        pages_of(client, "get_routing_queues", limit=-1)


def test_limit_as_a_method() -> None:
    client = Client(numbered(60))
    assert len(list(pages_of(client, "get_routing_queues").limit(7))) == 7
    assert client.calls[0][0]["pageSize"] == "7"


def test_whole_pages() -> None:
    client = Client(numbered(60))
    pages = list(pages_of(client, "get_routing_queues").pages())
    assert [len(page.entities) for page in pages] == [25, 25, 10]
    assert {type(page).__name__ for page in pages} == {"QueueEntityListing"}
    limited = list(pages_of(client, "get_routing_queues", limit=30).pages())
    assert [len(page.entities) for page in limited] == [25, 5]


class PlainClient:
    """Pages without JSON around them, so that 100,000 items take no time."""

    def _respond(self, op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Response[Any]:
        number, size = kwargs.get("page_number", 1), kwargs["page_size"]
        value = {"entities": [{"id": str(n)} for n in range((number - 1) * size, number * size)], "total": 100_000}
        return Response(value, 200, Headers(), b"", op.__name__)


def test_memory_stays_constant_over_many_items() -> None:
    pages = paginate(PlainClient(), operation("get_routing_queues"), (), {"page_size": 500})
    tracemalloc.start()
    count = sum(1 for _ in pages)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 2_000_000


# --- resume -------------------------------------------------------------------------------------


SERVICES: dict[str, tuple[str, dict[str, Any], Service]] = {
    "page": ("get_routing_queues", {"page_size": 4}, numbered(11)),
    "after": ("get_assistants", {}, tokens(11, 4, lambda token: {"nextUri": f"/x?after={token}"})),
    "cursor": ("get_users_query", {}, tokens(11, 4, lambda token: {"cursor": token}, "cursor")),
}


@pytest.mark.parametrize("style", SERVICES)
@pytest.mark.parametrize("taken", range(12))
def test_resume_continues_after_the_last_item(style: str, taken: int) -> None:
    name, given, service = SERVICES[style]
    first = pages_of(Client(service), name, **given)
    head = [next(first) for _ in range(taken)]
    rest = pages_of(Client(service), name, **given, resume=first.state)
    assert ids(head) + ids(rest) == list(range(11))


def test_resume_of_a_whole_page_and_of_the_end() -> None:
    client = Client(numbered(60))
    first = pages_of(client, "get_routing_queues")
    next(first.pages())
    assert ids(pages_of(client, "get_routing_queues").resume(first.state)) == list(range(25, 60))
    list(first)
    assert list(pages_of(client, "get_routing_queues", resume=first.state)) == []


def test_resume_with_another_limit_keeps_the_pages() -> None:
    client = Client(numbered(60))
    first = pages_of(client, "get_routing_queues", limit=7)
    list(first)
    assert ids(pages_of(client, "get_routing_queues", limit=9, resume=first.state)) == list(range(7, 16))


def test_resume_finds_its_place_when_the_list_has_grown_at_the_front() -> None:
    first = pages_of(Client(numbered(60)), "get_routing_queues")
    head = [next(first) for _ in range(10)]

    def grown(query: Query, body: Any) -> dict[str, Any]:
        number = int(query.get("pageNumber", 1))
        everything = [1000, 1001, *range(60)]
        return {"entities": things(everything[number * 25 - 25 : number * 25]), "pageCount": 3}

    rest = pages_of(Client(grown), "get_routing_queues", resume=first.state)
    assert ids(head) + ids(rest) == list(range(60))


@pytest.mark.parametrize("state", ["", "{}", "[]", "null", '{"operation":1}', "\x00", "[" * 10_000])
def test_a_state_that_is_none(state: str) -> None:
    with pytest.raises(PagingError, match="cannot be read"):
        pages_of(Client(numbered(1)), "get_routing_queues", resume=state)


@pytest.mark.parametrize(
    "changed",
    [
        *({"at": at} for at in cast("list[Any]", [5, "x", [1], True, {"evil": 1}])),
        *({"at": {"pageNumber": at}} for at in cast("list[Any]", ["x", None, [1], {}, True])),
        *({"size": size} for size in cast("list[Any]", [{}, [], True, "many"])),
        *({"skip": skip} for skip in cast("list[Any]", ["x", [1], 1.5])),
        *({"last": last} for last in cast("list[Any]", [5, [], {}])),
        {"before": 5},
    ],
    ids=str,
)
def test_a_state_that_was_changed(changed: dict[str, Any]) -> None:
    pages = pages_of(Client(numbered(60)), "get_routing_queues")
    next(pages)
    client = Client(numbered(60))
    state = msgspec.json.encode(msgspec.json.decode(pages.state) | changed).decode()
    with pytest.raises(PagingError, match="get_routing_queues: the saved state cannot be read"):
        pages_of(client, "get_routing_queues", resume=state)
    assert client.calls == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("pageNumber"), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["at", "size", "skip", "last", "before", "cut"]), json_values))
def test_whatever_a_state_says_it_is_read_or_refused(changed: dict[str, Any]) -> None:
    pages = pages_of(Client(numbered(60)), "get_routing_queues")
    next(pages)
    try:
        state = msgspec.json.encode(msgspec.json.decode(pages.state) | changed).decode()
    except UnicodeEncodeError:
        return
    client = Client(lambda query, body: {"entities": things(range(3)), "pageCount": 1})
    try:
        found = list(pages_of(client, "get_routing_queues", resume=state))
    except PagingError as error:
        assert "cannot be read" in str(error)  # noqa: PT017
        assert client.calls == []
    else:
        assert len(found) <= 3


def test_a_state_of_another_list() -> None:
    client = Client(numbered(60))
    pages = pages_of(client, "get_routing_queues", name="a")
    next(pages)
    with pytest.raises(PagingError, match="other arguments"):
        pages_of(client, "get_routing_queues", name="b", resume=pages.state)
    with pytest.raises(PagingError, match="another operation"):
        pages_of(client, "get_users", resume=pages.state)
    with pytest.raises(PagingError, match="has begun"):
        pages.resume(pages.state)


def test_the_size_of_a_page_is_no_argument_of_the_list() -> None:
    client = Client(numbered(60))
    pages = pages_of(client, "get_routing_queues", page_size=10)
    head = [next(pages) for _ in range(15)]
    rest = pages_of(client, "get_routing_queues", page_size=50, resume=pages.state)
    assert ids(head) + ids(rest) == list(range(60))


# --- services that misbehave --------------------------------------------------------------------


def test_endless_empty_pages(caplog: pytest.LogCaptureFixture) -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        return {"entities": [], "nextUri": f"/x?after={int(query.get('after', 0)) + 1}"}

    client = Client(serve)
    with caplog.at_level(logging.WARNING, "genesyscloud.paging"):
        assert list(pages_of(client, "get_assistants")) == []
    assert len(client.calls) == 3
    assert "3 pages in a row were empty" in caplog.text


def test_an_empty_page_in_the_middle_does_not_end_a_list_by_token() -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        at = int(query.get("after", 0))
        return {"entities": [] if at in (1, 2) else things([at])} | (
            {"nextUri": f"/x?after={at + 1}"} if at < 4 else {}
        )

    assert ids(pages_of(Client(serve), "get_assistants")) == [0, 3, 4]


@pytest.mark.parametrize("with_ids", [True, False])
def test_an_endpoint_that_ignores_the_page_number(with_ids: bool, caplog: pytest.LogCaptureFixture) -> None:
    page = {"entities": [{"id" if with_ids else "name": str(n)} for n in range(3)]}
    client = Client(lambda query, body: page)
    with caplog.at_level(logging.WARNING, "genesyscloud.paging"):
        assert len(list(pages_of(client, "get_routing_queues"))) == 3
    assert len(client.calls) == 2
    assert "get_routing_queues: stopped at page 2" in caplog.text


def test_pages_are_compared_by_their_items_where_these_have_no_ids(caplog: pytest.LogCaptureFixture) -> None:
    def echoing(query: Query, body: Any) -> dict[str, Any]:
        number = int(query.get("pageNumber", 1))
        return {"entities": [{"key": "a"}, {"key": "b"}], "pageNumber": number, "selfUri": f"/x?pageNumber={number}"}

    client = Client(echoing)
    with caplog.at_level(logging.WARNING, "genesyscloud.paging"):
        assert len(list(pages_of(client, "get_flows_datatable_rows", "table"))) == 2
    assert len(client.calls) == 2
    assert "stopped at page 2: the page is the one before it again" in caplog.text

    results = iter([{"results": [{"group": {"mediaType": "voice"}}], "cursor": f"c{n}"} for n in range(9)])
    found = list(
        pages_of(Client(lambda query, body: next(results)), "get_analytics_actions_aggregates_job_results", "j")
    )
    assert len(found) == 3, "one item without an id may well be followed by its equal, but not for ever"


def test_tokens_that_go_in_circles(caplog: pytest.LogCaptureFixture) -> None:
    following = {"": "A", "A": "B", "B": "C", "C": "A"}
    numbers = iter(range(100))

    def serve(query: Query, body: Any) -> dict[str, Any]:
        return {"entities": things([next(numbers)]), "nextUri": f"/x?after={following[query.get('after', '')]}"}

    client = Client(serve)
    with caplog.at_level(logging.WARNING, "genesyscloud.paging"):
        assert ids(pages_of(client, "get_assistants")) == [0, 1, 2, 3]
    assert "one that was there before" in caplog.text


@pytest.mark.parametrize("token", [True, 1.5, {"a": 1}, ["x"]])
def test_a_token_that_cannot_be_followed_is_warned_of(token: Any, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(lambda query, body: {"conversations": [{"conversationId": "1"}], "cursor": token})
    with caplog.at_level(logging.WARNING, "genesyscloud.paging"):
        assert len(list(pages_of(client, "get_analytics_conversations_details_job_results", "j"))) == 1
    assert "the token of the next page is no text" in caplog.text


def test_a_token_that_never_changes() -> None:
    numbers = iter(range(100))
    client = Client(lambda query, body: {"entities": things([next(numbers)]), "nextUri": "/x?after=same"})
    assert ids(pages_of(client, "get_assistants")) == [0, 1]


def test_items_that_a_growing_list_shows_again() -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        number = int(query.get("pageNumber", 1))
        # Three items are added at the front before every request but the first.
        everything = [*range(1000, 1000 + 3 * (number - 1)), *range(60)]
        return {"entities": things(everything[number * 25 - 25 : number * 25]), "pageCount": 3}

    found = ids(pages_of(Client(serve), "get_routing_queues"))
    assert found == list(range(len(found)))
    pages = list(pages_of(Client(serve), "get_routing_queues").pages())
    assert ids(item for page in pages for item in page.entities) == found


def test_ids_that_do_not_identify_are_not_compared() -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        number = int(query.get("pageNumber", 1))
        return {"entities": [{"id": "q", "name": f"v{number}{n}"} for n in range(3)], "pageCount": 2}

    assert [item.name for item in pages_of(Client(serve), "get_routing_queues")] == [
        "v10",
        "v11",
        "v12",
        "v20",
        "v21",
        "v22",
    ]


def test_the_window() -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        if int(query.get("pageNumber", 1)) > 2:
            raise BadRequest(400, message="page window is 1000")
        return numbered(600)(query, body)

    pages = pages_of(Client(serve), "get_routing_queues")
    with pytest.raises(
        PagingError, match=r"get_routing_queues: after 2 pages .*pageNumber=3.*page window is 1000"
    ) as caught:
        list(pages)
    assert isinstance(caught.value.__cause__, BadRequest)
    with pytest.raises(BadRequest):
        list(pages_of(Client(serve), "get_routing_queues", page_number=9))


@pytest.mark.parametrize("reply", [{}, {"entities": None}, {"entities": "x"}, [], None])
def test_a_reply_without_items_ends_the_list(reply: Any) -> None:
    client = Client(lambda query, body: reply)
    assert list(pages_of(client, "get_routing_queues")) == []
    assert len(client.calls) == 1


# --- lists that do not end ----------------------------------------------------------------------

Reply = Callable[[int, str], dict[str, Any]]
#: By style: the operation, the parameter to go on with, and what a reply says of where to go on.
ENDLESS: dict[str, tuple[str, dict[str, Any], str, Reply]] = {
    "page": ("get_flows_datatable_rows", {"datatable_id": "t"}, "entities", lambda n, _: {"selfUri": f"/x?{n}"}),
    "search": (
        "post_conversations_customattributes_search",
        {"body": {}},
        "results",
        lambda n, _: {"selfUri": f"/{n}"},
    ),
    "cursor": (
        "get_analytics_actions_aggregates_job_results",
        {"job_id": "j"},
        "results",
        lambda _, to: {"cursor": to},
    ),
    "after": (
        "get_analytics_botflow_divisions_reportingturns",
        {"bot_flow_id": "b"},
        "entities",
        lambda _, to: {"nextUri": f"/x?after={to}"},
    ),
    "after with ids": (
        "get_analytics_botflow_sessions",
        {"bot_flow_id": "b"},
        "entities",
        lambda _, to: {"nextUri": f"/x?after={to}"},
    ),
    "next_page": (
        "get_speechandtextanalytics_programs",
        {},
        "entities",
        lambda _, to: {"nextUri": f"/x?nextPage={to}"},
    ),
    "q64": ("get_search", {"q64": "x"}, "results", lambda _, to: {"nextPage": to}),
    "scim": ("get_scim_users", {}, "Resources", lambda n, _: {"itemsPerPage": n}),
}


def endless(style: str, rows: Callable[[int], list[dict[str, Any]]], token: Callable[[int], str]) -> Client:
    """A list whose n-th reply has ``rows(n)`` and leads on to ``token(n)``."""
    _, _, items, reply = ENDLESS[style]
    client = Client(
        lambda query, body: {items: rows(len(client.calls))} | reply(len(client.calls), token(len(client.calls)))
    )
    return client


def all_of(style: str, client: Client, **more: Any) -> Pages[Any, Any]:
    name, given, _, _ = ENDLESS[style]
    return pages_of(client, name, **given, **more)


def bounded(pages: Pages[Any, Any]) -> list[Any]:
    """The items, should they end."""
    found = list(itertools.islice(pages, 1000))
    assert len(found) < 1000
    return found


@pytest.mark.parametrize("style", ENDLESS)
def test_the_same_rows_in_ever_new_replies(style: str, caplog: pytest.LogCaptureFixture) -> None:
    client = endless(style, lambda n: [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}], lambda n: f"t{n}")
    with caplog.at_level(logging.WARNING, "genesyscloud.paging"):
        assert len(bounded(all_of(style, client))) == 2
    assert len(client.calls) == 2
    assert "stopped at page 2: the page is the one before it again" in caplog.text


@pytest.mark.parametrize("style", ENDLESS)
@pytest.mark.parametrize("length", [2, 3, 7])
def test_circles(style: str, length: int, caplog: pytest.LogCaptureFixture) -> None:
    client = endless(style, lambda n: things([n % length, 100 + n % length]), lambda n: f"t{n % length}")
    with caplog.at_level(logging.WARNING, "genesyscloud.paging"):
        found = bounded(all_of(style, client))
    assert len({item.id if hasattr(item, "id") else str(item) for item in found}) in (1, 2 * length)
    assert len(client.calls) <= length + 3
    assert f"stopped at page {len(client.calls)}" in caplog.text


@pytest.mark.parametrize("with_counts", [True, False])
def test_pages_of_rows_that_are_alike(with_counts: bool) -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        number = int(query.get("pageNumber", 1))
        rows = [{"key": "same"}] * 2 if number <= 6 else []
        return {"entities": rows} | ({"pageCount": 6} if with_counts else {})

    pages = pages_of(Client(serve), "get_flows_datatable_rows", "t", page_size=2)
    # Where nothing tells of an end, three repeated pages are taken for one.
    assert len(bounded(pages)) == (12 if with_counts else 6)


def test_one_row_of_a_list_whose_page_number_is_ignored() -> None:
    client = Client(lambda query, body: {"entities": [{"key": "only"}], "pageNumber": int(query.get("pageNumber", 1))})
    assert len(bounded(pages_of(client, "get_flows_datatable_rows", "t"))) == 1
    assert len(client.calls) == 2


def test_whole_pages_leave_out_the_page_that_came_again() -> None:
    client = endless("page", lambda n: [{"key": "a"}, {"key": "b"}], str)
    assert [len(page.entities) for page in all_of("page", client).pages()] == [2, 0]


@pytest.mark.parametrize("taken", range(6))
def test_resume_of_a_list_that_goes_in_circles(taken: int) -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        at = query.get("after", "A")
        return {"entities": things([ord(at), ord(at) + 100]), "nextUri": f"/x?after={'B' if at == 'A' else 'A'}"}

    whole = ids(bounded(pages_of(Client(serve), "get_assistants")))
    assert whole == [65, 165, 66, 166, 65, 165]
    first = pages_of(Client(serve), "get_assistants")
    assert ids(next(first) for _ in range(taken)) == whole[:taken]
    state = first.state
    # A state is the same once it was read, and ends where the iteration would have.
    again = pages_of(Client(serve), "get_assistants", resume=state)
    assert again.state == state
    rest = ids(bounded(again))
    if taken > 4:
        assert rest == whole[taken:]
    else:
        # What was asked for before it was saved is forgotten, so that it may go round once more.
        assert rest[: 6 - taken] == whole[taken:]
        assert len(rest) <= 6


def test_resume_of_a_list_whose_page_number_is_ignored() -> None:
    client = endless("page", lambda n: [{"key": "a"}, {"key": "b"}], str)
    first = all_of("page", client)
    assert len([next(first) for _ in range(2)]) == 2
    state = first.state
    assert all_of("page", client, resume=state).state == state
    assert bounded(all_of("page", client, resume=state)) == []


# --- lists that end too early -------------------------------------------------------------------


def test_a_token_that_is_a_number() -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        at = int(query.get("cursor", 0))
        return {"conversations": [{"conversationId": str(at)}]} | ({"cursor": at + 1} if at < 3 else {})

    name = "get_analytics_conversations_details_job_results"
    client = Client(serve)
    first = pages_of(client, name, "j")
    head = [next(first) for _ in range(2)]
    rest = list(pages_of(client, name, "j", resume=first.state))
    assert [one.conversation_id for one in head + rest] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("token", [0, -1, 1.5, True, {"a": 1}, ["x"]])
@pytest.mark.parametrize(
    ("name", "given", "wire", "items"),
    [
        ("get_analytics_conversations_details_job_results", {"job_id": "j"}, "cursor", "conversations"),
        ("get_search", {"q64": "x"}, "nextPage", "results"),
        ("get_assistants", {}, "after", "entities"),
    ],
)
def test_a_token_that_is_none(
    token: Any, name: str, given: dict[str, Any], wire: str, items: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(lambda query, body: {items: [{"name": "a"}], wire: token})
    with caplog.at_level(logging.WARNING, "genesyscloud.paging"):
        assert len(bounded(pages_of(client, name, **given))) == 1
    assert f"{name}: stopped at page 1: what it gives as the token of the next page is no text" in caplog.text


@pytest.mark.parametrize("end", [{}, {"cursor": None}, {"cursor": ""}, {"cursor": False}])
def test_the_end_of_a_list_by_token_is_no_reason_to_warn(end: Any, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(lambda query, body: {"results": [{}]} | end)
    with caplog.at_level(logging.WARNING, "genesyscloud.paging"):
        assert len(list(pages_of(client, "get_analytics_actions_aggregates_job_results", "j"))) == 1
    assert "stopped" not in caplog.text


@pytest.mark.parametrize(
    ("name", "given", "link"),
    [
        ("get_assistants", {}, "nextUri"),
        ("get_assistants", {"before": "x"}, "previousUri"),
        ("get_search", {"q64": "x"}, "nextUri"),
    ],
)
def test_a_link_that_leads_nowhere(
    name: str, given: dict[str, Any], link: str, caplog: pytest.LogCaptureFixture
) -> None:
    items = "results" if name == "get_search" else "entities"
    client = Client(lambda query, body: {items: [{"name": "a"}], link: "/x?unknown=1"})
    with caplog.at_level(logging.WARNING, "genesyscloud.paging"):
        assert len(list(pages_of(client, name, **given))) == 1
    assert f"its {link} has no known parameter" in caplog.text


def test_items_that_are_no_list(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "genesyscloud.paging"):
        assert list(pages_of(Client(lambda query, body: {"entities": {"a": 1}}), "get_routing_queues")) == []
    assert "stopped at page 1: its entities is no list" in caplog.text


def test_messages_without_a_time(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "genesyscloud.paging"):
        assert (
            len(list(pages_of(Client(lambda query, body: {"entities": [{"id": "1"}]}), "get_chats_room_messages", "r")))
            == 1
        )
    assert "its items have no dateCreated" in caplog.text


def test_pages_that_are_shorter_than_asked_for() -> None:
    def serve(query: Query, body: Any) -> dict[str, Any]:
        number = body["paging"]["pageNumber"]
        rows = [{"conversationId": str(n)} for n in range(number * 10 - 10, min(number * 10, 35))]
        return {"conversations": rows, "totalHits": 35}

    pages = pages_of(Client(serve), "post_analytics_conversations_details_query", {}, page_size=100)
    assert len(list(pages)) == 35


# --- what cannot be paged -----------------------------------------------------------------------


def test_an_operation_that_does_not_page() -> None:
    with pytest.raises(PagingError, match="get_users_me: does not page"):
        pages_of(Client(numbered(1)), "get_users_me")


@pytest.mark.parametrize("wrong", [None, "get_users", print])
def test_what_is_no_operation(wrong: Any) -> None:
    with pytest.raises(TypeError, match="expected an operation that is not called"):
        paginate(Client(numbered(1)), wrong, (), {})


@pytest.mark.parametrize("kwargs", [{"nmae": "x"}, {"page_size": "x"}])
def test_wrong_arguments_fail_at_once(kwargs: Mapping[str, Any]) -> None:
    with pytest.raises(TypeError, match="get_routing_queues"):
        pages_of(Client(numbered(1)), "get_routing_queues", **kwargs)
    with pytest.raises(TypeError, match="positional"):
        pages_of(Client(numbered(1)), "get_routing_queues", "too", "many")


# --- async --------------------------------------------------------------------------------------


def test_async_gives_the_same() -> None:
    async def main() -> None:
        client = AsyncClient(numbered(60))
        pages: AsyncPages[Any, Any] = apaginate(client, operation("get_routing_queues"), (), {"limit": 40})
        assert client.calls == []
        head = [await anext(pages) for _ in range(30)]
        rest = apaginate(client, operation("get_routing_queues"), (), {"resume": pages.state})
        assert ids(head) + ids([item async for item in rest]) == list(range(60))
        whole = apaginate(client, operation("get_routing_queues"), (), {}).pages()
        assert [len(page.entities) async for page in whole] == [25, 25, 10]

    asyncio.run(main())
