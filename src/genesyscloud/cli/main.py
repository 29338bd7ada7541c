"""Entry point of the command ``genesyscloud``: says what is missing instead of failing on an import."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; exits with its status."""
    try:
        import click  # noqa: F401
    except ImportError:
        print(
            "genesyscloud: the command line needs more packages: pip install 'genesyscloud[sandbox]'", file=sys.stderr
        )
        sys.exit(1)
    from .commands import cli

    cli()


if __name__ == "__main__":
    main()
