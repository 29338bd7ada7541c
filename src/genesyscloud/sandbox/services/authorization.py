"""Roles, who is granted them in which division, and the permissions that there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..crud import generic, page
from ..filters import filters_of
from ..narrow import objects, texts
from ..permissions import (
    ALL_DIVISIONS,
    DEFAULT_ROLES,
    ROLES,
    Grant,
    all_roles,
    default_role,
    default_role_ids,
    policies_of,
)
from ..refusal import bad_request, not_found
from ..shapes import Listing
from .registry import example_body, example_ids, listener, seeded_ids, seeder, service
from .users import PATH as USERS
from .users import expansion, users

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Change, Collection, Entity

DIVISIONS = "/api/v2/authorization/divisions"
ROLE_LISTING = Listing("entities", "#DomainOrganizationRole")


# --- roles --------------------------------------------------------------------------------------


@seeded_ids(ROLES)
def role_ids(sandbox: Sandbox, path: str) -> list[str]:
    """Only the roles that every organization has."""
    return default_role_ids(sandbox)


@seeder(ROLES)
def a_role(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """One of them."""
    at = default_role_ids(sandbox).index(entity["id"])
    entity.clear()
    entity |= default_role(sandbox, at)


@listener
def role_or_subject_is_gone(sandbox: Sandbox, change: Change) -> None:
    """What is gone is granted to nobody, and has nothing granted."""
    if change.after is not None:
        return
    if change.shape == ROLES:
        sandbox.permissions.forget_role(change.entity_id)
    elif change.shape in (USERS, "/api/v2/groups"):
        sandbox.permissions.forget_subject(change.entity_id)


@service("get_authorization_roles")
def list_roles(sandbox: Sandbox, call: Call) -> Any:
    """The roles, by name, by id, by a permission that they have."""
    wanted = texts(call.query.get("permission"))
    tests = filters_of(call.query, sandbox.shapes.properties("DomainOrganizationRole"))
    counts = sandbox.permissions.counts() if call.query.get("userCount", True) else None
    found = [
        _counted(role, counts)
        for role in all_roles(sandbox)
        if all(test(role) for test in tests)
        and all(any(policy.allows(name) for policy in policies_of(role)) for name in wanted)
    ]
    return page(sandbox, call, ROLE_LISTING, found)


@service("get_authorization_role")
def read_role(sandbox: Sandbox, call: Call) -> Any:
    """One role."""
    role = _role(sandbox, call.ids[0])
    return _counted(role, sandbox.permissions.counts() if call.query.get("userCount", True) else None)


def _counted(role: Entity, counts: dict[str, int] | None) -> Entity:
    return dict(role) if counts is None else {**role, "userCount": counts.get(str(role["id"]), 0)}


def _role(sandbox: Sandbox, role_id: str) -> Entity:
    roles = all_roles(sandbox)
    if role_id not in roles:
        raise not_found("role", role_id)
    return roles[role_id]


@service("post_authorization_roles", "put_authorization_role", "patch_authorization_role")
def write_role(sandbox: Sandbox, call: Call) -> Any:
    """Make or change a role; its policies name the domain, entity and actions that they are about."""
    for at, policy in enumerate(objects(call.body.get("permissionPolicies"))):
        if not policy.get("domain") or not policy.get("entityName") or not policy.get("actionSet"):
            field = f"permissionPolicies[{at}]"
            raise bad_request(
                f"{field} needs a domain, an entityName and an actionSet.",
                code="invalid.value",
                details=[{"errorCode": "invalid.value", "fieldName": field}],
            )
    # The service says whether a role is one of those that every organization has.
    body = {wire: value for wire, value in call.body.items() if wire not in ("default", "base", "userCount")}
    return generic(sandbox, call._replace(body=body))


@service("post_authorization_roles_default")
def restore_roles(sandbox: Sandbox, call: Call) -> Any:
    """Put the roles of the start back as they were; those that were made since stay."""
    roles = all_roles(sandbox)
    found = [default_role(sandbox, at) for at in range(len(DEFAULT_ROLES))]
    for role in found:
        roles.put(role["id"], role)
    return page(sandbox, call, ROLE_LISTING, found)


@service("put_authorization_roles_default")
def change_default_roles(sandbox: Sandbox, call: Call) -> Any:
    """Change the policies of roles of the start, by their id or ``defaultRoleId``."""
    roles = all_roles(sandbox)
    known = {str(role.get("defaultRoleId")): str(role["id"]) for role in list(roles) if role.get("defaultRoleId")}
    changed: list[Entity] = []
    for body in call.body:
        role_id = str(body.get("id") or known.get(str(body.get("defaultRoleId")), ""))
        role = _role(sandbox, role_id)
        fields = {wire: body[wire] for wire in ("name", "description", "permissionPolicies") if wire in body}
        roles.put(role_id, {**role, **fields})
        changed.append(roles[role_id])
    return page(sandbox, call, ROLE_LISTING, changed)


@service("get_authorization_role_comparedefault_right_role_id", "post_authorization_role_comparedefault_right_role_id")
def compare_roles(sandbox: Sandbox, call: Call) -> Any:
    """What a role, or the one in the body, has more and less than another."""
    left, right = call.body or _role(sandbox, call.ids[0]), _role(sandbox, call.ids[1])

    def keyed(role: Entity) -> dict[tuple[str, str, tuple[str, ...]], Entity]:
        return {
            (
                str(policy.get("domain")),
                str(policy.get("entityName")),
                tuple(sorted(texts(policy.get("actionSet")))),
            ): policy
            for policy in objects(role.get("permissionPolicies"))
        }

    ours, theirs = keyed(left), keyed(right)
    return {
        "addedPermissionPolicies": [policy for key, policy in ours.items() if key not in theirs],
        "removedPermissionPolicies": [policy for key, policy in theirs.items() if key not in ours],
        "samePermissionPolicies": [policy for key, policy in ours.items() if key in theirs],
        "userOrgRole": left,
        "roleFromDefault": right,
    }


# --- who has a role -----------------------------------------------------------------------------


def _holders(sandbox: Sandbox, role_id: str) -> dict[str, list[Grant]]:
    """Everybody who has a role, and what exactly."""
    found: dict[str, list[Grant]] = {}
    for subject_id in sandbox.permissions.subjects():
        grants = [grant for grant in sandbox.permissions.grants(subject_id) if grant.role_id == role_id]
        if grants:
            found[subject_id] = grants
    return found


@service("get_authorization_role_users")
def role_users(sandbox: Sandbox, call: Call) -> Any:
    """The users who have a role."""
    everyone = users(sandbox)
    _role(sandbox, call.ids[0])
    ids = [subject_id for subject_id in _holders(sandbox, call.ids[0]) if subject_id in everyone]
    found = [{"id": user_id, "selfUri": f"{USERS}/{user_id}"} for user_id in ids]
    return page(sandbox, call, Listing("entities", "#UserReference"), found)


@service("get_authorization_role_subjectgrants")
def role_subjects(sandbox: Sandbox, call: Call) -> Any:
    """Everybody who has a role, and in which divisions."""
    _role(sandbox, call.ids[0])
    found = [
        {
            "id": subject_id,
            "name": _name(sandbox, subject_id),
            "type": sandbox.permissions.kind(subject_id) or "UNKNOWN",
            "divisions": [_division(sandbox, grant.division_id) for grant in grants],
        }
        for subject_id, grants in _holders(sandbox, call.ids[0]).items()
    ]
    return page(sandbox, call, Listing("entities", "#SubjectDivisionGrants"), found)


@service("put_authorization_role_users_add")
def add_role_users(sandbox: Sandbox, call: Call) -> Any:
    """Give users a role in the home division; returns the ids of all users who were asked for."""
    _role(sandbox, call.ids[0])
    pair = (call.ids[0], str(sandbox.home_division()["id"]))
    _known_subjects(sandbox, call.body)
    for user_id in call.body:
        sandbox.permissions.grant(user_id, [pair])
    return call.body


@service("put_authorization_role_users_remove")
def remove_role_users(sandbox: Sandbox, call: Call) -> Any:
    """Take a role from users, in every division."""
    _role(sandbox, call.ids[0])
    for user_id in call.body:
        held = sandbox.permissions.grants(user_id)
        sandbox.permissions.take(user_id, [grant[:2] for grant in held if grant.role_id == call.ids[0]])
    return call.body


@service("post_authorization_role")
def grant_role(sandbox: Sandbox, call: Call) -> Any:
    """Give subjects a role in divisions."""
    _role(sandbox, call.ids[0])
    pairs = _checked(sandbox, [(call.ids[0], division_id) for division_id in call.body["divisionIds"]])
    _known_subjects(sandbox, call.body["subjectIds"])
    for subject_id in call.body["subjectIds"]:
        sandbox.permissions.grant(subject_id, pairs)


# --- what a subject has -------------------------------------------------------------------------


@service("get_authorization_subject", "get_authorization_subjects_me", personal=True)
def subject(sandbox: Sandbox, call: Call) -> Any:
    """What somebody, or the one who asks, is granted."""
    if call.ids:
        subject_id = call.ids[0]
    else:
        _, holder = sandbox.login.token(f"Bearer {call.token}")
        subject_id = holder.user_id or holder.client_id
    _known_subjects(sandbox, [subject_id])
    whole = call.query.get("includeFullRoles", True)
    held = sandbox.permissions.held(subject_id)
    if not call.query.get("includeDuplicates", False):
        first = {grant[:2]: (holder, grant) for holder, grant in reversed(held)}
        held = [pair for pair in held if first[pair[1][:2]] == pair]
    grants = [_shown(sandbox, holder, grant, whole=whole) for holder, grant in held]
    path = f"/api/v2/authorization/subjects/{sandbox.quoted(subject_id)}"
    return {"id": subject_id, "name": _name(sandbox, subject_id), "grants": grants, "version": 1, "selfUri": path}


@service("get_authorization_subjects_rolecounts")
def role_counts(sandbox: Sandbox, call: Call) -> Any:
    """How many roles each of some subjects has."""
    wanted = texts(call.query.get("id"))
    return {
        subject_id: {"count": len({grant.role_id for grant in sandbox.permissions.grants(subject_id)})}
        for subject_id in wanted
    }


@service(
    "post_authorization_subject_bulkadd", "post_authorization_subject_bulkremove",
    "post_authorization_subject_bulkreplace",
)  # fmt: skip
def change_grants(sandbox: Sandbox, call: Call) -> Any:
    """Give a subject roles in divisions, take them, or have it be granted exactly these."""
    _known_subjects(sandbox, [call.ids[0]])
    pairs = [(str(pair["roleId"]), str(pair["divisionId"])) for pair in call.body["grants"]]
    if call.record.path.endswith("bulkremove"):
        sandbox.permissions.take(call.ids[0], pairs)
    elif call.record.path.endswith("bulkadd"):
        sandbox.permissions.grant(call.ids[0], _checked(sandbox, pairs))
    else:
        sandbox.permissions.replace(call.ids[0], _checked(sandbox, pairs))


@service("post_authorization_subject_division_role")
def add_grant(sandbox: Sandbox, call: Call) -> Any:
    """Give a subject one role in one division."""
    subject_id, division_id, role_id = call.ids
    _known_subjects(sandbox, [subject_id])
    sandbox.permissions.grant(subject_id, _checked(sandbox, [(role_id, division_id)]))


@service("delete_authorization_subject_division_role")
def remove_grant(sandbox: Sandbox, call: Call) -> Any:
    """Take it from them."""
    subject_id, division_id, role_id = call.ids
    _known_subjects(sandbox, [subject_id])
    sandbox.permissions.take(subject_id, [(role_id, division_id)])


@service("get_user_roles")
def user_roles(sandbox: Sandbox, call: Call) -> Any:
    """The roles of a user, and all that they allow."""
    return _user_authorization(sandbox, call.ids[0])


@service("put_user_roles")
def replace_user_roles(sandbox: Sandbox, call: Call) -> Any:
    """Have a user have exactly these roles; new ones are granted in the home division."""
    user_id, home = call.ids[0], str(sandbox.home_division()["id"])
    held = [grant for grant in sandbox.permissions.grants(user_id) if grant.role_id in call.body]
    new = [(role_id, home) for role_id in call.body if role_id not in {grant.role_id for grant in held}]
    sandbox.permissions.replace(user_id, [*(grant[:2] for grant in held), *_checked(sandbox, new)])
    return _user_authorization(sandbox, user_id)


@expansion("authorization")
def expanded_authorization(sandbox: Sandbox, user: Entity) -> Any:
    """Roles and what they allow, as part of a user."""
    return _user_authorization(sandbox, user["id"])


def _user_authorization(sandbox: Sandbox, user_id: str) -> Entity:
    roles = all_roles(sandbox)
    ids = dict.fromkeys(grant.role_id for _, grant in sandbox.permissions.held(user_id))
    held = [roles[role_id] for role_id in ids if role_id in roles]
    policies = sandbox.permissions.policies(user_id)
    permissions = {f"{policy.domain}:{policy.entity}:{action}" for policy in policies for action in policy.actions}
    return {
        "roles": [{"id": role["id"], "name": role.get("name", "")} for role in held],
        "unusedRoles": [],
        "permissions": sorted(permissions),
        "permissionPolicies": [
            {"domain": policy.domain, "entityName": policy.entity, "actionSet": sorted(policy.actions)}
            for policy in policies
        ],
    }


def _known_subjects(sandbox: Sandbox, subject_ids: Iterable[str]) -> None:
    for subject_id in subject_ids:
        if not sandbox.permissions.kind(subject_id):
            raise not_found("subject", subject_id)


def _checked(sandbox: Sandbox, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Roles and divisions that exist.

    Raises:
        Refusal: 404; one does not.
    """
    found, divisions = list(pairs), _divisions(sandbox)
    for role_id, division_id in found:
        _role(sandbox, role_id)
        if division_id != ALL_DIVISIONS and division_id not in divisions:
            raise not_found("division", division_id)
    return found


# --- divisions ----------------------------------------------------------------------------------


def _divisions(sandbox: Sandbox) -> Collection:
    shape = sandbox.shapes.collection(DIVISIONS)
    assert shape is not None
    return sandbox.collection(shape, [])


def _division(sandbox: Sandbox, division_id: str) -> Entity:
    divisions = _divisions(sandbox)
    if division_id not in divisions:
        return {"id": division_id, "name": "All divisions" if division_id == ALL_DIVISIONS else "", "description": ""}
    return {**divisions[division_id], "selfUri": f"{DIVISIONS}/{division_id}"}


def _name(sandbox: Sandbox, subject_id: str) -> str:
    for path in (USERS, "/api/v2/oauth/clients", "/api/v2/groups"):
        shape = sandbox.shapes.collection(path)
        assert shape is not None
        collection = sandbox.collection(shape, [])
        if subject_id in collection:
            return str(collection[subject_id].get("name", ""))
    return ""


def _shown(sandbox: Sandbox, subject_id: str, grant: Grant, *, whole: bool) -> Entity:
    """A grant as the service shows it."""
    roles = all_roles(sandbox)
    role = roles.get(grant.role_id) or {"id": grant.role_id}
    shown: Entity = {wire: role[wire] for wire in ("id", "name", "description", "default", "selfUri") if wire in role}
    if whole:
        shown["policies"] = [
            {"domain": policy.domain, "entityName": policy.entity, "actions": sorted(policy.actions)}
            for policy in policies_of(role)
        ]
    division = _division(sandbox, grant.division_id)
    return {"subjectId": subject_id, "division": division, "role": shown, "grantMadeAt": grant.made_at}


@service("get_authorization_division_grants")
def division_grants(sandbox: Sandbox, call: Call) -> Any:
    """Everything that anybody is granted in a division."""
    found = [
        (subject_id, grant)
        for subject_id in sandbox.permissions.subjects()
        for grant in sandbox.permissions.grants(subject_id)
        if grant.division_id in (call.ids[0], ALL_DIVISIONS)
    ]
    shown = [_shown(sandbox, subject_id, grant, whole=False) for subject_id, grant in found]
    return page(sandbox, call, Listing("entities", "#AuthzGrant"), shown)


@service(
    "get_authorization_divisionspermitted_me", "get_authorization_divisionspermitted_paged_me",
    "get_authorization_divisionspermitted_paged_subject_id",
    personal=True,
)  # fmt: skip
def permitted_divisions(sandbox: Sandbox, call: Call) -> Any:
    """The divisions in which somebody, or the one who asks, has a permission."""
    if call.ids:
        subject_id = call.ids[0]
    else:
        _, holder = sandbox.login.token(f"Bearer {call.token}")
        subject_id = holder.user_id or holder.client_id
    _known_subjects(sandbox, [subject_id])
    permitted = sandbox.permissions.divisions(subject_id, str(call.query.get("permission", "")))
    everywhere, name = ALL_DIVISIONS in permitted, str(call.query.get("name", "")).lower()
    found = [
        division
        for division in _divisions(sandbox)
        if (everywhere or division["id"] in permitted) and name in str(division.get("name", "")).lower()
    ]
    if "paged" not in call.record.path:
        return found
    return {**page(sandbox, call, Listing("entities", "#AuthzDivision"), found), "allDivsPermitted": everywhere}


# --- the permissions that there are -------------------------------------------------------------


def _known_permissions(sandbox: Sandbox) -> dict[str, set[str]]:
    """Every permission that the definition demands somewhere, by domain."""
    found: dict[str, set[str]] = {}
    for operations in sandbox.router.by_path.values():
        for record in operations.values():
            for name in record.permissions:
                if name.count(":") == 2:
                    found.setdefault(name.partition(":")[0], set()).add(name)
    return found


@service("get_authorization_permissions")
def list_permissions(sandbox: Sandbox, call: Call) -> Any:
    """The permissions, by domain; a query finds domains, or permissions in them."""
    query = str(call.query.get("query", "")).lower()
    by_permission = call.query.get("queryType") == "permission"
    found: list[Entity] = []
    for domain, names in sorted(_known_permissions(sandbox).items()):
        kept = sorted(name for name in names if not by_permission or query in name.lower())
        if not kept or (not by_permission and query not in domain.lower()):
            continue
        entities: dict[str, list[Entity]] = {}
        for name in kept:
            _, entity, action = name.split(":")
            entities.setdefault(entity, []).append(
                {"domain": domain, "entityType": entity, "action": action, "label": name, "allowsConditions": False,
                 "divisionAware": True}
            )  # fmt: skip
        found.append({"id": domain, "name": domain, "domain": domain, "permissionMap": entities})
    return page(sandbox, call, Listing("entities", "#DomainPermissionCollection"), found)


# --- examples -----------------------------------------------------------------------------------


def _example_grant(sandbox: Sandbox) -> Entity:
    return {"roleId": default_role_ids(sandbox)[1], "divisionId": sandbox.home_division()["id"]}


@example_ids(
    "get_authorization_subject", "post_authorization_subject_bulkadd", "post_authorization_subject_bulkremove",
    "post_authorization_subject_bulkreplace", "get_authorization_divisionspermitted_paged_subject_id",
)  # fmt: skip
def example_subject(sandbox: Sandbox) -> list[str]:
    """A user."""
    return [users(sandbox).ids()[1]]


@example_ids("post_authorization_subject_division_role", "delete_authorization_subject_division_role")
def example_subject_grant(sandbox: Sandbox) -> list[str]:
    """A user, a division and a role."""
    grant = _example_grant(sandbox)
    return [users(sandbox).ids()[1], grant["divisionId"], grant["roleId"]]


@example_ids(
    "get_authorization_role_comparedefault_right_role_id", "post_authorization_role_comparedefault_right_role_id"
)
def example_roles(sandbox: Sandbox) -> list[str]:
    """Two roles."""
    return all_roles(sandbox).ids()[:2]


@example_body(
    "post_authorization_subject_bulkadd", "post_authorization_subject_bulkremove",
    "post_authorization_subject_bulkreplace",
)  # fmt: skip
def example_grants(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A role that everybody has."""
    return {"grants": [_example_grant(sandbox)]}


@example_body("post_authorization_role")
def example_subjects(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A user in the home division."""
    return {"subjectIds": users(sandbox).ids()[1:2], "divisionIds": [sandbox.home_division()["id"]]}


@example_body("put_authorization_role_users_add", "put_authorization_role_users_remove")
def example_user_ids(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A user."""
    return users(sandbox).ids()[1:2]


@example_body("put_user_roles")
def example_role_ids(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A role that everybody has."""
    return [default_role_ids(sandbox)[1]]


@example_body("put_authorization_roles_default")
def example_default_roles(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A role of the start as it is."""
    return [default_role(sandbox, 1)]


@example_body("post_authorization_roles", "put_authorization_role", "patch_authorization_role")
def example_role(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A role that may see queues."""
    policy = {"domain": "routing", "entityName": "queue", "actionSet": ["view"]}
    return {"name": "Queue watchers", "permissionPolicies": [policy]}
