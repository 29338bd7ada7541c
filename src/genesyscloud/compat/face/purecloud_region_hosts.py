"""The regions by name, each with the address of its API."""

from __future__ import annotations

from enum import Enum
from typing import Any

from ...regions import REGIONS

__all__ = ["PureCloudRegionHosts"]


class _Hosts(Enum):
    @property
    def apihost(self) -> str:
        """The address of the region's API."""
        return str(self.value)

    def get_api_host(self) -> str:
        """Return the address of the region's API."""
        return str(self.value)


# Type checkers take this for a look-up of a member.
_make: Any = _Hosts
PureCloudRegionHosts = _make(
    "PureCloudRegionHosts",
    {name: f"https://api.{domain}" for name, domain in REGIONS.items()},
    module="PureCloudPlatformClientV2.purecloud_region_hosts",
)
