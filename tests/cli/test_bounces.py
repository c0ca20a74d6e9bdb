"""Mails that mail servers write back, read by `handbill bounces`."""

import asyncio
import json
import mailbox
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOW

from handbill.cli import main
from handbill.settings import Settings
from handbill.workspace import delivery_ids
from handbill.workspace.bounces import read
from handbill.workspace.store import people
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

STATUS = """From: MAILER-DAEMON@mx.example
To: news@film.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

Could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
{envelope}
Final-Recipient: rfc822; ana@film.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 No such user
  here

--b
Content-Type: {returned}

Message-ID: <{id}@film.example>
Subject: Hi

--b--
"""
COMPLAINT = """From: <feedback@mx.example>
Content-Type: multipart/report; report-type=feedback-report; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

A complaint.

--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Mx/1.0
Version: 1

--b
Content-Type: message/rfc822

Message-ID: <redacted@mx.example>
List-Unsubscribe: <https://mail.film.example/unsubscribe/{id}>
Subject: Hi

Hello
--b--
"""


class Post:
    """A workspace with one delivery to Ana, and a mail server that writes back."""

    def __init__(self, home: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.capture = capture
        self.id = self._in_workspace(self._deliver)

    def _in_workspace(self, work: Callable[..., Any]) -> Any:
        async def run() -> Any:
            async with Workspace.open(Settings.load({}, self.home)) as workspace:
                return await workspace.database.write(work, workspace.secret)

        return asyncio.run(run())

    @staticmethod
    def _deliver(tx: Transaction, secret: bytes) -> str:
        people.identify(tx, "id", "u1", {"email": "ana@film.example"}, NOW)
        row = "(delivery, broadcast_id, content_id, person, type, state, created, sent)"
        tx._connection.execute(f"INSERT INTO deliveries {row} VALUES (7, 5, 12, 1, 'email', 'sent', 1, 1)")
        return delivery_ids.seal(secret, 7)

    def status(self, action: str, status: str, **more: str) -> bytes:
        fields = {"envelope": "", "returned": "message/rfc822", "id": self.id} | more
        return STATUS.format(action=action, status=status, **fields).encode()

    def complaint(self, kind: str = "abuse") -> bytes:
        return COMPLAINT.format(kind=kind, id=self.id).encode()

    def __call__(self, source: Path | str) -> dict[str, int]:
        """What the command told, without what there was none of."""
        main(["bounces", str(source), "--json", "--home", str(self.home)])
        told: dict[str, int] = json.loads(self.capture.readouterr().out)
        return {what: count for what, count in told.items() if count}

    def change(self, query: str) -> None:
        self._in_workspace(lambda tx, _: tx._connection.execute(query) and None)

    def delivery(self) -> dict[str, Any]:
        found: dict[str, Any] = self._in_workspace(
            lambda tx, _: dict(tx.one("reports.delivery", {"delivery": 7}) or {})
        )
        return found

    def suppressions(self) -> list[tuple[str, ...]]:
        query = "SELECT identifier, reason, status FROM suppressions"
        found: list[tuple[str, ...]] = self._in_workspace(
            lambda tx, _: [tuple(row) for row in tx._connection.execute(query)]
        )
        return found


@pytest.fixture
def post(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Post:
    return Post(tmp_path / "home", capsys)


@pytest.fixture
def mail(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(raw: bytes) -> Path:
        (tmp_path / "mail.eml").write_bytes(raw)
        return tmp_path / "mail.eml"

    return write


@pytest.mark.parametrize(
    ("action", "status", "metric", "suppressed"),
    [
        ("failed", "5.1.1", "bounced", True),
        ("Failed", "5.2.2", "bounced", False),
        ("failed", "5.1.8", "bounced", False),
        ("failed", "4.4.7", "bounced", False),
        ("delayed", "4.2.2", "deferred", False),
        ("delivered", "2.0.0", "delivered", False),
    ],
)
def test_a_delivery_status_tells_what_became_of_the_delivery(
    post: Post, mail: Callable[[bytes], Path], action: str, status: str, metric: str, suppressed: bool
) -> None:
    assert post(mail(post.status(action, status))) == {"mails": 1, metric: 1}
    delivery = post.delivery()
    assert delivery[metric]
    if metric != "delivered":
        assert delivery["failure_message"] == f"{status} 550 No such user here"
    assert post.suppressions() == ([("ana@film.example", "bounce", status)] if suppressed else [])


def test_a_complaint_suppresses_who_complains(post: Post, mail: Callable[[bytes], Path]) -> None:
    assert post(mail(post.complaint())) == {"mails": 1, "spammed": 1}
    assert post.delivery()["spammed"]
    assert post.suppressions() == [("ana@film.example", "complaint", "")]


def test_the_second_time_nothing_counts_again(post: Post, mail: Callable[[bytes], Path]) -> None:
    source = mail(post.status("failed", "5.1.1"))
    post(source)
    assert post(source) == {"mails": 1, "known before": 1}


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
def test_the_delivery_is_found_in_the_mail_sent_back_or_its_headers(
    post: Post, mail: Callable[[bytes], Path], returned: str
) -> None:
    assert post(mail(post.status("failed", "5.0.0", returned=returned))) == {"mails": 1, "bounced": 1}


def test_the_delivery_is_found_by_its_envelope_id(post: Post, mail: Callable[[bytes], Path]) -> None:
    own = {"envelope": f"Original-Envelope-Id: {post.id}\n", "id": "somebody-elses"}
    assert post(mail(post.status("failed", "5.0.0", **own))) == {"mails": 1, "bounced": 1}


def test_other_mails_change_nothing(post: Post, mail: Callable[[bytes], Path]) -> None:
    forged = post.id[:-5] + ("A" if post.id[-5] != "A" else "B") + post.id[-4:]
    others = [
        b"",
        b"Subject: Hi\n\nHello",
        post.status("relayed", "2.0.0"),
        post.status("failed", "5.1.1", id=forged),
        post.complaint("not-spam"),
    ]
    for raw in others:
        assert post(mail(raw)) == {"mails": 1}


def test_a_whole_mailbox_is_read_and_left_as_it_is(post: Post, tmp_path: Path) -> None:
    raws = [post.status("delayed", "4.2.2"), b"Subject: Hi\n\nHello", post.status("failed", "5.1.1")]
    boxes: list[mailbox.Mailbox[Any]] = [mailbox.Maildir(tmp_path / "Maildir"), mailbox.mbox(tmp_path / "mbox")]
    for box in boxes:
        for raw in raws:
            box.add(raw)
        box.close()
    assert post(tmp_path / "Maildir") == {"mails": 3, "deferred": 1, "bounced": 1}
    assert post(tmp_path / "mbox") == {"mails": 3, "known before": 2}
    assert post(tmp_path / "Maildir") == {"mails": 3, "known before": 2}


def test_a_mail_servers_pipe_is_read(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(post.status("failed", "5.1.1"))))
    assert post("-") == {"mails": 1, "bounced": 1}


def test_an_unknown_delivery_of_which_a_server_writes_was_sent(post: Post, mail: Callable[[bytes], Path]) -> None:
    unknown = "UPDATE deliveries SET state = 'unknown', sent = NULL WHERE delivery = 7"
    post.change(unknown)
    post(mail(post.status("delivered", "2.0.0")))
    delivery = post.delivery()
    assert (delivery["state"], delivery["sent"]) == ("sent", delivery["delivered"])


@given(st.binary(max_size=300) | st.text(st.sampled_from('Content-Type: multipart/report;="b\n-\\x'), max_size=300))
def test_whatever_a_mail_holds_it_is_read(junk: bytes | str) -> None:
    raw = junk if isinstance(junk, bytes) else junk.encode()
    assert read(raw) == []
    read(STATUS.encode().replace(b"{envelope}", raw))
    read(COMPLAINT.encode().replace(b"{kind}", raw))
