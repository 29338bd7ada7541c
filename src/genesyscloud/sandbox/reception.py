"""Where requests are answered: one comes in, a reply goes out.

Order of business for a request: find the operation, see who it is from, count it, check it against the
definition, carry it out, fit the result to the definition. Everything that is wrong with a request is a
:class:`~genesyscloud.sandbox.refusal.Refusal` raised on the way.
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from ..catalog import OperationRecord
from ..http import Headers, Reply, Request
from . import downloads, files
from .cors import cross_origin, preflight
from .crud import Answered, Call, answer
from .limits import Sender
from .oauth import PATHS
from .refusal import Refusal, not_found
from .services import PERSONAL, SERVICES
from .urls import Place, locate

if TYPE_CHECKING:
    from .core import Sandbox

__all__ = ["Reception"]

#: Answers to reads that are remembered until the next change, and the longest of them, in bytes.
REMEMBERED = 512
REMEMBERED_BYTES = 65_536
JSON = ("Content-Type", "application/json")

_log = logging.getLogger("genesyscloud.sandbox")


class Reception:
    """Answers the requests to a sandbox, and remembers answers for as long as nothing changes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._replies: dict[tuple[Place, str, str, str], tuple[int, bytes, list[tuple[str, str]]]] = {}
        self._replies_at = 0

    def handle(self, request: Request) -> Reply:
        """Answer a request; never raises for anything that a request contains."""
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
            with self._sandbox.at_work():
                return self._answer(request, sent, headers)
        except Refusal as refusal:
            body = msgspec.json.encode(refusal.body(correlation_id))
            return refusal.status, body, [JSON, *refusal.headers]
        except Exception:
            _log.exception("the sandbox failed to answer %s", request.method)
            failure = Refusal(500, "internal.server.error", "The sandbox failed; its log says why.")
            return 500, msgspec.json.encode(failure.body(correlation_id)), [JSON]

    def _answer(
        self, request: Request, sent: Headers, headers: list[tuple[str, str]]
    ) -> tuple[int, bytes, list[tuple[str, str]]]:
        sandbox = self._sandbox
        place, path, query = locate(request.url, sent, sandbox.settings.prefixes)
        data = request.body or b""
        if path in PATHS:
            return sandbox.login.answer(request.method, path, query, sent, data)
        if path.startswith(files.ROOT):
            return files.receive(sandbox, request.method, place, path, query, sent, data)
        if path.startswith(downloads.ROOT):
            if request.method not in ("GET", "HEAD"):
                raise _not_allowed(["GET", "HEAD"])
            return downloads.download(sandbox, path, query)
        record, values, allowed = sandbox.router.find(request.method, path)
        if record is None:
            raise _not_allowed(allowed) if allowed else not_found("The requested resource")
        token = ""
        if record.secured:
            token, holder = sandbox.login.token(sent.get("authorization"))
            headers += sandbox.limiter.count(Sender(token, holder.client_id, holder.user_id, record.name))
            if record.path != "/api/v2/tokens/me" or "preserveIdleTTL=true" not in query:
                sandbox.login.use(token)
            sandbox.permissions.check(record, holder)
        steady = record.method == "GET" and not sandbox.store.jobs.keys() & values
        question = (place, path, query, token if record.name in PERSONAL else "")
        if steady and (remembered := self._remembered(question)):
            return remembered
        found = sandbox.validator.parameters(record, values, query, sent)
        body = sandbox.validator.body(record, sent, data)
        if body is None and record.body[:1] == "#" and record.name in SERVICES:
            # Services look for properties; to leave out an object that may be left out is to give none of them.
            body = sandbox.validator.body(record, {"content-type": (record.consumes or ["application/json"])[0]}, b"{}")
        pairs = parse_qsl(query, keep_blank_values=True) if query else []
        sandbox.call = Call(record, path, values, found, pairs, body, token, place)
        looks = sandbox.clock.looks
        try:
            value = answer(sandbox, sandbox.call)
        finally:
            sandbox.call = None
        written = self._written(record, path, value)
        if steady and looks == sandbox.clock.looks and len(written[1]) <= REMEMBERED_BYTES:
            self._replies[question] = written
        return written

    def _remembered(self, question: tuple[Place, str, str, str]) -> tuple[int, bytes, list[tuple[str, str]]] | None:
        """The answer that was given to the same question, unless anything has changed since."""
        changes = self._sandbox.store.changes
        if self._replies_at != changes or len(self._replies) >= REMEMBERED:
            self._replies, self._replies_at = {}, changes
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
        fitted: Any = {} if empty else self._sandbox.renderer.render(value, record.result, path)
        kind = record.produces[0] if record.produces else "application/json"
        if kind.startswith("text/"):
            return 200, str(fitted).encode("utf-8", "replace"), [("Content-Type", f"{kind}; charset=utf-8")]
        started = record.method == "POST" and bool(self._sandbox.shapes.job_id(record))
        return (202 if started else 200), msgspec.json.encode(fitted), [("Content-Type", kind)]


def _not_allowed(methods: list[str]) -> Refusal:
    allow = ", ".join(methods)
    return Refusal(405, "method.not.allowed", f"Allowed here: {allow}.", headers=[("Allow", allow)])
