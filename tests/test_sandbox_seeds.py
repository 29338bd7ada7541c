"""Organizations that somebody describes: the format, its links and its errors; the empty one and the demo."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud import GenesysCloud
from genesyscloud.http import Request
from genesyscloud.sandbox import Fault, Sandbox
from genesyscloud.sandbox.datafile import DataFileError
from genesyscloud.sandbox.demo import description
from genesyscloud.sandbox.seeds import SECTIONS, SeedError

OFFICE: dict[str, Any] = {
    "organization": {"name": "Acme", "defaultLanguage": "de-DE"},
    "divisions": ["North", {"name": "South", "description": "Where it is warm."}],
    "skills": ["Billing", "Repairs"],
    "languages": ["German"],
    "wrapup_codes": ["Done", {"name": "Again", "division": "North"}],
    "locations": [{"name": "Leipzig", "address": {"city": "Leipzig", "country": "DE"}}],
    "users": [
        {"name": "Ada Lovelace", "email": "ada@acme.example", "title": "Head", "division": "North", "phone": "+49341"},
        {
            "name": "Grace Hopper",
            "email": "grace@acme.example",
            "manager": "Ada Lovelace",
            "skills": {"Billing": 4, "Repairs": 2.5},
            "languages": ["German"],
            "groups": ["Everybody"],
            "queues": ["Hotline"],
            "location": "Leipzig",
            "roles": ["Supervisor"],
        },
    ],
    "groups": [{"name": "Everybody", "members": ["ada@acme.example"]}],
    "queues": [
        {"name": "Hotline", "division": "South", "members": ["Ada Lovelace"], "wrapup_codes": ["Done"]},
        "Backlog",
    ],
    "collections": {
        "/api/v2/outbound/contactlists": [{"name": "Leads", "columnNames": ["name", "phone"]}],
        "/api/v2/flows/datatables": [{"id": "prices", "name": "Prices"}],
    },
    "conversations": {"count": 10, "days": 2},
}


def _all(gc: GenesysCloud, path: str) -> list[dict[str, Any]]:
    return gc.request("GET", f"{path}?pageSize=100").value["entities"]


def _names(gc: GenesysCloud, path: str) -> list[str]:
    return [entity["name"] for entity in _all(gc, path)]


@pytest.fixture(scope="module")
def office() -> Sandbox:
    return Sandbox(seed_data=OFFICE, clock=lambda: 1.7e9)


def test_what_is_described_is_there_and_nothing_else(office: Sandbox):
    gc = office.client()
    assert _names(gc, "/api/v2/users") == ["Sandbox Admin", "Ada Lovelace", "Grace Hopper"]
    assert _names(gc, "/api/v2/routing/queues") == ["Hotline", "Backlog"]
    assert _names(gc, "/api/v2/authorization/divisions") == ["Home", "North", "South"]
    assert _names(gc, "/api/v2/routing/skills") == ["Billing", "Repairs"]
    assert _names(gc, "/api/v2/routing/wrapupcodes") == ["Done", "Again"]
    assert _names(gc, "/api/v2/groups") == ["Everybody"]
    assert _names(gc, "/api/v2/locations") == ["Leipzig"]
    assert _names(gc, "/api/v2/outbound/contactlists") == ["Leads"]
    assert gc.request("GET", "/api/v2/flows/datatables/prices").value["name"] == "Prices"
    for path in ("/api/v2/outbound/campaigns", "/api/v2/scripts", "/api/v2/telephony/providers/edges/phones"):
        assert _all(gc, path) == []
    assert gc.organization.get_organizations_me().name == "Acme"


def test_links_lead_to_what_they_name(office: Sandbox):
    gc = office.client()
    _, ada, grace = _all(gc, "/api/v2/users")
    hotline = _all(gc, "/api/v2/routing/queues")[0]
    billing = _all(gc, "/api/v2/routing/skills")[0]
    assert grace["manager"]["id"] == ada["id"]
    assert (ada["division"]["name"], hotline["division"]["name"], grace["division"]["name"]) == (
        "North",
        "South",
        "Home",
    )
    members = _all(gc, f"/api/v2/routing/queues/{hotline['id']}/members")
    assert [member["id"] for member in members] == [ada["id"], grace["id"]]
    assert hotline["memberCount"] == 2
    known = {skill["id"]: skill["proficiency"] for skill in _all(gc, f"/api/v2/users/{grace['id']}/routingskills")}
    assert known[billing["id"]] == 4
    assert {contact["mediaType"] for contact in ada["primaryContactInfo"]} == {"EMAIL", "PHONE"}
    assert _names(gc, f"/api/v2/routing/queues/{hotline['id']}/wrapupcodes") == ["Done"]
    assert office.store.table("group_members")[_all(gc, "/api/v2/groups")[0]["id"]] == [ada["id"], grace["id"]]
    roles = gc.request("GET", f"/api/v2/users/{grace['id']}/roles").value["roles"]
    assert {role["name"] for role in roles} == {"Employee", "Supervisor"}
    traffic = office.store.table("traffic")["default"]
    assert (traffic["count"], traffic["end"] - traffic["start"]) == (10, 2 * 86_400_000)
    assert traffic["queues"] == {hotline["id"]: [ada["id"], grace["id"]]}


def test_the_same_description_and_seed_give_the_same_ids(office: Sandbox):
    again, other = Sandbox(seed_data=OFFICE), Sandbox(seed_data=OFFICE, seed=2)
    ids = [[user["id"] for user in _all(sandbox.client(), "/api/v2/users")] for sandbox in (office, again, other)]
    assert ids[0] == ids[1]
    assert not set(ids[0]) & set(ids[2])


def test_what_was_described_can_be_changed_and_comes_back():
    sandbox = Sandbox(seed_data=OFFICE)
    gc, start = sandbox.client(), sandbox.snapshot()
    user = _all(gc, "/api/v2/users")[1]
    gc.request("PATCH", f"/api/v2/users/{user['id']}", json={"version": user["version"], "title": "Gone"})
    gc.request("DELETE", f"/api/v2/routing/queues/{_all(gc, '/api/v2/routing/queues')[1]['id']}")
    assert _all(gc, "/api/v2/users")[1]["title"] == "Gone"
    sandbox.restore(start)
    assert _all(gc, "/api/v2/users")[1]["title"] == "Head"
    assert _names(gc, "/api/v2/routing/queues") == ["Hotline", "Backlog"]


@pytest.mark.parametrize("kind", ["json", "yaml", "yml"])
def test_files(tmp_path: Path, kind: str):
    file = tmp_path / f"office.{kind}"
    yaml = "users:\n- name: Ada\n  employerInfo: {dateHire: 2020-01-31}\nskills: [Billing]\n"
    file.write_text(json.dumps(OFFICE) if kind == "json" else yaml)
    gc = Sandbox(seed_data=file).client()
    assert _all(gc, "/api/v2/users")[1]["name"].startswith("Ada")
    assert _names(gc, "/api/v2/routing/skills")[0] == "Billing"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"user": []}, "user: is no section. Did you mean 'users'?"),
        ({"users": "Ada"}, "users: must be a list"),
        ({"users": [7]}, "users[0]: must be a name or an object"),
        ({"users": [{"email": "a@b"}]}, "users[0]: needs a name"),
        ({"skills": ["A", "a"]}, "skills[1]: 'a' is there twice"),
        ({"users": [{"name": "A", "titel": "x"}]}, "users[0].titel: is no property of User. Did you mean 'title'?"),
        ({"users": [{"name": "A", "title": 7}]}, "users[0].title: is not a string"),
        ({"users": [{"name": "A", "state": "gone"}]}, "users[0].state: is none of active, inactive, deleted"),
        ({"users": [{"name": "A", "manager": "B"}]}, "users[0].manager: there is no user 'B'."),
        (
            {"users": [{"name": "A", "email": "1"}, {"name": "A", "email": "2"}, {"name": "C", "manager": "A"}]},
            "users[2].manager: more than one user is called 'A': give the e-mail address or the id",
        ),
        (
            {"skills": ["Billing"], "users": [{"name": "A", "skills": ["Biling"]}]},
            "users[0].skills.Biling: there is no skill 'Biling'. Did you mean 'Billing'?",
        ),
        (
            {"skills": ["S"], "users": [{"name": "A", "skills": {"S": 6}}]},
            "users[0].skills.S: must be a number from 0 to 5",
        ),
        (
            {"users": [{"name": "A", "skills": 1}]},
            "users[0].skills: must be a list of names, or numbers from 0 to 5 by name",
        ),
        (
            {"users": [{"name": "A", "roles": ["Supervizor"]}]},
            "users[0].roles[0]: there is no role 'Supervizor'. Did you mean 'Supervisor'?",
        ),
        ({"users": [{"name": "A", "roles": "Supervisor"}]}, "users[0].roles: must be a list of names"),
        ({"queues": [{"name": "Q", "members": "A"}]}, "queues[0].members: must be a list of names"),
        ({"divisions": ["Home"]}, "divisions: the home division is there anyway: leave it out"),
        ({"collections": []}, "collections: must be an object: lists of entities by path"),
        (
            {"collections": {"/api/v2/nothing": []}},
            "collections['/api/v2/nothing']: is no path of a collection, such as /api/v2/outbound/contactlists",
        ),
        (
            {"collections": {"/api/v2/outbound/campaigns": [{"nam": "x"}]}},
            "collections['/api/v2/outbound/campaigns'][0].nam: is no property of Campaign. Did you mean 'name'?",
        ),
        ({"organization": {"nome": "x"}}, "organization.nome: is no property of Organization. Did you mean 'name'?"),
        ({"conversations": {"count": -1}}, "conversations.count: must be a number from 0 to 1000000"),
        ({"conversations": {"count": 1, "days": 0}}, "conversations.days: must be a number from 1 to 366"),
        ({"examples": "yes"}, "examples: must be true or false"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(given: dict[str, Any], problem: str):
    with pytest.raises(SeedError) as caught:
        Sandbox(seed_data=given)
    assert problem in caught.value.problems


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path):
    file = tmp_path / "office.json"
    file.write_text(json.dumps({"users": [{"name": f"U{at}", "manager": "nobody"} for at in range(30)]}))
    with pytest.raises(SeedError, match=r"office\.json does not describe") as caught:
        Sandbox(seed_data=file)
    assert len(caught.value.problems) == 30
    assert "… and 10 more" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [("a.json", "{", "not valid JSON"), ("a.yaml", "a: [", "not valid YAML"), ("a.json", "[]", "must be an object")],
)
def test_files_that_are_none(tmp_path: Path, name: str, text: str, problem: str):
    (tmp_path / name).write_text(text)
    with pytest.raises(SeedError, match=problem):
        Sandbox(seed_data=tmp_path / name)
    with pytest.raises(SeedError, match="No such file"):
        Sandbox(seed_data=tmp_path / "missing.json")


WORDS = st.sampled_from(["name", "email", "members", "skills", "manager", "division", "id", "count", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([*SECTIONS, "collections", "organization", "conversations", "examples"]), JSON))
def test_any_description_is_used_or_refused(given: dict[str, Any]):
    try:
        sandbox = Sandbox(seed_data=given)
    except SeedError:
        return
    gc = sandbox.client()
    for path in SECTIONS.values():
        _all(gc, path)


# --- the others ---------------------------------------------------------------------------------


def test_the_empty_organization_has_its_owner_and_what_the_service_brings_along():
    gc = Sandbox(organization="empty").client()
    assert _names(gc, "/api/v2/users") == ["Sandbox Admin"]
    assert _names(gc, "/api/v2/authorization/divisions") == ["Home"]
    assert _all(gc, "/api/v2/routing/queues") == []
    assert _all(gc, "/api/v2/integrations/types")
    queue = gc.request("POST", "/api/v2/routing/queues", json={"name": "First"}).value
    assert _all(gc, f"/api/v2/routing/queues/{queue['id']}/members") == []


def test_the_demo_is_a_call_centre():
    demo = description(1)
    assert demo == description(1)
    assert demo != description(2)
    gc = Sandbox(organization="demo").client()
    assert gc.request("GET", "/api/v2/users?pageSize=1").value["total"] == 200
    queues = gc.request("GET", "/api/v2/routing/queues?pageSize=100").value["entities"]
    assert len(queues) == 40
    assert all(queue["memberCount"] > 0 for queue in queues)
    people = [
        user
        for page in (1, 2)
        for user in gc.request("GET", f"/api/v2/users?pageSize=100&pageNumber={page}").value["entities"]
    ]
    assert len({user["email"] for user in people}) == 200
    assert all(user.get("manager") for user in people if user.get("title") in ("Agent", "Team Lead", "Senior Agent"))
    assert sum(1 for user in people if user.get("title") == "Team Lead") > 10


def test_there_are_no_other_organizations():
    with pytest.raises(ValueError, match="choose default, demo or empty"):
        Sandbox(organization="dmeo")
    with pytest.raises(ValueError, match="not both"):
        Sandbox(organization="demo", seed_data={})


def test_a_data_file_keeps_its_organization(tmp_path: Path):
    file = tmp_path / "data.db"
    with Sandbox(data=file, seed_data=OFFICE, clock=lambda: 1.7e9) as sandbox:
        gc = sandbox.client()
        gc.request("DELETE", f"/api/v2/routing/queues/{_all(gc, '/api/v2/routing/queues')[1]['id']}")
        traffic = dict(sandbox.store.table("traffic"))
    with Sandbox(data=file, clock=lambda: 1.8e9) as sandbox:
        assert _names(sandbox.client(), "/api/v2/routing/queues") == ["Hotline"]
        assert dict(sandbox.store.table("traffic")) == traffic
    with pytest.raises(DataFileError, match="other seed data"):
        Sandbox(data=file, seed_data={"users": ["Somebody"]})
    with pytest.raises(DataFileError, match=r"organization='seeded'.*organization='demo'"):
        Sandbox(data=file, organization="demo")


def test_a_running_sandbox_gets_another_organization(tmp_path: Path):
    with Sandbox(data=tmp_path / "data.db") as sandbox:
        gc = sandbox.client()
        gc.request("POST", "/api/v2/routing/queues", json={"name": "Old"})
        with pytest.raises(SeedError):
            sandbox.seed({"wrong": 1})
        assert gc.request("GET", "/api/v2/routing/queues").value["total"] == 251
        sandbox.seed(OFFICE)
        assert _names(gc, "/api/v2/routing/queues") == ["Hotline", "Backlog"]
    with Sandbox(data=tmp_path / "data.db") as sandbox:
        assert _names(sandbox.client(), "/api/v2/routing/queues") == ["Hotline", "Backlog"]


def test_over_the_admin_interface():
    sandbox = Sandbox()

    def post(body: bytes, kind: str) -> int:
        return sandbox.handle(Request("POST", "/sandbox/seed", {"content-type": kind}, body)).status

    assert post(json.dumps(OFFICE).encode(), "application/json") == 200
    assert _names(sandbox.client(), "/api/v2/routing/queues") == ["Hotline", "Backlog"]
    assert post(b"queues: [One]", "application/yaml") == 200
    assert _names(sandbox.client(), "/api/v2/routing/queues") == ["One"]
    assert post(b"queues: [One]", "application/json") == 400
    assert post(b'{"quues": []}', "application/json") == 400
    assert post(b'{"organization": "demo"}', "application/json") == 400
    assert _names(sandbox.client(), "/api/v2/routing/queues") == ["One"]


def test_a_snapshot_brings_back_an_organization_that_was_replaced(tmp_path: Path):
    with Sandbox(seed=4, data=None) as sandbox, sandbox.client() as gc:
        made = gc.request("POST", "/api/v2/routing/queues", json={"name": "Kept"}).value["id"]
        before = gc.routing.get_routing_queues(page_size=100).to_dict()
        snapshot = sandbox.snapshot()
        for _ in range(2):
            sandbox.seed({"queues": ["A"]})
            assert [queue.name for queue in gc.routing.get_routing_queues().entities or ()] == ["A"]
            sandbox.restore(snapshot)
            assert gc.routing.get_routing_queues(page_size=100).to_dict() == before
            assert gc.routing.get_routing_queue(made).name == "Kept"
    with Sandbox(data=tmp_path / "data") as sandbox:
        snapshot = sandbox.snapshot()
        sandbox.seed({"queues": ["A"]})
        with pytest.raises(ValueError, match="the snapshot was made before seed"):
            sandbox.restore(snapshot)


def test_rewinding_takes_back_what_is_none_of_the_organization():
    with Sandbox(rate_limit=2) as sandbox, sandbox.client(retry=False) as gc:
        snapshot = sandbox.snapshot()
        for _ in range(3):
            gc.users.get_users_me()
            gc.users.get_users_me()
            sandbox.faults.add(Fault(kind="server_error"))
            sandbox.snapshots["named"] = sandbox.snapshot()
            sandbox.rewind(snapshot)
            assert (sandbox.faults.listed(), sandbox.requests.listed(), sandbox.snapshots) == ([], [], {})


def test_yaml_without_its_package_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "Seed.yaml"
    file.write_text("queues: [A]")
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(SeedError) as caught:
        Sandbox(seed_data=file)
    assert caught.value.problems == ["YAML needs another package: pip install 'genesyscloud[sandbox]'"]
