"""Read a Swagger 2.0 document into catalog records.

The document may be today's definition or an older and dirtier one of the same API. What cannot be
understood is passed over and noted, never guessed in silence: :attr:`Definition.notes` says what and where.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from ..catalog import (
    GroupRecord,
    Limits,
    ModelRecord,
    OperationRecord,
    ParameterRecord,
    PropertyRecord,
    model_in,
)
from ..names import attribute_name, snake_case

__all__ = ["Definition", "DefinitionError", "read_swagger"]

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
FORMATS: dict[tuple[str, str | None], str] = {
    ("string", "date-time"): "t",
    ("string", "date"): "d",
    ("string", "local-date-time"): "L",
    ("string", "year-month"): "Y",
    ("string", "uuid"): "u",
    ("integer", "int32"): "i",
}
SCALARS = {"string": "s", "integer": "l", "number": "f", "boolean": "b", "object": "o", "file": "s"}
#: Formats that say nothing the type does not; any other unknown one is noted.
PLAIN_FORMATS = {None, "int64", "float", "double", "uri", "url", "byte", "password", "interval", "email"}
MAX_ALIAS_DEPTH = 16
#: Parts of parts of a model.
MAX_PARTS_DEPTH = 100
#: What no property can be called in a class that is read in one pass.
_UNREADABLE = re.compile(r'["\\\x00-\x1f]')

Json = dict[str, Any]


class DefinitionError(ValueError):
    """The document is not a Swagger 2.0 definition at all."""


@dataclass
class Definition:
    """A definition that was read: records in the order of the document, and what was passed over."""

    title: str
    version: str
    source_version: str
    groups: list[GroupRecord] = field(default_factory=list[GroupRecord])
    operations: list[OperationRecord] = field(default_factory=list[OperationRecord])
    models: list[ModelRecord] = field(default_factory=list[ModelRecord])
    notes: list[str] = field(default_factory=list[str])


def read_swagger(document: Any) -> Definition:
    """Read a parsed Swagger 2.0 document.

    Raises:
        DefinitionError: it is not Swagger 2.0, or has no paths.
    """
    if not str(_object(document).get("swagger", "")).startswith("2"):
        raise DefinitionError("not a Swagger 2.0 document: no key 'swagger' with the value '2.0'")
    if not isinstance(document.get("paths"), dict):
        raise DefinitionError("the document has no 'paths'")
    return _Reader(document).read()


class _Reader:
    def __init__(self, document: Json) -> None:
        self.document = document
        definitions = document.get("definitions")
        self.schemas = {name: _object(schema) for name, schema in _object(definitions).items()}
        #: Whether any operation says which permissions it needs.
        self.knows_permissions = any("x-inin-requires-permissions" in raw for _, _, raw in _raw_operations(document))
        info = _object(document.get("info"))
        version = str(info.get("version", ""))
        self.result = Definition(
            title=str(info.get("title", "")),
            version=version,
            source_version=str(info.get("x-source-version") or version),
        )

    def note(self, where: str, what: str) -> None:
        self.result.notes.append(f"{where}: {what}")

    def read(self) -> Definition:
        if self.document.get("definitions") is not None and not isinstance(self.document["definitions"], dict):
            self.note("definitions", "passed over: not an object")
        for name in list(self.schemas):
            if not isinstance(self.document["definitions"][name], dict):
                self.note(f"model {name!r}", "taken as free-form: not an object")
            if not _is_usable(name):
                self.note(f"model {name!r}", "passed over: this is no name of a class")
                del self.schemas[name]
        for name, schema in self.schemas.items():
            if self.is_model(schema):
                self.result.models.append(self.model(name, schema))
        names: dict[str, str] = {}
        for path, method, raw in self.raw_operations():
            record = self.operation(path, method, raw)
            where = f"{method.upper()} {path}"
            if record.name in names:
                identifier = _unused_id(method, path, names)
                self.note(where, f"its name {record.name} is taken by {names[record.name]}; called {identifier}")
                record = msgspec.structs.replace(record, id=identifier, name=snake_case(identifier))
            names[record.name] = where
            self.result.operations.append(record)
        self.result.groups = self.grouped()
        if names and not self.knows_permissions:
            self.note("the document", "it does not say which permissions operations need")
        return self.result

    # --- operations -----------------------------------------------------------------------------

    def raw_operations(self) -> Iterator[tuple[str, str, Json]]:
        base = str(self.document.get("basePath") or "").strip("/")
        base = f"/{base}" if base else ""
        for path, item in _object(self.document["paths"]).items():
            if not isinstance(item, dict):
                self.note(path, "passed over: not an object")
                continue
            rooted = path if path.startswith("/") else f"/{path}"
            if rooted != path:
                self.note(path, "the path has no '/' in front; taken with one")
            shared = _array(_object(item).get("parameters"))
            for method, raw in _object(item).items():
                if method.lower() in METHODS and isinstance(raw, dict):
                    full = rooted if base and rooted.startswith(base + "/") else base + rooted
                    own = _array(_object(raw).get("parameters"))
                    yield full, method.lower(), _object(raw) | {"parameters": [*shared, *own]}
                elif method.lower() in METHODS:
                    self.note(path, f"passed over {method!r}: not an object")
                elif method != "parameters" and not method.startswith("x-"):
                    self.note(path, f"passed over {method!r}: not an HTTP method that is supported")

    def operation(self, path: str, method: str, raw: Json) -> OperationRecord:
        where = f"{method.upper()} {path}"
        identifier = str(raw.get("operationId") or "")
        if not _is_usable(snake_case(identifier)):
            given = f"operationId {identifier!r} makes no name" if identifier else "no operationId"
            identifier = _made_up_id(method, path)
            self.note(where, f"{given}; called {identifier}")
        path, parameters, body, body_required = self.parameters(where, path, raw)
        body_name, path_order = self.given_order(raw, parameters)
        permissions = _object(raw.get("x-inin-requires-permissions"))
        security = raw.get("security", self.document.get("security", []))
        return OperationRecord(
            id=identifier,
            name=snake_case(identifier),
            method=method.upper(),
            path=path,
            groups=self.groups_of(where, raw),
            parameters=parameters,
            body=body,
            body_required=body_required,
            result=self.result_type(where, raw),
            produces=self.media_types(raw, "produces"),
            consumes=self.media_types(raw, "consumes"),
            permissions=[str(name) for name in _array(permissions.get("permissions"))],
            permissions_any=permissions.get("type", "ANY") != "ALL",
            permissions_unknown=bool(raw.get("x-permissions-unknown")) or not self.knows_permissions,
            secured=bool(security),
            deprecated=bool(raw.get("deprecated")),
            preview=bool(raw.get("x-genesys-preview")),
            body_name=body_name,
            path_order=path_order,
        )

    def groups_of(self, where: str, raw: Json) -> list[str]:
        tags = raw.get("tags")
        if isinstance(tags, str):
            self.note(where, f"its tags are the text {tags!r}; taken as one tag")
            tags = [tags]
        return list(dict.fromkeys(group_name(str(tag)) for tag in _array(tags) or ["default"]))

    def media_types(self, raw: Json, key: str) -> list[str]:
        """The media types of an operation; an empty list stands for JSON alone."""
        types = [str(kind) for kind in _array(raw.get(key)) or _array(self.document.get(key))]
        return [] if types == ["application/json"] else types

    def parameters(self, where: str, path: str, raw: Json) -> tuple[str, list[ParameterRecord], str, bool]:
        found: dict[tuple[str, str], ParameterRecord] = {}
        body, body_required = "", False
        taken = {"body"}
        for entry in raw["parameters"]:
            parameter = self.resolved(where, _object(entry))
            place, name = str(parameter.get("in")), str(parameter.get("name") or "")
            if place == "body":
                body = self.type_of(_object(parameter.get("schema")), f"{where} body")
                body_required = bool(parameter.get("required"))
            elif place == "path" and f"{{{name}}}" not in path:
                self.note(where, f"passed over path parameter {name!r}: the path does not contain it")
            elif place in ("path", "query", "header") and name:
                # An operation may describe a parameter of its path again.
                again = found.get((place, name))
                python_name = again.name if again else attribute_name(name, taken)
                taken.add(python_name)
                found[place, name] = self.parameter(where, parameter, python_name)
            else:
                self.note(where, f"passed over parameter {name!r} in {place!r}: this place is not supported")
        for name in re.findall(r"{([^}]+)}", path):
            if ("path", name) not in found:
                self.note(where, f"path parameter {name!r} is not declared; taken as a string")
                python_name = attribute_name(name, taken)
                taken.add(python_name)
                found["path", name] = ParameterRecord(python_name, name, "path", "s", True)
        in_path = sorted((p for p in found.values() if p.place == "path"), key=lambda p: path.index(f"{{{p.wire}}}"))
        others = [p for p in found.values() if p.place != "path"]
        return path, in_path + others, body, body_required

    def given_order(self, raw: Json, parameters: list[ParameterRecord]) -> tuple[str, list[str]]:
        """What the definition calls the body, and its order of path parameters where it is not that of the path."""
        shared = _object(self.document.get("parameters"))
        entries = [_object(entry) for entry in raw["parameters"]]
        entries = [_object(shared.get(_last(entry["$ref"]))) if "$ref" in entry else entry for entry in entries]
        bodies = [str(entry.get("name") or "body") for entry in entries if entry.get("in") == "body"]
        names = {parameter.wire: parameter.name for parameter in parameters if parameter.place == "path"}
        given = [names[name] for entry in entries if (name := str(entry.get("name"))) in names]
        order = list(dict.fromkeys(given))
        # "sIPSearch" begins with an acronym, too.
        body_name = attribute_name(bodies[-1][0].upper() + bodies[-1][1:]) if bodies else "body"
        return body_name, [] if order == list(names.values()) else order

    def parameter(self, where: str, raw: Json, python_name: str) -> ParameterRecord:
        type_ = self.type_of(raw, f"{where} {raw['name']}")
        if model_in(type_):
            self.note(f"{where} {raw['name']}", "an object outside the body; taken as free-form")
            type_ = type_.partition("#")[0] + "o"
        return ParameterRecord(
            name=python_name,
            wire=str(raw["name"]),
            place=raw["in"],
            type=type_,
            required=bool(raw.get("required")) or raw["in"] == "path",
            default=raw.get("default"),
            enum=self.enum_of(raw, type_),
            limits=_limits(raw),
        )

    def resolved(self, where: str, entry: Json) -> Json:
        if "$ref" not in entry:
            return entry
        target = _object(self.document.get("parameters")).get(_last(entry["$ref"]))
        if target is None:
            self.note(where, f"passed over parameter {entry['$ref']!r}: it does not exist")
        return _object(target)

    def result_type(self, where: str, raw: Json) -> str:
        """The type of the first success reply that has a body, else an empty string."""
        responses = {
            str(status): self.response(where, reply) for status, reply in _object(raw.get("responses")).items()
        }
        successes = sorted(status for status in responses if status.startswith("2"))
        if not successes and responses.get("default", {}).get("schema"):
            self.note(where, "only a default response; taken as that of success")
            successes = ["default"]
        for status in successes:
            schema = _object(responses[status].get("schema"))
            if schema:
                return self.type_of(schema, f"{where} {status}")
        return ""

    def response(self, where: str, reply: Any) -> Json:
        found = _object(reply)
        if "$ref" not in found:
            return found
        target = _object(self.document.get("responses")).get(_last(found["$ref"]))
        if target is None:
            self.note(where, f"passed over response {found['$ref']!r}: it does not exist")
        return _object(target)

    def grouped(self) -> list[GroupRecord]:
        members: dict[str, list[str]] = {}
        tags = [str(name) for tag in _array(self.document.get("tags")) if (name := _object(tag).get("name"))]
        for record in self.result.operations:
            for name in record.groups:
                members.setdefault(name, []).append(record.name)
        spelled = {group_name(tag): tag for tag in tags}
        order = [name for name in spelled if name in members] + [name for name in members if name not in spelled]
        return [GroupRecord(name, spelled.get(name, name), members[name]) for name in order]

    # --- models and types -----------------------------------------------------------------------

    def is_model(self, schema: Json) -> bool:
        """Whether a definition becomes a class; any other one stands for its type wherever it is named."""
        if schema.get("properties") or schema.get("allOf"):
            return True
        if "$ref" in schema or isinstance(schema.get("additionalProperties"), dict):
            return False
        return schema.get("type", "object") == "object"

    def model(self, name: str, schema: Json) -> ModelRecord:
        properties, required = self.merged(name, schema, (name,))
        records: list[PropertyRecord] = []
        taken: set[str] = set()
        for wire, raw in properties.items():
            where = f"model {name}.{wire}"
            if _UNREADABLE.search(wire):
                self.note(where, "passed over: no property can have this name; it is kept as an unknown one")
                continue
            python_name = attribute_name(wire, taken)
            taken.add(python_name)
            type_ = self.type_of(raw, where)
            records.append(
                PropertyRecord(
                    name=python_name,
                    wire=wire,
                    type=type_,
                    required=wire in required,
                    read_only=bool(raw.get("readOnly")),
                    enum=self.enum_of(raw, type_),
                    limits=_limits(raw),
                )
            )
        return ModelRecord(name, records)

    def merged(self, name: str, schema: Json, within: tuple[str, ...]) -> tuple[dict[str, Json], set[str]]:
        """Own properties of a schema and those of its ``allOf`` parts; ``within`` names what it is a part of."""
        properties: dict[str, Json] = {}
        required = {str(entry) for entry in _array(schema.get("required"))}
        if schema.get("discriminator"):
            self.note(f"model {name}", "its discriminator is passed over: all variants share one class")
        for part in map(_object, _array(schema.get("allOf"))):
            reference = _last(part.get("$ref", ""))
            if reference in within or len(within) > MAX_PARTS_DEPTH:
                self.note(f"model {name}", f"passed over its part {reference!r}: it contains itself, or is too deep")
                continue
            if reference and reference not in self.schemas:
                self.note(f"model {name}", f"passed over its part {part['$ref']!r}: it does not exist")
                continue
            target = self.schemas[reference] if reference else part
            inherited, also_required = self.merged(name, target, (*within, reference))
            properties.update(inherited)
            required |= also_required
        properties |= {wire: _object(raw) for wire, raw in _object(schema.get("properties")).items()}
        return properties, required

    def enum_of(self, raw: Json, type_: str) -> list[str] | None:
        """The values of a schema, its items or its alias that are known, where these are texts or whole numbers."""
        for _ in range(MAX_ALIAS_DEPTH):
            values = [str(value) for value in _array(raw.get("enum")) if value is not None]
            if values:
                return values if type_[-1] in "suil" else None
            raw = self.schemas.get(_last(raw["$ref"]), {}) if "$ref" in raw else _object(raw.get("items"))
        return None

    def type_of(self, schema: Json, where: str, depth: int = 0) -> str:
        """The type of a schema, in the catalog's notation."""
        if depth > MAX_ALIAS_DEPTH:
            self.note(where, "free-form: the definition refers to itself without end")
            return "o"
        if "$ref" in schema:
            return self.referred(str(schema["$ref"]), where, depth)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((entry for entry in _array(schema["type"]) if entry != "null"), None)
        if kind is None and "items" in schema:
            kind = "array"
        if kind == "array":
            if not isinstance(schema.get("items"), dict) or not schema["items"]:
                self.note(where, "an array without items of one type; taken as free-form")
            return "[" + self.type_of(_object(schema.get("items")), where, depth + 1)
        if isinstance(schema.get("additionalProperties"), dict) and kind in (None, "object"):
            return "{" + self.type_of(_object(schema["additionalProperties"]), where, depth + 1)
        if kind is None or kind == "object":
            return self.untyped(schema, where, depth)
        if str(kind) not in SCALARS:
            self.note(where, f"unknown type {kind!r}; taken as free-form")
            return "o"
        layout = str(schema["format"]) if schema.get("format") else None
        found = FORMATS.get((str(kind), layout))
        if found is None and layout not in PLAIN_FORMATS:
            self.note(where, f"unknown format {layout!r} of {kind!r}; taken as a plain {kind}")
        return found or SCALARS[str(kind)]

    def untyped(self, schema: Json, where: str, depth: int) -> str:
        """The type of a schema that says none, or no more than ``object``."""
        parts = _array(schema.get("allOf"))
        if len(parts) == 1 and not schema.get("properties"):
            return self.type_of(_object(parts[0]), where, depth + 1)
        values = _array(schema.get("enum"))
        if values and all(isinstance(value, str) for value in values):
            return "s"
        if schema.get("properties") or parts:
            self.note(where, "an object described in place; taken as free-form")
        elif any(word in schema for word in ("oneOf", "anyOf", "enum")):
            self.note(where, "one of several types; taken as free-form")
        return "o"

    def referred(self, reference: str, where: str, depth: int) -> str:
        name = _last(reference)
        target = self.schemas.get(name)
        if target is None:
            self.note(where, f"free-form: {reference!r} does not exist")
            return "o"
        return f"#{name}" if self.is_model(target) else self.type_of(target, where, depth + 1)


def group_name(tag: str) -> str:
    """The attribute of the client for a tag: ``Agent Assistants`` → ``agent_assistants``."""
    return "oauth" if tag == "OAuth" else attribute_name(tag)


def _raw_operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in _object(document.get("paths")).items():
        yield from ((path, method, _object(raw)) for method, raw in _object(item).items())


def _unused_id(method: str, path: str, names: Mapping[str, str]) -> str:
    made = _made_up_id(method, path)
    numbered = (f"{made}{number or ''}" for number in (0, *range(2, len(names) + 3)))
    return next(identifier for identifier in numbered if snake_case(identifier) not in names)


def _is_usable(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _made_up_id(method: str, path: str) -> str:
    words = re.findall(r"[0-9A-Za-z]+", re.sub(r"^/api/v\d+", "", path))
    return method + "".join(word[:1].upper() + word[1:] for word in words)


def _object(value: Any) -> Json:
    """``value`` if it is an object, else an empty one: dirty documents have anything anywhere."""
    if not isinstance(value, dict):
        return {}
    return cast("Json", value)


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        return []
    return cast("list[Any]", value)


def _last(reference: Any) -> str:
    """``Queue`` of ``#/definitions/Queue``."""
    return str(reference).rpartition("/")[2]


def _limits(raw: Json) -> Limits | None:
    limits = Limits(
        minimum=_number(raw.get("minimum")),
        maximum=_number(raw.get("maximum")),
        min_length=_whole(raw.get("minLength")),
        max_length=_whole(raw.get("maxLength")),
        pattern=str(raw["pattern"]) if raw.get("pattern") else None,
        documented_maximum=_number(raw.get("x-documented-maximum")),
    )
    return None if limits == Limits() else limits


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
