"""Notifications of the sandbox: channels, subscriptions, sockets, and the events that changes cause."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from genesyscloud import GenesysCloud
from genesyscloud.catalog import OperationRecord, catalog
from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.channels import UnknownChannel
from genesyscloud.sandbox.consequences import RULES
from genesyscloud.sandbox.shapes import plain
from genesyscloud.sandbox.topics import Topic, expanded, topics_of
from genesyscloud.sandbox.websocket import Outbox

from .test_sandbox import Api
from .test_sandbox_surface import problems_of_model

CHANNELS = "/api/v2/notifications/channels"
TOPICS = topics_of(catalog())
OPEN = [topic for topic in TOPICS.by_name.values() if topic.open]
ID = "3f2a0c4e-0000-4000-8000-000000000001"


class Inbox:
    """A program that is connected to a channel in this process."""

    def __init__(self, sandbox: Sandbox, channel_id: str) -> None:
        self.messages: list[dict[str, Any]] = []
        self.closed: list[tuple[int, str]] = []
        self._sandbox = sandbox
        self.connection = sandbox.channels.connect(
            channel_id,
            lambda text: self.messages.append(json.loads(text)),
            lambda code, reason: self.closed.append((code, reason)),
        )

    def say(self, message: Any) -> dict[str, Any]:
        """Send a message and return the answer."""
        self._sandbox.channels.receive(self.connection, json.dumps(message))
        return self.messages.pop()

    def take(self) -> list[tuple[str, Any]]:
        """Topics and bodies of what has come."""
        taken = [(message["topicName"], message.get("eventBody")) for message in self.messages]
        self.messages.clear()
        return taken


@pytest.fixture
def api() -> Api:
    return Api()


def _channel(api: Api, *topics: str) -> str:
    channel_id: str = api("POST", CHANNELS).body["id"]
    if topics:
        answer = api("POST", f"{CHANNELS}/{channel_id}/subscriptions", [{"id": topic} for topic in topics])
        assert answer.status == 200, answer.body
    return channel_id


def _subscribed(api: Api, channel_id: str) -> list[str]:
    return [entry["id"] for entry in api("GET", f"{CHANNELS}/{channel_id}/subscriptions").body["entities"]]


def _presence(user_id: str = ID) -> str:
    return f"v2.users.{user_id}.presence"


# --- names of topics ----------------------------------------------------------------------------


def test_a_concrete_topic_is_found_by_its_segments():
    found = TOPICS.find("v2.users.1f.conversations.2e.recordings.3d")
    assert found is not None
    assert (found[0].name, found[1]) == ("v2.users.{id}.conversations.{id}.recordings.{id}", ["1f", "2e", "3d"])
    literal = TOPICS.find("v2.taskmanagement.workitems.queues.7")
    assert literal is not None
    assert literal[0].name == "v2.taskmanagement.workitems.queues.{id}"


@pytest.mark.parametrize(
    "name", ["", "v2", "v2.users", "v2.users..presence", "v2.users.*.presence", "v2.users.{id}.presence",
             "v3.users.1.presence",
             "v2.users.1.presence.more", "v2.users. .presence", "v2.users." + "1" * 101 + ".presence"],
)  # fmt: skip
def test_what_is_no_topic_is_not_found(name: str):
    assert TOPICS.find(name) is None


def test_parameters_are_named_for_what_is_in_front_of_them():
    name = "v2.users.{id}.outbound.contactlists.{id}.export"
    assert Topic(name, "").parameters == ["userId", "contactlistId"]
    assert Topic("v2.contentmanagement.workspaces.{id}.documents", "").parameters == ["workspaceId"]


def test_combined_topics_are_several():
    assert expanded(f"v2.users.{ID}?presence&conversations.calls") == [
        _presence(),
        f"v2.users.{ID}.conversations.calls",
    ]


def test_every_topic_is_found_by_itself_and_can_be_subscribed_to():
    api = Api(topics_per_channel=len(OPEN))
    names = [topic.filled([f"{ID}{at}" for at in range(topic.name.count("{id}"))]) for topic in OPEN]
    for topic, name in zip(OPEN, names, strict=True):
        found = TOPICS.find(name)
        assert found is not None
        assert found[0] == topic
    assert _subscribed(api, _channel(api, *names)) == names


# --- channels over REST -------------------------------------------------------------------------


def test_a_new_channel_says_where_to_connect_and_until_when(api: Api):
    made = api("POST", CHANNELS).body
    assert made["connectUri"].startswith("ws://")
    assert made["connectUri"].endswith(f"/channels/{made['id']}")
    assert made["expires"] == "2023-11-15T22:13:20.000Z"
    assert api("HEAD", f"{CHANNELS}/{made['id']}").status in (200, 204)


def test_channels_are_listed_by_token_and_by_client(api: Api):
    first = _channel(api)
    other = api.sandbox.access_token()
    second = api("POST", CHANNELS, authorization=f"Bearer {other}").body["id"]

    def listed(query: str = "") -> list[str]:
        return [channel["id"] for channel in api("GET", CHANNELS + query).body["entities"]]

    assert listed() == listed("?includechannels=token") == [first]
    assert listed("?includechannels=oauthclient") == [first, second]


def test_the_21st_channel_replaces_the_oldest_that_nobody_is_connected_to(api: Api):
    channels = [_channel(api) for _ in range(20)]
    inbox = Inbox(api.sandbox, channels[0])
    newest = _channel(api)
    known = {channel["id"] for channel in api("GET", CHANNELS).body["entities"]}
    assert known == {*channels, newest} - {channels[1]}
    assert api("HEAD", f"{CHANNELS}/{channels[1]}").status == 404
    assert not inbox.closed


def test_a_channel_is_refused_when_all_are_connected():
    api = Api(channels_per_user_app=2)
    for _ in range(2):
        Inbox(api.sandbox, _channel(api))
    refused = api("POST", CHANNELS)
    assert (refused.status, refused.body["limit"]["value"]) == (400, 2)


def test_a_channel_ends_after_a_day_unless_somebody_subscribes(api: Api):
    first, second = _channel(api, _presence()), _channel(api, _presence())
    inbox = Inbox(api.sandbox, first)
    api.sandbox.clock.move(86_400 - 60)
    api.token = api.sandbox.access_token()
    rows = {row["id"]: row for row in api.sandbox.channels.of_token(api.token, client=True)}
    assert rows.keys() == {first, second}
    api.sandbox.clock.move(61)
    assert inbox.closed == [(1001, "Channel expired")]
    assert api("HEAD", f"{CHANNELS}/{first}").status == 404
    with pytest.raises(UnknownChannel):
        Inbox(api.sandbox, first)


def test_subscribing_starts_the_life_of_a_channel_anew():
    api = Api(token_seconds=400_000)
    channel = _channel(api, _presence())
    for method in ("PUT", "POST"):
        api.sandbox.clock.move(86_000)
        answer = api(method, f"{CHANNELS}/{channel}/subscriptions", [{"id": _presence()}])
        assert answer.status == 200
    api.sandbox.clock.move(86_000)
    assert _subscribed(api, channel) == [_presence()]
    api.sandbox.clock.move(500)
    assert api("GET", f"{CHANNELS}/{channel}/subscriptions").status == 404


def test_a_channel_ends_with_its_token():
    api = Api(token_seconds=600)
    inbox = Inbox(api.sandbox, _channel(api))
    api.sandbox.clock.move(601)
    assert inbox.closed == [(1001, "Token expired")]


def test_a_revoked_token_is_told_to_its_channels_before_they_end(api: Api):
    channel = _channel(api)
    inbox = Inbox(api.sandbox, channel)
    assert api("DELETE", "/api/v2/tokens/me").status in (200, 204)
    ((topic, body),) = inbox.take()
    assert topic == f"v2.system.token_revoked.{channel}"
    assert (body["systemTopicType"], body["reason"]) == ("token_revoked", "user_tokens_revoked")
    assert not list(problems_of_model("SystemMessageSystemMessage", body))
    assert inbox.closed == [(1001, "Token revoked")]


def test_others_cannot_see_a_channel(api: Api):
    channel = _channel(api, _presence())
    unknown = api("GET", f"{CHANNELS}/streaming-0-none/subscriptions")
    assert (unknown.status, unknown.body["code"]) == (404, "not.found")
    for method, body in (("GET", None), ("POST", [{"id": _presence()}]), ("PUT", []), ("DELETE", None)):
        assert api(method, f"{CHANNELS}/{channel}x/subscriptions", body).status == 404


# --- subscriptions over REST --------------------------------------------------------------------


def test_post_adds_put_replaces_delete_removes(api: Api):
    channel = _channel(api, _presence("a"), _presence("b"))
    path = f"{CHANNELS}/{channel}/subscriptions"
    added = api("POST", path, [{"id": _presence("b")}, {"id": _presence("c")}]).body["entities"]
    assert [entry["id"] for entry in added] == [_presence("a"), _presence("b"), _presence("c")]
    assert {entry["state"] for entry in added} == {"Permitted"}
    assert [entry["id"] for entry in api("PUT", path, [{"id": _presence("d")}]).body["entities"]] == [_presence("d")]
    assert api("DELETE", path).status in (200, 204)
    assert _subscribed(api, channel) == []


@pytest.mark.parametrize(
    "topic", ["v2.unknown.topic", "channel.metadata", "v2.system.socket_closing", f"v2.system.token_revoked.{ID}",
              "v2.subscription.updated", "v2.users.*.presence", f"v2.users.{ID}?presence&nonsense"],
)  # fmt: skip
def test_a_topic_that_cannot_be_subscribed_to_is_refused_or_rejected(api: Api, topic: str):
    channel = _channel(api)
    path = f"{CHANNELS}/{channel}/subscriptions"
    refused = api("POST", path, [{"id": _presence()}, {"id": topic}])
    assert (refused.status, refused.body["code"]) == (400, "bad.request")
    assert _subscribed(api, channel) == []
    some = api("POST", f"{path}?ignoreErrors=true", [{"id": _presence()}, {"id": topic}])
    assert [(entry["id"], entry["state"]) for entry in some.body["entities"]] == [
        (_presence(), "Permitted"),
        (topic, "Rejected"),
    ]
    assert some.body["entities"][1]["rejectionReason"]
    assert _subscribed(api, channel) == [_presence()]


@pytest.mark.parametrize("body", [[{}], [{"id": ""}], [{"id": None}], {"id": "x"}, ["v2.users.1.presence"]])
def test_a_subscription_without_ids_is_a_400(api: Api, body: Any):
    assert api("POST", f"{CHANNELS}/{_channel(api)}/subscriptions", body).status == 400


def test_a_channel_has_1000_topics_at_most(api: Api):
    channel = _channel(api, *(_presence(str(at)) for at in range(1000)))
    more = api("POST", f"{CHANNELS}/{channel}/subscriptions", [{"id": _presence("one-more")}])
    assert (more.status, more.body["limit"]["value"]) == (400, 1000)
    assert len(_subscribed(api, channel)) == 1000
    assert api("POST", f"{CHANNELS}/{channel}/subscriptions", [{"id": _presence("5")}]).status == 200


@pytest.mark.parametrize(("each", "status"), [(True, 400), (False, 200)])
def test_combined_topics_count_each_or_as_one(each: bool, status: int):
    api = Api(topics_per_channel=2, combined_topics_count_each=each)
    path = f"{CHANNELS}/{_channel(api)}/subscriptions"
    assert api("PUT", path, [{"id": f"v2.users.{ID}?presence&station&routingStatus"}]).status == status


def test_a_topic_that_only_one_channel_may_have_goes_to_the_newest():
    api = Api(exclusive_topics=["v2.users.{id}.presence"])
    first = _channel(api, _presence(), f"v2.users.{ID}.station")
    inbox = Inbox(api.sandbox, first)
    second = _channel(api, _presence())
    assert (_subscribed(api, first), _subscribed(api, second)) == ([f"v2.users.{ID}.station"], [_presence()])
    ((topic, body),) = inbox.take()
    assert topic == f"v2.system.no_longer_subscribed.{first}"
    assert (body["reason"], body["data"]) == ("another_channel_subscribed", {"topics": [_presence()]})


def test_a_topic_takes_the_permissions_of_reading_what_it_tells_of():
    api = Api(enforce_permissions=True)
    user, other = (entry["id"] for entry in api("GET", "/api/v2/users").body["entities"][-2:])
    api.token = api.sandbox.access_token(user_id=user)
    path = f"{CHANNELS}/{_channel(api, f'v2.users.{user}.callforwarding')}/subscriptions"
    topics = [{"id": f"v2.users.{other}.callforwarding"}, {"id": _presence(user)}]
    refused = api("PUT", path, topics)
    assert (refused.status, refused.body["code"]) == (403, "missing.permissions")
    missing = refused.body["messageParams"]["permissions"].split(", ")
    assert missing
    entities = api("PUT", f"{path}?ignoreErrors=true", topics).body["entities"]
    rejected = {entry["id"]: entry.get("missingPermissions") for entry in entities if entry["state"] == "Rejected"}
    assert rejected == {f"v2.users.{other}.callforwarding": missing}
    unknown = api("PUT", path, [*topics, {"id": "v2.nothing"}])
    assert (unknown.status, unknown.body["code"]) == (400, "bad.request")


def test_the_address_to_connect_to_goes_the_way_of_the_request(api: Api):
    def address(url: str) -> str:
        return api("POST", url + CHANNELS).body["connectUri"].rpartition("/")[0]

    assert address("https://api.mypurecloud.ie") == "wss://streaming.mypurecloud.ie/channels"
    assert address("http://127.0.0.1:8090") == "ws://127.0.0.1:8090/channels"
    assert address("https://gateway.example/genesys") == "wss://gateway.example/genesys/channels"


# --- available topics ---------------------------------------------------------------------------


def test_available_topics_are_all_that_can_be_subscribed_to(api: Api):
    entities = api("GET", "/api/v2/notifications/availabletopics").body["entities"]
    assert {entry["id"] for entry in entities} == {topic.name for topic in OPEN}
    assert all(entry.keys() == {"id"} for entry in entities)


def test_available_topics_are_described_when_asked(api: Api):
    record = catalog().operation("get_notifications_availabletopics")
    names = next(parameter.enum for parameter in record.parameters if parameter.wire == "expand")
    entities = api("GET", f"/api/v2/notifications/availabletopics?expand={','.join(names or ())}").body["entities"]
    found = {entry["id"]: entry for entry in entities}
    members = found["v2.routing.queues.{id}.users"]
    assert members["schema"]["properties"]["joined"] == {"type": "boolean"}
    assert members["schema"]["properties"]["user"] == {"$ref": "#/definitions/QueueUserEventTopicUserReference"}
    assert members["schema"]["definitions"]["QueueUserEventTopicUserReference"]["type"] == "object"
    assert "routing:queue:view" in members["requiresPermissions"]
    assert members["requiresAnyValidator"] is True
    assert members["topicParameters"] == ["queueId"]
    assert members["publicApiTemplateUriPaths"] == ["/api/v2/routing/queues/{queueId}/members"]


# --- what clients say on a socket ---------------------------------------------------------------


def test_ping_is_answered_with_pong(api: Api):
    inbox = Inbox(api.sandbox, _channel(api))
    assert inbox.say({"message": "ping"}) == {"topicName": "channel.metadata", "eventBody": {"message": "pong"}}


def test_subscribe_and_unsubscribe_over_the_socket(api: Api):
    channel = _channel(api, _presence("a"))
    inbox = Inbox(api.sandbox, channel)
    answer = inbox.say(
        {"message": "subscribe", "topics": [_presence("b"), {"id": _presence("c")}], "correlationId": "x"}
    )
    assert (answer["result"], answer["status"], answer["correlationId"]) == ("200", "subscribed", "x")
    assert _subscribed(api, channel) == [_presence("a"), _presence("b"), _presence("c")]
    answer = inbox.say({"message": "unsubscribe", "topics": [_presence("a"), _presence("c")]})
    assert (answer["result"], answer["status"]) == ("200", "unsubscribed")
    assert _subscribed(api, channel) == [_presence("b")]
    api.sandbox.inject(_presence("b"))
    assert [topic for topic, _ in inbox.take()] == [_presence("b")]


def test_bad_requests_over_the_socket_say_so(api: Api):
    api = Api(topics_per_channel=1)
    inbox = Inbox(api.sandbox, _channel(api))
    bad = inbox.say({"message": "subscribe", "topics": ["v2.nothing"], "correlationId": "7"})
    assert (bad["result"], bad["status"], bad["correlationId"]) == ("400", "failure", "7")
    assert inbox.say({"message": "subscribe", "topics": "v2.nothing"})["status"] == "error"
    assert inbox.say({"message": "subscribe", "topics": [7]})["result"] == "400"
    assert inbox.say({"message": "subscribe", "topics": [_presence("1"), _presence("2")]})["result"] == "400"
    assert inbox.say({"message": "what"})["status"] == "error"


def test_a_channel_that_is_gone_is_a_404_over_the_socket(api: Api):
    inbox = Inbox(api.sandbox, _channel(api))
    connection = inbox.connection
    api.sandbox.reset()
    assert inbox.closed == [(1001, "Channel expired")]
    inbox.messages.clear()
    api.sandbox.channels.receive(connection, json.dumps({"message": "subscribe", "topics": [_presence()]}))
    assert inbox.messages[0]["result"] == "404"


@given(text=st.text() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_any_text_from_a_client_is_survived(text: str):
    sandbox = _SHARED.sandbox
    inbox = Inbox(sandbox, _SHARED_CHANNEL)
    sandbox.channels.receive(inbox.connection, text)
    assert inbox.say({"message": "ping"})["eventBody"] == {"message": "pong"}


_WORDS: st.SearchStrategy[Any] = st.sampled_from(["subscribe", "unsubscribe", "ping", "pong", "", None, 7, {}])
_NAMES: st.SearchStrategy[list[Any]] = st.lists(
    st.sampled_from([_presence(), f"v2.users.{ID}?presence&station", "x", "", None, {"id": 1}, [[]], "?&?"])
)


@settings(max_examples=200)
@given(message=_WORDS, topics=_NAMES | st.text() | st.none(), correlation=st.text() | st.integers() | st.none())
def test_any_request_from_a_client_is_answered_with_json(message: Any, topics: Any, correlation: Any):
    inbox = Inbox(_SHARED.sandbox, _SHARED_CHANNEL)
    said = json.dumps({"message": message, "topics": topics, "correlationId": correlation})
    _SHARED.sandbox.channels.receive(inbox.connection, said)
    for answer in inbox.messages:
        assert answer.get("result") in ("200", "400") or answer["eventBody"] == {"message": "pong"}
        if "result" in answer and isinstance(correlation, str):
            assert answer["correlationId"] == correlation


_SHARED = Api(token_seconds=10**9, channel_seconds=10**9)
_SHARED_CHANNEL = _channel(_SHARED)


# --- time ---------------------------------------------------------------------------------------


def test_heartbeats_come_every_30_seconds_and_are_not_made_up_for(api: Api):
    api.sandbox.clock.freeze()
    inbox = Inbox(api.sandbox, _channel(api))
    api.sandbox.clock.move(29)
    assert inbox.take() == []
    api.sandbox.clock.move(1)
    assert inbox.take() == [("channel.metadata", {"message": "WebSocket Heartbeat"})]
    api.sandbox.clock.move(29)
    api.sandbox.clock.move(300)
    assert len(inbox.take()) == 1
    due = api.sandbox.channels.due()
    assert due is not None
    assert due - api.sandbox.clock() == 30


def test_socket_closing_gives_a_minute_to_connect_again_and_keeps_the_subscriptions(api: Api):
    channel = _channel(api, _presence())
    first = Inbox(api.sandbox, channel)
    assert api.sandbox.channels.announce_closing() == 1
    assert [topic for topic, _ in first.take()] == ["v2.system.socket_closing"]
    api.sandbox.clock.move(59)
    assert not first.closed
    api.sandbox.clock.move(1)
    assert first.closed == [(1001, "Socket closing")]
    second = Inbox(api.sandbox, channel)
    api.sandbox.inject(_presence())
    assert [topic for topic, _ in second.take()] == [_presence()]
    assert not second.closed


def test_a_second_connection_takes_the_place_of_the_first(api: Api):
    channel = _channel(api, _presence())
    first, second = Inbox(api.sandbox, channel), Inbox(api.sandbox, channel)
    assert first.closed == [(1001, "Connected elsewhere")]
    api.sandbox.inject(_presence())
    assert (len(first.take()), len(second.take())) == (0, 1)
    api.sandbox.channels.disconnect(first.connection)
    assert api.sandbox.channels.connected() == [channel]
    api.sandbox.channels.disconnect(second.connection)
    assert api.sandbox.channels.connected() == []
    assert api.sandbox.channels.due() is None


def test_a_restored_sandbox_knows_the_channels_of_then(api: Api):
    kept = _channel(api, _presence())
    inbox = Inbox(api.sandbox, kept)
    snapshot = api.sandbox.snapshot()
    other = Inbox(api.sandbox, _channel(api))
    api("DELETE", f"{CHANNELS}/{kept}/subscriptions")
    api.sandbox.restore(snapshot)
    assert other.closed
    assert not inbox.closed
    api.sandbox.inject(_presence())
    assert [topic for topic, _ in inbox.take()] == [_presence()]


# --- events -------------------------------------------------------------------------------------


@pytest.fixture
def gc(api: Api) -> Iterator[GenesysCloud]:
    with api.sandbox.client() as client:
        yield client


def test_a_change_over_rest_is_told_under_each_topic_of_a_combined_one(api: Api, gc: GenesysCloud):
    user = api.sandbox.admin_id
    inbox = Inbox(api.sandbox, _channel(api, f"v2.users.{user}?presence&routingStatus&activity", _presence("other")))
    gc.users.put_user_routingstatus(user, {"status": "IDLE"})
    events = inbox.take()
    assert [topic.rpartition(".")[2] for topic, _ in events] == ["routingStatus", "activity"]
    told = dict(events)
    assert told[f"v2.users.{user}.routingStatus"]["routingStatus"]["status"] == "IDLE"
    assert told[f"v2.users.{user}.activity"]["routingStatus"]["status"] == "IDLE"
    assert told[f"v2.users.{user}.activity"]["id"] == user


def test_the_envelope_of_an_event(api: Api):
    inbox = Inbox(api.sandbox, _channel(api, _presence()))
    api.sandbox.inject(_presence())
    (message,) = inbox.messages
    assert message.keys() == {"topicName", "version", "eventBody", "metadata"}
    assert (message["topicName"], message["version"]) == (_presence(), "2")
    assert message["metadata"]["CorrelationId"]


def test_joining_a_queue_is_told(api: Api):
    queue = api("GET", "/api/v2/routing/queues?pageSize=1").body["entities"][0]["id"]
    members = f"/api/v2/routing/queues/{queue}/members"
    before = {member["id"] for member in api("GET", members).body["entities"]}
    users = [user["id"] for user in api("GET", "/api/v2/users?pageSize=100").body["entities"]]
    newcomer = next(user for user in users if user not in before)
    with api.sandbox.listen("v2.routing.queues.{id}.users") as events:
        api("POST", members, [{"id": newcomer}])
        api("PATCH", f"{members}/{newcomer}", {"id": newcomer, "joined": False})
        api("POST", f"{members}?delete=true", [{"id": newcomer}])
    assert [event.topic for event in events] == [f"v2.routing.queues.{queue}.users"] * 3
    assert [event.body["joined"] for event in events] == [True, False, False]
    assert {(event.body["id"], event.body["queueId"], event.body["user"]["id"]) for event in events} == {
        (newcomer, queue, newcomer)
    }


def test_what_is_the_same_as_before_is_not_told(api: Api):
    with api.sandbox.listen("v2.outbound.settings") as events:
        for value in (5, 5, 6):
            api.sandbox.store.write("/api/v2/outbound/settings", {"maxCallsPerAgent": value})
    assert [event.body["maxCallsPerAgent"] for event in events] == [5, 6]


def test_an_event_that_follows_from_another_comes_after_it(api: Api):
    with api.sandbox.listen("v2.users.{id}.presence", "v2.users.{id}.activity") as events:
        api.sandbox.inject(_presence())
    assert [event.topic for event in events] == [_presence(), f"v2.users.{ID}.activity"]
    body = events[1].body
    assert body["presence"]["presenceDefinition"] == events[0].body["presenceDefinition"]
    assert not list(problems_of_model("AgentActivityChangedTopicAgentActivity", body))


def test_creating_changing_and_removing_are_told(api: Api):
    topic = "v2.externalcontacts.contacts.{id}"
    with api.sandbox.listen(topic) as events:
        contact = api("POST", "/api/v2/externalcontacts/contacts", {"firstName": "Ada", "lastName": "Becker"}).body
        path = f"/api/v2/externalcontacts/contacts/{contact['id']}"
        api("PUT", path, {"firstName": "Ada", "lastName": "Costa"})
        api("DELETE", path)
    assert [event.topic for event in events] == [topic.replace("{id}", contact["id"])] * len(events)
    assert [event.body["lastName"] for event in events[:2]] == ["Becker", "Costa"]
    assert len(events) >= 3


def test_work_is_told_to_its_owner_and_its_queue(api: Api):
    item = {"name": "Call back", "assignee": {"id": "u1"}, "queue": {"id": "q1"}, "type": {"id": "t1"}}
    shape = api.sandbox.shapes.collection("/api/v2/taskmanagement/workitems")
    assert shape is not None
    with api.sandbox.listen(
        "v2.taskmanagement.workitems.w1",
        "v2.taskmanagement.workitems.users.u1",
        "v2.taskmanagement.workitems.queues.q1",
    ) as events:
        api.sandbox.collection(shape, []).put("w1", {"id": "w1", **item})
    assert len(events) == 3
    assert {(e.body["assigneeId"], e.body["queueId"], e.body["typeId"], e.body["operation"]) for e in events} == {
        ("u1", "q1", "t1", "add")
    }


def test_every_rule_is_about_a_topic_and_a_path_of_the_definition():
    for rule in RULES:
        assert TOPICS.by_name[rule.topic].open
        assert _told_of(_SHARED.sandbox, rule.source)


def _told_of(sandbox: Sandbox, source: str) -> OperationRecord:
    """An operation on what a rule tells of."""
    paths = (f"{source}/{{}}", source)
    found = (sandbox.router.find(method, path)[0] for path in paths for method in ("GET", "PATCH", "PUT", "DELETE"))
    return next(record for record in found if record is not None and plain(record.path) in paths)


@pytest.mark.parametrize("at", range(len(RULES)), ids=[f"{rule.topic} {rule.source}" for rule in RULES])
def test_every_rule_makes_events_that_are_true_to_their_schema(at: int):
    sandbox, rule = _SHARED.sandbox, RULES[at]
    record = _told_of(sandbox, rule.source)
    made: dict[str, Any] = sandbox.faker.make(record.result, rule.source) if record.result.startswith("#") else {}
    others = {wire: {"id": f"{wire}-1"} for wire in ("user", "owner", "createdBy", "workspace", "assignee", "queue")}
    entity: dict[str, Any] = {"smsConfig": {}, "emailConfig": {}, "whatsAppConfig": {}, **others, **made}
    entity |= {"id": f"an-id-{at}", "attendees": [{"id": "user-1"}]}
    if "presenceDefinition" in entity:
        entity["presenceDefinition"] = {"id": "definition-1", "systemPresence": "Away"}
    entity["ownerType"] = "GROUP" if "groups" in rule.topic else "USER"
    with sandbox.listen(rule.topic) as events:
        shape = sandbox.shapes.collection(rule.source)
        if shape is not None and record.path.endswith("}"):
            sandbox.collection(shape, ["p1", "p2"][: shape.depth]).put(entity["id"], entity)
        else:
            sandbox.store.write(plain(record.path).replace("{}", entity["id"]), entity)
    assert events
    for event in events:
        assert not list(problems_of_model(TOPICS.by_name[rule.topic].model, event.body)), event


@pytest.mark.parametrize("topic", TOPICS.by_name.values(), ids=lambda topic: topic.name)
def test_every_topic_has_example_events_that_are_true_to_its_schema(topic: Topic):
    sandbox = _SHARED.sandbox
    name = topic.filled([f"id-{at}" for at in range(topic.name.count("{id}"))])
    with sandbox.listen(name) as events:
        made = sandbox.inject(name)
    assert [event.body for event in events] == [made.body]
    assert not list(problems_of_model(topic.model, made.body))


def test_an_injected_body_is_checked_unless_told_otherwise(api: Api):
    topic = f"v2.users.{ID}.routingStatus"
    inbox = Inbox(api.sandbox, _channel(api, topic))
    good = {"id": ID, "routingStatus": {"status": "IDLE"}}
    api.sandbox.inject(topic, good)
    with pytest.raises(ValueError, match=r"routingStatus\.status"):
        api.sandbox.inject(topic, {"id": ID, "routingStatus": {"status": "SLEEPING"}})
    api.sandbox.inject(topic, ["anything"], check=False)
    assert [body for _, body in inbox.take()] == [good, ["anything"]]
    with pytest.raises(ValueError, match=r"no topic 'v2\.nothing'"):
        api.sandbox.inject("v2.nothing")


def test_example_events_are_about_what_the_topic_names(api: Api):
    assert api.sandbox.inject(f"v2.users.{ID}.routingStatus").body["id"] == ID
    assert api.sandbox.inject("v2.routing.queues.q1.users").body["queueId"] == "q1"
    assert api.sandbox.inject("v2.outbound.campaigns.c1").body["id"] == "c1"
    assert api.sandbox.inject("v2.users.u1.callforwarding").body["user"]["id"] == "u1"


def test_listening_in_this_process(api: Api):
    with pytest.raises(ValueError, match="no topic"):
        api.sandbox.listen("v2.nothing")
    with api.sandbox.listen(_presence("a"), "v2.users.{id}.station") as events:
        api.sandbox.inject(_presence("a"))
        api.sandbox.inject(_presence("b"))
        api.sandbox.inject("v2.users.b.station")
        assert events.wait(2) == list(events)
        with pytest.raises(TimeoutError, match="2 of 3"):
            events.wait(3, timeout=0)
        assert len(events.take()) == 2
        assert len(events) == 0
    api.sandbox.inject(_presence("a"))
    assert len(events) == 0


# --- real sockets -------------------------------------------------------------------------------


@pytest.fixture
def served() -> Iterator[Api]:
    api = Api()
    with api.sandbox:
        api.sandbox.serve()
        yield api


def _connect(api: Api, channel_id: str) -> ClientConnection:
    uri = api("GET", f"{CHANNELS}?includechannels=oauthclient").body["entities"]
    found = next(entry["connectUri"] for entry in uri if entry["id"] == channel_id)
    return connect(found, open_timeout=10, close_timeout=5, proxy=None)


def _received(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(socket.recv(timeout=10))


def test_a_socket_hears_what_happens(served: Api):
    channel = _channel(served, _presence())
    with _connect(served, channel) as socket:
        socket.send('{"message":"ping"}')
        assert _received(socket)["eventBody"] == {"message": "pong"}
        served.sandbox.inject(_presence())
        assert _received(socket)["topicName"] == _presence()
        served.sandbox.clock.move(30)
        assert _received(socket)["eventBody"] == {"message": "WebSocket Heartbeat"}
        socket.send(b'{"message":"subscribe","topics":["v2.outbound.settings"],"correlationId":"1"}')
        assert _received(socket)["status"] == "subscribed"
        for at in range(100):
            served.sandbox.inject("v2.outbound.settings", {"maxCallsPerAgent": at})
        assert [_received(socket)["eventBody"]["maxCallsPerAgent"] for _ in range(100)] == list(range(100))


def test_a_second_socket_takes_the_place_of_the_first(served: Api):
    channel = _channel(served, _presence())
    with _connect(served, channel) as first, _connect(served, channel) as second:
        with pytest.raises(ConnectionClosed) as closed:
            first.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "Connected elsewhere")
        served.sandbox.inject(_presence())
        assert _received(second)["topicName"] == _presence()


def test_a_socket_of_a_revoked_token_is_told_and_closed(served: Api):
    channel = _channel(served)
    with _connect(served, channel) as socket:
        served("DELETE", "/api/v2/tokens/me")
        assert _received(socket)["topicName"] == f"v2.system.token_revoked.{channel}"
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)


def test_a_socket_behind_a_prefix(served: Api):
    channel = _channel(served, _presence())
    uri = served.sandbox.serve().replace("http", "ws") + f"/any/gateway/channels/{channel}"
    with connect(uri, proxy=None, open_timeout=10) as socket:
        served.sandbox.inject(_presence())
        assert _received(socket)["topicName"] == _presence()


def test_an_unknown_channel_refuses_the_handshake(served: Api):
    address = served.sandbox.serve().replace("http", "ws")
    for path in ("/channels/streaming-0-none", "/channels/", "/elsewhere"):
        with pytest.raises(InvalidStatus) as refused:
            connect(address + path, proxy=None, open_timeout=10)
        assert refused.value.response.status_code == 404


def test_a_client_that_does_not_read_is_hung_up_on():
    async def sent() -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []

        async def send(message: Any) -> None:
            found.append((message["type"], message.get("text") or message.get("code")))

        outbox = Outbox(3)
        for at in range(5):
            outbox.put(str(at))
        await asyncio.wait_for(outbox.write(send), 10)
        return found

    assert asyncio.run(sent()) == [*(("websocket.send", str(at)) for at in range(3)), ("websocket.close", 1008)]


def test_the_server_stops_with_sockets_open():
    api = Api()
    channel = _channel(api)
    api.sandbox.serve()
    with _connect(api, channel) as socket:
        api.sandbox.close()
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
    assert api.sandbox.channels.connected() == []


def test_a_socket_over_tls():
    api = Api()
    channel = _channel(api, _presence())

    async def first(uri: str, trust: ssl.SSLContext) -> dict[str, Any]:
        async with connect_async(uri, ssl=trust, proxy=None, open_timeout=10, close_timeout=5) as socket:
            api.sandbox.inject(_presence())
            return json.loads(await socket.recv())

    with api.sandbox:
        address = api.sandbox.serve(https=True)
        trust = ssl.create_default_context(cafile=api.sandbox.ca_file)
        uri = f"{address.replace('http', 'ws')}/channels/{channel}"
        assert asyncio.run(asyncio.wait_for(first(uri, trust), 30))["topicName"] == _presence()


def test_events_from_many_threads_arrive_whole(served: Api):
    channel = _channel(served, _presence())

    def inject() -> None:
        for _ in range(50):
            served.sandbox.inject(_presence())

    with _connect(served, channel) as socket:
        threads = [threading.Thread(target=inject) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(20):
            socket.send(json.dumps({"message": "subscribe", "topics": ["v2.outbound.settings"]}))
        found = [_received(socket) for _ in range(220)]
        for thread in threads:
            thread.join(10)
    assert sum(message.get("status") == "subscribed" for message in found) == 20
    assert sum(message.get("topicName") == _presence() for message in found) == 200


def test_channels_outlive_a_restart(tmp_path: Path):
    with Sandbox(data=tmp_path / "org.db") as first:
        channel = first.channels.create(first.access_token())["id"]
        inbox = Inbox(first, channel)
        inbox.say({"message": "subscribe", "topics": [_presence()]})
    with Sandbox(data=tmp_path / "org.db") as second:
        inbox = Inbox(second, channel)
        second.inject(_presence())
        assert [topic for topic, _ in inbox.take()] == [_presence()]


# --- the admin interface ------------------------------------------------------------------------


def test_channels_and_events_over_the_admin_interface(api: Api):
    channel = _channel(api, _presence())
    inbox = Inbox(api.sandbox, channel)
    (listed,) = api("GET", "/sandbox/channels").body["channels"]
    assert (listed["id"], listed["topics"], listed["connected"]) == (channel, [_presence()], True)
    example = api("GET", f"/sandbox/topics/{_presence()}").body
    assert example["model"] == "PresenceEventUserPresence"
    assert api("POST", "/sandbox/events", {"topic": _presence(), "body": example["body"]}).status == 200
    assert api("POST", "/sandbox/events", {"topic": _presence()}).body["topic"] == _presence()
    assert api("POST", "/sandbox/events", {"topic": _presence(), "body": 7, "check": False}).status == 200
    assert [body for _, body in inbox.take()][::2] == [example["body"], 7]
    assert api("POST", "/sandbox/channels/closing", {"channel": "another"}).body == {"told": 0}
    assert api("POST", "/sandbox/channels/closing").body == {"told": 1}
    assert len(api("GET", "/sandbox/topics").body["topics"]) == len(TOPICS.by_name)
    for body in ({}, {"topic": 7}, {"topic": "v2.nothing"}, {"topic": _presence(), "body": {"primary": 7}}):
        refused = api("POST", "/sandbox/events", body)
        assert refused.status == 400
        assert "Nothing happened" in refused.body["message"]
    assert api("GET", "/sandbox/topics/v2.nothing").status == 404


# --- documents ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sandbox-notifications", "sandbox-faults"])
def test_the_examples_of_the_documents_run(name: str, capsys: pytest.CaptureFixture[str]):
    text = (Path(__file__).parents[1] / "docs" / f"{name}.md").read_text(encoding="utf-8")
    namespace: dict[str, object] = {"__name__": name}
    for block in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(compile(block, f"{name}.md", "exec", dont_inherit=True), namespace)
    assert "IDLE" in capsys.readouterr().out or name == "sandbox-faults"
