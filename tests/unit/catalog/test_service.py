"""The use cases over a release in memory."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from medcodes.catalog.v1 import catalog_pb2 as pb

from services.catalog import messages
from services.catalog.domain.page import FIRST_ENTRIES, State, Status
from services.catalog.service import Catalog
from services.common.errors import InvalidArgument, NotFound, Unavailable
from tests.catalog_memory import (
    ADD_ON_2026_Q2,
    HCPCS_2025_Q4,
    PTP_2026_Q3,
    PTP_HOSPITAL_2026_Q3,
    MemoryRelease,
    MemoryReleases,
    hcpcs,
    hip_release,
    ptp,
    record,
)

TODAY = date(2026, 11, 23)


def catalog(release: MemoryRelease | None = None, today: date = TODAY) -> Catalog:
    return Catalog(MemoryReleases(release or hip_release()), lambda: today)


def page(system, code, on="", *, of=None):
    found = of or catalog()
    return found.get_code_page(found.ask(system, code, on))


def section(found, name):
    return next(one for one in found.sections if one.section.name == name)


def with_pairs(count: int = 120, **kept) -> MemoryRelease:
    pairs = [ptp("27250", f"{36000 + number}", "2020-01-01") for number in range(count)]
    ended = [ptp("27250", "99211", "2010-01-01", "2015-12-31"), ptp("27250", "99212", "2010-01-01", "2010-01-01", "9")]
    return hip_release().add(PTP_2026_Q3, *pairs, *ended, ptp("20610", "27250", "2022-01-01"), **kept)


def test_six_sections_in_a_fixed_order():
    names = [one.section.name for one in page("cpt", "27250").sections]
    assert names == ["guidelines", "modifiers", "crosswalks", "ncci_edits", "compliance", "medicare_coverage"]


@pytest.mark.parametrize("typed", ["S73.005A", "s73005a", "s73.005 a"])
def test_any_spelling_finds_the_code(typed):
    found = page("icd10cm", typed)
    assert (found.record.code, found.record.display) == ("S73005A", "S73.005A")


def test_without_a_date_sections_say_since_when_they_are_outdated():
    found = page("cpt", "27250")
    assert section(found, "guidelines").section.outdated_since == date(2026, 1, 1)
    assert section(found, "ncci_edits").section.outdated_since == date(2026, 7, 1)
    assert section(page("icd10cm", "S73005A"), "guidelines").section.outdated_since == date(2026, 10, 1)


def test_on_a_date_everything_is_strict():
    found = page("cpt", "27250", "2025-11-01")
    assert section(found, "guidelines").section.state is State.AVAILABLE
    assert section(found, "ncci_edits").section.state is State.NO_DATA  # the MUE table is of 2026
    assert not any(one.section.outdated_since for one in found.sections)
    in_spring = page("cpt", "27250", "2026-05-01")
    assert section(in_spring, "medicare_coverage").section.state is State.NO_DATA
    assert section(in_spring, "ncci_edits").section.state is State.AVAILABLE


def test_a_date_that_no_edition_covers():
    with pytest.raises(NotFound) as caught:
        page("cpt", "27250", "2024-01-01")
    assert caught.value.reason == "DATE_NOT_COVERED"


def test_retired_active_and_future_codes():
    assert page("hcpcs", "J1885").status is Status.ACTIVE
    assert page("hcpcs", "J1885").billable is True
    retired = page("hcpcs", "J0001")
    assert (retired.status, retired.billable, retired.effective_to) == (Status.RETIRED, False, "2024-12-31")
    coming = hip_release()
    coming.add(HCPCS_2025_Q4, hcpcs("J9999", "To come", added="2027-01-01"))
    coming.records.append(record("hcpcs", "J9999", "To come", begins="2027-01-01"))
    future = page("hcpcs", "J9999", of=catalog(coming))
    assert (future.status, future.billable) == (Status.FUTURE, False)
    assert future.same.last == date(2026, 12, 31)


def test_a_retired_code_names_its_successor():
    crosswalks = section(page("hcpcs", "J0001"), "crosswalks")
    assert crosswalks.section.summary == "Replaced by J1885."
    assert page("hcpcs", "J0001").related[("hcpcs", "J1885")].description.startswith("Injection")


def test_diagnoses_have_no_modifiers_and_no_edits_but_siblings():
    found = page("icd10cm", "S73005A")
    assert section(found, "modifiers").section.state is State.NONE
    assert "S73.005D" in section(found, "modifiers").section.summary
    assert section(found, "ncci_edits").section.state is State.NONE
    assert section(found, "crosswalks").section.state is State.NO_DATA


def test_notes_come_from_the_code_and_everything_above_it():
    labels = [entry.label for entry in section(page("icd10cm", "S73005A"), "guidelines").entries]
    assert labels[:3] == ["Excludes2 (S73)", "Includes (S73)", "Note (chapter 19)"]


def test_no_ptp_table_is_no_data_not_no_edits():
    edits = section(page("cpt", "27250"), "ncci_edits")
    assert "PTP practitioner: no data" in edits.section.summary
    labels = {entry.label for entry in edits.entries if entry.value == "no_data"}
    assert {"NCCI PTP edits, practitioner", "NCCI PTP edits, hospital"} <= labels


def test_an_incomplete_ptp_table_never_counts_to_none():
    release = hip_release().add(PTP_2026_Q3, ptp("1", "2", "2020-01-01"), complete=False)
    summary = section(page("cpt", "27250", of=catalog(release)), "ncci_edits").section.summary
    assert "PTP practitioner: no data, loaded only in part." in summary
    assert " 0 pairs" not in summary


def test_long_lists_are_cut_on_the_page_and_paged_through():
    found = catalog(with_pairs())
    edits = section(page("cpt", "27250", of=found), "ncci_edits")
    assert len(edits.entries) == FIRST_ENTRIES
    assert "120 pairs as column one, 1 as column two" in edits.section.summary
    asked = found.ask("cpt", "27250", "")
    entries, cursor = list(edits.entries), edits.next_cursor
    while cursor:
        answer = found.get_section(asked, "ncci_edits", cursor, "", 50)
        entries += answer.page.entries
        cursor = answer.page.next_cursor
    assert len(entries) == edits.total
    pairs = [entry.related[1] for entry in entries if entry.kind == "ptp_practitioner"]
    assert len(pairs) == len(set(pairs)) == 123
    assert pairs[120:] == ["20610", "99211", "99212"]  # in force first, then the ended ones


def test_a_filter_keeps_what_contains_it():
    found = catalog(with_pairs())
    answer = found.get_section(found.ask("cpt", "27250", ""), "ncci_edits", "", "36007", 0)
    assert [entry.related for entry in answer.page.entries if entry.related] == [("cpt", "36007")]
    localities = found.get_section(found.ask("cpt", "27250", ""), "medicare_coverage", "", "alaska", 0)
    assert localities.page.total == 2


def test_on_a_date_only_the_pairs_in_force_then_are_shown():
    found = page("cpt", "27250", "2026-08-01", of=catalog(with_pairs(2)))
    pairs = [entry.related[1] for entry in section(found, "ncci_edits").entries if entry.related]
    assert pairs == ["36000", "36001", "20610"]


def test_with_whole_ptp_tables_59_asks_for_the_pair():
    release = with_pairs().add(PTP_HOSPITAL_2026_Q3)
    modifiers = section(page("cpt", "27250", of=catalog(release)), "modifiers")
    assert next(entry.value for entry in modifiers.entries if entry.label.startswith("59")) == "documentation"


@pytest.mark.parametrize("system", ["icd11", "", "ICD10CM"])
def test_unknown_systems(system):
    with pytest.raises(NotFound) as caught:
        page(system, "27250")
    assert caught.value.reason == "SYSTEM_NOT_FOUND"


def test_a_system_that_the_release_does_not_hold():
    with pytest.raises(NotFound) as caught:
        page("icd10pcs", "0SRB019")
    assert caught.value.reason == "SYSTEM_NOT_FOUND"


@pytest.mark.parametrize(
    ("system", "code", "near"), [("cpt", "27251", "27250,27252"), ("icd10cm", "S73.006A", "S73.005A,")]
)
def test_unknown_codes_come_with_near_matches(system, code, near):
    with pytest.raises(NotFound) as caught:
        page(system, code)
    assert caught.value.reason == "CODE_NOT_FOUND"
    assert caught.value.metadata["near"].startswith(near)


def test_a_group_has_no_page():
    with pytest.raises(NotFound) as caught:
        page("icd10cm", "19")
    assert caught.value.reason == "CODE_NOT_FOUND"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("cpt", "2" * 17, ""), "code"),
        (("cpt", "２７２５０", ""), "code"),
        (("cpt", "", ""), "code"),
        (("cpt", "27250", "yesterday"), "on"),
        (("cpt", "27250", "1899-12-31"), "on"),
    ],
)
def test_bad_questions_name_the_field(arguments, field):
    with pytest.raises(InvalidArgument) as caught:
        catalog().ask(*arguments)
    assert list(caught.value.fields) == [field]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("nothing", "", "", 0), "section"),
        (("ncci_edits", "x", "", 0), "cursor"),
        (("ncci_edits", "", "q" * 101, 0), "q"),
        (("ncci_edits", "", "", 501), "limit"),
    ],
)
def test_bad_section_requests_name_the_field(arguments, field):
    found = catalog()
    with pytest.raises(InvalidArgument) as caught:
        found.get_section(found.ask("cpt", "27250", ""), *arguments)
    assert list(caught.value.fields) == [field]


def test_browsing_from_the_top_down():
    found = catalog()
    top = found.list_codes("icd10cm", "", "", "", 0)
    assert [one.code for one in top.items] == ["19"]
    below = found.list_codes("icd10cm", "s73", "", "", 1)
    assert [one.code for one in below.path] == ["19", "S70-S79", "S73"]
    assert [one.code for one in below.items] == ["S73005A"]
    rest = found.list_codes("icd10cm", "s73", "", below.next_cursor, 1)
    assert ([one.code for one in rest.items], rest.next_cursor) == (["S73005D"], "")


def test_browsing_a_range():
    found = catalog().list_codes("cpt", "", "27250-27252", "", 0)
    assert [one.code for one in found.items] == ["27250", "27252"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("cpt", "", "27250", "", 0), "range"),
        (("cpt", "", "27252-27250", "", 0), "range"),
        (("cpt", "", "27250-<", "", 0), "range"),
        (("cpt", "2", "27250-27252", "", 0), "range"),
        (("cpt", "p" * 17, "", "", 0), "parent"),
        (("cpt", "", "", "x", 0), "cursor"),
        (("cpt", "", "", "", 501), "limit"),
    ],
)
def test_bad_browse_requests_name_the_field(arguments, field):
    with pytest.raises(InvalidArgument) as caught:
        catalog().list_codes(*arguments)
    assert list(caught.value.fields) == [field]


def test_browsing_below_what_is_not_there():
    with pytest.raises(NotFound):
        catalog().list_codes("icd10cm", "Z99", "", "", 0)
    with pytest.raises(NotFound):
        catalog().list_codes("icd10pcs", "", "", "", 0)


def test_batches_tell_found_from_missing():
    keys = [
        ("cpt", "27250"),
        ("icd10cm", "s73.005a"),
        ("cpt", "00000"),
        ("cpt", "x" * 20),
        ("nope", "1"),
        ("icd10cm", "19"),
    ]
    found = catalog().batch_get(keys, "")
    assert [one.code for one in found.found] == ["27250", "S73005A"]
    assert found.missing == keys[2:]


def test_a_batch_on_a_date_leaves_out_what_was_not_in_force():
    assert catalog().batch_get([("hcpcs", "J0001")], "2025-11-01").missing == [("hcpcs", "J0001")]
    assert not catalog().batch_get([("hcpcs", "J0001")], "2024-11-01").missing


def test_a_batch_has_a_bound():
    with pytest.raises(InvalidArgument):
        catalog().batch_get([("cpt", "27250")] * 201, "")


async def test_the_stream_holds_every_code_once():
    batches = [batch async for batch in catalog().stream_codes("")]
    codes = [(one.record.system, one.record.code) for batch in batches for one in batch.codes]
    assert len(codes) == len(set(codes)) == batches[0].total == 8
    hip = next(one for batch in batches for one in batch.codes if one.record.code == "S73005A")
    assert hip.chapter == "Injury, poisoning"
    assert "hip" in hip.terms[-1]  # the plain-language description


async def test_the_stream_of_another_release_is_refused():
    with pytest.raises(Unavailable) as caught:
        [batch async for batch in catalog().stream_codes("r2")]
    assert caught.value.reason == "NO_RELEASE"


def test_without_a_release_there_is_no_answer():
    empty = Catalog(MemoryReleases(None), lambda: TODAY)
    with pytest.raises(Unavailable) as caught:
        page("cpt", "27250", of=empty)
    assert caught.value.reason == "NO_RELEASE"


def test_a_release_is_let_go_after_every_answer():
    releases = MemoryReleases(hip_release())
    found = Catalog(releases, lambda: TODAY)
    page("cpt", "27250", of=found)
    with pytest.raises(NotFound):
        page("cpt", "27251", of=found)
    assert releases.held == 0


def test_systems_are_listed_with_what_is_held_of_them():
    found = catalog().list_systems()
    assert [(one.system.system, one.codes) for one in found.systems] == [("icd10cm", 3), ("cpt", 3), ("hcpcs", 2)]


DATED = hip_release().add(
    PTP_2026_Q3,
    ptp("27250", "36000", "2026-08-01"),
    ptp("27250", "36001", "2020-01-01", "2026-08-15"),
    ptp("20610", "27250", "2020-01-01", "2026-09-10"),
).add(ADD_ON_2026_Q2)  # fmt: skip
DAYS = st.dates(date(2024, 6, 1), date(2027, 6, 1))


@settings(deadline=None, max_examples=150)
@given(st.sampled_from([("cpt", "27250"), ("hcpcs", "J0001"), ("icd10cm", "S73005A")]), DAYS, DAYS, st.booleans())
def test_a_page_is_the_same_on_every_day_of_its_interval(key, day, other, strict):
    def answer(of: date) -> pb.CodePage | str:
        found = catalog(DATED, TODAY if strict else of)
        try:
            return found.get_code_page(found.ask(*key, of.isoformat() if strict else ""))
        except NotFound as error:
            return error.reason

    here = answer(day)
    if not isinstance(here, str) and here.same.holds(other):
        there = answer(other)
        assert messages.code_page(here) == messages.code_page(there)


def test_a_page_is_dated_without_being_parsed():
    content = pb.GetCodePageResponse(page=messages.code_page(page("cpt", "27250", "2025-11-01"))).SerializeToString()
    dated = pb.GetCodePageResponse.FromString(messages.page_on(content, date(2025, 11, 1))).page
    assert dated.on == "2025-11-01"
    assert len(dated.sections) == 6
    assert messages.page_on(content, None) == content
