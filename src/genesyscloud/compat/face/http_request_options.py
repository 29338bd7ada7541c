"""One request on its way to an HTTP client: what hooks see and may change."""

from __future__ import annotations

from typing import Any

__all__ = ["HttpRequestOptions"]

_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE")


class HttpRequestOptions:
    """A request.

    Args:
        url: without the query. method: in any case.
        headers, query_params: names and values. post_params: fields of a form. body: what will be JSON.
        timeout: milliseconds.

    Raises:
        ValueError: there is no URL, or the method is none.
    """

    __module__ = "PureCloudPlatformClientV2.http_request_options"

    def __init__(
        self,
        *,
        url: str,
        method: str,
        headers: dict[str, Any] | None = None,
        query_params: dict[str, Any] | None = None,
        post_params: Any = None,
        body: Any = None,
        timeout: float | None = 16000,
    ) -> None:
        self.url = url
        self.method = method
        self.headers = headers or {}
        self.query_params = query_params or {}
        self.post_params: Any = post_params or {}
        self.body = body
        self.timeout = timeout

    @property
    def url(self) -> str:
        """Address without the query."""
        return self._url

    @url.setter
    def url(self, url: str) -> None:
        if not url:
            raise ValueError("The 'url' property is required")
        self._url = url

    @property
    def method(self) -> str:
        """HTTP method, in capitals."""
        return self._method

    @method.setter
    def method(self, method: str) -> None:
        if not method or method.upper() not in _METHODS:
            raise ValueError("The 'method' property is invalid or missing")
        self._method = method.upper()
