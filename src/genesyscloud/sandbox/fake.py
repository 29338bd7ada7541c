"""Example data that is true to the definition, and example requests.

Every value depends on the seed and a key alone, never on what was made before it, so two processes with the
same seed agree on the whole organization without telling each other.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from ..catalog import Catalog, Limits, ModelRecord, OperationRecord, ParameterRecord, PropertyRecord, model_in
from ..http import Headers, Request
from . import words
from .narrow import as_list
from .rng import Rng

__all__ = ["ExampleCall", "Faker", "Made", "example_call"]

#: Models inside models: from this depth on only required properties are filled in.
DEPTH = 3
#: A required property beyond this depth is a cycle that the definition does not allow to end.
MAX_DEPTH = 24

Make = Callable[[Rng], Any]


class Made(dict[str, Any]):
    """An object that was made for a model, and so needs no fitting to it."""

    __slots__ = ("model",)
    model: str


class Faker:
    """Makes values for the types of a catalog.

    Args:
        source: the catalog.
        seed: any text or number.
    """

    def __init__(self, source: Catalog, seed: int | str) -> None:
        self.catalog = source
        self.seed = seed
        self._models: dict[str, ModelRecord] = {}
        self._properties: dict[str, dict[str, PropertyRecord]] = {}
        self._makers: dict[tuple[str, int, bool, frozenset[str]], Make] = {}

    def rng(self, *key: object) -> Rng:
        """The random numbers that belong to ``key``."""
        return Rng("\x1f".join(map(str, (self.seed, *key))))

    def record(self, name: str) -> ModelRecord:
        """The model called ``name``."""
        found = self._models.get(name)
        if found is None:
            found = self._models[name] = self.catalog.model(name)
        return found

    def properties(self, name: str) -> dict[str, PropertyRecord]:
        """The properties of a model by wire name."""
        found = self._properties.get(name)
        if found is None:
            found = self._properties[name] = {p.wire: p for p in self.record(name).properties}
        return found

    def make(self, type_: str, *key: object, writable: bool = False) -> Any:
        """Make the value of ``type_`` that belongs to ``key``.

        Args:
            writable: leave out what the service would ignore in a request: read-only properties.
        """
        return self._maker(type_, "", None, None, 0, writable)(self.rng(type_, *key))

    def entity(self, model: str, without: frozenset[str], *key: object) -> Any:
        """Make an object of a model without some of its optional properties: what nobody looks at costs nothing."""
        name = f"#{model}"
        return self._model_maker(model, 0, False, without)(self.rng(name, *key))

    def property(self, model: ModelRecord, record: PropertyRecord, *key: object) -> Any:
        """Make the value of one property of a model."""
        return self._property(model, record, 1, False)(self.rng(model.name, record.wire, *key))

    def parameter(self, record: ParameterRecord, *key: object) -> Any:
        """Make a value for a path, query or header parameter."""
        if record.wire == "q64":
            return base64.b64encode(b'{"query":[]}').decode()
        maker = self._maker(record.type, record.wire, record.enum, record.limits, 0, False)
        return maker(self.rng(record.wire, *key))

    # Makers are closures, put together once per type and depth: making is then nothing but calls.

    def _maker(
        self, type_: str, name: str, enum: list[str] | None, limits: Limits | None, depth: int, writable: bool
    ) -> Make:
        kind, inner = type_[0], type_[1:]
        if kind == "#":
            return self._model_maker(inner, depth, writable)
        if kind == "[":
            if enum:
                return _some_of(enum)
            return _list_of(self._maker(inner, name, None, None, depth, writable), max(1, DEPTH - depth))
        if kind == "{":
            item = self._maker(inner, name, enum, limits, depth, writable)
            return lambda rng: {"key1": item(rng), "key2": item(rng)}
        if enum:
            choices = [int(value) for value in enum] if kind in "il" else enum
            return lambda rng: rng.choice(choices)
        return scalar(kind, name, limits)

    def _model_maker(self, name: str, depth: int, writable: bool, without: frozenset[str] = frozenset()) -> Make:
        key = (name, depth, writable, without)
        found = self._makers.get(key)
        if found is None:
            if depth > MAX_DEPTH:
                raise RecursionError(f"model {name} requires itself without end")
            record = self.record(name)
            wanted = [p for p in record.properties if _wanted(record, p, depth, writable)]
            wanted = [p for p in wanted if p.required or p.wire not in without]
            makers = [(p.wire, self._property(record, p, depth + 1, writable)) for p in wanted]
            found = self._makers[key] = _object_of(name, makers)
        return found

    def _property(self, model: ModelRecord, record: PropertyRecord, depth: int, writable: bool) -> Make:
        if record.wire == "version" and record.type in "il":
            return lambda rng: 1
        if record.type.startswith("[#") and record.type[2:] in model.cyclic_with:
            return lambda rng: []
        if record.wire == "name" and record.type == "s" and not record.enum and _PEOPLE.search(model.name):
            return words.person
        return self._maker(record.type, record.wire, record.enum, record.limits, depth, writable)


_PEOPLE = re.compile("User|Agent|Contact$|Person")


def _wanted(model: ModelRecord, record: PropertyRecord, depth: int, writable: bool) -> bool:
    """Whether to fill in a property; optional ones not where a model comes back to itself, or deep inside."""
    if writable and record.read_only:
        return False
    if record.required:
        return True
    inner = model_in(record.type)
    if inner:
        return depth < DEPTH - 1 and inner not in model.cyclic_with
    return depth < DEPTH


def _object_of(model: str, makers: list[tuple[str, Make]]) -> Make:
    def make(rng: Rng) -> Made:
        made = Made((wire, maker(rng)) for wire, maker in makers)
        made.model = model
        return made

    return make


def _list_of(item: Make, most: int) -> Make:
    return lambda rng: [item(rng) for _ in range(1 + rng.below(most))]


def _some_of(values: list[str]) -> Make:
    def make(rng: Rng) -> list[str]:
        start = rng.below(len(values))
        return [values[(start + at) % len(values)] for at in range(min(1 + rng.below(3), len(values)))]

    return make


def scalar(kind: str, name: str, limits: Limits | None) -> Make:
    """What makes values of a simple type for a property called ``name``."""
    if kind == "s":
        return words.text(name, limits)
    if kind in "il":
        return _number(limits, (1 << 31) - 1 if kind == "i" else (1 << 53) - 1)
    return _float(limits) if kind == "f" else _SCALARS[kind]


def _number(limits: Limits | None, widest: int) -> Make:
    low, high = _bounds(limits, 1, 99)
    low, high = int(low), min(int(high), int(low) + 99, widest)
    return lambda rng: low + rng.below(high - low + 1)


def _float(limits: Limits | None) -> Make:
    low, high = _bounds(limits, 0, 100)
    width = min(high - low, 100)
    return lambda rng: round(low + width * rng.below(1000) / 1000, 3)


def _bounds(limits: Limits | None, lowest: float, width: float) -> tuple[float, float]:
    minimum = None if limits is None else limits.minimum
    maximum = None if limits is None else limits.maximum
    low = lowest if minimum is None else minimum
    high = max(low, lowest) + width if maximum is None else maximum
    return (min(low, high), high) if minimum is not None or high >= low else (high - width, high)


_SCALARS: Mapping[str, Make] = {
    "u": Rng.uuid,
    "t": words.stamp,
    "d": lambda rng: words.stamp(rng)[:10],
    "L": lambda rng: words.stamp(rng)[:19],
    "Y": lambda rng: words.stamp(rng)[:7],
    "b": lambda rng: rng.below(2) == 1,
    "o": lambda rng: {"example": {}},
}


class ExampleCall(NamedTuple):
    """A request that is valid against the definition.

    ``arguments`` is by Python name, without the body, values as JSON has them (a date-time is text).
    """

    record: OperationRecord
    arguments: dict[str, Any]
    body: Any
    request: Request


def example_call(
    record: OperationRecord,
    faker: Faker,
    path_values: Mapping[str, str] | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    query_values: Mapping[str, str] | None = None,
) -> ExampleCall:
    """Make a valid request for an operation.

    Args:
        record: the operation.
        faker: where its values come from.
        path_values: values for path parameters by wire name, made up where missing.
        body: the body, made up when ``None`` and the operation has one.
        headers: further headers (``Authorization``).
        query_values: values for query parameters by wire name; those of required ones are made up where missing.
    """
    arguments: dict[str, Any] = {}
    path = record.path
    query: list[str] = []
    sent = {"Accept": "application/json", **(headers or {})}
    for parameter in record.parameters:
        if parameter.place != "path" and not parameter.required and parameter.wire not in (query_values or {}):
            continue
        known = path_values if parameter.place == "path" else query_values
        given = (known or {}).get(parameter.wire)
        value = faker.parameter(parameter, record.name) if given is None else _typed(given, parameter.type)
        arguments[parameter.name] = value
        items = as_list(value)
        written = _text(value) if items is None else ",".join(map(_text, items))
        if parameter.place == "path":
            path = path.replace(f"{{{parameter.wire}}}", quote(written, safe=""))
        elif parameter.place == "query":
            query.append(f"{quote(parameter.wire)}={quote(written, safe='')}")
        else:
            sent[parameter.wire] = written
    if record.body and body is None:
        body = example_body(record, faker)
    data = None
    if record.body:
        data = msgspec.json.encode(body)
        sent["Content-Type"] = record.consumes[0] if record.consumes else "application/json"
    url = path + ("?" + "&".join(query) if query else "")
    return ExampleCall(record, arguments, body, Request(record.method, url, Headers(sent.items()), data))


def example_body(record: OperationRecord, faker: Faker) -> Any:
    """Make a body for an operation; of a list that pages, the first page."""
    body = faker.make(record.body, record.name, writable=True)
    if record.paging is not None and record.paging.in_body:
        for wire in record.paging.positions:
            name = wire.partition(".")[0]
            if name in body and not faker.properties(record.body[1:])[name].required:
                del body[name]
    return body


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _typed(value: str, type_: str) -> Any:
    if type_ == "b":
        return value == "true"
    return int(value) if type_ in "il" else value
