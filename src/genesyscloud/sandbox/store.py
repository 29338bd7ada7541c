"""What the organization holds: entities in collections, and documents at paths.

A collection has seeded entities from the start. Only their ids exist until somebody looks: an entity is made
when it is first read, which is what lets the sandbox start at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .rng import seeded_uuid
from .shapes import CollectionShape

__all__ = ["Collection", "Entity", "Store"]

Entity = dict[str, Any]

#: Collections that nobody wrote to are thrown away beyond this many; they come back the same.
KEPT_PRISTINE = 1000


class Collection:
    """Entities by id, in order.

    Args:
        shape: what the definition says of it.
        path: the path, with the ids of its parents.
        ids: ids of the seeded entities.
        make: makes the seeded entity with an id.
    """

    def __init__(self, shape: CollectionShape, path: str, ids: list[str], make: Callable[[Collection, str], Entity]):
        self.shape = shape
        self.path = path
        self._make = make
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

    def ids(self) -> list[str]:
        """The ids, in order."""
        return list(self._entities)

    def put(self, entity_id: str, entity: Entity) -> None:
        """Add or replace an entity."""
        self._entities[entity_id] = entity

    def remove(self, entity_id: str) -> None:
        """Remove an entity; :class:`KeyError` when there is none."""
        del self._entities[entity_id]


class Store:
    """All collections and documents.

    Args:
        seed: what the ids depend on.
        count: how many seeded entities a collection has.
        make: makes a seeded entity.
    """

    def __init__(
        self,
        seed: int | str,
        count: Callable[[CollectionShape], int],
        make: Callable[[Collection, str], Entity],
    ) -> None:
        self._seed = seed
        self._count = count
        self._make = make
        self._pristine: dict[str, Collection] = {}
        self._written: dict[str, Collection] = {}
        self.documents: dict[str, Entity] = {}
        self.jobs: dict[str, int] = {}
        self._made = 0
        #: Grows with every change: what was read at the same number is still true.
        self.changes = 0

    def collection(self, shape: CollectionShape, path: str, *, seeded: bool) -> Collection:
        """The collection at ``path``; without entities from the start unless ``seeded``."""
        found = self._written.get(path) or self._pristine.get(path)
        if found is None:
            ids = self.seeded_ids(shape, path) if seeded else []
            found = Collection(shape, path, ids, self._make)
            if len(self._pristine) >= KEPT_PRISTINE:
                self._pristine.clear()
            self._pristine[path] = found
        return found

    def seeded_ids(self, shape: CollectionShape, path: str) -> list[str]:
        """The ids of the seeded entities of a collection."""
        count, parameter = self._count(shape), shape.item
        if parameter.enum:
            return parameter.enum[:count]
        if parameter.type in "il":
            return [str(at + 1) for at in range(count)]
        if parameter.type == "d":
            return [f"2026-{1 + at // 28 % 12:02d}-{1 + at % 28:02d}" for at in range(min(count, 336))]
        return [seeded_uuid(self._seed, path, at) for at in range(count)]

    def touch(self, collection: Collection) -> None:
        """Note that a collection is going to be written to, so that it is kept."""
        self.changes += 1
        self._pristine.pop(collection.path, None)
        self._written[collection.path] = collection

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
        self.changes += 1
        if document is None:
            self.documents.pop(path, None)
        else:
            self.documents[path] = document

    def forget_under(self, path: str) -> None:
        """Drop everything that belongs to the entity at ``path``."""
        self.changes += 1
        prefix = path + "/"
        for kept in (self._pristine, self._written, self.documents):
            for key in [key for key in kept if key.startswith(prefix)]:
                del kept[key]
