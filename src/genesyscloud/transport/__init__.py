"""How requests reach a server: one small protocol, a driver for threads and one for asyncio.

Nothing here knows Genesys Cloud, retries or tokens. The drivers are loaded when the first client is made, so that
``import genesyscloud`` pays for no HTTP library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from .settings import ProxySettings, TlsSettings

if TYPE_CHECKING:
    from ..http import AttemptTimeouts, Reply, Request

__all__ = ["POOL_SIZE", "AsyncTransport", "ProxySettings", "TlsSettings", "Transport", "async_transport", "transport"]

#: Connections that one client uses at the same time, unless told otherwise.
POOL_SIZE = 32


class Transport(Protocol):
    """Sends one request and returns one reply, blocking the calling thread. Safe to share between threads."""

    def send(self, request: Request, timeouts: AttemptTimeouts) -> Reply:
        """Send ``request`` once, within ``timeouts``, and read the reply to its end.

        Never retries, never follows a redirect, never raises for a status. Raises a
        :class:`~genesyscloud.errors.TransportError` whose ``sent`` tells whether the request may have left.
        """
        ...

    def close(self) -> None:
        """Close idle connections. Calls under way end first; a later ``send`` opens connections again."""
        ...


class AsyncTransport(Protocol):
    """The same for asyncio. Safe to share between tasks, and between event loops that follow one another."""

    async def send(self, request: Request, timeouts: AttemptTimeouts) -> Reply:
        """Send ``request`` once; see :meth:`Transport.send`."""
        ...

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        ...


def transport(
    *,
    tls: TlsSettings | None = None,
    proxy: ProxySettings | Literal[False] | None = None,
    pool_size: int = POOL_SIZE,
) -> Transport:
    """Return the transport for threads.

    >>> client_transport = transport(tls=TlsSettings(ca_file="company-roots.pem"))
    """
    from .blocking import BlockingTransport

    return BlockingTransport(tls=tls, proxy=proxy, pool_size=pool_size)


def async_transport(
    *,
    tls: TlsSettings | None = None,
    proxy: ProxySettings | Literal[False] | None = None,
    pool_size: int = POOL_SIZE,
) -> AsyncTransport:
    """Return the transport for asyncio.

    Raises:
        ConfigurationError: the optional package that it needs is not installed.
    """
    from .aiohttp_ import AiohttpTransport

    return AiohttpTransport(tls=tls, proxy=proxy, pool_size=pool_size)
