"""Behaviour that no definition can tell, one module per area of the API.

A module registers functions by name of operation; everything it does not name stays generic
(:mod:`genesyscloud.sandbox.crud`).
"""

from __future__ import annotations

from . import identity, people, presence, proficiency, queues, routing, userchanges, users
from .registry import EXAMPLE_BODIES, EXAMPLE_IDS, LISTENERS, PERSONAL, SEEDED_IDS, SEEDERS, SERVICES

__all__ = [
    "EXAMPLE_BODIES",
    "EXAMPLE_IDS",
    "LISTENERS",
    "PERSONAL",
    "SEEDED_IDS",
    "SEEDERS",
    "SERVICES",
    "TABLES",
    "identity",
    "people",
    "presence",
    "proficiency",
    "queues",
    "routing",
    "userchanges",
    "users",
]
