"""The compiled API definition: find one record of it without reading the rest.

The catalog is one file made by :mod:`genesyscloud.build.compile`. It is mapped into memory; asking for an
operation or a model is one binary search in an index of fixed-size entries and one decode of a short JSON
array. Nothing else is parsed, so a program pays for what it uses.

Layout, all integers little-endian::

    magic "GCCAT002" | u32 size of the header | u32 number of index entries | u32 size of the file
    header: JSON of :class:`Header`
    index:  (u32 crc32 of the key, u32 offset, u32 size) per record, sorted
    blob:   the records, each a JSON array

Keys are ``g:routing`` (group), ``o:get_users_me`` (operation), ``m:Queue`` (model) and ``n:t`` (topics). Several may
have one checksum.

Types are written as short strings, the only notation for types in the project:

=======  ==================================  =======  ==================================
``s``    string                              ``i``    integer, 32 bits
``u``    string that is a UUID               ``l``    integer, 64 bits
``t``    date-time                           ``f``    number
``d``    date                                ``b``    boolean
``L``    local date-time (no zone)           ``o``    free-form: any JSON value
``Y``    year-month                          ``#N``   the model ``N``
``[x``   array of ``x``                      ``{x``   object whose values are ``x``
=======  ==================================  =======  ==================================
"""

from __future__ import annotations

import contextlib
import mmap
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from .errors import UnknownOperation
from .forks import hold_during_fork
from .names import nearest, snake_case

__all__ = ["Catalog", "GroupRecord", "Header", "Limits", "ModelRecord", "OperationRecord", "Paging",
           "ParameterRecord", "PropertyRecord", "catalog", "describe_type", "model_in"]  # fmt: skip

MAGIC = b"GCCAT002"
PREFIX = struct.Struct("<8sIII")
ENTRY = struct.Struct("<III")

#: Where the build hook leaves the catalog.
CATALOG_FILE = Path(__file__).parent / "_generated" / "catalog.bin"


class Limits(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Bounds of a value as the definition gives them; ``documented_maximum`` was found only in a note."""

    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    documented_maximum: float | None = None


class PropertyRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One property of a model."""

    name: str
    wire: str
    type: str
    required: bool = False
    read_only: bool = False
    enum: list[str] | None = None
    limits: Limits | None = None


class ModelRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One model. ``cyclic``: it can contain itself. ``cyclic_with``: the models of its cycle."""

    name: str
    properties: list[PropertyRecord]
    cyclic_with: list[str] = []

    @property
    def free_form(self) -> bool:
        """Whether the definition says nothing about its contents: any JSON object."""
        return not self.properties


class ParameterRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One path, query or header parameter; ``place`` is ``path``, ``query`` or ``header``."""

    name: str
    wire: str
    place: str
    type: str
    required: bool = False
    default: Any = None
    enum: list[str] | None = None
    limits: Limits | None = None


class Paging(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """How an operation hands out a long list (see :mod:`genesyscloud.paging` for the styles).

    ``style`` is one of ``page``, ``after``, ``cursor``, ``search``, ``body``, ``scim``, ``next_page`` and
    ``history``. ``items`` is where the items are in the result: wire names joined by dots (``entities``,
    ``results.entities``); ``item_type`` is the type of one, ``item_id`` the wire name of what identifies it,
    or empty. ``positions`` are the wire names of the parameters that choose the page, the main one first, and
    ``size`` the one that says how many items it has, or empty. With ``in_body`` both are in the body, where a
    dot leads into an object (``paging.pageNumber``).
    """

    style: str
    items: str
    item_type: str
    item_id: str = ""
    positions: list[str] = []
    size: str = ""
    in_body: bool = False


class OperationRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One operation.

    ``parameters`` holds path parameters first, in the order of the path. ``body_also`` names models other
    than ``body`` that are sent here too, because they are what reading the same path gives: a ``Queue`` is
    read, changed and put where the definition asks for a ``QueueRequest``. ``body_name`` is what the definition
    calls the body, and ``path_order`` holds the names of the path parameters in its order, each only where it
    differs from ours: positional arguments of the vendor's SDK go by them.
    """

    id: str
    name: str
    method: str
    path: str
    groups: list[str]
    parameters: list[ParameterRecord] = []
    body: str = ""
    body_required: bool = False
    body_also: list[str] = []
    result: str = ""
    produces: list[str] = []
    consumes: list[str] = []
    permissions: list[str] = []
    permissions_any: bool = True
    permissions_unknown: bool = False
    secured: bool = True
    deprecated: bool = False
    preview: bool = False
    paging: Paging | None = None
    body_name: str = "body"
    path_order: list[str] = []


class GroupRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The operations under one tag; ``name`` is the attribute of the client (``routing``)."""

    name: str
    tag: str
    operations: list[str]


class Header(msgspec.Struct, frozen=True):
    """What the catalog as a whole says of itself."""

    title: str
    version: str
    source_version: str
    groups: list[str]
    operations: int
    models: int


_Record = TypeVar("_Record", GroupRecord, OperationRecord, ModelRecord)


class Catalog:
    """Read access to a compiled catalog; immutable, so safe from any thread.

    Args:
        data: the bytes of the catalog, usually a memory map of its file.

    Raises:
        ValueError: ``data`` is not a catalog that this version can read.
    """

    def __init__(self, data: bytes | mmap.mmap) -> None:
        if len(data) < PREFIX.size or data[:8] != MAGIC:
            raise ValueError("not a genesyscloud catalog, or one made by another version")
        _, header_size, self._count, size = PREFIX.unpack_from(data)
        if len(data) != size:
            raise ValueError(f"the genesyscloud catalog is damaged: it has {len(data)} of {size} bytes")
        self._data = data
        self._index = PREFIX.size + header_size
        self._header = bytes(data[PREFIX.size : self._index])
        self._groups = msgspec.json.Decoder(GroupRecord)
        self._operations = msgspec.json.Decoder(OperationRecord)
        self._models = msgspec.json.Decoder(ModelRecord)

    @property
    def header(self) -> Header:
        """Title, versions, group names and counts."""
        return msgspec.json.decode(self._header, type=Header)

    def group(self, name: str) -> GroupRecord:
        """Return the group called ``name`` (``routing``); raises :class:`KeyError` when there is none."""
        return self._get("g", name, self._groups)

    def operation(self, name: str) -> OperationRecord:
        """Return an operation by its Python name or its ``operationId``.

        Raises:
            UnknownOperation: there is none; the message names the nearest one.
        """
        try:
            record = self._get("o", snake_case(name), self._operations)
        except KeyError:
            known = [known for record in self.operations() for known in (record.id, record.name)]
            raise UnknownOperation(f"no operation {name!r} in the catalog.{nearest(name, known)}") from None
        if name not in (record.id, record.name):
            raise UnknownOperation(f"no operation {name!r} in the catalog. Did you mean {record.id!r}?")
        return record

    def model(self, name: str) -> ModelRecord:
        """Return the model called ``name``; raises :class:`KeyError` when there is none."""
        return self._get("m", name, self._models)

    def groups(self) -> Iterator[GroupRecord]:
        """All groups, in the order of the definition's tags."""
        return (self.group(name) for name in self.header.groups)

    def operation_names(self) -> list[str]:
        """The Python names of all operations, sorted."""
        return self._names("o")

    def model_names(self) -> list[str]:
        """The names of all models, sorted."""
        return self._names("m")

    def operations(self) -> Iterator[OperationRecord]:
        """All operations, sorted by name; this reads half of the catalog."""
        return (self.operation(name) for name in self.operation_names())

    def models(self) -> Iterator[ModelRecord]:
        """All models, sorted by name; this reads half of the catalog."""
        return (self.model(name) for name in self.model_names())

    def topics(self) -> dict[str, str]:
        """The notification topics (``v2.users.{id}.presence``), each with the model of its events' bodies."""
        return msgspec.json.decode(self._find("n:t") or b"{}", type=dict[str, str])

    def _names(self, kind: str) -> list[str]:
        return msgspec.json.decode(self._find(f"n:{kind}"), type=list[str])

    def _get(self, kind: str, name: str, decoder: msgspec.json.Decoder[_Record]) -> _Record:
        for data in self._records(f"{kind}:{name}"):
            # Of another kind, its record does not fit.
            with contextlib.suppress(msgspec.ValidationError):
                record = decoder.decode(data)
                if record.name == name:
                    return record
        raise KeyError(name)

    def _find(self, key: str) -> bytes:
        """Return the record stored under ``key``, which no other key has the checksum of, or an empty string."""
        return next(self._records(key), b"")

    def _records(self, key: str) -> Iterator[bytes]:
        """The records under the checksum of ``key``: the index holds no keys, so the name in a record decides."""
        wanted = zlib.crc32(key.encode())
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._entry(middle)[0] < wanted:
                low = middle + 1
            else:
                high = middle
        while low < self._count:
            checksum, offset, size = self._entry(low)
            if checksum != wanted:
                return
            yield self._data[offset : offset + size]
            low += 1

    def _entry(self, place: int) -> tuple[int, int, int]:
        return ENTRY.unpack_from(self._data, self._index + place * ENTRY.size)


def model_in(type_: str) -> str:
    """Return the name of the model inside a type (``[#Queue`` → ``Queue``), or an empty string."""
    _, found, name = type_.partition("#")
    return name if found else ""


_KINDS = {
    "s": "string",
    "u": "UUID string",
    "i": "integer",
    "l": "integer",
    "f": "number",
    "b": "boolean",
    "t": "date-time",
    "d": "date",
    "L": "date-time without zone",
    "Y": "month (YYYY-MM)",
    "o": "any JSON value",
}


def describe_type(type_: str) -> str:
    """Return a type in words, for people: ``[#Queue`` → ``array of Queue``."""
    kind, inner = type_[:1], type_[1:]
    if kind == "[":
        return f"array of {describe_type(inner)}"
    if kind == "{":
        return f"object with values of type {describe_type(inner)}"
    return inner if kind == "#" else _KINDS[kind]


_lock = threading.Lock()
hold_during_fork(_lock)
_shared: Catalog | None = None


def catalog() -> Catalog:
    """Return the catalog of this installation, opened once per process.

    Raises:
        RuntimeError: the catalog was not made; the package was not installed by its build backend.
    """
    global _shared
    if _shared is None:
        with _lock:
            if _shared is None:
                _shared = open_catalog(CATALOG_FILE)
    return _shared


def open_catalog(path: Path) -> Catalog:
    """Open the catalog in ``path``; mapped, not read."""
    try:
        with path.open("rb") as file:
            return Catalog(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b"")
    except ValueError as error:
        raise RuntimeError(f"{path}: {error}; install genesyscloud again") from None
    except FileNotFoundError:
        raise RuntimeError(
            f"the API catalog {path} does not exist: install genesyscloud with pip, which builds it"
            " (in a checkout: `pip install -e .`, or `python -m genesyscloud.build`)"
        ) from None
