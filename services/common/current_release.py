"""What the catalog's key says: which release is current."""

from __future__ import annotations

import json


def current_release(value: bytes) -> str | None:
    """The id in a value of the key, a JSON object with `release`; None for anything else, so that what nobody can have
    meant moves no replica."""
    try:
        found = json.loads(value)
    except ValueError:
        return None
    release = found.get("release") if isinstance(found, dict) else None
    return release if isinstance(release, str) and release else None
