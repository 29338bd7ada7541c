"""Renewal for tasks; a module of its own, so that programs without asyncio need not load it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from math import inf

from ..errors import DeadlineExceeded, GenesysCloudError
from .source import Flight, SharedToken
from .tokens import Token

__all__ = ["AsyncTokenSource"]


class AsyncTokenSource(SharedToken[asyncio.Event]):
    """For tasks of one event loop at a time."""

    async def get(
        self,
        stale: Token | None,
        deadline: float,
        login: Callable[[Token | None, bool], Awaitable[Token]],
        wait: float = inf,
    ) -> Token:
        """See :meth:`TokenSource.get`."""
        while True:
            mine = Flight(asyncio.Event())
            try:
                found = self.board(stale, mine)
                if isinstance(found, Token):
                    return found
                if found is mine:
                    return self.land(mine, await login(self.current, self.valid(stale) is None))
            except GenesysCloudError as error:
                return self.crash(mine, stale, error)
            finally:
                self.leave(mine)
            try:
                async with asyncio.timeout(max(0.0, min(wait, deadline - self.clock.monotonic()))):
                    await found.done.wait()
            except TimeoutError:
                raise DeadlineExceeded("no time left (refresh_token_wait_max) for the login of another task") from None
            token = found.outcome()
            if token is not None:
                return token
