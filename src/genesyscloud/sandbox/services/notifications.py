"""Notification channels, their subscriptions, and the topics that there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .. import words
from ..channels import UnknownChannel, names_of
from ..consequences import reader_of
from ..refusal import Refusal, bad_request, not_found
from ..topics import Topic, json_schema
from .registry import example_body, example_ids, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Entity

PATH = "/api/v2/notifications/channels"


def _shown(sandbox: Sandbox, call: Call, row: Entity) -> Entity:
    expires = words.written(datetime.fromtimestamp(row["expires"], UTC))
    return {"id": row["id"], "connectUri": f"{sandbox.urls.websocket(call)}/channels/{row['id']}", "expires": expires}


def _topics(row: Entity) -> Entity:
    path = f"{PATH}/{row['id']}/subscriptions"
    return {"entities": [{"id": name, "state": "Permitted", "selfUri": f"{path}/{name}"} for name in row["topics"]]}


def _channel(sandbox: Sandbox, call: Call) -> Entity:
    """The channel in the path: one of the same user in the same application."""
    try:
        row: Entity = sandbox.channels.get(call.ids[0])
    except UnknownChannel:
        raise not_found("channel", call.ids[0]) from None
    if row["id"] not in {own["id"] for own in sandbox.channels.of_token(call.token, client=True)}:
        raise not_found("channel", call.ids[0])
    return row


@example_ids(
    "head_notifications_channel",
    "get_notifications_channel_subscriptions",
    "post_notifications_channel_subscriptions",
    "put_notifications_channel_subscriptions",
    "delete_notifications_channel_subscriptions",
)
def example_channel(sandbox: Sandbox) -> list[str]:
    """A channel of the client that example requests come from."""
    with sandbox.at_work():
        return [sandbox.channels.create(sandbox.access_token())["id"]]


@service("post_notifications_channels")
def create(sandbox: Sandbox, call: Call) -> Any:
    """A new channel."""
    return _shown(sandbox, call, sandbox.channels.create(call.token))


@service("get_notifications_channels", personal=True)
def list_channels(sandbox: Sandbox, call: Call) -> Any:
    """The channels of the token, or of its user in the application."""
    client = call.query.get("includechannels") == "oauthclient"
    rows = sandbox.channels.of_token(call.token, client=client)
    return {"entities": [_shown(sandbox, call, row) for row in rows]}


@service("head_notifications_channel", personal=True)
def exists(sandbox: Sandbox, call: Call) -> Any:
    """Whether a channel is there."""
    _channel(sandbox, call)


@service("get_notifications_channel_subscriptions", personal=True)
def subscriptions(sandbox: Sandbox, call: Call) -> Any:
    """The topics of a channel."""
    return _topics(_channel(sandbox, call))


@service("delete_notifications_channel_subscriptions")
def unsubscribe(sandbox: Sandbox, call: Call) -> Any:
    """Take all topics off a channel."""
    sandbox.channels.unsubscribe(_channel(sandbox, call)["id"])


@service("post_notifications_channel_subscriptions", "put_notifications_channel_subscriptions")
def subscribe(sandbox: Sandbox, call: Call) -> Any:
    """Add topics to a channel, or put them in the place of all others."""
    row = _channel(sandbox, call)
    rejected: list[Entity] = []
    good: list[str] = []
    for name in names_of(call.body):
        problem, missing = sandbox.channels.check(name, row)
        if problem:
            refused = {"state": "Rejected", "rejectionReason": problem, "missingPermissions": missing}
            rejected.append({"id": name, **refused})
        else:
            good.append(name)
    if rejected and not call.query.get("ignoreErrors"):
        raise _refusal(rejected)
    row = sandbox.channels.subscribe(row["id"], good, replace=call.record.method == "PUT")
    return {"entities": [*_topics(row)["entities"], *rejected]}


def _refusal(rejected: list[Entity]) -> Refusal:
    """A 400 for topics that there are not, a 403 for topics that there are, but not for everybody."""
    missing = [name for entry in rejected for name in entry["missingPermissions"]]
    if missing and all(entry["missingPermissions"] for entry in rejected):
        params = {"permissions": ", ".join(dict.fromkeys(missing))}
        return Refusal(403, "missing.permissions", rejected[0]["rejectionReason"], params=params)
    details = [{"errorCode": "invalid.value", "fieldName": entry["id"][:200]} for entry in rejected]
    first = next(entry for entry in rejected if not entry["missingPermissions"])
    return bad_request(first["rejectionReason"], details=details)


@example_body("post_notifications_channel_subscriptions", "put_notifications_channel_subscriptions")
def example_topics(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Topics of a user that exists."""
    return [{"id": f"v2.users.{sandbox.admin_id}.presence"}]


# --- which topics there are ---------------------------------------------------------------------


@service("get_notifications_availabletopics")
def available(sandbox: Sandbox, call: Call) -> Any:
    """All topics that can be subscribed to; what ``expand`` names comes with them."""
    wanted: set[str] = set(call.query.get("expand") or ())
    topics = [topic for topic in sandbox.topics.by_name.values() if topic.open]
    return {"entities": [_described(sandbox, topic, wanted) for topic in topics]}


def _described(sandbox: Sandbox, topic: Topic, wanted: set[str]) -> Entity:
    reader = reader_of(sandbox, topic)
    permissions = reader.permissions if reader is not None else []
    of_user = topic.name.startswith("v2.users.")
    facts: dict[str, Entity] = {
        "description": {"description": f"Events with bodies of the model {topic.model}."},
        "enforced": {"enforced": bool(permissions)},
        "schema": {"schema": json_schema(sandbox.faker, topic.model)} if "schema" in wanted else {},
        "visibility": {"visibility": "Public"},
        "transports": {"transports": ["All"]},
        "publicApiTemplateUriPaths": {"publicApiTemplateUriPaths": [reader.path] if reader is not None else []},
        "requiresPermissions": {
            "requiresPermissions": permissions,
            "requiresAnyValidator": reader is not None and reader.permissions_any and len(permissions) > 1,
            "requiresCurrentUser": False,
            "requiresCurrentUserOrPermission": of_user,
        },
        "permissionDetails": {
            "permissionDetails": [
                {"type": "requiresPermissions", "permissions": permissions, "allowsCurrentUser": of_user}
            ]
        },
        "topicParameters": {"topicParameters": topic.parameters},
    }
    found: Entity = {"id": topic.name}
    for name in wanted:
        found |= facts.get(name, {})
    return found
