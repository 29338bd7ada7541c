"""``call_api`` and its helpers."""

# pyright: basic, reportMissingImports=false
# Written as scripts for the vendor's package are: without types.

import json
import os
import tempfile
from datetime import date, datetime

import PureCloudPlatformClientV2
from common import client, outcome, scenario, shown
from PureCloudPlatformClientV2.api_client import ApiClient
from PureCloudPlatformClientV2.rest import RESTResponse


@scenario
def call_api():
    made = client("call_api")
    made.set_default_header("X-Own", "mine")
    made.cookie = "c=1"
    made.user_agent = "Agent"
    types = [
        "User",
        "list[User]",
        "dict(str, User)",
        "object",
        "str",
        None,
        PureCloudPlatformClientV2.User,
        dict,
        "NoSuch",
    ]
    found = [
        outcome(
            made.call_api,
            "/a/{x}/b",
            "GET",
            {"x": "1 2"},
            {"q": ["a", "b"], "n": None, "t": True},
            {"H": "h", "N": None, "I": 5},
            response_type=type_,
            auth_settings=["PureCloud OAuth"],
        )
        for type_ in types
    ]
    found.append(
        [
            made.last_response.status,
            made.last_response.reason,
            made.last_response.data,
            made.last_response.getheader("content-type"),
            made.last_response.getheader("X", "none"),
            [list(pair) for pair in made.last_response.getheaders().items()],
            isinstance(made.last_response, RESTResponse),
        ]
    )
    for method in ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get"):
        found.append(
            outcome(made.call_api, "/a b?c=d e", method, None, {"q": "x y"}, body={"b": 1}, response_type="object")
        )
    found.append(outcome(made.call_api, "/a", "TRACE")["type"])
    found.append(outcome(made.call_api, "/a", "BAD"))
    return found


@scenario
def forms():
    made = client("forms")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    multipart = {"Content-Type": "multipart/form-data"}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data.csv")
        with open(path, "w") as file:
            file.write("a,b\n1,2\n")
        return [
            outcome(made.call_api, "/f", "POST", header_params=dict(form), post_params=[("a", "1 ü"), ("b", "2")]),
            outcome(made.call_api, "/f", "POST", header_params=dict(form), post_params={"a": "1"}),
            outcome(made.call_api, "/f", "POST", header_params=dict(form), post_params={"a": "1"}, body={"b": 1}),
            outcome(
                made.call_api,
                "/f",
                "POST",
                header_params=dict(multipart),
                post_params=[("a", "1")],
                files={"file": path, "none": None},
            ),
        ]


@scenario
def headers():
    made = client("headers")
    json_ = "application/json"
    lists = [None, [], [json_], ["text/plain"], ["A/B", "C/D"], ["Application/JSON", "x/y"]]
    own = ApiClient(host="h", header_name="X-A", header_value="b", cookie="k=v")
    return [
        [made.select_header_accept(value) for value in lists],
        [made.select_header_content_type(value) for value in lists],
        [own.default_headers, own.host, own.cookie, own.user_agent],
        [made.to_path_value(value) for value in ("a", 1, True, ["x", "y"], 1.5)],
    ]


@scenario
def sanitize():
    made = client("sanitize")
    user = PureCloudPlatformClientV2.User()
    user.name = "x"
    values = [
        None,
        1,
        "a",
        1.5,
        True,
        (1,),
        [None, user],
        {"a": None, "b": user},
        user,
        datetime(2026, 1, 2),
        date(2026, 1, 2),
        PureCloudPlatformClientV2.YearMonth(2026, 7),
        PureCloudPlatformClientV2.ApiNullValue(),
    ]
    return [
        [shown(made.sanitize_for_serialization(value)) for value in values],
        [shown(made.sanitize_params_for_serialization(value)) for value in values],
        [shown(PureCloudPlatformClientV2.utils.sanitize_for_serialization(value)) for value in values[:-2]],
        outcome(made.sanitize_for_serialization, {1, 2})["type"],
    ]


class _Reply:
    def __init__(self, data, media="application/json"):
        self.data = data
        self.media = media

    def getheader(self, name, default=None):
        return self.media


@scenario
def deserialize():
    made = client("deserialize")
    pairs = [
        ("1", "str"),
        ("1", "int"),
        ('"5"', "int"),
        ("5.9", "int"),
        ("1", "float"),
        ("true", "bool"),
        ('"no"', "bool"),
        ("0", "bool"),
        ("null", "User"),
        ("{}", "User"),
        ('{"id": 5}', "User"),
        ("[]", "list[str]"),
        ("[1, null]", "list[str]"),
        ('{"a": 1}', "dict(str, str)"),
        ('{"a": [1]}', "dict(str, list[int])"),
        ('"2026-07"', "YearMonth"),
        ('"2026-07-01"', "date"),
        ('"2026-07-01T10:11:12Z"', "date"),
        ('"2026-07-01T10:11:12Z"', "datetime"),
        ('"2026-07-01T10:11:12"', "LocalDateTime"),
        ("{}", "object"),
        ('"x"', "User"),
        ('[{"id": "a"}]', "list[User]"),
        ("1e400", "float"),
        ("NaN", "float"),
        ('{"a": {"b": 1}}', "str"),
        ("[1]", "str"),
        ("true", "int"),
        ('{"month": "2026-01"}', "object"),
    ]
    found = [outcome(made.deserialize, _Reply(data), type_) for data, type_ in pairs]
    medias = ["text/plain", "application/scim+json", "application/json; charset=utf-8", None, "image/png"]
    found += [outcome(made.deserialize, _Reply('{"id": "a"}', media), "User") for media in medias]
    found += [outcome(made.deserialize, _Reply("plain", media), "str") for media in medias]
    found.append(outcome(made.deserialize, _Reply('"2026-01-02T03:04:05Z"'), datetime))
    found.append(outcome(made.deserialize, _Reply("[1]"), "NoSuchModel")["type"])
    # Private, and used by many all the same.
    found.append(shown(made._ApiClient__deserialize({"name": "x", "division": {"id": "d"}}, "User")))
    return found


@scenario
def drift_scalars():
    made = client("drift_scalars")
    pairs = [
        ('"x"', "float"),
        ('"x"', "int"),
        ("1", "list[str]"),
        ("1", "dict(str, str)"),
        ("5", "datetime"),
        ("5", "User"),
        ('{"referencePrefix": "x"}', "CaseplanCreate"),
    ]
    return [outcome(made.deserialize, _Reply(data), type_) for data, type_ in pairs]


@scenario
def null_enum():
    user = PureCloudPlatformClientV2.User()
    return outcome(setattr, user, "state", None)


@scenario
def unknown_enum():
    user = PureCloudPlatformClientV2.User()
    user.state = "brand new"
    return user.state


@scenario
def readme_gateway():
    made = client("readme_gateway")
    return outcome(made.set_gateway, hostname="gw", scheme="https", port=4027, login_path="login", api_path="api")


@scenario
def mtls_contents():
    return outcome(PureCloudPlatformClientV2.configuration.set_mtls_contents, "no", "no", "no")["type"]


@scenario
def own_model():
    class Own:
        def __init__(self):
            self.swagger_types = {"id": "str", "user": "User"}
            self.attribute_map = {"id": "ID", "user": "user"}
            self.id = self.user = None

    class Better(PureCloudPlatformClientV2.User):
        def greeting(self):
            return f"Hello {self.name}"

    made = client("own_model")
    own = made.deserialize(_Reply('{"ID": 5, "user": {"name": "x"}}'), Own)
    better = made.deserialize(_Reply('{"name": "y"}'), Better)
    return [
        own.id,
        own.user.name,
        shown(made.sanitize_for_serialization(own)),
        type(better).__name__,
        better.greeting(),
    ]


DATES = [
    "2026",
    "2026-01",
    "202601",
    "20260102",
    "2026-W01",
    "2026W011",
    "2026-W01-1",
    "2026-001",
    "2026001",
    "2026-366",
    "2026-01-02T24:00",
    "2026-01-02T24:00:00.000Z",
    "2026-01-02T03",
    "2026-01-02T0304",
    "2026-01-02T03:04:05,1234567+01",
    "2026-01-02 03:04:05-0530",
    "2026-01-02T03:04:05+00:00",
    "2026-01-02T03:04:05-00:00",
    "2026-02-30",
    "2026-01-02T03:04:60Z",
    "0000-01-01",
    "99999-01-01T00:00:00Z",
    "2026-01-02T03:04:05.1234567Z",
    "2026-01-02T25:00:00Z",
    "2026-13-01",
    "2026-W01-1T03:04Z",
    "9999-12-31T23:59:59.999Z",
    "0001-01-01T00:00:00Z",
    "2026-01-02T03:04:05z",
    "2026-01-02X03:04Z",
    "2026-01-02T03:04:05.5+05:30",
    "2026-01-02T24:01",
    "2026-01-02T03:0405",
]


@scenario
def dates():
    made = client("dates")
    return [
        [
            text,
            *(outcome(made.deserialize, _Reply(json.dumps(text)), kind) for kind in ("datetime", "date", "YearMonth")),
        ]
        for text in DATES
    ]


@scenario
def no_dates():
    made = client("dates")
    return [outcome(made.deserialize, _Reply(json.dumps(text)), "datetime") for text in ("", "garbage", "2026-01-02T")][
        :2
    ]


@scenario
def file_result():
    made = client("file_result")
    with tempfile.TemporaryDirectory() as folder:
        PureCloudPlatformClientV2.configuration.temp_folder_path = folder
        try:
            path = made.call_api("/f", "GET", response_type="file")
            with open(path, "rb") as file:
                return [
                    os.path.basename(path),
                    os.path.dirname(path) == folder,
                    file.read().decode(),
                    os.listdir(folder),
                ]
        finally:
            PureCloudPlatformClientV2.configuration.temp_folder_path = None
