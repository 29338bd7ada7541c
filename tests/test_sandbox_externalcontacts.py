"""External contacts and organizations: search, scan, bulk, identifiers, merging, notes."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from .areas import Desk

ROOT = "/externalcontacts"
CONTACTS, ORGANIZATIONS = f"{ROOT}/contacts", f"{ROOT}/organizations"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def contact(desk: Desk, first: str, last: str, **fields: Any) -> dict[str, Any]:
    return desk.ask("POST", CONTACTS, {"firstName": first, "lastName": last, **fields})


def names(page: Any) -> list[str]:
    return [f"{one['firstName']} {one['lastName']}" for one in page["entities"]]


def test_contacts_are_found_by_every_word(desk: Desk):
    company = desk.ask("POST", ORGANIZATIONS, {"name": "Zebra Works"})
    ref = {"id": company["id"]}
    contact(desk, "Ada", "Quartz", workEmail="ada@zebra.example", externalOrganization=ref)
    contact(desk, "Bob", "Quartz", cellPhone={"display": "+1 (463) 555-9999"}, externalOrganization=ref)
    assert names(desk.ask("GET", f"{CONTACTS}?q=quartz&sortOrder=firstName:desc")) == ["Bob Quartz", "Ada Quartz"]
    assert names(desk.ask("GET", f"{CONTACTS}?q=ada%20quartz")) == ["Ada Quartz"]
    assert names(desk.ask("GET", f"{CONTACTS}?q=%2B14635559999")) == ["Bob Quartz"]
    assert names(desk.ask("GET", f"{ORGANIZATIONS}/{company['id']}/contacts?q=bob")) == ["Bob Quartz"]
    body = {
        "pageNumber": 1,
        "pageSize": 1,
        "operation": {"simpleSearch": {"query": "zebra", "sortOrder": ["firstName"]}},
    }
    found = desk.ask("POST", f"{CONTACTS}/search", body)
    assert (names(found), found["total"], found["pageCount"]) == (["Ada Quartz"], 2, 2)
    expanded = desk.ask("GET", f"{CONTACTS}?q=ada%20quartz&expand=externalOrganization")["entities"][0]
    assert expanded["externalOrganization"]["createDate"] == company["createDate"]
    desk.ask("POST", CONTACTS, {"firstName": "x", "externalOrganization": {"id": "nobody"}}, status=400)
    desk.ask("POST", ORGANIZATIONS, {"name": " "}, status=400)
    desk.ask("DELETE", f"{ORGANIZATIONS}/{company['id']}")
    assert "externalOrganization" not in desk.ask("GET", f"{CONTACTS}?q=ada%20quartz")["entities"][0]


def test_the_window_and_the_scan():
    desk = Desk(seeded=120)
    desk.ask("GET", f"{CONTACTS}?pageSize=100&pageNumber=11", status=400)
    assert desk.ask("GET", f"{CONTACTS}?pageSize=100&pageNumber=10")["entities"] == []
    seen, uri = list[str](), f"{ROOT}/scan/contacts?limit=50"
    while uri and len(seen) <= 120:
        part = desk.ask("GET", uri.removeprefix("/api/v2"))
        seen += [one["id"] for one in part["entities"]]
        uri = part.get("nextUri", "")
    assert (len(seen), len(set(seen))) == (120, 120)
    assert len(desk.ask("GET", f"{ROOT}/scan/organizations?limit=100")["entities"]) == 100


def test_many_at_once(desk: Desk):
    bodies = {"entities": [{"firstName": "A", "lastName": "One"}, {"firstName": "B", "lastName": "Two"}]}
    made = desk.ask("POST", f"{ROOT}/bulk/contacts/add", bodies)
    assert [one["success"] for one in made["results"]] == [True, True]
    ids = [one["id"] for one in made["results"]]
    asked = {"entities": [{"id": ids[1]}, {"id": "nobody"}]}
    found = desk.ask("POST", f"{ROOT}/bulk/contacts", asked)
    assert [(one["success"], one["status"]) for one in found["results"]] == [(True, 200), (False, 404)]
    assert (found["errorCount"], found["errorIndexes"]) == (1, [1])
    assert found["results"][0]["entity"]["lastName"] == "Two"
    changed = {"entities": [{"id": ids[0], "firstName": "Z", "lastName": "One"}]}
    desk.ask("POST", f"{ROOT}/bulk/contacts/update", changed)
    assert desk.ask("GET", f"{CONTACTS}/{ids[0]}")["firstName"] == "Z"
    desk.ask("POST", f"{ROOT}/bulk/contacts/remove", {"entities": [{"id": ids[0]}]})
    desk.ask("GET", f"{CONTACTS}/{ids[0]}", status=404)


def test_identifiers_have_one_owner(desk: Desk):
    ada = contact(desk, "Ada", "A", workEmail="Ada@Example.com", workPhone={"display": "+14635558888"})
    bob = contact(desk, "Bob", "B")
    listed = desk.ask("GET", f"{CONTACTS}/{ada['id']}/identifiers")["entities"]
    assert [(one["type"], one["value"]) for one in listed] == [("Phone", "+14635558888"), ("Email", "Ada@Example.com")]
    look = f"{ROOT}/identifierlookup"
    assert desk.ask("POST", look, {"type": "Email", "value": "ada@example.com"})["id"] == ada["id"]
    assert desk.ask("POST", look, {"type": "Phone", "value": "+1 463 555 8888"})["id"] == ada["id"]
    desk.ask("POST", look, {"type": "Email", "value": "nobody@example.com"}, status=404)
    line = {"type": "SocialLine", "value": "ada-on-line"}
    path = f"{CONTACTS}/{bob['id']}/identifiers"
    desk.ask("PATCH", path, {"operation": "Claim", "identifier": line})
    desk.ask("PATCH", f"{CONTACTS}/{ada['id']}/identifiers", {"operation": "Claim", "identifier": line}, status=409)
    assert desk.ask("POST", look, line)["id"] == bob["id"]
    desk.ask("PATCH", path, {"operation": "Release", "identifier": line})
    desk.ask("PATCH", path, {"operation": "Release", "identifier": line}, status=404)
    found = desk.ask("GET", f"{ROOT}/reversewhitepageslookup?lookupVal=%2B14635558888")
    assert [one["id"] for one in found["contacts"]] == [ada["id"]]


def test_two_contacts_become_one(desk: Desk):
    one = contact(desk, "Ada", "A", workEmail="a@example.com")
    two = contact(desk, "Adah", "B", title="Dr", personalEmail="b@example.com")
    body = {"contactIds": [one["id"], two["id"]], "valueOverride": {"lastName": "C"}}
    made = desk.ask("POST", f"{CONTACTS}/merge", body)
    assert (made["firstName"], made["lastName"], made["title"]) == ("Ada", "C", "Dr")
    assert desk.ask("GET", f"{CONTACTS}/{one['id']}")["id"] == made["id"]
    assert desk.ask("GET", f"{CONTACTS}/{one['id']}/unresolved")["mergedTo"]["id"] == made["id"]
    assert desk.ask("POST", f"{ROOT}/identifierlookup", {"type": "Email", "value": "b@example.com"})["id"] == made["id"]
    assert names(desk.ask("GET", f"{CONTACTS}?q=b@example.com")) == ["Ada C"]
    desk.ask("POST", f"{CONTACTS}/merge", body, status=404)
    desk.ask("POST", f"{CONTACTS}/merge", {"contactIds": [made["id"]]}, status=400)


def test_single_fields_are_changed(desk: Desk):
    path = f"{ORGANIZATIONS}/{desk.ask('POST', ORGANIZATIONS, {'name': 'Z', 'tags': ['a']})['id']}"
    changes = [
        {"field": "name", "action": "UpdateIfEmpty", "value": "Y"},
        {"field": "industry", "action": "UpdateIfEmpty", "value": "Toys"},
        {"field": "companyType", "action": "UpdateIfExists", "value": "x"},
        {"field": "tags", "action": "AppendToCollection", "value": "b"},
        {"field": "address.city", "action": "Update", "value": "Rome"},
    ]
    made = desk.ask("PATCH", path, {"changes": changes})
    assert (made["name"], made["industry"], made["tags"], made["address"]["city"]) == ("Z", "Toys", ["a", "b"], "Rome")
    assert "companyType" not in made
    more = [
        {"field": "tags", "action": "RemoveFromCollection", "value": "a"},
        {"field": "industry", "action": "Remove"},
    ]
    made = desk.ask("PATCH", path, {"changes": more})
    assert (made["tags"], "industry" in made) == (["b"], False)
    desk.ask("PATCH", path, {"changes": [{"field": "nothing", "action": "Remove"}]}, status=400)
    desk.ask("PATCH", path, {"changes": [{"field": "tags", "action": "Update", "value": 5}]}, status=400)


def test_notes_and_relationships(desk: Desk):
    person = contact(desk, "Ada", "A")
    note = desk.ask("POST", f"{CONTACTS}/{person['id']}/notes", {"noteText": "Called"})
    assert (note["noteText"], note["entityId"], note["entityType"]) == ("Called", person["id"], "contact")
    assert [one["id"] for one in desk.ask("GET", f"{CONTACTS}/{person['id']}/notes")["entities"]] == [note["id"]]
    assert [one["id"] for one in desk.ask("GET", f"{ROOT}/scan/notes")["entities"]] == [note["id"]]
    more = {"entities": [{"entityId": person["id"], "noteText": "Again"}, {"entityId": "nobody", "noteText": "x"}]}
    added = desk.ask("POST", f"{ROOT}/bulk/notes/add", more)
    assert (added["results"][0]["entity"]["noteText"], added["errorIndexes"]) == ("Again", [1])
    ids = {"entities": [{"id": added["results"][0]["id"]}]}
    assert desk.ask("POST", f"{ROOT}/bulk/notes", ids)["errorCount"] == 0
    assert desk.ask("POST", f"{ROOT}/bulk/notes/remove", ids)["errorCount"] == 0
    assert desk.ask("POST", f"{ROOT}/bulk/notes", ids)["errorCount"] == 1
    company, user = desk.ask("POST", ORGANIZATIONS, {"name": "Z"}), desk.first("/users")
    body = {"user": {"id": user["id"]}, "externalOrganization": {"id": company["id"]}, "relationship": "Manager"}
    made = desk.ask("POST", f"{ROOT}/relationships", body)
    assert made["user"]["name"] == user["name"]
    found = desk.ask("GET", f"{ORGANIZATIONS}/{company['id']}/relationships")["entities"]
    assert [one["id"] for one in found] == [made["id"]]
    desk.ask("POST", f"{ROOT}/relationships", {**body, "user": {"id": "nobody"}}, status=400)


def test_an_export(desk: Desk):
    contact(desk, "Ada", "Quartz", workEmail="ada@example.com")
    job = desk.ask("POST", f"{CONTACTS}/exports", {"divisionIds": ["*"]})
    path = f"{CONTACTS}/exports/{job['id']}"
    assert desk.ask("GET", path)["status"] == "RUNNING"
    done = desk.ask("GET", path)
    rows = list(csv.DictReader(io.StringIO(desk.send("GET", done["downloadUrl"]).body.decode())))
    assert len(rows) == done["resultRowCount"]
    assert [row["workEmail"] for row in rows if row["lastName"] == "Quartz"] == ["ada@example.com"]
