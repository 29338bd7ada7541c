"""A process is forked while its threads are in the middle of everything: the child must be able to go on."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from genesyscloud import GenesysCloud, catalog, classes, drift, operations
from genesyscloud.auth import AccessToken
from genesyscloud.auth.source import Flight
from genesyscloud.forks import renew_after_fork
from genesyscloud.transport import tls

from .chaos import Bookkeeper
from .engine import ME, client, reply, token
from .servers import RawServer


def in_child(work: Any) -> int:
    """Run ``work`` in a child process; return its exit code: 0 when it returned something true."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if work() else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(
    "lock",
    [catalog._lock, classes.building, drift._lock, operations._lock, tls._lock],
    ids=["catalog", "classes", "drift", "operations", "tls"],
)
def test_a_lock_that_another_thread_holds_is_free_in_the_child(lock: Any) -> None:
    held = threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            # Long enough for the fork to begin, which waits for the lock.
            threading.Event().wait(0.05)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(5)
    assert in_child(lambda: lock.acquire(timeout=1)) == 0
    thread.join(5)
    assert lock.acquire(timeout=1), "nor does the parent keep it"
    lock.release()


def test_what_has_locks_of_its_own_is_renewed() -> None:
    class Owner:
        renewed = False

        def renew(self) -> None:
            self.renewed = True

    owner, forgotten = Owner(), Owner()
    renew_after_fork(owner)
    renew_after_fork(forgotten)
    del forgotten
    assert in_child(lambda: owner.renewed) == 0
    assert not owner.renewed


def test_a_child_does_not_wait_for_a_login_of_its_parent() -> None:
    gc, _ = client([token(), reply(200, ME)])
    source = gc._engine.tokens
    source.board(None, Flight(threading.Event()))
    with source._lock, gc._shared.lock:
        assert in_child(lambda: gc.users.get_users_me().name == "Ann") == 0
    assert source._flight is not None, "in the parent it goes on"


def test_a_child_does_not_wait_for_a_client_that_its_parent_was_opening() -> None:
    with RawServer(Bookkeeper().serve) as server:
        gc = GenesysCloud(auth=AccessToken("x"), region=server.url)
        with gc._shared.lock:
            assert in_child(lambda: gc._wire() is not None) == 0


STORM = """
import faulthandler, itertools, os, sys, threading
from genesyscloud import BreakerSettings, ClientCredentials, GenesysCloud
from genesyscloud.catalog import catalog
from genesyscloud.errors import Unauthorized

gc = GenesysCloud(auth=ClientCredentials("a", "b"), region=sys.argv[1], timeout=10, breaker=BreakerSettings())
names = itertools.cycle([record.name for record in catalog().operations() if record.method == "GET" and record.result])
lock, over = threading.Lock(), threading.Event()

def use(name):
    gc.preload(name)
    try:
        gc.users.get_user("x")
    except Unauthorized:
        pass  # The token expires all the time here.

def work():
    while not over.is_set():
        with lock:
            name = next(names)
        use(name)

# Python itself cannot be forked while another thread imports a module, which the first call does.
gc.users.get_user("x")
threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads:
    thread.start()
codes = []
for _ in range(25):
    with lock:
        name = next(names)
    child = os.fork()
    if child == 0:
        code = 1
        faulthandler.dump_traceback_later(15, exit=True)
        try:
            use(name)
            code = 0
        finally:
            os._exit(code)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
over.set()
for thread in threads:
    thread.join()
gc.close()
print(codes)
"""


def test_children_of_a_busy_process_work() -> None:
    books = Bookkeeper()
    over = threading.Event()

    def expire() -> None:
        while not over.wait(0.01):
            books.expire()

    with RawServer(books.serve) as server:
        expiring = threading.Thread(target=expire)
        expiring.start()
        try:
            done = subprocess.run(
                [sys.executable, "-c", STORM, server.url],
                capture_output=True,
                text=True,
                timeout=60,
                env={**os.environ, "PYTHONPATH": str(Path(catalog.__file__).parents[1])},
            )
        finally:
            over.set()
            expiring.join(5)
    assert done.stdout.strip() == str([0] * 25), done.stderr
