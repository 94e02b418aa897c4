from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from services.catalog.adapters.sqlite_release import SqliteRelease
from services.catalog.indexes import Indexes
from services.catalog.service import Catalog
from tests.one_release import OneRelease


@pytest.fixture(scope="session")
def release(release_file: Path) -> Iterator[SqliteRelease]:
    reader = SqliteRelease(release_file, release_file.stem)
    yield reader
    reader.close()


@pytest.fixture(scope="session")
def catalog(release: SqliteRelease) -> Catalog:
    return Catalog(OneRelease(release), lambda: date(2026, 11, 23))


@pytest.fixture(scope="session")
def indexes(release: SqliteRelease) -> Indexes:
    return Indexes(OneRelease(release), lambda: date(2026, 11, 23))
