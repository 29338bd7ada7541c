"""The rest of a reply: for those who need more than its value."""

from __future__ import annotations

from typing import Generic, TypeVar

from .http import Headers

__all__ = ["Response"]

T_co = TypeVar("T_co", covariant=True)


class Response(Generic[T_co]):
    """A reply with its value and everything around it.

    Attributes:
        value: the decoded body: a model, a list, text, or ``None`` for an empty body.
        status: HTTP status.
        headers: of the reply, names in any case.
        raw: the body as it came.
        operation: name of the operation, or method and path of a request made by hand.

    >>> response = gc.with_response(gc.users.get_users_me)          # doctest: +SKIP
    >>> response.value.name, response.correlation_id                # doctest: +SKIP
    """

    __slots__ = ("headers", "operation", "raw", "status", "value")

    def __init__(self, value: T_co, status: int, headers: Headers, raw: bytes, operation: str) -> None:
        self.value = value
        self.status = status
        self.headers = headers
        self.raw = raw
        self.operation = operation

    @property
    def correlation_id(self) -> str:
        """What to quote to support; empty when the reply had none."""
        return self.headers.get("inin-correlation-id", "")

    def __repr__(self) -> str:
        # The value can hold secrets of any kind (a new OAuth client), so only its type is shown.
        return f"<Response {self.status} of {self.operation}: {type(self.value).__name__}>"
