"""Push to Apple's devices through APNs: HTTP/2, with a token signed by the team's key."""

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from handbill.workspace.channels import asking
from handbill.workspace.channels.payloads import Device, Push
from handbill.workspace.channels.push import Told, signed
from handbill.workspace.engine.needs import Outcome, Receipt, TransportDown

EXAMPLE = "https://api.push.apple.com?key_file=/folder/AuthKey.p8&key_id=ABC123DEFG&team_id=DEF123GHIJ&topic=com.example.app"
TOKEN_SECONDS = 50 * 60
"""Apple takes a token for an hour, and wants no new one within 20 minutes."""


@dataclass(frozen=True, slots=True)
class ApnsSettings:
    url: str
    key_id: str
    team_id: str
    topic: str
    key: str = field(repr=False)


def read(text: str) -> ApnsSettings:
    """Raises ValueError when the address or the key file it names is not right."""
    names = ("key_file", "key_id", "team_id", "topic")
    provider = asking.Provider.of(text, EXAMPLE, *names)
    if missing := [name for name in names if not provider.options.get(name)]:
        raise ValueError(f"it needs {', '.join(missing)}: {EXAMPLE}")
    key_file, key_id, team_id, topic = (provider.options[name] for name in names)
    try:
        settings = ApnsSettings(provider.url, key_id, team_id, topic, Path(key_file).read_text())
        _token(settings, 0)
    except (OSError, ValueError):
        raise ValueError("key_file must name a signing key for APNs, an AuthKey_….p8 file of Apple's.") from None
    return settings


def _token(settings: ApnsSettings, now: int) -> str:
    return signed({"iss": settings.team_id, "iat": now}, settings.key, "ES256", {"kid": settings.key_id})


# At DEBUG it logs each header, and so the token.
logging.getLogger("hpack").setLevel(logging.INFO)


class Apns:
    def __init__(
        self, settings: ApnsSettings, seconds: float = asking.SECONDS, clock: Callable[[], float] = time.time
    ) -> None:
        self._http = asking.Http(seconds, http2=True)
        self._settings = settings
        self._clock = clock
        self._bearer = ""
        self._until = 0.0

    async def send(self, push: Push, device: Device) -> Told:
        """Hand over one notification; an expired token is renewed once. Raises TransportDown."""
        answer = await self._ask(push, device)
        if answer.json.get("reason") == "ExpiredProviderToken":
            self._until = 0
            answer = await self._ask(push, device)
        return _judge(answer)

    async def _ask(self, push: Push, device: Device) -> asking.Answer:
        url = f"{self._settings.url}/3/device/{quote(device.token, safe='')}"
        try:
            return await self._http.ask("POST", url, json=payload(push, device), headers=self._headers(push, device))
        except asking.Unreached as fault:
            raise TransportDown("refused", f"APNs cannot be reached: {fault}.") from None
        except asking.Unanswered as fault:
            return asking.Answer(0, str(fault).encode())

    def _headers(self, push: Push, device: Device) -> dict[str, str]:
        """The collapse id makes a second copy, after a lost answer, take the place of the first on the device."""
        now = int(self._clock())
        if now >= self._until:
            self._bearer, self._until = _token(self._settings, now), now + TOKEN_SECONDS
        return {
            "authorization": f"bearer {self._bearer}",
            "apns-topic": self._settings.topic,
            "apns-push-type": "alert",
            "apns-priority": "10",
            "apns-id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{push.delivery_id}/{device.token}")),
            "apns-collapse-id": push.delivery_id,
        }

    async def close(self) -> None:
        await self._http.close()


def payload(push: Push, device: Device) -> dict[str, Any]:
    """Apple's payload; what Customer.io's SDK reads is beside it, under its names."""
    own: dict[str, Any] = push.custom_payload.get("ios") or {}
    rich = {name: value for name, value in (("link", push.link), ("image", push.image_url)) if value}
    made = {
        "aps": {
            "alert": {name: value for name, value in (("title", push.title), ("body", push.message)) if value},
            "mutable-content": 1,
            **({"sound": push.sound} if push.sound else {}),
        },
        **({"CIO": {"push": rich}} if rich else {}),
    }
    ours = {"CIO-Delivery-ID": push.delivery_id, "CIO-Delivery-Token": device.token}
    return {**push.custom_data, **(own or made), **ours}


def _judge(answer: asking.Answer) -> Told:
    if answer.status == 0:
        return Told(Receipt(Outcome.UNKNOWN, f"APNs: {answer.words}"))
    reason = str(answer.json.get("reason", ""))[:60]
    if answer.status == 403:
        raise TransportDown("login", f"APNs refused the key in HANDBILL_APNS: {reason}.")
    return Told(asking.judge(answer.status, reason), gone=answer.status == 410)
