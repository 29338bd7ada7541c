"""SCIM in the sandbox: what an identity provider does, over the same users and groups as everything else."""

from __future__ import annotations

import contextlib
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesyscloud.sandbox.services.scimfilter import InvalidFilter, parse
from genesyscloud.sandbox.services.scimpatch import InvalidPatch, patched

from .organization import Organization

SCIM = "/api/v2/scim/v2"
USERS = "/api/v2/users"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GENESYS = "urn:ietf:params:scim:schemas:extension:genesys:purecloud:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@pytest.fixture
def org() -> Organization:
    return Organization()


def _create(org: Organization, name: str = "ada@example.com", more: Any = None) -> Any:
    further: dict[str, Any] = more or {}
    body = {"schemas": [CORE], "userName": name, "displayName": "Ada Lovelace", **further}
    status, headers, made = org.raw("POST", f"{SCIM}/users", body, content_type="application/scim+json")
    assert (status, headers["etag"]) == (201, made["meta"]["version"])
    return made


def _patch(org: Organization, path: str, *operations: dict[str, Any]) -> Any:
    return org.call("PATCH", f"{SCIM}/{path}", {"schemas": [PATCH], "Operations": list(operations)})


def _find(org: Organization, kind: str, text: str) -> Any:
    return org.get(f"{SCIM}/{kind}?filter={quote(text)}")


# --- users --------------------------------------------------------------------------------------


def test_a_resource_is_a_user(org: Organization):
    made = _create(org, more={"title": "Analyst", "externalId": "4711", ENTERPRISE: {"department": "Engines"}})
    assert (made["userName"], made["active"], made["externalId"]) == ("ada@example.com", True, "4711")
    user = org.get(f"{USERS}/{made['id']}")
    assert (user["email"], user["name"], user["title"], user["department"], user["state"]) == (
        "ada@example.com", "Ada Lovelace", "Analyst", "Engines", "active")  # fmt: skip
    org.call("PATCH", f"{USERS}/{made['id']}", {"version": user["version"], "title": "Countess"})
    assert org.get(f"{SCIM}/users/{made['id']}")["title"] == "Countess"
    assert org.get(f"/api/v2/scim/users/{made['id']}")["meta"]["location"] == f"/api/v2/scim/users/{made['id']}"


def test_what_an_identity_provider_does(org: Organization):
    """Look for the user, create, change, deactivate, delete, and find that it is gone."""
    query = quote('userName eq "Ada@example.com"')
    assert org.get(f"{SCIM}/users?filter={query}")["totalResults"] == 0
    made = _create(org)
    found = org.get(f"{SCIM}/users?filter={query}&startIndex=1&count=1")
    assert (found["totalResults"], found["itemsPerPage"], found["Resources"][0]["id"]) == (1, 1, made["id"])
    changed = _patch(
        org,
        f"users/{made['id']}",
        {"op": "Replace", "path": "displayName", "value": "Countess Ada"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Poetry"},
        {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "+13175550123"},
    )
    assert changed["displayName"] == "Countess Ada"
    assert changed[ENTERPRISE]["department"] == "Poetry"
    assert [number["value"] for number in changed["phoneNumbers"]] == ["+13175550123"]
    gone = _patch(org, f"users/{made['id']}", {"op": "Replace", "value": {"active": "False"}})
    assert gone["active"] is False
    assert org.get(f"{USERS}/{made['id']}")["state"] == "inactive"
    assert org.get(f"{SCIM}/users?filter={query}")["totalResults"] == 1
    org.call("DELETE", f"{SCIM}/users/{made['id']}")
    assert org.get(f"{SCIM}/users?filter={query}")["totalResults"] == 0
    assert org.get(f"{USERS}/{made['id']}")["state"] == "deleted"
    assert _create(org)["id"] == made["id"]


def test_errors_are_those_of_scim(org: Organization):
    _create(org)
    again = {"schemas": [CORE], "userName": "ADA@example.com", "displayName": "Other"}
    status, _, error = org.raw("POST", f"{SCIM}/users", again)
    assert (status, error["status"], error["scimType"]) == (409, "409", "uniqueness")
    assert error["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert error["detail"]
    status, _, error = org.raw("GET", f"{SCIM}/users/nobody")
    assert (status, error["status"], "scimType" in error) == (404, "404", False)
    status, _, error = org.raw("GET", f"{SCIM}/users?filter=userName%20like%20x")
    assert (status, error["scimType"]) == (400, "invalidFilter")
    assert org.refused("DELETE", f"{SCIM}/users/nobody").status == 404


def test_versions_guard_changes_and_spare_reads(org: Organization):
    made = _create(org)
    path, tag = f"{SCIM}/users/{made['id']}", made["meta"]["version"]
    assert org.raw("GET", path, if_none_match=tag)[0] == 304
    body = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": "A"}]}
    status, headers, _ = org.raw("PATCH", path, body, if_match=tag)
    assert status == 200
    assert headers["etag"] != tag
    assert org.raw("PATCH", path, body, if_match=tag)[0] == 412
    assert org.raw("GET", path, if_none_match=tag)[0] == 200
    assert org.raw("DELETE", path, if_match=tag)[0] == 412
    assert org.raw("DELETE", path, if_match=headers["etag"])[0] == 200


def test_put_replaces(org: Organization):
    made = _create(
        org, more={"title": "Analyst", "externalId": "1", "phoneNumbers": [{"value": "+1", "type": "mobile"}]}
    )
    after = org.call("PUT", f"{SCIM}/users/{made['id']}", {"externalId": "2", "displayName": "Ada King"})
    assert (after["displayName"], after["externalId"], after["userName"]) == ("Ada King", "2", "ada@example.com")
    assert "title" not in after
    assert after["phoneNumbers"] == []
    assert after["active"] is True
    assert after[ENTERPRISE]["division"] == "Home"


def test_the_enterprise_extension(org: Organization):
    boss = _create(org, "boss@example.com")
    division = org.call("POST", "/api/v2/authorization/divisions", {"name": "Europe", "description": ""})
    extension = {"manager": {"value": boss["id"]}, "employeeNumber": "7", "division": "Europe"}
    made = _create(org, more={ENTERPRISE: extension})
    user = org.get(f"{USERS}/{made['id']}?expand=employerInfo")
    assert user["manager"]["id"] == boss["id"]
    assert user["employerInfo"]["employeeId"] == "7"
    assert user["division"]["id"] == division["id"]
    wrong = {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": {"value": "nobody"}}
    status, _, error = org.raw("PATCH", f"{SCIM}/users/{made['id']}", {"schemas": [PATCH], "Operations": [wrong]})
    assert (status, error["scimType"]) == (400, "invalidValue")


def test_skills_languages_and_identifiers(org: Organization):
    for path, name in (("skills", "Chess"), ("skills", "Go"), ("languages", "Latin")):
        org.call("POST", f"/api/v2/routing/{path}", {"name": name})
    extension = {
        "routingSkills": [{"name": "Chess", "proficiency": 4}],
        "routingLanguages": [{"name": "latin", "proficiency": 2}],
        "externalIds": [{"authority": "hr", "value": "9"}],
    }
    made = _create(org, more={GENESYS: extension})
    assert [skill["name"] for skill in made[GENESYS]["routingSkills"]] == ["Chess"]
    (skill,) = org.get(f"{USERS}/{made['id']}/routingskills")["entities"]
    assert (skill["name"], skill["proficiency"]) == ("Chess", 4.0)
    assert org.get(f"{USERS}/externalid/hr/9")["id"] == made["id"]
    after = _patch(
        org,
        f"users/{made['id']}",
        {"op": "add", "path": f"{GENESYS}:routingSkills", "value": [{"name": "Go", "proficiency": 1}]},
        {"op": "remove", "path": f'{GENESYS}:routingSkills[name eq "Chess"]'},
    )
    assert [skill["name"] for skill in after[GENESYS]["routingSkills"]] == ["Go"]
    wrong = {"schemas": [CORE], "userName": "x@example.com", "displayName": "X",
             GENESYS: {"routingSkills": [{"name": "Unknown"}]}}  # fmt: skip
    assert org.raw("POST", f"{SCIM}/users", wrong)[0] == 400
    assert _find(org, "users", 'userName eq "x@example.com"')["totalResults"] == 0


def test_lists(org: Organization):
    everyone = org.get(f"{SCIM}/users")
    assert (everyone["totalResults"], everyone["startIndex"]) == (12, 1)
    part = org.get(f"{SCIM}/users?startIndex=11&count=5")
    assert (part["itemsPerPage"], part["startIndex"]) == (2, 11)
    assert org.get(f"{SCIM}/users?count=0")["Resources"] == []
    (slim, *_) = org.get(f"{SCIM}/users?attributes=userName")["Resources"]
    assert slim.keys() == {"id", "schemas", "userName", "meta"}
    (rest, *_) = org.get(f"{SCIM}/users?excludedAttributes=groups,emails")["Resources"]
    assert not {"groups", "emails"} & rest.keys()
    assert "userName" in rest
    assert [user.id for user in org.gc.paginate(org.gc.scim.get_scim_v2_users, count=5)] == [
        resource["id"] for resource in org.get(f"{SCIM}/users?count=100")["Resources"]]  # fmt: skip


# --- groups -------------------------------------------------------------------------------------


def test_groups(org: Organization):
    group = org.call("POST", "/api/v2/groups", {"name": "Chess club", "type": "official", "rulesVisible": True,
                                                "visibility": "public"})  # fmt: skip
    one, two = _create(org, "one@example.com"), _create(org, "two@example.com")
    found = _find(org, "groups", 'displayName eq "chess club"')
    assert [resource["id"] for resource in found["Resources"]] == [group["id"]]
    path = f"groups/{group['id']}"
    members = [{"value": user["id"]} for user in (one, two)]
    after = _patch(org, path, {"op": "add", "path": "members", "value": members})
    assert {member["value"] for member in after["members"]} == {one["id"], two["id"]}
    assert set(org.ids(f"/api/v2/groups/{group['id']}/members")) == {one["id"], two["id"]}
    assert [entry["value"] for entry in org.get(f"{SCIM}/users/{one['id']}")["groups"]] == [group["id"]]
    one_id = one["id"]
    one_of_them = f'members[value eq "{one_id}"]'
    after = _patch(org, path, {"op": "remove", "path": one_of_them})
    assert [member["value"] for member in after["members"]] == [two["id"]]
    after = org.call("PUT", f"{SCIM}/{path}", {"externalId": "g", "members": [{"value": one["id"]}]})
    assert ([member["value"] for member in after["members"]], after["externalId"]) == ([one["id"]], "g")
    body = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": [{"value": "nobody"}]}]}
    assert org.raw("PATCH", f"{SCIM}/{path}", body)[0] == 400
    assert org.raw("GET", f"{SCIM}/{path}", if_none_match=after["meta"]["version"])[0] == 304


def test_what_there_is(org: Organization):
    types = org.get(f"{SCIM}/resourcetypes")
    assert [resource["name"] for resource in types["Resources"]] == ["User", "Group"]
    assert org.get(f"{SCIM}/resourcetypes/User")["schema"] == CORE
    schema = org.get(f"{SCIM}/schemas/{CORE}")
    attributes = {attribute["name"]: attribute for attribute in schema["attributes"]}
    assert attributes["userName"]["uniqueness"] == "server"
    assert attributes["emails"]["multiValued"] is True
    assert attributes["password"]["returned"] == "never"
    assert org.get(f"{SCIM}/schemas")["totalResults"] == 4
    config = org.get(f"{SCIM}/serviceproviderconfig")
    assert (config["patch"]["supported"], config["etag"]["supported"]) == (True, True)
    assert org.raw("GET", f"{SCIM}/schemas/urn:none")[0] in (400, 404)
    assert org.raw("GET", f"{SCIM}/serviceproviderconfig", if_none_match="x")[0] == 200


# --- filters and operations ---------------------------------------------------------------------

ADA: dict[str, Any] = {
    "userName": "Ada@example.com",
    "active": True,
    "level": 5,
    "emails": [{"value": "ada@example.com", "type": "work"}, {"value": "a@home.example", "type": "home"}],
    "name": {"familyName": "Lovelace"},
    ENTERPRISE: {"department": "Engines"},
}


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ('userName eq "ADA@example.com"', True),
        ('username sw "ada"', True),
        ('userName ew "org"', False),
        ("active eq true", True),
        ("active eq false or level gt 4", True),
        ("active eq false and level gt 4", False),
        ('not (userName eq "x") and name.familyName co "love"', True),
        ('emails.value eq "a@home.example"', True),
        ('emails[type eq "work" and value co "home"]', False),
        ('emails[type eq "home" and value co "home"]', True),
        (f'{ENTERPRISE}:department eq "engines"', True),
        ("title pr", False),
        ("userName pr", True),
        ("level le 5", True),
        ('level lt "x"', False),
        ('userName ne "x"', True),
        ('userName eq "a \\" b"', False),
    ],
)
def test_filters(text: str, met: bool):
    assert parse(text)(ADA) is met


@pytest.mark.parametrize(
    "text", ["", "userName", "userName eq", "userName like 1", 'userName eq "x', "(a pr", "a pr)", "a eq b", "not a pr",
             "a[b pr", "(" * 50 + "a pr" + ")" * 50]
)  # fmt: skip
def test_texts_that_are_no_filters(text: str):
    with pytest.raises(InvalidFilter):
        parse(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='ab.:[]()" \\19eqprandnot', max_size=40))
def test_any_text_is_a_filter_or_is_refused(text: str):
    with contextlib.suppress(InvalidFilter):
        assert parse(text)(ADA) in (True, False)


def _after(*operations: dict[str, Any]) -> dict[str, Any]:
    before: dict[str, Any] = {**ADA, GENESYS: {}}
    result = patched(before, operations)
    assert before == {**ADA, GENESYS: {}}
    return result


def test_operations():
    assert _after({"op": "add", "path": "title", "value": "x"})["title"] == "x"
    assert "userName" not in _after({"op": "remove", "path": "USERNAME"})
    assert _after({"op": "replace", "value": {"name.familyName": "King"}})["name"] == {"familyName": "King"}
    assert _after({"op": "add", "path": f"{ENTERPRISE}:manager.value", "value": "1"})[ENTERPRISE] == {
        "department": "Engines", "manager": {"value": "1"}}  # fmt: skip
    assert _after({"op": "replace", "value": {ENTERPRISE: {"department": "x"}}})[ENTERPRISE] == {"department": "x"}
    assert _after({"op": "replace", "value": {f"{ENTERPRISE}:department": "y"}})[ENTERPRISE] == {"department": "y"}
    assert _after({"op": "replace", "path": f"{CORE}:userName", "value": "b"})["userName"] == "b"
    mails = _after({"op": "replace", "path": 'emails[type eq "home"].value', "value": "z"})["emails"]
    assert [mail["value"] for mail in mails] == ["ada@example.com", "z"]
    mails = _after({"op": "add", "path": "emails", "value": [{"value": "n", "primary": True}]})["emails"]
    assert [mail.get("primary") for mail in mails] == [False, False, True]
    assert len(_after({"op": "add", "path": "emails", "value": ADA["emails"][:1]})["emails"]) == 2
    assert _after({"op": "remove", "path": "emails", "value": ADA["emails"][:1]})["emails"] == ADA["emails"][1:]
    assert "type" not in _after({"op": "remove", "path": 'emails[type eq "work"].type'})["emails"][0]


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ({"op": "move", "path": "title"}, "invalidSyntax"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "add", "value": 1}, "invalidValue"),
        ({"op": "add", "path": "emails[type eq", "value": 1}, "invalidPath"),
        ({"op": "add", "path": "emails[type]", "value": 1}, "invalidFilter"),
        ({"op": "replace", "path": 'emails[type co "x"].value', "value": 1}, "noTarget"),
        ({"op": "replace", "path": 'emails[type eq "work"]', "value": 1}, "invalidValue"),
    ],
)
def test_operations_that_cannot_be(operation: dict[str, Any], kind: str):
    with pytest.raises(InvalidPatch) as caught:
        patched(ADA, [operation])
    assert caught.value.kind == kind


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["add", "replace", "remove"]),
    st.one_of(st.just(""), st.text(alphabet='emails.type[]"urn: eq', max_size=25), st.just(f"{ENTERPRISE}:manager")),
    json_values,
)
def test_any_operation_is_carried_out_or_refused(op: str, path: str, value: Any):
    with contextlib.suppress(InvalidPatch):
        assert isinstance(patched({**ADA, GENESYS: {}}, [{"op": op, "path": path, "value": value}]), dict)
