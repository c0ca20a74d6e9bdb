"""Where Customer.io's APIs are: one set of hosts for each region. Reference 1."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Region:
    """The base URLs of the three APIs. Tests give their own."""

    name: str
    app: str
    track: str
    pipelines: str


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens a workspace at Customer.io. Without those of Track or Pipelines, that API is not called."""

    app: str = field(repr=False)
    site_id: str = ""
    track: str = field(default="", repr=False)
    pipelines: str = field(default="", repr=False)


REGIONS: Mapping[str, Region] = {
    region.name: region
    for region in (
        Region("us", "https://api.customer.io", "https://track.customer.io", "https://cdp.customer.io"),
        Region("eu", "https://api-eu.customer.io", "https://track-eu.customer.io", "https://cdp-eu.customer.io"),
    )
}


def region_of(host: str) -> Region | None:
    """The region that a host is of."""
    for region in REGIONS.values():
        if f"https://{host}" in (region.app, region.track, region.pipelines):
            return region
    return None
