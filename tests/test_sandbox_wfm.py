"""Workforce management of the sandbox: units, agents, activity codes, schedules, adherence, time off."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from genesyscloud.http import Request

from .organization import Organization

ROOT = "/api/v2/workforcemanagement"
UNITS, TEAMS = f"{ROOT}/businessunits", f"{ROOT}/managementunits"
USERS = "/api/v2/users"
WEEK = "2026-06-01"


@pytest.fixture
def org() -> Organization:
    return Organization()


def _unit(org: Organization, name: str = "Unit") -> Any:
    settings = {"startDayOfWeek": "Monday", "timeZone": "Europe/Berlin"}
    return org.call("POST", UNITS, {"name": name, "divisionId": org.sandbox.home_division()["id"],
                                    "settings": settings})  # fmt: skip


def _team(org: Organization, unit: Any, name: str = "Team") -> Any:
    return org.call("POST", TEAMS, {"name": name, "businessUnitId": unit["id"]})


def _agent(org: Organization, team: Any, name: str = "Ada Lovelace") -> Any:
    user = org.new_user(name)
    org.call("POST", f"{ROOT}/agents", {"userIds": [user["id"]], "destinationManagementUnitId": team["id"]})
    return user


def _ids(entities: list[Any]) -> list[str]:
    return [entity["id"] for entity in entities]


# --- units and agents ---------------------------------------------------------------------------


def test_business_units_and_management_units(org: Organization):
    unit = _unit(org)
    assert (unit["settings"]["timeZone"], unit["settings"]["metadata"]["version"]) == ("Europe/Berlin", 1)
    assert org.refused("POST", UNITS, {**unit, "name": "unit", "divisionId": unit["division"]["id"]}).status == 409
    team = _team(org, unit)
    assert (team["businessUnit"]["id"], team["timeZone"], team["version"]) == (unit["id"], "Europe/Berlin", 1)
    assert org.refused("POST", TEAMS, {"name": "x", "businessUnitId": "none"}).status == 404
    assert _ids(org.get(f"{UNITS}/{unit['id']}/managementunits")["entities"]) == [team["id"]]
    assert org.refused("DELETE", f"{UNITS}/{unit['id']}").status == 409
    other = _unit(org, "Other")
    assert org.call("POST", f"{TEAMS}/{team['id']}/move", {"businessUnitId": other["id"]})["status"] == "Complete"
    org.call("DELETE", f"{UNITS}/{unit['id']}")
    assert org.refused("GET", f"{UNITS}/{unit['id']}").status == 404
    assert org.call("PATCH", f"{TEAMS}/{team['id']}", {"name": "New"})["version"] == 2
    org.call("DELETE", f"{TEAMS}/{team['id']}")
    org.call("DELETE", f"{UNITS}/{other['id']}")


def test_settings_have_a_version_of_their_own(org: Organization):
    unit = _unit(org)
    change: Any = {"settings": {"metadata": {"version": 1}, "scheduling": {"messageSeverities": []}}}
    assert org.call("PATCH", f"{UNITS}/{unit['id']}", change)["settings"]["metadata"]["version"] == 2
    assert org.refused("PATCH", f"{UNITS}/{unit['id']}", change).status == 409
    assert org.call("PATCH", f"{UNITS}/{unit['id']}", {"name": "Renamed"})["name"] == "Renamed"


def test_agents_are_in_one_management_unit(org: Organization):
    unit = _unit(org)
    one, two = _team(org, unit, "One"), _team(org, unit, "Two")
    user = _agent(org, one)
    assert _ids(org.get(f"{TEAMS}/{one['id']}/users")["entities"]) == [user["id"]]
    where = org.get(f"{ROOT}/agents/{user['id']}/managementunit")
    assert (where["managementUnit"]["id"], where["businessUnit"]["id"]) == (one["id"], unit["id"])
    body = {"userIds": [user["id"]], "destinationManagementUnitId": two["id"]}
    assert org.call("POST", f"{ROOT}/agents", body)["results"][0]["result"] == "MoveSuccessful"
    assert org.call("POST", f"{ROOT}/agents", body)["results"][0]["result"] == "AlreadyMoved"
    assert org.refused("GET", f"{TEAMS}/{one['id']}/agents/{user['id']}").status == 404
    org.call("PATCH", f"{TEAMS}/{two['id']}/agents", {"entities": [{"userId": user["id"], "schedulable": False}]})
    agent = org.get(f"{TEAMS}/{two['id']}/agents/{user['id']}")
    assert (agent["schedulable"], agent["metadata"]["version"]) == (False, 2)
    users = {entry["managementUnit"]["id"]: _ids(entry["users"])
             for entry in org.get(f"{UNITS}/{unit['id']}/users")["managementUnits"]}  # fmt: skip
    assert users == {one["id"]: [], two["id"]: [user["id"]]}
    org.call("DELETE", f"{TEAMS}/{two['id']}")
    assert org.refused("GET", f"{ROOT}/agents/{user['id']}/managementunit").status == 404
    assert "v2.workforcemanagement.agents" in {topic for topic, _ in org.events}


def test_activity_codes(org: Organization):
    unit = _unit(org)
    path = f"{UNITS}/{unit['id']}/activitycodes"
    known = {code["category"]: code for code in org.get(path)["entities"]}
    assert known["OnQueueWork"]["defaultCode"] is True
    assert known["Meal"]["countsAsPaidTime"] is False
    made = org.call("POST", path, {"name": "Coaching", "category": "Training", "lengthInMinutes": 45})
    assert (made["id"], made["defaultCode"], made["active"], made["lengthInMinutes"]) == ("8", False, True, 45)
    assert org.refused("POST", path, {"name": "coaching", "category": "Training"}).status == 409
    change = {"name": "Mentoring", "metadata": {"version": 1}}
    assert org.call("PATCH", f"{path}/8", change)["metadata"]["version"] == 2
    assert org.refused("PATCH", f"{path}/8", change).status == 409
    assert org.refused("DELETE", f"{path}/0").status == 400
    wrong = {"category": "Meal", "metadata": {"version": 1}}
    assert org.refused("PATCH", f"{path}/0", wrong).status == 400
    team = _team(org, unit)
    assert org.get(f"{TEAMS}/{team['id']}/activitycodes")["activityCodes"]["8"]["name"] == "Mentoring"
    org.call("DELETE", f"{path}/8")
    assert org.refused("GET", f"{path}/8").status == 404


# --- schedules ----------------------------------------------------------------------------------


def _content(user: Any, *starts: str, **more: Any) -> dict[str, Any]:
    activities = [[{"startDate": start, "lengthMinutes": 240, "activityCodeId": "0"},
                   {"startDate": f"{start[:11]}12:00:00.000Z", "lengthMinutes": 30, "activityCodeId": "2"}]
                  for start in starts]  # fmt: skip
    agents = [{"userId": user["id"], "shifts": [{"activities": entry} for entry in activities]}]
    return {"description": "Imported", "weekCount": 1, "agentSchedules": agents, **more}


def _upload(org: Organization, path: str, content: Any) -> Any:
    """What a program does: get a URL, send the file, name the key."""
    where = org.call("POST", f"{path}/uploadurl", {"contentLengthBytes": 100})
    assert org.refused("POST", path, {"uploadKey": where["uploadKey"]}).status == 400
    data = gzip.compress(json.dumps(content).encode())
    assert org.sandbox.handle(Request("PUT", where["url"], where["headers"], data)).status == 200
    return org.call("POST", path, {"uploadKey": where["uploadKey"]})


def _search(org: Organization, path: str, start: str, end: str, **more: Any) -> list[Any]:
    body = {"startDate": start, "endDate": end, **more}
    return org.call("POST", f"{path}/agentschedules/search", body)["result"]["agentSchedules"]


def test_schedules_are_made_copied_and_deleted(org: Organization):
    unit = _unit(org)
    path = f"{UNITS}/{unit['id']}/weeks/{WEEK}/schedules"
    assert org.get(path)["entities"] == []
    made = org.call("POST", path, {"description": "Plan", "weekCount": 2})
    assert (made["weekDate"], made["published"], made["metadata"]["version"]) == (WEEK, False, 1)
    assert org.refused("POST", path, {"description": "Plan", "weekCount": 9}).status == 400
    assert org.get(f"{path}?includeOnlyPublished=true")["entities"] == []
    copy = org.call("POST", f"{path}/{made['id']}/copy", {"description": "Copy", "weekDate": "2026-06-15"})
    assert (copy["status"], copy["result"]["weekDate"], copy["result"]["weekCount"]) == ("Complete", "2026-06-15", 2)
    org.call("DELETE", f"{path}/{made['id']}")
    assert org.refused("GET", f"{path}/{made['id']}").status == 404
    assert _ids(org.get(f"{UNITS}/{unit['id']}/weeks/2026-06-15/schedules")["entities"]) == [copy["result"]["id"]]


def test_an_imported_schedule_is_published_and_found(org: Organization):
    unit = _unit(org)
    team = _team(org, unit)
    user, other = _agent(org, team), _agent(org, team, "Bob Noyce")
    path = f"{UNITS}/{unit['id']}/weeks/{WEEK}/schedules"
    content = _content(user, f"{WEEK}T08:00:00.000Z", "2026-06-02T08:00:00.000Z")
    schedule = _upload(org, f"{path}/import", content)["result"]
    day = (f"{WEEK}T00:00:00.000Z", "2026-06-02T00:00:00.000Z")
    assert all(agent["shifts"] == [] for agent in _search(org, f"{UNITS}/{unit['id']}", *day))
    query = {"managementUnitId": team["id"]}
    (mine,) = org.call("POST", f"{path}/{schedule['id']}/agentschedules/query", query)["result"]["agentSchedules"]
    assert [shift["lengthMinutes"] for shift in mine["shifts"]] == [270, 270]
    update = {"metadata": {"version": 1}, "published": True}
    after = _upload(org, f"{path}/{schedule['id']}/update", update)["result"]
    assert (after["published"], after["metadata"]["version"]) == (True, 2)
    found = {agent["user"]["id"]: agent["shifts"] for agent in _search(org, f"{TEAMS}/{team['id']}", *day)}
    assert found[other["id"]] == []
    (shift,) = found[user["id"]]
    assert (shift["startDate"], shift["schedule"]["id"]) == (f"{WEEK}T08:00:00.000Z", schedule["id"])
    assert [activity["activityCodeId"] for activity in shift["activities"]] == ["0", "2"]
    (only,) = _search(org, f"{UNITS}/{unit['id']}", *day, userIds=[user["id"]])
    assert only["user"]["id"] == user["id"]
    topics = {topic for topic, _ in org.events}
    assert f"v2.users.{user['id']}.workforcemanagement.schedules" in topics
    assert f"v2.workforcemanagement.businessunits.{unit['id']}.schedules" in topics


def test_uploads_that_cannot_be(org: Organization):
    unit = _unit(org)
    path = f"{UNITS}/{unit['id']}/weeks/{WEEK}/schedules/import"
    assert org.refused("POST", path, {"uploadKey": "none"}).status == 400
    for content in (_content({"id": "nobody"}, f"{WEEK}T08:00:00.000Z"), {"weekCount": 99}):
        where = org.call("POST", f"{path}/uploadurl", {"contentLengthBytes": 1})
        data = gzip.compress(json.dumps(content).encode())
        assert org.sandbox.handle(Request("PUT", where["url"], where["headers"], data)).status == 200
        assert org.refused("POST", path, {"uploadKey": where["uploadKey"]}).status == 400
    assert org.get(f"{UNITS}/{unit['id']}/weeks/{WEEK}/schedules")["entities"] == []


def test_seeded_units_have_schedules(org: Organization):
    team = org.get(TEAMS)["entities"][0]
    agents = org.get(f"{TEAMS}/{team['id']}/users")["entities"]
    found = _search(org, f"{TEAMS}/{team['id']}", f"{WEEK}T00:00:00.000Z", "2026-06-08T00:00:00.000Z")
    assert {agent["user"]["id"] for agent in found} == {agent["id"] for agent in agents}
    assert all(len(agent["shifts"]) == 5 for agent in found)
    mine = org.call("POST", f"{ROOT}/agentschedules/mine", {"startDate": f"{WEEK}T00:00:00.000Z",
                                                            "endDate": "2026-06-08T00:00:00.000Z"})  # fmt: skip
    assert len(mine["agentSchedules"][0]["shifts"]) == 5


# --- adherence ----------------------------------------------------------------------------------


def _scheduled(org: Organization) -> tuple[Any, Any]:
    """An agent who is to be on queue from eight to twelve and to have a meal until half past, and the team."""
    unit = _unit(org)
    team = _team(org, unit)
    user = _agent(org, team)
    content = _content(user, f"{WEEK}T08:00:00.000Z", published=True)
    _upload(org, f"{UNITS}/{unit['id']}/weeks/{WEEK}/schedules/import", content)
    return user, team


def _set(org: Organization, user: Any, system: str) -> None:
    org.call("PATCH", f"{USERS}/{user['id']}/presences/purecloud", {"presenceDefinition": {"systemPresence": system}})


def test_adherence_follows_presence_and_the_clock(org: Organization):
    user, team = _scheduled(org)

    def now() -> tuple[str, str, str]:
        (found,) = org.get(f"{ROOT}/adherence?userId={user['id']}")
        assert org.get(f"{TEAMS}/{team['id']}/adherence")["entities"] == [found]
        return found["adherenceState"], found["scheduledActivityCategory"], found["actualActivityCategory"]

    assert now() == ("OutOfAdherence", "OnQueueWork", "Unavailable")
    _set(org, user, "OnQueue")
    assert now() == ("InAdherence", "OnQueueWork", "OnQueueWork")
    org.time.now += 4 * 3600
    assert now() == ("OutOfAdherence", "Meal", "OnQueueWork")
    _set(org, user, "Meal")
    assert now() == ("InAdherence", "Meal", "Meal")
    org.time.now += 3600
    assert now() == ("Unscheduled", "Unscheduled", "Meal")


def test_adherence_of_the_past(org: Organization):
    user, team = _scheduled(org)
    org.time.now += 3600
    _set(org, user, "OnQueue")
    org.time.now += 3 * 3600
    _set(org, user, "Meal")
    org.time.now += 3600
    body = {"startDate": f"{WEEK}T00:00:00.000Z", "endDate": "2026-06-02T00:00:00.000Z", "includeExceptions": True}
    started = org.call("POST", f"{TEAMS}/{team['id']}/historicaladherencequery", body)
    assert started["queryState"] == "Processing"
    told = dict(org.events)[f"v2.users.{org.sandbox.admin_id}.workforcemanagement.historicaladherencequery"]
    assert (told["id"], told["queryState"]) == (started["id"], "Complete")
    result = org.get(f"{ROOT}/adherence/historical/jobs/{started['id']}")
    (mine,) = result["downloadResult"]["data"]
    # Three of four hours on queue, and half an hour of meal: 210 of 270 minutes.
    assert (mine["userId"], mine["adherencePercentage"], mine["conformancePercentage"]) == (user["id"], 77.78, 75.0)
    (exception,) = mine["exceptionInfo"]
    assert (exception["startOffsetSeconds"], exception["endOffsetSeconds"]) == (8 * 3600, 9 * 3600)
    assert (exception["scheduledActivityCategory"], exception["actualActivityCategory"]) == (
        "OnQueueWork", "Unavailable")  # fmt: skip
    (day,) = mine["dayMetrics"]
    assert (day["adherenceScheduleSecs"], day["conformanceActualSecs"], day["exceptionCount"]) == (16_200, 10_800, 1)
    bulk = org.call("POST", f"{ROOT}/adherence/historical/bulk", {
        "timeZone": "UTC",
        "items": [{"managementUnitId": team["id"], "startDate": body["startDate"], "endDate": body["endDate"]}],
    })["job"]  # fmt: skip
    done = org.get(f"{ROOT}/adherence/historical/bulk/jobs/{bulk['id']}")
    assert done["job"]["status"] == "Complete"
    assert [entry["adherencePercentage"] for entry in done["downloadResult"]["userResults"]] == [77.78]
    assert org.refused("GET", f"{ROOT}/adherence/historical/jobs/none").status == 404
    wrong = {**body, "startDate": "2026-01-01T00:00:00.000Z"}
    assert org.refused("POST", f"{TEAMS}/{team['id']}/historicaladherencequery", wrong).status == 400


# --- time off -----------------------------------------------------------------------------------


def test_time_off_is_asked_for_and_decided_on(org: Organization):
    team = _team(org, _unit(org))
    user = _agent(org, team)
    org.call("POST", f"{ROOT}/agents", {"userIds": [org.sandbox.admin_id], "destinationManagementUnitId": team["id"]})
    day = {"activityCodeId": "5", "fullDayManagementUnitDates": ["2026-07-01"]}
    mine = org.call("POST", f"{ROOT}/timeoffrequests", {**day, "notes": "please"})
    assert (mine["status"], mine["isFullDayRequest"], mine["durationMinutes"]) == ("PENDING", True, [480])
    assert mine["id"] in _ids(org.get(f"{ROOT}/timeoffrequests")["timeOffRequests"])
    path = f"{TEAMS}/{team['id']}/users/{org.sandbox.admin_id}/timeoffrequests/{mine['id']}"
    approval = {"status": "APPROVED", "metadata": {"version": 1}}
    approved = org.call("PATCH", path, approval)
    assert (approved["status"], approved["reviewedBy"]["id"]) == ("APPROVED", org.sandbox.admin_id)
    assert org.refused("PATCH", path, approval).status == 409
    entered = org.call("POST", f"{TEAMS}/{team['id']}/timeoffrequests",
                       {**day, "status": "APPROVED", "users": [{"id": user["id"]}]})["timeOffRequests"]  # fmt: skip
    assert [(entry["user"]["id"], entry["status"]) for entry in entered] == [(user["id"], "APPROVED")]

    def found(**query: Any) -> list[str]:
        return _ids(org.call("POST", f"{TEAMS}/{team['id']}/timeoffrequests/query", query)["entities"])

    assert set(found(statuses=["APPROVED"])) == {mine["id"], entered[0]["id"]}
    assert found(userIds=[user["id"]]) == [entered[0]["id"]]
    assert found(dateRange={"startDate": "2026-07-02", "endDate": "2026-08-01"}) == []
    canceled = org.call("PATCH", f"{ROOT}/timeoffrequests/{mine['id']}", {"status": "CANCELED"})
    assert canceled["status"] == "CANCELED"
    assert org.refused("PATCH", f"{ROOT}/timeoffrequests/{mine['id']}", {"status": "CANCELED"}).status == 400


def test_time_off_that_cannot_be(org: Organization):
    team = _team(org, _unit(org))
    stranger = org.new_user()
    assert org.refused("POST", f"{ROOT}/timeoffrequests", {"activityCodeId": "5"}).status == 400
    both = {"activityCodeId": "5", "fullDayManagementUnitDates": ["2026-07-01"],
            "partialDayStartDateTimes": ["2026-07-01T08:00:00.000Z"]}  # fmt: skip
    assert org.refused("POST", f"{ROOT}/timeoffrequests", both).status == 400
    entry = {"activityCodeId": "5", "fullDayManagementUnitDates": ["2026-07-01"], "status": "APPROVED",
             "users": [{"id": stranger["id"]}]}  # fmt: skip
    assert org.refused("POST", f"{TEAMS}/{team['id']}/timeoffrequests", entry).status == 404
