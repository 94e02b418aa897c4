"""What differs between two releases: real builds beside each other, and the walk beside a plain comparison."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.adapters.change_file import ChangeFile, NotChangesError
from services.catalog.build.changes import write_changes
from services.catalog.changes import Changes
from services.catalog.domain import changes
from services.catalog.domain.rows import Rvu
from services.common.errors import InvalidArgument, NotFound

from . import official_files as files

TODAY = date(2026, 8, 1)
keys = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3)), max_size=30).map(sorted)


class Kept:
    def __init__(self, current_id: str, *found: ChangeFile) -> None:
        self.current_id, self._found = current_id, {file.after: file for file in found}

    def changes(self):
        return self._found


def ptp(one: str, other: str, indicator: str = "1", deleted: str = "*"):
    return (one, other, "", "20250101", deleted, indicator, "Standards of practice")


def built(place: Path, *, mue="1", title="Dislocation of hip joint", codes=("27250", "27252"), edits=()):
    files.mue(place / "in", [(code, mue if code == "27250" else "2") for code in codes])
    files.order_file(place / "in", [("S730", 0, title), ("S73001A", 1, "Unspecified subluxation")])
    files.tabular(place / "in", "icd10cm_tabular_2026.xml", "Subluxation and dislocation of hip")
    files.ptp(place / "in", edits or [ptp("27250", "99213")])
    return files.build(place / "out", place / "in").database


def compared(tmp_path: Path, before: Path, after: Path) -> ChangeFile:
    target = tmp_path / f"{after.stem}.changes"
    write_changes(before, after, target, today=TODAY, now_ms=1_800_000_000_000)
    return ChangeFile(target)


def all_of(file: ChangeFile):
    return {(one.system, one.code): one for one in file.changed_after("", "", 500)}


def test_a_release_differs_in_nothing_from_itself(tmp_path):
    one = built(tmp_path / "one")
    assert all_of(compared(tmp_path, one, one)) == {}


def test_what_differs_is_told_by_code_with_section_and_values(tmp_path):
    one = built(tmp_path / "one", edits=[ptp("27250", "99213"), ptp("27252", "99213")])
    other = built(
        tmp_path / "other",
        mue="3",
        title="Dislocation of the hip joint",
        codes=("27250", "27253"),
        edits=[ptp("27250", "99213", "0"), ptp("27250", "99214")],
    )
    file = compared(tmp_path, one, other)
    found = all_of(file)
    assert (file.before, file.after) == (one.stem, other.stem)
    assert found["cpt", "27250"].sections == "ncci_edits"
    assert [fact[:5] for fact in file.facts("cpt", "27250")] == [
        ("ncci_edits", "mue_practitioner", "MUE, practitioner", "1", "3"),
        ("ncci_edits", "ptp_practitioner", "PTP edits, practitioner", "1 ended or changed", "2 new or changed"),
    ]
    assert file.facts("cpt", "27250")[0].edition == "MUE, practitioner 2026-Q2"
    assert (found["cpt", "27253"].kind, found["cpt", "27252"].kind) == ("added", "removed")
    assert found["icd10cm", "S730"].display == "S73.0"
    assert found["icd10cm", "S730"].described
    assert ("icd10cm", "S73001A") not in found
    assert sum(number for *_, number in file.counts()) == len(found)


def test_the_way_back_adds_what_was_removed(tmp_path):
    one, other = built(tmp_path / "one"), built(tmp_path / "other", codes=("27250", "27253"), mue="2")
    there, back = compared(tmp_path, one, other), compared(tmp_path, other, one)
    swapped = {"added": "removed", "removed": "added"}
    assert {key: swapped.get(one.kind, one.kind) for key, one in all_of(there).items()} == {
        key: one.kind for key, one in all_of(back).items()
    }


def test_pages_of_changes_and_diffs_over_two_releases(tmp_path):
    releases = [built(tmp_path / str(n), mue=str(n), title=f"Hip {min(n, 2)}") for n in (1, 2, 3)]
    found = [compared(tmp_path, *pair) for pair in pairwise(releases)]
    use = Changes(Kept(releases[2].stem, *found))
    wanted = [("cpt", "27250"), ("icd10cm", "S730"), ("cpt", "99999"), ("nonsense", "1")]
    pages, cursor = [], ""
    while True:
        page = use.of_codes(wanted, cursor, 1)
        pages += [(one.release, one.changed.code) for one in page.changes]
        cursor = page.next_cursor
        if not cursor:
            break
    newest, older = releases[2].stem, releases[1].stem
    assert pages == [(newest, "27250"), (older, "27250"), (older, "S730")]
    whole = use.diff(releases[0].stem, newest, "", 0)
    assert [one.code for one in whole.items] == ["27250", "S730"]
    first = use.diff(releases[0].stem, newest, "", 1)
    assert [one.code for one in use.diff(releases[0].stem, newest, first.next_cursor, 1).items] == ["S730"]
    assert use.diff(newest, newest, "", 0).items == []
    rolled_back = Changes(Kept(older, *found))
    assert [one.release for one in rolled_back.of_codes(wanted, "", 0).changes] == [older, older]


def test_what_cannot_be_answered_is_said(tmp_path):
    one, other = built(tmp_path / "one"), built(tmp_path / "other", mue="2")
    use = Changes(Kept(other.stem, compared(tmp_path, one, other)))
    for pair, reason in (((one.stem, "0" * 64), "RELEASE_NOT_FOUND"), ((other.stem, one.stem), "NO_DIFF")):
        with pytest.raises(NotFound) as refused:
            use.diff(*pair, "", 0)
        assert refused.value.reason == reason
    with pytest.raises(InvalidArgument):
        use.of_codes([], "x", 0)
    with pytest.raises(InvalidArgument):
        use.of_codes([], "", 501)
    (tmp_path / "bad.changes").write_bytes(b"no database")
    with pytest.raises(NotChangesError):
        ChangeFile(tmp_path / "bad.changes")


@given(keys, keys)
def test_the_walk_finds_what_a_plain_comparison_finds(before, after):
    walked = {at: (one, other) for at, one, other in changes.beside(before, after, lambda row: row[0])}
    plain = {
        at: ([row for row in before if row[0] == at], [row for row in after if row[0] == at])
        for at in sorted({row[0] for row in (*before, *after)})
    }
    assert list(walked.items()) == list(plain.items())


@given(st.dictionaries(st.sampled_from(["work", "mp", "status", "global_days"]), st.sampled_from(["", "1", "2"])))
def test_exactly_the_columns_that_differ_are_told(columns):
    empty = Rvu._make(["27250", *[""] * (len(Rvu._fields) - 2), 0])
    found = changes.rvu_changes([empty], [empty._replace(**columns)])
    assert sorted((change.before, change.after) for change in found) == sorted(
        ("", value) for value in columns.values() if value
    )
