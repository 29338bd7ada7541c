"""Which operations and models go into which stub file.

A type checker loads a whole file for one class of it. So what an operation takes and returns, and what is directly
inside that, is in the file of its group: that is as far as a type checker looks until the program looks further. A
model that several groups have is with the one that has it most, or, when most have it, in files of their own.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ..catalog import GroupRecord, ModelRecord, OperationRecord, model_in

__all__ = ["Layout", "async_home", "packed"]

#: A group with more operations has a file of its own; smaller ones share files that have about ``PACK``.
LARGE_GROUP = 60
PACK = 140
#: The groups that most programs use are cut once more, as far as the limit of files goes: what is asynchronous has a
#: file of its own, and so have the models of minor resources, where they are more than ``MINOR_SIZE`` characters.
POPULAR = ("routing", "users")
MINOR_SIZE = 20_000
#: A model that more files use belongs to none of them.
COMMON = 3
#: Characters of a file of shared models, about, and of one of inner models, which few programs load. Small files are
#: cheap to load, but a wheel is to have few.
SHARED_SIZE = 60_000
INNER_SIZE = 350_000


def packed(groups: Iterable[GroupRecord]) -> dict[str, list[GroupRecord]]:
    """The groups of each file, by its name: a large one alone, small ones together."""
    packs: dict[str, list[GroupRecord]] = {}
    count, small = PACK, 0
    for group in groups:
        if len(group.operations) > LARGE_GROUP:
            packs[group.name] = [group]
            continue
        if count >= PACK:
            count, small = 0, small + 1
        packs.setdefault(f"small{small}", []).append(group)
        count += len(group.operations)
    return packs


def async_home(pack: str) -> str:
    """The file of the asynchronous operations of the groups in the file ``pack``."""
    return f"{pack}_async" if pack in POPULAR else pack


class Layout:
    """Where every model is.

    Args:
        packs: the groups of each file.
        operations: all of them, by name.
        models: all of them, by name.
    """

    def __init__(
        self,
        packs: Mapping[str, Sequence[GroupRecord]],
        operations: Mapping[str, OperationRecord],
        models: Mapping[str, ModelRecord],
    ) -> None:
        self.models = models
        members = {pack: [operations[o] for g in groups for o in g.operations] for pack, groups in packs.items()}
        uses = self._uses(members)
        shared = sorted((name for name in uses if len(uses[name]) > COMMON), key=lambda name: -len(uses[name]))
        #: The models of each file.
        self.shards: dict[str, list[ModelRecord]] = {pack: [] for pack in packs}
        for name, packs_of in uses.items():
            if len(packs_of) <= COMMON:
                self.shards[packs_of.most_common(1)[0][0]].append(models[name])
        for pack in POPULAR:
            if pack in packs:
                self._part_minor(pack, members[pack])
        self.shards |= self._cut("shared", shared, SHARED_SIZE)
        self.shards |= self._cut("inner", self._found_inside(uses), INNER_SIZE)
        #: The file of each model.
        self.home = {model.name: shard for shard, members in self.shards.items() for model in members}

    def _uses(self, operations: Mapping[str, Iterable[OperationRecord]]) -> dict[str, Counter[str]]:
        """How often each file uses a model, by the model: in an operation, or directly inside of one that is."""
        uses: dict[str, Counter[str]] = {}
        for pack, members in operations.items():
            for operation in members:
                outer = _taken_and_returned(operation)
                inner = [name for model in outer for name in self._inside(model)]
                for name in dict.fromkeys([*outer, *inner]):
                    uses.setdefault(name, Counter())[pack] += 1
        return uses

    def _part_minor(self, pack: str, operations: Iterable[OperationRecord]) -> None:
        """Part the models of ``pack`` that its largest resource does not use, when they are many."""
        resources: dict[str, list[OperationRecord]] = {}
        for operation in operations:
            resources.setdefault(_resource(operation), []).append(operation)
        own = {model.name: _length(model) for model in self.shards[pack]}
        used = [own.keys() & self._uses({pack: of_one}) for of_one in resources.values()]
        major = max(used, key=lambda names: sum(own[name] for name in names))
        if sum(own.values()) - sum(own[name] for name in major) > MINOR_SIZE:
            models = self.shards[pack]
            self.shards[pack] = [model for model in models if model.name in major]
            self.shards[f"{pack}_minor"] = [model for model in models if model.name not in major]

    def _inside(self, name: str) -> Iterator[str]:
        for p in self.models[name].properties:
            if inner := model_in(p.type):
                yield inner

    def _found_inside(self, names: Collection[str]) -> list[str]:
        """The models that are not among ``names``, each after the one that it was found in; then unused ones."""
        known = set(names)
        waiting = deque(names)
        found: list[str] = []
        while waiting:
            for name in self._inside(waiting.popleft()):
                if name not in known:
                    known.add(name)
                    found.append(name)
                    waiting.append(name)
        return [*found, *(name for name in self.models if name not in known)]

    def _cut(self, prefix: str, names: Iterable[str], size: int) -> dict[str, list[ModelRecord]]:
        shards: list[list[ModelRecord]] = []
        length = size
        for model in (self.models[name] for name in names):
            if length >= size:
                shards.append([])
                length = 0
            shards[-1].append(model)
            length += _length(model)
        return {f"{prefix}{number}": members for number, members in enumerate(shards)}


def _taken_and_returned(operation: OperationRecord) -> list[str]:
    """The models of its body, its result, and the items of its pages."""
    types = [operation.result, operation.paging.item_type if operation.paging else "", operation.body]
    return [name for name in (*map(model_in, types), *operation.body_also) if name]


def _resource(operation: OperationRecord) -> str:
    """The first two parts of its path after the version: ``routing/queues``."""
    return "/".join(operation.path.split("/")[3:5])


def _length(model: ModelRecord) -> int:
    """Characters of its class in the stubs, about."""
    return 80 + sum(24 + 2 * len(p.name) + sum(2 + len(v) for v in p.enum or ()) for p in model.properties)
