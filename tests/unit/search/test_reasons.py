"""The plain reason beside a result."""

from __future__ import annotations

import pytest

from services.search.domain.documents import FoundWord, Hit, MatchKind
from services.search.domain.query import understand
from services.search.domain.reasons import why


def hit(kind, *words, display="S73.005A"):
    return Hit("icd10cm", display.replace(".", ""), display, "", True, kind, words)


@pytest.mark.parametrize(
    ("typed", "found", "reason"),
    [
        ("s73005a", hit(MatchKind.EXACT), "exact code"),
        ("s73 0", hit(MatchKind.PREFIX), "code begins with S73.0"),
        ("e01", hit(MatchKind.PREFIX, display="E0114"), "code begins with E01"),
        ("27250-27254", hit(MatchKind.RANGE, display="27252"), "code within 27250-27254"),
        (
            "dislocated hip",
            hit(MatchKind.WORDS, FoundWord("dislocated", "dislocation"), FoundWord("hip", "hip")),
            "matches 'dislocation', 'hip'",
        ),
        (
            "disloaction",
            hit(MatchKind.WORDS, FoundWord("disloaction", "dislocation")),
            "matches 'dislocation' (for 'disloaction')",
        ),
        (
            "collarbone",
            hit(MatchKind.WORDS, FoundWord("collarbone", "collarbone", "Fracture of collarbone")),
            "matches 'collarbone' (in “Fracture of collarbone”)",
        ),
        ("hip", hit(MatchKind.WORDS), "matches its description"),
        (
            "collarbone fracture",
            hit(
                MatchKind.WORDS,
                FoundWord("collarbone", "clavicle", meaning="clavicle"),
                FoundWord("fracture", "fracture"),
            ),
            "matches 'collarbone' = clavicle, 'fracture'",
        ),
        (
            "ulcer ulcerated",
            hit(MatchKind.WORDS, FoundWord("ulcer", "ulcerated", meaning="ulcerated")),
            "matches 'ulcerated'",
        ),
    ],
)
def test_reasons(typed, found, reason):
    assert why(understand(typed), found) == reason


def test_a_long_term_is_cut():
    reason = why(understand("hip"), hit(MatchKind.WORDS, FoundWord("hip", "hip", "hip " * 40)))
    assert len(reason) < 90 and reason.endswith("…”)")
