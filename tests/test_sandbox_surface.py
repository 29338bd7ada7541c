"""Every operation of the definition is answered, and every answer is true to the definition.

The check of the answers is independent of the catalog: it reads the definition's JSON.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from genesyscloud.catalog import catalog
from genesyscloud.http import Reply
from genesyscloud.sandbox import Sandbox

DEFINITION = Path(__file__).parents[1] / "definition" / "publicapi-v2.json"


#: Values of a map of which the definition says nothing: rows of data tables hold text and numbers.
FREE = {"type": "object"}


@cache
def _definition() -> dict[str, Any]:
    """The definition as it is in the repository."""
    return json.loads(DEFINITION.read_bytes())


def _result_schema(method: str, path: str) -> Mapping[str, Any] | None:
    """The schema of a successful reply, or ``None`` when it has no body."""
    responses = _definition()["paths"][path][method.lower()]["responses"]
    return responses.get("200", {}).get("schema")


def _problems(value: Any, schema: Any, at: str = "$") -> Iterator[str]:
    """Say where ``value`` breaks ``schema``."""
    if "$ref" in schema:
        yield from _problems(value, _definition()["definitions"][schema["$ref"].rpartition("/")[2]], at)
        return
    kind = schema.get("type", "object" if "properties" in schema else None)
    if kind is not None and not TYPES[kind](value):
        yield f"{at}: {value!r} is no {kind}"
        return
    if "enum" in schema and str(value) not in map(str, schema["enum"]):
        yield f"{at}: {value!r} is not in the enum"
    check = FORMATS.get(schema.get("format", ""))
    if check is not None and not _passes(check, value):
        yield f"{at}: {value!r} is no {schema['format']}"
    yield from _bounds(value, schema, at)
    if kind == "array":
        for position, item in enumerate(value):
            yield from _problems(item, schema["items"], f"{at}[{position}]")
    if kind == "object":
        yield from _object(value, schema, at)


def problems_of_model(name: str, value: Any) -> Iterator[str]:
    """Say where ``value`` breaks a model of the definition."""
    return _problems(value, {"$ref": f"#/definitions/{name}"})


def _object(value: Mapping[str, Any], schema: Mapping[str, Any], at: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{at}.{name}: is required"
    others = schema.get("additionalProperties")
    for name, inner in value.items():
        if name in properties:
            yield from _problems(inner, properties[name], f"{at}.{name}")
        elif isinstance(others, dict) and others != FREE:
            yield from _problems(inner, others, f"{at}.{name}")
        elif properties:
            yield f"{at}.{name}: is not in the definition"


def _bounds(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield f"{at}: {value!r} has the wrong length"
        if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
            yield f"{at}: {value!r} does not match {schema['pattern']}"
    elif isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{at}: {value!r} is out of range"


def _passes(check: Callable[[Any], object], value: Any) -> bool:
    try:
        return check(value) is not False
    except ValueError:
        return False


TYPES: dict[str, Callable[[Any], object]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
FORMATS: dict[str, Callable[[Any], object]] = {
    "date-time": lambda value: datetime.fromisoformat(value).tzinfo is not None,
    "date": lambda value: date.fromisoformat(value),
    "local-date-time": lambda value: datetime.fromisoformat(value).tzinfo is None,
    "year-month": lambda value: re.fullmatch(r"\d{4}-\d\d", value) is not None,
    "uuid": lambda value: uuid.UUID(value),
    "int32": lambda value: -(1 << 31) <= value < 1 << 31,
    "int64": lambda value: -(1 << 63) <= value < 1 << 63,
}


def _wrong(sandbox: Sandbox, name: str, reply: Reply) -> list[str]:
    record = catalog().operation(name)
    if not 200 <= reply.status < 300:
        return [f"{name}: {reply.status} {reply.body[:300]!r}"]
    schema = _result_schema(record.method, record.path)
    if schema is None or record.method == "HEAD":
        return [] if not reply.body else [f"{name}: a body where the definition has none"]
    if reply.headers["content-type"].startswith("text/"):
        return []
    return [f"{name}: {problem}" for problem in _problems(json.loads(reply.body), schema)]


def test_every_operation_is_answered_as_the_definition_says():
    sandbox = Sandbox(page_size=3, seeded=6, seeded_counts={}, job_items=6)
    found: list[str] = []
    names = [name for name in catalog().operation_names() if name != "delete_tokens_me"]
    for name in names:
        call = sandbox.example_call(name)
        found += _wrong(sandbox, name, sandbox.handle(call.request))
    assert len(names) == 3354
    assert not found, "\n".join(found[:40])


def test_a_body_that_may_be_left_out_may_be_left_out():
    with Sandbox() as sandbox:
        start = sandbox.snapshot()
        for record in catalog().operations():
            if record.body and not record.body_required:
                example = sandbox.example_call(record.name).request
                for data in (None, b"null"):
                    reply = sandbox.handle(example._replace(body=data))
                    assert reply.status < 500, (record.name, data, reply.body)
                sandbox.restore(start)


def test_the_same_seed_gives_the_same_answers_in_any_order():
    names = [
        "get_users",
        "get_routing_queues",
        "get_analytics_conversations_details_job_results",
        "get_flows",
        "get_user",
    ]
    first, second, other = (Sandbox(seed=seed, job_items=5) for seed in (5, 5, 6))

    def answers(sandbox: Sandbox, order: list[str]) -> dict[str, bytes]:
        return {name: sandbox.handle(sandbox.example_call(name).request).body for name in order}

    assert answers(first, names) == answers(second, names[::-1])
    assert answers(first, names)["get_users"] != answers(other, names)["get_users"]
