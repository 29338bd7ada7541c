"""The HTTP client that is used when the script brings none of its own."""

from __future__ import annotations

from typing import Any

from .abstract_http_client import AbstractHttpClient
from .http_request_options import HttpRequestOptions
from .rest import RESTClientObject, RESTResponse

__all__ = ["DefaultHttpClient"]

#: Stands for "not set": the vendor's SDK declares it and waits for ever.
_DECLARED = 16000


class DefaultHttpClient(AbstractHttpClient):
    """Sends requests with the settings that ``configuration`` has when this is made.

    Args:
        timeout: milliseconds for each wait. https_agent: of no effect.
    """

    __module__ = "PureCloudPlatformClientV2.default_http_client"

    def __init__(self, timeout: float | None = None, https_agent: Any = None) -> None:
        super().__init__()
        if timeout is not None:
            self.set_timeout(timeout)
        self.rest_client = RESTClientObject()

    def request(self, http_request_options: HttpRequestOptions) -> RESTResponse:
        """Call the hooks and send the request; see :meth:`RESTClientObject.request` for what it raises."""
        if not isinstance(http_request_options, HttpRequestOptions):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError("httpRequestOptions must be an instance of HttpRequestOptions")
        if callable(self.pre_hook):
            changed = self.pre_hook(http_request_options)
            # The hook of the vendor's README returns nothing.
            http_request_options = changed if changed is not None else http_request_options
        if http_request_options.method == "TRACE":
            raise ValueError("the method TRACE cannot be sent")
        config = self.to_rest_client_config(http_request_options)
        config["timeout"] = None if config["timeout"] == _DECLARED else config["timeout"]
        response = self.rest_client.request(**config)
        if callable(self.post_hook):
            changed = self.post_hook(response)
            response = changed if changed is not None else response
        return response

    def to_rest_client_config(self, http_request_options: HttpRequestOptions) -> dict[str, Any]:
        """Return the parts of a request.

        Raises:
            ValueError: it has no URL or method.
        """
        options = http_request_options
        if not options.url or not options.method:
            raise ValueError("Mandatory fields 'url' and 'method' must be set before making a request")
        return {
            "url": options.url,
            "method": options.method,
            "headers": options.headers or {},
            "query_params": options.query_params or {},
            "post_params": options.post_params or {},
            "body": options.body,
            "timeout": self.timeout or None,
        }
