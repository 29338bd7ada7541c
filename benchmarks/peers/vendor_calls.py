"""CPU seconds per sequential call of the vendor's SDK. Runs in the vendor's environment."""

import sys
import time

import PureCloudPlatformClientV2 as vendor

vendor.configuration.host = sys.argv[1]
vendor.configuration.access_token = "t"
api = vendor.UsersApi()
for _ in range(20):
    api.get_users_me()
times = int(sys.argv[2])
start = time.process_time()
for _ in range(times):
    api.get_users_me()
print((time.process_time() - start) / times)
