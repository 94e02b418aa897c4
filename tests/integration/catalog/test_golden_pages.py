"""Three pages, checked line by line against the official files (RVU25D, MUE 2026 Q2), and some others."""

from __future__ import annotations

import time
from datetime import date

import pytest

from services.catalog.domain.page import State


def page(catalog, system, code, on=""):
    return catalog.get_code_page(catalog.ask(system, code, on))


def section(found, name):
    return next(one for one in found.sections if one.section.name == name)


def values(found, name):
    """The first value of each kind in a section."""
    kinds = {}
    for entry in section(found, name).entries:
        kinds.setdefault(entry.kind.value, entry.value)
    return kinds


def modifiers(found):
    return {entry.label.split(",")[0]: entry for entry in section(found, "modifiers").entries}


def glance(found):
    return [(one.label, one.value) for one in found.glance]


def test_27250(catalog):
    found = page(catalog, "cpt", "27250")
    coverage = values(found, "medicare_coverage")
    assert (coverage["rvu_work"], coverage["rvu_pe_facility"], coverage["rvu_mp"]) == ("3.82", "0.77", "0.80")
    assert coverage["payment_national_facility"] == "174.35"
    guidelines = section(found, "guidelines").section
    assert guidelines.summary == (
        "Active; paid separately if covered. The package is the day of the procedure; a same-day visit needs 25."
    )
    assert values(found, "guidelines")["status_indicator"] == "A"
    assert values(found, "guidelines")["global_days"] == "000"
    assert values(found, "ncci_edits")["mue_practitioner"] == "1"
    assert values(found, "compliance")["mue_adjudication"] == "2"
    assert glance(found)[:5] == [
        ("Global", "000"),
        ("Bilateral", "1"),
        ("MUE", "1 a day"),
        ("Assistant", "1"),
        ("RVU", "5.39"),
    ]
    allowed = modifiers(found)
    assert {allowed[name].value for name in ("50", "LT", "RT", "58", "78", "79")} == {"allowed"}
    not_allowed = ("54", "55", "56", "62", "66", "80", "81", "82", "AS", "26", "TC")
    assert {allowed[name].value for name in not_allowed} == {"not_allowed"}
    assert allowed["51"].value == "2"
    assert "statute" in allowed["80"].text
    assert "earlier procedure" in allowed["78"].text
    assert {allowed[name].value for name in ("59", "XE", "XP", "XS", "XU")} == {"no_data"}


def test_27250_never_passes_no_data_off_as_no_edits(catalog):
    edits = section(page(catalog, "cpt", "27250"), "ncci_edits")
    missing = {entry.label for entry in edits.entries if entry.kind == "no_data"}
    assert {"NCCI PTP edits, practitioner", "NCCI PTP edits, hospital", "MUE, DME supplier"} <= missing
    assert " 0 pairs" not in edits.section.summary


def test_27252(catalog):
    found = page(catalog, "cpt", "27252")
    assert section(found, "guidelines").section.summary == (
        "Active; paid separately if covered. "
        "Major surgery: the day before, the day, 90 days after. A visit that decides on surgery needs 57."
    )
    shares = [entry.value for entry in section(found, "guidelines").entries if entry.kind == "global_share"]
    assert [float(share) for share in shares] == [0.10, 0.69, 0.21]
    assert "Pays 79%" in modifiers(found)["54"].text
    assert "Pays 21%" in modifiers(found)["55"].text
    assert modifiers(found)["56"].value == "not_allowed"
    assert values(found, "medicare_coverage")["payment_national_facility"] == "736.85"


def test_99213(catalog):
    found = page(catalog, "cpt", "99213")
    assert values(found, "guidelines")["global_days"] == "XXX"
    assert "No surgical package." in section(found, "guidelines").section.summary
    assert "Not surgery" in modifiers(found)["80"].text
    assert {modifiers(found)[name].value for name in ("24", "25", "57")} == {"documentation"}
    assert values(found, "ncci_edits")["mue_practitioner"] == "2"
    assert "appealable" in next(
        entry.text for entry in section(found, "compliance").entries if entry.kind == "mue_adjudication"
    )
    coverage = values(found, "medicare_coverage")
    assert coverage["payment_national_non_facility"] == "88.95"
    assert coverage["payment_national_facility"] == "63.72"


@pytest.mark.parametrize("code", ["27250", "27252", "99213"])
def test_every_fact_names_its_file_edition_and_line(catalog, code):
    for one in page(catalog, "cpt", code).sections:
        for entry in one.entries:
            if entry.kind == "no_data":
                continue
            assert entry.source.edition, entry
            # Rules that no file decides name the manual that does.
            assert (entry.source.file and entry.source.line) or "Manual" in entry.source.edition, entry
            assert entry.text, entry


def test_cpt_shows_the_project_s_own_words_and_says_what_is_missing(catalog):
    found = page(catalog, "cpt", "27250")
    assert found.official.text == ""
    assert "American Medical Association" in found.official.missing
    assert "hip" in found.common.text


def test_editions_that_have_ended_are_named(catalog):
    found = page(catalog, "cpt", "27250")
    assert section(found, "medicare_coverage").section.outdated_since == date(2026, 1, 1)
    assert section(found, "ncci_edits").section.outdated_since == date(2026, 7, 1)


def test_locality_payments_use_the_indices_of_the_fee_schedule_s_year(catalog):
    asked = catalog.ask("cpt", "99213", "")
    answer = catalog.get_section(asked, "medicare_coverage", "", "alaska", 0)
    assert {entry.source.edition for entry in answer.page.entries} == {"GPCI 2025"}
    assert [entry.value for entry in answer.page.entries] == ["112.20", "84.92"]


def test_a_drug_has_its_dates(catalog):
    found = page(catalog, "hcpcs", "J1885")
    assert (found.effective_from, found.effective_to, found.billable) == ("1993-01-01", "", True)
    assert "ketorolac" in found.official.text.lower()
    assert values(found, "compliance")["coverage_code"] == "D"
    assert values(found, "compliance")["code_dates"] == "1993-01-01"


def test_on_a_date_a_drug_is_answered_strictly(catalog):
    found = page(catalog, "hcpcs", "J1885", "2025-11-01")
    assert section(found, "compliance").section.state is State.AVAILABLE
    assert section(found, "ncci_edits").section.state is State.NO_DATA


def test_s73_005a(catalog, has_official_data):
    found = page(catalog, "icd10cm", "s73.005a")
    assert found.official.text == "Unspecified dislocation of left hip, initial encounter"
    assert "hip" in found.common.text
    assert found.billable is True
    assert [one.display for one in found.hierarchy.ancestors] == ["19", "S70-S79", "S73", "S73.0", "S73.00", "S73.005"]
    assert {one.display for one in found.hierarchy.siblings} == {"S73.005D", "S73.005S"}
    labels = {entry.label for entry in section(found, "guidelines").entries}
    assert {"Excludes2 (S73)", "Code also (S73)"} <= labels
    assert any("chapter 19" in label for label in labels)
    assert section(found, "modifiers").section.state is State.NONE
    assert section(found, "ncci_edits").section.state is State.NONE
    crosswalks = section(found, "crosswalks").section
    assert crosswalks.state is (State.AVAILABLE if has_official_data else State.NO_DATA)
    assert values(found, "compliance")["billable"] == "1"


def test_a_header_is_not_billable(catalog):
    found = page(catalog, "icd10cm", "S73.0")
    assert found.billable is False
    assert values(found, "compliance")["billable"] == "0"
    assert found.hierarchy.children


def test_add_on_and_primary_codes_name_each_other(catalog):
    add_on = page(catalog, "cpt", "15853")
    primaries = {entry.related[1] for entry in section(add_on, "crosswalks").entries if entry.kind == "primary_code"}
    assert "99213" in primaries
    assert values(add_on, "guidelines")["add_on_rule"] == "1"
    visit = section(page(catalog, "cpt", "99213"), "crosswalks")
    assert "15853" in {entry.related[1] for entry in visit.entries if entry.kind == "add_on_code"}


def test_a_page_is_put_together_quickly(catalog):
    asked = catalog.ask("cpt", "27250", "")
    catalog.get_code_page(asked)
    began = time.process_time()
    for _ in range(20):
        catalog.get_code_page(asked)
    assert (time.process_time() - began) / 20 < 0.02, "a page takes more than 20 ms of processor time"


def equivalents(found, kind):
    return [
        (entry.related[1], entry.value) for entry in section(found, "crosswalks").entries if entry.kind.value == kind
    ]


@pytest.mark.parametrize(
    ("system", "code", "leads_to"),
    [
        ("icd9cm", "835.00", [("S73006A", "10000")]),
        ("icd9cm", "250.00", [("E119", "10000")]),
        ("icd9cm", "401.9", [("I10", "10000"), ("I169", "10000")]),
        ("icd9cm", "V45.81", [("Z951", "00000")]),
        ("icd9cm", "E885.9", [("W1849XA", "10000")]),
        ("icd10cm", "S73.006A", [("83500", "10000")]),
        ("icd10cm", "I10", [("4010", "10000"), ("4011", "10000"), ("4019", "10000")]),
        ("icd10pcs", "0SR9019", [("0075", "10112"), ("8151", "10111")]),
    ],
)
def test_equivalent_codes_as_the_gems_file_them(catalog, has_official_data, system, code, leads_to):
    if not has_official_data:
        return
    assert equivalents(page(catalog, system, code), "equivalent_code") == leads_to


def test_a_code_of_icd9_is_retired_and_says_so(catalog, has_official_data):
    if not has_official_data:
        return
    found = page(catalog, "icd9cm", "835.00")
    assert (found.status.value, found.billable, found.effective_to) == ("retired", False, "2015-09-30")
    assert found.record.display == "835.00"
    crosswalks = section(found, "crosswalks").section
    assert (crosswalks.state, crosswalks.outdated_since) == (State.AVAILABLE, date(2018, 10, 1))
    assert crosswalks.summary == "ICD-10-CM: one equivalent code, approximate (GEMs, diagnoses FY2018)."
    then = page(catalog, "icd9cm", "835.00", on="2015-01-05")
    assert (then.status.value, then.billable) == ("active", True)
    assert section(then, "crosswalks").section.state is State.NO_DATA


def test_diagnoses_and_procedures_with_the_same_digits_are_two_codes(catalog, has_official_data):
    if not has_official_data:
        return
    cholera, chemo = page(catalog, "icd9cm", "0010"), page(catalog, "icd9proc", "0010")
    assert (cholera.record.display, chemo.record.display) == ("001.0", "00.10")
    assert cholera.official.text == "Cholera due to vibrio cholerae"
    assert chemo.official.text == "Implantation of chemotherapeutic agent"


def test_0sr9019(catalog, has_official_data):
    if not has_official_data:
        return
    found = page(catalog, "icd10pcs", "0SR9019")
    assert found.official.text.startswith("Replacement of Right Hip Joint with Metal Synthetic Substitute, Cemented")
    assert found.billable is True
    assert [one.description for one in found.hierarchy.ancestors] == [
        "Medical and Surgical",
        "Lower Joints",
        "Lower Joints, Replacement",
        "Replacement of Right Hip Joint",
    ]
    characters = [entry.text for entry in section(found, "guidelines").entries if entry.kind.value == "character"]
    assert characters[:5] == ["Medical and Surgical", "Lower Joints", "Replacement", "Hip Joint, Right", "Open"]
    assert page(catalog, "icd10pcs", "0SR").billable is False
