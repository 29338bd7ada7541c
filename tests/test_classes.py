"""Classes made from the catalog."""

# Names that do not exist are asked for on purpose.
# pyright: reportAttributeAccessIssue=false, reportUnknownMemberType=false

from __future__ import annotations

import subprocess
import sys

import pytest

from genesyscloud import classes, models
from genesyscloud.catalog import catalog
from genesyscloud.model import FreeForm, Model


def test_one_class_per_name() -> None:
    assert classes.model_class("Queue") is classes.BASE.model("Queue") is models.Queue
    with pytest.raises(KeyError):
        classes.model_class("Kueue")
    with pytest.raises(AttributeError, match=r"there is no model 'Kueue' in the API\. Did you mean 'Queue'"):
        models.Kueue  # noqa: B018
    with pytest.raises(ImportError):
        from genesyscloud.models import Kueue  # pyright: ignore # noqa: F401


def test_models_lists_its_names() -> None:
    assert dir(models) == catalog().model_names()


def test_models_without_properties_are_free_form() -> None:
    assert issubclass(models.JsonNode, FreeForm)
    assert not issubclass(models.JsonNode, Model)


def test_a_family_without_drift_in_reach_uses_the_public_classes() -> None:
    family = classes.Family({"Division": ("zz",)})
    assert family.model("Division") is not models.Division
    assert issubclass(family.model("User"), models.User)
    assert family.model("User") is not models.User
    assert family.model("Language") is models.Language


def test_threads_make_one_class_per_name_and_read_with_whole_classes() -> None:
    """In a process of its own: the first touch is what matters, and a half-made class crashes."""
    script = """
import sys, threading
sys.setswitchinterval(1e-6)
from genesyscloud import codec, models
from genesyscloud.catalog import catalog
names = [r.name for r in catalog().models() if r.cyclic_with][:40]
found, start = [], threading.Barrier(16)
def work():
    start.wait()
    got = []
    for name in names:
        value = codec.decode(b'{}', f"#{name}", strict=True)
        got.append((getattr(models, name), type(value)))
    found.append(got)
threads = [threading.Thread(target=work) for _ in range(16)]
for t in threads: t.start()
for t in threads: t.join()
assert len(found) == 16 and all(got == found[0] for got in found)
assert all(a is b for a, b in found[0])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
