"""Users: who they are, how they are shown and found. What changes them is in :mod:`.userchanges`.

The collection ``/api/v2/users`` holds users that are active or inactive. Who was deleted is in the table
``deleted_users``, by id: the service keeps them, shows them with ``state=deleted`` and lets them come back.
What comes with ``expand`` alone is kept elsewhere and registered with :func:`expansion`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Collection as Names
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..crud import Lazy, made_like, page
from ..filters import sort, values_at
from ..narrow import as_list, as_object
from ..refusal import Refusal, not_found
from ..shapes import Listing
from .linked import search, searching
from .registry import listener, seeder, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Change, Collection, Entity

PATH = "/api/v2/users"
DELETED = "deleted_users"
NOT_ACTIVE = "users_not_active"
#: Seeded users report to others in teams of this size; the first one reports to nobody.
TEAM = 10
#: What is shown when ``expand`` asks for it, and only then.
EXPANDED = frozenset(
    {
        "authorization", "biography", "certifications", "conversationSummary", "dateLastLogin", "dateWelcomeSent",
        "employerInfo", "geolocation", "groups", "integrationPresence", "languagePreference", "languages",
        "lastTokenIssued", "locations", "outOfOffice", "presence", "profileSkills", "routingStatus", "skills",
        "station", "team", "workPlanBidRanks",
    }
)  # fmt: skip

#: Those that are example data of the user itself.
SEEDED_EXPANDED = frozenset({"profileSkills", "certifications", "biography", "employerInfo"})

Expansion = Callable[["Sandbox", "Entity"], Any]

#: By name of property: what makes it for a user.
EXPANSIONS: dict[str, Expansion] = {}


def expansion(name: str) -> Callable[[Expansion], Expansion]:
    """Register what makes the property ``name`` of a user; ``None`` leaves it out."""

    def register(function: Expansion) -> Expansion:
        EXPANSIONS[name] = function
        return function

    return register


def users(sandbox: Sandbox) -> Collection:
    """The users of the organization, those deleted left out."""
    shape = sandbox.shapes.collection(PATH)
    assert shape is not None
    return sandbox.collection(shape, [])


def user_of(sandbox: Sandbox, user_id: str) -> Entity:
    """A user who is not deleted.

    Raises:
        Refusal: 404; there is none with this id.
    """
    everyone = users(sandbox)
    if user_id not in everyone:
        raise not_found("user", user_id)
    return everyone[user_id]


def user_reference(sandbox: Sandbox, user_id: str) -> Entity:
    """What is shown of a user where something refers to one."""
    everyone, gone = users(sandbox), sandbox.store.table(DELETED)
    known: Entity = everyone[user_id] if user_id in everyone else gone.get(user_id, {})
    shown: Entity = {wire: known[wire] for wire in ("name", "email") if wire in known}
    return {"id": user_id, **shown, "selfUri": f"{PATH}/{user_id}"}


@seeder(PATH, without=(EXPANDED | {"manager"}) - SEEDED_EXPANDED)
def a_person(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """Give a user an address that fits the name, a manager, and the first one the organization."""
    admin = entity["id"] == sandbox.admin_id
    if admin:
        entity["name"] = "Sandbox Admin"
    handle = seeded_address(entity["name"], entity["id"])
    entity |= {"email": handle, "username": handle, "state": "active", "version": 1}
    entity["primaryContactInfo"] = [{"address": handle, "mediaType": "EMAIL", "type": "PRIMARY"}]
    boss = _seeded_manager(collection, entity["id"])
    if boss:
        entity["manager"] = {"id": boss, "selfUri": f"{PATH}/{boss}"}


def _seeded_manager(collection: Collection, user_id: str) -> str:
    """Id of the one whom a seeded user reports to, if anybody: the seeded users are a tree."""
    at = collection.place(user_id)
    return next(islice(collection.seeded, (at - 1) // TEAM, None)) if at else ""


def seeded_address(name: str, user_id: str) -> str:
    """The e-mail address of a seeded user; a part of the id keeps it unique."""
    return f"{name.replace(' ', '.').lower()}.{user_id[:4]}@sandbox.example"


def shown(sandbox: Sandbox, user: Entity, asked: Names[str] = ()) -> Entity:
    """A user as a reply shows one: with what ``expand`` asks for, and without the rest of what it could ask for."""
    wanted = set(asked)
    if "lasttokenissued" in wanted:
        wanted.add("lastTokenIssued")
    part = {wire: value for wire, value in user.items() if wire not in EXPANDED or wire in wanted}
    if not wanted:
        return made_like(user, part)
    for name in wanted & EXPANSIONS.keys():
        value = EXPANSIONS[name](sandbox, user)
        if value is not None:
            part[name] = value
    return part


def asked(call: Call) -> Names[str]:
    """What a call asks for with ``expand``."""
    return call.query.get("expand") or ()


def with_state(sandbox: Sandbox, state: str) -> tuple[list[str], Callable[[str], Entity]]:
    """Ids of the users in a state (or ``any``), and what gives a user for an id.

    A seeded user whom nobody has looked at is active: nobody is made only to see that.
    """
    everyone, gone = users(sandbox), sandbox.store.table(DELETED)
    if state == "deleted":
        return list(gone), gone.__getitem__
    if state == "any":
        return [*everyone.ids(), *gone], lambda key: everyone[key] if key in everyone else gone[key]

    others = _not_active(sandbox)

    def chosen() -> list[str]:
        if state == "active":
            return [key for key in everyone.ids() if key not in others] if others else everyone.ids()
        return [key for key in everyone.ids() if others.get(key) == state]

    return sandbox.store.derived(f"users_{state}", chosen), everyone.__getitem__


def _not_active(sandbox: Sandbox) -> dict[str, str]:
    """The states of the users who are not active, by id; kept true by :func:`note_state`."""
    known = sandbox.store.memory.get(NOT_ACTIVE)
    if known is None:
        looked_at = users(sandbox).looked_at()
        known = {user["id"]: user["state"] for user in looked_at if user.get("state", "active") != "active"}
        sandbox.store.memory[NOT_ACTIVE] = known
    return known


@listener
def note_state(sandbox: Sandbox, change: Change) -> None:
    """Keep in mind who is not active."""
    known = sandbox.store.memory.get(NOT_ACTIVE) if change.shape == PATH else None
    if known is not None:
        known.pop(change.entity_id, None)
        state = (change.after or {}).get("state", "active")
        if state != "active":
            known[change.entity_id] = state


@service("get_users", "get_users_query")
def list_users(sandbox: Sandbox, call: Call) -> Any:
    """Users by state, ids or addresses, ordered by name when asked to."""
    ids, read = with_state(sandbox, str(call.query.get("state") or "active"))
    wanted = call.query.get("id")
    if wanted:
        known = set(ids)
        ids = [key for key in wanted if key in known]
    jabber = set(call.query.get("jabberId") or ())
    if jabber:
        ids = [key for key in ids if (as_object(read(key).get("chat")) or {}).get("jabberId") in jabber]
    if call.query.get("sortOrder"):
        ids = [str(user["id"]) for user in sort([read(key) for key in ids], {**call.query, "sortBy": "name"})]
    people = Lazy(len(ids), lambda at: shown(sandbox, read(ids[at]), asked(call)))
    return page(sandbox, call, Listing("entities", "#User"), people)


@service("get_user")
def get_user(sandbox: Sandbox, call: Call) -> Any:
    """One user; one who was deleted, too, with that state."""
    gone = sandbox.store.table(DELETED).get(call.ids[0])
    return shown(sandbox, gone if gone is not None else user_of(sandbox, call.ids[0]), asked(call))


@service("get_users_me", personal=True)
def me(sandbox: Sandbox, call: Call) -> Any:
    """The user of the token."""
    user_id = sandbox.login.user_of(call.token)
    if not user_id:
        raise Refusal(400, "bad.request", "This request requires a user context. Client credentials have no user.")
    return shown(sandbox, user_of(sandbox, user_id), asked(call))


# --- searching ----------------------------------------------------------------------------------

#: Fields of a search that are not where the name says.
_FIELDS: Mapping[str, tuple[str, str]] = {
    "skills": ("skills", "name"), "routingSkills": ("skills", "name"), "languages": ("languages", "name"),
    "routingLanguages": ("languages", "name"), "groups": ("groups", "id"), "locations": ("locations", "id"),
    "team": ("team", "id"), "manager": ("manager", "id"), "division": ("division", "id"),
    "divisionId": ("division", "id"),
}  # fmt: skip


def search_values(sandbox: Sandbox, user: Entity, field: str) -> list[Any]:
    """The values of a user under the name of a field of a search."""
    first, _, rest = field.partition(".")
    wire, usual = _FIELDS.get(first, (first, rest))
    if wire in EXPANSIONS:
        return values_at({wire: EXPANSIONS[wire](sandbox, user)}, f"{wire}.{rest or usual}".rstrip("."))
    return values_at(user, f"{wire}.{rest or usual}".rstrip("."))


def _fields(criteria: Any) -> Iterator[str]:
    for entry in as_list(criteria) or ():
        criterion = as_object(entry) or {}
        yield from (field for field in as_list(criterion.get("fields")) or () if isinstance(field, str))
        yield from _fields(criterion.get("group"))


@service(
    "get_users_search",
    "post_users_search",
    "post_users_search_conversation_target",
    "post_users_search_queuemembers_manage",
    "post_users_search_teams_assign",
)
def search_users(sandbox: Sandbox, call: Call) -> Any:
    """Users that meet criteria; those deleted only when a criterion is about the state."""
    body = searching(call)
    state = "any" if "state" in set(_fields(body.get("query"))) else "active"
    ids, read = with_state(sandbox, state)
    expand = [*(as_list(body.get("expand")) or ()), *asked(call)]
    return search(
        sandbox,
        call,
        map(read, ids),
        ["users"],
        lambda user: shown(sandbox, user, expand),
        lambda user, field: search_values(sandbox, user, field),
    )


# --- profiles -----------------------------------------------------------------------------------


def _profile(sandbox: Sandbox, user: Entity, expand: Names[str]) -> Entity:
    made: Entity = {wire: user[wire] for wire in ("id", "name", "state", "version") if wire in user}
    if expand:
        made["expands"] = shown(sandbox, user, expand)
    return {**made, "dateModified": sandbox.now(), "selfUri": f"{PATH}/{user['id']}/profile"}


@service("get_user_profile")
def profile(sandbox: Sandbox, call: Call) -> Any:
    """A user in short."""
    return _profile(sandbox, user_of(sandbox, call.ids[0]), asked(call))


@service("get_profiles_users")
def profiles(sandbox: Sandbox, call: Call) -> Any:
    """Users in short."""
    ids, read = with_state(sandbox, "active")
    wanted = call.query.get("id")
    ids = [key for key in wanted if key in set(ids)] if wanted else ids
    people = Lazy(len(ids), lambda at: _profile(sandbox, read(ids[at]), asked(call)))
    return page(sandbox, call, Listing("entities", "#UserProfile"), people)


def with_ids(sandbox: Sandbox, ids: Iterable[str], expand: Names[str] = ()) -> list[Entity]:
    """Those of the users who are not deleted, as a reply shows them."""
    everyone = users(sandbox)
    return [shown(sandbox, everyone[user_id], expand) for user_id in ids if user_id in everyone]
