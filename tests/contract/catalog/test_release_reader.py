"""What every reader of a release does, over the file adapter and the one in memory that unit tests use."""

from __future__ import annotations

from datetime import date

import pytest

from services.catalog.adapters.sqlite_release import SqliteRelease
from services.catalog.build.release import build_release
from services.catalog.domain.editions import DataSet, quarter
from services.catalog.domain.rows import Mue, PlainWording, Rvu
from services.catalog.importers.base import Root
from services.catalog.ports import PtpQuery
from tests.catalog_memory import PTP_2026_Q3, MemoryRelease, ptp
from tests.conftest import SAMPLE_DIR

PAIRS = [
    ptp("27250", "36000", "2020-01-01"),
    ptp("27250", "36001", "2020-01-01", "2026-08-15", "0"),
    ptp("27250", "36002", "2026-08-01"),
    ptp("27250", "99211", "2010-01-01", "2015-12-31"),
    ptp("27250", "99212", "2010-01-01", "2010-01-01", "9"),
    ptp("20610", "27250", "2022-01-01"),
]
HEADER = (
    "CPT only copyright\nColumn1/Column2 Edits\nColumn 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\t"
)
HEADER += "PTP Edit Rationale\n\t\tprior to 1996\tDate\tDate\t0=not allowed\t\n\t\t\t\t*=no data\t1=allowed\t\n"
HEADER += "\t\t\t\t\t9=not applicable\t\n"


def official_line(pair) -> str:
    effective, deleted = pair.effective.replace("-", ""), pair.deleted.replace("-", "") or "*"
    return "\t".join((pair.column_one, pair.column_two, "", effective, deleted, pair.indicator, pair.rationale))


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ptp")
    text = HEADER + "".join(f"{official_line(pair)}\r\n" for pair in PAIRS)
    (folder / "ccipra-v322r0-f1.txt").write_text(text, encoding="ascii")
    roots = [Root(SAMPLE_DIR, "sample"), Root(folder, "ptp")]
    built = build_release(roots, tmp_path_factory.mktemp("release"), lambda step: None)
    reader = SqliteRelease(built.database, built.id)
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def memory(sqlite):
    """The same release in memory: its nodes in order, and the rows that the tests ask for."""
    release = MemoryRelease(sqlite.release_id)
    for loaded in sqlite.editions:
        rows = PAIRS if loaded.edition == PTP_2026_Q3 else []
        for row_type in (Rvu, Mue, PlainWording):
            rows = [*rows, *(filed.row for filed in sqlite.rows(row_type, loaded.edition))]
        release.add(loaded.edition, *rows, complete=loaded.complete)

    def walk(system, parent):
        for node in sqlite.children(system, parent, "", 10_000):
            release.records.append(node)
            walk(system, node.code)

    for system in ("cpt", "hcpcs", "modifier"):
        walk(system, "")
    return release


@pytest.fixture(params=["sqlite", "memory"])
def reader(request):
    return request.getfixturevalue(request.param)


def query(**changed) -> PtpQuery:
    values = {"edition": PTP_2026_Q3, "code": "27250", "side": "column_one", "day": "2026-08-10", "in_force": True}
    return PtpQuery(**{**values, **changed})


def test_nodes_and_what_is_above_them(reader):
    code = reader.node("cpt", "27250")
    assert (code.system, code.code, code.display, code.is_group) == ("cpt", "27250", "27250", False)
    path = reader.path("cpt", "27250")
    assert path[0].parent == ""
    assert [one.parent for one in path[1:]] + [code.parent] == [one.code for one in path]
    assert all(one.is_group for one in path)
    assert reader.node("cpt", "00000") is None
    assert reader.node("nope", "27250") is None
    assert reader.path("cpt", "00000") == []


def test_children_page_by_page(reader):
    parent = reader.node("cpt", "27250").parent
    whole = reader.children("cpt", parent, "", 1000)
    found, after = [], ""
    while page := reader.children("cpt", parent, after, 2):
        found += page
        after = page[-1].code
    assert found == whole
    assert "27250" in [one.code for one in whole]
    assert reader.children("cpt", "nowhere", "", 10) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 1000])
def test_siblings_are_a_window_around_the_code(reader, limit):
    parent = reader.node("cpt", "99213").parent
    whole = [one.code for one in reader.children("cpt", parent, "", 1000)]
    window = [one.code for one in reader.siblings("cpt", "99213", limit)]
    assert "99213" in window
    assert len(window) == min(limit, len(whole))
    begin = whole.index(window[0])
    assert window == whole[begin : begin + len(window)]
    assert reader.siblings("cpt", "00000", limit) == []


def test_walking_through_all_codes(reader):
    found, after = [], ""
    while page := reader.codes_after("hcpcs", after, 7):
        found += [one.code for one in page]
        after = found[-1]
    assert len(found) == reader.count("hcpcs") > 20
    assert found == sorted(set(found))
    assert reader.count("nope") == 0


def test_ranges_hold_both_ends_and_no_groups(reader):
    assert [one.code for one in reader.in_range("cpt", "27250", "27254", "", 10)] == [
        "27250",
        "27252",
        "27253",
        "27254",
    ]
    assert [one.code for one in reader.in_range("cpt", "27250", "27254", "27252", 1)] == ["27253"]
    assert "27254" in [one.code for one in reader.in_range("cpt", "2725", "2725", "", 10)]


def test_near_codes_share_a_beginning(reader):
    near = [one.code for one in reader.near("cpt", "27251", 3)]
    assert 0 < len(near) <= 3
    assert near[0] in {"27250", "27252"}
    assert reader.near("cpt", "~", 3) == []


def test_rows_by_their_columns(reader):
    editions = {loaded.edition.data_set: loaded.edition for loaded in reader.editions}
    rvus = reader.rows(Rvu, editions[DataSet.PFS], code="27250")
    assert [filed.row.work for filed in rvus] == ["3.82"]
    assert rvus[0].edition == editions[DataSet.PFS]
    assert reader.rows(PlainWording, editions[DataSet.PLAIN_WORDING], code="27250", system="hcpcs") == []
    assert reader.rows(Rvu, quarter(DataSet.PFS, date(1999, 1, 1)), code="27250") == []


def test_pairs_in_force_on_a_day(reader):
    assert [filed.row.column_two for filed in reader.ptp(query(), 10, 0)] == ["36000", "36001", "36002"]
    assert [filed.row.column_two for filed in reader.ptp(query(day="2026-07-31"), 10, 0)] == ["36000", "36001"]
    assert [filed.row.column_two for filed in reader.ptp(query(day="2026-08-16"), 10, 0)] == ["36000", "36002"]
    assert [filed.row.column_two for filed in reader.ptp(query(in_force=False), 10, 0)] == ["99211", "99212"]
    assert [filed.row.column_one for filed in reader.ptp(query(side="column_two"), 10, 0)] == ["20610"]
    first = reader.ptp(query(), 1, 0)[0]
    assert (first.row.effective, first.row.deleted, first.row.indicator) == ("2020-01-01", "", "1")
    assert first.row.rationale == PAIRS[0].rationale


def test_pairs_are_paged_counted_and_filtered(reader):
    assert reader.ptp_count(query()) == 3
    assert [filed.row.column_two for filed in reader.ptp(query(), 1, 1)] == ["36001"]
    assert reader.ptp_count(query(contains="002")) == 1
    assert reader.ptp_count(query(contains="MISUSE OF")) == 3
    assert reader.ptp_count(query(contains="%")) == 0
    assert reader.ptp_count(query(code="00000")) == 0


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-07-15", ("2022-01-01", "2026-07-31")),
        ("2026-08-10", ("2026-08-01", "2026-08-15")),
        ("2026-08-16", ("2026-08-16", "")),
        ("2009-12-31", ("", "2009-12-31")),
    ],
)
def test_between_changes_the_pairs_stay_the_same(reader, day, expected):
    assert reader.ptp_changes(PTP_2026_Q3, "27250", day) == expected


def test_search_terms_are_other_words_than_the_description(reader):
    found = reader.search_terms("cpt", ["27250", "00000"])
    assert "00000" not in found
    for terms in found.values():
        assert all(terms)
