"""What holds for the plain description of every billable ICD-10-CM code: nothing lost, nothing added, readable."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain.plain_language import describe_icd10cm
from services.catalog.domain.plain_language.encounters import split_ending
from services.catalog.domain.rows import OrderCode, TabularCode
from services.catalog.importers import icd10cm_order
from services.catalog.importers.files import source_files
from services.catalog.importers.icd10cm_tabular import bundled_icd10cm_root, rows

MAX_WORDS = 66


class Described(NamedTuple):
    code: str
    title: str
    text: str


def _official_titles(folder: Path) -> dict[str, str]:
    """The long titles of the order file where the official downloads are there; else the bundled tabular list's."""
    for path in sorted(folder.glob("icd10cm/*/icd10cm_order_20*.txt.gz")):
        found = [row for row in icd10cm_order.rows(source_files(path)[0]) if isinstance(row, OrderCode)]
        titles = {row.code: row.long_title for row in found if row.valid}
        if len(titles) > 70_000:
            return titles
    xml = next(bundled_icd10cm_root().path.glob("*.xml"))
    found_rows = (row for row in rows(source_files(xml)[0]) if isinstance(row, TabularCode))
    return {row.code: row.title for row in found_rows if row.leaf}


@pytest.fixture(scope="module")
def official_titles(official_data: Path) -> dict[str, str]:
    return _official_titles(official_data)


@pytest.fixture(scope="module")
def described(official_titles: dict[str, str]) -> list[Described]:
    return [Described(code, title, describe_icd10cm(code, title, ())) for code, title in official_titles.items()]


@cache
def words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[\w'-]+", text.lower()))


def none_of(found: list[Described]) -> None:
    if found:  # no assert: pytest would compare and print the whole list
        shown = "\n".join(f"{one.code} {one.title}\n    {one.text}" for one in found[:10])
        pytest.fail(f"{len(found)} codes, such as\n{shown}")


def test_every_billable_code_has_a_description(described):
    assert len(described) == 74_719
    none_of([one for one in described if not one.text.endswith(".") or len(words(one.text)) < 4])


def test_a_side_is_never_lost_flipped_or_invented(described):
    for side in ("left", "right"):
        none_of([one for one in described if (side in words(one.title)) != (side in words(one.text))])


def test_both_sides_stay_both_sides(described):
    told = ("both", "two-sided", "bilateral")
    none_of(
        [one for one in described if "bilateral" in words(one.title) and not any(t in one.text.lower() for t in told)]
    )


def test_without_stays_without(described):
    none_of([one for one in described if words(one.title).count("without") > words(one.text).count("without")])


def test_not_stays_a_negation(described):
    negation = re.compile(r"\b(?:not|no|never|other code)\b")
    none_of([one for one in described if "not" in words(one.title) and not negation.search(one.text.lower())])


def test_every_number_of_the_title_is_kept(described):
    def numbers(text: str) -> set[str]:
        return set(re.findall(r"\d+", text))

    none_of([one for one in described if numbers(split_ending(one.title).rest) - numbers(one.text)])


def test_unspecified_is_what_the_record_does_not_say(described):
    vague = re.compile(r"unspecified|not (?:otherwise )?specified|\bNOS\b", re.IGNORECASE)
    none_of([one for one in described if bool(vague.search(one.title)) != ("does not say" in one.text)])


def test_other_is_named_or_has_no_code_of_its_own(described):
    told = re.compile(r"\bother\b|\banother\b|no code of its own")
    none_of([one for one in described if "other" in words(one.title) and not told.search(one.text.lower())])


def test_no_code_of_its_own_is_said_only_of_other(described):
    said = "named kind that has no code of its own"
    none_of([one for one in described if said in one.text and "other" not in words(one.title)])


def test_the_seventh_character_is_told_as_it_is(described):
    sentences = {
        "initial encounter": "This code is for active treatment of ",
        "subsequent encounter": ("This code is for routine care while ", "This code is for later care of "),
        "sequela": "This code is for a later problem caused by ",
    }
    for ending, said in sentences.items():
        of_this_kind = [one for one in described if re.search(rf",? {ending}(?: for .*| of fracture)?$", one.title)]
        assert len(of_this_kind) > 10_000
        none_of(
            [one for one in of_this_kind if not any(s in one.text for s in ([said] if isinstance(said, str) else said))]
        )
    none_of([one for one in described if "This code is for" in one.text and "encounter" not in one.title
             and not one.title.endswith(("sequela", "sequela of fracture"))])  # fmt: skip


def test_initial_encounter_is_never_called_the_first_visit(described):
    encounters = [one for one in described if "initial encounter" in one.title]
    none_of([one for one in encounters if {"initial", "visit"} & set(words(one.text)) - set(words(one.title)[:-2])])


@pytest.mark.parametrize(
    ("official", "plain"),
    [
        ("closed fracture", "skin not broken"),
        ("open fracture", "skin broken"),
        ("delayed healing", "slow to heal"),
        ("nonunion", "has not grown together"),
        ("malunion", "grew together in a wrong position"),
        ("routine healing", "healing as expected"),
    ],
)
def test_how_a_fracture_heals_is_told(described, official, plain):
    ending = [one for one in described if official in split_ending(one.title).detail]
    assert ending
    none_of([one for one in ending if plain not in one.text])


def test_trimesters_and_babies_are_kept(described):
    for number in ("first", "second", "third"):
        mentioned = f"({number} trimester)"
        none_of([one for one in described if f"{number} trimester" in one.title and mentioned not in one.text])
    for number in "12345":
        none_of(
            [
                one
                for one in described
                if one.title.endswith(f", fetus {number}") and f"(fetus {number})" not in one.text
            ]
        )


def test_descriptions_are_short(described):
    none_of([one for one in described if len(words(one.text)) > MAX_WORDS])
    assert sum(len(words(one.text)) > 60 for one in described) < 50
    assert sum(len(words(one.text)) for one in described) / len(described) < 35
    none_of([one for one in described if len(re.findall(r"\.(?= [A-Z])", one.text)) > 2])


def test_sentences_are_tidy(described):
    slips = re.compile(
        r"  | [.,;)]|\( |\(\)|\.\.|,,|,\.|\b(the|a|an|of|in|on|by|to|with|and|or|from) \1\b|"
        r"\b(the|a|an) (the|a|an|another)\b",
        re.IGNORECASE,
    )
    none_of([one for one in described if slips.search(one.text)])
    none_of([one for one in described if one.text.count("(") != one.text.count(")")])
    none_of([one for one in described if not one.text[0].isupper() and one.text[0].isalpha()])
    none_of(
        [
            one
            for one in described
            if re.search(r"\b(of|in|with|by|the|a|an|and|or|due)[.]", one.text.replace("cave-in", ""))
        ]
    )


def test_a_and_an_fit_the_next_word(described):
    wrong_a = re.compile(r"\ba (?=[aei]|o(?!ne\b)|u(?!ni(?!d|n)|se|te|re|ri|ro))")
    wrong_an = re.compile(r"\ban (?=[bcdfgjklmnpqrstvwyz])")
    none_of([one for one in described if wrong_a.search(one.text) or wrong_an.search(one.text)])


def test_most_texts_explain_something(described):
    """How much jargon is left: texts that hold the title's own words only, beside the frame."""
    bare = [one for one in described if one.title.lower() in one.text.lower()]
    assert len(bare) / len(described) < 0.05


@pytest.mark.parametrize("title", ["", "   "])
def test_no_title_no_description(title):
    assert describe_icd10cm("A00", title, ()) == ""


@pytest.mark.parametrize(
    "title", ["other", "Unspecified", ",", "(", "))((", "Other specified", "of", "bilateral", "a" * 500]
)
def test_odd_titles_do_not_fail(title):
    assert describe_icd10cm("A00", title, ()).endswith(".")


_PIECES = [
    "Other",
    "unspecified",
    "left",
    "fracture",
    "of",
    "femur",
    ",",
    "with",
    "without",
    "and",
    "or",
    "bilateral",
    "(s)",
]
_PIECES += [
    "not elsewhere classified",
    "specified",
    "[x]",
    "12",
    "zebra",
    "sequela",
    "initial encounter",
    "the",
    "a",
    "sites",
]


@given(
    st.lists(st.sampled_from(_PIECES), max_size=12),
    st.sampled_from(["A00", "C50", "O35", "S72", "T36", "V43", "Y92", "Z12"]),
)
def test_any_order_of_words_gives_one_text(pieces, code):
    title = " ".join(pieces)
    text = describe_icd10cm(code, title, ())
    assert text.endswith(".") if title else text == ""
    assert text == describe_icd10cm(code, title, ())
