"""Index terms as protobuf messages. Translates, decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from medcodes.catalog.v1 import catalog_pb2 as pb

from .domain import codes
from .domain.editions import TITLES
from .domain.index_references import Target
from .domain.rows import IndexCode, IndexTerm
from .indexes import SYSTEM, IndexList, IndexSummary, PlacedTerm, TermBatch, TermList
from .messages import code_ref, edition_refs


def index_list(found: IndexList, today: date) -> pb.ListIndexesResponse:
    return pb.ListIndexesResponse(indexes=[_summary(one, today) for one in found.indexes], release=found.release)


def batch(found: TermBatch) -> pb.ListIndexTermsResponse:
    return pb.ListIndexTermsResponse(
        release=found.release, total=found.total, terms=[_term(place) for place in found.terms]
    )


def entries(found: TermList, today: date) -> pb.GetIndexEntriesResponse:
    return pb.GetIndexEntriesResponse(
        index=_summary(found.index, today),
        path=[_term(place) for place in found.path],
        items=[_term(place) for place in found.items],
        next_cursor=found.next_cursor,
        codes=[code_ref(record) for record in found.codes],
        release=found.release,
    )


def _summary(found: IndexSummary, today: date) -> pb.Index:
    (edition,) = edition_refs([found.of.loaded], today)
    index = found.of.index
    return pb.Index(
        index=index.name,
        title=TITLES[index.data_set],
        terms=found.terms,
        letters=found.letters,
        columns=[pb.IndexColumn(column=column.name, heading=column.heading) for column in index.columns],
        edition=edition,
    )


def _term(place: PlacedTerm) -> pb.IndexTerm:
    term = place.entry.term
    return pb.IndexTerm(
        index=place.of.index.name,
        number=term.number,
        path=[_title(one) for one in place.path],
        codes=[_code(code) for code in place.entry.codes],
        see=_reference(term.see, place.see),
        see_also=_reference(term.see_also, place.see_also),
        see_category=term.see_category,
        has_children=place.entry.has_children,
        source=pb.Source(file=place.entry.file, edition=place.of.loaded.edition.title, line=term.line),
    )


def _title(term: IndexTerm) -> pb.IndexTitle:
    return pb.IndexTitle(title=term.title, modifiers=term.modifiers, shown=term.shown)


def _code(code: IndexCode) -> pb.IndexCode:
    return pb.IndexCode(
        column=code.column,
        code=code.code,
        display=_display(code.code, code.more),
        more=bool(code.more),
        manifestation=code.manifestation,
        manifestation_display=_display(code.manifestation, code.manifestation_more),
        manifestation_more=bool(code.manifestation_more),
    )


def _display(code: str, more: int) -> str:
    """ "C79.8-", "S06.-": with a dash where more characters are needed."""
    shown = codes.display(SYSTEM, code)
    if not more:
        return shown
    return f"{shown}-" if "." in shown else f"{shown}.-"


def _reference(text: str, target: Target | None) -> pb.IndexReference | None:
    path: Sequence[str] = target.path if target else ()
    return pb.IndexReference(text=text, index=target.index if target else "", path=path) if text else None
