"""From the bytes of a configuration file to checked values: pure functions.

INI comes first; a file without a section header is taken for JSON. Both kinds are those that the READMEs of the
vendor's SDKs show, in each of their spellings.
"""

from __future__ import annotations

import configparser
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from ..errors import ConfigurationError
from ..names import nearest
from .schema import ALIASES, SECTIONS, Bad, Key

__all__ = ["Contents", "Values", "parse", "read"]

#: What files say: values by section and key.
Values = Mapping[tuple[str, str], Any]

_BOTH = ("proxy", "gateway")


class Contents(NamedTuple):
    """What one file says, and what in it has no meaning here."""

    values: dict[tuple[str, str], Any]
    unknown: list[str]

    def has(self, section: str) -> bool:
        """Whether it says something in ``section``."""
        return any(found == section for found, _ in self.values)

    def __repr__(self) -> str:
        # The values of some are secrets.
        return f"Contents({', '.join(f'[{section}] {key}' for section, key in self.values)})"


def parse(data: bytes, name: str) -> Contents:
    """Read a configuration file.

    Args:
        data: its bytes.
        name: its path, for messages.

    Raises:
        ConfigurationError: it is neither INI nor JSON, or values are not allowed; all of them are named.

    >>> parse(b"[retry]\\nretry_max = 5", "config").values
    {('retry', 'retry_max'): 5}
    """
    contents, problems = read(data, name)
    if problems:
        raise ConfigurationError(f"{name}: {'; '.join(problems)}")
    return contents


def read(data: bytes, name: str) -> tuple[Contents, list[str]]:
    """Read what can be read of a configuration file, and say what is wrong with the rest.

    Args:
        data: its bytes.
        name: its path, for messages.

    Raises:
        ConfigurationError: it is neither INI nor JSON.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{name}: not UTF-8 text, at byte {error.start}") from None
    values: dict[tuple[str, str], Any] = {}
    unknown: list[str] = []
    problems: list[str] = []
    for section, given, raw in _entries(text, name, problems, unknown):
        key = ALIASES.get(given, given) if section in _BOTH else given
        kind = SECTIONS[section].get(key)
        if kind is None:
            unknown.append(f"[{section}] has no key {given!r}.{nearest(given, SECTIONS[section])}")
            continue
        raw = raw.strip() if isinstance(raw, str) else raw
        if raw is None or raw == "":
            continue
        try:
            values[section, key] = kind.read(raw)
        except Bad as error:
            problems.append(f"[{section}] {given} {error}, not {_shown(kind, raw)}")
    return Contents(values, [f"{name}: {what}" for what in unknown]), problems


def _shown(kind: Key, raw: object) -> str:
    # A host with an @ in it has a password in front of it.
    if kind.secret or (isinstance(raw, str) and "@" in raw):
        return "what it is set to"
    text = repr(raw)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _entries(text: str, name: str, problems: list[str], unknown: list[str]) -> Iterator[tuple[str, str, object]]:
    """Yield section, key and raw value of everything in a section that is known."""
    for given, content in _sections(text, name).items():
        section = given.strip().lower()
        if section not in SECTIONS:
            unknown.append(f"there is no section [{given}].{nearest(section, SECTIONS)}")
        elif not isinstance(content, Mapping):
            problems.append(f"[{section}] must be an object with the keys of this section")
        else:
            for spelling, raw in cast("Mapping[str, object]", content).items():
                key = spelling.strip().lower().replace("-", "_")
                if section in _BOTH and key in ("auth", "path_params", "pathparams"):
                    try:
                        yield from [(section, part, value) for part, value in _parts(key, raw)]
                    except Bad as error:
                        problems.append(f"[{section}] {spelling} {error}")
                else:
                    yield section, key, raw


def _parts(key: str, raw: object) -> list[tuple[str, object]]:
    """Take apart a value that stands for several keys."""
    if key == "auth":
        if not isinstance(raw, Mapping):
            raise Bad('must be an object: {"username": …, "password": …}')
        return [(f"auth_{part}".lower(), value) for part, value in cast("Mapping[str, object]", raw).items()]
    pairs = _pairs_of_text(raw) if isinstance(raw, str) else _pairs_of_json(raw)
    if pairs is None or not all(path in ("login", "api", "others") for path, _ in pairs):
        raise Bad(
            "must be login:PATH,api:PATH"
            if isinstance(raw, str)
            else 'must be a list of {"pathName": "login" or "api", "pathValue": …}'
        )
    return [(f"path_params_{path}", value) for path, value in pairs]


def _pairs_of_text(raw: str) -> list[tuple[str, object]] | None:
    found = [item.partition(":") for item in raw.split(",") if item.strip()]
    if not all(colon for _, colon, _ in found):
        return None
    return [(path.strip().lower(), value) for path, _, value in found]


def _pairs_of_json(raw: object) -> list[tuple[str, object]] | None:
    found = cast("list[object]", raw if isinstance(raw, list) else [None])
    pairs: list[tuple[str, object]] = []
    for item in found:
        if not isinstance(item, Mapping) or set(cast("Mapping[str, object]", item)) != {"pathName", "pathValue"}:
            return None
        fields = cast("Mapping[str, object]", item)
        pairs.append((str(fields["pathName"]).lower(), fields["pathValue"]))
    return pairs


def _sections(text: str, name: str) -> Mapping[str, object]:
    # Messages of the parsers repeat lines of the file, which can be secrets: only their line numbers are passed on.
    parser = configparser.ConfigParser(interpolation=None, default_section="\0")
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError as error:
        return _json_sections(text, name, error.lineno, error.line)
    except (configparser.DuplicateOptionError, configparser.DuplicateSectionError) as error:
        what = "key" if isinstance(error, configparser.DuplicateOptionError) else "section"
        raise ConfigurationError(f"{name}: line {error.lineno}: this {what} is there twice") from None
    except configparser.ParsingError as error:
        line = error.errors[0][0] if error.errors else 0
        begins = text.split("\n")[line - 1] if line else ""
        what = _SECTION if begins.lstrip().startswith("[") else "expected 'key = value'"
        raise ConfigurationError(f"{name}: line {line}: {what}") from None
    return {section: dict(parser[section]) for section in parser.sections()}


_SECTION = "expected a section such as [general], with both brackets"


def _json_sections(text: str, name: str, number: int, line: str) -> Mapping[str, object]:
    """Read what has no section at its first line, which is ``line``, with its ``number``."""
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError as error:
        # A list is no configuration, so what begins like one is a section that was not finished.
        if text.lstrip().startswith("{") or name.lower().endswith(".json"):
            where = f"line {error.lineno}, column {error.colno}"
            raise ConfigurationError(f"{name}: not legal JSON at {where}: {error.msg}") from None
        what = _SECTION if line.lstrip().startswith("[") else "expected a section such as [general], or JSON"
        raise ConfigurationError(f"{name}: line {number}: {what}") from None
    except (ValueError, RecursionError):
        # A number of thousands of digits, or brackets in brackets without end.
        raise ConfigurationError(f"{name}: this JSON is not a configuration") from None
    if not isinstance(value, dict):
        raise ConfigurationError(f"{name}: must be a JSON object with sections such as general")
    return cast("dict[str, object]", value)
