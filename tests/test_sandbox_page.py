"""The admin page: in a real browser, and the entries behind it."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from websockets.sync.client import connect

from genesyscloud.http import Request
from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.admin import ENTRIES
from genesyscloud.sandbox.adminpage import unmasked

from . import realparts
from .test_sandbox_admin import Admin

QUEUES = "/api/v2/routing/queues"
USERS = "/api/v2/users"
#: What would show up as more than text if anything was put into the page as markup.
EVIL = "<script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">"
SLOW = 60


# --- in a browser -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with realparts.chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


class Page:
    """The admin page of a sandbox that serves, and somebody in front of it."""

    def __init__(self, sandbox: Sandbox, driver: Any) -> None:
        self.sandbox = sandbox
        self.driver = driver
        self.token = sandbox.access_token()
        self.open("requests")
        self.wait(lambda: self.find("#link").text == "live")

    def open(self, view: str) -> None:
        self.driver.get(f"{self.sandbox.address}/sandbox/#{view}")
        self.wait(lambda: self.find(f"#{view}").is_displayed())

    def api(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        reply = self.sandbox.handle(Request(method, path, headers, data))
        return reply.status, json.loads(reply.body) if reply.body else None

    def find(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def all(self, selector: str) -> list[Any]:
        return self.driver.find_elements("css selector", selector)

    def wait(self, look: Any) -> Any:
        return realparts.until(self.driver, lambda _: look())

    def press(self, within: str, text: str) -> None:
        """Press the button that says something, as soon as there is one that stays long enough."""

        def pressed() -> bool:
            found = next((b for b in self.all(f"{within} button") if b.text.split("\n")[0] == text), None)
            if found is not None:
                found.click()
            return found is not None

        self.wait(pressed)

    def write(self, selector: str, text: str) -> None:
        self.find(selector).clear()
        self.find(selector).send_keys(text)

    def say(self, what: str) -> None:
        """Answer the page's question."""
        self.wait(lambda: self.find("#question").is_displayed())
        self.find(f"#question button[value={what}]").click()

    def noted(self, text: str) -> None:
        """Wait until the page tells something."""
        self.wait(lambda: any(text in note.text for note in self.all("#notes p")))


@pytest.fixture
def page(chromium: Any) -> Iterator[Page]:
    with Sandbox() as sandbox:
        sandbox.serve()
        page = Page(sandbox, chromium)
        yield page
        complaints = [entry for entry in chromium.get_log("browser") if "status of 4" not in entry["message"]]
        chromium.get("about:blank")
        assert complaints == []


def test_requests_show_up_at_once_without_their_secrets(page: Page):
    assert page.find("#nolog").is_displayed()
    page.api("GET", f"{USERS}?pageSize=2")
    page.api("POST", QUEUES, {"name": EVIL, "description": "visible"})
    page.api("GET", "/api/v2/nothing")
    page.wait(lambda: len(page.all("#log tr")) == 3)
    newest, made, _ = page.all("#log tr")
    assert "404" in newest.text
    assert "post_routing_queues" in made.text
    made.find_element("css selector", "button").click()
    page.wait(lambda: "visible" in page.find("#request").text)
    detail = page.find("#request").text
    assert page.token not in page.driver.page_source
    assert "[REDACTED]" in detail
    assert EVIL.partition("'")[0] in detail
    correlation_id = page.all("#request dl dd")[2].text
    assert page.driver.title == "Sandbox"

    page.write("#filter", correlation_id)
    page.wait(lambda: [row.text for row in page.all("#log tr")] and len(page.all("#log tr")) == 1)
    page.find("#filter").clear()
    page.find("#filter").send_keys("get_users")
    page.wait(lambda: "get_users" in page.find("#log").text and len(page.all("#log tr")) == 1)

    page.find("#pause").click()
    page.api("GET", f"{USERS}?pageSize=1")
    page.wait(lambda: "more since the pause" in page.find("#shown").text)
    assert len(page.all("#log tr")) == 1
    page.find("#pause").click()
    page.wait(lambda: len(page.all("#log tr")) == 2)
    page.find("#forget").click()
    page.wait(lambda: page.find("#nolog").is_displayed())


def test_thousands_of_requests(page: Page):
    for _ in range(3000):
        page.api("GET", "/api/v2/nothing")
    page.api("GET", f"{USERS}/me")
    page.wait(lambda: "get_users_me" in page.all("#log tr")[0].text if page.all("#log tr") else False)
    assert len(page.all("#log tr")) <= 400
    page.open("activity")
    page.wait(lambda: any("4xx: 3000" in entry.text for entry in page.all("#perstatus span")))
    assert "3001 requests" in page.wait(lambda: page.find("#requestchart svg")).get_attribute("aria-label")


def test_queues_and_who_waits_in_them(page: Page):
    _, queue = page.api("POST", QUEUES, {"name": EVIL})
    body = {"queueId": queue["id"], "callbackNumbers": ["+15551234"]}
    assert page.api("POST", "/api/v2/conversations/callbacks", body)[0] < 300
    page.open("activity")
    page.wait(lambda: page.all("#queues tr") and EVIL in page.all("#queues tr")[0].text)
    cells = [cell.text for cell in page.all("#queues tr:first-child td")]
    assert cells[1:6] == ["1", "0", "0", "0", "0"]
    page.wait(lambda: "waiting: 1" in page.find("#perqueue").text)
    page.write("#queuefilter", "no such queue")
    page.wait(lambda: not page.all("#queues tr"))
    assert page.driver.title == "Sandbox"


def test_an_entity_is_found_changed_and_deleted(page: Page):
    _, queue = page.api("POST", QUEUES, {"name": EVIL})
    page.open("entities")
    page.write("#typefilter", "routing/queues")
    page.press("#types", "routing/queues")
    page.wait(lambda: "1 to 50 of 251" in page.find("#range").text)
    page.write("#find", "<script>")
    page.wait(lambda: "1 to 1 of 1" in page.find("#range").text)
    page.press("#found", EVIL)
    page.wait(lambda: page.find("#entitybody").is_displayed())
    shown = json.loads(page.find("#entitybody").get_property("value"))
    assert (shown["id"], shown["name"]) == (queue["id"], EVIL)
    assert page.driver.title == "Sandbox"

    page.write("#entitybody", "{nonsense")
    page.find("#entity button.main").click()
    page.noted("This is not JSON")
    page.write("#entitybody", json.dumps({**shown, "name": 5}))
    page.find("#entity button.main").click()
    page.noted("name")
    page.write("#entitybody", json.dumps({**shown, "name": "Plain"}))
    page.find("#entity button.main").click()
    page.noted("Saved.")
    assert page.api("GET", f"{QUEUES}/{queue['id']}")[1]["name"] == "Plain"

    page.find("#entitydelete").click()
    page.say("no")
    page.find("#entitydelete").click()
    page.say("yes")
    page.noted("Deleted.")
    assert page.api("GET", f"{QUEUES}/{queue['id']}")[0] == 404


def test_an_injected_event_arrives(page: Page):
    _, users = page.api("GET", f"{USERS}?pageSize=1")
    user_id = users["entities"][0]["id"]
    channel: dict[str, str] = page.api("POST", "/api/v2/notifications/channels", {})[1]
    topic = f"v2.users.{user_id}.presence"
    path = f"/api/v2/notifications/channels/{channel['id']}/subscriptions"
    assert page.api("POST", path, [{"id": topic}])[0] == 200
    page.open("notifications")
    page.wait(lambda: channel["id"][-8:] in page.find("#channels").text)
    url = page.sandbox.address.replace("http", "ws") + urlsplit(channel["connectUri"]).path
    with connect(url, proxy=None, open_timeout=SLOW, close_timeout=SLOW) as socket:
        page.wait(lambda: "connected" in page.find("#channels").text)
        page.write("#topic", "v2.users.{id}.presence\t")
        page.wait(lambda: page.all("#topicids input"))
        assert page.find("#topicids input").get_property("value") == user_id
        page.wait(lambda: "presenceDefinition" in page.find("#eventbody").get_property("value"))
        body = json.loads(page.find("#eventbody").get_property("value"))
        page.write("#eventbody", json.dumps({**body, "primary": "perhaps"}))
        page.find("#inject button.main").click()
        page.noted("does not fit")
        page.write("#eventbody", json.dumps({**body, "message": "From the page"}))
        page.find("#inject button.main").click()
        page.noted(topic)
        received = json.loads(socket.recv(timeout=SLOW))
    assert (received["topicName"], received["eventBody"]["message"]) == (topic, "From the page")


def test_a_fault_is_switched_on_and_off(page: Page):
    page.open("faults")
    page.wait(lambda: page.all("#kind option[value=server_error]"))
    page.find("#kind option[value=server_error]").click()
    page.write("#fault [name=operation]", "get_users_me")
    page.write("#fault [name=count]", "5")
    page.write("#fault [name=status]", "504")
    page.find("#fault button.main").click()
    page.wait(lambda: "get_users_me" in page.find("#faultlist").text)
    assert page.api("GET", f"{USERS}/me")[0] == 504
    page.wait(lambda: "1 of 1" in page.find("#faultlist").text)
    page.write("#fault [name=share]", "")
    page.write("#fault [name=status]", "")
    page.find("#kind option[value=latency]").click()
    page.find("#fault button.main").click()
    page.noted("latency needs seconds")
    page.press("#faultlist", "Switch off")
    page.wait(lambda: page.find("#allwell").is_displayed())
    assert page.api("GET", f"{USERS}/me")[0] == 200


def test_time_snapshots_and_reset(page: Page, tmp_path: Any):
    page.open("time")
    page.find("#freeze").click()
    page.wait(lambda: page.find("#speed").text == "frozen")
    before = page.sandbox.seconds()
    page.write("#move [name=amount]", "2")
    page.find("#move button").click()
    page.wait(lambda: page.sandbox.seconds() == before + 7200)
    page.write("#faster [name=speed]", "60")
    page.find("#faster button").click()
    page.wait(lambda: page.find("#speed").text == "\u00d7 60")
    page.find("#realtime").click()
    page.wait(lambda: not page.find("#speed").is_displayed())

    page.write("#keep [name=name]", "a/b <b>")
    page.find("#keep button").click()
    page.wait(lambda: "a/b <b>" in page.find("#snapshots").text)
    assert page.api("POST", QUEUES, {"name": "Later"})[0] == 200
    page.press("#snapshots", "Restore")
    page.noted("Back at “a/b <b>”.")
    assert page.api("GET", f"{QUEUES}?pageSize=1")[1]["total"] == 250

    assert page.api("POST", QUEUES, {"name": "Later"})[0] == 200
    page.find("#reset").click()
    page.say("yes")
    page.noted("as it was at its start")
    page.token = page.sandbox.access_token()
    assert page.api("GET", f"{QUEUES}?pageSize=1")[1]["total"] == 250

    description = tmp_path / "mine.yaml"
    description.write_text("queues:\n  - name: Only one\n")
    page.find("#seedfile").send_keys(str(description))
    page.find("#seed button").click()
    page.say("yes")
    page.noted("starts anew")
    page.token = page.sandbox.access_token()
    assert [q["name"] for q in page.api("GET", QUEUES)[1]["entities"]] == ["Only one"]
    page.find("#newtoken").click()
    page.wait(lambda: page.find("#token").is_displayed())
    page.token = page.find("#token").get_property("value")
    assert page.api("GET", f"{USERS}/me")[0] == 200


def test_the_keyboard_is_enough(page: Page):
    from selenium.webdriver.common.keys import Keys

    page.api("GET", f"{USERS}/me")
    page.wait(lambda: page.all("#log tr"))
    page.find("#filter").send_keys("")
    for _ in range(5):  # status, pause, forget, the list, its first request
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait(lambda: page.find("#request").is_displayed())
    unnamed = page.driver.execute_script(
        "return [...document.querySelectorAll('input, select, textarea, button')].filter((field) =>"
        " !field.labels?.length && !field.ariaLabel && !field.textContent.trim()).map((field) => field.outerHTML)"
    )
    assert unnamed == []


@contextmanager
def _another_origin() -> Generator[str]:
    """A server of pages that are not the sandbox's."""
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Elsewhere</title>")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join(SLOW)
        server.server_close()


def test_a_page_from_elsewhere_cannot_do_anything(chromium: Any):
    attack = """
        const done = arguments[arguments.length - 1], to = arguments[0], tried = [];
        const way = (path, options) => fetch(to + path, options).then((reply) => tried.push(reply.type)).catch(() => 0);
        const frame = document.createElement("iframe");
        frame.name = "sink";
        document.body.append(frame);
        const form = document.createElement("form");
        Object.assign(form, {method: "post", action: to + "/sandbox/reset", target: "sink", enctype: "text/plain"});
        document.body.append(form);
        frame.onload = () => Promise.all([
            way("/sandbox/reset", {method: "POST"}),
            way("/sandbox/reset", {method: "POST", mode: "no-cors", body: "{}"}),
            way("/sandbox/snapshots/x", {method: "PUT"}),
            way("/sandbox/requests", {}),
        ]).then(() => done(tried));
        form.submit();
    """
    with Sandbox() as sandbox, _another_origin() as elsewhere:
        sandbox.serve()
        token = sandbox.access_token()
        chromium.get(elsewhere)
        chromium.set_script_timeout(SLOW)
        tried = chromium.execute_async_script(attack, sandbox.address)
        chromium.get("about:blank")
        # Only what nobody can read was answered at all, and the token would not have outlived a reset.
        assert set(tried) <= {"opaque"}
        me = Request("GET", f"{USERS}/me", {"Authorization": f"Bearer {token}"}, None)
        assert sandbox.handle(me).status == 200
        assert not sandbox.snapshots


# --- who may ask --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"host": "127.0.0.1:8090"}, True),
        ({"host": "[::1]:8090", "origin": "http://[::1]:8090"}, True),
        ({"host": "localhost:8090", "origin": "http://localhost:8090"}, True),
        ({"host": "sandbox:8090", "origin": "https://sandbox:8090"}, True),
        ({"host": "api.mypurecloud.ie", "origin": "https://api.mypurecloud.ie"}, True),
        ({"host": "desk.example.com:8090", "origin": "http://desk.example.com:8090"}, True),
        ({"host": "127.0.0.1:8090", "origin": "https://desk.example.com"}, True),
        ({"host": "127.0.0.1:8090", "origin": "http://127.0.0.1:3000"}, False),
        ({"host": "127.0.0.1:8090", "origin": "null"}, False),
        ({"host": "127.0.0.1:8090", "origin": ""}, False),
        ({"host": "127.0.0.1:8090", "origin": "http://evil.example"}, False),
        ({"host": "evil.example:8090"}, False),
        ({"host": "evil.example:8090", "origin": "http://evil.example:8090"}, False),
        ({"host": "127.0.0.1.evil.example"}, False),
        ({"host": "evilmypurecloud.ie"}, False),
        ({"host": "localhost:8090", "sec-fetch-site": "same-site"}, False),
        ({"host": "localhost:8090", "sec-fetch-site": "cross-site"}, False),
        ({"host": "localhost:8090", "sec-fetch-site": "same-origin"}, True),
    ],
)
def test_who_may_ask(headers: dict[str, str], *, allowed: bool):
    admin = Admin(admin_hosts=["desk.example.com"])
    for method, path in (("GET", "/sandbox/clock"), ("POST", "/sandbox/reset")):
        assert admin(method, path, **headers).status == (200 if allowed else 403)


def test_a_link_from_elsewhere_may_lead_to_the_page():
    sandbox = Sandbox()
    sent = {
        "Host": "localhost:8090",
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Accept": "text/html",
    }
    reply = sandbox.handle(Request("GET", "/sandbox", sent, None))
    assert (reply.status, reply.headers["location"]) == (303, "sandbox/")
    page = sandbox.handle(Request("GET", "/sandbox/", sent, None))
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    # What is refused as a page may not be carried out as one either.
    assert sandbox.handle(Request("POST", "/sandbox/reset", sent, None)).status == 403


def test_files_come_from_here_only():
    sandbox = Sandbox()
    for name in ("", "page.css", "page.js"):
        reply = sandbox.handle(Request("GET", f"/sandbox/{name}", {}, None))
        text = reply.body.decode().replace("http://www.w3.org/2000/svg", "")
        assert reply.status == 200
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert "http://" not in text
        assert "https://" not in text


# --- entries ------------------------------------------------------------------------------------


@pytest.fixture
def admin() -> Admin:
    return Admin()


def test_the_pulse(admin: Admin):
    admin.api("GET", f"{USERS}/me")
    admin.api("GET", "/api/v2/nothing")
    admin("POST", "/sandbox/faults", {"kind": "html", "operation": "nothing"})
    pulse = admin("GET", "/sandbox/pulse?after=1").body
    assert [(r["number"], r["status"]) for r in pulse["requests"]] == [(2, 404)]
    assert pulse["requests"][0]["correlationId"]
    assert (pulse["statistics"]["total"], pulse["connected"], pulse["faults"]) == (2, 0, 1)
    assert pulse["clock"]["seconds"] == 1.7e9


def test_entities_by_type(admin: Admin):
    found = {entry["path"]: entry for entry in admin("GET", "/sandbox/collections").body["collections"]}
    assert found[QUEUES] == {"path": QUEUES, "model": "Queue", "count": 250}
    page = admin("GET", f"/sandbox/entities?path={QUEUES}&from=245&count=10").body
    assert (page["total"], len(page["entities"])) == (250, 5)
    one = page["entities"][0]
    assert one["path"] == f"{QUEUES}/{one['id']}"
    assert admin("GET", f"/sandbox/entity?path={one['path']}").body["name"] == one["label"]
    by_id = admin("GET", f"/sandbox/entities?path={QUEUES}&find={one['id'][:13].upper()}").body
    assert [entry["id"] for entry in by_id["entities"]] == [one["id"]]
    members = admin("GET", f"/sandbox/entities?path={one['path']}/members").body
    assert members["total"] == 5
    assert admin("GET", "/sandbox/entities?path=/api/v2/nothing").status == 404
    assert admin("GET", f"/sandbox/entity?path={QUEUES}/nothing").status == 404
    assert admin("GET", "/sandbox/entity").status == 404


def test_a_change_is_a_change_like_any_other(admin: Admin):
    user = admin.api("GET", f"{USERS}?pageSize=1").body["entities"][0]
    path = f"{USERS}/{user['id']}"
    kept = admin("GET", f"/sandbox/entity?path={path}").body
    changed = admin("PUT", f"/sandbox/entity?path={path}", {**kept, "title": "Boss", "id": "other"}).body
    assert (changed["title"], changed["id"]) == ("Boss", user["id"])
    shown = admin.api("GET", path).body
    assert (shown["title"], shown["version"]) == ("Boss", user["version"] + 1)
    assert admin("PUT", f"/sandbox/entity?path={path}", {**kept, "name": 5}).status == 400
    assert admin.api("GET", path).body["name"] == user["name"]


def test_documents(admin: Admin):
    path = "/api/v2/outbound/settings"
    assert admin("GET", f"/sandbox/entity?path={path}").status == 404
    admin.api("PATCH", path, {"maxCallsPerAgent": 5})
    assert path in admin("GET", "/sandbox/collections").body["documents"]
    kept = admin("GET", f"/sandbox/entity?path={path}").body
    assert admin("PUT", f"/sandbox/entity?path={path}", {**kept, "maxCallsPerAgent": 7}).status == 200
    assert admin.api("GET", path).body["maxCallsPerAgent"] == 7
    assert admin("DELETE", f"/sandbox/entity?path={path}").status == 200
    assert path not in admin("GET", "/sandbox/collections").body["documents"]


def test_what_is_removed_takes_along_what_belongs_to_it(admin: Admin):
    queue = admin.api("POST", QUEUES, {"name": "one"}).body
    user = admin.api("GET", f"{USERS}?pageSize=1").body["entities"][0]
    admin.api("POST", f"{QUEUES}/{queue['id']}/members", [{"id": user["id"]}])
    members = f"{QUEUES}/{queue['id']}/members"
    assert members in [c["path"] for c in admin("GET", "/sandbox/collections").body["collections"]]
    assert admin("DELETE", f"/sandbox/entity?path={QUEUES}/{queue['id']}").status == 200
    assert admin.api("GET", f"{QUEUES}/{queue['id']}").status == 404
    assert members not in [c["path"] for c in admin("GET", "/sandbox/collections").body["collections"]]


def test_conversations_are_seen_but_not_changed(admin: Admin):
    listed = admin("GET", "/sandbox/entities?path=/api/v2/conversations&count=1").body
    path = quote(listed["entities"][0]["path"])
    kept = admin("GET", f"/sandbox/entity?path={path}").body
    assert kept["id"] == listed["entities"][0]["id"]
    assert admin("PUT", f"/sandbox/entity?path={path}", {**kept, "address": "x"}).status == 400
    assert admin("DELETE", f"/sandbox/entity?path={path}").status == 400


def test_secrets_are_hidden_and_kept(admin: Admin):
    shape = admin.sandbox.shapes.collection(QUEUES)
    assert shape is not None
    queues = admin.sandbox.collection(shape, [])
    queue_id = queues.ids()[0]
    queues.put(queue_id, {**queues[queue_id], "name": "password: swordfish", "clientSecret": "swordfish"})
    path = f"{QUEUES}/{queue_id}"
    kept = admin("GET", f"/sandbox/entity?path={path}")
    listed = admin("GET", f"/sandbox/entities?path={QUEUES}&count=1")
    changed = admin("PUT", f"/sandbox/entity?path={path}", {**kept.body, "description": "Changed"})
    for answer in (kept, listed, changed):
        assert answer.status == 200
        assert "swordfish" not in json.dumps(answer.body)
    stored = admin.sandbox.collection(shape, [])[queue_id]
    assert (stored["name"], stored["clientSecret"]) == ("password: swordfish", "swordfish")
    assert stored["description"] == "Changed"


@pytest.mark.parametrize(
    ("sent", "seen", "kept", "made"),
    [
        ({"a": "#"}, {"a": "#"}, {"a": "s"}, {"a": "s"}),
        ({"a": "new"}, {"a": "#"}, {"a": "s"}, {"a": "new"}),
        ({"b": "#"}, {"a": "#"}, {"a": "s"}, {"b": "#"}),
        ({"a": [{"x": "#"}, {"x": "#"}]}, {"a": [{"x": "#"}]}, {"a": [{"x": "s"}]}, {"a": [{"x": "s"}, {"x": "#"}]}),
        ({"a": {"b": 1}}, {"a": "#"}, {"a": "s"}, {"a": {"b": 1}}),
        ({}, {"a": "#"}, {"a": "s"}, {}),
    ],
)
def test_what_was_hidden_comes_back(sent: Any, seen: Any, kept: Any, made: Any):
    assert unmasked(sent, seen, kept) == made


def test_queues(admin: Admin):
    queue = admin.api("POST", QUEUES, {"name": "Unlike others"}).body
    user = admin.api("GET", f"{USERS}?pageSize=1").body["entities"][0]
    admin.api("POST", f"{QUEUES}/{queue['id']}/members", [{"id": user["id"]}])
    for _ in range(2):
        admin.api("POST", "/api/v2/conversations/callbacks", {"queueId": queue["id"], "callbackNumbers": ["+15551234"]})
    first = admin("GET", "/sandbox/queues").body
    assert first["totals"] == {"waiting": 2, "alerting": 0, "interacting": 0}
    expected = {"id": queue["id"], "name": "Unlike others", **first["totals"], "onQueue": 0, "members": 1}
    assert first["queues"][0] == expected
    admin.api("PUT", f"{USERS}/{user['id']}/routingstatus", {"status": "IDLE"})
    (only,) = admin("GET", "/sandbox/queues?find=UNLIKE&limit=5").body["queues"]
    assert only["onQueue"] == 1
    assert (only["waiting"], only["alerting"], only["interacting"]) == (2, 1, 0)


def test_the_interface_tells_of_all_its_entries(admin: Admin):
    assert len(admin("GET", "/sandbox").body["entries"]) == len(ENTRIES)
    assert {"/sandbox/", "/sandbox/pulse", "/sandbox/entity"} <= {entry.path for entry in ENTRIES}
