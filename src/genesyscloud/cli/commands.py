"""The commands of ``genesyscloud``."""

from __future__ import annotations

import errno
import logging

import click

__all__ = ["cli"]


@click.group()
@click.version_option(package_name="genesyscloud")
def cli() -> None:
    """Genesys Cloud from the command line."""


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--seed", default="1", show_default=True, help="The same seed gives the same organization.")
@click.option("--client-id", default="sandbox", show_default=True, help="Id of the OAuth client.")
@click.option("--client-secret", default="sandbox", show_default=True, help="Its secret.")
@click.option(
    "--rate-limit",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Requests per token and minute before a 429; 0 for no limit. The real service allows 300.",
)
def sandbox(host: str, port: int, seed: str, client_id: str, client_secret: str, rate_limit: int) -> None:
    """Run a local Genesys Cloud until Ctrl-C."""
    from ..sandbox import Sandbox
    from ..sandbox.server import address_of, listen, run

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        listener = listen(host, port)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        what = f"port {port} is taken; choose another with --port, or 0 for a free one" if taken else str(error)
        raise click.ClickException(f"cannot listen on {host}: {what}") from None
    number = int(seed) if seed.lstrip("-").isdecimal() else seed
    made = Sandbox(seed=number, client_id=client_id, client_secret=client_secret, rate_limit=rate_limit or None)
    with listener:
        click.echo(f"Genesys Cloud sandbox at {address_of(listener)} (client id {client_id}, secret {client_secret})")
        try:
            run(made, listener)
        except KeyboardInterrupt:
            pass
        except RuntimeError as error:
            raise click.ClickException(str(error)) from None
