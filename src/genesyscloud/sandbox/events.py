"""What happens in the organization, said to whoever listens: notifications, the admin page, tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .store import Change

__all__ = ["Event", "Events"]


class Event(NamedTuple):
    """One event.

    Attributes:
        topic: the concrete topic, such as ``v2.users.{id}.presence`` with the id filled in.
        body: the body that the topic's schema describes, a JSON value.
    """

    topic: str
    body: Any


class Events:
    """Hands events, and changes of what the organization holds, to every listener, in their order.

    Listeners are called while the sandbox is at work on a request: they note what they need and return. They stay
    through a reset of the sandbox.
    """

    def __init__(self) -> None:
        self.listeners: list[Callable[[Event], None]] = []
        self.change_listeners: list[Callable[[Change], None]] = []

    def publish(self, topic: str, body: Any) -> None:
        """Say that something happened."""
        event = Event(topic, body)
        for listener in self.listeners:
            listener(event)

    def changed(self, change: Change) -> None:
        """Say that an entity or a document is not what it was."""
        for listener in self.change_listeners:
            listener(change)
