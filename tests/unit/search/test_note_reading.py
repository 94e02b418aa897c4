"""Notes in sections, sentences and stretches, whatever they look like."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.search.domain.notes import tables
from services.search.domain.notes.choice import choose
from services.search.domain.notes.context import Kind, context
from services.search.domain.notes.cues import cues
from services.search.domain.notes.reading import read
from services.search.domain.notes.sections import SectionKind, sections
from services.search.domain.notes.sentences import sentences
from services.search.domain.notes.tokens import tokens
from services.search.domain.vocabulary import Vocabulary, vocabulary

NOTHING_KNOWN = Vocabulary({})
FRAGMENTS = st.sampled_from(
    [
        "HPI: ",
        "Assessment:\n",
        "1. ",
        "no ",
        "denies ",
        "chest pain",
        ", ",
        ". ",
        "\n",
        "\r\n",
        "h/o ",
        "3.5 mg",
        "(",
        "’s",
        "é",
    ]
)


def kinds(text):
    return [(found.kind, text[found.start : found.end].strip()) for found in sections(text)]


def test_headings_cut_a_note_into_sections():
    assert kinds("Seen today.\nHPI: cough.\nPast Medical History:\n- gout\nA/P: flu\n") == [
        (SectionKind.OTHER, "Seen today."),
        (SectionKind.PRESENT_ILLNESS, "cough."),
        (SectionKind.PAST_HISTORY, "- gout"),
        (SectionKind.ASSESSMENT, "flu"),
    ]


def test_a_heading_may_stand_behind_a_sentence_or_fill_its_line():
    assert kinds("Worse. Assessment: gout. Plan: rest") == [
        (SectionKind.OTHER, "Worse."),
        (SectionKind.ASSESSMENT, "gout."),
        (SectionKind.PLAN, "rest"),
    ]
    assert kinds("FINAL DIAGNOSES\nGout\n")[-1] == (SectionKind.ASSESSMENT, "Gout")


def test_what_only_looks_like_a_heading_stays_in_its_section():
    assert kinds("Assessment: X-ray: broken wrist") == [(SectionKind.ASSESSMENT, "X-ray: broken wrist")]
    assert kinds("the plan: none, he said") == [(SectionKind.OTHER, "the plan: none, he said")]


def said(text):
    return [text[start:end] for start, end in sentences(text, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Cough. No fever.", ["Cough.", "No fever."]),
        ("1. Gout\n2. Flu", ["1.", "Gout", "2.", "Flu"]),
        ("- gout\n- flu", ["- gout", "- flu"]),
        ("A cough that\ngoes on.", ["A cough that\ngoes on."]),
        ("Seen by Dr. Who today.", ["Seen by Dr. Who today."]),
        ("Potassium 3.5 today. Fine", ["Potassium 3.5 today.", "Fine"]),
        ("", []),
    ],
)
def test_sentences(text, parts):
    assert said(text) == parts


def stretches(text, known=NOTHING_KNOWN):
    return [[part.text for part in stretch.parts] for sentence in read(text, known) for stretch in sentence.stretches]


def test_a_stretch_ends_at_words_that_name_nothing_and_not_at_a_comma():
    assert stretches("Patient reports cellulitis of the left leg, warm") == [["cellulitis", "left", "leg", "warm"]]
    assert stretches("gout (left foot); flu") == [["gout"], ["left", "foot"], ["flu"]]


def test_words_that_mean_one_thing_together_are_never_cut():
    known = Vocabulary({("popped", "out"): ("dislocation",)})
    assert stretches("hip popped out", known) == [["hip", "popped out"]]
    assert stretches("hip popped out") == [["hip", "popped"]]


def test_lists_of_drugs_are_not_read():
    assert stretches("Medications: insulin, warfarin\nAssessment: gout") == [["gout"]]


def status(text, phrase):
    """What the sentence says of a phrase in it."""
    words = tokens(text, 0, len(text))
    start = text.index(phrase)
    places = [place for place, word in enumerate(words) if start <= word.start < start + len(phrase)]
    scope = context(words).of(places[0], places[-1] + 1)
    return scope.kind if scope else None


@pytest.mark.parametrize(
    ("text", "phrase", "kind"),
    [
        ("Denies chest pain, nausea or vomiting", "vomiting", Kind.NEGATED),
        ("No fever but has a cough", "cough", None),
        ("No fever but has a cough", "fever", Kind.NEGATED),
        ("CT negative for hemorrhage", "hemorrhage", Kind.NEGATED),
        ("Celiac disease ruled out", "Celiac disease", Kind.NEGATED),
        ("Hemorrhoids, celiac disease ruled out", "Hemorrhoids", None),
        ("No increase in edema", "edema", None),
        ("Migraine without aura", "Migraine", None),
        ("Migraine without aura", "aura", Kind.NEGATED),
        ("Migraine without aura", "Migraine without aura", None),
        ("No history of asthma", "asthma", Kind.NEGATED),
        ("Mother had breast cancer and a stroke", "stroke", Kind.FAMILY),
        ("Diabetes in her mother", "Diabetes", Kind.FAMILY),
        ("Father had gout, patient has asthma", "asthma", None),
        ("Return if fever recurs", "fever", Kind.HYPOTHETICAL),
        ("At risk for falls", "falls", Kind.HYPOTHETICAL),
        ("History of colon cancer", "colon cancer", Kind.HISTORY),
        ("s/p appendectomy", "appendectomy", Kind.HISTORY),
        ("History of present illness reviewed, cough", "cough", None),
        ("Possible pneumonia", "pneumonia", Kind.UNCERTAIN),
        ("Lesion suspicious for melanoma", "Lesion", None),
        ("Pneumonia is suspected", "Pneumonia", Kind.UNCERTAIN),
        ("Pneumonia vs heart failure", "Pneumonia", Kind.UNCERTAIN),
        ("Rule out appendicitis", "appendicitis", Kind.UNCERTAIN),
        ("65 year old with gout", "gout", None),
        ("Gram negative sepsis", "sepsis", None),
    ],
)
def test_context(text, phrase, kind):
    assert status(text, phrase) is kind


@given(st.text() | st.lists(FRAGMENTS).map("".join))
def test_whatever_is_pasted_is_read_and_every_word_lies_where_it_says(text):
    end = 0
    for sentence in read(text, vocabulary()):
        for word in sentence.words:
            assert end <= word.start < word.end <= len(text)
            assert text[word.start : word.end].lower().startswith(word.text)
            end = word.end
        for stretch in sentence.stretches:
            places = [place for part in stretch.parts for place in range(part.first, part.last)]
            assert places == sorted(set(places))
            assert set(places) <= set(range(len(sentence.words)))
            assert len(stretch.parts) == len(stretch.joints)


def test_the_tables_can_be_read_and_name_what_there_is():
    tables.load()
    assert set(tables.headings().values()) <= {kind.value for kind in SectionKind}
    assert {trigger.kind for trigger in tables.triggers().values()} <= {kind.value for kind in Kind} | {"pseudo", "end"}
    assert {trigger.reach for trigger in tables.triggers().values()} == {"forward", "backward", "both", "none"}
    assert not tables.words("break") & tables.words("pass")


def test_a_table_with_other_columns_is_refused_by_name():
    with pytest.raises(tables.NoteTableError, match=r"words\.tsv: the columns are not a, b"):
        list(tables.rows("words.tsv", "a", "b"))


@pytest.mark.parametrize(
    "piece", ["no ", "a,", "\n", " ", "\n ", "x.", "if no h/o ", "without, not ", "Plan", "HPI:", "(", "1. "]
)
def test_a_page_of_one_thing_takes_no_time(piece):
    text = (piece * 20_000)[:20_000] + "a"
    began = time.process_time()
    for sentence in read(text, vocabulary()):
        for stretch in sentence.stretches:
            choose(len(stretch.parts), {})
            sentence.context.of(stretch.parts[0].first, stretch.parts[-1].last)
    cues(text)
    assert time.process_time() - began < 2
