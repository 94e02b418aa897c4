"""What the ledger's entries, in order, say that each subject holds: the same rules as the store's, in few words."""

from __future__ import annotations

from dataclasses import dataclass, field

from .views import EntryKind, LedgerEntry


@dataclass(slots=True)
class History:
    """One subject. `grants` are its newest by page, also those that have ended; `ends_at_ms` is a guest's end (0: an
    account's, or not known); each `..._by` is the number of the entry that made it so, 0 if none did."""

    grants: dict[str, LedgerEntry] = field(default_factory=dict)
    ends_at_ms: int = 0
    sealed_by: int = 0
    merged_by: int = 0
    erased_by: int = 0


class Histories:
    """`subjects` by their keys; `impossible` has a sentence for each entry that should not have come to be."""

    def __init__(self) -> None:
        self.subjects: dict[str, History] = {}
        self.impossible: list[str] = []

    def add(self, entry: LedgerEntry) -> None:
        history = self._of(entry.subject)
        if history.erased_by:
            self.impossible.append(f"{entry.subject} was erased, and entry {entry.sequence} is about it again")
        if entry.kind == EntryKind.ERASED:
            history.grants.clear()
            history.merged_by, history.erased_by = 0, entry.sequence
        elif entry.kind == EntryKind.MERGED:
            self._merge(history, entry)
        else:
            self._grant(history, entry)

    def _grant(self, history: History, entry: LedgerEntry) -> None:
        before = history.grants.get(entry.page)
        if before and not 0 < before.ends_at_ms <= entry.granted_at_ms:
            self.impossible.append(
                f"{entry.subject} was granted {entry.page} twice, the second time as {entry.sequence}"
            )
        if entry.subject.startswith("g."):
            if history.sealed_by:
                self.impossible.append(f"{entry.subject} was sealed, and granted {entry.page} as {entry.sequence}")
            history.ends_at_ms = history.ends_at_ms or entry.ends_at_ms
        history.grants[entry.page] = entry

    def _merge(self, history: History, entry: LedgerEntry) -> None:
        if history.merged_by:
            self.impossible.append(f"{entry.subject} was merged twice, the second time as {entry.sequence}")
        history.merged_by = entry.sequence
        guest = self._of(entry.guest)
        if guest.sealed_by and entry.copied:
            self.impossible.append(f"{entry.guest} was copied twice, the second time as {entry.sequence}")
        guest.ends_at_ms = guest.ends_at_ms or entry.ends_at_ms
        guest.sealed_by = guest.sealed_by or entry.sequence

    def _of(self, subject: str) -> History:
        return self.subjects.setdefault(subject, History())
