"""References by id from one entity to another, where nothing else looks after them.

What a body refers to must exist, and is shown with its name; what is referred to is not deleted. Which property refers
to what is a fact of the API that its definition does not tell: a reference is just an id there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ...catalog import catalog
from ..crud import generic
from ..fake import example_body as made_up
from ..narrow import as_list, as_object
from ..refusal import Refusal, bad_request
from .linked import collection as entities
from .linked import reference
from .registry import EXAMPLE_BODIES, SEEDERS, SERVICES, ExampleBody

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

__all__ = [
    "current_version",
    "delete_unused",
    "entities",
    "example_of",
    "linked",
    "pointed",
    "unused",
]

OUTBOUND, ARCHITECT = "/api/v2/outbound", "/api/v2/architect"
FLOWS = "/api/v2/flows"
#: By property: the collection that it refers to, alone or in a list.
TARGETS = {
    "contactList": f"{OUTBOUND}/contactlists",
    "contactListTemplate": f"{OUTBOUND}/contactlisttemplates",
    "contactListFilters": f"{OUTBOUND}/contactlistfilters",
    "attemptLimits": f"{OUTBOUND}/attemptlimits",
    "dncLists": f"{OUTBOUND}/dnclists",
    "ruleSets": f"{OUTBOUND}/rulesets",
    "callableTimeSet": f"{OUTBOUND}/callabletimesets",
    "callAnalysisResponseSet": f"{OUTBOUND}/callanalysisresponsesets",
    "campaigns": f"{OUTBOUND}/campaigns",
    "sequences": f"{OUTBOUND}/sequences",
    "queue": "/api/v2/routing/queues",
    "script": "/api/v2/scripts",
    "site": "/api/v2/telephony/providers/edges/sites",
    "edgeGroup": "/api/v2/telephony/providers/edges/edgegroups",
    "openSchedules": f"{ARCHITECT}/schedules",
    "closedSchedules": f"{ARCHITECT}/schedules",
    "holidaySchedules": f"{ARCHITECT}/schedules",
    "scheduleGroup": f"{ARCHITECT}/schedulegroups",
    "ivrs": f"{ARCHITECT}/ivrs",
    "openHoursFlow": FLOWS,
    "closedHoursFlow": FLOWS,
    "holidayHoursFlow": FLOWS,
    "emergencyFlow": FLOWS,
}
#: Collections whose entities refer to others, with the end of the names of their operations.
REFERRING = {
    f"{OUTBOUND}/campaigns": "outbound_campaign",
    f"{OUTBOUND}/contactlists": "outbound_contactlist",
    f"{OUTBOUND}/contactlistfilters": "outbound_contactlistfilter",
    f"{OUTBOUND}/sequences": "outbound_sequence",
    f"{OUTBOUND}/campaignrules": "outbound_campaignrule",
    f"{OUTBOUND}/rulesets": "outbound_ruleset",
    f"{ARCHITECT}/schedulegroups": "architect_schedulegroup",
    f"{ARCHITECT}/ivrs": "architect_ivr",
    f"{ARCHITECT}/emergencygroups": "architect_emergencygroup",
}
#: Collections whose entities are only referred to.
TARGETED = {
    f"{OUTBOUND}/attemptlimits": "outbound_attemptlimit",
    f"{OUTBOUND}/callabletimesets": "outbound_callabletimeset",
    f"{OUTBOUND}/callanalysisresponsesets": "outbound_callanalysisresponseset",
    f"{OUTBOUND}/dnclists": "outbound_dnclist",
    f"{ARCHITECT}/schedules": "architect_schedule",
}

Act = Callable[[str, str, "Entity"], Any]


def _walked(value: Any, act: Act) -> Any:
    """``value`` with what ``act`` makes of each reference in it; ``None`` drops one from a list."""
    items, entity = as_list(value), as_object(value)
    if items is not None:
        return [_walked(item, act) for item in items]
    if entity is None:
        return value
    made: Entity = {}
    for wire, inner in entity.items():
        target, one, many = TARGETS.get(wire), as_object(inner), as_list(inner)
        if target and one is not None:
            made[wire] = act(wire, target, one)
        elif target and many is not None:
            found = [act(wire, target, found) for item in many if (found := as_object(item)) is not None]
            made[wire] = list({entry["id"]: entry for entry in found}.values())
        else:
            made[wire] = _walked(inner, act)
    return made


def linked(sandbox: Sandbox, value: Any) -> Any:
    """A body with what is shown of the entities that it refers to.

    Raises:
        Refusal: 400; one of them does not exist.
    """

    def act(wire: str, target: str, given: Entity) -> Entity:
        collection, entity_id = entities(sandbox, target), given.get("id")
        if not isinstance(entity_id, str) or entity_id not in collection:
            raise bad_request(
                f"{wire}: there is no {collection.shape.noun} with id {entity_id}.",
                code="invalid.value",
                details=[{"errorCode": "invalid.value", "fieldName": wire}],
            )
        return reference(collection, entity_id)

    return _walked(value, act)


def pointed(sandbox: Sandbox, value: Any, place: int = 0) -> Any:
    """Example data whose references lead to things that exist; never to the last one, which may be deleted.

    Args:
        sandbox: the sandbox.
        value: the example data.
        place: spreads the references.
    """

    def act(wire: str, target: str, given: Entity) -> Entity:
        collection = entities(sandbox, target)
        ids = collection.ids()
        return reference(collection, ids[place % max(1, len(ids) - 1)]) if ids else given

    return _walked(value, act)


def _mentions(value: Any, path: str, entity_id: str) -> bool:
    met: list[bool] = []

    def act(wire: str, target: str, given: Entity) -> Entity:
        met.append(target == path and given.get("id") == entity_id)
        return given

    _walked(value, act)
    return any(met)


def unused(sandbox: Sandbox, path: str, entity_id: str) -> None:
    """Refuse to delete what something refers to.

    Raises:
        Refusal: 409; something does.
    """
    for other in REFERRING:
        user = next((item for item in entities(sandbox, other) if _mentions(item, path, entity_id)), None)
        if user is not None:
            noun = entities(sandbox, other).shape.noun
            message = f"It is in use by the {noun} {user.get('name') or user.get('id')}: change that one first."
            raise Refusal(409, "general.conflict", message, entity_id=entity_id, params={"usedBy": str(user.get("id"))})


def delete_unused(sandbox: Sandbox, call: Call) -> Any:
    """Delete an entity that nothing refers to."""
    shape = sandbox.shapes.parent(call.record.path)
    assert shape is not None
    if call.ids[-1] in sandbox.collection(shape, call.ids):
        unused(sandbox, shape.path, call.ids[-1])
    return generic(sandbox, call)


def write_linked(sandbox: Sandbox, call: Call) -> Any:
    """Create or change an entity that refers to others."""
    return generic(sandbox, call._replace(body=linked(sandbox, call.body)))


def current_version(sandbox: Sandbox, path: str, ids: Sequence[str], body: Entity) -> Entity:
    """A body with the version of the entity that it is about to change, if it is about one."""
    stored = entities(sandbox, path).get(ids[-1]) if ids else None
    version = (stored or {}).get("version")
    return {**body, "version": version} if isinstance(version, int) else body


def example_of(sandbox: Sandbox, path: str, name: str, ids: Sequence[str]) -> Entity:
    """An example body about things that exist, with the version of what it is about to change."""
    body = as_object(made_up(catalog().operation(name), sandbox.faker)) or {}
    if "division" in body:
        body["division"] = {"id": sandbox.home_division()["id"]}
    return current_version(sandbox, path, ids, pointed(sandbox, body))


def _seeder(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    entity |= pointed(sandbox, entity, collection.place(str(entity["id"])))


def _register(paths: Iterable[tuple[str, str]]) -> None:
    for path, noun in paths:
        SERVICES[f"delete_{noun}"] = delete_unused
        if path in REFERRING:
            SEEDERS[path] = _seeder
            for name in (f"post_{noun}s", f"put_{noun}"):
                SERVICES[name] = write_linked
                EXAMPLE_BODIES[name] = _example(path, name)


def _example(path: str, name: str) -> ExampleBody:
    return lambda sandbox, ids: example_of(sandbox, path, name, ids)


_register([*REFERRING.items(), *TARGETED.items()])
