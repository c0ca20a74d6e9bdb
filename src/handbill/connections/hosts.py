"""Where Customer.io is (reference 1)."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from handbill.connections.saved import Region
from handbill.errors import InvalidInput

SETTING = "HANDBILL_CUSTOMERIO_URL"


@dataclass(frozen=True, slots=True)
class Hosts:
    """The base URLs of the three APIs."""

    app: str
    track: str
    pipelines: str


CUSTOMERIO: dict[Region, Hosts] = {
    "us": Hosts("https://api.customer.io", "https://track.customer.io", "https://cdp.customer.io"),
    "eu": Hosts("https://api-eu.customer.io", "https://track-eu.customer.io", "https://cdp-eu.customer.io"),
}


def hosts(region: Region, instead: str = "") -> Hosts:
    """The hosts of `region`, or the one that stands `instead` of them all: a proxy of yours, a workspace of ours.

    Raises InvalidInput when that is not https and not on this machine: keys are sent there.
    """
    if not instead:
        return CUSTOMERIO[region]
    url = urlsplit(instead)
    if url.scheme == "https" or (url.scheme == "http" and url.hostname in ("127.0.0.1", "localhost", "::1")):
        return Hosts(instead, instead, instead)
    raise InvalidInput.of(SETTING, f"{SETTING} must start with https://, or lead to this machine.")
