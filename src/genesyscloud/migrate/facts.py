"""What the catalog says about names and arguments of the vendor's package: pure look-ups, no syntax."""

from __future__ import annotations

import functools
from typing import NamedTuple

from ..catalog import OperationRecord, catalog
from ..compat.finder import NAME
from ..compat.naming import attribute, class_of_tag, module_of_class, positional

__all__ = ["NAME", "Arguments", "Thing", "arguments", "has_property", "is_free_form", "operation", "renamed", "resolve"]

#: Modules of the vendor's package that hold one class each, and that class.
_CLASSES = {
    "ApiClient": "api_client",
    "ApiException": "rest",
    "ApiNullValue": "api_null_value",
    "Configuration": "configuration",
    "PureCloudRegionHosts": "purecloud_region_hosts",
}
#: Names that the package itself has.
_AT_TOP = frozenset({"ApiClient", "ApiNullValue", "PureCloudRegionHosts"})


class Thing(NamedTuple):
    """What a dotted name below the vendor's stands for.

    ``kind`` is ``api``, ``model``, ``configuration``, or the name of one of the other classes; empty for what is not
    known here. ``name`` is that of the group of an API class, or of a model. ``rest`` is what follows the name.
    """

    kind: str
    name: str = ""
    rest: tuple[str, ...] = ()


def resolve(path: tuple[str, ...]) -> Thing:
    """Return what a dotted name, without the vendor's own in front, stands for.

    >>> resolve(("apis", "users_api", "UsersApi"))
    Thing(kind='api', name='users', rest=())
    >>> resolve(("configuration", "host"))
    Thing(kind='configuration', name='', rest=('host',))
    """
    if not path:
        return Thing("")
    first, *rest = path
    if first == "configuration":
        return Thing("configuration", "", tuple(rest))
    if first in _AT_TOP:
        return Thing(first, "", tuple(rest))
    if rest and _CLASSES.get(rest[0]) == first:
        return Thing(rest[0], "", tuple(rest[1:]))
    if first in ("apis", "models"):
        for length in (1, 2):
            found = _generated(first, tuple(rest[:length]))
            if found is not None:
                return found._replace(rest=tuple(rest[length:]))
        return Thing("")
    found = _generated("apis", (first,)) or _generated("models", (first,))
    return found._replace(rest=tuple(rest)) if found is not None else Thing("")


def _generated(package: str, path: tuple[str, ...]) -> Thing | None:
    if not path or (len(path) == 2 and module_of_class(path[1]) != path[0]):
        return None
    name = path[-1]
    if package == "apis":
        return Thing("api", _groups()[name]) if name in _groups() else None
    return Thing("model", name) if name in _models() else None


@functools.cache
def _groups() -> dict[str, str]:
    return {class_of_tag(group.tag): group.name for group in catalog().groups()}


@functools.cache
def _models() -> frozenset[str]:
    return frozenset(catalog().model_names())


@functools.cache
def _operations() -> frozenset[str]:
    return frozenset(catalog().operation_names())


def operation(name: str) -> OperationRecord | None:
    """Return the operation of that name, if there is one."""
    return catalog().operation(name) if name in _operations() else None


def is_free_form(model: str) -> bool:
    """Whether a model is any JSON object: a dict in this package, an object without properties in the vendor's."""
    return catalog().model(model).free_form


def has_property(model: str, name: str) -> bool:
    """Whether a model has a property, by the vendor's name of it."""
    return any(attribute(entry) == name for entry in catalog().model(model).properties)


@functools.cache
def renamed() -> dict[str, str]:
    """Return the properties that have another name here, by the vendor's name."""
    names: dict[str, str] = {}
    for model in catalog().models():
        for entry in model.properties:
            theirs = attribute(entry)
            if theirs != entry.name:
                names[theirs] = entry.name
    return names


class Arguments(NamedTuple):
    """How arguments of one operation are passed.

    ``theirs`` are the positional ones of the vendor's method, ``ours`` those of this package, both by our names;
    ``names`` leads from the vendor's name of each argument to ours.
    """

    theirs: tuple[str, ...]
    ours: tuple[str, ...]
    names: dict[str, str]

    @property
    def same_positions(self) -> bool:
        """Whether positional arguments mean the same."""
        return self.theirs == self.ours[: len(self.theirs)]

    @property
    def same_names(self) -> bool:
        """Whether names mean the same."""
        return all(theirs == ours for theirs, ours in self.names.items())


def arguments(record: OperationRecord) -> Arguments:
    """Return how arguments of an operation are passed.

    >>> found = arguments(catalog().operation("post_flows_datatable_rows"))
    >>> found.theirs, found.names["data_table_row"]
    (('datatable_id', 'body'), 'body')
    """
    names = {attribute(entry): entry.name for entry in record.parameters}
    ours = [entry.name for entry in record.parameters if entry.place == "path"]
    if record.body:
        names[record.body_name] = "body"
        ours.append("body")
    return Arguments(tuple(names[name] for name in positional(record)), tuple(ours), names)
