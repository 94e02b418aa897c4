"""Boosted trees say what each of their trees says, added up."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.search.adapters.ranking.features import NAMES
from services.search.adapters.ranking.trees import Trees, shipped

FEATURES = ("a", "b", "c")
# Features are single numbers: some thresholds lie just above or below the nearest of them.
THRESHOLDS = st.integers(-3, 3) | st.sampled_from([0.1, 0.3, 2 / 3])
ROWS = st.tuples(*[st.integers(-4, 4) | st.sampled_from([float(np.float32(each)) for each in (0.1, 0.3, 2 / 3)])] * 3)


@st.composite
def trees(draw, depth=4):
    """One tree as nested tuples: (feature, threshold, left, right) or the value of a leaf."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.integers(-5, 5))
    return (
        draw(st.integers(0, len(FEATURES) - 1)),
        draw(THRESHOLDS),
        draw(trees(depth - 1)),
        draw(trees(depth - 1)),
    )


def stored(tree):
    lists = {"feature": [], "threshold": [], "left": [], "right": [], "value": []}

    def add(node):
        place = len(lists["feature"])
        leaf = not isinstance(node, tuple)
        for name, value in zip(lists, (-1, 0, 0, 0, node) if leaf else (node[0], node[1], 0, 0, 0), strict=True):
            lists[name].append(value)
        if not leaf:
            lists["left"][place], lists["right"][place] = add(node[2]), add(node[3])
        return place

    add(tree)
    return lists


def said(tree, row):
    while isinstance(tree, tuple):
        tree = tree[2] if row[tree[0]] <= tree[1] else tree[3]
    return tree


@given(st.lists(trees(), min_size=1, max_size=4), st.lists(ROWS, min_size=1))
def test_every_row_gets_the_sum_of_what_the_trees_say(several, rows):
    text = json.dumps({"features": FEATURES, "depth": 4, "trees": [stored(tree) for tree in several]})
    scores = Trees(text, FEATURES).scores(np.array(rows, dtype=np.float32))
    assert list(scores) == [sum(said(tree, row) for tree in several) for row in rows]


def test_trees_that_were_fitted_to_other_features_are_refused():
    text = json.dumps({"features": ["a"], "depth": 0, "trees": []})
    with pytest.raises(ValueError, match="other features"):
        Trees(text, FEATURES)


def test_trees_with_too_many_leaves_are_refused():
    chain = 0
    for threshold in range(32):
        chain = (0, threshold, chain, 1)
    text = json.dumps({"features": FEATURES, "depth": 32, "trees": [stored(chain)]})
    with pytest.raises(ValueError, match="more than 32 leaves"):
        Trees(text, FEATURES)


def test_those_that_are_shipped_know_the_features_of_today_and_prefer_a_text_that_says_what_is_asked():
    row = dict.fromkeys(NAMES, 0.0) | {"score": 20.0, "icd10cm": 1.0, "code_length": 5.0, "texts": 3.0}
    fits = row | {"description_fit": 0.9, "best_fit": 0.9, "likeness": 0.9}
    rows = np.array([[each[name] for name in NAMES] for each in (row, fits)], dtype=np.float32)
    less, more = shipped(NAMES).scores(rows)
    assert more > less
