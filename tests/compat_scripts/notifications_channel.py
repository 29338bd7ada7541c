"""Make a channel and subscribe it to the presence of users."""

import os

import PureCloudPlatformClientV2
import PureCloudPlatformClientV2.rest

PureCloudPlatformClientV2.configuration.host = os.environ["GENESYS_CLOUD_HOST"]


class Watcher:
    """Everything about one channel."""

    def __init__(self, client):
        self.users_api = PureCloudPlatformClientV2.UsersApi(client)
        self.notifications_api = PureCloudPlatformClientV2.NotificationsApi(client)
        self.channel = None

    def open(self):
        self.channel = self.notifications_api.post_notifications_channels()
        print(self.channel.connect_uri.split("://")[0], self.channel.expires is not None)

    def watch(self, users):
        topics = []
        for user in users:
            topic = PureCloudPlatformClientV2.ChannelTopic()
            topic.id = "v2.users.%s.presence" % user.id
            topics.append(topic)
        subscribed = self.notifications_api.put_notifications_channel_subscriptions(self.channel.id, topics)
        print(sorted(topic.id for topic in subscribed.entities))

    def more(self, name):
        self.notifications_api.post_notifications_channel_subscriptions(self.channel.id, body=[{"id": name}])
        found = self.notifications_api.get_notifications_channel_subscriptions(self.channel.id)
        print(len(found.entities))

    def close(self):
        self.notifications_api.delete_notifications_channel_subscriptions(self.channel.id)
        print(len(self.notifications_api.get_notifications_channel_subscriptions(self.channel.id).entities))


if __name__ == "__main__":
    try:
        api_client = PureCloudPlatformClientV2.api_client.ApiClient().get_client_credentials_token(
            os.environ["GENESYS_CLOUD_CLIENT_ID"], os.environ["GENESYS_CLOUD_CLIENT_SECRET"]
        )
        watcher = Watcher(api_client)
        watcher.open()
        watcher.watch(watcher.users_api.get_users(page_size=3).entities)
        watcher.more("v2.system.time")
        watcher.close()
        available = watcher.notifications_api.get_notifications_availabletopics()
        print(len(available.entities), available.entities[0].id)
    except PureCloudPlatformClientV2.rest.ApiException as e:
        print("cannot watch:", e.status)
