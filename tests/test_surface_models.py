"""All models of the catalog, one by one: what is promised for one is promised for each.

Data is made once per model from the definition (:mod:`genesyscloud.sandbox.fake`) and then spoilt.
"""

from __future__ import annotations

import copy
import logging
import pickle
import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

import msgspec
import pytest

from genesyscloud import codec, drift, models
from genesyscloud.catalog import ModelRecord, catalog
from genesyscloud.model import FreeForm, Model
from genesyscloud.sandbox.fake import Faker, Made

RECORDS = list(catalog().models())
STRUCTURED = [record for record in RECORDS if not record.free_form]

#: One value per simple type, in Python and as it goes over the wire.
VALUES: dict[str, tuple[Any, Any]] = {
    "s": ("text", "text"),
    "u": ("0a6b6b0e-0000-4000-8000-000000000000", "0a6b6b0e-0000-4000-8000-000000000000"),
    "i": (-(2**31), -(2**31)),
    "l": (2**63 - 1, 2**63 - 1),
    "f": (0.5, 0.5),
    "b": (True, True),
    "t": (datetime.fromisoformat("2026-01-02T03:04:05+01:00"), "2026-01-02T03:04:05+01:00"),
    "L": (datetime.fromisoformat("2026-01-02T03:04:05"), "2026-01-02T03:04:05"),
    "d": (datetime.fromisoformat("2026-01-02").date(), "2026-01-02"),
    "Y": ("2026-11", "2026-11"),
    "o": ({"any": [1, None]}, {"any": [1, None]}),
}


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of confusions are sent here on purpose; a warning about each would be all one sees."""
    logger = logging.getLogger("genesyscloud.drift")
    logger.disabled = True
    yield
    logger.disabled = False


def test_every_model_is_importable_by_its_name() -> None:
    assert len(RECORDS) == catalog().header.models
    for record in RECORDS:
        cls = getattr(models, record.name)
        assert cls.__name__ == record.name
        assert cls.__module__ == "genesyscloud.models"
        assert issubclass(cls, FreeForm if record.free_form else Model)
        assert getattr(models, record.name) is cls


def test_every_model_takes_all_its_properties_by_keyword() -> None:
    for record in STRUCTURED:
        examples = [(p, *example(p.type)) for p in record.properties]
        made = getattr(models, record.name)(**{p.name: python for p, python, _ in examples})
        assert all(getattr(made, p.name) is python for p, python, _ in examples)
        assert made.to_dict() == {p.wire: wire for p, _, wire in examples}, record.name
        assert msgspec.json.decode(made.to_json()) == made.to_dict(), record.name


def test_every_model_without_values_is_empty() -> None:
    for record in STRUCTURED:
        made = getattr(models, record.name)()
        assert made.to_json() == b"{}"
        assert repr(made) == f"{record.name}()"
        assert all(getattr(made, p.name) is None for p in record.properties)


def test_every_model_reads_example_data_in_the_fast_path_and_gives_it_back() -> None:
    for record, sent in samples("fits"):
        value = getattr(models, record.name).from_json(msgspec.json.encode(sent), strict=True)
        assert same(value.to_dict(), sent), record.name


def test_every_model_is_equal_to_its_copies_and_pickles() -> None:
    for place, record in enumerate(STRUCTURED):
        value = _filled(record)
        shallow, deep = copy.copy(value), copy.deepcopy(value)
        again = pickle.loads(pickle.dumps(value, 2 + place % 4))
        assert shallow == deep == again == value, record.name
        assert type(again) is type(deep) is type(shallow) is type(value)
        assert not value.__ne__(again)
        with pytest.raises(TypeError, match="unhashable"):
            hash(value)


def test_every_model_has_a_short_repr_of_what_is_set() -> None:
    for record in STRUCTURED:
        text = repr(_filled(record))
        assert text.startswith(f"{record.name}(")
        assert all(f"{p.name}=" in text for p in record.properties), record.name
        assert len(text) < 100 + 200 * len(record.properties), record.name


#: Properties that no definition has.
UNKNOWN = ["zzNew", "zzAlso", "zz.dotted-name"]

#: What a server could send in place of anything else.
CONFUSIONS: list[Any] = [
    17, 5.0, 2**70, "text", "", "10000-01-01T00:00:00Z", "2026-13-45", "2026-01-01T00:00:00", True, [], {}, [None],
    [[1]], {"a": None}, {"a": {"b": []}}, ["x", 1, {}],
]  # fmt: skip


def test_every_model_gives_back_what_the_definition_does_not_know() -> None:
    # All at once: learning model by model, as happens with replies, is in test_drift.py.
    drift._learn({record.name: dict.fromkeys(UNKNOWN) for record in STRUCTURED})  # pyright: ignore[reportPrivateUsage]
    rng = random.Random(20261122)
    for place, (record, sent) in enumerate(samples("drifts")):
        if not record.free_form:
            for made in list(_objects(sent)):
                _drift(made, rng)
            if place % 3 == 0:
                _confuse(rng.choice(list(_objects(sent))), rng)
        value = codec.decode(msgspec.json.encode(sent), f"#{record.name}")
        assert record.free_form or isinstance(value, getattr(models, record.name))
        assert same(codec.to_plain(value), sent), record.name
        if place % 20 == 0:
            assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value


def _drift(made: Made, rng: random.Random) -> None:
    """Add an unknown property, or an enum value that the definition does not list."""
    if rng.random() < 0.5:
        made[rng.choice(UNKNOWN)] = rng.choice([None, 1, {"a": [None]}, []])
    enums = [p for p in catalog().model(made.model).properties if p.enum and p.wire in made]
    if enums and rng.random() < 0.5:
        chosen = rng.choice(enums)
        made[chosen.wire] = ["ZZ_NEW"] if isinstance(made[chosen.wire], list) else "ZZ_NEW"


def _confuse(made: Made, rng: random.Random) -> None:
    if made:
        made[rng.choice(list(made))] = copy.deepcopy(rng.choice(CONFUSIONS))


def test_comparison_used_here_can_fail() -> None:
    assert not same({"a": 1}, {"a": 2})
    assert not same({"a": 1}, {})
    assert not same({"a": "2026-01-01T00:00:00Z"}, {"a": "2026-01-01T00:00:01Z"})
    assert same({"a": "2026-01-01T00:00:00.000Z"}, {"a": "2026-01-01T01:00:00+01:00"})


def same(kept: Any, sent: Any) -> bool:
    """Whether what is written back is what was sent; a date-time may be spelt differently.

    A null is only looked for where the definition does not know the property: for one that it knows, null
    and absent are the same.
    """
    if isinstance(sent, dict):
        sent = cast("dict[str, Any]", sent)
        known: set[str] = {p.wire for p in catalog().model(sent.model).properties} if isinstance(sent, Made) else set()
        needed = {key for key, value in sent.items() if value is not None or key not in known}
        return needed <= kept.keys() <= sent.keys() and all(same(kept[key], sent[key]) for key in needed)
    if isinstance(sent, list):
        sent = cast("list[Any]", sent)
        return len(kept) == len(sent) and all(map(same, kept, sent))
    if isinstance(sent, str) and kept != sent:
        return datetime.fromisoformat(kept) == datetime.fromisoformat(sent)
    return (type(kept) is type(sent) and kept == sent) or (isinstance(sent, int) and kept == float(sent))


def samples(seed: str) -> Iterator[tuple[ModelRecord, Any]]:
    """Every model with data that is true to the definition, as JSON has it."""
    faker = Faker(catalog(), seed)
    for record in RECORDS:
        yield record, faker.make(f"#{record.name}")


def _filled(record: ModelRecord) -> Any:
    return getattr(models, record.name)(**{p.name: example(p.type)[0] for p in record.properties})


def example(type_: str) -> tuple[Any, Any]:
    """A value of a type, in Python and as it goes over the wire."""
    kind, inner = type_[0], type_[1:]
    if kind == "[":
        python, wire = example(inner)
        return [python], [wire]
    if kind == "{":
        python, wire = example(inner)
        return {"key": python}, {"key": wire}
    if kind == "#":
        found = getattr(models, inner)
        return ({"free": 1}, {"free": 1}) if issubclass(found, FreeForm) else (found(), {})
    return VALUES[kind]


def _objects(value: Any) -> Iterator[Made]:
    """All objects of a sample that stand for a model with properties."""
    if isinstance(value, Made) and not catalog().model(value.model).free_form:
        yield value
    if isinstance(value, dict):
        value = list(cast("dict[str, Any]", value).values())
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _objects(item)
