"""The exception tree: what each error says, that it is caught where one expects it, and that it can travel."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from genesyscloud import errors
from genesyscloud.http import Headers

HEADERS = Headers([("ININ-Correlation-Id", "c-1"), ("Retry-After", "7")])
FORBIDDEN: dict[str, Any] = {
    "message": "Missing permission",
    "code": "missing.any.permissions",
    "status": 403,
    "contextId": "c-2",
    "messageParams": {"permissions": "[routing:queue:view, routing:queue:edit]"},
    "limit": {"key": "k", "namespace": "n", "value": 5},
    "details": [{"errorCode": "x", "fieldName": "name"}],
}

SAMPLES: list[errors.GenesysCloudError] = [
    errors.GenesysCloudError("text"),
    errors.InvalidBody("must be text", "$.name"),
    errors.ReplyError("not JSON", 200, HEADERS, b"<html>"),
    errors.ApiError(418, message="tea", headers=HEADERS),
    errors.Forbidden(403, message="Missing permission", code="c", body=FORBIDDEN, raw=b"{}", headers=HEADERS),
    errors.TooManyRequests(429, retry_after=7.0),
    errors.OAuthError(400, "invalid_client", "client not found", "c-1"),
    errors.LoginRequired(0, "invalid_grant", "the refresh token is used up"),
    errors.JobFailed("the job failed", "j-1", "FAILED", {"state": "FAILED"}),
    errors.CircuitOpen("api.mypurecloud.ie", "routing", 12.3, "status 503"),
]


def _classes(root: type[errors.GenesysCloudError]) -> list[type[errors.GenesysCloudError]]:
    return [root, *(cls for child in root.__subclasses__() for cls in _classes(child))]


def _sample(cls: type[errors.GenesysCloudError]) -> errors.GenesysCloudError:
    for sample in SAMPLES:
        if type(sample) is cls:
            return sample
    return cls(404) if issubclass(cls, errors.ApiError) else cls("text")  # type: ignore[arg-type]


ALL = [_sample(cls) for cls in _classes(errors.GenesysCloudError) if cls.__module__ == errors.__name__]


def test_every_error_is_exported() -> None:
    assert {type(error).__name__ for error in ALL} == set(errors.__all__)


@pytest.mark.parametrize("error", ALL, ids=lambda error: type(error).__name__)
def test_every_error_can_be_pickled_and_copied(error: errors.GenesysCloudError) -> None:
    error.operation = "get_users_me"
    error.add_note("a note")
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        for twin in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
            assert type(twin) is type(error)
            assert str(twin) == str(error)
            assert repr(twin) == repr(error)
            assert twin.args == error.args
            assert vars(twin) == vars(error)


@pytest.mark.parametrize("error", ALL, ids=lambda error: type(error).__name__)
def test_every_error_names_its_operation(error: errors.GenesysCloudError) -> None:
    error.operation = "get_users_me"
    assert str(error).startswith("get_users_me: ")


@pytest.mark.parametrize(
    ("cls", "base"),
    [
        (errors.ConfigurationError, ValueError),
        (errors.ConnectTimeout, TimeoutError),
        (errors.PoolTimeout, TimeoutError),
        (errors.ReadTimeout, TimeoutError),
        (errors.DeadlineExceeded, TimeoutError),
        (errors.JobTimeout, TimeoutError),
    ],
)
def test_errors_are_caught_as_what_python_calls_them(cls: type[Exception], base: type[Exception]) -> None:
    with pytest.raises(base, match="text"):
        raise cls("text")


def test_only_errors_before_sending_promise_that_nothing_was_sent() -> None:
    unsent = {type(error).__name__ for error in ALL if isinstance(error, errors.TransportError) and not error.sent}
    assert unsent == {"ConnectError", "ConnectTimeout", "DnsError", "PoolTimeout", "ProxyError", "TlsError"}


def test_an_api_error_tells_all_that_helps() -> None:
    error = errors.Forbidden(403, message="Missing permission", code="missing.any", headers=HEADERS, body=FORBIDDEN)
    assert error.permissions == ["routing:queue:view", "routing:queue:edit"]
    assert error.correlation_id == "c-1"
    assert error.limit == {"key": "k", "namespace": "n", "value": 5}
    assert error.details == FORBIDDEN["details"]
    assert str(error) == (
        "status 403 missing.any: Missing permission (missing permissions: routing:queue:view, routing:queue:edit)"
        " (limit k = 5) [correlation id c-1]"
    )


@pytest.mark.parametrize("body", [None, [], "text", {"messageParams": None}, {"limit": None, "details": None}])
def test_an_api_error_takes_any_body(body: Any) -> None:
    error = errors.Forbidden(403, body=body)
    assert (error.permissions, error.limit, error.details, error.correlation_id) == ([], None, [], "")
    assert str(error) == "status 403"


def test_the_correlation_id_may_come_from_the_body() -> None:
    assert errors.ApiError(400, body=FORBIDDEN).correlation_id == "c-2"


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (400, errors.BadRequest),
        (401, errors.Unauthorized),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (413, errors.PayloadTooLarge),
        (415, errors.UnsupportedMediaType),
        (429, errors.TooManyRequests),
        (418, errors.ApiError),
        (302, errors.ApiError),
        (500, errors.ServerError),
        (503, errors.ServerError),
        (599, errors.ServerError),
    ],
)
def test_the_class_follows_the_status(status: int, cls: type[errors.ApiError]) -> None:
    assert errors.api_error_class(status) is cls


def test_an_oauth_error_quotes_the_login_service() -> None:
    error = errors.OAuthError(400, "invalid_client", "client not found", "c-1")
    assert str(error) == "login failed with status 400: invalid_client: client not found [correlation id c-1]"
    assert str(errors.OAuthError(503)) == "login failed with status 503"
