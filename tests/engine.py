"""Parts to test the engine with: a clock that stands still, and transports that answer from a script."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from genesyscloud import AsyncGenesysCloud, ClientCredentials, GenesysCloud
from genesyscloud.clock import Clock
from genesyscloud.http import AttemptTimeouts, Headers, Reply, Request

Answer = Reply | BaseException
Server = Callable[[Request], Answer]


def reply(status: int = 200, value: Any = None, *, raw: bytes | None = None, **headers: str) -> Reply:
    """A reply; keywords are headers with underscores for hyphens."""
    pairs = {"content-type": "application/json", "inin-correlation-id": "c-1"}
    pairs |= {name.replace("_", "-"): text for name, text in headers.items()}
    body = raw if raw is not None else b"" if value is None else json.dumps(value).encode()
    return Reply(status, Headers(pairs.items()), body)


def token(name: str = "t1", lifetime: float | None = 86400, **fields: Any) -> Reply:
    value = {"access_token": name, "token_type": "bearer", **fields}
    return reply(200, value if lifetime is None else {**value, "expires_in": lifetime})


ME = {"id": "u1", "name": "Ann"}


class FakeClock(Clock):
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.monotonic = lambda: self.now  # type: ignore[method-assign]
        self.time = lambda: self.now + 1_700_000_000  # type: ignore[method-assign]
        self.sleep = self._sleep  # type: ignore[method-assign]

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self._sleep(seconds)


class FakeTransport:
    """Answers from a function, or from a list whose end is an error of the test. Serves both clients."""

    def __init__(self, answers: Server | Iterable[Answer]) -> None:
        self.requests: list[Request] = []
        self.timeouts: list[AttemptTimeouts] = []
        self.closed: int = 0
        script = None if callable(answers) else iter(answers)
        self._answer: Server = (lambda _: next(script)) if script is not None else answers  # type: ignore[assignment]

    def exchange(self, request: Request, timeouts: AttemptTimeouts) -> Reply:
        self.requests.append(request)
        self.timeouts.append(timeouts)
        try:
            answer = self._answer(request)
        except StopIteration:
            raise AssertionError(f"one request too many: {request}") from None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def send(self, request: Request, timeouts: AttemptTimeouts) -> Reply:
        return self.exchange(request, timeouts)

    def close(self) -> None:
        self.closed += 1

    @property
    def seen(self) -> list[tuple[str, str, str]]:
        """Method, URL and Authorization of each request."""
        return [(r.method, r.url, r.headers.get("Authorization", "")) for r in self.requests]


class FakeAsyncTransport(FakeTransport):
    async def send(self, request: Request, timeouts: AttemptTimeouts) -> Reply:  # type: ignore[override]
        return self.exchange(request, timeouts)

    async def aclose(self) -> None:
        self.closed += 1


CREDENTIALS = ClientCredentials("id", "s3cret")


def client(
    answers: Server | Iterable[Answer], clock: Clock | None = None, **options: Any
) -> tuple[GenesysCloud, FakeTransport]:
    transport = FakeTransport(answers)
    options = {"auth": CREDENTIALS, "region": "eu_west_1", **options}
    gc = GenesysCloud(transport=transport, clock=clock or FakeClock(), **options)
    gc._engine.random = lambda: 0.5
    return gc, transport


def async_client(
    answers: Server | Iterable[Answer], clock: Clock | None = None, **options: Any
) -> tuple[AsyncGenesysCloud, FakeAsyncTransport]:
    transport = FakeAsyncTransport(answers)
    options = {"auth": CREDENTIALS, "region": "eu_west_1", **options}
    gc = AsyncGenesysCloud(transport=transport, clock=clock or FakeClock(), **options)
    gc._engine.random = lambda: 0.5
    return gc, transport
