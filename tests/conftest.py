"""What holds for every test: the proxies of the machine that runs it have no say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .faces import Faces
from .servers import Certificates

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxies_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(params=["sync", "async"])
def faces(request: pytest.FixtureRequest) -> Iterator[Faces]:
    """Run a test with each of the two clients: ``faces(region=…)`` makes one."""
    faces = Faces(request.param)
    yield faces
    faces.close()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(str(tmp_path_factory.mktemp("certificates")))
