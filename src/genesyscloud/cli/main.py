"""Entry point of the command ``genesyscloud``: says what is missing instead of failing on an import."""

from __future__ import annotations

import sys
from importlib import import_module

__all__ = ["main"]


def main() -> None:
    """Run the command line; exits with its status."""
    if not _installed("click"):
        print(
            "genesyscloud: the command line needs more packages: pip install 'genesyscloud[sandbox]'", file=sys.stderr
        )
        sys.exit(1)
    from .commands import cli

    cli()


def _installed(package: str) -> bool:
    try:
        import_module(package)
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    main()
