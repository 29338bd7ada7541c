"""Data actions: drafts, publishing, and carrying them out for real.

A request goes to another program on this machine (``http://127.0.0.1:…``), to this sandbox itself (``/api/v2/…``), or
to :data:`ECHO`, which answers with what it was asked. Anything else is not reached: a sandbox does not call strangers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from ..actions import Failure, Outcome, carry_out, problems_of, select
from ..crud import generic, page
from ..files import presigned, taker
from ..narrow import as_list, as_object
from ..refusal import Refusal, bad_request, not_found
from ..rng import seeded_uuid
from ..shapes import Listing
from .integrations import CONFIGS, INTEGRATIONS, credential_fields, is_active, kind_of
from .linked import check_version
from .linked import collection as entities
from .registry import example_body, example_ids, seeded_ids, seeder, service, table_start

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

__all__: Sequence[str] = ()

ACTIONS = "/api/v2/integrations/actions"
DRAFTS, FUNCTIONS = "action drafts", "action functions"
LISTING = Listing("entities", "#Action")
_TEXT = {"type": "string"}
#: An action that asks what it was asked.
ECHO: Mapping[str, Any] = {
    "category": "Web Services Data Actions", "secure": False,
    "contract": {
        "input": {"inputSchema": {"title": "in", "type": "object", "required": ["id"], "properties": {"id": _TEXT}}},
        "output": {"successSchema": {"title": "out", "type": "object", "properties": {"id": _TEXT}}},
    },
    "config": {
        "request": {
            "requestUrlTemplate": "http://echo.invalid/customers/${input.id}", "requestType": "POST",
            "requestTemplate": '{"id": "${input.id}"}', "headers": {"Content-Type": "application/json"},
        },
        "response": {
            "translationMap": {"id": "$.body.id"}, "translationMapDefaults": {},
            "successTemplate": '{"id": ${id}}',
        },
    },
}  # fmt: skip


@seeded_ids(ACTIONS)
def action_ids(sandbox: Sandbox, path: str) -> list[str]:
    """Those that somebody made, and one that came with an integration."""
    count = sandbox.settings.seeded and max(3, sandbox.settings.seeded)
    if not count:
        return []
    made = [f"custom_-_{seeded_uuid(sandbox.settings.seed, path, at)}" for at in range(count - 1)]
    return [*made, f"static_-_{seeded_uuid(sandbox.settings.seed, path, count)}"]


@seeder(ACTIONS)
def an_action(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """It asks what it was asked."""
    action_id, place = str(entity["id"]), collection.place(str(entity["id"]))
    entity.clear()
    entity |= {"id": action_id, "name": f"Look up {place + 1}", "version": 1, **ECHO}
    entity |= {"integrationId": entities(sandbox, INTEGRATIONS).ids()[0], "selfUri": f"{ACTIONS}/{action_id}"}


@table_start(DRAFTS)
def first_drafts(sandbox: Sandbox) -> dict[str, Any]:
    """Somebody works on the first actions."""
    found: dict[str, Any] = {}
    if not sandbox.organization.examples:
        return found
    for action_id in list(entities(sandbox, ACTIONS).seeded)[:2]:
        owner = next(iter(entities(sandbox, INTEGRATIONS).seeded), "")
        found[action_id] = {"id": action_id, "name": "Look up", "version": 1, "integrationId": owner, **ECHO}
    return found


def _action(sandbox: Sandbox, action_id: str) -> Entity:
    found = entities(sandbox, ACTIONS).get(action_id)
    if found is None:
        raise not_found("action", action_id)
    return found


def _draft(sandbox: Sandbox, action_id: str) -> Entity:
    found = as_object(sandbox.store.table(DRAFTS).get(action_id))
    if found is None:
        raise not_found("action draft", action_id)
    return found


def _subject(sandbox: Sandbox, call: Call) -> Entity:
    """The action, or the draft, that a path is about."""
    return (_draft if "/draft" in call.record.path else _action)(sandbox, call.ids[0])


def _keep(sandbox: Sandbox, draft: Entity) -> Entity:
    sandbox.store.table(DRAFTS)[str(draft["id"])] = draft
    return draft


def _new(sandbox: Sandbox, body: Entity) -> Entity:
    integration = entities(sandbox, INTEGRATIONS).get(str(body["integrationId"]))
    if integration is None or not kind_of(integration).actions:
        details = [{"errorCode": "invalid.value", "fieldName": "integrationId"}]
        raise bad_request(
            "There is no integration for data actions with this id.", code="invalid.value", details=details
        )
    action_id = f"custom_-_{sandbox.store.new_id(entities(sandbox, ACTIONS).shape)}"
    made: Entity = {
        wire: body[wire] for wire in ("category", "name", "integrationId", "config", "contract") if wire in body
    }
    return {
        **made,
        "id": action_id,
        "version": 1,
        "secure": bool(body.get("secure")),
        "selfUri": f"{ACTIONS}/{action_id}",
    }


def _refuse_problems(action: Entity) -> None:
    problems = problems_of(action)
    if problems:
        details = [{"errorCode": "invalid.value", "fieldName": field} for field, _ in problems]
        raise bad_request(" ".join(text for _, text in problems), code="invalid.value", details=details)


# --- published ----------------------------------------------------------------------------------


@service("post_integrations_actions")
def create(sandbox: Sandbox, call: Call) -> Any:
    """A new action, published at once."""
    made = _new(sandbox, call.body)
    _refuse_problems(made)
    entities(sandbox, ACTIONS).put(made["id"], made)
    return made


@example_body("post_integrations_actions", "post_integrations_actions_drafts")
def example_action(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """It asks what it was asked."""
    return {"name": "Look up", "integrationId": entities(sandbox, INTEGRATIONS).ids()[0], **ECHO}


def _shown(call: Call, action: Entity) -> Entity:
    """An action; its configuration and contract only when they are asked for."""
    hidden = set[str]() if call.query.get("includeConfig") else {"config"}
    if call.query.get("expand") != "contract" and call.record.paging is not None:
        hidden.add("contract")
    return {wire: value for wire, value in action.items() if wire not in hidden}


@service("get_integrations_action", "get_integrations_action_draft", parents=False)
def read(sandbox: Sandbox, call: Call) -> Any:
    """An action or its draft."""
    return _shown(call, _subject(sandbox, call))


def _listed(sandbox: Sandbox, call: Call, found: Iterable[Entity]) -> Any:
    query = call.query
    ids = str(query.get("ids") or "").split(",") if query.get("ids") else []
    text, category = str(query.get("name") or "").lower().strip("*"), query.get("category")
    chosen = [
        _shown(call, action)
        for action in found
        if text in str(action.get("name")).lower()
        and category in (None, action.get("category"))
        and (not ids or action["id"] in ids)
        and (query.get("secure") is None or str(query["secure"]).lower() == str(bool(action.get("secure"))).lower())
    ]
    if query.get("sortBy"):
        down = str(query.get("sortOrder") or "").lower().startswith("d")
        chosen.sort(key=lambda action: str(action.get(str(query["sortBy"]), "")).lower(), reverse=down)
    return page(sandbox, call, LISTING, chosen)


@service("get_integrations_actions")
def list_actions(sandbox: Sandbox, call: Call) -> Any:
    """The published actions."""
    return _listed(sandbox, call, entities(sandbox, ACTIONS))


@service("get_integrations_actions_drafts")
def list_drafts(sandbox: Sandbox, call: Call) -> Any:
    """The drafts."""
    return _listed(sandbox, call, list(sandbox.store.table(DRAFTS).values()))


@service("get_integrations_actions_categories")
def categories(sandbox: Sandbox, call: Call) -> Any:
    """The categories of the published actions."""
    names = sorted({str(action.get("category")) for action in entities(sandbox, ACTIONS)})
    return page(sandbox, call, Listing("entities", "#Category"), [{"name": name} for name in names])


@service("patch_integrations_action", "patch_integrations_action_draft", parents=False)
def change(sandbox: Sandbox, call: Call) -> Any:
    """Change an action or its draft; the version must be the current one."""
    before, body = _subject(sandbox, call), call.body
    if str(before["id"]).startswith("static_"):
        raise bad_request("An action that came with an integration cannot be changed.", code="invalid.value")
    check_version(str(before["id"]), body.get("version"), before["version"])
    given = {wire: value for wire, value in body.items() if wire != "version" and value is not None}
    made = {**before, **given, "version": before["version"] + 1}
    if "/draft" in call.record.path:
        return _keep(sandbox, made)
    _refuse_problems(made)
    entities(sandbox, ACTIONS).put(str(made["id"]), made)
    return made


@example_body("patch_integrations_action", "patch_integrations_action_draft")
def example_change(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """Another name."""
    draft = as_object(sandbox.store.table(DRAFTS).get(ids[0])) or {"version": 1}
    action = entities(sandbox, ACTIONS).get(ids[0]) or draft
    return {"name": "Look up again", "version": max(action["version"], draft["version"])}


@service("get_integrations_action_schema", "get_integrations_action_draft_schema", parents=False)
def schema(sandbox: Sandbox, call: Call) -> Any:
    """The schema of the input or the output."""
    contract = as_object(_subject(sandbox, call).get("contract")) or {}
    if "input" in call.ids[1].lower():
        return (as_object(contract.get("input")) or {}).get("inputSchema") or {}
    return (as_object(contract.get("output")) or {}).get("successSchema") or {}


@service("get_integrations_action_template", "get_integrations_action_draft_template", parents=False)
def template(sandbox: Sandbox, call: Call) -> Any:
    """The template of the request or of the answer."""
    config = as_object(_subject(sandbox, call).get("config")) or {}
    if "request" in call.ids[1].lower():
        return (as_object(config.get("request")) or {}).get("requestTemplate") or ""
    return (as_object(config.get("response")) or {}).get("successTemplate") or ""


# --- drafts -------------------------------------------------------------------------------------


@service("post_integrations_actions_drafts")
def create_draft(sandbox: Sandbox, call: Call) -> Any:
    """A draft of a new action."""
    return _keep(sandbox, _new(sandbox, call.body))


@service("post_integrations_action_draft")
def begin_draft(sandbox: Sandbox, call: Call) -> Any:
    """A draft of what is published."""
    action = _action(sandbox, call.ids[0])
    return _keep(sandbox, {**action})


@service("delete_integrations_action_draft", parents=False)
def delete_draft(sandbox: Sandbox, call: Call) -> Any:
    """Throw a draft away."""
    _draft(sandbox, call.ids[0])
    del sandbox.store.table(DRAFTS)[call.ids[0]]


@example_ids(
    "delete_integrations_action_draft", "get_integrations_action_draft", "patch_integrations_action_draft",
    "get_integrations_action_draft_validation", "post_integrations_action_draft_publish",
    "post_integrations_action_draft_test",
)  # fmt: skip
def example_draft(sandbox: Sandbox) -> list[str]:
    """One that is there; made again where it was published or thrown away."""
    drafts = sandbox.store.table(DRAFTS)
    return [next(iter(drafts), "")] if len(drafts) else action_ids(sandbox, ACTIONS)[:1]


@example_ids("get_integrations_action_draft_schema", "get_integrations_action_draft_template")
def example_part(sandbox: Sandbox) -> list[str]:
    """Of that draft."""
    return [*example_draft(sandbox), "input.json"]


@service("get_integrations_action_draft_validation", parents=False)
def validate(sandbox: Sandbox, call: Call) -> Any:
    """What keeps a draft from being published."""
    problems = problems_of(_draft(sandbox, call.ids[0]))
    errors = [
        {"code": "invalid.value", "status": 400, "message": text,
         "details": [{"errorCode": "invalid.value", "fieldName": field}]}
        for field, text in problems
    ]  # fmt: skip
    return {"valid": not errors, "errors": errors}


@service("post_integrations_action_draft_publish", parents=False)
def publish(sandbox: Sandbox, call: Call) -> Any:
    """Take a draft into use; the version must be that of the draft."""
    draft = _draft(sandbox, call.ids[0])
    check_version(call.ids[0], call.body["version"], draft["version"])
    _refuse_problems(draft)
    before = entities(sandbox, ACTIONS).get(call.ids[0])
    made = {**draft, "version": (before["version"] if before else 0) + 1}
    entities(sandbox, ACTIONS).put(call.ids[0], made)
    del sandbox.store.table(DRAFTS)[call.ids[0]]
    return made


@example_body("post_integrations_action_draft_publish")
def example_publish(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """The current version."""
    return {"version": _draft(sandbox, ids[0])["version"]}


# --- for real -----------------------------------------------------------------------------------


def _run(sandbox: Sandbox, call: Call, action: Entity) -> Outcome:
    integration_id = str(action.get("integrationId"))
    if not is_active(sandbox, integration_id):
        raise Failure("", f"The integration {integration_id} of the action is not active: switch it on first.")
    config = as_object(sandbox.store.table(CONFIGS).get(integration_id)) or {}
    secrets: dict[str, str] = {}
    for given in (as_object(config.get("credentials")) or {}).values():
        secrets |= credential_fields(sandbox, str((as_object(given) or {}).get("id")))
    return carry_out(sandbox, action, as_object(call.body) or {}, secrets)


@service("post_integrations_action_test", "post_integrations_action_draft_test", parents=False)
def test(sandbox: Sandbox, call: Call) -> Any:
    """Carry an action out, and tell each step."""
    action = _subject(sandbox, call)
    try:
        outcome = _run(sandbox, call, action)
    except Failure as failure:
        outcome = failure.outcome()
    return outcome.told()


@service("post_integrations_action_execute")
def execute(sandbox: Sandbox, call: Call) -> Any:
    """Carry an action out, and answer with what comes of it."""
    try:
        outcome = _run(sandbox, call, _action(sandbox, call.ids[0]))
    except Failure as failure:
        raise Refusal(400, "bad.request", failure.message, entity_id=call.ids[0]) from None
    if outcome.error:
        raise Refusal(outcome.status, "bad.request", outcome.error, entity_id=call.ids[0])
    return outcome.result


@example_body(
    "post_integrations_action_test", "post_integrations_action_draft_test", "post_integrations_action_execute"
)
def example_input(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """What the example asks for."""
    return {"id": "4711"}


# --- functions ----------------------------------------------------------------------------------


@service("get_integrations_actions_functions_runtimes")
def runtimes(sandbox: Sandbox, call: Call) -> Any:
    """What functions can be written for."""
    return [
        {"name": name, "description": text, "status": status, "dateEndOfLife": end}
        for name, text, status, end in (
            ("nodejs22.x", "Node.js 22", "Available", "2027-04-30"),
            ("nodejs20.x", "Node.js 20", "Deprecated", "2026-04-30"),
        )
    ]


@service("put_integrations_action_draft_function", parents=False)
def write_function(sandbox: Sandbox, call: Call) -> Any:
    """Say what a function is called by, and how long it may take."""
    _draft(sandbox, call.ids[0])
    made = {**(_function(sandbox, call) or {}), "id": call.ids[0], "function": {**call.body, "id": call.ids[0]}}
    sandbox.store.table(FUNCTIONS)[call.ids[0]] = made
    return made


@service("get_integrations_action_draft_function", "get_integrations_action_function", parents=False)
def read_function(sandbox: Sandbox, call: Call) -> Any:
    """The function of an action."""
    found = _function(sandbox, call)
    if found is None:
        raise not_found("The function of the action")
    return found


def _function(sandbox: Sandbox, call: Call) -> Entity | None:
    return as_object(sandbox.store.table(FUNCTIONS).get(call.ids[0]))


@table_start(FUNCTIONS)
def first_functions(sandbox: Sandbox) -> dict[str, Any]:
    """The first action has a function."""
    function = {"description": "Look up", "handler": "index.handler", "runtime": "nodejs22.x", "timeoutSeconds": 15}
    return {
        action_id: {"id": action_id, "function": function} for action_id in list(entities(sandbox, ACTIONS).seeded)[:1]
    }


@service("post_integrations_action_draft_function_upload", parents=False)
def upload_function(sandbox: Sandbox, call: Call) -> Any:
    """A signed address for the archive of a function."""
    _draft(sandbox, call.ids[0])
    return presigned(sandbox, call, "function", {"action": call.ids[0], "name": call.body["fileName"]})


@example_ids("put_integrations_action_draft_function", "post_integrations_action_draft_function_upload")
def example_function(sandbox: Sandbox) -> list[str]:
    """The draft that is there last."""
    return [next(reversed(list(sandbox.store.table(DRAFTS))), "")]


@taker("function")
def take_function(sandbox: Sandbox, key: str, details: Entity, data: bytes) -> None:
    """The archive is there: a ZIP file, or none."""
    table = sandbox.store.table(FUNCTIONS)
    zip_: Entity = {"id": key, "name": details["name"], "dateCreated": sandbox.now()}
    zip_ |= {"status": "Available"} if data[:4] == b"PK\x03\x04" else {"status": "InvalidFormat"}
    table[details["action"]] = {**(as_object(table.get(details["action"])) or {}), "zip": zip_}


# --- process automation -------------------------------------------------------------------------

TRIGGERS = "/api/v2/processautomation/triggers"
TOPICS = [
    "v2.detail.events.conversation.{id}.acd.start", "v2.detail.events.conversation.{id}.customer.end",
    "v2.detail.events.conversation.{id}.customer.start", "v2.detail.events.conversation.{id}.user.start",
    "v2.detail.events.conversation.{id}.wrapup", "v2.integrations.webhooks.{id}", "v2.users.{id}.presence",
]  # fmt: skip


@service("get_processautomation_triggers_topics")
def topics(sandbox: Sandbox, call: Call) -> Any:
    """What triggers can wait for."""
    return page(sandbox, call, Listing("entities", "s"), TOPICS)


@seeder(TRIGGERS)
def a_trigger(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """It waits for the end of calls."""
    flow = entities(sandbox, "/api/v2/flows").ids()[0]
    entity |= {"topicName": TOPICS[1], "enabled": True, "target": {"type": "Workflow", "id": flow}}
    entity["matchCriteria"] = []


@service("post_processautomation_triggers", "put_processautomation_trigger")
def write_trigger(sandbox: Sandbox, call: Call) -> Any:
    """Let a workflow start when something happens."""
    body = call.body
    if body["topicName"] not in TOPICS:
        raise bad_request(f"Triggers cannot wait for {body['topicName']}.", code="invalid.value")
    flow = str((as_object(body["target"]) or {}).get("id") or "")
    if flow not in entities(sandbox, "/api/v2/flows"):
        raise bad_request(f"target: there is no flow with id {flow}.", code="invalid.value")
    return generic(sandbox, call)


@example_body("post_processautomation_triggers", "put_processautomation_trigger")
def example_trigger(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """The end of calls."""
    stored = entities(sandbox, TRIGGERS).get(ids[0]) if ids else None
    target = {"type": "Workflow", "id": entities(sandbox, "/api/v2/flows").ids()[0]}
    body: Entity = {"name": "Ended", "topicName": TOPICS[1], "enabled": True, "target": target, "matchCriteria": []}
    return body | ({"version": stored["version"]} if stored and "version" in stored else {"version": 1} if ids else {})


@service("post_processautomation_trigger_test")
def test_trigger(sandbox: Sandbox, call: Call) -> Any:
    """Whether an event, given as JSON in a text, starts the workflow."""
    trigger = entities(sandbox, TRIGGERS)[call.ids[0]]
    text = call.body if isinstance(call.body, str) else ""
    try:
        event = as_object(msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError):
        event = None
    target = str((as_object(trigger.get("target")) or {}).get("id") or "") in entities(sandbox, "/api/v2/flows")
    told: list[Entity] = []
    for criterion in [found for one in as_list(trigger.get("matchCriteria")) or [] if (found := as_object(one))]:
        values = select(event, str(criterion.get("jsonPath")))
        told.append({**criterion, "match": any(_matches(value, criterion) for value in values)})
    matches = event is not None and all(one["match"] for one in told)
    return {
        "schemaValidation": {"name": "schema", "step": 1, "matches": event is not None, "details": []},
        "targetValidation": {"name": "target", "step": 2, "matches": target, "details": []},
        "jsonPathValidation": {"name": "jsonPath", "step": 3, "matches": matches, "details": told},
        "triggerMatches": matches and target and bool(trigger.get("enabled")),
    }  # fmt: skip


def _matches(value: Any, criterion: Entity) -> bool:
    wanted, several = criterion.get("value"), as_list(criterion.get("values")) or []
    match criterion.get("operator"):
        case "Equal":
            return value == wanted
        case "NotEqual":
            return value != wanted
        case "In":
            return value in several
        case "NotIn":
            return value not in several
        case "Contains":
            return str(wanted) in (value if isinstance(value, str) else list(map(str, as_list(value) or [])))
        case operator:
            if not isinstance(value, int | float) or not isinstance(wanted, int | float):
                return False
            return {
                "GreaterThan": value > wanted, "GreaterThanOrEqual": value >= wanted,
                "LessThan": value < wanted, "LessThanOrEqual": value <= wanted,
            }.get(str(operator), False)  # fmt: skip
