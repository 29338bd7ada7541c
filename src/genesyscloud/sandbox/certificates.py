"""A certificate authority made on the spot, and a certificate for every name that the sandbox can be called by."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from ..regions import REGIONS

__all__ = ["Certificates", "names_of"]

#: Resolvers of many systems know every name under ``localhost``; certificates cannot have a wildcard that short.
LOCAL = ("localhost", "127.0.0.1", "::1", "api.localhost", "login.localhost", "apps.localhost", "streaming.localhost")


def names_of(hosts: Iterable[str] = ()) -> list[str]:
    """The names that a certificate of the sandbox is for: this machine, every host of every region, and ``hosts``.

    >>> "*.mypurecloud.ie" in names_of()
    True
    """
    regional = [f"*.{domain}" for domain in REGIONS.values()]
    return list(dict.fromkeys([*LOCAL, *regional, *(host for host in hosts if _named(host))]))


def _named(host: str) -> bool:
    """Whether a client can name this host; "every address of this machine" is no name."""
    try:
        return not ip_address(host).is_unspecified
    except ValueError:
        return bool(host)


class Certificates:
    """An authority that exists as long as this object, in memory but for the file that clients are given.

    Args:
        hosts: names and addresses besides those that :func:`names_of` has anyway.
        ca_file: where to write the authority's certificate (PEM), for clients to trust; without it, in a folder
            that goes away with :meth:`close`.

    Raises:
        OSError: the file cannot be written.
        RuntimeError: ``trustme`` is not installed (``pip install 'genesyscloud[sandbox]'``).

    Example:
        >>> certificates = Certificates()
        >>> context = ssl.create_default_context(cafile=certificates.ca_file)
    """

    def __init__(self, hosts: Iterable[str] = (), ca_file: str = "") -> None:
        try:
            import trustme
        except ImportError:
            raise RuntimeError(
                "the sandbox needs trustme to serve over HTTPS: pip install 'genesyscloud[sandbox]'"
            ) from None
        authority = trustme.CA(organization_name="genesyscloud sandbox")
        self._folder: TemporaryDirectory[str] | None = None
        if not ca_file:
            self._folder = TemporaryDirectory(prefix="genesyscloud-sandbox-")
            ca_file = str(Path(self._folder.name) / "ca.pem")
        self.ca_file = ca_file
        authority.cert_pem.write_to_path(ca_file)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        authority.issue_cert(*names_of(hosts)).configure_cert(self.context)  # pyright: ignore[reportUnknownMemberType]

    def close(self) -> None:
        """Remove the file, unless its place was chosen by the caller."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
