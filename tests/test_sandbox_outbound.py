"""Outbound: what programs do with contact lists, numbers that are not to be called, and campaigns."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from .areas import Desk

LISTS, DNC, CAMPAIGNS = "/outbound/contactlists", "/outbound/dnclists", "/outbound/campaigns"
PEOPLE = b'Name,Phone,Unknown,Ref\r\n"Doe, Jane",+13175550001,x,r1\r\nJoe,+13175550002,y,r2\r\n'


@pytest.fixture
def desk() -> Desk:
    return Desk()


def new_list(desk: Desk, **fields: Any) -> dict[str, Any]:
    body = {"name": "Spring", "columnNames": ["Name", "Phone"]}
    return desk.ask("POST", LISTS, body | {"phoneColumns": [{"columnName": "Phone", "type": "Cell"}]} | fields)


def add(desk: Desk, list_id: str, *rows: tuple[str, str]) -> list[Any]:
    data = [{"contactListId": list_id, "data": {"Name": name, "Phone": phone}} for name, phone in rows]
    return desk.ask("POST", f"{LISTS}/{list_id}/contacts", data)


def size(desk: Desk, list_id: str) -> int:
    return desk.ask("GET", f"{LISTS}/{list_id}?includeSize=true")["size"]


def exported(desk: Desk, path: str) -> list[dict[str, str]]:
    desk.ask("POST", f"{path}/export", {})
    desk.ask("GET", f"{path}/export", status=404)
    uri = desk.ask("GET", f"{path}/export?download=false")["uri"]
    return list(csv.DictReader(io.StringIO(desk.fetch(uri).decode())))


def test_contacts_by_file_in_and_out(desk: Desk):
    contact_list = new_list(desk)
    fields = {"id": contact_list["id"], "fileType": "contactlist", "contact-id-name": "Ref"}
    reply = desk.upload("/uploads/v2/contactlist", fields, PEOPLE)
    assert (reply.status, json.loads(reply.body)["id"]) == (200, contact_list["id"])
    path = f"{LISTS}/{contact_list['id']}"
    assert desk.ask("GET", f"{path}/importstatus")["state"] == "IN_PROGRESS"
    done = desk.ask("GET", f"{path}/importstatus")
    assert ("state" in done, done["completedRecords"], done["percentComplete"]) == (False, 2, 100)
    assert desk.ask("GET", f"{path}/contacts/r1")["data"] == {"Name": "Doe, Jane", "Phone": "+13175550001"}
    rows = exported(desk, path)
    assert [row["inin-outbound-id"] for row in rows] == ["r1", "r2"]
    assert rows[0]["Name"] == "Doe, Jane"
    # The same file again changes those contacts, and adds none.
    desk.upload("/uploads/v2/contactlist", fields, PEOPLE)
    assert size(desk, contact_list["id"]) == 2


def test_the_file_of_an_export_needs_a_token_and_leads_on(desk: Desk):
    contact_list = new_list(desk)
    path = f"{LISTS}/{contact_list['id']}/export"
    desk.ask("GET", path, status=404)
    desk.ask("POST", path, {})
    desk.ask("GET", path, status=404)
    uri = desk.ask("GET", path)["uri"]
    assert desk.send("GET", uri).status == 401
    assert desk.api(desk.access_token, "GET", f"/api/v2{path}?download=true").status == 302
    reply = desk.send("GET", uri, authorization=f"Bearer {desk.access_token}")
    assert reply.status == 302
    desk.clock.now += 3601
    assert desk.send("GET", reply.headers["location"]).status == 403


def test_files_that_cannot_be_imported_fail(desk: Desk):
    contact_list = new_list(desk)
    fields, path = {"id": contact_list["id"]}, f"{LISTS}/{contact_list['id']}/importstatus"
    desk.ask("GET", path, status=404)
    for data, reason in (
        (b"", "empty"),
        (b"A,B\r\n1,2\r\n", "none of the columns"),
        (b'Name\r\n"x', "no line of a CSV"),
    ):
        assert desk.upload("/uploads/v2/contactlist", fields, data).status == 200
        status = desk.ask("GET", path)
        assert (status["state"], reason in status["failureReason"]) == ("FAILED", True)
    assert (
        desk.ask("GET", f"{LISTS}/{contact_list['id']}?includeImportStatus=true")["importStatus"]["state"] == "FAILED"
    )
    assert desk.upload("/uploads/v2/contactlist", {"id": "nobody"}, PEOPLE).status == 404
    assert desk.upload("/uploads/v2/contactlist", {**fields, "fileType": "song"}, PEOPLE).status == 400


def test_contacts_at_a_signed_address(desk: Desk):
    contact_list = new_list(desk)
    body = {"id": contact_list["id"], "contentType": "text/csv", "contactIdName": "Ref"}
    given = desk.ask("POST", f"{LISTS}/uploads", body)
    assert desk.put(given["url"], PEOPLE, given["headers"]).status == 200
    assert size(desk, contact_list["id"]) == 2


def test_contacts_are_found_changed_and_deleted(desk: Desk):
    list_id = new_list(desk)["id"]
    path = f"{LISTS}/{list_id}/contacts"
    made = add(desk, list_id, ("Ada", "+1"), ("Bob", "+2"), ("Cid", "+10"))
    order = [{"fieldName": "Phone", "direction": "DESC", "numeric": True}]
    page = desk.ask("POST", f"{path}/search", {"pageNumber": 1, "pageSize": 2, "contactSorts": order})
    assert [item["data"]["Name"] for item in page["entities"]] == ["Cid", "Bob"]
    assert (page["total"], page["pageCount"]) == (3, 2)
    clause = {"predicates": [{"column": "Name", "operator": "BEGINS_WITH", "value": "b"}]}
    page = desk.ask("POST", f"{path}/search", {"pageNumber": 1, "pageSize": 2, "criteria": {"clauses": [clause]}})
    assert [item["data"]["Name"] for item in page["entities"]] == ["Bob"]
    desk.ask("POST", f"{path}/search", {"pageNumber": 0, "pageSize": 2}, status=400)
    ada = made[0]
    changed = desk.ask("PUT", f"{path}/{ada['id']}", {**ada, "data": {"Phone": "+11"}, "callable": False})
    assert (changed["data"], changed["callable"]) == ({"Name": "Ada", "Phone": "+11"}, False)
    assert [item["id"] for item in desk.ask("POST", f"{path}/bulk", [made[2]["id"], "nobody"])] == [made[2]["id"]]
    desk.ask("DELETE", f"{path}?contactIds={ada['id']}", status=204)
    desk.ask("GET", f"{path}/{ada['id']}", status=404)
    job = desk.ask("POST", f"{path}/bulk/remove", {"contactIds": [], "criteria": {"clauses": [clause]}}, status=202)
    job_path = f"{path}/bulk/jobs/{job['id']}"
    assert [desk.ask("GET", job_path)["state"] for _ in range(2)] == ["InProgress", "Complete"]
    assert size(desk, list_id) == 1
    desk.ask("POST", f"{LISTS}/{list_id}/clear", status=204)
    assert size(desk, list_id) == 0


def test_lists_and_contacts_that_make_no_sense(desk: Desk):
    list_id = new_list(desk)["id"]
    bad = {"name": "x", "columnNames": ["A", "a"]}
    desk.ask("POST", LISTS, bad, status=400)
    desk.ask("POST", LISTS, {"name": "x", "columnNames": ["A"], "zipCodeColumnName": "B"}, status=400)
    desk.ask("POST", LISTS, {"name": "x", "columnNames": ["A"], "attemptLimits": {"id": "nobody"}}, status=400)
    desk.ask("POST", f"{LISTS}/{list_id}/contacts", [{"contactListId": list_id, "data": {"Z": "1"}}], status=400)
    desk.ask("POST", f"{LISTS}/{list_id}/contacts", [], status=400)
    add(desk, list_id, ("Ada", "+1"))
    stored = desk.ask("GET", f"{LISTS}/{list_id}")
    desk.ask("PUT", f"{LISTS}/{list_id}", {**stored, "columnNames": ["Name"], "phoneColumns": []}, status=400)
    more = desk.ask("PUT", f"{LISTS}/{list_id}", {**stored, "columnNames": ["Name", "Phone", "City"]})
    desk.ask("PUT", f"{LISTS}/{list_id}", {**stored, "name": "late"}, status=409)
    assert more["version"] == stored["version"] + 1


def test_filters_preview_their_list(desk: Desk):
    list_id = new_list(desk)["id"]
    add(desk, list_id, ("Ada", "5"), ("Bob", "10"), ("Cid", ""))
    number = {"column": "Phone", "columnType": "numeric", "operator": "BETWEEN", "range": {"min": "5", "max": "9"}}
    body: dict[str, Any] = {"name": "Few", "contactList": {"id": list_id}, "filterType": "AND"}
    found = desk.ask("POST", "/outbound/contactlistfilters/preview", body | {"clauses": [{"predicates": [number]}]})
    assert (found["filteredContacts"], found["totalContacts"]) == (1, 3)
    inverted = {**number, "inverted": True}
    found = desk.ask("POST", "/outbound/contactlistfilters/preview", body | {"clauses": [{"predicates": [inverted]}]})
    assert found["filteredContacts"] == 2
    kept = desk.ask("POST", "/outbound/contactlistfilters", body | {"clauses": [{"predicates": [number]}]})
    assert kept["contactList"]["name"] == "Spring"
    page = desk.ask(
        "POST",
        f"{LISTS}/{list_id}/contacts/search",
        {"pageNumber": 1, "pageSize": 9, "contactListFilterId": kept["id"]},
    )
    assert [item["data"]["Name"] for item in page["entities"]] == ["Ada"]


def test_numbers_that_are_not_to_be_called(desk: Desk):
    dnc = desk.ask("POST", DNC, {"name": "No", "dncSourceType": "rds", "contactMethod": "Phone"})
    path = f"{DNC}/{dnc['id']}"
    desk.ask("POST", f"{path}/phonenumbers", ["+1", "+2", "+2"], status=204)
    soon = {"action": "Add", "phoneNumbers": ["+3"], "expirationDateTime": "2027-01-15T09:00Z"}
    desk.ask("PATCH", f"{path}/phonenumbers", soon, status=204)
    desk.ask("POST", f"{path}/emailaddresses", ["a@example.com"], status=204)
    assert desk.ask("GET", f"{path}?includeSize=true")["size"] == 4
    desk.clock.now += 7200
    desk.ask("DELETE", f"{path}/phonenumbers?expiredOnly=true", status=204)
    desk.ask("PATCH", f"{path}/phonenumbers", {"action": "Remove", "phoneNumbers": ["+1"]}, status=204)
    assert [row["value"] for row in exported(desk, path)] == ["+2", "a@example.com"]
    fields = {"id": dnc["id"], "fileType": "dnclist", "phoneColumns": "Phone"}
    assert desk.upload("/uploads/v2/contactlist", fields, PEOPLE).status == 200
    assert desk.ask("GET", f"{path}?includeSize=true")["size"] == 4
    desk.ask("POST", DNC, {"name": "No", "dncSourceType": "dnc.com"}, status=400)


def campaign(desk: Desk, list_id: str, **fields: Any) -> dict[str, Any]:
    body = {"name": "Calls", "contactList": {"id": list_id}, "dialingMode": "agentless", "callerName": "Us"}
    columns = [{"columnName": "Phone", "type": "Cell"}]
    return body | {"callerAddress": "+13175550100", "phoneColumns": columns} | fields


def test_a_campaign_calls_its_list_as_the_clock_goes(desk: Desk):
    list_id = new_list(desk)["id"]
    add(desk, list_id, *((f"P{at}", f"+{at}") for at in range(10)))
    made = desk.ask("POST", CAMPAIGNS, campaign(desk, list_id))
    path = f"{CAMPAIGNS}/{made['id']}"
    assert (made["campaignStatus"], made["contactList"]["name"]) == ("off", "Spring")
    on = desk.ask("PUT", path, {**made, "campaignStatus": "on"})
    assert on["version"] == made["version"] + 1
    desk.ask("PUT", path, {**made, "campaignStatus": "off"}, status=409)
    desk.clock.now += 4
    assert desk.ask("GET", f"{path}/progress")["numberOfContactsCalled"] == 4
    desk.ask("DELETE", path, status=409)
    desk.ask("POST", f"{path}/stop", status=204)
    desk.clock.now += 60
    assert desk.ask("GET", f"{path}/stats")["contactRate"]["attempts"] == 4
    desk.ask("POST", f"{path}/start", status=204)
    desk.clock.now += 6
    assert desk.ask("GET", path)["campaignStatus"] == "complete"
    assert desk.ask("POST", f"{CAMPAIGNS}/progress", [made["id"]])[0]["percentage"] == 100
    desk.ask("DELETE", f"{path}/progress", status=204)
    assert desk.ask("GET", f"{path}/progress")["percentage"] == 0


def test_what_campaigns_refer_to_exists_and_stays(desk: Desk):
    list_id = new_list(desk)["id"]
    desk.ask("POST", CAMPAIGNS, campaign(desk, "nobody"), status=400)
    desk.ask("POST", CAMPAIGNS, campaign(desk, list_id, dncLists=[{"id": "nobody"}]), status=400)
    desk.ask("POST", CAMPAIGNS, campaign(desk, list_id, dialingMode="power"), status=400)
    desk.ask("POST", CAMPAIGNS, campaign(desk, list_id, phoneColumns=[{"columnName": "X", "type": "Y"}]), status=400)
    queue = desk.first("/routing/queues")
    made = desk.ask("POST", CAMPAIGNS, campaign(desk, list_id, dialingMode="power", queue={"id": queue["id"]}))
    assert made["queue"]["name"] == queue["name"]
    desk.ask("DELETE", f"{LISTS}/{list_id}", status=409)
    sequence = {"name": "All", "campaigns": [{"id": made["id"]}], "status": "off"}
    kept = desk.ask("POST", "/outbound/sequences", sequence)
    desk.ask("DELETE", f"{CAMPAIGNS}/{made['id']}", status=409)
    desk.ask("DELETE", f"/outbound/sequences/{kept['id']}", status=204)
    desk.ask("DELETE", f"{CAMPAIGNS}/{made['id']}")
    desk.ask("DELETE", f"{LISTS}/{list_id}", status=204)


def test_seeded_campaigns_can_be_written_back(desk: Desk):
    for path in (CAMPAIGNS, LISTS, "/outbound/contactlistfilters", "/architect/ivrs", "/architect/schedulegroups"):
        entity = desk.ask("GET", f"{path}/{desk.first(path)['id']}")
        assert desk.ask("PUT", f"{path}/{entity['id']}", entity)["version"] == entity["version"] + 1


def test_wrap_up_codes_mean_something(desk: Desk):
    before = desk.ask("GET", "/outbound/wrapupcodemappings")
    code = desk.first("/routing/wrapupcodes")["id"]
    body: dict[str, Any] = {"mapping": {code: ["CONTACT_UNCALLABLE"]}, "defaultSet": [], "version": before["version"]}
    assert desk.ask("PUT", "/outbound/wrapupcodemappings", body)["version"] == before["version"] + 1
    desk.ask("PUT", "/outbound/wrapupcodemappings", body, status=409)
    desk.ask("PUT", "/outbound/wrapupcodemappings", {"mapping": {"nobody": []}}, status=400)
    assert desk.ask("GET", "/outbound/wrapupcodemappings")["mapping"] == body["mapping"]


def test_imports_survive_a_snapshot(desk: Desk):
    list_id, snapshot = new_list(desk)["id"], desk.sandbox.snapshot()
    desk.upload("/uploads/v2/contactlist", {"id": list_id}, PEOPLE)
    assert size(desk, list_id) == 2
    desk.sandbox.restore(snapshot)
    assert size(desk, list_id) == 0
    desk.ask("GET", f"{LISTS}/{list_id}/importstatus", status=404)
