"""Whatever a service sends becomes a value; what a file says becomes settings or a line in the log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesyscloud.compat import reading
from genesyscloud.compat.face import models
from genesyscloud.compat.face.rest import ApiException
from genesyscloud.compat.model import Model, plain
from genesyscloud.compat.settingsfile import SettingsFile

TEXTS = st.text(max_size=12) | st.sampled_from(["2026-01-02T03:04:05Z", "2026-02-30", "2026-01", "active", "1", "1e9"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | TEXTS
NAMES = st.sampled_from(
    ["id", "state", "version", "dateLastLogin", "addresses", "division", "manager", "entities", "x"]
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
TYPES = ["User", "list[User]", "dict(str, User)", "UserEntityListing", "datetime", "date", "YearMonth", "int", "float",
         "bool", "str", "object", "list[int]", "CaseplanCreate", "HomerRecord"]  # fmt: skip


@given(VALUES, st.sampled_from(TYPES))
def test_anything_is_read_or_a_date_is_refused(value: Any, type_: str) -> None:
    try:
        found = reading.convert(json.loads(json.dumps(value)), type_)
    except ApiException:
        # A text where a date should be.
        return
    assert found is None or repr(found) is not None
    if isinstance(found, Model):
        assert found == found
        json.dumps(plain(found))


def test_a_model_that_does_not_exist_is_named() -> None:
    with pytest.raises(AttributeError, match="NoSuchModel"):
        reading.convert([1], "list[NoSuchModel]")


def test_an_unknown_property_is_passed_over() -> None:
    user: Any = reading.convert({"id": "u1", "brandNew": 1}, "User")
    assert plain(user) == {"id": "u1"}
    assert not hasattr(user, "brand_new")


def test_an_instance_holds_what_was_set_until_someone_looks() -> None:
    from genesyscloud.compat.model import contents

    user: Any = models.User()
    user.name = "x"
    assert contents(user) == {"_name": "x"}
    assert vars(user)["_id"] is None
    assert vars(user)["attribute_map"]["self_uri"] == "selfUri"
    assert len(contents(user)) > 10


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_file_is_settings_or_a_line_in_the_log(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "config"
    path.write_bytes(data)
    found: list[Any] = []
    SettingsFile(str(path), found.append)
    assert all(isinstance(values, dict) for values in found)
