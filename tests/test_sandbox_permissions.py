"""Roles, grants, and requests that are refused because the one who asks may not do it."""

from __future__ import annotations

from typing import Any

import pytest

from genesyscloud import AccessToken, ClientCredentials, GenesysCloud
from genesyscloud.catalog import catalog
from genesyscloud.errors import Forbidden
from genesyscloud.sandbox.permissions import DEFAULT_ROLES, Policy
from genesyscloud.sandbox.tokens import Token
from genesyscloud.sandbox.transport import SandboxTransport

from .logins import Answer, Place

ROLES = "/api/v2/authorization/roles"
SUBJECTS = "/api/v2/authorization/subjects"
QUEUES = "/api/v2/routing/queues"
QUEUE = {"name": "New"}
NOBODY = "00000000-0000-4000-8000-000000000000"


class Organization(Place):
    """A sandbox that enforces permissions, an administrator, and an ordinary user with a token."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(enforce_permissions=True, **settings)
        self.admin = self.sandbox.access_token()
        users = self.get("/api/v2/users?pageSize=60")["entities"]
        self.user = next(user["id"] for user in users[1:] if user["id"][-1] not in "07")
        self.leader = next(user["id"] for user in users[1:] if user["id"][-1] in "07")
        self.mine = self.sandbox.access_token(user_id=self.user, client_id="code")
        self.home = self.get("/api/v2/authorization/divisions/home")["id"]

    def get(self, url: str) -> Any:
        answer = self.api(self.admin, "GET", url)
        assert answer.status == 200, answer.body
        return answer.body

    def do(self, method: str, url: str, body: Any = None) -> Answer:
        answer = self.api(self.admin, method, url, body)
        assert answer.status < 300, answer.body
        return answer

    def role(self, *permissions: str, name: str = "Mine") -> str:
        policies = [
            {"domain": domain, "entityName": entity, "actionSet": actions.split("+")}
            for domain, entity, actions in (permission.split(":") for permission in permissions)
        ]
        return self.do("POST", ROLES, {"name": name, "permissionPolicies": policies}).body["id"]

    def roles_of(self, subject_id: str) -> list[str]:
        return [grant["role"]["name"] for grant in self.get(f"{SUBJECTS}/{subject_id}")["grants"]]


@pytest.fixture
def org() -> Organization:
    return Organization()


# --- what is refused ----------------------------------------------------------------------------


def test_nothing_is_refused_unless_permissions_are_enforced():
    place = Place()
    user = place.api(place.sandbox.access_token(), "GET", "/api/v2/users?pageSize=5").body["entities"][3]["id"]
    token = place.sandbox.access_token(user_id=user, client_id="code")
    assert place.api(token, "POST", QUEUES, QUEUE).status == 200


def test_the_missing_permission_is_named(org: Organization):
    answer = org.api(org.mine, "POST", QUEUES, QUEUE)
    assert (answer.status, answer.body["code"]) == (403, "missing.permissions")
    assert answer.body["messageParams"] == {"permissions": "routing:queue:add"}
    assert "routing:queue:add" in answer.body["message"]
    assert org.api(org.admin, "POST", QUEUES, QUEUE).status == 200
    assert org.api(org.mine, "GET", "/api/v2/users/me").status == 200  # demands nothing


def test_one_of_several_is_enough_where_the_definition_says_so(org: Organization):
    jobs = catalog().operation("post_analytics_actions_aggregates_jobs")
    assert (jobs.permissions_any, len(jobs.permissions)) == (True, 2)
    holder = Token("code", 0.0, org.user)
    with pytest.raises(Exception, match="at least one of") as caught:
        org.sandbox.permissions.check(jobs, holder)
    refusal: Any = caught.value
    assert (refusal.code, refusal.params["permissions"]) == ("missing.any.permissions", ", ".join(jobs.permissions))
    role = org.role(jobs.permissions[1])
    org.do("POST", f"{SUBJECTS}/{org.user}/divisions/{org.home}/roles/{role}")
    org.sandbox.permissions.check(jobs, holder)


def test_all_of_several_are_needed_where_the_definition_says_so(org: Organization):
    record = catalog().operation("post_authorization_divisions")
    assert not record.permissions_any
    first, second = record.permissions
    body = {"name": "South", "description": ""}
    answer = org.api(org.mine, "POST", "/api/v2/authorization/divisions", body)
    assert answer.body["messageParams"]["permissions"] == f"{first}, {second}"
    org.do("POST", f"{SUBJECTS}/{org.user}/divisions/{org.home}/roles/{org.role(first)}")
    answer = org.api(org.mine, "POST", "/api/v2/authorization/divisions", body)
    assert answer.body["messageParams"]["permissions"] == second
    assert answer.body["code"] == "missing.permissions"
    org.do("POST", f"{SUBJECTS}/{org.user}/divisions/{org.home}/roles/{org.role(second)}")
    assert org.api(org.mine, "POST", "/api/v2/authorization/divisions", body).status == 200


def test_a_remembered_answer_is_not_shown_to_those_who_may_not_see_it(org: Organization):
    assert org.api(org.admin, "GET", QUEUES).status == 200
    assert org.api(org.mine, "GET", QUEUES).status == 403


@pytest.mark.parametrize(
    ("policy", "permission", "allowed"),
    [
        ("routing:queue:view", "routing:queue:view", True),
        ("routing:queue:view", "routing:queue:edit", False),
        ("routing:queue:*", "routing:queue:edit", True),
        ("routing:*:view", "routing:skill:view", True),
        ("*:*:*", "anything:at:all", True),
        ("*:*:*", "admin", True),
        ("routing:*:*", "admin", False),
        ("routing:*:*", "routingx:queue:view", False),
    ],
)
def test_policies(policy: str, permission: str, allowed: bool):
    domain, entity, action = policy.split(":")
    assert Policy(domain, entity, frozenset({action})).allows(permission) is allowed


def test_permissions_of_the_roles_of_the_start_exist():
    known = {name for record in catalog().operations() for name in record.permissions}
    for role in DEFAULT_ROLES:
        for domain, entity, actions in role.policies:
            for action in actions.split():
                policy = Policy(domain, entity, frozenset({action}))
                assert any(policy.allows(name) for name in known), (role.name, domain, entity, action)


# --- who has what -------------------------------------------------------------------------------


def test_people_start_with_roles(org: Organization):
    assert org.roles_of(org.user) == ["Employee"]
    assert org.roles_of(org.leader) == ["Employee", "Supervisor"]
    me = org.get(f"{SUBJECTS}/me")
    assert (me["id"], [grant["role"]["name"] for grant in me["grants"]]) == ("sandbox", ["Master Admin"])
    assert me["grants"][0]["role"]["policies"][0] == {"domain": "*", "entityName": "*", "actions": ["*"]}
    token = org.sandbox.access_token(user_id=org.leader, client_id="code")
    assert org.api(token, "GET", f"{SUBJECTS}/me").body["id"] == org.leader
    assert org.api(token, "POST", QUEUES, QUEUE).status == 200


def test_someone_new_is_an_employee(org: Organization):
    body = {"name": "Ann", "email": "ann@example.com", "divisionId": org.home}
    made = org.do("POST", "/api/v2/users", body).body["id"]
    assert org.roles_of(made) == ["Employee"]


def test_grants_are_added_removed_and_replaced(org: Organization):
    watch, build = org.role("routing:queue:view", name="Watch"), org.role("routing:queue:add+edit", name="Build")
    divisions = org.get("/api/v2/authorization/divisions?pageSize=3")["entities"]
    south = next(division["id"] for division in divisions if division["id"] != org.home)
    subject = f"{SUBJECTS}/{org.user}"

    def pairs(*wanted: tuple[str, str]) -> dict[str, Any]:
        return {"grants": [{"roleId": role, "divisionId": division} for role, division in wanted]}

    org.do("POST", f"{subject}/bulkadd", pairs((watch, org.home), (watch, south), (build, south), (watch, south)))
    assert sorted(org.roles_of(org.user)) == ["Build", "Employee", "Watch", "Watch"]
    assert org.get(f"{SUBJECTS}/rolecounts?id={org.user}")[org.user] == {"count": 3}
    assert org.api(org.mine, "POST", QUEUES, QUEUE).status == 200
    found = org.get(f"/api/v2/authorization/divisions/{south}/grants?pageSize=100")["entities"]
    assert {grant["subjectId"] for grant in found} >= {org.user, "sandbox"}
    org.do("POST", f"{subject}/bulkremove", pairs((watch, org.home), (build, south)))
    assert sorted(org.roles_of(org.user)) == ["Employee", "Watch"]
    assert org.api(org.mine, "POST", QUEUES, QUEUE).status == 403
    org.do("POST", f"{subject}/bulkreplace", pairs((build, org.home)))
    assert org.roles_of(org.user) == ["Build"]
    org.do("DELETE", f"{subject}/divisions/{org.home}/roles/{build}")
    assert org.roles_of(org.user) == []
    for body in (pairs((NOBODY, org.home)), pairs((build, NOBODY))):
        assert org.api(org.admin, "POST", f"{subject}/bulkadd", body).status == 404
    assert org.api(org.admin, "GET", f"{SUBJECTS}/{NOBODY}").status == 404


def test_roles_of_a_user(org: Organization):
    role = org.role("routing:queue:add+view")
    path = f"/api/v2/users/{org.user}/roles"
    before = org.get(path)
    assert [entry["name"] for entry in before["roles"]] == ["Employee"]
    assert "directory:user:view" in before["permissions"]
    after = org.do("PUT", path, [role]).body
    assert [entry["id"] for entry in after["roles"]] == [role]
    assert after["permissions"] == ["routing:queue:add", "routing:queue:view"]
    assert after["permissionPolicies"][0]["actionSet"] == ["add", "view"]
    assert org.api(org.admin, "PUT", path, [NOBODY]).status == 404


def test_users_of_a_role(org: Organization):
    role = org.role("routing:queue:add")
    assert org.do("PUT", f"{ROLES}/{role}/users/add", [org.user, org.leader]).body == [org.user, org.leader]
    assert {entry["id"] for entry in org.get(f"{ROLES}/{role}/users")["entities"]} == {org.user, org.leader}
    assert org.get(f"{ROLES}/{role}")["userCount"] == 2
    org.do("PUT", f"{ROLES}/{role}/users/remove", [org.user])
    org.do("POST", f"{ROLES}/{role}", {"subjectIds": ["code"], "divisionIds": ["*"]})
    found = {entry["id"]: entry for entry in org.get(f"{ROLES}/{role}/subjectgrants")["entities"]}
    assert found.keys() == {org.leader, "code"}
    assert (found["code"]["type"], found["code"]["divisions"][0]["id"]) == ("PC_OAUTH_CLIENT", "*")
    assert org.api(org.admin, "PUT", f"{ROLES}/{role}/users/add", [NOBODY]).status == 404


def test_a_client_may_do_what_its_roles_allow(org: Organization):
    role = org.role("routing:queue:view")
    made = org.do(
        "POST", "/api/v2/oauth/clients",
        {"name": "Mine", "authorizedGrantType": "CLIENT-CREDENTIALS",
         "roleDivisions": [{"roleId": role, "divisionId": org.home}]},
    ).body  # fmt: skip
    assert made["roleIds"] == [role]
    auth = ClientCredentials(made["id"], made["secret"])
    with GenesysCloud(auth=auth, region="http://sandbox.local", transport=SandboxTransport(org.sandbox)) as gc:
        assert gc.routing.get_routing_queues(page_size=1).total
        with pytest.raises(Forbidden) as caught:
            gc.routing.post_routing_queues(QUEUE)
        assert caught.value.permissions == ["routing:queue:add"]
        add = org.role("routing:queue:add")
        org.do("POST", f"{SUBJECTS}/{made['id']}/divisions/{org.home}/roles/{add}?subjectType=PC_OAUTH_CLIENT")
        assert org.get(f"/api/v2/oauth/clients/{made['id']}")["roleIds"] == [role, add]
        assert gc.routing.post_routing_queues(QUEUE).name == "New"


def test_who_asks_is_who_made_it(org: Organization):
    token = org.sandbox.access_token(user_id=org.leader, client_id="code")
    made = org.api(token, "POST", QUEUES, QUEUE).body
    assert made["createdBy"] == org.leader


def test_permitted_divisions(org: Organization):
    path = "/api/v2/authorization/divisionspermitted"
    everywhere = org.get(f"{path}/paged/me?permission=routing:queue:add&pageSize=100")
    assert everywhere["allDivsPermitted"] is True
    assert everywhere["total"] == org.get("/api/v2/authorization/divisions?pageSize=1")["total"]
    mine = org.api(org.mine, "GET", f"{path}/me?permission=directory:user:view").body
    assert [division["id"] for division in mine] == [org.home]
    assert org.api(org.mine, "GET", f"{path}/me?permission=routing:queue:add").body == []
    assert org.get(f"{path}/paged/{org.leader}?permission=routing:queue:add")["total"] == 1


def test_members_of_a_group_have_its_roles(org: Organization):
    role = org.role("routing:queue:add", name="Queue makers")
    group = org.do(
        "POST", "/api/v2/groups", {"name": "Makers", "type": "official", "visibility": "public", "rulesVisible": True}
    ).body
    pair = f"divisions/{org.home}/roles/{role}"
    org.do("POST", f"{SUBJECTS}/{group['id']}/{pair}?subjectType=PC_GROUP")
    assert org.api(org.mine, "POST", QUEUES, QUEUE).status == 403
    org.do("POST", f"/api/v2/groups/{group['id']}/members", {"memberIds": [org.user], "version": group["version"]})
    assert org.api(org.mine, "POST", QUEUES, QUEUE).status == 200
    path = "/api/v2/authorization/divisionspermitted"
    permitted = org.api(org.mine, "GET", f"{path}/me?permission=routing:queue:add").body
    assert [division["id"] for division in permitted] == [org.home]
    grants = org.get(f"{SUBJECTS}/{org.user}")["grants"]
    assert [grant["subjectId"] for grant in grants if grant["role"]["id"] == role] == [group["id"]]
    assert role in [held["id"] for held in org.get(f"/api/v2/users/{org.user}/roles")["roles"]]
    # What is granted twice is told once, unless both are asked for; and the user's own stays when the group's goes.
    org.do("POST", f"{SUBJECTS}/{org.user}/{pair}")
    assert org.roles_of(org.user).count("Queue makers") == 1
    twice = org.get(f"{SUBJECTS}/{org.user}?includeDuplicates=true")["grants"]
    assert [grant["subjectId"] for grant in twice if grant["role"]["id"] == role] == [org.user, group["id"]]
    org.do("DELETE", f"{SUBJECTS}/{org.user}/{pair}")
    assert org.roles_of(org.user).count("Queue makers") == 1
    org.do("DELETE", f"/api/v2/groups/{group['id']}/members?ids={org.user}")
    assert org.api(org.mine, "POST", QUEUES, {"name": "Another"}).status == 403


# --- roles --------------------------------------------------------------------------------------


def test_roles_are_made_changed_and_found(org: Organization):
    role = org.role("routing:queue:view+add", name="Queue builder")
    assert org.get(f"{ROLES}?name=queue builder")["entities"][0]["id"] == role
    names = [entry["name"] for entry in org.get(f"{ROLES}?permission=oauth:client:view&pageSize=100")["entities"]]
    assert names == ["Master Admin", "Developer"]
    counts = {entry["name"]: entry["userCount"] for entry in org.get(ROLES)["entities"]}
    assert (counts["Master Admin"], counts["Queue builder"]) == (1, 0)
    assert all("userCount" not in entry for entry in org.get(f"{ROLES}?userCount=false")["entities"])
    org.do("PUT", f"/api/v2/users/{org.user}/roles", [role])
    assert org.api(org.mine, "POST", QUEUES, QUEUE).status == 200
    policy = {"domain": "routing", "entityName": "queue", "actionSet": ["view"]}
    org.do("PUT", f"{ROLES}/{role}", {"name": "Queue watcher", "permissionPolicies": [policy]})
    assert org.api(org.mine, "POST", QUEUES, QUEUE).status == 403
    org.do("PATCH", f"{ROLES}/{role}", {"name": "Queue watcher", "permissions": ["routing:queue:add"]})
    assert org.api(org.mine, "POST", QUEUES, {**QUEUE, "name": "Another"}).status == 200
    org.do("DELETE", f"{ROLES}/{role}")
    assert org.roles_of(org.user) == []
    assert org.api(org.mine, "POST", QUEUES, QUEUE).status == 403


def test_a_policy_needs_its_parts(org: Organization):
    body = {"name": "Mine", "permissionPolicies": [{"domain": "routing"}]}
    answer = org.api(org.admin, "POST", ROLES, body)
    assert (answer.status, answer.body["details"][0]["fieldName"]) == (400, "permissionPolicies[0]")


def test_the_roles_of_the_start_come_back(org: Organization):
    employee = next(entry for entry in org.get(ROLES)["entities"] if entry["name"] == "Employee")
    changed: dict[str, Any] = {"defaultRoleId": "employee", "name": "Worker", "permissionPolicies": []}
    assert org.do("PUT", f"{ROLES}/default", [changed]).body["entities"][0]["name"] == "Worker"
    difference = org.do("POST", f"{ROLES}/{employee['id']}/comparedefault/{employee['id']}", employee).body
    assert len(difference["addedPermissionPolicies"]) == len(employee["permissionPolicies"])
    org.do("DELETE", f"{ROLES}/{employee['id']}")
    restored = org.do("POST", f"{ROLES}/default").body["entities"]
    assert [entry["name"] for entry in restored] == [role.name for role in DEFAULT_ROLES]
    same = org.get(f"{ROLES}/{employee['id']}/comparedefault/{employee['id']}")
    assert (same["addedPermissionPolicies"], same["removedPermissionPolicies"]) == ([], [])


def test_the_permissions_that_there_are(org: Organization):
    path = "/api/v2/authorization/permissions"
    routing = org.get(f"{path}?queryType=domain&query=routing&pageSize=100")["entities"]
    assert [entry["domain"] for entry in routing] == ["routing"]
    actions = {entry["action"] for entry in routing[0]["permissionMap"]["queue"]}
    assert actions >= {"view", "add", "edit", "delete"}
    found = org.get(f"{path}?queryType=permission&query=queue:add&pageSize=100")["entities"]
    assert [list(entry["permissionMap"]) for entry in found if entry["domain"] == "routing"] == [["queue"]]


def test_scopes(org: Organization):
    assert org.get("/api/v2/oauth/scopes/users:readonly")["description"] == "Read users."
    assert org.api(org.admin, "GET", "/api/v2/oauth/scopes/nothing").status == 404


def test_the_client_names_what_is_missing(org: Organization):
    with GenesysCloud(
        auth=AccessToken(org.mine), region="http://sandbox.local", transport=SandboxTransport(org.sandbox)
    ) as gc:
        with pytest.raises(Forbidden, match="routing:queue:add") as caught:
            gc.routing.post_routing_queues(QUEUE)
        assert caught.value.code == "missing.permissions"
