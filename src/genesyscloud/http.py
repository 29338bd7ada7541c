"""What goes to a transport and what comes back: plain values, no behaviour of any HTTP library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from .redact import shown_headers, shown_url

__all__ = ["AttemptTimeouts", "Headers", "Reply", "Request"]


class Headers(Mapping[str, str]):
    """Headers of a reply: names in any case; values of a name that came twice joined by a comma.

    >>> Headers([("ININ-Correlation-Id", "a"), ("Via", "x"), ("via", "y")])["inin-correlation-id"]
    'a'
    """

    __slots__ = ("_values", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        #: As they came: each line, with the name in its own case.
        self.pairs: tuple[tuple[str, str], ...] = tuple(pairs)
        self._values = {name.lower(): value for name, value in self.pairs}
        if len(self._values) < len(self.pairs):
            self._values = _joined(self.pairs)

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __repr__(self) -> str:
        return f"Headers({list(self._values)})"


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        values[key] = f"{values[key]}, {value}" if key in values else value
    return values


class Request(NamedTuple):
    """One HTTP request. ``url`` is complete and already percent-encoded; send it as it is."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None

    def __repr__(self) -> str:
        size = f", {len(self.body)} bytes" if self.body else ""
        return f"<Request {self.method} {shown_url(self.url)} {shown_headers(self.headers)}{size}>"


class AttemptTimeouts(NamedTuple):
    """Bounds of one attempt, in seconds.

    ``connect`` for DNS, TCP and TLS; ``read`` for each wait on the socket; ``total`` for the attempt as a
    whole, body included: what is left of the deadline of the call.
    """

    connect: float
    read: float
    total: float


class Reply(NamedTuple):
    """One HTTP reply, read to its end; ``reason`` is what its first line says beside the status."""

    status: int
    headers: Headers
    body: bytes
    reason: str = ""

    def __repr__(self) -> str:
        return f"<Reply {self.status} {self.headers!r}, {len(self.body)} bytes>"
