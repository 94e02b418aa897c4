"""Medicare coverage: relative values and payment under the Physician Fee Schedule, nationally and by locality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import fees
from ..editions import DataSet
from ..facts import DiagnosisFacts, Icd9Facts, InpatientFacts, ProcedureFacts
from ..fees import Setting
from ..filed import Filed
from ..page import Entries, Entry, EntryList, Kind, Section
from ..rows import Gpci, Rvu
from .draft import absent, fact, section, use
from .guidelines import status_sentence

NAME = "medicare_coverage"

_SETTING_NAMES = {Setting.NON_FACILITY: "office or other non-facility", Setting.FACILITY: "facility"}
_NATIONAL_KINDS = {
    Setting.NON_FACILITY: Kind.PAYMENT_NATIONAL_NON_FACILITY,
    Setting.FACILITY: Kind.PAYMENT_NATIONAL_FACILITY,
}
_LOCALITY_KINDS = {
    Setting.NON_FACILITY: Kind.PAYMENT_LOCALITY_NON_FACILITY,
    Setting.FACILITY: Kind.PAYMENT_LOCALITY_FACILITY,
}
_LEFT_OUT = "before the lower of charge and fee, sequestration and other adjustments"


def for_diagnosis(facts: DiagnosisFacts) -> Section:
    return section(NAME, facts.question, "", [], [absent("Coverage articles (MCD)")])


def for_inpatient(facts: InpatientFacts) -> Section:
    """An inpatient stay is paid by its MS-DRG, not by procedure."""
    return section(NAME, facts.question, "", [], [absent("MS-DRG payment"), absent("LCD, NCD and articles (MCD)")])


def for_icd9(facts: Icd9Facts) -> Section:
    return section(NAME, facts.question, "", [], [absent("Coverage before October 2015")])


def for_procedure(facts: ProcedureFacts) -> Section:
    values = [entry for filed in facts.rvus for entry in _values(filed)]
    paid = [filed for filed in facts.rvus if fees.is_paid(filed.row)]
    national = [entry for filed in paid for entry in _national(filed)]
    lists: list[EntryList] = [Entries([*values, *national])]
    lists += [LocalityFees(filed, facts.gpcis) for filed in paid]
    uses = [use(DataSet.PFS, facts.chosen[DataSet.PFS], found=facts.rvu is not None)]
    if paid:  # without a payment there is nothing to adjust by locality
        uses.append(use(DataSet.GPCI, facts.chosen[DataSet.GPCI], found=bool(facts.gpcis), many=True))
    uses += [absent("OPPS"), absent("CLFS"), absent("LCD, NCD and articles (MCD)")]
    return section(NAME, facts.question, _summary(facts), lists, uses)


@dataclass(frozen=True, slots=True)
class LocalityFees:
    """The payments of one fee schedule row in every locality and setting, worked out as far as they are shown."""

    filed: Filed[Rvu]
    gpcis: Sequence[Filed[Gpci]]

    def count(self, q: str) -> int:
        return len(self._all(q)) if q else 2 * len(self.gpcis)

    def cut(self, q: str, offset: int, limit: int) -> Sequence[Entry]:
        if q:
            return self._all(q)[offset : offset + limit]
        return [self._entry(index) for index in range(offset, min(offset + limit, 2 * len(self.gpcis)))]

    def _all(self, q: str) -> list[Entry]:
        folded = q.casefold()
        entries = (self._entry(index) for index in range(2 * len(self.gpcis)))
        return [entry for entry in entries if entry.contains(folded)]

    def _entry(self, index: int) -> Entry:
        gpci = self.gpcis[index // 2]
        setting = list(Setting)[index % 2]
        where = gpci.row
        amount = fees.amount(self.filed.row, setting, fees.indices(where))
        text = f"{fees.dollars(amount)} in {where.name}, {where.state} ({_SETTING_NAMES[setting]})"
        text += f"; GPCI {where.work}, {where.pe}, {where.mp}."
        label = _label(f"{where.state} {where.locality} {where.name}", self.filed.row)
        return fact(gpci, _LOCALITY_KINDS[setting], text, value=str(amount), label=label)


def headline_rvu(row: Rvu) -> str:
    """The total relative value: one figure where the settings agree, else both."""
    if row.total_non_facility == row.total_facility or row.na_non_facility:
        return row.total_facility
    if row.na_facility:
        return row.total_non_facility
    return f"{row.total_non_facility} office, {row.total_facility} facility"


def headline_payment(row: Rvu) -> str:
    """The national payment: one amount where the settings agree, else both; "" if the row is not a payment."""
    if not fees.is_paid(row):
        return ""
    office, facility = fees.amount(row, Setting.NON_FACILITY), fees.amount(row, Setting.FACILITY)
    if office == facility or row.na_non_facility:
        return fees.dollars(facility)
    if row.na_facility:
        return fees.dollars(office)
    return f"{fees.dollars(office)} office, {fees.dollars(facility)} facility"


def _values(filed: Filed[Rvu]) -> list[Entry]:
    row = filed.row
    note = "" if fees.is_paid(row) else f" Not a payment: status {row.status}."
    figures = [
        (Kind.RVU_WORK, row.work, "Work RVU"),
        (Kind.RVU_PE_NON_FACILITY, row.pe_non_facility, "Practice expense RVU, non-facility"),
        (Kind.RVU_PE_FACILITY, row.pe_facility, "Practice expense RVU, facility"),
        (Kind.RVU_MP, row.mp, "Malpractice RVU"),
        (Kind.RVU_TOTAL_NON_FACILITY, row.total_non_facility, "Total RVU, non-facility"),
        (Kind.RVU_TOTAL_FACILITY, row.total_facility, "Total RVU, facility"),
        (Kind.CONVERSION_FACTOR, row.conversion_factor, "Conversion factor"),
    ]
    return [
        fact(filed, kind, f"{_label(label, row)}: {value}.{note}", value=value, label=_label(label, row))
        for kind, value, label in figures
        if value
    ]


def _national(filed: Filed[Rvu]) -> list[Entry]:
    row = filed.row
    unusual = {Setting.NON_FACILITY: row.na_non_facility, Setting.FACILITY: row.na_facility}
    found = []
    for setting in Setting:
        amount = fees.amount(row, setting)
        what = f"{_SETTING_NAMES[setting]}, modifier {row.modifier}" if row.modifier else _SETTING_NAMES[setting]
        text = f"{fees.dollars(amount)} national ({what}), {_LEFT_OUT}."
        if unusual[setting]:
            text += " Rarely or never done in this setting (NA)."
        label = _label(f"National payment, {_SETTING_NAMES[setting]}", row)
        found.append(fact(filed, _NATIONAL_KINDS[setting], text, value=str(amount), label=label))
    return found


def _label(label: str, row: Rvu) -> str:
    return f"{label}, {row.modifier}" if row.modifier else label


def _summary(facts: ProcedureFacts) -> str:
    if not facts.rvu:
        if facts.chosen[DataSet.PFS].complete:
            return "Not in the Physician Fee Schedule; OPPS, CLFS and coverage documents are not loaded."
        return ""
    row = facts.rvu.row
    payment = headline_payment(row)
    if not payment:
        return f"No fee schedule payment. {status_sentence(row)}"
    return f"RVU {headline_rvu(row)}. National {payment}."
