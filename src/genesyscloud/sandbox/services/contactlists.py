"""Outbound contact lists: columns, contacts, filters, import from files and export to them.

Contacts are entities of the collection under their list. An import or export is done at once, and is said to be
underway for as many polls as any job.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence, Sized
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Any

from ..crud import Answered, generic, page
from ..files import Form, download_uri, keep, presigned, receiver, signed_link, taker
from ..filters import filters_of, sort
from ..narrow import as_list, as_object, objects, texts
from ..refusal import Refusal, bad_request, not_found
from ..shapes import Listing
from .contactfilters import matching
from .linked import check_version
from .references import current_version, delete_unused, entities, linked, pointed
from .registry import example_body, example_ids, seeder, service, table_start

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

__all__ = ["LISTS", "asked_for", "contacts", "poll_export", "polled_import", "read_csv", "start_export", "write_csv"]

LISTS = "/api/v2/outbound/contactlists"
CONTACTS = f"{LISTS}/{{}}/contacts"
JOBS = f"{LISTS}/{{}}/contacts/bulk/jobs"
IMPORTS, EXPORTS = "outbound imports", "outbound exports"
#: Most contacts in one call.
MOST_CONTACTS = 1000
COLUMNS = ["First Name", "Last Name", "Phone", "Email", "Zip Code", "Balance"]
PHONES = [{"columnName": "Phone", "type": "Cell"}]
CONTACT = Listing("entities", "#DialerContact")


def contacts(sandbox: Sandbox, list_id: str) -> Collection:
    """The contacts of a list."""
    return entities(sandbox, CONTACTS, list_id)


def _list(sandbox: Sandbox, list_id: str) -> Entity:
    found = entities(sandbox, LISTS).get(list_id)
    if found is None:
        raise not_found("contact list", list_id)
    return found


def _phone_columns(contact_list: Entity) -> list[str]:
    return [str(column["columnName"]) for column in objects(contact_list.get("phoneColumns"))]


# --- lists --------------------------------------------------------------------------------------


@seeder(LISTS)
def a_list(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A list of customers."""
    made = pointed(sandbox, entity, collection.place(str(entity["id"])))
    for wire in ("importStatus", "emailColumns", "whatsAppColumns", "columnDataTypeSpecifications", "size"):
        entity.pop(wire, None)
    for wire in ("previewModeColumnName", "previewModeAcceptedValues", "zipCodeColumnName"):
        entity.pop(wire, None)
    entity |= {"columnNames": COLUMNS, "phoneColumns": PHONES, "automaticTimeZoneMapping": False}
    if "attemptLimits" in made:
        entity["attemptLimits"] = made["attemptLimits"]


@seeder(CONTACTS)
def a_contact(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A customer."""
    list_id, place = collection.path.split("/")[-2], collection.place(str(entity["id"]))
    first, _, last = str(entity.get("name") or "Ada Example").partition(" ")
    data = {
        "First Name": first, "Last Name": last or "Example", "Phone": f"+1317555{place:04d}",
        "Email": f"customer{place}@example.com", "Zip Code": f"{46000 + place}", "Balance": str(place * 37 % 1000),
    }  # fmt: skip
    entity_id = entity["id"]
    entity.clear()
    entity |= {"id": entity_id, "contactListId": list_id, "data": data, "callRecords": {}, "callable": True}
    entity |= _statuses(PHONES, data, "2026-01-05T08:00:00.000Z")


def _statuses(phones: Iterable[Entity], data: Entity, now: str) -> Entity:
    names = [str(column["columnName"]) for column in phones]
    columns = {name: {"contactable": True} for name in names}
    return {
        "phoneNumberStatus": {name: {"callable": True} for name in names},
        "contactableStatus": {"Voice": {"contactable": True, "columnStatus": columns}},
        "dateCreated": now,
    }


def _checked(sandbox: Sandbox, body: Entity) -> Entity:
    """A contact list whose columns make sense."""
    columns = texts(body.get("columnNames"))
    if not columns or len({name.lower() for name in columns}) != len(columns):
        raise _invalid("columnNames", "A contact list needs columns with different names.")
    for wire in ("phoneColumns", "emailColumns", "whatsAppColumns"):
        unknown = next((c for c in objects(body.get(wire)) if c.get("columnName") not in columns), None)
        if unknown is not None:
            raise _invalid(wire, f"{wire}: {unknown.get('columnName')} is none of the columns.")
    for wire in ("previewModeColumnName", "zipCodeColumnName"):
        if body.get(wire) and body[wire] not in columns:
            raise _invalid(wire, f"{wire}: {body[wire]} is none of the columns.")
    return linked(sandbox, body)


def _invalid(wire: str, message: str) -> Refusal:
    return bad_request(message, code="invalid.value", details=[{"errorCode": "invalid.value", "fieldName": wire}])


@service("post_outbound_contactlists")
def create_list(sandbox: Sandbox, call: Call) -> Any:
    """A new list, without contacts."""
    if not str(call.body.get("name") or "").strip():
        raise _invalid("name", "A contact list needs a name.")
    return generic(sandbox, call._replace(body=_checked(sandbox, call.body)))


@service("put_outbound_contactlist")
def change_list(sandbox: Sandbox, call: Call) -> Any:
    """Change a list; columns that contacts have stay."""
    before = _list(sandbox, call.ids[0])
    check_version(call.ids[0], call.body.get("version"), before.get("version"))
    lost = set(texts(before.get("columnNames"))) - set(texts(call.body.get("columnNames")))
    if lost and len(contacts(sandbox, call.ids[0])):
        raise _invalid("columnNames", f"Columns of a list with contacts cannot be removed: {', '.join(sorted(lost))}.")
    return generic(sandbox, call._replace(body=_checked(sandbox, call.body)))


@example_body("post_outbound_contactlists", "put_outbound_contactlist")
def example_list(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """A list like the seeded ones."""
    body = {"name": "Customers of the spring", "columnNames": COLUMNS, "phoneColumns": PHONES}
    return current_version(sandbox, LISTS, ids, body)


def asked_for(sandbox: Sandbox, call: Call, entity: Entity, members: Callable[[Sandbox, str], Sized]) -> Entity:
    """A list with what the query asks for: how many ``members`` it has, and how its last import goes."""
    made, list_id = dict(entity), str(entity["id"])
    if call.query.get("includeSize"):
        made["size"] = len(members(sandbox, list_id))
    status = polled_import(sandbox, list_id) if call.query.get("includeImportStatus") else None
    return {**made, "importStatus": status} if status and "state" in status else made


@service("get_outbound_contactlist", "get_outbound_contactlists_divisionview")
def read_list(sandbox: Sandbox, call: Call) -> Any:
    """A list."""
    return asked_for(sandbox, call, _list(sandbox, call.ids[0]), contacts)


@service("get_outbound_contactlists", "get_outbound_contactlists_divisionviews")
def list_lists(sandbox: Sandbox, call: Call) -> Any:
    """The lists."""
    listing = sandbox.shapes.listing(call.record)
    assert listing is not None
    tests = filters_of(call.query, sandbox.shapes.item_properties(listing))
    found = [item for item in entities(sandbox, LISTS) if all(test(item) for test in tests)]
    reply = page(sandbox, call, listing, sort(found, call.query))
    reply["entities"] = [asked_for(sandbox, call, item, contacts) for item in reply["entities"]]
    return reply


@service("delete_outbound_contactlist")
def delete_list(sandbox: Sandbox, call: Call) -> Any:
    """Delete a list with its contacts, unless something uses it."""
    delete_unused(sandbox, call)
    _forget(sandbox, call.ids[0])


def _forget(sandbox: Sandbox, list_id: str) -> None:
    for name in (IMPORTS, EXPORTS):
        sandbox.store.table(name).pop(list_id, None)


@service("post_outbound_contactlist_clear")
def clear(sandbox: Sandbox, call: Call) -> Any:
    """Remove all contacts."""
    held = contacts(sandbox, call.ids[0])
    for contact_id in list(held.ids()):
        held.remove(contact_id)


# --- contacts -----------------------------------------------------------------------------------


def add_contact(sandbox: Sandbox, contact_list: Entity, body: Entity, *, clear_system_data: bool = False) -> Entity:
    """Add a contact to a list, or change the one with its id."""
    list_id, held = str(contact_list["id"]), contacts(sandbox, str(contact_list["id"]))
    columns, data = texts(contact_list.get("columnNames")), as_object(body.get("data")) or {}
    unknown = sorted(data.keys() - set(columns))
    if unknown:
        raise _invalid("data", f"The contact list has no column {', '.join(unknown)}.")
    contact_id = str(body.get("id") or sandbox.store.new_id(held.shape))
    before = held.get(contact_id) or {}
    fresh: Entity = {
        "callRecords": {},
        "callable": True,
        **_statuses(objects(contact_list.get("phoneColumns")), data, ""),
    }
    kept = before if before and not clear_system_data else fresh | {"dateCreated": sandbox.now()}
    given = {w: v for w, v in body.items() if v is not None and w not in ("id", "data", "contactListId", "version")}
    merged = {column: str((data if column in data else before.get("data", {})).get(column, "")) for column in columns}
    made = {**kept, **given, "id": contact_id, "contactListId": list_id, "data": merged}
    made["selfUri"] = f"{held.path}/{sandbox.quoted(contact_id)}"
    held.put(contact_id, made)
    return made


@service("post_outbound_contactlist_contacts")
def add_contacts(sandbox: Sandbox, call: Call) -> Any:
    """Add contacts, or change those with a known id."""
    bodies = objects(call.body)
    if not 0 < len(bodies) <= MOST_CONTACTS:
        raise bad_request(f"From 1 to {MOST_CONTACTS} contacts can be added at once.", code="invalid.value")
    contact_list, fresh = _list(sandbox, call.ids[0]), bool(call.query.get("clearSystemData"))
    return [add_contact(sandbox, contact_list, body, clear_system_data=fresh) for body in bodies]


@service("put_outbound_contactlist_contact")
def change_contact(sandbox: Sandbox, call: Call) -> Any:
    """Change a contact."""
    if call.ids[1] not in contacts(sandbox, call.ids[0]):
        raise not_found("contact", call.ids[1])
    return add_contact(sandbox, _list(sandbox, call.ids[0]), {**call.body, "id": call.ids[1]})


@example_body("post_outbound_contactlist_contacts", "put_outbound_contactlist_contact")
def example_contacts(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A contact with a telephone number."""
    columns = texts(_list(sandbox, ids[0]).get("columnNames"))
    contact = {"contactListId": ids[0], "data": dict.fromkeys(columns[:1], "+13175550123")}
    return contact if len(ids) > 1 else [contact]


@service("post_outbound_contactlist_contacts_bulk")
def read_contacts(sandbox: Sandbox, call: Call) -> Any:
    """The contacts with these ids; there is nothing for an unknown one."""
    held = contacts(sandbox, call.ids[0])
    return [held[contact_id] for contact_id in texts(call.body) if contact_id in held]


@service("delete_outbound_contactlist_contacts")
def delete_contacts(sandbox: Sandbox, call: Call) -> Any:
    """Delete contacts by id."""
    held = contacts(sandbox, call.ids[0])
    for contact_id in dict.fromkeys(texts(call.query.get("contactIds"))):
        if contact_id in held:
            held.remove(contact_id)


def chosen(sandbox: Sandbox, list_id: str, body: Entity) -> list[Entity]:
    """The contacts that a body chooses: by ids, by criteria, by a filter; else all."""
    held = contacts(sandbox, list_id)
    ids = as_list(body.get("contactIds"))
    if ids:
        return [held[contact_id] for contact_id in dict.fromkeys(texts(ids)) if contact_id in held]
    criteria = as_object(body.get("criteria"))
    filter_id = body.get("contactListFilterId")
    if filter_id:
        criteria = entities(sandbox, "/api/v2/outbound/contactlistfilters").get(str(filter_id))
        if criteria is None:
            raise _invalid("contactListFilterId", f"There is no contact list filter with id {filter_id}.")
    return [contact for contact in held if criteria is None or matching(contact, criteria)]


@service("post_outbound_contactlist_contacts_search")
def search_contacts(sandbox: Sandbox, call: Call) -> Any:
    """A page of the contacts that meet criteria, in an order."""
    found = chosen(sandbox, call.ids[0], call.body)
    for order in reversed(objects(call.body.get("contactSorts"))):
        found = sorted(found, key=partial(_sort_key, order), reverse=order.get("direction") == "DESC")
    size, number = int(call.body["pageSize"]), int(call.body["pageNumber"])
    if not 0 < size <= sandbox.settings.page_size_maximum or number < 1:
        raise _invalid("pageSize", f"pageSize is from 1 to {sandbox.settings.page_size_maximum}, pageNumber from 1.")
    return {
        "entities": found[(number - 1) * size : number * size], "pageSize": size, "pageNumber": number,
        "total": len(found), "contactsCount": len(found), "pageCount": max(1, -(-len(found) // size)),
    }  # fmt: skip


@example_body("post_outbound_contactlist_contacts_search")
def example_search(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """The first page."""
    return {"pageNumber": 1, "pageSize": 25, "contactSorts": [{"fieldName": "Last Name", "direction": "ASC"}]}


def _sort_key(order: Entity, contact: Entity) -> tuple[int, float, str]:
    text = str(contact["data"].get(order.get("fieldName"), ""))
    if order.get("numeric"):
        try:
            return 0, float(text), ""
        except ValueError:
            return 1, 0, text
    return 0, 0, text.lower()


@service("post_outbound_contactlist_contacts_bulk_remove", "post_outbound_contactlist_contacts_bulk_update")
def bulk_job(sandbox: Sandbox, call: Call) -> Any:
    """Remove or change all contacts that meet criteria; done at once, and said to be underway for some polls."""
    contact_list, held = _list(sandbox, call.ids[0]), contacts(sandbox, call.ids[0])
    found, removes = chosen(sandbox, call.ids[0], call.body), call.record.name.endswith("remove")
    jobs = entities(sandbox, JOBS, call.ids[0])
    job_id = sandbox.store.new_job()
    job: Entity = {"id": job_id, "state": "Complete", "type": "BulkDelete" if removes else "BulkEdit"}
    job |= {"totalRecords": len(found), "completedRecords": len(found), "percentComplete": 100}
    if call.body.get("generateDownloadURI"):
        job["downloadURI"] = download_uri(sandbox, call, _file(sandbox, contact_list, found))
    for contact in found:
        if removes:
            held.remove(contact["id"])
        else:
            add_contact(sandbox, contact_list, {**(as_object(call.body.get("contact")) or {}), "id": contact["id"]})
    job["selfUri"] = f"{jobs.path}/{job_id}"
    jobs.put(job_id, job)
    return Answered({**job, "state": "InProgress", "completedRecords": 0, "percentComplete": 0}, 202)


@example_body("post_outbound_contactlist_contacts_bulk_remove", "post_outbound_contactlist_contacts_bulk_update")
def example_bulk(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """Those whose name is known to be nobody's."""
    clause = {"filterType": "AND", "predicates": [{"column": "Last Name", "operator": "EQUALS", "value": "Nobody"}]}
    return {"criteria": {"filterType": "AND", "clauses": [clause]}}


@seeder(JOBS)
def a_job(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A job that ended long ago."""
    for wire in ("failureReason", "downloadURI"):
        entity.pop(wire, None)
    entity |= {"state": "Complete", "totalRecords": 10, "completedRecords": 10, "percentComplete": 100}


# --- files --------------------------------------------------------------------------------------


def read_csv(data: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file by name of column.

    Raises:
        ValueError: it is none, or has no rows of that kind.
    """
    reader = csv.reader(StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    try:
        rows = [row for row in reader if row]
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num} is no line of a CSV file: {error}") from None
    if not rows:
        raise ValueError("the file is empty")
    names = [name.strip() for name in rows[0]]
    return [dict(zip(names, row, strict=False)) for row in rows[1:]]


def write_csv(names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file as the service writes it: every value in quotes."""
    out = StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


def _import(sandbox: Sandbox, fields: Entity, data: bytes) -> None:
    """Put the rows of a file into the list that the fields name; how that went is kept for ``importstatus``."""
    list_id = str(fields.get("id") or "")
    contact_list = _list(sandbox, list_id)
    columns, key = texts(contact_list.get("columnNames")), str(fields.get("contact-id-name") or "")
    failure, rows = "", list[dict[str, str]]()
    try:
        rows = read_csv(data)
    except ValueError as error:
        failure = f"The file cannot be read: {error}."
    if rows and not rows[0].keys() & set(columns):
        failure = f"The file has none of the columns of the contact list: {', '.join(columns)}."
    if not failure and key and rows and key not in rows[0]:
        failure = f"The file has no column {key} for the ids of contacts."
    for row in rows if not failure else ():
        body = {
            "id": row.get(key) or row.get("inin-outbound-id") or "",
            "data": {c: row[c] for c in columns if c in row},
        }
        add_contact(sandbox, contact_list, body, clear_system_data=str(fields.get("clearSystemData")).lower() == "true")
    note_import(sandbox, list_id, len(rows), failure)


def note_import(sandbox: Sandbox, list_id: str, total: int, failure: str) -> None:
    """Remember how an import went."""
    sandbox.store.table(IMPORTS)[list_id] = {"polls": 0, "total": total, "failure": failure}


@table_start(IMPORTS)
def first_imports(sandbox: Sandbox) -> dict[str, Any]:
    """The first list of each kind was given a file that nobody can read."""
    if not sandbox.organization.examples:
        return {}
    failure = "The file cannot be read: the file is empty."
    paths = (LISTS, "/api/v2/outbound/dnclists")
    first = [next(iter(entities(sandbox, path).seeded), "") for path in paths]
    return {list_id: {"polls": 0, "total": 0, "failure": failure} for list_id in first if list_id}


def polled_import(sandbox: Sandbox, list_id: str) -> Entity | None:
    """How the last import into a list goes; without a state when it succeeded, ``None`` when there was none."""
    table = sandbox.store.table(IMPORTS)
    row = as_object(table.get(list_id))
    if row is None:
        return None
    total, failure = row["total"], row["failure"]
    if not failure and row["polls"] < sandbox.settings.job_polls:
        table[list_id] = {**row, "polls": row["polls"] + 1}
        return {"state": "IN_PROGRESS", "totalRecords": total, "completedRecords": 0, "percentComplete": 0}
    done: Entity = {"totalRecords": total, "completedRecords": 0 if failure else total}
    done["percentComplete"] = 0 if failure else 100
    return done | {"state": "FAILED", "failureReason": failure} if failure else done


@service("get_outbound_contactlist_importstatus", "get_outbound_dnclist_importstatus")
def import_status(sandbox: Sandbox, call: Call) -> Any:
    """How the import goes. A finished one has no state: the definition knows none for it."""
    from ..fake import Made

    status = polled_import(sandbox, call.ids[0])
    if status is None:
        raise not_found("The import: nothing was imported into the list. It")
    made = Made(status)
    made.model = "ImportStatus"
    return made


@example_ids("get_outbound_contactlist_importstatus")
def example_import(sandbox: Sandbox) -> list[str]:
    """The list whose import failed."""
    return [entities(sandbox, LISTS).ids()[0]]


@receiver("contactlist", "post_outbound_contactlists_uploads")
def upload(sandbox: Sandbox, form: Form) -> Any:
    """A form with a file of contacts, or of numbers that are not to be called."""
    kind = form.fields.get("fileType", "contactlist").lower()
    if kind not in ("contactlist", "dnclist"):
        raise _invalid("fileType", "fileType is contactlist or dnclist.")
    if kind == "contactlist":
        _import(sandbox, dict(form.fields), form.content)
    else:
        from .outbound import import_numbers

        import_numbers(sandbox, dict(form.fields), form.content)
    return {"id": form.fields.get("id", ""), "correlationId": sandbox.store.new_id(entities(sandbox, LISTS).shape)}


@service("post_outbound_contactlists_uploads")
def start_upload(sandbox: Sandbox, call: Call) -> Any:
    """A signed address for a file of contacts."""
    body = call.body
    if body.get("id"):
        _list(sandbox, str(body["id"]))
    details = {"id": body.get("id"), "contact-id-name": body.get("contactIdName")}
    return presigned(sandbox, call, "contactlist", details | {"clearSystemData": body.get("clearSystemData")})


@example_body("post_outbound_contactlists_uploads")
def example_upload(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """For the first list."""
    return {"contentType": "text/csv", "id": entities(sandbox, LISTS).ids()[0]}


@taker("contactlist")
def take_contacts(sandbox: Sandbox, key: str, details: Entity, data: bytes) -> None:
    """The file is there."""
    _import(sandbox, details, data)


def _file(sandbox: Sandbox, contact_list: Entity, found: Iterable[Entity]) -> str:
    columns, phones = texts(contact_list.get("columnNames")), _phone_columns(contact_list)
    names = ["inin-outbound-id", *columns, "ContactCallable"]
    names += [name for phone in phones for name in (f"CallRecordLastAttempt-{phone}", f"CallRecordLastResult-{phone}")]

    def row(contact: Entity) -> list[object]:
        records = as_object(contact.get("callRecords")) or {}
        cells: list[object] = [contact["id"], *(contact["data"].get(column, "") for column in columns)]
        cells.append(int(bool(contact.get("callable", True))))
        for phone in phones:
            record = as_object(records.get(phone)) or {}
            cells += [record.get("lastAttempt", ""), record.get("lastResult", "")]
        return cells

    data = write_csv(names, (row(contact) for contact in found))
    return keep(sandbox, f"{contact_list.get('name') or 'contacts'}.csv", "text/csv", data)


def start_export(sandbox: Sandbox, list_id: str, file_id: str) -> None:
    """A file was made; it is said to be underway for some polls."""
    sandbox.store.table(EXPORTS)[list_id] = {"polls": 0, "file": file_id, "at": sandbox.now()}


@service("post_outbound_contactlist_export")
def export(sandbox: Sandbox, call: Call) -> Any:
    """Write contacts to a file."""
    contact_list = _list(sandbox, call.ids[0])
    found = chosen(sandbox, call.ids[0], as_object(call.body) or {})
    start_export(sandbox, call.ids[0], _file(sandbox, contact_list, found))
    return {"id": call.ids[0], "name": contact_list.get("name"), "selfUri": f"{LISTS}/{call.ids[0]}/export"}


@example_body("post_outbound_contactlist_export")
def example_export(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """All contacts."""
    return {"contactIds": []}


@service("get_outbound_contactlist_export", "get_outbound_dnclist_export")
def poll_export(sandbox: Sandbox, call: Call) -> Any:
    """Where the file is; 404 until it is there."""
    table = sandbox.store.table(EXPORTS)
    row = as_object(table.get(call.ids[0]))
    if row is None:
        raise not_found("An export of the list")
    if row["polls"] < sandbox.settings.job_polls:
        table[call.ids[0]] = {**row, "polls": row["polls"] + 1}
        raise Pending(404, "not.found", "The export is not ready yet: ask again.", entity_id=call.ids[0])
    if str(call.query.get("download")).lower() == "true":
        return Answered(None, 302, [("Location", signed_link(sandbox, call, row["file"]))])
    return {"uri": download_uri(sandbox, call, row["file"]), "exportTimestamp": row["at"]}


class Pending(Refusal):
    """What is asked for is not there yet; that it was asked for counts."""

    keeps_changes = True


@table_start(EXPORTS)
def first_exports(sandbox: Sandbox) -> dict[str, Any]:
    """The first list of each kind was exported once."""
    row = {"polls": 1 << 30, "file": SAMPLE, "at": "2026-01-05T08:00:00.000Z"}
    return dict.fromkeys(first_imports(sandbox), row)


#: A file that is there from the start.
SAMPLE = "8d5c2f0e-6b1a-4c3d-9e7f-000000000001"


@table_start("files")
def first_files(sandbox: Sandbox) -> dict[str, Any]:
    """An export of long ago."""
    import base64

    data = write_csv(["inin-outbound-id", *COLUMNS], [])
    return {SAMPLE: {"name": "export.csv", "type": "text/csv", "content": base64.b64encode(data).decode()}}
