"""State in a file: it outlives the process however that ends, and a write that cannot be kept did not happen."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from genesyscloud import AccessToken, GenesysCloud
from genesyscloud.errors import NotFound, ServerError
from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.datafile import DataFile, DataFileError

QUEUES = "/api/v2/routing/queues"
#: A sandbox over HTTP whose file cannot grow beyond a size: that is what a full disk looks like from inside.
SERVER = """
import resource, sys
from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.server import address_of, listen, run
if int(sys.argv[2]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
sandbox = Sandbox(data=sys.argv[1])
listener = listen("127.0.0.1", 0)
print(address_of(listener), sandbox.access_token(), flush=True)
run(sandbox, listener)
"""


@contextmanager
def _process(file: Path, most_bytes: int = 0) -> Generator[tuple[subprocess.Popen[str], str, str]]:
    """A server in a process of its own: the process, its address, a token."""
    made = subprocess.Popen([sys.executable, "-c", SERVER, file, str(most_bytes)], stdout=subprocess.PIPE, text=True)
    try:
        assert made.stdout is not None
        address, token = made.stdout.readline().split()
        yield made, address, token
    finally:
        made.kill()
        made.wait(30)
        assert made.stdout is not None
        made.stdout.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "organization.db"


def _state(gc: GenesysCloud) -> list[Any]:
    paths = (f"{QUEUES}?pageSize=100", "/api/v2/users?pageSize=100", "/api/v2/organizations/me")
    return [gc.request("GET", path).value for path in paths]


def test_everything_is_there_again(file: Path):
    with Sandbox(data=file, seed=5) as sandbox, sandbox.client() as gc:
        known = gc.request("GET", f"{QUEUES}?pageSize=5").value["entities"]
        gc.request("DELETE", f"{QUEUES}/{known[0]['id']}")
        gc.request("PUT", f"{QUEUES}/{known[1]['id']}", json={"name": "Renamed"})
        made = gc.request("POST", QUEUES, json={"name": "New"}).value["id"]
        gc.request("PATCH", f"{QUEUES}/{made}/members", json=[])
        own = gc.request("GET", "/api/v2/organizations/me").value
        gc.request("PUT", "/api/v2/organizations/me", json={**own, "name": "Ours"})
        sandbox.store.table("test")["row"] = {"a": [1, None]}
        sandbox.clock.move(3600)
        moved = sandbox.seconds()
        state = _state(gc)
    with Sandbox(data=file, seed=5) as sandbox, sandbox.client() as gc:
        assert _state(gc) == state
        assert gc.request("GET", f"{QUEUES}/{made}").value["name"] == "New"
        with pytest.raises(NotFound):
            gc.request("GET", f"{QUEUES}/{known[0]['id']}")
        assert dict(sandbox.store.table("test")) == {"row": {"a": [1, None]}}
        assert sandbox.seconds() >= moved
        assert gc.request("POST", QUEUES, json={"name": "Another"}).value["id"] != made


def test_going_back_goes_back_in_the_file_too(file: Path):
    with Sandbox(data=file) as sandbox, sandbox.client() as gc:
        kept = gc.request("POST", QUEUES, json={"name": "Kept"}).value["id"]
        snapshot = sandbox.snapshot()
        gone = gc.request("POST", QUEUES, json={"name": "Gone"}).value["id"]
        sandbox.restore(snapshot)
    with Sandbox(data=file) as sandbox, sandbox.client() as gc:
        assert gc.request("GET", f"{QUEUES}/{kept}").value["name"] == "Kept"
        with pytest.raises(NotFound):
            gc.request("GET", f"{QUEUES}/{gone}")
        sandbox.reset()
    with Sandbox(data=file) as sandbox, sandbox.client() as gc, pytest.raises(NotFound):
        gc.request("GET", f"{QUEUES}/{kept}")


def test_what_belonged_to_a_removed_entity_is_gone_for_good(file: Path):
    with Sandbox(data=file) as sandbox, sandbox.client() as gc:
        queue = gc.request("POST", QUEUES, json={"name": "One"}).value["id"]
        user = gc.request("GET", "/api/v2/users?pageSize=1").value["entities"][0]["id"]
        gc.request("POST", f"{QUEUES}/{queue}/members", json=[{"id": user}])
    holder = f"{QUEUES}/{queue}/members"
    with Sandbox(data=file) as sandbox, sandbox.client() as gc:
        gc.request("DELETE", f"{QUEUES}/{queue}?forceDelete=true")
    kept = DataFile(file)
    assert holder not in kept.saved()
    kept.close()


def test_a_write_under_load_is_not_lost_when_the_process_is_killed(file: Path):
    acknowledged: list[str] = []
    enough = threading.Event()

    def write(address: str, token: str, worker: int) -> None:
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            for at in range(2000):
                connection.request("POST", QUEUES, json.dumps({"name": f"Q{worker}-{at}"}), headers)
                reply = connection.getresponse()
                body = json.loads(reply.read())
                assert reply.status == 200, body
                acknowledged.append(body["id"])
                if len(acknowledged) >= 150:
                    enough.set()
        except (OSError, http.client.HTTPException):
            pass  # The process was killed in the middle of this one.
        finally:
            connection.close()

    with _process(file) as (process, address, token):
        workers = [threading.Thread(target=write, args=(address, token, at)) for at in range(3)]
        for worker in workers:
            worker.start()
        assert enough.wait(60)
        process.send_signal(signal.SIGKILL)
        for worker in workers:
            worker.join(60)
    with Sandbox(data=file) as sandbox, sandbox.client() as gc:
        total = gc.request("GET", f"{QUEUES}?pageSize=1").value["total"]
        for queue_id in acknowledged:
            assert gc.request("GET", f"{QUEUES}/{queue_id}").value["id"] == queue_id
    # One per worker may have been kept without its acknowledgement having arrived.
    assert 0 <= total - 250 - len(acknowledged) <= len(workers)


def test_a_write_that_does_not_fit_is_refused_and_did_not_happen(file: Path):
    def fill(gc: GenesysCloud, made: list[str]) -> None:
        for at in range(500):
            body = {"name": f"Q{at}", "description": "x" * 3000}
            made.append(gc.request("POST", QUEUES, json=body).value["id"])

    made: list[str] = []
    with (
        _process(file, most_bytes=400_000) as (_, address, token),
        GenesysCloud(auth=AccessToken(token), region=address, retry=False) as gc,
    ):
        with pytest.raises(ServerError) as caught:
            fill(gc, made)
        assert caught.value.status == 507
        assert str(file) in str(caught.value)
        assert made
        assert gc.request("GET", f"{QUEUES}?pageSize=1").value["total"] == 250 + len(made)
    with Sandbox(data=file) as sandbox, sandbox.client() as gc:
        assert gc.request("GET", f"{QUEUES}?pageSize=1").value["total"] == 250 + len(made)


def test_one_process_at_a_time(file: Path):
    with _process(file), pytest.raises(DataFileError, match="another process is using it"):
        Sandbox(data=file)
    Sandbox(data=file).close()


def test_other_files_are_refused(file: Path, tmp_path: Path):
    file.write_text("what is this? " * 100)
    with pytest.raises(DataFileError, match="no sandbox's file"):
        Sandbox(data=file)
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE something (a)")
    connection.commit()
    connection.close()
    with pytest.raises(DataFileError, match="no sandbox's file"):
        Sandbox(data=other)
    with pytest.raises(DataFileError, match="folder exists"):
        Sandbox(data=tmp_path / "nowhere" / "file.db")
    assert sorted(os.listdir(tmp_path)) == [file.name, other.name]


def test_a_file_belongs_to_the_organization_that_it_was_made_for(file: Path):
    Sandbox(data=file, seed=1).close()
    with pytest.raises(DataFileError, match=r"seed=1.*seed=2"):
        Sandbox(data=file, seed=2)
    Sandbox(data=file, seed=1).close()
