"""The files that a client reads: which, what they say, and what they say now."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from ..paths import StrPath

if TYPE_CHECKING:
    from .reader import Contents, Values

__all__ = ["Files", "find", "own_path", "vendor_path"]

#: No configuration is longer; what is, is some other file.
LONGEST = 1 << 20

_PROFILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def own_path() -> str:
    """Return where this package's own configuration is, whether or not there is one."""
    return os.path.join(home(), ".genesyscloud", "config")


def vendor_path() -> str:
    """Return where the vendor's Python SDK has its configuration, whether or not there is one."""
    return os.path.join(home(), ".genesyscloudpython", "config")


def home() -> str:
    """Return the home directory of who runs this."""
    return os.path.expanduser("~")


def find(config_file: StrPath | None, profile: str | None, environ: Mapping[str, str]) -> Files:
    """Return the files for what code and environment say; without a word from them, those in their usual places.

    Args:
        config_file: a path; empty for no file at all.
        profile: the name of a file in ``~/.genesyscloud/profiles``; ``default`` is ``~/.genesyscloud/config``.

    Raises:
        ConfigurationError: there is no such profile, or both are given.
    """
    if config_file is not None and profile is not None:
        raise ConfigurationError("give config_file or profile, not both")
    if config_file is None and profile is None:
        config_file = environ.get("GENESYSCLOUD_CONFIG_FILE") or None
        profile = None if config_file else environ.get("GENESYSCLOUD_PROFILE") or None
    if config_file is not None:
        path = os.fspath(config_file)
        return Files((os.path.abspath(os.path.expanduser(path)),) if path else (), named=True)
    if profile is not None:
        return Files((_profile_path(profile),), named=True)
    return Files((own_path(), vendor_path()), named=False)


def _profile_path(profile: str) -> str:
    if not _PROFILE.fullmatch(profile):
        raise ConfigurationError(f"profile {profile!r}: a name has letters, digits, '_', '-' and '.' only")
    if profile == "default":
        return own_path()
    folder = os.path.join(os.path.dirname(own_path()), "profiles")
    path = os.path.join(folder, profile)
    if not os.path.exists(path):
        present = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        known = f"there are {', '.join(present)}" if present else "there is none"
        raise ConfigurationError(f"no profile {profile!r}: {path} does not exist; {known}")
    return path


class Said:
    """What some files say together; those in front win."""

    def __init__(self, paths: tuple[str, ...], contents: dict[str, Contents]) -> None:
        self.paths = paths
        self.contents = contents

    @property
    def values(self) -> Values:
        """What they say, by section and key."""
        values: dict[tuple[str, str], object] = {}
        for path in reversed(self.paths):
            if path in self.contents:
                values.update(self.contents[path].values)
        return values

    def place(self, section: str) -> str:
        """Return which files say something in ``section``, and its name, for messages."""
        found = [path for path in self.paths if path in self.contents and self.contents[path].has(section)]
        return f"{' and '.join(found)}: [{section}]"


class Files(Said):
    """The files that one client reads."""

    def __init__(self, paths: tuple[str, ...], *, named: bool) -> None:
        super().__init__(paths, {})
        #: Whether someone asked for them, rather than that they are in the usual places.
        self.named = named
        self._seen: dict[str, bytes | None] = {}

    def load(self) -> Values:
        """Read them for the first time.

        Raises:
            ConfigurationError: one of them cannot be read, or says what is not allowed.
        """
        for path in self.paths:
            data = self._seen[path] = _read(path)
            if data:
                self.contents[path] = _parsed(data, path)
            elif data is None and self.named:
                _log_warning("%s does not exist", path)
        return self.values

    def changed(self) -> Candidate | None:
        """Read them again; ``None`` when nothing is new. A file that is gone, or empty, still says what it said.

        Editors and deployments may remove a file, or cut it to nothing, for the moment before they write it.

        Raises:
            ConfigurationError: what is new cannot be used; the same content is not complained of twice.
        """
        found = {path: _read(path) for path in self.paths}
        new = {path: data for path, data in found.items() if data and data != self._seen.get(path)}
        if not new:
            return None
        self._seen.update(new)
        contents = {**self.contents, **{path: _parsed(data, path) for path, data in new.items()}}
        return Candidate(self, contents, tuple(new))

    def to_watch(self, wish: bool | None) -> tuple[str, ...]:
        """Return the files whose changes are to be noticed.

        Args:
            wish: what code says about it, if it does.
        """
        if wish is False or (wish is None and self.values.get(("general", "live_reload_config")) is False):
            return ()
        if wish is None and not self.named:
            return tuple(path for path in self.paths if os.path.isfile(path))
        return tuple(path for path in self.paths if os.path.isfile(path) or not os.path.exists(path))


class Candidate(Said):
    """What the files say after a change, as long as nobody has tried whether it can be used."""

    def __init__(self, files: Files, contents: dict[str, Contents], new: tuple[str, ...]) -> None:
        super().__init__(files.paths, contents)
        self._files = files
        #: Those that have changed.
        self.new = new

    def accept(self) -> None:
        """It can be used."""
        self._files.contents = self.contents


def _parsed(data: bytes, path: str) -> Contents:
    from .reader import parse
    from .schema import SECTIONS

    contents = parse(data, path)
    for unknown in contents.unknown:
        _log_warning("%s", unknown)
    secret = [key for section, key in contents.values if SECTIONS[section][key].secret]
    if secret and _open_to_all(path):
        _log_warning("%s holds %s and can be read by every user of this machine; chmod 600 it", path, secret[0])
    return contents


def _open_to_all(path: str) -> bool:
    try:
        # Other systems have other ways to say it.
        return os.name == "posix" and bool(os.stat(path).st_mode & stat.S_IROTH)
    except OSError:
        return False


def _read(path: str) -> bytes | None:
    """Return the bytes of a file, or ``None`` when it does not exist."""
    try:
        with open(path, "rb") as file:
            data = file.read(LONGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        raise ConfigurationError(f"{path}: cannot be read: {reason}") from None
    if len(data) > LONGEST:
        raise ConfigurationError(f"{path}: longer than {LONGEST} bytes, which no configuration is")
    return data


def _log_warning(text: str, *values: object) -> None:
    # Nothing but trouble needs it, and the module costs some milliseconds.
    import logging

    logging.getLogger("genesyscloud.config").warning(text, *values)
