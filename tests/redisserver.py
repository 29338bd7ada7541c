"""A Redis server of our own, from Debian's package, for as long as a test needs it."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Generator

import redis

from .realparts import program
from .servers import unused_port

__all__ = ["running"]


@contextlib.contextmanager
def running() -> Generator[str]:
    """Start one on a free port, and yield its URL."""
    server = program("redis-server")
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(5):
            port = unused_port()
            command = [server, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                try:
                    assert process.stdout is not None
                    # Another program may have been quicker to take the port: then it ends.
                    if any("Ready to accept connections" in line for line in process.stdout):
                        url = f"redis://127.0.0.1:{port}/0"
                        with redis.Redis.from_url(url) as client:  # pyright: ignore[reportUnknownMemberType]
                            assert client.ping()  # pyright: ignore[reportUnknownMemberType]
                        yield url
                        return
                finally:
                    process.terminate()
                    process.communicate(timeout=20)
        raise AssertionError("no free port for redis-server")
