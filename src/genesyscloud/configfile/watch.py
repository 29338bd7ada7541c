"""Notices that files change, by events of the operating system: one thread for all clients of the process.

The thread, and those of the library that it uses (``watchdog``, extra ``reload``), exist only while there is a file to
watch. Watched are single folders, never what is below them: the folder of the file, and those in which an entry decides
where the path leads (a link; the folder itself, which may be replaced by another; the first folder that is missing).
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from ..forks import renew_after_fork

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

__all__ = ["Subscription", "points", "watch"]

#: A burst of changes is one: it has ended when nothing was heard for this long, in seconds.
QUIET = 0.05
#: … or after this many of them.
BURST = 20

#: More links than this, one leading to the next, lead in a circle.
LINKS = 40


class Subscription:
    """Calls ``changed`` in a thread of its own when one of the files may have changed; see :func:`watch`."""

    def __init__(self, paths: tuple[str, ...], changed: Callable[[], object]) -> None:
        self.paths = paths
        self.changed = changed

    def stop(self) -> None:
        """End it; may be called at any time, from anywhere, a finalizer included."""
        _hub.remove(self)


def watch(paths: tuple[str, ...], changed: Callable[[], object]) -> Subscription | None:
    """Begin to watch files, whether they exist or not.

    Args:
        paths: absolute ones.
        changed: called soon, for what happened before, and after each change; also without need.

    Returns:
        what ends it, or ``None`` when the library for it is not installed, which is logged once.
    """
    from importlib.util import find_spec

    if find_spec("watchdog") is None:
        _hub.say_missing()
        return None
    subscription = Subscription(paths, changed)
    _hub.add(subscription)
    return subscription


def points(path: str) -> set[tuple[str, str]]:
    """Return folders that exist, each with the entry in it that decides where ``path`` leads.

    >>> points("/no/such/folder/config") == {("/", "no")}
    True
    """
    found: set[tuple[str, str]] = set()
    here, pending = _split(os.path.abspath(path))
    links = 0
    while pending:
        name = pending.pop()
        entry = os.path.join(here, name)
        if name == os.pardir:
            here = os.path.dirname(here)
        elif os.path.islink(entry) and links < LINKS:
            found.add((here, name))
            links += 1
            root, more = _split(os.readlink(entry))
            here = root or here
            pending += more
        elif pending and os.path.isdir(entry):
            here = entry
        else:
            found.add((here, name))
            # On macOS the system knows no events but those of whole trees, which is too many for a home directory.
            if not pending and os.path.dirname(here) != here and sys.platform != "darwin":
                found.add(os.path.split(here))
            break
    return found


def _split(path: str) -> tuple[str, list[str]]:
    """Return the root of a path (empty for a relative one), and its names, the last one first."""
    drive, rest = os.path.splitdrive(path)
    names = [name for name in rest.replace(os.sep, "/").split("/") if name not in ("", os.curdir)]
    root = drive + os.sep if rest.startswith((os.sep, "/")) else ""
    return root, names[::-1]


class _Hub:
    """Who wants to hear of which files, and the thread that listens while anyone does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: dict[Subscription, None] = {}
        self._inbox: SimpleQueue[None] | None = None
        self._said_missing = False

    def add(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions[subscription] = None
            self._wake()

    def remove(self, subscription: Subscription) -> None:
        # Without the lock: a finalizer runs wherever it pleases, also in a thread that holds it.
        self._subscriptions.pop(subscription, None)
        inbox = self._inbox
        if inbox is not None:
            inbox.put(None)

    def say_missing(self) -> None:
        if not self._said_missing:
            self._said_missing = True
            _log().warning("changes of configuration files go unnoticed: pip install 'genesyscloud[reload]'")

    def renew(self) -> None:
        """In the child of a fork, where no thread of the parent exists: listen anew."""
        self._lock = threading.Lock()
        self._inbox = None
        if self._subscriptions:
            with self._lock:
                self._wake()

    def _wake(self) -> None:
        if self._inbox is None:
            self._inbox = SimpleQueue()
            name = "genesyscloud-reload"
            threading.Thread(target=self._listen, args=(self._inbox,), name=name, daemon=True).start()
        self._inbox.put(None)

    def _listen(self, inbox: SimpleQueue[None]) -> None:
        ears = _Ears(lambda: inbox.put(None))
        try:
            while True:
                _next_burst(inbox)
                with self._lock:
                    current = list(self._subscriptions)
                    if not current:
                        if self._inbox is inbox:
                            self._inbox = None
                        return
                ears.turn_to({path for subscription in current for path in subscription.paths})
                for subscription in current:
                    subscription.changed()
        finally:
            ears.close()


class _Ears:
    """The watches of the library. Used by one thread; the library's threads only read ``_names``."""

    def __init__(self, heard: Callable[[], object]) -> None:
        from watchdog.events import FileSystemEventHandler

        ears = self

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                if ears.matters(event):
                    heard()

        self._handler = Handler()
        self._observer: Any = _observer()
        self._observer.start()
        self._watches: dict[str, tuple[object, Any]] = {}
        self._gone: set[str] = set()
        self._names: frozenset[str] = frozenset()
        self._said: set[str] = set()

    def matters(self, event: FileSystemEvent) -> bool:
        source, target = os.fsdecode(event.src_path), os.fsdecode(event.dest_path)
        if event.event_type == "deleted" and source in self._watches:
            self._gone.add(source)
            return True
        return source in self._names or target in self._names

    def turn_to(self, paths: set[str]) -> None:
        """Watch what decides about ``paths``; again, until what was found is what is watched."""
        for _ in range(LINKS):
            wanted = {point for path in paths for point in points(path)}
            self._names = frozenset(os.path.join(folder, name) for folder, name in wanted)
            if not self._adjust({folder for folder, _ in wanted}):
                return

    def _adjust(self, folders: set[str]) -> bool:
        """Watch ``folders`` and no others; return whether that changed anything."""
        changed = False
        for folder in list(self._watches):
            known, handle = self._watches[folder]
            if folder not in folders or folder in self._gone or known != _identity(folder):
                self._gone.discard(folder)
                del self._watches[folder]
                self._observer.unschedule(handle)
        for folder in folders - set(self._watches):
            identity = _identity(folder)
            if identity is None:
                changed = True
                continue
            try:
                handle = self._observer.schedule(self._handler, folder, event_filter=_kinds())
            except OSError as error:
                self._complain(folder, error)
                continue
            self._watches[folder] = (identity, handle)
            changed = True
        return changed

    def _complain(self, folder: str, error: OSError) -> None:
        if folder not in self._said:
            self._said.add(folder)
            _log().warning("changes in %s go unnoticed: %s", folder, error.strerror)

    def close(self) -> None:
        self._observer.stop()
        self._observer.join()


def _observer() -> Any:
    from watchdog.observers import Observer

    return Observer()


def _kinds() -> list[type[FileSystemEvent]]:
    from watchdog import events

    kinds: list[type[FileSystemEvent]] = [
        events.FileCreatedEvent,
        events.FileMovedEvent,
        events.FileDeletedEvent,
        events.FileClosedEvent,
        events.DirCreatedEvent,
        events.DirMovedEvent,
        events.DirDeletedEvent,
    ]
    # Linux tells when the writer is done; elsewhere each write is heard of.
    return kinds if sys.platform == "linux" else [*kinds, events.FileModifiedEvent]


def _identity(folder: str) -> object:
    """Return what tells a folder from another that took its place, or ``None`` when there is none."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _next_burst(inbox: SimpleQueue[None]) -> None:
    """Wait for something to happen, and until it has stopped happening."""
    inbox.get()
    for _ in range(BURST):
        try:
            inbox.get(timeout=QUIET)
        except Empty:
            return


def _log() -> Any:
    import logging

    return logging.getLogger("genesyscloud.config")


_hub = _Hub()
renew_after_fork(_hub)
