"""Integrations: configured, switched on, and data actions carried out for real."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.sandbox.actions import breaks, filled, select

from .areas import Desk

ROOT = "/integrations"
ACTIONS, CREDENTIALS = f"{ROOT}/actions", f"{ROOT}/credentials"
TEXT = {"type": "string"}


@pytest.fixture
def desk() -> Desk:
    return Desk()


class Crm(BaseHTTPRequestHandler):
    """Another program on this machine."""

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
        found = {"people": [{"name": f"{sent['first']} {self.headers['x-key']}", "at": self.path}, {"name": "B"}]}
        self._reply(503 if sent["first"] == "down" else 200, json.dumps(found).encode())

    def _reply(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def crm() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Crm)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def active(desk: Desk, **config: Any) -> str:
    """What a deployment does: create, configure, switch on, wait."""
    made = desk.ask("POST", ROOT, {"name": "CRM", "integrationType": {"id": "custom-rest-actions"}})
    path = f"{ROOT}/{made['id']}"
    assert (made["intendedState"], made["reportedState"]["code"]) == ("DISABLED", "INACTIVE")
    current = desk.ask("GET", f"{path}/config/current")
    desk.ask("PUT", f"{path}/config/current", {**current, **config})
    assert desk.ask("PATCH", path, {"intendedState": "ENABLED"})["reportedState"]["code"] == "ACTIVATING"
    desk.clock.now += 1
    assert desk.ask("GET", path)["reportedState"]["code"] == "ACTIVE"
    return made["id"]


def action(integration_id: str, url: str, **response: Any) -> dict[str, Any]:
    request = {
        "requestUrlTemplate": url + "/find?q=$esc.url(${input.name})", "requestType": "POST",
        "headers": {"x-key": "${credentials.password}"}, "requestTemplate": '{"first": "${input.name}"}',
    }  # fmt: skip
    response = {"translationMap": {"all": "$.people[*].name", "first": "$.people[0].name"}} | response
    response.setdefault("successTemplate", '{"name": ${first}, "all": ${all}, "none": "$!{none}"}')
    schemas = {
        "input": {"inputSchema": {"title": "i", "type": "object", "required": ["name"], "properties": {"name": TEXT}}},
        "output": {"successSchema": {"title": "o", "type": "object", "properties": {"name": TEXT}}},
    }
    config = {"request": request, "response": response}
    return {"name": "Find", "category": "CRM", "integrationId": integration_id, "config": config, "contract": schemas}


def test_create_configure_enable_wait_test(desk: Desk, crm: str):
    fields = {"userName": "u", "password": "secret"}
    body = {"name": "CRM", "type": {"name": "basicAuth"}, "credentialFields": fields}
    credential = desk.ask("POST", CREDENTIALS, body)
    assert "secret" not in json.dumps(credential)
    assert "secret" not in json.dumps(desk.ask("GET", f"{CREDENTIALS}/{credential['id']}"))
    integration_id = active(desk, credentials={"basicAuth": {"id": credential["id"]}})
    desk.ask("DELETE", f"{CREDENTIALS}/{credential['id']}", status=409)
    made = desk.ask("POST", ACTIONS, action(integration_id, crm))
    assert made["id"].startswith("custom_")
    told = desk.ask("POST", f"{ACTIONS}/{made['id']}/test", {"name": "Ada & co"})
    wanted = {"name": "Ada & co secret", "all": ["Ada & co secret", "B"], "none": ""}
    assert (told["success"], told["finalResult"]) == (True, wanted)
    assert [one["step"] for one in told["operations"]] == [1, 2, 3, 4, 5, 6]
    assert told["operations"][1]["result"]["url"].endswith("/find?q=Ada%20%26%20co")
    assert desk.ask("POST", f"{ACTIONS}/{made['id']}/execute", {"name": "Bob"})["name"] == "Bob secret"
    desk.ask("POST", f"{ACTIONS}/{made['id']}/execute", {"name": "down"}, status=503)
    failed = desk.ask("POST", f"{ACTIONS}/{made['id']}/test", {"name": "down"})
    assert (failed["success"], failed["operations"][-1]["success"]) == (False, False)
    assert "503" in failed["error"]["message"]
    assert "is required" in desk.ask("POST", f"{ACTIONS}/{made['id']}/test", {})["error"]["message"]
    desk.ask("PATCH", f"{ROOT}/{integration_id}", {"intendedState": "DISABLED"})
    assert "not active" in desk.ask("POST", f"{ACTIONS}/{made['id']}/test", {"name": "x"})["error"]["message"]


def test_actions_reach_this_machine_only(desk: Desk):
    integration_id = active(desk)
    for url in ("http://example.com", "https://127.0.0.1:1", "http://127.0.0.1", "ftp://x", "http://[", ""):
        made = desk.ask("POST", ACTIONS, action(integration_id, url))
        told = desk.ask("POST", f"{ACTIONS}/{made['id']}/test", {"name": "x"})
        assert told["success"] is False, url


def test_an_action_asks_the_sandbox_itself(desk: Desk):
    integration_id = active(desk)
    body = action(integration_id, "", translationMap={"total": "$.total"}, successTemplate='{"total": ${total}}')
    body["config"]["request"] = {"requestUrlTemplate": "/api/v2/users?pageSize=1", "requestType": "GET"}
    made = desk.ask("POST", ACTIONS, body)
    assert desk.ask("POST", f"{ACTIONS}/{made['id']}/execute", {"name": "x"}) == {
        "total": desk.ask("GET", "/users")["total"]
    }


def test_the_echo(desk: Desk):
    found = desk.first(f"{ACTIONS}?includeConfig=true")
    assert "echo.invalid" in found["config"]["request"]["requestUrlTemplate"]
    assert desk.ask("POST", f"{ACTIONS}/{found['id']}/execute", {"id": "4711"}) == {"id": "4711"}


def test_a_draft_becomes_an_action(desk: Desk):
    body = action(active(desk), "http://echo.invalid")
    body["config"]["request"]["requestType"] = "SEND"
    draft = desk.ask("POST", f"{ACTIONS}/drafts", body)
    path = f"{ACTIONS}/{draft['id']}"
    desk.ask("GET", path, status=404)
    assert draft["id"] in [one["id"] for one in desk.ask("GET", f"{ACTIONS}/drafts?pageSize=100")["entities"]]
    checked = desk.ask("GET", f"{path}/draft/validation")
    assert (checked["valid"], checked["errors"][0]["details"][0]["fieldName"]) == (False, "config.request.requestType")
    desk.ask("POST", f"{path}/draft/publish", {"version": 1}, status=400)
    body["config"]["request"]["requestType"] = "POST"
    changed = desk.ask("PATCH", f"{path}/draft", {"version": 1, "config": body["config"]})
    assert changed["version"] == 2
    desk.ask("PATCH", f"{path}/draft", {"version": 1, "name": "late"}, status=409)
    desk.ask("POST", f"{path}/draft/publish", {"version": 1}, status=409)
    assert desk.ask("POST", f"{path}/draft/publish", {"version": 2})["version"] == 1
    desk.ask("GET", f"{path}/draft", status=404)
    assert "config" not in desk.ask("GET", path)
    assert desk.ask("GET", f"{path}/schemas/input.json")["required"] == ["name"]
    desk.ask("POST", f"{path}/draft")
    function = {"description": "x", "handler": "index.handler", "runtime": "nodejs22.x"}
    desk.ask("PUT", f"{path}/draft/function", function)
    given = desk.ask("POST", f"{path}/draft/function/upload", {"fileName": "code.zip"})
    assert desk.put(given["url"], b"PK\x03\x04rest", given["headers"]).status == 200
    assert desk.ask("GET", f"{path}/draft/function")["zip"]["status"] == "Available"
    desk.ask("DELETE", f"{path}/draft", status=204)
    desk.ask("POST", ACTIONS, {**body, "integrationId": "nobody"}, status=400)


def test_configurations_have_versions_and_schemas(desk: Desk):
    made = desk.ask("POST", ROOT, {"name": "App", "integrationType": {"id": "embedded-client-app"}})
    path = f"{ROOT}/{made['id']}"
    config = desk.ask("GET", f"{path}/config/current")
    desk.ask("PATCH", path, {"intendedState": "ENABLED"})
    desk.clock.now += 2
    state = desk.ask("GET", path)["reportedState"]
    assert (state["code"], "url" in state["detail"]["message"]) == ("ERROR", True)
    assert desk.ask("GET", f"{ROOT}/types/embedded-client-app/configschemas/properties")["required"] == ["url"]
    good: dict[str, Any] = {**config, "properties": {"url": "https://example.com"}, "name": "Renamed"}
    assert desk.ask("PUT", f"{path}/config/current", good)["version"] == config["version"] + 1
    desk.ask("PUT", f"{path}/config/current", good, status=409)
    now = desk.ask("GET", path)
    assert (now["reportedState"]["code"], now["name"]) == ("ACTIVE", "Renamed")
    newer: dict[str, Any] = {**good, "version": config["version"] + 1}
    desk.ask("PUT", f"{path}/config/current", {**newer, "properties": {"color": "red"}}, status=400)
    desk.ask("PUT", f"{path}/config/current", {**newer, "credentials": {"basicAuth": {"id": "x"}}}, status=400)
    assert made["id"] in [one["id"] for one in desk.ask("GET", f"{ROOT}?reportedState=ACTIVE")["entities"]]
    desk.ask("DELETE", path)
    desk.ask("GET", path, status=404)
    desk.ask("POST", ROOT, {"name": "x", "integrationType": {"id": "nobody"}}, status=400)


def test_credentials_are_listed_both_ways(desk: Desk):
    desk.ask("POST", CREDENTIALS, {"name": "x", "type": {"name": "basicAuth"}, "credentialFields": {}}, status=400)
    desk.ask("POST", CREDENTIALS, {"name": "x", "type": {"name": "nothing"}}, status=400)
    total = desk.ask("GET", CREDENTIALS)["total"]
    found, uri = list[str](), "/integrations/credentials/listing?pageSize=2"
    while uri and len(found) <= total:
        part = desk.ask("GET", uri.removeprefix("/api/v2"))
        found += [one["id"] for one in part["entities"]]
        uri = part.get("nextUri", "")
    assert len(found) == total
    assert "basicAuth" in [one["name"] for one in desk.ask("GET", f"{CREDENTIALS}/types")]


def test_webhooks_of_active_integrations(desk: Desk):
    made = desk.ask("POST", ROOT, {"name": "Hook", "integrationType": {"id": "generic-webhooks"}})
    url = f"/api/v2/integrations/webhooks/{made['attributes']['webhookTokenId']}/events"
    assert desk.send("POST", url, b"{}", content_type="application/json").status == 404
    desk.ask("PATCH", f"{ROOT}/{made['id']}", {"intendedState": "ENABLED"})
    desk.clock.now += 1
    reply = desk.send("POST", url, b'{"a": 1}', content_type="application/json")
    assert (reply.status, "invocationId" in json.loads(reply.body)) == (200, True)


def test_triggers_are_tested_with_an_event(desk: Desk):
    flow, topic = desk.first("/flows")["id"], desk.ask("GET", "/processautomation/triggers/topics")["entities"][0]
    criteria = [{"jsonPath": "call.media", "operator": "In", "values": ["VOICE"]},
                {"jsonPath": "$.seconds", "operator": "GreaterThan", "value": 5}]  # fmt: skip
    body = {"name": "T", "topicName": topic, "enabled": True, "target": {"type": "Workflow", "id": flow}}
    made = desk.ask("POST", "/processautomation/triggers", body | {"matchCriteria": criteria})
    path = f"/processautomation/triggers/{made['id']}/test"
    event = {"call": {"media": "VOICE"}, "seconds": 6}
    assert desk.ask("POST", path, json.dumps(event))["triggerMatches"] is True
    assert desk.ask("POST", path, json.dumps({**event, "seconds": 5}))["triggerMatches"] is False
    assert desk.ask("POST", path, "no JSON")["schemaValidation"]["matches"] is False
    desk.ask("POST", "/processautomation/triggers", {**body, "topicName": "nothing"}, status=400)
    desk.ask("POST", "/processautomation/triggers", {**body, "target": {"type": "Workflow", "id": "x"}}, status=400)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.a.b", [1]), ("$['a']['b']", [1]), ("$.l[0]", [1]), ("$.l[-1].x", [2]), ("$.l[9]", []), ("$.l[*].x", [2]),
        ("$.a.*", [1]), ("$.nothing", []), ("$", [{"a": {"b": 1}, "l": [1, {"x": 2}]}]), ("$..[", []),
    ],
)  # fmt: skip
def test_paths(path: str, found: list[Any]):
    assert select({"a": {"b": 1}, "l": [1, {"x": 2}]}, path) == found


def test_templates():
    values: dict[str, Any] = {"input": {"a": 'x"y', "n": 5, "o": {"p": [1]}}}
    assert filled("${input.a} $!{input.b} ${input.b} $input.n ${input.o}", values) == 'x"y  ${input.b} 5 {"p":[1]}'
    assert filled('$esc.jsonString(${input.a}) $esc.url("${input.a}")', values) == 'x\\"y x%22y'
    assert json.loads(filled("${input.rawRequest}", values)) == values["input"]


def test_schemas():
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "items": {"enum": [1, 2]}}}}
    assert breaks(schema, {"a": [1]}) == ""
    assert "none of" in breaks(schema, {"a": [3]})
    assert breaks(schema, {}) == "$.a is required"
    assert breaks({"type": "integer"}, True) == "$ is no integer"


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5)))
def test_any_template_and_path_can_be_read(text: str, values: dict[str, Any]):
    assert isinstance(filled(text, {"input": values}), str)
    assert isinstance(select(values, text), list)
