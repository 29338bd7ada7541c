"""Which models go into which stub file.

A type checker that needs one class loads the file it is in, and those of the classes it mentions. So models
that are used together are put together, and those used everywhere into the first files.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from ..catalog import GroupRecord, ModelRecord, OperationRecord, model_in

__all__ = ["cut", "in_order_of_use"]

#: Characters in a shard, about. Small shards are cheap to load, but a wheel is to have few files.
SHARD_SIZE = 130_000
#: A model that more groups use is a common one.
COMMON = 3


def cut(models: Iterable[ModelRecord]) -> dict[str, list[ModelRecord]]:
    """Cut a sequence of models into shards, by their names (``m00``, ``m01``…)."""
    shards: list[list[ModelRecord]] = []
    size = SHARD_SIZE
    for model in models:
        if size >= SHARD_SIZE:
            shards.append([])
            size = 0
        shards[-1].append(model)
        size += _size(model)
    return {f"m{number:02}": members for number, members in enumerate(shards)}


def in_order_of_use(
    groups: Iterable[GroupRecord], operations: Mapping[str, OperationRecord], models: Mapping[str, ModelRecord]
) -> list[ModelRecord]:
    """Return all models: the common ones, then those of one group after the other, then the unused ones."""
    users: dict[str, int] = {}
    order: list[str] = []
    for group in groups:
        reached = _reached([operations[name] for name in group.operations], models)
        order += [name for name in reached if name not in users]
        for name in reached:
            users[name] = users.get(name, 0) + 1
    common = sorted((name for name in order if users[name] > COMMON), key=lambda name: -users[name])
    rest = [name for name in order if users[name] <= COMMON]
    return [models[name] for name in dict.fromkeys([*common, *rest, *models])]


def _reached(operations: Iterable[OperationRecord], models: Mapping[str, ModelRecord]) -> dict[str, None]:
    """The models that operations use, and those that these contain: each after the one that led to it."""
    found: dict[str, None] = {}
    for operation in operations:
        waiting = deque([model_in(operation.result), model_in(operation.body)])
        while waiting:
            name = waiting.popleft()
            if name in models and name not in found:
                found[name] = None
                waiting += [model_in(p.type) for p in models[name].properties]
    return found


def _size(model: ModelRecord) -> int:
    return 40 + sum(24 + len(p.name) + len(p.type) + sum(4 + len(v) for v in p.enum or ()) for p in model.properties)
