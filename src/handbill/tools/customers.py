"""Customers: people of the workspace, found and read."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, Field

from handbill.contract import filters
from handbill.contract.app.activities import Activity, PersonActivitiesQuery
from handbill.contract.app.customers import IdType, Person, PersonSegment
from handbill.contract.app.segments import Identifiers
from handbill.contract.limits import ACTIVITIES_DEFAULT, ACTIVITIES_MAX, CUSTOMERS_DEFAULT, CUSTOMERS_MAX
from handbill.errors import Fault, InvalidInput, NotFound, quoted
from handbill.tools.answers import Answer, page
from handbill.tools.parameters import Cursor, Json, Number, Text
from handbill.tools.tool import Arguments, Context, continuing, tool

Who = Annotated[str, Text(does="The person's id, email address, or cio_id with `cio_` before it.", example="u1")]


class Found(Answer):
    identifiers: list[Identifiers]
    next: str = Field("", description="Pass as `start` for the next page; empty on the last.")


class Topic(BaseModel):
    name: str
    subscribed: bool


class OnePerson(Answer):
    person: Person
    segments: list[PersonSegment]
    topics: list[Topic] = Field(description="What the person may subscribe to, and does.")
    activities: list[Activity] = Field(description="What happened last, newest first.")


def check_search(arguments: Arguments) -> Iterator[Fault]:
    """What is wrong with a search: it goes by email or by a filter."""
    if ("email" in arguments) == ("filter" in arguments):
        yield Fault("email", "Give exactly one of email and filter.")
    if "filter" in arguments:
        yield from filters.check(arguments["filter"], "filter")


@tool(effect="reads", toolset="people", command="person find", check=check_search)
async def find_people(
    context: Context,
    email: Annotated[str | None, Text(does="Everybody with this address.", example="ana@shop.example")] = None,
    filter: Annotated[  # noqa: A002 - Customer.io's name
        dict[str, Any] | None,
        Json(
            does="Everybody who matches: and, or, not, segment and attribute.",
            of={"type": "object"},
            example='{"attribute": {"field": "plan", "operator": "eq", "value": "pro"}}',
        ),
    ] = None,
    limit: Annotated[int, Number(does="How many at most; an answer holds up to 100.", high=CUSTOMERS_MAX)] = (
        CUSTOMERS_DEFAULT
    ),
    start: Annotated[str, Cursor()] = "",
) -> Found:
    """Find people by email address or by a filter, and get their identifiers. CUSTOMERIO_GET_PERSON reads one."""
    if email is not None:
        return Found(identifiers=(await context.client.customers.find(email)).results)

    async def fetch(size: int) -> Found:
        found = await context.client.customers.search(filter or {}, start, size)
        return Found(identifiers=found.identifiers, next=found.next)

    with continuing():
        return await page(fetch, limit)


@tool(effect="reads", toolset="people", command="person show")
async def get_person(
    context: Context,
    identifier: Who,
    activities: Annotated[int, Number(does="How many of the last activities.", high=ACTIVITIES_MAX)] = (
        ACTIVITIES_DEFAULT
    ),
) -> OnePerson:
    """Read one person: attributes, devices, segments, topics, and what happened last."""
    person = await find_one(context, identifier)
    cio_id, customers = f"cio_{person.identifiers.cio_id}", context.client.customers
    query = PersonActivitiesQuery(id_type="cio_id", limit=activities)
    return OnePerson(
        person=person,
        segments=(await customers.segments(cio_id, "cio_id")).segments,
        topics=await _topics(context, cio_id),
        activities=(await context.client.activities.of_customer(cio_id, query)).activities,
    )


async def _topics(context: Context, cio_id: str) -> list[Topic]:
    """None where there is no subscription centre: Customer.io then refuses the question."""
    try:
        chosen = (await context.client.subscriptions.preferences(cio_id, "cio_id")).customer.topics
    except (NotFound, InvalidInput):
        context.notes.append("This workspace tells no topics.")
        return []
    return [Topic(name=each.name, subscribed=each.subscribed) for each in chosen]


async def find_one(context: Context, identifier: str) -> Person:
    """The person. Raises NotFound that says whom there is not."""
    customers = context.client.customers
    try:
        if "@" in identifier and (found := (await customers.find(identifier)).results):
            if len(found) > 1:
                context.notes.append(f"{len(found)} people have this address; this is the first of them.")
            return (await customers.attributes(f"cio_{found[0].cio_id}", "cio_id")).customer
        id_type: IdType = "cio_id" if identifier.startswith("cio_") else "id"
        return (await customers.attributes(identifier, id_type)).customer
    except (NotFound, InvalidInput):
        raise NotFound(
            f"There is no person {quoted(identifier)}: neither as id, email address, nor `cio_` id."
        ) from None
