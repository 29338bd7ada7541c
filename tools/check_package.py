"""Build the wheel, look at what is in it, and use it from an environment of its own.

Raises :class:`SystemExit` with what is wrong; prints the figures otherwise.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
MAX_BYTES = 3_000_000
MAX_FILES = 300
MAX_PATH = 100
MAX_STUB = 600_000
NEEDED = ("py.typed", "_generated/catalog.bin", "groups.pyi", "models.pyi", "_api/routing.pyi", "_models/m00.pyi")

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


def main() -> None:
    """Run all checks."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = (build(Path(folder) / name) for name in ("first", "second"))
        if first.read_bytes() != second.read_bytes():
            sys.exit("two builds of the same sources differ")
        print(look_at(first))
        use(first, Path(folder) / "venv")


def build(folder: Path) -> Path:
    """Return a new wheel."""
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    return next(folder.glob("*.whl"))


def look_at(wheel: Path) -> str:
    """Return the figures of a wheel; exit when one is over its limit."""
    with ZipFile(wheel) as archive:
        entries = archive.infolist()
    size, longest = wheel.stat().st_size, max(len(entry.filename) for entry in entries)
    stub = max(entry.file_size for entry in entries if entry.filename.endswith(".pyi"))
    names = {entry.filename for entry in entries}
    problems = [f"{name} is missing" for name in NEEDED if f"genesyscloud/{name}" not in names]
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


def use(wheel: Path, folder: Path) -> None:
    """Install a wheel where nothing else is, and use it."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel))
    run(python, "-c", USE)


def run(*command: str) -> None:
    """Run a command outside the checkout; exit when it fails."""
    done = subprocess.run(command, cwd=tempfile.gettempdir(), check=False)
    if done.returncode:
        sys.exit(f"failed: {' '.join(command[:4])}…")


if __name__ == "__main__":
    main()
