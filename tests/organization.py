"""What the tests of the sandbox's organization have in common: a client, a clock, and refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from genesyscloud import GenesysCloud
from genesyscloud.errors import ApiError
from genesyscloud.http import Request
from genesyscloud.sandbox import Sandbox

START = 1_780_300_800.0  # 2026-06-01T08:00:00Z, a Monday


class Clock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class Organization:
    """A sandbox with a strict client: what does not fit the definition fails the test."""

    def __init__(self, **settings: Any) -> None:
        self.time = Clock()
        usual: dict[str, Any] = {"seeded": 12, "seeded_counts": {"/api/v2/routing/queues/{}/members": 3}}
        self.sandbox = Sandbox(clock=self.time, **{**usual, **settings})
        self.gc: GenesysCloud = self.sandbox.client(strict=True, retry=False, deprecation_warnings=False)
        self.events: list[tuple[str, Any]] = []
        self.sandbox.events.listeners.append(lambda event: self.events.append((event.topic, event.body)))

    def ids(self, path: str) -> list[str]:
        """Ids of what is listed at a path."""
        return [entity["id"] for entity in self.get(path)["entities"]]

    def get(self, path: str) -> Any:
        """What a GET answers, as JSON."""
        return self.call("GET", path)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """What a call answers, as JSON."""
        return self.gc.request(method, path, json=body).value

    def raw(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        """Status, headers with names in lower case, and body of a call."""
        sent = {"authorization": f"Bearer {self.sandbox.access_token()}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        reply = self.sandbox.handle(Request(method, path, sent, data))
        shown = {name.lower(): value for name, value in reply.headers.items()}
        return reply.status, shown, json.loads(reply.body) if reply.body else None

    def refused(self, method: str, path: str, body: Any = None) -> ApiError:
        """The error that a call is answered with."""
        with pytest.raises(ApiError) as caught:
            self.call(method, path, body)
        return caught.value

    def new_user(self, name: str = "Ada Lovelace", **more: Any) -> Any:
        """A user made through the API."""
        email = more.pop("email", f"{name.replace(' ', '.').lower()}@example.com")
        home = self.sandbox.home_division()["id"]
        return self.call("POST", "/api/v2/users", {"name": name, "email": email, "divisionId": home, **more})
