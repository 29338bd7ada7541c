"""Calls with a callback, calls by hand, and arguments that are wrong."""

import os

import PureCloudPlatformClientV2
from PureCloudPlatformClientV2 import ApiClient, RoutingApi, UsersApi, configuration

configuration.host = os.environ["GENESYS_CLOUD_HOST"]
client = ApiClient().get_client_credentials_token(
    os.environ["GENESYS_CLOUD_CLIENT_ID"], os.environ["GENESYS_CLOUD_CLIENT_SECRET"]
)
configuration.access_token = client.access_token
configuration.api_client = client

names = []
thread = RoutingApi().get_routing_queues(page_size=3, callback=lambda queues: names.extend(queues.entities))
thread.join()
print([queue.name for queue in names])

plain = client.call_api("/api/v2/routing/queues", "GET", query_params={"pageSize": 2}, response_type="object",
                        auth_settings=["PureCloud OAuth"])  # fmt: skip
print(plain["total"], sorted(plain["entities"][0])[:5])

api = UsersApi(client)
for attempt in (
    lambda: api.get_user(None),
    lambda: api.get_users(pagesize=3),
    lambda: api.get_user(),
    lambda: setattr(PureCloudPlatformClientV2.CreateUser(), "name", None),
    lambda: PureCloudPlatformClientV2.NoSuchModel,
):
    try:
        print("fine", attempt())
    except Exception as e:
        print(type(e).__name__)

user = PureCloudPlatformClientV2.CreateUser()
user.name = "Grace"
user.email = "grace@example.com"
user.state = "active"
user.nickname = "not in the schema"
print(user.state, user.nickname, client.sanitize_for_serialization(user))
skill = PureCloudPlatformClientV2.RoutingSkill()
skill.name = "COBOL"
made = RoutingApi(client).post_routing_skills(skill)
print(made.name, made.state)
print([entry.name for entry in RoutingApi(client).get_routing_skills(name="COBOL").entities])
