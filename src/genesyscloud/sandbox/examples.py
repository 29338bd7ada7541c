"""Example requests that a sandbox answers with success: valid by the definition, and about things that exist.

What areas know better than the definition they register by name of operation (:mod:`.services.registry`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..catalog import OperationRecord, catalog
from .fake import ExampleCall, example_body, example_call
from .narrow import as_list, as_object
from .services import EXAMPLE_BODIES, EXAMPLE_IDS, EXAMPLE_QUERIES
from .shapes import CollectionShape, plain

if TYPE_CHECKING:
    from .core import Sandbox

__all__ = ["example_of"]

#: Values of parameters for which some are better than others: a Monday, on which seeded weeks begin.
EXAMPLES = {"weekId": "2026-01-05", "weekDateId": "2026-01-05"}
#: Parameters that name entities of a collection even where the path does not lead through it.
NAMED = {
    "userId": "/api/v2/users",
    "agentId": "/api/v2/users",
    "subjectId": "/api/v2/users",
    "queueId": "/api/v2/routing/queues",
}


def example_of(sandbox: Sandbox, name: str) -> ExampleCall:
    """See :meth:`genesyscloud.sandbox.Sandbox.example_call`."""
    record, faker = catalog().operation(name), sandbox.faker
    ids = _ids(sandbox, record)
    body = EXAMPLE_BODIES[name](sandbox, ids) if name in EXAMPLE_BODIES else None
    if body is None and record.body:
        body = _in_home(sandbox, _current_version(sandbox, record, ids, example_body(record, faker)))
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"} if record.secured else {}
    parameters = [parameter for parameter in record.parameters if parameter.place == "path"]
    values = {parameter.wire: value for parameter, value in zip(parameters, ids, strict=True)}
    query = EXAMPLE_QUERIES[name](sandbox) if name in EXAMPLE_QUERIES else {}
    return example_call(record, faker, values, body, headers, query)


def _ids(sandbox: Sandbox, record: OperationRecord) -> list[str]:
    """Values for the parameters of the path, outermost first."""
    shapes = sandbox.shapes
    closed = {shape.depth: shape for shape in shapes.parents(record.path)}
    own = shapes.parent(record.path)
    if own is not None and own.closed:
        closed[own.depth] = own
    ids: list[str] = EXAMPLE_IDS[record.name](sandbox) if record.name in EXAMPLE_IDS else []
    parameters = [parameter for parameter in record.parameters if parameter.place == "path"]
    for parameter in parameters[len(ids) :]:
        shape = closed.get(len(ids))
        if shape is None and parameter.wire in EXAMPLES:
            ids.append(EXAMPLES[parameter.wire])
            continue
        if shape is None and parameter.wire in NAMED:
            shape = shapes.collection(NAMED[parameter.wire])
        if shape is None:
            ids.append(str(sandbox.faker.parameter(parameter, record.name)))
        else:
            ids.append(_existing(sandbox, shape, ids, last=record.method == "DELETE" and shape is own))
    return ids


def _existing(sandbox: Sandbox, shape: CollectionShape, ids: Sequence[str], *, last: bool) -> str:
    known = sandbox.collection(shape, ids).ids()
    if not known:
        raise LookupError(f"nothing is left in {shape.path}")
    return known[-1 if last else 0]


def _in_home(sandbox: Sandbox, body: Any) -> Any:
    """A body whose division exists."""
    home = sandbox.home_division()["id"]
    for entity in [found for entry in as_list(body) or [body] if (found := as_object(entry)) is not None]:
        if as_object(entity.get("division")):
            entity["division"] = {"id": home}
        if isinstance(entity.get("divisionId"), str):
            entity["divisionId"] = home
    return body


def _current_version(sandbox: Sandbox, record: OperationRecord, ids: Sequence[str], body: Any) -> Any:
    """A body with the version of the thing that it is about to change."""
    entity = as_object(body)
    if entity is None or "version" not in entity:
        return body
    own = sandbox.shapes.parent(record.path)
    stored: Any = sandbox.store.documents.get(plain(record.path).format(*map(sandbox.quoted, ids)))
    if own is not None and own.closed:
        stored = sandbox.collection(own, ids)[ids[-1]]
    version = (as_object(stored) or {}).get("version")
    if isinstance(version, int):
        entity["version"] = version
    return body
