"""Errors, repetitions, redirects, and replies that are odd."""

# pyright: basic, reportMissingImports=false
# Written as scripts for the vendor's package are: without types.

import pickle
import socket
from datetime import datetime

import PureCloudPlatformClientV2
from common import SCENARIOS, client, outcome, scenario
from PureCloudPlatformClientV2.api_client import ApiClient
from PureCloudPlatformClientV2.apis.users_api import UsersApi
from PureCloudPlatformClientV2.rest import ApiException


def _status(name):
    def run():
        return outcome(UsersApi(client(name)).get_users_me)

    SCENARIOS[name] = run


for status in (207, 400, 401, 403, 404, 409, 413, 415, 418, 429, 500, 501, 502, 503, 504):
    _status(f"status_{status}")
for name in (
    "status_reason",
    "status_empty",
    "status_html",
    "reply_empty",
    "reply_text",
    "reply_broken",
    "reply_null",
    "reply_204",
    "reply_list",
    "reply_utf8",
    "reply_no_type",
    "reply_binary",
    "retry_429",
    "retry_503",
    "retry_without_end",
    "dropped_get",
    "redirect",
    "redirect_elsewhere",
    "redirect_without_end",
    "drift_enum",
    "drift_null",
    "drift_number",
    "drift_list",
    "drift_extra",
    "drift_date",
    "drift_date_text",
):
    _status(name)


def _post(name):
    def run():
        return outcome(UsersApi(client(name)).post_users, {"name": "x"})

    SCENARIOS[name] = run


for name in ("retry_429_post", "retry_503_post", "dropped_post", "redirect_303", "redirect_307"):
    _post(name)


@scenario
def refused():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return outcome(UsersApi(ApiClient(host=f"http://127.0.0.1:{port}")).get_users_me)


@scenario
def arguments():
    api = UsersApi(client("arguments"))
    tags = PureCloudPlatformClientV2.CaseManagementApi(client("arguments"))
    return [
        outcome(api.get_user, "u1", no_such=1),
        outcome(api.get_user, None),
        outcome(api.get_user, user_id=None),
        outcome(api.get_user, user_id="u1"),
        outcome(api.get_user),
        outcome(api.get_user, "u1", "u2"),
        outcome(api.get_user, "u1", user_id="u2"),
        outcome(api.patch_user, "u1", None),
        outcome(api.patch_user, body={}, user_id="u1"),
        outcome(api.get_users, page_size=None, expand=None),
        outcome(api.get_users, page_size="25", expand="presence", state=7),
        outcome(tags.get_casemanagement_caseplan, "not a uuid"),
        outcome(tags.get_casemanagement_caseplans, page_size=100000),
        outcome(api.get_user, 12),
        outcome(api.get_user, True),
        outcome(api.get_user, datetime(2026, 1, 2, 3, 4, 5)),
        outcome(api.get_user, ["a", "b"]),
        outcome(api.get_user, ""),
    ]


@scenario
def paths():
    api = UsersApi(client("paths"))
    return [outcome(api.get_user, value) for value in ("a/b", "../routing/queues")]


@scenario
def path_dots():
    return outcome(UsersApi(client("path_dots")).get_user, "..")


@scenario
def exceptions():
    made = [ApiException(), ApiException(status=0, reason="why"), ApiException(418, "teapot")]
    found = [[str(error), error.status, error.reason, error.body, error.headers, error.args] for error in made]
    again = pickle.loads(pickle.dumps(made[2]))
    return [found, str(again), issubclass(ApiException, Exception)]
