"""What all models have in common: construction, equality, copies, pickles, printing, null."""

# Much here is wrong on purpose, or of a type that only the definition knows.
# pyright: reportCallIssue=false, reportOptionalMemberAccess=false, reportPrivateUsage=false, reportArgumentType=false

from __future__ import annotations

import copy
import inspect
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from genesyscloud import drift, models
from genesyscloud.errors import DriftError, InvalidBody
from genesyscloud.model import NULL, Null, YearMonth
from genesyscloud.models import Division, JsonNode, Queue, User


def test_unknown_property_is_a_type_error_with_the_nearest_name() -> None:
    with pytest.raises(TypeError, match=r"Queue\(\) has no property 'descripton'\. Did you mean 'description'\?"):
        Queue(descripton="x")
    with pytest.raises(TypeError, match="keyword arguments only"):
        Queue("x")


def test_equality_asks_for_the_same_model_and_values() -> None:
    assert Division(name="a") == Division(name="a")
    assert not Division(name="a").__ne__(Division(name="a"))
    assert Division(name="a") != Division(name="b")
    assert Division() != User()
    assert Division(name="a") != {"name": "a"}
    assert Division(name="a") == Division.from_json('{"name":"a"}')
    assert User(title=NULL) != User()


def test_a_drifted_model_is_equal_only_to_one_with_the_same_extra_fields() -> None:
    plain, drifted = Division.from_dict({"name": "a"}), Division.from_dict({"name": "a", "zzEq": None})
    assert plain != drifted
    assert drifted == Division.from_dict({"name": "a", "zzEq": None})
    assert drifted != Division.from_dict({"name": "a", "zzEq": 1})
    assert isinstance(drifted, Division)


def test_what_the_server_sent_beyond_the_definition_is_shown_not_changed() -> None:
    queue = Queue.from_dict({"name": "a", "zzShown": False})
    with pytest.raises(TypeError):
        queue.extra_fields["zzShown"] = True  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    assert queue.extra_fields == {"zzShown": False}


def test_deleting_a_property_leaves_it_out() -> None:
    queue = Queue(name="a", description="b")
    del queue.description
    assert queue == Queue(name="a")
    assert pickle.loads(pickle.dumps(queue)) == queue
    for name in ("_origin", "descripton", "zzNothing"):
        with pytest.raises(AttributeError, match="has no property"):
            delattr(queue, name)


def test_the_constructor_takes_properties_only() -> None:
    assert set(inspect.signature(Division).parameters) == {"id", "name", "self_uri"}
    with pytest.raises(TypeError, match="has no property '_origin'"):
        Division(_origin=1)


def test_models_are_not_subclassed() -> None:
    with pytest.raises(TypeError, match="Queue is a model of the API and cannot be subclassed"):
        type("Mine", (Queue,), {})


def test_repr_is_short_whatever_is_inside() -> None:
    nested: Any = ["x" * 50] * 3
    for _ in range(8):
        nested = [nested] * 3
    assert len(repr(Queue.from_dict({"zzNested": nested}))) < 1000
    for _ in range(400):
        nested = [nested]
    assert len(repr(Queue.from_dict({"zzNested": nested}))) < 1000
    assert len(repr(Queue.from_dict({f"zz{n}": "x" * 50 for n in range(2000)}))) < 12_000
    itself: list[Any] = []
    itself.append(itself)
    assert len(repr(Queue(name=itself))) < 100


def test_copies_are_independent() -> None:
    queue = Queue.from_dict({"name": "a", "division": {"name": "d"}, "zzCopy": {"x": [1]}})
    deep, shallow = copy.deepcopy(queue), copy.copy(queue)
    deep.division.name = "changed"
    deep.extra_fields["zzCopy"]["x"].append(2)
    shallow.name = "b"
    assert queue.to_dict() == {"name": "a", "division": {"name": "d"}, "zzCopy": {"x": [1]}}
    assert shallow.division is queue.division


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_keeps_values_null_extra_fields_and_where_it_came_from(protocol: int) -> None:
    built = User(title=NULL, division=Division(name="d"))
    read = User.from_dict({"name": "n", "zzPickle": None, "division": {"zzInner": [1]}})
    for value in (built, read):
        again = pickle.loads(pickle.dumps(value, protocol))
        assert again == value
        assert again.to_json() == value.to_json()
        assert again._origin is value._origin
    assert pickle.loads(pickle.dumps(built, protocol)).title is NULL


def test_a_pickle_outlives_a_change_of_the_definition() -> None:
    """A property that was unknown when the pickle was made may be known when it is read, and vice versa."""
    restored: Any = drift.instance("Queue", {"name": "n", "goneFromTheDefinition": 1}, built=False)
    assert restored.name == "n"
    assert restored.to_dict() == {"name": "n", "goneFromTheDefinition": 1}


def test_match_statement() -> None:
    match Queue.from_dict({"name": "n", "division": {"id": "1"}, "zzMatch": 1}):
        case Queue(name=name, division=Division(id=id_)):
            assert (name, id_) == ("n", "1")
        case _:
            pytest.fail("a drifted queue is a queue")


def test_repr_is_short_shows_what_is_set_and_hides_secrets() -> None:
    queue = Queue.from_dict(
        {
            "id": "1",
            "dateCreated": "2026-01-02T03:04:05Z",
            "description": "d" * 500,
            "division": {"id": "2", "name": "n", "selfUri": "s", "zz1": 1},
            "zzApiKey": "confidential",
            "zzInside": {"password": "confidential", "list": [{"clientSecret": "confidential"}]},
        }
    )
    text = repr(queue)
    assert "date_created=2026-01-02T03:04:05+00:00" in text
    assert "d" * 60 + "…'" in text
    assert "d" * 61 not in text
    assert "confidential" not in text
    assert text.count("***") == 3
    assert "None" not in text
    assert "confidential" not in repr(models.OAuthClient(secret="confidential"))
    assert len(text) < 600


def test_repr_of_long_lists_and_deep_models() -> None:
    listing = models.QueueEntityListing(entities=[Queue(id=str(n)) for n in range(100)])
    assert repr(listing) == "QueueEntityListing(entities=[Queue(…)… 100 items])"
    nested: Any = {}
    for _ in range(300):
        nested = {"manager": nested}
    assert len(repr(User.from_dict(nested))) < 200


def test_from_dict_and_from_json_refuse_what_is_no_object() -> None:
    with pytest.raises(TypeError, match="takes a mapping, not list"):
        Queue.from_dict([])  # type: ignore[arg-type]
    for text in ("[]", "5", "null", '"x"'):
        with pytest.raises(ValueError, match="takes a JSON object"):
            Queue.from_json(text)
    for broken in ("", "{", '{"a":}', b"\xff", b"\xef\xbb\xbf{}", "\ud800"):
        with pytest.raises(ValueError, match=r"^Queue.from_json\(\) takes JSON: "):
            Queue.from_json(broken)


def test_strict_reading_raises() -> None:
    with pytest.raises(DriftError, match="differs from the definition"):
        Queue.from_json('{"name":1}', strict=True)
    with pytest.raises(DriftError):
        Queue.from_json('{"zzStrictNever":1}', strict=True)


def test_null_is_one_object_that_is_false_and_sent() -> None:
    assert pickle.loads(pickle.dumps(NULL)) is copy.copy(NULL) is copy.deepcopy(NULL) is Null() is NULL
    assert not NULL
    assert repr(NULL) == "NULL"
    assert User(title=NULL, name=None).to_json() == b'{"title":null}'
    assert User(division=Division(name=NULL)).to_dict() == {"division": {"name": None}}


def test_year_month() -> None:
    assert (YearMonth("2026-11").year, YearMonth("2026-11").month) == (2026, 11)
    assert copy.deepcopy(YearMonth("2026-11")) == pickle.loads(pickle.dumps(YearMonth("2026-11"))) == "2026-11"
    for wrong in ("2026", "2026-13", "2026-00", "26-11", "2026-1", "2026-11-01", "٢٠٢٦-11", ""):
        with pytest.raises(ValueError, match="month"):
            YearMonth(wrong)


def test_a_number_without_a_form_in_json_is_refused_and_never_sent_as_null() -> None:
    for wrong in (float("nan"), float("inf"), -float("inf"), Decimal("NaN"), Decimal("Infinity")):
        queue = Queue(name="null", description="NaN", division=Division(name=wrong))
        with pytest.raises(InvalidBody, match="no form in JSON") as caught:
            queue.to_json()
        assert caught.value.path == "$.division.name"


def test_values_of_python_have_their_form_in_json() -> None:
    user = User(date_last_login=datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC), version=2**63 - 1)
    assert user.to_dict() == {"dateLastLogin": "2026-01-02T03:04:05.678000Z", "version": 2**63 - 1}
    assert models.Queue(name=type("Text", (str,), {})("x")).to_dict() == {"name": "x"}


def test_free_form_models_are_dicts_that_know_their_name() -> None:
    value = JsonNode.from_json('{"a": 1, "clientSecret": "confidential"}')
    assert value == {"a": 1, "clientSecret": "confidential"}
    assert type(copy.deepcopy(value)) is type(pickle.loads(pickle.dumps(value))) is type(value) is JsonNode
    assert pickle.loads(pickle.dumps(value)) == copy.copy(value) == value
    assert repr(value) == "JsonNode(a=1, clientSecret=***)"
    assert JsonNode(a=None).to_json() == b'{"a":null}'
    assert type(value.to_dict()) is dict
    with pytest.raises(ValueError, match="takes a JSON object"):
        JsonNode.from_json("[]")
