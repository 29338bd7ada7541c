"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CONFTEST = """
import pytest

@pytest.fixture(scope="session")
def sandbox_options():
    return {"seed": 3}
"""
TESTS = """
import asyncio
import urllib.request
import pytest
from genesyscloud.sandbox import Fault

seen = []

def test_first(sandbox, genesyscloud_client):
    assert sandbox.settings.seed == 3
    seen.append(sandbox)
    name = genesyscloud_client.organization.get_organizations_me().name
    genesyscloud_client.request("POST", "/api/v2/routing/queues", json={"name": "Mine"})
    sandbox.clock.freeze(4_000_000_000)
    sandbox.faults.add(Fault(kind="server_error", operation="get_users"))
    assert genesyscloud_client.routing.get_routing_queues(name="Mine").total == 1

def test_second_starts_like_the_first(sandbox, genesyscloud_client):
    assert seen == [sandbox]
    assert sandbox.requests.listed() == []
    assert genesyscloud_client.routing.get_routing_queues(name="Mine").total == 0
    assert not sandbox.clock.frozen
    assert sandbox.faults.listed() == []
    sandbox.seed({"queues": ["A"]})
    assert genesyscloud_client.routing.get_routing_queues().total == 1

def test_third_has_the_organization_of_the_start(genesyscloud_client):
    assert genesyscloud_client.routing.get_routing_queues().total == 250

@pytest.mark.genesyscloud(seed=9, seeded_counts={"/api/v2/users": 2})
def test_of_its_own(sandbox, genesyscloud_client):
    assert seen != [sandbox]
    assert sandbox.settings.seed == 9
    assert genesyscloud_client.users.get_users().total == 2

@pytest.mark.genesyscloud(7)
def test_a_marker_without_names(sandbox): ...

def test_async(genesyscloud_async_client):
    async def go():
        return await genesyscloud_async_client.routing.get_routing_queues(page_size=1)
    assert asyncio.run(go()).total == 250

def test_over_http(sandbox_address, sandbox):
    request = urllib.request.Request(sandbox_address + "/api/v2/users/me")
    request.add_header("Authorization", "Bearer " + sandbox.access_token())
    with urllib.request.urlopen(request) as reply:
        assert reply.status == 200
"""


def test_fixtures(tmp_path: Path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    # Named here, so that it is tried whether or not this installation has the entry point.
    command = [sys.executable, "-m", "pytest", "-p", "genesyscloud.testing", "--strict-markers", "-q", str(tmp_path)]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert "6 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "genesyscloud() takes options by their names (seed=7), not 7" in done.stdout


def test_the_plugin_costs_those_nothing_who_do_not_use_it():
    code = "import sys, genesyscloud.testing; print(sorted(m for m in sys.modules if m.startswith('genesyscloud.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['genesyscloud.testing']"
