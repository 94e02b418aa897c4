"""What the ledger's entries say that each subject holds, and which of them should not have come to be."""

from __future__ import annotations

from services.metering.domain.history import Histories
from services.metering.domain.views import EntryKind, LedgerEntry

GUEST, MEMBER, OTHER = "g.guest", "a.member", "a.other"
GRANTED = LedgerEntry(1, GUEST, "cpt:1", 1000, "once", 9000)
COPIED = LedgerEntry(2, MEMBER, "cpt:1", 1000, "once", 0, EntryKind.COPIED)
MERGED = LedgerEntry(3, MEMBER, "", 2000, "", 9000, EntryKind.MERGED, GUEST, 1)
ERASED = LedgerEntry(4, MEMBER, "", 3000, "", 0, EntryKind.ERASED)


def told(*entries: LedgerEntry) -> Histories:
    histories = Histories()
    for entry in entries:
        histories.add(entry)
    return histories


def test_a_merge():
    found = told(GRANTED, COPIED, MERGED)
    assert found.impossible == []
    assert found.subjects[MEMBER].grants == {"cpt:1": COPIED}
    assert (found.subjects[MEMBER].merged_by, found.subjects[GUEST].sealed_by) == (3, 3)
    assert found.subjects[GUEST].ends_at_ms == 9000


def test_a_guest_that_never_viewed_is_sealed_by_its_merge_alone():
    found = told(MERGED._replace(copied=0))
    assert found.impossible == []
    assert (found.subjects[GUEST].sealed_by, found.subjects[GUEST].ends_at_ms) == (3, 9000)


def test_what_was_erased_is_gone_and_the_guest_stays_sealed():
    found = told(GRANTED, COPIED, MERGED, ERASED)
    assert found.impossible == []
    assert found.subjects[MEMBER].grants == {}
    assert (found.subjects[MEMBER].merged_by, found.subjects[MEMBER].erased_by) == (0, 4)
    assert found.subjects[GUEST].sealed_by == 3


def test_second_registration_is_merged_without_copies():
    assert told(GRANTED, COPIED, MERGED, MERGED._replace(sequence=4, subject=OTHER, copied=0)).impossible == []
    assert told(GRANTED, COPIED, MERGED, MERGED._replace(sequence=4, subject=OTHER)).impossible == [
        "g.guest was copied twice, the second time as 4"
    ]


def test_page_is_granted_again_only_once_it_has_ended():
    ending = LedgerEntry(1, MEMBER, "cpt:1", 1000, "r", 5000)
    assert told(ending, ending._replace(sequence=2, granted_at_ms=5000)).impossible == []
    assert told(ending, ending._replace(sequence=2, granted_at_ms=4999)).impossible == [
        "a.member was granted cpt:1 twice, the second time as 2"
    ]
