"""What the organization's limits are, as far as the sandbox has any: of requests, and of notification channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..crud import generic
from .registry import service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..settings import Settings

#: What applies where no setting says otherwise, by namespace: copies of the vendor's page on limits.
DEFAULTS = {
    "platform.api": {
        "token.rate.per.minute": 300,
        "client.credentials.token.rate.per.minute": 300,
        "org.app.user.rate.per.minute": 3000,
        "org.user.rate.per.minute": 3000,
        "request.bytes.max": 512_000,
    },
    "notifications": {"channels.per.user.app": 20, "topics.per.channel": 1000},
}


def _current(settings: Settings) -> dict[str, int | None]:
    """Limits by key; ``None`` where none is enforced."""
    client = settings.client_credentials_rate_limit
    return {
        "token.rate.per.minute": settings.rate_limit,
        "client.credentials.token.rate.per.minute": settings.rate_limit if client is None else client,
        "org.app.user.rate.per.minute": settings.user_app_rate_limit,
        "org.user.rate.per.minute": settings.user_rate_limit,
        "request.bytes.max": settings.body_bytes,
        "channels.per.user.app": settings.channels_per_user_app,
        "topics.per.channel": settings.topics_per_channel,
    }


@service("get_organizations_limits_namespace", "get_organizations_limits_namespace_defaults")
def limits_of(sandbox: Sandbox, call: Call) -> Any:
    """The limits of a namespace; where none is enforced, what the real service would allow."""
    known = DEFAULTS.get(call.ids[0])
    if known is None:
        return generic(sandbox, call)
    changed = {} if call.record.path.endswith("/defaults") else _current(sandbox.settings)
    values = {key: value if changed.get(key) is None else changed[key] for key, value in known.items()}
    return {"entities": [{"key": key, "namespace": call.ids[0], "value": value} for key, value in values.items()]}
