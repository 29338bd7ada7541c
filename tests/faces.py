"""Both clients behind one face, so that a test of what they promise together is written once."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from genesyscloud import AsyncGenesysCloud, ClientCredentials, GenesysCloud
from genesyscloud.sections import RetryPolicy

__all__ = ["Face", "Faces"]

QUICKLY = RetryPolicy(first_wait=0.01)


class Face:
    """A client of either kind. ``face(lambda gc: gc.users.get_users_me())`` returns the outcome of the call."""

    def __init__(self, kind: str, **options: Any) -> None:
        options = {"auth": ClientCredentials("id", "s3cret"), "timeout": 20, "retry": QUICKLY, **options}
        self.gc: Any = GenesysCloud(**options) if kind == "sync" else AsyncGenesysCloud(**options)
        self._runner = asyncio.Runner() if kind == "async" else None

    def __call__(self, use: Callable[[Any], Any]) -> Any:
        if self._runner is None:
            return use(self.gc)

        async def await_it() -> Any:
            result = use(self.gc)
            return await result if inspect.isawaitable(result) else result

        return self._runner.run(await_it())

    def close(self) -> None:
        if self._runner is None:
            self.gc.close()
        else:
            self._runner.run(self.gc.aclose())
            self._runner.close()


class Faces:
    """Makes clients of one kind and closes them all in the end."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._made: list[Face] = []

    def __call__(self, **options: Any) -> Face:
        self._made.append(Face(self.kind, **options))
        return self._made[-1]

    def close(self) -> None:
        for face in self._made:
            face.close()
