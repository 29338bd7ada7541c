"""Forms of evaluations and surveys: drafted, published, and what they give for answers.

A published form is a copy of the draft with an id of its own and the same context id: evaluations keep to it whatever
becomes of the draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..crud import page
from ..narrow import as_list, as_object, objects
from ..refusal import bad_request, not_found
from ..shapes import Listing
from .conversations import body_of
from .registry import example_body, seeder, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..store import Collection, Entity

__all__ = ["EVALUATION", "PUBLISHED", "SURVEY", "entities", "form_of", "published_form", "scored", "some_form"]

FORMS = "/api/v2/quality/forms/{}"
PUBLISHED = "/api/v2/quality/publishedforms/{}"
#: Kinds of forms, as their path and the names of their operations have them.
EVALUATION, SURVEY = "evaluations", "surveys"


def entities(sandbox: Sandbox, path: str, *ids: str) -> Collection:
    """The collection at ``path``, under the parents with these ids."""
    shape = sandbox.shapes.collection(path)
    assert shape is not None, path
    return sandbox.collection(shape, list(ids))


def some_form(sandbox: Sandbox, kind: str = EVALUATION) -> Entity:
    """A form that is published, for examples."""
    forms = entities(sandbox, PUBLISHED.format(kind))
    return forms[forms.ids()[0]]


def _kind(call: Call) -> str:
    return SURVEY if "/surveys" in call.record.path else EVALUATION


# --- forms --------------------------------------------------------------------------------------


def form_of(sandbox: Sandbox, kind: str, form_id: str) -> Entity:
    """A form, draft or published.

    Raises:
        Refusal: 404; there is none with this id.
    """
    for path in (FORMS, PUBLISHED):
        forms = entities(sandbox, path.format(kind))
        if form_id in forms:
            return forms[form_id]
    raise not_found("form", form_id)


def published_form(sandbox: Sandbox, kind: str, context_id: str) -> Entity:
    """What was last published with a context id.

    Raises:
        Refusal: 404; nothing was.
    """
    for form in reversed(list(entities(sandbox, PUBLISHED.format(kind)))):
        if form.get("contextId") == context_id:
            return form
    raise not_found("form", context_id)


def _numbered(sandbox: Sandbox, body: Entity) -> Entity:
    """A form whose groups, questions and answers all have ids."""

    def numbered(entry: Any) -> Any:
        found = as_object(entry)
        if found is None:
            return entry
        made = dict(found)
        made.setdefault("id", sandbox.conversations.new_id())
        for wire in ("questions", "answerOptions", "multipleSelectOptionQuestions"):
            parts = as_list(found.get(wire))
            if parts is not None:
                made[wire] = [numbered(part) for part in parts]
        return made

    groups = [numbered(group) for group in as_list(body.get("questionGroups")) or []]
    return body | {"questionGroups": groups}


@service("post_quality_forms", "post_quality_forms_evaluations", "post_quality_forms_surveys")
def create_form(sandbox: Sandbox, call: Call) -> Any:
    """Draft a form."""
    kind, form_id = _kind(call), sandbox.conversations.new_id()
    made = {**_numbered(sandbox, body_of(call)), "id": form_id, "contextId": sandbox.conversations.new_id(),
            "published": False, "modifiedDate": sandbox.now(), "disabled": False,
            "selfUri": f"{FORMS.format(kind)}/{form_id}"}  # fmt: skip
    entities(sandbox, FORMS.format(kind)).put(form_id, made)
    return made


@service("get_quality_form", "get_quality_forms_evaluation", "get_quality_forms_survey")
def read_form(sandbox: Sandbox, call: Call) -> Any:
    """A form, draft or published."""
    return form_of(sandbox, _kind(call), call.ids[0])


@service("put_quality_form", "put_quality_forms_evaluation", "put_quality_forms_survey", "patch_quality_forms_survey")
def change_form(sandbox: Sandbox, call: Call) -> Any:
    """Change a draft; what is published stays as it is."""
    kind, form_id = _kind(call), call.ids[0]
    before = form_of(sandbox, kind, form_id)
    if before.get("published"):
        raise bad_request(f"The form {form_id} is published: change its draft.")
    body = {wire: value for wire, value in body_of(call).items() if value is not None}
    kept = {wire: before[wire] for wire in ("id", "contextId", "published", "selfUri") if wire in before}
    replaced = before | body if call.record.method == "PATCH" else _numbered(sandbox, body)
    after = replaced | kept | {"modifiedDate": sandbox.now()}
    entities(sandbox, FORMS.format(kind)).put(form_id, after)
    return after


@service("post_quality_publishedforms", "post_quality_publishedforms_evaluations",
         "post_quality_publishedforms_surveys")  # fmt: skip
def publish_form(sandbox: Sandbox, call: Call) -> Any:
    """Publish a draft, as a copy with an id of its own."""
    kind, body = _kind(call), body_of(call)
    draft = form_of(sandbox, kind, str(body["id"]))
    if not body.get("published"):
        raise bad_request("A form is published with published=true.", code="invalid.value")
    form_id = sandbox.conversations.new_id()
    made = {**draft, "id": form_id, "published": True, "modifiedDate": sandbox.now(),
            "selfUri": f"{PUBLISHED.format(kind)}/{form_id}"}  # fmt: skip
    entities(sandbox, PUBLISHED.format(kind)).put(form_id, made)
    return made


@service("get_quality_form_versions", "get_quality_forms_evaluation_versions", "get_quality_forms_survey_versions")
def versions(sandbox: Sandbox, call: Call) -> Any:
    """All versions of a form: those that were published, latest first, and the draft."""
    kind = _kind(call)
    context = form_of(sandbox, kind, call.ids[0]).get("contextId")
    everything = [
        *entities(sandbox, FORMS.format(kind)),
        *reversed(list(entities(sandbox, PUBLISHED.format(kind)))),
    ]
    found = [form for form in everything if form.get("contextId") == context]
    return page(sandbox, call, sandbox.shapes.listing(call.record) or Listing("entities", "o"), found)


def _seeded_form(sandbox: Sandbox, collection: Collection, entity: Entity) -> None:
    """A seeded form can be answered: two groups of questions with yes and no."""
    published = "/publishedforms/" in collection.path
    entity |= {
        "published": published,
        "name": f"{'Survey' if '/surveys' in collection.path else 'Evaluation'} {entity['id'][:4]}",
        "questionGroups": [_seeded_group(entity["id"], name, at) for at, name in enumerate(("Greeting", "Solution"))],
    }
    entity.pop("publishedVersions", None)


for _path in (FORMS, PUBLISHED):
    for _sort in (EVALUATION, SURVEY):
        seeder(_path.format(_sort))(_seeded_form)


def _seeded_group(form_id: str, name: str, at: int) -> Entity:
    answers = [
        {"id": f"{form_id}-{at}-{value}", "text": text, "value": value} for value, text in ((1, "Yes"), (0, "No"))
    ]
    question = {"id": f"{form_id}-{at}-q", "text": f"{name}: was it good?", "type": "multipleChoiceQuestion",
                "answerOptions": answers, "isKill": False, "isCritical": at == 1}  # fmt: skip
    return {"id": f"{form_id}-{at}", "name": name, "type": "questionGroup", "weight": 1.0, "questions": [question]}


# --- scores -------------------------------------------------------------------------------------


def scored(form: Entity, answers: Entity) -> Entity:
    """A set of answers with the scores that a form gives for them, in per cent of what can be reached.

    Args:
        form: an evaluation or survey form.
        answers: a scoring set: groups with questions, each with the id of its answer.

    Raises:
        Refusal: 400; an answer is none of its question.
    """
    given = {str(g.get("questionGroupId")): g for g in objects(answers.get("questionGroupScores"))}
    groups: list[Entity] = []
    reached = most = critical = most_critical = 0.0
    killed = False
    for group in objects(form.get("questionGroups")):
        answered = given.get(str(group.get("id")))
        if answered is None:
            continue
        result, own, own_critical, kill = _group(group, answered)
        killed = killed or kill
        groups.append(result)
        weight = float(group.get("weight") or 1)
        reached, most = reached + own[0] * weight, most + own[1] * weight
        critical, most_critical = critical + own_critical[0] * weight, most_critical + own_critical[1] * weight
    plain, most_plain = reached - critical, most - most_critical
    return {
        **answers, "questionGroupScores": groups, "anyFailedKillQuestions": killed,
        "totalScore": 0.0 if killed else _share(reached, most), "maxTotalRawScore": most,
        "totalCriticalScore": 0.0 if killed else _share(critical, most_critical),
        "maxTotalRawCriticalScore": most_critical,
        "totalNonCriticalScore": 0.0 if killed else _share(plain, most_plain),
    }  # fmt: skip


def _share(reached: float, most: float) -> float:
    return round(100 * reached / most, 2) if most else 0.0


Pair = tuple[float, float]


def _group(group: Entity, answered: Entity) -> tuple[Entity, Pair, Pair, bool]:
    """The scores of a group: as they are shown, all points and the critical ones, and whether it spoils everything."""
    given = {str(entry.get("questionId")): entry for entry in objects(answered.get("questionScores"))}
    reached = most = critical = most_critical = 0.0
    killed = False
    shown: list[Entity] = []
    skipped = bool(answered.get("markedNA"))
    for question in objects(group.get("questions")):
        entry = given.get(str(question.get("id")))
        if entry is None or entry.get("markedNA") or skipped:
            shown += [] if entry is None else [{**entry, "score": 0}]
            continue
        points, best = _points(question, entry)
        reached, most = reached + points, most + best
        if question.get("isCritical"):
            critical, most_critical = critical + points, most_critical + best
        failed = bool(question.get("isKill")) and points < best
        killed = killed or failed
        shown.append({**entry, "score": int(points), "failedKillQuestion": failed})
    result = {
        **answered, "questionScores": shown, "totalScore": _share(reached, most),
        "maxTotalScore": 100.0 if most else 0.0,
        "totalScoreUnweighted": reached, "maxTotalScoreUnweighted": most, "totalCriticalScore": critical,
        "maxTotalCriticalScore": most_critical, "totalNonCriticalScore": reached - critical,
        "maxTotalNonCriticalScore": most - most_critical, "totalCriticalScoreUnweighted": critical,
        "maxTotalCriticalScoreUnweighted": most_critical, "totalNonCriticalScoreUnweighted": reached - critical,
        "maxTotalNonCriticalScoreUnweighted": most - most_critical,
    }  # fmt: skip
    return result, (reached, most), (critical, most_critical), killed


def _points(question: Entity, entry: Entity) -> Pair:
    """The points of an answer, and those of the best one."""
    options = {
        str(option.get("id")): float(option.get("value") or 0) for option in objects(question.get("answerOptions"))
    }
    if not options:
        return 0.0, 0.0
    chosen = str(entry.get("answerId") or "")
    if chosen and chosen not in options:
        raise bad_request(f"{chosen} is no answer of the question {question.get('id')}.", code="invalid.value")
    return options.get(chosen, 0.0), max(options.values())


@service("post_quality_evaluations_scoring", "post_quality_surveys_scoring")
def score(sandbox: Sandbox, call: Call) -> Any:
    """What a form would give for answers."""
    body = body_of(call)
    form = as_object(body.get("evaluationForm") or body.get("surveyForm")) or {}
    kind = _kind(call)
    if not form.get("questionGroups") and form.get("id"):
        form = form_of(sandbox, kind, str(form["id"]))
    return scored(form, as_object(body.get("answers")) or {})


# --- examples -----------------------------------------------------------------------------------


@example_body("post_quality_publishedforms", "post_quality_publishedforms_evaluations")
def example_publication(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A draft that exists."""
    return {"id": _draft(sandbox, EVALUATION), "published": True}


def _draft(sandbox: Sandbox, kind: str) -> str:
    return entities(sandbox, FORMS.format(kind)).ids()[0]


@example_body("post_quality_publishedforms_surveys")
def example_survey_publication(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """A draft that exists."""
    return {"id": _draft(sandbox, SURVEY), "published": True}


def _questions(form: Entity) -> Entity:
    """What evaluation and survey forms have alike in requests and replies."""
    return {wire: form[wire] for wire in ("name", "language", "questionGroups") if wire in form}


@example_body("post_quality_evaluations_scoring")
def example_scoring(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """No answers yet."""
    return {"evaluationForm": _questions(some_form(sandbox)), "answers": {"questionGroupScores": []}}


@example_body("post_quality_surveys_scoring")
def example_survey_scoring(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """No answers yet."""
    return {"surveyForm": _questions(some_form(sandbox, SURVEY)), "answers": {"questionGroupScores": []}}
