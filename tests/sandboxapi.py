"""A sandbox with a token and a clock that the test moves, for tests of its areas."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from genesyscloud.http import Headers, Request
from genesyscloud.sandbox import Sandbox

START = 1_700_000_000.0
USERS = "/api/v2/users"
QUEUES = "/api/v2/routing/queues"


class Answer(NamedTuple):
    """A reply, its body decoded when it is JSON."""

    status: int
    body: Any
    headers: Headers


class Api:
    """Calls a sandbox of its own; keeps the events that it publishes."""

    def __init__(self, **settings: Any) -> None:
        self.now = START
        self.sandbox = Sandbox(clock=lambda: self.now, **settings)
        self.token = self.sandbox.access_token()
        self.events: list[tuple[str, Any]] = []
        self.sandbox.events.listeners.append(lambda event: self.events.append((event.topic, event.body)))

    def __call__(self, method: str, url: str, body: Any = None, *, token: bool = True) -> Answer:
        headers = {"authorization": f"Bearer {self.token}"} if token else {}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["content-type"] = "application/json"
        reply = self.sandbox.handle(Request(method, url, headers, data))
        is_json = "json" in reply.headers.get("content-type", "")
        return Answer(reply.status, json.loads(reply.body) if is_json and reply.body else reply.body, reply.headers)

    def ok(self, method: str, url: str, body: Any = None) -> Any:
        """The body of a reply that must be a success."""
        answer = self(method, url, body)
        assert 200 <= answer.status < 300, (method, url, answer.status, answer.body)
        return answer.body

    def queue(self, name: str = "Support", **settings: Any) -> str:
        """A new queue with nobody in it, whose agents need no wrap-up."""
        body = {"name": name, "acwSettings": {"wrapupPrompt": "OPTIONAL"}, **settings}
        return self.ok("POST", QUEUES, body)["id"]

    def agents(self, queue_id: str, count: int = 1, first: int = 1) -> list[str]:
        """Users who become members of a queue and go on queue."""
        shape = self.sandbox.shapes.collection(USERS)
        assert shape is not None
        ids = self.sandbox.collection(shape, []).ids()[first : first + count]
        self.ok("POST", f"{QUEUES}/{queue_id}/members", [{"id": user_id} for user_id in ids])
        for user_id in ids:
            self.on_queue(user_id)
        return list(ids)

    def on_queue(self, user_id: str, status: str = "IDLE") -> None:
        """Set the routing status of a user."""
        self.ok("PUT", f"{USERS}/{user_id}/routingstatus", {"status": status})

    def status(self, user_id: str) -> str:
        """The routing status of a user."""
        return self.ok("GET", f"{USERS}/{user_id}/routingstatus")["status"]

    def conversation(self, conversation_id: str) -> Any:
        """A conversation as a whole."""
        return self.ok("GET", f"/api/v2/conversations/{conversation_id}")

    def participant(self, conversation_id: str, purpose: str, at: int = -1) -> Any:
        """The last participant (or the one at a place) with a purpose."""
        return [p for p in self.conversation(conversation_id)["participants"] if p["purpose"] == purpose][at]

    def patch(self, conversation_id: str, participant_id: str, body: Any, media: str = "calls") -> None:
        """Change a participant."""
        self.ok("PATCH", f"/api/v2/conversations/{media}/{conversation_id}/participants/{participant_id}", body)

    def details(self, conversation_id: str) -> Any:
        """A conversation as analytics has it."""
        return self.ok("GET", f"/api/v2/analytics/conversations/{conversation_id}/details")

    def metrics(self, conversation_id: str, purpose: str) -> dict[str, int]:
        """The sums of the metrics of the participants with a purpose."""
        found: dict[str, int] = {}
        for participant in self.details(conversation_id)["participants"]:
            if participant["purpose"] == purpose:
                for session in participant["sessions"]:
                    for metric in session.get("metrics", ()):
                        found[metric["name"]] = found.get(metric["name"], 0) + metric["value"]
        return found
