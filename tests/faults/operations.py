"""What clients did and were told: one record for each request, whether it was answered or not."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

# Not answered at all, cut off, or "come back later": what was asked may have happened or not, now or later.
UNKNOWN = (0, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Operation:
    """One request. `subject` is who its credential says: "g." or "a." and an id; `status` 0: no answer came.

    `invoked` and `completed` are by this process's clock, which all clients share. `charged`, `used` and `limit` are
    the answer's meter, None where it has none. `has_receipts`: the answer may be from a receipt, and its meter older.
    `is_last`: it was made after the faults, of a page that was shown before.
    """

    kind: str
    subject: str
    invoked: float
    completed: float
    status: int
    page: str = ""
    request_id: str = ""
    charged: bool | None = None
    used: int | None = None
    limit: int | None = None
    has_receipts: bool = False
    is_last: bool = False

    @property
    def is_unknown(self) -> bool:
        return self.status in UNKNOWN


@dataclass(slots=True)
class Account:
    """`guest` is the subject that it registered from, "" if none. `deleted`: None while that cannot be told."""

    subject: str
    guest: str
    deleted: bool | None = False
    may_log_in: bool | None = None


@dataclass
class Recorded:
    """A whole history: every operation in the order of completion, and the accounts that came to be."""

    operations: list[Operation] = field(default_factory=list)
    accounts: dict[str, Account] = field(default_factory=dict)

    def add(self, operation: Operation) -> Operation:
        self.operations.append(operation)
        return operation

    def subjects(self) -> set[str]:
        return {operation.subject for operation in self.operations if operation.subject} | set(self.accounts)


def now() -> float:
    return time.monotonic()
