"""All API classes, each made when it is first touched: ``apis.UsersApi``, and ``apis.users_api.UsersApi`` as well."""

from __future__ import annotations

import threading
from typing import Any

from ...catalog import GroupRecord, catalog
from ..finder import submodule
from ..methods import build
from ..naming import class_of_tag, module_of_class

#: The import system looks for submodules only below a package; :mod:`genesyscloud.compat.finder` makes them.
__path__: list[str] = []

_lock = threading.RLock()
_groups: dict[str, GroupRecord] = {}
_modules: dict[str, str] = {}


def names() -> list[str]:
    """Return the names of all classes."""
    return list(_known())


def class_of_module(name: str) -> str | None:
    """Return the class whose module has that name (``users_api``), or ``None``."""
    _known()
    return _modules.get(name)


def _known() -> dict[str, GroupRecord]:
    if not _groups:
        with _lock:
            groups = {class_of_tag(group.tag): group for group in catalog().groups()}
            _modules.update({module_of_class(name): name for name in groups})
            _groups.update(groups)
    return _groups


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return names()
    if name.endswith("Api") and name in _known():
        with _lock:
            return globals().setdefault(name, build(name, _known()[name]))
    if name.endswith("_api") and class_of_module(name) is not None:
        return submodule(f"apis.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*_known(), *_modules])
