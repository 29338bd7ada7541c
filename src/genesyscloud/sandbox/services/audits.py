"""Audits: who changed what, and when; written down for every change that a call makes.

The table ``audits`` holds a row per change, by a number that grows; the oldest are dropped beyond
``ROWS``. A row is ``{"at", "user", "client", "service", "entity", "action", "id", "name", "transaction", "changes"}``:
what a reply tells of it is made when it is read. Queries that take a while are in ``audit_queries``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from ...redact import HIDDEN, is_secret_name, shown_body
from ..crud import page
from ..jobs import shown_state
from ..narrow import as_list, as_object, objects
from ..refusal import bad_request, not_found
from ..rng import seeded_uuid
from ..shapes import Listing
from . import identity
from .auditnames import ACTIONS, KNOWN, subject
from .linked import after, interval, moment
from .registry import example_body, example_ids, listener, service
from .users import user_reference

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Change, Entity

TABLE = "audits"
QUERIES = "audit_queries"
COUNT = "audit_numbers"
JSON = {"content-type": "application/json"}
#: Rows that are kept, and how many are dropped at once when there are more.
ROWS = 20_000
DROPPED = 1_000
#: Characters of a value that an audit tells, and properties of an entity.
LONGEST = 500
PROPERTIES = 25
#: Properties whose changes say nothing.
SILENT = {"version", "dateModified", "modifiedDate", "modifiedBy", "selfUri", "userMemberCount",
          "joinedMemberCount", "primaryContactInfo"}  # fmt: skip
#: Days between the ends of an interval, at most, by kind of query.
DAYS = 30
REALTIME_DAYS = 14
FILTERS = {"UserId": "user", "ClientId": "client", "Action": "action", "EntityType": "entity", "EntityId": "id"}


# --- writing ------------------------------------------------------------------------------------


@listener
def note(sandbox: Sandbox, change: Change) -> None:
    """Write down a change that a call has made; what is seeded is not the doing of anybody."""
    call = sandbox.call
    if call is None or change.before == change.after:
        return
    about = subject(change.path, change.shape)
    entity = change.after if change.after is not None else change.before or {}
    changes = differences(change.before or {}, change.after or {})
    if change.before is not None and change.after is not None and not changes:
        return
    rows = sandbox.store.table(TABLE)
    number = last_number(sandbox) + 1
    sandbox.store.table(COUNT)["last"] = number
    row: Entity = {
        "at": sandbox.now(),
        "user": sandbox.actor,
        "client": sandbox.login.token(f"Bearer {call.token}")[1].client_id if call.token else "",
        "service": about.service,
        "entity": about.entity,
        "action": "Create" if change.before is None else "Delete" if change.after is None else "Update",
        "id": change.entity_id or str(entity.get("id") or change.path),
        "name": str(entity.get("name") or ""),
        "transaction": _transaction(sandbox, call, number),
        "changes": changes,
    }
    rows[str(number)] = row
    topic = f"v2.audits.entitytype.{row['entity']}.entityid.{row['id']}"
    # A document without an id of its own has no topic either: its path would be no segment of one.
    if sandbox.topics.find(topic) is not None:
        sandbox.events.publish(topic, message(sandbox, number, row, ("user",)))
    if len(rows) > ROWS:
        for key in list(rows)[:DROPPED]:
            del rows[key]


def last_number(sandbox: Sandbox) -> int:
    """The number of the audit that was written last; 0 when there is none."""
    return int(sandbox.store.table(COUNT).get("last", 0))


def _transaction(sandbox: Sandbox, call: Call, number: int) -> int:
    """The number of the first audit of the same call."""
    known = sandbox.store.memory.get(TABLE)
    if known is None or known[0] is not call:
        known = sandbox.store.memory[TABLE] = (call, number)
    return int(known[1])


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[list[str]]]:
    """What differs between two states: by property the old and the new values, as text."""
    found: dict[str, list[list[str]]] = {}
    for wire in [*after, *(key for key in before if key not in after)]:
        old, new = before.get(wire), after.get(wire)
        if old == new or wire in SILENT or len(found) >= PROPERTIES:
            continue
        hidden = is_secret_name(wire)
        found[wire] = [[HIDDEN] if hidden and texts else texts for texts in (_texts(old), _texts(new))]
    return found


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    items = as_list(value)
    return [_text(item) for item in (items if items is not None else [value])][:PROPERTIES]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value[:LONGEST]
    entry = as_object(value)
    if entry is not None and isinstance(entry.get("id"), str):
        return entry["id"]
    return shown_body(msgspec.json.encode(value), JSON)[:LONGEST]


# --- reading ------------------------------------------------------------------------------------


def _criteria(request: Entity) -> list[tuple[str, str]]:
    """What rows must be like: pairs of a column and a value, in lower case."""
    found: list[tuple[str, str]] = []
    if request.get("serviceName"):
        found.append(("service", str(request["serviceName"]).lower()))
    for wanted in objects(request.get("filters")):
        column = FILTERS.get(str(wanted.get("property")))
        if column:
            found.append((column, str(wanted.get("value") or "").lower()))
    return found


def matching(sandbox: Sandbox, request: Entity, last: int) -> list[tuple[int, Entity]]:
    """The audits that a request asks for, by number, up to the one numbered ``last``."""
    start, end = interval(request.get("interval"))
    criteria = _criteria(request)
    found: list[tuple[int, Entity]] = []
    for key, row in sandbox.store.table(TABLE).items():
        if (
            int(key) <= last
            and start <= moment(row["at"]) < end
            and all(str(row[column]).lower() == value for column, value in criteria)
        ):
            found.append((int(key), row))
    orders = objects(request.get("sort"))
    upwards = bool(orders) and str(orders[0].get("sortOrder")).lower() == "ascending"
    return found if upwards else found[::-1]


def message(sandbox: Sandbox, number: int, row: Entity, expand: Sequence[str] = ()) -> Entity:
    """An audit as a reply tells it."""
    user = user_reference(sandbox, row["user"]) if row["user"] else None
    if user is not None and "user" not in expand:
        user = {"id": user["id"], "selfUri": user["selfUri"]}
    name = row["name"] or row["id"]
    params = {"entity": row["entity"], "name": name, "action": row["action"]}
    client = {"client": {"id": row["client"], "selfUri": f"/api/v2/oauth/clients/{row['client']}"}}
    return {
        "id": _audit_id(sandbox, number),
        "userHomeOrgId": identity.organization(sandbox)["id"],
        **({"user": user} if user is not None else {}),
        **(client if row["client"] else {}),
        "serviceName": row["service"],
        "level": "USER",
        "eventDate": row["at"],
        "message": {
            "message": f"{row['entity']} {name}: {row['action']}",
            "messageWithParams": "{entity} {name}: {action}",
            "messageParams": params,
        },
        "action": row["action"],
        "entity": {"id": row["id"], "name": row["name"]},
        "entityType": row["entity"],
        "status": "SUCCESS",
        "initiatingAction": {"transactionId": _audit_id(sandbox, row["transaction"])},
        "transactionInitiator": row["transaction"] == number,
        "propertyChanges": [
            {"property": wire, "oldValues": old, "newValues": new} for wire, (old, new) in row["changes"].items()
        ],
        "context": {},
    }


def _audit_id(sandbox: Sandbox, number: int) -> str:
    return seeded_uuid(sandbox.settings.seed, TABLE, number)


def _checked(sandbox: Sandbox, request: Entity, days: int, *, recent: bool) -> None:
    """Refuse an interval that is too long, or that began too long ago.

    Raises:
        Refusal: 400.
    """
    start, end = interval(request.get("interval"))
    if (end - start).total_seconds() > days * 86_400:
        raise bad_request(f"interval is longer than {days} days.", code="invalid.date")
    if recent and (moment(sandbox.now()) - start).total_seconds() > days * 86_400:
        raise bad_request(f"interval began more than {days} days ago.", code="invalid.date")


@service("post_audits_query_realtime")
def realtime(sandbox: Sandbox, call: Call) -> Any:
    """The audits of the last days, at once."""
    _checked(sandbox, call.body, REALTIME_DAYS, recent=True)
    chosen = matching(sandbox, call.body, last_number(sandbox))
    return _page(sandbox, call, chosen, call.body)


def _page(sandbox: Sandbox, call: Call, chosen: Sequence[tuple[int, Entity]], body: Any = None) -> Any:
    # The page is one of places: what ``expand`` may name is shown without it, too, only with less in it.
    found = page(sandbox, call, Listing("entities", "o"), range(len(chosen)), body)
    expand = call.query.get("expand") or ()
    shown = [chosen[int(at)] for at in found["entities"]]
    told = [message(sandbox, number, row, expand) for number, row in shown]
    return {**found, "entities": told}


@service("post_audits_query_realtime_related")
def related(sandbox: Sandbox, call: Call) -> Any:
    """The audits of the call that one audit is of."""
    rows = sandbox.store.table(TABLE)
    wanted = str(call.body.get("auditId") or "")
    number = next((int(key) for key in rows if _audit_id(sandbox, int(key)) == wanted), 0)
    if not number:
        raise not_found("audit", wanted)
    transaction = rows[str(number)]["transaction"]
    expand: Sequence[str] = call.query.get("expand") or ()
    found = [(int(key), row) for key, row in rows.items() if row["transaction"] == transaction]
    return {"entities": [message(sandbox, number, row, expand) for number, row in found]}


@service("post_audits_query")
def start(sandbox: Sandbox, call: Call) -> Any:
    """Start a query; what happens later is not in its results."""
    _checked(sandbox, call.body, DAYS, recent=False)
    job = sandbox.store.new_job()
    row = {"request": call.body, "startDate": sandbox.now(), "last": last_number(sandbox)}
    sandbox.store.table(QUERIES)[job] = row
    return shown_state(sandbox, call, _status(job, row), [job], poll=False)


def _status(job: str, row: Entity) -> Entity:
    return {**row["request"], "id": job, "state": "Queued", "startDate": row["startDate"]}


def _query(sandbox: Sandbox, job: str) -> Entity:
    row = sandbox.store.table(QUERIES).get(job)
    if row is None:
        raise not_found("audit query", job)
    return row


@service("get_audits_query_transaction_id")
def status(sandbox: Sandbox, call: Call) -> Any:
    """How a query is doing."""
    row = _query(sandbox, call.ids[0])
    return shown_state(sandbox, call, _status(call.ids[0], row), call.ids)


@service("get_audits_query_transaction_id_results", parents=False)
def results(sandbox: Sandbox, call: Call) -> Any:
    """What a query found, once it is done."""
    row = _query(sandbox, call.ids[0])
    shown_state(sandbox, call, None, call.ids, poll=False, finished=True)
    found = _page(sandbox, call, matching(sandbox, row["request"], row["last"]))
    return {**found, "id": call.ids[0]}


@service("get_audits_query_servicemapping", "get_audits_query_realtime_servicemapping")
def mapping(sandbox: Sandbox, call: Call) -> Any:
    """What can be asked for: services, their entities, and what is done to those."""
    found: dict[str, list[Entity]] = {}
    for about in dict.fromkeys(KNOWN.values()):
        found.setdefault(about.service, []).append({"name": about.entity, "actions": list(ACTIONS)})
    return {"services": [{"name": name, "entities": entities} for name, entities in found.items()]}


# --- examples -----------------------------------------------------------------------------------


@example_body("post_audits_query", "post_audits_query_realtime")
def example_query(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Today."""
    return {"interval": f"{after(sandbox, -3600)}/{after(sandbox, 60)}"}


@example_ids("get_audits_query_transaction_id", "get_audits_query_transaction_id_results")
def example_done(sandbox: Sandbox) -> list[str]:
    """A query that is done."""
    queries = sandbox.store.table(QUERIES)
    done = [job for job in queries if sandbox.store.jobs.get(job, 0) > sandbox.settings.job_polls]
    if not done:
        job = sandbox.store.new_job()
        sandbox.store.jobs[job] = sandbox.settings.job_polls + 1
        queries[job] = {"request": example_query(sandbox, []), "startDate": sandbox.now(), "last": last_number(sandbox)}
        done = [job]
    return done[:1]


@example_body("post_audits_query_realtime_related")
def example_related(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """An audit that there is; one is written where there is none."""
    rows = sandbox.store.table(TABLE)
    if not rows:
        sandbox.store.table(COUNT)["last"] = 1
        rows["1"] = {"at": sandbox.now(), "user": sandbox.admin_id, "client": "", "service": "Directory",
                     "entity": "User", "action": "Update", "id": sandbox.admin_id, "name": "", "transaction": 1,
                     "changes": {}}  # fmt: skip
    return {"auditId": _audit_id(sandbox, int(next(iter(rows))))}
