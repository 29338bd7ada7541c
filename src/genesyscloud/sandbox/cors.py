"""What lets pages of other origins call the API from a browser (the Fetch standard's CORS protocol).

The real service answers any origin; tokens go in a header, never in a cookie, so nothing is given away by it.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["cross_origin", "preflight"]

EXPOSED = "ININ-Correlation-Id, inin-ratelimit-count, inin-ratelimit-allowed, inin-ratelimit-reset, Retry-After"
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
#: Seconds for which a browser may remember the answer.
REMEMBERED = "600"


def cross_origin(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Headers of a reply to a request with ``headers``; none when it does not come from a page of another origin."""
    if "origin" not in headers:
        return []
    return [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", EXPOSED)]


def preflight(method: str, headers: Mapping[str, str]) -> list[tuple[str, str]] | None:
    """Headers of the answer to a browser that asks what it may send; ``None`` when this is no such question."""
    if method != "OPTIONS" or "origin" not in headers or "access-control-request-method" not in headers:
        return None
    asked = headers.get("access-control-request-headers", "")
    allowed = asked if asked.isascii() and asked.isprintable() else ""
    return [
        ("Access-Control-Allow-Methods", METHODS),
        *([("Access-Control-Allow-Headers", allowed)] if allowed else []),
        ("Access-Control-Max-Age", REMEMBERED),
    ]
