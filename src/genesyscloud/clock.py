"""Time as a thing that is handed in, so that tests need not wait and decisions can be replayed."""

from __future__ import annotations

from time import monotonic, sleep, time

__all__ = ["Clock"]


class Clock:
    """The clock of the machine. Tests pass an object with the same four methods.

    ``monotonic`` measures spans (deadlines, backoff, rate windows); ``time`` is seconds since 1970, for what
    the service tells in absolute time and for tokens, which also age while a laptop sleeps.
    """

    # The functions themselves, without a method in between: every call reads the time several times.
    monotonic = staticmethod(monotonic)
    time = staticmethod(time)
    sleep = staticmethod(sleep)

    async def asleep(self, seconds: float) -> None:
        """Let other tasks run for ``seconds``."""
        import asyncio

        await asyncio.sleep(seconds)
