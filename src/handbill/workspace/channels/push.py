"""Push: one notification for the devices of one person, each through the provider of its platform."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from handbill.workspace.channels import asking
from handbill.workspace.channels.payloads import Device, Push
from handbill.workspace.engine.needs import DeviceResult, Outcome, Receipt, TransportDown

_push = msgspec.json.Decoder(Push)


@dataclass(frozen=True, slots=True)
class Told:
    """A provider's answer for one device. `gone`: the token is dead."""

    receipt: Receipt
    gone: bool = False


class PushProvider(Protocol):
    async def send(self, push: Push, device: Device) -> Told:
        """Raises TransportDown."""

    async def close(self) -> None: ...


class PushChannel:
    """`providers` by platform; a device of another platform is told so, and the others get the message."""

    connections = asking.CONNECTIONS

    def __init__(self, providers: Mapping[str, PushProvider]) -> None:
        self._providers = providers

    async def send(self, sender: str, recipients: Sequence[str], payload: bytes) -> Receipt:
        """It is sent when one device got it: trying again would send a second one there. Raises TransportDown."""
        push = _push.decode(payload)
        told = await asyncio.gather(*(self._one(push, device) for device in push.devices), return_exceptions=True)
        downs = [each for each in told if isinstance(each, BaseException)]
        answers = [each if isinstance(each, Told) else Told(_down(each)) for each in told]
        if downs and not any(each.receipt.outcome is Outcome.SENT for each in answers):
            raise downs[0]
        return _together(push.devices, answers)

    async def _one(self, push: Push, device: Device) -> Told:
        provider = self._providers.get(device.platform)
        if provider is None:
            variable = "HANDBILL_APNS" if device.platform == "ios" else "HANDBILL_FCM"
            return Told(Receipt(Outcome.FAILED, f"{variable} is not set"))
        return await provider.send(push, device)

    async def close(self) -> None:
        for provider in self._providers.values():
            await provider.close()


def _down(error: BaseException) -> Receipt:
    if not isinstance(error, TransportDown):
        raise error
    return Receipt(Outcome.FAILED, error.reason)


def signed(claims: Mapping[str, Any], key: str, algorithm: str, headers: Mapping[str, Any] | None = None) -> str:
    """A JSON Web Token, as providers of push want one. Raises ValueError when `key` is none for this algorithm."""
    import jwt  # here, because its cryptography is slow to load and seldom used

    try:
        return jwt.encode(dict(claims), key, algorithm, dict(headers or {}))
    except (TypeError, jwt.PyJWTError) as error:
        raise ValueError("not a key for this algorithm") from error


_BEST = (Outcome.SENT, Outcome.UNKNOWN, Outcome.DEFERRED, Outcome.FAILED)
"""The first of these that a device met is what became of the message."""


def _together(devices: Sequence[Device], answers: Sequence[Told]) -> Receipt:
    receipts = [answer.receipt for answer in answers]
    outcome = next(best for best in _BEST if any(receipt.outcome is best for receipt in receipts))
    details = [receipt.detail for receipt in receipts if receipt.outcome is not Outcome.SENT]
    results = [
        DeviceResult(device.token, device.platform, answer.receipt.detail, answer.gone)
        for device, answer in zip(devices, answers, strict=True)
    ]
    several = len(devices) > 1 and details
    return Receipt(
        outcome,
        f"{len(details)} of {len(devices)} devices: {details[0]}" if several else "".join(details),
        slow_down=any(receipt.slow_down for receipt in receipts),
        devices=results,
    )
