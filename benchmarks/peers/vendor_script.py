"""A script for the vendor's package, as people write them: one login and three calls. Both sides run it unchanged."""

import sys

import PureCloudPlatformClientV2
from PureCloudPlatformClientV2.rest import ApiException

PureCloudPlatformClientV2.configuration.host = sys.argv[1]
try:
    api_client = PureCloudPlatformClientV2.api_client.ApiClient().get_client_credentials_token("id", "secret")
    users_api = PureCloudPlatformClientV2.UsersApi(api_client)
    routing_api = PureCloudPlatformClientV2.RoutingApi(api_client)
    me = users_api.get_users_me(expand=["presence"])
    queues = routing_api.get_routing_queues(page_size=100, page_number=1)
    again = users_api.get_users_me()
    assert me.name == "Ada", me
    assert again.id == me.id
    assert len(queues.entities) == 100
except ApiException as e:
    print("Exception when calling an API: %s" % e)
    raise
if len(sys.argv) > 2:
    # Not through getrusage, which counts what the parent had at the fork.
    with open("/proc/self/status") as status:
        print(next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")))
