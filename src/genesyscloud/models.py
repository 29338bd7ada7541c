"""All models of the API: ``from genesyscloud.models import Queue, User``.

Classes are made when they are first asked for. Type checkers read the generated ``models.pyi``.
"""

from __future__ import annotations

from typing import Any

from .catalog import catalog
from .classes import model_class
from .names import nearest


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        found = model_class(name)
    except KeyError:
        hint = nearest(name, catalog().model_names())
        raise AttributeError(f"there is no model {name!r} in the API.{hint}") from None
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return catalog().model_names()
