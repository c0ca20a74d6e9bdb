"""The description says what the contract says, and holds together."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]

from handbill.contract import apis
from handbill.contract.endpoint import Auth
from handbill.contract.openapi import document

DOCUMENT = document()


def test_what_is_served_is_described_and_nothing_else() -> None:
    described = {
        (method.upper(), path, operation["operationId"])
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
    }
    assert described == {(endpoint.method, endpoint.path, endpoint.name) for endpoint in apis.served()}


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    led_to = {reference.removeprefix("#/components/schemas/") for reference in references(DOCUMENT)}
    assert led_to == schemas.keys()


def test_each_operation_says_who_may_call_and_how_it_fails() -> None:
    for endpoint in apis.served():
        operation = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]
        assert operation["security"] == ([] if endpoint.auth is Auth.NONE else [{endpoint.auth.value: []}])
        assert operation["responses"]["4XX"]
        assert ("401" in operation["responses"]) is (endpoint.auth is not Auth.NONE)


def test_it_is_json() -> None:
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)
