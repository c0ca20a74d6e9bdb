"""Customers: people, found by email or filter, with their attributes, segments and messages. Reference 9."""

from typing import Any, Literal

from handbill.contract.app.messages import Messages, MessagesQuery
from handbill.contract.app.segments import Identifiers
from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.limits import CUSTOMERS_DEFAULT, MESSAGES_DEFAULT

IdType = Literal["id", "email", "cio_id"]


class EmailQuery(Model):
    email: str


class Found(Model):
    results: list[Identifiers]


class SearchQuery(Model):
    start: str = ""
    limit: int = CUSTOMERS_DEFAULT


class Search(Model):
    filter: dict[str, Any]


class SearchResult(Model):
    identifiers: list[Identifiers]
    ids: list[str]
    next: str = ""


class PersonQuery(Model):
    id_type: IdType = "id"


class PersonMessagesQuery(MessagesQuery):
    id_type: IdType = "id"


class Device(Model):
    id: str
    platform: str
    last_used: int | None = None
    attributes: dict[str, str] = {}


class Person(Model):
    """One person. Attribute values are strings, whatever was stored (reference 2.4)."""

    id: str = ""
    identifiers: Identifiers
    attributes: dict[str, str | None]
    timestamps: dict[str, int] = {}
    unsubscribed: bool = False
    devices: list[Device] = []


class OnePerson(Model):
    customer: Person


class People(Model):
    customers: list[OnePerson]


class PeopleIds(Model):
    ids: list[str]


class PersonSegment(Model):
    id: int
    name: str
    description: str = ""


class PersonSegments(Model):
    segments: list[PersonSegment]


class ServedQuery(Model):
    start: str = ""
    limit: int = MESSAGES_DEFAULT
    id_type: IdType = "id"


class ServedMessage(Model):
    """An in-app or inbox message for a client to show. Report that it was opened or clicked over the Track API."""

    id: str
    subject: str = ""
    body: str = ""
    created: int
    opened: int | None = None
    clicked: int | None = None


class ServedMessages(Model):
    messages: list[ServedMessage]
    next: str = ""


FIND = Endpoint(
    name="customers.find",
    method="GET",
    path="/v1/customers",
    does="People with an email address",
    source="9",
    query=EmailQuery,
    answer=Found,
)
SEARCH = Endpoint(
    name="customers.search",
    method="POST",
    path="/v1/customers",
    does="People who match a filter",
    source="9",
    harmless=True,
    query=SearchQuery,
    body=Search,
    answer=SearchResult,
    unfit=422,
)
ATTRIBUTES_OF = Endpoint(
    name="customers.attributes_of",
    method="POST",
    path="/v1/customers/attributes",
    does="Up to 100 people with their attributes",
    source="9",
    harmless=True,
    body=PeopleIds,
    answer=People,
)
ATTRIBUTES = Endpoint(
    name="customers.attributes",
    method="GET",
    path="/v1/customers/{customer_id}/attributes",
    does="One person with attributes and devices",
    source="9",
    query=PersonQuery,
    answer=OnePerson,
)
SEGMENTS = Endpoint(
    name="customers.segments",
    method="GET",
    path="/v1/customers/{customer_id}/segments",
    does="The segments a person is in",
    source="9",
    query=PersonQuery,
    answer=PersonSegments,
)
MESSAGES = Endpoint(
    name="customers.messages",
    method="GET",
    path="/v1/customers/{customer_id}/messages",
    does="A person's deliveries",
    source="9",
    query=PersonMessagesQuery,
    answer=Messages,
)
IN_APP_MESSAGES = Endpoint(
    name="customers.in_app_messages",
    method="GET",
    path="/v1/customers/{customer_id}/in_app_messages",
    does="A person's in-app messages with their content, the unread first, the newest of these first",
    source="handbill",
    query=ServedQuery,
    answer=ServedMessages,
)
INBOX_MESSAGES = Endpoint(
    name="customers.inbox_messages",
    method="GET",
    path="/v1/customers/{customer_id}/inbox_messages",
    does="A person's inbox messages with their content, the unread first, the newest of these first",
    source="handbill",
    query=ServedQuery,
    answer=ServedMessages,
)
