"""A small HTTP server with fixed replies, in a process of its own: it must cost less than what it measures.

``python -m benchmarks.server [delay in seconds]`` prints its port and serves until its input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys

from genesyscloud.catalog import catalog
from genesyscloud.sandbox.fake import Faker


def _reply(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nININ-Correlation-Id: c0ffee\r\n"
        "inin-ratelimit-count: 1\r\ninin-ratelimit-allowed: 1000000\r\ninin-ratelimit-reset: 60\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _replies() -> dict[bytes, bytes]:
    faker = Faker(catalog(), 1)
    token = {"access_token": "t", "token_type": "bearer", "expires_in": 86400}
    queues = {"entities": [faker.make("#Queue", number) for number in range(100)], "pageSize": 100, "pageNumber": 1}
    # A user as the service answers without any expand.
    user = {"id": "3f2a", "name": "Ada", "email": "ada@example.com", "state": "active", "version": 3}
    bodies = {b"/oauth/token": token, b"/api/v2/users/me": user, b"/api/v2/routing/queues": queues}
    return {path: _reply(json.dumps(body, separators=(",", ":")).encode()) for path, body in bodies.items()}


class _Connection(asyncio.Protocol):
    def __init__(self, replies: dict[bytes, bytes], delay: float) -> None:
        self.replies = replies
        self.delay = delay
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, rest = self.buffer.partition(b"\r\n\r\n")
            lower = head.lower()
            length = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            path = head.split(b" ", 2)[1].partition(b"?")[0]
            reply = self.replies[path]
            if self.delay:
                asyncio.get_running_loop().call_later(self.delay, self.transport.write, reply)
            else:
                self.transport.write(reply)


async def _serve(delay: float) -> None:
    loop = asyncio.get_running_loop()
    replies = _replies()
    server = await loop.create_server(lambda: _Connection(replies, delay), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]) if len(sys.argv) > 1 else 0))
