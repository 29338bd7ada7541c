"""Events in this process: collected for a test, or made to happen."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import msgspec

from .admin import AdminCall, admin
from .events import Event
from .fake import Faker
from .narrow import as_object
from .refusal import bad_request, not_found
from .topics import Topic, expanded

if TYPE_CHECKING:
    from types import TracebackType

    from .core import Sandbox

__all__ = ["Listener", "example_event", "injected"]

#: Topics of a user whose events have the user's id.
ABOUT_THEIR_USER = ("v2.users.{id}.activity", "v2.users.{id}.routingStatus")


class Listener(Sequence[Event]):
    """The events of some topics since it was made, in their order; safe to read from any thread.

    Args:
        sandbox: where they happen.
        names: the topics.

    Raises:
        ValueError: there is no such topic.
    """

    def __init__(self, sandbox: Sandbox, names: Sequence[str]) -> None:
        self._sandbox = sandbox
        self._concrete: set[str] = set()
        self._any: set[str] = set()
        for name in [part for given in names for part in expanded(given)]:
            if name in sandbox.topics.by_name:
                self._any.add(name)
            elif sandbox.topics.find(name) is None:
                raise ValueError(f"there is no topic {name!r}; sandbox.topics.by_name has them all")
            else:
                self._concrete.add(name.lower())
        self._events: list[Event] = []
        self._more = threading.Condition()
        with sandbox.lock:
            sandbox.events.listeners.append(self._note)

    def _note(self, event: Event) -> None:
        if event.topic.lower() not in self._concrete:
            found = self._sandbox.topics.find(event.topic) if self._any else None
            if found is None or found[0].name not in self._any:
                return
        event = event._replace(body=self._sandbox.channels.fitted(event))
        with self._more:
            self._events.append(event)
            self._more.notify_all()

    def __len__(self) -> int:
        return len(self._events)

    @overload
    def __getitem__(self, at: int) -> Event: ...
    @overload
    def __getitem__(self, at: slice) -> list[Event]: ...
    def __getitem__(self, at: int | slice) -> Event | list[Event]:
        return self._events[at]

    def __iter__(self) -> Iterator[Event]:
        return iter(list(self._events))

    def wait(self, count: int = 1, timeout: float = 5.0) -> list[Event]:
        """Wait for events that another thread causes, such as a server's.

        Args:
            count: how many events there must be, those that came before included.
            timeout: at most so long, in seconds.

        Returns:
            All events.

        Raises:
            TimeoutError: there are fewer.
        """
        with self._more:
            if not self._more.wait_for(lambda: len(self._events) >= count, timeout):
                raise TimeoutError(f"{len(self._events)} of {count} events came within {timeout} s")
            return list(self._events)

    def take(self) -> list[Event]:
        """The events so far, which are forgotten."""
        with self._more:
            taken, self._events = self._events, []
            return taken

    def close(self) -> None:
        """Stop to listen; the events stay."""
        with self._sandbox.lock:
            if self._note in self._sandbox.events.listeners:
                self._sandbox.events.listeners.remove(self._note)

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def injected(sandbox: Sandbox, name: str, body: Any, *, check: bool) -> Event:
    """See :meth:`genesyscloud.sandbox.Sandbox.inject`."""
    found = sandbox.topics.find(name)
    if found is None:
        raise ValueError(f"there is no topic {name!r}; sandbox.topics.by_name has them all")
    topic, ids = found
    if body is None:
        body = example_event(sandbox.faker, topic, ids)
    elif check:
        problems = sandbox.validator.problems(body, f"#{topic.model}")
        if problems:
            raise ValueError(f"the body does not fit {topic.model}: {problems}")
    # A copy, as if it had come over the network: what the caller does with it later changes nothing.
    event = Event(name, msgspec.json.decode(msgspec.json.encode(body)), raw=True)
    with sandbox.at_work():
        sandbox.events.publish(event.topic, event.body, raw=True)
    return event


def example_event(faker: Faker, topic: Topic, ids: Sequence[str]) -> Any:
    """A body for an event of ``topic`` that is about the things with these ids."""
    body = faker.make(f"#{topic.model}", topic.name, *ids)
    properties = faker.properties(topic.model)
    if not ids:
        return body
    for parameter, entity_id in zip(topic.parameters, ids, strict=True):
        noun = parameter.removesuffix("Id")
        if parameter in properties and properties[parameter].type == "s":
            body[parameter] = entity_id
        owner = as_object(body.get(noun))
        if owner is not None and "id" in owner:
            owner["id"] = entity_id
    if (
        (topic.name.endswith("{id}") or topic.name in ABOUT_THEIR_USER)
        and "id" in properties
        and properties["id"].type == "s"
    ):
        body["id"] = ids[-1]
    body.pop("additionalProperties", None)
    return body


# --- entries of the admin interface --------------------------------------------------------------


@admin("GET", "/sandbox/channels")
def list_channels(sandbox: Sandbox, call: AdminCall) -> Any:
    """The notification channels, whose they are, their topics, and whether somebody is connected."""
    return {"channels": sandbox.channels.listed()}


@admin("POST", "/sandbox/channels/closing")
def announce_closing(sandbox: Sandbox, call: AdminCall) -> Any:
    """Sends v2.system.socket_closing to who is connected, or to {"channel": id}; a minute later the sockets end."""
    channel_id = call.body.get("channel", "")
    return {"told": sandbox.channels.announce_closing(str(channel_id))}


@admin("GET", "/sandbox/topics")
def list_topics(sandbox: Sandbox, call: AdminCall) -> Any:
    """The topics that there are."""
    return {"topics": list(sandbox.topics.by_name)}


@admin("GET", "/sandbox/topics/{topic}")
def show_topic(sandbox: Sandbox, call: AdminCall) -> Any:
    """An example of an event of a concrete topic."""
    found = sandbox.topics.find(call.values["topic"])
    if found is None:
        raise not_found("topic", call.values["topic"])
    topic, ids = found
    return {"topic": topic.name, "model": topic.model, "body": example_event(sandbox.faker, topic, ids)}


@admin("POST", "/sandbox/events")
def inject(sandbox: Sandbox, call: AdminCall) -> Any:
    """Makes an event happen: {"topic": ..., "body": ..., "check": true}; without a body, an example."""
    topic = call.body.get("topic")
    try:
        event = sandbox.inject(
            topic if isinstance(topic, str) else "", call.body.get("body"), check=call.body.get("check") is not False
        )
    except ValueError as error:
        raise bad_request(f"Nothing happened: {error}.") from None
    return {"topic": event.topic, "body": event.body}
