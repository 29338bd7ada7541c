"""What may go wrong, and a second try of one's own."""

import json
import os
import time

import PureCloudPlatformClientV2
from PureCloudPlatformClientV2.rest import ApiException

RETRIES = 3

PureCloudPlatformClientV2.configuration.host = os.environ["GENESYS_CLOUD_HOST"]
api_client = PureCloudPlatformClientV2.api_client.ApiClient().get_client_credentials_token(
    os.environ["GENESYS_CLOUD_CLIENT_ID"], os.environ["GENESYS_CLOUD_CLIENT_SECRET"]
)
users_api = PureCloudPlatformClientV2.UsersApi(api_client)


def call(function, *arguments):
    for attempt in range(RETRIES):
        try:
            return function(*arguments)
        except ApiException as e:
            problem = json.loads(e.body)
            print("attempt", attempt, "status", e.status, problem["code"], problem["message"])
            print("    content", e.headers["Content-Type"])
            if e.status not in (404, 429, 503):
                raise
            time.sleep(0.01)
    return None


print(call(users_api.get_user, "00000000-0000-0000-0000-000000000000"))
someone = users_api.get_users(page_size=1).entities[0]
print(call(users_api.get_user, someone.id).name)
update = PureCloudPlatformClientV2.UpdateUser()
update.title = "Boss"
update.version = someone.version + 7
try:
    call(users_api.patch_user, someone.id, update)
except ApiException as e:
    print("given up:", e.status, "error" if e.status >= 400 else "fine")
update.version = someone.version
print(call(users_api.patch_user, someone.id, update).title)
