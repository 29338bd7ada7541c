"""What happens in the organization, said to whoever listens: notifications, the admin page, tests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .store import Change
    from .tokens import Token

__all__ = ["Event", "Events"]


class Event(NamedTuple):
    """One event.

    Attributes:
        topic: the concrete topic, such as ``v2.users.{id}.presence`` with the id filled in.
        body: the body that the topic's schema describes, a JSON value.
        raw: whether it is to be delivered as it is, even where it does not fit the schema.
    """

    topic: str
    body: Any
    raw: bool = False


class Events:
    """Hands events, and changes of what the organization holds, to every listener, in their order.

    Those of changes are called while the sandbox is at work on a request, and what they change belongs to it. Events
    are handed out when the request has succeeded and what it did is kept; those of a refused request, never. Listeners
    note what they need and return. They stay through a reset of the sandbox.
    """

    def __init__(self) -> None:
        self.listeners: list[Callable[[Event], None]] = []
        self.change_listeners: list[Callable[[Change], None]] = []
        self.token_listeners: list[Callable[[str, Token], None]] = []
        self._following: deque[Event] = deque()
        self._held: list[Callable[[], None]] | None = None

    def publish(self, topic: str, body: Any, *, raw: bool = False) -> None:
        """Say that something happened."""
        self._say(partial(self._hand_out, Event(topic, body, raw)))

    def _say(self, tell: Callable[[], None]) -> None:
        """Tell at once, or when the request has succeeded."""
        if self._held is not None:
            self._held.append(tell)
        else:
            tell()

    def _hand_out(self, event: Event) -> None:
        """Tell all listeners of an event, and then of those that they have published on hearing of it."""
        self._following.append(event)
        if len(self._following) > 1:
            return
        try:
            while self._following:
                for listener in list(self.listeners):
                    listener(self._following[0])
                self._following.popleft()
        finally:
            self._following.clear()

    @property
    def held(self) -> bool:
        """Whether events wait for the end of a request."""
        return self._held is not None

    def hold(self) -> None:
        """Let events wait."""
        self._held = []

    def release(self, *, hand_out: bool) -> None:
        """Let events wait no longer; those that did are handed out, or forgotten."""
        waiting, self._held = self._held or [], None
        for tell in waiting if hand_out else ():
            tell()

    def changed(self, change: Change) -> None:
        """Say that an entity or a document is not what it was."""
        for listener in self.change_listeners:
            listener(change)

    def token_revoked(self, value: str, token: Token) -> None:
        """Say that an access token was taken back before its time."""
        for listener in list(self.token_listeners):
            self._say(partial(listener, value, token))
