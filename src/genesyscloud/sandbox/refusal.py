"""How the sandbox says no: a refusal, and the error body that the real service would send for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["OAuthRefusal", "Refusal", "bad_request", "conflict", "not_found"]


class Refusal(Exception):
    """A request that is answered with an error body.

    Args:
        status: HTTP status.
        code: machine-readable code (``not.found``).
        message: text for people.
        params: the values in the message, for ``messageParams``.
        details: one ``{"errorCode", "fieldName"}`` per thing that is wrong.
        entity_id: the entity that the request was about.
        limit: the limit that was broken: ``{"key", "namespace", "value"}``.
        headers: headers of the reply.
    """

    #: Whether what was done before the refusal stays done.
    keeps_changes = False

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        params: Mapping[str, str] | None = None,
        details: Sequence[Mapping[str, str]] = (),
        entity_id: str = "",
        limit: Mapping[str, Any] | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.params = dict(params or {})
        self.details = list(details)
        self.entity_id = entity_id
        self.limit = limit
        self.headers = list(headers)

    def body(self, correlation_id: str) -> dict[str, Any]:
        """The body of the reply: the ``ErrorBody`` of the definition."""
        body: dict[str, Any] = {
            "message": self.message,
            "code": self.code,
            "status": self.status,
            "messageParams": self.params,
            "contextId": correlation_id,
            "details": self.details,
            "errors": [],
        }
        if self.entity_id:
            body["entityId"] = self.entity_id
        if self.limit:
            body["limit"] = dict(self.limit)
        return body


class OAuthRefusal(Refusal):
    """A token request that is refused; its body has the shape that the login service uses.

    What the attempt did stays: a code that was used with the wrong verifier is spent.
    """

    keeps_changes = True

    def body(self, correlation_id: str) -> dict[str, Any]:
        return {"error": self.code, "description": self.message, "error_description": self.message}


def bad_request(message: str, *, code: str = "bad.request", details: Sequence[Mapping[str, str]] = ()) -> Refusal:
    """A 400."""
    return Refusal(400, code, message, details=details)


def not_found(what: str, entity_id: str = "") -> Refusal:
    """A 404 for the entity ``entity_id``, or for ``what`` when there is no entity."""
    if not entity_id:
        return Refusal(404, "not.found", f"{what} was not found.")
    message = f"{what} with id {entity_id} was not found."
    return Refusal(404, "not.found", message, entity_id=entity_id, params={"entityId": entity_id})


def conflict(entity_id: str, sent: int, current: int) -> Refusal:
    """A 409 for a change that was made to an older version than the current one."""
    message = f"The version sent is {sent}, but the current one is {current}: read the entity again."
    params = {"sentVersion": str(sent), "currentVersion": str(current)}
    return Refusal(409, "general.conflict", message, entity_id=entity_id, params=params)
