"""Every adapter of the search ports; each contract test runs over all of them."""

from __future__ import annotations

import pytest

from services.search.adapters.tantivy_store import TantivyStore
from tests.contract.search.codes import RELEASE, batches

STORES = {"tantivy": TantivyStore}


@pytest.fixture(params=sorted(STORES))
def new_store(request, tmp_path):
    """A function that opens the same store again, as another process would."""
    return lambda **options: STORES[request.param](tmp_path / "search", **options)


@pytest.fixture
async def store(new_store):
    store = new_store()
    yield store
    await store.close()


@pytest.fixture
async def index(store):
    await store.build(RELEASE, batches(), lambda documents, total: None)
    index = await store.open(RELEASE)
    yield index
    await index.close()
