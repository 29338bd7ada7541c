"""Where the areas register what they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

__all__ = ["EXAMPLE_BODIES", "PERSONAL", "SEEDERS", "SERVICES", "example_body", "seeder", "service"]

Service = Callable[["Sandbox", "Call"], Any]
Seeder = Callable[["Sandbox", "Collection", "Entity"], None]
ExampleBody = Callable[["Sandbox", Sequence[str]], Any]

#: By name of operation: carries the operation out.
SERVICES: dict[str, Service] = {}
#: Operations whose answers must not be remembered.
PERSONAL: set[str] = set()
#: By path of collection: makes a seeded entity more like a real one.
SEEDERS: dict[str, Seeder] = {}
#: By name of operation: makes a body about things that exist.
EXAMPLE_BODIES: dict[str, ExampleBody] = {}


def service(*names: str, personal: bool = False) -> Callable[[Service], Service]:
    """Register what carries out the operations called ``names``.

    Args:
        personal: whether the answer depends on more than the request's URL and the state: on who asks.
    """

    def register(function: Service) -> Service:
        PERSONAL.update(names if personal else ())
        SERVICES.update(dict.fromkeys(names, function))
        return function

    return register


def seeder(path: str) -> Callable[[Seeder], Seeder]:
    """Register what completes the seeded entities of the collection at ``path``."""

    def register(function: Seeder) -> Seeder:
        SEEDERS[path] = function
        return function

    return register


def example_body(*names: str) -> Callable[[ExampleBody], ExampleBody]:
    """Register what makes an example body for the operations called ``names``."""

    def register(function: ExampleBody) -> ExampleBody:
        EXAMPLE_BODIES.update(dict.fromkeys(names, function))
        return function

    return register
