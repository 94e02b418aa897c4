"""Decision trees, boosted: what tests/relevance/fit.py learned about the order of results, and how it is applied.

trees.json names the features in their order and holds each tree as lists by node: the feature that it asks for (-1 in a
leaf), its threshold, the node where the value is at most that, the node where it is more, and the value of a leaf.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from .texts import Floats

FILE = "trees.json"
_LEAF = -1


class Trees:
    """Raises ValueError if the trees were fitted to other features than `names`."""

    def __init__(self, stored: str, names: Sequence[str]) -> None:
        held = json.loads(stored)
        if held["features"] != list(names):
            raise ValueError(f"{FILE} was fitted to other features: {held['features']}")
        trees = held["trees"]
        self._features = _table([tree["feature"] for tree in trees], _LEAF).astype(np.int32)
        self._thresholds = _table([tree["threshold"] for tree in trees], 0.0)
        self._values = _table([tree["value"] for tree in trees], 0.0)
        # Side by side, so that one look-up finds the next node of every tree.
        width = self._features.shape[1]
        first = (np.arange(len(trees)) * width)[:, None]
        self._left = (_table([tree["left"] for tree in trees], 0).astype(np.int32) + first).ravel()
        self._right = (_table([tree["right"] for tree in trees], 0).astype(np.int32) + first).ravel()
        self._roots = first.ravel()
        self._depth = held["depth"]
        self._features, self._thresholds = self._features.ravel(), self._thresholds.ravel()
        self._values = self._values.ravel()

    def scores(self, features: Floats) -> npt.NDArray[np.float64]:
        """One score a row; the higher comes first."""
        nodes = np.tile(self._roots, (len(features), 1))
        rows = np.arange(len(features))[:, None]
        for _ in range(self._depth):
            asked = self._features[nodes]
            more = features[rows, np.maximum(asked, 0)] > self._thresholds[nodes]
            nodes = np.where(asked == _LEAF, nodes, np.where(more, self._right[nodes], self._left[nodes]))
        return np.asarray(self._values[nodes].sum(axis=1))


def shipped(names: Sequence[str]) -> Trees:
    return Trees((resources.files(__package__) / FILE).read_text(encoding="utf-8"), names)


def _table(lists: Sequence[Sequence[float]], fill: float) -> npt.NDArray[np.float64]:
    return np.array(list(zip_longest(*lists, fillvalue=fill)), dtype=np.float64).T
