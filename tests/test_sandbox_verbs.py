"""Verbs at the end of a path, and operations on many entities at once."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from genesyscloud.http import Request
from genesyscloud.sandbox import Sandbox

CASES = "/api/v2/casemanagement/cases"
FILTERS = "/api/v2/outbound/contactlistfilters"
TEMPLATES = "/api/v2/outbound/contactlisttemplates"
RULES = "/api/v2/alerting/rules"


class Answer(NamedTuple):
    status: int
    body: Any


class Api:
    def __init__(self) -> None:
        self.sandbox = Sandbox()
        self.token = self.sandbox.access_token()

    def __call__(self, method: str, url: str, body: Any = None) -> Answer:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        reply = self.sandbox.handle(Request(method, url, headers, data))
        return Answer(reply.status, json.loads(reply.body) if reply.body else None)

    def ids(self, path: str) -> list[str]:
        shape, parents = self.sandbox.shapes.located(path)
        assert shape is not None
        return list(self.sandbox.collection(shape, parents).ids())


@pytest.fixture
def api() -> Api:
    return Api()


# --- one ----------------------------------------------------------------------------------------


def test_a_verb_changes_the_entity_in_front_of_it(api: Api):
    case_id = api.ids(CASES)[0]
    before = api("GET", f"{CASES}/{case_id}").body
    answer = api("PATCH", f"{CASES}/{case_id}/summary", {"summary": "Changed"})
    assert (answer.status, answer.body["id"], answer.body["summary"]) == (200, case_id, "Changed")
    after = api("GET", f"{CASES}/{case_id}").body
    assert {wire for wire in after if after[wire] != before.get(wire)} <= {
        "summary",
        "version",
        "dateModified",
        "modifiedBy",
    }
    assert api("PATCH", f"{CASES}/nobody/summary", {"summary": "x"}).status == 404


def test_a_verb_without_a_body_answers_with_the_entity(api: Api):
    path = "/api/v2/gamification/profiles"
    profile = api("GET", path).body["entities"][0]
    assert api("POST", f"{path}/{profile['id']}/activate").body["name"] == profile["name"]


def test_a_copy_is_another_entity(api: Api):
    units = api.ids("/api/v2/workforcemanagement/managementunits")
    path = f"/api/v2/workforcemanagement/managementunits/{units[0]}/workplans"
    plan = api("GET", path).body["entities"][0]
    copied = api("POST", f"{path}/{plan['id']}/copy", {"name": "The copy"}).body
    assert (copied["name"], copied["id"] == plan["id"]) == ("The copy", False)
    assert api("GET", f"{path}/{copied['id']}").body["name"] == "The copy"
    assert api("GET", f"{path}/{plan['id']}").body["name"] == plan["name"]


def test_a_document_that_looks_like_the_entity_is_not_the_entity(api: Api):
    path = "/api/v2/integrations/actions"
    action = api("GET", path).body["entities"][0]["id"]
    before = api("GET", f"{path}/{action}").body
    draft = api("GET", f"{path}/{action}/draft").body
    changes = {"name": "Draft", "version": draft["version"]}
    assert api("PATCH", f"{path}/{action}/draft", changes).body["name"] == "Draft"
    assert api("GET", f"{path}/{action}").body == before


# --- many ---------------------------------------------------------------------------------------


def test_many_are_added(api: Api):
    body = api.sandbox.example_call("post_outbound_contactlisttemplates_bulk_add").body[0]
    before = set(api.ids(TEMPLATES))
    made = api("POST", f"{TEMPLATES}/bulk/add", [{**body, "name": "One"}, {**body, "name": "Two"}]).body["entities"]
    assert [entity["name"] for entity in made] == ["One", "Two"]
    assert set(api.ids(TEMPLATES)) - before == {entity["id"] for entity in made}


def test_many_are_read(api: Api):
    known = api.ids(FILTERS)[:2]
    found = api("POST", f"{FILTERS}/bulk/retrieve", {"ids": [*known, "nobody"]}).body["entities"]
    assert [entity["id"] for entity in found] == known


def test_many_are_removed_and_each_is_told_of(api: Api):
    known = api.ids(RULES)
    answer = api("POST", f"{RULES}/bulk/remove", {"ruleIds": [known[0], "nobody", known[1]]}).body
    assert ["error" in result for result in answer["results"]] == [False, True, False]
    assert (answer["errorCount"], answer["errorIndexes"]) == (1, [1])
    assert answer["results"][1]["error"]["code"] == "not.found"
    assert api.ids(RULES) == known[2:]


def test_many_are_changed(api: Api):
    base = api.ids("/api/v2/knowledge/knowledgebases")[0]
    path = f"/api/v2/knowledge/knowledgebases/{base}/documents"
    known = api("GET", path).body["entities"][:2]
    items = [{"id": document["id"], "visible": not document.get("visible")} for document in known]
    answer = api("POST", f"{path}/bulk/update", {"entities": [*items, {"id": "nobody"}]}).body
    assert (len(answer["results"]), answer["errorCount"]) == (3, 1)
    for document, item in zip(known, items, strict=True):
        assert api("GET", f"{path}/{document['id']}").body["visible"] is item["visible"]


def test_what_is_said_of_all_reaches_each(api: Api):
    path = "/api/v2/outbound/contactlists"
    known = api.ids(path)[:2]
    other = api.ids("/api/v2/authorization/divisions")[1]
    body = {"contactListIds": known, "contactList": {"division": {"id": other}, "columnNames": ["a"], "name": "x"}}
    answer = api("POST", f"{path}/bulk/update", body)
    assert (answer.status, answer.body["errorCount"]) == (200, 0)
    assert {api("GET", f"{path}/{list_id}").body["division"]["id"] for list_id in known} == {other}


def test_the_part_before_the_collection_may_say_that_it_is_many(api: Api):
    path = "/api/v2/externalcontacts/bulk/organizations/add"
    made = api("POST", path, {"entities": [{"name": "Acme"}]}).body["results"]
    assert [result["success"] for result in made] == [True]
    assert api("GET", f"/api/v2/externalcontacts/organizations/{made[0]['id']}").body["name"] == "Acme"


# --- other generic rules ------------------------------------------------------------------------


def test_a_key_that_is_taken_is_a_conflict(api: Api):
    path, key = "/api/v2/telephony/organization/link", {"targetOrganizationId": "a"}
    assert api("POST", path, {**key, "targetRegion": "east"}).status == 200
    answer = api("POST", path, {**key, "targetRegion": "west"})
    assert (answer.status, answer.body["code"], answer.body["messageParams"]) == (409, "general.conflict", key)


def test_a_row_whose_key_is_taken_is_a_conflict_and_changes_nothing(api: Api):
    path = f"/api/v2/flows/datatables/{api.ids('/api/v2/flows/datatables')[0]}/rows"
    assert api("POST", path, {"key": "a", "limit": 1}).status == 200
    answer = api("POST", path, {"key": "a", "limit": 2})
    assert (answer.status, answer.body["code"]) == (409, "flows.datatables.not.unique")
    assert answer.body["messageParams"] == {"key": "a"}
    assert api("GET", f"{path}/a?showbrief=false").body["limit"] == 1


def test_views_of_a_collection_show_its_entities(api: Api):
    path = "/api/v2/architect/emergencygroups"
    made = api("POST", path, api.sandbox.example_call("post_architect_emergencygroups").body).body
    listed = [api("GET", f"{path}/divisionviews?pageSize=100").body["entities"]]
    assert made["id"] in {entity["id"] for entity in listed[0]}


def test_removing_many_removes_what_belongs_to_them(api: Api):
    lists = "/api/v2/outbound/contactlists"
    kept, gone = api.ids(lists)[:2]
    body = [{"data": {"a": "1"}}]
    for list_id in (kept, gone):
        api("POST", f"{lists}/{list_id}/contacts", [{"contactListId": list_id, **body[0]}])
    held = [name for name in api.sandbox.store.sizes()["collections"] if name.endswith("/contacts")]
    assert len(held) == 2
    assert api("DELETE", f"{lists}?id={gone}").status in (200, 204)
    held = [name for name in api.sandbox.store.sizes()["collections"] if name.endswith("/contacts")]
    assert held == [f"{lists}/{kept}/contacts"]
