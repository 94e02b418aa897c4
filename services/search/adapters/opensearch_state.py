"""Which indexes of ours are in a cluster, and what their names and aliases say.

An index is called `<prefix>-<release>-<random>`. Its mapping's `_meta` says whose it is, and that it is complete: set
last, in one step, so that a build that ends earlier leaves nothing that would be opened. Everything about activations
is aliases, because the cluster changes any number of them in one step:

- `<prefix>-active`: the index in force;
- `<prefix>-activated-<nanoseconds>`: on each index that was ever in force, when it was last put there;
- `<prefix>-unannounced-<id>`: the note that an activation has yet to be announced.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .opensearch_mapping import FORMAT

# A release id becomes part of the name of an index: no capitals, 255 bytes at most.
_RELEASE = re.compile(r"[a-z0-9][a-z0-9_-]{0,127}")
_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Meta:
    """What an index says about itself. `documents` is 0 until it is complete, and again when it is to be removed;
    `beside` is how many more documents it has that are no codes."""

    prefix: str
    release: str
    documents: int = 0
    beside: int = 0
    format: int = FORMAT

    def stored(self) -> dict[str, Any]:
        return {
            "medcodes": {
                "prefix": self.prefix,
                "release": self.release,
                "documents": self.documents,
                "beside": self.beside,
                "format": self.format,
            }
        }


@dataclass(frozen=True, slots=True)
class Stored:
    """One index. `documents` are codes, `beside` the others. `activated` is when it was last put in force (0: never);
    `note` the id of an activation that has yet to be announced ("": none)."""

    name: str
    release: str
    documents: int
    beside: int
    created: int
    active: bool
    activated: int
    note: str
    aliases: Sequence[str]


def is_release(release: str) -> bool:
    return bool(_RELEASE.fullmatch(release))


def new_name(prefix: str, release: str) -> str:
    return f"{prefix}-{release}-{uuid.uuid4().hex[:12]}"


def read(prefix: str, answer: Mapping[str, Any]) -> list[Stored]:
    """Our indexes in the cluster's answer about all that are named like ours. Raises KeyError or the like for nonsense.

    Indexes of another format are there, to be removed, but as incomplete ones.
    """
    return [
        _stored(prefix, name, found)
        for name, found in answer.items()
        if found.get("mappings", {}).get("_meta", {}).get("medcodes", {}).get("prefix") == prefix
    ]


def _stored(prefix: str, name: str, found: Mapping[str, Any]) -> Stored:
    meta = found["mappings"]["_meta"]["medcodes"]
    aliases = list(found.get("aliases", {}))
    activated, notes = f"{prefix}-activated-", f"{prefix}-unannounced-"
    return Stored(
        name=name,
        release=str(meta["release"]),
        documents=int(meta["documents"]) if meta["format"] == FORMAT else 0,
        beside=int(meta.get("beside", 0)),
        created=int(found["settings"]["index"]["creation_date"]),
        active=f"{prefix}-active" in aliases,
        activated=max((int(each.removeprefix(activated)) for each in aliases if each.startswith(activated)), default=0),
        note=next((each.removeprefix(notes) for each in aliases if each.startswith(notes)), ""),
        aliases=aliases,
    )


def complete(indexes: Sequence[Stored], release: str) -> Stored | None:
    """The newest complete index of a release."""
    found = [index for index in indexes if index.release == release and index.documents]
    return max(found, key=lambda index: index.created, default=None)


def active(indexes: Sequence[Stored]) -> Stored | None:
    return next((index for index in indexes if index.active and index.documents), None)


def kept(indexes: Sequence[Stored], keep: int) -> set[str]:
    """The names of the index in force and of those of the `keep` - 1 releases in force before it; of the newest
    complete one if none ever was."""
    if active(indexes) is None:
        newest = max((each for each in indexes if each.documents), key=lambda each: each.created, default=None)
        return {newest.name} if newest else set()
    found: dict[str, str] = {}
    for index in sorted(indexes, key=lambda index: (index.active, index.activated), reverse=True):
        if index.documents and index.activated:
            found.setdefault(index.release, index.name)
    return set(list(found.values())[:keep])


def switch(prefix: str, indexes: Sequence[Stored], target: Stored) -> list[dict[str, Any]]:
    """The changes of aliases that put `target` in force, all to be made in one step; none if it is already.

    Another index of the release in force takes its place without a new note: nobody need be told of it.
    """
    before = active(indexes)
    if before and before.name == target.name:
        return []
    note = before.note if before and before.release == target.release else uuid.uuid4().hex
    now = max(time.time_ns(), 1 + max(index.activated for index in indexes))
    changes = [
        {"remove": {"index": index.name, "alias": alias}}
        for index in indexes
        for alias in index.aliases
        if alias == f"{prefix}-active"
        or alias.startswith(f"{prefix}-unannounced-")
        or (index.name == target.name and alias.startswith(f"{prefix}-activated-"))
    ]
    added = [
        f"{prefix}-active",
        f"{prefix}-activated-{now:0{_DIGITS}d}",
        *([f"{prefix}-unannounced-{note}"] if note else []),
    ]
    return changes + [{"add": {"index": target.name, "alias": alias}} for alias in added]
