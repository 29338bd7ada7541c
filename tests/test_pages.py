"""What the definition is found to say about paging, style by style."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from genesyscloud.build.pages import detect_paging
from genesyscloud.build.swagger import read_swagger
from genesyscloud.catalog import ModelRecord, OperationRecord, Paging, ParameterRecord, PropertyRecord

DEFINITION = Path(__file__).parents[1] / "definition" / "publicapi-v2.json"

#: Parameters that only lists have; sizes alone are no paging.
POSITIONS = {"pageNumber", "after", "before", "cursor", "startIndex", "nextPage", "q64", "afterSourceId", "paging"}

Found = dict[str, tuple[OperationRecord, Paging | None]]


@pytest.fixture(scope="module")
def definition() -> tuple[list[OperationRecord], dict[str, ModelRecord]]:
    read = read_swagger(msgspec.json.decode(DEFINITION.read_bytes()))
    return read.operations, {model.name: model for model in read.models}


@pytest.fixture(scope="module")
def found(definition: tuple[list[OperationRecord], dict[str, ModelRecord]]) -> Found:
    operations, models = definition
    return {record.name: (record, detect_paging(record, models)) for record in operations}


def test_counts_per_style(found: Found) -> None:
    counts = Counter(paging.style for _, paging in found.values() if paging)
    assert counts == {
        "page": 295,
        "after": 102,
        "search": 42,
        "cursor": 40,
        "next_page": 5,
        "scim": 4,
        "body": 2,
        "history": 2,
    }


@pytest.mark.parametrize(
    ("name", "paging"),
    [
        ("get_routing_queues", Paging("page", "entities", "#Queue", "id", ["pageNumber"], "pageSize")),
        ("get_authorization_divisions", Paging("page", "entities", "#AuthzDivision", "id", ["pageNumber"], "pageSize")),
        ("get_assistants", Paging("after", "entities", "#Assistant", "id", ["after", "before"], "pageSize")),
        (
            "post_taskmanagement_workitems_query",
            Paging("after", "entities", "#Workitem", "id", ["after"], "pageSize", True),
        ),
        (
            "get_externalcontacts_scan_contacts",
            Paging("cursor", "entities", "#ExternalContact", "id", ["cursor"], "limit"),
        ),
        (
            "get_recording_jobs",
            Paging("cursor", "entities", "#RecordingJob", "id", ["cursor", "pageNumber"], "pageSize"),
        ),
        ("get_groups_search", Paging("search", "results", "#Group", "id", ["q64"])),
        ("post_users_search", Paging("search", "results", "#User", "id", ["pageNumber"], "pageSize", True)),
        ("post_search", Paging("search", "results", "o", "", ["pageNumber"], "pageSize", True)),
        (
            "post_responsemanagement_responses_query",
            Paging("search", "results.entities", "#Response", "id", ["pageNumber"], "pageSize", True),
        ),
        ("get_scim_v2_users", Paging("scim", "Resources", "#ScimV2User", "id", ["startIndex"], "count")),
        (
            "get_speechandtextanalytics_programs",
            Paging("next_page", "entities", "#ListedProgram", "id", ["nextPage"], "pageSize"),
        ),
        ("get_chats_room_messages", Paging("history", "entities", "#ChatMessageResponse", "id", ["before"], "limit")),
    ],
)
def test_representatives(found: Found, name: str, paging: Paging) -> None:
    assert found[name][1] == paging


def test_analytics_pages_in_the_body_and_jobs_by_cursor(found: Found) -> None:
    query = found["post_analytics_conversations_details_query"][1]
    results = found["get_analytics_users_details_job_results"][1]
    assert query is not None
    assert (query.positions, query.size, query.item_id) == (["paging.pageNumber"], "paging.pageSize", "conversationId")
    assert results is not None
    assert (results.items, results.item_id, results.size) == ("userDetails", "userId", "pageSize")


def test_what_has_paging_parameters_and_no_pages(
    found: Found, definition: tuple[object, dict[str, ModelRecord]]
) -> None:
    models = definition[1]
    passed_over = {
        name
        for name, (record, paging) in found.items()
        if paging is None and POSITIONS & _inputs(record, models)
    }  # fmt: skip
    assert passed_over == {
        # One thing, not a list.
        "get_integration",
        "patch_integration",
        "post_casemanagement_caseplan_stageplans",
        "post_casemanagement_caseplan_stageplan_reposition",
        # A job; the pages come with its results.
        "post_casemanagement_cases_query_jobs",
        "post_integrations_speech_nuance_nuance_integration_id_bots_jobs",
        "post_taskmanagement_workitems_query_jobs",
        # The definition does not say where the items are: a free-form result, and a single message.
        "get_organizations_limits_namespaces",
        "post_orgauthorization_trustees_audits",
        "post_orgauthorization_trustor_audits",
        "get_chats_user_messages",
    }


def test_every_detection_can_be_carried_out(found: Found, definition: tuple[object, dict[str, ModelRecord]]) -> None:
    models = definition[1]
    for name, (record, paging) in found.items():
        if paging is not None:
            known = {wire.partition(".")[0] for wire in [*paging.positions, paging.size] if wire}
            assert known <= _inputs(record, models), name
            assert paging.positions, name


def test_no_paged_operation_takes_the_word_that_resumes(found: Found) -> None:
    taken = {parameter.name for record, _ in found.values() for parameter in record.parameters}
    assert "resume" not in taken


def test_a_list_without_a_parameter_does_not_page() -> None:
    models = {"Page": ModelRecord("Page", [PropertyRecord("entities", "entities", "[s")])}
    plain = OperationRecord("getX", "get_x", "GET", "/x", ["x"], result="#Page")
    paged = msgspec.structs.replace(plain, parameters=[ParameterRecord("page_number", "pageNumber", "query", "i")])
    assert detect_paging(plain, models) is None
    assert detect_paging(paged, models) == Paging("page", "entities", "s", "", ["pageNumber"])


def _inputs(record: OperationRecord, models: dict[str, ModelRecord]) -> set[str]:
    body = models.get(record.body[1:]) if record.body.startswith("#") else None
    query = {parameter.wire for parameter in record.parameters if parameter.place == "query"}
    return query | {prop.wire for prop in (body.properties if body else [])}
