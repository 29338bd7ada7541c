"""From a record of the catalog to something that can be called.

An :class:`Operation` turns arguments into a :class:`Prepared` request: it knows names, places, types and
encodings, and complains about arguments before anything is sent. It knows nothing of hosts, tokens or
sockets. :class:`BoundOperation` is what ``gc.routing.get_routing_queues`` is.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from . import check as checks
from . import codec
from .arguments import encode_argument, encode_list, quote
from .catalog import OperationRecord, ParameterRecord, catalog
from .errors import InvalidBody
from .forks import hold_during_fork
from .names import nearest
from .redact import shown_url

if TYPE_CHECKING:
    import inspect

__all__ = ["BoundOperation", "Operation", "Prepared", "operation", "prepare_request"]

JSON = "application/json"


class Prepared(NamedTuple):
    """One call, ready but for host and credentials.

    ``path`` is percent-encoded and contains the query. ``result`` is the type of the reply in the catalog's
    notation, empty for none. ``record`` is ``None`` for a request made by hand.
    """

    name: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    result: str
    secured: bool
    record: OperationRecord | None

    def __repr__(self) -> str:
        return f"<Prepared {self.name}>"


class Operation:
    """One operation of the API, without a client.

    Args:
        record: what the catalog says of it.
    """

    __slots__ = ("__name__", "_by_name", "_headers", "_headers_with_body", "_in_path", "_path", "_positional",
                 "_query", "_sent_as_header", "record")  # fmt: skip

    def __init__(self, record: OperationRecord) -> None:
        self.record = record
        self.__name__ = record.name
        self._in_path = [p for p in record.parameters if p.place == "path"]
        self._query = [p for p in record.parameters if p.place == "query"]
        self._sent_as_header = [p for p in record.parameters if p.place == "header"]
        self._positional = [p.name for p in self._in_path] + (["body"] if record.body else [])
        self._by_name = frozenset([p.name for p in record.parameters] + (["body"] if record.body else []))
        self._path = _pieces(record.path, self._in_path)
        self._headers = {"Accept": _accept(record.produces)}
        self._headers_with_body = self._headers | {"Content-Type": record.consumes[0] if record.consumes else JSON}

    def prepare(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], *, check: bool = True, array_style: str = "csv"
    ) -> Prepared:
        """Turn arguments into a request.

        Args:
            args: path parameters in the order of the path, then the body.
            kwargs: parameters by their Python names.
            check: compare a body built from models with the definition.
            array_style: ``csv`` joins the values of an array with commas (proven against the service),
                ``multi`` repeats the name.

        Raises:
            TypeError: an argument is wrong, missing or unknown.
            InvalidBody: the body does not fit.
        """
        given = self._bind(args, kwargs)
        record = self.record
        path = self._fill_path(given)
        query = [
            part
            for parameter in self._query
            if (part := self._query_part(parameter, given.get(parameter.name), array_style))
        ]
        body = self._body(given.get("body"), check) if record.body else None
        headers = self._headers if body is None else self._headers_with_body
        if self._sent_as_header:
            headers = headers | self._header_parameters(given)
        return Prepared(
            record.name,
            record.method,
            f"{path}?{'&'.join(query)}" if query else path,
            headers,
            body,
            record.result,
            record.secured,
            record,
        )

    def _bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
        if not kwargs.keys() <= self._by_name:
            unknown = next(name for name in kwargs if name not in self._by_name)
            raise TypeError(f"{self.__name__}() has no argument {unknown!r}.{nearest(unknown, self._by_name)}")
        if not args:
            return kwargs
        if len(args) > len(self._positional):
            raise TypeError(
                f"{self.__name__}() takes {len(self._positional)} positional arguments"
                f"{' (' + ', '.join(self._positional) + ')' if self._positional else ''}, but {len(args)} were"
                " given; all others go by name"
            )
        given = dict(zip(self._positional, args, strict=False))
        twice = given.keys() & kwargs.keys()
        if twice:
            raise TypeError(f"{self.__name__}() got two values for argument {min(twice)!r}")
        return given | dict(kwargs)

    def _fill_path(self, given: Mapping[str, Any]) -> str:
        if not self._in_path:
            return self.record.path
        parts: list[str] = []
        for piece in self._path:
            if isinstance(piece, str):
                parts.append(piece)
                continue
            text = encode_argument(self.__name__, piece, self._required(piece, given.get(piece.name)))
            if text in ("", ".", ".."):
                raise TypeError(
                    f"{self.__name__}() argument {piece.name!r} must not be {text!r}: it is part of the path"
                )
            parts.append(quote(text))
        return "".join(parts)

    def _required(self, parameter: ParameterRecord, value: Any) -> Any:
        if value is None:
            raise TypeError(f"{self.__name__}() is missing the required argument {parameter.name!r}")
        return value

    def _query_part(self, parameter: ParameterRecord, value: Any, array_style: str) -> str:
        """``name=value`` of one query parameter, or an empty string when it was not given."""
        if value is None:
            if parameter.required:
                self._required(parameter, value)
            return ""
        return _query_text(self.__name__, parameter, value, array_style)

    def _header_parameters(self, given: Mapping[str, Any]) -> dict[str, str]:
        headers: dict[str, str] = {}
        for parameter in self._sent_as_header:
            value = given.get(parameter.name)
            if value is None and not parameter.required:
                continue
            given_value = self._required(parameter, value)
            if parameter.type[0] == "[":
                text = ",".join(encode_list(self.__name__, parameter, given_value))
            else:
                text = encode_argument(self.__name__, parameter, given_value)
            _check_header(f"{self.__name__}() argument {parameter.name!r}", text)
            headers[parameter.wire] = text
        return headers

    def _body(self, body: Any, check: bool) -> bytes | None:
        record = self.record
        if body is None:
            if record.body_required:
                raise TypeError(f"{self.__name__}() is missing the required argument 'body' ({record.body})")
            return None
        return _encode_body(self.__name__, body, record if check else None)

    @property
    def __signature__(self) -> inspect.Signature:
        from .describe import signature  # inspect takes long to import

        return signature(self.record)

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        from .describe import docstring

        return docstring(self.record)

    def __repr__(self) -> str:
        return f"<operation {self.__name__}: {self.record.method} {self.record.path}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (operation, (self.__name__,))


class BoundOperation:
    """An operation of one client; calling it sends a request.

    On a :class:`~genesyscloud.GenesysCloud` the call returns the result, on an
    :class:`~genesyscloud.AsyncGenesysCloud` an awaitable of it.
    """

    __slots__ = ("__name__", "__qualname__", "client", "operation")

    def __init__(self, operation: Operation, client: Any, group: str) -> None:
        self.operation = operation
        self.client = client
        self.__name__ = operation.__name__
        self.__qualname__ = f"{group}.{operation.__name__}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.client._invoke(self.operation, args, kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        return self.operation.__signature__

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return self.operation.__doc__

    def __repr__(self) -> str:
        return repr(self.operation)


_lock = threading.Lock()
hold_during_fork(_lock)
_operations: dict[str, Operation] = {}


def operation(name: str) -> Operation:
    """Return an operation by its Python name or its ``operationId``; one object per operation and process.

    Raises:
        UnknownOperation: there is none; the message names the nearest one.
    """
    found = _operations.get(name)
    if found is None:
        record = catalog().operation(name)
        with _lock:
            found = _operations.setdefault(record.name, Operation(record))
    return found


def prepare_request(
    method: str,
    path: str,
    *,
    query: Mapping[str, Any] | None = None,
    json: Any = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Prepared:
    """Make a request by hand, for what the definition does not contain.

    Args:
        method: HTTP method.
        path: begins with ``/``; sent as it is, so percent-encode what is not ASCII.
        query: values are strings, numbers, booleans, dates or lists of them; ``None`` leaves one out.
        json: body to encode (``NULL`` for the text ``null``).
        body: body as it is; give one of the two.
        headers: added to ``Accept`` and ``Content-Type``, or instead of them.

    Raises:
        TypeError: both bodies were given, or a value cannot be sent.
        InvalidBody: ``json`` has no form in JSON.
    """
    if not isinstance(method, str) or not isinstance(path, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError("method and path of a request must be strings")
    name = f"{method.upper()} {shown_url(path.partition('?')[0])}"
    if not (method.isascii() and method.isalpha()):
        raise TypeError(f"{name}: the method must be a word, such as GET")
    if json is not None and body is not None:
        raise TypeError(f"{name}: give json or body, not both")
    if body is not None and not isinstance(body, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name}: body must be bytes, not {type(body).__name__}; json= is for everything else")
    if not path.startswith("/") or _UNSAFE_IN_PATH.search(path):
        raise TypeError(f"{name}: the path must begin with '/' and be percent-encoded")
    parts: list[str] = []
    for key, value in (query or {}).items():
        if value is not None:
            type_ = "[o" if isinstance(value, list | tuple | set | frozenset) else "o"
            parts.append(_query_text(name, ParameterRecord(key, key, "query", type_), value, "csv"))
    if parts:
        path += ("&" if "?" in path else "?") + "&".join(parts)
    sent = {"accept": ("Accept", JSON)}
    if json is not None or body is not None:
        sent["content-type"] = ("Content-Type", JSON)
    for header, value in (headers or {}).items():
        _check_header(f"{name}: header {header!r}", value)
        if not _HEADER_NAME.fullmatch(header):
            raise TypeError(f"{name}: {header!r} cannot be the name of a header")
        sent[header.lower()] = (header, value)
    return Prepared(
        name,
        method.upper(),
        path,
        dict(sent.values()),
        body if json is None else _encode_body(name, json, None),
        "o",
        True,
        None,
    )


_UNSAFE_IN_PATH = re.compile(r"[^!-~]|#")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _query_text(operation: str, parameter: ParameterRecord, value: Any, array_style: str) -> str:
    """``name=value`` of one query parameter; an array without values is sent as such."""
    name = quote(parameter.wire)
    if parameter.type[0] != "[":
        return f"{name}={quote(encode_argument(operation, parameter, value))}"
    values = encode_list(operation, parameter, value)
    # A value that contains a comma cannot be told apart in the joined form.
    if len(values) > 1 and (array_style == "multi" or any("," in text for text in values)):
        return "&".join(f"{name}={quote(text)}" for text in values)
    return f"{name}={quote(','.join(values))}"


def _check_header(what: str, value: str) -> None:
    if not isinstance(value, str) or not (value.isascii() and value.isprintable()):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{what} cannot be sent: it must be printable ASCII")


def _encode_body(name: str, body: Any, record: OperationRecord | None) -> bytes:
    """Write a body as JSON, after comparing it with the ``record`` of the operation, if there is one."""
    try:
        if record is not None:
            checks.check_body(body, record)
        return codec.encode(body)
    except InvalidBody as error:
        error.operation = name
        raise
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        failed = InvalidBody(str(error))
        failed.operation = name
        raise failed from None


def _accept(produces: list[str]) -> str:
    """All media types of an operation, in its order; without any, JSON."""
    if not produces:
        return JSON
    return ", ".join(kind if place == 0 else f"{kind};q=0.9" for place, kind in enumerate(produces))


def _pieces(path: str, parameters: list[ParameterRecord]) -> list[str | ParameterRecord]:
    pieces: list[str | ParameterRecord] = []
    for parameter in parameters:
        before, _, path = path.partition(f"{{{parameter.wire}}}")
        pieces += [before, parameter]
    return [*pieces, path]
