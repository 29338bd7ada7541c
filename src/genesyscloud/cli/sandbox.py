"""``genesyscloud sandbox``: a local Genesys Cloud on a port."""

from __future__ import annotations

import errno
import logging
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..sandbox import Sandbox
    from ..sandbox.certificates import Certificates

__all__ = ["sandbox"]

ORGANIZATIONS = ("default", "demo", "empty")


@click.group(invoke_without_command=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option(
    "--data",
    type=click.Path(dir_okay=False),
    help="A file that keeps the state across restarts; in memory without it.",
)
@click.option(
    "--seed",
    "seeds",
    multiple=True,
    metavar="default|demo|empty|FILE|NUMBER",
    help="What the organization starts with: example data for everything; a call centre of 200 people, 40 queues and a "
    "month of conversations; nothing but its owner; or what a JSON or YAML file describes. A number gives other "
    "names and ids; it may be given besides one of the others.",
)
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
@click.option(
    "--admin/--no-admin",
    default=True,
    show_default=True,
    help="Whether the sandbox's own interface (reset, snapshots, clock, requests) is there under /sandbox.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any other setting of genesyscloud.sandbox.Settings, such as page_size_maximum=200; repeat it.",
)
@click.pass_context
def sandbox(context: click.Context, /, **options: Any) -> None:
    """Run a local Genesys Cloud until Ctrl-C."""
    if context.invoked_subcommand is None:
        _run(**options)


@sandbox.command()
@click.option("--html", is_flag=True, help="A page for browsers instead of Markdown.")
def coverage(html: bool) -> None:
    """Say how each operation is answered: with behaviour of its own, generically, or with example data."""
    from ..sandbox.coverage import main

    main(["--html"] if html else [])


def _run(
    *, host: str, port: int, https: bool, ca_file: str, names: tuple[str, ...], client_id: str, client_secret: str,
    **options: Any,
) -> None:  # fmt: skip
    from ..sandbox.server import address_of, listen, run

    if (ca_file or names) and not https:
        raise click.UsageError("--ca-file and --name are of use with --https only")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        listener = listen(host, port)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        what = f"port {port} is taken; choose another with --port, or 0 for a free one" if taken else str(error)
        raise click.ClickException(f"cannot listen on {host}: {what}") from None
    with listener, _made(client_id, client_secret, **options) as made, ExitStack() as stack:
        certificates = stack.enter_context(_certificates([host, *names], ca_file)) if https else None
        address = address_of(listener, https=https)
        click.echo(f"Genesys Cloud sandbox at {address} (client id {client_id}, secret {client_secret})")
        if certificates is not None:
            click.echo(f"Clients have to trust {certificates.ca_file}")
        if made.settings.admin:
            click.echo(f"Reset, snapshots, clock and requests: {address}/sandbox")
        try:
            run(made, listener, certificates)
        except KeyboardInterrupt:
            pass
        except RuntimeError as error:
            raise click.ClickException(str(error)) from None


def _made(
    client_id: str, client_secret: str, *, data: str | None, seeds: tuple[str, ...], rate_limit: int,
    prefixes: tuple[str, ...], enforce_permissions: bool, auto_login: bool, admin: bool, settings: tuple[str, ...],
) -> Sandbox:  # fmt: skip
    """The sandbox that the options ask for."""
    from ..sandbox import Sandbox
    from ..sandbox.settings import setting_of

    chosen: dict[str, Any] = {"data": data, **_start(seeds)}
    chosen |= {"client_id": client_id, "client_secret": client_secret, "rate_limit": rate_limit or None}
    chosen |= {"prefixes": prefixes or None, "enforce_permissions": enforce_permissions, "auto_login": auto_login}
    try:
        chosen |= {"admin": admin, **dict(map(setting_of, settings))}
        return Sandbox(**chosen)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None


def _start(seeds: tuple[str, ...]) -> dict[str, Any]:
    """What the organization starts with."""
    chosen: dict[str, Any] = {}
    for text in seeds:
        number = text.lstrip("-").isdecimal()
        name = "seed" if number else "organization" if text in ORGANIZATIONS else "seed_data"
        if name in chosen or {name} | chosen.keys() >= {"organization", "seed_data"}:
            raise click.UsageError("--seed takes one number, and one organization or file")
        if name == "seed_data" and not Path(text).is_file():
            raise click.UsageError(f"--seed: there is no file {text}; use default, demo, empty, a file or a number")
        chosen[name] = int(text) if number else text
    return chosen


def _certificates(hosts: list[str], ca_file: str) -> AbstractContextManager[Certificates]:
    from ..sandbox.certificates import Certificates

    try:
        return closing(Certificates(hosts, ca_file))
    except OSError as error:
        raise click.ClickException(f"cannot write {ca_file}: {error.strerror}") from None
    except RuntimeError as error:
        raise click.ClickException(str(error)) from None
