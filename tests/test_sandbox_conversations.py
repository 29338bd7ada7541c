"""Conversations: routing, what agents do, transfers, wrap-up, messages, events, and what is kept of it all."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.conversations import details, rest
from genesyscloud.sandbox.conversations.record import from_row, to_row
from genesyscloud.sandbox.traffic import Batch, generate

from .sandboxapi import START, Api

CALLS = "/api/v2/conversations/calls"
CALLBACKS = "/api/v2/conversations/callbacks"
DOCUMENT = Path(__file__).parents[1] / "docs" / "sandbox-conversations.md"
CALLER = "tel:+13175550123"


@pytest.fixture
def api() -> Api:
    return Api()


def _answered(api: Api, queue_id: str, media: str = "voice") -> tuple[str, Any]:
    """A conversation that an agent of the queue has answered, and the agent's participant."""
    conversation_id = api.sandbox.incoming(media, queue_id, CALLER, "Ada")
    agent = api.participant(conversation_id, "agent")
    path = {"voice": "calls", "callback": "callbacks", "email": "emails", "message": "messages"}[media]
    api.patch(conversation_id, agent["id"], {"state": "connected"}, path)
    return conversation_id, api.participant(conversation_id, "agent")


# --- routing ------------------------------------------------------------------------------------


def test_a_call_waits_until_an_agent_is_idle(api: Api):
    queue_id = api.queue()
    conversation_id = api.sandbox.incoming("voice", queue_id, CALLER, "Ada")
    assert [p["purpose"] for p in api.conversation(conversation_id)["participants"]] == ["customer", "acd"]
    api.now += 12
    (agent,) = api.agents(queue_id)
    participant = api.participant(conversation_id, "agent")
    assert (participant["userId"], participant["calls"][0]["state"]) == (agent, "alerting")
    api.now += 3
    api.patch(conversation_id, participant["id"], {"state": "connected"})
    assert api.participant(conversation_id, "agent")["calls"][0]["state"] == "connected"
    assert api.participant(conversation_id, "acd")["calls"][0]["state"] == "disconnected"
    assert api.status(agent) == "INTERACTING"
    api.now += 60
    api.patch(conversation_id, participant["id"], {"state": "disconnected"})
    assert api.conversation(conversation_id)["state"] == "disconnected"
    assert api.status(agent) == "IDLE"
    assert api.metrics(conversation_id, "acd") == {"nOffered": 1, "tWait": 15_000, "tAcd": 15_000}
    assert api.metrics(conversation_id, "agent") == {
        "tAlert": 3000, "nConnected": 1, "tAnswered": 15_000, "tTalk": 60_000, "tTalkComplete": 60_000,
        "tHandle": 60_000,
    }  # fmt: skip


def test_who_has_waited_longest_and_who_is_more_important_comes_first(api: Api):
    queue_id = api.queue()
    first = api.sandbox.incoming("voice", queue_id, CALLER)
    api.now += 1
    second = api.sandbox.incoming("voice", queue_id, CALLER)
    api.now += 1
    third = api.sandbox.incoming("voice", queue_id, CALLER, priority=5)
    one, two = api.agents(queue_id, 2)
    offered = {key: api.participant(key, "agent")["userId"] for key in (third, first)}
    assert set(offered.values()) == {one, two}
    assert [p["purpose"] for p in api.conversation(second)["participants"]] == ["customer", "acd"]


def test_an_agent_who_does_not_answer_loses_the_call_to_another_one(api: Api):
    queue_id = api.queue()
    one, two = api.agents(queue_id, 2)
    conversation_id = api.sandbox.incoming("voice", queue_id, CALLER)
    first = api.participant(conversation_id, "agent")["userId"]
    api.now += 31
    agents = [p["userId"] for p in api.conversation(conversation_id)["participants"] if p["purpose"] == "agent"]
    assert agents == [first, two if first == one else one]
    assert api.status(first) == "NOT_RESPONDING"
    assert api.metrics(conversation_id, "agent")["nAlertExpired"] == 1
    assert api.metrics(conversation_id, "agent")["tNotResponding"] == 30_000


def test_an_agent_who_declines_is_asked_again_only_when_there_is_nobody_else(api: Api):
    queue_id = api.queue()
    api.agents(queue_id, 2)
    conversation_id = api.sandbox.incoming("voice", queue_id, CALLER)
    first = api.participant(conversation_id, "agent")
    api.patch(conversation_id, first["id"], {"state": "disconnected"})
    second = api.participant(conversation_id, "agent")
    assert second["userId"] != first["userId"]
    api.patch(conversation_id, second["id"], {"state": "disconnected"})
    assert api.participant(conversation_id, "agent")["calls"][0]["state"] == "alerting"
    assert api.metrics(conversation_id, "agent")["nAgentDeclined"] == 2


def test_agents_answer_by_themselves_when_set_so():
    api = Api(auto_answer=True)
    queue_id = api.queue()
    api.agents(queue_id)
    conversation_id = api.sandbox.incoming("voice", queue_id, CALLER)
    assert api.participant(conversation_id, "agent")["calls"][0]["state"] == "connected"


def test_a_caller_who_hangs_up_has_abandoned(api: Api):
    queue_id = api.queue()
    conversation_id = api.sandbox.incoming("voice", queue_id, CALLER)
    api.now += 5
    api.patch(conversation_id, api.participant(conversation_id, "customer")["id"], {"state": "disconnected"})
    found = api.metrics(conversation_id, "acd")
    assert (found["tAbandon"], found["tShortAbandon"]) == (5000, 5000)
    assert "nOverSla" not in found


# --- talking ------------------------------------------------------------------------------------


def test_hold_mute_and_what_cannot_be(api: Api):
    queue_id = api.queue()
    api.agents(queue_id)
    conversation_id, agent = _answered(api, queue_id)
    api.now += 10
    api.patch(conversation_id, agent["id"], {"held": True, "muted": True})
    held = api.participant(conversation_id, "agent")["calls"][0]
    assert (held["held"], held["muted"], "startHoldTime" in held) == (True, True, True)
    api.now += 20
    api.patch(conversation_id, agent["id"], {"held": False})
    api.now += 5
    url = f"{CALLS}/{conversation_id}/participants/{agent['id']}"
    assert api("PATCH", url, {"state": "dialing"}).status == 400
    api.patch(conversation_id, agent["id"], {"state": "disconnected"})
    found = api.metrics(conversation_id, "agent")
    assert (found["tTalkComplete"], found["tHeldComplete"], found["tHandle"]) == (15_000, 20_000, 35_000)
    assert api("PATCH", url, {"held": True}).status == 400
    assert api("PATCH", f"{CALLS}/{conversation_id}/participants/nobody", {}).status == 404


def test_mandatory_wrap_up_keeps_the_agent_busy_until_it_is_given(api: Api):
    queue_id = api.queue(acwSettings={"wrapupPrompt": "MANDATORY"})
    (user_id,) = api.agents(queue_id)
    conversation_id, agent = _answered(api, queue_id)
    api.now += 30
    api.patch(conversation_id, agent["id"], {"state": "disconnected"})
    assert api.status(user_id) == "INTERACTING"
    session = api.participant(conversation_id, "agent")["calls"][0]
    assert session["afterCallWork"]["state"] == "pending"
    wrapup = f"{CALLS}/{conversation_id}/participants/{agent['id']}/communications/{session['id']}/wrapup"
    assert api("GET", wrapup).status == 404
    api.now += 7
    code = api.ok("GET", f"{CALLS}/{conversation_id}/participants/{agent['id']}/wrapupcodes")[0]["id"]
    api.ok("POST", wrapup, {"code": code, "notes": "done", "tags": ["a"]})
    given = api.ok("GET", wrapup)
    assert (given["code"], given["notes"], given["durationSeconds"]) == (code, "done", 7)
    assert api.metrics(conversation_id, "agent")["tAcw"] == 7000
    assert api.status(user_id) == "IDLE"


def test_work_after_a_call_ends_by_itself_where_the_queue_says_so(api: Api):
    queue_id = api.queue(acwSettings={"wrapupPrompt": "MANDATORY_TIMEOUT", "timeoutMs": 15_000})
    (user_id,) = api.agents(queue_id)
    conversation_id, agent = _answered(api, queue_id)
    api.patch(conversation_id, agent["id"], {"state": "disconnected"})
    api.now += 60
    api.conversation(conversation_id)
    assert api.status(user_id) == "IDLE"
    assert api.metrics(conversation_id, "agent")["tAcw"] == 15_000


def test_attributes_tags_and_flags(api: Api):
    queue_id = api.queue()
    conversation_id = api.sandbox.incoming("voice", queue_id, CALLER, attributes={"a": "1"})
    customer = api.participant(conversation_id, "customer")["id"]
    url = f"/api/v2/conversations/{conversation_id}"
    merged = api.ok(
        "PATCH", f"{CALLS}/{conversation_id}/participants/{customer}/attributes", {"attributes": {"b": "2"}}
    )
    assert merged == {"attributes": {"a": "1", "b": "2"}}
    api.ok("PATCH", f"{url}/participants/{customer}/attributes", {"attributes": {"a": ""}})
    assert api.participant(conversation_id, "customer")["attributes"] == {"b": "2"}
    api.ok("PUT", f"{url}/tags", {"externalTag": "crm-1"})
    assert api.details(conversation_id)["externalTag"] == "crm-1"
    api.ok("PUT", f"{url}/participants/{customer}/flaggedreason")
    assert api.participant(conversation_id, "customer")["flaggedReason"] == "general"
    api.ok("POST", f"{url}/disconnect")
    assert api.conversation(conversation_id)["state"] == "disconnected"


# --- moving -------------------------------------------------------------------------------------


def test_a_blind_transfer_to_another_queue(api: Api):
    first, second = api.queue(), api.queue("Second level")
    (one,) = api.agents(first)
    (two,) = api.agents(second, first=2)
    conversation_id, agent = _answered(api, first)
    api.now += 20
    url = f"/api/v2/conversations/{conversation_id}/participants/{agent['id']}/replace"
    assert api("POST", url, {}).status == 400
    assert api("POST", url, {"queueId": "unknown"}).status == 404
    api.ok("POST", url, {"queueId": second})
    found = api.metrics(conversation_id, "agent")
    assert (found["nTransferred"], found["nBlindTransferred"]) == (1, 1)
    assert api.status(one) == "IDLE"
    other = api.participant(conversation_id, "agent")
    assert (other["userId"], other["queueId"]) == (two, second)
    api.patch(conversation_id, other["id"], {"state": "connected"})
    api.patch(conversation_id, other["id"], {"state": "disconnected"})
    ended = api.conversation(conversation_id)
    assert ended["state"] == "disconnected"
    assert api.metrics(conversation_id, "acd")["nOffered"] == 2


def test_a_consultation_puts_the_customer_on_hold(api: Api):
    queue_id = api.queue()
    api.agents(queue_id)
    conversation_id, agent = _answered(api, queue_id)
    customer = api.participant(conversation_id, "customer")["id"]
    url = f"{CALLS}/{conversation_id}/participants/{customer}/consult"
    body = {"speakTo": "DESTINATION", "destination": {"address": "+13175550999"}}
    target = api.ok("POST", url, body)["destinationParticipantId"]
    assert api.participant(conversation_id, "agent")["calls"][0]["held"] is True
    assert target in {p["id"] for p in api.conversation(conversation_id)["participants"]}
    api.ok("PATCH", url, {"speakTo": "BOTH"})
    assert api.participant(conversation_id, "agent")["calls"][0]["held"] is False
    api.ok("DELETE", url)
    assert api.participant(conversation_id, "external")["calls"][0]["state"] == "disconnected"
    assert api.conversation(conversation_id)["state"] == "connected"
    assert api.metrics(conversation_id, "agent")["nConsult"] == 1
    assert api("DELETE", url).status == 400
    assert agent["id"] == api.participant(conversation_id, "agent")["id"]


def test_supervisors_listen_without_keeping_the_conversation_alive(api: Api):
    queue_id = api.queue()
    api.agents(queue_id)
    conversation_id, agent = _answered(api, queue_id)
    api.ok("POST", f"{CALLS}/{conversation_id}/participants/{agent['id']}/monitor")
    watcher = api.participant(conversation_id, "user")
    assert watcher["monitoredParticipantId"] == agent["id"]
    api.now += 4
    api.patch(conversation_id, agent["id"], {"state": "disconnected"})
    assert api.conversation(conversation_id)["state"] == "disconnected"
    assert api.metrics(conversation_id, "user")["tMonitoring"] == 4000


def test_a_waiting_conversation_can_be_given_to_a_user(api: Api):
    queue_id = api.queue()
    conversation_id = api.sandbox.incoming("voice", queue_id, CALLER)
    user_id = api.ok("GET", "/api/v2/users?pageSize=3")["entities"][2]["id"]
    api.ok("POST", f"/api/v2/conversations/{conversation_id}/assign", {"id": user_id})
    assert api.participant(conversation_id, "agent")["userId"] == user_id


# --- beginning ----------------------------------------------------------------------------------


def test_calls_to_a_number_a_queue_and_a_user(api: Api):
    queue_id = api.queue()
    made = api.ok("POST", CALLS, {"phoneNumber": "+13175550999", "callFromQueueId": queue_id})
    call = api.ok("GET", f"{CALLS}/{made['id']}")
    assert [(p["purpose"], p["state"]) for p in call["participants"]] == [
        ("agent", "connected"),
        ("customer", "connected"),
    ]
    assert call["participants"][1]["direction"] == "outbound"
    assert made["id"] in {entity["id"] for entity in api.ok("GET", CALLS)["entities"]}
    api.now += 9
    api.ok(
        "PATCH",
        f"{CALLS}/{made['id']}",
        {"state": "disconnected", "startTime": "2023-01-01T00:00:00Z", "participants": []},
    )
    assert api.metrics(made["id"], "agent")["nOutbound"] == 1
    assert api.ok("GET", CALLS)["entities"] == []
    to_queue = api.ok("POST", CALLS, {"callQueueId": queue_id})["id"]
    assert [p["purpose"] for p in api.conversation(to_queue)["participants"]] == ["user", "acd"]
    user_id = api.ok("GET", "/api/v2/users?pageSize=3")["entities"][1]["id"]
    to_user = api.ok("POST", CALLS, {"callUserId": user_id})["id"]
    assert api.participant(to_user, "user")["calls"][0]["state"] == "alerting"
    assert api("POST", CALLS, {}).status == 400
    assert api("POST", CALLS, {"callQueueId": "unknown"}).status == 404
    assert api.ok("GET", f"{CALLS}/history")["entities"][0]["id"] == made["id"]


def test_a_callback_at_a_time_waits_for_it(api: Api):
    queue_id = api.queue()
    (user_id,) = api.agents(queue_id)
    body = {"queueId": queue_id, "callbackNumbers": ["+13175550111"], "callbackUserName": "Ada",
            "callbackScheduledTime": "2023-11-14T23:13:20.000Z"}  # fmt: skip
    made = api.ok("POST", CALLBACKS, body)
    conversation_id = made["conversation"]["id"]
    assert made["callbackIdentifiers"][0]["type"] == "ACD"
    acd = api.participant(conversation_id, "acd")["callbacks"][0]
    assert (acd["state"], acd["callbackScheduledTime"]) == ("scheduled", "2023-11-14T23:13:20.000Z")
    assert api.metrics(conversation_id, "acd") == {"nCallbackScheduled": 1, "nOffered": 1}
    api.now += 3599
    assert api.participant(conversation_id, "acd")["callbacks"][0]["state"] == "scheduled"
    api.now += 1
    agent = api.participant(conversation_id, "agent")
    assert (agent["userId"], agent["callbacks"][0]["callbackNumbers"]) == (user_id, ["+13175550111"])
    api.patch(conversation_id, agent["id"], {"state": "connected"}, "callbacks")
    called = api.ok("POST", f"{CALLS}/{conversation_id}", {"callNumber": "+13175550111"})
    assert {"calls", "callbacks"} <= {k for p in called["participants"] for k in p if p.get(k)}
    assert api.ok("GET", f"{CALLS}/{conversation_id}")["otherMediaUris"] == [f"{CALLBACKS}/{conversation_id}"]


def test_callbacks_are_rescheduled_and_ended_in_bulk(api: Api):
    queue_id, other = api.queue(), api.queue("Other")
    body = {"queueId": queue_id, "callbackNumbers": ["+13175550111"]}
    ids = [api.ok("POST", CALLBACKS, body)["conversation"]["id"] for _ in range(2)]
    agent_id = api.ok("GET", "/api/v2/users?pageSize=1")["entities"][0]["id"]
    change = {"conversationId": ids[0], "agentId": agent_id, "callbackScheduledTime": "2023-11-15T00:00:00.000Z",
              "queueId": other}  # fmt: skip
    api.ok("PATCH", CALLBACKS, change)
    moved = api.participant(ids[0], "acd")
    assert (moved["queueId"], moved["callbacks"][0]["state"]) == (other, "scheduled")
    ends = [{"conversationId": key, "callbackId": key} for key in ids]
    api.ok("POST", f"{CALLBACKS}/bulk/disconnect", {"callbackDisconnectIdentifiers": ends})
    assert {api.conversation(key)["state"] for key in ids} == {"disconnected"}
    assert api("PATCH", CALLBACKS, change).status == 400
    assert api("POST", CALLBACKS, {"queueId": queue_id, "callbackNumbers": []}).status == 400


def test_emails_come_in_and_are_answered(api: Api):
    queue_id = api.queue()
    api.agents(queue_id)
    body = {"queueId": queue_id, "provider": "Test", "fromAddress": "ada@example.com", "fromName": "Ada",
            "subject": "Where is it?"}  # fmt: skip
    made = api.ok("POST", "/api/v2/conversations/emails", body)
    assert made["participants"][0]["subject"] == "Where is it?"
    agent = api.participant(made["id"], "agent")
    api.patch(made["id"], agent["id"], {"state": "connected"}, "emails")
    url = f"/api/v2/conversations/emails/{made['id']}/messages"
    text = {"to": [{"email": "ada@example.com"}], "from": {"email": "we@example.com"}, "textBody": "On its way. " * 40}
    api.ok("POST", url, text)
    (listed,) = api.ok("GET", url)["entities"]
    assert len(listed["textBodyPreview"]) == 150
    assert api.ok("GET", f"{url}/{listed['id']}")["textBody"] == text["textBody"]
    assert api.participant(made["id"], "agent")["emails"][0]["messagesSent"] == 1
    assert api("GET", f"{url}/unknown").status == 404


def test_messages_in_both_directions(api: Api):
    queue_id = api.queue()
    sent = api.ok("POST", "/api/v2/conversations/messages",
                  {"queueId": queue_id, "toAddress": "+13175550111", "toAddressMessengerType": "sms"})  # fmt: skip
    url = f"/api/v2/conversations/messages/{sent['id']}"
    session = api.participant(sent["id"], "agent")["messages"][0]["id"]
    message = api.ok("POST", f"{url}/communications/{session}/messages", {"textBody": "Hello"})
    assert (message["direction"], message["toAddress"]) == ("outbound", "+13175550111")
    assert api.ok("GET", f"{url}/messages/{message['id']}")["normalizedMessage"]["text"] == "Hello"
    assert api.ok("GET", f"/api/v2/conversations/messages/{message['id']}/details")["id"] == message["id"]
    assert [m["id"] for m in api.ok("POST", f"{url}/messages/bulk", [])["entities"]] == [message["id"]]
    again = {"queueId": queue_id, "toAddress": "+13175550111", "toAddressMessengerType": "sms",
             "useExistingConversation": True}  # fmt: skip
    assert api.ok("POST", "/api/v2/conversations/messages", again)["id"] == sent["id"]
    assert api("POST", f"{url}/communications/unknown/messages", {"textBody": "Hello"}).status == 404


def test_open_messages_find_their_conversation(api: Api):
    def write(text: str) -> Any:
        sender = {"id": "ada-1", "idType": "Opaque", "nickname": "Ada"}
        body = {"channel": {"from": sender, "time": "2023-11-14T22:00:00Z"}, "text": text}
        return api.ok("POST", "/api/v2/conversations/messages/integration/inbound/open/message", body)

    first = write("Hello")
    assert write("Anybody there?")["conversationId"] == first["conversationId"]
    url = f"/api/v2/conversations/messages/{first['conversationId']}"
    texts = [m["normalizedMessage"]["text"] for m in api.ok("POST", f"{url}/messages/bulk", [])["entities"]]
    assert texts == ["Hello", "Anybody there?"]
    api.ok("POST", f"/api/v2/conversations/{first['conversationId']}/disconnect")
    assert write("Again")["conversationId"] != first["conversationId"]


def test_agentless_messages_and_emails_are_over_at_once(api: Api):
    text = {"fromAddress": "+1", "toAddress": "+13175550111", "toAddressMessengerType": "sms", "textBody": "Hello"}
    sent = api.ok("POST", "/api/v2/conversations/messages/agentless", text)
    assert api.conversation(sent["conversationId"])["state"] == "disconnected"
    email = {"senderType": "Outbound", "fromAddress": {"email": "we@example.com"},
             "toAddresses": [{"email": "ada@example.com"}], "subject": "Hello", "textBody": "Hello"}  # fmt: skip
    sent = api.ok("POST", "/api/v2/conversations/emails/agentless", email)
    assert len(api.ok("GET", f"/api/v2/conversations/emails/{sent['conversationId']}/messages")["entities"]) == 1


# --- events, state ------------------------------------------------------------------------------


def test_what_happens_is_told_to_users_and_queues(api: Api):
    queue_id = api.queue()
    (user_id,) = api.agents(queue_id)
    api.events.clear()
    conversation_id, agent = _answered(api, queue_id)
    topics = {topic for topic, _ in api.events}
    assert {
        f"v2.users.{user_id}.conversations", f"v2.users.{user_id}.conversations.calls",
        f"v2.routing.queues.{queue_id}.conversations", f"v2.routing.queues.{queue_id}.conversations.calls",
        f"v2.detail.events.conversation.{conversation_id}.customer.start",
        f"v2.detail.events.conversation.{conversation_id}.acd.start",
        f"v2.detail.events.conversation.{conversation_id}.acd.end",
        f"v2.detail.events.conversation.{conversation_id}.user.start",
    } <= topics  # fmt: skip
    states = [
        p["state"] for topic, body in api.events if topic == f"v2.users.{user_id}.conversations.calls"
        for p in body["participants"] if p["id"] == agent["id"]
    ]  # fmt: skip
    assert states == ["alerting", "connected"]
    api.events.clear()
    api.patch(conversation_id, agent["id"], {"wrapup": {"code": "abc"}, "state": "disconnected"})
    ended = dict(api.events)
    assert ended[f"v2.detail.events.conversation.{conversation_id}.wrapup"]["wrapupCode"] == "abc"
    assert f"v2.detail.events.conversation.{conversation_id}.user.end" in ended


def test_a_refused_request_leaves_a_conversation_as_it_was(api: Api):
    queue_id = api.queue()
    conversation_id = api.sandbox.incoming("voice", queue_id, CALLER)
    before = api.conversation(conversation_id)
    customer = api.participant(conversation_id, "customer")["id"]
    url = f"{CALLS}/{conversation_id}/participants/{customer}"
    assert api("PATCH", url, {"muted": True, "state": "dialing"}).status == 400
    assert api.conversation(conversation_id) == before


def test_snapshots_hold_conversations(api: Api):
    queue_id = api.queue()
    conversation_id = api.sandbox.incoming("voice", queue_id, CALLER)
    before, snapshot = api.conversation(conversation_id), api.sandbox.snapshot()
    api.ok("POST", f"/api/v2/conversations/{conversation_id}/disconnect")
    api.sandbox.restore(snapshot)
    assert api.conversation(conversation_id) == before
    api.sandbox.reset()
    assert api.sandbox.conversations.get(conversation_id) is None


def test_conversations_outlive_the_process(tmp_path: Any):
    first = Sandbox(data=tmp_path / "data", clock=lambda: START)
    known = first.conversations.ids()
    shape = first.shapes.collection("/api/v2/routing/queues")
    assert shape is not None
    made = first.incoming("voice", first.collection(shape, []).ids()[0], CALLER)
    first.close()
    second = Sandbox(data=tmp_path / "data", clock=lambda: START + 86_400)
    assert second.conversations.ids() == [*known, made]
    second.close()


# --- a past -------------------------------------------------------------------------------------

BATCH = Batch(
    "seed", 1_700_000_000_000, 1_700_000_000_000 + 3 * 86_400_000, 300,
    {f"q{n}": [f"u{n}", f"u{n + 1}"] for n in range(4)}, {f"u{n}": f"User {n}" for n in range(5)}, ["c1", "c2"], "home",
)  # fmt: skip


def test_the_same_batch_makes_the_same_conversations_within_its_period():
    made = generate(BATCH)
    assert made == generate(BATCH)
    assert len({c.id for c in made}) == len(made) == 300
    assert {c.media for c in made} == {"voice", "callback", "email", "message", "chat"}
    for conversation in made:
        assert BATCH.start <= conversation.start <= (conversation.end or 0) <= BATCH.end
        for _, session in conversation.sessions():
            for before, after in zip(session.segments, session.segments[1:], strict=False):
                assert before.end is not None
                assert before.start <= before.end <= after.start
    abandoned = [c for c in made if "tAbandon" in details.conversation_metrics(c)]
    transferred = [c for c in made if details.conversation_metrics(c).get("nTransferred")]
    assert 0 < len(abandoned) < 60
    assert 0 < len(transferred) < 60


def test_records_come_back_from_json():
    for conversation in generate(BATCH)[:50]:
        assert from_row(json.loads(json.dumps(to_row(conversation)))) == conversation
        assert rest.conversation(conversation)["id"] == conversation.id


def test_added_traffic_takes_the_place_of_the_first(api: Api):
    assert len(api.sandbox.conversations.ids()) == 250
    api.sandbox.add_traffic(30, days=2)
    ids = api.sandbox.conversations.ids()
    assert len(ids) == 30
    api.sandbox.add_traffic(20, days=2)
    assert len(api.sandbox.conversations.ids()) == 50
    other = Api()
    other.sandbox.add_traffic(30, days=2)
    assert other.sandbox.conversations.ids() == ids


def test_no_traffic_in_an_empty_organization():
    assert Sandbox(seeded=0, seeded_counts={}, job_items=0).conversations.ids() == []


def test_the_examples_of_the_document_run(capsys: pytest.CaptureFixture[str]):
    blocks = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.S | re.M)
    for block in blocks:
        exec(compile(block, DOCUMENT.name, "exec", dont_inherit=True), {"__name__": "docs"})
    state, names, count = capsys.readouterr().out.splitlines()
    assert (state, count) == ("alerting", "20000")
    assert {"tTalk", "tAnswered", "tHandle"} <= set(ast.literal_eval(names))


def test_what_reports_do_with_a_client():
    with Sandbox(clock=lambda: START) as sandbox, sandbox.client(strict=True) as gc:
        queues = [queue.id for queue in gc.paginate(gc.routing.get_routing_queues)]
        day = "2023-11-13T22:00:00Z/2023-11-14T22:00:00Z"
        predicate = {"type": "dimension", "dimension": "queueId", "operator": "matches", "value": queues[0]}
        query = {"interval": day, "segmentFilters": [{"type": "and", "predicates": [predicate]}]}
        calls = list(gc.paginate(gc.analytics.post_analytics_conversations_details_query, query))
        assert calls
        for call in calls:
            sessions = [session for p in call.participants or [] for session in p.sessions or []]
            assert queues[0] in {segment.queue_id for session in sessions for segment in session.segments or []}
        job = gc.run_job(gc.analytics.post_analytics_conversations_details_jobs, {"interval": day}, poll_interval=0.01)
        ids = {conversation.conversation_id for conversation in job}
        assert {call.conversation_id for call in calls} <= ids


NAMES = ("answer", "hold", "resume", "leave", "customer leaves", "transfer", "wait", "code")
STEPS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 40)), max_size=12)


@given(STEPS)
def test_whatever_happens_the_record_stays_sound(steps: list[tuple[str, int]]):
    api = _SHARED
    conversation_id = api.sandbox.incoming("voice", _QUEUE, CALLER)
    for step, seconds in steps:
        api.now += seconds
        _do(api, conversation_id, step)
    record = api.sandbox.conversations.find(conversation_id)
    for _, session in record.sessions():
        assert sum(segment.end is None for segment in session.segments) <= 1
        for segment in session.segments:
            assert segment.end is None or segment.end >= segment.start
    if record.end is not None:
        assert all(session.state == "disconnected" for _, session in record.sessions())
    api.ok("POST", f"/api/v2/conversations/{conversation_id}/disconnect")
    answered = api.metrics(conversation_id, "agent").get("tAnswered") is not None
    assert api.metrics(conversation_id, "acd")["nOffered"] >= 1
    assert answered == ("nConnected" in api.metrics(conversation_id, "agent"))


def _do(api: Api, conversation_id: str, step: str) -> None:
    found = api.conversation(conversation_id)["participants"]
    agent = next((p for p in reversed(found) if p["purpose"] == "agent"), found[0])
    url = f"{CALLS}/{conversation_id}/participants/{agent['id']}"
    bodies = {"answer": {"state": "connected"}, "hold": {"held": True}, "resume": {"held": False},
              "leave": {"state": "disconnected"}, "code": {"wrapup": {"code": "abc"}}}  # fmt: skip
    if step in bodies:
        answer = api("PATCH", url, bodies[step])
    elif step == "transfer":
        answer = api("POST", f"{url}/replace", {"queueId": _QUEUE})
    elif step == "customer leaves":
        answer = api("PATCH", f"{CALLS}/{conversation_id}/participants/{found[0]['id']}", {"state": "disconnected"})
    else:
        return
    assert answer.status in (200, 202, 204, 400), (step, answer.body)


_SHARED = Api()
_QUEUE = _SHARED.queue()
_SHARED.agents(_QUEUE, 2)
