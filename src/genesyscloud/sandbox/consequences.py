"""What changes of the organization's state mean for those who listen: from a change to the events of its topics.

A rule says which collection or document a topic tells of. Most topics are named for the path of what they tell of;
the others say where it is. The body of an event is the entity, in the shape that the topic has: what both call by
the same name is taken over. Areas whose state is more than entities (conversations) publish their events themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from .events import Event
from .narrow import as_list, as_object
from .shapes import plain
from .store import Change, Entity

if TYPE_CHECKING:
    from ..catalog import OperationRecord
    from .core import Sandbox
    from .topics import Topic

__all__ = ["RULES", "Consequences", "Rule", "reader_of"]


class News(NamedTuple):
    """A change as a rule sees it.

    Attributes:
        ids: the ids in the path of what changed, outermost first.
        entity: what is there now, or was there when it was removed.
        kind: ``create``, ``update`` or ``delete``.
        now: the time, as it is written.
    """

    ids: list[str]
    entity: Entity
    kind: str
    now: str


Ids = Callable[[News], list[list[str]]]
Body = Callable[[News], Any]


def _path_ids(news: News) -> list[list[str]]:
    return [news.ids]


def _entity(news: News) -> Any:
    """The entity; references also by id alone, and with what happened to it, in the words that topics have for it."""
    references = {
        f"{wire}Id": inner["id"]
        for wire, value in news.entity.items()
        if (inner := as_object(value)) is not None and isinstance(inner.get("id"), str)
    }
    happened = {"create": "add", "update": "edit"}.get(news.kind, news.kind)
    return {
        **references,
        **({"operation": happened, "action": news.kind.upper()} if news.kind else {}),
        **news.entity,
        **({"deleted": True} if news.kind == "delete" else {}),
    }


class Rule(NamedTuple):
    """Which topic tells of changes of what.

    Attributes:
        topic: a topic of the definition.
        source: path of a collection, or of a document, with ``{}`` for each parameter.
        ids: the ids of each topic that an event goes to; those of the path when not given, as many as the topic has.
        body: body of the event, still to be fitted to the topic's model.
    """

    topic: str
    source: str
    ids: Ids = _path_ids
    body: Body = _entity


#: Topics that tell of the entity whose path they are named for.
SAME = (
    "v2.architect.prompts.{id}", "v2.architect.prompts.{id}.resources.{id}",
    "v2.architect.systemprompts.{id}.resources.{id}", "v2.contentmanagement.documents.{id}",
    "v2.externalcontacts.contacts.{id}", "v2.externalcontacts.contacts.{id}.notes.{id}",
    "v2.externalcontacts.organizations.{id}", "v2.externalcontacts.organizations.{id}.notes.{id}",
    "v2.externalcontacts.relationships.{id}", "v2.flows.outcomes.{id}", "v2.flows.{id}",
    "v2.outbound.attemptlimits.{id}", "v2.outbound.callabletimesets.{id}", "v2.outbound.campaignrules.{id}",
    "v2.outbound.campaigns.{id}", "v2.outbound.contactlistfilters.{id}", "v2.outbound.contactlists.{id}",
    "v2.outbound.dnclists.{id}", "v2.outbound.rulesets.{id}", "v2.outbound.schedules.campaigns.{id}",
    "v2.outbound.schedules.emailcampaigns.{id}", "v2.outbound.schedules.messagingcampaigns.{id}",
    "v2.outbound.schedules.sequences.{id}", "v2.outbound.schedules.whatsappcampaigns.{id}",
    "v2.outbound.sequences.{id}", "v2.taskmanagement.workitems.{id}", "v2.telephony.providers.edges.phones.{id}",
    "v2.telephony.providers.edges.trunks.{id}", "v2.telephony.providers.edges.{id}",
    "v2.webdeployments.deployments.{id}", "v2.workforcemanagement.businessunits.{id}.schedulebids.{id}",
    "v2.workforcemanagement.businessunits.{id}.workplanbids.{id}",
)  # fmt: skip


def _source(topic: str) -> str:
    """The collection that a topic is named for.

    >>> _source("v2.outbound.campaigns.{id}")
    '/api/v2/outbound/campaigns'
    """
    return "/api/" + topic.removesuffix(".{id}").replace(".", "/").replace("{id}", "{}")


def _second(news: News) -> list[list[str]]:
    """The second id in the path."""
    return [news.ids[1:]]


def _of(*wires: str) -> Ids:
    """The ids of what an entity refers to: by the first of ``wires`` that it has, one or many."""

    def ids(news: News) -> list[list[str]]:
        for wire in wires:
            value = news.entity.get(wire)
            found = [_id(entry) for entry in as_list(value) or [value]]
            if any(found):
                return [[entity_id] for entity_id in found if entity_id]
        return []

    return ids


def _id(value: Any) -> str:
    entry = as_object(value)
    found = value if entry is None else entry.get("id")
    return found if isinstance(found, str) else ""


def _with(wire: str) -> Ids:
    """The entity's own id, when it has the property ``wire``."""
    return lambda news: [news.ids] if news.entity.get(wire) is not None else []


def _greeting_of(kind: str) -> Ids:
    """The owner of a greeting, when it is of that kind."""
    owner = _of("owner")
    return lambda news: owner(news) if str(news.entity.get("ownerType")).upper() == kind else []


def _member(news: News) -> Any:
    joined = news.entity.get("joined", True) if news.kind != "delete" else False
    user = as_object(news.entity.get("user")) or {"id": news.ids[-1]}
    return {"id": news.ids[-1], "queueId": news.ids[0], "joined": joined, "user": user}


def _presence(news: News) -> Any:
    return {"primary": True, **news.entity, "source": str(news.entity.get("source") or news.ids[-1]).upper()}


def _routing_status(news: News) -> Any:
    return {"id": news.ids[0], "routingStatus": news.entity}


def _of_user(news: News) -> Any:
    """What belongs to the user in the path."""
    return {**news.entity, "user": {"id": news.ids[0]}, "userId": news.ids[0]}


def _greeting(news: News) -> Any:
    file = as_object(news.entity.get("audioFile")) or {}
    size = {"durationMilliseconds": file.get("durationMilliseconds"), "sizeBytes": file.get("sizeBytes")}
    return {**news.entity, "greetingAudioFile": size}


def _evaluation(news: News) -> Any:
    form = as_object(news.entity.get("evaluationForm")) or {}
    media: Any = news.entity.get("mediaType")
    return {
        **_entity(news),
        "formName": form.get("name"),
        "eventTime": news.now,
        "eventType": news.kind,
        "mediaType": as_list(media) or ([media] if media else []),
    }


_TIME_OFF = "v2.users.{id}.workforcemanagement.timeoffrequests"
_MANAGED = "/api/v2/workforcemanagement/managementunits/{}"

RULES: tuple[Rule, ...] = (
    *(Rule(topic, _source(topic)) for topic in SAME),
    Rule("v2.outbound.responsesets.{id}", "/api/v2/outbound/callanalysisresponsesets"),
    Rule("v2.outbound.settings", "/api/v2/outbound/settings"),
    Rule("v2.outbound.messagingcampaigns.{id}", "/api/v2/outbound/messagingcampaigns", _with("smsConfig")),
    Rule("v2.outbound.emailcampaigns.{id}", "/api/v2/outbound/messagingcampaigns", _with("emailConfig")),
    Rule("v2.outbound.whatsappcampaigns.{id}", "/api/v2/outbound/messagingcampaigns", _with("whatsAppConfig")),
    Rule("v2.routing.queues.{id}.users", "/api/v2/routing/queues/{}/members", body=_member),
    Rule("v2.users.{id}.presence", "/api/v2/users/{}/presences", body=_presence),
    Rule("v2.users.{id}.presence", "/api/v2/users/{}/presences/purecloud", body=_presence),
    Rule("v2.users.{id}.routingStatus", "/api/v2/users/{}/routingstatus", body=_routing_status),
    Rule("v2.users.{id}.outofoffice", "/api/v2/users/{}/outofoffice", body=_of_user),
    Rule("v2.users.{id}.callforwarding", "/api/v2/users/{}/callforwarding", body=_of_user),
    Rule("v2.users.{id}.geolocation", "/api/v2/users/{}/geolocations", body=_of_user),
    Rule("v2.users.{id}.station", "/api/v2/users/{}/station"),
    Rule("v2.users.{id}.greetings", "/api/v2/greetings", _greeting_of("USER"), _greeting),
    Rule("v2.groups.{id}.greetings", "/api/v2/greetings", _greeting_of("GROUP"), _greeting),
    Rule("v2.users.{id}.voicemail.messages", "/api/v2/voicemail/messages", _of("user")),
    Rule("v2.users.{id}.fax.documents", "/api/v2/fax/documents", _of("createdBy")),
    Rule("v2.users.{id}.userrecordings", "/api/v2/userrecordings", _of("createdBy")),
    Rule("v2.users.{id}.alerting.rules", "/api/v2/alerting/rules", _of("user")),
    Rule("v2.users.{id}.alerting.alerts", "/api/v2/alerting/alerts", _of("user")),
    Rule("v2.users.{id}.wem.learning.assignment", "/api/v2/learning/assignments", _of("user")),
    Rule("v2.users.{id}.wem.coaching.notification", "/api/v2/coaching/appointments", _of("attendees")),
    Rule(_TIME_OFF, "/api/v2/workforcemanagement/timeoffrequests", _of("user", "userId")),
    Rule(_TIME_OFF, f"{_MANAGED}/users/{{}}/timeoffrequests", _second),
    Rule("v2.taskmanagement.workitems.users.{id}", "/api/v2/taskmanagement/workitems", _of("assignee", "assigneeId")),
    Rule("v2.taskmanagement.workitems.queues.{id}", "/api/v2/taskmanagement/workitems", _of("queue", "queueId")),
    Rule("v2.contentmanagement.workspaces.{id}.documents", "/api/v2/contentmanagement/documents", _of("workspace")),
    Rule("v2.quality.evaluations", "/api/v2/quality/conversations/{}/evaluations", body=_evaluation),
    Rule(
        "v2.employeeperformance.externalmetrics.definitions",
        "/api/v2/employeeperformance/externalmetrics/definitions",
    ),
    Rule("v2.webdeployments.configurations.{id}", "/api/v2/webdeployments/configurations"),
)


#: Topics whose events are also part of a user's activity, with the property that they are there.
ACTIVITY = {
    "v2.users.{id}.presence": "presence",
    "v2.users.{id}.routingStatus": "routingStatus",
    "v2.users.{id}.outofoffice": "outOfOffice",
}


class Consequences:
    """Publishes the events of changes, and those that follow from other events.

    Args:
        sandbox: whose changes they are.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        sandbox.events.change_listeners.append(self._changed)
        sandbox.events.listeners.append(self._happened)
        self._rules: dict[str, list[Rule]] = {}
        for rule in RULES:
            self._rules.setdefault(rule.source, []).append(rule)

    def _happened(self, event: Event) -> None:
        found = self._sandbox.topics.find(event.topic)
        wire = ACTIVITY.get(found[0].name, "") if found is not None else ""
        body = as_object(event.body)
        if found is None or not wire or body is None:
            return
        told = as_object(body.get(wire)) or body
        now = self._sandbox.now()
        part = {"modifiedDate": now, "startTime": now, "presenceMessage": told.get("message", ""), **told}
        (user_id,) = found[1]
        self._sandbox.events.publish(f"v2.users.{user_id}.activity", {"id": user_id, wire: part})

    def _changed(self, change: Change) -> None:
        if change.shape and change.shape not in self._rules:
            return
        source, ids = self._place(change)
        # An entity that its collection neither lists nor creates is kept as a document.
        for rule in self._rules.get(source) or self._rules.get(source.removesuffix("/{}")) or ():
            for topic, body in self._events(rule, change, ids):
                self._sandbox.events.publish(topic, body)

    def _place(self, change: Change) -> tuple[str, list[str]]:
        """The collection or document that a change is about, and the ids in its path."""
        if change.shape:
            segments = f"{change.shape}/{{}}".split("/")
            return change.shape, _ids(segments, change)
        record, ids, _ = self._sandbox.router.find("GET", change.path)
        return (plain(record.path), ids) if record is not None else ("", [])

    def _events(self, rule: Rule, change: Change, ids: list[str]) -> Iterator[tuple[str, Any]]:
        entity = change.before if change.after is None else change.after
        if entity is None or change.before == change.after:
            return
        kind = "delete" if change.after is None else "create" if change.before is None else "update"
        news = News(ids, entity, kind, self._sandbox.now())
        topic = self._sandbox.topics.by_name[rule.topic]
        count = topic.name.count("{id}")
        for topic_ids in rule.ids(news):
            if len(topic_ids) >= count and all(topic_ids[:count]):
                yield topic.filled(topic_ids[:count]), rule.body(news)


def _ids(segments: list[str], change: Change) -> list[str]:
    parts = change.path.split("/")
    found = [part for segment, part in zip(segments, parts, strict=False) if segment == "{}"]
    return [*found[:-1], change.entity_id] if found else []


def reader_of(sandbox: Sandbox, topic: Topic) -> OperationRecord | None:
    """The operation that reads what a topic tells of: who may call it may hear of it. ``None`` when none is known."""
    mirrored = "/api/" + topic.name.replace(".", "/").replace("{id}", "{}")
    sources = [rule.source for rule in RULES if rule.topic == topic.name]
    for path in [*(f"{source}/{{}}" for source in sources), *sources, mirrored]:
        record, _, _ = sandbox.router.find("GET", path)
        if record is not None and plain(record.path) == path:
            return record
    return None
