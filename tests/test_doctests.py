"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import genesyscloud


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(genesyscloud.__path__, "genesyscloud."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def test_examples_in_docstrings() -> None:
    attempted = 0
    for module in _modules():
        # Not doctest.testmod: it touches every attribute, and some modules make those on touch.
        examples = doctest.DocTestFinder(exclude_empty=True).find(module, globs=dict(vars(module)))
        runner = doctest.DocTestRunner()
        for example in examples:
            runner.run(example)
        assert not runner.failures, module.__name__
        attempted += runner.tries
    assert attempted > 10
