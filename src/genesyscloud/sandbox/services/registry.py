"""Where the areas register what they do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..shapes import CollectionShape
    from ..store import Change, Collection, Entity

__all__ = [
    "EXAMPLE_BODIES",
    "EXAMPLE_IDS",
    "EXAMPLE_QUERIES",
    "LISTENERS",
    "PERSONAL",
    "SEEDED_IDS",
    "SEEDERS",
    "SERVICES",
    "SOURCES",
    "TABLES",
    "UNCHECKED",
    "WITHOUT",
    "example_body",
    "example_ids",
    "example_query",
    "listener",
    "seeded_ids",
    "seeder",
    "service",
    "source",
    "table_start",
]

Service = Callable[["Sandbox", "Call"], Any]
Seeder = Callable[["Sandbox", "Collection", "Entity"], None]
SeededIds = Callable[["Sandbox", str], list[str]]
ExampleBody = Callable[["Sandbox", Sequence[str]], Any]
ExampleIds = Callable[["Sandbox"], list[str]]
ExampleQuery = Callable[["Sandbox"], dict[str, str]]
Listener = Callable[["Sandbox", "Change"], None]
TableStart = Callable[["Sandbox"], dict[str, Any]]
Source = Callable[["Sandbox", "CollectionShape", Sequence[str]], "Collection"]

#: By name of operation: carries the operation out.
SERVICES: dict[str, Service] = {}
#: Operations whose answers depend on who asks: they are remembered for each token.
PERSONAL: set[str] = set()
#: Operations about things that may be deleted.
UNCHECKED: set[str] = set()
#: By path of collection: makes a seeded entity more like a real one.
SEEDERS: dict[str, Seeder] = {}
#: By path of collection: properties that its seeded entities are made without.
WITHOUT: dict[str, frozenset[str]] = {}
#: By path of collection: the ids that are in it from the start, where they are ids of entities elsewhere.
SEEDED_IDS: dict[str, SeededIds] = {}
#: By name of operation: makes a body about things that exist.
EXAMPLE_BODIES: dict[str, ExampleBody] = {}
#: By name of operation: values for the parameters of the path, for things that exist.
EXAMPLE_IDS: dict[str, ExampleIds] = {}
#: By name of operation: values for parameters of the query.
EXAMPLE_QUERIES: dict[str, ExampleQuery] = {}
#: By name of table: makes the rows that it has from the start.
TABLES: dict[str, TableStart] = {}
#: By path of collection: what is in it, where that is kept otherwise than as entities.
SOURCES: dict[str, Source] = {}
#: Told of every change in every sandbox.
LISTENERS: list[Listener] = []


def service(*names: str, personal: bool = False, parents: bool = True) -> Callable[[Service], Service]:
    """Register what carries out the operations called ``names``.

    Args:
        personal: whether the answer depends on more than the request's URL and the state: on who asks.
        parents: whether the entities that the path leads through must exist; those deleted do not.
    """

    def register(function: Service) -> Service:
        PERSONAL.update(names if personal else ())
        UNCHECKED.update(() if parents else names)
        SERVICES.update(dict.fromkeys(names, function))
        return function

    return register


def seeder(path: str, *, without: Iterable[str] = ()) -> Callable[[Seeder], Seeder]:
    """Register what completes the seeded entities of the collection at ``path``.

    Args:
        path: the path, with ``{}`` for parameters.
        without: optional properties that need no example data, because they are kept or made elsewhere.
    """

    def register(function: Seeder) -> Seeder:
        SEEDERS[path] = function
        WITHOUT[path] = frozenset(without)
        return function

    return register


def seeded_ids(path: str) -> Callable[[SeededIds], SeededIds]:
    """Register what tells the ids of the seeded entities of the collection at ``path``; it is given the path with
    the ids of the parents filled in."""

    def register(function: SeededIds) -> SeededIds:
        SEEDED_IDS[path] = function
        return function

    return register


def table_start(name: str) -> Callable[[TableStart], TableStart]:
    """Register what makes the rows that the table called ``name`` has from the start.

    It is called when somebody first looks at the table, and must make the same rows whenever it is called: only what
    was done to them later is kept in a file. So it may depend on the settings and on what the organization started
    with, but not on what has become of it, nor on the time.
    """

    def register(function: TableStart) -> TableStart:
        TABLES[name] = function
        return function

    return register


def source(*paths: str) -> Callable[[Source], Source]:
    """Register what makes the collections at ``paths``; it is given the shape and the ids of the parents."""

    def register(function: Source) -> Source:
        SOURCES.update(dict.fromkeys(paths, function))
        return function

    return register


def listener(function: Listener) -> Listener:
    """Register what is told of every change."""
    LISTENERS.append(function)
    return function


def example_ids(*names: str) -> Callable[[ExampleIds], ExampleIds]:
    """Register what makes values for the path parameters of the operations called ``names``."""

    def register(function: ExampleIds) -> ExampleIds:
        EXAMPLE_IDS.update(dict.fromkeys(names, function))
        return function

    return register


def example_query(*names: str) -> Callable[[ExampleQuery], ExampleQuery]:
    """Register what makes values for query parameters of the operations called ``names``."""

    def register(function: ExampleQuery) -> ExampleQuery:
        EXAMPLE_QUERIES.update(dict.fromkeys(names, function))
        return function

    return register


def example_body(*names: str) -> Callable[[ExampleBody], ExampleBody]:
    """Register what makes an example body for the operations called ``names``."""

    def register(function: ExampleBody) -> ExampleBody:
        EXAMPLE_BODIES.update(dict.fromkeys(names, function))
        return function

    return register
