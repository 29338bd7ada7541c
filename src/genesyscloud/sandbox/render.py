"""Fit what is stored to what the definition says a reply looks like.

Models of the same entity differ between operations; a reply carries what its own model knows, in the type
that the model wants, and whatever the model requires is filled in.
"""

from __future__ import annotations

from typing import Any

from ..catalog import ModelRecord, PropertyRecord
from .fake import Faker, Made
from .validate import FITS, INT_BITS, breaks

__all__ = ["Renderer"]

_MISSING: Any = object()


class Renderer:
    """Fits values to types."""

    def __init__(self, faker: Faker) -> None:
        self._faker = faker

    def render(self, value: Any, type_: str, *key: object) -> Any:
        """Return ``value`` as a value of ``type_``; what is missing is made up, depending on ``key``."""
        found = self._fit(value, type_, None, key)
        return self._faker.make(type_, *key) if found is _MISSING else found

    def made(self, entity: dict[str, Any], model: str) -> Made:
        """An entity fitted to its model once and for all."""
        made = Made(self._model(entity, self._faker.record(model), ()))
        made.model = model
        return made

    def _fit(self, value: Any, type_: str, prop: PropertyRecord | None, key: tuple[object, ...]) -> Any:
        kind = type_[0]
        if kind == "o":
            return value
        if kind == "#":
            return self._model(value, self._faker.record(type_[1:]), key)
        if kind == "[":
            if not isinstance(value, list):
                return _MISSING
            items: list[Any] = value
            fitted = [self._fit(item, type_[1:], prop, (*key, at)) for at, item in enumerate(items)]
            return [item for item in fitted if item is not _MISSING]
        if kind == "{":
            if not isinstance(value, dict):
                return _MISSING
            entries: dict[str, Any] = value
            found = {name: self._fit(inner, type_[1:], prop, (*key, name)) for name, inner in entries.items()}
            return {name: inner for name, inner in found.items() if inner is not _MISSING}
        return self._scalar(value, kind, prop)

    def _scalar(self, value: Any, kind: str, prop: PropertyRecord | None) -> Any:
        if kind == "s" and isinstance(value, dict):
            reference: dict[str, Any] = value
            value = reference.get("id")
        if not FITS[kind](value):
            return _MISSING
        if prop is not None:
            if prop.enum and value not in prop.enum:
                return _MISSING
            if prop.limits and not prop.type.startswith(("[", "{")) and breaks(value, prop.limits):
                return _MISSING
        return int(value) if kind in INT_BITS else value

    def _model(self, value: Any, model: ModelRecord, key: tuple[object, ...]) -> Any:
        wires = [p.wire for p in model.properties]
        if isinstance(value, Made) and value.model == model.name:
            return value
        if isinstance(value, str) and "id" in wires:
            value = {"id": value}
        if not isinstance(value, dict):
            return _MISSING
        sent: dict[str, Any] = value
        if not wires:
            return sent
        fitted: dict[str, Any] = {}
        for p in model.properties:
            inner = sent.get(p.wire)
            if inner is None and p.type.startswith("#"):
                inner = sent.get(f"{p.wire}Id")
            found = _MISSING if inner is None else self._fit(inner, p.type, p, (*key, p.wire))
            if found is _MISSING and p.required:
                found = self._required(model, p, key)
            if found is not _MISSING:
                fitted[p.wire] = found
        return fitted

    def _required(self, model: ModelRecord, prop: PropertyRecord, key: tuple[object, ...]) -> Any:
        return self._faker.property(model, prop, *key)
