"""Where Customer.io is (reference 1)."""

from urllib.parse import urlsplit

from handbill.client.regions import REGIONS, Hosts, Region
from handbill.errors import InvalidInput

SETTING = "HANDBILL_CUSTOMERIO_URL"


def hosts(region: Region, instead: str = "") -> Hosts:
    """The hosts of `region`, or the one that stands `instead` of them all: a proxy of yours, a workspace of ours.

    Raises InvalidInput when that is not https and not on this machine: keys are sent there.
    """
    if not instead:
        return REGIONS[region]
    url = urlsplit(instead)
    if url.scheme == "https" or (url.scheme == "http" and url.hostname in ("127.0.0.1", "localhost", "::1")):
        return Hosts(instead, instead, instead)
    raise InvalidInput.of(SETTING, f"{SETTING} must start with https://, or lead to this machine.")
