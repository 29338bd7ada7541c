# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from genesyscloud import AsyncGenesysCloud, ClientCredentials, GenesysCloud, drift
from genesyscloud.errors import ConfigurationError, NotFound
from genesyscloud.http import Request
from genesyscloud.jobs import Progress
from genesyscloud.sections import Timeouts
from genesyscloud.transport import async_transport, transport

from .engine import CREDENTIALS, ME, Answer, FakeTransport, async_client, client, reply, token
from .servers import unused_port

API = "https://api.mypurecloud.ie"


def login_or(answer: Answer) -> Callable[[Request], Answer]:
    return lambda request: token() if "oauth" in request.url else answer


# --- ways to call -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["getUsersMe", "get_users_me"])
def test_call_by_name(name: str) -> None:
    gc, transport = client([token(), reply(200, ME)])
    assert gc.call(name, expand=["presence", "skills"]).name == "Ann"
    assert transport.seen[1][1] == f"{API}/api/v2/users/me?expand=presence%2Cskills"
    agc, _ = async_client([token(), reply(200, ME)])
    assert asyncio.run(agc.call(name)).name == "Ann"


def test_call_of_what_does_not_exist() -> None:
    gc, _ = client([])
    with pytest.raises(KeyError, match="getUsersMe"):
        gc.call("getUserMe")


def test_arguments_are_refused_before_anything_is_sent_or_awaited() -> None:
    gc, transport = client([])
    with pytest.raises(TypeError, match="expand"):
        gc.users.get_users_me(expnd=[])  # type: ignore[call-arg]
    agc, _ = async_client([])
    with pytest.raises(TypeError, match="expand"):
        agc.users.get_users_me(expnd=[])  # type: ignore[call-arg]
    assert transport.requests == []


def test_array_style() -> None:
    gc, transport = client(login_or(reply(200, ME)))
    gc.with_options(array_style="multi").users.get_users_me(expand=["a", "b"])
    assert transport.seen[1][1].endswith("?expand=a&expand=b")
    with pytest.raises(ConfigurationError, match="array_style"):
        gc.with_options(array_style="other")


def test_with_response() -> None:
    gc, transport = client(login_or(reply(200, ME, x_extra="1")))
    response = gc.with_response(gc.users.get_user, "u1", expand=["skills"])
    assert (response.value.name, response.status, response.operation) == ("Ann", 200, "get_user")
    assert (response.correlation_id, response.headers["X-Extra"]) == ("c-1", "1")
    assert transport.seen[1][1] == f"{API}/api/v2/users/u1?expand=skills"
    assert "Ann" not in repr(response)
    # A view's operation keeps the view's options.
    view = gc.with_options(timeout=7)
    gc.with_response(view.users.get_users_me)
    assert transport.timeouts[-1].total == 7


def test_with_response_async() -> None:
    async def main() -> None:
        async with async_client(login_or(reply(200, ME)))[0] as gc:
            assert (await gc.with_response(gc.users.get_users_me)).value.name == "Ann"

    asyncio.run(main())


@pytest.mark.parametrize("method", ["with_response", "paginate"])
def test_what_is_no_operation_is_refused(method: str) -> None:
    gc, _ = client([])
    for wrong in ("getUsersMe", print, None):
        with pytest.raises(TypeError, match=r"gc\.users\.get_users_me"):
            getattr(gc, method)(wrong)


def test_paginate() -> None:
    def server(request: Request) -> Answer:
        if "oauth" in request.url:
            return token()
        number = 2 if "pageNumber=2" in request.url else 1
        items = [{"id": f"q{number}{i}", "name": "q"} for i in range(2)]
        return reply(200, {"entities": items, "pageNumber": number, "pageCount": 2, "pageSize": 2})

    gc, _ = client(server)
    assert [queue.id for queue in gc.paginate(gc.routing.get_routing_queues)] == ["q10", "q11", "q20", "q21"]

    async def main() -> list[Any]:
        agc, _ = async_client(server)
        return [queue.id async for queue in agc.paginate(agc.routing.get_routing_queues)]

    assert asyncio.run(main()) == ["q10", "q11", "q20", "q21"]


JOB = {"interval": "2026-01-01T00:00:00.000Z/2026-01-02T00:00:00.000Z"}


def job_server(request: Request) -> Answer:
    if "oauth" in request.url:
        return token()
    if request.method == "POST":
        return reply(202, {"jobId": "j1"})
    if "results" in request.url:
        return reply(200, {"conversations": [{"conversationId": "c1"}]})
    return reply(200, {"state": "FULFILLED"})


def test_run_job() -> None:
    gc, _ = client(job_server)
    rows = gc.run_job(gc.analytics.post_analytics_conversations_details_jobs, JOB)
    assert [row.conversation_id for row in rows] == ["c1"]

    async def main() -> list[Any]:
        agc, _ = async_client(job_server)
        rows = await agc.run_job(agc.analytics.post_analytics_conversations_details_jobs, JOB)
        return [row.conversation_id async for row in rows]

    assert asyncio.run(main()) == ["c1"]


def test_options_of_a_job_reach_it() -> None:
    seen: list[Progress] = []
    gc, transport = client(job_server)
    job = gc.analytics.post_analytics_conversations_details_jobs
    rows = gc.run_job(job, body=JOB, on_progress=seen.append, poll_interval=0.5, limit=5, page_size=3, timeout=9)
    assert [row.conversation_id for row in rows] == ["c1"]
    assert transport.seen[-1][1].endswith("pageSize=3")
    assert [progress.state for progress in seen] == ["FULFILLED"]
    with pytest.raises(TypeError, match=r"'on_progres'\. Did you mean 'on_progress'"):
        gc.run_job(job, JOB, on_progres=seen.append)

    async def main() -> None:
        agc, transport = async_client(job_server)
        job = agc.analytics.post_analytics_conversations_details_jobs
        rows = await agc.run_job(job, JOB, on_progress=seen.append, page_size=3)
        assert [row.conversation_id async for row in rows] == ["c1"]
        assert transport.seen[-1][1].endswith("pageSize=3")
        with pytest.raises(TypeError, match=r"'on_progres'\. Did you mean 'on_progress'"):
            _ = agc.run_job(job, JOB, on_progres=seen.append)  # not awaited

    asyncio.run(main())
    assert [progress.job_id for progress in seen] == ["j1", "j1"]


def test_preload_builds_what_a_call_needs() -> None:
    gc, _ = client(login_or(reply(200, {})))
    gc.preload("getRoutingQueues", gc.routing.post_routing_queues)
    decoders = drift.current().decoders
    assert {"#QueueEntityListing", "#Queue", "#CreateQueueRequest"} <= decoders.keys()
    with pytest.raises(KeyError):
        gc.preload("nothing")


# --- requests by hand ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/api/v2/users", "/api/v2/users"),
        (f"{API}/api/v2/users?pageNumber=2", "/api/v2/users?pageNumber=2"),
        ("HTTPS://API.mypurecloud.ie/x", "/x"),
        (API, "/"),
        ("//evil.example/x", "//evil.example/x"),
        ("/redirect?to=https://evil.example", "/redirect?to=https://evil.example"),
    ],
)
def test_requests_stay_on_the_api(path: str, url: str) -> None:
    gc, transport = client(login_or(reply(200, [])))
    assert gc.request("get", path).value == []
    assert transport.seen[1] == ("GET", API + url, "Bearer t1")


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/api/v2/users",
        "http://api.mypurecloud.ie/x",
        "https://api.mypurecloud.ie:444/x",
        "https://api.mypurecloud.ie@evil.example/x",
        "https://user:pw@api.mypurecloud.ie/x",
        "https://login.mypurecloud.ie/x",
        "ftp://api.mypurecloud.ie/x",
        ".evil.example/x",
        "@evil.example/x",
        ":pw@evil.example/",
        "/x y",
        "/x\r\nEvil: 1",
        "",
    ],
)
def test_no_other_host_gets_the_token(path: str) -> None:
    gc, transport = client([])
    with pytest.raises((ConfigurationError, TypeError)):
        gc.request("GET", path)
    assert transport.requests == []


def test_body_query_and_headers() -> None:
    gc, transport = client(login_or(reply(201, {})), headers={"X-App": "1", "Accept": "x/y"})
    gc.request(
        "POST", "/x", query={"a": [1, 2], "b": None, "c": True}, json={"k": 1}, headers={"x-app": "2", "accept": "z/z"}
    )
    sent = transport.requests[1]
    assert sent.url == f"{API}/x?a=1%2C2&c=true"
    assert sent.body == b'{"k":1}'
    assert sent.headers["Accept"] == "z/z"
    assert [value for name, value in sent.headers.items() if name.lower() == "x-app"] == ["2"]
    assert sent.headers["Content-Type"] == "application/json"


def test_an_authorization_of_the_caller_takes_the_place_of_the_login() -> None:
    gc, transport = client([reply(200, {}), reply(401)])
    gc.request("GET", "/x", headers={"authorization": "guest-jwt"})
    assert transport.seen == [("GET", f"{API}/x", "guest-jwt")]
    with pytest.raises(Exception, match="401"):
        gc.request("GET", "/x", headers={"authorization": "guest-jwt"})
    assert len(transport.requests) == 2


# --- deprecated operations ----------------------------------------------------------------------


def deprecated() -> str:
    from genesyscloud.catalog import catalog

    for record in catalog().operations():
        if record.deprecated and record.method == "GET" and "{" not in record.path and record.result.startswith("#"):
            required = [p for p in record.parameters if p.required]
            if not required and record.paging is not None:
                return record.name
    raise AssertionError("no operation to test with")


def _blamed(caught: list[warnings.WarningMessage]) -> list[str]:
    lines = [open(one.filename).read().splitlines()[one.lineno - 1] for one in caught]  # noqa: SIM115
    assert {one.category for one in caught} == {DeprecationWarning}
    return [line.rpartition("# ")[2] for line in lines]


def test_deprecated_operations_warn_once_and_blame_the_caller() -> None:
    from genesyscloud.operations import operation

    name = deprecated()
    group = operation(name).record.groups[0]
    empty = login_or(reply(200, {}))

    def fresh() -> Any:
        return client(empty)[0]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gc = fresh()
        op = getattr(getattr(gc, group), name)
        op()  # direct
        op()
        gc.with_options(timeout=3).call(name)
        fresh().call(name)  # call
        gc = fresh()
        op = getattr(getattr(gc, group), name)
        gc.with_response(op)  # with_response
        gc = fresh()
        op = getattr(getattr(gc, group), name)
        pages = gc.paginate(op)
        list(pages)  # paginate
    assert _blamed(caught) == ["direct", "call", "with_response", "paginate"]
    assert name in str(caught[0].message)


def test_deprecated_operations_blame_the_caller_in_async_code() -> None:
    name = deprecated()

    async def main() -> None:
        gc, _ = async_client(login_or(reply(200, {})))
        pending = gc.call(name)  # call
        await pending
        gc, _ = async_client(login_or(reply(200, {})))
        pages = gc.paginate(_operation(gc, name))
        async for _ in pages:  # paginate
            pass
        gc, _ = async_client(login_or(reply(200, {})))
        await asyncio.gather(gc.with_response(_operation(gc, name)))  # with_response

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(main())
    assert _blamed(caught) == ["call", "paginate", "with_response"]


def _operation(gc: Any, name: str) -> Any:
    from genesyscloud.operations import operation

    return getattr(getattr(gc, operation(name).record.groups[0]), name)


def test_warnings_can_be_switched_off() -> None:
    gc, _ = client(login_or(reply(200, {})), deprecation_warnings=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gc.call(deprecated())


# --- many at once -------------------------------------------------------------------------------


def test_a_client_is_shared_by_threads() -> None:
    gc, transport = client(lambda r: token() if "oauth" in r.url else reply(200, {"id": r.url.rpartition("/")[2]}))
    wrong: list[Any] = []

    def work(number: int) -> None:
        for i in range(50):
            name = f"{number}-{i}"
            if gc.users.get_user(name).id != name:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert wrong == []
    assert len(transport.requests) == 401


def test_a_client_is_shared_by_tasks() -> None:
    async def main() -> None:
        gc, transport = async_client(
            lambda r: token() if "oauth" in r.url else reply(200, {"id": r.url.rpartition("/")[2]})
        )
        users = await asyncio.gather(*(gc.users.get_user(str(i)) for i in range(300)))
        assert [user.id for user in users] == [str(i) for i in range(300)]
        assert len(transport.requests) == 301

    asyncio.run(main())


def test_context_managers_close() -> None:
    gc, transport = client([])
    with pytest.raises(ZeroDivisionError), gc:
        raise ZeroDivisionError
    assert transport.closed == 1

    async def main() -> int:
        agc, wire = async_client([])
        async with agc:
            pass
        with pytest.raises(ConfigurationError, match="closed"):
            await agc.users.get_users_me()
        return wire.closed

    assert asyncio.run(main()) == 1


def test_constructors_take_keywords_only() -> None:
    for make in (GenesysCloud, AsyncGenesysCloud):
        with pytest.raises(TypeError):
            make(CREDENTIALS)  # type: ignore[misc]
        with pytest.raises(TypeError, match="regoin"):
            make(auth=CREDENTIALS, regoin="eu_west_1")  # type: ignore[call-arg]


def test_a_real_transport_is_made_when_it_is_needed() -> None:
    where = f"127.0.0.1:{unused_port()}"
    with GenesysCloud(auth=ClientCredentials("a", "b"), region=where, timeout=Timeouts(total=5), retry=False) as gc:
        assert gc._shared.wire is None
        with pytest.raises(Exception, match="get_users_me: no connection to"):
            gc.users.get_users_me()


def test_an_error_of_a_view_is_an_error_of_the_operation() -> None:
    gc = GenesysCloud(auth=CREDENTIALS, transport=FakeTransport([token(), reply(404, {"message": "none"})]))
    with pytest.raises(NotFound) as caught:
        gc.with_options(timeout=1).users.get_user("x")
    assert str(caught.value) == "get_user: status 404: none [correlation id c-1]"


def test_a_transport_for_the_other_kind_of_client_is_refused() -> None:
    for_threads, for_tasks = transport(), async_transport()
    with pytest.raises(ConfigurationError, match=r"AsyncGenesysCloud must have a method aclose\(\)"):
        AsyncGenesysCloud(auth=CREDENTIALS, transport=for_threads)
    with pytest.raises(ConfigurationError, match=r"GenesysCloud must have a method close\(\); AiohttpTransport is"):
        GenesysCloud(auth=CREDENTIALS, transport=for_tasks)
    for_threads.close()
