"""The sandbox with the client of this package: without a socket, over a socket, sync and async."""

from __future__ import annotations

import asyncio
import socket

import pytest

from genesyscloud import AsyncGenesysCloud, ClientCredentials, GenesysCloud
from genesyscloud.catalog import catalog
from genesyscloud.errors import NotFound
from genesyscloud.models import CreateQueueRequest, WritableEntity
from genesyscloud.sandbox import Sandbox


def _work(gc: GenesysCloud) -> None:
    me = gc.users.get_users_me()
    assert me.name == "Sandbox Admin"
    queue_id = gc.routing.post_routing_queues(CreateQueueRequest(name="Sales")).id
    assert queue_id is not None
    gc.routing.post_routing_queue_members(queue_id, [WritableEntity(id=me.id)])
    assert gc.routing.get_routing_queue(queue_id).member_count == 1
    names = [found.name for found in gc.paginate(gc.routing.get_routing_queues, page_size=100)]
    assert len(names) == 251
    gc.routing.delete_routing_queue(queue_id)
    with pytest.raises(NotFound) as caught:
        gc.routing.get_routing_queue(queue_id)
    assert caught.value.status == 404


def test_in_process():
    with Sandbox() as sandbox, sandbox.client() as gc:
        _work(gc)


def test_over_a_socket():
    with Sandbox() as sandbox:
        auth = ClientCredentials("sandbox", "sandbox")
        with GenesysCloud(auth=auth, region=sandbox.serve()) as gc:
            _work(gc)
        port = int(sandbox.serve().rpartition(":")[2])
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))


def test_async():
    async def work(gc: AsyncGenesysCloud) -> int:
        async with gc:
            users = [user async for user in gc.paginate(gc.users.get_users)]
            return len({user.id for user in users})

    with Sandbox() as sandbox:
        assert asyncio.run(work(sandbox.async_client())) == 60
        auth = ClientCredentials("sandbox", "sandbox")
        assert asyncio.run(work(AsyncGenesysCloud(auth=auth, region=sandbox.serve()))) == 60


def test_a_taken_port_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as taken, Sandbox() as sandbox, pytest.raises(OSError, match="in use"):
        sandbox.serve(port=taken.getsockname()[1])


def test_every_operation_can_be_called():
    sandbox = Sandbox(page_size=2, seeded=3, seeded_counts={}, job_items=2)
    with sandbox.client(strict=True, deprecation_warnings=False) as gc:
        for record in catalog().operations():
            call = sandbox.example_call(record.name)
            body = {"body": call.body} if record.body else {}
            gc.call(record.name, **call.arguments, **body)
