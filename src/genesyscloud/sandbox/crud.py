"""What every collection and document of the API does alike: create, read, replace, change, remove, list.

Behaviour that the definition cannot tell is in ``services/``; this is all the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from msgspec.structs import replace

from ..catalog import OperationRecord, Paging, PropertyRecord
from .fake import Made
from .filters import filters_of, searched, sort
from .jobs import shown_state
from .narrow import as_list, as_object
from .pages import facts, search_body, window
from .refusal import Refusal, bad_request, conflict, not_found
from .shapes import CollectionShape, Listing, reads_many
from .store import Collection, Entity
from .urls import Place

if TYPE_CHECKING:
    from .core import Sandbox

__all__ = ["Answered", "Call", "answer", "generic", "is_example"]

CREATED = ("dateCreated", "createdDate", "dateSubmitted", "submissionDate")
MODIFIED = ("dateModified", "modifiedDate", "dateUpdated", "dateLastModified")
#: What a change leaves alone, whatever the definition says of writing it.
KEPT = {"id", "selfUri", "version", *CREATED, *MODIFIED, "createdBy", "modifiedBy"}

#: What a page says of other pages.
LINKS = {"nextUri", "previousUri", "firstUri", "lastUri", "cursors", "cursor"}


class Call(NamedTuple):
    """A request that was found to be valid.

    Attributes:
        record: the operation.
        path: the path as it was sent.
        ids: values of the path parameters, in the order of the path.
        query: query and header parameters, by wire name.
        pairs: the query as it was sent.
        body: the body, without read-only properties; ``None`` when there is none.
        token: the access token; empty for operations that need none.
        place: where the request was sent, see :class:`~genesyscloud.sandbox.urls.Urls`.
    """

    record: OperationRecord
    path: str
    ids: list[str]
    query: dict[str, Any]
    pairs: list[tuple[str, str]]
    body: Any
    token: str
    place: Place = Place()


class Answered(NamedTuple):
    """What a service returns when the reply has another status than usual, or headers of its own.

    Attributes:
        value: the value of the reply; of no use for the statuses 204 and 304.
        status: HTTP status.
        headers: further headers.
    """

    value: Any
    status: int = 200
    headers: Sequence[tuple[str, str]] = ()


def answer(sandbox: Sandbox, call: Call) -> Any:
    """Carry out a call and return the value of the reply, in any shape: the caller fits it to its type."""
    handler = _handler(sandbox, call.record)
    for shape in () if call.record.name in sandbox.unchecked else sandbox.shapes.parents(call.record.path):
        entity_id = call.ids[shape.depth]
        if entity_id not in sandbox.collection(shape, call.ids):
            raise not_found(shape.noun, entity_id)
    return handler(sandbox, call)


Handler = Callable[["Sandbox", Call], Any]


def generic(sandbox: Sandbox, call: Call) -> Any:
    """Carry out a call as if no service knew its operation: for services that only add to it."""
    return _chosen(sandbox, call.record)(sandbox, call)


def _handler(sandbox: Sandbox, record: OperationRecord) -> Handler:
    found = sandbox.handlers.get(record.name)
    if found is None:
        found = sandbox.handlers[record.name] = _chosen(sandbox, record)
    return found


def is_example(sandbox: Sandbox, record: OperationRecord) -> bool:
    """Whether the answers to an operation that no service looks after are example data, whatever was written before."""
    handler = _chosen(sandbox, record)
    if handler is _list:
        listing = sandbox.shapes.listing(record)
        return listing is None or sandbox.shapes.viewed(record, listing) is None
    return handler in (_example, _nothing)


def _chosen(sandbox: Sandbox, record: OperationRecord) -> Handler:
    shapes, method = sandbox.shapes, record.method
    shape = shapes.parent(record.path)
    if shape is not None and shape.closed:
        if method == "GET" and reads_many(record):
            return _read_many
        return {"GET": _read, "HEAD": _read, "DELETE": _remove}.get(method, _change)
    own = shapes.collection(record.path)
    if method == "POST" and own is not None and own.creates:
        return _create_many if record.body.startswith("[") else _create
    if method == "DELETE" and own is not None:
        return _remove_many
    from .verbs import verb_of  # They are made of what is here.

    verb = verb_of(sandbox, record)
    if verb is not None:
        return verb
    listing = shapes.listing(record)
    if listing is not None and (method == "GET" or (method == "POST" and record.paging is not None)):
        return _list
    if record.paging is not None and listing is None:
        return _nothing
    if method == "POST" and shapes.job_id(record):
        return _start
    if shapes.document(record.path) and method in ("GET", "HEAD", "PUT", "PATCH", "DELETE"):
        return {"GET": _document, "HEAD": _document, "DELETE": _reset_document}.get(method, _write_document)
    return _example


# --- entities -----------------------------------------------------------------------------------


def _shape(sandbox: Sandbox, call: Call) -> CollectionShape:
    shape = sandbox.shapes.parent(call.record.path)
    assert shape is not None
    return shape


def _found(sandbox: Sandbox, call: Call) -> tuple[Collection, str]:
    """The collection and id of the entity that a call is about; refuses unknown ones."""
    shape = _shape(sandbox, call)
    collection = sandbox.collection(shape, call.ids)
    entity_id = call.ids[shape.depth]
    if entity_id not in collection:
        raise not_found(shape.noun, entity_id)
    return collection, entity_id


def _read(sandbox: Sandbox, call: Call) -> Any:
    collection, entity_id = _found(sandbox, call)
    entity = expanded(sandbox, call, collection[entity_id])
    listing = sandbox.shapes.listing(call.record) if call.record.paging else None
    if listing is not None:
        own = {wire: value for wire, value in entity.items() if wire not in LINKS}
        entity = {**own, **page(sandbox, call, listing, _generated(sandbox, call, listing))}
    return shown_state(sandbox, call, entity, [entity_id])


def _read_many(sandbox: Sandbox, call: Call) -> Any:
    """``GET /x/a,b``"""
    shape, listing = _shape(sandbox, call), sandbox.shapes.listing(call.record)
    collection = sandbox.collection(shape, call.ids)
    ids = call.ids[shape.depth].split(",")
    unknown = next((entity_id for entity_id in ids if entity_id not in collection), None)
    if unknown is not None:
        raise not_found(shape.noun, unknown)
    return page(sandbox, call, listing or Listing("", ""), [collection[entity_id] for entity_id in ids])


def _create(sandbox: Sandbox, call: Call) -> Any:
    shape = sandbox.shapes.collection(call.record.path)
    assert shape is not None
    collection = sandbox.collection(shape, call.ids)
    body = _body_object(call)
    # An id in the body is what a copied entity carries, unless it is named otherwise: then it is the caller's.
    chosen = "" if shape.key == "id" else body.get(shape.key)
    if isinstance(chosen, str) and chosen in collection:
        message = f"There is already one with the {shape.key} {chosen}."
        raise Refusal(409, "general.conflict", message, entity_id=chosen, params={shape.key: chosen})
    entity_id = add(sandbox, call, collection, body, chosen)
    return shown_state(sandbox, call, collection[entity_id], [entity_id], poll=False)


def _create_many(sandbox: Sandbox, call: Call) -> Any:
    """A list of entities, or of references to entities that exist elsewhere: those carry an id."""
    shape, listing = sandbox.shapes.collection(call.record.path), sandbox.shapes.listing(call.record)
    assert shape is not None
    collection = sandbox.collection(shape, call.ids)
    bodies = [as_object(entry) or {} for entry in as_list(call.body) or []]
    made = [collection[add(sandbox, call, collection, body, body.get(shape.key))] for body in bodies]
    if listing is None:
        return _example(sandbox, call)
    return {listing.wire: made} if listing.wire else made


def add(sandbox: Sandbox, call: Call, collection: Collection, body: Entity, chosen: Any) -> str:
    """Make an entity of a collection out of a body, and return its id: ``chosen``, if that can be one."""
    shape = collection.shape
    known = sandbox.shapes.properties(shape.model)
    entity_id = chosen if isinstance(chosen, str) and chosen else sandbox.store.new_id(shape)
    entity = {wire: value for wire, value in body.items() if value is not None}
    if shape.key in known:
        entity[shape.key] = int(entity_id) if known[shape.key].type in "il" else entity_id
    job = sandbox.shapes.job_id(call.record)
    if job:
        entity[job] = entity_id
        sandbox.store.jobs[entity_id] = 0
    entity |= _server_side(sandbox, shape, f"{collection.path}/{sandbox.quoted(entity_id)}")
    if _has_division(known):
        entity["division"] = sandbox.division(_division_id(body))
    collection.put(entity_id, sandbox.completed(shape, entity, entity_id))
    return entity_id


def _has_division(known: Mapping[str, PropertyRecord]) -> bool:
    return "division" in known and known["division"].type.startswith("#")


def _division_id(body: Entity) -> str:
    """The id of the division that a body names: ``{"division": {"id": …}}`` or ``{"divisionId": …}``."""
    given = as_object(body.get("division")) or {}
    return str(given.get("id") or body.get("divisionId") or "")


def _server_side(sandbox: Sandbox, shape: CollectionShape, self_uri: str) -> Entity:
    """The properties that the service sets on something new."""
    known = sandbox.shapes.properties(shape.model)
    now = sandbox.now()
    made: Entity = {wire: now for wire in (*CREATED, *MODIFIED) if wire in known and known[wire].type == "t"}
    if "version" in known and known["version"].type in "il":
        made["version"] = 1
    for wire in ("createdBy", "modifiedBy"):
        if wire in known:
            made[wire] = _reference(known[wire], sandbox.actor)
    return made | {"selfUri": self_uri} if "selfUri" in known else made


def _reference(prop: PropertyRecord, user_id: str) -> Any:
    return user_id if prop.type == "s" else {"id": user_id, "selfUri": f"/api/v2/users/{user_id}"}


def _body_object(call: Call) -> Entity:
    return as_object(call.body) or {}


def _change(sandbox: Sandbox, call: Call) -> Any:
    shape = _shape(sandbox, call)
    collection = sandbox.collection(shape, call.ids)
    entity_id = call.ids[shape.depth]
    if entity_id not in collection and not shape.creates and call.record.method == "PUT":
        entity = {shape.key: entity_id, **_server_side(sandbox, shape, call.path)}
    else:
        collection, entity_id = _found(sandbox, call)
        entity = collection[entity_id]
    changed = merged(sandbox, call, shape.model, entity, entity_id)
    collection.put(entity_id, sandbox.completed(shape, changed, entity_id))
    return changed


def merged(sandbox: Sandbox, call: Call, model: str, entity: Entity, entity_id: str) -> Entity:
    """What an entity is after a PUT (replaced) or anything else (merged).

    Raises:
        Refusal: 409; the body carries an older version.
    """
    body = _body_object(call)
    sent, current = body.get("version"), entity.get("version")
    if isinstance(sent, int) and isinstance(current, int) and sent != current:
        raise conflict(entity_id, sent, current)
    if call.record.method == "PUT":
        replaceable = _writable(sandbox, call.record)
        changed = {wire: value for wire, value in entity.items() if wire in KEPT or wire not in replaceable}
        changed |= {wire: value for wire, value in body.items() if wire not in KEPT and value is not None}
    else:
        changed = patched(entity, {wire: value for wire, value in body.items() if wire not in KEPT})
    if isinstance(current, int):
        changed["version"] = current + 1
    known = sandbox.shapes.properties(model)
    if _has_division(known) and "division" in entity:
        changed.setdefault("division", entity["division"])
    changed |= {wire: sandbox.now() for wire in MODIFIED if wire in known and known[wire].type == "t"}
    if _has_division(known) and _division_id(body):
        changed["division"] = sandbox.division(_division_id(body))
    if "modifiedBy" in known:
        changed["modifiedBy"] = _reference(known["modifiedBy"], sandbox.actor)
    return changed


def _writable(sandbox: Sandbox, record: OperationRecord) -> set[str]:
    model = record.body[1:] if record.body.startswith("#") else ""
    return {wire for wire, prop in sandbox.shapes.properties(model).items() if not prop.read_only}


def patched(entity: Entity, changes: Entity) -> Entity:
    """An entity with changes laid over it; ``None`` clears."""
    result = dict(entity)
    for wire, value in changes.items():
        before = result.get(wire)
        inner, outer = as_object(value), as_object(before)
        if value is None:
            result.pop(wire, None)
        elif inner is not None and outer is not None:
            result[wire] = patched(outer, inner)
        else:
            result[wire] = value
    return result


def _remove(sandbox: Sandbox, call: Call) -> Any:
    collection, entity_id = _found(sandbox, call)
    entity = collection[entity_id]
    collection.remove(entity_id)
    sandbox.store.forget_under(call.path)
    return entity


def _remove_many(sandbox: Sandbox, call: Call) -> Any:
    """``DELETE /x?id=a,b``: those; without ids the operation says nothing of what to remove."""
    shape = sandbox.shapes.collection(call.record.path)
    assert shape is not None
    collection = sandbox.collection(shape, call.ids)
    for entity_id in as_list(call.query.get("id")) or as_list(call.query.get("ids")) or []:
        if entity_id in collection:
            collection.remove(entity_id)
            sandbox.store.forget_under(f"{collection.path}/{sandbox.quoted(entity_id)}")
    return None


def expanded(sandbox: Sandbox, call: Call, entity: Entity) -> Entity:
    """An entity without those properties that come only when ``expand`` asks for them."""
    expandable = sandbox.shapes.expandable(call.record)
    if not expandable:
        return entity
    asked = call.query.get("expand") or ()
    return made_like(entity, {wire: value for wire, value in entity.items() if wire not in expandable or wire in asked})


def made_like(entity: Entity, part: Entity) -> Entity:
    """``part`` of an entity without some optional properties; it fits where the entity fits."""
    if not isinstance(entity, Made):
        return part
    made = Made(part)
    made.model = entity.model
    return made


# --- lists --------------------------------------------------------------------------------------


def _list(sandbox: Sandbox, call: Call) -> Any:
    listing = sandbox.shapes.listing(call.record)
    assert listing is not None
    polled = sandbox.shapes.job_states(sandbox.shapes.result(call.record)) is not None
    if not polled:
        shown_state(sandbox, call, None, call.ids, poll=False, finished=True)
    body = search_body(call.query["q64"]) if isinstance(call.query.get("q64"), str) else call.body
    found = page(sandbox, call, listing, _source(sandbox, call, listing, body), body)
    return shown_state(sandbox, call, found, call.ids) if polled else found


def page(sandbox: Sandbox, call: Call, listing: Listing, entities: Sequence[Any], body: Any = None) -> Any:
    """The page of ``entities`` that a call asks for, in the shape of its result."""
    if not listing.wire:
        return list(entities)
    record = call.record
    if "q64" in call.query:
        record = replace(record, paging=Paging("search", "", "", "", ["pageNumber"], "pageSize", True))
    part = window(record, call.query, body, sandbox.settings)
    shown = [
        item if (entity := as_object(item)) is None else expanded(sandbox, call, entity)
        for item in entities[part.offset : part.offset + part.size]
    ]
    found = facts(call.record, call.path, call.pairs, part, len(entities), len(shown), body)
    outer, _, inner = listing.wire.rpartition(".")
    found[inner] = shown
    return {outer: found} if outer else found


def _nothing(sandbox: Sandbox, call: Call) -> Any:
    """An empty page of a search whose results are free-form: the definition does not say what they are."""
    body = search_body(call.query["q64"]) if isinstance(call.query.get("q64"), str) else call.body
    found = page(sandbox, call, Listing("items", "o"), [], body)
    assert call.record.paging is not None
    return {**found, call.record.paging.items: {}}


def _source(sandbox: Sandbox, call: Call, listing: Listing, body: Any) -> Sequence[Any]:
    shape = sandbox.shapes.viewed(call.record, listing)
    history = call.record.paging is not None and call.record.paging.style == "history"
    if shape is None:
        items = _generated(sandbox, call, listing)
        return _history(call, items) if history else items
    collection = sandbox.collection(shape, call.ids)
    if history:
        return _history(call, list(collection))
    tests = filters_of(call.query, sandbox.shapes.item_properties(listing))
    search = as_object(body) or {}
    criteria = search.get("query")
    order = call.query if criteria is None else search
    if not tests and not criteria and not {"sortBy", "sortOrder"} & order.keys():
        ids = collection.ids()
        return Lazy(len(ids), lambda at: collection[ids[at]])
    chosen = [entity for entity in collection if all(test(entity) for test in tests)]
    return sort(searched(chosen, criteria), order)


class Lazy(Sequence[Any]):
    """A list whose items are made when they are looked at."""

    def __init__(self, count: int, make: Callable[[int], Any]) -> None:
        self._count = count
        self._make = make

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, at: Any) -> Any:
        places = range(self._count)
        if isinstance(at, int):
            return self._make(places[at])
        return [self._make(place) for place in places[cast("slice[int, int, None]", at)]]


def _generated(sandbox: Sandbox, call: Call, listing: Listing) -> Sequence[Any]:
    """The items of a list that nothing else is known of."""
    settings, paging = sandbox.settings, call.record.paging
    results = call.record.path.endswith("/results") or (paging is not None and paging.style in ("cursor", "body"))
    count = settings.job_items if results else settings.seeded if paging is not None else 3
    if not listing.wire:
        count = 3
    return Lazy(count, lambda at: sandbox.faker.make(listing.item_type, call.path, at))


def _history(call: Call, messages: Sequence[Any]) -> Sequence[Any]:
    """Messages, newest first; those before the time that is asked for."""
    before = str(call.query.get("before") or "").replace(" ", "+")
    try:
        limit = datetime.fromisoformat(before) if before else None
    except ValueError:
        raise bad_request("before is not a date-time.", code="invalid.date") from None
    if limit is not None and limit.tzinfo is None:
        limit = limit.replace(tzinfo=UTC)
    dated = [(_date(message), message) for message in messages]
    dated.sort(key=lambda pair: pair[0], reverse=True)
    return [message for date, message in dated if limit is None or date < limit]


def _date(message: Any) -> datetime:
    try:
        return datetime.fromisoformat((as_object(message) or {})["dateCreated"])
    except (KeyError, TypeError, ValueError):
        return datetime.min.replace(tzinfo=UTC)


# --- documents and the rest ---------------------------------------------------------------------


def _document(sandbox: Sandbox, call: Call) -> Any:
    return shown_state(sandbox, call, _current(sandbox, call), call.ids)


def _current(sandbox: Sandbox, call: Call) -> Any:
    found = sandbox.store.documents.get(call.path)
    if found is not None:
        return found
    reader = sandbox.shapes.reader(call.record)
    return own_id(call, sandbox.faker.make(reader.result, call.path)) if reader.result else {}


def own_id(call: Call, made: Any) -> Any:
    """Example data about the thing that the path names, when the path ends in its id."""
    entity = as_object(made)
    if entity is not None and call.record.path.endswith("}") and isinstance(entity.get("id"), str):
        entity["id"] = call.ids[-1]
    if entity is not None and "selfUri" in entity:
        entity["selfUri"] = call.path
    return made


def _write_document(sandbox: Sandbox, call: Call) -> Any:
    before = as_object(_current(sandbox, call))
    reader = sandbox.shapes.reader(call.record)
    if before is None or as_object(call.body) is None:
        return _example(sandbox, call)
    model = reader.result[1:] if reader.result.startswith("#") else ""
    after = merged(sandbox, call, model, before, "")
    sandbox.store.write(call.path, after)
    return after


def _reset_document(sandbox: Sandbox, call: Call) -> Any:
    sandbox.store.write(call.path, None)
    return None


def _start(sandbox: Sandbox, call: Call) -> Any:
    """Start a job whose collection is not to be seen in the definition."""
    wire = sandbox.shapes.job_id(call.record)
    job = sandbox.store.new_job()
    made = sandbox.faker.make(call.record.result, call.path)
    made[wire] = job
    if "resultsUri" in made:
        made["resultsUri"] = f"{call.path}/{job}/results"
    return shown_state(sandbox, call, made, [job], poll=False)


def _example(sandbox: Sandbox, call: Call) -> Any:
    if not call.record.result:
        return None
    made = own_id(call, sandbox.faker.make(call.record.result, call.path))
    return shown_state(sandbox, call, made, call.ids)
