"""API classes of the vendor's face: a method per operation, made when it is first touched."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..catalog import catalog
from .naming import attribute, module_of_class, number, positional, swagger_type

if TYPE_CHECKING:
    from ..catalog import GroupRecord, OperationRecord, ParameterRecord

__all__ = ["build"]

#: Makes a real function, so that Python itself checks positional arguments and tools see a signature.
_SOURCE = """\
def {name}(self, {arguments}**kwargs):
    return _call(self, {{{given}}}, kwargs)
"""


def build(name: str, group: GroupRecord) -> type:
    """Make the API class of a group."""
    namespace: dict[str, Any] = {operation: _Unmade() for operation in group.operations}
    namespace["__module__"] = f"PureCloudPlatformClientV2.apis.{module_of_class(name)}"
    namespace["__doc__"] = f"The operations of {group.tag}."
    return type(name, (Api,), namespace)


class Api:
    """Base of the API classes.

    Args:
        api_client: sends the requests; without one, that of ``configuration``, which is made if need be.
    """

    def __init__(self, api_client: Any = None) -> None:
        if not api_client:
            from .face.api_client import ApiClient
            from .face.configuration import Configuration

            configuration = Configuration()
            if not configuration.api_client:
                configuration.api_client = ApiClient()
            api_client = configuration.api_client
        self.api_client = api_client


class _Unmade:
    """Stands in a class for a method that nobody has asked for yet."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner = owner
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        method = _method(catalog().operation(self._name))
        method.__module__ = self._owner.__module__
        method.__qualname__ = f"{self._owner.__name__}.{self._name}"
        setattr(self._owner, self._name, method)
        return method if instance is None else method.__get__(instance, owner)


def _method(record: OperationRecord) -> Any:
    call = _Call(record)
    required = positional(record)
    namespace: dict[str, Any] = {"_call": call}
    given = ", ".join(f"{name!r}: {name}" for name in required)
    source = _SOURCE.format(name=record.name, arguments="".join(f"{name}, " for name in required), given=given)
    exec(source, namespace)
    method = namespace[record.name]
    method.__doc__ = _doc(record, call)
    annotations = {name: swagger_type(call.types[name]) for name in required}
    method.__annotations__ = {**annotations, "return": call.response_type}
    return method


class _Call:
    """One operation: arguments in, ``call_api`` out."""

    def __init__(self, record: OperationRecord) -> None:
        self.record = record
        self.types = {attribute(entry): entry.type for entry in record.parameters}
        self._parameters = [(attribute(entry), entry) for entry in record.parameters]
        if record.body:
            self.types[record.body_name] = record.body
        self._required = [*positional(record)]
        self.response_type = swagger_type(record.result) if record.result else None
        self._limits = [(name, entry) for name, entry in self._parameters if entry.limits is not None]

    def __call__(self, api: Any, given: dict[str, Any], kwargs: Mapping[str, Any]) -> Any:
        record = self.record
        if record.deprecated:
            text = f"Call to deprecated function {record.name} ({record.name} is deprecated)."
            warnings.warn(text, DeprecationWarning, stacklevel=3)
        for name, value in kwargs.items():
            if name not in self.types and name != "callback":
                raise TypeError(f"Got an unexpected keyword argument '{name}' to method {record.name}")
            given[name] = value
        for name in self._required:
            if given.get(name) is None:
                raise ValueError(f"Missing the required parameter `{name}` when calling `{record.name}`")
        for name, entry in self._limits:
            if given.get(name) is not None:
                _check(record.name, name, entry, given[name])
        places: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
        for name, entry in self._parameters:
            if name in given:
                places[entry.place][entry.wire] = given[name]
        client = api.api_client
        headers = places["header"]
        accept = client.select_header_accept(record.produces or ["application/json"])
        if accept:
            headers["Accept"] = accept
        headers["Content-Type"] = client.select_header_content_type(record.consumes or ["application/json"])
        return client.call_api(
            record.path,
            record.method,
            places["path"],
            places["query"],
            headers,
            body=given.get(record.body_name) if record.body else None,
            post_params=[],
            files={},
            response_type=self.response_type,
            auth_settings=["PureCloud OAuth"] if record.secured else [],
            callback=given.get("callback"),
        )


def _check(method: str, name: str, entry: ParameterRecord, value: Any) -> None:
    limits = entry.limits
    assert limits is not None
    broken = ""
    if limits.maximum is not None and value > limits.maximum:
        broken = f"a value less than or equal to  `{number(limits.maximum)}`"
    elif limits.minimum is not None and value < limits.minimum:
        broken = f"a value greater than or equal to `{number(limits.minimum)}`"
    if broken:
        raise ValueError(f"Invalid value for parameter `{name}` when calling `{method}`, must be {broken}")
    if limits.pattern is not None and re.match(limits.pattern, value) is None:
        pattern = f"must conform to the pattern `/{limits.pattern}/`"
        raise ValueError(f"Invalid value for parameter `{name}` when calling `{method}`, {pattern}")


def _doc(record: OperationRecord, call: _Call) -> str:
    lines = [f"{record.method} {record.path}{' (deprecated)' if record.deprecated else ''}", ""]
    required = positional(record)
    for name, type_ in call.types.items():
        lines.append(f":param {swagger_type(type_)} {name}:{' (required)' if name in required else ''}")
    lines.append(":param callback: called with the result, in a thread, which is returned then")
    lines.append(f":return: {call.response_type}")
    return "\n".join(lines)
