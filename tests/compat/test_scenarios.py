"""Small programs on both sides: equal but for the table of differences, every line of which is shown here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest

from genesyscloud.compat.differences import DIFFERENCES

from .recorder import Answer, Recorded, Recorder
from .sides import SIDES, start, wait

SCRIPT = Path(__file__).parent / "scripts" / "run.py"

USER = json.dumps({"id": "u1", "name": "Ann", "state": "active", "version": 3})
ERROR = json.dumps({"message": "no", "code": "some.code", "status": 404, "contextId": "c-1"})
TOKEN = json.dumps(
    {"access_token": "new-token", "token_type": "bearer", "expires_in": 86399, "refresh_token": "new-refresh"}
)


def _answers() -> dict[str, list[Answer | None]]:
    found: dict[str, list[Answer | None]] = {}
    for status in (207, 400, 401, 403, 404, 409, 413, 415, 418, 429, 500, 501, 502, 503, 504):
        found[f"status_{status}"] = [Answer(ERROR, status)]
    again = {"Retry-After": "0"}
    found |= {
        "status_reason": [Answer(ERROR, 404, {}, "Nothing Like That")],
        "status_empty": [Answer("", 404)],
        "status_html": [Answer("<html>no</html>", 503, {"Content-Type": "text/html"})],
        "reply_empty": [Answer("")],
        "reply_text": [Answer("plain", 200, {"Content-Type": "text/plain"})],
        "reply_broken": [Answer('{"id": ')],
        "reply_null": [Answer("null")],
        "reply_204": [Answer("", 204)],
        "reply_list": [Answer("[]")],
        "reply_utf8": [Answer('{"id": "ü€😀"}')],
        "reply_no_type": [Answer(USER, 200, {"Content-Type": ""})],
        "reply_binary": [Answer(b"\xff\xd8\xff\xe0", 200, {"Content-Type": "audio/mpeg"})],
        "retry_429": [Answer(ERROR, 429, again), Answer(ERROR, 429, again), Answer(USER)],
        "retry_429_post": [Answer(ERROR, 429, again), Answer(USER)],
        "retry_503": [Answer(ERROR, 503, again), Answer(USER)],
        "retry_503_post": [Answer(ERROR, 503, again), Answer(USER)],
        "retry_without_end": [Answer(ERROR, 429, again)],
        "dropped_get": [None, Answer(USER)],
        "dropped_post": [None, Answer(USER)],
        "redirect": [Answer("", 302, {"Location": "/scenarios/redirect/there?a=b"}), Answer(USER)],
        "redirect_303": [Answer("", 303, {"Location": "/scenarios/redirect_303/there"}), Answer(USER)],
        "redirect_307": [Answer("", 307, {"Location": "/scenarios/redirect_307/there"}), Answer(USER)],
        "redirect_without_end": [Answer("", 302, {"Location": "/scenarios/redirect_without_end/there"})],
        "drift_enum": [Answer(json.dumps({"id": "u1", "state": "brand new"}))],
        "drift_null": [Answer(json.dumps({"id": None, "state": None, "addresses": [None]}))],
        "drift_number": [Answer(json.dumps({"id": 5, "version": "abc"}))],
        "drift_list": [Answer(json.dumps({"addresses": {"a": 1}}))],
        "drift_extra": [Answer(json.dumps({"id": "u1", "brandNew": [1], "division": {"no": 1}}))],
        "drift_date": [Answer(json.dumps({"dateLastLogin": "2026-02-30"}))],
        "drift_date_text": [Answer(json.dumps({"dateLastLogin": "yesterday or so"}))],
        "client_credentials": [Answer(TOKEN), Answer(USER)],
        "login_refused": [Answer(json.dumps({"error": "invalid_client", "description": "no"}), 400)],
        "no_refresh_token": [Answer(json.dumps({"access_token": "a"}))],
        "renewal": [Answer(TOKEN), Answer(ERROR, 401), Answer(TOKEN.replace("new-", "newer-")), Answer(USER)],
        "renewal_refused": [Answer(ERROR, 401), Answer(json.dumps({"error": "invalid_grant"}), 400)],
        "renewal_off": [Answer(ERROR, 401)],
        "callback_error": [Answer(ERROR, 404)],
        # A token that can be renewed, and is refused all the same.
        "renewal_without_end": [Answer(ERROR, 401), Answer(TOKEN)] * 3000,
        "file_result": [Answer("a,b\n1,2", 200, {"Content-Disposition": 'attachment; filename="report.csv"'})],
        "gateway": [Answer(TOKEN), Answer(USER)],
        "log_error": [Answer(ERROR, 404)],
        "log_secrets": [Answer('{"secret": "s3cret-value"}')],
        "call_api": [Answer('{"id": "u1", "x": {"id": "u2"}}')],
    }
    return found


ANSWERS = _answers()


class _Outcome:
    def __init__(self, folder: Path) -> None:
        recorders = [Recorder(self._answer) for _ in SIDES]
        elsewhere = [recorder.url.replace("127.0.0.1", "localhost") for recorder in recorders]
        self._elsewhere = dict(enumerate(elsewhere))
        with recorders[0], recorders[1]:
            for place, recorder in enumerate(recorders):
                recorder.special = {"redirect_elsewhere": self._leave(place)}
            processes = [
                start(side, SCRIPT, recorder.url, str(folder / side.name), home=folder)
                for side, recorder in zip(SIDES, recorders, strict=True)
            ]
            for process in processes:
                wait(process)
        self.theirs, self.ours = [_read(folder / side.name) for side in SIDES]
        self.asked = [_asked(recorder) for recorder in recorders]

    def _leave(self, place: int) -> list[Answer | None]:
        there = f"{self._elsewhere[place]}/scenarios/redirect_elsewhere/there"
        return [Answer("", 302, {"Location": there}), Answer(USER)]

    @staticmethod
    def _answer(kind: str, name: str) -> list[Answer | None]:
        return ANSWERS.get(name, [Answer(USER)])


def _read(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as lines:
        return {found["name"]: found["found"] for found in map(json.loads, lines)}


def _asked(recorder: Recorder) -> dict[str, list[Recorded]]:
    return {name: [_unbounded(request) for request in found] for (_, name), found in recorder.recorded.items()}


def _unbounded(request: Recorded) -> Recorded:
    """Without what parts of a form are told apart by, which is random."""
    media = dict(request.headers).get("content-type", "")
    found = re.search("boundary=(.*)", media)
    if found is None:
        return request
    headers = [(name, value.replace(found[1], "BOUNDARY")) for name, value in request.headers]
    return request._replace(headers=headers, body=request.body.replace(found[1], "BOUNDARY"))


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> _Outcome:
    return _Outcome(tmp_path_factory.mktemp("scenarios"))


SHOWN = {name: difference.key for difference in DIFFERENCES for name in difference.scenarios}


def test_equal_but_for_the_table(outcome: _Outcome) -> None:
    assert outcome.theirs.keys() == outcome.ours.keys()
    problems: list[str] = []
    for name, theirs in outcome.theirs.items():
        ours = outcome.ours[name]
        requests = [asked.get(name, []) for asked in outcome.asked]
        if name in SHOWN:
            if theirs == ours and requests[0] == requests[1]:
                problems.append(f"{name}: no difference, but the table has one: {SHOWN[name]}")
        elif theirs != ours:
            problems.append(f"{name}: {_first_difference(theirs, ours)}")
        elif requests[0] != requests[1]:
            problems.append(f"{name}: asked {_first_difference(requests[0], requests[1])}")
    assert not problems, "\n".join([f"{len(problems)} differences", *problems])


def _first_difference(theirs: Any, ours: Any, where: str = "") -> str:
    """Where two JSON values begin to differ."""
    if isinstance(theirs, list | tuple) and isinstance(ours, list | tuple):
        pairs = list(zip(cast("list[Any]", theirs), cast("list[Any]", ours), strict=False))
        for place, (one, other) in enumerate(pairs):
            if one != other:
                return _first_difference(one, other, f"{where}[{place}]")
    if isinstance(theirs, dict) and isinstance(ours, dict):
        fields, others = cast("dict[str, Any]", theirs), cast("dict[str, Any]", ours)
        for key in fields.keys() & others.keys():
            if fields[key] != others[key]:
                return _first_difference(fields[key], others[key], f"{where}.{key}")
    return f"{where}: {str(cast('Any', theirs))[:400]} | {str(cast('Any', ours))[:400]}"
