"""Types of the catalog as annotations in a stub.

Every name that a stub needs from elsewhere is imported under a private alias: models are called ``Literal``,
``Pattern`` and ``Warning``, and properties ``list``, ``date`` and ``type``, so the plain names are not safe.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from ..catalog import ParameterRecord, PropertyRecord, model_in

__all__ = ["Names", "header", "of_body", "of_parameter", "of_property", "of_result"]

#: What annotations made here may need, by the module that has it.
_IMPORTS = {
    "builtins": ("bool", "dict", "float", "int", "list", "str"),
    "collections.abc": ("Iterable", "Mapping", "Sequence"),
    "typing": ("Any", "Literal"),
    "typing_extensions": ("deprecated",),
    "..paging": ("Paged",),
    "..model": ("FreeForm", "Model", "YearMonth"),
}
_NAME = re.compile(r"\b_\w+")


def header(text: str) -> str:
    """The lines that import what the annotations in ``text`` use; a shard opens with them."""
    used = set(_NAME.findall(text))
    lines = ["import datetime as _dt\n"] if "_dt" in used else []
    for module, names in _IMPORTS.items():
        needed = ", ".join(f"{name} as _{name}" for name in names if f"_{name}" in used)
        lines += [f"from {module} import {needed}\n"] if needed else []
    return "".join(lines)


READ = {
    "s": "_str",
    "u": "_str",
    "i": "_int",
    "l": "_int",
    "f": "_float",
    "b": "_bool",
    "t": "_dt.datetime",
    "L": "_dt.datetime",
    "d": "_dt.date",
    "Y": "_YearMonth",
    "o": "_Any",
}
#: Whoever has the text of a date may pass it as an argument.
WRITE = READ | {
    "t": "_dt.datetime | _str",
    "L": "_dt.datetime | _str",
    "d": "_dt.date | _str",
    "Y": "_YearMonth | _str",
}
INTERVAL = "_str | tuple[_dt.datetime, _dt.datetime]"
#: Characters; a set of values that takes less is written out wherever it is used.
LONG_ENUM = 50
#: An annotation that is used no more often is written out. Properties use theirs twice: as attribute and as argument.
RARE = 2

ModelNames = Callable[[str], str]


class Names:
    """Names that one shard gives to the annotations that it repeats: the less text, the faster is a type checker."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def spelled(self, classes: str) -> str:
        """The text of ``classes``, which use the names, below their definitions. Rare ones are written out."""
        uses = Counter(_NAME.findall(classes))
        rare = {name: text for text, name in self._names.items() if name.startswith("_T") and uses[name] <= RARE}
        lines = [f"{name} = {text}\n" for text, name in self._names.items() if name not in rare]
        return "".join(lines) + _NAME.sub(lambda name: rare.get(name[0], name[0]), classes)

    def optional(self, text: str) -> str:
        """The annotation ``text``, or ``None``."""
        return self._name("_T", f"{text} | None")

    def properties(self) -> str:
        """The annotation of a plain mapping that stands for a model."""
        return self._name("_T", "_Mapping[_str, _Any]")

    def known(self, values: list[str] | None) -> str:
        """Any string, with the known ones for completion: the service adds values at any time."""
        if not values:
            return ""
        text = f"_Literal[{', '.join(repr(value) for value in dict.fromkeys(values))}] | _str"
        return text if len(text) < LONG_ENUM else self._name("_E", text)

    def _name(self, prefix: str, text: str) -> str:
        return self._names.setdefault(text, f"{prefix}{len(self._names)}")


def of_property(record: PropertyRecord, name_of: ModelNames, names: Names) -> str:
    """The annotation of a property. ``name_of`` gives the name of a model in the shard."""
    return names.optional(_read(record.type, name_of, names.known(record.enum)))


def of_result(type_: str, name_of: ModelNames) -> str:
    """The annotation of what an operation returns."""
    return _read(type_, name_of, "") if type_ else "None"


def of_parameter(record: ParameterRecord, names: Names) -> str:
    """The annotation of a path, query or header parameter."""
    known = names.known(record.enum)
    if record.type == "s" and record.wire.lower().endswith("interval"):
        known = INTERVAL
    return _argument(record.type, known)


def of_body(type_: str, name_of: ModelNames, names: Names, also: Iterable[str] = ()) -> str:
    """The annotation of a body: models, or the plain mappings that stand for them.

    Args:
        type_: of the body.
        name_of: gives the name of a model in the shard.
        names: of the shard.
        also: other models that are taken: those that a caller read, and sends back.
    """
    if type_.startswith("["):
        return f"_Sequence[{of_body(type_[1:], name_of, names)}]"
    if type_.startswith("{"):
        return f"_Mapping[_str, {of_body(type_[1:], name_of, names)}]"
    if not model_in(type_):
        return WRITE[type_]
    models = [name_of(name) for name in (model_in(type_), *also)]
    return "_Any" if "_Any" in models else " | ".join([*models, names.properties()])


def _read(type_: str, name_of: ModelNames, known: str) -> str:
    if type_.startswith("["):
        return f"_list[{_read(type_[1:], name_of, known)}]"
    if type_.startswith("{"):
        return f"_dict[_str, {_read(type_[1:], name_of, known)}]"
    if model_in(type_):
        return name_of(model_in(type_))
    return known if known and type_ == "s" else READ[type_]


def _argument(type_: str, known: str) -> str:
    if type_.startswith("["):
        return f"_Iterable[{_argument(type_[1:], known)}]"
    return known if known and type_ == "s" else WRITE[type_]
