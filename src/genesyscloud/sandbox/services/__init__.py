"""Behaviour that no definition can tell, one module per area of the API.

A module registers functions by name of operation; everything it does not name stays generic
(:mod:`genesyscloud.sandbox.crud`).
"""

from __future__ import annotations

from . import (
    audits,
    authorization,
    divisions,
    groups,
    identity,
    limits,
    locations,
    notifications,
    oauth_clients,
    people,
    presence,
    proficiency,
    queues,
    routing,
    scim,
    telephony,
    userchanges,
    users,
    wfm,
    wfmadherence,
    wfmschedules,
    wfmtimeoff,
)
from .registry import (
    EXAMPLE_BODIES,
    EXAMPLE_IDS,
    EXAMPLE_QUERIES,
    LISTENERS,
    PERSONAL,
    SEEDED_IDS,
    SEEDERS,
    SERVICES,
    TABLES,
    UNCHECKED,
)

__all__ = [
    "EXAMPLE_BODIES",
    "EXAMPLE_IDS",
    "EXAMPLE_QUERIES",
    "LISTENERS",
    "PERSONAL",
    "SEEDED_IDS",
    "SEEDERS",
    "SERVICES",
    "TABLES",
    "UNCHECKED",
    "audits",
    "authorization",
    "divisions",
    "groups",
    "identity",
    "limits",
    "locations",
    "notifications",
    "oauth_clients",
    "people",
    "presence",
    "proficiency",
    "queues",
    "routing",
    "scim",
    "telephony",
    "userchanges",
    "users",
    "wfm",
    "wfmadherence",
    "wfmschedules",
    "wfmtimeoff",
]
