"""What is asked, and what the default engine answers: found out once for all workers of a run."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from tests import workers
from tests.relevance import asking
from tests.relevance.asking import Answers, Sets
from tests.relevance.engines import DEFAULT

Made = TypeVar("Made")


@pytest.fixture(scope="module")
def found(release_file: Path, official_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Sets:
    return _once(tmp_path_factory, "relevance-sets", lambda: asyncio.run(asking.sets(release_file, official_data)))


@pytest.fixture(scope="module")
def answers(found: Sets, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    return _once(tmp_path_factory, "relevance-answers", lambda: asyncio.run(asking.ask(DEFAULT, found)))


def _once(folders: pytest.TempPathFactory, name: str, make: Callable[[], Made]) -> Made:
    def write(folder: Path) -> Path:
        kept = folder / "kept.pickle"
        kept.write_bytes(pickle.dumps(make()))
        return kept

    return pickle.loads(workers.made_once(folders, name, write).read_bytes())
