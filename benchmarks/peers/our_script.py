"""The same as ``httpx2_script.py`` with this package."""

import sys

from genesyscloud import ClientCredentials, GenesysCloud

with GenesysCloud(auth=ClientCredentials("id", "secret"), region=sys.argv[1]) as gc:
    me = gc.users.get_users_me()
    queues = gc.routing.get_routing_queues(page_size=100)
    assert me.name == "Ada", me
    assert queues.entities is not None
    assert len(queues.entities) == 100
