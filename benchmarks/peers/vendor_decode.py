"""CPU seconds that the vendor's SDK takes to decode a file into models. Runs in the vendor's environment."""

import sys
import time
from pathlib import Path

import PureCloudPlatformClientV2 as vendor


class Reply:
    def __init__(self, data: str) -> None:
        self.data = data

    def getheader(self, name: str) -> str:
        return "application/json"


data = Path(sys.argv[1]).read_text()
client = vendor.api_client.ApiClient()
samples = []
for _ in range(5):
    start = time.process_time()
    client.deserialize(Reply(data), sys.argv[2])
    samples.append(time.process_time() - start)
print(sorted(samples)[2])
