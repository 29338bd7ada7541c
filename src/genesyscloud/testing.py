"""A pytest plugin: a local Genesys Cloud for every test, and clients of it.

It is there as soon as the package is installed with the extra ``sandbox``. Each test starts with the organization as
it was at the start of the session; that takes milliseconds, because the sandbox goes back to a snapshot.

.. code-block:: python

    def test_rename(sandbox, genesyscloud_client):
        queue = genesyscloud_client.routing.get_routing_queues(page_size=1).entities[0]
        my_program.rename(queue.id, "Support")
        assert genesyscloud_client.routing.get_routing_queue(queue.id).name == "Support"


    @pytest.mark.genesyscloud(seed=7, rate_limit=300)
    def test_patience(genesyscloud_client): ...
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    # Imported by every pytest of an environment that has this package: nothing heavy here.
    from .client import AsyncGenesysCloud, GenesysCloud
    from .sandbox import Sandbox

__all__ = [
    "genesyscloud_async_client",
    "genesyscloud_client",
    "sandbox",
    "sandbox_address",
    "sandbox_options",
]

MARKER = "genesyscloud"


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the marker."""
    config.addinivalue_line(
        "markers", f"{MARKER}(**options): options of the test's own genesyscloud.sandbox.Sandbox (seed=7, data=…)"
    )


@pytest.fixture(scope="session")
def sandbox_options() -> dict[str, Any]:
    """Arguments of the session's :class:`~genesyscloud.sandbox.Sandbox`; override it in ``conftest.py``."""
    return {}


@pytest.fixture(scope="session")
def _genesyscloud_sandbox(sandbox_options: dict[str, Any]) -> Generator[Sandbox]:
    from .sandbox import Sandbox

    with Sandbox(**sandbox_options) as made:
        yield made


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Generator[Sandbox]:
    """A sandbox in the state of its start. Whatever the test does to it is taken back at its end.

    That includes the clock, faults, another organization, and the counts of requests.

    With the marker ``genesyscloud(seed=7, …)`` the test gets a sandbox of its own, with these options.
    """
    from .sandbox import Sandbox

    marker = request.node.get_closest_marker(MARKER)
    if marker is not None:
        if marker.args:
            raise pytest.UsageError(f"{MARKER}() takes options by their names (seed=7), not {marker.args[0]!r}")
        with Sandbox(**marker.kwargs) as made:
            yield made
        return
    shared: Sandbox = request.getfixturevalue("_genesyscloud_sandbox")
    snapshot = shared.snapshot()
    try:
        yield shared
    finally:
        shared.rewind(snapshot)


@pytest.fixture
def sandbox_address(sandbox: Sandbox) -> str:
    """The address of the sandbox over HTTP (``http://127.0.0.1:40123``), for programs in other processes."""
    return sandbox.serve()


@pytest.fixture
def genesyscloud_client(sandbox: Sandbox) -> Generator[GenesysCloud]:
    """A client of the sandbox, in this process and without a socket."""
    with sandbox.client() as client:
        yield client


@pytest.fixture
def genesyscloud_async_client(sandbox: Sandbox) -> AsyncGenesysCloud:
    """The same for asyncio; it holds nothing that needs closing."""
    return sandbox.async_client()
