"""Sends requests and turns what comes back into a ``RESTResponse`` or an ``ApiException``."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from ...errors import TransportError
from ...http import Request
from ...redact import SecretHeaders
from .. import sending
from ..headers import HTTPHeaderDict
from .configuration import Configuration

if TYPE_CHECKING:
    from ...http import Reply
    from ...transport import Transport

__all__ = ["ApiException", "RESTClientObject", "RESTResponse"]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
USER_AGENT = "PureCloud SDK/python"
MULTIPART = "multipart/form-data"
_WITH_BODY = ("POST", "PUT", "PATCH", "OPTIONS")
_METHODS = ("GET", "HEAD", "DELETE", *_WITH_BODY)


class _Raw(NamedTuple):
    """What came, before anything was made of it."""

    status: int
    reason: str
    headers: HTTPHeaderDict
    data: bytes


class RESTResponse(io.IOBase):
    """A reply.

    Attributes:
        status, reason: of its first line.
        data: the body as text; bytes when it is not UTF-8.
    """

    __module__ = "PureCloudPlatformClientV2.rest"

    def __init__(self, resp: Any) -> None:
        self.urllib3_response = resp
        self.status: int = resp.status
        self.reason: str = resp.reason
        self.data: Any = resp.data

    def getheaders(self) -> Any:
        """Return the headers, to be asked for names in any case."""
        return self.urllib3_response.headers

    def getheader(self, name: str, default: Any = None) -> Any:
        """Return the value of one header."""
        return self.urllib3_response.headers.get(name, default)


class ApiException(Exception):
    """The service answered with an error.

    Attributes:
        status, reason, body, headers: of the reply; body and headers are ``None`` when there was none.
    """

    __module__ = "PureCloudPlatformClientV2.rest"

    def __init__(self, status: int | None = None, reason: str | None = None, http_resp: Any = None) -> None:
        if http_resp:
            status, reason = http_resp.status, http_resp.reason
        self.status = status
        self.reason = reason
        self.body: Any = http_resp.data if http_resp else None
        self.headers: Any = http_resp.getheaders() if http_resp else None

    def __str__(self) -> str:
        text = f"({self.status})\nReason: {self.reason}\n"
        if self.headers:
            text += f"HTTP response headers: {self.headers}\n"
        if self.body:
            text += f"HTTP response body: {self.body}\n"
        return text


class RESTClientObject:
    """Connections made as ``configuration`` says when this is made.

    Args:
        pools_size: of no effect. max_size: requests that may be under way at the same time; at least as many as
            clients of this package allow.
    """

    __module__ = "PureCloudPlatformClientV2.rest"

    def __init__(self, pools_size: int = 4, max_size: int = 4) -> None:
        self._transport: Transport = _transport(max_size)

    def request(
        self,
        method: str,
        url: str,
        query_params: Any = None,
        headers: dict[str, Any] | None = None,
        body: Any = None,
        post_params: Any = None,
        timeout: float | None = None,
    ) -> RESTResponse:
        """Send a request.

        Args:
            query_params: names and values, or pairs. headers: ``Content-Type`` says how the body is written.
            body: becomes JSON; ``GET``, ``HEAD`` and ``DELETE`` send none. post_params: fields of a form.
            timeout: milliseconds that each wait may take; see :func:`~genesyscloud.compat.sending.timeouts_for`.

        Raises:
            ApiException: the status is no success. ValueError: both a body and a form were given.
            urllib3.exceptions.MaxRetryError: there was no reply.
        """
        method = method.upper()
        assert method in _METHODS
        if post_params and body:
            raise ValueError("body parameter cannot be used with post_params parameter.")
        sent = SecretHeaders({name: _header(value) for name, value in (headers or {}).items()})
        sent.setdefault("Content-Type", JSON)
        sent.setdefault("User-Agent", USER_AGENT)
        data = _encode(sent, body, post_params or {}) if method in _WITH_BODY else None
        if query_params:
            url += f"?{urlencode(query_params)}"
        request = Request(method, sending.safe_url(url), sent, data)
        try:
            reply = sending.exchange(self._transport, request, sending.timeouts_for(timeout))
        except TransportError as error:
            raise sending.vendor_error(error, request.url) from error
        response = _response(reply)
        if not 200 <= response.status <= 205:
            raise ApiException(http_resp=response)
        return response

    def GET(self, url: str, headers: Any = None, query_params: Any = None) -> RESTResponse:  # noqa: N802
        """Send a GET."""
        return self.request("GET", url, query_params, headers)

    def HEAD(self, url: str, headers: Any = None, query_params: Any = None) -> RESTResponse:  # noqa: N802
        """Send a HEAD."""
        return self.request("HEAD", url, query_params, headers)

    def DELETE(  # noqa: N802
        self, url: str, headers: Any = None, query_params: Any = None, body: Any = None
    ) -> RESTResponse:
        """Send a DELETE; it has no body."""
        return self.request("DELETE", url, query_params, headers)

    def OPTIONS(  # noqa: N802
        self, url: str, headers: Any = None, query_params: Any = None, post_params: Any = None, body: Any = None
    ) -> RESTResponse:
        """Send an OPTIONS."""
        return self.request("OPTIONS", url, query_params, headers, body, post_params)

    def POST(  # noqa: N802
        self, url: str, headers: Any = None, query_params: Any = None, post_params: Any = None, body: Any = None
    ) -> RESTResponse:
        """Send a POST."""
        return self.request("POST", url, query_params, headers, body, post_params)

    def PUT(  # noqa: N802
        self, url: str, headers: Any = None, query_params: Any = None, post_params: Any = None, body: Any = None
    ) -> RESTResponse:
        """Send a PUT."""
        return self.request("PUT", url, query_params, headers, body, post_params)

    def PATCH(  # noqa: N802
        self, url: str, headers: Any = None, query_params: Any = None, post_params: Any = None, body: Any = None
    ) -> RESTResponse:
        """Send a PATCH."""
        return self.request("PATCH", url, query_params, headers, body, post_params)


def _transport(max_size: int) -> Transport:
    from ...transport import POOL_SIZE, ProxySettings, TlsSettings
    from ...transport.blocking import BlockingTransport

    configuration = Configuration()
    proxy = configuration.proxy
    verify = bool(configuration.verify_ssl)
    return BlockingTransport(
        tls=TlsSettings(
            ca_file=configuration.ssl_ca_cert or "",
            cert_file=configuration.cert_file or "",
            key_file=configuration.key_file or "",
            verify=verify,
        ),
        # The environment says nothing about it, as with the vendor's SDK.
        proxy=ProxySettings(proxy, configuration.proxy_username or "", configuration.proxy_password or "")
        if proxy
        else False,
        pool_size=max(max_size, POOL_SIZE),
        context=configuration.ssl_context if verify else None,
    )


def _response(reply: Reply) -> RESTResponse:
    response = RESTResponse(_Raw(reply.status, reply.reason, HTTPHeaderDict(reply.headers.pairs), reply.body))
    try:
        response.data = reply.body.decode("utf-8")
    except UnicodeDecodeError:
        # A recording, an image: as it came.
        response.data = reply.body
    return response


def _header(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _encode(headers: dict[str, str], body: Any, form: Any) -> bytes | None:
    """Return what is sent as the body; may complete the content type."""
    media = headers["Content-Type"]
    if media == FORM:
        return urlencode(form).encode()
    if media == MULTIPART:
        from urllib3.filepost import encode_multipart_formdata

        data, headers["Content-Type"] = encode_multipart_formdata(form)
        return data
    if media != JSON and isinstance(body, str | bytes):
        return body.encode() if isinstance(body, str) else body
    return json.dumps(body).encode()
