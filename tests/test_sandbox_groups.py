"""Groups, teams, divisions and locations of the sandbox, and who is in them."""

from __future__ import annotations

from typing import Any

import pytest

from .organization import Organization

USERS = "/api/v2/users"
GROUPS = "/api/v2/groups"
TEAMS = "/api/v2/teams"
DIVISIONS = "/api/v2/authorization/divisions"
LOCATIONS = "/api/v2/locations"
QUEUES = "/api/v2/routing/queues"


@pytest.fixture
def org() -> Organization:
    return Organization()


def _group(org: Organization, name: str = "Chess club", **more: Any) -> Any:
    body = {"name": name, "type": "official", "rulesVisible": True, "visibility": "public", **more}
    return org.call("POST", GROUPS, body)


# --- groups -------------------------------------------------------------------------------------


def test_a_group_and_its_members(org: Organization):
    group, one, two = _group(org), org.new_user("One Person"), org.new_user("Two Person")
    assert (group["state"], group["version"], group["memberCount"]) == ("active", 1, 0)
    members = f"{GROUPS}/{group['id']}/members"
    org.call("POST", members, {"memberIds": [one["id"], two["id"]], "version": 1})
    assert org.ids(f"{members}?sortOrder=descending") == [two["id"], one["id"]]
    assert org.get(f"{GROUPS}/{group['id']}")["version"] == 2
    assert org.refused("POST", members, {"memberIds": [one["id"]], "version": 1}).status == 409
    assert org.refused("POST", members, {"memberIds": ["nobody"], "version": 2}).status == 404
    assert org.refused("POST", members, {"memberIds": [], "version": 2}).status == 400
    org.call("DELETE", f"{members}?ids={one['id']}")
    assert org.ids(members) == [two["id"]]
    shown = org.get(f"{USERS}/{two['id']}?expand=groups")["groups"]
    assert [(entry["id"], entry["name"]) for entry in shown] == [(group["id"], "Chess club")]


def test_owners_and_individuals(org: Organization):
    owner, member = org.new_user("The Owner"), org.new_user("The Member")
    group = _group(org, ownerIds=[owner["id"]], includeOwners=True)
    assert [entry["id"] for entry in group["owners"]] == [owner["id"]]
    org.call("POST", f"{GROUPS}/{group['id']}/members", {"memberIds": [member["id"]]})
    assert org.ids(f"{GROUPS}/{group['id']}/individuals") == [member["id"], owner["id"]]
    changed = org.call("PUT", f"{GROUPS}/{group['id']}", {"version": 2, "ownerIds": [member["id"]]})
    assert [entry["id"] for entry in changed["owners"]] == [member["id"]]
    assert changed["name"] == "Chess club"
    error = org.refused("POST", GROUPS, {"name": "x", "type": "official", "rulesVisible": True,
                                         "visibility": "public", "ownerIds": ["nobody"]})  # fmt: skip
    assert error.status == 404


def test_names_versions_and_the_end_of_a_group(org: Organization):
    one, two = _group(org, "One"), _group(org, "Two")
    assert org.refused("POST", GROUPS, {**one, "name": "one"}).status == 409
    assert org.refused("PUT", f"{GROUPS}/{two['id']}", {"version": 1, "name": "One"}).status == 409
    assert org.refused("PUT", f"{GROUPS}/{two['id']}", {"version": 7, "name": "Three"}).status == 409
    org.call("PUT", f"{GROUPS}/{two['id']}", {"version": 1, "name": "Three"})
    org.call("DELETE", f"{GROUPS}/{two['id']}")
    assert org.get(f"{GROUPS}/{two['id']}")["state"] == "deleted"
    assert two["id"] not in org.ids(f"{GROUPS}?pageSize=100")
    assert _group(org, "Three")["id"] != two["id"]


def test_groups_are_found(org: Organization):
    group = _group(org, "Needle")
    query = {"query": [{"type": "CONTAINS", "fields": ["name"], "value": "eedl"}]}
    assert [found["id"] for found in org.call("POST", f"{GROUPS}/search", query)["results"]] == [group["id"]]
    assert org.ids(f"{GROUPS}?id={group['id']}") == [group["id"]]
    assert org.get(f"{GROUPS}/{group['id']}/profile")["name"] == "Needle"


def test_who_is_deleted_leaves_groups_and_teams(org: Organization):
    group, user = _group(org), org.new_user()
    team = org.call("POST", TEAMS, {"name": "A team"})
    org.call("POST", f"{GROUPS}/{group['id']}/members", {"memberIds": [user["id"]]})
    org.call("POST", f"{TEAMS}/{team['id']}/members", {"memberIds": [user["id"]]})
    org.call("DELETE", f"{USERS}/{user['id']}")
    assert org.ids(f"{GROUPS}/{group['id']}/members") == []
    assert org.get(f"{GROUPS}/{group['id']}")["memberCount"] == 0
    assert org.get(f"{TEAMS}/{team['id']}")["memberCount"] == 0


def test_seeded_groups_have_seeded_users(org: Organization):
    group = org.get(GROUPS)["entities"][0]
    members = org.ids(f"{GROUPS}/{group['id']}/members")
    assert len(members) == group["memberCount"]
    assert set(members) <= set(org.ids(f"{USERS}?pageSize=100"))


def test_teams(org: Organization):
    one, two = (org.call("POST", TEAMS, {"name": name}) for name in ("One", "Two"))
    user = org.new_user()
    assert org.refused("POST", TEAMS, {"name": "one"}).status == 409
    body = {"memberIds": [user["id"], "nobody"]}
    answer = org.call("POST", f"{TEAMS}/{one['id']}/members", body)
    assert [entry["id"] for entry in answer["entities"]] == [user["id"]]
    assert answer["failures"] == [{"id": "nobody", "reason": "UserNotFound"}]
    (failure,) = org.call("POST", f"{TEAMS}/{two['id']}/members", {"memberIds": [user["id"]]})["failures"]
    assert failure["reason"] == "UserGroupLimitExceeded"
    assert [(m["id"], m["name"]) for m in org.get(f"{TEAMS}/{one['id']}/members")["entities"]] == [
        (user["id"], user["name"])]  # fmt: skip
    assert org.get(f"{USERS}/{user['id']}?expand=team")["team"]["name"] == "One"
    assert org.call("PATCH", f"{TEAMS}/{one['id']}", {"name": "Uno"})["name"] == "Uno"
    org.call("DELETE", f"{TEAMS}/{one['id']}/members?id={user['id']}")
    assert org.get(f"{TEAMS}/{one['id']}")["memberCount"] == 0
    query = {"query": [{"type": "EXACT", "fields": ["name"], "value": "Uno"}]}
    assert [found["id"] for found in org.call("POST", f"{TEAMS}/search", query)["results"]] == [one["id"]]


# --- divisions ----------------------------------------------------------------------------------


def _division(org: Organization, name: str = "Europe") -> Any:
    return org.call("POST", DIVISIONS, {"name": name, "description": "A part of the world."})


def test_a_division_with_something_in_it_stays(org: Organization):
    division = _division(org)
    assert division["homeDivision"] is False
    queue = org.call("POST", QUEUES, {"name": "Support", "division": {"id": division["id"]}})
    assert queue["division"]["name"] == "Europe"
    assert org.ids(f"{QUEUES}?divisionId={division['id']}") == [queue["id"]]
    assert org.get(f"{DIVISIONS}/{division['id']}?objectCount=true")["objectCounts"] == {"QUEUE": 1}
    assert org.refused("DELETE", f"{DIVISIONS}/{division['id']}").status == 409
    home = org.sandbox.home_division()["id"]
    org.call("POST", f"{DIVISIONS}/{home}/objects/QUEUE", [queue["id"]])
    org.call("DELETE", f"{DIVISIONS}/{division['id']}")
    assert org.get(f"{QUEUES}/{queue['id']}")["division"]["name"] == "Home"
    assert division["id"] not in org.ids(f"{DIVISIONS}?pageSize=100")


def test_a_division_is_deleted_by_force_and_restored(org: Organization):
    division = _division(org)
    queue = org.call("POST", QUEUES, {"name": "Support", "division": {"id": division["id"]}})
    org.call("DELETE", f"{DIVISIONS}/{division['id']}?force=true")
    assert org.get(f"{QUEUES}/{queue['id']}")["division"]["name"] == "Home"
    assert org.ids(f"{DIVISIONS}/deleted") == [division["id"]]
    back = org.call("POST", f"{DIVISIONS}/{division['id']}/restore", {"name": "Asia", "description": ""})
    assert (back["id"], back["name"]) == (division["id"], "Asia")
    assert org.refused("POST", f"{DIVISIONS}/{division['id']}/restore", {"description": ""}).status == 409


def test_a_new_name_is_seen_everywhere(org: Organization):
    division = _division(org)
    queue = org.call("POST", QUEUES, {"name": "Support", "division": {"id": division["id"]}})
    org.call("PUT", f"{DIVISIONS}/{division['id']}", {"name": "Asia", "description": ""})
    assert org.get(f"{QUEUES}/{queue['id']}")["division"]["name"] == "Asia"
    home = org.get(f"{DIVISIONS}/home")
    seeded, user = org.get(QUEUES)["entities"][0], org.get(USERS)["entities"][0]
    assert seeded["division"]["name"] == user["division"]["name"] == "Home"
    org.call("PUT", f"{DIVISIONS}/{home['id']}", {"name": "Castle", "description": ""})
    assert org.get(f"{DIVISIONS}/home")["name"] == "Castle"
    assert org.get(f"{QUEUES}/{seeded['id']}")["division"]["name"] == "Castle"
    assert org.get(f"{USERS}/{user['id']}")["division"]["name"] == "Castle"
    assert org.get(f"{USERS}/{user['id']}")["name"] == user["name"]


def test_divisions_that_cannot_be(org: Organization):
    _division(org)
    assert org.refused("POST", DIVISIONS, {"name": "EUROPE", "description": ""}).status == 409
    assert org.refused("POST", DIVISIONS, {"description": ""}).status == 400
    assert org.refused("DELETE", f"{DIVISIONS}/{org.sandbox.home_division()['id']}").status == 400
    assert org.refused("POST", QUEUES, {"name": "x", "division": {"id": "nowhere"}}).status == 400
    home = org.sandbox.home_division()["id"]
    assert org.refused("POST", f"{DIVISIONS}/{home}/objects/USER", ["nobody"]).status == 404
    assert org.refused("POST", f"{DIVISIONS}/nowhere/objects/USER", []).status == 404


def test_users_are_moved(org: Organization):
    division, user = _division(org), org.new_user()
    org.call("POST", f"{DIVISIONS}/{division['id']}/objects/USER", [user["id"]])
    assert org.get(f"{USERS}/{user['id']}")["division"]["name"] == "Europe"


# --- locations ----------------------------------------------------------------------------------


def test_locations_are_a_tree(org: Organization):
    city = org.call("POST", LOCATIONS, {"name": "Berlin"})
    house = org.call("POST", LOCATIONS, {"name": "House", "path": [city["id"]]})
    assert (house["state"], house["version"], house["path"]) == ("active", 1, [city["id"]])
    assert org.ids(f"{LOCATIONS}/{city['id']}/sublocations") == [house["id"]]
    assert org.refused("DELETE", f"{LOCATIONS}/{city['id']}").status == 409
    assert org.refused("POST", LOCATIONS, {"name": "berlin"}).status == 409
    assert org.refused("POST", LOCATIONS, {"name": "x", "path": ["nowhere"]}).status == 404
    own = {"name": "House", "version": 1, "path": [house["id"]]}
    assert org.refused("PATCH", f"{LOCATIONS}/{house['id']}", own).status == 400
    org.call("DELETE", f"{LOCATIONS}/{house['id']}")
    org.call("DELETE", f"{LOCATIONS}/{city['id']}")
    assert org.get(f"{LOCATIONS}/{city['id']}")["state"] == "deleted"


def test_locations_change_and_are_found(org: Organization):
    user = org.new_user()
    place = org.call("POST", LOCATIONS, {"name": "Berlin", "contactUser": user["id"],
                                         "address": {"city": "Berlin", "country": "DE"}})  # fmt: skip
    assert place["contactUser"]["id"] == user["id"]
    changed = org.call("PATCH", f"{LOCATIONS}/{place['id']}", {"name": "Berlin 2", "version": 1, "notes": "n"})
    assert (changed["version"], changed["notes"], changed["address"]["city"]) == (2, "n", "Berlin")
    assert org.refused("PATCH", f"{LOCATIONS}/{place['id']}", {"name": "x", "version": 1}).status == 409
    query = {"query": [{"type": "EXACT", "fields": ["address.city"], "value": "berlin"}]}
    assert [found["id"] for found in org.call("POST", f"{LOCATIONS}/search", query)["results"]] == [place["id"]]
    org.call("PATCH", f"{USERS}/{user['id']}", {"version": 1, "locations": [{"id": place["id"], "notes": "desk 4"}]})
    (shown,) = org.get(f"{USERS}/{user['id']}?expand=locations")["locations"]
    assert (shown["notes"], shown["locationDefinition"]["name"]) == ("desk 4", "Berlin 2")


@pytest.mark.parametrize(
    ("path", "first", "method", "changed"),
    [
        (GROUPS, {"name": "tf", "type": "official", "rulesVisible": True, "visibility": "public"}, "PUT",
         {"description": "b"}),
        (LOCATIONS, {"name": "tf", "notes": "a"}, "PATCH", {"name": "tf", "notes": "b"}),
    ],
)  # fmt: skip
def test_what_terraform_does(org: Organization, path: str, first: dict[str, Any], method: str, changed: dict[str, Any]):
    """Create, read, plan without changes, update with the version that was read, delete, and see the state."""
    made = org.call("POST", path, first)
    read = org.get(f"{path}/{made['id']}")
    assert {wire: read[wire] for wire in first} == first
    assert org.get(f"{path}/{made['id']}") == read
    org.call(method, f"{path}/{made['id']}", {**changed, "version": read["version"]})
    again = org.get(f"{path}/{made['id']}")
    assert {wire: again[wire] for wire in changed} == changed
    assert again["version"] == read["version"] + 1
    org.call("DELETE", f"{path}/{made['id']}")
    assert org.get(f"{path}/{made['id']}")["state"] == "deleted"
    assert org.call("POST", path, first)["id"] != made["id"]
