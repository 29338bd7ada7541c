"""Names, modules, instances."""

# pyright: basic, reportMissingImports=false
# Written as scripts for the vendor's package are: without types.

import copy
import inspect
import pickle
import sys
from datetime import date

import PureCloudPlatformClientV2
from common import outcome, scenario, shown
from PureCloudPlatformClientV2.apis.users_api import UsersApi
from PureCloudPlatformClientV2.models import response as response_module
from PureCloudPlatformClientV2.rest import ApiException

MORE = ("absolute_import", "AbstractHttpClient", "DefaultHttpClient", "HttpRequestOptions")


@scenario
def names():
    package = PureCloudPlatformClientV2
    spellings = [
        "PureCloudPlatformClientV2.rest",
        "PureCloudPlatformClientV2.apis.o_auth_api",
        "PureCloudPlatformClientV2.models.user_me",
        "PureCloudPlatformClientV2.configuration",
        "PureCloudPlatformClientV2.apis",
        "PureCloudPlatformClientV2.models",
        "PureCloudPlatformClientV2.default_http_client",
        "PureCloudPlatformClientV2.year_month",
        "PureCloudPlatformClientV2.utils",
        "PureCloudPlatformClientV2.api_null_value",
        "PureCloudPlatformClientV2.purecloud_region_hosts",
        "PureCloudPlatformClientV2.no_such",
        "PureCloudPlatformClientV2.models.no_such",
        "PureCloudPlatformClientV2.apis.no_such_api",
    ]
    import importlib

    found = []
    for spelling in spellings:
        try:
            module = importlib.import_module(spelling)
            found.append([spelling, type(module).__name__, module is sys.modules[spelling]])
        except ImportError as error:
            found.append([spelling, type(error).__name__])
    return [
        found,
        response_module.Response.__name__,
        [name for name in dir(package) if name[0] != "_" and name not in MORE],
        [name for name in dir(package.models) if name[0].isupper()],
        [name for name in dir(package.apis) if name[0].isupper()],
        package.models.user.User is package.User is package.models.User,
        package.apis.users_api.UsersApi is package.UsersApi is UsersApi,
        inspect.isclass(package.User),
        type(package.configuration).__name__,
        package.rest.ApiException is ApiException,
        [hasattr(package, name) for name in ("NoSuch", "Nosuchapi", "rest", "logger", "ApiNullValue")],
        UsersApi.__module__,
        sorted(name for name in dir(UsersApi) if name[0] != "_"),
    ]


@scenario
def more_names():
    package = PureCloudPlatformClientV2
    return [hasattr(package, name) for name in MORE[1:]]


@scenario
def star():
    space = {}
    exec("from PureCloudPlatformClientV2 import *", space)
    return [
        [name, name in space]
        for name in ("UsersApi", "User", "ApiClient", "configuration", "PureCloudRegionHosts", "rest")
    ]


@scenario
def year_month():
    made = PureCloudPlatformClientV2.YearMonth
    month = made(2026, 7)
    return [
        repr(month),
        month.to_dict(),
        month.to_json(),
        month.to_str(),
        month == made(2026, 7),
        month == made(2026, 8),
        shown(month.to_date()),
        shown(made.from_date(date(2025, 3, 4))),
        [month.year, month.month],
        [outcome(made, *value) for value in ((-1, 1), (10000, 1), (2026, 0), (2026, 13))],
        outcome(setattr, month, "month", 13),
    ]


@scenario
def instances():
    user = PureCloudPlatformClientV2.User()
    other = PureCloudPlatformClientV2.User()
    user.name = other.name = "x"
    user.addresses = [PureCloudPlatformClientV2.Contact()]
    copied = copy.deepcopy(user)
    pickled = pickle.loads(pickle.dumps(user))
    before = user == other
    other.extra = 1
    listed = PureCloudPlatformClientV2.UserEntityListing()
    listed.entities = [user]
    return [
        before,
        user != other,
        copied == user,
        copied is not user,
        pickled == user,
        type(pickled).__name__,
        outcome(PureCloudPlatformClientV2.User, name="x")["type"],
        outcome(hash, user)["type"],
        sorted(map(str, vars(user))),
        sorted(map(str, user.__dict__)),
        outcome(getattr, user, "no_such")["type"],
        listed.to_json(),
        str(listed),
        listed.to_dict(),
        repr(copied),
        user.to_str() == str(user),
        outcome(getattr, PureCloudPlatformClientV2.User, "swagger_types")["type"],
        isinstance(PureCloudPlatformClientV2.User.name, property),
        user == 5 if hasattr(5, "__dict__") else None,
    ]


@scenario
def compared_with_nothing():
    user = PureCloudPlatformClientV2.User()
    return [outcome(lambda: user == None), outcome(lambda: user == "x")]  # noqa: E711
