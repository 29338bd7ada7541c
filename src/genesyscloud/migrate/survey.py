"""What a script does with the vendor's names, and what becomes of each place.

Names are followed from the imports at the top of the script. Every place that uses one is claimed by a rule, which
plans what it becomes; a place that no rule claims is for a person to decide. So nothing can be left over.
"""

from __future__ import annotations

import ast
import builtins
import functools
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

from . import Finding, Level
from .facts import NAME, Thing, resolve

__all__ = ["Code", "Places", "Survey", "dotted", "imported_names", "names_in", "survey"]

#: Makes source text of a node that is converted already.
Code: TypeAlias = Callable[[cst.CSTNode], str]
Expression: TypeAlias = Callable[[cst.CSTNode, Code], str]
Statement: TypeAlias = Callable[[cst.SimpleStatementLine, Code], list[str]]

SUBJECTS = ("genesyscloud", "genesyscloud.errors", "genesyscloud.models")


class Import(NamedTuple):
    """A name that an import of the vendor's package binds, and what it stands for."""

    local: str
    path: tuple[str, ...]


class Survey:
    """Everything that is known of a script, and planned for it.

    ``imports`` are the statements at the top that import the vendor's package. ``expressions`` and ``statements`` say
    what nodes become; ``needed`` holds the names to import, by module.
    """

    def __init__(self, wrapper: MetadataWrapper, tree: ast.Module) -> None:
        self.module = wrapper.module
        self.tree = tree
        self.parents = wrapper.resolve(ParentNodeProvider)
        self._positions = wrapper.resolve(PositionProvider)
        self.imports: list[cst.SimpleStatementLine] = []
        self.references: dict[cst.CSTNode, Thing] = {}
        self.expressions: dict[cst.CSTNode, Expression] = {}
        self.statements: dict[cst.CSTNode, Statement] = {}
        self.needed: dict[str, set[str]] = {subject: set() for subject in SUBJECTS}
        self.findings: list[Finding] = []
        #: Names that arguments and attributes get.
        self.keywords: dict[cst.CSTNode, str] = {}
        self.attributes: dict[cst.CSTNode, str] = {}
        #: Models, where they are named.
        self.classes: dict[cst.CSTNode, str] = {}
        #: Statements that log in with client credentials.
        self.logins: list[cst.SimpleStatementLine] = []
        self.bound = set(_bound(tree))
        self.used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | self.bound

    # --- findings --------------------------------------------------------------------------------

    def line(self, node: cst.CSTNode) -> int:
        """Return the line of a node."""
        return self._positions[node].start.line

    def decide(self, node: cst.CSTNode, what: str, why: str, suggestion: str) -> None:
        """Leave the file to a person."""
        self._find(node, Level.DECIDE, what, why, suggestion)

    def check(self, node: cst.CSTNode, what: str, why: str, suggestion: str) -> None:
        """Point to what reads differently."""
        self._find(node, Level.CHECK, what, why, suggestion)

    def hint(self, node: cst.CSTNode, what: str, why: str, suggestion: str) -> None:
        """Point to what could be simpler."""
        self._find(node, Level.HINT, what, why, suggestion)

    def _find(self, node: cst.CSTNode, level: Level, what: str, why: str, suggestion: str) -> None:
        finding = Finding(self.line(node), level, what, why, suggestion)
        if finding not in self.findings:
            self.findings.append(finding)

    # --- plans -----------------------------------------------------------------------------------

    def claim(self, node: cst.CSTNode) -> Thing:
        """Take a reference over: its place is planned for."""
        return self.references.pop(node)

    def need(self, node: cst.CSTNode, module: str, name: str) -> str:
        """Return a name that will be imported; a person decides when it is taken."""
        if name in self.bound or hasattr(builtins, name):
            self.decide(
                node, name, "the script has something else of that name", f"rename it, so that {module}.{name} fits"
            )
        self.needed[module].add(name)
        return name

    def unused(self, *names: str) -> str:
        """Return a name that the script does not use, and use it."""
        found = next(name for name in (*names, *(f"{names[0]}_{count}" for count in range(2, 10_000)))
                     if name not in self.used)  # fmt: skip
        self.used.add(found)
        return found

    # --- places ----------------------------------------------------------------------------------

    def text(self, node: cst.CSTNode) -> str:
        """Return the source text of a node as it is now."""
        return self.module.code_for_node(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield what a node is in, from the inside."""
        while (found := self.parents.get(node)) is not None:
            yield found
            node = found

    def statement(self, small: cst.CSTNode) -> cst.SimpleStatementLine | None:
        """Return the line of a small statement that is alone on it, in a block or at the top."""
        line = self.parents.get(small)
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
            return None
        return line if isinstance(self.parents.get(line), cst.Module | cst.IndentedBlock) else None

    def function(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return the function that a node is in, or ``None`` at the top."""
        return next((found for found in self.ancestors(node) if isinstance(found, cst.FunctionDef | cst.Lambda)), None)

    def reaches(self, definition: cst.CSTNode, use: cst.CSTNode) -> bool:
        """Whether a name that one statement binds is bound, without doubt, where another stands."""
        block = self.parents[definition]
        if isinstance(self.parents.get(block), cst.ClassDef) or block not in self.ancestors(use):
            return False
        # Within one function the order of the lines counts; a function further in is called later.
        return self.function(definition) is not self.function(use) or self.line(definition) < self.line(use)

    @functools.cached_property
    def logging_in(self) -> frozenset[str]:
        """Names of functions that log in, themselves or through others, and of their classes. To be asked for when
        logins are planned."""
        found: set[str] = set()
        for line in self.logins:
            for holder in self.ancestors(line):
                if isinstance(holder, cst.FunctionDef | cst.ClassDef):
                    found.add(holder.name.value)
        functions = _Functions()
        self.module.visit(functions)
        while more := [name for name, names in functions.found if name not in found and not found.isdisjoint(names)]:
            found.update(more)
        return frozenset(found)

    def mentions(self, node: cst.CSTNode, wanted: str) -> bool:
        """Whether a name or dotted name occurs in a node."""
        found = _Mentions(wanted)
        node.visit(found)
        return found.found

    def has_references(self, node: cst.CSTNode) -> bool:
        """Whether the vendor's names occur in a node."""
        return any(reference is node or node in self.ancestors(reference) for reference in self.references)


Places: TypeAlias = dict[cst.CSTNode, Thing]


def names_in(node: cst.CSTNode) -> set[str]:
    """Return all names in a node, also those after a dot."""
    found = _Names()
    node.visit(found)
    return found.names


class _Names(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def visit_Name(self, node: cst.Name) -> None:
        self.names.add(node.value)


class _Functions(cst.CSTVisitor):
    """Collects functions and classes, each with the names in it. Who makes an object runs what its class does."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, set[str]]] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.found.append((node.name.value, names_in(node.body)))

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.found.append((node.name.value, names_in(node.body)))


class _Mentions(cst.CSTVisitor):
    def __init__(self, wanted: str) -> None:
        super().__init__()
        self.found = False
        self._wanted = wanted

    def visit_Name(self, node: cst.Name) -> None:
        self.found = self.found or node.value == self._wanted

    def visit_Attribute(self, node: cst.Attribute) -> None:
        path = dotted(node)
        self.found = self.found or (path is not None and ".".join(path) == self._wanted)


def survey(module: cst.Module, tree: ast.Module) -> Survey:
    """Find out about a script, and plan what becomes of it."""
    from . import calls, logins

    found = Survey(MetadataWrapper(module), tree)
    bindings = _imports(found)
    found.module.visit(_References(found, bindings))
    for name in bindings.keys() & found.bound:
        found.decide(
            found.module, name, "it is imported and bound to something else as well", "give one of them another name"
        )
    if found.imports:
        logins.plan(found)
        calls.plan(found)
    for node, thing in found.references.items():
        found.decide(node, found.text(node), *_reason(thing))
    return found


def _reason(thing: Thing) -> tuple[str, str]:
    why = "there is no mechanical way from it to the typed client"
    if thing.kind == "configuration":
        setting = thing.rest[0] if thing.rest else ""
        return why, f"use {_SETTINGS.get(setting, 'the arguments of GenesysCloud(…), see docs/migrate.md')}"
    if thing.kind == "ApiClient":
        return why, "make a GenesysCloud(auth=…, region=…); see docs/migrate.md for what takes the place of its methods"
    if thing.kind == "api":
        return why, f"use the group gc.{thing.name} of a client"
    if thing.kind == "model":
        return why, f"use genesyscloud.models.{thing.name}"
    if thing.kind == "ApiException":
        return why, "use genesyscloud.errors.ApiError"
    return why, "see docs/migrate.md, or keep it with genesyscloud.compat"


_PROXY = "GenesysCloud(proxy=ProxySettings(…))"
_TLS = "GenesysCloud(tls=TlsSettings(…))"
_RENEWAL = "GenesysCloud(reauthentication=ReauthenticationSettings(…))"
#: What takes the place of the vendor's settings.
_SETTINGS = {
    "access_token": "GenesysCloud(auth=AccessToken(…))",
    "host": "GenesysCloud(region=…) or GenesysCloud(api_host=…)",
    "proxy": _PROXY,
    "proxy_username": _PROXY,
    "proxy_password": _PROXY,
    "verify_ssl": _TLS,
    "ssl_ca_cert": _TLS,
    "cert_file": _TLS,
    "key_file": _TLS,
    "ssl_context": _TLS,
    "set_mtls_certificates": _TLS,
    "set_mtls_contents": _TLS,
    "gateway_configuration": "GenesysCloud(gateway=GatewaySettings(…))",
    "logger": "GenesysCloud(logging=LoggingSettings(…))",
    "should_refresh_access_token": _RENEWAL,
    "refresh_token_wait_time": _RENEWAL,
    "config_file_path": "GenesysCloud(config_file=…)",
    "live_reload_config": "GenesysCloud(live_reload=…)",
}


def dotted(node: cst.CSTNode | None) -> tuple[str, ...] | None:
    """Return the names of ``a.b.c``, or ``None`` for anything else."""
    names: list[str] = []
    while isinstance(node, cst.Attribute):
        names.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return None
    return (node.value, *reversed(names))


# --- imports ------------------------------------------------------------------------------------


def _imports(found: Survey) -> dict[str, tuple[str, ...]]:
    """Note the imports of the vendor's package at the top; return what the names that they bind stand for."""
    bindings: dict[str, tuple[str, ...]] = {}
    for statement in found.module.body:
        if not isinstance(statement, cst.SimpleStatementLine):
            continue
        imported = [entry for small in statement.body for entry in imported_names(small)]
        if imported:
            found.imports.append(statement)
        for entry in imported:
            if bindings.setdefault(entry.local, entry.path) != entry.path:
                found.decide(statement, entry.local, "it is imported twice, as two things", "give one another name")
    return bindings


def imported_names(small: cst.CSTNode) -> list[Import]:
    """Return what a statement imports from the vendor's package; a star without a name."""
    entries: list[Import] = []
    if isinstance(small, cst.Import):
        for alias in small.names:
            path = dotted(alias.name)
            if path is not None and path[0] == NAME:
                local = alias.evaluated_alias
                entries.append(Import(local, path[1:]) if local else Import(NAME, ()))
    elif isinstance(small, cst.ImportFrom) and not small.relative:
        path = dotted(small.module)
        if path is not None and path[0] == NAME:
            if isinstance(small.names, cst.ImportStar):
                return [Import("*", path[1:])]
            for alias in small.names:
                name = dotted(alias.name) or ()
                entries.append(Import(alias.evaluated_alias or alias.evaluated_name, (*path[1:], *name)))
    return entries


class _References(cst.CSTVisitor):
    """Collects every place that uses what was imported."""

    def __init__(self, found: Survey, bindings: dict[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._found = found
        self._bindings = bindings

    def visit_Import(self, node: cst.Import) -> bool:
        self._import(node)
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        self._import(node)
        return False

    def _import(self, node: cst.Import | cst.ImportFrom) -> None:
        entries = imported_names(node)
        if entries and self._found.parents[node] not in self._found.imports:
            why = "it is imported somewhere else than at the top of the script"
            self._found.decide(node, self._found.text(node), why, "import it at the top")
            self._found.imports.append(cst.SimpleStatementLine([]))
        if any(entry.local == "*" for entry in entries):
            why = "it does not say which names it imports"
            self._found.decide(node, self._found.text(node), why, "import names, or the package")

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        path = dotted(node)
        if path is None:
            # The attribute's own name is no reference.
            node.value.visit(self)
            return False
        self._refer(node, path)
        return False

    def visit_Name(self, node: cst.Name) -> None:
        self._refer(node, (node.value,))

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False

    def visit_MatchKeywordElement(self, node: cst.MatchKeywordElement) -> bool:
        node.pattern.visit(self)
        return False

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        value = node.evaluated_value
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if text.split(".")[0] == NAME and all(part.isidentifier() for part in text.split(".")):
            why = "the package is named in a text"
            self._found.decide(node, self._found.text(node), why, "name what takes its place")

    def visit_Annotation(self, node: cst.Annotation) -> None:
        if isinstance(node.annotation, cst.SimpleString):
            text = str(node.annotation.evaluated_value)
            if not set(re.findall(r"\w+", text)).isdisjoint(self._bindings):
                why = "a type is named in a text"
                self._found.decide(node, self._found.text(node.annotation), why, "name the type itself")

    def _refer(self, node: cst.CSTNode, path: tuple[str, ...]) -> None:
        if path[0] in self._bindings:
            self._found.references[node] = resolve((*self._bindings[path[0]], *path[1:]))


def _bound(tree: ast.Module) -> Iterator[str]:
    """Yield the names that the script binds, but for imports of the vendor's package at its top."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from names
            case ast.Import(names=aliases):
                yield from (alias.asname or alias.name.split(".")[0] for alias in aliases if not _vendors(alias.name))
            case ast.ImportFrom(names=aliases, module=module, level=level):
                if level or not _vendors(module or ""):
                    yield from (alias.asname or alias.name for alias in aliases)
            case _ if type(node).__name__ in ("TypeVar", "ParamSpec", "TypeVarTuple"):  # from Python 3.12 on
                yield str(getattr(node, "name", ""))
            case _:
                pass


def _vendors(module: str) -> bool:
    return module.split(".")[0] == NAME
