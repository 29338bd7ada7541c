"""Decoding: models against ``orjson`` and against the vendor's SDK, with and without drift."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from genesyscloud import codec
from genesyscloud.sandbox.narrow import as_list, as_object

from .measure import Figure, compare, cpu_per_call, run_json
from .pages import DETAILS, QUEUES, drifted, page

PEER = Path(__file__).parent / "peers" / "vendor_decode.py"


def figures(vendor: str) -> Iterator[Figure]:
    """Yield the figures; ``vendor`` is the Python of the environment with the vendor's package."""
    for name, shape in (("queues", QUEUES), ("conversation details", DETAILS)):
        listing = shape[0]
        type_ = f"#{listing}"
        data = page(*shape)
        drift = drifted(data, listing)
        codec.decode(data, type_, strict=True)
        _check_nothing_lost(drift, type_)
        kilobytes = f"{len(data) / 1000:.0f} KB"

        def untyped(data: bytes = data) -> float:
            return cpu_per_call(lambda: orjson.loads(data), 20)

        def models(data: bytes = data, type_: str = type_) -> float:
            return cpu_per_call(lambda: codec.decode(data, type_), 20)

        def drifting(drift: bytes = drift, type_: str = type_) -> float:
            return cpu_per_call(lambda: codec.decode(drift, type_), 20)

        bare, ours, drifted_ours = compare([untyped, models, drifting], 15)
        yield Figure(f"decode {name}, against orjson.loads", ours / bare, 1.3, note=kilobytes)
        yield Figure(f"decode {name} with drift, against without", drifted_ours / ours, 3)
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            Path(file.name).write_bytes(data)
            theirs = float(run_json([vendor, str(PEER), file.name, listing]))
        yield Figure(f"decode {name}, times faster than the vendor", theirs / ours, 60, at_least=True)


def _check_nothing_lost(data: bytes, type_: str) -> None:
    before, after = json.loads(data), json.loads(codec.encode(codec.decode(data, type_)))
    if _without_dates(before) != _without_dates(after):
        raise AssertionError("something was lost on write-back")


def _without_dates(value: Any) -> Any:
    """Dates may change their spelling (``.000Z`` or ``Z``), nothing else may."""
    if (entity := as_object(value)) is not None:
        return {key: _without_dates(inner) for key, inner in entity.items() if inner is not None}
    if (items := as_list(value)) is not None:
        return [_without_dates(inner) for inner in items]
    return "date" if isinstance(value, str) and value.endswith("Z") and "T" in value else value
