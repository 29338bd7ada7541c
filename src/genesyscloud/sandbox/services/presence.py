"""Presence: what can be chosen, what each user has chosen, whether they take conversations, and how that went.

Tables, for whoever needs them (analytics does):

* ``presence``: by id of user, what the user has now, by source: ``{"PURECLOUD": {"definitionId", "message",
  "modifiedDate", "primary"}}``. Who is not in it is offline.
* ``routing_status``: by id of user, ``{"status", "startTime"}``. Who is not in it is off queue.
* ``presence_history``: by id of user, a list of ``{"start", "systemPresence", "organizationPresenceId"}`` in the
  order of time; ``systemPresence`` as analytics writes it (``ON_QUEUE``). Primary presence only.
* ``routing_history``: by id of user, a list of ``{"start", "routingStatus"}`` in the order of time.

Times are those of the wire. Each row lasts until the next one; before the first one a user is offline and off
queue. A list keeps its last :data:`HISTORY` rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import words
from ..crud import add
from ..narrow import as_object
from ..refusal import bad_request, not_found
from ..rng import seeded_uuid
from .linked import collection, found, listed, require_text, without_nulls
from .registry import example_body, example_ids, listener, seeded_ids, seeder, service
from .users import PATH as USERS
from .users import expansion, user_of, users

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Change, Collection, Entity

DEFINITIONS = "/api/v2/presence/definitions"
SOURCES = "/api/v2/presence/sources"
#: The source of what is set in Genesys Cloud itself.
OWN = "PURECLOUD"
SYSTEM = ("Available", "Away", "Busy", "Offline", "Idle", "OnQueue", "Meal", "Training", "Meeting", "Break")
#: Presences that an organization adds, with the system presence they belong to.
CUSTOM = {"Coaching": "Meeting", "Paperwork": "Busy", "Lunch": "Meal"}
HISTORY = 5000


def spaced(system: str) -> str:
    """``OnQueue`` as it is shown to people and in a user's presence: ``On Queue``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", system)


def analytic(system: str) -> str:
    """``OnQueue`` as analytics writes it: ``ON_QUEUE``."""
    return spaced(system).replace(" ", "_").upper()


# --- definitions --------------------------------------------------------------------------------


def definitions(sandbox: Sandbox) -> Collection:
    """What can be chosen."""
    return collection(sandbox, DEFINITIONS)


def definition_id(sandbox: Sandbox, system: str) -> str:
    """Id of the definition that a system presence has from the start."""
    return seeded_uuid(sandbox.settings.seed, DEFINITIONS, system)


@seeded_ids(DEFINITIONS)
def definition_ids(sandbox: Sandbox, path: str) -> list[str]:
    """The system presences, and some that an organization has added."""
    return [definition_id(sandbox, name) for name in (*SYSTEM, *CUSTOM)]


@seeder(DEFINITIONS)
def a_definition(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """Name a seeded definition."""
    name = next(name for name in (*SYSTEM, *CUSTOM) if definition_id(sandbox, name) == entity["id"])
    own = {wire: entity[wire] for wire in ("id", "selfUri") if wire in entity}
    entity.clear()
    entity |= {
        **own,
        "name": spaced(name),
        "type": "System" if name in SYSTEM else "User",
        "languageLabels": {"en_US": spaced(name)},
        "systemPresence": CUSTOM.get(name, name),
        "divisionId": "*",
        "deactivated": False,
    }


def _shown(sandbox: Sandbox, call: Call, entity: Entity) -> Entity:
    """A definition as the old or the new paths show it, its name in the language that is asked for."""
    labels = as_object(entity.get("languageLabels")) or {}
    label = labels.get(str(call.query.get("localeCode") or "en_US").replace("-", "_")) or entity.get("name")
    part = {**entity, "name": label or next(iter(labels.values()), entity["id"])}
    if "/presencedefinitions" not in call.record.path:
        return part
    by = {"id": sandbox.admin_id, "selfUri": f"{USERS}/{sandbox.admin_id}"}
    dates = {"createdBy": by, "createdDate": words.written(words.EPOCH), "modifiedBy": by}
    part |= {**dates, "primary": entity.get("type") == "System", "systemPresence": spaced(entity["systemPresence"])}
    return part | {"selfUri": f"/api/v2/presencedefinitions/{entity['id']}"}


@service("get_presence_definitions", "get_presencedefinitions")
def list_definitions(sandbox: Sandbox, call: Call) -> Any:
    """What can be chosen; what is deactivated only when asked for."""
    state = str(call.query.get("deactivated") or call.query.get("deleted") or "false").lower()
    division = set(call.query.get("divisionId") or ())
    shown = [
        _shown(sandbox, call, entity)
        for entity in definitions(sandbox)
        if state in ("all", str(bool(entity.get("deactivated"))).lower())
        and (not division or entity.get("divisionId", "*") in division | {"*"})
    ]
    return listed(sandbox, call, shown, "deactivated", "deleted", "divisionId", "localeCode")


@service("get_presence_definition", "get_presencedefinition")
def get_definition(sandbox: Sandbox, call: Call) -> Any:
    """One of them."""
    return _shown(sandbox, call, found(definitions(sandbox), call.ids[0]))


def _system(text: Any) -> str:
    """A system presence as the definitions write it, however the caller did."""
    known = {re.sub(r"\W|_", "", name).lower(): name for name in SYSTEM}
    system = known.get(re.sub(r"\W|_", "", str(text or "")).lower())
    if system is None:
        raise bad_request(f"systemPresence {text} is not one of {', '.join(SYSTEM)}.", code="invalid.value")
    return system


def _checked(body: Entity) -> Entity:
    labels = {key: label for key, label in (as_object(body.get("languageLabels")) or {}).items() if label}
    if not labels:
        raise bad_request("languageLabels must have at least one label.", code="invalid.value")
    made = without_nulls(body) | {"languageLabels": labels, "name": body.get("name") or next(iter(labels.values()))}
    return {wire: value for wire, value in made.items() if wire not in ("primary", "type")}


@service("post_presence_definitions", "post_presencedefinitions")
def post_definition(sandbox: Sandbox, call: Call) -> Any:
    """Something new to choose."""
    body = _checked(call.body)
    usual = {"deactivated": False, "divisionId": "*"}
    made = {**usual, **body, "systemPresence": _system(body.get("systemPresence")), "type": "User"}
    entities = definitions(sandbox)
    return _shown(sandbox, call, entities[add(sandbox, call, entities, made, "")])


@service("put_presence_definition", "put_presencedefinition")
def put_definition(sandbox: Sandbox, call: Call) -> Any:
    """Change one that the organization has made."""
    entities = definitions(sandbox)
    before = found(entities, call.ids[0])
    sent = _checked(call.body | {"languageLabels": call.body.get("languageLabels") or before["languageLabels"]})
    system = before["systemPresence"]
    if "systemPresence" in sent and before.get("type") == "User":
        system = _system(sent["systemPresence"])
    after = {**before, **sent, "type": before.get("type", "User"), "systemPresence": system}
    entities.put(call.ids[0], after)
    return _shown(sandbox, call, after)


@service("delete_presence_definition", "delete_presencedefinition")
def delete_definition(sandbox: Sandbox, call: Call) -> Any:
    """Remove one that the organization has made."""
    entities = definitions(sandbox)
    if found(entities, call.ids[0]).get("type") == "System":
        raise bad_request("A system presence cannot be deleted.")
    entities.remove(call.ids[0])


@example_body("post_presence_definitions", "post_presencedefinitions")
def example_definition(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Something to choose."""
    return {"languageLabels": {"en_US": "Example"}, "systemPresence": "Busy"}


@example_body("put_presence_definition", "put_presencedefinition")
def example_new_label(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Another label."""
    return {"languageLabels": {"en_US": "Another example"}}


# --- the presence of a user ---------------------------------------------------------------------


def presence_of(sandbox: Sandbox, user_id: str, source: str = OWN) -> Entity:
    """The presence of a user, as it is shown."""
    rows = sandbox.store.table("presence").get(user_id, {})
    row = rows.get(source) or {"definitionId": definition_id(sandbox, "Offline"), "modifiedDate": _START}
    entities = definitions(sandbox)
    known: Entity = entities[row["definitionId"]] if row["definitionId"] in entities else {"systemPresence": "Offline"}
    chosen = {"id": row["definitionId"], "systemPresence": spaced(known["systemPresence"]),
              "selfUri": f"/api/v2/presencedefinitions/{row['definitionId']}"}  # fmt: skip
    return {
        "id": user_id,
        "source": source,
        **({"sourceId": row["sourceId"]} if "sourceId" in row else {}),
        "primary": bool(row.get("primary", source == OWN)),
        "presenceDefinition": chosen,
        "message": row.get("message", ""),
        "modifiedDate": row["modifiedDate"],
        "selfUri": f"{USERS}/{user_id}/presences/{source.lower() if source == OWN else source}",
    }


_START = words.written(words.EPOCH)


def primary_presence(sandbox: Sandbox, user_id: str) -> Entity:
    """The presence of a user that counts: that of the primary source."""
    rows = sandbox.store.table("presence").get(user_id, {})
    return presence_of(sandbox, user_id, next((source for source, row in rows.items() if row.get("primary")), OWN))


def system_presence(sandbox: Sandbox, user_id: str) -> str:
    """The system presence of a user, such as ``On Queue``."""
    return str(primary_presence(sandbox, user_id)["presenceDefinition"]["systemPresence"])


def _chosen(sandbox: Sandbox, body: Entity) -> str:
    """Id of the definition that a body names, by id or by system presence."""
    given = as_object(body.get("presenceDefinition")) or {}
    entities = definitions(sandbox)
    if given.get("id"):
        if given["id"] not in entities or entities[given["id"]].get("deactivated"):
            raise not_found("presence definition", str(given["id"]))
        return str(given["id"])
    if given.get("systemPresence"):
        return definition_id(sandbox, _system(given["systemPresence"]))
    raise bad_request("presenceDefinition needs an id.", code="invalid.value")


def set_presence(sandbox: Sandbox, user_id: str, body: Entity, source: str = OWN) -> Entity:
    """Change the presence of a user; on queue means idle for routing, anything else off queue.

    Args:
        sandbox: the sandbox.
        user_id: who.
        body: a ``UserPresence``; what is missing stays.
        source: where it was set: :data:`OWN`, or the id of a source.

    Raises:
        Refusal: 400 or 404; there is no such definition.
    """
    table = sandbox.store.table("presence")
    rows = table.get(user_id, {})
    before = presence_of(sandbox, user_id, source)
    row = {
        "definitionId": before["presenceDefinition"]["id"],
        "message": before["message"],
        "primary": before["primary"],
        **({} if source == OWN else {"sourceId": source}),
    }
    if body.get("presenceDefinition") is not None or source not in rows:
        row["definitionId"] = _chosen(sandbox, body)
    row |= {wire: body[wire] for wire in ("message", "primary") if body.get(wire) is not None}
    row["modifiedDate"] = sandbox.now()
    others = {key: {**other, "primary": False} if row["primary"] else other for key, other in rows.items()}
    table[user_id] = {**others, source: row}
    if row["primary"]:
        _note_presence(sandbox, user_id, str(row["definitionId"]))
    return presence_of(sandbox, user_id, source)


def _note_presence(sandbox: Sandbox, user_id: str, chosen: str) -> None:
    system = definitions(sandbox)[chosen]["systemPresence"]
    event = {"start": sandbox.now(), "systemPresence": analytic(system), "organizationPresenceId": chosen}
    _remember(sandbox, "presence_history", user_id, event)
    now = presence_of(sandbox, user_id)
    body = {wire: now[wire] for wire in ("source", "primary", "message", "modifiedDate")}
    body["presenceDefinition"] = {"id": chosen, "systemPresence": analytic(system)}
    sandbox.events.publish(f"v2.users.{user_id}.presence", body)
    on_queue = routing_status(sandbox, user_id)["status"] != "OFF_QUEUE"
    if on_queue != (system == "OnQueue"):
        set_routing_status(sandbox, user_id, "IDLE" if system == "OnQueue" else "OFF_QUEUE")


def _remember(sandbox: Sandbox, name: str, user_id: str, event: Entity) -> None:
    table = sandbox.store.table(name)
    table[user_id] = [*table.get(user_id, [])[-HISTORY + 1 :], event]


def _source(sandbox: Sandbox, call: Call) -> str:
    """The source that a path names."""
    if len(call.ids) < 2 or call.ids[1].upper() == OWN:
        return OWN
    return str(found(collection(sandbox, SOURCES), call.ids[1])["id"])


@service("get_user_presence", "get_user_presences_purecloud")
def get_presence(sandbox: Sandbox, call: Call) -> Any:
    """The presence of a user by source."""
    user_of(sandbox, call.ids[0])
    return presence_of(sandbox, call.ids[0], _source(sandbox, call))


@service("patch_user_presence", "patch_user_presences_purecloud")
def patch_presence(sandbox: Sandbox, call: Call) -> Any:
    """Change it."""
    user_of(sandbox, call.ids[0])
    return set_presence(sandbox, call.ids[0], call.body, _source(sandbox, call))


@service("get_users_presences_purecloud_bulk", "get_users_presence_bulk")
def get_presences(sandbox: Sandbox, call: Call) -> Any:
    """Presences of several users; unknown ones are left out."""
    source, everyone = _source(sandbox, call._replace(ids=["", *call.ids])), users(sandbox)
    chosen = [user_id for user_id in call.query.get("id") or () if user_id in everyone]
    return [{**presence_of(sandbox, user_id, source), "userId": user_id} for user_id in chosen]


@service("put_users_presences_bulk")
def put_presences(sandbox: Sandbox, call: Call) -> Any:
    """Change the presences of several users."""
    for entry in call.body:
        user_of(sandbox, str(entry.get("id") or ""))
    return [set_presence(sandbox, str(entry["id"]), entry) for entry in call.body]


@expansion("presence")
def expanded_presence(sandbox: Sandbox, user: Entity) -> Any:
    """The primary presence as part of a user."""
    return primary_presence(sandbox, user["id"])


@service("get_presence_user_primarysource")
def get_primary_source(sandbox: Sandbox, call: Call) -> Any:
    """The source whose presence counts."""
    user = user_of(sandbox, call.ids[0])
    source = primary_presence(sandbox, user["id"])["source"]
    return {"id": user["id"], "sourceId": source, "registered": True, "selfUri": call.path}


@service("put_presence_user_primarysource")
def put_primary_source(sandbox: Sandbox, call: Call) -> Any:
    """Choose it."""
    user = user_of(sandbox, call.ids[0])
    wanted = str(call.body.get("sourceId") or OWN)
    source = OWN if wanted.upper() == OWN else str(found(collection(sandbox, SOURCES), wanted)["id"])
    chosen = presence_of(sandbox, user["id"], source)["presenceDefinition"]
    set_presence(sandbox, user["id"], {"presenceDefinition": {"id": chosen["id"]}, "primary": True}, source)
    return {"id": user["id"], "sourceId": source, "registered": True, "selfUri": call.path}


@service("delete_presence_source")
def delete_source(sandbox: Sandbox, call: Call) -> Any:
    """Remove a source; what users had set there counts no longer."""
    sources = collection(sandbox, SOURCES)
    found(sources, call.ids[0])
    sources.remove(call.ids[0])
    table = sandbox.store.table("presence")
    for user_id, rows in list(table.items()):
        if call.ids[0] in rows:
            table[user_id] = {source: row for source, row in rows.items() if source != call.ids[0]}


@example_body("post_presence_sources", "put_presence_source")
def example_source(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A source."""
    return {"name": "Example source", "type": "User"}


@example_ids("get_user_presence", "patch_user_presence")
def example_presence_of(sandbox: Sandbox) -> list[str]:
    """A user and the source that is always there."""
    return [users(sandbox).ids()[0], OWN]


@example_ids("get_users_presence_bulk")
def example_own_source(sandbox: Sandbox) -> list[str]:
    """The source that is always there."""
    return [OWN]


@example_body("patch_user_presence", "patch_user_presences_purecloud")
def example_presence(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Available."""
    return {"presenceDefinition": {"id": definition_id(sandbox, "Available")}}


@example_body("put_users_presences_bulk")
def example_presences(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Available, for two."""
    chosen = {"presenceDefinition": {"id": definition_id(sandbox, "Available")}}
    return [{"id": user_id, **chosen} for user_id in users(sandbox).ids()[:2]]


@example_body("put_presence_user_primarysource")
def example_primary(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """The source that is always there."""
    return {"sourceId": OWN}


# --- routing status -----------------------------------------------------------------------------


def routing_status(sandbox: Sandbox, user_id: str) -> Entity:
    """Whether a user takes conversations, and since when."""
    row = sandbox.store.table("routing_status").get(user_id, {"status": "OFF_QUEUE", "startTime": _START})
    return {"userId": user_id, **row}


def set_routing_status(sandbox: Sandbox, user_id: str, status: str) -> Entity:
    """Change it; nothing happens when it is what it was."""
    if routing_status(sandbox, user_id)["status"] != status:
        now = sandbox.now()
        sandbox.store.table("routing_status")[user_id] = {"status": status, "startTime": now}
        _remember(sandbox, "routing_history", user_id, {"start": now, "routingStatus": status})
        body = {"id": user_id, "routingStatus": {"status": status, "startTime": now}}
        sandbox.events.publish(f"v2.users.{user_id}.routingStatus", body)
    return routing_status(sandbox, user_id)


@service("get_user_routingstatus")
def get_routing_status(sandbox: Sandbox, call: Call) -> Any:
    """The routing status of a user."""
    user_of(sandbox, call.ids[0])
    return routing_status(sandbox, call.ids[0])


@service("put_user_routingstatus")
def put_routing_status(sandbox: Sandbox, call: Call) -> Any:
    """Change it: of use to come back from not responding."""
    user_of(sandbox, call.ids[0])
    require_text(call.body, "status")
    return set_routing_status(sandbox, call.ids[0], str(call.body["status"]))


@expansion("routingStatus")
def expanded_routing_status(sandbox: Sandbox, user: Entity) -> Any:
    """The same as part of a user."""
    return routing_status(sandbox, user["id"])


@example_body("put_user_routingstatus")
def example_status(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Idle."""
    return {"status": "IDLE"}


@listener
def forget_user(sandbox: Sandbox, change: Change) -> None:
    """Who is deleted has no presence any more; what was, stays in the history."""
    if change.shape == USERS and change.after is None:
        for name in ("presence", "routing_status"):
            sandbox.store.table(name).pop(change.entity_id, None)
