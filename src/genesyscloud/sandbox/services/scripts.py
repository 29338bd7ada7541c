"""Scripts: published ones, and those that arrive as files.

A file is worked on at once, and said to be underway for as many polls as any job.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from ..crud import page
from ..files import Form, keep, receiver, signed_link
from ..filters import filters_of, sort
from ..jobs import polled
from ..narrow import as_object
from ..refusal import not_found
from ..shapes import Listing
from .references import entities
from .registry import example_body, example_ids, seeder, service, table_start

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

__all__: Sequence[str] = ()

SCRIPTS = "/api/v2/scripts"
UPLOADS = "script uploads"


@seeder(SCRIPTS)
def a_script(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """Every second script is published."""
    if collection.place(str(entity["id"])) % 2:
        entity.pop("publishedDate", None)
    else:
        entity["publishedDate"] = "2026-01-05T08:00:00.000Z"


def _script(sandbox: Sandbox, script_id: str) -> Entity:
    found = entities(sandbox, SCRIPTS).get(script_id)
    if found is None:
        raise not_found("script", script_id)
    return found


@service("get_scripts_published", "get_scripts_published_divisionviews")
def list_published(sandbox: Sandbox, call: Call) -> Any:
    """The published scripts."""
    tests = filters_of(call.query, sandbox.shapes.properties("Script"))
    found = [one for one in entities(sandbox, SCRIPTS) if one.get("publishedDate") and all(t(one) for t in tests)]
    return page(sandbox, call, Listing("entities", "#Script"), sort(found, call.query))


@service("get_scripts_published_script_id")
def read_published(sandbox: Sandbox, call: Call) -> Any:
    """A published script."""
    script = _script(sandbox, call.ids[0])
    if not script.get("publishedDate"):
        raise not_found("published script", call.ids[0])
    return script


@service("post_scripts_published")
def publish_script(sandbox: Sandbox, call: Call) -> Any:
    """Take a script into use."""
    script = _script(sandbox, str(call.body["scriptId"]))
    made = {
        **script,
        "publishedDate": sandbox.now(),
        "versionId": call.body.get("versionId") or script.get("versionId"),
    }
    entities(sandbox, SCRIPTS).put(str(script["id"]), {w: v for w, v in made.items() if v is not None})
    return made


@example_body("post_scripts_published")
def example_publish(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """The first one."""
    return {"scriptId": entities(sandbox, SCRIPTS).ids()[0]}


@service("post_script_export")
def export_script(sandbox: Sandbox, call: Call) -> Any:
    """Write a script to a file."""
    script = _script(sandbox, call.ids[0])
    name = str((as_object(call.body) or {}).get("fileName") or script.get("name") or "script")
    data = msgspec.json.encode({wire: value for wire, value in script.items() if wire != "selfUri"})
    return {"url": signed_link(sandbox, call, keep(sandbox, f"{name}.script", "application/json", data))}


@receiver("scripter", "post_scripts_published")
def upload_script(sandbox: Sandbox, form: Form) -> Any:
    """A form with a script: a new one, or another version of the one that ``scriptIdToReplace`` names."""
    scripts, replaced = entities(sandbox, SCRIPTS), form.fields.get("scriptIdToReplace", "")
    try:
        sent = as_object(msgspec.json.decode(form.content))
    except msgspec.DecodeError:
        sent = None
    upload = sandbox.store.new_job()
    problem, script_id = "", replaced or sandbox.store.new_id(scripts.shape)
    if sent is None:
        problem = "The file is no script."
    elif replaced and replaced not in scripts:
        problem = f"There is no script with id {replaced}."
    else:
        before = scripts.get(script_id) or {}
        fits = {w: v for w, v in sent.items() if w in sandbox.shapes.properties("Script") and w != "publishedDate"}
        now, name = sandbox.now(), form.fields.get("scriptName") or before.get("name") or sent.get("name")
        made = {**before, **fits, "id": script_id, "name": name or form.file_name, "modifiedDate": now}
        made |= {"versionId": upload, "versionDate": now, "createdDate": before.get("createdDate", now)}
        scripts.put(script_id, made | {"division": sandbox.home_division(), "selfUri": f"{SCRIPTS}/{script_id}"})
    sandbox.store.table(UPLOADS)[upload] = {"problem": problem, "script": script_id}
    return {"correlationId": upload}


@service("get_scripts_upload_status")
def upload_status(sandbox: Sandbox, call: Call) -> Any:
    """How an upload went; ``longPoll`` waits for its end."""
    row = as_object(sandbox.store.table(UPLOADS).get(call.ids[0]))
    if row is None:
        raise not_found("upload", call.ids[0])
    if not polled(sandbox, call.ids[0]) and not call.query.get("longPoll"):
        return {"succeeded": False}
    if row["problem"]:
        return {"succeeded": False, "message": row["problem"]}
    return {"succeeded": True, "message": "", "url": f"{sandbox.urls.base(call)}{SCRIPTS}/{row['script']}"}


FIRST_UPLOAD = "8d5c2f0e-6b1a-4c3d-9e7f-000000000002"


@table_start(UPLOADS)
def first_uploads(sandbox: Sandbox) -> dict[str, Any]:
    """A script was uploaded long ago."""
    return {FIRST_UPLOAD: {"problem": "", "script": next(iter(entities(sandbox, SCRIPTS).seeded), "")}}


@example_ids("get_scripts_upload_status")
def example_upload(sandbox: Sandbox) -> list[str]:
    """That one."""
    return [FIRST_UPLOAD]
