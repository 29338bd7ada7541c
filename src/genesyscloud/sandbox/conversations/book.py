"""Where the conversations of a sandbox are: those of a past that was made up, and those that somebody made.

The past is in the table ``traffic``, as parameters (:mod:`..traffic`); what happened since, and what was changed of the
past, is in the table ``conversations``, a row for each record. Everything else here is made from these two and can be
thrown away at any time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from ..refusal import not_found
from ..rng import seeded_uuid
from ..rows import Journal, Rows
from ..store import Collection, Entity
from ..traffic import Batch, generate
from . import rest
from .changes import after_work
from .events import publish
from .record import Conversation, from_row, milliseconds, to_row

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..shapes import CollectionShape

__all__ = ["Book", "ConversationView", "History", "ListView", "now_of"]

TABLE = "conversations"
TRAFFIC = "traffic"
#: Key of the batch that an organization starts with; it is made when somebody first looks.
DEFAULT = "default"
#: Queues that the traffic of an organization that nobody set up goes to, and users of a queue that has no members.
DEFAULT_QUEUES = 12
DEFAULT_STAFF = 6
#: Results of jobs that are remembered.
KEPT_RESULTS = 32
WEEK = 7 * 86_400_000
HOUR = 3_600_000


class History:
    """The conversations of the past, in the order of their start; it never changes."""

    def __init__(self, records: list[Conversation]) -> None:
        records.sort(key=lambda record: record.start)
        self.records = records
        self.starts = [record.start for record in records]
        self.by_id = {record.id: record for record in records}
        #: The latest end of a conversation up to each position.
        self._ends: list[int] = []
        latest = 0
        for record in records:
            latest = max(latest, record.end or 0)
            self._ends.append(latest)
        #: What queries make of it, by name.
        self.memory: dict[str, Any] = {}

    def between(self, start: int, end: int) -> range:
        """Positions of which all conversations that were active in a period are among."""
        return range(bisect_left(self._ends, start), bisect_left(self.starts, end))


class Book:
    """The conversations of one sandbox (``sandbox.conversations``)."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._rows: dict[str, tuple[Any, Conversation]] = {}
        self._past: tuple[list[Any], History] = ([], History([]))
        self._results: dict[str, tuple[Any, Sequence[Any]]] = {}
        self._seen: tuple[object, int] = (None, -1)
        self._live: dict[str, Conversation] = {}
        self._open: list[Conversation] = []
        #: Whether routing is at work: what it changes does not start it again.
        self.settling = False

    # --- reading --------------------------------------------------------------------------------

    def history(self) -> History:
        """The made up past."""
        table = self._sandbox.store.table(TRAFFIC)
        if DEFAULT not in table and self._default_count():
            table[DEFAULT] = msgspec.to_builtins(self._default_batch())
        rows = list(table.values())
        if len(rows) != len(self._past[0]) or any(a is not b for a, b in zip(rows, self._past[0], strict=True)):
            if rows != self._past[0]:
                records = [record for row in rows for record in generate(msgspec.convert(row, Batch))]
                self._past = (rows, History(records))
            else:
                self._past = (rows, self._past[1])
        return self._past[1]

    def _default_count(self) -> int:
        settings = self._sandbox.settings
        return settings.seeded_counts.get("/api/v2/conversations", settings.job_items)

    def _default_batch(self) -> Batch:
        end = now_of(self._sandbox) // HOUR * HOUR
        return self.batch(end - WEEK, end, self._default_count(), f"{self._sandbox.settings.seed}", DEFAULT_QUEUES)

    def batch(
        self,
        start: int,
        end: int,
        count: int,
        seed: str,
        queues: int | None = None,
        shares: Mapping[str, float] | None = None,
    ) -> Batch:
        """A batch over the users, queues and wrap-up codes that exist now."""
        from ..services.routing import QUEUES, members_of
        from ..services.users import users

        sandbox = self._sandbox
        everyone = users(sandbox)
        ids = everyone.ids()
        staff: dict[str, list[str]] = {}
        for at, queue_id in enumerate(self._ids(QUEUES)[:queues]):
            members = [str(member["id"]) for member in members_of(sandbox, queue_id)]
            spread = [ids[(at * DEFAULT_STAFF + n) % len(ids)] for n in range(DEFAULT_STAFF)] if ids else []
            staff[queue_id] = [member for member in members if member in everyone] or spread
        names = {user_id: str(everyone[user_id].get("name", "")) for user_id in {u for s in staff.values() for u in s}}
        codes = self._ids("/api/v2/routing/wrapupcodes")[:10]
        division = str(sandbox.home_division()["id"])
        return Batch(seed, start, end, count, staff, dict(sorted(names.items())), codes, division, **(shares or {}))

    def _ids(self, path: str) -> list[str]:
        shape = self._sandbox.shapes.collection(path)
        return [] if shape is None else self._sandbox.collection(shape, []).ids()

    def live(self) -> dict[str, Conversation]:
        """What somebody made or changed, by id."""
        self._look()
        return self._live

    def open(self) -> list[Conversation]:
        """Conversations that are not over, or after which somebody is still at work, oldest first."""
        self._look()
        return self._open

    def _look(self) -> None:
        """Read the rows, unless nothing has changed."""
        store = self._sandbox.store
        if self._seen == (store, store.changes):
            return
        kept, rows = self._rows, dict[str, tuple[Any, Conversation]]()
        for key, row in store.table(TABLE).items():
            known = kept.get(key)
            rows[key] = known if known is not None and known[0] is row else (row, from_row(row))
        if rows.keys() != self._live.keys() or any(rows[key][1] is not record for key, record in self._live.items()):
            self._live = {key: record for key, (_, record) in rows.items()}
            found = [c for c in self._live.values() if c.end is None or any(map(after_work, c.participants))]
            self._open = sorted(found, key=lambda conversation: conversation.start)
        self._rows, self._seen = rows, (store, store.changes)

    def get(self, conversation_id: str) -> Conversation | None:
        """The conversation with an id."""
        table = self._sandbox.store.table(TABLE)
        if conversation_id in table:
            row = table[conversation_id]
            known = self._rows.get(conversation_id)
            if known is None or known[0] is not row:
                known = self._rows[conversation_id] = (row, from_row(row))
            return known[1]
        return self.history().by_id.get(conversation_id)

    def find(self, conversation_id: str) -> Conversation:
        """The conversation with an id; refuses unknown ones."""
        found = self.get(conversation_id)
        if found is None:
            raise not_found("conversation", conversation_id)
        return found

    def ids(self) -> list[str]:
        """All ids: of the past first."""
        past = self.history().by_id
        return [*past, *(key for key in self._sandbox.store.table(TABLE) if key not in past)]

    def all(self) -> Iterator[Conversation]:
        """All conversations."""
        live = self.live()
        yield from (record for record in self.history().records if record.id not in live)
        yield from live.values()

    def results(self, job: str, row: Any, find: Callable[[], Sequence[Any]]) -> Sequence[Any]:
        """The results of a job, found once: ``row`` is what is kept of it, by which it is known again."""
        known = self._results.get(job)
        if known is None or known[0] is not row:
            if len(self._results) >= KEPT_RESULTS:
                del self._results[next(iter(self._results))]
            known = self._results[job] = (row, find())
        return known[1]

    # --- writing --------------------------------------------------------------------------------

    def new_id(self) -> str:
        """An id for something new: the nth one is the same for the same seed."""
        counts = self._sandbox.store.table("counts")
        made = counts.get("conversations", 0) + 1
        counts["conversations"] = made
        return seeded_uuid(self._sandbox.settings.seed, "conversation", made)

    def put(self, conversation: Conversation) -> Conversation:
        """Keep a conversation, and tell those whom it concerns."""
        before = self.get(conversation.id)
        if before == conversation:
            return conversation
        row = to_row(conversation)
        self._rows[conversation.id] = (row, conversation)
        self._sandbox.store.table(TABLE)[conversation.id] = row
        publish(self._sandbox, before, conversation, self.name)
        return conversation

    def name(self, kind: str, entity_id: str) -> str:
        """The name of a queue or a user (``kind`` ``queues``, ``users``)."""
        shape = self._sandbox.shapes.collection("/api/v2/users" if kind == "users" else "/api/v2/routing/queues")
        collection = None if shape is None else self._sandbox.collection(shape, [])
        return str(collection[entity_id].get("name", "")) if collection is not None and entity_id in collection else ""

    def add_traffic(
        self, count: int, start: int, end: int, seed: str, shares: Mapping[str, float] | None = None
    ) -> None:
        """Add a past, in place of the one that the organization starts with."""
        table = self._sandbox.store.table(TRAFFIC)
        table[DEFAULT] = msgspec.to_builtins(Batch("", 0, 0, 0, {}, {}, [], ""))
        name = f"{seed}-{len(table)}"
        table[name] = msgspec.to_builtins(self.batch(start, end, count, name, None, shares))


def now_of(sandbox: Sandbox) -> int:
    """The time of the sandbox, in milliseconds since the epoch."""
    return milliseconds(sandbox.now())


class _View(Collection):
    """A collection whose entities are made out of records whenever somebody looks."""

    def __init__(self, shape: CollectionShape, path: str) -> None:
        super().__init__(shape, path, Rows(path, Journal(), dict), _made_elsewhere, _changed_elsewhere)

    @property
    def seeded(self) -> Mapping[str, Any]:
        """Whatever belongs to a conversation was there from the start, as far as the generic collections go."""
        return _EVERYTHING

    def __iter__(self) -> Iterator[Entity]:
        return (self[entity_id] for entity_id in self.ids())

    def __len__(self) -> int:
        return len(self.ids())

    def peek(self, entity_id: str) -> Entity | None:
        return self[entity_id]

    def put(self, entity_id: str, entity: Entity) -> None:
        raise TypeError("conversations are changed by what happens to them")

    def remove(self, entity_id: str) -> None:
        raise TypeError("conversations end, they are not removed")


class ConversationView(_View):
    """Conversations as a collection of the REST API, for everything that only asks which ones there are.

    Args:
        sandbox: whose.
        shape: of the collection.
        path: ``/api/v2/conversations``, or that of one media, such as ``/api/v2/conversations/calls``.
    """

    def __init__(self, sandbox: Sandbox, shape: CollectionShape, path: str) -> None:
        super().__init__(shape, path)
        self._sandbox, self._book = sandbox, sandbox.conversations
        self._media = path.removeprefix("/api/v2/conversations").strip("/")

    def _fits(self, record: Conversation) -> bool:
        return not self._media or self._media in rest.media_of(record)

    def __contains__(self, entity_id: object) -> bool:
        record = self._book.get(str(entity_id))
        return self._fits(record) if record is not None else self._elsewhere()

    def _elsewhere(self) -> bool:
        """Whether the call has an id of something else where others have that of a conversation.

        ``/conversations/messages/{messageId}/details`` and ``/conversations/messages/{integrationId}/inbound/…`` do.
        """
        path = self._sandbox.call.record.path if self._sandbox.call is not None else ""
        return path.startswith(f"{self.path}/{{") and not path.startswith(f"{self.path}/{{conversationId}}")

    def __getitem__(self, entity_id: str) -> Entity:
        record = self._book.get(entity_id)
        if record is None:
            raise KeyError(entity_id)
        if self._media:
            return rest.media_conversation(record, self._media, self._book.name)
        return rest.conversation(record, self._book.name)

    def ids(self) -> list[str]:
        if not self._media:
            return self._book.ids()
        return [record.id for record in self._book.all() if self._fits(record)]


class ListView(_View):
    """Entities that were made out of one conversation, such as its participants, as a collection of the REST API.

    Args:
        shape: of the collection.
        path: the path, with the id of the conversation.
        entities: what is in it, by id.
    """

    def __init__(self, shape: CollectionShape, path: str, entities: Mapping[str, Entity]) -> None:
        super().__init__(shape, path)
        self._entities = entities

    def __contains__(self, entity_id: object) -> bool:
        return entity_id in self._entities

    def __getitem__(self, entity_id: str) -> Entity:
        return self._entities[entity_id]

    def ids(self) -> list[str]:
        return list(self._entities)


class _Everything(Mapping[str, Any]):
    def __contains__(self, key: object) -> bool:
        return True

    def __getitem__(self, key: str) -> Any:
        return None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


_EVERYTHING = _Everything()


def _made_elsewhere(collection: Collection, entity_id: str) -> Entity:
    raise KeyError(entity_id)


def _changed_elsewhere(collection: Collection, entity_id: str, before: Entity | None, after: Entity | None) -> None:
    raise TypeError("conversations are changed by what happens to them")
