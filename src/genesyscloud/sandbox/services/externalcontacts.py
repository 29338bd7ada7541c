"""External contacts and organizations: search, scan, notes, relationships, exports.

A contact that was merged away leads to the one that it became. Identifiers and merging are in
``externalidentifiers``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..crud import generic, page
from ..files import keep, signed_link
from ..jobs import polled
from ..narrow import as_list, as_object, objects, texts
from ..refusal import Refusal, bad_request, not_found
from ..shapes import Listing
from ..store import Collection
from .contactlists import write_csv
from .linked import collection as entities
from .linked import reference
from .registry import example_body, example_ids, seeder, service
from .users import PATH as USERS

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Entity

__all__: Sequence[str] = ()

ROOT = "/api/v2/externalcontacts"
CONTACTS, ORGANIZATIONS = f"{ROOT}/contacts", f"{ROOT}/organizations"
RELATIONSHIPS, EXPORTS = f"{ROOT}/relationships", f"{ROOT}/contacts/exports"
#: The last entity that pages reach; all are reached by scanning.
WINDOW = 1000
PHONES = ("workPhone", "cellPhone", "homePhone", "otherPhone")
EMAILS = ("workEmail", "personalEmail", "otherEmail")
NOT_DIALED = re.compile(r"[^\d+]")
MERGED = ("mergedFrom", "mergedTo", "mergeSet", "mergeOperation", "canonicalContact")
_KINDS = {"contacts": "#ExternalContact", "organizations": "#ExternalOrganization"}


# --- what there is from the start ----------------------------------------------------------------


@seeder(CONTACTS)
def a_contact(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A customer with a number and an address of its own, of one of the organizations."""
    place = collection.place(str(entity["id"]))
    for wire in (*MERGED, *PHONES, *EMAILS, "identifiers", "externalIds", "schema", "customFields", "appleOpaqueIds"):
        entity.pop(wire, None)
    entity |= {"workPhone": _phone({"display": f"+1463555{place:04d}"}), "workEmail": f"contact{place}@example.com"}
    entity |= {"type": "Curated", "externalOrganization": _organization(sandbox, place)}


def _organization(sandbox: Sandbox, place: int) -> Entity:
    held = entities(sandbox, ORGANIZATIONS)
    ids = held.ids()
    return reference(held, ids[place % max(1, len(ids) - 1)]) if ids else {}


@seeder(ORGANIZATIONS)
def an_organization(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A company."""
    place = collection.place(str(entity["id"]))
    for wire in ("trustor", "schema", "customFields", "identifiers", "externalIds"):
        entity.pop(wire, None)
    entity["phoneNumber"] = _phone({"display": f"+1463556{place:04d}"})


@seeder(RELATIONSHIPS)
def a_relationship(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """Somebody looks after a company."""
    place = collection.place(str(entity["id"]))
    users = entities(sandbox, USERS)
    entity |= {"user": reference(users, users.ids()[place % len(users)]), "relationship": "Account Manager"}
    entity["externalOrganization"] = _organization(sandbox, place)


# --- writing ------------------------------------------------------------------------------------


def _phone(given: Entity) -> Entity:
    """A telephone number with what can be told of it."""
    text = str(given.get("e164") or given.get("userInput") or given.get("display") or "")
    number = NOT_DIALED.sub("", text)
    made = {"userInput": text, "display": text, **given}
    return made | ({"e164": number} if number.startswith("+") and "e164" not in given else {})


def invalid(wire: str, message: str) -> Refusal:
    return bad_request(message, code="invalid.value", details=[{"errorCode": "invalid.value", "fieldName": wire}])


def checked(sandbox: Sandbox, body: Entity) -> Entity:
    """A body whose references lead somewhere, with complete telephone numbers."""
    made = {wire: value for wire, value in body.items() if wire not in MERGED}
    for wire, path in (("externalOrganization", ORGANIZATIONS), ("user", USERS)):
        given = as_object(made.get(wire))
        if given is not None and path != made.get("selfUri"):
            held, entity_id = entities(sandbox, path), str(given.get("id") or "")
            if entity_id not in held:
                raise invalid(wire, f"{wire}: there is no {held.shape.noun} with id {entity_id}.")
            made[wire] = reference(held, entity_id)
    for wire in (*PHONES, "phoneNumber", "faxNumber"):
        given = as_object(made.get(wire))
        if given is not None:
            made[wire] = _phone(given)
    return made


@service(
    "post_externalcontacts_contacts", "put_externalcontacts_contact",
    "post_externalcontacts_relationships", "put_externalcontacts_relationship",
)  # fmt: skip
def write(sandbox: Sandbox, call: Call) -> Any:
    """Create or replace."""
    body = checked(sandbox, call.body)
    if call.record.path.startswith(CONTACTS):
        body |= {"type": "Curated", **_dates(sandbox, call, CONTACTS)}
    return generic(sandbox, call._replace(body=body))


def _dates(sandbox: Sandbox, call: Call, path: str) -> Entity:
    """When it was made, whatever the body says, and that it was changed now."""
    now, before = sandbox.now(), entities(sandbox, path).get(call.ids[0]) if call.ids else None
    return {"createDate": (before or {}).get("createDate") or now, "modifyDate": now}


@service("post_externalcontacts_organizations", "put_externalcontacts_organization")
def write_organization(sandbox: Sandbox, call: Call) -> Any:
    """Create or replace an organization."""
    if not str(call.body.get("name") or "").strip():
        raise invalid("name", "An organization needs a name.")
    body = checked(sandbox, call.body) | _dates(sandbox, call, ORGANIZATIONS)
    return generic(sandbox, call._replace(body=body))


@example_body("post_externalcontacts_contacts", "put_externalcontacts_contact")
def example_contact(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """A customer."""
    company = {"id": entities(sandbox, ORGANIZATIONS).ids()[0]}
    return {"firstName": "Ada", "lastName": "Example", "workEmail": "ada@example.com", "externalOrganization": company}


@example_body("post_externalcontacts_organizations", "put_externalcontacts_organization")
def example_organization(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """A company."""
    return {"name": "Example Ltd", "industry": "Retail", "websites": ["https://example.com"]}


@example_body("post_externalcontacts_relationships", "put_externalcontacts_relationship")
def example_relationship(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """Somebody looks after a company."""
    company, user = entities(sandbox, ORGANIZATIONS).ids()[0], entities(sandbox, USERS).ids()[0]
    return {"user": {"id": user}, "externalOrganization": {"id": company, "name": "x"}, "relationship": "Manager"}


@service(
    "patch_externalcontacts_contact", "patch_externalcontacts_organization", "patch_externalcontacts_relationship",
    "patch_externalcontacts_contact_note", "patch_externalcontacts_organization_note",
)  # fmt: skip
def patch(sandbox: Sandbox, call: Call) -> Any:
    """Change single fields: each change says what it does when there is a value, and when there is none."""
    shape = sandbox.shapes.parent(call.record.path)
    assert shape is not None
    held = sandbox.collection(shape, call.ids)
    before = held.get(call.ids[-1])
    if before is None:
        raise not_found(shape.noun, call.ids[-1])
    made, known = dict(before), sandbox.shapes.properties(shape.model)
    for change in objects(call.body.get("changes")):
        wire = str(change["field"])
        if wire.partition(".")[0] not in known:
            raise invalid("field", f"There is no field called {wire}.")
        _apply(made, wire.split("."), str(change["action"]), change.get("value"))
    made = checked(sandbox, made) | {"modifyDate": sandbox.now()}
    problem = sandbox.validator.problems(made, f"#{shape.model}")
    if problem:
        raise bad_request(problem, code="invalid.value")
    held.put(call.ids[-1], made)
    return made


def _apply(entity: Entity, path: Sequence[str], action: str, value: Any) -> None:
    """Change the field at a path of an entity, whose objects on the way are replaced and not changed."""
    first, *rest = path
    if rest:
        inner = dict(as_object(entity.get(first)) or {})
        _apply(inner, rest, action, value)
        entity[first] = inner
        return
    before, items = entity.get(first), list(as_list(entity.get(first)) or [])
    match action:
        case "Remove":
            entity.pop(first, None)
        case "AppendToCollection":
            entity[first] = [*items, *(as_list(value) or [value])]
        case "RemoveFromCollection":
            gone = as_list(value) or [value]
            entity[first] = [item for item in items if item not in gone]
        case _:
            empty = before in (None, "", [])
            if action == "Update" or (action == "UpdateIfEmpty") == empty:
                entity[first] = value


@example_body(
    "patch_externalcontacts_contact", "patch_externalcontacts_organization", "patch_externalcontacts_relationship",
    "patch_externalcontacts_contact_note", "patch_externalcontacts_organization_note",
)  # fmt: skip
def example_patch(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """Nothing that could be wrong."""
    return {"changes": []}


@service("delete_externalcontacts_organization")
def delete_organization(sandbox: Sandbox, call: Call) -> Any:
    """Delete an organization; its contacts stay, without it."""
    held = entities(sandbox, CONTACTS)
    for contact in held.looked_at():
        if _refers(contact, "externalOrganization", call.ids[0]):
            held.put(contact["id"], {w: v for w, v in contact.items() if w != "externalOrganization"})
    return generic(sandbox, call)


def _refers(entity: Entity, wire: str, entity_id: str) -> bool:
    return (as_object(entity.get(wire)) or {}).get("id") == entity_id


# --- reading ------------------------------------------------------------------------------------


def kind_of(call: Call) -> str:
    return next(kind for kind in _KINDS if f"/{kind}" in call.record.path)


def _words(entity: Entity) -> str:
    """What a search looks at."""
    found = [str(entity.get(w) or "") for w in ("firstName", "middleName", "lastName", "name", "title", *EMAILS)]
    found += [str(value) for w in (*PHONES, "phoneNumber") for value in (as_object(entity.get(w)) or {}).values()]
    found += [
        str((as_object(entity.get("externalOrganization")) or {}).get("name") or ""),
        str(entity.get("industry") or ""),
    ]
    return " ".join(found).lower()


def found_in(sandbox: Sandbox, path: str, query: str, divisions: Sequence[str]) -> list[Entity]:
    wanted = query.lower().replace("*", " ").split()
    found: list[Entity] = []
    for entity in entities(sandbox, path):
        division = str((as_object(entity.get("division")) or {}).get("id") or "")
        if "mergedTo" in entity or (divisions and "*" not in divisions and division not in divisions):
            continue
        words = _words(entity) if wanted else ""
        if all(word in words for word in wanted):
            found.append(entity)
    return found


def _sorted(found: list[Entity], order: Any) -> list[Entity]:
    """In an order such as ``lastName:asc``."""
    for text in reversed(texts(order) or ([order] if isinstance(order, str) else [])):
        wire, _, way = text.partition(":")
        down = way.lower().startswith("d")
        found = sorted(found, key=lambda entity: str(entity.get(wire) or "").lower(), reverse=down)
    return found


def expanded(sandbox: Sandbox, call: Call, entity: Entity) -> Entity:
    """An entity with its whole organization, when ``expand`` asks for it."""
    given = as_object(entity.get("externalOrganization"))
    if given is None or "externalOrganization" not in texts(call.query.get("expand")):
        return entity
    return {**entity, "externalOrganization": entities(sandbox, ORGANIZATIONS).get(str(given["id"])) or given}


def _paged(sandbox: Sandbox, call: Call, found: Sequence[Entity]) -> Any:
    size, number = int(call.query.get("pageSize") or 20), int(call.query.get("pageNumber") or 1)
    if size * number > WINDOW:
        raise bad_request(
            f"pageNumber times pageSize is above {WINDOW}: scan instead, or search for less.", code="invalid.value",
            details=[{"errorCode": "invalid.value", "fieldName": "pageNumber"}],
        )  # fmt: skip
    reply = page(sandbox, call, Listing("entities", _KINDS[kind_of(call)]), found)
    reply["entities"] = [expanded(sandbox, call, entity) for entity in reply["entities"]]
    return reply


@service("get_externalcontacts_contacts", "get_externalcontacts_organizations")
def list_entities(sandbox: Sandbox, call: Call) -> Any:
    """Those that have all words of ``q``, in pages up to the window."""
    divisions = texts(call.query.get("divisionIds"))
    found = found_in(sandbox, f"{ROOT}/{kind_of(call)}", str(call.query.get("q") or ""), divisions)
    return _paged(sandbox, call, _sorted(found, call.query.get("sortOrder")))


@service("get_externalcontacts_organization_contacts")
def contacts_of_organization(sandbox: Sandbox, call: Call) -> Any:
    """The contacts of an organization."""
    found = found_in(sandbox, CONTACTS, str(call.query.get("q") or ""), ())
    found = [contact for contact in found if _refers(contact, "externalOrganization", call.ids[0])]
    reply = page(sandbox, call, Listing("entities", "#ExternalContact"), _sorted(found, call.query.get("sortOrder")))
    reply["entities"] = [expanded(sandbox, call, entity) for entity in reply["entities"]]
    return reply


@service("post_externalcontacts_contacts_search")
def search(sandbox: Sandbox, call: Call) -> Any:
    """The same, asked for with a body."""
    body = call.body
    asked = as_object((as_object(body.get("operation")) or {}).get("simpleSearch")) or {}
    found = found_in(sandbox, CONTACTS, str(asked.get("query") or ""), texts(body.get("divisionIds")))
    ids = texts(asked.get("ids"))
    found = [contact for contact in found if not ids or contact["id"] in ids]
    query = {wire: body[wire] for wire in ("pageSize", "pageNumber", "expand") if body.get(wire) is not None}
    size, number = int(query.get("pageSize") or 20), int(query.get("pageNumber") or 1)
    if size * number > WINDOW or size < 1 or number < 1:
        raise invalid("pageNumber", f"pageNumber times pageSize is from 1 to {WINDOW}.")
    found = _sorted(found, asked.get("sortOrder"))
    shown = found[(number - 1) * size : number * size]
    facts = {"total": len(found), "pageSize": size, "pageNumber": number, "pageCount": max(1, -(-len(found) // size))}
    return facts | {"entities": [expanded(sandbox, call._replace(query=query), one) for one in shown]}


@example_body("post_externalcontacts_contacts_search")
def example_search(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """By address."""
    return {"pageNumber": 1, "pageSize": 20, "operation": {"simpleSearch": {"query": "example.com"}}}


@service("get_externalcontacts_contact", "get_externalcontacts_contact_unresolved", "get_externalcontacts_organization")
def read(sandbox: Sandbox, call: Call) -> Any:
    """One of them; a contact that was merged away is read as the one that it became."""
    held = entities(sandbox, f"{ROOT}/{kind_of(call)}")
    entity = held.get(call.ids[0])
    if entity is None:
        raise not_found(held.shape.noun, call.ids[0])
    if not call.record.path.endswith("/unresolved"):
        entity = _resolved(held, entity)
    return expanded(sandbox, call, entity)


def _resolved(held: Collection, entity: Entity) -> Entity:
    while "mergedTo" in entity:
        entity = held[entity["mergedTo"]["id"]]
    return entity


SCANS: Mapping[str, Callable[[Sandbox], Iterable[Entity]]] = {
    "contacts": lambda sandbox: found_in(sandbox, CONTACTS, "", ()),
    "organizations": lambda sandbox: entities(sandbox, ORGANIZATIONS),
    "relationships": lambda sandbox: entities(sandbox, RELATIONSHIPS),
    "notes": lambda sandbox: _notes(sandbox),
}


def _notes(sandbox: Sandbox) -> list[Entity]:
    """The notes that somebody wrote."""
    written = [
        one
        for one in sandbox.store.collections()
        if one.shape.path in (f"{p}/{{}}/notes" for p in (CONTACTS, ORGANIZATIONS))
    ]
    return [note for held in sorted(written, key=lambda one: one.path) for note in held.looked_at()]


@service(*(f"get_externalcontacts_scan_{kind}{view}" for kind in SCANS for view in ("", "_divisionviews_all")))
def scan(sandbox: Sandbox, call: Call) -> Any:
    """All of a kind, by cursor."""
    kind = call.record.path.removeprefix(f"{ROOT}/scan/").partition("/")[0]
    division = call.query.get("divisionId") or "*"
    found = [
        entity
        for entity in SCANS[kind](sandbox)
        if division == "*" or _refers(entity, "division", str(division))
    ]  # fmt: skip
    return page(sandbox, call, Listing("entities", "o"), found)


# --- many at once -------------------------------------------------------------------------------

#: By name of operation that reads many: what is read. Those that add, change and remove are generic.
FETCHED = {
    "post_externalcontacts_bulk_contacts": CONTACTS,
    "post_externalcontacts_bulk_contacts_divisionviews": CONTACTS,
    "post_externalcontacts_bulk_contacts_unresolved": CONTACTS,
    "post_externalcontacts_bulk_organizations": ORGANIZATIONS,
    "post_externalcontacts_bulk_organizations_divisionviews": ORGANIZATIONS,
    "post_externalcontacts_bulk_relationships": RELATIONSHIPS,
    "post_externalcontacts_bulk_notes": "",
}


@service(*FETCHED)
def fetch(sandbox: Sandbox, call: Call) -> Any:
    """Those with these ids; for each, how that went."""
    path = FETCHED[call.record.name]
    held = entities(sandbox, path) if path else {str(note["id"]): note for note in _notes(sandbox)}
    results: list[Entity] = []
    for given in objects(call.body.get("entities")):
        found = held.get(str(given.get("id") or ""))
        if found is not None and isinstance(held, Collection) and not call.record.name.endswith("unresolved"):
            found = _resolved(held, found)
        results.append(_told(str(given.get("id") or ""), found))
    return _counted(results)


def _told(entity_id: str, found: Entity | None) -> Entity:
    if found is not None:
        return {"id": entity_id, "success": True, "status": 200, "entity": found}
    error = {"code": "not.found", "message": f"There is nothing with the id {entity_id}.", "status": 404}
    return {"id": entity_id, "success": False, "status": 404, "error": error | {"retryable": False}}


def _counted(results: Sequence[Entity]) -> Entity:
    failed = [at for at, result in enumerate(results) if not result["success"]]
    return {"results": list(results), "errorCount": len(failed), "errorIndexes": failed}


@service(*(f"post_externalcontacts_bulk_notes_{verb}" for verb in ("add", "update", "remove")))
def change_notes(sandbox: Sandbox, call: Call) -> Any:
    """Write, change or remove notes; each says whose it is."""
    verb, results, now = call.record.path.rpartition("/")[2], list[dict[str, Any]](), sandbox.now()
    for given in objects(call.body.get("entities")):
        note_id = str(given.get("id") or "")
        before = next((note for note in _notes(sandbox) if note["id"] == note_id), None)
        owner = str((before or given).get("entityId") or "")
        path = next((p for p in (CONTACTS, ORGANIZATIONS) if owner in entities(sandbox, p)), "")
        if not path or (verb != "add" and before is None):
            results.append(_told(note_id, None))
            continue
        held = entities(sandbox, f"{path}/{{}}/notes", owner)
        if verb == "remove":
            held.remove(note_id)
            results.append({"id": note_id, "success": True, "status": 200})
            continue
        made = {**(before or {"createDate": now}), **given, "modifyDate": now, "entityId": owner}
        made["id"] = note_id if before else sandbox.store.new_id(held.shape)
        made |= {
            "createdBy": reference(entities(sandbox, USERS), sandbox.actor),
            "selfUri": f"{held.path}/{made['id']}",
        }
        made["entityType"] = "contact" if path == CONTACTS else "organization"
        held.put(made["id"], made)
        results.append(_told(made["id"], made))
    return _counted(results)


# --- notes and relationships --------------------------------------------------------------------


@service(*(f"post_externalcontacts_{kind}_notes" for kind in ("contact", "organization")))
def add_note(sandbox: Sandbox, call: Call) -> Any:
    """Write a note."""
    body = {w: v for w, v in call.body.items() if w not in ("createdBy", "entityId", "entityType")}
    now, kind = sandbox.now(), "organization" if "/organizations/" in call.path else "contact"
    users = entities(sandbox, USERS)
    body |= {"createdBy": reference(users, sandbox.actor), "entityId": call.ids[0], "entityType": kind}
    return generic(sandbox, call._replace(body=body | {"createDate": now, "modifyDate": now}))


@service("get_externalcontacts_organization_relationships")
def relationships(sandbox: Sandbox, call: Call) -> Any:
    """Who looks after an organization."""
    found = [r for r in entities(sandbox, RELATIONSHIPS) if _refers(r, "externalOrganization", call.ids[0])]
    return page(sandbox, call, Listing("entities", "#Relationship"), found)


@service("post_externalcontacts_contact_promotion")
def promote(sandbox: Sandbox, call: Call) -> Any:
    """Let somebody look after a contact that came by itself."""
    held = entities(sandbox, CONTACTS)
    made = {**held[call.ids[0]], "type": "Curated", "modifyDate": sandbox.now()}
    held.put(call.ids[0], made)
    return made


# --- exports ------------------------------------------------------------------------------------


@service("post_externalcontacts_contacts_exports")
def export(sandbox: Sandbox, call: Call) -> Any:
    """Write the contacts to a file; done at once, and said to be underway for some polls."""
    held, found = entities(sandbox, EXPORTS), found_in(sandbox, CONTACTS, "", texts(call.body.get("divisionIds")))
    names = ["id", "firstName", "lastName", "title", *EMAILS]
    rows = (
        [*(str(c.get(name) or "") for name in names), *((as_object(c.get(w)) or {}).get("e164", "") for w in PHONES)]
        for c in found
    )
    job = sandbox.store.new_job()
    made: Entity = {"id": job, "status": "SUCCEEDED", "resultRowCount": len(found), "dateCreated": sandbox.now()}
    made |= {"createdBy": {"id": sandbox.actor}, "dateCompletion": sandbox.now(), "selfUri": f"{EXPORTS}/{job}"}
    made["file"] = keep(sandbox, "contacts.csv", "text/csv", write_csv([*names, *PHONES], rows))
    held.put(job, made)
    return {"id": job, "status": "RUNNING", "dateCreated": made["dateCreated"], "selfUri": made["selfUri"]}


@example_body("post_externalcontacts_contacts_exports")
def example_export(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """All."""
    return {"divisionIds": ["*"]}


@service("get_externalcontacts_contacts_export")
def read_export(sandbox: Sandbox, call: Call) -> Any:
    """How an export goes, and where its file is."""
    job = entities(sandbox, EXPORTS).get(call.ids[0])
    if job is None:
        raise not_found("export", call.ids[0])
    if not polled(sandbox, call.ids[0]):
        return {w: v for w, v in job.items() if w not in ("dateCompletion", "resultRowCount")} | {"status": "RUNNING"}
    return {**job, "downloadUrl": signed_link(sandbox, call, job["file"])} if "file" in job else job


@example_ids("get_externalcontacts_contact_unresolved")
def example_unresolved(sandbox: Sandbox) -> list[str]:
    """The first one."""
    return [entities(sandbox, CONTACTS).ids()[0]]
