"""Analytics over many conversations: seconds of CPU for the queries that programs ask most.

Not ratios, since the bars are seconds: CPU time, so that other work on the machine does not count.
"""

from __future__ import annotations

import json
import time
from typing import Any

from genesyscloud.http import Request
from genesyscloud.sandbox import Sandbox

from .measure import Figure

__all__ = ["figures"]

CONVERSATIONS = 100_000
DETAILS = "/api/v2/analytics/conversations/details/query"
AGGREGATES = "/api/v2/analytics/conversations/aggregates/query"


def figures(_: str) -> list[Figure]:
    """Making 100,000 conversations, and asking about them."""
    sandbox = Sandbox()
    sandbox.add_traffic(CONVERSATIONS, days=30)
    start = time.process_time()
    assert len(sandbox.conversations.ids()) == CONVERSATIONS
    made = time.process_time() - start
    end = sandbox.settings.clock()
    interval = f"{_written(end - 30 * 86_400)}/{_written(end)}"
    token = sandbox.access_token()
    queue_id = sandbox.conversations.history().records[0].participants[-1].queue_id

    def ask(path: str, **query: Any) -> float:
        body = json.dumps({"interval": interval, **query}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        begun = time.process_time()
        reply = sandbox.handle(Request("POST", path, headers, body))
        assert reply.status == 200, reply.body
        return time.process_time() - begun

    def by(dimension: str, value: str) -> dict[str, str]:
        return {"type": "dimension", "dimension": dimension, "operator": "matches", "value": value}

    one = [{"type": "and", "predicates": [by("queueId", queue_id)]}]
    two = [{"type": "and", "predicates": [by("mediaType", "voice"), by("direction", "inbound")]}]
    whole = [{"type": "and", "predicates": [{"type": "metric", "metric": "tAbandon", "operator": "exists"}]}]
    first, again = [ask(DETAILS, segmentFilters=one) for _ in range(2)]
    ask(DETAILS, segmentFilters=two)
    ask(DETAILS, conversationFilters=whole)
    sums = {"groupBy": ["queueId"], "metrics": ["nOffered", "tAnswered", "tHandle"], "granularity": "P1D"}
    ask(AGGREGATES, **sums)
    return [
        Figure("100,000 conversations made from a seed", made, 10, "s"),
        Figure("details of 100,000 conversations, all", ask(DETAILS), 1, "s"),
        Figure("details by queue, the first time", first, 1, "s"),
        Figure("details by queue, again", again, 1, "s"),
        Figure("details by media and direction", ask(DETAILS, segmentFilters=two), 1, "s"),
        Figure("details by a metric", ask(DETAILS, conversationFilters=whole), 1, "s"),
        Figure("aggregates by queue and day", ask(AGGREGATES, **sums), 3, "s"),
    ]


def _written(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
