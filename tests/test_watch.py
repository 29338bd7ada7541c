"""Changes of files are heard of by events of the system, however they come about."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import gc as garbage
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import genesyscloud
from genesyscloud.configfile import watch as module
from genesyscloud.configfile.watch import Subscription, points, watch

SECONDS = 20.0


class Bell:
    """Rings when a file may have changed."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.rung = 0

    def __call__(self) -> None:
        with self._condition:
            self.rung += 1
            self._condition.notify_all()

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait until it rings and ``until`` holds."""
        with self._condition:
            assert self._condition.wait_for(until, SECONDS)


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def begin(bell: Bell) -> Iterator[Callable[[Path], Subscription]]:
    begun: list[Subscription] = []

    def start(path: Path) -> Subscription:
        subscription = watch((str(path),), bell)
        assert subscription is not None
        begun.append(subscription)
        bell.wait(lambda: bell.rung > 0)
        return subscription

    yield start
    for subscription in begun:
        subscription.stop()
    no_thread_is_left()


def no_thread_is_left() -> None:
    for thread in threading.enumerate():
        if thread.name == "genesyscloud-reload":
            thread.join(SECONDS)
            assert not thread.is_alive()


def replace(path: Path, text: str) -> None:
    """Write a new file and put it in the old one's place, as deployments do."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text)
    new.replace(path)


def test_a_file_that_is_written_to(tmp_path: Path, bell: Bell, begin: Callable[[Path], Subscription]) -> None:
    path = tmp_path / "config"
    path.write_text("1")
    begin(path)
    before = bell.rung
    path.write_text("2")
    bell.wait(lambda: bell.rung > before)


def test_a_file_that_is_replaced_again_and_again(
    tmp_path: Path, bell: Bell, begin: Callable[[Path], Subscription]
) -> None:
    path = tmp_path / "config"
    path.write_text("0")
    begin(path)
    for text in "123":
        before = bell.rung
        replace(path, text)
        bell.wait(lambda before=before: bell.rung > before)  # type: ignore[misc]


def test_a_file_that_is_removed_and_made_again(
    tmp_path: Path, bell: Bell, begin: Callable[[Path], Subscription]
) -> None:
    path = tmp_path / "config"
    path.write_text("1")
    begin(path)
    path.unlink()
    path.write_text("2")
    before = bell.rung
    path.write_text("3")
    bell.wait(lambda: bell.rung > before)


def test_a_file_whose_folders_appear_later(tmp_path: Path, bell: Bell, begin: Callable[[Path], Subscription]) -> None:
    path = tmp_path / "a" / "b" / "config"
    begin(path)
    seen: list[str] = []
    path.parent.mkdir(parents=True)
    path.write_text("1")
    bell.wait(lambda: _note(seen, path, "1"))
    before = bell.rung
    replace(path, "2")
    bell.wait(lambda: bell.rung > before and _note(seen, path, "2"))


def _note(seen: list[str], path: Path, text: str) -> bool:
    if path.exists():
        seen.append(path.read_text())
    return text in seen


def test_a_folder_that_is_replaced_by_another(
    tmp_path: Path, bell: Bell, begin: Callable[[Path], Subscription]
) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "config").write_text("1")
    begin(folder / "config")
    other = tmp_path / "new"
    other.mkdir()
    (other / "config").write_text("2")
    before = bell.rung
    folder.rename(tmp_path / "old")
    other.rename(folder)
    bell.wait(lambda: bell.rung > before)
    # The new folder is watched now, not the old one.
    for number in range(3):
        before = bell.rung
        replace(folder / "config", str(number))
        bell.wait(lambda before=before: bell.rung > before)  # type: ignore[misc]


def test_a_link_that_is_led_elsewhere_as_kubernetes_does(
    tmp_path: Path, bell: Bell, begin: Callable[[Path], Subscription]
) -> None:
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config").write_text(name)
    (tmp_path / "data").symlink_to("v1")
    (tmp_path / "config").symlink_to("data/config")
    begin(tmp_path / "config")
    before = bell.rung
    (tmp_path / "fresh").symlink_to("v2")
    (tmp_path / "fresh").replace(tmp_path / "data")
    bell.wait(lambda: bell.rung > before)
    before = bell.rung
    (tmp_path / "v2" / "config").write_text("v3")
    bell.wait(lambda: bell.rung > before)


def test_no_more_is_watched_than_what_decides(tmp_path: Path) -> None:
    (tmp_path / "a" / "deep" / "er").mkdir(parents=True)
    assert points(str(tmp_path / "a" / "config")) == {
        (str(tmp_path / "a"), "config"),
        (str(tmp_path), "a"),
    }
    assert points(str(tmp_path / "x" / "y" / "config")) == {(str(tmp_path), "x")}
    (tmp_path / "circle").symlink_to("circle")
    assert (str(tmp_path), "circle") in points(str(tmp_path / "circle" / "config"))
    (tmp_path / "up").symlink_to("a/../a")
    assert {(str(tmp_path), "up"), (str(tmp_path / "a"), "config")} <= points(str(tmp_path / "up" / "config"))


def test_other_files_of_the_folder_are_no_news(
    tmp_path: Path, bell: Bell, begin: Callable[[Path], Subscription]
) -> None:
    path = tmp_path / "config"
    begin(path)
    before = bell.rung
    for number in range(50):
        (tmp_path / f"other{number}").write_text("x")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "config").write_text("x")
    path.write_text("1")
    bell.wait(lambda: bell.rung > before)
    # One burst for the file; a second look can follow the first event of it.
    assert bell.rung - before <= 2


def test_one_thread_for_all_and_none_when_nobody_listens(tmp_path: Path) -> None:
    bells = [Bell() for _ in range(5)]
    begun = [watch((str(tmp_path / f"c{number}"),), bell) for number, bell in enumerate(bells)]
    for bell in bells:
        bell.wait(lambda bell=bell: bell.rung > 0)  # type: ignore[misc]
    assert [thread.name for thread in threading.enumerate()].count("genesyscloud-reload") == 1
    for subscription in begun:
        assert subscription is not None
        subscription.stop()
        subscription.stop()
    no_thread_is_left()


def test_listening_again_after_everybody_has_left(tmp_path: Path, bell: Bell) -> None:
    for _ in range(3):
        subscription = watch((str(tmp_path / "config"),), bell)
        assert subscription is not None
        before = bell.rung
        bell.wait(lambda before=before: bell.rung > before)  # type: ignore[misc]
        subscription.stop()
    no_thread_is_left()


def test_without_the_library_nothing_is_watched_and_that_is_said_once(
    tmp_path: Path, bell: Bell, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def nothing(name: str) -> None:
        return None

    monkeypatch.setattr("importlib.util.find_spec", nothing)
    monkeypatch.setattr(module._hub, "_said_missing", False)
    assert watch((str(tmp_path / "config"),), bell) is None
    assert watch((str(tmp_path / "config"),), bell) is None
    assert caplog.text.count("pip install 'genesyscloud[reload]'") == 1


FORK = """
import os, sys, threading
from genesyscloud.configfile.watch import watch
path = sys.argv[1]
heard = threading.Semaphore(0)
subscription = watch((path,), heard.release)
assert heard.acquire(timeout=20)
child = os.fork()
if child == 0:
    code = 1
    try:
        assert heard.acquire(timeout=20)
        while heard.acquire(blocking=False):
            pass
        with open(path, "w") as file:
            file.write("2")
        code = 0 if heard.acquire(timeout=20) else 2
    finally:
        os._exit(code)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_made_by_fork_listens_for_itself(tmp_path: Path) -> None:
    source = str(Path(genesyscloud.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", FORK, str(tmp_path / "config")],
        capture_output=True, text=True, timeout=60, env={"PYTHONPATH": source},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_that_ends_is_not_held_up(tmp_path: Path) -> None:
    code = (
        "import sys; from genesyscloud import GenesysCloud;"
        "gc = GenesysCloud.from_config_file(sys.argv[1]); print(gc); sys.exit(3)"
    )
    (tmp_path / "config").write_text("[auth]\naccess_token = t\n")
    source = str(Path(genesyscloud.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "config")],
        capture_output=True, text=True, timeout=60, env={"PYTHONPATH": source},
    )  # fmt: skip
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_a_finalizer_in_the_listening_thread_does_not_lock_itself_up(tmp_path: Path, bell: Bell) -> None:
    """Garbage may be collected anywhere, also while the lock is held."""
    subscription = watch((str(tmp_path / "config"),), bell)
    assert subscription is not None
    with module._hub._lock:
        subscription.stop()
        garbage.collect()
    no_thread_is_left()
