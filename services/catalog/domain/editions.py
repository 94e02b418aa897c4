"""Editions: one official publication of one data set, with the dates it is in force.

Periods follow the publishers: PFS, MUE, PTP, add-on codes and HCPCS a quarter; GPCI and localities a calendar year;
ICD-10-CM and its indexes, ICD-10-PCS, ICD-9-CM and the GEMs the federal fiscal year, October to September.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class DataSet(StrEnum):
    """The data sets that the catalog knows. The value is part of every edition id and of the release id."""

    ICD10CM = "icd10cm"
    ICD10CM_INDEX = "icd10cm_index"
    ICD10CM_EXTERNAL_CAUSES = "icd10cm_external_causes"
    ICD10CM_DRUGS = "icd10cm_drugs"
    ICD10CM_NEOPLASMS = "icd10cm_neoplasms"
    ICD10PCS = "icd10pcs"
    ICD10PCS_TABLES = "icd10pcs_tables"
    ICD9CM = "icd9cm"
    ICD9PROC = "icd9proc"
    GEM_DIAGNOSES = "gem_diagnoses"
    GEM_PROCEDURES = "gem_procedures"
    HCPCS = "hcpcs"
    PFS = "pfs"
    GPCI = "gpci"
    LOCALITY = "locality"
    PTP_PRACTITIONER = "ptp_practitioner"
    PTP_HOSPITAL = "ptp_hospital"
    MUE_PRACTITIONER = "mue_practitioner"
    MUE_OUTPATIENT_HOSPITAL = "mue_outpatient_hospital"
    MUE_DME_SUPPLIER = "mue_dme_supplier"
    ADD_ON = "add_on"
    CPT_DESCRIPTORS = "cpt_descriptors"
    PLAIN_WORDING = "plain_wording"


TITLES: dict[DataSet, str] = {
    DataSet.ICD10CM: "ICD-10-CM",
    DataSet.ICD10CM_INDEX: "ICD-10-CM alphabetic index",
    DataSet.ICD10CM_EXTERNAL_CAUSES: "ICD-10-CM index of external causes",
    DataSet.ICD10CM_DRUGS: "ICD-10-CM table of drugs and chemicals",
    DataSet.ICD10CM_NEOPLASMS: "ICD-10-CM table of neoplasms",
    DataSet.ICD10PCS: "ICD-10-PCS",
    DataSet.ICD10PCS_TABLES: "ICD-10-PCS tables",
    DataSet.ICD9CM: "ICD-9-CM diagnoses",
    DataSet.ICD9PROC: "ICD-9-CM procedures",
    DataSet.GEM_DIAGNOSES: "GEMs, diagnoses",
    DataSet.GEM_PROCEDURES: "GEMs, procedures",
    DataSet.HCPCS: "HCPCS Level II",
    DataSet.PFS: "Physician Fee Schedule",
    DataSet.GPCI: "GPCI",
    DataSet.LOCALITY: "Medicare localities",
    DataSet.PTP_PRACTITIONER: "NCCI PTP edits, practitioner",
    DataSet.PTP_HOSPITAL: "NCCI PTP edits, hospital",
    DataSet.MUE_PRACTITIONER: "MUE, practitioner",
    DataSet.MUE_OUTPATIENT_HOSPITAL: "MUE, outpatient hospital",
    DataSet.MUE_DME_SUPPLIER: "MUE, DME supplier",
    DataSet.ADD_ON: "NCCI add-on codes",
    DataSet.CPT_DESCRIPTORS: "CPT descriptors (licensee's file)",
    DataSet.PLAIN_WORDING: "Medcodes plain wording",
}


@dataclass(frozen=True, order=True)
class Edition:
    """One publication of one data set.

    `name` is short and sorts within a data set ("2025-Q4", "FY2026", "2025"); `begins` and `ends` are both included;
    None is unbounded (a licensee's own files carry no period).
    """

    data_set: DataSet
    name: str
    begins: date | None
    ends: date | None

    @property
    def id(self) -> str:
        return f"{self.data_set}/{self.name}"

    @property
    def title(self) -> str:
        return f"{TITLES[self.data_set]} {self.name}".rstrip()

    def covers(self, day: date) -> bool:
        return (self.begins is None or self.begins <= day) and (self.ends is None or day <= self.ends)


def quarter(data_set: DataSet, day: date) -> Edition:
    """The edition of the calendar quarter that holds `day`."""
    number = (day.month - 1) // 3
    begins = date(day.year, number * 3 + 1, 1)
    after = date(day.year + (number == 3), (number + 1) % 4 * 3 + 1, 1)
    return Edition(data_set, f"{day.year}-Q{number + 1}", begins, after - timedelta(days=1))


def calendar_year(data_set: DataSet, year: int) -> Edition:
    return Edition(data_set, str(year), date(year, 1, 1), date(year, 12, 31))


def fiscal_year(data_set: DataSet, year: int) -> Edition:
    """The federal fiscal year: FY2026 runs from 2025-10-01 to 2026-09-30."""
    return Edition(data_set, f"FY{year}", date(year - 1, 10, 1), date(year, 9, 30))


def undated(data_set: DataSet) -> Edition:
    return Edition(data_set, "", None, None)
