"""Audits of the sandbox: every change that a call makes is there, with who made it and what changed."""

from __future__ import annotations

from typing import Any

import pytest

from genesyscloud.sandbox.services import audits
from genesyscloud.sandbox.services.auditnames import Subject, subject

from .organization import Organization

QUEUES = "/api/v2/routing/queues"
REALTIME = "/api/v2/audits/query/realtime"
QUERY = "/api/v2/audits/query"
DAY = "2026-06-01T00:00:00.000Z/2026-06-02T00:00:00.000Z"


@pytest.fixture
def org() -> Organization:
    return Organization()


def _found(org: Organization, **request: Any) -> list[Any]:
    return org.call("POST", REALTIME, {"interval": DAY, **request})["entities"]


def _filters(**wanted: str) -> list[dict[str, str]]:
    return [{"property": name, "value": value} for name, value in wanted.items()]


def test_nothing_is_written_of_what_is_seeded_or_read(org: Organization):
    org.get(QUEUES)
    org.get("/api/v2/users?expand=skills")
    assert _found(org) == []


def test_creating_changing_and_deleting(org: Organization):
    queue = org.call("POST", QUEUES, {"name": "Support"})
    org.time.now += 60
    org.call("PUT", f"{QUEUES}/{queue['id']}", {"name": "Helpdesk"})
    org.time.now += 60
    org.call("DELETE", f"{QUEUES}/{queue['id']}")
    deleted, updated, created = _found(org, serviceName="ContactCenter", filters=_filters(EntityType="Queue"))
    assert [entry["action"] for entry in (created, updated, deleted)] == ["Create", "Update", "Delete"]
    assert {entry["entity"]["id"] for entry in (created, updated, deleted)} == {queue["id"]}
    assert created["eventDate"] == "2026-06-01T08:00:00.000Z"
    assert created["entity"]["name"] == "Support"
    assert (created["user"]["id"], created["client"]["id"]) == (org.sandbox.admin_id, "sandbox")
    changes = {change["property"]: (change["oldValues"], change["newValues"]) for change in updated["propertyChanges"]}
    assert changes["name"] == (["Support"], ["Helpdesk"])
    assert "Support" in created["message"]["message"]


def test_an_audit_is_an_event(org: Organization):
    topic = "v2.audits.entitytype.{id}.entityid.{id}"
    with org.sandbox.listen(topic) as events:
        queue = org.call("POST", QUEUES, {"name": "Support"})
        org.refused("POST", QUEUES, {"name": "Support"})
        org.call("PATCH", "/api/v2/outbound/settings", {"maxCallsPerAgent": 5})
    told = next(event for event in events if event.topic.startswith("v2.audits.entitytype.Queue."))
    assert told.topic == f"v2.audits.entitytype.Queue.entityid.{queue['id']}"
    (created,) = [a for a in _found(org, filters=_filters(EntityType="Queue")) if a["entity"]["id"] == queue["id"]]
    assert (told.body["id"], told.body["action"]) == (created["id"], "Create")
    assert len({event.body["id"] for event in events}) == len(events) == len(_found(org, pageSize=100))


def test_a_refused_call_leaves_no_audit(org: Organization):
    org.call("POST", QUEUES, {"name": "Support"})
    before = len(_found(org))
    assert org.refused("POST", QUEUES, {"name": "Support"}).status == 409
    assert len(_found(org)) == before


def test_filters_and_order(org: Organization):
    queue = org.call("POST", QUEUES, {"name": "Support"})
    org.time.now += 1
    org.call("POST", "/api/v2/routing/skills", {"name": "Chess"})
    assert {entry["entityType"] for entry in _found(org)} >= {"Queue", "RoutingSkill"}
    assert [entry["entityType"] for entry in _found(org, filters=_filters(EntityId=queue["id"]))] == ["Queue"]
    assert _found(org, filters=_filters(UserId="somebody else")) == []
    assert len(_found(org, filters=_filters(UserId=org.sandbox.admin_id, Action="create"))) >= 2
    assert _found(org, filters=_filters(ClientId="sandbox", Action="Delete")) == []
    assert _found(org, serviceName="Telephony") == []
    upwards = _found(org, sort=[{"name": "Timestamp", "sortOrder": "ascending"}])
    assert upwards == _found(org)[::-1]
    early = "2026-06-01T00:00:00.000Z/2026-06-01T08:00:00.500Z"
    assert "RoutingSkill" not in {entry["entityType"] for entry in _found(org, interval=early)}


def test_pages(org: Organization):
    for at in range(5):
        org.call("POST", "/api/v2/routing/wrapupcodes", {"name": f"Code {at}"})
    first = org.call("POST", REALTIME, {"interval": DAY, "pageSize": 2, "pageNumber": 1})
    last = org.call("POST", REALTIME, {"interval": DAY, "pageSize": 2, "pageNumber": 3})
    assert (first["total"], first["pageCount"], len(first["entities"]), len(last["entities"])) == (5, 3, 2, 1)


def test_a_query_takes_a_while_and_pages_by_cursor(org: Organization):
    for at in range(7):
        org.call("POST", "/api/v2/routing/wrapupcodes", {"name": f"Code {at}"})
    started = org.call("POST", QUERY, {"interval": DAY, "serviceName": "ContactCenter"})
    assert started["state"] == "Queued"
    path = f"{QUERY}/{started['id']}"
    assert org.refused("GET", f"{path}/results").status == 400
    org.call("POST", "/api/v2/routing/wrapupcodes", {"name": "Too late"})
    states = [org.get(path)["state"] for _ in range(3)]
    assert states[-1] == "Succeeded"
    results = org.gc.paginate(org.gc.audit.get_audits_query_transaction_id_results, started["id"], page_size=3)
    names = [message.entity.name for message in results if message.entity]
    assert names == [f"Code {at}" for at in range(6, -1, -1)]
    assert org.refused("GET", f"{QUERY}/unknown").status == 404
    assert org.refused("GET", f"{QUERY}/unknown/results").status == 404


def test_what_one_call_did_belongs_together(org: Organization):
    user = org.get("/api/v2/users")["entities"][0]
    org.call("DELETE", f"/api/v2/users/{user['id']}")
    (deleted,) = _found(org, filters=_filters(EntityType="User", Action="Delete"))
    together = org.call("POST", f"{REALTIME}/related", {"auditId": deleted["id"]})["entities"]
    assert {"User", "QueueMember", "Group"} <= {entry["entityType"] for entry in together}
    assert len({entry["initiatingAction"]["transactionId"] for entry in together}) == 1
    assert [entry["id"] for entry in together if entry["transactionInitiator"]] == [deleted["id"]]
    assert org.refused("POST", f"{REALTIME}/related", {"auditId": "unknown"}).status == 404


def test_users_are_named_when_asked(org: Organization):
    org.call("POST", QUEUES, {"name": "Support"})
    assert "name" not in _found(org)[0]["user"]
    (first, *_) = org.call("POST", f"{REALTIME}?expand=user", {"interval": DAY})["entities"]
    assert first["user"]["name"] == "Sandbox Admin"


@pytest.mark.parametrize(
    "interval",
    ["yesterday", "2026-06-02T00:00:00Z/2026-06-01T00:00:00Z", "2026-01-01T00:00:00Z/2026-06-01T00:00:00Z",
     "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"],
)  # fmt: skip
def test_intervals_that_cannot_be(org: Organization, interval: str):
    assert org.refused("POST", REALTIME, {"interval": interval}).status == 400


def test_what_can_be_asked_for(org: Organization):
    for path in (f"{QUERY}/servicemapping", f"{REALTIME}/servicemapping"):
        services = {service["name"]: service["entities"] for service in org.get(path)["services"]}
        assert {"ContactCenter", "Directory", "Telephony"} <= services.keys()
        assert {"name": "Queue", "actions": ["Create", "Update", "Delete"]} in services["ContactCenter"]


def test_secrets_are_not_told():
    assert audits.differences({}, {"secret": "hunter22"}) == {"secret": [[], ["[REDACTED]"]]}
    nested = audits.differences({}, {"config": {"password": "hunter22", "name": "app"}})
    assert "hunter22" not in str(nested)
    assert "app" in str(nested)


def test_the_oldest_are_dropped(org: Organization, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audits, "ROWS", 10)
    monkeypatch.setattr(audits, "DROPPED", 4)
    for at in range(12):
        org.call("POST", "/api/v2/routing/wrapupcodes", {"name": f"Code {at}"})
    found = [entry["entity"]["name"] for entry in _found(org)]
    assert found == [f"Code {at}" for at in range(11, 3, -1)]


@pytest.mark.parametrize(
    ("path", "shape", "expected"),
    [
        (f"{QUEUES}/1", QUEUES, Subject("ContactCenter", "Queue")),
        (f"{QUEUES}/1/members/2", f"{QUEUES}/{{}}/members", Subject("ContactCenter", "QueueMember")),
        ("/api/v2/users/7b1d4a52-1111-4111-8111-111111111111/routingstatus", "",
         Subject("ContactCenter", "UserRoutingStatus")),
        ("/api/v2/knowledge/knowledgebases/1", "/api/v2/knowledge/knowledgebases",
         Subject("Knowledge", "Knowledgebase")),
        ("/api/v2/outbound/attemptlimits/1", "/api/v2/outbound/attemptlimits", Subject("Outbound", "Attemptlimit")),
    ],
)  # fmt: skip
def test_names(path: str, shape: str, expected: Subject):
    assert subject(path, shape) == expected
