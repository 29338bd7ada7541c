"""Pack a definition into the bytes of a catalog: the same definition, the same bytes."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from ..catalog import ENTRY, MAGIC, PREFIX, Header, ModelRecord, OperationRecord, model_in
from .pages import detect_paging
from .swagger import Definition

__all__ = ["compile_catalog"]


def compile_catalog(definition: Definition, topics: Mapping[str, str] | None = None) -> bytes:
    """Return the catalog of ``definition``; see :mod:`genesyscloud.catalog` for its layout.

    Args:
        topics: notification topics with the names of their models; those whose model is not in the definition are
            left out.
    """
    models = {model.name: model for model in _with_cycles(definition.models)}
    read = {o.path: o.result for o in definition.operations if o.method == "GET"}
    operations = [_completed(operation, models, read) for operation in definition.operations]
    header = Header(
        title=definition.title,
        version=definition.version,
        source_version=definition.source_version,
        groups=[group.name for group in definition.groups],
        operations=len(operations),
        models=len(models),
    )
    records: dict[str, bytes] = {
        "n:o": _json(sorted(operation.name for operation in operations)),
        "n:m": _json(sorted(models)),
        "n:t": _json({topic: name for topic, name in sorted((topics or {}).items()) if name in models}),
    }
    records |= {f"g:{group.name}": _json(group) for group in definition.groups}
    records |= {f"o:{operation.name}": _json(operation) for operation in operations}
    records |= {f"m:{model.name}": _json(model) for model in models.values()}
    return _packed(_json(header), records)


def _packed(header: bytes, records: dict[str, bytes]) -> bytes:
    entries: list[tuple[int, int, int]] = []
    offset = PREFIX.size + len(header) + ENTRY.size * len(records)
    for key, data in records.items():
        entries.append((zlib.crc32(key.encode()), offset, len(data)))
        offset += len(data)
    checksums = Counter(checksum for checksum, _, _ in entries)
    # What has no name in it is known by its checksum alone.
    for key in (key for key in records if key.startswith("n:") and checksums[zlib.crc32(key.encode())] > 1):
        raise ValueError(f"the key {key!r} has the same checksum as another one; change the key scheme")
    index = b"".join(ENTRY.pack(*entry) for entry in sorted(entries))
    prefix = PREFIX.pack(MAGIC, len(header), len(records), offset)
    return b"".join([prefix, header, index, *records.values()])


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)


def _completed(operation: OperationRecord, models: dict[str, ModelRecord], read: dict[str, str]) -> OperationRecord:
    """Add what follows from other parts of the definition. ``read``: result types of GET by path."""
    also = sorted(_sent_back(operation, models, read.get(operation.path, "")))
    return msgspec.structs.replace(operation, body_also=also, paging=detect_paging(operation, models))


def _sent_back(operation: OperationRecord, models: dict[str, ModelRecord], read: str) -> Iterator[str]:
    """The models other than its own that a caller read and may send to ``operation``.

    What GET of the same path returns may replace what is there, whatever it is. Else it is what has at least half of
    the properties that are asked for: a listing is not sent to make one of its entities, nor a result as its query.
    """
    if not operation.body.startswith("#"):
        return
    asked = {p.wire for p in models[model_in(operation.body)].properties}
    for type_ in {operation.result, read} - {operation.body}:
        if type_.startswith("#"):
            name = model_in(type_)
            shared = asked & {p.wire for p in models[name].properties}
            if 2 * len(shared) >= len(asked) > 0 or (type_ == read and operation.method == "PUT"):
                yield name


def _with_cycles(models: Iterable[ModelRecord]) -> Iterable[ModelRecord]:
    by_name = {model.name: model for model in models}
    edges = {
        name: [inner for p in model.properties if (inner := model_in(p.type)) in by_name]
        for name, model in by_name.items()
    }
    for component in _components(list(by_name), edges.__getitem__):
        first = component[0]
        if len(component) > 1 or first in edges[first]:
            for name in component:
                by_name[name] = msgspec.structs.replace(by_name[name], cyclic_with=sorted(component))
    return by_name.values()


def _components(names: list[str], edges: Callable[[str], list[str]]) -> list[list[str]]:
    """Strongly connected components (Tarjan 1972), without recursion: chains of models are long."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in names:
        work = [(root, iter(edges(root)))] if root not in index else []
        while work:
            name, rest = work[-1]
            if name not in index:
                index[name] = low[name] = len(index)
                stack.append(name)
                on_stack.add(name)
            for other in rest:
                if other not in index:
                    work.append((other, iter(edges(other))))
                    break
                if other in on_stack:
                    low[name] = min(low[name], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    cut = stack.index(name)
                    found.append(stack[cut:])
                    on_stack.difference_update(stack[cut:])
                    del stack[cut:]
    return found
