"""Set the presence of the first user to the first definition of BUSY."""

import os
import sys

from PureCloudPlatformClientV2 import (
    ApiClient,
    PresenceApi,
    PresenceDefinition,
    UserPresence,
    UsersApi,
    configuration,
)

configuration.host = os.environ["GENESYS_CLOUD_HOST"]
client = ApiClient()
client.get_client_credentials_token(os.environ["GENESYS_CLOUD_CLIENT_ID"], os.environ["GENESYS_CLOUD_CLIENT_SECRET"])


def find_definition(api, system_presence):
    for definition in api.get_presence_definitions().entities:
        if definition.system_presence.upper() == system_presence:
            return definition
    return None


def main():
    presence_api = PresenceApi(client)
    users_api = UsersApi(client)
    user = users_api.get_users(page_size=1).entities[0]
    definition = find_definition(presence_api, "BUSY")
    if definition is None:
        print("no such presence")
        return 1
    print(user.name, "becomes", definition.system_presence, sorted(definition.language_labels))

    chosen = PresenceDefinition()
    chosen.id = definition.id
    presence = UserPresence()
    presence.presence_definition = chosen
    presence.message = "At lunch"
    presence_api.patch_user_presence(user.id, "PURECLOUD", presence)

    now = presence_api.get_user_presence(user.id, "PURECLOUD")
    print(now.presence_definition.id == definition.id, now.presence_definition.system_presence, now.message)
    print(now.modified_date is not None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
