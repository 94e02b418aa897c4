"""The problem documents that operations may answer with, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from ..problems import TYPES

Responses = dict[int | str, dict[str, Any]]


def problem_responses(*statuses: int) -> Responses:
    return {
        status: {
            "description": " or ".join(f"`{kind.name}`" for kind in TYPES.values() if kind.status == status),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
        for status in statuses
    }
