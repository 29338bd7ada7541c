"""How code, environment, files and defaults become the settings of one client, and again when a file changes.

The first in that order which says something wins. Hosts go together: whoever names the region or the API host also
names the login host, so that no secret is sent to a login service that was meant for another region.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from . import regions
from .auth import AccessToken, Auth, ClientCredentials
from .config import HostSettings, Settings, environment_hosts, told_auth
from .configfile.files import Files, own_path
from .errors import ConfigurationError
from .gateway import base_urls
from .sections import GatewaySettings, LoggingSettings, ReauthenticationSettings, RetryPolicy
from .transport import ProxySettings

if TYPE_CHECKING:
    from .configfile.files import Said

__all__ = ["Layers", "Merged"]

#: To try paths on.
_NOWHERE = regions.Hosts("", "")


class Merged(NamedTuple):
    """What a client works with."""

    settings: Settings
    auth: Auth
    #: Of the service.
    hosts: regions.Hosts
    #: What requests begin with: those of a gateway, if there is one.
    bases: regions.Hosts


class Layers:
    """What was said about one client, by whom.

    Args:
        code: fields of :class:`Settings` that code gave.
        hosts: what code said about hosts.
        auth: the login that code gave, if it did.
        files: those to read.
        environ: the environment.

    Raises:
        ConfigurationError: a file says what is not allowed.
    """

    def __init__(
        self,
        code: Mapping[str, Any],
        hosts: HostSettings,
        auth: Auth | None,
        files: Files,
        environ: Mapping[str, str],
    ) -> None:
        self._code = code
        self._hosts = (hosts, environment_hosts(environ))
        self._auth = auth or told_auth(environ)
        self.files = files
        files.load()

    def merge(self, said: Said | None = None) -> Merged:
        """Return what follows from all layers.

        Args:
            said: what files say; without it, what is in force.

        Raises:
            ConfigurationError: settings that are allowed alone do not go together, or nobody describes a login.
        """
        said = said or self.files
        fields: dict[str, Any] = {**self._from_files(said), **self._code}
        # Code can say that there is none; the settings have no word for it.
        fields["gateway"] = fields.get("gateway") or None
        settings = Settings(**fields)
        hosts = self._find_hosts(said)
        auth = self._auth or _file_auth(said, self.files)
        return Merged(settings, auth, hosts, base_urls(hosts, settings.gateway, settings.proxy))

    def _find_hosts(self, said: Said) -> regions.Hosts:
        values = said.values
        told = HostSettings(values.get(("general", "host")) or values.get(("general", "region")))
        told = told._replace(login_host=values.get(("general", "login_host")))
        found = _first(*self._hosts, told)
        try:
            return regions.resolve(*found)
        except ConfigurationError as error:
            if found == _first(*self._hosts):
                raise
            raise ConfigurationError(f"{said.place('general')} {error}") from None

    def _from_files(self, said: Said) -> dict[str, Any]:
        """Return the fields of :class:`Settings` that files say something about, and code does not."""
        fields: dict[str, Any] = {}
        values = said.values
        for section, (field, make) in _BUILDERS.items():
            given = {key: value for (found, key), value in values.items() if found == section}
            if given and field not in self._code:
                try:
                    made = make(given)
                except ConfigurationError as error:
                    raise ConfigurationError(f"{said.place(section)} {error}") from None
                if made is not None:
                    fields[field] = made
        return fields


def _first(*layers: HostSettings) -> HostSettings:
    """Return what the layers say about hosts: all from the first that names a region or an API host."""
    login_host = None
    for layer in layers:
        login_host = login_host or layer.login_host
        if layer.region or layer.api_host:
            return layer._replace(login_host=login_host)
    return HostSettings(regions.DEFAULT_REGION, None, login_host)


def _file_auth(said: Said, files: Files) -> Auth:
    values = said.values
    token, client_id, secret = (values.get(("auth", key)) for key in ("access_token", "client_id", "client_secret"))
    try:
        if token:
            return AccessToken(token)
        if client_id and secret:
            return ClientCredentials(client_id, secret)
    except ConfigurationError as error:
        raise ConfigurationError(f"{said.place('auth')} {error}") from None
    if client_id or secret:
        present, missing = ("client_id", "client_secret") if client_id else ("client_secret", "client_id")
        raise ConfigurationError(f"{said.place('auth')} has {present} but not {missing}")
    raise ConfigurationError(
        "no credentials: pass auth=ClientCredentials(id, secret); or set GENESYSCLOUD_OAUTHCLIENT_ID and "
        "GENESYSCLOUD_OAUTHCLIENT_SECRET, or GENESYSCLOUD_ACCESS_TOKEN; or put client_id and client_secret "
        f"into section [auth] of {', '.join(files.paths[:1]) or own_path()}"
    )


def _logging(given: dict[str, Any]) -> LoggingSettings:
    names = {
        "log_level": "level",
        "log_format": "format",
        "log_to_console": "console",
        "log_file_path": "file",
        "log_request_body": "request_body",
        "log_response_body": "response_body",
    }
    fields = {names[key]: value for key, value in given.items()}
    if "file" in fields:
        fields["file"] = os.path.expanduser(fields["file"])
    return LoggingSettings(**fields)


def _gateway(given: dict[str, Any]) -> GatewaySettings | None:
    if not given.get("host"):
        return None
    gateway = GatewaySettings(**given)
    base_urls(_NOWHERE, gateway)
    return gateway


def _proxy(given: dict[str, Any]) -> ProxySettings | None:
    host, port = given.pop("host", ""), given.pop("port", None)
    protocol = given.pop("protocol", "http")
    if not host:
        return None
    if any(sign in host for sign in "/@?# "):
        raise ConfigurationError("host must be the name or address of a host, without scheme and path")
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    proxy = ProxySettings(f"{protocol}://{host}" if port is None else f"{protocol}://{host}:{port}", **given)
    base_urls(_NOWHERE, None, proxy)
    return proxy


def _retry(given: dict[str, Any]) -> RetryPolicy:
    least, most = given.get("retry_wait_min"), given.get("retry_wait_max")
    if least is not None and most is not None and least > most:
        raise ConfigurationError(f"retry_wait_min must not be above retry_wait_max, which is {most:g}")
    return RetryPolicy.from_vendor(**given)


def _reauthentication(given: dict[str, Any]) -> ReauthenticationSettings:
    return ReauthenticationSettings(**given)


#: For each section, the field of the settings that it fills, and how.
_BUILDERS: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "logging": ("logging", _logging),
    "retry": ("retry", _retry),
    "reauthentication": ("reauthentication", _reauthentication),
    "gateway": ("gateway", _gateway),
    "proxy": ("proxy", _proxy),
}
