"""Presence: what can be chosen, what each user has chosen, whether they take conversations, and how that went.

What is so now is kept in documents, as it is shown: ``/api/v2/users/{id}/presences/purecloud`` (or the id of another
source in place of ``purecloud``) and ``/api/v2/users/{id}/routingstatus``. Who has none is offline, and off queue.
Whoever writes one of them writes history as well, which is in tables for analytics:

* ``presence_history``: by id of user, a list of ``{"start", "systemPresence", "organizationPresenceId"}`` in the
  order of time; ``systemPresence`` as analytics writes it (``ON_QUEUE``). Primary presence only.
* ``routing_history``: by id of user, a list of ``{"start", "routingStatus"}`` in the order of time.
* ``primary_source``: by id of user, the source whose presence counts, where it is not :data:`OWN`.

Times are those of the wire. A row lasts until the next one; before the first one a user is offline and off queue.
A list keeps its last :data:`HISTORY` rows.
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
    own: Entity = {wire: entity[wire] for wire in ("id", "selfUri") if wire in entity}
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


def _path(user_id: str, source: str) -> str:
    return f"{USERS}/{user_id}/presences/{source.lower() if source == OWN else source}"


def presence_of(sandbox: Sandbox, user_id: str, source: str = OWN) -> Entity:
    """The presence of a user, as it is shown."""
    path = _path(user_id, source)
    usual: Entity = {
        "id": user_id,
        "source": source,
        "primary": source == primary_source(sandbox, user_id),
        "presenceDefinition": _definition(sandbox, definition_id(sandbox, "Offline")),
        "message": "",
        "modifiedDate": _START,
        "selfUri": path,
    }
    return usual | sandbox.store.documents.get(path, {})


def _definition(sandbox: Sandbox, chosen: str) -> Entity:
    """A definition as a presence refers to it."""
    entities = definitions(sandbox)
    system = entities[chosen]["systemPresence"] if chosen in entities else "Offline"
    return {"id": chosen, "systemPresence": spaced(system), "selfUri": f"/api/v2/presencedefinitions/{chosen}"}


_START = words.written(words.EPOCH)


def primary_source(sandbox: Sandbox, user_id: str) -> str:
    """The source whose presence counts for a user."""
    return str(sandbox.store.table("primary_source").get(user_id, OWN))


def primary_presence(sandbox: Sandbox, user_id: str) -> Entity:
    """The presence of a user that counts: that of the primary source."""
    return presence_of(sandbox, user_id, primary_source(sandbox, user_id))


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
    before = presence_of(sandbox, user_id, source)
    chosen = str(before["presenceDefinition"]["id"])
    if body.get("presenceDefinition") is not None or _path(user_id, source) not in sandbox.store.documents:
        chosen = _chosen(sandbox, body)
    after = {
        **before,
        "presenceDefinition": _definition(sandbox, chosen),
        "modifiedDate": sandbox.now(),
        **({} if source == OWN else {"sourceId": source}),
        **({} if body.get("message") is None else {"message": body["message"]}),
    }
    if body.get("primary") and not before["primary"]:
        _make_primary(sandbox, user_id, source)
        after["primary"] = True
    sandbox.store.write(_path(user_id, source), after)
    if after["primary"]:
        on_queue = routing_status(sandbox, user_id)["status"] != "OFF_QUEUE"
        wanted = definitions(sandbox)[chosen]["systemPresence"] == "OnQueue"
        if on_queue != wanted:
            set_routing_status(sandbox, user_id, "IDLE" if wanted else "OFF_QUEUE")
    return presence_of(sandbox, user_id, source)


def _make_primary(sandbox: Sandbox, user_id: str, source: str) -> None:
    """Let the presence of ``source`` count, and no other."""
    other = primary_source(sandbox, user_id)
    kept = sandbox.store.documents.get(_path(user_id, other))
    if kept is not None:
        sandbox.store.write(_path(user_id, other), {**kept, "primary": False})
    sandbox.store.table("primary_source")[user_id] = source


@listener
def remember(sandbox: Sandbox, change: Change) -> None:
    """Keep the history of presences and routing statuses, whoever changes them."""
    place = None if change.shape or change.after is None else _PLACE.fullmatch(change.path)
    if place is None or change.after is None:
        return
    user_id, what, source = place[1], place[2], place[3]
    if what == "routingstatus":
        row = {"start": change.after.get("startTime") or sandbox.now(), "routingStatus": change.after.get("status")}
        _append(sandbox, "routing_history", user_id, row)
    elif primary_source(sandbox, user_id).lower() == source.lower():
        chosen = as_object(change.after.get("presenceDefinition")) or {}
        system = analytic(str(chosen.get("systemPresence") or "Offline"))
        row = {"start": change.after.get("modifiedDate") or sandbox.now(), "systemPresence": system,
               "organizationPresenceId": chosen.get("id") or definition_id(sandbox, "Offline")}  # fmt: skip
        _append(sandbox, "presence_history", user_id, row)


_PLACE = re.compile(r"/api/v2/users/([^/]+)/(routingstatus|presences/([^/]+))")


def _append(sandbox: Sandbox, name: str, user_id: str, row: Entity) -> None:
    table = sandbox.store.table(name)
    table[user_id] = [*table.get(user_id, [])[-HISTORY + 1 :], row]


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
    if source != primary_source(sandbox, user["id"]):
        chosen = presence_of(sandbox, user["id"], source)["presenceDefinition"]
        set_presence(sandbox, user["id"], {"presenceDefinition": {"id": chosen["id"]}, "primary": True}, source)
    return {"id": user["id"], "sourceId": source, "registered": True, "selfUri": call.path}


@service("delete_presence_source")
def delete_source(sandbox: Sandbox, call: Call) -> Any:
    """Remove a source; what users had set there counts no longer."""
    sources = collection(sandbox, SOURCES)
    found(sources, call.ids[0])
    sources.remove(call.ids[0])
    primary = sandbox.store.table("primary_source")
    for user_id, source in list(primary.items()):
        if source == call.ids[0]:
            del primary[user_id]


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
    usual = {"userId": user_id, "status": "OFF_QUEUE", "startTime": _START}
    return usual | sandbox.store.documents.get(f"{USERS}/{user_id}/routingstatus", {})


def set_routing_status(sandbox: Sandbox, user_id: str, status: str) -> Entity:
    """Change it; nothing happens when it is what it was."""
    if routing_status(sandbox, user_id)["status"] != status:
        row = {"userId": user_id, "status": status, "startTime": sandbox.now()}
        sandbox.store.write(f"{USERS}/{user_id}/routingstatus", row)
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
        sandbox.store.table("primary_source").pop(change.entity_id, None)
