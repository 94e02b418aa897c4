"""`endpoints.json` in the state folder: which ports the running servers use, where other commands find them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

FILE_NAME = "endpoints.json"


class Endpoint(TypedDict):
    url: str
    pid: int


def load(state_dir: Path) -> dict[str, Endpoint]:
    """The endpoints of the instance on this state folder; empty where none has run or the file is damaged."""
    try:
        found = json.loads((state_dir / FILE_NAME).read_text())
    except (OSError, ValueError):
        return {}
    return {
        name: Endpoint(url=str(value["url"]), pid=int(value["pid"]))
        for name, value in (found.items() if isinstance(found, dict) else ())
        if isinstance(value, dict) and {"url", "pid"} <= value.keys()
    }


def save(state_dir: Path, endpoints: dict[str, Endpoint]) -> None:
    """Replaces the file in one step, so that a reader sees either the old or the new one."""
    target = state_dir / FILE_NAME
    draft = target.with_suffix(".tmp")
    draft.write_text(json.dumps(endpoints, indent=2) + "\n")
    draft.replace(target)
