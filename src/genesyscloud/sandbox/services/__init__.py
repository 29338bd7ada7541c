"""Behaviour that no definition can tell, one module per area of the API.

A module registers functions by name of operation; everything it does not name stays generic
(:mod:`genesyscloud.sandbox.crud`).
"""

from __future__ import annotations

from . import authorization, identity, limits, notifications, oauth_clients, routing, users
from .registry import EXAMPLE_BODIES, EXAMPLE_IDS, LISTENERS, PERSONAL, SEEDED_IDS, SEEDERS, SERVICES, TABLES

__all__ = [
    "EXAMPLE_BODIES",
    "EXAMPLE_IDS",
    "LISTENERS",
    "PERSONAL",
    "SEEDED_IDS",
    "SEEDERS",
    "SERVICES",
    "TABLES",
    "authorization",
    "identity",
    "limits",
    "notifications",
    "oauth_clients",
    "routing",
    "users",
]
