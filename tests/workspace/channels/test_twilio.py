"""Twilio, against a fake of its REST API."""

import base64

import msgspec
import pytest
from tests.workspace.channels.fakes import RESET, SILENCE, Fake, Play, provider

from handbill.workspace.channels import twilio
from handbill.workspace.engine.needs import Outcome, Receipt, TransportDown

pytestmark = pytest.mark.anyio
FORM = {
    "To": "+15550100999",
    "From": "+15550111000",
    "Body": "Hallo & guten Tag, Zoë",
    "MediaUrl": "https://f.example/a",
}
CREATED: Play = (201, {"sid": "SM1", "status": "queued"})


async def text(fake: Fake, form: dict[str, str] = FORM, options: str = "") -> Receipt:
    address = fake.url.replace("http://", "http://AC123:to%2Fken@") + options
    channel = twilio.Twilio(twilio.read(address), seconds=0.5)
    try:
        return await channel.send("", (), msgspec.json.encode(form))
    finally:
        await channel.close()


async def test_a_text_is_a_form_for_the_account() -> None:
    async with provider(CREATED) as fake:
        assert (await text(fake)).outcome is Outcome.SENT
        (asked,) = fake.asked
        assert (asked.method, asked.path) == ("POST", "/2010-04-01/Accounts/AC123/Messages.json")
        assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"AC123:to/ken").decode()
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        assert asked.form == FORM


@pytest.mark.parametrize(
    ("to", "sender"), [("+15550100999", "+15550122000"), ("whatsapp:+15550100999", "whatsapp:+15550122000")]
)
async def test_a_text_without_a_sender_is_from_the_usual_number(to: str, sender: str) -> None:
    async with provider(CREATED) as fake:
        await text(fake, {"To": to, "Body": "Hi"}, "?from=%2B15550122000")
        assert fake.asked[0].form["From"] == sender


async def test_without_any_number_to_be_from_nothing_is_asked() -> None:
    async with provider(CREATED) as fake:
        receipt = await text(fake, {"To": "+15550100999", "Body": "Hi"})
        assert (receipt.outcome, fake.asked) == (Outcome.FAILED, [])
        assert receipt.detail.startswith("from is empty")


ANSWERS: list[tuple[Play, Outcome, str]] = [
    ((400, {"code": 21211, "message": "Invalid 'To' Phone Number"}), Outcome.FAILED, "21211 Invalid 'To' Phone"),
    ((429, {"code": 20429, "message": "Too Many Requests"}), Outcome.DEFERRED, "20429 Too Many"),
    ((500, "oops"), Outcome.DEFERRED, "500"),
    ((503, ""), Outcome.DEFERRED, "503"),
    (RESET, Outcome.UNKNOWN, "broke off"),
    (SILENCE, Outcome.UNKNOWN, "in time"),
]


@pytest.mark.parametrize(("play", "outcome", "detail"), ANSWERS)
async def test_what_twilio_does_decides_the_receipt(play: Play, outcome: Outcome, detail: str) -> None:
    async with provider(play) as fake:
        receipt = await text(fake)
        assert receipt.outcome is outcome
        assert detail in receipt.detail
        assert receipt.slow_down is (play[0] in (429, 503))


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_refused_account_blames_no_recipient(status: int) -> None:
    async with provider((status, {"code": 20003, "message": "Authenticate"})) as fake:
        with pytest.raises(TransportDown) as down:
            await text(fake)
        assert down.value.kind == "login"
        assert "ken" not in down.value.reason


async def test_twilio_that_is_not_there_blames_no_recipient() -> None:
    async with provider() as fake:
        pass
    with pytest.raises(TransportDown) as down:
        await text(fake)
    assert down.value.kind == "refused"


def test_a_signature_is_made_as_twilio_says() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert twilio.signature("12345", url, form) == "L/OH5YylLD5NRKLltdqwSvS0BnU="


@pytest.mark.parametrize(
    "address",
    ["", "AC1:tok@api.twilio.com", "http://AC1:tok@api.twilio.com", "https://api.twilio.com", "https://AC1@api.twilio.com",
     "https://AC1:tok@api.twilio.com?sender=5", "https://AC1:tok@[api", "https://AC1:tok@api.twilio.com:99999"],
)  # fmt: skip
def test_a_wrong_address_is_explained_without_the_token(address: str) -> None:
    with pytest.raises(ValueError, match="it ") as error:
        twilio.read(address)
    assert "tok@" not in str(error.value)
