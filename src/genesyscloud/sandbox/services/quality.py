"""Quality: evaluations of conversations, calibrations, surveys. Their forms are in :mod:`.quality_forms`.

Table ``evaluations`` says for each evaluation which conversation it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..conversations.record import Conversation, iso, of_agents
from ..crud import page
from ..narrow import as_list, as_object
from ..refusal import bad_request, not_found
from ..shapes import Listing
from .conversations import body_of
from .quality_forms import EVALUATION, SURVEY, entities, form_of, published_form, scored, some_form
from .registry import example_body, example_ids, example_query, seeded_ids, service
from .users import users

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Entity

__all__ = ["analytics_of"]

EVALUATIONS = "/api/v2/quality/conversations/{}/evaluations"
CALIBRATIONS = "/api/v2/quality/calibrations"
SURVEYS = "/api/v2/quality/surveys"
TABLE = "evaluations"
MEDIA = {"voice": "CALL", "callback": "CALLBACK", "chat": "CHAT", "email": "EMAIL", "message": "MESSAGE"}
TIMES = ("releaseDate", "assignedDate", "changedDate", "submittedDate")


# --- evaluations --------------------------------------------------------------------------------


def _user(sandbox: Sandbox, value: Any) -> Entity | None:
    """A user that a body names, as it is shown."""
    found = as_object(value)
    if found is None or not found.get("id"):
        return None
    everyone, user_id = users(sandbox), str(found["id"])
    if user_id not in everyone:
        raise not_found("user", user_id)
    return {"id": user_id, "name": str(everyone[user_id].get("name", "")), "selfUri": f"/api/v2/users/{user_id}"}


def _agent_of(conversation: Conversation) -> Entity | None:
    """The agent who had a conversation last."""
    for participant in reversed(conversation.participants):
        if participant.purpose in of_agents and participant.user_id:
            return {"id": participant.user_id, "name": participant.name}
    return None


@service("post_quality_conversation_evaluations")
def create_evaluation(sandbox: Sandbox, call: Call) -> Any:
    """Ask for the evaluation of a conversation."""
    conversation, body = sandbox.conversations.find(call.ids[0]), body_of(call)
    form_id = str((as_object(body.get("evaluationForm")) or {}).get("id") or "")
    if not form_id:
        raise bad_request("evaluationForm needs an id.", code="invalid.value")
    evaluator = _user(sandbox, body.get("evaluator"))
    agent = _user(sandbox, body.get("agent")) or _agent_of(conversation)
    return _evaluation(sandbox, conversation, form_of(sandbox, EVALUATION, form_id), evaluator, agent, body)


def _evaluation(
    sandbox: Sandbox,
    conversation: Conversation,
    form: Entity,
    evaluator: Entity | None,
    agent: Entity | None,
    body: Entity,
) -> Entity:
    evaluation_id, now = sandbox.conversations.new_id(), sandbox.now()
    queue_id = next((s.queue_id for _, s in conversation.sessions() if s.queue_id), "")
    made = {
        "id": evaluation_id, "name": str(form.get("name", "")), "evaluationForm": form,
        "evaluator": evaluator, "agent": agent,
        "conversation": {"id": conversation.id, "selfUri": f"/api/v2/conversations/{conversation.id}"},
        "status": "PENDING", "agentHasRead": bool(body.get("agentHasRead")), "createdDate": now, "assignedDate": now,
        "changedDate": now, "mediaType": [MEDIA[conversation.media]], "conversationDate": iso(conversation.start),
        "conversationEndDate": iso(conversation.end) if conversation.end is not None else None,
        "queue": {"id": queue_id, "name": sandbox.conversations.name("queues", queue_id)} if queue_id else None,
        "divisionIds": list(conversation.division_ids), "neverRelease": bool(body.get("neverRelease")),
        "evaluationContextId": evaluation_id, "version": 1, "rescore": False, "disputeCount": 0, "redacted": False,
        "calibration": body.get("calibration"), "selfUri": f"{EVALUATIONS.format(conversation.id)}/{evaluation_id}",
    }  # fmt: skip
    made = {wire: value for wire, value in made.items() if value is not None}
    if as_object(body.get("answers")):
        made["answers"] = scored(form, body["answers"])
    entities(sandbox, EVALUATIONS, conversation.id).put(evaluation_id, made)
    sandbox.store.table(TABLE)[evaluation_id] = conversation.id
    return made


@seeded_ids(EVALUATIONS)
def no_evaluations(sandbox: Sandbox, path: str) -> list[str]:
    """Nobody has evaluated anything yet."""
    return []


@service("put_quality_conversation_evaluation")
def change_evaluation(sandbox: Sandbox, call: Call) -> Any:
    """Answer the questions; a finished evaluation is submitted, and released unless it is never to be."""
    own = entities(sandbox, EVALUATIONS, call.ids[0])
    if call.ids[1] not in own:
        raise not_found("evaluation", call.ids[1])
    before, body = own[call.ids[1]], body_of(call)
    after, now = {**before, "changedDate": sandbox.now()}, sandbox.now()
    for wire in ("agentHasRead", "rescore", "neverRelease", "releaseDate", "status"):
        if body.get(wire) is not None:
            after[wire] = body[wire]
    for wire in ("evaluator", "assignee"):
        if as_object(body.get(wire)):
            after[wire] = _user(sandbox, body[wire])
    if as_object(body.get("answers")) is not None:
        after["answers"] = scored(before["evaluationForm"], body["answers"])
        if after["status"] == "PENDING":
            after["status"] = "INPROGRESS"
    if after["status"] == "FINISHED" and before["status"] != "FINISHED":
        after["submittedDate"] = now
        if not after.get("neverRelease") and not after.get("releaseDate"):
            after["releaseDate"] = now
    after["version"] = int(before.get("version", 1)) + 1
    own.put(call.ids[1], after)
    return after


@service("delete_quality_conversation_evaluation")
def delete_evaluation(sandbox: Sandbox, call: Call) -> Any:
    """Delete an evaluation."""
    own = entities(sandbox, EVALUATIONS, call.ids[0])
    if call.ids[1] not in own:
        raise not_found("evaluation", call.ids[1])
    gone = own[call.ids[1]]
    own.remove(call.ids[1])
    sandbox.store.table(TABLE).pop(call.ids[1], None)
    return gone


def _evaluations(sandbox: Sandbox) -> Iterator[Entity]:
    for evaluation_id, conversation_id in sandbox.store.table(TABLE).items():
        own = entities(sandbox, EVALUATIONS, str(conversation_id))
        if evaluation_id in own:
            yield own[evaluation_id]


def _id_of(entity: Entity, wire: str) -> str:
    return str((as_object(entity.get(wire)) or {}).get("id") or "")


#: What the parameters of the query of evaluations are compared with.
QUERY: dict[str, Callable[[Entity], Any]] = {
    "conversationId": lambda e: _id_of(e, "conversation"),
    "agentUserId": lambda e: _id_of(e, "agent"),
    "evaluatorUserId": lambda e: _id_of(e, "evaluator"),
    "assigneeUserId": lambda e: _id_of(e, "assignee"),
    "queueId": lambda e: _id_of(e, "queue"),
    "formContextId": lambda e: (as_object(e.get("evaluationForm")) or {}).get("contextId"),
    "isReleased": lambda e: bool(e.get("releaseDate")),
    "agentHasRead": lambda e: bool(e.get("agentHasRead")),
}


@service("get_quality_evaluations_query")
def query_evaluations(sandbox: Sandbox, call: Call) -> Any:
    """Evaluations by conversation, agent, evaluator, queue, form, state and time."""
    query = call.query
    states = {str(state).upper() for state in query.get("evaluationState") or ()}
    first, last = str(query.get("startTime") or ""), str(query.get("endTime") or "~")
    found = [
        evaluation for evaluation in _evaluations(sandbox)
        if all(find(evaluation) == query[wire] for wire, find in QUERY.items() if wire in query)
        and (not states or evaluation["status"] in states) and first <= str(evaluation["createdDate"]) <= last
    ]  # fmt: skip
    descending = str(query.get("sortOrder") or "").lower().startswith("d")
    found.sort(key=lambda evaluation: str(evaluation["createdDate"]), reverse=descending)
    return page(sandbox, call, Listing("entities", "o"), found)


def analytics_of(sandbox: Sandbox, conversation_id: str, kind: str) -> Sequence[Entity]:
    """The evaluations or surveys (``kind``) of a conversation, as analytics calls their properties."""
    if kind == "evaluation":
        if conversation_id not in set(sandbox.store.derived("evaluated", lambda: set(_evaluated(sandbox)))):
            return ()
        return [_analytic(entity) for entity in entities(sandbox, EVALUATIONS, conversation_id)]
    if kind == "survey":
        return [_analytic_survey(entity) for entity in _surveys(sandbox, conversation_id)]
    return ()


def _evaluated(sandbox: Sandbox) -> Iterator[str]:
    return map(str, sandbox.store.table(TABLE).values())


def _analytic(entity: Entity) -> Entity:
    answers, form = as_object(entity.get("answers")) or {}, as_object(entity.get("evaluationForm")) or {}
    status = {"INPROGRESS": "InProgress", "INREVIEW": "InReview"}.get(entity["status"], str(entity["status"]).title())
    shown = {
        "evaluationId": entity["id"], "evaluationStatus": status, "evaluatorId": _id_of(entity, "evaluator"),
        "userId": _id_of(entity, "agent"), "queueId": _id_of(entity, "queue"), "formId": form.get("id"),
        "formName": form.get("name"), "contextId": form.get("contextId"), "eventTime": entity.get("changedDate"),
        "calibrationId": _id_of(entity, "calibration"), "released": bool(entity.get("releaseDate")),
        "rescored": bool(entity.get("rescore")), "deleted": False,
    }  # fmt: skip
    if answers:
        shown |= {"oTotalScore": round(answers.get("totalScore", 0)),
                  "oTotalCriticalScore": round(answers.get("totalCriticalScore", 0))}  # fmt: skip
    return {wire: value for wire, value in shown.items() if value not in ("", None)}


# --- calibrations -------------------------------------------------------------------------------


@service("post_quality_calibrations")
def create_calibration(sandbox: Sandbox, call: Call) -> Any:
    """Let several people evaluate the same conversation: each of them gets an evaluation."""
    body = body_of(call)
    conversation = sandbox.conversations.find(_id_of(body, "conversation"))
    given = as_object(body.get("evaluationForm")) or {}
    context, form = str(body.get("contextId") or given.get("contextId") or ""), None
    if given.get("id"):
        form = form_of(sandbox, EVALUATION, str(given["id"]))
    elif context:
        form = published_form(sandbox, EVALUATION, context)
    calibration_id = sandbox.conversations.new_id()
    reference = {"id": calibration_id, "selfUri": f"{CALIBRATIONS}/{calibration_id}"}
    evaluators = [
        found for entry in as_list(body.get("evaluators")) or [] if (found := _user(sandbox, entry)) is not None
    ]
    agent = _user(sandbox, body.get("agent")) or _agent_of(conversation)
    made = {
        **reference, "name": body.get("name"), "agent": agent, "evaluators": evaluators, "evaluationForm": form,
        "calibrator": _user(sandbox, body.get("calibrator")) or {"id": sandbox.admin_id},
        "conversation": {"id": conversation.id, "selfUri": f"/api/v2/conversations/{conversation.id}"},
        "contextId": form.get("contextId") if form else None, "createdDate": sandbox.now(),
        "evaluationIds": [
            _evaluation(sandbox, conversation, form, evaluator, agent, {"calibration": reference})["id"]
            for evaluator in evaluators
        ] if form else [],
    }  # fmt: skip
    kept = {wire: value for wire, value in made.items() if value is not None}
    entities(sandbox, CALIBRATIONS).put(calibration_id, kept)
    return _calibration(sandbox, kept)


def _calibration(sandbox: Sandbox, kept: Entity) -> Entity:
    """A calibration with its evaluations, and how far apart they are."""
    if "evaluationIds" not in kept:
        return kept
    own = entities(sandbox, EVALUATIONS, _id_of(kept, "conversation"))
    found = [own[key] for key in kept["evaluationIds"] if key in own]
    scores = [answers["totalScore"] for e in found if (answers := as_object(e.get("answers"))) is not None]
    shown = {**kept, "evaluations": found}
    if scores:
        shown |= {"averageScore": round(sum(scores) / len(scores)), "highScore": round(max(scores)),
                  "lowScore": round(min(scores))}  # fmt: skip
    return shown


@service("get_quality_calibration")
def read_calibration(sandbox: Sandbox, call: Call) -> Any:
    """One calibration."""
    found = entities(sandbox, CALIBRATIONS)
    if call.ids[0] not in found:
        raise not_found("calibration", call.ids[0])
    return _calibration(sandbox, found[call.ids[0]])


@service("get_quality_calibrations")
def list_calibrations(sandbox: Sandbox, call: Call) -> Any:
    """The calibrations of somebody, or about a conversation."""
    wanted, about = str(call.query["calibratorId"]), call.query.get("conversationId")
    found = [
        _calibration(sandbox, entity) for entity in entities(sandbox, CALIBRATIONS)
        if _id_of(entity, "calibrator") == wanted and about in (None, _id_of(entity, "conversation"))
    ]  # fmt: skip
    return page(sandbox, call, Listing("entities", "o"), found)


# --- surveys ------------------------------------------------------------------------------------


def _surveys(sandbox: Sandbox, conversation_id: str) -> list[Entity]:
    """The surveys of a conversation; those that were there from the start are about none."""
    own: dict[str, list[Entity]] = sandbox.store.derived("surveys", lambda: _by_conversation(sandbox))
    return own.get(conversation_id, [])


def _by_conversation(sandbox: Sandbox) -> dict[str, list[Entity]]:
    surveys = entities(sandbox, SURVEYS)
    found: dict[str, list[Entity]] = {}
    for survey_id in surveys.ids():
        if survey_id not in surveys.seeded:
            found.setdefault(_id_of(surveys[survey_id], "conversation"), []).append(surveys[survey_id])
    return found


@service("post_quality_surveys")
def create_survey(sandbox: Sandbox, call: Call) -> Any:
    """Send a customer a survey about a conversation."""
    body = body_of(call)
    conversation = sandbox.conversations.find(str(body["conversationId"]))
    context = str(body["surveyFormContextId"])
    form = published_form(sandbox, SURVEY, context)
    survey_id = sandbox.conversations.new_id()
    agent = _user(sandbox, {"id": body.get("agentId")}) or _agent_of(conversation)
    queue_id = body.get("queueId") or next((s.queue_id for _, s in conversation.sessions() if s.queue_id), None)
    made = {
        "id": survey_id, "name": form.get("name"), "surveyForm": form, "agent": agent, "status": "Pending",
        "conversation": {"id": conversation.id, "selfUri": f"/api/v2/conversations/{conversation.id}"},
        "queue": {"id": queue_id} if queue_id else None, "surveyType": "Web", "createdDate": sandbox.now(),
        "customerSurveyUrl": f"https://surveys.sandbox.example/{survey_id}", "selfUri": f"{SURVEYS}/{survey_id}",
    }  # fmt: skip
    kept = {wire: value for wire, value in made.items() if value is not None}
    entities(sandbox, SURVEYS).put(survey_id, kept)
    return kept


@service("get_quality_conversation_surveys")
def surveys_of(sandbox: Sandbox, call: Call) -> Any:
    """The surveys about a conversation."""
    sandbox.conversations.find(call.ids[0])
    return _surveys(sandbox, call.ids[0])


def _scorable(sandbox: Sandbox, call: Call) -> Entity:
    url = str(call.query["customerSurveyUrl"])
    surveys = entities(sandbox, SURVEYS)
    survey_id = url.rpartition("/")[2]
    if survey_id not in surveys or surveys[survey_id].get("customerSurveyUrl") != url:
        raise not_found("The survey")
    return surveys[survey_id]


@service("get_quality_surveys_scorable")
def scorable(sandbox: Sandbox, call: Call) -> Any:
    """The survey at an address, as a customer sees it."""
    return _scorable(sandbox, call)


@service("put_quality_surveys_scorable")
def answer_survey(sandbox: Sandbox, call: Call) -> Any:
    """A customer answers a survey."""
    before, body = _scorable(sandbox, call), body_of(call)
    after = {**before, "status": body.get("status") or "InProgress"}
    if as_object(body.get("answers")) is not None:
        after["answers"] = scored(before["surveyForm"], body["answers"])
    if after["status"] == "Finished":
        after["completedDate"] = sandbox.now()
    entities(sandbox, SURVEYS).put(before["id"], after)
    return after


def _analytic_survey(entity: Entity) -> Entity:
    answers, form = as_object(entity.get("answers")) or {}, as_object(entity.get("surveyForm")) or {}
    shown = {
        "surveyId": entity["id"], "surveyStatus": entity["status"], "surveyFormId": form.get("id"),
        "surveyFormContextId": form.get("contextId"), "surveyFormName": form.get("name"),
        "userId": _id_of(entity, "agent"),
        "queueId": _id_of(entity, "queue"), "surveyCompletedDate": entity.get("completedDate"),
        "eventTime": entity.get("completedDate") or entity.get("createdDate"), "surveyType": entity.get("surveyType"),
    }  # fmt: skip
    if answers:
        shown["oSurveyTotalScore"] = round(answers.get("totalScore", 0))
    return {wire: value for wire, value in shown.items() if value not in ("", None)}


# --- examples -----------------------------------------------------------------------------------


def _some_conversation(sandbox: Sandbox) -> str:
    return next((c.id for c in sandbox.conversations.all() if _agent_of(c) is not None), sandbox.conversations.ids()[0])


def _example_evaluation(sandbox: Sandbox) -> Entity:
    conversation = sandbox.conversations.find(_some_conversation(sandbox))
    return _evaluation(sandbox, conversation, some_form(sandbox), None, _agent_of(conversation), {})


@example_ids("get_quality_conversation_evaluation", "put_quality_conversation_evaluation",
             "delete_quality_conversation_evaluation")  # fmt: skip
def example_evaluation(sandbox: Sandbox) -> list[str]:
    """An evaluation; one is made."""
    made = _example_evaluation(sandbox)
    return [_id_of(made, "conversation"), str(made["id"])]


@example_ids("post_quality_conversation_evaluations", "get_quality_conversation_surveys")
def example_conversation(sandbox: Sandbox) -> list[str]:
    """A conversation."""
    return [_some_conversation(sandbox)]


@example_body("post_quality_conversation_evaluations")
def example_request(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """With a form that is published."""
    return {"evaluationForm": {"id": some_form(sandbox)["id"]}, "evaluator": {"id": users(sandbox).ids()[0]}}


@example_body("put_quality_conversation_evaluation")
def example_answers(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """In progress."""
    return {"status": "INPROGRESS"}


@example_body("post_quality_calibrations")
def example_calibration(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """One evaluator."""
    return {"name": "Example", "conversation": {"id": _some_conversation(sandbox)},
            "evaluators": [{"id": users(sandbox).ids()[0], "version": 1}]}  # fmt: skip


@example_query("get_quality_surveys_scorable", "put_quality_surveys_scorable")
def example_address(sandbox: Sandbox) -> dict[str, str]:
    """A survey that waits to be answered; one is sent."""
    form, survey_id = some_form(sandbox, SURVEY), sandbox.conversations.new_id()
    url = f"https://surveys.sandbox.example/{survey_id}"
    made = {"id": survey_id, "surveyForm": form, "status": "Pending", "customerSurveyUrl": url}
    entities(sandbox, SURVEYS).put(survey_id, made)
    return {"customerSurveyUrl": url}


@example_body("put_quality_surveys_scorable")
def example_survey_answers(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """No answers yet."""
    return {"status": "InProgress", "answers": {"questionGroupScores": []}}


@example_body("post_quality_surveys")
def example_survey(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """With a form that is published."""
    return {
        "conversationId": _some_conversation(sandbox),
        "surveyFormContextId": some_form(sandbox, SURVEY)["contextId"],
    }
