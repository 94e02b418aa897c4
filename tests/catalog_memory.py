"""A release held in memory: the reader port over plain lists, for tests of the rules and the use cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TypeVar

from services.catalog.domain.codes import display
from services.catalog.domain.editions import DataSet, Edition, calendar_year, fiscal_year, quarter, undated
from services.catalog.domain.equivalents import Equivalent
from services.catalog.domain.filed import CodeRecord, Filed, LoadedEdition
from services.catalog.domain.indexes import IndexEntry
from services.catalog.domain.rows import (
    Gem,
    Gpci,
    HcpcsCode,
    IndexCode,
    IndexTerm,
    Mue,
    OrderCode,
    PlainWording,
    Ptp,
    Row,
    Rvu,
    TabularNote,
)
from services.catalog.ports import PtpQuery, ReleaseInfo
from services.common.errors import Unavailable

R = TypeVar("R", bound=Row)

PFS_2025_Q4 = quarter(DataSet.PFS, date(2025, 10, 1))
GPCI_2025 = calendar_year(DataSet.GPCI, 2025)
MUE_2026_Q2 = quarter(DataSet.MUE_PRACTITIONER, date(2026, 4, 1))
PTP_2026_Q3 = quarter(DataSet.PTP_PRACTITIONER, date(2026, 7, 1))
PTP_HOSPITAL_2026_Q3 = quarter(DataSet.PTP_HOSPITAL, date(2026, 7, 1))
ADD_ON_2026_Q2 = quarter(DataSet.ADD_ON, date(2026, 4, 1))
HCPCS_2025_Q4 = quarter(DataSet.HCPCS, date(2025, 10, 1))
ICD_FY2026 = fiscal_year(DataSet.ICD10CM, 2026)
WORDING = undated(DataSet.PLAIN_WORDING)


@dataclass
class MemoryRelease:
    """`loaded` are the editions, `filed` the rows in them, `records` the nodes in order."""

    release_id: str = "r1"
    loaded: list[LoadedEdition] = field(default_factory=list)
    filed: list[Filed[Row]] = field(default_factory=list)
    records: list[CodeRecord] = field(default_factory=list)

    def add(self, edition: Edition, *rows: Row, complete: bool = True) -> MemoryRelease:
        self.loaded = sorted(
            [*self.loaded, LoadedEdition(edition, complete, len(rows))], key=lambda one: one.edition.id
        )
        self.filed += [Filed(row, f"{edition.data_set}.txt", edition) for row in rows]
        return self

    @property
    def editions(self) -> Sequence[LoadedEdition]:
        return self.loaded

    @property
    def equivalents(self) -> MemoryEquivalents:
        return MemoryEquivalents(self)

    @property
    def indexes(self) -> MemoryIndexes:
        return MemoryIndexes(self)

    def node(self, system: str, code: str) -> CodeRecord | None:
        return next((one for one in self.records if (one.system, one.code) == (system, code)), None)

    def path(self, system: str, code: str) -> list[CodeRecord]:
        found: list[CodeRecord] = []
        node = self.node(system, code)
        while node and node.parent and (node := self.node(system, node.parent)):
            found.insert(0, node)
        return found

    def children(self, system: str, parent: str, after: str, limit: int) -> list[CodeRecord]:
        below = [one for one in self.records if one.system == system and one.parent == parent]
        begin = [one.code for one in below].index(after) + 1 if after else 0
        return below[begin : begin + limit]

    def siblings(self, system: str, code: str, limit: int) -> list[CodeRecord]:
        node = self.node(system, code)
        below = self.children(system, node.parent, "", 10**6) if node else []
        middle = [one.code for one in below].index(code) if node else 0
        begin = max(0, min(middle - limit // 2, len(below) - limit))
        return below[begin : begin + limit]

    def in_range(self, system: str, first: str, last: str, after: str, limit: int) -> list[CodeRecord]:
        found = [one for one in self._codes(system) if first <= one.code and one.code[: len(last)] <= last]
        return [one for one in found if one.code > after][:limit]

    def near(self, system: str, code: str, limit: int) -> list[CodeRecord]:
        for length in range(len(code) - 1, 0, -1):
            found = [one for one in self._codes(system) if one.code.startswith(code[:length])]
            if found:
                return found[:limit]
        return []

    def count(self, system: str) -> int:
        return len(self._codes(system))

    def codes_after(self, system: str, after: str, limit: int) -> list[CodeRecord]:
        return [one for one in self._codes(system) if one.code > after][:limit]

    def search_terms(self, system: str, codes: Sequence[str]) -> Mapping[str, Sequence[str]]:
        nodes = {code: self.node(system, code) for code in codes}
        return {code: [node.short_description] for code, node in nodes.items() if node and node.short_description}

    def rows(self, row_type: type[R], edition: Edition, **where: str) -> list[Filed[R]]:
        return [
            filed
            for filed in self.filed
            if isinstance(filed.row, row_type)
            and filed.edition == edition
            and all(getattr(filed.row, name) == value for name, value in where.items())
        ]

    def ptp(self, query: PtpQuery, limit: int, offset: int) -> list[Filed[Ptp]]:
        return self._pairs(query)[offset : offset + limit]

    def ptp_count(self, query: PtpQuery) -> int:
        return len(self._pairs(query))

    def ptp_changes(self, edition: Edition, code: str, day: str) -> tuple[str, str]:
        rows = [*self.rows(Ptp, edition, column_one=code), *self.rows(Ptp, edition, column_two=code)]
        changes = [filed.row.effective for filed in rows]
        changes += [_day_after(filed.row.deleted) for filed in rows if filed.row.deleted]
        later = [change for change in changes if change > day]
        last = (date.fromisoformat(min(later)) - timedelta(days=1)).isoformat() if later else ""
        return max((change for change in changes if change <= day), default=""), last

    def _pairs(self, query: PtpQuery) -> list[Filed[Ptp]]:
        found = self.rows(Ptp, query.edition, **{query.side: query.code})
        other = "column_two" if query.side == "column_one" else "column_one"
        folded = query.contains.casefold()
        return sorted(
            (
                filed
                for filed in found
                if _in_force(filed.row, query.day) == query.in_force
                and (folded in getattr(filed.row, other).casefold() or folded in filed.row.rationale.casefold())
            ),
            key=lambda filed: (getattr(filed.row, other), filed.row.effective),
        )

    def _codes(self, system: str) -> list[CodeRecord]:
        return sorted(
            (one for one in self.records if one.system == system and not one.is_group), key=lambda one: one.code
        )


@dataclass
class MemoryEquivalents:
    release: MemoryRelease

    def count(self, edition: Edition) -> int:
        return len(self.after(edition, 0, 1_000_000))

    def after(self, edition: Edition, after: int, limit: int) -> list[Equivalent]:
        found = []
        for number, filed in enumerate(self.release.rows(Gem, edition), 1):
            if filed.row.other and not filed.row.is_part:
                one = Equivalent(number, filed.row, "")
                node = self.release.node(*one.old)
                found.append(replace(one, title=node.description if node else ""))
        return [one for one in found if one.number > after][:limit]


@dataclass
class MemoryIndexes:
    """The index port over the rows of a release in memory."""

    release: MemoryRelease

    def count(self, edition: Edition) -> int:
        return len(self._entries(edition))

    def letters(self, edition: Edition) -> list[str]:
        return list(dict.fromkeys(entry.term.letter for entry in self._entries(edition) if not entry.term.parent))

    def terms_after(self, edition: Edition, after: int, limit: int) -> list[IndexEntry]:
        return [entry for entry in self._entries(edition) if entry.term.number > after][:limit]

    def below(self, edition: Edition, parent: int, letter: str, after: int, limit: int) -> list[IndexEntry]:
        found = [entry for entry in self.terms_after(edition, after, 10**6) if entry.term.parent == parent]
        return [entry for entry in found if letter in ("", entry.term.letter)][:limit]

    def named(self, edition: Edition, parent: int, title: str) -> IndexEntry | None:
        below = self.below(edition, parent, "", 0, 10**6)
        for key in (title.lower(), f"{title.lower()} nec"):
            if equal := [entry for entry in below if entry.term.key == key]:
                return equal[0]
        longer = [entry for entry in below if entry.term.key.startswith(f"{title.lower()},")]
        return min(longer, key=lambda entry: (entry.term.key, entry.term.number), default=None)

    def _entries(self, edition: Edition) -> list[IndexEntry]:
        filed = self.release.rows(IndexTerm, edition)
        codes = [one.row for one in self.release.rows(IndexCode, edition)]
        parents = {one.row.parent for one in filed}
        return [
            IndexEntry(
                one.row,
                tuple(sorted((code for code in codes if code.term == one.row.number), key=lambda code: code.position)),
                one.row.number in parents,
                one.file,
            )
            for one in sorted(filed, key=lambda one: one.row.number)
        ]


@dataclass
class MemoryReleases:
    """The releases port over one release in memory, or none."""

    current: MemoryRelease | None
    held: int = 0

    @contextmanager
    def acquire(self, release_id: str = "") -> Iterator[MemoryRelease]:
        if self.current is None or release_id not in {"", self.current.release_id}:
            raise Unavailable("No release is open.", reason="NO_RELEASE")
        self.held += 1
        try:
            yield self.current
        finally:
            self.held -= 1

    async def list_releases(self) -> Sequence[ReleaseInfo]:
        if self.current is None:
            return []
        return [ReleaseInfo(self.current.release_id, True, "2026-11-23T00:00:00Z", (), self.current.editions, 0)]


def record(system: str, code: str, description: str = "", **known: object) -> CodeRecord:
    values: dict[str, object] = {
        "system": system,
        "code": code,
        "display": display(system, code),
        "description": description,
        "short_description": "",
        "billable": None,
        "parent": "",
        "begins": "",
        "ends": "",
        "has_children": False,
        "is_group": False,
        "edition": None,
        "file": "",
        "line": 0,
    }
    return CodeRecord(**{**values, **known})  # type: ignore[arg-type]


def rvu(code: str, **columns: str) -> Rvu:
    """A row of the fee schedule with the columns that matter; the rest as for a code that nothing applies to."""
    values = dict.fromkeys(Rvu._fields, "")
    values |= {
        "code": code,
        "status": "A",
        "work": "0.00",
        "pe_non_facility": "0.00",
        "pe_facility": "0.00",
        "mp": "0.00",
        "total_non_facility": "0.00",
        "total_facility": "0.00",
        "pc_tc": "0",
        "global_days": "XXX",
        "pre_op": "0.00",
        "intra_op": "0.00",
        "post_op": "0.00",
        "multiple": "0",
        "bilateral": "0",
        "assistant": "0",
        "co_surgeon": "0",
        "team": "0",
        "conversion_factor": "32.3465",
        "supervision": "09",
        "calculation_flag": "0",
        "imaging_family": "99",
    }
    return Rvu(**{**values, **columns, "line": 1})  # type: ignore[arg-type]


def mue(code: str, value: str, mai: str, rationale: str = "CMS Policy") -> Mue:
    return Mue(code, value, mai, "", rationale, 1)


def ptp(one: str, two: str, effective: str, deleted: str = "", indicator: str = "1") -> Ptp:
    return Ptp(one, two, "", effective, deleted, indicator, "Misuse of Column Two code with Column One code", 1)


def note(owner: str, kind: str, text: str) -> TabularNote:
    return TabularNote(owner, kind, 1, text, 1)


def term(number: int, parent: int, title: str, letter: str = "H", **known: str) -> IndexTerm:
    values = {"modifiers": "", "shown": title, "see": "", "see_also": "", "see_category": "", **known}
    return IndexTerm(number, parent, letter, title, key=title.lower(), line=number, **values)  # type: ignore[arg-type]


def index_code(number: int, code: str, more: int = 0, **known: object) -> IndexCode:
    values = {"position": 1, "column": "", "manifestation": "", "manifestation_more": 0, **known}
    return IndexCode(number, code=code, more=more, line=number, **values)  # type: ignore[arg-type]


def order(code: str, title: str, valid: int = 1) -> OrderCode:
    return OrderCode(code, 1, valid, title[:60], title, 1)


def gpci(state: str, name: str, work: str, pe: str, mp: str) -> Gpci:
    return Gpci("10112", state, "00", name, work, pe, mp, 1)


def wording(system: str, code: str, short: str, text: str) -> PlainWording:
    return PlainWording(system, code, short, text, 1)


def hcpcs(code: str, long_description: str, **columns: str) -> HcpcsCode:
    values = dict.fromkeys(HcpcsCode._fields, "")
    values |= {"code": code, "long_description": long_description, "coverage": "C", "added": "1993-01-01"}
    return HcpcsCode(**{**values, **columns, "line": 1})  # type: ignore[arg-type]


RVU_27250 = rvu(
    "27250",
    work="3.82",
    pe_non_facility="0.77",
    na_non_facility="NA",
    pe_facility="0.77",
    mp="0.80",
    total_non_facility="5.39",
    total_facility="5.39",
    global_days="000",
    multiple="2",
    bilateral="1",
    assistant="1",
)
RVU_27252 = RVU_27250._replace(
    code="27252",
    work="11.03",
    pe_non_facility="9.51",
    pe_facility="9.51",
    mp="2.24",
    total_non_facility="22.78",
    total_facility="22.78",
    global_days="090",
    pre_op="0.10",
    intra_op="0.69",
    post_op="0.21",
)
RVU_99213 = rvu(
    "99213",
    work="1.30",
    pe_non_facility="1.35",
    pe_facility="0.57",
    mp="0.10",
    total_non_facility="2.75",
    total_facility="1.97",
)


def hip_release() -> MemoryRelease:
    """The three procedures and the diagnosis of the README, a HCPCS drug, and some edits."""
    release = MemoryRelease()
    release.add(PFS_2025_Q4, RVU_27250, RVU_27252, RVU_99213)
    release.add(GPCI_2025, gpci("AL", "ALABAMA", "1", "0.869", "0.575"), gpci("AK", "ALASKA", "1.5", "1.081", "0.592"))
    release.add(MUE_2026_Q2, mue("27250", "1", "2"), mue("27252", "1", "2"), mue("99213", "2", "3"))
    release.add(ADD_ON_2026_Q2)
    release.add(
        HCPCS_2025_Q4,
        hcpcs("J1885", "Injection, ketorolac tromethamine, per 15 mg", coverage="D", pricing="51", betos="O1E"),
        hcpcs("J0001", "Drug that ended", terminated="2024-12-31", cross_references="J1885"),
    )
    release.add(WORDING, wording("cpt", "27250", "Hip put back", "The clinician moves the leg."))
    title = "Unspecified dislocation of left hip, initial encounter"
    release.add(
        ICD_FY2026,
        order("S73005A", title),
        note("S73", "excludes2", "strain of muscle, fascia and tendon of hip and thigh (S76.-)"),
        note("S73", "includes", "avulsion of joint or ligament of hip"),
        note("19", "note", "Use secondary code(s) from Chapter 20"),
    )
    release.records += [
        record("cpt", code, begins="2025-10-01", edition=PFS_2025_Q4) for code in ("27250", "27252", "99213")
    ]
    release.records += [
        record("hcpcs", "J0001", "Drug that ended", begins="1993-01-01", ends="2024-12-31"),
        record("hcpcs", "J1885", "Injection, ketorolac tromethamine, per 15 mg", begins="1993-01-01"),
    ]
    begins = ICD_FY2026.begins.isoformat() if ICD_FY2026.begins else ""
    release.records += [
        record("icd10cm", "19", "Injury, poisoning", is_group=True, has_children=True),
        record("icd10cm", "S70-S79", "Injuries to the hip and thigh", parent="19", is_group=True, has_children=True),
        record("icd10cm", "S73", "Dislocation of hip", parent="S70-S79", has_children=True, billable=False),
        record("icd10cm", "S73005A", title, parent="S73", billable=True, begins=begins, edition=ICD_FY2026),
        record("icd10cm", "S73005D", "The same, subsequent encounter", parent="S73", billable=True, begins=begins),
    ]
    return release


def _in_force(row: Ptp, day: str) -> bool:
    return row.effective <= day and (not row.deleted or day <= row.deleted) and row.indicator != "9"


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
