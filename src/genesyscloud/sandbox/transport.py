"""Transports that hand requests to a sandbox in the same process: no socket, no thread, no waiting.

Only a fault that somebody has switched on makes them wait, or raise what a transport raises when a reply is late or
its connection ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import ReadError, ReadTimeout
from ..http import AttemptTimeouts, Reply, Request
from .urls import IN_PROCESS_HOST

if TYPE_CHECKING:
    from .core import Sandbox
    from .faults import Exchange

__all__ = ["AsyncSandboxTransport", "SandboxTransport", "client_options"]


def client_options(sandbox: Sandbox, transport: object) -> dict[str, Any]:
    """What a client of a sandbox in the same process is made with, unless somebody wants it otherwise."""
    from ..auth import ClientCredentials

    auth = ClientCredentials(sandbox.settings.client_id, sandbox.settings.client_secret)
    # Files of this machine speak of the real service.
    return {"auth": auth, "region": f"http://{IN_PROCESS_HOST}", "config_file": "", "transport": transport}


class SandboxTransport:
    """A :class:`genesyscloud.transport.Transport` to a sandbox; the host of a request does not matter."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def send(self, request: Request, timeouts: AttemptTimeouts) -> Reply:
        """Answer ``request``.

        Raises:
            TransportError: a fault of the sandbox wants it.
        """
        exchange = self._sandbox.exchange(request)
        if exchange.delay:
            _wait(self._sandbox, min(exchange.delay, _patience(timeouts)), time.sleep)
        return _arrived(exchange, timeouts)

    def close(self) -> None:
        """The sandbox lives on: it may have other clients."""


class AsyncSandboxTransport:
    """A :class:`genesyscloud.transport.AsyncTransport` to a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def send(self, request: Request, timeouts: AttemptTimeouts) -> Reply:
        """The same as :meth:`SandboxTransport.send`."""
        exchange = self._sandbox.exchange(request)
        if exchange.delay:
            seconds = min(exchange.delay, _patience(timeouts))
            await asyncio.sleep(0 if self._sandbox.clock.frozen else seconds)
            _wait(self._sandbox, seconds, None)
        return _arrived(exchange, timeouts)

    async def aclose(self) -> None:
        """The sandbox lives on: it may have other clients."""


def _patience(timeouts: AttemptTimeouts) -> float:
    return min(timeouts.read, timeouts.total)


def _wait(sandbox: Sandbox, seconds: float, sleep: Callable[[float], None] | None) -> None:
    """Let time pass: on a frozen clock by moving it, so that a test need not wait."""
    if sandbox.clock.frozen:
        sandbox.clock.move(seconds)
    elif sleep is not None:
        sleep(seconds)


def _arrived(exchange: Exchange, timeouts: AttemptTimeouts) -> Reply:
    """The reply of an exchange.

    Raises:
        TransportError: it did not arrive, or not in time.
    """
    if exchange.delay > _patience(timeouts):
        raise ReadTimeout(f"no reply within {_patience(timeouts):g} s")
    if exchange.cut is not None:
        raise ReadError("the connection ended before the reply was complete")
    return exchange.reply
