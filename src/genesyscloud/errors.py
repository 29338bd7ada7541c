"""The exceptions of this package: one tree, branched by cause.

Every error that a call can end with is a :class:`GenesysCloudError`. Its text says what happened, to which
operation, with which correlation id, and where there is something to do, what. No secret is ever part of
it: errors are built from operation names, paths, statuses and the error body of the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from .http import Headers

__all__ = [
    "ApiError",
    "BadRequest",
    "CircuitOpen",
    "ConfigurationError",
    "Conflict",
    "ConnectError",
    "ConnectTimeout",
    "DeadlineExceeded",
    "DnsError",
    "DriftError",
    "Forbidden",
    "GenesysCloudError",
    "InvalidBody",
    "JobFailed",
    "JobTimeout",
    "LoginRequired",
    "NotFound",
    "OAuthError",
    "PagingError",
    "PayloadTooLarge",
    "PoolTimeout",
    "ProxyError",
    "ReadError",
    "ReadTimeout",
    "ReplyError",
    "ServerError",
    "TlsError",
    "TokenStoreError",
    "TooManyRequests",
    "TransportError",
    "Unauthorized",
    "UnknownOperation",
    "UnsupportedMediaType",
]


class GenesysCloudError(Exception):
    """Root of all errors of this package.

    Attributes:
        operation: name of the operation (``get_users_me``), or method and path for a request made by hand;
            empty where no call was being made.
    """

    operation: str = ""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.reason = message

    def __str__(self) -> str:
        return f"{self.operation}: {self.reason}" if self.operation else self.reason

    def __reduce__(self) -> tuple[Any, ...]:
        # The constructors take facts, not the finished text that Exception would call them with again.
        return _restore, (type(self), self.args), self.__dict__


class ConfigurationError(GenesysCloudError, ValueError):
    """A setting is missing or cannot be used; nothing was sent."""


class InvalidBody(GenesysCloudError, ValueError):
    """A request body does not fit the definition; nothing was sent.

    Attributes:
        path: where in the body (``$.routingRules[0].operator``).
    """

    def __init__(self, message: str, path: str = "$") -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class UnknownOperation(GenesysCloudError, KeyError):
    """There is no operation of this name; nothing was sent. The text names the nearest one."""


# --- the network --------------------------------------------------------------------------------


class TransportError(GenesysCloudError):
    """No complete reply came.

    Attributes:
        sent: whether the request may have reached the server. ``False`` is a promise: it did not.
    """

    sent: bool = True


class ConnectError(TransportError):
    """No connection could be made."""

    sent = False


class DnsError(ConnectError):
    """The host name could not be resolved."""


class TlsError(ConnectError):
    """The TLS handshake failed: certificate, host name or protocol version.

    A server may look at the client's certificate only after the request was sent; then ``sent`` is true.
    """


class ProxyError(ConnectError):
    """The proxy refused or failed, before the request went through it.

    Attributes:
        status: that it answered with (407: it wants another user or password), or 0.
    """

    def __init__(self, message: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class ConnectTimeout(ConnectError, TimeoutError):
    """No connection was made in time."""


class PoolTimeout(TransportError, TimeoutError):
    """No connection of the pool became free in time."""

    sent = False


class ReadError(TransportError):
    """The connection broke before the reply was complete."""


class ReadTimeout(TransportError, TimeoutError):
    """The server did not answer, or stopped answering, in time."""


class DeadlineExceeded(GenesysCloudError, TimeoutError):
    """The call, with all its retries, did not end within its deadline.

    The last error of an attempt, if there was one, is the ``__cause__``.
    """


class CircuitOpen(GenesysCloudError):
    """The circuit breaker holds requests back after failures in a row; nothing was sent.

    Attributes:
        host, group: of the circuit (``api.mypurecloud.ie``, ``routing``).
        retry_after: seconds after which a request will be let through to try.
    """

    def __init__(self, host: str, group: str, retry_after: float, cause: str = "") -> None:
        self.host = host
        self.group = group
        self.retry_after = retry_after
        because = f" (the last: {cause})" if cause else ""
        held = f"requests to {host} ({group}) are held back after failures in a row{because}"
        super().__init__(f"{held}; try again in {retry_after:.0f} s")


# --- replies ------------------------------------------------------------------------------------


class ReplyError(GenesysCloudError):
    """A success reply that cannot be read: truncated, or not JSON where JSON was promised.

    Attributes:
        status, headers, body: the reply as it came.
        correlation_id: of the reply, or empty.
    """

    def __init__(self, message: str, status: int, headers: Headers, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.correlation_id: str = headers.get("inin-correlation-id", "")
        suffix = f" [correlation id {self.correlation_id}]" if self.correlation_id else ""
        super().__init__(f"{message} (status {status}){suffix}")


class DriftError(GenesysCloudError, ValueError):
    """A reply differs from the definition; raised only in strict mode."""


class ApiError(GenesysCloudError):
    """The service answered with an error status.

    Attributes:
        status: HTTP status.
        code: the service's code (``not.found``), or empty.
        message: the service's message, or a summary of a reply that was not JSON.
        correlation_id: to quote to support; empty when the reply had none.
        limit: the limit that was broken, ``{"key", "namespace", "value"}``, or ``None``.
        details: list of ``{"errorCode", "fieldName", …}``.
        headers: of the reply.
        body: the parsed JSON body, or ``None`` when it was not JSON.
        raw: the body as it came, in bytes.
        retry_after: seconds that the service asked to wait, or ``None``.
        permissions: names of missing permissions, when that is the reason.
    """

    def __init__(
        self,
        status: int,
        *,
        message: str = "",
        code: str = "",
        headers: Headers | None = None,
        body: Any = None,
        raw: bytes = b"",
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.headers: Headers = headers if headers is not None else Headers()
        self.body = body
        self.raw = raw
        self.retry_after = retry_after
        fields: Mapping[str, Any] = cast("Mapping[str, Any]", body) if isinstance(body, Mapping) else {}
        self.correlation_id: str = self.headers.get("inin-correlation-id") or str(fields.get("contextId") or "")
        limit, details = fields.get("limit"), fields.get("details")
        # A gateway in front answers in shapes of its own.
        self.limit: dict[str, Any] | None = cast("dict[str, Any]", limit) if isinstance(limit, dict) and limit else None
        self.details: list[Any] = cast("list[Any]", details) if isinstance(details, list) else []
        self.permissions: list[str] = _missing_permissions(fields) if status == 403 else []
        super().__init__(self._summary())

    def _summary(self) -> str:
        parts = [f"status {self.status}"]
        if self.code:
            parts.append(self.code)
        text = f"{' '.join(parts)}: {self.message}" if self.message else " ".join(parts)
        if self.permissions:
            text += f" (missing permissions: {', '.join(self.permissions)})"
        if self.limit:
            text += f" (limit {self.limit.get('key')} = {self.limit.get('value')})"
        if self.correlation_id:
            text += f" [correlation id {self.correlation_id}]"
        return text


class BadRequest(ApiError):
    """400: the request is malformed or breaks a rule."""


class Unauthorized(ApiError):
    """401: the token is missing, expired or revoked, and could not be renewed."""


class Forbidden(ApiError):
    """403: the token lacks permissions; see :attr:`ApiError.permissions`."""


class NotFound(ApiError):
    """404: there is no such thing, or it may not be seen."""


class Conflict(ApiError):
    """409: most often a ``version`` that is no longer current. Read again, change, send."""


class PayloadTooLarge(ApiError):
    """413: the request body is over the limit."""


class UnsupportedMediaType(ApiError):
    """415: the content type is not accepted here."""


class TooManyRequests(ApiError):
    """429: a rate limit, and retrying was not allowed or not worth it. See ``retry_after``."""


class ServerError(ApiError):
    """5xx: the service failed."""


class OAuthError(GenesysCloudError):
    """The login service refused.

    Attributes:
        status: HTTP status; 0 when the answer came through a browser, or nothing was sent.
        error: code of RFC 6749 (``invalid_client``), or empty.
        description: the login service's words.
    """

    def __init__(self, status: int, error: str = "", description: str = "", correlation_id: str = "") -> None:
        self.status = status
        self.error = error
        self.description = description
        self.correlation_id = correlation_id
        text = f"login failed with status {status}" if status else "login failed"
        if error or description:
            text += f": {': '.join(part for part in (error, description) if part)}"
        if correlation_id:
            text += f" [correlation id {correlation_id}]"
        super().__init__(text)


class LoginRequired(OAuthError):
    """The login has ended and cannot be renewed: the person has to log in again."""


class TokenStoreError(GenesysCloudError):
    """The token store cannot be read, written or locked."""


# --- helpers of the client ----------------------------------------------------------------------


class PagingError(GenesysCloudError):
    """An operation cannot be paged, or its pages do not end."""


class JobFailed(GenesysCloudError):
    """An asynchronous job ended without a result.

    Attributes:
        state: its last state (``FAILED``). job_id: its id. status: its last status, as it came.
    """

    def __init__(self, message: str, job_id: str = "", state: str = "", status: Any = None) -> None:
        super().__init__(message)
        self.job_id = job_id
        self.state = state
        self.status = status


class JobTimeout(JobFailed, TimeoutError):
    """An asynchronous job did not end in time; it may still be running."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
    429: TooManyRequests,
}


def api_error_class(status: int) -> type[ApiError]:
    """Return the class for an error status."""
    return ServerError if status >= 500 else _BY_STATUS.get(status, ApiError)


def _restore(cls: type[GenesysCloudError], args: tuple[Any, ...]) -> GenesysCloudError:
    error = cls.__new__(cls, *args)
    error.args = args
    return error


def _missing_permissions(body: Mapping[str, Any]) -> list[str]:
    parameters = body.get("messageParams")
    if not isinstance(parameters, Mapping):
        return []
    parameters = cast("Mapping[str, Any]", parameters)
    named = str(parameters.get("permissions") or parameters.get("permission") or "")
    return [name.strip(" []") for name in named.split(",") if name.strip(" []")]
