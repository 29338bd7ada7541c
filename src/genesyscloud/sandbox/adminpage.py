"""The admin page, and the entries of the admin interface that are there for it: what happens now, and what there is.

The page itself is ``page.html``, ``page.css`` and ``page.js`` next to this module, served as they are. It asks
:func:`pulse` every second, and everything else when somebody looks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from ..redact import shown_body
from .admin import AdminCall, AdminReply, admin, show_clock
from .analytics.observations import Observed, observed
from .conversations import agents
from .narrow import as_list, as_object
from .refusal import Refusal, bad_request, not_found
from .store import Collection, Entity

if TYPE_CHECKING:
    from .core import Sandbox

__all__ = ["shown", "unmasked"]

#: Nothing but what comes from here: no scripts in the page itself, no frames, no forms, no other hosts.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = [("Content-Security-Policy", POLICY), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer")]
JSON = {"content-type": "application/json"}
#: Requests in a pulse, and the seconds of which it counts them.
PULSE_REQUESTS = 500
PULSE_SECONDS = 120
#: Entities on a page at most, and entities that are looked into for a text.
MOST_ENTITIES = 200
SEARCHED = 2000
MOST_QUEUES = 50
QUEUES = "/api/v2/routing/queues"
#: What people call an entity, best first.
LABELS = ("name", "title", "displayName", "label", "email", "userName", "address", "type", "state", "status")


# --- the page -----------------------------------------------------------------------------------


def _file(name: str, content_type: str) -> AdminReply:
    data = files("genesyscloud.sandbox").joinpath(name).read_bytes()
    return AdminReply(data, f"{content_type}; charset=utf-8", headers=PAGE_HEADERS)


@admin("GET", "/sandbox/")
def show_page(sandbox: Sandbox, call: AdminCall) -> Any:
    """The admin page, for browsers."""
    return _file("page.html", "text/html")


@admin("GET", "/sandbox/page.css")
def page_styles(sandbox: Sandbox, call: AdminCall) -> Any:
    """How the admin page looks."""
    return _file("page.css", "text/css")


@admin("GET", "/sandbox/page.js")
def page_script(sandbox: Sandbox, call: AdminCall) -> Any:
    """What the admin page does."""
    return _file("page.js", "text/javascript")


@admin("GET", "/sandbox/pulse")
def pulse(sandbox: Sandbox, call: AdminCall) -> Any:
    """What is new: requests ?after= a number, counts of the last two minutes, the clock, connections, faults."""
    return {
        "requests": sandbox.requests.listed(call.number("after", 0), PULSE_REQUESTS),
        "statistics": sandbox.requests.statistics(PULSE_SECONDS),
        "clock": show_clock(sandbox, call),
        "connected": len(sandbox.channels.connected()),
        "faults": len(sandbox.faults.listed()),
    }


# --- queues -------------------------------------------------------------------------------------


@admin("GET", "/sandbox/queues")
def list_queues(sandbox: Sandbox, call: AdminCall) -> Any:
    """Who waits, talks and is on queue, by queue: the busiest ?limit= of those with ?find= in their names.

    What alerts an agent waits, too.
    """
    shape = sandbox.shapes.collection(QUEUES)
    assert shape is not None
    queues, wanted = sandbox.collection(shape, []), call.query.get("find", "").lower()
    by_queue: dict[str, list[Observed]] = {}
    for found in observed(sandbox):
        by_queue.setdefault(found.session.queue_id, []).append(found)
    # Only those that are shown are looked at closer: there may be thousands.
    order = sorted(by_queue, key=lambda queue_id: -len(by_queue[queue_id]))
    order = [*(queue_id for queue_id in order if queue_id in queues), *(q for q in queues.ids() if q not in by_queue)]
    named = ((queue_id, str(queues[queue_id].get("name", ""))) for queue_id in order)
    chosen = islice((pair for pair in named if wanted in pair[1].lower()), min(call.number("limit", 12), MOST_QUEUES))
    counted = [_counted(sandbox, queue_id, name, by_queue.get(queue_id, [])) for queue_id, name in chosen]
    totals = _by_state(one for found in by_queue.values() for one in found)
    return {"queues": counted, "total": len(queues), "totals": totals, "time": sandbox.now()}


def _counted(sandbox: Sandbox, queue_id: str, name: str, found: Iterable[Observed]) -> Entity:
    members = agents.all_members(sandbox, queue_id)
    on_queue = [u for u, joined in members if joined and agents.routing_status(sandbox, u) != "OFF_QUEUE"]
    return {"id": queue_id, "name": name, **_by_state(found), "onQueue": len(on_queue), "members": len(members)}


def _by_state(found: Iterable[Observed]) -> dict[str, int]:
    counts = Counter(one.what for one in found)
    return {what: counts[what] for what in ("waiting", "alerting", "interacting")}


# --- entities -----------------------------------------------------------------------------------


@admin("GET", "/sandbox/collections")
def list_collections(sandbox: Sandbox, call: AdminCall) -> Any:
    """The collections that there are, those inside of others once somebody has written to them; and the documents."""
    shapes = (sandbox.shapes.collection(path) for path in sandbox.shapes.paths() if "{}" not in path)
    held = {shape.path: sandbox.collection(shape, []) for shape in shapes if shape is not None and shape.closed}
    held |= {collection.path: collection for collection in sandbox.store.collections()}
    return {
        "collections": [
            {"path": path, "model": held[path].shape.model, "count": len(held[path])} for path in sorted(held)
        ],
        "documents": sorted(sandbox.store.documents),
    }


@admin("GET", "/sandbox/entities")
def list_entities(sandbox: Sandbox, call: AdminCall) -> Any:
    """Entities of the collection at ?path=, by id and name: ?count= of them from place ?from= on, those with ?find=."""
    collection = _collection(sandbox, call.query.get("path", ""))
    start, count = call.number("from", 0), min(call.number("count", 50), MOST_ENTITIES)
    ids: Sequence[str] = collection.ids()
    wanted = call.query.get("find", "").lower()
    if wanted:
        ids = [
            entity_id
            for at, entity_id in enumerate(ids)
            if wanted in entity_id.lower() or (at < SEARCHED and wanted in _label(collection[entity_id]).lower())
        ]
    return {
        "path": collection.path,
        "total": len(ids),
        "entities": [
            {
                "id": entity_id,
                "label": _label(shown(collection[entity_id])),
                "path": _path(sandbox, collection, entity_id),
            }
            for entity_id in ids[start : start + count]
        ],
    }


@admin("GET", "/sandbox/entity")
def show_entity(sandbox: Sandbox, call: AdminCall) -> Any:
    """What is kept of the entity, or the document, at ?path=; secrets are hidden."""
    return shown(_entity(sandbox, call)[2])


@admin("PUT", "/sandbox/entity")
def replace_entity(sandbox: Sandbox, call: AdminCall) -> Any:
    """Keeps the body as the entity, or document, at ?path=; what was shown as hidden stays as it is."""
    collection, entity_id, before = _entity(sandbox, call)
    after = unmasked(call.body, shown(before), before)
    with sandbox.at_work():
        if collection is None:
            sandbox.store.write(entity_id, after)
            return shown(after)
        shape = collection.shape
        problems = sandbox.validator.problems(after, f"#{shape.model}") if shape.model else ""
        if problems and problems != sandbox.validator.problems(before, f"#{shape.model}"):
            raise bad_request(f"This is no {shape.model}: {problems}.")
        after[shape.key] = before.get(shape.key, entity_id)
        if isinstance(after.get("version"), int) and after["version"] == before.get("version"):
            after["version"] += 1
        try:
            collection.put(entity_id, after)
        except TypeError as error:
            raise bad_request(f"{collection.path} cannot be changed here: {error}.") from None
    return shown(after)


@admin("DELETE", "/sandbox/entity")
def remove_entity(sandbox: Sandbox, call: AdminCall) -> Any:
    """Removes the entity, or the document, at ?path=, and what belongs to it."""
    collection, entity_id, _ = _entity(sandbox, call)
    with sandbox.at_work():
        if collection is None:
            sandbox.store.write(entity_id, None)
            return {}
        try:
            collection.remove(entity_id)
        except TypeError as error:
            raise bad_request(f"{collection.path} cannot be changed here: {error}.") from None
        sandbox.store.forget_under(_path(sandbox, collection, entity_id))
    return {}


def _collection(sandbox: Sandbox, path: str) -> Collection:
    shape, ids = sandbox.shapes.located(path)
    if shape is None or not shape.closed:
        raise not_found(f"The collection {path}")
    return sandbox.collection(shape, [unquote(entity_id) for entity_id in ids])


def _entity(sandbox: Sandbox, call: AdminCall) -> tuple[Collection | None, str, Entity]:
    """An entity with its collection and id; of a document, nothing and its path.

    Raises:
        Refusal: 404; there is no such thing.
    """
    path = call.query.get("path", "")
    document = sandbox.store.documents.get(path)
    if document is not None:
        return None, path, document
    above, _, last = path.rpartition("/")
    try:
        collection, entity_id = _collection(sandbox, above), unquote(last)
        return collection, entity_id, collection[entity_id]
    except (KeyError, Refusal):
        raise not_found(f"What is at {path}") from None


def _path(sandbox: Sandbox, collection: Collection, entity_id: str) -> str:
    return f"{collection.path}/{sandbox.quoted(entity_id)}"


def _label(entity: Entity) -> str:
    return next((text for name in LABELS if isinstance(text := entity.get(name), str) and text), "")


def shown(entity: Entity) -> Entity:
    """An entity without its secrets.

    >>> shown({"name": "one", "clientSecret": "abc"})
    {'name': 'one', 'clientSecret': '[REDACTED]'}
    """
    return msgspec.json.decode(shown_body(msgspec.json.encode(entity), JSON))


def unmasked(sent: Any, seen: Any, kept: Any) -> Any:
    """What somebody made of a value that was shown without its secrets, with the secrets back in their places.

    Args:
        sent: what it was made into.
        seen: the value as it was shown.
        kept: the value.

    >>> unmasked({"secret": "[REDACTED]", "name": "two"}, {"secret": "[REDACTED]", "name": "one"}, {"secret": "abc"})
    {'secret': 'abc', 'name': 'two'}
    """
    if sent == seen:
        return kept
    entries, lists = [as_object(value) for value in (sent, seen, kept)], [as_list(v) for v in (sent, seen, kept)]
    if all(entry is not None for entry in entries):
        made, before, secret = (entry or {} for entry in entries)
        return {name: unmasked(made[name], before.get(name, _NEW), secret.get(name)) for name in made}
    if all(items is not None for items in lists):
        made_, before_, secret_ = (items or [] for items in lists)
        known = min(len(before_), len(secret_))
        return [unmasked(v, before_[n], secret_[n]) if n < known else v for n, v in enumerate(made_)]
    return sent


#: Equal to nothing that somebody can send.
_NEW: Any = object()
