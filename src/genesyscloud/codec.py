"""JSON in and out: the only place that reads or writes it.

Reading a reply that fits the definition is one pass in C. One that does not fit is handed to
:mod:`genesyscloud.drift`, which keeps everything the server sent.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn, cast

import msgspec

from . import classes, drift, model
from .errors import DriftError, InvalidBody

__all__ = ["NotJson", "decode", "encode", "encode_for_people", "to_plain"]


#: The escape of one half of a character, of which msgspec takes pairs only.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
#: Integers of more digits are kept as decimals: Python refuses to convert them.
MAX_DIGITS = 4000


class NotJson(ValueError):
    """The bytes are not JSON."""


def decode(data: bytes, type_: str = "o", *, strict: bool = False) -> Any:
    """Read JSON as a type in the catalog's notation.

    Args:
        data: the bytes of one JSON value.
        type_: what the definition promises (``#Queue``); ``o`` for any value.
        strict: raise where the value differs from the definition, instead of keeping it as it came.

    Raises:
        NotJson: ``data`` is not JSON.
        DriftError: only when ``strict``.
    """
    family = classes.BASE if strict else drift.current()
    try:
        return (family.decoders.get(type_) or _new_decoder(family, type_)).decode(data)
    except msgspec.ValidationError as error:
        differs = str(error)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        if not _SURROGATE.search(data):
            raise NotJson(str(error)) from None
        differs = "half of a character"
        drift.note_halves()
    plain = decode_untyped(data)
    if strict:
        raise DriftError(f"the reply differs from the definition: {differs}")
    return drift.lenient(plain, type_)


def preload(type_: str) -> None:
    """Build what reading a value of this type needs."""
    family = drift.current()
    if type_ not in family.decoders:
        _new_decoder(family, type_)


def _new_decoder(family: classes.Family, type_: str) -> msgspec.json.Decoder[Any]:
    # Under the lock, because msgspec publishes what it knows of a class before it knows all of it: another
    # thread would decode with half of the fields.
    with classes.building:
        decoder = msgspec.json.Decoder(family.annotation(type_), dec_hook=decode_other)
        family.decoders[type_] = decoder
    return decoder


def decode_untyped(data: bytes) -> Any:
    """Read JSON into dicts and lists; raises :class:`NotJson`."""
    try:
        return _untyped.decode(data)
    except msgspec.ValidationError:
        # The only complaint possible here is a number beyond a double.
        return _decode_exactly(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        if _SURROGATE.search(data):
            return _decode_exactly(data)
        raise NotJson(str(error)) from None


def _decode_exactly(data: bytes) -> Any:
    """Read JSON with numbers of any size, and with halves of characters: a service cut a text in the middle of one."""
    try:
        return json.loads(
            str(data, "utf-8"), parse_int=_exact_integer, parse_float=_exact, parse_constant=_not_a_number
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise NotJson(str(error)) from None


def encode(value: Any) -> bytes:
    """Write JSON: models, dicts, lists, dates, UUIDs, ``NULL``.

    Raises:
        TypeError: ``value`` contains something that has no form in JSON.
        InvalidBody: it contains a number that has no form in JSON: not a number, or infinite.
    """
    try:
        data = _encoder.encode(to_plain(value) if drift.has_open_models() else value)
    except UnicodeEncodeError:
        if not drift.has_halves():
            raise
        return _encode_halves(value)
    # A float without a form in JSON is written as null, a decimal as its name; where there is neither, all
    # is well, and looking for them costs next to nothing.
    if b"null" in data or b"NaN" in data or b"Infinity" in data:
        _refuse_endless_numbers(to_plain(value))
    return data


def encode_for_people(value: Any) -> bytes:
    """Write JSON that is read and not sent: halves of characters are kept, whoever they are from."""
    try:
        return encode(value)
    except UnicodeEncodeError:
        return _encode_halves(value)


def _encode_halves(value: Any) -> bytes:
    """Write JSON with halves of characters as escapes."""
    plain = to_plain(value)
    _refuse_endless_numbers(plain)
    return json.dumps(plain, separators=(",", ":")).encode()


def _refuse_endless_numbers(plain: Any) -> None:
    todo: list[tuple[Any, str]] = [(plain, "$")]
    while todo:
        value, path = todo.pop()
        if isinstance(value, dict):
            todo += [(inner, f"{path}.{key}") for key, inner in cast("dict[str, Any]", value).items()]
        elif isinstance(value, list):
            todo += [(inner, f"{path}[{place}]") for place, inner in enumerate(cast("list[Any]", value))]
        elif isinstance(value, float | Decimal) and not math.isfinite(value):
            raise InvalidBody(f"{value} has no form in JSON", path)


def to_plain(value: Any) -> Any:
    """Return the value that :func:`encode` writes as dicts, lists, strings and numbers."""
    plain = msgspec.to_builtins(value, enc_hook=_encode_other, str_keys=True, builtin_types=(Decimal,))
    return _merge_more(plain) if drift.has_open_models() else plain


def _encode_other(value: Any) -> Any:
    if isinstance(value, model.Null):
        return None
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return dict(cast("Mapping[Any, Any]", value))
    raise TypeError(f"{type(value).__name__} has no form in JSON: {value!r:.80}")


def decode_other(type_: type, value: Any) -> Any:
    """Make a value of a type that msgspec does not know."""
    if type_ is model.YearMonth and isinstance(value, str):
        return model.YearMonth(value)
    raise ValueError(f"expected {type_.__name__}, got {type(value).__name__}")


def _merge_more(plain: Any) -> Any:
    """Lift what open models keep in one dict to where the server had it; changes ``plain``."""
    todo = [plain]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            values = cast("dict[str, Any]", value)
            values.update(values.pop(model.MORE_WIRE, ()))
            todo += values.values()
        elif isinstance(value, list):
            todo += cast("list[Any]", value)
    return plain


def _exact(text: str) -> float | Decimal:
    number = float(text)
    return number if math.isfinite(number) else Decimal(text)


def _exact_integer(text: str) -> int | Decimal:
    return int(text) if len(text) < MAX_DIGITS else Decimal(text)


def _not_a_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


_untyped = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder(enc_hook=_encode_other, decimal_format="number")
