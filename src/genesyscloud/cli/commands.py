"""The commands of ``genesyscloud``."""

from __future__ import annotations

import click

from .migrate import migrate
from .sandbox import sandbox

__all__ = ["cli"]


@click.group()
@click.version_option(package_name="genesyscloud")
def cli() -> None:
    """Genesys Cloud from the command line."""


cli.add_command(sandbox)
cli.add_command(migrate)
