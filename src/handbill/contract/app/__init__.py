"""The App API, one file per resource."""

from collections.abc import Iterator
from types import ModuleType

from handbill.contract.app import (
    activities,
    broadcasts,
    campaigns,
    collections,
    customers,
    exports,
    imports,
    info,
    messages,
    metrics,
    newsletters,
    objects,
    optouts,
    reporting_webhooks,
    segments,
    senders,
    sends,
    snippets,
    subscriptions,
    suppressions,
    transactional,
    triggers,
    unserved,
    workspaces,
)
from handbill.contract.endpoint import Endpoint

RESOURCES: tuple[ModuleType, ...] = (
    activities,
    broadcasts,
    campaigns,
    collections,
    customers,
    exports,
    info,
    imports,
    messages,
    metrics,
    newsletters,
    objects,
    optouts,
    reporting_webhooks,
    segments,
    senders,
    sends,
    snippets,
    suppressions,
    subscriptions,
    transactional,
    triggers,
    workspaces,
)


def endpoints() -> Iterator[Endpoint]:
    """Every endpoint of the App API, served or not."""
    for resource in RESOURCES:
        yield from (value for value in vars(resource).values() if isinstance(value, Endpoint))
    yield from unserved.endpoints()
