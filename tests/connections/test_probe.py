"""What keys open, found out by harmless reads: wrong keys, the other region, scopes that are missing."""

import httpx2
import pytest
from tests.connections.played import Played

from handbill.connections.connecting import KEY_FIELDS, wanted
from handbill.connections.probe import NEEDS, READS, Found, probe
from handbill.contract import apis
from handbill.errors import InvalidInput, RateLimited, Unavailable
from handbill.tools import TOOLS
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio


async def tried(played: Played, **fields: str) -> Found:
    want = wanted({**played.keys, **fields})
    return await probe(want.keys, want.region, transport=played)


def test_every_tool_that_asks_customerio_says_what_it_needs() -> None:
    assert {f"CUSTOMERIO_{name}" for name in NEEDS} == {n for n, t in TOOLS.items() if t.toolset != "connections"}
    assert {need for needs in NEEDS.values() for need in needs} <= {*READS, "track", "pipelines"}


def test_every_read_is_one_of_the_contract() -> None:
    known = {endpoint.path for endpoint in apis.every() if endpoint.method == "GET"}
    assert {path.partition("?")[0] for path in READS.values()} <= known


async def test_right_keys_let_every_tool_work_and_nothing_but_reads_was_asked(workspace: Workspace) -> None:
    played = Played(workspace)
    found = await tried(played)
    assert (found.region, found.fails, found.notes) == ("us", {}, ())
    assert found.works == [*TOOLS]
    assert [asked for asked in played.asked if not asked.startswith("GET ")] == ["POST cdp.customer.io/v1/batch"]


async def test_a_key_of_the_other_region_is_found_there_and_said_to_be(workspace: Workspace) -> None:
    found = await tried(Played(workspace, region="eu"), region="us")
    assert (found.region, found.notes) == ("eu", ("This App API key is of the EU region.",))


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("app_key", "app_key is refused in the US region and in the EU region"),
        ("track_key", "site_id and track_key are refused. Compare them with Customer.io, Settings"),
        ("pipelines_key", "pipelines_key is refused. Compare it with Customer.io, Data & Integrations"),
    ],
)
async def test_a_wrong_key_is_named_with_where_the_right_one_is(
    workspace: Workspace, field: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence) as refused:
        await tried(Played(workspace), **{field: "wrong-key"})
    assert [fault.field for fault in refused.value.faults] == [field]
    assert "wrong-key" not in str(refused.value)


@pytest.mark.parametrize("refusal", [401, 403])
async def test_a_scope_that_is_missing_is_told_from_a_wrong_key(workspace: Workspace, refusal: int) -> None:
    found = await tried(Played(workspace, lacking=["campaigns", "newsletters"], refusal=refusal))
    sentence = found.fails["CUSTOMERIO_GET_METRICS_REPORT"]
    assert sentence.startswith("The App API key has no scope for newsletters and campaigns. Make one that has it in")
    assert "CUSTOMERIO_LIST_NEWSLETTERS" in found.fails
    assert "CUSTOMERIO_LIST_BROADCASTS" in found.works


async def test_a_key_that_may_read_nothing_is_a_key_all_the_same(workspace: Workspace) -> None:
    found = await tried(Played(workspace, lacking=[*READS]))
    assert found.region == "us"
    assert "CUSTOMERIO_GET_SEGMENTS" in found.fails


async def test_without_the_other_keys_the_tools_that_need_them_say_so(workspace: Workspace) -> None:
    found = await tried(Played(workspace), site_id="", track_key="", pipelines_key="")
    assert "needs a key of the Pipelines API" in found.fails["CUSTOMERIO_IDENTIFY_PERSON"]
    assert "needs a site id and key of the Track API" in found.fails["CUSTOMERIO_CUSTOMER_IO_SUPPRESS_PERSON"]
    assert "CUSTOMERIO_UNSUBSCRIBE_DELIVERY" in found.works


async def test_being_told_to_wait_is_no_fault_and_silence_is_told_as_what_it_is(workspace: Workspace) -> None:
    answers = [httpx2.Response(429, headers={"Retry-After": "0"}), None, httpx2.Response(429)]
    with pytest.raises(RateLimited):
        await tried(Played(workspace, before=lambda _: answers.pop(0)))
    assert answers == []
    with pytest.raises(Unavailable, match=r"api\.customer\.io answers 502"):
        await tried(Played(workspace, before=lambda _: httpx2.Response(502)))

    def unplugged(request: httpx2.Request) -> None:
        raise httpx2.ConnectError("no", request=request)

    with pytest.raises(Unavailable, match="does not answer"):
        await tried(Played(workspace, before=unplugged))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"app_key": "a b"}, "app_key has characters that no key has"),
        ({"app_key": "ключ"}, "app_key has characters that no key has"),
        ({"app_key": 5}, "app_key must be text"),
        ({"region": "asia"}, "region must be us or eu"),
        ({"name": "../x"}, "name must be a short word"),
        ({"name": "embedded"}, "name must be a short word"),
        ({"appkey": "k"}, "appkey is not known"),
    ],
)
def test_what_cannot_be_a_key_a_region_or_a_name_is_refused_before_anything_is_asked(
    fields: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        wanted(fields)


async def test_half_a_pair_and_no_app_key_are_told(workspace: Workspace) -> None:
    with pytest.raises(InvalidInput, match="go together"):
        await tried(Played(workspace), site_id="")
    with pytest.raises(InvalidInput, match="app_key is needed"):
        await tried(Played(workspace), **dict.fromkeys(KEY_FIELDS, ""))
