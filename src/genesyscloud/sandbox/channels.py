"""Notification channels: what is subscribed where, who is connected, and what is sent to whom.

Channels and their topics are part of what the organization holds, in a table of the store: they outlive a
connection, as they do in Genesys Cloud. Connections are not: each is the live end of a channel, a WebSocket or a
program in this process. Nothing here knows sockets or waits for anything; a driver connects, hands over what the
client says, and calls :meth:`Channels.tick` when time has passed (:mod:`genesyscloud.sandbox.websocket`).
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from .consequences import reader_of
from .events import Event
from .narrow import as_list, as_object
from .refusal import Refusal, bad_request
from .rng import seeded_uuid
from .store import Entity, Table
from .topics import Topic, Topics, expanded

if TYPE_CHECKING:
    from .core import Sandbox
    from .tokens import Token

__all__ = ["Channels", "Connection", "UnknownChannel", "names_of"]

TABLE = "notifications.channels"
METADATA = "channel.metadata"
CLOSING = "v2.system.socket_closing"
NAMESPACE = "notifications"
#: The version that the envelope of an event has.
VERSION = "2"


class UnknownChannel(LookupError):
    """There is no such channel, or no longer."""


class Connection:
    """The live end of a channel.

    Args:
        channel_id: the channel.
        send: takes a message for the client; must not block.
        close: takes a close code and a reason; must not block.
    """

    def __init__(self, channel_id: str, send: Callable[[str], None], close: Callable[[int, str], None]) -> None:
        self.channel_id = channel_id
        self.send = send
        self.close = close
        #: When the next heartbeat is due, and when the connection is to be closed, in seconds since the epoch.
        self.beat = 0.0
        self.until: float | None = None


class Channels:
    """All channels of a sandbox, and those who are connected.

    Args:
        sandbox: whose channels they are; its events are delivered from now on.
        topics: the topics that exist.
    """

    def __init__(self, sandbox: Sandbox, topics: Topics) -> None:
        self._sandbox = sandbox
        self.topics = topics
        self._connections: dict[str, Connection] = {}
        sandbox.events.listeners.append(self._deliver)

        sandbox.events.token_listeners.append(self._token_revoked)
        sandbox.clock.listeners.append(self.tick)

    @property
    def _rows(self) -> Table:
        return self._sandbox.store.table(TABLE)

    # --- channels -------------------------------------------------------------------------------

    def create(self, token: str) -> Entity:
        """Open a channel for the holder of a token.

        Raises:
            Refusal: 400; the user has as many channels in this application as there may be, all connected.
        """
        settings = self._sandbox.settings
        self.tick()
        row: Entity = {"id": f"streaming-0-{secrets.token_hex(13)}", "topics": [], **self._owner(token)}
        own = [other for other in self._rows.values() if _same(other, row, ("user", "client"))]
        while len(own) >= settings.channels_per_user_app:
            idle = next((other for other in own if other["id"] not in self._connections), None)
            if idle is None:
                limit = {"key": "channels.per.user.app", "namespace": NAMESPACE, "value": len(own)}
                message = f"All {len(own)} channels of this user and application are connected."
                raise Refusal(400, "bad.request", message, limit=limit)
            own.remove(idle)
            self._drop(idle["id"], "Replaced by a newer channel")
        row["expires"] = self._sandbox.settings.clock() + settings.channel_seconds
        self._rows[row["id"]] = row
        return row

    def _owner(self, token: str) -> Entity:
        _, found = self._sandbox.login.token(f"Bearer {token}")
        return {
            "user": found.user_id,
            "client": found.client_id,
            "token": _digest(token),
            "token_expires": found.expires,
        }

    def of_token(self, token: str, *, client: bool = False) -> list[Entity]:
        """The channels that were opened with a token, or with any of its user's for the same application."""
        self.tick()
        owner = self._owner(token)
        return [row for row in self._rows.values() if _same(row, owner, ("user", "client") if client else ("token",))]

    def get(self, channel_id: str) -> Entity:
        """A channel.

        Raises:
            UnknownChannel: there is none.
        """
        rows = self._rows
        if channel_id not in rows or self._over(rows[channel_id]):
            raise UnknownChannel(channel_id)
        return rows[channel_id]

    def _over(self, row: Entity) -> bool:
        return min(row["expires"], row["token_expires"]) <= self._sandbox.settings.clock()

    def _drop(self, channel_id: str, reason: str) -> None:
        """Forget a channel, and close its connection."""
        del self._rows[channel_id]
        self._hang_up(channel_id, reason)

    def _hang_up(self, channel_id: str, reason: str) -> None:
        connection = self._connections.pop(channel_id, None)
        self._forget_wanted()
        if connection is not None:
            connection.close(self._sandbox.settings.channel_close_code, reason)

    def _token_revoked(self, token: str, holder: Token) -> None:
        """Tell the channels of a token that it was revoked, and close them."""
        digest = _digest(token)
        with self._sandbox.at_work():
            for row in [row for row in self._rows.values() if row["token"] == digest]:
                self._system(row, "token_revoked", "user_tokens_revoked", "The token of this channel was revoked.")
                self._drop(row["id"], "Token revoked")

    # --- subscriptions --------------------------------------------------------------------------

    def check(self, name: object, row: Entity) -> tuple[str, list[str]]:
        """Why a channel cannot have a topic, and the permissions that are missing for it; empty when it can."""
        if not isinstance(name, str) or not name:
            return "A topic needs an id.", []
        if name == METADATA:
            return f"{METADATA} is sent on every channel and cannot be subscribed to.", []
        missing: list[str] = []
        for part in expanded(name):
            found = self.topics.find(part)
            if found is None:
                return f"The topic {part[:200]} does not exist.", []
            if not found[0].open:
                return f"The topic {part[:200]} is sent when it concerns a channel and cannot be subscribed to.", []
            missing += self._missing(*found, row)
        listed = ", ".join(missing)
        return (f"You are missing the following permission(s): {listed}" if missing else ""), missing

    def _missing(self, topic: Topic, ids: list[str], row: Entity) -> list[str]:
        """What the holder of a channel lacks for a topic: what reading the same over REST takes, but for oneself."""
        sandbox = self._sandbox
        own = topic.name.startswith("v2.users.{id}") and ids[0] == row["user"]
        record = reader_of(sandbox, topic) if sandbox.settings.enforce_permissions and not own else None
        if record is None or not record.permissions:
            return []
        missing = sandbox.permissions.missing(row["user"] or row["client"], record.permissions)
        return [] if record.permissions_any and len(missing) < len(record.permissions) else missing

    def subscribe(self, channel_id: str, names: Iterable[str], *, replace: bool = False) -> Entity:
        """Add topics to a channel, and let it live on from now.

        Args:
            names: of topics that :meth:`check` has found to be good.
            replace: whether they take the place of all others.

        Raises:
            UnknownChannel: there is no such channel.
            Refusal: 400; these would be too many.
        """
        row, settings = self.get(channel_id), self._sandbox.settings
        before: list[str] = [] if replace else row["topics"]
        topics = list(dict.fromkeys([*before, *names]))
        count = sum(len(expanded(name)) if settings.combined_topics_count_each else 1 for name in topics)
        if count > settings.topics_per_channel:
            limit = {"key": "topics.per.channel", "namespace": NAMESPACE, "value": settings.topics_per_channel}
            message = f"A channel can have {settings.topics_per_channel} topics; these would be {count}."
            raise Refusal(400, "bad.request", message, limit=limit)
        added = {part for name in topics for part in expanded(name)} - {p for n in row["topics"] for p in expanded(n)}
        if settings.exclusive_topics:
            self._take_over(row, added)
        return self._keep(row, topics, expires=settings.clock() + settings.channel_seconds)

    def unsubscribe(self, channel_id: str, names: Sequence[str] | None = None) -> Entity:
        """Take topics off a channel, or all of them."""
        row = self.get(channel_id)
        return self._keep(row, [] if names is None else [name for name in row["topics"] if name not in names])

    def _keep(self, row: Entity, topics: list[str], **changes: Any) -> Entity:
        kept: Entity = {**row, "topics": topics, **changes}
        self._rows[row["id"]] = kept
        self._forget_wanted()
        return kept

    def _take_over(self, row: Entity, names: set[str]) -> None:
        """Take topics that one channel at a time may have off the other channels of the same user."""
        exclusive = {
            name
            for name in names
            if (found := self.topics.find(name)) and found[0].name in self._sandbox.settings.exclusive_topics
        }
        for other in list(self._rows.values()):
            lost = {name for name in other["topics"] if exclusive.intersection(expanded(name))}
            if lost and other["id"] != row["id"] and _same(other, row, ("user", "client")):
                self._keep(other, [name for name in other["topics"] if name not in lost])
                reason = "Another channel has subscribed to topics of this one."
                self._system(
                    other, "no_longer_subscribed", "another_channel_subscribed", reason, {"topics": sorted(lost)}
                )

    # --- connections ----------------------------------------------------------------------------

    def connect(
        self, channel_id: str, send: Callable[[str], None], close: Callable[[int, str], None] | None = None
    ) -> Connection:
        """Connect to a channel; who was connected to it is hung up on.

        Args:
            send: called with each message, from any thread; it must not block.
            close: called with code and reason when the connection is to end.

        Raises:
            UnknownChannel: there is no such channel.

        Example:
            >>> from genesyscloud.sandbox import Sandbox
            >>> sandbox, inbox = Sandbox(), []
            >>> channel = sandbox.channels.create(sandbox.access_token())
            >>> connection = sandbox.channels.connect(channel["id"], inbox.append)
        """
        with self._sandbox.at_work():
            self.tick()
            self.get(channel_id)
            self._hang_up(channel_id, "Connected elsewhere")
            connection = self._connections[channel_id] = Connection(channel_id, send, close or _nothing)
            connection.beat = self._sandbox.settings.clock() + self._sandbox.settings.heartbeat_seconds
            return connection

    def disconnect(self, connection: Connection) -> None:
        """A connection has ended; its channel stays."""
        with self._sandbox.at_work():
            if self._connections.get(connection.channel_id) is connection:
                del self._connections[connection.channel_id]
                self._forget_wanted()

    def connected(self) -> list[str]:
        """The ids of the channels that somebody is connected to."""
        with self._sandbox.at_work():
            return list(self._connections)

    def listed(self) -> list[dict[str, Any]]:
        """All channels, for people: whose they are, what they are subscribed to, and whether somebody is connected."""
        with self._sandbox.at_work():
            self.tick()
            shown = ("id", "user", "client", "topics", "expires")
            return [
                {**{wire: row[wire] for wire in shown}, "connected": row["id"] in self._connections}
                for row in self._rows.values()
            ]

    def receive(self, connection: Connection, text: str) -> None:
        """Answer what a client says on its connection; what makes no sense to the service is passed over."""
        said = _decoded(text)
        if said is None:
            return
        message, own = said.get("message"), said.get("correlationId")
        echoed = {"correlationId": own} if isinstance(own, str) else {}
        if message == "ping":
            connection.send(_written({"topicName": METADATA, "eventBody": {"message": "pong"}}))
        elif message in ("subscribe", "unsubscribe"):
            with self._sandbox.at_work():
                answer = self._asked(connection, message, as_list(said.get("topics")))
            connection.send(_written({**answer, **echoed}))
        elif message is not None:
            connection.send(_written({**_failure("error", "Unknown message."), **echoed}))

    def _asked(self, connection: Connection, message: str, topics: list[Any] | None) -> dict[str, Any]:
        """Subscribe or unsubscribe over the socket."""
        if topics is None:
            return _failure("error", "topics must be an array.")
        names = [_name(topic) for topic in topics]
        try:
            row = self.get(connection.channel_id)
            bad = next((problem for name in names if (problem := self.check(name, row)[0])), "")
            if bad and message == "subscribe":
                return _failure("failure", bad)
            if message == "subscribe":
                self.subscribe(connection.channel_id, names)
            else:
                self.unsubscribe(connection.channel_id, names)
        except UnknownChannel:
            return {"result": "404", "status": "error", "message": "The channel does not exist."}
        except Refusal as refusal:
            return _failure("failure", refusal.message)
        return {"result": "200", "status": f"{message}d", "topics": names}

    # --- time -----------------------------------------------------------------------------------

    def tick(self) -> None:
        """Do what is due: heartbeats, and the end of channels and connections whose time is over."""
        with self._sandbox.at_work():
            now, every = self._sandbox.settings.clock(), self._sandbox.settings.heartbeat_seconds
            for row in [row for row in self._rows.values() if self._over(row)]:
                expired = row["expires"] <= now
                self._drop(row["id"], "Channel expired" if expired else "Token expired")
            for connection in list(self._connections.values()):
                if connection.channel_id not in self._rows:
                    self._hang_up(connection.channel_id, "Channel expired")
                elif connection.until is not None and connection.until <= now:
                    self._hang_up(connection.channel_id, "Socket closing")
                elif not 0 < connection.beat - now <= every:
                    # The second bound: the clock was moved back.
                    connection.beat = now + every
                    connection.send(_written({"topicName": METADATA, "eventBody": {"message": "WebSocket Heartbeat"}}))

    def due(self) -> float | None:
        """When :meth:`tick` has something to do, in seconds since the epoch; ``None`` while nobody is connected."""
        with self._sandbox.at_work():
            times = [at for c in self._connections.values() for at in (c.beat, c.until) if at is not None]
            times += [min(row["expires"], row["token_expires"]) for row in self._rows.values()] if times else []
            return min(times, default=None)

    # --- what is sent ---------------------------------------------------------------------------

    def _deliver(self, event: Event) -> None:
        if not self._connections:
            return
        wanted = self._index().get(event.topic.lower())
        if not wanted:
            return
        message = _written(
            {
                "topicName": event.topic,
                "version": VERSION,
                "eventBody": self.fitted(event),
                "metadata": {"CorrelationId": str(uuid.uuid4())},
            }
        )
        for connection in wanted:
            connection.send(message)

    def fitted(self, event: Event) -> Any:
        """The body of an event in the shape that its topic has."""
        found = self.topics.find(event.topic)
        if found is None or event.raw:
            return event.body
        return self._sandbox.renderer.render(event.body, f"#{found[0].model}", event.topic)

    def _forget_wanted(self) -> None:
        self._sandbox.store.memory.pop(TABLE, None)

    def _index(self) -> Mapping[str, list[Connection]]:
        """Who is connected and wants a topic, by the topic in small letters; made again when anything changes."""
        index: dict[str, list[Connection]] | None = self._sandbox.store.memory.get(TABLE)
        if index is None:
            index = self._sandbox.store.memory[TABLE] = {}
            rows = self._rows
            for connection in self._connections.values():
                topics = rows[connection.channel_id]["topics"] if connection.channel_id in rows else ()
                names = {part.lower() for name in topics for part in expanded(name)}
                for name in names:
                    index.setdefault(name, []).append(connection)
        return index

    def announce_closing(self, channel_id: str = "") -> int:
        """Say that sockets will be closed for maintenance: their clients have a minute to connect again.

        Args:
            channel_id: the channel; all that are connected when empty.

        Returns:
            The number of connections that were told.
        """
        with self._sandbox.at_work():
            until = self._sandbox.settings.clock() + self._sandbox.settings.socket_closing_seconds
            told = [c for c in self._connections.values() if channel_id in ("", c.channel_id)]
            for connection in told:
                connection.until = until
                body = {"message": "The socket is about to be closed for maintenance."}
                connection.send(_written({"topicName": CLOSING, "version": VERSION, "eventBody": body}))
            return len(told)

    def restored(self) -> None:
        """The store holds something else than before: hang up on channels that are no longer there."""
        with self._sandbox.at_work():
            self._forget_wanted()
            self.tick()

    def _system(self, row: Entity, kind: str, reason: str, message: str, data: Mapping[str, Any] | None = None) -> None:
        """Send what the service has to say of a channel, when somebody is connected to it."""
        connection = self._connections.get(row["id"])
        if connection is None:
            return
        known: Topic = self.topics.by_name["v2.system.{id}.{id}"]
        topic = known.filled([kind, row["id"]])
        own = seeded_uuid(self._sandbox.settings.seed, "organization")
        body = {"channelId": row["id"], "systemTopicType": kind, "correlationId": str(uuid.uuid4()),
                "organizationId": own, "userId": row["user"], "oauthClientId": row["client"],
                "oauthClientOrgId": own, "reason": reason, "message": message, "data": dict(data or {})}  # fmt: skip
        connection.send(_written({"topicName": topic, "version": VERSION, "eventBody": body}))


def names_of(body: Any) -> list[str]:
    """The topics that the body of a subscription names.

    Raises:
        Refusal: 400; it is not a list of objects with an ``id``.
    """
    entries = [as_object(entry) for entry in as_list(body) or []]
    names = [entry.get("id") if entry else None for entry in entries]
    if not all(isinstance(name, str) and name for name in names):
        raise bad_request("Every topic needs an id.", details=[{"errorCode": "required", "fieldName": "id"}])
    return [str(name) for name in names]


def _name(topic: Any) -> str:
    """A topic as clients write it over the socket: its name, or an object with its id."""
    entry = as_object(topic)
    found: object = topic if entry is None else entry.get("id")
    return found if isinstance(found, str) else ""


def _same(row: Entity, other: Entity, wires: Sequence[str]) -> bool:
    return all(row[wire] == other[wire] for wire in wires)


def _digest(token: str) -> str:
    """What a channel keeps of the token that opened it: enough to know it again."""
    return sha256(token.encode()).hexdigest()


def _decoded(text: str) -> dict[str, Any] | None:
    try:
        return as_object(msgspec.json.decode(text))
    except (ValueError, RecursionError):
        return None


def _written(message: Any) -> str:
    return msgspec.json.encode(message).decode()


def _failure(status: str, message: str) -> dict[str, Any]:
    return {"result": "400", "status": status, "message": message}


def _nothing(code: int, reason: str) -> None:
    pass
