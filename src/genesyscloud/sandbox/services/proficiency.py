"""Routing skills and languages, and how well users know them; skill groups, whose members follow from that.

Who knows what is in the collections under each user, by id of skill or language. A skill that is deleted is gone
from everybody: what refers to it is passed over when it is read. The tables ``deleted_skills`` and
``deleted_languages`` keep those deleted, since the service shows them with that state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..crud import add
from ..narrow import as_object, objects
from ..refusal import bad_request
from ..rng import Rng
from .linked import DIVISIONS, collection, division, existing, found, listed, require_text, unique
from .registry import example_body, example_ids, seeded_ids, seeder, service
from .users import expansion, user_of, users

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

BULK = 50
HIGHEST = 5
#: Skills that a seeded user has, at most.
SEEDED = 3


class Kind(NamedTuple):
    """Skills or languages.

    Attributes:
        path: where they are.
        of_user: the collection of a user.
        deleted: table of those deleted.
        uri: property of a user's entry that leads to them.
        names: what the seeded ones are called.
    """

    path: str
    of_user: str
    deleted: str
    uri: str
    names: Sequence[str]


SKILLS = Kind(
    "/api/v2/routing/skills",
    "/api/v2/users/{}/routingskills",
    "deleted_skills",
    "skillUri",
    ("Billing", "Sales", "Support", "Returns", "Claims", "Loans", "Travel", "Orders", "Retention", "Technical"),
)
LANGUAGES = Kind(
    "/api/v2/routing/languages",
    "/api/v2/users/{}/routinglanguages",
    "deleted_languages",
    "languageUri",
    ("English", "German", "Spanish", "French", "Portuguese", "Japanese", "Italian", "Dutch", "Polish", "Korean"),
)


def _kind(call: Call) -> Kind:
    return LANGUAGES if "languages" in call.record.path else SKILLS


# --- skills and languages -----------------------------------------------------------------------


@seeder(SKILLS.path)
@seeder(LANGUAGES.path)
def a_skill(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """Name a seeded skill or language."""
    kind = LANGUAGES if collection.path == LANGUAGES.path else SKILLS
    at = collection.place(entity["id"])
    turn, place = divmod(at, len(kind.names))
    entity |= {"name": kind.names[place] + (f" {turn + 1}" if turn else ""), "state": "active", "version": "1"}


@service("post_routing_skills", "post_routing_languages")
def create(sandbox: Sandbox, call: Call) -> Any:
    """A new skill or language."""
    entities = collection(sandbox, _kind(call).path)
    require_text(call.body, "name")
    unique(entities, "name", call.body["name"])
    made = {"name": call.body["name"], "state": "active", "version": "1", "dateModified": sandbox.now()}
    if _kind(call) is SKILLS:
        made["division"] = division(sandbox, call.body)
    return entities[add(sandbox, call, entities, made, "")]


@service("get_routing_skill", "get_routing_language")
def get(sandbox: Sandbox, call: Call) -> Any:
    """One of them; one that was deleted, too, with that state."""
    kind = _kind(call)
    gone = sandbox.store.table(kind.deleted).get(call.ids[0])
    return gone if gone is not None else found(collection(sandbox, kind.path), call.ids[0])


@service("patch_routing_skill")
def move(sandbox: Sandbox, call: Call) -> Any:
    """Move a skill to another division."""
    entities = collection(sandbox, SKILLS.path)
    before = found(entities, call.ids[0])
    version = str(int(before.get("version") or 0) + 1)
    after = {**before, "division": division(sandbox, call.body), "version": version, "dateModified": sandbox.now()}
    entities.put(call.ids[0], after)
    return after


@service("delete_routing_skill", "delete_routing_language")
def delete(sandbox: Sandbox, call: Call) -> Any:
    """Delete one: everybody loses it."""
    kind = _kind(call)
    entities = collection(sandbox, kind.path)
    before = found(entities, call.ids[0])
    entities.remove(call.ids[0])
    gone = {**before, "state": "deleted", "dateModified": sandbox.now()}
    sandbox.store.table(kind.deleted)[call.ids[0]] = gone


# --- of a user ----------------------------------------------------------------------------------


@seeded_ids(SKILLS.of_user)
@seeded_ids(LANGUAGES.of_user)
def known_from_the_start(sandbox: Sandbox, path: str) -> list[str]:
    """What a seeded user knows: some of the seeded skills or languages."""
    kind = LANGUAGES if path.endswith("languages") else SKILLS
    ids = list(collection(sandbox, kind.path).seeded)
    if not ids:
        return []
    rng = Rng(f"{sandbox.settings.seed}\x1f{path}")
    return list(dict.fromkeys(rng.choice(ids) for _ in range(1 + rng.below(SEEDED))))


@seeder(SKILLS.of_user)
@seeder(LANGUAGES.of_user)
def a_proficiency(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """How well a seeded user knows something."""
    level = 1 + Rng(f"{sandbox.settings.seed}\x1f{collection.path}\x1f{entity['id']}").below(HIGHEST)
    entity |= {"proficiency": float(level), "state": "active"}
    entity.pop("name", None)


def known(sandbox: Sandbox, user_id: str, kind: Kind = SKILLS) -> list[Entity]:
    """What a user knows, and how well."""
    entities = collection(sandbox, kind.path)
    return [
        {**entry, "name": entities[entry["id"]]["name"], kind.uri: f"{kind.path}/{entry['id']}"}
        for entry in collection(sandbox, kind.of_user, user_id)
        if entry["id"] in entities
    ]


def learn(sandbox: Sandbox, user_id: str, wanted: Sequence[tuple[str, Any]], kind: Kind = SKILLS) -> list[Entity]:
    """Note how well a user knows things; nothing is noted when one of them is unknown.

    Args:
        sandbox: the sandbox.
        user_id: who.
        wanted: ids and proficiencies.
        kind: skills or languages.

    Raises:
        Refusal: 400, or 404: there is no such skill.
    """
    existing(collection(sandbox, kind.path), [entity_id for entity_id, _ in wanted])
    for _, level in wanted:
        if not isinstance(level, int | float) or not 0 <= level <= HIGHEST:
            raise bad_request(f"proficiency must be from 0 to {HIGHEST}.", code="invalid.value")
    entries = collection(sandbox, kind.of_user, user_id)
    for entity_id, level in wanted:
        uri = f"{entries.path}/{entity_id}"
        entry = {"id": entity_id, "proficiency": float(level), "state": "active", "selfUri": uri}
        entries.put(entity_id, entry)
    chosen = {entity_id for entity_id, _ in wanted}
    return [entry for entry in known(sandbox, user_id, kind) if entry["id"] in chosen]


def forget(sandbox: Sandbox, user_id: str, ids: Sequence[str], kind: Kind = SKILLS) -> None:
    """Note that a user does not know things any more."""
    entries = collection(sandbox, kind.of_user, user_id)
    for entity_id in ids:
        if entity_id in entries:
            entries.remove(entity_id)


@service("get_user_routingskills", "get_user_routinglanguages")
def list_known(sandbox: Sandbox, call: Call) -> Any:
    """What a user knows."""
    user_of(sandbox, call.ids[0])
    query = {"sortBy": "name", **call.query} if call.query.get("sortOrder") else call.query
    return listed(sandbox, call._replace(query=query), known(sandbox, call.ids[0], _kind(call)))


@service("post_user_routingskills", "post_user_routinglanguages")
def add_known(sandbox: Sandbox, call: Call) -> Any:
    """Add something that a user knows."""
    user_of(sandbox, call.ids[0])
    wanted = [(str(call.body.get("id") or ""), call.body.get("proficiency"))]
    return learn(sandbox, call.ids[0], wanted, _kind(call))[0]


@service(
    "patch_user_routingskills_bulk",
    "put_user_routingskills_bulk",
    "patch_user_routinglanguages_bulk",
)
def change_known(sandbox: Sandbox, call: Call) -> Any:
    """Add several things, or with PUT replace all that a user knows."""
    kind, user_id = _kind(call), call.ids[0]
    user_of(sandbox, user_id)
    if len(call.body) > BULK:
        raise bad_request(f"At most {BULK} can be changed at once.")
    wanted = [(str(entry.get("id") or ""), entry.get("proficiency")) for entry in call.body]
    learn(sandbox, user_id, wanted, kind)
    if call.record.method == "PUT":
        kept = {entity_id for entity_id, _ in wanted}
        others = [entry["id"] for entry in collection(sandbox, kind.of_user, user_id) if entry["id"] not in kept]
        forget(sandbox, user_id, others, kind)
    return listed(sandbox, call, known(sandbox, user_id, kind))


@service("put_user_routingskill", "patch_user_routinglanguage")
def change_one(sandbox: Sandbox, call: Call) -> Any:
    """Change how well a user knows something, or whether it counts."""
    kind, (user_id, entity_id) = _kind(call), call.ids
    user_of(sandbox, user_id)
    entries = collection(sandbox, kind.of_user, user_id)
    before = found(entries, entity_id)
    level = call.body.get("proficiency")
    entry = learn(sandbox, user_id, [(entity_id, before["proficiency"] if level is None else level)], kind)[0]
    if call.body.get("state"):
        entries.put(entity_id, {**entries[entity_id], "state": call.body["state"]})
        entry |= {"state": call.body["state"]}
    return entry


@service("delete_user_routingskill", "delete_user_routinglanguage")
def remove_known(sandbox: Sandbox, call: Call) -> Any:
    """Take away something that a user knows."""
    user_of(sandbox, call.ids[0])
    found(collection(sandbox, _kind(call).of_user, call.ids[0]), call.ids[1])
    forget(sandbox, call.ids[0], [call.ids[1]], _kind(call))


@expansion("skills")
def expanded_skills(sandbox: Sandbox, user: Entity) -> Any:
    """Skills as part of a user."""
    return known(sandbox, user["id"])


@expansion("languages")
def expanded_languages(sandbox: Sandbox, user: Entity) -> Any:
    """Languages as part of a user."""
    return known(sandbox, user["id"], LANGUAGES)


def _example(sandbox: Sandbox, kind: Kind) -> Entity:
    return {"id": collection(sandbox, kind.path).ids()[0], "proficiency": 3.0}


@example_body("post_user_routingskills")
def example_skill(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A skill that exists."""
    return _example(sandbox, SKILLS)


@example_body("post_user_routinglanguages")
def example_language(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A language that exists."""
    return _example(sandbox, LANGUAGES)


@example_body("patch_user_routingskills_bulk", "put_user_routingskills_bulk")
def example_skills(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Skills that exist."""
    return [_example(sandbox, SKILLS)]


@example_body("patch_user_routinglanguages_bulk")
def example_languages(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Languages that exist."""
    return [_example(sandbox, LANGUAGES)]


@example_ids("put_user_routingskill", "delete_user_routingskill")
def example_known(sandbox: Sandbox) -> list[str]:
    """A user and a skill of that user."""
    return _example_known(sandbox, SKILLS)


@example_ids("patch_user_routinglanguage", "delete_user_routinglanguage")
def example_spoken(sandbox: Sandbox) -> list[str]:
    """A user and a language of that user."""
    return _example_known(sandbox, LANGUAGES)


def _example_known(sandbox: Sandbox, kind: Kind) -> list[str]:
    user_id = users(sandbox).ids()[0]
    if not known(sandbox, user_id, kind):
        learn(sandbox, user_id, [(collection(sandbox, kind.path).ids()[0], 3)], kind)
    return [user_id, known(sandbox, user_id, kind)[0]["id"]]


@example_body("put_user_routingskill", "patch_user_routinglanguage")
def example_level(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Another proficiency."""
    return {"proficiency": 4.0}


@example_body("post_routing_skills", "post_routing_languages")
def example_name(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A name that is free."""
    count = sum(len(collection(sandbox, kind.path)) for kind in (SKILLS, LANGUAGES))
    gone = sum(len(sandbox.store.table(kind.deleted)) for kind in (SKILLS, LANGUAGES))
    return {"name": f"Example {count + gone}"}


# --- skill groups -------------------------------------------------------------------------------

GROUPS = "/api/v2/routing/skillgroups"
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "EqualTo": lambda level, limit: level == limit,
    "NotEqualTo": lambda level, limit: level != limit,
    "LessThan": lambda level, limit: level < limit,
    "GreaterThan": lambda level, limit: level > limit,
    "GreaterThanOrEqualTo": lambda level, limit: level >= limit,
    "LessThanOrEqualTo": lambda level, limit: level <= limit,
}


class Levels(NamedTuple):
    """How well a user knows skills and languages, by id and by name."""

    skills: dict[str, float]
    languages: dict[str, float]


def levels_of(sandbox: Sandbox, user_id: str) -> Levels:
    """How well a user knows what; what is not active does not count."""

    def by_name(kind: Kind) -> dict[str, float]:
        entries = [entry for entry in known(sandbox, user_id, kind) if entry.get("state") == "active"]
        return {str(entry[wire]): entry["proficiency"] for entry in entries for wire in ("id", "name")}

    return Levels(by_name(SKILLS), by_name(LANGUAGES))


def meets(levels: Levels, conditions: Sequence[Entity]) -> bool:
    """Whether somebody who knows ``levels`` meets all conditions of a skill group."""
    return all(_meets(levels, condition) for condition in conditions)


def _meets(levels: Levels, condition: Entity) -> bool:
    results: list[bool] = []
    for wire, name, own in (
        ("routingSkillConditions", "routingSkill", levels.skills),
        ("languageSkillConditions", "languageSkill", levels.languages),
    ):
        for entry in objects(condition.get(wire)):
            level = own.get(str(entry.get(name)))
            holds = level is not None and COMPARE[entry["comparator"]](level, entry["proficiency"])
            results.append(holds and meets(levels, objects(entry.get("childConditions"))))
    operation = condition.get("operation")
    if operation == "Not":
        return not any(results)
    return any(results) if operation == "Or" else all(results)


def group_members(sandbox: Sandbox, group: Entity) -> list[Entity]:
    """The users who meet the conditions of a skill group, in the divisions that it takes its members from."""
    wanted = sandbox.store.table("skillgroup_divisions").get(group["id"], [])
    conditions = objects(group.get("skillConditions"))
    return [
        user
        for user in users(sandbox)
        if (not wanted or (as_object(user.get("division")) or {}).get("id") in wanted)
        and meets(levels_of(sandbox, user["id"]), conditions)
    ]


@seeder(GROUPS)
def a_skill_group(sandbox: Sandbox, entities: Collection, entity: Entity) -> None:
    """A seeded group is that of those who know one skill well."""
    skills = collection(sandbox, SKILLS.path).ids()
    at = entities.place(entity["id"])
    knows = {"routingSkill": skills[at % len(skills)] if skills else "", "comparator": "GreaterThan", "proficiency": 2}
    conditions = {"routingSkillConditions": [knows], "languageSkillConditions": [], "operation": "And"}
    entity |= {"skillConditions": [conditions], "status": "Complete"}


@service("post_routing_skillgroups")
def create_group(sandbox: Sandbox, call: Call) -> Any:
    """A new skill group."""
    entities = collection(sandbox, GROUPS)
    require_text(call.body, "name")
    unique(entities, "name", call.body["name"])
    chosen = existing(collection(sandbox, DIVISIONS), call.body.get("memberDivisions") or [])
    body = {wire: value for wire, value in call.body.items() if wire != "memberDivisions"}
    group = entities[add(sandbox, call, entities, {**body, "status": "Complete"}, "")]
    sandbox.store.table("skillgroup_divisions")[group["id"]] = chosen
    return {**group, "memberCount": len(group_members(sandbox, group)), "memberDivisions": chosen}


@service("get_routing_skillgroup")
def get_group(sandbox: Sandbox, call: Call) -> Any:
    """A skill group with the number of its members."""
    group = found(collection(sandbox, GROUPS), call.ids[0])
    return {**group, "memberCount": len(group_members(sandbox, group))}


@service("get_routing_skillgroup_members")
def list_group_members(sandbox: Sandbox, call: Call) -> Any:
    """The members of a skill group."""
    group = found(collection(sandbox, GROUPS), call.ids[0])
    shown = [{wire: user[wire] for wire in ("id", "name", "selfUri")} for user in group_members(sandbox, group)]
    return listed(sandbox, call, shown, "expand")


@service("get_user_skillgroups")
def groups_of_user(sandbox: Sandbox, call: Call) -> Any:
    """The skill groups that a user belongs to."""
    levels = levels_of(sandbox, user_of(sandbox, call.ids[0])["id"])
    groups = [group for group in collection(sandbox, GROUPS) if meets(levels, objects(group.get("skillConditions")))]
    return listed(sandbox, call, groups)


@service("get_routing_skillgroup_members_divisions")
def list_group_divisions(sandbox: Sandbox, call: Call) -> Any:
    """The divisions that a skill group takes its members from."""
    group = found(collection(sandbox, GROUPS), call.ids[0])
    chosen = sandbox.store.table("skillgroup_divisions").get(group["id"]) or [sandbox.home_division()["id"]]
    return {"entities": [sandbox.division(division_id) for division_id in chosen]}


@service("post_routing_skillgroup_members_divisions")
def change_group_divisions(sandbox: Sandbox, call: Call) -> Any:
    """Change them."""
    group = found(collection(sandbox, GROUPS), call.ids[0])
    divisions = collection(sandbox, DIVISIONS)
    added = existing(divisions, call.body.get("addDivisionIds") or [])
    gone = set(call.body.get("removeDivisionIds") or [])
    table = sandbox.store.table("skillgroup_divisions")
    table[group["id"]] = [key for key in dict.fromkeys([*table.get(group["id"], []), *added]) if key not in gone]


@example_body("post_routing_skillgroups")
def example_group(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Those who know a skill well."""
    skill = collection(sandbox, SKILLS.path).ids()[0]
    knows = {"routingSkill": skill, "comparator": "GreaterThan", "proficiency": 2}
    conditions = {"routingSkillConditions": [knows], "languageSkillConditions": [], "operation": "And"}
    return {"name": f"Example group {len(collection(sandbox, GROUPS))}", "skillConditions": [conditions]}


@example_body("post_routing_skillgroup_members_divisions")
def example_group_divisions(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """The home division."""
    return {"addDivisionIds": [sandbox.home_division()["id"]]}
