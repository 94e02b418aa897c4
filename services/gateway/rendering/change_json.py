"""What a release changed of a code, as JSON."""

from __future__ import annotations

from typing import Any

from medcodes.catalog.v1 import catalog_pb2

from . import change_words


def changed_code(found: catalog_pb2.ChangedCode) -> dict[str, Any]:
    return {
        "system": found.code.system,
        "code": found.code.code,
        "display": found.code.display,
        "description": found.code.description,
        "kind": change_words.kind(found.kind),
        "description_changed": found.description_changed,
        "sections": list(found.sections),
    }
