"""Where Customer.io's APIs are, in each region. Reference 1."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Region = Literal["us", "eu"]


@dataclass(frozen=True, slots=True)
class Hosts:
    """The base URLs of the three APIs."""

    app: str
    track: str
    pipelines: str


REGIONS: Mapping[Region, Hosts] = {
    "us": Hosts("https://api.customer.io", "https://track.customer.io", "https://cdp.customer.io"),
    "eu": Hosts("https://api-eu.customer.io", "https://track-eu.customer.io", "https://cdp-eu.customer.io"),
}


def region_of(host: str) -> Region | None:
    """The region whose host this is."""
    url = f"https://{host}"
    return next((region for region, at in REGIONS.items() if url in (at.app, at.track, at.pipelines)), None)
