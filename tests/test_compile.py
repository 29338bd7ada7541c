"""The catalog as bytes: the same definition, the same bytes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genesyscloud.build.compile import compile_catalog
from genesyscloud.build.generate import generate, read_topics
from genesyscloud.build.shards import LARGE_GROUP
from genesyscloud.build.swagger import DefinitionError, read_swagger
from genesyscloud.catalog import CATALOG_FILE, Catalog

FILE = Path(__file__).parents[1] / "definition" / "publicapi-v2.json"


def small(models: dict[str, list[str]]) -> Catalog:
    """A catalog of models, each given by the models that it contains."""
    definitions = {
        name: {"type": "object", "properties": {f"p{i}": {"$ref": f"#/definitions/{o}"} for i, o in enumerate(inner)}
               | {"id": {"type": "string"}}}
        for name, inner in models.items()
    }  # fmt: skip
    return Catalog(compile_catalog(read_swagger({"swagger": "2.0", "paths": {}, "definitions": definitions})))


def test_the_installed_catalog_is_the_one_of_the_definition() -> None:
    definition = read_swagger(msgspec.json.decode(FILE.read_bytes()))
    assert compile_catalog(definition, read_topics(FILE)) == CATALOG_FILE.read_bytes()


def test_topics_are_kept_when_their_model_is_there() -> None:
    definition = read_swagger({"swagger": "2.0", "paths": {}, "definitions": {"A": {"type": "object"}}})
    found = Catalog(compile_catalog(definition, {"v2.b": "A", "v2.a": "A", "v2.c": "Unknown"}))
    assert list(found.topics().items()) == [("v2.a", "A"), ("v2.b", "A")]
    assert small({}).topics() == {}


def test_the_same_bytes_in_another_process_with_another_hash_seed() -> None:
    code = (
        "import msgspec, sys, zlib\nfrom pathlib import Path\n"
        "from genesyscloud.build.compile import compile_catalog\n"
        "from genesyscloud.build.generate import read_topics\n"
        "from genesyscloud.build.swagger import read_swagger\n"
        "file = Path(sys.argv[1])\n"
        "definition = read_swagger(msgspec.json.decode(file.read_bytes()))\n"
        "print(zlib.crc32(compile_catalog(definition, read_topics(file))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(FILE)],
        env=os.environ | {"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) == zlib.crc32(CATALOG_FILE.read_bytes())


def test_cycles_are_found() -> None:
    found = small({"A": ["B"], "B": ["C"], "C": ["A", "D"], "D": [], "E": ["E"], "F": ["A"]})
    cycles = {model.name: model.cyclic_with for model in found.models()}
    assert cycles == {"A": ["A", "B", "C"], "B": ["A", "B", "C"], "C": ["A", "B", "C"], "D": [], "E": ["E"], "F": []}


def test_cycles_are_those_that_reachability_finds() -> None:
    """Against the obvious way, over random graphs."""
    source = random.Random(1)
    for _ in range(30):
        names = [f"M{number}" for number in range(source.randint(1, 9))]
        edges = {name: source.sample(names, source.randint(0, min(3, len(names)))) for name in names}
        reached = {name: reachable(name, edges) for name in names}
        for model in small(edges).models():
            together = sorted(other for other in reached[model.name] if model.name in reached[other])
            assert model.cyclic_with == together


def reachable(start: str, edges: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for other in edges[waiting.pop()]:
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def test_a_chain_of_models_longer_than_the_stack() -> None:
    chain = {f"M{number}": [f"M{number + 1}"] for number in range(3000)} | {"M3000": list[str]()}
    assert not small(chain).model("M0").cyclic_with


def test_keys_with_one_checksum_are_told_apart_by_the_names_in_their_records(monkeypatch: pytest.MonkeyPatch) -> None:
    real = zlib.crc32

    def of_names_only(data: bytes) -> int:
        return real(data) if data.startswith(b"n:") else 1

    def always_one(data: bytes) -> int:
        return 1

    monkeypatch.setattr(zlib, "crc32", of_names_only)
    found = small({name: [] for name in "ABC"})
    assert [found.model(name).name for name in "CAB"] == ["C", "A", "B"]
    with pytest.raises(KeyError):
        found.model("D")
    monkeypatch.setattr(zlib, "crc32", always_one)
    with pytest.raises(ValueError, match="same checksum"):
        small({"A": []})


def written(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON"),
        (b'{"swagger":"2.0",', "not JSON"),
        (b"swagger: '2.0'", "not JSON"),
        (b"\xff\xfe{\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a Swagger 2.0 document"),
        (b'{"openapi":"3.0.0"}', "not a Swagger 2.0 document"),
    ],
)
def test_what_is_no_definition_is_refused_with_its_name(tmp_path: Path, data: bytes, words: str) -> None:
    file = tmp_path / "definition.json"
    file.write_bytes(data)
    with pytest.raises(DefinitionError, match=f"definition.json: {words}"):
        generate(file, tmp_path)


def test_the_smallest_definition_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "definition.json"
    file.write_bytes(b'\xef\xbb\xbf{"swagger":"2.0","paths":{}}')
    package = tmp_path / "package"
    package.mkdir()
    assert generate(file, package) == []
    assert not Catalog((package / "_generated" / "catalog.bin").read_bytes()).model_names()


def test_generating_writes_what_is_new_and_removes_what_is_stale(tmp_path: Path) -> None:
    definition = tmp_path / "definition.json"
    package = tmp_path / "package"
    package.mkdir()
    operations: dict[str, Any] = {
        "/api/v2/a": {"get": {"operationId": "getA", "tags": ["Apples"], "responses": {}}},
        "/api/v2/b": {"trace": {}},
    }
    many = {f"/api/v2/b/{n}": {"get": {"operationId": f"getB{n}", "tags": ["Berries"]}} for n in range(LARGE_GROUP + 1)}
    operations |= many
    definition.write_bytes(msgspec.json.encode({"swagger": "2.0", "paths": operations}))
    notes = generate(definition, package)
    assert notes[:1] == ["/api/v2/b: passed over 'trace': not an HTTP method that is supported"]
    first = written(package)
    assert {"_generated/catalog.bin", "_api/small1.pyi", "_api/berries.pyi", "groups.pyi", "models.pyi"} <= set(first)

    untouched = (package / "_api" / "small1.pyi").stat().st_mtime_ns
    generate(definition, package)
    assert written(package) == first
    assert (package / "_api" / "small1.pyi").stat().st_mtime_ns == untouched

    for path in many:
        del operations[path]
    definition.write_bytes(msgspec.json.encode({"swagger": "2.0", "paths": operations}))
    generate(definition, package)
    assert "_api/berries.pyi" not in written(package)


def test_nothing_is_written_for_what_is_no_definition(tmp_path: Path) -> None:
    definition = tmp_path / "definition.json"
    definition.write_bytes(b"[]")
    package = tmp_path / "package"
    package.mkdir()
    with pytest.raises(DefinitionError):
        generate(definition, package)
    assert not written(package)
