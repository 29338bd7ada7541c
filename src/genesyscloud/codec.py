"""JSON in and out: the only place that reads or writes it.

Reading a reply that fits the definition is one pass in C. One that does not fit is handed to
:mod:`genesyscloud.drift`, which keeps everything the server sent.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any, cast

import msgspec

from . import classes, drift, model
from .errors import DriftError

__all__ = ["NotJson", "decode", "encode", "to_plain"]


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
    family = drift.current()
    try:
        return (family.decoders.get(type_) or _new_decoder(family, type_)).decode(data)
    except msgspec.ValidationError as error:
        if strict:
            raise DriftError(f"the reply differs from the definition: {error}") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise NotJson(str(error)) from None
    return drift.lenient(decode_untyped(data), type_)


def _new_decoder(family: classes.Family, type_: str) -> msgspec.json.Decoder[Any]:
    decoder = msgspec.json.Decoder(family.annotation(type_), dec_hook=decode_other)
    family.decoders[type_] = decoder
    return decoder


def decode_untyped(data: bytes) -> Any:
    """Read JSON into dicts and lists; raises :class:`NotJson`."""
    try:
        return _untyped.decode(data)
    except msgspec.ValidationError:
        # The only complaint possible here is a number beyond a double; keep it exactly.
        return json.loads(data, parse_float=_exact)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise NotJson(str(error)) from None


def encode(value: Any) -> bytes:
    """Write JSON: models, dicts, lists, dates, UUIDs, ``NULL``.

    Raises:
        TypeError: ``value`` contains something that has no form in JSON.
    """
    if drift.has_open_models():
        return _encoder.encode(to_plain(value))
    return _encoder.encode(value)


def to_plain(value: Any) -> Any:
    """Return the value that :func:`encode` writes as dicts, lists, strings and numbers."""
    plain = msgspec.to_builtins(value, enc_hook=_encode_other, str_keys=True, builtin_types=(Decimal,))
    return _merge_more(plain) if drift.has_open_models() else plain


def _encode_other(value: Any) -> Any:
    if isinstance(value, model.Null):
        return None
    raise TypeError(f"{type(value).__name__} has no form in JSON: {value!r:.80}")


def decode_other(type_: type, value: Any) -> Any:
    """Make a value of a type that msgspec does not know."""
    if type_ is model.YearMonth and isinstance(value, str):
        return model.YearMonth(value)
    raise ValueError(f"expected {type_.__name__}, got {type(value).__name__}")


def _merge_more(value: Any) -> Any:
    """Lift what open models keep in one dict to where the server had it."""
    if isinstance(value, dict):
        plain = cast("dict[str, Any]", value)
        merged = {key: _merge_more(inner) for key, inner in plain.items() if key != model.MORE_WIRE}
        more = plain.get(model.MORE_WIRE)
        return merged | _merge_more(more) if more else merged
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [_merge_more(inner) for inner in items]
    return value


def _exact(text: str) -> float | Decimal:
    number = float(text)
    return number if math.isfinite(number) else Decimal(text)


_untyped = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder(enc_hook=_encode_other, decimal_format="number")
