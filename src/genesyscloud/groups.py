"""``gc.routing.get_routing_queues``: the groups of operations that a client has as attributes.

Type checkers read the generated ``groups.pyi``, which spells all of them out.
"""

from __future__ import annotations

from typing import Any

from .catalog import catalog
from .names import nearest
from .operations import BoundOperation, operation

__all__ = ["AsyncGroups", "Group", "SyncGroups"]


class Group:
    """The operations under one tag of the API."""

    def __init__(self, name: str, client: Any) -> None:
        self._record = catalog().group(name)
        self._client = client

    def __getattr__(self, name: str) -> BoundOperation:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._record.operations:
            hint = nearest(name, self._record.operations)
            raise AttributeError(f"the group {self._record.name!r} has no operation {name!r}.{hint}")
        bound = BoundOperation(operation(name), self._client, self._record.name)
        self.__dict__[name] = bound
        return bound

    def __dir__(self) -> list[str]:
        return self._record.operations

    def __repr__(self) -> str:
        return f"<group {self._record.name}: {len(self._record.operations)} operations>"


class SyncGroups:
    """Base of a client: every group of the catalog is an attribute."""

    def __getattr__(self, name: str) -> Group:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        try:
            group = Group(name, self)
        except KeyError:
            hint = nearest(name, [*catalog().header.groups, *super().__dir__()])
            raise AttributeError(f"{type(self).__name__} has no group of operations {name!r}.{hint}") from None
        self.__dict__[name] = group
        return group

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *catalog().header.groups]


class AsyncGroups(SyncGroups):
    """The same for the asynchronous client; only the types of the operations differ."""
