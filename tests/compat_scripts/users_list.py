"""List the users of an organization, page by page, with their presence."""

import os

import PureCloudPlatformClientV2
from PureCloudPlatformClientV2.rest import ApiException

PureCloudPlatformClientV2.configuration.host = os.environ["GENESYS_CLOUD_HOST"]

apiclient = PureCloudPlatformClientV2.api_client.ApiClient().get_client_credentials_token(
    os.environ["GENESYS_CLOUD_CLIENT_ID"], os.environ["GENESYS_CLOUD_CLIENT_SECRET"]
)
usersApi = PureCloudPlatformClientV2.UsersApi(apiclient)

page_number = 1
page_count = 1
total = 0
try:
    while page_number <= page_count:
        users = usersApi.get_users(page_size=25, page_number=page_number, sort_order="ascending", expand=["presence"])
        page_count = users.page_count
        for user in users.entities:
            total += 1
            presence = "-"
            if user.presence is not None and user.presence.presence_definition is not None:
                presence = user.presence.presence_definition.system_presence
            print(user.id, user.name, user.email, user.state, user.version, presence)
            for contact in user.primary_contact_info or []:
                print("   ", contact.media_type, contact.type, contact.address)
        page_number += 1
except ApiException as e:
    print("Exception when calling UsersApi->get_users: status", e.status)
print(total, "users on", page_count, "pages")
