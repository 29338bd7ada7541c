"""Settings, gateways, the configuration file, the log, warnings."""

# pyright: basic, reportMissingImports=false
# Written as scripts for the vendor's package are: without types.

import json
import logging
import os
import re
import sys
import tempfile
import warnings

import PureCloudPlatformClientV2
from common import URL, client, outcome, scenario, shown
from PureCloudPlatformClientV2.api_client import ApiClient
from PureCloudPlatformClientV2.apis.users_api import UsersApi


@scenario
def gateway():
    made = client("gateway")
    found = []
    values = [
        (None, None, None, None, None),
        ("gw", None, None, None, None),
        ("gw", "http", 0, "l", "/a"),
        ("gw", "", -5, "/l/", "a//"),
        ("gw", "https", 8443, "/", "x y"),
    ]
    for value in values:
        made.set_gateway(*value)
        found.append([made.get_conf_url(kind, "https://api.x.example") for kind in ("login", "api", None)])
    made.set_gateway(host="gw2", protocol="http", port=1, path_params_login="l", path_params_api="a")
    found.append(shown(vars(made.gateway_configuration)))
    where = URL.split("//")[1]
    host, port = where.split(":")
    made.set_gateway(host, "http", int(port), "scenarios/gateway/login", "scenarios/gateway/api-path")
    made.get_client_credentials_token("id", "s3cret")
    found.append(outcome(UsersApi(made).get_users_me))
    made.gateway_configuration = None
    found.append(
        [
            made.get_conf_url("login", value)
            for value in ("https://api.a.b", "http://api.a", "http://x.api.b", "https://x")
        ]
    )
    configuration = PureCloudPlatformClientV2.configuration
    configuration.gateway_configuration = PureCloudPlatformClientV2.GatewayConfiguration(
        host="g", username="u", password="p"
    )
    try:
        found.append([ApiClient().get_conf_url("api", "x"), shown(vars(configuration.gateway_configuration))])
    finally:
        configuration.gateway_configuration = None
    return found


INI = """[logging]
log_level = debug
log_format = JSON
log_to_console = off
log_file_path = {log}
log_response_body = yes
log_request_body = 1
[reauthentication]
refresh_access_token = false
refresh_token_wait_max = 3
[general]
live_reload_config = false
host = https://api.from.file
[gateway]
host = gw.example
protocol = http
port = 81
path_params_login = login
path_params_api = api/
username = u
password = p
"""


def _configured(text):
    configuration = PureCloudPlatformClientV2.configuration
    logger = configuration.logger
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "config")
        with open(path, "w") as file:
            file.write(text.replace("{log}", os.path.join(folder, "the.log")))
        before = configuration.config_file_path
        try:
            configuration.config_file_path = path
            gateway_ = configuration.gateway_configuration
            return [
                configuration.host,
                configuration.should_refresh_access_token,
                configuration.refresh_token_wait_time,
                configuration.live_reload_config,
                logger.log_level,
                logger.log_format,
                logger.log_to_console,
                os.path.basename(logger.log_file_path or ""),
                logger.log_response_body,
                logger.log_request_body,
                shown(vars(gateway_)) if gateway_ else None,
            ]
        finally:
            configuration.live_reload_config = False
            configuration.config_file_path = before
            configuration.host = "https://api.mypurecloud.com"
            configuration.should_refresh_access_token = True
            configuration.refresh_token_wait_time = 10
            configuration.gateway_configuration = None
            logger.log_level = PureCloudPlatformClientV2.logger.LogLevel.LNone
            logger.log_file_path = None
            logger.log_to_console = True
            logger.log_format = PureCloudPlatformClientV2.logger.LogFormat.TEXT
            logger.log_response_body = logger.log_request_body = False


@scenario
def config_file():
    as_json = {
        "logging": {"log_level": "trace", "log_format": "text", "log_to_console": False, "log_request_body": True},
        "reauthentication": {"refresh_access_token": True, "refresh_token_wait_max": 7},
        "general": {"live_reload_config": True, "host": "https://api.json"},
        "gateway": {"host": "gw", "port": 5},
    }
    return [
        _configured(INI),
        _configured(json.dumps(as_json)),
        _configured("[general]\nhost=https://api.only\n"),
        _configured("[logging]\nlog_to_console = maybe\nlog_request_body = true\n[general]\nhost = https://api.rest\n"),
        _configured("no configuration at all"),
        _configured("{broken json"),
        _configured("[general]\nhost = x\n[unknown]\na = b\n"),
    ]


@scenario
def settings():
    configuration = PureCloudPlatformClientV2.configuration
    names = [
        "host",
        "api_client",
        "temp_folder_path",
        "api_key",
        "api_key_prefix",
        "username",
        "password",
        "access_token",
        "should_refresh_access_token",
        "refresh_token_wait_time",
        "verify_ssl",
        "ssl_ca_cert",
        "cert_file",
        "key_file",
        "proxy",
        "proxy_username",
        "proxy_password",
        "gateway_configuration",
        "live_reload_config",
    ]
    logger = PureCloudPlatformClientV2.logger
    return [
        [[name, shown(getattr(configuration, name))] for name in names],
        configuration is PureCloudPlatformClientV2.Configuration(),
        configuration.config_file_path == os.path.join(os.path.expanduser("~"), ".genesyscloudpython", "config"),
        re.sub(r"Version: .*\n.*", "", configuration.to_debug_report().replace(sys.version, "")),
        [logger.LogLevel.LTrace, logger.LogLevel.LDebug, logger.LogLevel.LError, logger.LogLevel.LNone],
        [logger.LogFormat.TEXT, logger.LogFormat.JSON],
        [logger.LogLevel.from_string(text) for text in ("trace", "DEBUG", "Error", "none", "other")],
        [logger.LogFormat.from_string(text) for text in ("text", "JSON", "other")],
        [
            [region.name, region.get_api_host(), region.value, region.apihost]
            for region in sorted(PureCloudPlatformClientV2.PureCloudRegionHosts, key=lambda region: region.name)
        ],
        outcome(configuration.set_mtls_contents, "", "", "")["type"],
        outcome(configuration.set_mtls_certificates, "", "")["type"],
    ]


class _Collected(logging.Handler):
    def __init__(self):
        super().__init__()
        self.found = []

    def emit(self, record):
        self.found.append([record.name, record.levelno, record.levelname, _dateless(record.getMessage())])


def _dateless(text):
    return re.sub(r"\d\d-\d\d-\d{4}, \d\d:\d\d:\d\d", "DATE", text).replace(URL, "http://server")


def _logged(work, **changes):
    logger = PureCloudPlatformClientV2.configuration.logger
    before = {name: getattr(logger, name) for name in changes}
    collected = _Collected()
    standard = logging.getLogger("PureCloudPlatformClientV2")
    standard.addHandler(collected)
    try:
        for name, value in changes.items():
            setattr(logger, name, value)
        work()
    finally:
        standard.removeHandler(collected)
        for name, value in before.items():
            setattr(logger, name, value)
    return _undated_headers(collected.found)


def _undated_headers(found):
    # Our transport asks for compressed replies.
    return found


@scenario
def log():
    levels = PureCloudPlatformClientV2.logger.LogLevel
    formats = PureCloudPlatformClientV2.logger.LogFormat
    api = UsersApi(client("log"))
    bad = UsersApi(client("log_error"))
    found = []

    def work():
        api.get_users_me(expand=["presence"])
        api.patch_user("u1", {"name": "x"})
        outcome(bad.get_users_me)

    for level in (levels.LTrace, levels.LDebug, levels.LError, levels.LNone):
        for format_ in (formats.TEXT, formats.JSON):
            for flag in (False, True):
                found.append(
                    _logged(
                        work,
                        log_to_console=False,
                        log_level=level,
                        log_format=format_,
                        log_request_body=flag,
                        log_response_body=flag,
                    )
                )
    return found


@scenario
def log_by_standard_level():
    standard = logging.getLogger("PureCloudPlatformClientV2")
    api = UsersApi(client("log"))
    before = standard.level
    standard.setLevel(logging.DEBUG)
    try:
        return [before, len(_logged(api.get_users_me)), len(standard.handlers)]
    finally:
        standard.setLevel(before)


@scenario
def log_file():
    levels = PureCloudPlatformClientV2.logger.LogLevel
    api = UsersApi(client("log"))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "sdk.log")
        _logged(api.get_users_me, log_to_console=False, log_file_path=path, log_level=levels.LDebug)
        with open(path) as file:
            return re.sub(r"^[\d-]+ [\d:,]+ ", "", file.read()).replace(URL, "http://server")


@scenario
def log_secrets():
    levels = PureCloudPlatformClientV2.logger.LogLevel
    api = PureCloudPlatformClientV2.OAuthApi(client("log_secrets"))

    def work():
        api.put_oauth_client("c1", {"name": "x", "secret": "s3cret-value"})
        outcome(api.get_oauth_clients)

    found = _logged(work, log_to_console=False, log_level=levels.LTrace, log_request_body=True, log_response_body=True)
    return ["s3cret-value" in json.dumps(found), len(found)]


@scenario
def other_loggers():
    return [logging.getLogger("urllib3").propagate, logging.getLogger("urllib3").level > logging.CRITICAL]


@scenario
def deprecations():
    api = UsersApi(client("deprecations"))
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        api.get_user_favorites("u1")
    deprecated = PureCloudPlatformClientV2.utils.deprecated
    with warnings.catch_warnings(record=True) as more:
        warnings.simplefilter("always")

        @deprecated("use another")
        def old():
            return 1

        @deprecated
        def older():
            return 2

        values = [old(), older()]
    caught = [
        [str(warning.message), warning.category.__name__, warning.filename == __file__] for warning in [*found, *more]
    ]
    return [caught, values, outcome(deprecated, 5)["type"], old.__name__]


@scenario
def warning_filters():
    api = UsersApi(client("deprecations"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = list(warnings.filters)
        api.get_user_favorites("u1")
        return before == list(warnings.filters)
