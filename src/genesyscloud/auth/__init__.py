"""Ways to log in: strategies that say what to send, and the tokens they end with.

A strategy does no input or output. Its :meth:`Auth.flow` is a generator that yields the request to send, is given
the reply, and returns a :class:`Token`; the client sends, retries and shares the outcome between threads and tasks.
"""

from __future__ import annotations

from .grants import AccessToken, Anonymous, Auth, ClientCredentials, Flow
from .tokens import MemoryTokenStore, Token, TokenStore

__all__ = [
    "AccessToken",
    "Anonymous",
    "Auth",
    "ClientCredentials",
    "Flow",
    "MemoryTokenStore",
    "Token",
    "TokenStore",
]
