"""What a data action does: a request made of its input, and an answer made of the reply.

Templates know ``${input.name}``, ``$!{input.name}`` (nothing instead of itself when there is no such value),
``${input.rawRequest}``, ``${credentials.name}``, ``$esc.jsonString(…)``, ``$esc.url(…)`` and, for the answer, the
names of the translation map, ``${rawResult}`` and ``${successTemplateUtils.firstFromArray("${name}", "default")}``.
Values are picked from a reply by the part of JSONPath (RFC 9535) that translation maps use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

import msgspec

from ..http import Request
from .narrow import as_list, as_object, texts

if TYPE_CHECKING:
    from .core import Sandbox

__all__ = ["ECHO_HOST", "Failure", "Outcome", "carry_out", "filled", "problems_of", "select", "translated"]

#: The host that answers with what it was asked; the name is one that no other host can have (RFC 6761).
ECHO_HOST = "echo.invalid"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
#: The longest that another program may take, in seconds, and the most that is read of its reply, in bytes.
MOST_SECONDS, MOST_BYTES = 10.0, 1_000_000
_ESCAPED = re.compile(r"\$esc\.(jsonString|jsonEncode|url|urlEncode|urlFragment)\(\s*\"?(.*?)\"?\s*\)")
_NAME = re.compile(r"\$(!?)\{([A-Za-z_][\w.-]*)\}|\$(!?)((?:input|credentials)\.[\w.-]*\w)")
_FIRST = re.compile(
    r"\$\{successTemplateUtils\.firstFromArray\(\s*\"\$\{(\w+)\}\"\s*(?:,\s*\"((?:[^\"\\]|\\.)*)\"\s*)?\)\}"
)
_STEP = re.compile(r"\.?\*|\[\*\]|\[(-?\d+)\]|\[['\"](.*?)['\"]\]|\.?([^.\[\]*]+)")


class Step(NamedTuple):
    """A step: its name, what came of it, and what went wrong."""

    name: str
    result: Any
    error: str = ""


class Failure(Exception):
    """An action that cannot be carried out.

    Args:
        step: the step in which that was seen.
        message: what happened.
        status: HTTP status for the caller.
    """

    def __init__(self, step: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.step = step
        self.message = message
        self.status = status

    def outcome(self) -> Outcome:
        """The same as the outcome of an action."""
        return Outcome(error=self.message, status=self.status)


@dataclass
class Outcome:
    """What became of an action.

    Attributes:
        result: what it answers.
        steps: each step: name, result, error.
        error: what went wrong; empty when nothing did.
        status: HTTP status of the error.
    """

    result: Any = None
    steps: list[Step] = field(default_factory=list[Step])
    error: str = ""
    status: int = 400

    def told(self) -> dict[str, Any]:
        """The result of a test, as the service tells it."""
        operations = [
            {"step": at, "name": name, "success": not error, "result": result, "error": _error(error, self.status)}
            for at, (name, result, error) in enumerate(self.steps, 1)
        ]
        told: dict[str, Any] = {"success": not self.error, "operations": operations, "finalResult": self.result}
        return told | ({"error": _error(self.error, self.status)} if self.error else {})


def _error(message: str, status: int) -> dict[str, Any] | None:
    return {"code": "bad.request", "message": message, "status": status} if message else None


# --- before -------------------------------------------------------------------------------------


def problems_of(action: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What keeps an action from being published: the property, and what is wrong with it."""
    found: list[tuple[str, str]] = []
    config, contract = as_object(action.get("config")) or {}, as_object(action.get("contract")) or {}
    request, response = as_object(config.get("request")) or {}, as_object(config.get("response")) or {}
    if not request.get("requestUrlTemplate"):
        found.append(("config.request.requestUrlTemplate", "The action has no requestUrlTemplate."))
    if str(request.get("requestType") or "").upper() not in METHODS:
        found.append(("config.request.requestType", f"requestType is none of {', '.join(METHODS)}."))
    seconds = config.get("timeoutSeconds")
    if seconds is not None and not 1 <= seconds <= 60:
        found.append(("config.timeoutSeconds", "timeoutSeconds is from 1 to 60."))
    for side, name in (("input", "inputSchema"), ("output", "successSchema")):
        schema = as_object((as_object(contract.get(side)) or {}).get(name))
        if schema is None or schema.get("type") not in ("object", "array"):
            found.append((f"contract.{side}.{name}", f"The contract has no {name} of the type object or array."))
    for name, path in (as_object(response.get("translationMap")) or {}).items():
        if not isinstance(path, str) or not path.startswith("$"):
            found.append(("config.response.translationMap", f"{name} is no JSONPath: it does not begin with $."))
    return found


def breaks(schema: Mapping[str, Any], value: Any, at: str = "$") -> str:
    """The first thing in which a value breaks a JSON Schema: types, required, enum, properties, items."""
    kind = schema.get("type")
    fits = _TYPES.get(str(kind))
    if fits is not None and not fits(value):
        return f"{at} is no {kind}"
    allowed = as_list(schema.get("enum"))
    if allowed is not None and value not in allowed:
        return f"{at} is none of {', '.join(map(str, allowed))}"
    entries = as_object(value)
    if entries is not None:
        missing = next((name for name in texts(schema.get("required")) if entries.get(name) is None), None)
        if missing is not None:
            return f"{at}.{missing} is required"
        known = as_object(schema.get("properties")) or {}
        for name, inner in entries.items():
            described = as_object(known.get(name))
            problem = breaks(described, inner, f"{at}.{name}") if described is not None and inner is not None else ""
            if problem:
                return problem
    items = as_object(schema.get("items"))
    for place, inner in enumerate(as_list(value) or () if items is not None else ()):
        problem = breaks(items or {}, inner, f"{at}[{place}]")
        if problem:
            return problem
    return ""


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


# --- templates ----------------------------------------------------------------------------------


def filled(template: str, values: Mapping[str, Any]) -> str:
    """A template with values in place of names.

    Args:
        template: the template.
        values: by first part of the name: ``input``, ``credentials``, or names of a translation map.

    >>> filled('{"id": "${input.id}", "x": "$!{input.x}"}', {"input": {"id": 7}})
    '{"id": "7", "x": ""}'
    """

    def put(match: re.Match[str]) -> str:
        found, value = _value(values, match[2] or match[4])
        if not found:
            return "" if match[1] or match[3] else match[0]
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()

    def escaped(match: re.Match[str]) -> str:
        text = _NAME.sub(put, match[2])
        if match[1].startswith("json"):
            return msgspec.json.encode(text).decode()[1:-1]
        return quote(text, safe="")

    return _NAME.sub(put, _ESCAPED.sub(escaped, template))


def _value(values: Mapping[str, Any], name: str) -> tuple[bool, Any]:
    found: Any = dict(values)
    if name == "input.rawRequest":
        return True, values.get("input")
    for part in name.split("."):
        entries = as_object(found)
        if entries is None or part not in entries:
            return False, None
        found = entries[part]
    return True, found


def select(value: Any, path: str) -> list[Any]:
    """The values at a path in a JSON value.

    >>> select({"a": [{"b": 1}, {"b": 2}]}, "$.a[*].b")
    [1, 2]
    """
    found, rest = [value], path.removeprefix("$")
    while rest:
        step = _STEP.match(rest)
        if step is None or not step[0]:
            return []
        rest = rest[len(step[0]) :]
        found = [inner for outer in found for inner in _below(outer, step)]
    return found


def _below(value: Any, step: re.Match[str]) -> Sequence[Any]:
    entries, items = as_object(value), as_list(value)
    name = step[2] if step[2] is not None else step[3]
    if name is not None:
        return [entries[name]] if entries is not None and name in entries else []
    if step[1] is not None:
        at = int(step[1])
        return [items[at]] if items is not None and -len(items) <= at < len(items) else []
    return items if items is not None else list((entries or {}).values())


def translated(reply: Any, response: Mapping[str, Any]) -> dict[str, str]:
    """The texts that a translation map finds in a reply, as JSON; the defaults where it finds nothing."""
    made: dict[str, str] = {}
    defaults = as_object(response.get("translationMapDefaults")) or {}
    for name, path in (as_object(response.get("translationMap")) or {}).items():
        values = select(reply, str(path))
        many = "*" in str(path)
        if values and not (many and not values):
            made[name] = msgspec.json.encode(values if many else values[0]).decode()
        elif name in defaults:
            made[name] = str(defaults[name])
    return made


def _answer(template: str, raw: str, names: Mapping[str, str]) -> str:
    def first(match: re.Match[str]) -> str:
        items = as_list(_decoded(names.get(match[1], "")))
        if items:
            return msgspec.json.encode(items[0]).decode()
        return (match[2] or "").replace('\\"', '"')

    return filled(_FIRST.sub(first, template or "${rawResult}"), {**names, "rawResult": raw})


def _decoded(text: str | bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


# --- doing it -----------------------------------------------------------------------------------


def carry_out(
    sandbox: Sandbox, action: Mapping[str, Any], given: dict[str, Any], secrets: Mapping[str, str]
) -> Outcome:
    """Carry an action out.

    Args:
        sandbox: whose action it is.
        action: the action.
        given: its input.
        secrets: the fields of the credentials of its integration.

    Returns:
        The answer, or what went wrong, with all steps on the way.
    """
    outcome = Outcome()
    try:
        outcome.result = _carried_out(sandbox, action, given, secrets, outcome.steps)
    except Failure as failure:
        outcome.steps.append(Step(failure.step, None, failure.message))
        outcome.error, outcome.status = failure.message, failure.status
    return outcome


def _carried_out(
    sandbox: Sandbox,
    action: Mapping[str, Any],
    given: dict[str, Any],
    secrets: Mapping[str, str],
    steps: list[Step],
) -> Any:
    contract, config = as_object(action.get("contract")) or {}, as_object(action.get("config")) or {}
    request, response = as_object(config.get("request")) or {}, as_object(config.get("response")) or {}
    name = "Validate input parameters"
    problem = breaks(_schema(contract, "input", "inputSchema"), given)
    if problem:
        raise Failure(name, f"The input does not keep to its schema: {problem}.")
    steps.append(Step(name, given))
    values: dict[str, Any] = {"input": given, "credentials": dict(secrets)}
    url = filled(str(request.get("requestUrlTemplate") or ""), values)
    headers = {wire: filled(str(text), values) for wire, text in (as_object(request.get("headers")) or {}).items()}
    body = filled(str(request.get("requestTemplate") or ""), values)
    method = str(request.get("requestType") or "GET").upper()
    # Headers may hold credentials, so they are not told.
    steps.append(Step("Resolve request templates", {"url": url, "method": method, "body": body}))
    name = "Execute"
    seconds = min(float(config.get("timeoutSeconds") or MOST_SECONDS), MOST_SECONDS)
    status, data = _send(sandbox, method, url, headers, body.encode(), seconds)
    raw = data.decode("utf-8", "replace")
    if not 200 <= status < 300:
        raise Failure(
            name, f"{method} {url} was answered with the status {status}: {raw[:200]}", _caller_status(status)
        )
    reply: Any = _decoded(data) if data.strip() else {}
    if reply is None:
        raise Failure(name, f"{method} {url} was answered with something that is no JSON: {raw[:200]}")
    steps.append(Step(name, reply))
    names = translated(reply, response)
    steps.append(Step("Apply translation map", dict(names)))
    name = "Apply success template"
    text = _answer(str(response.get("successTemplate") or ""), raw if data.strip() else "{}", names)
    result = _decoded(text)
    if result is None and text.strip() != "null":
        raise Failure(name, f"What the success template makes is no JSON: {text[:200]}")
    steps.append(Step(name, result))
    name = "Validate output"
    problem = breaks(_schema(contract, "output", "successSchema"), result)
    if problem:
        raise Failure(name, f"The answer does not keep to its schema: {problem}.")
    steps.append(Step(name, result))
    return result


def _caller_status(status: int) -> int:
    return status if 400 <= status < 600 and status not in (401, 403, 429) else 400


def _schema(contract: Mapping[str, Any], side: str, name: str) -> dict[str, Any]:
    return as_object((as_object(contract.get(side)) or {}).get(name)) or {}


def _send(
    sandbox: Sandbox, method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float
) -> tuple[int, bytes]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Failure("Execute", f"{url} is no URL.") from None
    sent = None if method in ("GET", "HEAD") else body
    if host == ECHO_HOST:
        told = {"method": method, "url": url, "path": parts.path, "headers": dict(headers), "body": _decoded(body)}
        return 200, msgspec.json.encode(told)
    own = sandbox.address and url.startswith(sandbox.address + "/")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if own or (not host and url.startswith("/api/v2/")):
        return _ask_itself(sandbox, method, target, headers, sent)
    if parts.scheme != "http" or host not in ("127.0.0.1", "localhost") or port is None:
        raise Failure(
            "Execute", f"The sandbox calls http://127.0.0.1:…, /api/v2/… and http://{ECHO_HOST}/… only, and not {url}."
        )
    connection = HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request(method, target, sent, dict(headers))
        reply = connection.getresponse()
        return reply.status, reply.read(MOST_BYTES)
    except (OSError, HTTPException, ValueError) as error:
        raise Failure(
            "Execute", f"{method} {url} failed: {error}", 504 if isinstance(error, TimeoutError) else 400
        ) from None
    finally:
        connection.close()


def _ask_itself(
    sandbox: Sandbox, method: str, target: str, headers: Mapping[str, str], body: bytes | None
) -> tuple[int, bytes]:
    """A call to the API of the sandbox, with a token when the action gives none."""
    named = dict(headers)
    if not any(name.lower() == "authorization" for name in named):
        named["Authorization"] = f"Bearer {sandbox.access_token()}"
    call = sandbox.call
    try:
        reply = sandbox.handle(Request(method, target, named, body))
    finally:
        sandbox.call = call
    return reply.status, reply.body
