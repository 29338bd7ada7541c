"""What is deliberately different from the vendor's package: the one table, which documents and tests read."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["DIFFERENCES", "Difference"]


class Difference(NamedTuple):
    """One line of the table.

    ``scenarios`` are the programs of the differential suite (``tests/compat``) whose outcome differs because of it;
    ``tests`` are those that show our side of what cannot be shown next to the vendor's.
    """

    key: str
    theirs: str
    ours: str
    scenarios: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


DIFFERENCES = (
    Difference(
        "enums",
        "An unknown value of an enum becomes `outdated_sdk_version`, and is written back as that.",
        "It is kept. `GENESYSCLOUD_COMPAT_KEEP_ENUMS=0` in the environment, or"
        " `configuration.keep_unknown_enums = False`, brings the word back.",
        ("drift_enum", "unknown_enum"),
    ),
    Difference(
        "accidents",
        "Fails where a reply differs from the definition (`null` for an enum, text for a number, a value beyond a"
        " limit, a token reply without refresh token), and where a model is compared with `None`.",
        "The value is kept as it came, the refresh token stays, the comparison is false.",
        ("drift_null", "drift_number", "drift_scalars", "null_enum", "no_refresh_token",
         "compared_with_nothing"),
    ),
    Difference(
        "recursion",
        "A 401 that lasts after the token was renewed is followed by renewal after renewal, until Python's stack ends.",
        "One renewal per call, then `ApiException`; threads that were refused together renew once.",
        ("renewal_without_end",),
        ("test_threads_renew_once",),
    ),
    Difference(
        "replays",
        "POST and PATCH are sent up to ten times more after a broken connection or a 503 with `Retry-After`, although"
        " they may have been executed.",
        "Only after a 429, or when nothing was sent. Other methods are repeated as there, with short pauses between"
        " broken connections.",
        ("retry_503_post", "dropped_post"),
    ),
    Difference(
        "timeouts",
        "Waits for ever; `set_timeout` has no effect.",
        "10 s to connect, 300 s for an attempt. `set_timeout` sets what each wait may take, in milliseconds; numbers"
        " below 1000 are taken for seconds.",
        (),
        ("test_timeouts", "test_a_timeout_that_is_set_is_kept"),
    ),
    Difference(
        "reload",
        "Changes of the configuration file go unnoticed where it is by default; a bad value is passed over in silence.",
        "They are noticed (at once with the extra `reload`, else at the next request). Only what the file says"
        " differently than before is applied, so that what the script set stays. A bad value is named in the log"
        " `genesyscloud.config`.",
        (),
        ("test_changes_of_the_file_are_followed",),
    ),
    Difference(
        "loggers",
        "The import silences the loggers `urllib3` and `watchdog` of the whole process; a deprecated method changes"
        " the process's filters of warnings.",
        "Other people's loggers and filters are left alone. The warning itself is the same.",
        ("other_loggers", "warning_filters"),
    ),
    Difference(
        "secrets",
        "Logs hide the header `Authorization` and nothing else.",
        "Secrets are hidden wherever they are: headers, query, bodies.",
        ("log_secrets",),
    ),
    Difference(
        "mtls",
        "`set_mtls_contents` always fails.",
        "It works; what cannot be used raises `ValueError`.",
        ("mtls_contents",),
        ("test_mtls_contents",),
    ),
    Difference(
        "binary",
        "A reply that is not UTF-8 fails; `response_type='file'` writes text only, into a folder that the server may"
        " choose.",
        "`data` is bytes then, and the file holds them; the server chooses the name only.",
        ("reply_binary",),
        ("test_binary_file",),
    ),
    Difference(
        "threads",
        "Four connections per client; further threads wait.",
        "32, as for clients of this package. A client is safe to share, and nothing is opened twice.",
        (),
        ("test_many_threads",),
    ),
    Difference(
        "paths",
        "A `/` in a path argument leads to another path, as `..` does.",
        "`/` is sent as `%2F`; `.` and `..` raise `ValueError` before anything is sent.",
        ("paths", "path_dots"),
    ),
    Difference(
        "pkce",
        "`generate_pkce_code_verifier` can be guessed.",
        "It uses the system's random source, and the whole alphabet of RFC 7636.",
        ("pkce_random",),
    ),
    Difference(
        "readme",
        "Names and calls of the README that do not work: `AbstractHttpClient` of the package itself, `set_gateway` with"
        " `hostname`, `scheme`, `login_path`, `api_path`, a hook that returns nothing.",
        "They work.",
        ("more_names", "readme_gateway", "hook_returns_nothing"),
    ),
)  # fmt: skip
