"""Sites, base settings, phones, lines and stations of the sandbox, and who uses which."""

from __future__ import annotations

from typing import Any

import pytest

from .organization import Organization

EDGES = "/api/v2/telephony/providers/edges"
SITES, PHONES, LINES = f"{EDGES}/sites", f"{EDGES}/phones", f"{EDGES}/lines"
BASES, LINE_BASES = f"{EDGES}/phonebasesettings", f"{EDGES}/linebasesettings"
STATIONS = "/api/v2/stations"
LOCATIONS = "/api/v2/locations"
USERS = "/api/v2/users"


@pytest.fixture
def org() -> Organization:
    return Organization()


def _site(org: Organization, name: str = "Berlin") -> Any:
    place = org.call("POST", LOCATIONS, {"name": f"{name} street"})
    return org.call("POST", SITES, {"name": name, "location": {"id": place["id"]}})


def _base(org: Organization, name: str = "WebRTC") -> Any:
    lines = [{"name": f"{name} line", "lineMetaBase": {"id": "inin_webrtc_softphone_line.json"}}]
    return org.call("POST", BASES, {"name": name, "phoneMetaBase": {"id": "inin_webrtc.json"}, "lines": lines})


def _phone(org: Organization, name: str = "Phone", **more: Any) -> Any:
    site, base = _site(org, f"{name} site"), _base(org, f"{name} base")
    body = {"name": name, "site": {"id": site["id"]}, "phoneBaseSettings": {"id": base["id"]}, **more}
    return org.call("POST", PHONES, {"lines": [{"name": "line 1"}], **body})


def test_sites_are_at_locations(org: Organization):
    site = _site(org)
    assert (site["state"], site["version"], site["location"]["name"]) == ("active", 1, "Berlin street")
    place = {"location": {"id": site["location"]["id"]}}
    assert org.refused("POST", SITES, {"name": "berlin", **place}).status == 409
    assert org.refused("POST", SITES, {"name": "x", "location": {"id": "nowhere"}}).status == 400
    assert org.refused("POST", SITES, {"name": "x"}).status == 400
    changed = org.call("PUT", f"{SITES}/{site['id']}", {"name": "Berlin 2", "description": "d", **place})
    assert (changed["name"], changed["version"], changed["division"]["name"]) == ("Berlin 2", 2, "Home")
    assert org.refused("DELETE", f"{LOCATIONS}/{site['location']['id']}").status == 409
    assert org.ids(f"{SITES}?location.id={site['location']['id']}") == [site["id"]]
    query = {"query": [{"type": "EXACT", "fields": ["name"], "value": "Berlin 2"}]}
    assert [found["id"] for found in org.call("POST", f"{SITES}/search", query)["results"]] == [site["id"]]
    org.call("DELETE", f"{SITES}/{site['id']}")
    assert org.refused("GET", f"{SITES}/{site['id']}").status == 404


def test_base_settings_make_line_settings(org: Organization):
    base = _base(org)
    (line,) = base["lines"]
    assert org.get(f"{LINE_BASES}/{line['id']}")["name"] == "WebRTC line"
    template = org.get(f"{PHONES}/template?phoneBaseSettingsId={base['id']}")
    assert (template["phoneBaseSettings"]["id"], template["lines"][0]["lineBaseSettings"]["id"]) == (
        base["id"], line["id"])  # fmt: skip
    assert org.refused("GET", f"{PHONES}/template?phoneBaseSettingsId=none").status == 404
    org.call("DELETE", f"{BASES}/{base['id']}")
    assert org.refused("GET", f"{LINE_BASES}/{line['id']}").status == 404


def test_a_phone_has_lines_and_stations(org: Organization):
    user = org.new_user()
    phone = _phone(org, webRtcUser={"id": user["id"]})
    (line,) = phone["lines"]
    assert (phone["state"], phone["version"], phone["site"]["name"]) == ("active", 1, "Phone site")
    assert phone["status"]["operationalStatus"] == "OPERATIONAL"
    assert phone["phoneMetaBase"]["id"] == "inin_webrtc.json"
    assert org.get(f"{LINES}/{line['id']}")["name"] == "line 1"
    (station,) = org.get(f"{STATIONS}?webRtcUserId={user['id']}")["entities"]
    assert (station["name"], station["type"], station["status"]) == ("Phone", "inin_webrtc_softphone", "AVAILABLE")
    assert station["lineAppearanceId"] == line["id"]
    assert org.ids(f"{PHONES}?webRtcUser.id={user['id']}") == [phone["id"]]
    assert org.ids(f"{PHONES}?lines.id={line['id']}") == [phone["id"]]
    assert org.ids(f"{PHONES}?site.id={phone['site']['id']}") == [phone["id"]]
    assert org.refused("DELETE", f"{SITES}/{phone['site']['id']}").status == 409
    assert org.refused("DELETE", f"{BASES}/{phone['phoneBaseSettings']['id']}").status == 409
    org.call("DELETE", f"{PHONES}/{phone['id']}")
    for path in (f"{PHONES}/{phone['id']}", f"{LINES}/{line['id']}", f"{STATIONS}/{station['id']}"):
        assert org.refused("GET", path).status == 404
    org.call("DELETE", f"{SITES}/{phone['site']['id']}")


def test_phones_that_cannot_be(org: Organization):
    phone = _phone(org)
    good = {"name": "Another", "site": {"id": phone["site"]["id"]},
            "phoneBaseSettings": {"id": phone["phoneBaseSettings"]["id"]}, "lines": [{"name": "l"}]}  # fmt: skip
    for wrong in ({"name": "phone"}, {"site": {"id": "x"}}, {"phoneBaseSettings": {"id": "x"}}, {"lines": None},
                  {"webRtcUser": {"id": "x"}}, {"name": ""}):  # fmt: skip
        assert org.refused("POST", PHONES, {**good, **wrong}).status in (400, 409)
    assert org.call("POST", PHONES, good)["name"] == "Another"


def test_a_phone_keeps_the_lines_that_keep_their_names(org: Organization):
    phone = _phone(org, lines=[{"name": "one"}, {"name": "two"}])
    ids = {line["name"]: line["id"] for line in phone["lines"]}
    body = {wire: phone[wire] for wire in ("name", "site", "phoneBaseSettings", "version")}
    changed = org.call("PUT", f"{PHONES}/{phone['id']}", {**body, "lines": [{"name": "two"}, {"name": "three"}]})
    now = {line["name"]: line["id"] for line in changed["lines"]}
    assert (now.keys(), now["two"], changed["version"]) == ({"two", "three"}, ids["two"], 2)
    assert org.refused("GET", f"{LINES}/{ids['one']}").status == 404
    assert org.refused("PUT", f"{PHONES}/{phone['id']}", {**body, "lines": [{"name": "two"}]}).status == 409


def test_stations_are_used_by_one(org: Organization):
    one, two = org.new_user("One Person"), org.new_user("Two Person")
    phone = _phone(org)
    station = phone["lines"][0]["id"]
    org.call("PUT", f"{USERS}/{one['id']}/station/associatedstation/{station}")
    shown = org.get(f"{USERS}/{one['id']}/station")
    assert shown["associatedStation"]["id"] == shown["effectiveStation"]["id"] == station
    assert (org.get(f"{STATIONS}/{station}")["status"], org.get(f"{STATIONS}/{station}")["userId"]) == (
        "ASSOCIATED", one["id"])  # fmt: skip
    assert org.get(f"{PHONES}/{phone['id']}")["lines"][0]["loggedInUser"]["id"] == one["id"]
    assert org.refused("PUT", f"{USERS}/{two['id']}/station/associatedstation/{station}").status == 409
    assert org.refused("PUT", f"{USERS}/{two['id']}/station/associatedstation/none").status == 404
    assert org.get(f"{USERS}/{one['id']}?expand=station")["station"]["associatedStation"]["id"] == station
    org.call("DELETE", f"{USERS}/{one['id']}/station/associatedstation")
    left = org.get(f"{USERS}/{one['id']}/station")
    assert "associatedStation" not in left
    assert left["lastAssociatedStation"]["id"] == station
    org.call("PUT", f"{USERS}/{two['id']}/station/associatedstation/{station}")
    org.call("DELETE", f"{STATIONS}/{station}/associateduser")
    assert org.get(f"{STATIONS}/{station}")["status"] == "AVAILABLE"
    assert "associatedStation" not in org.get(f"{USERS}/{two['id']}/station")


def test_default_stations(org: Organization):
    user, phone = org.new_user(), _phone(org)
    station = phone["lines"][0]["id"]
    org.call("PUT", f"{USERS}/{user['id']}/station/defaultstation/{station}")
    shown = org.get(f"{USERS}/{user['id']}/station")
    assert shown["defaultStation"]["id"] == shown["effectiveStation"]["id"] == station
    assert org.ids(f"{PHONES}?lines.defaultForUser.id={user['id']}") == [phone["id"]]
    org.call("DELETE", f"{USERS}/{user['id']}/station/defaultstation")
    assert org.get(f"{USERS}/{user['id']}/station") == {}


def test_another_station_frees_the_first(org: Organization):
    user = org.new_user()
    one, two = (_phone(org, name)["lines"][0]["id"] for name in ("One", "Two"))
    for station in (one, two):
        org.call("PUT", f"{USERS}/{user['id']}/station/associatedstation/{station}")
    assert [org.get(f"{STATIONS}/{station}")["status"] for station in (one, two)] == ["AVAILABLE", "ASSOCIATED"]


def test_who_is_deleted_and_what_is_deleted_is_not_used(org: Organization):
    user, phone = org.new_user(), _phone(org)
    station = phone["lines"][0]["id"]
    org.call("PUT", f"{USERS}/{user['id']}/station/associatedstation/{station}")
    org.call("DELETE", f"{USERS}/{user['id']}")
    assert org.get(f"{STATIONS}/{station}")["status"] == "AVAILABLE"
    other = org.new_user("Somebody Else")
    org.call("PUT", f"{USERS}/{other['id']}/station/associatedstation/{station}")
    org.call("DELETE", f"{PHONES}/{phone['id']}")
    assert "associatedStation" not in org.get(f"{USERS}/{other['id']}/station")


def test_seeded_phones_hang_together(org: Organization):
    phone = org.get(PHONES)["entities"][0]
    assert org.get(f"{SITES}/{phone['site']['id']}")["id"] == phone["site"]["id"]
    assert org.get(f"{BASES}/{phone['phoneBaseSettings']['id']}")["id"] == phone["phoneBaseSettings"]["id"]
    assert org.get(f"{LINES}/{phone['lines'][0]['id']}")["name"] == phone["lines"][0]["name"]
    station = org.ids(STATIONS)[0]
    org.call("PUT", f"/api/v2/users/stations/me/associatedstation/{station}")
    assert org.get("/api/v2/users/stations/me")["associatedStation"]["id"] == station
    org.call("DELETE", "/api/v2/users/stations/me/associatedstation")
    assert "associatedStation" not in org.get("/api/v2/users/stations/me")


@pytest.mark.parametrize("kind", ["site", "phone"])
def test_what_terraform_does(org: Organization, kind: str):
    """Create, read, find by name, update with the version that was read, delete, and find that it is gone."""
    made = _site(org, "tf") if kind == "site" else _phone(org, "tf")
    path = SITES if kind == "site" else PHONES
    assert made["id"] in org.ids(f"{path}?name=tf")
    read = org.get(f"{path}/{made['id']}")
    assert org.get(f"{path}/{made['id']}") == read
    changed = org.call("PUT", f"{path}/{made['id']}", {**read, "description": "managed"})
    assert (changed["description"], changed["version"]) == ("managed", read["version"] + 1)
    assert org.refused("PUT", f"{path}/{made['id']}", {**read, "description": "stale"}).status == 409
    org.call("DELETE", f"{path}/{made['id']}")
    assert org.refused("GET", f"{path}/{made['id']}").status == 404
    assert org.ids(f"{path}?name=tf") == [entry for entry in org.ids(f"{path}?name=tf") if entry != made["id"]]
