"""Identifiers of external contacts and organizations, and the merging of contacts.

A contact is found by its telephone numbers and addresses, which are its identifiers, and by those that were claimed
for it. One that was made by merging has the identifiers of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..narrow import as_object, objects, texts
from ..refusal import Refusal, not_found
from .externalcontacts import (
    CONTACTS,
    EMAILS,
    NOT_DIALED,
    ORGANIZATIONS,
    PHONES,
    ROOT,
    checked,
    expanded,
    found_in,
    invalid,
    kind_of,
)
from .linked import collection as entities
from .registry import example_body, example_query, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Entity

__all__: Sequence[str] = ()

CLAIMS = "external identifiers"


# --- identifiers --------------------------------------------------------------------------------


def _identifiers(sandbox: Sandbox, contact: Entity) -> list[Entity]:
    """The identifiers of a contact: its numbers and addresses, and what was claimed for it."""
    made: list[Entity] = []
    for wire in PHONES:
        number = (as_object(contact.get(wire)) or {}).get("e164")
        made += [{"type": "Phone", "value": number}] if number else []
    made += [{"type": "Email", "value": str(contact[wire])} for wire in EMAILS if contact.get(wire)]
    made += objects(sandbox.store.table(CLAIMS).get(str(contact["id"])))
    return list({(one["type"], str(one["value"]).lower()): one for one in made}.values())


def _owner(sandbox: Sandbox, identifier: Entity, path: str = CONTACTS) -> Entity | None:
    """Whose an identifier is."""
    wanted = identifier["type"], _plain(identifier)
    for entity in entities(sandbox, path):
        if "mergedTo" not in entity and any(
            (one["type"], _plain(one)) == wanted for one in _identifiers(sandbox, entity)
        ):
            return entity
    return None


def _plain(identifier: Entity) -> str:
    text = str(identifier.get("value") or "").strip().lower()
    return NOT_DIALED.sub("", text) if identifier.get("type") == "Phone" else text


@service("get_externalcontacts_contact_identifiers", "get_externalcontacts_organization_identifiers")
def list_identifiers(sandbox: Sandbox, call: Call) -> Any:
    """The identifiers of a contact or an organization."""
    return {"entities": _identifiers(sandbox, entities(sandbox, f"{ROOT}/{kind_of(call)}")[call.ids[0]])}


@service("patch_externalcontacts_contact_identifiers", "patch_externalcontacts_organization_identifiers")
def claim(sandbox: Sandbox, call: Call) -> Any:
    """Claim an identifier that nobody has, or let go of one."""
    path, entity_id = f"{ROOT}/{kind_of(call)}", call.ids[0]
    identifier = {**call.body["identifier"], "dateCreated": sandbox.now()}
    table = sandbox.store.table(CLAIMS)
    kept = [one for one in objects(table.get(entity_id)) if _plain(one) != _plain(identifier)]
    owner = _owner(sandbox, identifier, path)
    if call.body["operation"] == "Release":
        if owner is None or owner["id"] != entity_id:
            raise not_found("The identifier")
    elif owner is not None and owner["id"] != entity_id:
        message = f"The identifier is claimed by {owner['id']}."
        raise Refusal(409, "general.conflict", message, entity_id=entity_id, params={"claimedBy": str(owner["id"])})
    else:
        kept.append(identifier)
    table[entity_id] = kept
    return identifier


@example_body("patch_externalcontacts_contact_identifiers", "patch_externalcontacts_organization_identifiers")
def example_claim(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """An address that nobody has."""
    kind = "Email" if ids[0] in entities(sandbox, CONTACTS) else "ExternalId"
    return {"operation": "Claim", "identifier": {"type": kind, "value": "nobody-yet@example.com"}}


@service(
    "post_externalcontacts_identifierlookup", "post_externalcontacts_identifierlookup_contacts",
    "post_externalcontacts_identifierlookup_organizations",
)  # fmt: skip
def lookup(sandbox: Sandbox, call: Call) -> Any:
    """Whose an identifier is."""
    path = ORGANIZATIONS if call.record.path.endswith("organizations") else CONTACTS
    owner = _owner(sandbox, call.body, path)
    if owner is None:
        raise not_found("An entity with this identifier")
    return expanded(sandbox, call, owner)


@example_body("post_externalcontacts_identifierlookup", "post_externalcontacts_identifierlookup_contacts")
def example_lookup(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """By address."""
    found = (one for one in entities(sandbox, CONTACTS) if one.get("workEmail") and "mergedTo" not in one)
    return {"type": "Email", "value": next(found)["workEmail"]}


@example_body("post_externalcontacts_identifierlookup_organizations")
def example_organization_lookup(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """By what was claimed for the first organization before."""
    held = entities(sandbox, ORGANIZATIONS)
    found: Entity = {"type": "ExternalId", "value": "nobody-yet@example.com"}
    if _owner(sandbox, found, ORGANIZATIONS) is None:
        sandbox.store.table(CLAIMS)[held.ids()[0]] = [found]
    return found


@service("get_externalcontacts_reversewhitepageslookup")
def reverse_lookup(sandbox: Sandbox, call: Call) -> Any:
    """Whose number or address it could be: those of contacts, and those of organizations."""
    text = str(call.query["lookupVal"]).lower()
    text = NOT_DIALED.sub("", text) if "@" not in text else text
    found = [c for c in found_in(sandbox, CONTACTS, "", ()) if text in map(_plain, _identifiers(sandbox, c))]
    companies = [
        one for one in entities(sandbox, ORGANIZATIONS) if (as_object(one.get("phoneNumber")) or {}).get("e164") == text
    ]
    return {"contacts": [expanded(sandbox, call, one) for one in found], "externalOrganizations": companies}


@example_query("get_externalcontacts_reversewhitepageslookup")
def example_value(sandbox: Sandbox) -> dict[str, str]:
    """A number."""
    return {"lookupVal": "+14635550001"}


# --- merging ------------------------------------------------------------------------------------


@service("post_externalcontacts_contacts_merge")
def merge(sandbox: Sandbox, call: Call) -> Any:
    """Make one contact of two: what the first one lacks comes from the second, unless the body says otherwise."""
    held, ids = entities(sandbox, CONTACTS), list(dict.fromkeys(texts(call.body["contactIds"])))
    if len(ids) != 2:
        raise invalid("contactIds", "Two contacts are merged at a time.")
    for contact_id in ids:
        if contact_id not in held or "mergedTo" in held[contact_id]:
            raise not_found("contact", contact_id)
    first, second = held[ids[0]], held[ids[1]]
    said = checked(sandbox, {w: v for w, v in (as_object(call.body.get("valueOverride")) or {}).items() if w != "id"})
    made = {**second, **{w: v for w, v in first.items() if v not in (None, "", [])}, **said}
    new_id = sandbox.store.new_id(held.shape)
    uri, now = f"{CONTACTS}/{new_id}", sandbox.now()
    refs = [{"id": contact_id, "selfUri": f"{CONTACTS}/{contact_id}"} for contact_id in ids]
    made |= {"id": new_id, "selfUri": uri, "createDate": now, "modifyDate": now, "type": "Curated", "mergedFrom": refs}
    table = sandbox.store.table(CLAIMS)
    table[new_id] = [one for contact in (first, second) for one in _identifiers(sandbox, contact)]
    held.put(new_id, made)
    for contact in (first, second):
        held.put(contact["id"], {**contact, "mergedTo": {"id": new_id, "selfUri": uri}})
    return made


@example_body("post_externalcontacts_contacts_merge")
def example_merge(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """The second and the third."""
    return {"contactIds": [c["id"] for c in entities(sandbox, CONTACTS) if "mergedTo" not in c][1:3]}
