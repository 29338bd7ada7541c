"""The life of what the sandbox holds: snapshots, going back to them, starting anew."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from genesyscloud.errors import ApiError
from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.crud import Call
from genesyscloud.sandbox.events import Event
from genesyscloud.sandbox.refusal import bad_request
from genesyscloud.sandbox.services.registry import WITHOUT
from genesyscloud.sandbox.store import KEPT_MADE, Change

QUEUES = "/api/v2/routing/queues"


def _everything(sandbox: Sandbox) -> bytes:
    """What a client can see of a few collections and documents."""
    with sandbox.client() as gc:
        seen = [
            gc.request("GET", path).value
            for path in (
                f"{QUEUES}?pageSize=100",
                f"{QUEUES}?pageSize=100&pageNumber=3",
                "/api/v2/users?pageSize=100",
                "/api/v2/organizations/me",
            )
        ]
    return msgspec.json.encode(seen)


def _upset(sandbox: Sandbox) -> None:
    """Change, add and remove entities, documents and rows."""
    with sandbox.client() as gc:
        known = gc.request("GET", f"{QUEUES}?pageSize=10").value["entities"]
        gc.request("DELETE", f"{QUEUES}/{known[0]['id']}")
        gc.request("PUT", f"{QUEUES}/{known[1]['id']}", json={**known[1], "description": "changed"})
        gc.request("POST", QUEUES, json={"name": "another"})
        code = gc.request("GET", "/api/v2/routing/wrapupcodes").value["entities"][-1]
        gc.request("POST", f"{QUEUES}/{known[2]['id']}/wrapupcodes", json=[{"id": code["id"]}])
        user = gc.request("GET", "/api/v2/users?pageSize=1").value["entities"][0]
        gc.request("PATCH", f"/api/v2/users/{user['id']}", json={"version": user["version"], "title": "changed"})
    sandbox.store.table("test")["a"] = {"changed": True}
    sandbox.store.table("another")["b"] = 1
    sandbox.clock.move(1000)


def test_a_snapshot_brings_everything_back():
    sandbox = Sandbox(clock=lambda: 1.7e9)
    sandbox.store.table("test")["a"] = {"changed": False}
    start = _everything(sandbox)
    snapshot = sandbox.snapshot()
    _upset(sandbox)
    assert _everything(sandbox) != start
    upset = sandbox.snapshot()
    changed = _everything(sandbox)
    for _ in range(2):
        sandbox.restore(snapshot)
        assert _everything(sandbox) == start
        assert dict(sandbox.store.table("test")) == {"a": {"changed": False}}
        assert not sandbox.store.table("another")
        assert sandbox.seconds() == 1.7e9
        sandbox.restore(upset)
        assert _everything(sandbox) == changed
        assert sandbox.store.table("another")["b"] == 1
        assert sandbox.seconds() == 1.7e9 + 1000


def test_new_ids_are_the_same_after_going_back():
    sandbox = Sandbox()
    snapshot = sandbox.snapshot()
    with sandbox.client() as gc:
        first = gc.request("POST", QUEUES, json={"name": "one"}).value["id"]
        sandbox.restore(snapshot)
        assert gc.request("POST", QUEUES, json={"name": "one"}).value["id"] == first


def test_a_reset_is_a_start():
    sandbox, fresh = Sandbox(), Sandbox()
    token = sandbox.access_token()
    _upset(sandbox)
    sandbox.reset()
    assert _everything(sandbox) == _everything(fresh)
    assert not sandbox.store.table("test")
    assert token != sandbox.access_token()


def test_what_was_worked_out_is_forgotten_with_what_it_was_worked_out_from():
    sandbox = Sandbox()
    snapshot, changes = sandbox.snapshot(), sandbox.store.changes
    sandbox.store.derived["index"] = {"a": 1}
    sandbox.restore(snapshot)
    assert sandbox.store.derived == {}
    assert sandbox.store.changes > changes
    changes = sandbox.store.changes
    sandbox.reset()
    assert sandbox.store.changes > changes


def test_tables_and_listeners_outlive_a_restore():
    sandbox = Sandbox()
    table, snapshot = sandbox.store.table("test"), sandbox.snapshot()
    heard: list[Change] = []
    sandbox.events.change_listeners.append(heard.append)
    table["a"] = 1
    sandbox.restore(snapshot)
    assert (dict(table), heard) == ({}, [])
    with sandbox.client() as gc:
        gc.request("POST", QUEUES, json={"name": "one"})
    assert [change.shape for change in heard] == [QUEUES]


# --- one request, one transaction ---------------------------------------------------------------


@pytest.mark.parametrize("failure", [bad_request("no"), ZeroDivisionError()])
def test_a_request_that_is_refused_changed_nothing_and_nobody_hears_of_it(failure: Exception):
    sandbox = Sandbox()
    heard: list[Event] = []
    sandbox.events.listeners.append(heard.append)

    def half_way(sandbox: Sandbox, call: Call) -> None:
        shape = sandbox.shapes.collection(QUEUES)
        assert shape is not None
        queues = sandbox.collection(shape, [])
        queues.put("new", {"id": "new", "name": "new"})
        queues.remove(queues.ids()[0])
        sandbox.store.write("/api/v2/organizations/me", {"name": "changed"})
        sandbox.store.table("test")["a"] = 1
        sandbox.store.forget_under(QUEUES)
        sandbox.events.publish("v2.test", {})
        raise failure

    before = _everything(sandbox)
    sandbox.handlers["delete_routing_queue"] = half_way
    with sandbox.client() as gc, pytest.raises(ApiError):
        gc.request("DELETE", f"{QUEUES}/{gc.request('GET', QUEUES).value['entities'][0]['id']}")
    assert (_everything(sandbox), dict(sandbox.store.table("test")), heard) == (before, {}, [])


def test_events_are_handed_out_when_the_request_has_succeeded():
    sandbox = Sandbox()
    heard: list[Event] = []
    sandbox.events.listeners.append(heard.append)

    def telling(sandbox: Sandbox, call: Call) -> Any:
        sandbox.events.publish("v2.test", {"a": 1})
        assert heard == []
        return {"id": "x"}

    sandbox.handlers["get_users_me"] = telling
    with sandbox.client() as gc:
        gc.users.get_users_me()
    assert heard == [Event("v2.test", {"a": 1})]
    sandbox.events.publish("v2.outside", {})
    assert len(heard) == 2


# --- seeded entities ----------------------------------------------------------------------------


def test_seeded_entities_can_do_without_properties_that_nobody_looks_at(monkeypatch: pytest.MonkeyPatch):
    path = "/api/v2/outbound/campaigns"
    monkeypatch.setitem(WITHOUT, path, frozenset({"contactSort", "name", "contactList"}))
    shape = (sandbox := Sandbox()).shapes.collection(path)
    assert shape is not None
    campaign = next(iter(sandbox.collection(shape, [])))
    required = {prop.wire for prop in sandbox.shapes.properties(shape.model).values() if prop.required}
    assert "name" in required
    assert campaign.keys() >= required
    assert "contactSort" not in campaign


def test_of_many_seeded_entities_a_few_are_kept_and_all_stay_the_same():
    sandbox = Sandbox(seeded_counts={"/api/v2/users": KEPT_MADE + 50})
    shape = sandbox.shapes.collection("/api/v2/users")
    assert shape is not None
    users = sandbox.collection(shape, [])
    first = dict(users[users.ids()[0]])
    assert len({user["id"] for user in users}) == KEPT_MADE + 50
    assert users[users.ids()[0]] == first
