"""From method and path to the operation of the definition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import unquote

from ..catalog import Catalog, OperationRecord

__all__ = ["Router", "router_of"]

_PARAMETER = re.compile(r"{[^}]+}")


class _Node:
    __slots__ = ("literals", "operations", "parameter")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.operations: dict[str, OperationRecord] = {}


class Router:
    """A tree of path segments. A literal segment wins over a parameter, as long as the method exists there.

    >>> router.find("GET", "/api/v2/users/me")[0].name          # doctest: +SKIP
    'get_users_me'
    """

    def __init__(self, records: Iterable[OperationRecord]) -> None:
        self._root = _Node()
        self.by_path: dict[str, dict[str, OperationRecord]] = {}
        for record in records:
            node = self._root
            for segment in record.path.split("/")[1:]:
                if _PARAMETER.fullmatch(segment):
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.literals.setdefault(segment, _Node())
            node.operations[record.method] = record
            self.by_path.setdefault(record.path, {})[record.method] = record

    def find(self, method: str, path: str) -> tuple[OperationRecord | None, list[str], list[str]]:
        """Find the operation for a request.

        Args:
            method: in capitals; HEAD finds GET where there is no HEAD.
            path: as it was sent, percent-encoded.

        Returns:
            The operation or ``None``, the decoded values of its path parameters in the order of the path, and
            the methods that the path allows: none of them, there is no such path.
        """
        allowed: list[str] = []
        for node, values in _walk(self._root, path.split("/")[1:], 0, []):
            record = node.operations.get(method) or (node.operations.get("GET") if method == "HEAD" else None)
            if record is not None:
                return record, values, allowed
            allowed += node.operations
        return None, [], sorted(set(allowed))


def _walk(node: _Node, segments: list[str], at: int, values: list[str]) -> Iterator[tuple[_Node, list[str]]]:
    if at == len(segments):
        if node.operations:
            yield node, values
        return
    segment = unquote(segments[at])
    literal = node.literals.get(segment)
    if literal is not None:
        yield from _walk(literal, segments, at + 1, values)
    if node.parameter is not None and segment:
        yield from _walk(node.parameter, segments, at + 1, [*values, segment])


@lru_cache(maxsize=4)
def router_of(source: Catalog) -> Router:
    """The router over all operations of a catalog, made once per catalog."""
    return Router(source.operations())
