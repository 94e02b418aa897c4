"""The API's documentation: the OpenAPI document, and a page made from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from ..answers import json_answer
from .parts import Parts

SUCCESS = ("200", "201", "202", "204")


def router(parts: Parts, openapi: Callable[[], dict[str, Any]]) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/api/openapi.json")
    async def document() -> Response:
        return json_answer(orjson.dumps(openapi()))

    @routes.get("/api/docs")
    async def docs(request: Request) -> Response:
        found = openapi()
        return parts.page(
            request, "docs.html", info=found["info"], operations=_operations(found), schemas=_schemas(found)
        )

    return routes


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "path": path,
            "method": method.upper(),
            "description": operation.get("description", ""),
            "parameters": [_parameter(found) for found in operation.get("parameters", [])],
            "answer": _answer_schema(operation),
            "body": _schema_name(operation.get("requestBody", {})),
            "statuses": [status for status in operation["responses"] if status not in SUCCESS],
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _parameter(found: dict[str, Any]) -> dict[str, str]:
    where = found["in"] + (", required" if found.get("required") else "")
    description = found.get("description") or found["schema"].get("description", "")
    return {"name": found["name"], "where": where, "description": description}


def _answer_schema(operation: dict[str, Any]) -> str:
    """The name of the schema of the answer; "" where it has no body."""
    return next((_schema_name(found) for status, found in operation["responses"].items() if status in SUCCESS), "")


def _schema_name(found: dict[str, Any]) -> str:
    """The name of the schema of a body in JSON."""
    schema = found.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _schemas(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Each schema with its members in one line each."""
    return [
        {
            "name": name,
            "description": schema.get("description", ""),
            "values": schema.get("enum", []),
            "members": [
                {"name": member, "type": _type(found), "description": found.get("description", "")}
                for member, found in schema.get("properties", {}).items()
            ],
        }
        for name, schema in sorted(document["components"]["schemas"].items())
    ]


def _type(schema: dict[str, Any]) -> str:
    """A schema's type in words: "list of Entry", "text or null"."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f'"{value}"' for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return {"string": "text", "integer": "number"}.get(str(schema.get("type")), str(schema.get("type", "anything")))
