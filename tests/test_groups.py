"""Groups of operations as attributes of a client."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from genesyscloud import groups
from genesyscloud.catalog import catalog
from genesyscloud.groups import AsyncGroups, SyncGroups
from genesyscloud.operations import BoundOperation, operation


class Recorder(SyncGroups):
    """A client that says what it is asked to call."""

    def _invoke(self, called: Any, args: Any, kwargs: Any) -> Any:
        return called.__name__, args, kwargs


def test_every_operation_is_found_under_each_of_its_groups() -> None:
    client = Recorder()
    seen: set[str] = set()
    for record in catalog().groups():
        group = getattr(client, record.name)
        assert type(group) is vars(groups)["Group"]
        assert dir(group) == sorted(record.operations)
        for name in record.operations:
            bound = getattr(group, name)
            assert bound.operation is operation(name)
            assert bound.client is client
            assert record.name in bound.operation.record.groups
            seen.add(name)
    assert len(seen) == catalog().header.operations


def test_calls_reach_the_client() -> None:
    bound = Recorder().routing.get_routing_queue
    assert isinstance(bound, BoundOperation)
    assert bound("1", expand=["a"]) == ("get_routing_queue", ("1",), {"expand": ["a"]})
    assert bound.__name__ == "get_routing_queue"
    assert bound.__qualname__ == "routing.get_routing_queue"
    assert "GET /api/v2/routing/queues/{queueId}" in inspect.getdoc(bound)  # type: ignore[operator]
    assert next(iter(inspect.signature(bound).parameters)) == "queue_id"
    assert "GET /api/v2/routing/queues/{queueId}" in repr(bound)


def test_groups_and_operations_are_kept() -> None:
    client = Recorder()
    assert client.routing is client.routing
    assert client.routing.get_routing_queues is client.routing.get_routing_queues
    assert "routing" in dir(client)
    assert repr(client.routing).startswith("<group routing: ")


@pytest.mark.parametrize("client", [Recorder(), AsyncGroups()])
def test_misspelt_names_get_the_nearest_one(client: Any) -> None:
    with pytest.raises(AttributeError, match=r"no group of operations 'roting'. Did you mean 'routing'\?"):
        client.roting  # noqa: B018
    with pytest.raises(AttributeError, match=r"no operation 'get_routing_quees'. Did you mean 'get_routing_queues'\?"):
        client.routing.get_routing_quees  # noqa: B018
    assert not hasattr(client, "_private")
    assert not hasattr(client.routing, "__wrapped__")
