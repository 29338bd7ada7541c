"""What is sent as a body."""

# pyright: basic, reportMissingImports=false
# Written as scripts for the vendor's package are: without types.

from datetime import UTC, date, datetime

import PureCloudPlatformClientV2
from common import client, outcome, scenario
from PureCloudPlatformClientV2.apis.users_api import UsersApi


@scenario
def bodies():
    api = UsersApi(client("bodies"))
    routing = PureCloudPlatformClientV2.RoutingApi(client("bodies"))
    user = PureCloudPlatformClientV2.UpdateUser()
    user.name = "x"
    user.title = PureCloudPlatformClientV2.ApiNullValue()
    user.no_such_attribute = "vanishes"
    contact = PureCloudPlatformClientV2.Contact()
    contact.address = "a@b.example"
    user.addresses = [contact]
    taught = PureCloudPlatformClientV2.UpdateUser()
    taught.swagger_types["brand_new"] = "str"
    taught.attribute_map["brand_new"] = "brandNew"
    taught.brand_new = "sent"
    untaught = PureCloudPlatformClientV2.UpdateUser()
    values = [
        user,
        taught,
        untaught,
        {"name": "x", "title": None, "when": datetime(2026, 1, 2, tzinfo=UTC), "day": date(2026, 1, 2)},
        {"user": user, "list": [user, 1, "ü", True, 2.5], "tuple": (1, 2)},
        {"month": PureCloudPlatformClientV2.YearMonth(2026, 7)},
        [],
        {},
        [{"id": "1"}, contact],
        "text",
        7,
        PureCloudPlatformClientV2.ApiNullValue(),
        {"number": 1e999},
    ]
    found = [outcome(api.patch_user, "u1", value) for value in values]
    found.append(outcome(routing.post_routing_queue_members, "q1", [{"id": "u1"}]))
    found.append(outcome(api.patch_user, "u1", {"set": {1}}))
    found.append(
        ["brand_new" in untaught.swagger_types, user.to_dict()["title"], "no_such_attribute" in user.to_dict()]
    )
    return found


@scenario
def no_body():
    api = PureCloudPlatformClientV2.NotificationsApi(client("no_body"))
    return [outcome(api.post_notifications_channels), outcome(api.delete_notifications_channel_subscriptions, "c")]
