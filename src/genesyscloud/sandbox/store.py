"""What the organization holds: entities in collections, and documents at paths.

A collection has seeded entities from the start. Only their ids exist until somebody looks: an entity is made
when it is first read, which is what lets the sandbox start at once.

Entities, documents and rows are replaced, never changed in place. That makes a snapshot of everything as cheap as
copies of the mappings that hold them, and lets a refused request be taken back (:mod:`genesyscloud.sandbox.rows`).
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, MutableMapping, Sequence, ValuesView
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar, cast
from urllib.parse import quote

from .rng import seeded_uuid
from .rows import MISSING, SEEDED, Journal, Rows, SavedRow
from .shapes import CollectionShape

__all__ = ["Change", "Collection", "Derived", "Entity", "Keeper", "Snapshot", "Store", "Table"]

Entity = dict[str, Any]
_T = TypeVar("_T")

#: Name of the table that holds the documents.
DOCUMENTS = "documents"
#: Seeded entities that a collection keeps once they were made, beyond which it makes them again: one as rich as a user
#: takes 20 kB.
KEPT_MADE = 1000
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
        rows: its entities; those that nobody changed are :data:`~genesyscloud.sandbox.rows.SEEDED`.
        make: makes the seeded entity with an id.
        changed: told of each change, after it was made.
    """

    def __init__(
        self,
        shape: CollectionShape,
        path: str,
        rows: Rows,
        make: Callable[[Collection, str], Entity],
        changed: Callable[[Collection, str, Entity | None, Entity | None], None],
    ) -> None:
        self.shape = shape
        self.path = path
        self.rows = rows
        self._make = make
        self._changed = changed
        self._made: dict[str, Entity] = {}
        self._ids: list[str] | None = None
        self._places: dict[str, int] | None = None

    @property
    def seeded(self) -> Mapping[str, Any]:
        """The ids of the entities that were there from the start, as the keys of a mapping."""
        return self.rows.start

    def __len__(self) -> int:
        return len(self.rows.all)

    def __contains__(self, entity_id: object) -> bool:
        return entity_id in self.rows.all

    def __iter__(self) -> Iterator[Entity]:
        return (self[entity_id] for entity_id in self.ids())

    def __getitem__(self, entity_id: str) -> Entity:
        entity = self._held(entity_id)
        return self._seeded_entity(entity_id) if entity is SEEDED else entity

    def _held(self, entity_id: str) -> Any:
        entity = self.rows.get(entity_id)
        if entity is MISSING:
            raise KeyError(entity_id)
        return entity

    def _seeded_entity(self, entity_id: str) -> Entity:
        entity = self._made.get(entity_id)
        if entity is None:
            entity = self._make(self, entity_id)
            if len(self._made) >= KEPT_MADE:
                self._made.clear()
            self._made[entity_id] = entity
        return entity

    def get(self, entity_id: str) -> Entity | None:
        """The entity with an id, or ``None`` when there is none."""
        if entity_id not in self:
            return None
        return self[entity_id]

    def peek(self, entity_id: str) -> Entity | None:
        """The entity with an id, unless it is one from the start that nobody has looked at."""
        entity = self._held(entity_id)
        return self._made.get(entity_id) if entity is SEEDED else entity

    def ids(self) -> list[str]:
        """The ids, in order; not to be changed."""
        if self._ids is None:
            self._ids = list(self.rows.all)
        return self._ids

    def place(self, entity_id: str) -> int:
        """Which of the entities from the start has this id, counted from 0."""
        if self._places is None:
            self._places = {seeded: place for place, seeded in enumerate(self.seeded)}
        return self._places[entity_id]

    def looked_at(self) -> list[Entity]:
        """The entities, without those from the start that nobody has looked at lately, which are as they were made."""
        return [entity for entity_id in self.ids() if (entity := self.peek(entity_id)) is not None]

    def remake(self) -> None:
        """Make the entities from the start that nobody has changed anew when they are next looked at."""
        self._made.clear()

    def put(self, entity_id: str, entity: Entity) -> None:
        """Add or replace an entity."""
        before = None
        if entity_id in self:
            before = self[entity_id]
        else:
            self._ids = None
        self.rows.put(entity_id, entity)
        self._changed(self, entity_id, before, entity)

    def remove(self, entity_id: str) -> None:
        """Remove an entity; :class:`KeyError` when there is none."""
        before = self[entity_id]
        self.rows.remove(entity_id)
        self._ids = None
        self._changed(self, entity_id, before, None)

    def forget_ids(self) -> None:
        """Look at the rows again: they were changed behind the collection's back."""
        self._ids = None


class Table(MutableMapping[str, Any]):
    """What an area of the API keeps besides collections and documents, such as conversations, by key.

    Values are JSON values. They are replaced, never changed in place, so that a snapshot may hold on to them.
    """

    def __init__(self, rows: Rows, changed: Callable[[], None]) -> None:
        self.rows = rows
        self._changed = changed

    def __getitem__(self, key: str) -> Any:
        row = self.rows.get(key)
        if row is MISSING:
            raise KeyError(key)
        return row

    def __setitem__(self, key: str, row: Any) -> None:
        self.rows.put(key, row)
        self._changed()

    def __delitem__(self, key: str) -> None:
        self.rows.remove(key)
        self._changed()

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows.all)

    def __len__(self) -> int:
        return len(self.rows.all)

    def __contains__(self, key: object) -> bool:
        return key in self.rows.all

    def values(self) -> ValuesView[Any]:
        """The rows; quicker than one after the other by key."""
        return self.rows.decoded().values()

    def items(self) -> ItemsView[str, Any]:
        """The keys and rows; quicker than one after the other by key."""
        return self.rows.decoded().items()


class Keeper(Protocol):
    """What keeps a store's rows where they outlive the process."""

    def write(self, journal: Journal) -> None:
        """Keep what the journal noted, all or nothing; :class:`OSError` when that is not possible."""
        ...

    def rewrite(self, everything: Iterable[tuple[str, Iterable[SavedRow]]]) -> None:
        """Keep these rows, by name, in place of all that is kept; :class:`OSError` when that is not possible."""
        ...


class Snapshot(NamedTuple):
    """What a store held at some moment; to be given back to :meth:`Store.restore`."""

    collections: Mapping[str, tuple[CollectionShape, Rows]]
    tables: Mapping[str, Mapping[str, Any] | None]
    saved: Mapping[str, Sequence[SavedRow]]


class Derived(dict[str, Any]):
    """What was worked out from a store, by name; emptied when a snapshot is restored or a request is taken back."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def __call__(self, name: str, make: Callable[[], _T]) -> _T:
        """What ``make`` makes of the state, remembered under ``name`` until the state changes."""
        found = self.get(name)
        if found is None or found[0] != self._store.changes:
            found = self[name] = (self._store.changes, make())
        return cast("_T", found[1])


class Store:
    """All collections, documents and tables.

    Changes are one transaction from one :meth:`commit` to the next: until then, :meth:`rollback` takes them back.

    Args:
        seed: what the ids depend on.
        start_ids: ids of the entities that a collection has from the start, by its shape and path.
        make: makes a seeded entity.
        table_start: makes the rows that a table has from the start, by its name; the same ones each time.
        listen: called with each change, after it was made.
        saved: rows kept from an earlier life, by name of what holds them.
        keeper: keeps them for the next one.
    """

    def __init__(
        self,
        seed: int | str,
        start_ids: Callable[[CollectionShape, str], Sequence[str]],
        make: Callable[[Collection, str], Entity],
        table_start: Callable[[str], dict[str, Any]],
        listen: Callable[[Change], None],
        saved: Mapping[str, Sequence[SavedRow]] | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        self._listen = listen
        self._seed = seed
        self._start_ids = start_ids
        self._make = make
        self._table_start = table_start
        self._keeper = keeper
        self._saved: dict[str, Sequence[SavedRow]] = dict(saved or {})
        self._journal = Journal()
        self._known_ids: dict[str, list[str]] = {}
        self._pristine: dict[str, Collection] = {}
        self._written: dict[str, Collection] = {}
        self._tables: dict[str, Table] = {}
        #: Grows with every change: what was read at the same number is still true.
        self.changes = 0
        #: What areas have worked out from all the rest, to spare working it out again: see :class:`Derived`.
        self.derived = Derived(self)
        #: The same for what is too big to be made again after every change, such as an index: whoever keeps something
        #: here keeps it true through changes. Emptied when a snapshot is restored or a request is taken back.
        self.memory: dict[str, Any] = {}
        #: Documents by path; to be written by :meth:`write` only.
        self.documents: Mapping[str, Entity] = self.table(DOCUMENTS)
        #: Jobs by id, with the number of times that they were asked for.
        self.jobs = self.table("jobs")
        self._counters = self.table("counters")

    # --- its life -------------------------------------------------------------------------------

    def commit(self) -> None:
        """Make the changes since the last time final, and keep them.

        Raises:
            OSError: they cannot be kept; they are taken back.
        """
        if not self._journal:
            return
        if self._keeper is not None:
            try:
                self._keeper.write(self._journal)
            except OSError:
                self.rollback()
                raise
        self._journal.clear()

    def rollback(self) -> None:
        """Take back the changes since the last commit. Nobody is told."""
        if self._journal:
            names = [touched.rows.name for touched in self._journal.touched()]
            self._journal.undo()
            for name in names:
                if name in self._written:
                    self._written[name].forget_ids()
            self._pristine.clear()
            self._forget_derived()

    def _forget_derived(self) -> None:
        self.derived.clear()
        self.memory.clear()
        self.changes += 1

    def snapshot(self) -> Snapshot:
        """What the store holds now. Later changes leave it as it is."""
        return Snapshot(
            {path: (held.shape, held.rows.with_rows(held.rows.copy())) for path, held in self._written.items()},
            {name: table.rows.copy() for name, table in self._tables.items()},
            dict(self._saved),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Hold what was held at the time of ``snapshot``, which can be restored again. Nobody is told of changes.

        Raises:
            OSError: what is held now cannot be kept, although it is held.
        """
        self._journal.clear()
        self._pristine.clear()
        self._saved = dict(snapshot.saved)
        self._written = {
            path: Collection(shape, path, rows.with_rows(rows.copy()), self._make, self._changed)
            for path, (shape, rows) in snapshot.collections.items()
        }
        for name, table in self._tables.items():
            table.rows.replace(snapshot.tables.get(name))
        self._forget_derived()
        if self._keeper is not None:
            self._keeper.rewrite(self._everything())

    def start_anew(self) -> None:
        """Forget everything, and ask again what there is from the start: that has become something else.

        Raises:
            OSError: that cannot be kept, although it is so.
        """
        self._known_ids.clear()
        for table in self._tables.values():
            table.rows.forget_start()
        self.restore(Snapshot({}, {}, {}))

    def sizes(self) -> dict[str, dict[str, int]]:
        """How many entities the collections have that somebody looked at, and how many rows the tables."""
        held = {**self._pristine, **self._written}
        return {
            "collections": {path: len(held[path]) for path in sorted(held)},
            "tables": {name: len(table) for name, table in sorted(self._tables.items())},
        }

    def _everything(self) -> Iterator[tuple[str, Iterable[SavedRow]]]:
        held = [collection.rows for collection in self._written.values()]
        held += [table.rows for table in self._tables.values()]
        yield from ((rows.name, rows.differences()) for rows in held)
        yield from self._saved.items()

    # --- what it holds --------------------------------------------------------------------------

    def collection(self, shape: CollectionShape, path: str, *, seeded: bool) -> Collection:
        """The collection at ``path``; without entities from the start unless ``seeded``."""
        # One that is empty is not one that is missing: ``or`` would bring back what was deleted.
        found = self._written.get(path, self._pristine.get(path))
        if found is not None:
            return found

        def start() -> dict[str, Any]:
            return dict.fromkeys(self.seeded_ids(shape, path) if seeded else (), SEEDED)

        saved = self._saved.pop(path, None)
        found = Collection(shape, path, Rows(path, self._journal, start, saved or ()), self._make, self._changed)
        if saved is not None:
            self._written[path] = found
            return found
        if len(self._pristine) >= KEPT_PRISTINE:
            self._pristine.clear()
        self._pristine[path] = found
        return found

    def seeded_ids(self, shape: CollectionShape, path: str) -> list[str]:
        """The ids that a collection has from the start, in order, whatever has become of them; not to be changed."""
        found = self._known_ids.get(path)
        if found is None:
            if len(self._known_ids) >= KEPT_PRISTINE:
                self._known_ids.clear()
            found = self._known_ids[path] = list(self._start_ids(shape, path))
        return found

    def collections(self) -> list[Collection]:
        """The collections that somebody has written to."""
        return list(self._written.values())

    def remake(self) -> None:
        """Make all that is as it was from the start anew when it is next looked at."""
        self._pristine.clear()
        for collection in self._written.values():
            collection.remake()
        self.changes += 1

    def table(self, name: str) -> Table:
        """The table called ``name``; empty at first, unless an area registered what it starts with."""
        found = self._tables.get(name)
        if found is None:
            saved = self._saved.pop(name, ())
            rows = Rows(name, self._journal, lambda: self._table_start(name), saved)
            found = self._tables[name] = Table(rows, self._count_change)
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
        made = self._count_up()
        return str(10_000 + made) if shape.item.type in "il" else seeded_uuid(self._seed, "new", made)

    def new_job(self) -> str:
        """The id of a job that just started and belongs to no collection."""
        job = seeded_uuid(self._seed, "new", self._count_up())
        self.jobs[job] = 0
        return job

    def _count_up(self) -> int:
        made = self._counters["made"] = self._counters.get("made", 0) + 1
        return made

    def write(self, path: str, document: Entity | None) -> None:
        """Keep a document; ``None`` drops it."""
        documents, before = self.table(DOCUMENTS), self.documents.get(path)
        if document is not None:
            documents[path] = document
        elif before is not None:
            del documents[path]
        self._tell(Change(path, "", "", before, document))

    def forget_under(self, path: str) -> None:
        """Drop everything that belongs to the entity at ``path``."""
        self.changes += 1
        prefix = path + "/"
        for key in [key for key in self._pristine if key.startswith(prefix)]:
            del self._pristine[key]
        for key in [key for key in self._saved if key.startswith(prefix)]:
            self._journal.drop(key, partial(self._saved.__setitem__, key, self._saved.pop(key)))
        for key in [key for key in self._written if key.startswith(prefix)]:
            collection = self._written.pop(key)
            collection.rows.gone = True
            self._journal.drop(key, partial(self._bring_back, collection))
        documents = self.table(DOCUMENTS)
        for key in [key for key in documents if key.startswith(prefix)]:
            del documents[key]

    def _bring_back(self, collection: Collection) -> None:
        collection.rows.gone = False
        self._written[collection.path] = collection
