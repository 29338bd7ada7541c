"""Organizations that somebody describes: in a file (JSON, YAML) or as a dict, with links by name.

See ``docs/sandbox.md`` for the format. A description is checked as a whole before anything is made of it, and
everything that is wrong with it is said at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ..names import nearest
from .narrow import as_list, as_object
from .organization import DIVISIONS, ORGANIZED, USERS, Organization
from .permissions import ALL_DIVISIONS, DEFAULT_ROLES, GRANTS, default_role_ids
from .rng import seeded_uuid
from .validate import Problem, Validator

if TYPE_CHECKING:
    from .core import Sandbox
    from .store import Entity

__all__ = ["SECTIONS", "SeedError", "organization_of", "parsed", "read_file"]

SKILLS = "/api/v2/routing/skills"
LANGUAGES = "/api/v2/routing/languages"
QUEUES = "/api/v2/routing/queues"
CODES = "/api/v2/routing/wrapupcodes"
GROUPS = "/api/v2/groups"
TEAMS = "/api/v2/teams"
LOCATIONS = "/api/v2/locations"
#: Collections by the name that a description has for them, in the order in which they are read.
SECTIONS: Mapping[str, str] = {
    "divisions": DIVISIONS, "skills": SKILLS, "languages": LANGUAGES, "wrapup_codes": CODES, "locations": LOCATIONS,
    "users": USERS, "groups": GROUPS, "teams": TEAMS, "queues": QUEUES,
}  # fmt: skip
#: What a description may have besides.
FURTHER = ("organization", "collections", "examples", "conversations")
#: Properties of a section's entries that are not properties of the entity: links by name, and shorthands.
LINKS: Mapping[str, frozenset[str]] = {
    "users": frozenset(
        {"roles", "skills", "languages", "manager", "groups", "teams", "queues", "phone", "division", "location"}
    ),
    "groups": frozenset({"members"}),
    "teams": frozenset({"members", "division"}),
    "queues": frozenset({"members", "wrapup_codes", "division"}),
    "skills": frozenset({"division"}),
    "wrapup_codes": frozenset({"division"}),
}
HIGHEST_PROFICIENCY = 5
SHOWN_PROBLEMS = 20
#: Most conversations that a description can ask for.
CONVERSATIONS = 1_000_000


class SeedError(ValueError):
    """A description of an organization that cannot be used; the text says what is wrong, and where."""

    def __init__(self, source: str, problems: Iterable[str]) -> None:
        #: One text for each thing that is wrong.
        self.problems = list(problems)
        shown = self.problems[:SHOWN_PROBLEMS]
        more = len(self.problems) - len(shown)
        text = "\n".join(f"  {problem}" for problem in [*shown, *([f"… and {more} more"] if more else [])])
        super().__init__(f"{source} does not describe an organization:\n{text}")


def read_file(path: str | PathLike[str]) -> dict[str, Any]:
    """Read a description from a file: YAML when its name ends in ``.yaml`` or ``.yml``, else JSON.

    Raises:
        SeedError: the file cannot be read, or is neither.
    """
    file = Path(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SeedError(str(path), [error.strerror or str(error)]) from None
    return parsed(data, str(path), yaml=file.suffix.lower() in (".yaml", ".yml"))


def parsed(data: bytes, source: str, *, yaml: bool) -> dict[str, Any]:
    """Decode a description.

    Raises:
        SeedError: it is not valid, or not an object.
    """
    try:
        found = as_object(_yaml(data, source) if yaml else msgspec.json.decode(data))
    except SeedError:
        raise
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise SeedError(source, [f"it is not valid {'YAML' if yaml else 'JSON'}: {error}"]) from None
    if found is None:
        raise SeedError(source, ["it must be an object with the sections of the organization"])
    return found


def _yaml(data: bytes, source: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise SeedError(source, ["YAML needs another package: pip install 'genesyscloud[sandbox]'"]) from None
    try:
        return _json_values(yaml.safe_load(data))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _json_values(value: Any) -> Any:
    """What YAML has beyond JSON, as JSON has it: dates as text, names of properties as text."""
    if (entries := as_object(value)) is not None:
        return {str(name): _json_values(inner) for name, inner in entries.items()}
    if (items := as_list(value)) is not None:
        return [_json_values(item) for item in items]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def organization_of(
    sandbox: Sandbox, description: Mapping[str, Any], *, source: str = "the seed data", name: str = "seeded"
) -> Organization:
    """Make what an organization starts with out of a description of it.

    Args:
        sandbox: tells collections, models and the seed of ids.
        description: the sections.
        source: what to call it in messages.
        name: the name of the organization's kind.

    Raises:
        SeedError: something in it is wrong.
    """
    builder = _Builder(sandbox, description)
    made = builder.build(name)
    if builder.problems:
        raise SeedError(source, builder.problems)
    return made


class _Entry(NamedTuple):
    """An entry of a section: where it is in the description, the id it gets, and what it says."""

    at: str
    id: str
    given: dict[str, Any]


class _Builder:
    def __init__(self, sandbox: Sandbox, description: Mapping[str, Any]) -> None:
        self.problems: list[str] = []
        self._sandbox = sandbox
        self._description = description
        self._seed = sandbox.settings.seed
        self._validator = Validator(sandbox.faker, check_enums=sandbox.settings.check_enums, whole=True)
        self._entries: dict[str, list[_Entry]] = {}
        #: By section and name in small letters: the ids that go by it.
        self._named: dict[str, dict[str, list[str]]] = {}
        self._names: dict[str, str] = {}
        self._ids: dict[str, list[str]] = {}
        self._entities: dict[str, Entity] = {}
        self._tables: dict[str, dict[str, Any]] = {}
        self._members: dict[str, dict[str, list[str]]] = {section: {} for section in ("groups", "teams", "queues")}

    def build(self, name: str) -> Organization:
        """Everything; what is wrong is in :attr:`problems`."""
        description = self._description
        for wire in description:
            if wire not in SECTIONS and wire not in FURTHER:
                self._wrong(wire, f"is no section.{nearest(wire, [*SECTIONS, *FURTHER])}")
        for section in SECTIONS:
            self._read(section)
        self._home()
        for section, make in (
            ("divisions", self._plain), ("skills", self._plain), ("languages", self._plain),
            ("wrapup_codes", self._plain), ("locations", self._plain), ("groups", self._group), ("teams", self._group),
            ("queues", self._queue), ("users", self._user),
        ):  # fmt: skip
            for entry in self._entries[section]:
                self._add(section, entry, make)
        self._link_members()
        self._collections()
        self._own()
        self._conversations()
        examples = description.get("examples", False)
        if not isinstance(examples, bool):
            self._wrong("examples", "must be true or false")
        return Organization(
            name=name, examples=bool(examples), ids=self._ids, entities=self._entities, tables=self._tables
        )

    def _wrong(self, at: str, what: str) -> None:
        self.problems.append(f"{at}: {what}")

    # --- names ----------------------------------------------------------------------------------

    def _read(self, section: str) -> None:
        """Read the entries of a section, and what they are called."""
        path, entries = SECTIONS[section], self._entries.setdefault(section, [])
        named = self._named.setdefault(section, {})
        given = self._description.get(section, [])
        items = as_list(given)
        if items is None:
            self._wrong(section, "must be a list")
            return
        for at, item in enumerate(items):
            where = f"{section}[{at}]"
            entry = {"name": item} if isinstance(item, str) else as_object(item)
            if entry is None:
                self._wrong(where, "must be a name or an object")
                continue
            name = entry.get("name")
            if not isinstance(name, str) or not name.strip():
                self._wrong(where, "needs a name")
                continue
            email = entry.get("email") if section == "users" else None
            key = str(email or name).lower()
            if key in named:
                self._wrong(where, f"{key!r} is there twice")
                continue
            entity_id = str(entry.get("id") or seeded_uuid(self._seed, path, key))
            entries.append(_Entry(where, entity_id, entry))
            self._names[entity_id] = name
            for known in dict.fromkeys((key, name.lower(), entity_id.lower())):
                named.setdefault(known, []).append(entity_id)

    def _home(self) -> None:
        """Every organization has a home division and an owner."""
        home = seeded_uuid(self._seed, DIVISIONS, 0)
        if "home" in self._named["divisions"]:
            self._wrong("divisions", "the home division is there anyway: leave it out")
        self._named["divisions"]["home"] = [home]
        self._names[home] = "Home"
        self._ids[DIVISIONS] = [home]
        owner = self._sandbox.admin_id
        self._names[owner] = "Sandbox Admin"
        self._ids[USERS] = [owner]
        self._ids |= {f"{USERS}/{owner}/{known}": [] for known in ("routingskills", "routinglanguages")}
        self._named["users"].setdefault("sandbox admin", [owner])

    def _ref(self, at: str, section: str, value: Any) -> str:
        """The id of what goes by a name, an e-mail address or an id; empty when nothing does."""
        found = self._named[section].get(str(value).lower(), []) if isinstance(value, str) else []
        if len(found) == 1:
            return found[0]
        what = section.removesuffix("s").replace("_", "-")
        if found:
            self._wrong(at, f"more than one {what} is called {value!r}: give the e-mail address or the id")
        else:
            known = [str(entry.given.get(wire)) for entry in self._entries[section] for wire in ("name", "email")]
            self._wrong(at, f"there is no {what} {value!r}.{nearest(str(value), known)}")
        return ""

    def _refs(self, at: str, section: str, values: Any) -> list[str]:
        items = as_list(values)
        if items is None:
            self._wrong(at, "must be a list of names")
            return []
        found = [self._ref(f"{at}[{place}]", section, value) for place, value in enumerate(items)]
        return [entity_id for entity_id in dict.fromkeys(found) if entity_id]

    def _reference(self, section: str, entity_id: str) -> Entity:
        path = SECTIONS[section]
        return {"id": entity_id, "name": self._names[entity_id], "selfUri": f"{path}/{entity_id}"}

    # --- entries --------------------------------------------------------------------------------

    def _add(self, section: str, entry: _Entry, make: Callable[[str, _Entry], Entity]) -> None:
        path = SECTIONS[section]
        own = {wire: value for wire, value in entry.given.items() if wire not in LINKS.get(section, ())}
        entity = self._checked(entry.at, path, own) | make(section, entry)
        if "division" in entry.given and "division" in LINKS.get(section, ()):
            division = self._ref(f"{entry.at}.division", "divisions", entry.given["division"])
            if division:
                entity["division"] = self._reference("divisions", division)
        self._ids.setdefault(path, []).append(entry.id)
        self._entities[f"{path}/{entry.id}"] = {**entity, "id": entry.id}

    def _checked(self, at: str, path: str, given: dict[str, Any]) -> Entity:
        """The properties of an entity that the definition knows, checked."""
        shape = self._sandbox.shapes.collection(path)
        if shape is None or not shape.model:
            return given
        known = self._sandbox.shapes.properties(shape.model)
        for wire in given.keys() - known.keys():
            self._wrong(f"{at}.{wire}", f"is no property of {shape.model}.{nearest(wire, known)}")
        value, problems = self._validator.entity(given, shape.model, at)
        self.problems += [_told(problem) for problem in problems]
        return dict(as_object(value) or {})

    def _plain(self, section: str, entry: _Entry) -> Entity:
        return {"state": "active"} if section in ("skills", "languages", "locations") else {}

    def _group(self, section: str, entry: _Entry) -> Entity:
        members = self._refs(f"{entry.at}.members", "users", entry.given.get("members", []))
        self._members[section].setdefault(entry.id, []).extend(members)
        usual = {"type": "official", "visibility": "public", "state": "active"} if section == "groups" else {}
        return {wire: value for wire, value in usual.items() if wire not in entry.given}

    def _queue(self, section: str, entry: _Entry) -> Entity:
        members = self._refs(f"{entry.at}.members", "users", entry.given.get("members", []))
        self._members[section].setdefault(entry.id, []).extend(members)
        codes = self._refs(f"{entry.at}.wrapup_codes", "wrapup_codes", entry.given.get("wrapup_codes", []))
        self._ids[f"{QUEUES}/{entry.id}/wrapupcodes"] = codes
        self._entities |= {
            f"{QUEUES}/{entry.id}/wrapupcodes/{code}": {"id": code, "name": self._names[code]} for code in codes
        }
        return {}

    def _user(self, section: str, entry: _Entry) -> Entity:
        given, at = entry.given, entry.at
        email = given.get("email") or f"{given['name'].replace(' ', '.').lower()}.{entry.id[:4]}@sandbox.example"
        made: Entity = {
            "email": email,
            "username": given.get("username") or email,
            "state": given.get("state", "active"),
        }
        contacts = [{"address": email, "mediaType": "EMAIL", "type": "PRIMARY"}]
        if "phone" in given:
            contacts.append({"address": str(given["phone"]), "mediaType": "PHONE", "type": "PRIMARY"})
        made["primaryContactInfo"] = contacts
        if "manager" in given:
            manager = self._ref(f"{at}.manager", "users", given["manager"])
            made["manager"] = {"id": manager, "selfUri": f"{USERS}/{manager}"}
        if "location" in given:
            place = self._ref(f"{at}.location", "locations", given["location"])
            made["locations"] = [{"id": place, "locationDefinition": {"id": place, "selfUri": f"{LOCATIONS}/{place}"}}]
        for link in self._members:
            for entity_id in self._refs(f"{at}.{link}", link, given.get(link, [])):
                self._members[link].setdefault(entity_id, []).append(entry.id)
        if "roles" in given:
            self._grant(f"{at}.roles", entry.id, given["roles"])
        for what, kind in (("skills", "routingskills"), ("languages", "routinglanguages")):
            self._know(f"{at}.{what}", what, f"{USERS}/{entry.id}/{kind}", given.get(what, []))
        return made

    def _grant(self, at: str, user_id: str, given: Any) -> None:
        """Roles of a user, in all divisions, besides the one that everybody has."""
        ids = default_role_ids(self._sandbox)
        known = {name.lower(): role_id for role_id, role in zip(ids, DEFAULT_ROLES, strict=True) for name in role[:2]}
        items = as_list(given)
        if items is None:
            self._wrong(at, "must be a list of names")
            return
        rows = [[known["employee"], self._ids[DIVISIONS][0], ORGANIZED]]
        for place, name in enumerate(items):
            if str(name).lower() in known:
                rows.append([known[str(name).lower()], ALL_DIVISIONS, ORGANIZED])
            else:
                names = [role.name for role in DEFAULT_ROLES]
                self._wrong(f"{at}[{place}]", f"there is no role {name!r}.{nearest(str(name), names)}")
        self._tables.setdefault(GRANTS, {})[user_id] = rows

    def _know(self, at: str, section: str, path: str, given: Any) -> None:
        """Skills or languages of a user: names, or proficiencies by name."""
        items = as_list(given)
        levels = dict.fromkeys(items, 3) if items is not None and all(isinstance(i, str) for i in items) else given
        entries = as_object(levels)
        if entries is None:
            self._wrong(at, "must be a list of names, or numbers from 0 to 5 by name")
            return
        self._ids[path] = []
        for name, level in entries.items():
            if isinstance(level, bool) or not isinstance(level, int | float) or not 0 <= level <= HIGHEST_PROFICIENCY:
                self._wrong(f"{at}.{name}", f"must be a number from 0 to {HIGHEST_PROFICIENCY}")
                continue
            entity_id = self._ref(f"{at}.{name}", section, name)
            self._ids[path].append(entity_id)
            self._entities[f"{path}/{entity_id}"] = {"id": entity_id, "proficiency": float(level), "state": "active"}

    def _link_members(self) -> None:
        """Who is in which group, team and queue, as the services keep it."""
        for section, table in (("groups", "group_members"), ("teams", "team_members")):
            chosen = {key: list(dict.fromkeys(members)) for key, members in self._members[section].items()}
            self._tables[table] = chosen
            for key, members in chosen.items():
                self._entities[f"{SECTIONS[section]}/{key}"]["memberCount"] = len(members)
        for key, members in self._members["queues"].items():
            chosen_members = self._ids[f"{QUEUES}/{key}/members"] = list(dict.fromkeys(members))
            counts = ("memberCount", "userMemberCount", "joinedMemberCount")
            self._entities[f"{QUEUES}/{key}"] |= dict.fromkeys(counts, len(chosen_members))

    # --- the rest -------------------------------------------------------------------------------

    def _collections(self) -> None:
        """Entities by the path of their collection."""
        given = as_object(self._description.get("collections", {}))
        if given is None:
            self._wrong("collections", "must be an object: lists of entities by path")
            return
        for path, entities in given.items():
            at = f"collections[{path!r}]"
            shape, _ = self._sandbox.shapes.located(path)
            if shape is None:
                self._wrong(at, "is no path of a collection, such as /api/v2/outbound/contactlists")
                continue
            items = as_list(entities)
            if items is None:
                self._wrong(at, "must be a list of entities")
                continue
            held = self._ids.setdefault(path, [])
            for place, item in enumerate(items):
                entity = as_object(item)
                if entity is None:
                    self._wrong(f"{at}[{place}]", "must be an object")
                    continue
                entity_id = str(entity.get(shape.key) or seeded_uuid(self._seed, path, "given", place))
                if entity_id in held:
                    self._wrong(f"{at}[{place}]", f"the {shape.key} {entity_id!r} is there twice")
                    continue
                held.append(entity_id)
                checked = self._checked(f"{at}[{place}]", shape.path, entity)
                self._entities[f"{path}/{entity_id}"] = {**checked, shape.key: entity_id}

    def _own(self) -> None:
        """The organization itself."""
        given = as_object(self._description.get("organization", {}))
        if given is None:
            self._wrong("organization", "must be an object")
            return
        known = self._sandbox.shapes.properties("Organization")
        for wire in given.keys() - known.keys():
            self._wrong(f"organization.{wire}", f"is no property of Organization.{nearest(wire, known)}")
        value, problems = self._validator.entity(given, "Organization", "organization")
        self.problems += [_told(problem) for problem in problems]
        if given and not problems:
            own = {"id": seeded_uuid(self._seed, "organization"), "name": "Sandbox", "version": 1, "state": "active"}
            self._tables["documents"] = {"/api/v2/organizations/me": {**own, **(as_object(value) or {})}}

    def _conversations(self) -> None:
        """How many conversations there were, and in how many days up to the start."""
        given = as_object(self._description.get("conversations", {}))
        if given is None or given.keys() - {"count", "days"}:
            self._wrong("conversations", "must be an object with count and days")
            return
        count, days = given.get("count", 0), given.get("days", 30)
        if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= CONVERSATIONS:
            self._wrong("conversations.count", f"must be a number from 0 to {CONVERSATIONS}")
        elif not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 366:
            self._wrong("conversations.days", "must be a number from 1 to 366")
        else:
            self._tables["traffic"] = {"default": self._traffic(count, days)}

    def _traffic(self, count: int, days: int) -> dict[str, Any]:
        """Parameters of the past that was made up, as :class:`.traffic.Batch` has them."""
        hour = 3_600_000
        end = int(self._sandbox.started * 1000) // hour * hour
        queues = {key: list(dict.fromkeys(members)) for key, members in self._members["queues"].items() if members}
        staff = {user_id: self._names[user_id] for members in queues.values() for user_id in members}
        return {
            "seed": str(self._seed), "start": end - days * 24 * hour, "end": end, "count": count, "queues": queues,
            "names": dict(sorted(staff.items())), "codes": self._ids.get(CODES, []),
            "division": self._ids[DIVISIONS][0],
        }  # fmt: skip


def _told(problem: Problem) -> str:
    return f"{problem.path}: {problem.message}"
