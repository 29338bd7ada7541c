"""Reading the catalog: what is asked for, and no more."""

from __future__ import annotations

import itertools
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from genesyscloud import catalog as module
from genesyscloud import models
from genesyscloud.catalog import CATALOG_FILE, Catalog, catalog, model_in, open_catalog
from genesyscloud.errors import UnknownOperation


class Watched(bytes):
    """Bytes that know which parts of them were cut out."""

    cuts: list[tuple[int, int]]

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            start, stop, _ = cast("slice[int, int, int]", key).indices(len(self))
            self.cuts.append((start, stop))
        return cast("Any", super()).__getitem__(key)


@pytest.fixture
def watched() -> Watched:
    data = Watched(CATALOG_FILE.read_bytes())
    data.cuts = []
    return data


def test_one_record_is_read_and_nothing_else(watched: Watched) -> None:
    found = Catalog(watched)
    watched.cuts.clear()
    assert found.operation("get_users_me").path == "/api/v2/users/me"
    assert found.model("Queue").name == "Queue"
    assert len(watched.cuts) == 2
    assert sum(stop - start for start, stop in watched.cuts) < 10_000


def test_one_record_is_found_in_the_steps_of_a_binary_search(monkeypatch: pytest.MonkeyPatch) -> None:
    found = catalog()
    steps = 0
    real = module.ENTRY

    class Counting:
        size = real.size

        def unpack_from(self, data: bytes, offset: int) -> tuple[int, ...]:
            nonlocal steps
            steps += 1
            return real.unpack_from(data, offset)

    monkeypatch.setattr(module, "ENTRY", Counting())
    found.model("Queue")
    assert 0 < steps <= 14


def test_all_records_can_be_found_by_name() -> None:
    found = catalog()
    header = found.header
    assert [record.name for record in found.operations()] == found.operation_names()
    assert [record.name for record in found.models()] == found.model_names()
    assert [record.name for record in found.groups()] == header.groups
    assert (header.operations, header.models) == (len(found.operation_names()), len(found.model_names()))


def test_all_types_name_models_that_exist() -> None:
    found = catalog()
    known = set(found.model_names())
    types = [prop.type for model in found.models() for prop in model.properties]
    types += [type_ for operation in found.operations() for type_ in (operation.body, operation.result)]
    assert {name for type_ in types if (name := model_in(type_))} <= known


def test_operations_by_either_name() -> None:
    assert catalog().operation("getUsersMe") == catalog().operation("get_users_me")


def test_operation_ids_that_differ_only_by_case_are_two_operations() -> None:
    first, second = catalog().operation("getPresenceDefinitions"), catalog().operation("getPresencedefinitions")
    assert first.path != second.path


@pytest.mark.parametrize("name", ["get_user_me", "getUserMe", "Get_Users_Me", "get users me", ""])
def test_unknown_operations_give_the_nearest(name: str) -> None:
    with pytest.raises(UnknownOperation) as caught:
        catalog().operation(name)
    assert isinstance(caught.value, KeyError)
    assert str(caught.value).startswith("no operation"), "not in quotes, as a KeyError would be"
    assert name == "" or "sers" in str(caught.value).partition("Did you mean")[2]


def test_unknown_models_give_the_nearest() -> None:
    with pytest.raises(AttributeError, match=r"no model 'Qeue' in the API\. Did you mean 'Queue'\?"):
        _ = models.Qeue  # type: ignore[attr-defined]  # pyright: ignore


@pytest.mark.parametrize("kind", ["group", "model"])
def test_unknown_names_are_key_errors(kind: str) -> None:
    with pytest.raises(KeyError):
        getattr(catalog(), kind)("nothing of the kind")


def test_a_checksum_that_is_met_by_chance_is_not_a_record() -> None:
    """The index holds checksums; the name in the record decides."""
    found = catalog()
    key = b"m:" + next(same_checksum(b"m:Queue"))
    with pytest.raises(KeyError):
        found.model(key[2:].decode("latin-1"))


def same_checksum(key: bytes) -> Iterator[bytes]:
    """Other texts with the checksum of ``key``: the change of four bytes is undone by the next four."""
    target = zlib.crc32(key)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for prefix in itertools.product(letters, repeat=2):
        start = zlib.crc32(b"m:" + "".join(prefix).encode()) ^ 0xFFFFFFFF
        tail = reversed_crc(target ^ 0xFFFFFFFF, start)
        if all(byte < 0x80 for byte in tail):
            text = "".join(prefix).encode() + tail
            assert zlib.crc32(b"m:" + text) == target
            yield text


def reversed_crc(target: int, start: int) -> bytes:
    """Four bytes that lead a CRC-32 register from ``start`` to ``target``."""
    table: list[int] = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
        table.append(value)
    by_top = {value >> 24: index for index, value in enumerate(table)}
    indexes: list[int] = []
    register = target
    for _ in range(4):
        index = by_top[register >> 24]
        indexes.append(index)
        register = ((register ^ table[index]) << 8) & 0xFFFFFFFF
    tail = bytearray()
    register = start
    for index in reversed(indexes):
        tail.append((register ^ index) & 0xFF)
        register = (register >> 8) ^ table[index]
    return bytes(tail)


@pytest.mark.parametrize("data", [b"", b"GCCAT", b"x" * 100, b"GCCAT000" + bytes(12)])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a genesyscloud catalog"):
        Catalog(data)


def test_a_damaged_catalog_is_refused(tmp_path: Path) -> None:
    whole = CATALOG_FILE.read_bytes()
    for data in (whole[:-1], whole + b"x", whole[:60_000]):
        with pytest.raises(ValueError, match="is damaged"):
            Catalog(data)
    file = tmp_path / "catalog.bin"
    for data in (b"", whole[:-1]):
        file.write_bytes(data)
        with pytest.raises(RuntimeError, match=r"catalog\.bin: .*; install genesyscloud again"):
            open_catalog(file)


def test_a_missing_catalog_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="pip install"):
        open_catalog(tmp_path / "catalog.bin")


def test_the_catalog_is_opened_once_by_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_shared", None)
    opened: list[Catalog] = []
    barrier = threading.Barrier(8)

    def opening(path: Path) -> Catalog:
        opened.append(open_catalog(path))
        return opened[-1]

    monkeypatch.setattr(module, "open_catalog", opening)
    found: list[Catalog] = []

    def ask() -> None:
        barrier.wait()
        found.append(catalog())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 1
    assert all(one is opened[0] for one in found)


def test_records_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        catalog().model("Queue").name = "x"  # type: ignore[misc]  # pyright: ignore


@pytest.mark.parametrize(("type_", "name"), [("[#Queue", "Queue"), ("{[#A", "A"), ("s", ""), ("", ""), ("[o", "")])
def test_model_in(type_: str, name: str) -> None:
    assert model_in(type_) == name


def test_records_are_read_with_what_later_versions_add() -> None:
    """A record is an array: values behind those that are known are passed over."""
    record = catalog().model("Division")
    longer = msgspec.json.encode([*msgspec.to_builtins(record), "of next year"])
    assert msgspec.json.decode(longer, type=type(record)) == record
