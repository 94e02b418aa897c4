"""The queries that search is scored by: the project's own, and phrases of the official alphabetic index.

Own queries stand in `queries.tsv`. The phrases are read where the official files lie and are never copied into the
repository; which of them are taken is fixed by a hash, so that the same file gives the same sample anywhere.

Every set is cut in two by another hash. What comes of the `seen` half may be looked at query by query; of the `unseen`
half nobody looks at more than the figures, and seldom, because whoever tunes to them spoils them.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from services.search.domain.words import normalised, split

OWN_QUERIES = Path(__file__).parent / "queries.tsv"
OWN_KINDS = ("lay", "abbreviation", "misspelling", "code")
PHRASE_KINDS = ("disease", "index")
KINDS = (*OWN_KINDS, *PHRASE_KINDS)
SEEN, UNSEEN = HALVES = ("seen", "unseen")

INDEX_FILES = "icd10cm_index_*.pairs.csv*"
# What part of the phrases is scored, from and to: some 800 and some 2,400.
SCORED = {"disease": (0.0, 0.75), "index": (0.0, 0.09)}
# And what parts the order of results is learned from: some 200 and some 10,000, each asked of an index that lacks it.
LEARNED = (
    {"disease": (0.75, 1.0), "index": (0.09, 0.21)},
    {"disease": (0.0, 0.0), "index": (0.21, 0.33)},
    {"disease": (0.0, 0.0), "index": (0.33, 0.45)},
)
_LEVELS = " > "
_GONE = "not_in_fy2026"
# Words that a name and a title have in common without meaning the same.
_OF_ANY_DISEASE = frozenset({"disease", "diseases", "syndrome", "syndromes", "disorder", "disorders", "other"})
_SHORTEST_TELLING = 5
_STEM = 6

Words = tuple[str, ...]


class Query(NamedTuple):
    """A text as typed. `accepted` are codes without dots, or the beginnings of codes, of one code system."""

    kind: str
    system: str
    text: str
    accepted: tuple[str, ...]
    note: str = ""

    @property
    def half(self) -> str:
        return half_of(self.text)


@dataclass(frozen=True)
class Phrases:
    """Queries of the kinds `disease` and `index`, and the words of each phrase that an index must not hold while they
    are scored."""

    queries: Sequence[Query] = ()
    left_out: frozenset[Words] = frozenset()


def half_of(text: str) -> str:
    """Which half a text belongs to, for good."""
    return UNSEEN if _fraction("half", text) < 0.5 else SEEN


def own(path: Path = OWN_QUERIES) -> list[Query]:
    """The project's own queries, in the order of the file."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
        return [
            Query(row["kind"], row["system"], row["query"], _stored(row["accepted"]), row["note"] or "") for row in rows
        ]


def phrases(folder: Path, parts: Mapping[str, tuple[float, float]] | None = None) -> Phrases:
    """A sample of the alphabetic index to diseases: none if no file of it lies below `folder`.

    A `disease` is a main term that stands by itself and shares a telling word with the title of its code, as a title's
    shorter form does: "Parkinsonism", "Crohn's disease". An `index` phrase is any other: a main term with its sub-terms
    ("Aberrant, artery, cerebral"), or a name that the title does not know. Both are asked as a person would type them,
    in lower case and without the commas. Accepted is what the index says, in all places where it holds the phrase;
    codes that are no longer in force are not.
    """
    accepted: dict[tuple[str, str], dict[str, None]] = {}
    left_out: set[Words] = set()
    for path in sorted(folder.rglob(INDEX_FILES)):
        for row in _rows(path):
            full, plain = row["phrase_full"], row["phrase_plain"]
            kind, text = _kind(full, plain, row["description_fy2026"]), typed(plain)
            begin, end = (parts or SCORED)[kind]
            if row["status_fy2026"] == _GONE or not begin <= _fraction("sample", text) < end:
                continue
            accepted.setdefault((kind, text), {}).update(dict.fromkeys(_stored(row["code"])))
            left_out |= {words(full), words(plain)}
    found = [Query(kind, "icd10cm", text, tuple(codes)) for (kind, text), codes in accepted.items()]
    return Phrases(found, frozenset(left_out))


def typed(phrase: str) -> str:
    """ "Aberrant, artery, cerebral" as a person types it."""
    return " ".join(phrase.lower().replace(",", " ").split())


def words(text: str) -> Words:
    """What a phrase says, whatever stands between its words. Another order is another phrase: beside "Palsy, facial" an
    index may well hold "Facial palsy", as it may beside any phrase that nobody scored."""
    return tuple(split(normalised(text)))


def _kind(full: str, plain: str, title: str) -> str:
    return "disease" if _LEVELS not in full and _telling(plain) & _telling(title) else "index"


def _telling(text: str) -> set[str]:
    return {word[:_STEM] for word in words(text) if len(word) >= _SHORTEST_TELLING and word not in _OF_ANY_DISEASE}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    unpack = gzip.open if path.suffix == ".gz" else open
    with unpack(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _stored(codes: str) -> tuple[str, ...]:
    """ "I12.9 N18.3-" as codes are stored; a trailing dash says that further characters follow."""
    return tuple(code.replace(".", "").rstrip("-") for code in codes.split())


def _fraction(purpose: str, text: str) -> float:
    """A number from 0 to 1, always the same for a text, and another one for each purpose."""
    digest = hashlib.sha256(f"{purpose}:{text.casefold()}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
