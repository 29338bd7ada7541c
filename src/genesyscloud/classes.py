"""Model classes, built from the catalog when they are first touched.

One class exists per name and process. Replies may contain properties that the catalog does not know yet;
they are held by subclasses that know them, built on demand (see :mod:`genesyscloud.drift`), so that an
instance of such a subclass is a full ``Queue`` which carries and writes back what the server sent.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET

from .catalog import ModelRecord, PropertyRecord, catalog, model_in
from .forks import hold_during_fork
from .model import EXTRA_PREFIX, MODELS, MORE_WIRE, FreeForm, Model, ModelMeta, YearMonth

__all__ = ["BASE", "Family", "building", "model_class"]

_OPTIONS: dict[str, Any] = {
    "kw_only": True,
    "omit_defaults": True,
    "forbid_unknown_fields": True,
    "eq": False,
    "gc": False,
}

_SCALARS: dict[str, Any] = {
    "s": str,
    "u": str,
    "i": int,
    "l": int,
    # Whole numbers stay what they are: those beyond 2**53 have no float.
    "f": int | float,
    "b": bool,
    "t": Annotated[datetime, msgspec.Meta(tz=True)],
    "L": Annotated[datetime, msgspec.Meta(tz=False)],
    "d": date,
    "Y": YearMonth,
    "o": Any,
}

#: Held while classes or decoders are made.
building = threading.RLock()
hold_during_fork(building)


class Family:
    """A set of classes that agree on what replies contain beyond the definition.

    Args:
        extra: names on the wire of unknown properties, per model.
        open_models: models that got too many of them; these keep the rest in one dict.
    """

    def __init__(
        self, extra: Mapping[str, tuple[str, ...]] | None = None, open_models: frozenset[str] = frozenset()
    ) -> None:
        self.extra = dict(extra or {})
        self.open_models = open_models
        self._classes: dict[str, Any] = {}
        self._touched: dict[str, bool] = {}
        #: Decoders per type, kept here by the codec.
        self.decoders: dict[str, Any] = {}
        self.annotation = functools.cache(self._annotation)

    def model(self, name: str) -> Any:
        """Return the class of a model.

        Raises:
            KeyError: there is no such model.
        """
        found = self._classes.get(name)
        if found is None:
            with building:
                found = self._classes.get(name) or self._build(catalog().model(name))
        return found

    def _build(self, record: ModelRecord) -> Any:
        if record.free_form and record.name not in self.extra:
            return self._publish({record.name: _free_form_class(record.name)})
        if self is not BASE and not self._differs(record):
            return self._publish({record.name: BASE.model(record.name)})
        members = [catalog().model(name) for name in record.cyclic_with] or [record]
        return self._publish(self._build_together(members), record.name)

    def _publish(self, classes: dict[str, Any], name: str = "") -> Any:
        self._classes.update(classes)
        return classes[name] if name else next(iter(classes.values()))

    def _build_together(self, records: list[ModelRecord]) -> dict[str, Any]:
        """Build the classes of one cycle of models, or one class.

        Inside a cycle annotations are text, which msgspec resolves in the class's own namespace at the first
        use; all others are real, which is more than twice as fast.
        """
        cycle = {record.name for record in records if record.cyclic_with}
        classes = {record.name: self._class(record, cycle) for record in records}
        for cls in classes.values():
            for name in cycle:
                setattr(cls, f"_cycle_{name}", classes[name])
            # The plain names may be those of properties.
            cls._list_of, cls._dict_of, cls._str_of = list, dict, str
        return classes

    def _class(self, record: ModelRecord, cycle: set[str]) -> Any:
        annotations: dict[str, Any] = {}
        wires: dict[str, str] = {}
        for entry in record.properties:
            annotations[entry.name] = self._optional(entry, cycle)
            wires[entry.name] = entry.wire
        namespace: dict[str, Any] = dict.fromkeys(annotations)
        slots = {wire: f"{EXTRA_PREFIX}{number}" for number, wire in enumerate(self.extra.get(record.name, ()))}
        for wire, name in slots.items():
            annotations[name], wires[name], namespace[name] = Any, wire, UNSET
        if slots:
            namespace["_extra_slots"] = slots
        if record.name in self.open_models:
            annotations["_more"], wires["_more"], namespace["_more"] = Any, MORE_WIRE, UNSET
        namespace["__annotations__"] = annotations
        namespace["__module__"] = MODELS
        namespace["__doc__"] = None
        base = Model if self is BASE else BASE.model(record.name)
        return ModelMeta(record.name, (base,), namespace, rename=wires, **_OPTIONS)

    def _optional(self, entry: PropertyRecord, cycle: set[str]) -> Any:
        if model_in(entry.type) in cycle:
            return f"{_text(entry.type)} | None"
        annotation = self.annotation(entry.type)
        return annotation if annotation is Any else annotation | None

    def _annotation(self, type_: str) -> Any:
        """The Python type of a type in the catalog's notation."""
        kind = type_[0]
        if kind == "[":
            return list.__class_getitem__(self.annotation(type_[1:]))
        if kind == "{":
            return dict.__class_getitem__((str, self.annotation(type_[1:])))
        if kind == "#":
            found = self.model(type_[1:])
            return Any if issubclass(found, FreeForm) else found
        return _SCALARS[kind]

    def _differs(self, record: ModelRecord) -> bool:
        """Whether a model, or one that it can contain, has properties beyond the definition."""
        known = self._touched.get(record.name)
        if known is None:
            members = record.cyclic_with or [record.name]
            self._touched.update(dict.fromkeys(members, False))
            known = any(name in self.extra or name in self.open_models for name in members) or any(
                self._differs(catalog().model(inner))
                for name in members
                for entry in catalog().model(name).properties
                if (inner := model_in(entry.type)) and inner not in members
            )
            self._touched.update(dict.fromkeys(members, known))
        return known


def _text(type_: str) -> str:
    if type_[0] == "[":
        return f"_list_of[{_text(type_[1:])}]"
    if type_[0] == "{":
        return f"_dict_of[_str_of, {_text(type_[1:])}]"
    return f"_cycle_{type_[1:]}"


def _free_form_class(name: str) -> type[FreeForm]:
    return type(name, (FreeForm,), {"__module__": MODELS, "__slots__": ()})


#: The classes of the definition itself.
BASE = Family()


def model_class(name: str) -> Any:
    """Return the class of a model: ``model_class("Queue")``.

    Raises:
        KeyError: there is no such model.
    """
    return BASE.model(name)
