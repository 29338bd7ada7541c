"""Render the catalog as type stubs: what editors and type checkers see of the API.

Run time builds callables and classes from the catalog; the stubs say the same in the language of type
checkers. A type checker loads whole files, so they are cut into shards of which a small program touches few.

==========================  =====================================================================
``groups.pyi``              ``SyncGroups`` and ``AsyncGroups``: one attribute per group
``_api/routing.pyi``        ``Routing`` and ``AsyncRouting``: one method per operation
``_api/small2.pyi``         the same for several small groups
``models.pyi``              every model by name, from its shard
``_models/m07.pyi``         the classes
==========================  =====================================================================
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping, Sequence

from ..catalog import Catalog, GroupRecord, ModelRecord, OperationRecord, ParameterRecord, model_in
from . import hints
from .hints import Enums, header
from .shards import cut, in_order_of_use

__all__ = ["class_name", "render_stubs"]

NOTICE = "# Made from the API definition by genesyscloud.build; not to be edited.\n"

#: A group with more operations has a file of its own; smaller ones share files that have about ``PACK``. Type checkers
#: like files to be small, and a wheel is to have few of them.
LARGE_GROUP = 85
PACK = 180


def render_stubs(catalog: Catalog) -> dict[str, str]:
    """Return the stubs as text by path, relative to the package's folder.

    Args:
        catalog: the whole API.
    """
    models = {model.name: model for model in catalog.models()}
    operations = {operation.name: operation for operation in catalog.operations()}
    groups = list(catalog.groups())
    model_stubs = _ModelStubs(operations.values(), models, in_order_of_use(groups, operations, models))
    files = {"_api/__init__.pyi": "", "_models/__init__.pyi": "", **model_stubs.files()}
    homes: dict[str, str] = {}
    for module, members in _packed(groups).items():
        stubs = _GroupStubs(members, operations, model_stubs)
        files[f"_api/{module}.pyi"] = stubs.text()
        homes |= dict.fromkeys(stubs.classes, module)
    files["groups.pyi"] = _groups_face(groups, homes)
    return {path: NOTICE + text for path, text in files.items()}


def class_name(group: str) -> str:
    """The name of a group's class in the stubs: ``telephony_providers_edge`` → ``TelephonyProvidersEdge``."""
    name = "".join(word.capitalize() for word in group.split("_"))
    return f"{name}_" if keyword.iskeyword(name) else name


def _groups_face(groups: Sequence[GroupRecord], homes: Mapping[str, str]) -> str:
    # Under private names: there is a group called "groups".
    imports = "".join(f"from ._api.{module} import {name} as _{name}\n" for name, module in homes.items())
    faces = (
        f"class {prefix}Groups:\n"
        + ("".join(f"    {g.name}: _{of}{class_name(g.name)}\n" for g in groups) or "    ...\n")
        for prefix, of in (("Sync", ""), ("Async", "Async"))
    )
    return imports + "".join(faces)


def _packed(groups: Iterable[GroupRecord]) -> dict[str, list[GroupRecord]]:
    """The groups of each file: a large one alone, small ones together."""
    packs: dict[str, list[GroupRecord]] = {}
    count, small = PACK, 0
    for group in groups:
        if len(group.operations) > LARGE_GROUP:
            packs[group.name] = [group]
            continue
        if count >= PACK:
            count, small = 0, small + 1
        packs.setdefault(f"small{small}", []).append(group)
        count += len(group.operations)
    return packs


class _ModelStubs:
    """The classes of models, in shards."""

    def __init__(
        self,
        operations: Iterable[OperationRecord],
        models: Mapping[str, ModelRecord],
        order: Iterable[ModelRecord],
    ) -> None:
        self._models = models
        self._shards = cut(order)
        self._home = {model.name: shard for shard, members in self._shards.items() for model in members}
        #: What is in a page, by the model of the page.
        self._items = {model_in(o.result): o.paging.item_type for o in operations if o.paging}

    def files(self) -> dict[str, str]:
        """The face and the shards, by path."""
        face = "".join(
            f"from ._models.{shard} import {', '.join(f'{model.name} as {model.name}' for model in members)}\n"
            for shard, members in self._shards.items()
        )
        shards = {f"_models/{shard}.pyi": self._shard(shard, members) for shard, members in self._shards.items()}
        return {"models.pyi": face} | shards

    def name(self, model: str) -> str:
        """The name of a model in an annotation; where a free-form one is expected, anything may come."""
        return "_Any" if self._models[model].free_form else model

    def imports(self, names: Iterable[str], package: str, spelled: Mapping[str, str] | None = None) -> str:
        """Lines that import models.

        Args:
            names: of the models; free-form ones are not imported.
            package: ``.`` or ``.._models.``.
            spelled: names under which some models are known in the importing shard.
        """
        by_shard: dict[str, list[str]] = {}
        for name in sorted(names):
            if not self._models[name].free_form:
                alias = (spelled or {}).get(name)
                by_shard.setdefault(self._home[name], []).append(f"{name} as {alias}" if alias else name)
        return "".join(f"from {package}{shard} import {', '.join(by_shard[shard])}\n" for shard in sorted(by_shard))

    def _shard(self, shard: str, members: Sequence[ModelRecord]) -> str:
        enums = Enums(p.enum for model in members for p in model.properties)
        types = [p.type for model in members for p in model.properties]
        types += [self._items.get(model.name, "") for model in members]
        others = {name for type_ in types if (name := model_in(type_)) and self._home[name] != shard}
        classes = "".join(self._class(model, enums) for model in members)
        text = self.imports(others, ".") + enums.definitions() + classes
        return header(text) + text

    def _class(self, model: ModelRecord, enums: Enums) -> str:
        if model.free_form:
            return f"class {model.name}(_FreeForm): ...\n"
        lines = [f"class {model.name}(_Model):\n"]
        for p in model.properties:
            lines.append(f"    {p.name}: {hints.of_property(p, self.name, enums)} | None = ...\n")
        if model.name in self._items:
            item = hints.of_result(self._items[model.name], self.name)
            lines.append(f"    def __page__(self) -> tuple[{item}, {model.name}]: ...\n")
        return "".join(lines)


class _GroupStubs:
    """The operations of groups that share a file, sync and async."""

    def __init__(
        self, groups: Sequence[GroupRecord], operations: Mapping[str, OperationRecord], models: _ModelStubs
    ) -> None:
        self._models = models
        self._groups = {class_name(group.name): [operations[name] for name in group.operations] for group in groups}
        #: Names of the classes.
        self.classes = [f"{prefix}{name}" for name in self._groups for prefix in ("", "Async")]
        # Some groups have the name of a model.
        self._spelled = {name: f"_{name}" for name in self.classes}
        self._operations = [operation for members in self._groups.values() for operation in members]
        self._enums = Enums(p.enum for operation in self._operations for p in operation.parameters)

    def text(self) -> str:
        """The file."""
        classes = "".join(
            f"class {prefix}{name}:\n" + "".join(self._method(operation, keyword) for operation in operations)
            for name, operations in self._groups.items()
            for prefix, keyword in (("", "def"), ("Async", "async def"))
        )
        text = self._imports() + self._enums.definitions() + classes
        return header(text) + text

    def _imports(self) -> str:
        types = [type_ for operation in self._operations for type_ in (operation.body, operation.result)]
        used = {name for t in types if (name := model_in(t))}
        used |= {name for operation in self._operations for name in operation.body_also}
        return self._models.imports(used, ".._models.", self._spelled)

    def _name(self, model: str) -> str:
        name = self._models.name(model)
        return self._spelled.get(name, name)

    def _method(self, operation: OperationRecord, keyword: str) -> str:
        result = hints.of_result(operation.result, self._name)
        marker = '    @_deprecated("The service may remove this operation.")\n' if operation.deprecated else ""
        head = f"    {keyword} {operation.name}({', '.join(['self', *self._parameters(operation)])}) -> {result}:\n"
        return f'{marker}{head}        """{_description(operation)}"""\n'

    def _parameters(self, operation: OperationRecord) -> list[str]:
        path = [self._parameter(p) for p in operation.parameters if p.place == "path"]
        others = [self._parameter(p) for p in operation.parameters if p.place != "path"]
        if operation.body:
            type_ = hints.of_body(operation.body, self._name, operation.body_also)
            path.append(f"body: {type_}" if operation.body_required else f"body: {type_} | None = ...")
        return [*path, "*", *others] if others else path

    def _parameter(self, record: ParameterRecord) -> str:
        type_ = hints.of_parameter(record, self._enums)
        return f"{record.name}: {type_}" if record.required else f"{record.name}: {type_} | None = ..."


def _description(operation: OperationRecord) -> str:
    """One line of facts; the whole text is the docstring at run time."""
    facts = [f"{operation.method} {operation.path}"]
    if operation.permissions:
        facts.append("needs " + (" or " if operation.permissions_any else " and ").join(operation.permissions))
    if operation.preview:
        facts.append("preview: may change without notice")
    return "; ".join(facts).replace("\\", r"\\").replace('"', r"\"")
