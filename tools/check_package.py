"""Build the wheel, look at what is in it, and use it from an environment of its own.

Raises :class:`SystemExit` with what is wrong; prints the figures otherwise.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "typing"
MAX_BYTES = 3_000_000
MAX_FILES = 300
MAX_PATH = 100
MAX_STUB = 600_000
NEEDED = ("py.typed", "_generated/catalog.bin", "groups.pyi", "models.pyi", "_api/routing.pyi", "client.pyi")

USE = """
import sys, genesyscloud
heavy = {"aiohttp", "urllib3", "ssl", "uvicorn", "click", "rich", "msgspec"} & set(sys.modules)
assert not heavy, f"import genesyscloud imports {heavy}"
from genesyscloud.catalog import catalog
from genesyscloud.models import Queue
from genesyscloud import AccessToken, GenesysCloud
assert Queue(name="a").to_json() == b'{"name":"a"}'
assert catalog().header.operations > 3000
with GenesysCloud(auth=AccessToken("t"), region="eu_west_1") as gc:
    assert gc.routing.get_routing_queues.__name__ == "get_routing_queues"
"""

#: The distribution that provides the vendor's import name, installed next to ours and nothing else.
NAME = ROOT / "packages" / "PureCloudPlatformClientV2"
NAME_FILES = {"PureCloudPlatformClientV2.py"}
USE_NAME = """
import PureCloudPlatformClientV2
import PureCloudPlatformClientV2.rest
from PureCloudPlatformClientV2 import ApiClient, UsersApi, configuration
from PureCloudPlatformClientV2.apis.users_api import UsersApi as Same
from PureCloudPlatformClientV2.models import user
from PureCloudPlatformClientV2.rest import ApiException
assert UsersApi is Same and issubclass(ApiException, Exception)
assert PureCloudPlatformClientV2.rest.ApiException is ApiException
assert PureCloudPlatformClientV2.configuration is configuration and configuration.host
assert user.User().to_dict()["name"] is None
assert UsersApi(ApiClient()).get_users_me.__name__ == "get_users_me"
assert "genesyscloud.compat" in UsersApi.__mro__[1].__module__
"""


def main() -> None:
    """Run all checks."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = (build(Path(folder) / name) for name in ("first", "second"))
        if first.read_bytes() != second.read_bytes():
            sys.exit("two builds of the same sources differ")
        print(look_at(first))
        name = build(Path(folder) / "name", NAME)
        print(look_at_name(name))
        use(first, name, Path(folder) / "venv")


def build(folder: Path, project: Path = ROOT) -> Path:
    """Return a new wheel of a project."""
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(project))
    return next(folder.glob("*.whl"))


def look_at(wheel: Path) -> str:
    """Return the figures of a wheel; exit when one is over its limit."""
    with ZipFile(wheel) as archive:
        entries = archive.infolist()
    size, longest = wheel.stat().st_size, max(len(entry.filename) for entry in entries)
    stub = max(entry.file_size for entry in entries if entry.filename.endswith(".pyi"))
    names = {entry.filename for entry in entries}
    problems = [f"{name} is missing" for name in NEEDED if f"genesyscloud/{name}" not in names]
    problems += [f"{name} has no use in a wheel" for name in names if name.startswith("genesyscloud/build/")]
    limits = [
        (size, MAX_BYTES, "bytes of the wheel"),
        (len(entries), MAX_FILES, "files"),
        (longest, MAX_PATH, "characters in a path"),
        (stub, MAX_STUB, "bytes of a stub"),
    ]
    problems += [f"{value} {what}, more than {limit}" for value, limit, what in limits if value > limit]
    if problems:
        sys.exit(f"{wheel.name}: {'; '.join(problems)}")
    return f"{wheel.name}: {size:,} bytes, {len(entries)} files, longest path {longest}, largest stub {stub:,} bytes"


def look_at_name(wheel: Path) -> str:
    """Return what is in the wheel of the vendor's name; exit when it holds anything but that."""
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    if names != NAME_FILES:
        sys.exit(f"{wheel.name} holds {sorted(names)}, not {sorted(NAME_FILES)}")
    return f"{wheel.name}: {', '.join(sorted(names))}"


def use(wheel: Path, name: Path, folder: Path) -> None:
    """Install the wheels where nothing else is, and use them."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    # Both at once: the second asks for the first, which no registry has to be asked for then.
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel), str(name))
    run(python, "-c", USE)
    run(python, "-c", USE_NAME)
    # The stubs and outlines of the wheel, with the same files that the tests check the sources with.
    cases = Path(shutil.copytree(CASES, folder / "cases"))
    run(sys.executable, "-m", "pyright", "--pythonpath", python, "--project", str(cases))
    run(
        sys.executable,
        "-m",
        "mypy",
        "--python-executable",
        python,
        "--config-file",
        str(cases / "mypy.ini"),
        str(cases),
    )


def run(*command: str) -> None:
    """Run a command outside the checkout; exit when it fails."""
    done = subprocess.run(command, cwd=tempfile.gettempdir(), check=False)
    if done.returncode:
        sys.exit(f"failed: {' '.join(command[:4])}…")


if __name__ == "__main__":
    main()
