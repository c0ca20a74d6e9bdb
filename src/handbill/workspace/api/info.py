"""Info: the addresses of this machine that mail leaves from, and the ways out. Reference 10."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from handbill.contract.app import info as contract
from handbill.contract.app.messages import MessageType
from handbill.workspace import ways
from handbill.workspace.api.route import Call, serves
from handbill.workspace.channels.smtp import SmtpSettings
from handbill.workspace.store import sending

TYPES: tuple[MessageType, ...] = ("email", "twilio", "whatsapp", "push", "slack", "webhook", "in_app", "inbox")


@serves(contract.IP_ADDRESSES)
async def ip_addresses(call: Call) -> contract.IpAddresses:
    """None without a mail server: nothing leaves then."""
    if not call.workspace.settings.smtp:
        return contract.IpAddresses(ip_addresses=[])
    server = SmtpSettings.from_url(call.workspace.settings.smtp)
    found = [address async for address in _own(server.host, server.port)]
    return contract.IpAddresses(ip_addresses=list(dict.fromkeys(found)))


@serves(contract.CHANNELS)
async def channels(call: Call) -> contract.Channels:
    """In-app and inbox messages stay here: people come for them."""
    live = (await call.workspace.database.read(sending.get)).mode == "live"
    lacking = ways.lacking(call.workspace.settings)
    told = [
        contract.Channel(type=type_, sends=live and type_ not in lacking, needs=lacking.get(type_, ""))
        for type_ in TYPES
    ]
    return contract.Channels(channels=told)


async def _own(host: str, port: int) -> AsyncIterator[str]:
    """This machine's address towards each of `host`'s. Nothing is sent: a datagram socket only notes its peer."""
    try:
        known = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError:
        return
    for family, kind, protocol, _, address in known:
        with contextlib.suppress(OSError), socket.socket(family, kind, protocol) as way:
            way.connect(address)
            yield way.getsockname()[0]
