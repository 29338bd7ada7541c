"""Locations: a tree of places. ``path`` of one are the ids of those it lies in, outermost first.

The table ``deleted_locations`` keeps those deleted, which the service shows with that state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..crud import add, patched
from ..narrow import as_list, as_object, objects
from ..refusal import Refusal, bad_request
from .linked import (
    check_version,
    collection,
    existing,
    found,
    listed,
    reference,
    require_text,
    search,
    unique,
    without_nulls,
)
from .registry import example_body, seeder, service
from .users import PATH as USERS
from .users import expansion, user_of

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

PATH = "/api/v2/locations"
SITES = "/api/v2/telephony/providers/edges/sites"
DELETED = "deleted_locations"


def locations(sandbox: Sandbox) -> Collection:
    """The locations of the organization."""
    return collection(sandbox, PATH)


@seeder(PATH)
def a_location(sandbox: Sandbox, entities: Collection, entity: Entity) -> None:
    """A seeded location is at the top of the tree."""
    entity |= {"state": "active", "version": 1, "path": []}
    entity.pop("contactUser", None)


def _checked(sandbox: Sandbox, body: Entity, own_id: str = "") -> Entity:
    """What a body says of a location, once it is known to be possible."""
    made = {wire: value for wire, value in body.items() if wire not in ("id", "version", "state", "selfUri")}
    if body.get("contactUser"):
        user = user_of(sandbox, str(body["contactUser"]))
        made["contactUser"] = {"id": user["id"], "selfUri": f"{USERS}/{user['id']}"}
    above = existing(locations(sandbox), as_list(body.get("path")) or [])
    if own_id and own_id in above:
        raise bad_request("A location cannot lie in itself.", code="invalid.value")
    if "path" in body:
        made["path"] = above
    number = as_object(body.get("emergencyNumber")) or {}
    if number and not number.get("e164") and not number.get("number"):
        raise bad_request("emergencyNumber needs a number.", code="invalid.value")
    return made


@service("get_locations")
def list_locations(sandbox: Sandbox, call: Call) -> Any:
    """The locations, ordered by name when asked to."""
    query = {"sortBy": "name", **call.query} if call.query.get("sortOrder") else call.query
    return listed(sandbox, call._replace(query=query), locations(sandbox))


@service("get_location")
def get_location(sandbox: Sandbox, call: Call) -> Any:
    """A location; one that was deleted, too, with that state."""
    gone = sandbox.store.table(DELETED).get(call.ids[0])
    return gone if gone is not None else found(locations(sandbox), call.ids[0])


@service("get_location_sublocations")
def list_sublocations(sandbox: Sandbox, call: Call) -> Any:
    """The locations directly in one."""
    inside = [place for place in locations(sandbox) if (place.get("path") or [""])[-1] == call.ids[0]]
    return listed(sandbox, call, inside)


@service("post_locations")
def post_location(sandbox: Sandbox, call: Call) -> Any:
    """A new location."""
    entities = locations(sandbox)
    require_text(call.body, "name")
    unique(entities, "name", call.body["name"])
    made = {"path": list[str](), **without_nulls(_checked(sandbox, call.body)), "state": "active", "version": 1}
    return entities[add(sandbox, call, entities, made, "")]


@service("patch_location")
def patch_location(sandbox: Sandbox, call: Call) -> Any:
    """Change a location."""
    entities = locations(sandbox)
    before = found(entities, call.ids[0])
    check_version(call.ids[0], call.body.get("version"), before.get("version"))
    if call.body.get("state") == "deleted":
        return delete(sandbox, call.ids[0])
    require_text({"name": before["name"], **without_nulls(call.body)}, "name")
    unique(entities, "name", call.body.get("name"), but=call.ids[0])
    after = patched(before, _checked(sandbox, call.body, call.ids[0])) | {"version": int(before["version"]) + 1}
    entities.put(call.ids[0], after)
    return after


def delete(sandbox: Sandbox, location_id: str) -> Entity:
    """Delete a location.

    Raises:
        Refusal: 409; there are locations in it, or sites at it.
    """
    entities = locations(sandbox)
    before = found(entities, location_id)
    inside = [place["name"] for place in entities.looked_at() if location_id in (place.get("path") or [])]
    sites = [
        site["name"]
        for site in collection(sandbox, SITES).looked_at()
        if (as_object(site.get("location")) or {}).get("id") == location_id
    ]
    if inside or sites:
        message = f"The location {before['name']} is in use by {', '.join([*inside, *sites][:5])}."
        raise Refusal(409, "general.conflict", message, entity_id=location_id)
    entities.remove(location_id)
    gone = {**before, "state": "deleted", "version": int(before["version"]) + 1}
    sandbox.store.table(DELETED)[location_id] = gone
    return gone


@service("delete_location")
def delete_location(sandbox: Sandbox, call: Call) -> Any:
    """Delete a location."""
    delete(sandbox, call.ids[0])


@service("get_locations_search", "post_locations_search")
def search_locations(sandbox: Sandbox, call: Call) -> Any:
    """Locations that meet criteria."""
    return search(sandbox, call, locations(sandbox), ["locations"])


@expansion("locations")
def expanded_locations(sandbox: Sandbox, user: Entity) -> Any:
    """The locations of a user, as part of the user."""
    entities = locations(sandbox)
    places = objects(user.get("locations"))
    return [
        {**place, "locationDefinition": reference(entities, place["id"])}
        for place in places
        if place.get("id") in entities
    ]


@example_body("post_locations")
def example_location(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A location with a name that is free."""
    return {"name": f"Example location {sandbox.store.changes} {len(locations(sandbox))}"}


@example_body("patch_location")
def example_location_change(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Other notes."""
    place = found(locations(sandbox), ids[0])
    return {"name": place["name"], "version": place["version"], "notes": "An example."}
