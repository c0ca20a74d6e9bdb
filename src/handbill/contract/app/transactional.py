"""Transactional messages: templates for one person at a time. Reference 7.1."""

from handbill.contract.endpoint import Endpoint, Model


class TransactionalMessage(Model):
    id: int
    name: str
    description: str = ""
    send_to_unsubscribed: bool = True
    link_tracking: bool = True
    open_tracking: bool = True
    hide_message_body: bool = False
    queue_drafts: bool = False
    created_at: int
    updated_at: int


class TransactionalMessages(Model):
    messages: list[TransactionalMessage]


class OneTransactionalMessage(Model):
    message: TransactionalMessage


LIST = Endpoint(
    name="transactional.list",
    method="GET",
    path="/v1/transactional",
    does="List transactional messages",
    source="7.1",
    answer=TransactionalMessages,
)
GET = Endpoint(
    name="transactional.get",
    method="GET",
    path="/v1/transactional/{transactional_id}",
    does="One transactional message",
    source="7.1",
    answer=OneTransactionalMessage,
)
