"""The regions by name, each with the address of its API."""

from __future__ import annotations

from enum import Enum

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


PureCloudRegionHosts = _Hosts(
    "PureCloudRegionHosts",
    {name: f"https://api.{domain}" for name, domain in REGIONS.items()},
    module="PureCloudPlatformClientV2.purecloud_region_hosts",
)
