"""Presence definitions, the presence of users by source, routing status, and the history that is kept of both."""

from __future__ import annotations

from typing import Any

import pytest

from .organization import Organization

USERS = "/api/v2/users"
DEFINITIONS = "/api/v2/presence/definitions"


@pytest.fixture
def org() -> Organization:
    return Organization()


def _definition(org: Organization, system: str) -> str:
    return next(d["id"] for d in org.get(DEFINITIONS)["entities"] if d["systemPresence"] == system)


def _set(org: Organization, user_id: str, system: str, **more: Any) -> Any:
    body = {"presenceDefinition": {"id": _definition(org, system)}, **more}
    return org.call("PATCH", f"{USERS}/{user_id}/presences/purecloud", body)


def test_system_and_custom_definitions(org: Organization):
    known = org.get(DEFINITIONS)["entities"]
    system = {d["systemPresence"] for d in known if d["type"] == "System"}
    assert system == {"Available", "Away", "Busy", "Offline", "Idle", "OnQueue", "Meal", "Training", "Meeting", "Break"}
    assert any(d["type"] == "User" for d in known)
    made = org.call("POST", DEFINITIONS, {"languageLabels": {"en_US": "Dentist", "de": "Zahnarzt"},
                                          "systemPresence": "Away"})  # fmt: skip
    assert (made["name"], made["type"], made["deactivated"]) == ("Dentist", "User", False)
    assert org.get(f"{DEFINITIONS}/{made['id']}?localeCode=de")["name"] == "Zahnarzt"
    org.call("PUT", f"{DEFINITIONS}/{made['id']}", {"languageLabels": {"en_US": "Doctor"}, "deactivated": True})
    assert made["id"] not in org.ids(DEFINITIONS)
    assert made["id"] in org.ids(f"{DEFINITIONS}?deactivated=true")
    org.call("DELETE", f"{DEFINITIONS}/{made['id']}")
    assert org.refused("GET", f"{DEFINITIONS}/{made['id']}").status == 404


def test_definitions_that_cannot_be(org: Organization):
    assert org.refused("POST", DEFINITIONS, {"languageLabels": {}, "systemPresence": "Busy"}).status == 400
    assert org.refused("POST", DEFINITIONS, {"languageLabels": {"en_US": "x"}}).status == 400
    assert org.refused("DELETE", f"{DEFINITIONS}/{_definition(org, 'Busy')}").status == 400


def test_the_old_paths_show_the_same(org: Organization):
    old = org.get("/api/v2/presencedefinitions?pageSize=50")["entities"]
    assert [d["id"] for d in old] == org.ids(DEFINITIONS)
    queue = next(d for d in old if d["systemPresence"] == "On Queue")
    assert queue["primary"] is True
    made = org.call("POST", "/api/v2/presencedefinitions", {"languageLabels": {"en_US": "Phone booth"},
                                                            "systemPresence": "Busy"})  # fmt: skip
    assert org.get(f"{DEFINITIONS}/{made['id']}")["systemPresence"] == "Busy"


def test_a_user_is_offline_until_something_is_chosen(org: Organization):
    user = org.new_user()
    before = org.get(f"{USERS}/{user['id']}/presences/purecloud")
    assert before["presenceDefinition"]["systemPresence"] == "Offline"
    after = _set(org, user["id"], "Busy", message="until ten")
    assert (after["presenceDefinition"]["systemPresence"], after["message"]) == ("Busy", "until ten")
    assert after["modifiedDate"] == "2026-06-01T08:00:00.000Z"
    assert org.get(f"{USERS}/{user['id']}/presences/PURECLOUD")["message"] == "until ten"
    by_name = {"presenceDefinition": {"systemPresence": "Meal"}}
    changed = org.call("PATCH", f"{USERS}/{user['id']}/presences/purecloud", by_name)
    assert (changed["presenceDefinition"]["systemPresence"], changed["message"]) == ("Meal", "until ten")


def test_wrong_presences_are_refused(org: Organization):
    user = org.new_user()
    path = f"{USERS}/{user['id']}/presences/purecloud"
    assert org.refused("PATCH", path, {}).status == 400
    unknown = {"presenceDefinition": {"id": "11111111-1111-4111-8111-111111111111"}}
    assert org.refused("PATCH", path, unknown).status == 404
    assert org.refused("PATCH", f"{USERS}/nobody/presences/purecloud", unknown).status == 404
    assert org.refused("GET", f"{USERS}/{user['id']}/presences/nowhere").status == 404


def test_on_queue_is_idle_and_off_queue_is_not(org: Organization):
    user = org.new_user()
    status = f"{USERS}/{user['id']}/routingstatus"
    assert org.get(status)["status"] == "OFF_QUEUE"
    _set(org, user["id"], "OnQueue")
    assert org.get(status)["status"] == "IDLE"
    org.call("PUT", status, {"status": "NOT_RESPONDING"})
    assert org.get(status)["status"] == "NOT_RESPONDING"
    _set(org, user["id"], "Meal")
    assert org.get(status)["status"] == "OFF_QUEUE"
    assert org.refused("PUT", status, {}).status == 400
    assert org.refused("PUT", status, {"status": "SLEEPING"}).status == 400


def test_history_is_kept_for_analytics(org: Organization):
    user = org.new_user()
    for at, system in enumerate(("Available", "OnQueue", "Break")):
        org.time.now += 60
        _set(org, user["id"], system)
        assert at < 3
    presences = org.sandbox.store.table("presence_history")[user["id"]]
    assert [(row["start"], row["systemPresence"]) for row in presences] == [
        ("2026-06-01T08:01:00.000Z", "AVAILABLE"),
        ("2026-06-01T08:02:00.000Z", "ON_QUEUE"),
        ("2026-06-01T08:03:00.000Z", "BREAK"),
    ]
    assert presences[0]["organizationPresenceId"] == _definition(org, "Available")
    routing = org.sandbox.store.table("routing_history")[user["id"]]
    assert [(row["start"][14:16], row["routingStatus"]) for row in routing] == [("02", "IDLE"), ("03", "OFF_QUEUE")]


def test_history_stays_when_the_user_goes(org: Organization):
    user = org.new_user()
    _set(org, user["id"], "OnQueue")
    org.call("DELETE", f"{USERS}/{user['id']}")
    assert len(org.sandbox.store.table("presence_history")[user["id"]]) == 1
    org.call("PATCH", f"{USERS}/{user['id']}", {"version": 2, "state": "active"})
    assert org.get(f"{USERS}/{user['id']}/routingstatus")["status"] == "OFF_QUEUE"


def test_presence_by_source(org: Organization):
    user = org.new_user()
    source = org.call("POST", "/api/v2/presence/sources", {"name": "Teams"})["id"]
    _set(org, user["id"], "Busy")
    path = f"{USERS}/{user['id']}/presences/{source}"
    org.call("PATCH", path, {"presenceDefinition": {"id": _definition(org, "Meeting")}})

    def primary() -> str:
        shown = org.get(f"{USERS}/{user['id']}?expand=presence")["presence"]["presenceDefinition"]
        return shown["systemPresence"]

    assert primary() == "Busy"
    org.call("PATCH", path, {"primary": True})
    assert primary() == "Meeting"
    assert org.get(f"/api/v2/presence/users/{user['id']}/primarysource")["sourceId"] == source
    assert org.get(f"{USERS}/{user['id']}/presences/purecloud")["primary"] is False
    org.call("PUT", f"/api/v2/presence/users/{user['id']}/primarysource", {"sourceId": "PURECLOUD"})
    assert primary() == "Busy"
    org.call("PUT", f"/api/v2/presence/users/{user['id']}/primarysource", {"sourceId": source})
    org.call("DELETE", f"/api/v2/presence/sources/{source}")
    assert primary() == "Busy"


def test_several_at_once(org: Organization):
    one, two = org.new_user("One Person"), org.new_user("Two Person")
    busy = {"presenceDefinition": {"id": _definition(org, "Busy")}}
    org.call("PUT", f"{USERS}/presences/bulk", [{"id": user["id"], **busy} for user in (one, two)])
    many = org.get(f"{USERS}/presences/purecloud/bulk?id={one['id']},{two['id']},nobody")
    assert [(p["userId"], p["presenceDefinition"]["systemPresence"]) for p in many] == [
        (one["id"], "Busy"), (two["id"], "Busy")]  # fmt: skip
    assert org.refused("PUT", f"{USERS}/presences/bulk", [{"id": "nobody", **busy}]).status == 404


def test_changes_are_told(org: Organization):
    user = org.new_user()
    told: list[str] = []
    org.sandbox.events.change_listeners.append(lambda change: told.append(change.path))
    _set(org, user["id"], "OnQueue")
    assert {f"{USERS}/{user['id']}/presences/purecloud", f"{USERS}/{user['id']}/routingstatus"} <= set(told)
