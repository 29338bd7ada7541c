"""Reading definitions: today's, older ones, dirty ones and wrecks."""

from __future__ import annotations

import ast
import copy
from functools import cache
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesyscloud.build.compile import compile_catalog
from genesyscloud.build.stubs import render_stubs
from genesyscloud.build.swagger import Definition, DefinitionError, read_swagger
from genesyscloud.catalog import Catalog, Limits, ModelRecord, OperationRecord

FILE = Path(__file__).parents[1] / "definition" / "publicapi-v2.json"

Json = dict[str, Any]
#: Of an operation for which that is not the question.
PERMISSIONS: Json = {"x-inin-requires-permissions": {}}


@cache
def real() -> Json:
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, Any])


def document(paths: Json | None = None, **keys: Any) -> Json:
    return {"swagger": "2.0", "info": {"version": "v2"}, "paths": paths or {}, **keys}


def one_operation(path: str = "/api/v2/things", method: str = "get", **keys: Any) -> tuple[OperationRecord, list[str]]:
    operation: Json = {"operationId": "getThings", "tags": ["Things"], "responses": {}, **PERMISSIONS, **keys}
    found = read_swagger(document({path: {method: operation}}))
    return found.operations[0], found.notes


def one_model(schema: Any, **others: Any) -> tuple[ModelRecord, list[str]]:
    found = read_swagger(document(definitions={"Thing": schema, **others}))
    return next(model for model in found.models if model.name == "Thing"), found.notes


def types(schema: Any, **others: Any) -> dict[str, str]:
    record, _ = one_model({"type": "object", "properties": schema}, **others)
    return {prop.name: prop.type for prop in record.properties}


# --- today's definition ---------------------------------------------------------------------------------


@cache
def as_read() -> Definition:
    return read_swagger(real())


def test_the_definition_is_read_whole() -> None:
    found = as_read()
    assert (len(found.operations), len(found.models)) == (3355, 6651)
    assert sum(1 for model in found.models if model.free_form) == 65
    assert found.source_version == real()["info"].get("x-source-version", found.version)


def test_an_operation_as_the_definition_says() -> None:
    found = as_read()
    record = next(operation for operation in found.operations if operation.name == "get_routing_queues")
    raw = real()["paths"]["/api/v2/routing/queues"]["get"]
    assert (record.id, record.method, record.path) == ("getRoutingQueues", "GET", "/api/v2/routing/queues")
    assert [p.wire for p in record.parameters] == [p["name"] for p in raw["parameters"]]
    assert (record.result, record.body, record.groups) == ("#QueueEntityListing", "", ["routing"])
    assert record.permissions == raw["x-inin-requires-permissions"]["permissions"]


def test_every_tag_of_an_operation_is_a_group() -> None:
    found = as_read()
    members = {group.name: set(group.operations) for group in found.groups}
    for operation in found.operations:
        assert all(operation.name in members[name] for name in operation.groups)
        assert operation.groups


def test_path_parameters_come_first_in_the_order_of_the_path() -> None:
    for operation in as_read().operations:
        places = [p.place == "path" for p in operation.parameters]
        assert places == sorted(places, reverse=True)
        in_path = [operation.path.index(f"{{{p.wire}}}") for p in operation.parameters if p.place == "path"]
        assert in_path == sorted(in_path)


# --- what is no definition ------------------------------------------------------------------------------


@pytest.mark.parametrize("wreck", [
    None, [], "", 1, {}, {"swagger": "1.2", "paths": {}}, {"openapi": "3.0.0", "paths": {}}, {"swagger": "2.0"},
    {"swagger": "2.0", "paths": []},
])  # fmt: skip
def test_other_documents_are_refused(wreck: Any) -> None:
    with pytest.raises(DefinitionError, match=r"not a Swagger|no 'paths'"):
        read_swagger(wreck)


# --- dirt ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("base", "path", "full"), [
    (None, "/api/v2/things", "/api/v2/things"),
    ("", "/api/v2/things", "/api/v2/things"),
    ("/", "/api/v2/things", "/api/v2/things"),
    ("/api/v2", "/things", "/api/v2/things"),
    ("/api/v2/", "/things", "/api/v2/things"),
    ("/api/v2", "/api/v2/things", "/api/v2/things"),
])  # fmt: skip
def test_base_path(base: str | None, path: str, full: str) -> None:
    keys = {} if base is None else {"basePath": base}
    found = read_swagger(document({path: {"get": {"operationId": "getThings"}}}, **keys))
    assert found.operations[0].path == full


def test_array_items_that_are_just_objects() -> None:
    assert types({"a": {"type": "array", "items": {"type": "object"}}}) == {"a": "[o"}


def test_a_path_parameter_that_the_path_does_not_contain_is_passed_over() -> None:
    record, notes = one_operation(parameters=[{"in": "path", "name": "thingId", "type": "string", "required": True}])
    assert record.parameters == []
    assert notes == ["GET /api/v2/things: passed over path parameter 'thingId': the path does not contain it"]


def test_a_path_parameter_that_is_not_declared_is_a_string() -> None:
    record, notes = one_operation("/api/v2/things/{thingId}")
    assert [(p.name, p.place, p.type, p.required) for p in record.parameters] == [("thing_id", "path", "s", True)]
    assert "'thingId' is not declared" in notes[0]


def test_unknown_formats_keep_the_type_and_are_noted() -> None:
    record, notes = one_model(
        {"properties": {"a": {"type": "string", "format": "smell"}, "b": {"type": "integer", "format": "int9"}}}
    )
    assert [prop.type for prop in record.properties] == ["s", "l"]
    assert notes[0] == "model Thing.a: unknown format 'smell' of 'string'; taken as a plain string"
    assert len(notes) == 2


def test_formats_of_this_api() -> None:
    formats = {
        "a": "local-date-time",
        "b": "date-time",
        "c": "date",
        "d": "year-month",
        "e": "uuid",
        "f": "uri",
        "g": None,
    }
    found = types({name: {"type": "string", "format": form} for name, form in formats.items()})
    assert "".join(found.values()) == "LtdYuss"
    assert types({"a": {"type": "integer", "format": "int32"}, "b": {"type": "integer"}}) == {"a": "i", "b": "l"}


def test_unknown_types_are_free_form_and_noted() -> None:
    record, notes = one_model({"properties": {"a": {"type": "color"}, "b": {}, "c": {"type": "array"}}})
    assert [prop.type for prop in record.properties] == ["o", "o", "[o"]
    assert len(notes) == 2


def test_missing_references_are_free_form_and_noted() -> None:
    record, notes = one_model({"properties": {"a": {"$ref": "#/definitions/Nothing"}}})
    assert record.properties[0].type == "o"
    assert "'#/definitions/Nothing' does not exist" in notes[0]


def test_aliases_stand_for_their_type() -> None:
    found = types(
        {
            "a": {"$ref": "#/definitions/Names"},
            "b": {"$ref": "#/definitions/Again"},
            "c": {"$ref": "#/definitions/Map"},
        },
        Names={"type": "array", "items": {"type": "string"}},
        Again={"$ref": "#/definitions/Names"},
        Map={"type": "object", "additionalProperties": {"type": "integer"}},
    )
    assert found["a"] == "[s"
    assert found["c"] == "{l"
    assert found["b"] == "[s"


def test_an_alias_of_itself_ends() -> None:
    record, notes = one_model(
        {"properties": {"a": {"$ref": "#/definitions/Loop"}}},
        Loop={"type": "array", "items": {"$ref": "#/definitions/Loop"}},
    )
    assert record.properties[0].type.strip("[") == "o"
    assert any("without end" in note for note in notes)


def test_all_of_joins_properties_and_the_own_ones_win() -> None:
    record, _ = one_model(
        {"allOf": [{"$ref": "#/definitions/Base"}, {"properties": {"b": {"type": "string"}}}],
         "properties": {"a": {"type": "integer"}}, "required": ["b"]},
        Base={"type": "object", "properties": {"a": {"type": "string"}, "z": {"type": "boolean"}}, "required": ["z"]},
    )  # fmt: skip
    assert {p.name: (p.type, p.required) for p in record.properties} == {
        "a": ("l", False), "z": ("b", True), "b": ("s", True),
    }  # fmt: skip


def test_all_of_itself_ends() -> None:
    record, _ = one_model({"allOf": [{"$ref": "#/definitions/Thing"}], "properties": {"a": {"type": "string"}}})
    assert [prop.name for prop in record.properties] == ["a"]


@pytest.mark.parametrize("identifier", [None, "", "!!", "1st", "class", ["a"]])
def test_a_missing_or_useless_operation_id_is_made_up(identifier: Any) -> None:
    record, notes = one_operation("/api/v2/things/{thingId}/parts", operationId=identifier)
    made_up = ("getThingsThingIdParts", "get_things_thing_id_parts")
    assert (record.id, record.name) == (("['a']", "a") if identifier == ["a"] else made_up)
    assert identifier == ["a"] or "operationId" in notes[0]


def test_models_whose_names_are_no_classes_are_passed_over() -> None:
    record, notes = one_model(
        {"properties": {"a": {"$ref": "#/definitions/Pair«A»"}, "b": {"$ref": "#/definitions/None"}}},
        **{"Pair«A»": {"type": "object"}, "None": {"type": "object"}},
    )
    assert [prop.type for prop in record.properties] == ["o", "o"]
    assert any("model 'None'" in note for note in notes)


def test_an_object_outside_the_body_is_free_form() -> None:
    found = read_swagger(document(
        {"/a": {"get": {"operationId": "getA", "parameters": [
            {"in": "query", "name": "q", "type": "array", "items": {"$ref": "#/definitions/A"}}]}}},
        definitions={"A": {"properties": {"x": {}}}},
    ))  # fmt: skip
    assert found.operations[0].parameters[0].type == "[o"
    assert "an object outside the body" in found.notes[0]


def test_the_second_of_two_equal_names_gets_another() -> None:
    same: Json = {"operationId": "getThings", "responses": {}, **PERMISSIONS}
    found = read_swagger(document({"/a": {"get": same}, "/b": {"get": same}, "/{b}": {"get": same}}))
    assert [(o.path, o.id, o.name) for o in found.operations] == [
        ("/a", "getThings", "get_things"),
        ("/b", "getB", "get_b"),
        ("/{b}", "getB2", "get_b2"),
    ]
    assert found.notes[0] == "GET /b: its name get_things is taken by GET /a; called getB"


def test_what_permissions_are_needed_may_not_be_said_at_all() -> None:
    found = read_swagger(document({"/a": {"get": {"operationId": "getA", "responses": {}}}}))
    assert found.operations[0].permissions_unknown
    assert found.notes == ["the document: it does not say which permissions operations need"]
    assert not one_operation()[0].permissions_unknown


@pytest.mark.parametrize("base", ["api", "/api", "/api/", "api/"])
@pytest.mark.parametrize("path", ["/v2/u", "v2/u"])
def test_a_path_begins_with_a_slash_whatever_is_given(base: str, path: str) -> None:
    """Else it would become a part of the host's name, and the token would go there."""
    found = read_swagger(document({path: {"get": {"operationId": "getU"}}}, basePath=base))
    assert found.operations[0].path == "/api/v2/u"


def test_replies_by_default_and_by_reference() -> None:
    schema: Json = {"schema": {"type": "string"}}
    assert one_operation(responses={"default": schema})[0].result == "s"
    assert one_operation(responses={"default": {"description": "any"}})[1] == []
    assert one_operation(responses={"default": schema, "204": {}})[0].result == ""
    paths: Json = {"/a": {"get": {"responses": {"200": {"$ref": "#/responses/Ok"}}, **PERMISSIONS}}}
    assert read_swagger(document(paths, responses={"Ok": schema})).operations[0].result == "s"
    assert "'#/responses/Ok' passed over" not in read_swagger(document(paths)).notes[0]
    assert any("'#/responses/Ok': it does not exist" in note for note in read_swagger(document(paths)).notes)


def test_a_type_in_a_part_of_its_own() -> None:
    others: Json = {"U": {"properties": {"x": {}}}, "E": {"type": "string", "enum": ["p", None, "q"]}}
    record, notes = one_model(
        {
            "properties": {
                "one": {"allOf": [{"$ref": "#/definitions/U"}], "description": "as tools write it"},
                "two": {"allOf": [{"$ref": "#/definitions/U"}, {"type": "object"}]},
                "any": {"oneOf": [{"type": "string"}]},
                "bare": {"enum": ["a", "b"]},
                "alias": {"$ref": "#/definitions/E"},
                "list": {"items": {"$ref": "#/definitions/E"}},
                "pair": {"type": "array", "items": [{"type": "string"}]},
                "flag": {"type": "boolean", "enum": [True]},
                "offset": {"type": "integer", "enum": [None, 1]},
                'q"q': {"type": "string"},
            }
        },
        **others,
    )
    found = {p.wire: (p.type, p.enum) for p in record.properties}
    assert found == {
        "one": ("#U", None), "two": ("o", None), "any": ("o", None), "bare": ("s", ["a", "b"]),
        "alias": ("s", ["p", "q"]), "list": ("[s", ["p", "q"]), "pair": ("[o", None),
        "flag": ("b", None), "offset": ("l", ["1"]),
    }  # fmt: skip
    assert [note.partition(":")[0] for note in notes] == [
        f"model Thing.{name}" for name in ("two", "any", "pair", 'q"q')
    ]


def test_parts_that_are_missing_or_turn_in_circles_are_noted() -> None:
    record, notes = one_model(
        {"allOf": [{"$ref": "#/definitions/Gone"}, {"$ref": "#/definitions/B"}]},
        B={"allOf": [{"$ref": "#/definitions/Thing"}] * 3, "properties": {"b": {"type": "string"}}},
    )
    assert [p.wire for p in record.properties] == ["b"]
    assert "'#/definitions/Gone': it does not exist" in notes[0]
    assert "'Thing': it contains itself" in notes[1]
    chain: Json = {f"M{n}": {"allOf": [{"$ref": f"#/definitions/M{n + 1}"}]} for n in range(40)}
    record, notes = one_model({"allOf": [{"$ref": "#/definitions/M0"}]}, **chain, M40={"properties": {"last": {}}})
    assert ([p.wire for p in record.properties], notes) == (["last"], [])


def test_tags_are_counted_once() -> None:
    record, _ = one_operation(tags=["Users", "users", "Users"])
    assert record.groups == ["users"]
    record, notes = one_operation(tags="Users")
    assert (record.groups, len(notes)) == (["users"], 1)


def test_models_that_are_nothing_are_noted() -> None:
    assert read_swagger(document(definitions=[])).notes == ["definitions: passed over: not an object"]
    assert read_swagger(document(definitions={"A": None})).notes == ["model 'A': taken as free-form: not an object"]


def test_parameters_and_properties_whose_names_collide_are_told_apart() -> None:
    names = ("pageSize", "page_size", "page-size", "body", "from")
    record, _ = one_operation(parameters=[{"in": "query", "name": name, "type": "string"} for name in names])
    assert [p.name for p in record.parameters] == ["page_size", "page_size_", "page_size__", "body_", "from_"]
    assert list(types({"selfUri": {"type": "string"}, "self_uri": {"type": "string"}, "toDict": {}})) == [
        "self_uri", "self_uri_", "to_dict_",
    ]  # fmt: skip


def test_vendor_extensions_are_used_where_they_are() -> None:
    plain, _ = one_operation()
    assert (plain.permissions, plain.preview, plain.deprecated, plain.permissions_any) == ([], False, False, True)
    extensions: Json = {
        "x-inin-requires-permissions": {"type": "ALL", "permissions": ["a:b:c"]}, "x-genesys-preview": True,
        "deprecated": True, "x-other": {"any": ["thing"]},
    }  # fmt: skip
    marked, _ = one_operation(**extensions)
    assert (marked.permissions, marked.preview, marked.deprecated, marked.permissions_any) == (
        ["a:b:c"],
        True,
        True,
        False,
    )


def test_shared_parameters_and_references_to_parameters() -> None:
    found = read_swagger(document(
        {"/a/{id}": {"parameters": [{"$ref": "#/parameters/Id"}], "get": {"operationId": "getA", "parameters": [
            {"$ref": "#/parameters/Missing"}]}}},
        parameters={"Id": {"in": "path", "name": "id", "type": "string"}},
    ))  # fmt: skip
    assert [p.name for p in found.operations[0].parameters] == ["id"]
    again = {"in": "path", "name": "id", "type": "integer"}
    item = {
        "parameters": [{"in": "path", "name": "id", "type": "string"}],
        "get": {"operationId": "getA", "parameters": [again]},
    }
    own = read_swagger(document({"/a/{id}": item})).operations[0].parameters
    assert [(p.name, p.type) for p in own] == [("id", "l")]
    assert any("'#/parameters/Missing'" in note for note in found.notes)


def test_what_an_operation_cannot_send_is_noted() -> None:
    record, notes = one_operation(parameters=[{"in": "cookie", "name": "c"}, {"in": "formData", "name": "f"}])
    assert record.parameters == []
    assert len(notes) == 2


def test_limits_enums_and_defaults() -> None:
    record, _ = one_operation(parameters=[
        {"in": "query", "name": "n", "type": "integer", "minimum": 1, "maximum": 9, "default": 3},
        {"in": "query", "name": "e", "type": "array", "items": {"type": "string", "enum": ["a", 1]}},
        {"in": "header", "name": "If-Match", "type": "string", "maxLength": 5, "pattern": "x+"},
    ])  # fmt: skip
    number, enum, header = record.parameters
    assert (number.limits, number.default) == (Limits(1, 9), 3)
    assert (enum.type, enum.enum) == ("[s", ["a", "1"])
    assert (header.name, header.limits) == ("if_match", Limits(max_length=5, pattern="x+"))


def test_the_result_is_that_of_the_first_success_with_a_body() -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    responses: Json = {
        "default": {"schema": {}},
        "404": {"schema": {}},
        "202": {"schema": schema},
        "200": {"description": ""},
    }
    assert one_operation(responses=responses)[0].result == "[s"
    assert one_operation(responses={"204": {}})[0].result == ""


def test_models_without_properties_are_free_form() -> None:
    assert one_model({"type": "object"})[0].free_form
    assert one_model({})[0].free_form


# --- wrecks -------------------------------------------------------------------------------------------------

SCRAPS: list[Any] = [
    None, True, -2.5, "", "x", [], {}, [None], ["a", 2, {}], [[1]], {"$ref": 1}, {"$ref": "#/definitions/Queue"},
    {"type": []}, {"type": "array", "items": []}, {"x": {"$ref": []}},
]  # fmt: skip
PATHS = ("/api/v2/routing/queues", "/api/v2/users/{userId}", "/api/v2/scim/users/{userId}")
MODELS = ("Queue", "QueueEntityListing", "ErrorBody", "Pattern", "ScimV2User", "DocumentBodyBlock", "JsonNode")


@cache
def sample() -> bytes:
    """A part of the definition that has a bit of everything."""
    whole = real()
    parts: Json = {key: value for key, value in whole.items() if key not in ("paths", "definitions", "tags")}
    parts["tags"] = whole["tags"][:3]
    parts["paths"] = {path: whole["paths"][path] for path in PATHS}
    parts["definitions"] = {name: whole["definitions"][name] for name in MODELS if name in whole["definitions"]}
    parts["definitions"]["Joined"] = {"allOf": [{"$ref": "#/definitions/Queue"}, {"properties": {"extra": {}}}]}
    return msgspec.json.encode(parts)


def places(value: Any) -> list[tuple[Any, Any]]:
    """(container, key) of everything inside ``value``."""
    keys: list[Any] = list(cast("Json", value)) if isinstance(value, dict) else list(range(len(value)))
    inner = [place for key in keys if isinstance(value[key], dict | list) for place in places(value[key])]
    return [*((value, key) for key in keys), *inner]


changes = st.tuples(st.integers(0, 10_000), st.sampled_from([*SCRAPS, ...]))


@given(st.lists(changes, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_mangled_definition_is_read_or_refused(mangling: list[tuple[int, Any]]) -> None:
    """Scraps in the place of values, or values taken away: what can be read of the rest makes a catalog and stubs."""
    wreck = msgspec.json.decode(sample())
    for number, scrap in mangling:
        container, key = places(wreck)[number % len(places(wreck))] if wreck else ({"": 0}, "")
        if scrap is ...:
            del container[key]
        else:
            container[key] = copy.deepcopy(scrap)
    try:
        definition = read_swagger(wreck)
    except DefinitionError:
        return
    assert all(isinstance(note, str) for note in definition.notes)
    found = Catalog(compile_catalog(definition))
    assert len([*found.operations(), *found.models(), *found.groups()]) >= len(definition.operations)
    for text in render_stubs(found).values():
        ast.parse(text)
