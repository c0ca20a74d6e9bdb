"""ESP suppressions: addresses that get no mail, because a server or a person said so. Reference 10."""

from typing import Literal

from pydantic import Field

from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.limits import SUPPRESSIONS_DEFAULT

Reason = Literal["block", "bounce", "complaint", "invalid"]

REASONS: dict[str, Reason] = {
    "blocks": "block",
    "bounces": "bounce",
    "spam_reports": "complaint",
    "invalid_emails": "invalid",
}
"""What each `suppression_type` stands for."""

CATEGORIES: dict[Reason, str] = {kind: name for name, kind in REASONS.items()} | {"complaint": "spam"}
"""How answers call them."""


class SuppressionsQuery(Model):
    limit: int = SUPPRESSIONS_DEFAULT
    offset: int = 0


class DomainQuery(Model):
    limit: int = SUPPRESSIONS_DEFAULT
    start: str = ""
    email: str = Field("", description="Only this address.")


class Suppression(Model):
    created: int
    email: str
    reason: str = Field("", description="The mail server's words.")
    status: str = Field("", description="The mail server's code, such as 550.")


class Suppressions(Model):
    category: str = Field("", description="Empty when the address that was looked up is not suppressed.")
    suppressions: list[Suppression]


class DomainSuppressions(Suppressions):
    next: str = Field("", description="Pass as `start` for the next page; empty on the last.")


SEARCH = Endpoint(
    name="suppressions.search",
    method="GET",
    path="/v1/esp/search_suppression/{email_address}",
    does="Whether an address is suppressed, and why",
    source="10",
    answer=Suppressions,
)
LIST = Endpoint(
    name="suppressions.list",
    method="GET",
    path="/v1/esp/suppression/{suppression_type}",
    does="List suppressed addresses",
    source="10",
    query=SuppressionsQuery,
    answer=Suppressions,
)
OF_DOMAIN = Endpoint(
    name="suppressions.of_domain",
    method="GET",
    path="/v1/esp/domains/{domain_name}/suppression/{suppression_type}",
    does="List addresses suppressed for a sending domain",
    source="10",
    query=DomainQuery,
    answer=DomainSuppressions,
)
ADD = Endpoint(
    name="suppressions.add",
    method="POST",
    path="/v1/esp/suppression/{suppression_type}/{email_address}",
    does="Suppress an address",
    source="10",
)
DELETE = Endpoint(
    name="suppressions.delete",
    method="DELETE",
    path="/v1/esp/suppression/{suppression_type}/{email_address}",
    does="Allow an address again",
    source="10",
    status=204,
)
