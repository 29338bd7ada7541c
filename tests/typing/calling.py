"""What type checkers make of clients, operations, replies and pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_type

from genesyscloud import AccessToken, AsyncGenesysCloud, GenesysCloud, Response
from genesyscloud.jobs import Progress
from genesyscloud.models import (
    AnalyticsConversationWithoutAttributes,
    ConversationQuery,
    CreateQueueRequest,
    Organization,
    Queue,
    QueueEntityListing,
    UserMe,
    WritableEntity,
)
from genesyscloud.paging import AsyncPages, Pages


def sync(gc: GenesysCloud) -> None:
    assert_type(gc.organization.get_organizations_me(), Organization)
    assert_type(gc.routing.get_routing_queues(page_size=5, sort_order="asc"), QueueEntityListing)
    assert_type(gc.routing.get_routing_queue("id"), Queue)
    assert_type(gc.routing.get_routing_queue(queue_id="id"), Queue)
    assert_type(gc.routing.post_routing_queues(CreateQueueRequest(name="x")), Queue)
    assert_type(gc.routing.post_routing_queues(body={"name": "x"}), Queue)
    assert_type(gc.routing.delete_routing_queue("id", force_delete=True), None)
    assert_type(gc.users.get_users_me(expand=["presence", "a value of next year"]), UserMe)
    assert_type(gc.routing.put_routing_queue("id", gc.routing.get_routing_queue("id")), Queue)
    gc.routing.post_routing_queue_members("id", [WritableEntity(id="u"), {"id": "v"}], delete=False)
    assert_type(gc.call("getUsersMe", expand=["presence"]), Any)
    assert_type(gc.request("GET", "/api/v2/users", query={"pageSize": 5}), Response[Any])
    assert_type(gc.with_options(timeout=5).routing.get_routing_queue("id"), Queue)


def the_rest_of_a_reply(gc: GenesysCloud) -> None:
    response = gc.with_response(gc.routing.get_routing_queues, name="Sup*")
    assert_type(response, Response[QueueEntityListing])
    assert_type(response.value.entities, list[Queue] | None)
    assert_type(gc.with_response(gc.routing.delete_routing_queue, "id"), Response[None])


def pages(gc: GenesysCloud) -> None:
    found = gc.paginate(gc.routing.get_routing_queues, name="Sup*")
    assert_type(found, Pages[Queue, QueueEntityListing])
    for queue in found.limit(100):
        assert_type(queue, Queue)
    for page in found.pages():
        assert_type(page, QueueEntityListing)
    query = ConversationQuery(interval="2026-01-01T00:00:00Z/2026-01-02T00:00:00Z")
    for conversation in gc.paginate(gc.analytics.post_analytics_conversations_details_query, query):
        assert_type(conversation, AnalyticsConversationWithoutAttributes)


async def asynchronous(gc: AsyncGenesysCloud) -> None:
    assert_type(await gc.routing.get_routing_queues(page_size=5), QueueEntityListing)
    assert_type(await gc.routing.post_routing_queues(CreateQueueRequest(name="x")), Queue)
    assert_type(await gc.routing.delete_routing_queue("id"), None)
    assert_type(await gc.with_response(gc.routing.get_routing_queue, "id"), Response[Queue])
    found = gc.paginate(gc.routing.get_routing_queues, name="Sup*")
    assert_type(found, AsyncPages[Queue, QueueEntityListing])
    async for queue in found:
        assert_type(queue, Queue)


def jobs(gc: GenesysCloud) -> None:
    submit = gc.analytics.post_analytics_conversations_details_jobs
    gc.run_job(submit, {}, on_progress=lambda progress: assert_type(progress.percent, float | None), timeout=None)
    assert_type(gc.run_job(submit, {}, limit=5, page_size=100), Any)
    gc.run_job(submit, {}, poll_interval="soon")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    gc.run_job(submit, {}, limit="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    gc.run_job(submit, {}, on_progress=print_text)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def print_text(text: str) -> None:
    print(text)


async def jobs_of_tasks(gc: AsyncGenesysCloud) -> None:
    async def told(progress: Progress) -> None:
        assert_type(progress.state, str)

    submit = gc.analytics.post_analytics_conversations_details_jobs
    assert_type(await gc.run_job(submit, {}, on_progress=told, limit=5, page_size=100), Any)
    await gc.run_job(submit, {}, timeout="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def dates_as_such_or_as_text(gc: GenesysCloud, start: datetime, end: datetime) -> None:
    gc.telephony.get_telephony_siptraces(date_start=start, date_end="2026-01-02T00:00:00Z")
    gc.journey.get_journey_views_jobs(interval=(start, end))
    gc.journey.get_journey_views_jobs(interval="2026-01-01/2026-01-02")


def what_is_wrong(gc: GenesysCloud) -> None:
    gc.routing.get_routing_queues(pagesize=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    gc.routing.get_routing_queues(5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    gc.routing.get_routing_queues(page_size="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    gc.routing.get_routing_queue()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    gc.routing.post_routing_queues()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    gc.routing.post_routing_queues(WritableEntity(id="x"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    gc.routing.get_routing_queue_s  # type: ignore[attr-defined]  # pyright: ignore
    gc.rooting  # type: ignore[attr-defined]  # pyright: ignore
    gc.with_response(gc.routing.get_routing_queue)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    gc.paginate(gc.routing.get_routing_queues, nam="x")  # type: ignore  # pyright: ignore


def what_the_service_may_remove(gc: GenesysCloud) -> None:
    gc.languages.delete_language("id")  # type: ignore[deprecated]  # pyright: ignore[reportDeprecated]


def clients() -> None:
    with GenesysCloud(auth=AccessToken("t"), region="eu_west_1") as gc:
        assert_type(gc, GenesysCloud)
