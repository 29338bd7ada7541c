"""A login service and an API on a real socket, small enough to count everything and to stop in the middle."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from .servers import Peer, RawServer


class LoginServer(RawServer):
    """Grants ``t1``, ``t2``, …; each login makes the tokens before it invalid.

    Attributes:
        go: a login waits for it before it is answered. entered: released by each login that arrives.
        refusal: fields to refuse logins with.
        grants: the forms of all logins.
    """

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.go = threading.Event()
        self.go.set()
        self.entered = threading.Semaphore(0)
        self.refusal: dict[str, Any] | None = None
        self.fields: dict[str, Any] = {"expires_in": 3600}
        self.grants: list[dict[str, str]] = []
        self.valid = ""
        self.asked: list[dict[str, str]] = []
        self.denied = False
        self._changing = threading.Lock()
        self._codes: dict[str, dict[str, str]] = {}

    def _answer(self, peer: Peer) -> None:
        while request := peer.read_request():
            head, _, body = request.partition(b"\r\n\r\n")
            target = urlsplit(head.split()[1].decode())
            if target.path == "/oauth/token":
                self._grant(peer, dict(parse_qsl(body.decode())))
            elif target.path == "/oauth/authorize":
                self._authorize(peer, dict(parse_qsl(target.query)))
            elif f"authorization: bearer {self.valid}\r\n" in head.decode().lower() + "\r\n":
                _json(peer, "200 OK", {"id": "u1", "name": self.valid})
            else:
                _json(peer, "401 Unauthorized", {"code": "bad.credentials", "message": "Invalid login credentials."})

    def _grant(self, peer: Peer, form: dict[str, str]) -> None:
        with self._changing:
            self.grants.append(form)
            number = len(self.grants)
        self.entered.release()
        assert self.go.wait(30)
        if self.refusal is not None or not self._proven(form):
            _json(peer, "400 Bad Request", self.refusal or {"error": "invalid_grant"})
            return
        self.valid = f"t{number}"
        _json(peer, "200 OK", {"access_token": self.valid, "token_type": "bearer", **self.fields})

    def _proven(self, form: dict[str, str]) -> bool:
        if "code_verifier" not in form:
            return True
        asked = self._codes.pop(form["code"], {})
        digest = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        return digest == asked.get("code_challenge") and form["redirect_uri"] == asked["redirect_uri"]

    def _authorize(self, peer: Peer, asked: dict[str, str]) -> None:
        self.asked.append(asked)
        answer = {"state": asked.get("state", "")}
        implicit = asked["response_type"] == "token"
        if self.denied:
            answer |= {"error": "access_denied", "error_description": "The person said no."}
        elif implicit:
            self.valid = f"implicit{len(self.asked)}"
            answer |= {"access_token": self.valid, "token_type": "bearer", "expires_in": "3600"}
        else:
            answer["code"] = f"code{len(self.asked)}"
            self._codes[answer["code"]] = asked
        where = f"{asked['redirect_uri']}{'#' if implicit else '?'}{urlencode(answer)}"
        peer.reply(b"", "302 Found", f"Location: {where}")


def _json(peer: Peer, status: str, value: dict[str, Any]) -> None:
    peer.reply(json.dumps(value).encode(), status, "Content-Type: application/json")
