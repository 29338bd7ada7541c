"""Lets the import system answer ``PureCloudPlatformClientV2`` and everything below it with the vendor's face.

A module of the face is one object with two names, so that there is one ``configuration`` whatever it was imported as.
Modules of single models and API classes exist only when someone imports them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["FACE", "NAME", "Finder", "submodule"]

NAME = "PureCloudPlatformClientV2"
FACE = f"{__package__}.face"
_MODULES = frozenset({"abstract_http_client", "api_client", "api_null_value", "apis", "configuration",
                      "default_http_client", "gateway_configuration", "http_request_options", "logger", "models",
                      "purecloud_region_hosts", "rest", "utils", "year_month"})  # fmt: skip
_GENERATED = ("apis", "models")


class Finder:
    """Finds the modules of the face. Not derived from the base class of finders, which takes longer to import."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to load ``fullname``, or ``None`` when it is not below the vendor's name."""
        name, _, tail = fullname.partition(".")
        if name != NAME:
            return None
        if not tail or tail in _MODULES:
            package = not tail or tail in _GENERATED
            alias: Any = _Alias(f"{FACE}.{tail}" if tail else FACE)
            return ModuleSpec(fullname, alias, is_package=package)
        kind, _, module = tail.partition(".")
        if kind in _GENERATED and module:
            found: str | None = import_module(f"{FACE}.{kind}").class_of_module(module)
            if found is not None:
                generated: Any = _Generated(kind, found)
                return ModuleSpec(fullname, generated)
        return None


class _Alias:
    """Loads a module of the face by its other name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module that has another name already."""
        module = import_module(self._name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Leave it as it is."""
        # The import system has written the other name into it.
        module.__spec__ = self._spec
        if self._name == FACE:
            # Loaded now, it would take the place of the settings that have its name.
            sys.modules[f"{NAME}.configuration"] = sys.modules[f"{FACE}.configuration"]


class _Generated:
    """Makes the module of one model or API class."""

    def __init__(self, kind: str, name: str) -> None:
        self._kind = kind
        self._name = name

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to the import system."""

    def exec_module(self, module: ModuleType) -> None:
        """Put the class into it."""
        setattr(module, self._name, getattr(import_module(f"{FACE}.{self._kind}"), self._name))


def submodule(tail: str) -> ModuleType:
    """Return the module of one model or API class (``models.user``), whether or not the face is installed."""
    name = f"{NAME}.{tail}"
    found = sys.modules.get(name)
    if found is None:
        spec = Finder().find_spec(name)
        assert spec is not None
        assert spec.loader is not None
        found = ModuleType(name)
        found.__spec__ = spec
        spec.loader.exec_module(found)
        sys.modules[name] = found
    return found
