"""Existing scripts for the vendor's ``PureCloudPlatformClientV2``, unchanged on this package's engine.

``python -m genesyscloud.compat script.py`` runs one; :func:`install` does the same from code. What is deliberately
different is listed in :mod:`genesyscloud.compat.differences` and in ``docs/compat.md``.
"""

from __future__ import annotations

import sys

from .finder import NAME, Finder

__all__ = ["NAME", "install", "installed", "uninstall"]

_finder = Finder()


def install() -> None:
    """Have ``import PureCloudPlatformClientV2`` answered by this package from now on, in this process.

    Also where the vendor's package is installed. To be called before the first import; twice does no harm.

    Raises:
        RuntimeError: the vendor's package is already imported.

    >>> import genesyscloud.compat
    >>> genesyscloud.compat.install()
    >>> from PureCloudPlatformClientV2 import UsersApi
    >>> UsersApi.__module__
    'PureCloudPlatformClientV2.apis.users_api'
    """
    if installed():
        return
    loaded = sys.modules.get(NAME)
    if loaded is not None and not loaded.__name__.startswith(__name__):
        raise RuntimeError(f"{NAME} is already imported; call genesyscloud.compat.install() before that")
    sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Leave imports to others again; modules that are loaded stay with those who have them."""
    if installed():
        sys.meta_path.remove(_finder)
    for name in [name for name in sys.modules if name == NAME or name.startswith(f"{NAME}.")]:
        del sys.modules[name]


def installed() -> bool:
    """Whether imports of the vendor's name are answered by this package."""
    return _finder in sys.meta_path
