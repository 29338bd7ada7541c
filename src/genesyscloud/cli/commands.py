"""The commands of ``genesyscloud``."""

from __future__ import annotations

import errno
import logging
from contextlib import AbstractContextManager, ExitStack, closing
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from socket import socket

    from ..sandbox.certificates import Certificates

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
@click.option("--https", is_flag=True, help="Speak TLS, with a certificate for this machine and every region's hosts.")
@click.option(
    "--ca-file",
    default="",
    help="With --https: where to write the certificate that clients have to trust (a temporary file if not given).",
)
@click.option(
    "--name", "names", multiple=True, help="With --https: a further host name for the certificate; repeat it."
)
@click.option(
    "--prefix",
    "prefixes",
    multiple=True,
    help="A path in front of /api/v2 and /oauth that is taken off; repeat it. Without it, any path is.",
)
@click.option("--enforce-permissions", is_flag=True, help="Refuse what the roles of a token do not allow.")
@click.option("--auto-login", is_flag=True, help="Pass the login page over, for tests of programs that open a browser.")
def sandbox(
    host: str,
    port: int,
    client_id: str,
    client_secret: str,
    seed: str,
    rate_limit: int,
    https: bool,
    ca_file: str,
    names: tuple[str, ...],
    prefixes: tuple[str, ...],
    enforce_permissions: bool,
    auto_login: bool,
) -> None:
    """Run a local Genesys Cloud until Ctrl-C."""
    from ..sandbox import Sandbox
    from ..sandbox.server import address_of, run

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    number = int(seed) if seed.lstrip("-").isdecimal() else seed
    made = Sandbox(
        seed=number,
        client_id=client_id,
        client_secret=client_secret,
        rate_limit=rate_limit or None,
        prefixes=prefixes or None,
        enforce_permissions=enforce_permissions,
        auto_login=auto_login,
    )
    with _listener(host, port) as listener, ExitStack() as stack:
        certificates = stack.enter_context(_certificates([host, *names], ca_file)) if https else None
        address = address_of(listener, https=https)
        click.echo(f"Genesys Cloud sandbox at {address} (client id {client_id}, secret {client_secret})")
        if certificates is not None:
            click.echo(f"Clients have to trust {certificates.ca_file}")
        try:
            run(made, listener, certificates)
        except KeyboardInterrupt:
            pass
        except RuntimeError as error:
            raise click.ClickException(str(error)) from None


def _listener(host: str, port: int) -> socket:
    from ..sandbox.server import listen

    try:
        return listen(host, port)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        what = f"port {port} is taken; choose another with --port, or 0 for a free one" if taken else str(error)
        raise click.ClickException(f"cannot listen on {host}: {what}") from None


def _certificates(hosts: list[str], ca_file: str) -> AbstractContextManager[Certificates]:
    from ..sandbox.certificates import Certificates

    try:
        return closing(Certificates(hosts, ca_file))
    except OSError as error:
        raise click.ClickException(f"cannot write {ca_file}: {error.strerror}") from None
    except RuntimeError as error:
        raise click.ClickException(str(error)) from None
