"""What `make bench` writes: var/bench.json (`{key: {value, goal, rounds}}`) and a table."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One key of the report. `rounds` are the single measurements, `value` is their median.

    `goal` is None where a figure has none; `at_most` says which side of the goal is good; `how` names the topology.
    """

    key: str
    rounds: Sequence[float]
    goal: float | None
    how: str
    at_most: bool = False

    @property
    def value(self) -> float:
        return statistics.median(self.rounds)

    @property
    def reached(self) -> bool | None:
        if self.goal is None:
            return None
        return self.value <= self.goal if self.at_most else self.value >= self.goal


def save(figures: Sequence[Figure], path: Path) -> None:
    """Adds the figures to the report, replacing those of an earlier run with the same keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    report = json.loads(path.read_text()) if path.exists() else {}
    for figure in figures:
        report[figure.key] = {
            "value": round(figure.value, 4),
            "goal": figure.goal,
            "rounds": [round(value, 4) for value in figure.rounds],
        }
    path.write_text(json.dumps(report, indent=2, sort_keys=True) + "\n")


def show(figures: Sequence[Figure]) -> None:
    table = Table("key", "median", "min to max", "rounds", "goal", "", "how")
    for figure in figures:
        table.add_row(
            figure.key,
            _short(figure.value),
            f"{_short(min(figure.rounds))} to {_short(max(figure.rounds))}",
            str(len(figure.rounds)),
            "" if figure.goal is None else ("at most " if figure.at_most else "at least ") + _short(figure.goal),
            {True: "reached", False: "missed", None: ""}[figure.reached],
            figure.how,
        )
    # Where no terminal says how wide it is, a line each.
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
