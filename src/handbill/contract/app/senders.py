"""Sender identities: who messages are from. Reference 10."""

from typing import Literal

from pydantic import Field

from handbill.contract.app.segments import UsedBy
from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.limits import SENDERS_DEFAULT


class SendersQuery(Model):
    start: str = ""
    limit: int = SENDERS_DEFAULT
    sort: Literal["asc", "desc"] = "asc"
    hidden: bool = Field(False, description="List hidden ones, too.")


class Sender(Model):
    id: int
    deduplicate_id: str
    name: str = ""
    email: str = ""
    address: str = Field(description="As it stands in a message: `Film Club <news@film.example>`.")
    template_type: Literal["email", "phone"]
    auto_generated: bool = Field(True, description="Whether it was found in a message.")
    phone: str = ""
    hidden: bool = False


class Senders(Model):
    sender_identities: list[Sender]
    next: str = Field("", description="Pass as `start` for the next page; empty on the last.")


class OneSender(Model):
    sender_identity: Sender


LIST = Endpoint(
    name="senders.list",
    method="GET",
    path="/v1/sender_identities",
    does="List sender identities",
    source="10",
    query=SendersQuery,
    answer=Senders,
)
GET = Endpoint(
    name="senders.get",
    method="GET",
    path="/v1/sender_identities/{sender_id}",
    does="One sender identity",
    source="10",
    answer=OneSender,
)
USED_BY = Endpoint(
    name="senders.used_by",
    method="GET",
    path="/v1/sender_identities/{sender_id}/used_by",
    does="What a sender identity is used in",
    source="10",
    answer=UsedBy,
)
