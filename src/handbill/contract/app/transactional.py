"""Transactional messages: templates for one person at a time. Reference 7.1."""

from handbill.contract.app.contents import Edit, OneTransactionalContent, TransactionalContents
from handbill.contract.app.messages import Messages, ParentMessagesQuery
from handbill.contract.endpoint import Endpoint, ErrorShape, Model


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
MESSAGES = Endpoint(
    name="transactional.messages",
    method="GET",
    path="/v1/transactional/{transactional_id}/messages",
    does="A transactional message's deliveries",
    source="7.1",
    query=ParentMessagesQuery,
    answer=Messages,
)
CONTENTS = Endpoint(
    name="transactional.contents",
    method="GET",
    path="/v1/transactional/{transactional_id}/contents",
    does="Every variant of a transactional message",
    source="7.1",
    answer=TransactionalContents,
    errors=ErrorShape.B,
)
UPDATE_CONTENT = Endpoint(
    name="transactional.update_content",
    method="PUT",
    path="/v1/transactional/{transactional_id}/content/{content_id}",
    does="Change a variant",
    source="7.1",
    body=Edit,
    answer=OneTransactionalContent,
    errors=ErrorShape.B,
)
LANGUAGE = Endpoint(
    name="transactional.language",
    method="GET",
    path="/v1/transactional/{transactional_id}/language/{language}",
    does="A translation",
    source="7.1",
    answer=OneTransactionalContent,
    errors=ErrorShape.B,
)
UPDATE_LANGUAGE = Endpoint(
    name="transactional.update_language",
    method="PUT",
    path="/v1/transactional/{transactional_id}/language/{language}",
    does="Change a translation",
    source="7.1",
    body=Edit,
    answer=OneTransactionalContent,
    errors=ErrorShape.B,
)
