"""A right call of every tool, from what its parameters are called: a new tool has one as soon as it is written."""

from typing import Any

from handbill.tools import Tool

VALUES: dict[str, Any] = {
    "activities": 5,
    "batch": [{"type": "track", "userId": "u1", "event": "purchase"}],
    "broadcast_id": 5,
    "delivery_id": "dgTbAQUBAAGUq1Zk",
    "event": "purchase",
    "group_id": "acme",
    "identifier": "u1",
    "name": "Basket",
    "previous_id": "u8",
    "segment_id": 12,
    "transactional_message_id": "2",
    "trigger_id": "1",
    "user_id": "u1",
}
"""Values of required parameters. A tool that wants another one fails the tests until it stands here."""

BESIDE: dict[str, dict[str, Any]] = {
    "CUSTOMERIO_TRIGGER_BROADCAST": {"ids": ["u1", "u2"], "data": {"text": "hi", "headline": "hi"}},
    "CUSTOMERIO_PREVIEW_BROADCAST": {"ids": ["u1", "u2"], "data": {"text": "hi", "headline": "hi"}},
    "CUSTOMERIO_FIND_PEOPLE": {"filter": {"segment": {"id": 12}}},
    "CUSTOMERIO_CUSTOMER_IO_SUPPRESS_PERSON": {"identifier": "u9"},
    "CUSTOMERIO_EXPLAIN_DELIVERY": {"broadcast_id": 5},
    "CUSTOMERIO_IDENTIFY_PERSON": {"user_id": "u1"},
    "CUSTOMERIO_TRACK_EVENT": {"user_id": "u1"},
    "CUSTOMERIO_TRACK_PAGE": {"user_id": "u1"},
    "CUSTOMERIO_TRACK_SCREEN": {"user_id": "u1"},
    "CUSTOMERIO_REPORT_PUSH_EVENTS": {"event": "opened"},
}
"""Arguments that no schema asks for, and the tool wants."""

TOLD = {"CUSTOMERIO_WAIT_FOR_CONNECTION": "start first"}
"""What a right call says where nothing was begun."""


def right(tool: Tool, **known: Any) -> dict[str, Any]:
    """Arguments with which the call does what the tool is for; `known` are values that only the workspace has."""
    values = VALUES | known
    required = {parameter.name: values[parameter.name] for parameter in tool.parameters if parameter.required}
    return {**required, **BESIDE.get(tool.name, {})}
