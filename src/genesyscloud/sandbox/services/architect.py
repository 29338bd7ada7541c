"""Architect: prompts with their recordings, flows with locks and versions.

Recordings and flows arrive as files; they are worked on at once, and said to be underway for as many polls as any job.
"""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..crud import generic, page
from ..files import Form, keep, presigned, receiver, signed_link, taker
from ..filters import filters_of, sort
from ..jobs import polled
from ..narrow import as_object, objects, texts
from ..refusal import Refusal, bad_request, not_found
from ..shapes import Listing
from .references import delete_unused, entities
from .registry import example_body, example_query, seeded_ids, seeder, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

__all__: Sequence[str] = ()

PROMPTS, FLOWS = "/api/v2/architect/prompts", "/api/v2/flows"
RESOURCES, VERSIONS, JOBS = f"{PROMPTS}/{{}}/resources", f"{FLOWS}/{{}}/versions", f"{FLOWS}/jobs"
EXPORTS = f"{FLOWS}/export/jobs"
CONFIGURATIONS = "flow configurations"
LANGUAGES = ["en-us", "es-us", "de-de"]
_PROMPT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KIND = re.compile(r"^([A-Za-z]+):\s*$", re.MULTILINE)
_FLOW_NAME = re.compile(r"^\s+name:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)


# --- prompts ------------------------------------------------------------------------------------


@seeder(PROMPTS)
def a_prompt(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A prompt with a name that flows can use."""
    entity["name"] = f"Prompt_{collection.place(str(entity['id'])) + 1}"
    for wire in ("resources", "currentOperation"):
        entity.pop(wire, None)


@seeded_ids(RESOURCES)
def languages(sandbox: Sandbox, path: str) -> list[str]:
    """Three languages."""
    return LANGUAGES


@seeder(RESOURCES)
def a_resource(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """Text that is read out."""
    language, prompt_id = str(entity["id"]), collection.path.split("/")[-2]
    self_uri = entity.get("selfUri")
    entity.clear()
    entity |= {
        "id": language,
        "language": language,
        "promptId": prompt_id,
        "ttsString": "Welcome.",
        "selfUri": self_uri,
    }
    entity |= {"uploadStatus": "created", "languageDefault": language == LANGUAGES[0]}


def _name(sandbox: Sandbox, body: Entity, but: str = "") -> None:
    name = str(body.get("name") or "")
    if not _PROMPT_NAME.fullmatch(name):
        details = [{"errorCode": "invalid.value", "fieldName": "name"}]
        message = "The name of a prompt begins with a letter and has letters, digits and underscores only."
        raise bad_request(message, code="invalid.value", details=details)
    if any(str(p.get("name")).lower() == name.lower() and p["id"] != but for p in entities(sandbox, PROMPTS)):
        message = f"There is already a prompt called {name}."
        raise Refusal(409, "general.conflict", message, params={"name": name})


@service("post_architect_prompts", "put_architect_prompt")
def write_prompt(sandbox: Sandbox, call: Call) -> Any:
    """Create or change a prompt; its name is its own."""
    _name(sandbox, call.body, call.ids[0] if call.ids else "")
    return _shown(sandbox, call, generic(sandbox, call))


@example_body("post_architect_prompts", "put_architect_prompt")
def example_prompt(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """A greeting."""
    return {"name": f"Greeting_{len(ids)}", "description": "What callers hear first"}


def _shown(sandbox: Sandbox, call: Call, prompt: Entity) -> Entity:
    held = entities(sandbox, RESOURCES, str(prompt["id"]))
    wanted = {language.lower() for language in texts(call.query.get("language"))}
    found = [_resource(sandbox, call, one) for one in held if not wanted or one["id"] in wanted]
    return {**prompt, "resources": found if call.query.get("includeResources", True) else []}


@service("get_architect_prompt")
def read_prompt(sandbox: Sandbox, call: Call) -> Any:
    """A prompt with its resources."""
    prompt = entities(sandbox, PROMPTS).get(call.ids[0])
    if prompt is None:
        raise not_found("prompt", call.ids[0])
    return _shown(sandbox, call, prompt)


@service("get_architect_prompts")
def list_prompts(sandbox: Sandbox, call: Call) -> Any:
    """The prompts."""
    query = {wire: value for wire, value in call.query.items() if wire != "language"}
    text = str(query.pop("nameOrDescription", "") or "").lower().strip("*")
    tests = filters_of(query, sandbox.shapes.properties("Prompt"))
    found = [prompt for prompt in entities(sandbox, PROMPTS) if all(test(prompt) for test in tests)]
    found = [prompt for prompt in found if text in f"{prompt.get('name')} {prompt.get('description')}".lower()]
    reply = page(sandbox, call, Listing("entities", "#Prompt"), sort(found, query))
    reply["entities"] = [_shown(sandbox, call, prompt) for prompt in reply["entities"]]
    return reply


@service("post_architect_prompt_resources")
def create_resource(sandbox: Sandbox, call: Call) -> Any:
    """Say that a prompt speaks a language."""
    held, language = entities(sandbox, RESOURCES, call.ids[0]), str(call.body["language"]).lower()
    if language in held:
        message = f"The prompt has a resource for {language} already."
        raise Refusal(409, "general.conflict", message, params={"language": language})
    made: Entity = {wire: value for wire, value in call.body.items() if value is not None}
    made |= {"id": language, "language": language, "promptId": call.ids[0], "uploadStatus": "created"}
    made |= {"languageDefault": not len(held), "selfUri": f"{held.path}/{language}"}
    held.put(language, made)
    return _resource(sandbox, call, made)


@service("put_architect_prompt_resource")
def change_resource(sandbox: Sandbox, call: Call) -> Any:
    """Change what is read out."""
    held, before = entities(sandbox, RESOURCES, call.ids[0]), _held(sandbox, *call.ids)
    given = {wire: call.body[wire] for wire in ("ttsString", "text", "tags", "name") if wire in call.body}
    made = {wire: value for wire, value in {**before, **given}.items() if value is not None}
    held.put(str(before["id"]), made)
    return _resource(sandbox, call, made)


@example_body("post_architect_prompt_resources", "put_architect_prompt_resource")
def example_resource(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """In French."""
    return {"language": "fr-fr", "ttsString": "Bonjour."}


def _held(sandbox: Sandbox, prompt_id: str, language: str) -> Entity:
    found = entities(sandbox, RESOURCES, prompt_id).get(language.lower())
    if found is None:
        raise not_found("prompt resource", language)
    return found


def _resource(sandbox: Sandbox, call: Call, resource: Entity) -> Entity:
    """A resource as it is now, with the addresses that the caller can use."""
    made = {wire: value for wire, value in resource.items() if wire not in ("file", "job")}
    prompt_id, language = str(resource.get("promptId") or call.ids[0]), str(resource["id"])
    made["uploadUri"] = f"{sandbox.urls.base(call, 'apps')}/uploads/v2/prompts/{prompt_id}/{language}"
    if resource.get("uploadStatus") == "transcoded" and "file" in resource:
        if polled(sandbox, str(resource["job"])):
            made["mediaUri"] = signed_link(sandbox, call, str(resource["file"]))
        else:
            made["uploadStatus"] = "uploaded"
    return made


@service("get_architect_prompt_resource")
def read_resource(sandbox: Sandbox, call: Call) -> Any:
    """A resource."""
    return _resource(sandbox, call, _held(sandbox, *call.ids))


@service("get_architect_prompt_resources")
def list_resources(sandbox: Sandbox, call: Call) -> Any:
    """The resources of a prompt."""
    found = [_resource(sandbox, call, one) for one in entities(sandbox, RESOURCES, call.ids[0])]
    return page(sandbox, call, Listing("entities", "#PromptAsset"), found)


@service("delete_architect_prompt_resource_audio")
def delete_audio(sandbox: Sandbox, call: Call) -> Any:
    """Forget the recording."""
    before = _held(sandbox, *call.ids)
    made = {w: v for w, v in before.items() if w not in ("file", "job", "durationSeconds", "audioFormat")}
    entities(sandbox, RESOURCES, call.ids[0]).put(str(before["id"]), {**made, "uploadStatus": "created"})


@service("post_architect_prompt_resource_uploads")
def start_recording(sandbox: Sandbox, call: Call) -> Any:
    """A signed address for a recording."""
    _held(sandbox, *call.ids)
    return presigned(sandbox, call, "prompt", {"prompt": call.ids[0], "language": call.ids[1].lower()})


@taker("prompt")
def take_recording(sandbox: Sandbox, key: str, details: Entity, data: bytes) -> None:
    """The recording is there."""
    _record(sandbox, details["prompt"], details["language"], data)


@receiver("prompts", "post_architect_prompt_resource_uploads")
def upload_recording(sandbox: Sandbox, form: Form) -> Any:
    """A form with a recording: ``/uploads/v2/prompts/{prompt}/{language}``."""
    if len(form.names) != 2:
        raise not_found("The prompt resource")
    prompt_id, language = form.names
    return {"id": _record(sandbox, prompt_id, language, form.content)}


def _record(sandbox: Sandbox, prompt_id: str, language: str, data: bytes) -> str:
    if prompt_id not in entities(sandbox, PROMPTS):
        raise not_found("prompt", prompt_id)
    before = _held(sandbox, prompt_id, language)
    made = {wire: value for wire, value in before.items() if wire not in ("durationSeconds", "audioFormat")}
    try:
        with wave.open(io.BytesIO(data)) as sound:
            bits, rate = sound.getsampwidth() * 8, sound.getframerate()
            made["durationSeconds"] = sound.getnframes() / rate
            made["audioFormat"] = {"channels": sound.getnchannels(), "bitsPerSample": bits, "sampleRate": rate}
    except (wave.Error, EOFError, ZeroDivisionError, ValueError):
        made["uploadStatus"] = "transcodeFailed"
    else:
        made["audioFormat"]["encoding"] = "PCM"
        job = sandbox.store.new_job()
        made |= {"uploadStatus": "transcoded", "job": job, "file": keep(sandbox, f"{language}.wav", "audio/wav", data)}
    entities(sandbox, RESOURCES, prompt_id).put(str(before["id"]), made)
    return str(before["id"])


# --- flows --------------------------------------------------------------------------------------


@seeder(FLOWS)
def a_flow(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A published flow; the second one is being worked on."""
    place = collection.place(str(entity["id"]))
    for wire in ("lockedUser", "lockedClient", "debugVersion", "currentOperation", "nluInfo", "publishedBy"):
        entity.pop(wire, None)
    version = _version(sandbox, str(entity["id"]), "1.0", "PUBLISH")
    entity |= {"active": True, "deleted": False, "system": False, "publishedVersion": version}
    entity |= {"savedVersion": version, "checkedInVersion": version}
    if place == 1:
        entity["lockedUser"] = {"id": sandbox.admin_id}


def _version(sandbox: Sandbox, flow_id: str, number: str, kind: str) -> Entity:
    uri = f"{FLOWS}/{flow_id}/versions/{number}"
    return {
        "id": number, "name": number, "commitVersion": number, "configurationVersion": number, "type": kind,
        "secure": False, "debug": False, "configurationUri": f"{uri}/configuration", "selfUri": uri,
    }  # fmt: skip


@seeded_ids(VERSIONS)
def versions(sandbox: Sandbox, path: str) -> list[str]:
    """One."""
    return ["1.0"]


@seeder(VERSIONS)
def a_version(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """What was published first."""
    flow_id, number = collection.path.split("/")[-2], str(entity["id"])
    entity.clear()
    entity |= _version(sandbox, flow_id, number, "PUBLISH")


@service("post_flows")
def create_flow(sandbox: Sandbox, call: Call) -> Any:
    """A new flow, without a version."""
    body = call.body
    if not body.get("type"):
        details = [{"errorCode": "required", "fieldName": "type"}]
        raise bad_request("A flow needs a type.", code="invalid.value", details=details)
    _free_name(sandbox, str(body["name"]), str(body["type"]))
    kept = {wire: body[wire] for wire in ("name", "type", "description", "division") if wire in body}
    return generic(sandbox, call._replace(body=kept | {"active": False, "deleted": False, "system": False}))


@example_body("post_flows")
def example_flow(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """For calls."""
    return {"name": "Main line", "type": "INBOUNDCALL"}


def _free_name(sandbox: Sandbox, name: str, type_: str) -> None:
    for flow in entities(sandbox, FLOWS):
        if str(flow.get("name")).lower() == name.lower() and flow.get("type") == type_:
            message = f"There is already a flow of the type {type_} called {name}."
            raise Refusal(409, "general.conflict", message, params={"name": name})


@service("delete_flow")
def delete_flow(sandbox: Sandbox, call: Call) -> Any:
    """Delete a flow that nobody works on and nothing uses."""
    flow = entities(sandbox, FLOWS).get(call.ids[0])
    if flow is not None:
        _not_others(sandbox, flow)
    return delete_unused(sandbox, call)


@example_query("post_flows_actions_checkin")
def example_locked(sandbox: Sandbox) -> dict[str, str]:
    """The flow that is being worked on."""
    return {"flow": entities(sandbox, FLOWS).ids()[:2][-1]}


@example_query(*(f"post_flows_actions_{verb}" for verb in ("checkout", "deactivate", "publish", "revert", "unlock")))
def example_free(sandbox: Sandbox) -> dict[str, str]:
    """The first flow."""
    return {"flow": entities(sandbox, FLOWS).ids()[0]}


def _flow(sandbox: Sandbox, call: Call) -> Entity:
    flow_id = str(call.query["flow"])
    flow = entities(sandbox, FLOWS).get(flow_id)
    if flow is None:
        raise not_found("flow", flow_id)
    return flow


def _locked_by(flow: Entity) -> str:
    return str((as_object(flow.get("lockedUser")) or {}).get("id") or "")


def _not_others(sandbox: Sandbox, flow: Entity) -> None:
    """Refuse what somebody else works on."""
    holder = _locked_by(flow)
    if holder and holder != sandbox.actor:
        message = f"The flow is locked by the user {holder}."
        raise Refusal(409, "flow.locked", message, entity_id=str(flow["id"]), params={"lockedBy": holder})


def _put(sandbox: Sandbox, flow: Entity, **changes: Any) -> Entity:
    made = {wire: value for wire, value in {**flow, **changes}.items() if value is not None}
    entities(sandbox, FLOWS).put(str(flow["id"]), made)
    return made


@service("post_flows_actions_checkout")
def check_out(sandbox: Sandbox, call: Call) -> Any:
    """Begin to work on a flow: nobody else can, until it is checked in, published, reverted or unlocked."""
    flow = _flow(sandbox, call)
    _not_others(sandbox, flow)
    return _put(sandbox, flow, lockedUser={"id": sandbox.actor})


@service("post_flows_actions_unlock", "post_flows_actions_revert")
def let_go(sandbox: Sandbox, call: Call) -> Any:
    """Stop to work on a flow; unlocking takes it from whoever does."""
    flow = _flow(sandbox, call)
    if call.record.name.endswith("revert"):
        _not_others(sandbox, flow)
        return _put(sandbox, flow, lockedUser=None, savedVersion=flow.get("checkedInVersion"))
    return _put(sandbox, flow, lockedUser=None)


@service("post_flows_actions_deactivate")
def deactivate(sandbox: Sandbox, call: Call) -> Any:
    """Take a flow out of use."""
    flow = _flow(sandbox, call)
    _not_others(sandbox, flow)
    return _put(sandbox, flow, active=False)


@service("post_flows_actions_checkin")
def check_in(sandbox: Sandbox, call: Call) -> Any:
    """Keep what was worked on as a version."""
    flow = _flow(sandbox, call)
    _not_others(sandbox, flow)
    if not _locked_by(flow):
        raise Refusal(409, "flow.not.locked", "The flow is not checked out.", entity_id=str(flow["id"]))
    version = _next_version(sandbox, flow, "CHECKIN")
    _put(sandbox, flow, lockedUser=None, checkedInVersion=version, savedVersion=version)
    return _operation(sandbox, "CHECKIN")


@service("post_flows_actions_publish")
def publish(sandbox: Sandbox, call: Call) -> Any:
    """Take a version into use: a new one, or the one that is named."""
    flow = _flow(sandbox, call)
    _not_others(sandbox, flow)
    number = call.query.get("version")
    if number:
        version = entities(sandbox, VERSIONS, str(flow["id"])).get(str(number))
        if version is None:
            raise not_found("flow version", str(number))
    else:
        version = _next_version(sandbox, flow, "PUBLISH")
    changes = {"publishedVersion": version, "publishedBy": {"id": sandbox.actor}, "active": True}
    _put(sandbox, flow, lockedUser=None, checkedInVersion=version, savedVersion=version, **changes)
    return _operation(sandbox, "PUBLISH")


def _operation(sandbox: Sandbox, action: str) -> Entity:
    job = sandbox.store.new_job()
    del sandbox.store.jobs[job]
    user = {"id": sandbox.actor, "name": ""}
    return {"id": job, "complete": True, "user": user, "actionName": action, "actionStatus": "SUCCESS"}


def _next_version(sandbox: Sandbox, flow: Entity, kind: str, configuration: Any = None) -> Entity:
    held, flow_id = entities(sandbox, VERSIONS, str(flow["id"])), str(flow["id"])
    number = f"{1 + max((int(float(one)) for one in held.ids()), default=0)}.0"
    made = _version(sandbox, flow_id, number, kind) | {"createdBy": {"id": sandbox.actor}}
    now = int(sandbox.seconds() * 1000)
    made |= {"dateCreated": now, "dateSaved": now} | ({"datePublished": sandbox.now()} if kind == "PUBLISH" else {})
    held.put(number, made)
    table = sandbox.store.table(CONFIGURATIONS)
    table[f"{flow_id}/{number}"] = configuration if configuration is not None else table.get(flow_id, {})
    table[flow_id] = table[f"{flow_id}/{number}"]
    return made


@service("post_flow_versions")
def save_version(sandbox: Sandbox, call: Call) -> Any:
    """Save what was worked on; the body is the configuration."""
    flow = entities(sandbox, FLOWS)[call.ids[0]]
    _not_others(sandbox, flow)
    version = _next_version(sandbox, flow, "SAVE", as_object(call.body) or {})
    _put(sandbox, flow, savedVersion=version)
    return version


@service("get_flow_latestconfiguration", "get_flow_version_configuration")
def configuration(sandbox: Sandbox, call: Call) -> Any:
    """The configuration of a version, or of the last one."""
    return sandbox.store.table(CONFIGURATIONS).get("/".join(call.ids), {})


@service("post_flows_jobs")
def start_job(sandbox: Sandbox, call: Call) -> Any:
    """Say where to put a flow that is written in YAML, to be created or changed and published."""
    job_id = sandbox.store.new_job()
    given = presigned(sandbox, call._replace(body={"contentType": "application/yaml"}), "flow", {"job": job_id})
    made: Entity = {"id": job_id, "status": "Registered", "command": "Publish", "selfUri": f"{JOBS}/{job_id}"}
    entities(sandbox, JOBS).put(job_id, made)
    return {"id": job_id, "presignedUrl": given["url"], "headers": given["headers"], "selfUri": made["selfUri"]}


@taker("flow")
def take_flow(sandbox: Sandbox, key: str, details: Entity, data: bytes) -> None:
    """A flow is there: its type is the first line, its name one of the next."""
    job_id, text = str(details["job"]), data.decode("utf-8", "replace")
    kind, name = _KIND.search(text), _FLOW_NAME.search(text)
    job: Entity = {"id": job_id, "command": "Publish", "selfUri": f"{JOBS}/{job_id}"}
    if kind is None or name is None:
        job |= {"status": "Failure", "messages": [{"type": "error", "text": "The file has no flow with a name."}]}
    else:
        type_ = kind[1].upper()
        flows = entities(sandbox, FLOWS)
        found = next((f for f in flows if f.get("name") == name[1] and f.get("type") == type_), None)
        flow_id = str(found["id"]) if found is not None else sandbox.store.new_id(flows.shape)
        fresh = {"id": flow_id, "name": name[1], "type": type_, "deleted": False, "system": False}
        flow: Entity = found or fresh | {"division": sandbox.home_division(), "selfUri": f"{FLOWS}/{flow_id}"}
        version = _next_version(sandbox, flow, "PUBLISH", {"yaml": text})
        _put(sandbox, flow, publishedVersion=version, savedVersion=version, checkedInVersion=version, active=True)
        job |= {"status": "Success", "flow": {"id": flow_id, "selfUri": f"{FLOWS}/{flow_id}"}}
    entities(sandbox, JOBS).put(job_id, job)


@service("get_flows_job")
def read_job(sandbox: Sandbox, call: Call) -> Any:
    """How it goes; nothing happens before the file is there."""
    job = entities(sandbox, JOBS).get(call.ids[0])
    if job is None:
        raise not_found("job", call.ids[0])
    if job["status"] == "Registered" or polled(sandbox, call.ids[0]):
        return job
    return {"id": job["id"], "status": "Started", "command": job["command"], "selfUri": job["selfUri"]}


@service("post_flows_export_jobs")
def export_flows(sandbox: Sandbox, call: Call) -> Any:
    """Write flows to a file, as YAML where they came as such."""
    parts: list[str] = []
    for asked in objects(call.body.get("flows")):
        flow_id = str((as_object(asked.get("flow")) or {}).get("id"))
        flow = entities(sandbox, FLOWS).get(flow_id)
        if flow is None:
            raise bad_request(f"There is no flow with id {flow_id}.", code="invalid.value")
        kept = as_object(sandbox.store.table(CONFIGURATIONS).get(flow_id)) or {}
        parts.append(kept.get("yaml") or f"{flow.get('type', 'flow')}:\n  name: {flow.get('name')}\n")
    job_id = sandbox.store.new_job()
    made: Entity = {"id": job_id, "status": "Success", "command": "Export", "selfUri": f"{EXPORTS}/{job_id}"}
    made["file"] = keep(sandbox, "flows.yaml", "application/yaml", "---\n".join(parts).encode())
    entities(sandbox, EXPORTS).put(job_id, made)
    return {"id": job_id, "selfUri": made["selfUri"]}


@example_body("post_flows_export_jobs")
def example_export(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """The first one."""
    return {"flows": [{"flow": {"id": entities(sandbox, FLOWS).ids()[0]}}]}


@service("get_flows_export_job")
def export_job(sandbox: Sandbox, call: Call) -> Any:
    """How it goes, and where the file is."""
    job = entities(sandbox, EXPORTS).get(call.ids[0])
    if job is None:
        raise not_found("job", call.ids[0])
    if not polled(sandbox, call.ids[0]):
        return {"id": job["id"], "status": "Started", "command": "Export", "selfUri": job["selfUri"]}
    return {**job, "downloadUrl": signed_link(sandbox, call, job["file"])} if "file" in job else job
