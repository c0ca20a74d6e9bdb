"""A call to a live connection that waits, and a person's yes on the approval page."""

import pytest
from tests.console.test_approvals import browsing, plain, set_body
from tests.gate.conftest import Live

from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio


async def test_the_call_is_shown_whole_and_a_yes_makes_it(live: Live) -> None:
    number = (await live.trigger(ids=["u1", "u2"], data={"headline": "Back"}, id_ignore_missing=True))["approval"]
    async with browsing(live.workspace, live.gate) as browser:
        await browser.enter()
        shown = plain((await browser.get(f"/approvals/{number}")).text)
        for said in (
            'Send broadcast 5 "Restock" to 2 people?',
            "acme",
            "u1",
            "u2",
            "triggers.create",
            '"headline": "Back"',
        ):
            assert said in shown
        assert '"id_ignore_missing": true' in shown
        assert live.posted == []
        await browser.post(f"/approvals/{number}", people="2", decision="approve")
        assert [request.url.path for request in live.posted] == ["/v1/campaigns/5/triggers"]
        assert (await live.approval(number)).state == "used"
        assert "Approved and sent." in (await browser.get(f"/approvals/{number}")).text


async def test_what_changed_since_it_was_asked_for_is_named_and_nothing_is_sent(live: Live, far: Workspace) -> None:
    number = (await live.trigger())["approval"]
    async with browsing(live.workspace, live.gate) as browser:
        await browser.enter()
        await browser.get(f"/approvals/{number}")
        await far.database.write(lambda tx: tx._connection.execute(*set_body("Bye")))
        refused = await browser.post(f"/approvals/{number}", people="2", decision="approve")
        assert refused.status_code == 422
        assert "Changed since it was asked for: content 1: body" in plain(refused.text)
        assert live.posted == []
        assert (await live.approval(number)).state == "changed"
