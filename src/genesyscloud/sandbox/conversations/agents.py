"""What routing has to know of users, and what it says of them: routing status, skills, queues they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..narrow import as_object

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..store import Entity

__all__ = [
    "after_call_settings",
    "all_members",
    "members",
    "queue",
    "routing_status",
    "set_routing_status",
    "skills_of",
]

USERS = "/api/v2/users"


def routing_status(sandbox: Sandbox, user_id: str) -> str:
    """``OFF_QUEUE``, ``IDLE``, ``INTERACTING``, ``COMMUNICATING`` or ``NOT_RESPONDING``."""
    return str(sandbox.store.documents.get(f"{USERS}/{user_id}/routingstatus", {}).get("status", "OFF_QUEUE"))


def set_routing_status(sandbox: Sandbox, user_id: str, status: str) -> None:
    """Change it because of a conversation; who is off queue stays so."""
    if routing_status(sandbox, user_id) in ("OFF_QUEUE", status):
        return
    path = f"{USERS}/{user_id}/routingstatus"
    sandbox.store.write(path, {"userId": user_id, "status": status, "startTime": sandbox.now()})


def members(sandbox: Sandbox, queue_id: str) -> list[str]:
    """Ids of the users who are joined to a queue, in its order."""
    return [user_id for user_id, joined in all_members(sandbox, queue_id) if joined]


def all_members(sandbox: Sandbox, queue_id: str) -> list[tuple[str, bool]]:
    """Ids of the members of a queue, and whether they are joined."""
    from ..services.routing import members_of

    return [(str(member["id"]), bool(member.get("joined", True))) for member in members_of(sandbox, queue_id)]


def queue(sandbox: Sandbox, queue_id: str) -> Entity | None:
    """The queue with an id."""
    shape = sandbox.shapes.collection("/api/v2/routing/queues")
    collection = None if shape is None else sandbox.collection(shape, [])
    return collection[queue_id] if collection is not None and queue_id in collection else None


def after_call_settings(sandbox: Sandbox, queue_id: str) -> tuple[str, int]:
    """How a queue asks for work after a conversation, and how long that may take, in milliseconds; 0 for ever."""
    found = as_object((queue(sandbox, queue_id) or {}).get("acwSettings")) or {}
    return str(found.get("wrapupPrompt") or ("OPTIONAL" if queue_id else "")), int(found.get("timeoutMs") or 0)


def skills_of(sandbox: Sandbox, user_id: str) -> set[str]:
    """Ids of the routing skills of a user."""
    shape = sandbox.shapes.collection("/api/v2/users/{}/routingskills")
    return set() if shape is None else set(sandbox.collection(shape, [user_id]).ids())
