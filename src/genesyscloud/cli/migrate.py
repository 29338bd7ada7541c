"""``genesyscloud migrate``: shows what becomes of scripts for the vendor's package, and changes them when told to."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from .main import MISSING

__all__ = ["migrate"]


@click.command()
@click.argument("scripts", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SCRIPT...")
@click.option("--write", is_flag=True, help="Change the scripts, instead of showing what would change.")
@click.pass_context
def migrate(context: click.Context, scripts: tuple[Path, ...], write: bool) -> None:
    """Convert scripts for PureCloudPlatformClientV2 to this package.

    Shows the changes as a unified diff, and then what a person has to decide, with its place in the script. A script
    is converted as a whole, or stays as it is. Exit status: 0 when there is nothing to decide or to check, 1 when there
    is, 2 when a script cannot be read or written, or names that package and is not Python, 3 when a package that this
    needs is not installed.
    """
    if find_spec("libcst") is None:
        click.echo("genesyscloud migrate needs one more package: pip install 'genesyscloud[migrate]'", err=True)
        context.exit(MISSING["migrate"][1])
    context.exit(max(_migrate(script, write) for script in scripts))


def _migrate(script: Path, write: bool) -> int:
    """Convert one script; return the exit status for it."""
    from ..migrate import NotConvertible, convert, replace_file

    try:
        outcome = convert(script.read_bytes())
        if write and outcome.changed:
            replace_file(script, outcome.after)
    except OSError as error:
        click.echo(f"{script}: {error.strerror}", err=True)
        return 2
    except NotConvertible as error:
        click.echo(f"{script}: {error}", err=True)
        return 2
    if write and outcome.changed:
        click.echo(f"{script}: converted", err=True)
    elif outcome.changed:
        click.echo(outcome.diff(str(script)), nl=False)
    for finding in outcome.findings:
        click.echo(finding.text(str(script)), err=True)
    if outcome.stays:
        click.echo(f"{script}: left as it is; python -m genesyscloud.compat {script} runs it", err=True)
    return 1 if outcome.undecided else 0
