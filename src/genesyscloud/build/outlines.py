"""Stubs of hand-written modules: what they declare, without what they do.

A type checker that meets the client reads every module that it mentions, and what these import in turn. An outline
has the signatures only, so it is read in a tenth of the time; a wheel has one beside each module that small programs
meet. A checkout has none: there, type checkers look at the sources.

An outline is only as good as the annotations of its module, so what has none is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

__all__ = ["OUTLINED", "outline", "outlines"]

#: The modules that have one: those that a type checker reads for a program that makes a client and calls it.
OUTLINED = (
    "__init__",
    "auth/__init__",
    "auth/grants",
    "auth/session",
    "auth/tokens",
    "baseclient",
    "client",
    "clock",
    "errors",
    "hooks",
    "http",
    "model",
    "paging",
    "sections",
    "transport/__init__",
    "transport/settings",
)
#: What the constructors of dataclasses are declared with.
TYPING = "from typing import Any as _Any, ClassVar as _ClassVar, Final as _Final"
#: Names in classes that say nothing to those who use them.
UNSEEN = {"__slots__", "__post_init__"}
NOTICE = "# Made from the module of this name by genesyscloud.build; not to be edited.\n"


def outlines(package: Path) -> dict[str, str]:
    """Return the outlines as text by path, relative to the package's folder.

    Raises:
        ValueError: a module leaves out an annotation.
    """
    texts: dict[str, str] = {}
    for name in OUTLINED:
        file = package / f"{name}.py"
        try:
            texts[f"{name}.pyi"] = f"{NOTICE}{outline(file.read_text(encoding='utf-8'))}\n"
        except ValueError as error:
            raise ValueError(f"{file.relative_to(package)}: {error}") from error
    return texts


def outline(source: str) -> str:
    """Return the declarations of a module: what its ``__all__`` names, and what that refers to.

    Raises:
        ValueError: one of them has no annotation, so its type cannot be told without its code.

    >>> print(outline("__all__ = ['double']\\ndef double(number: int) -> int:\\n    return 2 * number"))
    __all__ = ['double']
    <BLANKLINE>
    def double(number: int) -> int:
        ...
    """
    body = _needed([*ast.parse(TYPING).body, *_declarations(ast.parse(source).body)])
    return ast.unparse(ast.Module(body=body, type_ignores=[]))


def _declarations(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that type checkers look at, functions without their code."""
    overloaded: set[str] = set()
    for node in body:
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from _declarations(node.body)
            case ast.If(test=ast.UnaryOp(operand=ast.Name(id="TYPE_CHECKING"))):
                yield from _declarations(node.orelse)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if "overload" in map(ast.unparse, node.decorator_list):
                    overloaded.add(node.name)
                elif node.name in overloaded:
                    continue
                yield _signature(node)
            case ast.ClassDef():
                node.body = list(_members(node)) or [ast.Expr(ast.Constant(...))]
                yield node
            case ast.ImportFrom(module="__future__") | ast.Expr():
                pass
            case _:
                yield node


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
    parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    missing = [p.arg for p in parameters if p.annotation is None and p.arg not in ("self", "cls")]
    if missing or node.returns is None:
        raise ValueError(f"{node.name}() has no annotation of {', '.join(missing) or 'its result'}")
    if isinstance(node, ast.AsyncFunctionDef) and any(isinstance(part, ast.Yield) for part in ast.walk(node)):
        # Without its code, it would be a coroutine that returns an iterator.
        node = ast.FunctionDef(**dict(ast.iter_fields(node)), lineno=node.lineno)
    node.body = [ast.Expr(ast.Constant(...))]
    # A default is compared with its annotation, and ``None`` with every protocol in it, down to what that mentions.
    node.args.defaults = [_unread(value) for value in node.args.defaults]
    node.args.kw_defaults = [_unread(value) if value else None for value in node.args.kw_defaults]
    return node


def _unread(value: ast.expr) -> ast.expr:
    return ast.Constant(...) if isinstance(value, ast.Constant) and value.value is None else value


def _members(cls: ast.ClassDef) -> Iterator[ast.stmt]:
    """The public declarations of a class, with the attributes that its constructor makes."""
    is_protocol = any("Protocol" in ast.unparse(base) for base in cls.bases)
    made = [*_attributes(cls), *_fields(cls)]
    declared = {name for node in made for name in _bound(node)}
    for node in _declarations(cls.body):
        names = set(_bound(node))
        if (is_protocol or not all(map(_is_private, names))) and not names & (declared | UNSEEN):
            yield node
    yield from (node for node in made if not all(map(_is_private, _bound(node))))


def _fields(cls: ast.ClassDef) -> list[ast.stmt]:
    """What ``dataclass`` makes of a class, spelt out: type checkers take long to find it out themselves.

    The decorator is taken off.
    """
    if not cls.decorator_list or "dataclass" not in ast.unparse(cls.decorator_list[0]):
        return []
    if [ast.unparse(decorator) for decorator in cls.decorator_list] != ["dataclass(frozen=True, slots=True)"]:
        raise ValueError(f"{cls.name} is a kind of dataclass that no outline was made of yet")
    cls.decorator_list = []
    fields = [(ast.unparse(node.target), node) for node in cls.body if isinstance(node, ast.AnnAssign)]
    lines = [f"{name}: _Final[{ast.unparse(node.annotation)}]" for name, node in fields]
    arguments = [
        f"{name}: {ast.unparse(node.annotation)}{_default(node.value)}"
        for name, node in fields
        if "init=False" not in (ast.unparse(node.value) if node.value else "")
    ]
    lines += [
        f"def __init__(self, {', '.join(arguments)}) -> None: ...",
        "__dataclass_fields__: _ClassVar[dict[str, _Any]]",
        f"__match_args__ = {tuple(argument.partition(':')[0] for argument in arguments)}",
    ]
    return ast.parse("\n".join(lines)).body


def _default(value: ast.expr | None) -> str:
    """What follows a parameter for the default ``value`` of a field."""
    if isinstance(value, ast.Constant):
        return f" = {ast.unparse(value)}"
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "field":
        value = next((k.value for k in value.keywords if k.arg in ("default", "default_factory")), None)
    return " = ..." if value is not None else ""


def _attributes(cls: ast.ClassDef) -> Iterator[ast.AnnAssign]:
    """What ``__init__`` assigns to ``self``, with its type: as annotated, or that of the parameter or constant."""
    for method in cls.body:
        if not (isinstance(method, ast.FunctionDef) and method.name == "__init__"):
            continue
        parameters = {p.arg: p.annotation for p in (*method.args.args, *method.args.kwonlyargs)}
        for node in ast.walk(method):
            match node:
                case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=name), annotation=annotation):
                    yield _attribute(name, annotation)
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=value):
                    if not _is_private(name):
                        yield _attribute(name, _type_of(value, parameters, f"{cls.name}.{name}"))
                case _:
                    pass


def _attribute(name: str, annotation: ast.expr) -> ast.AnnAssign:
    return ast.AnnAssign(target=ast.Name(name), annotation=annotation, simple=1)


def _type_of(value: ast.expr, parameters: Mapping[str, ast.expr | None], what: str) -> ast.expr:
    match value:
        case ast.Name(id=name) if annotation := parameters.get(name):
            return annotation
        case ast.Constant(value=bool() | int() | float() | str() as constant):
            return ast.Name(type(constant).__name__)
        case _:
            raise ValueError(f"{what} has no annotation")


def _needed(body: list[ast.stmt]) -> list[ast.stmt]:
    """What is exported, and what that refers to, in the order of the module."""
    used = {"__all__", "__version__"}
    while True:
        needed = [node for node in body if used & set(_bound(node))]
        more = set(chain.from_iterable(map(_used, needed)))
        if more <= used:
            break
        used |= more
    for node in needed:
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [alias for alias in node.names if (alias.asname or alias.name) in used]
    return needed


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement binds."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Import() | ast.ImportFrom():
            yield from (alias.asname or alias.name for alias in node.names)
        case ast.Assign():
            yield from (name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case _:
            pass


def _used(node: ast.stmt) -> Iterator[str]:
    """The names that a statement refers to, also in strings, as forward references and ``__all__`` do."""
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name):
                yield name
            case ast.Constant(value=str() as text) if text.isidentifier():
                yield text
            case _:
                pass


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")
