"""What both sides are asked to do: every method and every model, with values made from the catalog.

The same catalog gives the same plan. Values that JSON has no word for are written as ``{"$date": "2026-01-02"}``,
``{"$datetime": …}`` and ``{"$model": "User", "value": …}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from genesyscloud.catalog import Limits, ModelRecord, OperationRecord, ParameterRecord, PropertyRecord, catalog
from genesyscloud.compat.naming import attribute, class_of_tag, module_of_class, positional, swagger_type

__all__ = ["model_steps", "operation_steps"]

UUID = "01234567-89ab-4def-8123-456789abcdef"
DEEPEST = 3
#: Of the models inside a model; those of 100 fields would fill the whole plan.
MOST_INSIDE = 12
STRANGE = "a b+c,ü&=?#%"


def value(type_: str, depth: int = 0, seed: int = 0) -> Any:
    """A value of a type, in JSON."""
    kind, inner = type_[0], type_[1:]
    if kind == "[":
        return [value(inner, depth, seed + step) for step in range(2 if depth < DEEPEST else 1)]
    if kind == "{":
        return {"key one": value(inner, depth, seed), "KeyTwo": value(inner, depth, seed + 1)}
    if kind == "#":
        return model_value(catalog().model(inner), depth + 1, seed)
    values: dict[str, list[Any]] = {
        "s": ["text ü \"quoted\" 'x'", "", "a/b"],
        "u": [UUID],
        "i": [seed, -7, 0],
        "l": [2**40 + seed, 0],
        "f": [1.5, 3, -0.25],
        "b": [True, False],
        "t": ["2026-01-02T03:04:05.123Z", "2026-01-02T03:04:05+01:30", "2026-12-31T23:59:59.999999Z"],
        "L": ["2026-01-02T03:04:05", "2026-01-02T03:04:05.5"],
        "d": ["2026-02-28"],
        "Y": ["2026-07"],
        "o": [{"any": [1, None, "x", {"y": 2.5}]}, "text", 3, [1]],
    }
    return values[kind][seed % len(values[kind])]


def model_value(record: ModelRecord, depth: int = 0, seed: int = 0) -> dict[str, Any]:
    """A JSON object for a model; deeper ones have scalars only, and not all of them."""
    found: dict[str, Any] = {}
    entries = record.properties if depth <= 1 else record.properties[:MOST_INSIDE]
    for place, entry in enumerate(entries):
        if depth >= DEEPEST and "#" in entry.type:
            continue
        found[entry.wire] = _property(entry, depth, seed + place)
    return found


def _property(entry: PropertyRecord, depth: int, seed: int) -> Any:
    if entry.enum and entry.type[0] != "[":
        chosen = entry.enum[seed % len(entry.enum)]
        return int(chosen) if entry.type in ("i", "l") else chosen
    return _limited(entry.type, entry.limits, value(entry.type, depth, seed))


def _limited(type_: str, limits: Limits | None, plain: Any) -> Any:
    """A value that is within limits."""
    if limits is None:
        return plain
    if limits.pattern:
        options = [UUID, "abc", "#aabbcc", "123", "name.zip"]
        plain = next(option for option in options if re.match(limits.pattern, option))
    if limits.minimum is not None or limits.maximum is not None:
        lowest = limits.minimum if limits.minimum is not None else limits.maximum
        assert lowest is not None
        return float(lowest) if type_ == "f" else int(lowest)
    if limits.min_length and len(plain) < limits.min_length:
        plain = "x" * limits.min_length
    return plain[: limits.max_length] if limits.max_length is not None else plain


def _argument(entry: ParameterRecord, seed: int) -> Any:
    if entry.enum:
        return entry.enum[:2] if entry.type[0] == "[" else entry.enum[seed % len(entry.enum)]
    kind = entry.type[0]
    strange: dict[str, list[Any]] = {
        "s": [STRANGE if entry.place != "header" else "plain header", "plain"],
        "d": [{"$date": "2026-01-02"}, "2026-01-02"],
        "t": [{"$datetime": "2026-01-02T03:04:05.123456+00:00"}, {"$datetime": "2026-01-02T03:04:05"}],
        "f": [2.5, 3],
        "[": [["one two", "ü"], ["single"], []],
    }
    options = strange.get(kind)
    return _limited(entry.type, entry.limits, options[seed % len(options)] if options else value(entry.type, 0, seed))


def _body(record: OperationRecord, seed: int) -> Any:
    plain = value(record.body, 0, seed)
    # Every other one as a model, which is filled attribute by attribute.
    return {"$model": swagger_type(record.body), "value": plain} if seed % 2 and "#" in record.body else plain


def operation_steps() -> Iterator[dict[str, Any]]:
    """Yield every method of every class twice: with all arguments, and with the required ones only."""
    number = 0
    for group in catalog().groups():
        for name in group.operations:
            record = catalog().operation(name)
            for everything in (True, False):
                yield _operation(number, class_of_tag(group.tag), record, everything)
                number += 1


def _operation(number: int, cls: str, record: OperationRecord, everything: bool) -> dict[str, Any]:
    required = positional(record)
    given: dict[str, Any] = {}
    for place, entry in enumerate(record.parameters):
        name = attribute(entry)
        if everything or name in required:
            given[name] = _argument(entry, number // 2 + place)
    if record.body and (everything or record.body_required):
        given[record.body_name] = _body(record, number // 2)
    return {
        "id": str(number),
        "module": module_of_class(cls),
        "class": cls,
        "method": record.name,
        "args": [given.pop(name) for name in required],
        "kwargs": given,
        "reply": json.dumps(value(record.result, 0, number)) if record.result else "",
        "media": (record.produces or ["application/json"])[0],
    }


def model_steps() -> Iterator[dict[str, Any]]:
    """Yield every model with JSON for it."""
    for number, record in enumerate(catalog().models()):
        yield {"name": record.name, "module": module_of_class(record.name), "json": model_value(record, 0, number)}
