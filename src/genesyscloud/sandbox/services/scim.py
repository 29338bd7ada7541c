"""SCIM: users and groups as identity providers keep them (RFC 7643, RFC 7644), in both versions of the path.

The resources are the organization's users and groups, see :mod:`.scimusers`. What goes wrong is said the way SCIM
says it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

from ...catalog import PropertyRecord
from ..crud import Answered, Lazy, page
from ..narrow import as_list
from ..refusal import Refusal, not_found
from ..shapes import Listing
from .groups import GROUPS
from .linked import collection, found
from .registry import example_body, example_ids, example_query, service
from .scimfilter import InvalidFilter, comparison, parse
from .scimpatch import InvalidPatch, patched
from .scimusers import (
    CORE_GROUP,
    CORE_USER,
    ENTERPRISE,
    GENESYS,
    group_resource,
    is_active,
    user_resource,
    version_of,
    write_group,
    write_user,
)
from .userchanges import change_user, create_user, delete_user, owner_of
from .users import DELETED, user_of, users, with_state

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Entity

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
#: Resources on a page, at most.
MOST = 100

Handler = Callable[["Sandbox", "Call"], Any]


class ScimRefusal(Refusal):
    """A refusal whose body has the shape that SCIM gives to errors."""

    def body(self, correlation_id: str) -> dict[str, Any]:
        kind = {"scimType": self.code} if self.code else {}
        return {"schemas": [ERROR], "status": str(self.status), **kind, "detail": self.message}


#: Words of SCIM for what is wrong, as far as it has any.
TYPES = {"invalidValue", "invalidFilter", "invalidPath", "invalidSyntax", "noTarget", "mutability", "uniqueness"}


def _scim(*names: str) -> Callable[[Handler], Handler]:
    """Register what carries out operations of both versions, and say what goes wrong the way SCIM does.

    Args:
        *names: names of operations; those of the second version follow from them.
    """

    def register(function: Handler) -> Handler:
        @wraps(function)
        def handler(sandbox: Sandbox, call: Call) -> Any:
            try:
                return function(sandbox, call)
            except Refusal as refusal:
                kind = refusal.code if refusal.code in TYPES else _kind(refusal.status)
                raise ScimRefusal(refusal.status, kind, refusal.message) from None

        service(*names, *(name.replace("_scim_", "_scim_v2_") for name in names), personal=True)(handler)
        return handler

    return register


def _kind(status: int) -> str:
    return {400: "invalidValue", 409: "uniqueness"}.get(status, "")


def _base(call: Call) -> str:
    """The path of SCIM in the version that a call is of."""
    return "/api/v2/scim/v2" if "/scim/v2/" in call.record.path else "/api/v2/scim"


# --- reading ------------------------------------------------------------------------------------


def _list(sandbox: Sandbox, call: Call, ids: Sequence[str], read: Callable[[str], Entity]) -> Any:
    """The page of resources that a call asks for."""
    text = str(call.query.get("filter") or "")
    if text:
        try:
            test = parse(text)
        except InvalidFilter as error:
            raise Refusal(400, "invalidFilter", f"The filter is not valid: {error}.") from None
        ids = [entity_id for entity_id in _candidates(sandbox, call, text, ids) if test(read(entity_id))]
    count = call.query.get("count")
    start = max(1, int(call.query.get("startIndex") or 1))
    shown = Lazy(len(ids), lambda at: _part(call, read(ids[at])))
    if count is not None and int(count) <= 0:
        return {"schemas": [LIST], "totalResults": len(ids), "startIndex": start, "itemsPerPage": 0, "Resources": []}
    query = {**call.query, "startIndex": start, "count": min(int(count or 25), MOST)}
    found = page(sandbox, call._replace(query=query), Listing("Resources", "o"), shown)
    return {**found, "schemas": [LIST]}


def _candidates(sandbox: Sandbox, call: Call, text: str, ids: Sequence[str]) -> Sequence[str]:
    """Ids among which the filter looks: one alone where it compares the name or the id, which identity providers do
    before everything else."""
    wanted = comparison(text)
    if wanted is None or wanted.operator != "eq" or not isinstance(wanted.value, str):
        return ids
    if wanted.path.lower() == "id":
        return [wanted.value] if wanted.value in set(ids) else []
    if wanted.path.lower() == "username" and "/users" in call.record.path:
        owner = owner_of(sandbox, wanted.value)
        return [owner] if owner and owner in users(sandbox) else []
    return ids


def _part(call: Call, resource: Entity) -> Entity:
    """A resource with the attributes that a call asks for."""
    wanted = {str(name).split(".")[0].lower() for name in call.query.get("attributes") or ()}
    hidden = {str(name).split(".")[0].lower() for name in call.query.get("excludedAttributes") or ()}
    always = {"id", "schemas", "meta"}
    return {
        key: value
        for key, value in resource.items()
        if key.lower() in always
        or (key.lower() not in hidden and (not wanted or any(name.startswith(key.lower()) for name in wanted)))
    }


def _one(call: Call, resource: Entity, status: int = 200) -> Answered:
    """The reply with one resource and its tag; nothing when the caller has it already."""
    tag = version_of(resource)
    known = str(call.query.get("If-None-Match") or "")
    if known and tag in [part.strip() for part in known.split(",")]:
        return Answered(None, 304, [("ETag", tag)])
    return Answered(_part(call, resource), status, [("ETag", tag)])


def _check_match(call: Call, resource: Entity) -> None:
    """Refuse a change to another version than the current one.

    Raises:
        Refusal: 412.
    """
    wanted = [part.strip() for part in str(call.query.get("If-Match") or "*").split(",")]
    if "*" not in wanted and version_of(resource) not in wanted:
        raise Refusal(412, "", "The resource has changed: its version is another one than that in If-Match.")


# --- users --------------------------------------------------------------------------------------


@_scim("get_scim_users")
def list_users(sandbox: Sandbox, call: Call) -> Any:
    """Users who are not deleted."""
    ids = users(sandbox).ids()
    return _list(sandbox, call, ids, lambda user_id: user_resource(sandbox, users(sandbox)[user_id], _base(call)))


@_scim("get_scim_user")
def get_user(sandbox: Sandbox, call: Call) -> Any:
    """One user."""
    return _one(call, user_resource(sandbox, user_of(sandbox, call.ids[0]), _base(call)))


@_scim("post_scim_users")
def post_user(sandbox: Sandbox, call: Call) -> Any:
    """A new user; one of that name who was deleted comes back."""
    body: Entity = call.body
    gone = owner_of(sandbox, str(body.get("userName") or ""))
    state = "active" if is_active(body.get("active", True)) else "inactive"
    if gone in sandbox.store.table(DELETED):
        user = change_user(sandbox, gone, {"state": state})
    else:
        user = create_user(sandbox, call, {"name": body["displayName"], "email": body["userName"], "state": state})
    before = user_resource(sandbox, user, _base(call))
    user = write_user(sandbox, user, before, {**before, **_own(body)})
    return _one(call, user_resource(sandbox, user, _base(call)), 201)


def _own(body: Entity) -> Entity:
    """What a body says of a user, without what only the service says."""
    return {key: value for key, value in body.items() if key not in ("id", "schemas", "meta", "groups", "password")}


@_scim("put_scim_user")
def put_user(sandbox: Sandbox, call: Call) -> Any:
    """Replace a user: what the body leaves out is cleared, but for the names and whether the user is active."""
    user = user_of(sandbox, call.ids[0])
    before = user_resource(sandbox, user, _base(call))
    _check_match(call, before)
    kept: Entity = {key: before[key] for key in ("userName", "displayName", "active") if key in before}
    kept[ENTERPRISE] = {"division": before[ENTERPRISE].get("division")}
    after = {**kept, **_own(call.body)}
    return _one(call, user_resource(sandbox, write_user(sandbox, user, before, after), _base(call)))


@_scim("patch_scim_user")
def patch_user(sandbox: Sandbox, call: Call) -> Any:
    """Carry out operations on a user."""
    user = user_of(sandbox, call.ids[0])
    before = user_resource(sandbox, user, _base(call))
    _check_match(call, before)
    after = _after(call, before)
    return _one(call, user_resource(sandbox, write_user(sandbox, user, before, after), _base(call)))


def _after(call: Call, before: Mapping[str, Any]) -> Entity:
    """A resource after the operations of a call."""
    try:
        return patched(before, as_list(call.body.get("Operations")) or [])
    except InvalidPatch as error:
        raise Refusal(400, error.kind, str(error)) from None


@_scim("delete_scim_user")
def remove_user(sandbox: Sandbox, call: Call) -> Any:
    """Delete a user."""
    _check_match(call, user_resource(sandbox, user_of(sandbox, call.ids[0]), _base(call)))
    delete_user(sandbox, call.ids[0])
    return {}


# --- groups -------------------------------------------------------------------------------------


@_scim("get_scim_groups")
def list_groups(sandbox: Sandbox, call: Call) -> Any:
    """Groups."""
    groups = collection(sandbox, GROUPS)
    return _list(sandbox, call, groups.ids(), lambda key: group_resource(sandbox, groups[key], _base(call)))


@_scim("get_scim_group")
def get_group(sandbox: Sandbox, call: Call) -> Any:
    """One group."""
    return _one(call, group_resource(sandbox, found(collection(sandbox, GROUPS), call.ids[0]), _base(call)))


@_scim("put_scim_group", "patch_scim_group")
def change_group(sandbox: Sandbox, call: Call) -> Any:
    """Replace the members of a group, or carry out operations on them."""
    group = found(collection(sandbox, GROUPS), call.ids[0])
    before = group_resource(sandbox, group, _base(call))
    _check_match(call, before)
    if call.record.method == "PATCH":
        after = _after(call, before)
    else:
        after = {"members": call.body.get("members"), "externalId": call.body.get("externalId")}
    return _one(call, group_resource(sandbox, write_group(sandbox, group, before, after), _base(call)))


# --- what there is ------------------------------------------------------------------------------

KINDS = {"s": "string", "b": "boolean", "i": "integer", "l": "integer", "f": "decimal", "t": "dateTime", "#": "complex"}
SCHEMAS = {
    CORE_USER: ("User", "User account", "ScimV2User"),
    CORE_GROUP: ("Group", "Group", "ScimV2Group"),
    ENTERPRISE: ("EnterpriseUser", "Enterprise user", "ScimV2EnterpriseUser"),
    GENESYS: ("GenesysUser", "Routing skills, languages and identifiers of a user", "ScimUserExtensions"),
}


def _attribute(sandbox: Sandbox, prop: PropertyRecord) -> Entity:
    """An attribute of a schema, as the definition has it."""
    inner = prop.type.lstrip("[")
    unique = prop.wire in ("id", "userName")
    made: Entity = {
        "name": prop.wire,
        "type": KINDS.get(inner[0], "string"),
        "multiValued": prop.type.startswith("["),
        "required": prop.required or prop.wire in ("userName", "displayName"),
        "caseExact": False,
        "mutability": "readOnly" if prop.read_only else "writeOnly" if prop.wire == "password" else "readWrite",
        "returned": "never" if prop.wire == "password" else "always" if prop.wire == "id" else "default",
        "uniqueness": "server" if unique else "none",
    }
    if inner.startswith("#"):
        parts = sandbox.faker.record(inner[1:]).properties
        made["subAttributes"] = [_attribute(sandbox, part) for part in parts]
    return made


def _schema(sandbox: Sandbox, call: Call, urn: str) -> Entity:
    name, description, model = SCHEMAS[urn]
    properties = [
        p for p in sandbox.faker.record(model).properties if ":" not in p.wire and p.wire not in ("meta", "schemas")
    ]
    return {
        "id": urn,
        "name": name,
        "description": description,
        "attributes": [_attribute(sandbox, prop) for prop in properties],
        "meta": {"resourceType": "Schema", "location": f"{_base(call)}/schemas/{urn}"},
    }


def _all(call: Call, resources: Sequence[Entity]) -> Entity:
    count = len(resources)
    return {
        "schemas": [LIST],
        "totalResults": count,
        "startIndex": 1,
        "itemsPerPage": count,
        "Resources": list(resources),
    }


@_scim("get_scim_schemas")
def list_schemas(sandbox: Sandbox, call: Call) -> Any:
    """The schemas of what there is."""
    return _all(call, [_schema(sandbox, call, urn) for urn in SCHEMAS])


@_scim("get_scim_schema")
def get_schema(sandbox: Sandbox, call: Call) -> Any:
    """One schema."""
    if call.ids[0] not in SCHEMAS:
        raise not_found("schema", call.ids[0])
    return _schema(sandbox, call, call.ids[0])


def _resource_type(call: Call, name: str) -> Entity:
    schema, extensions = (CORE_USER, [ENTERPRISE, GENESYS]) if name == "User" else (CORE_GROUP, [])
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": name,
        "name": name,
        "description": f"The {name.lower()}s of the organization",
        "endpoint": f"/{name}s",
        "schema": schema,
        "schemaExtensions": [{"schema": urn, "required": False} for urn in extensions],
        "meta": {"resourceType": "ResourceType", "location": f"{_base(call)}/resourcetypes/{name}"},
    }


@_scim("get_scim_resourcetypes")
def list_resource_types(sandbox: Sandbox, call: Call) -> Any:
    """What there is."""
    return _all(call, [_resource_type(call, name) for name in ("User", "Group")])


@_scim("get_scim_resourcetype")
def get_resource_type(sandbox: Sandbox, call: Call) -> Any:
    """One kind of resource."""
    if call.ids[0] not in ("User", "Group"):
        raise not_found("resource type", call.ids[0])
    return _resource_type(call, call.ids[0])


@_scim("get_scim_serviceproviderconfig")
def provider(sandbox: Sandbox, call: Call) -> Any:
    """What of SCIM there is."""
    bearer = {
        "name": "OAuth bearer token",
        "description": "A token of a client of the organization",
        "specUri": "https://www.rfc-editor.org/info/rfc6750",
        "type": "oauthbearertoken",
        "primary": True,
    }
    config: Entity = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": True},
        "filter": {"supported": True, "maxResults": MOST},
        "etag": {"supported": True},
        "sort": {"supported": False},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "changePassword": {"supported": False},
        "authenticationSchemes": [bearer],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{_base(call)}/serviceproviderconfig"},
    }
    return _one(call, config)


# --- examples -----------------------------------------------------------------------------------


@example_query("get_scim_v2_groups")
def example_filter(sandbox: Sandbox) -> dict[str, str]:
    """A filter that is valid."""
    return {"filter": 'displayName sw "A"'}


@example_ids("get_scim_schema", "get_scim_v2_schema")
def example_schema(sandbox: Sandbox) -> list[str]:
    """A schema."""
    return [CORE_USER]


@example_ids("get_scim_resourcetype", "get_scim_v2_resourcetype")
def example_resource_type(sandbox: Sandbox) -> list[str]:
    """A kind of resource."""
    return ["User"]


@example_ids("delete_scim_user", "delete_scim_v2_user")
def example_gone(sandbox: Sandbox) -> list[str]:
    """A user whom nobody needs, made for this."""
    everyone = users(sandbox)
    user_id = sandbox.store.new_id(everyone.shape)
    name, address = "Sam Example", f"{user_id[:8]}@example.com"
    made: Entity = {"id": user_id, "name": name, "email": address, "state": "active", "version": 1}
    everyone.put(user_id, made | {"division": sandbox.home_division()})
    return [user_id]


@example_body("post_scim_users", "post_scim_v2_users")
def example_user(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Somebody whose name is free."""
    total = sum(len(with_state(sandbox, state)[0]) for state in ("active", "inactive", "deleted"))
    return {"schemas": [CORE_USER], "userName": f"sam.{total}@example.com", "displayName": "Sam Example"}


@example_body("put_scim_user", "put_scim_v2_user")
def example_title(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A title."""
    return {"title": "Example"}


@example_body("patch_scim_user", "patch_scim_v2_user")
def example_operations(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A title."""
    return {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": "Example"}]}


@example_body("put_scim_group", "put_scim_v2_group")
def example_members(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A member."""
    return {"members": [{"value": users(sandbox).ids()[0]}]}


@example_body("patch_scim_group", "patch_scim_v2_group")
def example_member(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A member."""
    value = [{"value": users(sandbox).ids()[0]}]
    return {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": value}]}
