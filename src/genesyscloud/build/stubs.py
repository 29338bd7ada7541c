"""Render the catalog as type stubs: what editors and type checkers see of the API.

Run time builds callables and classes from the catalog; the stubs say the same in the language of type
checkers. A type checker loads whole files, so they are cut into shards of which a small program touches few
(:mod:`genesyscloud.build.shards`).

==========================  =====================================================================
``groups.pyi``              ``SyncGroups`` and ``AsyncGroups``: one attribute per group
``models.pyi``              every model by name, from its shard
``_api/routing.pyi``        ``RoutingApi`` and ``AsyncRoutingApi``, one method per operation, and
                            the models that only these operations take and return
``_api/routing_async.pyi``  the asynchronous half of a group that most programs use
``_api/routing_minor.pyi``  models of the smaller resources of such a group
``_api/small2.pyi``         the same for several small groups
``_api/shared0.pyi``        models of several of the above
``_api/inner3.pyi``         models that are only found deep inside others
==========================  =====================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..catalog import Catalog, GroupRecord, ModelRecord, OperationRecord, ParameterRecord, model_in
from . import hints
from .hints import Names, header
from .shards import Layout, async_home, packed

__all__ = ["class_name", "render_stubs"]

NOTICE = "# Made from the API definition by genesyscloud.build; not to be edited.\n"


def render_stubs(catalog: Catalog) -> dict[str, str]:
    """Return the stubs as text by path, relative to the package's folder.

    Args:
        catalog: the whole API.
    """
    operations = {operation.name: operation for operation in catalog.operations()}
    packs = packed(catalog.groups())
    layout = Layout(packs, operations, {model.name: model for model in catalog.models()})
    #: What is in a page, as a type of the catalog, by the model of the page.
    items = {model_in(o.result): o.paging.item_type for o in operations.values() if o.paging}
    shards = {name: _Shard(layout, members, items) for name, members in layout.shards.items()}
    shards |= {home: _Shard(layout, [], items) for pack in packs if (home := async_home(pack)) not in shards}
    for name, groups in packs.items():
        for group in groups:
            members = [operations[o] for o in group.operations]
            shards[name].add(class_name(group.name), "def", members)
            shards[async_home(name)].add(f"Async{class_name(group.name)}", "async def", members)
    files = {f"_api/{name}.pyi": shard.text() for name, shard in shards.items()}
    files["models.pyi"] = _models_face(layout)
    files["groups.pyi"] = _groups_face(packs, catalog.header.groups)
    return {path: NOTICE + text for path, text in files.items()}


def class_name(group: str) -> str:
    """The name of a group's class in the stubs: ``telephony_providers_edge`` → ``TelephonyProvidersEdgeApi``."""
    return "".join(word.capitalize() for word in group.split("_")) + "Api"


def _models_face(layout: Layout) -> str:
    return "".join(
        f"from ._api.{shard} import {', '.join(f'{model.name} as {model.name}' for model in models)}\n"
        for shard, models in layout.shards.items()
        if models
    )


def _groups_face(packs: Mapping[str, Sequence[GroupRecord]], groups: Iterable[str]) -> str:
    homes: dict[str, list[str]] = {}
    for pack, members in packs.items():
        names = [class_name(group.name) for group in members]
        homes.setdefault(pack, []).extend(names)
        homes.setdefault(async_home(pack), []).extend(f"Async{name}" for name in names)
    imports = "".join(f"from ._api.{home} import {', '.join(names)}\n" for home, names in homes.items())
    faces = (
        f"class {prefix}Groups:\n" + ("".join(f"    {g}: {of}{class_name(g)}\n" for g in groups) or "    ...\n")
        for prefix, of in (("Sync", ""), ("Async", "Async"))
    )
    return imports + "".join(faces)


class _Shard:
    """One file: some models, and the operations of some groups.

    Args:
        layout: which model is where.
        models: those of this file.
        items: what is in a page, by the model of the page.
    """

    def __init__(self, layout: Layout, models: Sequence[ModelRecord], items: Mapping[str, str]) -> None:
        self._layout = layout
        self._items = items
        self._names = Names()
        #: Models that the annotations mention.
        self._used: set[str] = set()
        self._own = {model.name for model in models}
        self._classes = [self._model(model) for model in models]

    def add(self, name: str, keyword: str, operations: Sequence[OperationRecord]) -> None:
        """Add the class of a group; ``keyword`` defines its methods."""
        self._classes += [f"class {name}:\n", *(self._method(operation, keyword) for operation in operations)]

    def text(self) -> str:
        """The file."""
        text = self._imports() + self._names.spelled("".join(self._classes))
        return header(text) + text

    def _imports(self) -> str:
        by_shard: dict[str, list[str]] = {}
        for name in sorted(self._used - self._own):
            by_shard.setdefault(self._layout.home[name], []).append(name)
        return "".join(f"from .{shard} import {', '.join(by_shard[shard])}\n" for shard in sorted(by_shard))

    def _annotated(self, model: str) -> str:
        """A model in an annotation; where a free-form one is expected, anything may come."""
        if self._layout.models[model].free_form:
            return "_Any"
        self._used.add(model)
        return model

    def _model(self, model: ModelRecord) -> str:
        if model.free_form:
            return f"class {model.name}(_FreeForm): ...\n"
        annotated = {p.name: hints.of_property(p, self._annotated, self._names) for p in model.properties}
        bases = "_Model"
        if model.name in self._items:
            bases += f", _Paged[{hints.of_result(self._items[model.name], self._annotated)}, {model.name}]"
        lines = [f"class {model.name}({bases}):\n", *(f"    {name}: {hint}\n" for name, hint in annotated.items())]
        # Spelt out: of a class with ``dataclass_transform``, type checkers evaluate every attribute, and so every
        # model that can be reached from it.
        arguments = ", *" + "".join(f", {name}: {hint} = ..." for name, hint in annotated.items()) if annotated else ""
        return "".join([*lines, f"    def __init__(self{arguments}) -> None: ...\n"])

    def _method(self, operation: OperationRecord, keyword: str) -> str:
        result = hints.of_result(operation.result, self._annotated)
        marker = '    @_deprecated("The service may remove this operation.")\n' if operation.deprecated else ""
        head = f"    {keyword} {operation.name}({', '.join(['self', *self._arguments(operation)])}) -> {result}:\n"
        return f'{marker}{head}        """{_description(operation)}"""\n'

    def _arguments(self, operation: OperationRecord) -> list[str]:
        path = [self._argument(p) for p in operation.parameters if p.place == "path"]
        others = [self._argument(p) for p in operation.parameters if p.place != "path"]
        if operation.body:
            type_ = hints.of_body(operation.body, self._annotated, self._names, operation.body_also)
            path.append(f"body: {type_}" if operation.body_required else f"body: {type_} | None = ...")
        return [*path, "*", *others] if others else path

    def _argument(self, record: ParameterRecord) -> str:
        type_ = hints.of_parameter(record, self._names)
        return f"{record.name}: {type_}" if record.required else f"{record.name}: {self._names.optional(type_)} = ..."


def _description(operation: OperationRecord) -> str:
    """One line of facts; the whole text is the docstring at run time."""
    facts = [f"{operation.method} {operation.path}"]
    if operation.permissions:
        facts.append("needs " + (" or " if operation.permissions_any else " and ").join(operation.permissions))
    if operation.preview:
        facts.append("preview: may change without notice")
    return "; ".join(facts).replace("\\", r"\\").replace('"', r"\"")
