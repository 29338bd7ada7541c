"""All models, each made when it is first touched: ``models.User``, and ``models.user.User`` as well."""

from __future__ import annotations

import threading
from typing import Any

from ...catalog import catalog
from ..finder import submodule
from ..model import build
from ..naming import module_of_class

#: The import system looks for submodules only below a package; :mod:`genesyscloud.compat.finder` makes them.
__path__: list[str] = []

_lock = threading.RLock()
_modules: dict[str, str] = {}


def class_of_module(name: str) -> str | None:
    """Return the model whose module has that name (``user_me``), or ``None``."""
    if not _modules:
        with _lock:
            _modules.update({module_of_class(model): model for model in catalog().model_names()})
    return _modules.get(name)


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return catalog().model_names()
    if not name.startswith("_"):
        if name[0].isupper():
            return _model(name)
        if class_of_module(name) is not None:
            return submodule(f"models.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _model(name: str) -> Any:
    with _lock:
        found = globals().get(name)
        if found is None:
            try:
                record = catalog().model(name)
            except KeyError:
                raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
            found = globals()[name] = build(record)
        return found


def __dir__() -> list[str]:
    return sorted([*catalog().model_names(), *map(module_of_class, catalog().model_names())])
