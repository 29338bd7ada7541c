"""What is shipped: size of the wheel, and what its stubs cost a type checker."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from .measure import Figure, compare, run_child

ROOT = Path(__file__).parents[1]

PROGRAM = """\
from genesyscloud import ClientCredentials, GenesysCloud
from genesyscloud.models import CreateQueueRequest

with GenesysCloud(auth=ClientCredentials("id", "secret"), region="eu_west_1") as gc:
    me = gc.users.get_users_me()
    for queue in gc.paginate(gc.routing.get_routing_queues, name="Sup*"):
        if queue.name and queue.member_count:
            print(me.name, queue.name.upper(), queue.member_count + 1)
    created = gc.routing.post_routing_queues(CreateQueueRequest(name="Support"))
    print(created.id)
"""


def figures(_vendor: str) -> Iterator[Figure]:
    """Yield the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)], check=True
        )
        wheel = next(folder.glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
        yield Figure("wheel, size", wheel.stat().st_size / 1e6, 3, "MB")
        yield Figure("wheel, files", len(names), 300, "files")
        yield Figure("wheel, longest path", max(map(len, names)), 100, "characters")
        yield _pyright(folder, wheel)


def _pyright(folder: Path, wheel: Path) -> Figure:
    """Time of pyright on a small program with the installed wheel, against an empty file."""
    environment = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = environment / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-q", str(wheel)], check=True)
    (folder / "program.py").write_text(PROGRAM)
    (folder / "empty.py").write_text("")

    def check(file: str) -> Callable[[], float]:
        command = [sys.executable, "-m", "pyright", "--pythonpath", str(python), file]
        # Where no project is: in the checkout, its settings would hold, and its sources be found before the wheel.
        return lambda: run_child(command, folder=folder).wall

    check("program.py")()
    program, empty = compare([check("program.py"), check("empty.py")], 11)
    return Figure("pyright on a 10-line program, against an empty file", program / empty, 2, note=f"{program:.1f} s")
