"""The settings of the whole program: one object, as the vendor's package has it, with its configuration file."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from .gateway_configuration import GatewayConfiguration
from .logger import LogFormat, Logger, LogLevel

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

__all__ = ["Configuration"]

#: Version of the vendor's package whose behaviour this one has; sent with every call.
VENDOR_VERSION = "269.0.0"
#: Set to 0, unknown values of enums become this word, as with the vendor's SDK.
ENUMS_VARIABLE = "GENESYSCLOUD_COMPAT_KEEP_ENUMS"
OUTDATED = "outdated_sdk_version"

_GATEWAY = ("protocol", "port", "path_params_login", "path_params_api", "username", "password")


class Configuration:
    """The settings; every call returns the same object.

    Attributes:
        host: base URL of the API for clients made from now on.
        access_token: used by clients that have none of their own. api_key, api_key_prefix: by name.
        should_refresh_access_token: renew an expired token of the code grant.
        refresh_token_wait_time: seconds that a call waits for the renewal of another thread.
        verify_ssl, ssl_ca_cert, cert_file, key_file, ssl_context: TLS. proxy, proxy_username, proxy_password: a proxy.
        gateway_configuration: for clients made from now on. logger: see :class:`Logger`.
        config_file_path: setting it reads the file. live_reload_config: follow changes of the file.
        keep_unknown_enums: keep values of enums that the definition does not know, instead of the word
            ``outdated_sdk_version``. Not there in the vendor's package.
    """

    __module__ = "PureCloudPlatformClientV2.configuration"

    _only: Configuration | None = None
    _making = threading.RLock()

    def __new__(cls) -> Configuration:
        """Return the one object."""
        if cls._only is None:
            with cls._making:
                if cls._only is None:
                    made = super().__new__(cls)
                    made._set_up()
                    cls._only = made
        return cls._only

    def _set_up(self) -> None:
        self.host = "https://api.mypurecloud.com"
        self.api_client: Any = None
        self.temp_folder_path: str | None = None
        self.api_key: dict[str, str] = {}
        self.api_key_prefix: dict[str, str] = {}
        self.username = ""
        self.password = ""
        self.access_token = ""
        self.should_refresh_access_token = True
        self.refresh_token_wait_time: float = 10
        self.verify_ssl = True
        self.ssl_ca_cert: str | None = None
        self.cert_file: str | None = None
        self.key_file: str | None = None
        self.ssl_context: ssl.SSLContext | None = None
        self.proxy: str | None = None
        self.proxy_username: str | None = None
        self.proxy_password: str | None = None
        self.gateway_configuration: GatewayConfiguration | None = None
        self.logger = Logger()
        self.keep_unknown_enums = os.environ.get(ENUMS_VARIABLE, "1") != "0"
        self._file: Any = None
        self.live_reload_config = True
        self._config_file_path = os.path.join(os.path.expanduser("~"), ".genesyscloudpython", "config")
        self._follow(named=False)

    # --- the file --------------------------------------------------------------------------------

    @property
    def config_file_path(self) -> str:
        """The configuration file."""
        return self._config_file_path

    @config_file_path.setter
    def config_file_path(self, value: str) -> None:
        self._config_file_path = value
        self._follow(named=True)

    @property
    def live_reload_config(self) -> bool:
        """Whether changes of the file are followed."""
        return self._live_reload_config

    @live_reload_config.setter
    def live_reload_config(self, value: bool) -> None:
        self._live_reload_config = value
        if self._file is not None:
            self._file.live(value)

    def _follow(self, *, named: bool) -> None:
        """Read the file and follow it; one that nobody has named is looked for again with each call."""
        if self._file is not None:
            self._file.close()
        self._file = None
        if named or os.path.isfile(self._config_file_path):
            from ..settingsfile import SettingsFile

            self._file = SettingsFile(self._config_file_path, self._apply)
            self._file.live(self.live_reload_config)

    def look(self) -> None:
        """Take over what the file says now, if nothing else tells of changes. Called before each request."""
        if not self.live_reload_config:
            return
        if self._file is not None:
            if not self._file.watched:
                self._file.look()
        elif os.path.isfile(self._config_file_path):
            self._follow(named=False)

    def _update_config_from_file(self) -> None:
        """Read the file again and apply all that it says."""
        self._follow(named=True)

    def _apply(self, values: Mapping[tuple[str, str], Any]) -> None:
        """Set what a file says, section and key by section and key."""
        logger = self.logger
        for (section, key), value in values.items():
            if section == "logging":
                if key == "log_level":
                    value = LogLevel.from_string(value)
                elif key == "log_format":
                    value = LogFormat.from_string(value)
                setattr(logger, key, value)
        general = {key: value for (section, key), value in values.items() if section == "general"}
        if "host" in general:
            self.host = general["host"]
        if "live_reload_config" in general:
            self.live_reload_config = general["live_reload_config"]
        renewal = {key: value for (section, key), value in values.items() if section == "reauthentication"}
        if "refresh_access_token" in renewal:
            self.should_refresh_access_token = renewal["refresh_access_token"]
        if "refresh_token_wait_max" in renewal:
            self.refresh_token_wait_time = renewal["refresh_token_wait_max"]
        gateway = {key: value for (section, key), value in values.items() if section == "gateway"}
        if gateway:
            self._apply_gateway(gateway)

    def _apply_gateway(self, given: Mapping[str, Any]) -> None:
        now = self.gateway_configuration
        known = {key: getattr(now, key) for key in ("host", *_GATEWAY)} if now is not None else {}
        known.update({key: value for key, value in given.items() if key in ("host", *_GATEWAY)})
        self.gateway_configuration = GatewayConfiguration(**known) if known.get("host") else None

    # --- TLS -------------------------------------------------------------------------------------

    def set_mtls_contents(self, certContent: str, keyContent: str, caContent: str) -> None:  # noqa: N803
        """Identify this client with a certificate that is given as PEM text.

        Args:
            certContent, keyContent: certificate and key. caContent: the roots that servers are verified with.

        Raises:
            ValueError: one of them is missing or cannot be used.
        """
        if not certContent or not keyContent or not caContent:
            raise ValueError("certContent, keyContent, and caContent must be provided for mTLS.")
        self._use(cert_data=certContent, key_data=keyContent, ca_data=caContent)

    def set_mtls_certificates(self, certPath: str, keyPath: str, caPath: str | None = None) -> None:  # noqa: N803
        """Identify this client with a certificate that is in files.

        Args:
            certPath, keyPath: PEM files of certificate and key. caPath: PEM file of roots, in place of the system's.

        Raises:
            ValueError: one of them is missing or cannot be used.
        """
        if not certPath or not keyPath:
            raise ValueError("certPath, keyPath and caPath must be provided for mTLS.")
        self._use(cert_file=certPath, key_file=keyPath, ca_file=caPath or "")

    def create_mtls_or_ssl_context(self) -> None:
        """Make :attr:`ssl_context` as the other settings say, unless it is there."""
        if self.ssl_context is None:
            certificate = bool(self.cert_file and self.key_file)
            self._use(
                ca_file=self.ssl_ca_cert or "",
                cert_file=(self.cert_file or "") if certificate else "",
                key_file=(self.key_file or "") if certificate else "",
            )

    def _use(self, **settings: str) -> None:
        from ...transport import TlsSettings
        from ...transport.tls import ssl_context

        self.ssl_context = ssl_context(TlsSettings(**settings))  # type: ignore[arg-type]

    # --- authentication --------------------------------------------------------------------------

    def get_api_key_with_prefix(self, identifier: str) -> str | None:
        """Return an API key, with its prefix if it has one."""
        key = self.api_key.get(identifier)
        prefix = self.api_key_prefix.get(identifier)
        return f"{prefix} {key}" if key and prefix else key or None

    def get_basic_auth_token(self) -> str:
        """Return the header of HTTP basic authentication for ``username`` and ``password``."""
        import base64

        return f"Basic {base64.b64encode(f'{self.username}:{self.password}'.encode()).decode()}"

    def auth_settings(self, access_token: str | None = None) -> dict[str, dict[str, Any]]:
        """Return how each kind of login is sent.

        Args:
            access_token: in place of the one that is configured.
        """
        return {
            "Guest Chat JWT": {
                "type": "api_key",
                "in": "header",
                "key": "Authorization",
                "value": self.get_api_key_with_prefix("Authorization"),
            },
            "PureCloud OAuth": {
                "type": "oauth2",
                "in": "header",
                "key": "Authorization",
                "value": f"Bearer {access_token or self.access_token}",
            },
        }

    def to_debug_report(self) -> str:
        """Return what a report of a problem should begin with."""
        return (
            "Python SDK Debug Report:\n"
            f"OS: {sys.platform}\n"
            f"Python Version: {sys.version}\n"
            "Version of the API: v2\n"
            f"SDK Package Version: {VENDOR_VERSION}"
        )
