"""Decision trees, boosted: what tests/relevance/fit.py learned about the order of results, and how it is applied.

trees.json names the features in their order and holds each tree as lists by node: the feature that it asks for (-1 in a
leaf), its threshold, the node where the value is at most that, the node where it is more, and the value of a leaf.

No tree is walked. The leaves of a tree are bits, the leftmost the lowest; a node whose value is above its threshold
rules out the leaves on its left, and the lowest bit that no node rules out is the leaf where a walk would end
(QuickScorer, SIGIR 2015). What all nodes that ask for one feature rule out depends on its value alone, and is known
beforehand for each interval between their thresholds.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .arrays import Floats

FILE = "trees.json"
_LEAF = -1
_MOST_LEAVES = 32
_ALL = np.uint32(2**32 - 1)
# Of a float32: where its exponent begins, and what is added to it.
_MANTISSA_BITS, _EXPONENT_BIAS = 23, 127


class _RuledOut(NamedTuple):
    """What one feature rules out: the leaves left in each tree by interval, the first one up to the first threshold."""

    feature: int
    thresholds: Floats
    left: npt.NDArray[np.uint32]


class _Node(NamedTuple):
    threshold: np.float32
    tree: int
    ruled_out: int


class Trees:
    """Raises ValueError if the trees were fitted to other features than `names`, or one has too many leaves."""

    def __init__(self, stored: str, names: Sequence[str]) -> None:
        held = json.loads(stored)
        if held["features"] != list(names):
            raise ValueError(f"{FILE} was fitted to other features: {held['features']}")
        nodes: dict[int, list[_Node]] = defaultdict(list)
        leaves = [_leaves(tree, number, nodes) for number, tree in enumerate(held["trees"])]
        if max(map(len, leaves)) > _MOST_LEAVES:
            raise ValueError(f"{FILE} has a tree with more than {_MOST_LEAVES} leaves")
        self._values = np.zeros((len(leaves), _MOST_LEAVES))
        for values, found in zip(self._values, leaves, strict=True):
            values[: len(found)] = found
        self._first = np.arange(len(leaves)) * _MOST_LEAVES
        self._features = [_ruled_out(feature, asking, len(leaves)) for feature, asking in sorted(nodes.items())]

    def scores(self, features: Floats) -> npt.NDArray[np.float64]:
        """One score a row; the higher comes first."""
        left = np.full((len(features), len(self._first)), _ALL)
        for each in self._features:
            left &= each.left.take(each.thresholds.searchsorted(features[:, each.feature]), axis=0)
        lowest = left & (~left + np.uint32(1))
        leaf = (lowest.astype(np.float32).view(np.int32) >> _MANTISSA_BITS) - _EXPONENT_BIAS
        return np.asarray(self._values.take(leaf + self._first).sum(axis=1))


def shipped(names: Sequence[str]) -> Trees:
    return Trees((resources.files(__package__) / FILE).read_text(encoding="utf-8"), names)


def _leaves(tree: Mapping[str, Any], number: int, nodes: dict[int, list[_Node]]) -> list[float]:
    """The values of a tree's leaves from left to right; its other nodes are added to those of their features."""
    values: list[float] = []

    def below(node: int) -> int:
        """The bits of the leaves below a node."""
        feature = tree["feature"][node]
        if feature == _LEAF:
            values.append(tree["value"][node])
            return 1 << (len(values) - 1)
        left = below(tree["left"][node])
        nodes[feature].append(_Node(_single(tree["threshold"][node]), number, left))
        return left | below(tree["right"][node])

    below(0)
    return values


def _single(threshold: float) -> np.float32:
    """The same for features, which are single: none is above the one and not above the other."""
    found = np.float32(threshold)
    return np.nextafter(found, np.float32(-np.inf)) if float(found) > threshold else found


def _ruled_out(feature: int, nodes: Sequence[_Node], trees: int) -> _RuledOut:
    thresholds = np.unique(np.array([node.threshold for node in nodes], dtype=np.float32))
    left = np.full((len(thresholds) + 1, trees), _ALL)
    for node in nodes:
        left[np.searchsorted(thresholds, node.threshold) + 1, node.tree] &= ~np.uint32(node.ruled_out)
    return _RuledOut(feature, thresholds, np.bitwise_and.accumulate(left, axis=0))
