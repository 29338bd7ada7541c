"""Outlines say what their modules do, and nothing else."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import genesyscloud
from genesyscloud.build.outlines import OUTLINED, outline, outlines

PACKAGE = Path(genesyscloud.__file__).parent


def of(body: str) -> str:
    """The outline of one class, without what every module begins with."""
    return outline(f"__all__ = ['A']\n{body}").split("\n", 2)[2]


def test_code_is_left_out_and_what_is_exported_stays() -> None:
    source = """
from __future__ import annotations
import os, sys
from collections.abc import Mapping, Sequence
__all__ = ["A", "LIMIT", "public"]
LIMIT = 3
_HIDDEN = {}
T = TypeVar("T")
class _Base:
    def shown(self) -> int:
        return len(os.name)
class A(_Base):
    \"\"\"Text.\"\"\"
    __slots__ = ("x",)
    def _hidden(self) -> str:
        return sys.platform
def public(of: Mapping[str, T]) -> T:
    return of["a"]
def unnamed() -> Sequence[int]:
    return [1]
"""
    text = outline(source)
    assert ast.unparse(ast.parse(text)) == ast.unparse(ast.parse("""
from collections.abc import Mapping
__all__ = ["A", "LIMIT", "public"]
LIMIT = 3
T = TypeVar("T")
class _Base:
    def shown(self) -> int: ...
class A(_Base): ...
def public(of: Mapping[str, T]) -> T: ...
"""))  # fmt: skip


def test_none_is_no_default_to_be_compared_with_a_protocol() -> None:
    text = of("class A:\n    def f(self, p: B | None = None, n: int = 3, *, k: B | None = None, r: int) -> None: ...")
    assert "def f(self, p: B | None=..., n: int=3, *, k: B | None=..., r: int)" in text


def test_type_checkers_branches_are_taken() -> None:
    text = outline("""
__all__ = ["A"]
if TYPE_CHECKING:
    from .b import B
else:
    B = object
class A(B):
    if not TYPE_CHECKING:
        def hidden(self) -> int:
            return 1
""")
    assert "from .b import B" in text
    assert "hidden" not in text
    assert "object" not in text


def test_attributes_of_the_constructor_are_declared() -> None:
    text = of("""
class A:
    kind: str = "a"
    def __init__(self, name: str, *, size: int | None = None) -> None:
        self.name, other = name, size
        self.name = name
        self.size = size
        self.kind = "b"
        self.ready = False
        self.values: list[int] = []
        self._hidden = object()
""")
    for line in ("name: str", "size: int | None", "ready: bool", "values: list[int]"):
        assert f"\n    {line}\n" in f"{text}\n"
    assert text.count("kind") == 1
    assert "_hidden" not in text


def test_overloads_lose_their_implementation() -> None:
    text = of("""
class A:
    @overload
    def get(self, key: int) -> int: ...
    @overload
    def get(self, key: str) -> str: ...
    def get(self, key: int | str) -> int | str:
        return key
""")
    assert text.count("def get") == 2
    assert "int | str" not in text


def test_an_asynchronous_generator_is_no_coroutine() -> None:
    text = of("""
class A:
    async def pages(self) -> AsyncIterator[int]:
        yield 1
    async def page(self) -> int:
        return 1
""")
    assert "    def pages(self) -> AsyncIterator[int]" in text
    assert "    async def page(self) -> int" in text


def test_dataclasses_are_spelt_out() -> None:
    text = outline("""
__all__ = ["A"]
@dataclass(frozen=True, slots=True)
class A:
    host: str
    port: int = 443
    password: str = field(default="", repr=False)
    names: list[str] = field(default_factory=list)
    made: str = field(init=False)
    def __post_init__(self) -> None:
        print(self)
    def url(self) -> str:
        return self.host
""")
    wanted = "def __init__(self, host: str, port: int=443, password: str=..., names: list[str]=...) -> None"
    assert wanted in text
    assert "made: _Final[str]" in text
    assert "host: _Final[str]" in text
    assert "__match_args__ = ('host', 'port', 'password', 'names')" in text
    assert "def url(self) -> str" in text
    assert "@dataclass" not in text
    assert "__post_init__" not in text


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("class A:\n    def f(self, x) -> int: ...", "f() has no annotation of x"),
        ("class A:\n    def f(self): ...", "f() has no annotation of its result"),
        ("class A:\n    def __init__(self) -> None:\n        self.x = len('a')", "A.x has no annotation"),
        ("@dataclass(order=True)\nclass A:\n    x: int", "A is a kind of dataclass"),
    ],
)
def test_what_has_no_annotation_is_refused(body: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint.replace("(", r"\(").replace(")", r"\)")):
        of(body)


@pytest.mark.parametrize("name", OUTLINED)
def test_outlines_and_run_time_agree(name: str) -> None:
    module = importlib.import_module(f"genesyscloud.{name.replace('/', '.')}".removesuffix(".__init__"))
    tree = ast.parse(outlines(PACKAGE)[f"{name}.pyi"])
    bound = {
        name for node in tree.body
        for name in (
            [a.asname or a.name for a in node.names] if isinstance(node, ast.Import | ast.ImportFrom)
            else [node.name] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            else [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
        )
    }  # fmt: skip
    assert set(module.__all__) <= bound
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in module.__all__:
            same_methods(getattr(module, node.name), node)
        elif isinstance(node, ast.FunctionDef) and node.name in module.__all__:
            assert parameters_of(node) == run_time_parameters(module, node.name)


def same_methods(cls: Any, node: ast.ClassDef) -> None:
    """Whether the methods of a class have the parameters that the outline says."""
    for method in node.body:
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = set(map(ast.unparse, method.decorator_list))
            assert hasattr(cls, method.name), f"{cls.__name__}.{method.name}"
            if not decorators & {"property", "overload"} and method.name not in ("__new__", "__init_subclass__"):
                skipped = 1 if "classmethod" in decorators else 0
                assert parameters_of(method)[skipped:] == run_time_parameters(cls, method.name), method.name


def parameters_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    arguments = node.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    names += [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    names += [a.arg for a in arguments.kwonlyargs]
    return names + ([f"**{arguments.kwarg.arg}"] if arguments.kwarg else [])


def run_time_parameters(owner: ModuleType | type, name: str) -> list[str]:
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [f"{stars.get(p.kind, '')}{p.name}" for p in inspect.signature(getattr(owner, name)).parameters.values()]
