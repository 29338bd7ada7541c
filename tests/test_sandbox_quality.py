"""Quality and speech analytics: forms, evaluations and their scores, calibrations, surveys, transcripts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.sandbox.services.quality_forms import scored

from .sandboxapi import Api

QUALITY = "/api/v2/quality"
FORMS = f"{QUALITY}/forms/evaluations"
SPEECH = "/api/v2/speechandtextanalytics/conversations"


@pytest.fixture
def api() -> Api:
    return Api()


def _question(text: str, *values: int, **more: Any) -> dict[str, Any]:
    answers = [{"text": str(value), "value": value} for value in values]
    return {"text": text, "type": "multipleChoiceQuestion", "answerOptions": answers, **more}


def _published(api: Api) -> Any:
    """A form with two groups, published."""
    groups = [
        {"name": "Greeting", "type": "questionGroup", "weight": 1, "questions": [_question("Name?", 0, 10)]},
        {"name": "Solution", "type": "questionGroup", "weight": 3,
         "questions": [_question("Solved?", 0, 5, 10, isCritical=True), _question("Rude?", 0, 1, isKill=True)]},
    ]  # fmt: skip
    draft = api.ok("POST", FORMS, {"name": "Calls", "questionGroups": groups})
    assert draft["published"] is False
    return api.ok("POST", f"{QUALITY}/publishedforms/evaluations", {"id": draft["id"], "published": True})


def _answers(form: Any, *chosen: int) -> dict[str, Any]:
    """A scoring set that chooses the nth answer of each question."""
    places = iter(chosen)
    return {
        "questionGroupScores": [
            {"questionGroupId": group["id"], "questionScores": [
                {"questionId": q["id"], "answerId": q["answerOptions"][next(places)]["id"]} for q in group["questions"]
            ]}
            for group in form["questionGroups"]
        ]
    }  # fmt: skip


def _conversation(api: Api) -> str:
    """A conversation that an agent had."""
    return next(c.id for c in api.sandbox.conversations.history().records if any(p.user_id for p in c.participants))


# --- forms --------------------------------------------------------------------------------------


def test_a_published_form_stays_as_it_was(api: Api):
    form = _published(api)
    draft = next(
        f for f in api.ok("GET", f"{FORMS}?pageSize=100")["entities"] if f.get("contextId") == form["contextId"]
    )
    assert draft["id"] != form["id"]
    changed = {"name": "Calls, second edition", "questionGroups": draft["questionGroups"]}
    api.ok("PUT", f"{FORMS}/{draft['id']}", changed)
    assert api.ok("GET", f"{QUALITY}/publishedforms/evaluations/{form['id']}")["name"] == "Calls"
    assert api("PUT", f"{FORMS}/{form['id']}", changed).status in (400, 404)
    second = api.ok("POST", f"{QUALITY}/publishedforms", {"id": draft["id"], "published": True})
    versions = api.ok("GET", f"{FORMS}/{draft['id']}/versions")["entities"]
    assert [v["id"] for v in versions] == [draft["id"], second["id"], form["id"]]
    assert api("POST", f"{QUALITY}/publishedforms", {"id": "unknown", "published": True}).status == 404


@pytest.mark.parametrize(
    ("chosen", "total", "critical", "killed"),
    [
        ((1, 2, 1), 100.0, 100.0, False),
        ((0, 2, 1), 76.74, 100.0, False),
        ((1, 1, 1), 65.12, 50.0, False),
        ((1, 2, 0), 0.0, 0.0, True),
    ],
)
def test_scores(api: Api, chosen: tuple[int, ...], total: float, critical: float, killed: bool):
    form = _published(api)
    body = {"evaluationForm": form, "answers": _answers(form, *chosen)}
    given = api.ok("POST", f"{QUALITY}/evaluations/scoring", body)
    assert given["totalScore"] == pytest.approx(total)
    assert given["totalCriticalScore"] == pytest.approx(critical)
    assert given["anyFailedKillQuestions"] is killed


def test_an_answer_must_be_one_of_the_question(api: Api):
    form = _published(api)
    answers = _answers(form, 0, 0, 0)
    answers["questionGroupScores"][0]["questionScores"][0]["answerId"] = "unknown"
    assert api("POST", f"{QUALITY}/evaluations/scoring", {"evaluationForm": form, "answers": answers}).status == 400


QUESTIONS = st.lists(st.tuples(st.integers(1, 10), st.booleans()), min_size=1, max_size=4)


@given(st.lists(st.tuples(st.floats(0.5, 10), QUESTIONS), min_size=1, max_size=4))
def test_scores_are_between_nothing_and_everything(groups: list[tuple[float, list[tuple[int, bool]]]]):
    form: dict[str, Any] = {"questionGroups": []}
    answers: dict[str, Any] = {"questionGroupScores": []}
    for at, (weight, questions) in enumerate(groups):
        options = [[{"id": "yes", "value": value}, {"id": "no", "value": 0}] for value, _ in questions]
        asked = [{"id": f"q{n}", "answerOptions": own} for n, own in enumerate(options)]
        form["questionGroups"].append({"id": f"g{at}", "weight": weight, "questions": asked})
        chosen = [{"questionId": f"q{n}", "answerId": "yes" if yes else "no"} for n, (_, yes) in enumerate(questions)]
        answers["questionGroupScores"].append({"questionGroupId": f"g{at}", "questionScores": chosen})
    found = scored(form, answers)
    assert 0 <= found["totalScore"] <= 100
    everything = [yes for _, questions in groups for _, yes in questions]
    assert (found["totalScore"] == 100) is all(everything)
    assert (found["totalScore"] == 0) is (not any(everything))


# --- evaluations --------------------------------------------------------------------------------


def test_an_evaluation_from_request_to_release(api: Api):
    form, conversation_id = _published(api), _conversation(api)
    evaluator = api.ok("GET", "/api/v2/users?pageSize=1")["entities"][0]["id"]
    url = f"{QUALITY}/conversations/{conversation_id}/evaluations"
    made = api.ok("POST", url, {"evaluationForm": {"id": form["id"]}, "evaluator": {"id": evaluator}})
    assert (made["status"], made["evaluator"]["id"]) == ("PENDING", evaluator)
    agents = {p["userId"] for p in api.details(conversation_id)["participants"] if "userId" in p}
    assert made["agent"]["id"] in agents
    answers = _answers(form, 0, 2, 1)
    working = api.ok("PUT", f"{url}/{made['id']}", {"answers": answers})
    assert (working["status"], round(working["answers"]["totalScore"])) == ("INPROGRESS", 77)
    api.now += 60
    done = api.ok("PUT", f"{url}/{made['id']}", {"answers": answers, "status": "FINISHED"})
    assert done["submittedDate"] == done["releaseDate"] > done["createdDate"]
    (analytic,) = api.details(conversation_id)["evaluations"]
    assert (analytic["evaluationStatus"], analytic["oTotalScore"], analytic["released"]) == ("Finished", 77, True)
    api.ok("DELETE", f"{url}/{made['id']}")
    assert api("GET", f"{url}/{made['id']}").status == 404
    assert "evaluations" not in api.details(conversation_id)


def test_evaluations_are_found_by_what_they_are_about(api: Api):
    form, conversation_id = _published(api), _conversation(api)
    users = [user["id"] for user in api.ok("GET", "/api/v2/users?pageSize=2")["entities"]]
    url = f"{QUALITY}/conversations/{conversation_id}/evaluations"
    bodies = [{"evaluationForm": {"id": form["id"]}, "evaluator": {"id": user_id}} for user_id in users]
    made = [api.ok("POST", url, body)["id"] for body in bodies]
    query = f"{QUALITY}/evaluations/query"
    assert [e["id"] for e in api.ok("GET", f"{query}?conversationId={conversation_id}")["entities"]] == made
    assert [e["id"] for e in api.ok("GET", f"{query}?evaluatorUserId={users[1]}")["entities"]] == made[1:]
    assert api.ok("GET", f"{query}?conversationId={conversation_id}&isReleased=true")["entities"] == []
    predicate = {"type": "dimension", "dimension": "evaluatorId", "operator": "matches", "value": users[0]}
    details = {"interval": "2023-11-06T00:00:00Z/2023-11-15T00:00:00Z",
               "evaluationFilters": [{"type": "and", "predicates": [predicate]}]}  # fmt: skip
    found = api.ok("POST", "/api/v2/analytics/conversations/details/query", details)
    assert [c["conversationId"] for c in found["conversations"]] == [conversation_id]
    assert api("POST", url, {"evaluationForm": {"id": "unknown"}}).status == 404
    assert (
        api("POST", f"{QUALITY}/conversations/unknown/evaluations", {"evaluationForm": {"id": form["id"]}}).status
        == 404
    )


def test_a_calibration_compares_evaluators(api: Api):
    form, conversation_id = _published(api), _conversation(api)
    users = [{"id": u["id"], "version": u["version"]} for u in api.ok("GET", "/api/v2/users?pageSize=2")["entities"]]
    body = {"name": "Monday", "conversation": {"id": conversation_id}, "evaluators": users, "calibrator": users[0],
            "contextId": form["contextId"]}  # fmt: skip
    made = api.ok("POST", f"{QUALITY}/calibrations", body)
    for evaluation, chosen in zip(made["evaluations"], ((1, 2, 1), (1, 0, 1)), strict=True):
        url = f"{QUALITY}/conversations/{conversation_id}/evaluations/{evaluation['id']}"
        api.ok("PUT", url, {"answers": _answers(form, *chosen), "status": "FINISHED"})
    found = api.ok("GET", f"{QUALITY}/calibrations/{made['id']}?calibratorId={users[0]['id']}")
    assert (found["highScore"], found["lowScore"], found["averageScore"]) == (100, 30, 65)
    listed = api.ok("GET", f"{QUALITY}/calibrations?calibratorId={users[0]['id']}")["entities"]
    assert made["id"] in {entity["id"] for entity in listed}


def test_a_survey_is_sent_and_answered(api: Api):
    conversation_id = _conversation(api)
    draft = api.ok("POST", f"{QUALITY}/forms/surveys", {
        "name": "How was it?", "language": "en-US",
        "questionGroups": [{"name": "All", "type": "questionGroup", "questions": [_question("Good?", 0, 5)]}],
    })  # fmt: skip
    form = api.ok("POST", f"{QUALITY}/publishedforms/surveys", {"id": draft["id"], "published": True})
    body = {"conversationId": conversation_id, "surveyFormContextId": form["contextId"]}
    made = api.ok("POST", f"{QUALITY}/surveys", body)
    assert made["status"] == "Pending"
    address = f"{QUALITY}/surveys/scorable?customerSurveyUrl={made['customerSurveyUrl']}"
    shown = api.ok("GET", address)["surveyForm"]
    api.ok("PUT", address, {"status": "Finished", "answers": _answers(shown, 1)})
    (survey,) = api.ok("GET", f"{QUALITY}/conversations/{conversation_id}/surveys")
    assert (survey["status"], survey["answers"]["totalScore"]) == ("Finished", 100.0)
    (analytic,) = api.details(conversation_id)["surveys"]
    assert (analytic["surveyStatus"], analytic["oSurveyTotalScore"]) == ("Finished", 100)
    assert api("GET", f"{QUALITY}/surveys/scorable?customerSurveyUrl=https://elsewhere.example/1").status == 404


# --- speech and text ----------------------------------------------------------------------------


def test_a_transcript_can_be_fetched_and_is_the_same_each_time(api: Api):
    conversation = next(
        c for c in api.sandbox.conversations.history().records
        if c.media == "voice" and any(p.user_id and s.segments[-1].kind == "wrapup" for p, s in c.sessions())
    )  # fmt: skip
    session = next(s for p, s in conversation.sessions() if p.user_id and s.segments[-1].kind == "wrapup")
    url = f"{SPEECH}/{conversation.id}/communications/{session.id}/transcripturl"
    first, second = (api("GET", api.ok("GET", url)["url"], token=False) for _ in range(2))
    assert (first.status, first.body) == (200, second.body)
    transcript = first.body["transcripts"][0]
    assert first.body["communicationId"] == session.id
    spoken = transcript["phrases"]
    assert {phrase["participantPurpose"] for phrase in spoken} == {"internal", "external"}
    starts = [phrase["startTimeMs"] for phrase in spoken]
    assert starts == sorted(starts)
    assert len(transcript["analytics"]["sentiment"]) == len(spoken)
    assert len(api.ok("GET", f"{url}s")["urls"]) == 1
    told = api.ok("GET", f"{SPEECH}/{conversation.id}")
    assert -100 <= told["sentimentScore"] <= 100
    shares = [v for k, v in told["participantMetrics"].items() if k.endswith("Percentage")]
    assert sum(shares) == pytest.approx(100, abs=1)
    assert api("GET", f"{SPEECH}/{conversation.id}/communications/unknown/transcripturl").status == 404


def test_what_was_written_is_the_transcript_of_a_message(api: Api):
    sender = {"id": "ada", "idType": "Opaque", "nickname": "Ada"}
    for text in ("It is broken", "Thank you that is great"):
        body = {"channel": {"from": sender, "time": "2023-11-14T22:00:00Z"}, "text": text}
        conversation_id = api.ok("POST", "/api/v2/conversations/messages/x/inbound/open/message", body)[
            "conversationId"
        ]
    session = api.participant(conversation_id, "customer")["messages"][0]["id"]
    url = api.ok("GET", f"{SPEECH}/{conversation_id}/communications/{session}/transcripturl")["url"]
    transcript = api("GET", url, token=False).body["transcripts"][0]
    assert [p["text"] for p in transcript["phrases"]] == ["It is broken", "Thank you that is great"]
    assert [s["sentiment"] for s in transcript["analytics"]["sentiment"]] == [-1, 1]
