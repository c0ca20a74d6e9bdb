"""Where Customer.io's APIs are, in each region. Reference 1."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from handbill.errors import InvalidInput

INSTEAD = "HANDBILL_CUSTOMERIO_URL"
"""The setting of what stands in the place of all of them."""

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


def hosts(region: Region, instead: str = "") -> Hosts:
    """The hosts of `region`, or the one that stands `instead` of them all: a proxy of yours, a workspace of ours.

    Raises InvalidInput when that is not https and not on this machine: keys are sent there.
    """
    if not instead:
        return REGIONS[region]
    url = urlsplit(instead)
    if url.scheme == "https" or (url.scheme == "http" and url.hostname in ("127.0.0.1", "localhost", "::1")):
        return Hosts(instead, instead, instead)
    raise InvalidInput.of(INSTEAD, f"{INSTEAD} must start with https://, or lead to this machine.")


def region_of(host: str) -> Region | None:
    """The region whose host this is."""
    url = f"https://{host}"
    return next((region for region, at in REGIONS.items() if url in (at.app, at.track, at.pipelines)), None)
