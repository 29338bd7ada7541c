"""Jobs from submission to results, against services made in place and a clock that never waits."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import msgspec
import pytest

from genesyscloud import AccessToken, AsyncGenesysCloud, GenesysCloud, codec, jobs
from genesyscloud.catalog import Catalog, catalog
from genesyscloud.clock import Clock
from genesyscloud.errors import (
    ConfigurationError,
    DeadlineExceeded,
    GenesysCloudError,
    JobFailed,
    JobTimeout,
    TooManyRequests,
)
from genesyscloud.http import Headers
from genesyscloud.jobs import JobFamily, Progress, arun_job, ended, job_family, poll_delay, run_job
from genesyscloud.operations import Operation, operation
from genesyscloud.response import Response

from .servers import Peer, RawServer

DETAILS = "post_analytics_conversations_details_jobs"
BODY = {"interval": "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"}


class FakeClock(Clock):
    def __init__(self) -> None:
        self.now = 1000.0
        self.waited: list[float] = []

    def monotonic(self) -> float:  # type: ignore[override]
        return self.now

    def sleep(self, seconds: float) -> None:  # type: ignore[override]
        self.waited.append(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)
        await asyncio.sleep(0)


class Client:
    """Answers by operation name; an exception is raised, an iterator gives one answer after the other."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[str] = []
        self.hurries: list[tuple[float, bool]] = []
        self.clock = FakeClock()

    def _hurried(self, seconds: float, retry: bool, /) -> Client:
        self.hurries.append((seconds, retry))
        return self

    @property
    def _clock(self) -> Clock:
        return self.clock

    def _respond(self, op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any], /) -> Response[Any]:
        prepared = op.prepare(args, kwargs)
        self.calls.append(f"{prepared.method} {prepared.path.removeprefix('/api/v2')}")
        answer = self.answers[op.__name__]
        if isinstance(answer, Iterator):
            answer: Any = next(cast("Iterator[Any]", answer))
        if isinstance(answer, BaseException):
            raise answer
        raw = msgspec.json.encode(answer)
        return Response(codec.decode(raw, prepared.result or "o"), 200, Headers(), raw, prepared.name)

    def _invoke(self, op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any], /) -> Any:
        return self._respond(op, args, kwargs).value


class AsyncClient(Client):
    async def _respond(self, op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any], /) -> Response[Any]:  # type: ignore[override]
        await asyncio.sleep(0)
        return super()._respond(op, args, kwargs)

    async def _invoke(self, op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any], /) -> Any:
        return (await self._respond(op, args, kwargs)).value


def details(kind: Callable[..., Any], *states: Any, **more: Any) -> Any:
    """A client with a details job that goes through ``states``."""
    page = {"conversations": [{"conversationId": "a"}, {"conversationId": "b"}], "cursor": "next"}
    last = {"conversations": [{"conversationId": "c"}]}
    answers = {
        DETAILS: {"jobId": "j1"},
        "get_analytics_conversations_details_job": iter(
            [{"state": state} if isinstance(state, str) else state for state in states]
        ),
        "get_analytics_conversations_details_job_results": iter([page, last]),
        "delete_analytics_conversations_details_job": None,
    }
    return kind(**(answers | more))


class _Remembering:
    """The catalog without reading a record twice: here every operation is asked for its siblings."""

    def __init__(self, source: Catalog) -> None:
        self.group = functools.cache(source.group)
        self.operation = functools.cache(source.operation)
        self.model = functools.cache(source.model)


@pytest.fixture(scope="module")
def families() -> list[JobFamily]:
    source = cast("Catalog", _Remembering(catalog()))
    return [family for record in catalog().operations() if (family := job_family(record, source))]


def test_families_of_the_whole_catalog(families: list[JobFamily]) -> None:
    assert len(families) == 89
    assert sum(family.results is not None for family in families) == 31
    assert sum(bool(family.results and family.results.paging) for family in families) == 24
    assert sum(family.cancel is not None for family in families) == 27


def test_analytics_families_are_complete(families: list[JobFamily]) -> None:
    analytics = [
        f for f in families if f.submit.path.startswith("/api/v2/analytics/") and f.submit.path.endswith("/jobs")
    ]
    assert len(analytics) == 20
    for family in analytics:
        assert family.results is not None
        assert family.results.paging is not None
        assert family.results.paging.style == "cursor"
        assert family.cancel is not None
        assert (family.id_property, family.state_property) == ("jobId", "state")


@pytest.mark.parametrize(
    ("submit", "status", "results", "id_property", "state_property"),
    [
        ("post_audits_query", "get_audits_query_transaction_id", "get_audits_query_transaction_id_results", "id", "state"),  # noqa: E501
        ("post_usage_query", "get_usage_query_execution_id_results", "", "executionId", "queryStatus"),
        ("post_oauth_client_usage_query", "get_oauth_client_usage_query_result", "", "executionId", "queryStatus"),
        ("post_recording_jobs", "get_recording_job", "", "id", "state"),
        ("post_flows_instances_jobs", "get_flows_instances_job", "", "id", "jobState"),
        ("post_learning_module_jobs", "get_learning_module_job", "", "id", "status"),
    ],
)  # fmt: skip
def test_other_families(
    families: list[JobFamily], submit: str, status: str, results: str, id_property: str, state_property: str
) -> None:
    (family,) = [family for family in families if family.submit.name == submit]
    assert family.status.name == status
    assert (family.results.name if family.results else "") == results
    assert (family.id_property, family.state_property) == (id_property, state_property)


def test_every_family_can_end_and_its_paths_fit(families: list[JobFamily]) -> None:
    for family in families:
        (states,) = [
            prop.enum or []
            for prop in catalog().model(family.status.result[1:]).properties
            if prop.wire == family.state_property
        ]
        assert any(ended(state) for state in states), family.submit.name
        for other in (family.status, family.results, family.cancel):
            if other is not None:
                assert other.path.count("{") == family.submit.path.count("{") + 1, other.name


@pytest.mark.parametrize("name", ["get_users", "post_users", "post_flows_executions", "post_routing_queues"])
def test_what_submits_no_job(name: str) -> None:
    assert job_family(operation(name).record, catalog()) is None
    with pytest.raises(GenesysCloudError, match=f"{name}: submits no job"):
        run_job(Client(), operation(name), (), {})


def test_results_come_in_pages_and_lazily() -> None:
    client = details(Client, "QUEUED", "PENDING", "FULFILLED")
    pages: Any = run_job(client, operation(DETAILS), (), {"body": BODY, "page_size": 2})
    assert type(pages).__name__ == "Pages"
    base = "/analytics/conversations/details/jobs"
    assert client.calls == [f"POST {base}", *[f"GET {base}/j1"] * 3]
    assert client.clock.waited == [1.0, 1.5, 2.25]
    assert [one.conversation_id for one in pages] == ["a", "b", "c"]
    assert client.calls[4:] == [f"GET {base}/j1/results?pageSize=2", f"GET {base}/j1/results?cursor=next&pageSize=2"]


def test_limit_is_for_the_results() -> None:
    pages = run_job(details(Client, "FULFILLED"), operation(DETAILS), (BODY,), {"limit": 1})
    assert [one.conversation_id for one in pages] == ["a"]


def test_progress() -> None:
    seen: list[Progress] = []
    client = details(Client, "QUEUED", "FULFILLED")
    run_job(client, operation(DETAILS), (), {"body": BODY, "on_progress": seen.append, "poll_interval": 2})
    assert seen == [Progress("j1", "QUEUED", None, 2.0), Progress("j1", "FULFILLED", None, 5.0)]


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED", "EXPIRED"])
def test_failure(state: str) -> None:
    client = details(Client, {"state": state, "errorMessage": "too much"})
    with pytest.raises(JobFailed, match=f"{DETAILS}: job j1 {state}: too much") as caught:
        run_job(client, operation(DETAILS), (), {"body": BODY})
    assert (caught.value.job_id, caught.value.state) == ("j1", state)
    assert not any(call.startswith("DELETE") for call in client.calls)


def test_timeout_cancels() -> None:
    client = details(Client, *["PENDING"] * 99)
    with pytest.raises(JobTimeout, match="did not end within 10 seconds"):
        run_job(client, operation(DETAILS), (), {"body": BODY, "timeout": 10})
    assert sum(client.clock.waited) == 10
    assert client.calls[-1] == "DELETE /analytics/conversations/details/jobs/j1"


def test_every_call_has_the_time_of_the_job() -> None:
    client = details(Client, "PENDING", "PENDING", *["PENDING"] * 9)
    with pytest.raises(JobTimeout):
        run_job(client, operation(DETAILS), (), {"body": BODY, "timeout": 3})
    assert client.hurries == [(3, True), (2, True), (1.0, True), (1.0, True), (2.0, False)]
    assert client.calls[-1].startswith("DELETE"), "once, and in two seconds"
    unbounded = details(Client, "FULFILLED")
    run_job(unbounded, operation(DETAILS), (), {"body": BODY, "timeout": None})
    assert unbounded.hurries == []


@pytest.mark.parametrize("error", [DeadlineExceeded("late"), TooManyRequests(429, retry_after=8)])
def test_a_look_that_outlasts_the_job_is_a_timeout(error: GenesysCloudError) -> None:
    client = details(Client, "PENDING", error)
    with pytest.raises(JobTimeout, match=r"j1 PENDING: did not end within 2\.5 seconds") as caught:
        run_job(client, operation(DETAILS), (), {"body": BODY, "timeout": 2.5})
    assert caught.value.__cause__ is error
    client = details(Client, "PENDING", error)
    with pytest.raises(type(error)):
        run_job(client, operation(DETAILS), (), {"body": BODY, "timeout": 60})


def test_a_client_of_its_own_keeps_to_the_time_of_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a socket: the status never comes, and neither does the reply to the cancelling."""
    monkeypatch.setattr(jobs, "LAST_LOOK", 0.1)
    monkeypatch.setattr(jobs, "CANCEL_TIMEOUT", 0.1)

    def serve(peer: Peer) -> None:
        while request := peer.read_request():
            if request.startswith(b"POST"):
                peer.reply(b'{"jobId":"j1"}')

    with RawServer(serve) as server, GenesysCloud(auth=AccessToken("t"), region=server.url) as gc:
        with pytest.raises(JobTimeout) as caught:
            gc.run_job(getattr(gc.analytics, DETAILS), BODY, timeout=0.3, poll_interval=0.1)
        assert [line.split(" ")[0] for line in server.lines] == ["POST", "GET", "DELETE"]
    assert isinstance(caught.value.__cause__, DeadlineExceeded)


def test_progress_may_be_awaited_where_somebody_can() -> None:
    seen: list[str] = []

    async def on_progress(progress: Progress) -> None:
        await asyncio.sleep(0)
        seen.append(progress.state)

    client = details(AsyncClient, "QUEUED", "FULFILLED")
    asyncio.run(arun_job(client, operation(DETAILS), (), {"body": BODY, "on_progress": on_progress}))
    assert seen == ["QUEUED", "FULFILLED"]
    assert client.calls[-1].startswith("GET")


class Awaitable:
    async def __call__(self, progress: Progress) -> None: ...


async def awaited(progress: Progress, more: int = 0) -> None: ...


@pytest.mark.parametrize("on_progress", [awaited, Awaitable(), functools.partial(awaited, more=1)])
def test_progress_that_nobody_can_await_is_refused_before_anything_is_sent(on_progress: Any) -> None:
    client = details(Client, "QUEUED", "FULFILLED")
    with pytest.raises(TypeError, match="on_progress: an async function needs AsyncGenesysCloud"):
        run_job(client, operation(DETAILS), (), {"body": BODY, "on_progress": on_progress})
    assert client.calls == []


def test_progress_that_only_its_result_shows_to_be_async() -> None:
    def plain(progress: Progress) -> object:
        return awaited(progress)

    client = details(Client, "QUEUED", "FULFILLED")
    with pytest.raises(ConfigurationError, match="async hook needs AsyncGenesysCloud"):
        run_job(client, operation(DETAILS), (), {"body": BODY, "on_progress": plain})
    assert client.calls[-1].startswith("DELETE")


@pytest.mark.parametrize("hangs", [True, False])
def test_giving_up_takes_no_longer_than_one_short_call(hangs: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a socket: the reply to the cancelling never comes, or asks to try again."""
    monkeypatch.setattr(jobs, "CANCEL_TIMEOUT", 0.1)
    looked = threading.Event()

    def serve(peer: Peer) -> None:
        while request := peer.read_request():
            if request.startswith(b"POST"):
                peer.reply(b'{"jobId":"j1"}')
            elif request.startswith(b"DELETE") and not hangs:
                peer.reply(b"{}", status="503 Busy")
            else:
                looked.set()

    async def main(server: RawServer) -> None:
        async with AsyncGenesysCloud(auth=AccessToken("t"), region=server.url) as gc:
            task = asyncio.create_task(gc.run_job(getattr(gc.analytics, DETAILS), BODY, poll_interval=0.01))
            assert await asyncio.to_thread(looked.wait, 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(asyncio.shield(task), 10)

    with RawServer(serve) as server:
        asyncio.run(main(server))
        assert [line.split(" ")[0] for line in server.lines] == ["POST", "GET", "DELETE"]


def test_results_in_one_piece_have_the_time_of_the_job() -> None:
    def client(results: Any) -> Client:
        return Client(
            post_taskmanagement_workitems_query_jobs={"id": "j1", "state": "Running"},
            get_taskmanagement_workitems_query_job=iter([{"id": "j1", "state": "Complete"}]),
            get_taskmanagement_workitems_query_job_results=results,
        )

    submit = operation("post_taskmanagement_workitems_query_jobs")
    well = client({"entities": [{"id": "w"}]})
    assert run_job(well, submit, ({},), {"timeout": 5}).entities[0].id == "w"
    assert well.hurries == [(5, True), (4, True), (4, True)]
    late = client(TooManyRequests(429, retry_after=9))
    with pytest.raises(JobTimeout, match="j1 Complete: did not hand out its results within 5 seconds"):
        run_job(late, submit, ({},), {"timeout": 5})
    assert late.calls[-1].endswith("/results"), "what has ended is not cancelled"


@pytest.mark.parametrize("delete", [None, RuntimeError("no"), GenesysCloudError("no")])
@pytest.mark.parametrize("reason", [KeyboardInterrupt(), RuntimeError("broken")])
def test_an_interruption_cancels_and_is_not_hidden(reason: BaseException, delete: Any) -> None:
    client = details(Client, "PENDING", reason, delete_analytics_conversations_details_job=delete)
    with pytest.raises(type(reason)):
        run_job(client, operation(DETAILS), (), {"body": BODY})
    assert client.calls[-1].startswith("DELETE")


def test_a_failed_submission_cancels_nothing() -> None:
    client = details(Client, **{DETAILS: RuntimeError("no")})
    with pytest.raises(RuntimeError):
        run_job(client, operation(DETAILS), (), {"body": BODY})
    assert len(client.calls) == 1


def test_a_submission_without_an_id() -> None:
    with pytest.raises(JobFailed, match="no id"):
        run_job(details(Client, **{DETAILS: {}}), operation(DETAILS), (), {"body": BODY})


def test_a_family_whose_status_is_the_result() -> None:
    client = Client(
        post_oauth_client_usage_query={"executionId": "e1"},
        get_oauth_client_usage_query_result=iter(
            [{"queryStatus": "Running"}, {"queryStatus": "Complete", "results": [{"requests": 7}]}]
        ),
    )
    status = run_job(client, operation("post_oauth_client_usage_query"), ("c1",), {"body": {"interval": "x"}})
    assert status.results[0].requests == 7
    assert client.calls[-1] == "GET /oauth/clients/c1/usage/query/results/e1"


def test_a_job_that_ended_with_its_submission() -> None:
    client = Client(
        post_workforcemanagement_timeoffbalance_jobs={"job": {"id": "j"}},
        get_workforcemanagement_timeoffbalance_job={"status": "Complete"},
        post_recording_jobs={"id": "r", "state": "READY"},
    )
    assert run_job(client, operation("post_recording_jobs"), ({"action": "EXPORT"},), {}).state == "READY"
    assert run_job(client, operation("post_workforcemanagement_timeoffbalance_jobs"), ({},), {}).status == "Complete"
    assert client.calls[-1] == "GET /workforcemanagement/timeoffbalance/jobs/j"


@pytest.mark.parametrize("client", [GenesysCloud, AsyncGenesysCloud])
def test_clients_say_the_same_times(client: type[GenesysCloud] | type[AsyncGenesysCloud]) -> None:
    """Spelt out there, so that a client does not load this module."""
    parameters = inspect.signature(client.run_job).parameters
    assert (parameters["timeout"].default, parameters["poll_interval"].default) == (jobs.TIMEOUT, jobs.POLL_INTERVAL)
    assert {p.name for p in parameters.values() if p.kind is p.KEYWORD_ONLY} == set(jobs.OPTIONS)


def test_delays_grow_to_a_ceiling() -> None:
    delays = [poll_delay(looks, 0.5) for looks in range(2000)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (0.5, 30.0)
    assert poll_delay(5, 60) == 60


@pytest.mark.parametrize("wrong", [{"poll_interval": 0}, {"timeout": 0}])
def test_times_must_be_positive(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="more than 0 seconds"):
        run_job(Client(), operation(DETAILS), (), wrong)


@pytest.mark.parametrize(("wrong", "right"), [("on_progres", "on_progress"), ("bdy", "body"), ("time_out", "timeout")])
@pytest.mark.parametrize("run", [run_job, arun_job])
def test_a_misspelt_argument_is_refused_with_the_nearest(run: Callable[..., Any], wrong: str, right: str) -> None:
    """At once, also where the result would have to be awaited."""
    client = details(Client)
    with pytest.raises(
        TypeError, match=rf"run_job\(\) of {DETAILS} has no argument '{wrong}'\. Did you mean '{right}'"
    ):
        run(client, operation(DETAILS), (), {"body": BODY, wrong: None})
    assert client.calls == []


@pytest.mark.parametrize(("size", "query"), [(7, "?pageSize=7"), (None, "")])
def test_an_operation_with_pages_of_its_own_gets_the_size(size: int | None, query: str) -> None:
    name = "post_integrations_speech_nuance_nuance_integration_id_bots_jobs"
    client = Client(
        **{name: {"id": "j1"}},
        get_integrations_speech_nuance_nuance_integration_id_bots_job={"state": "Completed"},
        get_integrations_speech_nuance_nuance_integration_id_bots_job_results={"entities": []},
    )
    run_job(client, operation(name), ("n1",), {"page_size": size, "limit": None})
    assert client.calls[0] == f"POST /integrations/speech/nuance/n1/bots/jobs{query}"


def test_async_gives_the_same() -> None:
    async def main() -> None:
        client = details(AsyncClient, "QUEUED", "FULFILLED")
        pages: Any = await arun_job(client, operation(DETAILS), (), {"body": BODY})
        assert type(pages).__name__ == "AsyncPages"
        assert [one.conversation_id async for one in pages] == ["a", "b", "c"]

    asyncio.run(main())


def test_cancelling_the_task_cancels_the_job() -> None:
    async def main() -> None:
        client = details(AsyncClient, *["PENDING"] * 1000)
        task = asyncio.create_task(arun_job(client, operation(DETAILS), (), {"body": BODY, "timeout": None}))
        while len(client.calls) < 4:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.calls[-1] == "DELETE /analytics/conversations/details/jobs/j1"

    asyncio.run(main())
