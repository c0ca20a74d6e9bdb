"""Transactional messages: the templates for one person at a time."""

from handbill.contract.app.transactional import TransactionalMessage
from handbill.tools.answers import Answer
from handbill.tools.tool import Context, tool


class TransactionalList(Answer):
    messages: list[TransactionalMessage]
    total: int


@tool(effect="reads", toolset="transactional", command="transactional list")
async def list_transactional_messages(context: Context) -> TransactionalList:
    """List the transactional message templates, such as receipts and password resets, with their settings."""
    messages = (await context.client.transactional.list()).messages
    return TransactionalList(messages=messages, total=len(messages))
