"""Push, against fakes of FCM and APNs: what they are asked, and what their answers mean for devices and message."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.workspace.channels.fakes import RESET, SILENCE, Fake, Play, http2_provider, provider

from handbill.workspace.channels import apns, fcm
from handbill.workspace.channels.payloads import Device, Push
from handbill.workspace.channels.push import PushChannel, PushProvider
from handbill.workspace.engine.needs import DeviceResult, Outcome, Receipt, TransportDown

pytestmark = pytest.mark.anyio

PHONE, TABLET = Device("tok/a", "android"), Device("tok-i", "ios")
PUSH = Push(
    "dlv-7", (PHONE,), "Hi Ann", "Two new films", "https://f.example/a.png", "club://films", "default", {"n": 2}
)
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
TOKEN: Play = (200, {"access_token": "ya29.x", "expires_in": 3600})
UNREGISTERED: Play = (404, {"error": {"status": "NOT_FOUND", "details": [{"errorCode": "UNREGISTERED"}]}})


def pem(key: Any) -> str:
    kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return str(key.private_bytes(*kinds).decode())


class Time:
    now = 1_764_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@asynccontextmanager
async def google(folder: Path, time: Time, *plays: Play) -> AsyncIterator[tuple[fcm.Fcm, Fake, Fake]]:
    """FCM with these answers, and Google's token endpoint."""
    async with provider(*plays) as fake, provider(usual=TOKEN) as tokens:
        told = {"project_id": "club", "client_email": "push@club.example", "private_key": pem(RSA)}
        (folder / "key.json").write_text(json.dumps({**told, "token_uri": f"{tokens.url}/token", "type": "x"}))
        client = fcm.Fcm(fcm.read(f"{fake.url}?key_file={folder / 'key.json'}"), seconds=0.5, clock=time)
        yield client, fake, tokens
        await client.close()


@asynccontextmanager
async def apple(folder: Path, time: Time, *plays: Play) -> AsyncIterator[tuple[apns.Apns, Fake]]:
    async with http2_provider(*plays, usual=(200, "")) as fake:
        (folder / "key.p8").write_text(pem(EC))
        options = f"key_file={folder / 'key.p8'}&key_id=KEY1&team_id=TEAM1&topic=example.club"
        client = apns.Apns(apns.read(f"{fake.url}?{options}"), seconds=0.5, clock=time)
        yield client, fake
        await client.close()


# FCM


async def test_android_is_told_through_fcm_with_a_token_of_the_service_account(tmp_path: Path, time: Time) -> None:
    async with google(tmp_path, time) as (client, fake, tokens):
        assert (await client.send(PUSH, PHONE)).receipt.outcome is Outcome.SENT
        await client.send(PUSH, PHONE)
        asked, _ = fake.asked
        assert (asked.method, asked.path) == ("POST", "/v1/projects/club/messages:send")
        assert asked.headers["authorization"] == "Bearer ya29.x"
        assert asked.json["message"] == {
            "token": "tok/a",
            "notification": {"title": "Hi Ann", "body": "Two new films", "image": "https://f.example/a.png"},
            "android": {"notification": {"tag": "dlv-7", "sound": "default"}},
            "data": {"link": "club://films", "n": "2", "CIO-Delivery-ID": "dlv-7", "CIO-Delivery-Token": "tok/a"},
        }
        (wanted,) = tokens.asked
        assert wanted.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        options: Any = {"verify_exp": False, "verify_iat": False}
        audience = f"{tokens.url}/token"
        claims = jwt.decode(wanted.form["assertion"], RSA.public_key(), ["RS256"], options, audience=audience)
        assert (claims["iss"], claims["scope"], claims["exp"] - claims["iat"]) == (
            "push@club.example",
            fcm.SCOPE,
            3600,
        )


async def test_a_token_is_renewed_before_its_end_and_when_it_is_refused(tmp_path: Path, time: Time) -> None:
    async with google(tmp_path, time, (200, {}), (200, {}), (401, {}), (200, {})) as (client, fake, tokens):
        await client.send(PUSH, PHONE)
        time.now += 3600 - 30
        await client.send(PUSH, PHONE)
        assert len(tokens.asked) == 2
        assert (await client.send(PUSH, PHONE)).receipt.outcome is Outcome.SENT
        assert (len(tokens.asked), len(fake.asked)) == (3, 4)


FCM_ANSWERS: list[tuple[Play, Outcome, str, bool]] = [
    (UNREGISTERED, Outcome.FAILED, "UNREGISTERED", True),
    ((404, {"error": {"status": "NOT_FOUND"}}), Outcome.FAILED, "NOT_FOUND", False),
    ((400, {"error": {"status": "INVALID_ARGUMENT"}}), Outcome.FAILED, "INVALID_ARGUMENT", False),
    ((403, {"error": {"details": [{"errorCode": "SENDER_ID_MISMATCH"}]}}), Outcome.FAILED, "SENDER_ID", False),
    ((429, {"error": {"status": "RESOURCE_EXHAUSTED"}}), Outcome.DEFERRED, "RESOURCE_EXHAUSTED", False),
    ((503, {"error": "odd"}), Outcome.DEFERRED, "503", False),
    ((500, "oops"), Outcome.DEFERRED, "500", False),
    (RESET, Outcome.UNKNOWN, "broke off", False),
    (SILENCE, Outcome.UNKNOWN, "in time", False),
]


@pytest.mark.parametrize(("play", "outcome", "detail", "gone"), FCM_ANSWERS)
async def test_what_fcm_does_decides(
    tmp_path: Path, time: Time, play: Play, outcome: Outcome, detail: str, gone: bool
) -> None:
    async with google(tmp_path, time, play) as (client, _, _):
        told = await client.send(PUSH, PHONE)
        assert (told.receipt.outcome, told.gone) == (outcome, gone)
        assert detail in told.receipt.detail


@pytest.mark.parametrize("play", [(401, {}), (403, {"error": {"status": "PERMISSION_DENIED"}})])
async def test_a_refused_key_of_fcm_blames_no_device(tmp_path: Path, time: Time, play: Play) -> None:
    async with google(tmp_path, time, play, play) as (client, _, _):
        with pytest.raises(TransportDown) as down:
            await client.send(PUSH, PHONE)
        assert down.value.kind == "login"


@pytest.mark.parametrize(
    ("play", "kind"), [((400, {"error": "invalid_grant"}), "login"), ((500, ""), "refused"), (RESET, "refused")]
)
async def test_without_a_token_nothing_is_sent(tmp_path: Path, time: Time, play: Play, kind: str) -> None:
    async with google(tmp_path, time) as (client, fake, tokens):
        tokens.plays.append(play)
        with pytest.raises(TransportDown) as down:
            await client.send(PUSH, PHONE)
        assert (down.value.kind, fake.asked) == (kind, [])


def test_a_custom_payload_for_android_is_sent_as_it_is_with_our_marks() -> None:
    own = {"android": {"message": {"notification": {"title": "Own"}, "data": {"a": "b"}}}}
    told = fcm.message(msgspec.structs.replace(PUSH, custom_payload=own), PHONE)["message"]
    assert told["notification"] == {"title": "Own"}
    assert {"a", "CIO-Delivery-ID", "CIO-Delivery-Token", "link", "n"} == told["data"].keys()
    assert "android" not in told


# APNs


async def test_ios_is_told_through_apns_with_a_token_of_the_teams_key(tmp_path: Path, time: Time) -> None:
    async with apple(tmp_path, time) as (client, fake):
        assert (await client.send(PUSH, Device("tok/i", "ios"))).receipt.outcome is Outcome.SENT
        (asked,) = fake.asked
        assert (asked.method, asked.path) == ("POST", "/3/device/tok%2Fi")
        assert asked.headers["apns-topic"] == "example.club"
        assert asked.headers["apns-push-type"] == "alert"
        assert asked.headers["apns-collapse-id"] == "dlv-7"
        bearer = asked.headers["authorization"].removeprefix("bearer ")
        claims = jwt.decode(bearer, EC.public_key(), ["ES256"], {"verify_iat": False})
        assert (claims, jwt.get_unverified_header(bearer)["kid"]) == ({"iss": "TEAM1", "iat": int(time.now)}, "KEY1")
        assert asked.json == {
            "aps": {"alert": {"title": "Hi Ann", "body": "Two new films"}, "mutable-content": 1, "sound": "default"},
            "CIO": {"push": {"link": "club://films", "image": "https://f.example/a.png"}},
            "CIO-Delivery-ID": "dlv-7",
            "CIO-Delivery-Token": "tok/i",
            "n": 2,
        }


async def test_a_token_for_apns_is_used_for_fifty_minutes_and_renewed_when_it_is_refused(
    tmp_path: Path, time: Time
) -> None:
    expired: Play = (403, {"reason": "ExpiredProviderToken"})
    async with apple(tmp_path, time, (200, ""), (200, ""), (200, ""), expired) as (client, fake):
        for later in (0, 1000, 3000, 0):
            time.now += later
            assert (await client.send(PUSH, TABLET)).receipt.outcome is Outcome.SENT
        tokens = [asked.headers["authorization"] for asked in fake.asked]
        assert len(tokens) == 5
        assert tokens[0] == tokens[1] != tokens[2]


APNS_ANSWERS: list[tuple[Play, Outcome, str, bool]] = [
    ((410, {"reason": "Unregistered", "timestamp": 1}), Outcome.FAILED, "Unregistered", True),
    ((400, {"reason": "BadDeviceToken"}), Outcome.FAILED, "BadDeviceToken", False),
    ((413, {"reason": "PayloadTooLarge"}), Outcome.FAILED, "PayloadTooLarge", False),
    ((429, {"reason": "TooManyRequests"}), Outcome.DEFERRED, "TooManyRequests", False),
    ((503, {"reason": "Shutdown"}), Outcome.DEFERRED, "Shutdown", False),
    (RESET, Outcome.UNKNOWN, "broke off", False),
    (SILENCE, Outcome.UNKNOWN, "in time", False),
]


@pytest.mark.parametrize(("play", "outcome", "detail", "gone"), APNS_ANSWERS)
async def test_what_apns_does_decides(
    tmp_path: Path, time: Time, play: Play, outcome: Outcome, detail: str, gone: bool
) -> None:
    async with apple(tmp_path, time, play) as (client, _):
        told = await client.send(PUSH, TABLET)
        assert (told.receipt.outcome, told.gone) == (outcome, gone)
        assert detail in told.receipt.detail


async def test_a_refused_key_of_apns_blames_no_device(tmp_path: Path, time: Time) -> None:
    async with apple(tmp_path, time, (403, {"reason": "InvalidProviderToken"})) as (client, _):
        with pytest.raises(TransportDown) as down:
            await client.send(PUSH, TABLET)
        assert (down.value.kind, "InvalidProviderToken" in down.value.reason) == ("login", True)


# Both


async def push(devices: Sequence[Device], **providers: PushProvider) -> Receipt:
    told = msgspec.structs.replace(PUSH, devices=tuple(devices))
    return await PushChannel(providers).send("", (), msgspec.json.encode(told))


async def test_each_device_is_told_by_its_platform_and_one_that_got_it_is_enough(tmp_path: Path, time: Time) -> None:
    async with google(tmp_path, time, UNREGISTERED) as (android, _, _), apple(tmp_path, time) as (ios, fake):
        receipt = await push([PHONE, TABLET], android=android, ios=ios)
        failure = "The server answered 404: UNREGISTERED"
        assert (receipt.outcome, receipt.detail) == (Outcome.SENT, f"1 of 2 devices: {failure}")
        assert receipt.devices == [
            DeviceResult("tok/a", "android", failure, gone=True),
            DeviceResult("tok-i", "ios"),
        ]
        assert len(fake.asked) == 1


async def test_a_platform_without_a_provider_fails_for_its_devices_only(tmp_path: Path, time: Time) -> None:
    async with google(tmp_path, time) as (android, _, _):
        both = await push([PHONE, TABLET], android=android)
        assert (both.outcome, both.devices[1].failure_message) == (Outcome.SENT, "HANDBILL_APNS is not set")
        assert (await push([TABLET], android=android)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("plays", "outcome"),
    [
        ([(503, {}), (503, {})], Outcome.DEFERRED),
        ([UNREGISTERED, (503, {})], Outcome.DEFERRED),
        ([UNREGISTERED, UNREGISTERED], Outcome.FAILED),
        ([RESET, (503, {})], Outcome.UNKNOWN),
    ],
)
async def test_when_no_device_got_it_the_best_hope_is_what_counts(
    tmp_path: Path, time: Time, plays: list[Play], outcome: Outcome
) -> None:
    async with google(tmp_path, time, *plays) as (android, _, _):
        assert (await push([PHONE, Device("tok-b", "android")], android=android)).outcome is outcome


@pytest.mark.parametrize("text", ["https://fcm.googleapis.com", "https://fcm.googleapis.com?key_file=/nothing", "x"])
def test_a_wrong_setting_for_fcm_is_explained(text: str) -> None:
    with pytest.raises(ValueError, match="key_file"):
        fcm.read(text)


def test_a_wrong_setting_for_apns_is_explained_without_the_key(tmp_path: Path) -> None:
    (tmp_path / "key.p8").write_text("secret")
    options = f"https://api.push.apple.com?key_file={tmp_path / 'key.p8'}&key_id=A&team_id=B"
    with pytest.raises(ValueError, match="it needs topic"):
        apns.read(options)
    with pytest.raises(ValueError, match="AuthKey") as error:
        apns.read(f"{options}&topic=c")
    assert "secret" not in str(error.value)
