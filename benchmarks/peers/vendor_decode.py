"""CPU seconds that the vendor's SDK takes to decode a file into models. Runs in the vendor's environment."""

import sys
import time

import PureCloudPlatformClientV2 as vendor


class Reply:
    def __init__(self, data):
        self.data = data

    def getheader(self, name):
        return "application/json"


data = open(sys.argv[1]).read()
client = vendor.api_client.ApiClient()
samples = []
for _ in range(5):
    start = time.process_time()
    client.deserialize(Reply(data), sys.argv[2])
    samples.append(time.process_time() - start)
print(sorted(samples)[2])
