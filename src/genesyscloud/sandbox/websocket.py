"""WebSockets of notification channels, over ASGI."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

import msgspec

from .channels import Connection, UnknownChannel

if TYPE_CHECKING:
    from .core import Sandbox

__all__ = ["PATH", "ChannelSockets", "Outbox"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATH = "/channels/"
#: The clock of the sandbox may be moved or run fast, so nobody sleeps for longer, in seconds.
NAP = 1.0
#: What a client hears that does not read what it is sent (RFC 6455 has no better one).
SLOW = 1008


class ChannelSockets:
    """Connects WebSockets to channels.

    Args:
        sandbox: whose channels.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._open = 0
        self._ticking: asyncio.Task[None] | None = None

    async def serve(self, path: str, receive: Receive, send: Send) -> None:
        """Serve one WebSocket to its end.

        Args:
            path: what it was opened at, decoded, and without what a gateway put in front of it.
            receive, send: of the ASGI application.
        """
        message = await receive()
        if message["type"] != "websocket.connect":
            return
        socket = Outbox(self._sandbox.settings.channel_backlog)
        channel_id = path.removeprefix(PATH) if path.startswith(PATH) else ""
        try:
            connection = self._sandbox.channels.connect(channel_id, socket.put, socket.close)
        except UnknownChannel:
            await _refuse(send)
            return
        self._open += 1
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.ensure_future(self._tick())
        writing: asyncio.Future[None] | None = None
        try:
            await send({"type": "websocket.accept"})
            writing = asyncio.ensure_future(socket.write(send))
            await self._read(connection, receive)
        finally:
            self._open -= 1
            self._sandbox.channels.disconnect(connection)
            if writing is not None:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)

    async def _read(self, connection: Connection, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                text = (message.get("bytes") or b"").decode("utf-8", "replace")
            self._sandbox.channels.receive(connection, text)

    async def _tick(self) -> None:
        """Let the sandbox do what is due while anybody is connected."""
        while self._open:
            self._sandbox.channels.tick()
            due = self._sandbox.channels.due()
            await asyncio.sleep(NAP if due is None else max(0.005, min(self._sandbox.clock.wait(due), NAP)))


class Outbox:
    """What waits to be sent on one WebSocket; filled from any thread, emptied by the loop that made it.

    Args:
        most: messages that may wait; with one more the socket is closed.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Message] = deque()
        self._more = asyncio.Event()
        self._closed = False

    def put(self, text: str) -> None:
        """Send a message, some time later."""
        if len(self._waiting) >= self._most:
            self.close(SLOW, "Messages are not read")
        elif not self._closed:
            self._add({"type": "websocket.send", "text": text})

    def close(self, code: int, reason: str) -> None:
        """Close the socket, after what waits."""
        if not self._closed:
            self._closed = True
            self._add({"type": "websocket.close", "code": code, "reason": reason})

    def _add(self, message: Message) -> None:
        self._waiting.append(message)
        try:
            self._loop.call_soon_threadsafe(self._more.set)
        except RuntimeError:
            # The loop has ended, and the socket with it.
            self._closed = True

    async def write(self, send: Send) -> None:
        """Send what waits and what comes, until the socket is closed."""
        try:
            while True:
                await self._more.wait()
                self._more.clear()
                while self._waiting:
                    message = self._waiting.popleft()
                    await send(message)
                    if message["type"] == "websocket.close":
                        return
        except OSError:
            # The client has gone; the reader hears of it as well.
            self._closed = True


async def _refuse(send: Send) -> None:
    """Answer the handshake with a 404."""
    body = msgspec.json.encode({"message": "The channel was not found.", "code": "not.found", "status": 404})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": 404, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
    # uvicorn complains of a handshake that was not completed unless it has seen the connection close by then.
    for _ in range(3):
        await asyncio.sleep(0)
