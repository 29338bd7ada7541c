"""A local Genesys Cloud: in this process for tests, or a server for everything else.

>>> from genesyscloud.sandbox import Sandbox
>>> with Sandbox() as sandbox:
...     gc = sandbox.client()
"""

from __future__ import annotations

from . import adminpage as adminpage  # Its entries are there once it is imported.
from .core import Sandbox
from .faults import Fault
from .settings import Settings

__all__ = ["Fault", "Sandbox", "Settings"]
