"""The sandbox itself: what it is made of, its life from the start to the end, and the ways in.

It knows nothing of sockets. How a request is answered is in :mod:`genesyscloud.sandbox.reception`.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from os import PathLike
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from ..catalog import catalog
from ..http import Reply, Request
from . import admin, words
from .channels import Channels
from .clock import REAL_TIME, Clock, ClockState
from .consequences import Consequences
from .conversations.book import Book
from .crud import Call, Handler
from .events import Event, Events
from .examples import example_of
from .fake import ExampleCall, Faker
from .faults import Exchange, Faults
from .limits import RateLimiter
from .listening import Listener, injected
from .oauth import Login
from .organization import Organization, SeedData, begin, completed, open_file, seeded, start_ids, table_start
from .permissions import Permissions
from .reception import Reception
from .refusal import Refusal
from .render import Renderer
from .requestlog import RequestLog
from .rng import seeded_uuid
from .router import router_of
from .services import LISTENERS, SERVICES, SOURCES, UNCHECKED, divisions
from .settings import Settings
from .shapes import CollectionShape, Shapes
from .store import Collection, Entity, Snapshot, Store
from .topics import topics_of
from .urls import Urls
from .validate import Validator

if TYPE_CHECKING:
    from types import TracebackType

    from ..client import AsyncGenesysCloud, GenesysCloud
    from .certificates import Certificates
    from .datafile import DataFile
    from .server import Server

__all__ = ["Sandbox", "SandboxSnapshot"]


class SandboxSnapshot(NamedTuple):
    """A sandbox at some moment: what it held, the course of its clock, and what its organization had begun with."""

    store: Snapshot
    clock: ClockState
    organization: Organization
    settings: Settings


class Sandbox:
    """A Genesys Cloud organization in this process.

    Args:
        settings: see :class:`Settings`; or give its fields as keywords.
        seed_data: a description of what the organization starts with, or a JSON or YAML file with one; in place of
            ``organization``. ``docs/sandbox.md`` has the format.
        data: a file that keeps the state: it is loaded from there, and every change is in the file before it is
            acknowledged. Made when it does not exist; in memory without it. An organization that is not described
            otherwise is the one that the file was made with.
        **changes: fields of :class:`Settings` (``seed=7``, ``rate_limit=300``).

    Raises:
        OSError: the data file cannot be used: another process has it, or it belongs to another organization.
        ValueError: there is no such organization, or its description is wrong (:class:`.seeds.SeedError`).

    Example:
        >>> with Sandbox(seed=7) as sandbox, sandbox.client() as gc:
        ...     gc.routing.get_routing_queues(page_size=2).total
        250
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        seed_data: SeedData | None = None,
        data: str | PathLike[str] | None = None,
        **changes: Any,
    ) -> None:
        given = replace(settings or Settings(), **changes)
        #: The time, and what can be done to it.
        self.clock = Clock(given.clock)
        self.settings: Settings = replace(given, clock=self.clock)
        self._usual = self.settings
        #: When the organization began, in seconds since the epoch: what it starts with happened before.
        self.started = self.clock()
        self.faker = Faker(catalog(), self.settings.seed)
        self.router = router_of(catalog())
        self.shapes = Shapes(self.router, self.faker)
        self.handlers: dict[str, Handler] = dict(SERVICES)
        #: Operations that may be about what was deleted.
        self.unchecked = frozenset(UNCHECKED)
        self.renderer = Renderer(self.faker, partial(divisions.name_of, self))
        self.validator = Validator(
            self.faker, check_enums=self.settings.check_enums, body_bytes=self.settings.body_bytes
        )
        #: What was asked lately.
        self.requests = RequestLog(self.router)
        #: Snapshots that were made through the admin interface, by name.
        self.snapshots: dict[str, SandboxSnapshot] = {}
        #: The conversations, those that happened before included.
        self.conversations = Book(self)
        #: What happens, for those who want to know; services publish here.
        self.events = Events()
        self._lock = threading.RLock()
        self.topics = topics_of(catalog())
        #: The call that is being carried out, if any: who listens to changes can see who makes them.
        self.call: Call | None = None
        self.events.change_listeners += [partial(listener, self) for listener in LISTENERS]
        self._server: Server | None = None
        self._certificates: Certificates | None = None
        self.urls = Urls(self)
        self.permissions = Permissions(self)
        self._file: DataFile | None = None
        self.organization = Organization()
        if data is not None:
            self._file = open_file(self, data, seed_data)
        else:
            begin(self, seed_data)
        self.store = Store(
            self.settings.seed, partial(start_ids, self), partial(seeded, self), partial(table_start, self),
            self.events.changed, self._file.saved() if self._file else None, self._file,
        )  # fmt: skip
        #: What goes wrong on purpose.
        self.faults = Faults(self)
        #: The notification channels, and who is connected to them.
        self.channels = Channels(self, self.topics)
        self._consequences = Consequences(self)
        self._reception = Reception(self)
        self._start()
        course = self.store.table("clock").get("course")
        if course is not None:
            self.clock.state = ClockState(*course)
        self.clock.listeners.append(self._keep_clock)

    def seed(self, description: SeedData) -> None:
        """Start anew with an organization that somebody describes; the named snapshots are forgotten.

        Args:
            description: the description, or a file with one.

        Raises:
            ValueError: the description is wrong (:class:`.seeds.SeedError`); nothing has changed.
        """
        with self._lock:
            before = self.settings
            self.settings = replace(self._usual, organization="default")
            try:
                given = begin(self, description)
            except ValueError:
                self.settings = before
                raise
            if self._file is not None:
                self._file.remember({**self._file.facts, "organization": self.organization.name, "description": given})
            self.snapshots.clear()
            self.store.start_anew()
            self.reset()

    def _keep_clock(self) -> None:
        with self._lock:
            self.store.table("clock")["course"] = list(self.clock.state)
            if not self.events.held:
                self.store.commit()

    def _start(self) -> None:
        """Begin what is not kept in the store: the login service, and the count of requests."""
        self.login = Login(self)
        self.limiter = RateLimiter(self.settings)

    def reset(self) -> None:
        """Go back to the state of the start: changes, tokens and jobs are forgotten, the clock shows the real time."""
        with self._lock:
            self.faults.clear()
            self.restore(SandboxSnapshot(Snapshot({}, {}, {}), REAL_TIME, self.organization, self.settings))
            self._start()

    def snapshot(self) -> SandboxSnapshot:
        """Keep the state of this moment, to go back to it with :meth:`restore`; takes milliseconds.

        Example:
            >>> sandbox = Sandbox()
            >>> snapshot = sandbox.snapshot()
            >>> sandbox.clock.move(3600)
            >>> sandbox.restore(snapshot)  # an hour earlier again
        """
        with self._lock:
            return SandboxSnapshot(self.store.snapshot(), self.clock.state, self.organization, self.settings)

    def restore(self, snapshot: SandboxSnapshot) -> None:
        """Go back to the state of a snapshot of this sandbox, as often as wanted, the course of the clock included.

        What is connected stays connected, and no events tell of the difference. Faults stay on; see :meth:`rewind`.

        Raises:
            ValueError: the data file is of another organization, which :meth:`seed` made.
        """
        with self._lock:
            if snapshot.organization is not self.organization:
                if self._file is not None:
                    raise ValueError(
                        "the snapshot was made before seed(), and the data file is of the new organization"
                    )
                self.organization, self.settings = snapshot.organization, snapshot.settings
                self.store.start_anew()
                self._start()
            self.store.restore(snapshot.store)
            self.clock.state = snapshot.clock
            self.channels.restored()

    def rewind(self, snapshot: SandboxSnapshot) -> None:
        """Go back to a snapshot, and take back also what is none of the organization's state.

        Faults are off, requests are counted anew, the list of requests and the named snapshots of the admin interface
        are empty. What a test did is gone like this.

        Raises:
            ValueError: as :meth:`restore` raises it.
        """
        with self._lock:
            self.restore(snapshot)
            self.settings = snapshot.settings
            self._start()
            self.faults.clear()
            self.requests.clear()
            self.snapshots.clear()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the server, when one was started, and let go of the data file."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._certificates is not None:
            self._certificates.close()
            self._certificates = None
        if self._file is not None:
            with self._lock:
                self.store.commit()
                self._file.close()

    # --- ways in --------------------------------------------------------------------------------

    def exchange(self, request: Request) -> Exchange:
        """Answer a request, and say what :attr:`faults` do to the reply on its way; see :meth:`handle`."""
        if self.settings.admin and admin.path_of(request.url):
            with self._lock:
                return Exchange(admin.answer(self, request))
        started, answer = perf_counter(), self._reception.handle
        found = self.faults.exchange(request, answer) if self.faults else Exchange(answer(request))
        self.requests.note(request, found.reply, perf_counter() - started)
        return found

    def handle(self, request: Request) -> Reply:
        """Answer a request.

        Args:
            request: its ``url`` may be complete or start at the path. Header names in any case.

        Returns:
            The reply; never raises for anything that a request contains.
        """
        return self.exchange(request).reply

    def client(self, **options: Any) -> GenesysCloud:
        """A client of this sandbox that needs no socket; ``options`` go to :class:`~genesyscloud.GenesysCloud`."""
        from ..client import GenesysCloud
        from .transport import SandboxTransport, client_options

        return GenesysCloud(**client_options(self, SandboxTransport(self)) | options)

    def async_client(self, **options: Any) -> AsyncGenesysCloud:
        """The same for asyncio."""
        from ..client import AsyncGenesysCloud
        from .transport import AsyncSandboxTransport, client_options

        return AsyncGenesysCloud(**client_options(self, AsyncSandboxTransport(self)) | options)

    def access_token(self, *, user_id: str = "", client_id: str = "") -> str:
        """A new access token, without a login.

        Args:
            user_id: the person it acts for; empty for the client itself.
            client_id: the client; by default the one for client credentials that exists from the start.
        """
        with self._lock:
            return self.login.issue(client_id or self.settings.client_id, user_id)

    def serve(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        https: bool = False,
        ca_file: str = "",
        names: Sequence[str] = (),
    ) -> str:
        """Start to answer over HTTP, in a thread of its own, until :meth:`close`.

        Args:
            host: address to listen on.
            port: 0 for a free one.
            https: whether to speak TLS, with a certificate made on the spot for this machine and every host of every
                region. Clients have to trust :attr:`ca_file`.
            ca_file: where to write the certificate of the authority; without it, to a temporary file.
            names: further host names that the certificate is for.

        Returns:
            The base address (``http://127.0.0.1:40123``).

        Raises:
            OSError: the port is taken, or the file cannot be written.
            RuntimeError: ``uvicorn`` or ``trustme`` is not installed (``pip install 'genesyscloud[sandbox]'``).

        Example:
            >>> with Sandbox() as sandbox:  # doctest: +SKIP
            ...     address = sandbox.serve(https=True)
            ...     gc = GenesysCloud(region=address, tls=TlsSettings(ca_file=sandbox.ca_file))
        """
        from .server import Server

        if self._server is None:
            if https:
                from .certificates import Certificates

                self._certificates = Certificates([host, *names], ca_file)
            self._server = Server(self, host, port, self._certificates)
            self._server.start()
        return self._server.address

    @property
    def address(self) -> str:
        """The base address of the server; empty while there is none."""
        return self._server.address if self._server is not None else ""

    @property
    def ca_file(self) -> str:
        """The file with the certificate of the authority that clients of ``serve(https=True)`` have to trust.

        Raises:
            RuntimeError: the sandbox does not serve over HTTPS.
        """
        if self._certificates is None:
            raise RuntimeError("there is no certificate: the sandbox does not serve over HTTPS; see serve(https=True)")
        return self._certificates.ca_file

    @property
    def lock(self) -> threading.RLock:
        """Held while the sandbox is at work; whoever reads its state from another thread holds it too."""
        return self._lock

    @contextmanager
    def at_work(self) -> Generator[None]:
        """Change the state from outside of a request: all that is done within is kept, or nothing of it.

        A request is such a change too: it is kept before its reply leaves, or taken back when it is refused.

        Example:
            >>> sandbox = Sandbox()
            >>> with sandbox.at_work():
            ...     sandbox.store.write("/api/v2/outbound/settings", {"maxCallsPerAgent": 5})
        """
        with self._lock:
            if self.events.held:
                yield
                return
            self._commit()
            self.events.hold()
            done = False
            try:
                yield
                self._commit()
                done = True
            except Refusal as refusal:
                done = refusal.keeps_changes
                if done:
                    self._commit()
                raise
            finally:
                if not done:
                    self.store.rollback()
                self.events.release(hand_out=done)

    def _commit(self) -> None:
        try:
            self.store.commit()
        except OSError as error:
            raise Refusal(507, "insufficient.storage", f"Nothing was changed, because {error}.") from None

    # --- notifications --------------------------------------------------------------------------

    def listen(self, *topics: str) -> Listener:
        """Collect the events of topics, without a channel and without a socket.

        Args:
            topics: as a channel is subscribed to them; ``{id}`` in place of an id stands for any.

        Raises:
            ValueError: there is no such topic.

        Example:
            >>> sandbox = Sandbox()
            >>> with sandbox.listen("v2.users.{id}.presence") as events:
            ...     happened = sandbox.inject("v2.users.1f.presence")
            >>> events[0].topic
            'v2.users.1f.presence'
        """
        return Listener(self, topics)

    def inject(self, topic: str, body: Any = None, *, check: bool = True) -> Event:
        """Make an event happen: whoever has subscribed to its topic is told.

        Args:
            topic: a concrete topic.
            body: body of the event; an example when there is none.
            check: whether to refuse a body that does not fit the schema of the topic. Without, any JSON value is
                delivered as it is.

        Returns:
            The event.

        Raises:
            ValueError: there is no such topic, or the body does not fit.

        Example:
            >>> Sandbox().inject("v2.users.1f.routingStatus").body["id"]
            '1f'
        """
        return injected(self, topic, body, check=check)

    def add_traffic(
        self,
        count: int,
        *,
        days: float = 30,
        end: datetime | None = None,
        seed: int | str | None = None,
        abandoned: float = 0.08,
        transferred: float = 0.07,
    ) -> None:
        """Let the organization have had conversations: calls, callbacks, chats, e-mails and messages.

        They are spread over the users, queues and wrap-up codes that there are now, and made when somebody first asks
        for conversations. What the organization started with is replaced.

        Args:
            count: how many.
            days: length of the period.
            end: its end; the last full hour when not given.
            seed: the same seed gives the same conversations; that of the sandbox when not given.
            abandoned: share of those who give up waiting, from 0 to 1.
            transferred: share of conversations that are transferred, from 0 to 1.

        Example:
            >>> sandbox = Sandbox()
            >>> sandbox.add_traffic(500, days=31)
            >>> len(sandbox.conversations.ids())
            500
        """
        until = self.settings.clock() // 3600 * 3600 if end is None else end.timestamp()
        shares = {"abandoned": abandoned, "transferred": transferred}
        with self.at_work():
            self.conversations.add_traffic(
                count, round((until - days * 86_400) * 1000), round(until * 1000),
                str(self.settings.seed if seed is None else seed), shares,
            )  # fmt: skip

    def incoming(self, media: str, queue_id: str, address: str, name: str = "", **details: Any) -> str:
        """Let a customer call or write to a queue, and return the id of the conversation.

        Args:
            media: ``voice``, ``callback``, ``chat``, ``email`` or ``message``.
            queue_id: the queue.
            address: telephone number or address of the customer.
            name: name of the customer.
            **details: see :func:`~genesyscloud.sandbox.conversations.starting.begin_inbound`.

        Raises:
            KeyError: there is no such queue.

        Example:
            >>> with Sandbox() as sandbox, sandbox.client() as gc:
            ...     queue = gc.routing.post_routing_queues({"name": "Support"})
            ...     call_id = sandbox.incoming("voice", queue.id, "tel:+13175550123", "Ada", priority=5)
            ...     gc.conversations.get_conversations_call(call_id).participants[0].name
            'Ada'
        """
        from .conversations.acd import settle
        from .conversations.agents import queue
        from .conversations.starting import begin_inbound

        with self.at_work():
            if queue(self, queue_id) is None:
                raise KeyError(queue_id)
            made = begin_inbound(self, media, queue_id, address, name, **details)
            settle(self)
            return made.id

    # --- what the rooms behind it ask for -------------------------------------------------------

    @property
    def admin_id(self) -> str:
        """Id of the user who owns the organization: the first one."""
        return seeded_uuid(self.settings.seed, "/api/v2/users", 0)

    def seconds(self) -> float:
        """The time of the sandbox, in seconds since the epoch."""
        return self.clock()

    @property
    def actor(self) -> str:
        """Id of the person on whose behalf something is being done now."""
        person = self.login.user_of(self.call.token) if self.call and self.call.token else ""
        return person or self.admin_id

    def now(self) -> str:
        """The time of the sandbox, as it is written on the wire."""
        return words.written(datetime.fromtimestamp(self.clock(), UTC))

    def quoted(self, value: str) -> str:
        """A value as a segment of a path."""
        return quote(value, safe="")

    def collection(self, shape: CollectionShape, ids: Sequence[str]) -> Collection:
        """The collection of ``shape`` under the parents with these ids, outermost first.

        What somebody created starts empty; what was there from the start has seeded entities.
        """
        source = SOURCES.get(shape.path)
        if source is not None:
            return source(self, shape, ids)
        seeded = all(
            ids[parent.depth] in self.collection(parent, ids).seeded for parent in self.shapes.parents(shape.path + "/")
        )
        path = shape.path.format(*map(self.quoted, ids[: shape.depth]))
        return self.store.collection(shape, path, seeded=seeded)

    def completed(self, shape: CollectionShape, entity: Entity, entity_id: str) -> Entity:
        """An entity with everything that its model requires."""
        return completed(self, shape, entity, entity_id)

    def home_division(self) -> Entity:
        """The division that everything is in until it is moved."""
        return divisions.home_division(self)

    def division(self, division_id: str) -> Entity:
        """A division as the entities in it refer to it; the home division for no id.

        Raises:
            Refusal: 400; there is no such division.
        """
        return divisions.referred(self, division_id)

    def example_call(self, name: str) -> ExampleCall:
        """Make a request that this sandbox answers with success: valid, and about things that exist.

        Args:
            name: name of the operation.

        Raises:
            KeyError: there is no such operation.
        """
        return example_of(self, name)
