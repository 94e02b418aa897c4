"""Where "see" and "see also" of an index lead.

A reference names the words of another term from its main term down, with commas between: "Pain, abdominal" (ICD-10-CM
Official Guidelines, sections I.A.16 and I.B.2). Titles hold commas too ("Abnormal, abnormality, abnormalities"), and a
reference may end in words that are no term ("by site", "malignant" for a column of the neoplasm table). So the longest
run of words that is a title is taken at each level, and what is left at the end is left to the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

# (index, number of the term above, title) -> (number, title as it stands) of the term, None where there is none.
Find = Callable[[str, int, str], tuple[int, str] | None]

MOST_WORDS = 12
NEOPLASM = "neoplasm"
DISEASES = "index to disease"
_TABLES = (("table of drugs", "drugs"), ("table of neoplasms", "neoplasms"), ("neoplasm table", "neoplasms"))


@dataclass(frozen=True, slots=True)
class Target:
    """`path` are the titles from the main term down; empty for an index as a whole."""

    index: str
    path: tuple[str, ...]


def target(reference: str, index: str, loaded: Set[str], find: Find) -> Target | None:
    """What a reference in `index` leads to among the indexes `loaded`; None where it names no term there."""
    for words, table in _TABLES:
        if words in reference.lower():
            return Target(table, ()) if table in loaded else None
    words_given = [word.strip() for word in reference.split(",")][:MOST_WORDS]
    for where in _places(words_given, index):
        if where in loaded and (path := _path(words_given, where, find)):
            return Target(where, path)
    return None


def _places(words: list[str], index: str) -> tuple[str, ...]:
    """The indexes that a reference may mean, in the order to look them through. Takes the name of an index out of its
    words."""
    if words[0].lower().startswith(DISEASES):
        del words[0]
        return ("diseases",)
    # "Neoplasm, bone, benign" in the index means the table's line "bone".
    if words[0].lower() == NEOPLASM:
        return "neoplasms", index
    # The neoplasm table sends kinds of tumors ("Melanoma") to the index.
    return (index, "diseases") if index == "neoplasms" else (index,)


def _path(words: list[str], index: str, find: Find) -> tuple[str, ...]:
    titles: list[str] = []
    parent, at = 0, 0
    while at < len(words):
        for end in range(len(words), at, -1):
            found = find(index, parent, ", ".join(words[at:end])) if words[at] else None
            if found:
                parent, title = found
                titles.append(title)
                at = end
                break
        else:
            break
    return tuple(titles)
