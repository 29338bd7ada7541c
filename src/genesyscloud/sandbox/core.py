"""The sandbox itself: a request comes in, a reply goes out. It knows nothing of sockets.

Order of business for a request: find the operation, see who it is from, count it, check it against the
definition, carry it out, fit the result to the definition. Everything that is wrong with a request is a
:class:`~genesyscloud.sandbox.refusal.Refusal` raised on the way.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from os import PathLike
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, quote

import msgspec

from ..catalog import OperationRecord, catalog
from ..http import Headers, Reply, Request
from . import admin, downloads, files, words
from .channels import Channels
from .clock import REAL_TIME, Clock, ClockState
from .consequences import Consequences
from .conversations.book import Book
from .cors import cross_origin, preflight
from .crud import Answered, Call, Handler, answer
from .events import Event, Events
from .examples import example_of
from .fake import ExampleCall, Faker
from .faults import Exchange, Faults
from .limits import RateLimiter, Sender
from .listening import Listener, injected
from .oauth import PATHS, Login
from .organization import Organization, SeedData, chosen, described, start_ids
from .permissions import Permissions
from .refusal import Refusal, bad_request, not_found
from .render import Renderer
from .requestlog import RequestLog
from .rng import seeded_uuid
from .router import router_of
from .services import (
    LISTENERS,
    PERSONAL,
    SEEDERS,
    SERVICES,
    SOURCES,
    TABLES,
    UNCHECKED,
)
from .services.registry import WITHOUT
from .settings import Settings
from .shapes import CollectionShape, Shapes
from .store import Collection, Entity, Snapshot, Store
from .topics import topics_of
from .urls import IN_PROCESS_HOST, Place, Urls, locate
from .validate import Validator

if TYPE_CHECKING:
    from types import TracebackType

    from ..client import AsyncGenesysCloud, GenesysCloud
    from .certificates import Certificates
    from .datafile import DataFile
    from .server import Server

__all__ = ["Sandbox", "SandboxSnapshot"]

#: Answers to reads that are remembered until the next change, and the longest of them, in bytes.
REMEMBERED = 512
REMEMBERED_BYTES = 65_536
JSON = ("Content-Type", "application/json")
DIVISIONS = "/api/v2/authorization/divisions"

_log = logging.getLogger("genesyscloud.sandbox")


class SandboxSnapshot(NamedTuple):
    """A sandbox at some moment: what it held, and the course of its clock."""

    store: Snapshot
    clock: ClockState


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
        self.renderer = Renderer(self.faker, self._division_name)
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
            self._open(data, seed_data)
        else:
            self._begin(seed_data)
        self.store = Store(
            self.settings.seed, self._start_ids, self._seed, self._table_start, self.events.changed,
            self._file.saved() if self._file else None, self._file,
        )  # fmt: skip
        #: What goes wrong on purpose.
        self.faults = Faults(self)
        #: The notification channels, and who is connected to them.
        self.channels = Channels(self, self.topics)
        self._consequences = Consequences(self)
        self._replies: dict[tuple[Place, str, str, str], tuple[int, bytes, list[tuple[str, str]]]] = {}
        self._replies_at = 0
        self._start()
        course = self.store.table("clock").get("course")
        if course is not None:
            self.clock.state = ClockState(*course)
        self.clock.listeners.append(self._keep_clock)

    def _begin(self, seed_data: SeedData | None) -> Mapping[str, Any] | None:
        """Find out what the organization starts with, and return the description of it, if somebody gave one."""
        self.organization, description = chosen(self, seed_data)
        if not self.organization.examples:
            self.settings = replace(self.settings, seeded=0, seeded_counts={}, job_items=0)
        return description

    def _open(self, path: str | PathLike[str], seed_data: SeedData | None) -> None:
        """Take the data file, with the organization that it was made for."""
        from .datafile import DataFile

        given = self.settings
        file = DataFile(path)
        try:
            known = file.facts
            self.started = known.get("started", self.started)
            if known and seed_data is None and given.organization == "default":
                seed_data = known.get("description")
                name = "default" if seed_data is not None else known.get("organization", "default")
                self.settings = replace(given, organization=name)
            description = self._begin(seed_data)
            facts = {
                "organization": self.organization.name, "description": description, "started": self.started,
                "seed": given.seed, "seeded": given.seeded, "seeded_counts": dict(given.seeded_counts),
            }  # fmt: skip
            if known:
                file.check(facts)
            else:
                file.remember(facts)
        except BaseException:
            file.close()
            raise
        self._file = file

    def seed(self, description: SeedData) -> None:
        """Start anew with an organization that somebody describes; snapshots made before are of no use any more.

        Args:
            description: the description, or a file with one.

        Raises:
            ValueError: the description is wrong (:class:`.seeds.SeedError`); nothing has changed.
        """
        with self._lock:
            before = self.settings
            self.settings = replace(self._usual, organization="default")
            try:
                given = self._begin(description)
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
        """Begin what is not kept in the store."""
        settings = self.settings
        self.login = Login(self)
        self._limiter = RateLimiter(settings)

    def reset(self) -> None:
        """Go back to the state of the start: changes, tokens and jobs are forgotten, the clock shows the real time."""
        with self._lock:
            self.faults.clear()
            self.restore(SandboxSnapshot(Snapshot({}, {}, {}), REAL_TIME))
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
            return SandboxSnapshot(self.store.snapshot(), self.clock.state)

    def restore(self, snapshot: SandboxSnapshot) -> None:
        """Go back to the state of a snapshot of this sandbox, as often as wanted, the course of the clock included.

        What is connected stays connected, and no events tell of the difference.
        """
        with self._lock:
            self.store.restore(snapshot.store)
            self.clock.state = snapshot.clock
            self.channels.restored()

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
        started = perf_counter()
        found = self.faults.exchange(request, self._handle) if self.faults else Exchange(self._handle(request))
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

    def _handle(self, request: Request) -> Reply:
        correlation_id = str(uuid.uuid4())
        headers: list[tuple[str, str]] = [("ININ-Correlation-Id", correlation_id)]
        sent = request.headers if isinstance(request.headers, Headers) else Headers(request.headers.items())
        asked = preflight(request.method, sent)
        status, body, further = (204, b"", asked) if asked else self._safely(request, sent, headers, correlation_id)
        further = [*further, *cross_origin(sent)]
        if request.method == "HEAD":
            body = b""
        return Reply(status, Headers([*headers, *further]), body)

    def _safely(
        self, request: Request, sent: Headers, headers: list[tuple[str, str]], correlation_id: str
    ) -> tuple[int, bytes, list[tuple[str, str]]]:
        try:
            with self._lock, self._transaction():
                return self._answer(request, sent, headers)
        except Refusal as refusal:
            body = msgspec.json.encode(refusal.body(correlation_id))
            return refusal.status, body, [JSON, *refusal.headers]
        except Exception:
            _log.exception("the sandbox failed to answer %s", request.method)
            failure = Refusal(500, "internal.server.error", "The sandbox failed; its log says why.")
            return 500, msgspec.json.encode(failure.body(correlation_id)), [JSON]

    @contextmanager
    def _transaction(self) -> Generator[None]:
        """A request: its changes are kept before its reply leaves, or are taken back when it is refused."""
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

    def _answer(
        self, request: Request, sent: Headers, headers: list[tuple[str, str]]
    ) -> tuple[int, bytes, list[tuple[str, str]]]:
        place, path, query = locate(request.url, sent, self.settings.prefixes)
        data = request.body or b""
        if path in PATHS:
            return self.login.answer(request.method, path, query, sent, data)
        if path.startswith(files.ROOT):
            return files.receive(self, request.method, place, path, query, sent, data)
        if path.startswith(downloads.ROOT):
            if request.method not in ("GET", "HEAD"):
                raise _not_allowed(["GET", "HEAD"])
            return downloads.download(self, path, query)
        record, values, allowed = self.router.find(request.method, path)
        if record is None:
            raise _not_allowed(allowed) if allowed else not_found("The requested resource")
        token = ""
        if record.secured:
            token, holder = self.login.token(sent.get("authorization"))
            headers += self._limiter.count(Sender(token, holder.client_id, holder.user_id, record.name))
            if record.path != "/api/v2/tokens/me" or "preserveIdleTTL=true" not in query:
                self.login.use(token)
            self.permissions.check(record, holder)
        steady = record.method == "GET" and not self.store.jobs.keys() & values
        question = (place, path, query, token if record.name in PERSONAL else "")
        if steady and (remembered := self._remembered(question)):
            return remembered
        found = self.validator.parameters(record, values, query, sent)
        body = self.validator.body(record, sent, data)
        pairs = parse_qsl(query, keep_blank_values=True) if query else []
        self.call = Call(record, path, values, found, pairs, body, token, place)
        looks = self.clock.looks
        try:
            value = answer(self, self.call)
        finally:
            self.call = None
        written = self._written(record, path, value)
        if steady and looks == self.clock.looks and len(written[1]) <= REMEMBERED_BYTES:
            self._replies[question] = written
        return written

    def _remembered(self, question: tuple[Place, str, str, str]) -> tuple[int, bytes, list[tuple[str, str]]] | None:
        """The answer that was given to the same question, unless anything has changed since."""
        if self._replies_at != self.store.changes or len(self._replies) >= REMEMBERED:
            self._replies, self._replies_at = {}, self.store.changes
        return self._replies.get(question)

    def _written(self, record: OperationRecord, path: str, value: Any) -> tuple[int, bytes, list[tuple[str, str]]]:
        if isinstance(value, Answered):
            if value.status in (204, 304):
                return value.status, b"", [*value.headers]
            _, body, headers = self._written(record, path, value.value)
            return value.status, body, [*headers, *value.headers]
        if not record.result:
            return (204, b"", [])
        empty = value is None and record.result == "o"
        fitted: Any = {} if empty else self.renderer.render(value, record.result, path)
        kind = record.produces[0] if record.produces else "application/json"
        if kind.startswith("text/"):
            return 200, str(fitted).encode("utf-8", "replace"), [("Content-Type", f"{kind}; charset=utf-8")]
        started = record.method == "POST" and bool(self.shapes.job_id(record))
        return (202 if started else 200), msgspec.json.encode(fitted), [("Content-Type", kind)]

    def client(self, **options: Any) -> GenesysCloud:
        """A client of this sandbox that needs no socket; ``options`` go to :class:`~genesyscloud.GenesysCloud`."""
        from ..client import GenesysCloud
        from .transport import SandboxTransport

        return GenesysCloud(**self._client_options(SandboxTransport(self), options))

    def async_client(self, **options: Any) -> AsyncGenesysCloud:
        """The same for asyncio."""
        from ..client import AsyncGenesysCloud
        from .transport import AsyncSandboxTransport

        return AsyncGenesysCloud(**self._client_options(AsyncSandboxTransport(self), options))

    def _client_options(self, transport: object, options: Mapping[str, Any]) -> dict[str, Any]:
        from ..auth import ClientCredentials

        auth = ClientCredentials(self.settings.client_id, self.settings.client_secret)
        # Files of this machine speak of the real service.
        own = {"auth": auth, "region": f"http://{IN_PROCESS_HOST}", "config_file": "", "transport": transport}
        return {**own, **options}

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

        Example:
            >>> sandbox = Sandbox()
            >>> with sandbox.at_work():
            ...     sandbox.store.write("/api/v2/outbound/settings", {"maxCallsPerAgent": 5})
        """
        with self._lock, self._transaction():
            yield

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
        if shape.model:
            model = self.faker.record(shape.model)
            for prop in model.properties:
                if prop.required and entity.get(prop.wire) is None:
                    entity[prop.wire] = self.faker.property(model, prop, entity_id)
        return entity

    def _start_ids(self, shape: CollectionShape, path: str) -> Sequence[str]:
        return start_ids(self, shape, path)

    def _table_start(self, name: str) -> dict[str, Any]:
        given = self.organization.tables.get(name)
        if given is not None:
            return dict(given)
        made = TABLES.get(name)
        return {} if made is None else made(self)

    def _seed(self, collection: Collection, entity_id: str) -> Entity:
        given = self.organization.entities.get(f"{collection.path}/{entity_id}")
        if given is not None:
            said = described(self, collection, entity_id, given)
            return self.renderer.made(said, collection.shape.model) if collection.shape.model else said
        shape = collection.shape
        known = self.shapes.properties(shape.model)
        without = WITHOUT.get(shape.path, frozenset())
        entity: Entity = dict(self.faker.entity(shape.model, without, collection.path, entity_id)) if known else {}
        if shape.key in known:
            entity[shape.key] = int(entity_id) if known[shape.key].type in "il" else entity_id
        elif not known:
            entity[shape.key] = entity_id
        if "selfUri" in known:
            entity["selfUri"] = f"{collection.path}/{self.quoted(entity_id)}"
        if "division" in known and known["division"].type.startswith("#"):
            entity["division"] = self.home_division()
        seeder = SEEDERS.get(shape.path)
        if seeder is not None:
            seeder(self, collection, entity)
        return self.renderer.made(entity, shape.model) if known else entity

    def home_division(self) -> Entity:
        """The division that everything is in until it is moved."""
        home = seeded_uuid(self.settings.seed, DIVISIONS, 0)
        kept = self.store.table("home_division").get("name", "Home")
        return {"id": home, "name": kept, "selfUri": f"{DIVISIONS}/{home}"}

    def _division_name(self, division_id: str) -> str:
        home, shape = self.home_division(), self.shapes.collection(DIVISIONS)
        if division_id == home["id"] or shape is None:
            return str(home["name"])
        divisions = self.collection(shape, [])
        return str(divisions[division_id]["name"]) if division_id in divisions else ""

    def division(self, division_id: str) -> Entity:
        """A division as the entities in it refer to it; the home division for no id.

        Raises:
            Refusal: 400; there is no such division.
        """
        home = self.home_division()
        if division_id in ("", home["id"]):
            return home
        shape = self.shapes.collection(DIVISIONS)
        assert shape is not None
        divisions = self.collection(shape, [])
        if division_id not in divisions:
            raise bad_request(
                f"There is no division with id {division_id}.",
                code="invalid.value",
                details=[{"errorCode": "invalid.value", "fieldName": "division"}],
            )
        return {"id": division_id, "name": divisions[division_id]["name"], "selfUri": f"{DIVISIONS}/{division_id}"}

    def example_call(self, name: str) -> ExampleCall:
        """Make a request that this sandbox answers with success: valid, and about things that exist.

        Args:
            name: name of the operation.

        Raises:
            KeyError: there is no such operation.
        """
        return example_of(self, name)


def _not_allowed(methods: list[str]) -> Refusal:
    allow = ", ".join(methods)
    return Refusal(405, "method.not.allowed", f"Allowed here: {allow}.", headers=[("Allow", allow)])
