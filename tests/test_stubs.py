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
from genesyscloud.build.hints import Enums, of_body, of_parameter, of_property, of_result
from genesyscloud.build.stubs import class_name, render_stubs
from genesyscloud.build.swagger import read_swagger
from genesyscloud.catalog import Catalog, ParameterRecord, PropertyRecord, catalog
from genesyscloud.model import FreeForm, Model
from genesyscloud.operations import operation

PACKAGE = Path(genesyscloud.__file__).parent
CASES = Path(__file__).parent / "typing"


@pytest.fixture(scope="module")
def stubs() -> dict[str, ast.Module]:
    return {path: ast.parse(text) for path, text in render_stubs(catalog()).items()}


def classes(tree: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def all_classes(stubs: dict[str, ast.Module], folder: str) -> dict[str, ast.ClassDef]:
    return {name: cls for path, tree in stubs.items() if path.startswith(folder) for name, cls in classes(tree).items()}


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
        assert annotated == [f"_{prefix}{class_name(group)}" for group in groups]


@pytest.mark.parametrize("prefix", ["", "Async"])
def test_every_operation_has_the_same_signature_as_at_run_time(stubs: dict[str, ast.Module], prefix: str) -> None:
    found = all_classes(stubs, "_api/")
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
        for cls in all_classes(stubs, "_api/").values()
        for node in cls.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list
    }
    assert marked == {record.name for record in catalog().operations() if record.deprecated}


def test_every_model_has_the_same_attributes_as_at_run_time(stubs: dict[str, ast.Module]) -> None:
    found = all_classes(stubs, "_models/")
    assert sorted(found) == catalog().model_names()
    for name, stub in found.items():
        cls = getattr(models, name)
        if issubclass(cls, FreeForm):
            assert ast.unparse(stub) == f"class {name}(_FreeForm):\n    ..."
            continue
        assert issubclass(cls, Model)
        assert attributes(stub) == [field for field in cls.__struct_fields__ if not field.startswith("_")], name


def test_the_public_face_exports_every_model_explicitly(stubs: dict[str, ast.Module]) -> None:
    exported = list(imported(stubs["models.pyi"]))
    assert sorted(name for _, name, _ in exported) == catalog().model_names()
    assert all(name == alias for _, name, alias in exported)


def test_every_name_that_a_shard_imports_is_defined_there(stubs: dict[str, ast.Module]) -> None:
    defined = {path.removesuffix(".pyi").replace("/", "."): set(classes(tree)) for path, tree in stubs.items()}
    for path, tree in stubs.items():
        for module, name, _ in imported(tree):
            for home in (module, f"_models.{module}"):
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
    for name, cls in all_classes(stubs, "_").items():
        own = {*attributes(cls), *(n.name for n in cls.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))}
        used = {n.id for n in ast.walk(cls) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        assert not own & used, name


def test_pages_are_those_of_operations_that_page(stubs: dict[str, ast.Module]) -> None:
    pages = {
        name: ast.unparse(method.returns)
        for name, cls in all_classes(stubs, "_models/").items()
        for method in cls.body
        if isinstance(method, ast.FunctionDef) and method.returns
    }
    assert set(pages) == {record.result[1:] for record in catalog().operations() if record.paging}
    assert pages["QueueEntityListing"] == "tuple[Queue, QueueEntityListing]"


@pytest.mark.parametrize(
    ("type_", "read", "body"),
    [
        ("s", "_str", "_str"),
        ("[l", "_list[_int]", "_Sequence[_int]"),
        ("{[f", "_dict[_str, _list[_float]]", "_Mapping[_str, _Sequence[_float]]"),
        ("t", "_dt.datetime", "_dt.datetime | _str"),
        ("#Queue", "Queue", "Queue | _Mapping[_str, _Any]"),
        ("[#Queue", "_list[Queue]", "_Sequence[Queue | _Mapping[_str, _Any]]"),
        ("o", "_Any", "_Any"),
        ("", "None", None),
    ],
)
def test_hints(type_: str, read: str, body: str | None) -> None:
    assert of_result(type_, str) == read
    if body:
        assert of_body(type_, str) == body


def test_known_values_are_a_hint_and_long_ones_are_named_once() -> None:
    short, long = ["a", "b", "a"], [f"value_{number}" for number in range(20)]
    enums = Enums([short, short, long, long, None])
    assert enums.definitions().startswith("_E0 = _Literal['value_0', 'value_1', ")
    assert enums.definitions().count("\n") == 1
    assert of_property(PropertyRecord("p", "p", "s", enum=short), str, enums) == "_Literal['a', 'b'] | _str"
    assert of_property(PropertyRecord("p", "p", "[s", enum=long), str, enums) == "_list[_E0 | _str]"
    assert of_property(PropertyRecord("p", "p", "l", enum=["1"]), str, enums) == "_int"
    assert of_parameter(ParameterRecord("p", "p", "query", "[s", enum=long), enums) == "_Iterable[_E0 | _str]"


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
