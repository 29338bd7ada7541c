"""Architect data tables: a schema, rows that keep to it, import from files and export to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..crud import generic, page
from ..files import Form, download_uri, keep, presigned, receiver, taker
from ..filters import filters_of, sort
from ..jobs import polled
from ..narrow import as_object, texts
from ..refusal import Refusal, bad_request, not_found
from ..shapes import Listing
from .contactlists import read_csv, write_csv
from .references import entities
from .registry import example_body, example_query, seeded_ids, seeder, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

__all__: Sequence[str] = ()

TABLES = "/api/v2/flows/datatables"
ROWS = f"{TABLES}/{{}}/rows"
EXPORTS, IMPORTS = f"{TABLES}/{{}}/export/jobs", f"{TABLES}/{{}}/import/jobs"
KEY = "key"
SCHEMA: Mapping[str, Any] = {
    "$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": [KEY],
    "properties": {
        KEY: {"$id": "/properties/key", "type": "string", "title": "Number"},
        "open": {"$id": "/properties/open", "type": "boolean", "title": "Open", "default": True},
        "limit": {"$id": "/properties/limit", "type": "integer", "title": "Limit", "default": 0},
    },
}  # fmt: skip
TYPES = ("string", "boolean", "integer", "number")


def _fits(type_: str, value: object) -> bool:
    """Whether a value is one of a type of JSON Schema; a boolean is no number."""
    if isinstance(value, bool):
        return type_ == "boolean"
    kinds: dict[str, type | tuple[type, ...]] = {"string": str, "integer": int, "number": (int, float)}
    return type_ in kinds and isinstance(value, kinds[type_])


def _broken(described: Entity, value: Any) -> str:
    """The first limit of a property that a value breaks."""
    measure = len(value) if isinstance(value, str) else value
    for low, high in (("minLength", "maxLength"), ("minimum", "maximum")):
        if isinstance(value, str) == (low == "minLength"):
            if low in described and measure < described[low]:
                return low
            if high in described and measure > described[high]:
                return high
    return ""


def _refused(code: str, message: str, field: str = "") -> Refusal:
    details = [{"errorCode": code, "fieldName": field}] if field else []
    return bad_request(message, code=f"flows.datatables.{code}", details=details)


# --- tables -------------------------------------------------------------------------------------


@seeder(TABLES)
def a_table(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A table of numbers."""
    entity["schema"] = {**SCHEMA, "title": str(entity.get("name") or "Numbers")}


@seeded_ids(ROWS)
def row_keys(sandbox: Sandbox, path: str) -> list[str]:
    """The first numbers."""
    return [f"+1317555{at:04d}" for at in range(min(sandbox.settings.seeded, 20))]


@seeder(ROWS)
def a_row(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A number that is open."""
    entity |= {"open": True, "limit": 0}


def _schema_of(body: Entity) -> Entity:
    schema = as_object(body.get("schema")) or {}
    properties = as_object(schema.get("properties")) or {}
    key = as_object(properties.get(KEY))
    if key is None or key.get("type") != "string" or KEY not in texts(schema.get("required")):
        message = "The schema needs a property key of the type string, and must name it in required."
        raise _refused("schema.exception", message, "schema")
    for name, described in properties.items():
        type_ = (as_object(described) or {}).get("type")
        if type_ not in TYPES:
            raise _refused("schema.exception", f"The type of {name} is none of {', '.join(TYPES)}.", "schema")
        default = (as_object(described) or {}).get("default")
        if default is not None and not _fits(str(type_), default):
            raise _refused("schema.exception", f"The default of {name} is no {type_}.", "schema")
    return schema


def _table(sandbox: Sandbox, table_id: str) -> Entity:
    found = entities(sandbox, TABLES).get(table_id)
    if found is None:
        raise not_found("data table", table_id)
    return found


def _unique(sandbox: Sandbox, name: Any, but: str = "") -> None:
    text = str(name or "").strip().lower()
    if not text:
        raise _refused("syntax.error", "A data table needs a name.", "name")
    for other in entities(sandbox, TABLES):
        if other["id"] != but and str(other.get("name")).lower() == text:
            message = f"There is already a data table called {name}."
            raise Refusal(409, "flows.datatables.not.unique", message, params={"name": str(name)})


@service("post_flows_datatables")
def create_table(sandbox: Sandbox, call: Call) -> Any:
    """A new table, without rows."""
    _schema_of(call.body)
    _unique(sandbox, call.body.get("name"))
    return generic(sandbox, call)


@service("put_flows_datatable")
def change_table(sandbox: Sandbox, call: Call) -> Any:
    """Change a table; its rows still have to keep to the schema."""
    before = _table(sandbox, call.ids[0])
    schema = _schema_of(call.body)
    _unique(sandbox, call.body.get("name"), call.ids[0])
    lost = _names(before) - set(schema["properties"])
    if lost and len(_rows(sandbox, call.ids[0])):
        message = f"Properties of a table with rows cannot be removed: {', '.join(sorted(lost))}."
        raise _refused("schema.exception", message, "schema")
    return generic(sandbox, call)


@example_body("post_flows_datatables", "put_flows_datatable")
def example_table(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """A table like the seeded ones."""
    return {"name": f"Numbers of {ids[0] if ids else 'the north'}", "schema": {**SCHEMA, "title": "Numbers"}}


def _shown(call: Call, table: Entity) -> Entity:
    """A table; its schema only when ``expand`` asks for it."""
    if call.query.get("expand") == "schema":
        return table
    return {wire: value for wire, value in table.items() if wire != "schema"}


@service("get_flows_datatable", "get_flows_datatables_divisionview")
def read_table(sandbox: Sandbox, call: Call) -> Any:
    """A table."""
    return _shown(call, _table(sandbox, call.ids[0]))


@service("get_flows_datatables", "get_flows_datatables_divisionviews")
def list_tables(sandbox: Sandbox, call: Call) -> Any:
    """The tables."""
    tests = filters_of(call.query, sandbox.shapes.properties("DataTable"))
    found = [table for table in entities(sandbox, TABLES) if all(test(table) for test in tests)]
    shown = [_shown(call, table) for table in sort(found, call.query)]
    return page(sandbox, call, Listing("entities", "#DataTable"), shown)


@service("delete_flows_datatable")
def delete_table(sandbox: Sandbox, call: Call) -> Any:
    """Delete a table; one with rows only by force."""
    if not call.query.get("force") and len(_rows(sandbox, call.ids[0])):
        message = "The table has rows: delete them first, or use force=true."
        raise Refusal(409, "flows.datatables.in.use", message, entity_id=call.ids[0])
    return generic(sandbox, call)


# --- rows ---------------------------------------------------------------------------------------


def _rows(sandbox: Sandbox, table_id: str) -> Collection:
    return entities(sandbox, ROWS, table_id)


def _properties(table: Entity) -> dict[str, Any]:
    """The properties that rows have; those of the seeded tables where somebody described a table without."""
    return dict(as_object((as_object(table.get("schema")) or SCHEMA).get("properties")) or {})


def _names(table: Entity) -> set[str]:
    return set(_properties(table))


def fitted(table: Entity, body: Any) -> Entity:
    """A row that keeps to the schema of its table, with defaults for what is missing or null.

    Raises:
        Refusal: 400; it does not.
    """
    row, required = as_object(body), texts((as_object(table.get("schema")) or SCHEMA).get("required"))
    if row is None:
        raise _refused("syntax.error", "A row is an object.")
    made: Entity = {}
    unknown = sorted(row.keys() - _names(table))
    if unknown:
        raise _refused("schema.exception", f"The schema has no property {', '.join(unknown)}.", unknown[0])
    for name, described in _properties(table).items():
        value = row.get(name)
        value = described.get("default") if value is None else value
        if value is None:
            if name in required:
                raise _refused("schema.exception", f"{name} is required.", name)
            continue
        if not _fits(described["type"], value):
            raise _refused("schema.exception", f"{name} is no {described['type']}.", name)
        broken = _broken(described, value)
        if broken:
            raise _refused("schema.exception", f"{name} breaks {broken}: {described[broken]}.", name)
        made[name] = value
    if not made.get(KEY):
        raise _refused("schema.exception", "key must not be empty.", KEY)
    return made


@service("post_flows_datatable_rows")
def create_row(sandbox: Sandbox, call: Call) -> Any:
    """A new row."""
    rows, row = _rows(sandbox, call.ids[0]), fitted(_table(sandbox, call.ids[0]), call.body)
    if row[KEY] in rows:
        message = f"There is already a row with the key {row[KEY]}."
        raise Refusal(409, "flows.datatables.not.unique", message, params={"key": row[KEY]})
    rows.put(row[KEY], row)
    return row


@service("put_flows_datatable_row")
def change_row(sandbox: Sandbox, call: Call) -> Any:
    """Replace a row; its key stays."""
    rows = _rows(sandbox, call.ids[0])
    if call.ids[1] not in rows:
        raise not_found("row", call.ids[1])
    row = fitted(_table(sandbox, call.ids[0]), {KEY: call.ids[1], **(as_object(call.body) or {})})
    if row[KEY] != call.ids[1]:
        raise _refused("schema.exception", "The key in the body is another one than in the path.", KEY)
    rows.put(row[KEY], row)
    return row


@example_body("post_flows_datatable_rows", "put_flows_datatable_row")
def example_row(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """A number that is closed."""
    row = dict.fromkeys(_names(_table(sandbox, ids[0])))
    return {KEY: ids[1] if len(ids) > 1 else "+13175559999"} | ({"open": False} if "open" in row else {})


def _brief(call: Call, row: Entity) -> Entity:
    return {KEY: row[KEY]} if call.query.get("showbrief", True) else row


@service("get_flows_datatable_row")
def read_row(sandbox: Sandbox, call: Call) -> Any:
    """A row; only its key unless ``showbrief=false``."""
    row = _rows(sandbox, call.ids[0]).get(call.ids[1])
    if row is None:
        raise not_found("row", call.ids[1])
    return _brief(call, row)


@service("get_flows_datatable_rows")
def list_rows(sandbox: Sandbox, call: Call) -> Any:
    """The rows, by key."""
    down = str(call.query.get("sortOrder") or "").lower().startswith("d")
    found = sorted(_rows(sandbox, call.ids[0]), key=lambda row: str(row[KEY]), reverse=down)
    return page(sandbox, call, Listing("entities", "{o"), [_brief(call, row) for row in found])


# --- files --------------------------------------------------------------------------------------


@seeder(EXPORTS)
def an_export(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """One of long ago, whose file is gone."""
    for wire in ("downloadURI", "errorInformation"):
        entity.pop(wire, None)
    entity["status"] = "Succeeded"


@seeder(IMPORTS)
def an_import(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """One of long ago."""
    for wire in ("uploadURI", "uploadHeaders", "errorInformation"):
        entity.pop(wire, None)
    entity["status"] = "Succeeded"


@service("post_flows_datatable_export_jobs")
def export(sandbox: Sandbox, call: Call) -> Any:
    """Write the rows to a file; done at once, and said to be underway for some polls."""
    table, rows = _table(sandbox, call.ids[0]), _rows(sandbox, call.ids[0])
    names = [KEY, *(name for name in _properties(table) if name != KEY)]
    data = write_csv(names, ([_cell(row.get(name)) for name in names] for row in rows))
    file_id = keep(sandbox, f"{table.get('name') or 'rows'}.csv", "text/csv", data)
    job: Entity = {"id": sandbox.store.new_job(), "name": table.get("name"), "status": "Succeeded", "file": file_id}
    job |= {"owner": {"id": sandbox.actor}, "dateCreated": sandbox.now(), "dateCompleted": sandbox.now()}
    job |= {"countRecordsProcessed": len(rows), "selfUri": f"{call.path}/{job['id']}"}
    entities(sandbox, EXPORTS, call.ids[0]).put(job["id"], job)
    return {**job, "status": "Processing", "dateCompleted": None}


def _cell(value: Any) -> object:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else value


@service("get_flows_datatable_export_job")
def export_job(sandbox: Sandbox, call: Call) -> Any:
    """How an export goes, and where its file is."""
    job = entities(sandbox, EXPORTS, call.ids[0]).get(call.ids[1])
    if job is None:
        raise not_found("export job", call.ids[1])
    if not polled(sandbox, call.ids[1]):
        return {**job, "status": "Processing", "dateCompleted": None}
    return {**job, "downloadURI": download_uri(sandbox, call, job["file"])} if "file" in job else job


@service("post_flows_datatable_import_jobs", "post_flows_datatable_import_csv_jobs")
def start_import(sandbox: Sandbox, call: Call) -> Any:
    """Say where to send a file: a form with the token, or for ``csv/jobs`` the bare file to a signed address."""
    job: Entity = {"id": sandbox.store.new_job(), "name": "import", "status": "WaitingForUpload"}
    job |= {"owner": {"id": sandbox.actor}, "dateCreated": sandbox.now()}
    job |= {"importMode": call.body.get("importMode") or "ReplaceAll"}
    jobs = entities(sandbox, IMPORTS, call.ids[0])
    if call.record.name.endswith("csv_jobs"):
        given = presigned(sandbox, call, "datatable", {"table": call.ids[0], "job": job["id"]})
        job |= {"uploadURI": given["url"], "uploadHeaders": given["headers"]}
    else:
        job["uploadURI"] = f"{sandbox.urls.base(call, 'apps')}/uploads/v2/datatables/{call.ids[0]}/{job['id']}"
    job["selfUri"] = f"{jobs.path}/{job['id']}"
    jobs.put(job["id"], job)
    return job


@example_body("post_flows_datatable_import_jobs", "post_flows_datatable_import_csv_jobs")
def example_import(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """More rows."""
    return {"importMode": "Append", "status": "WaitingForUpload"}


@service("get_flows_datatable_import_job")
def import_job(sandbox: Sandbox, call: Call) -> Any:
    """How an import goes; nothing is done before its file is there."""
    job = entities(sandbox, IMPORTS, call.ids[0]).get(call.ids[1])
    if job is None:
        raise not_found("import job", call.ids[1])
    if job["status"] == "WaitingForUpload" or polled(sandbox, call.ids[1]):
        return job
    return {**{w: v for w, v in job.items() if not w.startswith(("count", "error"))}, "status": "Processing"}


@receiver("datatables", "post_flows_datatable_import_jobs")
def upload(sandbox: Sandbox, form: Form) -> Any:
    """A form with rows: ``/uploads/v2/datatables/{table}/{job}``."""
    if len(form.names) != 2:
        raise not_found("The import")
    _import(sandbox, form.names[0], form.names[1], form.content)
    return {"id": form.names[1]}


@taker("datatable")
def take(sandbox: Sandbox, key: str, details: Entity, data: bytes) -> None:
    """The file is there."""
    _import(sandbox, details["table"], details["job"], data)


def _import(sandbox: Sandbox, table_id: str, job_id: str, data: bytes) -> None:
    table = _table(sandbox, table_id)
    rows, jobs = _rows(sandbox, table_id), entities(sandbox, IMPORTS, table_id)
    job = jobs.get(job_id)
    if job is None or job["status"] != "WaitingForUpload":
        raise not_found("An import that waits for a file")
    good: list[Entity] = []
    failed, problem = 0, ""
    try:
        for line in read_csv(data):
            try:
                good.append(fitted(table, _values(table, line)))
            except Refusal as refusal:
                failed, problem = failed + 1, problem or refusal.message
    except ValueError as error:
        problem = f"The file cannot be read: {error}."
    deleted = 0
    if job["importMode"] == "ReplaceAll" and good:
        kept = {row[KEY] for row in good}
        for key in [key for key in rows.ids() if key not in kept]:
            rows.remove(key)
            deleted += 1
    for row in good:
        rows.put(row[KEY], row)
    done: Entity = {"countRecordsUpdated": len(good), "countRecordsDeleted": deleted, "countRecordsFailed": failed}
    done |= {"status": "Succeeded" if good or not problem else "Failed", "dateCompleted": sandbox.now()}
    if problem:
        done["errorInformation"] = {"code": "flows.datatables.import", "message": problem, "status": 400}
    jobs.put(job_id, {**job, **done})
    sandbox.store.jobs[job_id] = 0


def _values(table: Entity, line: Mapping[str, str]) -> Entity:
    """A line of a file with values of the types that the schema says; an empty one is missing."""
    made: Entity = {}
    for name, text in line.items():
        type_ = (as_object(_properties(table).get(name)) or {}).get("type")
        if text == "" and type_ != "string":
            continue
        made[name] = text
        try:
            if type_ == "boolean" and text.lower() in ("true", "false"):
                made[name] = text.lower() == "true"
            elif type_ in ("integer", "number"):
                made[name] = int(text) if type_ == "integer" else float(text)
        except ValueError:
            continue  # It stays text, and is refused as such.
    return made


@example_query("delete_flows_datatable")
def example_delete(sandbox: Sandbox) -> dict[str, str]:
    """Rows and all."""
    return {"force": "true"}
