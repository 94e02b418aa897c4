"""What an index says by "see" and "see also": that one term means another (guidelines, I.A.16).

"Ache, see Pain" makes "Ache, back" another name of what the index calls "Pain, back". A reference names another term
from its main term down, with commas between; it may leave out further forms of a title ("Abnormal" for "Abnormal,
abnormality"), name a column of the neoplasm table last ("Neoplasm, bone, benign"), and give advice ("by site").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .words import split

if TYPE_CHECKING:
    from .index_terms import IndexTerm, NamedCode

# A term with more below it is a group of conditions rather than one that goes by another name.
MOST_BELOW = 150
NEOPLASMS = "neoplasms"
_TABLE_TERM = "neoplasm"
# What a reader is told beside the titles: "(of)", "by site".
_ADVICE = re.compile(r"\(.*?\)|\bby (site and type|site|type)\b")
_COLUMNS = {
    "malignant": "malignant_primary",
    "primary": "malignant_primary",
    "secondary": "malignant_secondary",
    "in situ": "in_situ",
    "benign": "benign",
    "uncertain behavior": "uncertain",
    "unspecified behavior": "unspecified",
}
_UNSAID = frozenset(("nec", "nos"))
_Key = tuple[str, tuple[str, ...]]


class OtherName(NamedTuple):
    """Titles that lead to a code without naming it themselves; `index_name` is that of the term that names it."""

    index_name: str
    path: tuple[str, ...]
    named: NamedCode


def other_names(terms: Sequence[IndexTerm]) -> Iterator[OtherName]:
    """The names that references give to codes. In `terms` each comes before those below it, as indexes are filed."""
    places: dict[_Key, int] = {}
    for place, term in enumerate(terms):
        places.setdefault((term.index_name, tuple(_first_form(title) for title in term.path)), place)
    for term in terms:
        for reference in term.references:
            yield from _led_to(term, reference, terms, places)


def _led_to(
    term: IndexTerm, reference: str, terms: Sequence[IndexTerm], places: dict[_Key, int]
) -> Iterator[OtherName]:
    for index_name, titles, column in _readings(reference, term.index_name):
        place = places.get((index_name, titles))
        if place is None:
            continue
        target = terms[place]
        if target is term:
            return
        for below in _below(target, terms, place):
            tail = below.path[len(target.path) :]
            for named in below.codes:
                if named.column == column or not column:
                    yield OtherName(index_name, term.path + tail, named)
        return


def _readings(reference: str, index_name: str) -> Iterable[tuple[str, tuple[str, ...], str]]:
    """Where a reference may lead, the likeliest first: an index, titles from the main term down, and a column or ""."""
    titles = [_first_form(title) for title in _ADVICE.sub("", reference).split(",")]
    titles = [title for title in titles if title]
    if titles and titles[0] == _TABLE_TERM:
        column = _COLUMNS.get(titles[-1], "")
        yield NEOPLASMS, ("neoplasm", *(titles[1:-1] if column else titles[1:])), column
    yield index_name, tuple(titles), ""
    if index_name != "diseases":
        yield "diseases", tuple(titles), ""


def _below(target: IndexTerm, terms: Sequence[IndexTerm], place: int) -> Sequence[IndexTerm]:
    """The term and those below it; only itself if those are too many to be one thing."""
    depth, end = len(target.path), place + 1
    while end < len(terms) and terms[end].path[:depth] == target.path and end - place <= MOST_BELOW:
        end += 1
    return terms[place : end if end - place <= MOST_BELOW else place + 1]


def _first_form(title: str) -> str:
    """ "Abnormal, abnormality" and "abnormal NEC" as "abnormal", "Complications" as "complication"."""
    return " ".join(word.removesuffix("s") for word in split(title.split(",")[0]) if word not in _UNSAID)
