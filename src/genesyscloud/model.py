"""What all models have in common, and the values that JSON has no word for.

A model is a :class:`msgspec.Struct`: slots, C decoding, no per-instance dictionary. The classes themselves
are built from the catalog by :mod:`genesyscloud.classes`.

Every instance remembers in ``_origin`` whether the caller built it or it was read from a reply: what the
caller builds is checked before it is sent, what the server sent may always go back. Both states are
invisible in JSON: ``None`` is the default, which the encoder omits, and so is ``UNSET``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from msgspec import UNSET

from .names import nearest
from .redact import is_secret_name

if TYPE_CHECKING:
    from inspect import Signature

__all__ = ["NULL", "FreeForm", "Model", "ModelMeta", "Null", "YearMonth"]

#: In a ``repr``: longest text of one value, items shown of what is inside, how deep; properties beyond the definition.
REPR_LIMIT = 60
REPR_ITEMS = 3
REPR_DEPTH = 2
REPR_UNKNOWN = 20

#: The module in which users find the models.
MODELS = "genesyscloud.models"
#: Fields of every class that are not properties of the API. They never reach the wire, and nobody can guess
#: their names, so no reply can set them.
_SALT: str = os.urandom(8).hex()
ORIGIN_WIRE = f"~origin-{_SALT}"
MORE_WIRE = f"~more-{_SALT}"
EXTRA_PREFIX = "_extra"


class Null:
    """The type of :data:`NULL`."""

    _instance: ClassVar[Null | None] = None

    def __new__(cls) -> Self:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance  # type: ignore[return-value]

    def __repr__(self) -> str:
        return "NULL"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> tuple[type[Null], tuple[()]]:
        return (Null, ())


#: Sends JSON ``null``, to clear a property: ``User(title=NULL)``. ``None`` leaves a property out. Its static
#: type is ``Any``, so that it fits every attribute.
NULL: Any = Null()


class YearMonth(str):
    """A month of a year, the text ``2026-11``; sorts and compares as its text.

    >>> YearMonth("2026-11").month
    11
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Read ``YYYY-MM``; raises :class:`ValueError` for anything else."""
        year, separator, month = text.partition("-")
        if not (separator and len(year) == 4 and len(month) == 2 and text.isascii() and (year + month).isdecimal()):
            raise ValueError(f"not a year and month (YYYY-MM): {text!r}")
        if not 1 <= int(month) <= 12:
            raise ValueError(f"not a month: {text!r}")
        return super().__new__(cls, text)

    @property
    def year(self) -> int:
        """The year, four digits."""
        return int(self[:4])

    @property
    def month(self) -> int:
        """The month, 1 to 12."""
        return int(self[5:])


if TYPE_CHECKING:
    # A struct has ``dataclass_transform``, for which type checkers evaluate all that can be reached from a model.
    # The stubs spell constructors out instead.
    StructMeta = type

    class Struct:
        __struct_fields__: ClassVar[tuple[str, ...]]

        def __init_subclass__(cls, **options: Any) -> None: ...

else:
    from msgspec import Struct, StructMeta


class ModelMeta(StructMeta):
    """Marks what the caller builds, and names the nearest property when one is misspelt."""

    # Type checkers go by the constructors of the stubs.
    if not TYPE_CHECKING:

        def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], /, **options: Any) -> Any:
            known = [base.__name__ for base in bases if base.__module__ == MODELS]
            if known and namespace.get("__module__") != MODELS:
                # It would be lost as soon as an instance is read, copied or pickled.
                raise TypeError(
                    f"{known[0]} is a model of the API and cannot be subclassed; write functions that take it"
                )
            return super().__new__(mcs, name, bases, namespace, **options)

        def __call__(cls, /, *args: Any, **values: Any) -> Any:
            try:
                instance = super().__call__(*args, **values)
            except TypeError as error:
                raise TypeError(_constructor_hint(cls, args, values) or str(error)) from None
            if "_origin" in values:
                raise TypeError(_constructor_hint(cls, args, values))
            instance._origin = UNSET
            return instance

        @property
        def __signature__(cls) -> Signature:
            whole = super().__signature__
            return whole.replace(parameters=[p for p in whole.parameters.values() if not p.name.startswith("_")])


def _constructor_hint(cls: Any, args: tuple[Any, ...], values: Mapping[str, Any]) -> str:
    if args:
        return f"{cls.__name__}() takes keyword arguments only"
    known = [name for name in cls.__struct_fields__ if not name.startswith("_")]
    for name in values:
        if name not in known:
            return f"{cls.__name__}() has no property {name!r}.{nearest(name, known)}"
    return ""


class Model(
    Struct,
    metaclass=ModelMeta,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    eq=False,
    gc=False,
    rename={"_origin": ORIGIN_WIRE},
):
    """Base of all models.

    Absent and null are both ``None`` when read; when written, ``None`` is left out and :data:`NULL` sends
    null. Properties that the installed catalog does not know are kept in :attr:`extra_fields` and written
    back.

    >>> from genesyscloud.models import Division
    >>> division = Division(name="Sales")
    >>> division.to_json()
    b'{"name":"Sales"}'
    """

    _origin: Any = None
    #: Wire name to attribute name of the properties beyond the definition that this class knows.
    _extra_slots: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Make an instance from a dict with the names of the wire, as a reply would be read.

        Raises:
            TypeError: ``value`` is not a mapping.
        """
        if not isinstance(value, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{cls.__name__}.from_dict() takes a mapping, not {type(value).__name__}")
        return cls.from_json(_codec().encode(value))

    @classmethod
    def from_json(cls, data: bytes | str, *, strict: bool = False) -> Self:
        """Make an instance from JSON, as a reply would be read.

        Args:
            data: a JSON object.
            strict: raise :class:`~genesyscloud.errors.DriftError` where the JSON differs from the definition.

        Raises:
            ValueError: ``data`` is not JSON, or not an object.
        """
        return _read_object(cls, data, f"#{cls.__name__}", strict)

    def to_json(self) -> bytes:
        """Return what goes on the wire."""
        return _codec().encode(self)

    def to_dict(self) -> dict[str, Any]:
        """Return what goes on the wire as a dict: names of the wire, dates as strings."""
        return _codec().to_plain(self)

    @property
    def extra_fields(self) -> Mapping[str, Any]:
        """Properties that the server sent and the catalog does not know, by their names on the wire.

        They are written back as they are. To send other values, change what :meth:`to_dict` returns, and send that.
        """
        return MappingProxyType(_extra(self))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model) or type(self).__name__ != type(other).__name__:
            return NotImplemented
        return _named(self) == _named(other) and self.extra_fields == other.extra_fields

    def __ne__(self, other: object) -> bool:
        # Spelt out because the struct has one of its own, which asks for identity.
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleMethodOverride]

    def __delattr__(self, name: str) -> None:
        """Leave the property ``name`` out again, as ``None`` does."""
        if name.startswith("_") or name not in self.__struct_fields__:
            raise AttributeError(f"{type(self).__name__} has no property {name!r}")
        setattr(self, name, None)

    def __repr__(self) -> str:
        most = len(_named(self)) + REPR_UNKNOWN
        return f"{type(self).__name__}({_show_named(_all_named(self), REPR_DEPTH, most)})"

    def __reduce__(self) -> tuple[Any, ...]:
        from . import drift

        # By the names of the wire: another version of the definition may know more of them, or fewer.
        name = type(self).__name__
        values = {wire: value for wire, (attribute, *_) in drift.properties(name).items()
                  if (value := getattr(self, attribute)) is not None}  # fmt: skip
        confused = [wire for wire in values if drift.is_confused(name, wire)]
        return (_restore, (name, values | _extra(self), self._origin is UNSET, confused))


class FreeForm(dict[str, Any]):
    """Base of models about which the definition says nothing: any JSON object.

    Where a reply contains one it is plain decoded JSON; the class is for those who like to name it.
    """

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Make an instance from a mapping."""
        return cls(value)

    @classmethod
    def from_json(cls, data: bytes | str, *, strict: bool = False) -> Self:
        """Make an instance from a JSON object; raises :class:`ValueError` for anything else."""
        return cls(_read_object(cls, data, "o", strict))

    def to_json(self) -> bytes:
        """Return what goes on the wire."""
        return _codec().encode(self)

    def to_dict(self) -> dict[str, Any]:
        """Return what goes on the wire as a plain dict."""
        return _codec().to_plain(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_show_named(self, REPR_DEPTH, REPR_UNKNOWN)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore_free_form, (type(self).__name__, dict(self)))


def _codec() -> Any:
    """The codec, imported when it is needed: it is made for models, so it cannot come before them."""
    from . import codec

    return codec


def _read_object(cls: type, data: bytes | str, type_: str, strict: bool) -> Any:
    """Read the JSON of an instance of ``cls``; ``type_`` says what is made of it."""
    codec = _codec()
    try:
        value = codec.decode(data.encode() if isinstance(data, str) else data, type_, strict=strict)
    except (codec.NotJson, UnicodeEncodeError) as error:
        raise codec.NotJson(f"{cls.__name__}.from_json() takes JSON: {error}") from None
    if isinstance(value, Model) or (type_ == "o" and isinstance(value, dict)):
        return cast("Any", value)
    raise ValueError(f"{cls.__name__}.from_json() takes a JSON object, not {type(value).__name__}")


def _named(model: Model) -> dict[str, Any]:
    """The properties of the definition that are set, by their Python names."""
    return {
        name: value
        for name in model.__struct_fields__
        if name[0] != "_" and (value := getattr(model, name)) is not None
    }


def _show_model(value: Model, depth: int) -> str:
    """A model inside something else: only the first of its values, which tend to be id and name."""
    values = _all_named(value)
    if depth <= 0 and values:
        return f"{type(value).__name__}(…)"
    return f"{type(value).__name__}({_show_named(values, depth, REPR_ITEMS)})"


def _all_named(value: Model) -> dict[str, Any]:
    return _named(value) | _extra(value)


def _extra(model: Model) -> dict[str, Any]:
    """The properties beyond the definition, by their names on the wire."""
    slots = type(model)._extra_slots  # pyright: ignore[reportPrivateUsage]
    found = {wire: value for wire, name in slots.items() if (value := getattr(model, name)) is not UNSET}
    more = getattr(model, "_more", UNSET)
    return found if more is UNSET else found | more


def _show_named(values: Mapping[str, Any], depth: int, most: int) -> str:
    shown = [
        f"{name}={'***' if is_secret_name(str(name)) else _show(value, depth - 1)}"
        for name, value in islice(values.items(), most)
    ]
    return ", ".join([*shown, "…"] if len(values) > most else shown)


def _show(value: Any, depth: int) -> str:
    """A value in a few words, secrets hidden."""
    if isinstance(value, Model):
        return _show_model(value, depth)
    if isinstance(value, list):
        items = cast("list[Any]", value)
        if items and (depth < 0 or len(items) > REPR_ITEMS):
            return f"[{_show(items[0], 0) if depth >= 0 else ''}… {len(items)} items]"
        return f"[{', '.join(_show(item, depth - isinstance(item, list)) for item in items)}]"
    if isinstance(value, dict):
        values = cast("dict[str, Any]", value)
        if values and (depth < 0 or len(values) > REPR_ITEMS):
            return f"{{… {len(values)} items}}"
        return f"{{{_show_named(values, depth, REPR_ITEMS)}}}"
    if isinstance(value, str) and len(value) > REPR_LIMIT:
        value = value[:REPR_LIMIT] + "…"
    return value.isoformat() if isinstance(value, date) else repr(value)


def _restore(name: str, values: dict[str, Any], built: bool, confused: list[str]) -> Model:
    from . import drift

    return drift.instance(name, values, built, confused)


def _restore_free_form(name: str, value: dict[str, Any]) -> FreeForm:
    from . import classes

    return classes.model_class(name)(value)
