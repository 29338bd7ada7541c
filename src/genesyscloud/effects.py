"""What a plan can want done: the vocabulary between the plans (generators) and the drivers that carry them out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from .auth.tokens import Token
    from .http import AttemptTimeouts, Request

__all__ = ["Blocking", "Effect", "GetToken", "Notify", "Send", "Sleep", "Steps"]

T = TypeVar("T")


class Send(NamedTuple):
    """Send the request once; the outcome is its reply, or a ``TransportError``."""

    request: Request
    timeouts: AttemptTimeouts


class Sleep(NamedTuple):
    """Wait."""

    seconds: float


class GetToken(NamedTuple):
    """Get a token other than ``stale``, before ``deadline``; wait at most ``wait`` seconds for another's login."""

    stale: Token | None
    deadline: float
    wait: float


class Notify(NamedTuple):
    """Call an observer."""

    hook: Callable[[Any], Any]
    event: Any


class Blocking(NamedTuple):
    """Do ``work``, which may block: on a file, a network, a person. The outcome is what it returns or raises.

    Tasks do it in a thread; ``cancel`` ends it early, when the task is cancelled.
    """

    work: Callable[[], Any]
    cancel: Callable[[], None] | None = None


Effect: TypeAlias = Send | Sleep | GetToken | Notify | Blocking
Steps: TypeAlias = Generator[Effect, Any, T]
