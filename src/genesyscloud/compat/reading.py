"""From JSON to the values and models that the vendor's ``deserialize`` makes of it.

Types are given as there: ``list[User]``, ``dict(str, str)``, ``datetime``, or a class. What a type becomes is worked
out once per type. A value that does not fit its type is kept as it came where the vendor's SDK would fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from .dates import OUT_OF_RANGE, read_datetime
from .face.rest import ApiException
from .face.year_month import YearMonth
from .model import Field, Model, contents
from .naming import swagger_type

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["convert"]

_LIST = re.compile(r"list\[(.*)\]")
_DICT = re.compile(r"dict\(([^,]*), (.*)\)")

Reader = Callable[[Any], Any]
_readers: dict[Any, Reader] = {}
_plans: dict[type[Model], dict[str, tuple[str, Reader]]] = {}


def convert(data: Any, klass: Any) -> Any:
    """Return ``data`` as the type ``klass``.

    Args:
        data: decoded JSON. klass: a type by name, or a class.

    Raises:
        ApiException: a date cannot be read. AttributeError: there is no such model.
    """
    return None if data is None else reader(klass)(data)


def reader(klass: Any) -> Reader:
    """Return what makes values of a type; they are not ``None``."""
    found = _readers.get(klass)
    if found is None:
        found = _readers[klass] = _make(klass)
    return found


def _make(klass: Any) -> Reader:
    if not isinstance(klass, str):
        return _SCALARS.get(klass) or _model_reader(lambda: klass)
    if found := _LIST.match(klass):
        return _list_reader(found[1])
    if found := _DICT.match(klass):
        return _dict_reader(found[2])
    if klass in _NAMES:
        return _SCALARS[_NAMES[klass]]
    models = _models()
    getattr(models, klass)
    return _model_reader(lambda: getattr(models, klass))


def _models() -> ModuleType:
    from .face import models

    return models


def _list_reader(inner: str) -> Reader:
    def read(data: Any) -> Any:
        # Of an object and of a text there are items, too: its names, its letters.
        if not isinstance(data, list | dict | str):
            return data
        item = reader(inner)
        return [None if value is None else item(value) for value in cast("list[Any]", data)]

    return read


def _dict_reader(inner: str) -> Reader:
    def read(data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        item = reader(inner)
        pairs = cast("dict[str, Any]", data).items()
        return {key: None if value is None else item(value) for key, value in pairs}

    return read


def _model_reader(find: Callable[[], Any]) -> Reader:
    def read(data: Any) -> Any:
        cls = find()
        plan = _plans.get(cls)
        if plan is None:
            if not (isinstance(cls, type) and issubclass(cls, Model)):
                return _read_foreign(data, cls)
            plan = _plans[cls] = {wire: (field.slot, _field_reader(field)) for wire, field in cls.__fields__.items()}
        instance = cls()
        if not isinstance(data, dict):
            return instance
        values = contents(instance)
        for wire, value in cast("dict[str, Any]", data).items():
            entry = plan.get(wire)
            if entry is not None and value is not None:
                values[entry[0]] = entry[1](value)
        return instance

    return read


def _read_foreign(data: Any, cls: Any) -> Any:
    """Fill a class that a script has made in the manner of models."""
    instance = cls()
    if isinstance(data, dict):
        fields = cast("dict[str, Any]", data)
        for name, type_ in instance.swagger_types.items():
            wire = instance.attribute_map[name]
            if wire in fields:
                setattr(instance, name, convert(fields[wire], type_))
    return instance


def _field_reader(field: Field) -> Reader:
    read = reader(swagger_type(field.type))
    if field.enum is None:
        return read
    known = field.known
    return lambda value: known(read(value))


def _text(data: Any) -> Any:
    return data if type(data) is str else str(data)


def _integer(data: Any) -> Any:
    if type(data) is int:
        return data
    try:
        return int(data)
    except (TypeError, ValueError, OverflowError):
        return data


def _number(data: Any) -> Any:
    if type(data) is float:
        return data
    try:
        return float(data)
    except (TypeError, ValueError, OverflowError):
        return data


def _datetime(data: Any) -> Any:
    if not isinstance(data, str):
        return data
    try:
        return read_datetime(data)
    except (ValueError, OverflowError) as error:
        if "out of range" in str(error):
            return OUT_OF_RANGE
        raise _unreadable(data, "datetime") from None


def _date(data: Any) -> Any:
    if not isinstance(data, str):
        return data
    try:
        return read_datetime(data).date()
    except (ValueError, OverflowError):
        raise _unreadable(data, "date") from None


def _year_month(data: Any) -> Any:
    if not isinstance(data, str):
        return data
    try:
        found = read_datetime(data)
    except (ValueError, OverflowError):
        raise _unreadable(data, "YearMonth") from None
    return YearMonth(found.year, found.month)


def _unreadable(data: str, what: str) -> ApiException:
    return ApiException(status=0, reason=f"Failed to parse `{data}` into a {what} object")


_SCALARS: dict[Any, Reader] = {
    str: _text,
    int: _integer,
    float: _number,
    bool: bool,
    object: lambda data: data,
    datetime: _datetime,
    date: _date,
    YearMonth: _year_month,
}
_NAMES: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "object": object,
    "date": date,
    "datetime": datetime,
    "LocalDateTime": datetime,
    "YearMonth": YearMonth,
}
