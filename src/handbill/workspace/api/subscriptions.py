"""Subscriptions: topics and channels, and what one person chose. Reference 10, 9."""

from handbill.contract.app import subscriptions as contract
from handbill.contract.app.customers import IdType
from handbill.contract.app.segments import Identifiers
from handbill.workspace import delivery_ids
from handbill.workspace.api import customers
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import people, subscriptions
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.subscriptions import Subscription

HEADING = contract.Heading(title="Your subscriptions", subtitle="Choose what you want to hear about.")


@serves(contract.TOPICS)
async def topics(call: Call) -> contract.Topics:
    rows = await call.workspace.database.read(subscriptions.topics)
    return contract.Topics(topics=[contract.Topic(**dict(row), identifier=f"topic_{row['id']}") for row in rows])


@serves(contract.CHANNELS_LIST)
async def channels(call: Call) -> contract.Channels:
    named = [contract.Channel(name=name.replace("_", "-"), identifier=name) for name in contract.CHANNELS]
    return contract.Channels(channels=named)


@serves(contract.TOKEN)
async def token(call: Call) -> contract.Token:
    person = await call.workspace.database.read(customers.found, call.query.id_type, call.path["customer_id"])
    sealed = delivery_ids.seal(call.workspace.secret, person, delivery_ids.PERSON)
    return contract.Token(token=sealed, url=f"{call.workspace.settings.base_url}/subscriptions/{sealed}")


@serves(contract.PREFERENCES)
async def preferences(call: Call) -> contract.PersonPreferences:
    row, chosen = await call.workspace.database.read(_chosen, call.query.id_type, call.path["customer_id"])
    shown = [
        contract.Preference(
            id=str(each.topic), subscribed=each.subscribed, name=each.name, description=each.description
        )
        for each in chosen
    ]
    customer = contract.Preferences(
        id=row["id"],
        identifiers=Identifiers(**people.identifiers(row)),
        topics=shown,
        unsubscribed=bool(row["unsubscribed"]),
        header=HEADING,
    )
    return contract.PersonPreferences(customer=customer)


def _chosen(tx: Transaction, id_type: IdType, value: str) -> tuple[Row, list[Subscription]]:
    row = people.get(tx, customers.found(tx, id_type, value))
    assert row
    return row, subscriptions.of_person(tx, row)
