"""Sites, base settings and phones, the lines of phones, and stations, which people use a line through.

A phone has lines; each is in the collection of lines as well, and has a station. Who uses which station is in the
document ``/api/v2/users/{id}/station``, and the station says it, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..crud import add, merged
from ..narrow import as_object, objects
from ..refusal import Refusal, bad_request
from ..rng import seeded_uuid
from .linked import (
    collection,
    found,
    given_id,
    listed,
    reference,
    require_text,
    search,
    unique,
    without_nulls,
)
from .locations import PATH as LOCATIONS
from .locations import SITES
from .registry import example_body, example_ids, example_query, listener, seeded_ids, seeder, service
from .users import PATH as USERS
from .users import expansion, user_of, user_reference, users

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Change, Collection, Entity

EDGES = "/api/v2/telephony/providers/edges"
PHONES = f"{EDGES}/phones"
LINES = f"{EDGES}/lines"
BASES = f"{EDGES}/phonebasesettings"
LINE_BASES = f"{EDGES}/linebasesettings"
STATIONS = "/api/v2/stations"
WEBRTC = "inin_webrtc_softphone"


def _ref(entities: Collection, body: Entity, wire: str) -> Entity:
    """The entity that a body refers to, as it is kept.

    Raises:
        Refusal: 400; there is none.
    """
    chosen = given_id(body, wire)
    if chosen not in entities:
        raise bad_request(
            f"{wire} {chosen or 'is missing'}: there is no such {entities.shape.noun}.",
            code="invalid.value",
            details=[{"errorCode": "invalid.value", "fieldName": wire}],
        )
    return reference(entities, chosen)


# --- sites --------------------------------------------------------------------------------------


@seeder(SITES)
def a_site(sandbox: Sandbox, entities: Collection, entity: Entity) -> None:
    """A seeded site is at a seeded location."""
    places = collection(sandbox, LOCATIONS)
    seeded = list(places.seeded)
    at = entities.place(entity["id"])
    if seeded:
        entity["location"] = {"id": seeded[at % len(seeded)], "selfUri": f"{LOCATIONS}/{seeded[at % len(seeded)]}"}
    entity |= {"state": "active", "version": 1, "mediaModel": "Cloud"}


@service("post_telephony_providers_edges_sites")
def post_site(sandbox: Sandbox, call: Call) -> Any:
    """A new site."""
    sites = collection(sandbox, SITES)
    require_text(call.body, "name")
    unique(sites, "name", call.body["name"])
    place = _ref(collection(sandbox, LOCATIONS), call.body, "location")
    made = {"managed": False, "mediaModel": "Cloud", **without_nulls(call.body), "location": place, "state": "active"}
    return sites[add(sandbox, call, sites, made, "")]


@service("put_telephony_providers_edges_site")
def put_site(sandbox: Sandbox, call: Call) -> Any:
    """Replace what can be set of a site."""
    sites = collection(sandbox, SITES)
    before = found(sites, call.ids[0])
    require_text(call.body, "name")
    unique(sites, "name", call.body["name"], but=call.ids[0])
    place = _ref(collection(sandbox, LOCATIONS), call.body, "location")
    sites.put(call.ids[0], merged(sandbox, call, "Site", before, call.ids[0]) | {"location": place})
    return sites[call.ids[0]]


@service("delete_telephony_providers_edges_site")
def delete_site(sandbox: Sandbox, call: Call) -> Any:
    """Delete a site that no phone is at."""
    sites = collection(sandbox, SITES)
    before = found(sites, call.ids[0])
    _refuse_in_use(sandbox, "site", before)
    sites.remove(call.ids[0])
    sandbox.store.forget_under(call.path)


def _refuse_in_use(sandbox: Sandbox, wire: str, entity: Entity) -> None:
    """Refuse to delete what phones refer to, those of the start that nobody has looked at left aside."""
    phones = [
        phone["name"]
        for phone in collection(sandbox, PHONES).looked_at()
        if (as_object(phone.get(wire)) or {}).get("id") == entity["id"]
    ]
    if phones:
        message = f"{entity['name']} is in use by {len(phones)} phones, such as {phones[0]}."
        raise Refusal(409, "general.conflict", message, entity_id=entity["id"])


@service("get_telephony_providers_edges_sites_search", "post_telephony_providers_edges_sites_search")
def search_sites(sandbox: Sandbox, call: Call) -> Any:
    """Sites that meet criteria."""
    return search(sandbox, call, collection(sandbox, SITES), ["sites"])


# --- base settings ------------------------------------------------------------------------------


def _line_base_of(sandbox: Sandbox, base_id: str) -> Entity:
    """The settings of the first line of base settings."""
    base = collection(sandbox, BASES)[base_id]
    lines = objects(base.get("lines"))
    chosen = next((str(line["id"]) for line in lines if line.get("id")), base_id)
    return {"id": chosen, "name": lines[0].get("name", "") if lines else "", "selfUri": f"{LINE_BASES}/{chosen}"}


@service("post_telephony_providers_edges_phonebasesettings", "put_telephony_providers_edges_phonebasesetting")
def write_base(sandbox: Sandbox, call: Call) -> Any:
    """New base settings, or other ones; the settings of their lines are entities, too."""
    bases, line_bases = collection(sandbox, BASES), collection(sandbox, LINE_BASES)
    base_id = call.ids[0] if call.ids else ""
    require_text(call.body, "name")
    unique(bases, "name", call.body["name"], but=base_id)
    lines: list[Entity] = []
    for entry in objects(call.body.get("lines")):
        line: Entity = {"state": "active", **without_nulls(entry)}
        line["id"] = str(line.get("id") or sandbox.store.new_id(line_bases.shape))
        line["selfUri"] = f"{LINE_BASES}/{line['id']}"
        line_bases.put(line["id"], line)
        lines.append(line)
    if base_id:
        changed = merged(sandbox, call, "PhoneBase", found(bases, base_id), base_id)
        bases.put(base_id, changed | {"lines": lines})
    else:
        base_id = add(sandbox, call, bases, {**without_nulls(call.body), "lines": lines, "state": "active"}, "")
    return bases[base_id]


@service("delete_telephony_providers_edges_phonebasesetting")
def delete_base(sandbox: Sandbox, call: Call) -> Any:
    """Delete base settings that no phone has."""
    bases, line_bases = collection(sandbox, BASES), collection(sandbox, LINE_BASES)
    before = found(bases, call.ids[0])
    _refuse_in_use(sandbox, "phoneBaseSettings", before)
    for line in objects(before.get("lines")):
        if line.get("id") in line_bases:
            line_bases.remove(line["id"])
    bases.remove(call.ids[0])


# --- phones and lines ---------------------------------------------------------------------------


@seeder(PHONES)
def a_phone(sandbox: Sandbox, entities: Collection, entity: Entity) -> None:
    """A seeded phone is at a seeded site, with seeded base settings, and has one line."""
    at = entities.place(entity["id"])
    for wire, path in (("site", SITES), ("phoneBaseSettings", BASES)):
        others = collection(sandbox, path)
        ids = list(others.seeded)
        if ids:
            entity[wire] = reference(others, ids[at % len(ids)])
    line_id = seeded_uuid(sandbox.settings.seed, LINES, entity["id"])
    entity["lines"] = [{"id": line_id, "name": f"{entity['name']} line", "selfUri": f"{LINES}/{line_id}"}]
    entity |= {"state": "active", "version": 1, "status": _status(entity["id"], [line_id])}
    for wire in ("webRtcUser", "primaryEdge", "secondaryEdge", "secondaryStatus"):
        entity.pop(wire, None)


@seeded_ids(LINES)
def line_ids_at_the_start(sandbox: Sandbox, path: str) -> list[str]:
    """One line for each seeded phone."""
    phones = collection(sandbox, PHONES)
    return [seeded_uuid(sandbox.settings.seed, LINES, phone_id) for phone_id in phones.seeded]


@seeder(LINES)
def a_line(sandbox: Sandbox, entities: Collection, entity: Entity) -> None:
    """The line of a seeded phone."""
    at = entities.place(entity["id"])
    phones = collection(sandbox, PHONES)
    phone_id = list(phones.seeded)[at]
    if phone_id in phones:
        entity["name"] = f"{phones[phone_id]['name']} line"
    entity |= {"state": "active", "version": 1}
    for wire in ("loggedInUser", "defaultForUser", "primaryEdge", "secondaryEdge", "edgeGroup"):
        entity.pop(wire, None)


@seeder(STATIONS)
def a_station(sandbox: Sandbox, entities: Collection, entity: Entity) -> None:
    """A seeded station is free."""
    entity |= {"status": "AVAILABLE", "type": "inin_remote"}
    for wire in ("userId", "webRtcUserId"):
        entity.pop(wire, None)


def _status(phone_id: str, line_ids: Sequence[str]) -> Entity:
    return {
        "id": phone_id,
        "operationalStatus": "OPERATIONAL",
        "edgesStatus": "IN_SERVICE",
        "lineStatuses": [{"id": line_id, "reachable": True} for line_id in line_ids],
        "selfUri": f"{PHONES}/{phone_id}/status",
    }


def _checked(sandbox: Sandbox, body: Entity) -> Entity:
    """What a body says of a phone, once everything that it refers to is found."""
    bases = collection(sandbox, BASES)
    made = without_nulls(body)
    made["site"] = _ref(collection(sandbox, SITES), body, "site")
    made["phoneBaseSettings"] = _ref(bases, body, "phoneBaseSettings")
    made["phoneMetaBase"] = bases[made["phoneBaseSettings"]["id"]].get("phoneMetaBase") or made.get("phoneMetaBase")
    made["lineBaseSettings"] = made.get("lineBaseSettings") or _line_base_of(sandbox, made["phoneBaseSettings"]["id"])
    if body.get("webRtcUser"):
        made["webRtcUser"] = _ref(users(sandbox), body, "webRtcUser")
    return without_nulls(made)


def _set_lines(sandbox: Sandbox, phone: Entity, sent: Any, before: Sequence[Entity]) -> list[Entity]:
    """Make the lines of a phone what a body says, and their stations; lines of that name keep their ids."""
    lines, stations = collection(sandbox, LINES), collection(sandbox, STATIONS)
    known = {str(line.get("name")): str(line["id"]) for line in before if line.get("id")}
    kept: list[Entity] = []
    for at, entry in enumerate(objects(sent) or [{}]):
        line: Entity = {"state": "active", **without_nulls(entry)}
        line["name"] = str(line.get("name") or f"{phone['name']}_{at + 1}")
        line_id = str(line.get("id") or known.get(line["name"]) or sandbox.store.new_id(lines.shape))
        line |= {"id": line_id, "site": phone["site"], "lineBaseSettings": phone["lineBaseSettings"],
                 "selfUri": f"{LINES}/{line_id}"}  # fmt: skip
        lines.put(line_id, line)
        kept.append(line)
        if line_id not in stations:
            owner = given_id(phone, "webRtcUser")
            station: Entity = {
                "id": line_id,
                "name": phone["name"] if at == 0 else line["name"],
                "status": "AVAILABLE",
                "type": WEBRTC if owner else "inin_remote",
                "lineAppearanceId": line_id,
                "selfUri": f"{STATIONS}/{line_id}",
            }
            stations.put(line_id, station | ({"webRtcUserId": owner} if owner else {}))
    _drop_lines(sandbox, [str(line["id"]) for line in before if line.get("id") not in {line["id"] for line in kept}])
    return kept


def _drop_lines(sandbox: Sandbox, ids: Sequence[str]) -> None:
    lines, stations = collection(sandbox, LINES), collection(sandbox, STATIONS)
    for line_id in ids:
        if line_id in lines:
            lines.remove(line_id)
        if line_id in stations:
            _free(sandbox, line_id)
            stations.remove(line_id)


@service("post_telephony_providers_edges_phones")
def post_phone(sandbox: Sandbox, call: Call) -> Any:
    """A new phone, with lines and stations."""
    phones = collection(sandbox, PHONES)
    require_text(call.body, "name")
    unique(phones, "name", call.body["name"])
    made = _checked(sandbox, call.body)
    phone_id = add(sandbox, call, phones, {**made, "state": "active"}, "")
    lines = _set_lines(sandbox, made, call.body.get("lines"), [])
    status = _status(phone_id, [line["id"] for line in lines])
    phones.put(phone_id, {**phones[phone_id], "lines": lines, "status": status})
    return phones[phone_id]


@service("put_telephony_providers_edges_phone")
def put_phone(sandbox: Sandbox, call: Call) -> Any:
    """Replace what can be set of a phone."""
    phones = collection(sandbox, PHONES)
    before = found(phones, call.ids[0])
    require_text(call.body, "name")
    unique(phones, "name", call.body["name"], but=call.ids[0])
    made = merged(sandbox, call, "Phone", before, call.ids[0]) | _checked(sandbox, call.body)
    made["version"] = int(before.get("version") or 0) + 1
    lines = _set_lines(sandbox, made, call.body.get("lines"), objects(before.get("lines")))
    status = _status(call.ids[0], [line["id"] for line in lines])
    phones.put(call.ids[0], {**made, "id": call.ids[0], "lines": lines, "status": status})
    return phones[call.ids[0]]


@service("delete_telephony_providers_edges_phone")
def delete_phone(sandbox: Sandbox, call: Call) -> Any:
    """Delete a phone with its lines and stations."""
    phones = collection(sandbox, PHONES)
    before = found(phones, call.ids[0])
    _drop_lines(sandbox, [str(line["id"]) for line in objects(before.get("lines")) if line.get("id")])
    phones.remove(call.ids[0])
    sandbox.store.forget_under(call.path)


@service("get_telephony_providers_edges_phones_template")
def phone_template(sandbox: Sandbox, call: Call) -> Any:
    """A phone with given base settings, to be completed."""
    bases = collection(sandbox, BASES)
    base = found(bases, str(call.query["phoneBaseSettingsId"]))
    line = _line_base_of(sandbox, base["id"])
    sites = collection(sandbox, SITES).ids()
    return {
        "name": "",
        "phoneBaseSettings": reference(bases, base["id"]),
        "phoneMetaBase": base.get("phoneMetaBase"),
        "lineBaseSettings": line,
        "lines": [{"name": "", "lineBaseSettings": line, "template": line}],
        **({"site": reference(collection(sandbox, SITES), sites[0])} if sites else {}),
        "properties": {},
        "capabilities": base.get("capabilities"),
    }


# --- stations -----------------------------------------------------------------------------------


@service("get_stations")
def list_stations(sandbox: Sandbox, call: Call) -> Any:
    """Stations by name, user and line."""
    return listed(sandbox, call, collection(sandbox, STATIONS), "userSelectable")


def stations_of(sandbox: Sandbox, user_id: str) -> Entity:
    """The stations of a user: associated, default, last associated, and the one that calls go to."""
    kept = dict(sandbox.store.documents.get(f"{USERS}/{user_id}/station", {}))
    effective = kept.get("associatedStation") or kept.get("defaultStation")
    return {**kept, "effectiveStation": effective} if effective else kept


def _write_stations(sandbox: Sandbox, user_id: str, **changes: Any) -> None:
    path = f"{USERS}/{user_id}/station"
    after = {**sandbox.store.documents.get(path, {}), **changes}
    sandbox.store.write(path, without_nulls(after))


def _station_view(sandbox: Sandbox, station: Entity, wire: str, user_id: str) -> Entity:
    shown: Entity = {name: station[name] for name in ("id", "name", "type") if name in station}
    return {**shown, wire: user_reference(sandbox, user_id), "associatedDate": sandbox.now()}


def associate(sandbox: Sandbox, user_id: str, station_id: str) -> None:
    """Let a user use a station, and no other one.

    Raises:
        Refusal: 404: there is no such station, or 409: somebody else uses it.
    """
    stations = collection(sandbox, STATIONS)
    station = found(stations, station_id)
    if station.get("userId") not in (None, "", user_id):
        message = f"The station {station['name']} is in use by another user."
        raise Refusal(409, "general.conflict", message, entity_id=station_id)
    own = stations_of(sandbox, user_id).get("associatedStation")
    if own and own["id"] != station_id:
        disassociate(sandbox, user_id)
    stations.put(station_id, {**station, "userId": user_id, "status": "ASSOCIATED"})
    view = _station_view(sandbox, station, "associatedUser", user_id)
    _write_stations(sandbox, user_id, associatedStation=view, lastAssociatedStation=view)
    _mark_line(sandbox, station_id, "loggedInUser", user_id)


def disassociate(sandbox: Sandbox, user_id: str) -> None:
    """Have a user use no station."""
    own = stations_of(sandbox, user_id).get("associatedStation")
    stations = collection(sandbox, STATIONS)
    if own and own["id"] in stations:
        left = {wire: value for wire, value in stations[own["id"]].items() if wire != "userId"}
        stations.put(own["id"], {**left, "status": "AVAILABLE"})
        _mark_line(sandbox, own["id"], "loggedInUser", "")
    if own:
        _write_stations(sandbox, user_id, associatedStation=None)


def _free(sandbox: Sandbox, station_id: str) -> None:
    """Have nobody use a station."""
    owner = collection(sandbox, STATIONS)[station_id].get("userId")
    if owner:
        disassociate(sandbox, str(owner))


def _mark_line(sandbox: Sandbox, station_id: str, wire: str, user_id: str) -> None:
    """Say on the line of a station, and on its phone, who it is for."""
    lines, phones = collection(sandbox, LINES), collection(sandbox, PHONES)
    line_id = str(collection(sandbox, STATIONS)[station_id].get("lineAppearanceId") or "")
    if line_id not in lines:
        return
    who = {wire: user_reference(sandbox, user_id)} if user_id else {}
    lines.put(line_id, {key: value for key, value in lines[line_id].items() if key != wire} | who)
    for phone in phones.looked_at():
        if any(line.get("id") == line_id for line in objects(phone.get("lines"))):
            changed = [lines[line["id"]] if line.get("id") == line_id else line for line in phone["lines"]]
            phones.put(phone["id"], {**phone, "lines": changed})


def _user(sandbox: Sandbox, call: Call) -> str:
    """Who a call is about: the user in the path, or the one who asks."""
    return sandbox.actor if "/stations/me" in call.record.path else str(user_of(sandbox, call.ids[0])["id"])


@service("get_user_station", "get_users_stations_me", personal=True)
def get_user_station(sandbox: Sandbox, call: Call) -> Any:
    """The stations of a user."""
    return stations_of(sandbox, _user(sandbox, call))


@service("put_user_station_associatedstation_station_id", "put_users_stations_me_associatedstation_station_id")
def put_user_station(sandbox: Sandbox, call: Call) -> Any:
    """Use a station."""
    associate(sandbox, _user(sandbox, call), call.ids[-1])


@service("delete_user_station_associatedstation", "delete_users_stations_me_associatedstation")
def delete_user_station(sandbox: Sandbox, call: Call) -> Any:
    """Use no station."""
    disassociate(sandbox, _user(sandbox, call))


@service("put_user_station_defaultstation_station_id")
def put_default_station(sandbox: Sandbox, call: Call) -> Any:
    """Choose the station that a user has when not using any."""
    user_id = _user(sandbox, call)
    station = found(collection(sandbox, STATIONS), call.ids[1])
    _write_stations(sandbox, user_id, defaultStation=_station_view(sandbox, station, "defaultUser", user_id))
    _mark_line(sandbox, call.ids[1], "defaultForUser", user_id)


@service("delete_user_station_defaultstation")
def delete_default_station(sandbox: Sandbox, call: Call) -> Any:
    """Choose none."""
    user_id = _user(sandbox, call)
    own = stations_of(sandbox, user_id).get("defaultStation")
    if own:
        if own["id"] in collection(sandbox, STATIONS):
            _mark_line(sandbox, own["id"], "defaultForUser", "")
        _write_stations(sandbox, user_id, defaultStation=None)


@service("delete_station_associateduser")
def free_station(sandbox: Sandbox, call: Call) -> Any:
    """Have nobody use a station."""
    found(collection(sandbox, STATIONS), call.ids[0])
    _free(sandbox, call.ids[0])


@expansion("station")
def expanded_station(sandbox: Sandbox, user: Entity) -> Any:
    """Stations as part of a user."""
    return stations_of(sandbox, user["id"])


@listener
def leave_station(sandbox: Sandbox, change: Change) -> None:
    """Who is deleted uses no station."""
    if change.shape == USERS and change.after is None:
        disassociate(sandbox, change.entity_id)


# --- examples -----------------------------------------------------------------------------------


@example_body("post_telephony_providers_edges_sites", "put_telephony_providers_edges_site")
def example_site(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A site with a name that is free."""
    name = f"Example site {sandbox.store.changes} {len(collection(sandbox, SITES))}"
    return {"name": name, "location": {"id": collection(sandbox, LOCATIONS).ids()[0]}}


@example_body("post_telephony_providers_edges_phones", "put_telephony_providers_edges_phone")
def example_phone(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A phone with a name that is free."""
    name = f"Example phone {sandbox.store.changes} {len(collection(sandbox, PHONES))}"
    site, base = collection(sandbox, SITES).ids()[0], collection(sandbox, BASES).ids()[0]
    return {"name": name, "site": {"id": site}, "phoneBaseSettings": {"id": base}, "lines": [{"name": "Line 1"}]}


@example_query("get_telephony_providers_edges_phones_template")
def example_base(sandbox: Sandbox) -> dict[str, str]:
    """Base settings that exist."""
    return {"phoneBaseSettingsId": collection(sandbox, BASES).ids()[0]}


@example_ids("put_user_station_associatedstation_station_id", "put_user_station_defaultstation_station_id")
def example_user_station(sandbox: Sandbox) -> list[str]:
    """A user, and a station that is free."""
    return [users(sandbox).ids()[0], _free_station(sandbox)]


@example_ids("put_users_stations_me_associatedstation_station_id")
def example_own_station(sandbox: Sandbox) -> list[str]:
    """A station that is free."""
    return [_free_station(sandbox)]


def _free_station(sandbox: Sandbox) -> str:
    return next(station["id"] for station in collection(sandbox, STATIONS) if not station.get("userId"))
