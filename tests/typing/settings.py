"""What type checkers make of settings, events and errors: the same in a checkout and in a wheel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_type

from genesyscloud import (
    ApiError,
    AsyncGenesysCloud,
    BreakerSettings,
    ClientCredentials,
    FileTokenStore,
    GatewaySettings,
    GenesysCloud,
    GenesysCloudError,
    LoggingSettings,
    ProxySettings,
    ReauthenticationSettings,
    RetryPolicy,
    Timeouts,
    TlsSettings,
    Token,
)
from genesyscloud.errors import CircuitOpen, JobFailed, OAuthError, TooManyRequests
from genesyscloud.hooks import ErrorEvent, RequestEvent, ResponseEvent, RetryEvent


def settings() -> GenesysCloud:
    policy = RetryPolicy(max_retries=2, statuses=frozenset({503}))
    assert_type(policy.max_wait, float)
    assert_type(replace(policy, max_retries=3), RetryPolicy)
    assert_type(RetryPolicy.from_vendor(retry_max=5), RetryPolicy)
    gc = GenesysCloud(
        auth=ClientCredentials("id", "secret"),
        region="eu_west_1",
        timeout=Timeouts(total=20, connect=5),
        retry=policy,
        tls=TlsSettings(ca_file="roots.pem"),
        proxy=ProxySettings("http://proxy:3128", no_proxy=["localhost"]),
        gateway=GatewaySettings("gateway", port=1443),
        token_store=FileTokenStore(Path("tokens.json")),
        reauthentication=ReauthenticationSettings(refresh_access_token=False),
        logging=LoggingSettings("debug", file="log"),
        breaker=BreakerSettings(failures=3, on_state=print),
        config_file=Path("config"),
    )
    assert_type(gc.with_options(timeout=5, retry=False), GenesysCloud)
    assert_type(GenesysCloud.from_profile("test"), GenesysCloud)
    assert_type(AsyncGenesysCloud.from_env(), AsyncGenesysCloud)
    assert_type(gc.circuits, dict[str, str])
    assert_type(gc.token, Token | None)
    assert_type(gc.login(renew=True), Token)
    assert_type(gc.login().expires_in, float | None)
    return gc


def events() -> GenesysCloud:
    def sending(event: RequestEvent) -> None:
        assert_type(event.attempt, int)
        assert_type(event.request.headers, Mapping[str, str])

    def received(event: ResponseEvent) -> None:
        assert_type(event.elapsed, float)
        assert_type(event.reply.body, bytes)

    def again(event: RetryEvent) -> None:
        assert_type(event.error, GenesysCloudError)

    def failed(event: ErrorEvent) -> None:
        assert_type(event.operation, str)

    return GenesysCloud(on_request=sending, on_response=received, on_retry=again, on_error=failed)


def errors(gc: GenesysCloud) -> None:
    try:
        gc.users.get_users_me()
    except TooManyRequests as error:
        assert_type(error.retry_after, float | None)
        assert_type(error.headers["retry-after"], str)
    except ApiError as error:
        assert_type(error.status, int)
        assert_type(error.limit, dict[str, Any] | None)
        assert_type(error.details, list[Any])
        assert_type(error.permissions, list[str])
        assert_type(error.correlation_id, str)
    except CircuitOpen as error:
        assert_type(error.host, str)
    except JobFailed as error:
        assert_type(error.job_id, str)
    except OAuthError as error:
        assert_type(error.description, str)
    except GenesysCloudError as error:
        assert_type(error.reason, str)


def what_is_wrong(policy: RetryPolicy) -> None:
    policy.max_retries = 3  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    RetryPolicy(retries=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Timeouts(total="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    GenesysCloud(auth="token")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    GenesysCloud(ClientCredentials("id", "secret"))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    ClientCredentials("id")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
