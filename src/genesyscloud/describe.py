"""Signatures and docstrings of operations, made from facts."""

from __future__ import annotations

import inspect
import textwrap
from inspect import Parameter

from .catalog import Limits, OperationRecord, ParameterRecord, describe_type, model_in

__all__ = ["docstring", "python_type", "signature"]

WIDTH = 100
#: Values of an enumeration that are listed; more are counted.
MAX_LISTED = 12

_PYTHON = {
    "s": "str",
    "u": "str",
    "Y": "str",
    "i": "int",
    "l": "int",
    "f": "float",
    "b": "bool",
    "t": "datetime | str",
    "L": "datetime | str",
    "d": "date | str",
    "o": "Any",
}


def python_type(type_: str) -> str:
    """Return the annotation of a type in the catalog's notation: ``[s`` → ``Sequence[str]``."""
    kind, inner = type_[0], type_[1:]
    if kind == "[":
        return f"Sequence[{python_type(inner)}]"
    if kind == "{":
        return f"Mapping[str, {python_type(inner)}]"
    return inner if kind == "#" else _PYTHON[kind]


def signature(record: OperationRecord) -> inspect.Signature:
    """Return the signature of an operation: path parameters and body may be positional."""
    parameters = [
        Parameter(p.name, Parameter.POSITIONAL_OR_KEYWORD, annotation=python_type(p.type))
        for p in record.parameters
        if p.place == "path"
    ]
    if record.body:
        default = Parameter.empty if record.body_required else None
        models = " | ".join([python_type(record.body), *record.body_also])
        annotation = f"{models} | Mapping[str, Any]" if model_in(record.body) else "Any"
        parameters.append(Parameter("body", Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=annotation))
    for p in record.parameters:
        if p.place != "path":
            default = Parameter.empty if p.required else None
            annotation = python_type(p.type) if p.required else f"{python_type(p.type)} | None"
            parameters.append(Parameter(p.name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation))
    result = python_type(record.result).replace("Sequence[", "list[") if record.result else "None"
    return inspect.Signature(parameters, return_annotation=result)


def docstring(record: OperationRecord) -> str:
    """Return the documentation of an operation."""
    lines = [f"{record.method} {record.path}", ""]
    if record.deprecated:
        lines += ["Deprecated: the service may remove this operation.", ""]
    if record.preview:
        lines += ["Preview: the service may change this operation without notice.", ""]
    described = [_parameter(p) for p in record.parameters]
    if record.body:
        described.append(_body(record))
    if described:
        lines += ["Args:"]
        for text in described:
            lines += textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="        ")
        lines += [""]
    lines += ["Returns:", f"    {describe_type(record.result) if record.result else 'None'}", ""]
    lines += [
        "Permissions:",
        *textwrap.wrap(_permissions(record), WIDTH, initial_indent="    ", subsequent_indent="    "),
    ]
    if record.paging:
        lines += ["", f"Pages: iterate over all {record.paging.items} with client.paginate()."]
    return "\n".join(lines)


def _parameter(parameter: ParameterRecord) -> str:
    parts = [describe_type(parameter.type), "required" if parameter.required else "optional"]
    if parameter.default is not None:
        parts.append(f"default {parameter.default!r}")
    if parameter.place == "header":
        parts.append(f"sent as header {parameter.wire}")
    parts += _limits(parameter.limits)
    text = f"{parameter.name}: {', '.join(parts)}."
    if parameter.enum:
        listed = ", ".join(parameter.enum[:MAX_LISTED])
        more = len(parameter.enum) - MAX_LISTED
        text += f" One of {listed}{f' and {more} more' if more > 0 else ''}."
    return text


def _body(record: OperationRecord) -> str:
    text = f"body: {describe_type(record.body)}, {'required' if record.body_required else 'optional'}."
    if model_in(record.body):
        text += " Models, or dicts in their place." if record.body[0] in "[{" else " A model, or a dict in its place."
    if record.body_also:
        text += f" {' or '.join(record.body_also)} is taken too, so that what was read can be sent."
    return text


def _limits(limits: Limits | None) -> list[str]:
    if limits is None:
        return []
    words = {
        "at least": limits.minimum,
        "at most": limits.maximum if limits.maximum is not None else limits.documented_maximum,
        "length at least": limits.min_length,
        "length at most": limits.max_length,
        "matching": limits.pattern,
    }
    return [f"{word} {_plain(value)}" for word, value in words.items() if value is not None]


def _plain(value: float | str) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _permissions(record: OperationRecord) -> str:
    if record.permissions_unknown:
        return "not documented"
    if not record.permissions:
        return "none needed" if record.secured else "none needed, nor a login"
    if len(record.permissions) == 1:
        return record.permissions[0]
    return f"{'any' if record.permissions_any else 'all'} of {', '.join(record.permissions)}"
