"""Plans: how many code pages an account may view, and in which window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum


class Window(IntEnum):
    """When a grant ends; the numbers are those of the protos."""

    NONE = 0
    CALENDAR_MONTH = 1
    ROLLING_DAYS = 2


@dataclass(frozen=True)
class Plan:
    """`views` None: without limit. `days` counts in rolling windows only."""

    name: str
    title: str
    views: int | None
    window: Window = Window.NONE
    days: int = 0


class Plans:
    """The plans of this installation; the first one is that of new accounts."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        if not plans:
            raise ValueError("there must be one plan at least")
        self._plans = tuple(plans)
        self._by_name = {plan.name: plan for plan in plans}

    def __iter__(self) -> Iterator[Plan]:
        return iter(self._plans)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._by_name)

    @property
    def first(self) -> Plan:
        return self._plans[0]

    def named(self, name: str) -> Plan:
        """The plan of an account; the first one where it is no longer in the file."""
        return self._by_name.get(name, self.first)
