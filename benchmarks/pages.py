"""The two replies that decoding is measured with, and the same with drift in every object."""

from __future__ import annotations

import itertools
import json
from typing import Any

from genesyscloud.catalog import catalog
from genesyscloud.sandbox.fake import Faker
from genesyscloud.sandbox.narrow import as_object

__all__ = ["DETAILS", "QUEUES", "drifted", "page"]

QUEUES = ("QueueEntityListing", "Queue", "entities", 250_000)
DETAILS = ("AnalyticsConversationAsyncQueryResponse", "AnalyticsConversation", "conversations", 900_000)


def page(listing: str, item: str, key: str, size: int) -> bytes:
    """A reply of ``size`` bytes that fits the definition of ``listing``."""
    faker = Faker(catalog(), 1)
    items: list[Any] = []
    total = 0
    for number in itertools.count():
        items.append(faker.make(f"#{item}", "bench", number))
        total += len(json.dumps(items[-1], separators=(",", ":")))
        if total >= size:
            return json.dumps({key: items}, separators=(",", ":")).encode()
    raise AssertionError


def drifted(data: bytes, listing: str) -> bytes:
    """``data`` with an unknown field in every object and an unknown value in every tenth enumeration."""
    value = json.loads(data)
    enumerations = itertools.count()

    def visit(part: Any, type_: str) -> None:
        if type_[0] in "[{" and part:
            for inner in part.values() if type_[0] == "{" else part:
                visit(inner, type_[1:])
        elif type_[0] == "#" and (part := as_object(part)) is not None:
            record = catalog().model(type_[1:])
            for prop in record.properties:
                if prop.enum and isinstance(part.get(prop.wire), str) and next(enumerations) % 10 == 0:
                    part[prop.wire] = "SOMETHING_NEW"
                elif part.get(prop.wire) is not None:
                    visit(part[prop.wire], prop.type)
            if not record.free_form:
                part["addedThisFortnight"] = "x"

    visit(value, f"#{listing}")
    return json.dumps(value, separators=(",", ":")).encode()
