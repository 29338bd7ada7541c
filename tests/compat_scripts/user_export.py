"""Export users, groups and queues: as JSON, as a table, and as they print."""

import csv
import json
import os
import sys
from pprint import pprint

import PureCloudPlatformClientV2
from PureCloudPlatformClientV2.rest import ApiException

PureCloudPlatformClientV2.configuration.host = os.environ["GENESYS_CLOUD_HOST"]
api_client = PureCloudPlatformClientV2.api_client.ApiClient().get_client_credentials_token(
    os.environ["GENESYS_CLOUD_CLIENT_ID"], os.environ["GENESYS_CLOUD_CLIENT_SECRET"]
)
users_api = PureCloudPlatformClientV2.UsersApi(api_client)
groups_api = PureCloudPlatformClientV2.GroupsApi(api_client)

users = users_api.get_users(page_size=5, expand=["groups", "skills", "presence"]).entities
print(json.dumps([user.to_dict() for user in users], default=str, sort_keys=True))
print(json.dumps(api_client.sanitize_for_serialization(users), sort_keys=True))
pprint(users[0])
print(users[1].to_str() == str(users[1]), users[0] == users[1], users[0] != users[1])

writer = csv.writer(sys.stdout, lineterminator="\n")
names = [name for name in sorted(users[0].swagger_types) if not name.startswith("_")]
writer.writerow(names[:12])
for user in users:
    writer.writerow([getattr(user, name) for name in names[:12]])

found = users_api.post_users_search(
    {"pageSize": 3, "query": [{"type": "EXACT", "fields": ["state"], "values": ["active"]}], "sortBy": "name"}
)
print(found.total is not None, [user.name for user in found.results or []])
groups = groups_api.get_groups(page_size=3)
print(groups)
for group in groups.entities:
    print(group.to_json())
    print(type(group.date_modified), group.date_modified)
    print([member.name for member in groups_api.get_group_members(group.id).entities or []])

try:
    groups_api.get_group("00000000-0000-0000-0000-000000000000")
except ApiException as e:
    print(e.reason, json.loads(e.body)["code"], str(e).splitlines()[:2])
print(api_client.last_response.status if api_client.last_response else None)
