"""`make fit`: learns the order of results and writes services/search/adapters/ranking/trees.json.

Learned from phrases of the official alphabetic index that nobody is scored by (`queries.LEARNED`) and from the seen
half of the project's own queries. As for scoring, indexes are built that hold neither the phrases that they are asked
nor the scored ones. Needs lightgbm and the folder of official downloads in MEDCODES_TEST_DATA.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lightgbm
import numpy as np
import structlog
import typer

import services.search.adapters.ranking as ranking
from services.catalog.build.release import build_release
from services.search.adapters.ranking.features import NAMES, Candidate
from services.search.adapters.ranking.opinion import Opinion, PlanOpinion
from services.search.adapters.ranking.trees import FILE, Trees
from services.search.adapters.tantivy_store import TantivyStore
from services.search.domain.query import Plan, Strictness
from services.search.service import Question, Search
from tests.conftest import SAMPLE_DIR
from tests.one_release import roots
from tests.relevance import queries, scoring
from tests.relevance.documents import Documents, documents
from tests.relevance.queries import LEARNED, OWN_KINDS, SCORED, SEEN, Query

TREES, LEAVES, DEPTH, RATE, LEAST_IN_LEAF = 250, 31, 8, 0.05, 50
# There are few of the project's own queries and many phrases.
OWN_WEIGHT = 2
# More of these never speaks against a result.
RISING = frozenset({"description_fit", "term_fit", "phrase_fit", "best_fit", "likeness"})


class Asked(NamedTuple):
    query: Query
    features: np.ndarray
    hits: np.ndarray


class Recorder:
    """In the place of an index's opinion: notes what is known about the results that it is asked to order."""

    def __init__(self, opinion: Opinion) -> None:
        self._opinion = opinion
        self.seen: list[tuple[Sequence[Candidate], np.ndarray]] = []

    def about(self, plan: Plan) -> RecordedOpinion:
        return RecordedOpinion(self._opinion.about(plan), self)


class RecordedOpinion:
    def __init__(self, opinion: PlanOpinion, recorder: Recorder) -> None:
        self._opinion, self._recorder = opinion, recorder
        self.alike = opinion.alike

    def order(
        self, candidates: Sequence[Candidate], strictness: Strictness, read_as: Sequence[Sequence[str]]
    ) -> list[int]:
        if candidates:
            self._recorder.seen.append((candidates, self._opinion.features(candidates, strictness, read_as)))
        return list(range(len(candidates)))


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    named = os.environ.get("MEDCODES_TEST_DATA")
    if not named:
        raise typer.BadParameter("MEDCODES_TEST_DATA names no folder of official downloads to learn from")
    asked = asyncio.run(_asked(Path(named).resolve()))
    answerable = [each for each in asked if each.hits.any()]
    print(f"{len(asked):,} queries, of {len(answerable):,} the right code is among the results", flush=True)
    booster = _fitted(answerable)
    stored = json.dumps(_stored(booster), separators=(",", ":")) + "\n"
    _check(stored, booster, answerable[0].features)
    (Path(ranking.__path__[0]) / FILE).write_text(stored)
    print(f"{FILE}: {TREES} trees of at most {LEAVES} leaves")


async def _asked(data: Path) -> list[Asked]:
    """Each part of the phrases is asked of an index that lacks it; the project's own queries of the first one."""
    scored, asked = queries.phrases(data, SCORED), []
    own = [query for query in queries.own() if query.half == SEEN and query.kind in OWN_KINDS]
    with tempfile.TemporaryDirectory(prefix="medcodes-fit-") as folder:
        built = build_release(roots(SAMPLE_DIR, data), Path(folder), lambda step: None)
        for number, part in enumerate(LEARNED):
            learned = queries.phrases(data, part)
            found = await documents(built.database, scored.left_out | learned.left_out)
            asked += await _answered(found, Path(folder) / f"index-{number}", [*learned.queries, *own])
            print(f"{len(asked):,} queries asked", flush=True)
            own = []
    return asked


async def _answered(found: Documents, folder: Path, asked: Sequence[Query]) -> list[Asked]:
    store = TantivyStore(folder)
    await store.build(found.release, found.batches(), lambda done, total: None)
    index = await store.open(found.release)
    if index is None:
        raise RuntimeError("the index was built but cannot be opened")
    index.opinion = recorder = Recorder(index.opinion)
    search = Search(lambda: index)
    answered = []
    for query in asked:
        recorder.seen.clear()
        await search.search(Question(query.text))
        for candidates, features in recorder.seen[:1]:
            hits = [scoring.is_hit(query, scoring.Code(*each.key)) for each in candidates]
            answered.append(Asked(query, features, np.array(hits, dtype=np.int32)))
    await store.close()
    return answered


def _fitted(asked: Sequence[Asked]) -> lightgbm.Booster:
    weights = [OWN_WEIGHT if each.query.kind in OWN_KINDS else 1 for each in asked]
    lengths = [len(each.hits) for each in asked]
    data = lightgbm.Dataset(
        np.concatenate([each.features for each in asked]),
        np.concatenate([each.hits for each in asked]),
        group=lengths,
        weight=np.repeat(weights, lengths),
        feature_name=list(NAMES),
    )
    return lightgbm.train(
        {
            "objective": "lambdarank",
            "num_leaves": LEAVES,
            "max_depth": DEPTH,
            "learning_rate": RATE,
            "min_data_in_leaf": LEAST_IN_LEAF,
            "monotone_constraints": [int(name in RISING) for name in NAMES],
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        },
        data,
        num_boost_round=TREES,
    )


def _check(stored: str, booster: lightgbm.Booster, features: np.ndarray) -> None:
    """What is stored must say what was learned, but for the rounding of its numbers."""
    if not np.allclose(Trees(stored, NAMES).scores(features), booster.predict(features), atol=1e-3):
        raise RuntimeError("the stored trees do not say what was learned")


def _stored(booster: lightgbm.Booster) -> dict[str, Any]:
    trees = [_lists(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    return {"features": list(NAMES), "depth": max(tree.pop("depth") for tree in trees), "trees": trees}


def _lists(root: dict[str, Any]) -> dict[str, Any]:
    nodes: list[dict[str, Any]] = []
    depth = _gather(root, nodes, 0)
    return {
        "feature": [node.get("split_feature", -1) for node in nodes],
        "threshold": [float(f"{node.get('threshold', 0):.10g}") for node in nodes],
        "left": [node.get("left", 0) for node in nodes],
        "right": [node.get("right", 0) for node in nodes],
        "value": [float(f"{node.get('leaf_value', 0):.6g}") for node in nodes],
        "depth": depth,
    }


def _gather(node: dict[str, Any], nodes: list[dict[str, Any]], level: int) -> int:
    held = {key: node[key] for key in ("split_feature", "threshold", "leaf_value") if key in node}
    if "split_feature" in held:
        held.pop("leaf_value", None)
    nodes.append(held)
    if "split_feature" not in held:
        return level
    held["left"] = len(nodes)
    depth = _gather(node["left_child"], nodes, level + 1)
    held["right"] = len(nodes)
    return max(depth, _gather(node["right_child"], nodes, level + 1))


if __name__ == "__main__":
    typer.run(main)
