"""Plausible text for example data, chosen by the name of the property."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ..catalog import Limits
from .rng import Rng

__all__ = ["person", "stamp", "text", "written"]

FIRST_NAMES = [
    "Ada", "Bruno", "Chioma", "Diego", "Elif", "Farah", "Grace", "Hiro", "Ines", "Jonas", "Kofi", "Lena",
    "Mateo", "Nadia", "Omar", "Priya", "Quinn", "Rosa", "Sven", "Tara", "Uma", "Viktor", "Wanda", "Xenia",
    "Yusuf", "Zoe",
]  # fmt: skip
LAST_NAMES = [
    "Abbott", "Becker", "Costa", "Duarte", "Eriksen", "Fischer", "Garcia", "Haddad", "Ivanova", "Jensen",
    "Kowalski", "Larsen", "Moreau", "Novak", "Okafor", "Patel", "Quist", "Rossi", "Sato", "Tanaka", "Ueda",
    "Varga", "Weber", "Xu", "Yilmaz", "Zhang",
]  # fmt: skip
TOPICS = [
    "Billing", "Sales", "Support", "Returns", "Claims", "Loans", "Travel", "Orders", "Service", "Retention",
    "Delivery", "Accounts", "Welcome", "Renewals", "Priority", "Technical", "Partner", "Express",
]  # fmt: skip
KINDS = [
    "North",
    "South",
    "East",
    "West",
    "Central",
    "Evening",
    "Weekend",
    "Premium",
    "Basic",
    "Remote",
    "Pilot",
    "Main",
]

#: Start of the time in which example data happened.
EPOCH = datetime(2026, 1, 5, 8, tzinfo=UTC)


_DAYS = [(EPOCH + timedelta(days=at)).strftime("%Y-%m-%d") for at in range(120)]


def stamp(rng: Rng) -> str:
    """A date-time in the months after :data:`EPOCH`, as it is written on the wire."""
    at = rng.below(86_400_000)
    return f"{rng.choice(_DAYS)}T{at // 3_600_000:02d}:{at // 60_000 % 60:02d}:{at // 1000 % 60:02d}.{at % 1000:03d}Z"


def written(value: datetime) -> str:
    """A point in time, as it is written on the wire."""
    return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def person(rng: Rng) -> str:
    """Name of a person."""
    return f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"


def _email(rng: Rng) -> str:
    return f"{rng.choice(FIRST_NAMES)}.{rng.choice(LAST_NAMES)}{rng.below(1000)}@example.com".lower()


def _phone(rng: Rng) -> str:
    return f"+1317555{rng.below(10_000):04d}"


def _uri(rng: Rng) -> str:
    return f"https://example.com/{rng.choice(TOPICS).lower()}/{rng.below(100_000)}"


def _interval(rng: Rng) -> str:
    day = rng.choice(_DAYS)
    return f"{day}T00:00:00.000Z/{day}T{1 + rng.below(22):02d}:00:00.000Z"


def _duration(rng: Rng) -> str:
    return f"PT{1 + rng.below(59)}M"


def _sentence(rng: Rng) -> str:
    return f"{rng.choice(TOPICS)} for {rng.choice(KINDS).lower()} customers, example {rng.below(1000)}."


def _title(rng: Rng) -> str:
    return f"{rng.choice(TOPICS)} {rng.choice(KINDS)} {1 + rng.below(99)}"


def _color(rng: Rng) -> str:
    return f"#{rng.below(1 << 24):06x}"


def _from(*values: str) -> Callable[[Rng], str]:
    return lambda rng: rng.choice(values)


_RULES: tuple[tuple[str, Callable[[Rng], str]], ...] = (
    (r"^(id|guid|uuid)$|(?-i:[a-z]Ids?)$|_ids?$", Rng.uuid),
    (r"e-?mail|^username$|jabber|jid$", _email),
    (r"uri$|url$|href$|link$", _uri),
    (r"phone|^ani$|^dnis$|e164|faxnumber", _phone),
    (r"interval", _interval),
    (r"duration|period$|granularity", _duration),
    (r"^date|date$|time$|timestamp", stamp),
    (r"time_?zone", _from("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC")),
    (r"language|locale", _from("en-US", "de-DE", "es-ES", "ja-JP")),
    (r"country", _from("US", "DE", "BR", "JP")),
    (r"currency", _from("USD", "EUR", "JPY")),
    (r"colou?r", _color),
    (r"firstname|givenname", lambda rng: rng.choice(FIRST_NAMES)),
    (r"lastname|familyname|surname", lambda rng: rng.choice(LAST_NAMES)),
    (r"^(user|agent|contact|person|owner|evaluator|display)_?name", person),
    (r"description|message|text|note|comment|reason|body|summary", _sentence),
    (r"name|title|label|subject", _title),
    (r"version", lambda rng: str(1 + rng.below(9))),
    (r"contenttype|mimetype|mediatype", _from("text/plain", "image/png")),
    (r"^(ip|ipaddress)|ipaddress$", lambda rng: f"192.0.2.{1 + rng.below(254)}"),
)
#: First match on the name of the property wins.
BY_NAME = [(re.compile(pattern, re.IGNORECASE), make) for pattern, make in _RULES]


def _word(rng: Rng) -> str:
    return f"{rng.choice(TOPICS)}{rng.below(1000)}".lower()


def _found(name: str) -> Callable[[Rng], str]:
    return next((make for pattern, make in BY_NAME if pattern.search(name)), _word)


#: Tried in this order for a property with a pattern.
CANDIDATES: tuple[Callable[[Rng], str], ...] = (
    Rng.uuid,
    _word,
    lambda rng: str(rng.below(10_000)),
    _color,
    _phone,
    _email,
    _uri,
    stamp,
)


def text(name: str, limits: Limits | None) -> Callable[[Rng], str]:
    """What makes strings for the property ``name`` that keep to ``limits``."""
    plain = _found(name)
    if limits is None:
        return plain
    makers = (plain, *CANDIDATES)
    if limits.pattern:
        fits = re.compile(limits.pattern).fullmatch
        plain = next((make for make in makers if fits(_sized(make(Rng(name)), limits))), plain)
    return lambda rng: _sized(plain(rng), limits)


def _sized(value: str, limits: Limits) -> str:
    if limits.max_length is not None and len(value) > limits.max_length:
        value = value[: limits.max_length]
    if limits.min_length is not None and len(value) < limits.min_length:
        value += "x" * (limits.min_length - len(value))
    return value
