"""The configuration file of the vendor's face: read leniently, followed while the program runs.

What cannot be understood is said and passed over, because the vendor's SDK passes over it in silence. After a change
of the file only what it says differently is applied, so that what the program has set in the meantime stays.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from ..configfile.watch import Subscription

__all__ = ["SettingsFile"]

Values = Mapping[tuple[str, str], Any]
#: No configuration is longer.
_LONGEST = 1 << 20


class SettingsFile:
    """One file.

    Args:
        path: of the file. apply: called with what is new in it, now and after each change.
    """

    def __init__(self, path: str, apply: Callable[[Values], None]) -> None:
        self._path = os.path.abspath(os.path.expanduser(path))
        self._apply = apply
        self._lock = threading.RLock()
        self._stamp: tuple[int, int, int] | None = None
        self._values: dict[tuple[str, str], Any] = {}
        self._subscription: Subscription | None = None
        self._wished = False
        self.look()

    def look(self) -> None:
        """Apply what is new in the file. A file that is gone still says what it said."""
        with self._lock:
            stamp = self._stamped()
            if stamp is None or stamp == self._stamp:
                return
            self._stamp = stamp
            values = self._read()
            if values is None:
                return
            new = {key: value for key, value in values.items() if self._values.get(key) != value}
            if ("gateway", "host") in self._values and ("gateway", "host") not in values:
                new["gateway", "host"] = ""
            self._values = values
            self._apply(new)

    def live(self, wish: bool) -> None:
        """Follow the file, or stop doing so."""
        if wish == self._wished:
            return
        self._wished = wish
        if not wish:
            self.close()
        elif find_spec("watchdog") is not None:
            from ..configfile.watch import watch

            self._subscription = watch((self._path,), self.look)

    @property
    def watched(self) -> bool:
        """Whether the operating system tells of changes; else :meth:`look` has to be called."""
        return self._subscription is not None

    def close(self) -> None:
        """Stop following it."""
        self._wished = False
        if self._subscription is not None:
            self._subscription.stop()
            self._subscription = None

    def _stamped(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)
        except (OSError, ValueError):
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> dict[tuple[str, str], Any] | None:
        from ..configfile.reader import read

        try:
            with open(self._path, "rb") as file:
                contents, problems = read(file.read(_LONGEST), self._path)
        except OSError as error:
            _warn(f"{self._path}: cannot be read: {error.strerror}")
            return None
        except ConfigurationError as error:
            _warn(str(error))
            return None
        for problem in problems:
            _warn(f"{self._path}: {problem}")
        return contents.values


def _warn(text: str) -> None:
    import logging

    logging.getLogger("genesyscloud.config").warning("%s", text)
