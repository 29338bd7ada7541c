"""Where tokens are kept: in memory, in a file, in the keyring of the system, in Redis.

All of them can be shared: by clients, by processes and (Redis) by hosts, which then renew a token once for all and
divide its rate limit among themselves. Optional packages are imported when a store is made.
"""
