"""Near vectors are found by looking at few of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.search.adapters.ranking.cells import Cells


def unit(vectors):
    return (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def in_groups(groups, each, seed=1):
    random = np.random.default_rng(seed)
    middles = unit(random.normal(size=(groups, 64)))
    return unit(np.repeat(middles, each, axis=0) + random.normal(scale=0.05, size=(groups * each, 64)))


def test_nearly_all_that_is_near_is_found_though_most_is_not_looked_at():
    vectors = in_groups(1000, 12)
    cells = Cells.of(vectors)
    found = wanted = 0
    for asked in vectors[::500]:
        near = {int(cells.order[place]) for place in cells.near(asked, 0.6).places}
        exact = set(np.flatnonzero(vectors @ asked >= 0.6))
        assert near <= exact
        found, wanted = found + len(near), wanted + len(exact)
    assert found / wanted > 0.9


def test_likeness_is_exact_and_never_less_than_asked():
    vectors = in_groups(50, 8)
    cells = Cells.of(vectors)
    near = cells.near(vectors[3], 0.5)
    assert len(near.places)
    assert near.likeness.min() >= 0.5
    np.testing.assert_allclose(near.likeness, vectors[cells.order[near.places]] @ vectors[3], rtol=1e-5)


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 5))
def test_any_number_of_vectors_is_cut_into_cells_and_each_is_in_one(count, zeros):
    vectors = np.concatenate([in_groups(max(count, 1), 1)[:count], np.zeros((zeros, 64), np.float32)])
    cells = Cells.of(vectors)
    assert sorted(cells.order) == list(range(len(vectors)))
    assert (cells.begins[0], cells.begins[-1]) == (0, len(vectors))


def test_the_same_vectors_make_the_same_cells():
    vectors = in_groups(100, 3)
    assert np.array_equal(Cells.of(vectors).order, Cells.of(vectors).order)
