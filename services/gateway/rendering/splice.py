"""Rendered bytes with gaps, which are filled for each visitor without rendering again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup


class Gap(StrEnum):
    """What differs between answers from the same rendered page."""

    METER = "meter"  # the meter line, or the `meter` object
    ON = "on"  # the date of service that was asked for
    NOTICE = "notice"  # that the page may be out of date
    CODE = "code"  # the code that was asked for, on the wall
    OFFER = "offer"  # what registering gives, on the wall
    NAV = "nav"  # the links of guests, or of members
    METERED = "metered"  # structured data that says so to search engines
    SHELF = "shelf"  # what a member has saved of the code


@dataclass(frozen=True, slots=True)
class Spliced:
    """`pieces` with an empty one at each of `gaps`' positions."""

    pieces: tuple[bytes, ...]
    gaps: tuple[tuple[int, Gap], ...]
    size: int

    def fill(self, values: Mapping[Gap, bytes]) -> bytes:
        pieces = list(self.pieces)
        for position, gap in self.gaps:
            pieces[position] = values[gap]
        return b"".join(pieces)


class Marks:
    """Marks that a template or a JSON document carries where a gap shall be.

    Random for each process, so that no text of the catalog can be taken for one.
    """

    def __init__(self) -> None:
        # Safe in HTML as in JSON: letters, digits and a hyphen.
        self._marks = {gap: Markup(f"{gap.value}-{secrets.token_hex(12)}") for gap in Gap}  # noqa: S704

    def __getitem__(self, gap: Gap) -> Markup:
        return self._marks[gap]

    def cut(self, rendered: bytes, *, quoted: frozenset[Gap] = frozenset()) -> Spliced:
        """Cuts at the marks. Of `quoted` ones the JSON quotation marks around them go as well."""
        marks = {(f'"{mark}"' if gap in quoted else mark).encode(): gap for gap, mark in self._marks.items()}
        pieces: list[bytes] = []
        gaps: list[tuple[int, Gap]] = []
        rest = rendered
        while found := _first(rest, marks):
            position, mark = found
            pieces += [rest[:position], b""]
            gaps.append((len(pieces) - 1, marks[mark]))
            rest = rest[position + len(mark) :]
        pieces.append(rest)
        return Spliced(tuple(pieces), tuple(gaps), sum(map(len, pieces)))


def _first(rest: bytes, marks: Mapping[bytes, Gap]) -> tuple[int, bytes] | None:
    return min(((position, mark) for mark in marks if (position := rest.find(mark)) >= 0), default=None)
