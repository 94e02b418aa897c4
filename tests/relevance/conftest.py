"""What is asked, and what the default engine answers, over the bundled catalog: the same on every machine."""

from __future__ import annotations

import asyncio

import pytest

from services.catalog.build.release import build_release
from tests import one_release
from tests.relevance import asking
from tests.relevance.asking import Answers, Sets
from tests.relevance.engines import DEFAULT


@pytest.fixture(scope="module")
def found(sample_dir, tmp_path_factory) -> Sets:
    built = build_release(one_release.roots(sample_dir), tmp_path_factory.mktemp("bundled"), lambda step: None)
    return asyncio.run(asking.sets(built.database, sample_dir))


@pytest.fixture(scope="module")
def answers(found: Sets) -> Answers:
    return asyncio.run(asking.ask(DEFAULT, found))
