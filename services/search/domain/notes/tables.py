"""The tables that notes are read with: services/search/notes. Tab-separated, each with a header line; a line that
begins with `#` is a remark. `provenance` says who says so; "team" is the project's own knowledge."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

PACKAGE = "services.search"
FOLDER = "notes"

Phrase = tuple[str, ...]


class NoteTableError(Exception):
    """A line of a table cannot be read; the message names it."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a phrase says of the words around it: `kind` as in `context.Kind`, or "pseudo" and "end"; `reach` is
    "forward", "backward", "both" or "none". One that stands "between" is never part of what is mentioned."""

    kind: str
    reach: str
    stands: str


@dataclass(frozen=True, slots=True)
class Combination:
    """Two conditions that the classification presumes to be one (guidelines, I.A.15): codes that begin with `first` and
    `second` stand in one note, and become `code`. `keeps` tells whether the second one is coded beside it."""

    first: str
    second: str
    code: str
    keeps: bool
    source: str


def rows(name: str, *columns: str) -> Iterator[dict[str, str]]:
    """The lines of a table. Raises NoteTableError."""
    text = (resources.files(PACKAGE) / FOLDER / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    if tuple(reader.fieldnames or ()) != columns:
        raise NoteTableError(f"{name}: the columns are not {', '.join(columns)}")
    for row in reader:
        if not all(row.values()):
            raise NoteTableError(f"{name}, line {reader.line_num}: a column is empty")
        yield row


@cache
def headings() -> Mapping[Phrase, str]:
    """What a heading says that its section is, by its words."""
    found = rows("headings.tsv", "heading", "section", "provenance")
    return {tuple(row["heading"].split()): row["section"] for row in found}


@cache
def triggers() -> Mapping[Phrase, Trigger]:
    found = rows("triggers.tsv", "phrase", "kind", "reach", "stands", "provenance")
    return {tuple(row["phrase"].split()): Trigger(row["kind"], row["reach"], row["stands"]) for row in found}


@cache
def words(kind: str) -> frozenset[str]:
    """The words of a kind: "break", "pass", "open", "harm" or "supply"."""
    return frozenset(word for row in _word_rows() if row["kind"] == kind for word in row["words"].split())


@cache
def _word_rows() -> Sequence[Mapping[str, str]]:
    return tuple(rows("words.tsv", "words", "kind", "provenance"))


@cache
def combinations() -> tuple[Combination, ...]:
    found = rows("combinations.tsv", "first", "second", "code", "keeps_second", "source")
    return tuple(
        Combination(first, row["second"], row["code"], row["keeps_second"] == "yes", row["source"])
        for row in found
        for first in row["first"].split("|")
    )


@cache
def lifelong() -> tuple[str, ...]:
    """The beginnings of codes of conditions that stay: "history of" does not mean that they are over."""
    return tuple(row["code"] for row in rows("lifelong.tsv", "code", "what", "provenance"))


def load() -> None:
    """Reads all tables, so that one that cannot be read is told at once. Raises NoteTableError."""
    for table in (headings, triggers, _word_rows, combinations, lifelong):
        table()
