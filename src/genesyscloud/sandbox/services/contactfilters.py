"""Contact list filters: which contacts meet one, and how many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..narrow import as_object, objects, texts
from ..refusal import bad_request
from .references import current_version, entities, linked
from .registry import example_body, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Entity

__all__ = ["matching"]

FILTERS, LISTS = "/api/v2/outbound/contactlistfilters", "/api/v2/outbound/contactlists"
#: Contacts that a preview shows.
PREVIEWED = 10


def matching(contact: Entity, criteria: Entity) -> bool:
    """Whether a contact meets clauses of predicates, joined as ``filterType`` says.

    >>> matching({"data": {"Zip": "46032"}}, {"clauses": [{"predicates": [
    ...     {"column": "Zip", "operator": "BEGINS_WITH", "value": "46"}]}]})
    True
    """
    found = [_clause(contact, clause) for clause in objects(criteria.get("clauses"))]
    return (any if criteria.get("filterType") == "OR" else all)(found) if found else True


def _clause(contact: Entity, clause: Entity) -> bool:
    found = [_meets(contact, predicate) for predicate in objects(clause.get("predicates"))]
    return (any if clause.get("filterType") == "OR" else all)(found) if found else True


def _meets(contact: Entity, predicate: Entity) -> bool:
    column = str(predicate.get("column"))
    data = as_object(contact.get("data")) or {}
    text = str(contact.get("id") if column == "inin-outbound-id" else data.get(column, ""))
    numeric = predicate.get("columnType") == "numeric"
    return _compared(text, predicate, numeric=numeric) != bool(predicate.get("inverted"))


def _compared(text: str, predicate: Entity, *, numeric: bool) -> bool:
    wanted, operator = str(predicate.get("value") or ""), predicate.get("operator")
    if operator in ("BETWEEN", "IN"):
        bounds = as_object(predicate.get("range")) or {}
        if operator == "IN":
            return text.lower() in {known.lower() for known in texts(bounds.get("inSet"))}
        value, low, high = (_key(part, numeric=numeric) for part in (text, bounds.get("min"), bounds.get("max")))
        if value is None or low is None or high is None:
            return False
        over = value >= low if bounds.get("minInclusive", True) else value > low
        return over and (value <= high if bounds.get("maxInclusive", True) else value < high)
    if operator in ("CONTAINS", "BEGINS_WITH", "ENDS_WITH"):
        one, other = text.lower(), wanted.lower()
        return {
            "CONTAINS": other in one,
            "BEGINS_WITH": one.startswith(other),
            "ENDS_WITH": one.endswith(other),
        }[str(operator)]
    value, limit = _key(text, numeric=numeric), _key(wanted, numeric=numeric)
    if value is None or limit is None:
        return False
    return {
        "EQUALS": value == limit,
        "LESS_THAN": value < limit,
        "BEFORE": value < limit,
        "LESS_THAN_EQUALS": value <= limit,
        "GREATER_THAN": value > limit,
        "AFTER": value > limit,
        "GREATER_THAN_EQUALS": value >= limit,
    }.get(str(operator), False)


def _key(value: Any, *, numeric: bool) -> tuple[float, str] | None:
    """What values are compared by: numbers as numbers, text without case."""
    if not numeric:
        return 0.0, str(value or "").lower()
    try:
        return float(str(value)), ""
    except ValueError:
        return None


@service("post_outbound_contactlistfilters_preview")
def preview(sandbox: Sandbox, call: Call) -> Any:
    """How many contacts of its list meet a filter, and the first of them."""
    body = linked(sandbox, call.body)
    list_id = str((as_object(body.get("contactList")) or {}).get("id") or "")
    if not list_id:
        raise bad_request("contactList is needed to preview a filter.", code="invalid.value")
    held = entities(sandbox, f"{LISTS}/{{}}/contacts", list_id)
    found = [contact for contact in held if matching(contact, body)]
    return {"filteredContacts": len(found), "totalContacts": len(held), "preview": found[:PREVIEWED]}


@example_body(
    "post_outbound_contactlistfilters_preview", "post_outbound_contactlistfilters", "put_outbound_contactlistfilter"
)
def example_filter(sandbox: Sandbox, ids: Sequence[str]) -> Entity:
    """By postal code."""
    predicate = {"column": "Zip Code", "columnType": "alphabetic", "operator": "BEGINS_WITH", "value": "46"}
    body: Entity = {"name": "In the city", "contactList": {"id": entities(sandbox, LISTS).ids()[0]}}
    body |= {"filterType": "AND", "clauses": [{"filterType": "AND", "predicates": [predicate]}]}
    return current_version(sandbox, FILTERS, ids, body)


@service("post_outbound_contactlistfilters_bulk_retrieve")
def retrieve(sandbox: Sandbox, call: Call) -> Any:
    """The filters with these ids."""
    held = entities(sandbox, FILTERS)
    found = [held[filter_id] for filter_id in dict.fromkeys(texts(call.body.get("ids"))) if filter_id in held]
    return {"entities": found, "total": len(found), "pageSize": 25, "pageNumber": 1, "pageCount": 1}
