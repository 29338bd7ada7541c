"""Outbound: numbers and addresses that are not to be contacted, and campaigns.

A campaign that is on calls the contacts of its list one after the other, as the clock goes
(``Settings.outbound_calls_per_minute``), until all were called. Nobody keeps count: it follows from when it was
turned on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..crud import generic, page
from ..files import keep, presigned, taker
from ..filters import filters_of, sort
from ..narrow import as_object, objects, texts
from ..refusal import Refusal, bad_request, not_found
from .contactfilters import matching
from .contactlists import LISTS, asked_for, contacts, note_import, read_csv, start_export, write_csv
from .linked import check_version
from .references import current_version, delete_unused, entities, linked, pointed
from .registry import example_body, seeder, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

__all__ = ["import_numbers"]

DNC = "/api/v2/outbound/dnclists"
CAMPAIGNS, MESSAGING = "/api/v2/outbound/campaigns", "/api/v2/outbound/messagingcampaigns"
MAPPINGS = "/api/v2/outbound/wrapupcodemappings"
NUMBERS, RUNS = "outbound dnc", "outbound runs"
#: By end of path: the kind of entry, and the properties of the body of PATCH that hold them.
KINDS = {
    "phonenumbers": ("phone", "phoneNumbers"),
    "emailaddresses": ("email", "emailAddresses"),
    "whatsappnumbers": ("whatsapp", "whatsAppNumbers"),
    "customexclusioncolumns": ("custom", "customExclusionColumnEntries"),
}


# --- not to be contacted ------------------------------------------------------------------------


def _dnc(sandbox: Sandbox, list_id: str) -> Entity:
    found = entities(sandbox, DNC).get(list_id)
    if found is None:
        raise not_found("DNC list", list_id)
    return found


@seeder(DNC)
def a_dnc_list(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A list of the organization's own."""
    for wire in ("importStatus", "size", "loginId", "campaignId", "dncCodes", "licenseId"):
        entity.pop(wire, None)
    entity |= {"dncSourceType": "rds", "contactMethod": "Phone"}


def _numbers(sandbox: Sandbox, list_id: str) -> dict[str, Any]:
    """The entries of a list, by kind and text, with the time until which they count."""
    return dict(as_object(sandbox.store.table(NUMBERS).get(list_id)) or {})


@service("post_outbound_dnclists")
def create_dnc(sandbox: Sandbox, call: Call) -> Any:
    """A new list; one of another company's needs what that company knows it by."""
    body = call.body
    needed = {"dnc.com": "loginId", "gryphon": "licenseId"}.get(body["dncSourceType"])
    if needed and not body.get(needed):
        details = [{"errorCode": "required", "fieldName": needed}]
        raise bad_request(f"A list of {body['dncSourceType']} needs {needed}.", code="invalid.value", details=details)
    return generic(sandbox, call)


@example_body("post_outbound_dnclists", "put_outbound_dnclist")
def example_dnc(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """A list of the organization's own."""
    return current_version(sandbox, DNC, ids, {"name": "Do not call", "dncSourceType": "rds", "contactMethod": "Phone"})


@service("get_outbound_dnclist", "get_outbound_dnclists_divisionview")
def read_dnc(sandbox: Sandbox, call: Call) -> Any:
    """A list."""
    return asked_for(sandbox, call, _dnc(sandbox, call.ids[0]), _numbers)


@service("get_outbound_dnclists", "get_outbound_dnclists_divisionviews")
def list_dnc(sandbox: Sandbox, call: Call) -> Any:
    """The lists."""
    reply = _listed(sandbox, call, list(entities(sandbox, DNC)))
    reply["entities"] = [asked_for(sandbox, call, item, _numbers) for item in reply["entities"]]
    return reply


def _listed(sandbox: Sandbox, call: Call, found: Sequence[Entity]) -> Any:
    listing = sandbox.shapes.listing(call.record)
    assert listing is not None
    tests = filters_of(call.query, sandbox.shapes.item_properties(listing))
    return page(sandbox, call, listing, sort([x for x in found if all(test(x) for test in tests)], call.query))


@service("delete_outbound_dnclist")
def delete_dnc(sandbox: Sandbox, call: Call) -> Any:
    """Delete a list with its entries, unless something uses it."""
    delete_unused(sandbox, call)
    sandbox.store.table(NUMBERS).pop(call.ids[0], None)


@service(*(f"{verb}_outbound_dnclist_{kind}" for kind in KINDS for verb in ("post", "patch", "delete")))
def change_numbers(sandbox: Sandbox, call: Call) -> Any:
    """Add entries, or remove them: those named, those that count no more, or all."""
    list_id = call.ids[0]
    if _dnc(sandbox, list_id).get("dncSourceType") not in ("rds", "rds_custom"):
        raise bad_request("The entries of a list of another company cannot be changed.", code="invalid.value")
    kind, wire = KINDS[call.record.path.rpartition("/")[2]]
    held, body = _numbers(sandbox, list_id), as_object(call.body) or {}
    if call.record.method == "DELETE":
        now, expired = sandbox.now(), bool(call.query.get("expiredOnly"))
        gone = {key for key, until in held.items() if not expired or (until and _at(until) <= _at(now))}
        held = {key: until for key, until in held.items() if key not in gone or not key.startswith(f"{kind} ")}
    else:
        given = texts(call.body) or texts(body.get(wire))
        keys = [f"{kind} {text.strip()}" for text in given if text.strip()]
        until = body.get("expirationDateTime") or call.query.get("expirationDateTime") or ""
        if until:
            _at(str(until))
        if body.get("action") == "Remove":
            held = {key: value for key, value in held.items() if key not in keys}
        else:
            held |= dict.fromkeys(keys, str(until))
    sandbox.store.table(NUMBERS)[list_id] = held


def _at(text: str) -> float:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise bad_request(f"{text} is not a date-time.", code="invalid.date") from None


@example_body("patch_outbound_dnclist_phonenumbers")
def example_numbers(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """One number."""
    return {"action": "Add", "phoneNumbers": ["+13175550199"]}


@example_body("patch_outbound_dnclist_emailaddresses")
def example_addresses(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """One address."""
    return {"action": "Add", "emailAddresses": ["nobody@example.com"]}


@example_body("patch_outbound_dnclist_whatsappnumbers")
def example_whatsapp(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """One number."""
    return {"action": "Add", "whatsAppNumbers": ["+13175550199"]}


@example_body("patch_outbound_dnclist_customexclusioncolumns")
def example_custom(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """One value."""
    return {"action": "Add", "customExclusionColumnEntries": ["closed"]}


def import_numbers(sandbox: Sandbox, fields: Entity, data: bytes) -> None:
    """Put what a file has in the columns that the fields name into a list."""
    list_id, failure, found = str(fields.get("id") or ""), "", dict[str, str]()
    _dnc(sandbox, list_id)
    columns = {
        kind: [name.strip() for name in str(fields.get(wire) or "").split(",") if name.strip()]
        for kind, wire in (
            ("phone", "phoneColumns"), ("email", "emailColumns"), ("whatsapp", "whatsAppColumns"),
            ("custom", "customExclusionColumns"),
        )
    }  # fmt: skip
    try:
        rows = read_csv(data)
    except ValueError as error:
        rows, failure = [], f"The file cannot be read: {error}."
    named = [name for names in columns.values() for name in names]
    if not failure and not any(name in row for row in rows[:1] for name in named):
        failure = "The file has none of the columns that are named in phoneColumns and emailColumns."
    until = str(fields.get("expirationDateTimeColumn") or "")
    for row in rows if not failure else ():
        for kind, names in columns.items():
            found |= {f"{kind} {row[n].strip()}": row.get(until, "") for n in names if row.get(n, "").strip()}
    sandbox.store.table(NUMBERS)[list_id] = _numbers(sandbox, list_id) | found
    note_import(sandbox, list_id, len(rows), failure)


@service("post_outbound_dnclists_uploads")
def start_upload(sandbox: Sandbox, call: Call) -> Any:
    """A signed address for a file of numbers."""
    _dnc(sandbox, str(call.body["id"]))
    wires = ("id", "phoneColumns", "emailColumns", "whatsAppColumns", "customExclusionColumns")
    details = {wire: call.body.get(wire) for wire in (*wires, "expirationDateTimeColumn")}
    return presigned(sandbox, call, "dnclist", details)


@example_body("post_outbound_dnclists_uploads")
def example_upload(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """For the first list."""
    return {"contentType": "text/csv", "id": entities(sandbox, DNC).ids()[0], "phoneColumns": "Phone"}


@taker("dnclist")
def take_numbers(sandbox: Sandbox, key: str, details: Entity, data: bytes) -> None:
    """The file is there."""
    import_numbers(sandbox, details, data)


@service("post_outbound_dnclist_export")
def export(sandbox: Sandbox, call: Call) -> Any:
    """Write the entries to a file."""
    dnc, rows = _dnc(sandbox, call.ids[0]), list[tuple[str, str, str]]()
    for key, until in _numbers(sandbox, call.ids[0]).items():
        kind, _, text = key.partition(" ")
        rows.append((kind, text, until))
    data = write_csv(["type", "value", "expirationDateTime"], rows)
    start_export(sandbox, call.ids[0], keep(sandbox, f"{dnc.get('name') or 'dnc'}.csv", "text/csv", data))
    return {"id": call.ids[0], "name": dnc.get("name"), "selfUri": f"{DNC}/{call.ids[0]}/export"}


# --- campaigns ----------------------------------------------------------------------------------


@seeder(CAMPAIGNS)
def a_campaign(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A campaign that is off."""
    entity |= pointed(sandbox, entity, collection.place(str(entity["id"])))
    for wire in ("errors", "contactSort", "contactSorts", "skillColumns", "agentOwnedColumn", "dncLists"):
        entity.pop(wire, None)
    lists = entities(sandbox, LISTS)
    first = str(entity["contactList"]["id"])
    entity |= {"campaignStatus": "off", "dialingMode": "agentless", "alwaysRunning": False}
    entity["phoneColumns"] = [dict(column) for column in objects(lists[first].get("phoneColumns"))]


def _checked(sandbox: Sandbox, body: Entity) -> Entity:
    """A campaign that can be turned on."""
    made = linked(sandbox, body)
    contact_list = entities(sandbox, LISTS)[str(made["contactList"]["id"])]
    known = {str(column["columnName"]) for column in objects(contact_list.get("phoneColumns"))}
    for column in objects(made.get("phoneColumns")):
        if column.get("columnName") not in known:
            raise bad_request(
                f"phoneColumns: {column.get('columnName')} is no phone column of the contact list.",
                code="invalid.value", details=[{"errorCode": "invalid.value", "fieldName": "phoneColumns"}],
            )  # fmt: skip
    if made.get("dialingMode") not in ("agentless", "external") and not made.get("queue"):
        details = [{"errorCode": "required", "fieldName": "queue"}]
        message = f"A campaign with the dialing mode {made.get('dialingMode')} needs a queue."
        raise bad_request(message, code="invalid.value", details=details)
    for wire in ("contactListFilters",):
        for given in objects(made.get(wire)):
            of = as_object(entities(sandbox, f"/api/v2/outbound/{wire.lower()}")[given["id"]].get("contactList")) or {}
            if of.get("id") != contact_list["id"]:
                raise bad_request(f"{wire}: the filter is one of another contact list.", code="invalid.value")
    return made


@service("post_outbound_campaigns")
def create_campaign(sandbox: Sandbox, call: Call) -> Any:
    """A new campaign; off unless it says otherwise."""
    body = _checked(sandbox, {"campaignStatus": "off", **call.body})
    made = generic(sandbox, call._replace(body=body))
    _turned(sandbox, str(made["id"]), "off", str(made.get("campaignStatus")))
    return made


@service("put_outbound_campaign")
def change_campaign(sandbox: Sandbox, call: Call) -> Any:
    """Change a campaign, and turn it on or off."""
    before = _campaign(sandbox, call.ids[0])
    body = _checked(sandbox, {"campaignStatus": before["campaignStatus"], **call.body})
    if body["campaignStatus"] not in ("on", "off"):
        body["campaignStatus"] = before["campaignStatus"]
    made = generic(sandbox, call._replace(body=body))
    _turned(sandbox, call.ids[0], str(before["campaignStatus"]), str(body["campaignStatus"]))
    return made


@example_body("post_outbound_campaigns", "put_outbound_campaign")
def example_campaign(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """A recorded message to the first list."""
    first = next(iter(entities(sandbox, LISTS)))
    body: Entity = {"name": "Reminders", "contactList": {"id": first["id"]}, "dialingMode": "agentless"}
    body |= {"phoneColumns": first.get("phoneColumns") or [], "callerName": "Example", "callerAddress": "+13175550100"}
    return current_version(sandbox, CAMPAIGNS, ids, body)


def _turned(sandbox: Sandbox, campaign_id: str, before: str, after: str) -> None:
    """Keep when a campaign that was turned on began to call; what it has done goes on from there."""
    if before == after or "on" not in (before, after):
        return
    run: Entity = {"called": _called(sandbox, campaign_id), "since": sandbox.seconds() if after == "on" else None}
    sandbox.store.table(RUNS)[campaign_id] = run


def _total(sandbox: Sandbox, campaign: Entity) -> int:
    list_id = str((as_object(campaign.get("contactList")) or {}).get("id"))
    if list_id not in entities(sandbox, LISTS):
        return 0
    filters = [entities(sandbox, "/api/v2/outbound/contactlistfilters").get(str(given["id"]))
               for given in objects(campaign.get("contactListFilters"))]  # fmt: skip
    held = contacts(sandbox, list_id)
    wanted = [found for found in filters if found is not None]
    return sum(all(matching(c, f) for f in wanted) for c in held) if wanted else len(held)


def _called(sandbox: Sandbox, campaign_id: str) -> int:
    run = as_object(sandbox.store.table(RUNS).get(campaign_id)) or {"called": 0, "since": None}
    if run["since"] is None:
        return int(run["called"])
    rate = sandbox.settings.outbound_calls_per_minute / 60
    done = int(run["called"]) + int(max(0.0, sandbox.seconds() - run["since"]) * rate)
    return min(done, _total(sandbox, _stored(sandbox, campaign_id)))


def _stored(sandbox: Sandbox, campaign_id: str) -> Entity:
    found = entities(sandbox, CAMPAIGNS).get(campaign_id)
    if found is None:
        raise not_found("campaign", campaign_id)
    return found


def _campaign(sandbox: Sandbox, campaign_id: str) -> Entity:
    """A campaign as it is now: complete when all its contacts were called."""
    return {"campaignStatus": "off", **_now(sandbox, _stored(sandbox, campaign_id))}


def _now(sandbox: Sandbox, campaign: Entity) -> Entity:
    if campaign.get("campaignStatus") != "on" or campaign.get("alwaysRunning"):
        return campaign
    total = _total(sandbox, campaign)
    done = total and _called(sandbox, str(campaign["id"])) >= total
    return {**campaign, "campaignStatus": "complete"} if done else campaign


@service("get_outbound_campaign", "get_outbound_campaigns_divisionview")
def read_campaign(sandbox: Sandbox, call: Call) -> Any:
    """A campaign."""
    return _campaign(sandbox, call.ids[0])


@service("get_outbound_campaigns", "get_outbound_campaigns_divisionviews")
def list_campaigns(sandbox: Sandbox, call: Call) -> Any:
    """The campaigns."""
    return _listed(sandbox, call, [_now(sandbox, campaign) for campaign in entities(sandbox, CAMPAIGNS)])


@service("get_outbound_campaigns_all", "get_outbound_campaigns_all_divisionviews")
def list_all(sandbox: Sandbox, call: Call) -> Any:
    """Campaigns of every medium."""
    found = [{**campaign, "mediaType": "voice"} for campaign in entities(sandbox, CAMPAIGNS)]
    for campaign in entities(sandbox, MESSAGING):
        media = next((m for m in ("email", "sms", "whatsApp") if campaign.get(f"{m}Config")), "sms").lower()
        found.append({**campaign, "mediaType": media})
    return _listed(sandbox, call, found)


@service("delete_outbound_campaign")
def delete_campaign(sandbox: Sandbox, call: Call) -> Any:
    """Delete a campaign that is not on."""
    if _campaign(sandbox, call.ids[0])["campaignStatus"] == "on":
        raise Refusal(409, "general.conflict", "The campaign is on: turn it off first.", entity_id=call.ids[0])
    sandbox.store.table(RUNS).pop(call.ids[0], None)
    return delete_unused(sandbox, call)


@service("post_outbound_campaign_start", "post_outbound_campaign_stop")
def switch(sandbox: Sandbox, call: Call) -> Any:
    """Turn a campaign on or off."""
    campaign = _campaign(sandbox, call.ids[0])
    after = "on" if call.record.name.endswith("start") else "off"
    _turned(sandbox, call.ids[0], str(campaign["campaignStatus"]), after)
    if campaign["campaignStatus"] != after:
        made = {**campaign, "campaignStatus": after, "dateModified": sandbox.now()}
        if isinstance(campaign.get("version"), int):
            made["version"] = campaign["version"] + 1
        entities(sandbox, CAMPAIGNS).put(call.ids[0], made)


def _progress(sandbox: Sandbox, campaign: Entity) -> Entity:
    called, total = _called(sandbox, str(campaign["id"])), _total(sandbox, campaign)
    return {
        "campaign": {"id": campaign["id"], "name": campaign.get("name")}, "contactList": campaign["contactList"],
        "numberOfContactsCalled": called, "numberOfContactsMessaged": 0, "totalNumberOfContacts": total,
        "percentage": called * 100 // total if total else 0, "numberOfContactsSkipped": {},
    }  # fmt: skip


@service("get_outbound_campaign_progress")
def progress(sandbox: Sandbox, call: Call) -> Any:
    """How far a campaign is."""
    return _progress(sandbox, _stored(sandbox, call.ids[0]))


@service("post_outbound_campaigns_progress")
def progress_of_many(sandbox: Sandbox, call: Call) -> Any:
    """How far campaigns are."""
    return [_progress(sandbox, _stored(sandbox, campaign_id)) for campaign_id in texts(call.body)]


@example_body("post_outbound_campaigns_progress")
def example_progress(sandbox: Sandbox, ids: Sequence[str]) -> list[str]:
    """Of two."""
    return entities(sandbox, CAMPAIGNS).ids()[:2]


@service("delete_outbound_campaign_progress")
def recycle(sandbox: Sandbox, call: Call) -> Any:
    """Begin again with the first contact."""
    on = _campaign(sandbox, call.ids[0])["campaignStatus"] == "on"
    sandbox.store.table(RUNS)[call.ids[0]] = {"called": 0, "since": sandbox.seconds() if on else None}


@service("get_outbound_campaign_stats")
def stats(sandbox: Sandbox, call: Call) -> Any:
    """What a campaign is doing; every second call reaches somebody."""
    called = _called(sandbox, _stored(sandbox, call.ids[0])["id"])
    ratio = (called // 2) / called if called else 0.0
    rate = {"attempts": called, "connects": called // 2, "connectRatio": ratio}
    return {
        "contactRate": rate, "idleAgents": 0, "effectiveIdleAgents": 0.0, "adjustedCallsPerAgent": 0.0,
        "outstandingCalls": 0, "scheduledCalls": 0, "timeZoneRescheduledCalls": 0, "filteredOutContactsCount": 0,
        "rightPartyContactsCount": called // 4, "validAttempts": called,
    }  # fmt: skip


@service("put_outbound_wrapupcodemappings")
def write_mappings(sandbox: Sandbox, call: Call) -> Any:
    """What wrap-up codes mean for contacts; the codes exist."""
    codes = entities(sandbox, "/api/v2/routing/wrapupcodes")
    for code in as_object(call.body.get("mapping")) or {}:
        if code not in codes:
            raise bad_request(f"mapping: there is no wrap-up code with id {code}.", code="invalid.value")
    before = _mappings(sandbox)
    check_version("", call.body.get("version"), before["version"])
    body = {wire: value for wire, value in call.body.items() if value is not None}
    made = {**before, **body, "version": before["version"] + 1, "dateModified": sandbox.now()}
    sandbox.store.write(MAPPINGS, made)
    return made


@service("get_outbound_wrapupcodemappings")
def read_mappings(sandbox: Sandbox, call: Call) -> Any:
    """What wrap-up codes mean for contacts: at first, nothing special."""
    return _mappings(sandbox)


def _mappings(sandbox: Sandbox) -> Entity:
    first: Entity = {"version": 1, "defaultSet": ["RIGHT_PARTY_CONTACT"], "mapping": {}, "selfUri": MAPPINGS}
    return sandbox.store.documents.get(MAPPINGS) or first


@example_body("put_outbound_wrapupcodemappings")
def example_mappings(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """The first code means that nobody is to call again."""
    body: Entity = {"mapping": {entities(sandbox, "/api/v2/routing/wrapupcodes").ids()[0]: ["CONTACT_UNCALLABLE"]}}
    return {**body, "defaultSet": [], "version": _mappings(sandbox)["version"]}
