"""Integrations: what there is to integrate, configuration, credentials, switching on and off, and incoming webhooks.

An integration that is switched on is activating for ``Settings.integration_seconds``, then active; or in error, when
its configuration lacks what its type requires.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..crud import generic, page
from ..narrow import as_list, as_object, texts
from ..refusal import Refusal, bad_request, not_found
from ..rng import seeded_uuid
from ..shapes import Listing
from .linked import check_version
from .linked import collection as entities
from .registry import example_body, example_ids, seeded_ids, seeder, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

__all__ = ["CONFIGS", "INTEGRATIONS", "credential_fields", "is_active", "kind_of"]

INTEGRATIONS, CREDENTIALS = "/api/v2/integrations", "/api/v2/integrations/credentials"
TYPES = f"{INTEGRATIONS}/types"
CONFIGS, STATES, FIELDS, EVENTS = (
    "integration configs", "integration states", "integration credentials", "webhook events",
)  # fmt: skip


class Kind(NamedTuple):
    """A type of integrations: text, JSON Schema of the properties, names of credentials with the types that fit."""

    name: str
    category: str
    properties: Mapping[str, Any]
    required: Sequence[str] = ()
    credentials: Mapping[str, Sequence[str]] = {}
    needs_credentials: bool = False
    actions: bool = False
    most: int = 100


_TEXT = {"type": "string"}
KINDS: Mapping[str, Kind] = {
    "custom-rest-actions": Kind(
        "Web Services Data Actions", "Data Actions", {}, actions=True,
        credentials={"basicAuth": ["basicAuth", "userDefined", "userDefinedOAuth"]},
    ),
    "purecloud-data-actions": Kind(
        "Genesys Cloud Data Actions", "Data Actions", {}, actions=True, needs_credentials=True,
        credentials={"pureCloudOAuthClient": ["pureCloudOAuthClient"]},
    ),
    "function-data-actions": Kind("Function Data Actions", "Data Actions", {}, actions=True),
    "embedded-client-app": Kind(
        "Client Application", "Client Apps",
        {"url": _TEXT, "sandbox": _TEXT, "displayType": {"type": "string", "enum": ["standalone", "widget"]},
         "featureCategory": _TEXT},
        required=["url"],
    ),
    "generic-webhooks": Kind("Webhooks", "Notifications", {"webhookName": _TEXT}, most=10),
    "amazon-s3-bulk-actions": Kind(
        "Recording Export to Amazon S3", "Recording", {"bucketName": _TEXT, "region": _TEXT},
        required=["bucketName"], credentials={"amazonS3": ["awsRole"]}, needs_credentials=True, most=5,
    ),
}  # fmt: skip
#: Types of credentials: their fields, and those that are required.
CREDENTIAL_TYPES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "basicAuth": (["userName", "password"], ["userName", "password"]),
    "pureCloudOAuthClient": (["clientId", "clientSecret"], ["clientId", "clientSecret"]),
    "userDefined": ([], []),
    "userDefinedOAuth": (["loginUrl"], []),
    "awsRole": (["roleArn"], ["roleArn"]),
}


def _invalid(wire: str, message: str) -> Refusal:
    return bad_request(message, code="invalid.value", details=[{"errorCode": "invalid.value", "fieldName": wire}])


def type_of(integration: Entity) -> str:
    """Id of the type of an integration; empty when somebody described one without."""
    return str((as_object(integration.get("integrationType")) or {}).get("id") or "")


def kind_of(integration: Entity) -> Kind:
    """What is known of the type of an integration; nothing for a type that only its organization knows."""
    return KINDS.get(type_of(integration)) or Kind(type_of(integration), "", {})


# --- types --------------------------------------------------------------------------------------


@seeded_ids(TYPES)
def type_ids(sandbox: Sandbox, path: str) -> list[str]:
    """Those that the sandbox knows."""
    return list(KINDS)


@seeder(TYPES)
def a_type(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """One of them."""
    type_id = str(entity["id"])
    kind, uri = KINDS[type_id], f"{TYPES}/{type_id}"
    entity.clear()
    entity |= {
        "id": type_id, "name": kind.name, "description": f"{kind.name} of the sandbox.", "category": kind.category,
        "provider": "clusterconfig", "vendorName": "Genesys", "maxInstances": kind.most, "nonInstallable": False,
        "configPropertiesSchemaUri": f"{uri}/configschemas/properties",
        "configAdvancedSchemaUri": f"{uri}/configschemas/advanced", "selfUri": uri, "userPermissions": [],
        "credentials": {
            name: {"required": kind.needs_credentials, "title": name, "credentialTypes": list(fitting)}
            for name, fitting in kind.credentials.items()
        },
    }  # fmt: skip


@service("get_integrations_type_configschema")
def schema(sandbox: Sandbox, call: Call) -> Any:
    """The JSON Schema of a part of the configuration."""
    kind, part = KINDS.get(call.ids[0]) or Kind("", "", {}), call.ids[1]
    if part not in ("properties", "advanced"):
        raise not_found("configuration schema", part)
    found: Entity = {"$schema": "http://json-schema.org/draft-04/schema#", "title": part, "type": "object"}
    of_properties = part == "properties"
    found["properties"] = dict(kind.properties) if of_properties else {}
    return found | ({"required": list(kind.required)} if of_properties and kind.required else {})


# --- credentials --------------------------------------------------------------------------------


@service("get_integrations_credentials_types")
def credential_types(sandbox: Sandbox, call: Call) -> Any:
    """The types of credentials."""
    return [
        {"id": name, "name": name, "properties": {"type": "object", "properties": dict.fromkeys(fields, _TEXT)},
         "displayOrder": list(fields), "required": list(required)}
        for name, (fields, required) in CREDENTIAL_TYPES.items()
    ]  # fmt: skip


@seeder(CREDENTIALS)
def a_credential(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A name and a password."""
    entity.pop("credentialFields", None)
    entity["type"] = {"id": "basicAuth", "name": "basicAuth"}


def credential_fields(sandbox: Sandbox, credential_id: str) -> dict[str, str]:
    """The secrets of a credential."""
    return dict(as_object(sandbox.store.table(FIELDS).get(credential_id)) or {})


@service("post_integrations_credentials", "put_integrations_credential")
def write_credential(sandbox: Sandbox, call: Call) -> Any:
    """Keep a credential; what is secret in it is never shown again."""
    type_ = as_object(call.body.get("type")) or {}
    name = str(type_.get("name") or type_.get("id") or "")
    if name not in CREDENTIAL_TYPES:
        raise _invalid("type", f"There is no type of credentials called {name}: {', '.join(CREDENTIAL_TYPES)}.")
    fields = as_object(call.body.get("credentialFields")) or {}
    before = credential_fields(sandbox, call.ids[0]) if call.ids else {}
    missing = [field for field in CREDENTIAL_TYPES[name][1] if not {**before, **fields}.get(field)]
    if missing:
        raise _invalid("credentialFields", f"Credentials of the type {name} need {', '.join(missing)}.")
    held = entities(sandbox, CREDENTIALS)
    credential_id = call.ids[0] if call.ids else sandbox.store.new_id(held.shape)
    stored = held.get(credential_id)
    if call.ids and stored is None:
        raise not_found("credential", credential_id)
    made: Entity = {"id": credential_id, "name": call.body.get("name") or (stored or {}).get("name") or name}
    made |= {"type": {"id": name, "name": name}, "selfUri": f"{CREDENTIALS}/{credential_id}"}
    made |= {"createdDate": (stored or {}).get("createdDate") or sandbox.now(), "modifiedDate": sandbox.now()}
    held.put(credential_id, made)
    sandbox.store.table(FIELDS)[credential_id] = {**before, **fields}
    return made


@example_body("post_integrations_credentials", "put_integrations_credential")
def example_credential(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """A name and a password."""
    fields = {"userName": "ada", "password": "example"}
    return {"name": "Partner", "type": {"name": "basicAuth"}, "credentialFields": fields}


@service("get_integrations_credentials", "get_integrations_credentials_listing")
def list_credentials(sandbox: Sandbox, call: Call) -> Any:
    """The credentials, by page or by cursor."""
    return page(sandbox, call, Listing("entities", "#CredentialInfo"), list(entities(sandbox, CREDENTIALS)))


@service("delete_integrations_credential")
def delete_credential(sandbox: Sandbox, call: Call) -> Any:
    """Delete a credential that no integration uses."""
    for integration_id, config in sandbox.store.table(CONFIGS).items():
        used = as_object(config.get("credentials")) or {}
        if any((as_object(one) or {}).get("id") == call.ids[0] for one in used.values()):
            message = f"The credential is in use by the integration {integration_id}."
            raise Refusal(409, "general.conflict", message, entity_id=call.ids[0], params={"usedBy": integration_id})
    generic(sandbox, call)
    sandbox.store.table(FIELDS).pop(call.ids[0], None)


# --- integrations -------------------------------------------------------------------------------


@seeded_ids(INTEGRATIONS)
def integration_ids(sandbox: Sandbox, path: str) -> list[str]:
    """At least one of each type, unless the organization is empty."""
    seeded = sandbox.settings.seeded
    return [seeded_uuid(sandbox.settings.seed, path, at) for at in range(seeded and max(seeded, len(KINDS)))]


@seeder(INTEGRATIONS)
def an_integration(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """One of each type, and again; the first of each is on."""
    place, kinds = collection.place(str(entity["id"])), list(KINDS)
    type_id = kinds[place % len(kinds)]
    integration_id = entity["id"]
    entity.clear()
    entity |= _new(str(integration_id), f"{KINDS[type_id].name} {place // len(kinds) + 1}", type_id)
    simple = not KINDS[type_id].required and not KINDS[type_id].needs_credentials
    entity["intendedState"] = "ENABLED" if place < len(kinds) and simple else "DISABLED"


def _new(integration_id: str, name: str, type_id: str) -> Entity:
    type_ = {"id": type_id, "name": KINDS[type_id].name, "selfUri": f"{TYPES}/{type_id}"}
    made: Entity = {"id": integration_id, "name": name, "integrationType": type_, "intendedState": "DISABLED"}
    if type_id == "generic-webhooks":
        made["attributes"] = {"webhookTokenId": integration_id}
    return made | {"selfUri": f"{INTEGRATIONS}/{integration_id}"}


def _integration(sandbox: Sandbox, integration_id: str) -> Entity:
    found = entities(sandbox, INTEGRATIONS).get(integration_id)
    if found is None:
        raise not_found("integration", integration_id)
    return found


def _config(sandbox: Sandbox, integration: Entity) -> Entity:
    integration_id = str(integration["id"])
    uri = f"{INTEGRATIONS}/{integration_id}/config/current"
    first: Entity = {"id": integration_id, "name": integration.get("name"), "version": 1, "properties": {}}
    first |= {"advanced": {}, "notes": "", "credentials": {}, "selfUri": uri}
    return as_object(sandbox.store.table(CONFIGS).get(integration_id)) or first


def _lacks(sandbox: Sandbox, integration: Entity) -> str:
    """What the configuration of an integration lacks; empty when it is complete."""
    kind, config = kind_of(integration), _config(sandbox, integration)
    missing = [name for name in kind.required if (as_object(config["properties"]) or {}).get(name) in (None, "")]
    if missing:
        return f"properties: {', '.join(missing)}"
    if kind.needs_credentials:
        absent = [name for name in kind.credentials if name not in config["credentials"]]
        return f"credentials: {', '.join(absent)}" if absent else ""
    return ""


def _state(sandbox: Sandbox, integration: Entity) -> Entity:
    """The state that an integration has reached by now."""
    row = as_object(sandbox.store.table(STATES).get(str(integration["id"])))
    on = integration.get("intendedState") == "ENABLED"
    since = row["since"] if row else None
    under_way = since is not None and sandbox.seconds() < since + sandbox.settings.integration_seconds
    lacks = _lacks(sandbox, integration) if on else ""
    code = ("ACTIVATING" if under_way else "ERROR" if lacks else "ACTIVE") if on else ""
    code = code or ("DEACTIVATING" if under_way else "INACTIVE")
    effective = "Active" if code == "ACTIVE" else "Error" if code == "ERROR" else "Offline"
    message = f"The configuration lacks {lacks}." if code == "ERROR" else f"The integration is {code.lower()}."
    detail = {"localizableMessageCode": code.lower(), "message": message, "messageWithParams": message}
    return {
        "code": code, "effective": effective, "detail": {**detail, "messageParams": {}},
        "lastUpdated": row["at"] if row else "2026-01-05T08:00:00.000Z",
    }  # fmt: skip


def is_active(sandbox: Sandbox, integration_id: str) -> bool:
    """Whether an integration exists and is active."""
    found = entities(sandbox, INTEGRATIONS).get(integration_id)
    return found is not None and _state(sandbox, found)["code"] == "ACTIVE"


def _shown(sandbox: Sandbox, integration: Entity) -> Entity:
    config = _config(sandbox, integration)
    state = _state(sandbox, integration)
    return {**integration, "reportedState": state, "config": {"current": config}, "notes": config["notes"]}


@service("get_integration")
def read_integration(sandbox: Sandbox, call: Call) -> Any:
    """An integration as it is now."""
    return _shown(sandbox, _integration(sandbox, call.ids[0]))


@service("get_integrations")
def list_integrations(sandbox: Sandbox, call: Call) -> Any:
    """The integrations, by type, by reported state, by credential."""
    query, found = call.query, list[dict[str, Any]]()
    ids = texts(query.get("ids"))
    for integration in entities(sandbox, INTEGRATIONS):
        type_id = type_of(integration)
        if (ids and integration["id"] not in ids) or query.get("integrationType") not in (None, type_id):
            continue
        shown = _shown(sandbox, integration)
        used = [(as_object(one) or {}).get("id") for one in shown["config"]["current"]["credentials"].values()]
        if query.get("credentialId") and query["credentialId"] not in used:
            continue
        if query.get("reportedState") in (None, shown["reportedState"]["code"]):
            found.append(shown)
    return page(sandbox, call, Listing("entities", "#Integration"), found)


@service("post_integrations")
def create_integration(sandbox: Sandbox, call: Call) -> Any:
    """A new integration; it is off, and has no configuration."""
    type_id = str((as_object(call.body["integrationType"]) or {}).get("id") or "")
    if type_id not in KINDS:
        raise _invalid("integrationType", f"There is no type of integrations with id {type_id}.")
    held = entities(sandbox, INTEGRATIONS)
    if sum(type_of(one) == type_id for one in held) >= KINDS[type_id].most:
        message = f"There are {KINDS[type_id].most} integrations of the type {type_id}: no more are allowed."
        raise Refusal(409, "integration.limit.exceeded", message, params={"integrationType": type_id})
    if not str(call.body["name"]).strip():
        raise _invalid("name", "An integration needs a name.")
    integration_id = sandbox.store.new_id(held.shape)
    held.put(integration_id, _new(integration_id, str(call.body["name"]), type_id))
    return _shown(sandbox, held[integration_id])


@example_body("post_integrations")
def example_integration(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """For data actions."""
    return {"name": "Partner", "integrationType": {"id": "custom-rest-actions"}}


@service("patch_integration")
def switch(sandbox: Sandbox, call: Call) -> Any:
    """Switch an integration on or off."""
    before, after = _integration(sandbox, call.ids[0]), str(call.body["intendedState"])
    after = "DISABLED" if after == "RESTORED" else after
    if before.get("intendedState") != after:
        row = {"since": sandbox.seconds(), "at": sandbox.now()}
        sandbox.store.table(STATES)[call.ids[0]] = row
        entities(sandbox, INTEGRATIONS).put(call.ids[0], {**before, "intendedState": after})
    return _shown(sandbox, _integration(sandbox, call.ids[0]))


@example_body("patch_integration")
def example_switch(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """On."""
    return {"intendedState": "ENABLED"}


@service("delete_integration")
def delete_integration(sandbox: Sandbox, call: Call) -> Any:
    """Delete an integration with its configuration."""
    shown = _shown(sandbox, _integration(sandbox, call.ids[0]))
    generic(sandbox, call)
    for name in (CONFIGS, STATES):
        sandbox.store.table(name).pop(call.ids[0], None)
    return shown


@service("get_integration_config_current")
def read_config(sandbox: Sandbox, call: Call) -> Any:
    """The configuration."""
    return _config(sandbox, _integration(sandbox, call.ids[0]))


@service("put_integration_config_current")
def write_config(sandbox: Sandbox, call: Call) -> Any:
    """Replace the configuration; its version must be the current one."""
    integration, body = _integration(sandbox, call.ids[0]), call.body
    before, kind = _config(sandbox, integration), kind_of(integration)
    check_version(call.ids[0], body.get("version"), before["version"])
    properties = as_object(body.get("properties")) or {}
    for name, value in properties.items():
        described = as_object(kind.properties.get(name))
        if described is None:
            raise _invalid("properties", f"{name} is no property of integrations of the type {kind.name}.")
        allowed = as_list(described.get("enum"))
        if not isinstance(value, str) or (allowed and value not in allowed):
            raise _invalid("properties", f"{name} is not a text that the type allows.")
    credentials: Entity = {}
    for name, given in (as_object(body.get("credentials")) or {}).items():
        if name not in kind.credentials:
            raise _invalid("credentials", f"Integrations of the type {kind.name} have no credentials called {name}.")
        found = entities(sandbox, CREDENTIALS).get(str((as_object(given) or {}).get("id") or ""))
        if found is None or found["type"]["name"] not in kind.credentials[name]:
            raise _invalid("credentials", f"{name}: there is no such credential of a type that fits.")
        credentials[name] = {"id": found["id"], "name": found["name"], "type": found["type"]}
    made = {**before, "name": body["name"], "version": before["version"] + 1, "properties": properties}
    made |= {"advanced": body.get("advanced") or {}, "notes": body.get("notes") or "", "credentials": credentials}
    sandbox.store.table(CONFIGS)[call.ids[0]] = made
    if body["name"] != integration.get("name"):
        entities(sandbox, INTEGRATIONS).put(call.ids[0], {**integration, "name": body["name"]})
    return made


@example_body("put_integration_config_current")
def example_config(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """Another note."""
    return {**_config(sandbox, _integration(sandbox, ids[0])), "notes": "Changed"}


# --- webhooks -----------------------------------------------------------------------------------


@service("post_integrations_webhook_events")
def webhook(sandbox: Sandbox, call: Call) -> Any:
    """Something happened elsewhere; the token is an attribute of an active integration for webhooks."""
    found = entities(sandbox, INTEGRATIONS).get(call.ids[0])
    if found is None or "attributes" not in found or not is_active(sandbox, call.ids[0]):
        raise not_found("An active webhook with this token")
    invocation = sandbox.store.new_id(entities(sandbox, INTEGRATIONS).shape)
    sandbox.store.table(EVENTS)[invocation] = {"token": call.ids[0], "body": call.body, "at": sandbox.now()}
    return {"invocationId": invocation}


@example_ids("post_integrations_webhook_events")
def example_token(sandbox: Sandbox) -> list[str]:
    """Of the webhook that is on from the start."""
    return [entities(sandbox, INTEGRATIONS).ids()[list(KINDS).index("generic-webhooks")]]
