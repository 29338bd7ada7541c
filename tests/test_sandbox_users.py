"""Users of the sandbox: made, changed, found, deleted and brought back, and whom they have to do with."""

from __future__ import annotations

import base64
import json

import pytest

from genesyscloud import ClientCredentials, GenesysCloud
from genesyscloud.errors import NotFound
from genesyscloud.models import CreateUser, UpdateUser

from .organization import Organization

USERS = "/api/v2/users"


@pytest.fixture
def org() -> Organization:
    return Organization()


def test_a_user_is_made_changed_and_deleted_with_the_client(org: Organization):
    home = org.sandbox.home_division()
    made = org.gc.users.post_users(CreateUser(name="Ada Lovelace", email="ada@example.com", division_id=home["id"]))
    assert (made.state, made.version, made.username) == ("active", 1, "ada@example.com")
    assert made.division is not None
    assert (made.division.id, made.division.name) == (home["id"], "Home")
    assert [(info.address, info.type) for info in made.primary_contact_info or []] == [("ada@example.com", "PRIMARY")]
    assert made.id
    changed = org.gc.users.patch_user(made.id, UpdateUser(version=1, title="Analyst", department="Engines"))
    assert (changed.title, changed.department, changed.version, changed.name) == ("Analyst", "Engines", 2, made.name)
    org.gc.users.delete_user(made.id)
    assert org.gc.users.get_user(made.id).state == "deleted"
    assert made.id not in org.ids(f"{USERS}?pageSize=100")


def test_required_properties_and_addresses_are_checked(org: Organization):
    for body in ({}, {"name": "A"}, {"name": "A", "email": "a@b.c"}):
        assert org.refused("POST", USERS, body).status == 400
    home = org.sandbox.home_division()["id"]
    for email in ("nobody", "a b@c.d", "@c.d", ""):
        assert org.refused("POST", USERS, {"name": "A", "email": email, "divisionId": home}).status == 400
    nowhere = {"name": "A", "email": "a@b.c", "divisionId": "11111111-1111-4111-8111-111111111111"}
    assert org.refused("POST", USERS, nowhere).status == 400


def test_an_address_is_one_users_deleted_or_not(org: Organization):
    user = org.new_user()
    home = org.sandbox.home_division()["id"]
    same = {"name": "Another", "email": "ADA.Lovelace@example.com", "divisionId": home}
    error = org.refused("POST", USERS, same)
    assert (error.status, error.code) == (409, "general.conflict")
    org.call("DELETE", f"{USERS}/{user['id']}")
    assert org.refused("POST", USERS, same).status == 409
    seeded = org.get(USERS)["entities"][3]
    assert org.refused("POST", USERS, {**same, "email": seeded["email"]}).status == 409


def test_the_address_of_a_seeded_user_whom_nobody_looked_at_is_taken():
    known = Organization().get(f"{USERS}?pageSize=100")["entities"][-1]["email"]
    org = Organization()
    home = org.sandbox.home_division()["id"]
    assert org.refused("POST", USERS, {"name": "A", "email": known, "divisionId": home}).status == 409


def test_a_stale_version_is_refused(org: Organization):
    user = org.new_user()
    org.call("PATCH", f"{USERS}/{user['id']}", {"version": 1, "title": "One"})
    error = org.refused("PATCH", f"{USERS}/{user['id']}", {"version": 1, "title": "Two"})
    assert error.status == 409
    assert org.get(f"{USERS}/{user['id']}")["title"] == "One"
    assert org.refused("PATCH", f"{USERS}/{user['id']}", {"title": "without"}).status == 400


def test_states(org: Organization):
    user = org.new_user()
    org.call("PATCH", f"{USERS}/{user['id']}", {"version": 1, "state": "inactive"})
    assert user["id"] not in org.ids(f"{USERS}?pageSize=100")
    assert org.ids(f"{USERS}?state=inactive") == [user["id"]]
    assert user["id"] in org.ids(f"{USERS}?state=any&pageSize=100")
    assert org.get(f"{USERS}/{user['id']}/state") == {"state": "inactive", "version": 2}
    org.call("PUT", f"{USERS}/{user['id']}/state", {"state": "active", "version": 2})
    assert user["id"] in org.ids(f"{USERS}?pageSize=100")


def test_who_was_deleted_comes_back(org: Organization):
    user = org.new_user()
    org.call("DELETE", f"{USERS}/{user['id']}")
    assert org.ids(f"{USERS}?state=deleted") == [user["id"]]
    assert org.refused("GET", f"{USERS}/{user['id']}/routingskills").status == 404
    assert org.refused("PATCH", f"{USERS}/{user['id']}", {"version": 2, "title": "x"}).status == 404
    query = [{"type": "EXACT", "fields": ["email"], "value": user["email"]},
             {"type": "EXACT", "fields": ["state"], "values": ["deleted"]}]  # fmt: skip
    (found,) = org.call("POST", f"{USERS}/search", {"query": query})["results"]
    back = org.call("PATCH", f"{USERS}/{user['id']}", {"version": found["version"], "state": "active"})
    assert back["state"] == "active"
    assert org.ids(f"{USERS}?state=deleted") == []
    assert user["id"] in org.ids(f"{USERS}?pageSize=100")


def test_lists_page_filter_and_sort(org: Organization):
    everyone = org.get(f"{USERS}?pageSize=100")
    assert everyone["total"] == 12
    first = org.get(f"{USERS}?pageSize=5")
    assert (len(first["entities"]), first["pageCount"]) == (5, 3)
    names = [user["name"].lower() for user in org.get(f"{USERS}?pageSize=100&sortOrder=descending")["entities"]]
    assert names == sorted(names, reverse=True)
    two = [user["id"] for user in everyone["entities"][2:4]]
    assert org.ids(f"{USERS}?id={','.join(two)}") == two
    by_cursor = [user.id for user in org.gc.paginate(org.gc.users.get_users_query, page_size=5)]
    assert by_cursor == [user["id"] for user in everyone["entities"]]


def test_bulk_changes_are_all_or_nothing(org: Organization):
    one, two = org.new_user("One Person"), org.new_user("Two Person")
    unknown = "11111111-1111-4111-8111-111111111111"
    body = [{"id": one["id"], "acdAutoAnswer": True}, {"id": unknown, "acdAutoAnswer": True}]
    assert org.refused("PATCH", f"{USERS}/bulk", body).status == 404
    assert org.get(f"{USERS}/{one['id']}")["acdAutoAnswer"] is False
    org.call("PATCH", f"{USERS}/bulk", [{"id": user["id"], "acdAutoAnswer": True} for user in (one, two)])
    assert all(org.get(f"{USERS}/{user['id']}")["acdAutoAnswer"] for user in (one, two))


def test_expand_shows_what_is_asked_for_and_nothing_else(org: Organization):
    user = org.new_user()
    plain = org.get(f"{USERS}/{user['id']}")
    names = ["presence", "routingStatus", "skills", "languages", "station", "groups", "outOfOffice", "locations"]
    assert not plain.keys() & set(names)
    full = org.get(f"{USERS}/{user['id']}?expand={','.join(names)}")
    assert full.keys() >= set(names)
    assert full["presence"]["presenceDefinition"]["systemPresence"] == "Offline"
    assert full["routingStatus"]["status"] == "OFF_QUEUE"
    assert (full["skills"], full["groups"], full["outOfOffice"]["active"]) == ([], [], False)
    listed = org.get(f"{USERS}?pageSize=2&expand=skills,presence")["entities"]
    assert all({"skills", "presence"} <= entity.keys() for entity in listed)


def test_searches(org: Organization):
    ada, bob = org.new_user("Ada Lovelace", title="Analyst"), org.new_user("Bob Noyce", department="Chips")
    skill = org.call("POST", "/api/v2/routing/skills", {"name": "Calculus"})
    org.call("POST", f"{USERS}/{ada['id']}/routingskills", {"id": skill["id"], "proficiency": 5})

    def found(*query: object, **more: object) -> list[str]:
        answer = org.call("POST", f"{USERS}/search", {"query": list(query), **more})
        assert answer["types"] == ["users"]
        return [user["id"] for user in answer["results"]]

    exact = {"type": "EXACT", "fields": ["email"], "value": ada["email"].upper()}
    assert found(exact) == [ada["id"]]
    assert found({"type": "CONTAINS", "fields": ["name", "email"], "value": "noyce"}) == [bob["id"]]
    assert found({"type": "EXACT", "fields": ["skills.name"], "value": "calculus"}) == [ada["id"]]
    assert found({"type": "STARTS_WITH", "fields": ["title"], "value": "ana"}, exact) == [ada["id"]]
    assert found({"type": "EXACT", "fields": ["title"], "value": "Analyst"},
                 {"type": "EXACT", "fields": ["department"], "value": "Chips", "operator": "OR"},
                 sortBy="name", sortOrder="DESC") == [bob["id"], ada["id"]]  # fmt: skip
    both = {"group": [{"type": "EXACT", "fields": ["name"], "value": "Ada Lovelace"},
                      {"type": "EXACT", "fields": ["name"], "value": "Bob Noyce", "operator": "OR"}]}  # fmt: skip
    assert set(found({"type": "MATCH_ALL", **both}, {"operator": "NOT", **exact})) == {bob["id"]}
    assert len(found({"type": "REQUIRED_FIELDS", "fields": ["email"]}, pageSize=5)) == 5
    q64 = base64.b64encode(json.dumps({"query": [exact]}).encode()).decode()
    (by_q64,) = org.gc.users.get_users_search(q64=q64).results or []
    assert by_q64.id == ada["id"]


def test_managers(org: Organization):
    boss, one, two = (org.new_user(name) for name in ("The Boss", "One Report", "Two Report"))
    for user in (one, two):
        changed = org.call("PATCH", f"{USERS}/{user['id']}", {"version": 1, "manager": boss["id"]})
        assert changed["manager"]["id"] == boss["id"]

    def ids(users: list[dict[str, str]]) -> set[str]:
        return {user["id"] for user in users}

    assert ids(org.get(f"{USERS}/{boss['id']}/directreports")) == {one["id"], two["id"]}
    assert ids(org.get(f"{USERS}/{one['id']}/superiors")) == {boss["id"]}
    around = org.get(f"{USERS}/{one['id']}/adjacents")
    assert [ids(around[wire]) for wire in ("superiors", "siblings", "directReports")] == [
        {boss["id"]}, {two["id"]}, set()]  # fmt: skip
    assert org.refused("PATCH", f"{USERS}/{one['id']}", {"version": 2, "manager": "nobody"}).status == 404
    org.call("DELETE", f"{USERS}/{boss['id']}")
    assert org.get(f"{USERS}/{one['id']}/superiors") == []


def test_a_circle_of_managers_ends(org: Organization):
    one, two = org.new_user("One Circle"), org.new_user("Two Circle")
    org.call("PATCH", f"{USERS}/{one['id']}", {"version": 1, "manager": two["id"]})
    org.call("PATCH", f"{USERS}/{two['id']}", {"version": 1, "manager": one["id"]})
    assert [user["id"] for user in org.get(f"{USERS}/{one['id']}/superiors")] == [two["id"], one["id"]]


def test_out_of_office_follows_the_clock(org: Organization):
    path = f"{USERS}/{org.new_user()['id']}/outofoffice"
    week = {"active": True, "startDate": "2026-06-02T00:00:00.000Z", "endDate": "2026-06-09T00:00:00.000Z"}
    assert org.call("PUT", path, week)["active"] is False
    org.time.now += 86_400
    assert org.get(path)["active"] is True
    org.time.now += 8 * 86_400
    assert org.get(path)["active"] is False
    assert org.refused("PUT", path, {**week, "endDate": "2026-06-01T00:00:00.000Z"}).status == 400


def test_call_forwarding(org: Organization):
    path = f"{USERS}/{org.new_user()['id']}/callforwarding"
    assert org.get(path)["enabled"] is False
    org.call("PUT", path, {"enabled": True, "phoneNumber": "+13175550100"})
    changed = org.call("PATCH", path, {"enabled": False})
    assert (changed["enabled"], changed["phoneNumber"]) == (False, "+13175550100")


def test_identifiers_in_other_systems(org: Organization):
    user, other = org.new_user(), org.new_user("Somebody Else")
    entry = {"authorityName": "hr", "externalKey": "4711"}
    assert org.call("POST", f"{USERS}/{user['id']}/externalid", entry)[0]["externalKey"] == "4711"
    assert org.get(f"{USERS}/externalid/hr/4711")["id"] == user["id"]
    assert org.refused("POST", f"{USERS}/{other['id']}/externalid", entry).status == 409
    org.call("DELETE", f"{USERS}/{user['id']}/externalid/hr/4711")
    assert org.refused("GET", f"{USERS}/externalid/hr/4711").status == 404


def test_profiles(org: Organization):
    user = org.new_user()
    profile = org.get(f"{USERS}/{user['id']}/profile")
    assert (profile["id"], profile["name"], profile["version"]) == (user["id"], user["name"], 1)
    assert org.get(f"/api/v2/profiles/users?id={user['id']}")["total"] == 1


def test_the_life_of_an_agent_over_a_socket():
    """What a program that sets up agents does, from the first day to the last."""
    org = Organization()
    with org.sandbox as sandbox:
        auth = ClientCredentials("sandbox", "sandbox")
        with GenesysCloud(auth=auth, region=sandbox.serve(), strict=True, retry=False) as gc:
            home = gc.authorization.get_authorization_divisions_home().id
            assert home
            user = gc.users.post_users(CreateUser(name="Grace Hopper", email="grace@example.com", division_id=home))
            assert user.id
            skill = gc.routing.post_routing_skills({"name": "Compilers"})
            language = gc.routing.post_routing_languages({"name": "COBOL"})
            queue = gc.routing.post_routing_queues({"name": "Navy"})
            assert skill.id
            assert language.id
            assert queue.id
            gc.users.patch_user_routingskills_bulk(user.id, [{"id": skill.id, "proficiency": 5.0}])
            gc.users.post_user_routinglanguages(user.id, {"id": language.id, "proficiency": 4.0})
            gc.routing.post_routing_queue_members(queue.id, [{"id": user.id}])
            on_queue = next(d for d in gc.presence.get_presence_definitions().entities or []
                            if d.system_presence == "OnQueue")  # fmt: skip
            gc.presence.patch_user_presences_purecloud(user.id, {"presenceDefinition": {"id": on_queue.id}})
            seen = gc.users.get_user(user.id, expand=["presence", "routingStatus", "skills", "languages"])
            assert seen.routing_status is not None
            assert seen.routing_status.status == "IDLE"
            assert [known.name for known in seen.skills or []] == ["Compilers"]
            assert [known.name for known in seen.languages or []] == ["COBOL"]
            criteria = {"type": "EXACT", "fields": ["email"], "value": "grace@example.com"}
            assert [found.id for found in gc.users.post_users_search({"query": [criteria]}).results or []] == [user.id]
            gc.users.delete_user(user.id)
            assert gc.routing.get_routing_queue(queue.id).member_count == 0
            with pytest.raises(NotFound):
                gc.users.get_user_routingstatus(user.id)
