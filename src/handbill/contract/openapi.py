"""OpenAPI 3.1, made from the contract: what the workspace serves, for makers of clients and of tests."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from handbill import __version__
from handbill.contract import apis
from handbill.contract.endpoint import Auth, Endpoint, ErrorShape, Model, Raw
from handbill.contract.limits import BIGGEST_ID
from handbill.contract.path_values import GRAMMARS, TEXT

Json = dict[str, Any]
Schemas = Mapping[Any, Json]
"""By model and mode."""

DIALECT = "3.1.0"
_ABOUT = "Customer.io's App, Track and Pipelines APIs, as far as this workspace serves them."


def document() -> Json:
    """The whole description, ready for JSON."""
    endpoints = list(apis.served())
    schemas, definitions = models_json_schema(list(_models(endpoints)), ref_template="#/components/schemas/{model}")
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": DIALECT,
        "info": {"title": "Handbill", "version": __version__, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"] | _ERRORS,
            "securitySchemes": {auth.value: scheme for auth, scheme in _SECURITY.items()},
        },
    }


def _models(endpoints: Iterable[Endpoint]) -> Iterable[tuple[type[BaseModel], JsonSchemaMode]]:
    """Everything that travels: what is read as it may be sent, what is answered as it comes."""
    for endpoint in endpoints:
        if endpoint.body:
            yield endpoint.body, "validation"
        for answer in (endpoint.answer, *endpoint.also.values()):
            if not issubclass(answer, Raw):
                yield answer, "serialization"


def _operation(endpoint: Endpoint, schemas: Schemas) -> Json:
    resource = endpoint.name.partition(".")[0]
    operation: Json = {
        "operationId": endpoint.name,
        "summary": endpoint.does,
        "tags": [resource],
        "parameters": [*_path(endpoint.path), *_query(endpoint.query)],
        "security": [{endpoint.auth.value: []}] if endpoint.auth in _SECURITY else [],
        "responses": _responses(endpoint, schemas),
    }
    if endpoint.body:
        operation["requestBody"] = {"required": True, **_json(schemas[endpoint.body, "validation"])}
    return operation


def _path(path: str) -> Iterable[Json]:
    for name in re.findall(r"{(\w+)}", path):
        yield {"name": name, "in": "path", "required": True, "schema": _path_value(name)}


def _path_value(name: str) -> Json:
    if name not in GRAMMARS:
        return {"type": "integer", "minimum": 1, "maximum": BIGGEST_ID}
    pattern = GRAMMARS[name].pattern
    return {"type": "string"} | ({"minLength": 1} if pattern is TEXT else {"pattern": f"^({pattern.pattern})$"})


def _query(kind: type[Model]) -> Iterable[Json]:
    """Each field of the model. A parameter is there or not: none of them is null."""
    described = kind.model_json_schema()
    for name, schema in described.get("properties", {}).items():
        yield {
            "name": name,
            "in": "query",
            "required": name in described.get("required", ()),
            "schema": _parameter(schema),
        }


def _parameter(schema: Json) -> Json:
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    kept = {key: value for key, value in kinds[0].items() if key != "title"}
    if kept.get("type") == "integer":
        kept |= {"minimum": 0, "maximum": BIGGEST_ID}
    return kept


def _responses(endpoint: Endpoint, schemas: Schemas) -> Json:
    answers = {"4XX": _refusal("Refused", endpoint.errors)}
    for status, answer in {endpoint.status: endpoint.answer, **endpoint.also}.items():
        content = {} if status == 204 or issubclass(answer, Raw) else _json(schemas[answer, "serialization"])
        answers[str(status)] = {"description": endpoint.does, **content}
    if endpoint.auth in _SECURITY:
        sends = endpoint.path.startswith("/v1/send/")
        shape = ErrorShape.A if endpoint.auth is Auth.APP and not sends else ErrorShape.B
        answers["401"] = _refusal("The key is missing or wrong", shape)
    return answers


def _refusal(why: str, shape: ErrorShape) -> Json:
    return {"description": why, **_json({"$ref": f"#/components/schemas/Errors{shape}"})}


def _json(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}


def _object(**properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


_TEXT: Json = {"type": "string"}
_MANY = {"type": "array", "minItems": 1}
_ERRORS: Mapping[str, Json] = {
    "ErrorsA": _object(
        errors={
            **_MANY,
            "items": {
                "type": "object",
                "properties": {
                    "detail": _TEXT,
                    "status": {"type": "string", "pattern": "^[45][0-9][0-9]$"},
                    "code": _TEXT,
                    "field": _TEXT,
                    "source": _object(pointer=_TEXT),
                },
                "required": ["detail", "status"],
            },
        }
    ),
    "ErrorsB": _object(meta=_object(error=_TEXT)),
    "ErrorsC": _object(meta=_object(errors={**_MANY, "items": _TEXT})),
    "ErrorsD": _object(errors={**_MANY, "items": _object(reason=_TEXT, field=_TEXT, message=_TEXT)}),
}
"""The four envelopes (reference 2.1)."""

_SECURITY: Mapping[Auth, Json] = {
    Auth.APP: {"type": "http", "scheme": "bearer", "description": "The App API key."},
    Auth.TRACK: {"type": "http", "scheme": "basic", "description": "The site id, and the Track key as password."},
    Auth.PIPELINES: {"type": "http", "scheme": "basic", "description": "The Pipelines key, and no password."},
}
