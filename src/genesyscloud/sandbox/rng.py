"""Small pseudo-random numbers that depend on names alone: the same names, the same numbers, everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

__all__ = ["Rng", "seeded_uuid"]

_T = TypeVar("_T")
_MASK = (1 << 64) - 1


class Rng:
    """A linear congruential generator; much cheaper to make than :class:`random.Random`.

    Args:
        key: what the numbers depend on: seed, model, id, joined in any way.
    """

    __slots__ = ("_state",)

    def __init__(self, key: str) -> None:
        self._state = int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest())

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound - 1``."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & _MASK
        return (self._state >> 24) % bound

    def choice(self, values: Sequence[_T]) -> _T:
        """One of ``values``."""
        return values[self.below(len(values))]

    def uuid(self) -> str:
        """A version 4 UUID."""
        text = f"{self.below(1 << 40):010x}{self.below(1 << 40):010x}{self.below(1 << 40):010x}"
        return f"{text[:8]}-{text[8:12]}-4{text[12:15]}-{'89ab'[self.below(4)]}{text[15:18]}-{text[18:]}"


def seeded_uuid(*parts: object) -> str:
    """The UUID that belongs to ``parts``."""
    return Rng("\x1f".join(map(str, parts))).uuid()
