"""What the sandbox does with requests: log in, route, check, keep, list, count."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from genesyscloud.http import Headers, Request
from genesyscloud.sandbox import Sandbox

QUEUES = "/api/v2/routing/queues"
USERS = "/api/v2/users"
#: The week before the time of the tests' clock.
WEEK = "2023-11-07T22:00:00.000Z/2023-11-14T22:13:20.000Z"


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Answer(NamedTuple):
    status: int
    body: Any
    headers: Headers


class Api:
    """A sandbox with a token."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.sandbox = Sandbox(clock=self.clock, **settings)
        self.token = self.sandbox.access_token()

    def __call__(self, method: str, url: str, body: Any = None, **headers: str) -> Answer:
        sent = {"authorization": f"Bearer {self.token}", **{name.replace("_", "-"): v for name, v in headers.items()}}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("content-type", "application/json")
        reply = self.sandbox.handle(Request(method, url, {k: v for k, v in sent.items() if v}, data))
        text = reply.headers.get("content-type", "").startswith("text/")
        return Answer(reply.status, reply.body if text or not reply.body else json.loads(reply.body), reply.headers)


@pytest.fixture
def api() -> Api:
    return Api()


def _log_in(api: Api, form: str, authorization: str = "") -> Answer:
    kind = "application/x-www-form-urlencoded"
    return api("POST", "/oauth/token", form.encode(), authorization=authorization, content_type=kind)


def _basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


# --- logging in ---------------------------------------------------------------------------------


def test_client_credentials_by_header_and_by_form(api: Api):
    by_header = _log_in(api, "grant_type=client_credentials", authorization=_basic("sandbox", "sandbox"))
    by_form = _log_in(api, "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox")
    for answer in (by_header, by_form):
        assert answer.status == 200
        assert answer.body["token_type"] == "bearer"
        assert answer.body["expires_in"] == 86_400
        assert api("GET", "/api/v2/tokens/me", authorization=f"Bearer {answer.body['access_token']}").status == 200


@pytest.mark.parametrize(
    ("form", "authorization", "status", "error"),
    [
        ("grant_type=client_credentials", _basic("sandbox", "wrong"), 401, "invalid_client"),
        ("grant_type=client_credentials", _basic("nobody", "sandbox"), 400, "invalid_client"),
        ("grant_type=client_credentials", "", 400, "invalid_client"),
        ("grant_type=client_credentials", "Basic ???", 400, "invalid_request"),
        ("grant_type=password", _basic("sandbox", "sandbox"), 400, "unsupported_grant_type"),
        ("", _basic("sandbox", "sandbox"), 400, "invalid_request"),
    ],
)
def test_refused_logins(api: Api, form: str, authorization: str, status: int, error: str):
    answer = _log_in(api, form, authorization=authorization)
    assert (answer.status, answer.body["error"]) == (status, error)
    assert answer.body["error_description"]


def test_tokens_expire_and_can_be_revoked(api: Api):
    assert api("GET", "/api/v2/tokens/me").body["OAuthClient"]["id"] == "sandbox"
    api.clock.now += 86_399
    assert api("GET", "/api/v2/tokens/me").status == 200
    api.clock.now += 1
    assert (answer := api("GET", "/api/v2/tokens/me")).status == 401
    assert answer.body["code"] == "bad.credentials"
    api.token = api.sandbox.access_token()
    assert api("DELETE", "/api/v2/tokens/me").status in (200, 204)
    assert api("GET", "/api/v2/tokens/me").status == 401


def test_requests_without_a_token(api: Api):
    answer = api("GET", f"{USERS}/me", authorization="")
    assert (answer.status, answer.body["code"]) == (401, "authentication.required")
    assert answer.body["contextId"] == answer.headers["ININ-Correlation-Id"]
    assert api("GET", f"{USERS}/me", authorization="Bearer nonsense").body["code"] == "bad.credentials"


def test_the_user_of_client_credentials_is_a_setting():
    assert Api()("GET", f"{USERS}/me").body["name"] == "Sandbox Admin"
    assert Api(client_credentials_user=False)("GET", f"{USERS}/me").status == 400


# --- routing and checking -----------------------------------------------------------------------


def test_unknown_paths_and_methods(api: Api):
    assert (api("GET", "/api/v2/nothing").status, api("GET", "/api/v2/users/").status) == (404, 404)
    answer = api("BREW", QUEUES)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")
    assert api("GET", "/oauth/token").status == 405


def test_head_answers_like_get_without_a_body(api: Api):
    assert api("HEAD", "/api/v2/tokens/me")[:2] == (200, b"") or api("HEAD", "/api/v2/tokens/me").status == 204
    answer = api("HEAD", f"{USERS}/me")
    assert (answer.status, answer.body) == (200, b"")


def test_literal_segments_win_where_the_method_exists(api: Api):
    assert api("GET", f"{USERS}/me").body["name"] == "Sandbox Admin"
    answer = api("DELETE", f"{USERS}/me")
    assert (answer.status, answer.body["entityId"]) == (404, "me")


@pytest.mark.parametrize(
    ("url", "field", "code"),
    [
        (f"{QUEUES}?pageSize=many", "pageSize", "invalid.value"),
        (f"{QUEUES}?pageSize=101", "pageSize", "invalid.value"),
        (f"{QUEUES}?pageNumber=0", "pageNumber", "invalid.value"),
        (f"{QUEUES}?hasPeer=perhaps", "hasPeer", "invalid.value"),
        (f"{USERS}?sortOrder=sideways", "sortOrder", "invalid.value"),
        ("/api/v2/users/search", "q64", "bad.request"),
    ],
)
def test_parameters_are_checked(api: Api, url: str, field: str, code: str):
    answer = api("GET", url)
    assert (answer.status, answer.body["code"], answer.body["details"][0]["fieldName"]) == (400, code, field)


def test_unknown_parameters_are_ignored_and_enums_can_be_switched_off(api: Api):
    assert api("GET", f"{QUEUES}?colour=blue").status == 200
    assert api("GET", f"{USERS}?sortOrder=DESC").status == 200
    names = [
        [u["name"] for u in api("GET", f"{USERS}?sortOrder={way}").body["entities"]] for way in ("ASC", "a", "desc")
    ]
    assert names[0] == names[1] != names[2]
    assert api("GET", f"{USERS}?sortOrder=DESCENDING").status == 200
    assert Api(check_enums=False)("GET", f"{USERS}?sortOrder=sideways").status == 200


def test_bodies_are_checked_at_any_depth(api: Api):
    assert api("POST", QUEUES).body["code"] == "bad.request"
    assert api("POST", QUEUES, b"{").status == 400
    assert api("POST", QUEUES, []).status == 400
    missing = api("POST", QUEUES, {})
    assert missing.body["details"] == [{"errorCode": "required", "fieldName": "name"}]
    deep = api("POST", QUEUES, {"name": "a", "routingRules": [{"operator": "ANY"}, {"threshold": "x"}]})
    assert deep.body["details"] == [{"errorCode": "invalid.value", "fieldName": "routingRules[1].threshold"}]
    assert api("POST", QUEUES, {"name": "a", "dateCreated": "yesterday"}).body["code"] == "invalid.date"
    assert api("POST", QUEUES, {"name": "a", "dateCreated": "2026-01-01T00:00:00"}).body["code"] == "invalid.date"
    assert api("POST", QUEUES, {"name": "a"}, content_type="text/xml").status == 415
    assert api("POST", QUEUES, {"name": "a"}, content_type="application/json; charset=utf-16").status == 415
    assert api("POST", QUEUES, {"name": "a", "description": "x" * 512_000}).status == 413
    assert api("POST", QUEUES, {"name": "a", "id": 5, "memberCount": "ignored, since only read"}).status == 200


# --- entities -----------------------------------------------------------------------------------


def test_the_life_of_an_entity(api: Api):
    made = api("POST", QUEUES, {"name": "Sales", "description": "first", "id": "mine"}).body
    url = made["selfUri"]
    assert url == f"{QUEUES}/{made['id']}" != f"{QUEUES}/mine"
    assert made["dateCreated"] == "2023-11-14T22:13:20.000Z"
    assert made["createdBy"] == api("GET", f"{USERS}/me").body["id"]
    assert api("GET", url).body == made

    api.clock.now += 60
    changed = api("PUT", url, {**made, "name": "Sales 2", "description": None}).body
    assert changed["name"] == "Sales 2"
    assert "description" not in changed
    assert (changed["dateCreated"], changed["dateModified"]) == (made["dateCreated"], "2023-11-14T22:14:20.000Z")

    assert api("DELETE", url).status == 204
    gone = api("GET", url)
    assert (gone.status, gone.body["code"], gone.body["entityId"]) == (404, "not.found", made["id"])
    assert [api(method, url, {"name": "a"}).status for method in ("PUT", "DELETE")] == [404, 404]


def test_a_patch_merges_clears_and_counts_versions(api: Api):
    user = api("GET", f"{USERS}?pageSize=1").body["entities"][0]
    url = f"{USERS}/{user['id']}"
    changed = api("PATCH", url, {"version": user["version"], "title": "Chief", "department": None}).body
    assert (changed["title"], changed["name"], changed["version"]) == ("Chief", user["name"], user["version"] + 1)
    assert "department" in user
    assert "department" not in changed
    assert "department" not in api("GET", url).body
    stale = api("PATCH", url, {"version": user["version"], "title": "Other"})
    assert (stale.status, stale.body["status"], stale.body["entityId"]) == (409, 409, user["id"])
    assert api("GET", url).body["title"] == "Chief"


def test_expand_decides_what_is_shown(api: Api):
    url = f"{USERS}/{api('GET', f'{USERS}/me').body['id']}"
    assert not {"presence", "routingStatus"} & api("GET", url).body.keys()
    assert "presence" in api("GET", f"{url}?expand=presence").body
    assert {"presence", "routingStatus"} <= api("GET", f"{url}?expand=presence,routingStatus").body.keys()
    assert {"presence", "routingStatus"} <= api("GET", f"{url}?expand=presence&expand=routingStatus").body.keys()


def test_seeded_entities_are_the_same_wherever_they_are_read(api: Api):
    for collection in (QUEUES, USERS, "/api/v2/flows", "/api/v2/routing/skills"):
        for listed in api("GET", f"{collection}?pageSize=2&pageNumber=2").body["entities"]:
            read = api("GET", f"{collection}/{listed['id']}").body
            assert (read["id"], read["name"], read["selfUri"]) == (listed["id"], listed["name"], listed["selfUri"])


def test_ids_with_any_character(api: Api):
    properties = {"key": {"type": "string"}, "count": {"type": "integer"}}
    schema = {"type": "object", "required": ["key"], "properties": properties}
    table = api("POST", "/api/v2/flows/datatables", {"name": "t", "schema": schema}).body["id"]
    rows = f"/api/v2/flows/datatables/{table}/rows"
    key = "a/b c%ü"
    api("POST", rows, {"key": key, "count": 1})
    answer = api("GET", f"{rows}/{quote(key, safe='')}?showbrief=false")
    assert (answer.status, answer.body) == (200, {"key": key, "count": 1})


def test_what_was_created_starts_empty_and_is_removed_with_its_parent(api: Api):
    queue = api("POST", QUEUES, {"name": "a"}).body["id"]
    user = api("GET", f"{USERS}/me").body["id"]
    assert api("GET", f"{QUEUES}/{queue}/members").body["entities"] == []
    api("POST", f"{QUEUES}/{queue}/members", [{"id": user}])
    api("DELETE", f"{QUEUES}/{queue}")
    assert api("GET", f"{QUEUES}/{queue}/members").status == 404
    assert api("GET", f"{QUEUES}/unknown/members").status == 404


def test_members_of_a_queue(api: Api):
    queue = api("POST", QUEUES, {"name": "a"}).body["selfUri"]
    users = [user["id"] for user in api("GET", f"{USERS}?pageSize=3").body["entities"]]
    assert api("POST", f"{queue}/members", [{"id": user} for user in users]).status == 204
    listed = api("GET", f"{queue}/members?pageSize=2").body
    assert [member["id"] for member in listed["entities"]] == users[:2]
    assert parse_qs(urlsplit(str(listed["nextUri"])).query)["pageNumber"] == ["2"]
    assert api("PATCH", f"{queue}/members/{users[0]}", {"joined": False, "id": users[0]}).status == 204
    counts = api("GET", queue).body
    assert (counts["memberCount"], counts["joinedMemberCount"]) == (3, 2)
    assert [m["id"] for m in api("GET", f"{queue}/members?joined=false").body["entities"]] == users[:1]
    api("POST", f"{queue}/members?delete=true", [{"id": users[1]}])
    assert api("DELETE", f"{queue}/members/{users[2]}").status == 204
    assert api("GET", queue).body["memberCount"] == 1
    assert api("GET", f"{queue}/users").body["entities"][0]["id"] == users[0]
    assert api("POST", f"{queue}/members", [{"id": "nobody"}]).status == 404


def test_lists_of_references_are_added(api: Api):
    queue = api("POST", QUEUES, {"name": "a"}).body["selfUri"]
    codes = [code["id"] for code in api("GET", "/api/v2/routing/wrapupcodes?pageSize=2").body["entities"]]
    added = api("POST", f"{queue}/wrapupcodes", [{"id": code} for code in codes])
    assert [code["id"] for code in added.body] == codes
    assert [code["id"] for code in api("GET", f"{queue}/wrapupcodes").body["entities"]] == codes
    assert api("DELETE", f"{queue}/wrapupcodes/{codes[0]}").status == 204
    assert [code["id"] for code in api("GET", f"{queue}/wrapupcodes").body["entities"]] == codes[1:]


def test_seeded_queues_have_seeded_users(api: Api):
    queue = api("GET", f"{QUEUES}?pageSize=1").body["entities"][0]
    members = api("GET", f"{queue['selfUri']}/members").body["entities"]
    assert len(members) == queue["memberCount"] == 5
    assert api("GET", f"{USERS}/{members[0]['id']}").body["name"] == members[0]["name"]
    assert api("GET", f"{queue['selfUri']}/members").body["entities"] == members


def test_documents_are_kept(api: Api):
    timeout = "/api/v2/tokens/timeout"
    before = api("GET", timeout).body
    changed = api("PUT", timeout, {"idleTokenTimeoutSeconds": 1234}).body
    assert changed["idleTokenTimeoutSeconds"] == api("GET", timeout).body["idleTokenTimeoutSeconds"] == 1234
    api.sandbox.reset()
    api.token = api.sandbox.access_token()
    assert api("GET", timeout).body == before


# --- lists --------------------------------------------------------------------------------------


def _pages(api: Api, url: str) -> Iterator[dict[str, Any]]:
    for _ in range(50):
        page = api("GET", url).body
        yield page
        if "nextUri" not in page:
            return
        url = page["nextUri"]
    pytest.fail("endless")


def test_page_numbers(api: Api):
    pages = list(_pages(api, f"{QUEUES}?pageSize=100"))
    assert [len(page["entities"]) for page in pages] == [100, 100, 50]
    assert [(p["pageNumber"], p["pageCount"], p["total"], p["pageSize"]) for p in pages][2] == (3, 3, 250, 100)
    assert len({queue["id"] for page in pages for queue in page["entities"]}) == 250
    assert "previousUri" not in pages[0]
    assert api("GET", f"{QUEUES}?pageNumber=99").body["entities"] == []
    assert len(api("GET", QUEUES).body["entities"]) == 25


def test_after_and_before(api: Api):
    url = "/api/v2/knowledge/knowledgebases"
    pages = list(_pages(api, f"{url}?pageSize=25"))
    assert [len(page["entities"]) for page in pages] == [25, 25, 10]
    assert pages[0]["nextUri"].startswith(f"{url}?pageSize=25&after=")
    assert api("GET", pages[1]["previousUri"]).body["entities"] == pages[0]["entities"]
    assert api("GET", f"{url}?after=made-up").status == 400


def test_search_by_body_and_by_q64(api: Api):
    query = [{"type": "STARTS_WITH", "fields": ["name"], "value": "Sandbox"}]
    found = api("POST", "/api/v2/users/search", {"query": query}).body
    assert [user["name"] for user in found["results"]] == ["Sandbox Admin"]
    everyone: dict[str, Any] = {"pageSize": 40, "query": [], "sortBy": "name"}
    first = api("GET", f"/api/v2/users/search?q64={base64.b64encode(json.dumps(everyone).encode()).decode()}").body
    second = api("GET", first["nextPage"]).body
    names = [user["name"] for page in (first, second) for user in page["results"]]
    assert (first["total"], len(names)) == (60, 60)
    assert names == sorted(names, key=str.lower)
    assert "nextPage" not in second
    assert api("GET", "/api/v2/users/search?q64=%25").status == 400


def test_scim(api: Api):
    page = api("GET", "/api/v2/scim/users?startIndex=59&count=25")
    assert page.headers["content-type"] == "application/scim+json"
    assert (page.body["totalResults"], page.body["startIndex"], len(page.body["Resources"])) == (60, 59, 2)


def test_paging_in_the_body(api: Api):
    url, paging = "/api/v2/analytics/conversations/details/query", {"pageSize": 100, "pageNumber": 3}
    page = api("POST", url, {"interval": WEEK, "paging": paging}).body
    assert (page["totalHits"], len(page["conversations"])) == (250, 50)


def test_messages_before_a_time(api: Api):
    url = "/api/v2/chats/threads/t/messages?limit=40"
    first = api("GET", url).body["entities"]
    second = api("GET", f"{url}&before={first[-1]['dateCreated']}").body["entities"]
    dates = [message["dateCreated"] for message in first + second]
    assert len(dates) == 60
    assert dates == sorted(dates, reverse=True)
    assert api("GET", f"{url}&before=yesterday").body["code"] == "invalid.date"


def test_several_ids_in_one_path(api: Api):
    url = api.sandbox.example_call("get_chats_room_messages").request.url
    ids = [message["id"] for message in api("GET", url).body["entities"][:2]]
    assert [message["id"] for message in api("GET", f"{url}/{','.join(ids)}").body["entities"]] == ids
    assert api("GET", f"{url}/{ids[0]},unknown").body["entityId"] == "unknown"


def test_a_search_whose_results_the_definition_does_not_know_finds_nothing(api: Api):
    found = api("POST", "/api/v2/search", {"types": ["users"], "query": []}).body
    assert (found["total"], found["results"]) == (0, {})
    assert "nextPage" not in found


def test_an_entity_that_is_a_list(api: Api):
    url = api.sandbox.example_call("get_flow_history_history_id").request.url
    pages = [api("GET", f"{url}?pageSize=40&pageNumber={number}").body for number in (1, 2)]
    assert [len(page["entities"]) for page in pages] == [40, 20]
    assert pages[0]["id"] == pages[1]["id"] == url.rpartition("/")[2]


def test_filters_and_order(api: Api):
    some = api("GET", f"{QUEUES}?name=Sales*&pageSize=100").body
    assert 0 < some["total"] < 250
    assert {queue["name"].split()[0] for queue in some["entities"]} == {"Sales"}
    ids = [queue["id"] for queue in some["entities"][:3]]
    assert [q["id"] for q in api("GET", f"{QUEUES}?id={','.join(ids)}").body["entities"]] == ids
    assert [q["id"] for q in api("GET", f"{QUEUES}?id={ids[0]}&id={ids[1]}").body["entities"]] == ids[:2]
    division = some["entities"][0]["division"]["id"]
    assert api("GET", f"{QUEUES}?divisionId={division}").body["total"] == 250
    assert api("GET", f"{QUEUES}?divisionId=other").body["total"] == 0
    names = [q["name"] for q in api("GET", f"{QUEUES}/divisionviews?sortBy=name&sortOrder=desc").body["entities"]]
    assert names == sorted(names, key=str.lower, reverse=True)


# --- jobs ---------------------------------------------------------------------------------------


def test_an_analytics_job(api: Api):
    url = "/api/v2/analytics/conversations/details/jobs"
    started = api("POST", url, {"interval": WEEK})
    assert started.status == 202
    job = f"{url}/{started.body['jobId']}"
    assert api("GET", f"{job}/results").status == 400
    states = [api("GET", job).body["state"] for _ in range(3)]
    assert states == ["PENDING", "FULFILLED", "FULFILLED"]
    sizes: list[int] = []
    page: dict[str, Any] = {"cursor": ""}
    while "cursor" in page:
        page = api("GET", f"{job}/results?pageSize=100&cursor={page['cursor']}").body
        sizes.append(len(page["conversations"]))
    assert sizes == [100, 100, 50]
    assert api("DELETE", job).status == 204
    assert api("GET", job).status == 404


def test_audit_and_usage_queries(api: Api):
    interval = "2026-01-01T00:00:00.000Z/2026-01-02T00:00:00.000Z"
    audit = api("POST", "/api/v2/audits/query", {"interval": interval, "serviceName": "Architect"}).body
    assert audit["state"] == "Queued"
    states = [api("GET", f"/api/v2/audits/query/{audit['id']}").body["state"] for _ in range(2)]
    assert states == ["Running", "Succeeded"]
    usage = api(
        "POST", "/api/v2/usage/query", {"interval": interval, "granularity": "Day", "metrics": ["Requests"]}
    ).body
    url = usage["resultsUri"]
    assert url == f"/api/v2/usage/query/{usage['executionId']}/results"
    assert [api("GET", url).body["queryStatus"] for _ in range(2)] == ["Running", "Complete"]


# --- limits -------------------------------------------------------------------------------------


def test_rate_limit_headers_count_per_token_and_minute(api: Api):
    first = api("GET", f"{USERS}/me").headers
    second = api("GET", f"{USERS}/me").headers
    assert (first["inin-ratelimit-count"], second["inin-ratelimit-count"]) == ("1", "2")
    assert (second["inin-ratelimit-allowed"], second["inin-ratelimit-reset"]) == ("30000", "60")
    api.clock.now += 61
    assert api("GET", f"{USERS}/me").headers["inin-ratelimit-count"] == "1"


def test_the_rate_limit_is_enforced_when_asked_for():
    api = Api(rate_limit=2)
    assert [api("GET", f"{USERS}/me").status for _ in range(3)] == [200, 200, 429]
    api.clock.now += 20
    refused = api("GET", f"{USERS}/me")
    assert (refused.body["code"], refused.headers["retry-after"]) == ("too.many.requests", "40")
    assert refused.body["limit"]["value"] == 2
    api.clock.now += 40
    assert api("GET", f"{USERS}/me").status == 200


def test_no_secret_is_shown(api: Api):
    assert "s3cret" not in repr(Sandbox(client_secret="s3cret").settings)
