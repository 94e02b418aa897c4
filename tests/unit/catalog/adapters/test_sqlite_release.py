"""The reader over small releases, checked against what a plain reading of the rows says."""

from __future__ import annotations

import sqlite3
import threading
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.adapters.sqlite_release import NotAReleaseError, SqliteRelease
from services.catalog.domain.editions import Edition
from services.catalog.domain.rows import Mue, Ptp
from services.catalog.ports import PtpQuery
from tests.unit.catalog.build import official_files as files

DAYS = ("19960101", "20200101", "20200401", "20230331", "20231231")
PTP_ROWS = sorted(
    (one, two, "", effective, deleted, indicator, rationale)
    for one in ("27250", "27252", "G0463")
    for two, effective, deleted, indicator, rationale in (
        ("20000", "20200101", "*", "1", "Misuse of column two code with column one code"),
        ("20005", "20200101", "20230331", "1", "More extensive procedure"),
        ("20005", "20230401", "*", "0", "More extensive procedure"),
        ("20010", "20200401", "20200401", "9", "Mutually exclusive procedures"),
        ("27250", "19960101", "*", "0", "Sequential procedure"),
    )
    if one != two
)
CODES = ("0055T", "20000", "27220", "27250", "27252", "27253", "27254", "99202", "99213")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory):
    place = tmp_path_factory.mktemp("release")
    files.ptp(place / "in", PTP_ROWS)
    files.mue(place / "in", [(code, "1") for code in (*CODES, "D0120", "G0463")])
    files.order_file(
        place / "in",
        [("S73", 0, "Dislocation"), ("S730", 0, "Of hip"), ("S73005A", 1, "Initial"), ("S73005D", 1, "Subsequent")],
    )
    files.tabular(place / "in", "icd10cm-tabular-2026.xml", "Subluxation and dislocation of hip")
    files.descriptors(place / "in", [("27250", "the licensee's words")])
    built = files.build(place / "out", place / "in")
    reader = SqliteRelease(built.database, built.id)
    yield reader
    reader.close()


def iso(day: str) -> str:
    return "" if day == "*" else f"{day[:4]}-{day[4:6]}-{day[6:]}"


def ptp_edition(release):
    return next(loaded.edition for loaded in release.editions if loaded.edition.data_set == "ptp_practitioner")


@given(
    code=st.sampled_from(["27250", "27252", "20005", "G0463", "99999"]),
    side=st.sampled_from(["column_one", "column_two"]),
    day=st.sampled_from(["1995-12-31", "1996-01-01", "2020-03-31", "2020-04-01", "2023-03-31", "2023-04-01"]),
    in_force=st.booleans(),
    contains=st.sampled_from(["", "extensive", "MISUSE", "200", "g04", "nothing like it"]),
    limit=st.integers(1, 10),
    offset=st.integers(0, 5),
)
def test_ptp_rows_are_those_that_a_plain_reading_finds(release, code, side, day, in_force, contains, limit, offset):
    def is_in_force(row: Ptp) -> bool:
        return row.effective <= day and (not row.deleted or row.deleted >= day) and row.indicator != "9"

    def holds(row: Ptp, other: str) -> bool:
        return contains.lower() in other.lower() or contains.lower() in row.rationale.lower()

    expected = []
    for line, (one, two, before, effective, deleted, indicator, rationale) in enumerate(PTP_ROWS, 7):
        row = Ptp(one, two, before, iso(effective), iso(deleted), indicator, rationale, line)
        mine, other = (one, two) if side == "column_one" else (two, one)
        if mine == code and is_in_force(row) == in_force and holds(row, other):
            expected.append((other, row.effective, row))
    expected.sort()
    query = PtpQuery(ptp_edition(release), code, side, day, in_force, contains)
    found = release.ptp(query, limit, offset)
    assert [filed.row for filed in found] == [row for _, _, row in expected][offset : offset + limit]
    assert release.ptp_count(query) == len(expected)
    assert all(filed.file == "ccipra-v322r0-f1.txt" for filed in found)


@given(day=st.dates(date(1990, 1, 1), date(2030, 1, 1)))
def test_nothing_about_a_code_changes_within_the_interval_that_is_told(release, day):
    edition = ptp_edition(release)
    first, last = release.ptp_changes(edition, "27250", day.isoformat())
    assert first <= day.isoformat()
    assert not last or day.isoformat() <= last

    def state(at: str):
        return [
            release.ptp(PtpQuery(edition, "27250", side, at, True), 100, 0) for side in ("column_one", "column_two")
        ]

    here = state(day.isoformat())
    assert all(state(edge) == here for edge in (first, last) if edge)


def test_the_interval_of_a_code_without_edits_is_unbounded(release):
    assert release.ptp_changes(ptp_edition(release), "00000", "2026-01-01") == ("", "")


def test_nodes_of_each_system(release):
    hip = release.node("cpt", "27250")
    assert (hip.description, hip.file, hip.billable) == ("the licensee's words", "my_cpt_descriptors.txt", True)
    assert (hip.begins, hip.ends, hip.parent) == ("2026-04-01", "", "27000-27999")
    assert release.node("cpt", "27252").description == ""
    assert release.node("cdt", "D0120").parent == "D0000-D0999"
    assert release.node("hcpcs", "G0463").parent == "G"
    assert release.node("cpt", "0055T").parent == "0001T-9999T"
    assert release.node("cpt", "D0120") is None
    assert release.node("nothing", "27250") is None
    icd = release.node("icd10cm", "S73005A")
    assert (icd.display, icd.description, icd.billable, icd.has_children) == ("S73.005A", "Initial", True, False)
    assert release.node("icd10cm", "S70-S79").display == "S70-S79"


def test_a_code_that_only_the_order_file_names_stands_below_its_longest_beginning(release):
    assert [one.code for one in release.path("icd10cm", "S73005D")] == ["19", "S70-S79", "S73", "S730"]


def test_the_order_files_title_is_the_description_and_the_tabulars_is_kept_for_search(release):
    assert release.node("icd10cm", "S730").description == "Of hip"
    words = release.search_terms("icd10cm", ["S730", "S73005A", "NONE"])
    assert words["S730"] == ("Subluxation and dislocation of hip", "Luxation of hip")
    assert "NONE" not in words


@given(limit=st.integers(1, 5))
def test_children_come_page_by_page_without_gap_or_repeat(release, limit):
    everything = [one.code for one in release.children("cpt", "27000-27999", "", 100)]
    assert everything == ["27220", "27250", "27252", "27253", "27254"]
    paged: list[str] = []
    while page := release.children("cpt", "27000-27999", paged[-1] if paged else "", limit):
        paged += [one.code for one in page]
    assert paged == everything


def test_numbers_come_before_letters_at_the_top(release):
    top = [one.code for one in release.children("cpt", "", "", 100)]
    assert top == ["20000-29999", "90000-99999", "0001T-9999T"]


@pytest.mark.parametrize(
    ("code", "limit", "expected"),
    [
        ("27250", 3, ["27220", "27250", "27252"]),
        ("27220", 3, ["27220", "27250", "27252"]),
        ("27254", 3, ["27252", "27253", "27254"]),
        ("27252", 1, ["27252"]),
        ("27252", 99, ["27220", "27250", "27252", "27253", "27254"]),
        ("99999", 3, []),
    ],
)
def test_siblings_are_a_window_around_the_code(release, code, limit, expected):
    assert [one.code for one in release.siblings("cpt", code, limit)] == expected


def test_ranges_hold_both_ends_and_what_begins_with_the_last(release):
    assert [one.code for one in release.in_range("cpt", "27250", "27253", "", 9)] == ["27250", "27252", "27253"]
    assert [one.code for one in release.in_range("cpt", "27250", "27253", "27250", 1)] == ["27252"]
    assert [one.code for one in release.in_range("icd10cm", "S73", "S73", "", 9)] == [
        "S73",
        "S730",
        "S73005A",
        "S73005D",
    ]


def test_near_codes_share_the_longest_beginning(release):
    assert [one.code for one in release.near("cpt", "27251", 3)] == ["27250", "27252", "27253"]
    assert [one.code for one in release.near("cpt", "XXXXX", 3)] == []


def test_counting_and_walking_through_all_codes(release):
    walked, after = [], ""
    while batch := release.codes_after("cpt", after, 2):
        walked += [one.code for one in batch]
        after = walked[-1]
    assert walked == sorted({*CODES, "20005", "20010"})  # with those that only PTP rows name
    assert release.count("cpt") == len(walked)
    assert release.count("pos") == 0


def test_rows_of_unknown_editions_and_codes_are_none(release):
    edition = next(loaded.edition for loaded in release.editions if loaded.edition.data_set == "mue_practitioner")
    assert release.rows(Mue, edition, code="00000") == []
    assert release.rows(Mue, Edition(edition.data_set, "1999-Q1", None, None), code="27250") == []
    with pytest.raises(ValueError, match="not looked up"):
        release.rows(Mue, edition, **{"code = '' OR 1": "x"})


def test_threads_read_side_by_side(release):
    found, failed = [], []

    def read() -> None:
        try:
            found.extend(release.node("cpt", code).code for _ in range(50) for code in CODES)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(found) == 8 * 50 * len(CODES)


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\x00" + b"\x00" * 4096])
def test_what_is_no_release_is_refused(content, tmp_path: Path):
    path = tmp_path / "x.sqlite"
    path.write_bytes(content)
    with pytest.raises(NotAReleaseError):
        SqliteRelease(path, "x")


def test_a_release_of_another_format_is_refused(tmp_path: Path):
    path = tmp_path / "x.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA application_id = 1298360164; PRAGMA user_version = 999; CREATE TABLE a (b);")
    connection.close()
    with pytest.raises(NotAReleaseError, match="format 999"):
        SqliteRelease(path, "x")


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT * FROM ptp WHERE edition = 1 AND column_one = "27250" ORDER BY rowid LIMIT 5',
        'SELECT * FROM ptp WHERE edition = 1 AND column_two = "27250" ORDER BY rowid LIMIT 5',
        'SELECT * FROM mue WHERE edition = 1 AND code = "27250"',
        'SELECT * FROM node WHERE system = "cpt" AND code = "27250"',
        'SELECT * FROM node WHERE system = "cpt" AND parent = "27000" AND sort_key > "" ORDER BY sort_key LIMIT 5',
    ],
)
def test_look_ups_use_an_index_and_sort_nothing(release, sql):
    plan = " ".join(str(row) for row in release._all(f"EXPLAIN QUERY PLAN {sql}"))
    assert "USING INDEX" in plan
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan
