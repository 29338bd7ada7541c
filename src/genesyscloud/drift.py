"""What happens when a reply does not fit the definition: nothing of it is lost, and nothing raises.

The API gains fields every fortnight, so for an installation a few months old a drifting reply is the normal
case. The first time an unknown property is seen, classes that know it are built (subclasses of the public
ones), and from then on replies with it are read in one pass in C like any other. A value of the wrong type
is kept as it came; that takes a slower pass through Python, and one warning per property.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec
from msgspec import UNSET

from . import classes, codec, model
from .catalog import catalog, describe_type
from .forks import hold_during_fork

__all__ = ["Misfits", "current", "has_halves", "has_open_models", "instance", "is_confused", "lenient", "note_halves"]

#: Unknown properties of one model that get a slot of their own; the rest share one dict per instance.
MAX_EXTRA = 64

_log = logging.getLogger("genesyscloud.drift")
_lock = threading.Lock()
hold_during_fork(_lock)
_current = classes.BASE
_confused: set[tuple[str, str]] = set()
#: Stands in ``_confused`` for texts that were cut in the middle of a character.
_HALVES = ("", "half of a character")


def current() -> classes.Family:
    """Return the classes that know all properties seen so far."""
    return _current


def has_open_models() -> bool:
    """Whether any model got so many unknown properties that they share a dict."""
    return bool(_current.open_models)


def is_confused(model_name: str, wire: str) -> bool:
    """Whether the server was seen to send a value of another type than the definition says."""
    return (model_name, wire) in _confused


def note_halves() -> None:
    """Remember that the server sent half of a character, so that it may go back."""
    with _lock:
        fresh = _HALVES not in _confused
        _confused.add(_HALVES)
    if fresh:
        _log.warning("half of a character came in a reply (a lone surrogate); kept as it came")


def has_halves() -> bool:
    """Whether the server was seen to send half of a character."""
    return _HALVES in _confused


def lenient(plain: Any, type_: str) -> Any:
    """Make what the definition promises out of decoded JSON, as far as it goes.

    Args:
        plain: dicts, lists, strings, numbers.
        type_: the promised type, in the catalog's notation.
    """
    builder = _Builder(_current)
    result = builder.build(plain, type_)
    if not builder.unknown:
        return result
    _learn(builder.unknown)
    return _Builder(_current).build(plain, type_)


def instance(name: str, sent: Mapping[str, Any], built: bool, confused: Iterable[str] = ()) -> model.Model:
    """Make an instance again from its values by their wire names, which may be beyond the definition.

    Args:
        name: the model.
        sent: values as the instance had them.
        built: whether the caller built it.
        confused: wire names for which :func:`is_confused` was true where the instance came from.
    """
    known = properties(name)
    values = {known[wire][0]: value for wire, value in sent.items() if wire in known}
    extra = {wire: value for wire, value in sent.items() if wire not in known}
    if extra:
        _learn({name: dict.fromkeys(extra)})
    for wire in confused:
        _confused.add((name, wire))
    made = _instance(_current.model(name), values, extra)
    made._origin = UNSET if built else None  # pyright: ignore[reportPrivateUsage]
    return made


def _instance(cls: Any, values: dict[str, Any], extra: Mapping[str, Any]) -> model.Model:
    if extra:
        slots = cls._extra_slots
        more = {wire: value for wire, value in extra.items() if wire not in slots}
        values |= {slots[wire]: value for wire, value in extra.items() if wire in slots}
        if more:
            values["_more"] = more
    return msgspec.StructMeta.__call__(cls, **values)


def _learn(unknown: Mapping[str, Mapping[str, None]]) -> None:
    """Make classes for unknown properties."""
    global _current
    with _lock:
        extra, open_models = dict(_current.extra), _current.open_models
        for name, wires in unknown.items():
            known = extra.get(name, ())
            fresh = [wire for wire in wires if wire not in known]
            if not fresh or name in open_models:
                continue
            for wire in fresh:
                _log.info("%s.%s is not in the installed definition; kept in extra_fields", name, ascii(wire)[1:-1])
            named = [*known, *filter(_is_name, fresh)]
            extra[name] = tuple(named[:MAX_EXTRA])
            if len(known) + len(fresh) > len(extra[name]):
                open_models |= {name}
        if extra != _current.extra or open_models != _current.open_models:
            _current = classes.Family(extra, open_models)


def _is_name(wire: str) -> bool:
    """Whether a property can be called so: not when half of a character is in it."""
    try:
        wire.encode()
    except UnicodeEncodeError:
        return False
    return True


_EXPECTED: dict[str, tuple[type, ...]] = {
    "s": (str,),
    "u": (str,),
    "i": (int,),
    "l": (int,),
    "f": (int, float),
    "b": (bool,),
}


_CONTAINERS = frozenset("[{#")


class Misfits(list[Any]):
    """A list of a reply in which some items are of another type than the definition says; it may go back like that."""

    __slots__ = ()


class _Builder:
    """One walk over decoded JSON; ``unknown`` collects properties that the classes do not know.

    It keeps its own list of what is still to do, so that no reply is too deep for it.
    """

    def __init__(self, family: classes.Family) -> None:
        self.family = family
        self.unknown: dict[str, dict[str, None]] = {}
        self._todo: list[tuple[Any, Any, Any, str, tuple[str, str]]] = []

    def build(self, plain: Any, type_: str) -> Any:
        """Return ``plain`` as ``type_``."""
        root = [plain]
        todo = self._todo
        todo.append((root, 0, plain, type_, ("", "")))
        while todo:
            target, key, value, inner, where = todo.pop()
            made = self.make(value, inner, where)
            if isinstance(target, model.Model):
                setattr(target, key, made)
            else:
                target[key] = made
        return root[0]

    def make(self, plain: Any, type_: str, where: tuple[str, str]) -> Any:
        """Return ``plain`` as ``type_``, what is inside put off; ``where`` is the model and wire name."""
        kind, inner = type_[0], type_[1:]
        if kind == "#":
            return self.model(plain, inner, where)
        if kind == "[" and isinstance(plain, list):
            items = cast("list[Any]", plain)
            made = [None] * len(items)
            fit = all(self.fits(item, inner) for item in items)
            return self.fill(made if fit else Misfits(made), enumerate(items), inner, where)
        if kind == "{" and isinstance(plain, dict):
            values = cast("dict[str, Any]", plain)
            return self.fill(dict.fromkeys(values), values.items(), inner, where)
        return self.scalar(plain, type_, where)

    def fits(self, plain: Any, type_: str) -> bool:
        """Whether ``plain`` can be ``type_``, but for what is inside of it."""
        kind = type_[0]
        if kind == "#":
            return isinstance(plain, dict) or issubclass(self.family.model(type_[1:]), model.FreeForm)
        if kind in _CONTAINERS:
            return isinstance(plain, list if kind == "[" else dict)
        return self.convert(plain, type_)[1]

    def fill(self, made: Any, items: Iterable[tuple[Any, Any]], type_: str, where: tuple[str, str]) -> Any:
        if type_[0] in _CONTAINERS:
            self._todo += [(made, key, value, type_, where) for key, value in items]
        else:
            for key, value in items:
                made[key] = self.scalar(value, type_, where)
        return made

    def model(self, plain: Any, name: str, where: tuple[str, str]) -> Any:
        cls = self.family.model(name)
        if issubclass(cls, model.FreeForm):
            return plain
        if not isinstance(plain, dict):
            return self.confusion(plain, f"#{name}", where)
        values: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        inside: list[tuple[str, Any, str, tuple[str, str]]] = []
        known, slots = properties(name), cls._extra_slots
        sent = cast("dict[str, Any]", plain)
        for wire, value in sent.items():
            if wire not in known:
                extra[wire] = value
            elif value is not None:
                attribute, type_, here = known[wire]
                if type_[0] in _CONTAINERS:
                    inside.append((attribute, value, type_, here))
                else:
                    values[attribute] = self.scalar(value, type_, here)
        if not extra.keys() <= slots.keys() and name not in self.family.open_models:
            self.unknown.setdefault(name, {}).update(dict.fromkeys(extra))
            extra = {wire: value for wire, value in extra.items() if wire in slots}
        made = _instance(cls, values, extra)
        self._todo += [(made, *rest) for rest in inside]
        return made

    def scalar(self, plain: Any, type_: str, where: tuple[str, str]) -> Any:
        value, fits = self.convert(plain, type_)
        return value if fits else self.confusion(plain, type_, where)

    def convert(self, plain: Any, type_: str) -> tuple[Any, bool]:
        """``plain`` as the scalar ``type_``, and whether it can be that."""
        if type_ == "o":
            return plain, True
        expected = _EXPECTED.get(type_)
        if expected is not None:
            return plain, isinstance(plain, expected) and (type_ == "b" or not isinstance(plain, bool))
        try:
            return msgspec.convert(plain, self.family.annotation(type_), dec_hook=codec.decode_other), True
        except msgspec.ValidationError:
            return plain, False

    def confusion(self, plain: Any, type_: str, where: tuple[str, str]) -> Any:
        with _lock:
            fresh = where not in _confused
            _confused.add(where)
        if fresh:
            _log.warning(
                "%s: %s came where the definition says %s; kept as it came",
                ".".join(filter(None, where)) or "reply",
                "null" if plain is None else type(plain).__name__,
                describe_type(type_),
            )
        return plain


@functools.cache
def properties(name: str) -> dict[str, tuple[str, str, tuple[str, str]]]:
    """Wire name to (attribute name, type, (model, wire name)) of the properties of a model."""
    return {p.wire: (p.name, p.type, (name, p.wire)) for p in catalog().model(name).properties}
