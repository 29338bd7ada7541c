"""Faults on purpose: requests that are refused, late, cut off or answered with what nobody promised.

A fault says what goes wrong and for which requests. Faults are switched on and off while the sandbox runs, and the
same requests meet the same faults when the seed is the same. Everything that a fault does to a reply is decided
here; what it does to the way of the reply (:class:`Exchange`) is left to whoever carries replies.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import msgspec

from ..catalog import OperationRecord
from ..http import Headers, Reply, Request
from .admin import AdminCall, admin
from .distortions import DISTORTIONS, Scene, without_position
from .limits import TOKEN, rate_headers, too_many
from .refusal import Refusal, bad_request, not_found
from .rng import Rng
from .urls import locate

if TYPE_CHECKING:
    from .core import Sandbox

__all__ = ["KINDS", "NOTHING", "Exchange", "Fault", "FaultKind", "Faults"]

FaultKind = Literal[
    "expired_token", "too_many_requests", "server_error", "html", "latency", "drop", "truncated", "unknown_enum",
    "unknown_field", "wrong_type", "endless_pages", "repeated_page",
]  # fmt: skip
#: Every kind of fault.
KINDS: tuple[str, ...] = get_args(FaultKind)
#: Statuses, with the codes that the service has for them.
CODES = {
    500: "internal.server.error",
    502: "bad.gateway",
    503: "service.unavailable",
    504: "request.timeout",
}
PARTS = 1_000_000
#: As :attr:`Exchange.cut`: the connection ends before the reply has begun.
NOTHING = -1
_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Bad Gateway</title></head>\n"
    b"<body><h1>Bad Gateway</h1><p>The server received an invalid response.</p></body></html>\n"
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that goes wrong with some requests.

    Args:
        kind: ``expired_token`` (401), ``too_many_requests`` (429), ``server_error`` (5xx), ``html`` (an error page in
            place of JSON), ``latency`` (the reply is late), ``drop`` (the connection ends without a reply, or within
            it), ``truncated`` (JSON that ends too early), ``unknown_enum``, ``unknown_field``, ``wrong_type`` (replies
            that the definition does not know), ``endless_pages`` (there is always a next page), ``repeated_page``
            (the first page, whichever is asked for).
        operation: pattern of the operation's name (``"get_users*"``), of its ``operationId``, or of method and path
            (``"POST /oauth/token"``, ``"* /api/v2/users/*"``); ``*`` stands for anything.
        client: pattern of the id of the OAuth client whose token is used.
        share: part of the requests that meet the fault, from 0 to 1.
        skip: requests that are left alone at first.
        count: requests that meet the fault before it ends; ``None`` for no end.
        status: HTTP status of ``server_error`` (503 when not given) and ``html`` (502).
        seconds: for ``latency`` the delay, in seconds; for ``too_many_requests`` and ``server_error`` what
            ``Retry-After`` says, which is left out when not given.
        carried_out: whether the request is carried out before it fails.
        bytes: for ``drop``: bytes of the body that arrive before the connection ends; none of the reply when not
            given. For ``truncated``: how many there are; half of the body when not given.

    Raises:
        ValueError: an argument makes no sense.

    Example:
        >>> from genesyscloud.sandbox import Sandbox
        >>> sandbox = Sandbox()
        >>> sandbox.faults.add(Fault(kind="server_error", operation="get_routing_queues", count=2))
        'fault-1'
    """

    kind: FaultKind
    operation: str = "*"
    client: str = "*"
    share: float = 1.0
    skip: int = 0
    count: int | None = None
    status: int | None = None
    seconds: float | None = None
    carried_out: bool = False
    bytes: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault of the kind {self.kind!r}; there are {', '.join(KINDS)}")
        if not 0 <= self.share <= 1:
            raise ValueError(f"share is from 0 to 1, not {self.share}")
        if self.status is not None and not 400 <= self.status <= 599:
            raise ValueError(f"status is from 400 to 599, not {self.status}")
        for name in ("skip", "count", "seconds", "bytes"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < 1 << 31:
                raise ValueError(f"{name} cannot be {value}")
        if self.kind == "latency" and self.seconds is None:
            raise ValueError("latency needs seconds")


class Exchange(NamedTuple):
    """A reply, and what happens to it on its way.

    Attributes:
        reply: the reply.
        delay: seconds after which it is sent.
        cut: bytes of the body after which the connection ends; :data:`NOTHING` for nothing of the reply at all;
            ``None`` for no such thing.
    """

    reply: Reply
    delay: float = 0.0
    cut: int | None = None


class _Rule:
    """A fault that is switched on, and what it has done so far."""

    def __init__(self, rule_id: str, fault: Fault) -> None:
        self.id = rule_id
        self.fault = fault
        self.seen = 0
        self.met = 0


class _Subject(NamedTuple):
    """What a request is about: its path, its names, its operation if it has one, and who it is from."""

    path: str
    names: tuple[str, ...]
    record: OperationRecord | None
    client: str


class Faults:
    """The faults of a sandbox.

    Args:
        sandbox: whose requests meet them.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._rules: list[_Rule] = []
        self._made = 0

    def __bool__(self) -> bool:
        return bool(self._rules)

    def add(self, fault: Fault) -> str:
        """Switch a fault on, after those that are on already.

        Returns:
            An id to switch it off by.
        """
        with self._sandbox.lock:
            self._made += 1
            rule = _Rule(f"fault-{self._made}", fault)
            self._rules.append(rule)
            return rule.id

    def remove(self, rule_id: str) -> None:
        """Switch one fault off.

        Raises:
            KeyError: there is none with this id.
        """
        with self._sandbox.lock:
            kept = [rule for rule in self._rules if rule.id != rule_id]
            if len(kept) == len(self._rules):
                raise KeyError(rule_id)
            self._rules = kept

    def clear(self) -> None:
        """Switch all faults off, and forget how many there were."""
        with self._sandbox.lock:
            self._rules, self._made = [], 0

    def listed(self) -> list[dict[str, Any]]:
        """The faults that are on: what they are, and how many requests they have seen and how many met them."""
        with self._sandbox.lock:
            return [{"id": r.id, **asdict(r.fault), "seen": r.seen, "met": r.met} for r in self._rules]

    @staticmethod
    def from_plain(value: dict[str, Any]) -> Fault:
        """A fault from the JSON form that :meth:`listed` gives out.

        Raises:
            ValueError: it is none.
        """
        known = {field.name for field in fields(Fault)}
        unknown = sorted(value.keys() - known - {"id", "seen", "met"})
        if unknown or "kind" not in value:
            raise ValueError(f"a fault has no {unknown[0]!r}" if unknown else "a fault needs a kind")
        try:
            return msgspec.convert({name: value[name] for name in known & value.keys()}, Fault)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None

    # --- what they do ---------------------------------------------------------------------------

    def exchange(self, request: Request, answer: Callable[[Request], Reply]) -> Exchange:
        """Answer a request, with everything that goes wrong with it.

        Args:
            answer: answers a request as if there were no faults.
        """
        subject = self._subject(request)
        chosen = list(self._chosen(subject))
        if subject.record is not None and any(fault.kind == "repeated_page" for fault in chosen):
            request = without_position(request, subject.record)
        refused = next((fault for fault in chosen if _refuses(fault)), None)
        if refused is not None:
            if refused.carried_out:
                answer(request)
            exchange = Exchange(_REFUSALS[refused.kind](self._sandbox, refused))
        else:
            exchange = Exchange(answer(request))
        # Cut off is what all the others have left.
        for fault in sorted(chosen, key=lambda fault: fault.kind == "truncated"):
            exchange = self._changed(fault, subject, exchange)
        return exchange

    def _chosen(self, subject: _Subject) -> Iterator[Fault]:
        with self._sandbox.lock:
            for at, rule in enumerate(self._rules):
                fault = rule.fault
                if not any(fnmatchcase(name, fault.operation) for name in subject.names):
                    continue
                if not fnmatchcase(subject.client, fault.client):
                    continue
                rule.seen += 1
                over = fault.count is not None and rule.met >= fault.count
                if over or rule.seen <= fault.skip:
                    continue
                draw = Rng(f"fault\x1f{self._sandbox.settings.seed}\x1f{at}\x1f{rule.seen}")
                if draw.below(PARTS) < fault.share * PARTS:
                    rule.met += 1
                    yield fault

    def _subject(self, request: Request) -> _Subject:
        sent = request.headers if isinstance(request.headers, Headers) else Headers(request.headers.items())
        _, path, _ = locate(request.url, sent, self._sandbox.settings.prefixes)
        record, _, _ = self._sandbox.router.find(request.method, path)
        where = f"{request.method} {path}"
        names = (where,) if record is None else (record.name, record.id, where, f"{record.method} {record.path}")
        return _Subject(path, names, record, self._client(sent))

    def _client(self, sent: Headers) -> str:
        try:
            with self._sandbox.lock:
                return self._sandbox.login.token(sent.get("authorization"))[1].client_id
        except Refusal:
            return ""

    def _changed(self, fault: Fault, subject: _Subject, exchange: Exchange) -> Exchange:
        """What a fault makes of an exchange."""
        reply, record = exchange.reply, subject.record
        if fault.kind == "latency":
            return exchange._replace(delay=exchange.delay + (fault.seconds or 0.0))
        if fault.kind == "drop":
            return exchange._replace(cut=NOTHING if fault.bytes is None else fault.bytes)
        if not 200 <= reply.status < 300 or "json" not in reply.headers.get("content-type", "") or record is None:
            return exchange
        if fault.kind == "truncated":
            size = len(reply.body) // 2 if fault.bytes is None else fault.bytes
            return exchange._replace(reply=reply._replace(body=reply.body[:size]))
        distort = DISTORTIONS.get(fault.kind)
        if distort is None:
            return exchange
        body = distort(Scene(self._sandbox.faker, record, subject.path), msgspec.json.decode(reply.body))
        return exchange._replace(reply=reply._replace(body=msgspec.json.encode(body)))


def _refuses(fault: Fault) -> bool:
    """Whether something else is answered than what was asked for. Of a reply that breaks off there must be a part."""
    return fault.kind in _REFUSALS and not (fault.kind == "drop" and fault.bytes is not None)


def _written(refusal: Refusal) -> Reply:
    correlation_id = str(uuid.uuid4())
    headers = [("ININ-Correlation-Id", correlation_id), ("Content-Type", "application/json"), *refusal.headers]
    return Reply(refusal.status, Headers(headers), msgspec.json.encode(refusal.body(correlation_id)))


def _expired(sandbox: Sandbox, fault: Fault) -> Reply:
    return _written(Refusal(401, "credentials.expired", "The credentials have expired."))


def _too_many(sandbox: Sandbox, fault: Fault) -> Reply:
    allowed = sandbox.settings.rate_limit or 300
    reset = round(fault.seconds or 60)
    refusal = too_many(sandbox.settings, TOKEN, allowed, reset)
    refusal.headers = [*rate_headers(allowed + 1, allowed, reset), *_retry_after(fault)]
    return _written(refusal)


def _server_error(sandbox: Sandbox, fault: Fault) -> Reply:
    status = fault.status or 503
    code = CODES.get(status, CODES[500])
    return _written(Refusal(status, code, "The service failed on purpose.", headers=_retry_after(fault)))


def _html(sandbox: Sandbox, fault: Fault) -> Reply:
    return Reply(fault.status or 502, Headers([("Content-Type", "text/html"), ("Server", "gateway")]), _PAGE)


def _dropped(sandbox: Sandbox, fault: Fault) -> Reply:
    """What is not sent of a request that was not carried out."""
    return _server_error(sandbox, Fault(kind="server_error"))


def _retry_after(fault: Fault) -> list[tuple[str, str]]:
    return [] if fault.seconds is None else [("Retry-After", f"{fault.seconds:g}")]


_REFUSALS: dict[str, Callable[[Sandbox, Fault], Reply]] = {
    "expired_token": _expired,
    "too_many_requests": _too_many,
    "server_error": _server_error,
    "html": _html,
    "drop": _dropped,
}


# --- entries of the admin interface --------------------------------------------------------------


@admin("GET", "/sandbox/faults")
def list_faults(sandbox: Sandbox, call: AdminCall) -> Any:
    """The faults that are switched on, with how many requests met them, and the kinds that there are."""
    return {"faults": sandbox.faults.listed(), "kinds": KINDS}


@admin("POST", "/sandbox/faults")
def add_fault(sandbox: Sandbox, call: AdminCall) -> Any:
    """Switches a fault on: {"kind": "server_error", "operation": "get_users*", "share": 0.5, "count": 3, ...}."""
    try:
        fault = Faults.from_plain(call.body)
    except ValueError as error:
        raise bad_request(f"The fault was not switched on: {error}.") from None
    return {"id": sandbox.faults.add(fault)}


@admin("DELETE", "/sandbox/faults")
def clear_faults(sandbox: Sandbox, call: AdminCall) -> Any:
    """Switches all faults off."""
    sandbox.faults.clear()
    return {}


@admin("DELETE", "/sandbox/faults/{id}")
def remove_fault(sandbox: Sandbox, call: AdminCall) -> Any:
    """Switches one fault off."""
    try:
        sandbox.faults.remove(call.values["id"])
    except KeyError:
        raise not_found("fault", call.values["id"]) from None
    return {}
