"""A small JSON object in a file that several processes read and change."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

from ...errors import TokenStoreError

__all__ = ["JsonFile"]


class JsonFile:
    """A JSON object in a file that only its owner can read.

    A change writes a new file and puts it in the old one's place, so that readers and crashes see one or the other,
    never a half, and a full disk leaves the old one as it was. Whoever changes it holds the lock on a file next to
    it; the operating system releases that of a process that dies.

    Args:
        path: of the file; its folder is made when it is first written.

    Raises:
        TokenStoreError: reading, writing and locking do, with the reason of the system.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = threading.Lock()
        self._process = os.getpid()

    def read(self) -> dict[str, Any]:
        """Return the object; an empty one if there is no file, or what is in it is not an object.

        A broken file is no error, since nothing in it is worth one: the next login fills it again.
        """
        try:
            value: Any = json.loads(self.path.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        except OSError as error:
            raise _failure("read", error) from None
        return cast("dict[str, Any]", value) if isinstance(value, dict) else {}

    def write(self, value: dict[str, Any], *, lasting: bool) -> None:
        """Replace the object, while holding the lock.

        Args:
            lasting: whether it must survive a failure of power.
        """
        import tempfile

        try:
            handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
            try:
                with open(handle, "w", encoding="utf-8") as file:
                    json.dump(value, file, separators=(",", ":"))
                    file.flush()
                    if lasting:
                        os.fsync(file.fileno())
                os.replace(name, self.path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(name)
                raise
        except OSError as error:
            raise _failure("written", error) from None

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Keep all others, threads and processes, from changing the file meanwhile."""
        if self._process != os.getpid():
            # In a child made by fork: a thread that was not copied may have held the lock.
            self._threads, self._process = threading.Lock(), os.getpid()
        with self._threads:
            try:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                handle = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise _failure("locked", error) from None
            try:
                _lock(handle)
                yield
            finally:
                # Closing the only handle releases the lock.
                os.close(handle)


def _failure(what: str, error: OSError) -> TokenStoreError:
    name = error.filename if isinstance(error.filename, str) else "the file of the token store"
    return TokenStoreError(f"token store: {name} cannot be {what}: {error.strerror or error}")


if sys.platform == "win32":

    def _lock(handle: int) -> None:
        import msvcrt

        while True:
            # Tries for ten seconds, then fails.
            with contextlib.suppress(OSError):
                msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
                return
else:

    def _lock(handle: int) -> None:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)
