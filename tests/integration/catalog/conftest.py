from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from services.catalog.adapters.sqlite_release import SqliteRelease
from services.catalog.build.release import build_release
from services.catalog.importers.base import Root
from services.catalog.importers.icd10cm_tabular import bundled_icd10cm_root
from services.catalog.indexes import Indexes
from services.catalog.service import Catalog
from tests.conftest import SAMPLE_DIR
from tests.workers import made_once


class OneRelease:
    """The releases port over one release file that stays open."""

    def __init__(self, reader: SqliteRelease) -> None:
        self._reader = reader

    @contextmanager
    def acquire(self, release_id: str = "") -> Iterator[SqliteRelease]:
        yield self._reader

    async def list_releases(self):
        return []


@pytest.fixture(scope="session")
def release_file(official_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the official files beside the sample set, as `medcodes up --data` builds it."""
    folders = dict.fromkeys([SAMPLE_DIR, official_data])
    roots = [bundled_icd10cm_root(), *(Root(folder, folder.name) for folder in folders)]

    def make(folder: Path) -> Path:
        return build_release(roots, folder, lambda step: None).database

    return made_once(tmp_path_factory, "release", make)


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
