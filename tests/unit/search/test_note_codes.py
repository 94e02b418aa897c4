"""How well codes fit phrases, which phrases are taken, and the most specific code that a text supports."""

from __future__ import annotations

import pytest

from services.search.domain.documents import Hit, MatchKind
from services.search.domain.notes import labels, narrowing
from services.search.domain.notes.choice import choose, fits
from services.search.domain.notes.cues import cues, tells_of_harm
from services.search.domain.notes.fit import Phrase, covers, fit, rank, rank_things
from services.search.domain.notes.narrowing import Said, narrowed
from services.search.domain.notes.questions import beginning, questions


def hit(display, description, *terms, billable=True, system="icd10cm"):
    code = display.replace(".", "")
    return Hit(system, code, display, description, billable, MatchKind.WORDS, terms=terms)


HYPERTENSION = hit("I10", "Essential (primary) hypertension", "High blood pressure")


def test_a_label_is_covered_by_what_the_text_says_and_open_words_count_for_nothing():
    assert fit(Phrase("hypertension"), HYPERTENSION).covered == 1
    assert fit(Phrase("hypertension"), hit("I15.9", "Secondary hypertension, unspecified")).covered == 0.5
    assert fit(Phrase("pneumonia"), hit("J18.9", "Pneumonia, unspecified organism")).covered == 1
    assert fit(Phrase("high blood pressure"), HYPERTENSION).covered == pytest.approx(0.92)


def test_what_a_word_stands_for_covers_a_label_nearly_as_the_word_itself_does():
    meant = Phrase("htn", meanings=("hypertension",))
    assert 0.9 < fit(meant, HYPERTENSION).covered < 1
    assert fit(Phrase("htn"), HYPERTENSION).covered == 0


def test_forms_of_a_word_count_as_one_and_words_that_only_look_alike_do_not():
    hypoxia = hit("R09.02", "Hypoxia")
    assert fit(Phrase("hypoxic"), hypoxia).covered == 1
    assert fit(Phrase("dysphagia"), hit("R47.02", "Dysphasia")).covered == 0


def test_explanations_are_no_labels():
    explained = hit("R05.9", "Something else", "The patient has a cough.", "Cough NOS")
    assert fit(Phrase("cough"), explained).covered == pytest.approx(0.92)
    assert covers(Phrase("patient"), [explained]) == 0


def test_the_wrong_side_and_what_nobody_said_stand_behind():
    right, left, chronic = (
        hit("H66.001", "Acute suppurative otitis media, right ear"),
        hit("H66.002", "Acute suppurative otitis media, left ear"),
        hit("H66.3X2", "Other chronic suppurative otitis media, left ear"),
    )
    ranked = rank(Phrase("acute suppurative otitis media left ear"), [right, chronic, left])
    assert [one.hit.display for one in ranked] == ["H66.002", "H66.3X2", "H66.001"]


def test_what_the_text_says_is_absent_contradicts_a_title_that_has_it():
    with_it = hit("K21.00", "Gastro-esophageal reflux disease with esophagitis, without bleeding")
    without = hit("K21.9", "Gastro-esophageal reflux disease without esophagitis")
    ranked = rank(Phrase("gastro-esophageal reflux disease without esophagitis"), [with_it, without])
    assert [one.hit.display for one in ranked] == ["K21.9", "K21.00"]


def test_the_thing_itself_goes_before_what_is_made_for_it():
    attachment = hit("E0155", "Wheel attachment, rigid pick-up walker, per pair", system="hcpcs")
    walker = hit("E0143", "Walker, folding, wheeled, adjustable or fixed height", system="hcpcs")
    assert rank_things(Phrase("walker with wheels"), [attachment, walker])[0].hit is walker


def test_amounts_are_no_part_of_a_label():
    assert labels.Label("Injection, ketorolac tromethamine, per 15 mg").stems(frozenset()) == (
        "ketorolac",
        "tromethamine",
    )


def test_one_word_must_say_more_of_a_label_than_several():
    assert not fits(0.6, 1)
    assert fits(0.6, 2)
    assert not fits(0.4, 3)


def test_long_phrases_go_before_short_ones_and_none_lies_over_another():
    assert choose(4, {(0, 2): 1.0, (2, 4): 0.7, (0, 4): 1.0}) == ((0, 4),)
    assert choose(4, {(0, 2): 1.0, (2, 4): 1.0, (1, 3): 1.0}) == ((0, 2), (2, 4))
    assert choose(3, {}) == ()


def said(*words, lacking=(), encounter="A"):
    return Said(frozenset(words), frozenset(lacking), encounter)


HIPS = [
    hit(f"S73.00{number}{letter}", f"Unspecified dislocation of {side} hip, {encounter}")
    for number, side in ((4, "right"), (5, "left"), (6, "unspecified"))
    for letter, encounter in (("A", "initial encounter"), ("D", "subsequent encounter"), ("S", "sequela"))
]
HIP_HEADER = hit("S73.00", "Unspecified subluxation and dislocation of hip", billable=False)


@pytest.mark.parametrize(
    ("words", "encounter", "expected"),
    [
        (["hip", "dislocation"], "A", "S73.006A"),
        (["hip", "dislocation", "left"], "A", "S73.005A"),
        (["hip", "dislocation", "rt"], "D", "S73.004D"),
    ],
)
def test_beneath_a_header_the_side_and_the_encounter_decide(words, encounter, expected):
    assert narrowed(HIP_HEADER, HIPS, said(*words, encounter=encounter), exact=True).display == expected


def test_a_billable_code_is_left_for_one_that_the_text_supports_and_for_no_other():
    plain = hit("M75.101", "Unspecified rotator cuff tear of right shoulder")
    complete = hit("M75.121", "Complete rotator cuff tear of right shoulder")
    family = [plain, complete, hit("M75.111", "Incomplete rotator cuff tear of right shoulder")]
    assert narrowed(plain, family, said("rotator", "cuff", "tear", "right", "complete"), exact=True) is complete
    assert narrowed(plain, family, said("rotator", "cuff", "tear", "right"), exact=True) is plain


def test_families_that_are_looked_at():
    assert narrowing.beginning(HIP_HEADER, exact=True, more=False) == "S7300"
    assert narrowing.beginning(HYPERTENSION, exact=True, more=True) == ""
    assert narrowing.beginning(hit("E0143", "Walker", system="hcpcs"), exact=True, more=True) == ""


def test_a_side_that_is_open_is_asked_for():
    (asked,) = questions(HIPS[6], HIPS)
    assert asked.text == "Which hip: right, left?"
    assert [(text, code.display) for text, code in asked.options] == [("right", "S73.004A"), ("left", "S73.005A")]
    assert beginning(HIPS[6]) == "S7300"


def test_a_trimester_that_is_open_is_asked_for():
    family = [
        hit(f"O99.01{n}", f"Anemia complicating pregnancy, {t} trimester") for n, t in enumerate(("first", "second"))
    ]
    unknown = hit("O99.019", "Anemia complicating pregnancy, unspecified trimester")
    assert [asked.text for asked in questions(unknown, family)] == ["Which trimester: first, second?"]


def test_a_code_that_leaves_nothing_open_raises_no_question():
    assert questions(HIPS[0], HIPS) == ()
    assert questions(HYPERTENSION, []) == ()


def test_chapters_for_some_patients_only_need_a_note_about_one():
    pregnancy, newborn = hit("O24.410", "Gestational diabetes mellitus"), hit("P59.9", "Neonatal jaundice, unspecified")
    poisoning = hit("T39.011A", "Poisoning by aspirin, accidental")
    plain = cues("Cough for two days. Pregnancy test negative.")
    assert not any(plain.allow(one, harm=False) for one in (pregnancy, newborn, poisoning))
    assert cues("G2P1 at 32 weeks").allow(pregnancy, harm=False)
    assert cues("Term newborn").allow(newborn, harm=False)
    assert plain.allow(poisoning, harm=True)
    assert tells_of_harm(frozenset({"aspirin", "overdose"}))
    assert not tells_of_harm(frozenset({"aspirin"}))


def test_an_injury_that_heals_is_met_again():
    assert cues("Fracture healing well").encounter == "D"
    assert cues("Fell today").encounter == "A"
