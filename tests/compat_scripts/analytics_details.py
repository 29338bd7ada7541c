"""Ask for the conversations of a month, by a query and by a job."""

import os
import time

import PureCloudPlatformClientV2
from PureCloudPlatformClientV2 import AnalyticsApi, ConversationQuery, PagingSpec
from PureCloudPlatformClientV2.rest import ApiException

PureCloudPlatformClientV2.configuration.host = os.environ["GENESYS_CLOUD_HOST"]
client = PureCloudPlatformClientV2.ApiClient()
client = client.get_client_credentials_token(
    os.environ["GENESYS_CLOUD_CLIENT_ID"], os.environ["GENESYS_CLOUD_CLIENT_SECRET"]
)
api = AnalyticsApi(client)
INTERVAL = "2026-10-01T00:00:00Z/2026-11-01T00:00:00Z"


def show(conversations):
    for conversation in conversations or []:
        print(conversation.conversation_id, conversation.originating_direction, conversation.conversation_start)
        for participant in conversation.participants or []:
            media = [session.media_type for session in participant.sessions or []]
            print("   ", participant.purpose, participant.participant_name, media)


query = ConversationQuery()
query.interval = INTERVAL
query.order = "asc"
query.order_by = "conversationStart"
query.paging = PagingSpec()
query.paging.page_size = 10
query.paging.page_number = 1
try:
    result = api.post_analytics_conversations_details_query(query)
    print("by query:", result.total_hits)
    show(result.conversations)

    body = PureCloudPlatformClientV2.AsyncConversationQuery()
    body.interval = INTERVAL
    job = api.post_analytics_conversations_details_jobs(body)
    state = "QUEUED"
    for _ in range(100):
        state = api.get_analytics_conversations_details_job(job.job_id).state
        if state in ("FULFILLED", "FAILED", "CANCELLED", "EXPIRED"):
            break
        time.sleep(0.1)
    print("job:", state)
    results = api.get_analytics_conversations_details_job_results(job.job_id, page_size=50)
    print("by job:", len(results.conversations or []))
    show((results.conversations or [])[:3])
except ApiException as error:
    print("failed with", error.status)
