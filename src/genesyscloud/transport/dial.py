"""From a host name to a connected socket, in bounded time.

A name may have several addresses of which the first leads nowhere (IPv6 without a route, most often). They are tried
as RFC 8305 asks: a quarter of a second after each other, the first that answers wins.
"""

from __future__ import annotations

import ipaddress
import os
import queue
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any, TypeAlias, cast

__all__ = ["dial"]

#: Seconds that an address has for itself before the next one is tried, too.
HEAD_START = 0.25

_Address: TypeAlias = tuple[int, int, int, str, Any]


def dial(host: str, port: int, deadline: float, clock: Callable[[], float]) -> socket.socket:
    """Return a socket that is connected to ``host``.

    Args:
        deadline: when to give up, by ``clock``.

    Raises:
        TimeoutError: the time is over. socket.gaierror: there is no such host. OSError: what the last address said.
    """
    addresses = _resolve(host, port, deadline - clock())
    if len(addresses) > 1:
        sock = _race(_alternate(addresses), deadline, clock)
    else:
        sock = _connect(addresses[0], deadline - clock())
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _resolve(host: str, port: int, seconds: float) -> Sequence[_Address]:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _look_up(host, port, seconds)
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def _look_up(host: str, port: int, seconds: float) -> Sequence[_Address]:
    """Ask the system's resolver, which knows no timeout, in a thread that can be left behind."""
    outcome: queue.SimpleQueue[Sequence[_Address] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            outcome.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:
            outcome.put(error)

    threading.Thread(target=ask, name="genesyscloud-dns", daemon=True).start()
    try:
        found = outcome.get(timeout=max(0.0, seconds))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, Exception):
        raise found
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "it has no address")
    return found


def _alternate(addresses: Sequence[_Address]) -> Sequence[_Address]:
    """Return them in the system's order, but the two families in turns."""
    family = addresses[0][0]
    first = [address for address in addresses if address[0] == family]
    second = [address for address in addresses if address[0] != family]
    return [address for pair in zip_longest(first, second) for address in pair if address is not None]


def _connect(address: _Address, seconds: float) -> socket.socket:
    if seconds <= 0:
        raise TimeoutError
    sock = socket.socket(*address[:3])
    try:
        sock.settimeout(seconds)
        sock.connect(address[4])
    except BaseException:
        sock.close()
        raise
    return sock


def _race(addresses: Sequence[_Address], deadline: float, clock: Callable[[], float]) -> socket.socket:
    waiting = deque(addresses)
    running: set[socket.socket] = set()
    failure: OSError = TimeoutError()
    next_at = clock()
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or running:
                now = clock()
                if now >= deadline:
                    raise TimeoutError
                if waiting and (now >= next_at or not running):
                    next_at = now + HEAD_START
                    try:
                        sock = _begin(waiting.popleft())
                    except OSError as error:
                        failure = error
                        continue
                    running.add(sock)
                    selector.register(sock, selectors.EVENT_WRITE)
                until = min(deadline, next_at) if waiting else deadline
                for key, _ in selector.select(max(0.0, until - now)):
                    sock = cast("socket.socket", key.fileobj)
                    running.remove(sock)
                    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not code:
                        return sock
                    selector.unregister(sock)
                    sock.close()
                    failure = OSError(code, os.strerror(code))
            raise failure
        finally:
            for sock in running:
                sock.close()


def _begin(address: _Address) -> socket.socket:
    """Return a socket that is connecting."""
    sock = socket.socket(*address[:3])
    try:
        sock.setblocking(False)
        sock.connect(address[4])
    except BlockingIOError:
        pass
    except BaseException:
        sock.close()
        raise
    return sock
