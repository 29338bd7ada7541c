"""Observers and transports of one's own, on real sockets: what they may be, and what they can stop."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from genesyscloud import AsyncGenesysCloud, ClientCredentials
from genesyscloud.errors import ConnectError, NotFound, ReadTimeout
from genesyscloud.hooks import ErrorEvent, Hooks, RequestEvent, ResponseEvent, RetryEvent
from genesyscloud.http import AttemptTimeouts, Headers, Reply, Request

from .faces import Faces
from .servers import Peer, RawServer, service, unused_port

KINDS = ["on_request", "on_response", "on_retry", "on_error"]


def troubled(peer: Peer) -> None:
    """A service that is busy at the first call, and does not find ``/api/v2/missing``."""
    while request := peer.read_request():
        if b"/oauth/token" in request:
            peer.reply(b'{"access_token": "t"}')
        elif b"/missing" in request:
            peer.reply(b"{}", "404 Not Found")
        elif not any(b"/api/" in earlier for earlier in peer.server.requests[:-1]):
            peer.reply(b"{}", "503 Service Unavailable")
        else:
            peer.reply(b'{"id": "u"}', "200 OK", "Via: a", "via: b", "Set-Cookie: x")


def find(gc: Any) -> Any:
    return gc.request("GET", "/api/v2/missing")


def me(gc: Any) -> Any:
    return gc.users.get_users_me()


def test_plain_observers_see_every_step(faces: Faces) -> None:
    events: list[Any] = []
    with RawServer(troubled) as server:
        face = faces(region=server.url, **dict.fromkeys(KINDS, events.append))
        assert face(me).id == "u"
        with pytest.raises(NotFound):
            face(find)
    kinds = [RequestEvent, ResponseEvent, RetryEvent, RequestEvent, ResponseEvent]
    assert [type(event) for event in events] == [*kinds, RequestEvent, ResponseEvent, ErrorEvent]
    assert [event.number for event in events if isinstance(event, RetryEvent)] == [1]
    assert events[4].reply.headers["VIA"] == "a, b"
    assert events[4].elapsed > 0
    assert "s3cret" not in repr(events)


def test_async_observers_are_awaited_one_after_the_other() -> None:
    steps: list[str] = []

    def observer(kind: str) -> Callable[[Any], Awaitable[None]]:
        async def observe(event: Any) -> None:
            steps.append(f"{kind} begins")
            await asyncio.sleep(0)
            steps.append(f"{kind} ends")

        return observe

    with RawServer(troubled) as server:

        async def main() -> None:
            auth = ClientCredentials("id", "s3cret")
            hooks: dict[str, Any] = {kind: observer(kind) for kind in KINDS}
            async with AsyncGenesysCloud(auth=auth, region=server.url, **hooks) as gc:
                await me(gc)
                with pytest.raises(NotFound):
                    await find(gc)

        asyncio.run(main())
    order = [
        "on_request",
        "on_response",
        "on_retry",
        "on_request",
        "on_response",
        "on_request",
        "on_response",
        "on_error",
    ]
    assert steps == [f"{kind} {what}" for kind in order for what in ("begins", "ends")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [KeyError("mine"), ConnectError("mine"), KeyboardInterrupt()])
def test_an_observer_that_raises_ends_the_call_and_harms_no_other(
    faces: Faces, kind: str, error: BaseException
) -> None:
    seen = 0

    def raise_once(event: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == 1:
            raise error

    with RawServer(troubled) as server:
        face = faces(region=server.url, pool_size=1, **{kind: raise_once})
        face(me if kind == "on_error" else lambda gc: gc.login())
        with pytest.raises(type(error)) as caught:
            face(find if kind == "on_error" else me)
        assert caught.value is error
        assert face(me).id == "u"
        assert face.gc._engine.limiter._under_way == 0


def test_an_async_observer_that_raises_ends_the_call() -> None:
    async def refuse(event: RequestEvent) -> None:
        await asyncio.sleep(0)
        raise PermissionError(event.operation)

    with RawServer(service) as server:

        async def main() -> None:
            async with AsyncGenesysCloud(
                auth=ClientCredentials("id", "s3cret"), region=server.url, on_request=refuse
            ) as gc:
                with pytest.raises(PermissionError, match="get_users_me"):
                    await me(gc)

        asyncio.run(main())
        assert server.lines == ["POST /oauth/token"]


def test_observers_of_a_client_are_there_or_not() -> None:
    assert not Hooks()
    assert Hooks(on_error=print)


# --- another library ----------------------------------------------------------------------------


class AsyncHttpx:
    """A transport for asyncio on another library, as docs/network.md has one for threads."""

    def __init__(self) -> None:
        self._client = httpx2.AsyncClient()
        self.closed = False

    async def send(self, request: Request, timeouts: AttemptTimeouts) -> Reply:
        method, url, headers, body = request
        try:
            reply = await self._client.request(method, url, headers=dict(headers), content=body, timeout=timeouts.read)
        except httpx2.ConnectError as error:
            raise ConnectError(str(error)) from error
        except httpx2.TimeoutException as error:
            raise ReadTimeout(str(error)) from error
        return Reply(reply.status_code, Headers(reply.headers.multi_items()), reply.content)

    async def aclose(self) -> None:
        self.closed = True
        await self._client.aclose()


def test_an_async_transport_of_ones_own() -> None:
    own = AsyncHttpx()

    async def main(url: str) -> None:
        retries: list[RetryEvent] = []
        auth = ClientCredentials("id", "s3cret")
        async with AsyncGenesysCloud(auth=auth, region=url, transport=own, on_retry=retries.append) as gc:
            assert (await me(gc)).id == "u"
            assert [event.number for event in retries] == [1]
            with pytest.raises(NotFound):
                await find(gc)

    with RawServer(troubled) as server:
        asyncio.run(main(server.url))
    assert own.closed


def test_what_a_transport_of_ones_own_raises_is_judged_like_the_rest() -> None:
    async def main() -> None:
        auth = ClientCredentials("id", "s3cret")
        url = f"http://127.0.0.1:{unused_port()}"
        async with AsyncGenesysCloud(auth=auth, region=url, transport=AsyncHttpx(), retry=False) as gc:
            with pytest.raises(ConnectError) as caught:
                await me(gc)
            assert caught.value.operation == "get_users_me"

    asyncio.run(main())
