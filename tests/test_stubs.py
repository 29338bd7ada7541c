"""Stubs and run time say the same, for every operation and every model."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import genesyscloud
from genesyscloud import models
from genesyscloud.build.compile import compile_catalog
from genesyscloud.build.hints import Names, of_body, of_parameter, of_property, of_result
from genesyscloud.build.shards import Layout, packed
from genesyscloud.build.stubs import class_name, render_stubs
from genesyscloud.build.swagger import read_swagger
from genesyscloud.catalog import Catalog, ParameterRecord, PropertyRecord, catalog, model_in
from genesyscloud.model import FreeForm, Model
from genesyscloud.operations import operation

PACKAGE = Path(genesyscloud.__file__).parent
CASES = Path(__file__).parent / "typing"


@pytest.fixture(scope="module")
def stubs() -> dict[str, ast.Module]:
    return {path: ast.parse(text) for path, text in render_stubs(catalog()).items()}


def classes(tree: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def all_classes(stubs: dict[str, ast.Module], *, models: bool) -> dict[str, ast.ClassDef]:
    """The classes of models, which have a base, or those of groups, which have none."""
    found = [cls for path, tree in stubs.items() if path.startswith("_api/") for cls in classes(tree).values()]
    return {cls.name: cls for cls in found if bool(cls.bases) == models}


def test_no_class_is_in_two_places(stubs: dict[str, ast.Module]) -> None:
    names = [name for path, tree in stubs.items() if path.startswith("_api/") for name in classes(tree)]
    assert len(names) == len(set(names)) == len(catalog().model_names()) + 2 * len(catalog().header.groups)


def imported(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    """(module, name there, name here) of every import from another stub."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.module or "", alias.name, alias.asname or alias.name


def attributes(cls: ast.ClassDef) -> list[str]:
    return [n.target.id for n in cls.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]


def test_the_installed_stubs_are_those_of_the_installed_catalog() -> None:
    for path, text in render_stubs(catalog()).items():
        assert (PACKAGE / path).read_text(encoding="utf-8") == text, f"{path} is stale; python -m genesyscloud.build"


def test_no_shard_is_large_and_every_path_is_short() -> None:
    for path, text in render_stubs(catalog()).items():
        assert len(text.encode()) < 600_000
        assert len(f"genesyscloud/{path}") <= 100


def test_both_faces_have_the_groups_of_the_catalog(stubs: dict[str, ast.Module]) -> None:
    face = classes(stubs["groups.pyi"])
    groups = catalog().header.groups
    for name, prefix in (("SyncGroups", ""), ("AsyncGroups", "Async")):
        assert attributes(face[name]) == groups
        annotated = [node.annotation.id for node in face[name].body if isinstance(node, ast.AnnAssign)]  # type: ignore[attr-defined]
        assert annotated == [f"{prefix}{class_name(group)}" for group in groups]


@pytest.mark.parametrize("prefix", ["", "Async"])
def test_every_operation_has_the_same_signature_as_at_run_time(stubs: dict[str, ast.Module], prefix: str) -> None:
    found = all_classes(stubs, models=False)
    wanted = ast.AsyncFunctionDef if prefix else ast.FunctionDef
    seen: set[str] = set()
    for group in catalog().groups():
        methods = found[prefix + class_name(group.name)].body
        assert [method.name for method in methods if isinstance(method, wanted)] == group.operations
        assert len(methods) == len(group.operations)
        for method in methods:
            assert isinstance(method, wanted)
            assert shape_of_stub(method.args) == shape_at_run_time(method.name), method.name
            seen.add(method.name)
    assert seen == set(catalog().operation_names())


def shape_of_stub(args: ast.arguments) -> list[tuple[str, str, bool]]:
    """(name, kind, required) per parameter."""
    assert not args.posonlyargs
    assert not args.vararg
    assert not args.kwarg
    optional = len(args.args) - len(args.defaults)
    shape = [(a.arg, "POSITIONAL_OR_KEYWORD", n < optional) for n, a in enumerate(args.args)][1:]
    return shape + [
        (a.arg, "KEYWORD_ONLY", default is None) for a, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
    ]


def shape_at_run_time(name: str) -> list[tuple[str, str, bool]]:
    parameters = operation(name).__signature__.parameters.values()
    return [(p.name, p.kind.name, p.default is inspect.Parameter.empty) for p in parameters]


def test_deprecated_operations_are_marked(stubs: dict[str, ast.Module]) -> None:
    marked = {
        node.name
        for cls in all_classes(stubs, models=False).values()
        for node in cls.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list
    }
    assert marked == {record.name for record in catalog().operations() if record.deprecated}


def test_every_model_has_the_same_attributes_as_at_run_time(stubs: dict[str, ast.Module]) -> None:
    found = all_classes(stubs, models=True)
    assert sorted(found) == catalog().model_names()
    for name, stub in found.items():
        cls = getattr(models, name)
        if issubclass(cls, FreeForm):
            assert ast.unparse(stub) == f"class {name}(_FreeForm):\n    ..."
            continue
        assert issubclass(cls, Model)
        fields = [field for field in cls.__struct_fields__ if not field.startswith("_")]
        assert attributes(stub) == fields, name
        (constructor,) = (node for node in stub.body if isinstance(node, ast.FunctionDef))
        assert constructor.name == "__init__"
        assert shape_of_stub(constructor.args) == [(field, "KEYWORD_ONLY", False) for field in fields], name


def test_an_attribute_is_what_its_argument_is(stubs: dict[str, ast.Module]) -> None:
    for name, cls in all_classes(stubs, models=True).items():
        fields = {n.target.id: ast.unparse(n.annotation) for n in cls.body if isinstance(n, ast.AnnAssign)}  # type: ignore[attr-defined]
        arguments = {
            a.arg: ast.unparse(a.annotation)
            for node in cls.body
            if isinstance(node, ast.FunctionDef)
            for a in node.args.kwonlyargs
            if a.annotation
        }
        assert fields == arguments, name


def test_the_public_face_exports_every_model_explicitly(stubs: dict[str, ast.Module]) -> None:
    exported = list(imported(stubs["models.pyi"]))
    assert sorted(name for _, name, _ in exported) == catalog().model_names()
    assert all(name == alias for _, name, alias in exported)


def test_every_name_that_a_shard_imports_is_defined_there(stubs: dict[str, ast.Module]) -> None:
    defined = {path.removesuffix(".pyi").replace("/", "."): set(classes(tree)) for path, tree in stubs.items()}
    for path, tree in stubs.items():
        for module, name, _ in imported(tree):
            for home in (module, f"_api.{module}"):
                if home in defined:
                    assert name in defined[home], f"{path}: {module} has no {name}"


def test_every_name_that_a_shard_uses_is_known(stubs: dict[str, ast.Module]) -> None:
    for path, tree in stubs.items():
        known = set(classes(tree)) | {name for _, _, name in imported(tree)} | {"_dt", "tuple"}
        known |= {
            n.targets[0].id for n in tree.body if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)
        }
        used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        assert used <= known, f"{path}: {used - known}"


def test_no_attribute_hides_a_name_that_annotations_use(stubs: dict[str, ast.Module]) -> None:
    """``list: list[str]`` would make the next ``list[…]`` wrong; private aliases keep that from happening."""
    for name, cls in (all_classes(stubs, models=True) | all_classes(stubs, models=False)).items():
        own = {*attributes(cls), *(n.name for n in cls.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))}
        used = {n.id for n in ast.walk(cls) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        assert not own & used, name


def test_pages_are_those_of_operations_that_page(stubs: dict[str, ast.Module]) -> None:
    pages = {
        name: ast.unparse(cls.bases[1]) for name, cls in all_classes(stubs, models=True).items() if len(cls.bases) > 1
    }
    assert set(pages) == {record.result[1:] for record in catalog().operations() if record.paging}
    assert pages["QueueEntityListing"] == "_Paged[Queue, QueueEntityListing]"


def test_what_a_call_takes_and_returns_is_in_few_files() -> None:
    """A type checker that reads a call reads the file of its group, and those of models that others have too."""
    operations = {record.name: record for record in catalog().operations()}
    packs = packed(catalog().groups())
    layout = Layout(packs, operations, {model.name: model for model in catalog().models()})
    for pack, groups in packs.items():
        for name in (name for group in groups for name in group.operations):
            outer = {model_in(type_) for type_ in (operations[name].body, operations[name].result)} - {""}
            assert not [model for model in outer if layout.home[model].startswith("inner")], f"{pack}: {name}"
    assert layout.home["Queue"] == layout.home["User"] == "shared0"
    assert layout.home["CreateQueueRequest"] == layout.home["QueueEntityListing"] == "routing"


def test_what_most_programs_use_is_cut_finer(stubs: dict[str, ast.Module]) -> None:
    """Of a popular group, a program loads the half that it calls, and the models of the resource that is largest."""
    assert "AsyncRoutingApi" in classes(stubs["_api/routing_async.pyi"])
    assert "AsyncRoutingApi" not in classes(stubs["_api/routing.pyi"])
    assert "InboundDomain" in classes(stubs["_api/routing_minor.pyi"])
    assert "AsyncOutboundApi" in classes(stubs["_api/outbound.pyi"])
    assert "_api/users_minor.pyi" not in stubs, "its models are few"


@pytest.mark.parametrize(
    ("type_", "read", "body"),
    [
        ("s", "_str", "_str"),
        ("[l", "_list[_int]", "_Sequence[_int]"),
        ("{[f", "_dict[_str, _list[_float]]", "_Mapping[_str, _Sequence[_float]]"),
        ("t", "_dt.datetime", "_dt.datetime | _str"),
        ("#Queue", "Queue", "Queue | _T0"),
        ("[#Queue", "_list[Queue]", "_Sequence[Queue | _T0]"),
        ("o", "_Any", "_Any"),
        ("", "None", None),
    ],
)
def test_hints(type_: str, read: str, body: str | None) -> None:
    assert of_result(type_, str) == read
    if body:
        names = Names()
        assert of_body(type_, str, names) == body
        assert names.properties() == "_T0"
        assert names.spelled("a: _T0") == "a: _Mapping[_str, _Any]"


def test_known_values_are_a_hint_and_long_ones_are_named_once() -> None:
    short, long = ["a", "b", "a"], [f"value_{number}" for number in range(20)]
    names = Names()
    assert names.known(short) == "_Literal['a', 'b'] | _str"
    assert names.known(long) == names.known(long) == "_E0"
    assert of_parameter(ParameterRecord("p", "p", "query", "[s", enum=long), names) == "_Iterable[_E0]"
    assert of_parameter(ParameterRecord("p", "p", "query", "l", enum=["1"]), names) == "_int"


def test_what_is_repeated_has_a_name_and_the_rest_is_written_out() -> None:
    names = Names()
    often = of_property(PropertyRecord("p", "p", "[s"), str, names)
    rare = of_property(PropertyRecord("q", "q", "#Queue"), str, names)
    text = names.spelled(f"a: {often}\nb: {often}\nc: {often}\nd: {rare}\ne: {rare}\n")
    assert (
        text == f"{often} = _list[_str] | None\na: {often}\nb: {often}\nc: {often}\nd: Queue | None\ne: Queue | None\n"
    )


def test_awkward_text_stays_python() -> None:
    document = {
        "swagger": "2.0",
        "paths": {
            "/a\"\"\"\\b": {"get": {"operationId": "getIt", "tags": ["It"], "x-inin-requires-permissions": {
                "permissions": ['say:"""', "back\\slash"]}, "responses": {}}},
        },
    }  # fmt: skip
    for text in render_stubs(Catalog(compile_catalog(read_swagger(document)))).values():
        ast.parse(text)


@pytest.mark.parametrize("checker", ["pyright", "mypy"])
def test_type_checkers_see_what_we_promise(checker: str) -> None:
    """The files in ``typing/`` assert types; their ``ignore`` comments are errors where nothing is wrong."""
    options = {
        "pyright": ["--pythonpath", sys.executable, "--project", str(CASES)],
        "mypy": ["--config-file", str(CASES / "mypy.ini"), str(CASES)],
    }[checker]
    # The package under test, also where it was found through a relative PYTHONPATH.
    env = os.environ | {"PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [sys.executable, "-m", checker, *options], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
