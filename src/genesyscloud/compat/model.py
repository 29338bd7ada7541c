"""Models of the vendor's face: plain objects with properties, made when their class is first touched.

An instance holds only what was set. The rest of what an instance of the vendor's package holds (``swagger_types``,
``attribute_map``, a ``None`` for each property) is on its class, and appears in ``vars()`` when someone looks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, cast

from .face.api_null_value import is_null
from .face.configuration import OUTDATED, Configuration
from .naming import attribute, module_of_class, number, swagger_type

if TYPE_CHECKING:
    from ..catalog import Limits, ModelRecord, PropertyRecord

__all__ = ["Field", "Model", "build", "contents", "plain"]


class _Bare:
    """Where the instance dictionary can be had as it is."""


_contents = _Bare.__dict__["__dict__"]
#: The instance dictionary, without what :attr:`Model.__dict__` adds to it.
contents: Callable[[object], dict[str, Any]] = _contents.__get__
_put: Callable[[object, dict[str, Any]], None] = _contents.__set__


class _Own:
    """A dictionary of the class of which an instance gets its own copy, because scripts add to it."""

    def __init__(self, name: str, slot: str) -> None:
        self._name = name
        self._slot = slot

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            raise AttributeError(f"type object {owner.__name__!r} has no attribute {self._name!r}")
        return contents(instance).setdefault(self._name, dict(getattr(owner, self._slot)))


class Field:
    """One property: where its value is kept, what it is called in JSON, which values it has."""

    __slots__ = ("enum", "slot", "type", "wire")

    def __init__(self, slot: str, record: PropertyRecord) -> None:
        self.slot = slot
        self.wire = record.wire
        self.type = record.type
        # Of the items of arrays the vendor's SDK knows no values.
        single = record.enum if record.type[0] not in "[{" else None
        self.enum = frozenset(value.lower() for value in single) if single else None

    def known(self, value: Any) -> Any:
        """Return what becomes of a value of an enum."""
        if isinstance(value, int):
            value = str(value)
        if self.enum is None or not isinstance(value, str) or value.lower() in self.enum:
            return value
        return value if Configuration().keep_unknown_enums else OUTDATED


class Model(_Bare):
    """Base of all models. What it has of its own has names that no property can have."""

    __types__: ClassVar[Mapping[str, str]] = {}
    __names__: ClassVar[Mapping[str, str]] = {}
    #: Fields by their names in JSON.
    __fields__: ClassVar[Mapping[str, Field]] = {}

    if not TYPE_CHECKING:
        swagger_types = _Own("swagger_types", "__types__")
        attribute_map = _Own("attribute_map", "__names__")

        @property
        def __dict__(self) -> dict[str, Any]:
            values = contents(self)
            values.setdefault("swagger_types", dict(self.__types__))
            values.setdefault("attribute_map", dict(self.__names__))
            for field in self.__fields__.values():
                values.setdefault(field.slot, None)
            return values

        @__dict__.setter
        def __dict__(self, values: dict[str, Any]) -> None:
            _put(self, values)

    def to_dict(self) -> Any:
        """Return the properties by their Python names, models inside as dicts, too."""
        return {name: _as_dict(getattr(self, name)) for name in types_of(self)}

    def to_json(self) -> str:
        """Return :meth:`to_dict` as JSON."""
        return json.dumps(plain(self.to_dict()))

    def to_str(self) -> str:
        """Return :meth:`to_dict` as text."""
        from pprint import pformat

        return pformat(self.to_dict())

    def __plain__(self) -> Any:
        """Return what is sent."""
        return _plain_model(self)

    def __repr__(self) -> str:
        return self.to_str()

    def __eq__(self, other: object) -> bool:
        values = _whole(other)
        return values is not None and _whole(self) == values

    __hash__ = None  # type: ignore[assignment]


def _whole(value: object) -> dict[str, Any] | None:
    """Return what ``vars()`` shows, without leaving it behind."""
    if not isinstance(value, Model):
        return getattr(value, "__dict__", None)
    nothing = {field.slot: None for field in value.__fields__.values()}
    types: dict[str, Any] = {"swagger_types": value.__types__, "attribute_map": value.__names__}
    return {**types, **nothing, **contents(value)}


def types_of(value: Any) -> Mapping[str, str]:
    """Return the properties of a model and their types; those that a script has added to it included."""
    if isinstance(value, Model):
        return contents(value).get("swagger_types") or value.__types__
    return value.swagger_types


def map_of(value: Any) -> Mapping[str, str]:
    """Return the names in JSON of a model's properties."""
    if isinstance(value, Model):
        return contents(value).get("attribute_map") or value.__names__
    return value.attribute_map


def _as_dict(value: Any) -> Any:
    if isinstance(value, list):
        return [_one_as_dict(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: _one_as_dict(item) for key, item in cast("dict[Any, Any]", value).items()}
    return _one_as_dict(value)


def _one_as_dict(value: Any) -> Any:
    return value.to_dict() if hasattr(value, "to_dict") else value


def plain(value: Any) -> Any:
    """Return what ``json.dumps`` can write: models by their names in JSON, dates as text."""
    if value is None or is_null(value):
        return None
    if isinstance(value, str | int | float | tuple):
        return cast("Any", value)
    if isinstance(value, list):
        return [plain(item) for item in cast("list[Any]", value)]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, Model):
        return value.__plain__()
    return _plain_model(value)


def _plain_model(value: Any) -> dict[str, Any]:
    """Return what is set of a model, by its names in JSON."""
    names = map_of(value)
    pairs = ((names[name], getattr(value, name)) for name in types_of(value))
    return {wire: plain(item) for wire, item in pairs if item is not None}


def build(record: ModelRecord) -> type[Model]:
    """Make the class of a model."""
    fields: dict[str, Field] = {}
    namespace: dict[str, Any] = {
        "__module__": f"PureCloudPlatformClientV2.models.{module_of_class(record.name)}",
        "__doc__": f"The model {record.name}.",
        "__fields__": fields,
    }
    types: dict[str, str] = {}
    names: dict[str, str] = {}
    for entry in record.properties:
        name = attribute(entry)
        field = fields[entry.wire] = Field(f"_{name}", entry)
        types[name] = swagger_type(entry.type)
        names[name] = entry.wire
        namespace[field.slot] = None
        namespace[name] = property(attrgetter(field.slot), _setter(name, field, entry.limits))
    namespace["__types__"] = types
    namespace["__names__"] = names
    return type(record.name, (Model,), namespace)


def _setter(name: str, field: Field, limits: Limits | None) -> Callable[[Any, Any], None]:
    slot = field.slot
    if field.enum is not None:
        known = field.known

        def assign_known(self: Any, value: Any) -> None:
            setattr(self, slot, known(value))

        return assign_known
    checks = list(_checks(name, limits)) if limits is not None else []
    if not checks:

        def assign(self: Any, value: Any) -> None:
            setattr(self, slot, value)

        return assign

    def assign_checked(self: Any, value: Any) -> None:
        if value is not None and not is_null(value):
            for broken, text in checks:
                if broken(value):
                    raise ValueError(f"Invalid value for `{name}`, {text}")
        setattr(self, slot, value)

    return assign_checked


def _checks(name: str, limits: Limits) -> Iterable[tuple[Callable[[Any], bool], str]]:
    """Yield what refuses a value, and what is said then, in the order of the vendor's SDK."""
    if (longest := limits.max_length) is not None:
        yield lambda value: len(value) > longest, f"length must be less than `{longest}`"
    if (shortest := limits.min_length) is not None:
        yield lambda value: len(value) < shortest, f"length must be greater than or equal to `{shortest}`"
    if (most := limits.maximum) is not None:
        yield lambda value: value > most, f"must be a value less than or equal to `{number(most)}`"
    if (least := limits.minimum) is not None:
        yield lambda value: value < least, f"must be a value greater than or equal to `{number(least)}`"
    if (pattern := limits.pattern) is not None:
        yield (
            lambda value: re.match(pattern, value) is None,
            f"must be a follow pattern or equal to `/{pattern}/`",
        )
