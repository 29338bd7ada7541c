"""Operations on entities that are named by a verb at the end of the path, and those on many entities at once.

``PATCH /cases/{caseId}/priority`` answers with the case, so it changes the case; ``POST …/copy`` makes another one;
``POST /x/bulk/add``, ``…/update`` and ``…/remove`` do to many entities of ``/x`` what the collection does to one, and
say for each how that went.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ..catalog import OperationRecord
from .crud import Call, Handler, add, merged, patched
from .narrow import as_list, as_object
from .refusal import Refusal, not_found
from .shapes import CollectionShape, plain
from .store import Collection, Entity

if TYPE_CHECKING:
    from .core import Sandbox

__all__ = ["verb_of"]

COPIES = {"copy", "clone", "duplicate"}
ADDS, CHANGES, REMOVES, READS = {"add", "create"}, {"update"}, {"remove", "delete"}, {"retrieve"}


def verb_of(sandbox: Sandbox, record: OperationRecord) -> Handler | None:
    """What carries out an operation whose path ends in a verb; ``None`` for any other."""
    if record.method not in ("POST", "PUT", "PATCH"):
        return None
    if "bulk" in record.path.split("/"):
        bulk = _bulk(sandbox, record)
        return None if bulk is None else bulk.carry_out
    head, _, verb = record.path.rpartition("/")
    shape = None if verb.startswith("{") else sandbox.shapes.parent(head)
    if shape is None or not shape.closed or not shape.model or record.result != f"#{shape.model}":
        return None
    if sandbox.shapes.document(record.path):
        return None  # A thing of its own that looks like the entity, such as a draft.
    return _copy if verb in COPIES else _act


# --- on one entity ------------------------------------------------------------------------------


def _entity(sandbox: Sandbox, call: Call) -> tuple[Collection, str]:
    """The entity in front of the verb; :func:`.crud.answer` has seen that it exists."""
    shape = sandbox.shapes.parent(call.record.path.rpartition("/")[0])
    assert shape is not None
    return sandbox.collection(shape, call.ids), call.ids[shape.depth]


def _act(sandbox: Sandbox, call: Call) -> Any:
    """Change what the body says."""
    entities, entity_id = _entity(sandbox, call)
    before = entities[entity_id]
    if not as_object(call.body):
        return before
    known = sandbox.shapes.properties(entities.shape.model)
    body = {wire: value for wire, value in (as_object(call.body) or {}).items() if wire in known}
    # Whatever the method: a verb says what is to be changed, and nothing of the rest.
    record = OperationRecord(call.record.id, call.record.name, "PATCH", call.record.path, call.record.groups)
    after = merged(sandbox, call._replace(record=record, body=body), entities.shape.model, before, entity_id)
    entities.put(entity_id, sandbox.completed(entities.shape, after, entity_id))
    return after


def _copy(sandbox: Sandbox, call: Call) -> Any:
    """Make another entity like this one, but for what the body says."""
    entities, entity_id = _entity(sandbox, call)
    known = sandbox.shapes.properties(entities.shape.model)
    said = {wire: value for wire, value in (as_object(call.body) or {}).items() if wire in known}
    return entities[add(sandbox, call, entities, {**entities[entity_id], **said}, "")]


# --- on many ------------------------------------------------------------------------------------


class _Bulk(NamedTuple):
    """An operation on many entities: of which collection, with which property of the body, and what it does."""

    shape: CollectionShape
    wire: str
    common: str
    action: Callable[[Sandbox, Call, Collection, Any, Entity], Entity | None]

    def carry_out(self, sandbox: Sandbox, call: Call) -> Any:
        """Do it to each; what cannot be done to one is told, and done to the others."""
        entities = sandbox.collection(self.shape, call.ids)
        body = as_object(call.body) or {}
        items = as_list(call.body) or as_list(body.get(self.wire)) or []
        common = as_object(body.get(self.common)) or {}
        results: list[Entity] = []
        for item in items:
            given = {"id": item} if isinstance(item, str) else dict(as_object(item) or {})
            try:
                made = self.action(sandbox, call, entities, given, common)
            except Refusal as refusal:
                error = {"code": refusal.code, "message": refusal.message, "status": refusal.status}
                results.append({"id": given.get("id"), "success": False, "status": refusal.status, "error": error})
                continue
            entity_id = (made or given).get("id")
            results.append({"id": entity_id, "success": True, "status": 200, "entity": made or given})
        return _told(sandbox, call, results)


def _told(sandbox: Sandbox, call: Call, results: list[Entity]) -> Any:
    """How it went, in every way in which a result says that."""
    failed = [place for place, result in enumerate(results) if not result["success"]]
    done = [result["entity"] for result in results if result["success"]]
    if call.record.result.startswith("["):
        return done
    counts = {"errorCount": len(failed), "errorIndexes": failed, "totalCreated": len(done), "totalUpdated": len(done)}
    found: Entity = {"results": results, "total": len(done), **counts}
    for wire, prop in sandbox.shapes.properties(call.record.result[1:]).items():
        if prop.type.startswith("[#") and wire != "results":
            found[wire] = done
    return found


def _bulk(sandbox: Sandbox, record: OperationRecord) -> _Bulk | None:
    head, _, tail = record.path.partition("/bulk")
    words = [word for word in tail.split("/") if word]
    shape = sandbox.shapes.collection(head)
    if shape is None and words:
        shape, words = sandbox.shapes.collection(f"{head}/{words[0]}"), words[1:]
    if shape is None or not shape.closed or len(words) > 1 or record.path.count("/bulk") > 1 or "{" in tail:
        return None
    if plain(head).count("{}") != shape.depth:
        return None
    wire, common, of_ids = _parts(sandbox, record)
    if not wire and not record.body.startswith("["):
        return None
    action = _action(record.method, words[0] if words else "", of_ids)
    return None if action is None else _Bulk(shape, wire, common, action)


def _parts(sandbox: Sandbox, record: OperationRecord) -> tuple[str, str, bool]:
    """The property of a body that lists entities or ids, the one with what is to be said of all, and whether they
    are ids."""
    if record.body.startswith("["):
        return "", "", record.body[1] == "s"
    properties = sandbox.shapes.properties(record.body.removeprefix("#"))
    lists = [wire for wire, prop in properties.items() if prop.type.startswith("[")]
    first = next((wire for wire in ("entities", "items") if wire in lists), "")
    first = first or next((wire for wire in lists if wire.lower().endswith("ids")), lists[0] if lists else "")
    common = next((wire for wire, prop in properties.items() if prop.type.startswith("#")), "")
    return first, common, bool(first) and properties[first].type == "[s"


def _action(
    method: str, verb: str, of_ids: bool
) -> Callable[[Sandbox, Call, Collection, Any, Entity], Entity | None] | None:
    if verb in ADDS or (not verb and method == "POST" and not of_ids):
        return _add
    if verb in READS or (not verb and method == "POST"):
        return _read
    if verb in REMOVES:
        return _remove
    return _change if verb in CHANGES or (not verb and method in ("PATCH", "PUT")) else None


def _known(entities: Collection, item: Any) -> str:
    entity_id = str(item.get("id") or item.get(entities.shape.key) or "")
    if entity_id not in entities:
        raise not_found(entities.shape.noun, entity_id)
    return entity_id


def _add(sandbox: Sandbox, call: Call, entities: Collection, item: Any, common: Entity) -> Entity:
    body = {wire: value for wire, value in item.items() if wire != "id"}
    return entities[add(sandbox, call, entities, body, "")]


def _read(sandbox: Sandbox, call: Call, entities: Collection, item: Any, common: Entity) -> Entity:
    return entities[_known(entities, item)]


def _change(sandbox: Sandbox, call: Call, entities: Collection, item: Any, common: Entity) -> Entity:
    entity_id = _known(entities, item)
    record = OperationRecord(call.record.id, call.record.name, "PATCH", call.record.path, call.record.groups)
    changes = patched(common, {wire: value for wire, value in item.items() if wire != "id"})
    one = call._replace(record=record, body=changes)
    after = merged(sandbox, one, entities.shape.model, entities[entity_id], entity_id)
    entities.put(entity_id, sandbox.completed(entities.shape, after, entity_id))
    return after


def _remove(sandbox: Sandbox, call: Call, entities: Collection, item: Any, common: Entity) -> None:
    entity_id = _known(entities, item)
    entities.remove(entity_id)
    sandbox.store.forget_under(f"{entities.path}/{sandbox.quoted(entity_id)}")
