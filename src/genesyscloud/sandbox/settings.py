"""What can be set on a sandbox.

Facts about Genesys Cloud that nobody could verify against a live organization are settings here, with the
most likely value as default, so that a test can ask "what if it is otherwise?".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_type_hints

import msgspec

from ..names import nearest

__all__ = ["Settings", "setting_of"]


def _page_size_maxima() -> dict[str, int]:
    return {"/api/v2/users": 500, "/api/v2/routing/queues/divisionviews/all": 500, "/api/v2/users/query": 500}


def _seeded_counts() -> dict[str, int]:
    return {"/api/v2/routing/queues": 250, "/api/v2/routing/queues/{}/members": 5}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a :class:`~genesyscloud.sandbox.core.Sandbox`.

    Args:
        organization: what the organization starts with: ``default`` is example data for everything, ``demo`` a call
            centre of 200 people with a month of conversations, ``empty`` nothing but its owner.
        seed: the same seed gives the same organization, ids included.
        client_id: id of the OAuth client that exists from the start.
        client_secret: its secret.
        token_seconds: life of an access token, in seconds, unless its client says otherwise.
        refresh_token_seconds: life of a refresh token, in seconds.
        refresh_token_rotates: whether a refresh token works once, and each use gives a new one.
        pkce_refresh_token: whether a login with PKCE gives a refresh token.
        code_seconds: life of an authorization code, in seconds.
        session_seconds: how long a browser remembers who logged in, in seconds.
        auto_login: whether the authorize page is passed over: the person of ``login_hint``, or else the
            administrator, says yes at once. For tests of programs that open a browser.
        loopback_any_path: whether a registered ``http://localhost`` allows any path besides any port.
        unknown_client_status: status of a token request from a client that is unknown or not active.
        wrong_secret_status: status of a token request with a wrong secret.
        enforce_permissions: whether a token needs the permissions that the definition demands of an operation.
        prefixes: what gateways put in front of paths (``("/gateway/api", "/gateway/login")``) and is taken off;
            ``None`` takes off anything.
        client_credentials_user: whether ``/api/v2/users/me`` answers a client-credentials token with the
            administrator of the organization. The real service has no user for such a token and refuses.
        rate_limit: requests per token and minute above which a 429 is answered; ``None`` never.
        rate_limit_allowed: what ``inin-ratelimit-allowed`` says while ``rate_limit`` is ``None``. High, since
            clients slow down when the count comes near it.
        client_credentials_rate_limit: the same for tokens of clients that act for themselves; ``None``: as for others.
        client_rate_limits: the same for the tokens of single clients, by client id.
        user_app_rate_limit: requests per person and client, and minute; ``None``: no limit.
        user_rate_limit: requests per person, and minute; ``None``: no limit.
        operation_rate_limits: requests per token and minute for operations whose names match a pattern
            (``"get_users*"``).
        rate_limit_message: ``count``: a 429 says how many requests are allowed; ``seconds``: how long to wait.
        rate_limit_retry_after: whether a 429 has the header ``Retry-After``.
        body_bytes: size of a request body above which a 413 is answered, in bytes.
        upload_bytes: the same for files sent to the upload host and to signed addresses.
        check_enums: whether a value outside the definition's enum is refused; the real service knows newer ones.
        page_size: entities on a page when the request does not say.
        page_size_maximum: above it a page size is refused with a 400.
        page_size_maxima: the same for single paths, written with ``{}`` for parameters.
        cursor_page_size: page size, and its maximum, of results read by cursor.
        seeded: entities that a collection has from the start.
        seeded_counts: the same for single collections.
        job_polls: polls that a new job answers as unfinished.
        integration_seconds: how long an integration takes to become active or inactive, in seconds.
        outbound_calls_per_minute: contacts that a campaign calls while it is on.
        admin: whether the sandbox's own interface under ``/sandbox`` is there.
        admin_hosts: further names, with or without a port, under which the admin interface is answered: those of a
            machine in a domain, or of a gateway. Addresses, names without a dot and Genesys Cloud's own always are.
        channel_seconds: life of a notification channel, in seconds; subscribing starts it anew.
        channels_per_user_app: notification channels of one user in one application; one more replaces the oldest
            that nobody is connected to.
        topics_per_channel: topics of a channel above which a 400 is answered.
        combined_topics_count_each: whether ``v2.users.{id}?presence&station`` counts as two topics, or as one.
        exclusive_topics: topics (``v2.users.{id}.presence``) that one channel of a user at a time may have: the others
            lose them, and are told.
        heartbeat_seconds: time between two heartbeats on a channel, in seconds.
        socket_closing_seconds: time from ``v2.system.socket_closing`` to the end of the connection, in seconds.
        channel_close_code: WebSocket close code when the service ends a connection.
        channel_backlog: messages that a client may leave unread before it is hung up on.
        job_items: items that a finished job has, and conversations of the last week that the organization starts
            with.
        alert_seconds: how long an agent is offered a conversation before it goes to another one.
        auto_answer: whether agents take what they are offered at once.
        analytics_days: longest interval of a query of conversation details, in days.
        analytics_window: deepest conversation that pages of a details query reach.
        analytics_job_rows: deepest row that the cursor of a job reaches.
        analytics_lag: seconds by which the data of jobs is behind.
        batch_downloads: most recordings in one batch request.
        clock: seconds since the epoch.
    """

    organization: str = "default"
    seed: int | str = 1
    client_id: str = "sandbox"
    client_secret: str = field(default="sandbox", repr=False)
    token_seconds: int = 86_400
    refresh_token_seconds: int = 30 * 86_400
    refresh_token_rotates: bool = True
    pkce_refresh_token: bool = False
    code_seconds: int = 300
    session_seconds: int = 86_400
    auto_login: bool = False
    loopback_any_path: bool = True
    unknown_client_status: int = 400
    wrong_secret_status: int = 401
    enforce_permissions: bool = False
    prefixes: Sequence[str] | None = None
    client_credentials_user: bool = True
    rate_limit: int | None = None
    rate_limit_allowed: int = 30_000
    client_credentials_rate_limit: int | None = None
    client_rate_limits: Mapping[str, int] = field(default_factory=dict[str, int])
    user_app_rate_limit: int | None = None
    user_rate_limit: int | None = None
    operation_rate_limits: Mapping[str, int] = field(default_factory=dict[str, int])
    rate_limit_message: Literal["count", "seconds"] = "count"
    rate_limit_retry_after: bool = True
    body_bytes: int = 512_000
    upload_bytes: int = 50_000_000
    check_enums: bool = True
    page_size: int = 25
    page_size_maximum: int = 100
    page_size_maxima: Mapping[str, int] = field(default_factory=_page_size_maxima)
    cursor_page_size: int = 1000
    seeded: int = 60
    seeded_counts: Mapping[str, int] = field(default_factory=_seeded_counts)
    job_polls: int = 1
    job_items: int = 250
    integration_seconds: float = 1.0
    outbound_calls_per_minute: float = 60.0
    admin: bool = True
    admin_hosts: Sequence[str] = ()
    channel_seconds: int = 86_400
    channels_per_user_app: int = 20
    topics_per_channel: int = 1000
    combined_topics_count_each: bool = True
    exclusive_topics: Collection[str] = ()
    heartbeat_seconds: float = 30.0
    socket_closing_seconds: float = 60.0
    channel_close_code: int = 1001
    channel_backlog: int = 10_000
    alert_seconds: float = 30.0
    auto_answer: bool = False
    analytics_days: int = 31
    analytics_window: int = 100_000
    analytics_job_rows: int = 400_000
    analytics_lag: float = 0.0
    batch_downloads: int = 100
    clock: Callable[[], float] = time.time


def setting_of(text: str) -> tuple[str, Any]:
    """A setting that somebody wrote as ``NAME=VALUE``; the value is JSON, or text that needs no quotes.

    Raises:
        ValueError: there is no such setting, or the value is none that it can have.

    >>> setting_of("check_enums=false"), setting_of("rate_limit=300"), setting_of("client_id=me")
    (('check_enums', False), ('rate_limit', 300), ('client_id', 'me'))
    """
    name, sign, value = text.partition("=")
    name = name.strip().replace("-", "_")
    known = {field.name for field in fields(Settings)} - {"clock"}
    if name not in known:
        raise ValueError(f"there is no setting {name!r}.{nearest(name, known)}")
    if not sign:
        raise ValueError(f"the setting {name!r} needs a value: {name}=VALUE")
    type_ = get_type_hints(Settings)[name]
    try:
        given = msgspec.json.decode(value)
    except (msgspec.DecodeError, ValueError):
        given = value
    try:
        return name, msgspec.convert(given, type_)
    except msgspec.ValidationError as error:
        if isinstance(given, int | float):  # A name may look like a number.
            try:
                return name, msgspec.convert(value, type_)
            except msgspec.ValidationError:
                pass
        raise ValueError(f"the setting {name} cannot be {value!r}: {error}") from None
