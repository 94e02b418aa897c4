"""The notes that the case look-up is scored by: the project's own, with the codes that a coder would give.

They stand in `notes.toml`. As with queries a hash of a note's name decides which half it belongs to: what comes of the
`seen` half may be looked at note by note, of the `unseen` half nobody looks at more than the figures.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

from tests.relevance.queries import half_of

OWN_NOTES = Path(__file__).parent / "notes.toml"

Accepted = frozenset[str]
"""Codes without dots, any of which is right."""


class Note(NamedTuple):
    """`gold` are the codes that must be found; `optional` ones are right and nobody misses them."""

    name: str
    setting: str
    text: str
    gold: tuple[Accepted, ...]
    optional: Accepted

    @property
    def half(self) -> str:
        return half_of(self.name)

    @property
    def right(self) -> Accepted:
        return self.optional.union(*self.gold)


def own(path: Path = OWN_NOTES) -> list[Note]:
    """In the order of the file."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))["note"]
    return [
        Note(
            each["name"],
            each["setting"],
            each["text"].lstrip("\n"),
            tuple(frozenset(codes.split("|")) for codes in each["gold"]),
            frozenset(each.get("optional", ())),
        )
        for each in found
    ]
