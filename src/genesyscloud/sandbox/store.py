"""What the organization holds: entities in collections, and documents at paths.

A collection has seeded entities from the start. Only their ids exist until somebody looks: an entity is made
when it is first read, which is what lets the sandbox start at once.

Entities, documents and rows are replaced, never changed in place. That makes a snapshot of everything as cheap as
copies of the mappings that hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import quote

from .rng import seeded_uuid
from .shapes import CollectionShape

__all__ = ["Change", "Collection", "Entity", "Snapshot", "Store", "Table"]

Entity = dict[str, Any]

#: Collections that nobody wrote to are thrown away beyond this many; they come back the same.
KEPT_PRISTINE = 1000


class Change(NamedTuple):
    """One change of an entity or a document.

    Attributes:
        path: where it is, or was.
        shape: path of its collection in the definition, ``{}`` for each parameter; empty for a document.
        entity_id: its id; empty for a document.
        before: what was there; ``None`` when it is new.
        after: what is there now; ``None`` when it was removed.
    """

    path: str
    shape: str
    entity_id: str
    before: Entity | None
    after: Entity | None


class Collection:
    """Entities by id, in order.

    Entities are replaced, never changed in place: whoever holds one may go on reading it.

    Args:
        shape: what the definition says of it.
        path: the path, with the ids of its parents.
        ids: ids of the seeded entities.
        make: makes the seeded entity with an id.
        changed: told of each change, after it was made.
    """

    def __init__(
        self,
        shape: CollectionShape,
        path: str,
        ids: list[str],
        make: Callable[[Collection, str], Entity],
        changed: Callable[[Collection, str, Entity | None, Entity | None], None],
    ) -> None:
        self.shape = shape
        self.path = path
        self._make = make
        self._changed = changed
        self._entities: dict[str, Entity | None] = dict.fromkeys(ids)
        self.seeded = frozenset(ids)

    def __len__(self) -> int:
        return len(self._entities)

    def __contains__(self, entity_id: str) -> bool:
        return entity_id in self._entities

    def __iter__(self) -> Iterator[Entity]:
        return (self[entity_id] for entity_id in list(self._entities))

    def __getitem__(self, entity_id: str) -> Entity:
        entity = self._entities[entity_id]
        if entity is None:
            entity = self._entities[entity_id] = self._make(self, entity_id)
        return entity

    def peek(self, entity_id: str) -> Entity | None:
        """The entity with an id, unless it is one from the start that nobody has looked at."""
        return self._entities[entity_id]

    def ids(self) -> list[str]:
        """The ids, in order."""
        return list(self._entities)

    def copy(self) -> Collection:
        """The same entities in a collection of its own."""
        made = Collection(self.shape, self.path, [], self._make, self._changed)
        made._entities = dict(self._entities)
        made.seeded = self.seeded
        return made

    def put(self, entity_id: str, entity: Entity) -> None:
        """Add or replace an entity."""
        before = self[entity_id] if entity_id in self._entities else None
        self._entities[entity_id] = entity
        self._changed(self, entity_id, before, entity)

    def remove(self, entity_id: str) -> None:
        """Remove an entity; :class:`KeyError` when there is none."""
        before = self[entity_id]
        del self._entities[entity_id]
        self._changed(self, entity_id, before, None)


class Table(MutableMapping[str, Any]):
    """What an area of the API keeps besides collections and documents, such as conversations, by key.

    Values are JSON values. They are replaced, never changed in place, so that a snapshot may hold on to them.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._rows: dict[str, Any] = {}
        self._changed = changed

    def __getitem__(self, key: str) -> Any:
        return self._rows[key]

    def __setitem__(self, key: str, row: Any) -> None:
        self._rows[key] = row
        self._changed()

    def __delitem__(self, key: str) -> None:
        del self._rows[key]
        self._changed()

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def copy(self) -> dict[str, Any]:
        """The rows as they are now."""
        return dict(self._rows)

    def replace(self, rows: Mapping[str, Any]) -> None:
        """Have ``rows`` in place of all that there are."""
        self._rows = dict(rows)
        self._changed()


class Snapshot(NamedTuple):
    """What a store held at some moment; to be given back to :meth:`Store.restore`."""

    collections: Mapping[str, Collection]
    documents: Mapping[str, Entity]
    tables: Mapping[str, Mapping[str, Any]]
    made: int


class Store:
    """All collections and documents.

    Args:
        seed: what the ids depend on.
        count: how many seeded entities a collection has.
        make: makes a seeded entity.
        listen: called with each change, after it was made.
        known_ids: ids of the seeded entities of a collection, where they are not made up.
    """

    def __init__(
        self,
        seed: int | str,
        count: Callable[[CollectionShape], int],
        make: Callable[[Collection, str], Entity],
        listen: Callable[[Change], None],
        known_ids: Callable[[CollectionShape, str], list[str] | None] = lambda shape, path: None,
    ) -> None:
        self._listen = listen
        self._known_ids = known_ids
        self._seed = seed
        self._count = count
        self._make = make
        self._pristine: dict[str, Collection] = {}
        self._written: dict[str, Collection] = {}
        self.documents: dict[str, Entity] = {}
        self._tables: dict[str, Table] = {}
        self._made = 0
        #: Grows with every change: what was read at the same number is still true.
        self.changes = 0
        #: What areas have worked out from all the rest, such as an index, to spare working it out again. Emptied when
        #: a snapshot is restored; whoever keeps something here keeps it true through changes.
        self.derived: dict[str, Any] = {}
        #: Jobs by id, with the number of times that they were asked for.
        self.jobs = self.table("jobs")

    def snapshot(self) -> Snapshot:
        """What the store holds now. Later changes leave it as it is."""
        return Snapshot(
            {path: collection.copy() for path, collection in self._written.items()},
            dict(self.documents),
            {name: table.copy() for name, table in self._tables.items()},
            self._made,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Hold what was held at the time of ``snapshot``, which can be restored again. Nobody is told of changes."""
        self._pristine = {}
        self._written = {path: collection.copy() for path, collection in snapshot.collections.items()}
        self.documents = dict(snapshot.documents)
        for name, table in self._tables.items():
            table.replace(snapshot.tables.get(name, {}))
        self._made = snapshot.made
        self.derived.clear()
        self.changes += 1

    def collection(self, shape: CollectionShape, path: str, *, seeded: bool) -> Collection:
        """The collection at ``path``; without entities from the start unless ``seeded``."""
        found = self._written.get(path) or self._pristine.get(path)
        if found is None:
            ids = self.seeded_ids(shape, path) if seeded else []
            found = Collection(shape, path, ids, self._make, self._changed)
            if len(self._pristine) >= KEPT_PRISTINE:
                self._pristine.clear()
            self._pristine[path] = found
        return found

    def seeded_ids(self, shape: CollectionShape, path: str) -> list[str]:
        """The ids of the seeded entities of a collection."""
        known = self._known_ids(shape, path)
        if known is not None:
            return known
        count, parameter = self._count(shape), shape.item
        if parameter.enum:
            return parameter.enum[:count]
        if parameter.type in "il":
            return [str(at + 1) for at in range(count)]
        if parameter.type == "d":
            return [f"2026-{1 + at // 28 % 12:02d}-{1 + at % 28:02d}" for at in range(min(count, 336))]
        return [seeded_uuid(self._seed, path, at) for at in range(count)]

    def table(self, name: str) -> Table:
        """The table called ``name``, empty at first."""
        found = self._tables.get(name)
        if found is None:
            found = self._tables[name] = Table(self._count_change)
        return found

    def _count_change(self) -> None:
        self.changes += 1

    def _changed(self, collection: Collection, entity_id: str, before: Entity | None, after: Entity | None) -> None:
        self._pristine.pop(collection.path, None)
        self._written[collection.path] = collection
        self._tell(
            Change(f"{collection.path}/{quote(entity_id, safe='')}", collection.shape.path, entity_id, before, after)
        )

    def _tell(self, change: Change) -> None:
        self.changes += 1
        self._listen(change)

    def new_id(self, shape: CollectionShape) -> str:
        """An id that was never given out; the nth one is the same for the same seed."""
        self._made += 1
        return str(10_000 + self._made) if shape.item.type in "il" else seeded_uuid(self._seed, "new", self._made)

    def new_job(self) -> str:
        """The id of a job that just started and belongs to no collection."""
        self._made += 1
        job = seeded_uuid(self._seed, "new", self._made)
        self.jobs[job] = 0
        return job

    def write(self, path: str, document: Entity | None) -> None:
        """Keep a document; ``None`` drops it."""
        before = self.documents.pop(path, None)
        if document is not None:
            self.documents[path] = document
        self._tell(Change(path, "", "", before, document))

    def forget_under(self, path: str) -> None:
        """Drop everything that belongs to the entity at ``path``."""
        self.changes += 1
        prefix = path + "/"
        for kept in (self._pristine, self._written, self.documents):
            for key in [key for key in kept if key.startswith(prefix)]:
                del kept[key]
