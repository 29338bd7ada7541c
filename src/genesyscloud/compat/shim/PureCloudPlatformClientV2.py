"""The vendor's name where nobody has called ``install()``: a process that a running script has started."""

from __future__ import annotations

import sys
from importlib import import_module

from genesyscloud.compat import install

# The import system takes what is in the place of this module when it has run.
del sys.modules[__name__]
install()
import_module(__name__)
