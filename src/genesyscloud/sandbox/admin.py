"""The sandbox's own interface under ``/sandbox``: what a test or a person does to the organization from outside of it.

It speaks JSON, needs no token, and is no part of Genesys Cloud. ``GET /sandbox`` lists what there is. Other rooms add
entries with :func:`admin`.

Because it needs no token, a page that somebody happens to visit must not be able to use it: see :func:`check_sender`.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import msgspec

from ..http import Headers, Reply, Request
from ..regions import REGIONS
from .narrow import as_object
from .refusal import Refusal, bad_request, not_found
from .seeds import SeedError, parsed
from .urls import IN_PROCESS_HOST

if TYPE_CHECKING:
    from .core import Sandbox

__all__ = ["ENTRIES", "AdminCall", "AdminReply", "admin", "answer", "check_sender", "path_of"]

ROOT = "/sandbox"
#: Names that nobody can own, and so cannot make lead to this machine; those of RFC 6761 and ICANN's ``internal``.
_NOBODYS = ("localhost", "test", "internal")

_log = logging.getLogger("genesyscloud.sandbox")


class AdminCall(NamedTuple):
    """A request to the admin interface.

    Attributes:
        values: values of the parameters in the entry's path, by name.
        query: the query; of a name that came twice, the last value.
        body: the JSON body; an empty object when there is none.
        data: the body as it came.
        headers: the headers.
    """

    values: Mapping[str, str]
    query: Mapping[str, str]
    body: dict[str, Any]
    data: bytes
    headers: Mapping[str, str]

    def number(self, name: str, default: int) -> int:
        """A number from the query.

        Raises:
            Refusal: 400; it is something else.
        """
        text = self.query.get(name, "")
        if not text:
            return default
        if not re.fullmatch("[0-9]{1,15}", text):
            raise bad_request(f"{name} must be a number.")
        return int(text)


class AdminReply(NamedTuple):
    """What an entry returns when its reply is not JSON, or not a success."""

    body: bytes
    content_type: str
    status: int = 200
    headers: Sequence[tuple[str, str]] = ()


Entry = Callable[["Sandbox", AdminCall], Any]


class Registered(NamedTuple):
    """An entry: where it is, and whether it reads its body itself."""

    method: str
    path: str
    entry: Entry
    raw: bool
    matches: Callable[[str], re.Match[str] | None]


#: All entries, in the order in which they are tried.
ENTRIES: list[Registered] = []


def admin(method: str, path: str, *, raw: bool = False) -> Callable[[Entry], Entry]:
    """Register an entry; the first line of its docstring tells people what it does.

    Args:
        method: in capitals.
        path: from ``/sandbox`` on, with parameters as ``{name}``.
        raw: whether the body may be something else than a JSON object; the entry reads :attr:`AdminCall.data`.

    Example:
        >>> @admin("GET", "/sandbox/example/{name}")
        ... def example(sandbox, call):
        ...     '''Greets.'''
        ...     return {"greeting": f"Hello {call.values['name']}"}
        >>> del ENTRIES[-1]
    """
    pattern = re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path))

    def register(entry: Entry) -> Entry:
        ENTRIES.append(Registered(method, path, entry, raw, pattern.fullmatch))
        return entry

    return register


def path_of(url: str) -> str:
    """The path of a URL when it belongs to the admin interface, else an empty string."""
    path = url.partition("?")[0]
    if not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2]
    return path if path == ROOT or path.startswith(ROOT + "/") else ""


def answer(sandbox: Sandbox, request: Request) -> Reply:
    """Answer a request to the admin interface; never raises for anything that it contains."""
    try:
        check_sender(request, sandbox.settings.admin_hosts)
        found = _answered(sandbox, request)
    except Refusal as refusal:
        body = msgspec.json.encode(refusal.body(""))
        headers = Headers([("Content-Type", "application/json"), *refusal.headers])
        return Reply(refusal.status, headers, body)
    except Exception:
        _log.exception("the sandbox's own interface failed to answer %s", request.method)
        failed = Refusal(500, "internal.server.error", "The sandbox failed; its log says why.")
        return Reply(500, Headers([("Content-Type", "application/json")]), msgspec.json.encode(failed.body("")))
    usual = [("Content-Type", found.content_type), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    return Reply(found.status, Headers([*usual, *found.headers]), found.body)


def check_sender(request: Request, hosts: Sequence[str] = ()) -> None:
    """Refuse what a page of another origin has a browser send, even one whose name leads to this machine.

    A browser says where a page is from (``Origin``, ``Sec-Fetch-Site``), and a page that is from here names a host that
    is here. Of names with dots only some are known to belong to nobody else: those of Genesys Cloud, which lead here
    because somebody made them, and those in ``hosts``. Programs are free to send none of these headers.

    Args:
        request: a request to the admin interface.
        hosts: further names, with or without a port.

    Raises:
        Refusal: 403.
    """
    sent = request.headers if isinstance(request.headers, Headers) else Headers(request.headers.items())
    host, origin = sent.get("host", "").lower(), sent.get("origin")
    name, known = _without_port(host), {entry.lower() for entry in hosts}
    if host and not _ours(name) and not known & {name, host}:
        raise Refusal(
            403,
            "not.authorized",
            f"The admin interface is not answered under the name {name!r}: put it into the setting admin_hosts.",
        )
    if origin is not None:
        place = origin.lower().partition("://")[2]
        if not place or (place != host and not known & {place, _without_port(place)}):
            raise Refusal(403, "not.authorized", "The admin interface is not for pages of other origins.")
    looks = request.method == "GET" and sent.get("sec-fetch-mode", "") == "navigate"
    if sent.get("sec-fetch-site", "") in ("cross-site", "same-site") and not looks and origin is None:
        raise Refusal(403, "not.authorized", "The admin interface is not for pages of other origins.")


def _without_port(host: str) -> str:
    return host.partition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]


def _ours(name: str) -> bool:
    """Whether nobody else can have a name lead to this machine."""
    last = name.rpartition(".")[2]
    if "." not in name or last in _NOBODYS or name == IN_PROCESS_HOST:
        return True
    if any(name.endswith(f".{domain}") for domain in REGIONS.values()):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _answered(sandbox: Sandbox, request: Request) -> AdminReply:
    path = path_of(request.url)
    methods: list[str] = []
    for registered in ENTRIES:
        found = registered.matches(path)
        if found is None:
            continue
        if registered.method != request.method:
            methods.append(registered.method)
            continue
        query = dict(parse_qsl(request.url.partition("?")[2], keep_blank_values=True))
        values = {name: unquote(value) for name, value in found.groupdict().items()}
        data = request.body or b""
        body = {} if registered.raw else _body(data)
        result = registered.entry(sandbox, AdminCall(values, query, body, data, request.headers))
        if isinstance(result, AdminReply):
            return result
        return AdminReply(msgspec.json.encode(result), "application/json")
    if methods:
        allow = ", ".join(sorted(set(methods)))
        raise Refusal(405, "method.not.allowed", f"Allowed here: {allow}.", headers=[("Allow", allow)])
    raise not_found(f"The entry {path} of the admin interface; GET {ROOT} lists all:")


def _body(data: bytes) -> dict[str, Any]:
    if not data.strip():
        return {}
    try:
        body = as_object(msgspec.json.decode(data))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise bad_request(f"The body is not valid JSON: {error}") from None
    if body is None:
        raise bad_request("The body must be a JSON object.")
    return body


# --- entries ------------------------------------------------------------------------------------


@admin("GET", ROOT)
def index(sandbox: Sandbox, call: AdminCall) -> Any:
    """What there is; a browser is sent to the page."""
    accepted = {name.lower(): value for name, value in call.headers.items()}.get("accept", "")
    if "text/html" in accepted:
        return AdminReply(b"", "text/html", 303, [("Location", "sandbox/")])
    return {
        "entries": [
            {"method": found.method, "path": found.path, "what": (found.entry.__doc__ or "").partition("\n")[0]}
            for found in ENTRIES
        ]
    }


@admin("POST", "/sandbox/reset")
def reset(sandbox: Sandbox, call: AdminCall) -> Any:
    """Goes back to the state of the start."""
    sandbox.reset()
    return {}


@admin("GET", "/sandbox/snapshots")
def list_snapshots(sandbox: Sandbox, call: AdminCall) -> Any:
    """The names of the snapshots that were made."""
    return {"snapshots": list(sandbox.snapshots)}


@admin("PUT", "/sandbox/snapshots/{name}")
def make_snapshot(sandbox: Sandbox, call: AdminCall) -> Any:
    """Keeps the state of this moment under a name, until the sandbox ends."""
    sandbox.snapshots[call.values["name"]] = sandbox.snapshot()
    return {"name": call.values["name"]}


@admin("POST", "/sandbox/snapshots/{name}/restore")
def restore_snapshot(sandbox: Sandbox, call: AdminCall) -> Any:
    """Goes back to the state of a snapshot, as often as wanted."""
    if call.values["name"] not in sandbox.snapshots:
        raise not_found("snapshot", call.values["name"])
    sandbox.restore(sandbox.snapshots[call.values["name"]])
    return {"name": call.values["name"]}


@admin("DELETE", "/sandbox/snapshots/{name}")
def forget_snapshot(sandbox: Sandbox, call: AdminCall) -> Any:
    """Forgets a snapshot."""
    if sandbox.snapshots.pop(call.values["name"], None) is None:
        raise not_found("snapshot", call.values["name"])
    return {}


@admin("POST", "/sandbox/seed", raw=True)
def seed(sandbox: Sandbox, call: AdminCall) -> Any:
    """Starts anew with the organization that the body describes, as JSON or YAML."""
    kind = {name.lower(): value for name, value in call.headers.items()}.get("content-type", "").lower()
    try:
        sandbox.seed(parsed(call.data, "the body", yaml="yaml" in kind))
    except SeedError as error:
        details = [{"errorCode": "invalid.value", "fieldName": problem} for problem in error.problems]
        raise bad_request(str(error), details=details) from None
    return {}


@admin("GET", "/sandbox/clock")
def show_clock(sandbox: Sandbox, call: AdminCall) -> Any:
    """The time of the sandbox and how fast it runs; a speed of 0 means that it stands still."""
    return {"now": sandbox.now(), "seconds": sandbox.seconds(), "speed": sandbox.clock.state.rate}


@admin("POST", "/sandbox/clock")
def set_clock(sandbox: Sandbox, call: AdminCall) -> Any:
    """Freezes ({"freeze": true, or a date-time}), moves ({"move": seconds}), speeds up ({"speed": 10}) or resumes."""
    actions = call.body
    unknown = actions.keys() - {"freeze", "move", "speed", "resume", "reset"}
    if unknown or not actions:
        raise bad_request("Give one or more of freeze, move, speed, resume and reset.")
    try:
        if actions.get("reset"):
            sandbox.clock.reset()
        if actions.get("freeze"):
            at = actions["freeze"]
            sandbox.clock.freeze(None if at is True else datetime.fromisoformat(at) if isinstance(at, str) else at)
        if actions.get("speed") is not None:
            sandbox.clock.speed(actions["speed"])
        if actions.get("resume"):
            sandbox.clock.resume()
        if actions.get("move") is not None:
            sandbox.clock.move(actions["move"])
    except (TypeError, ValueError, OverflowError) as error:
        raise bad_request(f"The clock was not changed: {error}.") from None
    return show_clock(sandbox, call)


@admin("GET", "/sandbox/requests")
def list_requests(sandbox: Sandbox, call: AdminCall) -> Any:
    """The last requests, oldest first; ?after=NUMBER for those behind one, ?limit= for how many at most."""
    return {"requests": sandbox.requests.listed(call.number("after", 0), call.number("limit", 100))}


@admin("GET", "/sandbox/requests/{number}")
def show_request(sandbox: Sandbox, call: AdminCall) -> Any:
    """One request and its reply, with headers and bodies; secrets are hidden."""
    number = call.values["number"]
    found = sandbox.requests.shown(int(number)) if re.fullmatch("[0-9]{1,15}", number) else None
    if found is None:
        raise not_found("request", number)
    return found


@admin("DELETE", "/sandbox/requests")
def forget_requests(sandbox: Sandbox, call: AdminCall) -> Any:
    """Forgets the requests so far."""
    sandbox.requests.clear()
    return {}


@admin("GET", "/sandbox/statistics")
def statistics(sandbox: Sandbox, call: AdminCall) -> Any:
    """Counts of requests by status, over all and by second."""
    return sandbox.requests.statistics()


@admin("GET", "/sandbox/state")
def state(sandbox: Sandbox, call: AdminCall) -> Any:
    """What the sandbox holds: entities by collection, rows by table."""
    return sandbox.store.sizes()


@admin("POST", "/sandbox/token")
def token(sandbox: Sandbox, call: AdminCall) -> Any:
    """A new access token, without a login."""
    return {"access_token": sandbox.access_token(), "token_type": "bearer"}


@admin("GET", "/sandbox/coverage")
def show_coverage(sandbox: Sandbox, call: AdminCall) -> Any:
    """How each operation is answered, as a page; ?format=markdown for Markdown, ?format=json for names by group."""
    from .coverage import Manner, coverage, html, markdown

    groups, wanted = coverage(sandbox), call.query.get("format", "html")
    if wanted == "html":
        return AdminReply(html(groups).encode(), "text/html; charset=utf-8")
    if wanted == "markdown":
        return AdminReply(markdown(groups).encode(), "text/markdown; charset=utf-8")
    if wanted != "json":
        raise bad_request("format must be html, markdown or json.")
    return {
        group.name: {manner.name.lower(): [record.name for record in group.operations[manner]] for manner in Manner}
        for group in groups
    }
