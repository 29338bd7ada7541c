"""Write everything that is generated from a definition into a package folder."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

import msgspec

from ..catalog import Catalog
from .compile import compile_catalog
from .stubs import render_stubs
from .swagger import Definition, DefinitionError, read_swagger

__all__ = ["generate", "read_definition", "read_topics"]

#: Beside the definition: which topic has which model.
TOPICS = "notification-topics.json"

#: Folders that hold nothing but generated files.
FOLDERS = ("_generated", "_api")


def generate(definition_file: Path, package: Path) -> list[str]:
    """Write catalog and stubs into ``package``, the folder of :mod:`genesyscloud`.

    Returns:
        What the reader of the definition passed over, one line each.

    Raises:
        DefinitionError: the file is not a Swagger 2.0 definition.
    """
    definition = read_definition(definition_file)
    catalog = compile_catalog(definition, read_topics(definition_file))
    files = {"_generated/catalog.bin": catalog}
    files |= {path: text.encode() for path, text in render_stubs(Catalog(catalog)).items()}
    for path, data in files.items():
        _write(package / path, data)
    for folder in FOLDERS:
        (package / folder).mkdir(exist_ok=True)
        for file in (package / folder).iterdir():
            if f"{folder}/{file.name}" not in files:
                file.unlink()
    return definition.notes


def read_definition(file: Path) -> Definition:
    """Read a definition from a file with JSON.

    Raises:
        DefinitionError: it is not JSON, or not a Swagger 2.0 definition.
    """
    try:
        document = msgspec.json.decode(file.read_bytes().removeprefix(codecs.BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DefinitionError(f"{file}: not JSON: {error}") from None
    try:
        return read_swagger(document)
    except DefinitionError as error:
        raise DefinitionError(f"{file}: {error}") from None


def read_topics(definition_file: Path) -> dict[str, str]:
    """The notification topics that are known of a definition, with the names of their models."""
    topics = definition_file.with_name(TOPICS)
    return msgspec.json.decode(topics.read_bytes(), type=dict[str, str]) if topics.exists() else {}


def _write(file: Path, data: bytes) -> None:
    """Put ``data`` in place at once, and only when it is new: the package may be in use."""
    if file.exists() and file.read_bytes() == data:
        return
    file.parent.mkdir(exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(file)
