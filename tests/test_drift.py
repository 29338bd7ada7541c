"""Replies that do not fit the definition."""

from __future__ import annotations

import copy
import gc
import json
import logging
import pickle
import random
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from genesyscloud import classes, codec, drift, models
from genesyscloud.catalog import catalog
from genesyscloud.errors import DriftError
from genesyscloud.models import Division, Queue, User


@pytest.fixture
def family(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has been learnt yet."""
    monkeypatch.setattr(drift, "_current", classes.Family())
    monkeypatch.setattr(drift, "_confused", set[tuple[str, str]]())


pytestmark = pytest.mark.usefixtures("family")


@pytest.fixture
def _often() -> Iterator[None]:
    """Change threads as often as possible."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


CONFUSED: list[tuple[dict[str, Any], str]] = [
    ({"name": 5}, "User.name"),
    ({"name": ["x"]}, "User.name"),
    ({"version": "5"}, "User.version"),
    ({"version": 5.0}, "User.version"),
    ({"version": True}, "User.version"),
    ({"acdAutoAnswer": 1}, "User.acdAutoAnswer"),
    ({"division": []}, "User.division"),
    ({"division": "x"}, "User.division"),
    ({"division": {"name": {}}}, "Division.name"),
    ({"skills": {"a": 1}}, "User.skills"),
    ({"skills": "x"}, "User.skills"),
    ({"skills": [1, {"id": "s"}, []]}, "User.skills"),
    ({"skills": [None]}, "User.skills"),
    ({"dateLastLogin": "yesterday"}, "User.dateLastLogin"),
    ({"dateLastLogin": "10000-01-01T00:00:00Z"}, "User.dateLastLogin"),
    ({"dateLastLogin": "2026-01-01T00:00:00"}, "User.dateLastLogin"),
    ({"dateLastLogin": 1767225600000}, "User.dateLastLogin"),
]


@pytest.mark.parametrize(("sent", "place"), CONFUSED)
def test_a_confusion_is_kept_with_one_warning_and_the_rest_is_read(
    sent: dict[str, Any], place: str, caplog: pytest.LogCaptureFixture
) -> None:
    whole = {**sent, "id": "1", "zzBeside": {"x": None}, "manager": {"id": "2", "title": "t"}}
    for _ in range(3):
        value = codec.decode(json.dumps({"entities": [whole, whole]}).encode(), "#UserEntityListing")
        assert json.loads(codec.encode(value)) == {"entities": [whole, whole]}
        assert value.entities[1].manager.title == "t"
        assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{place}: ")
    assert "kept as it came" in warnings[0]


def test_a_reply_that_is_something_else_altogether(caplog: pytest.LogCaptureFixture) -> None:
    others: list[tuple[bytes, Any]] = [(b"[]", []), (b'"x"', "x"), (b"5", 5), (b"null", None)]
    for data, value in others:
        assert codec.decode(data, "#User") == value
        assert codec.decode(b"[" + data + b"]", "[#User") == [value]
    assert {r.getMessage().partition(":")[0] for r in caplog.records} == {"reply"}


def test_what_was_confused_in_one_process_is_so_in_the_next() -> None:
    pickled = pickle.dumps(User.from_dict({"name": 5, "division": {"name": []}}))
    drift._confused.clear()  # pyright: ignore[reportPrivateUsage]
    pickle.loads(pickled)
    assert drift.is_confused("User", "name")
    assert drift.is_confused("Division", "name")


def test_unknown_properties_are_learnt_and_then_read_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b'{"name":"n","zzLearn":1,"division":{"zzInner":null}}'
    first = codec.decode(data, "#Queue")
    monkeypatch.setattr(drift, "lenient", None)
    second = codec.decode(data, "#Queue")
    assert first == second
    assert type(first) is type(second)
    assert (second.extra_fields, second.division.extra_fields) == ({"zzLearn": 1}, {"zzInner": None})
    assert codec.decode(b'{"name":"n"}', "#Queue").extra_fields == {}


def test_what_was_learnt_is_no_excuse_in_strict_mode() -> None:
    data = b'{"name":"n","zzStrictLearn":1}'
    for _ in range(2):
        with pytest.raises(DriftError):
            codec.decode(data, "#Queue", strict=True)
        codec.decode(data, "#Queue")
    assert codec.decode(b'{"name":"n"}', "#Queue", strict=True) == Queue(name="n")


def test_read_change_write_keeps_what_is_unknown() -> None:
    text = b'{"name":"n","zzNull":null,"division":{"id":"1","zzX":{"y":[null,1.5]}},"skillEvaluationMethod":"ZZ_NEW"}'
    queue: Any = Queue.from_json(text)
    queue.name, queue.division.name = "m", "d"
    assert queue.to_dict() == {
        "name": "m",
        "division": {"id": "1", "name": "d", "zzX": {"y": [None, 1.5]}},
        "skillEvaluationMethod": "ZZ_NEW",
        "zzNull": None,
    }


def test_models_drift_one_after_the_other() -> None:
    rng = random.Random(5)
    names = rng.sample([r.name for r in catalog().models() if not r.free_form], 60)
    kept = [(name, codec.decode(b'{"zz%d":[%d]}' % (n, n), f"#{name}")) for n, name in enumerate(names)]
    for n, (name, value) in enumerate(kept):
        assert value.to_dict() == {f"zz{n}": [n]}
        assert isinstance(value, getattr(models, name))
        again = codec.decode(b'{"zz%d":[%d]}' % (n, n), f"#{name}")
        assert again == value == pickle.loads(pickle.dumps(value))


def test_open_models_share_a_dict_for_what_is_too_much() -> None:
    early = Division.from_dict({"zz0": 0})
    sent: list[dict[str, Any]] = [{f"zz{n}": {"~n": n}, "zz0": None, "name": "d"} for n in range(100)]
    sent.append({f"zz{n}": n for n in range(150)})
    read: list[Any] = [User.from_dict({"division": one, "zzUser": 1}) for one in sent]
    assert drift.current().open_models == {"Division"}
    for one, value in zip(sent, read, strict=True):
        assert value.to_dict() == {"division": one, "zzUser": 1}
        assert json.loads(value.to_json()) == value.to_dict()
        assert value.division.extra_fields == {k: v for k, v in one.items() if k != "name"}
        assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == copy.copy(value) == value
    assert all(a != b for a, b in pairwise(read))
    assert early == Division.from_dict({"zz0": 0})
    assert early.to_dict() == {"zz0": 0}


def test_memory_is_bounded_when_unknown_names_keep_changing() -> None:
    logging.getLogger("genesyscloud.drift").setLevel(logging.ERROR)

    def read(start: int) -> None:
        for n in range(start, start + 300):
            assert Division.from_dict({f"zz{n}": n}).extra_fields == {f"zz{n}": n}

    read(0)
    gc.collect()
    tracemalloc.start()
    try:
        read(1000)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 100_000
    finally:
        tracemalloc.stop()
        logging.getLogger("genesyscloud.drift").setLevel(logging.NOTSET)


def test_outgrown_classes_are_let_go() -> None:
    before = len(Division.__subclasses__())
    for n in range(20):
        Division.from_dict({f"zzGone{n}": n})
    gc.collect()
    assert len(Division.__subclasses__()) <= before + 2


@pytest.mark.usefixtures("_often")
def test_sixteen_threads_learn_at_the_same_time_and_lose_nothing() -> None:
    def work(number: int) -> None:
        for n in range(6):
            sent = {"id": "x", f"zz{n}": number, "division": {f"zz{number % 4}": n}}
            for name in ("Queue", "User"):
                assert codec.decode(msgspec.json.encode(sent), f"#{name}").to_dict() == sent

    in_threads(work)


@pytest.mark.usefixtures("_often")
def test_sixteen_threads_warn_once(caplog: pytest.LogCaptureFixture) -> None:
    in_threads(lambda number: codec.decode(b'{"name":5}', "#User"))
    assert len(caplog.records) == 1


def in_threads(work: Callable[[int], Any], count: int = 16) -> None:
    """Run ``work`` in threads that begin together; raise what one of them raised."""
    start, raised = threading.Barrier(count), list[BaseException]()

    def run(number: int) -> None:
        start.wait()
        try:
            work(number)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
