"""What somebody meant: plans, their strictness, words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.search.domain.query import Strictness, understand
from services.search.domain.words import MAX_WORDS, normalised, split, within_one_edit


def words(text):
    return [(word.text, word.required, word.prefix) for word in understand(text).words]


def test_the_last_word_may_be_the_beginning_of_a_longer_one():
    assert words("hip disl") == [("hip", True, False), ("disl", True, True)]
    assert words("hip disl.") == [("hip", True, False), ("disl", True, False)]
    assert words("hip d") == [("hip", True, False), ("d", True, True)]
    assert words("d") == [("d", True, False)]


def test_function_words_are_not_required_but_negation_is():
    assert [text for text, required, _ in words("dislocation of the hip without fracture") if required] == [
        "dislocation",
        "hip",
        "without",
        "fracture",
    ]


def test_function_words_alone_are_required():
    assert words("with the ") == [("with", True, False), ("the", True, True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Crohn’s disease", ["crohn", "disease"]),
        ("CROHN'S", ["crohn"]),
        ("non-pressure ulcer", ["non", "pressure", "ulcer"]),
        ("hip, hip; HIP", ["hip"]),
        ("ＨＩＰ\x00fracture\u200b", ["hip", "fracture"]),
        ("\ud800broken", ["broken"]),
        ("💥 ? *", []),
        ("x" * 65, []),
    ],
)
def test_words(text, expected):
    assert split(normalised(text)) == expected


def test_a_code_that_is_typed_alone_is_sought_as_a_word_too():
    plan = understand("27250")
    assert plan.prefix == "27250"
    assert [word.text for word in plan.words] == ["27250"]


@pytest.mark.parametrize(
    ("text", "attempts"),
    [
        ("hip", [Strictness.ALL]),
        ("dislocation", [Strictness.ALL, Strictness.CORRECTED]),
        ("hip pain", [Strictness.ALL, Strictness.MOST]),
        ("walker hip dislocation", [Strictness.ALL, Strictness.CORRECTED, Strictness.MOST, Strictness.ANY]),
        # A side is no word that a result must have.
        ("left hip dislocation", [Strictness.ALL, Strictness.CORRECTED, Strictness.MOST]),
        # One word to the search, which may also be met in part.
        ("high cholesterol", [Strictness.ALL, Strictness.ANY]),
        ("", [Strictness.ALL]),
    ],
)
def test_attempts_that_would_repeat_an_earlier_one_are_left_out(text, attempts):
    assert list(understand(text).attempts) == attempts


@given(
    st.lists(st.sampled_from(["hip", "left", "fracture", "of", "2", "the", "ulcer", "foot"]), min_size=1, max_size=9)
)
def test_a_looser_attempt_never_asks_for_more(texts):
    plan = understand(" ".join(texts))
    asked = [plan.least(strictness) for strictness in Strictness]
    assert asked == sorted(asked, reverse=True)
    assert asked[-1] == 1


@given(st.text(max_size=10_000))
def test_any_text_is_understood(text):
    plan = understand(text)
    assert len(plan.words) <= MAX_WORDS
    assert all(word.text.isprintable() and word.text == " ".join(word.text.split()) for word in plan.words)


LETTERS = st.text("abcd", min_size=1, max_size=8)


@given(LETTERS, st.data())
def test_one_edit_is_recognised(word, data):
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abcd"))
    swapped = word[:place] + word[place : place + 2][::-1] + word[place + 2 :]
    edits = [word[:place] + word[place + 1 :], word[:place] + letter + word[place:], swapped]
    edits.append(word[:place] + letter + word[place + 1 :])
    assert all(within_one_edit(edit, word) and within_one_edit(word, edit) for edit in edits if edit)


@given(LETTERS, LETTERS)
def test_one_edit_agrees_with_the_definition(left, right):
    assert within_one_edit(left, right) == (_distance(left, right) <= 1)


def _distance(left, right):
    """Optimal string alignment, by the book."""
    rows = [[max(i, j) if 0 in (i, j) else 0 for j in range(len(right) + 1)] for i in range(len(left) + 1)]
    for i in range(1, len(left) + 1):
        for j in range(1, len(right) + 1):
            cost = left[i - 1] != right[j - 1]
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost)
            if i > 1 and j > 1 and left[i - 1] == right[j - 2] and left[i - 2] == right[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


def test_a_beginning_may_be_misspelt_too():
    assert within_one_edit("disloct", "dislocation", prefix=True)
    assert not within_one_edit("dizlokt", "dislocation", prefix=True)
