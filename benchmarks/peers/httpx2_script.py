"""The script that a careful person writes without an SDK: login, one user, one page of queues, plain dicts."""

import sys

import httpx2

with httpx2.Client(base_url=sys.argv[1]) as client:
    token = client.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=("id", "secret")).json()
    client.headers["Authorization"] = "Bearer " + token["access_token"]
    me = client.get("/api/v2/users/me").json()
    queues = client.get("/api/v2/routing/queues", params={"pageSize": 100}).json()
    assert me["name"] == "Ada", me
    assert len(queues["entities"]) == 100
