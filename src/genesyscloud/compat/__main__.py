"""``python -m genesyscloud.compat script.py args…``: run a script for the vendor's package on this one.

The script sees itself as it does when Python runs it: as ``__main__``, with its own folder first on the path, and with
its own arguments. ``-m module`` and ``-c code`` are taken as Python takes them.
"""

from __future__ import annotations

import builtins
import io
import os
import sys
from types import ModuleType

from . import install

#: A module of the vendor's name, for processes that the script starts with ``multiprocessing``: they get its path.
SHIM = os.path.join(os.path.dirname(__file__), "shim")

USAGE = "usage: python -m genesyscloud.compat (script.py | -m module | -c code) [arguments]"


def main(arguments: list[str]) -> None:
    """Run what ``arguments`` name.

    Raises:
        SystemExit: there is nothing to run. Anything else is raised by the script.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.exit(USAGE if not arguments else print(USAGE))
    install()
    sys.path.insert(1, SHIM)
    first, *rest = arguments
    if first == "-m":
        if not rest:
            sys.exit(USAGE)
        import runpy

        sys.argv = rest
        sys.path[0] = os.getcwd()
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        if not rest:
            sys.exit(USAGE)
        sys.argv = ["-c", *rest[1:]]
        sys.path[0] = ""
        _run(_module(None), rest[0].encode(), "<string>")
    else:
        try:
            with io.open_code(os.path.abspath(first)) as file:
                source = file.read()
        except OSError as error:
            sys.exit(f"{first}: {error.strerror}")
        sys.argv = arguments
        sys.path[0] = os.path.dirname(os.path.realpath(first))
        _run(_module(first), source, first)


def _module(path: str | None) -> ModuleType:
    """Put a new ``__main__`` in place, which stays there: threads of the script may outlive its last line."""
    module = sys.modules["__main__"] = ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    if path is not None:
        module.__file__ = path
    return module


def _run(module: ModuleType, source: bytes, name: str) -> None:
    exec(compile(source, name, "exec", dont_inherit=True), module.__dict__)


if __name__ == "__main__":
    main(sys.argv[1:])
