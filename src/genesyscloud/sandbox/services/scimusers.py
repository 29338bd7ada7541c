"""Users and groups as SCIM resources, and what a resource says written back to them.

A resource is made whole, changed, and written back where it differs: so PUT and PATCH come to the same. The table
``scim`` keeps, by id of user or group, what only SCIM knows: ``externalId`` and ``roles``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from ..narrow import as_object, objects
from ..refusal import Refusal, bad_request
from .divisions import divisions
from .groups import GROUPS, groups_of, members_of, set_members
from .linked import collection, existing, found
from .people import external_ids, set_external_ids
from .proficiency import LANGUAGES, SKILLS, Kind, forget, known, learn
from .userchanges import change_user
from .users import users

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..store import Entity

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GENESYS = "urn:ietf:params:scim:schemas:extension:genesys:purecloud:2.0:User"
#: Telephone numbers that another product rings.
INTEGRATIONS = {"microsoftteams", "zoomphone", "eightbyeight", "ringcentral"}


def version_of(resource: Mapping[str, Any]) -> str:
    """The entity tag of a resource: it differs when anything that is shown differs."""
    shown = {key: value for key, value in resource.items() if key != "meta"}
    return f'W/"{blake2b(msgspec.json.encode(shown, order="sorted"), digest_size=8).hexdigest()}"'


def _with_meta(resource: Entity, kind: str, location: str, modified: str) -> Entity:
    meta = {"resourceType": kind, "lastModified": modified, "location": location, "version": version_of(resource)}
    return {**resource, "meta": meta}


# --- users --------------------------------------------------------------------------------------


def user_resource(sandbox: Sandbox, user: Entity, base: str) -> Entity:
    """A user as a resource; both extensions are always there, if only empty.

    Args:
        sandbox: the sandbox.
        user: the user.
        base: path of SCIM, in the version that is asked for.
    """
    own = sandbox.store.table("scim").get(user["id"], {})
    addresses = objects(user.get("addresses"))
    resource: Entity = {
        "schemas": [CORE_USER, ENTERPRISE, GENESYS],
        "id": user["id"],
        "userName": user.get("email"),
        "displayName": user.get("name"),
        "title": user.get("title"),
        "active": user.get("state") == "active",
        "externalId": own.get("externalId"),
        "roles": own.get("roles"),
        "emails": [
            {"value": user.get("email"), "type": "work", "primary": True},
            *({"value": a.get("address"), "type": "other"} for a in addresses if a.get("mediaType") == "EMAIL"),
        ],
        "phoneNumbers": [_phone(a) for a in addresses if a.get("mediaType") == "PHONE"],
        "groups": [
            {"type": "Group", "value": group_id, "$ref": f"{base}/groups/{group_id}"}
            for group_id in groups_of(sandbox, GROUPS, user["id"])
        ],
        ENTERPRISE: _enterprise(user, base),
        GENESYS: {
            "routingSkills": _levels(sandbox, user["id"], SKILLS),
            "routingLanguages": _levels(sandbox, user["id"], LANGUAGES),
            "externalIds": [
                {"authority": entry["authorityName"], "value": entry["externalKey"]}
                for entry in external_ids(sandbox, user["id"])
            ],
        },
    }
    shown = {key: value for key, value in resource.items() if value is not None}
    return _with_meta(shown, "User", f"{base}/users/{user['id']}", str(user.get("dateModified") or sandbox.now()))


def _phone(address: Entity) -> Entity:
    kind = str(address.get("integration") or address.get("type") or "other").lower()
    kind = {"primary": "work", "main": "work"}.get(kind, kind)
    primary = address.get("type") == "PRIMARY"
    return {"value": address.get("address") or address.get("extension"), "type": kind, "primary": primary}


def _enterprise(user: Entity, base: str) -> Entity:
    employer = as_object(user.get("employerInfo")) or {}
    boss = str((as_object(user.get("manager")) or {}).get("id") or "")
    part = {
        "division": (as_object(user.get("division")) or {}).get("name"),
        "department": user.get("department"),
        "manager": {"value": boss, "$ref": f"{base}/users/{boss}"} if boss else None,
        "employeeNumber": employer.get("employeeId"),
        "dateHire": employer.get("dateHire"),
    }
    return {key: value for key, value in part.items() if value is not None}


def _levels(sandbox: Sandbox, user_id: str, kind: Kind) -> list[Entity]:
    return [{"name": e["name"], "proficiency": e["proficiency"]} for e in known(sandbox, user_id, kind)]


def write_user(sandbox: Sandbox, user: Entity, before: Entity, after: Entity) -> Entity:
    """Make a user what a resource says.

    Args:
        sandbox: the sandbox.
        user: the user.
        before: the resource that the user is.
        after: the resource that the user shall be.

    Raises:
        Refusal: 400, 404 or 409: the resource refers to what is not there, or the name is taken.
    """
    changes = _changes(sandbox, user, before, after)
    extension, now = as_object(after.get(GENESYS)) or {}, as_object(before.get(GENESYS)) or {}
    skills = _wanted(sandbox, SKILLS, extension.get("routingSkills"))
    languages = _wanted(sandbox, LANGUAGES, extension.get("routingLanguages"))
    pairs = [(str(e.get("authority")), str(e.get("value"))) for e in objects(extension.get("externalIds"))]
    result = change_user(sandbox, user["id"], changes) if changes else user
    result = _move(sandbox, result, as_object(after.get(ENTERPRISE)) or {})
    for kind, wanted, wire in ((SKILLS, skills, "routingSkills"), (LANGUAGES, languages, "routingLanguages")):
        if extension.get(wire) != now.get(wire):
            _replace_known(sandbox, user["id"], kind, wanted)
    if extension.get("externalIds") != now.get("externalIds"):
        set_external_ids(sandbox, user["id"], pairs)
    _keep(sandbox, user["id"], {"externalId": after.get("externalId"), "roles": after.get("roles")})
    return result


def _keep(sandbox: Sandbox, entity_id: str, values: Entity) -> None:
    table = sandbox.store.table("scim")
    kept = {key: value for key, value in values.items() if value is not None}
    if table.get(entity_id, {}) != kept:
        table[entity_id] = kept


def is_active(value: Any) -> bool:
    """Whether ``active`` says so: some identity providers send it as text."""
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _changes(sandbox: Sandbox, user: Entity, before: Entity, after: Entity) -> Entity:
    """The differences, in the words of users."""
    changes: Entity = {}
    for attribute, wire in (("userName", "email"), ("displayName", "name"), ("title", "title")):
        if after.get(attribute) != before.get(attribute):
            changes[wire] = after.get(attribute)
    for wire in ("email", "name"):
        if wire in changes and not str(changes[wire] or "").strip():
            raise bad_request(f"{wire} must not be empty.", code="invalidValue")
    if is_active(after.get("active", True)) != before.get("active"):
        changes["state"] = "active" if is_active(after.get("active", True)) else "inactive"
    new, old = as_object(after.get(ENTERPRISE)) or {}, as_object(before.get(ENTERPRISE)) or {}
    if new.get("department") != old.get("department"):
        changes["department"] = new.get("department")
    if new.get("manager") != old.get("manager"):
        manager = as_object(new.get("manager"))
        boss = str((manager or {}).get("value") or "") if manager is not None else str(new.get("manager") or "")
        if boss and boss not in users(sandbox):
            raise bad_request(f"There is no user with id {boss} to be the manager.", code="invalidValue")
        changes["manager"] = boss or None
    if any(new.get(wire) != old.get(wire) for wire in ("employeeNumber", "dateHire")):
        own = {"employeeId": new.get("employeeNumber"), "dateHire": new.get("dateHire")}
        changes["employerInfo"] = own
    if any(after.get(wire) != before.get(wire) for wire in ("phoneNumbers", "emails")):
        changes["addresses"] = _addresses(after)
    return changes


def _addresses(resource: Entity) -> list[Entity]:
    """Telephone numbers and further e-mail addresses, in the words of users."""
    made: list[Entity] = []
    for entry in objects(resource.get("phoneNumbers")):
        kind = str(entry.get("type") or "work").lower()
        address: Entity = {"address": entry.get("value"), "mediaType": "PHONE"}
        if kind in INTEGRATIONS:
            address |= {"type": "OTHER", "integration": kind}
        else:
            address["type"] = "PRIMARY" if entry.get("primary") and kind == "work" else kind.upper()
        made.append(address)
    own = str(resource.get("userName") or "").lower()
    for entry in objects(resource.get("emails")):
        if str(entry.get("value") or "").lower() != own and not entry.get("primary"):
            made.append({"address": entry.get("value"), "mediaType": "EMAIL", "type": "OTHER"})
    return made


def _move(sandbox: Sandbox, user: Entity, enterprise: Entity) -> Entity:
    """Move a user to the division that the extension names, by name or id."""
    wanted = str(enterprise.get("division") or "")
    now = as_object(user.get("division")) or {}
    if not wanted or wanted in (now.get("id"), now.get("name")):
        return user
    entities = divisions(sandbox)
    chosen = next((e["id"] for e in entities if wanted == e["id"] or wanted.lower() == str(e["name"]).lower()), "")
    if not chosen:
        raise bad_request(f"There is no division called {wanted}.", code="invalidValue")
    moved = {**user, "division": sandbox.division(chosen)}
    users(sandbox).put(user["id"], moved)
    return moved


def _wanted(sandbox: Sandbox, kind: Kind, sent: Any) -> list[tuple[str, Any]]:
    """Ids and proficiencies of skills or languages that are given by name."""
    by_name = {str(entry["name"]).lower(): str(entry["id"]) for entry in collection(sandbox, kind.path)} if sent else {}
    pairs: list[tuple[str, Any]] = []
    for entry in objects(sent):
        name = str(entry.get("name") or "")
        if name.lower() not in by_name:
            raise bad_request(f"There is no skill or language called {name}.", code="invalidValue")
        pairs.append((by_name[name.lower()], entry.get("proficiency", 0)))
    return pairs


def _replace_known(sandbox: Sandbox, user_id: str, kind: Kind, wanted: Sequence[tuple[str, Any]]) -> None:
    learn(sandbox, user_id, wanted, kind)
    kept = {entity_id for entity_id, _ in wanted}
    forget(sandbox, user_id, [e["id"] for e in known(sandbox, user_id, kind) if e["id"] not in kept], kind)


# --- groups -------------------------------------------------------------------------------------


def group_resource(sandbox: Sandbox, group: Entity, base: str) -> Entity:
    """A group as a resource."""
    everyone = users(sandbox)
    resource: Entity = {
        "schemas": [CORE_GROUP],
        "id": group["id"],
        "displayName": group.get("name"),
        "externalId": sandbox.store.table("scim").get(group["id"], {}).get("externalId"),
        "members": [
            {"type": "User", "value": user_id, "$ref": f"{base}/users/{user_id}"}
            for user_id in members_of(sandbox, GROUPS, group["id"])
            if user_id in everyone
        ],
    }
    shown = {key: value for key, value in resource.items() if value is not None}
    return _with_meta(shown, "Group", f"{base}/groups/{group['id']}", str(group.get("dateModified") or sandbox.now()))


def write_group(sandbox: Sandbox, group: Entity, before: Entity, after: Entity) -> Entity:
    """Make the members of a group what a resource says; its name is not SCIM's to change.

    Raises:
        Refusal: 400; a member is not there.
    """
    wanted = [str(entry.get("value") or "") for entry in objects(after.get("members"))]
    try:
        chosen = existing(users(sandbox), wanted)
    except Refusal as refusal:
        raise bad_request(refusal.message, code="invalidValue") from None
    if chosen != [entry["value"] for entry in before.get("members", [])]:
        set_members(sandbox, GROUPS, group["id"], chosen)
    _keep(sandbox, group["id"], {"externalId": after.get("externalId")})
    return found(collection(sandbox, GROUPS), group["id"])
