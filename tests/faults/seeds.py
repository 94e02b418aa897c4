"""Which schedules are run."""

from __future__ import annotations

from pathlib import Path

FIXED = tuple(range(1, 11))
REGRESSIONS = Path(__file__).parent / "regressions.txt"


def regressions() -> list[int]:
    """The seeds that once found something, in the order of the file."""
    lines = REGRESSIONS.read_text("utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line.strip() and not line.startswith("#")]


def always() -> list[int]:
    """The seeds of every test run."""
    return list(dict.fromkeys([*FIXED, *regressions()]))
