"""The vendor's name, for programs that import it: what they get is made by :mod:`genesyscloud.compat`."""

from __future__ import annotations

import sys
from importlib import import_module

from genesyscloud.compat import install

# The import system takes what is in the place of this module when it has run.
del sys.modules[__name__]
install()
import_module(__name__)
