"""Contents: the actions of broadcasts and campaigns, variants of newsletters, texts of transactional messages.

Reference 6.1, 7.1, 8.2.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from handbill.contract.app import broadcasts, campaigns, newsletters, transactional
from handbill.contract.app import contents as contract
from handbill.contract.endpoint import Nothing
from handbill.contract.fields import DEFAULTS, NAMES
from handbill.contract.limits import ACTIONS_MAX
from handbill.errors import Fault
from handbill.workspace.api.failures import BadRequest
from handbill.workspace.api.places import place
from handbill.workspace.api.route import Call, serves
from handbill.workspace.liquid import Dialect, LiquidSyntaxFault
from handbill.workspace.store import contents, writing
from handbill.workspace.store.database import Row

# Actions


@serves(broadcasts.ACTIONS)
async def of_broadcast(call: Call) -> broadcasts.Actions:
    rows = await call.workspace.database.read(writing.listed, place(call))
    return broadcasts.Actions(actions=[_broadcast_action(row) for row in rows])


@serves(broadcasts.ACTION, broadcasts.LANGUAGE)
async def broadcast_action(call: Call) -> broadcasts.OneAction:
    return broadcasts.OneAction(action=_broadcast_action(await _found(call)))


@serves(broadcasts.UPDATE_ACTION, broadcasts.UPDATE_LANGUAGE)
async def update_broadcast_action(call: Call) -> broadcasts.OneAction:
    return broadcasts.OneAction(action=_broadcast_action(await _updated(call)))


@serves(campaigns.ACTIONS)
async def of_campaign(call: Call) -> campaigns.Actions:
    after = call.position() or [0]
    rows = await call.workspace.database.read(writing.listed, place(call), after[0], ACTIONS_MAX + 1)
    shown, following = call.page(rows, ACTIONS_MAX, "id")
    return campaigns.Actions(actions=[_campaign_action(row) for row in shown], next=following)


@serves(campaigns.ACTION, campaigns.LANGUAGE)
async def campaign_action(call: Call) -> campaigns.OneAction:
    return campaigns.OneAction(action=_campaign_action(await _found(call)))


@serves(campaigns.UPDATE_ACTION, campaigns.UPDATE_LANGUAGE)
async def update_campaign_action(call: Call) -> campaigns.OneAction:
    return campaigns.OneAction(action=_campaign_action(await _updated(call)))


# Variants of newsletters


@serves(newsletters.CONTENTS)
async def variants(call: Call) -> contract.Contents:
    rows = await call.workspace.database.read(writing.listed, place(call))
    return contract.Contents(contents=[_content(row) for row in rows])


@serves(newsletters.CONTENT, newsletters.LANGUAGE, newsletters.GROUP_LANGUAGE)
async def variant(call: Call) -> contract.OneContent:
    return contract.OneContent(content=_content(await _found(call)))


@serves(newsletters.UPDATE_CONTENT, newsletters.UPDATE_LANGUAGE, newsletters.UPDATE_GROUP_LANGUAGE)
async def update_variant(call: Call) -> contract.OneContent:
    return contract.OneContent(content=_content(await _updated(call)))


@serves(newsletters.ADD_LANGUAGE, newsletters.ADD_GROUP_LANGUAGE)
async def add_translation(call: Call) -> contract.OneContent:
    changes = await _checked(call)
    translation = replace(place(call), language=call.body.language)
    row = await call.workspace.database.write(writing.translate, translation, changes, call.workspace.clock.now())
    return contract.OneContent(content=_content(row))


@serves(newsletters.DELETE_LANGUAGE, newsletters.DELETE_GROUP_LANGUAGE)
async def delete_translation(call: Call) -> Nothing:
    await call.workspace.database.write(writing.delete_translation, place(call))
    return Nothing()


@serves(newsletters.TEST_GROUPS)
async def test_groups(call: Call) -> newsletters.TestGroups:
    return await _test_groups(call)


async def _test_groups(call: Call) -> newsletters.TestGroups:
    rows = await call.workspace.database.read(writing.test_groups, place(call))
    return newsletters.TestGroups(test_groups=[_test_group(row) for row in rows])


@serves(newsletters.ADD_TEST_GROUP)
async def add_test_group(call: Call) -> newsletters.TestGroups:
    group, now = call.body, call.workspace.clock.now()
    await call.workspace.database.write(writing.add_test_group, place(call), group.name, group.label, now)
    return await _test_groups(call)


# Texts of transactional messages


@serves(transactional.CONTENTS)
async def texts(call: Call) -> contract.TransactionalContents:
    rows = await call.workspace.database.read(writing.listed, place(call))
    return contract.TransactionalContents(contents=[_transactional(row) for row in rows])


@serves(transactional.LANGUAGE)
async def text(call: Call) -> contract.OneTransactionalContent:
    return contract.OneTransactionalContent(content=[_transactional(await _found(call))])


@serves(transactional.UPDATE_CONTENT, transactional.UPDATE_LANGUAGE)
async def update_text(call: Call) -> contract.OneTransactionalContent:
    return contract.OneTransactionalContent(content=[_transactional(await _updated(call))])


async def _found(call: Call) -> Row:
    return await call.workspace.database.read(writing.get, place(call))


# Changes


async def _updated(call: Call) -> Row:
    changes = await _checked(call)
    return await call.workspace.database.write(writing.update, place(call), changes, call.workspace.clock.now())


async def _checked(call: Call) -> dict[str, Any]:
    """What the body says, with its Liquid read. Raises BadRequest with a fault for each field that is not Liquid."""
    changes: dict[str, Any] = call.body.model_dump(exclude_unset=True)
    if faults := await liquid_faults(call, changes):
        raise BadRequest(*faults)
    return changes


async def liquid_faults(call: Call, written: Mapping[str, Any]) -> list[Fault]:
    """What is no Liquid among the fields and headers of what is written."""
    texts = [(name, written[name]) for name in NAMES if isinstance(written.get(name), str)]
    headers = enumerate(written.get("headers") or [])
    texts += [(f"headers[{number}].value", header["value"]) for number, header in headers]
    dialect = Dialect(await call.workspace.database.read(contents.snippets))
    return [fault for name, source in texts for fault in _faults(dialect, name, source)]


def _faults(dialect: Dialect, name: str, source: str) -> Iterator[Fault]:
    try:
        dialect.compile(source, name)
    except LiquidSyntaxFault as fault:
        yield Fault(name, str(fault))


# Answers


def _broadcast_action(row: Row) -> broadcasts.Action:
    return broadcasts.Action.model_validate({**_action(row), "broadcast_id": row["broadcast_id"]})


def _campaign_action(row: Row) -> campaigns.Action:
    return campaigns.Action.model_validate({**_action(row), "campaign_id": row["campaign_id"]})


def _action(row: Row) -> dict[str, Any]:
    """A translation has the number of what it translates."""
    return {**_text(row), "id": row["translation_of"] or row["id"], "sending_state": row["sending_state"]}


def _content(row: Row) -> contract.Content:
    return contract.Content.model_validate({**_text(row), "newsletter_id": row["newsletter_id"]})


def _transactional(row: Row) -> contract.TransactionalContent:
    return contract.TransactionalContent.model_validate(_text(row))


def _text(row: Row) -> dict[str, Any]:
    columns = ("id", "name", "type", "language", "headers", "from_id", "reply_to_id", "created", "updated")
    return {
        **DEFAULTS.get(row["type"], {}),
        **msgspec.json.decode(row["fields"]),
        **{name: row[name] for name in columns},
        "deduplicate_id": f"{row['id']}:{row['updated']}",
        "layout": row["layout"] or "",
    }


def _test_group(row: Row) -> newsletters.TestGroup:
    return newsletters.TestGroup(
        id=row["id"],
        name=row["name"],
        label=row["label"],
        winner=bool(row["winner"]),
        content_ids=msgspec.json.decode(row["content_ids"]),
    )
