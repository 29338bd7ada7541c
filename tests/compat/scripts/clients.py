"""Threads, hooks, HTTP clients."""

# pyright: basic, reportMissingImports=false
# Written as scripts for the vendor's package are: without types.

import threading

from common import URL, client, outcome, scenario, shown
from PureCloudPlatformClientV2.abstract_http_client import AbstractHttpClient
from PureCloudPlatformClientV2.api_client import ApiClient
from PureCloudPlatformClientV2.apis.users_api import UsersApi
from PureCloudPlatformClientV2.http_request_options import HttpRequestOptions
from PureCloudPlatformClientV2.rest import RESTClientObject


@scenario
def callback():
    found = []
    thread = UsersApi(client("callback")).get_users_me(callback=found.append)
    thread.join(10)
    return [isinstance(thread, threading.Thread), shown(found)]


@scenario
def callback_error():
    found, errors = [], []
    before = threading.excepthook
    threading.excepthook = lambda args: errors.append(args.exc_type.__name__)
    try:
        thread = UsersApi(client("callback_error")).get_users_me(callback=found.append)
        thread.join(10)
    finally:
        threading.excepthook = before
    return [found, errors]


@scenario
def hooks():
    made = client("hooks")
    http = made.get_http_client()
    seen = []

    def before(options):
        seen.append(
            [
                type(options).__name__,
                options.method,
                options.url.split("/api/")[-1],
                options.query_params,
                options.body,
                sorted(options.headers),
            ]
        )
        options.headers["X-Hook"] = "yes"
        options.query_params["hooked"] = "1"
        return options

    def after(response):
        seen.append([type(response).__name__, response.status])
        response.data = '{"id": "from the hook"}'
        return response

    http.set_pre_request_hook(before)
    http.set_post_request_hook(after)
    result = outcome(UsersApi(made).get_users_me, expand=["presence"])
    bad = [outcome(http.set_pre_request_hook, hook)["type"] for hook in (None, 5, lambda: 1, lambda a, b: 1)]
    return [result, seen, bad, outcome(http.set_post_request_hook, lambda: 1)["type"]]


@scenario
def hook_fails():
    made = client("hook_fails")

    def before(options):
        raise RuntimeError("refused by the hook")

    made.get_http_client().set_pre_request_hook(before)
    return outcome(UsersApi(made).get_users_me)["type"]


@scenario
def hook_returns_nothing():
    made = client("hook_returns_nothing")
    made.get_http_client().set_pre_request_hook(lambda options: None)
    return outcome(UsersApi(made).get_users_me)


@scenario
def own_http_client():
    class Own(AbstractHttpClient):
        def __init__(self):
            super().__init__()
            self.seen = []

        def request(self, options):
            self.seen.append(
                [
                    options.method,
                    options.url,
                    options.query_params,
                    options.post_params,
                    options.body,
                    dict(options.headers),
                    options.timeout,
                ]
            )
            return _Own()

    class _Own:
        status = 200
        reason = "OK"
        data = '{"id": "own", "access_token": "own-token"}'

        def getheaders(self):
            return {}

        def getheader(self, name, default=None):
            return "application/json"

    made = ApiClient(host="https://api.example.com")
    own = Own()
    made.set_http_client(own)
    made.get_client_credentials_token("id", "s3cret")
    result = outcome(UsersApi(made).get_users, page_size=5, expand=["a", "b"])
    refused_ = [outcome(made.set_http_client, value)["type"] for value in (None, object())]
    return [result, own.seen, made.access_token, refused_, made.get_http_client() is own, own.timeout]


@scenario
def request_options():
    return [
        outcome(HttpRequestOptions, url="", method="GET")["type"],
        outcome(HttpRequestOptions, url="u", method="NO")["type"],
        outcome(HttpRequestOptions, url="u", method="")["type"],
        vars(HttpRequestOptions(url="u", method="get"))["_method"],
        HttpRequestOptions(url="u", method="get", body=1).body,
        HttpRequestOptions(url="u", method="get").timeout,
    ]


@scenario
def rest_client():
    rest = RESTClientObject()
    base = f"{URL}/scenarios/rest_client"
    return [
        shown(rest.GET(f"{base}/g", query_params={"a": "b c"}).data),
        shown(rest.POST(f"{base}/p", body={"a": 1}, headers={"X": "y"}).status),
        shown(rest.PUT(f"{base}/p", body=[1]).status),
        shown(rest.PATCH(f"{base}/p", body=None).status),
        shown(rest.DELETE(f"{base}/d", body={"dropped": 1}).status),
        shown(rest.HEAD(f"{base}/h").data),
        outcome(rest.request, "BAD", base)["type"],
    ]
