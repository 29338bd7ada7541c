"""Entry point of the command ``genesyscloud``: says what is missing or full instead of failing with a traceback."""

from __future__ import annotations

import os
import sys
from importlib import import_module

__all__ = ["MISSING", "main"]

#: What each command needs to be installed, and its exit status without that: one that means nothing else there.
MISSING = {"sandbox": ("sandbox", 1), "migrate": ("migrate", 3)}


def main() -> None:
    """Run the command line; exits with its status."""
    if not _installed("click"):
        extra, status = MISSING.get(next(iter(sys.argv[1:]), ""), MISSING["sandbox"])
        print(
            f"genesyscloud: the command line needs more packages: pip install 'genesyscloud[{extra}]'", file=sys.stderr
        )
        sys.exit(status)
    from .commands import cli

    try:
        cli()
    except OSError as error:
        # The output cannot be written. What is left in its buffer would be tried once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        print(f"genesyscloud: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)


def _installed(package: str) -> bool:
    try:
        import_module(package)
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    main()
