"""Exports: files of people or deliveries, made in the background and downloaded. Reference 10."""

from typing import Annotated, Any, Literal

from pydantic import Field

from handbill.contract.app import messages
from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.limits import BIGGEST_ID

Number = Annotated[int, Field(ge=0, le=BIGGEST_ID)]
Metric = Literal["created", messages.Metric]


class CustomersExport(Model):
    filters: dict[str, Any]


class DeliveriesExport(Model):
    """Which deliveries: of one parent, in a span of time (the last six months unless it is given)."""

    newsletter_id: Number | None = None
    campaign_id: Number | None = None
    transactional_message_id: Number | None = None
    action_id: Number | None = None
    start: Number | None = None
    end: Number | None = None
    attributes: list[str] = Field([], description="Attributes of the person to have as further columns.")
    metric: Metric | None = None
    drafts: bool = Field(False, description="Drafts as well as what was sent.")
    template_id: Number | None = None


class Export(Model):
    id: int
    user_id: int = 0
    user_email: str = ""
    total: int = Field(description="How many entries it has; 0 until it is done.")
    deduplicate_id: str
    type: Literal["customers", "deliveries", "import_errors"]
    failed: bool
    status: Literal["pending", "done", "failed"]
    description: str
    downloads: int
    created_at: int
    updated_at: int


class Exports(Model):
    exports: list[Export]


class OneExport(Model):
    export: Export


class Download(Model):
    url: str = Field(description="Where the file is, for 15 minutes.")


LIST = Endpoint(
    name="exports.list", method="GET", path="/v1/exports", does="List exports", source="10", answer=Exports
)
GET = Endpoint(
    name="exports.get",
    method="GET",
    path="/v1/exports/{export_id}",
    does="One export",
    source="10",
    answer=OneExport,
)
DOWNLOAD = Endpoint(
    name="exports.download",
    method="GET",
    path="/v1/exports/{export_id}/download",
    does="A link to an export's file",
    source="10",
    answer=Download,
)
CUSTOMERS = Endpoint(
    name="exports.customers",
    method="POST",
    path="/v1/exports/customers",
    does="Export people",
    source="10",
    body=CustomersExport,
    answer=OneExport,
)
DELIVERIES = Endpoint(
    name="exports.deliveries",
    method="POST",
    path="/v1/exports/deliveries",
    does="Export deliveries",
    source="10",
    body=DeliveriesExport,
    answer=OneExport,
)
