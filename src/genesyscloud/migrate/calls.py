"""Plans what becomes of calls, models and errors; points to what reads differently."""

from __future__ import annotations

import libcst as cst

from .facts import Arguments, arguments, has_property, is_free_form, operation, renamed
from .survey import Survey, dotted, names_in

__all__ = ["plan"]

#: What models of the vendor's package have and those of this one have not, or not in the same shape.
_SHAPES = {
    "to_dict": "to_dict() has the names of the wire here, and only what is set; read attributes instead",
    "to_str": "use repr(…)",
    "to_json": "to_json() returns what is sent, as bytes",
    "swagger_types": "use the annotations of the model's class",
    "attribute_map": "use to_dict(), which has the names of the wire",
}
_PRINTERS = frozenset({"print", "pprint", "pp", "str", "repr", "format"})
#: What is done to a text, or by a logger, where only the words of an error differ.
_WORDS = frozenset(
    {"debug", "info", "warning", "warn", "error", "critical", "exception", "log", "format", "print", "pprint"}
)


def plan(found: Survey) -> None:
    """Plan everything that is no login."""
    for node, thing in list(found.references.items()):
        if thing.rest:
            continue
        if thing.kind == "model":
            _model(found, node, thing.name)
        elif thing.kind == "ApiNullValue":
            _null(found, node)
        elif thing.kind == "ApiException":
            _exception(found, node)
    uses = _Uses(found)
    found.module.visit(uses)
    found.module.visit(_Reads(found, uses))


def _model(found: Survey, node: cst.CSTNode, name: str) -> None:
    made = found.parents[node]
    if isinstance(made, cst.Call) and made.func is node and made.args:
        return
    if is_free_form(name):
        why = "the definition says nothing about it"
        found.decide(node, name, why, "use a dict with the names of the wire")
    found.claim(node)
    found.need(node, "genesyscloud.models", name)
    found.classes[node] = name
    found.expressions[node] = lambda updated, code: name


def _null(found: Survey, node: cst.CSTNode) -> None:
    made = found.parents[node]
    if isinstance(made, cst.Call) and made.func is node and not made.args:
        found.claim(node)
        found.need(node, "genesyscloud", "NULL")
        found.expressions[made] = lambda updated, code: "NULL"


# --- errors -------------------------------------------------------------------------------------


def _exception(found: Survey, node: cst.CSTNode) -> None:
    """``except ApiException as e``, alone or among others."""
    holder = found.parents[node]
    handler = next((entry for entry in found.ancestors(node) if isinstance(entry, cst.ExceptHandler)), None)
    alone = handler is holder
    in_tuple = isinstance(holder, cst.Element) and handler is not None and handler.type is found.parents[holder]
    if handler is None or not (in_tuple or (alone and handler.type is node)):
        return
    found.claim(node)
    found.need(node, "genesyscloud.errors", "ApiError")
    name = handler.name.name if handler.name is not None else None
    uses = _ErrorUses(found, name.value if isinstance(name, cst.Name) else "")
    handler.body.visit(uses)
    if not _may_log_in(found, handler):
        found.expressions[node] = lambda updated, code: "ApiError"
        return
    if uses.parts:
        why = "a login that is refused raises OAuthError, which has a status but no body and headers"
        found.decide(handler, "except ApiException", why, "log in outside of the try, or handle OAuthError as well")
    found.need(node, "genesyscloud.errors", "OAuthError")
    found.expressions[node] = lambda updated, code: "(ApiError, OAuthError)" if alone else "ApiError, OAuthError"


def _may_log_in(found: Survey, handler: cst.ExceptHandler) -> bool:
    """Whether a login can be what fails in the body of a ``try``: there, or in a function that is named there."""
    tried = found.parents[handler]
    assert isinstance(tried, cst.Try)
    if any(tried.body in found.ancestors(line) for line in found.logins):
        return True
    return not found.logging_in.isdisjoint(names_in(tried.body))


class _ErrorUses(cst.CSTVisitor):
    """What a handler does with its error."""

    def __init__(self, found: Survey, name: str) -> None:
        super().__init__()
        #: Whether it uses body or headers.
        self.parts = False
        self._found = found
        self._name = name

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        if not isinstance(node.value, cst.Name) or node.value.value != self._name:
            node.value.visit(self)
            return False
        found, part = self._found, node.attr.value
        if part in ("body", "headers"):
            self.parts = True
        if part == "body":
            found.expressions[node] = lambda updated, code: f"{self._name}.raw.decode()"
        elif part == "headers":
            self._headers(node)
        elif part != "status":
            why = "errors of this package say it otherwise"
            found.decide(node, found.text(node), why, "use .message, .code or .status of ApiError")
        return False

    def _headers(self, node: cst.Attribute) -> None:
        holder = self._found.parents[node]
        if isinstance(holder, cst.Subscript | cst.ComparisonTarget):
            return
        if isinstance(holder, cst.Attribute) and holder.attr.value == "get":
            return
        why = "headers are another kind of mapping here"
        self._found.decide(
            node, self._found.text(node), why, "ask for single headers: .headers[name], .headers.get(name)"
        )

    def visit_Name(self, node: cst.Name) -> None:
        if not self._name or node.value != self._name:
            return
        found, holder = self._found, self._found.parents[node]
        if isinstance(holder, cst.Raise | cst.From) or (isinstance(holder, cst.Arg) and holder.keyword is node):
            return
        if _in_words(found, node):
            found.check(node, f"the text of {self._name}", "errors read differently", "nothing, if people read it")
        else:
            why = "what becomes of the error cannot be seen here"
            found.decide(node, self._name, why, "see that ApiError (.status, .code, .message, .raw) fits")

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False


def _in_words(found: Survey, node: cst.CSTNode) -> bool:
    """Whether a value is only put into words: printed, formatted, logged."""
    holder = found.parents[node]
    if isinstance(holder, cst.FormattedStringExpression):
        return True
    if isinstance(holder, cst.Element) and isinstance(found.parents[holder], cst.Tuple):
        holder = found.parents[found.parents[holder]]
    if isinstance(holder, cst.BinaryOperation):
        return isinstance(holder.operator, cst.Modulo)
    if isinstance(holder, cst.Arg):
        call = found.parents[holder]
        if isinstance(call, cst.Call):
            path = dotted(call.func)
            if path is not None and path[-1] in (_WORDS if len(path) > 1 else _PRINTERS):
                return True
            # "…".format(e)
            return isinstance(call.func, cst.Attribute) and call.func.attr.value == "format"
    return False


# --- calls --------------------------------------------------------------------------------------


class _Uses(cst.CSTVisitor):
    """Plans calls of operations; learns which names hold API classes, results and new models."""

    def __init__(self, found: Survey) -> None:
        super().__init__()
        self.apis: set[str] = set()
        self.results: set[str] = set()
        self.models: dict[str, set[str]] = {}
        self._found = found

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            path = dotted(target.target)
            if path is not None:
                self._learn(".".join(path), node.value)

    def visit_For(self, node: cst.For) -> None:
        if isinstance(node.target, cst.Name) and self.is_result(node.iter):
            self.results.add(node.target.value)

    def _learn(self, name: str, value: cst.BaseExpression) -> None:
        if self.is_result(value):
            self.results.add(name)
        if not isinstance(value, cst.Call):
            return
        if value in self._found.expressions:
            self.apis.add(name)
        model = self._found.classes.get(value.func)
        if model is not None:
            self.models.setdefault(name, set()).add(model)

    def is_result(self, node: cst.CSTNode) -> bool:
        """Whether something is, or holds, a model that came from the service."""
        path = dotted(node)
        if path is not None and ".".join(path) in self.results:
            return True
        if isinstance(node, cst.Subscript):
            return self.is_result(node.value)
        if isinstance(node, cst.Attribute):
            return node.attr.value == "entities"
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
            record = operation(node.func.attr.value)
            return record is not None and "#" in record.result
        return False


class _Reads(cst.CSTVisitor):
    """Everything else, once it is known what names hold."""

    def __init__(self, found: Survey, uses: _Uses) -> None:
        super().__init__()
        self._found = found
        self._uses = uses

    def visit_Call(self, node: cst.Call) -> None:
        func = node.func
        if isinstance(func, cst.Attribute):
            record = operation(func.attr.value)
            if record is not None:
                self._operation(node, arguments(record))
                if record.paging is not None:
                    self._page(node)
        path = dotted(func)
        if path is not None and path[-1] in _PRINTERS:
            for argument in node.args:
                self._printed(argument.value)

    def visit_FormattedStringExpression(self, node: cst.FormattedStringExpression) -> None:
        self._printed(node.expression)

    def _printed(self, node: cst.BaseExpression) -> None:
        if self._uses.is_result(node):
            text = self._found.text(node)
            self._found.check(node, f"the text of {text}", "models read differently", "print what is wanted of it")

    def _is_api(self, node: cst.CSTNode) -> bool:
        """Whether something is known to be an API class."""
        path = dotted(node)
        return node in self._found.expressions or (path is not None and ".".join(path) in self._uses.apis)

    def _operation(self, call: cst.Call, known: Arguments) -> None:
        found = self._found
        assert isinstance(call.func, cst.Attribute)
        name = call.func.attr.value
        mine = self._is_api(call.func.value)
        if name in found.bound and not mine:
            if not (known.same_names and known.same_positions):
                why = "the script has something of that name itself"
                found.decide(call, f"{name}(…)", why, "call it through a name that is given a …Api(…)")
            return
        many = [argument for argument in call.args if argument.star]
        for argument in call.args:
            if argument.keyword is not None and argument.keyword.value == "callback":
                why = "calls of this package return their result"
                found.decide(argument, f"callback of {name}", why, "use a thread pool, or AsyncGenesysCloud")
        if many:
            if not (known.same_names and (known.same_positions or not any(entry.star == "*" for entry in many))):
                why = "its arguments have other names or another order here"
                found.decide(call, f"{name}(…)", why, f"pass them one by one: {', '.join(known.ours)}, others by name")
            return
        places = [argument for argument in call.args if argument.keyword is None]
        if len(places) <= len(known.theirs):
            self._arguments(call, known, len(places))
        elif mine:
            found.decide(call, f"{name}(…)", "it takes fewer positional arguments", "pass them by name")

    def _arguments(self, call: cst.Call, known: Arguments, places: int) -> None:
        """Give arguments our names; leave those in their places that have the same place here."""
        wanted = known.theirs[:places]
        keep = 0
        while keep < len(wanted) and wanted[keep : keep + 1] == known.ours[keep : keep + 1]:
            keep += 1
        for place, argument in enumerate(call.args):
            if argument.keyword is None:
                if place >= keep:
                    self._rename(argument, wanted[place])
            elif known.names.get(argument.keyword.value, argument.keyword.value) != argument.keyword.value:
                self._rename(argument, known.names[argument.keyword.value])

    def _rename(self, argument: cst.Arg, name: str) -> None:
        self._found.keywords[argument] = name

    def _page(self, call: cst.Call) -> None:
        for argument in call.args:
            if argument.keyword is None or argument.keyword.value not in ("page_number", "cursor", "after"):
                continue
            if isinstance(argument.value, cst.Integer | cst.SimpleString):
                continue
            text = self._found.text(call.func)
            what = f"the pages of {text}"
            self._found.hint(call, what, "the loop can go", f"for item in gc.paginate({text}, …) reads all pages")

    # --- attributes ------------------------------------------------------------------------------

    def visit_Attribute(self, node: cst.Attribute) -> None:
        found, name = self._found, node.attr.value
        if name in _SHAPES:
            holder = found.parents[node]
            # Those of other libraries take arguments.
            if not (isinstance(holder, cst.Call) and holder.func is node and holder.args):
                found.decide(node, found.text(node), "models of this package are of another shape", _SHAPES[name])
        elif name[:2] in ("pc", "ur") and name in renamed():
            found.attributes[node] = renamed()[name]
        if name == "api_client" and node not in found.references:
            path = dotted(node.value)
            if path is not None and ".".join(path) in self._uses.apis:
                found.decide(
                    node, found.text(node), "groups of operations have no client to be asked for", "use the client"
                )
        self._method(node)

    def _method(self, node: cst.Attribute) -> None:
        """An operation that is handed on instead of called: nobody sees which arguments it will get."""
        found = self._found
        holder = found.parents[node]
        record = operation(node.attr.value)
        if record is None or (isinstance(holder, cst.Call) and holder.func is node):
            return
        if node.attr.value in found.bound and not self._is_api(node.value):
            return
        known = arguments(record)
        if not (known.same_names and known.same_positions):
            why = "it is handed on, and its arguments have other names or another order here"
            found.decide(node, found.text(node), why, f"see that it gets {', '.join(known.ours)}, and others by name")

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        target = node.target
        if not isinstance(target, cst.Attribute):
            return
        path = dotted(target.value)
        models = self._uses.models.get(".".join(path)) if path is not None else None
        if models and not any(has_property(model, target.attr.value) for model in models):
            what = self._found.text(target)
            why = f"{' and '.join(sorted(models))} has no such property, so it is not sent"
            self._found.decide(target, what, why, "leave it out, or keep it in a variable")

    def visit_Import(self, node: cst.Import) -> None:
        for alias in node.names:
            path = dotted(alias.name)
            if path is not None and path[0] == "urllib3":
                self._urllib3(node)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        path = dotted(node.module)
        if path is not None and path[0] == "urllib3" and not node.relative:
            self._urllib3(node)

    def _urllib3(self, node: cst.CSTNode) -> None:
        why = "where no reply comes, calls of this package raise TransportError and not an error of urllib3"
        self._found.decide(node, self._found.text(node), why, "handle genesyscloud.errors.TransportError")
