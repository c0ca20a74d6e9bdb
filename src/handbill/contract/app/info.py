"""Info: where messages come from. Reference 10."""

from handbill.contract.app.messages import MessageType
from handbill.contract.endpoint import Endpoint, Model


class IpAddresses(Model):
    ip_addresses: list[str]


class Channel(Model):
    """A type of message: whether its messages leave the machine, and if not for want of a setting, of which."""

    type: MessageType
    sends: bool
    needs: str = ""


class Channels(Model):
    channels: list[Channel]


IP_ADDRESSES = Endpoint(
    name="info.ip_addresses",
    method="GET",
    path="/v1/info/ip_addresses",
    does="The addresses that mail leaves from",
    source="10",
    answer=IpAddresses,
)
CHANNELS = Endpoint(
    name="info.channels",
    method="GET",
    path="/v1/info/channels",
    does="The types of messages, and whether each leaves this machine",
    source="handbill",
    answer=Channels,
)
