"""What a person or an OAuth client may do: roles, who has them where, and whether that is enough for an operation.

A subject (a user, a group or a client) is granted roles in divisions; a role has policies, which name permissions by
domain, entity and action, any of them ``*``. What a client is granted is part of the client (``roleDivisions``); what
others are granted is in a table. Who was never granted anything has what the organization gives everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .clients import all_clients
from .narrow import objects, texts
from .refusal import Refusal
from .rng import seeded_uuid
from .services.groups import GROUPS, groups_of
from .services.users import users

if TYPE_CHECKING:
    from ..catalog import OperationRecord
    from .core import Sandbox
    from .store import Collection, Entity
    from .tokens import Token

__all__ = [
    "ALL_DIVISIONS",
    "DEFAULT_ROLES",
    "GRANTS",
    "ROLES",
    "Grant",
    "Permissions",
    "Policy",
    "all_roles",
    "default_role_ids",
    "policies_of",
]

ROLES = "/api/v2/authorization/roles"
GRANTS = "authorization_grants"
#: Stands for every division, in grants.
ALL_DIVISIONS = "*"
CLIENT = "PC_OAUTH_CLIENT"
USER = "PC_USER"


class Policy(NamedTuple):
    """Permissions that a role has: every action on an entity of a domain; ``*`` stands for all of them."""

    domain: str
    entity: str
    actions: frozenset[str]

    def allows(self, permission: str) -> bool:
        """Whether this covers a permission.

        >>> Policy("routing", "*", frozenset({"view"})).allows("routing:queue:view")
        True
        """
        domain, _, rest = permission.partition(":")
        entity, _, action = rest.partition(":")
        return (
            self.domain in ("*", domain) and self.entity in ("*", entity) and not self.actions.isdisjoint(("*", action))
        )


class Grant(NamedTuple):
    """A role that a subject has in a division, and since when."""

    role_id: str
    division_id: str
    made_at: str


class _Default(NamedTuple):
    """A role that exists from the start."""

    default_id: str
    name: str
    description: str
    policies: tuple[tuple[str, str, str], ...]


#: The roles that exist from the start: everything; what everybody has; and what leaders and developers have besides.
DEFAULT_ROLES = (
    _Default("admin", "Master Admin", "May do everything.", (("*", "*", "*"),)),
    _Default(
        "employee",
        "Employee",
        "What everybody in the organization may do.",
        (
            ("directory", "user", "view"),
            ("directory", "userProfile", "view"),
            ("chat", "chat", "access"),
            ("conversation", "communication", "view disconnect"),
            ("routing", "queue", "join"),
            ("presence", "presenceDefinition", "view"),
            ("wfm", "agentSchedule", "view"),
        ),
    ),
    _Default(
        "supervisor",
        "Supervisor",
        "Leads people: sees what they do, and plans and changes their work.",
        (
            ("analytics", "*", "view"),
            ("conversation", "*", "*"),
            ("directory", "user", "view edit"),
            ("quality", "*", "*"),
            ("recording", "*", "view"),
            ("routing", "*", "*"),
            ("wfm", "*", "*"),
        ),
    ),
    _Default(
        "developer",
        "Developer",
        "Builds integrations.",
        (
            ("architect", "*", "*"),
            ("integrations", "*", "*"),
            ("oauth", "client", "*"),
            ("processautomation", "*", "*"),
        ),
    ),
)
ADMIN, EMPLOYEE, SUPERVISOR = 0, 1, 2


def all_roles(sandbox: Sandbox) -> Collection:
    """The roles of the organization."""
    shape = sandbox.shapes.collection(ROLES)
    assert shape is not None
    return sandbox.collection(shape, [])


def default_role_ids(sandbox: Sandbox) -> list[str]:
    """Ids of :data:`DEFAULT_ROLES`, in their order."""
    return [seeded_uuid(sandbox.settings.seed, ROLES, at) for at in range(len(DEFAULT_ROLES))]


def policies_of(role: Entity) -> list[Policy]:
    """The policies of a role; a bare permission in ``permissions`` counts as one."""
    found = [
        Policy(
            str(policy.get("domain", "")), str(policy.get("entityName", "")), frozenset(texts(policy.get("actionSet")))
        )
        for policy in objects(role.get("permissionPolicies"))
    ]
    for permission in texts(role.get("permissions")):
        domain, _, rest = permission.partition(":")
        entity, _, action = rest.partition(":")
        found.append(Policy(domain, entity, frozenset({action})))
    return found


class Permissions:
    """Who is granted what, and whether it is enough.

    Args:
        sandbox: holds roles, subjects and grants.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._known: dict[str, list[Policy]] = {}
        self._counts: dict[str, int] = {}
        self._known_at = self._counted_at = -1

    def check(self, record: OperationRecord, holder: Token) -> None:
        """Refuse a request whose token lacks what the operation demands, where that is enforced.

        Args:
            record: the operation. holder: who the token of the request stands for.

        Raises:
            Refusal: 403; ``missing.any.permissions`` when one of several would do, else ``missing.permissions``.
        """
        demanded = record.permissions
        if not demanded or not self._sandbox.settings.enforce_permissions:
            return
        missing = self.missing(holder.user_id or holder.client_id, demanded)
        if not missing or (record.permissions_any and len(missing) < len(demanded)):
            return
        any_of = record.permissions_any and len(demanded) > 1
        names = ", ".join(missing)
        need = "You must have at least one of the following permissions assigned"
        text = need if any_of else "You are missing the following permission(s)"
        raise Refusal(
            403,
            "missing.any.permissions" if any_of else "missing.permissions",
            f"Unable to perform the requested action. {text}: {names}",
            params={"permissions": names},
        )

    def missing(self, subject_id: str, permissions: Sequence[str]) -> list[str]:
        """Those of ``permissions`` that a subject does not have in any division."""
        held = self.policies(subject_id)
        return [name for name in permissions if not any(policy.allows(name) for policy in held)]

    def policies(self, subject_id: str) -> list[Policy]:
        """Everything that a subject may do, in any division."""
        changes = self._sandbox.store.changes
        if self._known_at != changes:
            self._known, self._known_at = {}, changes
        found = self._known.get(subject_id)
        if found is None:
            roles = all_roles(self._sandbox)
            ids = dict.fromkeys(grant.role_id for _, grant in self.held(subject_id))
            found = [policy for role_id in ids if role_id in roles for policy in policies_of(roles[role_id])]
            self._known[subject_id] = found
        return found

    # --- grants ----------------------------------------------------------------------------------

    def kind(self, subject_id: str) -> str:
        """What a subject is: ``PC_USER``, ``PC_GROUP`` or ``PC_OAUTH_CLIENT``; empty when there is none."""
        if subject_id in users(self._sandbox):
            return USER
        if subject_id in all_clients(self._sandbox):
            return CLIENT
        shape = self._sandbox.shapes.collection("/api/v2/groups")
        assert shape is not None
        return "PC_GROUP" if subject_id in self._sandbox.collection(shape, []) else ""

    def grants(self, subject_id: str) -> list[Grant]:
        """The roles that a subject is granted itself."""
        clients = all_clients(self._sandbox)
        if subject_id in clients:
            return self._of_client(clients[subject_id])
        rows = self._sandbox.store.table(GRANTS).get(subject_id)
        return [Grant(*row) for row in rows] if rows is not None else self._from_the_start(subject_id)

    def held(self, subject_id: str) -> list[tuple[str, Grant]]:
        """The roles that a subject has, its own first and then those of its groups, each with whom it is granted to."""
        groups = groups_of(self._sandbox, GROUPS, subject_id)
        return [(holder, grant) for holder in (subject_id, *groups) for grant in self.grants(holder)]

    def _of_client(self, client: Entity) -> list[Grant]:
        made_at = str(client.get("dateModified") or client.get("dateCreated") or self._sandbox.now())
        placed = [(str(pair["roleId"]), str(pair["divisionId"])) for pair in objects(client.get("roleDivisions"))]
        known = {role_id for role_id, _ in placed}
        home = str(self._sandbox.home_division()["id"])
        placed += [(role_id, home) for role_id in texts(client.get("roleIds")) if role_id not in known]
        return [Grant(role_id, division_id, made_at) for role_id, division_id in placed]

    def _from_the_start(self, subject_id: str) -> list[Grant]:
        everyone = users(self._sandbox)
        if subject_id not in everyone:
            return []
        ids, home = default_role_ids(self._sandbox), self._sandbox.home_division()["id"]
        since = "2026-01-01T00:00:00.000Z"
        if subject_id == self._sandbox.admin_id:
            return [Grant(ids[ADMIN], ALL_DIVISIONS, since)]
        found = [Grant(ids[EMPLOYEE], home, since)]
        # One in eight of those who were there from the start, and always the same ones.
        if subject_id in everyone.seeded and subject_id[-1] in "07":
            found.append(Grant(ids[SUPERVISOR], home, since))
        return found

    def grant(self, subject_id: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Give a subject roles in divisions; what it has already stays as it is."""
        now, held = self._sandbox.now(), self.grants(subject_id)
        known = {(grant.role_id, grant.division_id) for grant in held}
        self._write(subject_id, held + [Grant(*pair, now) for pair in dict.fromkeys(pairs) if pair not in known])

    def take(self, subject_id: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Take roles in divisions from a subject; what it does not have is no error."""
        gone = set(pairs)
        held = self.grants(subject_id)
        self._write(subject_id, [grant for grant in held if (grant.role_id, grant.division_id) not in gone])

    def replace(self, subject_id: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Have a subject be granted exactly this."""
        wanted = dict.fromkeys(pairs)
        self.take(subject_id, {(grant.role_id, grant.division_id) for grant in self.grants(subject_id)} - set(wanted))
        self.grant(subject_id, wanted)

    def _write(self, subject_id: str, grants: list[Grant]) -> None:
        clients = all_clients(self._sandbox)
        if subject_id not in clients:
            self._sandbox.store.table(GRANTS)[subject_id] = [list(grant) for grant in grants]
            return
        pairs = [{"roleId": grant.role_id, "divisionId": grant.division_id} for grant in grants]
        role_ids = list(dict.fromkeys(grant.role_id for grant in grants))
        changed = {"roleDivisions": pairs, "roleIds": role_ids, "dateModified": self._sandbox.now()}
        clients.put(subject_id, {**clients[subject_id], **changed})

    def forget_role(self, role_id: str) -> None:
        """Take a role from everybody: it is gone."""
        table = self._sandbox.store.table(GRANTS)
        holders = [key for key, rows in table.items() if any(row[0] == role_id for row in rows)]
        holders += [
            str(client["id"]) for client in list(all_clients(self._sandbox)) if role_id in texts(client.get("roleIds"))
        ]
        for subject_id in holders:
            self.take(
                subject_id,
                [(grant.role_id, grant.division_id) for grant in self.grants(subject_id) if grant.role_id == role_id],
            )

    def forget_subject(self, subject_id: str) -> None:
        """Forget what somebody was granted who is gone."""
        self._sandbox.store.table(GRANTS).pop(subject_id, None)

    def subjects(self) -> list[str]:
        """Everybody who may have been granted something: users, clients, and groups that were."""
        ids = [*users(self._sandbox).ids(), *all_clients(self._sandbox).ids()]
        return list(dict.fromkeys([*ids, *self._sandbox.store.table(GRANTS)]))

    def counts(self) -> dict[str, int]:
        """How many users have each role."""
        changes = self._sandbox.store.changes
        if self._counted_at != changes:
            counts: dict[str, int] = {}
            for user_id in users(self._sandbox).ids():
                for role_id in {grant.role_id for grant in self.grants(user_id)}:
                    counts[role_id] = counts.get(role_id, 0) + 1
            self._counts, self._counted_at = counts, changes
        return self._counts

    def divisions(self, subject_id: str, permission: str) -> set[str]:
        """The divisions in which a subject has a permission; :data:`ALL_DIVISIONS` stands for every one."""
        roles = all_roles(self._sandbox)
        return {
            grant.division_id
            for _, grant in self.held(subject_id)
            if grant.role_id in roles and any(policy.allows(permission) for policy in policies_of(roles[grant.role_id]))
        }


def default_role(sandbox: Sandbox, at: int) -> dict[str, Any]:
    """The role that :data:`DEFAULT_ROLES` has at a place, as an entity."""
    role = DEFAULT_ROLES[at]
    role_id = default_role_ids(sandbox)[at]
    policies = [
        {"domain": domain, "entityName": entity, "actionSet": actions.split(), "allowConditions": False}
        for domain, entity, actions in role.policies
    ]
    return {"id": role_id, "name": role.name, "description": role.description, "defaultRoleId": role.default_id,
            "permissions": [], "permissionPolicies": policies, "roleNeedsUpdate": False, "default": True,
            "base": at == EMPLOYEE, "selfUri": f"{ROLES}/{role_id}"}  # fmt: skip
