"""SMS and WhatsApp out through Twilio's REST API, and the proof that a report of what became of one is Twilio's."""

import base64
import hmac
from collections.abc import Mapping, Sequence

import msgspec

from handbill.workspace.channels import asking
from handbill.workspace.engine.needs import Outcome, Receipt, TransportDown

EXAMPLE = "https://ACCOUNT_SID:AUTH_TOKEN@api.twilio.com?from=%2B15550100999"

_form = msgspec.json.Decoder(dict[str, str])


def read(text: str) -> asking.Provider:
    """The account's SID and token, and the number that texts are from when they do not say. Raises ValueError."""
    provider = asking.Provider.of(text, EXAMPLE, "from")
    if not provider.username or not provider.password:
        raise ValueError(f"it must hold the account's SID and auth token: {EXAMPLE}")
    return provider


class Twilio:
    """The same channel for both types: WhatsApp's numbers have a prefix, which the form has already."""

    connections = asking.CONNECTIONS

    def __init__(self, provider: asking.Provider, seconds: float = asking.SECONDS) -> None:
        self._http = asking.Http(seconds)
        self._headers = {"Authorization": asking.basic(provider.username, provider.password)}
        self._url = f"{provider.url}/2010-04-01/Accounts/{provider.username}/Messages.json"
        self._from = provider.options.get("from", "")

    async def send(self, sender: str, recipients: Sequence[str], payload: bytes) -> Receipt:
        """Hand over one text. Raises TransportDown when Twilio does not answer, or does not know the account."""
        form = _form.decode(payload)
        if "MessagingServiceSid" not in form and "From" not in form:
            if not self._from:
                return Receipt(Outcome.FAILED, "from is empty, and HANDBILL_TWILIO names no number either")
            form["From"] = ("whatsapp:" if form["To"].startswith("whatsapp:") else "") + self._from
        try:
            answer = await self._http.ask("POST", self._url, data=form, headers=self._headers)
        except asking.Unreached as fault:
            raise TransportDown("refused", f"Twilio cannot be reached: {fault}.") from None
        except asking.Unanswered as fault:
            return Receipt(Outcome.UNKNOWN, f"Twilio: {fault}")
        return _judge(answer)

    async def close(self) -> None:
        await self._http.close()


def _judge(answer: asking.Answer) -> Receipt:
    if answer.status in (401, 403, 404):
        raise TransportDown("login", f"Twilio refused the account in HANDBILL_TWILIO: {answer.status}.")
    told = answer.json
    return asking.judge(answer.status, f"{told['code']} {told.get('message', '')}"[:200] if "code" in told else "")


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """What Twilio sends as X-Twilio-Signature with a form to `url`."""
    told = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), told.encode(), "sha1")).decode()
