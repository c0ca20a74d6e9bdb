"""Opt-outs: who wants no SMS or WhatsApp from one of our numbers. Reference 9."""

from typing import Literal

from pydantic import Field

from handbill.contract.app.customers import IdType
from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.limits import OPTOUTS_DEFAULT


class Optout(Model):
    """`from` is the number of ours that may not write; spaces, dots, dashes and brackets in it do not count."""

    channel: Literal["sms", "whatsapp"]
    from_: str = Field(alias="from", min_length=1, max_length=40)


class Optouts(Model):
    """All that one person opted out of; written, it takes the place of what was there."""

    optouts: list[Optout] = Field(max_length=100)


class PersonQuery(Model):
    id_type: IdType = "id"


class OptoutsQuery(Model):
    start: str = ""
    limit: int = OPTOUTS_DEFAULT
    from_: str | None = Field(None, alias="from")


class PersonOptouts(Optouts):
    cio_id: str
    customer_id: str | None = None


class EveryonesOptouts(Model):
    optouts: list[PersonOptouts]
    next: str = ""


LIST = Endpoint(
    name="optouts.list",
    method="GET",
    path="/v1/optouts",
    does="Everybody who opted out of messages from a number",
    source="9",
    query=OptoutsQuery,
    answer=EveryonesOptouts,
)
GET = Endpoint(
    name="optouts.get",
    method="GET",
    path="/v1/customers/{customer_id}/optouts",
    does="What one person opted out of",
    source="9",
    query=PersonQuery,
    answer=Optouts,
)
PUT = Endpoint(
    name="optouts.put",
    method="PUT",
    path="/v1/customers/{customer_id}/optouts",
    does="Set what one person opted out of",
    source="9",
    query=PersonQuery,
    body=Optouts,
    answer=Optouts,
)
