"""``ApiClient``: logs in, calls, and makes values and models of what comes back."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import quote

from .. import reading
from ..model import plain
from .abstract_http_client import AbstractHttpClient
from .configuration import VENDOR_VERSION, Configuration
from .default_http_client import DefaultHttpClient
from .gateway_configuration import GatewayConfiguration, base_url
from .http_request_options import HttpRequestOptions
from .rest import FORM, ApiException

__all__ = ["ApiClient"]

_API_HOST = re.compile(r"//api\.")
_JSON_MEDIA = ("application/json", "application/scim+json")
_FILE_NAME = re.compile(r"filename=['\"]?([^'\"\s]+)['\"]?")
#: What the vendor's README calls the arguments of ``set_gateway`` in one of its examples.
_README = {"hostname": "host", "scheme": "protocol", "login_path": "path_params_login", "api_path": "path_params_api"}


class ApiClient:
    """A client with a login of its own.

    Args:
        host: base URL of the API; without one, that of ``configuration`` at this moment.
        header_name, header_value: a header for every call. cookie: sent with every call.

    Attributes:
        access_token, refresh_token: of the last login. default_headers: sent with every call.
        last_response: the last reply that was no error, of any thread.
    """

    __module__ = "PureCloudPlatformClientV2.api_client"

    def __init__(
        self,
        host: str | None = None,
        header_name: str | None = None,
        header_value: str | None = None,
        cookie: str | None = None,
    ) -> None:
        configuration = Configuration()
        self.http_client: AbstractHttpClient | None = None
        self.default_headers: dict[str, Any] = {}
        if header_name is not None:
            self.default_headers[header_name] = header_value
        self.host = configuration.host if host is None else host
        self.cookie = cookie
        self.user_agent = "PureCloud SDK/python"
        self.client_id = ""
        self.client_secret = ""
        self.access_token = ""
        self.refresh_token = ""
        self.refresh_token_lock = threading.Lock()
        self.refresh_in_progress = False
        self.gateway_configuration = configuration.gateway_configuration

    # --- settings --------------------------------------------------------------------------------

    @property
    def user_agent(self) -> Any:
        """What this client calls itself."""
        return self.default_headers["User-Agent"]

    @user_agent.setter
    def user_agent(self, value: str) -> None:
        self.default_headers["User-Agent"] = value

    def set_default_header(self, header_name: str, header_value: Any) -> None:
        """Send a header with every call."""
        self.default_headers[header_name] = header_value

    def set_gateway(
        self,
        host: str | None = None,
        protocol: str | None = None,
        port: int | None = -1,
        path_params_login: str | None = None,
        path_params_api: str | None = None,
        **readme: Any,
    ) -> None:
        """Send requests to a gateway.

        Args:
            host: of the gateway. protocol: ``https`` if not given. port: -1 for the protocol's own.
            path_params_login, path_params_api: put in front of the paths of logins and calls.
            readme: the same by other names of the vendor's README.
        """
        given: dict[str, Any] = {
            "host": host,
            "protocol": protocol,
            "port": port,
            "path_params_login": path_params_login,
            "path_params_api": path_params_api,
        }
        for name, value in readme.items():
            if name not in _README:
                raise TypeError(f"set_gateway() got an unexpected keyword argument {name!r}")
            given[_README[name]] = value
        self.gateway_configuration = GatewayConfiguration(**given)

    def get_conf_url(self, path_type: str | None, base_path: str) -> str:
        """Return what URLs begin with.

        Args:
            path_type: ``login``, or anything else for calls. base_path: address of the API.
        """
        gateway = self.gateway_configuration
        login = path_type == "login"
        path = "" if gateway is None else gateway.path_params_login if login else gateway.path_params_api
        behind = base_url(gateway, path or "")
        if behind is not None:
            return behind
        return _API_HOST.sub("//login.", base_path) if login else base_path

    def get_http_client(self) -> Any:
        """Return what sends the requests, made with the settings of this moment if need be."""
        if self.http_client is None:
            self.http_client = DefaultHttpClient()
        return self.http_client

    def set_http_client(self, http_client: AbstractHttpClient) -> None:
        """Send requests with a client of one's own.

        Raises:
            ValueError: it is not derived from ``AbstractHttpClient``.
        """
        if http_client is None:  # pyright: ignore[reportUnnecessaryComparison]
            raise ValueError("http_client cannot be None")
        if not isinstance(http_client, AbstractHttpClient):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError("http_client must be an instance of AbstractHttpClient")
        self.http_client = http_client

    # --- logging in ------------------------------------------------------------------------------

    def get_client_credentials_token(self, client_id: str, client_secret: str) -> ApiClient:
        """Log in as an application; return this client."""
        self._log_in({"grant_type": "client_credentials"}, client_id, client_secret)
        return self

    def get_saml2bearer_token(self, client_id: str, client_secret: str, org_name: str, assertion: str) -> ApiClient:
        """Log in with a SAML assertion; return this client."""
        grant = "urn:ietf:params:oauth:grant-type:saml2-bearer"
        self._log_in({"grant_type": grant, "orgName": org_name, "assertion": assertion}, client_id, client_secret)
        return self

    def get_code_authorization_token(
        self, client_id: str, client_secret: str, auth_code: str, redirect_uri: str
    ) -> tuple[ApiClient, Any]:
        """Log in with the code that a browser came back with; return this client and the token reply."""
        self.client_id = client_id
        self.client_secret = client_secret
        form = {"grant_type": "authorization_code", "code": auth_code, "redirect_uri": redirect_uri}
        return self, self._take_refresh_token(self._log_in(form, client_id, client_secret))

    def refresh_code_authorization_token(
        self, client_id: str, client_secret: str, refresh_token: str
    ) -> tuple[ApiClient, Any]:
        """Renew a login; return this client and the token reply."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self, self._take_refresh_token(self._log_in(form, client_id, client_secret))

    def get_pkce_token(
        self, client_id: str, code_verifier: str, auth_code: str, redirect_uri: str
    ) -> tuple[ApiClient, Any]:
        """Log in with a code, without a secret; return this client and the token reply."""
        self.client_id = client_id
        form = {
            "grant_type": "authorization_code",
            "code": auth_code,
            "code_verifier": code_verifier,
            "client_id": client_id,
            "redirect_uri": redirect_uri,
        }
        return self, self._log_in(form)

    def generate_pkce_code_verifier(self, length: int) -> str:
        """Return a new verifier, from the system's random source.

        Raises:
            ValueError: ``length`` is not 43 to 128.
        """
        from ...auth.urls import make_verifier

        return make_verifier(length)

    def compute_pkce_code_challenge(self, code: str) -> str:
        """Return the challenge of a verifier.

        Raises:
            ValueError: it is none.
        """
        from ...auth.urls import code_challenge

        return code_challenge(code)

    def _log_in(self, form: dict[str, str], client_id: str = "", client_secret: str | None = None) -> Any:
        headers = {"Content-Type": FORM}
        if client_secret is not None:
            basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
            headers["Authorization"] = f"Basic {basic}"
        Configuration().look()
        url = f"{self.get_conf_url('login', self.host)}/oauth/token"
        options = HttpRequestOptions(url=url, method="POST", headers=headers, post_params=form)
        token = json.loads(self.get_http_client().request(options).data)
        self.access_token = token["access_token"]
        return token

    def _take_refresh_token(self, token: Any) -> Any:
        self.refresh_token = token.get("refresh_token") or self.refresh_token
        return token

    def handle_expired_access_token(self) -> None:
        """Renew the login, or wait for the thread that is at it.

        Raises:
            ApiException: the renewal was refused, or took longer than ``refresh_token_wait_time``.
        """
        self._renew(self.access_token)

    def _renew(self, stale: str) -> None:
        wait = Configuration().refresh_token_wait_time
        if not self.refresh_token_lock.acquire(timeout=max(0.0, wait)):
            raise ApiException(status=500, reason=f"Token refresh took longer than `{wait}` seconds")
        try:
            if self.access_token == stale:
                self.refresh_in_progress = True
                self.refresh_code_authorization_token(self.client_id, self.client_secret, self.refresh_token)
        finally:
            self.refresh_in_progress = False
            self.refresh_token_lock.release()

    # --- calling ---------------------------------------------------------------------------------

    def call_api(
        self,
        resource_path: str,
        method: str,
        path_params: Any = None,
        query_params: Any = None,
        header_params: Any = None,
        body: Any = None,
        post_params: Any = None,
        files: Any = None,
        response_type: Any = None,
        auth_settings: Any = None,
        callback: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Send a request and return its result.

        Args:
            resource_path: path with ``{names}``. method: HTTP method.
            path_params, query_params, header_params: values by name; ``None`` leaves one out.
            body: a model, dict or list. post_params: fields of a form. files: paths by the names of fields.
            response_type: what the result becomes, see :meth:`deserialize`; without it there is none.
            auth_settings: names of logins to send. callback: called with the result, in a thread of its own, which is
                returned then.

        Raises:
            ApiException: the status is no success.
        """
        arguments = (resource_path, method, path_params, query_params, header_params, body, post_params, files,
                     response_type, auth_settings, callback)  # fmt: skip
        if callback is None:
            return self.__call_api(*arguments)
        thread = threading.Thread(target=self.__call_api, args=arguments)
        thread.start()
        return thread

    def __call_api(
        self,
        resource_path: str,
        method: str,
        path_params: Any,
        query_params: Any,
        header_params: Any,
        body: Any,
        post_params: Any,
        files: Any,
        response_type: Any,
        auth_settings: Any,
        callback: Callable[[Any], Any] | None,
    ) -> Any:
        Configuration().look()
        headers: dict[str, Any] = {**(header_params or {}), **self.default_headers}
        if self.cookie:
            headers["Cookie"] = self.cookie
        headers = self.sanitize_params_for_serialization(headers)
        headers["purecloud-sdk"] = VENDOR_VERSION
        query: dict[str, Any] = self.sanitize_params_for_serialization(query_params) if query_params else {}
        if post_params or files:
            post_params = self.sanitize_for_serialization(self.prepare_post_parameters(post_params, files))
        options = HttpRequestOptions(
            url=self.get_conf_url("api", self.host) + self._fill(resource_path, path_params),
            method=method,
            headers=headers,
            query_params={name: self.to_path_value(value) for name, value in query.items()},
            post_params=post_params,
            body=self.sanitize_for_serialization(body) if body else body,
        )
        response = self._send(options, auth_settings)
        self.last_response = response
        result = self.deserialize(response, response_type) if response_type else None
        if callback is None:
            return result
        callback(result)
        return None

    def _fill(self, path: str, values: Any) -> str:
        """Put the values of path parameters in their places, each as one piece of the path.

        Raises:
            ValueError: a value would lead to another path.
        """
        for name, value in self.sanitize_params_for_serialization(values or {}).items():
            text = self.to_path_value(value)
            if text in (".", ".."):
                raise ValueError(f"the value of {name!r} must not be {text!r}: it is part of the path")
            path = path.replace(f"{{{name}}}", quote(text, safe=""))
        return path

    def _send(self, options: HttpRequestOptions, auth_settings: Any) -> Any:
        """Send a call; once more with a renewed login if the first is refused with 401."""
        renewable = True
        while True:
            stale = self.access_token
            self.update_params_for_auth(options.headers, options.query_params, auth_settings)
            try:
                response = self.get_http_client().request(options)
            except ApiException as error:
                wished = Configuration().should_refresh_access_token
                if error.status == 401 and renewable and wished and self.refresh_token:
                    renewable = False
                    self._renew(stale)
                    continue
                self._log("error", options, error.status, error.body, error.headers)
                raise
            self._log("trace", options, response.status, response.getheaders())
            self._log("debug", options, response.status)
            return response

    def _log(self, level: str, options: HttpRequestOptions, status: Any, *answer: Any) -> None:
        logger = Configuration().logger
        url = options.url
        if options.query_params:
            url += "?" + "&".join(f"{name}={value}" for name, value in options.query_params.items())
        getattr(logger, level)(options.method, url, options.body, status, options.headers, *answer)

    def to_path_value(self, obj: Any) -> str:
        """Return a value as text: items of a list joined by commas, booleans in lower case."""
        if isinstance(obj, list):
            return ",".join(map(self.to_path_value, obj))  # pyright: ignore[reportUnknownArgumentType]
        return str(obj).lower() if isinstance(obj, bool) else str(obj)

    def sanitize_params_for_serialization(self, obj: Any) -> Any:
        """Return what can be sent as parameters: as :meth:`sanitize_for_serialization`, without ``None`` in dicts."""
        if isinstance(obj, Mapping):
            pairs: Mapping[str, Any] = obj  # pyright: ignore[reportUnknownVariableType]
            return {
                name: self.sanitize_params_for_serialization(value)
                for name, value in pairs.items()
                if value is not None
            }
        return plain(obj)

    def sanitize_for_serialization(self, obj: Any) -> Any:
        """Return what ``json.dumps`` can write: models by their names in JSON, dates as text.

        Attributes of models that are ``None`` are left out; ``ApiNullValue()`` becomes ``None``.
        """
        return plain(obj)

    def deserialize(self, response: Any, response_type: Any) -> Any:
        """Return the value of a reply.

        Args:
            response: has ``data`` and ``getheader()``.
            response_type: ``User``, ``list[User]``, ``dict(str, User)``, ``datetime``, ``object``, a class, … or
                ``file``, which saves the body and returns its path.

        Raises:
            ApiException: it holds a date that cannot be read.
        """
        if response_type == "file":
            return self._save(response)
        data = response.data
        media = response.getheader("Content-Type")
        if media in _JSON_MEDIA or media is None or not media.startswith("text/"):
            with contextlib.suppress(ValueError):
                data = json.loads(data)
        return self.__deserialize(data, response_type)

    def __deserialize(self, data: Any, klass: Any) -> Any:
        """Return decoded JSON as a type. Scripts make models of dicts with this, although it is private."""
        return reading.convert(data, klass)

    def _save(self, response: Any) -> str:
        """Write the body of a reply to a new file; its name is that of the reply, if it gives one."""
        import tempfile

        handle, path = tempfile.mkstemp(dir=Configuration().temp_folder_path)
        os.close(handle)
        named = _FILE_NAME.search(response.getheader("Content-Disposition") or "")
        if named:
            os.remove(path)
            # Only the name: a server does not choose the folder.
            path = os.path.join(os.path.dirname(path), os.path.basename(named[1]))
        data = response.data
        with open(path, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        return path

    def prepare_post_parameters(self, post_params: Any = None, files: Any = None) -> Any:
        """Return the fields of a form together with the contents of files.

        Args:
            post_params: pairs. files: a path, or a list of paths, by the names of fields.
        """
        import mimetypes

        params: Any = post_params or []
        given: dict[str, Any] = files or {}
        for name, value in given.items():
            paths = cast("list[str]", value if isinstance(value, list) else [value] if value else [])
            for path in paths:
                with open(path, "rb") as file:
                    content = file.read()
                filename = os.path.basename(path)
                media = mimetypes.guess_type(filename)[0] or "application/octet-stream"
                params.append((name, (filename, content, media)))
        return params

    def select_header_accept(self, accepts: list[str]) -> str | None:
        """Return the header ``Accept`` for media types: JSON if it is one of them, else all."""
        accepts = [media.lower() for media in accepts or []]
        return _JSON_MEDIA[0] if _JSON_MEDIA[0] in accepts else ", ".join(accepts) or None

    def select_header_content_type(self, content_types: list[str]) -> str:
        """Return the header ``Content-Type`` for media types: JSON if it is one of them, or there is none."""
        content_types = [media.lower() for media in content_types or []]
        return _JSON_MEDIA[0] if not content_types or _JSON_MEDIA[0] in content_types else content_types[0]

    def update_params_for_auth(self, headers: Any, querys: Any, auth_settings: Any) -> None:
        """Add a login to headers or query.

        Args:
            auth_settings: names of logins.
        """
        if not auth_settings:
            return
        settings = Configuration().auth_settings(self.access_token)
        for name in auth_settings:
            setting = settings.get(name)
            if setting and setting["value"]:
                (headers if setting["in"] == "header" else querys)[setting["key"]] = setting["value"]
