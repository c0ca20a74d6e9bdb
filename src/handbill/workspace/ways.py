"""Which way each type of message goes out, and which setting it needs for that."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from handbill.errors import InvalidInput
from handbill.settings import Settings
from handbill.workspace.channels import apns, fcm, slack, twilio
from handbill.workspace.channels.capture import Capture
from handbill.workspace.channels.push import PushChannel, PushProvider
from handbill.workspace.channels.smtp import Smtp, SmtpSettings
from handbill.workspace.channels.webhook import WebhookChannel
from handbill.workspace.engine.needs import Channel, Receipt, TransportDown
from handbill.workspace.fetch import SafeTransport

READERS: Mapping[str, Callable[[str], Any]] = {
    "smtp": SmtpSettings.from_url,
    "twilio": twilio.read,
    "slack": slack.read,
    "fcm": fcm.read,
    "apns": apns.read,
}
"""What each setting means; a wrong one raises ValueError without quoting it."""

NEEDS: Mapping[str, tuple[str, ...]] = {
    "email": ("smtp",),
    "twilio": ("twilio",),
    "whatsapp": ("twilio",),
    "slack": ("slack",),
    "push": ("fcm", "apns"),
}
"""One of these settings is needed to send a type live; the other types need none."""


def check(settings: Settings) -> None:
    """Raises InvalidInput that names the variable when a provider's setting is not right."""
    for name, reader in READERS.items():
        if text := getattr(settings, name):
            try:
                reader(text)
            except ValueError as error:
                variable = f"HANDBILL_{name.upper()}"
                raise InvalidInput.of(variable, f"{variable} is not right: {error}") from None


def lacking(settings: Settings) -> dict[str, str]:
    """The types that cannot be sent live, each with the variables of which one must be set."""
    return {
        type_: " or ".join(f"HANDBILL_{name.upper()}" for name in names)
        for type_, names in NEEDS.items()
        if not any(getattr(settings, name) for name in names)
    }


def channel(settings: Settings, transport: str, type_: str) -> Channel:
    """The way out for messages of this type. `transport` is `live`, or `capture`: kept, not sent."""
    if transport == "capture" or type_ in ("in_app", "inbox"):  # these are served from what is kept
        return Capture()
    if missing := lacking(settings).get(type_):
        return Missing(f"There is nothing to send {type_} with. Set {missing}.")
    match type_:
        case "webhook":
            return WebhookChannel(SafeTransport(settings.private_hosts))
        case "twilio" | "whatsapp":
            return twilio.Twilio(twilio.read(settings.twilio or ""))
        case "slack":
            return slack.Slack(slack.read(settings.slack or ""))
        case "push":
            return _push(settings)
    return Smtp(SmtpSettings.from_url(settings.smtp or ""))


class Missing:
    """The way out that is not there any more: what was accepted waits, and says why."""

    connections = 1

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def send(self, sender: str, recipients: Sequence[str], payload: bytes) -> Receipt:
        raise TransportDown("login", self._reason)

    async def close(self) -> None:
        pass


def _push(settings: Settings) -> Channel:
    providers: dict[str, PushProvider] = {}
    if settings.fcm:
        providers["android"] = fcm.Fcm(fcm.read(settings.fcm))
    if settings.apns:
        providers["ios"] = apns.Apns(apns.read(settings.apns))
    return PushChannel(providers)
