"""The checker itself, over histories made by hand: a good one has no violation, each bad one has its own."""

from __future__ import annotations

import dataclasses

import pytest

from services.metering.domain.views import EntryKind, Grant, LedgerEntry
from services.metering.ports import Holding
from tests.faults.checker import Evidence, check
from tests.faults.operations import Account, Operation, Recorded

GUEST, MEMBER = "g.one", "a.two"
END = 2_000_000_000_000


def granted(number: int, subject: str, code: str, request_id: str, **fields) -> LedgerEntry:
    ends = END if subject.startswith("g.") else 0
    return LedgerEntry(number, subject, f"cpt:{code}", 1000 + number, request_id, ends, **fields)


def merged(number: int, copied: int = 1, guest: str = GUEST) -> LedgerEntry:
    return LedgerEntry(number, MEMBER, "", 1000 + number, "", END, EntryKind.MERGED, guest, copied)


def erased(number: int) -> LedgerEntry:
    return LedgerEntry(number, MEMBER, "", 1000 + number, "", 0, EntryKind.ERASED)


def view(at: float, subject: str, code: str, request_id: str, status: int, **fields) -> Operation:
    return Operation("view", subject, at, at + 0.5, status, f"cpt:{code}", request_id, **fields)


def grants(*given: tuple[str, str], copied: tuple[str, ...] = ()) -> dict[str, Grant]:
    return {f"cpt:{code}": Grant("cpt", code, 1, request_id, 0, code in copied) for code, request_id in given}


LEDGER = [
    granted(1, GUEST, "1", "a"),
    granted(2, MEMBER, "1", "a", kind=EntryKind.COPIED),
    merged(3),
    granted(4, MEMBER, "2", "d"),
]
HELD = {
    GUEST: Holding(grants(("1", "a")), sealed=True),
    MEMBER: Holding(grants(("1", "a"), ("2", "d"), copied=("1",)), merged=True),
}


def good() -> tuple[Recorded, Evidence]:
    """A guest views, retries, meets the wall, registers and views on; one answer of each was lost."""
    recorded = Recorded(
        [
            view(0, GUEST, "1", "a", 0),
            view(1, GUEST, "1", "a", 200, charged=True, used=1, limit=1),
            view(2, GUEST, "1", "b", 200, charged=False, used=1, limit=1),
            view(3, GUEST, "2", "c", 403, charged=False, used=1, limit=1),
            view(4, MEMBER, "2", "d", 503),
            view(5, MEMBER, "2", "d", 200, charged=True, used=2, limit=6),
            view(9, MEMBER, "2", "e", 200, charged=False, used=2, limit=6, is_last=True),
        ],
        {MEMBER: Account(MEMBER, GUEST)},
    )
    return recorded, Evidence(list(LEDGER), dict(HELD), dict(HELD))


def deleted() -> tuple[Recorded, Evidence]:
    recorded, evidence = good()
    recorded.operations.pop()
    recorded.accounts[MEMBER].deleted = True
    evidence.entries = [*LEDGER, erased(5)]
    evidence.held = evidence.rebuilt = {**HELD, MEMBER: Holding({}, erased=True)}
    return recorded, evidence


@pytest.mark.parametrize("history", [good, deleted])
def test_a_good_history_has_no_violation(history):
    assert check(*history()) == []


def rules(recorded: Recorded, evidence: Evidence) -> set[str]:
    return {violation.rule for violation in check(recorded, evidence)}


def test_a_grant_above_the_allowance_is_found_in_the_ledger_and_among_the_answers():
    recorded, evidence = good()
    evidence.entries.insert(1, granted(2, GUEST, "2", "c"))
    evidence.entries = [entry._replace(sequence=number) for number, entry in enumerate(evidence.entries, 1)]
    assert "allowance" in rules(recorded, evidence)
    recorded, evidence = good()
    recorded.add(view(3, GUEST, "2", "c", 200, charged=True, used=1, limit=1))
    assert {"allowance", "survival"} <= rules(recorded, evidence)


def test_a_page_that_was_shown_without_a_grant_that_survives_is_found():
    recorded, evidence = good()
    evidence.held = evidence.rebuilt = {**HELD, MEMBER: Holding(grants(("1", "a"), copied=("1",)), merged=True)}
    assert rules(recorded, evidence) == {"survival"}


@pytest.mark.parametrize(("status", "charged"), [(403, None), (200, True), (503, None)])
def test_a_page_that_is_not_shown_again_at_the_end_is_found(status, charged):
    recorded, evidence = good()
    recorded.operations[-1] = dataclasses.replace(recorded.operations[-1], status=status, charged=charged)
    assert "survival" in rules(recorded, evidence)


def test_a_retry_that_is_charged_again_is_found_by_its_answer_and_by_the_meter():
    recorded, evidence = good()
    recorded.operations[2] = dataclasses.replace(recorded.operations[2], charged=True)
    assert rules(recorded, evidence) == {"retry"}
    recorded, evidence = good()
    recorded.operations[2] = dataclasses.replace(recorded.operations[2], used=2, limit=2)
    assert rules(recorded, evidence) == {"meter"}


def test_a_retry_that_is_told_something_else_is_found():
    recorded, evidence = good()
    recorded.operations[1] = dataclasses.replace(recorded.operations[1], charged=False)
    assert rules(recorded, evidence) == {"retry"}


def test_a_charge_for_what_nobody_asked_for_is_found():
    recorded, evidence = good()
    evidence.entries.append(granted(5, MEMBER, "3", "x"))
    assert rules(recorded, evidence) == {"retry"}


def test_a_page_granted_twice_in_the_ledger_is_found():
    recorded, evidence = good()
    evidence.entries.append(granted(5, MEMBER, "2", "d"))
    assert rules(recorded, evidence) == {"ledger"}


def test_a_gap_in_the_ledger_is_found():
    recorded, evidence = good()
    evidence.entries[-1] = evidence.entries[-1]._replace(sequence=5)
    assert rules(recorded, evidence) == {"ledger"}


@pytest.mark.parametrize(
    "entries",
    [
        [LEDGER[0], granted(2, MEMBER, "2", "d")],
        [*LEDGER, merged(5, copied=0)],
        [LEDGER[0], merged(2, copied=0), granted(3, MEMBER, "2", "d")],
        [*LEDGER[:2], merged(3, guest="g.other"), LEDGER[3]],
    ],
    ids=["never", "twice", "without what the guest held", "with somebody else"],
)
def test_a_merge_that_is_not_once_and_whole_is_found(entries):
    recorded, evidence = good()
    evidence.entries = entries
    assert "merge" in rules(recorded, evidence)


def test_an_account_without_a_guest_is_not_merged():
    recorded, evidence = good()
    recorded.accounts[MEMBER].guest = ""
    assert "merge" in rules(recorded, evidence)


def test_a_wrong_refusal_is_found():
    recorded, evidence = good()
    recorded.add(view(7, MEMBER, "3", "x", 403, used=2, limit=6))
    recorded.add(view(7, GUEST, "1", "x", 403, used=1, limit=1))
    assert [violation.rule for violation in check(recorded, evidence)] == ["refusal", "refusal"]


def test_a_meter_that_forgets_a_page_is_found_but_not_in_what_a_receipt_says():
    recorded, evidence = good()
    late = view(7, MEMBER, "2", "f", 200, charged=False, used=0, limit=6)
    recorded.add(late)
    assert rules(recorded, evidence) == {"meter"}
    recorded.operations[-1] = dataclasses.replace(late, has_receipts=True)
    assert rules(recorded, evidence) == set()


@pytest.mark.parametrize("where", ["held", "rebuilt", "entries", "owner"])
def test_an_account_that_comes_back_is_found(where):
    recorded, evidence = deleted()
    if where == "entries":
        evidence.entries = LEDGER
    elif where == "owner":
        recorded.accounts[MEMBER].may_log_in = True
    else:
        setattr(evidence, where, HELD)
    assert "erasure" in rules(recorded, evidence)


def test_an_erasure_that_nobody_asked_for_is_found():
    recorded, evidence = deleted()
    recorded.accounts[MEMBER].deleted = False
    assert "erasure" in rules(recorded, evidence)


def test_a_rebuild_that_gives_something_else_is_found():
    recorded, evidence = good()
    evidence.rebuilt = {**HELD, GUEST: Holding(grants(("1", "a")))}
    assert rules(recorded, evidence) == {"rebuild"}
    recorded, evidence = good()
    evidence.differences = [f"{GUEST} lacks cpt:9"]
    assert rules(recorded, evidence) == {"rebuild"}


def test_evidence_that_cannot_be_had_is_a_violation_and_so_is_an_internal_error():
    recorded, evidence = good()
    evidence.damage = ["entry 9 of the ledger follows entry 7"]
    assert rules(recorded, evidence) == {"evidence"}
    recorded, evidence = good()
    recorded.add(view(7, MEMBER, "2", "f", 500))
    assert rules(recorded, evidence) == {"answers"}
