"""What must hold of a recorded history, whatever was killed: pure functions, and a sentence for each violation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.metering.domain.history import Histories
from services.metering.domain.views import EntryKind, LedgerEntry
from services.metering.ports import Holding

from .operations import Operation, Recorded

ANSWERS = {200, 401, 403}


class Violation(NamedTuple):
    rule: str
    said: str


class Allowances(NamedTuple):
    """How many code pages may be viewed; an account's without those copied from its guest."""

    guest: int = 1
    account: int = 5


DEFAULT = Allowances()


@dataclass
class Evidence:
    """What was found once everything ran again: the ledger, the store before and after it was rebuilt from the ledger,
    what `compare` said of the two, and `damage`: why any of this could not be read."""

    entries: Sequence[LedgerEntry] = ()
    held: Mapping[str, Holding] = field(default_factory=dict)
    rebuilt: Mapping[str, Holding] = field(default_factory=dict)
    differences: Sequence[str] = ()
    damage: Sequence[str] = ()


def check(recorded: Recorded, evidence: Evidence, allowances: Allowances = DEFAULT) -> list[Violation]:
    """Every violation; none in a history as it must be."""
    found = [Violation("evidence", said) for said in evidence.damage]
    if found:
        return found  # the other rules would only repeat that things are missing
    rules: dict[str, Callable[[], Iterator[str]]] = {
        "allowance": lambda: above_allowance(recorded, evidence.entries, allowances),
        "meter": lambda: wrong_meter(recorded),
        "refusal": lambda: wrongly_refused(recorded),
        "survival": lambda: lost(recorded, evidence.held),
        "ledger": lambda: impossible_entries(evidence.entries),
        "retry": lambda: charged_again(recorded, evidence.entries),
        "merge": lambda: wrongly_merged(recorded, evidence.entries),
        "erasure": lambda: not_erased(recorded, evidence),
        "rebuild": lambda: rebuilt_otherwise(evidence),
        "answers": lambda: unexpected(recorded),
    }
    return [Violation(rule, said) for rule, violations in rules.items() for said in violations()]


def above_allowance(recorded: Recorded, entries: Sequence[LedgerEntry], allowances: Allowances) -> Iterator[str]:
    """No subject is shown, or holds by the ledger, more than its allowance and the grants copied to it."""
    granted, copied = _pages(entries, EntryKind.GRANTED), _pages(entries, EntryKind.COPIED)
    shown = _shown(recorded)
    for subject in sorted(recorded.subjects()):
        allowed = allowances.account if subject.startswith("a.") else allowances.guest
        if len(granted[subject]) > allowed:
            yield f"{subject} was granted {len(granted[subject])} pages, and may view {allowed}"
        if len(copied[subject]) > allowances.guest:
            yield f"{subject} has {len(copied[subject])} pages of a guest that may view {allowances.guest}"
        if len(shown[subject]) > allowed + len(copied[subject]):
            yield f"{subject} was shown {len(shown[subject])} pages, and may view {allowed + len(copied[subject])}"


def wrong_meter(recorded: Recorded) -> Iterator[str]:
    """A meter counts every page that was shown before it was asked for, none that nobody asked for, none twice."""
    for subject, operations in _by_subject(recorded).items():
        # The pages of its guest may have become the account's.
        guest = recorded.accounts[subject].guest if subject in recorded.accounts else ""
        theirs = [one for one in recorded.operations if guest and one.subject == guest]
        for operation in operations:
            if operation.used is None:
                continue
            asked = {one.page for one in operations + theirs if one.page and one.invoked < operation.completed}
            if operation.used > len(asked):
                yield f"{subject} has used {operation.used} views after asking for {len(asked)} pages"
            shown = {one.page for one in operations if one.status == 200 and one.completed < operation.invoked} - {""}
            if operation.used < len(shown) and not operation.has_receipts:
                yield f"{subject} has used {operation.used} views after it was shown {len(shown)} pages"
            if operation.limit is not None and operation.used > operation.limit:
                yield f"{subject} has used {operation.used} of {operation.limit} views"


def wrongly_refused(recorded: Recorded) -> Iterator[str]:
    """Only a new page is refused, and only where nothing is left."""
    for subject, operations in _by_subject(recorded).items():
        for operation in operations:
            if operation.kind != "view" or operation.status != 403:
                continue
            if operation.used is not None and operation.limit is not None and operation.used < operation.limit:
                yield f"{subject} was refused {operation.page} with {operation.used} of {operation.limit} used"
            if any(
                one.page == operation.page and one.status == 200 and one.completed < operation.invoked
                for one in operations
            ):
                yield f"{subject} was refused {operation.page}, which it was shown before"


def lost(recorded: Recorded, held: Mapping[str, Holding]) -> Iterator[str]:
    """What was shown is still held, and shown again without a charge."""
    for subject, pages in sorted(_shown(recorded).items()):
        account = recorded.accounts.get(subject)
        if account and account.deleted is not False:
            continue
        for page in sorted(pages - set(held.get(subject, Holding({})).grants)):
            yield f"{subject} was shown {page}, and holds no grant of it"
    for operation in recorded.operations:
        if operation.is_last and operation.page and (operation.status != 200 or operation.charged):
            yield (
                f"{operation.subject} was shown {operation.page}, and at the end it was answered {operation.status}, "
                f"charged: {operation.charged}"
            )


def impossible_entries(entries: Sequence[LedgerEntry]) -> Iterator[str]:
    """Every number once and in order, no page granted twice, nothing after a seal, a merge or an erasure."""
    for expected, entry in enumerate(entries, 1):
        if entry.sequence != expected:
            yield f"entry {entry.sequence} stands where {expected} should"
            break
    histories = Histories()
    for entry in entries:
        histories.add(entry)
    yield from histories.impossible


def charged_again(recorded: Recorded, entries: Sequence[LedgerEntry]) -> Iterator[str]:
    """A page is charged to one request id, whose retries are told the same; and every entry was asked for."""
    took = {(entry.subject, entry.page): entry.request_id for entry in entries if entry.page}
    for operation in recorded.operations:
        by = took.get((operation.subject, operation.page))
        if operation.kind != "view" or operation.status != 200 or operation.charged is None or by is None:
            continue
        if operation.charged != (by == operation.request_id):
            yield (
                f"{operation.subject} was told charged: {operation.charged} for {operation.page} as "
                f"{operation.request_id}, and {by} took the view"
            )
    asked = {(one.subject, one.page) for one in recorded.operations}
    ours = recorded.subjects()
    for entry in entries:
        if entry.kind == EntryKind.GRANTED and entry.subject in ours and (entry.subject, entry.page) not in asked:
            yield f"{entry.subject} was charged for {entry.page}, which it never asked for"


def wrongly_merged(recorded: Recorded, entries: Sequence[LedgerEntry]) -> Iterator[str]:
    """Each account that registered from a guest is merged with it once; the guest's first account gets all it held."""
    merges: dict[str, list[LedgerEntry]] = defaultdict(list)
    before: dict[str, set[str]] = defaultdict(set)
    had: dict[int, int] = {}
    sealed: set[str] = set()
    for entry in entries:
        if entry.kind == EntryKind.MERGED:
            merges[entry.subject].append(entry)
            had[entry.sequence] = 0 if entry.guest in sealed else len(before[entry.guest])
            sealed.add(entry.guest)
        elif entry.kind == EntryKind.GRANTED:
            before[entry.subject].add(entry.page)
    for subject, account in sorted(recorded.accounts.items()):
        found = merges[subject]
        wanted = {1} if account.guest and account.deleted is False else {0, 1} if account.guest else {0}
        if len(found) not in wanted:
            yield f"{subject} was merged {len(found)} times with {account.guest or 'nobody'}"
        for entry in found:
            if entry.guest != account.guest:
                yield f"{subject} was merged with {entry.guest}, and registered from {account.guest or 'nobody'}"
            if entry.copied != had[entry.sequence]:
                yield f"{subject} got {entry.copied} grants of {entry.guest}, which held {had[entry.sequence]}"


def not_erased(recorded: Recorded, evidence: Evidence) -> Iterator[str]:
    """Of a deleted account nothing is left, before and after a rebuild, and nobody gets in."""
    erasures = [entry.subject for entry in evidence.entries if entry.kind == EntryKind.ERASED]
    for subject, account in sorted(recorded.accounts.items()):
        if not account.deleted:
            if subject in erasures and account.deleted is False:
                yield f"{subject} was erased, and nobody asked for it"
            continue
        if erasures.count(subject) != 1:
            yield f"{subject} was deleted, and erased {erasures.count(subject)} times"
        for which, holdings in (("the store", evidence.held), ("the rebuilt store", evidence.rebuilt)):
            holding = holdings.get(subject, Holding({}))
            if holding.grants or not holding.erased:
                yield f"{subject} was deleted, and {which} has {len(holding.grants)} grants, erased: {holding.erased}"
        if account.may_log_in:
            yield f"{subject} was deleted, and its owner can log in"


def rebuilt_otherwise(evidence: Evidence) -> Iterator[str]:
    """The ledger gives what the store holds."""
    yield from evidence.differences
    for subject in sorted(set(evidence.held) | set(evidence.rebuilt)):
        if evidence.held.get(subject) != evidence.rebuilt.get(subject):
            yield f"{subject} holds something else after a rebuild"


def unexpected(recorded: Recorded) -> Iterator[str]:
    """A view is granted, refused, nobody's, or not decided; never an internal error."""
    for operation in recorded.operations:
        if operation.kind == "view" and operation.status and operation.status not in ANSWERS | {503}:
            yield f"{operation.subject} was answered {operation.status} for {operation.page}"


def _shown(recorded: Recorded) -> dict[str, set[str]]:
    shown: dict[str, set[str]] = defaultdict(set)
    for operation in recorded.operations:
        if operation.kind == "view" and operation.status == 200:
            shown[operation.subject].add(operation.page)
    return shown


def _pages(entries: Sequence[LedgerEntry], kind: EntryKind) -> dict[str, set[str]]:
    pages: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.kind == kind:
            pages[entry.subject].add(entry.page)
    return pages


def _by_subject(recorded: Recorded) -> dict[str, list[Operation]]:
    operations: dict[str, list[Operation]] = defaultdict(list)
    for operation in recorded.operations:
        if operation.subject:
            operations[operation.subject].append(operation)
    return operations
