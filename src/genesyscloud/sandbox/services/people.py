"""What else there is about a user: whom one reports to, favourites, skills of the profile, absence, forwarding,
identifiers in other systems.

Tables: ``favorites`` and ``external_ids`` hold a list per user.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..crud import page, patched
from ..narrow import as_object
from ..refusal import bad_request, not_found
from ..shapes import Listing
from .linked import moment, require_text, taken
from .registry import example_body, example_ids, service
from .users import PATH, asked, expansion, shown, user_of, user_reference, users, with_ids

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Entity

EXTERNAL = "external_ids"
#: A chain of managers longer than this is taken for a circle.
LEVELS = 50


# --- who reports to whom ------------------------------------------------------------------------


def manager_of(user: Entity) -> str:
    """Id of a user's manager, empty when there is none."""
    return str((as_object(user.get("manager")) or {}).get("id") or "")


def reports(sandbox: Sandbox, user_id: str) -> list[str]:
    """Ids of those who report to a user."""

    def by_manager() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for user in users(sandbox):
            found.setdefault(manager_of(user), []).append(user["id"])
        return found

    return sandbox.store.derived("reports", by_manager).get(user_id, [])


def superiors(sandbox: Sandbox, user_id: str) -> list[str]:
    """Ids of a user's manager, the manager's manager and so on."""
    everyone, found = users(sandbox), list[str]()
    boss = manager_of(everyone[user_id])
    while boss in everyone and boss not in found and len(found) < LEVELS:
        found.append(boss)
        boss = manager_of(everyone[boss])
    return found


@service("get_user_directreports")
def direct_reports(sandbox: Sandbox, call: Call) -> Any:
    """Those who report to a user."""
    user_of(sandbox, call.ids[0])
    return with_ids(sandbox, reports(sandbox, call.ids[0]), asked(call))


@service("get_user_superiors")
def all_superiors(sandbox: Sandbox, call: Call) -> Any:
    """The chain of managers above a user."""
    user_of(sandbox, call.ids[0])
    return with_ids(sandbox, superiors(sandbox, call.ids[0]), asked(call))


@service("get_user_adjacents")
def adjacents(sandbox: Sandbox, call: Call) -> Any:
    """Superiors, those with the same manager, and direct reports."""
    user = user_of(sandbox, call.ids[0])
    boss = manager_of(user)
    siblings = [key for key in reports(sandbox, boss) if key != user["id"]] if boss else []
    return {
        "superiors": with_ids(sandbox, superiors(sandbox, user["id"]), asked(call)),
        "siblings": with_ids(sandbox, siblings, asked(call)),
        "directReports": with_ids(sandbox, reports(sandbox, user["id"]), asked(call)),
    }


@service("get_user_favorites")
def favorites(sandbox: Sandbox, call: Call) -> Any:
    """A user's favourites: nothing in the definition adds one, so these are the colleagues of the team."""
    user = user_of(sandbox, call.ids[0])
    chosen = [key for key in reports(sandbox, manager_of(user)) if key != user["id"]] if manager_of(user) else []
    return page(sandbox, call, Listing("entities", "#User"), with_ids(sandbox, chosen, asked(call)))


# --- profile skills, absence, forwarding --------------------------------------------------------


@service("get_user_profileskills")
def profile_skills(sandbox: Sandbox, call: Call) -> Any:
    """The skills that a user tells of in the profile."""
    return list(user_of(sandbox, call.ids[0]).get("profileSkills") or [])


@service("put_user_profileskills")
def put_profile_skills(sandbox: Sandbox, call: Call) -> Any:
    """Replace them."""
    user = user_of(sandbox, call.ids[0])
    users(sandbox).put(user["id"], {**user, "profileSkills": list(call.body)})
    return list(call.body)


def out_of_office(sandbox: Sandbox, user_id: str) -> Entity:
    """Whether a user is out of office now, as the dates say."""
    path = f"{PATH}/{user_id}/outofoffice"
    kept = sandbox.store.documents.get(path, {"active": False, "indefinite": False})
    active = bool(kept.get("active"))
    if active and not kept.get("indefinite"):
        now = moment(sandbox.now())
        begun = not kept.get("startDate") or moment(kept["startDate"]) <= now
        active = begun and (not kept.get("endDate") or now < moment(kept["endDate"]))
    return {**kept, "id": user_id, "user": {"id": user_id, "selfUri": f"{PATH}/{user_id}"},
            "active": active, "selfUri": path}  # fmt: skip


@service("get_user_outofoffice")
def get_out_of_office(sandbox: Sandbox, call: Call) -> Any:
    """Whether a user is out of office."""
    user_of(sandbox, call.ids[0])
    return out_of_office(sandbox, call.ids[0])


@service("put_user_outofoffice")
def put_out_of_office(sandbox: Sandbox, call: Call) -> Any:
    """Say when a user is out of office."""
    user_of(sandbox, call.ids[0])
    fields = ("active", "indefinite", "startDate", "endDate")
    kept = {wire: call.body[wire] for wire in fields if call.body.get(wire) is not None}
    if "startDate" in kept and "endDate" in kept and moment(kept["endDate"]) < moment(kept["startDate"]):
        raise bad_request("endDate is before startDate.", code="invalid.date")
    sandbox.store.write(f"{PATH}/{call.ids[0]}/outofoffice", kept)
    return out_of_office(sandbox, call.ids[0])


@expansion("outOfOffice")
def expanded_out_of_office(sandbox: Sandbox, user: Entity) -> Any:
    """The same as part of a user."""
    return out_of_office(sandbox, user["id"])


def _forwarding(sandbox: Sandbox, user_id: str) -> Entity:
    path = f"{PATH}/{user_id}/callforwarding"
    kept = sandbox.store.documents.get(path, {"enabled": False, "calls": [], "voicemail": "PURECLOUD"})
    return {**kept, "id": user_id, "user": user_reference(sandbox, user_id), "selfUri": path}


@service("get_user_callforwarding")
def get_forwarding(sandbox: Sandbox, call: Call) -> Any:
    """Where calls of a user go."""
    user_of(sandbox, call.ids[0])
    return _forwarding(sandbox, call.ids[0])


@service("put_user_callforwarding", "patch_user_callforwarding")
def put_forwarding(sandbox: Sandbox, call: Call) -> Any:
    """Say where calls of a user go; PATCH leaves the rest as it was."""
    user_of(sandbox, call.ids[0])
    path = f"{PATH}/{call.ids[0]}/callforwarding"
    before: Entity = {"enabled": False, "calls": [], "voicemail": "PURECLOUD"}
    if call.record.method == "PATCH":
        before = sandbox.store.documents.get(path, before)
    fields = ("enabled", "phoneNumber", "calls", "voicemail")
    after = patched(before, {wire: call.body[wire] for wire in fields if wire in call.body})
    sandbox.store.write(path, {**after, "modifiedDate": sandbox.now()})
    return _forwarding(sandbox, call.ids[0])


# --- identifiers in other systems ---------------------------------------------------------------


def external_ids(sandbox: Sandbox, user_id: str) -> list[Entity]:
    """The identifiers of a user in other systems."""
    return [
        {**entry, "selfUri": f"{PATH}/externalid/{entry['authorityName']}/{entry['externalKey']}"}
        for entry in sandbox.store.table(EXTERNAL).get(user_id, [])
    ]


def find_external(sandbox: Sandbox, authority: str, key: str) -> str:
    """Id of the user with an identifier; empty when it is nobody's."""
    everyone = users(sandbox)
    for user_id, entries in sandbox.store.table(EXTERNAL).items():
        if user_id in everyone and any((e["authorityName"], e["externalKey"]) == (authority, key) for e in entries):
            return user_id
    return ""


def set_external_ids(sandbox: Sandbox, user_id: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Replace the identifiers of a user.

    Raises:
        Refusal: 409; one of them is another user's.
    """
    for authority, key in pairs:
        if find_external(sandbox, authority, key) not in ("", user_id):
            raise taken("user", "externalKey", key)
    rows = [{"authorityName": authority, "externalKey": key} for authority, key in dict.fromkeys(pairs)]
    sandbox.store.table(EXTERNAL)[user_id] = rows


@service("get_user_externalid")
def list_external(sandbox: Sandbox, call: Call) -> Any:
    """The identifiers of a user."""
    user_of(sandbox, call.ids[0])
    return external_ids(sandbox, call.ids[0])


@service("post_user_externalid")
def add_external(sandbox: Sandbox, call: Call) -> Any:
    """Give a user another identifier."""
    user_of(sandbox, call.ids[0])
    require_text(call.body, "authorityName", "externalKey")
    pairs = [(entry["authorityName"], entry["externalKey"]) for entry in external_ids(sandbox, call.ids[0])]
    set_external_ids(sandbox, call.ids[0], [*pairs, (call.body["authorityName"], call.body["externalKey"])])
    return external_ids(sandbox, call.ids[0])


@service("get_user_externalid_authority_name")
def get_external(sandbox: Sandbox, call: Call) -> Any:
    """The identifier of a user in one system."""
    user_of(sandbox, call.ids[0])
    for entry in external_ids(sandbox, call.ids[0]):
        if entry["authorityName"] == call.ids[1]:
            return entry
    raise not_found("The external id")


@service("delete_user_externalid_authority_name_external_key")
def remove_external(sandbox: Sandbox, call: Call) -> Any:
    """Take an identifier away."""
    user_of(sandbox, call.ids[0])
    rows = sandbox.store.table(EXTERNAL).get(call.ids[0], [])
    kept = [row for row in rows if (row["authorityName"], row["externalKey"]) != (call.ids[1], call.ids[2])]
    if len(kept) == len(rows):
        raise not_found("The external id")
    sandbox.store.table(EXTERNAL)[call.ids[0]] = kept


@service("get_users_externalid_authority_name_external_key")
def by_external(sandbox: Sandbox, call: Call) -> Any:
    """The user with an identifier."""
    user_id = find_external(sandbox, call.ids[0], call.ids[1])
    if not user_id:
        raise not_found("The user with this external id")
    return shown(sandbox, users(sandbox)[user_id], asked(call))


def _with_example(sandbox: Sandbox) -> tuple[str, str, str]:
    """A user with an identifier; one is given where nobody has any."""
    everyone = users(sandbox)
    for user_id, rows in sandbox.store.table(EXTERNAL).items():
        if user_id in everyone and rows:
            return user_id, rows[0]["authorityName"], rows[0]["externalKey"]
    user_id = everyone.ids()[0]
    set_external_ids(sandbox, user_id, [("example", "key-1")])
    return user_id, "example", "key-1"


@example_ids("get_user_externalid_authority_name")
def example_authority(sandbox: Sandbox) -> list[str]:
    """A user and a system."""
    return list(_with_example(sandbox)[:2])


@example_ids("get_users_externalid_authority_name_external_key")
def example_key(sandbox: Sandbox) -> list[str]:
    """A system and an identifier."""
    return list(_with_example(sandbox)[1:])


@example_ids("delete_user_externalid_authority_name_external_key")
def example_external(sandbox: Sandbox) -> list[str]:
    """A user, a system and an identifier."""
    return list(_with_example(sandbox))


@example_body("put_user_outofoffice")
def example_absence(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A week away."""
    return {"active": True, "startDate": "2026-01-05T08:00:00.000Z", "endDate": "2026-01-12T08:00:00.000Z"}
