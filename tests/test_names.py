"""Names: one rule, legal Python, no collisions."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.catalog import catalog
from genesyscloud.names import RESERVED_ATTRIBUTES, attribute_name, nearest, snake_case


@pytest.mark.parametrize(("wire", "python"), [
    ("getUsersMe", "get_users_me"),
    ("resourceURIs", "resource_uris"),
    ("If-Match", "if_match"),
    ("HTTPServer", "http_server"),
    ("userIDs", "user_ids"),
    ("ipv4Address", "ipv4_address"),
    ("IPv6", "ipv6"),
    ("urn:ietf:params:scim:schemas:core:2.0:User", "urn_ietf_params_scim_schemas_core_2_0_user"),
    ("custom.field.name", "custom_field_name"),
    ("$ref", "ref"),
    ("already_snake", "already_snake"),
    ("", ""),
])  # fmt: skip
def test_snake_case(wire: str, python: str) -> None:
    assert snake_case(wire) == python


@pytest.mark.parametrize(("wire", "python"), [
    ("from", "from_"), ("self", "self_"), ("toDict", "to_dict_"), ("extraFields", "extra_fields_"), ("24h", "n24h"),
    ("$", "field"), ("list", "list"),
])  # fmt: skip
def test_attribute_name(wire: str, python: str) -> None:
    assert attribute_name(wire) == python


def test_a_taken_name_gets_an_underscore_until_it_is_free() -> None:
    assert attribute_name("selfUri", ["self_uri", "self_uri_"]) == "self_uri__"


@given(st.text(max_size=30), st.sets(st.sampled_from(["a", "a_", "from_", "field"])))
def test_any_name_becomes_legal_python(wire: str, taken: set[str]) -> None:
    name = attribute_name(wire, taken)
    assert name.isidentifier()
    assert name.isascii()
    assert not keyword.iskeyword(name)
    assert name not in taken
    assert name not in RESERVED_ATTRIBUTES


@given(st.text(max_size=30))
def test_the_rule_is_stable(wire: str) -> None:
    assert snake_case(snake_case(wire)) == snake_case(wire)


def test_names_of_the_api_are_legal_and_unambiguous() -> None:
    for operation in catalog().operations():
        names = [p.name for p in operation.parameters]
        assert len({*names, "body", "self"}) == len(names) + 2
        assert all(name.isidentifier() and not keyword.iskeyword(name) for name in [*names, operation.name])
    for model in catalog().models():
        names = [p.name for p in model.properties]
        assert len({*names, *RESERVED_ATTRIBUTES}) == len(names) + len(RESERVED_ATTRIBUTES)
        assert all(name.isidentifier() and not keyword.iskeyword(name) for name in [*names, model.name])
        assert not any(name.startswith("_") for name in names)


def test_nearest() -> None:
    assert nearest("get_queue", ["get_queues", "post_queue", "x"]) == " Did you mean 'get_queues'?"
    assert nearest("zzz", ["get_queues"]) == ""
    assert nearest("a", []) == ""
