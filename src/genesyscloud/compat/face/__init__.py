"""What ``import PureCloudPlatformClientV2`` gets: the names of the vendor's package on our engine.

Everything but ``configuration`` is made or loaded when it is first touched.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .configuration import Configuration

#: Names of the package, and the modules that they are in.
_HOMES = {
    "AbstractHttpClient": "abstract_http_client",
    "ApiClient": "api_client",
    "ApiNullValue": "api_null_value",
    "DefaultHttpClient": "default_http_client",
    "GatewayConfiguration": "gateway_configuration",
    "HttpRequestOptions": "http_request_options",
    "PureCloudRegionHosts": "purecloud_region_hosts",
    "YearMonth": "year_month",
}
_MODULES = frozenset({*_HOMES.values(), "apis", "logger", "models", "rest", "utils"})

#: The settings: an instance under the name of its module, as in the vendor's package.
configuration: Any = Configuration()


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return __dir__()
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _HOMES:
        value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    elif name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    else:
        value = _generated(name)
    globals()[name] = value
    return value


def _generated(name: str) -> Any:
    """Return an API class or a model."""
    for module in ("apis", "models"):
        found = getattr(import_module(f".{module}", __name__), name, None)
        if isinstance(found, type):
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    from ...catalog import catalog
    from .apis import names

    return sorted({"Configuration", "configuration", *_HOMES, *_MODULES, *names(), *catalog().model_names()})
