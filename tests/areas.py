"""A sandbox for tests of the areas of the API: calls with a token, forms, files at signed addresses."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from genesyscloud.http import Reply

from .logins import Place

BOUNDARY = "a-boundary-that-is-in-no-file"


def form(fields: dict[str, str], data: bytes, file_name: str = "file.csv") -> bytes:
    """The body of a form with one file."""
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    head = "".join(f"--{BOUNDARY}\r\n{part}" for part in parts)
    head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n'
    return f"{head}Content-Type: text/csv\r\n\r\n".encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()


class Desk(Place):
    """Whoever sits at it has a token."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"seeded": 5, **settings})
        self.access_token = self.sandbox.access_token()

    def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """Call ``/api/v2`` + ``path``, and see that the answer has the status."""
        answer = self.api(self.access_token, method, f"/api/v2{path}", body)
        assert answer.status == status, (answer.status, answer.body)
        return answer.body

    def upload(self, path: str, fields: dict[str, str], data: bytes) -> Reply:
        """Send a form."""
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        bearer = f"Bearer {self.access_token}"
        return self.send("POST", path, form(fields, data), authorization=bearer, content_type=kind)

    def put(self, url: str, data: bytes, headers: dict[str, str]) -> Reply:
        """Put a file at a signed address, without a token."""
        return self.send("PUT", url, data, **{name.replace("-", "_"): value for name, value in headers.items()})

    def fetch(self, uri: str) -> bytes:
        """Fetch a file with the token, and follow where that leads without it."""
        reply = self.send("GET", uri, authorization=f"Bearer {self.access_token}")
        while reply.status == 302:
            reply = self.send("GET", reply.headers["location"])
        assert reply.status == 200, reply.body
        return reply.body

    def first(self, path: str) -> dict[str, Any]:
        """The first entity of a list."""
        return self.ask("GET", path)["entities"][0]


def path_of(url: str) -> str:
    """The path of an address."""
    return urlsplit(url).path
