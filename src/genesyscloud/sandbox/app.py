"""The sandbox as an ASGI application, for any ASGI server and for ASGI test clients."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from ..http import Headers, Request
from . import files
from .faults import NOTHING
from .urls import split_prefix
from .websocket import ChannelSockets

if TYPE_CHECKING:
    from .core import Sandbox

__all__ = ["App"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class App:
    """An ASGI application.

    Args:
        sandbox: what answers.

    Example:
        >>> uvicorn.run(App(Sandbox()))          # doctest: +SKIP
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._sockets = ChannelSockets(sandbox)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            _, path = split_prefix(scope["path"], self._sandbox.settings.prefixes)
            await self._sockets.serve(path, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        # One byte above the limit is enough for a 413; the rest is read, so that the client can see the reply.
        settings = self._sandbox.settings
        most = 1 + (settings.upload_bytes if files.ROOT in scope["path"] else settings.body_bytes)
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            if len(body) < most:
                body += message.get("body", b"")
            more = message.get("more_body", False)
        path = (scope.get("raw_path") or scope["path"].encode("utf-8", "replace")).partition(b"?")[0].decode("latin-1")
        query = scope.get("query_string", b"").decode("latin-1")
        headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        # Complete, because replies may hold addresses; a request through a proxy names all of it already.
        url = path if not path.startswith("/") else f"{scope['scheme']}://{headers.get('host', '')}{path}"
        url = f"{url}?{query}" if query else url
        exchange = self._sandbox.exchange(Request(scope["method"], url, headers, bytes(body[:most])))
        reply = exchange.reply
        if exchange.delay:
            await asyncio.sleep(exchange.delay)
        if exchange.cut == NOTHING and await hang_up(send, at_once=True):
            return
        pairs = [(name.encode(), value.encode("latin-1", "replace")) for name, value in reply.headers.items()]
        if reply.status != 204:
            pairs.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        if exchange.cut is None:
            await send({"type": "http.response.body", "body": reply.body})
        else:
            await send({"type": "http.response.body", "body": reply.body[: max(0, exchange.cut)], "more_body": True})
            await hang_up(send, at_once=False)


async def hang_up(send: Send, *, at_once: bool) -> bool:
    """End a connection, and say whether that was possible.

    ASGI has no message for it, so this reaches for the connection behind ``send``, where uvicorn has it.

    Args:
        at_once: whether what was sent before may be lost.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if not isinstance(transport, asyncio.Transport):
        return False
    (transport.abort if at_once else transport.close)()
    # The server learns of it in the next turns of the loop, and would complain of a missing reply before that.
    for _ in range(3):
        await asyncio.sleep(0)
    return True


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
