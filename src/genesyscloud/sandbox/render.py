"""Fit what is stored to what the definition says a reply looks like.

Models of the same entity differ between operations; a reply carries what its own model knows, in the type
that the model wants, and whatever the model requires is filled in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..catalog import ModelRecord, PropertyRecord
from .fake import Faker, Made
from .narrow import as_list, as_object
from .validate import FITS, INT_BITS, breaks

__all__ = ["Renderer"]

_MISSING: Any = object()
#: Models of references to divisions, which carry the division's name.
DIVISIONS = {"Division", "DivisionReference", "StarrableDivision", "WritableDivision", "WritableStarrableDivision"}


class _Form(NamedTuple):
    """What is to be known of a model to fit something to it.

    ``references`` are properties that hold an object, each with the name under which a request may give its id.
    """

    record: ModelRecord
    properties: dict[str, PropertyRecord]
    references: list[tuple[str, str, PropertyRecord]]
    required: list[PropertyRecord]


class Renderer:
    """Fits values to types.

    Args:
        faker: knows the models.
        division_name: the name of the division with an id, as it is now; empty when there is none.
    """

    def __init__(self, faker: Faker, division_name: Callable[[str], str] = lambda division_id: "") -> None:
        self._faker = faker
        self._division_name = division_name
        self._forms: dict[str, _Form] = {}

    def render(self, value: Any, type_: str, *key: object) -> Any:
        """Return ``value`` as a value of ``type_``; what is missing is made up, depending on ``key``."""
        found = self._fit(value, type_, None, key)
        return self._faker.make(type_, *key) if found is _MISSING else found

    def made(self, entity: dict[str, Any], model: str) -> Made:
        """An entity fitted to its model once and for all."""
        made = Made(self._model(entity, model, ()))
        made.model = model
        return made

    def _fit(self, value: Any, type_: str, prop: PropertyRecord | None, key: tuple[object, ...]) -> Any:
        kind = type_[0]
        if kind == "o":
            return value
        if kind == "#":
            return self._model(value, type_[1:], key)
        if kind == "[":
            items = as_list(value)
            if items is None:
                return _MISSING
            fitted = [self._fit(item, type_[1:], prop, (*key, at)) for at, item in enumerate(items)]
            return [item for item in fitted if item is not _MISSING]
        if kind == "{":
            entries = as_object(value)
            if entries is None:
                return _MISSING
            found = {name: self._fit(inner, type_[1:], prop, (*key, name)) for name, inner in entries.items()}
            return {name: inner for name, inner in found.items() if inner is not _MISSING}
        return self._scalar(value, kind, prop)

    def _scalar(self, value: Any, kind: str, prop: PropertyRecord | None) -> Any:
        if kind == "s":
            reference = as_object(value)
            value = value if reference is None else reference.get("id")
        if not FITS[kind](value):
            return _MISSING
        if prop is not None:
            if prop.enum and value not in prop.enum:
                return _MISSING
            if prop.limits and not prop.type.startswith(("[", "{")) and breaks(value, prop.limits):
                return _MISSING
        return int(value) if kind in INT_BITS else value

    def _model(self, value: Any, name: str, key: tuple[object, ...]) -> Any:
        if isinstance(value, Made) and value.model == name:
            return value
        form = self._forms.get(name) or self._form(name)
        if isinstance(value, str) and "id" in form.properties:
            value = {"id": value}
        sent = as_object(value)
        if sent is None:
            return _MISSING
        if name in DIVISIONS and isinstance(sent.get("id"), str):
            sent = {**sent, "name": self._division_name(sent["id"]) or sent.get("name")}
        if not form.properties:
            return sent
        fitted: dict[str, Any] = {}
        for wire, inner in sent.items():
            prop = form.properties.get(wire)
            if prop is not None and inner is not None:
                found = self._fit(inner, prop.type, prop, key)
                if found is not _MISSING:
                    fitted[wire] = found
        for wire, given, prop in form.references:
            if wire not in fitted and sent.get(given) is not None:
                found = self._fit(sent[given], prop.type, prop, key)
                if found is not _MISSING:
                    fitted[wire] = found
        for prop in form.required:
            if prop.wire not in fitted:
                fitted[prop.wire] = self._faker.property(form.record, prop, *key)
        return fitted

    def _form(self, name: str) -> _Form:
        record, properties = self._faker.record(name), self._faker.properties(name)
        references = [
            (p.wire, f"{p.wire}Id", p)
            for p in record.properties
            if p.type.startswith("#") and f"{p.wire}Id" not in properties
        ]
        required = [p for p in record.properties if p.required]
        form = self._forms[name] = _Form(record, properties, references, required)
        return form
