"""What the scenarios have in common."""

# pyright: basic, reportMissingImports=false
# Written as scripts for the vendor's package are: without types.

import sys
from typing import Any

from PureCloudPlatformClientV2.api_client import ApiClient
from PureCloudPlatformClientV2.rest import ApiException

URL = sys.argv[1]
SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


def client(name, **options):
    made = ApiClient(host=f"{URL}/scenarios/{name}", **options)
    made.access_token = "token-of-the-test"
    return made


def failed(error):
    text = str(error)
    if isinstance(error, ApiException):
        headers = error.headers
        return {
            "type": f"{type(error).__module__}.{type(error).__name__}",
            "text": text,
            "status": error.status,
            "reason": error.reason,
            "body": error.body,
            "headers": None if headers is None else [list(pair) for pair in headers.items()],
            "header": None if headers is None else [headers.get("inin-correlation-id"), headers["Content-TYPE"]],
        }
    module = type(error).__module__
    reason = type(getattr(error, "reason", None)).__name__
    # Texts of Python and of libraries are not promised.
    promised = isinstance(error, (TypeError, ValueError)) and (
        "`" in text or "positional argument" in text or "Got an" in text
    )
    return {"type": f"{module}.{type(error).__name__}", "reason": reason, "text": text if promised else ""}


def outcome(function, *args, **kwargs) -> Any:
    try:
        return {"value": shown(function(*args, **kwargs))}
    except Exception as error:
        return failed(error)


def shown(value) -> Any:
    if hasattr(value, "swagger_types"):
        return {type(value).__name__: {name: shown(getattr(value, name)) for name in value.swagger_types}}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, [shown(item) for item in value]]
    if isinstance(value, dict):
        return {str(key): shown(item) for key, item in value.items()}
    if isinstance(value, ApiClient):
        return "the client"
    return f"{type(value).__name__}: {value!r}"
