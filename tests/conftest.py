"""What holds for every test: the machine that runs it has no say, and nor have other tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from genesyscloud import classes, drift
from genesyscloud.configfile import files

from .faces import Faces
from .servers import Certificates

# A shell that runs the tests in the background has them ignore Ctrl-C, and so all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


# The same examples in every run, and no limit on the time of one: a test that fails tells of the change that it is run
# for, not of luck or of a busy machine. With GENESYSCLOUD_TEST_FUZZ set, new examples are searched for.
settings.register_profile(
    "genesyscloud",
    deadline=None,
    derandomize="GENESYSCLOUD_TEST_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("genesyscloud")


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


@pytest.fixture(autouse=True)
def no_configuration_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GENESYSCLOUD_CONFIG_FILE", "GENESYSCLOUD_PROFILE", "GENESYSCLOUD_BROWSER"):
        monkeypatch.delenv(name, raising=False)
    # Not HOME itself: tools that tests start keep their own things there.
    monkeypatch.setattr(files, "home", lambda: "/nonexistent")


@pytest.fixture(autouse=True)
def nothing_learnt_about_replies(monkeypatch: pytest.MonkeyPatch) -> None:
    # What replies of one test held beyond the definition would change the classes that another is given.
    monkeypatch.setattr(drift, "_current", classes.BASE)
