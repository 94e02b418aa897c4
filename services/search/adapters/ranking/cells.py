"""Vectors by cells of near ones, so that a search for what is near looks at few of them (an inverted file index).

The cells are those of k-means over a sample. A text that lies near the border of its cell may be missed; what is found
is measured exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .arrays import Floats, Ints, Vectors

_CELLS, _PROBED = 512, 24
_SAMPLE, _ROUNDS = 40_000, 6
# So many vectors are compared with all centres at once: 32 MiB.
_AT_ONCE = 16_384
_SEED = 1


class Near(NamedTuple):
    """Places of vectors in the order of the cells, and how near each is: the cosine."""

    places: Ints
    likeness: Floats


@dataclass(frozen=True)
class Cells:
    """`order` names the vectors cell by cell, `begins` where each cell begins in it, and where the last one ends.
    `vectors` stand in that order; all are of length 1 or 0."""

    centres: Vectors
    order: Ints
    begins: Ints
    vectors: Vectors

    @classmethod
    def of(cls, vectors: Vectors) -> Cells:
        centres = _centres(vectors)
        cell_of = _nearest(vectors, centres)
        order = np.argsort(cell_of, kind="stable").astype(np.int32)
        begins = np.searchsorted(cell_of[order], np.arange(len(centres) + 1)).astype(np.int32)
        return cls(centres, order, begins, vectors[order])

    def near(self, vector: Vectors, least: float) -> Near:
        """All that are at least so like it, of the cells that are nearest."""
        probed = np.sort(np.argsort(-(self.centres @ vector), kind="stable")[:_PROBED])
        begins, ends = self.begins[probed], self.begins[probed + 1]
        compared = [self.vectors[begin:end] @ vector for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
        likeness = np.concatenate(compared)
        enough = np.flatnonzero(likeness >= least)
        behind = np.cumsum(ends - begins)
        cell = np.searchsorted(behind, enough, side="right")
        return Near((enough + (ends - behind)[cell]).astype(np.int32), likeness[enough])


def _centres(vectors: Vectors) -> Vectors:
    random = np.random.default_rng(_SEED)
    count = min(_CELLS, max(1, len(vectors) // 8))
    if not len(vectors):
        return np.zeros((1, vectors.shape[1]), dtype=np.float32)
    sample = vectors[random.choice(len(vectors), min(_SAMPLE, len(vectors)), replace=False)]
    centres = sample[:count].copy()
    for _ in range(_ROUNDS):
        cell_of = _nearest(sample, centres)
        sums = np.zeros_like(centres)
        np.add.at(sums, cell_of, sample)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        # A cell that nothing is nearest to stays where it is.
        centres = np.where(lengths > 0, sums / np.maximum(lengths, 1e-9), centres).astype(np.float32)
    return centres


def _nearest(vectors: Vectors, centres: Vectors) -> Ints:
    found = np.empty(len(vectors), dtype=np.int32)
    for begin in range(0, len(vectors), _AT_ONCE):
        found[begin : begin + _AT_ONCE] = (vectors[begin : begin + _AT_ONCE] @ centres.T).argmax(axis=1)
    return found
