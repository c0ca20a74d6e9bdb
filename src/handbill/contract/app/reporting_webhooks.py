"""Reporting webhooks: endpoints outside that are told what happens. Reference 10, 15."""

from pydantic import Field

from handbill.contract.endpoint import Endpoint, Model, Raw

METRICS = {
    "email": "drafted attempted sent delivered opened clicked converted bounced dropped deferred spammed failed"
    " unsubscribed undeliverable",
    "in_app": "drafted attempted sent opened clicked converted failed undeliverable",
    "push": "drafted attempted sent delivered opened clicked converted bounced dropped failed undeliverable",
    "slack": "drafted attempted sent clicked converted failed",
    "sms": "drafted attempted sent delivered clicked converted bounced dropped failed undeliverable replied",
    "whatsapp": "drafted attempted sent delivered opened clicked converted bounced dropped failed undeliverable"
    " replied",
    "webhook": "drafted attempted sent clicked converted failed undeliverable",
    "customer": "subscribed unsubscribed subscription_preferences_changed",
}
EVENTS = tuple(f"{channel}_{metric}" for channel, metrics in METRICS.items() for metric in metrics.split())
"""What a webhook may ask to be told."""


class NewWebhook(Model):
    name: str
    endpoint: str
    disabled: bool = False
    full_resolution: bool = Field(False, description="Every open and click, not only the first of each message.")
    with_content: bool = Field(False, description="What was sent, in the events of sending.")
    events: list[str] = Field(json_schema_extra={"items": {"type": "string", "enum": list(EVENTS)}})


class Webhook(NewWebhook):
    id: int
    type: str = "webhook"


class Webhooks(Model):
    reporting_webhooks: list[Webhook]


LIST = Endpoint(
    name="reporting_webhooks.list",
    method="GET",
    path="/v1/reporting_webhooks",
    does="List reporting webhooks",
    source="10",
    answer=Webhooks,
)
CREATE = Endpoint(
    name="reporting_webhooks.create",
    method="POST",
    path="/v1/reporting_webhooks",
    does="Add a reporting webhook",
    source="10",
    body=NewWebhook,
    answer=Webhook,
)
GET = Endpoint(
    name="reporting_webhooks.get",
    method="GET",
    path="/v1/reporting_webhooks/{webhook_id}",
    does="One reporting webhook",
    source="10",
    answer=Webhook,
)
UPDATE = Endpoint(
    name="reporting_webhooks.update",
    method="PUT",
    path="/v1/reporting_webhooks/{webhook_id}",
    does="Change a reporting webhook",
    source="10",
    body=NewWebhook,
    answer=Webhook,
)
DELETE = Endpoint(
    name="reporting_webhooks.delete",
    method="DELETE",
    path="/v1/reporting_webhooks/{webhook_id}",
    does="Delete a reporting webhook",
    source="10",
    answer=Raw,
)
