"""Which mentions are coded, by the guidelines, and what several of them become together."""

from __future__ import annotations

import pytest

from services.search.domain.documents import Hit, MatchKind
from services.search.domain.notes import coding
from services.search.domain.notes.coding import decide
from services.search.domain.notes.combining import joined, next_join, suggested
from services.search.domain.notes.findings import Candidate, Confidence, Mention, Place, Setting, Status
from services.search.domain.notes.sections import SectionKind

TITLES = {
    "I10": "Essential (primary) hypertension",
    "I50.9": "Heart failure, unspecified",
    "N18.31": "Chronic kidney disease, stage 3a",
    "E11.9": "Type 2 diabetes mellitus without complications",
    "G62.9": "Polyneuropathy, unspecified",
    "R05.9": "Cough, unspecified",
    "J18.9": "Pneumonia, unspecified organism",
    "J11.1": "Influenza due to unidentified influenza virus",
    "J10.1": "Influenza due to other identified influenza virus",
    "S52.5": "Fracture of lower end of radius",
    "S52.532A": "Colles' fracture of left radius, initial encounter for closed fracture",
    "Z85.038": "Personal history of other malignant neoplasm of large intestine",
    "W19.XXXA": "Unspecified fall, initial encounter",
    "I12.9": "Hypertensive chronic kidney disease",
    "I13.0": "Hypertensive heart and chronic kidney disease",
    "I11.0": "Hypertensive heart disease with heart failure",
    "E11.42": "Type 2 diabetes mellitus with diabetic polyneuropathy",
}


def hit(display):
    return Hit("icd10cm", display.replace(".", ""), display, TITLES[display], True, MatchKind.WORDS)


def mention(display, start=0, status=Status.PRESENT, section=SectionKind.ASSESSMENT):
    found = (Candidate(hit(display), 1.0, Confidence.HIGH),) if display else ()
    return Mention(Place(start, start + 5), section, status, found)


def coded(*mentions, setting=Setting.OUTPATIENT):
    found, left = decide(mentions, setting)
    return [code.hit.display for code in suggested(found)], [each.why for each in left]


@pytest.mark.parametrize(
    ("status", "setting", "codes", "why"),
    [
        (Status.PRESENT, Setting.OUTPATIENT, ["J18.9"], []),
        (Status.NEGATED, Setting.INPATIENT, [], [coding.ABSENT]),
        (Status.FAMILY, Setting.INPATIENT, [], [coding.RELATIVE]),
        (Status.HYPOTHETICAL, Setting.INPATIENT, [], [coding.NOT_YET]),
        (Status.HISTORY, Setting.OUTPATIENT, [], [coding.OVER]),
        (Status.UNCERTAIN, Setting.OUTPATIENT, [], [coding.UNCERTAIN_VISIT]),
        (Status.UNCERTAIN, Setting.INPATIENT, ["J18.9"], []),
    ],
)
def test_what_the_note_says_of_it_decides(status, setting, codes, why):
    assert coded(mention("J18.9", status=status), setting=setting) == (codes, why)


def test_some_conditions_are_coded_only_if_confirmed():
    assert coded(mention("J10.1", status=Status.UNCERTAIN), setting=Setting.INPATIENT) == ([], [coding.CONFIRMED_ONLY])


def test_a_doubt_that_is_coded_says_so():
    (one,) = decide([mention("J18.9", status=Status.UNCERTAIN)], Setting.INPATIENT)[0]
    assert one.why == coding.UNCERTAIN_STAY


def test_symptoms_outside_of_the_diagnoses_are_not_coded_beside_them():
    cough = mention("R05.9", section=SectionKind.PRESENT_ILLNESS)
    assert coded(cough) == (["R05.9"], [])
    assert coded(cough, mention("J18.9", 10)) == (["J18.9"], [coding.EXPLAINED])


def test_a_condition_that_stays_is_coded_wherever_it_stands():
    hypertension = mention("I10", section=SectionKind.PRESENT_ILLNESS)
    assert coded(hypertension, mention("J18.9", 10)) == (["J18.9", "I10"], [])


def test_a_condition_that_stays_says_why_it_is_coded_beside_the_diagnoses():
    found, _ = decide([mention("I10", section=SectionKind.PRESENT_ILLNESS), mention("J18.9", 10)], Setting.OUTPATIENT)
    assert [one.why for one in found] == [coding.STAYS, ""]


def test_history_is_coded_where_there_is_a_code_for_it():
    assert coded(mention("Z85.038", status=Status.HISTORY)) == (["Z85.038"], [])


def test_nothing_found_is_neither_coded_nor_left_out():
    assert coded(mention("")) == ([], [])


def test_a_code_stands_once_with_all_its_evidence_and_causes_from_outside_stand_last():
    found, _ = decide([mention("W19.XXXA"), mention("J18.9", 10), mention("J18.9", 20)], Setting.OUTPATIENT)
    codes = suggested(found)
    assert [code.hit.display for code in codes] == ["J18.9", "W19.XXXA"]
    assert [place.start for place in codes[0].evidence] == [10, 20]


def test_the_more_specific_code_of_a_category_takes_the_evidence_of_the_other():
    found, _ = decide([mention("S52.5"), mention("S52.532A", 10)], Setting.OUTPATIENT)
    (code,) = suggested(found)
    assert code.hit.display == "S52.532A"
    assert [place.start for place in code.evidence] == [10, 0]


def together(*displays, text=""):
    codes = suggested(decide([mention(each, place * 10) for place, each in enumerate(displays)], Setting.OUTPATIENT)[0])
    while join := next_join(codes, text):
        display = next(each for each in TITLES if each.replace(".", "") == join.code)
        codes = joined(codes, join, hit(display))
    return [code.hit.display for code in codes]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["I10", "N18.31"], ["I12.9", "N18.31"]),
        (["N18.31", "I10"], ["I12.9", "N18.31"]),
        (["I10", "I50.9"], ["I11.0", "I50.9"]),
        (["I10", "I50.9", "N18.31"], ["I13.0", "I50.9", "N18.31"]),
        (["E11.9", "G62.9"], ["E11.42"]),
        (["I10", "J18.9"], ["I10", "J18.9"]),
    ],
)
def test_what_the_classification_presumes_to_be_linked(given, expected):
    assert together(*given) == expected


def test_what_the_note_says_is_unrelated_is_not_joined():
    assert together("I10", "N18.31", text="CKD, unrelated to the hypertension") == ["I10", "N18.31"]


def test_a_joined_code_says_why_and_stands_on_both():
    codes = suggested(decide([mention("I10"), mention("N18.31", 10)], Setting.OUTPATIENT)[0])
    joined_code = joined(codes, next_join(codes, ""), hit("I12.9"))[0]
    assert "I10 and N18.31" in joined_code.why
    assert "I.C.9.a.2" in joined_code.why
    assert [place.start for place in joined_code.evidence] == [0, 10]
