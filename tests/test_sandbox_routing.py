"""Skills, languages, queues, members and wrap-up codes of the sandbox, and what ties them together."""

from __future__ import annotations

from typing import Any

import pytest

from genesyscloud.models import CreateQueueRequest

from .organization import Organization

USERS = "/api/v2/users"
QUEUES = "/api/v2/routing/queues"
SKILLS = "/api/v2/routing/skills"
LANGUAGES = "/api/v2/routing/languages"
CODES = "/api/v2/routing/wrapupcodes"
GROUPS = "/api/v2/routing/skillgroups"


@pytest.fixture
def org() -> Organization:
    return Organization()


def _names(entities: list[dict[str, Any]]) -> list[str]:
    return [entity["name"] for entity in entities]


# --- skills and languages -----------------------------------------------------------------------


@pytest.mark.parametrize("path", [SKILLS, LANGUAGES])
def test_names_are_unique_and_what_is_deleted_says_so(org: Organization, path: str):
    made = org.call("POST", path, {"name": "Klingon"})
    assert (made["state"], made["name"]) == ("active", "Klingon")
    assert org.refused("POST", path, {"name": "klingon"}).status == 409
    assert org.refused("POST", path, {"name": " "}).status == 400
    assert org.ids(f"{path}?name=Kling*") == [made["id"]]
    org.call("DELETE", f"{path}/{made['id']}")
    assert org.get(f"{path}/{made['id']}")["state"] == "deleted"
    assert org.ids(f"{path}?name=Klingon") == []
    assert org.refused("DELETE", f"{path}/{made['id']}").status == 404
    assert org.call("POST", path, {"name": "Klingon"})["id"] != made["id"]


@pytest.mark.parametrize(("path", "own"), [(SKILLS, "routingskills"), (LANGUAGES, "routinglanguages")])
def test_what_a_user_knows(org: Organization, path: str, own: str):
    user = org.new_user()
    one, two = (org.call("POST", path, {"name": name})["id"] for name in ("One", "Two"))
    mine = f"{USERS}/{user['id']}/{own}"
    added = org.call("POST", mine, {"id": one, "proficiency": 3})
    assert (added["id"], added["name"], added["proficiency"], added["state"]) == (one, "One", 3.0, "active")
    org.call("PATCH", f"{mine}/bulk", [{"id": one, "proficiency": 5}, {"id": two, "proficiency": 1}])
    assert {entry["name"]: entry["proficiency"] for entry in org.get(mine)["entities"]} == {"One": 5.0, "Two": 1.0}
    method = "PUT" if path == SKILLS else "PATCH"
    assert org.call(method, f"{mine}/{two}", {"proficiency": 4.5})["proficiency"] == 4.5
    org.call("DELETE", f"{mine}/{one}")
    assert _names(org.get(mine)["entities"]) == ["Two"]
    assert org.refused("DELETE", f"{mine}/{one}").status == 404
    org.call("DELETE", f"{path}/{two}")
    assert org.get(mine)["total"] == 0


def test_wrong_proficiencies_change_nothing(org: Organization):
    user = org.new_user()
    skill = org.call("POST", SKILLS, {"name": "One"})["id"]
    mine = f"{USERS}/{user['id']}/routingskills"
    assert org.refused("POST", mine, {"id": skill, "proficiency": 6}).status == 400
    assert org.refused("POST", mine, {"id": "unknown", "proficiency": 1}).status == 404
    mixed = [{"id": skill, "proficiency": 1}, {"id": "unknown", "proficiency": 1}]
    assert org.refused("PATCH", f"{mine}/bulk", mixed).status == 404
    assert org.get(mine)["total"] == 0


def test_putting_skills_replaces_all(org: Organization):
    user = org.get(USERS)["entities"][1]
    mine = f"{USERS}/{user['id']}/routingskills"
    assert org.get(mine)["total"] > 0
    skill = org.call("POST", SKILLS, {"name": "Only"})["id"]
    org.call("PUT", f"{mine}/bulk", [{"id": skill, "proficiency": 2}])
    assert _names(org.get(mine)["entities"]) == ["Only"]


def test_seeded_users_know_seeded_skills(org: Organization):
    known = {entry["id"] for entry in org.get(f"{USERS}/{org.ids(USERS)[2]}/routingskills")["entities"]}
    assert known
    assert known <= set(org.ids(f"{SKILLS}?pageSize=100"))


def test_skill_groups_follow_from_skills(org: Organization):
    expert, beginner = org.new_user("The Expert"), org.new_user("The Beginner")
    skill = org.call("POST", SKILLS, {"name": "Chess"})["id"]
    for user, level in ((expert, 5), (beginner, 1)):
        org.call("POST", f"{USERS}/{user['id']}/routingskills", {"id": skill, "proficiency": level})
    knows = {"routingSkill": skill, "comparator": "GreaterThan", "proficiency": 3}
    condition = {"routingSkillConditions": [knows], "languageSkillConditions": [], "operation": "And"}
    group = org.call("POST", GROUPS, {"name": "Masters", "skillConditions": [condition]})
    assert group["memberCount"] == 1
    assert org.ids(f"{GROUPS}/{group['id']}/members") == [expert["id"]]
    assert group["id"] in org.ids(f"{USERS}/{expert['id']}/skillgroups?pageSize=100")
    org.call("PUT", f"{USERS}/{beginner['id']}/routingskills/{skill}", {"proficiency": 4})
    assert org.get(f"{GROUPS}/{group['id']}")["memberCount"] == 2
    nobody = {**condition, "operation": "Not"}
    org.call("PATCH", f"{GROUPS}/{group['id']}", {"name": "Others", "skillConditions": [nobody]})
    assert expert["id"] not in org.ids(f"{GROUPS}/{group['id']}/members?pageSize=100")


# --- queues -------------------------------------------------------------------------------------


def test_a_new_queue_has_what_nobody_said(org: Organization):
    queue = org.gc.routing.post_routing_queues(CreateQueueRequest(name="Support"))
    assert queue.media_settings is not None
    assert queue.media_settings.call is not None
    assert queue.media_settings.call.alerting_timeout_seconds == 8
    assert queue.acw_settings is not None
    assert queue.acw_settings.wrapup_prompt == "MANDATORY_TIMEOUT"
    assert (queue.skill_evaluation_method, queue.member_count, queue.joined_member_count) == ("ALL", 0, 0)
    assert queue.division is not None
    assert queue.division.name == "Home"


def test_what_is_said_of_one_medium_leaves_the_others(org: Organization):
    body = {"name": "Chats", "mediaSettings": {"chat": {"alertingTimeoutSeconds": 77}}}
    media = org.call("POST", QUEUES, body)["mediaSettings"]
    assert (media["chat"]["alertingTimeoutSeconds"], media["call"]["alertingTimeoutSeconds"]) == (77, 8)
    assert media["chat"]["serviceLevel"]["percentage"] == 0.8


def test_names_of_queues_are_unique(org: Organization):
    one, two = (org.call("POST", QUEUES, {"name": name}) for name in ("One", "Two"))
    assert org.refused("POST", QUEUES, {"name": "ONE"}).code == "general.conflict"
    assert org.refused("POST", QUEUES, {}).status == 400
    assert org.refused("PUT", f"{QUEUES}/{two['id']}", {"name": "One"}).status == 409
    assert org.call("PUT", f"{QUEUES}/{one['id']}", {"name": "One", "description": "same"})["description"] == "same"


def test_a_queue_like_another(org: Organization):
    code = org.call("POST", CODES, {"name": "Solved"})
    source = org.call("POST", QUEUES, {"name": "Source", "scoringMethod": "PriorityOnly", "description": "a"})
    org.call("POST", f"{QUEUES}/{source['id']}/wrapupcodes", [{"id": code["id"]}])
    copy = org.call("POST", QUEUES, {"name": "Copy", "sourceQueueId": source["id"]})
    assert (copy["scoringMethod"], copy["description"]) == ("PriorityOnly", "a")
    assert org.ids(f"{QUEUES}/{copy['id']}/wrapupcodes") == [code["id"]]


def test_members_join_leave_and_go(org: Organization):
    queue, user = org.call("POST", QUEUES, {"name": "Mine"}), org.new_user()
    members = f"{QUEUES}/{queue['id']}/members"
    org.call("POST", members, [{"id": user["id"]}])
    (member,) = org.get(members)["entities"]
    assert (member["id"], member["joined"], member["ringNumber"], member["name"]) == (user["id"], True, 1, user["name"])
    org.call("PATCH", f"{members}/{user['id']}", {"joined": False, "ringNumber": 3})
    assert org.get(f"{QUEUES}/{queue['id']}")["joinedMemberCount"] == 0
    org.call("POST", members, [{"id": user["id"]}])
    (member,) = org.get(f"{members}?joined=false")["entities"]
    assert (member["joined"], member["ringNumber"]) == (False, 3)
    assert org.refused("PATCH", f"{members}/{user['id']}", {"ringNumber": 9}).status == 400
    assert org.refused("POST", members, [{"id": "nobody"}]).status == 404
    org.call("POST", f"{members}?delete=true", [{"id": user["id"]}])
    assert org.get(f"{QUEUES}/{queue['id']}")["memberCount"] == 0


def test_seeded_members_are_users(org: Organization):
    queue = org.get(QUEUES)["entities"][1]
    members = org.get(f"{QUEUES}/{queue['id']}/members")["entities"]
    assert len(members) == queue["memberCount"] == 3
    assert {member["id"] for member in members} <= set(org.ids(f"{USERS}?pageSize=100"))
    org.call("DELETE", f"{QUEUES}/{queue['id']}/members/{members[0]['id']}")
    assert org.get(f"{QUEUES}/{queue['id']}")["memberCount"] == 2


def test_members_by_what_they_are(org: Organization):
    queue = org.call("POST", QUEUES, {"name": "Mine"})
    one, two = org.new_user("One Person"), org.new_user("Two Person")
    members = f"{QUEUES}/{queue['id']}/members"
    org.call("POST", members, [{"id": one["id"]}, {"id": two["id"]}])
    skill = org.call("POST", SKILLS, {"name": "Chess"})["id"]
    org.call("POST", f"{USERS}/{one['id']}/routingskills", {"id": skill, "proficiency": 3})
    on_queue = {"presenceDefinition": {"systemPresence": "On Queue"}}
    org.call("PATCH", f"{USERS}/{two['id']}/presences/purecloud", on_queue)
    assert org.ids(f"{members}?skills=Chess") == [one["id"]]
    assert org.ids(f"{members}?routingStatus=IDLE") == [two["id"]]
    assert org.ids(f"{members}?presence=ON_QUEUE") == [two["id"]]
    assert org.ids(f"{members}?name=two") == [two["id"]]
    assert org.ids(f"{members}?sortOrder=desc") == [two["id"], one["id"]]
    shown = org.get(f"{members}?expand=presence,routingStatus")["entities"][1]
    assert shown["user"]["presence"]["presenceDefinition"]["systemPresence"] == "On Queue"
    assert shown["routingStatus"]["status"] == "IDLE"


def test_queues_of_a_user(org: Organization):
    user = org.new_user()
    one, two = (org.call("POST", QUEUES, {"name": name}) for name in ("One", "Two"))
    for queue in (one, two):
        org.call("POST", f"{QUEUES}/{queue['id']}/members", [{"id": user["id"]}])
    mine = f"{USERS}/{user['id']}/queues"
    assert {(queue["name"], queue["joined"]) for queue in org.get(mine)["entities"]} == {("One", True), ("Two", True)}
    assert org.call("PATCH", f"{mine}/{one['id']}", {"joined": False})["joined"] is False
    assert _names(org.get(f"{mine}?joined=true")["entities"]) == ["Two"]
    org.call("PATCH", mine, [{"id": one["id"], "joined": True}, {"id": two["id"], "joined": False}])
    assert _names(org.get(f"{mine}?joined=true")["entities"]) == ["One"]
    other = org.call("POST", QUEUES, {"name": "Other"})
    assert org.refused("PATCH", f"{mine}/{other['id']}", {"joined": True}).status == 404
    admin = org.sandbox.admin_id
    org.call("POST", f"{QUEUES}/{other['id']}/members", [{"id": admin}])
    assert other["id"] in org.ids("/api/v2/routing/queues/me?pageSize=100")


def test_a_user_who_is_deleted_leaves_all_queues(org: Organization):
    user = org.get(USERS)["entities"][0]
    before = org.get(f"{USERS}/{user['id']}/queues")["entities"]
    assert before
    org.call("DELETE", f"{USERS}/{user['id']}")
    for queue in before:
        assert user["id"] not in org.ids(f"{QUEUES}/{queue['id']}/members?pageSize=100")
        assert org.get(f"{QUEUES}/{queue['id']}")["memberCount"] == queue["memberCount"] - 1


def test_wrap_up_codes(org: Organization):
    code = org.call("POST", CODES, {"name": "Solved"})
    assert code["division"]["name"] == "Home"
    assert org.refused("POST", CODES, {"name": "solved"}).status == 409
    renamed = org.call("PUT", f"{CODES}/{code['id']}", {"name": "Done"})
    assert (renamed["name"], renamed["division"]["name"]) == ("Done", "Home")
    assert org.get(f"{CODES}/divisionviews/{code['id']}")["name"] == "Done"
    queue = org.call("POST", QUEUES, {"name": "Mine"})
    own = f"{QUEUES}/{queue['id']}/wrapupcodes"
    assert _names(org.call("POST", own, [{"id": code["id"]}])) == ["Done"]
    org.call("PUT", f"{CODES}/{code['id']}", {"name": "Finished"})
    assert _names(org.get(own)["entities"]) == ["Finished"]
    assert org.refused("POST", own, [{"id": "unknown"}]).status == 404
    org.call("DELETE", f"{CODES}/{code['id']}")
    assert org.get(own)["total"] == 0
    other = org.call("POST", CODES, {"name": "Other"})
    org.call("POST", own, [{"id": other["id"]}])
    org.call("DELETE", f"{own}/{other['id']}")
    assert org.get(own)["total"] == 0
    assert org.get(f"{CODES}/{other['id']}")["name"] == "Other"


def test_lists_of_queues(org: Organization):
    made = org.call("POST", QUEUES, {"name": "Zebra line", "peerId": "peer"})
    assert org.ids(f"{QUEUES}?name=zebra*") == [made["id"]]
    assert org.ids(f"{QUEUES}?hasPeer=true") == [made["id"]]
    assert org.ids(f"{QUEUES}?id={made['id']}") == [made["id"]]
    assert org.ids(f"{QUEUES}/divisionviews?name=Zebra%20line") == [made["id"]]
    assert org.get(f"{QUEUES}/divisionviews/all?pageSize=500")["total"] == org.get(QUEUES)["total"]


def test_waiting_depends_on_who_is_idle(org: Organization):
    queue, user = org.call("POST", QUEUES, {"name": "Mine"}), org.new_user()
    path = f"{QUEUES}/{queue['id']}/estimatedwaittime"
    org.call("POST", f"{QUEUES}/{queue['id']}/members", [{"id": user["id"]}])
    assert org.get(path)["results"][0]["estimatedWaitTimeSeconds"] > 0
    org.call("PUT", f"{USERS}/{user['id']}/routingstatus", {"status": "IDLE"})
    assert org.get(path)["results"][0]["estimatedWaitTimeSeconds"] == 0


def test_utilization_of_the_organization_and_of_an_agent(org: Organization):
    user = org.new_user()
    own = f"/api/v2/routing/users/{user['id']}/utilization"
    assert org.get(own)["level"] == "Organization"
    three: Any = {
        "utilization": {"chat": {"maximumCapacity": 3, "interruptableMediaTypes": [], "includeNonAcd": False}}
    }
    org.call("PUT", "/api/v2/routing/utilization", three)
    assert org.get(own)["utilization"]["chat"]["maximumCapacity"] == 3
    three["utilization"]["chat"]["maximumCapacity"] = 7
    mine = org.call("PUT", own, three)
    assert (mine["level"], mine["utilization"]["chat"]["maximumCapacity"]) == ("Agent", 7)
    assert mine["utilization"]["call"]["maximumCapacity"] == 1
    org.call("DELETE", own)
    assert org.get(own)["utilization"]["chat"]["maximumCapacity"] == 3
    org.call("DELETE", "/api/v2/routing/utilization")
    assert org.get(own)["utilization"]["chat"]["maximumCapacity"] == 4


@pytest.mark.parametrize(
    ("path", "first", "changed"),
    [
        (QUEUES, {"name": "tf-queue", "description": "one"}, {"name": "tf-queue", "description": "two"}),
        (CODES, {"name": "tf-code"}, {"name": "tf-code-2"}),
    ],
)
def test_what_terraform_does(org: Organization, path: str, first: dict[str, str], changed: dict[str, str]):
    """Create, read, find by name, plan without changes, update, delete, and find that it is gone."""
    made = org.call("POST", path, first)
    assert org.ids(f"{path}?name={first['name']}") == [made["id"]]
    read = org.get(f"{path}/{made['id']}")
    assert {wire: read[wire] for wire in first} == first
    assert org.get(f"{path}/{made['id']}") == read
    org.call("PUT", f"{path}/{made['id']}", changed)
    again = org.get(f"{path}/{made['id']}")
    assert {wire: again[wire] for wire in changed} == changed
    assert again["division"] == read["division"]
    org.call("DELETE", f"{path}/{made['id']}" + ("?forceDelete=true" if path == QUEUES else ""))
    assert org.refused("GET", f"{path}/{made['id']}").status == 404
    assert org.call("POST", path, first)["id"] != made["id"]
