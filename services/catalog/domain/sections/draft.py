"""What all sections share: the three honest states, and entries that say what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..editions import TITLES, DataSet
from ..facts import period, source
from ..filed import Filed, LoadedEdition
from ..on_date import Chosen, Question, outdated_since
from ..page import EditionUse, Entries, Entry, EntryList, Kind, Section, Source, State
from ..rows import Row


@dataclass(frozen=True, slots=True)
class SourceUse:
    """One source of a section, and whether it held anything for the code.

    `many`: the source may hold several rows for a code, so that some rows of an incomplete edition are not all.
    """

    title: str
    loaded: LoadedEdition | None
    found: bool = False
    many: bool = False

    @property
    def complete(self) -> bool:
        return self.loaded is not None and self.loaded.complete


def use(data_set: DataSet, chosen: Chosen, *, found: bool, many: bool = False) -> SourceUse:
    return SourceUse(TITLES[data_set], chosen.loaded, found, many)


def absent(title: str) -> SourceUse:
    """A source of the section that the catalog has no importer for yet."""
    return SourceUse(title, None)


def section(
    name: str,
    question: Question,
    summary: str,
    lists: Sequence[EntryList],
    uses: Sequence[SourceUse],
) -> Section:
    """A section in its honest state, with an entry for every source that is missing.

    Available if any source has an entry, none only if all sources are complete and hold nothing, else no data.
    """
    missing = [entry for entry in (_missing(one, question) for one in uses) if entry]
    if any(one.found for one in uses):
        state = State.AVAILABLE
    elif all(one.complete for one in uses):
        state = State.NONE
    else:
        state = State.NO_DATA
    editions = [
        EditionUse(one.loaded, None if question.strict else outdated_since(one.loaded, question))
        for one in uses
        if one.loaded
    ]
    return Section(name, state, summary or _plain_summary(state, uses, lists), [*lists, Entries(missing)], editions)


def fact(
    filed: Filed[Row],
    kind: Kind,
    text: str,
    *,
    value: str = "",
    label: str = "",
    related: tuple[str, str] | None = None,
) -> Entry:
    """An entry that is in force as long as the edition it was filed in."""
    begins, ends = period(filed.edition)
    return Entry(kind, text, value, label, begins, ends, source(filed), related)


def listing(parts: Sequence[str], last: str = "and") -> str:
    """ "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _missing(one: SourceUse, question: Question) -> Entry | None:
    if one.loaded is None:
        # Never the date itself: a page is the same for every date of its interval.
        when = " for this date" if question.strict else ""
        return Entry(Kind.NO_DATA, f"{one.title}: no edition{when} is loaded.", "no_data", one.title)
    if one.complete or (one.found and not one.many):
        return None
    title = one.loaded.edition.title
    rest = "there may be more" if one.found else "it does not hold this code, which says nothing"
    text = f"{title} is loaded only in part: {rest}."
    return Entry(Kind.NO_DATA, text, "no_data", one.title, *period(one.loaded.edition), Source("", title, 0))


def _plain_summary(state: State, uses: Sequence[SourceUse], lists: Sequence[EntryList]) -> str:
    """The one-line answer where a section has none of its own: what is missing, or its first fact."""
    if state is State.NONE:
        return "Nothing on file for this code."
    gone = [one.title for one in uses if one.loaded is None]
    if state is State.NO_DATA and gone:
        return f"No data: {listing(gone)} not loaded."
    if state is State.NO_DATA:
        return "No data for this code."
    return next((entry.text for part in lists for entry in part.cut("", 0, 1)), "")
