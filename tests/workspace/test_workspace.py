"""Opening a workspace: what is made, who may read it, and which settings are refused."""

import stat
from pathlib import Path

import pytest

from handbill.errors import InvalidInput
from handbill.settings import Settings
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio


async def test_keys_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    settings = Settings.load({}, tmp_path)
    async with Workspace.open(settings) as first:
        pass
    async with Workspace.open(settings) as second:
        assert (second.keys, second.secret) == (first.keys, first.secret)
    for name in ("keys.json", "approval-key.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


async def test_a_key_of_the_environment_wins_over_the_one_that_was_made(tmp_path: Path) -> None:
    async with Workspace.open(Settings.load({"HANDBILL_APP_KEY": "mine"}, tmp_path)) as workspace:
        assert workspace.keys.app_key == "mine"


async def test_the_approval_key_is_made_of_no_other_and_no_environment_names_it(tmp_path: Path) -> None:
    known = {f"HANDBILL_{name}": "known" for name in ("APP_KEY", "SITE_ID", "TRACK_KEY", "APPROVAL_KEY")}
    made = []
    for home in ("a", "b"):
        async with Workspace.open(Settings.load(known, tmp_path / home)) as workspace:
            made.append(workspace.keys.approval_key)
            assert workspace.keys.approval_key not in repr(workspace.keys)
    assert len({*made, "known"}) == 3


WRONG = {
    "HANDBILL_TWILIO": "https://AC1@api.twilio.com?secret=1",
    "HANDBILL_SLACK": "http://hooks.slack.com/secret",
    "HANDBILL_FCM": "https://fcm.googleapis.com?key_file=/secret",
    "HANDBILL_APNS": "https://api.push.apple.com?key_file=/secret&key_id=A&team_id=B&topic=c",
}


@pytest.mark.parametrize("variable", WRONG)
async def test_a_wrong_provider_is_refused_by_name_and_not_quoted(tmp_path: Path, variable: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{variable} is not right: ") as refused:
        async with Workspace.open(Settings.load({variable: WRONG[variable]}, tmp_path)):
            pass
    assert WRONG[variable] not in str(refused.value)


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://user:secret@mail.example:x"])
async def test_a_mail_server_that_is_none_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidInput, match="HANDBILL_SMTP") as refused:
        async with Workspace.open(Settings.load({"HANDBILL_SMTP": url}, tmp_path)):
            pass
    assert "secret" not in str(refused.value)


async def test_another_database_than_sqlite_is_refused_by_name(tmp_path: Path) -> None:
    settings = Settings.load({"HANDBILL_DATABASE": "postgresql://localhost/x"}, tmp_path)
    with pytest.raises(InvalidInput, match="PostgreSQL is not supported yet"):
        async with Workspace.open(settings):
            pass


def test_settings_never_show_a_password(tmp_path: Path) -> None:
    settings = Settings.load(
        {"HANDBILL_SMTP": "smtp://u:secret@mail.example", "HANDBILL_APP_KEY": "secret"}, tmp_path
    )
    assert "secret" not in repr(settings)
