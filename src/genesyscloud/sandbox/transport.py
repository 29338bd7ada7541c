"""Transports that hand requests to a sandbox in the same process: no socket, no thread, no waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..http import AttemptTimeouts, Reply, Request

if TYPE_CHECKING:
    from .core import Sandbox

__all__ = ["AsyncSandboxTransport", "SandboxTransport"]


class SandboxTransport:
    """A :class:`genesyscloud.transport.Transport` to a sandbox; the host of a request does not matter."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def send(self, request: Request, timeouts: AttemptTimeouts) -> Reply:
        """Answer ``request``; the reply is there at once, so no timeout can pass."""
        return self._sandbox.handle(request)

    def close(self) -> None:
        """The sandbox lives on: it may have other clients."""


class AsyncSandboxTransport:
    """A :class:`genesyscloud.transport.AsyncTransport` to a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def send(self, request: Request, timeouts: AttemptTimeouts) -> Reply:
        """Answer ``request``."""
        return self._sandbox.handle(request)

    async def aclose(self) -> None:
        """The sandbox lives on: it may have other clients."""
