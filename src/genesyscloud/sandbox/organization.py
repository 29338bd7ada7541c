"""What an organization starts with: example data for everything, nothing, or what somebody described.

It is never changed: what happens to the organization is in the store, as differences from this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import TYPE_CHECKING, Any

from . import words
from .crud import CREATED, MODIFIED
from .rng import seeded_uuid
from .services import SEEDED_IDS, SEEDERS, TABLES
from .services.registry import WITHOUT
from .settings import Settings
from .shapes import CollectionShape
from .store import Collection, Entity

if TYPE_CHECKING:
    from .core import Sandbox
    from .datafile import DataFile

__all__ = [
    "DIVISIONS", "ORGANIZED", "USERS", "Organization", "SeedData", "begin", "completed", "open_file", "seeded",
    "start_ids", "table_start",
]  # fmt: skip

#: A description of an organization, or a file with one.
SeedData = Mapping[str, Any] | str | PathLike[str]

USERS = "/api/v2/users"
DIVISIONS = "/api/v2/authorization/divisions"
#: When what was described was made, as far as anybody can see.
ORGANIZED = words.written(words.EPOCH)
#: What the service brings along, so that an empty organization has it too.
KEPT = frozenset(
    {
        "/api/v2/authorization/roles", "/api/v2/integrations/credentials/types", "/api/v2/integrations/types",
        "/api/v2/oauth/clients", "/api/v2/oauth/scopes", "/api/v2/presence/definitions", "/api/v2/presence/sources",
        "/api/v2/telephony/providers/edges/linebasesettings", "/api/v2/telephony/providers/edges/phonebasesettings",
        "/api/v2/telephony/providers/edges/trunkbasesettings", "/api/v2/timezones",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Organization:
    """What is there from the start.

    Args:
        name: ``default``, ``empty``, ``demo``, or ``seeded`` for one that somebody described.
        examples: whether collections that nothing is said of have example data; otherwise they are empty, except for
            what the service brings along.
        ids: ids of the entities of a collection, by its path.
        entities: what was said of an entity, by its path. The rest of one that nothing was said of is made up.
        tables: rows of tables by key, by name of table.
    """

    name: str = "default"
    examples: bool = True
    ids: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    entities: Mapping[str, Entity] = field(default_factory=dict[str, Entity])
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])


def _chosen(sandbox: Sandbox, seed_data: SeedData | None) -> tuple[Organization, Mapping[str, Any] | None]:
    """What an organization starts with, as the settings or a description say; and the description, if there is one.

    Raises:
        ValueError: there is no organization of this name, or its description is wrong.
    """
    name = sandbox.settings.organization
    if seed_data is None and name == "default":
        return Organization(), None
    from .seeds import organization_of, read_file

    if seed_data is not None:
        if name != "default":
            raise ValueError(f"the organization is either {name!r} or what the seed data describes, not both")
        if isinstance(seed_data, Mapping):
            return organization_of(sandbox, seed_data), seed_data
        given = read_file(seed_data)
        return organization_of(sandbox, given, source=str(seed_data)), given
    if name == "empty":
        return organization_of(sandbox, {}, name=name), None
    if name == "demo":
        from .demo import description

        return organization_of(sandbox, description(sandbox.settings.seed), name=name), None
    raise ValueError(f"there is no organization {name!r}: choose default, demo or empty, or give seed data")


def begin(sandbox: Sandbox, seed_data: SeedData | None) -> Mapping[str, Any] | None:
    """Find out what the organization starts with, and return the description of it, if somebody gave one.

    Raises:
        ValueError: there is no organization of this name, or its description is wrong.
    """
    sandbox.organization, description = _chosen(sandbox, seed_data)
    if not sandbox.organization.examples:
        sandbox.settings = replace(sandbox.settings, seeded=0, seeded_counts={}, job_items=0)
    return description


def open_file(sandbox: Sandbox, path: str | PathLike[str], seed_data: SeedData | None) -> DataFile:
    """Take the data file, with the organization that it was made for.

    Raises:
        OSError: the file cannot be used, or belongs to another organization.
        ValueError: as :func:`begin` raises it.
    """
    from .datafile import DataFile

    given = sandbox.settings
    file = DataFile(path)
    try:
        known = file.facts
        sandbox.started = known.get("started", sandbox.started)
        if known and seed_data is None and given.organization == "default":
            seed_data = known.get("description")
            name = "default" if seed_data is not None else known.get("organization", "default")
            sandbox.settings = replace(given, organization=name)
        description = begin(sandbox, seed_data)
        facts = {
            "organization": sandbox.organization.name, "description": description, "started": sandbox.started,
            "seed": given.seed, "seeded": given.seeded, "seeded_counts": dict(given.seeded_counts),
        }  # fmt: skip
        if known:
            file.check(facts)
        else:
            file.remember(facts)
    except BaseException:
        file.close()
        raise
    return file


def start_ids(sandbox: Sandbox, shape: CollectionShape, path: str) -> Sequence[str]:
    """The ids of the entities that a collection has from the start."""
    organization, settings = sandbox.organization, sandbox.settings
    given = organization.ids.get(path)
    if given is not None:
        return given
    kept = shape.path in KEPT
    known = SEEDED_IDS.get(shape.path) if kept or organization.examples else None
    if known is not None:
        return known(sandbox, path)
    count = settings.seeded_counts.get(shape.path, Settings().seeded if kept else settings.seeded)
    parameter = shape.item
    if parameter.enum:
        return parameter.enum[:count]
    if parameter.type in "il":
        return [str(at + 1) for at in range(count)]
    if parameter.type == "d":
        return [f"2026-{1 + at // 28 % 12:02d}-{1 + at % 28:02d}" for at in range(min(count, 336))]
    return [seeded_uuid(settings.seed, path, at) for at in range(count)]


def seeded(sandbox: Sandbox, collection: Collection, entity_id: str) -> Entity:
    """An entity that a collection has from the start."""
    given = sandbox.organization.entities.get(f"{collection.path}/{entity_id}")
    if given is not None:
        said = _described(sandbox, collection, entity_id, given)
        return sandbox.renderer.made(said, collection.shape.model) if collection.shape.model else said
    shape = collection.shape
    known = sandbox.shapes.properties(shape.model)
    without = WITHOUT.get(shape.path, frozenset())
    entity: Entity = dict(sandbox.faker.entity(shape.model, without, collection.path, entity_id)) if known else {}
    if shape.key in known:
        entity[shape.key] = int(entity_id) if known[shape.key].type in "il" else entity_id
    elif not known:
        entity[shape.key] = entity_id
    if "selfUri" in known:
        entity["selfUri"] = f"{collection.path}/{sandbox.quoted(entity_id)}"
    if "division" in known and known["division"].type.startswith("#"):
        entity["division"] = sandbox.home_division()
    seeder = SEEDERS.get(shape.path)
    if seeder is not None:
        seeder(sandbox, collection, entity)
    return sandbox.renderer.made(entity, shape.model) if known else entity


def _described(sandbox: Sandbox, collection: Collection, entity_id: str, given: Mapping[str, Any]) -> Entity:
    """An entity of which something was said, with what every entity of its kind has."""
    shape = collection.shape
    known = sandbox.shapes.properties(shape.model)
    entity: Entity = {wire: ORGANIZED for wire in (*CREATED, *MODIFIED) if wire in known and known[wire].type == "t"}
    if "version" in known:
        entity["version"] = 1 if known["version"].type in "il" else "1"
    if "division" in known and known["division"].type.startswith("#"):
        entity["division"] = sandbox.home_division()
    entity |= given
    if "selfUri" in known:
        entity["selfUri"] = f"{collection.path}/{sandbox.quoted(entity_id)}"
    return completed(sandbox, shape, entity, entity_id)


def completed(sandbox: Sandbox, shape: CollectionShape, entity: Entity, entity_id: str) -> Entity:
    """An entity with everything that its model requires."""
    if shape.model:
        model = sandbox.faker.record(shape.model)
        for prop in model.properties:
            if prop.required and entity.get(prop.wire) is None:
                entity[prop.wire] = sandbox.faker.property(model, prop, entity_id)
    return entity


def table_start(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """The rows that a table has from the start."""
    given = sandbox.organization.tables.get(name)
    if given is not None:
        return dict(given)
    made = TABLES.get(name)
    return {} if made is None else made(sandbox)
