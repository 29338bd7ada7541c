"""Create a queue, look at it, change it, find it, delete it."""

import os

import PureCloudPlatformClientV2 as gen
from PureCloudPlatformClientV2.models import CreateQueueRequest, MediaSettings, ServiceLevel
from PureCloudPlatformClientV2.rest import ApiException

gen.configuration.host = os.environ["GENESYS_CLOUD_HOST"]
api_client = gen.ApiClient().get_client_credentials_token(
    client_id=os.environ["GENESYS_CLOUD_CLIENT_ID"], client_secret=os.environ["GENESYS_CLOUD_CLIENT_SECRET"]
)
routing_api = gen.RoutingApi(api_client)

level = ServiceLevel()
level.percentage = 0.8
level.duration_ms = 20000
call = MediaSettings()
call.alerting_timeout_seconds = 8
call.service_level = level

request = CreateQueueRequest()
request.name = "Complaints, by script"
request.description = "Made by a script"
request.media_settings = gen.QueueMediaSettings()
request.media_settings.call = call
request.skill_evaluation_method = "BEST"
request.acw_settings = gen.AcwSettings()
request.acw_settings.wrapup_prompt = "MANDATORY_TIMEOUT"
request.acw_settings.timeout_ms = 30000

created = routing_api.post_routing_queues(request)
print(created.name, created.description, created.skill_evaluation_method)
print(created.acw_settings.wrapup_prompt, created.acw_settings.timeout_ms)

queue = routing_api.get_routing_queue(created.id)
print(queue.id == created.id, queue.media_settings.call.service_level.percentage)
queue.description = gen.ApiNullValue()
queue.name = "Complaints"
changed = routing_api.put_routing_queue(queue_id=queue.id, body=queue)
print(changed.name, changed.description)

found = routing_api.get_routing_queues(name="Complaints", page_size=10)
print(found.total, [entity.name for entity in found.entities])

routing_api.delete_routing_queue(queue.id, force_delete=True)
try:
    routing_api.get_routing_queue(queue.id)
except ApiException as gone:
    print("gone:", gone.status)
