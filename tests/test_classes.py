"""Classes made from the catalog."""

# Names that do not exist are asked for on purpose.
# pyright: reportAttributeAccessIssue=false, reportUnknownMemberType=false

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from genesyscloud import classes, models
from genesyscloud.build.compile import compile_catalog
from genesyscloud.build.swagger import read_swagger
from genesyscloud.catalog import Catalog, catalog
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
from genesyscloud.build.compile import compile_catalog
from genesyscloud.build.swagger import read_swagger
from genesyscloud.catalog import Catalog, catalog
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


def test_properties_may_be_called_as_the_types_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a cycle annotations are text, which is read among the names of the properties."""
    itself = {"$ref": "#/definitions/Odd"}
    properties = {
        "list": {"type": "array", "items": itself},
        "dict": {"type": "object", "additionalProperties": {"type": "array", "items": itself}},
        "str": itself,
        "None": itself,
    }
    document = {"swagger": "2.0", "paths": {}, "definitions": {"Odd": {"properties": properties}}}
    odd = Catalog(compile_catalog(read_swagger(document)))
    monkeypatch.setattr(classes, "catalog", lambda: odd)
    cls = classes.Family().model("Odd")
    inner = msgspec.json.decode(b'{"str":{"list":[{"dict":{"a":[{}]}}],"None":{}}}', type=cls)
    assert isinstance(inner.str.list[0].dict["a"][0], cls)
