"""What the paths of the definition say about behaviour: collections, entities in them, documents, listings.

The definition does not say that ``POST /x`` makes what ``GET /x/{id}`` reads; its paths and types do. All of
this is a function of the catalog alone, found out when a path is first asked for.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..catalog import ModelRecord, OperationRecord, ParameterRecord, PropertyRecord
from .fake import Faker
from .router import Router

__all__ = ["CollectionShape", "JobStates", "Listing", "Shapes", "plain", "reads_many"]

_ITEM = re.compile(r"(.*)/{}")
_PARAMETER = re.compile(r"{[^}]*}")
#: Where a list of a result may be, best first, for operations whose paging the definition does not tell.
ITEM_PROPERTIES = ("entities", "results", "Resources", "conversations", "userDetails", "members", "items")
#: Last segments of paths that show the collection in front of them in another way.
VIEWS = {"search", "query", "divisionviews", "all"}
#: Paths that show the same collection under another name.
SAME = {
    "/api/v2/routing/queues/{}/users": "/api/v2/routing/queues/{}/members",
    "/api/v2/presencedefinitions": "/api/v2/presence/definitions",
    "/api/v2/routing/wrapupcodes/divisionviews": "/api/v2/routing/wrapupcodes",
    "/api/v2/quality/forms": "/api/v2/quality/forms/evaluations",
    "/api/v2/quality/publishedforms": "/api/v2/quality/publishedforms/evaluations",
    "/api/v2/scripts/published": "/api/v2/scripts",
    "/api/v2/outbound/campaigns/divisionviews": "/api/v2/outbound/campaigns",
    "/api/v2/outbound/contactlists/divisionviews": "/api/v2/outbound/contactlists",
    "/api/v2/outbound/dnclists/divisionviews": "/api/v2/outbound/dnclists",
    "/api/v2/flows/datatables/divisionviews": "/api/v2/flows/datatables",
    "/api/v2/scim/users": "/api/v2/users",
    "/api/v2/scim/groups": "/api/v2/groups",
    "/api/v2/scim/v2/users": "/api/v2/users",
    "/api/v2/scim/v2/groups": "/api/v2/groups",
}
#: Paths that look like collections, but whose last parameter is no id of an entity.
NO_COLLECTIONS = {"/api/v2/users/{}/externalid"}
#: Properties by which a reply names the job it started, best first.
JOB_IDS = ("jobId", "executionId", "transactionId", "id")
STATES = ("state", "status", "queryStatus")
DONE = ("fulfilled", "succeeded", "complete", "completed", "success", "finished")
#: States of a job that is on its way, in the order in which it goes through them.
UNDERWAY = ("registered", "created", "accepted", "queued", "ready", "waitingforupload", "uploading", "started",
            "pending", "running", "ongoing", "executing", "inprogress", "processing")  # fmt: skip


class CollectionShape(NamedTuple):
    """A collection of entities.

    Attributes:
        path: as :func:`plain` writes it.
        depth: path parameters in front of it.
        item: its path parameter, in ``path/{item}``.
        model: name of the model that tells most of an entity; empty when none does.
        creates: whether entities are made by a POST.
        listed: whether a GET lists them.
        key: the property that holds the id.
    """

    path: str
    depth: int
    item: ParameterRecord
    model: str
    creates: bool
    listed: bool
    key: str

    @property
    def closed(self) -> bool:
        """Whether an id that is not in it is unknown, and not just one that nobody told of."""
        return self.creates or self.listed

    @property
    def noun(self) -> str:
        """What one entity is called in messages."""
        return re.sub(r"(?i)ids?$", "", self.item.wire) or "entity"


class Listing(NamedTuple):
    """A result that is a list: ``wire`` is the property with the items, empty when the result is the list."""

    wire: str
    item_type: str


def plain(path: str) -> str:
    """A path of the definition without the names of its parameters, which differ between its operations."""
    return _PARAMETER.sub("{}", path)


def reads_many(record: OperationRecord) -> bool:
    """Whether the last path parameter takes several ids."""
    return record.path.endswith("Ids}")


class JobStates(NamedTuple):
    """The states of a job: the property, those underway in order, and the one at the end."""

    wire: str
    underway: list[str]
    done: str


class Shapes:
    """Finds the shapes of paths and results."""

    def __init__(self, router: Router, faker: Faker) -> None:
        self._faker = faker
        self._by_path: dict[str, dict[str, OperationRecord]] = {}
        self._items: dict[str, str] = {}
        self._collections: dict[str, CollectionShape | None] = {}
        self._expandable: dict[str, frozenset[str]] = {}
        self._parents: dict[str, list[CollectionShape]] = {}
        for path, operations in router.by_path.items():
            self._by_path.setdefault(plain(path), {}).update(operations)
        for path, operations in self._by_path.items():
            found = _ITEM.fullmatch(path)
            if found and not operations.keys() <= {"POST", "HEAD"}:
                self._items.setdefault(found[1], path)

    def result(self, record: OperationRecord) -> ModelRecord | None:
        """The model of the result, when it is one model."""
        return self._faker.record(record.result[1:]) if record.result.startswith("#") else None

    def properties(self, model: str) -> dict[str, PropertyRecord]:
        """Properties of a model by wire name; none for no model."""
        return self._faker.properties(model) if model else {}

    def item_properties(self, listing: Listing) -> dict[str, PropertyRecord]:
        """Properties of the items of a list; none when they are not models."""
        return self.properties(listing.item_type[1:] if listing.item_type.startswith("#") else "")

    def listing(self, record: OperationRecord) -> Listing | None:
        """Where the list in the result of an operation is."""
        if record.paging is not None and self._is_list(record):
            return Listing(record.paging.items, record.paging.item_type)
        if record.result.startswith("["):
            return Listing("", record.result[1:])
        model = self.result(record)
        if model is not None and "id" not in {p.wire for p in model.properties}:
            types = {p.wire: p.type for p in model.properties}
            for wire in ITEM_PROPERTIES:
                if types.get(wire, "").startswith("["):
                    return Listing(wire, types[wire][1:])
        return None

    def expandable(self, record: OperationRecord) -> frozenset[str]:
        """The properties that a reply has only when ``expand`` asks for them."""
        found = self._expandable.get(record.name)
        if found is None:
            listing = self.listing(record)
            model = (listing.item_type if listing else record.result).partition("#")[2]
            required = {wire for wire, prop in self.properties(model).items() if prop.required}
            names = next((p.enum for p in record.parameters if p.wire == "expand"), None)
            found = self._expandable[record.name] = frozenset(names or ()) - required
        return found

    def _is_list(self, record: OperationRecord) -> bool:
        """Whether what pages is a list; search results are free-form objects as far as the definition tells."""
        type_ = record.result
        for wire in record.paging.items.split(".") if record.paging else ():
            type_ = self.properties(type_[1:])[wire].type
        return type_.startswith("[")

    def collection(self, path: str) -> CollectionShape | None:
        """The collection at ``path`` (``/api/v2/routing/queues``), if there is one."""
        path = plain(path)
        path = SAME.get(path, path)
        if path not in self._collections:
            self._collections[path] = self._collection(path)
        return self._collections[path]

    def _collection(self, path: str) -> CollectionShape | None:
        item_path = self._items.get(path)
        if item_path is None or path in NO_COLLECTIONS:
            return None
        items, own = self._by_path[item_path], self._by_path.get(path, {})
        listing = self.listing(own["GET"]) if "GET" in own else None
        post = own.get("POST")
        creates = post is not None and "/search" not in path
        model = next(iter(self._models(items, listing, post)), "")
        parameter = next(p for p in reversed(next(iter(items.values())).parameters) if p.place == "path")
        wires = self.properties(model)
        key = next((wire for wire in ("id", parameter.wire, "key") if wire in wires), "key")
        return CollectionShape(path, path.count("{}"), parameter, model, creates, listing is not None, key)

    def _models(
        self, items: dict[str, OperationRecord], listing: Listing | None, post: OperationRecord | None
    ) -> list[str]:
        """Candidates for the model of an entity, best first."""
        written = [items[method].result for method in ("PUT", "PATCH") if method in items]
        types = [items["GET"].result] if "GET" in items and not reads_many(items["GET"]) else []
        types += [listing.item_type] if listing else []
        types += written
        types += [post.result] if post else []
        types += [items[method].body for method in ("PUT", "PATCH") if method in items]
        return [type_[1:] for type_ in types if type_.startswith("#")]

    def paths(self) -> list[str]:
        """Paths with entities below them, most of which are collections."""
        return list(self._items)

    def located(self, path: str) -> tuple[CollectionShape | None, list[str]]:
        """The collection at a path as it is sent, with ids of parents in it, and these ids; the one with most literals.

        >>> shapes.located("/api/v2/routing/queues/8e5c/members")[0].path  # doctest: +SKIP
        '/api/v2/routing/queues/{}/members'
        """
        segments = path.split("/")
        best: tuple[int, str, list[str]] | None = None
        for known in self._items:
            pattern = known.split("/")
            if len(pattern) == len(segments) and all(
                part in (segment, "{}") for part, segment in zip(pattern, segments, strict=True)
            ):
                ids = [segment for part, segment in zip(pattern, segments, strict=True) if part == "{}"]
                if best is None or len(ids) < best[0]:
                    best = (len(ids), known, ids)
        return (self.collection(best[1]), best[2]) if best is not None else (None, [])

    def parent(self, path: str) -> CollectionShape | None:
        """The collection that the entity at ``path`` is in, when ``path`` ends in a parameter."""
        found = _ITEM.fullmatch(plain(path))
        return self.collection(found[1]) if found else None

    def parents(self, path: str) -> list[CollectionShape]:
        """The closed collections that the entities in front of the last segment are in, outermost first."""
        path = plain(path)
        if path not in self._parents:
            segments = path.split("/")
            prefixes = ["/".join(segments[:n]) for n in range(2, len(segments) - 1) if segments[n].startswith("{")]
            found = [self.collection(prefix) for prefix in prefixes]
            self._parents[path] = [shape for shape in found if shape is not None and shape.closed]
        return self._parents[path]

    def viewed(self, record: OperationRecord, listing: Listing) -> CollectionShape | None:
        """The collection that a listing shows: its own, or that in front of ``/search`` and the like."""
        path = record.path
        while True:
            shape = self.collection(path)
            if shape is not None and (path == record.path or self._shows(listing.item_type, shape.model)):
                return shape
            path, _, last = path.rpartition("/")
            if last not in VIEWS:
                return None

    def _shows(self, item_type: str, model: str) -> bool:
        """Whether items show entities of a model, or a part of them."""
        if item_type == f"#{model}":
            return True
        part = self.properties(item_type[1:] if item_type.startswith("#") else "")
        return "id" in part and part.keys() <= self.properties(model).keys()

    def document(self, path: str) -> bool:
        """Whether ``path`` is a thing of its own that can be read and written."""
        operations = self._by_path[plain(path)]
        return "GET" in operations and not operations.keys().isdisjoint({"PUT", "PATCH", "DELETE"})

    def reader(self, record: OperationRecord) -> OperationRecord:
        """The operation that reads what ``record`` writes; itself when there is none."""
        return self._by_path[plain(record.path)].get("GET", record)

    def job_states(self, model: ModelRecord | None) -> JobStates | None:
        """The states in ``model``, when it describes something that runs and ends."""
        for record in model.properties if model else ():
            if record.wire in STATES and record.enum and record.type == "s":
                known = {value.lower(): value for value in record.enum}
                done = next((known[name] for name in DONE if name in known), None)
                underway = [known[name] for name in UNDERWAY if name in known]
                if done and underway:
                    return JobStates(record.wire, underway, done)
        return None

    def job_id(self, record: OperationRecord) -> str:
        """The property by which the reply to a POST names the job that it started; empty when it starts none."""
        model = self.result(record)
        if record.method != "POST" or model is None:
            return ""
        wires = {p.wire for p in model.properties}
        found = next((wire for wire in JOB_IDS if wire in wires), "")
        last = record.path.rpartition("/")[2]
        if found == "id" and not (last.endswith("jobs") or (last == "query" and self.job_states(model))):
            return ""
        return found
