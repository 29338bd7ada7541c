"""Bodies are checked before they are sent; what the server sent may go back."""

# Much here is wrong on purpose.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import copy
import enum
import json
import pickle
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from genesyscloud import codec, drift, models
from genesyscloud.catalog import OperationRecord, catalog
from genesyscloud.check import check_body
from genesyscloud.errors import InvalidBody
from genesyscloud.model import NULL, YearMonth
from genesyscloud.operations import operation


def record(body: str, also: list[str] | None = None) -> OperationRecord:
    """An operation that takes a body of the type ``body``."""
    return OperationRecord("putX", "put_x", "PUT", "/x", ["x"], body=body, body_required=True, body_also=also or [])


def refused(body: Any, type_: str) -> InvalidBody:
    with pytest.raises(InvalidBody) as caught:
        check_body(body, record(type_))
    return caught.value


@pytest.fixture(autouse=True)
def _nothing_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server was seen to send is remembered; not from one test to the next."""
    monkeypatch.setattr(drift, "_confused", set[tuple[str, str]]())


class Colour(enum.Enum):
    RED = "red"


FITTING: list[tuple[str, list[Any], list[Any]]] = [
    ("s", ["x", "", UUID(int=1), Colour.RED], [1, None, b"x", ["x"], {}, NULL]),
    ("i", [0, -5, 2**63], ["1", 1.0, True]),
    ("f", [0, 0.5], ["1", False, None]),
    ("b", [True, False], [0, "true"]),
    (
        "t",
        [datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00Z"],
        [datetime(2026, 1, 1), date(2026, 1, 1), "soon", 1],
    ),
    ("L", [datetime(2026, 1, 1), "2026-01-01T00:00:00"], [datetime(2026, 1, 1, tzinfo=UTC), "", 1]),
    ("d", [date(2026, 1, 1), "2026-01-01"], [datetime(2026, 1, 1), "x", 1]),
    ("Y", [YearMonth("2026-11"), "2026-11"], ["2026-13", "x", 202611]),
    ("o", [None, 1, "x", [], {}, models.User(version=1)], []),
    ("[s", [[], ["a", None, NULL], ("a",), {"a"}, frozenset("a")], ["a", ["a", 1], {"a": 1}, 5]),
    ("{i", [{}, {"a": 1, "b": None, "c": NULL}], [[], {"a": "x"}, "x"]),
    ("#Division", [models.Division(name="x"), {}, {"anything": object}], [models.User(), "x", 5, [], None]),
    (
        "[#Division",
        [[models.Division(name="x"), {}]],
        [models.Division(name="x"), [models.Division(name=1)], [models.User()]],
    ),
    ("#JsonNode", [models.JsonNode(a=1), {}, [], "x", models.Division()], []),
]


@pytest.mark.parametrize(("type_", "fits", "wrong"), FITTING)
def test_types(type_: str, fits: list[Any], wrong: list[Any]) -> None:
    for value in fits:
        check_body(value, record(type_))
    for value in wrong:
        refused(value, type_)


def test_errors_say_where_and_what() -> None:
    body = [models.Queue(name="q"), models.Queue(name="q", division=models.Division(name=5))]
    error = refused(body, "[#Queue")
    assert error.path == "$[1].division.name"
    assert str(error) == "$[1].division.name: expected string, not int"
    assert str(refused(models.QueueRequest(), "#QueueRequest")) == "$.name: QueueRequest needs 'name', which is not set"
    naive = models.Queue(name="x", date_created=datetime(2026, 1, 1))
    assert "without time zone" in str(refused(naive, "#Queue"))
    assert refused({"a": 1, "b": "x"}, "{i").path == "$['b']"


def test_the_first_of_several_errors_is_told() -> None:
    assert refused(["a", 1, 2], "[s").path == "$[1]"


def test_null_passes_for_what_is_required() -> None:
    check_body(models.QueueRequest(name=NULL), record("#QueueRequest"))


def test_what_the_server_sent_may_go_back() -> None:
    for text in ('{"id":"1"}', '{"name":5,"division":{"name":["x"]}}', '{"division":"none","zzGoesBack":1}'):
        queue = models.QueueRequest.from_json(text)
        check_body(queue, record("#QueueRequest"))
        check_body([queue], record("[#QueueRequest"))
        check_body(pickle.loads(pickle.dumps(queue)), record("#QueueRequest"))


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("[s", '["a",7]'),
        ("[#NumberPlan", '[{"id":"1"},"odd",null]'),
        ("[[s", '[["a"],"b",[1]]'),
        ("[t", '["2026-01-01T00:00:00Z","soon"]'),
        ("{[s", '{"a":["b",1],"c":["d"]}'),
    ],
)
def test_a_list_that_the_server_sent_may_go_back(type_: str, text: str) -> None:
    value = codec.decode(text.encode(), type_)
    assert value == json.loads(text) or type_ in ("[#NumberPlan", "[t")
    for again in (value, pickle.loads(pickle.dumps(value)), copy.deepcopy(value)):
        check_body(again, record(type_))
        assert json.loads(codec.encode(again)) == json.loads(text)
    refused(json.loads(text), type_)


def test_a_part_that_the_server_sent_may_go_into_what_the_caller_builds() -> None:
    rules: Any = models.Queue.from_json('{"routingRules":[{"threshold":1},"odd"]}').routing_rules
    check_body(models.QueueRequest(name="n", routing_rules=rules), record("#QueueRequest"))
    rules.append(models.RoutingRule(threshold=object()))
    assert refused(models.QueueRequest(name="n", routing_rules=rules), "#QueueRequest").path.endswith(".threshold")


def test_models_in_plain_values_are_checked() -> None:
    wrong = models.WritableDivision(id=5)
    assert refused({"division": wrong}, "#QueueRequest").path == "$['division'].id"
    assert refused({"a": [{"b": (wrong,)}]}, "#QueueRequest").path == "$['a'][0]['b'][0].id"
    assert refused([{"a": wrong}], "o").path == "$[0]['a'].id"
    check_body({"name": 5, "division": models.WritableDivision(id="1")}, record("#QueueRequest"))


def test_what_the_caller_puts_where_the_server_confuses_types_is_checked_all_the_same() -> None:
    queue = models.Queue.from_json('{"division":"none"}')
    queue.division = models.Division(name=5)
    assert refused(queue, "#Queue").path == "$.division.name"


def test_a_model_that_was_read_goes_where_another_one_is_asked_for() -> None:
    division = models.Queue.from_json('{"division":{"id":"1"}}').division
    body = models.Queue(name="q")
    body.division = models.User.from_json('{"id":"1"}')
    check_body(body, record("#Queue"))
    check_body(models.Queue(name="q", division=division), record("#Queue"))
    body.division = models.User(id="1")
    assert refused(body, "#Queue").path == "$.division"


def test_what_the_caller_changes_in_what_was_read_is_checked() -> None:
    queue = models.Queue.from_json('{"id":"1"}')
    queue.description = 5
    assert refused(queue, "#Queue").path == "$.description"
    queue.description = "x"
    queue.division = models.Division(name=object())
    assert refused(queue, "#Queue").path == "$.division.name"


def test_other_models_that_an_operation_takes() -> None:
    assert catalog().operation("put_routing_queue").body_also == ["Queue"]
    assert catalog().operation("post_routing_queues").body_also == ["Queue"], "the listing is read at the same path"
    assert catalog().operation("post_analytics_conversations_aggregates_query").body_also == [], "a result is no query"
    check_body(models.Queue(name="q"), catalog().operation("put_routing_queue"))
    with pytest.raises(InvalidBody):
        check_body(models.Queue(name=5), record("#QueueRequest", ["Queue"]))


def test_what_was_read_may_be_as_deep_as_it_was() -> None:
    user = codec.decode(b'{"manager":' * 400 + b"{}" + b"}" * 400, "#User")
    check_body(user, record("#User"))


def test_operations_name_themselves_and_can_leave_the_check_out() -> None:
    update = operation("put_routing_queue")
    with pytest.raises(InvalidBody) as caught:
        update.prepare(("1", models.Queue(name=5)), {})
    assert caught.value.operation == "put_routing_queue"
    assert update.prepare(("1", models.Queue(name=5)), {}, check=False).body == b'{"name":5}'
    for wrong in (float("nan"), object(), "\ud800", 2**20000, {None: 1}):
        with pytest.raises(InvalidBody):
            update.prepare(("1", {"name": wrong}), {}, check=False)


def test_a_body_that_contains_itself_is_refused() -> None:
    body: dict[str, Any] = {}
    body["self"] = body
    with pytest.raises(InvalidBody):
        operation("put_routing_queue").prepare(("1", body), {})
    criteria = models.UserSearchCriteria(value="x", type="EXACT")
    criteria.group = [criteria]
    with pytest.raises(InvalidBody):
        operation("post_users_search").prepare((models.UserSearchRequest(query=[criteria]),), {})
