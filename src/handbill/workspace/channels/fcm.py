"""Push to Android through Firebase Cloud Messaging's HTTP v1 API, with a service account's key."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from handbill.workspace.channels import asking
from handbill.workspace.channels.payloads import Device, Push
from handbill.workspace.channels.push import Told, signed
from handbill.workspace.engine.needs import Outcome, Receipt, TransportDown

EXAMPLE = "https://fcm.googleapis.com?key_file=/folder/service-account.json"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
EARLY = 60
"""Seconds before its end that a token is renewed."""


class ServiceAccount(msgspec.Struct, frozen=True):
    """Of the key file Google gives out, what is needed."""

    project_id: str
    client_email: str
    private_key: str
    token_uri: str


@dataclass(frozen=True, slots=True)
class FcmSettings:
    url: str
    account: ServiceAccount = field(repr=False)


def read(text: str) -> FcmSettings:
    """Raises ValueError when the address or the key file it names is not right."""
    provider = asking.Provider.of(text, EXAMPLE, "key_file")
    try:
        account = msgspec.json.decode(Path(provider.options.get("key_file", "")).read_bytes(), type=ServiceAccount)
        _assertion(account, 0)
    except (OSError, msgspec.DecodeError, ValueError):
        raise ValueError("key_file must name a service account's key file, as Google gives it out.") from None
    return FcmSettings(provider.url, account)


def _assertion(account: ServiceAccount, now: int) -> str:
    claims = {"iss": account.client_email, "scope": SCOPE, "aud": account.token_uri, "iat": now, "exp": now + 3600}
    return signed(claims, account.private_key, "RS256")


class Fcm:
    def __init__(
        self, settings: FcmSettings, seconds: float = asking.SECONDS, clock: Callable[[], float] = time.time
    ) -> None:
        self._http = asking.Http(seconds)
        self._account = settings.account
        self._url = f"{settings.url}/v1/projects/{settings.account.project_id}/messages:send"
        self._clock = clock
        self._bearer = ""
        self._until = 0.0
        self._renewing = asyncio.Lock()

    async def send(self, push: Push, device: Device) -> Told:
        """Hand over one notification; an expired token is renewed once. Raises TransportDown."""
        answer = await self._ask(push, device)
        if answer.status == 401:
            self._until = 0
            answer = await self._ask(push, device)
        return _judge(answer)

    async def _ask(self, push: Push, device: Device) -> asking.Answer:
        headers = {"Authorization": f"Bearer {await self._token()}"}
        try:
            return await self._http.ask("POST", self._url, json=message(push, device), headers=headers)
        except asking.Unreached as fault:
            raise TransportDown("refused", f"FCM cannot be reached: {fault}.") from None
        except asking.Unanswered as fault:
            return asking.Answer(0, str(fault).encode())

    async def _token(self) -> str:
        async with self._renewing:
            if self._clock() > self._until:
                await self._renew()
            return self._bearer

    async def _renew(self) -> None:
        now = int(self._clock())
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": _assertion(self._account, now),
        }
        try:
            answer = await self._http.ask("POST", self._account.token_uri, data=form)
        except (asking.Unreached, asking.Unanswered) as fault:
            raise TransportDown("refused", f"Google gives no token: {fault}.") from None
        if answer.status != 200 or not isinstance(answer.json.get("access_token"), str):
            kind = "login" if 400 <= answer.status < 500 and answer.status != 429 else "refused"
            raise TransportDown(kind, f"Google gives no token for the key in HANDBILL_FCM: {answer.status}.")  # type: ignore[arg-type]
        self._bearer = answer.json["access_token"]
        self._until = now + float(answer.json.get("expires_in", 3600)) - EARLY

    async def close(self) -> None:
        await self._http.close()


def message(push: Push, device: Device) -> dict[str, Any]:
    """FCM's message. The tag makes a second copy, after a lost answer, take the place of the first on the device."""
    shown = {"title": push.title, "body": push.message, "image": push.image_url}
    own: dict[str, Any] = push.custom_payload.get("android") or {}
    given: dict[str, Any] = own.get("message") or {
        "notification": {name: value for name, value in shown.items() if value},
        "android": {"notification": {"tag": push.delivery_id, **({"sound": push.sound} if push.sound else {})}},
    }
    data = {**({"link": push.link} if push.link else {}), **push.custom_data, **(given.get("data") or {})}
    ours = {"CIO-Delivery-ID": push.delivery_id, "CIO-Delivery-Token": device.token}
    texts = {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode() for name, value in data.items()
    }
    return {"message": {**given, "data": {**texts, **ours}, "token": device.token}}


def _judge(answer: asking.Answer) -> Told:
    if answer.status == 0:
        return Told(Receipt(Outcome.UNKNOWN, f"FCM: {answer.words}"))
    code = _code(answer)
    if answer.status in (401, 403) and code != "SENDER_ID_MISMATCH":
        raise TransportDown("login", f"FCM refused the key in HANDBILL_FCM: {answer.status} {code}.")
    return Told(asking.judge(answer.status, code), gone=answer.status == 404 and code == "UNREGISTERED")


def _code(answer: asking.Answer) -> str:
    """FCM's own code, such as UNREGISTERED, else Google's, such as NOT_FOUND."""
    error = answer.json.get("error")
    if not isinstance(error, dict):
        return ""
    details = error.get("details") or []
    codes = [each["errorCode"] for each in details if isinstance(each, dict) and "errorCode" in each]
    return str((codes or [error.get("status", "")])[0])[:60]
