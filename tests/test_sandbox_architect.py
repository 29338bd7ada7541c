"""Architect: data tables, prompts, flows; and scripts."""

from __future__ import annotations

import csv
import io
import json
import wave
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.sandbox.refusal import Refusal
from genesyscloud.sandbox.services.datatables import fitted

from .areas import Desk

TABLES, PROMPTS, FLOWS = "/flows/datatables", "/architect/prompts", "/flows"
SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-04/schema#", "title": "Shops", "type": "object", "required": ["key"],
    "properties": {
        "key": {"type": "string", "title": "Shop", "$id": "/properties/key"},
        "open": {"type": "boolean", "default": True, "$id": "/properties/open"},
        "size": {"type": "integer", "minimum": 0, "$id": "/properties/size"},
        "city": {"type": "string", "maxLength": 5, "$id": "/properties/city"},
    },
    "additionalProperties": False,
}  # fmt: skip


@pytest.fixture
def desk() -> Desk:
    return Desk()


def table(desk: Desk) -> str:
    return f"{TABLES}/{desk.ask('POST', TABLES, {'name': 'Shops', 'schema': SCHEMA})['id']}"


def sound(seconds: float = 0.5) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8000)
        made.writeframes(bytes(int(16_000 * seconds)))
    return out.getvalue()


def test_rows_keep_to_the_schema(desk: Desk):
    path = table(desk)
    made = desk.ask("POST", f"{path}/rows", {"key": "a", "size": 3})
    assert made == {"key": "a", "open": True, "size": 3}
    for bad in (
        {"key": "b", "size": "3"}, {"key": "b", "size": True}, {"key": "b", "size": -1}, {"key": "b", "city": "Berlin"},
        {"key": "b", "other": 1}, {"size": 1}, {"key": ""}, {"key": 5},
    ):  # fmt: skip
        answer = desk.ask("POST", f"{path}/rows", bad, status=400)
        assert answer["code"].startswith("flows.datatables.")
    desk.ask("POST", f"{path}/rows", {"key": "a"}, status=409)
    assert desk.ask("PUT", f"{path}/rows/a", {"key": "a", "open": False})["open"] is False
    desk.ask("PUT", f"{path}/rows/a", {"key": "b"}, status=400)
    desk.ask("PUT", f"{path}/rows/z", {"key": "z"}, status=404)
    assert desk.ask("GET", f"{path}/rows")["entities"] == [{"key": "a"}]
    assert desk.ask("GET", f"{path}/rows/a?showbrief=false") == {"key": "a", "open": False}
    desk.ask("DELETE", path, status=409)
    desk.ask("DELETE", f"{path}/rows/a", status=204)
    desk.ask("GET", f"{path}/rows/a", status=404)
    desk.ask("DELETE", path, status=204)


def test_schemas_and_names_of_tables(desk: Desk):
    path = table(desk)
    desk.ask("POST", TABLES, {"name": "shops", "schema": SCHEMA}, status=409)
    desk.ask("POST", TABLES, {"name": "", "schema": SCHEMA}, status=400)
    for properties in ({}, {"key": {"type": "integer"}}, {"key": {"type": "string"}, "x": {"type": "array"}}):
        desk.ask("POST", TABLES, {"name": "x", "schema": {**SCHEMA, "properties": properties}}, status=400)
    assert "schema" not in desk.ask("GET", path)
    assert desk.ask("GET", f"{path}?expand=schema")["schema"]["properties"]["size"]["type"] == "integer"
    desk.ask("POST", f"{path}/rows", {"key": "a"})
    less = {**SCHEMA, "properties": {"key": SCHEMA["properties"]["key"]}}
    desk.ask("PUT", path, {"name": "Shops", "schema": less}, status=400)
    more = {**SCHEMA, "properties": {**SCHEMA["properties"], "zip": {"type": "string"}}}
    desk.ask("PUT", path, {"name": "Shops", "schema": more})
    desk.ask("POST", f"{path}/rows", {"key": "b", "zip": "1"})


def test_a_program_keeps_a_table_in_step_with_a_file(desk: Desk):
    path = table(desk)
    for key in ("a", "b", "c"):
        desk.ask("POST", f"{path}/rows", {"key": key, "size": 1})
    wanted = b"key,open,size,city\r\na,false,7,Rome\r\nd,,,\r\ne,maybe,1,\r\n"
    job = desk.ask("POST", f"{path}/import/jobs", {"importMode": "ReplaceAll"}, status=202)
    job_path = f"{path}/import/jobs/{job['id']}"
    assert desk.ask("GET", job_path)["status"] == "WaitingForUpload"
    assert desk.upload(job["uploadURI"], {}, wanted).status == 200
    assert desk.ask("GET", job_path)["status"] == "Processing"
    done = desk.ask("GET", job_path)
    counts = {name: done[f"countRecords{name}"] for name in ("Updated", "Deleted", "Failed")}
    assert (done["status"], counts) == ("Succeeded", {"Updated": 2, "Deleted": 2, "Failed": 1})
    assert desk.upload(job["uploadURI"], {}, wanted).status == 404
    export = desk.ask("POST", f"{path}/export/jobs", status=202)
    assert desk.ask("GET", f"{path}/export/jobs/{export['id']}")["status"] == "Processing"
    uri = desk.ask("GET", f"{path}/export/jobs/{export['id']}")["downloadURI"]
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(desk.fetch(uri).decode()))}
    assert rows["a"] == {"key": "a", "open": "false", "size": "7", "city": "Rome"}
    assert rows["d"] == {"key": "d", "open": "true", "size": "", "city": ""}
    more = desk.ask("POST", f"{path}/import/csv/jobs", {"importMode": "Append"}, status=202)
    assert desk.put(more["uploadURI"], b"key\r\nf\r\n", more["uploadHeaders"]).status == 200
    assert [row["key"] for row in desk.ask("GET", f"{path}/rows")["entities"]] == ["a", "d", "f"]


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)


@given(st.dictionaries(st.sampled_from(["key", "open", "size", "city"]), VALUES))
def test_a_row_that_is_taken_keeps_to_the_schema(row: dict[str, Any]):
    try:
        made = fitted({"schema": SCHEMA}, row)
    except Refusal as refusal:
        assert refusal.status == 400  # noqa: PT017
        return
    assert isinstance(made["key"], str)
    assert isinstance(made["open"], bool)
    assert type(made.get("size", 0)) is int
    assert made.get("size", 0) >= 0
    assert len(made.get("city", "")) <= 5


def test_a_prompt_gets_its_recording(desk: Desk):
    prompt = desk.ask("POST", PROMPTS, {"name": "Welcome", "description": "Hello"})
    path = f"{PROMPTS}/{prompt['id']}/resources"
    made = desk.ask("POST", path, {"language": "en-us", "ttsString": "Hello"})
    assert (made["uploadStatus"], made["languageDefault"]) == ("created", True)
    desk.ask("POST", path, {"language": "EN-US"}, status=409)
    assert desk.upload(made["uploadUri"], {}, sound()).status == 200
    assert desk.ask("GET", f"{path}/en-us")["uploadStatus"] == "uploaded"
    done = desk.ask("GET", f"{path}/en-us")
    assert (done["uploadStatus"], done["durationSeconds"]) == ("transcoded", 0.5)
    assert desk.send("GET", done["mediaUri"]).body == sound()
    given = desk.ask("POST", f"{path}/en-us/uploads")
    assert desk.put(given["url"], b"no sound", given["headers"]).status == 200
    assert desk.ask("GET", f"{path}/en-us")["uploadStatus"] == "transcodeFailed"
    desk.ask("DELETE", f"{path}/en-us/audio", status=204)
    resources = desk.ask("GET", f"{PROMPTS}/{prompt['id']}")["resources"]
    assert [(one["id"], one["uploadStatus"]) for one in resources] == [("en-us", "created")]
    assert desk.ask("GET", f"{PROMPTS}/{prompt['id']}?includeResources=false")["resources"] == []
    assert desk.ask("GET", f"{PROMPTS}?name=welcome")["total"] == 1


def test_names_of_prompts(desk: Desk):
    desk.ask("POST", PROMPTS, {"name": "A_1"})
    desk.ask("POST", PROMPTS, {"name": "a_1"}, status=409)
    desk.ask("POST", PROMPTS, {"name": "with space"}, status=400)
    assert desk.upload("/uploads/v2/prompts/nobody/en-us", {}, sound()).status == 404


def test_a_flow_is_worked_on_by_one(desk: Desk):
    flow = desk.ask("POST", FLOWS, {"name": "Main", "type": "INBOUNDCALL"})
    desk.ask("POST", FLOWS, {"name": "main", "type": "INBOUNDCALL"}, status=409)
    desk.ask("POST", FLOWS, {"name": "No type"}, status=400)
    query = f"?flow={flow['id']}"
    desk.ask("POST", f"{FLOWS}/actions/checkin{query}", status=409)
    assert "lockedUser" in desk.ask("POST", f"{FLOWS}/actions/checkout{query}")
    mine, other = desk.access_token, desk.ask("GET", "/users")["entities"][1]["id"]
    desk.access_token = desk.sandbox.access_token(user_id=other)
    desk.ask("POST", f"{FLOWS}/actions/checkout{query}", status=409)
    desk.ask("POST", f"{FLOWS}/actions/publish{query}", status=409)
    desk.access_token = mine
    desk.ask("POST", f"{FLOWS}/{flow['id']}/versions", {"steps": [1]})
    assert desk.ask("POST", f"{FLOWS}/actions/checkin{query}")["actionStatus"] == "SUCCESS"
    desk.ask("POST", f"{FLOWS}/actions/publish{query}")
    now = desk.ask("GET", f"{FLOWS}/{flow['id']}")
    assert (now["active"], now["publishedVersion"]["id"], "lockedUser" in now) == (True, "3.0", False)
    assert desk.ask("GET", f"{FLOWS}/{flow['id']}/latestconfiguration") == {"steps": [1]}
    assert [one["type"] for one in desk.ask("GET", f"{FLOWS}/{flow['id']}/versions")["entities"]] == [
        "SAVE", "CHECKIN", "PUBLISH",
    ]  # fmt: skip
    desk.ask("POST", f"{FLOWS}/actions/publish{query}&version=9.0", status=404)
    desk.ask("POST", f"{FLOWS}/actions/publish{query}&version=1.0")
    assert desk.ask("GET", f"{FLOWS}/{flow['id']}")["publishedVersion"]["id"] == "1.0"
    ivr = desk.ask("POST", "/architect/ivrs", {"name": "Line", "openHoursFlow": {"id": flow["id"]}})
    assert ivr["openHoursFlow"]["name"] == "Main"
    desk.ask("DELETE", f"{FLOWS}/{flow['id']}", status=409)
    desk.ask("DELETE", f"/architect/ivrs/{ivr['id']}", status=204)
    desk.ask("DELETE", f"{FLOWS}/{flow['id']}", status=204)


def test_a_flow_comes_as_yaml_and_leaves_as_such(desk: Desk):
    text = b"inboundCall:\n  name: From code\n  defaultLanguage: en-us\n"
    job = desk.ask("POST", f"{FLOWS}/jobs", {}, status=202)
    assert desk.ask("GET", f"{FLOWS}/jobs/{job['id']}")["status"] == "Registered"
    assert desk.put(job["presignedUrl"], text, job["headers"]).status == 200
    assert desk.ask("GET", f"{FLOWS}/jobs/{job['id']}")["status"] == "Started"
    done = desk.ask("GET", f"{FLOWS}/jobs/{job['id']}")
    flow = desk.ask("GET", f"{FLOWS}/{done['flow']['id']}")
    assert (done["status"], flow["name"], flow["type"], flow["active"]) == ("Success", "From code", "INBOUNDCALL", True)
    export = desk.ask("POST", f"{FLOWS}/export/jobs", {"flows": [{"flow": {"id": flow["id"]}}]}, status=202)
    assert desk.ask("GET", f"{FLOWS}/export/jobs/{export['id']}")["status"] == "Started"
    url = desk.ask("GET", f"{FLOWS}/export/jobs/{export['id']}")["downloadUrl"]
    assert desk.send("GET", url).body == text
    bad = desk.ask("POST", f"{FLOWS}/jobs", {}, status=202)
    desk.put(bad["presignedUrl"], b"nothing", bad["headers"])
    assert [desk.ask("GET", f"{FLOWS}/jobs/{bad['id']}")["status"] for _ in range(2)] == ["Started", "Failure"]


def test_schedules_in_use_stay(desk: Desk):
    schedule = {"name": "Day", "start": "2026-01-05T08:00:00.000", "end": "2026-01-05T17:00:00.000"}
    made = desk.ask("POST", "/architect/schedules", schedule)
    group = {"name": "Week", "timeZone": "UTC", "openSchedules": [{"id": made["id"]}]}
    kept = desk.ask("POST", "/architect/schedulegroups", group)
    assert kept["openSchedules"][0]["name"] == "Day"
    desk.ask("POST", "/architect/schedulegroups", {**group, "closedSchedules": [{"id": "nobody"}]}, status=400)
    desk.ask("DELETE", f"/architect/schedules/{made['id']}", status=409)
    desk.ask("DELETE", f"/architect/schedulegroups/{kept['id']}", status=204)
    desk.ask("DELETE", f"/architect/schedules/{made['id']}", status=204)


def test_a_script_goes_out_and_comes_back(desk: Desk):
    script = desk.first("/scripts")
    url = desk.ask("POST", f"/scripts/{script['id']}/export", {"fileName": "mine"})["url"]
    data = desk.send("GET", url).body
    assert json.loads(data)["name"] == script["name"]
    reply = desk.upload("/uploads/v2/scripter", {"scriptName": "Another"}, data)
    upload = json.loads(reply.body)["correlationId"]
    assert desk.ask("GET", f"/scripts/uploads/{upload}/status")["succeeded"] is False
    done = desk.ask("GET", f"/scripts/uploads/{upload}/status")
    assert done["succeeded"] is True
    new = desk.ask("GET", done["url"].partition("/api/v2")[2])
    assert (new["name"], new["id"] != script["id"]) == ("Another", True)
    desk.ask("GET", f"/scripts/published/{new['id']}", status=404)
    desk.ask("POST", "/scripts/published?scriptDataVersion=0", {"scriptId": new["id"]})
    assert desk.ask("GET", f"/scripts/published/{new['id']}")["name"] == "Another"
    again = desk.upload("/uploads/v2/scripter", {"scriptName": "Third", "scriptIdToReplace": new["id"]}, data)
    path = f"/scripts/uploads/{json.loads(again.body)['correlationId']}/status?longPoll=true"
    assert desk.ask("GET", path)["succeeded"] is True
    assert desk.ask("GET", f"/scripts/{new['id']}")["name"] == "Third"
    bad = json.loads(desk.upload("/uploads/v2/scripter", {}, b"nothing").body)["correlationId"]
    assert desk.ask("GET", f"/scripts/uploads/{bad}/status?longPoll=true") == {
        "succeeded": False, "message": "The file is no script.",
    }  # fmt: skip
