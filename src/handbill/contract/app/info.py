"""Info: where messages come from. Reference 10."""

from handbill.contract.endpoint import Endpoint, Model


class IpAddresses(Model):
    ip_addresses: list[str]


IP_ADDRESSES = Endpoint(
    name="info.ip_addresses",
    method="GET",
    path="/v1/info/ip_addresses",
    does="The addresses that mail leaves from",
    source="10",
    answer=IpAddresses,
)
