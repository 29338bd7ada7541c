"""How the areas refer to each other's entities: find them, name them, keep names unique, check versions.

An entity holds the id of another one and what the service shows next to it (``name``, ``selfUri``). What is
referred to must exist when it is written; who removes something looks after those who refer to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .. import words
from ..crud import page
from ..filters import filters_of, searched, sort
from ..narrow import as_list, as_object
from ..pages import search_body
from ..refusal import Refusal, bad_request, conflict, not_found
from ..shapes import Listing

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

DIVISIONS = "/api/v2/authorization/divisions"


def collection(sandbox: Sandbox, path: str, *ids: str) -> Collection:
    """The collection at ``path``, as the definition writes it with ``{}`` for parameters, under these parents."""
    shape = sandbox.shapes.collection(path)
    assert shape is not None, path
    return sandbox.collection(shape, list(ids))


def found(entities: Collection, entity_id: str) -> Entity:
    """An entity of a collection.

    Raises:
        Refusal: 404; there is none with this id.
    """
    if entity_id not in entities:
        raise not_found(entities.shape.noun, entity_id)
    return entities[entity_id]


def existing(entities: Collection, ids: Iterable[Any]) -> list[str]:
    """Ids that a body gives, once each.

    Raises:
        Refusal: 404; there is no entity with one of them.
    """
    chosen = list(dict.fromkeys(str(entity_id) for entity_id in ids))
    for entity_id in chosen:
        found(entities, entity_id)
    return chosen


def reference(entities: Collection, entity_id: str) -> Entity:
    """What is shown of an entity where another one refers to it."""
    made: Entity = {"id": entity_id, "selfUri": f"{entities.path}/{entity_id}"}
    if entity_id in entities and entities[entity_id].get("name"):
        made["name"] = entities[entity_id]["name"]
    return made


def given_id(body: Entity, wire: str) -> str:
    """The id that a body gives as ``{"division": {"id": …}}``, ``{"divisionId": …}`` or ``{"division": …}``."""
    value = body.get(wire)
    inner = as_object(value)
    chosen = inner.get("id") if inner is not None else value
    return str(chosen or body.get(f"{wire}Id") or "")


def division(sandbox: Sandbox, body: Entity) -> Entity:
    """The division that a body names, or the home division.

    Raises:
        Refusal: 400; there is no such division.
    """
    return sandbox.division(given_id(body, "division"))


def unique(entities: Collection, wire: str, value: Any, but: str = "") -> None:
    """Refuse a name that another entity of the collection has.

    Args:
        entities: the collection.
        wire: the property that must be unique, text compared without case.
        value: what the body gives; nothing is checked when it gives nothing.
        but: id of the entity that may have it.

    Raises:
        Refusal: 409; the name is taken.
    """
    wanted = str(value or "").strip().lower()
    if wanted and any(
        entity_id != but and str(entities[entity_id].get(wire, "")).lower() == wanted for entity_id in entities.ids()
    ):
        raise taken(entities.shape.noun, wire, str(value))


def taken(noun: str, wire: str, value: str) -> Refusal:
    """A 409 for a name that is in use."""
    message = f"Another {noun} has the {wire} {value}."
    return Refusal(409, "general.conflict", message, params={wire: value})


def require_text(body: Entity, *wires: str) -> None:
    """Refuse a body in which one of the properties is missing or blank.

    Raises:
        Refusal: 400.
    """
    for wire in wires:
        if not str(body.get(wire) or "").strip():
            raise bad_request(
                f"{wire} must not be empty.",
                code="invalid.value",
                details=[{"errorCode": "invalid.value", "fieldName": wire}],
            )


def check_version(entity_id: str, sent: Any, current: Any) -> None:
    """Refuse a change to an older version.

    Raises:
        Refusal: 409.
    """
    if isinstance(sent, int) and isinstance(current, int) and sent != current:
        raise conflict(entity_id, sent, current)


def without_nulls(body: Entity) -> Entity:
    """A body without what it sets to null."""
    return {wire: value for wire, value in body.items() if value is not None}


def listed(sandbox: Sandbox, call: Call, entities: Iterable[Entity], *ignored: str) -> Any:
    """The page of ``entities`` that a call asks for, filtered and ordered by its query.

    Args:
        sandbox: the sandbox.
        call: the call.
        entities: all that could be listed.
        *ignored: query parameters that the caller has looked after.
    """
    listing = sandbox.shapes.listing(call.record) or Listing("entities", "o")
    query = {wire: value for wire, value in call.query.items() if wire not in ignored}
    tests = filters_of(query, sandbox.shapes.item_properties(listing))
    chosen = [entity for entity in entities if all(test(entity) for test in tests)]
    return page(sandbox, call, listing, sort(chosen, query))


def listed_ids(value: Any) -> set[str]:
    """Ids in a query parameter, which the definition has as a list or as a text with commas."""
    items = as_list(value)
    return {part for text in (items if items is not None else [value or ""]) for part in str(text).split(",")}


def search(
    sandbox: Sandbox,
    call: Call,
    entities: Iterable[Entity],
    types: Sequence[str],
    show: Callable[[Entity], Entity] = dict,
    values: Callable[[Entity, str], list[Any]] | None = None,
) -> Any:
    """What a search finds, by body or ``q64``.

    Args:
        sandbox: the sandbox.
        call: the call.
        entities: all that could be found.
        types: what the reply says it found.
        show: makes what is shown of an entity.
        values: see :func:`~genesyscloud.sandbox.filters.searched`.
    """
    body = searching(call)
    chosen = searched(entities, body.get("query"), values)
    for order in reversed([as_object(entry) or {} for entry in as_list(body.get("sort")) or [body]]):
        if str(order.get("sortOrder")) != "SCORE":
            chosen = sort(chosen, order)
    listing = Listing("results", sandbox.shapes.properties(call.record.result[1:])["results"].type[1:])
    reply = page(sandbox, call, listing, chosen, body)
    reply["results"] = [show(entity) for entity in reply["results"]]
    return {**reply, "types": list(types)}


def searching(call: Call) -> Entity:
    """The body of a search, sent as a body or as ``q64``."""
    q64 = call.query.get("q64")
    return search_body(q64) if isinstance(q64, str) else as_object(call.body) or {}


def interval(text: Any, wire: str = "interval") -> tuple[datetime, datetime]:
    """Start and end of an interval as it is written on the wire (``start/end``).

    Raises:
        Refusal: 400; it is something else, or ends before it starts.
    """
    start, _, end = str(text or "").partition("/")
    try:
        first, last = moment(start), moment(end)
    except ValueError:
        raise bad_request(f"{wire} is not an interval: {text}.", code="invalid.date") from None
    if last < first:
        raise bad_request(f"{wire} ends before it starts.", code="invalid.date")
    return first, last


def moment(text: str) -> datetime:
    """A date-time of the wire; one without an offset is in UTC.

    Raises:
        ValueError: it is none.
    """
    parsed = datetime.fromisoformat(text.strip())
    return parsed if parsed.tzinfo is not None else datetime.fromisoformat(f"{parsed.isoformat()}+00:00")


def after(sandbox: Sandbox, seconds: float) -> str:
    """The time ``seconds`` from now, as it is written on the wire."""
    return words.written(moment(sandbox.now()) + timedelta(seconds=seconds))
