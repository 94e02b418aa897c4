"""The catalog's answers as protobuf messages. Translates, decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from medcodes.catalog.v1 import catalog_pb2 as pb

from .domain import codes
from .domain.editions import TITLES
from .domain.equivalents import Equivalent
from .domain.filed import CodeRecord, LoadedEdition
from .domain.on_date import Question, outdated_since
from .domain.page import Description, EditionUse, Entry, Hierarchy, Kind, Page, SectionPage, Source, State, Status
from .ports import ReleaseInfo
from .service import EquivalentBatch, StreamedBatch, StreamedCode

Related = Mapping[tuple[str, str], CodeRecord]

_STATES = {
    State.AVAILABLE: pb.SECTION_STATE_AVAILABLE,
    State.NONE: pb.SECTION_STATE_NONE,
    State.NO_DATA: pb.SECTION_STATE_NO_DATA,
}
_STATUSES = {
    Status.ACTIVE: pb.CODE_STATUS_ACTIVE,
    Status.RETIRED: pb.CODE_STATUS_RETIRED,
    Status.FUTURE: pb.CODE_STATUS_FUTURE,
}
_KINDS = {kind: pb.EntryKind.Value(f"ENTRY_KIND_{kind.name}") for kind in Kind}


def code_page(page: Page) -> pb.CodePage:
    """Without `on`: the page is the same for every date of its interval, see `page_on`."""
    record = page.record
    return pb.CodePage(
        system=record.system,
        code=record.code,
        display=record.display,
        status=_STATUSES[page.status],
        billable=page.billable,
        effective_from=page.effective_from,
        effective_to=page.effective_to,
        release=page.release,
        official_description=_description(page.official),
        common_language_description=_description(page.common),
        hierarchy=_hierarchy(page.hierarchy),
        sections=[section(one, page.related) for one in page.sections],
        glance=[pb.Glance(label=one.label, value=one.value) for one in page.glance],
        same_from=iso(page.same.first),
        same_to=iso(page.same.last),
        title=page.official.text or shown_description(record),
    )


def page_on(content: bytes, on: date | None) -> bytes:
    """A serialized GetCodePageResponse with the date asked for.

    Messages that are appended to each other merge field by field when parsed (protobuf encoding, "Last One Wins"), so
    that a page need not be parsed to be dated.
    """
    if on is None:
        return content
    return content + pb.GetCodePageResponse(page=pb.CodePage(on=on.isoformat())).SerializeToString()


def section(page: SectionPage, related: Related) -> pb.Section:
    return pb.Section(
        name=page.section.name,
        state=_STATES[page.section.state],
        outdated_since=iso(page.section.outdated_since),
        summary=page.section.summary,
        entries=[_entry(entry, related) for entry in page.entries],
        total=page.total,
        next_cursor=page.next_cursor,
        editions=[_edition_use(use) for use in page.section.editions],
    )


def shown_description(record: CodeRecord) -> str:
    """What lists may show: the project's own wording stands in for a licensed descriptor that is not loaded."""
    return record.description or record.short_description


def code_ref(record: CodeRecord) -> pb.CodeRef:
    return pb.CodeRef(
        system=record.system,
        code=record.code,
        display=record.display,
        description=shown_description(record),
        billable=record.billable,
        has_page=not record.is_group,
        has_children=record.has_children,
    )


def edition_refs(editions: Iterable[LoadedEdition], today: date) -> list[pb.EditionRef]:
    question = Question(today)
    return [_edition_use(EditionUse(loaded, outdated_since(loaded, question))) for loaded in editions]


def streamed(batch: StreamedBatch) -> pb.StreamCodesResponse:
    return pb.StreamCodesResponse(
        release=batch.release, total=batch.total, codes=[_indexed(code) for code in batch.codes]
    )


def equivalents(batch: EquivalentBatch) -> pb.ListEquivalentsResponse:
    return pb.ListEquivalentsResponse(
        release=batch.release, total=batch.total, equivalents=[_equivalent(one) for one in batch.equivalents]
    )


def release(info: ReleaseInfo, today: date) -> pb.Release:
    return pb.Release(
        id=info.id,
        current=info.current,
        built_at=info.built_at,
        rows=info.rows,
        editions=edition_refs(info.editions, today),
        files=[
            pb.ReleaseFile(
                name=file.name,
                sha256=file.sha256,
                data_set=file.data_set,
                edition=file.edition,
                rows=file.rows,
                rejected=file.rejected,
                state=file.state,
            )
            for file in info.files
        ],
    )


def iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _description(found: Description) -> pb.Description:
    return pb.Description(
        text=found.text, source=_source(found.source), copyright=found.copyright, missing=found.missing
    )


def _source(found: Source) -> pb.Source:
    return pb.Source(file=found.file, edition=found.edition, line=found.line)


def _hierarchy(found: Hierarchy) -> pb.Hierarchy:
    return pb.Hierarchy(
        ancestors=[code_ref(one) for one in found.ancestors],
        siblings=[code_ref(one) for one in found.siblings],
        children=[code_ref(one) for one in found.children],
        siblings_cut=found.siblings_cut,
        children_cut=found.children_cut,
    )


def _entry(entry: Entry, related: Related) -> pb.Entry:
    found = pb.Entry(
        kind=_KINDS[entry.kind],
        text=entry.text,
        value=entry.value,
        to=entry.ends,
        source=_source(entry.source),
        label=entry.label,
        related=_related(entry, related),
    )
    setattr(found, "from", entry.begins)  # `from` is a word of Python's own
    return found


def _related(entry: Entry, related: Related) -> pb.CodeRef | None:
    """A code that only an edit names is known by its number."""
    if entry.related is None:
        return None
    record = related.get(entry.related)
    system, code = entry.related
    return code_ref(record) if record else pb.CodeRef(system=system, code=code, display=codes.display(system, code))


def _edition_use(use: EditionUse) -> pb.EditionRef:
    edition = use.loaded.edition
    return pb.EditionRef(
        data_set=TITLES[edition.data_set],
        edition=edition.name,
        begins=iso(edition.begins),
        ends=iso(edition.ends),
        complete=use.loaded.complete,
        outdated_since=iso(use.outdated_since),
    )


def _equivalent(one: Equivalent) -> pb.Equivalent:
    (system, code), (icd9_system, icd9_code) = one.new, one.old
    return pb.Equivalent(
        system=system,
        code=code,
        icd9_system=icd9_system,
        icd9_code=icd9_code,
        icd9_display=codes.display(icd9_system, icd9_code),
        icd9_title=one.title,
        from_icd9=one.from_icd9,
        approximate=one.gem.is_approximate,
    )


def _indexed(code: StreamedCode) -> pb.IndexedCode:
    record = code.record
    return pb.IndexedCode(
        system=record.system,
        code=record.code,
        display=record.display,
        description=shown_description(record),
        billable=record.billable,
        terms=code.terms,
        effective_from=record.begins,
        effective_to=record.ends,
        chapter=code.chapter,
    )
