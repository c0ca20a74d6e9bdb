"""What channels take that speak HTTP, as JSON made where messages are rendered."""

from typing import Any, Literal

import msgspec


class Webhook(msgspec.Struct, frozen=True):
    """One call of somebody's URL. `key` is the delivery id, sent as Idempotency-Key."""

    url: str
    method: str
    headers: tuple[tuple[str, str], ...]
    body: str
    key: str


class Device(msgspec.Struct, frozen=True):
    token: str
    platform: Literal["ios", "android"]


class Push(msgspec.Struct, frozen=True):
    """One notification for the devices of one person. `custom_payload` holds what is sent instead, by platform."""

    delivery_id: str
    devices: tuple[Device, ...]
    title: str
    message: str
    image_url: str = ""
    link: str = ""
    sound: str = ""
    custom_data: dict[str, Any] = {}
    custom_payload: dict[str, Any] = {}
