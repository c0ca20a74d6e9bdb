"""The APIs by name: the one list of every endpoint, which routes, pages and tests are made from."""

from collections.abc import Callable, Iterator, Mapping

from handbill.contract import app, pipelines, track
from handbill.contract.endpoint import Endpoint

APIS: Mapping[str, Callable[[], Iterator[Endpoint]]] = {
    "App API": app.endpoints,
    "Track API": track.endpoints,
    "Pipelines API": pipelines.endpoints,
}


def every() -> Iterator[Endpoint]:
    """Every endpoint of Customer.io that Handbill knows, served or not."""
    for endpoints in APIS.values():
        yield from endpoints()


def served() -> Iterator[Endpoint]:
    """Every endpoint that the workspace serves."""
    return (endpoint for endpoint in every() if not endpoint.unserved)
