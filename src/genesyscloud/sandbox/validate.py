"""Check a request against the definition, and say like the service what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from ..catalog import Limits, OperationRecord, ParameterRecord, PropertyRecord
from .fake import Faker
from .narrow import as_list, as_object
from .refusal import Refusal, bad_request

__all__ = ["FITS", "INT_BITS", "Problem", "Validator", "breaks"]

JSON_CHARSETS = {"", "utf-8", "utf8", "us-ascii", "ascii"}
#: Objects and arrays inside each other; deeper ones are refused, as any server does.
MAX_NESTING = 100
INT_BITS = {"i": 31, "l": 63}
#: What is wrong is listed, up to this many times.
MAX_PROBLEMS = 50

#: By model: properties that replies always have and requests need not have, although the definition does not say so.
SERVER_SIDE = {"DataTableImportJob": {"status"}, "Note": {"createdBy"}}

_AWARE = Annotated[datetime, msgspec.Meta(tz=True)]
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?")
_YEAR_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OPENING = re.compile(rb"[\[{]")


class Problem(NamedTuple):
    """One thing that is wrong, and where."""

    code: str
    path: str
    message: str


class Validator:
    """Checks parameters and bodies.

    Args:
        faker: knows the models.
        check_enums: whether a value outside an enum is wrong.
        body_bytes: the largest body allowed.
        whole: whether models are checked as the service shows them: read-only properties stay, and nothing is required.
    """

    def __init__(self, faker: Faker, *, check_enums: bool, body_bytes: int = 0, whole: bool = False) -> None:
        self._faker = faker
        self._whole = whole
        self._check_enums = check_enums
        self._body_bytes = body_bytes
        self._writable: dict[str, tuple[dict[str, PropertyRecord], list[str], set[str]]] = {}

    # --- parameters -----------------------------------------------------------------------------

    def parameters(
        self, record: OperationRecord, path_values: list[str], query: str, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the values of query and header parameters, by wire name.

        Raises:
            Refusal: 400; a parameter is missing or has the wrong type.
        """
        sent: dict[str, list[str]] = {}
        for name, value in parse_qsl(query, keep_blank_values=True) if query else ():
            sent.setdefault(name, []).append(value)
        problems: list[Problem] = []
        at = 0
        found: dict[str, Any] = {}
        for parameter in record.parameters:
            if parameter.place == "path":
                self._parameter(parameter, [path_values[at]], problems)
                at += 1
            else:
                header = headers.get(parameter.wire) if parameter.place == "header" else None
                values = [header] if header is not None else sent.get(parameter.wire, [])
                values = [value for value in values if value]
                if values:
                    found[parameter.wire] = self._parameter(parameter, values, problems)
                elif parameter.required:
                    problems.append(Problem("required", parameter.wire, "is required"))
        if problems:
            raise _refusal(problems, "parameter")
        return found

    def _parameter(self, parameter: ParameterRecord, values: list[str], problems: list[Problem]) -> Any:
        if parameter.type.startswith("["):
            items = [item for value in values for item in value.split(",") if item]
            return [self._scalar(parameter, parameter.type[1:], item, problems) for item in items]
        return self._scalar(parameter, parameter.type, values[-1], problems)

    def _scalar(self, parameter: ParameterRecord, type_: str, text: str, problems: list[Problem]) -> Any:
        value = _parsed(type_, text)
        if value is None:
            problems.append(Problem(_code(type_), parameter.wire, f"is not {NAMES[type_]}"))
            return None
        if parameter.enum and self._check_enums and type_ == "s":
            exact = _known(parameter, text)
            if exact is None:
                problems.append(Problem("invalid.value", parameter.wire, f"is none of {', '.join(parameter.enum)}"))
                return None
            value = exact
        problem = breaks(value, parameter.limits)
        if problem:
            problems.append(Problem("invalid.value", parameter.wire, problem))
        return value

    def entity(self, value: Any, model: str, at: str = "") -> tuple[Any, list[Problem]]:
        """Check an object against a model.

        Args:
            value: the object.
            model: name of the model.
            at: where it is, for the problems.

        Returns:
            The object as the model has it, and what is wrong.
        """
        problems: list[Problem] = []
        return self._model(value, model, at, problems), problems

    # --- bodies ---------------------------------------------------------------------------------

    def body(self, record: OperationRecord, headers: Mapping[str, str], data: bytes) -> Any:
        """Return the body of a request, without read-only properties; ``None`` when there is none.

        Raises:
            Refusal: 400, 413 or 415.
        """
        if len(data) > self._body_bytes:
            limit = {"key": "request.bytes.max", "namespace": "platform.api", "value": self._body_bytes}
            message = f"The request body is larger than {self._body_bytes} bytes."
            raise Refusal(413, "request.entity.too.large", message, limit=limit)
        if not record.body:
            return None
        value = None
        if data.strip():
            _check_media_type(record, headers.get("content-type", ""))
            value = _decoded(data)
        if value is None:
            if record.body_required:
                raise bad_request("The request body is missing.", details=[_detail("required", "body")])
            return None
        problems: list[Problem] = []
        value = self._value(value, record.body, None, None, "", problems)
        if problems:
            raise _refusal(problems, "body")
        return value

    def problems(self, value: Any, type_: str) -> str:
        """What is wrong with a value of ``type_``; empty when nothing is."""
        found: list[Problem] = []
        self._value(value, type_, None, None, "", found)
        return "; ".join(f"{problem.path} {problem.message}" for problem in found[:MAX_PROBLEMS])

    def _value(
        self, value: Any, type_: str, enum: list[str] | None, limits: Limits | None, at: str, problems: list[Problem]
    ) -> Any:
        kind = type_[0]
        if kind == "o":
            return value
        if kind == "#":
            return self._model(value, type_[1:], at, problems)
        inner = type_[1:]
        if kind == "[" and (items := as_list(value)) is not None:
            return [self._value(v, inner, enum, None, f"{at}[{n}]", problems) for n, v in enumerate(items)]
        if kind == "{" and (entries := as_object(value)) is not None:
            return {k: self._value(v, inner, enum, None, _join(at, k), problems) for k, v in entries.items()}
        if len(problems) >= MAX_PROBLEMS:
            return value
        if kind in "[{" or not FITS[kind](value):
            problems.append(Problem(_code(kind), at or "body", f"is not {NAMES[kind]}"))
        elif enum and self._check_enums and kind == "s" and value not in enum:
            # The service reads enums in any case: identity providers send ``Replace``.
            same = next((known for known in enum if known.lower() == value.lower()), None)
            if same is not None:
                return same
            problems.append(Problem("invalid.value", at, f"is none of {', '.join(enum[:20])}"))
        elif problem := breaks(value, limits):
            problems.append(Problem("invalid.value", at, problem))
        elif kind in INT_BITS:
            return int(value)
        return value

    def _model(self, value: Any, name: str, at: str, problems: list[Problem]) -> Any:
        sent = as_object(value)
        if sent is None:
            problems.append(Problem("invalid.value", at or "body", "is not an object"))
            return value
        properties, required, ignored = self._properties(name)
        if not properties and not ignored:
            return sent
        # An object inside the body that has an id refers to an entity: nothing else is needed of it.
        refers = bool(at) and isinstance(sent.get("id"), str)
        for wire in () if refers else required:
            if sent.get(wire) is None:
                problems.append(Problem("required", _join(at, wire), "is required"))
        kept: dict[str, Any] = {}
        for wire, inner in sent.items():
            record = properties.get(wire)
            if record is None or inner is None:
                if wire not in ignored or (refers and wire == "id"):
                    kept[wire] = inner
            else:
                where = _join(at, wire)
                kept[wire] = self._value(inner, record.type, record.enum, record.limits, where, problems)
        return kept

    def _properties(self, name: str) -> tuple[dict[str, PropertyRecord], list[str], set[str]]:
        found = self._writable.get(name)
        if found is None:
            properties = self._faker.record(name).properties
            ignored = set[str]() if self._whole else {p.wire for p in properties if p.read_only}
            writable = {p.wire: p for p in properties if p.wire not in ignored}
            made = SERVER_SIDE.get(name, ())
            needed = [p.wire for p in writable.values() if p.required and p.wire not in made]
            required = [] if self._whole else needed
            found = self._writable[name] = (writable, required, ignored)
        return found


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _check_media_type(record: OperationRecord, header: str) -> None:
    media_type, _, rest = header.partition(";")
    media_type = media_type.strip().lower()
    if media_type and media_type != "application/json" and media_type not in record.consumes:
        raise Refusal(415, "unsupported.media.type", f"The media type {media_type[:80]!r} is not supported.")
    charset = rest.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    if charset not in JSON_CHARSETS:
        raise Refusal(415, "unsupported.media.type", f"The charset {charset[:40]!r} is not supported: use UTF-8.")


def _decoded(data: bytes) -> Any:
    """Decode JSON; nesting is bounded before decoding, since decoder and validator recurse."""
    if len(_OPENING.findall(data)) > MAX_NESTING and _nesting(data) > MAX_NESTING:
        raise bad_request(f"The request body nests deeper than {MAX_NESTING} levels.")
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise bad_request(f"The request body is not valid JSON: {error}") from None


def _nesting(data: bytes) -> int:
    """Upper bound of the nesting; brackets inside strings do not count."""
    depth = deepest = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', data, re.DOTALL):
        mark = token[0]
        if mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in b"]}":
            depth -= 1
    return deepest


def _refusal(problems: list[Problem], what: str) -> Refusal:
    listed = problems[:MAX_PROBLEMS]
    first = listed[0]
    code = first.code if first.code != "required" else "bad.request"
    message = f"The {what} {first.path} {first.message}." if what == "parameter" else f"{first.path} {first.message}."
    return bad_request(message, code=code, details=[_detail(p.code, p.path) for p in listed])


def _detail(code: str, field: str) -> dict[str, str]:
    return {"errorCode": code, "fieldName": field}


def _code(type_: str) -> str:
    return "invalid.date" if type_ in "tdLY" else "invalid.value"


def breaks(value: Any, limits: Limits | None) -> str:
    """Say how ``value`` breaks ``limits``, or return an empty string."""
    if limits is None:
        return ""
    if isinstance(value, str):
        if limits.min_length is not None and len(value) < limits.min_length:
            return f"is shorter than {limits.min_length} characters"
        if limits.max_length is not None and len(value) > limits.max_length:
            return f"is longer than {limits.max_length} characters"
        if limits.pattern and not re.search(limits.pattern, value):
            return f"does not match {limits.pattern}"
    elif isinstance(value, int | float):
        if limits.minimum is not None and value < limits.minimum:
            return f"is below {limits.minimum:g}"
        if limits.maximum is not None and value > limits.maximum:
            return f"is above {limits.maximum:g}"
    return ""


def _is_date_time(value: Any) -> bool:
    if not isinstance(value, str) or "T" not in value:
        return False
    try:
        msgspec.convert(value, _AWARE)
    except msgspec.ValidationError:
        return False
    return True


def _is_date(value: Any) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_int(bits: int) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        if isinstance(value, float):
            return value.is_integer() and -(1 << bits) <= value < 1 << bits
        return isinstance(value, int) and not isinstance(value, bool) and -(1 << bits) <= value < 1 << bits

    return fits


FITS: Mapping[str, Callable[[Any], bool]] = {
    "s": lambda value: isinstance(value, str),
    "u": lambda value: isinstance(value, str) and _UUID.fullmatch(value) is not None,
    "t": _is_date_time,
    "d": _is_date,
    "L": lambda value: isinstance(value, str) and _LOCAL.fullmatch(value) is not None,
    "Y": lambda value: isinstance(value, str) and _YEAR_MONTH.fullmatch(value) is not None,
    "i": _is_int(31),
    "l": _is_int(63),
    "f": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "b": lambda value: isinstance(value, bool),
}
NAMES: Mapping[str, str] = {
    "s": "a string", "u": "a UUID", "t": "a date-time", "d": "a date", "L": "a local date-time", "Y": "a year-month",
    "i": "an integer", "l": "an integer", "f": "a number", "b": "a boolean", "[": "an array", "{": "an object",
}  # fmt: skip


def _known(parameter: ParameterRecord, text: str) -> str | None:
    """The value of a parameter's enum that ``text`` stands for."""
    given = text.lower()
    for known in parameter.enum or ():
        # The service's own defaults are ``ASC`` and ``a`` where its enum has ``ascending``.
        order = parameter.wire.lower() == "sortorder" and given in ("a", "asc", "d", "desc")
        if known.lower() == given or (order and known.lower()[0] == given[0]):
            return known
    return None


def _parsed(type_: str, text: str) -> Any:
    """The value of a parameter, or ``None`` when the text does not fit the type."""
    if type_ in INT_BITS:
        if not re.fullmatch(r"[+-]?[0-9]{1,19}", text):
            return None
        number = int(text)
        return number if FITS[type_](number) else None
    if type_ == "f":
        return float(text) if re.fullmatch(r"[+-]?[0-9]{1,300}(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?", text) else None
    if type_ == "b":
        return {"true": True, "false": False}.get(text.lower())
    return text if FITS[type_](text) else None
