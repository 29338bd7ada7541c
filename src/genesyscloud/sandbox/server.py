"""The sandbox as an HTTP server: in a thread for tests, or in the foreground for the command line."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING, Any

from .app import App

if TYPE_CHECKING:
    from .certificates import Certificates
    from .core import Sandbox

__all__ = ["Server", "address_of", "listen", "run"]

#: A server that has not started by then never will.
START_SECONDS = 30.0
BACKLOG = 2048
#: The longest message that a client may send on a WebSocket, in bytes.
SAID_BYTES = 1 << 20


def listen(host: str, port: int) -> socket.socket:
    """Open the socket to serve on; ``port`` 0 takes a free one.

    Raises:
        OSError: the port is taken, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said in full, because asyncio switches Nagle's algorithm off only for sockets that name their protocol.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket, *, https: bool = False) -> str:
    """The base address of a listening socket."""
    host, port = listener.getsockname()[:2]
    scheme = "https" if https else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _server(sandbox: Sandbox, certificates: Certificates | None) -> Any:
    try:
        import uvicorn
    except ImportError:
        raise RuntimeError(
            "the sandbox needs uvicorn to serve over HTTP: pip install 'genesyscloud[sandbox]'"
        ) from None
    config = uvicorn.Config(
        App(sandbox), access_log=False, log_config=None, lifespan="off", server_header=False,
        timeout_keep_alive=60, timeout_graceful_shutdown=2,
        # What clients say is short. The log would show the paths of WebSockets, which are secrets.
        ws="websockets-sansio", ws_max_size=SAID_BYTES, ws_per_message_deflate=False, log_level="warning",
    )  # fmt: skip
    if certificates is not None:
        # uvicorn makes a context from files; this one was made in memory.
        config.load()
        config.ssl = certificates.context
    return uvicorn.Server(config)


def run(sandbox: Sandbox, listener: socket.socket, certificates: Certificates | None = None) -> None:
    """Serve in the foreground until SIGINT or SIGTERM; over HTTPS with ``certificates``."""
    server = _server(sandbox, certificates)
    asyncio.run(server.serve(sockets=[listener]))


class Server:
    """A server in a thread of its own.

    Args:
        sandbox: what answers.
        host: address to listen on.
        port: 0 for a free one.
        certificates: for HTTPS.

    Raises:
        OSError: the port is taken.
        RuntimeError: ``uvicorn`` is not installed.
    """

    def __init__(self, sandbox: Sandbox, host: str, port: int, certificates: Certificates | None = None) -> None:
        self._server = _server(sandbox, certificates)
        self._listener = listen(host, port)
        self.address = address_of(self._listener, https=certificates is not None)
        # uvicorn takes signals over in the main thread only, so nothing is to be switched off here.
        self._thread = threading.Thread(target=self._serve, name="genesyscloud-sandbox", daemon=True)

    def start(self) -> None:
        """Start to answer. Connections made before the server is up wait in the socket's backlog."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait until the port is free."""
        self._server.should_exit = True
        self._thread.join(START_SECONDS)

    def _serve(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._listener]))
        finally:
            self._listener.close()
